
#include "ngx_http_apigw_auth.h"


static ngx_int_t ngx_http_apigw_auth_source_open(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf, ngx_http_apigw_auth_store_t *store);
static ngx_int_t ngx_http_apigw_auth_source_print(
    ngx_http_apigw_auth_store_t *store);


void
ngx_http_apigw_auth_source_init(ngx_http_apigw_auth_source_t *source)
{
    ngx_uint_t  i;

    source->ttl = 30;
    source->negative_ttl = 5;

    for (i = 0; i < NGX_HTTP_APIGW_AUTH_LOOKUP_BUCKETS; i++) {
        ngx_queue_init(&source->lookups[i]);
    }
}


char *
ngx_http_apigw_auth_source_name(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_store_t *store = block->data;

    store->source.name = args[0];

    ngx_http_apigw_auth_place(cf, &store->source.place);

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_source_time(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    time_t  seconds, *field;

    field = (time_t *) ((char *) block->data + block->param->offset);
    seconds = ngx_parse_time(&args[0], 1);

    if (seconds == (time_t) NGX_ERROR || seconds > 24 * 60 * 60) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"%V\" \"%V\"; give a time from 0 to "
                              "1d", &block->param->name, &args[0]);
    }

    *field = seconds;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_source_on_error(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_store_t *store = block->data;

    time_t     seconds;
    ngx_str_t  value;

    if (ngx_strcmp(args[0].data, "deny") == 0) {
        return NGX_CONF_OK;
    }

    seconds = (time_t) NGX_ERROR;

    if (args[0].len > 6 && ngx_strncmp(args[0].data, "stale=", 6) == 0) {
        value.data = args[0].data + 6;
        value.len = args[0].len - 6;

        seconds = ngx_parse_time(&value, 1);
    }

    if (seconds == (time_t) NGX_ERROR || seconds < 1
        || seconds > 24 * 60 * 60)
    {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"redis_on_error\" \"%V\"; write "
                              "\"deny\", or \"stale=TIME\" with a time from "
                              "1s to 1d", &args[0]);
    }

    store->source.stale = seconds;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_source_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block)
{
    ngx_http_apigw_auth_store_t *store = block->data;

    ngx_uint_t                i;
    static const char *const  of_file[] = { "check", "size" };
    static const char *const  of_redis[] = {
        "redis_ttl", "redis_negative_ttl", "redis_on_error"
    };

    ngx_memcpy(store->source.fingerprint, block->fingerprint,
               sizeof(store->source.fingerprint));

    if (!ngx_http_apigw_auth_block_has(block, "file")) {

        if (!ngx_http_apigw_auth_block_has(block, "redis")) {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "no source of keys; add \"file PATH;\", "
                                  "which \"apigw-key create\" makes, or "
                                  "\"redis NAME;\"");
        }

        for (i = 0; i < sizeof(of_file) / sizeof(of_file[0]); i++) {
            if (ngx_http_apigw_auth_block_has(block, of_file[i])) {
                return ngx_http_apigw_auth_block_fault(cf, block,
                                      "\"%s\" without \"file\"; add \"file "
                                      "PATH;\", or leave it out", of_file[i]);
            }
        }
    }

    if (ngx_http_apigw_auth_block_has(block, "redis")) {
        return NGX_CONF_OK;
    }

    for (i = 0; i < sizeof(of_redis) / sizeof(of_redis[0]); i++) {
        if (ngx_http_apigw_auth_block_has(block, of_redis[i])) {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "\"%s\" without \"redis\"; add \"redis "
                                  "NAME;\", or leave it out", of_redis[i]);
        }
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_apigw_auth_stores_resolve(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf)
{
    ngx_uint_t                     i;
    ngx_http_apigw_auth_store_t  **stores;

    stores = amcf->stores.elts;

    for (i = 0; i < amcf->stores.nelts; i++) {

        /* its place is set even if the name is empty */

        if (stores[i]->source.place.file
            && ngx_http_apigw_auth_source_open(cf, amcf, stores[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_source_open(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf, ngx_http_apigw_auth_store_t *store)
{
    ngx_http_apigw_auth_source_t  *source;

    source = &store->source;

    source->redis = ngx_http_apigw_auth_redis_find(amcf, &source->name);

    if (source->redis == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "apigw_auth: apigw_key_store \"%V\": unknown redis "
                      "\"%V\"; define it by \"apigw_auth_redis %V { ... }\" in "
                      "%s:%ui", &store->name, &source->name, &source->name,
                      source->place.file, source->place.line);
        return NGX_ERROR;
    }

    if (ngx_http_apigw_auth_redis_key(cf->pool, source->redis, "key:",
                                      &source->prefix)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_apigw_auth_source_print(store);
}


/* What is kept was decided with these peppers, and came from that place. */

static ngx_int_t
ngx_http_apigw_auth_source_print(ngx_http_apigw_auth_store_t *store)
{
    uint64_t   place;
    ngx_str_t  words[2];

    place = ngx_http_apigw_redis_place(store->source.redis);

    words[0].data = (u_char *) &place;
    words[0].len = sizeof(place);
    words[1].data = store->peppers[0];
    words[1].len = store->npeppers * APIGW_KEY_PEPPER;

    return ngx_http_apigw_auth_fingerprint(store->source.fingerprint, words, 2);
}
