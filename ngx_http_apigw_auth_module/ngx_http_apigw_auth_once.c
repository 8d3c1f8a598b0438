
/*
 * Proofs that were used, for all machines: one SET in Redis for each proof,
 * after the local table has taken it. Whether it was set is what tells the
 * first use from the next, so no answer is no leave: such a request gets 503,
 * and the command is never sent again, as that would meet what itself has set.
 */


#include "ngx_http_apigw_auth.h"


/* What machines' clocks may differ by: added to a record's life, seconds. */
#define NGX_HTTP_APIGW_AUTH_ONCE_CLOCKS  60


static ngx_int_t ngx_http_apigw_auth_once_resolve_one(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf, const char *kind,
    ngx_http_apigw_auth_provider_t *provider);
static ngx_uint_t ngx_http_apigw_auth_once_proves(
    ngx_http_apigw_auth_binding_t *binding);
static const char *ngx_http_apigw_auth_once_redis(
    ngx_http_apigw_auth_main_conf_t *amcf,
    ngx_http_apigw_auth_binding_t *binding, ngx_http_apigw_redis_t **redis);
static ngx_http_apigw_auth_question_t *ngx_http_apigw_auth_once_find(
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_once_t *once);
static ngx_int_t ngx_http_apigw_auth_once_outcome(
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_question_t *question,
    ngx_http_apigw_auth_failure_t *failure);
static ngx_http_apigw_auth_question_t *ngx_http_apigw_auth_once_create(
    ngx_http_request_t *r, ngx_http_apigw_auth_once_t *once,
    const apigw_dpop_t *proof, int64_t expiry);
static void ngx_http_apigw_auth_once_cleanup(void *data);
static void ngx_http_apigw_auth_once_handler(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result);
static void ngx_http_apigw_auth_once_told(ngx_http_apigw_auth_once_t *once,
    const char *fault);


ngx_int_t
ngx_http_apigw_auth_once_resolve(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf)
{
    ngx_uint_t                             i;
    ngx_http_apigw_auth_provider_t       **providers;
    ngx_http_apigw_auth_introspection_t  **introspections;

    providers = amcf->providers.elts;

    for (i = 0; i < amcf->providers.nelts; i++) {
        if (ngx_http_apigw_auth_once_resolve_one(cf, amcf,
                                                 "apigw_jwt_provider",
                                                 providers[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    introspections = amcf->introspections.elts;

    for (i = 0; i < amcf->introspections.nelts; i++) {
        if (ngx_http_apigw_auth_once_resolve_one(cf, amcf,
                                                 "apigw_introspection",
                                                 &introspections[i]->provider)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_once_resolve_one(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf, const char *kind,
    ngx_http_apigw_auth_provider_t *provider)
{
    const char                     *fault;
    ngx_http_apigw_redis_t         *redis;
    ngx_http_apigw_auth_once_t     *once;
    ngx_http_apigw_auth_binding_t  *binding;

    binding = &provider->binding;

    if (!ngx_http_apigw_auth_once_proves(binding)) {
        return NGX_OK;
    }

    /* one that is used up is so for all, also for who would take it longest */

    amcf->proof_age = ngx_max(amcf->proof_age, binding->dpop.max_age);

    fault = ngx_http_apigw_auth_once_redis(amcf, binding, &redis);

    if (fault) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "apigw_auth: %s \"%V\": %s in %s:%ui", kind,
                      &provider->name, fault, provider->place.file,
                      provider->place.line);
        return NGX_ERROR;
    }

    if (redis == NULL) {
        return NGX_OK;
    }

    once = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_auth_once_t));
    if (once == NULL) {
        return NGX_ERROR;
    }

    once->redis = redis;
    binding->once = once;

    return ngx_http_apigw_auth_redis_key(cf->pool, redis, "dpop:",
                                         &once->prefix);
}


/* Whether proofs may come with its tokens. */

static ngx_uint_t
ngx_http_apigw_auth_once_proves(ngx_http_apigw_auth_binding_t *binding)
{
    return !binding->cnf.off && (binding->cnf.methods & APIGW_CNF_DPOP);
}


/* Finds it, or NULL for none. NULL, or the fault and its mend. */

static const char *
ngx_http_apigw_auth_once_redis(ngx_http_apigw_auth_main_conf_t *amcf,
    ngx_http_apigw_auth_binding_t *binding, ngx_http_apigw_redis_t **redis)
{
    ngx_http_apigw_redis_t  **all;

    *redis = NULL;

    if (binding->redis_off) {
        return NULL;
    }

    if (binding->redis.len) {
        *redis = ngx_http_apigw_auth_redis_find(amcf, &binding->redis);

        return *redis ? NULL
                      : "unknown redis in \"dpop_redis\"; define it by "
                        "\"apigw_auth_redis NAME { ... }\"";
    }

    if (amcf->redis.nelts > 1) {
        return "several \"apigw_auth_redis\" and none named for used proofs; "
               "add \"dpop_redis NAME\", or \"dpop_redis off\" to keep them "
               "on this host";
    }

    if (amcf->redis.nelts == 1) {
        all = amcf->redis.elts;
        *redis = all[0];
    }

    return NULL;
}


ngx_int_t
ngx_http_apigw_auth_once(ngx_http_request_t *r, ngx_http_apigw_auth_ctx_t *ctx,
    ngx_http_apigw_auth_once_t *once, const apigw_dpop_t *proof,
    int64_t expiry, ngx_http_apigw_auth_failure_t *failure)
{
    ngx_http_apigw_auth_question_t  *question;

    if (once == NULL) {
        return NGX_OK;
    }

    question = ngx_http_apigw_auth_once_find(ctx, once);

    if (question == NULL) {
        question = ngx_http_apigw_auth_once_create(r, once, proof, expiry);
        if (question == NULL) {
            return NGX_ERROR;
        }

        question->next = ctx->questions;
        ctx->questions = question;

        if (ngx_http_apigw_redis_send(once->redis, &question->cmd) != NGX_OK) {
            question->state = NGX_HTTP_APIGW_AUTH_QUESTION_FAILED;
            ngx_http_apigw_auth_once_told(once, "it cannot be asked");
        }
    }

    return ngx_http_apigw_auth_once_outcome(ctx, question, failure);
}


ngx_int_t
ngx_http_apigw_auth_once_again(ngx_http_apigw_auth_ctx_t *ctx,
    ngx_http_apigw_auth_once_t *once, ngx_http_apigw_auth_failure_t *failure)
{
    return ngx_http_apigw_auth_once_outcome(ctx,
                            ngx_http_apigw_auth_once_find(ctx, once), failure);
}


/* Blocks that name one Redis share its keys. */

static ngx_http_apigw_auth_question_t *
ngx_http_apigw_auth_once_find(ngx_http_apigw_auth_ctx_t *ctx,
    ngx_http_apigw_auth_once_t *once)
{
    ngx_http_apigw_auth_question_t  *question;

    for (question = ctx->questions; question; question = question->next) {
        if (question->once->redis == once->redis) {
            break;
        }
    }

    return question;
}


static ngx_int_t
ngx_http_apigw_auth_once_outcome(ngx_http_apigw_auth_ctx_t *ctx,
    ngx_http_apigw_auth_question_t *question,
    ngx_http_apigw_auth_failure_t *failure)
{
    ngx_msec_t  wait;

    switch (question->state) {

    case NGX_HTTP_APIGW_AUTH_QUESTION_ASKED:
        ctx->waiters = &question->waiters;
        return NGX_AGAIN;

    case NGX_HTTP_APIGW_AUTH_QUESTION_FIRST:
        return NGX_OK;

    case NGX_HTTP_APIGW_AUTH_QUESTION_REPLAYED:
        return ngx_http_apigw_auth_binding_fail(failure,
                                                NGX_HTTP_APIGW_AUTH_BAD_PROOF,
                                                "dpop_replayed");

    default: /* NGX_HTTP_APIGW_AUTH_QUESTION_FAILED */

        wait = ngx_http_apigw_redis_retry_after(question->once->redis);

        failure->retry = ngx_min((wait + 999) / 1000, 60);

        return ngx_http_apigw_auth_binding_fail(failure,
                                                NGX_HTTP_APIGW_AUTH_UNAVAILABLE,
                                                "replay_store_full");
    }
}


static ngx_http_apigw_auth_question_t *
ngx_http_apigw_auth_once_create(ngx_http_request_t *r,
    ngx_http_apigw_auth_once_t *once, const apigw_dpop_t *proof,
    int64_t expiry)
{
    u_char                          *p;
    ngx_str_t                        digest, text;
    ngx_pool_cleanup_t              *cln;
    ngx_http_apigw_redis_cmd_t      *cmd;
    ngx_http_apigw_auth_question_t  *question;

    question = ngx_pcalloc(r->pool, sizeof(ngx_http_apigw_auth_question_t));
    if (question == NULL) {
        return NULL;
    }

    p = ngx_pnalloc(r->pool, once->prefix.len
                             + ngx_base64_encoded_length(APIGW_DPOP_DIGEST)
                             + NGX_INT64_LEN);
    if (p == NULL) {
        return NULL;
    }

    /* a request that is gone must not be told */

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_apigw_auth_once_cleanup;
    cln->data = question;

    question->once = once;
    ngx_http_apigw_auth_waiters_init(&question->waiters);

    digest.data = (u_char *) proof->digest;
    digest.len = APIGW_DPOP_DIGEST;

    ngx_str_set(&question->argv[0], "SET");

    question->argv[1].data = p;
    p = ngx_cpymem(p, once->prefix.data, once->prefix.len);
    text.data = p;
    ngx_encode_base64url(&text, &digest);
    p += text.len;
    question->argv[1].len = p - question->argv[1].data;

    ngx_str_set(&question->argv[2], "1");
    ngx_str_set(&question->argv[3], "NX");
    ngx_str_set(&question->argv[4], "PX");

    question->argv[5].data = p;
    question->argv[5].len = ngx_sprintf(p, "%L",
                                        (expiry - ngx_time()
                                         + NGX_HTTP_APIGW_AUTH_ONCE_CLOCKS)
                                        * 1000)
                            - p;

    cmd = &question->cmd;

    cmd->argv = question->argv;
    cmd->argc = sizeof(question->argv) / sizeof(question->argv[0]);
    cmd->slot_key = question->argv[1];
    cmd->handler = ngx_http_apigw_auth_once_handler;
    cmd->data = question;

    return question;
}


static void
ngx_http_apigw_auth_once_cleanup(void *data)
{
    ngx_http_apigw_auth_question_t *question = data;

    ngx_http_apigw_redis_cancel(&question->cmd);
}


/* The question may be gone once who waits has been woken. */

static void
ngx_http_apigw_auth_once_handler(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result)
{
    ngx_http_apigw_auth_question_t *question = cmd->data;

    const char  *fault;

    fault = NULL;

    switch (result->outcome) {

    case NGX_HTTP_APIGW_REDIS_OK:

        if (apigw_resp_reply_is(result->reply, "OK")) {
            question->state = NGX_HTTP_APIGW_AUTH_QUESTION_FIRST;
            question->once->failing = 0;

        } else if (result->reply->type == REDIS_REPLY_NIL) {
            question->state = NGX_HTTP_APIGW_AUTH_QUESTION_REPLAYED;
            question->once->failing = 0;

        } else {
            fault = "it does not answer SET as Redis does";
        }

        break;

    case NGX_HTTP_APIGW_REDIS_ERROR:
        fault = apigw_resp_class_word(result->class);
        break;

    default: /* NGX_HTTP_APIGW_REDIS_DOWN, NGX_HTTP_APIGW_REDIS_INDETERMINATE */
        fault = "it does not answer";
        break;
    }

    if (fault) {
        question->state = NGX_HTTP_APIGW_AUTH_QUESTION_FAILED;
        ngx_http_apigw_auth_once_told(question->once, fault);
    }

    ngx_http_apigw_auth_wake(&question->waiters);
}


/* Once for each worker, until it answers again. */

static void
ngx_http_apigw_auth_once_told(ngx_http_apigw_auth_once_t *once,
    const char *fault)
{
    if (once->failing) {
        return;
    }

    once->failing = 1;

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "apigw_auth: redis \"%V\" could not say whether a DPoP proof "
                  "was used, %s; tokens with proofs are refused meanwhile",
                  ngx_http_apigw_redis_name(once->redis), fault);
}
