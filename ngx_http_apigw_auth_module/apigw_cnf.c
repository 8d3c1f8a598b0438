
#include "apigw_cnf.h"

#include "apigw_base64url.h"


static apigw_rc_t apigw_cnf_methods(apigw_cnf_t *cnf,
    const apigw_claims_t *claims, const apigw_claim_t *claim,
    apigw_error_t *err);
static bool apigw_cnf_digest(const apigw_claims_t *claims, const char *name,
    uint8_t *digest, bool *present);
static apigw_rc_t apigw_cnf_fault(apigw_error_t *err, const char *word);


apigw_rc_t
apigw_cnf_read(apigw_cnf_t *cnf, const apigw_claims_t *claims,
    const apigw_cnf_rules_t *rules, bool dpop, apigw_error_t *err)
{
    apigw_rc_t                rc;
    apigw_claim_t             claim;
    static const apigw_str_t  name = apigw_str("cnf");

    cnf->methods = 0;

    if (rules->off) {
        return APIGW_OK;
    }

    if (apigw_claims_has_cnf(claims)
        && apigw_claims_get(claims, name, &claim))
    {
        rc = apigw_cnf_methods(cnf, claims, &claim, err);
        if (rc != APIGW_OK) {
            return rc;
        }

    } else if (rules->required) {
        return apigw_cnf_fault(err, "binding_missing");
    }

    if ((cnf->methods & ~rules->methods)
        || dpop != ((cnf->methods & APIGW_CNF_DPOP) != 0))
    {
        return apigw_cnf_fault(err, "binding_missing");
    }

    return APIGW_OK;
}


/*
 * A member that is unknown may bind the token to whatever: it cannot be passed
 * over as if it were not there.
 */

static apigw_rc_t
apigw_cnf_methods(apigw_cnf_t *cnf, const apigw_claims_t *claims,
    const apigw_claim_t *claim, apigw_error_t *err)
{
    bool           more, x5t, jkt;
    size_t         n;
    apigw_claim_t  member;

    if (claim->type != APIGW_CLAIM_OBJECT
        || !apigw_cnf_digest(claims, "x5t#S256", cnf->x5t, &x5t)
        || !apigw_cnf_digest(claims, "jkt", cnf->jkt, &jkt))
    {
        return apigw_cnf_fault(err, "claim_invalid");
    }

    n = 0;

    for (more = apigw_claims_first(claims, claim, &member);
         more;
         more = apigw_claims_next(claims, &member))
    {
        n++;
    }

    if (n == 0 || n != (size_t) x5t + jkt) {
        return apigw_cnf_fault(err, "binding_missing");
    }

    cnf->methods = (x5t ? APIGW_CNF_MTLS : 0) | (jkt ? APIGW_CNF_DPOP : 0);

    return APIGW_OK;
}


/* False if there is something else than a digest. */

static bool
apigw_cnf_digest(const apigw_claims_t *claims, const char *name,
    uint8_t *digest, bool *present)
{
    size_t              len;
    apigw_claim_t       member;
    apigw_claim_step_t  steps[2];
    apigw_claim_path_t  path;

    steps[0].name = (apigw_str_t) apigw_str("cnf");
    steps[1].name.data = (const uint8_t *) name;
    steps[1].name.len = strlen(name);

    path.steps = steps;
    path.nsteps = 2;

    *present = apigw_claims_find(claims, &path, &member);

    if (!*present) {
        return true;
    }

    return member.type == APIGW_CLAIM_STRING
           && member.text.len == apigw_base64url_encoded_len(APIGW_CNF_DIGEST)
           && apigw_base64url_decode(member.text, digest, &len) == APIGW_OK;
}


static apigw_rc_t
apigw_cnf_fault(apigw_error_t *err, const char *word)
{
    err->word = word;
    err->offset = 0;

    return APIGW_EINPUT;
}
