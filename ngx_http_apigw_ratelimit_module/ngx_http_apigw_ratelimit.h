
/*
 * What the files of the ratelimit module share: types first, then prototypes
 * by file. ngx_http_apigw_ratelimit_module.c tells how a request goes through
 * them.
 */


#ifndef _NGX_HTTP_APIGW_RATELIMIT_H_INCLUDED_
#define _NGX_HTTP_APIGW_RATELIMIT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_apigw_arena.h"
#include "ngx_http_apigw_record.h"
#include "ngx_http_apigw_redis.h"
#include "ngx_http_apigw_reject.h"

#include "apigw_counters.h"
#include "apigw_lease.h"
#include "apigw_limit.h"
#include "apigw_prometheus.h"
#include "apigw_ratelimit_fields.h"
#include "apigw_take.h"


/* exported: nginx finds it by name in the .so */

extern ngx_module_t  ngx_http_apigw_ratelimit_module;


#pragma GCC visibility push(hidden)


#define NGX_HTTP_APIGW_RATELIMIT_MAX        APIGW_TAKE_MAX  /* of a location */
#define NGX_HTTP_APIGW_RATELIMIT_ZONE_MIN   (512 * 1024)
#define NGX_HTTP_APIGW_RATELIMIT_ZONE_SIZE  (16 * 1024 * 1024)

#define NGX_HTTP_APIGW_RATELIMIT_DRAFT11    0x0001
#define NGX_HTTP_APIGW_RATELIMIT_X          0x0002
#define NGX_HTTP_APIGW_RATELIMIT_EPOCH      0x0004
#define NGX_HTTP_APIGW_RATELIMIT_EXPOSE     0x0008

#define NGX_HTTP_APIGW_RATELIMIT_MODULE     "ratelimit"

#define NGX_HTTP_APIGW_RATELIMIT_STORE_ROWS  3  /* of counters, of one store */

/* parameters that a policy was given */

#define NGX_HTTP_APIGW_RATELIMIT_HAS_KEY       0x0001
#define NGX_HTTP_APIGW_RATELIMIT_HAS_RATE      0x0002
#define NGX_HTTP_APIGW_RATELIMIT_HAS_BURST     0x0004
#define NGX_HTTP_APIGW_RATELIMIT_HAS_DEFAULT   0x0008
#define NGX_HTTP_APIGW_RATELIMIT_HAS_COST      0x0010
#define NGX_HTTP_APIGW_RATELIMIT_HAS_PHASE     0x0020
#define NGX_HTTP_APIGW_RATELIMIT_HAS_ZONE      0x0040
#define NGX_HTTP_APIGW_RATELIMIT_HAS_STORE     0x0080
#define NGX_HTTP_APIGW_RATELIMIT_HAS_GROUP     0x0100
#define NGX_HTTP_APIGW_RATELIMIT_HAS_ON_ERROR  0x0200
#define NGX_HTTP_APIGW_RATELIMIT_HAS_SHARE     0x0400
#define NGX_HTTP_APIGW_RATELIMIT_HAS_SHADOW    0x0800
#define NGX_HTTP_APIGW_RATELIMIT_HAS_QUOTA     0x1000
#define NGX_HTTP_APIGW_RATELIMIT_HAS_SLIDING   0x2000
#define NGX_HTTP_APIGW_RATELIMIT_HAS_ALIGN     0x4000
#define NGX_HTTP_APIGW_RATELIMIT_HAS_STRICT    0x8000
#define NGX_HTTP_APIGW_RATELIMIT_HAS_LEASE     0x10000
#define NGX_HTTP_APIGW_RATELIMIT_HAS_OUTSTANDING  0x20000

#define NGX_HTTP_APIGW_RATELIMIT_HAS_LIMIT                                    \
    (NGX_HTTP_APIGW_RATELIMIT_HAS_RATE                                        \
     | NGX_HTTP_APIGW_RATELIMIT_HAS_QUOTA                                     \
     | NGX_HTTP_APIGW_RATELIMIT_HAS_SLIDING)


/* Where a directive was written: for rules that are checked later. */

typedef struct {
    u_char                             *file;
    ngx_uint_t                          line;
} ngx_http_apigw_ratelimit_place_t;


typedef struct ngx_http_apigw_ratelimit_main_conf_s
                                        ngx_http_apigw_ratelimit_main_conf_t;

typedef struct {
    ngx_str_t                           name;
    ngx_shm_zone_t                     *shm_zone;
    ngx_http_apigw_ratelimit_main_conf_t  *rmcf;
    apigw_slots_t                       slots;      /* this process's view */
    apigw_counters_t                    counters;   /* the same */
} ngx_http_apigw_ratelimit_zone_t;

typedef struct {
    ngx_str_t                           name;
    ngx_http_apigw_redis_t             *redis;
    ngx_http_apigw_redis_script_t      *script;

    /* where it is counted; NULL: nowhere, as there is no zone */
    ngx_http_apigw_ratelimit_zone_t    *zone;
    uint32_t                   rows[NGX_HTTP_APIGW_RATELIMIT_STORE_ROWS];
} ngx_http_apigw_ratelimit_store_t;


/* What is counted of a policy: first what its decisions came to. */

typedef enum {
    NGX_HTTP_APIGW_RATELIMIT_N_PASSED = 0,
    NGX_HTTP_APIGW_RATELIMIT_N_REJECTED,
    NGX_HTTP_APIGW_RATELIMIT_N_REJECTED_DRY_RUN,
    NGX_HTTP_APIGW_RATELIMIT_N_REJECTED_SHADOW,
    NGX_HTTP_APIGW_RATELIMIT_N_NOT_CHARGED, /* it had room, another had none */
    NGX_HTTP_APIGW_RATELIMIT_N_ALLOWED,     /* on_error=allow */
    NGX_HTTP_APIGW_RATELIMIT_N_UNAVAILABLE, /* on_error=deny */

    /* who made those of the first four kinds: + source */
    NGX_HTTP_APIGW_RATELIMIT_N_SOURCE,

    NGX_HTTP_APIGW_RATELIMIT_N_BAD_VALUE
        = NGX_HTTP_APIGW_RATELIMIT_N_SOURCE + 4,
    NGX_HTTP_APIGW_RATELIMIT_N_ADJUST_LOST,
    NGX_HTTP_APIGW_RATELIMIT_N_LEASE_UNITS  /* up and down: a sum modulo 2^64 */
} ngx_http_apigw_ratelimit_counter_e;


/* Text with variables; one that is a lone variable is read without a copy. */

typedef struct {
    ngx_http_complex_value_t            value;
    ngx_int_t                           index;      /* or NGX_ERROR */
} ngx_http_apigw_ratelimit_value_t;


typedef enum {
    NGX_HTTP_APIGW_RATELIMIT_PRECONTENT = 0,
    NGX_HTTP_APIGW_RATELIMIT_PREACCESS
} ngx_http_apigw_ratelimit_phase_e;

typedef enum {
    NGX_HTTP_APIGW_RATELIMIT_LOCAL = 0,
    NGX_HTTP_APIGW_RATELIMIT_ALLOW,
    NGX_HTTP_APIGW_RATELIMIT_DENY
} ngx_http_apigw_ratelimit_on_error_e;


/* What one worker keeps about a policy; not configuration: it changes. */

typedef struct ngx_http_apigw_ratelimit_cache_s
                                        ngx_http_apigw_ratelimit_cache_t;


typedef struct {
    ngx_str_t                           name;
    ngx_http_apigw_ratelimit_place_t    place;
    ngx_uint_t                          index;      /* in rmcf->policies */

    ngx_http_apigw_ratelimit_value_t    key;
    ngx_http_apigw_ratelimit_value_t   *group;      /* NULL: the key */
    ngx_http_apigw_ratelimit_value_t   *variable;   /* limit; NULL: constant */
    ngx_http_apigw_ratelimit_value_t   *burst;
    ngx_http_apigw_ratelimit_value_t   *cost;

    apigw_limit_form_t                  form;       /* kind, align=, strict= */
    apigw_limit_t                       limit;      /* constant, or default= */
    ngx_str_t                           limit_text;
    ngx_str_t                           default_text;
    ngx_str_t                           burst_text; /* empty: n of the rate */
    ngx_flag_t                          has_burst;

    ngx_flag_t                          has_cost;
    uint64_t                            fixed_cost;

    ngx_uint_t                          phase;
    ngx_uint_t                          on_error;
    uint64_t                            share;
    ngx_flag_t                          shadow;

    uint64_t                            lease;      /* most units; 0: none */
    uint64_t                            outstanding;    /* 0: a quarter */

    ngx_str_t                           zone_name;
    ngx_str_t                           store_name;
    ngx_http_apigw_ratelimit_zone_t    *zone;
    ngx_http_apigw_ratelimit_store_t   *store;      /* NULL: local */

    uint32_t                            row;        /* of zone->counters */
    apigw_siphash_t                     hash;       /* secret for its keys */
    ngx_str_t                           item;       /* of RateLimit-Policy */
    ngx_http_apigw_ratelimit_cache_t   *cache;
} ngx_http_apigw_ratelimit_policy_t;


struct ngx_http_apigw_ratelimit_main_conf_s {
    ngx_cycle_t                        *cycle;
    ngx_array_t                         zones;      /* of pointers */
    ngx_array_t                         stores;     /* of pointers */
    ngx_array_t                         policies;   /* of pointers */
    ngx_http_apigw_reject_vars_t        reject;
    ngx_uint_t                          phases;     /* bits 1 << phase */
    ngx_flag_t                          metrics;    /* a location has them */
    ngx_flag_t                          after;      /* or refunds, or debits */
};


/* `apigw_ratelimit_refund` */

typedef struct {
    ngx_http_apigw_ratelimit_place_t    place;
    ngx_http_apigw_ratelimit_value_t    when;
    ngx_str_t                          *names;
    ngx_uint_t                          nnames;     /* 0: all */
    ngx_http_apigw_ratelimit_policy_t **policies;   /* from names */
} ngx_http_apigw_ratelimit_refund_t;


/* One `apigw_ratelimit` line. */

typedef struct {
    ngx_http_apigw_ratelimit_place_t    place;
    ngx_str_t                          *names;
    ngx_uint_t                          nnames;
    ngx_http_apigw_ratelimit_value_t   *cost;
    ngx_flag_t                          has_cost;
    uint64_t                            fixed_cost;
    ngx_http_apigw_ratelimit_value_t   *cost_after;
    ngx_flag_t                          has_cost_after;
    uint64_t                            fixed_cost_after;
} ngx_http_apigw_ratelimit_line_t;


/* A policy as a location applies it. */

typedef struct {
    ngx_http_apigw_ratelimit_policy_t  *policy;
    ngx_http_apigw_ratelimit_value_t   *cost;       /* NULL: constant */
    uint64_t                            fixed_cost;
    ngx_http_apigw_ratelimit_value_t   *cost_after; /* NULL: constant */
    uint64_t                            fixed_cost_after;
} ngx_http_apigw_ratelimit_use_t;


typedef struct {
    ngx_array_t                        *lines;      /* UNSET_PTR: inherit */
    ngx_http_apigw_ratelimit_use_t     *uses;       /* from lines, in order */
    ngx_uint_t                          nuses;
    ngx_uint_t                          phases;     /* bits 1 << phase */
    ngx_flag_t                          remote;     /* a policy is in Redis */
    ngx_str_t                           field;      /* RateLimit-Policy, if
                                                       it's always the same */
    ngx_flag_t                          compiled;

    ngx_flag_t                          dry_run;
    ngx_uint_t                          status;
    ngx_uint_t                          headers;
    ngx_msec_t                          retry_jitter;
    ngx_uint_t                          problem;
    ngx_uint_t                          log_level;
    ngx_uint_t                          metrics;    /* never inherited */
    ngx_http_apigw_ratelimit_refund_t  *refund;     /* NULL: none */
} ngx_http_apigw_ratelimit_loc_conf_t;


typedef enum {
    NGX_HTTP_APIGW_RATELIMIT_FROM_LOCAL = 0,
    NGX_HTTP_APIGW_RATELIMIT_FROM_REDIS,
    NGX_HTTP_APIGW_RATELIMIT_FROM_DENY_CACHE,
    NGX_HTTP_APIGW_RATELIMIT_FROM_LEASE
} ngx_http_apigw_ratelimit_source_e;


/*
 * OPEN     -> DECIDED  taken locally or from a lease, or Redis answered
 * OPEN     -> FAILED   the store can't answer; the fail policy decides
 * FAILED   -> DECIDED  on_error=local: taken from the copy
 * FAILED   -> SKIPPED  on_error=allow
 */

typedef enum {
    NGX_HTTP_APIGW_RATELIMIT_OPEN = 0,
    NGX_HTTP_APIGW_RATELIMIT_DECIDED,
    NGX_HTTP_APIGW_RATELIMIT_FAILED,
    NGX_HTTP_APIGW_RATELIMIT_SKIPPED
} ngx_http_apigw_ratelimit_item_state_e;


/* One policy of one request. */

typedef struct {
    ngx_http_apigw_ratelimit_policy_t  *policy;
    apigw_limit_t                       limit;
    apigw_take_t                        take;
    apigw_siphash_t                     group;      /* digest of group= */
    ngx_str_t                           key_text;   /* for Redis's tags */
    ngx_str_t                           group_text;

    /* of the location that charged */
    ngx_http_apigw_ratelimit_loc_conf_t  *rlcf;
    ngx_http_apigw_ratelimit_use_t     *use;

    uint64_t                            copy_until; /* take.until of a copy */
    uint64_t                            outstanding;    /* of leases */
    unsigned                            state:2;
    unsigned                            source:2;
    unsigned                            degraded:1; /* by the fail policy */
    unsigned                            charged:1;
    unsigned                            admitted:1; /* by this policy too */
    unsigned                            copied:1;   /* the copy was charged */
    unsigned                            debit:1;    /* an adjustment that is */
    unsigned                            leased:1;   /* a rate is without what
                                                       is outstanding */
    unsigned                            granting:1; /* to ask for a lease */
} ngx_http_apigw_ratelimit_item_t;


typedef enum {
    NGX_HTTP_APIGW_RATELIMIT_NOT_DECIDED = 0,
    NGX_HTTP_APIGW_RATELIMIT_PASSED,
    NGX_HTTP_APIGW_RATELIMIT_REJECTED,
    NGX_HTTP_APIGW_RATELIMIT_REJECTED_DRY_RUN,
    NGX_HTTP_APIGW_RATELIMIT_DEGRADED
} ngx_http_apigw_ratelimit_verdict_e;


typedef struct ngx_http_apigw_ratelimit_ask_s   ngx_http_apigw_ratelimit_ask_t;
typedef struct ngx_http_apigw_ratelimit_wait_s  ngx_http_apigw_ratelimit_wait_t;


/*
 * The record of one client request; lives as long as the request, through
 * internal redirects.
 *
 * IDLE    -> IDLE     a phase decided within one call
 * IDLE    -> WAITING  asked Redis; the handler returned NGX_AGAIN
 * WAITING -> READY    all answers are in; phases resumed, once
 * READY   -> IDLE     the handler told the verdict
 * WAITING -> gone     the request died; the cleanup left all queues
 */

typedef enum {
    NGX_HTTP_APIGW_RATELIMIT_IDLE = 0,
    NGX_HTTP_APIGW_RATELIMIT_WAITING,
    NGX_HTTP_APIGW_RATELIMIT_READY
} ngx_http_apigw_ratelimit_state_e;

typedef struct {
    ngx_http_apigw_record_t             record;     /* first: see its header */

    /* of the location that decided last */
    ngx_http_apigw_ratelimit_loc_conf_t  *rlcf;

    ngx_http_apigw_ratelimit_item_t    *items;
    ngx_uint_t                          nitems;
    ngx_uint_t                          nalloc;
    ngx_uint_t                          first;      /* of this phase */

    ngx_http_apigw_ratelimit_state_e    state;
    ngx_http_apigw_ratelimit_verdict_e  verdict;
    const char                         *reason;     /* of a rejection */
    ngx_http_apigw_ratelimit_item_t    *chosen;     /* the variables' policy */
    ngx_uint_t                          retry_after; /* seconds; 0: none */

    ngx_http_apigw_ratelimit_wait_t    *waits;      /* one per ask */
    ngx_uint_t                          pending;    /* answers missing */
    uint64_t                            asked;      /* ticks */
    uint64_t                            waited;     /* ticks, all phases */
} ngx_http_apigw_ratelimit_ctx_t;


/* ngx_http_apigw_ratelimit_module.c */

/* The request's record, or NULL. */
ngx_http_apigw_ratelimit_ctx_t *ngx_http_apigw_ratelimit_get_ctx(
    ngx_http_request_t *r);

/* As above, but makes it if there is none; NULL: no memory. */
ngx_http_apigw_ratelimit_ctx_t *ngx_http_apigw_ratelimit_need_ctx(
    ngx_http_request_t *r);


/* ngx_http_apigw_ratelimit_conf.c: directives and what they mean together */

char *ngx_http_apigw_ratelimit_set_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_ratelimit_set_redis(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_ratelimit_set_status(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_ratelimit_set_jitter(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_apigw_ratelimit_set_headers(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Gives each policy its zone and store; all declarations have been read. */
char *ngx_http_apigw_ratelimit_resolve(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_main_conf_t *rmcf);

/* Whether a name is within [A-Za-z0-9_.-]{1,64}. */
ngx_uint_t ngx_http_apigw_ratelimit_name_valid(ngx_str_t *name);

void ngx_http_apigw_ratelimit_place(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_place_t *place);

/* Logs at EMERG with a directive's place; returns NGX_CONF_ERROR. */
char *ngx_http_apigw_ratelimit_refuse(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_place_t *place, const char *fmt, ...);

/* Logs that parameter `what` is wrong; returns NGX_CONF_ERROR. */
char *ngx_http_apigw_ratelimit_policy_invalid(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, const char *what,
    ngx_str_t *text, const char *mend);


/* ngx_http_apigw_ratelimit_use.c: `apigw_ratelimit` */

char *ngx_http_apigw_ratelimit_set_use(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Makes the uses of a level that has lines of its own, once. */
char *ngx_http_apigw_ratelimit_compile(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_loc_conf_t *rlcf);


/* ngx_http_apigw_ratelimit_policy.c: `apigw_ratelimit_policy` */

char *ngx_http_apigw_ratelimit_set_policy(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Compiles a parameter that has variables; NULL: it can't be. */
ngx_http_apigw_ratelimit_value_t *ngx_http_apigw_ratelimit_policy_value(
    ngx_conf_t *cf, ngx_str_t *text);


/* ngx_http_apigw_ratelimit_policy_limit.c: rate=, quota=, sliding= and such */

char *ngx_http_apigw_ratelimit_set_rate(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text);
char *ngx_http_apigw_ratelimit_set_quota(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text);
char *ngx_http_apigw_ratelimit_set_sliding(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text);
char *ngx_http_apigw_ratelimit_set_burst(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text);
char *ngx_http_apigw_ratelimit_set_align(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text);
char *ngx_http_apigw_ratelimit_set_strict(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text);
char *ngx_http_apigw_ratelimit_set_default(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text);

/* Reads the limit, its default and its burst. */
char *ngx_http_apigw_ratelimit_policy_limit(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy);

/* "rate", "quota" or "sliding", and how such a limit is written. */
const char *ngx_http_apigw_ratelimit_limit_name(
    ngx_http_apigw_ratelimit_policy_t *policy);
const char *ngx_http_apigw_ratelimit_limit_example(
    ngx_http_apigw_ratelimit_policy_t *policy);

/* Whether a constant limit never has room for such a request; what to say. */
ngx_uint_t ngx_http_apigw_ratelimit_never_passes(
    ngx_http_apigw_ratelimit_policy_t *policy, uint64_t cost);
char *ngx_http_apigw_ratelimit_refuse_cost(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_place_t *place,
    ngx_http_apigw_ratelimit_policy_t *policy, uint64_t cost);


/* ngx_http_apigw_ratelimit_policy_check.c */

/* Checks what parameters mean together; `has` are the bits of those given. */
char *ngx_http_apigw_ratelimit_policy_check(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_uint_t has);


/* ngx_http_apigw_ratelimit_value.c: what a policy means to one request */

/* Compiles text; `value` says whether it has variables. */
ngx_int_t ngx_http_apigw_ratelimit_value_compile(ngx_conf_t *cf,
    ngx_str_t *text, ngx_http_apigw_ratelimit_value_t *value);

ngx_http_apigw_ratelimit_cache_t *ngx_http_apigw_ratelimit_cache_create(
    ngx_pool_t *pool);

/*
 * Fills `item`: key, limit, cost.
 * NGX_OK; NGX_DECLINED: the policy does not concern the request; NGX_ERROR
 */
ngx_int_t ngx_http_apigw_ratelimit_item_init(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_use_t *use,
    ngx_http_apigw_ratelimit_item_t *item);

/* The cost after the response; NGX_ERROR: no memory. */
ngx_int_t ngx_http_apigw_ratelimit_cost_after(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_use_t *use, uint64_t *cost);

/* The value for a request; NGX_ERROR: no memory. */
ngx_int_t ngx_http_apigw_ratelimit_value_get(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_value_t *value, ngx_str_t *text);

/* Whether a text of the configuration has variables in it. */
ngx_uint_t ngx_http_apigw_ratelimit_has_variables(ngx_str_t *text);


/* ngx_http_apigw_ratelimit_zone.c: shared memory, owners, the clock */

ngx_http_apigw_ratelimit_zone_t *ngx_http_apigw_ratelimit_zone_add(
    ngx_conf_t *cf, ngx_http_apigw_ratelimit_main_conf_t *rmcf,
    ngx_str_t *name, size_t size);

/* Names this process as the owner of the locks it takes. */
void ngx_http_apigw_ratelimit_zones_own(
    ngx_http_apigw_ratelimit_main_conf_t *rmcf);

/* Whether the process that owns a lock, or counts, may still run. */
bool ngx_http_apigw_ratelimit_alive(uint64_t owner);

/* Ticks of the machine's monotonic clock. */
uint64_t ngx_http_apigw_ratelimit_ticks(void);

/* Ticks of the wall clock, as nginx last read it, since APIGW_WINDOW_EPOCH. */
uint64_t ngx_http_apigw_ratelimit_wall(void);

/* Says what time it is for an item's take. */
void ngx_http_apigw_ratelimit_item_time(ngx_http_apigw_ratelimit_item_t *item,
    uint64_t ticks);

/* Logs a full zone, once per episode, after a take. */
void ngx_http_apigw_ratelimit_zone_watch(ngx_http_apigw_ratelimit_zone_t *zone,
    uint64_t now, ngx_log_t *log);


/* ngx_http_apigw_ratelimit_counters.c: what is counted, per worker */

/* How many of the `size` bytes of a new zone are for counters. */
size_t ngx_http_apigw_ratelimit_counters_create(
    ngx_http_apigw_ratelimit_zone_t *zone, void *memory, size_t size);

/* Gives the zone's policies, and the first zone's stores, their rows. */
ngx_int_t ngx_http_apigw_ratelimit_counters_name(
    ngx_http_apigw_ratelimit_zone_t *zone, ngx_log_t *log);

/* A worker begins and ends. */
void ngx_http_apigw_ratelimit_counters_join(
    ngx_http_apigw_ratelimit_main_conf_t *rmcf);
void ngx_http_apigw_ratelimit_counters_leave(
    ngx_http_apigw_ratelimit_main_conf_t *rmcf);

/* Counts the decisions of one phase. */
void ngx_http_apigw_ratelimit_count(ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_uint_t passed);


/* ngx_http_apigw_ratelimit_store.c: what is counted of stores */

/* At configuration time. */
void ngx_http_apigw_ratelimit_store_observe(
    ngx_http_apigw_ratelimit_store_t *store);

/* A worker begins: it has no open breakers. */
void ngx_http_apigw_ratelimit_store_reset(
    ngx_http_apigw_ratelimit_store_t *store);

/* The stores' families. */
void ngx_http_apigw_ratelimit_metrics_stores(apigw_prometheus_t *text,
    ngx_http_apigw_ratelimit_main_conf_t *rmcf);


/* ngx_http_apigw_ratelimit_metrics.c: `apigw_ratelimit_metrics` */

char *ngx_http_apigw_ratelimit_set_metrics(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Refuses a location where another handler answers. */
char *ngx_http_apigw_ratelimit_metrics_merge(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_loc_conf_t *prev,
    ngx_http_apigw_ratelimit_loc_conf_t *conf);


/* ngx_http_apigw_ratelimit_take.c: the decision of one phase */

/*
 * Decides what the location's policies of `phase` say.
 * NGX_DECLINED passed, or nothing to decide; NGX_AGAIN asked Redis; a status
 */
ngx_int_t ngx_http_apigw_ratelimit_take(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx, ngx_uint_t phase);

/* All answers are in: decides, and resumes the request's phases. */
void ngx_http_apigw_ratelimit_answered(ngx_http_apigw_ratelimit_ctx_t *ctx);

/* Tells what the local policies say, though another has denied. */
void ngx_http_apigw_ratelimit_peek_local(ngx_http_apigw_ratelimit_ctx_t *ctx,
    uint64_t ticks);

/* The verdict as a phase handler returns it. */
ngx_int_t ngx_http_apigw_ratelimit_verdict(
    ngx_http_apigw_ratelimit_ctx_t *ctx);


/* ngx_http_apigw_ratelimit_settle.c: what follows from the answers */

/* Decides the phase, its items being DECIDED or FAILED. */
void ngx_http_apigw_ratelimit_settle(ngx_http_apigw_ratelimit_ctx_t *ctx);

/* Gives back all that this phase has charged. */
void ngx_http_apigw_ratelimit_put_back(ngx_http_apigw_ratelimit_ctx_t *ctx,
    uint64_t ticks);


/* ngx_http_apigw_ratelimit_verdict.c: what is told about a decision */

/* Settles verdict, reason and chosen policy; logs a rejection. */
void ngx_http_apigw_ratelimit_tell(ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_uint_t passed, ngx_http_apigw_ratelimit_item_t *unavailable);

/* Whether the client is told about the policy. */
ngx_uint_t ngx_http_apigw_ratelimit_item_shown(
    ngx_http_apigw_ratelimit_item_t *item);

/* The seconds a refused request should wait; 0: it never passes. */
ngx_uint_t ngx_http_apigw_ratelimit_item_wait(
    ngx_http_apigw_ratelimit_item_t *item);

/* What RateLimit-Policy and RateLimit say: q and w, and t. */
apigw_ratelimit_quota_t ngx_http_apigw_ratelimit_item_quota(
    ngx_http_apigw_ratelimit_item_t *item);
uint64_t ngx_http_apigw_ratelimit_item_reset(
    ngx_http_apigw_ratelimit_item_t *item);


/* ngx_http_apigw_ratelimit_redis.c: takes from Redis, several as one */

/*
 * Asks the stores of the open items, at the end of this turn of the event
 * loop. NGX_AGAIN: answers come, and end in ngx_http_apigw_ratelimit_answered;
 * NGX_OK: nothing to ask, or no memory for it: then items are FAILED
 */
ngx_int_t ngx_http_apigw_ratelimit_ask(ngx_http_apigw_ratelimit_ctx_t *ctx);

/* The request dies: leaves all that it waits for. */
void ngx_http_apigw_ratelimit_leave(ngx_http_apigw_ratelimit_ctx_t *ctx);


/* Forgets what is under way, as the worker exits. */
void ngx_http_apigw_ratelimit_redis_exit(void);


/* ngx_http_apigw_ratelimit_adjust.c: what Redis is told later */

/*
 * Gives back what Redis has charged for an item, or with `debit` charges its
 * take's cost once more: at the end of this turn of the event loop, together
 * with others. Nobody waits for it; one that is lost is counted.
 */
void ngx_http_apigw_ratelimit_adjust(ngx_http_apigw_ratelimit_item_t *item,
    ngx_uint_t debit);

/* The worker exits: what has not been answered is lost. */
void ngx_http_apigw_ratelimit_adjust_exit(void);


/* ngx_http_apigw_ratelimit_after.c: after the response */

char *ngx_http_apigw_ratelimit_set_refund(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Finds the policies that a level's own refund names, once. */
char *ngx_http_apigw_ratelimit_compile_refund(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_loc_conf_t *rlcf);

/* The handler of the LOG phase. */
ngx_int_t ngx_http_apigw_ratelimit_after(ngx_http_request_t *r);


/* ngx_http_apigw_ratelimit_lease_conf.c: `lease=` and `outstanding=` */

char *ngx_http_apigw_ratelimit_set_lease(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text);
char *ngx_http_apigw_ratelimit_set_outstanding(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text);

/* Checks them, and the limit, together. */
char *ngx_http_apigw_ratelimit_lease_check(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_policy_t *policy);

/* Says whether an item goes by leases; its take gets what Redis keeps then. */
void ngx_http_apigw_ratelimit_lease_init(
    ngx_http_apigw_ratelimit_item_t *item);


/* ngx_http_apigw_ratelimit_lease.c: leases, spent here */

/* Spends leases for the open items that have any. */
void ngx_http_apigw_ratelimit_take_leases(ngx_http_apigw_ratelimit_ctx_t *ctx);

/*
 * Gives an item's charge back, or with `debit` charges its take's cost once
 * more: here, if there is a lease for it, else in Redis, as soon as may be.
 */
void ngx_http_apigw_ratelimit_change(ngx_http_apigw_ratelimit_item_t *item,
    ngx_uint_t debit, uint64_t ticks);


/* ngx_http_apigw_ratelimit_lease_idle.c: leases that nobody spends */

/* Gives the item's pool back once it is idle. */
void ngx_http_apigw_ratelimit_lease_watch(
    ngx_http_apigw_ratelimit_item_t *item);

void ngx_http_apigw_ratelimit_lease_exit(void);


/* ngx_http_apigw_ratelimit_headers.c: the filters */

void ngx_http_apigw_ratelimit_filter_init(void);


/* ngx_http_apigw_ratelimit_problem.c: the document of a rejection */

ngx_int_t ngx_http_apigw_ratelimit_problem(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx);


/* ngx_http_apigw_ratelimit_variables.c */

ngx_int_t ngx_http_apigw_ratelimit_add_variables(ngx_conf_t *cf);


static ngx_inline void
ngx_http_apigw_ratelimit_policy_count(ngx_http_apigw_ratelimit_policy_t *policy,
    ngx_uint_t counter)
{
    apigw_counters_add(&policy->zone->counters, policy->row, counter, 1);
}


/* Units come to a pool, or go. */

static ngx_inline void
ngx_http_apigw_ratelimit_lease_count(ngx_http_apigw_ratelimit_item_t *item,
    uint64_t units)
{
    apigw_counters_add(&item->policy->zone->counters, item->policy->row,
                       NGX_HTTP_APIGW_RATELIMIT_N_LEASE_UNITS, units);
}


/* On the clock of the item's zone. */

static ngx_inline uint64_t
ngx_http_apigw_ratelimit_zone_time(ngx_http_apigw_ratelimit_item_t *item,
    uint64_t ticks)
{
    return ticks - item->take.slots->shared->epoch;
}


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_RATELIMIT_H_INCLUDED_ */
