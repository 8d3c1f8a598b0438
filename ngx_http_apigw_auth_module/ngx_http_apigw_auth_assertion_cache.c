
#include "ngx_http_apigw_auth.h"


#define NGX_HTTP_APIGW_AUTH_ASSERTIONS      1024
#define NGX_HTTP_APIGW_AUTH_ASSERTION_MAX   4096     /* bytes of one */
#define NGX_HTTP_APIGW_AUTH_ASSERTION_HASH  512


typedef struct ngx_http_apigw_auth_asserted_s  ngx_http_apigw_auth_asserted_t;

struct ngx_http_apigw_auth_asserted_s {
    ngx_queue_t                      lru;        /* the last used first */
    ngx_http_apigw_auth_asserted_t  *next;       /* in its bucket */
    u_char                           digest[APIGW_SHA256_SIZE];
    time_t                           since;
    time_t                           until;
    size_t                           len;
    u_char                           token[];
};

struct ngx_http_apigw_auth_asserted_cache_s {
    ngx_queue_t                      lru;
    ngx_uint_t                       n;
    ngx_http_apigw_auth_asserted_t  *hash[NGX_HTTP_APIGW_AUTH_ASSERTION_HASH];
};


static ngx_http_apigw_auth_asserted_t **ngx_http_apigw_auth_asserted_at(
    ngx_http_apigw_auth_asserted_cache_t *cache, const u_char *digest);
static void ngx_http_apigw_auth_asserted_drop(
    ngx_http_apigw_auth_asserted_cache_t *cache,
    ngx_http_apigw_auth_asserted_t *asserted);
static void ngx_http_apigw_auth_asserted_clear(void *data);


/*
 * One for each process: made empty before fork(), it is the worker's own from
 * its first entry on. Entries are of malloc(), a reload makes a new cache.
 */

ngx_int_t
ngx_http_apigw_auth_assertion_cache_make(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf)
{
    ngx_pool_cleanup_t  *cln;

    if (amcf->asserted) {
        return NGX_OK;
    }

    cln = ngx_pool_cleanup_add(cf->pool,
                               sizeof(ngx_http_apigw_auth_asserted_cache_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    amcf->asserted = cln->data;
    cln->handler = ngx_http_apigw_auth_asserted_clear;

    ngx_memzero(amcf->asserted, sizeof(ngx_http_apigw_auth_asserted_cache_t));
    ngx_queue_init(&amcf->asserted->lru);

    return NGX_OK;
}


ngx_int_t
ngx_http_apigw_auth_assertion_cache_find(
    ngx_http_apigw_auth_asserted_cache_t *cache, const u_char *digest,
    time_t now, ngx_str_t *token)
{
    ngx_http_apigw_auth_asserted_t  *asserted;

    asserted = *ngx_http_apigw_auth_asserted_at(cache, digest);

    if (asserted == NULL) {
        return NGX_DECLINED;
    }

    /* the clock may have been set back, too */

    if (now < asserted->since || now >= asserted->until) {
        ngx_http_apigw_auth_asserted_drop(cache, asserted);
        return NGX_DECLINED;
    }

    ngx_queue_remove(&asserted->lru);
    ngx_queue_insert_head(&cache->lru, &asserted->lru);

    token->data = asserted->token;
    token->len = asserted->len;

    return NGX_OK;
}


void
ngx_http_apigw_auth_assertion_cache_keep(
    ngx_http_apigw_auth_asserted_cache_t *cache, const u_char *digest,
    time_t since, time_t until, ngx_str_t *token, ngx_log_t *log)
{
    ngx_http_apigw_auth_asserted_t  *asserted, **at;

    if (token->len > NGX_HTTP_APIGW_AUTH_ASSERTION_MAX || until <= since) {
        return;
    }

    if (cache->n >= NGX_HTTP_APIGW_AUTH_ASSERTIONS) {
        ngx_http_apigw_auth_asserted_drop(cache,
                            ngx_queue_data(ngx_queue_last(&cache->lru),
                                           ngx_http_apigw_auth_asserted_t,
                                           lru));
    }

    at = ngx_http_apigw_auth_asserted_at(cache, digest);

    if (*at) {
        ngx_http_apigw_auth_asserted_drop(cache, *at);
        at = ngx_http_apigw_auth_asserted_at(cache, digest);
    }

    asserted = ngx_alloc(sizeof(ngx_http_apigw_auth_asserted_t) + token->len,
                         log);
    if (asserted == NULL) {
        return;                          /* the next request signs again */
    }

    ngx_memcpy(asserted->digest, digest, APIGW_SHA256_SIZE);
    ngx_memcpy(asserted->token, token->data, token->len);

    asserted->len = token->len;
    asserted->since = since;
    asserted->until = until;
    asserted->next = NULL;
    *at = asserted;

    ngx_queue_insert_head(&cache->lru, &asserted->lru);
    cache->n++;
}


/* The place of the entry: it points at NULL if there is none. */

static ngx_http_apigw_auth_asserted_t **
ngx_http_apigw_auth_asserted_at(ngx_http_apigw_auth_asserted_cache_t *cache,
    const u_char *digest)
{
    ngx_uint_t                        bucket;
    ngx_http_apigw_auth_asserted_t  **at;

    bucket = (digest[0] << 8 | digest[1]) % NGX_HTTP_APIGW_AUTH_ASSERTION_HASH;

    for (at = &cache->hash[bucket]; *at; at = &(*at)->next) {
        if (ngx_memcmp((*at)->digest, digest, APIGW_SHA256_SIZE) == 0)
        {
            break;
        }
    }

    return at;
}


static void
ngx_http_apigw_auth_asserted_drop(ngx_http_apigw_auth_asserted_cache_t *cache,
    ngx_http_apigw_auth_asserted_t *asserted)
{
    *ngx_http_apigw_auth_asserted_at(cache, asserted->digest) = asserted->next;

    ngx_queue_remove(&asserted->lru);
    cache->n--;

    ngx_explicit_memzero(asserted->token, asserted->len);
    ngx_free(asserted);
}


static void
ngx_http_apigw_auth_asserted_clear(void *data)
{
    ngx_http_apigw_auth_asserted_cache_t *cache = data;

    while (!ngx_queue_empty(&cache->lru)) {
        ngx_http_apigw_auth_asserted_drop(cache,
                            ngx_queue_data(ngx_queue_head(&cache->lru),
                                           ngx_http_apigw_auth_asserted_t,
                                           lru));
    }
}
