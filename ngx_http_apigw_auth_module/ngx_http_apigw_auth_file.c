
#include "ngx_http_apigw_auth.h"

#include <grp.h>


static ngx_int_t ngx_http_apigw_auth_file_fail(
    ngx_http_apigw_auth_file_t *file, const char *fault, ngx_err_t err);
static ngx_int_t ngx_http_apigw_auth_file_fd(ngx_http_apigw_auth_file_t *file,
    ngx_fd_t fd, size_t max, ngx_http_apigw_auth_file_t *seen);
static ngx_uint_t ngx_http_apigw_auth_file_same(ngx_http_apigw_auth_file_t *a,
    ngx_http_apigw_auth_file_t *b);
static ngx_uint_t ngx_http_apigw_auth_file_young(
    ngx_http_apigw_auth_file_t *file);
static void ngx_http_apigw_auth_watch_handler(ngx_event_t *ev);
static void ngx_http_apigw_auth_watch_read(void *data, ngx_log_t *log);
static void ngx_http_apigw_auth_watch_end(ngx_event_t *ev);


/*
 * With `seen`, NGX_DECLINED means that the file is still in that state, or too
 * young to be trusted: a writer may be in the midst of it.
 */

ngx_int_t
ngx_http_apigw_auth_file_read(ngx_http_apigw_auth_file_t *file,
    ngx_str_t *path, size_t max, ngx_http_apigw_auth_file_t *seen)
{
    ngx_fd_t   fd;
    ngx_int_t  rc;

    ngx_memzero(file, sizeof(ngx_http_apigw_auth_file_t));

    /* a FIFO without a writer must not hold us up */

    fd = ngx_open_file(path->data, NGX_FILE_RDONLY | NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        return ngx_http_apigw_auth_file_fail(file, ngx_open_file_n " failed",
                                             ngx_errno);
    }

    rc = ngx_http_apigw_auth_file_fd(file, fd, max, seen);

    (void) ngx_close_file(fd);

    if (rc != NGX_OK) {
        ngx_http_apigw_auth_file_free(file);
    }

    return rc;
}


static ngx_int_t
ngx_http_apigw_auth_file_fail(ngx_http_apigw_auth_file_t *file,
    const char *fault, ngx_err_t err)
{
    file->fault = fault;
    file->err = err;

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_apigw_auth_file_fd(ngx_http_apigw_auth_file_t *file, ngx_fd_t fd,
    size_t max, ngx_http_apigw_auth_file_t *seen)
{
    ssize_t          n;
    ngx_file_info_t  fi;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        return ngx_http_apigw_auth_file_fail(file, ngx_fd_info_n " failed",
                                             ngx_errno);
    }

    file->dev = fi.st_dev;
    file->ino = fi.st_ino;
    file->size = fi.st_size;
    file->mtime = fi.st_mtim.tv_sec;
    file->mtime_nsec = fi.st_mtim.tv_nsec;
    file->mode = fi.st_mode;

    if (seen && (ngx_http_apigw_auth_file_same(file, seen)
                 || ngx_http_apigw_auth_file_young(file)))
    {
        return NGX_DECLINED;
    }

    if (!ngx_is_file(&fi)) {
        return ngx_http_apigw_auth_file_fail(file, "is not a regular file", 0);
    }

    if ((uint64_t) file->size > max) {
        return ngx_http_apigw_auth_file_fail(file, "is too large", 0);
    }

    file->text.data = malloc((size_t) file->size + 1);
    if (file->text.data == NULL) {
        return ngx_http_apigw_auth_file_fail(file, "malloc() failed",
                                             ngx_errno);
    }

    while (file->text.len < (size_t) file->size) {
        n = ngx_read_fd(fd, file->text.data + file->text.len,
                        (size_t) file->size - file->text.len);

        if (n == -1 && ngx_errno == NGX_EINTR) {
            continue;
        }

        if (n == -1) {
            return ngx_http_apigw_auth_file_fail(file, ngx_read_fd_n " failed",
                                                 ngx_errno);
        }

        if (n == 0) {
            return ngx_http_apigw_auth_file_fail(file, "was cut short", 0);
        }

        file->text.len += n;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_apigw_auth_file_same(ngx_http_apigw_auth_file_t *a,
    ngx_http_apigw_auth_file_t *b)
{
    return a->dev == b->dev
           && a->ino == b->ino
           && a->size == b->size
           && a->mtime == b->mtime
           && a->mtime_nsec == b->mtime_nsec;
}


/* Changed within the last second; a date in the future says nothing. */

static ngx_uint_t
ngx_http_apigw_auth_file_young(ngx_http_apigw_auth_file_t *file)
{
    time_t  now = time(NULL);

    return file->mtime <= now && now - file->mtime < 2;
}


void
ngx_http_apigw_auth_file_free(ngx_http_apigw_auth_file_t *file)
{
    if (file->text.data == NULL) {
        return;
    }

    ngx_explicit_memzero(file->text.data, file->text.len);
    free(file->text.data);

    ngx_str_null(&file->text);
}


/*
 * Tries it as nginx's user, which ACLs and modes of folders above call for. The
 * master has one thread while it starts.
 */

ngx_int_t
ngx_http_apigw_auth_file_allowed(ngx_cycle_t *cycle, ngx_str_t *path,
    ngx_uint_t make)
{
    int               n;
    gid_t            *groups;
    ngx_int_t         rc;
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    if (geteuid() != 0 || ccf->user == 0) {
        return NGX_OK;                   /* workers are what we are */
    }

    n = getgroups(0, NULL);
    if (n == -1) {
        return NGX_ERROR;
    }

    groups = ngx_palloc(cycle->pool, (n + 1) * sizeof(gid_t));
    if (groups == NULL) {
        return NGX_ERROR;
    }

    n = getgroups(n, groups);
    if (n == -1) {
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    if (initgroups(ccf->username, ccf->group) == 0
        && setegid(ccf->group) == 0
        && seteuid(ccf->user) == 0)
    {
        rc = faccessat(AT_FDCWD, (char *) path->data,
                       make ? W_OK | X_OK : R_OK, AT_EACCESS) == 0
             ? NGX_OK : NGX_DECLINED;
    }

    if (seteuid(0) == -1 || setegid(getgid()) == -1
        || setgroups(n, groups) == -1)
    {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "apigw_auth: cannot become root again");
        return NGX_ERROR;
    }

    return rc;
}


void
ngx_http_apigw_auth_watch_start(ngx_http_apigw_auth_watch_t *watch,
    ngx_cycle_t *cycle)
{
#if (NGX_THREADS)
    static ngx_str_t  pool = ngx_string("default");

    watch->threads = ngx_thread_pool_get(cycle, &pool);
    watch->task.ctx = watch;
    watch->task.handler = ngx_http_apigw_auth_watch_read;
    watch->task.event.data = watch;
    watch->task.event.handler = ngx_http_apigw_auth_watch_end;
#endif

    watch->timer.handler = ngx_http_apigw_auth_watch_handler;
    watch->timer.data = watch;
    watch->timer.log = cycle->log;
    watch->timer.cancelable = 1;         /* an old worker may exit */

    ngx_add_timer(&watch->timer, watch->interval);
}


static void
ngx_http_apigw_auth_watch_handler(ngx_event_t *ev)
{
    ngx_event_t                   end;
    ngx_http_apigw_auth_watch_t  *watch;

    watch = ev->data;

    if (ngx_exiting || ngx_quit || ngx_terminate) {
        return;
    }

    if (watch->sync) {
        watch->sync(watch);
    }

#if (NGX_THREADS)
    if (watch->threads) {
        if (ngx_thread_task_post(watch->threads, &watch->task) != NGX_OK) {
            ngx_add_timer(ev, watch->interval);
        }

        return;
    }
#endif

    ngx_http_apigw_auth_watch_read(watch, ev->log);

    ngx_memzero(&end, sizeof(ngx_event_t));
    end.data = watch;
    ngx_http_apigw_auth_watch_end(&end);
}


/* In a thread: no pools of the worker, no logging. */

static void
ngx_http_apigw_auth_watch_read(void *data, ngx_log_t *log)
{
    ngx_http_apigw_auth_watch_t *watch = data;

    ngx_int_t  rc;

    watch->loaded = 0;

    rc = ngx_http_apigw_auth_file_read(&watch->file, &watch->path, watch->max,
                                       &watch->seen);
    if (rc != NGX_OK) {
        return;
    }

    watch->loaded = 1;
    watch->load(watch, &watch->file.text);

    ngx_http_apigw_auth_file_free(&watch->file);
}


static void
ngx_http_apigw_auth_watch_end(ngx_event_t *ev)
{
    ngx_log_t                    *log;
    ngx_uint_t                    repeated;
    ngx_http_apigw_auth_watch_t  *watch;

    watch = ev->data;
    log = watch->timer.log;

    if (watch->file.fault) {
        repeated = watch->seen.fault && watch->seen.err == watch->file.err
                   && ngx_strcmp(watch->seen.fault, watch->file.fault) == 0;

        if (!repeated) {
            ngx_log_error(NGX_LOG_ERR, log, watch->file.err,
                          "apigw_auth: \"%V\" %s, what was read before stays "
                          "in force", &watch->path, watch->file.fault);
        }

        watch->seen = watch->file;

    } else if (watch->loaded) {
        watch->seen = watch->file;
        watch->done(watch, log);
    }

    if (watch->looked) {
        watch->looked(watch);
    }

    if (!ngx_exiting) {
        ngx_add_timer(&watch->timer, watch->interval);
    }
}
