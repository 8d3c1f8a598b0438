
/*
 * L1: tokens that this worker has seen verified, with their claims parsed and
 * their identity made. A hit allocates nothing and reads no JSON.
 *
 * An entry is found by a keyed hash of the token and by its provider. The
 * token's text is not kept, so nothing can be compared with it byte for byte,
 * and a cryptographic digest of every token would cost more than all else that
 * a hit takes. A tag (apigw_tag.h) serves as well where its key is secret: this
 * one is random, made by each worker and never leaves it. A token that nobody
 * has signed then meets one of n entries by a chance of some n in 2^128, and
 * as answers tell nothing about the key, trying does not help. All of the 128
 * bits are compared. The zone, whose seed and entries outlive this worker, has
 * SHA-256.
 *
 *     LINKED, refs 0    in the table; the oldest one gives way to a new one
 *     LINKED, refs n    n requests read it as well
 *     GONE,   refs n    expired, out of date or displaced: the last one frees
 */


#include "ngx_http_apigw_auth.h"

#include <openssl/err.h>
#include <openssl/rand.h>


#define NGX_HTTP_APIGW_AUTH_CACHED_MAX  (16 * 1024)


struct ngx_http_apigw_auth_cached_s {
    ngx_queue_t                       lru;
    ngx_http_apigw_auth_cached_t     *next;      /* in the bucket */
    apigw_siphash_t                   tag;
    ngx_http_apigw_auth_provider_t   *provider;
    apigw_identity_t                 *identity;  /* all of it is in data[] */
    apigw_jwa_e                       alg;
    uint64_t                          gen;       /* of keys that had its key */
    ngx_msec_t                        until;
    ngx_uint_t                        refs;
    unsigned                          linked:1;
    _Alignas(max_align_t) u_char      data[];
};


struct ngx_http_apigw_auth_l1_s {
    apigw_tag_key_t                   key;
    ngx_http_apigw_auth_cached_t    **buckets;
    ngx_uint_t                        mask;
    ngx_uint_t                        n;
    ngx_uint_t                        max;
    ngx_queue_t                       lru;
};


/* Memory of which one piece after the other is given. */

typedef struct {
    u_char                           *start;
    size_t                            used;
    size_t                            size;
} ngx_http_apigw_auth_bump_t;


static void ngx_http_apigw_auth_l1_cleanup(void *data);
static ngx_uint_t ngx_http_apigw_auth_cached_fits(
    ngx_http_apigw_auth_cached_t *cached);
static ngx_http_apigw_auth_cached_t *ngx_http_apigw_auth_cached_create(
    ngx_http_apigw_auth_result_t *result);
static apigw_rc_t ngx_http_apigw_auth_cached_fill(apigw_identity_t **identity,
    ngx_http_apigw_auth_bump_t *bump, ngx_http_apigw_auth_result_t *result);
static void *ngx_http_apigw_auth_bump_alloc(void *ctx, size_t size);
static void ngx_http_apigw_auth_cached_drop(ngx_http_apigw_auth_l1_t *l1,
    ngx_http_apigw_auth_cached_t *cached);


ngx_int_t
ngx_http_apigw_auth_l1_init(ngx_cycle_t *cycle,
    ngx_http_apigw_auth_main_conf_t *amcf)
{
    ngx_uint_t                 n;
    ngx_pool_cleanup_t        *cln;
    ngx_http_apigw_auth_l1_t  *l1;

    if (amcf->zone.l1 == 0 || amcf->zone.ttl == 0
        || amcf->providers.nelts == 0)
    {
        return NGX_OK;
    }

    for (n = 1; n < amcf->zone.l1; n <<= 1) { /* void */ }

    cln = ngx_pool_cleanup_add(cycle->pool, sizeof(ngx_http_apigw_auth_l1_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    l1 = cln->data;

    l1->buckets = ngx_pcalloc(cycle->pool,
                              n * sizeof(ngx_http_apigw_auth_cached_t *));
    if (l1->buckets == NULL) {
        return NGX_ERROR;
    }

    if (RAND_bytes((u_char *) &l1->key, sizeof(l1->key)) != 1) {
        ERR_clear_error();
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "apigw_auth: OpenSSL has no random bytes, this worker "
                      "keeps no tokens");
        return NGX_OK;
    }

    l1->mask = n - 1;
    l1->n = 0;
    l1->max = amcf->zone.l1;

    ngx_queue_init(&l1->lru);

    cln->handler = ngx_http_apigw_auth_l1_cleanup;
    amcf->l1 = l1;

    return NGX_OK;
}


static void
ngx_http_apigw_auth_l1_cleanup(void *data)
{
    ngx_http_apigw_auth_l1_t *l1 = data;

    while (!ngx_queue_empty(&l1->lru)) {
        ngx_http_apigw_auth_cached_drop(l1,
                                   ngx_queue_data(ngx_queue_head(&l1->lru),
                                                  ngx_http_apigw_auth_cached_t,
                                                  lru));
    }
}


ngx_http_apigw_auth_cached_t *
ngx_http_apigw_auth_cached_find(ngx_http_apigw_auth_l1_t *l1,
    ngx_http_apigw_auth_policy_t *policy, apigw_str_t token,
    apigw_siphash_t *tag)
{
    ngx_uint_t                     i;
    ngx_http_apigw_auth_cached_t  *cached;

    if (l1 == NULL) {
        return NULL;
    }

    *tag = apigw_tag(&l1->key, token);

    for (cached = l1->buckets[tag->word[0] & l1->mask];
         cached;
         cached = cached->next)
    {
        if (cached->tag.word[0] != tag->word[0]
            || cached->tag.word[1] != tag->word[1])
        {
            continue;
        }

        for (i = 0; i < policy->nproviders; i++) {
            if (policy->providers[i] == cached->provider) {
                goto found;
            }
        }
    }

    return NULL;

found:

    if (!ngx_http_apigw_auth_cached_fits(cached)) {
        ngx_http_apigw_auth_cached_drop(l1, cached);
        return NULL;
    }

    ngx_queue_remove(&cached->lru);
    ngx_queue_insert_head(&l1->lru, &cached->lru);

    cached->refs++;

    return cached;
}


/* The key that verified the token must be in force, whatever else changed. */

static ngx_uint_t
ngx_http_apigw_auth_cached_fits(ngx_http_apigw_auth_cached_t *cached)
{
    ngx_http_apigw_auth_keys_t  *keys;

    if ((ngx_msec_int_t) (cached->until - ngx_current_msec) <= 0) {
        return 0;
    }

    keys = ngx_http_apigw_auth_jwks_keys(cached->provider->jwks);

    if (keys && keys->gen == cached->gen) {
        return 1;
    }

    if (ngx_http_apigw_auth_cache_jwk(keys, cached->identity->thumbprint,
                                      cached->alg)
        == NULL)
    {
        return 0;
    }

    cached->gen = keys->gen;

    return 1;
}


apigw_jwk_t *
ngx_http_apigw_auth_cache_jwk(ngx_http_apigw_auth_keys_t *keys,
    const u_char *thumbprint, apigw_jwa_e alg)
{
    apigw_jwk_t  *key;

    key = keys ? apigw_jwks_find_thumbprint(keys->set, thumbprint) : NULL;

    if (key == NULL || !(apigw_jwk_algorithms(key) & apigw_jwa_bit(alg))) {
        return NULL;
    }

    return key;
}


void
ngx_http_apigw_auth_cached_add(ngx_http_apigw_auth_l1_t *l1,
    apigw_siphash_t *tag, ngx_http_apigw_auth_result_t *result,
    apigw_jwa_e alg, ngx_msec_t until)
{
    ngx_http_apigw_auth_cached_t  *cached, **bucket;

    if (l1 == NULL || (ngx_msec_int_t) (until - ngx_current_msec) <= 0) {
        return;
    }

    cached = ngx_http_apigw_auth_cached_create(result);
    if (cached == NULL) {
        return;
    }

    if (l1->n == l1->max) {
        ngx_http_apigw_auth_cached_drop(l1,
                                   ngx_queue_data(ngx_queue_last(&l1->lru),
                                                  ngx_http_apigw_auth_cached_t,
                                                  lru));
    }

    cached->tag = *tag;
    cached->provider = result->provider;
    cached->alg = alg;
    cached->gen = result->keys->gen;
    cached->until = until;
    cached->refs = 1;
    cached->linked = 1;

    bucket = &l1->buckets[tag->word[0] & l1->mask];

    cached->next = *bucket;
    *bucket = cached;

    ngx_queue_insert_head(&l1->lru, &cached->lru);
    l1->n++;

    ngx_http_apigw_auth_cached_use(cached, result);
}


/* Its size is known when it is made: so it is made twice, once to see. */

static ngx_http_apigw_auth_cached_t *
ngx_http_apigw_auth_cached_create(ngx_http_apigw_auth_result_t *result)
{
    apigw_identity_t              *identity;
    ngx_http_apigw_auth_bump_t     bump;
    ngx_http_apigw_auth_cached_t  *cached;

    static _Alignas(max_align_t) u_char  scratch[
                                             NGX_HTTP_APIGW_AUTH_CACHED_MAX];

    bump.start = scratch;
    bump.size = sizeof(scratch);

    if (ngx_http_apigw_auth_cached_fill(&identity, &bump, result) != APIGW_OK) {
        return NULL;
    }

    cached = malloc(sizeof(ngx_http_apigw_auth_cached_t) + bump.used);
    if (cached == NULL) {
        return NULL;
    }

    bump.start = cached->data;
    bump.size = bump.used;

    if (ngx_http_apigw_auth_cached_fill(&cached->identity, &bump, result)
        != APIGW_OK)
    {
        free(cached);
        return NULL;
    }

    return cached;
}


static apigw_rc_t
ngx_http_apigw_auth_cached_fill(apigw_identity_t **identity,
    ngx_http_apigw_auth_bump_t *bump, ngx_http_apigw_auth_result_t *result)
{
    apigw_arena_t  arena;

    bump->used = 0;

    arena.alloc = ngx_http_apigw_auth_bump_alloc;
    arena.ctx = bump;

    return apigw_identity_from_claims(identity, &arena, APIGW_METHOD_JWT,
                                      ngx_http_apigw_str(&result->name),
                                      &result->provider->map, result->claims,
                                      result->key, &result->dates);
}


static void *
ngx_http_apigw_auth_bump_alloc(void *ctx, size_t size)
{
    ngx_http_apigw_auth_bump_t *bump = ctx;

    u_char  *p;

    if (size > bump->size) {
        return NULL;
    }

    size = ngx_align(size, sizeof(max_align_t));

    if (size > bump->size - bump->used) {
        return NULL;
    }

    p = bump->start + bump->used;
    bump->used += size;

    return p;
}


void
ngx_http_apigw_auth_cached_use(ngx_http_apigw_auth_cached_t *cached,
    ngx_http_apigw_auth_result_t *result)
{
    result->cached = cached;
    result->provider = cached->provider;
    result->name = cached->provider->name;
    result->identity = cached->identity;
    result->claims = cached->identity->claims;
    result->dates = cached->identity->dates;
}


void
ngx_http_apigw_auth_cached_release(ngx_http_apigw_auth_cached_t *cached)
{
    if (cached && --cached->refs == 0 && !cached->linked) {
        free(cached);
    }
}


static void
ngx_http_apigw_auth_cached_drop(ngx_http_apigw_auth_l1_t *l1,
    ngx_http_apigw_auth_cached_t *cached)
{
    ngx_http_apigw_auth_cached_t  **p;

    p = &l1->buckets[cached->tag.word[0] & l1->mask];

    while (*p != cached) {
        p = &(*p)->next;
    }

    *p = cached->next;
    cached->linked = 0;

    ngx_queue_remove(&cached->lru);
    l1->n--;

    if (cached->refs == 0) {
        free(cached);
    }
}
