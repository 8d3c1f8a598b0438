
#include "ngx_http_apigw_auth.h"


static ngx_int_t ngx_http_apigw_auth_zone_init(ngx_shm_zone_t *zone,
    void *data);
static ngx_int_t ngx_http_apigw_auth_zone_reread(ngx_cycle_t *cycle,
    ngx_http_apigw_auth_reread_t *reread);


/*
 * The module's own zone. nginx makes zones when the whole configuration is
 * read, "user" included, and a failure there leaves the old one in force: so
 * what depends on the user is checked then.
 */

ngx_int_t
ngx_http_apigw_auth_zone_add(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf)
{
    static ngx_str_t  name = ngx_string("apigw_auth");

    if (amcf->zone) {
        return NGX_OK;
    }

    amcf->zone = ngx_shared_memory_add(cf, &name, 8 * ngx_pagesize,
                                       &ngx_http_apigw_auth_module);
    if (amcf->zone == NULL) {
        return NGX_ERROR;
    }

    amcf->zone->init = ngx_http_apigw_auth_zone_init;
    amcf->zone->data = amcf;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_zone_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_uint_t                        i;
    ngx_http_apigw_auth_reread_t     *reread;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    amcf = zone->data;
    reread = amcf->rereads.elts;

    for (i = 0; i < amcf->rereads.nelts; i++) {
        if (ngx_http_apigw_auth_zone_reread(amcf->cycle, &reread[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_zone_reread(ngx_cycle_t *cycle,
    ngx_http_apigw_auth_reread_t *reread)
{
    ngx_int_t  rc;

    rc = ngx_http_apigw_auth_file_readable(cycle, &reread->path);

    if (rc == NGX_OK) {
        return NGX_OK;
    }

    if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "apigw_auth: %s \"%V\": nginx's user may not read %s "
                      "\"%V\", which workers look at again; give it the user's "
                      "group and mode 0640 in %s:%ui", reread->kind,
                      &reread->name, reread->param, &reread->path,
                      reread->place.file, reread->place.line);

    } else {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno,
                      "apigw_auth: %s \"%V\": cannot tell whether nginx's user "
                      "may read %s \"%V\"; correct \"user\" in %s:%ui",
                      reread->kind, &reread->name, reread->param,
                      &reread->path, reread->place.file, reread->place.line);
    }

    return NGX_ERROR;
}
