
/*
 * Authorization server metadata: OpenID Connect Discovery 1.0 and RFC 8414.
 */


#ifndef _APIGW_DISCOVERY_H_INCLUDED_
#define _APIGW_DISCOVERY_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


/* Where a server publishes it; the first one is asked first. */

typedef enum {
    APIGW_DISCOVERY_OPENID = 0,      /* ISSUER/.well-known/openid-configuration
                                        (Discovery 1.0, 4) */
    APIGW_DISCOVERY_OAUTH            /* /.well-known/oauth-authorization-server
                                        before ISSUER's path (RFC 8414, 3.1) */
} apigw_discovery_e;


/*
 * Makes the document's URL.
 * issuer  an absolute URL without query and fragment
 * *url    lives in the arena
 * APIGW_EINPUT the issuer is no such URL; APIGW_ENOMEM
 */
apigw_rc_t apigw_discovery_url(apigw_str_t *url, apigw_arena_t *arena,
    apigw_str_t issuer, apigw_discovery_e form);


/*
 * Reads a document by the strict rules of tokens.
 * issuer     must equal the document's, byte for byte (RFC 8414, 3.3)
 * *jwks_uri  not checked further; lives in the arena or with `text`
 * APIGW_EINPUT with err->word as the end of a sentence that begins "metadata "
 * ("names another issuer"); APIGW_ENOMEM
 */
apigw_rc_t apigw_discovery_parse(apigw_str_t *jwks_uri, apigw_arena_t *arena,
    apigw_str_t text, apigw_str_t issuer, apigw_error_t *err);


#pragma GCC visibility pop


#endif /* _APIGW_DISCOVERY_H_INCLUDED_ */
