
#include "ngx_http_apigw_redis_node.h"


#define NGX_HTTP_APIGW_REDIS_MAX_SECRET  4096      /* bytes */


static ngx_int_t ngx_http_apigw_redis_secret_read_fd(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store, ngx_str_t *path, ngx_fd_t fd,
    ngx_str_t *value);
static void ngx_http_apigw_redis_secret_wipe(void *data);


ngx_int_t
ngx_http_apigw_redis_secret_read(ngx_conf_t *cf, ngx_http_apigw_redis_t *store,
    ngx_str_t *path, ngx_str_t *value)
{
    ngx_fd_t   fd;
    ngx_int_t  rc;

    fd = ngx_open_file(path->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" of %V failed",
                           path, &store->block);
        return NGX_ERROR;
    }

    rc = ngx_http_apigw_redis_secret_read_fd(cf, store, path, fd, value);

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", path);
    }

    return rc;
}


static ngx_int_t
ngx_http_apigw_redis_secret_read_fd(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store, ngx_str_t *path, ngx_fd_t fd,
    ngx_str_t *value)
{
    u_char              *buf;
    ssize_t              n;
    ngx_file_info_t      fi;
    ngx_pool_cleanup_t  *cln;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_fd_info_n " \"%V\" of %V failed",
                           path, &store->block);
        return NGX_ERROR;
    }

    if (ngx_file_access(&fi) & S_IROTH) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%V\" of %V is readable by everyone, "
                           "use \"chmod o= %V\"", path, &store->block, path);
    }

    buf = ngx_pcalloc(cf->pool, NGX_HTTP_APIGW_REDIS_MAX_SECRET + 1);
    if (buf == NULL) {
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_apigw_redis_secret_wipe;
    cln->data = buf;

    n = ngx_read_fd(fd, buf, NGX_HTTP_APIGW_REDIS_MAX_SECRET + 1);

    if (n == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_read_fd_n " \"%V\" of %V failed",
                           path, &store->block);
        return NGX_ERROR;
    }

    value->data = buf;
    value->len = (size_t) n;

    if (value->len && buf[value->len - 1] == '\n') {
        value->len--;
    }

    if (value->len && buf[value->len - 1] == '\r') {
        value->len--;
    }

    if (value->len == 0 || n > NGX_HTTP_APIGW_REDIS_MAX_SECRET
        || ngx_strlchr(buf, buf + value->len, '\n'))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" of %V must hold one line of 1 to %d bytes",
                           path, &store->block,
                           NGX_HTTP_APIGW_REDIS_MAX_SECRET);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_apigw_redis_secret_wipe(void *data)
{
    ngx_explicit_memzero(data, NGX_HTTP_APIGW_REDIS_MAX_SECRET + 1);
}
