
#include "ngx_http_apigw_redis_node.h"


static void ngx_http_apigw_redis_probe_pong(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result);


void
ngx_http_apigw_redis_probe_init(ngx_http_apigw_redis_node_t *node)
{
    apigw_resp_breaker_init(&node->breaker, &node->store->breaker);

    ngx_str_set(&node->ping_argv, "PING");

    node->ping.argv = &node->ping_argv;
    node->ping.argc = 1;
    node->ping.probe = 1;
    node->ping.handler = ngx_http_apigw_redis_probe_pong;
    node->ping.data = node;
}


void
ngx_http_apigw_redis_probe_count(ngx_http_apigw_redis_node_t *node,
    ngx_uint_t ok)
{
    if (!apigw_resp_breaker_count(&node->breaker, ok, ngx_current_msec)) {
        return;
    }

    ngx_http_apigw_redis_node_log(node, NGX_LOG_ERR, 0,
                                  "breaker open for %uL ms",
                                  apigw_resp_breaker_wait(&node->breaker,
                                                          ngx_current_msec));

    ngx_http_apigw_redis_observe_breaker(node->store, 1);
    ngx_http_apigw_redis_probe_arm(node);
}


void
ngx_http_apigw_redis_probe_arm(ngx_http_apigw_redis_node_t *node)
{
    if (node->breaker.state != APIGW_RESP_BREAKER_OPEN
        || node->probe.timer_set)
    {
        return;
    }

    ngx_add_timer(&node->probe,
                  (ngx_msec_t) apigw_resp_breaker_wait(&node->breaker,
                                                       ngx_current_msec));
}


void
ngx_http_apigw_redis_probe_handler(ngx_event_t *ev)
{
    ngx_http_apigw_redis_node_t  *node;

    node = ev->data;

    if (node->state != NGX_HTTP_APIGW_REDIS_READY) {

        /* the next handshake stands for the probe */

        return;
    }

    if (apigw_resp_breaker_probe(&node->breaker, ngx_current_msec)
        && ngx_http_apigw_redis_command_send(node, &node->ping) != NGX_OK)
    {
        apigw_resp_breaker_probed(&node->breaker, false, ngx_current_msec);
    }

    ngx_http_apigw_redis_probe_arm(node);
}


static void
ngx_http_apigw_redis_probe_pong(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result)
{
    ngx_uint_t                    ok;
    apigw_resp_action_e           action;
    ngx_http_apigw_redis_node_t  *node;

    node = cmd->data;

    action = apigw_resp_class_action(result->class);

    ok = (result->outcome == NGX_HTTP_APIGW_REDIS_OK)
         || (result->outcome == NGX_HTTP_APIGW_REDIS_ERROR
             && action != APIGW_RESP_UNREADY);

    apigw_resp_breaker_probed(&node->breaker, ok, ngx_current_msec);

    if (ok) {
        ngx_http_apigw_redis_observe_breaker(node->store, -1);
        ngx_http_apigw_redis_node_log(node, NGX_LOG_NOTICE, 0,
                                      "breaker closed");
        return;
    }

    ngx_http_apigw_redis_probe_arm(node);
}
