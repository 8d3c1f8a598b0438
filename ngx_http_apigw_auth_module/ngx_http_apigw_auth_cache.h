
/*
 * Part of ngx_http_apigw_auth.h: the zone, digests, verdicts that are kept.
 */


#ifndef _NGX_HTTP_APIGW_AUTH_CACHE_H_INCLUDED_
#define _NGX_HTTP_APIGW_AUTH_CACHE_H_INCLUDED_


#include "apigw_claims.h"
#include "apigw_dpop.h"
#include "apigw_jwk.h"
#include "apigw_replay.h"
#include "apigw_sha256.h"
#include "apigw_tag.h"


#pragma GCC visibility push(hidden)


/* What is kept in the zone, and what shares a part of it. */

typedef enum {
    NGX_HTTP_APIGW_AUTH_CACHE_TOKEN = 0,         /* verified; no data */
    NGX_HTTP_APIGW_AUTH_CACHE_INTROSPECTION,     /* the answer */
    NGX_HTTP_APIGW_AUTH_CACHE_KEY,               /* a record of Redis */
    NGX_HTTP_APIGW_AUTH_CACHE_NEGATIVE,          /* known to be bad */
    NGX_HTTP_APIGW_AUTH_CACHE_ASSERTION          /* signed */
} ngx_http_apigw_auth_cache_kind_e;

typedef enum {
    NGX_HTTP_APIGW_AUTH_CACHE_GOOD = 0,
    NGX_HTTP_APIGW_AUTH_CACHE_BAD,
    NGX_HTTP_APIGW_AUTH_CACHE_SIGNED,
    NGX_HTTP_APIGW_AUTH_CACHE_CLASSES
} ngx_http_apigw_auth_cache_class_e;

typedef struct {
    u_char                           digest[APIGW_SHA256_SIZE];
    u_char                           fingerprint[
                                         NGX_HTTP_APIGW_AUTH_FINGERPRINT];
} ngx_http_apigw_auth_cache_key_t;

typedef struct {
    ngx_http_apigw_auth_cache_kind_e kind;
    ngx_msec_t                       verified;   /* ngx_current_msec then */
    ngx_msec_t                       until;      /* the same clock */
    apigw_claims_dates_t             dates;
    uint64_t                         gen;        /* of keys; NEGATIVE too */
    u_char                           thumbprint[APIGW_JWK_THUMBPRINT];
    apigw_str_t                      data;       /* may be empty */
} ngx_http_apigw_auth_cache_entry_t;

typedef struct {
    ngx_rbtree_t                     rbtree;
    ngx_rbtree_node_t                sentinel;
    ngx_queue_t                      lru[NGX_HTTP_APIGW_AUTH_CACHE_CLASSES];
    size_t                           used[NGX_HTTP_APIGW_AUTH_CACHE_CLASSES];
} ngx_http_apigw_auth_cache_t;


/* What the module's zone holds for all processes; its mutex guards it. */

typedef struct {
    u_char                           seed[32];   /* of digests, random */
    ngx_http_apigw_auth_cache_t      cache;
    ngx_queue_t                      slots;      /* of remote key sets */
    u_char                           nonce_key[APIGW_DPOP_KEY];  /* random */
    apigw_replay_t                  *replay;     /* proofs that were used */
    time_t                           replay_said;        /* that it is full */
} ngx_http_apigw_auth_shared_t;


/* Tokens that a worker keeps, and one of them. */

typedef struct ngx_http_apigw_auth_l1_s  ngx_http_apigw_auth_l1_t;
typedef struct ngx_http_apigw_auth_cached_s  ngx_http_apigw_auth_cached_t;

/* Where the verdict on a token came from. */

typedef enum {
    NGX_HTTP_APIGW_AUTH_FOUND_NOT = 0,           /* no token was looked up */
    NGX_HTTP_APIGW_AUTH_FOUND_L1,
    NGX_HTTP_APIGW_AUTH_FOUND_L2,
    NGX_HTTP_APIGW_AUTH_FOUND_MISS,
    NGX_HTTP_APIGW_AUTH_FOUND_NEGATIVE
} ngx_http_apigw_auth_found_e;


/* `apigw_auth_zone`; what is in force without it, too. */

typedef struct {
    ngx_str_t                        name;
    size_t                           size;
    time_t                           ttl;        /* of verdicts, seconds */
    time_t                           negative_ttl;
    ngx_uint_t                       negative_max;       /* percent */
    ngx_uint_t                       l1;         /* entries of a worker */
    unsigned                         written:1;
    unsigned                         needed:1;   /* a block exists */

    ngx_shm_zone_t                  *shm;        /* NULL: neither of them */
    ngx_slab_pool_t                 *pool;
    ngx_http_apigw_auth_shared_t    *shared;
} ngx_http_apigw_auth_zone_t;


/* ngx_http_apigw_auth_zone.c: shared memory */

/* Makes the zone, once the http block is read. */
ngx_int_t ngx_http_apigw_auth_zone_add(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf);


/* ngx_http_apigw_auth_zone_conf.c: apigw_auth_zone */

char *ngx_http_apigw_auth_set_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* ngx_http_apigw_auth_digest.c: digests, in the event loop alone */

/* Has what digests need freed when the configuration goes. */
ngx_int_t ngx_http_apigw_auth_digest_init(ngx_conf_t *cf);

/* SHA-256 of pieces; NGX_ERROR: OpenSSL failed, its error queue is empty. */
ngx_int_t ngx_http_apigw_auth_digest(u_char *digest, apigw_str_t *pieces,
    ngx_uint_t n);

/* Makes words of the configuration part of a fingerprint, in their order. */
ngx_int_t ngx_http_apigw_auth_fingerprint(u_char *fingerprint,
    ngx_str_t *words, ngx_uint_t n);


/* ngx_http_apigw_auth_cache.c: tokens that a worker keeps */

/* Makes the table, in init_process. */
ngx_int_t ngx_http_apigw_auth_l1_init(ngx_cycle_t *cycle,
    ngx_http_apigw_auth_main_conf_t *amcf);

/*
 * Finds a verified token of one of the policy's providers, whose key is still
 * in force; NULL. Its dates are yet to be checked. *tag is for cached_add().
 */
ngx_http_apigw_auth_cached_t *ngx_http_apigw_auth_cached_find(
    ngx_http_apigw_auth_l1_t *l1, ngx_http_apigw_auth_policy_t *policy,
    apigw_str_t token, apigw_siphash_t *tag);

/*
 * Keeps a verified token if it fits; then the result uses what is kept.
 * Without memory it is not kept.
 */
void ngx_http_apigw_auth_cached_add(ngx_http_apigw_auth_l1_t *l1,
    apigw_siphash_t *tag, ngx_http_apigw_auth_result_t *result,
    apigw_jwa_e alg, ngx_msec_t until);

/* The result is what was found; it holds a reference. */
void ngx_http_apigw_auth_cached_use(ngx_http_apigw_auth_cached_t *cached,
    ngx_http_apigw_auth_result_t *result);

/* Gives the reference up; NULL is allowed. */
void ngx_http_apigw_auth_cached_release(ngx_http_apigw_auth_cached_t *cached);

/* The key of that thumbprint if it is in the set and fits; keys may be NULL. */
apigw_jwk_t *ngx_http_apigw_auth_cache_jwk(ngx_http_apigw_auth_keys_t *keys,
    const u_char *thumbprint, apigw_jwa_e alg);


/* ngx_http_apigw_auth_cache_shared.c: what workers share */

/* Begins an empty cache, when the zone is made. */
void ngx_http_apigw_auth_cache_init(ngx_http_apigw_auth_cache_t *cache);

/* The key of a credential under a block's rules; NGX_ERROR. */
ngx_int_t ngx_http_apigw_auth_cache_key(ngx_http_apigw_auth_zone_t *zone,
    u_char *fingerprint, apigw_str_t credential,
    ngx_http_apigw_auth_cache_key_t *key);

/* When an entry of that life expires; exp -1: the credential does not. */
ngx_msec_t ngx_http_apigw_auth_cache_until(time_t ttl, int64_t exp,
    int64_t leeway);

/*
 * NGX_OK: *entry is what put() was given and has not expired, its data copied
 * to the arena; NGX_DECLINED: none is there; NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_apigw_auth_cache_get(ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_cache_key_t *key, apigw_arena_t *arena,
    ngx_http_apigw_auth_cache_entry_t *entry);

/* Keeps an entry, copied, in place of one of its key; NGX_DECLINED: not. */
ngx_int_t ngx_http_apigw_auth_cache_put(ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_cache_key_t *key,
    ngx_http_apigw_auth_cache_entry_t *entry);

/* Forgets the entry of that key, if there is one. */
void ngx_http_apigw_auth_cache_drop(ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_cache_key_t *key);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_AUTH_CACHE_H_INCLUDED_ */
