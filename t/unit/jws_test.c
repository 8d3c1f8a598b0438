
/*
 * A token passes with the right signature by the right key, and with nothing
 * else: RFC vectors, every algorithm, every flipped bit, known forgeries.
 */


#include "apigw_test.h"
#include "apigw_sign.h"

#include "apigw_jws.h"

#include <openssl/err.h>


#define MAX  8192

#define JOE  "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGF" \
             "tcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

#define HEADER_ES256  "eyJhbGciOiJFUzI1NiJ9"

#define ES256_X  "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define ES256_Y  "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define ES256_SIG                                                             \
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxf" \
    "KTUJqPP3-Kg6NU1Q"


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


/* The reason for refusing, "ok", or "memory". */

static const char *
outcome(apigw_rc_t rc, const apigw_error_t *err)
{
    return rc == APIGW_OK ? "ok" : rc == APIGW_ENOMEM ? "memory" : err->word;
}


/* All steps for one token and one set, as the gateway takes them. */

static const char *
verify(apigw_test_t *t, const char *token, const char *set, bool symmetric)
{
    apigw_rc_t      rc;
    apigw_jws_t     jws;
    apigw_jwk_t    *key;
    apigw_jwks_t   *keys;
    apigw_error_t   err = { "none", 0 };

    rc = apigw_jws_parse(&jws, &t->arena, text(token), MAX, &err);
    if (rc != APIGW_OK) {
        return outcome(rc, &err);
    }

    rc = apigw_jwks_parse(&keys, &t->arena, text(set), symmetric, NULL, &err);
    if (rc != APIGW_OK) {
        return outcome(rc, &err);
    }

    rc = apigw_jwks_find(&key, keys, jws.kid.data ? &jws.kid : NULL, jws.alg,
                         &err);
    if (rc == APIGW_OK) {
        rc = apigw_jws_verify(&jws, key, &err);
    }

    apigw_jwks_free(keys);

    return ERR_peek_error() ? "OpenSSL left an error" : outcome(rc, &err);
}


static const char *
parse(apigw_test_t *t, const char *token)
{
    apigw_rc_t     rc;
    apigw_jws_t    jws;
    apigw_error_t  err = { "none", 0 };

    rc = apigw_jws_parse(&jws, &t->arena, text(token), MAX, &err);

    return outcome(rc, &err);
}


/* A token with that header, a payload and a signature of three bytes. */

static const char *
header(apigw_test_t *t, const char *json)
{
    char        *token;
    const char  *word;

    token = malloc(strlen(json) * 2 + sizeof(JOE) + 64);
    sign_encode(token, json, strlen(json));
    strcat(token, "." JOE ".QUJD");

    word = parse(t, token);
    free(token);

    return word;
}


static void
set_of(char *set, sign_key_e kind, const char *more)
{
    strcpy(set, "{\"keys\":[");
    sign_jwk(set + strlen(set), kind, more);
    strcat(set, "]}");
}


#define IS(word, wanted)  EXPECT(strcmp(word, wanted) == 0)


TEST(rfc_7515_a_1_hs256)
{
    static const char  token[] =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." JOE
        ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    static const char  set[] =
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMko"
        "qQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}]}";

    IS(verify(t, token, set, true), "ok");
}


TEST(rfc_7515_a_2_rs256)
{
    static const char  token[] =
        "eyJhbGciOiJSUzI1NiJ9." JOE
        ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAu"
        "HIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFd"
        "iuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eS"
        "N9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI"
        "2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe7"
        "7Rw";
    static const char  set[] =
        "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\""
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw"
        "-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b3269"
        "0r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS"
        "-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aG"
        "hyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp"
        "oQ\"}]}";

    IS(verify(t, token, set, false), "ok");
}


TEST(rfc_7515_a_3_es256)
{
    static const char  set[] =
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" ES256_X
        "\",\"y\":\"" ES256_Y "\"}]}";

    IS(verify(t, HEADER_ES256 "." JOE "." ES256_SIG, set, false), "ok");
}


TEST(rfc_7515_a_4_es512)
{
    static const char  token[] =
        "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA."
        "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2"
        "SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqO"
        "gzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
    static const char  set[] =
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\""
        "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1j"
        "SfS9tsz4qUxcWceqwQGk\",\"y\":\""
        "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0A"
        "ZMaZmh9ubmf63e3kyMj2\"}]}";

    IS(verify(t, token, set, false), "ok");
}


TEST(rfc_7515_a_5_none_is_refused)
{
    IS(parse(t, "eyJhbGciOiJub25lIn0." JOE "."), "token_malformed");
    IS(parse(t, "eyJhbGciOiJub25lIn0." JOE ".QUJD"), "alg_not_allowed");
}


TEST(rfc_8037_a_4_ed25519)
{
    static const char  token[] =
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsP"
        "t9g7sVvpAr_MuM0KAg";
    static const char  set[] =
        "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\""
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";

    IS(verify(t, token, set, false), "ok");
}


TEST(every_algorithm_verifies_and_twice_in_a_row)
{
    char         json[64], set[2048], token[2048];
    apigw_jwa_e  alg;

    for (alg = 0; alg < APIGW_JWA_N; alg++) {
        sprintf(json, "{\"alg\":\"%s\"}", apigw_jwa_name(alg));
        set_of(set, sign_key_for(alg), "");
        sign_token(token, alg, alg < APIGW_JWA_HS256
                               ? sign_key(sign_key_for(alg)) : NULL,
                   json, "{\"sub\":\"a\"}");

        IS(verify(t, token, set, alg >= APIGW_JWA_HS256), "ok");
        IS(verify(t, token, set, alg >= APIGW_JWA_HS256), "ok");
    }
}


TEST(eddsa_takes_ed448_keys_too)
{
    char  set[2048], token[2048];

    set_of(set, SIGN_ED448, ",\"alg\":\"EdDSA\"");
    sign_token(token, APIGW_JWA_EDDSA, sign_key(SIGN_ED448),
               "{\"alg\":\"EdDSA\"}", "{}");

    IS(verify(t, token, set, false), "ok");
}


/* One context serves many signatures, good and bad ones in turn. */

TEST(every_flipped_bit_of_a_signature_fails)
{
    char            json[64], set[2048], token[2048];
    size_t          i;
    uint8_t        *sig;
    apigw_jwa_e     alg;
    apigw_jws_t     jws;
    apigw_jwk_t    *key;
    apigw_jwks_t   *keys;
    apigw_error_t   err;

    if (t->fail_at) {
        return;                              /* takes no memory of its own */
    }

    for (alg = 0; alg < APIGW_JWA_N; alg++) {
        sprintf(json, "{\"alg\":\"%s\"}", apigw_jwa_name(alg));
        set_of(set, sign_key_for(alg), "");
        sign_token(token, alg, alg < APIGW_JWA_HS256
                               ? sign_key(sign_key_for(alg)) : NULL,
                   json, "{\"sub\":\"a\"}");

        EXPECT(apigw_jwks_parse(&keys, &t->arena, text(set),
                                alg >= APIGW_JWA_HS256, NULL, &err)
               == APIGW_OK);
        EXPECT(apigw_jws_parse(&jws, &t->arena, text(token), MAX, &err)
               == APIGW_OK);
        EXPECT(apigw_jwks_find(&key, keys, NULL, alg, &err) == APIGW_OK);

        sig = (uint8_t *) jws.signature.data;

        for (i = 0; i < jws.signature.len * 8; i++) {
            sig[i / 8] ^= 1 << (i % 8);
            EXPECT(apigw_jws_verify(&jws, key, &err) == APIGW_EINPUT);
            IS(err.word, "signature_invalid");
            EXPECT(ERR_peek_error() == 0);
            sig[i / 8] ^= 1 << (i % 8);
        }

        EXPECT(apigw_jws_verify(&jws, key, &err) == APIGW_OK);

        apigw_jwks_free(keys);
    }
}


TEST(every_flipped_bit_of_a_token_fails)
{
    char        set[2048], token[2048];
    size_t      i, len;

    if (t->fail_at) {
        return;
    }

    set_of(set, SIGN_ED25519, "");
    sign_token(token, APIGW_JWA_EDDSA, sign_key(SIGN_ED25519),
               "{\"alg\":\"EdDSA\"}", "{\"sub\":\"a\"}");

    len = strlen(token);

    for (i = 0; i < len * 8; i++) {
        token[i / 8] ^= 1 << (i % 8);
        EXPECT(strcmp(verify(t, token, set, false), "ok") != 0);
        token[i / 8] ^= 1 << (i % 8);
    }

    IS(verify(t, token, set, false), "ok");
}


TEST(a_signature_of_another_key_fails)
{
    char  set[2048], token[2048];

    set_of(set, SIGN_RSA, "");
    sign_token(token, APIGW_JWA_RS256, sign_key(SIGN_RSA_OTHER),
               "{\"alg\":\"RS256\"}", "{}");

    IS(verify(t, token, set, false), "signature_invalid");
}


TEST(none_is_refused_however_it_is_written)
{
    IS(header(t, "{\"alg\":\"none\"}"), "alg_not_allowed");
    IS(header(t, "{\"alg\":\"None\"}"), "alg_not_allowed");
    IS(header(t, "{\"alg\":\"NONE\"}"), "alg_not_allowed");
    IS(header(t, "{\"alg\":\"nOnE\"}"), "alg_not_allowed");
    IS(header(t, "{\"alg\":\"n\\u006fne\"}"), "alg_not_allowed");
    IS(header(t, "{\"alg\":\"\"}"), "alg_not_allowed");
    IS(header(t, "{}"), "alg_not_allowed");
    IS(header(t, "{\"ALG\":\"RS256\"}"), "alg_not_allowed");
    IS(header(t, "{\"alg\":[\"RS256\"]}"), "alg_not_allowed");
    IS(header(t, "{\"alg\":null}"), "alg_not_allowed");
    IS(header(t, "{\"alg\":256}"), "alg_not_allowed");
    IS(header(t, "{\"alg\":\"rs256\"}"), "alg_not_allowed");
    IS(header(t, "{\"alg\":\"RS256 \"}"), "alg_not_allowed");
    IS(header(t, "{\"alg\":\"RS256\"}"), "ok");
    IS(header(t, "{\"\\u0061lg\":\"RS256\"}"), "ok");
}


/* The text of the public key as an HMAC secret: the oldest forgery. */

TEST(a_public_key_is_no_secret)
{
    char         set[2048], token[2048];
    uint8_t      mac[32];
    unsigned     n;
    apigw_str_t  input;

    set_of(set, SIGN_RSA, "");

    sign_encode(token, "{\"alg\":\"HS256\"}", 15);
    strcat(token, "." JOE);
    input = text(token);

    HMAC(EVP_sha256(), set, (int) strlen(set), input.data, input.len, mac, &n);

    strcat(token, ".");
    sign_encode(token + strlen(token), mac, n);

    IS(verify(t, token, set, false), "kid_unknown");

    set_of(set, SIGN_RSA, ",\"alg\":\"HS256\"");
    IS(verify(t, token, set, false), "has no usable key");
}


TEST(an_algorithm_must_fit_the_key)
{
    char  set[2048], token[2048];

    /* ES256 on P-384, with a signature of either length */

    set_of(set, SIGN_P384, ",\"kid\":\"k\"");
    sign_token(token, APIGW_JWA_ES256, sign_key(SIGN_P384),
               "{\"alg\":\"ES256\",\"kid\":\"k\"}", "{}");
    IS(verify(t, token, set, false), "alg_not_allowed");

    sign_token(token, APIGW_JWA_ES256, sign_key(SIGN_P256),
               "{\"alg\":\"ES256\",\"kid\":\"k\"}", "{}");
    IS(verify(t, token, set, false), "alg_not_allowed");

    /* a key for PS256 and a token of RS256, and the other way round */

    set_of(set, SIGN_RSA, ",\"kid\":\"k\",\"alg\":\"PS256\"");
    sign_token(token, APIGW_JWA_RS256, sign_key(SIGN_RSA),
               "{\"alg\":\"RS256\",\"kid\":\"k\"}", "{}");
    IS(verify(t, token, set, false), "alg_not_allowed");

    set_of(set, SIGN_RSA, ",\"kid\":\"k\"");
    sign_token(token, APIGW_JWA_RS256, sign_key(SIGN_RSA),
               "{\"alg\":\"PS256\",\"kid\":\"k\"}", "{}");
    IS(verify(t, token, set, false), "signature_invalid");

    sign_token(token, APIGW_JWA_PS256, sign_key(SIGN_RSA),
               "{\"alg\":\"RS256\",\"kid\":\"k\"}", "{}");
    IS(verify(t, token, set, false), "signature_invalid");

    /* another digest */

    sign_token(token, APIGW_JWA_RS512, sign_key(SIGN_RSA),
               "{\"alg\":\"RS256\",\"kid\":\"k\"}", "{}");
    IS(verify(t, token, set, false), "signature_invalid");

    /* an RSA key under HS256 */

    IS(verify(t, "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsifQ.e30.QUJD", set, false),
       "alg_not_allowed");
}


/* Signs "e30.e30"-like input in PS256 with that salt and verifies it. */

TEST(a_salt_of_another_length_fails)
{
    int          i;
    char         set[2048], token[2048];
    size_t       len;
    uint8_t      sig[512];
    apigw_str_t  input;

    static const int  salts[] = { 0, 20, 31, 33, 64, 32 };

    set_of(set, SIGN_RSA, "");

    for (i = 0; i < 6; i++) {
        sign_encode(token, "{\"alg\":\"PS256\"}", 15);
        strcat(token, ".e30");
        input = text(token);

        len = sign_bytes(sig, sizeof(sig), APIGW_JWA_PS256,
                         sign_key(SIGN_RSA), input, salts[i]);
        strcat(token, ".");
        sign_encode(token + strlen(token), sig, len);

        IS(verify(t, token, set, false),
           salts[i] == 32 ? "ok" : "signature_invalid");
    }
}


/* Verifies bytes as the signature of the RFC's ES256 token. */

static const char *
es256(apigw_test_t *t, const uint8_t *sig, size_t len)
{
    char               token[1024];
    static const char  set[] =
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" ES256_X
        "\",\"y\":\"" ES256_Y "\"}]}";

    strcpy(token, HEADER_ES256 "." JOE ".");
    sign_encode(token + strlen(token), sig, len);

    return verify(t, token, set, false);
}


TEST(ecdsa_numbers_out_of_range_fail)
{
    size_t      i;
    uint8_t     sig[64], good[64];
    size_t      len;

    static const uint8_t  order[32] = {
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
        0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51
    };

    EXPECT(apigw_base64url_decode(text(ES256_SIG), good, &len) == APIGW_OK);

    memset(sig, 0, sizeof(sig));
    IS(es256(t, sig, 64), "signature_invalid");

    memset(sig, 0xff, sizeof(sig));
    IS(es256(t, sig, 64), "signature_invalid");

    for (i = 0; i < 2; i++) {                /* r, then s */
        memcpy(sig, good, 64);
        memset(sig + i * 32, 0, 32);
        IS(es256(t, sig, 64), "signature_invalid");

        memcpy(sig + i * 32, order, 32);     /* n */
        IS(es256(t, sig, 64), "signature_invalid");

        sig[i * 32 + 31]--;                  /* n - 1 */
        IS(es256(t, sig, 64), "signature_invalid");
    }

    IS(es256(t, good, 64), "ok");
}


TEST(ecdsa_in_another_form_fails)
{
    size_t       len;
    uint8_t      sig[128];
    EVP_MD_CTX  *md;

    memset(sig, 1, sizeof(sig));

    IS(es256(t, sig, 1), "signature_invalid");
    IS(es256(t, sig, 32), "signature_invalid");
    IS(es256(t, sig, 63), "signature_invalid");
    IS(es256(t, sig, 65), "signature_invalid");
    IS(es256(t, sig, 96), "signature_invalid");
    IS(es256(t, sig, 128), "signature_invalid");

    /* ASN.1, right but for its form */

    {
        char         set[2048], token[2048];
        apigw_str_t  input;

        set_of(set, SIGN_P256, "");
        strcpy(token, HEADER_ES256 ".e30");
        input = text(token);

        len = sizeof(sig);
        md = EVP_MD_CTX_new();
        EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, sign_key(SIGN_P256));
        EVP_DigestSign(md, sig, &len, input.data, input.len);
        EVP_MD_CTX_free(md);

        strcat(token, ".");
        sign_encode(token + strlen(token), sig, len);
        IS(verify(t, token, set, false), "signature_invalid");

        *strrchr(token, '.') = '\0';
        strcat(token, ".");
        sign_encode(token + strlen(token), sig, sign_raw(sig, len, 32));
        IS(verify(t, token, set, false), "ok");
    }
}


TEST(an_rsa_value_beyond_the_modulus_fails)
{
    char     set[2048], token[2048];
    uint8_t  sig[512];

    set_of(set, SIGN_RSA, "");
    memset(sig, 0xff, sizeof(sig));

    strcpy(token, "eyJhbGciOiJSUzI1NiJ9.e30.");
    sign_encode(token + strlen("eyJhbGciOiJSUzI1NiJ9.e30."), sig, 256);
    IS(verify(t, token, set, false), "signature_invalid");

    sign_encode(token + strlen("eyJhbGciOiJSUzI1NiJ9.e30."), sig, 255);
    IS(verify(t, token, set, false), "signature_invalid");

    sign_encode(token + strlen("eyJhbGciOiJSUzI1NiJ9.e30."), sig, 257);
    IS(verify(t, token, set, false), "signature_invalid");

    memset(sig, 0, 256);
    sign_encode(token + strlen("eyJhbGciOiJSUzI1NiJ9.e30."), sig, 256);
    IS(verify(t, token, set, false), "signature_invalid");
}


TEST(keys_and_addresses_in_a_header_are_ignored)
{
    char  set[2048], jwk[2048], json[4096], token[8192];

    set_of(set, SIGN_RSA, "");
    sign_jwk(jwk, SIGN_RSA_OTHER, "");
    sprintf(json, "{\"alg\":\"RS256\",\"jwk\":%s,\"jku\":\"https://evil/\","
                  "\"x5u\":\"https://evil/\",\"x5c\":[\"AAAA\"]}", jwk);

    sign_token(token, APIGW_JWA_RS256, sign_key(SIGN_RSA_OTHER), json, "{}");
    IS(verify(t, token, set, false), "signature_invalid");

    sign_token(token, APIGW_JWA_RS256, sign_key(SIGN_RSA), json, "{}");
    IS(verify(t, token, set, false), "ok");
}


TEST(extensions_are_refused)
{
    IS(header(t, "{\"alg\":\"RS256\",\"crit\":[\"exp\"]}"),
       "header_unsupported");
    IS(header(t, "{\"alg\":\"RS256\",\"crit\":[]}"), "header_unsupported");
    IS(header(t, "{\"alg\":\"RS256\",\"b64\":false}"), "header_unsupported");
    IS(header(t, "{\"alg\":\"RS256\",\"b64\":true}"), "header_unsupported");
    IS(header(t, "{\"alg\":\"RS256\",\"enc\":\"A128GCM\"}"),
       "header_unsupported");
    IS(header(t, "{\"alg\":\"RS256\",\"Crit\":1}"), "ok");
}


TEST(a_kid_is_a_string_and_nothing_more)
{
    char            json[12000], token[17000];
    apigw_jws_t     jws;
    apigw_error_t   err;

    IS(header(t, "{\"alg\":\"RS256\",\"kid\":\"../../etc/passwd\"}"), "ok");
    IS(header(t, "{\"alg\":\"RS256\",\"kid\":\"a'\\\"b\"}"), "ok");
    IS(header(t, "{\"alg\":\"RS256\",\"kid\":\"a\\u0000b\"}"),
       "token_malformed");
    IS(header(t, "{\"alg\":\"RS256\",\"kid\":1}"), "token_malformed");
    IS(header(t, "{\"alg\":\"RS256\",\"kid\":[\"a\"]}"), "token_malformed");
    IS(header(t, "{\"alg\":\"RS256\",\"kid\":null}"), "token_malformed");

    strcpy(json, "{\"alg\":\"RS256\",\"kid\":\"");
    memset(json + strlen(json), 'k', 10000);
    strcpy(json + 10000 + strlen("{\"alg\":\"RS256\",\"kid\":\""), "\"}");
    sign_encode(token, json, strlen(json));
    strcat(token, ".e30.QUJD");
    IS(parse(t, token), "token_too_large");

    strcpy(token, "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEnXCJcdTAwNjIifQ.e30.QUJD");
    EXPECT(apigw_jws_parse(&jws, &t->arena, text(token), MAX, &err)
           == APIGW_OK);
    EXPECT(apigw_str_is(jws.kid, "a'\"b"));
    EXPECT(jws.typ.data == NULL);
    EXPECT(apigw_str_is(jws.payload, "{}"));
    EXPECT(apigw_str_is(jws.signature, "ABC"));
    EXPECT(jws.input.len == strlen(token) - 5);
}


TEST(encoding_is_canonical_base64url)
{
    IS(parse(t, HEADER_ES256 ".e30.QUJD"), "ok");
    IS(parse(t, HEADER_ES256 "=.e30.QUJD"), "token_malformed");
    IS(parse(t, HEADER_ES256 ".e30=.QUJD"), "token_malformed");
    IS(parse(t, HEADER_ES256 ".e30.QUI="), "token_malformed");
    IS(parse(t, HEADER_ES256 ".e30.QUI=QUJD"), "token_malformed");
    IS(parse(t, HEADER_ES256 ".e30.QU+D"), "token_malformed");
    IS(parse(t, HEADER_ES256 ".e30.QU/D"), "token_malformed");
    IS(parse(t, HEADER_ES256 ".e30.QU JD"), "token_malformed");
    IS(parse(t, HEADER_ES256 ".e30.QUJD\n"), "token_malformed");
    IS(parse(t, HEADER_ES256 ".e30.QUJ"), "token_malformed");
    IS(parse(t, HEADER_ES256 ".e30.QUI"), "ok");
    IS(parse(t, HEADER_ES256 ".e31.QUJD"), "token_malformed");
    IS(parse(t, HEADER_ES256 ".e30.Q"), "token_malformed");
}


TEST(a_token_has_three_parts)
{
    IS(parse(t, ""), "token_malformed");
    IS(parse(t, "."), "token_malformed");
    IS(parse(t, ".."), "token_malformed");
    IS(parse(t, HEADER_ES256), "token_malformed");
    IS(parse(t, HEADER_ES256 ".e30"), "token_malformed");
    IS(parse(t, HEADER_ES256 ".e30."), "token_malformed");
    IS(parse(t, HEADER_ES256 "..QUJD"), "token_malformed");
    IS(parse(t, ".e30.QUJD"), "token_malformed");
    IS(parse(t, HEADER_ES256 ".e30.QUJD."), "token_malformed");
    IS(parse(t, HEADER_ES256 ".e30.QUJD.QUJD"), "token_malformed");
    IS(parse(t, HEADER_ES256 ".e30.QUJD.QUJD.QUJD"), "jwe_unsupported");
    IS(parse(t, HEADER_ES256 ".e30.QUJD.QUJD.QUJD.QUJD"), "token_malformed");
}


TEST(kinds_are_told_apart_by_form)
{
    EXPECT(apigw_jws_kind(text(HEADER_ES256 ".e30.QUJD"))
           == APIGW_TOKEN_JWS);
    EXPECT(apigw_jws_kind(text("e30.e30.QUJD")) == APIGW_TOKEN_JWS);
    EXPECT(apigw_jws_kind(text("IHt9.a.b")) == APIGW_TOKEN_JWS);
    EXPECT(apigw_jws_kind(text("a.b.c")) == APIGW_TOKEN_OPAQUE);
    EXPECT(apigw_jws_kind(text("QUJD.e30.QUJD")) == APIGW_TOKEN_OPAQUE);
    EXPECT(apigw_jws_kind(text("")) == APIGW_TOKEN_OPAQUE);
    EXPECT(apigw_jws_kind(text("..")) == APIGW_TOKEN_OPAQUE);
    EXPECT(apigw_jws_kind(text("e30.e30")) == APIGW_TOKEN_OPAQUE);
    EXPECT(apigw_jws_kind(text("a.b.c.d.e")) == APIGW_TOKEN_JWE);
    EXPECT(apigw_jws_kind(text("a.b.c.d.e.f")) == APIGW_TOKEN_OPAQUE);
}


TEST(a_header_is_strict_json)
{
    size_t   i;
    char    *deep;

    IS(header(t, "[]"), "token_malformed");
    IS(header(t, "\"alg\""), "token_malformed");
    IS(header(t, "{\"alg\":\"RS256\"} x"), "token_malformed");
    IS(header(t, "{\"alg\":\"RS256\",}"), "token_malformed");
    IS(header(t, "\xef\xbb\xbf{\"alg\":\"RS256\"}"), "token_malformed");
    IS(header(t, "{\"alg\":\"RS256\",\"alg\":\"RS256\"}"), "token_malformed");
    IS(header(t, "{\"alg\":\"RS256\",\"\\u0061lg\":\"HS256\"}"),
       "token_malformed");
    IS(header(t, "{\"alg\":\"RS256\",\"x\":\"\xc0\xaf\"}"), "token_malformed");
    IS(header(t, "{\"alg\":\"RS256\",\"x\":\"\\ud800\"}"), "token_malformed");
    IS(header(t, "{\"alg\":\"RS256\",\"x\":{\"a\":1,\"a\":2}}"),
       "token_malformed");

    deep = malloc(4000);
    strcpy(deep, "{\"alg\":\"RS256\",\"x\":");

    for (i = 0; i < 1500; i++) {
        strcat(deep, "[");
    }

    for (i = 0; i < 1500; i++) {
        strcat(deep, "]");
    }

    strcat(deep, "}");
    EXPECT(strcmp(header(t, deep), "ok") != 0);
    free(deep);
}


TEST(a_provider_names_algorithms_and_types)
{
    apigw_jws_t        jws;
    apigw_error_t      err;
    apigw_str_t        typ[2] = { apigw_str("at+jwt"), apigw_str("JWT") };
    apigw_jws_rules_t  rules = { APIGW_JWA_DEFAULT, typ, 2, true };

    memset(&jws, 0, sizeof(jws));
    jws.alg = APIGW_JWA_RS256;

    EXPECT(apigw_jws_check(&jws, &rules, &err) == APIGW_OK);

    rules.no_typ = false;
    EXPECT(apigw_jws_check(&jws, &rules, &err) == APIGW_EINPUT);
    IS(err.word, "typ_not_allowed");

    jws.typ = text("AT+JWT");
    EXPECT(apigw_jws_check(&jws, &rules, &err) == APIGW_OK);

    jws.typ = text("Application/at+jwt");
    EXPECT(apigw_jws_check(&jws, &rules, &err) == APIGW_OK);

    jws.typ = text("application/x/jwt");
    EXPECT(apigw_jws_check(&jws, &rules, &err) == APIGW_EINPUT);

    jws.typ = text("application/");
    EXPECT(apigw_jws_check(&jws, &rules, &err) == APIGW_EINPUT);

    jws.typ = text("id+jwt");
    EXPECT(apigw_jws_check(&jws, &rules, &err) == APIGW_EINPUT);

    jws.typ = text("jwt");
    jws.alg = APIGW_JWA_HS256;
    EXPECT(apigw_jws_check(&jws, &rules, &err) == APIGW_EINPUT);
    IS(err.word, "alg_not_allowed");

    jws.alg = APIGW_JWA_RS384;
    EXPECT(apigw_jws_check(&jws, &rules, &err) == APIGW_EINPUT);

    jws.alg = APIGW_JWA_EDDSA;
    EXPECT(apigw_jws_check(&jws, &rules, &err) == APIGW_OK);

    jws.alg = APIGW_JWA_ED25519;
    EXPECT(apigw_jws_check(&jws, &rules, &err) == APIGW_EINPUT);
}


TEST_MAIN(CASE(rfc_7515_a_1_hs256),
          CASE(rfc_7515_a_2_rs256),
          CASE(rfc_7515_a_3_es256),
          CASE(rfc_7515_a_4_es512),
          CASE(rfc_7515_a_5_none_is_refused),
          CASE(rfc_8037_a_4_ed25519),
          CASE(every_algorithm_verifies_and_twice_in_a_row),
          CASE(eddsa_takes_ed448_keys_too),
          CASE(every_flipped_bit_of_a_signature_fails),
          CASE(every_flipped_bit_of_a_token_fails),
          CASE(a_signature_of_another_key_fails),
          CASE(none_is_refused_however_it_is_written),
          CASE(a_public_key_is_no_secret),
          CASE(an_algorithm_must_fit_the_key),
          CASE(a_salt_of_another_length_fails),
          CASE(ecdsa_numbers_out_of_range_fail),
          CASE(ecdsa_in_another_form_fails),
          CASE(an_rsa_value_beyond_the_modulus_fails),
          CASE(keys_and_addresses_in_a_header_are_ignored),
          CASE(extensions_are_refused),
          CASE(a_kid_is_a_string_and_nothing_more),
          CASE(encoding_is_canonical_base64url),
          CASE(a_token_has_three_parts),
          CASE(kinds_are_told_apart_by_form),
          CASE(a_header_is_strict_json),
          CASE(a_provider_names_algorithms_and_types))
