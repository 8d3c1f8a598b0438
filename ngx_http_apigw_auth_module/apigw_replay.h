
/*
 * Proofs that were used, so that none is used twice: a table of digests in one
 * block of memory, which may be shared and mapped anywhere. The caller holds
 * the lock of that memory around each call.
 *
 * A live record is never evicted: whoever could push records out could replay
 * what they stood for. So the table can be full, and one key may hold at most
 * 1/16 of it, that no one client fills it for all.
 */


#ifndef _APIGW_REPLAY_H_INCLUDED_
#define _APIGW_REPLAY_H_INCLUDED_


#include "apigw.h"


#pragma GCC visibility push(hidden)


#define APIGW_REPLAY_DIGEST  16      /* bytes of a record's digest */
#define APIGW_REPLAY_OWNER   32      /* bytes of a key's thumbprint */
#define APIGW_REPLAY_SHARE   16      /* one owner: capacity / 16 */


typedef struct apigw_replay_s  apigw_replay_t;


/*
 * Makes an empty table.
 * block  aligned for uint64_t; *out points to its start
 * seed   random, and secret: else proofs could be made for one place
 * APIGW_ELIMIT: fewer than 16 kB
 */
apigw_rc_t apigw_replay_init(apigw_replay_t **out, void *block, size_t size,
    const uint64_t seed[2]);


/* How many records there is room for. */
size_t apigw_replay_capacity(const apigw_replay_t *replay);


/* How many records are in use, those counted that expired lately. */
size_t apigw_replay_used(const apigw_replay_t *replay);


/*
 * Stores a digest unless it is there.
 * owner   whose share counts; APIGW_REPLAY_OWNER bytes
 * expiry  the last second of its life, from `now` to 2^32 - 1
 * APIGW_EINPUT dpop_replayed: it is there, and alive; dpop_invalid: the owner's
 * share is used up; APIGW_ELIMIT replay_store_full
 */
apigw_rc_t apigw_replay_add(apigw_replay_t *replay, const uint8_t *digest,
    const uint8_t *owner, int64_t expiry, int64_t now, apigw_error_t *err);


#pragma GCC visibility pop


#endif /* _APIGW_REPLAY_H_INCLUDED_ */
