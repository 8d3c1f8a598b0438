
#include "apigw_json_writer.h"
#include "apigw_json_put.h"

#include <stdio.h>


enum {
    APIGW_JSON_W_ROOT = 0,           /* a value */
    APIGW_JSON_W_FIRST,              /* in an array: a value, no comma */
    APIGW_JSON_W_NEXT,               /* in an array: a value behind a comma */
    APIGW_JSON_W_NAME_FIRST,         /* in an object: a name, no comma */
    APIGW_JSON_W_NAME_NEXT,          /* in an object: a name behind a comma */
    APIGW_JSON_W_VALUE,              /* in an object: the name's value */
    APIGW_JSON_W_STRING,             /* inside a string */
    APIGW_JSON_W_PIECE,              /* inside a value that comes in pieces */
    APIGW_JSON_W_END
};


static apigw_rc_t apigw_json_write_begin(apigw_json_writer_t *w);
static apigw_rc_t apigw_json_write_end(apigw_json_writer_t *w);
static apigw_rc_t apigw_json_write_open(apigw_json_writer_t *w, bool object);
static apigw_rc_t apigw_json_write_name(apigw_json_writer_t *w);
static apigw_rc_t apigw_json_write_word(apigw_json_writer_t *w,
    const char *word, size_t len);


void
apigw_json_writer_init(apigw_json_writer_t *w, apigw_arena_t *arena)
{
    memset(w, 0, sizeof(apigw_json_writer_t));

    w->arena = arena;
    w->limit = SIZE_MAX;
}


void
apigw_json_writer_init_sink(apigw_json_writer_t *w, apigw_json_sink_pt sink,
    void *ctx)
{
    memset(w, 0, sizeof(apigw_json_writer_t));

    w->sink = sink;
    w->ctx = ctx;
    w->limit = SIZE_MAX;
}


void
apigw_json_writer_limit(apigw_json_writer_t *w, size_t limit)
{
    w->limit = limit;
}


apigw_rc_t
apigw_json_write_object(apigw_json_writer_t *w)
{
    return apigw_json_write_open(w, true);
}


apigw_rc_t
apigw_json_write_array(apigw_json_writer_t *w)
{
    return apigw_json_write_open(w, false);
}


static apigw_rc_t
apigw_json_write_open(apigw_json_writer_t *w, bool object)
{
    uint64_t  bit;

    if (apigw_json_write_begin(w) != APIGW_OK) {
        return w->rc;
    }

    if (w->depth == APIGW_JSON_WRITER_DEPTH) {
        return apigw_json_put_fail(w, APIGW_ELIMIT);
    }

    bit = UINT64_C(1) << (w->depth % 64);

    if (object) {
        w->nest[w->depth / 64] |= bit;
        w->state = APIGW_JSON_W_NAME_FIRST;

    } else {
        w->nest[w->depth / 64] &= ~bit;
        w->state = APIGW_JSON_W_FIRST;
    }

    w->depth++;

    return apigw_json_put(w, object ? "{" : "[", 1);
}


apigw_rc_t
apigw_json_write_close(apigw_json_writer_t *w)
{
    bool  object;

    switch (w->state) {

    case APIGW_JSON_W_NAME_FIRST:
    case APIGW_JSON_W_NAME_NEXT:
        object = true;
        break;

    case APIGW_JSON_W_FIRST:
    case APIGW_JSON_W_NEXT:
        object = false;
        break;

    default:
        return apigw_json_put_fail(w, APIGW_EINPUT);
    }

    if (apigw_json_put(w, object ? "}" : "]", 1) == APIGW_OK) {
        w->depth--;
        return apigw_json_write_end(w);
    }

    return w->rc;
}


apigw_rc_t
apigw_json_write_key(apigw_json_writer_t *w, apigw_str_t name)
{
    if (apigw_json_write_name(w) == APIGW_OK
        && apigw_json_put(w, "\"", 1) == APIGW_OK
        && apigw_json_put_escaped(w, name) == APIGW_OK)
    {
        return apigw_json_put(w, "\":", 2);
    }

    return w->rc;
}


apigw_rc_t
apigw_json_write_key_raw(apigw_json_writer_t *w, apigw_str_t source)
{
    if (apigw_json_write_name(w) == APIGW_OK
        && apigw_json_put(w, source.data, source.len) == APIGW_OK)
    {
        return apigw_json_put(w, ":", 1);
    }

    return w->rc;
}


apigw_rc_t
apigw_json_write_members_raw(apigw_json_writer_t *w, apigw_str_t source)
{
    if (apigw_json_write_name(w) == APIGW_OK) {
        (void) apigw_json_put(w, source.data, source.len);
        w->state = APIGW_JSON_W_NAME_NEXT;
    }

    return w->rc;
}


/* What is in front of a name; behind it its value is due. */

static apigw_rc_t
apigw_json_write_name(apigw_json_writer_t *w)
{
    bool  comma;

    comma = w->state == APIGW_JSON_W_NAME_NEXT;

    if (!comma && w->state != APIGW_JSON_W_NAME_FIRST) {
        return apigw_json_put_fail(w, APIGW_EINPUT);
    }

    w->state = APIGW_JSON_W_VALUE;

    return comma ? apigw_json_put(w, ",", 1) : w->rc;
}


apigw_rc_t
apigw_json_write_string(apigw_json_writer_t *w, apigw_str_t text)
{
    (void) apigw_json_write_string_open(w);
    (void) apigw_json_write_string_part(w, text);

    return apigw_json_write_string_close(w);
}


apigw_rc_t
apigw_json_write_string_open(apigw_json_writer_t *w)
{
    if (apigw_json_write_begin(w) != APIGW_OK) {
        return w->rc;
    }

    w->state = APIGW_JSON_W_STRING;

    return apigw_json_put(w, "\"", 1);
}


apigw_rc_t
apigw_json_write_string_part(apigw_json_writer_t *w, apigw_str_t text)
{
    if (w->state != APIGW_JSON_W_STRING) {
        return apigw_json_put_fail(w, APIGW_EINPUT);
    }

    return apigw_json_put_escaped(w, text);
}


apigw_rc_t
apigw_json_write_string_close(apigw_json_writer_t *w)
{
    if (w->state != APIGW_JSON_W_STRING) {
        return apigw_json_put_fail(w, APIGW_EINPUT);
    }

    (void) apigw_json_put(w, "\"", 1);

    return apigw_json_write_end(w);
}


apigw_rc_t
apigw_json_write_null(apigw_json_writer_t *w)
{
    return apigw_json_write_word(w, "null", 4);
}


apigw_rc_t
apigw_json_write_bool(apigw_json_writer_t *w, bool value)
{
    return value ? apigw_json_write_word(w, "true", 4)
                 : apigw_json_write_word(w, "false", 5);
}


apigw_rc_t
apigw_json_write_int(apigw_json_writer_t *w, int64_t value)
{
    int   len;
    char  digits[24];

    len = snprintf(digits, sizeof(digits), "%lld", (long long) value);

    return apigw_json_write_word(w, digits, len);
}


apigw_rc_t
apigw_json_write_uint(apigw_json_writer_t *w, uint64_t value)
{
    int   len;
    char  digits[24];

    len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long) value);

    return apigw_json_write_word(w, digits, len);
}


static apigw_rc_t
apigw_json_write_word(apigw_json_writer_t *w, const char *word, size_t len)
{
    apigw_str_t  source = { (const uint8_t *) word, len };

    return apigw_json_write_raw(w, source);
}


apigw_rc_t
apigw_json_write_raw(apigw_json_writer_t *w, apigw_str_t source)
{
    return apigw_json_write_piece(w, source, true, true);
}


apigw_rc_t
apigw_json_write_piece(apigw_json_writer_t *w, apigw_str_t source, bool first,
    bool last)
{
    if (first) {
        if (apigw_json_write_begin(w) != APIGW_OK) {
            return w->rc;
        }

        w->state = APIGW_JSON_W_PIECE;

    } else if (w->state != APIGW_JSON_W_PIECE) {
        return apigw_json_put_fail(w, APIGW_EINPUT);
    }

    if (apigw_json_put(w, source.data, source.len) != APIGW_OK) {
        return w->rc;
    }

    return last ? apigw_json_write_end(w) : APIGW_OK;
}


apigw_rc_t
apigw_json_writer_finish(apigw_json_writer_t *w, apigw_str_t *out)
{
    uint8_t             *p;
    apigw_json_chunk_t  *chunk;

    if (w->state != APIGW_JSON_W_END) {
        return apigw_json_put_fail(w, APIGW_EINPUT);
    }

    if (w->rc != APIGW_OK || w->sink || out == NULL) {
        return w->rc;
    }

    if (w->chunks == w->tail) {
        out->data = w->chunks->data;
        out->len = w->chunks->len;
        return APIGW_OK;
    }

    p = apigw_arena_alloc(w->arena, w->total);
    if (p == NULL) {
        return apigw_json_put_fail(w, APIGW_ENOMEM);
    }

    out->data = p;
    out->len = w->total;

    for (chunk = w->chunks; chunk; chunk = chunk->next) {
        memcpy(p, chunk->data, chunk->len);
        p += chunk->len;
    }

    return APIGW_OK;
}


/* What is in front of a value: a comma between elements. */

static apigw_rc_t
apigw_json_write_begin(apigw_json_writer_t *w)
{
    switch (w->state) {

    case APIGW_JSON_W_ROOT:
    case APIGW_JSON_W_FIRST:
    case APIGW_JSON_W_VALUE:
        return w->rc;

    case APIGW_JSON_W_NEXT:
        return apigw_json_put(w, ",", 1);

    default:
        return apigw_json_put_fail(w, APIGW_EINPUT);
    }
}


/* A value is over. */

static apigw_rc_t
apigw_json_write_end(apigw_json_writer_t *w)
{
    uint32_t  outer;

    if (w->depth == 0) {
        w->state = APIGW_JSON_W_END;
        return w->rc;
    }

    outer = w->depth - 1;

    w->state = (w->nest[outer / 64] >> (outer % 64)) & 1
               ? APIGW_JSON_W_NAME_NEXT : APIGW_JSON_W_NEXT;

    return w->rc;
}
