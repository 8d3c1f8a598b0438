
/*
 * Keys in Redis, as the gateway's store reads them.
 */


#ifndef _APIGW_TOOL_REDIS_KEYS_H_INCLUDED_
#define _APIGW_TOOL_REDIS_KEYS_H_INCLUDED_


#include "apigw_tool_redis.h"

#include "apigw_key_record.h"

#include <time.h>


/*
 * Adds a key, or exits: if there is one of that digest, or, where the id was
 * `wanted`, of that id; if a field is unfit.
 * fields  names and values in turn, up to a name that is NULL; one whose value
 *         is NULL is left out
 */
void redis_key_add(const redis_options_t *o, const char *hex,
    apigw_key_digest_e kind, bool wanted, const char *const *fields);


/* Prints the keys as a table; tells of faulty records, and exits at last. */
void redis_keys_print(const redis_options_t *o, time_t now);


/* Sets the status of the key with that id, or exits. */
void redis_key_disable(const redis_options_t *o, const char *id);


#endif /* _APIGW_TOOL_REDIS_KEYS_H_INCLUDED_ */
