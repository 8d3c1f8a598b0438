
/*
 * A refusal for a gRPC client is its trailers alone: HTTP status 200, the
 * status of gRPC in the header, no body. r->err_status stays, so $status, logs
 * and metrics tell the module's own.
 */


#include "ngx_http_apigw_reject.h"
#include "ngx_http_apigw_arena.h"
#include "ngx_http_apigw_compat.h"

#include "apigw_grpc_status.h"


#define NGX_HTTP_APIGW_GRPC_TYPE  "application/grpc"


static ngx_int_t ngx_http_apigw_reject_grpc_fields(ngx_http_request_t *r,
    apigw_problem_t *problem);
static ngx_int_t ngx_http_apigw_reject_grpc_field(ngx_http_request_t *r,
    const char *name, apigw_str_t value);
static void ngx_http_apigw_reject_grpc_clear(ngx_http_request_t *r);


ngx_uint_t
ngx_http_apigw_reject_grpc_client(ngx_http_request_t *r)
{
    return r->http_version >= NGX_HTTP_VERSION_20
           && r->headers_in.content_type
           && apigw_grpc_type(ngx_http_apigw_str(
                                          &r->headers_in.content_type->value));
}


ngx_int_t
ngx_http_apigw_reject_grpc(ngx_http_request_t *r, apigw_problem_t *problem)
{
    ngx_http_apigw_reject_grpc_clear(r);

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.status_line.len = 0;

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);

    ngx_str_set(&r->headers_out.content_type, NGX_HTTP_APIGW_GRPC_TYPE);
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    ngx_str_null(&r->headers_out.charset);

    r->expect_trailers = 0;
    r->header_only = 1;

    return ngx_http_apigw_reject_grpc_fields(r, problem);
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


static ngx_int_t
ngx_http_apigw_reject_grpc_fields(ngx_http_request_t *r,
    apigw_problem_t *problem)
{
    u_char         *p;
    apigw_rc_t      rc;
    apigw_str_t     value;
    ngx_uint_t      code;
    apigw_arena_t   arena;

    ngx_http_apigw_arena_init(&arena, r->pool);

    code = apigw_grpc_code(problem->status);

    p = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value.data = p;
    value.len = ngx_sprintf(p, "%ui", code) - p;

    if (ngx_http_apigw_reject_grpc_field(r, "grpc-status", value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (apigw_grpc_message(&arena, problem->detail, &value) != APIGW_OK
        || ngx_http_apigw_reject_grpc_field(r, "grpc-message", value)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (problem->reason.len == 0) {
        return NGX_OK;
    }

    rc = apigw_grpc_details(&arena, code, problem->detail, problem->reason,
                            &value);

    if (rc == APIGW_ELIMIT) {
        return NGX_OK;               /* status and message say enough */
    }

    if (rc != APIGW_OK) {
        return NGX_ERROR;
    }

    return ngx_http_apigw_reject_grpc_field(r, "grpc-status-details-bin",
                                            value);
}


static ngx_int_t
ngx_http_apigw_reject_grpc_field(ngx_http_request_t *r, const char *name,
    apigw_str_t value)
{
    ngx_table_elt_t  *h;

    h = ngx_http_apigw_header_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value.data = (u_char *) value.data;
    h->value.len = value.len;

    return NGX_OK;
}
