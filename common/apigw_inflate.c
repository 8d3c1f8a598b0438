
#include "apigw_inflate.h"

#include <zlib.h>


#define APIGW_INFLATE_GZIP_BITS  (MAX_WBITS + 16)


/*
 * START  -> BODY   the first bytes are there, and the form of deflate known
 * START  -> DONE   there are none at all
 * BODY   -> NEXT   a gzip member, or the deflate stream, ended
 * NEXT   -> BODY   another member follows
 * NEXT   -> DONE   the input ended, too
 */

typedef enum {
    APIGW_INFLATE_START = 0,
    APIGW_INFLATE_BODY,
    APIGW_INFLATE_NEXT,
    APIGW_INFLATE_DONE
} apigw_inflate_state_e;


struct apigw_inflate_s {
    z_stream                 zlib;
    apigw_arena_t           *arena;
    apigw_inflate_coding_e   coding;
    apigw_inflate_state_e    state;

    const uint8_t           *pos;         /* of the input */
    const uint8_t           *end;
    bool                     last;

    uint8_t                  head[2];     /* of a deflate stream */
    unsigned                 nhead;       /* of them seen */
    unsigned                 head_used;   /* of them given to zlib */

    uint64_t                 consumed;
    uint64_t                 left;        /* bytes that may still come out */

    apigw_rc_t               rc;          /* once failed */
    const char              *word;
};


static apigw_rc_t apigw_inflate_step(apigw_inflate_t *f, uint8_t *out,
    size_t size, size_t *n);
static apigw_rc_t apigw_inflate_start(apigw_inflate_t *f);
static apigw_rc_t apigw_inflate_begin(apigw_inflate_t *f, int bits);
static apigw_rc_t apigw_inflate_body(apigw_inflate_t *f, uint8_t *out,
    size_t size, size_t *n);
static apigw_rc_t apigw_inflate_next(apigw_inflate_t *f);
static apigw_rc_t apigw_inflate_fail(apigw_inflate_t *f, apigw_rc_t rc,
    const char *word);
static void *apigw_inflate_alloc(void *ctx, unsigned n, unsigned size);
static void apigw_inflate_free(void *ctx, void *p);


apigw_rc_t
apigw_inflate_coding(apigw_str_t name, apigw_inflate_coding_e *coding)
{
    size_t  i, k;

    static const struct {
        const char              *name;
        apigw_inflate_coding_e   coding;
    } known[] = {
        { "gzip", APIGW_INFLATE_GZIP },
        { "x-gzip", APIGW_INFLATE_GZIP },
        { "deflate", APIGW_INFLATE_DEFLATE }
    };

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {

        if (name.len != strlen(known[i].name)) {
            continue;
        }

        for (k = 0; k < name.len; k++) {
            if ((name.data[k] | 0x20) != (known[i].name[k] | 0x20)) {
                break;
            }
        }

        if (k == name.len) {
            *coding = known[i].coding;
            return APIGW_OK;
        }
    }

    return APIGW_EUNSUPPORTED;
}


apigw_inflate_t *
apigw_inflate_create(apigw_arena_t *arena, apigw_inflate_coding_e coding,
    uint64_t max)
{
    apigw_inflate_t  *f;

    f = apigw_arena_zalloc(arena, sizeof(apigw_inflate_t));
    if (f == NULL) {
        return NULL;
    }

    f->arena = arena;
    f->coding = coding;
    f->left = max;

    f->zlib.zalloc = apigw_inflate_alloc;
    f->zlib.zfree = apigw_inflate_free;
    f->zlib.opaque = arena;

    return f;
}


void
apigw_inflate_feed(apigw_inflate_t *f, const uint8_t *data, size_t len,
    bool last)
{
    f->pos = data;
    f->end = len ? data + len : data;
    f->last = last;
}


apigw_rc_t
apigw_inflate_read(apigw_inflate_t *f, uint8_t *out, size_t size, size_t *n,
    apigw_error_t *error)
{
    size_t      len;
    apigw_rc_t  rc;

    *n = 0;
    rc = f->rc;

    while (rc == APIGW_OK && f->state != APIGW_INFLATE_DONE && *n < size) {
        rc = apigw_inflate_step(f, out + *n, size - *n, &len);
        *n += len;
    }

    if (rc < 0) {
        error->word = f->word;
        error->offset = f->consumed;
        return rc;
    }

    return f->state == APIGW_INFLATE_DONE ? APIGW_OK : APIGW_AGAIN;
}


static apigw_rc_t
apigw_inflate_step(apigw_inflate_t *f, uint8_t *out, size_t size, size_t *n)
{
    *n = 0;

    switch (f->state) {

    case APIGW_INFLATE_START:
        return apigw_inflate_start(f);

    case APIGW_INFLATE_NEXT:
        return apigw_inflate_next(f);

    default: /* APIGW_INFLATE_BODY */
        return apigw_inflate_body(f, out, size, n);
    }
}


/* What is called deflate is a zlib stream, or, as some send it, a raw one. */

static apigw_rc_t
apigw_inflate_start(apigw_inflate_t *f)
{
    bool  zlib;

    if (f->pos == f->end && f->nhead == 0) {

        if (!f->last) {
            return APIGW_AGAIN;
        }

        f->state = APIGW_INFLATE_DONE;
        return APIGW_OK;
    }

    if (f->coding == APIGW_INFLATE_GZIP) {
        return apigw_inflate_begin(f, APIGW_INFLATE_GZIP_BITS);
    }

    while (f->nhead < 2 && f->pos != f->end) {
        f->head[f->nhead++] = *f->pos++;
        f->consumed++;
    }

    if (f->nhead < 2 && !f->last) {
        return APIGW_AGAIN;
    }

    zlib = f->nhead == 2 && (f->head[0] & 0x0f) == Z_DEFLATED
           && (f->head[0] >> 4) + 8 <= MAX_WBITS
           && (f->head[0] << 8 | f->head[1]) % 31 == 0;

    return apigw_inflate_begin(f, zlib ? MAX_WBITS : -MAX_WBITS);
}


static apigw_rc_t
apigw_inflate_begin(apigw_inflate_t *f, int bits)
{
    if (inflateInit2(&f->zlib, bits) != Z_OK) {
        return apigw_inflate_fail(f, APIGW_ENOMEM, "internal");
    }

    f->state = APIGW_INFLATE_BODY;

    return APIGW_OK;
}


static apigw_rc_t
apigw_inflate_body(apigw_inflate_t *f, uint8_t *out, size_t size, size_t *n)
{
    int              rc;
    bool             head;
    size_t           in;
    uint8_t          over;
    const uint8_t   *from;

    over = 0;
    head = (f->head_used < f->nhead);
    from = head ? f->head + f->head_used : f->pos;
    in = head ? f->nhead - f->head_used : (size_t) (f->end - f->pos);
    in = in < UINT32_MAX ? in : UINT32_MAX;

    /* At the limit one more byte is asked for: there must be none. */

    size = size < f->left ? size : f->left;
    size = size < UINT32_MAX ? size : UINT32_MAX;

    f->zlib.next_in = (Bytef *) from;
    f->zlib.avail_in = in;
    f->zlib.next_out = size ? out : &over;
    f->zlib.avail_out = size ? size : 1;

    rc = inflate(&f->zlib, Z_NO_FLUSH);

    in -= f->zlib.avail_in;

    if (head) {
        f->head_used += in;

    } else {
        f->pos += in;
        f->consumed += in;
    }

    if (size == 0 && f->zlib.avail_out == 0) {
        return apigw_inflate_fail(f, APIGW_ELIMIT, "inflate_too_large");
    }

    *n = size ? size - f->zlib.avail_out : 0;
    f->left -= *n;

    switch (rc) {

    case Z_STREAM_END:
        f->state = APIGW_INFLATE_NEXT;
        return APIGW_OK;

    case Z_OK:
    case Z_BUF_ERROR:
        break;

    case Z_MEM_ERROR:
        return apigw_inflate_fail(f, APIGW_ENOMEM, "internal");

    default: /* Z_NEED_DICT, Z_DATA_ERROR */
        return apigw_inflate_fail(f, APIGW_EINPUT, "inflate_failed");
    }

    if (in || *n) {
        return APIGW_OK;
    }

    if (f->last) {
        return apigw_inflate_fail(f, APIGW_EINPUT, "inflate_failed");
    }

    return APIGW_AGAIN;
}


/* Behind a member there may be another one, and nothing else. */

static apigw_rc_t
apigw_inflate_next(apigw_inflate_t *f)
{
    if (f->head_used < f->nhead || f->pos != f->end) {

        if (f->coding == APIGW_INFLATE_DEFLATE
            || inflateReset(&f->zlib) != Z_OK)
        {
            return apigw_inflate_fail(f, APIGW_EINPUT, "inflate_failed");
        }

        f->state = APIGW_INFLATE_BODY;
        return APIGW_OK;
    }

    if (!f->last) {
        return APIGW_AGAIN;
    }

    f->state = APIGW_INFLATE_DONE;

    return APIGW_OK;
}


static apigw_rc_t
apigw_inflate_fail(apigw_inflate_t *f, apigw_rc_t rc, const char *word)
{
    f->rc = rc;
    f->word = word;

    return rc;
}


static void *
apigw_inflate_alloc(void *ctx, unsigned n, unsigned size)
{
    return apigw_arena_array(ctx, n, size);
}


/* The arena goes as a whole. */

static void
apigw_inflate_free(void *ctx, void *p)
{
    (void) ctx;
    (void) p;
}
