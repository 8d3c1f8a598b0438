
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
    size_t    i;
    uint8_t   ch;
    uint64_t  good;

    /* without a branch for each: which class comes next nobody can foretell */

    static const uint64_t  chars[4] = {
        0x03ff000000000000, 0x07fffffe07fffffe, 0, 0
    };

    good = 1;

    for (i = 0; i < s.len; i++) {
        ch = s.data[i];
        good &= chars[ch / 64] >> ch % 64;
    }

    return good & 1;
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


/*
 * The CRC-32 of IEEE 802.3, four bytes at a time: table[k] is what four bits
 * make of it under the reversed polynomial 0xedb88320 with k times four more
 * behind them. Small tables stay in the cache.
 */

static uint32_t
apigw_key_crc32(const uint8_t *p, size_t len)
{
    size_t    i;
    uint32_t  crc;

    static const uint32_t  table[8][16] = {
        {
            0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
            0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
            0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
            0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c
        },
        {
            0x00000000, 0x77073096, 0xee0e612c, 0x990951ba,
            0x076dc419, 0x706af48f, 0xe963a535, 0x9e6495a3,
            0x0edb8832, 0x79dcb8a4, 0xe0d5e91e, 0x97d2d988,
            0x09b64c2b, 0x7eb17cbd, 0xe7b82d07, 0x90bf1d91
        },
        {
            0x00000000, 0x4ac21251, 0x958424a2, 0xdf4636f3,
            0xf0794f05, 0xbabb5d54, 0x65fd6ba7, 0x2f3f79f6,
            0x3b83984b, 0x71418a1a, 0xae07bce9, 0xe4c5aeb8,
            0xcbfad74e, 0x8138c51f, 0x5e7ef3ec, 0x14bce1bd
        },
        {
            0x00000000, 0x191b3141, 0x32366282, 0x2b2d53c3,
            0x646cc504, 0x7d77f445, 0x565aa786, 0x4f4196c7,
            0xc8d98a08, 0xd1c2bb49, 0xfaefe88a, 0xe3f4d9cb,
            0xacb54f0c, 0xb5ae7e4d, 0x9e832d8e, 0x87981ccf
        },
        {
            0x00000000, 0x1c26a370, 0x384d46e0, 0x246be590,
            0x709a8dc0, 0x6cbc2eb0, 0x48d7cb20, 0x54f16850,
            0xe1351b80, 0xfd13b8f0, 0xd9785d60, 0xc55efe10,
            0x91af9640, 0x8d893530, 0xa9e2d0a0, 0xb5c473d0
        },
        {
            0x00000000, 0x01c26a37, 0x0384d46e, 0x0246be59,
            0x0709a8dc, 0x06cbc2eb, 0x048d7cb2, 0x054f1685,
            0x0e1351b8, 0x0fd13b8f, 0x0d9785d6, 0x0c55efe1,
            0x091af964, 0x08d89353, 0x0a9e2d0a, 0x0b5c473d
        },
        {
            0x00000000, 0x5019579f, 0xa032af3e, 0xf02bf8a1,
            0x9b14583d, 0xcb0d0fa2, 0x3b26f703, 0x6b3fa09c,
            0xed59b63b, 0xbd40e1a4, 0x4d6b1905, 0x1d724e9a,
            0x764dee06, 0x2654b999, 0xd67f4138, 0x866616a7
        },
        {
            0x00000000, 0xb8bc6765, 0xaa09c88b, 0x12b5afee,
            0x8f629757, 0x37def032, 0x256b5fdc, 0x9dd738b9,
            0xc5b428ef, 0x7d084f8a, 0x6fbde064, 0xd7018701,
            0x4ad6bfb8, 0xf26ad8dd, 0xe0df7733, 0x58631056
        }
    };

    crc = UINT32_MAX;

    for (i = 0; len - i >= 4; i += 4) {
        crc ^= p[i] | p[i + 1] << 8 | p[i + 2] << 16
               | (uint32_t) p[i + 3] << 24;

        crc = table[7][crc & 15] ^ table[6][crc >> 4 & 15]
              ^ table[5][crc >> 8 & 15] ^ table[4][crc >> 12 & 15]
              ^ table[3][crc >> 16 & 15] ^ table[2][crc >> 20 & 15]
              ^ table[1][crc >> 24 & 15] ^ table[0][crc >> 28];
    }

    for ( /* void */ ; i < len; i++) {
        crc ^= p[i];
        crc = crc >> 4 ^ table[0][crc & 15];
        crc = crc >> 4 ^ table[0][crc & 15];
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
