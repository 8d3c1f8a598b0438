
/*
 * A strict, resumable pull reader for JSON (RFC 8259).
 *
 *     rc = apigw_json_reader_init(&r, arena, &options);
 *
 *     for ( ;; ) {
 *         rc = apigw_json_reader_next(&r, &token);
 *
 *         if (rc == APIGW_AGAIN) { feed the next window or return }
 *         if (rc != APIGW_OK)    { r.error says why and where }
 *         if (token.kind == APIGW_JSON_END) { the document was complete }
 *     }
 *
 * It stops and resumes at every byte, inside escapes, UTF-8, numbers and
 * literals. Nothing of a window is copied but names that cross its end: token
 * slices point into the window, so they live until the next feed.
 *
 * Refused, apart from what the options add: anything outside the grammar, bytes
 * after the document, control bytes in strings, UTF-8 that is overlong, beyond
 * U+10FFFF or a surrogate.
 */


#ifndef _APIGW_JSON_READER_H_INCLUDED_
#define _APIGW_JSON_READER_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


#define APIGW_JSON_DEPTH_LIMIT    512     /* the most that max_depth may be */
#define APIGW_JSON_KEY_LIMIT      32768   /* the most that max_key may be */

#define APIGW_JSON_DEFAULT_DEPTH  64
#define APIGW_JSON_DEFAULT_KEY    8192


/* Error words: reject reasons, compared by text. */

#define APIGW_JSON_INVALID        "json_invalid"
#define APIGW_JSON_TOO_DEEP       "json_too_deep"
#define APIGW_JSON_DUPLICATE_KEY  "json_duplicate_key"
#define APIGW_JSON_TOO_LARGE      "json_too_large"
#define APIGW_JSON_SHAPE          "json_shape"


typedef enum {
    APIGW_JSON_END = 0,              /* after the document; tokens only */
    APIGW_JSON_NULL,
    APIGW_JSON_FALSE,
    APIGW_JSON_TRUE,
    APIGW_JSON_NUMBER,
    APIGW_JSON_STRING,
    APIGW_JSON_OBJECT,               /* as a token: its "{" */
    APIGW_JSON_ARRAY,                /* as a token: its "[" */
    APIGW_JSON_OBJECT_END,           /* tokens only, as all that follow */
    APIGW_JSON_ARRAY_END,
    APIGW_JSON_KEY,
    APIGW_JSON_SPAN                  /* of apigw_json_reader_span() */
} apigw_json_kind_e;


typedef enum {
    APIGW_JSON_DUP_PASS = 0,         /* names are not remembered */
    APIGW_JSON_DUP_REJECT,           /* a second one is json_duplicate_key */
    APIGW_JSON_DUP_LAST              /* a second one is flagged in its token */
} apigw_json_dup_e;


/* Zeroed means: depth 64, names of 8 KB, no more refusals than RFC 8259. */

typedef struct {
    size_t            max_depth;     /* open containers; 0: the default */
    size_t            max_key;       /* source bytes between the quotes */
    size_t            max_members;   /* of one object; 0: any number */
    apigw_json_dup_e  duplicates;    /* within one object, names decoded */
    uint64_t          seed[2];       /* random, for DUP_REJECT and _LAST */
    bool              root_object;   /* refuse any other document */
    bool              refuse_bom;    /* else one in front is skipped */
    bool              refuse_nul;    /* \u0000 in names and strings */
    bool              refuse_lone;   /* \uD800 without its other half */
} apigw_json_options_t;


/*
 * raw     source bytes, quotes included. A number or string that crosses a
 *         window's end comes in several tokens, of which only one is `first`
 *         and only one `last`; the others may be empty. All other tokens have
 *         both flags. Literals point to static text, names that crossed a
 *         window's end into the reader.
 * name    of a KEY: decoded, without quotes. Under refuse_lone == false a lone
 *         surrogate becomes its three bytes ED xx xx, which no raw name holds.
 * offset  of raw's first byte in the document, a BOM counted
 * depth   containers open around the token: 0 for the root value, and equal for
 *         OBJECT and its OBJECT_END
 */

typedef struct {
    apigw_json_kind_e  kind;
    bool               first;
    bool               last;
    bool               escaped;      /* raw holds a backslash, in this piece */
    bool               duplicate;    /* DUP_LAST: named before in this object */
    size_t             depth;
    size_t             offset;
    size_t             previous;     /* duplicate: offset of the earlier name */
    apigw_str_t        raw;
    apigw_str_t        name;
} apigw_json_token_t;


typedef struct apigw_json_names_s  apigw_json_names_t;


/* Where within a string or number: see apigw_json_lex.h. */

typedef struct {
    uint8_t               at;
    uint8_t               need;      /* UTF-8 bytes still to come */
    uint8_t               low;       /* bounds of the next of them */
    uint8_t               high;
    uint16_t              unit;      /* \uXXXX being read */
    bool                  paired;    /* that must be a low surrogate */
    bool                  escaped;   /* a backslash was seen */
} apigw_json_lex_t;


/* Fields are the reader's own, `error` excepted. */

typedef struct {
    const uint8_t        *pos;       /* next byte of the window */
    const uint8_t        *end;
    const uint8_t        *start;     /* of the window */
    size_t                base;      /* document offset of `start` */
    size_t                depth;

    uint8_t               state;     /* what the grammar expects */
    uint8_t               after;     /* the state behind a value */
    uint8_t               kind;      /* of the open scalar */
    bool                  last;      /* the window is the document's last */
    bool                  begun;     /* a piece of the scalar was given */
    bool                  span;      /* a span is open */
    bool                  span_begun;
    apigw_json_lex_t      lex;
    apigw_rc_t            rc;        /* of the failure */

    size_t                span_depth;
    size_t                span_at;   /* offset of its bytes not given yet */
    size_t                token_at;  /* offset of the open token's start */
    size_t                key_len;   /* gathered of a name, its quote counted */
    uint8_t              *key_raw;   /* on first use */
    uint8_t              *key_name;  /* on first use */
    apigw_json_names_t   *names;     /* NULL: members are not counted */
    apigw_arena_t        *arena;
    apigw_json_options_t  options;
    apigw_error_t         error;

    uint64_t              nest[APIGW_JSON_DEPTH_LIMIT / 64];
} apigw_json_reader_t;


/*
 * Makes a reader at the start of a document, with an empty window.
 * in   *arena must live as long as the reader; *options are copied
 * APIGW_ENOMEM; APIGW_EUNSUPPORTED when max_depth or max_key is above its limit
 */
apigw_rc_t apigw_json_reader_init(apigw_json_reader_t *r, apigw_arena_t *arena,
    const apigw_json_options_t *options);


/*
 * Gives the next window, of any length, 0 included. Only when the reader has
 * said APIGW_AGAIN, or in front of everything.
 * in   `last`: no byte follows the window. `data` must stay until the next feed
 */
void apigw_json_reader_feed(apigw_json_reader_t *r, const uint8_t *data,
    size_t len, bool last);


/*
 * Reads the next token.
 * out  *token, valid until the next call (slices: see above)
 * APIGW_OK     *token is set; kind APIGW_JSON_END, again and again, at the end
 * APIGW_AGAIN  the window is used up and was not the last
 * APIGW_EINPUT json_invalid, json_duplicate_key; APIGW_ELIMIT json_too_deep,
 *              json_too_large (name too long, too many members); APIGW_ENOMEM.
 *              All stay: each later call gives the same. r->error.offset is of
 *              the first byte that no valid document has there, and of a name's
 *              opening quote for a duplicate, too long or supernumerary one;
 *              the same for every way to cut windows.
 */
apigw_rc_t apigw_json_reader_next(apigw_json_reader_t *r,
    apigw_json_token_t *token);


/*
 * Passes over the value that comes next, checked as strictly as by
 * apigw_json_reader_next(), and gives its source bytes in pieces: one token of
 * kind APIGW_JSON_SPAN per window, white space within the value included,
 * around it not. Repeat until `last`. depth is that of the value.
 *
 * Where no value comes next (an array's or object's end, a name, the end of the
 * document), that token is given instead, as by apigw_json_reader_next().
 *
 * APIGW_AGAIN after the bytes at hand were given; else as
 * apigw_json_reader_next().
 */
apigw_rc_t apigw_json_reader_span(apigw_json_reader_t *r,
    apigw_json_token_t *token);


/*
 * The same for what is left of the innermost open container, its closing
 * bracket included; depth is the container's.
 */
apigw_rc_t apigw_json_reader_rest(apigw_json_reader_t *r,
    apigw_json_token_t *token);


/*
 * Checks a complete document and does nothing else.
 * out  *error unless APIGW_OK
 * Results as of apigw_json_reader_next(), never APIGW_AGAIN.
 */
apigw_rc_t apigw_json_check(apigw_arena_t *arena,
    const apigw_json_options_t *options, apigw_str_t doc, apigw_error_t *error);


#pragma GCC visibility pop


#endif /* _APIGW_JSON_READER_H_INCLUDED_ */
