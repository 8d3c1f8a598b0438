
/* What becomes of commands and servers, told to the store's owner. */


#include "ngx_http_apigw_redis_node.h"


static uint64_t ngx_http_apigw_redis_observe_time(void);


void
ngx_http_apigw_redis_observe(ngx_http_apigw_redis_t *store,
    const ngx_http_apigw_redis_observer_t *observer, void *data)
{
    store->observer = observer;
    store->observer_data = data;
}


ngx_int_t
ngx_http_apigw_redis_send(ngx_http_apigw_redis_t *store,
    ngx_http_apigw_redis_cmd_t *cmd)
{
    ngx_int_t                      rc;
    ngx_http_apigw_redis_result_t  result;

    if (store->observer == NULL) {
        return ngx_http_apigw_redis_pass(store, cmd);
    }

    store->observer->sent(store->observer_data);

    rc = ngx_http_apigw_redis_pass(store, cmd);

    if (rc == NGX_OK) {
        cmd->observed = store;
        cmd->began = ngx_http_apigw_redis_observe_time();
        return rc;
    }

    result.outcome = NGX_HTTP_APIGW_REDIS_DOWN;
    result.class = APIGW_RESP_CLASS_NONE;
    result.reply = NULL;
    result.session = 0;

    store->observer->ended(store->observer_data, &result, 0);

    return rc;
}


void
ngx_http_apigw_redis_observe_ended(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result)
{
    ngx_http_apigw_redis_t  *store;

    store = cmd->observed;

    if (store) {
        cmd->observed = NULL;
        store->observer->ended(store->observer_data, result,
                               ngx_http_apigw_redis_observe_time()
                               - cmd->began);
    }
}


void
ngx_http_apigw_redis_observe_breaker(ngx_http_apigw_redis_t *store,
    ngx_int_t change)
{
    if (store->observer) {
        store->observer->breaker(store->observer_data, change);
    }
}


static uint64_t
ngx_http_apigw_redis_observe_time(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}
