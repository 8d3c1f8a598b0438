
/*
 * The scanner in front of hiredis. It follows RESP2 byte by byte, so that a
 * reply is known to be well-formed and small before memory is spent on it.
 */


#include "apigw_resp.h"


enum {
    APIGW_RESP_AT_TYPE = 0,
    APIGW_RESP_AT_LINE,
    APIGW_RESP_AT_LINE_LF,
    APIGW_RESP_AT_NUMBER,
    APIGW_RESP_AT_NUMBER_LF,
    APIGW_RESP_AT_BULK,
    APIGW_RESP_AT_BULK_CR,
    APIGW_RESP_AT_BULK_LF
};


static apigw_rc_t apigw_resp_guard_byte(apigw_resp_guard_t *guard, uint8_t ch);
static apigw_rc_t apigw_resp_guard_type(apigw_resp_guard_t *guard, uint8_t ch);
static apigw_rc_t apigw_resp_guard_number(apigw_resp_guard_t *guard,
    uint8_t ch);
static apigw_rc_t apigw_resp_guard_header(apigw_resp_guard_t *guard);
static apigw_rc_t apigw_resp_guard_element(apigw_resp_guard_t *guard);


apigw_rc_t
apigw_resp_guard_scan(apigw_resp_guard_t *guard, const uint8_t *data,
    size_t len, size_t *used)
{
    size_t      i, n;
    apigw_rc_t  rc;

    i = 0;

    while (i < len) {

        if (guard->state == APIGW_RESP_AT_BULK) {
            n = len - i;
            if (n > guard->number) {
                n = (size_t) guard->number;
            }

            i += n;
            guard->number -= n;
            guard->bytes += n;

            if (guard->number == 0) {
                guard->state = APIGW_RESP_AT_BULK_CR;
            }

            continue;
        }

        if (guard->bytes++ == APIGW_RESP_MAX_REPLY) {
            return APIGW_ELIMIT;
        }

        rc = apigw_resp_guard_byte(guard, data[i++]);

        if (rc != APIGW_AGAIN) {
            *used = i;
            return rc;
        }
    }

    *used = len;

    return APIGW_AGAIN;
}


static apigw_rc_t
apigw_resp_guard_byte(apigw_resp_guard_t *guard, uint8_t ch)
{
    switch (guard->state) {

    case APIGW_RESP_AT_TYPE:
        return apigw_resp_guard_type(guard, ch);

    case APIGW_RESP_AT_LINE:
        if (ch == '\r') {
            guard->state = APIGW_RESP_AT_LINE_LF;
            return APIGW_AGAIN;
        }

        if (ch == '\n') {
            return APIGW_EINPUT;
        }

        return guard->line++ == APIGW_RESP_MAX_LINE ? APIGW_ELIMIT
                                                    : APIGW_AGAIN;

    case APIGW_RESP_AT_NUMBER:
        return apigw_resp_guard_number(guard, ch);

    case APIGW_RESP_AT_NUMBER_LF:
        return ch == '\n' ? apigw_resp_guard_header(guard) : APIGW_EINPUT;

    case APIGW_RESP_AT_BULK_CR:
        guard->state = APIGW_RESP_AT_BULK_LF;
        return ch == '\r' ? APIGW_AGAIN : APIGW_EINPUT;

    default: /* APIGW_RESP_AT_LINE_LF, APIGW_RESP_AT_BULK_LF */
        return ch == '\n' ? apigw_resp_guard_element(guard) : APIGW_EINPUT;
    }
}


static apigw_rc_t
apigw_resp_guard_type(apigw_resp_guard_t *guard, uint8_t ch)
{
    if (guard->elements++ == APIGW_RESP_MAX_ELEMENTS) {
        return APIGW_ELIMIT;
    }

    guard->type = ch;
    guard->number = 0;
    guard->negative = 0;
    guard->digits = 0;
    guard->line = 0;

    switch (ch) {

    case '+':
    case '-':
        guard->state = APIGW_RESP_AT_LINE;
        return APIGW_AGAIN;

    case ':':
    case '$':
    case '*':
        guard->state = APIGW_RESP_AT_NUMBER;
        return APIGW_AGAIN;

    default:
        return APIGW_EINPUT;
    }
}


static apigw_rc_t
apigw_resp_guard_number(apigw_resp_guard_t *guard, uint8_t ch)
{
    uint64_t  number;

    if (ch == '-' && guard->digits == 0 && !guard->negative) {
        guard->negative = 1;
        return APIGW_AGAIN;
    }

    if (ch == '\r' && guard->digits) {
        guard->state = APIGW_RESP_AT_NUMBER_LF;
        return APIGW_AGAIN;
    }

    if (ch < '0' || ch > '9' || guard->digits == 19) {
        return APIGW_EINPUT;
    }

    /* as hiredis has it: no "01", no "-0" */

    if (guard->number == 0 && (guard->digits || (guard->negative && ch == '0')))
    {
        return APIGW_EINPUT;
    }

    number = guard->number * 10 + (ch - '0');

    /* the most negative integer is not a value that we ever expect */

    if (number > INT64_MAX) {
        return APIGW_EINPUT;
    }

    guard->number = number;
    guard->digits++;

    return APIGW_AGAIN;
}


/* A line with a number has ended: an integer, or what is still to come. */

static apigw_rc_t
apigw_resp_guard_header(apigw_resp_guard_t *guard)
{
    uint64_t  max;

    if (guard->type == ':') {
        return apigw_resp_guard_element(guard);
    }

    if (guard->negative) {

        /* nil */

        return guard->number == 1 ? apigw_resp_guard_element(guard)
                                  : APIGW_EINPUT;
    }

    max = guard->type == '$' ? APIGW_RESP_MAX_BULK : APIGW_RESP_MAX_ARRAY;

    if (guard->number > max) {
        return APIGW_ELIMIT;
    }

    if (guard->type == '$') {
        if (guard->number > APIGW_RESP_MAX_REPLY - guard->bytes) {
            return APIGW_ELIMIT;
        }

        guard->state = guard->number ? APIGW_RESP_AT_BULK
                                     : APIGW_RESP_AT_BULK_CR;
        return APIGW_AGAIN;
    }

    if (guard->number == 0) {
        return apigw_resp_guard_element(guard);
    }

    if (guard->depth == APIGW_RESP_MAX_DEPTH) {
        return APIGW_ELIMIT;
    }

    guard->left[guard->depth++] = (uint32_t) guard->number;
    guard->state = APIGW_RESP_AT_TYPE;

    return APIGW_AGAIN;
}


/* An element is complete, and with it perhaps the arrays around it. */

static apigw_rc_t
apigw_resp_guard_element(apigw_resp_guard_t *guard)
{
    while (guard->depth) {

        if (--guard->left[guard->depth - 1]) {
            guard->state = APIGW_RESP_AT_TYPE;
            return APIGW_AGAIN;
        }

        guard->depth--;
    }

    memset(guard, 0, sizeof(apigw_resp_guard_t));

    return APIGW_OK;
}
