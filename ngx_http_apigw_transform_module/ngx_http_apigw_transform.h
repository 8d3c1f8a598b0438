
/* What the files of the transform module share. */


#ifndef _NGX_HTTP_APIGW_TRANSFORM_H_INCLUDED_
#define _NGX_HTTP_APIGW_TRANSFORM_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "apigw_inflate.h"
#include "apigw_query.h"
#include "apigw_transform_set.h"
#include "ngx_http_apigw_arena.h"
#include "ngx_http_apigw_header_name.h"
#include "ngx_http_apigw_reject.h"


extern ngx_module_t  ngx_http_apigw_transform_module;
extern ngx_module_t  ngx_http_apigw_transform_filter_module;


#pragma GCC visibility push(hidden)


/* Sets: apigw_transform NAME { ... } */

typedef enum {
    NGX_HTTP_APIGW_HEADER_SET = 0,
    NGX_HTTP_APIGW_HEADER_ADD,
    NGX_HTTP_APIGW_HEADER_APPEND,
    NGX_HTTP_APIGW_HEADER_REMOVE,
    NGX_HTTP_APIGW_HEADER_KEEP,
    NGX_HTTP_APIGW_HEADER_RENAME
} ngx_http_apigw_transform_header_e;


typedef struct {
    ngx_http_apigw_transform_header_e   op;
    ngx_str_t                          *names;    /* rename: from, to */
    ngx_uint_t                          n;
    ngx_http_complex_value_t            value;    /* set, add, append */
} ngx_http_apigw_transform_header_t;


/* A use may come before the definition: until then `defined` is 0. */

typedef struct {
    ngx_str_t                           name;
    ngx_array_t                         headers;
    apigw_query_t                      *query;
    ngx_array_t                         query_values;
    apigw_transform_set_t              *json;     /* NULL: no JSON operation */
    ngx_array_t                         json_values;
    ngx_uint_t                          ops;
    unsigned                            defined:1;
    unsigned                            noticed:1; /* for -t, said once */
} ngx_http_apigw_transform_set_t;


typedef struct {
    ngx_uint_t                          first;
    ngx_uint_t                          last;
} ngx_http_apigw_transform_range_t;


/* One apigw_request_transform or apigw_response_transform. */

typedef struct {
    ngx_http_apigw_transform_set_t     *set;
    ngx_array_t                        *status;   /* ranges; NULL: default */
    ngx_array_t                        *types;    /* ngx_str_t; NULL: default */
    ngx_http_complex_value_t           *condition;
} ngx_http_apigw_transform_use_t;


/* Where a set was named, for messages once all of http{} is read. */

typedef struct {
    ngx_http_apigw_transform_set_t     *set;
    ngx_uint_t                          response;
    u_char                             *file;
    ngx_uint_t                          line;
} ngx_http_apigw_transform_mention_t;


typedef struct {
    ngx_array_t                         sets;     /* of pointers */
    ngx_array_t                         mentions;
    ngx_array_t                        *names;    /* of variables */
    ngx_int_t                           request_uri;
    uint64_t                            seed[2];
    ngx_http_apigw_reject_vars_t        vars;
} ngx_http_apigw_transform_main_conf_t;


typedef struct {
    ngx_array_t                        *request;  /* of uses; NULL: none */
    ngx_array_t                        *response;
    size_t                              max_size;
    ngx_uint_t                          max_depth;
    ngx_uint_t                          request_duplicates;
    ngx_uint_t                          response_duplicates;
    size_t                              inflate_max_size;
    ngx_uint_t                          on_error;
    size_t                              buffer_size;
    ngx_uint_t                          validators;
    ngx_uint_t                          error;
    ngx_flag_t                          dry_run;
} ngx_http_apigw_transform_loc_conf_t;


typedef struct {
    size_t                              min;
    size_t                              max;
} ngx_http_apigw_transform_size_range_t;


#define NGX_HTTP_APIGW_TRANSFORM_REJECT  0        /* on_error */
#define NGX_HTTP_APIGW_TRANSFORM_PASS    1
#define NGX_HTTP_APIGW_TRANSFORM_DROP    0        /* validators */
#define NGX_HTTP_APIGW_TRANSFORM_WEAK    1
#define NGX_HTTP_APIGW_TRANSFORM_PROBLEM 0        /* error */
#define NGX_HTTP_APIGW_TRANSFORM_OFF     1


/* State of one request that outlives redirects. */

typedef enum {
    NGX_HTTP_APIGW_TRANSFORM_NONE = 0,
    NGX_HTTP_APIGW_TRANSFORM_APPLIED,
    NGX_HTTP_APIGW_TRANSFORM_PASSED,
    NGX_HTTP_APIGW_TRANSFORM_REJECTED,
    NGX_HTTP_APIGW_TRANSFORM_ABORTED,
    NGX_HTTP_APIGW_TRANSFORM_DRY_RUN
} ngx_http_apigw_transform_status_e;


/*
 * IDLE    -> READING  a body is to be read; the handler returned NGX_DONE
 * READING -> READ     it was changed or refused; the phases run again
 * READ    -> IDLE     the handler returned `rc`
 */

typedef enum {
    NGX_HTTP_APIGW_TRANSFORM_IDLE = 0,
    NGX_HTTP_APIGW_TRANSFORM_READING,
    NGX_HTTP_APIGW_TRANSFORM_READ
} ngx_http_apigw_transform_phase_e;


/* A set that applies to this message, and its values for it. */

typedef struct {
    ngx_http_apigw_transform_use_t     *use;
    ngx_str_t                          *headers;  /* one per header op */
    apigw_str_t                        *query;
    apigw_str_t                        *json;
    unsigned                            header_applies:1;
    unsigned                            json_applies:1;
} ngx_http_apigw_transform_part_t;


typedef struct {
    ngx_http_apigw_record_t             head;

    ngx_http_apigw_transform_phase_e    phase;
    ngx_int_t                           rc;
    ngx_array_t                        *parts;    /* while the body is read */
    ngx_array_t                        *applied;  /* sets; never twice */

    ngx_http_apigw_transform_status_e   request_status;
    ngx_http_apigw_transform_status_e   response_status;
    apigw_error_t                       error;    /* word NULL: none */
    uint64_t                            time;     /* in the cores, ns */
    unsigned                            error_in_response:1;
} ngx_http_apigw_transform_record_t;


/* ngx_http_apigw_transform_module.c: the record of a request */

/* NULL if there is none; the other one makes it, NULL: no memory */
ngx_http_apigw_transform_record_t *ngx_http_apigw_transform_record_find(
    ngx_http_request_t *r);
ngx_http_apigw_transform_record_t *ngx_http_apigw_transform_record(
    ngx_http_request_t *r);


/* ngx_http_apigw_transform_limits.c: scalar directives */

char *ngx_http_apigw_transform_size(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_transform_depth(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_transform_duplicates(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* ngx_http_apigw_transform_header_line.c: "header OP ..." in a set */

char *ngx_http_apigw_transform_header_line(ngx_conf_t *cf,
    ngx_http_apigw_transform_set_t *set);


/* ngx_http_apigw_transform_conf.c: sets */

char *ngx_http_apigw_transform_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* The set of that name, made if there is none yet; NULL: no memory. */
ngx_http_apigw_transform_set_t *ngx_http_apigw_transform_set_get(
    ngx_conf_t *cf, ngx_http_apigw_transform_main_conf_t *tmcf,
    ngx_str_t *name);

/* Checks mentions and names when all is read; logs what is wrong. */
ngx_int_t ngx_http_apigw_transform_check(ngx_conf_t *cf);


/* ngx_http_apigw_transform_names.c: texts with variables */

char *ngx_http_apigw_transform_text(ngx_conf_t *cf, ngx_str_t *text,
    ngx_str_t *owner, ngx_http_complex_value_t *cv);
ngx_int_t ngx_http_apigw_transform_names_check(ngx_conf_t *cf);


/* ngx_http_apigw_transform_use.c: directives that apply a set */

char *ngx_http_apigw_transform_use(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

ngx_uint_t ngx_http_apigw_transform_has_json(ngx_array_t *uses);


/* ngx_http_apigw_transform_select.c: which sets apply to a message */

/*
 * Finds the sets whose conditions hold and evaluates their values; both see
 * the message as it came. *parts is NULL if there are none. `record` excludes
 * sets that were applied to the request before.
 */
ngx_int_t ngx_http_apigw_transform_select_request(ngx_http_request_t *r,
    ngx_http_apigw_transform_record_t *record, ngx_array_t *uses,
    ngx_array_t **parts);
ngx_int_t ngx_http_apigw_transform_select_response(ngx_http_request_t *r,
    ngx_array_t *uses, ngx_array_t **parts);

/* true where a part has JSON operations that apply. */
ngx_uint_t ngx_http_apigw_transform_parts_json(ngx_array_t *parts);

/* A run of the parts' JSON operations; NULL: no memory. */
apigw_transform_run_t *ngx_http_apigw_transform_run(ngx_http_request_t *r,
    ngx_array_t *parts, ngx_uint_t response, off_t length);


/* ngx_http_apigw_transform_type.c: media types */

/* Whether `type` is one of the media types of the use. */
ngx_uint_t ngx_http_apigw_transform_type_matches(
    ngx_http_apigw_transform_use_t *use, ngx_str_t *type);

/* Splits a Content-Type value; `charset` is empty if there is none. */
void ngx_http_apigw_transform_type_split(ngx_str_t *value, ngx_str_t *type,
    ngx_str_t *charset);

ngx_uint_t ngx_http_apigw_transform_charset_fits(ngx_str_t *charset);


/* ngx_http_apigw_transform_headers.c: header operations of sets */

/* Whether no value that applies holds CR, LF or NUL. */
ngx_uint_t ngx_http_apigw_transform_headers_valid(ngx_array_t *parts);

/* NGX_OK or NGX_ERROR; all values are valid. */
ngx_int_t ngx_http_apigw_transform_headers_in(ngx_http_request_t *r,
    ngx_array_t *parts);

/* NGX_OK, NGX_DECLINED: a value is not valid, and was skipped; NGX_ERROR. */
ngx_int_t ngx_http_apigw_transform_headers_out(ngx_http_request_t *r,
    ngx_array_t *parts);


/* ngx_http_apigw_transform_headers_out.c: lines of the response's header */

typedef ngx_uint_t (*ngx_http_apigw_transform_match_pt)(ngx_str_t *name,
    void *data);

/* Equal in any case; `data` is an ngx_str_t. */
ngx_uint_t ngx_http_apigw_transform_out_is(ngx_str_t *name, void *data);

void ngx_http_apigw_transform_out_remove(ngx_http_request_t *r,
    ngx_http_apigw_transform_match_pt match, void *data);
ngx_uint_t ngx_http_apigw_transform_out_has(ngx_http_request_t *r,
    ngx_str_t *name);
ngx_int_t ngx_http_apigw_transform_out_append(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *value);
ngx_int_t ngx_http_apigw_transform_out_rename(ngx_http_request_t *r,
    ngx_str_t *from, ngx_str_t *to);

/* Makes $sent_http_... be evaluated anew. */
void ngx_http_apigw_transform_out_forget(ngx_http_request_t *r);


/* ngx_http_apigw_transform_request.c: the request side */

ngx_int_t ngx_http_apigw_transform_request_handler(ngx_http_request_t *r);


/* ngx_http_apigw_transform_body.c: the request body */

ngx_uint_t ngx_http_apigw_transform_body_present(ngx_http_request_t *r);

/* Whether the body may be read; *error if not. */
apigw_rc_t ngx_http_apigw_transform_body_check(ngx_http_request_t *r,
    ngx_array_t *parts, apigw_error_t *error);

/*
 * Runs the JSON operations over the body that was read. APIGW_OK: *body is the
 * new one, or its data is NULL: the body is empty and stays so.
 */
apigw_rc_t ngx_http_apigw_transform_body_run(ngx_http_request_t *r,
    ngx_array_t *parts, apigw_str_t *body, apigw_error_t *error);


/* ngx_http_apigw_transform_replace.c: the new body */

/* Puts `body` in place of the one read, and makes the header true. */
ngx_int_t ngx_http_apigw_transform_body_replace(ngx_http_request_t *r,
    apigw_str_t *body);


/* ngx_http_apigw_transform_response.c: the filters */

ngx_int_t ngx_http_apigw_transform_response_init(ngx_conf_t *cf);


/* ngx_http_apigw_transform_reason.c: reject reasons */

/* The status that a word stands for in requests or responses. */
ngx_uint_t ngx_http_apigw_transform_reason_status(const char *word,
    ngx_uint_t response);

/* Fills the problem document for the record's error. */
ngx_int_t ngx_http_apigw_transform_reason_problem(ngx_http_request_t *r,
    ngx_http_apigw_transform_record_t *record, apigw_problem_t *problem);

/*
 * Notes the error, logs it, and says what becomes of the message: REJECTED
 * (marked as such), PASSED, DRY_RUN, or ABORTED if `committed`, when a part of
 * it has left. `original`: it is at hand, as on_error=pass wants it.
 */
ngx_http_apigw_transform_status_e ngx_http_apigw_transform_fail(
    ngx_http_request_t *r, ngx_http_apigw_transform_record_t *record,
    const apigw_error_t *error, ngx_uint_t response, ngx_uint_t original,
    ngx_uint_t committed);


/* ngx_http_apigw_transform_variables.c */

ngx_int_t ngx_http_apigw_transform_add_variables(ngx_conf_t *cf);

/* Nanoseconds of a clock that only runs on. */
uint64_t ngx_http_apigw_transform_clock(void);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_TRANSFORM_H_INCLUDED_ */
