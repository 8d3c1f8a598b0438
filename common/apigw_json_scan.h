
/*
 * The inner loops of JSON: over white space and over plain string bytes, 16 at
 * a time where the processor can, else 8. None reads past `end`.
 */


#ifndef _APIGW_JSON_SCAN_H_INCLUDED_
#define _APIGW_JSON_SCAN_H_INCLUDED_


#include "apigw.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#endif


#pragma GCC visibility push(hidden)


#define APIGW_JSON_ONES  UINT64_C(0x0101010101010101)
#define APIGW_JSON_TOPS  UINT64_C(0x8080808080808080)


static inline bool
apigw_json_is_space(uint8_t ch)
{
    return ch == ' ' || ch == '\n' || ch == '\r' || ch == '\t';
}


/* Ends a string's plain run: its quote, an escape, control, non-ASCII. */

static inline bool
apigw_json_is_special(uint8_t ch)
{
    return ch == '"' || ch == '\\' || ch < 0x20 || ch >= 0x80;
}


#if defined(__SSE2__)


/* Index of the first special byte of 16, or 16. */

static inline unsigned
apigw_json_special16(const uint8_t *p)
{
    __m128i  v, hit;

    v = _mm_loadu_si128((const __m128i *) p);

    /* signed, so that bytes from 0x80 on are below the space as well */

    hit = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));
    hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
    hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));

    return __builtin_ctz(_mm_movemask_epi8(hit) | 0x10000);
}


/* Index of the first byte of 16 that is no white space, or 16. */

static inline unsigned
apigw_json_nonspace16(const uint8_t *p)
{
    __m128i  v, hit;

    v = _mm_loadu_si128((const __m128i *) p);

    hit = _mm_cmpeq_epi8(v, _mm_set1_epi8(' '));
    hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8('\n')));
    hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')));
    hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8('\t')));

    return __builtin_ctz(~_mm_movemask_epi8(hit) | 0x10000);
}


/* Index of the first quote or backslash of 16, or 16. */

static inline unsigned
apigw_json_quote16(const uint8_t *p)
{
    __m128i  v, hit;

    v = _mm_loadu_si128((const __m128i *) p);

    hit = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
                       _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));

    return __builtin_ctz(_mm_movemask_epi8(hit) | 0x10000);
}


/* One bit for each byte of 16 that, with `bits` set, equals `ch`. */

static inline unsigned
apigw_json_equal16(const uint8_t *p, uint8_t ch, uint8_t bits)
{
    __m128i  v;

    v = _mm_loadu_si128((const __m128i *) p);
    v = _mm_or_si128(v, _mm_set1_epi8(bits));

    return _mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(ch)));
}


#define APIGW_JSON_WIDE  16


#elif defined(__ARM_NEON) && defined(__aarch64__)


/* Four bits per byte that is set, so 64 when none is. */

static inline unsigned
apigw_json_first16(uint8x16_t hit)
{
    uint64_t  mask;

    mask = vget_lane_u64(vreinterpret_u64_u8(
               vshrn_n_u16(vreinterpretq_u16_u8(hit), 4)), 0);

    return mask ? (unsigned) __builtin_ctzll(mask) / 4 : 16;
}


static inline unsigned
apigw_json_special16(const uint8_t *p)
{
    uint8x16_t  v, hit;

    v = vld1q_u8(p);

    hit = vcltq_s8(vreinterpretq_s8_u8(v), vdupq_n_s8(0x20));
    hit = vorrq_u8(hit, vceqq_u8(v, vdupq_n_u8('"')));
    hit = vorrq_u8(hit, vceqq_u8(v, vdupq_n_u8('\\')));

    return apigw_json_first16(hit);
}


static inline unsigned
apigw_json_nonspace16(const uint8_t *p)
{
    uint8x16_t  v, hit;

    v = vld1q_u8(p);

    hit = vceqq_u8(v, vdupq_n_u8(' '));
    hit = vorrq_u8(hit, vceqq_u8(v, vdupq_n_u8('\n')));
    hit = vorrq_u8(hit, vceqq_u8(v, vdupq_n_u8('\r')));
    hit = vorrq_u8(hit, vceqq_u8(v, vdupq_n_u8('\t')));

    return apigw_json_first16(vmvnq_u8(hit));
}


static inline unsigned
apigw_json_quote16(const uint8_t *p)
{
    uint8x16_t  v;

    v = vld1q_u8(p);

    return apigw_json_first16(vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')),
                                       vceqq_u8(v, vdupq_n_u8('\\'))));
}


static inline unsigned
apigw_json_equal16(const uint8_t *p, uint8_t ch, uint8_t bits)
{
    uint8x16_t  v;

    static const uint8_t  weights[16] = { 1, 2, 4, 8, 16, 32, 64, 128,
                                          1, 2, 4, 8, 16, 32, 64, 128 };

    v = vorrq_u8(vld1q_u8(p), vdupq_n_u8(bits));
    v = vandq_u8(vceqq_u8(v, vdupq_n_u8(ch)), vld1q_u8(weights));

    return vaddv_u8(vget_low_u8(v)) | vaddv_u8(vget_high_u8(v)) << 8;
}


#define APIGW_JSON_WIDE  16


#endif


/* Whether a byte of the 8 at `p` is special; exact for the lowest one. */

static inline bool
apigw_json_special8(const uint8_t *p)
{
    uint64_t  w, quote, slash, hit;

    memcpy(&w, p, sizeof(w));

    quote = w ^ (APIGW_JSON_ONES * '"');
    slash = w ^ (APIGW_JSON_ONES * '\\');

    hit = w | ((w - APIGW_JSON_ONES * 0x20) & ~w);
    hit |= (quote - APIGW_JSON_ONES) & ~quote;
    hit |= (slash - APIGW_JSON_ONES) & ~slash;

    return (hit & APIGW_JSON_TOPS) != 0;
}


/* The first special byte from `p` on, or `end`. */

static inline const uint8_t *
apigw_json_scan_plain(const uint8_t *p, const uint8_t *end)
{
#if defined(APIGW_JSON_WIDE)

    unsigned  n;

    while (end - p >= APIGW_JSON_WIDE) {
        n = apigw_json_special16(p);
        p += n;

        if (n < APIGW_JSON_WIDE) {
            return p;
        }
    }

#endif

    while (end - p >= 8 && !apigw_json_special8(p)) {
        p += 8;
    }

    while (p < end && !apigw_json_is_special(*p)) {
        p++;
    }

    return p;
}


/* The first quote or backslash from `p` on, or `end`. */

static inline const uint8_t *
apigw_json_scan_quote(const uint8_t *p, const uint8_t *end)
{
#if defined(APIGW_JSON_WIDE)

    unsigned  n;

    while (end - p >= APIGW_JSON_WIDE) {
        n = apigw_json_quote16(p);
        p += n;

        if (n < APIGW_JSON_WIDE) {
            return p;
        }
    }

#endif

    while (p < end && *p != '"' && *p != '\\') {
        p++;
    }

    return p;
}


/* The first byte from `p` on that is no white space, or `end`. */

static inline const uint8_t *
apigw_json_scan_space(const uint8_t *p, const uint8_t *end)
{
    /* nearly always there is none, or one space */

    if (p == end || *p > ' ') {
        return p;
    }

    if (*p == ' ' && ++p != end && *p > ' ') {
        return p;
    }

#if defined(APIGW_JSON_WIDE)

    while (end - p >= APIGW_JSON_WIDE) {
        unsigned  n = apigw_json_nonspace16(p);

        p += n;

        if (n < APIGW_JSON_WIDE) {
            return p;
        }
    }

#endif

    while (p < end && apigw_json_is_space(*p)) {
        p++;
    }

    return p;
}


/*
 * The bytes that may follow a UTF-8 lead byte (RFC 3629, 4): returns how many,
 * 0 for no lead byte, and the bounds of the first; the others are 80 to BF.
 */

static inline uint8_t
apigw_utf8_lead(uint8_t ch, uint8_t *low, uint8_t *high)
{
    *low = 0x80;
    *high = 0xbf;

    if (ch < 0xc2 || ch > 0xf4) {
        return 0;
    }

    if (ch < 0xe0) {
        return 1;
    }

    if (ch < 0xf0) {
        if (ch == 0xe0) {
            *low = 0xa0;                     /* else overlong */

        } else if (ch == 0xed) {
            *high = 0x9f;                    /* else a surrogate */
        }

        return 2;
    }

    if (ch == 0xf0) {
        *low = 0x90;

    } else if (ch == 0xf4) {
        *high = 0x8f;                        /* else above U+10FFFF */
    }

    return 3;
}


/*
 * Over the non-ASCII characters at `p`: the first byte that begins no complete
 * and valid one, or `end`.
 */

static inline const uint8_t *
apigw_utf8_run(const uint8_t *p, const uint8_t *end)
{
    uint8_t   low, high;
    unsigned  i, n;

    while (p < end && *p >= 0x80) {
        n = apigw_utf8_lead(*p, &low, &high);

        if (n == 0 || (size_t) (end - p) <= n || p[1] < low || p[1] > high) {
            break;
        }

        for (i = 2; i <= n; i++) {
            if ((p[i] & 0xc0) != 0x80) {
                return p;
            }
        }

        p += n + 1;
    }

    return p;
}


/* Value of a hexadecimal digit, or -1. */

static inline int
apigw_json_hex(uint8_t ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }

    ch |= 0x20;

    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}


#pragma GCC visibility pop


#endif /* _APIGW_JSON_SCAN_H_INCLUDED_ */
