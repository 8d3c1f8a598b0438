
/*
 * Shared memory: per zone counters and after them a table of slots; and who
 * owns its locks.
 */


#include "ngx_http_apigw_ratelimit.h"

#include <openssl/err.h>
#include <openssl/rand.h>


/* How long no live entry must go before another one does so "anew". */
#define NGX_HTTP_APIGW_RATELIMIT_EPISODE  (60 * APIGW_GCRA_SECOND)


static ngx_int_t ngx_http_apigw_ratelimit_zone_init(ngx_shm_zone_t *shm_zone,
    void *data);
static ngx_int_t ngx_http_apigw_ratelimit_zone_create(
    ngx_http_apigw_ratelimit_zone_t *zone, ngx_slab_pool_t *shpool);
static void ngx_http_apigw_ratelimit_zone_hash(
    ngx_http_apigw_ratelimit_zone_t *zone);
static uint64_t ngx_http_apigw_ratelimit_owner(void);
static uint32_t ngx_http_apigw_ratelimit_started(ngx_pid_t pid);


ngx_http_apigw_ratelimit_zone_t *
ngx_http_apigw_ratelimit_zone_add(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_main_conf_t *rmcf, ngx_str_t *name, size_t size)
{
    ngx_http_apigw_ratelimit_zone_t  *zone, **zones;

    zone = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_ratelimit_zone_t));
    if (zone == NULL) {
        return NULL;
    }

    zones = ngx_array_push(&rmcf->zones);
    if (zones == NULL) {
        return NULL;
    }

    *zones = zone;

    zone->name = *name;
    zone->rmcf = rmcf;

    zone->shm_zone = ngx_shared_memory_add(cf, name, size,
                                           &ngx_http_apigw_ratelimit_module);
    if (zone->shm_zone == NULL) {
        return NULL;
    }

    zone->shm_zone->init = ngx_http_apigw_ratelimit_zone_init;
    zone->shm_zone->data = zone;

    return zone;
}


static ngx_int_t
ngx_http_apigw_ratelimit_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_http_apigw_ratelimit_zone_t  *old = data;

    void                             *memory;
    ngx_slab_pool_t                  *shpool;
    ngx_http_apigw_ratelimit_zone_t  *zone;

    zone = shm_zone->data;
    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;
    memory = NULL;

    if (old) {
        memory = old->counters.shared;

    } else if (shm_zone->shm.exists) {
        memory = shpool->data;

    } else if (ngx_http_apigw_ratelimit_zone_create(zone, shpool) != NGX_OK) {
        return NGX_ERROR;
    }

    if (memory
        && (apigw_counters_open(&zone->counters, memory) != APIGW_OK
            || apigw_slots_open(&zone->slots, (u_char *) memory
                                              + zone->counters.shared->size)
               != APIGW_OK))
    {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "zone \"%V\" has another release's layout; give it "
                      "another name, or restart nginx", &zone->name);
        return NGX_ERROR;
    }

    zone->slots.alive = ngx_http_apigw_ratelimit_alive;
    zone->slots.owner = ngx_http_apigw_ratelimit_owner();

    ngx_http_apigw_ratelimit_zone_hash(zone);

    return ngx_http_apigw_ratelimit_counters_name(zone, shm_zone->shm.log);
}


/*
 * The tables are one allocation, all that the slab pool has: the pool's head
 * stays as nginx wants it, which looks there for locks of dead workers.
 */

static ngx_int_t
ngx_http_apigw_ratelimit_zone_create(ngx_http_apigw_ratelimit_zone_t *zone,
    ngx_slab_pool_t *shpool)
{
    void      *memory;
    size_t     size, counters;
    u_char     secret[16];
    uint64_t   epoch;

    size = shpool->pfree * ngx_pagesize;

    memory = ngx_slab_alloc(shpool, size);
    if (memory == NULL) {
        return NGX_ERROR;
    }

    shpool->data = memory;
    shpool->log_nomem = 0;

#if (NGX_DEBUG_MALLOC)
    ngx_memzero(memory, size);       /* only then it isn't zero, but junk */
#endif

    if (RAND_bytes(secret, sizeof(secret)) != 1) {
        ERR_clear_error();
        ngx_log_error(NGX_LOG_EMERG, zone->shm_zone->shm.log, 0,
                      "zone \"%V\": OpenSSL has no random bytes", &zone->name);
        return NGX_ERROR;
    }

    /* a second ago: 0 is no time */

    epoch = ngx_http_apigw_ratelimit_ticks() - APIGW_GCRA_SECOND;

    counters = ngx_http_apigw_ratelimit_counters_create(zone, memory, size);

    if (apigw_slots_create(&zone->slots, (u_char *) memory + counters,
                           size - counters, secret, epoch)
        != APIGW_OK)
    {
        ngx_log_error(NGX_LOG_EMERG, zone->shm_zone->shm.log, 0,
                      "zone \"%V\" is too small; use at least 512k",
                      &zone->name);
        return NGX_ERROR;
    }

    ngx_explicit_memzero(secret, sizeof(secret));

    return NGX_OK;
}


/*
 * Each policy has a secret of its own, made of the zone's, the policy's name
 * and its shape; keys are hashed under it. Limits are no part: new numbers
 * apply to the existing state.
 */

static void
ngx_http_apigw_ratelimit_zone_hash(ngx_http_apigw_ratelimit_zone_t *zone)
{
    u_char                               text[64 + 2], *p;
    ngx_uint_t                           i;
    apigw_siphash_t                      secret;
    ngx_http_apigw_ratelimit_policy_t  **policies;

    secret = apigw_siphash_key(zone->slots.shared->secret);
    policies = zone->rmcf->policies.elts;

    for (i = 0; i < zone->rmcf->policies.nelts; i++) {

        if (policies[i]->zone != zone) {
            continue;
        }

        /* no name has a ":" */

        p = ngx_cpymem(text, policies[i]->name.data, policies[i]->name.len);
        *p++ = ':';
        *p++ = 'r';

        policies[i]->hash = apigw_siphash(&secret, text, p - text);
    }
}


uint64_t
ngx_http_apigw_ratelimit_ticks(void)
{
    struct timespec  ts;

    /*
     * Not ngx_current_msec: at a million requests per second and a burst of
     * one, a unit is a microsecond.
     */

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * APIGW_GCRA_SECOND + ts.tv_nsec / 125;
}


uint64_t
ngx_http_apigw_ratelimit_wall(void)
{
    time_t       sec;
    ngx_time_t  *tp;

    tp = ngx_timeofday();
    sec = ngx_max(tp->sec - (time_t) APIGW_WINDOW_EPOCH, 0);

    return (uint64_t) sec * APIGW_GCRA_SECOND
           + tp->msec * (APIGW_GCRA_SECOND / 1000);
}


void
ngx_http_apigw_ratelimit_item_time(ngx_http_apigw_ratelimit_item_t *item,
    uint64_t ticks)
{
    item->take.now = ngx_http_apigw_ratelimit_zone_time(item, ticks);
    item->take.wall = ngx_http_apigw_ratelimit_wall();
}


/* Owners: the pid, with the start time to tell its next bearer */

void
ngx_http_apigw_ratelimit_zones_own(ngx_http_apigw_ratelimit_main_conf_t *rmcf)
{
    uint64_t                           owner;
    ngx_uint_t                         i;
    ngx_http_apigw_ratelimit_zone_t  **zones;

    owner = ngx_http_apigw_ratelimit_owner();
    zones = rmcf->zones.elts;

    for (i = 0; i < rmcf->zones.nelts; i++) {
        zones[i]->slots.owner = owner;
    }
}


static uint64_t
ngx_http_apigw_ratelimit_owner(void)
{
    return (uint64_t) ngx_http_apigw_ratelimit_started(ngx_pid) << 32
           | (uint32_t) ngx_pid;
}


bool
ngx_http_apigw_ratelimit_alive(uint64_t owner)
{
    uint32_t  now, then;

    if (kill((pid_t) (uint32_t) owner, 0) == -1 && ngx_errno == NGX_ESRCH) {
        return false;
    }

    then = owner >> 32;
    now = ngx_http_apigw_ratelimit_started((pid_t) (uint32_t) owner);

    /* where /proc can't be read, a pid alone must do */

    return then == 0 || now == then || now == 0;
}


/*
 * Field 22 of /proc/<pid>/stat, in clock ticks since boot. A zombie, whose
 * master has not looked yet, is as dead as any: UINT32_MAX. 0: unknown.
 */

static uint32_t
ngx_http_apigw_ratelimit_started(ngx_pid_t pid)
{
    int         fd;
    char       *p, path[sizeof("/proc//stat") + NGX_INT64_LEN];
    char        buf[1024];
    ssize_t     n;
    ngx_uint_t  field;

    *ngx_sprintf((u_char *) path, "/proc/%P/stat", pid) = '\0';

    fd = open(path, O_RDONLY|O_CLOEXEC);
    if (fd == -1) {
        return 0;
    }

    n = read(fd, buf, sizeof(buf) - 1);
    (void) close(fd);

    if (n <= 0) {
        return 0;
    }

    buf[n] = '\0';

    /* the second field, the name, may have blanks and brackets in it */

    p = strrchr(buf, ')');
    if (p == NULL || p[1] != ' ') {
        return 0;
    }

    p += 2;

    if (*p == 'Z' || *p == 'X') {
        return UINT32_MAX;
    }

    for (field = 3; field < 22; field++) {
        p = strchr(p, ' ');
        if (p == NULL) {
            return 0;
        }

        p++;
    }

    return (uint32_t) strtoull(p, NULL, 10);
}


void
ngx_http_apigw_ratelimit_zone_watch(ngx_http_apigw_ratelimit_zone_t *zone,
    uint64_t now, ngx_log_t *log)
{
    uint64_t               live, seen;
    apigw_slots_shared_t  *shared;

    shared = zone->slots.shared;

    live = __atomic_load_n(&shared->evicted_live, __ATOMIC_RELAXED);
    seen = __atomic_load_n(&shared->live_seen, __ATOMIC_RELAXED);

    if (live == seen) {
        return;
    }

    __atomic_store_n(&shared->live_seen, live, __ATOMIC_RELAXED);

    seen = __atomic_exchange_n(&shared->live_time, now, __ATOMIC_RELAXED);

    if (seen == 0 || now > seen + NGX_HTTP_APIGW_RATELIMIT_EPISODE) {
        ngx_log_error(NGX_LOG_ALERT, log, 0,
                      "apigw_ratelimit: zone \"%V\" is full, keys that were "
                      "not used lately start afresh; make it larger",
                      &zone->name);
    }
}
