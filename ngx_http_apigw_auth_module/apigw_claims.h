
/*
 * The claims of a token (or of an introspection answer): a strictly read JSON
 * object, addressed by path. Numbers stay what their source text says; cJSON
 * would make doubles of them and 9007199254740993 another subject.
 */


#ifndef _APIGW_CLAIMS_H_INCLUDED_
#define _APIGW_CLAIMS_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


#define APIGW_CLAIMS_DEPTH    16
#define APIGW_CLAIMS_MEMBERS  128    /* in one object */
#define APIGW_CLAIMS_NODES    4096   /* values in one document */


typedef enum {
    APIGW_CLAIM_NULL = 0,
    APIGW_CLAIM_FALSE,
    APIGW_CLAIM_TRUE,
    APIGW_CLAIM_NUMBER,
    APIGW_CLAIM_STRING,
    APIGW_CLAIM_ARRAY,
    APIGW_CLAIM_OBJECT
} apigw_claim_type_e;


typedef struct apigw_claims_s  apigw_claims_t;


/* One value; its text lives as long as the claims it was found in. */

typedef struct {
    apigw_str_t          text;       /* string: decoded; else as in the JSON */
    apigw_claim_type_e   type;
    uint32_t             index;      /* private */
} apigw_claim_t;


/* A step of a path: a member's name, or an array's index. */

typedef struct {
    apigw_str_t          name;       /* data is NULL for an index */
    uint32_t             index;
} apigw_claim_step_t;

typedef struct {
    apigw_claim_step_t  *steps;
    size_t               nsteps;
} apigw_claim_path_t;

typedef struct {
    apigw_claim_path_t  *paths;
    size_t               npaths;
} apigw_claim_paths_t;


typedef struct {
    apigw_str_t         *elts;
    size_t               nelts;
} apigw_str_list_t;


typedef enum {
    APIGW_CLAIM_JSON = 0,
    APIGW_CLAIM_CSV
} apigw_claim_form_e;


/* Dates in seconds since the epoch; fractions are rounded up. -1: absent */

typedef struct {
    int64_t              exp;
    int64_t              nbf;
    int64_t              iat;
} apigw_claims_dates_t;


/* A provider's rules; made once, read-only afterwards. */

typedef struct {
    apigw_str_t          issuer;     /* len is 0: not checked */
    bool                 issuer_optional;    /* iss may be absent */
    apigw_str_list_t     audience;   /* nelts is 0: not checked */
    apigw_claim_path_t   audience_claim;
    apigw_claim_paths_t  required;   /* "exp" is one of them unless off */
    int64_t              leeway;     /* seconds */
    int64_t              max_lifetime;       /* seconds; -1: off */
} apigw_claims_rules_t;


/*
 * Reads a document by the strict rules: an object, UTF-8, no duplicate name
 * at any depth, no U+0000, no lone surrogate, bounded depth and breadth.
 * json   must outlive *out
 * *out   lives in the arena; untouched unless APIGW_OK
 * APIGW_EINPUT token_malformed, also for a bound; APIGW_ENOMEM
 */
apigw_rc_t apigw_claims_parse(apigw_claims_t **out, apigw_arena_t *arena,
    apigw_str_t json, apigw_error_t *err);


/*
 * Copies claims, their JSON included, so that nothing points outside `arena`.
 * APIGW_ENOMEM
 */
apigw_rc_t apigw_claims_copy(apigw_claims_t **out, apigw_arena_t *arena,
    const apigw_claims_t *claims);


/* The JSON text as it was parsed. */
apigw_str_t apigw_claims_json(const apigw_claims_t *claims);


/*
 * A quick look: true, no string of the document has a control byte; false, one
 * of them may.
 */
bool apigw_claims_plain(const apigw_claims_t *claims);


/*
 * Compiles a path: "name" is one top-level member, literally; ".a.b[0]" walks
 * down, where \. is a dot, \[ a bracket and \\ a backslash in a name.
 * text  must outlive *path unless a name holds an escape
 * APIGW_EINPUT with err->word as a fault for the configuration's author;
 * APIGW_ELIMIT for more than APIGW_CLAIMS_DEPTH steps; APIGW_ENOMEM
 */
apigw_rc_t apigw_claim_path_parse(apigw_claim_path_t *path,
    apigw_arena_t *arena, apigw_str_t text, apigw_error_t *err);


/* Finds a value; false if there is none. A JSON null is found. */
bool apigw_claims_find(const apigw_claims_t *claims,
    const apigw_claim_path_t *path, apigw_claim_t *value);


/* Whether there is a claim "cnf" (RFC 7800): known without a search. */
bool apigw_claims_has_cnf(const apigw_claims_t *claims);


/* Finds a top-level member by its exact name. */
bool apigw_claims_get(const apigw_claims_t *claims, apigw_str_t name,
    apigw_claim_t *value);


/*
 * Walks an array's elements (or an object's values). Begin with first; false
 * at the end.
 */
bool apigw_claims_first(const apigw_claims_t *claims,
    const apigw_claim_t *parent, apigw_claim_t *value);
bool apigw_claims_next(const apigw_claims_t *claims, apigw_claim_t *value);


/*
 * The strings of a value: a string split at its spaces, or an array's string
 * elements, whole. Other elements and types yield nothing: "a b" as an array
 * element is one string and never equals "a".
 * *list  its strings live with the claims, its array in the arena
 * APIGW_ENOMEM
 */
apigw_rc_t apigw_claims_list(apigw_str_list_t *list, apigw_arena_t *arena,
    const apigw_claims_t *claims, const apigw_claim_t *value);


/*
 * Renders a value for a variable: strings decoded, numbers as in the source,
 * arrays and objects as JSON without blanks, or arrays of scalars as csv.
 * *out  empty if the result would hold a byte below 0x20 or 0x7f, if a csv
 *       element has a comma or is no scalar, and for null. It lives in the
 *       arena or with the claims, whichever is shorter.
 * APIGW_ENOMEM
 */
apigw_rc_t apigw_claims_render(apigw_str_t *out, apigw_arena_t *arena,
    const apigw_claims_t *claims, const apigw_claim_t *value,
    apigw_claim_form_e form);


/* The same; *unsafe tells that the result was dropped for such a byte. */
apigw_rc_t apigw_claims_render_mark(apigw_str_t *out, apigw_arena_t *arena,
    const apigw_claims_t *claims, const apigw_claim_t *value,
    apigw_claim_form_e form, bool *unsafe);


/* The whole document, as apigw_claims_render() gives an object. APIGW_ENOMEM */
apigw_rc_t apigw_claims_render_all(apigw_str_t *out, apigw_arena_t *arena,
    const apigw_claims_t *claims);


/*
 * The unverified "iss": only good to choose a provider. data is NULL if it is
 * not a string or not there.
 */
apigw_str_t apigw_claims_issuer(const apigw_claims_t *claims);


/*
 * Checks iss, exp, nbf, iat, aud, lifetime, required claims, in this order.
 * now    wall time, seconds
 * dates  filled when APIGW_OK, for whoever keeps the verdict
 * APIGW_EINPUT issuer_unknown, claim_missing, claim_invalid, token_expired,
 * token_not_yet_valid, audience_mismatch, lifetime_exceeded
 */
apigw_rc_t apigw_claims_check(const apigw_claims_t *claims,
    const apigw_claims_rules_t *rules, int64_t now,
    apigw_claims_dates_t *dates, apigw_error_t *err);


/* Reads dates, checks nothing else of them. APIGW_EINPUT claim_invalid */
apigw_rc_t apigw_claims_dates(const apigw_claims_t *claims,
    apigw_claims_dates_t *dates, apigw_error_t *err);


/*
 * Checks dates alone, for a verdict that was kept.
 * APIGW_EINPUT token_expired, token_not_yet_valid
 */
apigw_rc_t apigw_claims_check_dates(const apigw_claims_dates_t *dates,
    int64_t leeway, int64_t now, apigw_error_t *err);


/*
 * Checks how the user was authenticated (RFC 9470): "acr" is a string of
 * `acrs`, and unless `max_age` is negative, "auth_time" is at most that many
 * seconds ago, `leeway` aside, and not ahead.
 * claims  NULL: there are none
 * APIGW_EINPUT acr_insufficient
 */
apigw_rc_t apigw_claims_check_acr(const apigw_claims_t *claims,
    const apigw_str_list_t *acrs, int64_t max_age, int64_t leeway,
    int64_t now, apigw_error_t *err);


/* Whether `s` is an element of `list`, byte for byte. */
bool apigw_str_list_has(const apigw_str_list_t *list, apigw_str_t s);


/* Whether `s` has a byte below 0x20 or 0x7f: unfit for a header or a log. */
bool apigw_str_has_control(apigw_str_t s);


#pragma GCC visibility pop


#endif /* _APIGW_CLAIMS_H_INCLUDED_ */
