
#include "ngx_http_apigw_headers_known.h"
#include "ngx_http_apigw_header_name.h"
#include "ngx_http_apigw_compat.h"


static ngx_int_t ngx_http_apigw_headers_known_mend_line(ngx_http_request_t *r,
    ngx_table_elt_t *h);
static ngx_uint_t ngx_http_apigw_headers_known_reads(ngx_str_t *variable,
    ngx_str_t *header);


ngx_int_t
ngx_http_apigw_headers_known_touch(ngx_array_t *touched, ngx_table_elt_t *h)
{
    ngx_table_elt_t  **line;

    line = ngx_array_push(touched);
    if (line == NULL) {
        return NGX_ERROR;
    }

    *line = h;

    return NGX_OK;
}


ngx_int_t
ngx_http_apigw_headers_known_mend(ngx_http_request_t *r, ngx_array_t *touched)
{
    ngx_uint_t         i;
    ngx_table_elt_t  **line;

    line = touched->elts;

    for (i = 0; i < touched->nelts; i++) {
        if (ngx_http_apigw_headers_known_mend_line(r, line[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    ngx_http_apigw_headers_known_forget(r, touched);

    return NGX_OK;
}


/* Makes nginx's pointer to the header that `h` is named after true. */

static ngx_int_t
ngx_http_apigw_headers_known_mend_line(ngx_http_request_t *r,
    ngx_table_elt_t *h)
{
    ngx_uint_t                  i;
    ngx_list_part_t            *part;
    ngx_table_elt_t            *line;
    ngx_http_header_t          *known;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    known = ngx_hash_find(&cmcf->headers_in_hash, h->hash, h->lowcase_key,
                          h->key.len);

    if (known == NULL || known->offset == 0) {
        return NGX_OK;
    }

    ngx_http_apigw_headers_in_known_clear(r, known->offset);

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        line = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (ngx_http_apigw_header_name_is(&line[i].key, &h->key)
                && ngx_http_apigw_headers_in_known_add(r, known->offset,
                                                       &line[i])
                   != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


void
ngx_http_apigw_headers_known_forget(ngx_http_request_t *r, ngx_array_t *touched)
{
    ngx_uint_t                   i, k;
    ngx_table_elt_t            **line;
    ngx_http_variable_t         *v;
    ngx_http_core_main_conf_t   *cmcf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    v = cmcf->variables.elts;
    line = touched->elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {

        if (!r->variables[i].valid && !r->variables[i].not_found) {
            continue;
        }

        for (k = 0; k < touched->nelts; k++) {
            if (ngx_http_apigw_headers_known_reads(&v[i].name, &line[k]->key)) {
                r->variables[i].valid = 0;
                r->variables[i].not_found = 0;
                break;
            }
        }
    }
}


/* Whether the variable is one that nginx makes from the header. */

static ngx_uint_t
ngx_http_apigw_headers_known_reads(ngx_str_t *variable, ngx_str_t *header)
{
    size_t            len;
    ngx_str_t         name;
    static ngx_str_t  cookie = ngx_string("Cookie");
    static ngx_str_t  content_type = ngx_string("Content-Type");
    static ngx_str_t  forwarded = ngx_string("X-Forwarded-For");

    len = sizeof("http_") - 1;

    if (variable->len > len && ngx_strncmp(variable->data, "http_", len) == 0) {
        name.data = variable->data + len;
        name.len = variable->len - len;

        return ngx_http_apigw_header_name_like(&name, header);
    }

    len = sizeof("cookie_") - 1;

    if (variable->len > len
        && ngx_strncmp(variable->data, "cookie_", len) == 0)
    {
        return ngx_http_apigw_header_name_is(header, &cookie);
    }

    len = sizeof("content_type") - 1;

    if (variable->len == len
        && ngx_strncmp(variable->data, "content_type", len) == 0)
    {
        return ngx_http_apigw_header_name_is(header, &content_type);
    }

    len = sizeof("proxy_add_x_forwarded_for") - 1;

    if (variable->len == len
        && ngx_strncmp(variable->data, "proxy_add_x_forwarded_for", len) == 0)
    {
        return ngx_http_apigw_header_name_is(header, &forwarded);
    }

    return 0;
}


void
ngx_http_apigw_variable_forget(ngx_http_request_t *r, ngx_str_t *name)
{
    ngx_uint_t                  i;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {
        if (v[i].name.len == name->len
            && ngx_strncmp(v[i].name.data, name->data, name->len) == 0)
        {
            r->variables[i].valid = 0;
            r->variables[i].not_found = 0;
            return;
        }
    }
}
