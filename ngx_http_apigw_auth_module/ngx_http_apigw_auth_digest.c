
#include "ngx_http_apigw_auth.h"


/*
 * Of this process, for its event loop alone: what OpenSSL keeps for the next
 * digest. No configuration and no request owns it.
 */
static apigw_sha256_t  ngx_http_apigw_auth_sha256;


ngx_int_t
ngx_http_apigw_auth_digest(u_char *digest, apigw_str_t *pieces, ngx_uint_t n)
{
    return apigw_sha256(&ngx_http_apigw_auth_sha256, digest, pieces, n)
           == APIGW_OK ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_apigw_auth_fingerprint(u_char *fingerprint, ngx_str_t *words,
    ngx_uint_t n)
{
    u_char       digest[APIGW_SHA256_SIZE];
    uint64_t     len;
    ngx_uint_t   i;
    apigw_str_t  pieces[3];

    for (i = 0; i < n; i++) {
        len = words[i].len;

        pieces[0].data = fingerprint;
        pieces[0].len = NGX_HTTP_APIGW_AUTH_FINGERPRINT;
        pieces[1].data = (uint8_t *) &len;
        pieces[1].len = sizeof(len);
        pieces[2] = ngx_http_apigw_str(&words[i]);

        if (ngx_http_apigw_auth_digest(digest, pieces, 3) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_memcpy(fingerprint, digest, NGX_HTTP_APIGW_AUTH_FINGERPRINT);
    }

    return NGX_OK;
}
