
/* Parameters of binding, alike in every block whose tokens can be bound. */


#include "ngx_http_apigw_auth.h"


#define NGX_HTTP_APIGW_AUTH_PROOF_AGE_MAX  300


static ngx_http_apigw_auth_binding_t *ngx_http_apigw_auth_binding_of(
    ngx_http_apigw_auth_block_t *block);
static char *ngx_http_apigw_auth_binding_keys(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *path);
static void ngx_http_apigw_auth_binding_wipe(void *data);


void
ngx_http_apigw_auth_binding_init(ngx_http_apigw_auth_binding_t *binding)
{
    ngx_memzero(binding, sizeof(ngx_http_apigw_auth_binding_t));

    binding->cnf.methods = APIGW_CNF_MTLS | APIGW_CNF_DPOP;
    binding->dpop.algorithms = APIGW_DPOP_DEFAULT;
    binding->dpop.max_age = 60;
}


/* The parameter's offset is that of the rules in the block's data. */

static ngx_http_apigw_auth_binding_t *
ngx_http_apigw_auth_binding_of(ngx_http_apigw_auth_block_t *block)
{
    return (ngx_http_apigw_auth_binding_t *)
                              ((u_char *) block->data + block->param->offset);
}


char *
ngx_http_apigw_auth_binding_bind(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_binding_t *binding =
                                       ngx_http_apigw_auth_binding_of(block);

    ngx_uint_t  i, bit, seen;

    if (nargs == 1 && ngx_strcmp(args[0].data, "auto") == 0) {
        return NGX_CONF_OK;
    }

    if (nargs == 1 && ngx_strcmp(args[0].data, "off") == 0) {
        binding->cnf.off = true;
        ngx_http_apigw_auth_block_warn(cf, block,
                       "\"bind off\" takes bound tokens from whoever has them; "
                       "leave it out to see to it that they are their "
                       "holder's");
        return NGX_CONF_OK;
    }

    seen = 0;

    for (i = 0; i < nargs; i++) {

        if (ngx_strcmp(args[i].data, "mtls") == 0) {
            bit = APIGW_CNF_MTLS;

        } else if (ngx_strcmp(args[i].data, "dpop") == 0) {
            bit = APIGW_CNF_DPOP;

        } else if (ngx_strcmp(args[i].data, "required") == 0) {
            bit = 0x80;

        } else {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "invalid \"bind\" \"%V\"; write \"auto\" or "
                                  "\"off\" alone, or \"mtls\" and \"dpop\" or "
                                  "one of them, with \"required\" if need be",
                                  &args[i]);
        }

        if (seen & bit) {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "\"%V\" twice in \"bind\"; write it once",
                                  &args[i]);
        }

        seen |= bit;
    }

    binding->named = seen & (APIGW_CNF_MTLS | APIGW_CNF_DPOP);
    binding->cnf.methods = binding->named;
    binding->cnf.required = (seen & 0x80) != 0;

    if (binding->named == 0) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "\"bind required\" without a method; add "
                              "\"mtls\", \"dpop\" or both");
    }

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_binding_max_age(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_binding_t *binding =
                                       ngx_http_apigw_auth_binding_of(block);

    time_t  age;

    age = ngx_parse_time(&args[0], 1);

    if (age == (time_t) NGX_ERROR || age == 0
        || age > NGX_HTTP_APIGW_AUTH_PROOF_AGE_MAX)
    {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"dpop_max_age\" \"%V\"; give a time "
                              "from 1s to 5m", &args[0]);
    }

    binding->dpop.max_age = age;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_binding_algorithms(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_binding_t *binding =
                                       ngx_http_apigw_auth_binding_of(block);

    ngx_uint_t   i;
    apigw_jwa_e  alg;

    binding->dpop.algorithms = 0;

    for (i = 0; i < nargs; i++) {
        alg = apigw_jwa_find(ngx_http_apigw_str(&args[i]));

        if (alg == APIGW_JWA_N || (apigw_jwa_bit(alg) & APIGW_JWA_SYMMETRIC)) {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "algorithm \"%V\" is not for proofs; use "
                                  "RS256, RS384, RS512, PS256, PS384, PS512, "
                                  "ES256, ES384, ES512, EdDSA, Ed25519, Ed448",
                                  &args[i]);
        }

        binding->dpop.algorithms |= apigw_jwa_bit(alg);
    }

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_binding_origin(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_binding_t *binding =
                                       ngx_http_apigw_auth_binding_of(block);

    apigw_rc_t     rc;
    ngx_uint_t     i;
    apigw_str_t   *origin;
    apigw_error_t  err;

    binding->origins.elts = apigw_arena_array(&block->arena, nargs,
                                              sizeof(apigw_str_t));
    if (binding->origins.elts == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < nargs; i++) {
        origin = &binding->origins.elts[i];

        rc = apigw_dpop_origin(origin, &block->arena,
                               ngx_http_apigw_str(&args[i]), &err);

        if (rc == APIGW_ENOMEM) {
            return NGX_CONF_ERROR;
        }

        if (rc != APIGW_OK) {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "invalid \"dpop_origin\" \"%V\": %s; write "
                                  "it as clients see it, such as "
                                  "https://api.example.com", &args[i],
                                  err.word);
        }

        if (origin->data[4] != 's') {
            ngx_http_apigw_auth_block_warn(cf, block,
                           "\"dpop_origin\" \"%V\" takes tokens that everyone "
                           "on their way can read; use https", &args[i]);
        }
    }

    binding->origins.nelts = nargs;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_binding_nonce(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_binding_t *binding =
                                       ngx_http_apigw_auth_binding_of(block);

    ngx_str_t  path;

    if (nargs == 1 && ngx_strcmp(args[0].data, "off") == 0) {
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(args[0].data, "on") != 0 || nargs > 2
        || (nargs == 2 && (args[1].len <= 9
                           || ngx_strncmp(args[1].data, "key_file=", 9) != 0)))
    {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"dpop_nonce\"; write \"off\", \"on\" "
                              "or \"on key_file=PATH\"");
    }

    binding->nonce = 1;

    if (nargs == 1) {
        return NGX_CONF_OK;
    }

    path.data = args[1].data + 9;
    path.len = args[1].len - 9;

    return ngx_http_apigw_auth_binding_keys(cf, block, &path);
}


static char *
ngx_http_apigw_auth_binding_keys(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *path)
{
    ngx_http_apigw_auth_binding_t *binding =
                                       ngx_http_apigw_auth_binding_of(block);

    char                        *rv;
    size_t                       n;
    apigw_rc_t                   rc;
    apigw_error_t                err;
    ngx_pool_cleanup_t          *cln;
    ngx_http_apigw_auth_file_t   file;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_apigw_auth_binding_wipe;
    cln->data = binding;

    rv = ngx_http_apigw_auth_block_file(cf, block, "key_file", path, 4096,
                                        &file);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rc = apigw_key_pepper_parse(binding->keys, &n,
                                ngx_http_apigw_str(&file.text), &err);

    ngx_http_apigw_auth_file_free(&file);

    if (rc != APIGW_OK) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "key_file \"%V\", line %uz: %s; write one or two "
                              "lines of 64 hex digits", path, err.offset,
                              err.word);
    }

    binding->nkeys = n;

    return ngx_http_apigw_auth_block_secret(cf, block, "key_file", path,
                                            &file);
}


static void
ngx_http_apigw_auth_binding_wipe(void *data)
{
    ngx_http_apigw_auth_binding_t *binding = data;

    ngx_explicit_memzero(binding->keys, sizeof(binding->keys));
}


char *
ngx_http_apigw_auth_binding_redis(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_binding_t *binding =
                                       ngx_http_apigw_auth_binding_of(block);

    if (args[0].len == 0) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "empty \"dpop_redis\"; name an "
                              "\"apigw_auth_redis\", or write \"off\"");
    }

    if (ngx_strcmp(args[0].data, "off") == 0) {
        binding->redis_off = 1;

    } else {
        binding->redis = args[0];
    }

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_binding_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_http_apigw_auth_binding_t *binding)
{
    ngx_uint_t  i;

    static const char *const  params[] = {
        "dpop_max_age", "dpop_algorithms", "dpop_origin", "dpop_nonce",
        "dpop_redis"
    };

    if (!binding->cnf.off && (binding->cnf.methods & APIGW_CNF_DPOP)) {
        return NGX_CONF_OK;
    }

    for (i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
        if (ngx_http_apigw_auth_block_has(block, params[i])) {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "\"%s\" where \"bind\" takes no proofs; add "
                                  "\"dpop\" to \"bind\", or remove it",
                                  params[i]);
        }
    }

    return NGX_CONF_OK;
}
