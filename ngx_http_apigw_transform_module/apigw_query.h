
/*
 * Edits of a query string. Names are compared decoded ("%61" is "a", "+" a
 * space); arguments that no operation touches keep their bytes and order.
 */


#ifndef _APIGW_QUERY_H_INCLUDED_
#define _APIGW_QUERY_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"
#include "apigw_transform_set.h"


#pragma GCC visibility push(hidden)


typedef struct apigw_query_s  apigw_query_t;


/* Makes an empty list of operations, in `arena`. */
apigw_query_t *apigw_query_create(apigw_arena_t *arena);


/*
 * Adds the operation of one line "query OP ...": args[0] is OP.
 *
 *     set N V      all arguments N go, N=V comes last; empty V: only removes
 *     add N V      N=V comes last unless there is an N; empty V: nothing
 *     append N V   N=V comes last; empty V: nothing
 *     remove N...  all arguments N go; a trailing * matches a prefix
 *     keep N...    all others go; the same
 *     rename A B   arguments B go; each A becomes B with its bytes and place
 *
 * args  must outlive the list
 * APIGW_EINPUT a bad line, APIGW_ELIMIT too many operations, both with *fault;
 * APIGW_ENOMEM
 */
apigw_rc_t apigw_query_add(apigw_query_t *query, const apigw_str_t *args,
    size_t nargs, apigw_transform_fault_t *fault);


/* How many values the operations take, and the text of the i-th. */
size_t apigw_query_values(const apigw_query_t *query);
apigw_str_t apigw_query_value(const apigw_query_t *query, size_t i);


/*
 * Runs the operations on `in`, the bytes after "?".
 * values  one per value, not encoded; any byte is allowed, and goes out
 *         percent-encoded unless it is unreserved (RFC 3986, 2.3)
 * out     in the arena, or `in` itself if nothing changed
 * APIGW_ENOMEM
 */
apigw_rc_t apigw_query_run(const apigw_query_t *query, apigw_str_t in,
    const apigw_str_t *values, apigw_arena_t *arena, apigw_str_t *out);


#pragma GCC visibility pop


#endif /* _APIGW_QUERY_H_INCLUDED_ */
