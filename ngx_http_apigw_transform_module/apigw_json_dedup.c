
/*
 * A first reading collects where the superseded names are, a second one finds
 * where their members end: at the name behind them, as another member of the
 * object always follows.
 */


#include "apigw_json_dedup.h"

#include <stdlib.h>


typedef struct {
    size_t           *at;             /* offsets of superseded names */
    size_t            n;
    size_t            size;
} apigw_json_cuts_t;


static apigw_rc_t apigw_json_dedup_find(apigw_arena_t *arena,
    apigw_json_reader_t *r, apigw_json_cuts_t *cuts);
static apigw_rc_t apigw_json_dedup_add(apigw_arena_t *arena,
    apigw_json_cuts_t *cuts, size_t offset);
static apigw_rc_t apigw_json_dedup_cut(apigw_json_reader_t *r,
    const apigw_json_cuts_t *cuts, uint8_t *doc, size_t *len);
static int apigw_json_dedup_compare(const void *a, const void *b);


apigw_rc_t
apigw_json_dedup(apigw_arena_t *arena, const apigw_json_options_t *options,
    uint8_t *doc, size_t *len, apigw_error_t *error)
{
    apigw_rc_t            rc;
    apigw_json_cuts_t     cuts;
    apigw_json_reader_t   r;
    apigw_json_options_t  o;

    o = *options;
    o.duplicates = APIGW_JSON_DUP_LAST;

    memset(&cuts, 0, sizeof(apigw_json_cuts_t));

    rc = apigw_json_reader_init(&r, arena, &o);

    if (rc == APIGW_OK) {
        apigw_json_reader_feed(&r, doc, *len, true);
        rc = apigw_json_dedup_find(arena, &r, &cuts);
    }

    if (rc == APIGW_OK && cuts.n) {
        qsort(cuts.at, cuts.n, sizeof(size_t), apigw_json_dedup_compare);

        o.duplicates = APIGW_JSON_DUP_PASS;
        rc = apigw_json_reader_init(&r, arena, &o);

        if (rc == APIGW_OK) {
            apigw_json_reader_feed(&r, doc, *len, true);
            rc = apigw_json_dedup_cut(&r, &cuts, doc, len);
        }
    }

    if (rc != APIGW_OK) {
        error->word = r.error.word ? r.error.word : "internal";
        error->offset = r.error.offset;
    }

    return rc;
}


static apigw_rc_t
apigw_json_dedup_find(apigw_arena_t *arena, apigw_json_reader_t *r,
    apigw_json_cuts_t *cuts)
{
    apigw_rc_t          rc;
    apigw_json_token_t  t;

    for ( ;; ) {
        rc = apigw_json_reader_next(r, &t);
        if (rc != APIGW_OK || t.kind == APIGW_JSON_END) {
            return rc;
        }

        if (t.duplicate) {
            rc = apigw_json_dedup_add(arena, cuts, t.previous);
            if (rc != APIGW_OK) {
                return rc;
            }
        }
    }
}


static apigw_rc_t
apigw_json_dedup_add(apigw_arena_t *arena, apigw_json_cuts_t *cuts,
    size_t offset)
{
    size_t  size, *at;

    if (cuts->n == cuts->size) {
        size = cuts->size ? 2 * cuts->size : 32;

        at = apigw_arena_array(arena, size, sizeof(size_t));
        if (at == NULL) {
            return APIGW_ENOMEM;
        }

        if (cuts->n) {
            memcpy(at, cuts->at, cuts->n * sizeof(size_t));
        }

        cuts->at = at;
        cuts->size = size;
    }

    cuts->at[cuts->n++] = offset;

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_dedup_cut(apigw_json_reader_t *r, const apigw_json_cuts_t *cuts,
    uint8_t *doc, size_t *len)
{
    size_t              i, from, to, out;
    apigw_rc_t          rc;
    apigw_json_token_t  t;

    out = 0;
    from = 0;

    for (i = 0; i < cuts->n; /* void */ ) {

        rc = apigw_json_reader_next(r, &t);
        if (rc != APIGW_OK) {
            return rc;
        }

        if (t.kind != APIGW_JSON_KEY || t.offset != cuts->at[i]) {
            continue;
        }

        memmove(doc + out, doc + from, t.offset - from);
        out += t.offset - from;

        /* members in a row, one cut */

        do {
            rc = apigw_json_reader_span(r, &t);
            if (rc != APIGW_OK) {
                return rc;
            }

            rc = apigw_json_reader_next(r, &t);
            if (rc != APIGW_OK) {
                return rc;
            }

            to = t.offset;

            /* what is superseded inside went with its object */

            while (i < cuts->n && cuts->at[i] < to) {
                i++;
            }

        } while (i < cuts->n && cuts->at[i] == to);

        from = to;
    }

    memmove(doc + out, doc + from, *len - from);
    *len = out + *len - from;

    return APIGW_OK;
}


static int
apigw_json_dedup_compare(const void *a, const void *b)
{
    const size_t  *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}
