
#include "ngx_http_apigw_auth.h"

#include <openssl/err.h>
#include <openssl/rand.h>


#define NGX_HTTP_APIGW_AUTH_ZONE_SIZE  (16 * 1024 * 1024)


static ngx_int_t ngx_http_apigw_auth_zone_init(ngx_shm_zone_t *shm,
    void *data);
static ngx_int_t ngx_http_apigw_auth_zone_create(
    ngx_http_apigw_auth_zone_t *zone);
static ngx_int_t ngx_http_apigw_auth_zone_slots(
    ngx_http_apigw_auth_main_conf_t *amcf);
static ngx_int_t ngx_http_apigw_auth_zone_reread(ngx_cycle_t *cycle,
    ngx_http_apigw_auth_reread_t *reread);


/*
 * The module's own zone. nginx makes zones when the whole configuration is
 * read, "user" included, and a failure there leaves the old one in force: so
 * what depends on the user is checked then.
 */

ngx_int_t
ngx_http_apigw_auth_zone_add(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf)
{
    ngx_http_apigw_auth_zone_t  *zone;

    zone = &amcf->zone;

    if (!zone->written && !zone->needed) {
        return NGX_OK;
    }

    if (!zone->written) {
        ngx_str_set(&zone->name, "apigw_auth");
        zone->size = NGX_HTTP_APIGW_AUTH_ZONE_SIZE;
    }

    zone->shm = ngx_shared_memory_add(cf, &zone->name, zone->size,
                                      &ngx_http_apigw_auth_module);
    if (zone->shm == NULL) {
        return NGX_ERROR;
    }

    if (zone->shm->data) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "apigw_auth: zone \"%V\" is made by another directive; "
                      "give apigw_auth_zone a name of its own", &zone->name);
        return NGX_ERROR;
    }

    zone->shm->init = ngx_http_apigw_auth_zone_init;
    zone->shm->data = amcf;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_zone_init(ngx_shm_zone_t *shm, void *data)
{
    ngx_http_apigw_auth_main_conf_t *old = data;

    ngx_uint_t                        i;
    ngx_http_apigw_auth_zone_t       *zone;
    ngx_http_apigw_auth_reread_t     *reread;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    amcf = shm->data;
    zone = &amcf->zone;
    reread = amcf->rereads.elts;

    for (i = 0; i < amcf->rereads.nelts; i++) {
        if (ngx_http_apigw_auth_zone_reread(amcf->cycle, &reread[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    zone->pool = (ngx_slab_pool_t *) shm->shm.addr;

    if (old) {
        zone->shared = old->zone.shared;

    } else if (shm->shm.exists) {
        zone->shared = zone->pool->data;

    } else if (ngx_http_apigw_auth_zone_create(zone) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_apigw_auth_zone_slots(amcf);
}


static ngx_int_t
ngx_http_apigw_auth_zone_slots(ngx_http_apigw_auth_main_conf_t *amcf)
{
    ngx_uint_t                        i;
    ngx_http_apigw_auth_remote_t     *remote;
    ngx_http_apigw_auth_provider_t  **providers;

    providers = amcf->providers.elts;

    for (i = 0; i < amcf->providers.nelts; i++) {
        remote = providers[i]->jwks->remote;

        if (remote == NULL) {
            continue;
        }

        remote->zone = &amcf->zone;

        if (ngx_http_apigw_auth_slot_open(remote, amcf->cycle->log) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_zone_create(ngx_http_apigw_auth_zone_t *zone)
{
    ngx_http_apigw_auth_shared_t  *shared;

    shared = ngx_slab_calloc(zone->pool, sizeof(ngx_http_apigw_auth_shared_t));
    if (shared == NULL) {
        return NGX_ERROR;
    }

    if (RAND_bytes(shared->seed, sizeof(shared->seed)) != 1) {
        ERR_clear_error();
        ngx_log_error(NGX_LOG_EMERG, zone->shm->shm.log, 0,
                      "apigw_auth: OpenSSL has no random bytes");
        return NGX_ERROR;
    }

    ngx_queue_init(&shared->slots);
    ngx_http_apigw_auth_cache_init(&shared->cache);

    if (ngx_http_apigw_auth_replay_make(zone, shared) != NGX_OK) {
        return NGX_ERROR;
    }

    zone->pool->data = shared;
    zone->pool->log_nomem = 0;
    zone->shared = shared;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_zone_reread(ngx_cycle_t *cycle,
    ngx_http_apigw_auth_reread_t *reread)
{
    ngx_int_t  rc;

    rc = ngx_http_apigw_auth_file_allowed(cycle, &reread->path, reread->make);

    if (rc == NGX_OK) {
        return NGX_OK;
    }

    if (rc == NGX_DECLINED && reread->make) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "apigw_auth: %s \"%V\": nginx's user may not make files "
                      "in \"%V\", the folder of %s; give the folder to the "
                      "user in %s:%ui", reread->kind, &reread->name,
                      &reread->path, reread->param, reread->place.file,
                      reread->place.line);

    } else if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "apigw_auth: %s \"%V\": nginx's user may not read %s "
                      "\"%V\", which workers look at again; give it the user's "
                      "group and mode 0640 in %s:%ui", reread->kind,
                      &reread->name, reread->param, &reread->path,
                      reread->place.file, reread->place.line);

    } else {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno,
                      "apigw_auth: %s \"%V\": cannot tell whether nginx's user "
                      "may use %s \"%V\"; correct \"user\" in %s:%ui",
                      reread->kind, &reread->name, reread->param,
                      &reread->path, reread->place.file, reread->place.line);
    }

    return NGX_ERROR;
}
