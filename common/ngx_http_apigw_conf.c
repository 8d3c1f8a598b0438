
#include "ngx_http_apigw_conf.h"


char *
ngx_http_apigw_conf_set_word(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    u_char           *p, *last, words[NGX_MAX_CONF_ERRSTR / 2];
    ngx_str_t        *value;
    ngx_uint_t        i, *field;
    ngx_conf_enum_t  *e;

    field = (ngx_uint_t *) ((char *) conf + cmd->offset);

    if (*field != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;
    e = cmd->post;
    p = words;
    last = words + sizeof(words);

    for (i = 0; e[i].name.len; i++) {

        if (e[i].name.len == value[1].len
            && ngx_strcmp(e[i].name.data, value[1].data) == 0)
        {
            *field = e[i].value;
            return NGX_CONF_OK;
        }

        p = ngx_slprintf(p, last, "%s\"%V\"",
                         i == 0 ? "" : e[i + 1].name.len ? ", " : " or ",
                         &e[i].name);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "%V: invalid value \"%V\"; write %*s", &cmd->name,
                       &value[1], (size_t) (p - words), words);

    return NGX_CONF_ERROR;
}
