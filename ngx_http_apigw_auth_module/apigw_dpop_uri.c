
/* The normal form of URIs, by which two of them are compared. */


#include "apigw_dpop.h"


static apigw_rc_t apigw_dpop_authority(apigw_str_t *origin,
    apigw_arena_t *arena, bool https, apigw_str_t authority,
    apigw_error_t *err);
static size_t apigw_dpop_host_len(apigw_str_t authority);
static bool apigw_dpop_port(apigw_str_t text, unsigned *port);
static bool apigw_dpop_prefix(apigw_str_t s, const char *lower, size_t len);
static uint8_t apigw_dpop_lower(uint8_t ch);
static bool apigw_dpop_unreserved(unsigned ch);
static int apigw_dpop_hex(uint8_t ch);
static size_t apigw_dpop_decode(uint8_t *out, apigw_str_t in);
static size_t apigw_dpop_undot(uint8_t *path, size_t len);
static apigw_rc_t apigw_dpop_uri_fault(apigw_error_t *err, const char *word);


apigw_rc_t
apigw_dpop_uri(apigw_str_t *origin, apigw_str_t *path, apigw_arena_t *arena,
    apigw_str_t uri, apigw_error_t *err)
{
    bool         https;
    size_t       i, n;
    apigw_rc_t   rc;
    apigw_str_t  authority;

    for (i = 0; i < uri.len; i++) {
        if (uri.data[i] <= 0x20 || uri.data[i] == 0x7f
            || uri.data[i] == '\\')
        {
            return apigw_dpop_uri_fault(err, "invalid character");
        }
    }

    https = apigw_dpop_prefix(uri, "https://", 8);

    if (!https && !apigw_dpop_prefix(uri, "http://", 7)) {
        return apigw_dpop_uri_fault(err, "no \"https://\" in front");
    }

    n = https ? 8 : 7;

    authority.data = uri.data + n;

    for (i = n; i < uri.len; i++) {
        if (uri.data[i] == '/' || uri.data[i] == '?' || uri.data[i] == '#') {
            break;
        }
    }

    authority.len = i - n;

    if (origin) {
        rc = apigw_dpop_authority(origin, arena, https, authority, err);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    uri.data += i;
    uri.len -= i;

    return path ? apigw_dpop_path(path, arena, uri, err) : APIGW_OK;
}


apigw_rc_t
apigw_dpop_origin(apigw_str_t *origin, apigw_arena_t *arena, apigw_str_t text,
    apigw_error_t *err)
{
    size_t          at, end;
    const uint8_t  *p;

    /* nothing, or one "/", after the third slash */

    p = memchr(text.data, ':', text.len);
    at = p ? (size_t) (p - text.data) + 3 : text.len;

    for (end = at; end < text.len; end++) {
        if (text.data[end] == '/' || text.data[end] == '?'
            || text.data[end] == '#')
        {
            break;
        }
    }

    if (end + 1 < text.len || (end < text.len && text.data[end] != '/')) {
        return apigw_dpop_uri_fault(err, "more than an origin");
    }

    return apigw_dpop_uri(origin, NULL, arena, text, err);
}


static apigw_rc_t
apigw_dpop_authority(apigw_str_t *origin, apigw_arena_t *arena, bool https,
    apigw_str_t authority, apigw_error_t *err)
{
    size_t       i, len;
    uint8_t     *p;
    unsigned     port;
    apigw_str_t  text;

    len = apigw_dpop_host_len(authority);
    if (len == 0) {
        return apigw_dpop_uri_fault(err, "invalid host");
    }

    text.data = authority.data + len;
    text.len = authority.len - len;

    if (!apigw_dpop_port(text, &port)) {
        return apigw_dpop_uri_fault(err, "invalid port");
    }

    if (port == (https ? 443 : 80)) {
        port = 0;
    }

    p = apigw_arena_alloc(arena, sizeof("https://:65535") + len);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    origin->data = p;

    memcpy(p, "https://", 8);
    p += 8;

    if (!https) {
        memcpy(p - 4, "://", 3);
        p--;
    }

    for (i = 0; i < len; i++) {
        *p++ = apigw_dpop_lower(authority.data[i]);
    }

    if (port) {
        *p++ = ':';

        for (i = 10000; i > port; i /= 10) { /* void */ }

        for ( /* void */ ; i; i /= 10) {
            *p++ = (uint8_t) ('0' + port / i % 10);
        }
    }

    origin->len = p - origin->data;

    return APIGW_OK;
}


/* Bytes of a name, an IPv4 address or an IPv6 one in brackets; 0: none. */

static size_t
apigw_dpop_host_len(apigw_str_t authority)
{
    size_t  i;
    bool    literal;

    literal = (authority.len && authority.data[0] == '[');

    for (i = literal; i < authority.len; i++) {

        if (authority.data[i] == ':' && !literal) {
            return i;
        }

        if (authority.data[i] == ']' && literal) {
            return i > 2 ? i + 1 : 0;
        }

        if (literal ? apigw_dpop_hex(authority.data[i]) < 0
                      && authority.data[i] != ':' && authority.data[i] != '.'
                    : !apigw_dpop_unreserved(authority.data[i]))
        {
            return 0;
        }
    }

    return literal ? 0 : i;
}


/* ":443"; of nothing and of ":" the result is 0. */

static bool
apigw_dpop_port(apigw_str_t text, unsigned *port)
{
    size_t  i;

    *port = 0;

    if (text.len == 0) {
        return true;
    }

    if (text.data[0] != ':') {
        return false;
    }

    for (i = 1; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }

        *port = *port * 10 + (text.data[i] - '0');

        if (*port > 65535) {
            return false;
        }
    }

    return text.len == 1 || *port > 0;
}


static bool
apigw_dpop_prefix(apigw_str_t s, const char *lower, size_t len)
{
    size_t  i;

    if (s.len < len) {
        return false;
    }

    for (i = 0; i < len; i++) {
        if (apigw_dpop_lower(s.data[i]) != (uint8_t) lower[i]) {
            return false;
        }
    }

    return true;
}


static uint8_t
apigw_dpop_lower(uint8_t ch)
{
    return ch >= 'A' && ch <= 'Z' ? ch | 0x20 : ch;
}


apigw_rc_t
apigw_dpop_path(apigw_str_t *path, apigw_arena_t *arena, apigw_str_t raw,
    apigw_error_t *err)
{
    size_t   i;
    uint8_t  *p;

    for (i = 0; i < raw.len; i++) {

        if (raw.data[i] == '?' || raw.data[i] == '#') {
            break;
        }

        if (raw.data[i] == '%'
            && (raw.len - i < 3 || apigw_dpop_hex(raw.data[i + 1]) < 0
                || apigw_dpop_hex(raw.data[i + 2]) < 0))
        {
            return apigw_dpop_uri_fault(err, "broken percent code");
        }
    }

    raw.len = i;

    if (raw.len && raw.data[0] != '/') {
        return apigw_dpop_uri_fault(err, "path without a slash in front");
    }

    p = apigw_arena_alloc(arena, raw.len + 1);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    path->data = p;
    path->len = apigw_dpop_undot(p, apigw_dpop_decode(p, raw));

    if (path->len == 0) {
        *p = '/';
        path->len = 1;
    }

    return APIGW_OK;
}


static bool
apigw_dpop_unreserved(unsigned ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
           || (ch >= '0' && ch <= '9')
           || ch == '-' || ch == '.' || ch == '_' || ch == '~';
}


static int
apigw_dpop_hex(uint8_t ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }

    ch = apigw_dpop_lower(ch);

    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}


/* Every "%" begins a whole code. */

static size_t
apigw_dpop_decode(uint8_t *out, apigw_str_t in)
{
    size_t              i;
    uint8_t            *p;
    unsigned            ch;
    static const char   digits[] = "0123456789ABCDEF";

    p = out;

    for (i = 0; i < in.len; i++) {

        if (in.data[i] != '%') {
            *p++ = in.data[i];
            continue;
        }

        ch = (unsigned) apigw_dpop_hex(in.data[i + 1]) << 4
             | (unsigned) apigw_dpop_hex(in.data[i + 2]);
        i += 2;

        if (apigw_dpop_unreserved(ch)) {
            *p++ = (uint8_t) ch;
            continue;
        }

        *p++ = '%';
        *p++ = (uint8_t) digits[ch >> 4];
        *p++ = (uint8_t) digits[ch & 15];
    }

    return p - out;
}


/* RFC 3986, 5.2.4, in place; `path` begins with a slash or is empty. */

static size_t
apigw_dpop_undot(uint8_t *path, size_t len)
{
    size_t   n;
    uint8_t  *in, *out, *end, *next;

    in = path;
    out = path;
    end = path + len;

    while (in < end) {
        next = memchr(in + 1, '/', end - in - 1);

        if (next == NULL) {
            next = end;
        }

        n = next - in;

        if ((n == 2 && in[1] == '.')
            || (n == 3 && in[1] == '.' && in[2] == '.'))
        {
            while (n == 3 && out > path && *--out != '/') { /* void */ }

            if (next == end) {
                *out++ = '/';
            }

        } else {
            memmove(out, in, n);
            out += n;
        }

        in = next;
    }

    return out - path;
}


static apigw_rc_t
apigw_dpop_uri_fault(apigw_error_t *err, const char *word)
{
    err->word = word;
    err->offset = 0;

    return APIGW_EINPUT;
}
