
/* `lease=` and `outstanding=` of a policy, and which limits go by leases. */


#include "ngx_http_apigw_ratelimit.h"


static ngx_int_t ngx_http_apigw_ratelimit_lease_number(ngx_str_t *text,
    uint64_t *n);


char *
ngx_http_apigw_ratelimit_set_lease(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text)
{
    if (ngx_strcmp(text->data, "auto") == 0) {
        policy->lease = APIGW_LEASE_UNITS;
        return NGX_CONF_OK;
    }

    if (ngx_http_apigw_ratelimit_lease_number(text, &policy->lease)
        != NGX_OK)
    {
        return ngx_http_apigw_ratelimit_policy_invalid(cf, policy, "lease",
                   text, "use auto, or the most units of one lease, 1 or "
                   "more");
    }

    policy->lease = ngx_min(policy->lease, APIGW_LEASE_UNITS);

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_ratelimit_set_outstanding(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text)
{
    if (ngx_http_apigw_ratelimit_lease_number(text, &policy->outstanding)
        != NGX_OK)
    {
        return ngx_http_apigw_ratelimit_policy_invalid(cf, policy,
                   "outstanding", text, "use how many units may be leased and "
                   "unspent, 1 or more");
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_apigw_ratelimit_lease_number(ngx_str_t *text, uint64_t *n)
{
    off_t  value;

    value = ngx_atoof(text->data, text->len);

    if (value == NGX_ERROR || value < 1
        || (uint64_t) value > APIGW_WINDOW_MAX_QUOTA)
    {
        return NGX_ERROR;
    }

    *n = value;

    return NGX_OK;
}


char *
ngx_http_apigw_ratelimit_lease_check(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy)
{
    uint64_t     most, outstanding;
    const char  *what;

    if (policy->lease == 0) {
        return NGX_CONF_OK;
    }

    if (policy->form.kind == APIGW_LIMIT_SLIDING) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "policy \"%V\": lease= with sliding=; use a rate "
                           "or a quota, or remove lease=", &policy->name);
        return NGX_CONF_ERROR;
    }

    /* what a variable says is known later; too little for leases is exact */

    if (policy->variable || policy->burst) {
        return NGX_CONF_OK;
    }

    most = apigw_limit_most(&policy->limit);
    what = policy->limit.kind == APIGW_LIMIT_RATE ? "burst" : "quota";

    if (most < APIGW_LEASE_MIN) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "policy \"%V\": lease= with a %s of %uL, there is "
                           "nothing to share below %ui; remove lease=",
                           &policy->name, what, most,
                           (ngx_uint_t) APIGW_LEASE_MIN);
        return NGX_CONF_ERROR;
    }

    if (policy->outstanding > most / 2) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "policy \"%V\": outstanding=%uL is above half its "
                           "%s of %uL; use %uL at most",
                           &policy->name, policy->outstanding, what, most,
                           most / 2);
        return NGX_CONF_ERROR;
    }

    outstanding = apigw_lease_outstanding(most, policy->outstanding);

    if (policy->limit.kind == APIGW_LIMIT_RATE
        && policy->has_cost && policy->cost == NULL
        && policy->fixed_cost > most - outstanding)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "policy \"%V\": cost %uL is above its burst of "
                           "%uL less what may be outstanding, %uL, no request "
                           "could pass; lower cost= or outstanding=",
                           &policy->name, policy->fixed_cost, most,
                           outstanding);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


void
ngx_http_apigw_ratelimit_lease_init(ngx_http_apigw_ratelimit_item_t *item)
{
    uint64_t                            most;
    ngx_http_apigw_ratelimit_policy_t  *policy;

    policy = item->policy;

    item->leased = 0;
    item->granting = 0;

    if (policy->lease == 0) {
        return;
    }

    most = apigw_limit_most(&item->limit);

    if (most < APIGW_LEASE_MIN || item->limit.kind == APIGW_LIMIT_SLIDING) {
        return;
    }

    item->leased = 1;
    item->outstanding = apigw_lease_outstanding(most, policy->outstanding);

    /*
     * What is used within any time was outstanding when it began, or debited
     * in it: together no more than the burst.
     */

    if (!item->take.limit.windowed) {
        item->take.limit.gcra.burst -= item->outstanding;
    }
}
