
/*
 * The writer's way out: bytes into chunks or to the sink, within its limit.
 */


#ifndef _APIGW_JSON_PUT_H_INCLUDED_
#define _APIGW_JSON_PUT_H_INCLUDED_


#include "apigw_json_writer.h"


#pragma GCC visibility push(hidden)


apigw_rc_t apigw_json_put(apigw_json_writer_t *w, const void *data,
    size_t len);


/* The same, escaped as within a string; APIGW_EINPUT: not UTF-8. */
apigw_rc_t apigw_json_put_escaped(apigw_json_writer_t *w, apigw_str_t text);


/* Keeps the first failure and returns it. */
apigw_rc_t apigw_json_put_fail(apigw_json_writer_t *w, apigw_rc_t rc);


#pragma GCC visibility pop


#endif /* _APIGW_JSON_PUT_H_INCLUDED_ */
