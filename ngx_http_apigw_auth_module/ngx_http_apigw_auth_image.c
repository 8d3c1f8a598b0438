
#include "ngx_http_apigw_auth.h"


#define NGX_HTTP_APIGW_AUTH_TRIES      3
#define NGX_HTTP_APIGW_AUTH_PIECE      ((size_t) 16 * 1024 * 1024)
#define NGX_HTTP_APIGW_AUTH_QUIET      1000  /* ms: nobody reads for so long */


static ngx_int_t ngx_http_apigw_auth_image_init(ngx_shm_zone_t *zone,
    void *data);
static ngx_uint_t ngx_http_apigw_auth_image_lock(
    ngx_http_apigw_auth_halves_t *halves);


ngx_int_t
ngx_http_apigw_auth_image_size(ngx_str_t *value, size_t *size)
{
    ssize_t  n;

    if (ngx_strcmp(value->data, "auto") == 0) {
        *size = 0;
        return NGX_OK;
    }

    n = ngx_parse_size(value);

    if (n == NGX_ERROR
        || (size_t) n < 2 * NGX_HTTP_APIGW_AUTH_IMAGE_MIN
        || (size_t) n > NGX_HTTP_APIGW_AUTH_KEYS_MAX_SIZE)
    {
        return NGX_ERROR;
    }

    *size = n;

    return NGX_OK;
}


/* By itself twice of what it takes now: it may grow without a reload. */

ngx_int_t
ngx_http_apigw_auth_image_fit(ngx_http_apigw_auth_image_t *image, size_t size)
{
    image->half = size ? size / 2
                       : ngx_max((size_t) NGX_HTTP_APIGW_AUTH_HALF_MIN,
                                 2 * image->first_size);

    return image->half < image->first_size ? NGX_DECLINED : NGX_OK;
}


ngx_int_t
ngx_http_apigw_auth_image_zone(ngx_conf_t *cf,
    ngx_http_apigw_auth_image_t *image, const char *fmt, ngx_str_t *name)
{
    u_char     *p;
    size_t      size;
    ngx_str_t   zone;

    zone.len = ngx_strlen(fmt) + name->len;

    zone.data = ngx_pnalloc(cf->pool, zone.len);
    if (zone.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(zone.data, fmt, name);
    *p = '\0';                           /* the format lost its "%V" */
    zone.len = p - zone.data;

    image->half = ngx_align(image->half, ngx_pagesize);
    size = 2 * image->half;

    /* the slab keeps a descriptor for each page */

    size += sizeof(ngx_slab_pool_t) + 32 * ngx_pagesize
            + size / ngx_pagesize * 2 * sizeof(ngx_slab_page_t);

    image->zone = ngx_shared_memory_add(cf, &zone, size,
                                        &ngx_http_apigw_auth_module);
    if (image->zone == NULL) {
        return NGX_ERROR;
    }

    image->zone->init = ngx_http_apigw_auth_image_init;
    image->zone->data = image;

    /* what the master has read is for the zone of this configuration alone */

    image->zone->noreuse = (image->first != NULL);

    return NGX_OK;
}


/* A zone that is kept has what its workers read before. */

static ngx_int_t
ngx_http_apigw_auth_image_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_slab_pool_t               *shpool;
    ngx_http_apigw_auth_image_t   *image, *old;
    ngx_http_apigw_auth_halves_t  *halves;

    old = data;
    image = zone->data;
    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    if (old) {
        image->halves = old->halves;
        return NGX_OK;
    }

    if (zone->shm.exists) {
        image->halves = shpool->data;
        return NGX_OK;
    }

    halves = ngx_slab_alloc(shpool, sizeof(ngx_http_apigw_auth_halves_t)
                                    + 2 * image->half);
    if (halves == NULL) {
        ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                      "apigw_auth: no room for %uz bytes in zone \"%V\"",
                      2 * image->half, &zone->shm.name);
        return NGX_ERROR;
    }

    ngx_memzero(halves, sizeof(ngx_http_apigw_auth_halves_t));

    halves->half = image->half;

    if (image->first) {
        halves->used[0] = image->first_size;
        halves->file = *image->seen;
        halves->checked = ngx_current_msec;
        ngx_memcpy(halves->image, image->first, image->first_size);

        ngx_free(image->first);
        image->first = NULL;
    }

    shpool->data = halves;
    image->halves = halves;

    return NGX_OK;
}


/* Reads again if the halves changed places meanwhile. */

apigw_rc_t
ngx_http_apigw_auth_image_read(ngx_http_apigw_auth_image_t *image,
    ngx_http_apigw_auth_image_pt read, void *data)
{
    apigw_rc_t                     rc;
    ngx_uint_t                     tries, half;
    ngx_atomic_uint_t              generation;
    ngx_http_apigw_auth_halves_t  *halves;

    halves = image->halves;

    for (tries = 0; tries < NGX_HTTP_APIGW_AUTH_TRIES; tries++) {

        generation = halves->generation;
        half = generation & 1;
        ngx_memory_barrier();

        rc = read(halves->image + half * halves->half, halves->used[half],
                  data);

        ngx_memory_barrier();

        if (generation != halves->generation) {
            continue;
        }

        return rc;
    }

    return APIGW_ELIMIT;
}


/* What is found in the half that nobody reads is of no interest. */

u_char *
ngx_http_apigw_auth_image_begin(ngx_http_apigw_auth_image_t *image)
{
    ngx_uint_t                     spare;
    ngx_http_apigw_auth_halves_t  *halves;

    halves = image->halves;

    if (!ngx_http_apigw_auth_image_lock(halves)) {
        return NULL;
    }

    spare = (halves->generation + 1) & 1;

    return halves->image + spare * halves->half;
}


void
ngx_http_apigw_auth_image_end(ngx_http_apigw_auth_image_t *image, size_t size)
{
    ngx_http_apigw_auth_halves_t  *halves;

    halves = image->halves;

    if (size) {
        halves->used[(halves->generation + 1) & 1] = size;
        ngx_memory_barrier();
        halves->generation++;
    }

    halves->spare = halves->half;
    halves->ended = ngx_current_msec;

    ngx_memory_barrier();
    halves->builder = 0;
}


/* In pieces: freeing pages takes its time, and requests wait meanwhile. */

void
ngx_http_apigw_auth_image_trim(ngx_http_apigw_auth_image_t *image)
{
#ifdef MADV_REMOVE

    u_char                        *start, *first, *last;
    ngx_http_apigw_auth_halves_t  *halves;

    halves = image->halves;

    if (halves->spare == 0
        || ngx_current_msec - halves->ended < NGX_HTTP_APIGW_AUTH_QUIET
        || !ngx_http_apigw_auth_image_lock(halves))
    {
        return;
    }

    start = halves->image + ((halves->generation + 1) & 1) * halves->half;
    last = start + halves->spare;

    halves->spare -= ngx_min(halves->spare, NGX_HTTP_APIGW_AUTH_PIECE);

    /* whole pages alone */

    first = ngx_align_ptr(start + halves->spare, ngx_pagesize);
    last = (u_char *) ((uintptr_t) last & ~((uintptr_t) ngx_pagesize - 1));

    if (first < last) {
        (void) madvise(first, last - first, MADV_REMOVE);
    }

    ngx_memory_barrier();
    halves->builder = 0;

#endif
}


static ngx_uint_t
ngx_http_apigw_auth_image_lock(ngx_http_apigw_auth_halves_t *halves)
{
    ngx_atomic_uint_t  holder;

    if (ngx_atomic_cmp_set(&halves->builder, 0, ngx_pid)) {
        return 1;
    }

    holder = halves->builder;

    /* it died in the midst: readers never saw the half it wrote */

    return holder && holder != (ngx_atomic_uint_t) ngx_pid
           && kill((pid_t) holder, 0) == -1 && ngx_errno == NGX_ESRCH
           && ngx_atomic_cmp_set(&halves->builder, holder, ngx_pid);
}


u_char *
ngx_http_apigw_auth_image_half(ngx_http_apigw_auth_image_t *image,
    size_t *size)
{
    ngx_uint_t                     half;
    ngx_http_apigw_auth_halves_t  *halves;

    halves = image->halves;
    half = halves->generation & 1;

    *size = halves->used[half];

    return halves->image + half * halves->half;
}


/* What another worker has read need not be read again. */

void
ngx_http_apigw_auth_image_sync(ngx_http_apigw_auth_image_t *image,
    ngx_http_apigw_auth_file_t *seen)
{
    ngx_http_apigw_auth_file_t  *file;

    file = &image->halves->file;

    seen->dev = file->dev;
    seen->ino = file->ino;
    seen->size = file->size;
    seen->mtime = file->mtime;
    seen->mtime_nsec = file->mtime_nsec;

    ngx_http_apigw_auth_image_trim(image);
}


void
ngx_http_apigw_auth_image_note(ngx_http_apigw_auth_image_t *image,
    ngx_http_apigw_auth_file_t *file)
{
    image->halves->file = *file;
    ngx_str_null(&image->halves->file.text);
}
