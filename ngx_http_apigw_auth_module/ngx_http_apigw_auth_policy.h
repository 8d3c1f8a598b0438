
/*
 * Part of ngx_http_apigw_auth.h: apigw_auth, and what is required beside it.
 */


#ifndef _NGX_HTTP_APIGW_AUTH_POLICY_H_INCLUDED_
#define _NGX_HTTP_APIGW_AUTH_POLICY_H_INCLUDED_


#include "apigw_claim_rule.h"


#pragma GCC visibility push(hidden)


/* One `apigw_auth` that is not off. */

struct ngx_http_apigw_auth_policy_s {
    ngx_http_apigw_auth_place_t      place;
    ngx_uint_t                       all;        /* "all"; else "any" */
    ngx_http_apigw_auth_kind_e       kinds[NGX_HTTP_APIGW_AUTH_KINDS];
    ngx_uint_t                       nkinds;     /* as listed */
    ngx_array_t                     *names[NGX_HTTP_APIGW_AUTH_KINDS];

    ngx_http_apigw_auth_provider_t **providers;
    ngx_uint_t                       nproviders;
    ngx_http_apigw_auth_introspection_t  *introspection;   /* NULL: none */
    ngx_http_apigw_auth_store_t    **stores;
    ngx_uint_t                       nstores;
    ngx_array_t                      carriers;   /* of all stores, each once */
    unsigned                         schemes;    /* of Authorization */
    apigw_jwa_set_t                  proofs;     /* of those who name "dpop" */
    size_t                           max_token_size;
    unsigned                         basic:1;
    unsigned                         tokens:1;   /* of either kind */
};


/* Requirements, in the order in which they decide. */

typedef enum {
    NGX_HTTP_APIGW_AUTH_NEED_CONSUMER = 0,
    NGX_HTTP_APIGW_AUTH_NEED_SCOPE,
    NGX_HTTP_APIGW_AUTH_NEED_ROLE,
    NGX_HTTP_APIGW_AUTH_NEED_GROUP,
    NGX_HTTP_APIGW_AUTH_NEED_CLAIM,
    NGX_HTTP_APIGW_AUTH_NEED_ACR,
    NGX_HTTP_APIGW_AUTH_NEED_VALUE
} ngx_http_apigw_auth_need_e;

struct ngx_http_apigw_auth_require_s {
    ngx_http_apigw_auth_need_e       need;
    ngx_uint_t                       all;        /* of the scopes */
    ngx_uint_t                       status;     /* of `apigw_require` */
    time_t                           max_age;    /* of a log-in; -1: any */
    apigw_str_list_t                 list;
    apigw_claim_rule_t              *rule;
    ngx_array_t                     *values;     /* ngx_http_complex_value_t */
};


/* ngx_http_apigw_auth_policy.c: apigw_auth */

char *ngx_http_apigw_auth_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* Finds the blocks that policies name, once all of them are read. */
ngx_int_t ngx_http_apigw_auth_policies_resolve(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf);


/* ngx_http_apigw_auth_require_conf.c: directives of requirements */

char *ngx_http_apigw_auth_set_require_list(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_auth_set_require_claim(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_auth_set_require_acr(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_auth_set_require(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_auth_set_reset(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* ngx_http_apigw_auth_require_merge.c: requirements of levels */

/* Joins a level's own requirements to the inherited ones. */
char *ngx_http_apigw_auth_require_merge(ngx_conf_t *cf,
    ngx_http_apigw_auth_loc_conf_t *prev, ngx_http_apigw_auth_loc_conf_t *conf,
    ngx_uint_t off);

/* NGX_ERROR, logged: requirements of a level where auth is off. */
ngx_int_t ngx_http_apigw_auth_require_policed(ngx_conf_t *cf,
    ngx_http_apigw_auth_loc_conf_t *conf);


/* ngx_http_apigw_auth_require.c: requirements */

/* NGX_OK; NGX_DECLINED: ctx->failure says why; NGX_ERROR: no memory. */
ngx_int_t ngx_http_apigw_auth_require_check(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_AUTH_POLICY_H_INCLUDED_ */
