
#include "ngx_http_apigw_fetch_conn.h"


#define NGX_HTTP_APIGW_FETCH_READ  8192     /* bytes per recv() */


static ngx_int_t ngx_http_apigw_fetch_request(ngx_http_apigw_fetch_t *fetch);
static ngx_int_t ngx_http_apigw_fetch_died(ngx_http_apigw_fetch_t *fetch,
    const char *fault, ngx_err_t err);
static ngx_int_t ngx_http_apigw_fetch_closed(ngx_http_apigw_fetch_t *fetch);
static ngx_int_t ngx_http_apigw_fetch_consume(ngx_http_apigw_fetch_t *fetch,
    u_char *data, size_t len);
static ngx_int_t ngx_http_apigw_fetch_parsed(ngx_http_apigw_fetch_t *fetch,
    apigw_rc_t rc, apigw_error_t *error);


ngx_int_t
ngx_http_apigw_fetch_prepare(ngx_http_apigw_fetch_t *fetch)
{
    ngx_uint_t     head;
    apigw_arena_t  arena;

    ngx_http_apigw_arena_init(&arena, fetch->pool);

    if (fetch->method.len == 0) {
        ngx_str_set(&fetch->method, "GET");
    }

    head = (fetch->method.len == 4
            && ngx_strncmp(fetch->method.data, "HEAD", 4) == 0);

    fetch->parser = apigw_http_create(&arena, head, fetch->max_body);
    if (fetch->parser == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_apigw_fetch_request(fetch);
}


static ngx_int_t
ngx_http_apigw_fetch_request(ngx_http_apigw_fetch_t *fetch)
{
    size_t      size;
    ngx_buf_t  *b;
    ngx_str_t   host, path, root, connection;

    host.data = (u_char *) fetch->url.authority.data;
    host.len = fetch->url.authority.len;

    path.data = (u_char *) fetch->url.path.data;
    path.len = fetch->url.path.len;

    ngx_str_null(&root);

    if (path.len == 0 || path.data[0] != '/') {
        ngx_str_set(&root, "/");
    }

    if (fetch->client->keepalive) {
        ngx_str_set(&connection, "keep-alive");

    } else {
        ngx_str_set(&connection, "close");
    }

    size = fetch->method.len + root.len + path.len + host.len
           + connection.len + fetch->accept.len + fetch->headers.len
           + NGX_SIZE_T_LEN + fetch->body.len
           + sizeof("  HTTP/1.1" CRLF "Host: " CRLF "Accept: " CRLF
                    "Accept-Encoding: identity" CRLF "Connection: " CRLF
                    "Content-Length: " CRLF CRLF) - 1;

    b = ngx_create_temp_buf(fetch->pool, size);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->last = ngx_slprintf(b->last, b->end,
                           "%V %V%V HTTP/1.1" CRLF "Host: %V" CRLF
                           "Accept-Encoding: identity" CRLF
                           "Connection: %V" CRLF "%V",
                           &fetch->method, &root, &path, &host, &connection,
                           &fetch->headers);

    if (fetch->accept.len) {
        b->last = ngx_slprintf(b->last, b->end, "Accept: %V" CRLF,
                               &fetch->accept);
    }

    if (fetch->body.data) {
        b->last = ngx_slprintf(b->last, b->end, "Content-Length: %uz" CRLF,
                               fetch->body.len);
    }

    b->last = ngx_slprintf(b->last, b->end, CRLF "%V", &fetch->body);

    fetch->request = b;

    return NGX_OK;
}


ngx_int_t
ngx_http_apigw_fetch_send(ngx_http_apigw_fetch_t *fetch)
{
    ssize_t            n;
    ngx_buf_t         *b;
    ngx_connection_t  *c;

    b = fetch->request;
    c = fetch->conn->connection;

    while (b->pos < b->last) {
        n = c->send(c, b->pos, b->last - b->pos);

        if (n == NGX_ERROR) {
            return ngx_http_apigw_fetch_died(fetch, "sending failed",
                                             c->ssl ? 0 : ngx_socket_errno);
        }

        if (n == NGX_AGAIN || n == 0) {
            break;
        }

        b->pos += n;
    }

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        return ngx_http_apigw_fetch_fail(fetch, "no events", NULL, 0);
    }

    if (b->pos == b->last) {
        fetch->state = NGX_HTTP_APIGW_FETCH_HEAD;
        return NGX_OK;
    }

    /* a server may refuse before it has read everything */

    return ngx_http_apigw_fetch_receive(fetch);
}


ngx_int_t
ngx_http_apigw_fetch_receive(ngx_http_apigw_fetch_t *fetch)
{
    u_char             buf[NGX_HTTP_APIGW_FETCH_READ];
    ssize_t            n;
    ngx_connection_t  *c;

    c = fetch->conn->connection;

    for ( ;; ) {
        n = c->recv(c, buf, sizeof(buf));

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == NGX_ERROR) {
            return ngx_http_apigw_fetch_died(fetch, "receiving failed",
                                             c->ssl ? 0 : ngx_socket_errno);
        }

        if (n == 0) {
            return ngx_http_apigw_fetch_closed(fetch);
        }

        if (ngx_http_apigw_fetch_consume(fetch, buf, (size_t) n) == NGX_OK) {
            return NGX_OK;
        }
    }

    if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
        return ngx_http_apigw_fetch_fail(fetch, "no events", NULL, 0);
    }

    return NGX_AGAIN;
}


/*
 * The server may have closed an idle connection while we took it: nothing has
 * come back, so it is tried again, once.
 */

static ngx_int_t
ngx_http_apigw_fetch_died(ngx_http_apigw_fetch_t *fetch, const char *fault,
    ngx_err_t err)
{
    ngx_http_apigw_fetch_conn_t *conn = fetch->conn;

    if (!conn->reused || fetch->answered) {
        return ngx_http_apigw_fetch_fail(fetch, fault, NULL, err);
    }

    ngx_log_debug0(NGX_LOG_DEBUG_HTTP, fetch->log, 0,
                   "apigw_fetch: idle connection was dead, once more");

    fetch->conn = NULL;
    ngx_http_apigw_fetch_conn_close(conn);

    fetch->fresh = 1;
    fetch->request->pos = fetch->request->start;
    fetch->state = NGX_HTTP_APIGW_FETCH_RESOLVE;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_fetch_closed(ngx_http_apigw_fetch_t *fetch)
{
    apigw_rc_t     rc;
    apigw_error_t  error;

    if (fetch->conn->reused && !fetch->answered) {
        return ngx_http_apigw_fetch_died(fetch, NULL, 0);
    }

    rc = apigw_http_close(fetch->parser, &error);

#if (NGX_HTTP_SSL)

    if (rc == APIGW_OK && fetch->url.https && !fetch->conn->notified) {
        return ngx_http_apigw_fetch_fail(fetch, "invalid answer",
                                         "an end within the body", 0);
    }

#endif

    return ngx_http_apigw_fetch_parsed(fetch, rc, &error);
}


/* NGX_OK: the answer is whole or wrong; NGX_AGAIN: more is to come. */

static ngx_int_t
ngx_http_apigw_fetch_consume(ngx_http_apigw_fetch_t *fetch, u_char *data,
    size_t len)
{
    apigw_rc_t     rc;
    apigw_error_t  error;

    fetch->answered = 1;

    rc = apigw_http_read(fetch->parser, data, len, &error);

    if (rc != APIGW_AGAIN) {
        return ngx_http_apigw_fetch_parsed(fetch, rc, &error);
    }

    if (fetch->state == NGX_HTTP_APIGW_FETCH_HEAD
        && apigw_http_in_body(fetch->parser))
    {
        fetch->state = NGX_HTTP_APIGW_FETCH_BODY;
    }

    return NGX_AGAIN;
}


static ngx_int_t
ngx_http_apigw_fetch_parsed(ngx_http_apigw_fetch_t *fetch, apigw_rc_t rc,
    apigw_error_t *error)
{
    apigw_http_answer_t  answer;

    if (rc != APIGW_OK) {
        return ngx_http_apigw_fetch_fail(fetch,
                                         rc == APIGW_ENOMEM ? "no memory"
                                                            : "invalid answer",
                                         rc == APIGW_ENOMEM ? NULL
                                                            : error->word,
                                         0);
    }

    apigw_http_answer(fetch->parser, &answer);

    fetch->status = answer.status;
    fetch->content_type.data = (u_char *) answer.content_type.data;
    fetch->content_type.len = answer.content_type.len;
    fetch->answer.data = (u_char *) answer.body.data;
    fetch->answer.len = answer.body.len;

    /* an answer to half a request leaves the other half on the connection */

    fetch->keep = answer.keep && fetch->request->pos == fetch->request->last;

    fetch->rc = NGX_OK;
    fetch->state = NGX_HTTP_APIGW_FETCH_DONE;

    return NGX_OK;
}
