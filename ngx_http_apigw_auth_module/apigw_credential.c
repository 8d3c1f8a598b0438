
#include "apigw_credential.h"


/* Bytes that are compared all at once; gcc and clang know how, everywhere. */

typedef uint8_t  apigw_credential_bytes_t __attribute__((vector_size(16)));


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
static apigw_credential_bytes_t apigw_credential_unfit(const uint8_t *p);


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

    if (credential->scheme == APIGW_SCHEME_APIKEY || credential->text.len) {
        return APIGW_OK;
    }

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
    size_t                    i;
    uint8_t                   last[sizeof(apigw_credential_bytes_t)];
    uint64_t                  word[2];
    apigw_credential_bytes_t  unfit = { 0 };

    while (text.len && text.data[text.len - 1] == '=') {
        text.len--;
    }

    if (text.len == 0) {
        return false;
    }

    for (i = 0; text.len - i >= sizeof(last); i += sizeof(last)) {
        unfit |= apigw_credential_unfit(text.data + i);
    }

    if (i < text.len) {
        memset(last, 'x', sizeof(last));
        memcpy(last, text.data + i, text.len - i);

        unfit |= apigw_credential_unfit(last);
    }

    memcpy(word, &unfit, sizeof(word));

    return (word[0] | word[1]) == 0;
}


/*
 * Which bytes are none of RFC 6750, 2.1: ALPHA, DIGIT, "-", ".", "_", "~", "+"
 * and "/". 0x20 makes one range of the letters, "-" to "9" is another.
 */

static apigw_credential_bytes_t
apigw_credential_unfit(const uint8_t *p)
{
    apigw_credential_bytes_t  bytes;

    memcpy(&bytes, p, sizeof(bytes));

    return (apigw_credential_bytes_t)
           ~(((bytes | 0x20) - 'a' < 26) | (bytes - '-' < 13)
             | (bytes == '_') | (bytes == '~') | (bytes == '+'));
}
