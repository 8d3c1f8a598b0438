
/* The filters: fields on every answer, a document on rejections. */


#include "ngx_http_apigw_ratelimit.h"
#include "ngx_http_apigw_compat.h"


static ngx_int_t ngx_http_apigw_ratelimit_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_apigw_ratelimit_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_int_t ngx_http_apigw_ratelimit_fields(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx);
static ngx_uint_t ngx_http_apigw_ratelimit_list(
    ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_item_t **list);
static ngx_int_t ngx_http_apigw_ratelimit_draft11(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_item_t **list, ngx_uint_t n);
static ngx_int_t ngx_http_apigw_ratelimit_policy_field(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_item_t **list, ngx_uint_t n, size_t size);
static ngx_int_t ngx_http_apigw_ratelimit_x(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx);
static ngx_uint_t ngx_http_apigw_ratelimit_x_replace(ngx_http_request_t *r,
    uint64_t remaining);
static ngx_int_t ngx_http_apigw_ratelimit_number_field(ngx_http_request_t *r,
    ngx_str_t *name, uint64_t n);
static ngx_int_t ngx_http_apigw_ratelimit_field(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *value);
static ngx_int_t ngx_http_apigw_ratelimit_expose(ngx_http_request_t *r,
    ngx_uint_t headers);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


static ngx_str_t  ngx_http_apigw_ratelimit_x_limit =
    ngx_string("X-RateLimit-Limit");
static ngx_str_t  ngx_http_apigw_ratelimit_x_remaining =
    ngx_string("X-RateLimit-Remaining");
static ngx_str_t  ngx_http_apigw_ratelimit_x_reset =
    ngx_string("X-RateLimit-Reset");


void
ngx_http_apigw_ratelimit_filter_init(void)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_apigw_ratelimit_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_apigw_ratelimit_body_filter;
}


static ngx_int_t
ngx_http_apigw_ratelimit_header_filter(ngx_http_request_t *r)
{
    ngx_http_apigw_ratelimit_ctx_t  *ctx;

    if (r != r->main) {
        return ngx_http_next_header_filter(r);
    }

    ctx = ngx_http_apigw_ratelimit_get_ctx(r);

    if (ctx == NULL || ctx->rlcf == NULL) {
        return ngx_http_next_header_filter(r);
    }

    if (ngx_http_apigw_ratelimit_fields(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->rlcf->problem
        && ngx_http_apigw_reject_is_final(&ctx->record)
        && ngx_http_apigw_ratelimit_problem(r, ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_next_header_filter(r);
}


static ngx_int_t
ngx_http_apigw_ratelimit_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_http_apigw_ratelimit_ctx_t  *ctx;

    if (in == NULL || r != r->main) {
        return ngx_http_next_body_filter(r, in);
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_apigw_ratelimit_module);

    return ngx_http_apigw_reject_body(r, ctx ? &ctx->record : NULL, in,
                                      ngx_http_next_body_filter);
}


/* Fields */

static ngx_int_t
ngx_http_apigw_ratelimit_fields(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx)
{
    ngx_str_t                         name;
    ngx_uint_t                        n, status;
    ngx_http_apigw_ratelimit_item_t  *list[2 * NGX_HTTP_APIGW_RATELIMIT_MAX];

    static ngx_str_t  retry_after = ngx_string("Retry-After");

    status = r->headers_out.status;

    if (ctx->rlcf->dry_run
        || (status >= NGX_HTTP_SPECIAL_RESPONSE
            && status < NGX_HTTP_BAD_REQUEST))
    {
        return NGX_OK;
    }

    if (ctx->verdict == NGX_HTTP_APIGW_RATELIMIT_REJECTED
        && ctx->retry_after && status >= NGX_HTTP_BAD_REQUEST)
    {
        name = retry_after;

        if (ngx_http_apigw_ratelimit_number_field(r, &name, ctx->retry_after)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ctx->rlcf->headers == 0) {
        return NGX_OK;
    }

    n = ngx_http_apigw_ratelimit_list(ctx, list);

    if (n == 0) {
        return NGX_OK;
    }

    if ((ctx->rlcf->headers & NGX_HTTP_APIGW_RATELIMIT_DRAFT11)
        && ngx_http_apigw_ratelimit_draft11(r, ctx, list, n) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if ((ctx->rlcf->headers & NGX_HTTP_APIGW_RATELIMIT_X)
        && ngx_http_apigw_ratelimit_x(r, ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ctx->rlcf->headers & NGX_HTTP_APIGW_RATELIMIT_EXPOSE) {
        return ngx_http_apigw_ratelimit_expose(r, ctx->rlcf->headers);
    }

    return NGX_OK;
}


/*
 * The policies to tell about: the location's in its order, then those of
 * locations before it. Bounded, as redirects may visit many.
 */

static ngx_uint_t
ngx_http_apigw_ratelimit_list(ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_item_t **list)
{
    ngx_uint_t                        i, k, n;
    ngx_http_apigw_ratelimit_item_t  *item;

    n = 0;

    if (ctx->nitems == 1) {
        list[0] = ctx->items;
        return ngx_http_apigw_ratelimit_item_shown(ctx->items);
    }

    for (i = 0; i < ctx->rlcf->nuses; i++) {
        for (k = 0; k < ctx->nitems; k++) {
            item = &ctx->items[k];

            if (item->policy == ctx->rlcf->uses[i].policy
                && ngx_http_apigw_ratelimit_item_shown(item))
            {
                list[n++] = item;
            }
        }
    }

    for (k = 0; k < ctx->nitems; k++) {
        item = &ctx->items[k];

        if (!ngx_http_apigw_ratelimit_item_shown(item)) {
            continue;
        }

        for (i = 0; i < ctx->rlcf->nuses; i++) {
            if (item->policy == ctx->rlcf->uses[i].policy) {
                break;
            }
        }

        if (i == ctx->rlcf->nuses && n < 2 * NGX_HTTP_APIGW_RATELIMIT_MAX) {
            list[n++] = item;
        }
    }

    return n;
}


static ngx_int_t
ngx_http_apigw_ratelimit_draft11(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_item_t **list, ngx_uint_t n)
{
    u_char      *p;
    size_t       size;
    ngx_str_t    value;
    ngx_uint_t   i;

    static ngx_str_t  name = ngx_string("RateLimit");

    size = 0;

    for (i = 0; i < n; i++) {
        size += apigw_ratelimit_item_size(list[i]->policy->name.len);
    }

    if (ngx_http_apigw_ratelimit_policy_field(r, ctx, list, n, size)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(r->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value.data = p;

    for (i = 0; i < n; i++) {
        p = apigw_ratelimit_write_state(p, i == 0,
                             ngx_http_apigw_str(&list[i]->policy->name),
                             list[i]->take.report.remaining,
                             ngx_http_apigw_ratelimit_item_reset(list[i]));
    }

    value.len = p - value.data;

    return ngx_http_apigw_ratelimit_field(r, &name, &value);
}


static ngx_int_t
ngx_http_apigw_ratelimit_policy_field(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_item_t **list, ngx_uint_t n, size_t size)
{
    u_char                   *p;
    ngx_str_t                 value;
    ngx_uint_t                i, same;
    apigw_ratelimit_quota_t   quota;

    static ngx_str_t  name = ngx_string("RateLimit-Policy");

    /* all of the location's policies, none of others: it is ready */

    same = ctx->rlcf->field.len && n == ctx->rlcf->nuses;

    for (i = 0; same && i < n; i++) {
        same = list[i]->policy == ctx->rlcf->uses[i].policy
               && !list[i]->degraded;
    }

    if (same) {
        return ngx_http_apigw_ratelimit_field(r, &name, &ctx->rlcf->field);
    }

    p = ngx_pnalloc(r->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value.data = p;

    for (i = 0; i < n; i++) {
        quota = ngx_http_apigw_ratelimit_item_quota(list[i]);
        p = apigw_ratelimit_write_policy(p, i == 0,
                             ngx_http_apigw_str(&list[i]->policy->name),
                             &quota);
    }

    value.len = p - value.data;

    return ngx_http_apigw_ratelimit_field(r, &name, &value);
}


/* X-RateLimit-*: of the policy that leaves least */

static ngx_int_t
ngx_http_apigw_ratelimit_x(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx)
{
    uint64_t                          reset;
    apigw_gcra_report_t              *report;
    ngx_http_apigw_ratelimit_item_t  *item;

    item = ctx->chosen;

    if (item == NULL || !ngx_http_apigw_ratelimit_item_shown(item)) {
        return NGX_OK;
    }

    report = &item->take.report;

    if (!ngx_http_apigw_ratelimit_x_replace(r, report->remaining)) {
        return NGX_OK;
    }

    reset = ngx_http_apigw_ratelimit_item_reset(item);

    if (ctx->rlcf->headers & NGX_HTTP_APIGW_RATELIMIT_EPOCH) {
        reset += ngx_time();
    }

    if (ngx_http_apigw_ratelimit_number_field(r,
                                          &ngx_http_apigw_ratelimit_x_limit,
                                          apigw_take_most(&item->take.limit))
        != NGX_OK
        || ngx_http_apigw_ratelimit_number_field(r,
                                      &ngx_http_apigw_ratelimit_x_remaining,
                                      report->remaining)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_apigw_ratelimit_number_field(r,
                                          &ngx_http_apigw_ratelimit_x_reset,
                                          reset);
}


/*
 * The service may have limits of its own: the smaller ones are told, all
 * three fields together. 0: the service's stay.
 */

static ngx_uint_t
ngx_http_apigw_ratelimit_x_replace(ngx_http_request_t *r, uint64_t remaining)
{
    ngx_int_t         theirs;
    ngx_uint_t        i, n;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *lines[16];

    n = 0;
    part = &r->headers_out.headers.part;
    h = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].hash == 0 || h[i].key.len < sizeof("X-RateLimit-") - 1
            || ngx_strncasecmp(h[i].key.data, (u_char *) "X-RateLimit-",
                               sizeof("X-RateLimit-") - 1)
               != 0)
        {
            continue;
        }

        if (h[i].key.len == ngx_http_apigw_ratelimit_x_remaining.len
            && ngx_strncasecmp(h[i].key.data,
                               ngx_http_apigw_ratelimit_x_remaining.data,
                               h[i].key.len)
               == 0)
        {
            theirs = ngx_atoi(h[i].value.data, h[i].value.len);

            if (theirs != NGX_ERROR && (uint64_t) theirs <= remaining) {
                return 0;
            }
        }

        if (n < 16) {
            lines[n++] = &h[i];
        }
    }

    for (i = 0; i < n; i++) {
        lines[i]->hash = 0;
    }

    return 1;
}


static ngx_int_t
ngx_http_apigw_ratelimit_number_field(ngx_http_request_t *r, ngx_str_t *name,
    uint64_t n)
{
    ngx_str_t  value;

    value.data = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = apigw_ratelimit_write_number(value.data, n) - value.data;

    return ngx_http_apigw_ratelimit_field(r, name, &value);
}


static ngx_int_t
ngx_http_apigw_ratelimit_field(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_http_apigw_header_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key = *name;
    h->value = *value;

    return NGX_OK;
}


/* For scripts of other origins (Fetch, CORS): one more line of a list. */

static ngx_int_t
ngx_http_apigw_ratelimit_expose(ngx_http_request_t *r, ngx_uint_t headers)
{
    ngx_str_t  *value;

    static ngx_str_t  name = ngx_string("Access-Control-Expose-Headers");
    static ngx_str_t  draft11 =
        ngx_string("RateLimit, RateLimit-Policy, Retry-After");
    static ngx_str_t  x =
        ngx_string("X-RateLimit-Limit, X-RateLimit-Remaining, "
                   "X-RateLimit-Reset, Retry-After");
    static ngx_str_t  both =
        ngx_string("RateLimit, RateLimit-Policy, X-RateLimit-Limit, "
                   "X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After");

    if (!(headers & NGX_HTTP_APIGW_RATELIMIT_X)) {
        value = &draft11;

    } else if (!(headers & NGX_HTTP_APIGW_RATELIMIT_DRAFT11)) {
        value = &x;

    } else {
        value = &both;
    }

    return ngx_http_apigw_ratelimit_field(r, &name, value);
}
