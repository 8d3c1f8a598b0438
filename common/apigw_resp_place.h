
/*
 * Where a server says that another one is: redirections of a Cluster, answers
 * of a Sentinel. All of it is foreign: an address is taken for one only if it
 * could be one.
 */


#ifndef _APIGW_RESP_PLACE_H_INCLUDED_
#define _APIGW_RESP_PLACE_H_INCLUDED_


#include "apigw_resp.h"


#pragma GCC visibility push(hidden)


#define APIGW_RESP_MAX_HOST  255


/* An empty host is that of the server which says so. */

typedef struct {
    apigw_str_t  host;               /* without brackets; in the reply */
    uint16_t     port;
} apigw_resp_place_t;


/*
 * Reads the text of an error, "MOVED 3999 10.0.0.7:6381" or "ASK ...": the
 * port is behind the last colon, so that IPv6 needs no brackets but may have
 * them.
 * APIGW_EINPUT for any other text; the outputs are untouched then
 */
apigw_rc_t apigw_resp_redirect(const char *text, size_t len, uint32_t *slot,
    apigw_resp_place_t *place);


/*
 * Reads a Sentinel's answer to SENTINEL get-master-addr-by-name.
 * APIGW_EUNSUPPORTED it knows no such master; APIGW_EINPUT not an answer
 */
apigw_rc_t apigw_resp_master(const redisReply *reply,
    apigw_resp_place_t *place);


/* Whether the reply is a master's to ROLE. */
bool apigw_resp_is_master(const redisReply *reply);


/*
 * Checks a host and a port as replies have them.
 * APIGW_EUNSUPPORTED the host is "?", which is nowhere
 */
apigw_rc_t apigw_resp_place(const char *host, size_t len, int64_t port,
    apigw_resp_place_t *place);


#pragma GCC visibility pop


#endif /* _APIGW_RESP_PLACE_H_INCLUDED_ */
