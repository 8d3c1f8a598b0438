
#include "apigw_json_token.h"
#include "apigw_json_lex.h"
#include "apigw_json_names.h"
#include "apigw_json_value.h"


static const apigw_str_t  apigw_json_words[] = {
    [APIGW_JSON_NULL] = apigw_str("null"),
    [APIGW_JSON_FALSE] = apigw_str("false"),
    [APIGW_JSON_TRUE] = apigw_str("true")
};


static apigw_rc_t apigw_json_scalar_more(apigw_json_reader_t *r,
    apigw_json_token_t *token, const uint8_t *from);
static apigw_rc_t apigw_json_word_more(apigw_json_reader_t *r,
    apigw_json_token_t *token);
static apigw_rc_t apigw_json_name_more(apigw_json_reader_t *r,
    apigw_json_token_t *token, const uint8_t *from);
static apigw_rc_t apigw_json_name_gather(apigw_json_reader_t *r,
    const uint8_t *from);
static apigw_rc_t apigw_json_name_done(apigw_json_reader_t *r,
    apigw_json_token_t *token, const uint8_t *raw, size_t len);


apigw_rc_t
apigw_json_token_resume(apigw_json_reader_t *r, apigw_json_token_t *token)
{
    switch (r->state) {

    case APIGW_JSON_IN_SCALAR:
        return apigw_json_scalar_more(r, token, r->pos);

    case APIGW_JSON_IN_WORD:
        return apigw_json_word_more(r, token);

    case APIGW_JSON_IN_NAME:
        return apigw_json_name_more(r, token, r->pos);

    default: /* APIGW_JSON_FAILED */
        return r->rc;
    }
}


apigw_rc_t
apigw_json_token_scalar(apigw_json_reader_t *r, apigw_json_token_t *token,
    apigw_json_kind_e kind)
{
    const uint8_t  *from;

    from = r->pos;

    apigw_json_lex_begin(&r->lex);

    r->state = APIGW_JSON_IN_SCALAR;
    r->kind = kind;
    r->begun = false;

    if (kind == APIGW_JSON_STRING) {
        r->pos++;
    }

    return apigw_json_scalar_more(r, token, from);
}


/* Gives what the window holds of the scalar, from `from` on. */

static apigw_rc_t
apigw_json_scalar_more(apigw_json_reader_t *r, apigw_json_token_t *token,
    const uint8_t *from)
{
    apigw_rc_t  rc;

    if (r->kind == APIGW_JSON_STRING) {
        rc = apigw_json_lex_string(&r->lex, &r->pos, r->end, &r->options);

    } else {
        rc = apigw_json_lex_number(&r->lex, &r->pos, r->end);

        if (rc == APIGW_AGAIN && r->last
            && apigw_json_lex_number_ends(&r->lex))
        {
            rc = APIGW_OK;
        }
    }

    if (rc == APIGW_EINPUT || (rc == APIGW_AGAIN && r->last)) {
        return apigw_json_token_fail(r, APIGW_EINPUT, APIGW_JSON_INVALID,
                                     apigw_json_token_at(r, r->pos));
    }

    if (rc == APIGW_AGAIN && from == r->end) {
        return APIGW_AGAIN;
    }

    apigw_json_token_set(r, token, r->kind, from, r->pos);

    token->first = !r->begun;
    token->last = rc == APIGW_OK;
    token->escaped = r->lex.escaped;

    r->begun = true;
    r->lex.escaped = false;

    if (rc == APIGW_OK) {
        r->state = r->after;
    }

    return APIGW_OK;
}


apigw_rc_t
apigw_json_token_word(apigw_json_reader_t *r, apigw_json_token_t *token)
{
    switch (*r->pos) {

    case 't':
        r->kind = APIGW_JSON_TRUE;
        break;

    case 'f':
        r->kind = APIGW_JSON_FALSE;
        break;

    default:
        r->kind = APIGW_JSON_NULL;
    }

    r->state = APIGW_JSON_IN_WORD;
    r->token_at = apigw_json_token_at(r, r->pos);
    r->lex.at = 0;

    return apigw_json_word_more(r, token);
}


static apigw_rc_t
apigw_json_word_more(apigw_json_reader_t *r, apigw_json_token_t *token)
{
    apigw_str_t  word;

    word = apigw_json_words[r->kind];

    while (r->lex.at < word.len) {

        if (r->pos == r->end && !r->last) {
            return APIGW_AGAIN;
        }

        if (r->pos == r->end || *r->pos != word.data[r->lex.at]) {
            return apigw_json_token_fail(r, APIGW_EINPUT, APIGW_JSON_INVALID,
                                         apigw_json_token_at(r, r->pos));
        }

        r->pos++;
        r->lex.at++;
    }

    apigw_json_token_set(r, token, r->kind, r->pos, r->pos);

    token->offset = r->token_at;
    token->raw = word;

    r->state = r->after;

    return APIGW_OK;
}


apigw_rc_t
apigw_json_token_name(apigw_json_reader_t *r, apigw_json_token_t *token)
{
    const uint8_t  *from;

    from = r->pos;

    apigw_json_lex_begin(&r->lex);

    r->state = APIGW_JSON_IN_NAME;
    r->token_at = apigw_json_token_at(r, from);
    r->key_len = 0;
    r->pos++;

    return apigw_json_name_more(r, token, from);
}


/*
 * Reads the name's bytes in this window, from `from` on; its quotes are among
 * them. One byte more than a name may have is read, so that the same fault is
 * found wherever windows are cut.
 */

static apigw_rc_t
apigw_json_name_more(apigw_json_reader_t *r, apigw_json_token_t *token,
    const uint8_t *from)
{
    size_t          len, room;
    apigw_rc_t      rc;
    const uint8_t  *stop;

    /* the opening quote, max_key bytes, the closing quote */

    room = r->options.max_key + 2 - r->key_len;
    stop = (size_t) (r->end - from) < room ? r->end : from + room;

    rc = apigw_json_lex_string(&r->lex, &r->pos, stop, &r->options);
    len = r->pos - from;

    if (rc == APIGW_EINPUT) {
        return apigw_json_token_fail(r, APIGW_EINPUT, APIGW_JSON_INVALID,
                                     apigw_json_token_at(r, r->pos));
    }

    if (rc == APIGW_AGAIN) {

        if (len == room) {
            return apigw_json_token_fail(r, APIGW_ELIMIT, APIGW_JSON_TOO_LARGE,
                                         r->token_at);
        }

        if (r->last) {
            return apigw_json_token_fail(r, APIGW_EINPUT, APIGW_JSON_INVALID,
                                         apigw_json_token_at(r, r->end));
        }

        rc = apigw_json_name_gather(r, from);

        return rc == APIGW_OK ? APIGW_AGAIN : rc;
    }

    if (r->key_len == 0) {
        return apigw_json_name_done(r, token, from, len);
    }

    rc = apigw_json_name_gather(r, from);
    if (rc != APIGW_OK) {
        return rc;
    }

    return apigw_json_name_done(r, token, r->key_raw, r->key_len);
}


static apigw_rc_t
apigw_json_name_gather(apigw_json_reader_t *r, const uint8_t *from)
{
    size_t  len;

    if (r->key_raw == NULL) {
        r->key_raw = apigw_arena_alloc(r->arena, r->options.max_key + 2);
        if (r->key_raw == NULL) {
            return apigw_json_token_fail(r, APIGW_ENOMEM, "internal",
                                         r->token_at);
        }
    }

    len = r->pos - from;

    if (len) {
        memcpy(r->key_raw + r->key_len, from, len);
        r->key_len += len;
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_name_done(apigw_json_reader_t *r, apigw_json_token_t *token,
    const uint8_t *raw, size_t len)
{
    apigw_json_token_set(r, token, APIGW_JSON_KEY, r->pos, r->pos);

    token->escaped = r->lex.escaped;
    token->offset = r->token_at;
    token->raw.data = raw;
    token->raw.len = len;
    token->name.data = raw + 1;
    token->name.len = len - 2;

    if (token->escaped) {

        if (r->key_name == NULL) {
            r->key_name = apigw_arena_alloc(r->arena, r->options.max_key);
            if (r->key_name == NULL) {
                return apigw_json_token_fail(r, APIGW_ENOMEM, "internal",
                                             r->token_at);
            }
        }

        token->name.len = apigw_json_unescape(raw + 1, len - 2, r->key_name,
                                              NULL);
        token->name.data = r->key_name;
    }

    r->state = APIGW_JSON_AT_COLON;

    return r->names ? apigw_json_token_member(r, token) : APIGW_OK;
}


apigw_rc_t
apigw_json_token_member(apigw_json_reader_t *r, apigw_json_token_t *token)
{
    apigw_rc_t  rc;

    rc = apigw_json_names_add(r->names, token->name, token->offset,
                              &token->previous);

    switch (rc) {

    case APIGW_OK:
        return APIGW_OK;

    case APIGW_EINPUT:
        if (r->options.duplicates == APIGW_JSON_DUP_LAST) {
            token->duplicate = true;
            return APIGW_OK;
        }

        return apigw_json_token_fail(r, rc, APIGW_JSON_DUPLICATE_KEY,
                                     token->offset);

    case APIGW_ELIMIT:
        return apigw_json_token_fail(r, rc, APIGW_JSON_TOO_LARGE,
                                     token->offset);

    default:
        return apigw_json_token_fail(r, rc, "internal", token->offset);
    }
}


apigw_rc_t
apigw_json_token_span(apigw_json_reader_t *r, apigw_json_token_t *token,
    bool last)
{
    const uint8_t  *from;

    from = r->start + (r->span_at - r->base);

    if (from == r->pos && !last) {
        return APIGW_AGAIN;
    }

    apigw_json_token_set(r, token, APIGW_JSON_SPAN, from, r->pos);

    token->depth = r->span_depth;
    token->first = !r->span_begun;
    token->last = last;

    r->span_at += token->raw.len;
    r->span_begun = true;
    r->span = !last;

    return APIGW_OK;
}


apigw_rc_t
apigw_json_token_fail(apigw_json_reader_t *r, apigw_rc_t rc, const char *word,
    size_t offset)
{
    r->state = APIGW_JSON_FAILED;
    r->rc = rc;
    r->error.word = word;
    r->error.offset = offset;

    return rc;
}
