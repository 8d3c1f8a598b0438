
/*
 * Part of ngx_http_apigw_auth.h: apigw_key_store, and what else is kept in
 * images or in Redis.
 */


#ifndef _NGX_HTTP_APIGW_AUTH_STORE_H_INCLUDED_
#define _NGX_HTTP_APIGW_AUTH_STORE_H_INCLUDED_


#include "ngx_http_apigw_redis.h"

#include "apigw_key_record.h"
#include "apigw_keyfile.h"
#include "apigw_table.h"


#pragma GCC visibility push(hidden)


#define NGX_HTTP_APIGW_AUTH_STORE_POLL      5000
#define NGX_HTTP_APIGW_AUTH_KEYS_MAX_SIZE   ((size_t) 1024 * 1024 * 1024)
#define NGX_HTTP_APIGW_AUTH_IMAGE_MIN       ((size_t) 32 * 1024)
#define NGX_HTTP_APIGW_AUTH_HALF_MIN        ((size_t) 1024 * 1024)
#define NGX_HTTP_APIGW_AUTH_LOOKUP_BUCKETS  256
#define NGX_HTTP_APIGW_AUTH_LOOKUP_ASKS     3    /* digests of a key */


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
    size_t                           spare;      /* bytes of the half that is
                                                    not read, with pages */
    ngx_msec_t                       ended;      /* when it was last made */
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


/* What goes wrong with keys in Redis; each is logged once in a while. */

typedef enum {
    NGX_HTTP_APIGW_AUTH_LOOKUP_SILENT = 0,
    NGX_HTTP_APIGW_AUTH_LOOKUP_DENIED,
    NGX_HTTP_APIGW_AUTH_LOOKUP_ELSEWHERE,
    NGX_HTTP_APIGW_AUTH_LOOKUP_ERROR,
    NGX_HTTP_APIGW_AUTH_LOOKUP_MANY,
    NGX_HTTP_APIGW_AUTH_LOOKUP_MEMORY,
    NGX_HTTP_APIGW_AUTH_LOOKUP_RECORD,           /* one that is none */
    NGX_HTTP_APIGW_AUTH_LOOKUP_FAULTS
} ngx_http_apigw_auth_lookup_fault_e;


/* A store's keys in Redis. */

typedef struct {
    ngx_str_t                        name;       /* of the block; "": none */
    ngx_http_apigw_auth_place_t      place;
    ngx_http_apigw_redis_t          *redis;
    ngx_str_t                        prefix;     /* of the names of hashes */
    time_t                           ttl;        /* of records, seconds */
    time_t                           negative_ttl;       /* of there being
                                                            none */
    time_t                           stale;      /* beyond `ttl` while Redis
                                                    fails; 0: never */
    u_char                           fingerprint[
                                         NGX_HTTP_APIGW_AUTH_FINGERPRINT];

    /* not configuration: of this process */
    ngx_queue_t                      lookups[
                                         NGX_HTTP_APIGW_AUTH_LOOKUP_BUCKETS];
    ngx_uint_t                       asking;
    time_t                           said[NGX_HTTP_APIGW_AUTH_LOOKUP_FAULTS];
} ngx_http_apigw_auth_source_t;


typedef struct {
    ngx_str_t                        name;       /* first */
    ngx_str_t                        prefix;
    ngx_array_t                     *carriers;   /* of _carrier_t */
    u_char                           peppers[2][APIGW_KEY_PEPPER];
    size_t                           npeppers;
    size_t                           size;       /* of the zone; 0: auto */
    ngx_http_apigw_auth_image_t      image;      /* if there is a file */
    ngx_http_apigw_auth_source_t     source;     /* asked after the file */

    /* not configuration: what the last look at the file came to */
    ngx_http_apigw_auth_watch_t      watch;
    apigw_rc_t                       loaded;
    apigw_error_t                    err;
    size_t                           line;       /* 0: of no line */
    size_t                           needed;
} ngx_http_apigw_auth_store_t;


/* ngx_http_apigw_auth_store.c: apigw_key_store */

char *ngx_http_apigw_auth_store_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

ngx_uint_t ngx_http_apigw_auth_carrier_is(ngx_http_apigw_auth_carrier_t *a,
    ngx_http_apigw_auth_carrier_t *b);


/* ngx_http_apigw_auth_store_redis.c: a store's keys in Redis, configured */

/* What there is without parameters. */
void ngx_http_apigw_auth_source_init(ngx_http_apigw_auth_source_t *source);

/* The parameters "redis" and those that begin so. */
char *ngx_http_apigw_auth_source_name(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
char *ngx_http_apigw_auth_source_time(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
char *ngx_http_apigw_auth_source_on_error(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);

/* When the block is read: whether these fit together. */
char *ngx_http_apigw_auth_source_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block);

/* Finds the Redis that stores name, once all blocks are read. */
ngx_int_t ngx_http_apigw_auth_stores_resolve(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf);


/* ngx_http_apigw_auth_image.c: an image in shared memory */

/* Reads a parameter "size": "auto", which is 0, or bytes; NGX_ERROR. */
ngx_int_t ngx_http_apigw_auth_image_size(ngx_str_t *value, size_t *size);

/*
 * Sets `half` as that parameter says, for `first_size` bytes. NGX_DECLINED: it
 * leaves no room for them.
 */
ngx_int_t ngx_http_apigw_auth_image_fit(ngx_http_apigw_auth_image_t *image,
    size_t size);

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

/* The spare half gives its pages back, some at a time. */
void ngx_http_apigw_auth_image_trim(ngx_http_apigw_auth_image_t *image);

/* The half in force. */
u_char *ngx_http_apigw_auth_image_half(ngx_http_apigw_auth_image_t *image,
    size_t *size);

/* Which state of a file was read last: tells it, and trims; sets it. */
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
 * Looks a key of good form up by its digests.
 * APIGW_EINPUT key_unknown; APIGW_EUNSUPPORTED key_store_unavailable;
 * APIGW_ENOMEM
 */
apigw_rc_t ngx_http_apigw_auth_table_find(ngx_http_apigw_auth_store_t *store,
    apigw_arena_t *arena, apigw_str_t text, apigw_key_t *key,
    apigw_error_t *err);


/* ngx_http_apigw_auth_key.c: one key */

/*
 * The digest of a key that is tried as number `i`: the plain one, then one for
 * each pepper. NGX_ERROR: OpenSSL failed.
 */
ngx_int_t ngx_http_apigw_auth_key_digest(ngx_http_apigw_auth_store_t *store,
    apigw_str_t text, ngx_uint_t i, u_char *digest, apigw_key_digest_e *kind);


/* ngx_http_apigw_auth_key_redis.c: what Redis says of a key, or has said */

/*
 * Looks a key of good form up in Redis.
 * APIGW_AGAIN: when ctx->waiters are woken; APIGW_EINPUT key_unknown;
 * APIGW_EUNSUPPORTED key_store_unavailable, with the result's retry;
 * APIGW_ENOMEM
 */
apigw_rc_t ngx_http_apigw_auth_key_redis_find(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result,
    ngx_http_apigw_auth_store_t *store, apigw_key_t *key, apigw_error_t *err);


/* ngx_http_apigw_auth_lookup.c: keys that Redis is asked for */

/*
 * How it stands.
 *
 * ASKING -> FOUND, NONE, FAULTY, FAILED   Redis answered or not: who waits is
 *                                         resumed and finds the outcome here
 * FOUND, NONE, FAULTY, FAILED             all were resumed: it is gone
 */

typedef enum {
    NGX_HTTP_APIGW_AUTH_LOOKUP_ASKING = 0,
    NGX_HTTP_APIGW_AUTH_LOOKUP_FOUND,
    NGX_HTTP_APIGW_AUTH_LOOKUP_NONE,
    NGX_HTTP_APIGW_AUTH_LOOKUP_FAULTY,           /* a record, not a good one */
    NGX_HTTP_APIGW_AUTH_LOOKUP_FAILED
} ngx_http_apigw_auth_lookup_state_e;

typedef struct ngx_http_apigw_auth_lookup_s  ngx_http_apigw_auth_lookup_t;

/* The question for one digest. */

typedef struct {
    ngx_http_apigw_redis_cmd_t       cmd;
    ngx_str_t                        argv[2];
    apigw_key_digest_e               kind;
    ngx_http_apigw_auth_lookup_state_e  state;
    apigw_str_t                      record;     /* packed */
    ngx_http_apigw_auth_lookup_t    *lookup;
} ngx_http_apigw_auth_ask_t;

struct ngx_http_apigw_auth_lookup_s {
    ngx_queue_t                      queue;      /* of a bucket */
    ngx_http_apigw_auth_store_t     *store;
    ngx_http_apigw_auth_zone_t      *zone;
    ngx_http_apigw_auth_cache_key_t  key;
    ngx_http_apigw_auth_lookup_state_e  state;
    apigw_str_t                      record;     /* packed, if found */
    ngx_http_apigw_auth_ask_t        asks[NGX_HTTP_APIGW_AUTH_LOOKUP_ASKS];
    ngx_uint_t                       nasks;
    ngx_uint_t                       pending;    /* of them */
    ngx_http_apigw_auth_waiters_t    waiters;
    apigw_heap_t                     heap;       /* has the records */
};

/* The look-up of a key; NULL: none. */
ngx_http_apigw_auth_lookup_t *ngx_http_apigw_auth_lookup_find(
    ngx_http_apigw_auth_store_t *store, ngx_http_apigw_auth_cache_key_t *key);

/*
 * Asks for a key. NGX_DECLINED: Redis cannot be asked now; NGX_BUSY: too many
 * keys are asked for, or its queue is full; NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_apigw_auth_lookup_start(ngx_http_apigw_auth_store_t *store,
    ngx_http_apigw_auth_zone_t *zone, ngx_http_apigw_auth_cache_key_t *key,
    apigw_str_t text, ngx_http_apigw_auth_lookup_t **started);

/* In exit_process: what nobody will wait for; of one store. */
void ngx_http_apigw_auth_lookups_stop(ngx_http_apigw_auth_main_conf_t *amcf);
void ngx_http_apigw_auth_lookups_drop(ngx_http_apigw_auth_store_t *store);


/* ngx_http_apigw_auth_lookup_answer.c: what Redis says of one digest */

/* Sets the question's state and, if there is one, its record. */
void ngx_http_apigw_auth_lookup_answer(ngx_http_apigw_auth_ask_t *ask,
    const ngx_http_apigw_redis_result_t *result);

/* Logs a fault of Redis, once in a while. */
void ngx_http_apigw_auth_lookup_say(ngx_http_apigw_auth_store_t *store,
    ngx_http_apigw_auth_lookup_fault_e fault);


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


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_AUTH_STORE_H_INCLUDED_ */
