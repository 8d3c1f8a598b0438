
/*
 * Distinct RS256 tokens for the benchmark, one a line:
 *
 *     bench_tokens KEY.pem COUNT ISSUER AUDIENCE LIFETIME
 *
 * Each has its own subject and jti, so no two share a signature.
 */


#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/pem.h>


static void
fail(const char *what)
{
    fprintf(stderr, "bench_tokens: %s\n", what);
    exit(1);
}


/* out must hold 4/3 of the input, and 4 bytes */

static size_t
base64url(char *out, const unsigned char *in, size_t size)
{
    char    *p;
    size_t   n;

    n = (size_t) EVP_EncodeBlock((unsigned char *) out, in, (int) size);

    for (p = out; p < out + n; p++) {
        if (*p == '+') {
            *p = '-';

        } else if (*p == '/') {
            *p = '_';

        } else if (*p == '=') {
            break;
        }
    }

    return (size_t) (p - out);
}


static void
mint(EVP_PKEY *key, const char *payload)
{
    char            token[4096];
    size_t          size, n;
    EVP_MD_CTX     *ctx;
    unsigned char   signature[1024];

    static const char  header[] =
        "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"bench\"}";

    n = base64url(token, (const unsigned char *) header, sizeof(header) - 1);
    token[n++] = '.';
    n += base64url(token + n, (const unsigned char *) payload,
                   strlen(payload));

    ctx = EVP_MD_CTX_new();
    size = sizeof(signature);

    if (ctx == NULL
        || EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1
        || EVP_DigestSign(ctx, signature, &size,
                          (unsigned char *) token, n) != 1)
    {
        fail("signing failed");
    }

    EVP_MD_CTX_free(ctx);

    token[n++] = '.';
    n += base64url(token + n, signature, size);
    token[n] = '\0';

    puts(token);
}


int
main(int argc, char **argv)
{
    FILE      *f;
    long       i, count, now, exp;
    char       payload[1024];
    EVP_PKEY  *key;

    if (argc != 6) {
        fail("usage: bench_tokens KEY.pem COUNT ISSUER AUDIENCE LIFETIME");
    }

    f = fopen(argv[1], "r");
    key = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;

    if (key == NULL) {
        fail("no private key");
    }

    fclose(f);

    count = strtol(argv[2], NULL, 10);
    now = (long) time(NULL);
    exp = now + strtol(argv[5], NULL, 10);

    for (i = 0; i < count; i++) {
        snprintf(payload, sizeof(payload),
                 "{\"iss\":\"%s\",\"aud\":\"%s\",\"sub\":\"user-%ld\","
                 "\"jti\":\"%08lx\",\"iat\":%ld,\"exp\":%ld,"
                 "\"scope\":\"orders:read orders:write\"}",
                 argv[3], argv[4], i, i, now, exp);
        mint(key, payload);
    }

    EVP_PKEY_free(key);

    return 0;
}
