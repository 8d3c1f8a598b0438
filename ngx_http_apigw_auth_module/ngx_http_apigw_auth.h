
/*
 * What the files of the auth module share: types first, then prototypes by
 * file. ngx_http_apigw_auth_module.c tells how a request goes through them.
 */


#ifndef _NGX_HTTP_APIGW_AUTH_H_INCLUDED_
#define _NGX_HTTP_APIGW_AUTH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_apigw_arena.h"
#include "ngx_http_apigw_fetch.h"
#include "ngx_http_apigw_header_name.h"
#include "ngx_http_apigw_record.h"
#include "ngx_http_apigw_redis.h"
#include "ngx_http_apigw_reject.h"

#include "apigw_assertion.h"
#include "apigw_claim_rule.h"
#include "apigw_claims.h"
#include "apigw_cnf.h"
#include "apigw_credential.h"
#include "apigw_discovery.h"
#include "apigw_dpop.h"
#include "apigw_identity.h"
#include "apigw_introspection.h"
#include "apigw_json_writer.h"
#include "apigw_jwk.h"
#include "apigw_jwks_state.h"
#include "apigw_jws.h"
#include "apigw_keyfile.h"
#include "apigw_replay.h"
#include "apigw_resp_breaker.h"
#include "apigw_revocation.h"
#include "apigw_sha256.h"
#include "apigw_table.h"
#include "apigw_tag.h"


/* exported: nginx finds it by name in the .so */

extern ngx_module_t  ngx_http_apigw_auth_module;


#pragma GCC visibility push(hidden)


#define NGX_HTTP_APIGW_AUTH_JWKS_MAX_SIZE   (128 * 1024)
#define NGX_HTTP_APIGW_AUTH_JWKS_POLL       5000
#define NGX_HTTP_APIGW_AUTH_URI_SIZE        2048
#define NGX_HTTP_APIGW_AUTH_STORE_POLL      5000
#define NGX_HTTP_APIGW_AUTH_TOKEN_SIZE      (8 * 1024)
#define NGX_HTTP_APIGW_AUTH_DIGEST          32   /* SHA-256 */
#define NGX_HTTP_APIGW_AUTH_FINGERPRINT     8
#define NGX_HTTP_APIGW_AUTH_POLL_TIMEOUT    1000
#define NGX_HTTP_APIGW_AUTH_REVOCATION_MIN  ((size_t) 32 * 1024)
#define NGX_HTTP_APIGW_AUTH_HALF_MIN        ((size_t) 1024 * 1024)
#define NGX_HTTP_APIGW_AUTH_KEYS_MAX_SIZE   ((size_t) 1024 * 1024 * 1024)


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


/* A named block while it is being read. */

typedef struct ngx_http_apigw_auth_block_s  ngx_http_apigw_auth_block_t;

typedef struct {
    ngx_str_t                        name;
    ngx_uint_t                       min;        /* arguments */
    ngx_uint_t                       max;        /* 0: any number */
    char                          *(*set)(ngx_conf_t *cf,
                                         ngx_http_apigw_auth_block_t *block,
                                         ngx_str_t *args, ngx_uint_t nargs);
    size_t                           offset;     /* in the data, for set() */
} ngx_http_apigw_auth_param_t;

struct ngx_http_apigw_auth_block_s {
    const char                      *kind;       /* the directive */
    ngx_str_t                        name;
    ngx_http_apigw_auth_param_t     *params;     /* ends with an empty name */
    ngx_http_apigw_auth_param_t     *param;      /* being set */
    uint64_t                         seen;       /* a bit for each of them */
    u_char                           fingerprint[
                                         NGX_HTTP_APIGW_AUTH_FINGERPRINT];
    apigw_arena_t                    arena;      /* the configuration's pool */
    void                            *data;
};


/* A file that workers read again, or a folder that they write in, and who says
 * so. */

typedef struct {
    const char                      *kind;       /* of the block */
    ngx_str_t                        name;
    const char                      *param;
    ngx_str_t                        path;
    ngx_uint_t                       make;       /* a folder, to write in */
    ngx_http_apigw_auth_place_t      place;
} ngx_http_apigw_auth_reread_t;


/* A file that was read whole; what tells one state of it from another. */

typedef struct {
    ngx_str_t                        text;       /* of malloc() */
    ngx_err_t                        err;        /* why it could not be read */
    const char                      *fault;      /* which call, or what of it */
    dev_t                            dev;
    ino_t                            ino;
    off_t                            size;
    time_t                           mtime;
    long                             mtime_nsec;
    mode_t                           mode;
} ngx_http_apigw_auth_file_t;


/*
 * A file that a worker looks at now and then.
 *
 * IDLE    -> READING   the timer fired; stat() and read in a thread
 * READING -> IDLE      back in the event loop: what was loaded is in force, or
 *                      the fault is logged, once for each state of the file
 */

typedef struct ngx_http_apigw_auth_watch_s  ngx_http_apigw_auth_watch_t;

struct ngx_http_apigw_auth_watch_s {
    ngx_str_t                        path;
    size_t                           max;        /* bytes of the file */
    ngx_msec_t                       interval;
    void                            *data;

    /* before a look, in the event loop; may be NULL */
    void                           (*sync)(ngx_http_apigw_auth_watch_t *watch);
    /* in a thread: it may touch `data`'s result and nothing else */
    void                           (*load)(ngx_http_apigw_auth_watch_t *watch,
                                           ngx_str_t *text);
    /* in the event loop, after load() */
    void                           (*done)(ngx_http_apigw_auth_watch_t *watch,
                                           ngx_log_t *log);
    /* after each look, `file.fault` tells how it went; may be NULL */
    void                           (*looked)(ngx_http_apigw_auth_watch_t *w);

    ngx_http_apigw_auth_file_t       seen;
    ngx_http_apigw_auth_file_t       file;       /* of the last look */
    unsigned                         loaded:1;   /* load() was called */
    ngx_event_t                      timer;
#if (NGX_THREADS)
    ngx_thread_task_t                task;
    ngx_thread_pool_t               *threads;    /* NULL: read in the worker */
#endif
};


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


/* Requests of this process that wait for one thing. */

typedef struct {
    ngx_queue_t                      queue;
    ngx_uint_t                       n;
} ngx_http_apigw_auth_waiters_t;


/* One generation of a provider's keys; requests hold it by `refs`. */

typedef struct {
    apigw_heap_t                     heap;
    apigw_jwks_t                    *set;
    uint64_t                         gen;        /* digest of its text: the
                                                    same in every process */
    ngx_uint_t                       refs;
} ngx_http_apigw_auth_keys_t;


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
} ngx_http_apigw_auth_binding_t;


typedef struct {
    ngx_str_t                        name;
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
} ngx_http_apigw_auth_provider_t;


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
    ngx_uint_t                       gen;        /* slot->gen that was parsed */
    ngx_uint_t                       ended;      /* slot->ended last seen */
    ngx_event_t                      timer;
    ngx_http_apigw_auth_waiters_t    waiters;
};


/*
 * `apigw_introspection`. What it says of claims, bindings and the HTTP client
 * is a provider's: such a block is one, without keys.
 */

typedef struct {
    ngx_http_apigw_auth_provider_t   provider;   /* first */
    ngx_str_t                        endpoint;
    apigw_url_t                      url;
    ngx_str_t                        client_id;
    ngx_str_t                        secret_file;
    apigw_introspection_method_e     method;
    apigw_introspection_client_t     client;     /* wiped with the cycle */
    time_t                           ttl;        /* of answers, seconds */
    time_t                           negative_ttl;
    ngx_msec_t                       timeout;
    ngx_uint_t                       max_inflight;
    ngx_http_apigw_auth_place_t      place;

    /* not configuration: of this process */
    ngx_queue_t                      flights;
    ngx_uint_t                       asking;     /* flights without an answer */
    apigw_resp_breaker_t             breaker;
} ngx_http_apigw_auth_introspection_t;


/* Where a client may put an API key. */

typedef enum {
    NGX_HTTP_APIGW_AUTH_IN_SCHEME = 0,           /* Authorization: ApiKey */
    NGX_HTTP_APIGW_AUTH_IN_BASIC,                /* the user name of Basic */
    NGX_HTTP_APIGW_AUTH_IN_HEADER,
    NGX_HTTP_APIGW_AUTH_IN_ARG,
    NGX_HTTP_APIGW_AUTH_IN_COOKIE
} ngx_http_apigw_auth_in_e;

typedef struct {
    ngx_http_apigw_auth_in_e         in;
    ngx_str_t                        name;       /* of a header: lower case */
} ngx_http_apigw_auth_carrier_t;


/*
 * An image in a zone of its own; two halves, so that one can be made while the
 * other is read. Its zone outlives a reload unless the master reads it.
 */

typedef struct {
    ngx_atomic_t                     builder;    /* pid of who makes it */
    ngx_atomic_t                     generation; /* its lowest bit: the half */
    size_t                           half;       /* bytes of each */
    size_t                           used[2];
    ngx_http_apigw_auth_file_t       file;       /* last read, good or not */

    /* of a revocation list: ngx_current_msec of some worker */
    ngx_atomic_t                     checked;    /* known to be current */
    ngx_atomic_t                     faulty;     /* the last load failed */
    ngx_atomic_t                     due;        /* the next look at Redis */
    uint64_t                         source;     /* which Redis, a digest */
    int64_t                          version;    /* its "gen" */
    int64_t                          members;    /* of its set */
    ngx_msec_t                       whole;      /* when all were read */

    u_char                           image[];    /* aligned for uint64_t */
} ngx_http_apigw_auth_halves_t;

typedef struct {
    void                            *first;      /* malloc()ed, until the zone
                                                    has it; or NULL */
    size_t                           first_size;
    ngx_http_apigw_auth_file_t      *seen;       /* its file */
    size_t                           half;
    ngx_shm_zone_t                  *zone;
    ngx_http_apigw_auth_halves_t    *halves;
} ngx_http_apigw_auth_image_t;

/* Reads an image that may change under it; see apigw_table_find(). */
typedef apigw_rc_t (*ngx_http_apigw_auth_image_pt)(const u_char *image,
    size_t size, void *data);


typedef struct {
    ngx_str_t                        name;
    ngx_str_t                        prefix;
    ngx_array_t                     *carriers;   /* of _carrier_t */
    u_char                           peppers[2][APIGW_KEY_PEPPER];
    size_t                           npeppers;
    ngx_http_apigw_auth_image_t      image;

    /* not configuration: what the last look at the file came to */
    ngx_http_apigw_auth_watch_t      watch;
    apigw_rc_t                       loaded;
    apigw_error_t                    err;
    size_t                           line;       /* 0: of no line */
    size_t                           needed;
} ngx_http_apigw_auth_store_t;


/*
 * How this worker reads what is revoked from Redis.
 *
 * IDLE     -> ASKING    it is time, and no other worker has begun
 * ASKING   -> IDLE      nothing has changed
 * ASKING   -> CLEARING  something has, and the spare half is ours
 * CLEARING -> SCANNING  piece by piece, from the timer, the half is empty
 * SCANNING -> IDLE      all is read and in force
 * any      -> IDLE      Redis failed, the worker exits: the half is given back
 */

typedef enum {
    NGX_HTTP_APIGW_AUTH_POLL_IDLE = 0,
    NGX_HTTP_APIGW_AUTH_POLL_ASKING,
    NGX_HTTP_APIGW_AUTH_POLL_CLEARING,
    NGX_HTTP_APIGW_AUTH_POLL_SCANNING
} ngx_http_apigw_auth_poll_state_e;

typedef struct {
    ngx_http_apigw_redis_t          *redis;
    ngx_str_t                        set;        /* names of keys */
    ngx_str_t                        gen;
    ngx_str_t                        gen_argv[2];
    ngx_str_t                        card_argv[2];
    ngx_str_t                        scan_argv[5];

    /* not configuration: of this process */
    ngx_http_apigw_auth_poll_state_e state;
    ngx_event_t                      timer;
    ngx_http_apigw_redis_cmd_t       gen_cmd;
    ngx_http_apigw_redis_cmd_t       card_cmd;
    ngx_http_apigw_redis_cmd_t       scan_cmd;
    ngx_uint_t                       pending;    /* of the first two */
    const char                      *fault;      /* of either */
    const char                      *failed;     /* logged last */
    ngx_msec_t                       started;
    int64_t                          version;
    int64_t                          members;
    apigw_revocation_builder_t       builder;
    u_char                           cursor[NGX_INT64_LEN];
    uint64_t                         seen;       /* members and replies */
    ngx_uint_t                       wrong;      /* no lines */
    ngx_uint_t                       told;       /* of them */
} ngx_http_apigw_auth_poll_t;


/* `apigw_revocation` */

typedef struct {
    ngx_http_apigw_auth_place_t      place;
    unsigned                         seen;       /* parameters */
    ngx_str_t                        redis_name;
    ngx_msec_t                       interval;
    ngx_msec_t                       max_stale;  /* 0: off */
    size_t                           size;       /* 0: auto */
    u_char                           seed[APIGW_REVOCATION_SEED];

    ngx_http_apigw_auth_image_t      file;       /* halves are NULL: none */
    ngx_http_apigw_auth_image_t      set;
    ngx_http_apigw_auth_poll_t       poll;       /* fills `set` */

    /* not configuration: what the last look at the file came to */
    ngx_http_apigw_auth_watch_t      watch;
    apigw_rc_t                       loaded;
    apigw_error_t                    err;
    size_t                           line;       /* 0: of no line */
    size_t                           needed;
} ngx_http_apigw_auth_revocation_t;


/* One `apigw_auth` that is not off. */

typedef struct {
    ngx_http_apigw_auth_place_t      place;
    ngx_uint_t                       all;        /* "all"; else "any" */
    ngx_http_apigw_auth_kind_e       kinds[NGX_HTTP_APIGW_AUTH_KINDS];
    ngx_uint_t                       nkinds;     /* as listed */
    ngx_array_t                     *names[NGX_HTTP_APIGW_AUTH_KINDS];

    ngx_http_apigw_auth_provider_t **providers;
    ngx_uint_t                       nproviders;
    ngx_http_apigw_auth_introspection_t  *introspection;   /* NULL: none */
    ngx_http_apigw_auth_store_t    **stores;
    ngx_uint_t                       nstores;
    ngx_array_t                      carriers;   /* of all stores, each once */
    unsigned                         schemes;    /* of Authorization */
    apigw_jwa_set_t                  proofs;     /* of those who name "dpop" */
    size_t                           max_token_size;
    unsigned                         basic:1;
    unsigned                         tokens:1;   /* of either kind */
} ngx_http_apigw_auth_policy_t;


/* Requirements, in the order in which they decide. */

typedef enum {
    NGX_HTTP_APIGW_AUTH_NEED_CONSUMER = 0,
    NGX_HTTP_APIGW_AUTH_NEED_SCOPE,
    NGX_HTTP_APIGW_AUTH_NEED_ROLE,
    NGX_HTTP_APIGW_AUTH_NEED_GROUP,
    NGX_HTTP_APIGW_AUTH_NEED_CLAIM,
    NGX_HTTP_APIGW_AUTH_NEED_ACR,
    NGX_HTTP_APIGW_AUTH_NEED_VALUE
} ngx_http_apigw_auth_need_e;

typedef struct {
    ngx_http_apigw_auth_need_e       need;
    ngx_uint_t                       all;        /* of the scopes */
    ngx_uint_t                       status;     /* of `apigw_require` */
    time_t                           max_age;    /* of a log-in; -1: any */
    apigw_str_list_t                 list;
    apigw_claim_rule_t              *rule;
    ngx_array_t                     *values;     /* ngx_http_complex_value_t */
} ngx_http_apigw_auth_require_t;


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
    ngx_str_t                        name;
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


typedef struct {
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
    ngx_http_apigw_auth_revocation_t  *revocation;         /* or NULL */
    ngx_cycle_t                     *cycle;      /* while it is being made */
    ngx_http_apigw_auth_zone_t       zone;
    ngx_http_apigw_auth_l1_t        *l1;         /* not configuration; NULL:
                                                    off */
    ngx_http_apigw_reject_vars_t     vars;
} ngx_http_apigw_auth_main_conf_t;


typedef struct {
    ngx_array_t                      names;      /* ngx_http_server_name_t */
} ngx_http_apigw_auth_srv_conf_t;


typedef struct {
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
} ngx_http_apigw_auth_loc_conf_t;


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


typedef enum {
    NGX_HTTP_APIGW_AUTH_OFF = 0,
    NGX_HTTP_APIGW_AUTH_OK,
    NGX_HTTP_APIGW_AUTH_ANONYMOUS,
    NGX_HTTP_APIGW_AUTH_NOTHING,
    NGX_HTTP_APIGW_AUTH_REJECTED,
    NGX_HTTP_APIGW_AUTH_NO_ANSWER
} ngx_http_apigw_auth_status_e;


/* What one kind of credential came to. */

typedef struct {
    unsigned                         presented:1;
    unsigned                         decided:1;  /* verified, well or not */
    unsigned                         waited:1;   /* once is enough */
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
} ngx_http_apigw_auth_result_t;


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

typedef struct {
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

    /* the binding of the token */
    ngx_http_apigw_auth_binding_t   *binding;    /* NULL: not looked at yet */
    u_char                           proof[APIGW_DPOP_DIGEST];   /* if proven */
    unsigned                         proven:1;   /* it is used up */
    unsigned                         nonce:1;    /* a fresh one is due */

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
    unsigned                         unsafe:1;   /* an identity header's value
                                                    has a control byte */
    unsigned                         dropped:1;  /* a claim read as empty for
                                                    such a byte */
    unsigned                         dry:1;      /* refused, yet let pass */
} ngx_http_apigw_auth_ctx_t;


/* ngx_http_apigw_auth_module.c */

/* The record of the main request, made if `create`; NULL: none, no memory. */
ngx_http_apigw_auth_ctx_t *ngx_http_apigw_auth_ctx(ngx_http_request_t *r,
    ngx_uint_t create);


/* ngx_http_apigw_auth_process.c: a worker's start and end */

ngx_int_t ngx_http_apigw_auth_init_process(ngx_cycle_t *cycle);
void ngx_http_apigw_auth_exit_process(ngx_cycle_t *cycle);


/* ngx_http_apigw_auth_block.c: named blocks */

/* Reads "{ ... }" of a directive with a name. */
char *ngx_http_apigw_auth_block_read(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block);

/* Checks the name alone, of a block that others read. */
char *ngx_http_apigw_auth_block_name(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block);

/* Whether the parameter was given. */
ngx_uint_t ngx_http_apigw_auth_block_has(ngx_http_apigw_auth_block_t *block,
    const char *param);

/* Logs a fault of the block, with the mend; returns NGX_CONF_ERROR. */
char *ngx_http_apigw_auth_block_fault(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, const char *fmt, ...);

/* Logs a warning of the block. */
void ngx_http_apigw_auth_block_warn(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, const char *fmt, ...);

/* Logs a fault outside a block, after "apigw_auth: "; NGX_CONF_ERROR. */
char *ngx_http_apigw_auth_fault(ngx_conf_t *cf, const char *fmt, ...);

/* Copies arguments into a list of strings. */
ngx_int_t ngx_http_apigw_auth_block_list(apigw_arena_t *arena,
    apigw_str_list_t *list, ngx_str_t *args, ngx_uint_t nargs);

/* Whether the arguments are "off"; a fault where it stands beside others. */
char *ngx_http_apigw_auth_block_off(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs,
    ngx_uint_t *off);

/* Reads a file that the block names; checks modes and says what is wrong. */
char *ngx_http_apigw_auth_block_file(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, const char *param, ngx_str_t *path,
    size_t max, ngx_http_apigw_auth_file_t *file);

/* Refuses a file that holds secrets and is open to others. */
char *ngx_http_apigw_auth_block_secret(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, const char *param, ngx_str_t *path,
    ngx_http_apigw_auth_file_t *file);

/*
 * Has it checked, once "user" is known, that nginx's workers may read the file,
 * which they will look at again, or, if `make`, make files in that folder.
 */
char *ngx_http_apigw_auth_block_reread(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, const char *param, ngx_str_t *path,
    ngx_uint_t make);


/* ngx_http_apigw_auth_file.c: files */

/* Reads a file; NGX_ERROR leaves err and fault. No logging, any thread. */
ngx_int_t ngx_http_apigw_auth_file_read(ngx_http_apigw_auth_file_t *file,
    ngx_str_t *path, size_t max, ngx_http_apigw_auth_file_t *seen);

/* Wipes and frees the text. */
void ngx_http_apigw_auth_file_free(ngx_http_apigw_auth_file_t *file);

/*
 * Whether nginx's workers may read the file, or, if `make`, make files in that
 * folder. NGX_DECLINED: no; NGX_ERROR: cannot tell.
 */
ngx_int_t ngx_http_apigw_auth_file_allowed(ngx_cycle_t *cycle,
    ngx_str_t *path, ngx_uint_t make);

/* Starts to look at a file, in init_process. */
void ngx_http_apigw_auth_watch_start(ngx_http_apigw_auth_watch_t *watch,
    ngx_cycle_t *cycle);


/* ngx_http_apigw_auth_zone.c: shared memory */

/* Makes the zone, once the http block is read. */
ngx_int_t ngx_http_apigw_auth_zone_add(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf);


/* ngx_http_apigw_auth_zone_conf.c: apigw_auth_zone */

char *ngx_http_apigw_auth_set_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* ngx_http_apigw_auth_fetch_conf.c: blocks that name a server */

/*
 * Rows of such a block's parameters. `_field` of its data, `_type`, points to
 * a client that was made before the block is read.
 */
#define NGX_HTTP_APIGW_AUTH_FETCH_PARAMS(_type, _field)                       \
    { ngx_string("resolver"), 1, 0,                                           \
      ngx_http_apigw_auth_fetch_param, offsetof(_type, _field) },             \
    { ngx_string("connect_timeout"), 1, 1,                                    \
      ngx_http_apigw_auth_fetch_param, offsetof(_type, _field) },             \
    { ngx_string("keepalive"), 1, 1,                                          \
      ngx_http_apigw_auth_fetch_param, offsetof(_type, _field) },             \
    { ngx_string("plain_http"), 1, 1,                                         \
      ngx_http_apigw_auth_fetch_param, offsetof(_type, _field) },             \
    { ngx_string("tls_verify"), 1, 1,                                         \
      ngx_http_apigw_auth_fetch_param, offsetof(_type, _field) },             \
    { ngx_string("tls_trusted_certificate"), 1, 1,                            \
      ngx_http_apigw_auth_fetch_param, offsetof(_type, _field) },             \
    { ngx_string("tls_name"), 1, 1,                                           \
      ngx_http_apigw_auth_fetch_param, offsetof(_type, _field) },             \
    { ngx_string("tls_certificate"), 1, 1,                                    \
      ngx_http_apigw_auth_fetch_param, offsetof(_type, _field) },             \
    { ngx_string("tls_certificate_key"), 1, 1,                                \
      ngx_http_apigw_auth_fetch_param, offsetof(_type, _field) }

char *ngx_http_apigw_auth_fetch_param(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);

/* When the block is read: client_end(), with its faults as the block's. */
char *ngx_http_apigw_auth_fetch_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_http_apigw_fetch_client_t *client);


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


/* ngx_http_apigw_auth_introspection_conf.c: apigw_introspection */

char *ngx_http_apigw_auth_introspection_block(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);

/* The block of that name, or NULL. */
ngx_http_apigw_auth_introspection_t *ngx_http_apigw_auth_introspection_find(
    ngx_http_apigw_auth_main_conf_t *amcf, ngx_str_t *name);

/* In postconfiguration: whether hosts can be found. */
ngx_int_t ngx_http_apigw_auth_introspections_resolve(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf);


/* ngx_http_apigw_auth_introspection_client.c: its parameter "client" */

char *ngx_http_apigw_auth_introspection_client(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);

/* Reads the secret, once the block is read, and makes what is sent of it. */
char *ngx_http_apigw_auth_introspection_secret(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block);


/* ngx_http_apigw_auth_store.c: apigw_key_store */

char *ngx_http_apigw_auth_store_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

ngx_uint_t ngx_http_apigw_auth_carrier_is(ngx_http_apigw_auth_carrier_t *a,
    ngx_http_apigw_auth_carrier_t *b);


/* ngx_http_apigw_auth_image.c: an image in shared memory */

/*
 * Makes the zone; `half` is set, and `first` if the master has read it. `fmt`
 * has one "%V" for the name.
 */
ngx_int_t ngx_http_apigw_auth_image_zone(ngx_conf_t *cf,
    ngx_http_apigw_auth_image_t *image, const char *fmt, ngx_str_t *name);

/* What `read` says of the half in force; APIGW_ELIMIT: it kept changing. */
apigw_rc_t ngx_http_apigw_auth_image_read(ngx_http_apigw_auth_image_t *image,
    ngx_http_apigw_auth_image_pt read, void *data);

/* The spare half, to be made anew; NULL: another process is at it. */
u_char *ngx_http_apigw_auth_image_begin(ngx_http_apigw_auth_image_t *image);

/* Puts the spare half into force; with `size` 0 it stays what it is. */
void ngx_http_apigw_auth_image_end(ngx_http_apigw_auth_image_t *image,
    size_t size);

/* The half in force. */
u_char *ngx_http_apigw_auth_image_half(ngx_http_apigw_auth_image_t *image,
    size_t *size);

/* Which state of a file was read last: tells it, sets it. */
void ngx_http_apigw_auth_image_sync(ngx_http_apigw_auth_image_t *image,
    ngx_http_apigw_auth_file_t *seen);
void ngx_http_apigw_auth_image_note(ngx_http_apigw_auth_image_t *image,
    ngx_http_apigw_auth_file_t *file);


/* ngx_http_apigw_auth_table.c: a store's keys in shared memory */

/* Builds the table of the store's file, for the zone to take. */
char *ngx_http_apigw_auth_table_build(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, apigw_str_t text);

ngx_int_t ngx_http_apigw_auth_table_zone(ngx_conf_t *cf,
    ngx_http_apigw_auth_store_t *store);

/*
 * Looks a key up by its digests.
 * APIGW_EINPUT key_unknown; APIGW_EUNSUPPORTED key_store_unavailable;
 * APIGW_ENOMEM
 */
apigw_rc_t ngx_http_apigw_auth_table_find(ngx_http_apigw_auth_store_t *store,
    apigw_arena_t *arena, apigw_str_t text, apigw_key_t *key,
    apigw_error_t *err);


/* ngx_http_apigw_auth_redis.c: apigw_auth_redis */

char *ngx_http_apigw_auth_redis_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* The block of that name, or NULL. */
ngx_http_apigw_redis_t *ngx_http_apigw_auth_redis_find(
    ngx_http_apigw_auth_main_conf_t *amcf, ngx_str_t *name);

/* In postconfiguration; in init_process; in exit_process. */
ngx_int_t ngx_http_apigw_auth_redis_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf);
ngx_int_t ngx_http_apigw_auth_redis_init(ngx_cycle_t *cycle,
    ngx_http_apigw_auth_main_conf_t *amcf);
void ngx_http_apigw_auth_redis_exit(ngx_http_apigw_auth_main_conf_t *amcf);

/* Makes the name of a key, with the prefix. */
ngx_int_t ngx_http_apigw_auth_redis_key(ngx_pool_t *pool,
    ngx_http_apigw_redis_t *redis, const char *text, ngx_str_t *key);


/* ngx_http_apigw_auth_revocation.c: apigw_revocation */

char *ngx_http_apigw_auth_set_revocation(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Finds the Redis that it names, once all blocks are read. */
ngx_int_t ngx_http_apigw_auth_revocation_resolve(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf);

/* In init_process; in exit_process, before connections end. */
void ngx_http_apigw_auth_revocation_start(ngx_cycle_t *cycle,
    ngx_http_apigw_auth_main_conf_t *amcf);
void ngx_http_apigw_auth_revocation_stop(
    ngx_http_apigw_auth_main_conf_t *amcf);


/* ngx_http_apigw_auth_revocation_file.c: its file */

/* Reads the file for the first time, and has it watched. */
char *ngx_http_apigw_auth_revocation_open(ngx_conf_t *cf,
    ngx_http_apigw_auth_revocation_t *revocation);


/* ngx_http_apigw_auth_revocation_poll.c: its Redis */

ngx_int_t ngx_http_apigw_auth_revocation_poll_conf(ngx_conf_t *cf,
    ngx_http_apigw_auth_revocation_t *revocation);

void ngx_http_apigw_auth_revocation_poll_start(
    ngx_http_apigw_auth_revocation_t *revocation, ngx_cycle_t *cycle);
void ngx_http_apigw_auth_revocation_poll_stop(
    ngx_http_apigw_auth_revocation_t *revocation);


/* For the next file: the next look, after a good one; after a failure. */
void ngx_http_apigw_auth_poll_next(
    ngx_http_apigw_auth_revocation_t *revocation);
void ngx_http_apigw_auth_poll_good(
    ngx_http_apigw_auth_revocation_t *revocation);
void ngx_http_apigw_auth_poll_fail(
    ngx_http_apigw_auth_revocation_t *revocation, const char *what);

/* Why a command failed, for the log. */
const char *ngx_http_apigw_auth_poll_word(
    const ngx_http_apigw_redis_result_t *result);


/* ngx_http_apigw_auth_revocation_scan.c: its Redis, read whole */

/* Takes the spare half, to be cleared by the timer; or gives up. */
void ngx_http_apigw_auth_poll_begin(
    ngx_http_apigw_auth_revocation_t *revocation);

/* Asks for the next part. */
void ngx_http_apigw_auth_poll_scan(
    ngx_http_apigw_auth_revocation_t *revocation);


/* ngx_http_apigw_auth_revocation_check.c: is it revoked */

/*
 * Turns a valid result, of a token or a key, into a failure if what vouches for
 * it is revoked, or nobody can tell. Cheap enough for each request.
 */
void ngx_http_apigw_auth_revocation_check(ngx_http_request_t *r,
    ngx_http_apigw_auth_result_t *result);

/* Another number: something may have been revoked since. */
ngx_uint_t ngx_http_apigw_auth_revocation_generation(
    ngx_http_apigw_auth_main_conf_t *amcf);


/* ngx_http_apigw_auth_policy.c: apigw_auth */

char *ngx_http_apigw_auth_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* Finds the blocks that policies name, once all of them are read. */
ngx_int_t ngx_http_apigw_auth_policies_resolve(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf);


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


/* ngx_http_apigw_auth_require_conf.c: directives of requirements */

char *ngx_http_apigw_auth_set_require_list(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_auth_set_require_claim(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_auth_set_require_acr(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_auth_set_require(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_auth_set_reset(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* ngx_http_apigw_auth_require_merge.c: requirements of levels */

/* Joins a level's own requirements to the inherited ones. */
char *ngx_http_apigw_auth_require_merge(ngx_conf_t *cf,
    ngx_http_apigw_auth_loc_conf_t *prev, ngx_http_apigw_auth_loc_conf_t *conf,
    ngx_uint_t off);

/* NGX_ERROR, logged: requirements of a level where auth is off. */
ngx_int_t ngx_http_apigw_auth_require_policed(ngx_conf_t *cf,
    ngx_http_apigw_auth_loc_conf_t *conf);


/* ngx_http_apigw_auth_require.c: requirements */

/* NGX_OK; NGX_DECLINED: ctx->failure says why; NGX_ERROR: no memory. */
ngx_int_t ngx_http_apigw_auth_require_check(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx);


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

/* The claims in force; NULL if there are none. */
apigw_claims_t *ngx_http_apigw_auth_claims(ngx_http_apigw_auth_ctx_t *ctx);

/* The scopes, without making an identity. */
ngx_int_t ngx_http_apigw_auth_scopes(ngx_http_apigw_auth_ctx_t *ctx,
    apigw_str_list_t *scopes);

/* The kind of token that the policy takes this one for. */
ngx_http_apigw_auth_kind_e ngx_http_apigw_auth_token_kind(
    ngx_http_apigw_auth_policy_t *policy, apigw_str_t token);

/* The valid result of a token, of either kind; NULL: none. */
ngx_http_apigw_auth_result_t *ngx_http_apigw_auth_token(
    ngx_http_apigw_auth_ctx_t *ctx);

/* Drops what keeps keys alive; ctx->results are void then. */
void ngx_http_apigw_auth_results_clear(ngx_http_apigw_auth_ctx_t *ctx);


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
 * ngx_http_apigw_auth_jwt.c, ngx_http_apigw_auth_key.c,
 * ngx_http_apigw_auth_introspect.c: one credential
 */

/*
 * NGX_OK: the result is set; NGX_AGAIN: call again when ctx->waiters are woken;
 * NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_apigw_auth_jwt_verify(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result);
ngx_int_t ngx_http_apigw_auth_key_verify(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result);
ngx_int_t ngx_http_apigw_auth_introspect(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result);


/* ngx_http_apigw_auth_flight.c: questions on their way */

/*
 * How a token's question stands.
 *
 * ASKING -> ACTIVE, INACTIVE, FAILED   it was answered or not: who waits is
 *                                      resumed and finds the outcome here
 * ACTIVE, INACTIVE, FAILED             all were resumed: the flight is gone
 */

typedef enum {
    NGX_HTTP_APIGW_AUTH_FLIGHT_ASKING = 0,
    NGX_HTTP_APIGW_AUTH_FLIGHT_ACTIVE,
    NGX_HTTP_APIGW_AUTH_FLIGHT_INACTIVE,
    NGX_HTTP_APIGW_AUTH_FLIGHT_FAILED
} ngx_http_apigw_auth_flight_state_e;

typedef struct {
    ngx_queue_t                      queue;      /* of the block's */
    ngx_http_apigw_auth_introspection_t  *in;
    ngx_http_apigw_auth_zone_t      *zone;
    ngx_http_apigw_auth_cache_key_t  key;
    ngx_http_apigw_auth_flight_state_e  state;
    unsigned                         probe:1;    /* is the endpoint back */
    ngx_http_apigw_fetch_t          *fetch;      /* all lives in its pool */
    ngx_http_apigw_auth_waiters_t    waiters;
} ngx_http_apigw_auth_flight_t;

/* The flight of a token; NULL: none. */
ngx_http_apigw_auth_flight_t *ngx_http_apigw_auth_flight_find(
    ngx_http_apigw_auth_introspection_t *in,
    ngx_http_apigw_auth_cache_key_t *key);

/*
 * Asks about a token. NULL: not now (the breaker is open, too many are asked,
 * no memory), *retry tells when to come again, in seconds.
 */
ngx_http_apigw_auth_flight_t *ngx_http_apigw_auth_flight_start(
    ngx_http_apigw_auth_introspection_t *in, ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_cache_key_t *key, apigw_str_t token,
    ngx_uint_t *retry);

/* Seconds until the endpoint may be asked again, 1 or more. */
ngx_uint_t ngx_http_apigw_auth_flight_retry(
    ngx_http_apigw_auth_introspection_t *in);

/* In exit_process: what nobody will wait for. */
void ngx_http_apigw_auth_flights_stop(ngx_http_apigw_auth_main_conf_t *amcf);


/* ngx_http_apigw_auth_binding.c: the holder of a token */

/*
 * Checks what the token's "cnf" names, for every request that a token comes
 * with: after its signature, or when a verdict on it was kept.
 * NGX_OK; NGX_DECLINED: *failure says why; NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_apigw_auth_binding_check(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_binding_t *rules,
    const apigw_claims_t *claims, ngx_http_apigw_auth_failure_t *failure);

/* Sets a failure; NGX_DECLINED. */
ngx_int_t ngx_http_apigw_auth_binding_fail(
    ngx_http_apigw_auth_failure_t *failure, ngx_http_apigw_auth_failure_e kind,
    const char *word);


/* ngx_http_apigw_auth_proof.c: DPoP */

/* The proof of the request, by the key of that thumbprint; results as above. */
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

/* Checks them together, once the block is read. */
char *ngx_http_apigw_auth_binding_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_http_apigw_auth_binding_t *binding);


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
