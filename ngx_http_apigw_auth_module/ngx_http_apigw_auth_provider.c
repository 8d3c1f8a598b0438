
#include "ngx_http_apigw_auth.h"


#define NGX_HTTP_APIGW_AUTH_LEEWAY_MAX    300
#define NGX_HTTP_APIGW_AUTH_TOKEN_MIN     256
#define NGX_HTTP_APIGW_AUTH_TOKEN_MAX     (1024 * 1024)


static char *ngx_http_apigw_auth_provider_jwks_file(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_provider_algorithms(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_provider_typ(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_provider_require(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_provider_max_lifetime(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_provider_max_token_size(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_provider_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block);


static ngx_http_apigw_auth_param_t  ngx_http_apigw_auth_provider_params[] = {

    { ngx_string("issuer"), 1, 1, ngx_http_apigw_auth_provider_issuer, 0 },

    { ngx_string("jwks_file"), 1, 1,
      ngx_http_apigw_auth_provider_jwks_file, 0 },

    { ngx_string("jwks_uri"), 1, 1, ngx_http_apigw_auth_remote_set_uri, 0 },

    { ngx_string("discovery"), 1, 1,
      ngx_http_apigw_auth_remote_set_discovery, 0 },

    { ngx_string("jwks_refresh"), 1, 1, ngx_http_apigw_auth_remote_set_seconds,
      offsetof(ngx_http_apigw_auth_provider_t, remote.refresh) },

    { ngx_string("jwks_cooldown"), 1, 1, ngx_http_apigw_auth_remote_set_seconds,
      offsetof(ngx_http_apigw_auth_provider_t, remote.cooldown) },

    { ngx_string("jwks_max_stale"), 1, 1,
      ngx_http_apigw_auth_remote_set_seconds,
      offsetof(ngx_http_apigw_auth_provider_t, remote.max_stale) },

    { ngx_string("jwks_timeout"), 1, 1,
      ngx_http_apigw_auth_remote_set_timeout, 0 },

    { ngx_string("jwks_max_size"), 1, 1,
      ngx_http_apigw_auth_remote_set_size, 0 },

    { ngx_string("jwks_state_file"), 1, 1,
      ngx_http_apigw_auth_remote_set_file, 0 },

    { ngx_string("audience"), 1, 0, ngx_http_apigw_auth_provider_audience, 0 },

    { ngx_string("audience_claim"), 1, 1,
      ngx_http_apigw_auth_provider_audience_claim, 0 },

    { ngx_string("algorithms"), 1, 0,
      ngx_http_apigw_auth_provider_algorithms, 0 },

    { ngx_string("typ"), 1, 0, ngx_http_apigw_auth_provider_typ, 0 },

    { ngx_string("leeway"), 1, 1, ngx_http_apigw_auth_provider_leeway, 0 },

    { ngx_string("require"), 1, 0, ngx_http_apigw_auth_provider_require, 0 },

    { ngx_string("max_lifetime"), 1, 1,
      ngx_http_apigw_auth_provider_max_lifetime, 0 },

    { ngx_string("max_token_size"), 1, 1,
      ngx_http_apigw_auth_provider_max_token_size, 0 },

    { ngx_string("consumer_claim"), 1, 0, ngx_http_apigw_auth_provider_claims,
      offsetof(ngx_http_apigw_auth_provider_t, map.consumer) },

    { ngx_string("consumer_prefix"), 1, 1,
      ngx_http_apigw_auth_provider_consumer_prefix, 0 },

    { ngx_string("scope_claim"), 1, 0, ngx_http_apigw_auth_provider_claims,
      offsetof(ngx_http_apigw_auth_provider_t, map.scope) },

    { ngx_string("role_claim"), 1, 0, ngx_http_apigw_auth_provider_claims,
      offsetof(ngx_http_apigw_auth_provider_t, map.roles) },

    { ngx_string("group_claim"), 1, 0, ngx_http_apigw_auth_provider_claims,
      offsetof(ngx_http_apigw_auth_provider_t, map.groups) },

    { ngx_string("plan_claim"), 1, 0, ngx_http_apigw_auth_provider_claims,
      offsetof(ngx_http_apigw_auth_provider_t, map.plan) },

    NGX_HTTP_APIGW_AUTH_FETCH_PARAMS(ngx_http_apigw_auth_provider_t,
                                     remote.client),

    NGX_HTTP_APIGW_AUTH_BINDING_PARAMS(
        offsetof(ngx_http_apigw_auth_provider_t, binding)),

    { ngx_null_string, 0, 0, NULL, 0 }
};


char *
ngx_http_apigw_auth_provider_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_auth_main_conf_t *amcf = conf;

    char                             *rv;
    ngx_str_t                        *value;
    ngx_http_apigw_auth_block_t       block;
    ngx_http_apigw_auth_provider_t  **providers, *provider;

    value = cf->args->elts;

    provider = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_auth_provider_t));
    if (provider == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&block, sizeof(ngx_http_apigw_auth_block_t));

    block.kind = "apigw_jwt_provider";
    block.name = value[1];
    block.params = ngx_http_apigw_auth_provider_params;
    block.data = provider;

    provider->name = value[1];
    ngx_http_apigw_auth_place(cf, &provider->place);
    provider->claims.leeway = 30;
    provider->claims.max_lifetime = 24 * 60 * 60;
    provider->header.algorithms = APIGW_JWA_DEFAULT;
    provider->max_token_size = NGX_HTTP_APIGW_AUTH_TOKEN_SIZE;

    ngx_http_apigw_auth_binding_init(&provider->binding);

    if (ngx_http_apigw_auth_block_find(&amcf->providers, &value[1])) {
        return ngx_http_apigw_auth_block_fault(cf, &block,
                              "duplicate name; give each provider its own");
    }

    rv = ngx_http_apigw_auth_remote_init(cf, provider);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = ngx_http_apigw_auth_block_read(cf, &block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = ngx_http_apigw_auth_provider_end(cf, &block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    ngx_memcpy(provider->fingerprint, block.fingerprint,
               sizeof(provider->fingerprint));

    providers = ngx_array_push(&amcf->providers);
    if (providers == NULL) {
        return NGX_CONF_ERROR;
    }

    *providers = provider;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_provider_issuer(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_provider_t *provider = block->data;

    provider->claims.issuer = ngx_http_apigw_str(&args[0]);

    if (args[0].len == 0
        || apigw_str_has_control(provider->claims.issuer))
    {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"issuer\"; write it as the tokens' "
                              "\"iss\" has it");
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_provider_jwks_file(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_provider_t *provider = block->data;

    provider->jwks_file = args[0];

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_provider_audience(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_provider_t *provider = block->data;

    char        *rv;
    ngx_uint_t   i, off;

    rv = ngx_http_apigw_auth_block_off(cf, block, args, nargs, &off);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (off) {
        ngx_http_apigw_auth_block_warn(cf, block,
                       "\"audience off\" takes tokens that were issued for "
                       "other services; name this one's audience");
        return NGX_CONF_OK;
    }

    for (i = 0; i < nargs; i++) {
        if (args[i].len == 0) {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "empty \"audience\"; name one, or write "
                                  "\"audience off\"");
        }
    }

    if (ngx_http_apigw_auth_block_list(&block->arena,
                                       &provider->claims.audience, args, nargs)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_provider_algorithms(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_provider_t *provider = block->data;

    ngx_uint_t       i;
    apigw_jwa_e      alg;
    apigw_jwa_set_t  set;

    set = 0;

    for (i = 0; i < nargs; i++) {
        alg = apigw_jwa_find(ngx_http_apigw_str(&args[i]));

        if (alg == APIGW_JWA_N) {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "unknown algorithm \"%V\"; use RS256, RS384, "
                                  "RS512, PS256, PS384, PS512, ES256, ES384, "
                                  "ES512, EdDSA, Ed25519, Ed448, or HS256, "
                                  "HS384, HS512 by themselves", &args[i]);
        }

        set |= apigw_jwa_bit(alg);
    }

    if ((set & APIGW_JWA_SYMMETRIC) && (set & ~APIGW_JWA_SYMMETRIC)) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "HS256, HS384 and HS512 beside asymmetric "
                              "algorithms; make two providers");
    }

    provider->header.algorithms = set;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_provider_typ(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_provider_t *provider = block->data;

    ngx_uint_t    i;
    apigw_str_t  *typ;

    typ = apigw_arena_array(&block->arena, nargs, sizeof(apigw_str_t));
    if (typ == NULL) {
        return NGX_CONF_ERROR;
    }

    provider->header.typ = typ;

    for (i = 0; i < nargs; i++) {

        if (ngx_strcmp(args[i].data, "none") == 0) {
            provider->header.no_typ = true;
            continue;
        }

        typ[provider->header.ntyp] =
                                  apigw_jws_typ(ngx_http_apigw_str(&args[i]));

        if (typ[provider->header.ntyp++].len == 0) {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "empty \"typ\"; write \"none\" for tokens "
                                  "without one");
        }
    }

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_provider_leeway(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_provider_t *provider = block->data;

    time_t  leeway;

    leeway = ngx_parse_time(&args[0], 1);

    if (leeway == (time_t) NGX_ERROR
        || leeway > NGX_HTTP_APIGW_AUTH_LEEWAY_MAX)
    {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"leeway\" \"%V\"; give a time of at "
                              "most 5m", &args[0]);
    }

    provider->claims.leeway = leeway;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_provider_require(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_provider_t *provider = block->data;

    char                 *rv;
    ngx_uint_t            off;
    apigw_claim_paths_t  *required;
    static ngx_str_t      exp = ngx_string("exp");

    rv = ngx_http_apigw_auth_block_off(cf, block, args, nargs, &off);
    if (rv != NGX_CONF_OK || off) {
        return rv;
    }

    /* with one place more, for "exp" */

    required = &provider->claims.required;

    required->paths = apigw_arena_array(&block->arena, nargs + 1,
                                        sizeof(apigw_claim_path_t));
    if (required->paths == NULL) {
        return NGX_CONF_ERROR;
    }

    rv = ngx_http_apigw_auth_provider_path(cf, block, &required->paths[0],
                                           &exp);

    for (required->npaths = 1;
         rv == NGX_CONF_OK && required->npaths <= nargs;
         required->npaths++)
    {
        rv = ngx_http_apigw_auth_provider_path(cf, block,
                                         &required->paths[required->npaths],
                                         &args[required->npaths - 1]);
    }

    return rv;
}


static char *
ngx_http_apigw_auth_provider_max_lifetime(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_provider_t *provider = block->data;

    time_t  lifetime;

    if (ngx_strcmp(args[0].data, "off") == 0) {
        provider->claims.max_lifetime = -1;
        return NGX_CONF_OK;
    }

    lifetime = ngx_parse_time(&args[0], 1);

    if (lifetime == (time_t) NGX_ERROR || lifetime == 0) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"max_lifetime\" \"%V\"; give a time "
                              "above 0, or \"off\"", &args[0]);
    }

    provider->claims.max_lifetime = lifetime;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_provider_max_token_size(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_provider_t *provider = block->data;

    ssize_t  size;

    size = ngx_parse_size(&args[0]);

    if (size < NGX_HTTP_APIGW_AUTH_TOKEN_MIN
        || size > NGX_HTTP_APIGW_AUTH_TOKEN_MAX)
    {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"max_token_size\" \"%V\"; give a size "
                              "from 256 to 1m", &args[0]);
    }

    provider->max_token_size = size;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_provider_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block)
{
    ngx_http_apigw_auth_provider_t *provider = block->data;

    ngx_uint_t        sources;
    static ngx_str_t  typ[] = {
        ngx_string("at+jwt"), ngx_string("JWT"), ngx_string("none")
    };

    if (!ngx_http_apigw_auth_block_has(block, "issuer")) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "no \"issuer\"; add \"issuer URL;\"");
    }

    sources = ngx_http_apigw_auth_block_has(block, "jwks_file")
              + ngx_http_apigw_auth_block_has(block, "jwks_uri")
              + (provider->remote.discovery ? 1 : 0);

    if (sources != 1) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "%s source of keys; write one of \"jwks_file "
                              "PATH;\", \"jwks_uri URL;\" and \"discovery "
                              "on;\"", sources ? "more than one" : "no");
    }

    if (!ngx_http_apigw_auth_block_has(block, "audience")) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "no \"audience\"; add \"audience NAME;\", or "
                              "\"audience off;\" to take tokens for any");
    }

    if (ngx_http_apigw_auth_provider_defaults(cf, block) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (!ngx_http_apigw_auth_block_has(block, "typ")
        && ngx_http_apigw_auth_provider_typ(cf, block, typ, 3) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_apigw_auth_binding_end(cf, block, &provider->binding)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_apigw_auth_block_has(block, "jwks_file")
           ? ngx_http_apigw_auth_jwks_open(cf, block, provider)
           : ngx_http_apigw_auth_remote_open(cf, block, provider);
}
