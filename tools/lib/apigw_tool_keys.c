
#include "apigw_tool_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>


#define KEYS_ID  8                   /* characters of a new id */


static void keys_fault(const char *path, const apigw_keyfile_t *file,
    const apigw_error_t *err);
static void keys_column(int width, apigw_str_t s);
static const char *keys_status(const apigw_key_t *key, time_t now);
static void keys_date(uint32_t date, char *text, size_t size);


void
keys_lock(const char *path)
{
    int          fd;
    char        *dir;
    const char  *slash;

    slash = strrchr(path, '/');
    dir = slash ? tool_format("%.*s", (int) (slash - path + 1), path)
                : tool_format(".");

    fd = open(dir, O_RDONLY|O_DIRECTORY|O_CLOEXEC);

    if (fd == -1 || flock(fd, LOCK_EX) != 0) {
        tool_die(TOOL_FAILED, "cannot lock %s: %s", dir, strerror(errno));
    }

    free(dir);
}


/* A file that is not there is an empty one. */

char *
keys_text(const char *path, size_t *len)
{
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        *len = 0;
        return tool_format("%s", "");
    }

    return tool_read(path, KEY_FILE_MAX, len);
}


/* Looks for an id; a file with a fault is not for us to change. */

bool
keys_find(const char *path, apigw_str_t text, const char *id,
    apigw_str_t *line, apigw_key_t *key)
{
    bool              found;
    size_t            end;
    apigw_rc_t        rc;
    apigw_key_t       next;
    apigw_error_t     err;
    apigw_keyfile_t   file;

    found = false;
    apigw_keyfile_open(&file, text);

    while ((rc = apigw_keyfile_next(&file, &next, &err)) == APIGW_OK) {
        if (!apigw_str_is(next.id, id)) {
            continue;
        }

        found = true;
        *key = next;

        for (end = file.pos - 1; end && text.data[end - 1] != '\n'; end--) {
            /* void */
        }

        line->data = text.data + end;
        line->len = file.pos - 1 - end;
    }

    if (rc != APIGW_AGAIN) {
        keys_fault(path, &file, &err);
    }

    return found;
}


static void
keys_fault(const char *path, const apigw_keyfile_t *file,
    const apigw_error_t *err)
{
    tool_die(TOOL_FAILED, "%s:%zu: %s", path, file->line, err->word);
}


void
keys_make(const char *prefix, const char *wanted, char *id, char *secret)
{
    size_t       i;
    uint8_t      entropy[APIGW_KEY_ENTROPY + KEYS_ID];
    apigw_str_t  p, s;

    static const char  alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    if (RAND_priv_bytes(entropy, sizeof(entropy)) != 1) {
        tool_die(TOOL_FAILED, "OpenSSL gives no random bytes");
    }

    if (wanted) {
        strcpy(id, wanted);

    } else {
        for (i = 0; i < KEYS_ID; i++) {
            id[i] = alphabet[entropy[APIGW_KEY_ENTROPY + i] % 62];
        }

        id[KEYS_ID] = '\0';
    }

    p.data = (const uint8_t *) prefix;
    p.len = strlen(prefix);
    s.data = (const uint8_t *) id;
    s.len = strlen(id);

    if (apigw_key_make(secret, p, s, entropy) == 0) {
        tool_die(TOOL_FAILED, "cannot make a key");
    }

    OPENSSL_cleanse(entropy, sizeof(entropy));
}


apigw_key_digest_e
keys_digest(const char *pepper, const char *secret, uint8_t *digest)
{
    char           *text;
    size_t          npeppers, len;
    uint8_t         peppers[2][APIGW_KEY_PEPPER];
    apigw_rc_t      rc;
    apigw_str_t     key, file;
    apigw_error_t   err;

    key.data = (const uint8_t *) secret;
    key.len = strlen(secret);

    if (pepper) {
        text = tool_read(pepper, KEY_FILE_MAX, &len);
        file.data = (const uint8_t *) text;
        file.len = len;

        if (apigw_key_pepper_parse(peppers, &npeppers, file, &err)
            != APIGW_OK)
        {
            tool_die(TOOL_FAILED, "%s %s in line %zu", pepper, err.word,
                     err.offset);
        }

        rc = apigw_key_digest_hmac(digest, key, peppers[0]);

        OPENSSL_cleanse(peppers, sizeof(peppers));
        OPENSSL_cleanse(text, len);
        free(text);

    } else {
        rc = apigw_key_digest(digest, key);
    }

    if (rc != APIGW_OK) {
        tool_die(TOOL_FAILED, "OpenSSL computes no digest");
    }

    return pepper ? APIGW_KEY_HMAC_SHA256 : APIGW_KEY_SHA256;
}


char *
keys_hex(const uint8_t *digest)
{
    char    *hex;
    size_t   i;

    hex = tool_alloc(2 * APIGW_KEY_DIGEST + 1);

    for (i = 0; i < APIGW_KEY_DIGEST; i++) {
        sprintf(hex + 2 * i, "%02x", digest[i]);
    }

    return hex;
}


void
keys_check(const char *name, const char *value)
{
    apigw_str_t     n, s;
    apigw_key_t     key = { 0 };
    apigw_error_t   err;

    if (value == NULL) {
        return;
    }

    n.data = (const uint8_t *) name;
    n.len = strlen(name);
    s.data = (const uint8_t *) value;
    s.len = strlen(value);

    if (apigw_key_attribute(&key, n, s, &err) != APIGW_OK) {
        tool_die(TOOL_USAGE, "--%s: %s", name, err.word);
    }
}


/* Frees `line`. Quotes hold no escapes: what would need one is refused. */

char *
keys_attribute(char *line, const char *name, const char *value)
{
    char        *more;
    const char  *quote;

    if (value == NULL) {
        return line;
    }

    keys_check(name, value);

    quote = strchr(value, ' ') ? "\"" : "";
    more = tool_format("%s %s=%s%s%s", line, name, quote, value, quote);
    free(line);

    return more;
}


/* A date as it is, or "90d" from now. */

char *
keys_expiry(const char *exp)
{
    char    *end, text[32];
    long     days;
    time_t   t;

    if (exp == NULL) {
        return NULL;
    }

    days = strtol(exp, &end, 10);

    if (end == exp || strcmp(end, "d") != 0 || days <= 0 || days > 36500) {
        return tool_format("%s", exp);
    }

    t = time(NULL) + days * 86400;
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime(&t));

    return tool_format("%s", text);
}


void
keys_print(const char *path, apigw_str_t text, time_t now)
{
    apigw_rc_t        rc;
    apigw_key_t       key;
    apigw_error_t     err;
    apigw_keyfile_t   file;

    apigw_keyfile_open(&file, text);

    keys_head();

    while ((rc = apigw_keyfile_next(&file, &key, &err)) == APIGW_OK) {
        keys_row(&key, now);
    }

    if (rc != APIGW_AGAIN) {
        tool_flush();
        keys_fault(path, &file, &err);
    }
}


void
keys_head(void)
{
    printf("%-12s %-9s %-20s %-20s %-12s %s\n", "ID", "STATUS", "EXPIRES",
           "CONSUMER", "PLAN", "SCOPE");
}


void
keys_row(const apigw_key_t *key, time_t now)
{
    char  exp[32];

    keys_date(key->exp, exp, sizeof(exp));

    printf("%-12.*s %-9s %-20s", (int) key->id.len, key->id.data,
           keys_status(key, now), exp);

    keys_column(20, key->consumer);
    keys_column(12, key->plan);
    keys_column(0, key->scope);
    putchar('\n');
}


/* A column that is empty shows a dash. */

static void
keys_column(int width, apigw_str_t s)
{
    if (s.len == 0) {
        s.data = (const uint8_t *) "-";
        s.len = 1;
    }

    printf(" %-*.*s", width, (int) s.len, s.data);
}


static const char *
keys_status(const apigw_key_t *key, time_t now)
{
    if (key->disabled) {
        return "disabled";
    }

    if (key->exp && now >= (time_t) key->exp) {
        return "expired";
    }

    return now < (time_t) key->nbf ? "pending" : "active";
}


static void
keys_date(uint32_t date, char *text, size_t size)
{
    time_t  t = date;

    if (date == 0) {
        strcpy(text, "never");
        return;
    }

    strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", gmtime(&t));
}


/* The line with its status=active changed, or a status of its own. */

char *
keys_disabled(const char *line, size_t len)
{
    size_t        i;
    bool          quoted;
    const size_t  word = sizeof("status=active") - 1;

    quoted = false;

    for (i = 1; i < len; i++) {
        quoted ^= line[i] == '"';

        if (!quoted && (line[i - 1] == ' ' || line[i - 1] == '\t')
            && len - i >= word && memcmp(line + i, "status=active", word) == 0)
        {
            return tool_format("%.*sstatus=disabled%.*s", (int) i, line,
                               (int) (len - i - word), line + i + word);
        }
    }

    return tool_format("%.*s status=disabled", (int) len, line);
}
