
#include "apigw_json_put.h"
#include "apigw_json_scan.h"

#include <stdio.h>


#define APIGW_JSON_CHUNK_FIRST  512
#define APIGW_JSON_CHUNK_MOST   16384


static apigw_rc_t apigw_json_put_chunk(apigw_json_writer_t *w,
    const uint8_t *data, size_t len);


apigw_rc_t
apigw_json_put_escaped(apigw_json_writer_t *w, apigw_str_t text)
{
    int             len;
    char            escape[8];
    const char     *known;
    const uint8_t  *p, *end, *from, *del;

    static const char  chars[] = "\b\f\n\r\t\"\\";
    static const char  names[] = "bfnrt\"\\";

    if (w->rc != APIGW_OK || text.len == 0) {
        return w->rc;
    }

    p = text.data;
    end = p + text.len;

    while (p < end) {
        from = p;

        do {
            p = apigw_json_scan_plain(p, end);
            p = apigw_utf8_run(p, end);
        } while (p < end && !apigw_json_is_special(*p));

        del = memchr(from, 0x7f, p - from);
        p = del ? del : p;

        if (apigw_json_put(w, from, p - from) != APIGW_OK || p == end) {
            return w->rc;
        }

        if (*p >= 0x80) {
            return apigw_json_put_fail(w, APIGW_EINPUT);
        }

        known = *p ? strchr(chars, *p) : NULL;

        if (known) {
            escape[0] = '\\';
            escape[1] = names[known - chars];
            len = 2;

        } else {
            len = snprintf(escape, sizeof(escape), "\\u%04x", *p);
        }

        if (apigw_json_put(w, escape, len) != APIGW_OK) {
            return w->rc;
        }

        p++;
    }

    return w->rc;
}


apigw_rc_t
apigw_json_put(apigw_json_writer_t *w, const void *data, size_t len)
{
    apigw_rc_t  rc;

    if (w->rc != APIGW_OK || len == 0) {
        return w->rc;
    }

    if (len > w->limit || w->total > w->limit - len) {
        return apigw_json_put_fail(w, APIGW_ELIMIT);
    }

    rc = w->sink ? w->sink(w->ctx, data, len)
                 : apigw_json_put_chunk(w, data, len);

    if (rc != APIGW_OK) {
        return apigw_json_put_fail(w, rc);
    }

    w->total += len;

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_put_chunk(apigw_json_writer_t *w, const uint8_t *data, size_t len)
{
    size_t               n, size, total;
    apigw_json_chunk_t  *chunk;

    chunk = w->tail;
    n = chunk ? chunk->size - chunk->len : 0;
    n = n < len ? n : len;

    if (n) {
        memcpy(chunk->data + chunk->len, data, n);
        chunk->len += n;
        data += n;
        len -= n;
    }

    if (len == 0) {
        return APIGW_OK;
    }

    size = chunk ? chunk->size : APIGW_JSON_CHUNK_FIRST / 2;
    size = size < APIGW_JSON_CHUNK_MOST ? size * 2 : size;
    size = size < len ? len : size;

    if (__builtin_add_overflow(sizeof(apigw_json_chunk_t), size, &total)) {
        return APIGW_ELIMIT;
    }

    chunk = apigw_arena_alloc(w->arena, total);
    if (chunk == NULL) {
        return APIGW_ENOMEM;
    }

    memcpy(chunk->data, data, len);

    chunk->next = NULL;
    chunk->len = len;
    chunk->size = size;

    if (w->tail) {
        w->tail->next = chunk;

    } else {
        w->chunks = chunk;
    }

    w->tail = chunk;

    return APIGW_OK;
}


apigw_rc_t
apigw_json_put_fail(apigw_json_writer_t *w, apigw_rc_t rc)
{
    if (w->rc == APIGW_OK) {
        w->rc = rc;
    }

    return w->rc;
}
