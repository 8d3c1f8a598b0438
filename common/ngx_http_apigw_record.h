
/*
 * State of one client request that outlives internal redirects. nginx clears
 * r->ctx for error_page, named locations and filter finalize, so the record
 * sits in a cleanup of the request's pool, found again by its module.
 *
 * Subrequests share the pool, not the record: each request has its own.
 */


#ifndef _NGX_HTTP_APIGW_RECORD_H_INCLUDED_
#define _NGX_HTTP_APIGW_RECORD_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


#pragma GCC visibility push(hidden)


/* The head of every module's record. */

typedef struct {
    ngx_http_request_t   *request;       /* whose record it is */

    /*
     * Status that this module answered from its phase; while it is the final
     * one, the module's filters replace nginx's page. A redirect clears it,
     * so that error_page wins.
     */
    ngx_uint_t            reject_status;
    ngx_str_t             reject_body;   /* set by the header filter */

    /* how the client speaks gRPC, by the Content-Type it sent */
    ngx_uint_t            grpc;          /* apigw_grpc_kind_e */
    ngx_str_t             grpc_type;     /* that, without parameters */
} ngx_http_apigw_record_t;


/*
 * Returns the record of `r`, from r->ctx where it still is there, else from
 * the pool (and puts it back into r->ctx, its reject_status cleared); NULL if
 * none was made. `cleanup` is the handler given to _create() and tells the
 * module's records from others.
 */
void *ngx_http_apigw_record_get(ngx_http_request_t *r, ngx_module_t *module,
    ngx_pool_cleanup_pt cleanup);


/*
 * Makes a zeroed record of `size` bytes, which starts with an
 * ngx_http_apigw_record_t, and puts it into r->ctx. `cleanup` gets the record
 * when the request's pool goes; it must be a function of this module alone,
 * even if it has nothing to do. NULL when memory is out.
 */
void *ngx_http_apigw_record_create(ngx_http_request_t *r,
    ngx_module_t *module, ngx_pool_cleanup_pt cleanup, size_t size);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_RECORD_H_INCLUDED_ */
