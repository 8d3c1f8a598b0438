
/*
 * What the gateway signs is verified by what the gateway publishes, and says
 * what it was told to say, whatever bytes that has.
 */


#include "apigw_test.h"
#include "apigw_sign.h"

#include "apigw_assertion.h"
#include "apigw_claims.h"
#include "apigw_jwk.h"
#include "apigw_jws.h"

#include <openssl/err.h>
#include <openssl/pem.h>


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


/* A key in PEM, in memory that the next call takes. */

static apigw_str_t
pem(EVP_PKEY *pkey, bool public_only, const char *password)
{
    BIO          *bio;
    char         *data;
    long          len;
    apigw_str_t   out;

    static char   buf[APIGW_ASSERTION_KEY_FILE];

    bio = BIO_new(BIO_s_mem());

    if (public_only) {
        PEM_write_bio_PUBKEY(bio, pkey);

    } else {
        PEM_write_bio_PrivateKey(bio, pkey, password ? EVP_aes_128_cbc() : NULL,
                                 (const unsigned char *) password,
                                 password ? (int) strlen(password) : 0, NULL,
                                 NULL);
    }

    len = BIO_get_mem_data(bio, &data);
    memcpy(buf, data, len);
    BIO_free(bio);

    out.data = (const uint8_t *) buf;
    out.len = len;

    return out;
}


/* "ok", or why a file is no key for the algorithm. */

static const char *
fate(apigw_test_t *t, apigw_assertion_alg_e alg, apigw_str_t file)
{
    apigw_rc_t              rc;
    apigw_error_t           err = { "none", 0 };
    apigw_assertion_key_t   key;

    rc = apigw_assertion_key(&key, &t->arena, alg, file, &err);

    if (ERR_peek_error()) {
        return "OpenSSL left an error";
    }

    return rc == APIGW_OK ? "ok" : rc == APIGW_ENOMEM ? "memory" : err.word;
}


static const char *
fate_public(apigw_test_t *t, apigw_str_t file)
{
    apigw_rc_t              rc;
    apigw_error_t           err = { "none", 0 };
    apigw_assertion_key_t   key;

    rc = apigw_assertion_key_public(&key, &t->arena, file, &err);

    if (ERR_peek_error()) {
        return "OpenSSL left an error";
    }

    if (rc == APIGW_OK) {
        return key.secret.data ? "a secret was kept"
               : key.private_key ? "private" : "public";
    }

    return rc == APIGW_ENOMEM ? "memory" : err.word;
}


/* Whether a token is verified by a set and says `claims`. */

static bool
verified(apigw_test_t *t, apigw_str_t token, apigw_str_t set, bool symmetric,
    apigw_claims_t **claims)
{
    bool             good;
    apigw_jwk_t     *key;
    apigw_jws_t      jws;
    apigw_jwks_t    *keys;
    apigw_error_t    err;

    if (apigw_jws_parse(&jws, &t->arena, token, 65536, &err) != APIGW_OK
        || !apigw_str_is(jws.typ, "JWT")
        || (jws.kid.data == NULL) != symmetric
        || apigw_jwks_parse(&keys, &t->arena, set, symmetric, NULL, &err)
           != APIGW_OK)
    {
        return false;
    }

    good = apigw_jwks_find(&key, keys, symmetric ? NULL : &jws.kid, jws.alg,
                           &err)
           == APIGW_OK
           && apigw_jws_verify(&jws, key, &err) == APIGW_OK
           && apigw_claims_parse(claims, &t->arena, jws.payload, &err)
              == APIGW_OK;

    apigw_jwks_free(keys);

    return good;
}


static bool
says(apigw_claims_t *claims, const char *name, const char *value)
{
    apigw_claim_t  claim;

    return apigw_claims_get(claims, text(name), &claim)
           && apigw_str_is(claim.text, value);
}


static apigw_assertion_frame_t
frame(void)
{
    apigw_assertion_frame_t  f;

    f.issuer = text("https://api.example.com");
    f.audience = text("orders");
    f.jti = text("an-id");
    f.iat = 1700000000;
    f.exp = 4700000060;              /* beyond 32 bits */

    return f;
}


static const apigw_assertion_claim_t  some[] = {
    { apigw_str("consumer"), apigw_str("shop \"A\"\n\\ \xc3\xa4") },
    { apigw_str("plan"), apigw_str("") },
    { apigw_str("te\"nant"), apigw_str("{\"a\":1}") },
    { apigw_str("iss"), apigw_str("https://evil.example") }
};


static void
sign_and_verify(apigw_test_t *t, apigw_assertion_alg_e alg, EVP_PKEY *pkey)
{
    apigw_str_t               token, claims, set;
    apigw_error_t             err;
    apigw_claim_t             claim;
    apigw_claims_t           *found;
    apigw_assertion_key_t     key;
    apigw_assertion_frame_t   f = frame();

    EXPECT(apigw_assertion_key(&key, &t->arena, alg, pem(pkey, false, NULL),
                               &err)
           == APIGW_OK);
    EXPECT(apigw_assertion_jwks(&set, &t->arena, &key, 1) == APIGW_OK);
    EXPECT(apigw_assertion_claims(&claims, &t->arena, some, 4) == APIGW_OK);
    EXPECT(apigw_assertion_sign(&token, &t->arena, &key, &f, claims)
           == APIGW_OK);
    EXPECT(ERR_peek_error() == 0);
    EXPECT(verified(t, token, set, false, &found));

    EXPECT(says(found, "iss", "https://api.example.com"));
    EXPECT(says(found, "aud", "orders"));
    EXPECT(says(found, "jti", "an-id"));
    EXPECT(says(found, "iat", "1700000000"));
    EXPECT(says(found, "exp", "4700000060"));
    EXPECT(says(found, "consumer", "shop \"A\"\n\\ \xc3\xa4"));
    EXPECT(says(found, "te\"nant", "{\"a\":1}"));
    EXPECT(!apigw_claims_get(found, text("plan"), &claim));
}


TEST(rs256_is_verified_by_the_published_set)
{
    sign_and_verify(t, APIGW_ASSERTION_RS256, sign_key(SIGN_RSA));
}


/* Often enough for an R or S that is shorter than 32 bytes. */

TEST(es256_is_verified_by_the_published_set)
{
    int  i;

    for (i = 0; i < (t->fail_at ? 1 : 300) && !t->failed; i++) {
        sign_and_verify(t, APIGW_ASSERTION_ES256, sign_key(SIGN_P256));
    }
}


TEST(hs256_is_verified_with_the_secret_and_has_no_kid)
{
    apigw_str_t               token, claims, set;
    apigw_error_t             err;
    apigw_claims_t           *found;
    apigw_assertion_key_t     key;
    apigw_assertion_frame_t   f = frame();

    EXPECT(apigw_assertion_key(&key, &t->arena, APIGW_ASSERTION_HS256,
                   text("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\n"), &err)
           == APIGW_OK);
    EXPECT(key.kid.data == NULL && key.jwk.len == 0);
    EXPECT(apigw_assertion_claims(&claims, &t->arena, some, 4) == APIGW_OK);
    EXPECT(apigw_assertion_sign(&token, &t->arena, &key, &f, claims)
           == APIGW_OK);

    set = text("{\"keys\":[{\"kty\":\"oct\",\"k\":"
               "\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"}]}");

    EXPECT(verified(t, token, set, true, &found));
    EXPECT(says(found, "iss", "https://api.example.com"));
}


TEST(a_byte_0_is_beyond_libjwt_and_other_text_beyond_json)
{
    apigw_str_t               claims, token;
    apigw_error_t             err;
    apigw_assertion_key_t     key;
    apigw_assertion_frame_t   f = frame();
    apigw_assertion_claim_t   claim = { apigw_str("a"), apigw_str("b\0c") };

    EXPECT(apigw_assertion_key(&key, &t->arena, APIGW_ASSERTION_HS256,
                   text("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"), &err)
           == APIGW_OK);
    EXPECT(apigw_assertion_claims(&claims, &t->arena, &claim, 1) == APIGW_OK);
    EXPECT(apigw_assertion_sign(&token, &t->arena, &key, &f, claims)
           == APIGW_EINPUT);

    claim.value = text("\xc3");
    EXPECT(apigw_assertion_claims(&claims, &t->arena, &claim, 1)
           == APIGW_EINPUT);
}


TEST(claims_are_bounded)
{
    uint8_t                  *long_text;
    apigw_str_t               claims;
    apigw_assertion_claim_t   claim = { apigw_str("a"), { NULL, 0 } };

    long_text = apigw_arena_zalloc(&t->arena, APIGW_ASSERTION_CLAIMS);
    EXPECT(long_text != NULL);
    memset(long_text, 'x', APIGW_ASSERTION_CLAIMS);

    claim.value.data = long_text;
    claim.value.len = APIGW_ASSERTION_CLAIMS;
    EXPECT(apigw_assertion_claims(&claims, &t->arena, &claim, 1)
           == APIGW_ELIMIT);

    claim.value.len = APIGW_ASSERTION_CLAIMS - 8;
    EXPECT(apigw_assertion_claims(&claims, &t->arena, &claim, 1) == APIGW_OK);
    EXPECT(claims.len == APIGW_ASSERTION_CLAIMS);
}


TEST(a_key_must_fit_its_algorithm)
{
    EVP_PKEY_CTX     *ctx;
    static EVP_PKEY  *small, *pss;

    if (small == NULL) {
        small = EVP_RSA_gen(1024);

        ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
        EXPECT(EVP_PKEY_keygen_init(ctx) == 1);
        EXPECT(EVP_PKEY_keygen(ctx, &pss) == 1);
        EVP_PKEY_CTX_free(ctx);
    }

#define FATE(alg, file, why)                                                  \
    EXPECT(strcmp(fate(t, APIGW_ASSERTION_ ## alg, file), why) == 0)

    FATE(RS256, pem(sign_key(SIGN_RSA), false, NULL), "ok");
    FATE(ES256, pem(sign_key(SIGN_P256), false, NULL), "ok");

    FATE(ES256, pem(sign_key(SIGN_RSA), false, NULL),
         "holds no P-256 key for ES256");
    FATE(RS256, pem(sign_key(SIGN_P256), false, NULL),
         "holds no RSA key for RS256");
    FATE(ES256, pem(sign_key(SIGN_P384), false, NULL),
         "holds an EC key on another curve than P-256");
    FATE(RS256, pem(small, false, NULL),
         "holds an RSA key that has not 2048 to 8192 bits");
    FATE(RS256, pem(pss, false, NULL), "holds a key that is neither RSA nor "
                                       "EC");
    FATE(ES256, pem(sign_key(SIGN_ED25519), false, NULL),
         "holds a key that is neither RSA nor EC");
    FATE(RS256, pem(sign_key(SIGN_RSA), true, NULL),
         "holds no private key in PEM without a password");
    FATE(RS256, pem(sign_key(SIGN_RSA), false, "secret"),
         "holds no private key in PEM without a password");
    FATE(RS256, text(""), "holds no private key in PEM without a password");

    FATE(HS256, text(""), "holds less than 32 bytes for HS256");
    FATE(HS256, text("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQ"),
         "holds less than 32 bytes for HS256");
    FATE(HS256, text("not base64url"), "holds no line of base64url for HS256");
    FATE(HS256, pem(sign_key(SIGN_RSA), false, NULL),
         "holds no line of base64url for HS256");
}


TEST(a_published_key_is_public_or_private)
{
    EXPECT(strcmp(fate_public(t, pem(sign_key(SIGN_P256), true, NULL)),
                  "public") == 0);
    EXPECT(strcmp(fate_public(t, pem(sign_key(SIGN_RSA), false, NULL)),
                  "private") == 0);
    EXPECT(strcmp(fate_public(t, pem(sign_key(SIGN_P521), true, NULL)),
                  "holds an EC key on another curve than P-256") == 0);
    EXPECT(strcmp(fate_public(t, text("rubbish")),
                  "holds no key in PEM without a password") == 0);
}


TEST(a_set_tells_each_key_once)
{
    apigw_str_t             set;
    apigw_jwks_t           *keys;
    apigw_error_t           err;
    apigw_assertion_key_t   key[3];

    EXPECT(apigw_assertion_key(&key[0], &t->arena, APIGW_ASSERTION_ES256,
                               pem(sign_key(SIGN_P256), false, NULL), &err)
           == APIGW_OK);
    EXPECT(apigw_assertion_key_public(&key[1], &t->arena,
                                      pem(sign_key(SIGN_RSA), true, NULL),
                                      &err)
           == APIGW_OK);
    EXPECT(apigw_assertion_key_public(&key[2], &t->arena,
                                      pem(sign_key(SIGN_P256), true, NULL),
                                      &err)
           == APIGW_OK);

    EXPECT(apigw_assertion_jwks(&set, &t->arena, key, 3) == APIGW_OK);
    EXPECT(apigw_jwks_parse(&keys, &t->arena, set, false, NULL, &err)
           == APIGW_OK);
    EXPECT(apigw_jwks_count(keys) == 2);

    apigw_jwks_free(keys);
}


TEST(algorithms_have_names)
{
    EXPECT(apigw_assertion_alg(text("RS256")) == APIGW_ASSERTION_RS256);
    EXPECT(apigw_assertion_alg(text("ES256")) == APIGW_ASSERTION_ES256);
    EXPECT(apigw_assertion_alg(text("HS256")) == APIGW_ASSERTION_HS256);
    EXPECT(apigw_assertion_alg(text("none")) == APIGW_ASSERTION_ALG_N);
    EXPECT(apigw_assertion_alg(text("rs256")) == APIGW_ASSERTION_ALG_N);
}


TEST_MAIN(
    CASE(rs256_is_verified_by_the_published_set),
    CASE(es256_is_verified_by_the_published_set),
    CASE(hs256_is_verified_with_the_secret_and_has_no_kid),
    CASE(a_byte_0_is_beyond_libjwt_and_other_text_beyond_json),
    CASE(claims_are_bounded),
    CASE(a_key_must_fit_its_algorithm),
    CASE(a_published_key_is_public_or_private),
    CASE(a_set_tells_each_key_once),
    CASE(algorithms_have_names)
)
