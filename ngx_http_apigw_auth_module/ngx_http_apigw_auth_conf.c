
#include "ngx_http_apigw_auth.h"


void *
ngx_http_apigw_auth_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_apigw_auth_main_conf_t  *amcf;

    amcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_auth_main_conf_t));
    if (amcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&amcf->providers, cf->pool, 2, sizeof(void *)) != NGX_OK
        || ngx_array_init(&amcf->stores, cf->pool, 2, sizeof(void *)) != NGX_OK
        || ngx_array_init(&amcf->policies, cf->pool, 4, sizeof(void *))
           != NGX_OK
        || ngx_array_init(&amcf->introspections, cf->pool, 2, sizeof(void *))
           != NGX_OK
        || ngx_array_init(&amcf->names, cf->pool, 4, sizeof(ngx_str_t))
           != NGX_OK
        || ngx_array_init(&amcf->rereads, cf->pool, 4,
                          sizeof(ngx_http_apigw_auth_reread_t))
           != NGX_OK
        || ngx_array_init(&amcf->assertions, cf->pool, 2, sizeof(void *))
           != NGX_OK
        || ngx_array_init(&amcf->assertion_uses, cf->pool, 4, sizeof(void *))
           != NGX_OK
        || ngx_array_init(&amcf->redis, cf->pool, 1, sizeof(void *)) != NGX_OK)
    {
        return NULL;
    }

    if (ngx_http_apigw_auth_digest_init(cf) != NGX_OK) {
        return NULL;
    }

    amcf->cycle = cf->cycle;

    amcf->zone.ttl = 5 * 60;
    amcf->zone.negative_ttl = 2;
    amcf->zone.negative_max = 10;
    amcf->zone.l1 = 4096;

    return amcf;
}


char *
ngx_http_apigw_auth_init_main_conf(ngx_conf_t *cf, void *conf)
{
    if (ngx_http_apigw_auth_zone_add(cf, conf) != NGX_OK
        || ngx_http_apigw_auth_assertions_resolve(cf, conf) != NGX_OK
        || ngx_http_apigw_auth_policies_resolve(cf, conf) != NGX_OK
        || ngx_http_apigw_auth_revocation_resolve(cf, conf) != NGX_OK
        || ngx_http_apigw_auth_once_resolve(cf, conf) != NGX_OK
        || ngx_http_apigw_auth_stores_resolve(cf, conf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


void *
ngx_http_apigw_auth_create_srv_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_auth_srv_conf_t));
}


void *
ngx_http_apigw_auth_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_apigw_auth_loc_conf_t  *alcf;

    alcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_auth_loc_conf_t));
    if (alcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     alcf->requires = NULL;
     *     alcf->scope = { 0, NULL };
     *     alcf->headers = NULL;
     *     alcf->realm = { 0, NULL };
     *     alcf->place = { NULL, 0 };
     *     alcf->published = NULL;
     *     alcf->resource = { 0, NULL };
     *     alcf->resource_json = 0;
     *     alcf->resource_id = { 0, NULL };
     *     alcf->resource_policy = NULL;
     *     alcf->resource_place = { NULL, 0 };
     *     alcf->token_place = { NULL, 0 };
     */

    alcf->policy = NGX_CONF_UNSET_PTR;
    alcf->anonymous = NGX_CONF_UNSET_PTR;
    alcf->assertion = NGX_CONF_UNSET_PTR;
    alcf->token_from = NGX_CONF_UNSET_PTR;
    alcf->cookie_origins = NGX_CONF_UNSET_PTR;
    alcf->reset = NGX_CONF_UNSET;
    alcf->forward_token = NGX_CONF_UNSET_UINT;
    alcf->forward_key = NGX_CONF_UNSET_UINT;
    alcf->preflight = NGX_CONF_UNSET_UINT;
    alcf->error = NGX_CONF_UNSET_UINT;
    alcf->dry_run = NGX_CONF_UNSET;
    alcf->log_level = NGX_CONF_UNSET_UINT;

    return alcf;
}


char *
ngx_http_apigw_auth_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_apigw_auth_loc_conf_t *prev = parent;
    ngx_http_apigw_auth_loc_conf_t *conf = child;

    ngx_uint_t                     off;
    ngx_http_apigw_auth_policy_t  *inherited;

    off = (conf->policy == NULL);        /* written so, not inherited */

    inherited = prev->resource_json ? prev->resource_policy : prev->policy;

    ngx_conf_merge_ptr_value(conf->policy, inherited, NULL);
    ngx_conf_merge_ptr_value(conf->anonymous, prev->anonymous, NULL);
    ngx_conf_merge_ptr_value(conf->assertion, prev->assertion, NULL);
    ngx_conf_merge_str_value(conf->resource, prev->resource, "");
    ngx_conf_merge_ptr_value(conf->cookie_origins, prev->cookie_origins, NULL);
    ngx_conf_merge_uint_value(conf->forward_token, prev->forward_token, 1);
    ngx_conf_merge_uint_value(conf->forward_key, prev->forward_key, 0);
    ngx_conf_merge_str_value(conf->realm, prev->realm, "api");
    ngx_conf_merge_uint_value(conf->preflight, prev->preflight, 0);
    ngx_conf_merge_uint_value(conf->error, prev->error, 1);
    ngx_conf_merge_value(conf->dry_run, prev->dry_run, 0);
    ngx_conf_merge_uint_value(conf->log_level, prev->log_level, NGX_LOG_INFO);

    if (conf->token_from == NGX_CONF_UNSET_PTR) {
        conf->token_place = prev->token_place;
    }

    ngx_conf_merge_ptr_value(conf->token_from, prev->token_from, NULL);

    if (ngx_http_apigw_auth_token_from_check(cf, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_apigw_auth_headers_merge(cf, prev->headers, &conf->headers)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_apigw_auth_assertion_merge(cf, conf) != NGX_CONF_OK
        || ngx_http_apigw_auth_require_merge(cf, prev, conf, off)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_apigw_auth_resource_merge(cf, conf);
}
