
/*
 * Replies from a hostile server. The first byte says in which pieces the rest
 * arrives. Properties: pieces do not matter; what is written back reads the
 * same; the classes of errors are found without a byte too far.
 */


#include "apigw_resp.h"

#include <stdio.h>
#include <stdlib.h>


typedef struct {
    char        *data;
    size_t       len;
    size_t       size;
    apigw_rc_t   rc;                 /* what ended the reading */
} text_t;


static void
put(text_t *text, const void *data, size_t len)
{
    if (len > text->size - text->len) {
        text->size = 2 * (text->size + len);
        text->data = realloc(text->data, text->size);

        if (text->data == NULL) {
            abort();
        }
    }

    memcpy(text->data + text->len, data, len);
    text->len += len;
}


static void
put_reply(text_t *text, const redisReply *reply)
{
    int     n;
    char    head[64];
    size_t  i;

    switch (reply->type) {

    case REDIS_REPLY_INTEGER:
        n = snprintf(head, sizeof(head), ":%lld\r\n", reply->integer);
        put(text, head, (size_t) n);
        return;

    case REDIS_REPLY_NIL:
        put(text, "$-1\r\n", 5);
        return;

    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
        (void) apigw_resp_class_word(apigw_resp_reply_class(reply));
        put(text, reply->type == REDIS_REPLY_STATUS ? "+" : "-", 1);
        put(text, reply->str, (size_t) reply->len);
        put(text, "\r\n", 2);
        return;

    case REDIS_REPLY_STRING:
        n = snprintf(head, sizeof(head), "$%zu\r\n", (size_t) reply->len);
        put(text, head, (size_t) n);
        put(text, reply->str, (size_t) reply->len);
        put(text, "\r\n", 2);
        return;

    default:
        n = snprintf(head, sizeof(head), "*%zu\r\n", (size_t) reply->elements);
        put(text, head, (size_t) n);

        for (i = 0; i < reply->elements; i++) {
            put_reply(text, reply->element[i]);
        }
    }
}


/* Reads `data` in pieces of `step` bytes and writes the replies again. */

static text_t
replies(const uint8_t *data, size_t len, size_t step)
{
    size_t                piece, used;
    text_t                text = { NULL, 0, 0, APIGW_AGAIN };
    int64_t               values[3];
    redisReply           *reply;
    apigw_heap_t          heap = { NULL };
    apigw_arena_t         arena;
    apigw_resp_reader_t  *reader;

    apigw_heap_arena(&heap, &arena);

    reader = apigw_resp_reader_create(&arena);
    if (reader == NULL) {
        abort();
    }

    while (len) {
        piece = step < len ? step : len;

        text.rc = apigw_resp_read(reader, data, piece, &used, &reply);

        if (used > piece || (text.rc == APIGW_AGAIN && used != piece)) {
            abort();
        }

        if (text.rc < 0) {
            break;
        }

        if (text.rc == APIGW_OK) {
            put_reply(&text, reply);
            (void) apigw_resp_integers(reply, values, 3);
            (void) apigw_resp_reply_is(reply, "OK");
            freeReplyObject(reply);
        }

        data += used;
        len -= used;
    }

    apigw_resp_reader_free(reader);
    apigw_heap_free(&heap);

    return text;
}


static void
same(const text_t *a, const text_t *b)
{
    if (a->len != b->len || (a->len && memcmp(a->data, b->data, a->len) != 0)) {
        abort();
    }
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    text_t  whole, pieces, again;

    if (size < 1) {
        return 0;
    }

    whole = replies(data + 1, size - 1, size);
    pieces = replies(data + 1, size - 1, (size_t) data[0] + 1);

    same(&whole, &pieces);

    if (whole.rc != pieces.rc
        && !(whole.rc == APIGW_OK && pieces.rc == APIGW_AGAIN)
        && !(whole.rc == APIGW_AGAIN && pieces.rc == APIGW_OK))
    {
        abort();
    }

    again = replies((const uint8_t *) whole.data, whole.len, whole.len + 1);
    same(&whole, &again);

    free(whole.data);
    free(pieces.data);
    free(again.data);

    return 0;
}
