
/*
 * Mints development tokens and their key sets. libjwt signs; what verifies
 * them in the gateway shares none of its code.
 */


#include "apigw_tool.h"
#include "apigw_tool_jose.h"

#include <errno.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>


#define TOKEN_CLAIMS  64


typedef struct {
    const char        *command;      /* keygen, mint, jwks */
    const char        *profile;      /* or NULL: then key is given */
    const char        *dir;
    const char        *key;          /* file of the private key */
    const char        *jwks;         /* file that keygen writes */
    const char        *kid;
    const char        *iss;
    const char        *aud;
    const char        *sub;
    const char        *scope;
    long               exp;          /* seconds from now */
    const char        *claims[TOKEN_CLAIMS];
    size_t             nclaims;
    const jose_alg_t  *alg;          /* NULL: not named */
} token_options_t;


static void token_parse(token_options_t *o, int argc, char **argv);
static void token_option(token_options_t *o, int c);
static void token_arguments(token_options_t *o, int argc, char **argv);
static long token_duration(const char *text);
static char *token_key(const token_options_t *o, const jose_alg_t *alg);
static void token_make_key(const jose_alg_t *alg, const char *path);
static void token_keygen(const token_options_t *o);
static void token_mint(token_options_t *o);
static void token_registered(const token_options_t *o, jwt_t *jwt);
static void token_sign(const token_options_t *o, jwt_t *jwt);
static void token_set(const token_options_t *o);
static void token_set_key(const token_options_t *o, const jose_alg_t *alg,
    const char *path, size_t n);


const char  tool_name[] = "apigw-token";


static const char  token_help[] =
"apigw-token NAME [options]             a token of the profile NAME\n"
"apigw-token jwks NAME [options]        the public keys of that profile\n"
"apigw-token keygen --private FILE [--jwks FILE] [--alg A] [--kid K]\n"
"apigw-token mint --key FILE [options]  a token by a key of your own\n"
"apigw-token jwks --key FILE [--alg A] [--kid K]\n"
"\n"
"For development only: whoever reads the key directory can be anybody.\n"
"A profile keeps its keys as DIR/NAME-ALG.pem, made on first use with mode\n"
"0600, and gives iss=https://NAME.example, aud=api://NAME, sub=NAME unless\n"
"told otherwise. The token or key set goes to the standard output.\n"
"\n"
"  --dir DIR       keys of profiles; else $APIGW_KEYS, else build/run/keys\n"
"  --alg A         RS256 (the default) RS384 RS512 ES256 ES384 ES512\n"
"                  HS256 HS384 HS512; jwks NAME: only this algorithm's key\n"
"  --kid K         key id; default: the key's RFC 7638 thumbprint\n"
"  --iss, --sub, --scope S   claims of that name\n"
"  --aud A         audience, an array if it has commas\n"
"  --exp TIME      lifetime from now: 1h (the default), 30m, 90s, 7d, -1h\n"
"  --claim N=V     any other claim, or one of the above anew; V is taken as\n"
"                  JSON if it is JSON, else as a string; repeatable\n"
"\n"
"exit status: 0 done, 1 failed, 2 used wrongly\n";


int
main(int argc, char **argv)
{
    token_options_t  o = { .exp = 3600 };

    umask(077);
    token_parse(&o, argc, argv);

    if (strcmp(o.command, "keygen") == 0) {
        token_keygen(&o);

    } else if (strcmp(o.command, "jwks") == 0) {
        token_set(&o);

    } else {
        token_mint(&o);
    }

    tool_flush();

    return 0;
}


static void
token_parse(token_options_t *o, int argc, char **argv)
{
    int  c;

    static const struct option  options[] = {
        { "dir", required_argument, NULL, 'd' },
        { "alg", required_argument, NULL, 'a' },
        { "kid", required_argument, NULL, 'k' },
        { "iss", required_argument, NULL, 'i' },
        { "aud", required_argument, NULL, 'u' },
        { "sub", required_argument, NULL, 's' },
        { "scope", required_argument, NULL, 'S' },
        { "exp", required_argument, NULL, 'e' },
        { "claim", required_argument, NULL, 'c' },
        { "key", required_argument, NULL, 'K' },
        { "private", required_argument, NULL, 'K' },
        { "jwks", required_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 }
    };

    o->dir = getenv("APIGW_KEYS");

    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        token_option(o, c);
    }

    token_arguments(o, argc - optind, argv + optind);

    if (o->dir == NULL || *o->dir == '\0') {
        o->dir = "build/run/keys";
    }
}


static void
token_option(token_options_t *o, int c)
{
    switch (c) {

    case 'd':
        o->dir = optarg;
        break;

    case 'a':
        o->alg = jose_alg_find(optarg);

        if (o->alg == NULL) {
            tool_die(TOOL_USAGE, "\"%s\" is no algorithm that tokens are "
                                 "minted with", optarg);
        }

        break;

    case 'k':
        o->kid = optarg;
        break;

    case 'i':
        o->iss = optarg;
        break;

    case 'u':
        o->aud = optarg;
        break;

    case 's':
        o->sub = optarg;
        break;

    case 'S':
        o->scope = optarg;
        break;

    case 'e':
        o->exp = token_duration(optarg);
        break;

    case 'K':
        o->key = optarg;
        break;

    case 'j':
        o->jwks = optarg;
        break;

    case 'c':
        if (o->nclaims == TOKEN_CLAIMS || strchr(optarg, '=') == NULL) {
            tool_die(TOOL_USAGE, "--claim takes NAME=VALUE, at most %d times",
                     TOKEN_CLAIMS);
        }

        o->claims[o->nclaims++] = optarg;
        break;

    case 'h':
        fputs(token_help, stdout);
        tool_flush();
        exit(0);

    default:
        exit(TOOL_USAGE);
    }
}


static void
token_arguments(token_options_t *o, int argc, char **argv)
{
    bool  keygen, jwks;

    if (argc == 0) {
        tool_die(TOOL_USAGE, "a command or the name of a profile is missing");
    }

    o->command = argv[0];

    keygen = strcmp(argv[0], "keygen") == 0;
    jwks = strcmp(argv[0], "jwks") == 0;

    if (!keygen && !jwks && strcmp(argv[0], "mint") != 0) {
        o->profile = argv[0];
        o->command = "mint";
    }

    argc--;
    argv++;

    if (jwks && argc > 0) {
        o->profile = argv[0];
        argc--;
        argv++;
    }

    if (argc > 0) {
        tool_die(TOOL_USAGE, "\"%s\" is one argument too many", argv[0]);
    }

    if (o->profile == NULL && o->key == NULL) {
        tool_die(TOOL_USAGE, "%s needs %s FILE", o->command,
                 keygen ? "--private" : "--key");
    }

    if (o->profile
        && (o->key || o->profile[0] == '.' || o->profile[0] == '\0'
            || strchr(o->profile, '/')))
    {
        tool_die(TOOL_USAGE, "a profile is a plain name and has keys of its "
                             "own");
    }
}


static long
token_duration(const char *text)
{
    long         value, unit;
    char        *end;
    const char  *p;

    static const char  units[] = "smhd";
    static const long  seconds[] = { 1, 60, 3600, 86400 };

    errno = 0;
    value = strtol(text, &end, 10);
    unit = 1;

    if (end != text && *end != '\0') {
        p = strchr(units, *end);
        unit = p ? seconds[p - units] : 0;
        end++;
    }

    if (errno || end == text || *end != '\0' || unit == 0
        || value > 100L * 366 * 86400 / unit
        || value < -100L * 366 * 86400 / unit)
    {
        tool_die(TOOL_USAGE, "\"%s\" is no time such as 1h, 90s or -1h", text);
    }

    return value * unit;
}


/* The file of the key, for the profile or as given. */

static char *
token_key(const token_options_t *o, const jose_alg_t *alg)
{
    if (o->profile) {
        return tool_format("%s/%s-%s.pem", o->dir, o->profile, alg->name);
    }

    return tool_format("%s", o->key);
}


static void
token_make_key(const jose_alg_t *alg, const char *path)
{
    if (access(path, F_OK) != 0) {
        tool_mkdirs(path);
        jose_generate(alg, path, TOOL_KEEP);
    }
}


static void
token_keygen(const token_options_t *o)
{
    char              *jwk, *set;
    const jose_alg_t  *alg;

    alg = o->alg ? o->alg : jose_alg(0);

    jose_generate(alg, o->key, TOOL_REPLACE);

    if (o->jwks) {
        jwk = jose_jwk(alg, o->key, o->kid);
        set = tool_format("{\"keys\":[\n%s\n]}\n", jwk);
        tool_write(o->jwks, set, strlen(set), alg->secret ? 0600 : 0644,
                   TOOL_REPLACE);
        free(set);
        free(jwk);
    }
}


static void
token_mint(token_options_t *o)
{
    char    *path;
    jwt_t   *jwt;
    size_t   i;

    if (o->alg == NULL) {
        o->alg = jose_alg(0);
    }

    if (jwt_new(&jwt) != 0) {
        tool_die(TOOL_FAILED, "out of memory");
    }

    path = token_key(o, o->alg);
    o->key = path;

    if (o->profile) {
        token_make_key(o->alg, path);
    }

    token_registered(o, jwt);

    for (i = 0; i < o->nclaims; i++) {
        jose_set_claim(jwt, o->claims[i]);
    }

    token_sign(o, jwt);

    jwt_free(jwt);
    free(path);
}


static void
token_registered(const token_options_t *o, jwt_t *jwt)
{
    long   now;
    char  *iss, *aud;

    now = (long) time(NULL);

    if (o->profile) {
        iss = tool_format("https://%s.example", o->profile);
        aud = tool_format("api://%s", o->profile);

        jose_set_string(jwt, "iss", iss);
        jose_set_string(jwt, "aud", aud);
        jose_set_string(jwt, "sub", o->profile);

        free(iss);
        free(aud);
    }

    if (o->iss) {
        jose_set_string(jwt, "iss", o->iss);
    }

    if (o->aud) {
        jose_set_list(jwt, "aud", o->aud);
    }

    if (o->sub) {
        jose_set_string(jwt, "sub", o->sub);
    }

    if (o->scope) {
        jose_set_string(jwt, "scope", o->scope);
    }

    jose_set_number(jwt, "iat", now);
    jose_set_number(jwt, "exp", now + o->exp);
}


static void
token_sign(const token_options_t *o, jwt_t *jwt)
{
    int      rc;
    char    *key, *kid, *token;
    size_t   len;

    /* the thumbprint of a secret is not to be published */

    kid = o->kid ? tool_format("%s", o->kid)
                 : o->alg->secret ? NULL : jose_thumbprint(o->alg, o->key);

    if (kid && jwt_add_header(jwt, "kid", kid) != 0) {
        tool_die(TOOL_FAILED, "libjwt refuses the key id");
    }

    key = jose_key(o->alg, o->key, &len);
    rc = jwt_set_alg(jwt, o->alg->jwt, (unsigned char *) key, (int) len);
    token = rc == 0 ? jwt_encode_str(jwt) : NULL;

    OPENSSL_cleanse(key, len);

    if (token == NULL) {
        tool_die(TOOL_FAILED, "cannot sign: %s is no key for %s", o->key,
                 o->alg->name);
    }

    puts(token);

    free(token);
    free(key);
    free(kid);
}


/* Every public key that the profile has, at least the default one. */

static void
token_set(const token_options_t *o)
{
    char              *path;
    size_t             i, n;
    const jose_alg_t  *alg;

    n = 0;
    fputs("{\"keys\":[", stdout);

    for (i = 0; o->profile && !o->alg && (alg = jose_alg(i)) != NULL; i++) {
        path = token_key(o, alg);

        if (!alg->secret && access(path, F_OK) == 0) {
            token_set_key(o, alg, path, n++);
        }

        free(path);
    }

    if (n == 0) {
        alg = o->alg ? o->alg : jose_alg(0);
        path = token_key(o, alg);

        if (o->profile) {
            token_make_key(alg, path);
        }

        token_set_key(o, alg, path, 0);
        free(path);
    }

    fputs("\n]}\n", stdout);
}


static void
token_set_key(const token_options_t *o, const jose_alg_t *alg,
    const char *path, size_t n)
{
    char  *jwk;

    jwk = jose_jwk(alg, path, o->kid);
    printf("%s\n%s", n ? "," : "", jwk);
    free(jwk);
}
