
#include "ngx_http_apigw_redis_node.h"


#define NGX_HTTP_APIGW_REDIS_MIN_SECRET  16        /* bytes */
#define NGX_HTTP_APIGW_REDIS_SERVERS     64        /* of a line */


typedef struct {
    ngx_str_t     name;
    ngx_uint_t    min;                   /* arguments */
    ngx_uint_t    max;
    char       *(*set)(ngx_conf_t *cf, ngx_http_apigw_redis_t *store,
                       size_t offset);
    size_t        offset;
} ngx_http_apigw_redis_directive_t;


static char *ngx_http_apigw_redis_conf_text(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store, size_t offset);
static char *ngx_http_apigw_redis_conf_file(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store, size_t offset);
static char *ngx_http_apigw_redis_conf_secret(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store, size_t offset);
static char *ngx_http_apigw_redis_conf_prefix(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store, size_t offset);
static char *ngx_http_apigw_redis_conf_number(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store, size_t offset);
static char *ngx_http_apigw_redis_conf_time(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store, size_t offset);
static char *ngx_http_apigw_redis_conf_breaker(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store, size_t offset);
static char *ngx_http_apigw_redis_conf_flag(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store, size_t offset);


static const ngx_http_apigw_redis_directive_t
    ngx_http_apigw_redis_directives[] =
{
    { ngx_string("server"), 1, 1,
      ngx_http_apigw_redis_conf_server, NGX_HTTP_APIGW_REDIS_SINGLE },

    { ngx_string("sentinel"), 2, 1 + NGX_HTTP_APIGW_REDIS_SERVERS,
      ngx_http_apigw_redis_conf_server, NGX_HTTP_APIGW_REDIS_SENTINEL },

    { ngx_string("cluster"), 1, NGX_HTTP_APIGW_REDIS_SERVERS,
      ngx_http_apigw_redis_conf_server, NGX_HTTP_APIGW_REDIS_CLUSTER },

    { ngx_string("username"), 1, 1,
      ngx_http_apigw_redis_conf_text,
      offsetof(ngx_http_apigw_redis_t, username) },

    { ngx_string("password_file"), 1, 1,
      ngx_http_apigw_redis_conf_file,
      offsetof(ngx_http_apigw_redis_t, password) },

    { ngx_string("sentinel_password_file"), 1, 1,
      ngx_http_apigw_redis_conf_file,
      offsetof(ngx_http_apigw_redis_t, sentinel_password) },

    { ngx_string("secret_file"), 1, 1,
      ngx_http_apigw_redis_conf_secret,
      offsetof(ngx_http_apigw_redis_t, secret) },

    { ngx_string("prefix"), 1, 1,
      ngx_http_apigw_redis_conf_prefix, 0 },

    { ngx_string("database"), 1, 1,
      ngx_http_apigw_redis_conf_number,
      offsetof(ngx_http_apigw_redis_t, database) },

    { ngx_string("queue"), 1, 1,
      ngx_http_apigw_redis_conf_number,
      offsetof(ngx_http_apigw_redis_t, queue) },

    { ngx_string("connect_timeout"), 1, 1,
      ngx_http_apigw_redis_conf_time,
      offsetof(ngx_http_apigw_redis_t, connect_timeout) },

    { ngx_string("timeout"), 1, 1,
      ngx_http_apigw_redis_conf_time,
      offsetof(ngx_http_apigw_redis_t, timeout) },

    { ngx_string("reply_timeout"), 1, 1,
      ngx_http_apigw_redis_conf_time,
      offsetof(ngx_http_apigw_redis_t, reply_timeout) },

    { ngx_string("breaker"), 1, 3,
      ngx_http_apigw_redis_conf_breaker, 0 },

    { ngx_string("plain"), 1, 1,
      ngx_http_apigw_redis_conf_flag,
      offsetof(ngx_http_apigw_redis_t, plain) },

    { ngx_string("tls"), 1, 1,
      ngx_http_apigw_redis_conf_flag,
      offsetof(ngx_http_apigw_redis_t, tls_on) },

    { ngx_string("tls_verify"), 1, 1,
      ngx_http_apigw_redis_conf_flag,
      offsetof(ngx_http_apigw_redis_t, tls.verify) },

    { ngx_string("tls_name"), 1, 1,
      ngx_http_apigw_redis_conf_text,
      offsetof(ngx_http_apigw_redis_t, tls.name) },

    { ngx_string("tls_trusted_certificate"), 1, 1,
      ngx_http_apigw_redis_conf_text,
      offsetof(ngx_http_apigw_redis_t, tls.trusted_certificate) },

    { ngx_string("tls_certificate"), 1, 1,
      ngx_http_apigw_redis_conf_text,
      offsetof(ngx_http_apigw_redis_t, tls.certificate) },

    { ngx_string("tls_certificate_key"), 1, 1,
      ngx_http_apigw_redis_conf_text,
      offsetof(ngx_http_apigw_redis_t, tls.certificate_key) },

    { ngx_null_string, 0, 0, NULL, 0 }
};


char *
ngx_http_apigw_redis_conf_line(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf)
{
    char                                    *rv;
    ngx_str_t                               *value;
    ngx_uint_t                               n;
    ngx_http_apigw_redis_t                  *store;
    const ngx_http_apigw_redis_directive_t  *d;

    store = conf;
    value = cf->args->elts;
    n = cf->args->nelts - 1;

    if (n == 1 && ngx_strcmp(value[0].data, "include") == 0) {
        return ngx_conf_include(cf, dummy, conf);
    }

    for (d = ngx_http_apigw_redis_directives; d->name.len; d++) {

        if (d->name.len != value[0].len
            || ngx_strncmp(d->name.data, value[0].data, d->name.len) != 0
            || (d->offset == offsetof(ngx_http_apigw_redis_t, plain)
                && !store->owner->guarded))
        {
            continue;
        }

        if (n < d->min || n > d->max) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid number of arguments in \"%V\" "
                               "directive of %V", &d->name, &store->block);
            return NGX_CONF_ERROR;
        }

        rv = d->set(cf, store, d->offset);

        if (rv != NGX_CONF_OK && rv != NGX_CONF_ERROR) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" directive of %V %s",
                               &d->name, &store->block, rv);
            return NGX_CONF_ERROR;
        }

        return rv;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown directive \"%V\" in %V, expected server, "
                       "cluster, sentinel, username, password_file, "
                       "sentinel_password_file, database, connect_timeout, "
                       "timeout, reply_timeout, queue, prefix, "
                       "secret_file, breaker%s, tls or one of tls_verify, "
                       "tls_name, tls_trusted_certificate, tls_certificate "
                       "and tls_certificate_key", &value[0], &store->block,
                       store->owner->guarded ? ", plain" : "");

    return NGX_CONF_ERROR;
}


static char *
ngx_http_apigw_redis_conf_text(ngx_conf_t *cf, ngx_http_apigw_redis_t *store,
    size_t offset)
{
    ngx_str_t  *value, *field;

    field = (ngx_str_t *) ((u_char *) store + offset);

    if (field->len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "needs a value, or leave it out";
    }

    *field = value[1];

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_redis_conf_file(ngx_conf_t *cf, ngx_http_apigw_redis_t *store,
    size_t offset)
{
    ngx_str_t  *value, *field;

    field = (ngx_str_t *) ((u_char *) store + offset);

    if (field->len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_conf_full_name(cf->cycle, &value[1], 1) != NGX_OK
        || ngx_http_apigw_redis_secret_read(cf, store, &value[1], field)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_redis_conf_secret(ngx_conf_t *cf, ngx_http_apigw_redis_t *store,
    size_t offset)
{
    char       *rv;
    ngx_str_t  *value;

    rv = ngx_http_apigw_redis_conf_file(cf, store, offset);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (store->secret.len < NGX_HTTP_APIGW_REDIS_MIN_SECRET) {
        value = cf->args->elts;

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "secret in \"%V\" of %V is shorter than %d bytes, "
                           "make one with \"openssl rand -hex 32\"",
                           &value[1], &store->block,
                           NGX_HTTP_APIGW_REDIS_MIN_SECRET);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_redis_conf_prefix(ngx_conf_t *cf, ngx_http_apigw_redis_t *store,
    size_t offset)
{
    u_char      ch;
    ngx_str_t  *value;
    ngx_uint_t  i;

    if (store->prefix.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    for (i = 0; i < value[1].len; i++) {
        ch = value[1].data[i];

        if (!((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z')
              || (ch >= 'A' && ch <= 'Z')
              || ch == '_' || ch == '.' || ch == '-'))
        {
            break;
        }
    }

    if (i == 0 || i < value[1].len || i > 64) {
        return "needs 1 to 64 of A-Z a-z 0-9 _ . -";
    }

    store->prefix = value[1];

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_redis_conf_number(ngx_conf_t *cf, ngx_http_apigw_redis_t *store,
    size_t offset)
{
    ngx_int_t   n, *field;
    ngx_str_t  *value;

    field = (ngx_int_t *) ((u_char *) store + offset);

    if (*field != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    n = ngx_atoi(value[1].data, value[1].len);

    if (field == &store->queue) {
        if (n < 1 || n > APIGW_RESP_MAX_QUEUE) {
            return "needs a number from 1 to 1048576";
        }

    } else if (n < 0 || n > 65535) {
        return "needs a number from 0 to 65535";
    }

    *field = n;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_redis_conf_time(ngx_conf_t *cf, ngx_http_apigw_redis_t *store,
    size_t offset)
{
    ngx_int_t    n;
    ngx_str_t   *value;
    ngx_msec_t  *field;

    field = (ngx_msec_t *) ((u_char *) store + offset);

    if (*field != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    value = cf->args->elts;

    n = ngx_parse_time(&value[1], 0);

    if (n == NGX_ERROR || n < 1 || n > 3600 * 1000) {
        return "needs a time from 1ms to 1h";
    }

    *field = (ngx_msec_t) n;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_redis_conf_breaker(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store, size_t offset)
{
    ngx_int_t    n;
    ngx_str_t   *value, s;
    ngx_uint_t   i;

    if (store->breaker_set) {
        return "is duplicate";
    }

    store->breaker_set = 1;
    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "failures=", 9) == 0
            && store->breaker.failures == 0)
        {
            n = ngx_atoi(value[i].data + 9, value[i].len - 9);

            if (n < 1 || n > 1000) {
                return "needs failures= from 1 to 1000";
            }

            store->breaker.failures = (uint32_t) n;
            continue;
        }

        n = NGX_ERROR;

        if ((ngx_strncmp(value[i].data, "open=", 5) == 0
             && store->breaker.open == 0)
            || (ngx_strncmp(value[i].data, "max=", 4) == 0
                && store->breaker.max == 0))
        {
            s.data = (u_char *) ngx_strchr(value[i].data, '=') + 1;
            s.len = value[i].data + value[i].len - s.data;
            n = ngx_parse_time(&s, 0);
        }

        if (n == NGX_ERROR || n < 1 || n > 3600 * 1000) {
            return "needs failures=number open=time max=time, each once, "
                   "times from 1ms to 1h";
        }

        *(value[i].data[0] == 'o' ? &store->breaker.open
                                  : &store->breaker.max) = (uint64_t) n;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_redis_conf_flag(ngx_conf_t *cf, ngx_http_apigw_redis_t *store,
    size_t offset)
{
    ngx_str_t   *value;
    ngx_flag_t  *field;

    field = (ngx_flag_t *) ((u_char *) store + offset);

    if (*field != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "on") == 0) {
        *field = 1;

    } else if (ngx_strcmp(value[1].data, "off") == 0) {
        *field = 0;

    } else {
        return "needs \"on\" or \"off\"";
    }

    return NGX_CONF_OK;
}
