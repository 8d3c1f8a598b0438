
/* The form and the header of a compact JWS. */


#include "apigw_jws.h"

#include "apigw_base64url.h"
#include "apigw_json_value.h"


#define APIGW_JWS_PARTS  5           /* of a JWE; more are not counted */
#define APIGW_JWS_PEEK   64          /* characters; in 4s */


static const apigw_json_options_t  apigw_jws_json = {
    .max_depth = 16,
    .max_members = 128,
    .duplicates = APIGW_JSON_DUP_REJECT,
    .root_object = true,
    .refuse_bom = true,
    .refuse_nul = true,
    .refuse_lone = true
};


static size_t apigw_jws_split(apigw_str_t token, apigw_str_t *parts);
static apigw_rc_t apigw_jws_header(apigw_jws_t *jws, apigw_arena_t *arena,
    apigw_error_t *err);
static apigw_rc_t apigw_jws_member(apigw_jws_t *jws, apigw_arena_t *arena,
    const apigw_json_value_t *member, apigw_error_t *err);
static bool apigw_jws_name_is(const apigw_json_value_t *member,
    const char *name);
static bool apigw_jws_typ_eq(apigw_str_t a, apigw_str_t b, size_t len);
static apigw_rc_t apigw_jws_fault(apigw_error_t *err, apigw_rc_t rc,
    const char *word);


apigw_token_kind_e
apigw_jws_kind(apigw_str_t token)
{
    size_t       i, len, n;
    uint8_t      json[apigw_base64url_decoded_len(APIGW_JWS_PEEK)];
    apigw_str_t  parts[APIGW_JWS_PARTS];

    n = apigw_jws_split(token, parts);

    if (n == 5) {
        return APIGW_TOKEN_JWE;
    }

    if (n != 3) {
        return APIGW_TOKEN_OPAQUE;
    }

    if (parts[0].len > APIGW_JWS_PEEK) {
        parts[0].len = APIGW_JWS_PEEK;
    }

    if (apigw_base64url_decode(parts[0], json, &len) != APIGW_OK) {
        return APIGW_TOKEN_OPAQUE;
    }

    for (i = 0; i < len; i++) {
        if (json[i] != ' ' && json[i] != '\t' && json[i] != '\r'
            && json[i] != '\n')
        {
            break;
        }
    }

    return i < len && json[i] == '{' ? APIGW_TOKEN_JWS : APIGW_TOKEN_OPAQUE;
}


/* Returns how many parts there are; APIGW_JWS_PARTS + 1 for too many. */

static size_t
apigw_jws_split(apigw_str_t token, apigw_str_t *parts)
{
    size_t          n;
    const uint8_t  *p, *end, *dot;

    p = token.data;
    end = p + token.len;

    for (n = 0; n < APIGW_JWS_PARTS; n++) {
        dot = p < end ? memchr(p, '.', end - p) : NULL;

        parts[n].data = p;
        parts[n].len = (dot ? dot : end) - p;

        if (dot == NULL) {
            return n + 1;
        }

        p = dot + 1;
    }

    return APIGW_JWS_PARTS + 1;
}


apigw_rc_t
apigw_jws_parse(apigw_jws_t *jws, apigw_arena_t *arena, apigw_str_t token,
    size_t max, apigw_error_t *err)
{
    size_t        i, n;
    apigw_rc_t    rc;
    apigw_str_t   parts[APIGW_JWS_PARTS], *decoded[3];

    if (token.len > max) {
        return apigw_jws_fault(err, APIGW_ELIMIT, "token_too_large");
    }

    memset(jws, 0, sizeof(apigw_jws_t));

    n = apigw_jws_split(token, parts);

    if (n == 5) {
        return apigw_jws_fault(err, APIGW_EUNSUPPORTED, "jwe_unsupported");
    }

    if (n != 3) {
        return apigw_jws_fault(err, APIGW_EINPUT, "token_malformed");
    }

    decoded[0] = &jws->header;
    decoded[1] = &jws->payload;
    decoded[2] = &jws->signature;

    for (i = 0; i < 3; i++) {
        rc = parts[i].len
             ? apigw_base64url_decode_dup(arena, parts[i], decoded[i])
             : APIGW_EINPUT;

        if (rc != APIGW_OK) {
            return apigw_jws_fault(err, rc, "token_malformed");
        }
    }

    jws->input.data = token.data;
    jws->input.len = parts[2].data - 1 - token.data;

    return apigw_jws_header(jws, arena, err);
}


static apigw_rc_t
apigw_jws_header(apigw_jws_t *jws, apigw_arena_t *arena, apigw_error_t *err)
{
    apigw_rc_t          rc;
    apigw_json_walk_t   walk;
    apigw_json_value_t  member;

    rc = apigw_json_check(arena, &apigw_jws_json, jws->header, err);
    if (rc != APIGW_OK) {
        return apigw_jws_fault(err, rc == APIGW_ENOMEM ? rc : APIGW_EINPUT,
                               "token_malformed");
    }

    jws->alg = APIGW_JWA_N;

    apigw_json_walk(&walk, jws->header);

    while (apigw_json_walk_next(&walk, &member)) {
        rc = apigw_jws_member(jws, arena, &member, err);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    if (jws->alg == APIGW_JWA_N) {
        return apigw_jws_fault(err, APIGW_EINPUT, "alg_not_allowed");
    }

    return APIGW_OK;
}


/*
 * Takes what counts. Keys and addresses of keys are not looked at: the token
 * has no say in how it is verified.
 */

static apigw_rc_t
apigw_jws_member(apigw_jws_t *jws, apigw_arena_t *arena,
    const apigw_json_value_t *member, apigw_error_t *err)
{
    apigw_rc_t    rc;
    const char   *word;
    apigw_str_t   alg, *text;

    if (apigw_jws_name_is(member, "alg")) {
        text = &alg;
        word = "alg_not_allowed";

    } else if (apigw_jws_name_is(member, "typ")) {
        text = &jws->typ;
        word = "typ_not_allowed";

    } else if (apigw_jws_name_is(member, "kid")) {
        text = &jws->kid;
        word = "token_malformed";

    } else if (apigw_jws_name_is(member, "crit")
               || apigw_jws_name_is(member, "b64")
               || apigw_jws_name_is(member, "enc"))
    {
        return apigw_jws_fault(err, APIGW_EUNSUPPORTED, "header_unsupported");

    } else {
        return APIGW_OK;
    }

    if (member->kind != APIGW_JSON_STRING) {
        return apigw_jws_fault(err, APIGW_EINPUT, word);
    }

    rc = apigw_json_string_decode(arena, member->text, text);
    if (rc != APIGW_OK) {
        return apigw_jws_fault(err, rc, word);
    }

    if (text == &alg) {
        jws->alg = apigw_jwa_find(alg);
    }

    return APIGW_OK;
}


static bool
apigw_jws_name_is(const apigw_json_value_t *member, const char *name)
{
    apigw_str_t  s;

    s.data = (const uint8_t *) name;
    s.len = strlen(name);

    return apigw_json_string_eq(member->name, s);
}


apigw_rc_t
apigw_jws_check(const apigw_jws_t *jws, const apigw_jws_rules_t *rules,
    apigw_error_t *err)
{
    size_t       i;
    apigw_str_t  typ;

    if (!(rules->algorithms & apigw_jwa_bit(jws->alg))) {
        return apigw_jws_fault(err, APIGW_EINPUT, "alg_not_allowed");
    }

    if (jws->typ.data == NULL) {
        return rules->no_typ ? APIGW_OK
                             : apigw_jws_fault(err, APIGW_EINPUT,
                                               "typ_not_allowed");
    }

    typ = apigw_jws_typ(jws->typ);

    for (i = 0; i < rules->ntyp; i++) {
        if (typ.len == rules->typ[i].len
            && apigw_jws_typ_eq(typ, rules->typ[i], typ.len))
        {
            return APIGW_OK;
        }
    }

    return apigw_jws_fault(err, APIGW_EINPUT, "typ_not_allowed");
}


/* RFC 7515, 4.1.9: "application/" is left out where no other "/" follows. */

apigw_str_t
apigw_jws_typ(apigw_str_t typ)
{
    static const apigw_str_t  prefix = apigw_str("application/");

    if (typ.len > prefix.len && apigw_jws_typ_eq(typ, prefix, prefix.len)
        && memchr(typ.data + prefix.len, '/', typ.len - prefix.len) == NULL)
    {
        typ.data += prefix.len;
        typ.len -= prefix.len;
    }

    return typ;
}


static bool
apigw_jws_typ_eq(apigw_str_t a, apigw_str_t b, size_t len)
{
    size_t   i;
    uint8_t  x, y;

    for (i = 0; i < len; i++) {
        x = a.data[i];
        y = b.data[i];

        x |= (x >= 'A' && x <= 'Z') ? 0x20 : 0;
        y |= (y >= 'A' && y <= 'Z') ? 0x20 : 0;

        if (x != y) {
            return false;
        }
    }

    return true;
}


apigw_rc_t
apigw_jws_verify(const apigw_jws_t *jws, apigw_jwk_t *key, apigw_error_t *err)
{
    return apigw_jwk_verify(key, jws->alg, jws->input, jws->signature, err);
}


static apigw_rc_t
apigw_jws_fault(apigw_error_t *err, apigw_rc_t rc, const char *word)
{
    err->word = word;
    err->offset = 0;

    return rc;
}
