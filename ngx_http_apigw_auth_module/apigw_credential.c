
#include "apigw_credential.h"


/* Eight bytes at once, none above 0x7f; answers are in their high bits. */

#define apigw_credential_each(ch)  (UINT64_C(0x0101010101010101) * (ch))

#define apigw_credential_in(word, first, last)                                \
    (((word) + apigw_credential_each(0x80 - (first)))                         \
     & ~((word) + apigw_credential_each(0x7f - (last))))

#define apigw_credential_not(word, ch)                                        \
    (((word) ^ apigw_credential_each(ch)) + apigw_credential_each(0x7f))


typedef struct {
    apigw_str_t   name;              /* lower case */
    unsigned      scheme;
} apigw_credential_scheme_t;


static const apigw_credential_scheme_t  apigw_credential_schemes[] = {
    { apigw_str("bearer"), APIGW_SCHEME_BEARER },
    { apigw_str("dpop"), APIGW_SCHEME_DPOP },
    { apigw_str("apikey"), APIGW_SCHEME_APIKEY }
};


static unsigned apigw_credential_scheme(apigw_str_t name);
static bool apigw_credential_is_word(uint64_t word);


apigw_rc_t
apigw_credential_parse(apigw_credential_t *credential, apigw_str_t value,
    unsigned schemes, apigw_error_t *err)
{
    size_t       i;
    apigw_str_t  name;

    credential->scheme = APIGW_SCHEME_NONE;
    credential->text.data = NULL;
    credential->text.len = 0;

    name.data = value.data;

    for (i = 0; i < value.len; i++) {
        if (value.data[i] == ' ' || value.data[i] == '\t') {
            break;
        }
    }

    name.len = i;

    credential->scheme = apigw_credential_scheme(name) & schemes;

    if (credential->scheme == APIGW_SCHEME_NONE) {
        return APIGW_OK;
    }

    while (i < value.len && value.data[i] == ' ') {
        i++;
    }

    credential->text.data = value.data + i;
    credential->text.len = value.len - i;

    if (credential->scheme == APIGW_SCHEME_APIKEY
        || apigw_credential_is_token(credential->text))
    {
        return APIGW_OK;
    }

    credential->text.len = 0;

    err->word = "credential_malformed";
    err->offset = i;

    return APIGW_EINPUT;
}


static unsigned
apigw_credential_scheme(apigw_str_t name)
{
    size_t                            i, k;
    const apigw_credential_scheme_t  *s;

    for (i = 0; i < sizeof(apigw_credential_schemes)
                    / sizeof(apigw_credential_schemes[0]); i++)
    {
        s = &apigw_credential_schemes[i];

        if (name.len != s->name.len) {
            continue;
        }

        for (k = 0; k < name.len; k++) {
            if ((name.data[k] | 0x20) != s->name.data[k]) {
                break;
            }
        }

        if (k == name.len) {
            return s->scheme;
        }
    }

    return APIGW_SCHEME_NONE;
}


bool
apigw_credential_is_token(apigw_str_t text)
{
    size_t    i;
    uint8_t   ch;
    uint64_t  word;

    /* of RFC 6750, 2.1: ALPHA, DIGIT, "-", ".", "_", "~", "+" and "/" */

    static const uint64_t  chars[4] = {
        0x03ffe80000000000, 0x47fffffe87fffffe, 0, 0
    };

    for (i = 0; text.len - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, text.data + i, sizeof(word));

        if (!apigw_credential_is_word(word)) {
            break;
        }
    }

    for ( /* void */ ; i < text.len; i++) {
        ch = text.data[i];

        if (!(chars[ch / 64] >> ch % 64 & 1)) {
            break;
        }
    }

    if (i == 0) {
        return false;
    }

    while (i < text.len && text.data[i] == '=') {
        i++;
    }

    return i == text.len;
}


/*
 * The same of eight characters at once, a token is long: 0x20 makes one range
 * of the letters, "-" to "9" is the other, three characters are by themselves.
 */

static bool
apigw_credential_is_word(uint64_t word)
{
    uint64_t  low, good, other;

    low = word & apigw_credential_each(0x7f);

    good = apigw_credential_in(low | apigw_credential_each(0x20), 'a', 'z')
           | apigw_credential_in(low, '-', '9');

    other = apigw_credential_not(low, '+') & apigw_credential_not(low, '_')
            & apigw_credential_not(low, '~');

    good = (good | ~other) & ~word & apigw_credential_each(0x80);

    return good == apigw_credential_each(0x80);
}
