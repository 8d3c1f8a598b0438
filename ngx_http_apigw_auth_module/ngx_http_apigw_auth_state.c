
/* The last good keys of a provider in a file, for a start while it is down. */


#include "ngx_http_apigw_auth.h"


/* What is written, in a thread; all of it in a pool of its own. */

typedef struct {
#if (NGX_THREADS)
    ngx_thread_task_t   task;
#endif
    ngx_pool_t         *pool;
    u_char             *path;
    u_char             *part;            /* the name until it is whole */
    apigw_str_t         text;
    const char         *fault;
    ngx_err_t           err;
} ngx_http_apigw_auth_state_t;


static const char *ngx_http_apigw_auth_state_parse(
    ngx_http_apigw_auth_remote_t *remote, ngx_pool_t *pool, ngx_str_t *text);
static ngx_http_apigw_auth_state_t *ngx_http_apigw_auth_state_make(
    ngx_http_apigw_auth_remote_t *remote, ngx_str_t *jwks, ngx_pool_t *pool);
static void ngx_http_apigw_auth_state_put(void *data, ngx_log_t *log);
static void ngx_http_apigw_auth_state_done(ngx_event_t *ev);


ngx_int_t
ngx_http_apigw_auth_state_read(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_http_apigw_auth_remote_t *remote)
{
    const char                         *fault;
    ngx_http_apigw_auth_file_t          file;
    ngx_http_apigw_auth_remote_conf_t  *conf;

    conf = &remote->provider->remote;

    ngx_memzero(&file, sizeof(ngx_http_apigw_auth_file_t));

    if (ngx_http_apigw_auth_file_read(&file, &conf->state_file,
                                      conf->max_size
                                      + 6 * remote->provider->claims.issuer.len
                                      + APIGW_JWKS_STATE_SPARE, NULL)
        != NGX_OK)
    {
        if (file.err != NGX_ENOENT) {
            ngx_http_apigw_auth_block_warn(cf, block,
                           "jwks_state_file \"%V\" %s; it is not used",
                           &conf->state_file, file.fault);
        }

        return NGX_OK;
    }

    fault = (file.mode & (S_IWGRP|S_IWOTH))
            ? "may be written by others"
            : ngx_http_apigw_auth_state_parse(remote, cf->pool, &file.text);

    ngx_http_apigw_auth_file_free(&file);

    if (fault) {
        ngx_http_apigw_auth_block_warn(cf, block,
                       "jwks_state_file \"%V\" %s; it is not used",
                       &conf->state_file, fault);
    }

    return NGX_OK;
}


static const char *
ngx_http_apigw_auth_state_parse(ngx_http_apigw_auth_remote_t *remote,
    ngx_pool_t *pool, ngx_str_t *text)
{
    int64_t                      fetched;
    apigw_str_t                  jwks;
    apigw_arena_t                arena;
    apigw_error_t                err;
    ngx_http_apigw_auth_keys_t  *keys;

    ngx_http_apigw_arena_init(&arena, pool);

    err.word = "could not be read, memory is out";

    if (apigw_jwks_state_read(&jwks, &fetched, &arena, ngx_http_apigw_str(text),
                              remote->provider->claims.issuer, ngx_time(), &err)
        != APIGW_OK)
    {
        return err.word;
    }

    keys = ngx_http_apigw_auth_keys_parse(jwks, 0, NULL, &err);
    if (keys == NULL) {
        return "has a key set that cannot be used";
    }

    ngx_http_apigw_auth_keys_release(keys);

    remote->state.data = ngx_pnalloc(pool, jwks.len);
    if (remote->state.data == NULL) {
        return "could not be read, memory is out";
    }

    ngx_memcpy(remote->state.data, jwks.data, jwks.len);

    remote->state.len = jwks.len;
    remote->state_fetched = fetched;

    return NULL;
}


void
ngx_http_apigw_auth_state_write(ngx_http_apigw_auth_remote_t *remote,
    ngx_str_t *jwks, ngx_log_t *log)
{
    ngx_event_t                   ev;
    ngx_pool_t                   *pool;
    ngx_http_apigw_auth_state_t  *state;
#if (NGX_THREADS)
    ngx_thread_pool_t            *threads;
    static ngx_str_t              name = ngx_string("default");
#endif

    pool = ngx_create_pool(4096, log);
    if (pool == NULL) {
        return;
    }

    state = ngx_http_apigw_auth_state_make(remote, jwks, pool);
    if (state == NULL) {
        ngx_destroy_pool(pool);
        return;
    }

#if (NGX_THREADS)
    threads = ngx_thread_pool_get((ngx_cycle_t *) ngx_cycle, &name);

    state->task.ctx = state;
    state->task.handler = ngx_http_apigw_auth_state_put;
    state->task.event.data = state;
    state->task.event.handler = ngx_http_apigw_auth_state_done;

    if (threads && ngx_thread_task_post(threads, &state->task) == NGX_OK) {
        return;
    }
#endif

    ngx_http_apigw_auth_state_put(state, log);

    ngx_memzero(&ev, sizeof(ngx_event_t));
    ev.data = state;
    ngx_http_apigw_auth_state_done(&ev);
}


static ngx_http_apigw_auth_state_t *
ngx_http_apigw_auth_state_make(ngx_http_apigw_auth_remote_t *remote,
    ngx_str_t *jwks, ngx_pool_t *pool)
{
    size_t                        len;
    ngx_str_t                    *path;
    apigw_arena_t                 arena;
    ngx_http_apigw_auth_state_t  *state;

    path = &remote->provider->remote.state_file;

    state = ngx_pcalloc(pool, sizeof(ngx_http_apigw_auth_state_t));
    if (state == NULL) {
        return NULL;
    }

    ngx_http_apigw_arena_init(&arena, pool);

    if (apigw_jwks_state_write(&state->text, &arena,
                               remote->provider->claims.issuer, ngx_time(),
                               ngx_http_apigw_str(jwks))
        != APIGW_OK)
    {
        return NULL;
    }

    len = path->len + 2 * NGX_INT64_LEN + sizeof("..tmp");

    state->pool = pool;
    state->path = path->data;            /* ends with a null byte */
    state->part = ngx_pnalloc(pool, len);
    if (state->part == NULL) {
        return NULL;
    }

    (void) ngx_sprintf(state->part, "%V.%P%xd.tmp%Z", path, ngx_pid,
                       (int) ngx_random());

    return state;
}


/* In a thread: whole or not at all, whenever the machine stops. */

static void
ngx_http_apigw_auth_state_put(void *data, ngx_log_t *log)
{
    ngx_http_apigw_auth_state_t *state = data;

    int  fd;

    fd = open((char *) state->part, O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0600);

    if (fd == -1) {
        state->err = ngx_errno;
        state->fault = "open()";
        return;
    }

    if (write(fd, state->text.data, state->text.len)
        != (ssize_t) state->text.len)
    {
        state->err = ngx_errno;
        state->fault = "write()";

    } else if (fsync(fd) == -1) {
        state->err = ngx_errno;
        state->fault = "fsync()";
    }

    if (close(fd) == -1 && state->fault == NULL) {
        state->err = ngx_errno;
        state->fault = "close()";
    }

    if (state->fault == NULL
        && rename((char *) state->part, (char *) state->path) == -1)
    {
        state->err = ngx_errno;
        state->fault = "rename()";
    }

    if (state->fault) {
        (void) unlink((char *) state->part);
    }
}


static void
ngx_http_apigw_auth_state_done(ngx_event_t *ev)
{
    ngx_http_apigw_auth_state_t  *state;

    state = ev->data;

    if (state->fault) {
        ngx_log_error(NGX_LOG_CRIT, state->pool->log, state->err,
                      "apigw_auth: %s of jwks_state_file \"%s\" failed",
                      state->fault, state->path);
    }

    ngx_destroy_pool(state->pool);
}
