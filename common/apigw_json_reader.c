
#include "apigw_json_reader.h"
#include "apigw_json_names.h"
#include "apigw_json_scan.h"
#include "apigw_json_token.h"


/* The grammar between tokens is a table of states by these classes. */

enum {
    APIGW_JSON_C_OTHER = 0,
    APIGW_JSON_C_OBJECT,
    APIGW_JSON_C_OBJECT_END,
    APIGW_JSON_C_ARRAY,
    APIGW_JSON_C_ARRAY_END,
    APIGW_JSON_C_COMMA,
    APIGW_JSON_C_COLON,
    APIGW_JSON_C_QUOTE,
    APIGW_JSON_C_NUMBER,
    APIGW_JSON_C_WORD,
    APIGW_JSON_C_N
};


/* What to do: below this go to that state, else begin or end a token. */

enum {
    APIGW_JSON_DO_FAIL = APIGW_JSON_FAILED,
    APIGW_JSON_DO_OBJECT,
    APIGW_JSON_DO_OBJECT_END,
    APIGW_JSON_DO_ARRAY,
    APIGW_JSON_DO_ARRAY_END,
    APIGW_JSON_DO_NAME,
    APIGW_JSON_DO_STRING,
    APIGW_JSON_DO_NUMBER,
    APIGW_JSON_DO_WORD
};


#define C(name)  APIGW_JSON_C_ ## name

static const uint8_t  apigw_json_classes[256] = {
    ['{'] = C(OBJECT),    ['}'] = C(OBJECT_END),
    ['['] = C(ARRAY),     [']'] = C(ARRAY_END),
    [','] = C(COMMA),     [':'] = C(COLON),
    ['"'] = C(QUOTE),     ['-'] = C(NUMBER),
    ['0'] = C(NUMBER),    ['1'] = C(NUMBER),
    ['2'] = C(NUMBER),    ['3'] = C(NUMBER),
    ['4'] = C(NUMBER),    ['5'] = C(NUMBER),
    ['6'] = C(NUMBER),    ['7'] = C(NUMBER),
    ['8'] = C(NUMBER),    ['9'] = C(NUMBER),
    ['t'] = C(WORD),      ['f'] = C(WORD),
    ['n'] = C(WORD)
};

#undef C


#define FAIL   APIGW_JSON_DO_FAIL
#define VALUE  APIGW_JSON_AT_VALUE
#define NAME   APIGW_JSON_AT_NAME
#define OBJ    APIGW_JSON_DO_OBJECT
#define OBJX   APIGW_JSON_DO_OBJECT_END
#define ARR    APIGW_JSON_DO_ARRAY
#define ARRX   APIGW_JSON_DO_ARRAY_END
#define KEY    APIGW_JSON_DO_NAME
#define STR    APIGW_JSON_DO_STRING
#define NUM    APIGW_JSON_DO_NUMBER
#define WORD   APIGW_JSON_DO_WORD

static const uint8_t
    apigw_json_actions[APIGW_JSON_AT_END + 1][APIGW_JSON_C_N] =
{   /* other     {     }     [     ]      ,      :     "    0    t */
    {  FAIL,   OBJ, FAIL,  ARR, FAIL,  FAIL,  FAIL,  STR, NUM, WORD },
    {  FAIL,   OBJ, FAIL, FAIL, FAIL,  FAIL,  FAIL, FAIL, FAIL, FAIL },
    {  FAIL,   OBJ, FAIL,  ARR, FAIL,  FAIL,  FAIL,  STR, NUM, WORD },
    {  FAIL,   OBJ, FAIL,  ARR, ARRX,  FAIL,  FAIL,  STR, NUM, WORD },
    {  FAIL,  FAIL, FAIL, FAIL, FAIL,  FAIL,  FAIL,  KEY, FAIL, FAIL },
    {  FAIL,  FAIL, OBJX, FAIL, FAIL,  FAIL,  FAIL,  KEY, FAIL, FAIL },
    {  FAIL,  FAIL, FAIL, FAIL, FAIL,  FAIL, VALUE, FAIL, FAIL, FAIL },
    {  FAIL,  FAIL, OBJX, FAIL, FAIL,  NAME,  FAIL, FAIL, FAIL, FAIL },
    {  FAIL,  FAIL, FAIL, FAIL, ARRX, VALUE,  FAIL, FAIL, FAIL, FAIL },
    {  FAIL,  FAIL, FAIL, FAIL, FAIL,  FAIL,  FAIL, FAIL, FAIL, FAIL }
};

#undef FAIL
#undef VALUE
#undef NAME
#undef OBJ
#undef OBJX
#undef ARR
#undef ARRX
#undef KEY
#undef STR
#undef NUM
#undef WORD


static apigw_rc_t apigw_json_begin(apigw_json_reader_t *r,
    apigw_json_token_t *token, unsigned action);
static apigw_rc_t apigw_json_bom(apigw_json_reader_t *r);
static apigw_rc_t apigw_json_window_end(apigw_json_reader_t *r,
    apigw_json_token_t *token);
static apigw_rc_t apigw_json_open(apigw_json_reader_t *r,
    apigw_json_token_t *token, apigw_json_kind_e kind);
static apigw_rc_t apigw_json_close(apigw_json_reader_t *r,
    apigw_json_token_t *token, apigw_json_kind_e kind);
static apigw_rc_t apigw_json_span(apigw_json_reader_t *r,
    apigw_json_token_t *token);


apigw_rc_t
apigw_json_reader_init(apigw_json_reader_t *r, apigw_arena_t *arena,
    const apigw_json_options_t *options)
{
    memset(r, 0, sizeof(apigw_json_reader_t));

    r->arena = arena;
    r->options = *options;
    r->state = APIGW_JSON_IN_BOM;
    r->after = APIGW_JSON_AT_END;

    apigw_json_reader_feed(r, NULL, 0, false);

    if (r->options.max_depth == 0) {
        r->options.max_depth = APIGW_JSON_DEFAULT_DEPTH;
    }

    if (r->options.max_key == 0) {
        r->options.max_key = APIGW_JSON_DEFAULT_KEY;
    }

    if (r->options.max_depth > APIGW_JSON_DEPTH_LIMIT
        || r->options.max_key > APIGW_JSON_KEY_LIMIT)
    {
        return APIGW_EUNSUPPORTED;
    }

    if (options->duplicates != APIGW_JSON_DUP_PASS || options->max_members) {
        r->names = apigw_json_names_create(arena, &r->options);
        if (r->names == NULL) {
            return APIGW_ENOMEM;
        }
    }

    return APIGW_OK;
}


void
apigw_json_reader_feed(apigw_json_reader_t *r, const uint8_t *data, size_t len,
    bool last)
{
    static const uint8_t  none[1];

    if (len == 0) {
        data = none;
    }

    r->base += r->end - r->start;
    r->start = data;
    r->pos = data;
    r->end = data + len;
    r->last = last;
}


apigw_rc_t
apigw_json_reader_next(apigw_json_reader_t *r, apigw_json_token_t *token)
{
    unsigned        state, action;
    apigw_rc_t      rc;
    const uint8_t  *p, *end;

    if (r->state > APIGW_JSON_AT_END) {

        if (r->state != APIGW_JSON_IN_BOM) {
            return apigw_json_token_resume(r, token);
        }

        rc = apigw_json_bom(r);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    p = r->pos;
    end = r->end;
    state = r->state;

    for ( ;; ) {
        p = apigw_json_scan_space(p, end);

        if (p == end) {
            r->pos = p;
            r->state = state;
            return apigw_json_window_end(r, token);
        }

        action = apigw_json_actions[state][apigw_json_classes[*p]];

        if (action >= APIGW_JSON_DO_FAIL) {
            r->pos = p;
            return apigw_json_begin(r, token, action);
        }

        state = action;
        p++;
    }
}


static inline apigw_rc_t
apigw_json_begin(apigw_json_reader_t *r, apigw_json_token_t *token,
    unsigned action)
{
    const uint8_t  *p, *q;

    p = r->pos;

    switch (action) {

    case APIGW_JSON_DO_OBJECT:
        return apigw_json_open(r, token, APIGW_JSON_OBJECT);

    case APIGW_JSON_DO_ARRAY:
        return apigw_json_open(r, token, APIGW_JSON_ARRAY);

    case APIGW_JSON_DO_OBJECT_END:
        return apigw_json_close(r, token, APIGW_JSON_OBJECT_END);

    case APIGW_JSON_DO_ARRAY_END:
        return apigw_json_close(r, token, APIGW_JSON_ARRAY_END);

    case APIGW_JSON_DO_STRING:
        q = apigw_json_scan_plain(p + 1, r->end);

        if (q != r->end && *q == '"') {
            apigw_json_token_set(r, token, APIGW_JSON_STRING, p, q + 1);
            r->state = r->after;
            return APIGW_OK;
        }

        return apigw_json_token_scalar(r, token, APIGW_JSON_STRING);

    case APIGW_JSON_DO_NAME:
        q = apigw_json_scan_plain(p + 1, r->end);

        if (q != r->end && *q == '"'
            && (size_t) (q - p) <= r->options.max_key + 1)
        {
            apigw_json_token_set(r, token, APIGW_JSON_KEY, p, q + 1);
            token->name.data = p + 1;
            token->name.len = q - p - 1;
            r->state = APIGW_JSON_AT_COLON;
            return r->names ? apigw_json_token_member(r, token) : APIGW_OK;
        }

        return apigw_json_token_name(r, token);

    case APIGW_JSON_DO_NUMBER:
        return apigw_json_token_scalar(r, token, APIGW_JSON_NUMBER);

    case APIGW_JSON_DO_WORD:
        return apigw_json_token_word(r, token);

    default:
        return apigw_json_token_fail(r, APIGW_EINPUT, APIGW_JSON_INVALID,
                                     apigw_json_token_at(r, p));
    }
}


static apigw_rc_t
apigw_json_bom(apigw_json_reader_t *r)
{
    static const uint8_t  bom[3] = { 0xef, 0xbb, 0xbf };

    while (!r->options.refuse_bom && r->pos != r->end
           && *r->pos == bom[r->lex.at])
    {
        r->pos++;
        r->lex.at++;

        if (r->lex.at == 3) {
            r->lex.at = 0;
            goto root;
        }
    }

    if (r->pos == r->end && !r->last) {
        return APIGW_AGAIN;
    }

    if (r->lex.at) {
        return apigw_json_token_fail(r, APIGW_EINPUT, APIGW_JSON_INVALID,
                                     apigw_json_token_at(r, r->pos));
    }

root:

    r->state = r->options.root_object ? APIGW_JSON_AT_ROOT_OBJECT
                                      : APIGW_JSON_AT_ROOT;

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_window_end(apigw_json_reader_t *r, apigw_json_token_t *token)
{
    if (!r->last) {
        return APIGW_AGAIN;
    }

    if (r->state != APIGW_JSON_AT_END) {
        return apigw_json_token_fail(r, APIGW_EINPUT, APIGW_JSON_INVALID,
                                     apigw_json_token_at(r, r->end));
    }

    apigw_json_token_set(r, token, APIGW_JSON_END, r->end, r->end);

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_open(apigw_json_reader_t *r, apigw_json_token_t *token,
    apigw_json_kind_e kind)
{
    size_t    depth;
    uint64_t  bit;

    depth = r->depth;

    if (depth == r->options.max_depth) {
        return apigw_json_token_fail(r, APIGW_ELIMIT, APIGW_JSON_TOO_DEEP,
                                     apigw_json_token_at(r, r->pos));
    }

    apigw_json_token_set(r, token, kind, r->pos, r->pos + 1);

    bit = UINT64_C(1) << (depth % 64);
    r->depth = depth + 1;

    if (kind == APIGW_JSON_OBJECT) {
        r->nest[depth / 64] |= bit;
        r->state = APIGW_JSON_AT_NAME_OR_END;
        r->after = APIGW_JSON_IN_OBJECT;

        if (r->names) {
            apigw_json_names_open(r->names);
        }

    } else {
        r->nest[depth / 64] &= ~bit;
        r->state = APIGW_JSON_AT_ELEMENT;
        r->after = APIGW_JSON_IN_ARRAY;
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_close(apigw_json_reader_t *r, apigw_json_token_t *token,
    apigw_json_kind_e kind)
{
    size_t  depth;

    depth = --r->depth;

    apigw_json_token_set(r, token, kind, r->pos, r->pos + 1);

    if (depth == 0) {
        r->after = APIGW_JSON_AT_END;

    } else {
        depth--;
        r->after = (r->nest[depth / 64] >> (depth % 64)) & 1
                   ? APIGW_JSON_IN_OBJECT : APIGW_JSON_IN_ARRAY;
    }

    r->state = r->after;

    if (kind == APIGW_JSON_OBJECT_END && r->names) {
        apigw_json_names_close(r->names);
    }

    return APIGW_OK;
}


apigw_rc_t
apigw_json_reader_span(apigw_json_reader_t *r, apigw_json_token_t *token)
{
    apigw_rc_t          rc;
    apigw_json_token_t  t;

    if (r->span) {
        return apigw_json_span(r, token);
    }

    rc = apigw_json_reader_next(r, &t);

    /* a word begun at the window's end has given no token yet */

    if (rc == APIGW_AGAIN && r->state == APIGW_JSON_IN_WORD) {
        t.offset = r->token_at;
        t.depth = r->depth;

    } else if (rc != APIGW_OK) {
        return rc;

    } else if (t.kind == APIGW_JSON_END || t.kind > APIGW_JSON_ARRAY) {
        *token = t;
        return APIGW_OK;
    }

    r->span = true;
    r->span_begun = false;
    r->span_depth = t.depth;
    r->span_at = t.offset;

    return apigw_json_span(r, token);
}


apigw_rc_t
apigw_json_reader_rest(apigw_json_reader_t *r, apigw_json_token_t *token)
{
    if (!r->span) {

        if (r->depth == 0) {
            return apigw_json_reader_next(r, token);
        }

        r->span = true;
        r->span_begun = false;
        r->span_depth = r->depth - 1;
        r->span_at = apigw_json_token_at(r, r->pos);
    }

    return apigw_json_span(r, token);
}


/*
 * Reads to the end of the value at span_depth, or of the window. The value is
 * over when no container of it is open and nothing is expected inside it.
 */

static apigw_rc_t
apigw_json_span(apigw_json_reader_t *r, apigw_json_token_t *token)
{
    apigw_rc_t          rc;
    apigw_json_token_t  t;

    rc = APIGW_OK;

    while (r->depth > r->span_depth || r->state > APIGW_JSON_AT_END) {

        rc = apigw_json_reader_next(r, &t);

        if (rc == APIGW_AGAIN) {
            break;
        }

        if (rc != APIGW_OK) {
            return rc;
        }
    }

    return apigw_json_token_span(r, token, rc == APIGW_OK);
}
