
#include "apigw_transform_buffer.h"


#define APIGW_TRANSFORM_CHUNK_MIN  4096
#define APIGW_TRANSFORM_CHUNK_MAX  (1024 * 1024)


struct apigw_transform_chunk_s {
    apigw_transform_chunk_t  *next;
    size_t                    len;
    size_t                    size;
    uint8_t                   data[];
};


void
apigw_transform_buffer_init(apigw_transform_buffer_t *b, apigw_arena_t *arena,
    size_t expect)
{
    b->arena = arena;
    b->first = NULL;
    b->tail = NULL;
    b->total = 0;
    b->next = expect > APIGW_TRANSFORM_CHUNK_MIN ? expect
                                                 : APIGW_TRANSFORM_CHUNK_MIN;
}


uint8_t *
apigw_transform_buffer_room(apigw_transform_buffer_t *b, size_t *size)
{
    size_t                    bytes;
    apigw_transform_chunk_t  *c;

    c = b->tail;

    if (c == NULL || c->len == c->size) {

        if (__builtin_add_overflow(b->next, sizeof(*c), &bytes)) {
            return NULL;
        }

        c = apigw_arena_alloc(b->arena, bytes);
        if (c == NULL) {
            return NULL;
        }

        c->next = NULL;
        c->len = 0;
        c->size = b->next;

        if (b->tail != NULL) {
            b->tail->next = c;

        } else {
            b->first = c;
        }

        b->tail = c;

        /* as much again as there is, so that chunks are few */

        b->next = b->total + c->size;

        if (b->next > APIGW_TRANSFORM_CHUNK_MAX) {
            b->next = APIGW_TRANSFORM_CHUNK_MAX;
        }
    }

    *size = c->size - c->len;

    return c->data + c->len;
}


void
apigw_transform_buffer_commit(apigw_transform_buffer_t *b, size_t n)
{
    if (n) {
        b->tail->len += n;
        b->total += n;
    }
}


apigw_rc_t
apigw_transform_buffer_join(apigw_transform_buffer_t *b, apigw_str_t *out)
{
    uint8_t                        *p;
    const apigw_transform_chunk_t  *c;

    c = b->first;

    if (c != NULL && c->len == b->total) {
        out->data = c->data;
        out->len = c->len;
        return APIGW_OK;
    }

    p = apigw_arena_alloc(b->arena, b->total);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    out->data = p;
    out->len = b->total;

    for ( /* void */ ; c != NULL; c = c->next) {
        memcpy(p, c->data, c->len);
        p += c->len;
    }

    return APIGW_OK;
}
