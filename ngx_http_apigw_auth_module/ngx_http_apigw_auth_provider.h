
/*
 * Part of ngx_http_apigw_auth.h: apigw_jwt_provider, and its keys.
 */


#ifndef _NGX_HTTP_APIGW_AUTH_PROVIDER_H_INCLUDED_
#define _NGX_HTTP_APIGW_AUTH_PROVIDER_H_INCLUDED_


#include "ngx_http_apigw_fetch.h"

#include "apigw_claims.h"
#include "apigw_discovery.h"
#include "apigw_jwk.h"
#include "apigw_jwks_state.h"
#include "apigw_jws.h"


#pragma GCC visibility push(hidden)


#define NGX_HTTP_APIGW_AUTH_JWKS_MAX_SIZE   (128 * 1024)
#define NGX_HTTP_APIGW_AUTH_JWKS_POLL       5000
#define NGX_HTTP_APIGW_AUTH_URI_SIZE        2048
#define NGX_HTTP_APIGW_AUTH_TOKEN_SIZE      (8 * 1024)


/* One generation of a provider's keys; requests hold it by `refs`. */

struct ngx_http_apigw_auth_keys_s {
    apigw_heap_t                     heap;
    apigw_jwks_t                    *set;
    uint64_t                         gen;        /* digest of its text: the
                                                    same in every process */
    ngx_uint_t                       refs;
};


/* A provider's keys in this process: not configuration, it changes. */

typedef struct ngx_http_apigw_auth_remote_s  ngx_http_apigw_auth_remote_t;

typedef struct {
    ngx_str_t                        provider;
    ngx_str_t                        source;     /* path or URL, for the log */
    ngx_uint_t                       symmetric;
    ngx_http_apigw_auth_keys_t      *keys;       /* in force; NULL: none yet */
    apigw_jwks_report_t              report;     /* lives with what was read */

    /* keys of a file */
    ngx_http_apigw_auth_watch_t      watch;
    ngx_http_apigw_auth_keys_t      *loaded;     /* by the thread; or */
    const char                      *fault;      /* why it did not */

    ngx_http_apigw_auth_remote_t    *remote;     /* NULL: of a file */
} ngx_http_apigw_auth_jwks_t;


/* `jwks_uri`, `discovery`, and the parameters that begin with jwks_. */

typedef struct {
    ngx_str_t                        uri;        /* empty: found out */
    ngx_flag_t                       discovery;
    time_t                           refresh;    /* seconds, as the next two */
    time_t                           cooldown;
    time_t                           max_stale;
    ngx_msec_t                       timeout;
    size_t                           max_size;
    ngx_str_t                        state_file;
    ngx_http_apigw_fetch_client_t   *client;
} ngx_http_apigw_auth_remote_conf_t;


struct ngx_http_apigw_auth_provider_s {
    ngx_str_t                        name;       /* first */
    ngx_http_apigw_auth_place_t      place;
    u_char                           fingerprint[
                                         NGX_HTTP_APIGW_AUTH_FINGERPRINT];
    apigw_jws_rules_t                header;
    apigw_claims_rules_t             claims;
    apigw_claims_map_t               map;
    ngx_http_apigw_auth_binding_t    binding;
    size_t                           max_token_size;
    ngx_str_t                        jwks_file;
    ngx_http_apigw_auth_remote_conf_t  remote;
    ngx_http_apigw_auth_jwks_t      *jwks;
};


/*
 * A remote key set, in the zone: what all workers know of it, and who fetches.
 * Times are ngx_current_msec unless they are told to be wall time. One that no
 * configuration names any more stays: an old worker may still use it.
 */

typedef struct {
    ngx_queue_t                      queue;      /* of the zone's */
    u_char                           id[32];     /* digest of issuer and URL */

    ngx_pid_t                        lease_pid;  /* who fetches, until */
    ngx_msec_t                       lease_until;
    ngx_msec_t                       next_try;   /* of a fetch for its age */
    ngx_uint_t                       failures;   /* in a row */
    ngx_msec_t                       kid_fetch;  /* last one for a kid */
    unsigned                         kid_fetched:1;
    unsigned                         for_kid:1;  /* the lease is */

    ngx_atomic_t                     ended;      /* fetches, good or not */
    ngx_atomic_t                     gen;        /* of the text; 0: none */
    time_t                           fetched;    /* last good one, wall time */
    size_t                           len;
    u_char                          *text;

    time_t                           discovered; /* wall time */
    size_t                           uri_len;
    u_char                           uri[NGX_HTTP_APIGW_AUTH_URI_SIZE];
} ngx_http_apigw_auth_slot_t;


/*
 * The same in a process.
 *
 * IDLE               -> DISCOVER, KEYS   the slot's lease was to be had
 * DISCOVER           -> FALLBACK         404: RFC 8414's place
 * DISCOVER, FALLBACK -> KEYS             jwks_uri is known
 * any                -> IDLE             published or failed; lease is given
 *                                        back, who waits is woken
 */

typedef enum {
    NGX_HTTP_APIGW_AUTH_REMOTE_IDLE = 0,
    NGX_HTTP_APIGW_AUTH_REMOTE_DISCOVER,
    NGX_HTTP_APIGW_AUTH_REMOTE_FALLBACK,
    NGX_HTTP_APIGW_AUTH_REMOTE_KEYS
} ngx_http_apigw_auth_remote_state_e;

struct ngx_http_apigw_auth_remote_s {
    ngx_http_apigw_auth_provider_t  *provider;
    ngx_http_apigw_auth_jwks_t      *jwks;
    ngx_http_apigw_auth_zone_t      *zone;
    ngx_http_apigw_auth_slot_t      *slot;
    ngx_str_t                        state;      /* file's keys, for a slot */
    time_t                           state_fetched;      /* that has none */

    /* a worker's */
    ngx_http_apigw_auth_remote_state_e  doing;
    ngx_http_apigw_fetch_t          *fetch;
    ngx_pool_t                      *pool;       /* of the work at hand */
    ngx_msec_t                       deadline;   /* of it */
    const char                      *about;      /* what a fault is of, or "" */
    unsigned                         asked:1;    /* an answer is to come */
    unsigned                         for_kid:1;  /* who waits named one */
    ngx_uint_t                       gen;        /* slot->gen that was parsed */
    ngx_uint_t                       ended;      /* slot->ended last seen */
    ngx_event_t                      timer;
    ngx_http_apigw_auth_waiters_t    waiters;
};


/* ngx_http_apigw_auth_provider.c: apigw_jwt_provider */

char *ngx_http_apigw_auth_provider_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* Setters of parameters that other blocks which begin with a provider have. */
char *ngx_http_apigw_auth_provider_issuer(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
char *ngx_http_apigw_auth_provider_audience(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
char *ngx_http_apigw_auth_provider_leeway(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);


/* ngx_http_apigw_auth_provider_claims.c: its claims */

/* Setters of parameters. */
char *ngx_http_apigw_auth_provider_consumer_prefix(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
char *ngx_http_apigw_auth_provider_audience_claim(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);

/* Sets the paths at the parameter's offset in the provider. */
char *ngx_http_apigw_auth_provider_claims(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);

char *ngx_http_apigw_auth_provider_path(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, apigw_claim_path_t *path,
    ngx_str_t *arg);

/* Sets the claims that the block does not name. */
char *ngx_http_apigw_auth_provider_defaults(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block);


/* ngx_http_apigw_auth_keys.c: a provider's keys */

/*
 * Parses a key set on malloc(), in any thread. NULL: err->word ends a sentence
 * that begins with "key set".
 */
ngx_http_apigw_auth_keys_t *ngx_http_apigw_auth_keys_parse(apigw_str_t text,
    ngx_uint_t symmetric, apigw_jwks_report_t *report, apigw_error_t *err);

/* Gives up a reference; NULL is allowed. */
void ngx_http_apigw_auth_keys_release(ngx_http_apigw_auth_keys_t *keys);

/* Those that may be used now; NULL: none yet, or too old. */
ngx_http_apigw_auth_keys_t *ngx_http_apigw_auth_jwks_keys(
    ngx_http_apigw_auth_jwks_t *jwks);

/* Puts what was parsed in force, and logs the keys that were skipped. */
void ngx_http_apigw_auth_keys_use(ngx_http_apigw_auth_jwks_t *jwks,
    ngx_http_apigw_auth_keys_t *keys, ngx_log_t *log);

/* Logs the keys that were skipped. */
void ngx_http_apigw_auth_keys_report(ngx_http_apigw_auth_jwks_t *jwks,
    ngx_log_t *log);

/* The keys of no provider, to be filled in; NULL: no memory. */
ngx_http_apigw_auth_jwks_t *ngx_http_apigw_auth_jwks_create(ngx_conf_t *cf,
    ngx_http_apigw_auth_provider_t *provider);


/* ngx_http_apigw_auth_jwks.c: keys in a file */

/* Reads the provider's file; the master does, workers inherit the keys. */
char *ngx_http_apigw_auth_jwks_open(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block,
    ngx_http_apigw_auth_provider_t *provider);


/* ngx_http_apigw_auth_remote_conf.c: parameters of keys at a URL */

char *ngx_http_apigw_auth_remote_set_uri(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
char *ngx_http_apigw_auth_remote_set_discovery(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
char *ngx_http_apigw_auth_remote_set_seconds(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
char *ngx_http_apigw_auth_remote_set_timeout(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
char *ngx_http_apigw_auth_remote_set_size(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
char *ngx_http_apigw_auth_remote_set_file(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);

/* Puts the defaults into a provider before its block is read. */
char *ngx_http_apigw_auth_remote_init(ngx_conf_t *cf,
    ngx_http_apigw_auth_provider_t *provider);

/* Makes the keys at a URL, once the block is read. */
char *ngx_http_apigw_auth_remote_open(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block,
    ngx_http_apigw_auth_provider_t *provider);

/* In postconfiguration: whether hosts can be found. */
ngx_int_t ngx_http_apigw_auth_remote_resolve(ngx_conf_t *cf,
    ngx_http_apigw_auth_provider_t *provider);


/* ngx_http_apigw_auth_slot.c: keys at a URL, in shared memory */

/* The master's: finds or makes the slot; NGX_ERROR, logged: no room. */
ngx_int_t ngx_http_apigw_auth_slot_open(ngx_http_apigw_auth_remote_t *remote,
    ngx_log_t *log);

/* Why somebody wants keys fetched. */

typedef enum {
    NGX_HTTP_APIGW_AUTH_FOR_AGE = 0,     /* there are none, or old ones */
    NGX_HTTP_APIGW_AUTH_FOR_KID          /* a token names one not among them */
} ngx_http_apigw_auth_cause_e;

/*
 * Asks for the right to fetch. NGX_OK: it is this process's now; NGX_AGAIN:
 * another one fetches; NGX_DECLINED: not yet, *wait milliseconds are left.
 */
ngx_int_t ngx_http_apigw_auth_slot_lease(ngx_http_apigw_auth_remote_t *remote,
    ngx_http_apigw_auth_cause_e cause, ngx_msec_t *wait);

/* Publishes keys and gives the lease back; NGX_ERROR: no room. */
ngx_int_t ngx_http_apigw_auth_slot_publish(
    ngx_http_apigw_auth_remote_t *remote, ngx_str_t *text);

/* Gives the lease back; the next try comes later and later. */
void ngx_http_apigw_auth_slot_failed(ngx_http_apigw_auth_remote_t *remote);

/* Gives the lease back as if it had not been taken. */
void ngx_http_apigw_auth_slot_release(ngx_http_apigw_auth_remote_t *remote);

/* Copies the keys' text, of malloc(); NULL data: none, or no memory. */
void ngx_http_apigw_auth_slot_copy(ngx_http_apigw_auth_remote_t *remote,
    ngx_str_t *text, ngx_uint_t *gen);

/* Keeps where metadata says that the keys are. */
void ngx_http_apigw_auth_slot_discovered(ngx_http_apigw_auth_remote_t *remote,
    apigw_str_t uri);

/* Copies it to the pool; NGX_DECLINED: none, or it should be asked again. */
ngx_int_t ngx_http_apigw_auth_slot_uri(ngx_http_apigw_auth_remote_t *remote,
    ngx_pool_t *pool, ngx_str_t *uri);


/* ngx_http_apigw_auth_remote.c: keys at a URL, in a worker */

/* In init_process: fetches ahead, and again and again. */
void ngx_http_apigw_auth_remote_start(ngx_http_apigw_auth_remote_t *remote,
    ngx_cycle_t *cycle);

/* In exit_process: nobody shall wait for this process. */
void ngx_http_apigw_auth_remote_stop(ngx_http_apigw_auth_remote_t *remote);

/* The keys in force; NULL: none, or they are too old. */
ngx_http_apigw_auth_keys_t *ngx_http_apigw_auth_remote_keys(
    ngx_http_apigw_auth_remote_t *remote);

/*
 * Wants keys fetched. NGX_AGAIN: somebody does, wait among remote->waiters;
 * NGX_DECLINED: not now; NGX_BUSY: too many wait. *retry  seconds, 1 to 60
 */
ngx_int_t ngx_http_apigw_auth_remote_ask(ngx_http_apigw_auth_remote_t *remote,
    ngx_http_apigw_auth_cause_e cause, ngx_uint_t *retry);

/* The fetch is over: adopts what is new, wakes who waits. */
void ngx_http_apigw_auth_remote_ended(ngx_http_apigw_auth_remote_t *remote);

/* Seconds since the last good fetch; -1: there was none. */
time_t ngx_http_apigw_auth_remote_age(ngx_http_apigw_auth_remote_t *remote);


/* ngx_http_apigw_auth_remote_fetch.c: one look at the provider */

/* Starts; the lease is ours. */
void ngx_http_apigw_auth_remote_fetch(ngx_http_apigw_auth_remote_t *remote);

/* Drops it, and the lease. */
void ngx_http_apigw_auth_remote_drop(ngx_http_apigw_auth_remote_t *remote);


/* ngx_http_apigw_auth_state.c: the last good keys, in a file */

/* Reads it, in the master; a faulty one is logged and means none. */
ngx_int_t ngx_http_apigw_auth_state_read(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_http_apigw_auth_remote_t *remote);

/* Writes it, in a thread where there are some. */
void ngx_http_apigw_auth_state_write(ngx_http_apigw_auth_remote_t *remote,
    ngx_str_t *text, ngx_log_t *log);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_AUTH_PROVIDER_H_INCLUDED_ */
