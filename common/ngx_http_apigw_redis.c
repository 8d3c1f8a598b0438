
#include "ngx_http_apigw_redis_cluster.h"

#include <ngx_sha1.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>


#define NGX_HTTP_APIGW_REDIS_SHA1_LEN  20


static ngx_int_t ngx_http_apigw_redis_start(ngx_cycle_t *cycle,
    ngx_http_apigw_redis_t *store);
static void ngx_http_apigw_redis_cleanup(void *data);


ngx_http_apigw_redis_script_t *
ngx_http_apigw_redis_script(ngx_conf_t *cf, ngx_http_apigw_redis_t *store,
    const ngx_str_t *source)
{
    u_char                           sha[NGX_HTTP_APIGW_REDIS_SHA1_LEN];
    ngx_sha1_t                       sha1;
    ngx_http_apigw_redis_script_t   *script, **known;

    script = ngx_palloc(cf->pool, sizeof(ngx_http_apigw_redis_script_t));
    if (script == NULL) {
        return NULL;
    }

    script->source = *source;
    script->sha.len = 2 * NGX_HTTP_APIGW_REDIS_SHA1_LEN;
    script->sha.data = ngx_pnalloc(cf->pool, script->sha.len);
    if (script->sha.data == NULL) {
        return NULL;
    }

    known = ngx_array_push(&store->scripts);
    if (known == NULL) {
        return NULL;
    }

    *known = script;

    /* Redis names scripts by SHA-1; no security rests on it */

    ngx_sha1_init(&sha1);
    ngx_sha1_update(&sha1, source->data, source->len);
    ngx_sha1_final(sha, &sha1);

    ngx_hex_dump(script->sha.data, sha, NGX_HTTP_APIGW_REDIS_SHA1_LEN);

    return script;
}


ngx_int_t
ngx_http_apigw_redis_init_worker(ngx_cycle_t *cycle,
    ngx_http_apigw_redis_t *store)
{
    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    if (ngx_http_apigw_redis_start(cycle, store) != NGX_OK) {
        return NGX_ERROR;
    }

    if (store->node) {
        ngx_http_apigw_redis_connect(store->node);
    }

    return NGX_OK;
}


/* What the worker has of a store must not outlive the cycle. */

static ngx_int_t
ngx_http_apigw_redis_start(ngx_cycle_t *cycle, ngx_http_apigw_redis_t *store)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cycle->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    switch (store->kind) {

    case NGX_HTTP_APIGW_REDIS_SINGLE:
        store->node = ngx_http_apigw_redis_node_create(store,
                                                     NGX_HTTP_APIGW_REDIS_DATA,
                                                     store->servers);
        break;

    case NGX_HTTP_APIGW_REDIS_SENTINEL:
        store->node = ngx_http_apigw_redis_node_create(store,
                                                   NGX_HTTP_APIGW_REDIS_MASTER,
                                                   NULL);
        break;

    default: /* NGX_HTTP_APIGW_REDIS_CLUSTER */
        store->cluster = ngx_http_apigw_redis_cluster_create(cycle, store);
    }

    if (store->node == NULL && store->cluster == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_apigw_redis_cleanup;
    cln->data = store;

    return NGX_OK;
}


static void
ngx_http_apigw_redis_cleanup(void *data)
{
    ngx_http_apigw_redis_exit_worker(data);
}


void
ngx_http_apigw_redis_exit_worker(ngx_http_apigw_redis_t *store)
{
    if (store->node) {
        ngx_http_apigw_redis_node_destroy(store->node);
        store->node = NULL;
    }

    if (store->cluster) {
        ngx_http_apigw_redis_cluster_destroy(store->cluster);
        store->cluster = NULL;
    }
}


ngx_int_t
ngx_http_apigw_redis_pass(ngx_http_apigw_redis_t *store,
    ngx_http_apigw_redis_cmd_t *cmd)
{
    /* with "master_process off" a reload brings stores but starts no worker */

    if (store->node == NULL && store->cluster == NULL
        && ngx_http_apigw_redis_start((ngx_cycle_t *) ngx_cycle, store)
           != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (store->cluster) {
        return ngx_http_apigw_redis_cluster_send(store->cluster, cmd);
    }

    return ngx_http_apigw_redis_command_send(store->node, cmd);
}


void
ngx_http_apigw_redis_cancel(ngx_http_apigw_redis_cmd_t *cmd)
{
    if (!cmd->pending) {
        return;
    }

    if (cmd->node) {
        ngx_http_apigw_redis_command_cancel(cmd->node, cmd);

    } else {
        ngx_http_apigw_redis_lobby_cancel(cmd);
    }
}


ngx_msec_t
ngx_http_apigw_redis_retry_after(ngx_http_apigw_redis_t *store)
{
    if (store->cluster) {
        return ngx_http_apigw_redis_cluster_retry_after(store->cluster);
    }

    return store->node ? ngx_http_apigw_redis_node_retry_after(store->node) : 0;
}


ngx_uint_t
ngx_http_apigw_redis_is_cluster(ngx_http_apigw_redis_t *store)
{
    return store->kind == NGX_HTTP_APIGW_REDIS_CLUSTER;
}


const ngx_str_t *
ngx_http_apigw_redis_name(ngx_http_apigw_redis_t *store)
{
    return &store->name;
}


const ngx_str_t *
ngx_http_apigw_redis_prefix(ngx_http_apigw_redis_t *store)
{
    return &store->prefix;
}


/* FNV-1a; only the configuration's author chooses what is hashed. */

uint64_t
ngx_http_apigw_redis_place(ngx_http_apigw_redis_t *store)
{
    size_t      i, k;
    uint64_t    place;
    ngx_str_t  *texts[2];

    texts[0] = &store->where;
    texts[1] = &store->prefix;

    place = 0xcbf29ce484222325;

    for (k = 0; k < 2; k++) {
        for (i = 0; i < texts[k]->len; i++) {
            place = (place ^ texts[k]->data[i]) * 0x100000001b3;
        }

        place = (place ^ 0xff) * 0x100000001b3;
    }

    return (place ^ (uint64_t) store->database) * 0x100000001b3;
}


ngx_msec_t
ngx_http_apigw_redis_timeout(ngx_http_apigw_redis_t *store)
{
    return store->timeout;
}


ngx_msec_t
ngx_http_apigw_redis_reply_timeout(ngx_http_apigw_redis_t *store)
{
    return store->reply_timeout;
}


ngx_int_t
ngx_http_apigw_redis_tag(ngx_http_apigw_redis_t *store, const u_char *data,
    size_t len, u_char tag[NGX_HTTP_APIGW_REDIS_TAG_LEN])
{
    u_char        md[EVP_MAX_MD_SIZE];
    ngx_str_t     dst, src;
    unsigned int  n;

    if (store->secret.len) {
        if (HMAC(EVP_sha256(), store->secret.data, (int) store->secret.len,
                 data, len, md, &n)
            == NULL)
        {
            return NGX_ERROR;
        }

    } else if (EVP_Digest(data, len, md, &n, EVP_sha256(), NULL) != 1) {
        return NGX_ERROR;
    }

    src.data = md;
    src.len = 16;
    dst.data = tag;
    dst.len = NGX_HTTP_APIGW_REDIS_TAG_LEN;

    ngx_encode_base64url(&dst, &src);

    return NGX_OK;
}
