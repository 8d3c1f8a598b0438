
#include "ngx_http_apigw_auth.h"


static ngx_http_apigw_redis_owner_t  ngx_http_apigw_auth_redis_owner = {
    ngx_string("auth"),
    ngx_string("apigw"),
    1
};


char *
ngx_http_apigw_auth_redis_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_apigw_auth_main_conf_t *amcf = conf;

    ngx_str_t                     *value, name;
    ngx_http_apigw_redis_t        *redis, **added;
    ngx_http_apigw_auth_block_t    block;

    value = cf->args->elts;
    name = value[1];

    ngx_memzero(&block, sizeof(ngx_http_apigw_auth_block_t));

    block.kind = "apigw_auth_redis";
    block.name = name;

    if (ngx_http_apigw_auth_block_name(cf, &block) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_apigw_auth_redis_find(amcf, &name)) {
        return ngx_http_apigw_auth_block_fault(cf, &block,
                              "duplicate name; give each its own");
    }

    redis = ngx_http_apigw_redis_conf_block(cf,
                                            &ngx_http_apigw_auth_redis_owner,
                                            &name);
    if (redis == NULL) {
        return NGX_CONF_ERROR;
    }

    added = ngx_array_push(&amcf->redis);
    if (added == NULL) {
        return NGX_CONF_ERROR;
    }

    *added = redis;

    return NGX_CONF_OK;
}


ngx_http_apigw_redis_t *
ngx_http_apigw_auth_redis_find(ngx_http_apigw_auth_main_conf_t *amcf,
    ngx_str_t *name)
{
    ngx_uint_t                i;
    const ngx_str_t          *other;
    ngx_http_apigw_redis_t  **redis;

    redis = amcf->redis.elts;

    for (i = 0; i < amcf->redis.nelts; i++) {
        other = ngx_http_apigw_redis_name(redis[i]);

        if (other->len == name->len
            && ngx_strncmp(other->data, name->data, name->len) == 0)
        {
            return redis[i];
        }
    }

    return NULL;
}


ngx_int_t
ngx_http_apigw_auth_redis_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf)
{
    ngx_uint_t                i;
    ngx_http_apigw_redis_t  **redis;

    redis = amcf->redis.elts;

    for (i = 0; i < amcf->redis.nelts; i++) {
        if (ngx_http_apigw_redis_conf_end(cf, redis[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_apigw_auth_redis_init(ngx_cycle_t *cycle,
    ngx_http_apigw_auth_main_conf_t *amcf)
{
    ngx_uint_t                i;
    ngx_http_apigw_redis_t  **redis;

    redis = amcf->redis.elts;

    for (i = 0; i < amcf->redis.nelts; i++) {
        if (ngx_http_apigw_redis_init_worker(cycle, redis[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


void
ngx_http_apigw_auth_redis_exit(ngx_http_apigw_auth_main_conf_t *amcf)
{
    ngx_uint_t                i;
    ngx_http_apigw_redis_t  **redis;

    redis = amcf->redis.elts;

    for (i = 0; i < amcf->redis.nelts; i++) {
        ngx_http_apigw_redis_exit_worker(redis[i]);
    }
}


/* "prefix:text", as the names of keys begin. */

ngx_int_t
ngx_http_apigw_auth_redis_key(ngx_pool_t *pool, ngx_http_apigw_redis_t *redis,
    const char *text, ngx_str_t *key)
{
    const ngx_str_t  *prefix;

    prefix = ngx_http_apigw_redis_prefix(redis);

    key->len = prefix->len + 1 + ngx_strlen(text);
    key->data = ngx_pnalloc(pool, key->len);

    if (key->data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(key->data, "%V:%s", prefix, text);

    return NGX_OK;
}
