
/*
 * What is revoked, read from Redis: a set of lines, and a number that grows
 * with each change. One worker looks at a time; all see what it reads.
 */


#include "ngx_http_apigw_auth.h"


#define NGX_HTTP_APIGW_AUTH_POLL_WHOLE     60000
#define NGX_HTTP_APIGW_AUTH_POLL_CLEAR     ((size_t) 1024 * 1024)
#define NGX_HTTP_APIGW_AUTH_POLL_COUNT     "500"


static void ngx_http_apigw_auth_poll_timer(ngx_event_t *ev);
static ngx_msec_t ngx_http_apigw_auth_poll_due(
    ngx_http_apigw_auth_revocation_t *revocation);
static void ngx_http_apigw_auth_poll_ask(
    ngx_http_apigw_auth_revocation_t *revocation);
static void ngx_http_apigw_auth_poll_asked(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result);
static ngx_uint_t ngx_http_apigw_auth_poll_number(
    const ngx_http_apigw_redis_result_t *result, int64_t *number);
static ngx_uint_t ngx_http_apigw_auth_poll_changed(
    ngx_http_apigw_auth_revocation_t *revocation);


ngx_int_t
ngx_http_apigw_auth_revocation_poll_conf(ngx_conf_t *cf,
    ngx_http_apigw_auth_revocation_t *revocation)
{
    ngx_http_apigw_auth_poll_t *poll = &revocation->poll;

    if (ngx_http_apigw_auth_redis_key(cf->pool, poll->redis, "revoked",
                                      &poll->set)
        != NGX_OK
        || ngx_http_apigw_auth_redis_key(cf->pool, poll->redis, "revoked:gen",
                                         &poll->gen)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_str_set(&poll->gen_argv[0], "GET");
    poll->gen_argv[1] = poll->gen;

    ngx_str_set(&poll->card_argv[0], "SCARD");
    poll->card_argv[1] = poll->set;

    ngx_str_set(&poll->scan_argv[0], "SSCAN");
    poll->scan_argv[1] = poll->set;
    poll->scan_argv[2].data = poll->cursor;
    ngx_str_set(&poll->scan_argv[3], "COUNT");
    ngx_str_set(&poll->scan_argv[4], NGX_HTTP_APIGW_AUTH_POLL_COUNT);

    revocation->set.half = revocation->size ? revocation->size / 2
                                            : NGX_HTTP_APIGW_AUTH_HALF_MIN;

    return ngx_http_apigw_auth_image_zone(cf, &revocation->set,
                                          "apigw_revocation_redis_%V",
                                          &revocation->redis_name);
}


void
ngx_http_apigw_auth_revocation_poll_start(
    ngx_http_apigw_auth_revocation_t *revocation, ngx_cycle_t *cycle)
{
    ngx_http_apigw_auth_poll_t *poll = &revocation->poll;

    poll->timer.handler = ngx_http_apigw_auth_poll_timer;
    poll->timer.data = revocation;
    poll->timer.log = cycle->log;
    poll->timer.cancelable = 1;          /* an old worker may exit */

    ngx_add_timer(&poll->timer, 1);
}


void
ngx_http_apigw_auth_revocation_poll_stop(
    ngx_http_apigw_auth_revocation_t *revocation)
{
    ngx_http_apigw_auth_poll_t *poll = &revocation->poll;

    if (poll->redis == NULL) {
        return;
    }

    ngx_http_apigw_redis_cancel(&poll->gen_cmd);
    ngx_http_apigw_redis_cancel(&poll->card_cmd);
    ngx_http_apigw_redis_cancel(&poll->scan_cmd);

    if (poll->state > NGX_HTTP_APIGW_AUTH_POLL_ASKING) {
        ngx_http_apigw_auth_image_end(&revocation->set, 0);
    }

    poll->state = NGX_HTTP_APIGW_AUTH_POLL_IDLE;
}


static void
ngx_http_apigw_auth_poll_timer(ngx_event_t *ev)
{
    ngx_http_apigw_auth_revocation_t *revocation = ev->data;

    ngx_msec_t                   wait;
    ngx_http_apigw_auth_poll_t  *poll;

    poll = &revocation->poll;

    if (ngx_exiting || ngx_quit || ngx_terminate) {
        ngx_http_apigw_auth_revocation_poll_stop(revocation);
        return;
    }

    switch (poll->state) {

    case NGX_HTTP_APIGW_AUTH_POLL_IDLE:
        wait = ngx_http_apigw_auth_poll_due(revocation);

        if (wait) {
            ngx_add_timer(ev, wait);
            return;
        }

        ngx_http_apigw_auth_poll_ask(revocation);
        return;

    case NGX_HTTP_APIGW_AUTH_POLL_CLEARING:

        if (apigw_revocation_clear(&poll->builder,
                                   NGX_HTTP_APIGW_AUTH_POLL_CLEAR))
        {
            ngx_add_timer(ev, 1);        /* requests come in between */
            return;
        }

        ngx_http_apigw_auth_poll_scan(revocation);
        return;

    case NGX_HTTP_APIGW_AUTH_POLL_ASKING:
    case NGX_HTTP_APIGW_AUTH_POLL_SCANNING:
        return;                          /* the commands' handlers go on */
    }
}


/*
 * Milliseconds until it is time to look; 0: now, and it is for us to do. A
 * worker that dies in the midst is not missed: the next time has been set.
 */

static ngx_msec_t
ngx_http_apigw_auth_poll_due(ngx_http_apigw_auth_revocation_t *revocation)
{
    ngx_msec_t                     interval;
    ngx_msec_int_t                 left;
    ngx_atomic_uint_t              due;
    ngx_http_apigw_auth_halves_t  *halves;

    halves = revocation->set.halves;
    interval = revocation->interval;

    if (halves->used[halves->generation & 1] == 0) {
        interval = 1000;                 /* requests get 503 until it is read */
    }

    due = halves->due;
    left = (ngx_msec_int_t) (due - ngx_current_msec);

    /* with a longer interval of an older configuration, or none yet: now */

    if (due && left > 0 && left <= (ngx_msec_int_t) interval) {
        return left;
    }

    return ngx_atomic_cmp_set(&halves->due, due, ngx_current_msec + interval)
           ? 0 : interval;
}


void
ngx_http_apigw_auth_poll_next(ngx_http_apigw_auth_revocation_t *revocation)
{
    ngx_msec_int_t               left;
    ngx_http_apigw_auth_poll_t  *poll;

    poll = &revocation->poll;
    poll->state = NGX_HTTP_APIGW_AUTH_POLL_IDLE;

    if (ngx_exiting) {
        return;
    }

    left = (ngx_msec_int_t) (revocation->set.halves->due - ngx_current_msec);

    ngx_add_timer(&poll->timer, ngx_max(left, 1));
}


static void
ngx_http_apigw_auth_poll_ask(ngx_http_apigw_auth_revocation_t *revocation)
{
    ngx_uint_t                   i;
    ngx_http_apigw_redis_cmd_t  *cmd, *cmds[2];
    ngx_http_apigw_auth_poll_t  *poll;

    poll = &revocation->poll;

    poll->state = NGX_HTTP_APIGW_AUTH_POLL_ASKING;
    poll->fault = NULL;
    poll->started = ngx_current_msec;

    cmds[0] = &poll->gen_cmd;
    cmds[1] = &poll->card_cmd;

    for (i = 0; i < 2; i++) {
        cmd = cmds[i];

        ngx_memzero(cmd, sizeof(ngx_http_apigw_redis_cmd_t));

        cmd->argv = i ? poll->card_argv : poll->gen_argv;
        cmd->argc = 2;
        cmd->slot_key = cmd->argv[1];
        cmd->timeout = NGX_HTTP_APIGW_AUTH_POLL_TIMEOUT;
        cmd->handler = ngx_http_apigw_auth_poll_asked;
        cmd->data = revocation;
        cmd->idempotent = 1;

        if (ngx_http_apigw_redis_send(poll->redis, cmd) != NGX_OK) {
            ngx_http_apigw_redis_cancel(&poll->gen_cmd);
            ngx_http_apigw_auth_poll_fail(revocation, "cannot be reached");
            return;
        }
    }

    poll->pending = 2;
}


static void
ngx_http_apigw_auth_poll_asked(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result)
{
    int64_t                            *number;
    ngx_http_apigw_auth_poll_t         *poll;
    ngx_http_apigw_auth_revocation_t   *revocation;

    revocation = cmd->data;
    poll = &revocation->poll;

    number = (cmd == &poll->gen_cmd) ? &poll->version : &poll->members;

    if (result->outcome != NGX_HTTP_APIGW_REDIS_OK) {
        poll->fault = ngx_http_apigw_auth_poll_word(result);

    } else if (!ngx_http_apigw_auth_poll_number(result, number)) {
        poll->fault = "sent what is no number";
    }

    if (--poll->pending) {
        return;
    }

    if (poll->fault) {
        ngx_http_apigw_auth_poll_fail(revocation, poll->fault);
        return;
    }

    if (ngx_http_apigw_auth_poll_changed(revocation)) {
        ngx_http_apigw_auth_poll_begin(revocation);
        return;
    }

    ngx_http_apigw_auth_poll_good(revocation);
    ngx_http_apigw_auth_poll_next(revocation);
}


/* A number that nobody has written yet is 0. */

static ngx_uint_t
ngx_http_apigw_auth_poll_number(const ngx_http_apigw_redis_result_t *result,
    int64_t *number)
{
    size_t             len;
    ngx_int_t          n;
    const redisReply  *reply;

    reply = result->reply;

    switch (reply->type) {

    case REDIS_REPLY_NIL:
        *number = 0;
        return 1;

    case REDIS_REPLY_INTEGER:
        *number = reply->integer;
        return reply->integer >= 0;

    case REDIS_REPLY_STRING:
        len = reply->len;
        n = ngx_atoi((u_char *) reply->str, len);
        *number = n;
        return n != NGX_ERROR;

    default:
        return 0;
    }
}


/* A set that was written without its number is found in time all the same. */

static ngx_uint_t
ngx_http_apigw_auth_poll_changed(ngx_http_apigw_auth_revocation_t *revocation)
{
    ngx_msec_int_t                 age;
    ngx_http_apigw_auth_poll_t    *poll;
    ngx_http_apigw_auth_halves_t  *halves;

    poll = &revocation->poll;
    halves = revocation->set.halves;
    age = (ngx_msec_int_t) (ngx_current_msec - halves->whole);

    return halves->used[halves->generation & 1] == 0
           || halves->version != poll->version
           || halves->members != poll->members
           || halves->source != ngx_http_apigw_redis_place(poll->redis)
           || age >= NGX_HTTP_APIGW_AUTH_POLL_WHOLE;
}


void
ngx_http_apigw_auth_poll_good(ngx_http_apigw_auth_revocation_t *revocation)
{
    ngx_http_apigw_auth_poll_t  *poll;

    poll = &revocation->poll;

    revocation->set.halves->checked = poll->started;

    ngx_http_apigw_auth_image_trim(&revocation->set);

    if (poll->failed) {
        poll->failed = NULL;
        ngx_log_error(NGX_LOG_NOTICE, poll->timer.log, 0,
                      "apigw_auth: apigw_revocation: redis \"%V\" is read "
                      "again", &revocation->redis_name);
    }
}


/* Said once for each fault, however often it is met. */

void
ngx_http_apigw_auth_poll_fail(ngx_http_apigw_auth_revocation_t *revocation,
    const char *what)
{
    ngx_http_apigw_auth_poll_t  *poll;

    poll = &revocation->poll;

    if (poll->state > NGX_HTTP_APIGW_AUTH_POLL_ASKING) {
        ngx_http_apigw_auth_image_end(&revocation->set, 0);
    }

    if (poll->failed != what) {
        poll->failed = what;
        ngx_log_error(NGX_LOG_ERR, poll->timer.log, 0,
                      "apigw_auth: apigw_revocation: redis \"%V\" %s, what was "
                      "read before stays in force", &revocation->redis_name,
                      what);
    }

    ngx_http_apigw_auth_poll_next(revocation);
}


const char *
ngx_http_apigw_auth_poll_word(const ngx_http_apigw_redis_result_t *result)
{
    if (result->outcome != NGX_HTTP_APIGW_REDIS_ERROR) {
        return "does not answer";
    }

    switch (result->class) {

    case APIGW_RESP_CLASS_MOVED:
    case APIGW_RESP_CLASS_ASK:
        return "is part of a cluster, which has the set elsewhere";

    case APIGW_RESP_CLASS_NOAUTH:
    case APIGW_RESP_CLASS_WRONGPASS:
    case APIGW_RESP_CLASS_NOPERM:
        return "does not let us read the set";

    default:
        return "answers with an error, such as that the key is no set";
    }
}
