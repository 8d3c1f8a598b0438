
/*
 * How much may they call.
 *
 * PREACCESS   the location's policies with phase=preaccess, by address say:
 *             ahead of auth, so that a flood costs no signature check.
 * PRECONTENT  all others, once the caller is known; ahead of the request's
 *             transformation, of try_files and mirror.
 * CONTENT     a location's metrics, as text.
 * filters     RateLimit fields, Retry-After, and a problem document in place
 *             of nginx's page.
 * LOG         what the response makes of a charge: it goes back, or more is
 *             due.
 *
 * The policies of one phase are one take: all are charged, or none. Local
 * ones are decided within the call; for those in Redis the handler returns
 * NGX_AGAIN and the phases resume with the answer. The record
 * (ngx_http_apigw_ratelimit_ctx_t) survives internal redirects: a policy is
 * charged once per client request, a rejected request is not decided again.
 *
 * Never in ACCESS, where "satisfy any" could bypass it; never for
 * subrequests; never blocks. No key appears in an answer or a log line.
 */


#include "ngx_http_apigw_ratelimit.h"
#include "ngx_http_apigw_conf.h"
#include "ngx_http_apigw_order.h"


#define NGX_HTTP_APIGW_RATELIMIT_CONTEXTS                                     \
    NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF


static ngx_int_t ngx_http_apigw_ratelimit_preaccess(ngx_http_request_t *r);
static ngx_int_t ngx_http_apigw_ratelimit_precontent(ngx_http_request_t *r);
static ngx_int_t ngx_http_apigw_ratelimit_handle(ngx_http_request_t *r,
    ngx_uint_t phase);
static void ngx_http_apigw_ratelimit_cleanup(void *data);

static ngx_int_t ngx_http_apigw_ratelimit_preconfiguration(ngx_conf_t *cf);
static void *ngx_http_apigw_ratelimit_create_main_conf(ngx_conf_t *cf);
static char *ngx_http_apigw_ratelimit_init_main_conf(ngx_conf_t *cf,
    void *conf);
static void *ngx_http_apigw_ratelimit_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_apigw_ratelimit_merge_loc_conf(ngx_conf_t *cf,
    void *parent, void *child);
static ngx_int_t ngx_http_apigw_ratelimit_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_apigw_ratelimit_init_process(ngx_cycle_t *cycle);
static void ngx_http_apigw_ratelimit_exit_process(ngx_cycle_t *cycle);


static ngx_conf_enum_t  ngx_http_apigw_ratelimit_errors[] = {
    { ngx_string("off"), 0 },
    { ngx_string("problem"), 1 },
    { ngx_null_string, 0 }
};

static ngx_conf_enum_t  ngx_http_apigw_ratelimit_log_levels[] = {
    { ngx_string("info"), NGX_LOG_INFO },
    { ngx_string("notice"), NGX_LOG_NOTICE },
    { ngx_string("warn"), NGX_LOG_WARN },
    { ngx_string("error"), NGX_LOG_ERR },
    { ngx_null_string, 0 }
};


static ngx_command_t  ngx_http_apigw_ratelimit_commands[] = {

    { ngx_string("apigw_ratelimit_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_apigw_ratelimit_set_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_ratelimit_redis"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_apigw_ratelimit_set_redis,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_ratelimit_policy"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_http_apigw_ratelimit_set_policy,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_ratelimit"),
      NGX_HTTP_APIGW_RATELIMIT_CONTEXTS|NGX_CONF_1MORE,
      ngx_http_apigw_ratelimit_set_use,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_ratelimit_refund"),
      NGX_HTTP_APIGW_RATELIMIT_CONTEXTS|NGX_CONF_1MORE,
      ngx_http_apigw_ratelimit_set_refund,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_ratelimit_dry_run"),
      NGX_HTTP_APIGW_RATELIMIT_CONTEXTS|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_apigw_ratelimit_loc_conf_t, dry_run),
      NULL },

    { ngx_string("apigw_ratelimit_status"),
      NGX_HTTP_APIGW_RATELIMIT_CONTEXTS|NGX_CONF_TAKE1,
      ngx_http_apigw_ratelimit_set_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_ratelimit_headers"),
      NGX_HTTP_APIGW_RATELIMIT_CONTEXTS|NGX_CONF_TAKE123,
      ngx_http_apigw_ratelimit_set_headers,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_ratelimit_retry_jitter"),
      NGX_HTTP_APIGW_RATELIMIT_CONTEXTS|NGX_CONF_TAKE1,
      ngx_http_apigw_ratelimit_set_jitter,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_ratelimit_error"),
      NGX_HTTP_APIGW_RATELIMIT_CONTEXTS|NGX_CONF_TAKE1,
      ngx_http_apigw_conf_set_word,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_apigw_ratelimit_loc_conf_t, problem),
      &ngx_http_apigw_ratelimit_errors },

    { ngx_string("apigw_ratelimit_log_level"),
      NGX_HTTP_APIGW_RATELIMIT_CONTEXTS|NGX_CONF_TAKE1,
      ngx_http_apigw_conf_set_word,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_apigw_ratelimit_loc_conf_t, log_level),
      &ngx_http_apigw_ratelimit_log_levels },

    { ngx_string("apigw_ratelimit_metrics"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      ngx_http_apigw_ratelimit_set_metrics,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_apigw_ratelimit_module_ctx = {
    ngx_http_apigw_ratelimit_preconfiguration,  /* preconfiguration */
    ngx_http_apigw_ratelimit_init,              /* postconfiguration */

    ngx_http_apigw_ratelimit_create_main_conf,  /* create main configuration */
    ngx_http_apigw_ratelimit_init_main_conf,    /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_apigw_ratelimit_create_loc_conf,   /* create location
                                                   configuration */
    ngx_http_apigw_ratelimit_merge_loc_conf     /* merge location
                                                   configuration */
};


ngx_module_t  ngx_http_apigw_ratelimit_module = {
    NGX_MODULE_V1,
    &ngx_http_apigw_ratelimit_module_ctx,  /* module context */
    ngx_http_apigw_ratelimit_commands,     /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_apigw_ratelimit_init_process, /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_apigw_ratelimit_exit_process, /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


/* Phases */

static ngx_int_t
ngx_http_apigw_ratelimit_preaccess(ngx_http_request_t *r)
{
    return ngx_http_apigw_ratelimit_handle(r,
                                         NGX_HTTP_APIGW_RATELIMIT_PREACCESS);
}


static ngx_int_t
ngx_http_apigw_ratelimit_precontent(ngx_http_request_t *r)
{
    return ngx_http_apigw_ratelimit_handle(r,
                                         NGX_HTTP_APIGW_RATELIMIT_PRECONTENT);
}


static ngx_int_t
ngx_http_apigw_ratelimit_handle(ngx_http_request_t *r, ngx_uint_t phase)
{
    ngx_http_apigw_ratelimit_ctx_t       *ctx;
    ngx_http_apigw_ratelimit_loc_conf_t  *rlcf;

    if (r != r->main) {
        return NGX_DECLINED;
    }

    rlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_ratelimit_module);

    if (!(rlcf->phases & (1 << phase))) {
        return NGX_DECLINED;
    }

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "apigw_ratelimit handler, phase: %ui", phase);

    ctx = ngx_http_apigw_ratelimit_need_ctx(r);

    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    switch (ctx->state) {

    case NGX_HTTP_APIGW_RATELIMIT_WAITING:
        return NGX_AGAIN;

    case NGX_HTTP_APIGW_RATELIMIT_READY:
        ctx->state = NGX_HTTP_APIGW_RATELIMIT_IDLE;
        return ngx_http_apigw_ratelimit_verdict(ctx);

    default: /* NGX_HTTP_APIGW_RATELIMIT_IDLE */
        break;
    }

    if (ctx->verdict == NGX_HTTP_APIGW_RATELIMIT_REJECTED
        || (ctx->reason && rlcf->dry_run))
    {
        /* rejected before: error_page is free; in dry run as if it were so */

        return NGX_DECLINED;
    }

    ctx->rlcf = rlcf;

    return ngx_http_apigw_ratelimit_take(r, ctx, phase);
}


static void
ngx_http_apigw_ratelimit_cleanup(void *data)
{
    ngx_http_apigw_ratelimit_leave(data);
}


ngx_http_apigw_ratelimit_ctx_t *
ngx_http_apigw_ratelimit_get_ctx(ngx_http_request_t *r)
{
    return ngx_http_apigw_record_get(r, &ngx_http_apigw_ratelimit_module,
                                     ngx_http_apigw_ratelimit_cleanup);
}


ngx_http_apigw_ratelimit_ctx_t *
ngx_http_apigw_ratelimit_need_ctx(ngx_http_request_t *r)
{
    ngx_http_apigw_ratelimit_ctx_t  *ctx;

    ctx = ngx_http_apigw_ratelimit_get_ctx(r);

    if (ctx == NULL) {
        ctx = ngx_http_apigw_record_create(r, &ngx_http_apigw_ratelimit_module,
                                       ngx_http_apigw_ratelimit_cleanup,
                                       sizeof(ngx_http_apigw_ratelimit_ctx_t));
    }

    return ctx;
}


/* Configuration */

static ngx_int_t
ngx_http_apigw_ratelimit_preconfiguration(ngx_conf_t *cf)
{
    ngx_http_apigw_ratelimit_main_conf_t  *rmcf;

    rmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_apigw_ratelimit_module);

    if (ngx_http_apigw_reject_add_variables(cf, &rmcf->reject) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_apigw_ratelimit_add_variables(cf);
}


static void *
ngx_http_apigw_ratelimit_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_apigw_ratelimit_main_conf_t  *rmcf;

    rmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_ratelimit_main_conf_t));
    if (rmcf == NULL) {
        return NULL;
    }

    rmcf->cycle = cf->cycle;

    if (ngx_array_init(&rmcf->zones, cf->pool, 1, sizeof(void *)) != NGX_OK
        || ngx_array_init(&rmcf->stores, cf->pool, 1, sizeof(void *)) != NGX_OK
        || ngx_array_init(&rmcf->policies, cf->pool, 4, sizeof(void *))
           != NGX_OK)
    {
        return NULL;
    }

    return rmcf;
}


static char *
ngx_http_apigw_ratelimit_init_main_conf(ngx_conf_t *cf, void *conf)
{
    return ngx_http_apigw_ratelimit_resolve(cf, conf);
}


static void *
ngx_http_apigw_ratelimit_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_apigw_ratelimit_loc_conf_t  *rlcf;

    rlcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_ratelimit_loc_conf_t));
    if (rlcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     rlcf->uses = NULL;
     *     rlcf->nuses = 0;
     *     rlcf->phases = 0;
     *     rlcf->remote = 0;
     *     rlcf->field = { 0, NULL };
     *     rlcf->compiled = 0;
     *     rlcf->metrics = 0;
     */

    rlcf->lines = NGX_CONF_UNSET_PTR;
    rlcf->refund = NGX_CONF_UNSET_PTR;
    rlcf->dry_run = NGX_CONF_UNSET;
    rlcf->status = NGX_CONF_UNSET_UINT;
    rlcf->headers = NGX_CONF_UNSET_UINT;
    rlcf->retry_jitter = NGX_CONF_UNSET_MSEC;
    rlcf->problem = NGX_CONF_UNSET_UINT;
    rlcf->log_level = NGX_CONF_UNSET_UINT;

    return rlcf;
}


static char *
ngx_http_apigw_ratelimit_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child)
{
    ngx_http_apigw_ratelimit_loc_conf_t  *prev = parent;
    ngx_http_apigw_ratelimit_loc_conf_t  *conf = child;

    /* http is a parent only: nobody merges it before its first server */

    if (ngx_http_apigw_ratelimit_compile(cf, prev) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->lines == NGX_CONF_UNSET_PTR) {
        conf->uses = prev->uses;
        conf->nuses = prev->nuses;
        conf->phases = prev->phases;
        conf->remote = prev->remote;
        conf->field = prev->field;

    } else if (ngx_http_apigw_ratelimit_compile(cf, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_apigw_ratelimit_compile_refund(cf, prev) != NGX_CONF_OK
        || ngx_http_apigw_ratelimit_compile_refund(cf, conf) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_conf_merge_ptr_value(conf->refund, prev->refund, NULL);
    ngx_conf_merge_value(conf->dry_run, prev->dry_run, 0);
    ngx_conf_merge_uint_value(conf->status, prev->status,
                              NGX_HTTP_TOO_MANY_REQUESTS);
    ngx_conf_merge_uint_value(conf->headers, prev->headers,
                              NGX_HTTP_APIGW_RATELIMIT_DRAFT11);
    ngx_conf_merge_msec_value(conf->retry_jitter, prev->retry_jitter, 0);
    ngx_conf_merge_uint_value(conf->problem, prev->problem, 1);
    ngx_conf_merge_uint_value(conf->log_level, prev->log_level, NGX_LOG_WARN);

    return ngx_http_apigw_ratelimit_metrics_merge(cf, prev, conf);
}


static ngx_int_t
ngx_http_apigw_ratelimit_init(ngx_conf_t *cf)
{
    ngx_uint_t                              i;
    ngx_http_handler_pt                    *h;
    ngx_http_core_main_conf_t              *cmcf;
    ngx_http_apigw_ratelimit_store_t      **stores;
    ngx_http_apigw_ratelimit_main_conf_t   *rmcf;

    if (ngx_http_apigw_order_check(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    rmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_apigw_ratelimit_module);
    stores = rmcf->stores.elts;

    for (i = 0; i < rmcf->stores.nelts; i++) {
        if (ngx_http_apigw_redis_conf_end(cf, stores[i]->redis) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    /* a module that is loaded and not used costs nothing */

    if (rmcf->phases & (1 << NGX_HTTP_APIGW_RATELIMIT_PREACCESS)) {
        h = ngx_array_push(&cmcf->phases[NGX_HTTP_PREACCESS_PHASE].handlers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = ngx_http_apigw_ratelimit_preaccess;
    }

    if (rmcf->phases & (1 << NGX_HTTP_APIGW_RATELIMIT_PRECONTENT)) {
        h = ngx_array_push(&cmcf->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = ngx_http_apigw_ratelimit_precontent;
    }

    if (rmcf->phases && rmcf->after) {
        h = ngx_array_push(&cmcf->phases[NGX_HTTP_LOG_PHASE].handlers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = ngx_http_apigw_ratelimit_after;
    }

    if (rmcf->phases || rmcf->metrics) {
        ngx_http_apigw_ratelimit_filter_init();
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_ratelimit_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                              i;
    ngx_http_apigw_ratelimit_store_t      **stores;
    ngx_http_apigw_ratelimit_main_conf_t   *rmcf;

    rmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_http_apigw_ratelimit_module);
    if (rmcf == NULL) {
        return NGX_OK;
    }

    ngx_http_apigw_ratelimit_zones_own(rmcf);
    ngx_http_apigw_ratelimit_counters_join(rmcf);

    stores = rmcf->stores.elts;

    for (i = 0; i < rmcf->stores.nelts; i++) {
        if (ngx_http_apigw_redis_init_worker(cycle, stores[i]->redis)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void
ngx_http_apigw_ratelimit_exit_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                              i;
    ngx_http_apigw_ratelimit_store_t      **stores;
    ngx_http_apigw_ratelimit_main_conf_t   *rmcf;

    rmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_http_apigw_ratelimit_module);
    if (rmcf == NULL) {
        return;
    }

    /* first what waits for the stores' commands */

    ngx_http_apigw_ratelimit_redis_exit();
    ngx_http_apigw_ratelimit_adjust_exit();

    stores = rmcf->stores.elts;

    for (i = 0; i < rmcf->stores.nelts; i++) {
        ngx_http_apigw_redis_exit_worker(stores[i]->redis);
    }

    ngx_http_apigw_ratelimit_counters_leave(rmcf);
}
