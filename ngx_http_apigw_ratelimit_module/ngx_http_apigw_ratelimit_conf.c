
/*
 * Zones, stores and the small directives; and, once all is read, which zone
 * and store a policy has.
 */


#include "ngx_http_apigw_ratelimit.h"

#include "apigw_ratelimit_lua.h"


static char *ngx_http_apigw_ratelimit_resolve_zone(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_main_conf_t *rmcf,
    ngx_http_apigw_ratelimit_policy_t *policy);
static char *ngx_http_apigw_ratelimit_resolve_store(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_main_conf_t *rmcf,
    ngx_http_apigw_ratelimit_policy_t *policy);


static ngx_http_apigw_redis_owner_t  ngx_http_apigw_ratelimit_redis_owner = {
    ngx_string(NGX_HTTP_APIGW_RATELIMIT_MODULE),
    ngx_string("rl"),
    0
};


/* Declarations */

char *
ngx_http_apigw_ratelimit_set_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_ratelimit_main_conf_t  *rmcf = conf;

    u_char                            *p;
    ssize_t                            size;
    ngx_str_t                         *value, name, s;
    ngx_uint_t                         i;
    ngx_http_apigw_ratelimit_zone_t  **zones;

    value = cf->args->elts;

    p = (u_char *) ngx_strchr(value[1].data, ':');

    if (p == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone \"%V\"; use <name>:<size>, such as "
                           "limits:16m", &value[1]);
        return NGX_CONF_ERROR;
    }

    name.data = value[1].data;
    name.len = p - value[1].data;

    s.data = p + 1;
    s.len = value[1].data + value[1].len - s.data;

    if (!ngx_http_apigw_ratelimit_name_valid(&name)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone name \"%V\"; use 1 to 64 of A-Z a-z "
                           "0-9 _ . -", &name);
        return NGX_CONF_ERROR;
    }

    zones = rmcf->zones.elts;

    for (i = 0; i < rmcf->zones.nelts; i++) {
        if (zones[i]->name.len == name.len
            && ngx_strncmp(zones[i]->name.data, name.data, name.len) == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate zone \"%V\"; use another name",
                               &name);
            return NGX_CONF_ERROR;
        }
    }

    size = ngx_parse_size(&s);

    if (size == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid size \"%V\" of zone \"%V\"; use a number "
                           "with k or m, such as 16m", &s, &name);
        return NGX_CONF_ERROR;
    }

    if (size < NGX_HTTP_APIGW_RATELIMIT_ZONE_MIN) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" is too small; use at least 512k",
                           &name);
        return NGX_CONF_ERROR;
    }

    return ngx_http_apigw_ratelimit_zone_add(cf, rmcf, &name, size)
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_http_apigw_ratelimit_set_redis(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_ratelimit_main_conf_t  *rmcf = conf;

    ngx_str_t                          *value, source;
    ngx_uint_t                          i;
    ngx_http_apigw_ratelimit_store_t   *store, **stores;

    value = cf->args->elts;

    if (!ngx_http_apigw_ratelimit_name_valid(&value[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid store name \"%V\"; use 1 to 64 of A-Z a-z "
                           "0-9 _ . -", &value[1]);
        return NGX_CONF_ERROR;
    }

    stores = rmcf->stores.elts;

    for (i = 0; i < rmcf->stores.nelts; i++) {
        if (stores[i]->name.len == value[1].len
            && ngx_strncmp(stores[i]->name.data, value[1].data, value[1].len)
               == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate store \"%V\"; use another name",
                               &value[1]);
            return NGX_CONF_ERROR;
        }
    }

    store = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_ratelimit_store_t));
    if (store == NULL) {
        return NGX_CONF_ERROR;
    }

    /* the block's lines are read into the same cf->args */

    store->name = value[1];

    source.data = (u_char *) apigw_ratelimit_lua;
    source.len = sizeof(apigw_ratelimit_lua) - 1;

    store->redis = ngx_http_apigw_redis_conf_block(cf,
                               &ngx_http_apigw_ratelimit_redis_owner,
                               &store->name);
    if (store->redis == NULL) {
        return NGX_CONF_ERROR;
    }

    store->script = ngx_http_apigw_redis_script(cf, store->redis, &source);
    if (store->script == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_http_apigw_ratelimit_store_observe(store);

    stores = ngx_array_push(&rmcf->stores);
    if (stores == NULL) {
        return NGX_CONF_ERROR;
    }

    *stores = store;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_ratelimit_resolve(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_main_conf_t *rmcf)
{
    ngx_uint_t                           i;
    ngx_http_apigw_ratelimit_policy_t  **policies;

    static ngx_str_t  name = ngx_string("apigw_ratelimit");

    if (rmcf->policies.nelts && rmcf->zones.nelts == 0
        && ngx_http_apigw_ratelimit_zone_add(cf, rmcf, &name,
                                          NGX_HTTP_APIGW_RATELIMIT_ZONE_SIZE)
           == NULL)
    {
        return NGX_CONF_ERROR;
    }

    policies = rmcf->policies.elts;

    for (i = 0; i < rmcf->policies.nelts; i++) {
        if (ngx_http_apigw_ratelimit_resolve_zone(cf, rmcf, policies[i])
            != NGX_CONF_OK
            || ngx_http_apigw_ratelimit_resolve_store(cf, rmcf, policies[i])
               != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_ratelimit_resolve_zone(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_main_conf_t *rmcf,
    ngx_http_apigw_ratelimit_policy_t *policy)
{
    ngx_uint_t                         i;
    ngx_http_apigw_ratelimit_zone_t  **zones;

    zones = rmcf->zones.elts;

    if (policy->zone_name.len == 0) {

        if (rmcf->zones.nelts > 1) {
            return ngx_http_apigw_ratelimit_refuse(cf, &policy->place,
                          "policy \"%V\" has no zone and there are several; "
                          "add zone=, such as zone=%V",
                          &policy->name, &zones[0]->name);
        }

        policy->zone = zones[0];

        return NGX_CONF_OK;
    }

    for (i = 0; i < rmcf->zones.nelts; i++) {
        if (zones[i]->name.len == policy->zone_name.len
            && ngx_strncmp(zones[i]->name.data, policy->zone_name.data,
                           policy->zone_name.len) == 0)
        {
            policy->zone = zones[i];
            return NGX_CONF_OK;
        }
    }

    return ngx_http_apigw_ratelimit_refuse(cf, &policy->place,
                          "policy \"%V\": unknown zone \"%V\"; declare it: "
                          "apigw_ratelimit_zone %V:16m;",
                          &policy->name, &policy->zone_name,
                          &policy->zone_name);
}


static char *
ngx_http_apigw_ratelimit_resolve_store(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_main_conf_t *rmcf,
    ngx_http_apigw_ratelimit_policy_t *policy)
{
    ngx_uint_t                          i;
    ngx_http_apigw_ratelimit_store_t  **stores;

    if (policy->store_name.len == 0) {
        return NGX_CONF_OK;
    }

    stores = rmcf->stores.elts;

    for (i = 0; i < rmcf->stores.nelts; i++) {
        if (stores[i]->name.len == policy->store_name.len
            && ngx_strncmp(stores[i]->name.data, policy->store_name.data,
                           policy->store_name.len) == 0)
        {
            policy->store = stores[i];
            return NGX_CONF_OK;
        }
    }

    return ngx_http_apigw_ratelimit_refuse(cf, &policy->place,
                          "policy \"%V\": unknown store \"%V\"; declare it: "
                          "apigw_ratelimit_redis %V { server host:port; }",
                          &policy->name, &policy->store_name,
                          &policy->store_name);
}


/* Scalars whose setters in nginx do not tell the mend, or are not there */

char *
ngx_http_apigw_ratelimit_set_status(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_ratelimit_loc_conf_t  *rlcf = conf;

    ngx_int_t   status;
    ngx_str_t  *value;

    if (rlcf->status != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;
    status = ngx_atoi(value[1].data, value[1].len);

    /* 444 closes the connection, 494 to 499 are nginx's own */

    if (status < 400 || status > 599 || status == NGX_HTTP_CLOSE
        || (status > 493 && status < 500))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid status \"%V\" of apigw_ratelimit_status; "
                           "use 400 to 443, 445 to 493, or 500 to 599",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    rlcf->status = status;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_ratelimit_set_jitter(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_ratelimit_loc_conf_t  *rlcf = conf;

    ngx_int_t   jitter;
    ngx_str_t  *value;

    if (rlcf->retry_jitter != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    value = cf->args->elts;
    jitter = ngx_parse_time(&value[1], 0);

    if (jitter == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "apigw_ratelimit_retry_jitter: invalid time "
                           "\"%V\"; use a time, such as 5s", &value[1]);
        return NGX_CONF_ERROR;
    }

    rlcf->retry_jitter = jitter;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_ratelimit_set_headers(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_ratelimit_loc_conf_t  *rlcf = conf;

    ngx_str_t   *value;
    ngx_uint_t   i, k, bits;

    static const struct {
        ngx_str_t   word;
        ngx_uint_t  bits;
        ngx_uint_t  excludes;
    } words[] = {
        { ngx_string("draft11"), NGX_HTTP_APIGW_RATELIMIT_DRAFT11,
          NGX_HTTP_APIGW_RATELIMIT_DRAFT11 },
        { ngx_string("x-ratelimit"), NGX_HTTP_APIGW_RATELIMIT_X,
          NGX_HTTP_APIGW_RATELIMIT_X },
        { ngx_string("x-ratelimit=epoch"),
          NGX_HTTP_APIGW_RATELIMIT_X|NGX_HTTP_APIGW_RATELIMIT_EPOCH,
          NGX_HTTP_APIGW_RATELIMIT_X },
        { ngx_string("expose"), NGX_HTTP_APIGW_RATELIMIT_EXPOSE,
          NGX_HTTP_APIGW_RATELIMIT_EXPOSE },
        { ngx_null_string, 0, 0 }
    };

    if (rlcf->headers != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;
    bits = 0;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        rlcf->headers = 0;
        return NGX_CONF_OK;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        for (k = 0; words[k].word.len; k++) {
            if (ngx_strcmp(value[i].data, words[k].word.data) == 0) {
                break;
            }
        }

        if (words[k].word.len == 0 || (bits & words[k].excludes)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid or repeated \"%V\" of "
                               "apigw_ratelimit_headers; use draft11, "
                               "x-ratelimit or x-ratelimit=epoch, and expose; "
                               "or off alone", &value[i]);
            return NGX_CONF_ERROR;
        }

        bits |= words[k].bits;
    }

    if (bits == NGX_HTTP_APIGW_RATELIMIT_EXPOSE) {
        return "exposes no field; add draft11 or x-ratelimit";
    }

    rlcf->headers = bits;

    return NGX_CONF_OK;
}


/* Helpers */

ngx_uint_t
ngx_http_apigw_ratelimit_name_valid(ngx_str_t *name)
{
    u_char  ch;
    size_t  i;

    if (name->len == 0 || name->len > 64) {
        return 0;
    }

    for (i = 0; i < name->len; i++) {
        ch = name->data[i];

        if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
            || (ch >= '0' && ch <= '9')
            || ch == '_' || ch == '.' || ch == '-')
        {
            continue;
        }

        return 0;
    }

    return 1;
}


void
ngx_http_apigw_ratelimit_place(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_place_t *place)
{
    place->file = cf->conf_file->file.name.data;
    place->line = cf->conf_file->line;
}


char *
ngx_http_apigw_ratelimit_refuse(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_place_t *place, const char *fmt, ...)
{
    u_char    errstr[NGX_MAX_CONF_ERRSTR], *last;
    va_list   args;

    va_start(args, fmt);
    last = ngx_vslprintf(errstr, errstr + NGX_MAX_CONF_ERRSTR, fmt, args);
    va_end(args);

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "%*s in %s:%ui",
                  last - errstr, errstr, place->file, place->line);

    return NGX_CONF_ERROR;
}


char *
ngx_http_apigw_ratelimit_policy_invalid(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, const char *what,
    ngx_str_t *text, const char *mend)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "policy \"%V\": invalid %s \"%V\"; %s",
                       &policy->name, what, text, mend);

    return NGX_CONF_ERROR;
}
