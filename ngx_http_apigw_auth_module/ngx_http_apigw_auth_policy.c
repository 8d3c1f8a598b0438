
#include "ngx_http_apigw_auth.h"


static ngx_http_apigw_auth_kind_e ngx_http_apigw_auth_policy_kind(
    ngx_str_t *value);
static char *ngx_http_apigw_auth_set_kind(ngx_conf_t *cf,
    ngx_http_apigw_auth_policy_t *policy, ngx_http_apigw_auth_kind_e kind,
    ngx_str_t *value);
static ngx_int_t ngx_http_apigw_auth_policy_resolve(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf, ngx_http_apigw_auth_policy_t
    *policy);
static ngx_int_t ngx_http_apigw_auth_policy_providers(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf, ngx_http_apigw_auth_policy_t
    *policy);
static ngx_int_t ngx_http_apigw_auth_policy_introspection(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf, ngx_http_apigw_auth_policy_t
    *policy);
static ngx_int_t ngx_http_apigw_auth_policy_stores(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf, ngx_http_apigw_auth_policy_t
    *policy);
static ngx_int_t ngx_http_apigw_auth_policy_carriers(ngx_conf_t *cf,
    ngx_http_apigw_auth_policy_t *policy, ngx_http_apigw_auth_store_t *store);
static ngx_int_t ngx_http_apigw_auth_policy_fault(ngx_conf_t *cf,
    ngx_http_apigw_auth_policy_t *policy, const char *fmt, ...);


/* Parameters that name blocks, by kind. */

static ngx_str_t  ngx_http_apigw_auth_policy_params[] = {
    ngx_string("jwt="),
    ngx_string("key="),
    ngx_string("introspect=")
};


char *
ngx_http_apigw_auth_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_apigw_auth_loc_conf_t *alcf = conf;

    char                              *rv;
    ngx_str_t                         *value;
    ngx_uint_t                         i, mode;
    ngx_http_apigw_auth_kind_e         kind;
    ngx_http_apigw_auth_policy_t      *policy, **policies;
    ngx_http_apigw_auth_main_conf_t   *amcf;

    if (alcf->policy != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        alcf->policy = NULL;
        return NGX_CONF_OK;
    }

    policy = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_auth_policy_t));
    if (policy == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_http_apigw_auth_place(cf, &policy->place);

    mode = 0;
    rv = NGX_CONF_OK;

    for (i = 1; rv == NGX_CONF_OK && i < cf->args->nelts; i++) {

        kind = ngx_http_apigw_auth_policy_kind(&value[i]);

        if (kind != NGX_HTTP_APIGW_AUTH_KINDS) {
            rv = ngx_http_apigw_auth_set_kind(cf, policy, kind, &value[i]);

        } else if (ngx_strcmp(value[i].data, "all") == 0
                   || ngx_strcmp(value[i].data, "any") == 0)
        {
            policy->all = (value[i].data[1] == 'l');

            if (mode++) {
                return ngx_http_apigw_auth_fault(cf,
                                      "apigw_auth: \"all\" or \"any\" given "
                                      "twice; write one of them");
            }

        } else {
            return ngx_http_apigw_auth_fault(cf,
                                  "apigw_auth: unknown parameter \"%V\"; write "
                                  "\"jwt=PROVIDER\", \"introspect=BLOCK\", "
                                  "\"key=STORE\", \"any\", \"all\", or "
                                  "\"off\" alone", &value[i]);
        }
    }

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (policy->nkinds == 0) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_auth: no kind of credential; write "
                              "\"jwt=PROVIDER\", \"introspect=BLOCK\" or "
                              "\"key=STORE\"");
    }

    amcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_apigw_auth_module);

    policies = ngx_array_push(&amcf->policies);
    if (policies == NULL) {
        return NGX_CONF_ERROR;
    }

    *policies = policy;
    alcf->policy = policy;

    return NGX_CONF_OK;
}


static ngx_http_apigw_auth_kind_e
ngx_http_apigw_auth_policy_kind(ngx_str_t *value)
{
    ngx_uint_t   i;
    ngx_str_t   *param;

    for (i = 0; i < NGX_HTTP_APIGW_AUTH_KINDS; i++) {
        param = &ngx_http_apigw_auth_policy_params[i];

        if (ngx_strncmp(value->data, param->data, param->len) == 0) {
            break;
        }
    }

    return i;
}


/* "A,B,C" of one kind. */

static char *
ngx_http_apigw_auth_set_kind(ngx_conf_t *cf,
    ngx_http_apigw_auth_policy_t *policy, ngx_http_apigw_auth_kind_e kind,
    ngx_str_t *value)
{
    u_char     *p, *last, *end;
    ngx_str_t  *name, *param;

    param = &ngx_http_apigw_auth_policy_params[kind];

    if (policy->names[kind]) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_auth: \"%V\" given twice; list all names "
                              "in one, separated by commas", param);
    }

    policy->names[kind] = ngx_array_create(cf->pool, 2, sizeof(ngx_str_t));
    if (policy->names[kind] == NULL) {
        return NGX_CONF_ERROR;
    }

    policy->kinds[policy->nkinds++] = kind;

    p = value->data + param->len;
    last = value->data + value->len;

    for ( ;; ) {
        end = ngx_strlchr(p, last, ',');

        if (end == NULL) {
            end = last;
        }

        if (end == p) {
            return ngx_http_apigw_auth_fault(cf,
                                  "apigw_auth: empty name in \"%V\"; write "
                                  "names separated by single commas", value);
        }

        name = ngx_array_push(policy->names[kind]);
        if (name == NULL) {
            return NGX_CONF_ERROR;
        }

        name->data = p;
        name->len = end - p;

        if (end == last) {
            return NGX_CONF_OK;
        }

        p = end + 1;
    }
}


ngx_int_t
ngx_http_apigw_auth_policies_resolve(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf)
{
    ngx_uint_t                      i;
    ngx_http_apigw_auth_policy_t  **policies;

    policies = amcf->policies.elts;

    for (i = 0; i < amcf->policies.nelts; i++) {
        if (ngx_http_apigw_auth_policy_resolve(cf, amcf, policies[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_policy_resolve(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf,
    ngx_http_apigw_auth_policy_t *policy)
{
    if (ngx_array_init(&policy->carriers, cf->pool, 4,
                       sizeof(ngx_http_apigw_auth_carrier_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (policy->names[NGX_HTTP_APIGW_AUTH_JWT]
        && ngx_http_apigw_auth_policy_providers(cf, amcf, policy) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (policy->names[NGX_HTTP_APIGW_AUTH_INTROSPECT]
        && ngx_http_apigw_auth_policy_introspection(cf, amcf, policy)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    policy->tokens = (policy->nproviders || policy->introspection);

    if (policy->tokens) {
        policy->schemes |= APIGW_SCHEME_BEARER | APIGW_SCHEME_DPOP;
    }

    if (policy->names[NGX_HTTP_APIGW_AUTH_KEY]) {
        policy->schemes |= APIGW_SCHEME_APIKEY;

        if (ngx_http_apigw_auth_policy_stores(cf, amcf, policy) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_policy_providers(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf,
    ngx_http_apigw_auth_policy_t *policy)
{
    ngx_str_t                       *name;
    ngx_uint_t                       i, k, n;
    ngx_http_apigw_auth_provider_t  *provider;

    name = policy->names[NGX_HTTP_APIGW_AUTH_JWT]->elts;
    n = policy->names[NGX_HTTP_APIGW_AUTH_JWT]->nelts;

    policy->providers = ngx_palloc(cf->pool, n * sizeof(provider));
    if (policy->providers == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {

        provider = ngx_http_apigw_auth_block_find(&amcf->providers, &name[i]);

        if (provider == NULL) {
            return ngx_http_apigw_auth_policy_fault(cf, policy,
                                  "unknown provider \"%V\"; add "
                                  "\"apigw_jwt_provider %V { ... }\" to the "
                                  "http block", &name[i], &name[i]);
        }

        for (k = 0; k < policy->nproviders; k++) {
            if (apigw_str_eq(policy->providers[k]->claims.issuer,
                             provider->claims.issuer))
            {
                return ngx_http_apigw_auth_policy_fault(cf, policy,
                                  "providers \"%V\" and \"%V\" have one "
                                  "issuer; name one of them",
                                  &policy->providers[k]->name,
                                  &provider->name);
            }
        }

        policy->providers[policy->nproviders++] = provider;
        policy->max_token_size = ngx_max(policy->max_token_size,
                                         provider->max_token_size);

        if (provider->binding.named & APIGW_CNF_DPOP) {
            policy->proofs |= provider->binding.dpop.algorithms;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_policy_introspection(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf,
    ngx_http_apigw_auth_policy_t *policy)
{
    ngx_str_t                            *name;
    ngx_http_apigw_auth_provider_t       *provider;
    ngx_http_apigw_auth_introspection_t  *in;

    name = policy->names[NGX_HTTP_APIGW_AUTH_INTROSPECT]->elts;

    if (policy->names[NGX_HTTP_APIGW_AUTH_INTROSPECT]->nelts > 1) {
        return ngx_http_apigw_auth_policy_fault(cf, policy,
                              "more than one block in \"introspect=\"; a "
                              "token does not tell which to ask, name one");
    }

    in = ngx_http_apigw_auth_block_find(&amcf->introspections, name);

    if (in == NULL) {
        return ngx_http_apigw_auth_policy_fault(cf, policy,
                              "unknown introspection \"%V\"; add "
                              "\"apigw_introspection %V { ... }\" to the http "
                              "block", name, name);
    }

    provider = &in->provider;

    policy->introspection = in;
    policy->max_token_size = ngx_max(policy->max_token_size,
                                     provider->max_token_size);

    if (provider->binding.named & APIGW_CNF_DPOP) {
        policy->proofs |= provider->binding.dpop.algorithms;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_policy_stores(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf,
    ngx_http_apigw_auth_policy_t *policy)
{
    ngx_str_t                    *name;
    ngx_uint_t                    i, k, n;
    ngx_http_apigw_auth_store_t  *store;

    name = policy->names[NGX_HTTP_APIGW_AUTH_KEY]->elts;
    n = policy->names[NGX_HTTP_APIGW_AUTH_KEY]->nelts;

    policy->stores = ngx_palloc(cf->pool, n * sizeof(store));
    if (policy->stores == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {

        store = ngx_http_apigw_auth_block_find(&amcf->stores, &name[i]);

        if (store == NULL) {
            return ngx_http_apigw_auth_policy_fault(cf, policy,
                                  "unknown store \"%V\"; add "
                                  "\"apigw_key_store %V { ... }\" to the http "
                                  "block", &name[i], &name[i]);
        }

        for (k = 0; k < policy->nstores; k++) {
            if (policy->stores[k] == store) {
                return ngx_http_apigw_auth_policy_fault(cf, policy,
                                      "store \"%V\" is named twice; name it "
                                      "once", &name[i]);
            }
        }

        policy->stores[policy->nstores++] = store;

        if (ngx_http_apigw_auth_policy_carriers(cf, policy, store) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* Stores may share a header: it is searched once. */

static ngx_int_t
ngx_http_apigw_auth_policy_carriers(ngx_conf_t *cf,
    ngx_http_apigw_auth_policy_t *policy, ngx_http_apigw_auth_store_t *store)
{
    ngx_uint_t                      i, k;
    ngx_http_apigw_auth_carrier_t  *own, *known;

    own = store->carriers->elts;

    for (i = 0; i < store->carriers->nelts; i++) {

        known = policy->carriers.elts;

        for (k = 0; k < policy->carriers.nelts; k++) {
            if (ngx_http_apigw_auth_carrier_is(&known[k], &own[i])) {
                break;
            }
        }

        if (k < policy->carriers.nelts) {
            continue;
        }

        known = ngx_array_push(&policy->carriers);
        if (known == NULL) {
            return NGX_ERROR;
        }

        *known = own[i];

        if (own[i].in == NGX_HTTP_APIGW_AUTH_IN_BASIC) {
            policy->basic = 1;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_policy_fault(ngx_conf_t *cf,
    ngx_http_apigw_auth_policy_t *policy, const char *fmt, ...)
{
    u_char   *p, text[NGX_MAX_CONF_ERRSTR];
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(text, text + sizeof(text), fmt, args);
    va_end(args);

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "apigw_auth: apigw_auth: %*s in %s:%ui",
                  (size_t) (p - text), text, policy->place.file,
                  policy->place.line);

    return NGX_ERROR;
}
