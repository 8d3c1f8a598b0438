
#include "ngx_http_apigw_reject.h"
#include "ngx_http_apigw_arena.h"
#include "ngx_http_apigw_compat.h"


static ngx_int_t ngx_http_apigw_reject_add_variable(ngx_conf_t *cf,
    ngx_str_t *name, ngx_int_t *index);
static ngx_int_t ngx_http_apigw_reject_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static void ngx_http_apigw_reject_slot(ngx_http_request_t *r, ngx_int_t index,
    const char *word);
static ngx_int_t ngx_http_apigw_reject_document(
    ngx_http_apigw_record_t *record, ngx_http_apigw_reject_vars_t *vars,
    apigw_problem_t *problem);
static void ngx_http_apigw_reject_instance(ngx_http_request_t *r,
    ngx_http_apigw_reject_vars_t *vars, apigw_problem_t *problem);
static apigw_str_t ngx_http_apigw_reject_title(ngx_uint_t status);
static ngx_int_t ngx_http_apigw_reject_no_store(ngx_http_request_t *r);


typedef struct {
    ngx_uint_t            status;
    apigw_str_t           title;
} ngx_http_apigw_reject_title_t;


static const ngx_http_apigw_reject_title_t  ngx_http_apigw_reject_titles[] = {
    { 400, apigw_str("Bad Request") },
    { 401, apigw_str("Unauthorized") },
    { 403, apigw_str("Forbidden") },
    { 404, apigw_str("Not Found") },
    { 413, apigw_str("Content Too Large") },
    { 415, apigw_str("Unsupported Media Type") },
    { 429, apigw_str("Too Many Requests") },
    { 500, apigw_str("Internal Server Error") },
    { 502, apigw_str("Bad Gateway") },
    { 503, apigw_str("Service Unavailable") },
    { 0, apigw_str("") }
};


ngx_int_t
ngx_http_apigw_reject_add_variables(ngx_conf_t *cf,
    ngx_http_apigw_reject_vars_t *vars)
{
    static ngx_str_t  reject_module = ngx_string("apigw_reject_module");
    static ngx_str_t  reject_reason = ngx_string("apigw_reject_reason");
    static ngx_str_t  dry_run_module = ngx_string("apigw_dry_run_module");
    static ngx_str_t  dry_run_reason = ngx_string("apigw_dry_run_reason");
    static ngx_str_t  request_id = ngx_string("request_id");

    if (ngx_http_apigw_reject_add_variable(cf, &reject_module,
                                           &vars->reject_module)
        != NGX_OK
        || ngx_http_apigw_reject_add_variable(cf, &reject_reason,
                                              &vars->reject_reason)
           != NGX_OK
        || ngx_http_apigw_reject_add_variable(cf, &dry_run_module,
                                              &vars->dry_run_module)
           != NGX_OK
        || ngx_http_apigw_reject_add_variable(cf, &dry_run_reason,
                                              &vars->dry_run_reason)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    vars->request_id = ngx_http_get_variable_index(cf, &request_id);

    return vars->request_id == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_apigw_reject_add_variable(ngx_conf_t *cf, ngx_str_t *name,
    ngx_int_t *index)
{
    ngx_http_variable_t  *var;

    var = ngx_http_add_variable(cf, name, NGX_HTTP_VAR_CHANGEABLE);
    if (var == NULL) {
        return NGX_ERROR;
    }

    if (var->get_handler == NULL) {
        var->get_handler = ngx_http_apigw_reject_variable;
    }

    *index = ngx_http_get_variable_index(cf, name);

    return *index == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


/* Only asked before a module wrote the slot: nobody has refused yet. */

static ngx_int_t
ngx_http_apigw_reject_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    v->not_found = 1;

    return NGX_OK;
}


static void
ngx_http_apigw_reject_slot(ngx_http_request_t *r, ngx_int_t index,
    const char *word)
{
    ngx_http_variable_value_t  *v;

    v = &r->variables[index];

    v->data = (u_char *) word;
    v->len = word ? ngx_strlen(word) : 0;
    v->valid = word ? 1 : 0;
    v->not_found = word ? 0 : 1;
    v->no_cacheable = 0;
    v->escape = 0;
}


void
ngx_http_apigw_reject(ngx_http_apigw_record_t *record,
    ngx_http_apigw_reject_vars_t *vars, ngx_uint_t status,
    const char *module, const char *reason)
{
    record->reject_status = status;

    ngx_http_apigw_reject_slot(record->request, vars->reject_module, module);
    ngx_http_apigw_reject_slot(record->request, vars->reject_reason, reason);
}


void
ngx_http_apigw_reject_clear(ngx_http_apigw_record_t *record,
    ngx_http_apigw_reject_vars_t *vars)
{
    record->reject_status = 0;

    ngx_http_apigw_reject_slot(record->request, vars->reject_module, NULL);
    ngx_http_apigw_reject_slot(record->request, vars->reject_reason, NULL);
}


void
ngx_http_apigw_reject_dry_run(ngx_http_request_t *r,
    ngx_http_apigw_reject_vars_t *vars, const char *module,
    const char *reason)
{
    if (r->variables[vars->dry_run_module].valid) {
        return;
    }

    ngx_http_apigw_reject_slot(r, vars->dry_run_module, module);
    ngx_http_apigw_reject_slot(r, vars->dry_run_reason, reason);
}


ngx_uint_t
ngx_http_apigw_reject_is_final(ngx_http_apigw_record_t *record)
{
    return record
           && record->reject_status
           && record->request == record->request->main
           && record->request->err_status == record->reject_status
           && record->request->headers_out.status == record->reject_status;
}


apigw_str_t
ngx_http_apigw_reject_reason(ngx_http_request_t *r,
    ngx_http_apigw_reject_vars_t *vars)
{
    apigw_str_t                 word = { NULL, 0 };
    ngx_http_variable_value_t  *v;

    v = &r->variables[vars->reject_reason];

    if (v->valid) {
        word.data = v->data;
        word.len = v->len;
    }

    return word;
}


ngx_int_t
ngx_http_apigw_reject_header(ngx_http_apigw_record_t *record,
    ngx_http_apigw_reject_vars_t *vars, apigw_problem_t *problem)
{
    ngx_int_t  rc;

    problem->status = record->reject_status;

    rc = record->grpc ? ngx_http_apigw_reject_grpc(record, problem)
                      : ngx_http_apigw_reject_document(record, vars, problem);

    return rc == NGX_OK ? ngx_http_apigw_reject_no_store(record->request) : rc;
}


static ngx_int_t
ngx_http_apigw_reject_document(ngx_http_apigw_record_t *record,
    ngx_http_apigw_reject_vars_t *vars, apigw_problem_t *problem)
{
    apigw_str_t          body;
    apigw_arena_t        arena;
    ngx_http_request_t  *r;

    r = record->request;

    ngx_http_apigw_reject_instance(r, vars, problem);

    if (problem->title.len == 0) {
        problem->title = ngx_http_apigw_reject_title(problem->status);
    }

    ngx_http_apigw_arena_init(&arena, r->pool);

    if (apigw_problem_write(&arena, problem, &body) != APIGW_OK) {
        return NGX_ERROR;
    }

    record->reject_body.data = (u_char *) body.data;
    record->reject_body.len = body.len;

    ngx_http_clear_content_length(r);
    r->headers_out.content_length_n = body.len;

    ngx_str_set(&r->headers_out.content_type, APIGW_PROBLEM_TYPE);
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    return NGX_OK;
}


static void
ngx_http_apigw_reject_instance(ngx_http_request_t *r,
    ngx_http_apigw_reject_vars_t *vars, apigw_problem_t *problem)
{
    ngx_http_variable_value_t  *v;

    v = ngx_http_get_indexed_variable(r, vars->request_id);

    if (v && v->valid) {
        problem->instance.data = v->data;
        problem->instance.len = v->len;
    }
}


static apigw_str_t
ngx_http_apigw_reject_title(ngx_uint_t status)
{
    const ngx_http_apigw_reject_title_t  *t;

    for (t = ngx_http_apigw_reject_titles; t->status; t++) {
        if (t->status == status) {
            break;
        }
    }

    return t->title;
}


static ngx_int_t
ngx_http_apigw_reject_no_store(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = ngx_http_apigw_header_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    ngx_str_set(&h->key, "Cache-Control");
    ngx_str_set(&h->value, "no-store");

    return NGX_OK;
}


ngx_int_t
ngx_http_apigw_reject_body(ngx_http_request_t *r,
    ngx_http_apigw_record_t *record, ngx_chain_t *in,
    ngx_http_output_body_filter_pt next)
{
    ngx_buf_t    *b;
    ngx_chain_t   out, *cl;

    if (in == NULL || record == NULL || record->reject_body.len == 0) {
        return next(r, in);
    }

    for (cl = in; cl; cl = cl->next) {
        cl->buf->pos = cl->buf->last;
        cl->buf->file_pos = cl->buf->file_last;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = record->reject_body.data;
    b->last = b->pos + record->reject_body.len;
    b->memory = 1;
    b->last_buf = 1;
    b->last_in_chain = 1;

    record->reject_body.len = 0;

    out.buf = b;
    out.next = NULL;

    return next(r, &out);
}
