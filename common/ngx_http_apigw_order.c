
#include "ngx_http_apigw_order.h"


#define NGX_HTTP_APIGW_ORDER_UNLISTED  -1
#define NGX_HTTP_APIGW_ORDER_FOREIGN   -2


static ngx_int_t ngx_http_apigw_order_place(const char *name);


/* the same list as in the top config script */

static const char  *ngx_http_apigw_order[] = {
    "ngx_http_apigw_aggregate_module",
    "ngx_http_apigw_observe_module",
    "ngx_http_apigw_grpc_module",
    "ngx_http_apigw_transform_module",
    "ngx_http_apigw_auth_module",
    "ngx_http_apigw_ratelimit_module",
    "ngx_http_apigw_transform_extract_module",
    "ngx_http_apigw_transform_filter_module",
    "ngx_http_apigw_grpc_filter_module",
    "ngx_http_xslt_filter_module",
    "ngx_http_image_filter_module",
    "ngx_http_sub_filter_module",
    "ngx_http_addition_filter_module",
    "ngx_http_gunzip_filter_module",
    "ngx_http_userid_filter_module",
    "ngx_http_headers_filter_module",
    "ngx_http_copy_filter_module",
    NULL
};


ngx_int_t
ngx_http_apigw_order_check(ngx_conf_t *cf)
{
    ngx_int_t     place, last;
    ngx_uint_t    i;
    const char   *name, *before;

    last = -1;
    before = "";

    for (i = 0; cf->cycle->modules[i]; i++) {

        name = cf->cycle->modules[i]->name;
        place = ngx_http_apigw_order_place(name);

        if (place == NGX_HTTP_APIGW_ORDER_FOREIGN) {
            continue;
        }

        if (place == NGX_HTTP_APIGW_ORDER_UNLISTED) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "apigw: unknown module \"%s\"; load modules of one "
                          "release of the suite", name);
            return NGX_ERROR;
        }

        if (place < last) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "apigw: module \"%s\" stands after \"%s\" in nginx's "
                          "module list; build all of the suite's modules with "
                          "its own \"config\" script", name, before);
            return NGX_ERROR;
        }

        last = place;
        before = name;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_order_place(const char *name)
{
    ngx_int_t  i;

    for (i = 0; ngx_http_apigw_order[i]; i++) {
        if (ngx_strcmp(name, ngx_http_apigw_order[i]) == 0) {
            return i;
        }
    }

    if (ngx_strncmp(name, "ngx_http_apigw_", 15) == 0) {
        return NGX_HTTP_APIGW_ORDER_UNLISTED;
    }

    return NGX_HTTP_APIGW_ORDER_FOREIGN;
}
