
/*
 * For tests of sets: lines of a configuration in, a document through them,
 * cut in every way.
 */


#ifndef _TRANSFORM_RUN_H_INCLUDED_
#define _TRANSFORM_RUN_H_INCLUDED_


#include "apigw_test.h"
#include "apigw_transform_set.h"


typedef struct {
    apigw_rc_t                 rc;
    apigw_error_t              error;
    apigw_str_t                body;
} outcome_t;


/* Splits "keep /a /b; set /c 'x y'" into lines and adds them. */

static inline apigw_rc_t
set_add(apigw_arena_t *arena, apigw_transform_set_t *set, const char *ops,
    apigw_transform_fault_t *fault)
{
    char          quote;
    size_t        n;
    uint8_t      *text, *p;
    apigw_rc_t    rc;
    apigw_str_t  *args;

    rc = APIGW_OK;

    while (rc == APIGW_OK && *ops) {
        args = apigw_arena_array(arena, 64, sizeof(apigw_str_t));
        text = apigw_arena_alloc(arena, strlen(ops) + 1);
        if (args == NULL || text == NULL) {
            return APIGW_ENOMEM;
        }

        for (n = 0, p = text; *ops && *ops != ';'; n++) {
            args[n].data = p;
            quote = (*ops == '\'' || *ops == '"') ? *ops++ : ' ';

            while (*ops && *ops != quote && (quote != ' ' || *ops != ';')) {
                *p++ = *ops++;
            }

            ops += (*ops == quote && quote != ' ');
            args[n].len = p - args[n].data;
            ops += strspn(ops, " ");
        }

        ops += strspn(ops, "; ");
        rc = apigw_transform_set_add(set, args, n, fault);
    }

    return rc;
}


static inline apigw_transform_set_t *
set_compile(apigw_arena_t *arena, const char *ops)
{
    apigw_transform_set_t    *set;
    apigw_transform_fault_t   fault;

    set = apigw_transform_set_create(arena);

    if (set == NULL || set_add(arena, set, ops, &fault) != APIGW_OK
        || apigw_transform_set_compile(set, &fault) != APIGW_OK)
    {
        return NULL;
    }

    return set;
}


/* Feeds `cut` bytes, then pieces of `step`; reads `room` bytes at a time. */

static inline outcome_t
run_cut(apigw_arena_t *arena, const apigw_transform_apply_t *sets, size_t n,
    const apigw_transform_params_t *params, apigw_str_t doc, size_t cut,
    size_t step, size_t room)
{
    size_t                   len, pos, size;
    uint8_t                 *piece, *out;
    outcome_t                r;
    apigw_transform_run_t   *run;

    memset(&r, 0, sizeof(outcome_t));

    r.rc = apigw_transform_run_create(arena, sets, n, params, &run, &r.error);
    if (r.rc != APIGW_OK) {
        return r;
    }

    size = 16 * doc.len + 4096;
    out = malloc(size);
    r.body.data = out;
    cut = cut < doc.len ? cut : doc.len;
    pos = 0;

    for ( ;; ) {
        piece = malloc(cut ? cut : 1);
        memcpy(piece, doc.data + pos, cut);
        apigw_transform_run_feed(run, piece, cut, pos + cut == doc.len);
        pos += cut;

        do {
            len = size - r.body.len < room ? size - r.body.len : room;
            r.rc = apigw_transform_run_read(run, out + r.body.len, len, &len,
                                            &r.error);
            r.body.len += len;
        } while (r.rc == APIGW_AGAIN && len == room);

        free(piece);

        if (r.rc != APIGW_AGAIN || pos == doc.len) {
            break;
        }

        cut = step < doc.len - pos ? step : doc.len - pos;
    }

    r.body.data = apigw_arena_dup(arena, out, r.body.len);
    free(out);

    if (r.body.data == NULL) {
        r.rc = APIGW_ENOMEM;
    }

    return r;
}


/* Whether all ways to cut the document give the same as the first one did. */

static inline bool
run_same(apigw_arena_t *arena, const apigw_transform_apply_t *sets, size_t n,
    const apigw_transform_params_t *params, apigw_str_t doc,
    const outcome_t *first)
{
    size_t     i;
    outcome_t  r;

    for (i = 0; i < doc.len + 3; i++) {

        r = i < doc.len
            ? run_cut(arena, sets, n, params, doc, i, doc.len, 1 + i % 9)
            : run_cut(arena, sets, n, params, doc, 0, 1, 1 + i - doc.len);

        if (r.rc != first->rc
            || (r.rc == APIGW_OK && !apigw_str_eq(r.body, first->body))
            || (r.rc < 0 && (strcmp(r.error.word, first->error.word) != 0
                             || r.error.offset != first->error.offset)))
        {
            printf("# cut at %zu: %d %.*s\n", i, r.rc, (int) r.body.len,
                   r.body.data);
            return false;
        }
    }

    return true;
}


/* The request's usual parameters. */

static inline apigw_transform_params_t
run_params(void)
{
    apigw_transform_params_t  params;

    memset(&params, 0, sizeof(params));

    params.max_depth = 64;
    params.max_size = 1024 * 1024;
    params.seed[0] = 7;

    return params;
}


static inline outcome_t
run_doc(apigw_test_t *t, const char *ops,
    const apigw_transform_params_t *params, const apigw_str_t *values,
    apigw_str_t doc)
{
    outcome_t                 r;
    apigw_transform_apply_t   apply;

    memset(&r, 0, sizeof(outcome_t));

    apply.set = set_compile(&t->arena, ops);
    apply.values = values;

    if (apply.set == NULL) {
        r.rc = APIGW_EUNSUPPORTED;
        return r;
    }

    r = run_cut(&t->arena, &apply, 1, params, doc, doc.len, 1, 65536);

    if (t->fail_at == 0
        && !run_same(&t->arena, &apply, 1, params, doc, &r))
    {
        r.rc = APIGW_EUNSUPPORTED;
    }

    return r;
}


static inline bool
run_gives(apigw_test_t *t, const char *ops, const apigw_str_t *values,
    const char *doc, const char *out)
{
    outcome_t                 r;
    apigw_str_t               s;
    apigw_transform_params_t  params;

    params = run_params();
    s.data = (const uint8_t *) doc;
    s.len = strlen(doc);

    r = run_doc(t, ops, &params, values, s);

    if (r.rc == APIGW_OK && apigw_str_is(r.body, out)) {
        return true;
    }

    if (t->fail_at == 0) {
        printf("# %s on %s: %d %s %.*s\n", ops, doc, r.rc,
               r.rc < 0 ? r.error.word : "", (int) r.body.len, r.body.data);
    }

    return false;
}


static inline bool
run_fails(apigw_test_t *t, const char *ops, const apigw_str_t *values,
    const char *doc, apigw_rc_t rc, const char *word, size_t offset)
{
    outcome_t                 r;
    apigw_str_t               s;
    apigw_transform_params_t  params;

    params = run_params();
    s.data = (const uint8_t *) doc;
    s.len = strlen(doc);

    r = run_doc(t, ops, &params, values, s);

    if (r.rc == rc && strcmp(r.error.word, word) == 0
        && r.error.offset == offset)
    {
        return true;
    }

    if (t->fail_at == 0) {
        printf("# %s on %s: %d %s %zu\n", ops, doc, r.rc,
               r.rc < 0 ? r.error.word : "", r.error.offset);
    }

    return false;
}


#endif /* _TRANSFORM_RUN_H_INCLUDED_ */
