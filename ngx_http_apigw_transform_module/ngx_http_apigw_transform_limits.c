
/*
 * Directives that set bounds and policies, apart from sets and their uses.
 */


#include "ngx_http_apigw_transform.h"


static ngx_int_t ngx_http_apigw_transform_duplicates_parse(ngx_str_t *value,
    ngx_uint_t *policy);


char *
ngx_http_apigw_transform_size(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char *p = conf;

    size_t                                 *field;
    ssize_t                                 size;
    ngx_str_t                              *value;
    ngx_http_apigw_transform_size_range_t  *range;

    range = cmd->post;
    field = (size_t *) (p + cmd->offset);

    if (*field != NGX_CONF_UNSET_SIZE) {
        return "is duplicate";
    }

    value = cf->args->elts;

    size = ngx_parse_size(&value[1]);

    if (size == NGX_ERROR
        || (size_t) size < range->min
        || (size_t) size > range->max)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "apigw_transform: %V: invalid size \"%V\"; write "
                           "%uz to %uz bytes, k or m may follow",
                           &cmd->name, &value[1], range->min, range->max);
        return NGX_CONF_ERROR;
    }

    *field = size;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_transform_depth(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_apigw_transform_loc_conf_t *tlcf = conf;

    ngx_int_t   n;
    ngx_str_t  *value;

    if (tlcf->max_depth != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    n = ngx_atoi(value[1].data, value[1].len);

    if (n == NGX_ERROR || n < 1 || n > 512) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "apigw_transform: %V: invalid depth \"%V\"; write "
                           "1 to 512", &cmd->name, &value[1]);
        return NGX_CONF_ERROR;
    }

    tlcf->max_depth = n;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_transform_duplicates(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_transform_loc_conf_t *tlcf = conf;

    ngx_str_t   *value, policy;
    ngx_uint_t   i, *field;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "request=", 8) == 0) {
            field = &tlcf->request_duplicates;
            policy.data = value[i].data + 8;
            policy.len = value[i].len - 8;

        } else if (ngx_strncmp(value[i].data, "response=", 9) == 0) {
            field = &tlcf->response_duplicates;
            policy.data = value[i].data + 9;
            policy.len = value[i].len - 9;

        } else {
            field = NULL;
        }

        if (field && *field != NGX_CONF_UNSET_UINT) {
            return "is duplicate";
        }

        if (field == NULL
            || ngx_http_apigw_transform_duplicates_parse(&policy, field)
               != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "apigw_transform: %V: unknown parameter "
                               "\"%V\"; write request= or response= with "
                               "reject, last or pass", &cmd->name, &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_apigw_transform_duplicates_parse(ngx_str_t *value, ngx_uint_t *policy)
{
    if (ngx_strcmp(value->data, "reject") == 0) {
        *policy = APIGW_TRANSFORM_REJECT;
        return NGX_OK;
    }

    if (ngx_strcmp(value->data, "last") == 0) {
        *policy = APIGW_TRANSFORM_LAST;
        return NGX_OK;
    }

    if (ngx_strcmp(value->data, "pass") == 0) {
        *policy = APIGW_TRANSFORM_PASS;
        return NGX_OK;
    }

    return NGX_ERROR;
}
