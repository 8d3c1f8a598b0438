
#include "ngx_http_apigw_redis_node.h"


#define NGX_HTTP_APIGW_REDIS_READ    16384         /* bytes per recv() */
#define NGX_HTTP_APIGW_REDIS_GATHER  (1 << 20)     /* bytes per send() */
#define NGX_HTTP_APIGW_REDIS_KEEP    (1 << 18)     /* of out, when empty */


static ngx_int_t ngx_http_apigw_redis_consume(
    ngx_http_apigw_redis_node_t *node, u_char *data, size_t len);
static void ngx_http_apigw_redis_closed(ngx_http_apigw_redis_node_t *node);
static ngx_int_t ngx_http_apigw_redis_gather(
    ngx_http_apigw_redis_node_t *node);


void
ngx_http_apigw_redis_read_handler(ngx_event_t *rev)
{
    u_char                        buf[NGX_HTTP_APIGW_REDIS_READ];
    ssize_t                       n;
    ngx_connection_t             *c;
    ngx_http_apigw_redis_node_t  *node;

    c = rev->data;
    node = c->data;

    if (c->close) {

        /* the worker exits: settle() closes what nobody waits for */

        c->close = 0;
        ngx_http_apigw_redis_node_settle(node);
        return;
    }

    if (node->state == NGX_HTTP_APIGW_REDIS_CONNECTING) {

        if (ngx_http_apigw_redis_test_connect(c) != NGX_OK) {
            ngx_http_apigw_redis_node_lost(node, 1);
        }

        return;
    }

    for ( ;; ) {
        n = c->recv(c, buf, sizeof(buf));

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == 0 || n == NGX_ERROR) {
            ngx_http_apigw_redis_closed(node);
            return;
        }

        if (ngx_http_apigw_redis_consume(node, buf, (size_t) n) != NGX_OK) {
            return;
        }
    }

    if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        ngx_http_apigw_redis_node_lost(node, 0);
        return;
    }

    ngx_http_apigw_redis_node_settle(node);
}


/* NGX_ERROR: the connection is gone, and `node` may be in any state. */

static ngx_int_t
ngx_http_apigw_redis_consume(ngx_http_apigw_redis_node_t *node, u_char *data,
    size_t len)
{
    size_t       used;
    ngx_int_t    rc;
    apigw_rc_t   parsed;
    redisReply  *reply;

    for ( ;; ) {
        parsed = apigw_resp_read(node->reader, data, len, &used, &reply);

        if (parsed == APIGW_AGAIN) {
            return NGX_OK;
        }

        if (parsed != APIGW_OK) {
            ngx_http_apigw_redis_node_log(node, NGX_LOG_ERR, 0,
                                          "server sent %s reply",
                                          parsed == APIGW_ELIMIT
                                              ? "too large a"
                                              : "an invalid");
            ngx_http_apigw_redis_node_lost(node, 0);
            return NGX_ERROR;
        }

        data += used;
        len -= used;

        if (node->state == NGX_HTTP_APIGW_REDIS_HANDSHAKE) {
            rc = ngx_http_apigw_redis_hello_reply(node, reply);

            if (rc == NGX_ERROR) {
                ngx_http_apigw_redis_node_lost(node, 1);

            } else if (rc == NGX_OK) {
                ngx_http_apigw_redis_node_ready(node);
                rc = node->connection ? NGX_OK : NGX_ERROR;
            }

        } else {
            rc = ngx_http_apigw_redis_command_reply(node, reply);
        }

        freeReplyObject(reply);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }
    }
}


static void
ngx_http_apigw_redis_closed(ngx_http_apigw_redis_node_t *node)
{
    ngx_uint_t  level;

    /* an idle client may be dropped by any server */

    level = NGX_LOG_ERR;

    if (node->state == NGX_HTTP_APIGW_REDIS_READY
        && apigw_resp_queue_owed_since(node->queue) == APIGW_RESP_NEVER)
    {
        level = NGX_LOG_INFO;
    }

    /* what nginx had to say of a handshake is told with its end */

    if (node->heard_len == 0) {
        ngx_http_apigw_redis_node_log(node, level, 0,
                                      "server closed the connection");
    }

    ngx_http_apigw_redis_node_lost(node, 0);
}


void
ngx_http_apigw_redis_write(ngx_http_apigw_redis_node_t *node)
{
    ssize_t            n;
    ngx_connection_t  *c;

    c = node->connection;

    for ( ;; ) {

        if (node->out_pos == node->out_last
            && ngx_http_apigw_redis_gather(node) != NGX_OK)
        {
            break;
        }

        if (!c->write->ready) {
            break;
        }

        n = c->send(c, node->out + node->out_pos,
                    node->out_last - node->out_pos);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == NGX_ERROR) {
            ngx_http_apigw_redis_node_lost(node, 0);
            return;
        }

        node->out_pos += n;

        if (node->state == NGX_HTTP_APIGW_REDIS_READY) {
            apigw_resp_queue_written(node->queue, (size_t) n);
        }
    }

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        ngx_http_apigw_redis_node_lost(node, 0);
        return;
    }

    ngx_http_apigw_redis_node_settle(node);
}


/* Refills an empty buffer. NGX_DECLINED: nothing may go now. */

static ngx_int_t
ngx_http_apigw_redis_gather(ngx_http_apigw_redis_node_t *node)
{
    size_t  want;

    if (node->state != NGX_HTTP_APIGW_REDIS_READY) {
        return NGX_DECLINED;
    }

    if (node->out_size > NGX_HTTP_APIGW_REDIS_KEEP) {
        ngx_free(node->out);
        node->out = NULL;
        node->out_size = 0;
    }

    node->out_pos = 0;
    node->out_last = 0;

    want = apigw_resp_queue_want(node->queue, NGX_HTTP_APIGW_REDIS_GATHER);

    if (want == 0 || ngx_http_apigw_redis_room(node, want) != NGX_OK) {
        return NGX_DECLINED;
    }

    node->out_last = apigw_resp_queue_gather(node->queue, node->out,
                                             node->out_size, ngx_current_msec);

    return node->out_last ? NGX_OK : NGX_DECLINED;
}


/* Room for `size` bytes in an empty buffer. */

ngx_int_t
ngx_http_apigw_redis_room(ngx_http_apigw_redis_node_t *node, size_t size)
{
    u_char  *out;

    if (size <= node->out_size) {
        return NGX_OK;
    }

    size = ngx_align(size, ngx_pagesize);

    out = ngx_alloc(size, node->log);
    if (out == NULL) {
        return NGX_ERROR;
    }

    if (node->out) {
        ngx_free(node->out);
    }

    node->out = out;
    node->out_size = size;

    return NGX_OK;
}
