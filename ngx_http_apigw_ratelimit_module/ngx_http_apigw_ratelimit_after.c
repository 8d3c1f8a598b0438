
/*
 * After the response: `apigw_ratelimit_refund` gives charges back, cost_after=
 * debits what the response turned out to cost. Local states change at once;
 * what Redis keeps is adjusted a moment later, its local copy with it.
 */


#include "ngx_http_apigw_ratelimit.h"


static char *ngx_http_apigw_ratelimit_refund_when(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_refund_t *refund, ngx_str_t *value);
static ngx_http_apigw_ratelimit_policy_t *ngx_http_apigw_ratelimit_applied(
    ngx_http_apigw_ratelimit_loc_conf_t *rlcf, ngx_str_t *name);
static ngx_int_t ngx_http_apigw_ratelimit_refunded(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_item_t *item);
static ngx_uint_t ngx_http_apigw_ratelimit_named(
    ngx_http_apigw_ratelimit_refund_t *refund,
    ngx_http_apigw_ratelimit_policy_t *policy);
static void ngx_http_apigw_ratelimit_item_refund(
    ngx_http_apigw_ratelimit_item_t *item, uint64_t ticks);
static void ngx_http_apigw_ratelimit_item_debit(
    ngx_http_apigw_ratelimit_item_t *item, uint64_t cost, uint64_t ticks);


/* Configuration */

char *
ngx_http_apigw_ratelimit_set_refund(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_ratelimit_loc_conf_t  *rlcf = conf;

    ngx_str_t                             *value;
    ngx_uint_t                             i;
    ngx_http_apigw_ratelimit_refund_t     *refund;
    ngx_http_apigw_ratelimit_main_conf_t  *rmcf;

    if (rlcf->refund != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        rlcf->refund = NULL;
        return NGX_CONF_OK;
    }

    refund = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_ratelimit_refund_t));
    if (refund == NULL) {
        return NGX_CONF_ERROR;
    }

    refund->names = ngx_palloc(cf->pool, cf->args->nelts * sizeof(ngx_str_t));
    if (refund->names == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_http_apigw_ratelimit_place(cf, &refund->place);

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "when=", 5) == 0) {
            if (ngx_http_apigw_ratelimit_refund_when(cf, refund, &value[i])
                != NGX_CONF_OK)
            {
                return NGX_CONF_ERROR;
            }

            continue;
        }

        if (!ngx_http_apigw_ratelimit_name_valid(&value[i])
            || ngx_strcmp(value[i].data, "off") == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\" of "
                               "apigw_ratelimit_refund; use when=$variable "
                               "and names of policies, or off alone",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        refund->names[refund->nnames++] = value[i];
    }

    if (refund->when.value.value.data == NULL) {
        return "has no when=; add it, such as when=$failed";
    }

    rlcf->refund = refund;

    rmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_apigw_ratelimit_module);
    rmcf->after = 1;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_ratelimit_refund_when(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_refund_t *refund, ngx_str_t *value)
{
    ngx_str_t  text;

    if (refund->when.value.value.data) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate when= of apigw_ratelimit_refund; keep "
                           "one");
        return NGX_CONF_ERROR;
    }

    text.data = value->data + 5;
    text.len = value->len - 5;

    if (!ngx_http_apigw_ratelimit_has_variables(&text)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "when=\"%V\" of apigw_ratelimit_refund is the same "
                           "for all; use a variable, such as when=$failed",
                           &text);
        return NGX_CONF_ERROR;
    }

    return ngx_http_apigw_ratelimit_value_compile(cf, &text, &refund->when)
           == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_http_apigw_ratelimit_compile_refund(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_loc_conf_t *rlcf)
{
    ngx_str_t                           *name;
    ngx_uint_t                           i, k;
    ngx_http_apigw_ratelimit_refund_t   *refund;

    refund = rlcf->refund;

    if (refund == NGX_CONF_UNSET_PTR || refund == NULL || refund->nnames == 0
        || refund->policies)
    {
        return NGX_CONF_OK;
    }

    refund->policies = ngx_palloc(cf->pool, refund->nnames * sizeof(void *));
    if (refund->policies == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < refund->nnames; i++) {
        name = &refund->names[i];

        refund->policies[i] = ngx_http_apigw_ratelimit_applied(rlcf, name);

        if (refund->policies[i] == NULL) {
            return ngx_http_apigw_ratelimit_refuse(cf, &refund->place,
                              "apigw_ratelimit_refund names policy \"%V\", "
                              "which is not applied here; add it to "
                              "apigw_ratelimit, or leave it out", name);
        }

        for (k = 0; k < i; k++) {
            if (refund->policies[k] == refund->policies[i]) {
                return ngx_http_apigw_ratelimit_refuse(cf, &refund->place,
                              "duplicate policy \"%V\" in "
                              "apigw_ratelimit_refund; name it once", name);
            }
        }
    }

    return NGX_CONF_OK;
}


static ngx_http_apigw_ratelimit_policy_t *
ngx_http_apigw_ratelimit_applied(ngx_http_apigw_ratelimit_loc_conf_t *rlcf,
    ngx_str_t *name)
{
    ngx_uint_t                          i;
    ngx_http_apigw_ratelimit_policy_t  *policy;

    for (i = 0; i < rlcf->nuses; i++) {
        policy = rlcf->uses[i].policy;

        if (policy->name.len == name->len
            && ngx_strncmp(policy->name.data, name->data, name->len) == 0)
        {
            return policy;
        }
    }

    return NULL;
}


/* Requests */

ngx_int_t
ngx_http_apigw_ratelimit_after(ngx_http_request_t *r)
{
    uint64_t                          cost, ticks;
    ngx_int_t                         refunded;
    ngx_uint_t                        i;
    ngx_http_apigw_ratelimit_ctx_t   *ctx;
    ngx_http_apigw_ratelimit_item_t  *item;

    if (r != r->main) {
        return NGX_OK;
    }

    ctx = ngx_http_apigw_ratelimit_get_ctx(r);

    if (ctx == NULL || ctx->nitems == 0) {
        return NGX_OK;
    }

    ngx_log_debug0(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "apigw_ratelimit log handler");

    ticks = ngx_http_apigw_ratelimit_ticks();

    for (i = 0; i < ctx->nitems; i++) {
        item = &ctx->items[i];

        if (!item->charged && !item->admitted) {
            continue;
        }

        refunded = ngx_http_apigw_ratelimit_refunded(r, item);

        if (refunded == NGX_OK) {
            ngx_http_apigw_ratelimit_item_refund(item, ticks);
            continue;
        }

        if (refunded == NGX_ERROR
            || ngx_http_apigw_ratelimit_cost_after(r, item->use, &cost)
               != NGX_OK)
        {
            ngx_http_apigw_ratelimit_policy_count(item->policy,
                                       NGX_HTTP_APIGW_RATELIMIT_N_ADJUST_LOST);
            continue;
        }

        if (cost && item->admitted) {
            ngx_http_apigw_ratelimit_item_debit(item, cost, ticks);
        }
    }

    return NGX_OK;
}


/* As the location says that charged; NGX_DECLINED: the charge stays. */

static ngx_int_t
ngx_http_apigw_ratelimit_refunded(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_item_t *item)
{
    ngx_str_t                           when;
    ngx_http_apigw_ratelimit_refund_t  *refund;

    refund = item->rlcf->refund;

    if (refund == NULL
        || !ngx_http_apigw_ratelimit_named(refund, item->policy))
    {
        return NGX_DECLINED;
    }

    if (ngx_http_apigw_ratelimit_value_get(r, &refund->when, &when)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return when.len == 0 || (when.len == 1 && when.data[0] == '0')
           ? NGX_DECLINED : NGX_OK;
}


static ngx_uint_t
ngx_http_apigw_ratelimit_named(ngx_http_apigw_ratelimit_refund_t *refund,
    ngx_http_apigw_ratelimit_policy_t *policy)
{
    ngx_uint_t  i;

    for (i = 0; i < refund->nnames; i++) {
        if (refund->policies[i] == policy) {
            return 1;
        }
    }

    return refund->nnames == 0;
}


static void
ngx_http_apigw_ratelimit_item_refund(ngx_http_apigw_ratelimit_item_t *item,
    uint64_t ticks)
{
    apigw_take_t        take;
    apigw_take_limit_t  whole;

    if (!item->charged) {
        return;
    }

    item->charged = 0;
    take = item->take;

    if (item->source != NGX_HTTP_APIGW_RATELIMIT_FROM_LOCAL) {
        ngx_http_apigw_ratelimit_change(item, 0, ticks);

        if (!item->copied) {
            return;
        }

        whole = apigw_take_limit(&item->limit);
        take.limit = apigw_take_part(&whole, item->policy->share);
        take.until = item->copy_until;
    }

    apigw_take_back(&take, ngx_http_apigw_ratelimit_zone_time(item, ticks),
                    ngx_http_apigw_ratelimit_wall());
}


/* The item has the cost from now on: nothing else comes after. */

static void
ngx_http_apigw_ratelimit_item_debit(ngx_http_apigw_ratelimit_item_t *item,
    uint64_t cost, uint64_t ticks)
{
    apigw_take_t                     take;
    apigw_take_limit_t               whole;
    ngx_http_apigw_ratelimit_item_t  missed;

    item->take.cost = cost;
    ngx_http_apigw_ratelimit_item_time(item, ticks);

    take = item->take;

    if (item->policy->store) {
        whole = apigw_take_limit(&item->limit);
        take.limit = apigw_take_part(&whole, item->policy->share);

        /* one that the fail policy admitted is owed to Redis all the same */

        if (item->source == NGX_HTTP_APIGW_RATELIMIT_FROM_LOCAL) {
            missed = *item;
            missed.take.limit = whole;
            ngx_http_apigw_ratelimit_adjust(&missed, 1);

        } else {
            ngx_http_apigw_ratelimit_change(item, 1, ticks);
        }
    }

    apigw_take_debit(&take);

    ngx_http_apigw_ratelimit_zone_watch(item->policy->zone, take.now,
                                        ngx_cycle->log);
}
