
/*
 * API keys for the gateway, in a key file or in Redis: made, listed, revoked.
 * Digests are kept; a key itself is printed once, when it is made.
 */


#include "apigw_tool.h"
#include "apigw_tool_keys.h"
#include "apigw_tool_redis.h"
#include "apigw_tool_redis_keys.h"

#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>


typedef struct {
    const char   *command;
    const char   *id;                /* of revoke, or wanted by create */
    const char   *file;
    const char   *prefix;
    const char   *consumer;
    const char   *plan;
    const char   *groups;
    const char   *scope;
    const char   *exp;
    const char   *nbf;
    const char   *cidr;
    const char   *pepper;            /* file */

    redis_options_t  redis;
} key_options_t;


static void key_parse(key_options_t *o, int argc, char **argv);
static void key_option(key_options_t *o, int c);
static void key_arguments(const key_options_t *o);
static void key_arguments_redis(const key_options_t *o);
static void key_names(const key_options_t *o);
static void key_redis(const key_options_t *o);
static void key_create_redis(const key_options_t *o);
static void key_create(const key_options_t *o);
static char *key_line(const key_options_t *o, const char *id,
    const char *digest);
static void key_list(const key_options_t *o);
static void key_revoke(const key_options_t *o);


const char  tool_name[] = "apigw-key";


static const char  key_help[] =
"apigw-key create -f FILE --consumer C [options]   a new key, printed once\n"
"apigw-key list -f FILE                            keys, never their secrets\n"
"apigw-key revoke -f FILE ID                       disables a key\n"
"\n"
"apigw-key create --redis ADDRESS --consumer C [options]\n"
"apigw-key list --redis ADDRESS\n"
"apigw-key revoke --redis ADDRESS ID               the same in Redis\n"
"apigw-key revoke --redis ADDRESS --store S ID     revokes it on all hosts,\n"
"                                                  wherever it is kept\n"
"apigw-key revoke --redis ADDRESS --line LINE      revokes what LINE says\n"
"\n"
"  --plan P        plan of the consumer, for limits\n"
"  --groups A,B    groups\n"
"  --scope \"A B\"   scopes\n"
"  --exp DATE      good until then: 2027-01-01T00:00:00Z, or 90d from now\n"
"  --nbf DATE      good from then on\n"
"  --cidr N,M      networks that the key may come from\n"
"  --id ID         8 to 32 letters and digits; default: random\n"
"  --prefix P      what the key begins with, as in the store; default: gw\n"
"  --pepper FILE   the store's pepper file: keep an HMAC instead of a digest\n"
"\n"
"  --redis ADDRESS       host:port, [v6]:port or unix:path\n"
"  --line LINE           as apigw_revocation reads it: \"jti corp 6f1c\"\n"
"  --redis-prefix P      what names of keys begin with; default: apigw\n"
"  --database N          default: 0\n"
"  --user U              default: none\n"
"  --password-file FILE  its first line\n"
"\n"
"create makes FILE with mode 0640 if it is not there: give it the group that\n"
"nginx runs as. Owner, group and mode of a file that is there stay. A running\n"
"gateway takes changes up by itself.\n"
"\n"
"exit status: 0 done, 1 failed, 2 used wrongly\n";


int
main(int argc, char **argv)
{
    char           *target;
    key_options_t   o = { .prefix = "gw", .redis.prefix = "apigw" };

    key_parse(&o, argc, argv);

    if (o.redis.address) {
        key_redis(&o);
        tool_flush();
        return 0;
    }

    /* behind a symbolic link the file is replaced, not the link */

    target = realpath(o.file, NULL);
    if (target) {
        o.file = target;
    }

    if (strcmp(o.command, "create") == 0) {
        keys_lock(o.file);
        key_create(&o);

    } else if (strcmp(o.command, "revoke") == 0) {
        keys_lock(o.file);
        key_revoke(&o);

    } else {
        key_list(&o);
    }

    tool_flush();
    free(target);

    return 0;
}


static void
key_parse(key_options_t *o, int argc, char **argv)
{
    int  c;

    static const struct option  options[] = {
        { "file", required_argument, NULL, 'f' },
        { "consumer", required_argument, NULL, 'c' },
        { "plan", required_argument, NULL, 'p' },
        { "groups", required_argument, NULL, 'g' },
        { "scope", required_argument, NULL, 's' },
        { "exp", required_argument, NULL, 'e' },
        { "nbf", required_argument, NULL, 'n' },
        { "cidr", required_argument, NULL, 'r' },
        { "id", required_argument, NULL, 'i' },
        { "prefix", required_argument, NULL, 'x' },
        { "pepper", required_argument, NULL, 'P' },
        REDIS_OPTIONS,
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 }
    };

    while ((c = getopt_long(argc, argv, "f:h", options, NULL)) != -1) {
        key_option(o, c);
    }

    if (optind == argc) {
        tool_die(TOOL_USAGE, "create, list or revoke is missing");
    }

    o->command = argv[optind++];

    if (strcmp(o->command, "revoke") == 0 && optind < argc) {
        o->id = argv[optind++];
    }

    if (optind < argc) {
        tool_die(TOOL_USAGE, "\"%s\" is one argument too many", argv[optind]);
    }

    key_arguments(o);
}


static void
key_option(key_options_t *o, int c)
{
    switch (c) {

    case 'f':
        o->file = optarg;
        break;

    case 'c':
        o->consumer = optarg;
        break;

    case 'p':
        o->plan = optarg;
        break;

    case 'g':
        o->groups = optarg;
        break;

    case 's':
        o->scope = optarg;
        break;

    case 'e':
        o->exp = optarg;
        break;

    case 'n':
        o->nbf = optarg;
        break;

    case 'r':
        o->cidr = optarg;
        break;

    case 'i':
        o->id = optarg;
        break;

    case 'x':
        o->prefix = optarg;
        break;

    case 'P':
        o->pepper = optarg;
        break;

    case 'h':
        fputs(key_help, stdout);
        tool_flush();
        exit(0);

    default:
        if (!redis_option(&o->redis, c, optarg)) {
            exit(TOOL_USAGE);
        }
    }
}


static void
key_arguments(const key_options_t *o)
{
    bool  create;

    create = strcmp(o->command, "create") == 0;

    if (!create && strcmp(o->command, "list") != 0
        && strcmp(o->command, "revoke") != 0)
    {
        tool_die(TOOL_USAGE, "\"%s\" is none of create, list and revoke",
                 o->command);
    }

    if (create && o->consumer == NULL && (o->file || o->redis.address)) {
        tool_die(TOOL_USAGE, "--consumer is missing");
    }

    key_names(o);

    if (o->redis.address) {
        key_arguments_redis(o);
        return;
    }

    if (o->file == NULL) {
        tool_die(TOOL_USAGE, "-f FILE or --redis ADDRESS is missing");
    }

    if (strcmp(o->command, "revoke") == 0 && o->id == NULL) {
        tool_die(TOOL_USAGE, "the id of the key is missing");
    }
}


static void
key_arguments_redis(const key_options_t *o)
{
    if (o->file) {
        tool_die(TOOL_USAGE, "either -f FILE or --redis ADDRESS");
    }

    if ((o->redis.store || o->redis.line)
        && strcmp(o->command, "revoke") != 0)
    {
        tool_die(TOOL_USAGE, "--store and --line are for revoke");
    }

    redis_check(&o->redis);
}


static void
key_names(const key_options_t *o)
{
    apigw_str_t  s;

    s.data = (const uint8_t *) o->prefix;
    s.len = strlen(o->prefix);

    if (!apigw_key_prefix_ok(s)) {
        tool_die(TOOL_USAGE, "--prefix is not 1 to 16 letters and digits");
    }

    s.data = (const uint8_t *) o->id;
    s.len = o->id ? strlen(o->id) : 0;

    if (o->id && !apigw_key_id_ok(s)) {
        tool_die(TOOL_USAGE, "\"%s\" is not 8 to 32 letters and digits",
                 o->id);
    }
}


static void
key_redis(const key_options_t *o)
{
    if (strcmp(o->command, "create") == 0) {
        key_create_redis(o);

    } else if (strcmp(o->command, "list") == 0) {
        redis_keys_print(&o->redis, time(NULL));

    } else if (o->id && o->redis.store == NULL && o->redis.line == NULL) {
        redis_key_disable(&o->redis, o->id);

    } else {
        redis_revoke(&o->redis, o->id);
    }
}


static void
key_create_redis(const key_options_t *o)
{
    char               *hex, *exp, *nbf;
    char                id[APIGW_KEY_ID_MAX + 1], secret[APIGW_KEY_TEXT];
    uint8_t             digest[APIGW_KEY_DIGEST];
    apigw_key_digest_e  kind;

    keys_make(o->prefix, o->id, id, secret);
    kind = keys_digest(o->pepper, secret, digest);
    hex = keys_hex(digest);

    exp = keys_expiry(o->exp);
    nbf = keys_expiry(o->nbf);

    redis_key_add(&o->redis, hex, kind, o->id != NULL,
                  (const char *const []) {
                      "id", id, "digest", apigw_key_record_digest(kind),
                      "consumer", o->consumer, "plan", o->plan,
                      "groups", o->groups, "scope", o->scope, "exp", exp,
                      "nbf", nbf, "cidr", o->cidr, NULL
                  });

    printf("%s\n", secret);
    tool_flush();

    OPENSSL_cleanse(secret, sizeof(secret));
    free(hex);
    free(exp);
    free(nbf);
}


static void
key_create(const key_options_t *o)
{
    char               *text, *line, *all, *hex, *digest;
    char                id[APIGW_KEY_ID_MAX + 1], secret[APIGW_KEY_TEXT];
    size_t              len;
    uint8_t             bytes[APIGW_KEY_DIGEST];
    apigw_str_t         old, found;
    apigw_key_t         key;
    apigw_error_t       err;
    apigw_key_digest_e  kind;

    text = keys_text(o->file, &len);
    old.data = (const uint8_t *) text;
    old.len = len;

    keys_make(o->prefix, o->id, id, secret);

    while (keys_find(o->file, old, id, &found, &key)) {
        if (o->id) {
            tool_die(TOOL_FAILED, "%s has a key %s already", o->file, o->id);
        }

        keys_make(o->prefix, o->id, id, secret);
    }

    kind = keys_digest(o->pepper, secret, bytes);
    hex = keys_hex(bytes);
    digest = tool_format("%s:%s", apigw_key_record_digest(kind), hex);
    line = key_line(o, id, digest);

    found.data = (const uint8_t *) line;
    found.len = strlen(line);

    if (apigw_keyfile_line(&key, found, &err) != APIGW_OK) {
        tool_die(TOOL_USAGE, "%s", err.word);
    }

    all = tool_format("%s%s\n", text, line);
    tool_write(o->file, all, strlen(all), 0640, TOOL_KEEP_MODE);

    /* the file first: a key that was printed is a key that works */

    printf("%s\n", secret);
    tool_flush();

    OPENSSL_cleanse(secret, sizeof(secret));
    free(all);
    free(line);
    free(digest);
    free(hex);
    free(text);
}


static char *
key_line(const key_options_t *o, const char *id, const char *digest)
{
    char  *line, *exp, *nbf;

    exp = keys_expiry(o->exp);
    nbf = keys_expiry(o->nbf);

    line = tool_format("%-8s  %s ", id, digest);
    line = keys_attribute(line, "consumer", o->consumer);
    line = keys_attribute(line, "plan", o->plan);
    line = keys_attribute(line, "groups", o->groups);
    line = keys_attribute(line, "scope", o->scope);
    line = keys_attribute(line, "exp", exp);
    line = keys_attribute(line, "nbf", nbf);
    line = keys_attribute(line, "cidr", o->cidr);

    free(exp);
    free(nbf);

    return line;
}


static void
key_list(const key_options_t *o)
{
    char         *text;
    size_t        len;
    apigw_str_t   file;

    text = tool_read(o->file, KEY_FILE_MAX, &len);

    file.data = (const uint8_t *) text;
    file.len = len;

    keys_print(o->file, file, time(NULL));

    free(text);
}


static void
key_revoke(const key_options_t *o)
{
    char         *text, *line, *all;
    size_t        len, before;
    apigw_str_t   old, found;
    apigw_key_t   key;

    text = tool_read(o->file, KEY_FILE_MAX, &len);
    old.data = (const uint8_t *) text;
    old.len = len;

    if (!keys_find(o->file, old, o->id, &found, &key)) {
        tool_die(TOOL_FAILED, "%s has no key %s", o->file, o->id);
    }

    if (!key.disabled) {
        before = found.data - old.data;
        line = keys_disabled((const char *) found.data, found.len);
        all = tool_format("%.*s%s%s", (int) before, text, line,
                          text + before + found.len);

        if (strlen(line) > APIGW_KEY_LINE) {
            tool_die(TOOL_FAILED, "no room in the line of %s for "
                                  "status=disabled; remove the line", o->id);
        }

        tool_write(o->file, all, strlen(all), 0640, TOOL_KEEP_MODE);
        free(all);
        free(line);
    }

    free(text);
}
