
/* What Redis answers when it is asked for a key, and what is logged of it. */


#include "ngx_http_apigw_auth.h"


#define NGX_HTTP_APIGW_AUTH_LOOKUP_EPISODE  60   /* seconds */


static void ngx_http_apigw_auth_lookup_read(ngx_http_apigw_auth_ask_t *ask,
    const redisReply *reply);
static void ngx_http_apigw_auth_lookup_error(ngx_http_apigw_auth_ask_t *ask,
    const ngx_http_apigw_redis_result_t *result);
static ngx_uint_t ngx_http_apigw_auth_lookup_no_hash(const redisReply *reply);
static void ngx_http_apigw_auth_lookup_faulty(ngx_http_apigw_auth_ask_t *ask,
    apigw_str_t id, const char *word);
static ngx_uint_t ngx_http_apigw_auth_lookup_episode(
    ngx_http_apigw_auth_store_t *store,
    ngx_http_apigw_auth_lookup_fault_e fault);


void
ngx_http_apigw_auth_lookup_answer(ngx_http_apigw_auth_ask_t *ask,
    const ngx_http_apigw_redis_result_t *result)
{
    if (result->outcome == NGX_HTTP_APIGW_REDIS_OK) {
        ngx_http_apigw_auth_lookup_read(ask, result->reply);

    } else {
        ngx_http_apigw_auth_lookup_error(ask, result);
    }
}


/* A hash that is not there has no fields. */

static void
ngx_http_apigw_auth_lookup_read(ngx_http_apigw_auth_ask_t *ask,
    const redisReply *reply)
{
    size_t         i;
    apigw_rc_t     rc;
    apigw_key_t    key;
    apigw_str_t    fields[2 * APIGW_KEY_RECORD_FIELDS + 1];
    apigw_error_t  err;
    apigw_arena_t  arena;

    ngx_memzero(&key, sizeof(apigw_key_t));
    ngx_memzero(fields, sizeof(fields));

    err.word = "not a list of strings";
    rc = (reply->type == REDIS_REPLY_ARRAY) ? APIGW_OK : APIGW_EINPUT;

    if (rc == APIGW_OK && reply->elements == 0) {
        ask->state = NGX_HTTP_APIGW_AUTH_LOOKUP_NONE;
        return;
    }

    /* one too many is enough to see that it is no record */

    for (i = 0;
         rc == APIGW_OK && i < reply->elements
         && i < sizeof(fields) / sizeof(fields[0]);
         i++)
    {
        if (reply->element[i]->type != REDIS_REPLY_STRING) {
            rc = APIGW_EINPUT;
        }

        fields[i].data = (u_char *) reply->element[i]->str;
        fields[i].len = reply->element[i]->len;
    }

    if (rc == APIGW_OK) {
        rc = apigw_key_record_read(&key, fields, i, ask->kind, &err);
    }

    if (rc != APIGW_OK) {
        ngx_http_apigw_auth_lookup_faulty(ask, key.id, err.word);
        return;
    }

    apigw_heap_arena(&ask->lookup->heap, &arena);

    if (apigw_key_record_pack(&ask->record, &arena, &key) != APIGW_OK) {
        ask->state = NGX_HTTP_APIGW_AUTH_LOOKUP_FAILED;
        ngx_http_apigw_auth_lookup_say(ask->lookup->store,
                                       NGX_HTTP_APIGW_AUTH_LOOKUP_MEMORY);
        return;
    }

    ask->state = NGX_HTTP_APIGW_AUTH_LOOKUP_FOUND;
}


static void
ngx_http_apigw_auth_lookup_error(ngx_http_apigw_auth_ask_t *ask,
    const ngx_http_apigw_redis_result_t *result)
{
    ngx_http_apigw_auth_lookup_fault_e  fault;

    static const apigw_str_t  unknown = apigw_str("");

    if (ngx_http_apigw_auth_lookup_no_hash(result->reply)) {
        ngx_http_apigw_auth_lookup_faulty(ask, unknown, "not a hash");
        return;
    }

    ask->state = NGX_HTTP_APIGW_AUTH_LOOKUP_FAILED;

    switch (result->class) {

    case APIGW_RESP_CLASS_NONE:
        fault = NGX_HTTP_APIGW_AUTH_LOOKUP_SILENT;
        break;

    case APIGW_RESP_CLASS_MOVED:
    case APIGW_RESP_CLASS_ASK:
        fault = NGX_HTTP_APIGW_AUTH_LOOKUP_ELSEWHERE;
        break;

    case APIGW_RESP_CLASS_NOAUTH:
    case APIGW_RESP_CLASS_WRONGPASS:
    case APIGW_RESP_CLASS_NOPERM:
        fault = NGX_HTTP_APIGW_AUTH_LOOKUP_DENIED;
        break;

    default:
        fault = NGX_HTTP_APIGW_AUTH_LOOKUP_ERROR;
        break;
    }

    ngx_http_apigw_auth_lookup_say(ask->lookup->store, fault);
}


/* Redis answers, and well: what it has is something else. */

static ngx_uint_t
ngx_http_apigw_auth_lookup_no_hash(const redisReply *reply)
{
    static const char  word[] = "WRONGTYPE ";

    return reply && reply->type == REDIS_REPLY_ERROR
           && ngx_strncmp(reply->str, word, sizeof(word) - 1) == 0;
}


void
ngx_http_apigw_auth_lookup_say(ngx_http_apigw_auth_store_t *store,
    ngx_http_apigw_auth_lookup_fault_e fault)
{
    static const char *const  words[] = {
        "does not answer",
        "does not let us read keys",
        "is part of a cluster, which has keys elsewhere",
        "answers with an error",
        "is asked for too many keys at once",
        "cannot be asked, memory is out"
    };

    if (!ngx_http_apigw_auth_lookup_episode(store, fault)) {
        return;
    }

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "apigw_auth: apigw_key_store \"%V\": redis \"%V\" %s; keys "
                  "that are not known get 503", &store->name,
                  &store->source.name, words[fault]);
}


/* Its id tells which; the digest, by which it is found, is not told. */

static void
ngx_http_apigw_auth_lookup_faulty(ngx_http_apigw_auth_ask_t *ask,
    apigw_str_t id, const char *word)
{
    ngx_str_t                     name;
    ngx_http_apigw_auth_store_t  *store;

    ask->state = NGX_HTTP_APIGW_AUTH_LOOKUP_FAULTY;
    store = ask->lookup->store;

    if (!ngx_http_apigw_auth_lookup_episode(store,
                                           NGX_HTTP_APIGW_AUTH_LOOKUP_RECORD))
    {
        return;
    }

    ngx_str_set(&name, "unknown");

    if (id.len) {
        name.data = (u_char *) id.data;
        name.len = id.len;
    }

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "apigw_auth: apigw_key_store \"%V\": redis \"%V\" has a "
                  "faulty record, id \"%V\": %s; correct or remove it, the key "
                  "gets 503", &store->name, &store->source.name, &name, word);
}


/* Whoever holds such a key could fill the log: once in a while is enough. */

static ngx_uint_t
ngx_http_apigw_auth_lookup_episode(ngx_http_apigw_auth_store_t *store,
    ngx_http_apigw_auth_lookup_fault_e fault)
{
    time_t  *said;

    said = &store->source.said[fault];

    if (*said && ngx_time() - *said < NGX_HTTP_APIGW_AUTH_LOOKUP_EPISODE) {
        return 0;
    }

    *said = ngx_time();

    return 1;
}
