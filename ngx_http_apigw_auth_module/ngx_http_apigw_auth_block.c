
#include "ngx_http_apigw_auth.h"


static char *ngx_http_apigw_auth_block_param(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_apigw_auth_block_unknown(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *name);


char *
ngx_http_apigw_auth_block_read(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block)
{
    char                             *rv;
    ngx_conf_t                        save;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    amcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_apigw_auth_module);
    amcf->zone.needed = 1;

    ngx_http_apigw_arena_init(&block->arena, cf->pool);

    rv = ngx_http_apigw_auth_block_name(cf, block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ngx_http_apigw_auth_fingerprint(block->fingerprint, &block->name, 1)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    save = *cf;
    cf->handler = ngx_http_apigw_auth_block_param;
    cf->handler_conf = (void *) block;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    return rv;
}


char *
ngx_http_apigw_auth_block_name(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block)
{
    size_t   i;
    u_char   ch;

    for (i = 0; i < block->name.len; i++) {
        ch = block->name.data[i];

        if ((ch >= '0' && ch <= '9') || ((ch | 0x20) >= 'a'
            && (ch | 0x20) <= 'z') || ch == '_' || ch == '-' || ch == '.')
        {
            continue;
        }

        break;
    }

    if (i == 0 || i < block->name.len) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                            "invalid name; use letters, digits, \"_\", \"-\" "
                            "and \".\"");
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_block_param(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_apigw_auth_block_t *block = conf;

    ngx_str_t                    *value;
    ngx_uint_t                    i, n;
    ngx_http_apigw_auth_param_t  *param;

    value = cf->args->elts;
    n = cf->args->nelts - 1;

    for (i = 0; block->params[i].name.len; i++) {
        param = &block->params[i];

        if (param->name.len != value[0].len
            || ngx_strcmp(param->name.data, value[0].data) != 0)
        {
            continue;
        }

        if (block->seen & ((uint64_t) 1 << i)) {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "duplicate \"%V\"; write it once", &value[0]);
        }

        if (n < param->min || (param->max && n > param->max)) {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "invalid number of arguments in \"%V\"; it "
                                  "takes %s", &value[0],
                                  param->max == 1 ? "one" : "one or more");
        }

        block->seen |= (uint64_t) 1 << i;
        block->param = param;

        if (ngx_http_apigw_auth_fingerprint(block->fingerprint, value,
                                            cf->args->nelts)
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }

        return param->set(cf, block, &value[1], n);
    }

    return ngx_http_apigw_auth_block_unknown(cf, block, &value[0]);
}


static char *
ngx_http_apigw_auth_block_unknown(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *name)
{
    u_char      *p, *last, list[NGX_MAX_CONF_ERRSTR / 2];
    ngx_uint_t   i;

    p = list;
    last = list + sizeof(list);

    for (i = 0; block->params[i].name.len; i++) {
        p = ngx_slprintf(p, last, "%s%V", i ? ", " : "",
                         &block->params[i].name);
    }

    return ngx_http_apigw_auth_block_fault(cf, block,
                            "unknown parameter \"%V\"; the parameters are %*s",
                            name, (size_t) (p - list), list);
}


void *
ngx_http_apigw_auth_block_find(ngx_array_t *blocks, ngx_str_t *name)
{
    ngx_str_t   **block;
    ngx_uint_t    i;

    block = blocks->elts;

    for (i = 0; i < blocks->nelts; i++) {
        if (block[i]->len == name->len
            && ngx_strncmp(block[i]->data, name->data, name->len) == 0)
        {
            return block[i];
        }
    }

    return NULL;
}


ngx_uint_t
ngx_http_apigw_auth_block_has(ngx_http_apigw_auth_block_t *block,
    const char *param)
{
    ngx_uint_t  i;

    for (i = 0; block->params[i].name.len; i++) {
        if (ngx_strcmp(block->params[i].name.data, param) == 0) {
            return (block->seen >> i) & 1;
        }
    }

    return 0;
}


char *
ngx_http_apigw_auth_block_fault(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, const char *fmt, ...)
{
    u_char   *p, text[NGX_MAX_CONF_ERRSTR];
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(text, text + sizeof(text), fmt, args);
    va_end(args);

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "apigw_auth: %s \"%V\": %*s",
                       block->kind, &block->name, (size_t) (p - text), text);

    return NGX_CONF_ERROR;
}


void
ngx_http_apigw_auth_block_warn(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, const char *fmt, ...)
{
    u_char   *p, text[NGX_MAX_CONF_ERRSTR];
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(text, text + sizeof(text), fmt, args);
    va_end(args);

    ngx_conf_log_error(NGX_LOG_WARN, cf, 0, "apigw_auth: %s \"%V\": %*s",
                       block->kind, &block->name, (size_t) (p - text), text);
}


ngx_int_t
ngx_http_apigw_auth_block_list(apigw_arena_t *arena, apigw_str_list_t *list,
    ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_uint_t  i;

    list->elts = apigw_arena_array(arena, nargs, sizeof(apigw_str_t));
    if (list->elts == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < nargs; i++) {
        list->elts[i] = ngx_http_apigw_str(&args[i]);
    }

    list->nelts = nargs;

    return NGX_OK;
}


char *
ngx_http_apigw_auth_block_off(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs,
    ngx_uint_t *off)
{
    ngx_uint_t  i;

    *off = 0;

    for (i = 0; i < nargs; i++) {
        *off |= (ngx_strcmp(args[i].data, "off") == 0);
    }

    if (*off && nargs > 1) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "\"off\" beside others in \"%V\"; write it "
                              "alone, or leave it out", &block->param->name);
    }

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_block_file(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, const char *param, ngx_str_t *path,
    size_t max, ngx_http_apigw_auth_file_t *file)
{
    u_char  *p, err[NGX_MAX_ERROR_STR];

    if (ngx_conf_full_name(cf->cycle, path, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_apigw_auth_file_read(file, path, max, NULL) == NGX_OK) {
        return NGX_CONF_OK;
    }

    p = err;

    if (file->err) {
        p = ngx_strerror(file->err, err, sizeof(err));
    }

    return ngx_http_apigw_auth_block_fault(cf, block,
                          "%s \"%V\" %s%s%*s; give a readable file of at most "
                          "%uz bytes", param, path, file->fault,
                          file->err ? ": " : "", (size_t) (p - err), err, max);
}


char *
ngx_http_apigw_auth_block_secret(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, const char *param, ngx_str_t *path,
    ngx_http_apigw_auth_file_t *file)
{
    if ((file->mode & S_IRWXO) == 0) {
        return NGX_CONF_OK;
    }

    return ngx_http_apigw_auth_block_fault(cf, block,
                          "%s \"%V\" holds secrets and others may use it; run "
                          "chmod 0640 on it", param, path);
}


char *
ngx_http_apigw_auth_block_reread(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, const char *param, ngx_str_t *path,
    ngx_uint_t make)
{
    ngx_http_apigw_auth_reread_t     *reread;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    amcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_apigw_auth_module);

    reread = ngx_array_push(&amcf->rereads);
    if (reread == NULL) {
        return NGX_CONF_ERROR;
    }

    reread->kind = block->kind;
    reread->name = block->name;
    reread->param = param;
    reread->path = *path;
    reread->make = make;

    ngx_http_apigw_auth_place(cf, &reread->place);

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_fault(ngx_conf_t *cf, const char *fmt, ...)
{
    u_char   *p, text[NGX_MAX_CONF_ERRSTR];
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(text, text + sizeof(text), fmt, args);
    va_end(args);

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "apigw_auth: %*s",
                       (size_t) (p - text), text);

    return NGX_CONF_ERROR;
}
