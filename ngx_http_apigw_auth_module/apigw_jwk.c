
/* One JSON Web Key: the members that keys of all types have. */


#include "apigw_base64url.h"
#include "apigw_jwk_key.h"

#include <openssl/crypto.h>


static const char *apigw_jwk_use(const cJSON *jwk);
static const char *apigw_jwk_key_ops(const cJSON *jwk);
static const char *apigw_jwk_alg(apigw_jwk_t *key, const cJSON *jwk);
static const char *apigw_jwk_private(const apigw_jwk_t *key,
    const cJSON *jwk);
static const char *apigw_jwk_common(apigw_jwk_t *key, const cJSON *jwk);


static const char *const  apigw_jwk_ktys[APIGW_JWK_KTY_N] = {
    "RSA", "EC", "OKP", "oct"
};


apigw_rc_t
apigw_jwk_read(apigw_jwk_t *key, apigw_arena_t *arena, const cJSON *jwk,
    const char **why)
{
    const char  *text;

    *why = apigw_jwk_common(key, jwk);
    if (*why) {
        return APIGW_EINPUT;
    }

    text = apigw_jwk_text(jwk, "kid");

    if (text) {
        key->kid.len = strlen(text);
        key->kid.data = apigw_arena_dup(arena, text, key->kid.len);

        if (key->kid.data == NULL) {
            return APIGW_ENOMEM;
        }
    }

    switch (key->kty) {

    case APIGW_JWK_RSA:
        return apigw_jwk_read_rsa(key, arena, jwk, why);

    case APIGW_JWK_EC:
        return apigw_jwk_read_ec(key, arena, jwk, why);

    case APIGW_JWK_OKP:
        return apigw_jwk_read_okp(key, arena, jwk, why);

    default: /* APIGW_JWK_OCT */
        return apigw_jwk_read_oct(key, arena, jwk, why);
    }
}


void
apigw_jwk_release(apigw_jwk_t *key)
{
    int  i;

    for (i = 0; i < APIGW_JWA_N; i++) {
        EVP_PKEY_CTX_free(key->ctx[i]);
        EVP_MAC_CTX_free(key->mac[i]);

        key->ctx[i] = NULL;
        key->mac[i] = NULL;
    }

    EVP_PKEY_free(key->pkey);
    key->pkey = NULL;

    if (key->secret) {
        OPENSSL_cleanse(key->secret, key->secret_len);
        key->secret = NULL;
    }
}


/* The members that keys of all types have. Returns the fault, or NULL. */

static const char *
apigw_jwk_common(apigw_jwk_t *key, const cJSON *jwk)
{
    const char   *why;
    const cJSON  *kid;

    if (!cJSON_IsObject(jwk)) {
        return "not an object";
    }

    key->kty = apigw_jwk_kty(jwk);
    if (key->kty == APIGW_JWK_KTY_N) {
        return "unknown \"kty\"";
    }

    kid = cJSON_GetObjectItemCaseSensitive(jwk, "kid");
    if (kid && !cJSON_IsString(kid)) {
        return "\"kid\" is not a string";
    }

    why = apigw_jwk_use(jwk);
    if (why == NULL) {
        why = apigw_jwk_key_ops(jwk);
    }

    if (why == NULL) {
        why = apigw_jwk_alg(key, jwk);
    }

    if (why == NULL) {
        why = apigw_jwk_private(key, jwk);
    }

    return why;
}


const char *
apigw_jwk_text(const cJSON *jwk, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(jwk, name));
}


apigw_jwk_kty_e
apigw_jwk_kty(const cJSON *jwk)
{
    int          i;
    const char  *kty;

    kty = apigw_jwk_text(jwk, "kty");

    for (i = 0; kty && i < APIGW_JWK_KTY_N; i++) {
        if (strcmp(kty, apigw_jwk_ktys[i]) == 0) {
            return i;
        }
    }

    return APIGW_JWK_KTY_N;
}


static const char *
apigw_jwk_use(const cJSON *jwk)
{
    const char   *text;
    const cJSON  *use;

    use = cJSON_GetObjectItemCaseSensitive(jwk, "use");
    if (use == NULL) {
        return NULL;
    }

    text = cJSON_GetStringValue(use);

    return text && strcmp(text, "sig") == 0 ? NULL : "\"use\" is not \"sig\"";
}


static const char *
apigw_jwk_key_ops(const cJSON *jwk)
{
    const char   *text;
    const cJSON  *ops, *op;

    ops = cJSON_GetObjectItemCaseSensitive(jwk, "key_ops");
    if (ops == NULL) {
        return NULL;
    }

    if (cJSON_IsArray(ops)) {
        cJSON_ArrayForEach(op, ops) {
            text = cJSON_GetStringValue(op);

            if (text && strcmp(text, "verify") == 0) {
                return NULL;
            }
        }
    }

    return "\"key_ops\" lacks \"verify\"";
}


static const char *
apigw_jwk_alg(apigw_jwk_t *key, const cJSON *jwk)
{
    apigw_str_t   name;
    const char   *text;
    const cJSON  *alg;

    key->alg = APIGW_JWA_N;

    alg = cJSON_GetObjectItemCaseSensitive(jwk, "alg");
    if (alg == NULL) {
        return NULL;
    }

    text = cJSON_GetStringValue(alg);
    if (text == NULL) {
        return "\"alg\" is not a string";
    }

    name.data = (const uint8_t *) text;
    name.len = strlen(text);

    key->alg = apigw_jwa_find(name);

    return key->alg == APIGW_JWA_N ? "unknown \"alg\"" : NULL;
}


static const char *
apigw_jwk_private(const apigw_jwk_t *key, const cJSON *jwk)
{
    size_t                    i;
    static const char *const  names[] = {
        "d", "p", "q", "dp", "dq", "qi", "oth", "k"
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (key->kty == APIGW_JWK_OCT && strcmp(names[i], "k") == 0) {
            continue;
        }

        if (cJSON_GetObjectItemCaseSensitive(jwk, names[i])) {
            return "private members";
        }
    }

    return NULL;
}


apigw_rc_t
apigw_jwk_bytes(const cJSON *jwk, const char *name, apigw_arena_t *arena,
    apigw_str_t *text, apigw_str_t *value)
{
    const char  *s;

    s = apigw_jwk_text(jwk, name);
    if (s == NULL) {
        return APIGW_EINPUT;
    }

    text->data = (const uint8_t *) s;
    text->len = strlen(s);

    return apigw_base64url_decode_dup(arena, *text, value);
}
