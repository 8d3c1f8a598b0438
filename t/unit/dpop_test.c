
/*
 * A proof passes for the request, the token and the key that it names, in its
 * time, and for nothing else: the RFC's vectors, each member wrong in turn.
 */


#include "apigw_test.h"
#include "apigw_sign.h"

#include "apigw_claims.h"
#include "apigw_dpop.h"

#include <openssl/err.h>


#define NOW    1562262618
#define TOKEN  "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
#define ATH    "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
#define JKT    "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
#define HTU    "https://resource.example.org/protectedresource"

#define RFC_HEADER                                                            \
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI" \
    "6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOV" \
    "ZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtM" \
    "jU2In19"

#define RFC_4_1  RFC_HEADER                                                   \
    ".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi" \
    "8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP" \
    "4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xR" \
    "ZT3Lg"

#define RFC_7_1  RFC_HEADER                                                   \
    ".eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly" \
    "9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2M" \
    "jYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFF" \
    "byJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy" \
    "1dqd-jfxSYoMxhAJpLjA"

#define CLAIMS(htm, htu, iat, jti, more)                                      \
    "{\"htm\":" htm ",\"htu\":" htu ",\"iat\":" iat ",\"jti\":" jti more "}"

#define GOOD_ATH  ",\"ath\":\"" ATH "\""
#define GOOD      CLAIMS("\"GET\"", "\"" HTU "\"", "1562262618", "\"1\"",      \
                         GOOD_ATH)


typedef struct {
    apigw_dpop_rules_t    rules;
    apigw_dpop_request_t  request;
    apigw_str_t           origin;
    uint8_t               jkt[APIGW_JWK_THUMBPRINT];
    int64_t               now;
    apigw_dpop_t          proof;
    apigw_error_t         err;
} scene_t;


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


/* The RFC's request, and its key or ours. */

static void
scene(scene_t *s, const char *jkt)
{
    size_t  len;

    memset(s, 0, sizeof(scene_t));

    s->rules.algorithms = APIGW_DPOP_DEFAULT;
    s->rules.max_age = 60;
    s->origin = text("https://resource.example.org");
    s->request.method = text("GET");
    s->request.path = text("/protectedresource");
    s->request.token = text(TOKEN);
    s->request.origins = &s->origin;
    s->request.norigins = 1;
    s->now = NOW;

    if (jkt) {
        (void) apigw_base64url_decode(text(jkt), s->jkt, &len);
    }
}


static void
scene_key(scene_t *s, sign_key_e kind)
{
    apigw_str_t    members;
    apigw_heap_t   heap;
    apigw_arena_t  arena;

    apigw_heap_arena(&heap, &arena);

    if (apigw_jwk_members(&members, &arena, sign_key(kind)) != APIGW_OK
        || apigw_jwk_members_thumbprint(s->jkt, members) != APIGW_OK)
    {
        abort();
    }

    apigw_heap_free(&heap);
}


/* The fault, "ok" or "memory". */

static const char *
verify(apigw_test_t *t, scene_t *s, const char *proof)
{
    apigw_rc_t  rc;

    s->err.word = "none";
    s->proof.why = NULL;

    rc = apigw_dpop_parse(&s->proof, &t->arena, text(proof), &s->rules,
                          &s->request, s->now, &s->err);

    if (rc == APIGW_OK) {
        rc = apigw_dpop_verify(&s->proof, &t->arena, s->jkt, &s->err);
    }

    if (ERR_peek_error()) {
        return "OpenSSL left an error";
    }

    if (rc == APIGW_EINPUT) {
        return s->proof.why ? s->proof.why : "no reason";
    }

    return rc == APIGW_OK ? "ok" : "memory";
}


/* A proof by our P-256 key, with that header (%s is its jwk) and payload. */

static const char *
proof_of(apigw_test_t *t, scene_t *s, const char *header, const char *payload)
{
    char  jwk[1024], text_of[4096], token[8192];

    sign_jwk(jwk, SIGN_P256, "");
    snprintf(text_of, sizeof(text_of), header, jwk);
    sign_token(token, APIGW_JWA_ES256, sign_key(SIGN_P256), text_of, payload);

    return verify(t, s, token);
}


#define HEADER  "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":%s}"

#define IS(word, wanted)                                                      \
    do {                                                                      \
        const char  *is_ = word;                                              \
                                                                              \
        if (t->fail_at == 0 && strcmp(is_, wanted) != 0) {                    \
            printf("# got \"%s\"\n", is_);                                    \
        }                                                                     \
                                                                              \
        EXPECT(strcmp(is_, wanted) == 0);                                     \
    } while (0)


TEST(rfc_9449_7_1_a_protected_resource)
{
    scene_t  s;

    scene(&s, JKT);
    IS(verify(t, &s, RFC_7_1), "ok");
    EXPECT(s.proof.iat == NOW);
    EXPECT(s.proof.nonce.data == NULL);
    EXPECT(memcmp(s.proof.thumbprint, s.jkt, APIGW_JWK_THUMBPRINT) == 0);
}


TEST(rfc_9449_4_1_is_for_a_token_endpoint)
{
    scene_t         s;
    apigw_jws_t     jws;
    apigw_jwk_t    *key;
    apigw_jwks_t   *keys;
    apigw_str_t     origin = text("https://server.example.com");

    static const char  set[] =
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"l8tFrhx-34tV3h"
        "RICRDY9zCkDlpBhF42UQUfWVAWBFs\",\"y\":\"9VE4jf_Ok_o64zbTTlcuNJajHm"
        "t6v9TDVrU0CdvGRDA\"}]}";

    scene(&s, JKT);
    s.request.method = text("POST");
    s.request.path = text("/token");
    s.request.origins = &origin;

    /* all is well but that a resource needs "ath" */

    IS(verify(t, &s, RFC_4_1), "has no \"ath\"");

    EXPECT(apigw_jws_parse(&jws, &t->arena, text(RFC_4_1), 8192, &s.err)
           == APIGW_OK);
    EXPECT(apigw_jwks_parse(&keys, &t->arena, text(set), false, NULL, &s.err)
           == APIGW_OK);

    key = apigw_jwks_at(keys, 0);
    s.err.word = apigw_jws_verify(&jws, key, &s.err) == APIGW_OK ? "ok" : "bad";
    apigw_jwks_free(keys);

    EXPECT(strcmp(s.err.word, "ok") == 0);
}


TEST(the_digest_is_of_key_and_jti)
{
    scene_t  s;
    uint8_t  digest[APIGW_DPOP_DIGEST];

    scene(&s, NULL);
    scene_key(&s, SIGN_P256);

    IS(proof_of(t, &s, HEADER, GOOD), "ok");
    memcpy(digest, s.proof.digest, sizeof(digest));

    IS(proof_of(t, &s, HEADER,
                CLAIMS("\"GET\"", "\"" HTU "\"", "1562262600", "\"1\"",
                       GOOD_ATH ",\"more\":1")), "ok");
    EXPECT(memcmp(digest, s.proof.digest, sizeof(digest)) == 0);

    IS(proof_of(t, &s, HEADER,
                CLAIMS("\"GET\"", "\"" HTU "\"", "1562262618", "\"2\"",
                       GOOD_ATH)), "ok");
    EXPECT(memcmp(digest, s.proof.digest, sizeof(digest)) != 0);
}


TEST(every_algorithm_that_is_listed)
{
    char         jwk[2048], header[4096], token[8192];
    scene_t      s;
    sign_key_e   kind;
    apigw_jwa_e  alg;

    for (alg = 0; alg < APIGW_JWA_HS256; alg++) {
        kind = sign_key_for(alg);

        scene(&s, NULL);
        scene_key(&s, kind);

        sign_jwk(jwk, kind, "");
        snprintf(header, sizeof(header),
                 "{\"typ\":\"dpop+jwt\",\"alg\":\"%s\",\"jwk\":%s}",
                 apigw_jwa_name(alg), jwk);
        sign_token(token, alg, sign_key(kind), header, GOOD);

        s.rules.algorithms = apigw_jwa_bit(alg);
        IS(verify(t, &s, token), "ok");

        s.rules.algorithms = ~apigw_jwa_bit(alg);
        IS(verify(t, &s, token), "has another \"typ\" or \"alg\"");
    }
}


TEST(another_key_is_a_mismatch)
{
    scene_t  s;

    scene(&s, JKT);
    IS(proof_of(t, &s, HEADER, GOOD), "is by another key than the token's");
    EXPECT(strcmp(s.err.word, "binding_mismatch") == 0);
}


TEST(a_changed_signature)
{
    char     proof[] = RFC_7_1;
    char    *p;
    scene_t  s;

    scene(&s, JKT);

    for (p = strrchr(proof, '.') + 1; p[1]; p += 5) {
        *p = *p == 'A' ? 'B' : 'A';
        IS(verify(t, &s, proof), "has a bad signature");
        strcpy(proof, RFC_7_1);
    }
}


TEST(headers_that_are_refused)
{
    size_t   i;
    scene_t  s;

    static const struct {
        const char  *header;
        const char  *why;
    } cases[] = {
        { "{\"alg\":\"ES256\",\"jwk\":%s}", "has another \"typ\" or \"alg\"" },
        { "{\"typ\":\"JWT\",\"alg\":\"ES256\",\"jwk\":%s}",
          "has another \"typ\" or \"alg\"" },
        { "{\"typ\":\"dpop+jwt\",\"alg\":\"none\",\"jwk\":%s}",
          "is no JWT for us" },
        { "{\"typ\":\"dpop+jwt\",\"jwk\":%s}", "is no JWT for us" },
        { "{\"typ\":\"dpop+jwt\",\"alg\":\"HS256\",\"jwk\":%s}",
          "has another \"typ\" or \"alg\"" },
        { "{\"typ\":\"dpop+jwt\",\"alg\":\"RS256\",\"jwk\":%s}",
          "has another \"typ\" or \"alg\"" },
        { "{\"typ\":\"dpop+jwt\",\"alg\":\"PS256\",\"jwk\":%s}",
          "has a \"jwk\" unfit for its \"alg\"" },
        { "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"crit\":[\"b\"],"
          "\"jwk\":%s}", "is no JWT for us" },
        { "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"b64\":false,\"jwk\":%s}",
          "is no JWT for us" },
        { "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":%s,\"jwk\":{}}",
          "is no JWT for us" },
        { "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\"}", "has no \"jwk\"" },
        { "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":[%s]}",
          "has no \"jwk\"" },
        { "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":\"key\"}",
          "has no \"jwk\"" },
        { "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{}}",
          "has an unfit \"jwk\"" },
        { "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{\"kty\":\"oct\","
          "\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"}}",
          "has an unfit \"jwk\"" },
        { "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\","
          "\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}}",
          "has an unfit \"jwk\"" }
    };

    scene(&s, NULL);
    scene_key(&s, SIGN_P256);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        IS(proof_of(t, &s, cases[i].header, GOOD), cases[i].why);
        EXPECT(strcmp(s.err.word, "dpop_invalid") == 0);
    }
}


TEST(a_private_jwk_is_refused)
{
    size_t   i;
    char     jwk[1024], header[2048], token[8192];
    scene_t  s;

    static const char *const  more[] = {
        ",\"d\":\"AQAB\"", ",\"k\":\"AQAB\"", ",\"p\":\"AQAB\"",
        ",\"use\":\"enc\"", ",\"key_ops\":[\"sign\"]", ",\"alg\":\"ES384\""
    };

    scene(&s, NULL);
    scene_key(&s, SIGN_P256);

    for (i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        sign_jwk(jwk, SIGN_P256, more[i]);
        snprintf(header, sizeof(header), HEADER, jwk);
        sign_token(token, APIGW_JWA_ES256, sign_key(SIGN_P256), header, GOOD);
        IS(verify(t, &s, token), "has an unfit \"jwk\"");
    }
}


TEST(claims_that_are_refused)
{
    size_t   i;
    scene_t  s;

#define HTM_   "\"GET\""
#define HTU_   "\"" HTU "\""
#define IAT_   "1562262618"
#define JTI_   "\"1\""
#define ATH_   GOOD_ATH

    static const struct {
        const char  *claims;
        const char  *why;
    } cases[] = {
        { "[]", "has no claims" },
        { "{}", "has no \"iat\"" },
        { GOOD "x", "has no claims" },
        { CLAIMS(HTM_, HTU_, "\"1562262618\"", JTI_, ATH_), "has no \"iat\"" },
        { CLAIMS(HTM_, HTU_, "-1", JTI_, ATH_), "has no \"iat\"" },
        { CLAIMS(HTM_, HTU_, "1e400", JTI_, ATH_), "has no \"iat\"" },
        { CLAIMS(HTM_, HTU_, "1562262557", JTI_, ATH_), "is too old" },
        { CLAIMS(HTM_, HTU_, "1562262558", JTI_, ATH_), "ok" },
        { CLAIMS(HTM_, HTU_, "1562262623", JTI_, ATH_), "ok" },
        { CLAIMS(HTM_, HTU_, "1562262623.5", JTI_, ATH_), "is of the future" },
        { CLAIMS(HTM_, HTU_, "1562262624", JTI_, ATH_), "is of the future" },
        { CLAIMS("\"get\"", HTU_, IAT_, JTI_, ATH_), "has another \"htm\"" },
        { CLAIMS("\"POST\"", HTU_, IAT_, JTI_, ATH_), "has another \"htm\"" },
        { CLAIMS("1", HTU_, IAT_, JTI_, ATH_), "has another \"htm\"" },
        { CLAIMS(HTM_, "1", IAT_, JTI_, ATH_), "has no \"htu\"" },
        { CLAIMS(HTM_, "\"/protectedresource\"", IAT_, JTI_, ATH_),
          "has an invalid \"htu\"" },
        { CLAIMS(HTM_, "\"https://resource.example.org/\"", IAT_, JTI_, ATH_),
          "has an \"htu\" of another path" },
        { CLAIMS(HTM_, "\"http://resource.example.org/protectedresource\"",
                 IAT_, JTI_, ATH_), "has an \"htu\" of another origin" },
        { CLAIMS(HTM_, HTU_, IAT_, "\"\"", ATH_),
          "has no \"jti\" of 1 to 256 bytes" },
        { CLAIMS(HTM_, HTU_, IAT_, "7", ATH_),
          "has no \"jti\" of 1 to 256 bytes" },
        { CLAIMS(HTM_, HTU_, IAT_, JTI_, ATH_ ",\"nonce\":1"),
          "has a \"nonce\" that is no string" },
        { CLAIMS(HTM_, HTU_, IAT_, JTI_, ATH_ ",\"jti\":\"2\""),
          "has no claims" },
        { CLAIMS(HTM_, HTU_, IAT_, JTI_, ""), "has no \"ath\"" },
        { CLAIMS(HTM_, HTU_, IAT_, JTI_, ",\"ath\":\"" ATH "=\""),
          "has an \"ath\" of another token" },
        { CLAIMS(HTM_, HTU_, IAT_, JTI_, ",\"ath\":\"\""),
          "has an \"ath\" of another token" }
    };

    scene(&s, NULL);
    scene_key(&s, SIGN_P256);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        IS(proof_of(t, &s, HEADER, cases[i].claims), cases[i].why);
    }
}


TEST(jti_is_at_most_256_bytes)
{
    char     jti[300], claims[1024];
    size_t   len;
    scene_t  s;

    scene(&s, NULL);
    scene_key(&s, SIGN_P256);

    for (len = 256; len <= 257; len++) {
        memset(jti, 'j', len);
        jti[len] = '\0';

        snprintf(claims, sizeof(claims),
                 "{\"htm\":\"GET\",\"htu\":\"" HTU "\",\"iat\":1562262618,"
                 "\"jti\":\"%s\"" GOOD_ATH "}", jti);

        IS(proof_of(t, &s, HEADER, claims),
           len == 256 ? "ok" : "has no \"jti\" of 1 to 256 bytes");
    }
}


TEST(a_proof_is_at_most_8192_bytes)
{
    scene_t      s;
    apigw_str_t  long_one;

    scene(&s, JKT);

    long_one.len = APIGW_DPOP_MAX + 1;
    long_one.data = apigw_arena_zalloc(&t->arena, long_one.len);
    EXPECT(long_one.data);

    EXPECT(apigw_dpop_parse(&s.proof, &t->arena, long_one, &s.rules,
                            &s.request, s.now, &s.err)
           == APIGW_EINPUT);
}


TEST(uris_have_one_normal_form)
{
    size_t         i;
    apigw_str_t    origin, path;
    apigw_error_t  err;

    static const char *const  same[][3] = {
        { "https://a.example/x", "https://a.example", "/x" },
        { "HTTPS://A.Example:443/x?q=1#f", "https://a.example", "/x" },
        { "https://a.example:/x#f?q", "https://a.example", "/x" },
        { "https://a.example:00443/x", "https://a.example", "/x" },
        { "https://a.example:8443/x", "https://a.example:8443", "/x" },
        { "https://a.example:80/x", "https://a.example:80", "/x" },
        { "http://a.example:80/x", "http://a.example", "/x" },
        { "http://a.example:443/x", "http://a.example:443", "/x" },
        { "https://a.example:65535", "https://a.example:65535", "/" },
        { "https://a.example?x", "https://a.example", "/" },
        { "https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443", "/" },
        { "https://192.0.2.1/", "https://192.0.2.1", "/" },
        { "https://a/%7Eu/%41%2d%5f%2E", "https://a", "/~u/A-_." },
        { "https://a/a%2fb%3a", "https://a", "/a%2Fb%3A" },
        { "https://a/a/./b/../c", "https://a", "/a/c" },
        { "https://a/a/%2e%2E/b", "https://a", "/b" },
        { "https://a/../../b", "https://a", "/b" },
        { "https://a/a/b/..", "https://a", "/a/" },
        { "https://a/a/b/.", "https://a", "/a/b/" },
        { "https://a/..", "https://a", "/" },
        { "https://a/.../..a/.b", "https://a", "/.../..a/.b" },
        { "https://a//b//", "https://a", "//b//" },
        { "https://a//..//b", "https://a", "//b" },
        { "https://a/%25%32%65", "https://a", "/%252e" },
        { "https://a/:@!$&'()*+,;=", "https://a", "/:@!$&'()*+,;=" }
    };

    for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        EXPECT(apigw_dpop_uri(&origin, &path, &t->arena, text(same[i][0]),
                              &err)
               == APIGW_OK);
        EXPECT(apigw_str_is(origin, same[i][1]));
        EXPECT(apigw_str_is(path, same[i][2]));
    }
}


TEST(uris_that_are_none)
{
    size_t         i;
    apigw_str_t    origin, path;
    apigw_error_t  err;

    static const char *const  bad[] = {
        "", "a", "/x", "//a/x", "https:", "https:/a/x", "https://",
        "https:///x",
        "https://:443/x", "ftp://a/x", "https://u@a/x", "https://u:p@a/x",
        "https://a b/x", "https://a/x y", "https://a/x\ty", "https://a\\b/",
        "https://a:b/", "https://a:0/", "https://a:65536/",
        "https://a:4294967739/", "https://a:443:443/", "https://[::1/",
        "https://[]/", "https://[::1]x/", "https://[g::1]/", "https://a%41/",
        "https://a/%", "https://a/%4", "https://a/%4g", "https://a/\x7f",
        "https://a,b/", " https://a/"
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        EXPECT(apigw_dpop_uri(&origin, &path, &t->arena, text(bad[i]), &err)
               == APIGW_EINPUT);
    }
}


TEST(an_origin_has_no_path)
{
    size_t         i;
    apigw_str_t    origin;
    apigw_error_t  err;

    static const char *const  bad[] = {
        "https://a/x", "https://a//", "https://a?", "https://a/?", "https://a#",
        "https", "a.example", "https:a", ":"
    };

    EXPECT(apigw_dpop_origin(&origin, &t->arena, text("HTTPS://A:443"), &err)
           == APIGW_OK);
    EXPECT(apigw_str_is(origin, "https://a"));
    EXPECT(apigw_dpop_origin(&origin, &t->arena, text("http://a:8080/"), &err)
           == APIGW_OK);
    EXPECT(apigw_str_is(origin, "http://a:8080"));

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        EXPECT(apigw_dpop_origin(&origin, &t->arena, text(bad[i]), &err)
               == APIGW_EINPUT);
    }
}


TEST(a_nonce_lives_for_these_five_minutes_and_the_next)
{
    int            i;
    bool           old;
    uint8_t        nonce[APIGW_DPOP_NONCE];
    apigw_str_t    s = { nonce, sizeof(nonce) };
    apigw_error_t  err;

    static const uint8_t  key[APIGW_DPOP_KEY] = "one key";
    static const uint8_t  other[APIGW_DPOP_KEY] = "another key";

    EXPECT(apigw_dpop_nonce_make(nonce, key, 1200) == APIGW_OK);

    EXPECT(apigw_dpop_nonce_check(s, key, 1200, &old, &err) == APIGW_OK);
    EXPECT(!old);
    EXPECT(apigw_dpop_nonce_check(s, key, 1499, &old, &err) == APIGW_OK);
    EXPECT(!old);
    EXPECT(apigw_dpop_nonce_check(s, key, 1500, &old, &err) == APIGW_OK);
    EXPECT(old);
    EXPECT(apigw_dpop_nonce_check(s, key, 1799, &old, &err) == APIGW_OK);
    EXPECT(old);

    EXPECT(apigw_dpop_nonce_check(s, key, 1800, &old, &err) == APIGW_EINPUT);
    EXPECT(strcmp(err.word, "dpop_nonce_required") == 0);
    EXPECT(apigw_dpop_nonce_check(s, key, 1199, &old, &err) == APIGW_EINPUT);
    EXPECT(apigw_dpop_nonce_check(s, other, 1200, &old, &err) == APIGW_EINPUT);

    for (i = 0; i < APIGW_DPOP_NONCE; i++) {
        nonce[i] ^= 1;
        EXPECT(apigw_dpop_nonce_check(s, key, 1200, &old, &err)
               == APIGW_EINPUT);
        nonce[i] ^= 1;
    }

    s.len--;
    EXPECT(apigw_dpop_nonce_check(s, key, 1200, &old, &err) == APIGW_EINPUT);
    s.len = 0;
    s.data = NULL;
    EXPECT(apigw_dpop_nonce_check(s, key, 1200, &old, &err) == APIGW_EINPUT);
}


TEST_MAIN(
    CASE(rfc_9449_7_1_a_protected_resource),
    CASE(rfc_9449_4_1_is_for_a_token_endpoint),
    CASE(the_digest_is_of_key_and_jti),
    CASE(every_algorithm_that_is_listed),
    CASE(another_key_is_a_mismatch),
    CASE(a_changed_signature),
    CASE(headers_that_are_refused),
    CASE(a_private_jwk_is_refused),
    CASE(claims_that_are_refused),
    CASE(jti_is_at_most_256_bytes),
    CASE(a_proof_is_at_most_8192_bytes),
    CASE(uris_have_one_normal_form),
    CASE(uris_that_are_none),
    CASE(an_origin_has_no_path),
    CASE(a_nonce_lives_for_these_five_minutes_and_the_next)
)
