
/*
 * The transform module: what is sent to the service and back. A set, named by
 * apigw_transform, edits the header, the query and the JSON body; directives
 * of a location apply sets to its requests and responses.
 *
 * PRECONTENT  header and query operations; then, if a set has JSON operations,
 *             the body is read, changed and put in place of the old one
 *             (..._request.c, ..._body.c)
 * filters     header operations at once; with JSON operations the header is
 *             withheld until it is known how the body begins, or what it is
 *             (..._response.c), and the body goes through a run of the core
 *             (..._output.c, ..._source.c)
 *
 * Phases and filters both run from the end of nginx's module list, so the
 * filters are a module of their own, behind the phases of ratelimit and auth;
 * a third one keeps the place between ratelimit and filters where values are
 * read from the body. All of the configuration is in the first.
 *
 * A set is applied to a request once, wherever that is redirected to. What no
 * operation touches leaves byte for byte as it came, and no body is cut short
 * and called complete.
 */


#include "ngx_http_apigw_transform.h"
#include "ngx_http_apigw_conf.h"
#include "ngx_http_apigw_order.h"

#include <sys/random.h>


static ngx_int_t ngx_http_apigw_transform_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_apigw_transform_postconfiguration(ngx_conf_t *cf);
static void *ngx_http_apigw_transform_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_apigw_transform_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_apigw_transform_merge_loc_conf(ngx_conf_t *cf,
    void *parent, void *child);
static void ngx_http_apigw_transform_cleanup(void *data);


static ngx_conf_enum_t  ngx_http_apigw_transform_on_errors[] = {
    { ngx_string("reject"), NGX_HTTP_APIGW_TRANSFORM_REJECT },
    { ngx_string("pass"), NGX_HTTP_APIGW_TRANSFORM_PASS },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_http_apigw_transform_validators[] = {
    { ngx_string("drop"), NGX_HTTP_APIGW_TRANSFORM_DROP },
    { ngx_string("weak"), NGX_HTTP_APIGW_TRANSFORM_WEAK },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_http_apigw_transform_errors[] = {
    { ngx_string("problem"), NGX_HTTP_APIGW_TRANSFORM_PROBLEM },
    { ngx_string("off"), NGX_HTTP_APIGW_TRANSFORM_OFF },
    { ngx_null_string, 0 }
};


/* The tree of a document refers to its text by 32-bit offsets. */

static ngx_http_apigw_transform_size_range_t
    ngx_http_apigw_transform_max_size_range = { 1, 1024 * 1024 * 1024 };


static ngx_http_apigw_transform_size_range_t
    ngx_http_apigw_transform_buffer_range = { 0, 1024 * 1024 };


static ngx_command_t  ngx_http_apigw_transform_commands[] = {

    { ngx_string("apigw_transform"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_apigw_transform_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_request_transform"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_apigw_transform_use,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_apigw_transform_loc_conf_t, request),
      NULL },

    { ngx_string("apigw_response_transform"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_apigw_transform_use,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_apigw_transform_loc_conf_t, response),
      NULL },

    { ngx_string("apigw_json_max_size"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_apigw_transform_size,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_apigw_transform_loc_conf_t, max_size),
      &ngx_http_apigw_transform_max_size_range },

    { ngx_string("apigw_json_max_depth"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_apigw_transform_depth,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_json_duplicate_keys"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_apigw_transform_duplicates,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("apigw_json_inflate_max_size"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_apigw_transform_size,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_apigw_transform_loc_conf_t, inflate_max_size),
      &ngx_http_apigw_transform_max_size_range },

    { ngx_string("apigw_transform_on_error"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_apigw_conf_set_word,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_apigw_transform_loc_conf_t, on_error),
      &ngx_http_apigw_transform_on_errors },

    { ngx_string("apigw_transform_buffer"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_apigw_transform_size,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_apigw_transform_loc_conf_t, buffer_size),
      &ngx_http_apigw_transform_buffer_range },

    { ngx_string("apigw_transform_validators"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_apigw_conf_set_word,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_apigw_transform_loc_conf_t, validators),
      &ngx_http_apigw_transform_validators },

    { ngx_string("apigw_transform_error"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_apigw_conf_set_word,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_apigw_transform_loc_conf_t, error),
      &ngx_http_apigw_transform_errors },

    { ngx_string("apigw_transform_dry_run"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_apigw_transform_loc_conf_t, dry_run),
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_apigw_transform_module_ctx = {
    ngx_http_apigw_transform_preconfiguration,
    ngx_http_apigw_transform_postconfiguration,

    ngx_http_apigw_transform_create_main_conf,
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_apigw_transform_create_loc_conf,
    ngx_http_apigw_transform_merge_loc_conf
};


ngx_module_t  ngx_http_apigw_transform_module = {
    NGX_MODULE_V1,
    &ngx_http_apigw_transform_module_ctx,
    ngx_http_apigw_transform_commands,
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


/* holds the place of its phase handler in the order of modules */

static ngx_http_module_t  ngx_http_apigw_transform_extract_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_apigw_transform_extract_module = {
    NGX_MODULE_V1,
    &ngx_http_apigw_transform_extract_module_ctx,
    NULL,
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_http_module_t  ngx_http_apigw_transform_filter_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_http_apigw_transform_response_init,

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_apigw_transform_filter_module = {
    NGX_MODULE_V1,
    &ngx_http_apigw_transform_filter_module_ctx,
    NULL,
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


/* The record is found by its cleanup; there is nothing to clean up. */

static void
ngx_http_apigw_transform_cleanup(void *data)
{
}


ngx_http_apigw_transform_record_t *
ngx_http_apigw_transform_record_find(ngx_http_request_t *r)
{
    return ngx_http_apigw_record_get(r, &ngx_http_apigw_transform_module,
                                     ngx_http_apigw_transform_cleanup);
}


ngx_http_apigw_transform_record_t *
ngx_http_apigw_transform_record(ngx_http_request_t *r)
{
    ngx_http_apigw_transform_record_t  *record;

    record = ngx_http_apigw_transform_record_find(r);

    if (record == NULL) {
        record = ngx_http_apigw_record_create(r,
                                    &ngx_http_apigw_transform_module,
                                    ngx_http_apigw_transform_cleanup,
                                    sizeof(ngx_http_apigw_transform_record_t));
    }

    return record;
}


static void *
ngx_http_apigw_transform_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_apigw_transform_main_conf_t  *tmcf;

    tmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_transform_main_conf_t));
    if (tmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&tmcf->sets, cf->pool, 4,
                       sizeof(ngx_http_apigw_transform_set_t *))
        != NGX_OK
        || ngx_array_init(&tmcf->mentions, cf->pool, 4,
                          sizeof(ngx_http_apigw_transform_mention_t))
           != NGX_OK)
    {
        return NULL;
    }

    return tmcf;
}


static void *
ngx_http_apigw_transform_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_apigw_transform_loc_conf_t  *tlcf;

    tlcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_transform_loc_conf_t));
    if (tlcf == NULL) {
        return NULL;
    }

    tlcf->request = NGX_CONF_UNSET_PTR;
    tlcf->response = NGX_CONF_UNSET_PTR;
    tlcf->max_size = NGX_CONF_UNSET_SIZE;
    tlcf->max_depth = NGX_CONF_UNSET_UINT;
    tlcf->request_duplicates = NGX_CONF_UNSET_UINT;
    tlcf->response_duplicates = NGX_CONF_UNSET_UINT;
    tlcf->inflate_max_size = NGX_CONF_UNSET_SIZE;
    tlcf->on_error = NGX_CONF_UNSET_UINT;
    tlcf->buffer_size = NGX_CONF_UNSET_SIZE;
    tlcf->validators = NGX_CONF_UNSET_UINT;
    tlcf->error = NGX_CONF_UNSET_UINT;
    tlcf->dry_run = NGX_CONF_UNSET;

    return tlcf;
}


static char *
ngx_http_apigw_transform_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child)
{
    ngx_http_apigw_transform_loc_conf_t *prev = parent;
    ngx_http_apigw_transform_loc_conf_t *conf = child;

    ngx_conf_merge_ptr_value(conf->request, prev->request, NULL);
    ngx_conf_merge_ptr_value(conf->response, prev->response, NULL);
    ngx_conf_merge_size_value(conf->max_size, prev->max_size, 1024 * 1024);
    ngx_conf_merge_uint_value(conf->max_depth, prev->max_depth, 64);
    ngx_conf_merge_uint_value(conf->request_duplicates,
                              prev->request_duplicates,
                              APIGW_TRANSFORM_REJECT);
    ngx_conf_merge_uint_value(conf->response_duplicates,
                              prev->response_duplicates,
                              APIGW_TRANSFORM_PASS);
    ngx_conf_merge_size_value(conf->inflate_max_size, prev->inflate_max_size,
                              16 * 1024 * 1024);
    ngx_conf_merge_uint_value(conf->on_error, prev->on_error,
                              NGX_HTTP_APIGW_TRANSFORM_REJECT);
    ngx_conf_merge_size_value(conf->buffer_size, prev->buffer_size, 8192);
    ngx_conf_merge_uint_value(conf->validators, prev->validators,
                              NGX_HTTP_APIGW_TRANSFORM_DROP);
    ngx_conf_merge_uint_value(conf->error, prev->error,
                              NGX_HTTP_APIGW_TRANSFORM_PROBLEM);
    ngx_conf_merge_value(conf->dry_run, prev->dry_run, 0);

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_apigw_transform_preconfiguration(ngx_conf_t *cf)
{
    ngx_str_t                              request_uri;
    ngx_http_apigw_transform_main_conf_t  *tmcf;

    tmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_apigw_transform_module);

    if (ngx_http_apigw_reject_add_variables(cf, &tmcf->vars) != NGX_OK
        || ngx_http_apigw_transform_add_variables(cf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_str_set(&request_uri, "request_uri");

    tmcf->request_uri = ngx_http_get_variable_index(cf, &request_uri);
    if (tmcf->request_uri == NGX_ERROR) {
        return NGX_ERROR;
    }

    /* keys of the tables of names, so that clients cannot aim at collisions */

    if (getrandom(tmcf->seed, sizeof(tmcf->seed), 0)
        != (ssize_t) sizeof(tmcf->seed))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, ngx_errno,
                      "apigw_transform: getrandom() failed");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_transform_postconfiguration(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    if (ngx_http_apigw_order_check(cf) != NGX_OK
        || ngx_http_apigw_transform_check(cf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_apigw_transform_request_handler;

    return NGX_OK;
}
