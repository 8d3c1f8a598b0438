
/*
 * Part of ngx_http_apigw_auth.h: named blocks, and the files and servers that
 * they name.
 */


#ifndef _NGX_HTTP_APIGW_AUTH_BLOCK_H_INCLUDED_
#define _NGX_HTTP_APIGW_AUTH_BLOCK_H_INCLUDED_


#include "ngx_http_apigw_arena.h"
#include "ngx_http_apigw_fetch.h"


#pragma GCC visibility push(hidden)


#define NGX_HTTP_APIGW_AUTH_FINGERPRINT     8


/* A named block while it is being read. */

typedef struct ngx_http_apigw_auth_block_s  ngx_http_apigw_auth_block_t;

typedef struct {
    ngx_str_t                        name;
    ngx_uint_t                       min;        /* arguments */
    ngx_uint_t                       max;        /* 0: any number */
    char                          *(*set)(ngx_conf_t *cf,
                                         ngx_http_apigw_auth_block_t *block,
                                         ngx_str_t *args, ngx_uint_t nargs);
    size_t                           offset;     /* in the data, for set() */
} ngx_http_apigw_auth_param_t;

struct ngx_http_apigw_auth_block_s {
    const char                      *kind;       /* the directive */
    ngx_str_t                        name;
    ngx_http_apigw_auth_param_t     *params;     /* ends with an empty name */
    ngx_http_apigw_auth_param_t     *param;      /* being set */
    uint64_t                         seen;       /* a bit for each of them */
    u_char                           fingerprint[
                                         NGX_HTTP_APIGW_AUTH_FINGERPRINT];
    apigw_arena_t                    arena;      /* the configuration's pool */
    void                            *data;
};


/* A file that workers read again, or a folder that they write in, and who says
 * so. */

typedef struct {
    const char                      *kind;       /* of the block */
    ngx_str_t                        name;
    const char                      *param;
    ngx_str_t                        path;
    ngx_uint_t                       make;       /* a folder, to write in */
    ngx_http_apigw_auth_place_t      place;
} ngx_http_apigw_auth_reread_t;


/* A file that was read whole; what tells one state of it from another. */

typedef struct {
    ngx_str_t                        text;       /* of malloc() */
    ngx_err_t                        err;        /* why it could not be read */
    const char                      *fault;      /* which call, or what of it */
    dev_t                            dev;
    ino_t                            ino;
    off_t                            size;
    time_t                           mtime;
    long                             mtime_nsec;
    mode_t                           mode;
} ngx_http_apigw_auth_file_t;


/*
 * A file that a worker looks at now and then.
 *
 * IDLE    -> READING   the timer fired; stat() and read in a thread
 * READING -> IDLE      back in the event loop: what was loaded is in force, or
 *                      the fault is logged, once for each state of the file
 */

typedef struct ngx_http_apigw_auth_watch_s  ngx_http_apigw_auth_watch_t;

struct ngx_http_apigw_auth_watch_s {
    ngx_str_t                        path;
    size_t                           max;        /* bytes of the file */
    ngx_msec_t                       interval;
    void                            *data;

    /* before a look, in the event loop; may be NULL */
    void                           (*sync)(ngx_http_apigw_auth_watch_t *watch);
    /* in a thread: it may touch `data`'s result and nothing else */
    void                           (*load)(ngx_http_apigw_auth_watch_t *watch,
                                           ngx_str_t *text);
    /* in the event loop, after load() */
    void                           (*done)(ngx_http_apigw_auth_watch_t *watch,
                                           ngx_log_t *log);
    /* after each look, `file.fault` tells how it went; may be NULL */
    void                           (*looked)(ngx_http_apigw_auth_watch_t *w);

    ngx_http_apigw_auth_file_t       seen;
    ngx_http_apigw_auth_file_t       file;       /* of the last look */
    unsigned                         loaded:1;   /* load() was called */
    ngx_event_t                      timer;
#if (NGX_THREADS)
    ngx_thread_task_t                task;
    ngx_thread_pool_t               *threads;    /* NULL: read in the worker */
#endif
};


/* ngx_http_apigw_auth_block.c: named blocks */

/* Reads "{ ... }" of a directive with a name. */
char *ngx_http_apigw_auth_block_read(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block);

/* Checks the name alone, of a block that others read. */
char *ngx_http_apigw_auth_block_name(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block);

/* Of pointers to blocks, which begin with their names, the one of that name. */
void *ngx_http_apigw_auth_block_find(ngx_array_t *blocks, ngx_str_t *name);

/* Whether the parameter was given. */
ngx_uint_t ngx_http_apigw_auth_block_has(ngx_http_apigw_auth_block_t *block,
    const char *param);

/* Logs a fault of the block, with the mend; returns NGX_CONF_ERROR. */
char *ngx_http_apigw_auth_block_fault(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, const char *fmt, ...);

/* Logs a warning of the block. */
void ngx_http_apigw_auth_block_warn(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, const char *fmt, ...);

/* Logs a fault outside a block, after "apigw_auth: "; NGX_CONF_ERROR. */
char *ngx_http_apigw_auth_fault(ngx_conf_t *cf, const char *fmt, ...);

/* Copies arguments into a list of strings. */
ngx_int_t ngx_http_apigw_auth_block_list(apigw_arena_t *arena,
    apigw_str_list_t *list, ngx_str_t *args, ngx_uint_t nargs);

/* Whether the arguments are "off"; a fault where it stands beside others. */
char *ngx_http_apigw_auth_block_off(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs,
    ngx_uint_t *off);

/* Reads a file that the block names; checks modes and says what is wrong. */
char *ngx_http_apigw_auth_block_file(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, const char *param, ngx_str_t *path,
    size_t max, ngx_http_apigw_auth_file_t *file);

/* Refuses a file that holds secrets and is open to others. */
char *ngx_http_apigw_auth_block_secret(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, const char *param, ngx_str_t *path,
    ngx_http_apigw_auth_file_t *file);

/*
 * Has it checked, once "user" is known, that nginx's workers may read the file,
 * which they will look at again, or, if `make`, make files in that folder.
 */
char *ngx_http_apigw_auth_block_reread(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, const char *param, ngx_str_t *path,
    ngx_uint_t make);


/* ngx_http_apigw_auth_file.c: files */

/* Reads a file; NGX_ERROR leaves err and fault. No logging, any thread. */
ngx_int_t ngx_http_apigw_auth_file_read(ngx_http_apigw_auth_file_t *file,
    ngx_str_t *path, size_t max, ngx_http_apigw_auth_file_t *seen);

/* Wipes and frees the text. */
void ngx_http_apigw_auth_file_free(ngx_http_apigw_auth_file_t *file);

/*
 * Whether nginx's workers may read the file, or, if `make`, make files in that
 * folder. NGX_DECLINED: no; NGX_ERROR: cannot tell.
 */
ngx_int_t ngx_http_apigw_auth_file_allowed(ngx_cycle_t *cycle,
    ngx_str_t *path, ngx_uint_t make);

/* Starts to look at a file, in init_process. */
void ngx_http_apigw_auth_watch_start(ngx_http_apigw_auth_watch_t *watch,
    ngx_cycle_t *cycle);


/* ngx_http_apigw_auth_fetch_conf.c: blocks that name a server */

/*
 * Rows of such a block's parameters. `_field` of its data, `_type`, points to
 * a client that was made before the block is read.
 */
#define NGX_HTTP_APIGW_AUTH_FETCH_PARAMS(_type, _field)                       \
    { ngx_string("resolver"), 1, 0,                                           \
      ngx_http_apigw_auth_fetch_param, offsetof(_type, _field) },             \
    { ngx_string("connect_timeout"), 1, 1,                                    \
      ngx_http_apigw_auth_fetch_param, offsetof(_type, _field) },             \
    { ngx_string("keepalive"), 1, 1,                                          \
      ngx_http_apigw_auth_fetch_param, offsetof(_type, _field) },             \
    { ngx_string("plain_http"), 1, 1,                                         \
      ngx_http_apigw_auth_fetch_param, offsetof(_type, _field) },             \
    { ngx_string("tls_verify"), 1, 1,                                         \
      ngx_http_apigw_auth_fetch_param, offsetof(_type, _field) },             \
    { ngx_string("tls_trusted_certificate"), 1, 1,                            \
      ngx_http_apigw_auth_fetch_param, offsetof(_type, _field) },             \
    { ngx_string("tls_name"), 1, 1,                                           \
      ngx_http_apigw_auth_fetch_param, offsetof(_type, _field) },             \
    { ngx_string("tls_certificate"), 1, 1,                                    \
      ngx_http_apigw_auth_fetch_param, offsetof(_type, _field) },             \
    { ngx_string("tls_certificate_key"), 1, 1,                                \
      ngx_http_apigw_auth_fetch_param, offsetof(_type, _field) }

char *ngx_http_apigw_auth_fetch_param(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);

/* When the block is read: client_end(), with its faults as the block's. */
char *ngx_http_apigw_auth_fetch_end(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_http_apigw_fetch_client_t *client);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_AUTH_BLOCK_H_INCLUDED_ */
