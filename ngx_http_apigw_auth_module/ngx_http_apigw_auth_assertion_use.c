
#include "ngx_http_apigw_auth.h"


static ngx_http_apigw_auth_assertion_use_t *ngx_http_apigw_auth_assertion_name(
    ngx_conf_t *cf, ngx_str_t *name, ngx_uint_t published);
static ngx_int_t ngx_http_apigw_auth_assertion_find(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf,
    ngx_http_apigw_auth_assertion_use_t *use);
static ngx_int_t ngx_http_apigw_auth_assertion_jwks_handler(
    ngx_http_request_t *r);


char *
ngx_http_apigw_auth_set_assert(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_apigw_auth_loc_conf_t *alcf = conf;

    ngx_str_t  *value;

    if (alcf->assertion != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        alcf->assertion = NULL;
        return NGX_CONF_OK;
    }

    alcf->assertion = ngx_http_apigw_auth_assertion_name(cf, &value[1], 0);

    return alcf->assertion ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_http_apigw_auth_set_assertion_jwks(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_auth_loc_conf_t *alcf = conf;

    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    if (alcf->published) {
        return "is duplicate";
    }

    value = cf->args->elts;

    alcf->published = ngx_http_apigw_auth_assertion_name(cf, &value[1], 1);
    if (alcf->published == NULL) {
        return NGX_CONF_ERROR;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_apigw_auth_assertion_jwks_handler;

    return NGX_CONF_OK;
}


/* The block may come later: names are looked up when all is read. */

static ngx_http_apigw_auth_assertion_use_t *
ngx_http_apigw_auth_assertion_name(ngx_conf_t *cf, ngx_str_t *name,
    ngx_uint_t published)
{
    ngx_http_apigw_auth_main_conf_t       *amcf;
    ngx_http_apigw_auth_assertion_use_t   *use, **uses;

    amcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_apigw_auth_module);

    use = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_auth_assertion_use_t));
    if (use == NULL) {
        return NULL;
    }

    uses = ngx_array_push(&amcf->assertion_uses);
    if (uses == NULL) {
        return NULL;
    }

    *uses = use;

    use->name = *name;
    use->published = published;

    ngx_http_apigw_auth_place(cf, &use->place);

    return use;
}


ngx_int_t
ngx_http_apigw_auth_assertions_resolve(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf)
{
    ngx_uint_t                             i;
    ngx_http_apigw_auth_assertion_use_t  **uses;

    uses = amcf->assertion_uses.elts;

    for (i = 0; i < amcf->assertion_uses.nelts; i++) {
        if (ngx_http_apigw_auth_assertion_find(cf, amcf, uses[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_assertion_find(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf,
    ngx_http_apigw_auth_assertion_use_t *use)
{
    use->assertion = ngx_http_apigw_auth_block_find(&amcf->assertions,
                                                    &use->name);
    if (use->assertion == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "apigw_auth: %s: unknown assertion \"%V\"; add "
                      "\"apigw_auth_assertion %V { ... }\" to the http block "
                      "in %s:%ui",
                      use->published ? "apigw_auth_assertion_jwks"
                                     : "apigw_auth_assert",
                      &use->name, &use->name, use->place.file, use->place.line);
        return NGX_ERROR;
    }

    if (use->published && use->assertion->jwks.len == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "apigw_auth: apigw_auth_assertion_jwks: the key of "
                      "assertion \"%V\" is secret; publish one with alg RS256 "
                      "or ES256 in %s:%ui",
                      &use->name, use->place.file, use->place.line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* Two lines of one name would tell the service two things. */

char *
ngx_http_apigw_auth_assertion_merge(ngx_conf_t *cf,
    ngx_http_apigw_auth_loc_conf_t *conf)
{
    ngx_uint_t                     i;
    ngx_http_apigw_auth_header_t  *header;

    if (conf->assertion == NULL || conf->headers == NULL) {
        return NGX_CONF_OK;
    }

    header = conf->headers->elts;

    for (i = 0; i < conf->headers->nelts; i++) {
        if (ngx_http_apigw_header_name_like(&header[i].name,
                                    &conf->assertion->assertion->header))
        {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "apigw_auth: apigw_auth_assert: header \"%V\" of "
                          "assertion \"%V\" is also set by "
                          "apigw_auth_set_header; give one of them another "
                          "name in %s:%ui",
                          &conf->assertion->assertion->header,
                          &conf->assertion->name, conf->assertion->place.file,
                          conf->assertion->place.line);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_apigw_auth_assertion_jwks_handler(ngx_http_request_t *r)
{
    ngx_http_apigw_auth_loc_conf_t  *alcf;

    static ngx_str_t  type = ngx_string("application/jwk-set+json");
    static ngx_str_t  cache = ngx_string("max-age=300");

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_auth_module);

    return ngx_http_apigw_auth_document_send(r, &type, &cache,
                                         &alcf->published->assertion->jwks);
}
