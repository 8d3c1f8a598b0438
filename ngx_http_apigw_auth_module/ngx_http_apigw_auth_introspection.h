
/*
 * Part of ngx_http_apigw_auth.h: apigw_introspection.
 */


#ifndef _NGX_HTTP_APIGW_AUTH_INTROSPECTION_H_INCLUDED_
#define _NGX_HTTP_APIGW_AUTH_INTROSPECTION_H_INCLUDED_


#include "ngx_http_apigw_fetch.h"

#include "apigw_introspection.h"
#include "apigw_resp_breaker.h"


#pragma GCC visibility push(hidden)


/*
 * `apigw_introspection`. What it says of claims, bindings and the HTTP client
 * is a provider's: such a block is one, without keys.
 */

typedef struct {
    ngx_http_apigw_auth_provider_t   provider;   /* first */
    ngx_str_t                        endpoint;
    apigw_url_t                      url;
    ngx_str_t                        client_id;
    ngx_str_t                        secret_file;
    apigw_introspection_method_e     method;
    apigw_introspection_client_t     client;     /* wiped with the cycle */
    time_t                           ttl;        /* of answers, seconds */
    time_t                           negative_ttl;
    ngx_msec_t                       timeout;
    ngx_uint_t                       max_inflight;

    /* not configuration: of this process */
    ngx_queue_t                      flights;
    ngx_uint_t                       asking;     /* flights without an answer */
    apigw_resp_breaker_t             breaker;
} ngx_http_apigw_auth_introspection_t;


/* ngx_http_apigw_auth_introspection_conf.c: apigw_introspection */

char *ngx_http_apigw_auth_introspection_block(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);

/* In postconfiguration: whether hosts can be found. */
ngx_int_t ngx_http_apigw_auth_introspections_resolve(ngx_conf_t *cf,
    ngx_http_apigw_auth_main_conf_t *amcf);


/* ngx_http_apigw_auth_introspection_client.c: its parameter "client" */

char *ngx_http_apigw_auth_introspection_client(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs);

/* Reads the secret, once the block is read, and makes what is sent of it. */
char *ngx_http_apigw_auth_introspection_secret(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block);


/* ngx_http_apigw_auth_flight.c: questions on their way */

/*
 * How a token's question stands.
 *
 * ASKING -> ACTIVE, INACTIVE, FAILED   it was answered or not: who waits is
 *                                      resumed and finds the outcome here
 * ACTIVE, INACTIVE, FAILED             all were resumed: the flight is gone
 */

typedef enum {
    NGX_HTTP_APIGW_AUTH_FLIGHT_ASKING = 0,
    NGX_HTTP_APIGW_AUTH_FLIGHT_ACTIVE,
    NGX_HTTP_APIGW_AUTH_FLIGHT_INACTIVE,
    NGX_HTTP_APIGW_AUTH_FLIGHT_FAILED
} ngx_http_apigw_auth_flight_state_e;

typedef struct {
    ngx_queue_t                      queue;      /* of the block's */
    ngx_http_apigw_auth_introspection_t  *in;
    ngx_http_apigw_auth_zone_t      *zone;
    ngx_http_apigw_auth_cache_key_t  key;
    ngx_http_apigw_auth_flight_state_e  state;
    unsigned                         probe:1;    /* is the endpoint back */
    ngx_http_apigw_fetch_t          *fetch;      /* all lives in its pool */
    ngx_http_apigw_auth_waiters_t    waiters;
} ngx_http_apigw_auth_flight_t;

/* The flight of a token; NULL: none. */
ngx_http_apigw_auth_flight_t *ngx_http_apigw_auth_flight_find(
    ngx_http_apigw_auth_introspection_t *in,
    ngx_http_apigw_auth_cache_key_t *key);

/*
 * Asks about a token. NULL: not now (the breaker is open, too many are asked,
 * no memory), *retry tells when to come again, in seconds.
 */
ngx_http_apigw_auth_flight_t *ngx_http_apigw_auth_flight_start(
    ngx_http_apigw_auth_introspection_t *in, ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_cache_key_t *key, apigw_str_t token,
    ngx_uint_t *retry);

/* Seconds until the endpoint may be asked again, 1 or more. */
ngx_uint_t ngx_http_apigw_auth_flight_retry(
    ngx_http_apigw_auth_introspection_t *in);

/* In exit_process: what nobody will wait for. */
void ngx_http_apigw_auth_flights_stop(ngx_http_apigw_auth_main_conf_t *amcf);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_AUTH_INTROSPECTION_H_INCLUDED_ */
