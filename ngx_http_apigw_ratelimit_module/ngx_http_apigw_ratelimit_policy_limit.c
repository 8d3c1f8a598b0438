
/* The limit of a policy: rate=, quota= or sliding=, and what goes with them. */


#include "ngx_http_apigw_ratelimit.h"


static char *ngx_http_apigw_ratelimit_set_limit(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text,
    apigw_limit_kind_e kind);
static char *ngx_http_apigw_ratelimit_policy_burst(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy);


/* By kind, what a limit is called and how it may look. */

static const struct {
    const char  *name;
    const char  *what;               /* that a cost may be above of */
    const char  *raise;
    const char  *example;
} ngx_http_apigw_ratelimit_limits[] = {
    { NULL, NULL, NULL, NULL },
    { "rate", "burst", "burst", "100r/m" },
    { "quota", "quota", "quota", "1000/d" },
    { "sliding", "sliding limit", "sliding", "100/m" }
};


/* Parameters: read once all of them are known, as they bear on each other */

char *
ngx_http_apigw_ratelimit_set_rate(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text)
{
    return ngx_http_apigw_ratelimit_set_limit(cf, policy, text,
                                              APIGW_LIMIT_RATE);
}


char *
ngx_http_apigw_ratelimit_set_quota(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text)
{
    return ngx_http_apigw_ratelimit_set_limit(cf, policy, text,
                                              APIGW_LIMIT_QUOTA);
}


char *
ngx_http_apigw_ratelimit_set_sliding(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text)
{
    return ngx_http_apigw_ratelimit_set_limit(cf, policy, text,
                                              APIGW_LIMIT_SLIDING);
}


static char *
ngx_http_apigw_ratelimit_set_limit(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text,
    apigw_limit_kind_e kind)
{
    policy->form.kind = kind;
    policy->limit_text = *text;

    if (ngx_http_apigw_ratelimit_has_variables(text)) {
        policy->variable = ngx_http_apigw_ratelimit_policy_value(cf, text);
        return policy->variable ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_ratelimit_set_burst(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text)
{
    policy->has_burst = 1;

    if (ngx_http_apigw_ratelimit_has_variables(text)) {
        policy->burst = ngx_http_apigw_ratelimit_policy_value(cf, text);
        return policy->burst ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    policy->burst_text = *text;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_ratelimit_set_align(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text)
{
    if (ngx_strcmp(text->data, "first") == 0) {
        policy->form.first = true;

    } else if (ngx_strcmp(text->data, "calendar") != 0) {
        return ngx_http_apigw_ratelimit_policy_invalid(cf, policy, "align",
                   text, "use calendar or first");
    }

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_ratelimit_set_strict(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text)
{
    apigw_error_t  error;

    if (apigw_limit_strict(ngx_http_apigw_str(text), &policy->form.strict,
                           &error)
        != APIGW_OK)
    {
        return ngx_http_apigw_ratelimit_policy_invalid(cf, policy, "strict",
                                                       text, error.word);
    }

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_ratelimit_set_default(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text)
{
    policy->default_text = *text;

    return NGX_CONF_OK;
}


const char *
ngx_http_apigw_ratelimit_limit_name(ngx_http_apigw_ratelimit_policy_t *policy)
{
    return ngx_http_apigw_ratelimit_limits[policy->form.kind].name;
}


const char *
ngx_http_apigw_ratelimit_limit_example(
    ngx_http_apigw_ratelimit_policy_t *policy)
{
    return ngx_http_apigw_ratelimit_limits[policy->form.kind].example;
}


/* The constant limit, or the default, with a constant burst. */

char *
ngx_http_apigw_ratelimit_policy_limit(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy)
{
    ngx_str_t      *text;
    const char     *name;
    apigw_error_t   error;

    name = ngx_http_apigw_ratelimit_limit_name(policy);
    text = &policy->limit_text;

    if (policy->variable) {
        name = "default";
        text = &policy->default_text;
    }

    if (apigw_limit_read(&policy->form, ngx_http_apigw_str(text),
                         &policy->limit, &error)
        != APIGW_OK)
    {
        return ngx_http_apigw_ratelimit_policy_invalid(cf, policy, name, text,
                                                       error.word);
    }

    if (policy->limit.kind == APIGW_LIMIT_UNLIMITED && policy->variable) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "policy \"%V\": invalid default \"%V\"; a bad value "
                           "must not lift the limit; use a number, such as %s",
                           &policy->name, text,
                           ngx_http_apigw_ratelimit_limit_example(policy));
        return NGX_CONF_ERROR;
    }

    if (policy->limit.kind == APIGW_LIMIT_UNLIMITED) {
        return ngx_http_apigw_ratelimit_policy_invalid(cf, policy, name, text,
                   "a policy that never limits is not needed; remove it");
    }

    if (policy->limit.rounded) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "policy \"%V\": %s \"%V\" is lowered by over 1%% as "
                           "its interval is rounded up to 1/8 us",
                           &policy->name, name, text);
    }

    if (ngx_http_apigw_ratelimit_policy_burst(cf, policy) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (policy->has_cost && policy->cost == NULL
        && ngx_http_apigw_ratelimit_never_passes(policy, policy->fixed_cost))
    {
        return ngx_http_apigw_ratelimit_refuse_cost(cf, &policy->place, policy,
                                                    policy->fixed_cost);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_ratelimit_policy_burst(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy)
{
    apigw_error_t  error;

    if (!policy->has_burst || policy->burst) {
        return NGX_CONF_OK;
    }

    if (apigw_limit_burst(ngx_http_apigw_str(&policy->burst_text),
                          &policy->limit, &error)
        != APIGW_OK)
    {
        return ngx_http_apigw_ratelimit_policy_invalid(cf, policy, "burst",
                   &policy->burst_text, error.word);
    }

    return NGX_CONF_OK;
}


/* Costs */

ngx_uint_t
ngx_http_apigw_ratelimit_never_passes(
    ngx_http_apigw_ratelimit_policy_t *policy, uint64_t cost)
{
    return policy->variable == NULL && policy->burst == NULL
           && cost > apigw_limit_most(&policy->limit);
}


char *
ngx_http_apigw_ratelimit_refuse_cost(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_place_t *place,
    ngx_http_apigw_ratelimit_policy_t *policy, uint64_t cost)
{
    apigw_limit_kind_e  kind;

    kind = policy->form.kind;

    return ngx_http_apigw_ratelimit_refuse(cf, place,
               "policy \"%V\": cost %uL is above its %s of %uL, no request "
               "could pass; lower cost= or raise %s=", &policy->name, cost,
               ngx_http_apigw_ratelimit_limits[kind].what,
               apigw_limit_most(&policy->limit),
               ngx_http_apigw_ratelimit_limits[kind].raise);
}
