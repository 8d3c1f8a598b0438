
/*
 * The set in Redis, read whole into the spare half: begun when that is ours,
 * cleared by the timer, then scanned part by part.
 */


#include "ngx_http_apigw_auth.h"


static void ngx_http_apigw_auth_poll_scanned(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result);
static const char *ngx_http_apigw_auth_poll_take(
    ngx_http_apigw_auth_revocation_t *revocation, const redisReply *reply);
static void ngx_http_apigw_auth_poll_flip(
    ngx_http_apigw_auth_revocation_t *revocation);


void
ngx_http_apigw_auth_poll_begin(ngx_http_apigw_auth_revocation_t *revocation)
{
    size_t                        room, wanted;
    u_char                       *spare;
    ngx_http_apigw_auth_poll_t   *poll;

    poll = &revocation->poll;

    room = apigw_revocation_room(revocation->set.halves->half);

    if ((uint64_t) poll->members > room) {
        ngx_http_apigw_auth_poll_fail(revocation,
                                "has more members than there is room for, "
                                "raise \"size\"");
        return;
    }

    spare = ngx_http_apigw_auth_image_begin(&revocation->set);

    if (spare == NULL) {
        ngx_http_apigw_auth_poll_next(revocation);   /* another is at it */
        return;
    }

    /* some may be added while the set is read */

    wanted = (size_t) poll->members + (size_t) poll->members / 8 + 64;

    (void) apigw_revocation_begin(&poll->builder, spare,
                                  revocation->set.halves->half,
                                  ngx_min(wanted, room), revocation->seed,
                                  ngx_time());

    poll->state = NGX_HTTP_APIGW_AUTH_POLL_CLEARING;
    poll->seen = 0;
    poll->wrong = 0;
    poll->cursor[0] = '0';
    poll->scan_argv[2].len = 1;

    ngx_add_timer(&poll->timer, 1);
}


void
ngx_http_apigw_auth_poll_scan(ngx_http_apigw_auth_revocation_t *revocation)
{
    ngx_http_apigw_auth_poll_t  *poll;
    ngx_http_apigw_redis_cmd_t  *cmd;

    poll = &revocation->poll;
    cmd = &poll->scan_cmd;

    poll->state = NGX_HTTP_APIGW_AUTH_POLL_SCANNING;

    ngx_memzero(cmd, sizeof(ngx_http_apigw_redis_cmd_t));

    cmd->argv = poll->scan_argv;
    cmd->argc = 5;
    cmd->slot_key = poll->set;
    cmd->timeout = NGX_HTTP_APIGW_AUTH_POLL_TIMEOUT;
    cmd->handler = ngx_http_apigw_auth_poll_scanned;
    cmd->data = revocation;
    cmd->idempotent = 1;

    if (ngx_http_apigw_redis_send(poll->redis, cmd) != NGX_OK) {
        ngx_http_apigw_auth_poll_fail(revocation, "cannot be reached");
    }
}


static void
ngx_http_apigw_auth_poll_scanned(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result)
{
    const char                        *fault;
    ngx_http_apigw_auth_poll_t        *poll;
    ngx_http_apigw_auth_revocation_t  *revocation;

    revocation = cmd->data;
    poll = &revocation->poll;

    if (poll->seen == 0) {
        poll->session = result->session;
    }

    if (result->outcome != NGX_HTTP_APIGW_REDIS_OK) {
        fault = ngx_http_apigw_auth_poll_word(result);

    } else if (result->session != poll->session) {

        /* by its cursor another server might leave members out */

        fault = "was lost while the set was read";

    } else {
        fault = ngx_http_apigw_auth_poll_take(revocation, result->reply);
    }

    if (fault) {
        ngx_http_apigw_auth_poll_fail(revocation, fault);

    } else if (poll->scan_argv[2].len == 1 && poll->cursor[0] == '0') {
        ngx_http_apigw_auth_poll_flip(revocation);

    } else {
        ngx_http_apigw_auth_poll_scan(revocation);
    }
}


/*
 * A member that is no line is passed over: it must not keep those that are from
 * coming into force.
 */

static const char *
ngx_http_apigw_auth_poll_take(ngx_http_apigw_auth_revocation_t *revocation,
    const redisReply *reply)
{
    size_t                       i;
    apigw_rc_t                   rc;
    apigw_str_t                  text;
    apigw_error_t                err;
    const redisReply            *cursor, *members;
    apigw_revocation_line_t      line;
    ngx_http_apigw_auth_poll_t  *poll;

    poll = &revocation->poll;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2
        || reply->element[0]->type != REDIS_REPLY_STRING
        || reply->element[1]->type != REDIS_REPLY_ARRAY)
    {
        return "sent no part of a set";
    }

    cursor = reply->element[0];
    members = reply->element[1];

    if ((size_t) cursor->len == 0
        || (size_t) cursor->len > sizeof(poll->cursor))
    {
        return "sent no cursor of a set";
    }

    ngx_memcpy(poll->cursor, cursor->str, cursor->len);
    poll->scan_argv[2].len = cursor->len;

    for (i = 0; i < members->elements; i++) {

        if (members->element[i]->type != REDIS_REPLY_STRING) {
            return "sent no member of a set";
        }

        text.data = (uint8_t *) members->element[i]->str;
        text.len = members->element[i]->len;

        rc = apigw_revocation_read(&line, text, &err);

        if (rc != APIGW_OK) {
            poll->wrong++;

        } else if (apigw_revocation_add(&poll->builder, &line) != APIGW_OK) {
            return "grew while it was read";
        }
    }

    /* a set that changes without end would be read without end */

    poll->seen += 1 + members->elements;

    if (poll->seen > 4 * (uint64_t) poll->members + 100000) {
        return "sent more than the set has";
    }

    return NULL;
}


static void
ngx_http_apigw_auth_poll_flip(ngx_http_apigw_auth_revocation_t *revocation)
{
    size_t                         size;
    ngx_log_t                     *log;
    ngx_uint_t                     changed;
    ngx_http_apigw_auth_poll_t    *poll;
    ngx_http_apigw_auth_halves_t  *halves;

    poll = &revocation->poll;
    halves = revocation->set.halves;
    log = poll->timer.log;

    changed = halves->version != poll->version
              || halves->members != poll->members
              || halves->used[halves->generation & 1] == 0;

    halves->version = poll->version;
    halves->members = poll->members;
    halves->source = ngx_http_apigw_redis_place(poll->redis);
    halves->whole = poll->started;

    size = apigw_revocation_finish(&poll->builder);
    ngx_http_apigw_auth_image_end(&revocation->set, size);

    if (changed) {
        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "apigw_auth: apigw_revocation: %uD entries of redis "
                      "\"%V\" are in force", poll->builder.nentries,
                      &revocation->redis_name);
    }

    if (poll->wrong && poll->wrong != poll->told) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "apigw_auth: apigw_revocation: %ui members of the set "
                      "\"%V\" in redis \"%V\" revoke nothing, they are not of "
                      "the form of a line", poll->wrong, &poll->set,
                      &revocation->redis_name);
    }

    poll->told = poll->wrong;

    ngx_http_apigw_auth_poll_good(revocation);
    ngx_http_apigw_auth_poll_next(revocation);
}
