
#include "ngx_http_apigw_auth.h"


static ngx_int_t ngx_http_apigw_auth_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_apigw_auth_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


static ngx_int_t
ngx_http_apigw_auth_header_filter(ngx_http_request_t *r)
{
    apigw_problem_t                   problem;
    ngx_http_apigw_auth_ctx_t        *ctx;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    if (r != r->main) {
        return ngx_http_next_header_filter(r);
    }

    ctx = ngx_http_apigw_auth_ctx(r, 0);

    if (ctx && ngx_http_apigw_auth_failure_nonce(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    /* after error_page too, as long as the status is the one we gave */

    if (ctx == NULL || ctx->refused_by == NULL
        || r->headers_out.status
           != ngx_http_apigw_auth_failure_status(&ctx->failure)
        || r->err_status != r->headers_out.status)
    {
        return ngx_http_next_header_filter(r);
    }

    if (ngx_http_apigw_auth_failure_headers(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->refused_by->error
        && ngx_http_apigw_reject_is_final(&ctx->record))
    {
        amcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_auth_module);

        ngx_http_apigw_auth_failure_problem(&ctx->failure, &problem);

        if (ngx_http_apigw_reject_header(&ctx->record, &amcf->vars, &problem)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_next_header_filter(r);
}


static ngx_int_t
ngx_http_apigw_auth_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    return ngx_http_apigw_reject_body(r,
                    ngx_http_get_module_ctx(r, ngx_http_apigw_auth_module),
                    in, ngx_http_next_body_filter);
}


void
ngx_http_apigw_auth_filter_init(void)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_apigw_auth_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_apigw_auth_body_filter;
}
