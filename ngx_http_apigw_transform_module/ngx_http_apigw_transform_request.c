
/*
 * The request side: its phase handler, header and query operations, and the
 * reading of the body, as the mirror module does it.
 */


#include "ngx_http_apigw_transform.h"
#include "ngx_http_apigw_headers_in.h"


static ngx_int_t ngx_http_apigw_transform_request_apply(ngx_http_request_t *r,
    ngx_http_apigw_transform_record_t *record, ngx_array_t *parts);
static ngx_int_t ngx_http_apigw_transform_request_note(ngx_http_request_t *r,
    ngx_http_apigw_transform_record_t *record, ngx_array_t *parts);
static ngx_int_t ngx_http_apigw_transform_request_query(ngx_http_request_t *r,
    ngx_array_t *parts);
static ngx_int_t ngx_http_apigw_transform_request_args(ngx_http_request_t *r,
    apigw_str_t *args);
static ngx_int_t ngx_http_apigw_transform_request_body(ngx_http_request_t *r,
    ngx_http_apigw_transform_record_t *record, ngx_array_t *parts);
static void ngx_http_apigw_transform_request_read(ngx_http_request_t *r);
static ngx_int_t ngx_http_apigw_transform_request_change(
    ngx_http_request_t *r, ngx_http_apigw_transform_record_t *record);
static ngx_int_t ngx_http_apigw_transform_request_refuse(
    ngx_http_request_t *r, ngx_http_apigw_transform_record_t *record,
    const apigw_error_t *error, ngx_uint_t original);
static ngx_int_t ngx_http_apigw_transform_request_ask_whole(
    ngx_http_request_t *r);
static ngx_uint_t ngx_http_apigw_transform_request_is_partial(
    ngx_table_elt_t *h, void *data);


static ngx_str_t  ngx_http_apigw_transform_partial[] = {
    ngx_string("Range"),
    ngx_string("If-Range"),
    ngx_string("If-None-Match"),     /* from here on only if validators go */
    ngx_string("If-Modified-Since")
};


ngx_int_t
ngx_http_apigw_transform_request_handler(ngx_http_request_t *r)
{
    ngx_array_t                          *parts;
    ngx_http_apigw_transform_record_t    *record;
    ngx_http_apigw_transform_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_transform_module);

    if (tlcf->request == NULL && tlcf->response == NULL) {
        return NGX_DECLINED;
    }

    ngx_log_debug0(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "apigw_transform: request handler");

    record = ngx_http_apigw_transform_record_find(r);

    if (record && record->phase == NGX_HTTP_APIGW_TRANSFORM_READING) {
        return NGX_DONE;
    }

    if (record && record->phase == NGX_HTTP_APIGW_TRANSFORM_READ) {
        record->phase = NGX_HTTP_APIGW_TRANSFORM_IDLE;
        return record->rc;
    }

    parts = NULL;

    if (tlcf->request) {
        record = ngx_http_apigw_transform_record(r);

        if (record == NULL
            || ngx_http_apigw_transform_select_request(r, record,
                                                       tlcf->request, &parts)
               != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    /* not before conditions and values have seen the request as it came */

    if (!tlcf->dry_run
        && ngx_http_apigw_transform_has_json(tlcf->response)
        && ngx_http_apigw_transform_request_ask_whole(r) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (parts == NULL) {
        return NGX_DECLINED;
    }

    return ngx_http_apigw_transform_request_apply(r, record, parts);
}


static ngx_int_t
ngx_http_apigw_transform_request_apply(ngx_http_request_t *r,
    ngx_http_apigw_transform_record_t *record, ngx_array_t *parts)
{
    apigw_rc_t                            rc;
    ngx_uint_t                            json;
    apigw_error_t                         error;
    ngx_http_apigw_transform_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_transform_module);

    if (ngx_http_apigw_transform_request_note(r, record, parts) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* nothing is changed in a request that is to be refused */

    if (!ngx_http_apigw_transform_headers_valid(parts)) {
        error.word = "header_value_invalid";
        error.offset = APIGW_TRANSFORM_NO_OFFSET;

        return ngx_http_apigw_transform_request_refuse(r, record, &error, 0);
    }

    /* the body is what the client calls it, not what a set makes of that */

    rc = APIGW_OK;
    json = ngx_http_apigw_transform_parts_json(parts)
           && ngx_http_apigw_transform_body_present(r);

    if (json) {
        rc = ngx_http_apigw_transform_body_check(r, parts, &error);
    }

    if (!tlcf->dry_run
        && (ngx_http_apigw_transform_headers_in(r, parts) != NGX_OK
            || ngx_http_apigw_transform_request_query(r, parts) != NGX_OK))
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc != APIGW_OK) {
        return ngx_http_apigw_transform_request_refuse(r, record, &error, 1);
    }

    return json ? ngx_http_apigw_transform_request_body(r, record, parts)
                : NGX_DECLINED;
}


/* Sets are noted before they run, so that one that fails does not run again. */

static ngx_int_t
ngx_http_apigw_transform_request_note(ngx_http_request_t *r,
    ngx_http_apigw_transform_record_t *record, ngx_array_t *parts)
{
    ngx_uint_t                            i;
    ngx_http_apigw_transform_set_t      **set;
    ngx_http_apigw_transform_part_t      *part;
    ngx_http_apigw_transform_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_transform_module);

    if (record->applied == NULL) {
        record->applied = ngx_array_create(r->pool, parts->nelts,
                                     sizeof(ngx_http_apigw_transform_set_t *));
        if (record->applied == NULL) {
            return NGX_ERROR;
        }
    }

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        set = ngx_array_push(record->applied);
        if (set == NULL) {
            return NGX_ERROR;
        }

        *set = part[i].use->set;

        if (tlcf->dry_run) {
            record->request_status = NGX_HTTP_APIGW_TRANSFORM_DRY_RUN;

        } else if ((*set)->headers.nelts || (*set)->query) {
            record->request_status = NGX_HTTP_APIGW_TRANSFORM_APPLIED;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_transform_request_query(ngx_http_request_t *r,
    ngx_array_t *parts)
{
    ngx_uint_t                        i;
    apigw_str_t                       args, changed;
    apigw_arena_t                     arena;
    ngx_http_apigw_transform_set_t   *set;
    ngx_http_apigw_transform_part_t  *part;

    ngx_http_apigw_arena_init(&arena, r->pool);

    args = ngx_http_apigw_str(&r->args);
    changed = args;

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {
        set = part[i].use->set;

        if (set->query
            && apigw_query_run(set->query, changed, part[i].query, &arena,
                               &changed)
               != APIGW_OK)
        {
            return NGX_ERROR;
        }
    }

    if (apigw_str_eq(args, changed)) {
        return NGX_OK;
    }

    return ngx_http_apigw_transform_request_args(r, &changed);
}


/*
 * Puts new arguments into the request: also behind the raw path, which is
 * proxied as the client wrote it where proxy_pass has no path of its own.
 */

static ngx_int_t
ngx_http_apigw_transform_request_args(ngx_http_request_t *r, apigw_str_t *args)
{
    u_char                                *p, *last, *end;
    size_t                                 len;
    ngx_http_apigw_transform_main_conf_t  *tmcf;

    tmcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_transform_module);

    if (!r->valid_unparsed_uri) {
        r->args.data = (u_char *) args->data;
        r->args.len = args->len;

        return NGX_OK;
    }

    /* logs are to keep the client's */

    if (ngx_http_get_indexed_variable(r, tmcf->request_uri) == NULL) {
        return NGX_ERROR;
    }

    last = r->unparsed_uri.data + r->unparsed_uri.len;

    for (end = r->unparsed_uri.data; end < last; end++) {
        if (*end == '?' || *end == '#') {
            break;
        }
    }

    len = end - r->unparsed_uri.data;

    p = ngx_pnalloc(r->pool, len + 1 + args->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = ngx_cpymem(p, r->unparsed_uri.data, len);

    r->unparsed_uri.data = p;

    if (args->len) {
        *last++ = '?';
    }

    r->args.data = last;
    r->args.len = args->len;

    last = ngx_cpymem(last, args->data, args->len);

    r->unparsed_uri.len = last - p;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_transform_request_body(ngx_http_request_t *r,
    ngx_http_apigw_transform_record_t *record, ngx_array_t *parts)
{
    ngx_int_t  rc;

    record->parts = parts;
    record->phase = NGX_HTTP_APIGW_TRANSFORM_READING;

    rc = ngx_http_read_client_request_body(r,
                                        ngx_http_apigw_transform_request_read);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        record->phase = NGX_HTTP_APIGW_TRANSFORM_IDLE;
        return rc;
    }

    /* the reading took a reference; its callback may have run already */

    ngx_http_finalize_request(r, NGX_DONE);

    return NGX_DONE;
}


static void
ngx_http_apigw_transform_request_read(ngx_http_request_t *r)
{
    ngx_http_apigw_transform_record_t  *record;

    record = ngx_http_apigw_transform_record_find(r);

    record->rc = ngx_http_apigw_transform_request_change(r, record);
    record->phase = NGX_HTTP_APIGW_TRANSFORM_READ;
    record->parts = NULL;

    r->preserve_body = 1;

    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}


static ngx_int_t
ngx_http_apigw_transform_request_change(ngx_http_request_t *r,
    ngx_http_apigw_transform_record_t *record)
{
    uint64_t                              start;
    apigw_rc_t                            rc;
    apigw_str_t                           body;
    apigw_error_t                         error;
    ngx_http_apigw_transform_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_transform_module);

    start = ngx_http_apigw_transform_clock();

    rc = ngx_http_apigw_transform_body_run(r, record->parts, &body, &error);

    record->time += ngx_http_apigw_transform_clock() - start;

    if (rc != APIGW_OK) {
        return ngx_http_apigw_transform_request_refuse(r, record, &error, 1);
    }

    if (tlcf->dry_run || body.data == NULL) {
        return NGX_DECLINED;
    }

    if (ngx_http_apigw_transform_body_replace(r, &body) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    record->request_status = NGX_HTTP_APIGW_TRANSFORM_APPLIED;

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_apigw_transform_request_refuse(ngx_http_request_t *r,
    ngx_http_apigw_transform_record_t *record, const apigw_error_t *error,
    ngx_uint_t original)
{
    if (ngx_http_apigw_transform_fail(r, record, error, 0, original, 0)
        == NGX_HTTP_APIGW_TRANSFORM_REJECTED)
    {
        return ngx_http_apigw_transform_reason_status(error->word, 0);
    }

    return NGX_DECLINED;
}


/*
 * The service is asked for a whole and plain document: a part of one, or one
 * that the client has in another shape, cannot be transformed. nginx itself
 * may still compress for the client.
 */

static ngx_int_t
ngx_http_apigw_transform_request_ask_whole(ngx_http_request_t *r)
{
    ngx_uint_t                            n;
    ngx_http_apigw_transform_loc_conf_t  *tlcf;
    static ngx_str_t                      coding =
                                              ngx_string("Accept-Encoding");

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_transform_module);

    n = 2;

    if (tlcf->validators == NGX_HTTP_APIGW_TRANSFORM_DROP
        && (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD)))
    {
        n = 4;
    }

    if (ngx_http_apigw_headers_in_hide(r, ngx_http_apigw_header_match_is,
                                       &coding)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_apigw_headers_in_remove(r,
                           ngx_http_apigw_transform_request_is_partial, &n);
}


static ngx_uint_t
ngx_http_apigw_transform_request_is_partial(ngx_table_elt_t *h, void *data)
{
    ngx_uint_t *n = data;

    ngx_uint_t  i;

    for (i = 0; i < *n; i++) {
        if (ngx_http_apigw_header_name_is(&h->key,
                                          &ngx_http_apigw_transform_partial[i]))
        {
            return 1;
        }
    }

    return 0;
}
