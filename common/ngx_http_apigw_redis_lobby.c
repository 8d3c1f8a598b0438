
/*
 * Commands that came before a Cluster's map: they wait, each within its own
 * time, until the first round of questions has brought it or come to nothing.
 */


#include "ngx_http_apigw_redis_cluster.h"


static void ngx_http_apigw_redis_lobby_remove(
    ngx_http_apigw_redis_cluster_t *cluster, ngx_http_apigw_redis_cmd_t *cmd);
static void ngx_http_apigw_redis_lobby_arm(
    ngx_http_apigw_redis_cluster_t *cluster, ngx_msec_t deadline);
static void ngx_http_apigw_redis_lobby_overdue(ngx_event_t *ev);


void
ngx_http_apigw_redis_lobby_init(ngx_http_apigw_redis_cluster_t *cluster)
{
    ngx_queue_init(&cluster->lobby);

    /* requests wait for this one: a worker must not exit before */

    cluster->overdue.handler = ngx_http_apigw_redis_lobby_overdue;
    cluster->overdue.data = cluster;
    cluster->overdue.log = cluster->log;
}


void
ngx_http_apigw_redis_lobby_clear(ngx_http_apigw_redis_cluster_t *cluster)
{
    ngx_queue_t                 *q;
    ngx_http_apigw_redis_cmd_t  *cmd;

    while (!ngx_queue_empty(&cluster->lobby)) {
        q = ngx_queue_head(&cluster->lobby);
        cmd = ngx_queue_data(q, ngx_http_apigw_redis_cmd_t, queue);

        /* who waits is being destroyed too, and may still try to cancel */

        ngx_http_apigw_redis_lobby_remove(cluster, cmd);
        cmd->pending = 0;
    }
}


ngx_int_t
ngx_http_apigw_redis_lobby_add(ngx_http_apigw_redis_cluster_t *cluster,
    ngx_http_apigw_redis_cmd_t *cmd)
{
    if (cluster->waiting == (ngx_uint_t) cluster->store->queue) {
        return NGX_DECLINED;
    }

    cmd->node = NULL;
    cmd->lobby = cluster;
    cmd->pending = 1;

    ngx_queue_insert_tail(&cluster->lobby, &cmd->queue);
    cluster->waiting++;

    ngx_http_apigw_redis_lobby_arm(cluster, cmd->deadline);

    return NGX_OK;
}


void
ngx_http_apigw_redis_lobby_cancel(ngx_http_apigw_redis_cmd_t *cmd)
{
    ngx_http_apigw_redis_lobby_remove(cmd->lobby, cmd);
    cmd->pending = 0;
}


static void
ngx_http_apigw_redis_lobby_remove(ngx_http_apigw_redis_cluster_t *cluster,
    ngx_http_apigw_redis_cmd_t *cmd)
{
    ngx_queue_remove(&cmd->queue);

    if (--cluster->waiting == 0 && cluster->overdue.timer_set) {
        ngx_del_timer(&cluster->overdue);
    }
}


void
ngx_http_apigw_redis_lobby_leave(ngx_http_apigw_redis_cluster_t *cluster)
{
    uint32_t                     slot;
    ngx_uint_t                   place;
    ngx_queue_t                 *q;
    ngx_http_apigw_redis_cmd_t  *cmd;

    /* a handler may take others out of here, but nobody comes in any more */

    while (!ngx_queue_empty(&cluster->lobby)) {
        q = ngx_queue_head(&cluster->lobby);
        cmd = ngx_queue_data(q, ngx_http_apigw_redis_cmd_t, queue);

        ngx_http_apigw_redis_lobby_remove(cluster, cmd);

        slot = apigw_resp_slot(cmd->slot_key.data, cmd->slot_key.len);
        place = cluster->map[slot];

        if (place == 0
            || ngx_http_apigw_redis_command_pass(cluster->nodes[place - 1],
                                                 cmd)
               != NGX_OK)
        {
            ngx_http_apigw_redis_command_finish(cmd,
                                                NGX_HTTP_APIGW_REDIS_DOWN,
                                                APIGW_RESP_CLASS_NONE, NULL);
        }
    }
}


static void
ngx_http_apigw_redis_lobby_arm(ngx_http_apigw_redis_cluster_t *cluster,
    ngx_msec_t deadline)
{
    ngx_msec_int_t  wait;

    if (cluster->overdue.timer_set) {

        if ((ngx_msec_int_t) (cluster->overdue.timer.key - deadline) <= 0) {
            return;
        }

        ngx_del_timer(&cluster->overdue);
    }

    wait = (ngx_msec_int_t) (deadline - ngx_current_msec);

    ngx_add_timer(&cluster->overdue, wait > 0 ? (ngx_msec_t) wait : 0);
}


static void
ngx_http_apigw_redis_lobby_overdue(ngx_event_t *ev)
{
    ngx_queue_t                     *q;
    ngx_http_apigw_redis_cmd_t      *cmd;
    ngx_http_apigw_redis_cluster_t  *cluster;

    cluster = ev->data;
    q = ngx_queue_head(&cluster->lobby);

    while (q != ngx_queue_sentinel(&cluster->lobby)) {
        cmd = ngx_queue_data(q, ngx_http_apigw_redis_cmd_t, queue);

        if ((ngx_msec_int_t) (cmd->deadline - ngx_current_msec) > 0) {
            ngx_http_apigw_redis_lobby_arm(cluster, cmd->deadline);
            q = ngx_queue_next(q);
            continue;
        }

        ngx_http_apigw_redis_lobby_remove(cluster, cmd);
        ngx_http_apigw_redis_command_finish(cmd, NGX_HTTP_APIGW_REDIS_DOWN,
                                            APIGW_RESP_CLASS_NONE, NULL);

        /* the handler may have taken out any other */

        q = ngx_queue_head(&cluster->lobby);
    }
}
