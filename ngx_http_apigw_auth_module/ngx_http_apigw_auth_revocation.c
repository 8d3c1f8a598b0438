
#include "ngx_http_apigw_auth.h"

#include <openssl/err.h>
#include <openssl/rand.h>


static char *ngx_http_apigw_auth_revocation_args(ngx_conf_t *cf,
    ngx_http_apigw_auth_revocation_t *revocation);
static char *ngx_http_apigw_auth_revocation_interval(ngx_conf_t *cf,
    ngx_http_apigw_auth_revocation_t *revocation, ngx_str_t *value);
static char *ngx_http_apigw_auth_revocation_size(ngx_conf_t *cf,
    ngx_http_apigw_auth_revocation_t *revocation, ngx_str_t *value);
static char *ngx_http_apigw_auth_revocation_stale(ngx_conf_t *cf,
    ngx_http_apigw_auth_revocation_t *revocation, ngx_str_t *value);
static void ngx_http_apigw_auth_revocation_cleanup(void *data);


char *
ngx_http_apigw_auth_set_revocation(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_auth_main_conf_t *amcf = conf;

    ngx_pool_cleanup_t                *cln;
    ngx_http_apigw_auth_revocation_t  *revocation;

    if (amcf->revocation) {
        return "is duplicate";
    }

    cln = ngx_pool_cleanup_add(cf->pool,
                               sizeof(ngx_http_apigw_auth_revocation_t));
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    revocation = cln->data;

    ngx_memzero(revocation, sizeof(ngx_http_apigw_auth_revocation_t));

    cln->handler = ngx_http_apigw_auth_revocation_cleanup;

    revocation->interval = NGX_CONF_UNSET_MSEC;
    revocation->max_stale = NGX_CONF_UNSET_MSEC;
    revocation->size = NGX_CONF_UNSET_SIZE;

    if (RAND_bytes(revocation->seed, APIGW_REVOCATION_SEED) != 1) {
        ERR_clear_error();
        return ngx_http_apigw_auth_fault(cf, "apigw_revocation: OpenSSL gives "
                                         "no random bytes");
    }

    if (ngx_http_apigw_auth_revocation_args(cf, revocation) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_conf_init_msec_value(revocation->interval, 5000);
    ngx_conf_init_msec_value(revocation->max_stale, 600000);
    ngx_conf_init_size_value(revocation->size, 0);

    if (revocation->max_stale && revocation->max_stale < revocation->interval) {
        return ngx_http_apigw_auth_fault(cf, "apigw_revocation: \"max_stale\" "
                                         "is below \"interval\"; raise it");
    }

    ngx_http_apigw_auth_place(cf, &revocation->place);

    amcf->revocation = revocation;

    return revocation->watch.path.len
           ? ngx_http_apigw_auth_revocation_open(cf, revocation) : NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_revocation_args(ngx_conf_t *cf,
    ngx_http_apigw_auth_revocation_t *revocation)
{
    char        *rv;
    ngx_str_t   *value, arg;
    ngx_uint_t   i, k;

    static ngx_str_t  names[] = {
        ngx_string("file="),
        ngx_string("redis="),
        ngx_string("interval="),
        ngx_string("size="),
        ngx_string("max_stale=")
    };

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        for (k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
            if (value[i].len > names[k].len
                && ngx_strncmp(value[i].data, names[k].data, names[k].len)
                   == 0)
            {
                break;
            }
        }

        if (k == sizeof(names) / sizeof(names[0])) {
            return ngx_http_apigw_auth_fault(cf,
                              "apigw_revocation: invalid parameter \"%V\"; "
                              "write file=PATH, redis=NAME, interval=TIME, "
                              "size=SIZE or max_stale=TIME", &value[i]);
        }

        if (revocation->seen & (1 << k)) {
            return ngx_http_apigw_auth_fault(cf,
                              "apigw_revocation: \"%V\" is given twice; write "
                              "it once", &names[k]);
        }

        revocation->seen |= 1 << k;

        arg.data = value[i].data + names[k].len;
        arg.len = value[i].len - names[k].len;

        switch (k) {

        case 0:
            revocation->watch.path = arg;
            rv = NGX_CONF_OK;
            break;

        case 1:
            revocation->redis_name = arg;
            rv = NGX_CONF_OK;
            break;

        case 2:
            rv = ngx_http_apigw_auth_revocation_interval(cf, revocation, &arg);
            break;

        case 3:
            rv = ngx_http_apigw_auth_revocation_size(cf, revocation, &arg);
            break;

        default:
            rv = ngx_http_apigw_auth_revocation_stale(cf, revocation, &arg);
            break;
        }

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    if (revocation->watch.path.len == 0 && revocation->redis_name.len == 0) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_revocation: no list; add file=PATH, "
                              "redis=NAME or both");
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_revocation_interval(ngx_conf_t *cf,
    ngx_http_apigw_auth_revocation_t *revocation, ngx_str_t *value)
{
    ngx_int_t  interval;

    interval = ngx_parse_time(value, 0);

    if (interval == NGX_ERROR || interval < 1000 || interval > 3600 * 1000) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_revocation: invalid \"interval\" \"%V\"; "
                              "give a time from 1s to 1h", value);
    }

    revocation->interval = interval;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_revocation_size(ngx_conf_t *cf,
    ngx_http_apigw_auth_revocation_t *revocation, ngx_str_t *value)
{
    if (ngx_http_apigw_auth_image_size(value, &revocation->size) != NGX_OK) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_revocation: invalid \"size\" \"%V\"; "
                              "give \"auto\" or a size from 64k to 1g", value);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_revocation_stale(ngx_conf_t *cf,
    ngx_http_apigw_auth_revocation_t *revocation, ngx_str_t *value)
{
    ngx_int_t  stale;

    if (ngx_strcmp(value->data, "off") == 0) {
        revocation->max_stale = 0;
        return NGX_CONF_OK;
    }

    stale = ngx_parse_time(value, 0);

    if (stale == NGX_ERROR || stale < 1000) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_revocation: invalid \"max_stale\" "
                              "\"%V\"; give a time of 1s or more, or \"off\"",
                              value);
    }

    revocation->max_stale = stale;

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_apigw_auth_revocation_resolve(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf)
{
    ngx_http_apigw_auth_revocation_t  *revocation;

    revocation = amcf->revocation;

    if (revocation == NULL || revocation->redis_name.len == 0) {
        return NGX_OK;
    }

    revocation->poll.redis = ngx_http_apigw_auth_redis_find(amcf,
                                                     &revocation->redis_name);

    if (revocation->poll.redis == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "apigw_auth: apigw_revocation: unknown redis \"%V\"; "
                      "define it by \"apigw_auth_redis %V { ... }\" in %s:%ui",
                      &revocation->redis_name, &revocation->redis_name,
                      revocation->place.file, revocation->place.line);
        return NGX_ERROR;
    }

    return ngx_http_apigw_auth_revocation_poll_conf(cf, revocation);
}


void
ngx_http_apigw_auth_revocation_start(ngx_cycle_t *cycle,
    ngx_http_apigw_auth_main_conf_t *amcf)
{
    ngx_http_apigw_auth_revocation_t  *revocation;

    revocation = amcf->revocation;

    if (revocation && revocation->file.halves) {
        ngx_http_apigw_auth_watch_start(&revocation->watch, cycle);
    }

    if (revocation && revocation->set.halves) {
        ngx_http_apigw_auth_revocation_poll_start(revocation, cycle);
    }
}


void
ngx_http_apigw_auth_revocation_stop(ngx_http_apigw_auth_main_conf_t *amcf)
{
    if (amcf->revocation) {
        ngx_http_apigw_auth_revocation_poll_stop(amcf->revocation);
    }
}


static void
ngx_http_apigw_auth_revocation_cleanup(void *data)
{
    ngx_http_apigw_auth_revocation_t *revocation = data;

    if (revocation->file.first) {
        ngx_free(revocation->file.first);
    }

    ngx_explicit_memzero(revocation->seed, sizeof(revocation->seed));
}
