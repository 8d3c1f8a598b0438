
/* What the parameters of a policy mean together. */


#include "ngx_http_apigw_ratelimit.h"


static char *ngx_http_apigw_ratelimit_policy_limits(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_uint_t has);
static char *ngx_http_apigw_ratelimit_policy_default(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_uint_t has);
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
          "burst= without rate=; use rate=, such as rate=100r/m, or remove "
          "burst=" },

        { NGX_HTTP_APIGW_RATELIMIT_HAS_ALIGN,
          NGX_HTTP_APIGW_RATELIMIT_HAS_QUOTA,
          "align= without quota=; use quota=, such as quota=1000/d, or remove "
          "align=" },

        { NGX_HTTP_APIGW_RATELIMIT_HAS_STRICT,
          NGX_HTTP_APIGW_RATELIMIT_HAS_SLIDING,
          "strict= without sliding=; use sliding=, such as sliding=100/m, or "
          "remove strict=" },

        { 0, NGX_HTTP_APIGW_RATELIMIT_HAS_KEY,
          "no key; add who is limited, such as key=$apigw_ratelimit_address" },

        { 0, NGX_HTTP_APIGW_RATELIMIT_HAS_LIMIT,
          "no limit; add rate=, quota= or sliding=, such as rate=100r/m" },

        { NGX_HTTP_APIGW_RATELIMIT_HAS_GROUP,
          NGX_HTTP_APIGW_RATELIMIT_HAS_STORE,
          "group= without store=; add a store, or remove group=" },

        { NGX_HTTP_APIGW_RATELIMIT_HAS_ON_ERROR,
          NGX_HTTP_APIGW_RATELIMIT_HAS_STORE,
          "on_error= without store=; add a store, or remove on_error=" },

        { NGX_HTTP_APIGW_RATELIMIT_HAS_SHARE,
          NGX_HTTP_APIGW_RATELIMIT_HAS_STORE,
          "share= without store=; add a store, or remove share=" },

        { NGX_HTTP_APIGW_RATELIMIT_HAS_LEASE,
          NGX_HTTP_APIGW_RATELIMIT_HAS_STORE,
          "lease= without store=; add a store, or remove lease=" },

        { NGX_HTTP_APIGW_RATELIMIT_HAS_OUTSTANDING,
          NGX_HTTP_APIGW_RATELIMIT_HAS_LEASE,
          "outstanding= without lease=; add lease=auto, or remove "
          "outstanding=" },

        { 0, 0, NULL }
    };

    for (i = 0; rules[i].text; i++) {
        if ((has & rules[i].bit) == rules[i].bit && !(has & rules[i].needs)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "policy \"%V\": %s",
                               &policy->name, rules[i].text);
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_http_apigw_ratelimit_policy_limits(cf, policy, has) != NGX_CONF_OK
        || ngx_http_apigw_ratelimit_policy_default(cf, policy, has)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_apigw_ratelimit_policy_identity(cf, policy) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_apigw_ratelimit_policy_limit(cf, policy) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_apigw_ratelimit_lease_check(cf, policy) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_apigw_ratelimit_policy_item(cf, policy);
}


static char *
ngx_http_apigw_ratelimit_policy_limits(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_uint_t has)
{
    const char  *first, *second;

    first = has & NGX_HTTP_APIGW_RATELIMIT_HAS_RATE ? "rate" : "quota";
    second = has & NGX_HTTP_APIGW_RATELIMIT_HAS_QUOTA
             && has & NGX_HTTP_APIGW_RATELIMIT_HAS_RATE ? "quota" : "sliding";

    has &= NGX_HTTP_APIGW_RATELIMIT_HAS_LIMIT;

    if ((has & (has - 1)) == 0) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "policy \"%V\": two limits, %s= and %s=; keep one of "
                       "them", &policy->name, first, second);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_apigw_ratelimit_policy_default(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_uint_t has)
{
    const char  *name;

    name = ngx_http_apigw_ratelimit_limit_name(policy);

    if (policy->variable && !(has & NGX_HTTP_APIGW_RATELIMIT_HAS_DEFAULT)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "policy \"%V\": %s=%V without default=; add what "
                           "holds when it is empty or bad, such as default=%s",
                           &policy->name, name, &policy->limit_text,
                           ngx_http_apigw_ratelimit_limit_example(policy));
        return NGX_CONF_ERROR;
    }

    if (policy->variable == NULL
        && (has & NGX_HTTP_APIGW_RATELIMIT_HAS_DEFAULT))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "policy \"%V\": default= without a variable in "
                           "%s=; remove default=", &policy->name, name);
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
    texts[1] = policy->variable ? &policy->variable->value.value : NULL;
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


/* The policy's Item of RateLimit-Policy, where it is always the same. */

static char *
ngx_http_apigw_ratelimit_policy_item(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy)
{
    apigw_ratelimit_quota_t  quota;

    if (policy->variable || policy->burst
        || policy->limit.window.kind == APIGW_WINDOW_MONTH)
    {
        return NGX_CONF_OK;
    }

    policy->item.data = ngx_pnalloc(cf->pool,
                                apigw_ratelimit_item_size(policy->name.len));
    if (policy->item.data == NULL) {
        return NGX_CONF_ERROR;
    }

    quota = apigw_ratelimit_quota(&policy->limit, 0);

    policy->item.len = apigw_ratelimit_write_policy(policy->item.data, true,
                                          ngx_http_apigw_str(&policy->name),
                                          &quota)
                       - policy->item.data;

    return NGX_CONF_OK;
}
