
/* The file that lists API keys, line by line. */


#include "apigw_keyfile.h"


static apigw_str_t apigw_keyfile_word(const uint8_t **pos,
    const uint8_t *end);
static apigw_rc_t apigw_keyfile_digest(apigw_key_t *key, apigw_str_t word,
    apigw_error_t *err);
static apigw_rc_t apigw_keyfile_attribute(apigw_key_t *key,
    const uint8_t **pos, const uint8_t *end, apigw_error_t *err);
static bool apigw_keyfile_quoted(const uint8_t **pos, const uint8_t *end,
    apigw_str_t *value);
static apigw_rc_t apigw_key_fault(apigw_error_t *err, const char *word,
    size_t offset);


void
apigw_keyfile_open(apigw_keyfile_t *file, apigw_str_t text)
{
    file->text = text;
    file->pos = 0;
    file->line = 0;
}


apigw_rc_t
apigw_keyfile_next(apigw_keyfile_t *file, apigw_key_t *key,
    apigw_error_t *err)
{
    apigw_rc_t      rc;
    apigw_str_t     line;
    const uint8_t  *nl;

    while (file->pos < file->text.len) {
        line.data = file->text.data + file->pos;
        line.len = file->text.len - file->pos;
        file->line++;

        nl = memchr(line.data, '\n', line.len);
        if (nl == NULL) {
            return apigw_key_fault(err, "the final newline is missing",
                                   line.len);
        }

        line.len = nl - line.data;
        file->pos += line.len + 1;

        rc = apigw_keyfile_line(key, line, err);

        if (rc != APIGW_AGAIN) {
            return rc;
        }
    }

    return APIGW_AGAIN;
}


apigw_rc_t
apigw_keyfile_line(apigw_key_t *key, apigw_str_t line, apigw_error_t *err)
{
    apigw_rc_t      rc;
    const uint8_t  *p, *end;

    if (line.len > APIGW_KEY_LINE) {
        err->word = "line is longer than 1024 bytes";
        err->offset = APIGW_KEY_LINE;
        return APIGW_ELIMIT;
    }

    memset(key, 0, sizeof(apigw_key_t));

    p = line.data;
    end = p + line.len;

    key->id = apigw_keyfile_word(&p, end);

    if (key->id.len == 0 || key->id.data[0] == '#') {
        return APIGW_AGAIN;
    }

    if (!apigw_key_id_ok(key->id)) {
        return apigw_key_fault(err, "id is not 8 to 32 letters and digits",
                               key->id.data - line.data);
    }

    rc = apigw_keyfile_digest(key, apigw_keyfile_word(&p, end), err);

    while (rc == APIGW_OK) {
        rc = apigw_keyfile_attribute(key, &p, end, err);
    }

    if (rc != APIGW_AGAIN) {
        err->offset = p - line.data;
        return rc;
    }

    if (key->consumer.len == 0) {
        return apigw_key_fault(err, "consumer= is missing", line.len);
    }

    return APIGW_OK;
}


/* Skips blanks and takes what is up to the next one. */

static apigw_str_t
apigw_keyfile_word(const uint8_t **pos, const uint8_t *end)
{
    apigw_str_t     word;
    const uint8_t  *p = *pos;

    while (p < end && (*p == ' ' || *p == '\t')) {
        p++;
    }

    word.data = p;

    while (p < end && *p != ' ' && *p != '\t') {
        p++;
    }

    word.len = p - word.data;
    *pos = p;

    return word;
}


static apigw_rc_t
apigw_keyfile_digest(apigw_key_t *key, apigw_str_t word, apigw_error_t *err)
{
    size_t                    i;
    apigw_str_t               hex;
    static const apigw_str_t  kinds[] = {
        [APIGW_KEY_SHA256] = apigw_str("sha256:"),
        [APIGW_KEY_HMAC_SHA256] = apigw_str("hmac-sha256:")
    };

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (word.len < kinds[i].len
            || memcmp(word.data, kinds[i].data, kinds[i].len) != 0)
        {
            continue;
        }

        hex.data = word.data + kinds[i].len;
        hex.len = word.len - kinds[i].len;
        key->kind = i;

        if (!apigw_key_unhex(key->digest, APIGW_KEY_DIGEST, hex)) {
            return apigw_key_fault(err, "digest is not 64 hex digits", 0);
        }

        return APIGW_OK;
    }

    return apigw_key_fault(err, "digest is neither \"sha256:\" nor "
                                "\"hmac-sha256:\" and 64 hex digits", 0);
}


/* Takes one name=value; APIGW_AGAIN at the end of the line. */

static apigw_rc_t
apigw_keyfile_attribute(apigw_key_t *key, const uint8_t **pos,
    const uint8_t *end, apigw_error_t *err)
{
    apigw_str_t     word, name, value;
    const uint8_t  *p, *eq;

    p = *pos;
    word = apigw_keyfile_word(&p, end);

    if (word.len == 0) {
        return APIGW_AGAIN;
    }

    *pos = word.data;                        /* where a fault is reported */

    eq = memchr(word.data, '=', word.len);
    if (eq == NULL) {
        return apigw_key_fault(err, "attribute is not name=value", 0);
    }

    name.data = word.data;
    name.len = eq - word.data;

    value.data = eq + 1;
    value.len = word.data + word.len - value.data;

    if (value.len && value.data[0] == '"') {
        p = value.data + 1;

        if (!apigw_keyfile_quoted(&p, end, &value)) {
            return apigw_key_fault(err, "closing quote is missing, or a blank "
                                        "after it", 0);
        }
    }

    if (apigw_key_attribute(key, name, value, err) != APIGW_OK) {
        return APIGW_EINPUT;
    }

    *pos = p;

    return APIGW_OK;
}


static bool
apigw_keyfile_quoted(const uint8_t **pos, const uint8_t *end,
    apigw_str_t *value)
{
    const uint8_t  *quote;

    quote = memchr(*pos, '"', end - *pos);
    if (quote == NULL) {
        return false;
    }

    value->data = *pos;
    value->len = quote - *pos;
    *pos = quote + 1;

    return *pos == end || **pos == ' ' || **pos == '\t';
}


static apigw_rc_t
apigw_key_fault(apigw_error_t *err, const char *word, size_t offset)
{
    err->word = word;
    err->offset = offset;

    return APIGW_EINPUT;
}
