
#include "apigw_tool_jose.h"

#include "apigw_base64url.h"
#include "apigw_json_reader.h"
#include "apigw_jwk_write.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>


#define JOSE_SECRET    64            /* bytes of a new HS key */
#define JOSE_KEY_FILE  16384


static char *jose_members(const jose_alg_t *alg, const char *path);
static EVP_PKEY *jose_pkey(const jose_alg_t *alg, const char *path);
static char *jose_base64url(const void *data, size_t len);
static void jose_set_json(jwt_t *jwt, const char *name, size_t len,
    const char *json);
static bool jose_is_json(const char *text);


static const jose_alg_t  jose_algs[] = {
    { "RS256", JWT_ALG_RS256, NULL, false },
    { "RS384", JWT_ALG_RS384, NULL, false },
    { "RS512", JWT_ALG_RS512, NULL, false },
    { "ES256", JWT_ALG_ES256, "P-256", false },
    { "ES384", JWT_ALG_ES384, "P-384", false },
    { "ES512", JWT_ALG_ES512, "P-521", false },
    { "HS256", JWT_ALG_HS256, NULL, true },
    { "HS384", JWT_ALG_HS384, NULL, true },
    { "HS512", JWT_ALG_HS512, NULL, true }
};

#define JOSE_ALGS  (sizeof(jose_algs) / sizeof(jose_algs[0]))


const jose_alg_t *
jose_alg(size_t i)
{
    return i < JOSE_ALGS ? &jose_algs[i] : NULL;
}


const jose_alg_t *
jose_alg_find(const char *name)
{
    size_t  i;

    for (i = 0; i < JOSE_ALGS; i++) {
        if (strcmp(name, jose_algs[i].name) == 0) {
            return &jose_algs[i];
        }
    }

    return NULL;
}


void
jose_generate(const jose_alg_t *alg, const char *path, tool_write_e how)
{
    BIO       *bio;
    char      *text, *line;
    long       len;
    uint8_t    secret[JOSE_SECRET];
    EVP_PKEY  *pkey;

    if (alg->secret) {
        if (RAND_priv_bytes(secret, sizeof(secret)) != 1) {
            tool_die(TOOL_FAILED, "OpenSSL gives no random bytes");
        }

        text = jose_base64url(secret, sizeof(secret));
        line = tool_format("%s\n", text);
        tool_write(path, line, strlen(line), 0600, how);

        OPENSSL_cleanse(secret, sizeof(secret));
        OPENSSL_clear_free(line, strlen(line));
        OPENSSL_clear_free(text, strlen(text));
        return;
    }

    pkey = alg->curve ? EVP_EC_gen(alg->curve) : EVP_RSA_gen(2048);
    bio = BIO_new(BIO_s_secmem());

    if (pkey == NULL || bio == NULL
        || PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1)
    {
        tool_die(TOOL_FAILED, "OpenSSL makes no key");
    }

    len = BIO_get_mem_data(bio, &text);
    tool_write(path, text, len, 0600, how);

    BIO_free(bio);
    EVP_PKEY_free(pkey);
}


char *
jose_key(const jose_alg_t *alg, const char *path, size_t *len)
{
    char         *text, *secret;
    apigw_str_t   in;

    text = tool_read(path, JOSE_KEY_FILE, len);

    if (!alg->secret) {
        return text;
    }

    in.data = (const uint8_t *) text;
    in.len = strcspn(text, "\r\n");

    secret = tool_alloc(apigw_base64url_decoded_len(in.len));

    if (apigw_base64url_decode(in, (uint8_t *) secret, len) != APIGW_OK
        || *len < 32)
    {
        tool_die(TOOL_FAILED, "%s is not a line of base64url for 32 bytes or "
                              "more", path);
    }

    OPENSSL_cleanse(text, in.len);
    free(text);

    return secret;
}


char *
jose_thumbprint(const jose_alg_t *alg, const char *path)
{
    char         *members;
    uint8_t       digest[APIGW_JWK_THUMBPRINT];
    apigw_str_t   in;

    members = jose_members(alg, path);

    in.data = (const uint8_t *) members;
    in.len = strlen(members);

    if (apigw_jwk_members_thumbprint(digest, in) != APIGW_OK) {
        tool_die(TOOL_FAILED, "OpenSSL computes no SHA-256");
    }

    free(members);

    return jose_base64url(digest, sizeof(digest));
}


char *
jose_jwk(const jose_alg_t *alg, const char *path, const char *kid)
{
    char  *members, *own, *quoted, *jwk;

    members = jose_members(alg, path);
    own = kid ? NULL : jose_thumbprint(alg, path);
    kid = kid ? kid : own;
    quoted = jose_quote(kid, strlen(kid));

    jwk = tool_format("{%s,\"kid\":%s,\"alg\":\"%s\",\"use\":\"sig\"}",
                      members, quoted, alg->name);

    free(members);
    free(own);
    free(quoted);

    return jwk;
}


static char *
jose_members(const jose_alg_t *alg, const char *path)
{
    char           *copy, *secret;
    size_t          len;
    EVP_PKEY       *pkey;
    apigw_rc_t      rc;
    apigw_str_t     members, in;
    apigw_heap_t    heap;
    apigw_arena_t   arena;

    apigw_heap_arena(&heap, &arena);

    if (alg->secret) {
        secret = jose_key(alg, path, &len);

        in.data = (const uint8_t *) secret;
        in.len = len;

        rc = apigw_jwk_members_oct(&members, &arena, in);

        OPENSSL_cleanse(secret, len);
        free(secret);

    } else {
        pkey = jose_pkey(alg, path);
        rc = apigw_jwk_members(&members, &arena, pkey);
        EVP_PKEY_free(pkey);
    }

    if (rc != APIGW_OK) {
        tool_die(TOOL_FAILED, "cannot show %s as a JWK", path);
    }

    copy = tool_format("%.*s", (int) members.len, (char *) members.data);
    apigw_heap_free(&heap);

    return copy;
}


static EVP_PKEY *
jose_pkey(const jose_alg_t *alg, const char *path)
{
    BIO       *bio;
    char      *pem;
    size_t     len;
    EVP_PKEY  *pkey;

    pem = tool_read(path, JOSE_KEY_FILE, &len);
    bio = BIO_new_mem_buf(pem, (int) len);
    pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;

    if (pkey == NULL || !EVP_PKEY_is_a(pkey, alg->curve ? "EC" : "RSA")) {
        tool_die(TOOL_FAILED, "%s is no private key for %s", path, alg->name);
    }

    BIO_free(bio);
    OPENSSL_cleanse(pem, len);
    free(pem);

    return pkey;
}


char *
jose_quote(const char *in, size_t len)
{
    char           *out, *p;
    size_t          i;
    unsigned char   ch;

    out = tool_alloc(len * 6 + 3);
    p = out;

    *p++ = '"';

    for (i = 0; i < len; i++) {
        ch = (unsigned char) in[i];

        if (ch < 0x20 || ch == '"' || ch == '\\') {
            p += sprintf(p, "\\u%04x", ch);

        } else {
            *p++ = (char) ch;
        }
    }

    *p++ = '"';
    *p = '\0';

    return out;
}


static char *
jose_base64url(const void *data, size_t len)
{
    char         *text;
    apigw_str_t   in;

    in.data = data;
    in.len = len;

    text = tool_alloc(apigw_base64url_encoded_len(len) + 1);
    text[apigw_base64url_encode(in, (uint8_t *) text)] = '\0';

    return text;
}


void
jose_set_string(jwt_t *jwt, const char *name, const char *value)
{
    char  *json;

    json = jose_quote(value, strlen(value));
    jose_set_json(jwt, name, strlen(name), json);
    free(json);
}


void
jose_set_number(jwt_t *jwt, const char *name, long value)
{
    char  *json;

    json = tool_format("%ld", value);
    jose_set_json(jwt, name, strlen(name), json);
    free(json);
}


void
jose_set_list(jwt_t *jwt, const char *name, const char *list)
{
    char        *json, *item, *more;
    size_t       len;
    const char  *p;

    if (strchr(list, ',') == NULL) {
        jose_set_string(jwt, name, list);
        return;
    }

    json = tool_format("[");

    for (p = list; ; p += len + 1) {
        len = strcspn(p, ",");

        item = jose_quote(p, len);
        more = tool_format("%s%s%c", json, item, p[len] ? ',' : ']');

        free(item);
        free(json);
        json = more;

        if (p[len] == '\0') {
            break;
        }
    }

    jose_set_json(jwt, name, strlen(name), json);
    free(json);
}


void
jose_set_claim(jwt_t *jwt, const char *claim)
{
    char        *json;
    const char  *value;

    value = strchr(claim, '=') + 1;

    json = jose_is_json(value) ? tool_format("%s", value)
                                : jose_quote(value, strlen(value));

    jose_set_json(jwt, claim, value - 1 - claim, json);
    free(json);
}


/* Sets a claim anew; as JSON, so that every integer stays what it is. */

static void
jose_set_json(jwt_t *jwt, const char *name, size_t len, const char *json)
{
    char  *quoted, *object;

    quoted = jose_quote(name, len);
    object = tool_format("{%s:%s}", quoted, json);

    if (jwt_add_grants_json(jwt, object) != 0) {
        tool_die(TOOL_USAGE, "claim \"%.*s\" is not UTF-8, or beyond libjwt",
                 (int) len, name);
    }

    free(object);
    free(quoted);
}


static bool
jose_is_json(const char *text)
{
    apigw_rc_t      rc;
    apigw_str_t     doc;
    apigw_heap_t    heap;
    apigw_arena_t   arena;
    apigw_error_t   err;

    static const apigw_json_options_t  strict = {
        .duplicates = APIGW_JSON_DUP_REJECT
    };

    doc.data = (const uint8_t *) text;
    doc.len = strlen(text);

    apigw_heap_arena(&heap, &arena);
    rc = apigw_json_check(&arena, &strict, doc, &err);
    apigw_heap_free(&heap);

    return rc == APIGW_OK;
}
