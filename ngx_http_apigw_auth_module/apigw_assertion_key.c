
#include "apigw_assertion.h"

#include "apigw_base64url.h"
#include "apigw_json_writer.h"
#include "apigw_jwk_write.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>


#define APIGW_ASSERTION_RSA_MIN  2048
#define APIGW_ASSERTION_RSA_MAX  8192


static apigw_rc_t apigw_assertion_key_secret(apigw_assertion_key_t *key,
    apigw_arena_t *arena, apigw_str_t text, apigw_error_t *err);
static EVP_PKEY *apigw_assertion_pem(apigw_str_t text, bool public_too,
    bool *private_key);
static int apigw_assertion_no_password(char *buf, int size, int rwflag,
    void *u);
static const char *apigw_assertion_unfit(EVP_PKEY *pkey,
    apigw_assertion_alg_e *alg);
static apigw_rc_t apigw_assertion_describe(apigw_assertion_key_t *key,
    apigw_arena_t *arena, EVP_PKEY *pkey);
static apigw_rc_t apigw_assertion_jwk(apigw_str_t *out, apigw_arena_t *arena,
    apigw_str_t members, apigw_str_t kid, const char *alg);
static apigw_rc_t apigw_assertion_fail(apigw_error_t *err, const char *word);


static const char *const  apigw_assertion_names[] = {
    "RS256", "ES256", "HS256"
};


apigw_assertion_alg_e
apigw_assertion_alg(apigw_str_t name)
{
    int  i;

    for (i = 0; i < APIGW_ASSERTION_ALG_N; i++) {
        if (apigw_str_is(name, apigw_assertion_names[i])) {
            break;
        }
    }

    return i;
}


apigw_rc_t
apigw_assertion_key(apigw_assertion_key_t *key, apigw_arena_t *arena,
    apigw_assertion_alg_e alg, apigw_str_t text, apigw_error_t *err)
{
    bool                    private_key;
    EVP_PKEY               *pkey;
    apigw_rc_t              rc;
    const char             *why;
    apigw_assertion_key_t   made;
    apigw_assertion_alg_e   kind;

    if (alg == APIGW_ASSERTION_HS256) {
        return apigw_assertion_key_secret(key, arena, text, err);
    }

    pkey = apigw_assertion_pem(text, false, &private_key);
    if (pkey == NULL) {
        return apigw_assertion_fail(err, "holds no private key in PEM without "
                                         "a password");
    }

    why = apigw_assertion_unfit(pkey, &kind);

    if (why == NULL && kind != alg) {
        why = (alg == APIGW_ASSERTION_RS256) ? "holds no RSA key for RS256"
                                             : "holds no P-256 key for ES256";
    }

    if (why) {
        EVP_PKEY_free(pkey);
        return apigw_assertion_fail(err, why);
    }

    memset(&made, 0, sizeof(apigw_assertion_key_t));

    made.alg = alg;
    made.private_key = true;
    made.secret.data = apigw_arena_dup(arena, text.data, text.len);
    made.secret.len = text.len;

    rc = made.secret.data ? apigw_assertion_describe(&made, arena, pkey)
                          : APIGW_ENOMEM;

    EVP_PKEY_free(pkey);

    if (rc == APIGW_OK) {
        *key = made;

    } else if (made.secret.data) {
        OPENSSL_cleanse((void *) made.secret.data, made.secret.len);
    }

    return rc;
}


/* One line, as the tools write it. */

static apigw_rc_t
apigw_assertion_key_secret(apigw_assertion_key_t *key, apigw_arena_t *arena,
    apigw_str_t text, apigw_error_t *err)
{
    apigw_rc_t   rc;
    apigw_str_t  secret;

    if (text.len && text.data[text.len - 1] == '\n') {
        text.len--;
    }

    rc = apigw_base64url_decode_dup(arena, text, &secret);

    if (rc == APIGW_ENOMEM) {
        return rc;
    }

    if (rc != APIGW_OK) {
        return apigw_assertion_fail(err, "holds no line of base64url for "
                                         "HS256");
    }

    if (secret.len < APIGW_ASSERTION_SECRET_MIN) {
        OPENSSL_cleanse((void *) secret.data, secret.len);
        return apigw_assertion_fail(err, "holds less than 32 bytes for HS256");
    }

    memset(key, 0, sizeof(apigw_assertion_key_t));

    key->alg = APIGW_ASSERTION_HS256;
    key->private_key = true;
    key->secret = secret;

    return APIGW_OK;
}


apigw_rc_t
apigw_assertion_key_public(apigw_assertion_key_t *key, apigw_arena_t *arena,
    apigw_str_t text, apigw_error_t *err)
{
    EVP_PKEY               *pkey;
    apigw_rc_t              rc;
    const char             *why;
    apigw_assertion_key_t   made;

    memset(&made, 0, sizeof(apigw_assertion_key_t));

    pkey = apigw_assertion_pem(text, true, &made.private_key);
    if (pkey == NULL) {
        return apigw_assertion_fail(err, "holds no key in PEM without a "
                                         "password");
    }

    why = apigw_assertion_unfit(pkey, &made.alg);

    rc = why ? apigw_assertion_fail(err, why)
             : apigw_assertion_describe(&made, arena, pkey);

    EVP_PKEY_free(pkey);

    if (rc == APIGW_OK) {
        *key = made;
    }

    return rc;
}


static EVP_PKEY *
apigw_assertion_pem(apigw_str_t text, bool public_too, bool *private_key)
{
    BIO       *bio;
    EVP_PKEY  *pkey;

    if (text.len > APIGW_ASSERTION_KEY_FILE) {
        return NULL;
    }

    bio = BIO_new_mem_buf(text.data, (int) text.len);
    if (bio == NULL) {
        ERR_clear_error();
        return NULL;
    }

    pkey = PEM_read_bio_PrivateKey(bio, NULL, apigw_assertion_no_password,
                                   NULL);
    *private_key = (pkey != NULL);

    if (pkey == NULL && public_too && BIO_reset(bio) >= 0) {
        pkey = PEM_read_bio_PUBKEY(bio, NULL, apigw_assertion_no_password,
                                   NULL);
    }

    BIO_free(bio);
    ERR_clear_error();

    return pkey;
}


/* OpenSSL would else ask for it at the terminal. */

static int
apigw_assertion_no_password(char *buf, int size, int rwflag, void *u)
{
    (void) buf;
    (void) size;
    (void) rwflag;
    (void) u;

    return -1;
}


/* What is wrong with a key, or NULL: then *alg is what it is for. */

static const char *
apigw_assertion_unfit(EVP_PKEY *pkey, apigw_assertion_alg_e *alg)
{
    int      bits;
    char     group[32];
    size_t   len;

    if (EVP_PKEY_is_a(pkey, "RSA")) {
        *alg = APIGW_ASSERTION_RS256;
        bits = EVP_PKEY_get_bits(pkey);

        return (bits < APIGW_ASSERTION_RSA_MIN
                || bits > APIGW_ASSERTION_RSA_MAX)
               ? "holds an RSA key that has not 2048 to 8192 bits" : NULL;
    }

    *alg = APIGW_ASSERTION_ES256;

    if (!EVP_PKEY_is_a(pkey, "EC")) {
        return "holds a key that is neither RSA nor EC";
    }

    if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) != 1
        || (strcmp(group, "prime256v1") != 0 && strcmp(group, "P-256") != 0))
    {
        ERR_clear_error();
        return "holds an EC key on another curve than P-256";
    }

    return NULL;
}


/* Its id and what is published of it. */

static apigw_rc_t
apigw_assertion_describe(apigw_assertion_key_t *key, apigw_arena_t *arena,
    EVP_PKEY *pkey)
{
    uint8_t      *text, digest[APIGW_JWK_THUMBPRINT];
    apigw_rc_t    rc;
    apigw_str_t   members, in = { digest, sizeof(digest) };

    rc = apigw_jwk_members(&members, arena, pkey);

    if (rc == APIGW_OK) {
        rc = apigw_jwk_members_thumbprint(digest, members);
    }

    if (rc != APIGW_OK) {
        return rc;
    }

    text = apigw_arena_alloc(arena,
                             apigw_base64url_encoded_len(sizeof(digest)) + 1);
    if (text == NULL) {
        return APIGW_ENOMEM;
    }

    key->kid.len = apigw_base64url_encode(in, text);
    key->kid.data = text;
    text[key->kid.len] = '\0';

    return apigw_assertion_jwk(&key->jwk, arena, members, key->kid,
                               apigw_assertion_names[key->alg]);
}


static apigw_rc_t
apigw_assertion_jwk(apigw_str_t *out, apigw_arena_t *arena,
    apigw_str_t members, apigw_str_t kid, const char *alg)
{
    apigw_str_t          name = { (const uint8_t *) alg, strlen(alg) };
    apigw_json_writer_t  w;

    static const apigw_str_t  keys[] = {
        apigw_str("kid"), apigw_str("alg"), apigw_str("use")
    };
    static const apigw_str_t  sig = apigw_str("sig");

    apigw_json_writer_init(&w, arena);

    apigw_json_write_object(&w);
    apigw_json_write_members_raw(&w, members);
    apigw_json_write_key(&w, keys[0]);
    apigw_json_write_string(&w, kid);
    apigw_json_write_key(&w, keys[1]);
    apigw_json_write_string(&w, name);
    apigw_json_write_key(&w, keys[2]);
    apigw_json_write_string(&w, sig);
    apigw_json_write_close(&w);

    return apigw_json_writer_finish(&w, out);
}


apigw_rc_t
apigw_assertion_jwks(apigw_str_t *out, apigw_arena_t *arena,
    const apigw_assertion_key_t *keys, size_t nkeys)
{
    size_t               i, k;
    apigw_json_writer_t  w;

    static const apigw_str_t  name = apigw_str("keys");

    apigw_json_writer_init(&w, arena);

    apigw_json_write_object(&w);
    apigw_json_write_key(&w, name);
    apigw_json_write_array(&w);

    for (i = 0; i < nkeys; i++) {

        for (k = 0; k < i && !apigw_str_eq(keys[k].kid, keys[i].kid); k++) {
            /* void */
        }

        if (k == i && keys[i].jwk.len) {
            apigw_json_write_raw(&w, keys[i].jwk);
        }
    }

    apigw_json_write_close(&w);
    apigw_json_write_close(&w);

    return apigw_json_writer_finish(&w, out);
}


static apigw_rc_t
apigw_assertion_fail(apigw_error_t *err, const char *word)
{
    err->word = word;
    err->offset = 0;

    return APIGW_EINPUT;
}
