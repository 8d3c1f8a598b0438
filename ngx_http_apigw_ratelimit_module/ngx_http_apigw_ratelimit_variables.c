
/* $apigw_ratelimit_*: of the request's record, through all redirects. */


#include "ngx_http_apigw_ratelimit.h"


#define NGX_HTTP_APIGW_RATELIMIT_VAR_LIMIT        0
#define NGX_HTTP_APIGW_RATELIMIT_VAR_REMAINING    1
#define NGX_HTTP_APIGW_RATELIMIT_VAR_RESET        2
#define NGX_HTTP_APIGW_RATELIMIT_VAR_RETRY_AFTER  3


static ngx_int_t ngx_http_apigw_ratelimit_variable_status(
    ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_apigw_ratelimit_variable_policy(
    ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_apigw_ratelimit_variable_source(
    ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_apigw_ratelimit_variable_number(
    ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_uint_t ngx_http_apigw_ratelimit_item_number(
    ngx_http_apigw_ratelimit_item_t *item, uintptr_t which, uint64_t *n);
static ngx_int_t ngx_http_apigw_ratelimit_variable_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_apigw_ratelimit_variable_address(
    ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_http_apigw_ratelimit_item_t *ngx_http_apigw_ratelimit_chosen(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_apigw_ratelimit_variable_set(
    ngx_http_variable_value_t *v, ngx_str_t *value);


static ngx_http_variable_t  ngx_http_apigw_ratelimit_vars[] = {

    { ngx_string("apigw_ratelimit_status"), NULL,
      ngx_http_apigw_ratelimit_variable_status, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_ratelimit_policy"), NULL,
      ngx_http_apigw_ratelimit_variable_policy, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_ratelimit_limit"), NULL,
      ngx_http_apigw_ratelimit_variable_number,
      NGX_HTTP_APIGW_RATELIMIT_VAR_LIMIT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_ratelimit_remaining"), NULL,
      ngx_http_apigw_ratelimit_variable_number,
      NGX_HTTP_APIGW_RATELIMIT_VAR_REMAINING, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_ratelimit_reset"), NULL,
      ngx_http_apigw_ratelimit_variable_number,
      NGX_HTTP_APIGW_RATELIMIT_VAR_RESET, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_ratelimit_retry_after"), NULL,
      ngx_http_apigw_ratelimit_variable_number,
      NGX_HTTP_APIGW_RATELIMIT_VAR_RETRY_AFTER, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_ratelimit_source"), NULL,
      ngx_http_apigw_ratelimit_variable_source, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_ratelimit_time"), NULL,
      ngx_http_apigw_ratelimit_variable_time, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    /* realip may change the address after an early read */

    { ngx_string("apigw_ratelimit_address"), NULL,
      ngx_http_apigw_ratelimit_variable_address, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_http_apigw_ratelimit_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_apigw_ratelimit_vars; v->name.len; v++) {
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
ngx_http_apigw_ratelimit_variable_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_apigw_ratelimit_ctx_t  *ctx;

    static ngx_str_t  words[] = {
        ngx_null_string,
        ngx_string("PASSED"),
        ngx_string("REJECTED"),
        ngx_string("REJECTED_DRY_RUN"),
        ngx_string("DEGRADED")
    };

    ctx = ngx_http_apigw_ratelimit_get_ctx(r->main);

    return ngx_http_apigw_ratelimit_variable_set(v,
                                             ctx ? &words[ctx->verdict] : NULL);
}


static ngx_int_t
ngx_http_apigw_ratelimit_variable_policy(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_apigw_ratelimit_item_t  *item;

    item = ngx_http_apigw_ratelimit_chosen(r);

    return ngx_http_apigw_ratelimit_variable_set(v,
                                            item ? &item->policy->name : NULL);
}


static ngx_int_t
ngx_http_apigw_ratelimit_variable_source(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_apigw_ratelimit_item_t  *item;

    static ngx_str_t  words[] = {
        ngx_string("local"),
        ngx_string("redis"),
        ngx_string("deny_cache"),
        ngx_string("lease")
    };

    item = ngx_http_apigw_ratelimit_chosen(r);

    /* a store that can't answer is no source */

    if (item && item->state != NGX_HTTP_APIGW_RATELIMIT_DECIDED) {
        item = NULL;
    }

    return ngx_http_apigw_ratelimit_variable_set(v,
                                            item ? &words[item->source] : NULL);
}


static ngx_int_t
ngx_http_apigw_ratelimit_variable_number(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    uint64_t                          n;
    ngx_http_apigw_ratelimit_item_t  *item;

    item = ngx_http_apigw_ratelimit_chosen(r);

    if (item == NULL || !ngx_http_apigw_ratelimit_item_number(item, data, &n)) {
        return ngx_http_apigw_ratelimit_variable_set(v, NULL);
    }

    v->data = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (v->data == NULL) {
        return NGX_ERROR;
    }

    v->len = apigw_ratelimit_write_number(v->data, n) - v->data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


/* 0: the policy has no such number */

static ngx_uint_t
ngx_http_apigw_ratelimit_item_number(ngx_http_apigw_ratelimit_item_t *item,
    uintptr_t which, uint64_t *n)
{
    if (which == NGX_HTTP_APIGW_RATELIMIT_VAR_LIMIT) {
        *n = apigw_take_most(&item->take.limit);
        return 1;
    }

    if (item->state != NGX_HTTP_APIGW_RATELIMIT_DECIDED) {

        /* the store's next probe is all that is known */

        *n = ngx_http_apigw_ratelimit_item_wait(item);
        return which == NGX_HTTP_APIGW_RATELIMIT_VAR_RETRY_AFTER;
    }

    switch (which) {

    case NGX_HTTP_APIGW_RATELIMIT_VAR_REMAINING:
        *n = item->take.report.remaining;
        return 1;

    case NGX_HTTP_APIGW_RATELIMIT_VAR_RESET:
        *n = ngx_http_apigw_ratelimit_item_reset(item);
        return 1;

    default: /* NGX_HTTP_APIGW_RATELIMIT_VAR_RETRY_AFTER */
        *n = apigw_ratelimit_seconds(item->take.report.retry);
        return item->take.report.retry != -1;
    }
}


/* Seconds that the request waited for Redis, in all phases. */

static ngx_int_t
ngx_http_apigw_ratelimit_variable_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    uint64_t                         us;
    ngx_http_apigw_ratelimit_ctx_t  *ctx;

    ctx = ngx_http_apigw_ratelimit_get_ctx(r->main);

    if (ctx == NULL || ctx->verdict == NGX_HTTP_APIGW_RATELIMIT_NOT_DECIDED) {
        return ngx_http_apigw_ratelimit_variable_set(v, NULL);
    }

    v->data = ngx_pnalloc(r->pool, NGX_INT64_LEN + sizeof(".123456"));
    if (v->data == NULL) {
        return NGX_ERROR;
    }

    us = ctx->waited / (APIGW_GCRA_SECOND / 1000000);

    v->len = ngx_sprintf(v->data, "%uL.%06uL", us / 1000000, us % 1000000)
             - v->data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


/*
 * The client for keys: IPv4 whole; of IPv6 the first 64 bits, as a subscriber
 * owns a /64 and could come from any of its addresses.
 */

static ngx_int_t
ngx_http_apigw_ratelimit_variable_address(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_connection_t     *c;
#if (NGX_HAVE_INET6)
    u_char                addr[16];
    in_addr_t             mapped;
    struct sockaddr_in6  *sin6;
#endif

    c = r->connection;

    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

#if (NGX_HAVE_INET6)

    if (c->sockaddr->sa_family == AF_INET6) {
        sin6 = (struct sockaddr_in6 *) c->sockaddr;

        v->data = ngx_pnalloc(r->pool, NGX_INET6_ADDRSTRLEN);
        if (v->data == NULL) {
            return NGX_ERROR;
        }

        /* an IPv4 client of a socket for both is one of many in its /64 */

        if (IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)) {
            ngx_memcpy(&mapped, &sin6->sin6_addr.s6_addr[12], 4);
            v->len = ngx_inet_ntop(AF_INET, &mapped, v->data,
                                   NGX_INET6_ADDRSTRLEN);
            return NGX_OK;
        }

        ngx_memzero(addr, sizeof(addr));
        ngx_memcpy(addr, sin6->sin6_addr.s6_addr, 8);

        v->len = ngx_inet6_ntop(addr, v->data, NGX_INET6_ADDRSTRLEN);

        return NGX_OK;
    }

#endif

    v->data = c->addr_text.data;
    v->len = c->addr_text.len;

    return NGX_OK;
}


static ngx_http_apigw_ratelimit_item_t *
ngx_http_apigw_ratelimit_chosen(ngx_http_request_t *r)
{
    ngx_http_apigw_ratelimit_ctx_t  *ctx;

    ctx = ngx_http_apigw_ratelimit_get_ctx(r->main);

    return ctx ? ctx->chosen : NULL;
}


/* No value, or an empty one, is "not found". */

static ngx_int_t
ngx_http_apigw_ratelimit_variable_set(ngx_http_variable_value_t *v,
    ngx_str_t *value)
{
    if (value == NULL || value->len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = value->data;
    v->len = value->len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}
