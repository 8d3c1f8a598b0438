
#include "ngx_http_apigw_auth.h"


/* Parameters of the HTTP client: what they are and where they go. */

typedef enum {
    NGX_HTTP_APIGW_AUTH_FETCH_TIME = 0,
    NGX_HTTP_APIGW_AUTH_FETCH_COUNT,
    NGX_HTTP_APIGW_AUTH_FETCH_FLAG,
    NGX_HTTP_APIGW_AUTH_FETCH_TEXT,
    NGX_HTTP_APIGW_AUTH_FETCH_RESOLVER
} ngx_http_apigw_auth_fetch_form_e;

typedef struct {
    ngx_str_t                         name;
    ngx_http_apigw_auth_fetch_form_e  form;
    size_t                            offset;    /* in the client */
} ngx_http_apigw_auth_fetch_field_t;


#define NGX_HTTP_APIGW_AUTH_KEEPALIVE_MAX  1024


static ngx_http_apigw_auth_fetch_field_t *ngx_http_apigw_auth_fetch_field(
    ngx_str_t *name);
static char *ngx_http_apigw_auth_fetch_time(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *arg, ngx_msec_t *field);
static char *ngx_http_apigw_auth_fetch_count(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *arg, ngx_uint_t *field);
static char *ngx_http_apigw_auth_fetch_flag(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *arg, ngx_flag_t *field);
static char *ngx_http_apigw_auth_fetch_text(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *arg, ngx_str_t *field);
static char *ngx_http_apigw_auth_fetch_resolver(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs,
    ngx_resolver_t **field);


static ngx_http_apigw_auth_fetch_field_t
    ngx_http_apigw_auth_fetch_fields[] =
{
    { ngx_string("resolver"), NGX_HTTP_APIGW_AUTH_FETCH_RESOLVER,
      offsetof(ngx_http_apigw_fetch_client_t, resolver) },

    { ngx_string("connect_timeout"), NGX_HTTP_APIGW_AUTH_FETCH_TIME,
      offsetof(ngx_http_apigw_fetch_client_t, connect_timeout) },

    { ngx_string("keepalive"), NGX_HTTP_APIGW_AUTH_FETCH_COUNT,
      offsetof(ngx_http_apigw_fetch_client_t, keepalive) },

    { ngx_string("plain_http"), NGX_HTTP_APIGW_AUTH_FETCH_FLAG,
      offsetof(ngx_http_apigw_fetch_client_t, plain_http) },

    { ngx_string("tls_verify"), NGX_HTTP_APIGW_AUTH_FETCH_FLAG,
      offsetof(ngx_http_apigw_fetch_client_t, tls.verify) },

    { ngx_string("tls_trusted_certificate"), NGX_HTTP_APIGW_AUTH_FETCH_TEXT,
      offsetof(ngx_http_apigw_fetch_client_t, tls.trusted_certificate) },

    { ngx_string("tls_name"), NGX_HTTP_APIGW_AUTH_FETCH_TEXT,
      offsetof(ngx_http_apigw_fetch_client_t, tls.name) },

    { ngx_string("tls_certificate"), NGX_HTTP_APIGW_AUTH_FETCH_TEXT,
      offsetof(ngx_http_apigw_fetch_client_t, tls.certificate) },

    { ngx_string("tls_certificate_key"), NGX_HTTP_APIGW_AUTH_FETCH_TEXT,
      offsetof(ngx_http_apigw_fetch_client_t, tls.certificate_key) },

    { ngx_null_string, NGX_HTTP_APIGW_AUTH_FETCH_TEXT, 0 }
};


char *
ngx_http_apigw_auth_fetch_param(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    void                               *field;
    ngx_http_apigw_fetch_client_t     **client;
    ngx_http_apigw_auth_fetch_field_t  *f;

    client = (ngx_http_apigw_fetch_client_t **)
                                 ((char *) block->data + block->param->offset);

    f = ngx_http_apigw_auth_fetch_field(&block->param->name);
    field = (char *) *client + f->offset;

    switch (f->form) {

    case NGX_HTTP_APIGW_AUTH_FETCH_TIME:
        return ngx_http_apigw_auth_fetch_time(cf, block, &args[0], field);

    case NGX_HTTP_APIGW_AUTH_FETCH_COUNT:
        return ngx_http_apigw_auth_fetch_count(cf, block, &args[0], field);

    case NGX_HTTP_APIGW_AUTH_FETCH_FLAG:
        return ngx_http_apigw_auth_fetch_flag(cf, block, &args[0], field);

    case NGX_HTTP_APIGW_AUTH_FETCH_TEXT:
        return ngx_http_apigw_auth_fetch_text(cf, block, &args[0], field);

    default: /* NGX_HTTP_APIGW_AUTH_FETCH_RESOLVER */
        return ngx_http_apigw_auth_fetch_resolver(cf, block, args, nargs,
                                                  field);
    }
}


static ngx_http_apigw_auth_fetch_field_t *
ngx_http_apigw_auth_fetch_field(ngx_str_t *name)
{
    ngx_http_apigw_auth_fetch_field_t  *f;

    for (f = ngx_http_apigw_auth_fetch_fields; f->name.len; f++) {
        if (f->name.len == name->len
            && ngx_strcmp(f->name.data, name->data) == 0)
        {
            break;
        }
    }

    return f;
}


static char *
ngx_http_apigw_auth_fetch_time(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *arg, ngx_msec_t *field)
{
    ngx_int_t  msec;

    msec = ngx_parse_time(arg, 0);

    if (msec == NGX_ERROR || msec == 0) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"%V\" \"%V\"; give a time above 0",
                              &block->param->name, arg);
    }

    *field = (ngx_msec_t) msec;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_fetch_count(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *arg, ngx_uint_t *field)
{
    ngx_int_t  n;

    n = ngx_atoi(arg->data, arg->len);

    if (n == NGX_ERROR || n > NGX_HTTP_APIGW_AUTH_KEEPALIVE_MAX) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"%V\" \"%V\"; give a number from 0 to "
                              "1024", &block->param->name, arg);
    }

    *field = (ngx_uint_t) n;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_fetch_flag(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *arg, ngx_flag_t *field)
{
    if (ngx_strcmp(arg->data, "on") == 0) {
        *field = 1;

    } else if (ngx_strcmp(arg->data, "off") == 0) {
        *field = 0;

    } else {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"%V\" \"%V\"; write \"on\" or \"off\"",
                              &block->param->name, arg);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_fetch_text(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *arg, ngx_str_t *field)
{
    if (arg->len == 0) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "empty \"%V\"; give a value, or leave it out",
                              &block->param->name);
    }

    *field = *arg;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_fetch_resolver(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs,
    ngx_resolver_t **field)
{
    *field = ngx_resolver_create(cf, args, nargs);

    if (*field == NULL) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"resolver\"; write it as nginx's "
                              "directive, such as \"resolver 127.0.0.1 "
                              "valid=30s\"");
    }

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_fetch_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_http_apigw_fetch_client_t *client)
{
    u_char     text[NGX_HTTP_APIGW_TLS_FAULT_LEN];
    ngx_str_t  fault;

    fault.data = text;

    if (ngx_http_apigw_fetch_client_end(cf, client, &fault) != NGX_OK) {
        return fault.len ? ngx_http_apigw_auth_block_fault(cf, block, "%V",
                                                           &fault)
                         : NGX_CONF_ERROR;
    }

    if (!client->tls.verify) {
        ngx_http_apigw_auth_block_warn(cf, block,
                       "\"tls_verify off\" takes keys and verdicts from "
                       "whoever answers; use \"tls_trusted_certificate\"");
    }

    return NGX_CONF_OK;
}
