
/*
 * Redis as the tools use it: one connection, one thing done, an exit if not.
 */


#ifndef _APIGW_TOOL_REDIS_H_INCLUDED_
#define _APIGW_TOOL_REDIS_H_INCLUDED_


#include "apigw_tool.h"

#include <hiredis/hiredis.h>


/* NULL: none. */

typedef struct {
    const char   *address;           /* host:port, [v6]:port or unix:path */
    const char   *user;
    const char   *password;          /* file, its first line */
    const char   *database;
    const char   *prefix;            /* of the names of keys */
    const char   *store;             /* whose key is revoked */
    const char   *line;              /* what else is revoked */
} redis_options_t;


/* For getopt_long(). */

#define REDIS_OPTIONS                                                         \
        { "redis", required_argument, NULL, 'R' },                            \
        { "redis-prefix", required_argument, NULL, 'X' },                     \
        { "database", required_argument, NULL, 'D' },                         \
        { "user", required_argument, NULL, 'U' },                             \
        { "password-file", required_argument, NULL, 'W' },                    \
        { "store", required_argument, NULL, 'S' },                            \
        { "line", required_argument, NULL, 'L' }


/* Takes one of them; false: it is none. */
bool redis_option(redis_options_t *o, int c, const char *value);


/* Exits if options do not fit together. */
void redis_check(const redis_options_t *o);


/* Connects, shows who it is, chooses the database. */
redisContext *redis_open(const redis_options_t *o);


/* One command; an error, in whatever it replies to, ends the program. */
redisReply *redis_command(redisContext *c, const char *const *argv, int argc);


/* As redis_command(), where the reply is of no interest. */
void redis_do(redisContext *c, const char *const *argv, int argc);


/*
 * Adds what revokes the key of that id, or o->line where id is NULL, to the set
 * of what is revoked, and counts its changes up: both or none.
 */
void redis_revoke(const redis_options_t *o, const char *id);


#endif /* _APIGW_TOOL_REDIS_H_INCLUDED_ */
