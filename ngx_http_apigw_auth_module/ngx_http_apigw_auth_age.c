
/* $apigw_jwks_age_PROVIDER */


#include "ngx_http_apigw_auth.h"


static ngx_int_t ngx_http_apigw_auth_age_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_http_apigw_auth_remote_t *ngx_http_apigw_auth_age_find(
    ngx_http_apigw_auth_main_conf_t *amcf, u_char *name, size_t len);


static ngx_http_variable_t  ngx_http_apigw_auth_age_var =
    { ngx_string("apigw_jwks_age_"), NULL, ngx_http_apigw_auth_age_variable, 0,
      NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 };


ngx_int_t
ngx_http_apigw_auth_add_age_variable(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var;

    var = ngx_http_add_variable(cf, &ngx_http_apigw_auth_age_var.name,
                                ngx_http_apigw_auth_age_var.flags);
    if (var == NULL) {
        return NGX_ERROR;
    }

    var->get_handler = ngx_http_apigw_auth_age_var.get_handler;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_age_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    size_t                            prefix;
    time_t                            age;
    ngx_str_t                        *name;
    ngx_http_apigw_auth_remote_t     *remote;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    name = (ngx_str_t *) data;
    prefix = ngx_http_apigw_auth_age_var.name.len;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_auth_module);
    remote = ngx_http_apigw_auth_age_find(amcf, name->data + prefix,
                                          name->len - prefix);

    age = remote ? ngx_http_apigw_auth_remote_age(remote) : -1;

    *v = ngx_http_variable_null_value;

    if (age == -1) {
        return NGX_OK;
    }

    v->data = ngx_pnalloc(r->pool, NGX_TIME_T_LEN);
    if (v->data == NULL) {
        return NGX_ERROR;
    }

    v->len = ngx_sprintf(v->data, "%T", age) - v->data;
    v->not_found = 0;
    v->valid = 1;

    return NGX_OK;
}


/* nginx made the variable's name lower case. */

static ngx_http_apigw_auth_remote_t *
ngx_http_apigw_auth_age_find(ngx_http_apigw_auth_main_conf_t *amcf,
    u_char *name, size_t len)
{
    ngx_uint_t                        i;
    ngx_http_apigw_auth_provider_t  **providers;

    providers = amcf->providers.elts;

    for (i = 0; i < amcf->providers.nelts; i++) {
        if (providers[i]->name.len == len
            && ngx_strncasecmp(providers[i]->name.data, name, len) == 0)
        {
            return providers[i]->jwks->remote;
        }
    }

    return NULL;
}
