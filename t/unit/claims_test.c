
/* Claims are read strictly, found by path, rendered as written, and checked. */


#include "apigw_test.h"

#include "apigw_claims.h"


#define NOW  1700000000


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


#define IS(word, wanted)  EXPECT(strcmp(word, wanted) == 0)
#define IS_STR(s, wanted)  EXPECT(apigw_str_is(s, wanted))


static const char *
parse(apigw_test_t *t, const char *json)
{
    apigw_rc_t       rc;
    apigw_claims_t  *claims;
    apigw_error_t    err;

    rc = apigw_claims_parse(&claims, &t->arena, text(json), &err);

    return rc == APIGW_OK ? "ok" : rc == APIGW_ENOMEM ? "memory" : err.word;
}


/* The value at a path, rendered; "?" if there is none. */

static apigw_str_t
at_form(apigw_test_t *t, const char *json, const char *path,
    apigw_claim_form_e form)
{
    apigw_str_t          out = apigw_str("?");
    apigw_claim_t        value;
    apigw_claims_t      *claims;
    apigw_error_t        err;
    apigw_claim_path_t   compiled;

    if (apigw_claims_parse(&claims, &t->arena, text(json), &err) != APIGW_OK
        || apigw_claim_path_parse(&compiled, &t->arena, text(path), &err)
           != APIGW_OK
        || !apigw_claims_find(claims, &compiled, &value)
        || apigw_claims_render(&out, &t->arena, claims, &value, form)
           != APIGW_OK)
    {
        return (apigw_str_t) apigw_str("?");
    }

    return out;
}


static apigw_str_t
at(apigw_test_t *t, const char *json, const char *path)
{
    return at_form(t, json, path, APIGW_CLAIM_JSON);
}


TEST(a_payload_is_strict_json)
{
    IS(parse(t, "{}"), "ok");
    IS(parse(t, "{\"sub\":\"a\",\"Sub\":\"b\"}"), "ok");
    IS(parse(t, ""), "token_malformed");
    IS(parse(t, "[]"), "token_malformed");
    IS(parse(t, "\"a\""), "token_malformed");
    IS(parse(t, "null"), "token_malformed");
    IS(parse(t, "{\"a\":1} x"), "token_malformed");
    IS(parse(t, "{\"a\":01}"), "token_malformed");
    IS(parse(t, "\xef\xbb\xbf{}"), "token_malformed");
    IS(parse(t, "{\"a\":\"\xff\"}"), "token_malformed");
    IS(parse(t, "{\"a\":\"\\u0000\"}"), "token_malformed");
    IS(parse(t, "{\"a\\u0000\":1}"), "token_malformed");
    IS(parse(t, "{\"a\":\"\\udfff\"}"), "token_malformed");
    IS(parse(t, "{\"a\":\"\n\"}"), "token_malformed");
}


TEST(no_name_comes_twice)
{
    IS(parse(t, "{\"sub\":\"a\",\"sub\":\"b\"}"), "token_malformed");
    IS(parse(t, "{\"aud\":\"a\",\"aud\":\"a\"}"), "token_malformed");
    IS(parse(t, "{\"exp\":1,\"\\u0065xp\":2}"), "token_malformed");
    IS(parse(t, "{\"a\":{\"b\":[{\"c\":1,\"c\":1}]}}"), "token_malformed");
    IS(parse(t, "{\"a\":{\"b\":1},\"b\":{\"b\":1}}"), "ok");
}


TEST(depth_and_breadth_are_bounded)
{
    char         *json;
    size_t        i;
    const char   *word;

    IS(parse(t, "{\"a\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}"), "ok");
    IS(parse(t, "{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}"),
       "token_malformed");

    json = malloc(2000000);

    strcpy(json, "{\"a\":");
    memset(json + 5, '[', 10000);
    json[10005] = '\0';
    word = parse(t, json);

    if (strcmp(word, "token_malformed") == 0) {
        size_t  n = sprintf(json, "{");

        for (i = 0; i < 128; i++) {
            n += sprintf(json + n, "%s\"%zu\":1", i ? "," : "", i);
        }

        strcpy(json + n, "}");
        word = parse(t, json);
        strcpy(json + n, ",\"x\":1}");

        if (strcmp(word, "ok") == 0) {
            word = parse(t, json);
        }

        if (strcmp(word, "token_malformed") == 0) {
            n = 1;

            for (i = 0; i < 100000; i++) {
                n += sprintf(json + n, "%s\"%zu\":1", i ? "," : "", i);
            }

            strcpy(json + n, "}");
            word = parse(t, json);
        }
    }

    free(json);
    IS(word, "token_malformed");
}


TEST(many_values_are_refused)
{
    char        *json;
    const char  *word;

    json = malloc(20000);
    strcpy(json, "{\"a\":[1");
    memset(json + 7, ' ', 12000);

    for (size_t i = 0; i < 5000; i++) {
        json[7 + i * 2] = ',';
        json[8 + i * 2] = '1';
    }

    strcpy(json + 7 + 10000, "]}");
    word = parse(t, json);
    free(json);

    IS(word, "token_malformed");
}


TEST(a_plain_name_is_taken_literally)
{
    static const char  json[] =
        "{\"sub\":\"alice\",\"a.b\":\"dot\",\"https://x/y[0]\":\"url\","
        "\"n\\u0061me\":\"escaped\",\"\":\"empty\",\"nul\":null}";

    IS_STR(at(t, json, "sub"), "alice");
    IS_STR(at(t, json, "a.b"), "dot");
    IS_STR(at(t, json, "https://x/y[0]"), "url");
    IS_STR(at(t, json, "name"), "escaped");
    IS_STR(at(t, json, "SUB"), "?");
    IS_STR(at(t, json, "su"), "?");
    IS_STR(at(t, json, "nul"), "");
}


TEST(a_leading_dot_makes_a_path)
{
    static const char  json[] =
        "{\"realm_access\":{\"roles\":[\"admin\",\"user\"],\"a.b\":{\"[\":7}},"
        "\"l\":[[1,2],[3]],\"x\\\\y\":8}";

    IS_STR(at(t, json, ".realm_access.roles[0]"), "admin");
    IS_STR(at(t, json, ".realm_access.roles[1]"), "user");
    IS_STR(at(t, json, ".realm_access.roles[2]"), "?");
    IS_STR(at(t, json, ".realm_access.roles"), "[\"admin\",\"user\"]");
    IS_STR(at(t, json, ".realm_access.a\\.b.\\["), "7");
    IS_STR(at(t, json, ".l[0][1]"), "2");
    IS_STR(at(t, json, ".l[1][0]"), "3");
    IS_STR(at(t, json, ".l[0].x"), "?");
    IS_STR(at(t, json, ".l.0"), "?");
    IS_STR(at(t, json, ".realm_access[0]"), "?");
    IS_STR(at(t, json, ".x\\\\y"), "8");
}


TEST(a_path_of_another_form_is_refused)
{
    size_t               i;
    apigw_error_t        err;
    apigw_claim_path_t   path;

    static const char *const  bad[] = {
        "", ".", "..a", ".a.", ".a[", ".a[]", ".a[x]", ".a[-1]", ".a[12345]",
        ".a[1", ".a]", ".a\\", ".a\\b", ".a[0]b", ".a[0]]"
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        EXPECT(apigw_claim_path_parse(&path, &t->arena, text(bad[i]), &err)
               == APIGW_EINPUT);
    }

    EXPECT(apigw_claim_path_parse(&path, &t->arena,
                                  text(".a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a"),
                                  &err)
           == APIGW_ELIMIT);
    EXPECT(apigw_claim_path_parse(&path, &t->arena,
                                  text(".a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a"),
                                  &err)
           == APIGW_OK);
}


TEST(numbers_render_as_they_were_written)
{
    static const char  json[] =
        "{\"a\":9007199254740993,\"b\":1.10,\"c\":1E+400,\"d\":-0,"
        "\"e\":true,\"f\":false,\"g\":123456789012345678901234567890}";

    IS_STR(at(t, json, "a"), "9007199254740993");
    IS_STR(at(t, json, "b"), "1.10");
    IS_STR(at(t, json, "c"), "1E+400");
    IS_STR(at(t, json, "d"), "-0");
    IS_STR(at(t, json, "e"), "true");
    IS_STR(at(t, json, "f"), "false");
    IS_STR(at(t, json, "g"), "123456789012345678901234567890");
}


TEST(containers_render_without_blanks)
{
    static const char  json[] =
        "{ \"a\" : [ 1 ,\n\t\"x y\\\" \\\\\" , { } ] , \"b\":{\"k\" : \" \"}}";

    IS_STR(at(t, json, "a"), "[1,\"x y\\\" \\\\\",{}]");
    IS_STR(at(t, json, "b"), "{\"k\":\" \"}");
}


TEST(csv_is_for_arrays_of_scalars)
{
    static const char  json[] =
        "{\"a\":[\"x\",1,true],\"b\":[],\"c\":[\"x,y\"],\"d\":[[1]],"
        "\"e\":[null],\"f\":\"s\",\"g\":\"s,t\",\"h\":{\"k\":1},"
        "\"i\":[\"x\\ny\"],\"j\":[\"x\\u002cy\"]}";

    IS_STR(at_form(t, json, "a", APIGW_CLAIM_CSV), "x,1,true");
    IS_STR(at_form(t, json, "b", APIGW_CLAIM_CSV), "");
    IS_STR(at_form(t, json, "c", APIGW_CLAIM_CSV), "");
    IS_STR(at_form(t, json, "d", APIGW_CLAIM_CSV), "");
    IS_STR(at_form(t, json, "e", APIGW_CLAIM_CSV), "");
    IS_STR(at_form(t, json, "f", APIGW_CLAIM_CSV), "s");
    IS_STR(at_form(t, json, "g", APIGW_CLAIM_CSV), "");
    IS_STR(at_form(t, json, "h", APIGW_CLAIM_CSV), "");
    IS_STR(at_form(t, json, "i", APIGW_CLAIM_CSV), "");
    IS_STR(at_form(t, json, "j", APIGW_CLAIM_CSV), "");
}


TEST(control_bytes_render_empty)
{
    IS_STR(at(t, "{\"a\":\"x\\r\\nX-Admin: 1\"}", "a"), "");
    IS_STR(at(t, "{\"a\":\"x\\u007f\"}", "a"), "");
    IS_STR(at(t, "{\"a\":\"x\x7f\"}", "a"), "");
    IS_STR(at(t, "{\"a\":\"\\t\"}", "a"), "");
    IS_STR(at(t, "{\"a\":[\"\x7f\"]}", "a"), "");
    IS_STR(at(t, "{\"a\":[\"\\n\"]}", "a"), "[\"\\n\"]");
    IS_STR(at(t, "{\"a\":\"\xc3\xbc\\u00fc\"}", "a"), "\xc3\xbc\xc3\xbc");
}


/* "dropped", if the value at "a" is for a control byte; else "kept". */

static const char *
fate(apigw_test_t *t, const char *json, apigw_claim_form_e form)
{
    bool             unsafe = false;
    apigw_str_t      out = apigw_str("?");
    apigw_claim_t    value;
    apigw_claims_t  *claims;
    apigw_error_t    err;

    if (apigw_claims_parse(&claims, &t->arena, text(json), &err) != APIGW_OK
        || !apigw_claims_get(claims, text("a"), &value)
        || apigw_claims_render_mark(&out, &t->arena, claims, &value, form,
                                    &unsafe)
           != APIGW_OK)
    {
        return "?";
    }

    if (unsafe && (out.len || apigw_claims_plain(claims))) {
        return "contradiction";
    }

    return unsafe ? "dropped" : "kept";
}


TEST(what_was_dropped_for_a_control_byte_is_told)
{
    IS(fate(t, "{\"a\":\"x\\n\"}", APIGW_CLAIM_JSON), "dropped");
    IS(fate(t, "{\"a\":\"x\x7f\"}", APIGW_CLAIM_CSV), "dropped");
    IS(fate(t, "{\"a\":[\"\x7f\"]}", APIGW_CLAIM_JSON), "dropped");
    IS(fate(t, "{\"a\":[\"\\n\"]}", APIGW_CLAIM_CSV), "dropped");
    IS(fate(t, "{\"a\":[\"\\n\"]}", APIGW_CLAIM_JSON), "kept");
    IS(fate(t, "{\"a\":[\"b,c\"]}", APIGW_CLAIM_CSV), "kept");
    IS(fate(t, "{\"a\":null}", APIGW_CLAIM_JSON), "kept");
    IS(fate(t, "{\"a\":\"\"}", APIGW_CLAIM_JSON), "kept");
    IS(fate(t, "{\"a\":\"\\u00fc\"}", APIGW_CLAIM_JSON), "kept");
}


static const char *
look(apigw_test_t *t, const char *json)
{
    apigw_claims_t  *claims;
    apigw_error_t    err;

    if (apigw_claims_parse(&claims, &t->arena, text(json), &err) != APIGW_OK) {
        return "?";
    }

    return apigw_claims_plain(claims) ? "plain" : "perhaps not";
}


TEST(plain_claims_hold_no_control_byte)
{
    IS(look(t, "{}"), "plain");
    IS(look(t, "{\r\n\t\"a\": \"b\"\n}"), "plain");
    IS(look(t, "{\"a\":\"\xc3\xbc\"}"), "plain");
    IS(look(t, "{\"a\":\"\\n\"}"), "perhaps not");
    IS(look(t, "{\"a\":[{\"b\":\"\\u0001\"}]}"), "perhaps not");
    IS(look(t, "{\"a\":\"\x7f\"}"), "perhaps not");
    IS(look(t, "{\"a\":\"\\u00fc\"}"), "perhaps not");
}


/* The list at "s", its elements between bars. */

static const char *
list(apigw_test_t *t, const char *json, char *out)
{
    size_t             i, n;
    apigw_claim_t      value;
    apigw_claims_t    *claims;
    apigw_error_t      err;
    apigw_str_list_t   elts;

    if (apigw_claims_parse(&claims, &t->arena, text(json), &err) != APIGW_OK
        || !apigw_claims_get(claims, text("s"), &value)
        || apigw_claims_list(&elts, &t->arena, claims, &value) != APIGW_OK)
    {
        return "?";
    }

    n = sprintf(out, "|");

    for (i = 0; i < elts.nelts; i++) {
        n += sprintf(out + n, "%.*s|", (int) elts.elts[i].len,
                     elts.elts[i].data);
    }

    return out;
}


TEST(lists_are_strings_split_at_spaces_or_arrays_whole)
{
    char  out[256];

    IS(list(t, "{\"s\":\"a b\"}", out), "|a|b|");
    IS(list(t, "{\"s\":\"  a   b \"}", out), "|a|b|");
    IS(list(t, "{\"s\":\"not-admin\"}", out), "|not-admin|");
    IS(list(t, "{\"s\":\"a\\tadmin\"}", out), "|a\tadmin|");
    IS(list(t, "{\"s\":\"a,admin\"}", out), "|a,admin|");
    IS(list(t, "{\"s\":\"\"}", out), "|");
    IS(list(t, "{\"s\":[\"a\",\"b c\",\"\",1,null,[\"x\"]]}", out),
       "|a|b c||");
    IS(list(t, "{\"s\":[]}", out), "|");
    IS(list(t, "{\"s\":7}", out), "|");
    IS(list(t, "{\"s\":{\"a\":\"b\"}}", out), "|");
    IS(list(t, "{\"s\":true}", out), "|");
}


TEST(a_copy_stands_alone)
{
    char            *json;
    apigw_rc_t       rc;
    apigw_str_t      out;
    apigw_heap_t     heap;
    apigw_arena_t    arena;
    apigw_claims_t  *claims, *copy;
    apigw_error_t    err;

    static const char  source[] =
        "{\"sub\":\"al\\u0069ce\",\"n\\u0061\":[1,\"x\",{\"k\":\"v\"}],"
        "\"e\":\"\"}";

    apigw_heap_arena(&heap, &arena);
    json = malloc(sizeof(source));
    memcpy(json, source, sizeof(source));

    copy = NULL;
    rc = apigw_claims_parse(&claims, &arena, text(json), &err);

    if (rc == APIGW_OK) {
        rc = apigw_claims_copy(&copy, &t->arena, claims);
    }

    memset(json, 'x', sizeof(source) - 1);
    free(json);
    apigw_heap_free(&heap);

    EXPECT(rc == APIGW_OK);
    EXPECT(apigw_claims_render_all(&out, &t->arena, copy) == APIGW_OK);
    IS_STR(out, source);
    IS_STR(apigw_claims_json(copy), source);

    {
        apigw_claim_t  value;

        EXPECT(apigw_claims_get(copy, text("sub"), &value));
        IS_STR(value.text, "alice");
        EXPECT(apigw_claims_get(copy, text("na"), &value));
        EXPECT(apigw_claims_first(copy, &value, &value));
        IS_STR(value.text, "1");
        EXPECT(apigw_claims_next(copy, &value));
        IS_STR(value.text, "x");
        EXPECT(apigw_claims_next(copy, &value));
        EXPECT(!apigw_claims_next(copy, &value));
        EXPECT(apigw_claims_first(copy, &value, &value));
        IS_STR(value.text, "v");
        EXPECT(apigw_claims_get(copy, text("e"), &value));
        EXPECT(value.text.len == 0);
    }
}


/*
 * Checks a payload by the rules: issuer https://i, audience api://a or
 * api://b, exp required, leeway 30 s, lifetime a day.
 */

static const char *
check_at(apigw_test_t *t, const char *json, int64_t now)
{
    apigw_rc_t             rc;
    apigw_claims_t        *claims;
    apigw_error_t          err;
    apigw_claim_path_t     required;
    apigw_claims_dates_t   dates;
    apigw_claims_rules_t   rules;
    apigw_str_t            audience[2] = { apigw_str("api://a"),
                                           apigw_str("api://b") };

    memset(&rules, 0, sizeof(rules));

    rules.issuer = text("https://i");
    rules.audience.elts = audience;
    rules.audience.nelts = 2;
    rules.leeway = 30;
    rules.max_lifetime = 86400;

    if (apigw_claim_path_parse(&required, &t->arena, text("exp"), &err)
        || apigw_claim_path_parse(&rules.audience_claim, &t->arena,
                                  text("aud"), &err))
    {
        return "memory";
    }

    rules.required.paths = &required;
    rules.required.npaths = 1;

    rc = apigw_claims_parse(&claims, &t->arena, text(json), &err);

    if (rc == APIGW_OK) {
        rc = apigw_claims_check(claims, &rules, now, &dates, &err);
    }

    return rc == APIGW_OK ? "ok" : rc == APIGW_ENOMEM ? "memory" : err.word;
}


static const char *
check(apigw_test_t *t, const char *members)
{
    char  json[512];

    snprintf(json, sizeof(json), "{\"iss\":\"https://i\"%s}", members);

    return check_at(t, json, NOW);
}


#define AUD  ",\"aud\":\"api://a\""
#define EXP  ",\"exp\":1700000100"


TEST(an_issuer_is_equal_byte_for_byte)
{
    IS(check(t, AUD EXP), "ok");
    IS(check_at(t, "{\"iss\":\"https://i/\"" AUD EXP "}", NOW),
       "issuer_unknown");
    IS(check_at(t, "{\"iss\":\"HTTPS://i\"" AUD EXP "}", NOW),
       "issuer_unknown");
    IS(check_at(t, "{\"iss\":\"\"" AUD EXP "}", NOW), "issuer_unknown");
    IS(check_at(t, "{\"iss\":[\"https://i\"]" AUD EXP "}", NOW),
       "issuer_unknown");
    IS(check_at(t, "{\"iss\":null" AUD EXP "}", NOW), "issuer_unknown");
    IS(check_at(t, "{\"ISS\":\"https://i\"" AUD EXP "}", NOW),
       "issuer_unknown");
}


TEST(an_expiry_is_a_number_in_range)
{
    IS(check(t, AUD), "claim_missing");
    IS(check(t, AUD ",\"EXP\":1700000100"), "claim_missing");
    IS(check(t, AUD ",\"exp\":null"), "claim_missing");
    IS(check(t, AUD ",\"exp\":\"1700000100\""), "claim_invalid");
    IS(check(t, AUD ",\"exp\":true"), "claim_invalid");
    IS(check(t, AUD ",\"exp\":[1700000100]"), "claim_invalid");
    IS(check(t, AUD ",\"exp\":-1700000100"), "claim_invalid");
    IS(check(t, AUD ",\"exp\":1e400"), "claim_invalid");
    IS(check(t, AUD ",\"exp\":9007199254740993"), "claim_invalid");
    IS(check(t, AUD ",\"exp\":9007199254740992"), "lifetime_exceeded");
    IS(check(t, AUD ",\"exp\":2177452800"), "lifetime_exceeded"); /* 2039 */
    IS(check(t, AUD ",\"exp\":1700000100.5"), "ok");
    IS(check(t, AUD ",\"exp\":1.7000001e9"), "ok");
    IS(check(t, AUD ",\"exp\":0"), "token_expired");
}


TEST(an_expiry_is_exact_to_the_second)
{
    IS(check(t, AUD ",\"exp\":1700000000"), "ok");       /* leeway */
    IS(check(t, AUD ",\"exp\":1699999971"), "ok");
    IS(check(t, AUD ",\"exp\":1699999970.5"), "ok");
    IS(check(t, AUD ",\"exp\":1699999970"), "token_expired");
}


TEST(a_token_is_not_valid_before_its_time)
{
    IS(check(t, AUD EXP ",\"nbf\":1700000030"), "ok");
    IS(check(t, AUD EXP ",\"nbf\":1700000030.1"), "token_not_yet_valid");
    IS(check(t, AUD EXP ",\"nbf\":1700000031"), "token_not_yet_valid");
    IS(check(t, AUD EXP ",\"nbf\":\"0\""), "claim_invalid");
    IS(check(t, AUD EXP ",\"iat\":1700000030"), "ok");
    IS(check(t, AUD EXP ",\"iat\":1700000031"), "token_not_yet_valid");
    IS(check(t, AUD EXP ",\"iat\":-1"), "claim_invalid");
}


TEST(an_audience_is_one_of_those_listed)
{
    IS(check(t, EXP ",\"aud\":\"api://b\""), "ok");
    IS(check(t, EXP ",\"aud\":[\"x\",\"api://b\"]"), "ok");
    IS(check(t, EXP), "claim_missing");
    IS(check(t, EXP ",\"aud\":null"), "claim_missing");
    IS(check(t, EXP ",\"aud\":[]"), "audience_mismatch");
    IS(check(t, EXP ",\"aud\":\"\""), "audience_mismatch");
    IS(check(t, EXP ",\"aud\":\"api://\""), "audience_mismatch");
    IS(check(t, EXP ",\"aud\":\"api://ab\""), "audience_mismatch");
    IS(check(t, EXP ",\"aud\":\"api://a api://b\""), "audience_mismatch");
    IS(check(t, EXP ",\"aud\":[\"api://a\",7]"), "claim_invalid");
    IS(check(t, EXP ",\"aud\":7"), "claim_invalid");
    IS(check(t, EXP ",\"aud\":{\"api://a\":1}"), "claim_invalid");
}


TEST(a_lifetime_counts_from_issue_or_from_now)
{
    IS(check(t, AUD ",\"exp\":1700086400"), "ok");
    IS(check(t, AUD ",\"exp\":1700086401"), "lifetime_exceeded");
    IS(check(t, AUD ",\"exp\":1700086401,\"iat\":1700000001"), "ok");
    IS(check(t, AUD ",\"exp\":1700000100,\"iat\":1699913699"),
       "lifetime_exceeded");
}


TEST(rules_can_be_turned_off)
{
    apigw_str_t            audience = apigw_str("x");
    apigw_claims_t        *claims;
    apigw_error_t          err;
    apigw_claims_dates_t   dates;
    apigw_claims_rules_t   rules;

    memset(&rules, 0, sizeof(rules));
    rules.max_lifetime = -1;

    EXPECT(apigw_claims_parse(&claims, &t->arena, text("{}"), &err)
           == APIGW_OK);
    EXPECT(apigw_claims_check(claims, &rules, NOW, &dates, &err)
           == APIGW_OK);
    EXPECT(dates.exp == -1 && dates.nbf == -1 && dates.iat == -1);
    EXPECT(apigw_claims_check_dates(&dates, 0, NOW, &err) == APIGW_OK);

    rules.issuer = text("https://i");
    EXPECT(apigw_claims_check(claims, &rules, NOW, &dates, &err)
           == APIGW_EINPUT);

    rules.issuer_optional = true;
    EXPECT(apigw_claims_check(claims, &rules, NOW, &dates, &err)
           == APIGW_OK);

    rules.audience.elts = &audience;
    rules.audience.nelts = 1;
    EXPECT(apigw_claim_path_parse(&rules.audience_claim, &t->arena,
                                  text("client_id"), &err)
           == APIGW_OK);
    EXPECT(apigw_claims_parse(&claims, &t->arena, text("{\"client_id\":\"x\"}"),
                              &err)
           == APIGW_OK);
    EXPECT(apigw_claims_check(claims, &rules, NOW, &dates, &err)
           == APIGW_OK);
}


TEST(kept_dates_are_checked_again)
{
    apigw_error_t          err;
    apigw_claims_dates_t   dates = { .exp = NOW, .nbf = NOW - 10, .iat = -1 };

    EXPECT(apigw_claims_check_dates(&dates, 0, NOW - 1, &err) == APIGW_OK);
    EXPECT(apigw_claims_check_dates(&dates, 0, NOW, &err) == APIGW_EINPUT);
    IS(err.word, "token_expired");
    EXPECT(apigw_claims_check_dates(&dates, 30, NOW + 29, &err) == APIGW_OK);
    EXPECT(apigw_claims_check_dates(&dates, 30, NOW + 30, &err)
           == APIGW_EINPUT);
    EXPECT(apigw_claims_check_dates(&dates, 0, NOW - 11, &err)
           == APIGW_EINPUT);
    IS(err.word, "token_not_yet_valid");
}


TEST(an_unverified_issuer_is_a_string_or_nothing)
{
    apigw_claims_t  *claims;
    apigw_error_t    err;

    EXPECT(apigw_claims_parse(&claims, &t->arena, text("{\"iss\":\"x\"}"),
                              &err)
           == APIGW_OK);
    IS_STR(apigw_claims_issuer(claims), "x");

    EXPECT(apigw_claims_parse(&claims, &t->arena, text("{\"iss\":1}"), &err)
           == APIGW_OK);
    EXPECT(apigw_claims_issuer(claims).data == NULL);
}


/* Whether the claims are a log-in of the class "a" or "b" of late. */

static bool
acr(apigw_test_t *t, const char *json, int64_t max_age, int64_t leeway,
    bool *ok)
{
    apigw_str_t        names[] = { apigw_str("a"), apigw_str("b") };
    apigw_str_t        text = { (const uint8_t *) json, strlen(json) };
    apigw_error_t      err = { "", 0 };
    apigw_claims_t    *c;
    apigw_str_list_t   acrs = { names, 2 };

    if (apigw_claims_parse(&c, &t->arena, text, &err) != APIGW_OK) {
        return false;
    }

    *ok = apigw_claims_check_acr(c, &acrs, max_age, leeway, 1000, &err)
          == APIGW_OK;

    return *ok || strcmp(err.word, "acr_insufficient") == 0;
}


TEST(a_login_is_of_a_class_and_recent)
{
    bool           ok;
    apigw_error_t  err;

    static const struct {
        const char  *json;
        int64_t      max_age;
        int64_t      leeway;
        bool         ok;
    } cases[] = {
        { "{\"acr\":\"a\"}", -1, 0, true },
        { "{\"acr\":\"b\"}", -1, 0, true },
        { "{\"acr\":\"A\"}", -1, 0, false },
        { "{\"acr\":\"a b\"}", -1, 0, false },
        { "{\"acr\":[\"a\"]}", -1, 0, false },
        { "{\"acr\":null}", -1, 0, false },
        { "{}", -1, 0, false },
        { "{\"acr\":\"a\"}", 10, 0, false },
        { "{\"acr\":\"a\",\"auth_time\":1000}", 10, 0, true },
        { "{\"acr\":\"a\",\"auth_time\":990}", 10, 0, true },
        { "{\"acr\":\"a\",\"auth_time\":989}", 10, 0, false },
        { "{\"acr\":\"a\",\"auth_time\":985}", 10, 5, true },
        { "{\"acr\":\"a\",\"auth_time\":984}", 10, 5, false },
        { "{\"acr\":\"a\",\"auth_time\":1001}", 10, 0, false },
        { "{\"acr\":\"a\",\"auth_time\":1005}", 10, 5, true },
        { "{\"acr\":\"a\",\"auth_time\":1006}", 10, 5, false },
        { "{\"acr\":\"a\",\"auth_time\":\"1000\"}", 10, 0, false },
        { "{\"acr\":\"a\",\"auth_time\":null}", 10, 0, false },
        { "{\"acr\":\"a\",\"auth_time\":-1}", 10, 5000, false },
        { "{\"acr\":\"a\",\"auth_time\":1e400}", 10, 0, false },
        { "{\"acr\":\"c\",\"auth_time\":1000}", 10, 0, false }
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        EXPECT(acr(t, cases[i].json, cases[i].max_age, cases[i].leeway, &ok));
        EXPECT(ok == cases[i].ok);
    }

    EXPECT(apigw_claims_check_acr(NULL, &(apigw_str_list_t) { NULL, 0 }, -1, 0,
                                  1000, &err)
           == APIGW_EINPUT);
}


TEST_MAIN(CASE(a_login_is_of_a_class_and_recent),
          CASE(a_payload_is_strict_json),
          CASE(no_name_comes_twice),
          CASE(depth_and_breadth_are_bounded),
          CASE(many_values_are_refused),
          CASE(a_plain_name_is_taken_literally),
          CASE(a_leading_dot_makes_a_path),
          CASE(a_path_of_another_form_is_refused),
          CASE(numbers_render_as_they_were_written),
          CASE(containers_render_without_blanks),
          CASE(csv_is_for_arrays_of_scalars),
          CASE(control_bytes_render_empty),
          CASE(what_was_dropped_for_a_control_byte_is_told),
          CASE(plain_claims_hold_no_control_byte),
          CASE(lists_are_strings_split_at_spaces_or_arrays_whole),
          CASE(a_copy_stands_alone),
          CASE(an_issuer_is_equal_byte_for_byte),
          CASE(an_expiry_is_a_number_in_range),
          CASE(an_expiry_is_exact_to_the_second),
          CASE(a_token_is_not_valid_before_its_time),
          CASE(an_audience_is_one_of_those_listed),
          CASE(a_lifetime_counts_from_issue_or_from_now),
          CASE(rules_can_be_turned_off),
          CASE(kept_dates_are_checked_again),
          CASE(an_unverified_issuer_is_a_string_or_nothing))
