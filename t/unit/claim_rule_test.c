
/* Requirements on claims: every operator, its negation, and what fails both. */


#include "apigw_test.h"

#include "apigw_claim_rule.h"


#define CLAIMS                                                                \
    "{\"s\":\"gold\",\"empty\":\"\",\"n\":9007199254740993,\"f\":1.50,"       \
    "\"t\":true,\"nul\":null,\"a\":[\"x\",\"y,z\",7,null,[\"q\"]],\"e\":[],"  \
    "\"o\":{\"k\":\"v\"},\"num\":\"12\"}"


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


/* "Matches" what begins with the regex's text; "fail" fails to run. */

static apigw_rc_t
match(void *regex, apigw_str_t subject)
{
    const char  *begin = regex;

    if (strcmp(begin, "fail") == 0) {
        return APIGW_ENOMEM;
    }

    return subject.len >= strlen(begin)
           && memcmp(subject.data, begin, strlen(begin)) == 0
           ? APIGW_OK : APIGW_EINPUT;
}


/* '+' the rule passes, '-' it fails, 'x' it is none. */

static char
rule_of(apigw_test_t *t, const char *path, const char *op, const char *a,
    const char *b)
{
    size_t              n;
    apigw_rc_t          rc;
    apigw_str_t         values[2];
    apigw_claims_t     *claims;
    apigw_error_t       err = { "?", 0 };
    apigw_claim_rule_t  rule;

    n = (a != NULL) + (b != NULL);
    values[0] = text(a ? a : "");
    values[1] = text(b ? b : "");

    rc = apigw_claim_rule_parse(&rule, &t->arena, text(path), text(op),
                                values, n, &err);
    if (rc != APIGW_OK) {
        return 'x';
    }

    rule.match = match;
    rule.regex = (void *) a;

    if (apigw_claims_parse(&claims, &t->arena, text(CLAIMS), &err)
        != APIGW_OK)
    {
        return 'm';
    }

    rc = apigw_claim_rule_check(&rule, claims, &err);

    return rc == APIGW_OK ? '+'
           : strcmp(err.word, "claim_insufficient") ? '?' : '-';
}


/* A rule and its negation, as two characters. */

static bool
both(apigw_test_t *t, const char *path, const char *op, const char *a,
    const char *wanted)
{
    char  not[16];

    sprintf(not, "!%s", op);

    return rule_of(t, path, op, a, NULL) == wanted[0]
           && rule_of(t, path, not, a, NULL) == wanted[1];
}


#define IS(path, op, value, wanted)                                           \
    EXPECT(both(t, path, op, value, wanted))


TEST(eq_compares_scalars)
{
    IS("s", "eq", "gold", "+-");
    IS("s", "eq", "Gold", "-+");
    IS("s", "eq", "gol", "-+");
    IS("empty", "eq", "", "+-");
    IS("n", "eq", "9007199254740993", "+-");
    IS("n", "eq", "9007199254740992", "-+");
    IS("n", "eq", "9.007199254740993e15", "+-");
    IS("n", "eq", "abc", "-+");
    IS("f", "eq", "1.5", "+-");
    IS("num", "eq", "12", "+-");
    IS("num", "eq", "12.0", "-+");
    IS("t", "eq", "true", "+-");
    IS("t", "eq", "1", "-+");
    IS(".o.k", "eq", "v", "+-");
    IS(".a[0]", "eq", "x", "+-");
}


TEST(in_compares_with_several)
{
    IS("s", "in", "silver,gold", "+-");
    IS("s", "in", "silver", "-+");
    IS("s", "in", "silver,gold\\,x", "-+");
    IS(".a[1]", "in", "x,y\\,z", "+-");
    IS(".a[1]", "in", "y,z", "-+");
    IS("n", "in", "1,9007199254740993", "+-");

    EXPECT(rule_of(t, "s", "in", "a,b", "gold") == '+');
    EXPECT(rule_of(t, "s", "in", "a", "b") == '-');
}


TEST(any_looks_at_elements)
{
    IS("a", "any", "x", "+-");
    IS("a", "any", "w,y\\,z", "+-");
    IS("a", "any", "7.0", "+-");
    IS("a", "any", "q", "-+");
    IS("a", "any", "null", "-+");
    IS("a", "any", "y", "-+");
    IS("e", "any", "x", "-+");
    IS("s", "any", "gold", "+-");
    IS("o", "any", "v", "--");
}


TEST(numbers_compare_exactly)
{
    IS("n", "gt", "9007199254740992", "+-");
    IS("n", "gt", "9007199254740993", "-+");
    IS("n", "ge", "9007199254740993", "+-");
    IS("n", "ge", "9007199254740994", "-+");
    IS("n", "lt", "9007199254740994", "+-");
    IS("n", "lt", "9007199254740993", "-+");
    IS("n", "le", "9007199254740993.0", "+-");
    IS("n", "le", "9007199254740992.9", "-+");
    IS("f", "gt", "-1e400", "+-");
    IS("f", "lt", "1e400", "+-");
}


TEST(a_match_is_asked_of_the_engine)
{
    IS("s", "match", "go", "+-");
    IS("s", "match", "si", "-+");
    IS("s", "match", "fail", "--");
    IS("n", "match", "9", "--");
    IS("a", "match", "x", "--");
    IS("nul", "match", "n", "--");
}


TEST(exists_means_there_and_not_null)
{
    IS("s", "exists", NULL, "+-");
    IS("empty", "exists", NULL, "+-");
    IS("e", "exists", NULL, "+-");
    IS("nul", "exists", NULL, "-+");
    IS("none", "exists", NULL, "-+");
    IS("S", "exists", NULL, "-+");
    IS(".o.k", "exists", NULL, "+-");
    IS(".o.k.k", "exists", NULL, "-+");
}


TEST(a_missing_claim_fails_negated_too)
{
    size_t  i;

    static const char *const  ops[] = {
        "eq", "in", "any", "gt", "ge", "lt", "le", "match"
    };

    for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        IS("none", ops[i], "1", "--");
        IS("nul", ops[i], "1", "--");
    }
}


TEST(an_unsuited_type_fails_negated_too)
{
    IS("a", "eq", "x", "--");
    IS("o", "eq", "x", "--");
    IS("a", "in", "x", "--");
    IS("s", "gt", "1", "--");
    IS("num", "gt", "1", "--");
    IS("t", "ge", "0", "--");
    IS("a", "lt", "9", "--");
}


TEST(a_rule_of_another_form_is_refused)
{
    EXPECT(rule_of(t, "s", "equals", "a", NULL) == 'x');
    EXPECT(rule_of(t, "s", "EQ", "a", NULL) == 'x');
    EXPECT(rule_of(t, "s", "!!eq", "a", NULL) == 'x');
    EXPECT(rule_of(t, "s", "!", "a", NULL) == 'x');
    EXPECT(rule_of(t, "s", "", "a", NULL) == 'x');
    EXPECT(rule_of(t, "s", "eq", NULL, NULL) == 'x');
    EXPECT(rule_of(t, "s", "eq", "a", "b") == 'x');
    EXPECT(rule_of(t, "s", "in", NULL, NULL) == 'x');
    EXPECT(rule_of(t, "s", "in", "a,,b", NULL) == 'x');
    EXPECT(rule_of(t, "s", "in", "", NULL) == 'x');
    EXPECT(rule_of(t, "s", "any", ",a", NULL) == 'x');
    EXPECT(rule_of(t, "s", "gt", "abc", NULL) == 'x');
    EXPECT(rule_of(t, "s", "gt", "", NULL) == 'x');
    EXPECT(rule_of(t, "s", "exists", "a", NULL) == 'x');
    EXPECT(rule_of(t, ".a[", "exists", NULL, NULL) == 'x');
    EXPECT(rule_of(t, "", "exists", NULL, NULL) == 'x');
}


TEST(values_are_bounded)
{
    char                 list[1024];
    apigw_str_t          value;
    apigw_error_t        err;
    apigw_claim_rule_t   rule;

    memset(list, ',', sizeof(list));

    for (size_t i = 0; i < sizeof(list); i += 2) {
        list[i] = 'a';
    }

    value.data = (const uint8_t *) list;
    value.len = 511;                         /* 256 values */
    EXPECT(apigw_claim_rule_parse(&rule, &t->arena, text("s"), text("in"),
                                  &value, 1, &err)
           == APIGW_OK);
    EXPECT(rule.values.nelts == 256);

    value.len = 513;
    EXPECT(apigw_claim_rule_parse(&rule, &t->arena, text("s"), text("in"),
                                  &value, 1, &err)
           == APIGW_ELIMIT);
}


TEST(without_claims_all_are_missing)
{
    apigw_error_t       err;
    apigw_claim_rule_t  rule;

    EXPECT(apigw_claim_rule_parse(&rule, &t->arena, text("s"),
                                  text("!exists"), NULL, 0, &err)
           == APIGW_OK);
    EXPECT(apigw_claim_rule_check(&rule, NULL, &err) == APIGW_OK);

    rule.negate = false;
    EXPECT(apigw_claim_rule_check(&rule, NULL, &err) == APIGW_EINPUT);
}


TEST_MAIN(CASE(eq_compares_scalars),
          CASE(in_compares_with_several),
          CASE(any_looks_at_elements),
          CASE(numbers_compare_exactly),
          CASE(a_match_is_asked_of_the_engine),
          CASE(exists_means_there_and_not_null),
          CASE(a_missing_claim_fails_negated_too),
          CASE(an_unsuited_type_fails_negated_too),
          CASE(a_rule_of_another_form_is_refused),
          CASE(values_are_bounded),
          CASE(without_claims_all_are_missing))
