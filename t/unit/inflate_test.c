
/* Inflating piece by piece: bounded, and nothing damaged passes. */


#include "apigw_test.h"
#include "apigw_inflate.h"

#include <zlib.h>


#define MAX  (256 * 1024)


static uint8_t  plain[MAX], packed[MAX], out[MAX + 1];


/* Packs `len` bytes of plain[] behind `at`; returns the new end. */

static size_t
pack(size_t at, size_t len, int bits)
{
    z_stream  z;

    memset(&z, 0, sizeof(z));

    if (deflateInit2(&z, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        abort();
    }

    z.next_in = plain;
    z.avail_in = len;
    z.next_out = packed + at;
    z.avail_out = MAX - at;

    if (deflate(&z, Z_FINISH) != Z_STREAM_END) {
        abort();
    }

    (void) deflateEnd(&z);

    return MAX - z.avail_out;
}


static void
fill(size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        plain[i] = "the quick brown fox"[(i * i / 7) % 19];
    }
}


typedef struct {
    apigw_rc_t     rc;
    apigw_error_t  error;
    size_t         len;
} result_t;


/* Feeds `cut` bytes, then pieces of `step`; reads `room` bytes at a time. */

static result_t
undo(apigw_test_t *t, apigw_inflate_coding_e coding, uint64_t max, size_t len,
    size_t cut, size_t step, size_t room)
{
    size_t            n, pos;
    uint8_t          *piece;
    result_t          r;
    apigw_inflate_t  *f;

    memset(&r, 0, sizeof(r));

    f = apigw_inflate_create(&t->arena, coding, max);
    if (f == NULL) {
        r.rc = APIGW_ENOMEM;
        return r;
    }

    cut = cut < len ? cut : len;
    pos = 0;

    for ( ;; ) {
        piece = malloc(cut ? cut : 1);
        memcpy(piece, packed + pos, cut);
        apigw_inflate_feed(f, piece, cut, pos + cut == len);
        pos += cut;

        do {
            n = MAX + 1 - r.len < room ? MAX + 1 - r.len : room;
            r.rc = apigw_inflate_read(f, out + r.len, n, &n, &r.error);
            r.len += n;
        } while (r.rc == APIGW_AGAIN && n == room);

        free(piece);

        if (r.rc != APIGW_AGAIN || pos == len) {
            return r;
        }

        cut = step < len - pos ? step : len - pos;
    }
}


static bool
same(const result_t *r, size_t copies, size_t len)
{
    size_t  i;

    if (r->rc != APIGW_OK || r->len != copies * len) {
        return false;
    }

    for (i = 0; i < copies; i++) {
        if (memcmp(out + i * len, plain, len) != 0) {
            return false;
        }
    }

    return true;
}


static bool
fails(const result_t *r, apigw_rc_t rc, const char *word)
{
    return r->rc == rc && strcmp(r->error.word, word) == 0;
}


TEST(codings_are_named)
{
    apigw_inflate_coding_e  coding;

    EXPECT(apigw_inflate_coding((apigw_str_t) apigw_str("GZip"), &coding)
           == APIGW_OK && coding == APIGW_INFLATE_GZIP);
    EXPECT(apigw_inflate_coding((apigw_str_t) apigw_str("x-gzip"), &coding)
           == APIGW_OK && coding == APIGW_INFLATE_GZIP);
    EXPECT(apigw_inflate_coding((apigw_str_t) apigw_str("deflate"), &coding)
           == APIGW_OK && coding == APIGW_INFLATE_DEFLATE);
    EXPECT(apigw_inflate_coding((apigw_str_t) apigw_str("br"), &coding)
           == APIGW_EUNSUPPORTED);
    EXPECT(apigw_inflate_coding((apigw_str_t) apigw_str("gzip, br"), &coding)
           == APIGW_EUNSUPPORTED);
    EXPECT(apigw_inflate_coding((apigw_str_t) apigw_str(""), &coding)
           == APIGW_EUNSUPPORTED);
}


TEST(every_form_comes_back_wherever_it_is_cut)
{
    size_t    i, len;
    result_t  r;

    static const struct {
        apigw_inflate_coding_e  coding;
        int                     bits;
    } forms[] = {
        { APIGW_INFLATE_GZIP, 15 + 16 },
        { APIGW_INFLATE_DEFLATE, 15 },
        { APIGW_INFLATE_DEFLATE, 9 },
        { APIGW_INFLATE_DEFLATE, -15 }
    };

    fill(3000);

    for (i = 0; i < 4; i++) {
        len = pack(0, 3000, forms[i].bits);

        for (size_t cut = 0; cut <= len; cut++) {

            if (t->fail_at && cut > 2) {
                break;
            }

            r = undo(t, forms[i].coding, 3000, len, cut, len, 1 + cut % 997);
            EXPECT(same(&r, 1, 3000));
        }

        r = undo(t, forms[i].coding, 3000, len, 0, 1, 1);
        EXPECT(same(&r, 1, 3000));
    }
}


TEST(gzip_members_follow_each_other)
{
    size_t    len;
    result_t  r;

    fill(500);
    len = pack(pack(pack(0, 500, 31), 0, 31), 500, 31);

    r = undo(t, APIGW_INFLATE_GZIP, 1000, len, len, 1, 4096);
    EXPECT(same(&r, 2, 500));

    r = undo(t, APIGW_INFLATE_GZIP, 1000, len, 0, 1, 7);
    EXPECT(same(&r, 2, 500));

    r = undo(t, APIGW_INFLATE_GZIP, 999, len, len, 1, 4096);
    EXPECT(fails(&r, APIGW_ELIMIT, "inflate_too_large"));
}


TEST(no_bytes_are_an_empty_body)
{
    result_t  r;

    r = undo(t, APIGW_INFLATE_GZIP, 10, 0, 0, 1, 10);
    EXPECT(r.rc == APIGW_OK && r.len == 0);

    r = undo(t, APIGW_INFLATE_DEFLATE, 0, 0, 0, 1, 10);
    EXPECT(r.rc == APIGW_OK && r.len == 0);
}


TEST(the_limit_is_exact)
{
    size_t    len;
    result_t  r;

    fill(1000);
    len = pack(0, 1000, 31);

    r = undo(t, APIGW_INFLATE_GZIP, 1000, len, len, 1, MAX);
    EXPECT(same(&r, 1, 1000));

    r = undo(t, APIGW_INFLATE_GZIP, 999, len, len, 1, MAX);
    EXPECT(fails(&r, APIGW_ELIMIT, "inflate_too_large") && r.len == 999);

    r = undo(t, APIGW_INFLATE_GZIP, 0, len, 0, 1, 1);
    EXPECT(fails(&r, APIGW_ELIMIT, "inflate_too_large") && r.len == 0);

    len = pack(0, 0, 31);
    r = undo(t, APIGW_INFLATE_GZIP, 0, len, len, 1, 1);
    EXPECT(r.rc == APIGW_OK && r.len == 0);
}


TEST(a_bomb_stops_at_the_limit)
{
    size_t    len;
    result_t  r;

    memset(plain, 0, MAX);
    len = pack(0, MAX, 31);

    r = undo(t, APIGW_INFLATE_GZIP, 1000, len, len, 1, MAX);
    EXPECT(fails(&r, APIGW_ELIMIT, "inflate_too_large") && r.len == 1000);
}


TEST(cut_short_fails_at_every_length)
{
    size_t    i, len;
    result_t  r;

    fill(200);
    len = pack(0, 200, 31);

    for (i = 1; i < len; i++) {
        r = undo(t, APIGW_INFLATE_GZIP, 1000, i, i, 1, 1000);
        EXPECT(fails(&r, APIGW_EINPUT, "inflate_failed"));

        if (t->fail_at) {
            break;
        }
    }

    len = pack(0, 200, -15);

    for (i = 1; i < len; i++) {
        r = undo(t, APIGW_INFLATE_DEFLATE, 1000, i, i, 1, 1000);
        EXPECT(fails(&r, APIGW_EINPUT, "inflate_failed"));

        if (t->fail_at) {
            break;
        }
    }
}


TEST(rubbish_behind_the_end_fails_in_the_same_piece_and_later)
{
    size_t    len, i;
    result_t  r;

    static const apigw_inflate_coding_e  codings[] = {
        APIGW_INFLATE_GZIP, APIGW_INFLATE_DEFLATE, APIGW_INFLATE_DEFLATE
    };

    static const int  bits[] = { 31, 15, -15 };

    fill(200);

    for (i = 0; i < 3; i++) {
        len = pack(0, 200, bits[i]);
        packed[len] = 0;

        r = undo(t, codings[i], 1000, len + 1, len + 1, 1, 1000);
        EXPECT(fails(&r, APIGW_EINPUT, "inflate_failed"));

        r = undo(t, codings[i], 1000, len + 1, len, 1, 1000);
        EXPECT(fails(&r, APIGW_EINPUT, "inflate_failed"));
    }
}


TEST(a_wrong_checksum_fails)
{
    size_t    len;
    result_t  r;

    fill(200);
    len = pack(0, 200, 31);
    packed[len - 8] ^= 1;

    r = undo(t, APIGW_INFLATE_GZIP, 1000, len, len, 1, 1000);
    EXPECT(fails(&r, APIGW_EINPUT, "inflate_failed"));

    len = pack(0, 200, 31);
    packed[len - 1] ^= 1;

    r = undo(t, APIGW_INFLATE_GZIP, 1000, len, 0, 1, 1000);
    EXPECT(fails(&r, APIGW_EINPUT, "inflate_failed"));
}


TEST(plain_bytes_and_a_preset_dictionary_fail)
{
    result_t  r;

    memcpy(packed, "{\"a\":1}", 7);

    r = undo(t, APIGW_INFLATE_GZIP, 1000, 7, 7, 1, 1000);
    EXPECT(fails(&r, APIGW_EINPUT, "inflate_failed"));

    memcpy(packed, "\x78\x20\x01\x02\x03\x04\x05\x06", 8);
    packed[1] = 0x20 + 31 - (0x7820 % 31);

    r = undo(t, APIGW_INFLATE_DEFLATE, 1000, 8, 8, 1, 1000);
    EXPECT(fails(&r, APIGW_EINPUT, "inflate_failed"));

    /* as does asking again */

    r = undo(t, APIGW_INFLATE_DEFLATE, 1000, 8, 0, 1, 1);
    EXPECT(fails(&r, APIGW_EINPUT, "inflate_failed"));
}


TEST_MAIN(CASE(codings_are_named),
          CASE(every_form_comes_back_wherever_it_is_cut),
          CASE(gzip_members_follow_each_other),
          CASE(no_bytes_are_an_empty_body),
          CASE(the_limit_is_exact),
          CASE(a_bomb_stops_at_the_limit),
          CASE(cut_short_fails_at_every_length),
          CASE(rubbish_behind_the_end_fails_in_the_same_piece_and_later),
          CASE(a_wrong_checksum_fails),
          CASE(plain_bytes_and_a_preset_dictionary_fail))
