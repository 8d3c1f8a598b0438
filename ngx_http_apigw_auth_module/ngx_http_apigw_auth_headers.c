
#include "ngx_http_apigw_auth.h"
#include "ngx_http_apigw_headers_in.h"


static ngx_uint_t ngx_http_apigw_auth_headers_match(ngx_table_elt_t *h, void
    *data);
static ngx_uint_t ngx_http_apigw_auth_headers_listed(ngx_table_elt_t *h, void
    *data);


char *
ngx_http_apigw_auth_set_header(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_apigw_auth_loc_conf_t *alcf = conf;

    ngx_str_t                         *value;
    ngx_uint_t                         i;
    ngx_http_apigw_auth_header_t      *header;
    ngx_http_compile_complex_value_t   ccv;

    value = cf->args->elts;

    if (!ngx_http_apigw_header_name_valid(&value[1])
        || ngx_http_apigw_header_protected(&value[1]))
    {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_auth_set_header: header \"%V\" cannot be "
                              "set; use a name of its own, such as X-Consumer",
                              &value[1]);
    }

    if (alcf->headers == NULL) {
        alcf->headers = ngx_array_create(cf->pool, 4,
                                         sizeof(ngx_http_apigw_auth_header_t));
        if (alcf->headers == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    header = alcf->headers->elts;

    for (i = 0; i < alcf->headers->nelts; i++) {
        if (ngx_http_apigw_header_name_like(&header[i].name, &value[1])) {
            return ngx_http_apigw_auth_fault(cf,
                                  "apigw_auth_set_header: header \"%V\" is set "
                                  "twice at one level; write it once",
                                  &value[1]);
        }
    }

    header = ngx_array_push(alcf->headers);
    if (header == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(header, sizeof(ngx_http_apigw_auth_header_t));

    header->name = value[1];
    header->strip = (value[2].len == 0);

    if (apigw_str_has_control(ngx_http_apigw_str(&value[2]))) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_auth_set_header: control byte in the "
                              "value of \"%V\"; use visible characters",
                              &value[1]);
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[2];
    ccv.complex_value = &header->value;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK
        || ngx_http_apigw_auth_headers_declare(cf, &value[1]) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_apigw_auth_headers_declare(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_str_t                        *added;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    amcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_apigw_auth_module);

    if (ngx_http_apigw_auth_headers_named(&amcf->names, name)) {
        return NGX_OK;
    }

    added = ngx_array_push(&amcf->names);
    if (added == NULL) {
        return NGX_ERROR;
    }

    *added = *name;

    return NGX_OK;
}


/* A level adds to its parent's headers; one of the same name replaces. */

ngx_int_t
ngx_http_apigw_auth_headers_merge(ngx_conf_t *cf, ngx_array_t *inherited,
    ngx_array_t **own)
{
    ngx_uint_t                     i, k;
    ngx_array_t                   *merged;
    ngx_http_apigw_auth_header_t  *from, *to, *mine;

    if (*own == NULL || inherited == NULL) {
        *own = *own ? *own : inherited;
        return NGX_OK;
    }

    merged = ngx_array_create(cf->pool, inherited->nelts + (*own)->nelts,
                              sizeof(ngx_http_apigw_auth_header_t));
    if (merged == NULL) {
        return NGX_ERROR;
    }

    from = inherited->elts;
    mine = (*own)->elts;

    for (i = 0; i < inherited->nelts; i++) {

        for (k = 0; k < (*own)->nelts; k++) {
            if (ngx_http_apigw_header_name_like(&from[i].name, &mine[k].name)) {
                break;
            }
        }

        if (k == (*own)->nelts) {
            to = ngx_array_push(merged);        /* room was made above */
            *to = from[i];
        }
    }

    for (k = 0; k < (*own)->nelts; k++) {
        to = ngx_array_push(merged);
        *to = mine[k];
    }

    *own = merged;

    return NGX_OK;
}


/*
 * In every location, auth or not: a sibling that leads to the same service is
 * no way round.
 */

ngx_int_t
ngx_http_apigw_auth_headers_strip(ngx_http_request_t *r,
    ngx_http_apigw_auth_main_conf_t *amcf)
{
    ngx_str_t   *name;
    ngx_uint_t   i;

    if (ngx_http_apigw_headers_in_find(r, ngx_http_apigw_auth_headers_match,
                                       &amcf->names))
    {
        /* the name may be a credential's, asked for behind a redirect */

        if (amcf->policies.nelts
            && ngx_http_apigw_auth_credential_keep(r) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (ngx_http_apigw_headers_in_remove(r,
                                             ngx_http_apigw_auth_headers_match,
                                             &amcf->names)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ngx_http_apigw_headers_in_find(r, ngx_http_apigw_auth_headers_listed,
                                       NULL)
        == NULL)
    {
        return NGX_OK;
    }

    name = amcf->names.elts;

    for (i = 0; i < amcf->names.nelts; i++) {
        if (ngx_http_apigw_headers_in_connection_drop(r, &name[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_apigw_auth_headers_match(ngx_table_elt_t *h, void *data)
{
    return ngx_http_apigw_auth_headers_named(data, &h->key);
}


ngx_uint_t
ngx_http_apigw_auth_headers_named(ngx_array_t *names, ngx_str_t *name)
{
    ngx_str_t   *named;
    ngx_uint_t   i;

    named = names->elts;

    for (i = 0; i < names->nelts; i++) {
        if (ngx_http_apigw_header_name_like(name, &named[i])) {
            return 1;
        }
    }

    return 0;
}


/* A Connection line that may list more than the usual single word. */

static ngx_uint_t
ngx_http_apigw_auth_headers_listed(ngx_table_elt_t *h, void *data)
{
    static ngx_str_t  connection = ngx_string("Connection");
    static ngx_str_t  keep_alive = ngx_string("keep-alive");
    static ngx_str_t  close = ngx_string("close");
    static ngx_str_t  upgrade = ngx_string("upgrade");

    return ngx_http_apigw_header_name_is(&h->key, &connection)
           && !ngx_http_apigw_header_name_is(&h->value, &keep_alive)
           && !ngx_http_apigw_header_name_is(&h->value, &close)
           && !ngx_http_apigw_header_name_is(&h->value, &upgrade);
}


ngx_int_t
ngx_http_apigw_auth_headers_set(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_str_t                      value;
    ngx_uint_t                     i;
    ngx_http_apigw_auth_header_t  *header;

    ctx->unsafe = 0;

    if (alcf->headers == NULL) {
        return NGX_OK;
    }

    header = alcf->headers->elts;

    for (i = 0; i < alcf->headers->nelts; i++) {

        if (header[i].strip) {
            continue;
        }

        ctx->dropped = 0;

        if (ngx_http_complex_value(r, &header[i].value, &value) != NGX_OK) {
            return NGX_ERROR;
        }

        if (ctx->dropped || apigw_str_has_control(ngx_http_apigw_str(&value))) {
            ctx->unsafe = 1;
            continue;
        }

        if (value.len
            && ngx_http_apigw_headers_in_append(r, &header[i].name, &value)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
