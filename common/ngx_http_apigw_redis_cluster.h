
/* A Cluster as one worker sees it: for the files that make it up. */


#ifndef _NGX_HTTP_APIGW_REDIS_CLUSTER_H_INCLUDED_
#define _NGX_HTTP_APIGW_REDIS_CLUSTER_H_INCLUDED_


#include "ngx_http_apigw_arena.h"
#include "ngx_http_apigw_redis_node.h"

#include "apigw_resp_refresh.h"


#pragma GCC visibility push(hidden)


struct ngx_http_apigw_redis_cluster_s {
    /* a timer's data must look like a connection to the debug log */
    void                          *dummy[3];
    ngx_int_t                      ident;

    ngx_http_apigw_redis_t        *store;
    ngx_log_t                     *log;

    /* a node keeps its place for life, by which the map refers to it */
    ngx_http_apigw_redis_node_t   *nodes[APIGW_RESP_MAX_NODES];
    uint16_t                       map[APIGW_RESP_SLOTS];   /* 1 + place; 0 */

    apigw_resp_refresh_t           refresh;
    ngx_event_t                    round;        /* when the next begins */
    ngx_event_t                    reap;         /* nodes without slots */
    ngx_http_apigw_redis_cmd_t     cmd;          /* CLUSTER SLOTS */
    ngx_str_t                      argv[2];
    apigw_resp_slots_t             slots;        /* the reply, as it is read */
    uint32_t                       first;        /* of the servers, to ask */

    ngx_queue_t                    lobby;        /* of commands */
    ngx_uint_t                     waiting;
    ngx_event_t                    overdue;      /* their earliest deadline */

    unsigned                       told:1;       /* that no map was given */
};


/* ngx_http_apigw_redis_cluster.c: the nodes */

ngx_http_apigw_redis_cluster_t *ngx_http_apigw_redis_cluster_create(
    ngx_cycle_t *cycle, ngx_http_apigw_redis_t *store);
void ngx_http_apigw_redis_cluster_destroy(
    ngx_http_apigw_redis_cluster_t *cluster);

ngx_int_t ngx_http_apigw_redis_cluster_send(
    ngx_http_apigw_redis_cluster_t *cluster, ngx_http_apigw_redis_cmd_t *cmd);

ngx_msec_t ngx_http_apigw_redis_cluster_retry_after(
    ngx_http_apigw_redis_cluster_t *cluster);

/*
 * Passes a command on to where MOVED or ASK says. NGX_DECLINED: it was there
 * before, or the place is of no use.
 */
ngx_int_t ngx_http_apigw_redis_cluster_redirect(
    ngx_http_apigw_redis_node_t *node, ngx_http_apigw_redis_cmd_t *cmd,
    const redisReply *reply);

/* The place of the node that `node` tells of, 1 for the first; 0: no room. */
ngx_uint_t ngx_http_apigw_redis_cluster_place(
    ngx_http_apigw_redis_cluster_t *cluster,
    const ngx_http_apigw_redis_node_t *node, const apigw_resp_place_t *told);

/* The node of a configured server; NULL: no room. */
ngx_http_apigw_redis_node_t *ngx_http_apigw_redis_cluster_seed(
    ngx_http_apigw_redis_cluster_t *cluster,
    ngx_http_apigw_redis_server_t *server);

/* There are nodes without slots. */
void ngx_http_apigw_redis_cluster_reap(
    ngx_http_apigw_redis_cluster_t *cluster);


/* ngx_http_apigw_redis_slots.c: the map */

void ngx_http_apigw_redis_slots_init(ngx_http_apigw_redis_cluster_t *cluster);

/* There is a reason to read the map again. */
void ngx_http_apigw_redis_slots_want(ngx_http_apigw_redis_cluster_t *cluster);


/* ngx_http_apigw_redis_lobby.c: who waits for the first map */

void ngx_http_apigw_redis_lobby_init(ngx_http_apigw_redis_cluster_t *cluster);

/* Forgets them all. */
void ngx_http_apigw_redis_lobby_clear(ngx_http_apigw_redis_cluster_t *cluster);

/* NGX_DECLINED: it is full. */
ngx_int_t ngx_http_apigw_redis_lobby_add(
    ngx_http_apigw_redis_cluster_t *cluster, ngx_http_apigw_redis_cmd_t *cmd);
void ngx_http_apigw_redis_lobby_cancel(ngx_http_apigw_redis_cmd_t *cmd);

/* Sends all that wait, or ends them as DOWN. Runs handlers. */
void ngx_http_apigw_redis_lobby_leave(ngx_http_apigw_redis_cluster_t *cluster);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_REDIS_CLUSTER_H_INCLUDED_ */
