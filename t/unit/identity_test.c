
/* Tokens and keys become one identity, which needs nothing but its arena. */


#include "apigw_test.h"
#include "apigw_sign.h"

#include "apigw_identity.h"


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


#define IS_STR(s, wanted)  EXPECT(apigw_str_is(s, wanted))


static apigw_rc_t
paths(apigw_claim_paths_t *out, apigw_arena_t *arena, const char *const *names,
    size_t n)
{
    size_t         i;
    apigw_rc_t     rc;
    apigw_error_t  err;

    out->npaths = n;
    out->paths = apigw_arena_array(arena, n, sizeof(apigw_claim_path_t));

    if (out->paths == NULL) {
        return APIGW_ENOMEM;
    }

    for (i = 0; i < n; i++) {
        rc = apigw_claim_path_parse(&out->paths[i], arena, text(names[i]),
                                    &err);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    return APIGW_OK;
}


/* The identity of a payload by the default mapping, its input gone. */

static apigw_identity_t *
identity_of(apigw_test_t *t, const char *payload, const char *prefix,
    const apigw_jwk_t *key)
{
    char                  *json;
    apigw_rc_t             rc;
    apigw_heap_t           heap;
    apigw_arena_t          arena;
    apigw_claims_t        *claims;
    apigw_error_t          err;
    apigw_identity_t      *identity;
    apigw_claims_map_t     map;
    apigw_claims_dates_t   dates = { .exp = 5, .nbf = -1, .iat = -1 };

    static const char *const  consumer[] = { "azp", "client_id", "sub" };
    static const char *const  scope[] = { "scope", "scp" };
    static const char *const  roles[] = { ".realm.roles" };
    static const char *const  groups[] = { "groups" };
    static const char *const  plan[] = { "plan" };

    identity = NULL;
    json = malloc(strlen(payload) + 1);
    strcpy(json, payload);
    apigw_heap_arena(&heap, &arena);
    map.consumer_prefix = text(prefix);

    if ((rc = paths(&map.consumer, &arena, consumer, 3)) == APIGW_OK
        && (rc = paths(&map.scope, &arena, scope, 2)) == APIGW_OK
        && (rc = paths(&map.roles, &arena, roles, 1)) == APIGW_OK
        && (rc = paths(&map.groups, &arena, groups, 1)) == APIGW_OK
        && (rc = paths(&map.plan, &arena, plan, 1)) == APIGW_OK
        && (rc = apigw_claims_parse(&claims, &arena, text(json), &err))
           == APIGW_OK)
    {
        rc = apigw_identity_from_claims(&identity, &t->arena,
                                        APIGW_METHOD_JWT, text("corp"), &map,
                                        claims, key, &dates);
    }

    memset(json, 'x', strlen(payload));
    free(json);
    apigw_heap_free(&heap);

    return rc == APIGW_OK ? identity : NULL;
}


TEST(claims_become_an_identity)
{
    apigw_str_t        out;
    apigw_identity_t  *id;

    static const char  payload[] =
        "{\"azp\":\"\",\"sub\":\"al\\u0069ce\",\"scope\":\"orders:read x\","
        "\"realm\":{\"roles\":[\"admin\",\"a b\"]},"
        "\"groups\":[\"Domain Admins\",\"staff\"],\"plan\":\"gold\"}";

    id = identity_of(t, payload, "", NULL);
    EXPECT(id != NULL);

    EXPECT(id->methods == APIGW_METHOD_JWT);
    EXPECT(!id->unsafe);
    IS_STR(id->provider, "corp");
    IS_STR(id->consumer, "alice");
    IS_STR(id->plan, "gold");
    IS_STR(id->scope_text, "orders:read x");
    IS_STR(id->groups_text, "staff");
    EXPECT(id->kid.len == 0 && id->key_id.len == 0);
    EXPECT(id->dates.exp == 5);

    EXPECT(apigw_str_list_has(&id->scopes, text("x")));
    EXPECT(!apigw_str_list_has(&id->scopes, text("orders")));
    EXPECT(apigw_str_list_has(&id->roles, text("a b")));
    EXPECT(!apigw_str_list_has(&id->roles, text("a")));
    EXPECT(apigw_str_list_has(&id->groups, text("Domain Admins")));
    EXPECT(!apigw_str_list_has(&id->groups, text("Admins")));

    EXPECT(apigw_claims_render_all(&out, &t->arena, id->claims) == APIGW_OK);
    IS_STR(out, payload);
}


TEST(the_first_consumer_that_is_a_string_counts)
{
    apigw_identity_t  *id;

    id = identity_of(t, "{\"azp\":7,\"client_id\":null,\"sub\":\"s\"}", "",
                     NULL);
    EXPECT(id != NULL);
    IS_STR(id->consumer, "s");

    id = identity_of(t, "{\"azp\":\"a\",\"sub\":\"s\"}", "corp:", NULL);
    EXPECT(id != NULL);
    IS_STR(id->consumer, "corp:a");

    id = identity_of(t, "{\"sub\":[\"s\"]}", "corp:", NULL);
    EXPECT(id != NULL);
    EXPECT(id->consumer.len == 0);
}


TEST(an_array_element_is_one_scope)
{
    apigw_identity_t  *id;

    id = identity_of(t, "{\"scp\":[\"read admin\",\"a,admin\",\"b\\tadmin\","
                        "\"not-admin\",\"ok\"]}", "", NULL);
    EXPECT(id != NULL);
    EXPECT(!apigw_str_list_has(&id->scopes, text("admin")));
    EXPECT(apigw_str_list_has(&id->scopes, text("ok")));
    EXPECT(id->unsafe);                      /* a tab cannot be shown */
    EXPECT(id->scope_text.len == 0);

    id = identity_of(t, "{\"scp\":[\"read admin\",\"ok\"]}", "", NULL);
    EXPECT(id != NULL);
    EXPECT(!id->unsafe);
    IS_STR(id->scope_text, "ok");
}


TEST(control_bytes_make_an_identity_unsafe)
{
    apigw_identity_t  *id;

    id = identity_of(t, "{\"sub\":\"a\\r\\nX-Admin: 1\",\"plan\":\"g\"}", "p:",
                     NULL);
    EXPECT(id != NULL);
    EXPECT(id->unsafe);
    EXPECT(id->consumer.len == 0);
    IS_STR(id->plan, "g");

    id = identity_of(t, "{\"sub\":\"a\",\"plan\":\"g\\u007f\"}", "", NULL);
    EXPECT(id != NULL);
    EXPECT(id->unsafe);
    EXPECT(id->plan.len == 0);
    IS_STR(id->consumer, "a");
}


TEST(the_verifying_key_is_remembered)
{
    char               jwk[1024], set[1100];
    uint8_t            thumbprint[APIGW_JWK_THUMBPRINT];
    apigw_jwks_t      *keys;
    apigw_error_t      err;
    apigw_identity_t  *id;

    sign_jwk(jwk, SIGN_P256, ",\"kid\":\"k1\"");
    snprintf(set, sizeof(set), "{\"keys\":[%s]}", jwk);

    EXPECT(apigw_jwks_parse(&keys, &t->arena, text(set), false, NULL, &err)
           == APIGW_OK);

    id = identity_of(t, "{\"sub\":\"s\"}", "", apigw_jwks_at(keys, 0));
    memcpy(thumbprint, apigw_jwk_thumbprint(apigw_jwks_at(keys, 0)), 32);

    apigw_jwks_free(keys);

    EXPECT(id != NULL);
    IS_STR(id->kid, "k1");
    EXPECT(memcmp(id->thumbprint, thumbprint, 32) == 0);
}


TEST(a_key_becomes_an_identity)
{
    char              *line;
    apigw_rc_t         rc;
    apigw_key_t        key;
    apigw_error_t      err;
    apigw_identity_t  *id;

    static const char  source[] =
        "abcdefgh sha256:00112233445566778899001122334455667788990011223344"
        "55667788990011 consumer=acme plan=gold groups=a,b scope=\"r w\" "
        "exp=2027-01-01T00:00:00Z";

    id = NULL;
    line = malloc(sizeof(source));
    memcpy(line, source, sizeof(source));

    rc = apigw_keyfile_line(&key, text(line), &err);

    if (rc == APIGW_OK) {
        rc = apigw_identity_from_key(&id, &t->arena, text("partners"), &key);
    }

    free(line);

    EXPECT(rc == APIGW_OK);
    EXPECT(id->methods == APIGW_METHOD_KEY);
    IS_STR(id->provider, "partners");
    IS_STR(id->key_id, "abcdefgh");
    IS_STR(id->consumer, "acme");
    IS_STR(id->plan, "gold");
    IS_STR(id->groups_text, "a b");
    IS_STR(id->scope_text, "r w");
    EXPECT(apigw_str_list_has(&id->groups, text("b")));
    EXPECT(!apigw_str_list_has(&id->groups, text("a,b")));
    EXPECT(apigw_str_list_has(&id->scopes, text("w")));
    EXPECT(id->claims == NULL);
    EXPECT(id->dates.exp == 1798761600 && id->dates.nbf == -1);
}


TEST(nobody_is_an_identity_too)
{
    apigw_identity_t  *id;

    EXPECT(apigw_identity_anonymous(&id, &t->arena, text("guest"))
           == APIGW_OK);
    EXPECT(id->methods == APIGW_METHOD_ANONYMOUS);
    IS_STR(id->consumer, "guest");
    EXPECT(id->scopes.nelts == 0);
    EXPECT(id->claims == NULL);
}


TEST_MAIN(CASE(claims_become_an_identity),
          CASE(the_first_consumer_that_is_a_string_counts),
          CASE(an_array_element_is_one_scope),
          CASE(control_bytes_make_an_identity_unsafe),
          CASE(the_verifying_key_is_remembered),
          CASE(a_key_becomes_an_identity),
          CASE(nobody_is_an_identity_too))
