
/* `apigw_ratelimit_policy name key=... <limit> [parameters]` */


#include "ngx_http_apigw_ratelimit.h"


typedef struct ngx_http_apigw_ratelimit_param_s
                                        ngx_http_apigw_ratelimit_param_t;

struct ngx_http_apigw_ratelimit_param_s {
    ngx_str_t    name;                  /* with "=", unless it is a flag */
    ngx_uint_t   bit;
    char      *(*set)(ngx_conf_t *cf,
                     ngx_http_apigw_ratelimit_policy_t *policy,
                     ngx_str_t *text);
};


static ngx_http_apigw_ratelimit_policy_t *
    ngx_http_apigw_ratelimit_policy_create(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_main_conf_t *rmcf, ngx_str_t *name);
static ngx_http_apigw_ratelimit_param_t *ngx_http_apigw_ratelimit_find_param(
    ngx_str_t *arg, ngx_str_t *text);

static char *ngx_http_apigw_ratelimit_set_key(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text);
static char *ngx_http_apigw_ratelimit_set_cost(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text);
static char *ngx_http_apigw_ratelimit_set_phase(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text);
static char *ngx_http_apigw_ratelimit_set_zone_name(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text);
static char *ngx_http_apigw_ratelimit_set_store(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text);
static char *ngx_http_apigw_ratelimit_set_group(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text);
static char *ngx_http_apigw_ratelimit_set_on_error(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text);
static char *ngx_http_apigw_ratelimit_set_share(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text);
static char *ngx_http_apigw_ratelimit_set_shadow(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text);

static ngx_http_apigw_ratelimit_param_t  ngx_http_apigw_ratelimit_params[] = {

    { ngx_string("key="), NGX_HTTP_APIGW_RATELIMIT_HAS_KEY,
      ngx_http_apigw_ratelimit_set_key },

    { ngx_string("rate="), NGX_HTTP_APIGW_RATELIMIT_HAS_RATE,
      ngx_http_apigw_ratelimit_set_rate },

    { ngx_string("quota="), NGX_HTTP_APIGW_RATELIMIT_HAS_QUOTA,
      ngx_http_apigw_ratelimit_set_quota },

    { ngx_string("sliding="), NGX_HTTP_APIGW_RATELIMIT_HAS_SLIDING,
      ngx_http_apigw_ratelimit_set_sliding },

    { ngx_string("burst="), NGX_HTTP_APIGW_RATELIMIT_HAS_BURST,
      ngx_http_apigw_ratelimit_set_burst },

    { ngx_string("align="), NGX_HTTP_APIGW_RATELIMIT_HAS_ALIGN,
      ngx_http_apigw_ratelimit_set_align },

    { ngx_string("strict="), NGX_HTTP_APIGW_RATELIMIT_HAS_STRICT,
      ngx_http_apigw_ratelimit_set_strict },

    { ngx_string("default="), NGX_HTTP_APIGW_RATELIMIT_HAS_DEFAULT,
      ngx_http_apigw_ratelimit_set_default },

    { ngx_string("cost="), NGX_HTTP_APIGW_RATELIMIT_HAS_COST,
      ngx_http_apigw_ratelimit_set_cost },

    { ngx_string("phase="), NGX_HTTP_APIGW_RATELIMIT_HAS_PHASE,
      ngx_http_apigw_ratelimit_set_phase },

    { ngx_string("zone="), NGX_HTTP_APIGW_RATELIMIT_HAS_ZONE,
      ngx_http_apigw_ratelimit_set_zone_name },

    { ngx_string("store="), NGX_HTTP_APIGW_RATELIMIT_HAS_STORE,
      ngx_http_apigw_ratelimit_set_store },

    { ngx_string("group="), NGX_HTTP_APIGW_RATELIMIT_HAS_GROUP,
      ngx_http_apigw_ratelimit_set_group },

    { ngx_string("on_error="), NGX_HTTP_APIGW_RATELIMIT_HAS_ON_ERROR,
      ngx_http_apigw_ratelimit_set_on_error },

    { ngx_string("share="), NGX_HTTP_APIGW_RATELIMIT_HAS_SHARE,
      ngx_http_apigw_ratelimit_set_share },

    { ngx_string("lease="), NGX_HTTP_APIGW_RATELIMIT_HAS_LEASE,
      ngx_http_apigw_ratelimit_set_lease },

    { ngx_string("outstanding="), NGX_HTTP_APIGW_RATELIMIT_HAS_OUTSTANDING,
      ngx_http_apigw_ratelimit_set_outstanding },

    { ngx_string("shadow"), NGX_HTTP_APIGW_RATELIMIT_HAS_SHADOW,
      ngx_http_apigw_ratelimit_set_shadow },

    { ngx_null_string, 0, NULL }
};


char *
ngx_http_apigw_ratelimit_set_policy(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_ratelimit_main_conf_t  *rmcf = conf;

    ngx_str_t                          *value, text;
    ngx_uint_t                          i, has;
    ngx_http_apigw_ratelimit_param_t   *param;
    ngx_http_apigw_ratelimit_policy_t  *policy;

    value = cf->args->elts;

    policy = ngx_http_apigw_ratelimit_policy_create(cf, rmcf, &value[1]);
    if (policy == NULL) {
        return NGX_CONF_ERROR;
    }

    has = 0;

    for (i = 2; i < cf->args->nelts; i++) {

        param = ngx_http_apigw_ratelimit_find_param(&value[i], &text);

        if (param == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "policy \"%V\": unknown parameter \"%V\"; use "
                               "key=, rate=, quota=, sliding=, burst=, align=, "
                               "strict=, default=, cost=, phase=, zone=, "
                               "store=, group=, on_error=, share=, lease=, "
                               "outstanding= or shadow",
                               &policy->name, &value[i]);
            return NGX_CONF_ERROR;
        }

        if (has & param->bit) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "policy \"%V\": duplicate parameter \"%V\"; "
                               "keep one", &policy->name, &param->name);
            return NGX_CONF_ERROR;
        }

        has |= param->bit;

        if (param->set(cf, policy, &text) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    rmcf->phases |= 1 << policy->phase;

    return ngx_http_apigw_ratelimit_policy_check(cf, policy, has);
}


static ngx_http_apigw_ratelimit_policy_t *
ngx_http_apigw_ratelimit_policy_create(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_main_conf_t *rmcf, ngx_str_t *name)
{
    ngx_uint_t                           i;
    ngx_http_apigw_ratelimit_policy_t   *policy, **policies;

    if (!ngx_http_apigw_ratelimit_name_valid(name)
        || ngx_strcmp(name->data, "off") == 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid policy name \"%V\"; use 1 to 64 of A-Z a-z "
                           "0-9 _ . -, and not \"off\"", name);
        return NULL;
    }

    policies = rmcf->policies.elts;

    for (i = 0; i < rmcf->policies.nelts; i++) {
        if (policies[i]->name.len == name->len
            && ngx_strncmp(policies[i]->name.data, name->data, name->len) == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                         "duplicate policy \"%V\"; use another name", name);
            return NULL;
        }
    }

    policy = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_ratelimit_policy_t));
    if (policy == NULL) {
        return NULL;
    }

    policies = ngx_array_push(&rmcf->policies);
    if (policies == NULL) {
        return NULL;
    }

    *policies = policy;

    policy->name = *name;
    ngx_str_set(&policy->burst_text, "");
    ngx_str_set(&policy->default_text, "");
    policy->index = rmcf->policies.nelts - 1;
    policy->fixed_cost = 1;
    policy->share = APIGW_GCRA_SHARE;

    ngx_http_apigw_ratelimit_place(cf, &policy->place);

    policy->cache = ngx_http_apigw_ratelimit_cache_create(cf->pool);

    return policy->cache ? policy : NULL;
}


static ngx_http_apigw_ratelimit_param_t *
ngx_http_apigw_ratelimit_find_param(ngx_str_t *arg, ngx_str_t *text)
{
    ngx_http_apigw_ratelimit_param_t  *param;

    for (param = ngx_http_apigw_ratelimit_params; param->name.len; param++) {

        if (ngx_strncmp(arg->data, param->name.data, param->name.len) != 0) {
            continue;
        }

        text->data = arg->data + param->name.len;
        text->len = arg->len - param->name.len;

        if (text->len && text->data[-1] != '=') {
            continue;
        }

        return param;
    }

    return NULL;
}


/* Parameters */

static char *
ngx_http_apigw_ratelimit_set_key(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text)
{
    if (text->len == 0) {
        return ngx_http_apigw_ratelimit_policy_invalid(cf, policy, "key", text,
                   "name who is limited, such as $apigw_ratelimit_address");
    }

    if (ngx_http_apigw_ratelimit_value_compile(cf, text, &policy->key)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_ratelimit_set_cost(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text)
{
    apigw_error_t  error;

    policy->has_cost = 1;

    if (ngx_http_apigw_ratelimit_has_variables(text)) {
        policy->cost = ngx_http_apigw_ratelimit_policy_value(cf, text);
        return policy->cost ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    if (apigw_limit_cost(ngx_http_apigw_str(text), &policy->fixed_cost, &error)
        != APIGW_OK)
    {
        return ngx_http_apigw_ratelimit_policy_invalid(cf, policy, "cost",
                                                       text, error.word);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_ratelimit_set_phase(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text)
{
    if (ngx_strcmp(text->data, "preaccess") == 0) {
        policy->phase = NGX_HTTP_APIGW_RATELIMIT_PREACCESS;

    } else if (ngx_strcmp(text->data, "precontent") == 0) {
        policy->phase = NGX_HTTP_APIGW_RATELIMIT_PRECONTENT;

    } else {
        return ngx_http_apigw_ratelimit_policy_invalid(cf, policy, "phase",
                   text, "use preaccess or precontent");
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_ratelimit_set_zone_name(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text)
{
    if (text->len == 0) {
        return ngx_http_apigw_ratelimit_policy_invalid(cf, policy, "zone",
                   text, "use the name of an apigw_ratelimit_zone");
    }

    policy->zone_name = *text;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_ratelimit_set_store(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text)
{
    if (text->len == 0) {
        return ngx_http_apigw_ratelimit_policy_invalid(cf, policy, "store",
                   text, "use the name of an apigw_ratelimit_redis");
    }

    policy->store_name = *text;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_ratelimit_set_group(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text)
{
    if (text->len == 0) {
        return ngx_http_apigw_ratelimit_policy_invalid(cf, policy, "group",
                   text, "use what several policies' keys share, or leave it "
                   "out");
    }

    policy->group = ngx_http_apigw_ratelimit_policy_value(cf, text);

    return policy->group ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_http_apigw_ratelimit_set_on_error(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text)
{
    if (ngx_strcmp(text->data, "local") == 0) {
        policy->on_error = NGX_HTTP_APIGW_RATELIMIT_LOCAL;

    } else if (ngx_strcmp(text->data, "allow") == 0) {
        policy->on_error = NGX_HTTP_APIGW_RATELIMIT_ALLOW;

    } else if (ngx_strcmp(text->data, "deny") == 0) {
        policy->on_error = NGX_HTTP_APIGW_RATELIMIT_DENY;

    } else {
        return ngx_http_apigw_ratelimit_policy_invalid(cf, policy, "on_error",
                   text, "use local, allow or deny");
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_ratelimit_set_share(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text)
{
    apigw_error_t  error;

    if (apigw_limit_share(ngx_http_apigw_str(text), &policy->share, &error)
        != APIGW_OK)
    {
        return ngx_http_apigw_ratelimit_policy_invalid(cf, policy, "share",
                                                       text, error.word);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_ratelimit_set_shadow(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text)
{
    policy->shadow = 1;

    return NGX_CONF_OK;
}


ngx_http_apigw_ratelimit_value_t *
ngx_http_apigw_ratelimit_policy_value(ngx_conf_t *cf, ngx_str_t *text)
{
    ngx_http_apigw_ratelimit_value_t  *value;

    value = ngx_palloc(cf->pool, sizeof(ngx_http_apigw_ratelimit_value_t));
    if (value == NULL) {
        return NULL;
    }

    if (ngx_http_apigw_ratelimit_value_compile(cf, text, value) != NGX_OK) {
        return NULL;
    }

    return value;
}
