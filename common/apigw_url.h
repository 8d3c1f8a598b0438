
/*
 * A strict reader of absolute http and https URLs (RFC 3986), for addresses
 * that a configuration or a document names and that we connect to.
 */


#ifndef _APIGW_URL_H_INCLUDED_
#define _APIGW_URL_H_INCLUDED_


#include "apigw.h"


#pragma GCC visibility push(hidden)


/* No longer URL is taken. */
#define APIGW_URL_MAX  2048


typedef enum {
    APIGW_URL_NAME = 0,
    APIGW_URL_IPV4,
    APIGW_URL_IPV6
} apigw_url_host_e;


/* Slices of the text that was parsed. */

typedef struct {
    bool              https;
    apigw_url_host_e  kind;
    apigw_str_t       host;          /* as written, IPv6 without brackets */
    uint16_t          port;          /* 80 or 443 where none is written */
    apigw_str_t       authority;     /* for Host: port only if it must be */
    apigw_str_t       path;          /* with the query; begins with "/", or
                                        with "?": then "/" goes before it; or
                                        is empty: then it is "/" */
} apigw_url_t;


/*
 * Splits an absolute URL. Refused: other schemes, user names, fragments,
 * control bytes, spaces, backslashes, bytes above 0x7e, broken percent codes,
 * an empty host, numbers that look like an IPv4 address and are none, a port
 * that is empty, 0 or above 65535.
 *
 * text   must outlive *url
 * url    untouched unless APIGW_OK
 * error  APIGW_EINPUT and APIGW_ELIMIT: word is a text for people, such as
 *        "invalid port"; offset is where
 */
apigw_rc_t apigw_url_parse(apigw_str_t text, apigw_url_t *url,
    apigw_error_t *error);


/*
 * Whether the host is this machine by its spelling: "localhost" in any case,
 * 127.0.0.0/8 or ::1.
 */
bool apigw_url_is_loopback(const apigw_url_t *url);


#pragma GCC visibility pop


#endif /* _APIGW_URL_H_INCLUDED_ */
