
/*
 * Part of ngx_http_apigw_auth.h: the holders of tokens: DPoP, mTLS.
 */


#ifndef _NGX_HTTP_APIGW_AUTH_BINDING_H_INCLUDED_
#define _NGX_HTTP_APIGW_AUTH_BINDING_H_INCLUDED_


#include "apigw_cnf.h"
#include "apigw_dpop.h"
#include "apigw_replay.h"


#pragma GCC visibility push(hidden)


/* Where machines tell each other of proofs; read-only but for `failing`. */

typedef struct {
    ngx_http_apigw_redis_t          *redis;
    ngx_str_t                        prefix;     /* of keys */
    unsigned                         failing:1;  /* not configuration: told */
} ngx_http_apigw_auth_once_t;


/* To whom tokens of a provider may be bound, and how that is shown. */

typedef struct {
    apigw_cnf_rules_t                cnf;
    unsigned                         named;      /* methods in "bind" */
    apigw_dpop_rules_t               dpop;
    apigw_str_list_t                 origins;    /* none: https and the server's
                                                    names */
    ngx_uint_t                       nonce;      /* one is asked for */
    u_char                           keys[2][APIGW_DPOP_KEY];    /* of nonces */
    size_t                           nkeys;      /* 0: the zone's */
    ngx_str_t                        redis;      /* empty: the only one */
    ngx_uint_t                       redis_off;
    ngx_http_apigw_auth_once_t      *once;       /* NULL: this machine alone */
} ngx_http_apigw_auth_binding_t;


/*
 * What one request asks Redis about its proof.
 *
 * ASKED -> FIRST     the proof was set, for the first time
 * ASKED -> REPLAYED  it was there
 * ASKED -> FAILED    nobody knows: refused all the same
 *
 * It lives in the request's pool; a request that ends cancels it.
 */

typedef enum {
    NGX_HTTP_APIGW_AUTH_QUESTION_ASKED = 0,
    NGX_HTTP_APIGW_AUTH_QUESTION_FIRST,
    NGX_HTTP_APIGW_AUTH_QUESTION_REPLAYED,
    NGX_HTTP_APIGW_AUTH_QUESTION_FAILED
} ngx_http_apigw_auth_question_state_e;

typedef struct ngx_http_apigw_auth_question_s  ngx_http_apigw_auth_question_t;

struct ngx_http_apigw_auth_question_s {
    ngx_http_apigw_auth_question_t  *next;       /* to another Redis */
    ngx_http_apigw_auth_once_t      *once;
    ngx_http_apigw_auth_question_state_e  state;
    ngx_http_apigw_redis_cmd_t       cmd;
    ngx_str_t                        argv[6];
    ngx_http_apigw_auth_waiters_t    waiters;
};


/* ngx_http_apigw_auth_binding.c: the holder of a token */

/*
 * Checks what the token's "cnf" names, for every request that a token comes
 * with: after its signature, or when a verdict on it was kept.
 * NGX_OK: valid, or failure, is set; NGX_AGAIN: `proving` is, and is to come
 * here again when ctx->waiters are woken; NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_apigw_auth_binding_verify(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result);

/* Sets a failure; NGX_DECLINED. */
ngx_int_t ngx_http_apigw_auth_binding_fail(
    ngx_http_apigw_auth_failure_t *failure, ngx_http_apigw_auth_failure_e kind,
    const char *word);


/* ngx_http_apigw_auth_proof.c: DPoP */

/*
 * The proof of the request, by the key of that thumbprint. NGX_OK;
 * NGX_DECLINED: *failure says why; NGX_AGAIN, NGX_ERROR as above.
 */
ngx_int_t ngx_http_apigw_auth_proof_check(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_binding_t *rules,
    const u_char *jkt, ngx_http_apigw_auth_failure_t *failure);

/* A nonce by the rules that were last checked; NGX_ERROR: no memory. */
ngx_int_t ngx_http_apigw_auth_nonce_make(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_str_t *value);


/* ngx_http_apigw_auth_origin.c: the origins of a server */

/* Keeps the servers' names, once the http block is read. */
ngx_int_t ngx_http_apigw_auth_origins_init(ngx_conf_t *cf);

/*
 * Sets the request's origins, in normal form. NGX_DECLINED: its host is none of
 * its server's names; NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_apigw_auth_origins(ngx_http_request_t *r,
    apigw_dpop_request_t *request);


/* ngx_http_apigw_auth_replay.c: proofs that were used */

ngx_int_t ngx_http_apigw_auth_replay_make(ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_shared_t *shared);

/* Results as of apigw_replay_add(). */
apigw_rc_t ngx_http_apigw_auth_replay_add(ngx_http_request_t *r,
    const apigw_dpop_t *proof, int64_t expiry, apigw_error_t *err);


/* ngx_http_apigw_auth_once.c: the same for all machines */

/* Finds the Redis of each binding, and how long proofs are kept in mind. */
ngx_int_t ngx_http_apigw_auth_once_resolve(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf);

/*
 * Whether no machine has seen the proof; `once` may be NULL. Asks once for each
 * request and Redis. Results as of ngx_http_apigw_auth_proof_check().
 */
ngx_int_t ngx_http_apigw_auth_once(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_once_t *once,
    const apigw_dpop_t *proof, int64_t expiry,
    ngx_http_apigw_auth_failure_t *failure);

/* What came of a question that gave NGX_AGAIN. */
ngx_int_t ngx_http_apigw_auth_once_again(ngx_http_apigw_auth_ctx_t *ctx,
    ngx_http_apigw_auth_once_t *once, ngx_http_apigw_auth_failure_t *failure);


/* ngx_http_apigw_auth_binding_conf.c: parameters of binding */

#define NGX_HTTP_APIGW_AUTH_BINDING_PARAMS(offset)                            \
    { ngx_string("bind"), 1, 3, ngx_http_apigw_auth_binding_bind, offset },   \
    { ngx_string("dpop_max_age"), 1, 1,                                       \
      ngx_http_apigw_auth_binding_max_age, offset },                          \
    { ngx_string("dpop_algorithms"), 1, 0,                                    \
      ngx_http_apigw_auth_binding_algorithms, offset },                       \
    { ngx_string("dpop_origin"), 1, 0,                                        \
      ngx_http_apigw_auth_binding_origin, offset },                           \
    { ngx_string("dpop_nonce"), 1, 2, ngx_http_apigw_auth_binding_nonce,      \
      offset },                                                               \
    { ngx_string("dpop_redis"), 1, 1, ngx_http_apigw_auth_binding_redis,      \
      offset }

/* What holds without any of them. */
void ngx_http_apigw_auth_binding_init(ngx_http_apigw_auth_binding_t *binding);

/* Sets what is at the parameter's offset in the block's data. */
char *ngx_http_apigw_auth_binding_bind(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
char *ngx_http_apigw_auth_binding_max_age(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
char *ngx_http_apigw_auth_binding_algorithms(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
char *ngx_http_apigw_auth_binding_origin(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
char *ngx_http_apigw_auth_binding_nonce(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
char *ngx_http_apigw_auth_binding_redis(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);

/* Checks them together, once the block is read. */
char *ngx_http_apigw_auth_binding_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_http_apigw_auth_binding_t *binding);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_AUTH_BINDING_H_INCLUDED_ */
