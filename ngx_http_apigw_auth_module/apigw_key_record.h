
/*
 * An API key as a hash in Redis: the file's fields, each by its name.
 *
 *     apigw:key:<64 hex digits of the key's digest>
 *         id        k7Qp2mXa
 *         digest    sha256, or hmac-sha256: what the digits are
 *         consumer  acme
 *         plan, groups, scope, status, exp, nbf, cidr, as in the file
 *
 * What was read is packed for a cache: a record that was packed once is not
 * judged again.
 */


#ifndef _APIGW_KEY_RECORD_H_INCLUDED_
#define _APIGW_KEY_RECORD_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"
#include "apigw_keyfile.h"


#pragma GCC visibility push(hidden)


#define APIGW_KEY_RECORD         1024  /* bytes, of all names and values */
#define APIGW_KEY_RECORD_FIELDS  10    /* those that there are */


/*
 * Reads a record that was found by a digest of kind `kind`.
 * fields  names and values in turn, `n` of both; must outlive *key
 * *key    its strings point into the fields, its digest is not set. After a
 *         fault its id is that of the record, or empty if that is unfit too;
 *         nothing else of it is good.
 * APIGW_EINPUT, APIGW_ELIMIT with err->word, which never quotes the record
 */
apigw_rc_t apigw_key_record_read(apigw_key_t *key, const apigw_str_t *fields,
    size_t n, apigw_key_digest_e kind, apigw_error_t *err);


/*
 * Packs a key that was read, its digest aside.
 * APIGW_ENOMEM
 */
apigw_rc_t apigw_key_record_pack(apigw_str_t *packed, apigw_arena_t *arena,
    const apigw_key_t *key);


/*
 * Reads what was packed.
 * packed  must outlive *key, whose strings point into it
 * APIGW_EINPUT: it was not made by apigw_key_record_pack()
 */
apigw_rc_t apigw_key_record_unpack(apigw_key_t *key, apigw_str_t packed);


/* The word for a kind of digest: "sha256", "hmac-sha256". */
const char *apigw_key_record_digest(apigw_key_digest_e kind);


#pragma GCC visibility pop


#endif /* _APIGW_KEY_RECORD_H_INCLUDED_ */
