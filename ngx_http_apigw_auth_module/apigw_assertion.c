
#include "apigw_assertion.h"

#include "apigw_json_writer.h"

#include <jwt.h>
#include <openssl/err.h>
#include <stdlib.h>


static apigw_rc_t apigw_assertion_end(apigw_json_writer_t *w,
    apigw_arena_t *arena, apigw_str_t *out);
static apigw_rc_t apigw_assertion_frame(apigw_str_t *out,
    apigw_arena_t *arena, const apigw_assertion_frame_t *frame);
static void apigw_assertion_text(apigw_json_writer_t *w, const char *name,
    apigw_str_t value);
static void apigw_assertion_date(apigw_json_writer_t *w, const char *name,
    int64_t value);
static apigw_rc_t apigw_assertion_encode(apigw_str_t *out,
    apigw_arena_t *arena, jwt_t *jwt, const apigw_assertion_key_t *key);


static const jwt_alg_t  apigw_assertion_jwt_algs[] = {
    JWT_ALG_RS256, JWT_ALG_ES256, JWT_ALG_HS256
};


apigw_rc_t
apigw_assertion_claims(apigw_str_t *out, apigw_arena_t *arena,
    const apigw_assertion_claim_t *claims, size_t nclaims)
{
    size_t               i;
    apigw_json_writer_t  w;

    apigw_json_writer_init(&w, arena);
    apigw_json_writer_limit(&w, APIGW_ASSERTION_CLAIMS);
    apigw_json_write_object(&w);

    for (i = 0; i < nclaims; i++) {
        if (claims[i].value.len) {
            apigw_json_write_key(&w, claims[i].name);
            apigw_json_write_string(&w, claims[i].value);
        }
    }

    apigw_json_write_close(&w);

    return apigw_assertion_end(&w, arena, out);
}


/* libjwt takes text that ends with a NUL. */

static apigw_rc_t
apigw_assertion_end(apigw_json_writer_t *w, apigw_arena_t *arena,
    apigw_str_t *out)
{
    uint8_t      *copy;
    apigw_rc_t    rc;
    apigw_str_t   text;

    rc = apigw_json_writer_finish(w, &text);
    if (rc != APIGW_OK) {
        return rc;
    }

    copy = apigw_arena_dup(arena, text.data, text.len);
    if (copy == NULL) {
        return APIGW_ENOMEM;
    }

    out->data = copy;
    out->len = text.len;

    return APIGW_OK;
}


apigw_rc_t
apigw_assertion_sign(apigw_str_t *out, apigw_arena_t *arena,
    const apigw_assertion_key_t *key, const apigw_assertion_frame_t *frame,
    apigw_str_t claims)
{
    jwt_t        *jwt;
    apigw_rc_t    rc;
    apigw_str_t   always;

    rc = apigw_assertion_frame(&always, arena, frame);
    if (rc != APIGW_OK) {
        return rc;
    }

    if (jwt_new(&jwt) != 0) {
        return APIGW_ENOMEM;
    }

    /* what is added later replaces */

    if (jwt_add_grants_json(jwt, (const char *) claims.data) != 0
        || jwt_add_grants_json(jwt, (const char *) always.data) != 0)
    {
        rc = APIGW_EINPUT;

    } else {
        rc = apigw_assertion_encode(out, arena, jwt, key);
    }

    jwt_free(jwt);
    ERR_clear_error();

    return rc;
}


static apigw_rc_t
apigw_assertion_frame(apigw_str_t *out, apigw_arena_t *arena,
    const apigw_assertion_frame_t *frame)
{
    apigw_json_writer_t  w;

    apigw_json_writer_init(&w, arena);
    apigw_json_write_object(&w);

    apigw_assertion_text(&w, "iss", frame->issuer);
    apigw_assertion_text(&w, "aud", frame->audience);
    apigw_assertion_date(&w, "iat", frame->iat);
    apigw_assertion_date(&w, "exp", frame->exp);
    apigw_assertion_text(&w, "jti", frame->jti);

    apigw_json_write_close(&w);

    return apigw_assertion_end(&w, arena, out);
}


static void
apigw_assertion_text(apigw_json_writer_t *w, const char *name,
    apigw_str_t value)
{
    apigw_str_t  key = { (const uint8_t *) name, strlen(name) };

    apigw_json_write_key(w, key);
    apigw_json_write_string(w, value);
}


static void
apigw_assertion_date(apigw_json_writer_t *w, const char *name, int64_t value)
{
    apigw_str_t  key = { (const uint8_t *) name, strlen(name) };

    apigw_json_write_key(w, key);
    apigw_json_write_int(w, value);
}


static apigw_rc_t
apigw_assertion_encode(apigw_str_t *out, apigw_arena_t *arena, jwt_t *jwt,
    const apigw_assertion_key_t *key)
{
    char     *token;
    size_t    len;
    uint8_t  *copy;

    if (key->kid.data
        && jwt_add_header(jwt, "kid", (const char *) key->kid.data) != 0)
    {
        return APIGW_ENOMEM;
    }

    if (jwt_set_alg(jwt, apigw_assertion_jwt_algs[key->alg], key->secret.data,
                    (int) key->secret.len)
        != 0)
    {
        return APIGW_ENOMEM;
    }

    token = jwt_encode_str(jwt);
    if (token == NULL) {
        return APIGW_ENOMEM;
    }

    len = strlen(token);
    copy = apigw_arena_dup(arena, token, len);

    free(token);

    if (copy == NULL) {
        return APIGW_ENOMEM;
    }

    out->data = copy;
    out->len = len;

    return APIGW_OK;
}
