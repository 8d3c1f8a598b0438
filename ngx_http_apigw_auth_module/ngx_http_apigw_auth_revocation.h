
/*
 * Part of ngx_http_apigw_auth.h: apigw_revocation.
 */


#ifndef _NGX_HTTP_APIGW_AUTH_REVOCATION_H_INCLUDED_
#define _NGX_HTTP_APIGW_AUTH_REVOCATION_H_INCLUDED_


#include "ngx_http_apigw_redis.h"

#include "apigw_revocation.h"


#pragma GCC visibility push(hidden)


#define NGX_HTTP_APIGW_AUTH_POLL_TIMEOUT    1000


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
    ngx_uint_t                       session;    /* the cursor is good there */
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


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_AUTH_REVOCATION_H_INCLUDED_ */
