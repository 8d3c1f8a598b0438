
/*
 * The map of a Cluster's slots: one node after the other is asked for it until
 * one tells; apigw_resp_refresh.h says when.
 */


#include "ngx_http_apigw_redis_cluster.h"


static void ngx_http_apigw_redis_slots_arm(
    ngx_http_apigw_redis_cluster_t *cluster);
static void ngx_http_apigw_redis_slots_round(ngx_event_t *ev);
static void ngx_http_apigw_redis_slots_ask(
    ngx_http_apigw_redis_cluster_t *cluster);
static ngx_http_apigw_redis_node_t *ngx_http_apigw_redis_slots_candidate(
    ngx_http_apigw_redis_cluster_t *cluster, uint32_t candidate);
static void ngx_http_apigw_redis_slots_handler(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result);
static ngx_int_t ngx_http_apigw_redis_slots_read(
    ngx_http_apigw_redis_cluster_t *cluster,
    const ngx_http_apigw_redis_result_t *result);
static void ngx_http_apigw_redis_slots_adopt(
    ngx_http_apigw_redis_cluster_t *cluster,
    const ngx_http_apigw_redis_node_t *told);
static ngx_uint_t ngx_http_apigw_redis_slots_connect(
    ngx_http_apigw_redis_cluster_t *cluster);


void
ngx_http_apigw_redis_slots_init(ngx_http_apigw_redis_cluster_t *cluster)
{
    ngx_http_apigw_redis_cmd_t  *cmd;

    cluster->round.handler = ngx_http_apigw_redis_slots_round;
    cluster->round.data = cluster;
    cluster->round.log = cluster->log;
    cluster->round.cancelable = 1;

    ngx_str_set(&cluster->argv[0], "CLUSTER");
    ngx_str_set(&cluster->argv[1], "SLOTS");

    cmd = &cluster->cmd;

    cmd->argv = cluster->argv;
    cmd->argc = 2;
    cmd->handler = ngx_http_apigw_redis_slots_handler;
    cmd->data = cluster;

    /* one to connect, one to answer */

    cmd->timeout = 2 * cluster->store->connect_timeout;

    /* workers do not all begin with the same server */

    cluster->first = (uint32_t) ngx_random() % cluster->store->nservers;
    cluster->refresh.cursor = APIGW_RESP_MAX_NODES;

    ngx_http_apigw_redis_slots_want(cluster);
}


void
ngx_http_apigw_redis_slots_want(ngx_http_apigw_redis_cluster_t *cluster)
{
    apigw_resp_refresh_want(&cluster->refresh);
    ngx_http_apigw_redis_slots_arm(cluster);
}


static void
ngx_http_apigw_redis_slots_arm(ngx_http_apigw_redis_cluster_t *cluster)
{
    uint64_t  wait;

    wait = apigw_resp_refresh_wait(&cluster->refresh, ngx_current_msec);

    if (wait != UINT64_MAX && !cluster->round.timer_set) {
        ngx_add_timer(&cluster->round, (ngx_msec_t) wait);
    }
}


static void
ngx_http_apigw_redis_slots_round(ngx_event_t *ev)
{
    ngx_http_apigw_redis_cluster_t  *cluster;

    cluster = ev->data;

    apigw_resp_refresh_begin(&cluster->refresh,
                             APIGW_RESP_MAX_NODES
                             + (uint32_t) cluster->store->nservers,
                             ngx_current_msec);

    ngx_http_apigw_redis_slots_ask(cluster);
}


/* Asks the next who takes the question. */

static void
ngx_http_apigw_redis_slots_ask(ngx_http_apigw_redis_cluster_t *cluster)
{
    uint32_t                      n, candidate;
    ngx_http_apigw_redis_node_t  *node;

    n = APIGW_RESP_MAX_NODES + (uint32_t) cluster->store->nservers;

    while (apigw_resp_refresh_next(&cluster->refresh, n, &candidate)) {
        node = ngx_http_apigw_redis_slots_candidate(cluster, candidate);

        if (node && ngx_http_apigw_redis_command_send(node, &cluster->cmd)
                    == NGX_OK)
        {
            return;
        }
    }

    /* who has waited for this round waits no longer */

    ngx_http_apigw_redis_lobby_leave(cluster);
    ngx_http_apigw_redis_slots_arm(cluster);
}


/* The nodes that are known, then those of the configuration. */

static ngx_http_apigw_redis_node_t *
ngx_http_apigw_redis_slots_candidate(ngx_http_apigw_redis_cluster_t *cluster,
    uint32_t candidate)
{
    if (candidate < APIGW_RESP_MAX_NODES) {
        return cluster->nodes[candidate];
    }

    candidate += cluster->first - APIGW_RESP_MAX_NODES;
    candidate %= cluster->store->nservers;

    return ngx_http_apigw_redis_cluster_seed(cluster,
                                       &cluster->store->servers[candidate]);
}


static void
ngx_http_apigw_redis_slots_handler(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result)
{
    ngx_http_apigw_redis_cluster_t  *cluster;

    cluster = cmd->data;

    if (ngx_http_apigw_redis_slots_read(cluster, result) != NGX_OK) {
        ngx_http_apigw_redis_slots_ask(cluster);
        return;
    }

    ngx_http_apigw_redis_slots_adopt(cluster, cmd->node);
    apigw_resp_refresh_done(&cluster->refresh);

    /*
     * Until each slot has a master that can be reached. A worker that drains
     * asks for those of its commands alone.
     */

    if (ngx_http_apigw_redis_slots_connect(cluster) && !ngx_exiting) {
        apigw_resp_refresh_want(&cluster->refresh);
    }

    ngx_http_apigw_redis_slots_arm(cluster);
    ngx_http_apigw_redis_lobby_leave(cluster);
}


static ngx_int_t
ngx_http_apigw_redis_slots_read(ngx_http_apigw_redis_cluster_t *cluster,
    const ngx_http_apigw_redis_result_t *result)
{
    u_char     buf[128];
    ngx_str_t  text;

    if (result->outcome == NGX_HTTP_APIGW_REDIS_DOWN
        || result->outcome == NGX_HTTP_APIGW_REDIS_INDETERMINATE)
    {
        return NGX_ERROR;
    }

    if (apigw_resp_slots_read(result->reply, &cluster->slots) == APIGW_OK) {
        cluster->told = 0;
        return NGX_OK;
    }

    /* each round may get this answer: one line tells the operator */

    if (!cluster->told) {
        cluster->told = 1;
        text = ngx_http_apigw_redis_printable(result->reply, buf, sizeof(buf));
        ngx_http_apigw_redis_node_log(cluster->cmd.node, NGX_LOG_ERR, 0,
                                      "server gave no map of slots: \"%V\"",
                                      &text);
    }

    return NGX_ERROR;
}


static void
ngx_http_apigw_redis_slots_adopt(ngx_http_apigw_redis_cluster_t *cluster,
    const ngx_http_apigw_redis_node_t *told)
{
    ngx_uint_t           i, slot;
    uint16_t             places[APIGW_RESP_MAX_NODES + 1];
    apigw_resp_slots_t  *slots;

    slots = &cluster->slots;

    for (i = 0; i < APIGW_RESP_MAX_NODES; i++) {
        if (cluster->nodes[i] && cluster->nodes[i]->mapped) {
            cluster->nodes[i]->mapped = 0;
            cluster->nodes[i]->used = ngx_current_msec;
        }
    }

    places[0] = 0;

    for (i = 0; i < slots->nnodes; i++) {
        places[i + 1] = (uint16_t) ngx_http_apigw_redis_cluster_place(cluster,
                                                       told, &slots->nodes[i]);
        if (places[i + 1]) {
            cluster->nodes[places[i + 1] - 1]->mapped = 1;
        }
    }

    for (slot = 0; slot < APIGW_RESP_SLOTS; slot++) {
        cluster->map[slot] = places[slots->owner[slot]];
    }
}


/* Connects to who has slots. Whether one of them cannot be reached. */

static ngx_uint_t
ngx_http_apigw_redis_slots_connect(ngx_http_apigw_redis_cluster_t *cluster)
{
    ngx_uint_t                    i, sick;
    ngx_http_apigw_redis_node_t  *node;

    sick = 0;

    for (i = 0; i < APIGW_RESP_MAX_NODES; i++) {
        node = cluster->nodes[i];

        if (node == NULL) {
            continue;
        }

        if (!node->mapped) {
            ngx_http_apigw_redis_cluster_reap(cluster);
            continue;
        }

        if (!ngx_http_apigw_redis_node_usable(node)) {
            sick = 1;
        }

        if (node->state == NGX_HTTP_APIGW_REDIS_IDLE && !ngx_exiting) {
            ngx_post_event(&node->flush, &ngx_posted_events);
        }
    }

    return sick;
}
