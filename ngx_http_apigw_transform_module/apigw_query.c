
#include "apigw_query.h"
#include "apigw_query_text.h"


/* Arguments are edited as a list of slices; the list only shrinks or grows at
 * its end, so each operation is one walk over it. */

typedef struct {
    apigw_str_t           name;      /* raw, or new and encoded */
    apigw_str_t           tail;      /* from "=" on, raw or encoded */
} apigw_query_arg_t;


typedef enum {
    APIGW_QUERY_SET = 0,
    APIGW_QUERY_ADD,
    APIGW_QUERY_APPEND,
    APIGW_QUERY_REMOVE,
    APIGW_QUERY_KEEP,
    APIGW_QUERY_RENAME
} apigw_query_op_e;


typedef struct {
    apigw_query_op_e      kind;
    const apigw_str_t    *names;
    size_t                nnames;
    size_t                value;
} apigw_query_op_t;


struct apigw_query_s {
    apigw_arena_t        *arena;
    apigw_query_op_t     *ops;       /* room for all */
    size_t                nops;
    apigw_str_t          *texts;
    size_t                nvalues;
};


/* One run. */

typedef struct {
    apigw_arena_t        *arena;
    apigw_query_arg_t    *args;
    size_t                n;
    bool                  changed;
} apigw_query_run_t;


static apigw_rc_t apigw_query_split(apigw_query_run_t *run,
    const apigw_query_t *query, apigw_str_t in);
static apigw_rc_t apigw_query_op(apigw_query_run_t *run,
    const apigw_query_op_t *op, const apigw_str_t *values);
static void apigw_query_filter(apigw_query_run_t *run,
    const apigw_query_op_t *op, bool keep);
static apigw_rc_t apigw_query_append(apigw_query_run_t *run,
    apigw_str_t name, apigw_str_t value);
static apigw_rc_t apigw_query_rename(apigw_query_run_t *run,
    const apigw_query_op_t *op);
static bool apigw_query_has(const apigw_query_run_t *run, apigw_str_t name);
static apigw_rc_t apigw_query_join(const apigw_query_run_t *run,
    apigw_str_t *out);
static apigw_rc_t apigw_query_fault(apigw_transform_fault_t *fault, size_t arg,
    const char *text, const char *mend);


static const struct {
    const char        *word;
    apigw_query_op_e   kind;
    size_t             least;        /* arguments behind the word */
    size_t             most;
    const char        *usage;
} apigw_query_forms[] = {

    { "set", APIGW_QUERY_SET, 2, 2, "write \"query set NAME VALUE\"" },
    { "add", APIGW_QUERY_ADD, 2, 2, "write \"query add NAME VALUE\"" },
    { "append", APIGW_QUERY_APPEND, 2, 2, "write \"query append NAME VALUE\"" },
    { "remove", APIGW_QUERY_REMOVE, 1, SIZE_MAX,
      "write \"query remove NAME ...\"" },
    { "keep", APIGW_QUERY_KEEP, 1, SIZE_MAX, "write \"query keep NAME ...\"" },
    { "rename", APIGW_QUERY_RENAME, 2, 2, "write \"query rename OLD NEW\"" }
};


#define APIGW_QUERY_FORMS                                                     \
    (sizeof(apigw_query_forms) / sizeof(apigw_query_forms[0]))


apigw_query_t *
apigw_query_create(apigw_arena_t *arena)
{
    apigw_query_t  *query;

    query = apigw_arena_zalloc(arena, sizeof(apigw_query_t));
    if (query == NULL) {
        return NULL;
    }

    query->arena = arena;

    query->ops = apigw_arena_array(arena, APIGW_TRANSFORM_MAX_OPS,
                                   sizeof(apigw_query_op_t));
    if (query->ops == NULL) {
        return NULL;
    }

    query->texts = apigw_arena_array(arena, APIGW_TRANSFORM_MAX_OPS,
                                     sizeof(apigw_str_t));

    return query->texts ? query : NULL;
}


apigw_rc_t
apigw_query_add(apigw_query_t *query, const apigw_str_t *args, size_t nargs,
    apigw_transform_fault_t *fault)
{
    size_t             i, n;
    apigw_query_op_t  *op;

    for (i = 0; nargs && i < APIGW_QUERY_FORMS; i++) {
        if (apigw_str_is(args[0], apigw_query_forms[i].word)) {
            break;
        }
    }

    if (nargs == 0 || i == APIGW_QUERY_FORMS) {
        return apigw_query_fault(fault, 0, "no such operation",
                                 "use set, add, append, remove, rename or "
                                 "keep");
    }

    n = nargs - 1;

    if (n < apigw_query_forms[i].least || n > apigw_query_forms[i].most) {
        return apigw_query_fault(fault, 0, "wrong number of arguments",
                                 apigw_query_forms[i].usage);
    }

    if (query->nops == APIGW_TRANSFORM_MAX_OPS) {
        (void) apigw_query_fault(fault, 0, "too many operations in one set",
                                 "use at most 256, or a second set behind it");
        return APIGW_ELIMIT;
    }

    op = &query->ops[query->nops];

    op->kind = apigw_query_forms[i].kind;
    op->names = args + 1;
    op->nnames = n;
    op->value = 0;

    for (i = 0; i < n; i++) {
        if (op->names[i].len == 0 && (i == 0 || op->kind >= APIGW_QUERY_REMOVE))
        {
            return apigw_query_fault(fault, i + 1, "empty name",
                                     "name an argument");
        }
    }

    if (op->kind <= APIGW_QUERY_APPEND) {
        op->nnames = 1;
        op->value = query->nvalues;
        query->texts[query->nvalues++] = args[2];
    }

    query->nops++;

    return APIGW_OK;
}


size_t
apigw_query_values(const apigw_query_t *query)
{
    return query->nvalues;
}


apigw_str_t
apigw_query_value(const apigw_query_t *query, size_t i)
{
    return query->texts[i];
}


apigw_rc_t
apigw_query_run(const apigw_query_t *query, apigw_str_t in,
    const apigw_str_t *values, apigw_arena_t *arena, apigw_str_t *out)
{
    size_t             i;
    apigw_rc_t         rc;
    apigw_query_run_t  run;

    run.arena = arena;
    run.changed = false;

    rc = apigw_query_split(&run, query, in);

    for (i = 0; rc == APIGW_OK && i < query->nops; i++) {
        rc = apigw_query_op(&run, &query->ops[i], values);
    }

    if (rc != APIGW_OK) {
        return rc;
    }

    if (!run.changed) {
        *out = in;
        return APIGW_OK;
    }

    return apigw_query_join(&run, out);
}


/* Room is left for what each operation may append. */

static apigw_rc_t
apigw_query_split(apigw_query_run_t *run, const apigw_query_t *query,
    apigw_str_t in)
{
    size_t              i, from, eq;
    apigw_query_arg_t  *arg;

    run->n = in.len ? 1 : 0;

    for (i = 0; i < in.len; i++) {
        run->n += (in.data[i] == '&');
    }

    run->args = apigw_arena_array(run->arena, run->n + query->nops,
                                  sizeof(apigw_query_arg_t));
    if (run->args == NULL) {
        return APIGW_ENOMEM;
    }

    arg = run->args;
    from = 0;
    eq = SIZE_MAX;

    for (i = 0; in.len && i <= in.len; i++) {

        if (i < in.len && in.data[i] != '&') {
            if (in.data[i] == '=' && eq == SIZE_MAX) {
                eq = i;
            }

            continue;
        }

        if (eq == SIZE_MAX) {
            eq = i;
        }

        arg->name.data = in.data + from;
        arg->name.len = eq - from;
        arg->tail.data = in.data + eq;
        arg->tail.len = i - eq;
        arg++;

        from = i + 1;
        eq = SIZE_MAX;
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_query_op(apigw_query_run_t *run, const apigw_query_op_t *op,
    const apigw_str_t *values)
{
    switch (op->kind) {

    case APIGW_QUERY_REMOVE:
        apigw_query_filter(run, op, false);
        return APIGW_OK;

    case APIGW_QUERY_KEEP:
        apigw_query_filter(run, op, true);
        return APIGW_OK;

    case APIGW_QUERY_RENAME:
        return apigw_query_rename(run, op);

    case APIGW_QUERY_SET:
        apigw_query_filter(run, op, false);
        break;

    case APIGW_QUERY_ADD:
        if (apigw_query_has(run, op->names[0])) {
            return APIGW_OK;
        }

        break;

    case APIGW_QUERY_APPEND:
        break;
    }

    if (values[op->value].len == 0) {
        return APIGW_OK;
    }

    return apigw_query_append(run, op->names[0], values[op->value]);
}


/* Leaves the arguments that match a name, or the others. */

static void
apigw_query_filter(apigw_query_run_t *run, const apigw_query_op_t *op,
    bool keep)
{
    bool         match, prefix;
    size_t       i, k, n;
    apigw_str_t  name;

    for (i = 0, n = 0; i < run->n; i++) {
        match = false;

        for (k = 0; k < op->nnames && !match; k++) {
            name = op->names[k];
            prefix = op->kind != APIGW_QUERY_SET
                     && name.data[name.len - 1] == '*';
            name.len -= prefix;

            match = apigw_query_matches(run->args[i].name, name, prefix);
        }

        if (match == keep) {
            run->args[n++] = run->args[i];
        }
    }

    run->changed |= (n != run->n);
    run->n = n;
}


static apigw_rc_t
apigw_query_append(apigw_query_run_t *run, apigw_str_t name, apigw_str_t value)
{
    apigw_rc_t          rc;
    apigw_query_arg_t  *arg;

    arg = &run->args[run->n];

    rc = apigw_query_encode(run->arena, "", name, &arg->name);
    if (rc != APIGW_OK) {
        return rc;
    }

    rc = apigw_query_encode(run->arena, "=", value, &arg->tail);
    if (rc != APIGW_OK) {
        return rc;
    }

    run->n++;
    run->changed = true;

    return APIGW_OK;
}


static apigw_rc_t
apigw_query_rename(apigw_query_run_t *run, const apigw_query_op_t *op)
{
    size_t       i, n;
    apigw_rc_t   rc;
    apigw_str_t  name;

    if (apigw_str_eq(op->names[0], op->names[1])) {
        return APIGW_OK;
    }

    rc = apigw_query_encode(run->arena, "", op->names[1], &name);
    if (rc != APIGW_OK) {
        return rc;
    }

    for (i = 0, n = 0; i < run->n; i++) {

        if (apigw_query_matches(run->args[i].name, op->names[1], false)) {
            run->changed = true;
            continue;
        }

        run->args[n] = run->args[i];

        if (apigw_query_matches(run->args[i].name, op->names[0], false)) {
            run->args[n].name = name;
            run->changed = true;
        }

        n++;
    }

    run->n = n;

    return APIGW_OK;
}


static bool
apigw_query_has(const apigw_query_run_t *run, apigw_str_t name)
{
    size_t  i;

    for (i = 0; i < run->n; i++) {
        if (apigw_query_matches(run->args[i].name, name, false)) {
            return true;
        }
    }

    return false;
}


static apigw_rc_t
apigw_query_join(const apigw_query_run_t *run, apigw_str_t *out)
{
    size_t                    i, size;
    uint8_t                  *p;
    const apigw_query_arg_t  *arg;

    size = run->n;

    for (i = 0; i < run->n; i++) {
        size += run->args[i].name.len + run->args[i].tail.len;
    }

    p = apigw_arena_alloc(run->arena, size);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    out->data = p;

    for (i = 0; i < run->n; i++) {
        arg = &run->args[i];

        if (i) {
            *p++ = '&';
        }

        memcpy(p, arg->name.data, arg->name.len);
        p += arg->name.len;

        memcpy(p, arg->tail.data, arg->tail.len);
        p += arg->tail.len;
    }

    out->len = p - out->data;

    return APIGW_OK;
}


static apigw_rc_t
apigw_query_fault(apigw_transform_fault_t *fault, size_t arg,
    const char *text, const char *mend)
{
    fault->text = text;
    fault->mend = mend;
    fault->arg = arg;
    fault->offset = APIGW_TRANSFORM_NO_OFFSET;

    return APIGW_EINPUT;
}
