
/*
 * A proof, a URI and a claims document from a client. Nothing passes with a key
 * that nobody has; a URI's normal form is its own normal form.
 */


#include "apigw_arena.h"
#include "apigw_claims.h"
#include "apigw_cnf.h"
#include "apigw_dpop.h"

#include <openssl/err.h>
#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define CHECK(cond)  do { if (!(cond)) abort(); } while (0)


static void
proof(apigw_arena_t *arena, apigw_str_t in)
{
    apigw_rc_t                   rc;
    apigw_dpop_t                 dpop;
    apigw_error_t                err = { NULL, 0 };
    apigw_dpop_request_t         request;
    static const uint8_t         jkt[APIGW_JWK_THUMBPRINT];
    static const apigw_str_t     origin =
                                     apigw_str("https://resource.example.org");
    static const apigw_dpop_rules_t  rules = {
        ~(apigw_jwa_set_t) 0, 60
    };

    request.method = (apigw_str_t) apigw_str("GET");
    request.path = (apigw_str_t) apigw_str("/protectedresource");
    request.token = (apigw_str_t)
                      apigw_str("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU");
    request.origins = &origin;
    request.norigins = 1;

    rc = apigw_dpop_parse(&dpop, arena, in, &rules, &request, 1562262618,
                          &err);

    if (rc == APIGW_OK) {
        rc = apigw_dpop_verify(&dpop, arena, jkt, &err);
        CHECK(rc != APIGW_OK);
    }

    CHECK(rc == APIGW_EINPUT && err.word && dpop.why);
}


static void
uri(apigw_arena_t *arena, apigw_str_t in)
{
    uint8_t        *p;
    apigw_str_t     origin, path, again[2], whole;
    apigw_error_t   err = { NULL, 0 };

    if (apigw_dpop_uri(&origin, &path, arena, in, &err) != APIGW_OK) {
        CHECK(err.word);
        return;
    }

    CHECK(path.len && path.data[0] == '/');

    whole.len = origin.len + path.len;
    p = apigw_arena_alloc(arena, whole.len);
    whole.data = p;
    memcpy(p, origin.data, origin.len);
    memcpy(p + origin.len, path.data, path.len);

    CHECK(apigw_dpop_uri(&again[0], &again[1], arena, whole, &err)
          == APIGW_OK);
    CHECK(apigw_str_eq(origin, again[0]));
    CHECK(apigw_str_eq(path, again[1]));
    CHECK(apigw_dpop_origin(&again[0], arena, origin, &err) == APIGW_OK);
    CHECK(apigw_str_eq(origin, again[0]));
}


static void
cnf(apigw_arena_t *arena, apigw_str_t in)
{
    apigw_cnf_t                     found;
    apigw_error_t                   err = { NULL, 0 };
    apigw_claims_t                 *claims;
    static const apigw_cnf_rules_t  rules = {
        false, true, APIGW_CNF_MTLS | APIGW_CNF_DPOP
    };

    if (apigw_claims_parse(&claims, arena, in, &err) != APIGW_OK) {
        return;
    }

    if (apigw_cnf_read(&found, claims, &rules, false, &err) == APIGW_OK) {
        CHECK(found.methods == APIGW_CNF_MTLS);
    }

    if (apigw_cnf_read(&found, claims, &rules, true, &err) == APIGW_OK) {
        CHECK(found.methods & APIGW_CNF_DPOP);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apigw_str_t    in = { data, size };
    apigw_heap_t   heap;
    apigw_arena_t  arena;

    apigw_heap_arena(&heap, &arena);

    proof(&arena, in);
    uri(&arena, in);
    cnf(&arena, in);

    CHECK(ERR_peek_error() == 0);

    apigw_heap_free(&heap);

    return 0;
}
