
#include "ngx_http_apigw_auth.h"


#define NGX_HTTP_APIGW_AUTH_HALF_MIN   (1024 * 1024)
#define NGX_HTTP_APIGW_AUTH_TRIES      3


static char *ngx_http_apigw_auth_store_file(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_store_name(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_store_pepper(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_store_prefix(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);
static char *ngx_http_apigw_auth_store_carrier(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_http_apigw_auth_in_e in,
    u_char *name, size_t len);
static char *ngx_http_apigw_auth_store_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block);
static char *ngx_http_apigw_auth_store_load(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block);
static char *ngx_http_apigw_auth_store_build(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, apigw_str_t text);
static ngx_int_t ngx_http_apigw_auth_store_zone(ngx_conf_t *cf,
    ngx_http_apigw_auth_store_t *store);
static ngx_int_t ngx_http_apigw_auth_store_init_zone(ngx_shm_zone_t *zone,
    void *data);
static void ngx_http_apigw_auth_store_cleanup(void *data);
static apigw_rc_t ngx_http_apigw_auth_store_look(
    ngx_http_apigw_auth_store_t *store, apigw_arena_t *arena,
    const u_char *digest, apigw_key_digest_e kind, apigw_key_t *key,
    apigw_error_t *err);


static ngx_http_apigw_auth_param_t  ngx_http_apigw_auth_store_params[] = {

    { ngx_string("file"), 1, 1, ngx_http_apigw_auth_store_file, 0 },

    { ngx_string("name"), 1, 0, ngx_http_apigw_auth_store_name, 0 },

    { ngx_string("pepper_file"), 1, 1, ngx_http_apigw_auth_store_pepper, 0 },

    { ngx_string("prefix"), 1, 1, ngx_http_apigw_auth_store_prefix, 0 },

    { ngx_null_string, 0, 0, NULL, 0 }
};


char *
ngx_http_apigw_auth_store_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_apigw_auth_main_conf_t *amcf = conf;

    char                          *rv;
    ngx_str_t                     *value;
    ngx_uint_t                     i;
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

    stores = amcf->stores.elts;

    for (i = 0; i < amcf->stores.nelts; i++) {
        if (stores[i]->name.len == value[1].len
            && ngx_strcmp(stores[i]->name.data, value[1].data) == 0)
        {
            return ngx_http_apigw_auth_block_fault(cf, &block,
                                  "duplicate name; give each store its own");
        }
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

    store->file = args[0];

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
    ngx_http_apigw_auth_carrier_t  *carrier;

    carrier = store->carriers->elts;

    for (i = 0; i < store->carriers->nelts; i++) {
        if (carrier[i].in == in && carrier[i].name.len == len
            && ngx_strncmp(carrier[i].name.data, name, len) == 0)
        {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "a place named twice in \"name\"; write each "
                                  "once");
        }
    }

    carrier = ngx_array_push(store->carriers);
    if (carrier == NULL) {
        return NGX_CONF_ERROR;
    }

    carrier->in = in;
    carrier->name.len = len;
    carrier->name.data = name;

    if (in == NGX_HTTP_APIGW_AUTH_IN_HEADER) {
        ngx_strlow(name, name, len);
    }

    return NGX_CONF_OK;
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
ngx_http_apigw_auth_store_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block)
{
    ngx_http_apigw_auth_store_t *store = block->data;

    char           *rv;
    static u_char   name[] = "x-api-key";

    if (!ngx_http_apigw_auth_block_has(block, "file")) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "no source of keys; add \"file PATH;\", which "
                              "\"apigw-key create\" makes");
    }

    if (!ngx_http_apigw_auth_block_has(block, "name")) {
        rv = ngx_http_apigw_auth_store_carrier(cf, block,
                                               NGX_HTTP_APIGW_AUTH_IN_HEADER,
                                               name, sizeof(name) - 1);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    rv = ngx_http_apigw_auth_store_load(cf, block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ngx_http_apigw_auth_store_zone(cf, store) != NGX_OK) {
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

    rv = ngx_http_apigw_auth_block_file(cf, block, "file", &store->file,
                                        NGX_HTTP_APIGW_AUTH_KEYS_MAX_SIZE,
                                        &file);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = ngx_http_apigw_auth_store_build(cf, block,
                                         ngx_http_apigw_str(&file.text));

    ngx_http_apigw_auth_file_free(&file);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_http_apigw_auth_block_reread(cf, block, "file", &store->file);
}


/* Builds the image in plain memory: only then is the zone's size known. */

static char *
ngx_http_apigw_auth_store_build(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, apigw_str_t text)
{
    ngx_http_apigw_auth_store_t *store = block->data;

    size_t         i, lines, line;
    apigw_rc_t     rc;
    apigw_heap_t   heap;
    apigw_arena_t  arena;
    apigw_error_t  err;

    lines = 0;

    for (i = 0; i < text.len; i++) {
        lines += (text.data[i] == LF);
    }

    store->image_size = apigw_table_bound(lines, text.len);

    if (store->image_size == SIZE_MAX) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "file \"%V\" has too many keys; split it over "
                              "stores", &store->file);
    }

    store->image = ngx_alloc(store->image_size, cf->log);
    if (store->image == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&heap, sizeof(apigw_heap_t));
    apigw_heap_arena(&heap, &arena);

    rc = apigw_table_build(store->image, &store->image_size, text, &arena,
                           &line, &err);

    apigw_heap_free(&heap);

    if (rc == APIGW_OK) {
        return NGX_CONF_OK;
    }

    if (rc == APIGW_ENOMEM) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_apigw_auth_block_fault(cf, block,
                          "file \"%V\", line %uz: %s; correct or remove the "
                          "line", &store->file, line, err.word);
}


static ngx_int_t
ngx_http_apigw_auth_store_zone(ngx_conf_t *cf,
    ngx_http_apigw_auth_store_t *store)
{
    u_char     *p;
    size_t      size;
    ngx_str_t   name;

    name.len = sizeof("apigw_key_store_") - 1 + store->name.len;

    name.data = ngx_pnalloc(cf->pool, name.len + 1);
    if (name.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(name.data, "apigw_key_store_%V", &store->name);
    *p = '\0';

    size = 2 * ngx_max((size_t) NGX_HTTP_APIGW_AUTH_HALF_MIN,
                       2 * ngx_align(store->image_size, ngx_pagesize));

    /* the slab keeps a descriptor for each page */

    size += sizeof(ngx_slab_pool_t) + 32 * ngx_pagesize
            + size / ngx_pagesize * 2 * sizeof(ngx_slab_page_t);

    store->zone = ngx_shared_memory_add(cf, &name, size,
                                        &ngx_http_apigw_auth_module);
    if (store->zone == NULL) {
        return NGX_ERROR;
    }

    store->zone->init = ngx_http_apigw_auth_store_init_zone;
    store->zone->data = store;

    /* old workers go on with the keys and peppers they started with */

    store->zone->noreuse = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_store_init_zone(ngx_shm_zone_t *zone, void *data)
{
    size_t                        half;
    ngx_slab_pool_t              *shpool;
    ngx_http_apigw_auth_store_t  *store;
    ngx_http_apigw_auth_table_t  *table;

    store = zone->data;
    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    shpool->log_nomem = 0;

    half = ngx_max((size_t) NGX_HTTP_APIGW_AUTH_HALF_MIN,
                   2 * ngx_align(store->image_size, ngx_pagesize));

    table = ngx_slab_alloc(shpool,
                           sizeof(ngx_http_apigw_auth_table_t) + 2 * half);
    if (table == NULL) {
        ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                      "apigw_auth: apigw_key_store \"%V\": zone is too small "
                      "for its %uz bytes", &store->name, store->image_size);
        return NGX_ERROR;
    }

    table->generation = 0;
    table->half = half;
    table->used[0] = store->image_size;
    table->used[1] = 0;

    ngx_memcpy(table->image, store->image, store->image_size);

    store->table = table;

    ngx_free(store->image);
    store->image = NULL;

    return NGX_OK;
}


static void
ngx_http_apigw_auth_store_cleanup(void *data)
{
    ngx_http_apigw_auth_store_t *store = data;

    if (store->image) {
        ngx_free(store->image);
    }

    ngx_explicit_memzero(store->peppers, sizeof(store->peppers));
}


apigw_rc_t
ngx_http_apigw_auth_store_find(ngx_http_apigw_auth_store_t *store,
    apigw_arena_t *arena, apigw_str_t text, apigw_key_t *key,
    apigw_error_t *err)
{
    size_t      i;
    u_char      digest[APIGW_KEY_DIGEST];
    apigw_rc_t  rc;

    rc = apigw_key_form_check(text, ngx_http_apigw_str(&store->prefix), NULL,
                              err);
    if (rc != APIGW_OK) {
        return rc;
    }

    if (apigw_key_digest(digest, text) != APIGW_OK) {
        return APIGW_ENOMEM;
    }

    rc = ngx_http_apigw_auth_store_look(store, arena, digest, APIGW_KEY_SHA256,
                                        key, err);

    for (i = 0; rc == APIGW_EINPUT && i < store->npeppers; i++) {

        if (apigw_key_digest_hmac(digest, text, store->peppers[i])
            != APIGW_OK)
        {
            return APIGW_ENOMEM;
        }

        rc = ngx_http_apigw_auth_store_look(store, arena, digest,
                                            APIGW_KEY_HMAC_SHA256, key, err);
    }

    return rc;
}


/* Reads again if the halves changed places meanwhile. */

static apigw_rc_t
ngx_http_apigw_auth_store_look(ngx_http_apigw_auth_store_t *store,
    apigw_arena_t *arena, const u_char *digest, apigw_key_digest_e kind,
    apigw_key_t *key, apigw_error_t *err)
{
    u_char                       *image;
    apigw_rc_t                    rc;
    ngx_uint_t                    tries;
    ngx_atomic_uint_t             generation;
    ngx_http_apigw_auth_table_t  *table;

    table = store->table;

    for (tries = 0; tries < NGX_HTTP_APIGW_AUTH_TRIES; tries++) {

        generation = table->generation;
        ngx_memory_barrier();

        image = table->image + (generation & 1) * table->half;

        rc = apigw_table_find(key, arena, image, table->used[generation & 1],
                              digest, kind, err);

        ngx_memory_barrier();

        if (generation != table->generation) {
            continue;
        }

        if (rc != APIGW_ELIMIT) {
            return rc;
        }

        break;
    }

    err->word = "key_store_unavailable";

    return APIGW_EUNSUPPORTED;
}
