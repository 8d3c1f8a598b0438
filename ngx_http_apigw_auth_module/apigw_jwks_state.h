
/*
 * A provider's last good key set as a file keeps it, for a start while the
 * provider is down: {"issuer": ..., "fetched": seconds, "jwks": {...}}.
 */


#ifndef _APIGW_JWKS_STATE_H_INCLUDED_
#define _APIGW_JWKS_STATE_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


/* What a file has beside issuer and key set, at most. */
#define APIGW_JWKS_STATE_SPARE  256


/*
 * Makes the file's text.
 * fetched  wall time, seconds
 * jwks     a key set that was parsed: it is taken as it is
 * *out     lives in the arena
 * APIGW_EINPUT the issuer is not UTF-8; APIGW_ENOMEM
 */
apigw_rc_t apigw_jwks_state_write(apigw_str_t *out, apigw_arena_t *arena,
    apigw_str_t issuer, int64_t fetched, apigw_str_t jwks);


/*
 * Reads it.
 * *jwks     not parsed further; lives with `text`
 * *fetched  as written, not above `now`
 * APIGW_EINPUT with err->word as the end of a sentence that begins with the
 * file ("is of another issuer"); APIGW_ENOMEM
 */
apigw_rc_t apigw_jwks_state_read(apigw_str_t *jwks, int64_t *fetched,
    apigw_arena_t *arena, apigw_str_t text, apigw_str_t issuer, int64_t now,
    apigw_error_t *err);


#pragma GCC visibility pop


#endif /* _APIGW_JWKS_STATE_H_INCLUDED_ */
