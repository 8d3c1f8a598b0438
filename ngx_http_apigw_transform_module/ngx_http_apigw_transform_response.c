
/*
 * The header filter: header operations at once, and the beginning of a body's
 * transformation. It also puts our problem document in place of nginx's page.
 */


#include "ngx_http_apigw_transform_response.h"


#define NGX_HTTP_APIGW_TRANSFORM_WINDOW  16384


static ngx_int_t ngx_http_apigw_transform_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_apigw_transform_response_own(ngx_http_request_t *r,
    ngx_http_apigw_transform_record_t *record);
static ngx_int_t ngx_http_apigw_transform_response_headers(
    ngx_http_request_t *r, ngx_array_t *parts,
    ngx_http_apigw_transform_record_t *record);
static ngx_int_t ngx_http_apigw_transform_response_bodiless(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_apigw_transform_response_begin(
    ngx_http_request_t *r, ngx_array_t *parts,
    ngx_http_apigw_transform_record_t *record);
static ngx_http_apigw_transform_response_t *
    ngx_http_apigw_transform_response_create(ngx_http_request_t *r,
    ngx_array_t *parts, ngx_http_apigw_transform_record_t *record,
    apigw_error_t *error);
static ngx_int_t ngx_http_apigw_transform_response_inflate(
    ngx_http_request_t *r, ngx_http_apigw_transform_response_t *ctx,
    apigw_error_t *error);
static ngx_int_t ngx_http_apigw_transform_response_refuse(
    ngx_http_request_t *r, ngx_http_apigw_transform_record_t *record,
    const apigw_error_t *error);
static void ngx_http_apigw_transform_response_fields(ngx_http_request_t *r);
static ngx_uint_t ngx_http_apigw_transform_response_describes(ngx_str_t *name,
    void *data);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;


/* Fields that a new body makes untrue, of those that nginx does not keep. */

static ngx_str_t  ngx_http_apigw_transform_digests[] = {
    ngx_string("Content-MD5"),
    ngx_string("Digest"),
    ngx_string("Content-Digest"),
    ngx_string("Repr-Digest"),
    ngx_null_string
};


static ngx_int_t
ngx_http_apigw_transform_header_filter(ngx_http_request_t *r)
{
    ngx_uint_t                            final;
    ngx_array_t                          *parts;
    ngx_http_apigw_transform_record_t    *record;
    ngx_http_apigw_transform_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_transform_module);

    record = ngx_http_apigw_transform_record_find(r);
    final = record && ngx_http_apigw_reject_is_final(&record->head);

    if (tlcf->response == NULL) {
        goto done;
    }

    if (ngx_http_apigw_transform_select_response(r, tlcf->response, &parts)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (parts == NULL) {
        goto done;
    }

    record = ngx_http_apigw_transform_record(r);
    if (record == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_apigw_transform_response_headers(r, parts, record) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!final && ngx_http_apigw_transform_parts_json(parts)) {
        return ngx_http_apigw_transform_response_begin(r, parts, record);
    }

done:

    if (final
        && tlcf->error == NGX_HTTP_APIGW_TRANSFORM_PROBLEM
        && ngx_http_apigw_transform_response_own(r, record) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_next_header_filter(r);
}


static ngx_int_t
ngx_http_apigw_transform_response_own(ngx_http_request_t *r,
    ngx_http_apigw_transform_record_t *record)
{
    apigw_problem_t                        problem;
    ngx_http_apigw_transform_main_conf_t  *tmcf;

    tmcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_transform_module);

    if (ngx_http_apigw_transform_reason_problem(r, record, &problem) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_apigw_reject_header(&record->head, &tmcf->vars, &problem);
}


static ngx_int_t
ngx_http_apigw_transform_response_headers(ngx_http_request_t *r,
    ngx_array_t *parts, ngx_http_apigw_transform_record_t *record)
{
    ngx_int_t                             rc;
    ngx_uint_t                            i;
    ngx_http_apigw_transform_part_t      *part;
    ngx_http_apigw_transform_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_transform_module);

    if (tlcf->dry_run) {
        rc = ngx_http_apigw_transform_headers_valid(parts) ? NGX_OK
                                                           : NGX_DECLINED;
    } else {
        rc = ngx_http_apigw_transform_headers_out(r, parts);
    }

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED && record->error.word == NULL) {
        record->error.word = "header_value_invalid";
        record->error.offset = APIGW_TRANSFORM_NO_OFFSET;

        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "apigw_transform: value of a response header holds CR, "
                      "LF or NUL, operation skipped, reason: "
                      "header_value_invalid%s",
                      tlcf->dry_run ? ", dry run" : "");
    }

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {
        if (part[i].header_applies
            && part[i].use->set->headers.nelts
            && record->response_status == NGX_HTTP_APIGW_TRANSFORM_NONE)
        {
            record->response_status = tlcf->dry_run
                                      ? NGX_HTTP_APIGW_TRANSFORM_DRY_RUN
                                      : NGX_HTTP_APIGW_TRANSFORM_APPLIED;
        }
    }

    return NGX_OK;
}


/* Whether no body follows, and if so, which fields it would have had. */

static ngx_int_t
ngx_http_apigw_transform_response_bodiless(ngx_http_request_t *r)
{
    ngx_uint_t                            status;
    ngx_http_apigw_transform_loc_conf_t  *tlcf;

    status = r->headers_out.status;

    if (status < NGX_HTTP_OK
        || status == NGX_HTTP_NO_CONTENT
        || status == 205
        || status == NGX_HTTP_PARTIAL_CONTENT)
    {
        return NGX_OK;
    }

    if (status != NGX_HTTP_NOT_MODIFIED
        && r->method != NGX_HTTP_HEAD
        && !r->header_only)
    {
        return NGX_DECLINED;
    }

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_transform_module);

    if (!tlcf->dry_run) {
        ngx_http_apigw_transform_response_fields(r);

        if (r->headers_out.content_encoding) {
            r->headers_out.content_encoding->hash = 0;
            r->headers_out.content_encoding = NULL;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_transform_response_begin(ngx_http_request_t *r,
    ngx_array_t *parts, ngx_http_apigw_transform_record_t *record)
{
    apigw_error_t                         error;
    ngx_http_apigw_transform_loc_conf_t  *tlcf;
    ngx_http_apigw_transform_response_t  *ctx;

    if (ngx_http_apigw_transform_response_bodiless(r) == NGX_OK) {
        return ngx_http_next_header_filter(r);
    }

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_transform_module);

    ctx = ngx_http_apigw_transform_response_create(r, parts, record, &error);

    if (ctx == NULL) {
        return ngx_http_apigw_transform_response_refuse(r, record, &error);
    }

    ngx_http_set_ctx(r, ctx, ngx_http_apigw_transform_filter_module);

    r->filter_need_in_memory = 1;

    if (tlcf->dry_run) {
        ctx->state = NGX_HTTP_APIGW_TRANSFORM_WATCH;
        record->response_status = NGX_HTTP_APIGW_TRANSFORM_DRY_RUN;

        return ngx_http_next_header_filter(r);
    }

    if (apigw_transform_run_whole(ctx->run)) {
        ctx->state = NGX_HTTP_APIGW_TRANSFORM_WHOLE;
        return NGX_OK;
    }

    if (tlcf->buffer_size) {
        ctx->state = NGX_HTTP_APIGW_TRANSFORM_HOLD;
        return NGX_OK;
    }

    ctx->state = NGX_HTTP_APIGW_TRANSFORM_STREAM;
    ctx->keep = 0;

    return ngx_http_apigw_transform_response_commit(r, ctx, -1);
}


static ngx_http_apigw_transform_response_t *
ngx_http_apigw_transform_response_create(ngx_http_request_t *r,
    ngx_array_t *parts, ngx_http_apigw_transform_record_t *record,
    apigw_error_t *error)
{
    off_t                                 length;
    ngx_http_upstream_t                  *u;
    ngx_http_apigw_transform_loc_conf_t  *tlcf;
    ngx_http_apigw_transform_response_t  *ctx;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_transform_module);

    error->word = "internal";
    error->offset = APIGW_TRANSFORM_NO_OFFSET;

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_apigw_transform_response_t));
    if (ctx == NULL) {
        return NULL;
    }

    ctx->record = record;
    ctx->last_kept = &ctx->kept;
    ctx->keep = (tlcf->on_error == NGX_HTTP_APIGW_TRANSFORM_PASS
                 && !tlcf->dry_run);

    /* only the upstream that sends this header, not one of a redirect before */

    u = r->upstream;

    if (u && u->peer.connection && !u->header_sent) {
        ctx->upstream = u;
    }

    length = r->headers_out.content_length_n;

    if (r->headers_out.content_encoding
        && r->headers_out.content_encoding->value.len)
    {
        if (ngx_http_apigw_transform_response_inflate(r, ctx, error)
            != NGX_OK)
        {
            return NULL;
        }

        length = ctx->inflate ? 0 : length;
    }

    ctx->run = ngx_http_apigw_transform_run(r, parts, 1, length);
    if (ctx->run == NULL) {
        return NULL;
    }

    if (apigw_transform_run_whole(ctx->run)
        && length > (off_t) tlcf->max_size)
    {
        error->word = "json_too_large";
        return NULL;
    }

    return ctx;
}


static ngx_int_t
ngx_http_apigw_transform_response_inflate(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, apigw_error_t *error)
{
    ngx_str_t                            *value;
    apigw_arena_t                        *arena;
    apigw_inflate_coding_e                coding;
    ngx_http_apigw_transform_loc_conf_t  *tlcf;
    static ngx_str_t                      identity = ngx_string("identity");

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_transform_module);

    value = &r->headers_out.content_encoding->value;

    if (ngx_http_apigw_header_name_is(value, &identity)) {
        return NGX_OK;
    }

    if (apigw_inflate_coding(ngx_http_apigw_str(value), &coding) != APIGW_OK) {
        error->word = "unsupported_encoding";
        return NGX_ERROR;
    }

    arena = ngx_palloc(r->pool, sizeof(apigw_arena_t));
    if (arena == NULL) {
        return NGX_ERROR;
    }

    ngx_http_apigw_arena_init(arena, r->pool);

    ctx->inflate = apigw_inflate_create(arena, coding, tlcf->inflate_max_size);
    if (ctx->inflate == NULL) {
        return NGX_ERROR;
    }

    ctx->window = ngx_pnalloc(r->pool, NGX_HTTP_APIGW_TRANSFORM_WINDOW);

    return ctx->window ? NGX_OK : NGX_ERROR;
}


/*
 * The response cannot even be begun. Nothing was sent: the status goes back to
 * whoever sends the header, who finalizes the request with it.
 */

static ngx_int_t
ngx_http_apigw_transform_response_refuse(ngx_http_request_t *r,
    ngx_http_apigw_transform_record_t *record, const apigw_error_t *error)
{
    ngx_uint_t  original;

    original = (ngx_strcmp(error->word, "internal") != 0);

    if (ngx_http_apigw_transform_fail(r, record, error, 1, original, 0)
        != NGX_HTTP_APIGW_TRANSFORM_REJECTED)
    {
        return ngx_http_next_header_filter(r);
    }

    if (r != r->main) {
        return NGX_ERROR;
    }

    ngx_http_clean_header(r);

    return ngx_http_apigw_transform_reason_status(error->word, 1);
}


ngx_int_t
ngx_http_apigw_transform_response_commit(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, off_t length)
{
    ngx_int_t  rc;

    ngx_http_apigw_transform_response_fields(r);

    r->headers_out.content_length_n = length;

    if (ctx->inflate) {
        r->headers_out.content_encoding->hash = 0;
        r->headers_out.content_encoding = NULL;
    }

    ctx->committed = 1;
    ctx->record->response_status = NGX_HTTP_APIGW_TRANSFORM_APPLIED;

    rc = ngx_http_next_header_filter(r);

    return rc == NGX_OK ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_apigw_transform_response_release(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx)
{
    ngx_int_t  rc;

    ctx->committed = 1;

    rc = ngx_http_next_header_filter(r);

    return rc == NGX_OK ? NGX_OK : NGX_ERROR;
}


static void
ngx_http_apigw_transform_response_fields(ngx_http_request_t *r)
{
    ngx_http_apigw_transform_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_transform_module);

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);

    if (tlcf->validators == NGX_HTTP_APIGW_TRANSFORM_WEAK) {
        ngx_http_weak_etag(r);

    } else {
        ngx_http_clear_etag(r);
        ngx_http_clear_last_modified(r);
    }

    ngx_http_apigw_transform_out_remove(r,
                            ngx_http_apigw_transform_response_describes, NULL);
}


static ngx_uint_t
ngx_http_apigw_transform_response_describes(ngx_str_t *name, void *data)
{
    ngx_str_t  *digest;

    for (digest = ngx_http_apigw_transform_digests; digest->len; digest++) {
        if (ngx_http_apigw_header_name_is(name, digest)) {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_http_apigw_transform_response_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_apigw_transform_header_filter;

    return ngx_http_apigw_transform_output_init(cf);
}
