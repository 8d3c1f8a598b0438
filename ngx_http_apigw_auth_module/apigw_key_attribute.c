
/* The attributes of an API key: consumer, plan, dates, networks. */


#include "apigw_keyfile.h"

#include <arpa/inet.h>


typedef apigw_rc_t (*apigw_key_set_pt)(apigw_key_t *key, apigw_str_t value,
    apigw_error_t *err);

typedef struct {
    const char        *name;
    apigw_key_set_pt   set;
} apigw_key_attribute_t;


static bool apigw_key_is_text(apigw_str_t value);
static bool apigw_key_is_list(apigw_str_t value, uint8_t separator);
static apigw_rc_t apigw_key_set_consumer(apigw_key_t *key, apigw_str_t value,
    apigw_error_t *err);
static apigw_rc_t apigw_key_set_plan(apigw_key_t *key, apigw_str_t value,
    apigw_error_t *err);
static apigw_rc_t apigw_key_set_groups(apigw_key_t *key, apigw_str_t value,
    apigw_error_t *err);
static apigw_rc_t apigw_key_set_scope(apigw_key_t *key, apigw_str_t value,
    apigw_error_t *err);
static apigw_rc_t apigw_key_set_status(apigw_key_t *key, apigw_str_t value,
    apigw_error_t *err);
static apigw_rc_t apigw_key_set_exp(apigw_key_t *key, apigw_str_t value,
    apigw_error_t *err);
static apigw_rc_t apigw_key_set_nbf(apigw_key_t *key, apigw_str_t value,
    apigw_error_t *err);
static apigw_rc_t apigw_key_set_cidr(apigw_key_t *key, apigw_str_t value,
    apigw_error_t *err);
static bool apigw_key_network(apigw_key_network_t *network, apigw_str_t text);
static apigw_rc_t apigw_key_fault(apigw_error_t *err, const char *word,
    size_t offset);


static const apigw_key_attribute_t  apigw_key_attributes[] = {
    { "consumer", apigw_key_set_consumer },
    { "plan", apigw_key_set_plan },
    { "groups", apigw_key_set_groups },
    { "scope", apigw_key_set_scope },
    { "status", apigw_key_set_status },
    { "exp", apigw_key_set_exp },
    { "nbf", apigw_key_set_nbf },
    { "cidr", apigw_key_set_cidr }
};

#define APIGW_KEY_ATTRIBUTES                                                  \
    (sizeof(apigw_key_attributes) / sizeof(apigw_key_attributes[0]))


apigw_rc_t
apigw_key_attribute(apigw_key_t *key, apigw_str_t name, apigw_str_t value,
    apigw_error_t *err)
{
    size_t  i;

    for (i = 0; i < APIGW_KEY_ATTRIBUTES; i++) {
        if (!apigw_str_is(name, apigw_key_attributes[i].name)) {
            continue;
        }

        if (key->seen & 1u << i) {
            return apigw_key_fault(err, "duplicate attribute", 0);
        }

        key->seen |= 1u << i;

        if (!apigw_key_is_text(value)) {
            return apigw_key_fault(err, "value is empty or holds a byte other "
                                        "than printable ASCII", 0);
        }

        return apigw_key_attributes[i].set(key, value, err);
    }

    return apigw_key_fault(err, "unknown attribute", 0);
}


static bool
apigw_key_is_text(apigw_str_t value)
{
    uint8_t  ch;
    size_t   i;

    for (i = 0; i < value.len; i++) {
        ch = value.data[i];

        if (ch < 0x20 || ch >= 0x7f || ch == '"' || ch == '\\') {
            return false;
        }
    }

    return value.len > 0 && value.len <= APIGW_KEY_LINE;
}


/* Elements that are not empty and hold neither a blank nor a comma. */

static bool
apigw_key_is_list(apigw_str_t value, uint8_t separator)
{
    uint8_t  ch, last;
    size_t   i;

    last = separator;

    for (i = 0; i < value.len; i++) {
        ch = value.data[i];

        if (ch == separator ? last == separator : ch == ' ' || ch == ',') {
            return false;
        }

        last = ch;
    }

    return last != separator;
}


static apigw_rc_t
apigw_key_set_consumer(apigw_key_t *key, apigw_str_t value,
    apigw_error_t *err)
{
    (void) err;

    key->consumer = value;
    return APIGW_OK;
}


static apigw_rc_t
apigw_key_set_plan(apigw_key_t *key, apigw_str_t value, apigw_error_t *err)
{
    (void) err;

    key->plan = value;
    return APIGW_OK;
}


static apigw_rc_t
apigw_key_set_groups(apigw_key_t *key, apigw_str_t value, apigw_error_t *err)
{
    if (!apigw_key_is_list(value, ',')) {
        return apigw_key_fault(err, "groups are not separated by single "
                                    "commas", 0);
    }

    key->groups = value;
    return APIGW_OK;
}


static apigw_rc_t
apigw_key_set_scope(apigw_key_t *key, apigw_str_t value, apigw_error_t *err)
{
    if (!apigw_key_is_list(value, ' ')) {
        return apigw_key_fault(err, "scopes are not separated by single "
                                    "spaces", 0);
    }

    key->scope = value;
    return APIGW_OK;
}


static apigw_rc_t
apigw_key_set_status(apigw_key_t *key, apigw_str_t value, apigw_error_t *err)
{
    key->disabled = apigw_str_is(value, "disabled");

    if (!key->disabled && !apigw_str_is(value, "active")) {
        return apigw_key_fault(err, "status is neither active nor disabled",
                               0);
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_key_set_exp(apigw_key_t *key, apigw_str_t value, apigw_error_t *err)
{
    return apigw_key_date(&key->exp, value, err);
}


static apigw_rc_t
apigw_key_set_nbf(apigw_key_t *key, apigw_str_t value, apigw_error_t *err)
{
    return apigw_key_date(&key->nbf, value, err);
}


static apigw_rc_t
apigw_key_set_cidr(apigw_key_t *key, apigw_str_t value, apigw_error_t *err)
{
    apigw_str_t     item;
    const uint8_t  *p, *end, *comma;

    p = value.data;
    end = p + value.len;

    do {
        comma = memchr(p, ',', end - p);

        item.data = p;
        item.len = (comma ? comma : end) - p;

        if (key->nnetworks == APIGW_KEY_NETWORKS) {
            return apigw_key_fault(err, "more than 16 networks", 0);
        }

        if (!apigw_key_network(&key->networks[key->nnetworks], item)) {
            return apigw_key_fault(err, "not an address or network such as "
                                        "192.0.2.0/24", 0);
        }

        key->nnetworks++;
        p += item.len + 1;

    } while (comma);

    return APIGW_OK;
}


static bool
apigw_key_network(apigw_key_network_t *network, apigw_str_t text)
{
    char            buf[INET6_ADDRSTRLEN];
    size_t          i, len;
    unsigned        bits, max;
    const uint8_t  *slash, *p;

    slash = memchr(text.data, '/', text.len);
    len = slash ? (size_t) (slash - text.data) : text.len;

    if (len == 0 || len >= sizeof(buf)) {
        return false;
    }

    memcpy(buf, text.data, len);
    buf[len] = '\0';

    network->len = memchr(buf, ':', len) ? 16 : 4;
    max = network->len * 8;
    memset(network->addr, 0, sizeof(network->addr));

    if (inet_pton(max == 32 ? AF_INET : AF_INET6, buf, network->addr) != 1) {
        return false;
    }

    bits = max;

    if (slash) {
        bits = 0;
        p = slash + 1;

        if (p == text.data + text.len || p + 3 < text.data + text.len) {
            return false;
        }

        for ( /* void */ ; p < text.data + text.len; p++) {
            if (*p < '0' || *p > '9') {
                return false;
            }

            bits = bits * 10 + (*p - '0');
        }

        if (bits > max) {
            return false;
        }
    }

    network->bits = (uint8_t) bits;

    for (i = bits / 8; i < sizeof(network->addr); i++) {
        network->addr[i] &= i == bits / 8 ? 0xff00 >> (bits % 8) : 0;
    }

    return true;
}


static apigw_rc_t
apigw_key_fault(apigw_error_t *err, const char *word, size_t offset)
{
    err->word = word;
    err->offset = offset;

    return APIGW_EINPUT;
}
