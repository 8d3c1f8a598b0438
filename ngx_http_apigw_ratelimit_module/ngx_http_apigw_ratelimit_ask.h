
/*
 * A question to Redis: one script call, for one request or for several that
 * ask the same.
 */


#ifndef _NGX_HTTP_APIGW_RATELIMIT_ASK_H_INCLUDED_
#define _NGX_HTTP_APIGW_RATELIMIT_ASK_H_INCLUDED_


#include "ngx_http_apigw_ratelimit.h"


#pragma GCC visibility push(hidden)


#define NGX_HTTP_APIGW_RATELIMIT_HEAD    3        /* integers before policies */
#define NGX_HTTP_APIGW_RATELIMIT_ANSWER  4        /* integers per policy */
#define NGX_HTTP_APIGW_RATELIMIT_LEASE_FIELDS  5  /* arguments of a lease */

#define NGX_HTTP_APIGW_RATELIMIT_REPLY                                        \
    (NGX_HTTP_APIGW_RATELIMIT_HEAD                                            \
     + NGX_HTTP_APIGW_RATELIMIT_MAX * NGX_HTTP_APIGW_RATELIMIT_ANSWER)


/* What a lease is asked for; nothing here is the request's own. */

typedef struct {
    ngx_http_apigw_ratelimit_item_t     item;
    apigw_lease_ask_t                   ask;
} ngx_http_apigw_ratelimit_lease_t;


struct ngx_http_apigw_ratelimit_ask_s {
    ngx_http_apigw_redis_cmd_t          cmd;
    ngx_pool_t                         *pool;
    ngx_http_apigw_ratelimit_store_t   *store;
    apigw_siphash_t                     digest;   /* of what is asked */
    ngx_uint_t                          npolicies;
    ngx_uint_t                          n;        /* requests, once sent */
    ngx_str_t                          *count;    /* the argument for n */
    ngx_msec_t                          ends;     /* the wait, once sent */
    ngx_queue_t                         queue;    /* of all asks */
    ngx_queue_t                         bucket;   /* of those to join */
    ngx_queue_t                         waits;
    ngx_http_apigw_ratelimit_lease_t   *lease;    /* NULL: asks for none */
    unsigned                            open:1;   /* others may join */
    unsigned                            sent:1;
    unsigned                            delivering:1;
};


/* A request's part in an ask. */

struct ngx_http_apigw_ratelimit_wait_s {
    ngx_queue_t                         queue;    /* in ask->waits */
    ngx_http_apigw_ratelimit_wait_t    *next;     /* of the same request */
    ngx_http_apigw_ratelimit_ask_t     *ask;      /* NULL: it has left */
    ngx_http_apigw_ratelimit_ctx_t     *ctx;
    ngx_uint_t                          position; /* among those who ask */
    ngx_uint_t                          late;     /* joined what was sent */
    ngx_uint_t                          nitems;
    u_char                              items[NGX_HTTP_APIGW_RATELIMIT_MAX];
};


/* ngx_http_apigw_ratelimit_ask.c: the command */

/* Tells what is asked from all else. */
apigw_siphash_t ngx_http_apigw_ratelimit_ask_digest(
    ngx_http_apigw_ratelimit_item_t **items, ngx_uint_t n);


/*
 * Makes the command, but for the number of requests (`count`), in a pool of
 * its own, ask->pool; `operation` is "take", "lease", a take of one policy, or
 * "adjust", which gives back what was charged. What a lease adds to the
 * arguments is left out, but has room. NULL: no memory, or OpenSSL failed.
 */
ngx_http_apigw_ratelimit_ask_t *ngx_http_apigw_ratelimit_create_ask(
    ngx_http_apigw_ratelimit_store_t *store, const char *operation,
    ngx_http_apigw_ratelimit_item_t **items, ngx_uint_t n);


/* Writes a number as an argument. */
ngx_int_t ngx_http_apigw_ratelimit_ask_number(ngx_pool_t *pool,
    ngx_str_t *arg, uint64_t n);


/* ngx_http_apigw_ratelimit_redis.c: asks */

/*
 * Joins who asks the same, or makes the ask; `wait` may be NULL. NGX_ERROR: no
 * memory.
 */
ngx_int_t ngx_http_apigw_ratelimit_join(
    ngx_http_apigw_ratelimit_item_t **items, ngx_uint_t n, ngx_msec_t left,
    ngx_http_apigw_ratelimit_wait_t *wait);

void ngx_http_apigw_ratelimit_destroy_ask(ngx_http_apigw_ratelimit_ask_t *ask);

/* Sends a command that nobody waits for; it is destroyed when it ends. */
void ngx_http_apigw_ratelimit_send_adjust(ngx_http_apigw_ratelimit_ask_t *ask);


/* ngx_http_apigw_ratelimit_wait.c: requests that wait */

/* Asks for a lease ahead of need, unless that has been done. */
void ngx_http_apigw_ratelimit_refill(ngx_http_apigw_ratelimit_item_t *item);

/*
 * Who joined a lease that was under way spends of it, if there is enough, else
 * asks; NGX_AGAIN: it waits on. For no longer than it may.
 */
ngx_int_t ngx_http_apigw_ratelimit_wait_again(
    ngx_http_apigw_ratelimit_wait_t *wait, ngx_uint_t answered);


/* ngx_http_apigw_ratelimit_lease.c */

/* Copies what an item says, texts included, into a pool. */
ngx_int_t ngx_http_apigw_ratelimit_lease_copy(ngx_pool_t *pool,
    ngx_http_apigw_ratelimit_item_t *to,
    const ngx_http_apigw_ratelimit_item_t *from);

/* NGX_OK: spent; NGX_DECLINED: there is too little. */
ngx_int_t ngx_http_apigw_ratelimit_take_lease(
    ngx_http_apigw_ratelimit_item_t *item);

/*
 * The command is about to go: tells Redis what is here. NGX_DECLINED: another
 * lease is under way, this is a plain take; NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_apigw_ratelimit_lease_begin(
    ngx_http_apigw_ratelimit_ask_t *ask);

/* Writes which node asks, and when; returns where further arguments go. */
ngx_str_t *ngx_http_apigw_ratelimit_lease_node(
    ngx_http_apigw_ratelimit_ask_t *ask, ngx_http_apigw_ratelimit_item_t *item,
    uint64_t seq);

/*
 * The reply, which is changed to one that says nothing of the lease; NGX_ERROR
 * if it makes no sense.
 */
ngx_int_t ngx_http_apigw_ratelimit_lease_granted(
    ngx_http_apigw_ratelimit_ask_t *ask, int64_t *values);

/* How long a command is waited for, in ticks. */
uint64_t ngx_http_apigw_ratelimit_lease_timeout(
    ngx_http_apigw_ratelimit_item_t *item);


/* ngx_http_apigw_ratelimit_answer.c: the reply */

/* Reads integers, at most NGX_HTTP_APIGW_RATELIMIT_REPLY; 0: no verdict. */
ngx_uint_t ngx_http_apigw_ratelimit_read_reply(
    ngx_http_apigw_ratelimit_ask_t *ask,
    const ngx_http_apigw_redis_result_t *result, int64_t *values);

/*
 * Makes the waiter's items DECIDED; they stay FAILED if the verdict makes no
 * sense.
 */
void ngx_http_apigw_ratelimit_answer(ngx_http_apigw_ratelimit_wait_t *wait,
    int64_t *values);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_RATELIMIT_ASK_H_INCLUDED_ */
