
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

#define NGX_HTTP_APIGW_RATELIMIT_REPLY                                        \
    (NGX_HTTP_APIGW_RATELIMIT_HEAD                                            \
     + NGX_HTTP_APIGW_RATELIMIT_MAX * NGX_HTTP_APIGW_RATELIMIT_ANSWER)


struct ngx_http_apigw_ratelimit_ask_s {
    ngx_http_apigw_redis_cmd_t          cmd;
    ngx_pool_t                         *pool;
    ngx_http_apigw_ratelimit_store_t   *store;
    apigw_siphash_t                     digest;   /* of what is asked */
    ngx_uint_t                          npolicies;
    ngx_uint_t                          n;        /* requests, once sent */
    ngx_str_t                          *count;    /* the argument for n */
    ngx_queue_t                         queue;    /* of all asks */
    ngx_queue_t                         bucket;   /* of open ones */
    ngx_queue_t                         waits;
    unsigned                            open:1;
    unsigned                            delivering:1;
};


/* A request's part in an ask. */

struct ngx_http_apigw_ratelimit_wait_s {
    ngx_queue_t                         queue;    /* in ask->waits */
    ngx_http_apigw_ratelimit_wait_t    *next;     /* of the same request */
    ngx_http_apigw_ratelimit_ask_t     *ask;      /* NULL: it has left */
    ngx_http_apigw_ratelimit_ctx_t     *ctx;
    ngx_uint_t                          position; /* among those who ask */
    ngx_uint_t                          nitems;
    u_char                              items[NGX_HTTP_APIGW_RATELIMIT_MAX];
};


/* ngx_http_apigw_ratelimit_ask.c: the command */

/* Tells what is asked from all else. */
apigw_siphash_t ngx_http_apigw_ratelimit_ask_digest(
    ngx_http_apigw_ratelimit_item_t **items, ngx_uint_t n);


/*
 * Makes the command, but for the number of requests (`count`), in a pool of
 * its own, ask->pool; `operation` is "take", or "adjust", which gives back
 * what was charged. NULL: no memory, or OpenSSL failed.
 */
ngx_http_apigw_ratelimit_ask_t *ngx_http_apigw_ratelimit_create_ask(
    ngx_http_apigw_ratelimit_store_t *store, const char *operation,
    ngx_http_apigw_ratelimit_item_t **items, ngx_uint_t n);


/* Writes a number as an argument. */
ngx_int_t ngx_http_apigw_ratelimit_ask_number(ngx_pool_t *pool,
    ngx_str_t *arg, uint64_t n);


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
