
/*
 * An Authorization header. A credential lies within the value, and the case of
 * the scheme and the number of spaces do not matter.
 */


#include "apigw_credential.h"
#include "apigw_keyfile.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define CHECK(cond)  do { if (!(cond)) abort(); } while (0)


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t               i;
    uint8_t             *copy;
    apigw_rc_t           rc;
    apigw_str_t          value = { data, size }, id;
    apigw_error_t        err;
    apigw_credential_t   c, again;

    static const apigw_str_t  prefix = apigw_str("gw");

    rc = apigw_credential_parse(&c, value, 0x07, &err);

    if (c.scheme == APIGW_SCHEME_NONE) {
        CHECK(rc == APIGW_OK);
        return 0;
    }

    if (c.text.len) {
        CHECK(rc == APIGW_OK);
        CHECK(c.text.data + c.text.len == data + size);
    }

    if (c.scheme != APIGW_SCHEME_APIKEY) {
        CHECK((rc == APIGW_OK) == (c.text.len != 0));
        CHECK(rc == APIGW_OK || !apigw_credential_is_token(c.text));

    } else if (apigw_key_form_check(c.text, prefix, &id, &err) == APIGW_OK) {
        CHECK(id.len == 0 || apigw_key_id_ok(id));
    }

    /* the same with a scheme in the other case and one more space */

    copy = malloc(size + 1);

    for (i = 0; i < size && data[i] != ' ' && data[i] != '\t'; i++) {
        copy[i] = data[i] ^ 0x20;
    }

    copy[i] = ' ';
    memcpy(copy + i + 1, data + i, size - i);

    value.data = copy;
    value.len = size + 1;

    if (i < size) {
        CHECK(apigw_credential_parse(&again, value, 0x07, &err) == rc);
        CHECK(again.scheme == c.scheme);
        CHECK(apigw_str_eq(again.text, c.text));
    }

    free(copy);

    return 0;
}
