
#include "apigw_origin.h"


static bool apigw_origin_starts(apigw_str_t *text, const char *scheme);
static size_t apigw_origin_host(apigw_str_t authority);
static bool apigw_origin_port(apigw_str_t text, unsigned *port);
static uint8_t apigw_origin_lower(uint8_t ch);


apigw_rc_t
apigw_origin_parse(apigw_origin_t *origin, apigw_str_t text)
{
    if (apigw_origin_starts(&text, "https://")) {
        return apigw_origin_own(origin, true, text);
    }

    if (apigw_origin_starts(&text, "http://")) {
        return apigw_origin_own(origin, false, text);
    }

    return APIGW_EINPUT;
}


apigw_rc_t
apigw_origin_own(apigw_origin_t *origin, bool secure, apigw_str_t authority)
{
    size_t       len;
    unsigned     port;
    apigw_str_t  rest;

    len = apigw_origin_host(authority);

    if (len == 0) {
        return APIGW_EINPUT;
    }

    port = secure ? 443 : 80;

    rest.data = authority.data + len;
    rest.len = authority.len - len;

    if (rest.len && !apigw_origin_port(rest, &port)) {
        return APIGW_EINPUT;
    }

    origin->host.data = authority.data;
    origin->host.len = len;
    origin->port = port;
    origin->secure = secure;

    return APIGW_OK;
}


bool
apigw_origin_eq(const apigw_origin_t *a, const apigw_origin_t *b)
{
    size_t  i;

    if (a->secure != b->secure || a->port != b->port
        || a->host.len != b->host.len)
    {
        return false;
    }

    for (i = 0; i < a->host.len; i++) {
        if (apigw_origin_lower(a->host.data[i])
            != apigw_origin_lower(b->host.data[i]))
        {
            return false;
        }
    }

    return true;
}


/* Takes the scheme, in any case, off the text. */

static bool
apigw_origin_starts(apigw_str_t *text, const char *scheme)
{
    size_t  i, len;

    len = strlen(scheme);

    if (text->len < len) {
        return false;
    }

    for (i = 0; i < len; i++) {
        if (apigw_origin_lower(text->data[i]) != (uint8_t) scheme[i]) {
            return false;
        }
    }

    text->data += len;
    text->len -= len;

    return true;
}


/* The length of the host, brackets of an IPv6 address included; 0: none. */

static size_t
apigw_origin_host(apigw_str_t authority)
{
    size_t   i;
    uint8_t  ch;
    bool     address;

    address = authority.len && authority.data[0] == '[';

    for (i = address; i < authority.len; i++) {
        ch = apigw_origin_lower(authority.data[i]);

        if ((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f')
            || ch == '.')
        {
            continue;
        }

        if (address ? ch != ':'
                    : (ch < 'g' || ch > 'z') && ch != '-' && ch != '_')
        {
            break;
        }
    }

    if (!address) {
        return i;
    }

    return i > 1 && i < authority.len && authority.data[i] == ']' ? i + 1 : 0;
}


/* ":" and 1 to 65535, without leading zeros. */

static bool
apigw_origin_port(apigw_str_t text, unsigned *port)
{
    size_t    i;
    unsigned  n;

    if (text.data[0] != ':' || text.len < 2 || text.len > 6
        || text.data[1] == '0')
    {
        return false;
    }

    n = 0;

    for (i = 1; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }

        n = n * 10 + (text.data[i] - '0');
    }

    if (n > 65535) {
        return false;
    }

    *port = n;

    return true;
}


static uint8_t
apigw_origin_lower(uint8_t ch)
{
    return ch >= 'A' && ch <= 'Z' ? ch | 0x20 : ch;
}
