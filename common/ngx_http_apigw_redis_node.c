
#include "ngx_http_apigw_redis_cluster.h"


static void ngx_http_apigw_redis_node_events(
    ngx_http_apigw_redis_node_t *node);
static ngx_int_t ngx_http_apigw_redis_node_memory(
    ngx_http_apigw_redis_node_t *node);
static void ngx_http_apigw_redis_node_free(ngx_http_apigw_redis_node_t *node);
static void ngx_http_apigw_redis_node_event(ngx_http_apigw_redis_node_t *node,
    ngx_event_t *ev, ngx_event_handler_pt handler, ngx_uint_t cancelable);
static void ngx_http_apigw_redis_node_rest(ngx_http_apigw_redis_node_t *node);
static void ngx_http_apigw_redis_node_arm_owed(
    ngx_http_apigw_redis_node_t *node);
static void ngx_http_apigw_redis_node_flush_handler(ngx_event_t *ev);
static void ngx_http_apigw_redis_node_attempt_handler(ngx_event_t *ev);
static void ngx_http_apigw_redis_node_overdue_handler(ngx_event_t *ev);
static void ngx_http_apigw_redis_node_owed_handler(ngx_event_t *ev);


/* Connections of this worker that were ready. */

static ngx_uint_t   ngx_http_apigw_redis_sessions;


/* Indexed by ngx_http_apigw_redis_state_e. */

static const char  *ngx_http_apigw_redis_states[] = {
    "idle", "resolving", "connecting", "starting TLS", "shaking hands",
    "ready", "paused"
};


ngx_http_apigw_redis_node_t *
ngx_http_apigw_redis_node_create(ngx_http_apigw_redis_t *store,
    ngx_http_apigw_redis_role_e role, ngx_http_apigw_redis_server_t *server)
{
    ngx_pool_t                   *pool;
    ngx_http_apigw_redis_node_t  *node;

    pool = ngx_create_pool(1024, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    node = ngx_pcalloc(pool, sizeof(ngx_http_apigw_redis_node_t));
    if (node == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    node->ident = -1;
    node->full = ngx_current_msec - 1000;
    node->pool = pool;
    node->store = store;
    node->log = ngx_cycle->log;
    node->role = role;
    node->server = server;
    node->used = ngx_current_msec;

    /* a new worker must not take a reply meant for another's ticket */

    node->ticket = (uint32_t) ngx_random();

    ngx_http_apigw_redis_node_events(node);
    ngx_http_apigw_redis_probe_init(node);

    if (ngx_http_apigw_redis_node_memory(node) != NGX_OK) {
        ngx_http_apigw_redis_node_free(node);
        return NULL;
    }

    return node;
}


static void
ngx_http_apigw_redis_node_events(ngx_http_apigw_redis_node_t *node)
{
    ngx_http_apigw_redis_node_event(node, &node->flush,
                                    ngx_http_apigw_redis_node_flush_handler, 1);
    ngx_http_apigw_redis_node_event(node, &node->attempt,
                                    ngx_http_apigw_redis_node_attempt_handler,
                                    1);
    ngx_http_apigw_redis_node_event(node, &node->owed,
                                    ngx_http_apigw_redis_node_owed_handler, 1);
    ngx_http_apigw_redis_node_event(node, &node->probe,
                                    ngx_http_apigw_redis_probe_handler, 1);

    /* requests wait for this one: a worker must not exit before */

    ngx_http_apigw_redis_node_event(node, &node->overdue,
                                    ngx_http_apigw_redis_node_overdue_handler,
                                    node->role == NGX_HTTP_APIGW_REDIS_ASKER);
}


static ngx_int_t
ngx_http_apigw_redis_node_memory(ngx_http_apigw_redis_node_t *node)
{
    size_t         cap;
    apigw_arena_t  arena;

    if (ngx_http_apigw_redis_hello(node) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_apigw_arena_init(&arena, node->pool);

    cap = node->role == NGX_HTTP_APIGW_REDIS_ASKER
          ? 1 : (size_t) node->store->queue;

    node->queue = apigw_resp_queue_create(&arena, cap);
    if (node->queue == NULL) {
        return NGX_ERROR;
    }

    node->reader = apigw_resp_reader_create(&arena);
    if (node->reader == NULL) {
        return NGX_ERROR;
    }

    if (node->role == NGX_HTTP_APIGW_REDIS_MASTER) {
        node->sentinel = ngx_http_apigw_redis_sentinel_create(node);

        if (node->sentinel == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void
ngx_http_apigw_redis_node_free(ngx_http_apigw_redis_node_t *node)
{
    if (node->reader) {
        apigw_resp_reader_free(node->reader);
    }

    if (node->out) {
        ngx_free(node->out);
    }

    if (node->hello.len) {
        ngx_explicit_memzero(node->hello.data, node->hello.len);
    }

    ngx_destroy_pool(node->pool);
}


static void
ngx_http_apigw_redis_node_event(ngx_http_apigw_redis_node_t *node,
    ngx_event_t *ev, ngx_event_handler_pt handler, ngx_uint_t cancelable)
{
    ev->data = node;
    ev->handler = handler;
    ev->log = node->log;
    ev->cancelable = cancelable;
}


void
ngx_http_apigw_redis_node_destroy(ngx_http_apigw_redis_node_t *node)
{
    bool   sent;
    void  *owner;

    ngx_http_apigw_redis_disconnect(node);
    ngx_http_apigw_redis_node_rest(node);

    if (node->breaker.state != APIGW_RESP_BREAKER_CLOSED) {
        ngx_http_apigw_redis_observe_breaker(node->store, -1);
    }

    if (node->flush.posted) {
        ngx_delete_posted_event(&node->flush);
    }

    while (apigw_resp_queue_fail(node->queue, true, &owner, &sent)) {

        /* who waited is being destroyed too, and may still try to cancel */

        if (owner) {
            ((ngx_http_apigw_redis_cmd_t *) owner)->pending = 0;
        }
    }

    ngx_http_apigw_redis_node_free(node);
}


/* No timer may fire for a node that is at rest. */

static void
ngx_http_apigw_redis_node_rest(ngx_http_apigw_redis_node_t *node)
{
    ngx_uint_t    i;
    ngx_event_t  *timers[] = { &node->attempt, &node->overdue, &node->owed,
                               &node->probe };

    for (i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
        if (timers[i]->timer_set) {
            ngx_del_timer(timers[i]);
        }
    }
}


ngx_uint_t
ngx_http_apigw_redis_node_usable(ngx_http_apigw_redis_node_t *node)
{
    if (node->breaker.state != APIGW_RESP_BREAKER_CLOSED) {
        return 0;
    }

    return node->state == NGX_HTTP_APIGW_REDIS_READY
           || node->state == NGX_HTTP_APIGW_REDIS_IDLE
           || node->backoff.failed == 0;
}


ngx_msec_t
ngx_http_apigw_redis_node_retry_after(ngx_http_apigw_redis_node_t *node)
{
    ngx_msec_t      wait;
    ngx_msec_int_t  pause;

    if (ngx_http_apigw_redis_node_usable(node)) {
        return 0;
    }

    wait = (ngx_msec_t) apigw_resp_breaker_wait(&node->breaker,
                                                ngx_current_msec);

    if (node->state == NGX_HTTP_APIGW_REDIS_PAUSED && node->attempt.timer_set) {
        pause = (ngx_msec_int_t) (node->attempt.timer.key - ngx_current_msec);

        if (pause > (ngx_msec_int_t) wait) {
            wait = (ngx_msec_t) pause;
        }
    }

    return wait ? wait : 1;
}


void
ngx_http_apigw_redis_node_ready(ngx_http_apigw_redis_node_t *node)
{
    ngx_del_timer(&node->attempt);

    if (node->backoff.failed) {
        ngx_http_apigw_redis_node_log(node, NGX_LOG_NOTICE, 0,
                                      "connected again");
    }

#if (NGX_HTTP_SSL)

    if (node->store->tls_on) {
        ngx_http_apigw_redis_tls_ready(node);
    }

#endif

    node->state = NGX_HTTP_APIGW_REDIS_READY;
    node->since = ngx_current_msec;
    node->session = ++ngx_http_apigw_redis_sessions;
    node->proven = 0;
    node->refused = 0;

    /* the handshake has shown what a probe would show */

    if (apigw_resp_breaker_probe(&node->breaker, ngx_current_msec)) {
        apigw_resp_breaker_probed(&node->breaker, true, ngx_current_msec);
        ngx_http_apigw_redis_observe_breaker(node->store, -1);
        ngx_http_apigw_redis_node_log(node, NGX_LOG_NOTICE, 0,
                                      "breaker closed");

    } else {
        ngx_http_apigw_redis_probe_arm(node);
    }

    ngx_http_apigw_redis_write(node);
}


void
ngx_http_apigw_redis_node_lost(ngx_http_apigw_redis_node_t *node,
    ngx_uint_t failed)
{
    ngx_msec_t  pause;

    /* a server that accepts and drops us is as bad as one that refuses */

    if (node->state != NGX_HTTP_APIGW_REDIS_READY
        || (!node->proven
            && ngx_current_msec - node->since < APIGW_RESP_BACKOFF_MAX))
    {
        failed = 1;
    }

    ngx_http_apigw_redis_disconnect(node);

    pause = (ngx_msec_t) apigw_resp_backoff_pause(&node->backoff,
                                                  (uint64_t) ngx_random());

    if (failed) {
        apigw_resp_backoff_failed(&node->backoff);

    } else {
        apigw_resp_backoff_reset(&node->backoff);
    }

    node->state = NGX_HTTP_APIGW_REDIS_PAUSED;

    if (node->attempt.timer_set) {
        ngx_del_timer(&node->attempt);
    }

    ngx_add_timer(&node->attempt, pause);

    if (node->store->cluster && node->mapped && !ngx_exiting) {
        ngx_http_apigw_redis_slots_want(node->store->cluster);
    }

    ngx_http_apigw_redis_command_fail(node);
    ngx_http_apigw_redis_node_settle(node);
}


void
ngx_http_apigw_redis_node_arm(ngx_http_apigw_redis_node_t *node,
    ngx_msec_t deadline)
{
    ngx_msec_int_t  wait;

    if (node->overdue.timer_set) {

        if ((ngx_msec_int_t) (node->overdue.timer.key - deadline) <= 0) {
            return;
        }

        /* ngx_add_timer() alone would leave a timer that is close enough */

        ngx_del_timer(&node->overdue);
    }

    wait = (ngx_msec_int_t) (deadline - ngx_current_msec);

    ngx_add_timer(&node->overdue, wait > 0 ? (ngx_msec_t) wait : 0);
}


static void
ngx_http_apigw_redis_node_arm_owed(ngx_http_apigw_redis_node_t *node)
{
    uint64_t        since;
    ngx_msec_int_t  wait;

    if (node->owed.timer_set) {
        return;
    }

    since = apigw_resp_queue_owed_since(node->queue);

    if (since == APIGW_RESP_NEVER) {
        return;
    }

    wait = (ngx_msec_int_t) (since + node->store->reply_timeout
                             - ngx_current_msec);

    ngx_add_timer(&node->owed, wait > 0 ? (ngx_msec_t) wait : 0);
}


void
ngx_http_apigw_redis_node_settle(ngx_http_apigw_redis_node_t *node)
{
    size_t             live;
    ngx_connection_t  *c;

    live = apigw_resp_queue_live(node->queue);

    if (live == 0) {
        if (node->overdue.timer_set) {
            ngx_del_timer(&node->overdue);
        }

    } else if (!node->overdue.timer_set) {
        ngx_http_apigw_redis_node_arm(node,
                         (ngx_msec_t) apigw_resp_queue_deadline(node->queue));
    }

    ngx_http_apigw_redis_node_arm_owed(node);

    c = node->connection;
    if (c == NULL) {
        return;
    }

    c->idle = (live == 0);

    /* requests may still come; with the breaker open only its probe knows */

    if (live == 0 && ngx_exiting
        && node->breaker.state == APIGW_RESP_BREAKER_CLOSED)
    {
        ngx_http_apigw_redis_disconnect(node);
        ngx_http_apigw_redis_command_fail(node);    /* tombstones only */
        ngx_http_apigw_redis_node_rest(node);
        node->state = NGX_HTTP_APIGW_REDIS_IDLE;
    }
}


static void
ngx_http_apigw_redis_node_flush_handler(ngx_event_t *ev)
{
    ngx_http_apigw_redis_node_t  *node;

    node = ev->data;

    if (node->state == NGX_HTTP_APIGW_REDIS_READY) {
        ngx_http_apigw_redis_write(node);

    } else if (node->state == NGX_HTTP_APIGW_REDIS_IDLE) {
        ngx_http_apigw_redis_connect(node);
    }
}


static void
ngx_http_apigw_redis_node_attempt_handler(ngx_event_t *ev)
{
    ngx_http_apigw_redis_node_t  *node;

    node = ev->data;

    if (node->state == NGX_HTTP_APIGW_REDIS_PAUSED) {
        ngx_http_apigw_redis_connect(node);
        return;
    }

    if (node->state == NGX_HTTP_APIGW_REDIS_TLS) {
        ngx_http_apigw_redis_tls_fault(node, "timed out while starting TLS",
                                       NULL);

    } else {
        ngx_http_apigw_redis_node_log(node, NGX_LOG_ERR, 0,
                                      "timed out while %s",
                                    ngx_http_apigw_redis_states[node->state]);
    }

    ngx_http_apigw_redis_node_lost(node, 1);
}


static void
ngx_http_apigw_redis_node_overdue_handler(ngx_event_t *ev)
{
    ngx_http_apigw_redis_node_t  *node;

    node = ev->data;

    ngx_http_apigw_redis_command_expire(node);
    ngx_http_apigw_redis_node_settle(node);
}


static void
ngx_http_apigw_redis_node_owed_handler(ngx_event_t *ev)
{
    uint64_t                      since;
    ngx_http_apigw_redis_node_t  *node;

    node = ev->data;

    since = apigw_resp_queue_owed_since(node->queue);

    if (since != APIGW_RESP_NEVER
        && ngx_current_msec - (ngx_msec_t) since >= node->store->reply_timeout)
    {
        ngx_http_apigw_redis_node_log(node, NGX_LOG_ERR, 0,
                                      "server sent no reply for %M ms",
                                      ngx_current_msec - (ngx_msec_t) since);
        ngx_http_apigw_redis_node_lost(node, 0);
        return;
    }

    ngx_http_apigw_redis_node_arm_owed(node);
}
