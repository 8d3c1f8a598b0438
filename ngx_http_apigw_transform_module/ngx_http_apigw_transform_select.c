
/*
 * Per message: which sets apply, with what values, and the run of the core
 * that does their JSON operations.
 */


#include "ngx_http_apigw_transform.h"


static ngx_int_t ngx_http_apigw_transform_condition(ngx_http_request_t *r,
    ngx_http_apigw_transform_use_t *use);
static ngx_uint_t ngx_http_apigw_transform_is_applied(
    ngx_http_apigw_transform_record_t *record,
    ngx_http_apigw_transform_set_t *set);
static ngx_uint_t ngx_http_apigw_transform_in_ranges(ngx_array_t *status,
    ngx_uint_t code);
static ngx_uint_t ngx_http_apigw_transform_judge(ngx_http_request_t *r,
    ngx_http_apigw_transform_use_t *use, ngx_http_apigw_transform_part_t *part);
static ngx_http_apigw_transform_part_t *ngx_http_apigw_transform_part_push(
    ngx_http_request_t *r, ngx_array_t **parts);
static ngx_int_t ngx_http_apigw_transform_part_values(ngx_http_request_t *r,
    ngx_http_apigw_transform_part_t *part);
static ngx_int_t ngx_http_apigw_transform_evaluate(ngx_http_request_t *r,
    ngx_array_t *values, apigw_str_t **texts);


ngx_int_t
ngx_http_apigw_transform_select_request(ngx_http_request_t *r,
    ngx_http_apigw_transform_record_t *record, ngx_array_t *uses,
    ngx_array_t **parts)
{
    ngx_int_t                         rc;
    ngx_uint_t                        i;
    ngx_http_apigw_transform_use_t   *use;
    ngx_http_apigw_transform_part_t  *part;

    *parts = NULL;
    use = uses->elts;

    for (i = 0; i < uses->nelts; i++) {

        if (ngx_http_apigw_transform_is_applied(record, use[i].set)) {
            continue;
        }

        rc = ngx_http_apigw_transform_condition(r, &use[i]);

        if (rc == NGX_DECLINED) {
            continue;
        }

        part = ngx_http_apigw_transform_part_push(r, parts);

        if (rc == NGX_ERROR || part == NULL) {
            return NGX_ERROR;
        }

        part->use = &use[i];
        part->header_applies = 1;
        part->json_applies = (use[i].set->json != NULL);

        if (ngx_http_apigw_transform_part_values(r, part) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_apigw_transform_select_response(ngx_http_request_t *r,
    ngx_array_t *uses, ngx_array_t **parts)
{
    ngx_int_t                         rc;
    ngx_uint_t                        i;
    ngx_http_apigw_transform_use_t   *use;
    ngx_http_apigw_transform_part_t  *part, judged;

    *parts = NULL;
    use = uses->elts;

    for (i = 0; i < uses->nelts; i++) {

        if (!ngx_http_apigw_transform_judge(r, &use[i], &judged)) {
            continue;
        }

        rc = ngx_http_apigw_transform_condition(r, &use[i]);

        if (rc == NGX_DECLINED) {
            continue;
        }

        part = ngx_http_apigw_transform_part_push(r, parts);

        if (rc == NGX_ERROR || part == NULL) {
            return NGX_ERROR;
        }

        *part = judged;

        if (ngx_http_apigw_transform_part_values(r, part) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_transform_condition(ngx_http_request_t *r,
    ngx_http_apigw_transform_use_t *use)
{
    ngx_str_t  value;

    if (use->condition == NULL) {
        return NGX_OK;
    }

    if (ngx_http_complex_value(r, use->condition, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (value.len == 0 || (value.len == 1 && value.data[0] == '0')) {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_apigw_transform_is_applied(ngx_http_apigw_transform_record_t *record,
    ngx_http_apigw_transform_set_t *set)
{
    ngx_uint_t                        i;
    ngx_http_apigw_transform_set_t  **applied;

    if (record->applied == NULL) {
        return 0;
    }

    applied = record->applied->elts;

    for (i = 0; i < record->applied->nelts; i++) {
        if (applied[i] == set) {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_apigw_transform_in_ranges(ngx_array_t *status, ngx_uint_t code)
{
    ngx_uint_t                         i;
    ngx_http_apigw_transform_range_t  *range;

    range = status->elts;

    for (i = 0; i < status->nelts; i++) {
        if (code >= range[i].first && code <= range[i].last) {
            return 1;
        }
    }

    return 0;
}


/*
 * Whether the set is for this response. A line without status= or type= has
 * its header operations made on every response, for what must not leave the
 * gateway must not leave it on errors either. A 304 stands for the 200 that
 * the client has, and need not tell its type.
 */

static ngx_uint_t
ngx_http_apigw_transform_judge(ngx_http_request_t *r,
    ngx_http_apigw_transform_use_t *use, ngx_http_apigw_transform_part_t *part)
{
    ngx_str_t   type, charset;
    ngx_uint_t  status, in_status, of_type, fits;

    status = r->headers_out.status;

    ngx_http_apigw_transform_type_split(&r->headers_out.content_type, &type,
                                        &charset);

    if (r->headers_out.charset.len) {
        charset = r->headers_out.charset;
    }

    fits = ngx_http_apigw_transform_charset_fits(&charset);

    of_type = ngx_http_apigw_transform_type_matches(use, &type)
              || (status == NGX_HTTP_NOT_MODIFIED && type.len == 0);

    in_status = use->status == NULL
                || ngx_http_apigw_transform_in_ranges(use->status, status);

    ngx_memzero(part, sizeof(ngx_http_apigw_transform_part_t));

    part->use = use;
    part->header_applies = in_status && (use->types == NULL || of_type);

    if (use->set->json == NULL || !of_type || !fits) {
        return part->header_applies;
    }

    if (status == NGX_HTTP_NOT_MODIFIED) {
        part->json_applies = use->status == NULL || in_status
            || ngx_http_apigw_transform_in_ranges(use->status, NGX_HTTP_OK);

    } else {
        part->json_applies = use->status ? in_status
                             : (status >= 200 && status < 300);
    }

    return part->header_applies || part->json_applies;
}


static ngx_http_apigw_transform_part_t *
ngx_http_apigw_transform_part_push(ngx_http_request_t *r, ngx_array_t **parts)
{
    ngx_http_apigw_transform_part_t  *part;

    if (*parts == NULL) {
        *parts = ngx_array_create(r->pool, 2,
                                  sizeof(ngx_http_apigw_transform_part_t));
        if (*parts == NULL) {
            return NULL;
        }
    }

    part = ngx_array_push(*parts);
    if (part == NULL) {
        return NULL;
    }

    ngx_memzero(part, sizeof(ngx_http_apigw_transform_part_t));

    return part;
}


static ngx_int_t
ngx_http_apigw_transform_part_values(ngx_http_request_t *r,
    ngx_http_apigw_transform_part_t *part)
{
    ngx_uint_t                          i;
    ngx_http_apigw_transform_set_t     *set;
    ngx_http_apigw_transform_header_t  *header;

    set = part->use->set;

    if (part->header_applies && set->headers.nelts) {

        part->headers = ngx_pcalloc(r->pool,
                                    set->headers.nelts * sizeof(ngx_str_t));
        if (part->headers == NULL) {
            return NGX_ERROR;
        }

        header = set->headers.elts;

        for (i = 0; i < set->headers.nelts; i++) {

            if (header[i].value.value.data
                && ngx_http_complex_value(r, &header[i].value,
                                          &part->headers[i])
                   != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    if (ngx_http_apigw_transform_evaluate(r, &set->query_values, &part->query)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (!part->json_applies) {
        return NGX_OK;
    }

    return ngx_http_apigw_transform_evaluate(r, &set->json_values,
                                             &part->json);
}


static ngx_int_t
ngx_http_apigw_transform_evaluate(ngx_http_request_t *r, ngx_array_t *values,
    apigw_str_t **texts)
{
    ngx_str_t                  value;
    ngx_uint_t                 i;
    ngx_http_complex_value_t  *cv;

    if (values->nelts == 0) {
        return NGX_OK;
    }

    *texts = ngx_pcalloc(r->pool, values->nelts * sizeof(apigw_str_t));
    if (*texts == NULL) {
        return NGX_ERROR;
    }

    cv = values->elts;

    for (i = 0; i < values->nelts; i++) {
        if (ngx_http_complex_value(r, &cv[i], &value) != NGX_OK) {
            return NGX_ERROR;
        }

        (*texts)[i] = ngx_http_apigw_str(&value);
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_apigw_transform_parts_json(ngx_array_t *parts)
{
    ngx_uint_t                        i;
    ngx_http_apigw_transform_part_t  *part;

    if (parts == NULL) {
        return 0;
    }

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {
        if (part[i].json_applies) {
            return 1;
        }
    }

    return 0;
}


apigw_transform_run_t *
ngx_http_apigw_transform_run(ngx_http_request_t *r, ngx_array_t *parts,
    ngx_uint_t response, off_t length)
{
    size_t                                 n;
    ngx_uint_t                             i;
    apigw_arena_t                         *arena;
    apigw_error_t                          error;
    apigw_transform_run_t                 *run;
    apigw_transform_apply_t                apply[APIGW_TRANSFORM_MAX_SETS];
    apigw_transform_params_t               params;
    ngx_http_apigw_transform_part_t       *part;
    ngx_http_apigw_transform_loc_conf_t   *tlcf;
    ngx_http_apigw_transform_main_conf_t  *tmcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_transform_module);
    tmcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_transform_module);

    arena = ngx_palloc(r->pool, sizeof(apigw_arena_t));
    if (arena == NULL) {
        return NULL;
    }

    ngx_http_apigw_arena_init(arena, r->pool);

    n = 0;
    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {
        if (part[i].json_applies) {
            apply[n].set = part[i].use->set->json;
            apply[n].values = part[i].json;
            n++;
        }
    }

    ngx_memzero(&params, sizeof(apigw_transform_params_t));

    params.duplicates = response ? tlcf->response_duplicates
                                 : tlcf->request_duplicates;
    params.response = response;
    params.seed[0] = tmcf->seed[0];
    params.seed[1] = tmcf->seed[1];
    params.max_depth = tlcf->max_depth;
    params.max_size = tlcf->max_size;
    params.expect = length > 0 ? length : 0;

    if (apigw_transform_run_create(arena, apply, n, &params, &run, &error)
        != APIGW_OK)
    {
        return NULL;
    }

    return run;
}
