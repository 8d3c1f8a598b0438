
/* The lines that revoke, of a file or a set. */


#include "apigw_revocation.h"
#include "apigw_keyfile.h"


static apigw_rc_t apigw_revocation_kind(apigw_revocation_line_t *line,
    apigw_str_t word, apigw_error_t *err);
static apigw_str_t apigw_revocation_word(const uint8_t **pos,
    const uint8_t *end);
static apigw_rc_t apigw_revocation_value(apigw_revocation_line_t *line,
    const uint8_t **pos, const uint8_t *end, apigw_error_t *err);
static const uint8_t *apigw_revocation_quote(const uint8_t *p,
    const uint8_t *end);
static apigw_rc_t apigw_revocation_option(apigw_revocation_line_t *line,
    const uint8_t **pos, const uint8_t *end, unsigned *seen,
    apigw_error_t *err);
static bool apigw_revocation_name_ok(apigw_str_t name);
static bool apigw_revocation_time(uint64_t *time, apigw_str_t text);
static apigw_rc_t apigw_revocation_fault(apigw_error_t *err,
    const char *word);


#define APIGW_REVOCATION_BEFORE  0x01
#define APIGW_REVOCATION_UNTIL   0x02


apigw_rc_t
apigw_revocation_read(apigw_revocation_line_t *line, apigw_str_t text,
    apigw_error_t *err)
{
    unsigned        seen;
    apigw_rc_t      rc;
    apigw_str_t     word;
    const uint8_t  *p, *end;

    if (text.len > APIGW_REVOCATION_LINE) {
        err->word = "line is longer than 4096 bytes";
        err->offset = APIGW_REVOCATION_LINE;
        return APIGW_ELIMIT;
    }

    memset(line, 0, sizeof(apigw_revocation_line_t));

    p = text.data;
    end = p + text.len;
    seen = 0;

    word = apigw_revocation_word(&p, end);

    if (word.len == 0 || word.data[0] == '#') {
        return APIGW_AGAIN;
    }

    rc = apigw_revocation_kind(line, word, err);

    if (rc == APIGW_OK) {
        line->what.name = apigw_revocation_word(&p, end);

        if (!apigw_revocation_name_ok(line->what.name)) {
            rc = apigw_revocation_fault(err, "the name of a provider or store "
                                             "is missing or none");
        }
    }

    if (rc == APIGW_OK) {
        rc = apigw_revocation_value(line, &p, end, err);
    }

    while (rc == APIGW_OK) {
        rc = apigw_revocation_option(line, &p, end, &seen, err);
    }

    if (rc == APIGW_AGAIN) {
        rc = APIGW_OK;

        if (line->what.kind == APIGW_REVOCATION_SUB
            && !(seen & APIGW_REVOCATION_BEFORE))
        {
            rc = apigw_revocation_fault(err, "before= is missing");
        }
    }

    err->offset = p - text.data;

    return rc;
}


static apigw_rc_t
apigw_revocation_kind(apigw_revocation_line_t *line, apigw_str_t word,
    apigw_error_t *err)
{
    size_t                    i;
    static const char *const  kinds[] = {
        [APIGW_REVOCATION_JTI] = "jti",
        [APIGW_REVOCATION_SUB] = "sub",
        [APIGW_REVOCATION_KID] = "kid",
        [APIGW_REVOCATION_KEY] = "key"
    };

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (apigw_str_is(word, kinds[i])) {
            line->what.kind = i;
            return APIGW_OK;
        }
    }

    return apigw_revocation_fault(err, "neither jti, sub, kid nor key");
}


/* Skips blanks and takes what is up to the next one. */

static apigw_str_t
apigw_revocation_word(const uint8_t **pos, const uint8_t *end)
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
apigw_revocation_value(apigw_revocation_line_t *line, const uint8_t **pos,
    const uint8_t *end, apigw_error_t *err)
{
    size_t          i;
    apigw_str_t     value;
    const uint8_t  *quote;

    value = apigw_revocation_word(pos, end);

    if (value.len && value.data[0] == '"') {
        value.data++;

        quote = apigw_revocation_quote(value.data, end);
        if (quote == NULL) {
            return apigw_revocation_fault(err, "the closing quote is missing");
        }

        value.len = quote - value.data;
        *pos = quote + 1;
    }

    if (value.len == 0) {
        return apigw_revocation_fault(err, "the value is missing");
    }

    for (i = 0; i < value.len; i++) {
        if (value.data[i] < 0x20 || value.data[i] == 0x7f) {
            return apigw_revocation_fault(err, "the value has a control "
                                               "character");
        }
    }

    if (line->what.kind == APIGW_REVOCATION_KEY && !apigw_key_id_ok(value)) {
        return apigw_revocation_fault(err, "id is not 8 to 32 letters and "
                                           "digits");
    }

    line->what.value = value;

    return APIGW_OK;
}


/* The first quote that ends a word: others belong to the value. */

static const uint8_t *
apigw_revocation_quote(const uint8_t *p, const uint8_t *end)
{
    for ( ; p < end; p++) {
        if (*p == '"' && (p + 1 == end || p[1] == ' ' || p[1] == '\t')) {
            return p;
        }
    }

    return NULL;
}


/* Takes one name=time; APIGW_AGAIN at the end of the line. */

static apigw_rc_t
apigw_revocation_option(apigw_revocation_line_t *line, const uint8_t **pos,
    const uint8_t *end, unsigned *seen, apigw_error_t *err)
{
    size_t       i;
    uint64_t    *time;
    unsigned     bit;
    apigw_str_t  word;

    static const apigw_str_t  names[] = {
        apigw_str("before="),
        apigw_str("until=")
    };

    word = apigw_revocation_word(pos, end);

    if (word.len == 0) {
        return APIGW_AGAIN;
    }

    for (i = 0; i < 2; i++) {
        if (word.len >= names[i].len
            && memcmp(word.data, names[i].data, names[i].len) == 0)
        {
            break;
        }
    }

    if (i == 2 || (i == 0 && line->what.kind != APIGW_REVOCATION_SUB)) {
        return apigw_revocation_fault(err, "neither until=, nor before= of a "
                                           "sub");
    }

    bit = i ? APIGW_REVOCATION_UNTIL : APIGW_REVOCATION_BEFORE;
    time = i ? &line->until : &line->before;

    if (*seen & bit) {
        return apigw_revocation_fault(err, "a time is given twice");
    }

    *seen |= bit;

    word.data += names[i].len;
    word.len -= names[i].len;

    if (!apigw_revocation_time(time, word)) {
        return apigw_revocation_fault(err, "a time is not in seconds since "
                                           "1970");
    }

    return APIGW_OK;
}


/* What names of blocks consist of. */

static bool
apigw_revocation_name_ok(apigw_str_t name)
{
    size_t   i;
    uint8_t  ch;

    for (i = 0; i < name.len; i++) {
        ch = name.data[i];

        if (!((ch >= '0' && ch <= '9')
              || ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')
              || ch == '_' || ch == '-' || ch == '.'))
        {
            return false;
        }
    }

    return name.len > 0 && name.len <= APIGW_REVOCATION_NAME;
}


/* Digits, of a number from 1 to 2^53. */

static bool
apigw_revocation_time(uint64_t *time, apigw_str_t text)
{
    size_t    i;
    uint64_t  n;

    n = 0;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9'
            || n > APIGW_REVOCATION_TIME / 10)
        {
            return false;
        }

        n = n * 10 + (text.data[i] - '0');
    }

    *time = n;

    return n >= 1 && n <= APIGW_REVOCATION_TIME;
}


static apigw_rc_t
apigw_revocation_fault(apigw_error_t *err, const char *word)
{
    err->word = word;

    return APIGW_EINPUT;
}
