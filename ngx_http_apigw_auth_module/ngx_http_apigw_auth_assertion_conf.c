
#include "ngx_http_apigw_auth.h"
#include "apigw_json_writer.h"


#define NGX_HTTP_APIGW_AUTH_ASSERTION_TTL      60
#define NGX_HTTP_APIGW_AUTH_ASSERTION_TTL_MIN  5
#define NGX_HTTP_APIGW_AUTH_ASSERTION_TTL_MAX  600


static char *ngx_http_apigw_auth_assertion_path(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_assertion_alg(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_assertion_text(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_assertion_header(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_assertion_published(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_assertion_ttl(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_assertion_says(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_assertion_claim(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_assertion_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block);
static char *ngx_http_apigw_auth_assertion_names(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block);


static ngx_http_apigw_auth_param_t  ngx_http_apigw_auth_assertion_params[] = {

    { ngx_string("key_file"), 1, 1, ngx_http_apigw_auth_assertion_path, 0 },

    { ngx_string("alg"), 1, 1, ngx_http_apigw_auth_assertion_alg, 0 },

    { ngx_string("issuer"), 1, 1, ngx_http_apigw_auth_assertion_text,
      offsetof(ngx_http_apigw_auth_assertion_t, issuer) },

    { ngx_string("audience"), 1, 1, ngx_http_apigw_auth_assertion_text,
      offsetof(ngx_http_apigw_auth_assertion_t, audience) },

    { ngx_string("header"), 1, 0, ngx_http_apigw_auth_assertion_header, 0 },

    { ngx_string("published_key_file"), 1, 0,
      ngx_http_apigw_auth_assertion_published, 0 },

    { ngx_string("ttl"), 1, 1, ngx_http_apigw_auth_assertion_ttl, 0 },

    { ngx_string("claims"), 1, 0, ngx_http_apigw_auth_assertion_says, 0 },

    { ngx_string("claim"), 1, 0, ngx_http_apigw_auth_assertion_claim, 0 },

    { ngx_null_string, 0, 0, NULL, 0 }
};


/* Those of `claims`; the order is that of _say_e. */

static const char *const  ngx_http_apigw_auth_assertion_say_names[] = {
    "consumer", "sub", "scope", "plan"
};


char *
ngx_http_apigw_auth_assertion_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_auth_main_conf_t *amcf = conf;

    char                              *rv;
    ngx_str_t                         *value;
    ngx_http_apigw_auth_block_t        block;
    ngx_http_apigw_auth_assertion_t  **assertions, *assertion;

    value = cf->args->elts;

    assertion = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_auth_assertion_t));
    if (assertion == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&block, sizeof(ngx_http_apigw_auth_block_t));

    block.kind = "apigw_auth_assertion";
    block.name = value[1];
    block.params = ngx_http_apigw_auth_assertion_params;
    block.data = assertion;

    assertion->name = value[1];
    assertion->ttl = NGX_HTTP_APIGW_AUTH_ASSERTION_TTL;
    assertion->says = (1 << NGX_HTTP_APIGW_AUTH_SAYS) - 1;

    if (ngx_http_apigw_auth_block_find(&amcf->assertions, &value[1])) {
        return ngx_http_apigw_auth_block_fault(cf, &block,
                              "duplicate name; give each assertion its "
                              "own");
    }

    if (ngx_array_init(&assertion->claims, cf->pool, 4,
                       sizeof(ngx_http_apigw_auth_assertion_claim_t))
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    rv = ngx_http_apigw_auth_block_read(cf, &block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = ngx_http_apigw_auth_assertion_end(cf, &block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    assertions = ngx_array_push(&amcf->assertions);
    if (assertions == NULL) {
        return NGX_CONF_ERROR;
    }

    *assertions = assertion;

    return ngx_http_apigw_auth_assertion_cache_make(cf, amcf) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* Read when the algorithm is known. */

static char *
ngx_http_apigw_auth_assertion_path(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_assertion_t *assertion = block->data;

    assertion->key_file = args[0];

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_assertion_alg(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_assertion_t *assertion = block->data;

    assertion->alg = apigw_assertion_alg(ngx_http_apigw_str(&args[0]));

    if (assertion->alg == APIGW_ASSERTION_ALG_N) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "unknown algorithm \"%V\"; use RS256, ES256 or "
                              "HS256", &args[0]);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_assertion_text(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_str_t  *text;

    if (args[0].len == 0
        || apigw_str_has_control(ngx_http_apigw_str(&args[0]))
        || apigw_utf8_valid(args[0].data, args[0].len) != args[0].len)
    {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"%V\"; write it in UTF-8 as the "
                              "service expects it", &block->param->name);
    }

    text = (ngx_str_t *) ((u_char *) block->data + block->param->offset);
    *text = args[0];

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_assertion_header(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_assertion_t *assertion = block->data;

    if (!ngx_http_apigw_header_name_valid(&args[0])
        || ngx_http_apigw_header_protected(&args[0]))
    {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "header \"%V\" cannot be set; use a name of its "
                              "own, such as X-Gateway-Assertion", &args[0]);
    }

    if (nargs > 2
        || (nargs == 2 && !ngx_http_apigw_header_name_valid(&args[1])))
    {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid scheme in \"header\"; write one word, "
                              "such as Bearer, or leave it out");
    }

    assertion->header = args[0];

    if (nargs == 2) {
        assertion->scheme = args[1];
    }

    return ngx_http_apigw_auth_headers_declare(cf, &args[0]) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_http_apigw_auth_assertion_published(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_assertion_t *assertion = block->data;

    ngx_uint_t  i;

    assertion->published = ngx_palloc(cf->pool, nargs * sizeof(ngx_str_t));
    if (assertion->published == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < nargs; i++) {
        assertion->published[i] = args[i];
    }

    assertion->npublished = nargs;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_assertion_ttl(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_assertion_t *assertion = block->data;

    time_t  ttl;

    ttl = ngx_parse_time(&args[0], 1);

    if (ttl == (time_t) NGX_ERROR
        || ttl < NGX_HTTP_APIGW_AUTH_ASSERTION_TTL_MIN
        || ttl > NGX_HTTP_APIGW_AUTH_ASSERTION_TTL_MAX)
    {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"ttl\" \"%V\"; give a time from 5s to "
                              "10m", &args[0]);
    }

    assertion->ttl = ttl;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_assertion_says(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_assertion_t *assertion = block->data;

    char        *rv;
    ngx_uint_t   i, k, off;

    rv = ngx_http_apigw_auth_block_off(cf, block, args, nargs, &off);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    assertion->says = 0;

    for (i = 0; !off && i < nargs; i++) {

        for (k = 0; k < NGX_HTTP_APIGW_AUTH_SAYS; k++) {
            if (ngx_strcmp(args[i].data,
                           ngx_http_apigw_auth_assertion_say_names[k])
                == 0)
            {
                break;
            }
        }

        if (k == NGX_HTTP_APIGW_AUTH_SAYS) {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "unknown claim \"%V\" in \"claims\"; use "
                                  "consumer, sub, scope, plan, or \"off\", and "
                                  "\"claim NAME $value\" for others",
                                  &args[i]);
        }

        assertion->says |= 1 << k;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_assertion_claim(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_assertion_t *assertion = block->data;

    ngx_http_compile_complex_value_t        ccv;
    ngx_http_apigw_auth_assertion_claim_t  *claim;

    /* may be written any number of times */

    block->seen &= ~((uint64_t) 1 << (block->param - block->params));

    if (nargs != 2) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid number of arguments in \"claim\"; it "
                              "takes a name and a value");
    }

    if (args[0].len == 0
        || apigw_str_has_control(ngx_http_apigw_str(&args[0]))
        || apigw_utf8_valid(args[0].data, args[0].len) != args[0].len)
    {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid name of a \"claim\"; write one in "
                              "UTF-8");
    }

    claim = ngx_array_push(&assertion->claims);
    if (claim == NULL) {
        return NGX_CONF_ERROR;
    }

    claim->name = args[0];

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &args[1];
    ccv.complex_value = &claim->value;

    return ngx_http_compile_complex_value(&ccv) == NGX_OK ? NGX_CONF_OK
                                                          : NGX_CONF_ERROR;
}


static char *
ngx_http_apigw_auth_assertion_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block)
{
    ngx_uint_t  i;

    static struct {
        const char  *param;
        const char  *mend;
    } required[] = {
        { "key_file", "key_file PATH" },
        { "alg", "alg ES256" },
        { "issuer", "issuer URL" },
        { "audience", "audience NAME" },
        { "header", "header X-Gateway-Assertion" }
    };

    for (i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if (!ngx_http_apigw_auth_block_has(block, required[i].param)) {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "no \"%s\"; add \"%s;\"", required[i].param,
                                  required[i].mend);
        }
    }

    if (ngx_http_apigw_auth_assertion_names(cf, block) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_apigw_auth_assertion_keys(cf, block);
}


/* A claim is told once. */

static char *
ngx_http_apigw_auth_assertion_names(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block)
{
    ngx_http_apigw_auth_assertion_t *assertion = block->data;

    ngx_str_t                              *name;
    ngx_uint_t                              i, k;
    ngx_http_apigw_auth_assertion_claim_t  *claim;

    static const char *const  always[] = {
        "iss", "aud", "iat", "exp", "nbf", "jti"
    };

    claim = assertion->claims.elts;

    for (i = 0; i < assertion->claims.nelts; i++) {
        name = &claim[i].name;

        for (k = 0; k < sizeof(always) / sizeof(always[0]); k++) {
            if (ngx_strcmp(name->data, always[k]) == 0) {
                return ngx_http_apigw_auth_block_fault(cf, block,
                                      "claim \"%V\" is the assertion's own; "
                                      "choose another name", name);
            }
        }

        for (k = 0; k < NGX_HTTP_APIGW_AUTH_SAYS; k++) {
            if ((assertion->says & (1 << k))
                && ngx_strcmp(name->data,
                              ngx_http_apigw_auth_assertion_say_names[k])
                   == 0)
            {
                return ngx_http_apigw_auth_block_fault(cf, block,
                                      "claim \"%V\" is one of \"claims\", too; "
                                      "write \"claims\" without it", name);
            }
        }

        for (k = 0; k < i; k++) {
            if (ngx_strcmp(name->data, claim[k].name.data) == 0) {
                return ngx_http_apigw_auth_block_fault(cf, block,
                                      "duplicate claim \"%V\"; write it once",
                                      name);
            }
        }
    }

    return NGX_CONF_OK;
}
