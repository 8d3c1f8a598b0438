
/* The paths of the configuration that lead to claims. */


#include "apigw_claims.h"


#define APIGW_CLAIM_INDEX_DIGITS  4


static apigw_rc_t apigw_claim_path_name(apigw_claim_step_t *step,
    apigw_arena_t *arena, apigw_str_t text, size_t *pos, apigw_error_t *err);
static apigw_rc_t apigw_claim_path_index(apigw_claim_step_t *step,
    apigw_str_t text, size_t *pos, apigw_error_t *err);
static apigw_rc_t apigw_claim_path_fault(apigw_error_t *err, const char *word,
    size_t offset);


apigw_rc_t
apigw_claim_path_parse(apigw_claim_path_t *path, apigw_arena_t *arena,
    apigw_str_t text, apigw_error_t *err)
{
    size_t               pos;
    apigw_rc_t           rc;
    apigw_claim_step_t  *steps;

    if (text.len == 0) {
        return apigw_claim_path_fault(err, "claim name is empty", 0);
    }

    steps = apigw_arena_array(arena, APIGW_CLAIMS_DEPTH,
                              sizeof(apigw_claim_step_t));
    if (steps == NULL) {
        return APIGW_ENOMEM;
    }

    path->steps = steps;
    path->nsteps = 0;

    if (text.data[0] != '.') {
        steps[0].name = text;
        steps[0].index = 0;
        path->nsteps = 1;
        return APIGW_OK;
    }

    pos = 0;

    while (pos < text.len) {
        if (path->nsteps == APIGW_CLAIMS_DEPTH) {
            (void) apigw_claim_path_fault(err, "claim path is too deep", pos);
            return APIGW_ELIMIT;
        }

        rc = text.data[pos] == '['
             ? apigw_claim_path_index(&steps[path->nsteps], text, &pos, err)
             : apigw_claim_path_name(&steps[path->nsteps], arena, text, &pos,
                                     err);
        if (rc != APIGW_OK) {
            return rc;
        }

        path->nsteps++;
    }

    return APIGW_OK;
}


/* Takes ".name", up to the next dot or bracket that is not escaped. */

static apigw_rc_t
apigw_claim_path_name(apigw_claim_step_t *step, apigw_arena_t *arena,
    apigw_str_t text, size_t *pos, apigw_error_t *err)
{
    size_t    i, start;
    uint8_t  *p;

    if (text.data[*pos] != '.') {
        return apigw_claim_path_fault(err, "dot is missing in claim path",
                                      *pos);
    }

    start = *pos + 1;

    p = apigw_arena_alloc(arena, text.len - start);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    step->name.data = p;
    step->index = 0;

    for (i = start; i < text.len; i++) {
        if (text.data[i] == '.' || text.data[i] == '[') {
            break;
        }

        if (text.data[i] == ']') {
            return apigw_claim_path_fault(err, "bracket in claim path", i);
        }

        if (text.data[i] == '\\') {
            if (++i == text.len || memchr(".[]\\", text.data[i], 4) == NULL) {
                return apigw_claim_path_fault(err, "backslash in claim path "
                                                   "escapes neither dot nor "
                                                   "bracket", i - 1);
            }
        }

        *p++ = text.data[i];
    }

    step->name.len = p - step->name.data;

    if (step->name.len == 0) {
        return apigw_claim_path_fault(err, "name in claim path is empty",
                                      start);
    }

    *pos = i;

    return APIGW_OK;
}


/* Takes "[index]". */

static apigw_rc_t
apigw_claim_path_index(apigw_claim_step_t *step, apigw_str_t text,
    size_t *pos, apigw_error_t *err)
{
    size_t  i, start;

    start = *pos + 1;

    step->name.data = NULL;
    step->name.len = 0;
    step->index = 0;

    for (i = start; i < text.len && i - start < APIGW_CLAIM_INDEX_DIGITS;
         i++)
    {
        if (text.data[i] < '0' || text.data[i] > '9') {
            break;
        }

        step->index = step->index * 10 + (text.data[i] - '0');
    }

    if (i == start || i == text.len || text.data[i] != ']') {
        return apigw_claim_path_fault(err, "index in claim path is not like "
                                           "[0]", start);
    }

    *pos = i + 1;

    return APIGW_OK;
}


static apigw_rc_t
apigw_claim_path_fault(apigw_error_t *err, const char *word, size_t offset)
{
    err->word = word;
    err->offset = offset;

    return APIGW_EINPUT;
}
