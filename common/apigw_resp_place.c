
#include "apigw_resp_place.h"

#include "apigw_resp_slots.h"


static bool apigw_resp_host_valid(const char *host, size_t len);
static apigw_rc_t apigw_resp_number(const char *text, size_t len,
    int64_t *value);


apigw_rc_t
apigw_resp_redirect(const char *text, size_t len, uint32_t *slot,
    apigw_resp_place_t *place)
{
    size_t       i, colon;
    int64_t      number, port;
    const char  *last;

    last = text + len;

    for (i = 0; i < len && text[i] != ' '; i++) { /* void */ }

    if (i == len) {
        return APIGW_EINPUT;
    }

    text += i + 1;
    len = (size_t) (last - text);

    for (i = 0; i < len && text[i] != ' '; i++) { /* void */ }

    if (i == len || apigw_resp_number(text, i, &number) != APIGW_OK
        || number >= APIGW_RESP_SLOTS)
    {
        return APIGW_EINPUT;
    }

    text += i + 1;
    len = (size_t) (last - text);

    for (colon = len; colon > 0 && text[colon - 1] != ':'; colon--) {
        /* void */
    }

    if (colon == 0
        || apigw_resp_number(text + colon, len - colon, &port) != APIGW_OK
        || apigw_resp_place(text, colon - 1, port, place) != APIGW_OK)
    {
        return APIGW_EINPUT;
    }

    *slot = (uint32_t) number;

    return APIGW_OK;
}


apigw_rc_t
apigw_resp_master(const redisReply *reply, apigw_resp_place_t *place)
{
    int64_t              port;
    apigw_resp_place_t   found;
    const redisReply    *host, *text;

    if (reply->type == REDIS_REPLY_NIL) {
        return APIGW_EUNSUPPORTED;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
        return APIGW_EINPUT;
    }

    host = reply->element[0];
    text = reply->element[1];

    if (host->type != REDIS_REPLY_STRING || text->type != REDIS_REPLY_STRING
        || apigw_resp_number(text->str, (size_t) text->len, &port) != APIGW_OK
        || apigw_resp_place(host->str, (size_t) host->len, port, &found)
           != APIGW_OK
        || found.host.len == 0)
    {
        return APIGW_EINPUT;
    }

    *place = found;

    return APIGW_OK;
}


bool
apigw_resp_is_master(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_ARRAY && reply->elements != 0
           && apigw_resp_reply_is(reply->element[0], "master");
}


apigw_rc_t
apigw_resp_place(const char *host, size_t len, int64_t port,
    apigw_resp_place_t *place)
{
    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    }

    if (len == 1 && host[0] == '?') {
        return APIGW_EUNSUPPORTED;
    }

    if (port < 1 || port > 65535 || !apigw_resp_host_valid(host, len)) {
        return APIGW_EINPUT;
    }

    place->host.data = (const uint8_t *) host;
    place->host.len = len;
    place->port = (uint16_t) port;

    return APIGW_OK;
}


static bool
apigw_resp_host_valid(const char *host, size_t len)
{
    char    ch;
    size_t  i;

    if (len > APIGW_RESP_MAX_HOST) {
        return false;
    }

    for (i = 0; i < len; i++) {
        ch = host[i];

        if (!((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z')
              || (ch >= 'A' && ch <= 'Z')
              || ch == '.' || ch == ':' || ch == '-' || ch == '_'))
        {
            return false;
        }
    }

    return true;
}


/* Decimal digits, at most six of them. */

static apigw_rc_t
apigw_resp_number(const char *text, size_t len, int64_t *value)
{
    size_t   i;
    int64_t  number;

    if (len == 0 || len > 6) {
        return APIGW_EINPUT;
    }

    number = 0;

    for (i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return APIGW_EINPUT;
        }

        number = number * 10 + (text[i] - '0');
    }

    *value = number;

    return APIGW_OK;
}
