
#include "apigw_jwk_write.h"

#include "apigw_base64url.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include <stdio.h>


#define APIGW_JWK_NUMBER_MAX  2048   /* bytes; RSA of 16384 bits */


static apigw_rc_t apigw_jwk_members_rsa(apigw_str_t *members,
    apigw_arena_t *arena, EVP_PKEY *pkey);
static apigw_rc_t apigw_jwk_members_ec(apigw_str_t *members,
    apigw_arena_t *arena, EVP_PKEY *pkey);
static apigw_rc_t apigw_jwk_members_okp(apigw_str_t *members,
    apigw_arena_t *arena, EVP_PKEY *pkey, const char *crv);
static const char *apigw_jwk_number(apigw_arena_t *arena, EVP_PKEY *pkey,
    const char *param, size_t len);
static const char *apigw_jwk_encode(apigw_arena_t *arena, const uint8_t *data,
    size_t len);
static apigw_rc_t apigw_jwk_print(apigw_str_t *out, apigw_arena_t *arena,
    const char *format, const char *a, const char *b, const char *c);


apigw_rc_t
apigw_jwk_members(apigw_str_t *members, apigw_arena_t *arena, EVP_PKEY *pkey)
{
    apigw_rc_t  rc;

    if (EVP_PKEY_is_a(pkey, "RSA")) {
        rc = apigw_jwk_members_rsa(members, arena, pkey);

    } else if (EVP_PKEY_is_a(pkey, "EC")) {
        rc = apigw_jwk_members_ec(members, arena, pkey);

    } else if (EVP_PKEY_is_a(pkey, "ED25519")) {
        rc = apigw_jwk_members_okp(members, arena, pkey, "Ed25519");

    } else if (EVP_PKEY_is_a(pkey, "ED448")) {
        rc = apigw_jwk_members_okp(members, arena, pkey, "Ed448");

    } else {
        rc = APIGW_EUNSUPPORTED;
    }

    ERR_clear_error();

    return rc;
}


static apigw_rc_t
apigw_jwk_members_rsa(apigw_str_t *members, apigw_arena_t *arena,
    EVP_PKEY *pkey)
{
    const char  *n, *e;

    e = apigw_jwk_number(arena, pkey, OSSL_PKEY_PARAM_RSA_E, 0);
    n = apigw_jwk_number(arena, pkey, OSSL_PKEY_PARAM_RSA_N, 0);

    if (e == NULL || n == NULL) {
        return APIGW_ENOMEM;
    }

    return apigw_jwk_print(members, arena,
                           "\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"%s",
                           e, n, "");
}


static apigw_rc_t
apigw_jwk_members_ec(apigw_str_t *members, apigw_arena_t *arena,
    EVP_PKEY *pkey)
{
    char         group[32];
    size_t       i, len;
    const char  *crv, *x, *y;

    static const char *const  groups[][2] = {
        { "prime256v1", "P-256" },
        { "secp384r1", "P-384" },
        { "secp521r1", "P-521" }
    };

    if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) != 1) {
        return APIGW_EUNSUPPORTED;
    }

    crv = NULL;

    for (i = 0; i < 3; i++) {
        if (strcmp(group, groups[i][0]) == 0
            || strcmp(group, groups[i][1]) == 0)
        {
            crv = groups[i][1];
        }
    }

    if (crv == NULL) {
        return APIGW_EUNSUPPORTED;
    }

    len = (EVP_PKEY_get_bits(pkey) + 7) / 8;

    x = apigw_jwk_number(arena, pkey, OSSL_PKEY_PARAM_EC_PUB_X, len);
    y = apigw_jwk_number(arena, pkey, OSSL_PKEY_PARAM_EC_PUB_Y, len);

    if (x == NULL || y == NULL) {
        return APIGW_ENOMEM;
    }

    return apigw_jwk_print(members, arena,
                           "\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"%s\","
                           "\"y\":\"%s\"", crv, x, y);
}


static apigw_rc_t
apigw_jwk_members_okp(apigw_str_t *members, apigw_arena_t *arena,
    EVP_PKEY *pkey, const char *crv)
{
    size_t       len;
    uint8_t      point[57];
    const char  *x;

    len = sizeof(point);

    if (EVP_PKEY_get_raw_public_key(pkey, point, &len) != 1) {
        return APIGW_ENOMEM;
    }

    x = apigw_jwk_encode(arena, point, len);
    if (x == NULL) {
        return APIGW_ENOMEM;
    }

    return apigw_jwk_print(members, arena,
                           "\"crv\":\"%s\",\"kty\":\"OKP\",\"x\":\"%s\"%s",
                           crv, x, "");
}


apigw_rc_t
apigw_jwk_members_oct(apigw_str_t *members, apigw_arena_t *arena,
    apigw_str_t secret)
{
    const char  *k;

    k = apigw_jwk_encode(arena, secret.data, secret.len);
    if (k == NULL) {
        return APIGW_ENOMEM;
    }

    return apigw_jwk_print(members, arena, "\"k\":\"%s\",\"kty\":\"oct\"%s%s",
                           k, "", "");
}


/* In `len` bytes, zeros in front, or for 0 in as few as it needs. */

static const char *
apigw_jwk_number(apigw_arena_t *arena, EVP_PKEY *pkey, const char *param,
    size_t len)
{
    BIGNUM      *bn;
    uint8_t      bytes[APIGW_JWK_NUMBER_MAX];
    const char  *text;

    bn = NULL;

    if (EVP_PKEY_get_bn_param(pkey, param, &bn) != 1) {
        return NULL;
    }

    if (len == 0) {
        len = (size_t) BN_num_bytes(bn);
    }

    text = NULL;

    if (len <= sizeof(bytes) && BN_bn2binpad(bn, bytes, (int) len) >= 0) {
        text = apigw_jwk_encode(arena, bytes, len);
    }

    BN_free(bn);

    return text;
}


static const char *
apigw_jwk_encode(apigw_arena_t *arena, const uint8_t *data, size_t len)
{
    uint8_t      *text;
    apigw_str_t   in;

    in.data = data;
    in.len = len;

    text = apigw_arena_alloc(arena, apigw_base64url_encoded_len(len) + 1);
    if (text == NULL) {
        return NULL;
    }

    text[apigw_base64url_encode(in, text)] = '\0';

    return (const char *) text;
}


/* `format` takes three strings. */

static apigw_rc_t
apigw_jwk_print(apigw_str_t *out, apigw_arena_t *arena, const char *format,
    const char *a, const char *b, const char *c)
{
    char    *text;
    size_t   len;

    len = strlen(format) + strlen(a) + strlen(b) + strlen(c);

    text = apigw_arena_alloc(arena, len + 1);
    if (text == NULL) {
        return APIGW_ENOMEM;
    }

    out->data = (const uint8_t *) text;
    out->len = (size_t) snprintf(text, len + 1, format, a, b, c);

    return APIGW_OK;
}


apigw_rc_t
apigw_jwk_members_thumbprint(uint8_t *thumbprint, apigw_str_t members)
{
    int          good;
    EVP_MD_CTX  *md;

    md = EVP_MD_CTX_new();

    good = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL)
           && EVP_DigestUpdate(md, "{", 1)
           && EVP_DigestUpdate(md, members.data, members.len)
           && EVP_DigestUpdate(md, "}", 1)
           && EVP_DigestFinal_ex(md, thumbprint, NULL);

    EVP_MD_CTX_free(md);

    if (!good) {
        ERR_clear_error();
        return APIGW_ENOMEM;
    }

    return APIGW_OK;
}
