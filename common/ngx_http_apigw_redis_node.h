
/*
 * What the Redis client's files share; senders include ngx_http_apigw_redis.h.
 */


#ifndef _NGX_HTTP_APIGW_REDIS_NODE_H_INCLUDED_
#define _NGX_HTTP_APIGW_REDIS_NODE_H_INCLUDED_


#include "ngx_http_apigw_redis.h"
#include "ngx_http_apigw_tls.h"

#include "apigw_resp_breaker.h"
#include "apigw_resp_queue.h"
#include "apigw_resp_slots.h"


#pragma GCC visibility push(hidden)


/* Bytes of a line about TLS: nginx's, and ours that quotes it. */
#define NGX_HTTP_APIGW_REDIS_HEARD   256
#define NGX_HTTP_APIGW_REDIS_FAULT   384

/* Of them, how many are told before a connection comes about. */
#define NGX_HTTP_APIGW_REDIS_FAULTS  4


typedef struct ngx_http_apigw_redis_node_s      ngx_http_apigw_redis_node_t;
typedef struct ngx_http_apigw_redis_cluster_s   ngx_http_apigw_redis_cluster_t;
typedef struct ngx_http_apigw_redis_sentinel_s  ngx_http_apigw_redis_sentinel_t;


/* Where a server is: an address, or a name to ask the resolver for. */

typedef struct {
    ngx_str_t                      text;         /* for messages */
    ngx_str_t                      name;         /* without the port */
    ngx_str_t                      host;         /* empty: addr is set */
    in_port_t                      port;
    ngx_addr_t                     addr;
} ngx_http_apigw_redis_server_t;


/* One that was learnt from another server, with the bytes it refers to. */

typedef struct {
    ngx_http_apigw_redis_server_t  server;
    ngx_sockaddr_t                 sockaddr;
    u_char                         bytes[APIGW_RESP_MAX_HOST
                                         + sizeof("[]:65535")];
} ngx_http_apigw_redis_learnt_t;


/* What the configured servers are. */

typedef enum {
    NGX_HTTP_APIGW_REDIS_SINGLE = 0,
    NGX_HTTP_APIGW_REDIS_SENTINEL,
    NGX_HTTP_APIGW_REDIS_CLUSTER
} ngx_http_apigw_redis_kind_e;


struct ngx_http_apigw_redis_script_s {
    ngx_str_t                      source;
    ngx_str_t                      sha;          /* 40 hexadecimal digits */
};


/*
 * One block. Read-only after start-up, save for what is the worker's own: one
 * of `node` and `cluster`.
 */

struct ngx_http_apigw_redis_s {
    const ngx_http_apigw_redis_owner_t  *owner;

    ngx_str_t                      name;
    ngx_str_t                      block;        /* for messages */
    ngx_str_t                      file;
    ngx_uint_t                     line;

    ngx_http_apigw_redis_kind_e    kind;
    ngx_http_apigw_redis_server_t *servers;      /* NULL: none given yet */
    ngx_uint_t                     nservers;
    ngx_str_t                      where;        /* them, as configured */
    ngx_str_t                      master;       /* what Sentinel calls it */
    ngx_resolver_t                *resolver;     /* NULL: none */

    ngx_str_t                      username;
    ngx_str_t                      password;
    ngx_str_t                      sentinel_password;
    ngx_str_t                      secret;
    ngx_str_t                      prefix;
    ngx_int_t                      database;
    ngx_int_t                      queue;

    ngx_msec_t                     connect_timeout;
    ngx_msec_t                     timeout;
    ngx_msec_t                     reply_timeout;

    apigw_resp_breaker_conf_t      breaker;
    unsigned                       breaker_set:1;

    ngx_flag_t                     plain;        /* of a guarded store */
    ngx_flag_t                     tls_on;
    ngx_http_apigw_tls_t           tls;

    ngx_array_t                    scripts;      /* of pointers */

    const ngx_http_apigw_redis_observer_t  *observer;  /* or NULL */
    void                          *observer_data;

    ngx_http_apigw_redis_node_t     *node;       /* this worker's; or NULL */
    ngx_http_apigw_redis_cluster_t  *cluster;
};


/* The handshake, in this order; what a store does not need is left out. */

typedef enum {
    NGX_HTTP_APIGW_REDIS_AUTH = 0,
    NGX_HTTP_APIGW_REDIS_SELECT,
    NGX_HTTP_APIGW_REDIS_SETNAME,
    NGX_HTTP_APIGW_REDIS_ROLE,
    NGX_HTTP_APIGW_REDIS_LOAD
} ngx_http_apigw_redis_step_e;


typedef struct {
    ngx_http_apigw_redis_step_e           kind;
    const ngx_http_apigw_redis_script_t  *script;
} ngx_http_apigw_redis_step_t;


/* What a node is to its store. */

typedef enum {
    NGX_HTTP_APIGW_REDIS_DATA = 0,
    NGX_HTTP_APIGW_REDIS_MASTER,         /* found through Sentinel */
    NGX_HTTP_APIGW_REDIS_ASKER           /* a Sentinel, for one question */
} ngx_http_apigw_redis_role_e;


/*
 * One server as one worker sees it.
 *
 * IDLE       -> RESOLVING   a command is there, or the worker starts
 * RESOLVING  -> CONNECTING  Sentinel has told, the name has an address; an
 *                           address starts here
 * CONNECTING -> TLS         connected, with `tls on`
 * CONNECTING -> HANDSHAKE   connected; AUTH, SELECT ... sent
 * TLS        -> HANDSHAKE   the server's certificate is good; the same
 * HANDSHAKE  -> READY       every answer was good: commands may go
 * any        -> PAUSED      the attempt failed or the connection was lost
 * PAUSED     -> RESOLVING   the pause is over
 * READY      -> IDLE        nothing to do in a worker that exits
 *
 * Commands are accepted unless the last attempt failed or the breaker is not
 * closed; until READY they wait in the queue. A handler may send and cancel,
 * but nothing it can call closes the connection.
 */

typedef enum {
    NGX_HTTP_APIGW_REDIS_IDLE = 0,
    NGX_HTTP_APIGW_REDIS_RESOLVING,
    NGX_HTTP_APIGW_REDIS_CONNECTING,
    NGX_HTTP_APIGW_REDIS_TLS,
    NGX_HTTP_APIGW_REDIS_HANDSHAKE,
    NGX_HTTP_APIGW_REDIS_READY,
    NGX_HTTP_APIGW_REDIS_PAUSED
} ngx_http_apigw_redis_state_e;


struct ngx_http_apigw_redis_node_s {
    /* a timer's data must look like a connection to the debug log */
    void                          *dummy[3];
    ngx_int_t                      ident;

    ngx_pool_t                    *pool;         /* the node's own */
    ngx_http_apigw_redis_t        *store;
    ngx_log_t                     *log;
    ngx_http_apigw_redis_state_e   state;
    ngx_http_apigw_redis_role_e    role;

    ngx_http_apigw_redis_server_t  *server;
    ngx_http_apigw_redis_learnt_t    learnt;     /* where `server` may point */
    ngx_http_apigw_redis_sentinel_t *sentinel;   /* a MASTER's */

    ngx_connection_t              *connection;
    ngx_resolver_ctx_t            *resolving;
    ngx_sockaddr_t                 sockaddr;     /* the resolved one */
    ngx_uint_t                     attempts;     /* picks among addresses */

    apigw_resp_reader_t           *reader;
    apigw_resp_queue_t            *queue;
    apigw_resp_breaker_t           breaker;
    apigw_resp_backoff_t           backoff;

    ngx_event_t                    flush;        /* posted once per turn */
    ngx_event_t                    attempt;      /* its end, or the pause's */
    ngx_event_t                    overdue;      /* the earliest deadline */
    ngx_event_t                    owed;         /* the oldest reply's limit */
    ngx_event_t                    probe;        /* the breaker's open time */

    /* bytes of the stream that have not been written yet */
    u_char                        *out;
    size_t                         out_size;
    size_t                         out_pos;
    size_t                         out_last;

    ngx_str_t                      hello;        /* the whole handshake */
    ngx_http_apigw_redis_step_t   *steps;
    ngx_uint_t                     nsteps;
    ngx_uint_t                     step;

    ngx_msec_t                     since;        /* of READY */
    ngx_uint_t                     session;      /* its number, in a worker */
    ngx_msec_t                     full;         /* when it was last logged */
    uint32_t                       ticket;

    /* until READY: what nginx says of TLS, and digests of what was told */
    ngx_log_t                      tls_log;
    u_char                         heard[NGX_HTTP_APIGW_REDIS_HEARD];
    size_t                         heard_len;
    uint32_t                       faults[NGX_HTTP_APIGW_REDIS_FAULTS];
    ngx_uint_t                     nfaults;

    ngx_http_apigw_redis_cmd_t     ping;
    ngx_str_t                      ping_argv;

    ngx_msec_t                     used;         /* in a Cluster: when last */

    unsigned                       proven:1;     /* a reply was good */
    unsigned                       refused:1;    /* logged, once */
    unsigned                       mapped:1;     /* has slots of the Cluster */
};


/* ngx_http_apigw_redis.c */

/* ngx_http_apigw_redis_send(), unobserved. */
ngx_int_t ngx_http_apigw_redis_pass(ngx_http_apigw_redis_t *store,
    ngx_http_apigw_redis_cmd_t *cmd);


/* ngx_http_apigw_redis_observe.c */

void ngx_http_apigw_redis_observe_ended(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result);
void ngx_http_apigw_redis_observe_breaker(ngx_http_apigw_redis_t *store,
    ngx_int_t change);


/* ngx_http_apigw_redis_node.c: life, timers and breaker of a node */

/* `server` is copied by reference; NULL: to be set before it connects. */
ngx_http_apigw_redis_node_t *ngx_http_apigw_redis_node_create(
    ngx_http_apigw_redis_t *store, ngx_http_apigw_redis_role_e role,
    ngx_http_apigw_redis_server_t *server);

/* Never from below one of the node's own handlers. Runs no handler. */
void ngx_http_apigw_redis_node_destroy(ngx_http_apigw_redis_node_t *node);

ngx_msec_t ngx_http_apigw_redis_node_retry_after(
    ngx_http_apigw_redis_node_t *node);

/* Whether commands are accepted. */
ngx_uint_t ngx_http_apigw_redis_node_usable(ngx_http_apigw_redis_node_t *node);

/* The connection is ready. Runs handlers if it breaks at once. */
void ngx_http_apigw_redis_node_ready(ngx_http_apigw_redis_node_t *node);

/*
 * Closes the connection or gives up the attempt, ends what was in flight and
 * plans the next attempt. `failed`: this one came to nothing. Runs handlers.
 */
void ngx_http_apigw_redis_node_lost(ngx_http_apigw_redis_node_t *node,
    ngx_uint_t failed);

/* Makes the timer of the earliest deadline fire at `deadline` or before. */
void ngx_http_apigw_redis_node_arm(ngx_http_apigw_redis_node_t *node,
    ngx_msec_t deadline);

/*
 * Sets timers and flags after the queue has changed; the last thing an event
 * does, as a worker that exits closes an idle connection here.
 */
void ngx_http_apigw_redis_node_settle(ngx_http_apigw_redis_node_t *node);


/* ngx_http_apigw_redis_log.c */

/* Logs with the store's name and the server's address. */
void ngx_cdecl ngx_http_apigw_redis_node_log(ngx_http_apigw_redis_node_t *node,
    ngx_uint_t level, ngx_err_t err, const char *fmt, ...);

/*
 * Makes an error's text fit for the log: at most `size` bytes, printable;
 * it comes from a server that may not be what it seems.
 */
ngx_str_t ngx_http_apigw_redis_printable(const redisReply *reply, u_char *buf,
    size_t size);


/* ngx_http_apigw_redis_command.c: from send() to the handler */

/* Makes a command ready to be passed on; NGX_DECLINED: it is pending. */
ngx_int_t ngx_http_apigw_redis_command_init(ngx_http_apigw_redis_t *store,
    ngx_http_apigw_redis_cmd_t *cmd);

/* Gives a command to a node. NGX_DECLINED: it takes none, or not this one. */
ngx_int_t ngx_http_apigw_redis_command_pass(ngx_http_apigw_redis_node_t *node,
    ngx_http_apigw_redis_cmd_t *cmd);

/* Both. */
ngx_int_t ngx_http_apigw_redis_command_send(ngx_http_apigw_redis_node_t *node,
    ngx_http_apigw_redis_cmd_t *cmd);

/* Runs the handler. */
void ngx_http_apigw_redis_command_finish(ngx_http_apigw_redis_cmd_t *cmd,
    ngx_http_apigw_redis_outcome_e outcome, apigw_resp_class_e class,
    const redisReply *reply);

void ngx_http_apigw_redis_command_cancel(ngx_http_apigw_redis_node_t *node,
    ngx_http_apigw_redis_cmd_t *cmd);

/* Gives a reply to its command. NGX_ERROR: the connection is gone. */
ngx_int_t ngx_http_apigw_redis_command_reply(
    ngx_http_apigw_redis_node_t *node, redisReply *reply);

/* Ends commands, or sends them again, after the connection was closed. */
void ngx_http_apigw_redis_command_fail(ngx_http_apigw_redis_node_t *node);

/* Ends the commands whose time is over. */
void ngx_http_apigw_redis_command_expire(ngx_http_apigw_redis_node_t *node);


/* ngx_http_apigw_redis_probe.c: the breaker */

void ngx_http_apigw_redis_probe_init(ngx_http_apigw_redis_node_t *node);
void ngx_http_apigw_redis_probe_handler(ngx_event_t *ev);

/* Counts a command's outcome. */
void ngx_http_apigw_redis_probe_count(ngx_http_apigw_redis_node_t *node,
    ngx_uint_t ok);

/* Sets the timer of the next probe if the breaker is open. */
void ngx_http_apigw_redis_probe_arm(ngx_http_apigw_redis_node_t *node);


/* ngx_http_apigw_redis_connection.c: addresses and sockets */

void ngx_http_apigw_redis_connect(ngx_http_apigw_redis_node_t *node);

/* The same once `server` is where to. */
void ngx_http_apigw_redis_connect_server(ngx_http_apigw_redis_node_t *node);

/* Whether a connection in progress has come about; logs if not. */
ngx_int_t ngx_http_apigw_redis_test_connect(ngx_connection_t *c);

/* Sets the handlers of a connection whose stream is ours. */
void ngx_http_apigw_redis_watch(ngx_http_apigw_redis_node_t *node);

/* Begins the stream. Runs handlers when the connection is broken. */
void ngx_http_apigw_redis_begin(ngx_http_apigw_redis_node_t *node);

/* Closes the socket or the look-up, quietly. */
void ngx_http_apigw_redis_disconnect(ngx_http_apigw_redis_node_t *node);


/* ngx_http_apigw_redis_tls.c: `tls on` */

/* Checks the parameters together; what is wrong has been logged. */
ngx_int_t ngx_http_apigw_redis_tls_conf(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store);

/* Tells of a fault, once until READY; `detail` may be NULL. */
void ngx_http_apigw_redis_tls_fault(ngx_http_apigw_redis_node_t *node,
    const char *fault, const char *detail);

#if (NGX_HTTP_SSL)

/* Shakes hands on a connection, then begins. Runs handlers if it fails. */
void ngx_http_apigw_redis_tls_start(ngx_http_apigw_redis_node_t *node);

/* The connection is ready: the log is its own again. */
void ngx_http_apigw_redis_tls_ready(ngx_http_apigw_redis_node_t *node);

/* Ends TLS, and tells what was wrong with it. */
void ngx_http_apigw_redis_tls_end(ngx_http_apigw_redis_node_t *node);

#endif


/* ngx_http_apigw_redis_stream.c: bytes out and in */

void ngx_http_apigw_redis_read_handler(ngx_event_t *rev);

/* Sends what the queue holds. Runs handlers when the connection is broken. */
void ngx_http_apigw_redis_write(ngx_http_apigw_redis_node_t *node);

/* Room for `size` bytes in the output buffer, which must be empty. */
ngx_int_t ngx_http_apigw_redis_room(ngx_http_apigw_redis_node_t *node,
    size_t size);


/* ngx_http_apigw_redis_handshake.c */

/* Formats the handshake, once per node. */
ngx_int_t ngx_http_apigw_redis_hello(ngx_http_apigw_redis_node_t *node);

/*
 * One of the handshake's replies. NGX_AGAIN: more to come; NGX_OK: the
 * server is ready; NGX_ERROR: it is not, and the reason has been logged.
 */
ngx_int_t ngx_http_apigw_redis_hello_reply(ngx_http_apigw_redis_node_t *node,
    const redisReply *reply);


/* ngx_http_apigw_redis_conf_set.c: the lines of a block */

char *ngx_http_apigw_redis_conf_line(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf);


/* ngx_http_apigw_redis_conf_server.c: `server`, `sentinel`, `cluster` */

char *ngx_http_apigw_redis_conf_server(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store, size_t kind);


/* ngx_http_apigw_redis_server.c: where servers are */

/* Notes where a server is that another one has told of. */
void ngx_http_apigw_redis_server_learn(ngx_http_apigw_redis_learnt_t *learnt,
    const apigw_str_t *host, in_port_t port);

ngx_uint_t ngx_http_apigw_redis_server_is(
    const ngx_http_apigw_redis_server_t *server, const apigw_str_t *host,
    in_port_t port);

/* Whether nobody but this host sees what is sent there. */
ngx_uint_t ngx_http_apigw_redis_server_local(
    const ngx_http_apigw_redis_server_t *server);


/* ngx_http_apigw_redis_sentinel.c: which server is the master */

ngx_http_apigw_redis_sentinel_t *ngx_http_apigw_redis_sentinel_create(
    ngx_http_apigw_redis_node_t *node);

/*
 * Asks one Sentinel after the other, beginning with another one each time;
 * then node->server is the master, and the node connects; or it is lost.
 */
void ngx_http_apigw_redis_sentinel_ask(
    ngx_http_apigw_redis_sentinel_t *sentinel);

/* Stops asking, quietly. */
void ngx_http_apigw_redis_sentinel_stop(
    ngx_http_apigw_redis_sentinel_t *sentinel);


/*
 * ngx_http_apigw_redis_secret.c: the only line of a file, without its end;
 * wiped with the pool. What is wrong with it has been logged.
 */
ngx_int_t ngx_http_apigw_redis_secret_read(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store, ngx_str_t *path, ngx_str_t *value);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_REDIS_NODE_H_INCLUDED_ */
