
/*
 * For tests: what a reader says of a document, as one text, however the
 * windows are cut. The pieces of a scalar are joined, so that every way to cut
 * must give the same text.
 *
 *     {"a":[1]}   ->   {@0 k"a"@1 [@5 n1@6 ]@7 }@8 .
 */


#ifndef _APIGW_JSON_EVENTS_H_INCLUDED_
#define _APIGW_JSON_EVENTS_H_INCLUDED_


#include "apigw_json_reader.h"

#include <stdio.h>
#include <stdlib.h>


typedef struct {
    char    *data;
    size_t   len;
    size_t   size;
} apigw_json_events_t;


static inline void
apigw_json_events_put(apigw_json_events_t *e, const void *data, size_t len)
{
    if (e->size - e->len < len) {
        e->size = (e->len + len) * 2 + 64;
        e->data = realloc(e->data, e->size);

        if (e->data == NULL) {
            abort();
        }
    }

    if (len) {
        memcpy(e->data + e->len, data, len);
        e->len += len;
    }
}


static inline void
apigw_json_events_at(apigw_json_events_t *e, size_t offset)
{
    int   n;
    char  text[32];

    n = snprintf(text, sizeof(text), "@%zu ", offset);

    apigw_json_events_put(e, text, n);
}


static inline void
apigw_json_events_token(apigw_json_events_t *e, const apigw_json_token_t *t,
    size_t *offset)
{
    static const char  marks[] = ".zftns{[}]kS";

    if (t->first) {
        *offset = t->offset;
        apigw_json_events_put(e, &marks[t->kind], 1);
    }

    if (t->kind >= APIGW_JSON_NULL
        && (t->kind <= APIGW_JSON_STRING || t->kind >= APIGW_JSON_KEY))
    {
        apigw_json_events_put(e, t->raw.data, t->raw.len);
    }

    if (t->kind == APIGW_JSON_KEY) {
        apigw_json_events_put(e, "=", 1);
        apigw_json_events_put(e, t->name.data, t->name.len);

        if (t->duplicate) {
            apigw_json_events_put(e, "!", 1);
            apigw_json_events_at(e, t->previous);
        }
    }

    if (t->last && t->kind != APIGW_JSON_END) {
        apigw_json_events_at(e, *offset);
    }
}


/*
 * Reads `doc` in windows of which the i-th ends at cuts[i], each in a block of
 * its own size. Every value below an object of depth 0 goes through
 * apigw_json_reader_span() if `spans`. Returns the reader's result and sets
 * *error.
 */

static inline apigw_rc_t
apigw_json_events(apigw_arena_t *arena, const apigw_json_options_t *options,
    apigw_str_t doc, const size_t *cuts, size_t n, bool spans,
    apigw_json_events_t *e, apigw_error_t *error)
{
    bool                  span;
    size_t                at, next, len, offset;
    uint8_t              *window, *old;
    apigw_rc_t            rc;
    apigw_json_token_t    token;
    apigw_json_reader_t   r;

    e->len = 0;
    window = NULL;
    at = 0;
    offset = 0;
    span = false;

    rc = apigw_json_reader_init(&r, arena, options);

    while (rc >= 0) {

        rc = span ? apigw_json_reader_span(&r, &token)
                  : apigw_json_reader_next(&r, &token);

        if (rc == APIGW_OK) {
            span = (token.kind == APIGW_JSON_SPAN && !token.last)
                   || (spans && token.kind == APIGW_JSON_KEY);

            apigw_json_events_token(e, &token, &offset);

            if (token.kind == APIGW_JSON_END) {
                break;
            }

            continue;
        }

        if (rc != APIGW_AGAIN) {
            break;
        }

        if (r.last) {
            abort();
        }

        next = n ? *cuts : doc.len;
        len = next - at;

        old = window;
        window = len ? malloc(len) : NULL;

        if (len) {
            if (window == NULL) {
                abort();
            }

            memcpy(window, doc.data + at, len);
        }

        apigw_json_reader_feed(&r, window, len, n == 0);

        free(old);

        at = next;

        if (n) {
            cuts++;
            n--;
        }
    }

    free(window);

    *error = r.error;

    if (rc < 0) {
        apigw_json_events_at(e, r.error.offset);
    }

    return rc;
}


#endif /* _APIGW_JSON_EVENTS_H_INCLUDED_ */
