
#include "ngx_http_apigw_redis_node.h"


void ngx_cdecl
ngx_http_apigw_redis_node_log(ngx_http_apigw_redis_node_t *node,
    ngx_uint_t level, ngx_err_t err, const char *fmt, ...)
{
    u_char                  *p, text[NGX_MAX_ERROR_STR];
    va_list                  args;
    ngx_http_apigw_redis_t  *store;

    if (node->log->log_level < level) {
        return;
    }

    va_start(args, fmt);
    p = ngx_vslprintf(text, text + sizeof(text), fmt, args);
    va_end(args);

    store = node->store;

    ngx_log_error(level, node->log, err, "apigw_%V: redis \"%V\" at %V: %*s",
                  &store->owner->module, &store->name,
                  node->server ? &node->server->text : &store->master,
                  (size_t) (p - text), text);
}


ngx_str_t
ngx_http_apigw_redis_printable(const redisReply *reply, u_char *buf,
    size_t size)
{
    size_t     i;
    ngx_str_t  text;

    if (reply->type != REDIS_REPLY_ERROR) {
        ngx_str_set(&text, "not the reply expected");
        return text;
    }

    text.data = buf;
    text.len = ngx_min((size_t) reply->len, size);

    for (i = 0; i < text.len; i++) {
        buf[i] = (u_char) reply->str[i];

        if (buf[i] < 0x20 || buf[i] > 0x7e) {
            buf[i] = '?';
        }
    }

    return text;
}
