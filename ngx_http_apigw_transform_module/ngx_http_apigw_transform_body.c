
/*
 * The body of a request: what it may be, and its bytes, from memory or a file,
 * on their way into the core.
 */


#include "ngx_http_apigw_transform.h"


#define NGX_HTTP_APIGW_TRANSFORM_FILE_PIECE     65536
#define NGX_HTTP_APIGW_TRANSFORM_INFLATE_PIECE  16384


/* A body on its way into the core. */

typedef struct {
    apigw_transform_run_t  *run;
    apigw_inflate_t        *inflate; /* NULL: as it comes */
    u_char                 *piece;   /* of inflated bytes */
    size_t                  total;   /* inflated */
    size_t                  max;
    apigw_str_t            *body;    /* the new one */
    apigw_error_t          *error;
} ngx_http_apigw_transform_feed_t;


static apigw_rc_t ngx_http_apigw_transform_body_fail(apigw_rc_t rc,
    const char *word, apigw_error_t *error);
static ngx_uint_t ngx_http_apigw_transform_body_type_fits(
    ngx_http_request_t *r, ngx_array_t *parts);
static apigw_rc_t ngx_http_apigw_transform_body_coding(ngx_http_request_t *r,
    ngx_uint_t *encoded, apigw_inflate_coding_e *coding);
static apigw_rc_t ngx_http_apigw_transform_body_feed_init(
    ngx_http_request_t *r, ngx_array_t *parts,
    ngx_http_apigw_transform_feed_t *feed);
static apigw_rc_t ngx_http_apigw_transform_body_feed_file(
    ngx_http_request_t *r, ngx_buf_t *b, ngx_uint_t last,
    ngx_http_apigw_transform_feed_t *feed);
static apigw_rc_t ngx_http_apigw_transform_body_feed(
    ngx_http_apigw_transform_feed_t *feed, const u_char *data, size_t len,
    ngx_uint_t last);
static apigw_rc_t ngx_http_apigw_transform_body_collect(
    ngx_http_apigw_transform_feed_t *feed, const u_char *data, size_t len,
    ngx_uint_t last);


static ngx_str_t  ngx_http_apigw_transform_content_encoding =
    ngx_string("Content-Encoding");
static ngx_str_t  ngx_http_apigw_transform_content_type =
    ngx_string("Content-Type");


/* A subrequest shows its parent's body: that one is not changed again. */

ngx_uint_t
ngx_http_apigw_transform_body_present(ngx_http_request_t *r)
{
    if (r != r->main
        && (r->request_body == NULL
            || r->request_body == r->main->request_body))
    {
        return 0;
    }

    return r->headers_in.content_length_n > 0 || r->headers_in.chunked;
}


apigw_rc_t
ngx_http_apigw_transform_body_check(ngx_http_request_t *r, ngx_array_t *parts,
    apigw_error_t *error)
{
    ngx_uint_t                            encoded;
    apigw_inflate_coding_e                coding;
    ngx_http_apigw_transform_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_transform_module);

    if (!ngx_http_apigw_transform_body_type_fits(r, parts)) {
        return ngx_http_apigw_transform_body_fail(APIGW_EUNSUPPORTED,
                                              "unsupported_media_type", error);
    }

    if (ngx_http_apigw_transform_body_coding(r, &encoded, &coding)
        != APIGW_OK)
    {
        return ngx_http_apigw_transform_body_fail(APIGW_EUNSUPPORTED,
                                                "unsupported_encoding", error);
    }

    if (r->headers_in.content_length_n > 0
        && r->headers_in.content_length_n > (off_t) tlcf->max_size)
    {
        return ngx_http_apigw_transform_body_fail(APIGW_ELIMIT,
                                                  "json_too_large", error);
    }

    return APIGW_OK;
}


static apigw_rc_t
ngx_http_apigw_transform_body_fail(apigw_rc_t rc, const char *word,
    apigw_error_t *error)
{
    error->word = word;
    error->offset = APIGW_TRANSFORM_NO_OFFSET;

    return rc;
}


/*
 * The type must suit each of the sets: what a projection is to keep out must
 * not pass under another label. Two Content-Type lines may be read as either.
 */

static ngx_uint_t
ngx_http_apigw_transform_body_type_fits(ngx_http_request_t *r,
    ngx_array_t *parts)
{
    ngx_str_t                         type, charset;
    ngx_uint_t                        i, lines;
    ngx_list_part_t                  *list;
    ngx_table_elt_t                  *h;
    ngx_http_apigw_transform_part_t  *part;

    lines = 0;
    ngx_str_null(&type);
    ngx_str_null(&charset);

    for (list = &r->headers_in.headers.part; list; list = list->next) {
        h = list->elts;

        for (i = 0; i < list->nelts; i++) {
            if (ngx_http_apigw_header_name_is(&h[i].key,
                                      &ngx_http_apigw_transform_content_type))
            {
                lines++;
                ngx_http_apigw_transform_type_split(&h[i].value, &type,
                                                    &charset);
            }
        }
    }

    if (lines != 1 || !ngx_http_apigw_transform_charset_fits(&charset)) {
        return 0;
    }

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {
        if (part[i].json_applies
            && !ngx_http_apigw_transform_type_matches(part[i].use, &type))
        {
            return 0;
        }
    }

    return 1;
}


static apigw_rc_t
ngx_http_apigw_transform_body_coding(ngx_http_request_t *r,
    ngx_uint_t *encoded, apigw_inflate_coding_e *coding)
{
    ngx_str_t         value;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;
    static ngx_str_t  identity = ngx_string("identity");

    *encoded = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (!ngx_http_apigw_header_name_is(&h[i].key,
                                  &ngx_http_apigw_transform_content_encoding)
                || h[i].value.len == 0
                || ngx_http_apigw_header_name_is(&h[i].value, &identity))
            {
                continue;
            }

            value = h[i].value;

            if (*encoded
                || apigw_inflate_coding(ngx_http_apigw_str(&value), coding)
                   != APIGW_OK)
            {
                return APIGW_EUNSUPPORTED;
            }

            *encoded = 1;
        }
    }

    return APIGW_OK;
}


apigw_rc_t
ngx_http_apigw_transform_body_run(ngx_http_request_t *r, ngx_array_t *parts,
    apigw_str_t *body, apigw_error_t *error)
{
    off_t                             size;
    apigw_rc_t                        rc;
    ngx_uint_t                        last;
    ngx_chain_t                      *cl;
    ngx_http_apigw_transform_feed_t   feed;

    body->data = NULL;
    body->len = 0;

    feed.body = body;
    feed.error = error;

    size = 0;

    for (cl = r->request_body ? r->request_body->bufs : NULL;
         cl;
         cl = cl->next)
    {
        size += ngx_buf_size(cl->buf);
    }

    if (size == 0) {
        return APIGW_OK;
    }

    rc = ngx_http_apigw_transform_body_feed_init(r, parts, &feed);

    if (rc != APIGW_OK) {
        return rc;
    }

    if (size > (off_t) feed.max) {
        return ngx_http_apigw_transform_body_fail(APIGW_ELIMIT,
                                                  "json_too_large", error);
    }

    rc = APIGW_AGAIN;

    for (cl = r->request_body->bufs; cl && rc == APIGW_AGAIN; cl = cl->next) {

        last = (cl->next == NULL);

        if (ngx_buf_in_memory(cl->buf) || !cl->buf->in_file) {
            rc = ngx_http_apigw_transform_body_feed(&feed, cl->buf->pos,
                                       cl->buf->last - cl->buf->pos, last);

        } else {
            rc = ngx_http_apigw_transform_body_feed_file(r, cl->buf, last,
                                                         &feed);
        }
    }

    return rc;
}


static apigw_rc_t
ngx_http_apigw_transform_body_feed_init(ngx_http_request_t *r,
    ngx_array_t *parts, ngx_http_apigw_transform_feed_t *feed)
{
    ngx_uint_t                            encoded;
    apigw_arena_t                        *arena;
    apigw_inflate_coding_e                coding;
    ngx_http_apigw_transform_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_transform_module);

    feed->inflate = NULL;
    feed->total = 0;
    feed->max = tlcf->max_size;

    if (ngx_http_apigw_transform_body_coding(r, &encoded, &coding)
        != APIGW_OK)
    {
        return ngx_http_apigw_transform_body_fail(APIGW_EUNSUPPORTED,
                                          "unsupported_encoding", feed->error);
    }

    feed->run = ngx_http_apigw_transform_run(r, parts, 0,
                               encoded ? 0 : r->headers_in.content_length_n);
    if (feed->run == NULL) {
        goto failed;
    }

    if (!encoded) {
        return APIGW_OK;
    }

    arena = ngx_palloc(r->pool, sizeof(apigw_arena_t));
    if (arena == NULL) {
        goto failed;
    }

    ngx_http_apigw_arena_init(arena, r->pool);

    feed->inflate = apigw_inflate_create(arena, coding,
                                         tlcf->inflate_max_size);
    if (feed->inflate == NULL) {
        goto failed;
    }

    feed->piece = ngx_pnalloc(r->pool, NGX_HTTP_APIGW_TRANSFORM_INFLATE_PIECE);
    if (feed->piece == NULL) {
        goto failed;
    }

    return APIGW_OK;

failed:

    return ngx_http_apigw_transform_body_fail(APIGW_ENOMEM, "internal",
                                              feed->error);
}


static apigw_rc_t
ngx_http_apigw_transform_body_feed_file(ngx_http_request_t *r, ngx_buf_t *b,
    ngx_uint_t last, ngx_http_apigw_transform_feed_t *feed)
{
    off_t        pos;
    size_t       size;
    u_char      *piece;
    ssize_t      n;
    apigw_rc_t   rc;

    piece = ngx_pnalloc(r->pool, NGX_HTTP_APIGW_TRANSFORM_FILE_PIECE);
    if (piece == NULL) {
        return ngx_http_apigw_transform_body_fail(APIGW_ENOMEM, "internal",
                                                  feed->error);
    }

    rc = APIGW_AGAIN;

    for (pos = b->file_pos; pos < b->file_last && rc == APIGW_AGAIN; pos += n)
    {
        size = (size_t) ngx_min(b->file_last - pos,
                                NGX_HTTP_APIGW_TRANSFORM_FILE_PIECE);

        n = ngx_read_file(b->file, piece, size, pos);

        if (n <= 0) {
            ngx_log_error(NGX_LOG_CRIT, r->connection->log, 0,
                          "apigw_transform: request body in \"%V\" cannot be "
                          "read", &b->file->name);

            return ngx_http_apigw_transform_body_fail(APIGW_ENOMEM,
                                                      "internal", feed->error);
        }

        rc = ngx_http_apigw_transform_body_feed(feed, piece, n,
                                           last && pos + n == b->file_last);
    }

    return rc;
}


static apigw_rc_t
ngx_http_apigw_transform_body_feed(ngx_http_apigw_transform_feed_t *feed,
    const u_char *data, size_t len, ngx_uint_t last)
{
    size_t      n;
    apigw_rc_t  rc, done;

    if (feed->inflate == NULL) {
        return ngx_http_apigw_transform_body_collect(feed, data, len, last);
    }

    apigw_inflate_feed(feed->inflate, data, len, last);

    for ( ;; ) {

        rc = apigw_inflate_read(feed->inflate, feed->piece,
                                NGX_HTTP_APIGW_TRANSFORM_INFLATE_PIECE, &n,
                                feed->error);

        if (rc != APIGW_OK && rc != APIGW_AGAIN) {
            return rc;
        }

        done = ngx_http_apigw_transform_body_collect(feed, feed->piece, n,
                                                     rc == APIGW_OK);

        if (done != APIGW_AGAIN) {
            return done;
        }

        if (n < NGX_HTTP_APIGW_TRANSFORM_INFLATE_PIECE) {
            return APIGW_AGAIN;
        }
    }
}


static apigw_rc_t
ngx_http_apigw_transform_body_collect(ngx_http_apigw_transform_feed_t *feed,
    const u_char *data, size_t len, ngx_uint_t last)
{
    if (len > feed->max - feed->total) {
        return ngx_http_apigw_transform_body_fail(APIGW_ELIMIT,
                                              "json_too_large", feed->error);
    }

    feed->total += len;

    return apigw_transform_run_collect(feed->run, data, len, last, feed->body,
                                       feed->error);
}
