
#include "ngx_http_apigw_transform.h"

#include <time.h>


static ngx_int_t ngx_http_apigw_transform_variable_status(
    ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t response);
static ngx_int_t ngx_http_apigw_transform_variable_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_apigw_transform_variable_error(
    ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_apigw_transform_variable_offset(
    ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);


/* All of them change while the request goes its way. */

static ngx_http_variable_t  ngx_http_apigw_transform_vars[] = {

    { ngx_string("apigw_request_transform_status"), NULL,
      ngx_http_apigw_transform_variable_status, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_response_transform_status"), NULL,
      ngx_http_apigw_transform_variable_status, 1,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_transform_time"), NULL,
      ngx_http_apigw_transform_variable_time, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_transform_error"), NULL,
      ngx_http_apigw_transform_variable_error, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_transform_error_offset"), NULL,
      ngx_http_apigw_transform_variable_offset, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


static ngx_str_t  ngx_http_apigw_transform_statuses[] = {
    ngx_string("none"),
    ngx_string("applied"),
    ngx_string("passed"),
    ngx_string("rejected"),
    ngx_string("aborted"),
    ngx_string("dry_run")
};


ngx_int_t
ngx_http_apigw_transform_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_apigw_transform_vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_transform_variable_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t response)
{
    ngx_str_t                          *word;
    ngx_http_apigw_transform_status_e   status;
    ngx_http_apigw_transform_record_t  *record;

    record = ngx_http_apigw_transform_record_find(r);
    status = NGX_HTTP_APIGW_TRANSFORM_NONE;

    if (record) {
        status = response ? record->response_status : record->request_status;
    }

    word = &ngx_http_apigw_transform_statuses[status];

    v->data = word->data;
    v->len = word->len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_transform_variable_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                             *p;
    uint64_t                            us;
    ngx_http_apigw_transform_record_t  *record;

    p = ngx_pnalloc(r->pool, NGX_INT64_LEN + sizeof(".000000"));
    if (p == NULL) {
        return NGX_ERROR;
    }

    record = ngx_http_apigw_transform_record_find(r);
    us = record ? record->time / 1000 : 0;

    v->data = p;
    v->len = ngx_sprintf(p, "%uL.%06uL", us / 1000000, us % 1000000) - p;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_transform_variable_error(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_apigw_transform_record_t  *record;

    record = ngx_http_apigw_transform_record_find(r);

    if (record == NULL || record->error.word == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = (u_char *) record->error.word;
    v->len = ngx_strlen(record->error.word);
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_transform_variable_offset(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                             *p;
    ngx_http_apigw_transform_record_t  *record;

    record = ngx_http_apigw_transform_record_find(r);

    if (record == NULL
        || record->error.word == NULL
        || record->error.offset == APIGW_TRANSFORM_NO_OFFSET)
    {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_SIZE_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    v->data = p;
    v->len = ngx_sprintf(p, "%uz", record->error.offset) - p;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


uint64_t
ngx_http_apigw_transform_clock(void)
{
    struct timespec  ts;

    /* nginx's cached time does not run on within one event */

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}
