
/*
 * L2: verdicts and answers in the module's zone, for all workers. One mutex
 * guards it; nothing is verified, logged or waited for under it.
 *
 * An entry is found by a SHA-256 of the zone's seed and the credential, and by
 * the fingerprint of the block that vouches, both compared whole. So what is
 * found was decided about these very bytes, under these very rules.
 */


#include "ngx_http_apigw_auth.h"


#define NGX_HTTP_APIGW_AUTH_CACHE_TRIES        32
#define NGX_HTTP_APIGW_AUTH_CACHE_JTI_MAX      25    /* percent, not ours */
#define NGX_HTTP_APIGW_AUTH_CACHE_SIGNED_MAX   10    /* percent */
#define NGX_HTTP_APIGW_AUTH_CACHE_MOVE         1000


typedef struct ngx_http_apigw_auth_cache_node_s
    ngx_http_apigw_auth_cache_node_t;

struct ngx_http_apigw_auth_cache_node_s {
    ngx_rbtree_node_t                  node;     /* first: by digest */
    ngx_queue_t                        lru;
    ngx_http_apigw_auth_cache_key_t    key;
    ngx_http_apigw_auth_cache_entry_t  entry;    /* its data follow */
    ngx_msec_t                         moved;    /* last, in the LRU */
    size_t                             size;     /* of what the slab gave */
    ngx_http_apigw_auth_cache_node_t  *older;    /* met on the way into the
                                                    tree; NULL: none */
    u_char                             data[];
};


static ngx_http_apigw_auth_cache_node_t *ngx_http_apigw_auth_cache_find_locked(
    ngx_http_apigw_auth_cache_t *cache, ngx_http_apigw_auth_cache_key_t *key);
static ngx_int_t ngx_http_apigw_auth_cache_read_locked(
    ngx_http_apigw_auth_zone_t *zone, ngx_http_apigw_auth_cache_key_t *key,
    ngx_http_apigw_auth_cache_entry_t *entry, u_char *buf, size_t size);
static void ngx_http_apigw_auth_cache_drop_locked(
    ngx_http_apigw_auth_zone_t *zone, ngx_http_apigw_auth_cache_key_t *key);
static ngx_http_apigw_auth_cache_node_t *
    ngx_http_apigw_auth_cache_alloc_locked(ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_cache_class_e class, size_t size);
static void ngx_http_apigw_auth_cache_expire_locked(
    ngx_http_apigw_auth_zone_t *zone, ngx_http_apigw_auth_cache_class_e class,
    ngx_uint_t n, ngx_uint_t force);
static void ngx_http_apigw_auth_cache_free_locked(
    ngx_http_apigw_auth_zone_t *zone, ngx_http_apigw_auth_cache_node_t *node);
static ngx_int_t ngx_http_apigw_auth_cache_cmp(
    ngx_http_apigw_auth_cache_key_t *one,
    ngx_http_apigw_auth_cache_key_t *two);
static void ngx_http_apigw_auth_cache_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);
static ngx_http_apigw_auth_cache_class_e ngx_http_apigw_auth_cache_class(
    ngx_http_apigw_auth_cache_kind_e kind);
static size_t ngx_http_apigw_auth_cache_max(ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_cache_class_e class);


void
ngx_http_apigw_auth_cache_init(ngx_http_apigw_auth_cache_t *cache)
{
    ngx_uint_t  i;

    ngx_rbtree_init(&cache->rbtree, &cache->sentinel,
                    ngx_http_apigw_auth_cache_insert);

    for (i = 0; i < NGX_HTTP_APIGW_AUTH_CACHE_CLASSES; i++) {
        ngx_queue_init(&cache->lru[i]);
        cache->used[i] = 0;
    }
}


ngx_int_t
ngx_http_apigw_auth_cache_key(ngx_http_apigw_auth_zone_t *zone,
    u_char *fingerprint, apigw_str_t credential,
    ngx_http_apigw_auth_cache_key_t *key)
{
    apigw_str_t  pieces[2];

    pieces[0].data = zone->shared->seed;
    pieces[0].len = sizeof(zone->shared->seed);
    pieces[1] = credential;

    ngx_memcpy(key->fingerprint, fingerprint, sizeof(key->fingerprint));

    return ngx_http_apigw_auth_digest(key->digest, pieces, 2);
}


ngx_msec_t
ngx_http_apigw_auth_cache_until(time_t ttl, int64_t exp, int64_t leeway)
{
    int64_t  left;

    left = ttl;

    if (exp >= 0 && exp + leeway - ngx_time() < left) {
        left = exp + leeway - ngx_time();
    }

    return ngx_current_msec + (left > 0 ? (ngx_msec_t) left * 1000 : 0);
}


/* Memory for what an entry carries is taken while nobody waits for us. */

ngx_int_t
ngx_http_apigw_auth_cache_get(ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_cache_key_t *key, apigw_arena_t *arena,
    ngx_http_apigw_auth_cache_entry_t *entry)
{
    u_char     *buf;
    size_t      size;
    ngx_int_t   rc;

    buf = NULL;
    size = 0;

    for ( ;; ) {
        ngx_shmtx_lock(&zone->pool->mutex);
        rc = ngx_http_apigw_auth_cache_read_locked(zone, key, entry, buf, size);
        ngx_shmtx_unlock(&zone->pool->mutex);

        if (rc != NGX_AGAIN) {
            return rc;
        }

        size = entry->data.len;

        buf = apigw_arena_alloc(arena, size);
        if (buf == NULL) {
            return NGX_ERROR;
        }
    }
}


/* NGX_OK; NGX_DECLINED: not there; NGX_AGAIN: entry->data.len bytes needed. */

static ngx_int_t
ngx_http_apigw_auth_cache_read_locked(ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_cache_key_t *key,
    ngx_http_apigw_auth_cache_entry_t *entry, u_char *buf, size_t size)
{
    ngx_queue_t                       *lru;
    ngx_http_apigw_auth_cache_t       *cache;
    ngx_http_apigw_auth_cache_node_t  *node;

    cache = &zone->shared->cache;

    node = ngx_http_apigw_auth_cache_find_locked(cache, key);
    if (node == NULL) {
        return NGX_DECLINED;
    }

    if ((ngx_msec_int_t) (node->entry.until - ngx_current_msec) <= 0) {
        ngx_http_apigw_auth_cache_free_locked(zone, node);
        return NGX_DECLINED;
    }

    /* a hot entry would else write to shared memory with every request */

    if ((ngx_msec_int_t) (ngx_current_msec - node->moved)
        >= NGX_HTTP_APIGW_AUTH_CACHE_MOVE)
    {
        lru = &cache->lru[ngx_http_apigw_auth_cache_class(node->entry.kind)];

        ngx_queue_remove(&node->lru);
        ngx_queue_insert_head(lru, &node->lru);
        node->moved = ngx_current_msec;
    }

    *entry = node->entry;
    entry->data.data = buf;

    if (entry->data.len > size) {
        return NGX_AGAIN;
    }

    if (entry->data.len) {
        ngx_memcpy(buf, node->data, entry->data.len);
    }

    return NGX_OK;
}


static ngx_http_apigw_auth_cache_node_t *
ngx_http_apigw_auth_cache_find_locked(ngx_http_apigw_auth_cache_t *cache,
    ngx_http_apigw_auth_cache_key_t *key)
{
    ngx_int_t                          rc;
    ngx_rbtree_key_t                   hash;
    ngx_rbtree_node_t                 *node;
    ngx_http_apigw_auth_cache_node_t  *found;

    ngx_memcpy(&hash, key->digest, sizeof(ngx_rbtree_key_t));

    node = cache->rbtree.root;

    while (node != &cache->sentinel) {

        if (hash != node->key) {
            node = (hash < node->key) ? node->left : node->right;
            continue;
        }

        found = (ngx_http_apigw_auth_cache_node_t *) node;
        rc = ngx_http_apigw_auth_cache_cmp(key, &found->key);

        if (rc == 0) {
            return found;
        }

        node = (rc < 0) ? node->left : node->right;
    }

    return NULL;
}


ngx_int_t
ngx_http_apigw_auth_cache_put(ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_cache_key_t *key,
    ngx_http_apigw_auth_cache_entry_t *entry)
{
    size_t                              size;
    ngx_http_apigw_auth_cache_t        *cache;
    ngx_http_apigw_auth_cache_node_t   *node;
    ngx_http_apigw_auth_cache_class_e   class;

    if ((ngx_msec_int_t) (entry->until - ngx_current_msec) <= 0) {
        return NGX_DECLINED;
    }

    cache = &zone->shared->cache;
    class = ngx_http_apigw_auth_cache_class(entry->kind);
    size = sizeof(ngx_http_apigw_auth_cache_node_t) + entry->data.len;

    ngx_shmtx_lock(&zone->pool->mutex);

    node = ngx_http_apigw_auth_cache_alloc_locked(zone, class, size);

    if (node == NULL) {
        ngx_http_apigw_auth_cache_drop_locked(zone, key);

    } else {
        ngx_memcpy(&node->node.key, key->digest, sizeof(ngx_rbtree_key_t));
        node->key = *key;
        node->entry = *entry;
        node->entry.data.data = NULL;
        node->moved = ngx_current_msec;
        node->older = NULL;

        if (entry->data.len) {
            ngx_memcpy(node->data, entry->data.data, entry->data.len);
        }

        /* a module loaded from another file may be elsewhere: no old pointer */

        cache->rbtree.insert = ngx_http_apigw_auth_cache_insert;

        ngx_rbtree_insert(&cache->rbtree, &node->node);
        ngx_queue_insert_head(&cache->lru[class], &node->lru);
        cache->used[class] += node->size;

        /* who decides last is right: another worker did, or older keys */

        if (node->older) {
            ngx_http_apigw_auth_cache_free_locked(zone, node->older);
        }
    }

    ngx_shmtx_unlock(&zone->pool->mutex);

    return node ? NGX_OK : NGX_DECLINED;
}


void
ngx_http_apigw_auth_cache_drop(ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_cache_key_t *key)
{
    ngx_shmtx_lock(&zone->pool->mutex);
    ngx_http_apigw_auth_cache_drop_locked(zone, key);
    ngx_shmtx_unlock(&zone->pool->mutex);
}


static void
ngx_http_apigw_auth_cache_drop_locked(ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_cache_key_t *key)
{
    ngx_http_apigw_auth_cache_node_t  *node;

    node = ngx_http_apigw_auth_cache_find_locked(&zone->shared->cache, key);

    if (node) {
        ngx_http_apigw_auth_cache_free_locked(zone, node);
    }
}


/* A class that is full makes room at its own expense, never at another's. */

static ngx_http_apigw_auth_cache_node_t *
ngx_http_apigw_auth_cache_alloc_locked(ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_cache_class_e class, size_t size)
{
    size_t                             max, taken;
    ngx_uint_t                         tries;
    ngx_http_apigw_auth_cache_t       *cache;
    ngx_http_apigw_auth_cache_node_t  *node;

    cache = &zone->shared->cache;
    max = ngx_http_apigw_auth_cache_max(zone, class);

    /* what the slab makes of it: a power of two, or whole pages */

    if (size > ngx_pagesize / 2) {
        taken = ngx_align(size, ngx_pagesize);

    } else {
        for (taken = 8; taken < size; taken <<= 1) { /* void */ }
    }

    if (taken > max / 4) {
        return NULL;
    }

    ngx_http_apigw_auth_cache_expire_locked(zone, class, 2, 0);

    for (tries = 0; tries < NGX_HTTP_APIGW_AUTH_CACHE_TRIES; tries++) {

        if (cache->used[class] + taken <= max) {
            node = ngx_slab_alloc_locked(zone->pool, size);

            if (node) {
                node->size = taken;
                return node;
            }
        }

        if (ngx_queue_empty(&cache->lru[class])) {
            return NULL;
        }

        ngx_http_apigw_auth_cache_expire_locked(zone, class, 1, 1);
    }

    return NULL;
}


/* Frees the oldest entries, or only those of them that have expired. */

static void
ngx_http_apigw_auth_cache_expire_locked(ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_cache_class_e class, ngx_uint_t n, ngx_uint_t force)
{
    ngx_queue_t                       *lru;
    ngx_http_apigw_auth_cache_node_t  *node;

    lru = &zone->shared->cache.lru[class];

    while (n-- && !ngx_queue_empty(lru)) {
        node = ngx_queue_data(ngx_queue_last(lru),
                              ngx_http_apigw_auth_cache_node_t, lru);

        if (!force
            && (ngx_msec_int_t) (node->entry.until - ngx_current_msec) > 0)
        {
            return;
        }

        ngx_http_apigw_auth_cache_free_locked(zone, node);
    }
}


static void
ngx_http_apigw_auth_cache_free_locked(ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_cache_node_t *node)
{
    ngx_http_apigw_auth_cache_t        *cache;
    ngx_http_apigw_auth_cache_class_e   class;

    cache = &zone->shared->cache;
    class = ngx_http_apigw_auth_cache_class(node->entry.kind);

    ngx_rbtree_delete(&cache->rbtree, &node->node);
    ngx_queue_remove(&node->lru);
    cache->used[class] -= node->size;

    ngx_slab_free_locked(zone->pool, node);
}


static ngx_int_t
ngx_http_apigw_auth_cache_cmp(ngx_http_apigw_auth_cache_key_t *one,
    ngx_http_apigw_auth_cache_key_t *two)
{
    ngx_int_t  rc;

    rc = ngx_memcmp(one->digest, two->digest, sizeof(one->digest));

    return rc ? rc : ngx_memcmp(one->fingerprint, two->fingerprint,
                                sizeof(one->fingerprint));
}


static void
ngx_http_apigw_auth_cache_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel)
{
    ngx_int_t                          rc;
    ngx_rbtree_node_t                **p;
    ngx_http_apigw_auth_cache_node_t  *own, *met;

    own = (ngx_http_apigw_auth_cache_node_t *) node;

    for ( ;; ) {

        if (node->key != temp->key) {
            p = (node->key < temp->key) ? &temp->left : &temp->right;

        } else {
            met = (ngx_http_apigw_auth_cache_node_t *) temp;
            rc = ngx_http_apigw_auth_cache_cmp(&own->key, &met->key);

            if (rc == 0) {
                own->older = met;
            }

            p = (rc < 0) ? &temp->left : &temp->right;
        }

        if (*p == sentinel) {
            break;
        }

        temp = *p;
    }

    *p = node;
    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}


static ngx_http_apigw_auth_cache_class_e
ngx_http_apigw_auth_cache_class(ngx_http_apigw_auth_cache_kind_e kind)
{
    switch (kind) {

    case NGX_HTTP_APIGW_AUTH_CACHE_NEGATIVE:
        return NGX_HTTP_APIGW_AUTH_CACHE_BAD;

    case NGX_HTTP_APIGW_AUTH_CACHE_ASSERTION:
        return NGX_HTTP_APIGW_AUTH_CACHE_SIGNED;

    default: /* tokens, answers about them, keys */
        return NGX_HTTP_APIGW_AUTH_CACHE_GOOD;
    }
}


/* In bytes; the table of proofs that were used has its share of the zone. */

static size_t
ngx_http_apigw_auth_cache_max(ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_cache_class_e class)
{
    size_t  percent;

    switch (class) {

    case NGX_HTTP_APIGW_AUTH_CACHE_BAD:
        percent = zone->negative_max;
        break;

    case NGX_HTTP_APIGW_AUTH_CACHE_SIGNED:
        percent = NGX_HTTP_APIGW_AUTH_CACHE_SIGNED_MAX;
        break;

    default: /* NGX_HTTP_APIGW_AUTH_CACHE_GOOD */
        percent = 100 - NGX_HTTP_APIGW_AUTH_CACHE_JTI_MAX
                  - NGX_HTTP_APIGW_AUTH_CACHE_SIGNED_MAX - zone->negative_max;
        break;
    }

    return zone->size / 100 * percent;
}
