
/*
 * All records of keys that a Redis has.
 */


#ifndef _APIGW_TOOL_REDIS_WALK_H_INCLUDED_
#define _APIGW_TOOL_REDIS_WALK_H_INCLUDED_


#include "apigw_tool_redis.h"

#include "apigw_key_record.h"


#define REDIS_FIELDS  (2 * APIGW_KEY_RECORD_FIELDS)


/*
 * Takes a record and the name of its hash; one with a fault has an id at best.
 * true: go on
 */
typedef bool (*redis_each_pt)(void *data, const char *name,
    const apigw_key_t *key, const char *fault);


/* Reads all records, in the order of their names; exits if Redis fails. */
void redis_keys_each(redisContext *c, const redis_options_t *o,
    redis_each_pt each, void *data);


/* The reply to an HGETALL: of that name, or with NULL to one sent before. */
redisReply *redis_key_get(redisContext *c, const char *name);


/*
 * What is wrong with a record, or NULL; it says itself what its digest is.
 * *key     its strings point into the reply
 * fields   room for REDIS_FIELDS
 */
const char *redis_key_read(apigw_key_t *key, apigw_str_t *fields,
    const redisReply *reply);


#endif /* _APIGW_TOOL_REDIS_WALK_H_INCLUDED_ */
