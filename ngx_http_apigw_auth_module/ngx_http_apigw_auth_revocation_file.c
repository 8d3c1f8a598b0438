
#include "ngx_http_apigw_auth.h"


static void ngx_http_apigw_auth_revocation_sync(
    ngx_http_apigw_auth_watch_t *watch);
static void ngx_http_apigw_auth_revocation_load(
    ngx_http_apigw_auth_watch_t *watch, ngx_str_t *text);
static void ngx_http_apigw_auth_revocation_done(
    ngx_http_apigw_auth_watch_t *watch, ngx_log_t *log);
static void ngx_http_apigw_auth_revocation_looked(
    ngx_http_apigw_auth_watch_t *watch);


/* The master reads the file: workers have a list from their first request. */

char *
ngx_http_apigw_auth_revocation_open(ngx_conf_t *cf,
    ngx_http_apigw_auth_revocation_t *revocation)
{
    char                         *rv;
    size_t                        line, size;
    apigw_rc_t                    rc;
    apigw_str_t                   text;
    apigw_error_t                 err;
    ngx_http_apigw_auth_file_t    file;
    ngx_http_apigw_auth_block_t   block;
    ngx_http_apigw_auth_image_t  *image;

    static ngx_str_t  name = ngx_string("file");

    ngx_memzero(&block, sizeof(ngx_http_apigw_auth_block_t));

    block.kind = "apigw_revocation";
    block.name = name;

    rv = ngx_http_apigw_auth_block_file(cf, &block, "file",
                                        &revocation->watch.path,
                                        NGX_HTTP_APIGW_AUTH_KEYS_MAX_SIZE,
                                        &file);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    image = &revocation->file;
    text = ngx_http_apigw_str(&file.text);
    line = 0;

    size = apigw_revocation_bound(apigw_revocation_lines(text));
    image->first = size == SIZE_MAX ? NULL : ngx_alloc(size, cf->log);

    rc = image->first ? apigw_revocation_build(image->first, &size, text,
                                               revocation->seed, time(NULL),
                                               &line, &err)
                      : APIGW_ENOMEM;

    ngx_http_apigw_auth_file_free(&file);

    if (rc != APIGW_OK) {
        return line ? ngx_http_apigw_auth_block_fault(cf, &block,
                              "\"%V\", line %uz: %s; correct or remove the "
                              "line", &revocation->watch.path, line, err.word)
                    : NGX_CONF_ERROR;
    }

    image->first_size = size;
    image->seen = &revocation->watch.seen;

    if (ngx_http_apigw_auth_image_fit(image, revocation->size) != NGX_OK) {
        return ngx_http_apigw_auth_block_fault(cf, &block,
                              "\"%V\" takes a \"size\" of %uz; raise it, or "
                              "write \"auto\"", &revocation->watch.path,
                              2 * ngx_align(size, ngx_pagesize));
    }

    revocation->watch.seen = file;
    revocation->watch.interval = revocation->interval;
    revocation->watch.max = NGX_HTTP_APIGW_AUTH_KEYS_MAX_SIZE;
    revocation->watch.data = revocation;
    revocation->watch.sync = ngx_http_apigw_auth_revocation_sync;
    revocation->watch.load = ngx_http_apigw_auth_revocation_load;
    revocation->watch.done = ngx_http_apigw_auth_revocation_done;
    revocation->watch.looked = ngx_http_apigw_auth_revocation_looked;

    if (ngx_http_apigw_auth_image_zone(cf, image, "apigw_revocation_%V", &name)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_apigw_auth_block_reread(cf, &block, "file",
                                            &revocation->watch.path, 0);
}


static void
ngx_http_apigw_auth_revocation_sync(ngx_http_apigw_auth_watch_t *watch)
{
    ngx_http_apigw_auth_revocation_t *revocation = watch->data;

    ngx_http_apigw_auth_image_sync(&revocation->file, &watch->seen);
}


/* In a thread, of one worker at a time: readers have the other half. */

static void
ngx_http_apigw_auth_revocation_load(ngx_http_apigw_auth_watch_t *watch,
    ngx_str_t *text)
{
    ngx_http_apigw_auth_revocation_t *revocation = watch->data;

    u_char                       *spare;
    ngx_http_apigw_auth_image_t  *image;

    image = &revocation->file;
    spare = ngx_http_apigw_auth_image_begin(image);

    if (spare == NULL) {
        revocation->loaded = APIGW_AGAIN;
        return;
    }

    revocation->needed = image->halves->half;

    revocation->loaded = apigw_revocation_build(spare, &revocation->needed,
                                                ngx_http_apigw_str(text),
                                                revocation->seed, time(NULL),
                                                &revocation->line,
                                                &revocation->err);

    image->halves->faulty = (revocation->loaded != APIGW_OK);

    ngx_http_apigw_auth_image_note(image, &watch->file);
    ngx_http_apigw_auth_image_end(image, revocation->loaded == APIGW_OK
                                         ? revocation->needed : 0);
}


static void
ngx_http_apigw_auth_revocation_done(ngx_http_apigw_auth_watch_t *watch,
    ngx_log_t *log)
{
    size_t                             size;
    u_char                            *image;
    ngx_http_apigw_auth_revocation_t  *revocation;

    revocation = watch->data;

    if (revocation->loaded == APIGW_AGAIN) {
        return;                          /* another worker is at it */
    }

    if (revocation->loaded == APIGW_OK) {
        image = ngx_http_apigw_auth_image_half(&revocation->file, &size);

        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "apigw_auth: apigw_revocation: %uz entries of \"%V\" are "
                      "in force", apigw_revocation_count(image, size),
                      &watch->path);
        return;
    }

    if (revocation->line == 0) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "apigw_auth: apigw_revocation: file \"%V\" takes %uz "
                      "bytes, of %uz that there are, what was read before "
                      "stays in force; reload nginx, or raise \"size\"",
                      &watch->path, revocation->needed,
                      revocation->file.halves->half);
        return;
    }

    ngx_log_error(NGX_LOG_ERR, log, 0,
                  "apigw_auth: apigw_revocation: file \"%V\", line %uz: %s, "
                  "what was read before stays in force", &watch->path,
                  revocation->line, revocation->err.word);
}


/* A list that cannot be read any more, or has a fault, is growing old. */

static void
ngx_http_apigw_auth_revocation_looked(ngx_http_apigw_auth_watch_t *watch)
{
    ngx_http_apigw_auth_revocation_t *revocation = watch->data;

    if (watch->file.fault == NULL && !revocation->file.halves->faulty) {
        revocation->file.halves->checked = ngx_current_msec;
    }
}
