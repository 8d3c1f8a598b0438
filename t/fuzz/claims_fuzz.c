
/*
 * A payload, in front of it a path and a newline. What is accepted is what the
 * value functions see in the text; a rendering is free of control bytes, and
 * that of the whole document is accepted again and renders as itself.
 */


#include "apigw_arena.h"
#include "apigw_claim_rule.h"
#include "apigw_claims.h"
#include "apigw_json_value.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define CHECK(cond)  do { if (!(cond)) abort(); } while (0)


static void
check_value(apigw_arena_t *arena, const apigw_claims_t *claims,
    const apigw_claim_t *value)
{
    apigw_str_t       out;
    apigw_str_list_t  list;

    CHECK(apigw_claims_render(&out, arena, claims, value, APIGW_CLAIM_CSV)
          == APIGW_OK);
    CHECK(!apigw_str_has_control(out));
    CHECK(apigw_claims_list(&list, arena, claims, value) == APIGW_OK);
}


/* Compares the index with a walk over the text, level by level. */

static void
check_tree(apigw_arena_t *arena, const apigw_claims_t *claims,
    const apigw_claim_t *parent, apigw_str_t text, unsigned depth)
{
    bool                more;
    apigw_claim_t       value;
    apigw_str_t         decoded;
    apigw_json_walk_t   walk;
    apigw_json_value_t  seen;

    CHECK(depth <= APIGW_CLAIMS_DEPTH);

    apigw_json_walk(&walk, text);
    more = apigw_claims_first(claims, parent, &value);

    while (apigw_json_walk_next(&walk, &seen)) {
        CHECK(more);

        if (value.type == APIGW_CLAIM_STRING) {
            CHECK(apigw_json_string_decode(arena, seen.text, &decoded)
                  == APIGW_OK);
            CHECK(apigw_str_eq(decoded, value.text));

        } else {
            CHECK(apigw_str_eq(seen.text, value.text));
        }

        if (seen.kind == APIGW_JSON_OBJECT || seen.kind == APIGW_JSON_ARRAY) {
            check_tree(arena, claims, &value, seen.text, depth + 1);
        }

        check_value(arena, claims, &value);
        more = apigw_claims_next(claims, &value);
    }

    CHECK(!more);
}


static void
check_claims(apigw_arena_t *arena, const apigw_claims_t *claims)
{
    apigw_str_t                once, twice;
    apigw_claim_t              root;
    apigw_claims_t            *again;
    apigw_error_t              err;
    apigw_claims_dates_t       dates;
    const apigw_claim_path_t   nowhere = { NULL, 0 };
    const apigw_claims_rules_t rules = { .leeway = 30, .max_lifetime = 86400 };

    CHECK(apigw_claims_find(claims, &nowhere, &root));
    check_tree(arena, claims, &root, apigw_claims_json(claims), 1);

    CHECK(apigw_claims_copy(&again, arena, claims) == APIGW_OK);
    CHECK(apigw_claims_find(again, &nowhere, &root));
    check_tree(arena, again, &root, apigw_claims_json(claims), 1);

    CHECK(apigw_claims_render_all(&once, arena, claims) == APIGW_OK);
    CHECK(!apigw_str_has_control(once));

    if (once.len) {
        CHECK(apigw_claims_parse(&again, arena, once, &err) == APIGW_OK);
        CHECK(apigw_claims_render_all(&twice, arena, again) == APIGW_OK);
        CHECK(apigw_str_eq(once, twice));
    }

    (void) apigw_claims_issuer(claims);
    (void) apigw_claims_check(claims, &rules, 1700000000, &dates, &err);
}


/* One of a rule and its negation may pass, never both. */

static void
check_rule(apigw_arena_t *arena, const apigw_claims_t *claims,
    apigw_str_t path, apigw_str_t value)
{
    size_t              i;
    apigw_error_t       err;
    apigw_claim_rule_t  rule;

    static const apigw_str_t  ops[] = {
        apigw_str("eq"), apigw_str("in"), apigw_str("any"), apigw_str("gt"),
        apigw_str("le"), apigw_str("exists")
    };

    for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        if (apigw_claim_rule_parse(&rule, arena, path, ops[i], &value, i < 5,
                                   &err)
            == APIGW_OK
            && apigw_claim_rule_check(&rule, claims, &err) == APIGW_OK)
        {
            rule.negate = true;
            CHECK(apigw_claim_rule_check(&rule, claims, &err)
                  == APIGW_EINPUT);
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apigw_str_t          path, json;
    apigw_heap_t         heap;
    apigw_arena_t        arena;
    apigw_claim_t        value;
    apigw_claims_t      *claims;
    apigw_error_t        err;
    const uint8_t       *nl;
    apigw_claim_path_t   compiled;

    nl = size ? memchr(data, '\n', size) : NULL;
    if (nl == NULL) {
        return 0;
    }

    path.data = data;
    path.len = nl - data;
    json.data = nl + 1;
    json.len = data + size - json.data;

    apigw_heap_arena(&heap, &arena);

    if (apigw_claims_parse(&claims, &arena, json, &err) == APIGW_OK) {
        check_claims(&arena, claims);

        if (apigw_claim_path_parse(&compiled, &arena, path, &err) == APIGW_OK
            && apigw_claims_find(claims, &compiled, &value))
        {
            check_value(&arena, claims, &value);
            check_rule(&arena, claims, path, value.text);
        }
    }

    apigw_heap_free(&heap);

    return 0;
}
