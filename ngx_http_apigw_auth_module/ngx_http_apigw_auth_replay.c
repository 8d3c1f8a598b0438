
/*
 * Proofs that were used, in the module's zone: a proof is good once for all
 * workers of this machine, across reloads.
 */


#include "ngx_http_apigw_auth.h"

#include <openssl/err.h>
#include <openssl/rand.h>


#define NGX_HTTP_APIGW_AUTH_REPLAY_PART     4    /* of the zone: 25 % */
#define NGX_HTTP_APIGW_AUTH_REPLAY_EPISODE  60   /* seconds */


/* While the zone is empty: later there is no room of that size in one piece. */

ngx_int_t
ngx_http_apigw_auth_replay_make(ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_shared_t *shared)
{
    void      *block;
    size_t     size;
    uint64_t   seed[2];

    size = zone->size / NGX_HTTP_APIGW_AUTH_REPLAY_PART;

    block = ngx_slab_alloc(zone->pool, size);

    if (block == NULL
        || RAND_bytes(shared->nonce_key, sizeof(shared->nonce_key)) != 1
        || RAND_bytes((u_char *) seed, sizeof(seed)) != 1
        || apigw_replay_init(&shared->replay, block, size, seed) != APIGW_OK)
    {
        ERR_clear_error();
        ngx_log_error(NGX_LOG_EMERG, zone->shm->shm.log, 0,
                      "apigw_auth: no table of used proofs in zone \"%V\"",
                      &zone->name);
        return NGX_ERROR;
    }

    shared->replay_said = 0;

    return NGX_OK;
}


apigw_rc_t
ngx_http_apigw_auth_replay_add(ngx_http_request_t *r,
    const apigw_dpop_t *proof, int64_t expiry, apigw_error_t *err)
{
    apigw_rc_t                        rc;
    ngx_uint_t                        filled;
    ngx_http_apigw_auth_zone_t       *zone;
    ngx_http_apigw_auth_shared_t     *shared;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_auth_module);

    zone = &amcf->zone;
    shared = zone->shared;

    ngx_shmtx_lock(&zone->pool->mutex);

    rc = apigw_replay_add(shared->replay, proof->digest, proof->thumbprint,
                          expiry, ngx_time(), err);

    /* near its limit a table is full, and not, and full again: said once */

    filled = (rc == APIGW_ELIMIT
              && (shared->replay_said == 0
                  || ngx_time() - shared->replay_said
                     >= NGX_HTTP_APIGW_AUTH_REPLAY_EPISODE));

    if (filled) {
        shared->replay_said = ngx_time();
    }

    ngx_shmtx_unlock(&zone->pool->mutex);

    if (filled) {
        ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                      "apigw_auth: the table of used proofs in zone \"%V\" is "
                      "full", &zone->name);
    }

    return rc;
}
