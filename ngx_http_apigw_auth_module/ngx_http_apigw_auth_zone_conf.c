
/* apigw_auth_zone: the size of the module's memory, and how long it keeps. */


#include "ngx_http_apigw_auth.h"


#define NGX_HTTP_APIGW_AUTH_ZONE_MIN  (1024 * 1024)


typedef struct {
    ngx_str_t     name;                  /* with its "=" */
    char       *(*set)(ngx_conf_t *cf, ngx_http_apigw_auth_zone_t *zone,
                       ngx_str_t *value);
} ngx_http_apigw_auth_zone_param_t;


static char *ngx_http_apigw_auth_zone_set_zone(ngx_conf_t *cf,
    ngx_http_apigw_auth_zone_t *zone, ngx_str_t *value);
static char *ngx_http_apigw_auth_zone_set_ttl(ngx_conf_t *cf,
    ngx_http_apigw_auth_zone_t *zone, ngx_str_t *value);
static char *ngx_http_apigw_auth_zone_set_negative_ttl(ngx_conf_t *cf,
    ngx_http_apigw_auth_zone_t *zone, ngx_str_t *value);
static char *ngx_http_apigw_auth_zone_set_negative_max(ngx_conf_t *cf,
    ngx_http_apigw_auth_zone_t *zone, ngx_str_t *value);
static char *ngx_http_apigw_auth_zone_set_l1(ngx_conf_t *cf,
    ngx_http_apigw_auth_zone_t *zone, ngx_str_t *value);
static char *ngx_http_apigw_auth_zone_time(ngx_conf_t *cf, const char *name,
    time_t *time, ngx_str_t *value);


static ngx_http_apigw_auth_zone_param_t  ngx_http_apigw_auth_zone_params[] = {
    { ngx_string("zone="), ngx_http_apigw_auth_zone_set_zone },
    { ngx_string("ttl="), ngx_http_apigw_auth_zone_set_ttl },
    { ngx_string("negative_ttl="), ngx_http_apigw_auth_zone_set_negative_ttl },
    { ngx_string("negative_max="), ngx_http_apigw_auth_zone_set_negative_max },
    { ngx_string("l1="), ngx_http_apigw_auth_zone_set_l1 },
    { ngx_null_string, NULL }
};


char *
ngx_http_apigw_auth_set_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_apigw_auth_main_conf_t *amcf = conf;

    ngx_str_t                         *args, value;
    ngx_uint_t                         i, k, seen;
    ngx_http_apigw_auth_zone_param_t  *param;

    if (amcf->zone.written) {
        return "is duplicate";
    }

    amcf->zone.written = 1;

    args = cf->args->elts;
    seen = 0;

    for (i = 1; i < cf->args->nelts; i++) {

        for (k = 0; ngx_http_apigw_auth_zone_params[k].set; k++) {
            param = &ngx_http_apigw_auth_zone_params[k];

            if (ngx_strncmp(args[i].data, param->name.data, param->name.len)
                == 0)
            {
                break;
            }
        }

        param = &ngx_http_apigw_auth_zone_params[k];

        if (param->set == NULL) {
            return ngx_http_apigw_auth_fault(cf,
                                  "apigw_auth_zone: unknown parameter \"%V\"; "
                                  "write \"zone=NAME:SIZE\", \"ttl=\", "
                                  "\"negative_ttl=\", \"negative_max=\" or "
                                  "\"l1=\"", &args[i]);
        }

        if (seen & ((ngx_uint_t) 1 << k)) {
            return ngx_http_apigw_auth_fault(cf,
                                  "apigw_auth_zone: duplicate parameter "
                                  "\"%V\"; write it once", &args[i]);
        }

        seen |= (ngx_uint_t) 1 << k;

        value.data = args[i].data + param->name.len;
        value.len = args[i].len - param->name.len;

        if (param->set(cf, &amcf->zone, &value) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (amcf->zone.name.len == 0) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_auth_zone: no zone; write "
                              "\"zone=NAME:SIZE\", such as "
                              "\"zone=apigw_auth:16m\"");
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_zone_set_zone(ngx_conf_t *cf,
    ngx_http_apigw_auth_zone_t *zone, ngx_str_t *value)
{
    u_char     *p;
    ssize_t     size;
    ngx_str_t   s;

    p = ngx_strlchr(value->data, value->data + value->len, ':');

    if (p == NULL || p == value->data) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_auth_zone: invalid zone \"%V\"; write "
                              "\"NAME:SIZE\", such as \"apigw_auth:16m\"",
                              value);
    }

    s.data = p + 1;
    s.len = value->data + value->len - s.data;

    size = ngx_parse_size(&s);

    if (size == NGX_ERROR || size < NGX_HTTP_APIGW_AUTH_ZONE_MIN) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_auth_zone: invalid size \"%V\"; give at "
                              "least 1m", &s);
    }

    zone->name.data = value->data;
    zone->name.len = p - value->data;
    zone->size = size;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_zone_set_ttl(ngx_conf_t *cf,
    ngx_http_apigw_auth_zone_t *zone, ngx_str_t *value)
{
    return ngx_http_apigw_auth_zone_time(cf, "ttl", &zone->ttl, value);
}


static char *
ngx_http_apigw_auth_zone_set_negative_ttl(ngx_conf_t *cf,
    ngx_http_apigw_auth_zone_t *zone, ngx_str_t *value)
{
    return ngx_http_apigw_auth_zone_time(cf, "negative_ttl",
                                         &zone->negative_ttl, value);
}


static char *
ngx_http_apigw_auth_zone_set_negative_max(ngx_conf_t *cf,
    ngx_http_apigw_auth_zone_t *zone, ngx_str_t *value)
{
    ngx_int_t  percent;

    percent = NGX_ERROR;

    if (value->len > 1 && value->data[value->len - 1] == '%') {
        percent = ngx_atoi(value->data, value->len - 1);
    }

    if (percent < 1 || percent > 50) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_auth_zone: invalid \"negative_max\" "
                              "\"%V\"; give 1%% to 50%% of the zone", value);
    }

    zone->negative_max = percent;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_zone_set_l1(ngx_conf_t *cf,
    ngx_http_apigw_auth_zone_t *zone, ngx_str_t *value)
{
    ngx_int_t  n;

    n = ngx_atoi(value->data, value->len);

    if (n == NGX_ERROR || n > 1024 * 1024) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_auth_zone: invalid \"l1\" \"%V\"; give "
                              "the entries of a worker, 0 to 1048576", value);
    }

    zone->l1 = n;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_zone_time(ngx_conf_t *cf, const char *name, time_t *time,
    ngx_str_t *value)
{
    *time = ngx_parse_time(value, 1);

    if (*time == (time_t) NGX_ERROR || *time > 24 * 60 * 60) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_auth_zone: invalid \"%s\" \"%V\"; give a "
                              "time of at most 24h, 0 keeps nothing", name,
                              value);
    }

    return NGX_CONF_OK;
}
