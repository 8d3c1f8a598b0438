
/*
 * Keys that sign development tokens: made, kept in files, shown as JWK.
 */


#ifndef _APIGW_TOOL_JOSE_H_INCLUDED_
#define _APIGW_TOOL_JOSE_H_INCLUDED_


#include "apigw_tool.h"

#include <jwt.h>


typedef struct {
    const char   *name;
    jwt_alg_t     jwt;
    const char   *curve;             /* of ES*; NULL else */
    bool          secret;            /* HS* */
} jose_alg_t;


/* The i-th algorithm that libjwt signs with, the default first, or NULL. */
const jose_alg_t *jose_alg(size_t i);


/* The algorithm of that name, or NULL. */
const jose_alg_t *jose_alg_find(const char *name);


/*
 * Makes a key and writes it, readable by its owner only: PEM, or for HS* one
 * line of base64url.
 */
void jose_generate(const jose_alg_t *alg, const char *path, tool_write_e how);


/* The key in the file as libjwt takes it: PEM, or the bytes of a secret. */
char *jose_key(const jose_alg_t *alg, const char *path, size_t *len);


/* The key's RFC 7638 thumbprint in base64url. */
char *jose_thumbprint(const jose_alg_t *alg, const char *path);


/* The public key as a JWK, a secret whole; kid NULL means the thumbprint. */
char *jose_jwk(const jose_alg_t *alg, const char *path, const char *kid);


/* `in` as a JSON string, quotes included. */
char *jose_quote(const char *in, size_t len);

/* Sets a claim, anew if it was there, to a string, a number ... */
void jose_set_string(jwt_t *jwt, const char *name, const char *value);
void jose_set_number(jwt_t *jwt, const char *name, long value);


/* ... an array of what stands between commas, or one string without any ... */
void jose_set_list(jwt_t *jwt, const char *name, const char *list);


/* ... or as "NAME=VALUE" says: VALUE as JSON if it is, else as a string. */
void jose_set_claim(jwt_t *jwt, const char *claim);


#endif /* _APIGW_TOOL_JOSE_H_INCLUDED_ */
