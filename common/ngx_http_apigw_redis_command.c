
#include "ngx_http_apigw_redis_cluster.h"


static ngx_int_t ngx_http_apigw_redis_command_queue(
    ngx_http_apigw_redis_node_t *node, ngx_http_apigw_redis_cmd_t *cmd);
static apigw_rc_t ngx_http_apigw_redis_command_format(
    ngx_http_apigw_redis_cmd_t *cmd, char **bytes, size_t *len);
static ngx_uint_t ngx_http_apigw_redis_command_ticket_is(
    ngx_http_apigw_redis_cmd_t *cmd, const redisReply *reply);
static void ngx_http_apigw_redis_command_judge(
    ngx_http_apigw_redis_node_t *node, apigw_resp_class_e class,
    const redisReply *reply);
static ngx_int_t ngx_http_apigw_redis_command_eval(
    ngx_http_apigw_redis_node_t *node, ngx_http_apigw_redis_cmd_t *cmd);


ngx_int_t
ngx_http_apigw_redis_command_init(ngx_http_apigw_redis_t *store,
    ngx_http_apigw_redis_cmd_t *cmd)
{
    if (cmd->pending) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "apigw_%V: redis \"%V\": command sent while pending",
                      &store->owner->module, &store->name);
        return NGX_DECLINED;
    }

    cmd->deadline = ngx_current_msec
                    + (cmd->timeout ? cmd->timeout : store->timeout);
    cmd->evaled = 0;
    cmd->replayed = 0;
    cmd->moved = 0;
    cmd->asked = 0;
    cmd->asking = 0;

    return NGX_OK;
}


ngx_int_t
ngx_http_apigw_redis_command_pass(ngx_http_apigw_redis_node_t *node,
    ngx_http_apigw_redis_cmd_t *cmd)
{
    if (!cmd->probe && !ngx_http_apigw_redis_node_usable(node)) {
        return NGX_DECLINED;
    }

    cmd->node = node;

    if (ngx_http_apigw_redis_command_queue(node, cmd) != NGX_OK) {
        return NGX_DECLINED;
    }

    cmd->pending = 1;
    node->used = ngx_current_msec;

    if (node->connection) {
        node->connection->idle = 0;
    }

    ngx_http_apigw_redis_node_arm(node, cmd->deadline);

    return NGX_OK;
}


ngx_int_t
ngx_http_apigw_redis_command_send(ngx_http_apigw_redis_node_t *node,
    ngx_http_apigw_redis_cmd_t *cmd)
{
    if (ngx_http_apigw_redis_command_init(node->store, cmd) != NGX_OK) {
        return NGX_DECLINED;
    }

    return ngx_http_apigw_redis_command_pass(node, cmd);
}


/* Puts the command at the queue's end, to leave at the end of this turn. */

static ngx_int_t
ngx_http_apigw_redis_command_queue(ngx_http_apigw_redis_node_t *node,
    ngx_http_apigw_redis_cmd_t *cmd)
{
    char        *bytes;
    size_t       len;
    apigw_rc_t   rc;

    cmd->ticket = node->ticket++;

    rc = ngx_http_apigw_redis_command_format(cmd, &bytes, &len);

    if (rc != APIGW_OK) {
        if (rc != APIGW_ENOMEM) {
            ngx_http_apigw_redis_node_log(node, NGX_LOG_ALERT, 0,
                                          "command with %ui arguments refused",
                                          cmd->argc);
        }

        return NGX_ERROR;
    }

    rc = apigw_resp_queue_push(node->queue, cmd, bytes, len, cmd->deadline,
                               &cmd->serial);

    if (rc != APIGW_OK) {
        apigw_resp_command_free(bytes);

        if (ngx_current_msec - node->full >= 1000) {
            node->full = ngx_current_msec;
            ngx_http_apigw_redis_node_log(node, NGX_LOG_ERR, 0,
                                          "queue of %i commands is full",
                                          node->store->queue);
        }

        return NGX_ERROR;
    }

    if (cmd->asking) {
        apigw_resp_queue_asking(node->queue, cmd->serial);
    }

    if (node->state == NGX_HTTP_APIGW_REDIS_READY
        || node->state == NGX_HTTP_APIGW_REDIS_IDLE)
    {
        ngx_post_event(&node->flush, &ngx_posted_events);
    }

    return NGX_OK;
}


static apigw_rc_t
ngx_http_apigw_redis_command_format(ngx_http_apigw_redis_cmd_t *cmd,
    char **bytes, size_t *len)
{
    size_t                                n;
    u_char                                nkeys[NGX_INT_T_LEN];
    u_char                                ticket[NGX_INT32_LEN];
    ngx_uint_t                            i;
    apigw_str_t                           args[APIGW_RESP_MAX_ARGS];
    const ngx_http_apigw_redis_script_t  *script;

    static ngx_str_t  eval = ngx_string("EVAL");
    static ngx_str_t  evalsha = ngx_string("EVALSHA");

    if (cmd->argc > NGX_HTTP_APIGW_REDIS_MAX_ARGS || cmd->nkeys > cmd->argc) {
        return APIGW_ELIMIT;
    }

    n = 0;
    script = cmd->script;

    if (script) {
        args[n++] = ngx_http_apigw_str(cmd->evaled ? &eval : &evalsha);
        args[n++] = ngx_http_apigw_str(cmd->evaled ? &script->source
                                                   : &script->sha);
        args[n].data = nkeys;
        args[n++].len = ngx_sprintf(nkeys, "%ui", cmd->nkeys) - nkeys;
    }

    for (i = 0; i < cmd->argc; i++) {

        if (script && i == cmd->nkeys) {
            break;
        }

        args[n++] = ngx_http_apigw_str(&cmd->argv[i]);
    }

    if (script) {
        args[n].data = ticket;
        args[n++].len = ngx_sprintf(ticket, "%uD", cmd->ticket) - ticket;
    }

    for ( /* void */ ; i < cmd->argc; i++) {
        args[n++] = ngx_http_apigw_str(&cmd->argv[i]);
    }

    return apigw_resp_command(args, n, bytes, len);
}


void
ngx_http_apigw_redis_command_cancel(ngx_http_apigw_redis_node_t *node,
    ngx_http_apigw_redis_cmd_t *cmd)
{
    cmd->pending = 0;

    (void) apigw_resp_queue_cancel(node->queue, cmd->serial, cmd);
}


void
ngx_http_apigw_redis_command_finish(ngx_http_apigw_redis_cmd_t *cmd,
    ngx_http_apigw_redis_outcome_e outcome, apigw_resp_class_e class,
    const redisReply *reply)
{
    ngx_http_apigw_redis_node_t    *node;
    ngx_http_apigw_redis_result_t   result;

    node = cmd->node;

    result.session = node ? node->session : 0;
    result.outcome = outcome;
    result.class = class;
    result.reply = reply;

    cmd->pending = 0;
    ngx_http_apigw_redis_observe_ended(cmd, &result);
    cmd->handler(cmd, &result);
}


ngx_int_t
ngx_http_apigw_redis_command_reply(ngx_http_apigw_redis_node_t *node,
    redisReply *reply)
{
    void                        *owner;
    apigw_rc_t                   rc;
    apigw_resp_class_e           class;
    apigw_resp_action_e          action;
    ngx_http_apigw_redis_cmd_t  *cmd;

    rc = apigw_resp_queue_reply(node->queue, &owner);

    if (rc == APIGW_AGAIN) {
        return NGX_OK;                   /* to ASKING; the command's follows */
    }

    if (rc != APIGW_OK) {
        ngx_http_apigw_redis_node_log(node, NGX_LOG_ERR, 0,
                                      "server sent a reply to no command");
        ngx_http_apigw_redis_node_lost(node, 0);
        return NGX_ERROR;
    }

    cmd = owner;
    class = apigw_resp_reply_class(reply);
    action = apigw_resp_class_action(class);

    if (cmd && class == APIGW_RESP_CLASS_NONE
        && !ngx_http_apigw_redis_command_ticket_is(cmd, reply))
    {
        /* whose reply is it? nothing on this connection can be trusted */

        ngx_http_apigw_redis_node_log(node, NGX_LOG_ERR, 0,
                                      "server sent a reply out of order");
        ngx_http_apigw_redis_probe_count(node, 0);
        ngx_http_apigw_redis_command_finish(cmd,
                              NGX_HTTP_APIGW_REDIS_INDETERMINATE, class, NULL);
        ngx_http_apigw_redis_node_lost(node, 0);
        return NGX_ERROR;
    }

    if (cmd && action == APIGW_RESP_EVAL
        && ngx_http_apigw_redis_command_eval(node, cmd) == NGX_OK)
    {
        return NGX_OK;
    }

    ngx_http_apigw_redis_command_judge(node, class, reply);

    /* what has no key is for this server alone: PING, CLUSTER SLOTS */

    if (cmd && action == APIGW_RESP_REDIRECT && node->store->cluster
        && cmd->slot_key.len
        && ngx_http_apigw_redis_cluster_redirect(node, cmd, reply) == NGX_OK)
    {
        return NGX_OK;
    }

    if (cmd) {
        ngx_http_apigw_redis_probe_count(node, action != APIGW_RESP_UNREADY);
        ngx_http_apigw_redis_command_finish(cmd,
                                 class ? NGX_HTTP_APIGW_REDIS_ERROR
                                       : NGX_HTTP_APIGW_REDIS_OK,
                                 class, reply);
    }

    if (action == APIGW_RESP_DROP) {
        ngx_http_apigw_redis_node_lost(node, 1);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_apigw_redis_command_ticket_is(ngx_http_apigw_redis_cmd_t *cmd,
    const redisReply *reply)
{
    const redisReply  *ticket;

    if (cmd->script == NULL) {
        return 1;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0) {
        return 0;
    }

    ticket = reply->element[0];

    return ticket->type == REDIS_REPLY_INTEGER
           && ticket->integer == (long long) cmd->ticket;
}


/* What a reply says about the server; its command aside. */

static void
ngx_http_apigw_redis_command_judge(ngx_http_apigw_redis_node_t *node,
    apigw_resp_class_e class, const redisReply *reply)
{
    u_char     buf[128];
    ngx_str_t  text;

    switch (apigw_resp_class_action(class)) {

    case APIGW_RESP_UNREADY:

        if (class == APIGW_RESP_CLASS_CLUSTERDOWN && node->store->cluster) {
            ngx_http_apigw_redis_slots_want(node->store->cluster);
        }

        return;

    case APIGW_RESP_DROP:
    case APIGW_RESP_REFUSED:

        /* each command gets this answer: one line tells the operator */

        if (!node->refused) {
            node->refused = 1;
            text = ngx_http_apigw_redis_printable(reply, buf, sizeof(buf));
            ngx_http_apigw_redis_node_log(node, NGX_LOG_ERR, 0,
                                          "server refused a command: \"%V\"",
                                          &text);
        }

        if (apigw_resp_class_action(class) == APIGW_RESP_DROP) {
            return;
        }

        break;

    default:
        break;
    }

    node->proven = 1;
    apigw_resp_backoff_reset(&node->backoff);
}


/* The server does not know the script: it has not run, so it may go again. */

static ngx_int_t
ngx_http_apigw_redis_command_eval(ngx_http_apigw_redis_node_t *node,
    ngx_http_apigw_redis_cmd_t *cmd)
{
    if (cmd->script == NULL || cmd->evaled) {
        return NGX_DECLINED;
    }

    cmd->evaled = 1;

    return ngx_http_apigw_redis_command_queue(node, cmd);
}


void
ngx_http_apigw_redis_command_fail(ngx_http_apigw_redis_node_t *node)
{
    bool                             all, sent;
    void                            *owner;
    ngx_http_apigw_redis_cmd_t      *cmd;
    ngx_http_apigw_redis_outcome_e   outcome;

    /* those that have not been sent may wait for the next connection */

    all = node->backoff.failed != 0;

    while (apigw_resp_queue_fail(node->queue, all, &owner, &sent)) {

        cmd = owner;
        if (cmd == NULL) {
            continue;
        }

        outcome = NGX_HTTP_APIGW_REDIS_DOWN;

        if (sent || cmd->replayed) {
            outcome = NGX_HTTP_APIGW_REDIS_INDETERMINATE;
        }

        if (sent) {
            ngx_http_apigw_redis_probe_count(node, 0);
        }

        if (ngx_http_apigw_redis_node_usable(node)
            && (!sent || (cmd->idempotent && !cmd->replayed)))
        {
            cmd->replayed |= sent;

            if (ngx_http_apigw_redis_command_queue(node, cmd) == NGX_OK) {
                continue;
            }
        }

        ngx_http_apigw_redis_command_finish(cmd, outcome,
                                            APIGW_RESP_CLASS_NONE, NULL);
    }
}


void
ngx_http_apigw_redis_command_expire(ngx_http_apigw_redis_node_t *node)
{
    bool                             sent;
    uint64_t                         cursor;
    ngx_http_apigw_redis_cmd_t      *cmd;
    ngx_http_apigw_redis_outcome_e   outcome;

    cursor = 0;

    for ( ;; ) {
        cmd = apigw_resp_queue_due(node->queue, &cursor, ngx_current_msec,
                                   &sent);
        if (cmd == NULL) {
            return;
        }

        outcome = NGX_HTTP_APIGW_REDIS_DOWN;

        if (sent || cmd->replayed) {
            outcome = NGX_HTTP_APIGW_REDIS_INDETERMINATE;
        }

        if (sent) {
            ngx_http_apigw_redis_probe_count(node, 0);
        }

        ngx_http_apigw_redis_command_finish(cmd, outcome,
                                            APIGW_RESP_CLASS_NONE, NULL);
    }
}
