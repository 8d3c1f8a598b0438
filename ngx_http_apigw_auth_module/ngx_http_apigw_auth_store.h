
/*
 * Part of ngx_http_apigw_auth.h: apigw_key_store, and what else is kept in
 * images or in Redis.
 */


#ifndef _NGX_HTTP_APIGW_AUTH_STORE_H_INCLUDED_
#define _NGX_HTTP_APIGW_AUTH_STORE_H_INCLUDED_


#include "ngx_http_apigw_redis.h"

#include "apigw_keyfile.h"
#include "apigw_table.h"


#pragma GCC visibility push(hidden)


#define NGX_HTTP_APIGW_AUTH_STORE_POLL      5000
#define NGX_HTTP_APIGW_AUTH_KEYS_MAX_SIZE   ((size_t) 1024 * 1024 * 1024)
#define NGX_HTTP_APIGW_AUTH_HALF_MIN        ((size_t) 1024 * 1024)


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


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_AUTH_STORE_H_INCLUDED_ */
