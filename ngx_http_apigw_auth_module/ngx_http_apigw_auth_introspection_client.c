
/* Who this gateway is to an authorization server, and its secret. */


#include "ngx_http_apigw_auth.h"


#define NGX_HTTP_APIGW_AUTH_SECRET_MAX  4096


static char *ngx_http_apigw_auth_introspection_option(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *arg, ngx_uint_t *seen);
static ngx_int_t ngx_http_apigw_auth_introspection_make(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, apigw_str_t secret);
static void ngx_http_apigw_auth_introspection_wipe(void *data);


char *
ngx_http_apigw_auth_introspection_client(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_introspection_t *in = block->data;

    char        *rv;
    ngx_uint_t   i, seen;

    in->client_id = args[0];
    seen = 0;

    if (args[0].len == 0) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "empty id in \"client\"; give the id that the "
                              "authorization server knows this gateway by");
    }

    for (i = 1; i < nargs; i++) {
        rv = ngx_http_apigw_auth_introspection_option(cf, block, &args[i],
                                                      &seen);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    if (in->method == APIGW_INTROSPECTION_TLS && in->secret_file.len) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "\"secret_file\" beside \"method=tls\"; write "
                              "one of them");
    }

    if (in->method != APIGW_INTROSPECTION_TLS && in->secret_file.len == 0) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "no secret in \"client\"; add "
                              "\"secret_file=PATH\", or \"method=tls\"");
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_introspection_option(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *arg, ngx_uint_t *seen)
{
    ngx_http_apigw_auth_introspection_t *in = block->data;

    ngx_uint_t                i, bit;
    static const char *const  methods[] = {
        "method=basic", "method=post", "method=tls"
    };

    bit = 0;

    if (arg->len > 12 && ngx_strncmp(arg->data, "secret_file=", 12) == 0) {
        in->secret_file.data = arg->data + 12;
        in->secret_file.len = arg->len - 12;
        bit = 1;
    }

    for (i = 0; i < 3; i++) {
        if (ngx_strcmp(arg->data, methods[i]) == 0) {
            in->method = i;
            bit = 2;
        }
    }

    if (bit == 0) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid argument \"%V\" of \"client\"; write "
                              "\"secret_file=PATH\", and \"method=basic\" or "
                              "\"method=post\", or \"method=tls\"", arg);
    }

    if (*seen & bit) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "\"%V\" is given on top of another in "
                              "\"client\"; write one", arg);
    }

    *seen |= bit;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_introspection_secret(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block)
{
    ngx_http_apigw_auth_introspection_t *in = block->data;

    char                        *rv;
    ngx_int_t                    rc;
    apigw_str_t                  secret;
    ngx_http_apigw_auth_file_t   file;
    static const apigw_str_t     none = apigw_str("");

    if (in->method == APIGW_INTROSPECTION_TLS) {
        if (!ngx_http_apigw_auth_block_has(block, "tls_certificate")
            || !in->url.https)
        {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "\"method=tls\" without a certificate to "
                                  "show; give \"tls_certificate\", "
                                  "\"tls_certificate_key\" and an https "
                                  "\"endpoint\"");
        }

        return ngx_http_apigw_auth_introspection_make(cf, block, none)
               == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    rv = ngx_http_apigw_auth_block_file(cf, block, "secret_file",
                                        &in->secret_file,
                                        NGX_HTTP_APIGW_AUTH_SECRET_MAX, &file);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    secret = ngx_http_apigw_str(&file.text);

    if (secret.len && secret.data[secret.len - 1] == '\n') {
        secret.len--;
    }

    if (secret.len == 0 || apigw_str_has_control(secret)) {
        ngx_http_apigw_auth_file_free(&file);

        return ngx_http_apigw_auth_block_fault(cf, block,
                              "secret_file \"%V\" does not hold a secret; "
                              "write it there as one line", &in->secret_file);
    }

    rc = ngx_http_apigw_auth_introspection_make(cf, block, secret);

    ngx_http_apigw_auth_file_free(&file);

    return rc == NGX_OK
           ? ngx_http_apigw_auth_block_secret(cf, block, "secret_file",
                                              &in->secret_file, &file)
           : NGX_CONF_ERROR;
}


static ngx_int_t
ngx_http_apigw_auth_introspection_make(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, apigw_str_t secret)
{
    ngx_http_apigw_auth_introspection_t *in = block->data;

    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    if (apigw_introspection_client(&in->client, &block->arena, in->method,
                                   ngx_http_apigw_str(&in->client_id), secret)
        != APIGW_OK)
    {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_apigw_auth_introspection_wipe;
    cln->data = in;

    return NGX_OK;
}


/* One of the two was made for the secret; the other is a constant or empty. */

static void
ngx_http_apigw_auth_introspection_wipe(void *data)
{
    ngx_http_apigw_auth_introspection_t *in = data;

    if (in->method == APIGW_INTROSPECTION_BASIC) {
        ngx_explicit_memzero((u_char *) in->client.headers.data,
                             in->client.headers.len);

    } else {
        ngx_explicit_memzero((u_char *) in->client.form.data,
                             in->client.form.len);
    }
}
