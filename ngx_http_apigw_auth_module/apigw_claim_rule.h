
/*
 * One `apigw_require_claim PATH OP VALUE`: compiled at start-up, asked per
 * request. It fails closed: a missing claim (null is missing) fails all but
 * "!exists", and an operator that does not suit the claim's type fails with
 * and without "!".
 */


#ifndef _APIGW_CLAIM_RULE_H_INCLUDED_
#define _APIGW_CLAIM_RULE_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"
#include "apigw_claims.h"


#pragma GCC visibility push(hidden)


typedef enum {
    APIGW_OP_EQ = 0,                 /* the scalar is VALUE */
    APIGW_OP_IN,                     /* the scalar is one of VALUE */
    APIGW_OP_ANY,                    /* an element is one of VALUE */
    APIGW_OP_GT,                     /* number against number, exactly */
    APIGW_OP_GE,
    APIGW_OP_LT,
    APIGW_OP_LE,
    APIGW_OP_MATCH,                  /* string against a regular expression */
    APIGW_OP_EXISTS                  /* there, and not null */
} apigw_claim_op_e;


/*
 * Matches the regular expression of a rule. Given by glue, as the engine is
 * nginx's. APIGW_OK: it matches; APIGW_EINPUT: it does not; else a failure
 */
typedef apigw_rc_t (*apigw_claim_match_pt)(void *regex, apigw_str_t subject);


typedef struct {
    apigw_claim_path_t     path;
    apigw_str_list_t       values;   /* one for eq, match and comparisons */
    apigw_claim_op_e       op;
    bool                   negate;

    void                  *regex;    /* glue sets it and match for "match" */
    apigw_claim_match_pt   match;
} apigw_claim_rule_t;


/*
 * Compiles a rule.
 * op      an operator's name, "!" in front to negate
 * values  the directive's further arguments: none for exists, one for eq,
 *         match and the comparisons, one or more for in and any, where commas
 *         separate values too (\, is a comma in a value)
 * *rule   points into path and values, which must outlive it
 * APIGW_EINPUT with err->word as a fault for the configuration's author, such
 * as "unknown operator"; err->offset is the argument: 0 path, 1 op, 2 value;
 * APIGW_ELIMIT, APIGW_ENOMEM
 */
apigw_rc_t apigw_claim_rule_parse(apigw_claim_rule_t *rule,
    apigw_arena_t *arena, apigw_str_t path, apigw_str_t op,
    const apigw_str_t *values, size_t nvalues, apigw_error_t *err);


/*
 * Asks a rule. `claims` may be NULL (an API key has none): all are missing.
 * APIGW_EINPUT claim_insufficient, also if the match failed to run
 */
apigw_rc_t apigw_claim_rule_check(const apigw_claim_rule_t *rule,
    const apigw_claims_t *claims, apigw_error_t *err);


#pragma GCC visibility pop


#endif /* _APIGW_CLAIM_RULE_H_INCLUDED_ */
