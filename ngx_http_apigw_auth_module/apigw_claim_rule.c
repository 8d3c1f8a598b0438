
#include "apigw_claim_rule.h"

#include "apigw_decimal.h"


#define APIGW_CLAIM_RULE_VALUES  256


/* What a rule says of a claim; NO and UNSUITED differ under "!". */

typedef enum {
    APIGW_CLAIM_NO = 0,
    APIGW_CLAIM_YES,
    APIGW_CLAIM_UNSUITED             /* the operator, to the claim's type */
} apigw_claim_answer_e;


static const char *const  apigw_claim_op_names[] = {
    [APIGW_OP_EQ] = "eq",
    [APIGW_OP_IN] = "in",
    [APIGW_OP_ANY] = "any",
    [APIGW_OP_GT] = "gt",
    [APIGW_OP_GE] = "ge",
    [APIGW_OP_LT] = "lt",
    [APIGW_OP_LE] = "le",
    [APIGW_OP_MATCH] = "match",
    [APIGW_OP_EXISTS] = "exists"
};

#define APIGW_CLAIM_OPS                                                       \
    (sizeof(apigw_claim_op_names) / sizeof(apigw_claim_op_names[0]))


static apigw_rc_t apigw_claim_rule_op(apigw_claim_rule_t *rule,
    apigw_str_t op, apigw_error_t *err);
static apigw_rc_t apigw_claim_rule_values(apigw_claim_rule_t *rule,
    apigw_arena_t *arena, const apigw_str_t *values, size_t nvalues,
    apigw_error_t *err);
static apigw_rc_t apigw_claim_rule_split(apigw_claim_rule_t *rule,
    apigw_arena_t *arena, const apigw_str_t *values, size_t nvalues,
    apigw_error_t *err);
static apigw_rc_t apigw_claim_rule_value(apigw_claim_rule_t *rule,
    apigw_arena_t *arena, apigw_str_t *rest, apigw_error_t *err);
static apigw_claim_answer_e apigw_claim_rule_answer(
    const apigw_claim_rule_t *rule, const apigw_claims_t *claims,
    const apigw_claim_t *value);
static apigw_claim_answer_e apigw_claim_rule_any(
    const apigw_claim_rule_t *rule, const apigw_claims_t *claims,
    const apigw_claim_t *value);
static apigw_claim_answer_e apigw_claim_rule_one_of(
    const apigw_claim_rule_t *rule, const apigw_claim_t *value);
static bool apigw_claim_rule_equal(const apigw_claim_t *value,
    apigw_str_t text);
static apigw_claim_answer_e apigw_claim_rule_compare(
    const apigw_claim_rule_t *rule, const apigw_claim_t *value);
static apigw_claim_answer_e apigw_claim_rule_match(
    const apigw_claim_rule_t *rule, const apigw_claim_t *value);
static apigw_rc_t apigw_claim_rule_fault(apigw_error_t *err, const char *word,
    size_t argument);


apigw_rc_t
apigw_claim_rule_parse(apigw_claim_rule_t *rule, apigw_arena_t *arena,
    apigw_str_t path, apigw_str_t op, const apigw_str_t *values,
    size_t nvalues, apigw_error_t *err)
{
    apigw_rc_t  rc;

    memset(rule, 0, sizeof(apigw_claim_rule_t));

    rc = apigw_claim_path_parse(&rule->path, arena, path, err);
    if (rc != APIGW_OK) {
        err->offset = 0;
        return rc;
    }

    rc = apigw_claim_rule_op(rule, op, err);
    if (rc != APIGW_OK) {
        return rc;
    }

    return apigw_claim_rule_values(rule, arena, values, nvalues, err);
}


static apigw_rc_t
apigw_claim_rule_op(apigw_claim_rule_t *rule, apigw_str_t op,
    apigw_error_t *err)
{
    size_t  i;

    if (op.len && op.data[0] == '!') {
        rule->negate = true;
        op.data++;
        op.len--;
    }

    for (i = 0; i < APIGW_CLAIM_OPS; i++) {
        if (apigw_str_is(op, apigw_claim_op_names[i])) {
            rule->op = i;
            return APIGW_OK;
        }
    }

    return apigw_claim_rule_fault(err, "unknown operator", 1);
}


static apigw_rc_t
apigw_claim_rule_values(apigw_claim_rule_t *rule, apigw_arena_t *arena,
    const apigw_str_t *values, size_t nvalues, apigw_error_t *err)
{
    apigw_decimal_t  number;

    switch (rule->op) {

    case APIGW_OP_EXISTS:
        return nvalues == 0
               ? APIGW_OK
               : apigw_claim_rule_fault(err, "operator takes no value", 2);

    case APIGW_OP_IN:
    case APIGW_OP_ANY:
        return apigw_claim_rule_split(rule, arena, values, nvalues, err);

    default:
        break;
    }

    if (nvalues != 1) {
        return apigw_claim_rule_fault(err, "operator takes one value", 2);
    }

    if (rule->op != APIGW_OP_EQ && rule->op != APIGW_OP_MATCH
        && apigw_decimal_parse(&number, values[0]) != APIGW_OK)
    {
        return apigw_claim_rule_fault(err, "value is not a decimal number",
                                      2);
    }

    rule->values.elts = apigw_arena_alloc(arena, sizeof(apigw_str_t));
    if (rule->values.elts == NULL) {
        return APIGW_ENOMEM;
    }

    rule->values.elts[0] = values[0];
    rule->values.nelts = 1;

    return APIGW_OK;
}


/* Takes values apart at their commas. */

static apigw_rc_t
apigw_claim_rule_split(apigw_claim_rule_t *rule, apigw_arena_t *arena,
    const apigw_str_t *values, size_t nvalues, apigw_error_t *err)
{
    size_t       i;
    apigw_rc_t   rc;
    apigw_str_t  rest;

    if (nvalues == 0) {
        return apigw_claim_rule_fault(err, "operator takes a value", 2);
    }

    rule->values.elts = apigw_arena_array(arena, APIGW_CLAIM_RULE_VALUES,
                                          sizeof(apigw_str_t));
    if (rule->values.elts == NULL) {
        return APIGW_ENOMEM;
    }

    for (i = 0; i < nvalues; i++) {
        rest = values[i];

        do {
            rc = apigw_claim_rule_value(rule, arena, &rest, err);
        } while (rc == APIGW_AGAIN);

        if (rc != APIGW_OK) {
            return rc;
        }
    }

    return APIGW_OK;
}


/* Takes one value off `rest`; "\," is a comma in it. APIGW_AGAIN: more come */

static apigw_rc_t
apigw_claim_rule_value(apigw_claim_rule_t *rule, apigw_arena_t *arena,
    apigw_str_t *rest, apigw_error_t *err)
{
    size_t        i;
    uint8_t      *p;
    apigw_str_t  *elt;

    if (rule->values.nelts == APIGW_CLAIM_RULE_VALUES) {
        (void) apigw_claim_rule_fault(err, "more than 256 values", 2);
        return APIGW_ELIMIT;
    }

    p = apigw_arena_alloc(arena, rest->len);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    elt = &rule->values.elts[rule->values.nelts++];
    elt->data = p;

    for (i = 0; i < rest->len && rest->data[i] != ','; i++) {
        if (rest->data[i] == '\\' && i + 1 < rest->len
            && rest->data[i + 1] == ',')
        {
            i++;
        }

        *p++ = rest->data[i];
    }

    elt->len = p - elt->data;

    if (elt->len == 0) {
        return apigw_claim_rule_fault(err, "value is empty", 2);
    }

    if (i == rest->len) {
        return APIGW_OK;
    }

    rest->data += i + 1;
    rest->len -= i + 1;

    return APIGW_AGAIN;
}


apigw_rc_t
apigw_claim_rule_check(const apigw_claim_rule_t *rule,
    const apigw_claims_t *claims, apigw_error_t *err)
{
    bool                  there;
    apigw_claim_t         value;
    apigw_claim_answer_e  answer;

    there = claims && apigw_claims_find(claims, &rule->path, &value)
            && value.type != APIGW_CLAIM_NULL;

    if (rule->op == APIGW_OP_EXISTS) {
        answer = there ? APIGW_CLAIM_YES : APIGW_CLAIM_NO;

    } else if (there) {
        answer = apigw_claim_rule_answer(rule, claims, &value);

    } else {
        answer = APIGW_CLAIM_UNSUITED;
    }

    if (answer == (rule->negate ? APIGW_CLAIM_NO : APIGW_CLAIM_YES)) {
        return APIGW_OK;
    }

    return apigw_claim_rule_fault(err, "claim_insufficient", 0);
}


static apigw_claim_answer_e
apigw_claim_rule_answer(const apigw_claim_rule_t *rule,
    const apigw_claims_t *claims, const apigw_claim_t *value)
{
    switch (rule->op) {

    case APIGW_OP_ANY:
        return apigw_claim_rule_any(rule, claims, value);

    case APIGW_OP_EQ:
    case APIGW_OP_IN:
        return apigw_claim_rule_one_of(rule, value);

    case APIGW_OP_MATCH:
        return apigw_claim_rule_match(rule, value);

    default:
        return apigw_claim_rule_compare(rule, value);
    }
}


/* A scalar counts as the array of it; elements that are none count as no. */

static apigw_claim_answer_e
apigw_claim_rule_any(const apigw_claim_rule_t *rule,
    const apigw_claims_t *claims, const apigw_claim_t *value)
{
    bool           more;
    apigw_claim_t  element;

    if (value->type != APIGW_CLAIM_ARRAY) {
        return apigw_claim_rule_one_of(rule, value);
    }

    more = apigw_claims_first(claims, value, &element);

    for ( /* void */ ; more; more = apigw_claims_next(claims, &element)) {
        if (apigw_claim_rule_one_of(rule, &element) == APIGW_CLAIM_YES) {
            return APIGW_CLAIM_YES;
        }
    }

    return APIGW_CLAIM_NO;
}


static apigw_claim_answer_e
apigw_claim_rule_one_of(const apigw_claim_rule_t *rule,
    const apigw_claim_t *value)
{
    size_t  i;

    if (value->type == APIGW_CLAIM_NULL || value->type == APIGW_CLAIM_ARRAY
        || value->type == APIGW_CLAIM_OBJECT)
    {
        return APIGW_CLAIM_UNSUITED;
    }

    for (i = 0; i < rule->values.nelts; i++) {
        if (apigw_claim_rule_equal(value, rule->values.elts[i])) {
            return APIGW_CLAIM_YES;
        }
    }

    return APIGW_CLAIM_NO;
}


/* Strings, true and false by their bytes; a number by its value. */

static bool
apigw_claim_rule_equal(const apigw_claim_t *value, apigw_str_t text)
{
    apigw_decimal_t  a, b;

    if (value->type != APIGW_CLAIM_NUMBER) {
        return apigw_str_eq(value->text, text);
    }

    return apigw_decimal_parse(&a, value->text) == APIGW_OK
           && apigw_decimal_parse(&b, text) == APIGW_OK
           && apigw_decimal_cmp(&a, &b) == 0;
}


static apigw_claim_answer_e
apigw_claim_rule_compare(const apigw_claim_rule_t *rule,
    const apigw_claim_t *value)
{
    int              cmp;
    bool             yes;
    apigw_decimal_t  a, b;

    if (value->type != APIGW_CLAIM_NUMBER
        || apigw_decimal_parse(&a, value->text) != APIGW_OK
        || apigw_decimal_parse(&b, rule->values.elts[0]) != APIGW_OK)
    {
        return APIGW_CLAIM_UNSUITED;
    }

    cmp = apigw_decimal_cmp(&a, &b);

    switch (rule->op) {

    case APIGW_OP_GT:
        yes = cmp > 0;
        break;

    case APIGW_OP_GE:
        yes = cmp >= 0;
        break;

    case APIGW_OP_LT:
        yes = cmp < 0;
        break;

    default: /* APIGW_OP_LE */
        yes = cmp <= 0;
    }

    return yes ? APIGW_CLAIM_YES : APIGW_CLAIM_NO;
}


static apigw_claim_answer_e
apigw_claim_rule_match(const apigw_claim_rule_t *rule,
    const apigw_claim_t *value)
{
    if (value->type != APIGW_CLAIM_STRING || rule->match == NULL) {
        return APIGW_CLAIM_UNSUITED;
    }

    switch (rule->match(rule->regex, value->text)) {

    case APIGW_OK:
        return APIGW_CLAIM_YES;

    case APIGW_EINPUT:
        return APIGW_CLAIM_NO;

    default:
        return APIGW_CLAIM_UNSUITED;
    }
}


static apigw_rc_t
apigw_claim_rule_fault(apigw_error_t *err, const char *word, size_t argument)
{
    err->word = word;
    err->offset = argument;

    return APIGW_EINPUT;
}
