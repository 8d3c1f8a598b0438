
/* What the parameters of a policy mean together. */


#include "ngx_http_apigw_ratelimit.h"


static char *ngx_http_apigw_ratelimit_policy_limit(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy);
static char *ngx_http_apigw_ratelimit_policy_identity(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy);
static ngx_uint_t ngx_http_apigw_ratelimit_names_variable(ngx_str_t *text,
    const char *name);
static char *ngx_http_apigw_ratelimit_policy_item(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy);


char *
ngx_http_apigw_ratelimit_policy_check(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_uint_t has)
{
    ngx_uint_t  i;

    static const struct {
        ngx_uint_t   bit;
        ngx_uint_t   needs;
        const char  *text;
    } rules[] = {
        { NGX_HTTP_APIGW_RATELIMIT_HAS_BURST,
          NGX_HTTP_APIGW_RATELIMIT_HAS_RATE,
          "burst= without rate=; add a rate, such as rate=100r/m" },

        { 0, NGX_HTTP_APIGW_RATELIMIT_HAS_KEY,
          "no key; add who is limited, such as key=$apigw_ratelimit_address" },

        { 0, NGX_HTTP_APIGW_RATELIMIT_HAS_RATE,
          "no limit; add a rate, such as rate=100r/m" },

        { NGX_HTTP_APIGW_RATELIMIT_HAS_GROUP,
          NGX_HTTP_APIGW_RATELIMIT_HAS_STORE,
          "group= without store=; add a store, or remove group=" },

        { NGX_HTTP_APIGW_RATELIMIT_HAS_ON_ERROR,
          NGX_HTTP_APIGW_RATELIMIT_HAS_STORE,
          "on_error= without store=; add a store, or remove on_error=" },

        { NGX_HTTP_APIGW_RATELIMIT_HAS_SHARE,
          NGX_HTTP_APIGW_RATELIMIT_HAS_STORE,
          "share= without store=; add a store, or remove share=" },

        { 0, 0, NULL }
    };

    for (i = 0; rules[i].text; i++) {
        if ((has & rules[i].bit) == rules[i].bit && !(has & rules[i].needs)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "policy \"%V\": %s",
                               &policy->name, rules[i].text);
            return NGX_CONF_ERROR;
        }
    }

    if (policy->rate && !(has & NGX_HTTP_APIGW_RATELIMIT_HAS_DEFAULT)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "policy \"%V\": rate=%V without default=; add what "
                           "holds when it is empty or bad, such as "
                           "default=100r/m",
                           &policy->name, &policy->rate_text);
        return NGX_CONF_ERROR;
    }

    if (policy->rate == NULL && (has & NGX_HTTP_APIGW_RATELIMIT_HAS_DEFAULT)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "policy \"%V\": default= without a variable in "
                           "rate=; remove default=", &policy->name);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_apigw_ratelimit_policy_identity(cf, policy) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_apigw_ratelimit_policy_limit(cf, policy) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_apigw_ratelimit_policy_item(cf, policy);
}


/* The constant limit, or the default, with a constant burst. */

static char *
ngx_http_apigw_ratelimit_policy_limit(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy)
{
    apigw_error_t  error;

    if (policy->burst_text.len
        && apigw_limit_burst(ngx_http_apigw_str(&policy->burst_text),
                             &policy->limit, &error)
           != APIGW_OK)
    {
        return ngx_http_apigw_ratelimit_policy_invalid(cf, policy, "burst",
                   &policy->burst_text, error.word);
    }

    if (policy->rate == NULL && policy->burst == NULL && policy->has_cost
        && policy->cost == NULL
        && policy->fixed_cost > policy->limit.gcra.burst)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "policy \"%V\": cost %uL is above its burst of %uL, "
                           "no request could pass; lower cost= or raise "
                           "burst=", &policy->name, policy->fixed_cost,
                           policy->limit.gcra.burst);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_ratelimit_policy_identity(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy)
{
    ngx_str_t   *texts[4];
    ngx_uint_t   i, k;

    static const char  *names[] = { "apigw_consumer", "apigw_plan" };

    if (policy->phase != NGX_HTTP_APIGW_RATELIMIT_PREACCESS) {
        return NGX_CONF_OK;
    }

    texts[0] = &policy->key.value.value;
    texts[1] = policy->rate ? &policy->rate->value.value : NULL;
    texts[2] = policy->burst ? &policy->burst->value.value : NULL;
    texts[3] = policy->group ? &policy->group->value.value : NULL;

    for (i = 0; i < 4; i++) {
        for (k = 0; texts[i] && k < 2; k++) {

            if (ngx_http_apigw_ratelimit_names_variable(texts[i], names[k])) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "policy \"%V\": $%s is not settled in "
                                   "phase=preaccess; use phase=precontent, or "
                                   "another variable",
                                   &policy->name, names[k]);
                return NGX_CONF_ERROR;
            }
        }
    }

    return NGX_CONF_OK;
}


/* Whether `text` has $name or ${name}. */

static ngx_uint_t
ngx_http_apigw_ratelimit_names_variable(ngx_str_t *text, const char *name)
{
    u_char  *p, *last, ch;
    size_t   len;

    len = ngx_strlen(name);
    last = text->data + text->len;

    for (p = text->data; p < last; p++) {

        if (*p != '$') {
            continue;
        }

        if (p + 1 < last && p[1] == '{') {
            p++;
        }

        if ((size_t) (last - p - 1) < len
            || ngx_strncasecmp(p + 1, (u_char *) name, len) != 0)
        {
            continue;
        }

        ch = p + 1 + len < last ? p[1 + len] : '\0';

        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
              || (ch >= '0' && ch <= '9') || ch == '_'))
        {
            return 1;
        }
    }

    return 0;
}


/* The policy's Item of RateLimit-Policy, where its limit is constant. */

static char *
ngx_http_apigw_ratelimit_policy_item(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy)
{
    apigw_ratelimit_quota_t  quota;

    if (policy->rate || policy->burst) {
        return NGX_CONF_OK;
    }

    policy->item.data = ngx_pnalloc(cf->pool,
                                apigw_ratelimit_item_size(policy->name.len));
    if (policy->item.data == NULL) {
        return NGX_CONF_ERROR;
    }

    quota = apigw_ratelimit_quota(&policy->limit);

    policy->item.len = apigw_ratelimit_write_policy(policy->item.data, true,
                                          ngx_http_apigw_str(&policy->name),
                                          &quota)
                       - policy->item.data;

    return NGX_CONF_OK;
}
