
#include "apigw_base64url.h"


#define APIGW_BASE64URL_BAD  0xff


static uint8_t apigw_base64url_value(uint8_t ch);


apigw_rc_t
apigw_base64url_decode(apigw_str_t in, uint8_t *out, size_t *len)
{
    size_t    i;
    uint8_t   value, *p;
    uint32_t  bits;

    if (in.len % 4 == 1) {
        return APIGW_EINPUT;
    }

    p = out;
    bits = 0;

    for (i = 0; i < in.len; i++) {
        value = apigw_base64url_value(in.data[i]);

        if (value == APIGW_BASE64URL_BAD) {
            return APIGW_EINPUT;
        }

        bits = bits << 6 | value;

        /* the 2nd, 3rd and 4th of four complete a byte each */

        switch (i % 4) {

        case 1:
            *p++ = bits >> 4;
            break;

        case 2:
            *p++ = bits >> 2;
            break;

        case 3:
            *p++ = bits;
        }
    }

    /* bits behind the last byte would give one value several texts */

    if ((in.len % 4 == 2 && (bits & 0x0f))
        || (in.len % 4 == 3 && (bits & 0x03)))
    {
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


static uint8_t
apigw_base64url_value(uint8_t ch)
{
    if (ch >= 'A' && ch <= 'Z') {
        return ch - 'A';
    }

    if (ch >= 'a' && ch <= 'z') {
        return ch - 'a' + 26;
    }

    if (ch >= '0' && ch <= '9') {
        return ch - '0' + 52;
    }

    if (ch == '-') {
        return 62;
    }

    return ch == '_' ? 63 : APIGW_BASE64URL_BAD;
}
