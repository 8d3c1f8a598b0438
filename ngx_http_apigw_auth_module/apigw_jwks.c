
/* The rules of a key set, and finding a key in it. */


#include "apigw_json_reader.h"
#include "apigw_jwk_key.h"

#include <openssl/crypto.h>


static const apigw_json_options_t  apigw_jwks_json = {
    .max_depth = 16,
    .max_members = 128,
    .duplicates = APIGW_JSON_DUP_REJECT,
    .root_object = true,
    .refuse_bom = true,
    .refuse_nul = true,
    .refuse_lone = true
};


static apigw_rc_t apigw_jwks_read(apigw_jwks_t **out, apigw_arena_t *arena,
    const cJSON *root, bool symmetric, apigw_jwks_report_t *report,
    apigw_error_t *err);
static const char *apigw_jwks_mixed(const cJSON *keys, bool symmetric);
static apigw_rc_t apigw_jwks_fill(apigw_jwks_t *set, apigw_arena_t *arena,
    const cJSON *keys, apigw_jwks_report_t *report);
static void apigw_jwks_drop_twins(apigw_jwks_t *set,
    apigw_jwks_report_t *report);
static void apigw_jwks_skip(apigw_jwks_report_t *report,
    const apigw_jwk_t *key, const char *why);
static void apigw_jwks_wipe(cJSON *root);
static apigw_rc_t apigw_jwks_fault(apigw_error_t *err, const char *word);


apigw_rc_t
apigw_jwks_parse(apigw_jwks_t **out, apigw_arena_t *arena, apigw_str_t text,
    bool symmetric, apigw_jwks_report_t *report, apigw_error_t *err)
{
    cJSON                *root;
    apigw_rc_t            rc;
    apigw_jwks_report_t   ignored;

    if (report == NULL) {
        report = &ignored;
    }

    report->skips = NULL;
    report->nskips = 0;

    rc = apigw_json_check(arena, &apigw_jwks_json, text, err);

    if (rc == APIGW_ENOMEM) {
        return rc;
    }

    if (rc != APIGW_OK) {
        err->word = "is not strict JSON with an object at its root";
        return APIGW_EINPUT;
    }

    root = cJSON_ParseWithLength((const char *) text.data, text.len);
    if (root == NULL) {
        return APIGW_ENOMEM;
    }

    rc = apigw_jwks_read(out, arena, root, symmetric, report, err);

    apigw_jwks_wipe(root);
    cJSON_Delete(root);

    return rc;
}


static apigw_rc_t
apigw_jwks_read(apigw_jwks_t **out, apigw_arena_t *arena, const cJSON *root,
    bool symmetric, apigw_jwks_report_t *report, apigw_error_t *err)
{
    int            n;
    apigw_rc_t     rc;
    const char    *fault;
    const cJSON   *keys;
    apigw_jwks_t  *set;

    keys = cJSON_GetObjectItemCaseSensitive(root, "keys");
    if (!cJSON_IsArray(keys)) {
        return apigw_jwks_fault(err, "has no \"keys\" array");
    }

    n = cJSON_GetArraySize(keys);
    if (n > APIGW_JWKS_MAX_KEYS) {
        (void) apigw_jwks_fault(err, "has more than 100 keys");
        return APIGW_ELIMIT;
    }

    fault = apigw_jwks_mixed(keys, symmetric);
    if (fault) {
        return apigw_jwks_fault(err, fault);
    }

    report->skips = apigw_arena_array(arena, n, sizeof(apigw_jwk_skip_t));
    if (report->skips == NULL) {
        return APIGW_ENOMEM;
    }

    set = apigw_arena_zalloc(arena, sizeof(apigw_jwks_t));
    if (set == NULL) {
        return APIGW_ENOMEM;
    }

    set->keys = apigw_arena_zalloc(arena, n * sizeof(apigw_jwk_t));
    if (set->keys == NULL) {
        return APIGW_ENOMEM;
    }

    rc = apigw_jwks_fill(set, arena, keys, report);

    if (rc == APIGW_OK) {
        apigw_jwks_drop_twins(set, report);

        if (set->nkeys == 0) {
            rc = apigw_jwks_fault(err, "has no usable key");
        }
    }

    if (rc != APIGW_OK) {
        apigw_jwks_free(set);
        return rc;
    }

    *out = set;

    return APIGW_OK;
}


/*
 * A public key taken for a secret is a classic forgery, so the two kinds never
 * share a set, whether its keys are usable or not.
 */

static const char *
apigw_jwks_mixed(const cJSON *keys, bool symmetric)
{
    bool          secret, public;
    const cJSON  *jwk;

    secret = false;
    public = false;

    cJSON_ArrayForEach(jwk, keys) {
        switch (apigw_jwk_kty(jwk)) {

        case APIGW_JWK_OCT:
            secret = true;
            break;

        case APIGW_JWK_KTY_N:
            break;

        default:
            public = true;
        }
    }

    if (secret && public) {
        return "mixes oct with public keys";
    }

    if (secret && !symmetric) {
        return "has oct keys, which only a file for HS algorithms may hold";
    }

    return NULL;
}


static apigw_rc_t
apigw_jwks_fill(apigw_jwks_t *set, apigw_arena_t *arena, const cJSON *keys,
    apigw_jwks_report_t *report)
{
    size_t         index;
    apigw_rc_t     rc;
    const char    *why;
    const cJSON   *jwk;
    apigw_jwk_t   *key;

    index = 0;

    cJSON_ArrayForEach(jwk, keys) {
        key = &set->keys[set->nkeys];

        key->set = set;
        key->index = index++;

        rc = apigw_jwk_read(key, arena, jwk, &why);

        if (rc == APIGW_OK) {
            set->nkeys++;
            continue;
        }

        apigw_jwk_release(key);

        if (rc != APIGW_EINPUT) {
            return rc;
        }

        apigw_jwks_skip(report, key, why);
        memset(key, 0, sizeof(apigw_jwk_t));
    }

    return APIGW_OK;
}


/* Of keys equal in kid, kty and alg none can be meant: all of them go. */

static void
apigw_jwks_drop_twins(apigw_jwks_t *set, apigw_jwks_report_t *report)
{
    size_t        i, k, n;
    apigw_jwk_t  *a, *b;

    for (i = 0; i < set->nkeys; i++) {
        a = &set->keys[i];

        for (k = i + 1; k < set->nkeys; k++) {
            b = &set->keys[k];

            if (a->kid.data && b->kid.data && apigw_str_eq(a->kid, b->kid)
                && a->kty == b->kty && a->alg == b->alg)
            {
                a->twin = true;
                b->twin = true;
            }
        }
    }

    n = 0;

    for (i = 0; i < set->nkeys; i++) {
        a = &set->keys[i];

        if (a->twin) {
            apigw_jwks_skip(report, a, "another key has its kid, kty and alg");
            apigw_jwk_release(a);
            continue;
        }

        if (n != i) {
            set->keys[n] = *a;
        }

        n++;
    }

    set->nkeys = n;
}


static void
apigw_jwks_skip(apigw_jwks_report_t *report, const apigw_jwk_t *key,
    const char *why)
{
    apigw_jwk_skip_t  *skip;

    skip = &report->skips[report->nskips++];

    skip->index = key->index;
    skip->kid = key->kid;
    skip->why = why;
}


/* Secrets do not stay behind in freed memory. */

static void
apigw_jwks_wipe(cJSON *root)
{
    char   *k;
    cJSON  *jwk;

    cJSON_ArrayForEach(jwk, cJSON_GetObjectItemCaseSensitive(root, "keys")) {
        k = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(jwk, "k"));

        if (k) {
            OPENSSL_cleanse(k, strlen(k));
        }
    }
}


void
apigw_jwks_free(apigw_jwks_t *set)
{
    size_t  i;

    if (set == NULL) {
        return;
    }

    for (i = 0; i < set->nkeys; i++) {
        apigw_jwk_release(&set->keys[i]);
    }

    for (i = 0; i < APIGW_JWK_MD_N; i++) {
        EVP_MD_free(set->md[i]);
        set->md[i] = NULL;
    }

    EVP_MAC_free(set->hmac);
    EVP_MD_CTX_free(set->digest);
    EVP_MD_CTX_free(set->eddsa);

    set->hmac = NULL;
    set->digest = NULL;
    set->eddsa = NULL;
    set->nkeys = 0;
}


size_t
apigw_jwks_count(const apigw_jwks_t *set)
{
    return set->nkeys;
}


apigw_jwk_t *
apigw_jwks_at(const apigw_jwks_t *set, size_t i)
{
    return &set->keys[i];
}


apigw_rc_t
apigw_jwks_find(apigw_jwk_t **out, const apigw_jwks_t *set,
    const apigw_str_t *kid, apigw_jwa_e alg, apigw_error_t *err)
{
    bool          known;
    size_t        i, fits;
    apigw_jwk_t  *key, *found;

    known = false;
    found = NULL;
    fits = 0;

    for (i = 0; i < set->nkeys; i++) {
        key = &set->keys[i];

        if (kid && (key->kid.data == NULL || !apigw_str_eq(key->kid, *kid))) {
            continue;
        }

        known = true;

        if (!(key->algorithms & apigw_jwa_bit(alg))) {
            continue;
        }

        fits++;

        /* under one kid, a key that names the algorithm is the one meant */

        if (found == NULL || (kid && key->alg == alg)) {
            found = key;
        }
    }

    if (fits == 1 || (kid && found && found->alg == alg)) {
        *out = found;
        return APIGW_OK;
    }

    err->offset = 0;

    if (kid && known) {
        err->word = "alg_not_allowed";
        return APIGW_EUNSUPPORTED;
    }

    err->word = "kid_unknown";

    return APIGW_EINPUT;
}


apigw_jwk_t *
apigw_jwks_find_thumbprint(const apigw_jwks_t *set, const uint8_t *thumbprint)
{
    size_t  i;

    for (i = 0; i < set->nkeys; i++) {
        if (memcmp(set->keys[i].thumbprint, thumbprint, APIGW_JWK_THUMBPRINT)
            == 0)
        {
            return &set->keys[i];
        }
    }

    return NULL;
}


apigw_str_t
apigw_jwk_kid(const apigw_jwk_t *key)
{
    return key->kid;
}


const uint8_t *
apigw_jwk_thumbprint(const apigw_jwk_t *key)
{
    return key->thumbprint;
}


apigw_jwa_set_t
apigw_jwk_algorithms(const apigw_jwk_t *key)
{
    return key->algorithms;
}


static apigw_rc_t
apigw_jwks_fault(apigw_error_t *err, const char *word)
{
    err->word = word;
    err->offset = 0;

    return APIGW_EINPUT;
}
