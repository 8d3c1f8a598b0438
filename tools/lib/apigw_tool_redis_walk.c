
#include "apigw_tool_redis_walk.h"

#include <stdlib.h>


#define REDIS_BATCH  "1000"          /* names of one SCAN, about */
#define REDIS_AHEAD  100             /* commands on their way at once */


/* Names of hashes, each once. */

typedef struct {
    char    **elts;
    size_t    n;
    size_t    max;
} redis_names_t;


static void redis_keys_names(redisContext *c, const redis_options_t *o,
    redis_names_t *names);
static char *redis_keys_pattern(const char *prefix);
static void redis_names_add(redis_names_t *names, const char *name);
static void redis_names_unique(redis_names_t *names);
static int redis_names_compare(const void *one, const void *two);


/* Several commands are on their way at once: there may be many records. */

void
redis_keys_each(redisContext *c, const redis_options_t *o, redis_each_pt each,
    void *data)
{
    bool           more;
    size_t         i, sent;
    apigw_key_t    key;
    apigw_str_t    fields[REDIS_FIELDS];
    const char    *fault, *argv[2];
    redisReply    *reply;
    redis_names_t  names = { NULL, 0, 0 };

    redis_keys_names(c, o, &names);

    more = true;
    sent = 0;
    argv[0] = "HGETALL";

    for (i = 0; i < names.n; i++) {

        for ( /* void */ ;
             more && sent < names.n && sent < i + REDIS_AHEAD;
             sent++)
        {
            argv[1] = names.elts[sent];

            if (redisAppendCommandArgv(c, 2, argv, NULL) != REDIS_OK) {
                tool_die(TOOL_FAILED, "Redis: %s", c->errstr);
            }
        }

        if (i < sent) {
            reply = redis_key_get(c, NULL);
            fault = redis_key_read(&key, fields, reply);

            if (reply->type == REDIS_REPLY_ERROR
                && strncmp(reply->str, "WRONGTYPE", 9) != 0)
            {
                tool_die(TOOL_FAILED, "Redis: %s", reply->str);
            }

            /* one without fields has gone since its name was read */

            if (more && !(reply->type == REDIS_REPLY_ARRAY
                          && reply->elements == 0))
            {
                more = each(data, names.elts[i], &key, fault);
            }

            freeReplyObject(reply);
        }

        free(names.elts[i]);
    }

    free(names.elts);
}


static void
redis_keys_names(redisContext *c, const redis_options_t *o,
    redis_names_t *names)
{
    char         *pattern, cursor[24];
    size_t        i;
    redisReply   *reply;
    redisReply  **elts;

    pattern = redis_keys_pattern(o->prefix);
    strcpy(cursor, "0");

    do {
        reply = redis_command(c, (const char *const []) { "SCAN", cursor,
                              "MATCH", pattern, "COUNT", REDIS_BATCH }, 6);

        elts = reply->element;

        if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2
            || elts[0]->type != REDIS_REPLY_STRING
            || elts[0]->len >= (int) sizeof(cursor)
            || elts[1]->type != REDIS_REPLY_ARRAY)
        {
            tool_die(TOOL_FAILED, "Redis sent what is no answer to SCAN");
        }

        strcpy(cursor, elts[0]->str);

        for (i = 0; i < elts[1]->elements; i++) {
            if (elts[1]->element[i]->type == REDIS_REPLY_STRING) {
                redis_names_add(names, elts[1]->element[i]->str);
            }
        }

        freeReplyObject(reply);

    } while (strcmp(cursor, "0") != 0);

    redis_names_unique(names);
    free(pattern);
}


/* The prefix as it is: some of its characters mean something else there. */

static char *
redis_keys_pattern(const char *prefix)
{
    char  *pattern, *p;

    pattern = tool_alloc(2 * strlen(prefix) + sizeof(":key:*"));
    p = pattern;

    for ( /* void */ ; *prefix; prefix++) {
        if (strchr("*?[]\\^", *prefix)) {
            *p++ = '\\';
        }

        *p++ = *prefix;
    }

    strcpy(p, ":key:*");

    return pattern;
}


static void
redis_names_add(redis_names_t *names, const char *name)
{
    char  **elts;

    if (names->n == names->max) {
        names->max = names->max ? 2 * names->max : 1024;

        elts = realloc(names->elts, names->max * sizeof(char *));
        if (elts == NULL) {
            tool_die(TOOL_FAILED, "no memory");
        }

        names->elts = elts;
    }

    names->elts[names->n++] = tool_format("%s", name);
}


/* SCAN may tell a name twice. */

static void
redis_names_unique(redis_names_t *names)
{
    size_t  i, n;

    if (names->n == 0) {
        return;
    }

    qsort(names->elts, names->n, sizeof(char *), redis_names_compare);

    n = 1;

    for (i = 1; i < names->n; i++) {
        if (strcmp(names->elts[i], names->elts[n - 1]) == 0) {
            free(names->elts[i]);

        } else {
            names->elts[n++] = names->elts[i];
        }
    }

    names->n = n;
}


static int
redis_names_compare(const void *one, const void *two)
{
    return strcmp(*(char *const *) one, *(char *const *) two);
}


redisReply *
redis_key_get(redisContext *c, const char *name)
{
    void        *reply;
    const char  *argv[] = { "HGETALL", name };

    reply = NULL;

    if ((name && redisAppendCommandArgv(c, 2, argv, NULL) != REDIS_OK)
        || redisGetReply(c, &reply) != REDIS_OK)
    {
        tool_die(TOOL_FAILED, "Redis: %s", c->errstr);
    }

    return reply;
}


const char *
redis_key_read(apigw_key_t *key, apigw_str_t *fields, const redisReply *reply)
{
    size_t              i;
    apigw_error_t       err;
    apigw_key_digest_e  kind;

    memset(key, 0, sizeof(apigw_key_t));

    if (reply->type != REDIS_REPLY_ARRAY) {
        return "not a hash";
    }

    if (reply->elements > REDIS_FIELDS) {
        return "more fields than there are";
    }

    kind = APIGW_KEY_SHA256;

    for (i = 0; i < reply->elements; i++) {

        if (reply->element[i]->type != REDIS_REPLY_STRING) {
            return "not a list of strings";
        }

        fields[i].data = (const uint8_t *) reply->element[i]->str;
        fields[i].len = reply->element[i]->len;

        if (i % 2 && apigw_str_is(fields[i - 1], "digest")
            && apigw_str_is(fields[i],
                            apigw_key_record_digest(APIGW_KEY_HMAC_SHA256)))
        {
            kind = APIGW_KEY_HMAC_SHA256;
        }
    }

    return apigw_key_record_read(key, fields, reply->elements, kind, &err)
           == APIGW_OK ? NULL : err.word;
}
