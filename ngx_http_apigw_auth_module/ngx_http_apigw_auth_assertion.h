
/*
 * Part of ngx_http_apigw_auth.h: apigw_auth_assertion.
 */


#ifndef _NGX_HTTP_APIGW_AUTH_ASSERTION_H_INCLUDED_
#define _NGX_HTTP_APIGW_AUTH_ASSERTION_H_INCLUDED_


#include "apigw_assertion.h"


#pragma GCC visibility push(hidden)


/* Claims of an assertion that `claims` turns on, by their bit. */

typedef enum {
    NGX_HTTP_APIGW_AUTH_SAY_CONSUMER = 0,
    NGX_HTTP_APIGW_AUTH_SAY_SUB,
    NGX_HTTP_APIGW_AUTH_SAY_SCOPE,
    NGX_HTTP_APIGW_AUTH_SAY_PLAN,
    NGX_HTTP_APIGW_AUTH_SAYS
} ngx_http_apigw_auth_say_e;

typedef struct {
    ngx_str_t                        name;
    ngx_http_complex_value_t         value;
} ngx_http_apigw_auth_assertion_claim_t;


/* One `apigw_auth_assertion`. */

typedef struct {
    ngx_str_t                        name;       /* first */
    apigw_assertion_alg_e            alg;
    ngx_str_t                        issuer;
    ngx_str_t                        audience;
    ngx_str_t                        header;
    ngx_str_t                        scheme;     /* before the token; or "" */
    ngx_str_t                        key_file;
    ngx_str_t                       *published;  /* further files */
    ngx_uint_t                       npublished;
    apigw_assertion_key_t           *keys;       /* the first one signs */
    ngx_uint_t                       nkeys;
    ngx_str_t                        jwks;       /* of them; "": secret */
    time_t                           ttl;        /* seconds */
    unsigned                         says;       /* bits of _say_e */
    ngx_array_t                      claims;     /* _assertion_claim_t */
} ngx_http_apigw_auth_assertion_t;


/* Where a directive names an assertion. */

typedef struct {
    ngx_str_t                        name;
    ngx_http_apigw_auth_place_t      place;
    ngx_uint_t                       published;  /* its keys, not itself */
    ngx_http_apigw_auth_assertion_t *assertion;
} ngx_http_apigw_auth_assertion_use_t;


/* Assertions that this process signed. */

typedef struct ngx_http_apigw_auth_asserted_cache_s
    ngx_http_apigw_auth_asserted_cache_t;


/* ngx_http_apigw_auth_assertion_conf.c: apigw_auth_assertion */

char *ngx_http_apigw_auth_assertion_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* ngx_http_apigw_auth_assertion_key.c: its keys */

/* Reads the files that the block names, tries the key, makes the key set. */
char *ngx_http_apigw_auth_assertion_keys(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block);


/* ngx_http_apigw_auth_assertion_use.c: directives that name an assertion */

char *ngx_http_apigw_auth_set_assert(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_auth_set_assertion_jwks(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);

/* Finds the assertions that directives name, once all of them are read. */
ngx_int_t ngx_http_apigw_auth_assertions_resolve(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf);

/* Checks a level's assertion against its headers, both merged. */
char *ngx_http_apigw_auth_assertion_merge(ngx_conf_t *cf,
    ngx_http_apigw_auth_loc_conf_t *conf);


/* ngx_http_apigw_auth_assertion.c: what is told to the service */

/*
 * Sets the location's assertion on a request that passes. NGX_OK, then
 * ctx->unsafe if a claim cannot be told; NGX_DECLINED: ctx->failure says why;
 * NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_apigw_auth_assertion_set(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx);


/* ngx_http_apigw_auth_assertion_cache.c: what this process signed */

/* Makes the cache, once. */
ngx_int_t ngx_http_apigw_auth_assertion_cache_make(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf);

/* NGX_OK: *token is the cache's, until its next call; NGX_DECLINED. */
ngx_int_t ngx_http_apigw_auth_assertion_cache_find(
    ngx_http_apigw_auth_asserted_cache_t *cache, const u_char *digest,
    time_t now, ngx_str_t *token);

/* Keeps a copy, if it is not too large, for the seconds since..until. */
void ngx_http_apigw_auth_assertion_cache_keep(
    ngx_http_apigw_auth_asserted_cache_t *cache, const u_char *digest,
    time_t since, time_t until, ngx_str_t *token, ngx_log_t *log);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_AUTH_ASSERTION_H_INCLUDED_ */
