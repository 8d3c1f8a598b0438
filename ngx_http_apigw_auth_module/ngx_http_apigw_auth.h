
/*
 * What the files of the auth module share: types first, then prototypes by
 * file; the parts have headers of their own, included here.
 * ngx_http_apigw_auth_module.c tells how a request goes through them.
 */


#ifndef _NGX_HTTP_APIGW_AUTH_H_INCLUDED_
#define _NGX_HTTP_APIGW_AUTH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_apigw_arena.h"
#include "ngx_http_apigw_header_name.h"
#include "ngx_http_apigw_record.h"
#include "ngx_http_apigw_redis.h"
#include "ngx_http_apigw_reject.h"

#include "apigw_claims.h"
#include "apigw_credential.h"
#include "apigw_dpop.h"
#include "apigw_identity.h"


/* exported: nginx finds it by name in the .so */

extern ngx_module_t  ngx_http_apigw_auth_module;


#pragma GCC visibility push(hidden)


typedef struct ngx_http_apigw_auth_main_conf_s
    ngx_http_apigw_auth_main_conf_t;
typedef struct ngx_http_apigw_auth_loc_conf_s
    ngx_http_apigw_auth_loc_conf_t;
typedef struct ngx_http_apigw_auth_ctx_s
    ngx_http_apigw_auth_ctx_t;
typedef struct ngx_http_apigw_auth_result_s
    ngx_http_apigw_auth_result_t;
typedef struct ngx_http_apigw_auth_policy_s
    ngx_http_apigw_auth_policy_t;
typedef struct ngx_http_apigw_auth_require_s
    ngx_http_apigw_auth_require_t;
typedef struct ngx_http_apigw_auth_keys_s
    ngx_http_apigw_auth_keys_t;
typedef struct ngx_http_apigw_auth_provider_s
    ngx_http_apigw_auth_provider_t;


#define NGX_HTTP_APIGW_AUTH_WAITERS_MAX     1024     /* for one thing */


/* Kinds of credentials. */

typedef enum {
    NGX_HTTP_APIGW_AUTH_JWT = 0,
    NGX_HTTP_APIGW_AUTH_KEY,
    NGX_HTTP_APIGW_AUTH_INTROSPECT,
    NGX_HTTP_APIGW_AUTH_KINDS            /* how many; also "none" */
} ngx_http_apigw_auth_kind_e;


/* Where a directive was written: for rules that are checked later. */

typedef struct {
    u_char                          *file;
    ngx_uint_t                       line;
} ngx_http_apigw_auth_place_t;


/* Requests of this process that wait for one thing. */

typedef struct {
    ngx_queue_t                      queue;
    ngx_uint_t                       n;
} ngx_http_apigw_auth_waiters_t;


/* Ways to fail: a row of the table of answers each. */

typedef enum {
    NGX_HTTP_APIGW_AUTH_NO_FAILURE = 0,
    NGX_HTTP_APIGW_AUTH_MISSING,
    NGX_HTTP_APIGW_AUTH_BAD_REQUEST,
    NGX_HTTP_APIGW_AUTH_BAD_TOKEN,
    NGX_HTTP_APIGW_AUTH_BAD_PROOF,
    NGX_HTTP_APIGW_AUTH_NEED_NONCE,
    NGX_HTTP_APIGW_AUTH_BAD_KEY,
    NGX_HTTP_APIGW_AUTH_NO_SCOPE,
    NGX_HTTP_APIGW_AUTH_NO_ACR,
    NGX_HTTP_APIGW_AUTH_DENIED,
    NGX_HTTP_APIGW_AUTH_UNAVAILABLE,
    NGX_HTTP_APIGW_AUTH_NO_ASSERTION
} ngx_http_apigw_auth_failure_e;

typedef struct {
    ngx_http_apigw_auth_failure_e    kind;
    const char                      *word;       /* static: the reason */
    ngx_uint_t                       status;     /* 0: the kind's own */
    ngx_uint_t                       retry;      /* Retry-After, seconds */
    ngx_http_apigw_auth_require_t   *need;       /* the requirement that */
                                                 /* failed */
} ngx_http_apigw_auth_failure_t;


#include "ngx_http_apigw_auth_block.h"
#include "ngx_http_apigw_auth_cache.h"
#include "ngx_http_apigw_auth_binding.h"
#include "ngx_http_apigw_auth_provider.h"
#include "ngx_http_apigw_auth_introspection.h"
#include "ngx_http_apigw_auth_store.h"
#include "ngx_http_apigw_auth_revocation.h"
#include "ngx_http_apigw_auth_assertion.h"
#include "ngx_http_apigw_auth_policy.h"


/* One `apigw_auth_set_header`. */

typedef struct {
    ngx_str_t                        name;
    ngx_http_complex_value_t         value;
    ngx_uint_t                       strip;      /* the value is "" */
} ngx_http_apigw_auth_header_t;


typedef struct {
    ngx_str_t                        name;       /* of the variable */
    apigw_claim_path_t               path;
    apigw_claim_form_e               form;
} ngx_http_apigw_auth_claim_var_t;


struct ngx_http_apigw_auth_main_conf_s {
    ngx_array_t                      providers;  /* pointers, as the next two */
    ngx_array_t                      stores;
    ngx_array_t                      policies;
    ngx_array_t                      introspections;     /* pointers */
    ngx_array_t                      names;      /* ngx_str_t: of identity
                                                    headers, each once */
    ngx_array_t                      rereads;    /* _reread_t */
    ngx_array_t                      assertions; /* pointers */
    ngx_array_t                      assertion_uses;     /* pointers */
    ngx_http_apigw_auth_asserted_cache_t  *asserted;     /* not configuration;
                                                    NULL: no assertion */
    ngx_array_t                      redis;      /* pointers */
    int64_t                          proof_age;  /* the longest dpop_max_age */
    ngx_http_apigw_auth_revocation_t  *revocation;         /* or NULL */
    ngx_cycle_t                     *cycle;      /* while it is being made */
    ngx_http_apigw_auth_zone_t       zone;
    ngx_http_apigw_auth_l1_t        *l1;         /* not configuration; NULL:
                                                    off */
    ngx_http_apigw_reject_vars_t     vars;
    unsigned                         timed:1;    /* $apigw_auth_time is used */
};


typedef struct {
    ngx_array_t                      names;      /* ngx_http_server_name_t */
} ngx_http_apigw_auth_srv_conf_t;


struct ngx_http_apigw_auth_loc_conf_s {
    ngx_http_apigw_auth_policy_t    *policy;     /* NULL: off */
    ngx_str_t                       *anonymous;  /* NULL: off */
    ngx_array_t                     *requires;   /* _require_t; or NULL */
    ngx_str_t                        scope;      /* of all requirements */
    ngx_array_t                     *token_from; /* _carrier_t, besides
                                                    Authorization; or NULL */
    ngx_array_t                     *cookie_origins;     /* apigw_origin_t; or
                                                            NULL */
    ngx_array_t                     *headers;    /* _header_t; or NULL */
    ngx_flag_t                       reset;
    ngx_str_t                        realm;      /* ready for a challenge */
    ngx_uint_t                       forward_token;      /* 0: strip */
    ngx_uint_t                       forward_key;
    ngx_uint_t                       preflight;  /* 1: pass */
    ngx_uint_t                       error;      /* 1: problem */
    ngx_flag_t                       dry_run;
    ngx_uint_t                       log_level;
    ngx_http_apigw_auth_place_t      place;      /* of the first requirement */
    ngx_http_apigw_auth_assertion_use_t  *assertion;     /* NULL: off */
    ngx_http_apigw_auth_assertion_use_t  *published;     /* answers the keys */
    ngx_str_t                        resource;   /* URL of metadata; "": off */
    ngx_uint_t                       resource_json;      /* answers them */
    ngx_str_t                        resource_id;        /* "": by request */
    ngx_http_apigw_auth_policy_t    *resource_policy;    /* described there */
    ngx_http_apigw_auth_place_t      resource_place;
    ngx_http_apigw_auth_place_t      token_place;
};


typedef enum {
    NGX_HTTP_APIGW_AUTH_OFF = 0,
    NGX_HTTP_APIGW_AUTH_OK,
    NGX_HTTP_APIGW_AUTH_ANONYMOUS,
    NGX_HTTP_APIGW_AUTH_NOTHING,
    NGX_HTTP_APIGW_AUTH_REJECTED,
    NGX_HTTP_APIGW_AUTH_NO_ANSWER
} ngx_http_apigw_auth_status_e;


/* What one kind of credential came to. */

struct ngx_http_apigw_auth_result_s {
    unsigned                         presented:1;
    unsigned                         decided:1;  /* verified, well or not */
    unsigned                         waited:1;   /* once is enough */
    unsigned                         proving:1;  /* good but for the proof,
                                                    which is waited for */
    unsigned                         valid:1;
    ngx_http_apigw_auth_failure_t    failure;
    apigw_identity_t                *identity;   /* made when first asked for */

    /* a token, to make the identity of */
    ngx_http_apigw_auth_provider_t  *provider;
    apigw_claims_t                  *claims;
    apigw_claims_dates_t             dates;
    apigw_jwk_t                     *key;
    ngx_http_apigw_auth_keys_t      *keys;       /* keeps `key` alive */
    ngx_http_apigw_auth_cached_t    *cached;     /* has identity, claims */

    ngx_str_t                        name;       /* of the block that vouches */
};


/*
 * The record of a main request.
 *
 * NEW        -> CREDENTIAL  what the client presented is read, for good: later
 *                           the lines may be gone from the request
 * CREDENTIAL -> DONE        identified under `policy`
 * CREDENTIAL -> CREDENTIAL  a result is not to be had yet: `waiting` until it
 *                           is, or until the request dies
 * DONE       -> CREDENTIAL  an internal redirect led to another policy
 */

typedef enum {
    NGX_HTTP_APIGW_AUTH_NEW = 0,
    NGX_HTTP_APIGW_AUTH_CREDENTIAL,
    NGX_HTTP_APIGW_AUTH_DONE
} ngx_http_apigw_auth_state_e;

struct ngx_http_apigw_auth_ctx_s {
    ngx_http_apigw_record_t          record;     /* first */

    ngx_http_apigw_auth_state_e      state;
    ngx_http_apigw_auth_policy_t    *policy;     /* of the results, as: */
    ngx_array_t                     *token_from;
    ngx_array_t                     *cookie_origins;
    ngx_http_apigw_auth_result_t     results[NGX_HTTP_APIGW_AUTH_KINDS];

    /* the request as it came */
    ngx_list_part_t                  headers;
    ngx_table_elt_t                 *authorization;
    ngx_str_t                        args;

    /* what is presented under `policy` */
    apigw_credential_t               token;
    apigw_str_t                      key;
    ngx_http_apigw_auth_carrier_t   *carrier;    /* of the key */
    ngx_uint_t                       store;      /* those before it in the
                                                    policy have no such key */

    /* the binding of the token */
    ngx_http_apigw_auth_binding_t   *binding;    /* NULL: not looked at yet */
    u_char                           proof[APIGW_DPOP_DIGEST];   /* if proven */
    ngx_http_apigw_auth_question_t  *questions;  /* about it */
    unsigned                         proven:1;   /* it is used up */
    unsigned                         nonce:1;    /* a fresh one is due */
    unsigned                         in_phase:1; /* it can wait for Redis; a
                                                    variable cannot */

    /* the decision */
    ngx_http_apigw_auth_status_e     status;
    ngx_http_apigw_auth_kind_e       primary;    /* whose identity counts */
    apigw_identity_t                *anonymous;
    ngx_http_apigw_auth_failure_t    failure;
    ngx_http_apigw_auth_loc_conf_t  *refused_by; /* NULL: not, or let pass */
    ngx_http_apigw_auth_found_e      found;      /* the token's verdict */
    uint64_t                         usec;       /* spent identifying */

    /* a wait */
    ngx_http_apigw_auth_waiters_t   *waiters;    /* set by who says NGX_AGAIN */
    ngx_queue_t                      waiter;
    uint64_t                         asked;
    unsigned                         waiting:1;

    unsigned                         identified:1;       /* it is known who */
    unsigned                         preflight:1;
    unsigned                         hidden:1;   /* the user name of Basic */
    unsigned                         unsafe:1;   /* an identity header's value
                                                    has a control byte */
    unsigned                         dropped:1;  /* a claim read as empty for
                                                    such a byte */
    unsigned                         dry:1;      /* refused, yet let pass */
};


/* ngx_http_apigw_auth_module.c */

/* The record of the main request, made if `create`; NULL: none, no memory. */
ngx_http_apigw_auth_ctx_t *ngx_http_apigw_auth_ctx(ngx_http_request_t *r,
    ngx_uint_t create);


/* ngx_http_apigw_auth_process.c: a worker's start and end */

ngx_int_t ngx_http_apigw_auth_init_process(ngx_cycle_t *cycle);
void ngx_http_apigw_auth_exit_process(ngx_cycle_t *cycle);


/* ngx_http_apigw_auth_conf.c: configurations made and merged */

void *ngx_http_apigw_auth_create_main_conf(ngx_conf_t *cf);
char *ngx_http_apigw_auth_init_main_conf(ngx_conf_t *cf, void *conf);
void *ngx_http_apigw_auth_create_srv_conf(ngx_conf_t *cf);
void *ngx_http_apigw_auth_create_loc_conf(ngx_conf_t *cf);
char *ngx_http_apigw_auth_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);


/* ngx_http_apigw_auth_directive.c: directives of policy */

char *ngx_http_apigw_auth_set_anonymous(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_auth_set_forward(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_auth_set_realm(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_auth_set_claim(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Remembers where a directive stands. */
void ngx_http_apigw_auth_place(ngx_conf_t *cf,
    ngx_http_apigw_auth_place_t *place);


/* ngx_http_apigw_auth_credential.c: what the client presented */

/* Reads it under the location's policy; NGX_ERROR: no memory. */
ngx_int_t ngx_http_apigw_auth_credential_read(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx);

/* Whether what was read is what this location would read. */
ngx_uint_t ngx_http_apigw_auth_credential_same(
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx);

/* Remembers the request as it came, before lines go; NGX_ERROR: no memory. */
ngx_int_t ngx_http_apigw_auth_credential_keep(ngx_http_request_t *r);

/* Takes one "name=value" and what separates it from the next. */
u_char *ngx_http_apigw_auth_pair(u_char *p, u_char *last, u_char sep,
    ngx_str_t *name, ngx_str_t *value);


/* ngx_http_apigw_auth_strip.c: what the service does not get */

/* Takes credentials out of the request. */
ngx_int_t ngx_http_apigw_auth_credential_strip(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_uint_t token, ngx_uint_t key);


/* ngx_http_apigw_auth_cookie.c: tokens in cookies, and who sends cookies */

char *ngx_http_apigw_auth_set_token_from(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_auth_set_cookie_origin(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);

/* NGX_ERROR, logged: a place for tokens that is one for keys. */
ngx_int_t ngx_http_apigw_auth_token_from_check(ngx_conf_t *cf,
    ngx_http_apigw_auth_loc_conf_t *alcf);

/* Whether a cookie may count in a request like this one. */
ngx_uint_t ngx_http_apigw_auth_cookie_allowed(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx);


/* ngx_http_apigw_auth_identify.c: who is it */

/*
 * Identifies the caller under the location's policy unless that was done.
 * NGX_OK: ctx->status is set; NGX_AGAIN: not now, ctx->waiters tells what for;
 * NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_apigw_auth_identify(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx);

/*
 * Tells whose request it is, takes identity headers off it and sets ours.
 * *found  the record; NULL where auth is off. NGX_AGAIN: the request waits and
 * is resumed; NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_apigw_auth_prepare(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t **found);

/* The caller's identity; NULL if there is none, or no memory. */
apigw_identity_t *ngx_http_apigw_auth_identity(ngx_http_apigw_auth_ctx_t *ctx);

/* The identity by one kind of credential. */
apigw_identity_t *ngx_http_apigw_auth_identity_of(
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_kind_e kind);

/* Whether the configuration reads $apigw_auth_time: the clock has its price. */
ngx_uint_t ngx_http_apigw_auth_time_wanted(ngx_conf_t *cf);

/* Drops what keeps keys alive; ctx->results are void then. */
void ngx_http_apigw_auth_results_release(ngx_http_apigw_auth_ctx_t *ctx);


/* ngx_http_apigw_auth_wait.c: requests that wait */

void ngx_http_apigw_auth_waiters_init(ngx_http_apigw_auth_waiters_t *waiters);

/* Puts the request among ctx->waiters; NGX_AGAIN, or NGX_ERROR. */
ngx_int_t ngx_http_apigw_auth_wait(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx);

/* Resumes all of them; to be called from an event that is no request's. */
void ngx_http_apigw_auth_wake(ngx_http_apigw_auth_waiters_t *waiters);

/* Monotonic, microseconds. */
uint64_t ngx_http_apigw_auth_clock(void);


/*
 * ngx_http_apigw_auth_token.c, ngx_http_apigw_auth_key.c: one credential
 */

/*
 * NGX_OK: the result is set; NGX_AGAIN: call again when ctx->waiters are woken;
 * NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_apigw_auth_jwt_verify(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result);
ngx_int_t ngx_http_apigw_auth_opaque_verify(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result);
ngx_int_t ngx_http_apigw_auth_key_verify(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result);


/* ngx_http_apigw_auth_token.c: tokens of either kind */

/* The claims in force; NULL if there are none. */
apigw_claims_t *ngx_http_apigw_auth_claims(ngx_http_apigw_auth_ctx_t *ctx);

/* The scopes, without making an identity. */
ngx_int_t ngx_http_apigw_auth_scopes(ngx_http_apigw_auth_ctx_t *ctx,
    apigw_str_list_t *scopes);

/* APIGW_OK, or credential_malformed (RFC 6750, 2.1), the failure filled in. */
apigw_rc_t ngx_http_apigw_auth_token_form(ngx_http_apigw_auth_ctx_t *ctx,
    ngx_http_apigw_auth_result_t *result, apigw_error_t *err);

/* The kind of token that the policy takes this one for. */
ngx_http_apigw_auth_kind_e ngx_http_apigw_auth_token_kind(
    ngx_http_apigw_auth_policy_t *policy, apigw_str_t token);

/* The valid result of a token, of either kind; NULL: none. */
ngx_http_apigw_auth_result_t *ngx_http_apigw_auth_token(
    ngx_http_apigw_auth_ctx_t *ctx);


/* ngx_http_apigw_auth_jwt.c, ngx_http_apigw_auth_introspect.c: the token */

/*
 * Looks at the token itself, whoever sends it. APIGW_OK: provider, claims and
 * dates of the result are set; APIGW_AGAIN: call again as above; APIGW_ENOMEM;
 * else err->word says why not, and the result if somebody could not be asked.
 */
apigw_rc_t ngx_http_apigw_auth_jwt(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result,
    apigw_error_t *err);
apigw_rc_t ngx_http_apigw_auth_introspect(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result,
    apigw_error_t *err);


/* ngx_http_apigw_auth_headers.c: identity headers */

char *ngx_http_apigw_auth_set_header(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* No client may send a header of that name, wherever it asks. */
ngx_int_t ngx_http_apigw_auth_headers_declare(ngx_conf_t *cf, ngx_str_t *name);

/* A level adds to its parent's headers; one of the same name replaces. */
ngx_int_t ngx_http_apigw_auth_headers_merge(ngx_conf_t *cf,
    ngx_array_t *inherited, ngx_array_t **own);

/* Whether a name is one of those declared, however spelled. */
ngx_uint_t ngx_http_apigw_auth_headers_named(ngx_array_t *names,
    ngx_str_t *name);

/* Takes every declared name out of the client's request. */
ngx_int_t ngx_http_apigw_auth_headers_strip(ngx_http_request_t *r,
    ngx_http_apigw_auth_main_conf_t *amcf);

/* Sets ours; ctx->unsafe if a value cannot be sent. */
ngx_int_t ngx_http_apigw_auth_headers_set(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx);


/* ngx_http_apigw_auth_resource.c: protected resource metadata, RFC 9728 */

char *ngx_http_apigw_auth_set_resource(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_auth_set_resource_json(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);

/* Last in a merge: where the document is served, nothing is enforced. */
char *ngx_http_apigw_auth_resource_merge(ngx_conf_t *cf,
    ngx_http_apigw_auth_loc_conf_t *conf);


/* ngx_http_apigw_auth_document.c: locations that answer a document */

/* NGX_OK for GET and HEAD, the request's body discarded; else a status. */
ngx_int_t ngx_http_apigw_auth_document_method(ngx_http_request_t *r);

/* Answers GET and HEAD; a content handler returns what this does. */
ngx_int_t ngx_http_apigw_auth_document_send(ngx_http_request_t *r,
    ngx_str_t *type, ngx_str_t *cache, ngx_str_t *text);


/* ngx_http_apigw_auth_enforce.c: may they */

/* In ACCESS: a status, NGX_OK or NGX_DECLINED. */
ngx_int_t ngx_http_apigw_auth_enforce(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx);


/* ngx_http_apigw_auth_filter.c: the answer of a refusal */

void ngx_http_apigw_auth_filter_init(void);


/* ngx_http_apigw_auth_failure.c: how a refusal is told */

/* The status of a failure. */
ngx_uint_t ngx_http_apigw_auth_failure_status(
    ngx_http_apigw_auth_failure_t *failure);

/* Adds DPoP-Nonce where a fresh one is due, whatever the answer. */
ngx_int_t ngx_http_apigw_auth_failure_nonce(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx);

/* Adds WWW-Authenticate or Retry-After. */
ngx_int_t ngx_http_apigw_auth_failure_headers(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx);

/* The document's constant parts. */
void ngx_http_apigw_auth_failure_problem(
    ngx_http_apigw_auth_failure_t *failure, apigw_problem_t *problem);


/* ngx_http_apigw_auth_age.c: $apigw_jwks_age_PROVIDER */

ngx_int_t ngx_http_apigw_auth_add_age_variable(ngx_conf_t *cf);


/* ngx_http_apigw_auth_variables.c */

ngx_int_t ngx_http_apigw_auth_add_variables(ngx_conf_t *cf);

/* The variable of an `apigw_claim_set`. */
ngx_int_t ngx_http_apigw_auth_add_claim_variable(ngx_conf_t *cf,
    ngx_http_apigw_auth_claim_var_t *claim);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_AUTH_H_INCLUDED_ */
