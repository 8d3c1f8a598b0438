
#include "apigw_json_lex.h"
#include "apigw_json_scan.h"


enum {
    APIGW_JSON_PLAIN = 0,
    APIGW_JSON_UTF8,                 /* lex->need bytes to come */
    APIGW_JSON_ESCAPE,               /* behind a backslash */
    APIGW_JSON_HEX1,                 /* behind \u; four digits */
    APIGW_JSON_HEX2,
    APIGW_JSON_HEX3,
    APIGW_JSON_HEX4,
    APIGW_JSON_PAIR,                 /* a high surrogate: \ must follow */
    APIGW_JSON_PAIR_U                /* ... and u */
};


/* Where a number is: what was read of it last. */

enum {
    APIGW_JSON_START = 0,
    APIGW_JSON_MINUS,
    APIGW_JSON_POINT,
    APIGW_JSON_EXP,
    APIGW_JSON_EXP_SIGN,
    APIGW_JSON_ZERO,                 /* from here on it may end */
    APIGW_JSON_INT,                  /* ... and go on with any digit */
    APIGW_JSON_FRACTION,
    APIGW_JSON_EXP_DIGITS,
    APIGW_JSON_STOP                  /* the byte does not belong to it */
};


#define STOP  APIGW_JSON_STOP
#define MIN   APIGW_JSON_MINUS
#define ZERO  APIGW_JSON_ZERO
#define INT   APIGW_JSON_INT
#define PNT   APIGW_JSON_POINT
#define FRAC  APIGW_JSON_FRACTION
#define EXP   APIGW_JSON_EXP
#define SIGN  APIGW_JSON_EXP_SIGN
#define DIG   APIGW_JSON_EXP_DIGITS

static const uint8_t  apigw_json_number_next[APIGW_JSON_STOP][7] = {
    /* other     0   1-9     .     e     -     + */
    {   STOP, ZERO,  INT, STOP, STOP,  MIN, STOP },
    {   STOP, ZERO,  INT, STOP, STOP, STOP, STOP },
    {   STOP, FRAC, FRAC, STOP, STOP, STOP, STOP },
    {   STOP,  DIG,  DIG, STOP, STOP, SIGN, SIGN },
    {   STOP,  DIG,  DIG, STOP, STOP, STOP, STOP },
    {   STOP, STOP, STOP,  PNT,  EXP, STOP, STOP },
    {   STOP,  INT,  INT,  PNT,  EXP, STOP, STOP },
    {   STOP, FRAC, FRAC, STOP,  EXP, STOP, STOP },
    {   STOP,  DIG,  DIG, STOP, STOP, STOP, STOP }
};

#undef STOP
#undef MIN
#undef ZERO
#undef INT
#undef PNT
#undef FRAC
#undef EXP
#undef SIGN
#undef DIG


static apigw_rc_t apigw_json_lex_plain(apigw_json_lex_t *lex,
    const uint8_t **pos, const uint8_t *end);
static bool apigw_json_lex_escape(apigw_json_lex_t *lex, uint8_t ch,
    const apigw_json_options_t *options);
static bool apigw_json_lex_unit(apigw_json_lex_t *lex,
    const apigw_json_options_t *options);


apigw_rc_t
apigw_json_lex_string(apigw_json_lex_t *lex, const uint8_t **pos,
    const uint8_t *end, const apigw_json_options_t *options)
{
    apigw_rc_t      rc;
    const uint8_t  *p;

    for (p = *pos; p < end; p++) {

        switch (lex->at) {

        case APIGW_JSON_PLAIN:
            rc = apigw_json_lex_plain(lex, &p, end);

            if (rc != APIGW_AGAIN) {
                *pos = p;
                return rc;
            }

            if (p == end) {
                goto used;
            }

            break;

        case APIGW_JSON_UTF8:
            if (*p < lex->low || *p > lex->high) {
                *pos = p;
                return APIGW_EINPUT;
            }

            lex->low = 0x80;
            lex->high = 0xbf;

            if (--lex->need == 0) {
                lex->at = APIGW_JSON_PLAIN;
            }

            break;

        default:
            if (!apigw_json_lex_escape(lex, *p, options)) {
                *pos = p;
                return APIGW_EINPUT;
            }
        }
    }

used:

    *pos = end;

    return APIGW_AGAIN;
}


/*
 * Over plain bytes and whole characters to the first byte that changes the
 * state, which APIGW_AGAIN leaves to the caller to step over.
 */

static apigw_rc_t
apigw_json_lex_plain(apigw_json_lex_t *lex, const uint8_t **pos,
    const uint8_t *end)
{
    const uint8_t  *p;

    p = *pos;

    do {
        p = apigw_json_scan_plain(p, end);
        p = apigw_utf8_run(p, end);
    } while (p < end && !apigw_json_is_special(*p));

    *pos = p;

    if (p == end) {
        return APIGW_AGAIN;
    }

    if (*p == '"') {
        *pos = p + 1;
        return APIGW_OK;
    }

    if (*p == '\\') {
        lex->at = APIGW_JSON_ESCAPE;
        lex->escaped = true;
        return APIGW_AGAIN;
    }

    /* a control byte, or a character that is wrong or cut by the end */

    lex->need = apigw_utf8_lead(*p, &lex->low, &lex->high);
    lex->at = APIGW_JSON_UTF8;

    return lex->need ? APIGW_AGAIN : APIGW_EINPUT;
}


static bool
apigw_json_lex_escape(apigw_json_lex_t *lex, uint8_t ch,
    const apigw_json_options_t *options)
{
    int  digit;

    switch (lex->at) {

    case APIGW_JSON_ESCAPE:
        lex->at = ch == 'u' ? APIGW_JSON_HEX1 : APIGW_JSON_PLAIN;
        lex->unit = 0;

        return ch == '"' || ch == '\\' || ch == '/' || ch == 'b' || ch == 'f'
               || ch == 'n' || ch == 'r' || ch == 't' || ch == 'u';

    case APIGW_JSON_PAIR:
        lex->at = APIGW_JSON_PAIR_U;
        return ch == '\\';

    case APIGW_JSON_PAIR_U:
        lex->at = APIGW_JSON_HEX1;
        lex->unit = 0;
        return ch == 'u';

    default:
        digit = apigw_json_hex(ch);
        if (digit < 0) {
            return false;
        }

        lex->unit = lex->unit << 4 | digit;

        if (lex->at != APIGW_JSON_HEX4) {
            lex->at++;
            return true;
        }

        return apigw_json_lex_unit(lex, options);
    }
}


/* A \uXXXX is complete. */

static bool
apigw_json_lex_unit(apigw_json_lex_t *lex, const apigw_json_options_t *options)
{
    bool  paired;

    paired = lex->paired;

    lex->at = APIGW_JSON_PLAIN;
    lex->paired = false;

    if (lex->unit == 0 && options->refuse_nul) {
        return false;
    }

    if (!options->refuse_lone) {
        return true;
    }

    if (lex->unit >= 0xdc00 && lex->unit <= 0xdfff) {
        return paired;
    }

    if (paired) {
        return false;
    }

    if (lex->unit >= 0xd800 && lex->unit <= 0xdbff) {
        lex->at = APIGW_JSON_PAIR;
        lex->paired = true;
    }

    return true;
}


/* The column of the table above. */

static inline unsigned
apigw_json_number_class(uint8_t ch)
{
    switch (ch) {

    case '0':
        return 1;

    case '.':
        return 3;

    case 'e':
    case 'E':
        return 4;

    case '-':
        return 5;

    case '+':
        return 6;

    default:
        return (uint8_t) (ch - '1') <= 8 ? 2 : 0;
    }
}


static inline const uint8_t *
apigw_json_lex_digits(const uint8_t *p, const uint8_t *end)
{
    while (p < end && (uint8_t) (*p - '0') <= 9) {
        p++;
    }

    return p;
}


apigw_rc_t
apigw_json_lex_number(apigw_json_lex_t *lex, const uint8_t **pos,
    const uint8_t *end)
{
    uint8_t         at;
    const uint8_t  *p;

    for (p = *pos; p < end; p++) {

        at = apigw_json_number_next[lex->at][apigw_json_number_class(*p)];

        if (at == APIGW_JSON_STOP) {
            *pos = p;
            return apigw_json_lex_number_ends(lex) ? APIGW_OK : APIGW_EINPUT;
        }

        lex->at = at;

        if (at >= APIGW_JSON_INT) {
            p = apigw_json_lex_digits(p + 1, end) - 1;
        }
    }

    *pos = end;

    return APIGW_AGAIN;
}


bool
apigw_json_lex_number_ends(const apigw_json_lex_t *lex)
{
    return lex->at >= APIGW_JSON_ZERO;
}
