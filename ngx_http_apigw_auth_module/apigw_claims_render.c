
/* Claims as lists of strings and as the text of variables. */


#include "apigw_claims.h"


static size_t apigw_claims_words(apigw_str_t text, apigw_str_t *words);
static apigw_rc_t apigw_claims_compact(apigw_str_t *out, apigw_arena_t *arena,
    apigw_str_t json);
static apigw_rc_t apigw_claims_csv(apigw_str_t *out, apigw_arena_t *arena,
    const apigw_claims_t *claims, const apigw_claim_t *value);
static bool apigw_claims_csv_element(const apigw_claim_t *value);


bool
apigw_str_has_control(apigw_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < 0x20 || s.data[i] == 0x7f) {
            return true;
        }
    }

    return false;
}


/* The reader lets 0x7f alone into a string unescaped. */

bool
apigw_claims_plain(const apigw_claims_t *claims)
{
    apigw_str_t  json;

    json = apigw_claims_json(claims);

    return memchr(json.data, '\\', json.len) == NULL
           && memchr(json.data, 0x7f, json.len) == NULL;
}


apigw_rc_t
apigw_claims_list(apigw_str_list_t *list, apigw_arena_t *arena,
    const apigw_claims_t *claims, const apigw_claim_t *value)
{
    bool           more;
    size_t         n;
    apigw_claim_t  element;

    list->elts = NULL;
    list->nelts = 0;
    n = 0;

    if (value->type == APIGW_CLAIM_STRING) {
        n = apigw_claims_words(value->text, NULL);

    } else if (value->type == APIGW_CLAIM_ARRAY) {
        more = apigw_claims_first(claims, value, &element);

        for ( /* void */ ; more; more = apigw_claims_next(claims, &element)) {
            n += (element.type == APIGW_CLAIM_STRING);
        }
    }

    if (n == 0) {
        return APIGW_OK;
    }

    list->elts = apigw_arena_array(arena, n, sizeof(apigw_str_t));
    if (list->elts == NULL) {
        return APIGW_ENOMEM;
    }

    list->nelts = n;

    if (value->type == APIGW_CLAIM_STRING) {
        (void) apigw_claims_words(value->text, list->elts);
        return APIGW_OK;
    }

    n = 0;
    more = apigw_claims_first(claims, value, &element);

    for ( /* void */ ; more; more = apigw_claims_next(claims, &element)) {
        if (element.type == APIGW_CLAIM_STRING) {
            list->elts[n++] = element.text;
        }
    }

    return APIGW_OK;
}


/* Counts the words between spaces, and only those; stores them if asked to. */

static size_t
apigw_claims_words(apigw_str_t text, apigw_str_t *words)
{
    size_t  i, n, start;

    n = 0;
    i = 0;

    for ( ;; ) {
        while (i < text.len && text.data[i] == ' ') {
            i++;
        }

        if (i == text.len) {
            return n;
        }

        start = i;

        while (i < text.len && text.data[i] != ' ') {
            i++;
        }

        if (words) {
            words[n].data = text.data + start;
            words[n].len = i - start;
        }

        n++;
    }
}


apigw_rc_t
apigw_claims_render(apigw_str_t *out, apigw_arena_t *arena,
    const apigw_claims_t *claims, const apigw_claim_t *value,
    apigw_claim_form_e form)
{
    bool  unsafe;

    return apigw_claims_render_mark(out, arena, claims, value, form, &unsafe);
}


apigw_rc_t
apigw_claims_render_mark(apigw_str_t *out, apigw_arena_t *arena,
    const apigw_claims_t *claims, const apigw_claim_t *value,
    apigw_claim_form_e form, bool *unsafe)
{
    apigw_rc_t  rc;

    out->data = NULL;
    out->len = 0;

    *unsafe = false;
    rc = APIGW_OK;

    if (value->type == APIGW_CLAIM_NULL) {
        return APIGW_OK;
    }

    if (form == APIGW_CLAIM_CSV && value->type == APIGW_CLAIM_ARRAY) {
        rc = apigw_claims_csv(out, arena, claims, value);

    } else if (form == APIGW_CLAIM_CSV && !apigw_claims_csv_element(value)) {
        return APIGW_OK;

    } else if (value->type == APIGW_CLAIM_ARRAY
               || value->type == APIGW_CLAIM_OBJECT)
    {
        rc = apigw_claims_compact(out, arena, value->text);

    } else {
        *out = value->text;
    }

    if (rc != APIGW_OK) {
        return rc;
    }

    if (apigw_str_has_control(*out)) {
        out->data = NULL;
        out->len = 0;
        *unsafe = true;
    }

    return APIGW_OK;
}


apigw_rc_t
apigw_claims_render_all(apigw_str_t *out, apigw_arena_t *arena,
    const apigw_claims_t *claims)
{
    apigw_claim_t             root;
    const apigw_claim_path_t  nowhere = { NULL, 0 };

    (void) apigw_claims_find(claims, &nowhere, &root);

    return apigw_claims_render(out, arena, claims, &root, APIGW_CLAIM_JSON);
}


/* Drops blanks between tokens; a line end there is no harm of the issuer's. */

static apigw_rc_t
apigw_claims_compact(apigw_str_t *out, apigw_arena_t *arena, apigw_str_t json)
{
    bool      quoted;
    size_t    i;
    uint8_t  *p, ch;

    p = apigw_arena_alloc(arena, json.len);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    out->data = p;
    quoted = false;

    for (i = 0; i < json.len; i++) {
        ch = json.data[i];

        if (!quoted && (ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n')) {
            continue;
        }

        if (quoted && ch == '\\' && i + 1 < json.len) {
            *p++ = ch;
            ch = json.data[++i];

        } else if (ch == '"') {
            quoted = !quoted;
        }

        *p++ = ch;
    }

    out->len = p - out->data;

    return APIGW_OK;
}


static bool
apigw_claims_csv_element(const apigw_claim_t *value)
{
    switch (value->type) {

    case APIGW_CLAIM_NULL:
    case APIGW_CLAIM_ARRAY:
    case APIGW_CLAIM_OBJECT:
        return false;

    default:
        return value->text.len == 0
               || memchr(value->text.data, ',', value->text.len) == NULL;
    }
}


static apigw_rc_t
apigw_claims_csv(apigw_str_t *out, apigw_arena_t *arena,
    const apigw_claims_t *claims, const apigw_claim_t *value)
{
    bool           more;
    size_t         len;
    uint8_t       *p;
    apigw_claim_t  element;

    len = 0;
    more = apigw_claims_first(claims, value, &element);

    for ( /* void */ ; more; more = apigw_claims_next(claims, &element)) {
        if (!apigw_claims_csv_element(&element)) {
            return APIGW_OK;
        }

        len += element.text.len + 1;
    }

    if (len == 0) {
        return APIGW_OK;
    }

    p = apigw_arena_alloc(arena, len);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    out->data = p;
    out->len = len - 1;

    more = apigw_claims_first(claims, value, &element);

    for ( /* void */ ; more; more = apigw_claims_next(claims, &element)) {
        if (element.text.len) {
            memcpy(p, element.text.data, element.text.len);
        }

        p += element.text.len;
        *p++ = ',';
    }

    return APIGW_OK;
}
