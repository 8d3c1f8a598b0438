
/* Registered claims against a provider's rules (RFC 7519, 4.1). */


#include "apigw_claims.h"

#include "apigw_json_value.h"


static apigw_rc_t apigw_claims_check_issuer(const apigw_claims_t *claims,
    const apigw_claims_rules_t *rules, apigw_error_t *err);
static apigw_rc_t apigw_claims_date(const apigw_claims_t *claims,
    apigw_str_t name, int64_t *date);
static apigw_rc_t apigw_claims_check_audience(const apigw_claims_t *claims,
    const apigw_claims_rules_t *rules, apigw_error_t *err);
static apigw_rc_t apigw_claims_check_lifetime(
    const apigw_claims_dates_t *dates, const apigw_claims_rules_t *rules,
    int64_t now, apigw_error_t *err);
static apigw_rc_t apigw_claims_check_required(const apigw_claims_t *claims,
    const apigw_claims_rules_t *rules, apigw_error_t *err);
static apigw_rc_t apigw_claims_fault(apigw_error_t *err, const char *word);


apigw_str_t
apigw_claims_issuer(const apigw_claims_t *claims)
{
    apigw_claim_t             value;
    static const apigw_str_t  none = { NULL, 0 };
    static const apigw_str_t  iss = apigw_str("iss");

    if (!apigw_claims_get(claims, iss, &value)
        || value.type != APIGW_CLAIM_STRING)
    {
        return none;
    }

    return value.text;
}


apigw_rc_t
apigw_claims_check(const apigw_claims_t *claims,
    const apigw_claims_rules_t *rules, int64_t now,
    apigw_claims_dates_t *dates, apigw_error_t *err)
{
    apigw_rc_t            rc;
    apigw_claims_dates_t  found = { -1, -1, -1 };

    rc = apigw_claims_check_issuer(claims, rules, err);

    if (rc == APIGW_OK) {
        rc = apigw_claims_dates(claims, &found, err);
    }

    if (rc == APIGW_OK) {
        rc = apigw_claims_check_dates(&found, rules->leeway, now, err);
    }

    /* issued in the future: by a clock that is wrong, or to live longer */

    if (rc == APIGW_OK && found.iat > now + rules->leeway) {
        rc = apigw_claims_fault(err, "token_not_yet_valid");
    }

    if (rc == APIGW_OK) {
        rc = apigw_claims_check_audience(claims, rules, err);
    }

    if (rc == APIGW_OK) {
        rc = apigw_claims_check_lifetime(&found, rules, now, err);
    }

    if (rc == APIGW_OK) {
        rc = apigw_claims_check_required(claims, rules, err);
    }

    if (rc == APIGW_OK) {
        *dates = found;
    }

    return rc;
}


static apigw_rc_t
apigw_claims_check_issuer(const apigw_claims_t *claims,
    const apigw_claims_rules_t *rules, apigw_error_t *err)
{
    apigw_claim_t             value;
    static const apigw_str_t  iss = apigw_str("iss");

    if (rules->issuer.len == 0) {
        return APIGW_OK;
    }

    if (!apigw_claims_get(claims, iss, &value)
        || value.type == APIGW_CLAIM_NULL)
    {
        return rules->issuer_optional
               ? APIGW_OK : apigw_claims_fault(err, "issuer_unknown");
    }

    return (value.type == APIGW_CLAIM_STRING
            && apigw_str_eq(value.text, rules->issuer))
           ? APIGW_OK : apigw_claims_fault(err, "issuer_unknown");
}


apigw_rc_t
apigw_claims_dates(const apigw_claims_t *claims, apigw_claims_dates_t *dates,
    apigw_error_t *err)
{
    static const apigw_str_t  exp = apigw_str("exp");
    static const apigw_str_t  nbf = apigw_str("nbf");
    static const apigw_str_t  iat = apigw_str("iat");

    if (apigw_claims_date(claims, exp, &dates->exp) != APIGW_OK
        || apigw_claims_date(claims, nbf, &dates->nbf) != APIGW_OK
        || apigw_claims_date(claims, iat, &dates->iat) != APIGW_OK)
    {
        return apigw_claims_fault(err, "claim_invalid");
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_claims_date(const apigw_claims_t *claims, apigw_str_t name,
    int64_t *date)
{
    uint64_t       value;
    apigw_rc_t     rc;
    apigw_claim_t  claim;

    *date = -1;

    if (!apigw_claims_get(claims, name, &claim)
        || claim.type == APIGW_CLAIM_NULL)
    {
        return APIGW_OK;
    }

    if (claim.type != APIGW_CLAIM_NUMBER) {
        return APIGW_EINPUT;
    }

    rc = apigw_json_date(claim.text, &value);
    if (rc == APIGW_OK) {
        *date = (int64_t) value;
    }

    return rc;
}


apigw_rc_t
apigw_claims_check_dates(const apigw_claims_dates_t *dates, int64_t leeway,
    int64_t now, apigw_error_t *err)
{
    if (dates->exp >= 0 && now >= dates->exp + leeway) {
        return apigw_claims_fault(err, "token_expired");
    }

    if (dates->nbf > now + leeway) {
        return apigw_claims_fault(err, "token_not_yet_valid");
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_claims_check_audience(const apigw_claims_t *claims,
    const apigw_claims_rules_t *rules, apigw_error_t *err)
{
    bool           found;
    apigw_claim_t  aud, value;

    if (rules->audience.nelts == 0) {
        return APIGW_OK;
    }

    if (!apigw_claims_find(claims, &rules->audience_claim, &aud)
        || aud.type == APIGW_CLAIM_NULL)
    {
        return apigw_claims_fault(err, "claim_missing");
    }

    found = false;

    if (aud.type == APIGW_CLAIM_STRING) {
        found = apigw_str_list_has(&rules->audience, aud.text);

    } else if (aud.type != APIGW_CLAIM_ARRAY) {
        return apigw_claims_fault(err, "claim_invalid");

    } else if (apigw_claims_first(claims, &aud, &value)) {
        do {
            if (value.type != APIGW_CLAIM_STRING) {
                return apigw_claims_fault(err, "claim_invalid");
            }

            found = found || apigw_str_list_has(&rules->audience, value.text);

        } while (apigw_claims_next(claims, &value));
    }

    return found ? APIGW_OK : apigw_claims_fault(err, "audience_mismatch");
}


static apigw_rc_t
apigw_claims_check_lifetime(const apigw_claims_dates_t *dates,
    const apigw_claims_rules_t *rules, int64_t now, apigw_error_t *err)
{
    int64_t  from;

    if (rules->max_lifetime < 0 || dates->exp < 0) {
        return APIGW_OK;
    }

    from = dates->iat >= 0 ? dates->iat : now;

    return dates->exp - from <= rules->max_lifetime
           ? APIGW_OK : apigw_claims_fault(err, "lifetime_exceeded");
}


static apigw_rc_t
apigw_claims_check_required(const apigw_claims_t *claims,
    const apigw_claims_rules_t *rules, apigw_error_t *err)
{
    size_t         i;
    apigw_claim_t  value;

    for (i = 0; i < rules->required.npaths; i++) {
        if (!apigw_claims_find(claims, &rules->required.paths[i], &value)
            || value.type == APIGW_CLAIM_NULL)
        {
            return apigw_claims_fault(err, "claim_missing");
        }
    }

    return APIGW_OK;
}


apigw_rc_t
apigw_claims_check_acr(const apigw_claims_t *claims,
    const apigw_str_list_t *acrs, int64_t max_age, int64_t leeway,
    int64_t now, apigw_error_t *err)
{
    int64_t                   at;
    apigw_claim_t             acr;
    static const apigw_str_t  acr_name = apigw_str("acr");
    static const apigw_str_t  time_name = apigw_str("auth_time");

    if (claims == NULL
        || !apigw_claims_get(claims, acr_name, &acr)
        || acr.type != APIGW_CLAIM_STRING
        || !apigw_str_list_has(acrs, acr.text))
    {
        return apigw_claims_fault(err, "acr_insufficient");
    }

    if (max_age < 0) {
        return APIGW_OK;
    }

    if (apigw_claims_date(claims, time_name, &at) != APIGW_OK || at < 0
        || at > now + leeway || now - at > max_age + leeway)
    {
        return apigw_claims_fault(err, "acr_insufficient");
    }

    return APIGW_OK;
}


bool
apigw_str_list_has(const apigw_str_list_t *list, apigw_str_t s)
{
    size_t  i;

    for (i = 0; i < list->nelts; i++) {
        if (apigw_str_eq(list->elts[i], s)) {
            return true;
        }
    }

    return false;
}


static apigw_rc_t
apigw_claims_fault(apigw_error_t *err, const char *word)
{
    err->word = word;
    err->offset = 0;

    return APIGW_EINPUT;
}
