
/*
 * A run is a row of steps, each of which reads what the one before writes. The
 * first one is always a projection: it checks the bytes that come from outside.
 */


#include "apigw_transform_set.h"
#include "apigw_transform_buffer.h"
#include "apigw_transform_plan.h"
#include "apigw_transform_stage.h"


struct apigw_transform_run_s {
    apigw_transform_stage_t     *stages;
    size_t                       n;

    apigw_transform_params_t     params;
    apigw_json_options_t         options;
    apigw_arena_t               *arena;
    size_t                       fed;
    bool                         whole;

    bool                         collecting;
    apigw_transform_buffer_t     body;

    apigw_rc_t                   rc;       /* once failed */
    apigw_error_t                error;
};


static apigw_rc_t apigw_transform_run_init(apigw_transform_run_t *run,
    const apigw_transform_apply_t *sets, size_t n);
static apigw_rc_t apigw_transform_run_first(apigw_transform_run_t *run,
    const apigw_transform_apply_t *sets, size_t n);
static apigw_rc_t apigw_transform_run_set(apigw_transform_run_t *run,
    const apigw_transform_apply_t *apply);
static apigw_rc_t apigw_transform_run_project(apigw_transform_run_t *run,
    const apigw_json_trie_t *trie, apigw_transform_values_t *values);
static apigw_rc_t apigw_transform_run_ops(apigw_transform_run_t *run,
    const apigw_transform_op_t *ops, size_t n,
    apigw_transform_values_t *values);
static apigw_transform_values_t *apigw_transform_run_values(
    apigw_transform_run_t *run, const apigw_transform_apply_t *apply);
static apigw_rc_t apigw_transform_run_pull(apigw_transform_run_t *run,
    uint8_t *out, size_t size, size_t *n);
static apigw_rc_t apigw_transform_run_pass(apigw_transform_run_t *run,
    size_t i, bool *passed);


apigw_rc_t
apigw_transform_run_create(apigw_arena_t *arena,
    const apigw_transform_apply_t *sets, size_t n,
    const apigw_transform_params_t *params, apigw_transform_run_t **run,
    apigw_error_t *error)
{
    apigw_rc_t              rc;
    apigw_transform_run_t  *r;

    error->word = "internal";
    error->offset = 0;

    if (n > APIGW_TRANSFORM_MAX_SETS) {
        return APIGW_ELIMIT;
    }

    r = apigw_arena_zalloc(arena, sizeof(apigw_transform_run_t));
    if (r == NULL) {
        return APIGW_ENOMEM;
    }

    r->arena = arena;
    r->params = *params;

    rc = apigw_transform_run_init(r, sets, n);
    if (rc != APIGW_OK) {
        return rc;
    }

    *run = r;

    return APIGW_OK;
}


static apigw_rc_t
apigw_transform_run_init(apigw_transform_run_t *run,
    const apigw_transform_apply_t *sets, size_t n)
{
    size_t      i, steps;
    apigw_rc_t  rc;

    /* two more: a check in front, and edits that leave the last of names */

    steps = 2;
    run->whole = (run->params.duplicates == APIGW_TRANSFORM_LAST);

    for (i = 0; i < n; i++) {
        steps += sets[i].set->nsteps;
        run->whole |= (sets[i].set->whole != NULL);
    }

    run->stages = apigw_arena_array(run->arena, steps,
                                    sizeof(apigw_transform_stage_t));
    if (run->stages == NULL) {
        return APIGW_ENOMEM;
    }

    run->options.max_depth = run->params.max_depth;
    run->options.seed[0] = run->params.seed[0];
    run->options.seed[1] = run->params.seed[1];
    run->options.refuse_lone = !run->params.response;

    if (run->params.duplicates == APIGW_TRANSFORM_REJECT
        && (run->whole || !run->params.response))
    {
        run->options.duplicates = APIGW_JSON_DUP_REJECT;
    }

    rc = apigw_transform_run_first(run, sets, n);

    for (i = 0; rc == APIGW_OK && i < n; i++) {
        rc = apigw_transform_run_set(run, &sets[i]);
    }

    return rc;
}


/* What comes before the operations of the sets. */

static apigw_rc_t
apigw_transform_run_first(apigw_transform_run_t *run,
    const apigw_transform_apply_t *sets, size_t n)
{
    apigw_rc_t                     rc;
    const apigw_transform_set_t   *first;

    static const apigw_json_trie_t  all = {
        .root = { .kind = APIGW_TRIE_EMIT }
    };

    first = n ? sets[0].set : NULL;

    if (first != NULL && first->nsteps && first->steps[0].trie != NULL
        && run->params.duplicates != APIGW_TRANSFORM_LAST)
    {
        return APIGW_OK;
    }

    rc = apigw_transform_run_project(run, &all, NULL);

    if (rc == APIGW_OK && run->params.duplicates == APIGW_TRANSFORM_LAST) {
        rc = apigw_transform_run_ops(run, NULL, 0, NULL);
    }

    return rc;
}


static apigw_rc_t
apigw_transform_run_set(apigw_transform_run_t *run,
    const apigw_transform_apply_t *apply)
{
    size_t                         i;
    apigw_rc_t                     rc;
    apigw_transform_values_t      *values;
    const apigw_transform_step_t  *step;

    values = apigw_transform_run_values(run, apply);
    if (values == NULL) {
        return APIGW_ENOMEM;
    }

    for (i = 0; i < apply->set->nsteps; i++) {
        step = &apply->set->steps[i];

        if (step->trie != NULL) {
            rc = apigw_transform_run_project(run, step->trie, values);

        } else {
            rc = apigw_transform_run_ops(run, apply->set->ops + step->first,
                                         step->n, values);
        }

        if (rc != APIGW_OK) {
            return rc;
        }
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_transform_run_project(apigw_transform_run_t *run,
    const apigw_json_trie_t *trie, apigw_transform_values_t *values)
{
    bool                      mention;
    apigw_rc_t                rc;
    apigw_json_options_t      options;
    apigw_transform_stage_t  *stage;

    stage = &run->stages[run->n];
    memset(stage, 0, sizeof(apigw_transform_stage_t));

    options = run->options;

    if (run->n) {

        /* Our own output: groups and values may have made it deeper. */

        options.max_depth = APIGW_JSON_DEPTH_LIMIT;
        options.duplicates = APIGW_JSON_DUP_PASS;
        options.refuse_lone = false;

        stage->pipe = apigw_arena_alloc(run->arena, APIGW_TRANSFORM_PIPE);
        if (stage->pipe == NULL) {
            return APIGW_ENOMEM;
        }
    }

    mention = (run->params.duplicates == APIGW_TRANSFORM_REJECT
               && run->options.duplicates == APIGW_JSON_DUP_PASS);

    rc = apigw_json_project_create(run->arena, trie, values, &options, mention,
                                   &stage->project);
    if (rc == APIGW_OK) {
        run->n++;
    }

    return rc;
}


static apigw_rc_t
apigw_transform_run_ops(apigw_transform_run_t *run,
    const apigw_transform_op_t *ops, size_t n, apigw_transform_values_t *values)
{
    apigw_json_ops_params_t   params;
    apigw_transform_stage_t  *stage;

    stage = &run->stages[run->n++];
    memset(stage, 0, sizeof(apigw_transform_stage_t));

    memset(&params, 0, sizeof(apigw_json_ops_params_t));

    params.ops = ops;
    params.n = n;
    params.values = values;
    params.last = (n == 0);
    params.options = run->options;
    params.max_size = run->params.max_size;
    params.expect = run->params.expect;

    stage->ops = apigw_json_ops_create(run->arena, &params);

    return stage->ops ? APIGW_OK : APIGW_ENOMEM;
}


static apigw_transform_values_t *
apigw_transform_run_values(apigw_transform_run_t *run,
    const apigw_transform_apply_t *apply)
{
    size_t                     i, n;
    apigw_rc_t                 rc;
    apigw_str_t                json;
    apigw_transform_values_t  *values;

    values = apigw_arena_zalloc(run->arena, sizeof(apigw_transform_values_t));
    if (values == NULL) {
        return NULL;
    }

    n = apply->set->nvalues;

    values->cache = apigw_arena_array(run->arena, n, sizeof(apigw_str_t));
    if (values->cache == NULL) {
        return NULL;
    }

    memset(values->cache, 0, n * sizeof(apigw_str_t));

    values->specs = apply->set->values;
    values->texts = apply->values;
    values->n = n;
    values->arena = run->arena;
    values->max_depth = run->params.max_depth;
    values->seed[0] = run->params.seed[0];
    values->seed[1] = run->params.seed[1];

    /* An invalid one refuses the message, be there a place for it or not. */

    for (i = 0; i < n && run->rc == APIGW_OK; i++) {
        rc = apigw_transform_values_get(values, i, &json, &run->error);

        if (rc != APIGW_OK && rc != APIGW_EUNSUPPORTED) {
            run->rc = rc;
        }
    }

    return values;
}


bool
apigw_transform_run_whole(const apigw_transform_run_t *run)
{
    return run->whole;
}


void
apigw_transform_run_feed(apigw_transform_run_t *run, const uint8_t *data,
    size_t len, bool last)
{
    run->fed += len;

    if (run->whole && run->params.max_size
        && run->fed > run->params.max_size && run->rc == APIGW_OK)
    {
        run->rc = APIGW_ELIMIT;
        run->error.word = APIGW_JSON_TOO_LARGE;
        run->error.offset = run->params.max_size;
        return;
    }

    apigw_json_project_feed(run->stages[0].project, data, len, last);
}


apigw_rc_t
apigw_transform_run_read(apigw_transform_run_t *run, uint8_t *out, size_t size,
    size_t *n, apigw_error_t *error)
{
    apigw_rc_t  rc;

    *n = 0;
    rc = run->rc;

    if (rc == APIGW_OK) {
        rc = apigw_transform_run_pull(run, out, size, n);
    }

    if (rc < 0) {
        run->rc = rc;
        *error = run->error;
    }

    return rc;
}


/*
 * Asks the last stage for output; where a stage has used up its input, the one
 * before it is asked, down to the first, which only the caller can feed.
 */

static apigw_rc_t
apigw_transform_run_pull(apigw_transform_run_t *run, uint8_t *out, size_t size,
    size_t *n)
{
    bool        passed;
    size_t      i, len, last;
    apigw_rc_t  rc;

    last = run->n - 1;
    i = last;

    while (*n < size) {

        if (i < last) {
            rc = apigw_transform_run_pass(run, i, &passed);
            if (rc < 0) {
                return rc;
            }

        } else {
            rc = apigw_transform_stage_read(&run->stages[i], out + *n,
                                            size - *n, &len, &run->error);
            *n += len;

            if (rc != APIGW_AGAIN) {
                return rc;
            }

            passed = false;
        }

        if (passed) {
            i++;

        } else if (i == 0 || *n == size) {
            return APIGW_AGAIN;

        } else {
            i--;
        }
    }

    return APIGW_AGAIN;
}


/* Gives the next stage what this one writes; `passed`: there was something. */

static apigw_rc_t
apigw_transform_run_pass(apigw_transform_run_t *run, size_t i, bool *passed)
{
    size_t                    size, len;
    uint8_t                  *to;
    apigw_rc_t                rc;
    apigw_transform_stage_t  *next;

    next = &run->stages[i + 1];

    to = apigw_transform_stage_room(next, &size);
    if (to == NULL) {
        run->error.word = "internal";
        run->error.offset = 0;
        return APIGW_ENOMEM;
    }

    rc = apigw_transform_stage_read(&run->stages[i], to, size, &len,
                                    &run->error);
    if (rc < 0) {

        /* offsets in bytes of our own tell the caller nothing */

        run->error.offset = i ? 0 : run->error.offset;
        return rc;
    }

    *passed = (len != 0 || rc == APIGW_OK);

    if (*passed) {
        apigw_transform_stage_give(next, len, rc == APIGW_OK);
    }

    return rc;
}


apigw_rc_t
apigw_transform_run_collect(apigw_transform_run_t *run, const uint8_t *data,
    size_t len, bool last, apigw_str_t *body, apigw_error_t *error)
{
    size_t      n, size, expect;
    uint8_t    *out;
    apigw_rc_t  rc;

    if (!run->collecting) {
        expect = run->params.expect > len ? run->params.expect : len;

        apigw_transform_buffer_init(&run->body, run->arena,
                                    expect + expect / 8);
        run->collecting = true;
    }

    apigw_transform_run_feed(run, data, len, last);

    do {
        out = apigw_transform_buffer_room(&run->body, &size);
        if (out == NULL) {
            goto nomem;
        }

        rc = apigw_transform_run_read(run, out, size, &n, error);

        apigw_transform_buffer_commit(&run->body, n);

    } while (rc == APIGW_AGAIN && n == size);

    if (rc != APIGW_OK) {
        return rc;
    }

    if (apigw_transform_buffer_join(&run->body, body) == APIGW_OK) {
        return APIGW_OK;
    }

nomem:

    run->rc = APIGW_ENOMEM;
    run->error.word = "internal";
    run->error.offset = 0;
    *error = run->error;

    return APIGW_ENOMEM;
}
