
#include "ngx_http_apigw_transform.h"


#define NGX_HTTP_APIGW_TRANSFORM_MANY  ((ngx_uint_t) -1)


/* How a line of the block is to look. */

typedef struct {
    const char                         *name;
    ngx_http_apigw_transform_header_e   op;
    ngx_uint_t                          names;    /* MANY: one or more */
    ngx_uint_t                          value;    /* 1: one follows */
    const char                         *usage;
} ngx_http_apigw_transform_syntax_t;


static ngx_http_apigw_transform_syntax_t *
    ngx_http_apigw_transform_header_syntax(ngx_str_t *name);
static char *ngx_http_apigw_transform_header_names(ngx_conf_t *cf,
    ngx_http_apigw_transform_set_t *set,
    ngx_http_apigw_transform_syntax_t *syntax,
    ngx_http_apigw_transform_header_t *header);
static char *ngx_http_apigw_transform_header_value(ngx_conf_t *cf,
    ngx_http_apigw_transform_set_t *set, ngx_http_complex_value_t *cv);


static ngx_http_apigw_transform_syntax_t
    ngx_http_apigw_transform_header_syntaxes[] = {

    { "set", NGX_HTTP_APIGW_HEADER_SET, 1, 1, "header set NAME VALUE" },
    { "add", NGX_HTTP_APIGW_HEADER_ADD, 1, 1, "header add NAME VALUE" },
    { "append", NGX_HTTP_APIGW_HEADER_APPEND, 1, 1,
      "header append NAME VALUE" },
    { "remove", NGX_HTTP_APIGW_HEADER_REMOVE, NGX_HTTP_APIGW_TRANSFORM_MANY, 0,
      "header remove NAME ..." },
    { "keep", NGX_HTTP_APIGW_HEADER_KEEP, NGX_HTTP_APIGW_TRANSFORM_MANY, 0,
      "header keep NAME ..." },
    { "rename", NGX_HTTP_APIGW_HEADER_RENAME, 2, 0, "header rename FROM TO" },
    { NULL, NGX_HTTP_APIGW_HEADER_SET, 0, 0, NULL }
};


char *
ngx_http_apigw_transform_header_line(ngx_conf_t *cf,
    ngx_http_apigw_transform_set_t *set)
{
    char                               *rv;
    ngx_str_t                          *value;
    ngx_uint_t                          n;
    ngx_http_apigw_transform_header_t  *header;
    ngx_http_apigw_transform_syntax_t  *syntax;

    value = cf->args->elts;
    syntax = ngx_http_apigw_transform_header_syntax(&value[1]);

    if (syntax == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "apigw_transform: %V: unknown operation "
                           "\"header %V\"; write header set, add, append, "
                           "remove, keep or rename", &set->name, &value[1]);
        return NGX_CONF_ERROR;
    }

    n = cf->args->nelts - 2;

    if (syntax->names == NGX_HTTP_APIGW_TRANSFORM_MANY
        ? n == 0 : n != syntax->names + syntax->value)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "apigw_transform: %V: invalid number of arguments "
                           "in \"header %V\"; write \"%s\"",
                           &set->name, &value[1], syntax->usage);
        return NGX_CONF_ERROR;
    }

    header = ngx_array_push(&set->headers);
    if (header == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(header, sizeof(ngx_http_apigw_transform_header_t));

    header->op = syntax->op;
    header->names = &value[2];
    header->n = n - syntax->value;

    rv = ngx_http_apigw_transform_header_names(cf, set, syntax, header);

    if (rv == NGX_CONF_OK && syntax->value) {
        rv = ngx_http_apigw_transform_header_value(cf, set, &header->value);
    }

    return rv;
}


static ngx_http_apigw_transform_syntax_t *
ngx_http_apigw_transform_header_syntax(ngx_str_t *name)
{
    ngx_http_apigw_transform_syntax_t  *syntax;

    for (syntax = ngx_http_apigw_transform_header_syntaxes;
         syntax->name;
         syntax++)
    {
        if (ngx_strcmp(name->data, syntax->name) == 0) {
            return syntax;
        }
    }

    return NULL;
}


/* Copies the names: cf->args is used again for the next line. */

static char *
ngx_http_apigw_transform_header_names(ngx_conf_t *cf,
    ngx_http_apigw_transform_set_t *set,
    ngx_http_apigw_transform_syntax_t *syntax,
    ngx_http_apigw_transform_header_t *header)
{
    ngx_str_t   *names, name;
    ngx_uint_t   i, prefix;

    names = ngx_palloc(cf->pool, header->n * sizeof(ngx_str_t));
    if (names == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < header->n; i++) {
        name = header->names[i];
        names[i] = name;

        prefix = syntax->names == NGX_HTTP_APIGW_TRANSFORM_MANY
                 && name.len > 1
                 && name.data[name.len - 1] == '*';

        name.len -= prefix;

        if (!ngx_http_apigw_header_name_valid(&name)
            || ngx_strlchr(name.data, name.data + name.len, '*'))
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "apigw_transform: %V: bad header name \"%V\" "
                               "in \"header %s\"; write letters, digits and "
                               "\"-\"%s", &set->name, &names[i], syntax->name,
                               syntax->names == NGX_HTTP_APIGW_TRANSFORM_MANY
                               ? ", a last \"*\" matches any end" : "");
            return NGX_CONF_ERROR;
        }

        if (!prefix
            && header->op != NGX_HTTP_APIGW_HEADER_KEEP
            && ngx_http_apigw_header_protected(&name))
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "apigw_transform: %V: header \"%V\" is "
                               "protected in \"header %s\"; leave it to nginx "
                               "and its proxy directives", &set->name, &name,
                               syntax->name);
            return NGX_CONF_ERROR;
        }
    }

    header->names = names;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_transform_header_value(ngx_conf_t *cf,
    ngx_http_apigw_transform_set_t *set, ngx_http_complex_value_t *cv)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (!ngx_http_apigw_header_value_valid(&value[3])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "apigw_transform: %V: the value of header \"%V\" "
                           "holds CR, LF or NUL; write it on one line",
                           &set->name, &value[2]);
        return NGX_CONF_ERROR;
    }

    return ngx_http_apigw_transform_text(cf, &value[3], &set->name, cv);
}
