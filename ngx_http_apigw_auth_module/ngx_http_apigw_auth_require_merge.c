
#include "ngx_http_apigw_auth.h"


static ngx_int_t ngx_http_apigw_auth_require_join(ngx_conf_t *cf,
    ngx_http_apigw_auth_loc_conf_t *conf, ngx_array_t *inherited);
static ngx_int_t ngx_http_apigw_auth_require_scope(ngx_conf_t *cf,
    ngx_http_apigw_auth_loc_conf_t *conf);
static ngx_uint_t ngx_http_apigw_auth_require_listed(
    ngx_http_apigw_auth_loc_conf_t *conf, ngx_uint_t i, size_t k);


char *
ngx_http_apigw_auth_require_merge(ngx_conf_t *cf,
    ngx_http_apigw_auth_loc_conf_t *prev, ngx_http_apigw_auth_loc_conf_t *conf,
    ngx_uint_t off)
{
    ngx_array_t  *inherited;

    inherited = (conf->reset == 1 || off) ? NULL : prev->requires;

    if (ngx_http_apigw_auth_require_policed(cf, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->requires == NULL) {
        conf->requires = inherited;
        conf->scope = prev->scope;

        if (inherited == NULL) {
            ngx_str_null(&conf->scope);
        }

        return NGX_CONF_OK;
    }

    if (ngx_http_apigw_auth_require_join(cf, conf, inherited) != NGX_OK
        || ngx_http_apigw_auth_require_scope(cf, conf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/*
 * What is required where nobody is asked who he is would be no protection, yet
 * look like one.
 */

ngx_int_t
ngx_http_apigw_auth_require_policed(ngx_conf_t *cf,
    ngx_http_apigw_auth_loc_conf_t *conf)
{
    if (conf->requires == NULL
        || (conf->policy != NULL && conf->policy != NGX_CONF_UNSET_PTR))
    {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "apigw_auth: a requirement where \"apigw_auth\" is off; "
                  "write \"apigw_auth\" at the same level or above, or remove "
                  "the requirement in %s:%ui",
                  conf->place.file, conf->place.line);

    return NGX_ERROR;
}


/* Sorted by need, the parent's first. */

static ngx_int_t
ngx_http_apigw_auth_require_join(ngx_conf_t *cf,
    ngx_http_apigw_auth_loc_conf_t *conf, ngx_array_t *inherited)
{
    ngx_uint_t                      i, n, need;
    ngx_array_t                    *joined, *lists[2];
    ngx_http_apigw_auth_require_t  *from, *to;

    joined = ngx_array_create(cf->pool, 4,
                              sizeof(ngx_http_apigw_auth_require_t));
    if (joined == NULL) {
        return NGX_ERROR;
    }

    lists[0] = inherited;
    lists[1] = conf->requires;

    for (need = 0; need <= NGX_HTTP_APIGW_AUTH_NEED_VALUE; need++) {

        for (n = 0; n < 2; n++) {

            if (lists[n] == NULL) {
                continue;
            }

            from = lists[n]->elts;

            for (i = 0; i < lists[n]->nelts; i++) {

                if (from[i].need != need) {
                    continue;
                }

                to = ngx_array_push(joined);
                if (to == NULL) {
                    return NGX_ERROR;
                }

                *to = from[i];
            }
        }
    }

    conf->requires = joined;

    return NGX_OK;
}


/* Joins the required scopes, each once, for challenges. */

static ngx_int_t
ngx_http_apigw_auth_require_scope(ngx_conf_t *cf,
    ngx_http_apigw_auth_loc_conf_t *conf)
{
    size_t                          k, len;
    u_char                         *p;
    ngx_uint_t                      i;
    apigw_str_t                    *name;
    ngx_http_apigw_auth_require_t  *need;

    need = conf->requires->elts;
    len = 0;

    for (i = 0; i < conf->requires->nelts; i++) {
        if (need[i].need == NGX_HTTP_APIGW_AUTH_NEED_SCOPE) {
            for (k = 0; k < need[i].list.nelts; k++) {
                len += need[i].list.elts[k].len + 1;
            }
        }
    }

    if (len == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(cf->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    conf->scope.data = p;

    for (i = 0; i < conf->requires->nelts; i++) {

        if (need[i].need != NGX_HTTP_APIGW_AUTH_NEED_SCOPE) {
            continue;
        }

        for (k = 0; k < need[i].list.nelts; k++) {
            if (ngx_http_apigw_auth_require_listed(conf, i, k)) {
                continue;
            }

            if (p != conf->scope.data) {
                *p++ = ' ';
            }

            name = &need[i].list.elts[k];
            p = ngx_cpymem(p, name->data, name->len);
        }
    }

    conf->scope.len = p - conf->scope.data;

    return NGX_OK;
}


/* Whether an earlier requirement names the k-th scope of the i-th too. */

static ngx_uint_t
ngx_http_apigw_auth_require_listed(ngx_http_apigw_auth_loc_conf_t *conf,
    ngx_uint_t i, size_t k)
{
    size_t                          m;
    ngx_uint_t                      n;
    ngx_http_apigw_auth_require_t  *need;

    need = conf->requires->elts;

    for (n = 0; n <= i; n++) {

        if (need[n].need != NGX_HTTP_APIGW_AUTH_NEED_SCOPE) {
            continue;
        }

        for (m = 0; m < (n == i ? k : need[n].list.nelts); m++) {
            if (apigw_str_eq(need[n].list.elts[m], need[i].list.elts[k])) {
                return 1;
            }
        }
    }

    return 0;
}
