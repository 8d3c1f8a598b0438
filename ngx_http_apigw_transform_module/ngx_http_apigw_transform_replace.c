
/*
 * A new body in a request, and what else must be true of it then.
 */


#include "ngx_http_apigw_transform.h"
#include "ngx_http_apigw_headers_in.h"
#include "ngx_http_apigw_headers_known.h"


static ngx_uint_t ngx_http_apigw_transform_body_describes(ngx_table_elt_t *h,
    void *data);


static ngx_str_t  ngx_http_apigw_transform_content_length =
    ngx_string("Content-Length");


/* Lines that a new body makes untrue. */

static ngx_str_t  ngx_http_apigw_transform_descriptions[] = {
    ngx_string("Transfer-Encoding"),
    ngx_string("Content-Encoding"),
    ngx_string("Content-MD5"),
    ngx_string("Digest"),
    ngx_string("Content-Digest"),
    ngx_string("Repr-Digest"),
    ngx_null_string
};


/* Variables that nginx reads from the body or its length. */

static ngx_str_t  ngx_http_apigw_transform_body_vars[] = {
    ngx_string("content_length"),
    ngx_string("request_body"),
    ngx_string("request_body_file"),
    ngx_null_string
};


ngx_int_t
ngx_http_apigw_transform_body_replace(ngx_http_request_t *r, apigw_str_t *body)
{
    u_char       *p;
    ngx_buf_t    *b;
    ngx_str_t     length, *name;
    ngx_chain_t  *cl;

    b = ngx_calloc_buf(r->pool);
    cl = ngx_alloc_chain_link(r->pool);
    p = ngx_pnalloc(r->pool, NGX_SIZE_T_LEN);

    if (b == NULL || cl == NULL || p == NULL) {
        return NGX_ERROR;
    }

    /* the next upstream that is tried gets it from `start` again */

    b->start = (u_char *) body->data;
    b->pos = b->start;
    b->last = b->start + body->len;
    b->end = b->last;
    b->memory = 1;
    b->last_buf = 1;

    cl->buf = b;
    cl->next = NULL;

    r->request_body->bufs = cl;
    r->request_body->temp_file = NULL;

    length.data = p;
    length.len = ngx_sprintf(p, "%uz", body->len) - p;

    if (ngx_http_apigw_headers_in_remove(r,
                                ngx_http_apigw_transform_body_describes, NULL)
        != NGX_OK
        || ngx_http_apigw_headers_in_set(r,
                            &ngx_http_apigw_transform_content_length, &length)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    r->headers_in.content_length_n = body->len;
    r->headers_in.chunked = 0;

    for (name = ngx_http_apigw_transform_body_vars; name->len; name++) {
        ngx_http_apigw_variable_forget(r, name);
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_apigw_transform_body_describes(ngx_table_elt_t *h, void *data)
{
    ngx_str_t  *name;

    for (name = ngx_http_apigw_transform_descriptions; name->len; name++) {
        if (ngx_http_apigw_header_name_is(&h->key, name)) {
            return 1;
        }
    }

    return 0;
}
