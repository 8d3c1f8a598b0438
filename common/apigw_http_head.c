
#include "apigw_http_reader.h"

#include <strings.h>


static apigw_rc_t apigw_http_field_use(apigw_http_t *http, apigw_str_t name,
    apigw_str_t value);
static apigw_rc_t apigw_http_content_length(apigw_http_t *http,
    apigw_str_t value);
static apigw_rc_t apigw_http_content_type(apigw_http_t *http,
    apigw_str_t value);
static apigw_rc_t apigw_http_transfer_encoding(apigw_http_t *http,
    apigw_str_t value);
static apigw_rc_t apigw_http_content_encoding(apigw_http_t *http,
    apigw_str_t value);
static apigw_rc_t apigw_http_connection(apigw_http_t *http, apigw_str_t value);
static bool apigw_http_is(apigw_str_t s, const char *text);
static apigw_str_t apigw_http_trim(const uint8_t *p, const uint8_t *end);
static bool apigw_http_token_byte(uint8_t ch);


/* RFC 9112, 4: "HTTP/1.1 200 OK", the reason may be missing. */

apigw_rc_t
apigw_http_status(apigw_http_t *http)
{
    const uint8_t  *p = http->line;

    if (http->line_len < 12
        || memcmp(p, "HTTP/1.", 7) != 0
        || p[7] < '0' || p[7] > '9' || p[8] != ' '
        || p[9] < '1' || p[9] > '5'
        || p[10] < '0' || p[10] > '9'
        || p[11] < '0' || p[11] > '9'
        || (http->line_len > 12 && p[12] != ' '))
    {
        return apigw_http_fail(http, APIGW_EINPUT,
                               "no status line of HTTP/1.x");
    }

    http->minor = (unsigned) (p[7] - '0');
    http->status = (unsigned) ((p[9] - '0') * 100 + (p[10] - '0') * 10
                               + (p[11] - '0'));

    if (http->status == 101) {
        return apigw_http_fail(http, APIGW_EUNSUPPORTED,
                               "another protocol, unasked");
    }

    http->state = APIGW_HTTP_FIELD;

    return APIGW_OK;
}


apigw_rc_t
apigw_http_field(apigw_http_t *http)
{
    apigw_str_t     name, value;
    const uint8_t  *p, *end = http->line + http->line_len;

    if (http->line[0] == ' ' || http->line[0] == '\t') {
        return apigw_http_fail(http, APIGW_EINPUT, "a folded header line");
    }

    for (p = http->line; p < end && apigw_http_token_byte(*p); p++) {
        /* void */
    }

    name.data = http->line;
    name.len = (size_t) (p - http->line);

    if (name.len == 0 || p == end || *p != ':') {
        return apigw_http_fail(http, APIGW_EINPUT, "an invalid header line");
    }

    if (http->status < 200 || http->state == APIGW_HTTP_TRAILER) {
        return APIGW_OK;
    }

    value = apigw_http_trim(p + 1, end);

    return apigw_http_field_use(http, name, value);
}


static apigw_rc_t
apigw_http_field_use(apigw_http_t *http, apigw_str_t name, apigw_str_t value)
{
    size_t  i;

    static const struct {
        const char   *name;
        apigw_rc_t  (*use)(apigw_http_t *http, apigw_str_t value);
    } fields[] = {
        { "content-length", apigw_http_content_length },
        { "content-type", apigw_http_content_type },
        { "transfer-encoding", apigw_http_transfer_encoding },
        { "content-encoding", apigw_http_content_encoding },
        { "connection", apigw_http_connection },
    };

    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (apigw_http_is(name, fields[i].name)) {
            return fields[i].use(http, value);
        }
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_http_content_length(apigw_http_t *http, apigw_str_t value)
{
    size_t    i;
    uint64_t  n;

    for (i = 0, n = 0; i < value.len && i < 19; i++) {

        if (value.data[i] < '0' || value.data[i] > '9') {
            break;
        }

        n = n * 10 + (uint64_t) (value.data[i] - '0');
    }

    if (i == 0 || i < value.len) {
        return apigw_http_fail(http, APIGW_EINPUT, "an invalid length");
    }

    if (http->has_length && http->length != n) {
        return apigw_http_fail(http, APIGW_EINPUT, "two different lengths");
    }

    http->has_length = true;
    http->length = n;

    return APIGW_OK;
}


static apigw_rc_t
apigw_http_content_type(apigw_http_t *http, apigw_str_t value)
{
    if (http->type.data) {
        return apigw_http_fail(http, APIGW_EINPUT, "two content types");
    }

    http->type.data = apigw_arena_dup(&http->arena, value.data, value.len);
    if (http->type.data == NULL) {
        return apigw_http_fail(http, APIGW_ENOMEM, "no memory");
    }

    http->type.len = value.len;

    return APIGW_OK;
}


static apigw_rc_t
apigw_http_transfer_encoding(apigw_http_t *http, apigw_str_t value)
{
    if (http->chunked || http->minor == 0 || !apigw_http_is(value, "chunked")) {
        return apigw_http_fail(http, APIGW_EUNSUPPORTED,
                               "a transfer coding other than chunked");
    }

    http->chunked = true;

    return APIGW_OK;
}


static apigw_rc_t
apigw_http_content_encoding(apigw_http_t *http, apigw_str_t value)
{
    if (value.len && !apigw_http_is(value, "identity")) {
        return apigw_http_fail(http, APIGW_EUNSUPPORTED,
                               "a content encoding, unasked");
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_http_connection(apigw_http_t *http, apigw_str_t value)
{
    apigw_str_t     option;
    const uint8_t  *p = value.data, *comma, *end = value.data + value.len;

    while (p < end) {
        comma = memchr(p, ',', (size_t) (end - p));

        if (comma == NULL) {
            comma = end;
        }

        option = apigw_http_trim(p, comma);

        if (apigw_http_is(option, "close")) {
            http->close = true;

        } else if (apigw_http_is(option, "keep-alive")) {
            http->keep_alive = true;
        }

        p = comma + 1;
    }

    return APIGW_OK;
}


/* RFC 9112, 6.3: how long the body is. */

apigw_rc_t
apigw_http_head_done(apigw_http_t *http)
{
    if (http->status < 200) {
        http->state = APIGW_HTTP_STATUS;
        return APIGW_OK;
    }

    if (http->has_length && http->chunked) {
        return apigw_http_fail(http, APIGW_EINPUT, "a length beside chunks");
    }

    if (http->minor == 0 && !http->keep_alive) {
        http->close = true;
    }

    if (http->head || http->status == 204 || http->status == 304) {

        /* what else may follow on the connection is not sure */

        if (http->status == 204 && (http->chunked || http->length)) {
            http->close = true;
        }

        http->state = APIGW_HTTP_DONE;
        return APIGW_OK;
    }

    if (http->chunked) {
        http->state = APIGW_HTTP_CHUNK_SIZE;
        return APIGW_OK;
    }

    if (!http->has_length) {
        http->close = true;
        http->state = APIGW_HTTP_CLOSE;
        return APIGW_OK;
    }

    if (http->length > http->max_body) {
        return apigw_http_fail(http, APIGW_ELIMIT, "too large a body");
    }

    http->left = http->length;
    http->state = http->left ? APIGW_HTTP_LENGTH : APIGW_HTTP_DONE;

    return APIGW_OK;
}


/* RFC 9112, 7.1: hexadecimal digits; extensions are ignored. */

apigw_rc_t
apigw_http_chunk_size(apigw_http_t *http)
{
    size_t       i;
    uint8_t      ch;
    uint64_t     n;
    apigw_str_t  rest;

    for (i = 0, n = 0; i < http->line_len && i < 15; i++) {
        ch = http->line[i];

        if (ch >= '0' && ch <= '9') {
            n = n * 16 + (uint64_t) (ch - '0');

        } else if ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'f') {
            n = n * 16 + (uint64_t) ((ch | 0x20) - 'a' + 10);

        } else {
            break;
        }
    }

    rest = apigw_http_trim(http->line + i, http->line + http->line_len);

    if (i == 0 || (i < http->line_len && (rest.len == 0 || *rest.data != ';')))
    {
        return apigw_http_fail(http, APIGW_EINPUT, "an invalid chunk size");
    }

    if (n > http->max_body - http->body_len) {
        return apigw_http_fail(http, APIGW_ELIMIT, "too large a body");
    }

    http->left = n;
    http->state = n ? APIGW_HTTP_CHUNK_DATA : APIGW_HTTP_TRAILER;

    return APIGW_OK;
}


static bool
apigw_http_is(apigw_str_t s, const char *text)
{
    return s.len == strlen(text)
           && strncasecmp((const char *) s.data, text, s.len) == 0;
}


static apigw_str_t
apigw_http_trim(const uint8_t *p, const uint8_t *end)
{
    apigw_str_t  s;

    while (p < end && (*p == ' ' || *p == '\t')) {
        p++;
    }

    while (end > p && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }

    s.data = p;
    s.len = (size_t) (end - p);

    return s;
}


/* RFC 9110, 5.6.2 */

static bool
apigw_http_token_byte(uint8_t ch)
{
    return (ch >= '0' && ch <= '9')
           || ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')
           || (ch && strchr("!#$%&'*+-.^_`|~", ch));
}
