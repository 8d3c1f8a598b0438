
#include "apigw_tool_redis_keys.h"

#include "apigw_tool_keys.h"
#include "apigw_tool_redis_walk.h"

#include <stdio.h>
#include <stdlib.h>


/* What redis_keys_print() and redis_key_find() go through. */

typedef struct {
    time_t        now;
    size_t        faulty;
    const char   *id;
    bool          active;
    char         *name;              /* of what was found */
} redis_walk_t;


static int redis_key_argv(const char **argv, const char *const *fields,
    apigw_key_digest_e kind);
static void redis_key_off(redisContext *c, const char *name, const char *id);
static char *redis_key_find(redisContext *c, const redis_options_t *o,
    const char *id, bool active);
static bool redis_key_is(void *data, const char *name, const apigw_key_t *key,
    const char *fault);
static bool redis_key_print(void *data, const char *name,
    const apigw_key_t *key, const char *fault);
static bool redis_exec(redisContext *c);


void
redis_key_add(const redis_options_t *o, const char *hex,
    apigw_key_digest_e kind, bool wanted, const char *const *fields)
{
    int            n;
    char          *name, *taken;
    redisReply    *reply;
    const char    *argv[2 + REDIS_FIELDS];
    redisContext  *c;

    n = redis_key_argv(argv + 2, fields, kind);
    name = tool_format("%s:key:%s", o->prefix, hex);

    argv[0] = "HSET";
    argv[1] = name;

    c = redis_open(o);

    if (wanted) {
        taken = redis_key_find(c, o, fields[1], false);
        if (taken) {
            tool_die(TOOL_FAILED, "Redis has a key %s already", fields[1]);
        }
    }

    redis_do(c, (const char *const []) { "WATCH", name }, 2);

    reply = redis_command(c, (const char *const []) { "EXISTS", name }, 2);
    if (reply->type != REDIS_REPLY_INTEGER || reply->integer != 0) {
        tool_die(TOOL_FAILED, "Redis has this key already");
    }

    freeReplyObject(reply);

    redis_do(c, (const char *const []) { "MULTI" }, 1);
    redis_do(c, argv, n + 2);

    if (!redis_exec(c)) {
        tool_die(TOOL_FAILED, "Redis has this key already");
    }

    redisFree(c);
    free(name);
}


/* Leaves out what has no value; what the gateway would not take is refused. */

static int
redis_key_argv(const char **argv, const char *const *fields,
    apigw_key_digest_e kind)
{
    int            i, n;
    apigw_key_t    key;
    apigw_str_t    record[REDIS_FIELDS];
    apigw_error_t  err;

    n = 0;

    for (i = 0; fields[i]; i += 2) {

        if (fields[i + 1] == NULL) {
            continue;
        }

        if (strcmp(fields[i], "id") != 0 && strcmp(fields[i], "digest") != 0) {
            keys_check(fields[i], fields[i + 1]);
        }

        argv[n++] = fields[i];
        argv[n++] = fields[i + 1];
    }

    for (i = 0; i < n; i++) {
        record[i].data = (const uint8_t *) argv[i];
        record[i].len = strlen(argv[i]);
    }

    if (apigw_key_record_read(&key, record, n, kind, &err) != APIGW_OK) {
        tool_die(TOOL_USAGE, "the record is %s", err.word);
    }

    return n;
}


void
redis_keys_print(const redis_options_t *o, time_t now)
{
    redisContext  *c;
    redis_walk_t   walk = { .now = now };

    c = redis_open(o);

    keys_head();
    redis_keys_each(c, o, redis_key_print, &walk);
    tool_flush();

    redisFree(c);

    if (walk.faulty) {
        tool_die(TOOL_FAILED, "%zu of the records are faulty", walk.faulty);
    }
}


static bool
redis_key_print(void *data, const char *name, const apigw_key_t *key,
    const char *fault)
{
    redis_walk_t  *walk = data;

    (void) name;

    if (fault == NULL) {
        keys_row(key, walk->now);
        return true;
    }

    walk->faulty++;
    tool_flush();

    fprintf(stderr, "%s: a record of id %.*s: %s\n", tool_name,
            key->id.len ? (int) key->id.len : 7,
            key->id.len ? (const char *) key->id.data : "unknown", fault);

    return true;
}


/* An id is not what Redis finds a record by: more than one may have it. */

void
redis_key_disable(const redis_options_t *o, const char *id)
{
    char          *name;
    redisContext  *c;

    c = redis_open(o);

    name = redis_key_find(c, o, id, false);
    if (name == NULL) {
        tool_die(TOOL_FAILED, "Redis has no key %s", id);
    }

    free(name);

    while ((name = redis_key_find(c, o, id, true)) != NULL) {
        redis_key_off(c, name, id);
        free(name);
    }

    redisFree(c);
}


/* It may go meanwhile: then it must not come back as a status alone. */

static void
redis_key_off(redisContext *c, const char *name, const char *id)
{
    const char   *fault;
    apigw_key_t   key;
    apigw_str_t   fields[REDIS_FIELDS];
    redisReply   *reply;

    redis_do(c, (const char *const []) { "WATCH", name }, 2);

    reply = redis_key_get(c, name);
    fault = redis_key_read(&key, fields, reply);

    if (fault || !apigw_str_is(key.id, id)) {
        tool_die(TOOL_FAILED, "the key %s was changed meanwhile; try again",
                 id);
    }

    freeReplyObject(reply);

    redis_do(c, (const char *const []) { "MULTI" }, 1);
    redis_do(c, (const char *const []) { "HSET", name, "status", "disabled" },
             4);

    if (!redis_exec(c)) {
        tool_die(TOOL_FAILED, "the key %s was changed meanwhile; try again",
                 id);
    }
}


/*
 * The name of the hash of a good record, which is not disabled if `active`, in
 * memory of its own; NULL: none.
 */

static char *
redis_key_find(redisContext *c, const redis_options_t *o, const char *id,
    bool active)
{
    redis_walk_t  walk = { .id = id, .active = active };

    redis_keys_each(c, o, redis_key_is, &walk);

    return walk.name;
}


static bool
redis_key_is(void *data, const char *name, const apigw_key_t *key,
    const char *fault)
{
    redis_walk_t  *walk = data;

    if (fault || !apigw_str_is(key->id, walk->id)
        || (walk->active && key->disabled))
    {
        return true;
    }

    walk->name = tool_format("%s", name);

    return false;
}


/* false: what was watched has changed. */

static bool
redis_exec(redisContext *c)
{
    bool         done;
    redisReply  *reply;

    reply = redis_command(c, (const char *const []) { "EXEC" }, 1);
    done = (reply->type == REDIS_REPLY_ARRAY);

    if (done && reply->elements && reply->element[0]->type == REDIS_REPLY_ERROR)
    {
        tool_die(TOOL_FAILED, "Redis: %s", reply->element[0]->str);
    }

    freeReplyObject(reply);

    return done;
}
