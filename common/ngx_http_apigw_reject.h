
/*
 * One way to refuse: the module returns its status from its phase, so that
 * error_page and satisfy keep working; where that status is the final one,
 * the module's filters put an RFC 9457 document in place of nginx's page.
 * The reason is told in variables that all modules share.
 */


#ifndef _NGX_HTTP_APIGW_REJECT_H_INCLUDED_
#define _NGX_HTTP_APIGW_REJECT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "apigw_problem.h"
#include "ngx_http_apigw_record.h"


#pragma GCC visibility push(hidden)


/* Indexes into r->variables; kept in the module's main configuration. */

typedef struct {
    ngx_int_t             reject_module;
    ngx_int_t             reject_reason;
    ngx_int_t             dry_run_module;
    ngx_int_t             dry_run_reason;
    ngx_int_t             request_id;    /* the document's "instance" */
} ngx_http_apigw_reject_vars_t;


/*
 * Adds $apigw_reject_module, $apigw_reject_reason, $apigw_dry_run_module and
 * $apigw_dry_run_reason, in preconfiguration. Every module does: the
 * variables are changeable, so the first to come makes them.
 */
ngx_int_t ngx_http_apigw_reject_add_variables(ngx_conf_t *cf,
    ngx_http_apigw_reject_vars_t *vars);


/*
 * Marks `record` with the status that the caller is about to return and sets
 * the two reject variables. `module` and `reason` are static words.
 */
void ngx_http_apigw_reject(ngx_http_apigw_record_t *record,
    ngx_http_apigw_reject_vars_t *vars, ngx_uint_t status,
    const char *module, const char *reason);


/* Takes back what ngx_http_apigw_reject() said: somebody else let it pass. */
void ngx_http_apigw_reject_clear(ngx_http_apigw_record_t *record,
    ngx_http_apigw_reject_vars_t *vars);


/* Sets the two dry-run variables, unless an earlier module did. */
void ngx_http_apigw_reject_dry_run(ngx_http_request_t *r,
    ngx_http_apigw_reject_vars_t *vars, const char *module,
    const char *reason);


/* true where `record`, which may be NULL, made the answer's final status. */
ngx_uint_t ngx_http_apigw_reject_is_final(ngx_http_apigw_record_t *record);


/* The word that was given as the request's reason. */
apigw_str_t ngx_http_apigw_reject_reason(ngx_http_request_t *r,
    ngx_http_apigw_reject_vars_t *vars);


/*
 * From the module's header filter, if ngx_http_apigw_reject_is_final(): makes
 * the document and sets Content-Type, Content-Length and Cache-Control. A gRPC
 * client gets the same as gRPC's trailers instead, without a body, or as the
 * body where it speaks gRPC-Web.
 * Status and instance of `problem` are filled in here; an empty type is
 * about:blank, an empty title the status's own where that has one.
 */
ngx_int_t ngx_http_apigw_reject_header(ngx_http_apigw_record_t *record,
    ngx_http_apigw_reject_vars_t *vars, apigw_problem_t *problem);


/*
 * From the module's body filter: puts the document, if one was made, in place
 * of `in`, and calls `next`. `record` may be NULL.
 */
ngx_int_t ngx_http_apigw_reject_body(ngx_http_request_t *r,
    ngx_http_apigw_record_t *record, ngx_chain_t *in,
    ngx_http_output_body_filter_pt next);


/* ngx_http_apigw_reject_grpc.c */

/*
 * Notes whether and how the client speaks gRPC, by Content-Type: gRPC's own
 * over HTTP/2 or later, gRPC-Web over any version.
 */
void ngx_http_apigw_reject_grpc_client(ngx_http_apigw_record_t *record);

/*
 * Makes the header of a refusal for such a client, and the body of one that
 * speaks gRPC-Web; problem->status is the HTTP status.
 */
ngx_int_t ngx_http_apigw_reject_grpc(ngx_http_apigw_record_t *record,
    apigw_problem_t *problem);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_REJECT_H_INCLUDED_ */
