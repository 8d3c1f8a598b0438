
/*
 * Fills the table of used proofs: t/auth/dpop_full.t compiles and runs it.
 *
 *     dpop_flood PORT KEYS PROOFS
 *
 * Prints the thumbprint of each of KEYS keys, reads an access token for each,
 * sends PROOFS proofs by each key to 127.0.0.1:PORT, key by key, over one
 * connection, until an answer is 503. Then prints how many answers were 200,
 * 401 and 503, and last a request, to be sent again, whose answer was 200.
 */


#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>


#define KEYS_MAX   64
#define TOKEN_MAX  4096
#define BATCH      16


typedef struct {
    EVP_PKEY  *pkey;
    char       jwk[256];
    char       token[TOKEN_MAX];
    char       ath[64];
} flood_key_t;


static flood_key_t  keys[KEYS_MAX];
static FILE        *server;
static char         first[2 * TOKEN_MAX];


static void
die(const char *what)
{
    perror(what);
    exit(2);
}


static void
encode(char *out, const void *data, size_t len)
{
    char  *p;

    EVP_EncodeBlock((unsigned char *) out, data, (int) len);

    for (p = out; *p && *p != '='; p++) {
        *p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
    }

    *p = '\0';
}


static void
hash(char *out, const char *text)
{
    unsigned char  digest[32];

    EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL);
    encode(out, digest, sizeof(digest));
}


static void
make_key(flood_key_t *key)
{
    char           x[64], jkt[64];
    size_t         len = 32;
    unsigned char  point[32];

    key->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

    if (key->pkey == NULL
        || EVP_PKEY_get_raw_public_key(key->pkey, point, &len) != 1)
    {
        die("EVP_PKEY_Q_keygen()");
    }

    encode(x, point, len);
    sprintf(key->jwk, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}", x);
    hash(jkt, key->jwk);
    printf("%s\n", jkt);
}


static void
read_token(flood_key_t *key)
{
    if (fgets(key->token, TOKEN_MAX, stdin) == NULL) {
        die("fgets()");
    }

    key->token[strcspn(key->token, "\n")] = '\0';
    hash(key->ath, key->token);
}


static void
make_request(char *out, const flood_key_t *key, int n)
{
    char           json[1024], proof[TOKEN_MAX];
    size_t         len = 64;
    EVP_MD_CTX    *md;
    unsigned char  signature[64];

    sprintf(json, "{\"typ\":\"dpop+jwt\",\"alg\":\"EdDSA\",\"jwk\":%s}",
            key->jwk);
    encode(proof, json, strlen(json));
    strcat(proof, ".");

    sprintf(json, "{\"jti\":\"%d\",\"htm\":\"GET\",\"htu\":"
                  "\"https://localhost/t\",\"iat\":%ld,\"ath\":\"%s\"}",
            n, (long) time(NULL), key->ath);
    encode(proof + strlen(proof), json, strlen(json));

    md = EVP_MD_CTX_new();

    if (EVP_DigestSignInit(md, NULL, NULL, NULL, key->pkey) != 1
        || EVP_DigestSign(md, signature, &len, (unsigned char *) proof,
                          strlen(proof))
           != 1)
    {
        die("EVP_DigestSign()");
    }

    EVP_MD_CTX_free(md);

    strcat(proof, ".");
    encode(proof + strlen(proof), signature, len);

    sprintf(out, "GET /t HTTP/1.1\r\nHost: localhost\r\n"
                 "Authorization: DPoP %s\r\nDPoP: %s\r\n\r\n",
            key->token, proof);
}


/* The status of one answer, whose length a header tells. */

static int
answer(void)
{
    int    status = 0;
    char   line[4096];
    long   length = 0;

    while (fgets(line, sizeof(line), server) && strcmp(line, "\r\n") != 0) {
        (void) sscanf(line, "HTTP/1.1 %d", &status);
        (void) sscanf(line, "Content-Length: %ld", &length);
    }

    while (length-- > 0) {
        if (getc(server) == EOF) {
            die("getc()");
        }
    }

    return status;
}


static void
open_server(int port)
{
    int                 fd;
    struct sockaddr_in  addr = { .sin_family = AF_INET };

    addr.sin_port = htons((in_port_t) port);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd == -1 || connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == -1)
    {
        die("connect()");
    }

    server = fdopen(fd, "r+");
}


int
main(int argc, char **argv)
{
    int   i, k, n, proofs, status, good = 0, bad = 0, full = 0;
    char  request[4 * TOKEN_MAX];

    if (argc != 4 || (n = atoi(argv[2])) > KEYS_MAX) {
        return 2;
    }

    proofs = atoi(argv[3]);

    for (i = 0; i < n; i++) {
        make_key(&keys[i]);
    }

    fflush(stdout);

    for (i = 0; i < n; i++) {
        read_token(&keys[i]);
    }

    open_server(atoi(argv[1]));

    for (i = 0; i < n * proofs && full == 0; i += BATCH) {

        for (k = i; k < i + BATCH; k++) {
            make_request(request, &keys[k / proofs % n], k);

            if (k == 0) {
                strcpy(first, request);
            }

            fputs(request, server);
        }

        fflush(server);

        for (k = i; k < i + BATCH; k++) {
            status = answer();

            good += (status == 200);
            bad += (status == 401);
            full += (status == 503);
        }
    }

    printf("%d %d %d\n%s", good, bad, full, first);

    return 0;
}
