
/* A key set yields the keys that are fit to verify with, and says why not. */


#include "apigw_test.h"
#include "apigw_sign.h"

#include "apigw_jwk.h"

#include <openssl/err.h>


#define N  "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86z" \
           "wu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5Js" \
           "GY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMic" \
           "AtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-" \
           "bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF" \
           "Cur-kEgU8awapJzKnqDKgw"

#define RSA(more)  "{\"kty\":\"RSA\",\"n\":\"" N "\",\"e\":\"AQAB\"" more "}"

#define EC_X  "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"
#define EC_Y  "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"

#define EC(more)  "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X           \
                  "\",\"y\":\"" EC_Y "\"" more "}"

#define ED_X  "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"

#define SET(keys)  "{\"keys\":[" keys "]}"


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


/* The fate of one JWK: "ok", why it was skipped, or why the set was refused. */

static const char *
fate(apigw_test_t *t, const char *jwk, bool symmetric)
{
    char                  set[16384];
    apigw_rc_t            rc;
    apigw_jwks_t         *keys;
    apigw_error_t         err = { "none", 0 };
    apigw_jwks_report_t   report;

    snprintf(set, sizeof(set), SET("%s"), jwk);

    rc = apigw_jwks_parse(&keys, &t->arena, text(set), symmetric, &report,
                          &err);

    if (ERR_peek_error()) {
        return "OpenSSL left an error";
    }

    if (rc == APIGW_OK) {
        apigw_jwks_free(keys);
        return "ok";
    }

    if (rc == APIGW_ENOMEM) {
        return "memory";
    }

    return report.nskips == 1 ? report.skips[0].why : err.word;
}


static const char *
refusal(apigw_test_t *t, const char *set, bool symmetric)
{
    apigw_rc_t      rc;
    apigw_jwks_t   *keys;
    apigw_error_t   err = { "none", 0 };

    rc = apigw_jwks_parse(&keys, &t->arena, text(set), symmetric, NULL, &err);

    if (rc == APIGW_OK) {
        apigw_jwks_free(keys);
        return "ok";
    }

    return rc == APIGW_ENOMEM ? "memory" : err.word;
}


#define IS(word, wanted)  EXPECT(strcmp(word, wanted) == 0)


TEST(rfc_7517_a_1_public_keys)
{
    apigw_jwks_t         *keys;
    apigw_error_t         err;
    apigw_jwks_report_t   report;

    static const char  set[] =
        SET(EC(",\"use\":\"enc\",\"kid\":\"1\"") ","
            RSA(",\"alg\":\"RS256\",\"kid\":\"2011-04-29\""));

    EXPECT(apigw_jwks_parse(&keys, &t->arena, text(set), false, &report, &err)
           == APIGW_OK);

    EXPECT(apigw_jwks_count(keys) == 1);
    EXPECT(apigw_str_is(apigw_jwk_kid(apigw_jwks_at(keys, 0)), "2011-04-29"));
    EXPECT(apigw_jwk_algorithms(apigw_jwks_at(keys, 0))
           == apigw_jwa_bit(APIGW_JWA_RS256));

    EXPECT(report.nskips == 1);
    EXPECT(report.skips[0].index == 0);
    IS(report.skips[0].why, "\"use\" is not \"sig\"");

    apigw_jwks_free(keys);
}


TEST(rfc_7517_a_3_symmetric_keys)
{
    static const char  wrap[] =
        "{\"kty\":\"oct\",\"alg\":\"A128KW\",\"k\":\"GawgguFyGrWKav7AX4VKUg\"}";
    static const char  hmac[] =
        "{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr"
        "_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\",\"kid\":\"HMAC key "
        "used in JWS spec Appendix A.1 example\"}";

    IS(fate(t, wrap, true), "unknown \"alg\"");
    IS(fate(t, hmac, true), "ok");
    IS(fate(t, hmac, false),
       "has oct keys, which only a file for HS algorithms may hold");
}


/* Thumbprints of RFC 7638, 3.1 and RFC 8037, A.3, and of an untidy key. */

TEST(thumbprints_are_those_of_the_rfcs)
{
    size_t          i, len;
    uint8_t         wanted[APIGW_JWK_THUMBPRINT];
    apigw_jwks_t   *keys;
    apigw_error_t   err;

    static const char *const  cases[][2] = {
        { SET(RSA(",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"")),
          "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" },
        { SET("{\"n\":\"" N "\",\"e\":\"AAEAAQ\",\"kty\":\"RSA\"}"),
          "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" },
        { SET("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\"}"),
          "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" },
        { SET(EC("")), "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        EXPECT(apigw_jwks_parse(&keys, &t->arena, text(cases[i][0]), false,
                                NULL, &err)
               == APIGW_OK);
        EXPECT(apigw_base64url_decode(text(cases[i][1]), wanted, &len)
               == APIGW_OK);
        EXPECT(memcmp(apigw_jwk_thumbprint(apigw_jwks_at(keys, 0)), wanted, 32)
               == 0);
        EXPECT(apigw_jwks_find_thumbprint(keys, wanted)
               == apigw_jwks_at(keys, 0));
        wanted[0] ^= 1;
        EXPECT(apigw_jwks_find_thumbprint(keys, wanted) == NULL);

        apigw_jwks_free(keys);
    }
}


TEST(what_we_publish_we_can_read)
{
    char                 jwk[2048];
    size_t               len;
    uint8_t              digest[APIGW_JWK_THUMBPRINT];
    sign_key_e           kind;
    apigw_str_t          members;
    apigw_jwks_t        *keys;
    apigw_error_t        err;

    for (kind = SIGN_RSA; kind < SIGN_OCT; kind++) {
        EXPECT(apigw_jwk_members(&members, &t->arena, sign_key(kind))
               == APIGW_OK);
        EXPECT(apigw_jwk_members_thumbprint(digest, members) == APIGW_OK);

        len = snprintf(jwk, sizeof(jwk), SET("{%.*s}"), (int) members.len,
                       members.data);
        EXPECT(len < sizeof(jwk));
        EXPECT(apigw_jwks_parse(&keys, &t->arena, text(jwk), false, NULL,
                                &err)
               == APIGW_OK);
        EXPECT(apigw_jwks_find_thumbprint(keys, digest) != NULL);

        apigw_jwks_free(keys);
    }
}


TEST(keys_for_other_purposes_are_skipped)
{
    IS(fate(t, RSA(""), false), "ok");
    IS(fate(t, RSA(",\"use\":\"sig\""), false), "ok");
    IS(fate(t, RSA(",\"use\":\"enc\""), false), "\"use\" is not \"sig\"");
    IS(fate(t, RSA(",\"use\":1"), false), "\"use\" is not \"sig\"");
    IS(fate(t, RSA(",\"key_ops\":[\"verify\",\"x\"]"), false), "ok");
    IS(fate(t, RSA(",\"key_ops\":[\"sign\"]"), false),
       "\"key_ops\" lacks \"verify\"");
    IS(fate(t, RSA(",\"key_ops\":[]"), false),
       "\"key_ops\" lacks \"verify\"");
    IS(fate(t, RSA(",\"key_ops\":\"verify\""), false),
       "\"key_ops\" lacks \"verify\"");
    IS(fate(t, RSA(",\"alg\":\"RSA-OAEP\""), false), "unknown \"alg\"");
    IS(fate(t, RSA(",\"alg\":\"none\""), false), "unknown \"alg\"");
    IS(fate(t, RSA(",\"alg\":1"), false), "\"alg\" is not a string");
    IS(fate(t, RSA(",\"alg\":\"ES256\""), false), "\"alg\" is not for RSA");
    IS(fate(t, RSA(",\"kid\":7"), false), "\"kid\" is not a string");
    IS(fate(t, RSA(",\"d\":\"AQAB\""), false), "private members");
    IS(fate(t, RSA(",\"k\":\"AQAB\""), false), "private members");
    IS(fate(t, RSA(",\"D\":\"AQAB\""), false), "ok");
    IS(fate(t, "{\"kty\":\"PQC\"}", false), "unknown \"kty\"");
    IS(fate(t, "{\"kty\":\"rsa\"}", false), "unknown \"kty\"");
    IS(fate(t, "{\"KTY\":\"RSA\"}", false), "unknown \"kty\"");
    IS(fate(t, "{}", false), "unknown \"kty\"");
    IS(fate(t, "7", false), "not an object");
}


/* `bits` ones, which is odd. */

static void
rsa_of(char *jwk, size_t bits, const char *e)
{
    char     n[1500];
    uint8_t  bytes[1100];
    size_t   len = (bits + 7) / 8;

    memset(bytes, 0xff, sizeof(bytes));
    bytes[0] = (uint8_t) (0xff >> (len * 8 - bits));
    sign_encode(n, bytes, len);

    sprintf(jwk, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}", n, e);
}


TEST(rsa_keys_have_bounds)
{
    size_t  i;
    char    jwk[4096];

    static const char  size[] = "RSA modulus outside 2048 to 8192 bits";
    static const char  exponent[] =
        "RSA exponent is even, below 3 or above 64 bits";
    static const struct { size_t bits; const char *e, *fate; }  cases[] = {
        { 512, "AQAB", size },
        { 2047, "AQAB", size },
        { 2048, "AQAB", "ok" },
        { 8192, "AQAB", "ok" },
        { 8193, "AQAB", size },
        { 2048, "Aw", "ok" },                /* 3 */
        { 2048, "AQ", exponent },            /* 1 */
        { 2048, "AA", exponent },            /* 0 */
        { 2048, "", exponent },
        { 2048, "AQAC", exponent },          /* even */
        { 2048, "AQAAAAAAAAAB", exponent },  /* 2^64 + 1 */
        { 2048, "AQA=", "\"n\" or \"e\" is not base64url" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rsa_of(jwk, cases[i].bits, cases[i].e);
        IS(fate(t, jwk, false), cases[i].fate);
    }

    IS(fate(t, "{\"kty\":\"RSA\",\"e\":\"AQAB\"}", false),
       "\"n\" or \"e\" is not base64url");
    IS(fate(t, "{\"kty\":\"RSA\",\"e\":65537,\"n\":\"" N "\"}", false),
       "\"n\" or \"e\" is not base64url");
}


TEST(an_even_modulus_is_skipped)
{
    char     n[400], jwk[600];
    uint8_t  bytes[256];

    memset(bytes, 0xfe, sizeof(bytes));
    sign_encode(n, bytes, sizeof(bytes));
    sprintf(jwk, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}", n);

    IS(fate(t, jwk, false), "RSA modulus is even");
}


TEST(ec_points_lie_on_their_curve)
{
    static const char  form[] =
        "\"x\" or \"y\" is not base64url of a coordinate's length";

    IS(fate(t, EC(""), false), "ok");
    IS(fate(t, EC(",\"alg\":\"ES256\""), false), "ok");
    IS(fate(t, EC(",\"alg\":\"ES384\""), false),
       "\"alg\" is not for its curve");
    IS(fate(t, EC(",\"d\":\"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE\""),
            false), "private members");
    IS(fate(t, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X
               "\",\"y\":\"" EC_X "\"}", false), "point off the curve");
    IS(fate(t, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAA"
               "AAAAAAAAAAAAAAAAAAAAAAAAA\",\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAA"
               "AAAAAAAAAAAAAAAAAA\"}", false), "point off the curve");
    IS(fate(t, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X
               "\",\"y\":\"AQ\"}", false), form);
    IS(fate(t, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\"}",
            false), form);
    IS(fate(t, "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" EC_X
               "\",\"y\":\"" EC_Y "\"}", false), form);
    IS(fate(t, "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" EC_X
               "\",\"y\":\"" EC_Y "\"}", false), "unknown \"crv\"");
    IS(fate(t, "{\"kty\":\"EC\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}",
            false), "unknown \"crv\"");
}


static const char *
okp(apigw_test_t *t, const char *crv, const uint8_t *x, size_t len)
{
    char  b64[128], jwk[256];

    sign_encode(b64, x, len);
    sprintf(jwk, "{\"kty\":\"OKP\",\"crv\":\"%s\",\"x\":\"%s\"}", crv, b64);

    return fate(t, jwk, false);
}


/*
 * Points whose order divides 8: with them as public key, one signature fits
 * many messages. Also encodings of y beyond the prime, and no points at all.
 */

TEST(small_orders_of_ed25519_are_skipped)
{
    int      sign;
    size_t   i, good;
    uint8_t  x[32];

    static const char      bad[] = "point off the curve or of small order";
    static const uint8_t   order8[2][32] = {
        { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0,
          0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
          0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39,
          0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
        { 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f,
          0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
          0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6,
          0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a }
    };

    for (sign = 0; sign < 2; sign++) {
        for (i = 0; i < 2; i++) {
            memset(x, 0, 32);                /* y = 0, 1 */
            x[0] = (uint8_t) i;
            x[31] |= sign << 7;
            IS(okp(t, "Ed25519", x, 32), bad);

            memcpy(x, order8[i], 32);
            x[31] |= sign << 7;
            IS(okp(t, "Ed25519", x, 32), bad);
        }

        for (i = 0xec; i <= 0xff; i++) {     /* y = p - 1, p, p + 1 ... */
            memset(x, 0xff, 32);
            x[0] = (uint8_t) i;
            x[31] = (uint8_t) (0x7f | sign << 7);
            IS(okp(t, "Ed25519", x, 32), bad);
        }
    }

    /* about half of all y belong to a point */

    good = 0;

    for (i = 2; i < 42; i++) {
        memset(x, 0, 32);
        x[0] = (uint8_t) i;
        good += strcmp(okp(t, "Ed25519", x, 32), "ok") == 0;
    }

    EXPECT(good > 10 && good < 30);
}


TEST(small_orders_of_ed448_are_skipped)
{
    size_t   i, good;
    uint8_t  x[57];

    static const char  bad[] = "point off the curve or of small order";

    for (i = 0; i < 2; i++) {
        memset(x, 0, 57);
        x[0] = (uint8_t) i;
        IS(okp(t, "Ed448", x, 57), bad);

        x[56] = 0x80;
        IS(okp(t, "Ed448", x, 57), bad);

        memset(x, 0xff, 57);                 /* y = p - 1, p */
        x[0] = (uint8_t) (0xfe + i);
        x[28] = 0xfe;
        x[56] = 0;
        IS(okp(t, "Ed448", x, 57), bad);
    }

    good = 0;

    for (i = 2; i < 42; i++) {
        memset(x, 0, 57);
        x[0] = (uint8_t) i;
        good += strcmp(okp(t, "Ed448", x, 57), "ok") == 0;
    }

    EXPECT(good > 10 && good < 30);
}


TEST(okp_keys_have_one_length_and_curve)
{
    uint8_t  x[64];

    memset(x, 2, sizeof(x));

    IS(okp(t, "Ed25519", x, 31), "\"x\" is not base64url of a key's length");
    IS(okp(t, "Ed25519", x, 57), "\"x\" is not base64url of a key's length");
    IS(okp(t, "Ed448", x, 32), "\"x\" is not base64url of a key's length");
    IS(okp(t, "X25519", x, 32), "unknown \"crv\"");
    IS(fate(t, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X
               "\",\"alg\":\"Ed448\"}", false), "\"alg\" is not for its curve");
    IS(fate(t, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X
               "\",\"alg\":\"Ed25519\"}", false), "ok");
}


TEST(a_secret_is_as_long_as_its_hash)
{
    size_t        i;
    char          k[128], jwk[256];
    static const uint8_t  bytes[64];
    static const struct { size_t len; const char *alg, *fate; }  cases[] = {
        { 31, "", "secret is shorter than the hash" },
        { 32, "", "ok" },
        { 32, ",\"alg\":\"HS256\"", "ok" },
        { 47, ",\"alg\":\"HS384\"", "secret is shorter than the hash" },
        { 63, ",\"alg\":\"HS512\"", "secret is shorter than the hash" },
        { 64, ",\"alg\":\"HS512\"", "ok" },
        { 64, ",\"alg\":\"RS256\"", "\"alg\" is not for oct" },
        { 0, "", "secret is shorter than the hash" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sign_encode(k, bytes, cases[i].len);
        sprintf(jwk, "{\"kty\":\"oct\",\"k\":\"%s\"%s}", k, cases[i].alg);
        IS(fate(t, jwk, true), cases[i].fate);
    }
}


TEST(sets_that_are_none_are_refused)
{
    IS(refusal(t, "", false),
       "is not strict JSON with an object at its root");
    IS(refusal(t, "[]", false),
       "is not strict JSON with an object at its root");
    IS(refusal(t, SET(RSA("")) "x", false),
       "is not strict JSON with an object at its root");
    IS(refusal(t, "{\"keys\":[],\"keys\":[" RSA("") "]}", false),
       "is not strict JSON with an object at its root");
    IS(refusal(t, SET(RSA(",\"e\":\"AQAB\"")), false),
       "is not strict JSON with an object at its root");
    IS(refusal(t, SET(RSA(",\"kid\":\"a\\u0000b\"")), false),
       "is not strict JSON with an object at its root");
    IS(refusal(t, "<html></html>", false),
       "is not strict JSON with an object at its root");
    IS(refusal(t, "{}", false), "has no \"keys\" array");
    IS(refusal(t, "{\"keys\":{}}", false), "has no \"keys\" array");
    IS(refusal(t, "{\"Keys\":[" RSA("") "]}", false), "has no \"keys\" array");
    IS(refusal(t, SET(""), false), "has no usable key");
    IS(refusal(t, SET(RSA("")), false), "ok");
}


TEST(secrets_and_public_keys_do_not_mix)
{
    char  oct[256], set[2048];

    sign_jwk(oct, SIGN_OCT, "");
    snprintf(set, sizeof(set), SET(RSA("") ",%s"), oct);

    IS(refusal(t, set, true), "mixes oct with public keys");
    IS(refusal(t, set, false), "mixes oct with public keys");

    snprintf(set, sizeof(set), SET(RSA(",\"use\":\"enc\"") ",%s"), oct);
    IS(refusal(t, set, true), "mixes oct with public keys");
}


TEST(a_set_holds_at_most_100_keys)
{
    int             i;
    char           *set;
    apigw_rc_t      rc;
    apigw_jwks_t   *keys;
    apigw_error_t   err;

    if (t->fail_at > 8) {
        return;                              /* the same allocations again */
    }

    set = malloc(65536);
    strcpy(set, "{\"keys\":[");

    for (i = 0; i < 100; i++) {
        sprintf(set + strlen(set), EC(",\"kid\":\"%d\"") ",", i);
    }

    set[strlen(set) - 1] = '\0';
    strcat(set, "]}");

    rc = apigw_jwks_parse(&keys, &t->arena, text(set), false, NULL, &err);

    if (rc == APIGW_OK) {
        if (apigw_jwks_count(keys) != 100) {
            rc = APIGW_EINPUT;
        }

        apigw_jwks_free(keys);
    }

    strcpy(set + strlen(set) - 2, "," EC("") "]}");

    if (rc == APIGW_OK) {
        rc = apigw_jwks_parse(&keys, &t->arena, text(set), false, NULL, &err);
    }

    free(set);
    EXPECT(rc == APIGW_ELIMIT);
    IS(err.word, "has more than 100 keys");
}


TEST(twins_are_skipped_both)
{
    apigw_str_t           kid = apigw_str("a");
    apigw_jwk_t          *key;
    apigw_jwks_t         *keys;
    apigw_error_t         err;
    apigw_jwks_report_t   report;

    static const char  set[] =
        SET(RSA(",\"kid\":\"a\",\"alg\":\"RS256\"") ","
            EC(",\"kid\":\"a\"") ","
            RSA(",\"kid\":\"a\",\"alg\":\"RS256\",\"use\":\"sig\"") ","
            RSA(",\"kid\":\"a\",\"alg\":\"PS256\""));

    EXPECT(apigw_jwks_parse(&keys, &t->arena, text(set), false, &report, &err)
           == APIGW_OK);

    EXPECT(apigw_jwks_count(keys) == 2);
    EXPECT(report.nskips == 2);
    EXPECT(report.skips[0].index == 0);
    EXPECT(report.skips[1].index == 2);
    IS(report.skips[0].why, "another key has its kid, kty and alg");

    EXPECT(apigw_jwks_find(&key, keys, &kid, APIGW_JWA_ES256, &err)
           == APIGW_OK);
    EXPECT(apigw_jwks_find(&key, keys, &kid, APIGW_JWA_PS256, &err)
           == APIGW_OK);
    EXPECT(apigw_jwks_find(&key, keys, &kid, APIGW_JWA_RS256, &err)
           == APIGW_EUNSUPPORTED);
    IS(err.word, "alg_not_allowed");

    apigw_jwks_free(keys);

    IS(refusal(t, SET(EC(",\"kid\":\"a\"") "," EC(",\"kid\":\"a\"")), false),
       "has no usable key");
}


TEST(a_key_is_found_by_kid_or_alone)
{
    apigw_str_t     a = apigw_str("a"), A = apigw_str("A");
    apigw_str_t     none = apigw_str("");
    apigw_jwk_t    *key;
    apigw_jwks_t   *keys;
    apigw_error_t   err;

    static const char  set[] =
        SET(RSA(",\"kid\":\"a\"") "," EC("") "," RSA(",\"alg\":\"PS512\""));

    EXPECT(apigw_jwks_parse(&keys, &t->arena, text(set), false, NULL, &err)
           == APIGW_OK);

    EXPECT(apigw_jwks_find(&key, keys, &a, APIGW_JWA_RS384, &err)
           == APIGW_OK);
    EXPECT(key == apigw_jwks_at(keys, 0));

    EXPECT(apigw_jwks_find(&key, keys, &A, APIGW_JWA_RS256, &err)
           == APIGW_EINPUT);
    IS(err.word, "kid_unknown");

    EXPECT(apigw_jwks_find(&key, keys, &none, APIGW_JWA_ES256, &err)
           == APIGW_EINPUT);
    IS(err.word, "kid_unknown");

    /* without kid: one that fits is meant, two are none */

    EXPECT(apigw_jwks_find(&key, keys, NULL, APIGW_JWA_ES256, &err)
           == APIGW_OK);
    EXPECT(key == apigw_jwks_at(keys, 1));
    EXPECT(apigw_jwks_find(&key, keys, NULL, APIGW_JWA_RS256, &err)
           == APIGW_OK);
    EXPECT(apigw_jwks_find(&key, keys, NULL, APIGW_JWA_PS512, &err)
           == APIGW_EINPUT);
    IS(err.word, "kid_unknown");
    EXPECT(apigw_jwks_find(&key, keys, NULL, APIGW_JWA_EDDSA, &err)
           == APIGW_EINPUT);

    apigw_jwks_free(keys);
}


TEST_MAIN(CASE(rfc_7517_a_1_public_keys),
          CASE(rfc_7517_a_3_symmetric_keys),
          CASE(thumbprints_are_those_of_the_rfcs),
          CASE(what_we_publish_we_can_read),
          CASE(keys_for_other_purposes_are_skipped),
          CASE(rsa_keys_have_bounds),
          CASE(an_even_modulus_is_skipped),
          CASE(ec_points_lie_on_their_curve),
          CASE(small_orders_of_ed25519_are_skipped),
          CASE(small_orders_of_ed448_are_skipped),
          CASE(okp_keys_have_one_length_and_curve),
          CASE(a_secret_is_as_long_as_its_hash),
          CASE(sets_that_are_none_are_refused),
          CASE(secrets_and_public_keys_do_not_mix),
          CASE(a_set_holds_at_most_100_keys),
          CASE(twins_are_skipped_both),
          CASE(a_key_is_found_by_kid_or_alone))
