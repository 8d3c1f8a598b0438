
/*
 * The master of a store with `sentinel`: looked up anew with each attempt to
 * connect, over a connection of its own that ends with the answer.
 *
 *     ask()     -> ASKING    a Sentinel is connected to and asked
 *     ASKING    -> ANSWERED  it told, refused, or took too long
 *     ANSWERED  -> ASKING    of no use: the next one, from a posted event
 *     ANSWERED  -> rest      the master's node connects; or none is left
 *     any       -> rest      stop()
 */


#include "ngx_http_apigw_redis_node.h"


struct ngx_http_apigw_redis_sentinel_s {
    ngx_http_apigw_redis_node_t   *node;         /* the master's */
    ngx_http_apigw_redis_node_t   *asker;        /* NULL: at rest */

    ngx_event_t                    answered;     /* posted: the asker ends */
    ngx_http_apigw_redis_cmd_t     cmd;
    ngx_str_t                      argv[3];

    ngx_uint_t                     next;         /* any number */
    ngx_uint_t                     left;         /* not asked yet */
    unsigned                       found:1;
};


static void ngx_http_apigw_redis_sentinel_ask_next(
    ngx_http_apigw_redis_sentinel_t *sentinel);
static void ngx_http_apigw_redis_sentinel_handler(
    ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result);
static void ngx_http_apigw_redis_sentinel_read(
    ngx_http_apigw_redis_sentinel_t *sentinel, const redisReply *reply);
static void ngx_http_apigw_redis_sentinel_answered(ngx_event_t *ev);


ngx_http_apigw_redis_sentinel_t *
ngx_http_apigw_redis_sentinel_create(ngx_http_apigw_redis_node_t *node)
{
    ngx_http_apigw_redis_cmd_t       *cmd;
    ngx_http_apigw_redis_sentinel_t  *sentinel;

    sentinel = ngx_pcalloc(node->pool,
                           sizeof(ngx_http_apigw_redis_sentinel_t));
    if (sentinel == NULL) {
        return NULL;
    }

    sentinel->node = node;

    /* workers do not all begin with the same one */

    sentinel->next = (ngx_uint_t) ngx_random();

    sentinel->answered.handler = ngx_http_apigw_redis_sentinel_answered;
    sentinel->answered.data = sentinel;
    sentinel->answered.log = node->log;

    ngx_str_set(&sentinel->argv[0], "SENTINEL");
    ngx_str_set(&sentinel->argv[1], "get-master-addr-by-name");
    sentinel->argv[2] = node->store->master;

    cmd = &sentinel->cmd;

    cmd->argv = sentinel->argv;
    cmd->argc = 3;
    cmd->handler = ngx_http_apigw_redis_sentinel_handler;
    cmd->data = sentinel;

    /* one to connect, one to answer */

    cmd->timeout = 2 * node->store->connect_timeout;

    return sentinel;
}


void
ngx_http_apigw_redis_sentinel_ask(ngx_http_apigw_redis_sentinel_t *sentinel)
{
    sentinel->left = sentinel->node->store->nservers;

    ngx_http_apigw_redis_sentinel_ask_next(sentinel);
}


static void
ngx_http_apigw_redis_sentinel_ask_next(
    ngx_http_apigw_redis_sentinel_t *sentinel)
{
    ngx_http_apigw_redis_t       *store;
    ngx_http_apigw_redis_node_t  *asker;

    store = sentinel->node->store;

    while (sentinel->left) {
        sentinel->left--;

        asker = ngx_http_apigw_redis_node_create(store,
                                                 NGX_HTTP_APIGW_REDIS_ASKER,
                          &store->servers[sentinel->next++ % store->nservers]);
        if (asker == NULL) {
            break;
        }

        if (ngx_http_apigw_redis_command_send(asker, &sentinel->cmd)
            == NGX_OK)
        {
            sentinel->asker = asker;
            return;
        }

        ngx_http_apigw_redis_node_destroy(asker);
    }

    ngx_http_apigw_redis_node_log(sentinel->node, NGX_LOG_ERR, 0,
                                  "no sentinel told where it is");
    ngx_http_apigw_redis_node_lost(sentinel->node, 1);
}


/* Below the asker's own handlers: what ends it waits for the event. */

static void
ngx_http_apigw_redis_sentinel_handler(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result)
{
    ngx_http_apigw_redis_sentinel_t  *sentinel;

    sentinel = cmd->data;
    sentinel->found = 0;

    if (result->outcome == NGX_HTTP_APIGW_REDIS_OK
        || result->outcome == NGX_HTTP_APIGW_REDIS_ERROR)
    {
        ngx_http_apigw_redis_sentinel_read(sentinel, result->reply);

    } else if (result->outcome == NGX_HTTP_APIGW_REDIS_INDETERMINATE) {
        ngx_http_apigw_redis_node_log(sentinel->asker, NGX_LOG_ERR, 0,
                                      "sentinel sent no answer");
    }

    ngx_post_event(&sentinel->answered, &ngx_posted_events);
}


static void
ngx_http_apigw_redis_sentinel_read(ngx_http_apigw_redis_sentinel_t *sentinel,
    const redisReply *reply)
{
    u_char               buf[128];
    apigw_rc_t           rc;
    ngx_str_t            text;
    apigw_resp_place_t   place;

    rc = apigw_resp_master(reply, &place);

    if (rc == APIGW_OK) {
        sentinel->found = 1;
        sentinel->node->server = &sentinel->node->learnt.server;
        ngx_http_apigw_redis_server_learn(&sentinel->node->learnt,
                                          &place.host, place.port);
        return;
    }

    if (rc == APIGW_EUNSUPPORTED) {
        ngx_http_apigw_redis_node_log(sentinel->asker, NGX_LOG_ERR, 0,
                                      "sentinel knows no master \"%V\"",
                                      &sentinel->node->store->master);
        return;
    }

    text = ngx_http_apigw_redis_printable(reply, buf, sizeof(buf));

    ngx_http_apigw_redis_node_log(sentinel->asker, NGX_LOG_ERR, 0,
                                  "sentinel told no address: \"%V\"", &text);
}


static void
ngx_http_apigw_redis_sentinel_answered(ngx_event_t *ev)
{
    ngx_http_apigw_redis_sentinel_t  *sentinel;

    sentinel = ev->data;

    ngx_http_apigw_redis_node_destroy(sentinel->asker);
    sentinel->asker = NULL;

    if (sentinel->found) {
        ngx_http_apigw_redis_connect_server(sentinel->node);
        return;
    }

    ngx_http_apigw_redis_sentinel_ask_next(sentinel);
}


void
ngx_http_apigw_redis_sentinel_stop(ngx_http_apigw_redis_sentinel_t *sentinel)
{
    if (sentinel->asker == NULL) {
        return;
    }

    if (sentinel->answered.posted) {
        ngx_delete_posted_event(&sentinel->answered);
    }

    ngx_http_apigw_redis_node_destroy(sentinel->asker);
    sentinel->asker = NULL;
}
