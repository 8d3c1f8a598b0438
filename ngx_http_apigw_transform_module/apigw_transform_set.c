
#include "apigw_transform_set.h"
#include "apigw_transform_plan.h"
#include "apigw_json_reader.h"


static apigw_rc_t apigw_transform_set_grow(apigw_transform_set_t *set);
static apigw_rc_t apigw_transform_set_plan(apigw_transform_set_t *set,
    size_t i);
static apigw_rc_t apigw_transform_set_fold(apigw_transform_set_t *set,
    size_t i);
static bool apigw_transform_set_edits(const apigw_transform_set_t *set,
    const apigw_transform_op_t *op);
static apigw_rc_t apigw_transform_set_step(apigw_transform_set_t *set,
    size_t i, bool streams);
static apigw_rc_t apigw_transform_set_close(apigw_transform_set_t *set);
static apigw_rc_t apigw_transform_set_too_much(apigw_rc_t rc, size_t i,
    apigw_transform_fault_t *fault);


apigw_transform_set_t *
apigw_transform_set_create(apigw_arena_t *arena)
{
    apigw_transform_set_t  *set;

    set = apigw_arena_zalloc(arena, sizeof(apigw_transform_set_t));
    if (set == NULL) {
        return NULL;
    }

    set->arena = arena;

    return set;
}


apigw_rc_t
apigw_transform_set_add(apigw_transform_set_t *set, const apigw_str_t *args,
    size_t nargs, apigw_transform_fault_t *fault)
{
    apigw_rc_t                rc;
    apigw_transform_op_t     *op;
    apigw_transform_value_t  *value;

    if (set->nops == APIGW_TRANSFORM_MAX_OPS) {
        fault->text = "too many operations in one set";
        fault->mend = "use at most 256, or a second set behind it";
        fault->arg = 0;
        fault->offset = APIGW_TRANSFORM_NO_OFFSET;
        return APIGW_ELIMIT;
    }

    rc = apigw_transform_set_grow(set);
    if (rc != APIGW_OK) {
        return rc;
    }

    op = &set->ops[set->nops];

    rc = apigw_transform_op_parse(set->arena, args, nargs, op, fault);
    if (rc != APIGW_OK) {
        return rc;
    }

    if (op->valued) {
        op->value = set->nvalues;
        value = &set->values[set->nvalues++];

        memset(value, 0, sizeof(apigw_transform_value_t));

        value->type = op->type;
        value->skip = op->skip;
        value->text = op->text;
        value->arg = op->arg;
    }

    set->nops++;

    return APIGW_OK;
}


/* Makes room for an operation and its value; sizes are powers of two. */

static apigw_rc_t
apigw_transform_set_grow(apigw_transform_set_t *set)
{
    size_t                    n;
    apigw_transform_op_t     *ops;
    apigw_transform_value_t  *values;

    n = set->nops;

    if (n & (n - 1)) {
        return APIGW_OK;
    }

    ops = apigw_arena_array(set->arena, n ? 2 * n : 1, sizeof(*ops));
    if (ops == NULL) {
        return APIGW_ENOMEM;
    }

    values = apigw_arena_array(set->arena, n ? 2 * n : 1, sizeof(*values));
    if (values == NULL) {
        return APIGW_ENOMEM;
    }

    if (n) {
        memcpy(ops, set->ops, n * sizeof(*ops));
        memcpy(values, set->values, set->nvalues * sizeof(*values));
    }

    set->ops = ops;
    set->values = values;

    return APIGW_OK;
}


size_t
apigw_transform_set_values(const apigw_transform_set_t *set)
{
    return set->nvalues;
}


apigw_str_t
apigw_transform_set_value(const apigw_transform_set_t *set, size_t i)
{
    return set->values[i].text;
}


apigw_rc_t
apigw_transform_set_constant(apigw_transform_set_t *set, size_t i,
    apigw_str_t text, apigw_transform_fault_t *fault)
{
    apigw_rc_t                rc;
    apigw_str_t               copy;
    apigw_error_t             error;
    apigw_transform_value_t  *value;

    /* Names in a configuration collide by nobody's intent: any seed does. */

    static const uint64_t  seed[2];

    static const char  *const mends[] = {
        [APIGW_VALUE_STRING] = "write it in UTF-8",
        [APIGW_VALUE_NUMBER] = "write a JSON number, such as 42 or -1.5e3",
        [APIGW_VALUE_BOOLEAN] = "write true or false",
        [APIGW_VALUE_NULL] = "write null",
        [APIGW_VALUE_JSON] = "write one JSON document, in single quotes"
    };

    value = &set->values[i];

    copy.len = text.len;
    copy.data = apigw_arena_dup(set->arena, text.data, text.len);
    if (copy.data == NULL) {
        return APIGW_ENOMEM;
    }

    rc = apigw_transform_value_encode(value->type, copy,
                                      APIGW_JSON_DEPTH_LIMIT, seed, set->arena,
                                      &value->json, &error);
    if (rc == APIGW_EINPUT) {
        fault->text = "value does not fit its type";
        fault->mend = mends[value->type];
        fault->arg = value->arg;
        fault->offset = error.offset;
        return rc;
    }

    if (rc != APIGW_OK) {
        return rc;
    }

    value->constant = true;

    return APIGW_OK;
}


apigw_rc_t
apigw_transform_set_compile(apigw_transform_set_t *set,
    apigw_transform_fault_t *fault)
{
    size_t      i, nodes;
    apigw_rc_t  rc;

    set->steps = apigw_arena_array(set->arena, set->nops,
                                   sizeof(apigw_transform_step_t));
    if (set->steps == NULL) {
        return APIGW_ENOMEM;
    }

    for (i = 0; i < set->nops; i++) {
        rc = apigw_transform_set_plan(set, i);
        if (rc != APIGW_OK) {
            return apigw_transform_set_too_much(rc, i, fault);
        }
    }

    rc = apigw_transform_set_close(set);
    if (rc != APIGW_OK) {
        return apigw_transform_set_too_much(rc, i - 1, fault);
    }

    nodes = 0;

    for (i = 0; i < set->nsteps; i++) {
        if (set->steps[i].trie != NULL) {
            nodes += set->steps[i].trie->nodes;
        }
    }

    if (nodes > APIGW_TRANSFORM_MAX_NODES) {
        return apigw_transform_set_too_much(APIGW_ELIMIT, set->nops - 1, fault);
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_transform_set_plan(apigw_transform_set_t *set, size_t i)
{
    apigw_rc_t                   rc;
    const apigw_transform_op_t  *op;

    op = &set->ops[i];

    if (!apigw_transform_set_edits(set, op)) {
        return apigw_transform_set_fold(set, i);
    }

    if (set->whole == NULL) {
        set->whole = &op->word;
    }

    if (set->nsteps == 0 || set->steps[set->nsteps - 1].trie != NULL) {
        rc = apigw_transform_set_step(set, i, false);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    set->steps[set->nsteps - 1].n++;

    return APIGW_OK;
}


static apigw_rc_t
apigw_transform_set_fold(apigw_transform_set_t *set, size_t i)
{
    apigw_rc_t               rc;
    apigw_transform_step_t  *step;

    step = set->nsteps ? &set->steps[set->nsteps - 1] : NULL;

    if (step != NULL && step->trie != NULL) {
        rc = apigw_json_trie_fold(step->trie, &set->ops[i]);

        if (rc != APIGW_EUNSUPPORTED) {
            step->n++;
            return rc;
        }
    }

    rc = apigw_transform_set_step(set, i, true);
    if (rc != APIGW_OK) {
        return rc;
    }

    step = &set->steps[set->nsteps - 1];
    step->n++;

    return apigw_json_trie_fold(step->trie, &set->ops[i]);
}


/* Where a tree is at hand, it also does what it can of the others. */

static bool
apigw_transform_set_edits(const apigw_transform_set_t *set,
    const apigw_transform_op_t *op)
{
    if (!apigw_transform_op_streams(op)) {
        return true;
    }

    return set->nsteps && set->steps[set->nsteps - 1].trie == NULL
           && op->npointers == 1
           && (op->kind == APIGW_OP_DROP || op->kind == APIGW_OP_REPLACE);
}


static apigw_rc_t
apigw_transform_set_step(apigw_transform_set_t *set, size_t i, bool streams)
{
    size_t                   k, stages;
    apigw_rc_t               rc;
    apigw_transform_step_t  *step;

    rc = apigw_transform_set_close(set);
    if (rc != APIGW_OK) {
        return rc;
    }

    step = &set->steps[set->nsteps];

    memset(step, 0, sizeof(apigw_transform_step_t));
    step->first = i;

    if (streams) {
        stages = 0;

        for (k = 0; k < set->nsteps; k++) {
            stages += (set->steps[k].trie != NULL);
        }

        if (stages == APIGW_TRANSFORM_MAX_STAGES) {
            return APIGW_ELIMIT;
        }

        step->trie = apigw_json_trie_create(set->arena);
        if (step->trie == NULL) {
            return APIGW_ENOMEM;
        }
    }

    set->nsteps++;

    return APIGW_OK;
}


/* Finishes the last step's trie, which nothing is folded into any more. */

static apigw_rc_t
apigw_transform_set_close(apigw_transform_set_t *set)
{
    apigw_transform_step_t  *step;

    if (set->nsteps == 0) {
        return APIGW_OK;
    }

    step = &set->steps[set->nsteps - 1];

    return step->trie ? apigw_json_trie_finish(step->trie) : APIGW_OK;
}


static apigw_rc_t
apigw_transform_set_too_much(apigw_rc_t rc, size_t i,
    apigw_transform_fault_t *fault)
{
    if (rc == APIGW_ELIMIT) {
        fault->text = "more than 4096 trie nodes, 512 levels or 8 stages";
        fault->mend = "use fewer pointers, or split the set";
        fault->arg = i;
        fault->offset = APIGW_TRANSFORM_NO_OFFSET;
    }

    return rc;
}


const apigw_str_t *
apigw_transform_set_whole(const apigw_transform_set_t *set)
{
    return set->whole;
}
