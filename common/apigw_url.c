
#include "apigw_url.h"

#include <arpa/inet.h>
#include <strings.h>


#define APIGW_URL_HOST_MAX  253


/* What is left of the text; faults are told by position in it. */

typedef struct {
    const uint8_t  *start;
    const uint8_t  *pos;
    const uint8_t  *end;
    apigw_error_t  *error;
} apigw_url_reader_t;


static apigw_rc_t apigw_url_scheme(apigw_url_reader_t *r, apigw_url_t *url);
static apigw_rc_t apigw_url_authority(apigw_url_reader_t *r, apigw_url_t *url);
static apigw_rc_t apigw_url_bracketed(apigw_url_reader_t *r, apigw_url_t *url);
static apigw_rc_t apigw_url_host(apigw_url_reader_t *r, apigw_url_t *url);
static apigw_rc_t apigw_url_port(apigw_url_reader_t *r, apigw_url_t *url);
static apigw_rc_t apigw_url_path(apigw_url_reader_t *r, apigw_url_t *url);
static bool apigw_url_numeric(apigw_str_t host);
static bool apigw_url_address(int family, apigw_str_t host, uint8_t *address);
static apigw_rc_t apigw_url_fault(apigw_url_reader_t *r, const char *word);


apigw_rc_t
apigw_url_parse(apigw_str_t text, apigw_url_t *url, apigw_error_t *error)
{
    apigw_rc_t          rc;
    apigw_url_t         parsed;
    apigw_url_reader_t  r = { text.data, text.data, text.data + text.len,
                              error };

    if (text.len > APIGW_URL_MAX) {
        (void) apigw_url_fault(&r, "too long");
        return APIGW_ELIMIT;
    }

    memset(&parsed, 0, sizeof(apigw_url_t));

    rc = apigw_url_scheme(&r, &parsed);

    if (rc == APIGW_OK) {
        rc = apigw_url_authority(&r, &parsed);
    }

    if (rc == APIGW_OK) {
        rc = apigw_url_path(&r, &parsed);
    }

    if (rc == APIGW_OK) {
        *url = parsed;
    }

    return rc;
}


static apigw_rc_t
apigw_url_scheme(apigw_url_reader_t *r, apigw_url_t *url)
{
    size_t       len = (size_t) (r->end - r->start);
    const char  *text = (const char *) r->start;

    if (len >= 8 && strncasecmp(text, "https://", 8) == 0) {
        url->https = true;
        url->port = 443;
        r->pos += 8;

        return APIGW_OK;
    }

    if (len >= 7 && strncasecmp(text, "http://", 7) == 0) {
        url->port = 80;
        r->pos += 7;

        return APIGW_OK;
    }

    return apigw_url_fault(r, "no \"https://\" or \"http://\" in front");
}


static apigw_rc_t
apigw_url_authority(apigw_url_reader_t *r, apigw_url_t *url)
{
    apigw_rc_t      rc;
    const uint8_t  *p, *authority = r->pos;

    for (p = r->pos; p < r->end && *p != '/' && *p != '?' && *p != '#'; p++) {
        if (*p == '@') {
            r->pos = p;
            return apigw_url_fault(r, "a user name before the host");
        }
    }

    if (r->pos < r->end && *r->pos == '[') {
        rc = apigw_url_bracketed(r, url);

    } else {
        rc = apigw_url_host(r, url);
    }

    if (rc != APIGW_OK) {
        return rc;
    }

    url->authority.data = authority;
    url->authority.len = (size_t) (r->pos - authority);

    if (r->pos < r->end && *r->pos == ':') {
        rc = apigw_url_port(r, url);

        if (rc == APIGW_OK && url->port != (url->https ? 443 : 80)) {
            url->authority.len = (size_t) (r->pos - authority);
        }
    }

    return rc;
}


static apigw_rc_t
apigw_url_bracketed(apigw_url_reader_t *r, apigw_url_t *url)
{
    uint8_t         address[16];
    const uint8_t  *close;

    close = memchr(r->pos, ']', (size_t) (r->end - r->pos));

    if (close == NULL) {
        return apigw_url_fault(r, "no \"]\" after the address");
    }

    url->kind = APIGW_URL_IPV6;
    url->host.data = r->pos + 1;
    url->host.len = (size_t) (close - r->pos - 1);

    if (!apigw_url_address(AF_INET6, url->host, address)) {
        return apigw_url_fault(r, "invalid IPv6 address");
    }

    r->pos = close + 1;

    return APIGW_OK;
}


static apigw_rc_t
apigw_url_host(apigw_url_reader_t *r, apigw_url_t *url)
{
    uint8_t         ch, address[16];
    const uint8_t  *p;

    for (p = r->pos; p < r->end; p++) {
        ch = *p;

        if ((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z')
            || (ch >= 'A' && ch <= 'Z') || ch == '-' || ch == '_')
        {
            continue;
        }

        if (ch == '.' && p > r->pos && p[-1] != '.') {
            continue;
        }

        break;
    }

    url->kind = APIGW_URL_NAME;
    url->host.data = r->pos;
    url->host.len = (size_t) (p - r->pos);

    if (p < r->end && *p != ':' && *p != '/' && *p != '?' && *p != '#') {
        r->pos = p;
        return apigw_url_fault(r, "invalid byte in the host");
    }

    if (url->host.len == 0) {
        return apigw_url_fault(r, "no host");
    }

    if (url->host.len > APIGW_URL_HOST_MAX) {
        return apigw_url_fault(r, "a host name that is too long");
    }

    if (apigw_url_numeric(url->host)) {

        if (!apigw_url_address(AF_INET, url->host, address)) {
            return apigw_url_fault(r, "invalid IPv4 address");
        }

        url->kind = APIGW_URL_IPV4;
    }

    r->pos = p;

    return APIGW_OK;
}


/*
 * Whether the last label is a number: no top-level domain is, and resolvers
 * read 127.1 or 0x7f000001 as an address.
 */

static bool
apigw_url_numeric(apigw_str_t host)
{
    size_t  i, last;

    last = host.len;

    if (last > 1 && host.data[last - 1] == '.') {
        last--;
    }

    i = last;

    while (i > 0 && host.data[i - 1] != '.') {
        i--;
    }

    if (last - i >= 2 && host.data[i] == '0' && (host.data[i + 1] | 0x20)
        == 'x')
    {
        return true;
    }

    while (i < last && host.data[i] >= '0' && host.data[i] <= '9') {
        i++;
    }

    return i == last;
}


static bool
apigw_url_address(int family, apigw_str_t host, uint8_t *address)
{
    char  text[INET6_ADDRSTRLEN];

    if (host.len >= sizeof(text) || memchr(host.data, '\0', host.len)) {
        return false;
    }

    memcpy(text, host.data, host.len);
    text[host.len] = '\0';

    return inet_pton(family, text, address) == 1;
}


static apigw_rc_t
apigw_url_port(apigw_url_reader_t *r, apigw_url_t *url)
{
    uint32_t        port = 0;
    const uint8_t  *p, *digits = r->pos + 1;

    for (p = digits; p < r->end && *p >= '0' && *p <= '9' && port <= 65535;
         p++)
    {
        port = port * 10 + (uint32_t) (*p - '0');
    }

    if (p == digits || *digits == '0' || port > 65535
        || (p < r->end && *p != '/' && *p != '?' && *p != '#'))
    {
        return apigw_url_fault(r, "invalid port");
    }

    url->port = (uint16_t) port;
    r->pos = p;

    return APIGW_OK;
}


static apigw_rc_t
apigw_url_path(apigw_url_reader_t *r, apigw_url_t *url)
{
    int             i, hex;
    uint8_t         ch;
    const uint8_t  *path = r->pos;

    if (r->pos < r->end && *r->pos != '/' && *r->pos != '?' && *r->pos != '#') {
        return apigw_url_fault(r, "invalid byte after the host");
    }

    for ( /* void */ ; r->pos < r->end; r->pos++) {
        ch = *r->pos;

        if (ch == '#') {
            return apigw_url_fault(r, "a fragment");
        }

        if (ch <= 0x20 || ch >= 0x7f || strchr("\"<>\\^`{|}", ch)) {
            return apigw_url_fault(r, "invalid byte in the path");
        }

        if (ch != '%') {
            continue;
        }

        for (i = 1, hex = 0; i < 3 && r->end - r->pos > i; i++) {
            ch = r->pos[i];
            hex += (ch >= '0' && ch <= '9')
                   || ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'f');
        }

        if (hex != 2) {
            return apigw_url_fault(r, "a \"%\" without two hex digits");
        }
    }

    url->path.data = path;
    url->path.len = (size_t) (r->end - path);

    return APIGW_OK;
}


bool
apigw_url_is_loopback(const apigw_url_t *url)
{
    uint8_t  address[16];

    static const uint8_t  one[16] = { [15] = 1 };

    switch (url->kind) {

    case APIGW_URL_IPV4:
        return apigw_url_address(AF_INET, url->host, address)
               && address[0] == 127;

    case APIGW_URL_IPV6:
        return apigw_url_address(AF_INET6, url->host, address)
               && memcmp(address, one, sizeof(one)) == 0;

    default:
        return url->host.len == 9
               && strncasecmp((const char *) url->host.data, "localhost", 9)
                  == 0;
    }
}


static apigw_rc_t
apigw_url_fault(apigw_url_reader_t *r, const char *word)
{
    r->error->word = word;
    r->error->offset = (size_t) (r->pos - r->start);

    return APIGW_EINPUT;
}
