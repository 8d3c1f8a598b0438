
#include "apigw_base64url.h"


#define APIGW_BASE64URL_BAD  0x80    /* no value has this bit */
#define X                    APIGW_BASE64URL_BAD
#define XX                   X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X


static const uint8_t  apigw_base64url_values[256] = {
    XX, XX,
     X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X, 62,  X,  X,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61,  X,  X,  X,  X,  X,  X,
     X,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,  X,  X,  X,  X, 63,
     X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,  X,  X,  X,  X,  X,
    XX, XX, XX, XX, XX, XX, XX, XX
};

#undef XX
#undef X


apigw_rc_t
apigw_base64url_decode(apigw_str_t in, uint8_t *out, size_t *len)
{
    size_t          left;
    uint8_t         a, b, c, d, bad, *p;
    const uint8_t  *s, *value;

    if (in.len % 4 == 1) {
        return APIGW_EINPUT;
    }

    value = apigw_base64url_values;
    s = in.data;
    p = out;
    bad = 0;

    for (left = in.len; left >= 4; left -= 4) {
        a = value[s[0]];
        b = value[s[1]];
        c = value[s[2]];
        d = value[s[3]];
        bad |= a | b | c | d;

        p[0] = a << 2 | b >> 4;
        p[1] = b << 4 | c >> 2;
        p[2] = c << 6 | d;

        s += 4;
        p += 3;
    }

    if (left) {
        a = value[s[0]];
        b = value[s[1]];
        c = left == 3 ? value[s[2]] : 0;
        bad |= a | b | c;

        *p++ = a << 2 | b >> 4;

        if (left == 3) {
            *p++ = b << 4 | c >> 2;
        }

        /* bits behind the last byte would give one value several texts */

        if (left == 3 ? c & 0x03 : b & 0x0f) {
            return APIGW_EINPUT;
        }
    }

    if (bad & APIGW_BASE64URL_BAD) {
        return APIGW_EINPUT;
    }

    *len = p - out;

    return APIGW_OK;
}


apigw_rc_t
apigw_base64url_decode_dup(apigw_arena_t *arena, apigw_str_t in,
    apigw_str_t *out)
{
    size_t       len;
    uint8_t     *p;
    apigw_rc_t   rc;

    p = apigw_arena_alloc(arena, apigw_base64url_decoded_len(in.len) + 1);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    rc = apigw_base64url_decode(in, p, &len);
    if (rc != APIGW_OK) {
        return rc;
    }

    p[len] = '\0';

    out->data = p;
    out->len = len;

    return APIGW_OK;
}


size_t
apigw_base64url_encode(apigw_str_t in, uint8_t *out)
{
    size_t       i;
    uint8_t     *p;
    uint32_t     bits;

    static const char  digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    p = out;

    for (i = 0; in.len - i >= 3; i += 3) {
        bits = (uint32_t) in.data[i] << 16 | in.data[i + 1] << 8
               | in.data[i + 2];

        *p++ = digits[bits >> 18];
        *p++ = digits[bits >> 12 & 63];
        *p++ = digits[bits >> 6 & 63];
        *p++ = digits[bits & 63];
    }

    if (in.len - i == 2) {
        bits = in.data[i] << 8 | in.data[i + 1];

        *p++ = digits[bits >> 10];
        *p++ = digits[bits >> 4 & 63];
        *p++ = digits[bits << 2 & 63];

    } else if (in.len - i == 1) {
        *p++ = digits[in.data[i] >> 2];
        *p++ = digits[in.data[i] << 4 & 63];
    }

    return p - out;
}
