
#include "ngx_http_apigw_transform.h"


/* What the lines of a block are read with. */

typedef struct {
    ngx_http_apigw_transform_set_t  *set;
    apigw_arena_t                    arena;
} ngx_http_apigw_transform_block_t;


static char *ngx_http_apigw_transform_line(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf);
static char *ngx_http_apigw_transform_line_json(ngx_conf_t *cf,
    ngx_http_apigw_transform_block_t *block);
static char *ngx_http_apigw_transform_line_query(ngx_conf_t *cf,
    ngx_http_apigw_transform_block_t *block);
static char *ngx_http_apigw_transform_compile(ngx_conf_t *cf,
    ngx_http_apigw_transform_set_t *set);
static apigw_str_t *ngx_http_apigw_transform_args(ngx_conf_t *cf);
static char *ngx_http_apigw_transform_value(ngx_conf_t *cf,
    ngx_http_apigw_transform_set_t *set, ngx_array_t *values,
    apigw_str_t text);
static char *ngx_http_apigw_transform_fault(ngx_conf_t *cf,
    ngx_http_apigw_transform_set_t *set, apigw_rc_t rc,
    apigw_transform_fault_t *fault);
static ngx_int_t ngx_http_apigw_transform_mention_check(ngx_conf_t *cf,
    ngx_http_apigw_transform_mention_t *mention);


ngx_http_apigw_transform_set_t *
ngx_http_apigw_transform_set_get(ngx_conf_t *cf,
    ngx_http_apigw_transform_main_conf_t *tmcf, ngx_str_t *name)
{
    ngx_uint_t                        i;
    ngx_http_apigw_transform_set_t   *set, **sets;

    sets = tmcf->sets.elts;

    for (i = 0; i < tmcf->sets.nelts; i++) {
        if (sets[i]->name.len == name->len
            && ngx_memcmp(sets[i]->name.data, name->data, name->len) == 0)
        {
            return sets[i];
        }
    }

    set = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_transform_set_t));
    if (set == NULL) {
        return NULL;
    }

    set->name = *name;

    if (ngx_array_init(&set->headers, cf->pool, 4,
                       sizeof(ngx_http_apigw_transform_header_t))
        != NGX_OK
        || ngx_array_init(&set->query_values, cf->pool, 4,
                          sizeof(ngx_http_complex_value_t))
           != NGX_OK
        || ngx_array_init(&set->json_values, cf->pool, 4,
                          sizeof(ngx_http_complex_value_t))
           != NGX_OK)
    {
        return NULL;
    }

    sets = ngx_array_push(&tmcf->sets);
    if (sets == NULL) {
        return NULL;
    }

    *sets = set;

    return set;
}


char *
ngx_http_apigw_transform_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_apigw_transform_main_conf_t *tmcf = conf;

    char                              *rv;
    ngx_str_t                         *value;
    ngx_conf_t                         save;
    ngx_http_apigw_transform_block_t   block;

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0 || value[1].len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "apigw_transform: \"%V\" is no name for a set; "
                           "write another one", &value[1]);
        return NGX_CONF_ERROR;
    }

    block.set = ngx_http_apigw_transform_set_get(cf, tmcf, &value[1]);
    if (block.set == NULL) {
        return NGX_CONF_ERROR;
    }

    if (block.set->defined) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "apigw_transform: %V: is defined twice; keep one "
                           "of the two", &value[1]);
        return NGX_CONF_ERROR;
    }

    block.set->defined = 1;

    ngx_http_apigw_arena_init(&block.arena, cf->pool);

    save = *cf;
    cf->handler = ngx_http_apigw_transform_line;
    cf->handler_conf = (void *) &block;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_http_apigw_transform_compile(cf, block.set);
}


static char *
ngx_http_apigw_transform_line(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    ngx_http_apigw_transform_block_t *block = conf;

    ngx_str_t                       *value;
    ngx_http_apigw_transform_set_t  *set;

    set = block->set;
    value = cf->args->elts;

    if (cf->args->nelts < 2) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "apigw_transform: %V: \"%V\" is no operation; "
                           "write header, query or json, what to do, and its "
                           "arguments", &set->name, &value[0]);
        return NGX_CONF_ERROR;
    }

    if (set->ops++ == APIGW_TRANSFORM_MAX_OPS) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "apigw_transform: %V: more than %d operations; "
                           "make two sets of it", &set->name,
                           APIGW_TRANSFORM_MAX_OPS);
        return NGX_CONF_ERROR;
    }

    if (ngx_strcmp(value[0].data, "header") == 0) {
        return ngx_http_apigw_transform_header_line(cf, set);
    }

    if (ngx_strcmp(value[0].data, "query") == 0) {
        return ngx_http_apigw_transform_line_query(cf, block);
    }

    if (ngx_strcmp(value[0].data, "json") == 0) {
        return ngx_http_apigw_transform_line_json(cf, block);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "apigw_transform: %V: unknown operation \"%V\"; write "
                       "header, query or json", &set->name, &value[0]);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_apigw_transform_line_json(ngx_conf_t *cf,
    ngx_http_apigw_transform_block_t *block)
{
    char                            *rv;
    size_t                           i;
    apigw_rc_t                       rc;
    apigw_str_t                     *args, text;
    apigw_transform_fault_t          fault;
    ngx_http_complex_value_t        *cv;
    ngx_http_apigw_transform_set_t  *set;

    set = block->set;

    if (set->json == NULL) {
        set->json = apigw_transform_set_create(&block->arena);
        if (set->json == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    args = ngx_http_apigw_transform_args(cf);
    if (args == NULL) {
        return NGX_CONF_ERROR;
    }

    rc = apigw_transform_set_add(set->json, args, cf->args->nelts - 1, &fault);

    if (rc != APIGW_OK) {
        return ngx_http_apigw_transform_fault(cf, set, rc, &fault);
    }

    for (i = set->json_values.nelts;
         i < apigw_transform_set_values(set->json);
         i++)
    {
        text = apigw_transform_set_value(set->json, i);

        rv = ngx_http_apigw_transform_value(cf, set, &set->json_values, text);
        if (rv != NGX_CONF_OK) {
            return rv;
        }

        cv = set->json_values.elts;

        if (cv[i].lengths) {
            continue;
        }

        rc = apigw_transform_set_constant(set->json, i,
                                          ngx_http_apigw_str(&cv[i].value),
                                          &fault);
        if (rc != APIGW_OK) {
            return ngx_http_apigw_transform_fault(cf, set, rc, &fault);
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_transform_line_query(ngx_conf_t *cf,
    ngx_http_apigw_transform_block_t *block)
{
    char                            *rv;
    size_t                           i;
    apigw_rc_t                       rc;
    apigw_str_t                     *args, text;
    apigw_transform_fault_t          fault;
    ngx_http_apigw_transform_set_t  *set;

    set = block->set;

    if (set->query == NULL) {
        set->query = apigw_query_create(&block->arena);
        if (set->query == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    args = ngx_http_apigw_transform_args(cf);
    if (args == NULL) {
        return NGX_CONF_ERROR;
    }

    rc = apigw_query_add(set->query, args, cf->args->nelts - 1, &fault);

    if (rc != APIGW_OK) {
        return ngx_http_apigw_transform_fault(cf, set, rc, &fault);
    }

    for (i = set->query_values.nelts;
         i < apigw_query_values(set->query);
         i++)
    {
        text = apigw_query_value(set->query, i);

        rv = ngx_http_apigw_transform_value(cf, set, &set->query_values, text);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return NGX_CONF_OK;
}


/* After the last line; what is wrong now concerns the set as a whole. */

static char *
ngx_http_apigw_transform_compile(ngx_conf_t *cf,
    ngx_http_apigw_transform_set_t *set)
{
    apigw_rc_t               rc;
    apigw_transform_fault_t  fault;

    if (set->json == NULL) {
        return NGX_CONF_OK;
    }

    rc = apigw_transform_set_compile(set->json, &fault);

    if (rc == APIGW_OK) {
        return NGX_CONF_OK;
    }

    if (rc != APIGW_ENOMEM) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "apigw_transform: %V: json operation %uz: %s; %s",
                           &set->name, fault.arg + 1, fault.text, fault.mend);
    }

    return NGX_CONF_ERROR;
}


/* The words of a line without the first. */

static apigw_str_t *
ngx_http_apigw_transform_args(ngx_conf_t *cf)
{
    ngx_str_t    *value;
    ngx_uint_t    i, n;
    apigw_str_t  *args;

    n = cf->args->nelts - 1;
    value = cf->args->elts;

    args = ngx_palloc(cf->pool, n * sizeof(apigw_str_t));
    if (args == NULL) {
        return NULL;
    }

    for (i = 0; i < n; i++) {
        args[i] = ngx_http_apigw_str(&value[i + 1]);
    }

    return args;
}


static char *
ngx_http_apigw_transform_value(ngx_conf_t *cf,
    ngx_http_apigw_transform_set_t *set, ngx_array_t *values, apigw_str_t text)
{
    ngx_str_t                  value;
    ngx_http_complex_value_t  *cv;

    cv = ngx_array_push(values);
    if (cv == NULL) {
        return NGX_CONF_ERROR;
    }

    value.data = (u_char *) text.data;
    value.len = text.len;

    return ngx_http_apigw_transform_text(cf, &value, &set->name, cv);
}


/* Reports a line that a core refused. */

static char *
ngx_http_apigw_transform_fault(ngx_conf_t *cf,
    ngx_http_apigw_transform_set_t *set, apigw_rc_t rc,
    apigw_transform_fault_t *fault)
{
    u_char     *p, where[NGX_SIZE_T_LEN + sizeof(" at offset ")];
    ngx_str_t  *value, *arg;

    if (rc == APIGW_ENOMEM) {
        return NGX_CONF_ERROR;
    }

    p = where;

    if (fault->offset != APIGW_TRANSFORM_NO_OFFSET) {
        p = ngx_sprintf(p, " at offset %uz", fault->offset);
    }

    *p = '\0';

    value = cf->args->elts;
    arg = NULL;

    if (fault->arg && fault->arg + 1 < cf->args->nelts) {
        arg = &value[fault->arg + 1];
    }

    if (arg) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "apigw_transform: %V: %V %V: %s in \"%V\"%s; %s",
                           &set->name, &value[0], &value[1], fault->text, arg,
                           where, fault->mend);

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "apigw_transform: %V: %V %V: %s; %s",
                           &set->name, &value[0], &value[1], fault->text,
                           fault->mend);
    }

    return NGX_CONF_ERROR;
}


ngx_int_t
ngx_http_apigw_transform_check(ngx_conf_t *cf)
{
    ngx_uint_t                             i;
    ngx_http_apigw_transform_mention_t    *mention;
    ngx_http_apigw_transform_main_conf_t  *tmcf;

    tmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_apigw_transform_module);

    mention = tmcf->mentions.elts;

    for (i = 0; i < tmcf->mentions.nelts; i++) {
        if (ngx_http_apigw_transform_mention_check(cf, &mention[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_apigw_transform_names_check(cf);
}


static ngx_int_t
ngx_http_apigw_transform_mention_check(ngx_conf_t *cf,
    ngx_http_apigw_transform_mention_t *mention)
{
    ngx_str_t                        op;
    const char                      *directive;
    const apigw_str_t               *whole;
    ngx_http_apigw_transform_set_t  *set;

    set = mention->set;
    directive = mention->response ? "apigw_response_transform"
                                  : "apigw_request_transform";

    if (!set->defined) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "apigw_transform: %s: unknown set \"%V\"; define it by "
                      "\"apigw_transform %V { ... }\" in http in %s:%ui",
                      directive, &set->name, &set->name, mention->file,
                      mention->line);
        return NGX_ERROR;
    }

    if (!mention->response) {
        return NGX_OK;
    }

    if (set->query) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "apigw_transform: %s: set \"%V\" has query operations, "
                      "and a response has no query; move them to a set for "
                      "apigw_request_transform in %s:%ui",
                      directive, &set->name, mention->file, mention->line);
        return NGX_ERROR;
    }

    whole = set->json ? apigw_transform_set_whole(set->json) : NULL;

    if (whole && !set->noticed) {
        set->noticed = 1;

        op.data = (u_char *) whole->data;
        op.len = whole->len;

        ngx_log_error(NGX_LOG_NOTICE, cf->log, 0,
                      "apigw_transform: \"%V\" needs the whole document "
                      "(json %V)", &set->name, &op);
    }

    return NGX_OK;
}
