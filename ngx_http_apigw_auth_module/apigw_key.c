
/* The form of API keys, their digests, and whether one is good now. */


#include "apigw_keyfile.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>


#define APIGW_KEY_CRC  6             /* base62 digits */


static const char  apigw_key_base62[] =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";


static bool apigw_key_is_alnum(apigw_str_t s);
static uint32_t apigw_key_crc32(const uint8_t *p, size_t len);
static void apigw_key_crc_text(uint8_t *text, const uint8_t *p, size_t len);
static void apigw_key_secret_text(uint8_t *text, const uint8_t *entropy);
static bool apigw_key_has_form(apigw_str_t key, size_t prefix,
    apigw_str_t *id);
static bool apigw_key_in_network(const apigw_key_network_t *network,
    apigw_str_t addr);
static int apigw_key_hex(uint8_t ch);


static bool
apigw_key_is_alnum(apigw_str_t s)
{
    uint8_t  ch;
    size_t   i;

    for (i = 0; i < s.len; i++) {
        ch = s.data[i];

        if (!((ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z')
              || (ch >= 'a' && ch <= 'z')))
        {
            return false;
        }
    }

    return true;
}


bool
apigw_key_prefix_ok(apigw_str_t prefix)
{
    return prefix.len >= 1 && prefix.len <= APIGW_KEY_PREFIX
           && apigw_key_is_alnum(prefix);
}


bool
apigw_key_id_ok(apigw_str_t id)
{
    return id.len >= APIGW_KEY_ID_MIN && id.len <= APIGW_KEY_ID_MAX
           && apigw_key_is_alnum(id);
}


/* The CRC-32 of IEEE 802.3. */

static uint32_t
apigw_key_crc32(const uint8_t *p, size_t len)
{
    size_t    i;
    uint32_t  crc;

    /* four bits' worth of the reversed polynomial 0xedb88320 */

    static const uint32_t  table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
        0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c
    };

    crc = UINT32_MAX;

    for (i = 0; i < len; i++) {
        crc ^= p[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }

    return ~crc;
}


static void
apigw_key_crc_text(uint8_t *text, const uint8_t *p, size_t len)
{
    int       i;
    uint32_t  crc;

    crc = apigw_key_crc32(p, len);

    for (i = APIGW_KEY_CRC - 1; i >= 0; i--) {
        text[i] = apigw_key_base62[crc % 62];
        crc /= 62;
    }
}


/* Long division by 62: 2^160 < 62^27. */

static void
apigw_key_secret_text(uint8_t *text, const uint8_t *entropy)
{
    int       i, k;
    uint8_t   number[APIGW_KEY_ENTROPY];
    unsigned  rest;

    memcpy(number, entropy, sizeof(number));

    for (i = APIGW_KEY_SECRET - 1; i >= 0; i--) {
        rest = 0;

        for (k = 0; k < APIGW_KEY_ENTROPY; k++) {
            rest = rest << 8 | number[k];
            number[k] = (uint8_t) (rest / 62);
            rest %= 62;
        }

        text[i] = apigw_key_base62[rest];
    }

    OPENSSL_cleanse(number, sizeof(number));
}


size_t
apigw_key_make(char *text, apigw_str_t prefix, apigw_str_t id,
    const uint8_t *entropy)
{
    uint8_t  *p = (uint8_t *) text;

    if (!apigw_key_prefix_ok(prefix) || !apigw_key_id_ok(id)) {
        return 0;
    }

    memcpy(p, prefix.data, prefix.len);
    p += prefix.len;
    *p++ = '_';

    memcpy(p, id.data, id.len);
    p += id.len;
    *p++ = '_';

    apigw_key_secret_text(p, entropy);
    p += APIGW_KEY_SECRET;

    apigw_key_crc_text(p + 1, (uint8_t *) text, p - (uint8_t *) text);
    *p = '_';
    p += 1 + APIGW_KEY_CRC;
    *p = '\0';

    return p - (uint8_t *) text;
}


apigw_rc_t
apigw_key_form_check(apigw_str_t key, apigw_str_t prefix, apigw_str_t *id,
    apigw_error_t *err)
{
    size_t       i;
    apigw_str_t  found = { NULL, 0 };

    err->word = "key_unknown";
    err->offset = 0;

    if (id) {
        *id = found;
    }

    if (key.len < APIGW_KEY_MIN || key.len > APIGW_KEY_MAX) {
        return APIGW_EINPUT;
    }

    for (i = 0; i < key.len; i++) {
        if (key.data[i] <= 0x20 || key.data[i] >= 0x7f) {
            return APIGW_EINPUT;
        }
    }

    if (prefix.len == 0 || key.len <= prefix.len
        || key.data[prefix.len] != '_'
        || memcmp(key.data, prefix.data, prefix.len) != 0)
    {
        return APIGW_OK;                     /* an imported key */
    }

    if (!apigw_key_has_form(key, prefix.len, &found)) {
        return APIGW_EINPUT;
    }

    if (id) {
        *id = found;
    }

    return APIGW_OK;
}


static bool
apigw_key_has_form(apigw_str_t key, size_t prefix, apigw_str_t *id)
{
    size_t       body;
    uint8_t      crc[APIGW_KEY_CRC];
    apigw_str_t  secret;

    if (key.len < prefix + 1 + APIGW_KEY_ID_MIN + 1 + APIGW_KEY_SECRET + 1
                  + APIGW_KEY_CRC)
    {
        return false;
    }

    body = key.len - 1 - APIGW_KEY_CRC;

    secret.data = key.data + body - APIGW_KEY_SECRET;
    secret.len = APIGW_KEY_SECRET;

    id->data = key.data + prefix + 1;
    id->len = secret.data - 1 - id->data;

    if (key.data[body] != '_' || secret.data[-1] != '_'
        || !apigw_key_id_ok(*id) || !apigw_key_is_alnum(secret))
    {
        return false;
    }

    apigw_key_crc_text(crc, key.data, body);

    return memcmp(crc, key.data + body + 1, APIGW_KEY_CRC) == 0;
}


apigw_rc_t
apigw_key_digest(uint8_t *digest, apigw_str_t key)
{
    if (EVP_Digest(key.data, key.len, digest, NULL, EVP_sha256(), NULL) != 1) {
        ERR_clear_error();
        return APIGW_ENOMEM;
    }

    return APIGW_OK;
}


apigw_rc_t
apigw_key_digest_hmac(uint8_t *digest, apigw_str_t key, const uint8_t *pepper)
{
    if (HMAC(EVP_sha256(), pepper, APIGW_KEY_PEPPER, key.data, key.len, digest,
             NULL)
        == NULL)
    {
        ERR_clear_error();
        return APIGW_ENOMEM;
    }

    return APIGW_OK;
}


static int
apigw_key_hex(uint8_t ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }

    ch |= 0x20;

    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}


bool
apigw_key_unhex(uint8_t *out, size_t n, apigw_str_t text)
{
    int     high, low;
    size_t  i;

    if (text.len != n * 2) {
        return false;
    }

    for (i = 0; i < n; i++) {
        high = apigw_key_hex(text.data[i * 2]);
        low = apigw_key_hex(text.data[i * 2 + 1]);

        if (high < 0 || low < 0) {
            return false;
        }

        out[i] = (uint8_t) (high << 4 | low);
    }

    return true;
}


apigw_rc_t
apigw_key_pepper_parse(uint8_t peppers[2][APIGW_KEY_PEPPER], size_t *n,
    apigw_str_t text, apigw_error_t *err)
{
    apigw_str_t     line;
    const uint8_t  *p, *end, *nl;

    *n = 0;
    p = text.data;
    end = p + text.len;

    while (p < end) {
        err->offset = *n + 1;

        if (*n == 2) {
            err->word = "has more than two lines";
            return APIGW_EINPUT;
        }

        nl = memchr(p, '\n', end - p);
        line.data = p;
        line.len = (nl ? nl : end) - p;

        if (!apigw_key_unhex(peppers[*n], APIGW_KEY_PEPPER, line)) {
            err->word = "has a line that is not 64 hex digits";
            return APIGW_EINPUT;
        }

        (*n)++;
        p += line.len + (nl != NULL);
    }

    if (*n == 0) {
        err->word = "is empty";
        err->offset = 1;
        return APIGW_EINPUT;
    }

    return APIGW_OK;
}


static bool
apigw_key_in_network(const apigw_key_network_t *network, apigw_str_t addr)
{
    size_t   bytes;
    uint8_t  mask;

    if (network->len != addr.len) {
        return false;
    }

    bytes = network->bits / 8;
    mask = (uint8_t) (0xff00 >> (network->bits % 8));

    return memcmp(network->addr, addr.data, bytes) == 0
           && (network->bits % 8 == 0
               || network->addr[bytes] == (addr.data[bytes] & mask));
}


apigw_rc_t
apigw_key_check(const apigw_key_t *key, int64_t now, apigw_str_t addr,
    apigw_error_t *err)
{
    size_t                i;
    static const uint8_t  mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                         0xff, 0xff };

    err->offset = 0;
    err->word = "key_disabled";

    if (key->disabled) {
        return APIGW_EINPUT;
    }

    if (addr.len == 16 && memcmp(addr.data, mapped, sizeof(mapped)) == 0) {
        addr.data += sizeof(mapped);
        addr.len = 4;
    }

    for (i = 0; i < key->nnetworks; i++) {
        if (apigw_key_in_network(&key->networks[i], addr)) {
            break;
        }
    }

    if (key->nnetworks && i == key->nnetworks) {
        return APIGW_EINPUT;
    }

    if (key->exp && now >= (int64_t) key->exp) {
        err->word = "key_expired";
        return APIGW_EINPUT;
    }

    if (now < (int64_t) key->nbf) {
        err->word = "key_not_yet_valid";
        return APIGW_EINPUT;
    }

    return APIGW_OK;
}
