
/*
 * Reject reasons: the status each stands for, its text for people, and what
 * becomes of a message that has one.
 */


#include "ngx_http_apigw_transform.h"


typedef struct {
    const char   *word;
    ngx_uint_t    request;           /* status */
    ngx_uint_t    response;
    const char   *detail;            /* of a request */
} ngx_http_apigw_transform_reason_t;


static ngx_http_apigw_transform_reason_t *ngx_http_apigw_transform_reason(
    const char *word);
static void ngx_http_apigw_transform_fail_log(ngx_http_request_t *r,
    const apigw_error_t *error, ngx_uint_t response,
    ngx_http_apigw_transform_status_e status);


static ngx_http_apigw_transform_reason_t  ngx_http_apigw_transform_reasons[] = {

    { "json_invalid", 400, 502,
      "The request body is not valid JSON." },

    { "json_too_deep", 400, 502,
      "The JSON of the request body is nested too deeply." },

    { "json_duplicate_key", 400, 502,
      "An object in the request body has two members of one name." },

    { "json_shape", 400, 502,
      "The JSON of the request body has another shape than is needed." },

    { "json_too_large", 413, 502,
      "The request body is too large." },

    { "value_invalid", 400, 502,
      "A value of the request cannot be put into its body." },

    { "header_value_invalid", 400, 502,
      "A value of the request cannot be put into a header." },

    { "inflate_too_large", 413, 502,
      "The request body is too large once it is inflated." },

    { "inflate_failed", 400, 502,
      "The request body is not what its Content-Encoding says." },

    { "unsupported_media_type", 415, 502,
      "The media type of the request body is not supported here." },

    { "unsupported_encoding", 415, 502,
      "The content coding of the request body is not supported here." },

    { "upstream_truncated", 502, 502, "" },

    { "internal", 500, 500,
      "The request could not be processed." },

    { NULL, 0, 0, NULL }
};


static ngx_http_apigw_transform_reason_t *
ngx_http_apigw_transform_reason(const char *word)
{
    ngx_http_apigw_transform_reason_t  *reason;

    for (reason = ngx_http_apigw_transform_reasons; reason->word; reason++) {
        if (ngx_strcmp(reason->word, word) == 0) {
            return reason;
        }
    }

    return reason - 1;               /* internal */
}


ngx_uint_t
ngx_http_apigw_transform_reason_status(const char *word, ngx_uint_t response)
{
    ngx_http_apigw_transform_reason_t  *reason;

    reason = ngx_http_apigw_transform_reason(word);

    return response ? reason->response : reason->request;
}


ngx_int_t
ngx_http_apigw_transform_reason_problem(ngx_http_request_t *r,
    ngx_http_apigw_transform_record_t *record, apigw_problem_t *problem)
{
    u_char      *p;
    size_t       len;
    const char  *detail, *word;

    ngx_memzero(problem, sizeof(apigw_problem_t));

    word = ngx_http_apigw_transform_reason(record->error.word)->word;

    detail = record->error_in_response
             ? "The answer of the service could not be processed."
             : ngx_http_apigw_transform_reason(word)->detail;

    problem->detail.data = (const uint8_t *) detail;
    problem->detail.len = ngx_strlen(detail);
    problem->reason.data = (const uint8_t *) word;
    problem->reason.len = ngx_strlen(word);

    len = sizeof("\"reason\":\"\",\"offset\":") + ngx_strlen(word)
          + NGX_SIZE_T_LEN;

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    problem->members.data = p;

    p = ngx_sprintf(p, "\"reason\":\"%s\"", word);

    if (!record->error_in_response
        && record->error.offset != APIGW_TRANSFORM_NO_OFFSET)
    {
        p = ngx_sprintf(p, ",\"offset\":%uz", record->error.offset);
    }

    problem->members.len = p - problem->members.data;

    return NGX_OK;
}


ngx_http_apigw_transform_status_e
ngx_http_apigw_transform_fail(ngx_http_request_t *r,
    ngx_http_apigw_transform_record_t *record, const apigw_error_t *error,
    ngx_uint_t response, ngx_uint_t original, ngx_uint_t committed)
{
    const char                            *word;
    ngx_http_apigw_transform_status_e      status;
    ngx_http_apigw_transform_loc_conf_t   *tlcf;
    ngx_http_apigw_transform_main_conf_t  *tmcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_transform_module);
    tmcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_transform_module);

    word = ngx_http_apigw_transform_reason(error->word)->word;

    record->error.word = word;
    record->error.offset = error->offset;
    record->error_in_response = response;

    if (tlcf->dry_run) {
        status = NGX_HTTP_APIGW_TRANSFORM_DRY_RUN;

        ngx_http_apigw_reject_dry_run(r, &tmcf->vars, "transform", word);

    } else if (committed) {
        status = NGX_HTTP_APIGW_TRANSFORM_ABORTED;

    } else if (tlcf->on_error == NGX_HTTP_APIGW_TRANSFORM_PASS && original) {
        status = NGX_HTTP_APIGW_TRANSFORM_PASSED;

    } else {
        status = NGX_HTTP_APIGW_TRANSFORM_REJECTED;

        ngx_http_apigw_reject(&record->head, &tmcf->vars,
                        ngx_http_apigw_transform_reason_status(word, response),
                        "transform", word);
    }

    if (response) {
        record->response_status = status;

    } else {
        record->request_status = status;
    }

    ngx_http_apigw_transform_fail_log(r, &record->error, response, status);

    return status;
}


static void
ngx_http_apigw_transform_fail_log(ngx_http_request_t *r,
    const apigw_error_t *error, ngx_uint_t response,
    ngx_http_apigw_transform_status_e status)
{
    u_char       *p, offset[NGX_SIZE_T_LEN + sizeof(", offset: ")];
    ngx_uint_t    level;
    const char   *who, *verdict;

    p = offset;

    if (error->offset != APIGW_TRANSFORM_NO_OFFSET) {
        p = ngx_sprintf(p, ", offset: %uz", error->offset);
    }

    *p = '\0';

    switch (status) {

    case NGX_HTTP_APIGW_TRANSFORM_PASSED:
        verdict = ", passed unchanged";
        break;

    case NGX_HTTP_APIGW_TRANSFORM_ABORTED:
        verdict = ", response aborted";
        break;

    case NGX_HTTP_APIGW_TRANSFORM_DRY_RUN:
        verdict = ", dry run";
        break;

    default:
        verdict = "";
        break;
    }

    if (ngx_strcmp(error->word, "internal") == 0) {
        who = "no memory for a message";
        level = NGX_LOG_ERR;

    } else if (response) {
        who = "upstream sent a response that cannot be transformed";
        level = NGX_LOG_ERR;

    } else {
        who = "client sent a request that cannot be transformed";
        level = NGX_LOG_INFO;
    }

    ngx_log_error(level, r->connection->log, 0,
                  "apigw_transform: %s, reason: %s%s%s", who, error->word,
                  offset, verdict);
}
