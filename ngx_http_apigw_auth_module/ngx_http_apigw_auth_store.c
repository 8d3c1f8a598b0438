
#include "ngx_http_apigw_auth.h"


static char *ngx_http_apigw_auth_store_file(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_store_name(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_store_carrier(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_http_apigw_auth_in_e in,
    u_char *name, size_t len);
static char *ngx_http_apigw_auth_store_pepper(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_store_prefix(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_store_check(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_store_size(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_store_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block);
static char *ngx_http_apigw_auth_store_load(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block);
static void ngx_http_apigw_auth_store_cleanup(void *data);


static ngx_http_apigw_auth_param_t  ngx_http_apigw_auth_store_params[] = {

    { ngx_string("file"), 1, 1, ngx_http_apigw_auth_store_file, 0 },

    { ngx_string("name"), 1, 0, ngx_http_apigw_auth_store_name, 0 },

    { ngx_string("pepper_file"), 1, 1, ngx_http_apigw_auth_store_pepper, 0 },

    { ngx_string("prefix"), 1, 1, ngx_http_apigw_auth_store_prefix, 0 },

    { ngx_string("check"), 1, 1, ngx_http_apigw_auth_store_check, 0 },

    { ngx_string("size"), 1, 1, ngx_http_apigw_auth_store_size, 0 },

    { ngx_string("redis"), 1, 1, ngx_http_apigw_auth_source_name, 0 },

    { ngx_string("redis_ttl"), 1, 1, ngx_http_apigw_auth_source_time,
      offsetof(ngx_http_apigw_auth_store_t, source.ttl) },

    { ngx_string("redis_negative_ttl"), 1, 1, ngx_http_apigw_auth_source_time,
      offsetof(ngx_http_apigw_auth_store_t, source.negative_ttl) },

    { ngx_string("redis_on_error"), 1, 1, ngx_http_apigw_auth_source_on_error,
      0 },

    { ngx_null_string, 0, 0, NULL, 0 }
};


char *
ngx_http_apigw_auth_store_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_apigw_auth_main_conf_t *amcf = conf;

    char                          *rv;
    ngx_str_t                     *value;
    ngx_pool_cleanup_t            *cln;
    ngx_http_apigw_auth_block_t    block;
    ngx_http_apigw_auth_store_t  **stores, *store;

    value = cf->args->elts;

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_http_apigw_auth_store_t));
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    store = cln->data;

    ngx_memzero(store, sizeof(ngx_http_apigw_auth_store_t));

    cln->handler = ngx_http_apigw_auth_store_cleanup;

    store->name = value[1];
    ngx_str_set(&store->prefix, "gw");
    store->watch.interval = NGX_HTTP_APIGW_AUTH_STORE_POLL;
    store->watch.max = NGX_HTTP_APIGW_AUTH_KEYS_MAX_SIZE;

    ngx_http_apigw_auth_source_init(&store->source);

    store->carriers = ngx_array_create(cf->pool, 2,
                                       sizeof(ngx_http_apigw_auth_carrier_t));
    if (store->carriers == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&block, sizeof(ngx_http_apigw_auth_block_t));

    block.kind = "apigw_key_store";
    block.name = value[1];
    block.params = ngx_http_apigw_auth_store_params;
    block.data = store;

    if (ngx_http_apigw_auth_block_find(&amcf->stores, &value[1])) {
        return ngx_http_apigw_auth_block_fault(cf, &block,
                              "duplicate name; give each store its own");
    }

    rv = ngx_http_apigw_auth_store_carrier(cf, &block,
                                       NGX_HTTP_APIGW_AUTH_IN_SCHEME, NULL, 0);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = ngx_http_apigw_auth_block_read(cf, &block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = ngx_http_apigw_auth_store_end(cf, &block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    stores = ngx_array_push(&amcf->stores);
    if (stores == NULL) {
        return NGX_CONF_ERROR;
    }

    *stores = store;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_store_file(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_store_t *store = block->data;

    store->watch.path = args[0];

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_store_name(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    char        *rv;
    ngx_uint_t   i;

    if (!ngx_http_apigw_header_name_valid(&args[0])
        || ngx_http_apigw_header_protected(&args[0]))
    {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid header \"%V\" in \"name\"; write a name "
                              "such as X-API-Key first", &args[0]);
    }

    rv = ngx_http_apigw_auth_store_carrier(cf, block,
                                           NGX_HTTP_APIGW_AUTH_IN_HEADER,
                                           args[0].data, args[0].len);

    for (i = 1; rv == NGX_CONF_OK && i < nargs; i++) {

        if (ngx_strcmp(args[i].data, "basic") == 0) {
            rv = ngx_http_apigw_auth_store_carrier(cf, block,
                                                 NGX_HTTP_APIGW_AUTH_IN_BASIC,
                                                 NULL, 0);

        } else if (args[i].len > 4 && ngx_strncmp(args[i].data, "arg:", 4) == 0)
        {
            ngx_http_apigw_auth_block_warn(cf, block,
                           "\"%V\" puts keys into URLs, which are logged; "
                           "prefer a header", &args[i]);

            rv = ngx_http_apigw_auth_store_carrier(cf, block,
                                                   NGX_HTTP_APIGW_AUTH_IN_ARG,
                                                   args[i].data + 4,
                                                   args[i].len - 4);

        } else if (args[i].len > 7
                   && ngx_strncmp(args[i].data, "cookie:", 7) == 0)
        {
            rv = ngx_http_apigw_auth_store_carrier(cf, block,
                                                 NGX_HTTP_APIGW_AUTH_IN_COOKIE,
                                                 args[i].data + 7,
                                                 args[i].len - 7);

        } else {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "unknown place \"%V\" in \"name\"; write "
                                  "\"arg:NAME\", \"cookie:NAME\" or \"basic\"",
                                  &args[i]);
        }
    }

    return rv;
}


static char *
ngx_http_apigw_auth_store_carrier(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_http_apigw_auth_in_e in,
    u_char *name, size_t len)
{
    ngx_http_apigw_auth_store_t *store = block->data;

    ngx_uint_t                      i;
    ngx_http_apigw_auth_carrier_t   added, *carrier;

    added.in = in;
    added.name.len = len;
    added.name.data = name;

    if (in == NGX_HTTP_APIGW_AUTH_IN_HEADER) {
        ngx_strlow(name, name, len);
    }

    carrier = store->carriers->elts;

    for (i = 0; i < store->carriers->nelts; i++) {
        if (ngx_http_apigw_auth_carrier_is(&carrier[i], &added)) {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "a place named twice in \"name\"; write each "
                                  "once");
        }
    }

    carrier = ngx_array_push(store->carriers);
    if (carrier == NULL) {
        return NGX_CONF_ERROR;
    }

    *carrier = added;

    return NGX_CONF_OK;
}


ngx_uint_t
ngx_http_apigw_auth_carrier_is(ngx_http_apigw_auth_carrier_t *a,
    ngx_http_apigw_auth_carrier_t *b)
{
    return a->in == b->in
           && a->name.len == b->name.len
           && (a->name.len == 0
               || ngx_memcmp(a->name.data, b->name.data, a->name.len) == 0);
}


static char *
ngx_http_apigw_auth_store_pepper(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_store_t *store = block->data;

    char                        *rv;
    apigw_rc_t                   rc;
    apigw_error_t                err;
    ngx_http_apigw_auth_file_t   file;

    rv = ngx_http_apigw_auth_block_file(cf, block, "pepper_file", &args[0],
                                        4096, &file);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rc = apigw_key_pepper_parse(store->peppers, &store->npeppers,
                                ngx_http_apigw_str(&file.text), &err);

    ngx_http_apigw_auth_file_free(&file);

    if (rc != APIGW_OK) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "pepper_file \"%V\", line %uz: %s; write one or "
                              "two lines of 64 hex digits", &args[0],
                              err.offset, err.word);
    }

    return ngx_http_apigw_auth_block_secret(cf, block, "pepper_file", &args[0],
                                            &file);
}


static char *
ngx_http_apigw_auth_store_prefix(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_store_t *store = block->data;

    if (!apigw_key_prefix_ok(ngx_http_apigw_str(&args[0]))) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"prefix\" \"%V\"; use 1 to 16 letters "
                              "and digits", &args[0]);
    }

    store->prefix = args[0];

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_store_check(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_store_t *store = block->data;

    ngx_int_t  interval;

    interval = ngx_parse_time(&args[0], 0);

    if (interval == NGX_ERROR || interval < 1000) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"check\" \"%V\"; give a time of 1s or "
                              "more", &args[0]);
    }

    store->watch.interval = interval;

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_store_size(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_store_t *store = block->data;

    if (ngx_http_apigw_auth_image_size(&args[0], &store->size) != NGX_OK) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"size\" \"%V\"; give \"auto\" or a "
                              "size from 64k to 1g", &args[0]);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_store_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block)
{
    ngx_http_apigw_auth_store_t *store = block->data;

    char           *rv;
    static u_char   name[] = "x-api-key";

    rv = ngx_http_apigw_auth_source_end(cf, block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (!ngx_http_apigw_auth_block_has(block, "name")) {
        rv = ngx_http_apigw_auth_store_carrier(cf, block,
                                               NGX_HTTP_APIGW_AUTH_IN_HEADER,
                                               name, sizeof(name) - 1);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    if (!ngx_http_apigw_auth_block_has(block, "file")) {
        return NGX_CONF_OK;              /* all of it is in Redis */
    }

    rv = ngx_http_apigw_auth_store_load(cf, block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ngx_http_apigw_auth_table_zone(cf, store) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_store_load(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block)
{
    ngx_http_apigw_auth_store_t *store = block->data;

    char                        *rv;
    ngx_http_apigw_auth_file_t   file;

    rv = ngx_http_apigw_auth_block_file(cf, block, "file", &store->watch.path,
                                        store->watch.max, &file);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = ngx_http_apigw_auth_table_build(cf, block,
                                         ngx_http_apigw_str(&file.text));

    ngx_http_apigw_auth_file_free(&file);

    store->watch.seen = file;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ngx_http_apigw_auth_image_fit(&store->image, store->size) != NGX_OK) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "file \"%V\" takes a \"size\" of %uz; raise it, "
                              "or write \"auto\"", &store->watch.path,
                              2 * ngx_align(store->image.first_size,
                                            ngx_pagesize));
    }

    return ngx_http_apigw_auth_block_reread(cf, block, "file",
                                            &store->watch.path, 0);
}


static void
ngx_http_apigw_auth_store_cleanup(void *data)
{
    ngx_http_apigw_auth_store_t *store = data;

    ngx_http_apigw_auth_lookups_drop(store);

    if (store->image.first) {
        ngx_free(store->image.first);
    }

    ngx_explicit_memzero(store->peppers, sizeof(store->peppers));
}
