
/*
 * Texts with variables. nginx tells of an unknown variable at the very end and
 * without a line: here each name is noted with its place, and checked when all
 * of http{} was read.
 */


#include "ngx_http_apigw_transform.h"


typedef struct {
    ngx_str_t    variable;
    ngx_str_t    owner;              /* the set or directive */
    u_char      *file;
    ngx_uint_t   line;
} ngx_http_apigw_transform_name_t;


static ngx_int_t ngx_http_apigw_transform_names_note(ngx_conf_t *cf,
    ngx_str_t *text, ngx_str_t *owner);
static ngx_uint_t ngx_http_apigw_transform_names_next(ngx_str_t *text,
    ngx_str_t *name);
static ngx_uint_t ngx_http_apigw_transform_names_known(ngx_conf_t *cf,
    ngx_str_t *name);


char *
ngx_http_apigw_transform_text(ngx_conf_t *cf, ngx_str_t *text,
    ngx_str_t *owner, ngx_http_complex_value_t *cv)
{
    ngx_http_compile_complex_value_t  ccv;

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = text;
    ccv.complex_value = cv;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK
        || ngx_http_apigw_transform_names_note(cf, text, owner) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_apigw_transform_names_note(ngx_conf_t *cf, ngx_str_t *text,
    ngx_str_t *owner)
{
    ngx_str_t                              rest, variable;
    ngx_http_apigw_transform_name_t       *name;
    ngx_http_apigw_transform_main_conf_t  *tmcf;

    tmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_apigw_transform_module);

    if (tmcf->names == NULL) {
        tmcf->names = ngx_array_create(cf->pool, 4,
                                       sizeof(ngx_http_apigw_transform_name_t));
        if (tmcf->names == NULL) {
            return NGX_ERROR;
        }
    }

    rest = *text;

    while (ngx_http_apigw_transform_names_next(&rest, &variable)) {

        name = ngx_array_push(tmcf->names);
        if (name == NULL) {
            return NGX_ERROR;
        }

        name->variable = variable;
        name->owner = *owner;
        name->file = cf->conf_file->file.name.data;
        name->line = cf->conf_file->line;
    }

    return NGX_OK;
}


/* Takes the next $name or ${name} of a text that nginx has compiled. */

static ngx_uint_t
ngx_http_apigw_transform_names_next(ngx_str_t *text, ngx_str_t *name)
{
    u_char  *p, *last;

    last = text->data + text->len;

    p = ngx_strlchr(text->data, last, '$');

    if (p == NULL) {
        return 0;
    }

    p++;

    if (p < last && *p == '{') {
        p++;
    }

    name->data = p;

    while (p < last && (*p == '_'
                        || (*p >= '0' && *p <= '9')
                        || ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z')))
    {
        p++;
    }

    name->len = p - name->data;

    text->data = p;
    text->len = last - p;

    return 1;
}


ngx_int_t
ngx_http_apigw_transform_names_check(ngx_conf_t *cf)
{
    ngx_uint_t                             i;
    ngx_http_apigw_transform_name_t       *name;
    ngx_http_apigw_transform_main_conf_t  *tmcf;

    tmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_apigw_transform_module);

    if (tmcf->names == NULL) {
        return NGX_OK;
    }

    name = tmcf->names->elts;

    for (i = 0; i < tmcf->names->nelts; i++) {

        if (!ngx_http_apigw_transform_names_known(cf, &name[i].variable)) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "apigw_transform: %V: unknown variable \"$%V\"; "
                          "mend its name, or define it in %s:%ui",
                          &name[i].owner, &name[i].variable, name[i].file,
                          name[i].line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_apigw_transform_names_known(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_uint_t                  i;
    ngx_hash_key_t             *key;
    ngx_http_variable_t        *prefix;
    ngx_http_core_main_conf_t  *cmcf;

    if (name->len && name->data[0] >= '0' && name->data[0] <= '9') {
        return 1;                    /* a capture */
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    key = cmcf->variables_keys->keys.elts;

    for (i = 0; i < cmcf->variables_keys->keys.nelts; i++) {
        if (key[i].key.len == name->len
            && ngx_strncasecmp(key[i].key.data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    prefix = cmcf->prefix_variables.elts;

    for (i = 0; i < cmcf->prefix_variables.nelts; i++) {
        if (name->len >= prefix[i].name.len
            && ngx_strncasecmp(name->data, prefix[i].name.data,
                               prefix[i].name.len) == 0)
        {
            return 1;
        }
    }

    return 0;
}
