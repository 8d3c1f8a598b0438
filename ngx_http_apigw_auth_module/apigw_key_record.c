
#include "apigw_key_record.h"


#define APIGW_KEY_RECORD_STRINGS  5


/* Followed by the networks and the strings, without padding. */

typedef struct {
    uint32_t   nbf;
    uint32_t   exp;
    uint16_t   len[APIGW_KEY_RECORD_STRINGS];
    uint8_t    nnetworks;
    uint8_t    disabled;
} apigw_key_packed_t;


static void apigw_key_record_id(apigw_key_t *key, const apigw_str_t *fields,
    size_t n);
static apigw_rc_t apigw_key_record_bound(const apigw_str_t *fields, size_t n,
    apigw_error_t *err);
static bool apigw_key_record_first(const apigw_str_t *fields, size_t i);
static apigw_rc_t apigw_key_record_field(apigw_key_t *key, apigw_str_t name,
    apigw_str_t value, apigw_key_digest_e kind, apigw_error_t *err);
static bool apigw_key_record_network(const apigw_key_network_t *network);
static apigw_rc_t apigw_key_record_fault(apigw_error_t *err, apigw_rc_t rc,
    const char *word);


const char *
apigw_key_record_digest(apigw_key_digest_e kind)
{
    return kind == APIGW_KEY_SHA256 ? "sha256" : "hmac-sha256";
}


apigw_rc_t
apigw_key_record_read(apigw_key_t *key, const apigw_str_t *fields, size_t n,
    apigw_key_digest_e kind, apigw_error_t *err)
{
    size_t      i;
    bool        digest;
    apigw_rc_t  rc;

    memset(key, 0, sizeof(apigw_key_t));

    rc = apigw_key_record_bound(fields, n, err);
    if (rc == APIGW_ELIMIT) {
        return rc;
    }

    apigw_key_record_id(key, fields, n);

    key->kind = kind;
    digest = false;

    for (i = 0; rc == APIGW_OK && i < n; i += 2) {

        if (!apigw_key_record_first(fields, i)) {
            return apigw_key_record_fault(err, APIGW_EINPUT,
                                          "duplicate field");
        }

        digest |= apigw_str_is(fields[i], "digest");

        rc = apigw_key_record_field(key, fields[i], fields[i + 1], kind, err);
    }

    if (rc != APIGW_OK) {
        return rc;
    }

    if (key->id.len == 0) {
        return apigw_key_record_fault(err, APIGW_EINPUT, "id is missing");
    }

    if (!digest) {
        return apigw_key_record_fault(err, APIGW_EINPUT, "digest is missing");
    }

    if (key->consumer.len == 0) {
        return apigw_key_record_fault(err, APIGW_EINPUT,
                                      "consumer is missing");
    }

    return APIGW_OK;
}


/* Known first: it is what an operator finds a faulty record by. */

static void
apigw_key_record_id(apigw_key_t *key, const apigw_str_t *fields, size_t n)
{
    size_t  i;

    for (i = 0; i + 1 < n; i += 2) {
        if (apigw_str_is(fields[i], "id") && apigw_key_id_ok(fields[i + 1])) {
            key->id = fields[i + 1];
            return;
        }
    }
}


static apigw_rc_t
apigw_key_record_bound(const apigw_str_t *fields, size_t n, apigw_error_t *err)
{
    size_t  i, left;

    if (n > 2 * APIGW_KEY_RECORD_FIELDS) {
        return apigw_key_record_fault(err, APIGW_ELIMIT,
                                      "more fields than there are");
    }

    left = APIGW_KEY_RECORD;

    for (i = 0; i < n; i++) {
        if (fields[i].len > left) {
            return apigw_key_record_fault(err, APIGW_ELIMIT,
                                          "longer than 1024 bytes");
        }

        left -= fields[i].len;
    }

    return n % 2 ? apigw_key_record_fault(err, APIGW_EINPUT,
                                          "a field without its value")
                 : APIGW_OK;
}


/* Whether the name at `i` was not there before. */

static bool
apigw_key_record_first(const apigw_str_t *fields, size_t i)
{
    size_t  k;

    for (k = 0; k < i; k += 2) {
        if (apigw_str_eq(fields[k], fields[i])) {
            return false;
        }
    }

    return true;
}


static apigw_rc_t
apigw_key_record_field(apigw_key_t *key, apigw_str_t name, apigw_str_t value,
    apigw_key_digest_e kind, apigw_error_t *err)
{
    if (apigw_str_is(name, "id")) {
        return apigw_key_id_ok(value)
               ? APIGW_OK
               : apigw_key_record_fault(err, APIGW_EINPUT,
                                     "id is not 8 to 32 letters and digits");
    }

    if (apigw_str_is(name, "digest")) {
        return apigw_str_is(value, apigw_key_record_digest(kind))
               ? APIGW_OK
               : apigw_key_record_fault(err, APIGW_EINPUT,
                                        "digest is not the kind that it was "
                                        "found by");
    }

    return apigw_key_attribute(key, name, value, err);
}


apigw_rc_t
apigw_key_record_pack(apigw_str_t *packed, apigw_arena_t *arena,
    const apigw_key_t *key)
{
    size_t              i, len, networks;
    uint8_t            *p;
    apigw_str_t         strings[APIGW_KEY_RECORD_STRINGS];
    apigw_key_packed_t  head;

    strings[0] = key->id;
    strings[1] = key->consumer;
    strings[2] = key->plan;
    strings[3] = key->groups;
    strings[4] = key->scope;

    memset(&head, 0, sizeof(head));

    head.nbf = key->nbf;
    head.exp = key->exp;
    head.nnetworks = (uint8_t) key->nnetworks;
    head.disabled = key->disabled;

    networks = key->nnetworks * sizeof(apigw_key_network_t);
    len = sizeof(head) + networks;

    for (i = 0; i < APIGW_KEY_RECORD_STRINGS; i++) {
        head.len[i] = (uint16_t) strings[i].len;
        len += strings[i].len;
    }

    p = apigw_arena_alloc(arena, len);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    packed->data = p;
    packed->len = len;

    memcpy(p, &head, sizeof(head));
    p += sizeof(head);

    memcpy(p, key->networks, networks);
    p += networks;

    for (i = 0; i < APIGW_KEY_RECORD_STRINGS; i++) {
        if (strings[i].len) {
            memcpy(p, strings[i].data, strings[i].len);
            p += strings[i].len;
        }
    }

    return APIGW_OK;
}


apigw_rc_t
apigw_key_record_unpack(apigw_key_t *key, apigw_str_t packed)
{
    size_t               i, left, networks;
    apigw_str_t         *strings[APIGW_KEY_RECORD_STRINGS];
    const uint8_t       *p;
    apigw_key_packed_t   head;

    if (packed.len < sizeof(head)) {
        return APIGW_EINPUT;
    }

    memset(key, 0, sizeof(apigw_key_t));
    memcpy(&head, packed.data, sizeof(head));

    p = packed.data + sizeof(head);
    left = packed.len - sizeof(head);
    networks = head.nnetworks * sizeof(apigw_key_network_t);

    if (head.nnetworks > APIGW_KEY_NETWORKS || networks > left
        || head.disabled > 1)
    {
        return APIGW_EINPUT;
    }

    key->nbf = head.nbf;
    key->exp = head.exp;
    key->disabled = head.disabled;
    key->nnetworks = head.nnetworks;

    memcpy(key->networks, p, networks);
    p += networks;
    left -= networks;

    for (i = 0; i < key->nnetworks; i++) {
        if (!apigw_key_record_network(&key->networks[i])) {
            return APIGW_EINPUT;
        }
    }

    strings[0] = &key->id;
    strings[1] = &key->consumer;
    strings[2] = &key->plan;
    strings[3] = &key->groups;
    strings[4] = &key->scope;

    for (i = 0; i < APIGW_KEY_RECORD_STRINGS; i++) {
        if (head.len[i] > left) {
            return APIGW_EINPUT;
        }

        strings[i]->data = p;
        strings[i]->len = head.len[i];

        p += head.len[i];
        left -= head.len[i];
    }

    return left == 0 && apigw_key_id_ok(key->id) && key->consumer.len
           ? APIGW_OK : APIGW_EINPUT;
}


static bool
apigw_key_record_network(const apigw_key_network_t *network)
{
    return (network->len == 4 || network->len == 16)
           && network->bits <= network->len * 8;
}


static apigw_rc_t
apigw_key_record_fault(apigw_error_t *err, apigw_rc_t rc, const char *word)
{
    err->word = word;
    err->offset = 0;

    return rc;
}
