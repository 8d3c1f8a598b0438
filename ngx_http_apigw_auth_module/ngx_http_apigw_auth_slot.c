
/* Keys at a URL, in shared memory: who fetches them, and what came of it. */


#include "ngx_http_apigw_auth.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <signal.h>


#define NGX_HTTP_APIGW_AUTH_BACKOFF_MAX  60000
#define NGX_HTTP_APIGW_AUTH_LEASE_SPARE  1000
#define NGX_HTTP_APIGW_AUTH_REDISCOVER   (24 * 60 * 60)


static ngx_http_apigw_auth_slot_t *ngx_http_apigw_auth_slot_find_locked(
    ngx_http_apigw_auth_zone_t *zone, u_char *id);
static ngx_int_t ngx_http_apigw_auth_slot_store_locked(
    ngx_http_apigw_auth_remote_t *remote, ngx_str_t *text);
static ngx_uint_t ngx_http_apigw_auth_slot_leased_locked(
    ngx_http_apigw_auth_slot_t *slot);
static void ngx_http_apigw_auth_slot_vacate_locked(
    ngx_http_apigw_auth_slot_t *slot);
static ngx_msec_t ngx_http_apigw_auth_slot_left(ngx_msec_t at);
static ngx_int_t ngx_http_apigw_auth_slot_id(
    ngx_http_apigw_auth_remote_t *remote, u_char *id, ngx_log_t *log);


ngx_int_t
ngx_http_apigw_auth_slot_open(ngx_http_apigw_auth_remote_t *remote,
    ngx_log_t *log)
{
    u_char                       id[EVP_MAX_MD_SIZE];
    ngx_int_t                    rc;
    ngx_slab_pool_t             *pool;
    ngx_http_apigw_auth_slot_t  *slot;

    if (ngx_http_apigw_auth_slot_id(remote, id, log) != NGX_OK) {
        return NGX_ERROR;
    }

    pool = remote->zone->pool;
    rc = NGX_OK;

    ngx_shmtx_lock(&pool->mutex);

    slot = ngx_http_apigw_auth_slot_find_locked(remote->zone, id);

    if (slot == NULL) {
        slot = ngx_slab_calloc_locked(pool, sizeof(ngx_http_apigw_auth_slot_t));

        if (slot) {
            ngx_memcpy(slot->id, id, sizeof(slot->id));
            slot->next_try = ngx_current_msec;
            ngx_queue_insert_tail(&remote->zone->shared->slots, &slot->queue);
        }
    }

    remote->slot = slot;

    if (slot == NULL) {
        rc = NGX_ERROR;

    } else if (slot->gen == 0 && remote->state.len) {
        rc = ngx_http_apigw_auth_slot_store_locked(remote, &remote->state);
        slot->fetched = remote->state_fetched;
    }

    ngx_shmtx_unlock(&pool->mutex);

    if (rc != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "apigw_auth: apigw_jwt_provider \"%V\": zone \"%V\" is "
                      "full; give it more in apigw_auth_zone",
                      &remote->provider->name, &remote->zone->name);
    }

    return rc;
}


static ngx_http_apigw_auth_slot_t *
ngx_http_apigw_auth_slot_find_locked(ngx_http_apigw_auth_zone_t *zone,
    u_char *id)
{
    ngx_queue_t                 *q, *slots;
    ngx_http_apigw_auth_slot_t  *slot;

    slots = &zone->shared->slots;

    for (q = ngx_queue_head(slots); q != ngx_queue_sentinel(slots);
         q = ngx_queue_next(q))
    {
        slot = ngx_queue_data(q, ngx_http_apigw_auth_slot_t, queue);

        if (ngx_memcmp(slot->id, id, sizeof(slot->id)) == 0) {
            return slot;
        }
    }

    return NULL;
}


static ngx_int_t
ngx_http_apigw_auth_slot_id(ngx_http_apigw_auth_remote_t *remote, u_char *id,
    ngx_log_t *log)
{
    u_char       *p;
    size_t        len;
    apigw_str_t  *issuer;
    ngx_str_t    *url;
    ngx_int_t     rc;

    issuer = &remote->provider->claims.issuer;
    url = &remote->jwks->source;
    len = issuer->len + 1 + url->len;

    p = ngx_alloc(len, log);
    if (p == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_snprintf(p, len, "%*s\n%V", issuer->len, issuer->data, url);

    rc = EVP_Digest(p, len, id, NULL, EVP_sha256(), NULL) == 1 ? NGX_OK
                                                               : NGX_ERROR;
    if (rc != NGX_OK) {
        ERR_clear_error();
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "apigw_auth: OpenSSL could not make a digest");
    }

    ngx_free(p);

    return rc;
}


ngx_int_t
ngx_http_apigw_auth_slot_lease(ngx_http_apigw_auth_remote_t *remote,
    ngx_http_apigw_auth_cause_e cause, ngx_msec_t *wait)
{
    ngx_int_t                           rc;
    ngx_http_apigw_auth_slot_t         *slot;
    ngx_http_apigw_auth_remote_conf_t  *conf;

    slot = remote->slot;
    conf = &remote->provider->remote;

    ngx_shmtx_lock(&remote->zone->pool->mutex);

    if (ngx_http_apigw_auth_slot_leased_locked(slot)) {
        *wait = ngx_http_apigw_auth_slot_left(slot->lease_until);
        rc = NGX_AGAIN;
        goto done;
    }

    if (slot->lease_pid) {
        ngx_http_apigw_auth_slot_vacate_locked(slot);
    }

    *wait = ngx_http_apigw_auth_slot_left(slot->next_try);

    if (cause == NGX_HTTP_APIGW_AUTH_FOR_KID) {
        *wait = slot->kid_fetched
                ? ngx_http_apigw_auth_slot_left(slot->kid_fetch
                                                + conf->cooldown * 1000)
                : 0;
    }

    if (*wait) {
        rc = NGX_DECLINED;
        goto done;
    }

    if (cause == NGX_HTTP_APIGW_AUTH_FOR_KID) {
        slot->kid_fetch = ngx_current_msec;
        slot->kid_fetched = 1;
    }

    slot->for_kid = (cause == NGX_HTTP_APIGW_AUTH_FOR_KID);
    slot->lease_pid = ngx_pid;
    slot->lease_until = ngx_current_msec + conf->timeout
                        + NGX_HTTP_APIGW_AUTH_LEASE_SPARE;
    rc = NGX_OK;

done:

    ngx_shmtx_unlock(&remote->zone->pool->mutex);

    return rc;
}


/* A process that died holds no lease, one that hangs loses it. */

static ngx_uint_t
ngx_http_apigw_auth_slot_leased_locked(ngx_http_apigw_auth_slot_t *slot)
{
    if (slot->lease_pid == 0
        || ngx_http_apigw_auth_slot_left(slot->lease_until) == 0)
    {
        return 0;
    }

    return kill(slot->lease_pid, 0) == 0 || ngx_errno != NGX_ESRCH;
}


/* As if the lease had not been taken: who waits for it takes it anew. */

static void
ngx_http_apigw_auth_slot_vacate_locked(ngx_http_apigw_auth_slot_t *slot)
{
    slot->lease_pid = 0;

    if (slot->for_kid) {
        slot->kid_fetched = 0;
    }
}


static ngx_msec_t
ngx_http_apigw_auth_slot_left(ngx_msec_t at)
{
    ngx_msec_int_t  left;

    left = (ngx_msec_int_t) (at - ngx_current_msec);

    return left > 0 ? (ngx_msec_t) left : 0;
}


ngx_int_t
ngx_http_apigw_auth_slot_publish(ngx_http_apigw_auth_remote_t *remote,
    ngx_str_t *text)
{
    time_t                       refresh;
    ngx_int_t                    rc;
    ngx_msec_t                   jitter;
    ngx_http_apigw_auth_slot_t  *slot;

    slot = remote->slot;
    refresh = remote->provider->remote.refresh;

    /* 10 % sooner or later, for gateways that were started together */

    jitter = ngx_random() % (refresh * 200 + 1);

    ngx_shmtx_lock(&remote->zone->pool->mutex);

    rc = ngx_http_apigw_auth_slot_store_locked(remote, text);

    if (rc == NGX_OK) {
        slot->fetched = ngx_time();
        slot->failures = 0;
        slot->next_try = ngx_current_msec + refresh * 900 + jitter;
        slot->ended++;

        if (slot->lease_pid == ngx_pid) {
            slot->lease_pid = 0;
        }
    }

    ngx_shmtx_unlock(&remote->zone->pool->mutex);

    return rc;
}


static ngx_int_t
ngx_http_apigw_auth_slot_store_locked(ngx_http_apigw_auth_remote_t *remote,
    ngx_str_t *text)
{
    u_char                      *p;
    ngx_http_apigw_auth_slot_t  *slot;

    slot = remote->slot;

    if (slot->gen && slot->len == text->len
        && ngx_memcmp(slot->text, text->data, text->len) == 0)
    {
        return NGX_OK;
    }

    p = ngx_slab_alloc_locked(remote->zone->pool, text->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, text->data, text->len);

    if (slot->text) {
        ngx_slab_free_locked(remote->zone->pool, slot->text);
    }

    slot->text = p;
    slot->len = text->len;
    slot->gen++;

    return NGX_OK;
}


void
ngx_http_apigw_auth_slot_failed(ngx_http_apigw_auth_remote_t *remote)
{
    ngx_msec_t                   delay;
    ngx_http_apigw_auth_slot_t  *slot;

    slot = remote->slot;

    ngx_shmtx_lock(&remote->zone->pool->mutex);

    if (slot->lease_pid != ngx_pid) {
        goto done;                       /* it lapsed: others look after it */
    }

    /* 1 s, 2 s, 4 s … 60 s, of which a random part is waited */

    delay = NGX_HTTP_APIGW_AUTH_BACKOFF_MAX;

    if (slot->failures < 6) {
        delay = (ngx_msec_t) 1000 << slot->failures;
    }

    slot->failures++;
    slot->next_try = ngx_current_msec + 1 + ngx_random() % delay;
    slot->lease_pid = 0;
    slot->ended++;

done:

    ngx_shmtx_unlock(&remote->zone->pool->mutex);
}


void
ngx_http_apigw_auth_slot_release(ngx_http_apigw_auth_remote_t *remote)
{
    ngx_shmtx_lock(&remote->zone->pool->mutex);

    if (remote->slot->lease_pid == ngx_pid) {
        ngx_http_apigw_auth_slot_vacate_locked(remote->slot);
    }

    ngx_shmtx_unlock(&remote->zone->pool->mutex);
}


void
ngx_http_apigw_auth_slot_copy(ngx_http_apigw_auth_remote_t *remote,
    ngx_str_t *text, ngx_uint_t *gen)
{
    ngx_http_apigw_auth_slot_t  *slot;

    slot = remote->slot;

    ngx_str_null(text);

    ngx_shmtx_lock(&remote->zone->pool->mutex);

    *gen = slot->gen;

    if (slot->len) {
        text->data = malloc(slot->len);
    }

    if (text->data) {
        text->len = slot->len;
        ngx_memcpy(text->data, slot->text, slot->len);
    }

    ngx_shmtx_unlock(&remote->zone->pool->mutex);
}


void
ngx_http_apigw_auth_slot_discovered(ngx_http_apigw_auth_remote_t *remote,
    apigw_str_t uri)
{
    ngx_http_apigw_auth_slot_t  *slot;

    slot = remote->slot;

    ngx_shmtx_lock(&remote->zone->pool->mutex);

    slot->uri_len = ngx_min(uri.len, sizeof(slot->uri));
    ngx_memcpy(slot->uri, uri.data, slot->uri_len);
    slot->discovered = ngx_time();

    ngx_shmtx_unlock(&remote->zone->pool->mutex);
}


ngx_int_t
ngx_http_apigw_auth_slot_uri(ngx_http_apigw_auth_remote_t *remote,
    ngx_pool_t *pool, ngx_str_t *uri)
{
    ngx_int_t                    rc;
    ngx_http_apigw_auth_slot_t  *slot;

    slot = remote->slot;

    ngx_str_null(uri);

    uri->data = ngx_pnalloc(pool, sizeof(slot->uri));
    if (uri->data == NULL) {
        return NGX_ERROR;
    }

    ngx_shmtx_lock(&remote->zone->pool->mutex);

    uri->len = slot->uri_len;
    ngx_memcpy(uri->data, slot->uri, slot->uri_len);

    rc = (uri->len == 0 || (slot->failures && slot->failures % 3 == 0)
          || ngx_time() - slot->discovered >= NGX_HTTP_APIGW_AUTH_REDISCOVER)
         ? NGX_DECLINED : NGX_OK;

    ngx_shmtx_unlock(&remote->zone->pool->mutex);

    return rc;
}
