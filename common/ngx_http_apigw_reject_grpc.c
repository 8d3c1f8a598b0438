
/*
 * A refusal for a gRPC client is its trailers alone: HTTP status 200, the
 * status of gRPC in the header, no body. To one that speaks gRPC-Web they are
 * a frame of the body, which a page of another origin may read without a list
 * of exposed headers. r->err_status stays, so $status, logs and metrics tell
 * the module's own.
 */


#include "ngx_http_apigw_reject.h"
#include "ngx_http_apigw_arena.h"
#include "ngx_http_apigw_compat.h"

#include "apigw_grpc_status.h"


#define NGX_HTTP_APIGW_GRPC_TYPE    "application/grpc"
#define NGX_HTTP_APIGW_GRPC_FIELDS  3


static ngx_int_t ngx_http_apigw_reject_grpc_native(ngx_http_request_t *r,
    apigw_grpc_field_t *fields, ngx_uint_t n);
static ngx_int_t ngx_http_apigw_reject_grpc_web(
    ngx_http_apigw_record_t *record, apigw_grpc_field_t *fields,
    ngx_uint_t n);
static void ngx_http_apigw_reject_grpc_type(ngx_http_request_t *r,
    ngx_str_t *type);
static ngx_int_t ngx_http_apigw_reject_grpc_fields(ngx_http_request_t *r,
    apigw_problem_t *problem, apigw_grpc_field_t *fields, ngx_uint_t *n);
static void ngx_http_apigw_reject_grpc_clear(ngx_http_request_t *r);


void
ngx_http_apigw_reject_grpc_client(ngx_http_apigw_record_t *record)
{
    apigw_str_t          type;
    apigw_grpc_kind_e    kind;
    ngx_http_request_t  *r;
    ngx_table_elt_t     *h;

    r = record->request;
    h = r->headers_in.content_type;

    if (h == NULL) {
        return;
    }

    kind = apigw_grpc_kind(ngx_http_apigw_str(&h->value), &type);

    if (kind == APIGW_GRPC_NONE
        || (kind == APIGW_GRPC_NATIVE
            && r->http_version < NGX_HTTP_VERSION_20))
    {
        return;
    }

    record->grpc = kind;
    record->grpc_type.data = (u_char *) type.data;
    record->grpc_type.len = type.len;
}


ngx_int_t
ngx_http_apigw_reject_grpc(ngx_http_apigw_record_t *record,
    apigw_problem_t *problem)
{
    ngx_uint_t           n;
    apigw_grpc_field_t   fields[NGX_HTTP_APIGW_GRPC_FIELDS];
    ngx_http_request_t  *r;

    r = record->request;

    if (ngx_http_apigw_reject_grpc_fields(r, problem, fields, &n) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_apigw_reject_grpc_clear(r);

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.status_line.len = 0;

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);

    r->expect_trailers = 0;

    return record->grpc == APIGW_GRPC_NATIVE
           ? ngx_http_apigw_reject_grpc_native(r, fields, n)
           : ngx_http_apigw_reject_grpc_web(record, fields, n);
}


static ngx_int_t
ngx_http_apigw_reject_grpc_native(ngx_http_request_t *r,
    apigw_grpc_field_t *fields, ngx_uint_t n)
{
    ngx_uint_t        i;
    ngx_table_elt_t  *h;
    static ngx_str_t  type = ngx_string(NGX_HTTP_APIGW_GRPC_TYPE);

    ngx_http_apigw_reject_grpc_type(r, &type);

    r->header_only = 1;

    for (i = 0; i < n; i++) {
        h = ngx_http_apigw_header_push(&r->headers_out.headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        h->hash = 1;
        h->key.data = (u_char *) fields[i].name.data;
        h->key.len = fields[i].name.len;
        h->value.data = (u_char *) fields[i].value.data;
        h->value.len = fields[i].value.len;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_reject_grpc_web(ngx_http_apigw_record_t *record,
    apigw_grpc_field_t *fields, ngx_uint_t n)
{
    apigw_str_t          body;
    apigw_arena_t        arena;
    ngx_http_request_t  *r;

    r = record->request;

    ngx_http_apigw_arena_init(&arena, r->pool);

    if (apigw_grpc_web_trailers(&arena, fields, n,
                                record->grpc == APIGW_GRPC_WEB_TEXT, &body)
        != APIGW_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_apigw_reject_grpc_type(r, &record->grpc_type);

    record->reject_body.data = (u_char *) body.data;
    record->reject_body.len = body.len;

    r->headers_out.content_length_n = body.len;

    return NGX_OK;
}


static void
ngx_http_apigw_reject_grpc_type(ngx_http_request_t *r, ngx_str_t *type)
{
    r->headers_out.content_type = *type;
    r->headers_out.content_type_len = type->len;
    r->headers_out.content_type_lowcase = NULL;
    ngx_str_null(&r->headers_out.charset);
}


/* Fields of gRPC that others set would contradict ours. */

static void
ngx_http_apigw_reject_grpc_clear(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len >= 5
                && ngx_strncasecmp(h[i].key.data, (u_char *) "grpc-", 5) == 0)
            {
                h[i].hash = 0;
            }
        }
    }

    for (part = &r->headers_out.trailers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            h[i].hash = 0;
        }
    }
}


/* The last is left out where there is no word, or where it is too long. */

static ngx_int_t
ngx_http_apigw_reject_grpc_fields(ngx_http_request_t *r,
    apigw_problem_t *problem, apigw_grpc_field_t *fields, ngx_uint_t *n)
{
    u_char         *p;
    apigw_rc_t      rc;
    ngx_uint_t      code;
    apigw_arena_t   arena;

    static const apigw_str_t  names[] = {
        apigw_str("grpc-status"),
        apigw_str("grpc-message"),
        apigw_str("grpc-status-details-bin")
    };

    for (*n = 0; *n < NGX_HTTP_APIGW_GRPC_FIELDS; (*n)++) {
        fields[*n].name = names[*n];
    }

    ngx_http_apigw_arena_init(&arena, r->pool);

    code = apigw_grpc_code(problem->status);

    p = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    fields[0].value.data = p;
    fields[0].value.len = ngx_sprintf(p, "%ui", code) - p;

    if (apigw_grpc_message(&arena, problem->detail, &fields[1].value)
        != APIGW_OK)
    {
        return NGX_ERROR;
    }

    rc = problem->reason.len
         ? apigw_grpc_details(&arena, code, problem->detail, problem->reason,
                              &fields[2].value)
         : APIGW_ELIMIT;

    if (rc == APIGW_ELIMIT) {
        (*n)--;                      /* status and message say enough */
        return NGX_OK;
    }

    return rc == APIGW_OK ? NGX_OK : NGX_ERROR;
}
