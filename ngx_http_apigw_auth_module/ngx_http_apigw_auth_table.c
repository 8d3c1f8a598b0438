
#include "ngx_http_apigw_auth.h"


/* What is looked for in an image, and what came of it. */

typedef struct {
    apigw_arena_t                *arena;
    const u_char                 *digest;
    apigw_key_digest_e            kind;
    apigw_key_t                  *key;
    apigw_error_t                *err;
} ngx_http_apigw_auth_look_t;


static apigw_rc_t ngx_http_apigw_auth_table_look(
    ngx_http_apigw_auth_store_t *store, ngx_http_apigw_auth_look_t *look);
static apigw_rc_t ngx_http_apigw_auth_table_read(const u_char *image,
    size_t size, void *data);
static void ngx_http_apigw_auth_table_sync(ngx_http_apigw_auth_watch_t *watch);
static void ngx_http_apigw_auth_table_load(ngx_http_apigw_auth_watch_t *watch,
    ngx_str_t *text);
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

    store->image.first_size = apigw_table_bound(lines, text.len);

    if (store->image.first_size == SIZE_MAX) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "file \"%V\" has too many keys; split it over "
                              "stores", &store->watch.path);
    }

    store->image.first = ngx_alloc(store->image.first_size, cf->log);
    if (store->image.first == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&heap, sizeof(apigw_heap_t));
    apigw_heap_arena(&heap, &arena);

    rc = apigw_table_build(store->image.first, &store->image.first_size, text,
                           &arena, &line, &err);

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
    store->image.seen = &store->watch.seen;

    store->watch.data = store;
    store->watch.sync = ngx_http_apigw_auth_table_sync;
    store->watch.load = ngx_http_apigw_auth_table_load;
    store->watch.done = ngx_http_apigw_auth_table_done;

    return ngx_http_apigw_auth_image_zone(cf, &store->image,
                                          "apigw_key_store_%V", &store->name);
}


apigw_rc_t
ngx_http_apigw_auth_table_find(ngx_http_apigw_auth_store_t *store,
    apigw_arena_t *arena, apigw_str_t text, apigw_key_t *key,
    apigw_error_t *err)
{
    u_char                       digest[APIGW_KEY_DIGEST];
    apigw_rc_t                   rc;
    ngx_uint_t                   i;
    ngx_http_apigw_auth_look_t   look;

    look.arena = arena;
    look.digest = digest;
    look.key = key;
    look.err = err;

    rc = APIGW_EINPUT;

    for (i = 0; rc == APIGW_EINPUT && i <= store->npeppers; i++) {

        if (ngx_http_apigw_auth_key_digest(store, text, i, digest, &look.kind)
            != NGX_OK)
        {
            return APIGW_ENOMEM;
        }

        rc = ngx_http_apigw_auth_table_look(store, &look);
    }

    return rc;
}


static apigw_rc_t
ngx_http_apigw_auth_table_look(ngx_http_apigw_auth_store_t *store,
    ngx_http_apigw_auth_look_t *look)
{
    apigw_rc_t  rc;

    rc = ngx_http_apigw_auth_image_read(&store->image,
                                        ngx_http_apigw_auth_table_read, look);

    if (rc == APIGW_ELIMIT) {
        look->err->word = "key_store_unavailable";
        return APIGW_EUNSUPPORTED;
    }

    return rc;
}


static apigw_rc_t
ngx_http_apigw_auth_table_read(const u_char *image, size_t size, void *data)
{
    ngx_http_apigw_auth_look_t *look = data;

    return apigw_table_find(look->key, look->arena, image, size, look->digest,
                            look->kind, look->err);
}


static void
ngx_http_apigw_auth_table_sync(ngx_http_apigw_auth_watch_t *watch)
{
    ngx_http_apigw_auth_store_t *store = watch->data;

    ngx_http_apigw_auth_image_sync(&store->image, &watch->seen);
}


/* In a thread, of one worker at a time: readers have the other half. */

static void
ngx_http_apigw_auth_table_load(ngx_http_apigw_auth_watch_t *watch,
    ngx_str_t *text)
{
    ngx_http_apigw_auth_store_t *store = watch->data;

    u_char         *spare;
    apigw_heap_t    heap;
    apigw_arena_t   arena;

    spare = ngx_http_apigw_auth_image_begin(&store->image);

    if (spare == NULL) {
        store->loaded = APIGW_AGAIN;
        return;
    }

    store->needed = store->image.halves->half;

    ngx_memzero(&heap, sizeof(apigw_heap_t));
    apigw_heap_arena(&heap, &arena);

    store->loaded = apigw_table_build(spare, &store->needed,
                                      ngx_http_apigw_str(text), &arena,
                                      &store->line, &store->err);
    apigw_heap_free(&heap);

    ngx_http_apigw_auth_image_note(&store->image, &watch->file);
    ngx_http_apigw_auth_image_end(&store->image,
                                  store->loaded == APIGW_OK ? store->needed
                                                            : 0);
}


static void
ngx_http_apigw_auth_table_done(ngx_http_apigw_auth_watch_t *watch,
    ngx_log_t *log)
{
    size_t                        size;
    u_char                       *image;
    ngx_http_apigw_auth_store_t  *store;

    store = watch->data;

    switch (store->loaded) {

    case APIGW_OK:
        image = ngx_http_apigw_auth_image_half(&store->image, &size);

        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "apigw_auth: apigw_key_store \"%V\": %uz keys of \"%V\" "
                      "are in force", &store->name,
                      apigw_table_count(image, size), &watch->path);
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
                      "stay in force; reload nginx, or raise \"size\"",
                      &store->name, &watch->path, store->needed,
                      store->image.halves->half);
        return;
    }

    ngx_log_error(NGX_LOG_ERR, log, 0,
                  "apigw_auth: apigw_key_store \"%V\": file \"%V\", line %uz: "
                  "%s, the keys read before stay in force", &store->name,
                  &watch->path, store->line, store->err.word);
}
