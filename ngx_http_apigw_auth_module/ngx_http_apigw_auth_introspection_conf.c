
#include "ngx_http_apigw_auth.h"


#define NGX_HTTP_APIGW_AUTH_INFLIGHT     64
#define NGX_HTTP_APIGW_AUTH_INFLIGHT_MAX 65535
#define NGX_HTTP_APIGW_AUTH_BREAK        3       /* failures in a row */
#define NGX_HTTP_APIGW_AUTH_BREAK_FIRST  1000
#define NGX_HTTP_APIGW_AUTH_BREAK_MAX    10000


static char *ngx_http_apigw_auth_introspection_endpoint(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_introspection_ttl(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_introspection_timeout(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_introspection_inflight(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_introspection_init(ngx_conf_t *cf,
    ngx_http_apigw_auth_introspection_t *in, ngx_str_t *name);
static char *ngx_http_apigw_auth_introspection_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block);


static ngx_http_apigw_auth_param_t
    ngx_http_apigw_auth_introspection_params[] =
{
    { ngx_string("endpoint"), 1, 1,
      ngx_http_apigw_auth_introspection_endpoint, 0 },

    { ngx_string("client"), 2, 3,
      ngx_http_apigw_auth_introspection_client, 0 },

    { ngx_string("audience"), 1, 0, ngx_http_apigw_auth_provider_audience, 0 },

    { ngx_string("audience_claim"), 1, 1,
      ngx_http_apigw_auth_provider_audience_claim, 0 },

    { ngx_string("issuer"), 1, 1, ngx_http_apigw_auth_provider_issuer, 0 },

    { ngx_string("ttl"), 1, 1, ngx_http_apigw_auth_introspection_ttl,
      offsetof(ngx_http_apigw_auth_introspection_t, ttl) },

    { ngx_string("negative_ttl"), 1, 1, ngx_http_apigw_auth_introspection_ttl,
      offsetof(ngx_http_apigw_auth_introspection_t, negative_ttl) },

    { ngx_string("timeout"), 1, 1,
      ngx_http_apigw_auth_introspection_timeout, 0 },

    { ngx_string("max_inflight"), 1, 1,
      ngx_http_apigw_auth_introspection_inflight, 0 },

    { ngx_string("leeway"), 1, 1, ngx_http_apigw_auth_provider_leeway, 0 },

    { ngx_string("consumer_claim"), 1, 0, ngx_http_apigw_auth_provider_claims,
      offsetof(ngx_http_apigw_auth_introspection_t, provider.map.consumer) },

    { ngx_string("consumer_prefix"), 1, 1,
      ngx_http_apigw_auth_provider_consumer_prefix, 0 },

    { ngx_string("scope_claim"), 1, 0, ngx_http_apigw_auth_provider_claims,
      offsetof(ngx_http_apigw_auth_introspection_t, provider.map.scope) },

    { ngx_string("role_claim"), 1, 0, ngx_http_apigw_auth_provider_claims,
      offsetof(ngx_http_apigw_auth_introspection_t, provider.map.roles) },

    { ngx_string("group_claim"), 1, 0, ngx_http_apigw_auth_provider_claims,
      offsetof(ngx_http_apigw_auth_introspection_t, provider.map.groups) },

    { ngx_string("plan_claim"), 1, 0, ngx_http_apigw_auth_provider_claims,
      offsetof(ngx_http_apigw_auth_introspection_t, provider.map.plan) },

    NGX_HTTP_APIGW_AUTH_FETCH_PARAMS(ngx_http_apigw_auth_introspection_t,
                                     provider.remote.client),

    NGX_HTTP_APIGW_AUTH_BINDING_PARAMS(
        offsetof(ngx_http_apigw_auth_introspection_t, provider.binding)),

    { ngx_null_string, 0, 0, NULL, 0 }
};


char *
ngx_http_apigw_auth_introspection_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_auth_main_conf_t *amcf = conf;

    char                                  *rv;
    ngx_str_t                             *value;
    ngx_http_apigw_auth_block_t            block;
    ngx_http_apigw_auth_introspection_t  **added, *in;

    value = cf->args->elts;

    in = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_auth_introspection_t));
    if (in == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&block, sizeof(ngx_http_apigw_auth_block_t));

    block.kind = "apigw_introspection";
    block.name = value[1];
    block.params = ngx_http_apigw_auth_introspection_params;
    block.data = in;

    if (ngx_http_apigw_auth_block_find(&amcf->introspections, &value[1])) {
        return ngx_http_apigw_auth_block_fault(cf, &block,
                              "duplicate name; give each its own");
    }

    rv = ngx_http_apigw_auth_introspection_init(cf, in, &value[1]);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = ngx_http_apigw_auth_block_read(cf, &block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = ngx_http_apigw_auth_introspection_end(cf, &block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    added = ngx_array_push(&amcf->introspections);
    if (added == NULL) {
        return NGX_CONF_ERROR;
    }

    *added = in;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_introspection_init(ngx_conf_t *cf,
    ngx_http_apigw_auth_introspection_t *in, ngx_str_t *name)
{
    ngx_http_apigw_auth_provider_t  *provider;

    provider = &in->provider;

    provider->name = *name;
    provider->claims.leeway = 30;
    provider->claims.max_lifetime = -1;
    provider->claims.issuer_optional = true;
    provider->max_token_size = NGX_HTTP_APIGW_AUTH_TOKEN_SIZE;

    provider->remote.client = ngx_http_apigw_fetch_client_create(cf);
    if (provider->remote.client == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_http_apigw_auth_binding_init(&provider->binding);
    ngx_http_apigw_auth_place(cf, &in->provider.place);

    in->ttl = 60;
    in->negative_ttl = 5;
    in->timeout = 2000;
    in->max_inflight = NGX_HTTP_APIGW_AUTH_INFLIGHT;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_introspection_endpoint(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_introspection_t *in = block->data;

    apigw_error_t  err;

    in->endpoint = args[0];

    if (apigw_url_parse(ngx_http_apigw_str(&args[0]), &in->url, &err)
        != APIGW_OK)
    {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "\"endpoint\" \"%V\": %s; give an absolute https "
                              "URL", &args[0], err.word);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_introspection_ttl(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    time_t  seconds, *field;

    field = (time_t *) ((char *) block->data + block->param->offset);
    seconds = ngx_parse_time(&args[0], 1);

    if (seconds == (time_t) NGX_ERROR || seconds > 24 * 60 * 60) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"%V\" \"%V\"; give a time from 0 to "
                              "1d", &block->param->name, &args[0]);
    }

    *field = seconds;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_introspection_timeout(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_introspection_t *in = block->data;

    ngx_int_t  msec;

    msec = ngx_parse_time(&args[0], 0);

    if (msec == NGX_ERROR || msec < 1 || msec > 60 * 1000) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"timeout\" \"%V\"; give a time from "
                              "1ms to 1m", &args[0]);
    }

    in->timeout = msec;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_introspection_inflight(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_introspection_t *in = block->data;

    ngx_int_t  n;

    n = ngx_atoi(args[0].data, args[0].len);

    if (n == NGX_ERROR || n < 1 || n > NGX_HTTP_APIGW_AUTH_INFLIGHT_MAX) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"max_inflight\" \"%V\"; give a number "
                              "from 1 to 65535", &args[0]);
    }

    in->max_inflight = n;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_introspection_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block)
{
    ngx_http_apigw_auth_introspection_t *in = block->data;

    ngx_uint_t                             i;
    const char                            *refusal;
    apigw_resp_breaker_conf_t              breaker;
    static const char *const               required[] = {
        "endpoint", "client", "audience"
    };
    static const char *const               mends[] = {
        "endpoint URL", "client ID secret_file=PATH", "audience NAME"
    };

    for (i = 0; i < 3; i++) {
        if (!ngx_http_apigw_auth_block_has(block, required[i])) {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "no \"%s\"; add \"%s;\"", required[i],
                                  mends[i]);
        }
    }

    if (ngx_http_apigw_auth_provider_defaults(cf, block) != NGX_CONF_OK
        || ngx_http_apigw_auth_binding_end(cf, block, &in->provider.binding)
           != NGX_CONF_OK
        || ngx_http_apigw_auth_fetch_end(cf, block, in->provider.remote.client)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    in->provider.claims.required.npaths = 0;     /* RFC 7662: all optional */

    refusal = ngx_http_apigw_fetch_client_refuses(in->provider.remote.client,
                                                  &in->url);
    if (refusal) {
        return ngx_http_apigw_auth_block_fault(cf, block, "\"%V\": %s",
                                               &in->endpoint, refusal);
    }

    ngx_memcpy(in->provider.fingerprint, block->fingerprint,
               sizeof(in->provider.fingerprint));

    breaker.failures = NGX_HTTP_APIGW_AUTH_BREAK;
    breaker.open = NGX_HTTP_APIGW_AUTH_BREAK_FIRST;
    breaker.max = NGX_HTTP_APIGW_AUTH_BREAK_MAX;

    apigw_resp_breaker_init(&in->breaker, &breaker);
    ngx_queue_init(&in->flights);

    return ngx_http_apigw_auth_introspection_secret(cf, block);
}


ngx_int_t
ngx_http_apigw_auth_introspections_resolve(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf)
{
    ngx_uint_t                             i;
    const char                            *fault;
    ngx_http_apigw_auth_introspection_t  **all;

    all = amcf->introspections.elts;

    for (i = 0; i < amcf->introspections.nelts; i++) {
        fault = ngx_http_apigw_fetch_client_resolve(cf,
                                             all[i]->provider.remote.client,
                                             &all[i]->url);
        if (fault) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "apigw_auth: apigw_introspection \"%V\": \"%V\": %s "
                          "in %s:%ui", &all[i]->provider.name,
                          &all[i]->endpoint, fault,
                          all[i]->provider.place.file,
                          all[i]->provider.place.line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
