
/*
 * The Redis client that modules share: a store is one `apigw_<m>_redis name
 * { ... }`, with one pipelined connection per worker and node: one server, the
 * master that a Sentinel names, or the masters of a Cluster.
 *
 *     configuration   conf_block() per block, script() per script and store,
 *                     conf_end() from postconfiguration
 *     worker          init_worker() from init_process, exit_worker() from
 *                     exit_process
 *     request         send(), then the command's handler; or cancel()
 *
 * No call blocks. All commands of one event-loop turn leave in one write.
 */


#ifndef _NGX_HTTP_APIGW_REDIS_H_INCLUDED_
#define _NGX_HTTP_APIGW_REDIS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "apigw_resp.h"


#pragma GCC visibility push(hidden)


/* A command's arguments, script and ticket aside. */
#define NGX_HTTP_APIGW_REDIS_MAX_ARGS  (APIGW_RESP_MAX_ARGS - 4)

/* What ngx_http_apigw_redis_tag() writes: base64url of 128 bits. */
#define NGX_HTTP_APIGW_REDIS_TAG_LEN   22


typedef struct ngx_http_apigw_redis_s         ngx_http_apigw_redis_t;
typedef struct ngx_http_apigw_redis_script_s  ngx_http_apigw_redis_script_t;
typedef struct ngx_http_apigw_redis_cmd_s     ngx_http_apigw_redis_cmd_t;


/* Whose stores they are; in static storage. */

typedef struct {
    ngx_str_t                             module;     /* "ratelimit" */
    ngx_str_t                             prefix;     /* `prefix` by default */

    /* decides who may do what: another host takes "plain on" */
    unsigned                              guarded:1;
} ngx_http_apigw_redis_owner_t;


typedef enum {
    NGX_HTTP_APIGW_REDIS_OK = 0,
    NGX_HTTP_APIGW_REDIS_ERROR,          /* an error reply; see its class */
    NGX_HTTP_APIGW_REDIS_DOWN,           /* provably never reached the server */
    NGX_HTTP_APIGW_REDIS_INDETERMINATE   /* sent; executed or not, who knows */
} ngx_http_apigw_redis_outcome_e;


/*
 * How a command ended. `reply` is NULL unless outcome is OK or ERROR, and is
 * gone once the handler returns. `class` is APIGW_RESP_CLASS_NONE unless
 * outcome is ERROR.
 *
 * Results of one `session` came over one connection, hence from one server:
 * what that server has given to go on with means nothing to another.
 *
 * For a script, OK also means that the reply is an array and that its first
 * element is the command's ticket (see the script's contract below).
 */

typedef struct {
    ngx_http_apigw_redis_outcome_e        outcome;
    apigw_resp_class_e                    class;
    const redisReply                     *reply;
    ngx_uint_t                            session;
} ngx_http_apigw_redis_result_t;


/*
 * Runs exactly once per send() that returned NGX_OK, unless cancelled: never
 * inside send(), always from an event. It may send, cancel and finish
 * requests, and must end with ngx_http_run_posted_requests() when it
 * continued one. The command may be reused or freed from here on.
 */
typedef void (*ngx_http_apigw_redis_handler_pt)(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result);


/*
 * Told what becomes of a store's commands, in order to count: must not send,
 * cancel or log. In static storage.
 */

typedef struct {
    /* of every send() */
    void  (*sent)(void *data);

    /* and its end; none of one that is cancelled. `usec`: since send() */
    void  (*ended)(void *data, const ngx_http_apigw_redis_result_t *result,
        uint64_t usec);

    /* 1: a server's breaker has opened; -1: it has closed, or is gone */
    void  (*breaker)(void *data, ngx_int_t change);
} ngx_http_apigw_redis_observer_t;


/*
 * One command. The sender owns it, zeroes it, and keeps it and what it points
 * to unchanged until the handler runs or cancel() returns: a script may have
 * to be sent a second time.
 *
 * IDLE    -> PENDING  send() returned NGX_OK
 * PENDING -> IDLE     the handler runs, or cancel()
 */

struct ngx_http_apigw_redis_cmd_s {
    /* NULL: argv is a whole command, its name first. */
    const ngx_http_apigw_redis_script_t  *script;

    ngx_str_t                            *argv;
    ngx_uint_t                            argc;
    ngx_uint_t                            nkeys;      /* KEYS, first in argv */

    ngx_str_t                             slot_key;   /* routes in a Cluster */
    ngx_msec_t                            timeout;    /* 0: the store's */

    ngx_http_apigw_redis_handler_pt       handler;
    void                                 *data;

    /* sent again, once, when the connection broke before its reply */
    unsigned                              idempotent:1;

    /* the client's own */
    unsigned                              pending:1;
    unsigned                              probe:1;
    unsigned                              evaled:1;   /* sent as EVAL by now */
    unsigned                              replayed:1;
    unsigned                              moved:1;    /* redirected by now */
    unsigned                              asked:1;
    unsigned                              asking:1;   /* goes behind ASKING */
    void                                 *node;       /* NULL: in the lobby */
    void                                 *lobby;
    ngx_queue_t                           queue;      /* there */
    ngx_msec_t                            deadline;
    uint64_t                              serial;
    uint32_t                              ticket;
    ngx_http_apigw_redis_t               *observed;   /* NULL: nobody asks */
    uint64_t                              began;
};


/*
 * Reads the block that follows the directive being parsed; `name` has been
 * checked by the caller. NULL: the reason has been logged.
 */
ngx_http_apigw_redis_t *ngx_http_apigw_redis_conf_block(ngx_conf_t *cf,
    const ngx_http_apigw_redis_owner_t *owner, const ngx_str_t *name);


/*
 * Checks what only the whole configuration tells: a host name needs `resolver`
 * in http. To be called in postconfiguration.
 */
ngx_int_t ngx_http_apigw_redis_conf_end(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store);


/*
 * Makes a script known to the store: its SHA-1 is computed here, each new
 * connection loads it. `source` must live as long as cf->pool. NULL: no
 * memory.
 *
 * Contract: ARGV[1] is a ticket the client puts in front of the sender's
 * arguments, and a script that succeeds returns an array whose first element
 * is tonumber(ARGV[1]). A reply with another ticket was meant for somebody
 * else: the connection is closed and the command ends INDETERMINATE.
 */
ngx_http_apigw_redis_script_t *ngx_http_apigw_redis_script(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store, const ngx_str_t *source);


/* At configuration time; one observer per store. */
void ngx_http_apigw_redis_observe(ngx_http_apigw_redis_t *store,
    const ngx_http_apigw_redis_observer_t *observer, void *data);


/*
 * Starts connecting, so that the first request finds a connection. Does
 * nothing in nginx's helper processes.
 */
ngx_int_t ngx_http_apigw_redis_init_worker(ngx_cycle_t *cycle,
    ngx_http_apigw_redis_t *store);


/* Closes without running any handler. */
void ngx_http_apigw_redis_exit_worker(ngx_http_apigw_redis_t *store);


/*
 * NGX_OK        queued; the handler will run
 * NGX_DECLINED  DOWN: the last attempt to connect failed, the breaker is open,
 *               the queue is full, or memory is out; the handler won't run
 */
ngx_int_t ngx_http_apigw_redis_send(ngx_http_apigw_redis_t *store,
    ngx_http_apigw_redis_cmd_t *cmd);


/*
 * Forgets a command; its handler won't run. A command that has been sent may
 * execute all the same. No effect on one that is not pending.
 */
void ngx_http_apigw_redis_cancel(ngx_http_apigw_redis_cmd_t *cmd);


/*
 * Milliseconds until the store is tried again: the next attempt to connect, to
 * find the nodes, or the breaker's probe; 0 when it can be used now.
 */
ngx_msec_t ngx_http_apigw_redis_retry_after(ngx_http_apigw_redis_t *store);


const ngx_str_t *ngx_http_apigw_redis_name(ngx_http_apigw_redis_t *store);
const ngx_str_t *ngx_http_apigw_redis_prefix(ngx_http_apigw_redis_t *store);


/* Whether it is a Cluster, where the keys of one command share a slot. */
ngx_uint_t ngx_http_apigw_redis_is_cluster(ngx_http_apigw_redis_t *store);


/* A digest of where the data are: servers, database, prefix. */
uint64_t ngx_http_apigw_redis_place(ngx_http_apigw_redis_t *store);


/* `timeout`: the longest wait of a request, in milliseconds. */
ngx_msec_t ngx_http_apigw_redis_timeout(ngx_http_apigw_redis_t *store);


/* `reply_timeout`: the longest wait of a connection, in milliseconds. */
ngx_msec_t ngx_http_apigw_redis_reply_timeout(ngx_http_apigw_redis_t *store);


/*
 * What stands for `len` bytes of a key or group in Redis: base64url of the
 * first 128 bits of SHA-256, or of HMAC-SHA-256 where the store has a
 * `secret_file`. NGX_ERROR: OpenSSL failed.
 */
ngx_int_t ngx_http_apigw_redis_tag(ngx_http_apigw_redis_t *store,
    const u_char *data, size_t len,
    u_char tag[NGX_HTTP_APIGW_REDIS_TAG_LEN]);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_REDIS_H_INCLUDED_ */
