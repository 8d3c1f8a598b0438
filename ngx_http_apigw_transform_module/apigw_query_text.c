
#include "apigw_query_text.h"


static uint8_t apigw_query_byte(apigw_str_t raw, size_t *i);


bool
apigw_query_matches(apigw_str_t raw, apigw_str_t name, bool prefix)
{
    size_t  i, k;

    for (i = 0, k = 0; i < raw.len && k < name.len; k++) {
        if (apigw_query_byte(raw, &i) != name.data[k]) {
            return false;
        }
    }

    return k == name.len && (prefix || i == raw.len);
}


/* The decoded byte at *i, which moves on; a broken escape is as it stands. */

static uint8_t
apigw_query_byte(apigw_str_t raw, size_t *i)
{
    int      k;
    uint8_t  c, digit, value;

    c = raw.data[(*i)++];

    if (c == '+') {
        return ' ';
    }

    if (c != '%' || raw.len - *i < 2) {
        return c;
    }

    value = 0;

    for (k = 0; k < 2; k++) {
        digit = raw.data[*i + k];

        if (digit >= '0' && digit <= '9') {
            digit -= '0';

        } else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f') {
            digit = (digit | 0x20) - 'a' + 10;

        } else {
            return c;
        }

        value = value * 16 + digit;
    }

    *i += 2;

    return value;
}


apigw_rc_t
apigw_query_encode(apigw_arena_t *arena, const char *before, apigw_str_t text,
    apigw_str_t *out)
{
    size_t    i, size;
    uint8_t   c, *p;

    static const char  hex[] = "0123456789ABCDEF";

    if (__builtin_mul_overflow(text.len, 3, &size)
        || __builtin_add_overflow(size, strlen(before), &size))
    {
        return APIGW_ENOMEM;
    }

    p = apigw_arena_alloc(arena, size);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    out->data = p;

    while (*before) {
        *p++ = *before++;
    }

    for (i = 0; i < text.len; i++) {
        c = text.data[i];

        if ((c >= '0' && c <= '9')
            || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
            || c == '-' || c == '.' || c == '_' || c == '~')
        {
            *p++ = c;

        } else {
            *p++ = '%';
            *p++ = hex[c >> 4];
            *p++ = hex[c & 15];
        }
    }

    out->len = p - out->data;

    return APIGW_OK;
}
