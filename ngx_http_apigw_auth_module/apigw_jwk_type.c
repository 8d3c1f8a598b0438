
/* The types of JSON Web Keys as OpenSSL keys, and their thumbprints. */


#include "apigw_base64url.h"
#include "apigw_jwk_key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>


#define APIGW_JWK_RSA_MIN   2048     /* bits */
#define APIGW_JWK_RSA_MAX   8192
#define APIGW_JWK_RSA_E     64       /* bits; more would only cost */


typedef struct {
    const char        *name;
    const char        *group;        /* OpenSSL's name for it */
    size_t             len;          /* of a coordinate or point */
    apigw_jwa_set_t    algorithms;
} apigw_jwk_curve_t;


/* What goes into a thumbprint: members in order of their names. */

typedef struct {
    const char        *name;
    apigw_str_t        value;
} apigw_jwk_member_t;


static const char *apigw_jwk_rsa_fault(apigw_str_t n, apigw_str_t e);
static apigw_rc_t apigw_jwk_rsa_thumbprint(apigw_jwk_t *key,
    apigw_arena_t *arena, apigw_str_t n, apigw_str_t e);
static const apigw_jwk_curve_t *apigw_jwk_curve(
    const apigw_jwk_curve_t *curves, size_t n, const cJSON *jwk);
static bool apigw_jwk_narrow(apigw_jwk_t *key, apigw_jwa_set_t fits);
static apigw_rc_t apigw_jwk_fromdata(apigw_jwk_t *key, const char *type,
    OSSL_PARAM *params, const char **why);
static apigw_rc_t apigw_jwk_digest(apigw_jwk_t *key,
    const apigw_jwk_member_t *members, size_t n);


static const apigw_jwk_curve_t  apigw_jwk_ec_curves[] = {
    { "P-256", "P-256", 32, apigw_jwa_bit(APIGW_JWA_ES256) },
    { "P-384", "P-384", 48, apigw_jwa_bit(APIGW_JWA_ES384) },
    { "P-521", "P-521", 66, apigw_jwa_bit(APIGW_JWA_ES512) }
};


static const apigw_jwk_curve_t  apigw_jwk_okp_curves[] = {
    { "Ed25519", "ED25519", 32, apigw_jwa_bit(APIGW_JWA_EDDSA)
                                | apigw_jwa_bit(APIGW_JWA_ED25519) },
    { "Ed448", "ED448", 57, apigw_jwa_bit(APIGW_JWA_EDDSA)
                            | apigw_jwa_bit(APIGW_JWA_ED448) }
};


/* Leaves the algorithms that suit the key; false if it names another. */

static bool
apigw_jwk_narrow(apigw_jwk_t *key, apigw_jwa_set_t fits)
{
    if (key->alg != APIGW_JWA_N) {
        if (!(fits & apigw_jwa_bit(key->alg))) {
            return false;
        }

        /* "EdDSA" and the curve's own name mean the same computation */

        if (!(fits & APIGW_JWA_OKP)) {
            fits = apigw_jwa_bit(key->alg);
        }
    }

    key->algorithms = fits;

    return true;
}


apigw_rc_t
apigw_jwk_read_rsa(apigw_jwk_t *key, apigw_arena_t *arena, const cJSON *jwk,
    const char **why)
{
    BIGNUM          *bn, *be;
    apigw_rc_t       rc;
    apigw_str_t      text, n, e;
    OSSL_PARAM      *params;
    OSSL_PARAM_BLD  *bld;

    if ((rc = apigw_jwk_bytes(jwk, "n", arena, &text, &n)) != APIGW_OK
        || (rc = apigw_jwk_bytes(jwk, "e", arena, &text, &e)) != APIGW_OK)
    {
        *why = "\"n\" or \"e\" is not base64url";
        return rc;
    }

    while (n.len && n.data[0] == 0) {
        n.data++;
        n.len--;
    }

    while (e.len && e.data[0] == 0) {
        e.data++;
        e.len--;
    }

    *why = apigw_jwk_rsa_fault(n, e);

    if (*why == NULL && !apigw_jwk_narrow(key, APIGW_JWA_RSA)) {
        *why = "\"alg\" is not for RSA";
    }

    if (*why) {
        return APIGW_EINPUT;
    }

    params = NULL;
    bn = BN_bin2bn(n.data, (int) n.len, NULL);
    be = BN_bin2bn(e.data, (int) e.len, NULL);
    bld = OSSL_PARAM_BLD_new();

    if (bn && be && bld
        && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn)
        && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be))
    {
        params = OSSL_PARAM_BLD_to_param(bld);
    }

    rc = params ? apigw_jwk_fromdata(key, "RSA", params, why) : APIGW_ENOMEM;

    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    BN_free(bn);
    BN_free(be);
    ERR_clear_error();

    return rc == APIGW_OK ? apigw_jwk_rsa_thumbprint(key, arena, n, e) : rc;
}


/* `n` and `e` are without leading zeros. */

static const char *
apigw_jwk_rsa_fault(apigw_str_t n, apigw_str_t e)
{
    size_t   bits;
    uint8_t  top;

    if (n.len < APIGW_JWK_RSA_MIN / 8 || n.len > APIGW_JWK_RSA_MAX / 8) {
        return "RSA modulus outside 2048 to 8192 bits";
    }

    bits = n.len * 8;

    for (top = n.data[0]; !(top & 0x80); top <<= 1) {
        bits--;
    }

    if (bits < APIGW_JWK_RSA_MIN) {
        return "RSA modulus outside 2048 to 8192 bits";
    }

    if (!(n.data[n.len - 1] & 1)) {
        return "RSA modulus is even";
    }

    if (e.len == 0 || !(e.data[e.len - 1] & 1)
        || (e.len == 1 && e.data[0] < 3)
        || e.len > APIGW_JWK_RSA_E / 8)
    {
        return "RSA exponent is even, below 3 or above 64 bits";
    }

    return NULL;
}


/* The text is made anew: foreign sets may have zeros in front of a number. */

static apigw_rc_t
apigw_jwk_rsa_thumbprint(apigw_jwk_t *key, apigw_arena_t *arena,
    apigw_str_t n, apigw_str_t e)
{
    uint8_t             *p;
    apigw_jwk_member_t   members[3];

    p = apigw_arena_alloc(arena, apigw_base64url_encoded_len(n.len)
                                 + apigw_base64url_encoded_len(e.len));
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    members[0].name = "e";
    members[0].value.data = p;
    members[0].value.len = apigw_base64url_encode(e, p);
    p += members[0].value.len;

    members[1].name = "kty";
    members[1].value = (apigw_str_t) apigw_str("RSA");

    members[2].name = "n";
    members[2].value.data = p;
    members[2].value.len = apigw_base64url_encode(n, p);

    return apigw_jwk_digest(key, members, 3);
}


static const apigw_jwk_curve_t *
apigw_jwk_curve(const apigw_jwk_curve_t *curves, size_t n, const cJSON *jwk)
{
    size_t       i;
    const char  *crv;

    crv = apigw_jwk_text(jwk, "crv");

    for (i = 0; crv && i < n; i++) {
        if (strcmp(crv, curves[i].name) == 0) {
            return &curves[i];
        }
    }

    return NULL;
}


apigw_rc_t
apigw_jwk_read_ec(apigw_jwk_t *key, apigw_arena_t *arena, const cJSON *jwk,
    const char **why)
{
    uint8_t                   point[1 + 2 * 66];
    apigw_rc_t                rc;
    apigw_str_t               x, y, x_text, y_text;
    OSSL_PARAM                params[3];
    apigw_jwk_member_t        members[4];
    const apigw_jwk_curve_t  *curve;

    curve = apigw_jwk_curve(apigw_jwk_ec_curves, 3, jwk);
    if (curve == NULL) {
        *why = "unknown \"crv\"";
        return APIGW_EINPUT;
    }

    if (!apigw_jwk_narrow(key, curve->algorithms)) {
        *why = "\"alg\" is not for its curve";
        return APIGW_EINPUT;
    }

    *why = "\"x\" or \"y\" is not base64url of a coordinate's length";

    if ((rc = apigw_jwk_bytes(jwk, "x", arena, &x_text, &x)) != APIGW_OK
        || (rc = apigw_jwk_bytes(jwk, "y", arena, &y_text, &y)) != APIGW_OK)
    {
        return rc;
    }

    if (x.len != curve->len || y.len != curve->len) {
        return APIGW_EINPUT;
    }

    key->coordinate = curve->len;

    point[0] = 0x04;                         /* uncompressed */
    memcpy(point + 1, x.data, x.len);
    memcpy(point + 1 + x.len, y.data, y.len);

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                                 (char *) curve->group, 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
                                                  point, 1 + 2 * x.len);
    params[2] = OSSL_PARAM_construct_end();

    rc = apigw_jwk_fromdata(key, "EC", params, why);
    if (rc != APIGW_OK) {
        return rc;
    }

    members[0].name = "crv";
    members[0].value.data = (const uint8_t *) curve->name;
    members[0].value.len = strlen(curve->name);
    members[1].name = "kty";
    members[1].value = (apigw_str_t) apigw_str("EC");
    members[2].name = "x";
    members[2].value = x_text;
    members[3].name = "y";
    members[3].value = y_text;

    return apigw_jwk_digest(key, members, 4);
}


apigw_rc_t
apigw_jwk_read_okp(apigw_jwk_t *key, apigw_arena_t *arena, const cJSON *jwk,
    const char **why)
{
    apigw_rc_t                rc;
    apigw_str_t               x, text;
    OSSL_PARAM                params[2];
    apigw_jwk_member_t        members[3];
    const apigw_jwk_curve_t  *curve;

    curve = apigw_jwk_curve(apigw_jwk_okp_curves, 2, jwk);
    if (curve == NULL) {
        *why = "unknown \"crv\"";
        return APIGW_EINPUT;
    }

    if (!apigw_jwk_narrow(key, curve->algorithms)) {
        *why = "\"alg\" is not for its curve";
        return APIGW_EINPUT;
    }

    *why = "\"x\" is not base64url of a key's length";

    rc = apigw_jwk_bytes(jwk, "x", arena, &text, &x);
    if (rc != APIGW_OK) {
        return rc;
    }

    if (x.len != curve->len) {
        return APIGW_EINPUT;
    }

    rc = apigw_jwk_okp_check(x);
    if (rc != APIGW_OK) {
        *why = "point off the curve or of small order";
        return rc;
    }

    params[0] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
                                                  (void *) x.data, x.len);
    params[1] = OSSL_PARAM_construct_end();

    rc = apigw_jwk_fromdata(key, curve->group, params, why);
    if (rc != APIGW_OK) {
        return rc;
    }

    members[0].name = "crv";
    members[0].value.data = (const uint8_t *) curve->name;
    members[0].value.len = strlen(curve->name);
    members[1].name = "kty";
    members[1].value = (apigw_str_t) apigw_str("OKP");
    members[2].name = "x";
    members[2].value = text;

    return apigw_jwk_digest(key, members, 3);
}


apigw_rc_t
apigw_jwk_read_oct(apigw_jwk_t *key, apigw_arena_t *arena, const cJSON *jwk,
    const char **why)
{
    apigw_rc_t          rc;
    apigw_str_t         text, k;
    apigw_jwa_e         alg;
    apigw_jwa_set_t     fits;
    apigw_jwk_member_t  members[2];

    rc = apigw_jwk_bytes(jwk, "k", arena, &text, &k);
    if (rc != APIGW_OK) {
        *why = "\"k\" is not base64url";
        return rc;
    }

    key->secret = (uint8_t *) k.data;
    key->secret_len = k.len;

    if (key->alg != APIGW_JWA_N
        && !(APIGW_JWA_SYMMETRIC & apigw_jwa_bit(key->alg)))
    {
        *why = "\"alg\" is not for oct";
        return APIGW_EINPUT;
    }

    fits = 0;

    for (alg = APIGW_JWA_HS256; alg <= APIGW_JWA_HS512; alg++) {
        if (k.len >= apigw_jwa_digest_len(alg)) {
            fits |= apigw_jwa_bit(alg);
        }
    }

    if (fits == 0 || !apigw_jwk_narrow(key, fits)) {
        *why = "secret is shorter than the hash";
        return APIGW_EINPUT;
    }

    members[0].name = "k";
    members[0].value = text;
    members[1].name = "kty";
    members[1].value = (apigw_str_t) apigw_str("oct");

    return apigw_jwk_digest(key, members, 2);
}


static apigw_rc_t
apigw_jwk_fromdata(apigw_jwk_t *key, const char *type, OSSL_PARAM *params,
    const char **why)
{
    int            good;
    EVP_PKEY_CTX  *ctx;

    *why = key->kty == APIGW_JWK_EC ? "point off the curve"
                                    : "OpenSSL refuses it";

    ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (ctx == NULL) {
        ERR_clear_error();
        return APIGW_ENOMEM;
    }

    good = EVP_PKEY_fromdata_init(ctx) == 1
           && EVP_PKEY_fromdata(ctx, &key->pkey, EVP_PKEY_PUBLIC_KEY, params)
              == 1;

    EVP_PKEY_CTX_free(ctx);

    if (good && key->kty == APIGW_JWK_EC) {
        ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
        good = ctx && EVP_PKEY_public_check(ctx) == 1;
        EVP_PKEY_CTX_free(ctx);
    }

    ERR_clear_error();

    return good ? APIGW_OK : APIGW_EINPUT;
}


/* SHA-256 of {"name":"value",...}; no value needs an escape. */

static apigw_rc_t
apigw_jwk_digest(apigw_jwk_t *key, const apigw_jwk_member_t *members,
    size_t n)
{
    int          good;
    size_t       i;
    EVP_MD_CTX  *md;

    md = EVP_MD_CTX_new();
    good = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL);

    for (i = 0; good && i < n; i++) {
        good = EVP_DigestUpdate(md, i ? ",\"" : "{\"", 2)
               && EVP_DigestUpdate(md, members[i].name,
                                   strlen(members[i].name))
               && EVP_DigestUpdate(md, "\":\"", 3)
               && EVP_DigestUpdate(md, members[i].value.data,
                                   members[i].value.len)
               && EVP_DigestUpdate(md, "\"", 1);
    }

    good = good && EVP_DigestUpdate(md, "}", 1)
           && EVP_DigestFinal_ex(md, key->thumbprint, NULL);

    EVP_MD_CTX_free(md);

    if (!good) {
        ERR_clear_error();
        return APIGW_ENOMEM;
    }

    return APIGW_OK;
}
