
#include "apigw_json_value.h"
#include "apigw_json_lex.h"
#include "apigw_json_scan.h"
#include "apigw_json_writer.h"


static const uint8_t *apigw_json_decode_char(const uint8_t *p,
    const uint8_t *end, uint8_t out[4], size_t *len, bool *lone);
static uint32_t apigw_json_decode_unit(const uint8_t *p, const uint8_t *end);
static size_t apigw_utf8_encode(uint32_t code, uint8_t out[4]);
static apigw_rc_t apigw_json_date_scale(apigw_str_t digits, int64_t point,
    uint64_t *out);


bool
apigw_json_string_eq(apigw_str_t source, apigw_str_t s)
{
    size_t          len, done;
    uint8_t         ch[4];
    const uint8_t  *p, *end;

    if (source.len < 2) {
        return false;
    }

    p = source.data + 1;
    end = source.data + source.len - 1;

    if (memchr(p, '\\', end - p) == NULL) {
        return s.len == source.len - 2
               && (s.len == 0 || memcmp(p, s.data, s.len) == 0);
    }

    done = 0;

    while (p < end) {
        p = apigw_json_decode_char(p, end, ch, &len, NULL);

        if (s.len - done < len || memcmp(s.data + done, ch, len) != 0) {
            return false;
        }

        done += len;
    }

    return done == s.len;
}


apigw_rc_t
apigw_json_string_decode(apigw_arena_t *arena, apigw_str_t source,
    apigw_str_t *out)
{
    bool      lone;
    size_t    len;
    uint8_t  *p;

    if (source.len < 2 || source.data[0] != '"') {
        return APIGW_EINPUT;
    }

    p = apigw_arena_alloc(arena, source.len - 1);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    lone = false;
    len = apigw_json_unescape(source.data + 1, source.len - 2, p, &lone);

    if (lone) {
        return APIGW_EINPUT;
    }

    p[len] = '\0';

    out->data = p;
    out->len = len;

    return APIGW_OK;
}


size_t
apigw_json_unescape(const uint8_t *in, size_t len, uint8_t *out, bool *lone)
{
    size_t          n;
    uint8_t         ch[4], *to;
    const uint8_t  *p, *end, *slash;

    p = in;
    end = in + len;
    to = out;

    while (p < end) {

        slash = memchr(p, '\\', end - p);
        n = (slash ? slash : end) - p;

        memcpy(to, p, n);
        to += n;
        p += n;

        if (slash) {
            p = apigw_json_decode_char(p, end, ch, &n, lone);
            memcpy(to, ch, n);
            to += n;
        }
    }

    return to - out;
}


/*
 * Decodes the escape or the plain byte at `p`; the result never has more bytes
 * than its source. Returns where it ends.
 */

static const uint8_t *
apigw_json_decode_char(const uint8_t *p, const uint8_t *end, uint8_t out[4],
    size_t *len, bool *lone)
{
    uint32_t            code, low;
    const char         *at;
    static const char   from[] = "bfnrt", to[] = "\b\f\n\r\t";

    *len = 1;

    if (*p != '\\' || end - p < 2) {
        out[0] = *p;
        return p + 1;
    }

    if (p[1] != 'u') {
        at = p[1] ? strchr(from, p[1]) : NULL;
        out[0] = at ? (uint8_t) to[at - from] : p[1];
        return p + 2;
    }

    code = apigw_json_decode_unit(p, end);
    p = end - p < 6 ? end : p + 6;

    if (code >= 0xd800 && code <= 0xdbff) {
        low = apigw_json_decode_unit(p, end);

        if (low >= 0xdc00 && low <= 0xdfff) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            p += 6;
        }
    }

    if (code >= 0xd800 && code <= 0xdfff && lone) {
        *lone = true;
    }

    *len = apigw_utf8_encode(code, out);

    return p;
}


static size_t
apigw_utf8_encode(uint32_t code, uint8_t out[4])
{
    if (code < 0x80) {
        out[0] = code;
        return 1;
    }

    if (code < 0x800) {
        out[0] = 0xc0 | code >> 6;
        out[1] = 0x80 | (code & 0x3f);
        return 2;
    }

    if (code < 0x10000) {
        out[0] = 0xe0 | code >> 12;
        out[1] = 0x80 | (code >> 6 & 0x3f);
        out[2] = 0x80 | (code & 0x3f);
        return 3;
    }

    out[0] = 0xf0 | code >> 18;
    out[1] = 0x80 | (code >> 12 & 0x3f);
    out[2] = 0x80 | (code >> 6 & 0x3f);
    out[3] = 0x80 | (code & 0x3f);

    return 4;
}


/* The four digits of the \uXXXX at `p`; 0 when there is none. */

static uint32_t
apigw_json_decode_unit(const uint8_t *p, const uint8_t *end)
{
    int       digit;
    uint32_t  i, unit;

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u') {
        return 0;
    }

    unit = 0;

    for (i = 2; i < 6; i++) {
        digit = apigw_json_hex(p[i]);
        unit = unit << 4 | (digit < 0 ? 0 : digit);
    }

    return unit;
}


apigw_rc_t
apigw_json_date(apigw_str_t source, uint64_t *out)
{
    bool               minus;
    int64_t            point, exp, sign;
    uint64_t           value;
    apigw_rc_t         rc;
    apigw_str_t        digits;
    const uint8_t     *p, *end;
    apigw_json_lex_t   lex;

    p = source.data;
    end = source.len ? p + source.len : p;

    apigw_json_lex_begin(&lex);

    if (apigw_json_lex_number(&lex, &p, end) == APIGW_EINPUT || p != end
        || !apigw_json_lex_number_ends(&lex))
    {
        return APIGW_EINPUT;
    }

    p = source.data;
    minus = *p == '-';
    p += minus;

    /* the digits with their point, and the point's place among the digits */

    digits.data = p;
    point = -1;

    for ( /* void */ ; p < end && *p != 'e' && *p != 'E'; p++) {
        if (*p == '.') {
            point = p - digits.data;
        }
    }

    digits.len = p - digits.data;

    if (point == -1) {
        point = digits.len;
    }

    exp = 0;
    sign = 1;

    for ( /* void */ ; p < end; p++) {
        if (*p == '-') {
            sign = -1;

        } else if (*p >= '0' && *p <= '9' && exp < INT32_MAX) {
            exp = exp * 10 + (*p - '0');
        }
    }

    rc = apigw_json_date_scale(digits, point + sign * exp, &value);
    if (rc != APIGW_OK) {
        return rc;
    }

    if (minus && value) {
        return APIGW_ELIMIT;
    }

    *out = value;

    return APIGW_OK;
}


/* The digits as a whole number, `point` digits long, rounded up. */

static apigw_rc_t
apigw_json_date_scale(apigw_str_t digits, int64_t point, uint64_t *out)
{
    bool      fraction;
    size_t    i;
    int64_t   n;
    uint64_t  value, digit;

    value = 0;
    fraction = false;
    n = 0;

    for (i = 0; i < digits.len; i++) {

        if (digits.data[i] == '.') {
            continue;
        }

        digit = digits.data[i] - '0';

        if (n++ >= point) {
            fraction |= digit != 0;
            continue;
        }

        value = value * 10 + digit;

        if (value > APIGW_JSON_DATE_MAX) {
            return APIGW_ELIMIT;
        }
    }

    for ( /* void */ ; value && n < point; n++) {
        value *= 10;

        if (value > APIGW_JSON_DATE_MAX) {
            return APIGW_ELIMIT;
        }
    }

    value += fraction;

    if (value > APIGW_JSON_DATE_MAX) {
        return APIGW_ELIMIT;
    }

    *out = value;

    return APIGW_OK;
}


size_t
apigw_utf8_valid(const uint8_t *data, size_t len)
{
    const uint8_t  *p, *end;

    if (len == 0) {
        return 0;
    }

    p = data;
    end = data + len;

    while (p < end) {
        p = apigw_json_scan_plain(p, end);

        while (p < end && *p < 0x80) {
            p++;
        }

        p = apigw_utf8_run(p, end);

        if (p < end && *p >= 0x80) {
            break;
        }
    }

    return p - data;
}
