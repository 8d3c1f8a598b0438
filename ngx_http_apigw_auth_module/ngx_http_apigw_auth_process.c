
/* What a worker starts and ends: looks at files, fetches, connections. */


#include "ngx_http_apigw_auth.h"


ngx_int_t
ngx_http_apigw_auth_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                        i;
    ngx_http_apigw_auth_jwks_t       *jwks;
    ngx_http_apigw_auth_store_t     **stores;
    ngx_http_apigw_auth_provider_t  **providers;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;                   /* not for cache managers */
    }

    amcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_apigw_auth_module);
    if (amcf == NULL) {
        return NGX_OK;
    }

    if (ngx_http_apigw_auth_l1_init(cycle, amcf) != NGX_OK) {
        return NGX_ERROR;
    }

    providers = amcf->providers.elts;

    for (i = 0; i < amcf->providers.nelts; i++) {
        jwks = providers[i]->jwks;

        if (jwks->remote) {
            ngx_http_apigw_auth_remote_start(jwks->remote, cycle);

        } else {
            ngx_http_apigw_auth_watch_start(&jwks->watch, cycle);
        }
    }

    stores = amcf->stores.elts;

    for (i = 0; i < amcf->stores.nelts; i++) {
        if (stores[i]->watch.path.len) {
            ngx_http_apigw_auth_watch_start(&stores[i]->watch, cycle);
        }
    }

    if (ngx_http_apigw_auth_redis_init(cycle, amcf) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_apigw_auth_revocation_start(cycle, amcf);

    return NGX_OK;
}


void
ngx_http_apigw_auth_exit_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                        i;
    ngx_http_apigw_auth_provider_t  **providers;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    amcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_apigw_auth_module);
    if (amcf == NULL) {
        return;
    }

    providers = amcf->providers.elts;

    for (i = 0; i < amcf->providers.nelts; i++) {
        if (providers[i]->jwks->remote) {
            ngx_http_apigw_auth_remote_stop(providers[i]->jwks->remote);
        }
    }

    ngx_http_apigw_auth_flights_stop(amcf);

    /* first what waits for Redis' answers */

    ngx_http_apigw_auth_lookups_stop(amcf);
    ngx_http_apigw_auth_revocation_stop(amcf);
    ngx_http_apigw_auth_redis_exit(amcf);
}
