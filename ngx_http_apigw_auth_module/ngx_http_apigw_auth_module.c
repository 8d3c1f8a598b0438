
/*
 * Who is calling, and may they.
 *
 * PREACCESS   identify: take identity headers off the client's request, read
 *             its credential, verify it, set our headers. Never refuses, never
 *             answers: limit_req and limit_conn, which come later in the phase,
 *             may use $apigw_consumer. Waits where keys must be fetched.
 * ACCESS      enforce: 400, 401, 403, 503 or NGX_OK, by requirements.
 * PRECONTENT  reached by admitted requests alone: take back a refusal that
 *             "satisfy any" overruled, take credentials off the request.
 * filters     the challenge, and a problem document in place of nginx's page.
 *
 * Main requests are policed; subrequests see the main request's identity. The
 * record (ngx_http_apigw_auth_ctx_t) survives internal redirects; a location
 * with another policy identifies anew, from what the client first sent.
 *
 * A token is never trusted before its signature is verified, and never logged.
 */


#include "ngx_http_apigw_auth.h"
#include "ngx_http_apigw_conf.h"
#include "ngx_http_apigw_order.h"


#define NGX_HTTP_APIGW_AUTH_CONTEXTS                                          \
    NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LMT_CONF


static ngx_int_t ngx_http_apigw_auth_preaccess(ngx_http_request_t *r);
static ngx_int_t ngx_http_apigw_auth_access(ngx_http_request_t *r);
static ngx_int_t ngx_http_apigw_auth_precontent(ngx_http_request_t *r);
static void ngx_http_apigw_auth_cleanup(void *data);

static ngx_int_t ngx_http_apigw_auth_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_apigw_auth_init(ngx_conf_t *cf);


static ngx_conf_enum_t  ngx_http_apigw_auth_preflights[] = {
    { ngx_string("enforce"), 0 },
    { ngx_string("pass"), 1 },
    { ngx_null_string, 0 }
};

static ngx_conf_enum_t  ngx_http_apigw_auth_errors[] = {
    { ngx_string("off"), 0 },
    { ngx_string("problem"), 1 },
    { ngx_null_string, 0 }
};

static ngx_conf_enum_t  ngx_http_apigw_auth_log_levels[] = {
    { ngx_string("info"), NGX_LOG_INFO },
    { ngx_string("notice"), NGX_LOG_NOTICE },
    { ngx_string("warn"), NGX_LOG_WARN },
    { ngx_string("error"), NGX_LOG_ERR },
    { ngx_null_string, 0 }
};


static ngx_command_t  ngx_http_apigw_auth_commands[] = {

    { ngx_string("apigw_auth_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_http_apigw_auth_set_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_jwt_provider"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_apigw_auth_provider_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_introspection"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_apigw_auth_introspection_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_key_store"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_apigw_auth_store_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_auth_assertion"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_apigw_auth_assertion_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_auth_redis"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_apigw_auth_redis_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_revocation"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_http_apigw_auth_set_revocation,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_claim_set"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE23,
      ngx_http_apigw_auth_set_claim,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_auth"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_1MORE,
      ngx_http_apigw_auth_set,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_auth_token_from"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_1MORE,
      ngx_http_apigw_auth_set_token_from,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_auth_cookie_origin"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_1MORE,
      ngx_http_apigw_auth_set_cookie_origin,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_auth_anonymous"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_TAKE1,
      ngx_http_apigw_auth_set_anonymous,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_require_consumer"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_1MORE,
      ngx_http_apigw_auth_set_require_list,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_APIGW_AUTH_NEED_CONSUMER,
      NULL },

    { ngx_string("apigw_require_scope"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_1MORE,
      ngx_http_apigw_auth_set_require_list,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_APIGW_AUTH_NEED_SCOPE,
      NULL },

    { ngx_string("apigw_require_role"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_1MORE,
      ngx_http_apigw_auth_set_require_list,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_APIGW_AUTH_NEED_ROLE,
      NULL },

    { ngx_string("apigw_require_group"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_1MORE,
      ngx_http_apigw_auth_set_require_list,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_APIGW_AUTH_NEED_GROUP,
      NULL },

    { ngx_string("apigw_require_claim"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_2MORE,
      ngx_http_apigw_auth_set_require_claim,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_require_acr"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_1MORE,
      ngx_http_apigw_auth_set_require_acr,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_require"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_1MORE,
      ngx_http_apigw_auth_set_require,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_require_reset"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_NOARGS,
      ngx_http_apigw_auth_set_reset,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_auth_set_header"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_TAKE2,
      ngx_http_apigw_auth_set_header,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_auth_assert"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_TAKE1,
      ngx_http_apigw_auth_set_assert,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_auth_assertion_jwks"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_apigw_auth_set_assertion_jwks,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_auth_forward"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_TAKE12,
      ngx_http_apigw_auth_set_forward,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_auth_realm"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_TAKE1,
      ngx_http_apigw_auth_set_realm,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_auth_resource_metadata"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_TAKE1,
      ngx_http_apigw_auth_set_resource,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_auth_resource_metadata_json"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_apigw_auth_set_resource_json,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_auth_preflight"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_TAKE1,
      ngx_http_apigw_conf_set_word,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_apigw_auth_loc_conf_t, preflight),
      &ngx_http_apigw_auth_preflights },

    { ngx_string("apigw_auth_error"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_TAKE1,
      ngx_http_apigw_conf_set_word,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_apigw_auth_loc_conf_t, error),
      &ngx_http_apigw_auth_errors },

    { ngx_string("apigw_auth_dry_run"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_apigw_auth_loc_conf_t, dry_run),
      NULL },

    { ngx_string("apigw_auth_log_level"),
      NGX_HTTP_APIGW_AUTH_CONTEXTS|NGX_CONF_TAKE1,
      ngx_http_apigw_conf_set_word,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_apigw_auth_loc_conf_t, log_level),
      &ngx_http_apigw_auth_log_levels },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_apigw_auth_module_ctx = {
    ngx_http_apigw_auth_preconfiguration,  /* preconfiguration */
    ngx_http_apigw_auth_init,              /* postconfiguration */

    ngx_http_apigw_auth_create_main_conf,  /* create main configuration */
    ngx_http_apigw_auth_init_main_conf,    /* init main configuration */

    ngx_http_apigw_auth_create_srv_conf,   /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_apigw_auth_create_loc_conf,   /* create location configuration */
    ngx_http_apigw_auth_merge_loc_conf     /* merge location configuration */
};


ngx_module_t  ngx_http_apigw_auth_module = {
    NGX_MODULE_V1,
    &ngx_http_apigw_auth_module_ctx,       /* module context */
    ngx_http_apigw_auth_commands,          /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_apigw_auth_init_process,      /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_apigw_auth_exit_process,      /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_apigw_auth_preaccess(ngx_http_request_t *r)
{
    ngx_int_t                        rc;
    ngx_http_apigw_auth_ctx_t       *ctx;
    ngx_http_apigw_auth_loc_conf_t  *alcf;

    if (r != r->main) {
        return NGX_DECLINED;
    }

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_auth_module);

    ngx_log_debug0(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "apigw_auth: preaccess");

    rc = ngx_http_apigw_auth_prepare(r, alcf, &ctx);

    switch (rc) {

    case NGX_OK:
        return NGX_DECLINED;

    case NGX_AGAIN:
        return NGX_AGAIN;

    default:
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


static ngx_int_t
ngx_http_apigw_auth_access(ngx_http_request_t *r)
{
    ngx_int_t                        rc;
    ngx_http_apigw_auth_ctx_t       *ctx;
    ngx_http_apigw_auth_loc_conf_t  *alcf;

    if (r != r->main) {
        return NGX_DECLINED;
    }

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_auth_module);

    if (alcf->policy == NULL) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_apigw_auth_ctx(r, 0);

    /* PREACCESS is skipped when a module of another maker ends it early */

    if (ctx == NULL || !ngx_http_apigw_auth_credential_same(alcf, ctx)
        || (ctx->state != NGX_HTTP_APIGW_AUTH_DONE && !ctx->preflight))
    {
        rc = ngx_http_apigw_auth_prepare(r, alcf, &ctx);

        if (rc != NGX_OK) {
            return rc == NGX_AGAIN ? NGX_AGAIN
                                   : NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "apigw_auth: access, status %d", ctx->status);

    return ngx_http_apigw_auth_enforce(r, alcf, ctx);
}


static ngx_int_t
ngx_http_apigw_auth_precontent(ngx_http_request_t *r)
{
    ngx_http_apigw_auth_ctx_t        *ctx;
    ngx_http_apigw_auth_loc_conf_t   *alcf;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    if (r != r->main) {
        return NGX_DECLINED;
    }

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_auth_module);

    if (alcf->policy == NULL) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_apigw_auth_module);

    if (ctx && ctx->record.reject_status) {
        amcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_auth_module);

        ctx->refused_by = NULL;
        ngx_http_apigw_reject_clear(&ctx->record, &amcf->vars);
    }

    if (ctx && ctx->preflight) {
        return ngx_http_apigw_auth_credential_strip(r, alcf, 1, 1)
               == NGX_OK ? NGX_DECLINED : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_http_apigw_auth_credential_strip(r, alcf, !alcf->forward_token,
                                             !alcf->forward_key)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_DECLINED;
}


ngx_http_apigw_auth_ctx_t *
ngx_http_apigw_auth_ctx(ngx_http_request_t *r, ngx_uint_t create)
{
    ngx_http_apigw_auth_ctx_t  *ctx;

    ctx = ngx_http_apigw_record_get(r, &ngx_http_apigw_auth_module,
                                    ngx_http_apigw_auth_cleanup);

    if (ctx || !create) {
        return ctx;
    }

    ctx = ngx_http_apigw_record_create(r, &ngx_http_apigw_auth_module,
                                       ngx_http_apigw_auth_cleanup,
                                       sizeof(ngx_http_apigw_auth_ctx_t));
    if (ctx) {
        ctx->primary = NGX_HTTP_APIGW_AUTH_KINDS;
    }

    return ctx;
}


static void
ngx_http_apigw_auth_cleanup(void *data)
{
    ngx_http_apigw_auth_results_release(data);
}


static ngx_int_t
ngx_http_apigw_auth_preconfiguration(ngx_conf_t *cf)
{
    ngx_http_apigw_auth_main_conf_t  *amcf;

    amcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_apigw_auth_module);

    if (ngx_http_apigw_reject_add_variables(cf, &amcf->vars) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_apigw_auth_add_variables(cf);
}


static ngx_int_t
ngx_http_apigw_auth_init(ngx_conf_t *cf)
{
    ngx_uint_t                        i;
    ngx_http_handler_pt              *h;
    ngx_http_core_main_conf_t        *cmcf;
    ngx_http_apigw_auth_loc_conf_t   *alcf;
    ngx_http_apigw_auth_provider_t  **providers;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    static struct {
        ngx_http_phases               phase;
        ngx_http_handler_pt           handler;

    } handlers[] = {
        { NGX_HTTP_PREACCESS_PHASE, ngx_http_apigw_auth_preaccess },
        { NGX_HTTP_ACCESS_PHASE, ngx_http_apigw_auth_access },
        { NGX_HTTP_PRECONTENT_PHASE, ngx_http_apigw_auth_precontent }
    };

    if (ngx_http_apigw_order_check(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    amcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_apigw_auth_module);
    alcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_apigw_auth_module);

    if (ngx_http_apigw_auth_require_policed(cf, alcf) != NGX_OK) {
        return NGX_ERROR;
    }

    providers = amcf->providers.elts;

    for (i = 0; i < amcf->providers.nelts; i++) {
        if (ngx_http_apigw_auth_remote_resolve(cf, providers[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (ngx_http_apigw_auth_introspections_resolve(cf, amcf) != NGX_OK
        || ngx_http_apigw_auth_redis_end(cf, amcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

#if (NGX_THREADS)

    /* files are read there while requests go on */

    if (amcf->rereads.nelts && ngx_thread_pool_add(cf, NULL) == NULL) {
        return NGX_ERROR;
    }

#endif

    if (amcf->policies.nelts == 0 && amcf->names.nelts == 0) {
        return NGX_OK;
    }

    amcf->timed = ngx_http_apigw_auth_time_wanted(cf);

    if (ngx_http_apigw_auth_origins_init(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        h = ngx_array_push(&cmcf->phases[handlers[i].phase].handlers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = handlers[i].handler;
    }

    ngx_http_apigw_auth_filter_init();

    return NGX_OK;
}
