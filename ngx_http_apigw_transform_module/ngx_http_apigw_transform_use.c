
/*
 * apigw_request_transform and apigw_response_transform: a set, and the
 * conditions under which it applies.
 */


#include "ngx_http_apigw_transform.h"


static ngx_http_apigw_transform_use_t *ngx_http_apigw_transform_use_push(
    ngx_conf_t *cf, ngx_array_t **uses);
static ngx_int_t ngx_http_apigw_transform_use_mention(ngx_conf_t *cf,
    ngx_http_apigw_transform_use_t *use, ngx_uint_t response);
static char *ngx_http_apigw_transform_use_parameter(ngx_conf_t *cf,
    ngx_http_apigw_transform_use_t *use, ngx_uint_t response,
    ngx_str_t *directive, ngx_str_t *parameter);
static ngx_int_t ngx_http_apigw_transform_use_status(ngx_conf_t *cf,
    ngx_http_apigw_transform_use_t *use, ngx_str_t *list);
static ngx_int_t ngx_http_apigw_transform_use_types(ngx_conf_t *cf,
    ngx_http_apigw_transform_use_t *use, ngx_str_t *list);
static ngx_uint_t ngx_http_apigw_transform_use_type_valid(ngx_str_t *type);
static ngx_uint_t ngx_http_apigw_transform_use_next(ngx_str_t *list,
    ngx_str_t *item);


char *
ngx_http_apigw_transform_use(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char *p = conf;

    char                            *rv;
    ngx_str_t                       *value;
    ngx_uint_t                       i, response;
    ngx_array_t                    **uses;
    ngx_http_apigw_transform_use_t  *use;

    value = cf->args->elts;
    uses = (ngx_array_t **) (p + cmd->offset);

    response = (cmd->offset
                == offsetof(ngx_http_apigw_transform_loc_conf_t, response));

    if (ngx_strcmp(value[1].data, "off") == 0 && cf->args->nelts == 2) {

        if (*uses != NGX_CONF_UNSET_PTR) {
            return "is duplicate";
        }

        *uses = NULL;

        return NGX_CONF_OK;
    }

    if (*uses == NULL) {
        return "is duplicate";
    }

    use = ngx_http_apigw_transform_use_push(cf, uses);
    if (use == NULL) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_apigw_transform_use_mention(cf, use, response) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        rv = ngx_http_apigw_transform_use_parameter(cf, use, response,
                                                    &cmd->name, &value[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return NGX_CONF_OK;
}


static ngx_http_apigw_transform_use_t *
ngx_http_apigw_transform_use_push(ngx_conf_t *cf, ngx_array_t **uses)
{
    ngx_str_t                       *value;
    ngx_http_apigw_transform_use_t  *use;

    value = cf->args->elts;

    if (*uses == NGX_CONF_UNSET_PTR) {
        *uses = ngx_array_create(cf->pool, 2,
                                 sizeof(ngx_http_apigw_transform_use_t));
        if (*uses == NULL) {
            return NULL;
        }
    }

    if ((*uses)->nelts == APIGW_TRANSFORM_MAX_SETS) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "apigw_transform: %V: more than %d sets at one "
                           "level; join some of them", &value[0],
                           APIGW_TRANSFORM_MAX_SETS);
        return NULL;
    }

    use = ngx_array_push(*uses);
    if (use == NULL) {
        return NULL;
    }

    ngx_memzero(use, sizeof(ngx_http_apigw_transform_use_t));

    return use;
}


static ngx_int_t
ngx_http_apigw_transform_use_mention(ngx_conf_t *cf,
    ngx_http_apigw_transform_use_t *use, ngx_uint_t response)
{
    ngx_str_t                             *value;
    ngx_http_apigw_transform_mention_t    *mention;
    ngx_http_apigw_transform_main_conf_t  *tmcf;

    tmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_apigw_transform_module);

    value = cf->args->elts;

    use->set = ngx_http_apigw_transform_set_get(cf, tmcf, &value[1]);
    if (use->set == NULL) {
        return NGX_ERROR;
    }

    mention = ngx_array_push(&tmcf->mentions);
    if (mention == NULL) {
        return NGX_ERROR;
    }

    mention->set = use->set;
    mention->response = response;
    mention->file = cf->conf_file->file.name.data;
    mention->line = cf->conf_file->line;

    return NGX_OK;
}


static char *
ngx_http_apigw_transform_use_parameter(ngx_conf_t *cf,
    ngx_http_apigw_transform_use_t *use, ngx_uint_t response,
    ngx_str_t *directive, ngx_str_t *parameter)
{
    ngx_str_t    text;
    const char  *mend;

    if (ngx_strncmp(parameter->data, "if=", 3) == 0) {
        text.data = parameter->data + 3;
        text.len = parameter->len - 3;

        if (use->condition) {
            return "has a duplicate \"if=\"";
        }

        use->condition = ngx_palloc(cf->pool,
                                    sizeof(ngx_http_complex_value_t));
        if (use->condition == NULL
            || ngx_http_apigw_transform_text(cf, &text, directive,
                                             use->condition)
               != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }

        if (use->condition->lengths) {
            return NGX_CONF_OK;
        }

        mend = "write a variable, such as \"if=$arg_name\"";

    } else if (ngx_strncmp(parameter->data, "type=", 5) == 0) {
        text.data = parameter->data + 5;
        text.len = parameter->len - 5;

        if (use->types) {
            return "has a duplicate \"type=\"";
        }

        if (ngx_http_apigw_transform_use_types(cf, use, &text) == NGX_OK) {
            return NGX_CONF_OK;
        }

        mend = "write media types such as \"application/json\" or suffixes "
               "such as \"+json\", separated by commas";

    } else if (response && ngx_strncmp(parameter->data, "status=", 7) == 0) {
        text.data = parameter->data + 7;
        text.len = parameter->len - 7;

        if (use->status) {
            return "has a duplicate \"status=\"";
        }

        if (ngx_http_apigw_transform_use_status(cf, use, &text) == NGX_OK) {
            return NGX_CONF_OK;
        }

        mend = "write codes and ranges from 100 to 599 such as "
               "\"200-299,404\"";

    } else {
        mend = response ? "write status=, type= or if=" : "write type= or if=";
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "apigw_transform: %V: invalid parameter \"%V\"; %s",
                       directive, parameter, mend);

    return NGX_CONF_ERROR;
}


static ngx_int_t
ngx_http_apigw_transform_use_status(ngx_conf_t *cf,
    ngx_http_apigw_transform_use_t *use, ngx_str_t *list)
{
    u_char                            *dash;
    ngx_int_t                          first, last;
    ngx_str_t                          item;
    ngx_http_apigw_transform_range_t  *range;

    use->status = ngx_array_create(cf->pool, 2,
                                   sizeof(ngx_http_apigw_transform_range_t));
    if (use->status == NULL) {
        return NGX_ERROR;
    }

    while (ngx_http_apigw_transform_use_next(list, &item)) {

        dash = ngx_strlchr(item.data, item.data + item.len, '-');

        if (dash) {
            first = ngx_atoi(item.data, dash - item.data);
            last = ngx_atoi(dash + 1, item.data + item.len - dash - 1);

        } else {
            first = ngx_atoi(item.data, item.len);
            last = first;
        }

        if (first < 100 || last < first || last > 599) {
            return NGX_ERROR;
        }

        range = ngx_array_push(use->status);
        if (range == NULL) {
            return NGX_ERROR;
        }

        range->first = first;
        range->last = last;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_transform_use_types(ngx_conf_t *cf,
    ngx_http_apigw_transform_use_t *use, ngx_str_t *list)
{
    ngx_str_t  item, *type;

    use->types = ngx_array_create(cf->pool, 2, sizeof(ngx_str_t));
    if (use->types == NULL) {
        return NGX_ERROR;
    }

    while (ngx_http_apigw_transform_use_next(list, &item)) {

        if (!ngx_http_apigw_transform_use_type_valid(&item)) {
            return NGX_ERROR;
        }

        type = ngx_array_push(use->types);
        if (type == NULL) {
            return NGX_ERROR;
        }

        *type = item;
    }

    return NGX_OK;
}


/* "token/token", or "+token" for a suffix. */

static ngx_uint_t
ngx_http_apigw_transform_use_type_valid(ngx_str_t *type)
{
    u_char     *slash;
    ngx_str_t   part;

    part = *type;

    if (part.len && part.data[0] == '+') {
        part.data++;
        part.len--;

        return ngx_http_apigw_header_name_valid(&part);
    }

    slash = ngx_strlchr(part.data, part.data + part.len, '/');

    if (slash == NULL) {
        return 0;
    }

    part.len = slash - part.data;

    if (!ngx_http_apigw_header_name_valid(&part)) {
        return 0;
    }

    part.data = slash + 1;
    part.len = type->data + type->len - part.data;

    return ngx_http_apigw_header_name_valid(&part);
}


/* Takes the next of a comma-separated list, an empty one too, or says no. */

static ngx_uint_t
ngx_http_apigw_transform_use_next(ngx_str_t *list, ngx_str_t *item)
{
    u_char  *comma;

    if (list->data == NULL) {
        return 0;
    }

    *item = *list;

    comma = ngx_strlchr(list->data, list->data + list->len, ',');

    if (comma == NULL) {
        list->data = NULL;
        return 1;
    }

    item->len = comma - list->data;

    list->data = comma + 1;
    list->len -= item->len + 1;

    return 1;
}


ngx_uint_t
ngx_http_apigw_transform_has_json(ngx_array_t *uses)
{
    ngx_uint_t                       i;
    ngx_http_apigw_transform_use_t  *use;

    if (uses == NULL) {
        return 0;
    }

    use = uses->elts;

    for (i = 0; i < uses->nelts; i++) {
        if (use[i].set->json) {
            return 1;
        }
    }

    return 0;
}
