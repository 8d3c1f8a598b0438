
/* A response on its way through the filters, and what their files share. */


#ifndef _NGX_HTTP_APIGW_TRANSFORM_RESPONSE_H_INCLUDED_
#define _NGX_HTTP_APIGW_TRANSFORM_RESPONSE_H_INCLUDED_


#include "ngx_http_apigw_transform.h"


#pragma GCC visibility push(hidden)


/* of r->buffered; image_filter has it too, though never on JSON */
#define NGX_HTTP_APIGW_TRANSFORM_BUFFERED  0x08


/*
 * One response on its way to the client:
 *
 * HOLD    -> DONE     the new body is short: sent with its exact length
 * HOLD    -> STREAM   more output than apigw_transform_buffer, or a flush
 * STREAM  -> DONE     sent as it came
 * WHOLE   -> DONE     an operation needed the whole document
 * HOLD, WHOLE -> PASS on_error=pass: the original goes on, unchanged
 * WATCH   -> PASS     dry run: the original goes on all the time
 * HOLD, WHOLE -> REFUSED  a 502 follows once nginx is out of the filters
 * any     -> FAILED   after the first byte nothing more is sent
 *
 * In HOLD, WHOLE and REFUSED the header is withheld.
 */

typedef enum {
    NGX_HTTP_APIGW_TRANSFORM_HOLD = 0,
    NGX_HTTP_APIGW_TRANSFORM_STREAM,
    NGX_HTTP_APIGW_TRANSFORM_WHOLE,
    NGX_HTTP_APIGW_TRANSFORM_WATCH,
    NGX_HTTP_APIGW_TRANSFORM_PASSING,
    NGX_HTTP_APIGW_TRANSFORM_DONE,
    NGX_HTTP_APIGW_TRANSFORM_REFUSED,
    NGX_HTTP_APIGW_TRANSFORM_FAILED
} ngx_http_apigw_transform_state_e;


typedef struct {
    ngx_http_apigw_transform_state_e    state;
    ngx_http_apigw_transform_record_t  *record;
    apigw_transform_run_t              *run;
    apigw_inflate_t                    *inflate;  /* NULL: as it comes */
    ngx_http_upstream_t                *upstream; /* who answers, or NULL */

    ngx_chain_t                        *in;       /* not read yet */
    u_char                             *window;   /* of inflated bytes */
    off_t                               received;

    ngx_chain_t                        *kept;     /* a copy of the original */
    ngx_chain_t                       **last_kept;
    size_t                              kept_size;

    ngx_buf_t                          *held;     /* the output of HOLD */
    ngx_buf_t                          *fill;     /* being filled by STREAM */
    ngx_chain_t                        *free;
    ngx_chain_t                        *busy;
    ngx_uint_t                          bufs;     /* made, of two */

    ngx_event_t                         refusal;  /* posted in REFUSED */

    unsigned                            taken:1;  /* in->buf is being read */
    unsigned                            last:1;   /* the end was taken */
    unsigned                            last_buf:1;   /* of all output too */
    unsigned                            flush:1;  /* to be carried on */
    unsigned                            sync:1;
    unsigned                            keep:1;   /* for on_error=pass */
    unsigned                            keep_full:1;
    unsigned                            committed:1;  /* header was sent */
} ngx_http_apigw_transform_response_t;


/* ngx_http_apigw_transform_response.c: the header filter */

/*
 * Sends the header of a changed body, `length` or -1 if it is not known yet.
 * NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_apigw_transform_response_commit(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, off_t length);

/* Sends the header that was withheld, unchanged. NGX_OK or NGX_ERROR. */
ngx_int_t ngx_http_apigw_transform_response_release(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx);


/* ngx_http_apigw_transform_output.c: the body filter */

ngx_int_t ngx_http_apigw_transform_output_init(ngx_conf_t *cf);

/* The filter behind ours. */
ngx_int_t ngx_http_apigw_transform_output_next(ngx_http_request_t *r,
    ngx_chain_t *out);

/* Does with a failed response what is to be done; the filter's code. */
ngx_int_t ngx_http_apigw_transform_response_fail(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, const apigw_error_t *error);
ngx_int_t ngx_http_apigw_transform_response_internal(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx);


/* ngx_http_apigw_transform_refuse.c: the state REFUSED */

/* Sees to it that the record's status is answered; the filter's code. */
ngx_int_t ngx_http_apigw_transform_response_refused(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx);


/* ngx_http_apigw_transform_stream.c: the state STREAM */

ngx_int_t ngx_http_apigw_transform_stream(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, ngx_chain_t *out,
    ngx_uint_t push);


/* ngx_http_apigw_transform_pump.c: from source to core */

/*
 * Moves input through a run that streams, into `b`. APIGW_OK: that was all of
 * it; APIGW_AGAIN: `b` is full, or else there is no more input now; an error.
 */
apigw_rc_t ngx_http_apigw_transform_pump(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, ngx_buf_t *b,
    apigw_error_t *error);

/*
 * The same for a run that holds the document.
 * NGX_OK: *body, empty if the original is; NGX_AGAIN; NGX_ERROR
 */
ngx_int_t ngx_http_apigw_transform_whole_read(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, apigw_str_t *body,
    apigw_error_t *error);

/* Whether the upstream has died before the end of its answer. */
ngx_uint_t ngx_http_apigw_transform_truncated(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx);

/* The state WATCH: runs over `in`, which goes on unchanged. */
void ngx_http_apigw_transform_watch(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, ngx_chain_t *in);


/* ngx_http_apigw_transform_source.c: what the body filter reads */

/*
 * The next bytes of the body, inflated, which stay until the next call.
 * NGX_OK     *last: these are the final ones
 * NGX_AGAIN  there are no more now, or keep_full was set
 * NGX_DONE   the body ended and was empty
 * NGX_ERROR  *error
 */
ngx_int_t ngx_http_apigw_transform_source_next(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, apigw_str_t *window,
    bool *last, apigw_error_t *error);

/* Gives up the buffer being read. */
void ngx_http_apigw_transform_source_drop(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_TRANSFORM_RESPONSE_H_INCLUDED_ */
