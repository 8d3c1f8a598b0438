
/*
 * The nodes of a Cluster, and which of them a command goes to. They are made
 * as the map of slots, a redirection or the configuration names them, and end
 * once the map has given them no slot for a while.
 */


#include "ngx_http_apigw_redis_cluster.h"


#define NGX_HTTP_APIGW_REDIS_REAP  5000      /* ms without use or slots */


static ngx_uint_t ngx_http_apigw_redis_cluster_put(
    ngx_http_apigw_redis_cluster_t *cluster,
    ngx_http_apigw_redis_server_t *server);
static void ngx_http_apigw_redis_cluster_reap_handler(ngx_event_t *ev);
static void ngx_http_apigw_redis_cluster_drop(
    ngx_http_apigw_redis_cluster_t *cluster, ngx_uint_t place);


ngx_http_apigw_redis_cluster_t *
ngx_http_apigw_redis_cluster_create(ngx_cycle_t *cycle,
    ngx_http_apigw_redis_t *store)
{
    ngx_http_apigw_redis_cluster_t  *cluster;

    cluster = ngx_pcalloc(cycle->pool, sizeof(ngx_http_apigw_redis_cluster_t));
    if (cluster == NULL) {
        return NULL;
    }

    cluster->ident = -1;
    cluster->store = store;
    cluster->log = cycle->log;

    cluster->reap.handler = ngx_http_apigw_redis_cluster_reap_handler;
    cluster->reap.data = cluster;
    cluster->reap.log = cycle->log;
    cluster->reap.cancelable = 1;

    ngx_http_apigw_redis_lobby_init(cluster);
    ngx_http_apigw_redis_slots_init(cluster);

    return cluster;
}


void
ngx_http_apigw_redis_cluster_destroy(ngx_http_apigw_redis_cluster_t *cluster)
{
    ngx_uint_t  i;

    if (cluster->round.timer_set) {
        ngx_del_timer(&cluster->round);
    }

    if (cluster->reap.timer_set) {
        ngx_del_timer(&cluster->reap);
    }

    ngx_http_apigw_redis_lobby_clear(cluster);

    for (i = 0; i < APIGW_RESP_MAX_NODES; i++) {
        if (cluster->nodes[i]) {
            ngx_http_apigw_redis_node_destroy(cluster->nodes[i]);
            cluster->nodes[i] = NULL;
        }
    }
}


ngx_int_t
ngx_http_apigw_redis_cluster_send(ngx_http_apigw_redis_cluster_t *cluster,
    ngx_http_apigw_redis_cmd_t *cmd)
{
    uint32_t    slot;
    ngx_uint_t  place;

    if (ngx_http_apigw_redis_command_init(cluster->store, cmd) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (!cluster->refresh.known && !cluster->refresh.failed) {
        return ngx_http_apigw_redis_lobby_add(cluster, cmd);
    }

    slot = apigw_resp_slot(cmd->slot_key.data, cmd->slot_key.len);
    place = cluster->map[slot];

    if (place
        && ngx_http_apigw_redis_command_pass(cluster->nodes[place - 1], cmd)
           == NGX_OK)
    {
        return NGX_OK;
    }

    /* nobody has it, or nobody that can be reached */

    if (place == 0
        || !ngx_http_apigw_redis_node_usable(cluster->nodes[place - 1]))
    {
        ngx_http_apigw_redis_slots_want(cluster);
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_apigw_redis_cluster_redirect(ngx_http_apigw_redis_node_t *node,
    ngx_http_apigw_redis_cmd_t *cmd, const redisReply *reply)
{
    uint32_t                         slot;
    ngx_uint_t                       ask, place;
    apigw_resp_place_t               told;
    ngx_http_apigw_redis_cluster_t  *cluster;

    cluster = node->store->cluster;
    ask = apigw_resp_reply_class(reply) == APIGW_RESP_CLASS_ASK;

    if (ask ? cmd->asked : cmd->moved) {
        return NGX_DECLINED;
    }

    if (apigw_resp_redirect(reply->str, (size_t) reply->len, &slot, &told)
        != APIGW_OK
        || slot != apigw_resp_slot(cmd->slot_key.data, cmd->slot_key.len))
    {
        return NGX_DECLINED;
    }

    place = ngx_http_apigw_redis_cluster_place(cluster, node, &told);

    if (place == 0) {
        return NGX_DECLINED;
    }

    if (ask) {
        cmd->asked = 1;
        cmd->asking = 1;

    } else {
        cmd->moved = 1;
        cmd->asking = 0;

        /* others need not find out for themselves until the map is here */

        cluster->map[slot] = (uint16_t) place;
        ngx_http_apigw_redis_slots_want(cluster);
    }

    return ngx_http_apigw_redis_command_pass(cluster->nodes[place - 1], cmd);
}


ngx_uint_t
ngx_http_apigw_redis_cluster_place(ngx_http_apigw_redis_cluster_t *cluster,
    const ngx_http_apigw_redis_node_t *node, const apigw_resp_place_t *told)
{
    ngx_uint_t                     i, place;
    apigw_str_t                    host;
    ngx_http_apigw_redis_node_t   *added;

    host = told->host.len ? told->host
                          : ngx_http_apigw_str(&node->server->name);

    for (i = 0; i < APIGW_RESP_MAX_NODES; i++) {
        if (cluster->nodes[i]
            && ngx_http_apigw_redis_server_is(cluster->nodes[i]->server, &host,
                                              told->port))
        {
            return i + 1;
        }
    }

    place = ngx_http_apigw_redis_cluster_put(cluster, NULL);

    if (place) {
        added = cluster->nodes[place - 1];
        ngx_http_apigw_redis_server_learn(&added->learnt, &host, told->port);
        added->server = &added->learnt.server;
    }

    return place;
}


ngx_http_apigw_redis_node_t *
ngx_http_apigw_redis_cluster_seed(ngx_http_apigw_redis_cluster_t *cluster,
    ngx_http_apigw_redis_server_t *server)
{
    ngx_uint_t   i, place;
    apigw_str_t  host;

    host = ngx_http_apigw_str(&server->name);

    for (i = 0; i < APIGW_RESP_MAX_NODES; i++) {
        if (cluster->nodes[i]
            && ngx_http_apigw_redis_server_is(cluster->nodes[i]->server, &host,
                                              server->port))
        {
            return cluster->nodes[i];
        }
    }

    place = ngx_http_apigw_redis_cluster_put(cluster, server);

    return place ? cluster->nodes[place - 1] : NULL;
}


/* Adds a node; 0: no room, or no memory. */

static ngx_uint_t
ngx_http_apigw_redis_cluster_put(ngx_http_apigw_redis_cluster_t *cluster,
    ngx_http_apigw_redis_server_t *server)
{
    ngx_uint_t  i;

    for (i = 0; i < APIGW_RESP_MAX_NODES; i++) {
        if (cluster->nodes[i]) {
            continue;
        }

        cluster->nodes[i] = ngx_http_apigw_redis_node_create(cluster->store,
                                                     NGX_HTTP_APIGW_REDIS_DATA,
                                                     server);
        if (cluster->nodes[i] == NULL) {
            return 0;
        }

        /* it has no slots yet, and may never have */

        ngx_http_apigw_redis_cluster_reap(cluster);

        return i + 1;
    }

    return 0;
}


ngx_msec_t
ngx_http_apigw_redis_cluster_retry_after(
    ngx_http_apigw_redis_cluster_t *cluster)
{
    uint64_t                      pause;
    ngx_uint_t                    i;
    ngx_msec_t                    wait, least;
    ngx_http_apigw_redis_node_t  *node;

    if (!cluster->refresh.known) {

        if (!cluster->refresh.failed) {
            return 0;
        }

        pause = apigw_resp_refresh_wait(&cluster->refresh, ngx_current_msec);

        return pause && pause <= APIGW_RESP_REFRESH_PAUSE
               ? (ngx_msec_t) pause : 1;
    }

    least = 0;

    for (i = 0; i < APIGW_RESP_MAX_NODES; i++) {
        node = cluster->nodes[i];

        if (node == NULL || !node->mapped) {
            continue;
        }

        wait = ngx_http_apigw_redis_node_retry_after(node);

        if (wait && (least == 0 || wait < least)) {
            least = wait;
        }
    }

    return least;
}


void
ngx_http_apigw_redis_cluster_reap(ngx_http_apigw_redis_cluster_t *cluster)
{
    if (!cluster->reap.timer_set) {
        ngx_add_timer(&cluster->reap, NGX_HTTP_APIGW_REDIS_REAP);
    }
}


static void
ngx_http_apigw_redis_cluster_reap_handler(ngx_event_t *ev)
{
    ngx_uint_t                       i, more;
    ngx_http_apigw_redis_node_t     *node;
    ngx_http_apigw_redis_cluster_t  *cluster;

    cluster = ev->data;
    more = 0;

    for (i = 0; i < APIGW_RESP_MAX_NODES; i++) {
        node = cluster->nodes[i];

        if (node == NULL || node->mapped) {
            continue;
        }

        if (apigw_resp_queue_live(node->queue) != 0
            || ngx_current_msec - node->used < NGX_HTTP_APIGW_REDIS_REAP)
        {
            more = 1;
            continue;
        }

        ngx_http_apigw_redis_cluster_drop(cluster, i + 1);
    }

    if (more) {
        ngx_http_apigw_redis_cluster_reap(cluster);
    }
}


static void
ngx_http_apigw_redis_cluster_drop(ngx_http_apigw_redis_cluster_t *cluster,
    ngx_uint_t place)
{
    ngx_uint_t  slot;

    /* a redirection may have led here without the map's knowledge */

    for (slot = 0; slot < APIGW_RESP_SLOTS; slot++) {
        if (cluster->map[slot] == place) {
            cluster->map[slot] = 0;
        }
    }

    ngx_http_apigw_redis_node_destroy(cluster->nodes[place - 1]);
    cluster->nodes[place - 1] = NULL;
}
