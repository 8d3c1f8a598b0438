
/* `apigw_ratelimit`: which policies a location applies, at what cost. */


#include "ngx_http_apigw_ratelimit.h"


static char *ngx_http_apigw_ratelimit_set_use_cost(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_line_t *line, ngx_str_t text);
static char *ngx_http_apigw_ratelimit_set_use_after(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_line_t *line, ngx_str_t text);
static char *ngx_http_apigw_ratelimit_set_use_number(ngx_conf_t *cf,
    const char *what, ngx_str_t *text,
    ngx_http_apigw_ratelimit_value_t **value, uint64_t *number);
static ngx_uint_t ngx_http_apigw_ratelimit_count_names(
    ngx_http_apigw_ratelimit_loc_conf_t *rlcf);
static char *ngx_http_apigw_ratelimit_compile_use(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_loc_conf_t *rlcf,
    ngx_http_apigw_ratelimit_line_t *line, ngx_str_t *name);
static ngx_http_apigw_ratelimit_policy_t *ngx_http_apigw_ratelimit_find_policy(
    ngx_http_apigw_ratelimit_main_conf_t *rmcf, ngx_str_t *name);
static char *ngx_http_apigw_ratelimit_compile_field(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_loc_conf_t *rlcf);


char *
ngx_http_apigw_ratelimit_set_use(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_ratelimit_loc_conf_t  *rlcf = conf;

    ngx_str_t                        *value, text;
    ngx_uint_t                        i, off;
    ngx_http_apigw_ratelimit_line_t  *line;

    value = cf->args->elts;
    off = 0;

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_strcmp(value[i].data, "off") == 0) {
            off = 1;
        }
    }

    if (off && cf->args->nelts > 2) {
        return "has \"off\" beside other arguments; keep one of them";
    }

    if (off && rlcf->lines == NULL) {
        return "is duplicate";
    }

    if (rlcf->lines == NULL || (off && rlcf->lines != NGX_CONF_UNSET_PTR)) {
        return "is \"off\" and not at one level; keep one of them";
    }

    if (off) {
        rlcf->lines = NULL;
        return NGX_CONF_OK;
    }

    if (rlcf->lines == NGX_CONF_UNSET_PTR) {
        rlcf->lines = ngx_array_create(cf->pool, 1,
                                      sizeof(ngx_http_apigw_ratelimit_line_t));
        if (rlcf->lines == NULL) {
            rlcf->lines = NGX_CONF_UNSET_PTR;
            return NGX_CONF_ERROR;
        }
    }

    line = ngx_array_push(rlcf->lines);
    if (line == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(line, sizeof(ngx_http_apigw_ratelimit_line_t));
    ngx_http_apigw_ratelimit_place(cf, &line->place);

    line->fixed_cost = 1;
    line->names = ngx_palloc(cf->pool, cf->args->nelts * sizeof(ngx_str_t));
    if (line->names == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "cost=", 5) == 0) {
            text.data = value[i].data + 5;
            text.len = value[i].len - 5;

            if (ngx_http_apigw_ratelimit_set_use_cost(cf, line, text)
                != NGX_CONF_OK)
            {
                return NGX_CONF_ERROR;
            }

            continue;
        }

        if (ngx_strncmp(value[i].data, "cost_after=", 11) == 0) {
            text.data = value[i].data + 11;
            text.len = value[i].len - 11;

            if (ngx_http_apigw_ratelimit_set_use_after(cf, line, text)
                != NGX_CONF_OK)
            {
                return NGX_CONF_ERROR;
            }

            continue;
        }

        if (!ngx_http_apigw_ratelimit_name_valid(&value[i])) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\" of apigw_ratelimit; "
                               "use names of policies, cost=, cost_after= "
                               "or off",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        line->names[line->nnames++] = value[i];
    }

    if (line->nnames == 0) {
        return "names no policy; name one before cost=";
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_ratelimit_set_use_cost(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_line_t *line, ngx_str_t text)
{
    if (line->has_cost) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate cost= of apigw_ratelimit; keep one");
        return NGX_CONF_ERROR;
    }

    line->has_cost = 1;

    return ngx_http_apigw_ratelimit_set_use_number(cf, "cost", &text,
                                             &line->cost, &line->fixed_cost);
}


static char *
ngx_http_apigw_ratelimit_set_use_after(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_line_t *line, ngx_str_t text)
{
    ngx_http_apigw_ratelimit_main_conf_t  *rmcf;

    if (line->has_cost_after) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate cost_after= of apigw_ratelimit; keep "
                           "one");
        return NGX_CONF_ERROR;
    }

    line->has_cost_after = 1;

    rmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_apigw_ratelimit_module);
    rmcf->after = 1;

    return ngx_http_apigw_ratelimit_set_use_number(cf, "cost_after", &text,
                                  &line->cost_after, &line->fixed_cost_after);
}


static char *
ngx_http_apigw_ratelimit_set_use_number(ngx_conf_t *cf, const char *what,
    ngx_str_t *text, ngx_http_apigw_ratelimit_value_t **value,
    uint64_t *number)
{
    apigw_error_t  error;

    if (ngx_http_apigw_ratelimit_has_variables(text)) {
        *value = ngx_palloc(cf->pool,
                            sizeof(ngx_http_apigw_ratelimit_value_t));
        if (*value == NULL
            || ngx_http_apigw_ratelimit_value_compile(cf, text, *value)
               != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }

        return NGX_CONF_OK;
    }

    if (apigw_limit_cost(ngx_http_apigw_str(text), number, &error)
        != APIGW_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid %s \"%V\" of apigw_ratelimit; %s",
                           what, text, error.word);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_ratelimit_compile(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_loc_conf_t *rlcf)
{
    ngx_uint_t                        i, k, n;
    ngx_http_apigw_ratelimit_line_t  *lines;

    if (rlcf->compiled || rlcf->lines == NGX_CONF_UNSET_PTR
        || rlcf->lines == NULL)
    {
        return NGX_CONF_OK;
    }

    rlcf->compiled = 1;

    lines = rlcf->lines->elts;
    n = ngx_http_apigw_ratelimit_count_names(rlcf);

    if (n > NGX_HTTP_APIGW_RATELIMIT_MAX) {
        return ngx_http_apigw_ratelimit_refuse(cf,
                          &lines[rlcf->lines->nelts - 1].place,
                          "apigw_ratelimit names %ui policies at one level; "
                          "use at most %d", n, NGX_HTTP_APIGW_RATELIMIT_MAX);
    }

    rlcf->uses = ngx_pcalloc(cf->pool,
                             n * sizeof(ngx_http_apigw_ratelimit_use_t));
    if (rlcf->uses == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < rlcf->lines->nelts; i++) {
        for (k = 0; k < lines[i].nnames; k++) {

            if (ngx_http_apigw_ratelimit_compile_use(cf, rlcf, &lines[i],
                                                     &lines[i].names[k])
                != NGX_CONF_OK)
            {
                return NGX_CONF_ERROR;
            }
        }
    }

    return ngx_http_apigw_ratelimit_compile_field(cf, rlcf);
}


static ngx_uint_t
ngx_http_apigw_ratelimit_count_names(ngx_http_apigw_ratelimit_loc_conf_t *rlcf)
{
    ngx_uint_t                        i, n;
    ngx_http_apigw_ratelimit_line_t  *lines;

    lines = rlcf->lines->elts;
    n = 0;

    for (i = 0; i < rlcf->lines->nelts; i++) {
        n += lines[i].nnames;
    }

    return n;
}


static char *
ngx_http_apigw_ratelimit_compile_use(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_loc_conf_t *rlcf,
    ngx_http_apigw_ratelimit_line_t *line, ngx_str_t *name)
{
    ngx_uint_t                              i;
    ngx_http_apigw_ratelimit_use_t         *use;
    ngx_http_apigw_ratelimit_policy_t      *policy;
    ngx_http_apigw_ratelimit_main_conf_t   *rmcf;

    rmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_apigw_ratelimit_module);

    policy = ngx_http_apigw_ratelimit_find_policy(rmcf, name);

    if (policy == NULL) {
        return ngx_http_apigw_ratelimit_refuse(cf, &line->place,
                          "unknown policy \"%V\" in apigw_ratelimit; declare "
                          "it: apigw_ratelimit_policy %V key=... rate=...;",
                          name, name);
    }

    for (i = 0; i < rlcf->nuses; i++) {
        if (rlcf->uses[i].policy == policy) {
            return ngx_http_apigw_ratelimit_refuse(cf, &line->place,
                          "duplicate policy \"%V\" in apigw_ratelimit; name "
                          "it once", name);
        }
    }

    use = &rlcf->uses[rlcf->nuses++];
    use->policy = policy;

    /* the policy's own cost wins */

    use->cost = policy->has_cost ? policy->cost : line->cost;
    use->fixed_cost = policy->has_cost ? policy->fixed_cost : line->fixed_cost;

    use->cost_after = line->cost_after;
    use->fixed_cost_after = line->fixed_cost_after;

    if (use->cost == NULL
        && ngx_http_apigw_ratelimit_never_passes(policy, use->fixed_cost))
    {
        return ngx_http_apigw_ratelimit_refuse_cost(cf, &line->place, policy,
                                                    use->fixed_cost);
    }

    rlcf->phases |= 1 << policy->phase;

    if (policy->store) {
        rlcf->remote = 1;
    }

    return NGX_CONF_OK;
}


static ngx_http_apigw_ratelimit_policy_t *
ngx_http_apigw_ratelimit_find_policy(ngx_http_apigw_ratelimit_main_conf_t *rmcf,
    ngx_str_t *name)
{
    ngx_uint_t                           i;
    ngx_http_apigw_ratelimit_policy_t  **policies;

    policies = rmcf->policies.elts;

    for (i = 0; i < rmcf->policies.nelts; i++) {
        if (policies[i]->name.len == name->len
            && ngx_strncmp(policies[i]->name.data, name->data, name->len) == 0)
        {
            return policies[i];
        }
    }

    return NULL;
}


/* Writes RateLimit-Policy once, if it can't differ between requests. */

static char *
ngx_http_apigw_ratelimit_compile_field(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_loc_conf_t *rlcf)
{
    size_t                              len;
    u_char                             *p;
    ngx_uint_t                          i;
    ngx_http_apigw_ratelimit_policy_t  *policy;

    len = 0;

    for (i = 0; i < rlcf->nuses; i++) {
        policy = rlcf->uses[i].policy;

        if (policy->item.len == 0 || policy->shadow) {
            return NGX_CONF_OK;
        }

        len += policy->item.len + 2;
    }

    p = ngx_pnalloc(cf->pool, len);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    rlcf->field.data = p;

    for (i = 0; i < rlcf->nuses; i++) {
        if (i) {
            *p++ = ',';
            *p++ = ' ';
        }

        p = ngx_cpymem(p, rlcf->uses[i].policy->item.data,
                       rlcf->uses[i].policy->item.len);
    }

    rlcf->field.len = p - rlcf->field.data;

    return NGX_CONF_OK;
}
