
/* Keys at a URL, in a worker: when to fetch, and who waits for that. */


#include "ngx_http_apigw_auth.h"


#define NGX_HTTP_APIGW_AUTH_POLL         10       /* while a request waits */
#define NGX_HTTP_APIGW_AUTH_LOOK         60000    /* at least that often */
#define NGX_HTTP_APIGW_AUTH_RETRY_MAX    60


static void ngx_http_apigw_auth_remote_timer(ngx_event_t *ev);
static void ngx_http_apigw_auth_remote_look(
    ngx_http_apigw_auth_remote_t *remote);
static void ngx_http_apigw_auth_remote_adopt(
    ngx_http_apigw_auth_remote_t *remote);
static void ngx_http_apigw_auth_remote_arm(
    ngx_http_apigw_auth_remote_t *remote, ngx_msec_t delay);


void
ngx_http_apigw_auth_remote_start(ngx_http_apigw_auth_remote_t *remote,
    ngx_cycle_t *cycle)
{
    ngx_http_apigw_auth_waiters_init(&remote->waiters);

    remote->timer.handler = ngx_http_apigw_auth_remote_timer;
    remote->timer.data = remote;
    remote->timer.log = cycle->log;
    remote->timer.cancelable = 1;        /* an old worker may exit */

    remote->ended = remote->slot->ended;

    ngx_add_timer(&remote->timer, 1);
}


void
ngx_http_apigw_auth_remote_stop(ngx_http_apigw_auth_remote_t *remote)
{
    if (remote->doing != NGX_HTTP_APIGW_AUTH_REMOTE_IDLE) {
        ngx_http_apigw_auth_remote_drop(remote);
    }
}


static void
ngx_http_apigw_auth_remote_timer(ngx_event_t *ev)
{
    ngx_uint_t                     ended;
    ngx_http_apigw_auth_remote_t  *remote;

    remote = ev->data;

    if (remote->doing != NGX_HTTP_APIGW_AUTH_REMOTE_IDLE) {
        return;                          /* its end arms the timer */
    }

    ended = remote->slot->ended;

    if (ended != remote->ended) {
        remote->ended = ended;
        ngx_http_apigw_auth_remote_adopt(remote);
        ngx_http_apigw_auth_wake(&remote->waiters);
    }

    if (remote->doing == NGX_HTTP_APIGW_AUTH_REMOTE_IDLE) {
        ngx_http_apigw_auth_remote_look(remote);
    }
}


/*
 * Whoever's lease it was that our requests wait for: it may have lapsed, and
 * then the fetch is for us to do, for the same cause.
 */

static void
ngx_http_apigw_auth_remote_look(ngx_http_apigw_auth_remote_t *remote)
{
    ngx_int_t                    rc;
    ngx_msec_t                   wait;
    ngx_http_apigw_auth_cause_e  cause;

    if (remote->waiters.n == 0) {
        remote->for_kid = 0;

        if (ngx_exiting || ngx_quit || ngx_terminate) {
            return;
        }
    }

    cause = remote->for_kid ? NGX_HTTP_APIGW_AUTH_FOR_KID
                            : NGX_HTTP_APIGW_AUTH_FOR_AGE;

    rc = ngx_http_apigw_auth_slot_lease(remote, cause, &wait);

    if (rc == NGX_OK) {
        ngx_http_apigw_auth_remote_fetch(remote);
        return;
    }

    if (rc == NGX_DECLINED) {

        /* nobody fetches: there is nothing to wait for */

        ngx_http_apigw_auth_wake(&remote->waiters);

        if (remote->doing != NGX_HTTP_APIGW_AUTH_REMOTE_IDLE) {
            return;
        }

        if (cause == NGX_HTTP_APIGW_AUTH_FOR_KID) {
            wait = 0;                    /* then look for age */
        }
    }

    ngx_http_apigw_auth_remote_arm(remote, wait);
}


static void
ngx_http_apigw_auth_remote_arm(ngx_http_apigw_auth_remote_t *remote,
    ngx_msec_t delay)
{
    if (remote->waiters.n) {
        delay = NGX_HTTP_APIGW_AUTH_POLL;
    }

    remote->timer.cancelable = (remote->waiters.n == 0);

    ngx_add_timer(&remote->timer,
                  ngx_min(delay + 1, NGX_HTTP_APIGW_AUTH_LOOK));
}


void
ngx_http_apigw_auth_remote_ended(ngx_http_apigw_auth_remote_t *remote)
{
    remote->ended = remote->slot->ended;

    ngx_http_apigw_auth_remote_adopt(remote);
    ngx_http_apigw_auth_wake(&remote->waiters);

    if (remote->doing == NGX_HTTP_APIGW_AUTH_REMOTE_IDLE) {
        ngx_http_apigw_auth_remote_look(remote);
    }
}


ngx_http_apigw_auth_keys_t *
ngx_http_apigw_auth_remote_keys(ngx_http_apigw_auth_remote_t *remote)
{
    if (remote->slot->gen != remote->gen) {
        ngx_http_apigw_auth_remote_adopt(remote);
    }

    if (ngx_http_apigw_auth_remote_age(remote)
        > remote->provider->remote.max_stale)
    {
        return NULL;
    }

    return remote->jwks->keys;
}


time_t
ngx_http_apigw_auth_remote_age(ngx_http_apigw_auth_remote_t *remote)
{
    time_t  fetched, now;

    fetched = remote->slot->fetched;
    now = ngx_time();

    if (fetched == 0) {
        return -1;
    }

    return now > fetched ? now - fetched : 0;
}


static void
ngx_http_apigw_auth_remote_adopt(ngx_http_apigw_auth_remote_t *remote)
{
    ngx_str_t                    text;
    ngx_uint_t                   gen;
    apigw_error_t                err;
    ngx_http_apigw_auth_keys_t  *keys;

    if (remote->slot->gen == remote->gen) {
        return;
    }

    ngx_http_apigw_auth_slot_copy(remote, &text, &gen);

    if (text.data == NULL) {
        return;                          /* tried again at the next request */
    }

    keys = ngx_http_apigw_auth_keys_parse(ngx_http_apigw_str(&text), 0,
                                          &remote->jwks->report, &err);
    free(text.data);

    if (keys == NULL) {
        ngx_log_error(NGX_LOG_ERR, remote->timer.log, 0,
                      "apigw_auth: apigw_jwt_provider \"%V\": key set \"%V\" "
                      "%s", &remote->provider->name, &remote->jwks->source,
                      err.word);
        return;
    }

    remote->gen = gen;

    ngx_http_apigw_auth_keys_use(remote->jwks, keys, remote->timer.log);
}


ngx_int_t
ngx_http_apigw_auth_remote_ask(ngx_http_apigw_auth_remote_t *remote,
    ngx_http_apigw_auth_cause_e cause, ngx_uint_t *retry)
{
    ngx_int_t   rc;
    ngx_msec_t  wait;

    *retry = 1;

    if (remote->waiters.n >= NGX_HTTP_APIGW_AUTH_WAITERS_MAX) {
        return NGX_BUSY;
    }

    if (remote->doing != NGX_HTTP_APIGW_AUTH_REMOTE_IDLE) {

        if (remote->fetch) {
            ngx_http_apigw_fetch_awaited(remote->fetch);
        }

        return NGX_AGAIN;
    }

    if (remote->waiters.n == 0) {
        remote->ended = remote->slot->ended;     /* what ended is no news */
    }

    rc = ngx_http_apigw_auth_slot_lease(remote, cause, &wait);

    if (rc == NGX_DECLINED) {
        *retry = ngx_min((wait + 999) / 1000, NGX_HTTP_APIGW_AUTH_RETRY_MAX);
        return NGX_DECLINED;
    }

    if (rc == NGX_OK) {
        ngx_http_apigw_auth_remote_fetch(remote);

        if (remote->fetch) {
            ngx_http_apigw_fetch_awaited(remote->fetch);
        }

    } else {
        remote->timer.cancelable = 0;    /* not before who asks is answered */
        ngx_add_timer(&remote->timer, NGX_HTTP_APIGW_AUTH_POLL);
    }

    if (cause == NGX_HTTP_APIGW_AUTH_FOR_KID) {
        remote->for_kid = 1;
    }

    return NGX_AGAIN;
}
