
#include "apigw_introspection.h"

#include <string.h>


/* Text that is put together piece by piece; `data` is NULL: memory is out. */

typedef struct {
    uint8_t  *data;
    uint8_t  *p;
} apigw_introspection_text_t;


static apigw_rc_t apigw_introspection_basic(apigw_str_t *headers,
    apigw_arena_t *arena, apigw_str_t id, apigw_str_t secret);
static apigw_rc_t apigw_introspection_form(apigw_str_t *form,
    apigw_arena_t *arena, apigw_str_t id, const apigw_str_t *secret);
static void apigw_introspection_begin(apigw_introspection_text_t *text,
    apigw_arena_t *arena, size_t size);
static void apigw_introspection_add(apigw_introspection_text_t *text,
    const char *s);
static void apigw_introspection_encode(apigw_introspection_text_t *text,
    apigw_str_t value);
static void apigw_introspection_base64(apigw_introspection_text_t *text,
    const uint8_t *data, size_t len);
static apigw_rc_t apigw_introspection_end(apigw_introspection_text_t *text,
    apigw_str_t *out);


/* A byte of a form becomes three at most. */

#define apigw_introspection_size(s)  ((s).len * 3)


static const char  apigw_introspection_type[] =
    "Content-Type: application/x-www-form-urlencoded\r\n";


apigw_rc_t
apigw_introspection_client(apigw_introspection_client_t *client,
    apigw_arena_t *arena, apigw_introspection_method_e method, apigw_str_t id,
    apigw_str_t secret)
{
    apigw_rc_t                    rc;
    apigw_introspection_client_t  made;

    made.headers.data = (const uint8_t *) apigw_introspection_type;
    made.headers.len = sizeof(apigw_introspection_type) - 1;
    made.form.data = made.headers.data;
    made.form.len = 0;

    switch (method) {

    case APIGW_INTROSPECTION_BASIC:
        rc = apigw_introspection_basic(&made.headers, arena, id, secret);
        break;

    case APIGW_INTROSPECTION_POST:
        rc = apigw_introspection_form(&made.form, arena, id, &secret);
        break;

    default: /* APIGW_INTROSPECTION_TLS */
        rc = apigw_introspection_form(&made.form, arena, id, NULL);
        break;
    }

    if (rc == APIGW_OK) {
        *client = made;
    }

    return rc;
}


/* RFC 6749, 2.3.1: both are encoded as in a form before they are joined. */

static apigw_rc_t
apigw_introspection_basic(apigw_str_t *headers, apigw_arena_t *arena,
    apigw_str_t id, apigw_str_t secret)
{
    apigw_rc_t                  rc;
    apigw_str_t                 pair;
    apigw_introspection_text_t  text;

    apigw_introspection_begin(&text, arena, apigw_introspection_size(id) + 1
                                            + apigw_introspection_size(secret));
    apigw_introspection_encode(&text, id);
    apigw_introspection_add(&text, ":");
    apigw_introspection_encode(&text, secret);

    rc = apigw_introspection_end(&text, &pair);
    if (rc != APIGW_OK) {
        return rc;
    }

    apigw_introspection_begin(&text, arena, sizeof(apigw_introspection_type)
                              + sizeof("Authorization: Basic \r\n")
                              + (pair.len + 2) / 3 * 4);
    apigw_introspection_add(&text, apigw_introspection_type);
    apigw_introspection_add(&text, "Authorization: Basic ");
    apigw_introspection_base64(&text, pair.data, pair.len);
    apigw_introspection_add(&text, "\r\n");

    /* nobody but us has its address: it was allocated above */

    memset((uint8_t *) pair.data, 0, pair.len);

    return apigw_introspection_end(&text, headers);
}


static apigw_rc_t
apigw_introspection_form(apigw_str_t *form, apigw_arena_t *arena,
    apigw_str_t id, const apigw_str_t *secret)
{
    size_t                      size;
    apigw_introspection_text_t  text;

    size = sizeof("&client_id=&client_secret=") + apigw_introspection_size(id);

    if (secret) {
        size += apigw_introspection_size(*secret);
    }

    apigw_introspection_begin(&text, arena, size);
    apigw_introspection_add(&text, "&client_id=");
    apigw_introspection_encode(&text, id);

    if (secret) {
        apigw_introspection_add(&text, "&client_secret=");
        apigw_introspection_encode(&text, *secret);
    }

    return apigw_introspection_end(&text, form);
}


apigw_rc_t
apigw_introspection_body(apigw_str_t *body, apigw_arena_t *arena,
    apigw_str_t token, const apigw_introspection_client_t *client)
{
    apigw_introspection_text_t  text;

    apigw_introspection_begin(&text, arena,
                              sizeof("token=&token_type_hint=access_token")
                              + apigw_introspection_size(token)
                              + client->form.len);
    apigw_introspection_add(&text, "token=");
    apigw_introspection_encode(&text, token);
    apigw_introspection_add(&text, "&token_type_hint=access_token");

    if (text.data && client->form.len) {
        memcpy(text.p, client->form.data, client->form.len);
        text.p += client->form.len;
    }

    return apigw_introspection_end(&text, body);
}


static void
apigw_introspection_begin(apigw_introspection_text_t *text,
    apigw_arena_t *arena, size_t size)
{
    text->data = apigw_arena_alloc(arena, size);
    text->p = text->data;
}


static void
apigw_introspection_add(apigw_introspection_text_t *text, const char *s)
{
    size_t  len;

    if (text->data) {
        len = strlen(s);
        memcpy(text->p, s, len);
        text->p += len;
    }
}


/* application/x-www-form-urlencoded (RFC 6749, appendix B) */

static void
apigw_introspection_encode(apigw_introspection_text_t *text, apigw_str_t value)
{
    size_t             i;
    uint8_t            ch, low;
    static const char  hex[] = "0123456789ABCDEF";

    if (text->data == NULL) {
        return;
    }

    for (i = 0; i < value.len; i++) {
        ch = value.data[i];
        low = ch | 0x20;

        if ((low >= 'a' && low <= 'z') || (ch >= '0' && ch <= '9')
            || ch == '-' || ch == '.' || ch == '_' || ch == '*')
        {
            *text->p++ = ch;

        } else if (ch == ' ') {
            *text->p++ = '+';

        } else {
            *text->p++ = '%';
            *text->p++ = (uint8_t) hex[ch >> 4];
            *text->p++ = (uint8_t) hex[ch & 0x0f];
        }
    }
}


/* RFC 4648, 4: with padding */

static void
apigw_introspection_base64(apigw_introspection_text_t *text,
    const uint8_t *data, size_t len)
{
    size_t             i, left;
    uint32_t           bits;
    static const char  digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    if (text->data == NULL) {
        return;
    }

    for (i = 0; i < len; i += 3) {
        left = len - i;

        bits = (uint32_t) data[i] << 16
               | (left > 1 ? (uint32_t) data[i + 1] << 8 : 0)
               | (left > 2 ? (uint32_t) data[i + 2] : 0);

        *text->p++ = (uint8_t) digits[bits >> 18];
        *text->p++ = (uint8_t) digits[bits >> 12 & 0x3f];
        *text->p++ = (uint8_t) (left > 1 ? digits[bits >> 6 & 0x3f] : '=');
        *text->p++ = (uint8_t) (left > 2 ? digits[bits & 0x3f] : '=');
    }
}


static apigw_rc_t
apigw_introspection_end(apigw_introspection_text_t *text, apigw_str_t *out)
{
    if (text->data == NULL) {
        return APIGW_ENOMEM;
    }

    out->data = text->data;
    out->len = (size_t) (text->p - text->data);

    return APIGW_OK;
}


bool
apigw_introspection_is_json(apigw_str_t type)
{
    size_t                    i;
    uint8_t                   ch;
    static const apigw_str_t  json = apigw_str("application/json");

    if (type.len < json.len) {
        return false;
    }

    for (i = 0; i < json.len; i++) {
        ch = type.data[i];

        if (ch >= 'A' && ch <= 'Z') {
            ch |= 0x20;
        }

        if (ch != json.data[i]) {
            return false;
        }
    }

    while (i < type.len && (type.data[i] == ' ' || type.data[i] == '\t')) {
        i++;
    }

    return i == type.len || type.data[i] == ';';
}


apigw_rc_t
apigw_introspection_read(apigw_claims_t **claims, bool *active,
    apigw_arena_t *arena, apigw_str_t json, apigw_error_t *err)
{
    apigw_rc_t                rc;
    apigw_claim_t             value;
    static const apigw_str_t  name = apigw_str("active");

    rc = apigw_claims_parse(claims, arena, json, err);

    if (rc == APIGW_ENOMEM) {
        return rc;
    }

    if (rc != APIGW_OK) {
        err->word = "is not strict JSON with an object at its root";
        return rc;
    }

    *active = apigw_claims_get(*claims, name, &value)
              && value.type == APIGW_CLAIM_TRUE;

    return APIGW_OK;
}
