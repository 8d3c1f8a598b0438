
/*
 * Any bytes as gzip or deflate: never more than the limit, the same wherever
 * they are cut; and any bytes packed, then unpacked, come back.
 */


#include "apigw_inflate.h"

#include <stdlib.h>
#include <zlib.h>


#define LIMIT  65536


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
must(bool cond)
{
    if (!cond) {
        abort();
    }
}


typedef struct {
    apigw_rc_t     rc;
    apigw_error_t  error;
    size_t         len;
    uint8_t        data[LIMIT];
} result_t;


static void
undo(apigw_inflate_coding_e coding, const uint8_t *data, size_t size,
    size_t step, size_t room, result_t *r)
{
    size_t            n, pos, len;
    uint8_t          *piece;
    apigw_heap_t      heap;
    apigw_arena_t     arena;
    apigw_inflate_t  *f;

    uint8_t           out[4096];

    apigw_heap_arena(&heap, &arena);
    f = apigw_inflate_create(&arena, coding, LIMIT);
    r->len = 0;
    pos = 0;

    do {
        len = step < size - pos ? step : size - pos;
        piece = malloc(len ? len : 1);

        if (len) {
            memcpy(piece, data + pos, len);
        }

        apigw_inflate_feed(f, piece, len, pos + len == size);
        pos += len;

        do {
            r->rc = apigw_inflate_read(f, out, room, &n, &r->error);

            must(n <= LIMIT - r->len);
            memcpy(r->data + r->len, out, n);
            r->len += n;
        } while (r->rc == APIGW_AGAIN && n == room);

        free(piece);

    } while (r->rc == APIGW_AGAIN && pos < size);

    must(r->rc != APIGW_AGAIN);
    apigw_heap_free(&heap);
}


static void
there_and_back(const uint8_t *data, size_t size)
{
    size_t    i;
    uint8_t  *packed;
    z_stream  z;

    static result_t    r;
    static const int   bits[] = { 31, 15, -15 };

    if (size > LIMIT) {
        return;
    }

    for (i = 0; i < 3; i++) {
        memset(&z, 0, sizeof(z));
        must(deflateInit2(&z, 6, Z_DEFLATED, bits[i], 8, Z_DEFAULT_STRATEGY)
             == Z_OK);

        z.avail_out = deflateBound(&z, size);
        packed = malloc(z.avail_out);

        z.next_in = (Bytef *) data;
        z.avail_in = size;
        z.next_out = packed;
        must(deflate(&z, Z_FINISH) == Z_STREAM_END);

        undo(i ? APIGW_INFLATE_DEFLATE : APIGW_INFLATE_GZIP, packed,
             z.total_out, 1 + size % 100, 1 + size % 4096, &r);

        must(r.rc == APIGW_OK && r.len == size);
        must(size == 0 || memcmp(r.data, data, size) == 0);

        (void) deflateEnd(&z);
        free(packed);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int  coding;

    static result_t  a, b;

    for (coding = 0; coding < 2; coding++) {
        undo(coding, data, size, size + 1, 4096, &a);
        undo(coding, data, size, 1, 7, &b);

        must(a.rc == b.rc && a.len == b.len);
        must(memcmp(a.data, b.data, a.len) == 0);
        must(a.rc == APIGW_OK || strcmp(a.error.word, b.error.word) == 0);
    }

    there_and_back(data, size);

    return 0;
}
