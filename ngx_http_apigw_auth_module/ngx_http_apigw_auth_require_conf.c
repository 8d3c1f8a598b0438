
#include "ngx_http_apigw_auth.h"


static ngx_http_apigw_auth_require_t *ngx_http_apigw_auth_require_add(
    ngx_conf_t *cf, ngx_http_apigw_auth_loc_conf_t *alcf,
    ngx_http_apigw_auth_need_e need);
static ngx_uint_t ngx_http_apigw_auth_require_scope_token(ngx_str_t *scope);
#if (NGX_PCRE)
static apigw_rc_t ngx_http_apigw_auth_require_match(void *regex,
    apigw_str_t subject);
#endif


/* `cmd->offset` is the need. */

char *
ngx_http_apigw_auth_set_require_list(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_auth_loc_conf_t *alcf = conf;

    ngx_str_t                      *value;
    ngx_uint_t                      i, n;
    apigw_arena_t                   arena;
    ngx_http_apigw_auth_require_t  *need;

    value = cf->args->elts;
    n = cf->args->nelts;

    need = ngx_http_apigw_auth_require_add(cf, alcf, cmd->offset);
    if (need == NULL) {
        return NGX_CONF_ERROR;
    }

    if (need->need == NGX_HTTP_APIGW_AUTH_NEED_SCOPE) {
        need->all = 1;

        if (n > 2 && ngx_strcmp(value[n - 1].data, "all") == 0) {
            n--;

        } else if (n > 2 && ngx_strcmp(value[n - 1].data, "any") == 0) {
            need->all = 0;
            n--;
        }
    }

    for (i = 1; i < n; i++) {

        if (value[i].len == 0
            || (need->need == NGX_HTTP_APIGW_AUTH_NEED_SCOPE
                && !ngx_http_apigw_auth_require_scope_token(&value[i])))
        {
            return ngx_http_apigw_auth_fault(cf,
                                  "%V: invalid value \"%V\"; write one name "
                                  "per argument", &value[0], &value[i]);
        }
    }

    ngx_http_apigw_arena_init(&arena, cf->pool);

    if (ngx_http_apigw_auth_block_list(&arena, &need->list, &value[1], n - 1)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_http_apigw_auth_require_t *
ngx_http_apigw_auth_require_add(ngx_conf_t *cf,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_need_e need)
{
    ngx_http_apigw_auth_require_t  *added;

    if (alcf->requires == NULL) {
        ngx_http_apigw_auth_place(cf, &alcf->place);

        alcf->requires = ngx_array_create(cf->pool, 4,
                                        sizeof(ngx_http_apigw_auth_require_t));
        if (alcf->requires == NULL) {
            return NULL;
        }
    }

    added = ngx_array_push(alcf->requires);
    if (added == NULL) {
        return NULL;
    }

    ngx_memzero(added, sizeof(ngx_http_apigw_auth_require_t));

    added->need = need;

    return added;
}


/* RFC 6749, 3.3: a scope is quoted in a challenge as it is. */

static ngx_uint_t
ngx_http_apigw_auth_require_scope_token(ngx_str_t *scope)
{
    size_t  i;
    u_char  ch;

    for (i = 0; i < scope->len; i++) {
        ch = scope->data[i];

        if (ch < 0x21 || ch > 0x7e || ch == '"' || ch == '\\') {
            return 0;
        }
    }

    return 1;
}


char *
ngx_http_apigw_auth_set_require_claim(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_auth_loc_conf_t *alcf = conf;

    ngx_str_t                      *value;
    ngx_uint_t                      n;
    apigw_rc_t                      rc;
    apigw_arena_t                   arena;
    apigw_error_t                   err;
    apigw_str_list_t                values;
    ngx_http_apigw_auth_require_t  *need;

    value = cf->args->elts;
    n = cf->args->nelts;

    need = ngx_http_apigw_auth_require_add(cf, alcf,
                                           NGX_HTTP_APIGW_AUTH_NEED_CLAIM);
    if (need == NULL) {
        return NGX_CONF_ERROR;
    }

    need->rule = ngx_pcalloc(cf->pool, sizeof(apigw_claim_rule_t));
    if (need->rule == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_http_apigw_arena_init(&arena, cf->pool);

    if (ngx_http_apigw_auth_block_list(&arena, &values, &value[3], n - 3)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    rc = apigw_claim_rule_parse(need->rule, &arena,
                                ngx_http_apigw_str(&value[1]),
                                ngx_http_apigw_str(&value[2]), values.elts,
                                values.nelts, &err);

    if (rc == APIGW_ENOMEM) {
        return NGX_CONF_ERROR;
    }

    if (rc != APIGW_OK) {
        return ngx_http_apigw_auth_fault(cf,
                              "%V: %s \"%V\"; write \"PATH OP VALUE\", where "
                              "OP is eq, in, any, gt, ge, lt, le, match or "
                              "exists, with \"!\" in front to negate",
                              &value[0], err.word,
                              &value[ngx_min(err.offset + 1, n - 1)]);
    }

    if (need->rule->op != APIGW_OP_MATCH) {
        return NGX_CONF_OK;
    }

#if (NGX_PCRE)
    {
    u_char               errstr[NGX_MAX_CONF_ERRSTR];
    ngx_regex_compile_t  rgc;

    ngx_memzero(&rgc, sizeof(ngx_regex_compile_t));

    rgc.pattern = value[3];
    rgc.pool = cf->pool;
    rgc.err.len = NGX_MAX_CONF_ERRSTR;
    rgc.err.data = errstr;

    if (ngx_regex_compile(&rgc) != NGX_OK) {
        return ngx_http_apigw_auth_fault(cf,
                              "%V: %V; correct the regular expression",
                              &value[0], &rgc.err);
    }

    need->rule->regex = rgc.regex;
    need->rule->match = ngx_http_apigw_auth_require_match;

    return NGX_CONF_OK;
    }
#else
    return ngx_http_apigw_auth_fault(cf,
                          "%V: \"match\" needs an nginx with PCRE; use \"eq\" "
                          "or \"in\"", &value[0]);
#endif
}


#if (NGX_PCRE)

static apigw_rc_t
ngx_http_apigw_auth_require_match(void *regex, apigw_str_t subject)
{
    ngx_int_t  n;
    ngx_str_t  s;

    s.data = (u_char *) subject.data;
    s.len = subject.len;

    n = ngx_regex_exec((ngx_regex_t *) regex, &s, NULL, 0);

    if (n == NGX_REGEX_NO_MATCHED) {
        return APIGW_EINPUT;
    }

    return n < 0 ? APIGW_ELIMIT : APIGW_OK;
}

#endif


/* The values are quoted in a challenge, as scopes are (RFC 9470, 3). */

char *
ngx_http_apigw_auth_set_require_acr(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_auth_loc_conf_t *alcf = conf;

    ngx_str_t                      *value, age;
    ngx_uint_t                      i, n;
    apigw_arena_t                   arena;
    ngx_http_apigw_auth_require_t  *need;

    value = cf->args->elts;
    n = cf->args->nelts;

    need = ngx_http_apigw_auth_require_add(cf, alcf,
                                           NGX_HTTP_APIGW_AUTH_NEED_ACR);
    if (need == NULL) {
        return NGX_CONF_ERROR;
    }

    need->max_age = -1;

    if (ngx_strncmp(value[n - 1].data, "max_age=", 8) == 0) {
        age.data = value[n - 1].data + 8;
        age.len = value[n - 1].len - 8;

        need->max_age = ngx_parse_time(&age, 1);

        if (need->max_age == (time_t) NGX_ERROR || need->max_age == 0) {
            return ngx_http_apigw_auth_fault(cf,
                                  "%V: invalid \"%V\"; give a time of 1s or "
                                  "more, such as \"max_age=15m\"", &value[0],
                                  &value[n - 1]);
        }

        n--;
    }

    if (n < 2) {
        return ngx_http_apigw_auth_fault(cf,
                              "%V: nothing to require; name one or more values "
                              "of \"acr\"", &value[0]);
    }

    for (i = 1; i < n; i++) {
        if (value[i].len == 0
            || !ngx_http_apigw_auth_require_scope_token(&value[i]))
        {
            return ngx_http_apigw_auth_fault(cf,
                                  "%V: invalid value \"%V\"; write one name "
                                  "per argument", &value[0], &value[i]);
        }
    }

    ngx_http_apigw_arena_init(&arena, cf->pool);

    if (ngx_http_apigw_auth_block_list(&arena, &need->list, &value[1], n - 1)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_set_require(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_apigw_auth_loc_conf_t *alcf = conf;

    ngx_int_t                           status;
    ngx_str_t                          *value;
    ngx_uint_t                          i, n;
    ngx_http_complex_value_t           *cv;
    ngx_http_apigw_auth_require_t      *need;
    ngx_http_compile_complex_value_t    ccv;

    value = cf->args->elts;
    n = cf->args->nelts;

    need = ngx_http_apigw_auth_require_add(cf, alcf,
                                           NGX_HTTP_APIGW_AUTH_NEED_VALUE);
    if (need == NULL) {
        return NGX_CONF_ERROR;
    }

    if (value[n - 1].len > 6
        && ngx_strncmp(value[n - 1].data, "error=", 6) == 0)
    {
        status = ngx_atoi(value[n - 1].data + 6, value[n - 1].len - 6);

        /* 444 and 494 to 499 are nginx's own */

        if (status < 400 || status > 493 || status == 444) {
            return ngx_http_apigw_auth_fault(cf,
                                  "%V: invalid status \"%V\"; write one from "
                                  "400 to 493, such as \"error=403\"",
                                  &value[0], &value[n - 1]);
        }

        need->status = status;
        n--;
    }

    if (n < 2) {
        return ngx_http_apigw_auth_fault(cf,
                              "%V: nothing to require; name one or more "
                              "variables", &value[0]);
    }

    need->values = ngx_array_create(cf->pool, n - 1,
                                    sizeof(ngx_http_complex_value_t));
    if (need->values == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < n; i++) {

        if (ngx_http_script_variables_count(&value[i]) == 0) {
            return ngx_http_apigw_auth_fault(cf,
                                  "%V: \"%V\" is always the same; name a "
                                  "variable, such as $ssl_client_verify",
                                  &value[0], &value[i]);
        }

        cv = ngx_array_push(need->values);
        if (cv == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

        ccv.cf = cf;
        ccv.value = &value[i];
        ccv.complex_value = cv;

        if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_set_reset(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_apigw_auth_loc_conf_t *alcf = conf;

    if (alcf->reset != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    alcf->reset = 1;

    return NGX_CONF_OK;
}
