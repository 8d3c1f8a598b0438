
#include "ngx_http_apigw_auth.h"


static ngx_http_apigw_auth_ctx_t *ngx_http_apigw_auth_variable_ctx(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_apigw_auth_variable_value(
    ngx_http_variable_value_t *v, apigw_str_t value);
static ngx_int_t ngx_http_apigw_auth_identity_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_apigw_auth_key_id_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_apigw_auth_kid_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_apigw_auth_claims_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_apigw_auth_claim_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_apigw_auth_claim_set_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_apigw_auth_claim_render(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, ngx_http_apigw_auth_ctx_t *ctx,
    apigw_claim_t *claim, apigw_claim_form_e form);
static ngx_int_t ngx_http_apigw_auth_method_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_apigw_auth_status_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_apigw_auth_error_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_apigw_auth_cache_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_apigw_auth_time_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static ngx_http_variable_t  ngx_http_apigw_auth_vars[] = {

    { ngx_string("apigw_consumer"), NULL,
      ngx_http_apigw_auth_identity_variable,
      offsetof(apigw_identity_t, consumer), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_plan"), NULL,
      ngx_http_apigw_auth_identity_variable,
      offsetof(apigw_identity_t, plan), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_groups"), NULL,
      ngx_http_apigw_auth_identity_variable,
      offsetof(apigw_identity_t, groups_text), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_scope"), NULL,
      ngx_http_apigw_auth_identity_variable,
      offsetof(apigw_identity_t, scope_text), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_auth_provider"), NULL,
      ngx_http_apigw_auth_identity_variable,
      offsetof(apigw_identity_t, provider), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_key_id"), NULL, ngx_http_apigw_auth_key_id_variable,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_jwt_kid"), NULL, ngx_http_apigw_auth_kid_variable,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_claims"), NULL, ngx_http_apigw_auth_claims_variable,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_claim_"), NULL, ngx_http_apigw_auth_claim_variable,
      0, NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

    { ngx_string("apigw_auth_method"), NULL,
      ngx_http_apigw_auth_method_variable, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_auth_status"), NULL,
      ngx_http_apigw_auth_status_variable, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_auth_error"), NULL,
      ngx_http_apigw_auth_error_variable, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_auth_cache"), NULL,
      ngx_http_apigw_auth_cache_variable, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("apigw_auth_time"), NULL,
      ngx_http_apigw_auth_time_variable, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


/* By ngx_http_apigw_auth_status_e. */

static apigw_str_t  ngx_http_apigw_auth_statuses[] = {
    apigw_str("off"),
    apigw_str("ok"),
    apigw_str("anonymous"),
    apigw_str("missing"),
    apigw_str("rejected"),
    apigw_str("unavailable")
};

static apigw_str_t  ngx_http_apigw_auth_dry_statuses[] = {
    apigw_str("off_dry_run"),
    apigw_str("ok_dry_run"),
    apigw_str("anonymous_dry_run"),
    apigw_str("missing_dry_run"),
    apigw_str("rejected_dry_run"),
    apigw_str("unavailable_dry_run")
};

static apigw_str_t  ngx_http_apigw_auth_nothing = apigw_str("");


ngx_int_t
ngx_http_apigw_auth_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_apigw_auth_vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return ngx_http_apigw_auth_add_age_variable(cf);
}


ngx_int_t
ngx_http_apigw_auth_add_claim_variable(ngx_conf_t *cf,
    ngx_http_apigw_auth_claim_var_t *claim)
{
    ngx_http_variable_t  *var;

    var = ngx_http_add_variable(cf, &claim->name, NGX_HTTP_VAR_NOCACHEABLE);
    if (var == NULL) {
        return NGX_ERROR;
    }

    var->get_handler = ngx_http_apigw_auth_claim_set_variable;
    var->data = (uintptr_t) claim;

    return NGX_OK;
}


/*
 * Read before PREACCESS, a variable makes the module identify at once, where no
 * Redis is to be asked for it. NULL: nobody is identified here.
 */

static ngx_http_apigw_auth_ctx_t *
ngx_http_apigw_auth_variable_ctx(ngx_http_request_t *r)
{
    ngx_http_apigw_auth_ctx_t       *ctx;
    ngx_http_apigw_auth_loc_conf_t  *alcf;

    r = r->main;

    ctx = ngx_http_apigw_auth_ctx(r, 0);

    if (ctx && (ctx->state == NGX_HTTP_APIGW_AUTH_DONE || ctx->preflight)) {
        return ctx;
    }

    if (ctx && ctx->waiting) {
        return NULL;                     /* known later, or never */
    }

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_auth_module);

    if (alcf->policy == NULL) {
        return NULL;
    }

    ctx = ngx_http_apigw_auth_ctx(r, 1);

    if (ctx == NULL || ngx_http_apigw_auth_identify(r, alcf, ctx) != NGX_OK) {
        return NULL;
    }

    return ctx;
}


static ngx_int_t
ngx_http_apigw_auth_variable_value(ngx_http_variable_value_t *v,
    apigw_str_t value)
{
    v->data = (u_char *) value.data;
    v->len = value.len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_identity_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    apigw_identity_t           *identity;
    ngx_http_apigw_auth_ctx_t  *ctx;

    ctx = ngx_http_apigw_auth_variable_ctx(r);
    identity = ctx ? ngx_http_apigw_auth_identity(ctx) : NULL;

    if (identity == NULL) {
        return ngx_http_apigw_auth_variable_value(v,
                                                  ngx_http_apigw_auth_nothing);
    }

    return ngx_http_apigw_auth_variable_value(v,
                               *(apigw_str_t *) ((char *) identity + data));
}


static ngx_int_t
ngx_http_apigw_auth_key_id_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    apigw_identity_t           *identity;
    ngx_http_apigw_auth_ctx_t  *ctx;

    ctx = ngx_http_apigw_auth_variable_ctx(r);
    identity = ctx ? ngx_http_apigw_auth_identity_of(ctx,
                                                     NGX_HTTP_APIGW_AUTH_KEY)
                   : NULL;

    return ngx_http_apigw_auth_variable_value(v,
                    identity ? identity->key_id : ngx_http_apigw_auth_nothing);
}


static ngx_int_t
ngx_http_apigw_auth_kid_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    apigw_identity_t           *identity;
    ngx_http_apigw_auth_ctx_t  *ctx;

    ctx = ngx_http_apigw_auth_variable_ctx(r);
    identity = ctx ? ngx_http_apigw_auth_identity_of(ctx,
                                                     NGX_HTTP_APIGW_AUTH_JWT)
                   : NULL;

    return ngx_http_apigw_auth_variable_value(v,
                       identity ? identity->kid : ngx_http_apigw_auth_nothing);
}


static ngx_int_t
ngx_http_apigw_auth_claims_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    apigw_str_t                 text;
    apigw_arena_t               arena;
    apigw_claims_t             *claims;
    ngx_http_apigw_auth_ctx_t  *ctx;

    ctx = ngx_http_apigw_auth_variable_ctx(r);
    claims = ctx ? ngx_http_apigw_auth_claims(ctx) : NULL;

    if (claims == NULL) {
        return ngx_http_apigw_auth_variable_value(v,
                                                  ngx_http_apigw_auth_nothing);
    }

    ngx_http_apigw_arena_init(&arena, r->pool);

    if (apigw_claims_render_all(&text, &arena, claims) != APIGW_OK) {
        return NGX_ERROR;
    }

    if (text.len == 0) {
        ctx->dropped = 1;                /* an object is never empty */
    }

    return ngx_http_apigw_auth_variable_value(v, text);
}


/* $apigw_claim_NAME: nginx made the name lower case. */

static ngx_int_t
ngx_http_apigw_auth_claim_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t *variable = (ngx_str_t *) data;

    apigw_str_t                 name;
    apigw_claim_t               claim;
    apigw_claims_t             *claims;
    ngx_http_apigw_auth_ctx_t  *ctx;

    ctx = ngx_http_apigw_auth_variable_ctx(r);
    claims = ctx ? ngx_http_apigw_auth_claims(ctx) : NULL;

    name.data = variable->data + sizeof("apigw_claim_") - 1;
    name.len = variable->len - (sizeof("apigw_claim_") - 1);

    if (claims == NULL || !apigw_claims_get(claims, name, &claim)) {
        return ngx_http_apigw_auth_variable_value(v,
                                                  ngx_http_apigw_auth_nothing);
    }

    return ngx_http_apigw_auth_claim_render(r, v, ctx, &claim,
                                            APIGW_CLAIM_JSON);
}


static ngx_int_t
ngx_http_apigw_auth_claim_set_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_apigw_auth_claim_var_t *var =
                                       (ngx_http_apigw_auth_claim_var_t *) data;

    apigw_claim_t               claim;
    apigw_claims_t             *claims;
    ngx_http_apigw_auth_ctx_t  *ctx;

    ctx = ngx_http_apigw_auth_variable_ctx(r);
    claims = ctx ? ngx_http_apigw_auth_claims(ctx) : NULL;

    if (claims == NULL || !apigw_claims_find(claims, &var->path, &claim)) {
        return ngx_http_apigw_auth_variable_value(v,
                                                  ngx_http_apigw_auth_nothing);
    }

    return ngx_http_apigw_auth_claim_render(r, v, ctx, &claim, var->form);
}


static ngx_int_t
ngx_http_apigw_auth_claim_render(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, ngx_http_apigw_auth_ctx_t *ctx,
    apigw_claim_t *claim, apigw_claim_form_e form)
{
    bool           unsafe;
    apigw_str_t    text;
    apigw_arena_t  arena;

    ngx_http_apigw_arena_init(&arena, r->pool);

    if (apigw_claims_render_mark(&text, &arena, ngx_http_apigw_auth_claims(ctx),
                                 claim, form, &unsafe)
        != APIGW_OK)
    {
        return NGX_ERROR;
    }

    if (unsafe) {
        ctx->dropped = 1;
    }

    return ngx_http_apigw_auth_variable_value(v, text);
}


static ngx_int_t
ngx_http_apigw_auth_method_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                         *p;
    ngx_uint_t                      i;
    apigw_str_t                     value;
    ngx_http_apigw_auth_ctx_t      *ctx;
    ngx_http_apigw_auth_policy_t   *policy;
    static apigw_str_t              anonymous = apigw_str("anonymous");
    static ngx_str_t                words[] = {
        ngx_string("jwt"), ngx_string("key"), ngx_string("introspect")
    };

    ctx = ngx_http_apigw_auth_variable_ctx(r);

    if (ctx == NULL || !ctx->identified) {
        return ngx_http_apigw_auth_variable_value(v,
                                                  ngx_http_apigw_auth_nothing);
    }

    if (ctx->anonymous) {
        return ngx_http_apigw_auth_variable_value(v, anonymous);
    }

    policy = ctx->policy;

    if (!policy->all) {
        value = ngx_http_apigw_str(&words[ctx->primary]);
        return ngx_http_apigw_auth_variable_value(v, value);
    }

    /* those that were presented, as listed */

    p = ngx_pnalloc(r->pool, sizeof("jwt+key+introspect"));
    if (p == NULL) {
        return NGX_ERROR;
    }

    value.data = p;

    for (i = 0; i < policy->nkinds; i++) {
        if (ctx->results[policy->kinds[i]].presented) {
            p = ngx_sprintf(p, "%s%V", p == value.data ? "" : "+",
                            &words[policy->kinds[i]]);
        }
    }

    value.len = p - value.data;

    return ngx_http_apigw_auth_variable_value(v, value);
}


static ngx_int_t
ngx_http_apigw_auth_status_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_apigw_auth_ctx_t     *ctx;
    ngx_http_apigw_auth_status_e   status;

    ctx = ngx_http_apigw_auth_variable_ctx(r);
    status = ctx ? ctx->status : NGX_HTTP_APIGW_AUTH_OFF;

    return ngx_http_apigw_auth_variable_value(v,
                             ctx && ctx->dry
                                 ? ngx_http_apigw_auth_dry_statuses[status]
                                 : ngx_http_apigw_auth_statuses[status]);
}


static ngx_int_t
ngx_http_apigw_auth_error_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    apigw_str_t                 word;
    ngx_http_apigw_auth_ctx_t  *ctx;

    ctx = ngx_http_apigw_auth_variable_ctx(r);

    if (ctx == NULL || ctx->failure.kind == NGX_HTTP_APIGW_AUTH_NO_FAILURE) {
        return ngx_http_apigw_auth_variable_value(v,
                                                  ngx_http_apigw_auth_nothing);
    }

    word.data = (uint8_t *) ctx->failure.word;
    word.len = ngx_strlen(ctx->failure.word);

    return ngx_http_apigw_auth_variable_value(v, word);
}


static ngx_int_t
ngx_http_apigw_auth_cache_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_apigw_auth_ctx_t  *ctx;
    static apigw_str_t          words[] = {
        apigw_str(""), apigw_str("l1"), apigw_str("l2"), apigw_str("miss"),
        apigw_str("negative")
    };

    ctx = ngx_http_apigw_auth_variable_ctx(r);

    return ngx_http_apigw_auth_variable_value(v, words[ctx ? ctx->found : 0]);
}


static ngx_int_t
ngx_http_apigw_auth_time_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                           *p;
    apigw_str_t                       text;
    ngx_http_apigw_auth_ctx_t        *ctx;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_auth_module);
    ctx = ngx_http_apigw_auth_variable_ctx(r);

    if (ctx == NULL || ctx->status == NGX_HTTP_APIGW_AUTH_OFF || !amcf->timed) {
        return ngx_http_apigw_auth_variable_value(v,
                                                  ngx_http_apigw_auth_nothing);
    }

    p = ngx_pnalloc(r->pool, NGX_INT64_LEN + sizeof(".000000"));
    if (p == NULL) {
        return NGX_ERROR;
    }

    text.data = p;
    text.len = ngx_sprintf(p, "%uL.%06uL", ctx->usec / 1000000,
                           ctx->usec % 1000000) - p;

    return ngx_http_apigw_auth_variable_value(v, text);
}
