
#include "ngx_http_apigw_auth.h"


#define NGX_HTTP_APIGW_AUTH_HALF_MIN   (1024 * 1024)
#define NGX_HTTP_APIGW_AUTH_TRIES      3


static size_t ngx_http_apigw_auth_table_half(
    ngx_http_apigw_auth_store_t *store);
static ngx_int_t ngx_http_apigw_auth_table_init_zone(ngx_shm_zone_t *zone,
    void *data);
static apigw_rc_t ngx_http_apigw_auth_table_look(
    ngx_http_apigw_auth_store_t *store, apigw_arena_t *arena,
    const u_char *digest, apigw_key_digest_e kind, apigw_key_t *key,
    apigw_error_t *err);
static void ngx_http_apigw_auth_table_sync(ngx_http_apigw_auth_watch_t *watch);
static void ngx_http_apigw_auth_table_load(ngx_http_apigw_auth_watch_t *watch,
    ngx_str_t *text);
static ngx_uint_t ngx_http_apigw_auth_table_lock(
    ngx_http_apigw_auth_table_t *table);
static void ngx_http_apigw_auth_table_done(ngx_http_apigw_auth_watch_t *watch,
    ngx_log_t *log);


/* Builds the image in plain memory: only then is the zone's size known. */

char *
ngx_http_apigw_auth_table_build(ngx_conf_t *cf,
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
                              "stores", &store->watch.path);
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
                          "line", &store->watch.path, line, err.word);
}


ngx_int_t
ngx_http_apigw_auth_table_zone(ngx_conf_t *cf,
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

    size = 2 * ngx_http_apigw_auth_table_half(store);

    /* the slab keeps a descriptor for each page */

    size += sizeof(ngx_slab_pool_t) + 32 * ngx_pagesize
            + size / ngx_pagesize * 2 * sizeof(ngx_slab_page_t);

    store->zone = ngx_shared_memory_add(cf, &name, size,
                                        &ngx_http_apigw_auth_module);
    if (store->zone == NULL) {
        return NGX_ERROR;
    }

    store->zone->init = ngx_http_apigw_auth_table_init_zone;
    store->zone->data = store;

    /* old workers go on with the peppers and the zone they started with */

    store->zone->noreuse = 1;

    store->watch.data = store;
    store->watch.sync = ngx_http_apigw_auth_table_sync;
    store->watch.load = ngx_http_apigw_auth_table_load;
    store->watch.done = ngx_http_apigw_auth_table_done;

    return NGX_OK;
}


/* Twice of what it takes now: the file may grow without a reload. */

static size_t
ngx_http_apigw_auth_table_half(ngx_http_apigw_auth_store_t *store)
{
    return ngx_max((size_t) NGX_HTTP_APIGW_AUTH_HALF_MIN,
                   2 * ngx_align(store->image_size, ngx_pagesize));
}


static ngx_int_t
ngx_http_apigw_auth_table_init_zone(ngx_shm_zone_t *zone, void *data)
{
    size_t                        half;
    ngx_slab_pool_t              *shpool;
    ngx_http_apigw_auth_store_t  *store;
    ngx_http_apigw_auth_table_t  *table;

    store = zone->data;
    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    half = ngx_http_apigw_auth_table_half(store);

    table = ngx_slab_alloc(shpool,
                           sizeof(ngx_http_apigw_auth_table_t) + 2 * half);
    if (table == NULL) {
        ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                      "apigw_auth: apigw_key_store \"%V\": no room for its "
                      "%uz bytes", &store->name, store->image_size);
        return NGX_ERROR;
    }

    table->builder = 0;
    table->generation = 0;
    table->half = half;
    table->used[0] = store->image_size;
    table->used[1] = 0;
    table->file = store->watch.seen;

    ngx_memcpy(table->image, store->image, store->image_size);

    store->table = table;

    ngx_free(store->image);
    store->image = NULL;

    return NGX_OK;
}


apigw_rc_t
ngx_http_apigw_auth_table_find(ngx_http_apigw_auth_store_t *store,
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

    rc = ngx_http_apigw_auth_table_look(store, arena, digest, APIGW_KEY_SHA256,
                                        key, err);

    for (i = 0; rc == APIGW_EINPUT && i < store->npeppers; i++) {

        if (apigw_key_digest_hmac(digest, text, store->peppers[i])
            != APIGW_OK)
        {
            return APIGW_ENOMEM;
        }

        rc = ngx_http_apigw_auth_table_look(store, arena, digest,
                                            APIGW_KEY_HMAC_SHA256, key, err);
    }

    return rc;
}


/* Reads again if the halves changed places meanwhile. */

static apigw_rc_t
ngx_http_apigw_auth_table_look(ngx_http_apigw_auth_store_t *store,
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


/* What another worker has read need not be read again. */

static void
ngx_http_apigw_auth_table_sync(ngx_http_apigw_auth_watch_t *watch)
{
    ngx_http_apigw_auth_store_t  *store;

    store = watch->data;

    watch->seen.dev = store->table->file.dev;
    watch->seen.ino = store->table->file.ino;
    watch->seen.size = store->table->file.size;
    watch->seen.mtime = store->table->file.mtime;
    watch->seen.mtime_nsec = store->table->file.mtime_nsec;
}


/* In a thread, of one worker at a time: readers have the other half. */

static void
ngx_http_apigw_auth_table_load(ngx_http_apigw_auth_watch_t *watch,
    ngx_str_t *text)
{
    size_t                        size;
    apigw_heap_t                  heap;
    apigw_arena_t                 arena;
    ngx_uint_t                    spare;
    ngx_http_apigw_auth_store_t  *store;
    ngx_http_apigw_auth_table_t  *table;

    store = watch->data;
    table = store->table;

    if (!ngx_http_apigw_auth_table_lock(table)) {
        store->loaded = APIGW_AGAIN;
        return;
    }

    spare = (table->generation + 1) & 1;
    size = table->half;

    ngx_memzero(&heap, sizeof(apigw_heap_t));
    apigw_heap_arena(&heap, &arena);

    store->loaded = apigw_table_build(table->image + spare * table->half, &size,
                                      ngx_http_apigw_str(text), &arena,
                                      &store->line, &store->err);
    apigw_heap_free(&heap);

    store->needed = size;
    table->file = watch->file;
    ngx_str_null(&table->file.text);

    if (store->loaded == APIGW_OK) {
        table->used[spare] = size;
        ngx_memory_barrier();
        table->generation++;
    }

    ngx_memory_barrier();
    table->builder = 0;
}


static ngx_uint_t
ngx_http_apigw_auth_table_lock(ngx_http_apigw_auth_table_t *table)
{
    ngx_atomic_uint_t  holder;

    if (ngx_atomic_cmp_set(&table->builder, 0, ngx_pid)) {
        return 1;
    }

    holder = table->builder;

    /* it died in the midst: readers never saw the half it wrote */

    return holder && holder != (ngx_atomic_uint_t) ngx_pid
           && kill((pid_t) holder, 0) == -1 && ngx_errno == NGX_ESRCH
           && ngx_atomic_cmp_set(&table->builder, holder, ngx_pid);
}


static void
ngx_http_apigw_auth_table_done(ngx_http_apigw_auth_watch_t *watch,
    ngx_log_t *log)
{
    ngx_uint_t                    half;
    ngx_http_apigw_auth_store_t  *store;
    ngx_http_apigw_auth_table_t  *table;

    store = watch->data;
    table = store->table;

    switch (store->loaded) {

    case APIGW_OK:
        half = table->generation & 1;

        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "apigw_auth: apigw_key_store \"%V\": %uz keys of \"%V\" "
                      "are in force", &store->name,
                      apigw_table_count(table->image + half * table->half,
                                        table->used[half]),
                      &watch->path);
        return;

    case APIGW_AGAIN:
        return;                          /* another worker is at it */

    case APIGW_ENOMEM:
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "apigw_auth: apigw_key_store \"%V\": no memory for file "
                      "\"%V\", the keys read before stay in force",
                      &store->name, &watch->path);
        return;

    default:
        break;
    }

    if (store->line == 0) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "apigw_auth: apigw_key_store \"%V\": file \"%V\" takes "
                      "%uz bytes, of %uz that there are, the keys read before "
                      "stay in force; reload nginx", &store->name, &watch->path,
                      store->needed, table->half);
        return;
    }

    ngx_log_error(NGX_LOG_ERR, log, 0,
                  "apigw_auth: apigw_key_store \"%V\": file \"%V\", line %uz: "
                  "%s, the keys read before stay in force", &store->name,
                  &watch->path, store->line, store->err.word);
}
