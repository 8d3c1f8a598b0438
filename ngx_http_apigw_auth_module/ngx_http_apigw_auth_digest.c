
#include "ngx_http_apigw_auth.h"


static void ngx_http_apigw_auth_digest_cleanup(void *data);


/*
 * Of this process, for its event loop alone: what OpenSSL keeps for the next
 * digest. A configuration that ends frees it; it is made anew when needed.
 */
static apigw_sha256_t  ngx_http_apigw_auth_sha256;


ngx_int_t
ngx_http_apigw_auth_digest_init(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_apigw_auth_digest_cleanup;

    return NGX_OK;
}


static void
ngx_http_apigw_auth_digest_cleanup(void *data)
{
    apigw_sha256_free(&ngx_http_apigw_auth_sha256);
}


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
