
#include "apigw_jwks_state.h"
#include "apigw_claims.h"
#include "apigw_json_writer.h"


/* Of dates: what fits is far from any overflow. */
#define APIGW_JWKS_STATE_DIGITS  12


static const apigw_str_t  apigw_jwks_state_issuer = apigw_str("issuer");
static const apigw_str_t  apigw_jwks_state_fetched = apigw_str("fetched");
static const apigw_str_t  apigw_jwks_state_jwks = apigw_str("jwks");


static bool apigw_jwks_state_date(const apigw_claims_t *claims, int64_t *date);
static apigw_rc_t apigw_jwks_state_fault(apigw_error_t *err, const char *word);


apigw_rc_t
apigw_jwks_state_write(apigw_str_t *out, apigw_arena_t *arena,
    apigw_str_t issuer, int64_t fetched, apigw_str_t jwks)
{
    apigw_json_writer_t  w;

    apigw_json_writer_init(&w, arena);

    (void) apigw_json_write_object(&w);
    (void) apigw_json_write_key(&w, apigw_jwks_state_issuer);
    (void) apigw_json_write_string(&w, issuer);
    (void) apigw_json_write_key(&w, apigw_jwks_state_fetched);
    (void) apigw_json_write_int(&w, fetched);
    (void) apigw_json_write_key(&w, apigw_jwks_state_jwks);
    (void) apigw_json_write_raw(&w, jwks);
    (void) apigw_json_write_close(&w);

    return apigw_json_writer_finish(&w, out);
}


apigw_rc_t
apigw_jwks_state_read(apigw_str_t *jwks, int64_t *fetched,
    apigw_arena_t *arena, apigw_str_t text, apigw_str_t issuer, int64_t now,
    apigw_error_t *err)
{
    int64_t          date;
    apigw_rc_t       rc;
    apigw_claim_t    value;
    apigw_claims_t  *claims;

    rc = apigw_claims_parse(&claims, arena, text, err);

    if (rc == APIGW_ENOMEM) {
        return rc;
    }

    if (rc != APIGW_OK) {
        return apigw_jwks_state_fault(err, "is not strict JSON with an object "
                                      "at its root");
    }

    if (!apigw_claims_get(claims, apigw_jwks_state_issuer, &value)
        || value.type != APIGW_CLAIM_STRING
        || !apigw_str_eq(value.text, issuer))
    {
        return apigw_jwks_state_fault(err, "is of another issuer");
    }

    if (!apigw_jwks_state_date(claims, &date)) {
        return apigw_jwks_state_fault(err, "has no valid \"fetched\"");
    }

    if (!apigw_claims_get(claims, apigw_jwks_state_jwks, &value)
        || value.type != APIGW_CLAIM_OBJECT)
    {
        return apigw_jwks_state_fault(err, "has no \"jwks\" object");
    }

    *jwks = value.text;
    *fetched = date < now ? date : now;

    return APIGW_OK;
}


static bool
apigw_jwks_state_date(const apigw_claims_t *claims, int64_t *date)
{
    size_t         i;
    uint8_t        ch;
    apigw_claim_t  value;

    if (!apigw_claims_get(claims, apigw_jwks_state_fetched, &value)
        || value.type != APIGW_CLAIM_NUMBER
        || value.text.len > APIGW_JWKS_STATE_DIGITS)
    {
        return false;
    }

    *date = 0;

    for (i = 0; i < value.text.len; i++) {
        ch = value.text.data[i];

        if (ch < '0' || ch > '9') {
            return false;
        }

        *date = *date * 10 + (ch - '0');
    }

    return *date > 0;
}


static apigw_rc_t
apigw_jwks_state_fault(apigw_error_t *err, const char *word)
{
    err->word = word;
    err->offset = 0;

    return APIGW_EINPUT;
}
