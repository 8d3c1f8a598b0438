
#include "apigw_tool.h"
#include "apigw_tool_redis.h"

#include "apigw_revocation.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>


#define REDIS_TIMEOUT   5            /* seconds, for each reply */
#define REDIS_PASSWORD  4096         /* bytes of its file */


static char *redis_line(const redis_options_t *o, const char *id);
static bool redis_add(const redis_options_t *o, const char *line);
static redisContext *redis_connect(const char *address);
static void redis_authenticate(redisContext *c, const redis_options_t *o);


bool
redis_option(redis_options_t *o, int c, const char *value)
{
    switch (c) {

    case 'R':
        o->address = value;
        return true;

    case 'X':
        o->prefix = value;
        return true;

    case 'D':
        o->database = value;
        return true;

    case 'U':
        o->user = value;
        return true;

    case 'W':
        o->password = value;
        return true;

    case 'S':
        o->store = value;
        return true;

    case 'L':
        o->line = value;
        return true;

    default:
        return false;
    }
}


void
redis_check(const redis_options_t *o)
{
    if (o->user && o->password == NULL) {
        tool_die(TOOL_USAGE, "--user takes --password-file");
    }
}


void
redis_revoke(const redis_options_t *o, const char *id)
{
    char  *line;

    line = redis_line(o, id);

    if (!redis_add(o, line)) {
        printf("was revoked before\n");
        tool_flush();
    }

    free(line);
}


/* The gateway passes over what is no line: that must not get there. */

static char *
redis_line(const redis_options_t *o, const char *id)
{
    char                     *line;
    apigw_rc_t                rc;
    apigw_str_t               text;
    apigw_error_t             err;
    apigw_revocation_line_t   read;

    if (o->line ? id || o->store : !id || !o->store) {
        tool_die(TOOL_USAGE, "revoke --redis takes an id, with --store S or "
                             "without, or else --line LINE");
    }

    line = o->line ? tool_format("%s", o->line)
                   : tool_format("key %s %s", o->store, id);

    text.data = (const uint8_t *) line;
    text.len = strlen(line);

    rc = apigw_revocation_read(&read, text, &err);

    if (rc != APIGW_OK) {
        tool_die(TOOL_USAGE, "\"%s\": %s", line,
                 rc == APIGW_AGAIN ? "revokes nothing" : err.word);
    }

    return line;
}


/* false: it was in the set. */

static bool
redis_add(const redis_options_t *o, const char *line)
{
    bool           added;
    char          *set, *gen;
    redisReply    *reply;
    redisContext  *c;

    c = redis_open(o);

    set = tool_format("%s:revoked", o->prefix);
    gen = tool_format("%s:revoked:gen", o->prefix);

    redis_do(c, (const char *const []) { "MULTI" }, 1);
    redis_do(c, (const char *const []) { "SADD", set, line }, 3);
    redis_do(c, (const char *const []) { "INCR", gen }, 2);

    reply = redis_command(c, (const char *const []) { "EXEC" }, 1);

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
        tool_die(TOOL_FAILED, "Redis did not revoke it");
    }

    /* inside an EXEC that went well a command of it may have failed */

    if (reply->element[0]->type != REDIS_REPLY_INTEGER) {
        tool_die(TOOL_FAILED, "%s: %s", set, reply->element[0]->str);
    }

    if (reply->element[1]->type != REDIS_REPLY_INTEGER) {
        tool_die(TOOL_FAILED, "%s: %s", gen, reply->element[1]->str);
    }

    added = reply->element[0]->integer == 1;

    freeReplyObject(reply);
    redisFree(c);
    free(set);
    free(gen);

    return added;
}


redisContext *
redis_open(const redis_options_t *o)
{
    redisContext  *c;

    c = redis_connect(o->address);

    if (c == NULL || c->err) {
        tool_die(TOOL_FAILED, "cannot reach %s: %s", o->address,
                 c ? c->errstr : "no memory");
    }

    (void) redisSetTimeout(c, (struct timeval) { REDIS_TIMEOUT, 0 });

    if (o->password) {
        redis_authenticate(c, o);
    }

    if (o->database) {
        redis_do(c, (const char *const []) { "SELECT", o->database }, 2);
    }

    return c;
}


static redisContext *
redis_connect(const char *address)
{
    char                  *host, *end;
    long                   port;
    const char            *colon;
    redisContext          *c;
    const struct timeval   timeout = { REDIS_TIMEOUT, 0 };

    if (strncmp(address, "unix:", 5) == 0) {
        return redisConnectUnixWithTimeout(address + 5, timeout);
    }

    colon = strrchr(address, ':');
    port = colon ? strtol(colon + 1, &end, 10) : 0;

    if (colon == NULL || colon == address || colon[1] == '\0' || *end != '\0'
        || port < 1 || port > 65535)
    {
        tool_die(TOOL_USAGE, "--redis \"%s\" is not host:port, [v6]:port or "
                             "unix:path", address);
    }

    host = address[0] == '[' && colon[-1] == ']'
           ? tool_format("%.*s", (int) (colon - address) - 2, address + 1)
           : tool_format("%.*s", (int) (colon - address), address);

    c = redisConnectWithTimeout(host, (int) port, timeout);

    free(host);

    return c;
}


static void
redis_authenticate(redisContext *c, const redis_options_t *o)
{
    char    *text;
    size_t   len;

    text = tool_read(o->password, REDIS_PASSWORD, &len);
    text[strcspn(text, "\r\n")] = '\0';

    if (o->user) {
        redis_do(c, (const char *const []) { "AUTH", o->user, text }, 3);

    } else {
        redis_do(c, (const char *const []) { "AUTH", text }, 2);
    }

    OPENSSL_cleanse(text, len);
    free(text);
}


redisReply *
redis_command(redisContext *c, const char *const *argv, int argc)
{
    redisReply  *reply;

    reply = redisCommandArgv(c, argc, (const char **) argv, NULL);

    if (reply == NULL) {
        tool_die(TOOL_FAILED, "Redis: %s", c->errstr);
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        tool_die(TOOL_FAILED, "Redis: %s", reply->str);
    }

    return reply;
}


void
redis_do(redisContext *c, const char *const *argv, int argc)
{
    freeReplyObject(redis_command(c, argv, argc));
}
