
#include "apigw_transform_op.h"
#include "apigw_transform_line.h"


typedef apigw_rc_t (*apigw_transform_parse_pt)(apigw_transform_line_t *line);


typedef struct {
    const char                *word;
    apigw_transform_op_e       kind;
    apigw_transform_parse_pt   parse;
    const char                *usage;
} apigw_transform_form_t;


static apigw_rc_t apigw_transform_parse_places(apigw_transform_line_t *line);
static apigw_rc_t apigw_transform_parse_target(apigw_transform_line_t *line);
static apigw_rc_t apigw_transform_parse_group(apigw_transform_line_t *line);
static apigw_rc_t apigw_transform_parse_map(apigw_transform_line_t *line);
static apigw_rc_t apigw_transform_parse_rename(apigw_transform_line_t *line);
static apigw_rc_t apigw_transform_parse_valued(apigw_transform_line_t *line);
static apigw_rc_t apigw_transform_parse_parameter(apigw_transform_line_t *line,
    size_t arg);
static apigw_rc_t apigw_transform_parse_move(apigw_transform_line_t *line);
static apigw_rc_t apigw_transform_parse_pair(apigw_transform_line_t *line,
    size_t arg, apigw_transform_rename_t *rename);


static const apigw_transform_form_t  apigw_transform_forms[] = {

    { "keep", APIGW_OP_KEEP, apigw_transform_parse_places,
      "write \"json keep POINTER ...\"" },

    { "drop", APIGW_OP_DROP, apigw_transform_parse_places,
      "write \"json drop POINTER ...\"" },

    { "remove", APIGW_OP_DROP, apigw_transform_parse_places,
      "write \"json remove POINTER ...\"" },

    { "replace", APIGW_OP_REPLACE, apigw_transform_parse_valued,
      "write \"json replace POINTER VALUE [type=] [on_invalid=]\"" },

    { "target", APIGW_OP_TARGET, apigw_transform_parse_target,
      "write \"json target POINTER [missing=null|error]\"" },

    { "group", APIGW_OP_GROUP, apigw_transform_parse_group,
      "write \"json group NAME\"" },

    { "map", APIGW_OP_MAP, apigw_transform_parse_map,
      "write \"json map POINTER /old=/new ...\"" },

    { "rename", APIGW_OP_MAP, apigw_transform_parse_rename,
      "write \"json rename POINTER NAME\"" },

    { "set", APIGW_OP_SET, apigw_transform_parse_valued,
      "write \"json set POINTER VALUE [type=] [on_invalid=]\"" },

    { "add", APIGW_OP_ADD, apigw_transform_parse_valued,
      "write \"json add POINTER VALUE [type=] [on_invalid=]\"" },

    { "move", APIGW_OP_MOVE, apigw_transform_parse_move,
      "write \"json move FROM TO\"" },

    { "copy", APIGW_OP_COPY, apigw_transform_parse_move,
      "write \"json copy FROM TO\"" }
};


#define APIGW_TRANSFORM_FORMS                                                 \
    (sizeof(apigw_transform_forms) / sizeof(apigw_transform_forms[0]))


apigw_rc_t
apigw_transform_op_parse(apigw_arena_t *arena, const apigw_str_t *args,
    size_t nargs, apigw_transform_op_t *op, apigw_transform_fault_t *fault)
{
    size_t                         i;
    apigw_transform_line_t         line;
    const apigw_transform_form_t  *form;

    line.arena = arena;
    line.args = args;
    line.nargs = nargs;
    line.op = op;
    line.fault = fault;

    memset(op, 0, sizeof(apigw_transform_op_t));

    for (i = 0; nargs && i < APIGW_TRANSFORM_FORMS; i++) {
        form = &apigw_transform_forms[i];

        if (!apigw_str_is(args[0], form->word)) {
            continue;
        }

        op->kind = form->kind;
        op->word = args[0];

        if (nargs < 2) {
            return apigw_transform_refuse(&line, 0, "arguments are missing",
                                          form->usage);
        }

        fault->text = NULL;
        fault->mend = form->usage;

        return form->parse(&line);
    }

    return apigw_transform_refuse(&line, 0, "no such operation",
                                  "use keep, drop, remove, replace, target, "
                                  "group, map, rename, set, add, move or "
                                  "copy");
}


static apigw_rc_t
apigw_transform_parse_places(apigw_transform_line_t *line)
{
    return apigw_transform_line_pointers(line, line->nargs - 1);
}


static apigw_rc_t
apigw_transform_parse_target(apigw_transform_line_t *line)
{
    size_t       i;
    apigw_str_t  rest;

    for (i = 2; i < line->nargs; i++) {

        if (i > 2
            || !apigw_transform_line_parameter(line->args[i], "missing=", &rest)
            || (!apigw_str_is(rest, "null") && !apigw_str_is(rest, "error")))
        {
            return apigw_transform_refuse(line, i, "invalid parameter",
                                          line->fault->mend);
        }

        line->op->must = apigw_str_is(rest, "error");
    }

    return apigw_transform_line_pointers(line, 1);
}


static apigw_rc_t
apigw_transform_parse_group(apigw_transform_line_t *line)
{
    if (line->nargs > 2) {
        return apigw_transform_refuse(line, 2, "too many arguments",
                                      line->fault->mend);
    }

    line->op->name = line->args[1];

    return apigw_transform_line_name(line, 1);
}


static apigw_rc_t
apigw_transform_parse_map(apigw_transform_line_t *line)
{
    size_t                     i, k;
    apigw_rc_t                 rc;
    apigw_transform_rename_t  *r;

    if (line->nargs < 3) {
        return apigw_transform_refuse(line, 1, "no renames behind it",
                                      line->fault->mend);
    }

    r = apigw_arena_array(line->arena, line->nargs - 2, sizeof(*r));
    if (r == NULL) {
        return APIGW_ENOMEM;
    }

    line->op->renames = r;

    for (i = 0; i < line->nargs - 2; i++) {
        rc = apigw_transform_parse_pair(line, i + 2, &r[i]);
        if (rc != APIGW_OK) {
            return rc;
        }

        for (k = 0; k < i; k++) {
            if (apigw_str_eq(r[k].from, r[i].from)) {
                return apigw_transform_refuse(line, i + 2,
                                              "name is renamed twice",
                                              "leave one of them out");
            }

            if (apigw_str_eq(r[k].to, r[i].to)) {
                return apigw_transform_refuse(line, i + 2,
                                              "two members get the same name",
                                              "give each a name of its own");
            }
        }
    }

    line->op->nrenames = line->nargs - 2;

    return apigw_transform_line_pointers(line, 1);
}


/* "/old=/new": a pointer segment holds no "/", so the first "=/" parts them. */

static apigw_rc_t
apigw_transform_parse_pair(apigw_transform_line_t *line, size_t arg,
    apigw_transform_rename_t *rename)
{
    size_t                i;
    apigw_rc_t            rc;
    apigw_str_t           from, to;
    apigw_json_pointer_t  a, b;

    from = line->args[arg];

    for (i = 1; i + 1 < from.len; i++) {
        if (from.data[i] == '=' && from.data[i + 1] == '/') {
            break;
        }
    }

    if (i + 1 >= from.len) {
        return apigw_transform_refuse(line, arg, "no rename",
                                      "write /old=/new");
    }

    to.data = from.data + i + 1;
    to.len = from.len - i - 1;
    from.len = i;

    rc = apigw_transform_line_pointer(line, arg, from, 0, &a);
    if (rc != APIGW_OK) {
        return rc;
    }

    rc = apigw_transform_line_pointer(line, arg, to, i + 1, &b);
    if (rc != APIGW_OK) {
        return rc;
    }

    if (a.n != 1 || b.n != 1) {
        return apigw_transform_refuse(line, arg, "more than one name on a side",
                                      "write /old=/new and put what is above "
                                      "into the pointer");
    }

    if (a.any || b.any) {
        return apigw_transform_refuse(line, arg, "\"*\" cannot be renamed",
                                      "write ~2 for a literal *");
    }

    rename->from = a.segments[0].name;
    rename->to = b.segments[0].name;

    return APIGW_OK;
}


static apigw_rc_t
apigw_transform_parse_rename(apigw_transform_line_t *line)
{
    apigw_rc_t                 rc;
    apigw_json_pointer_t      *p;
    apigw_transform_rename_t  *r;

    if (line->nargs != 3) {
        return apigw_transform_refuse(line, line->nargs > 3 ? 3 : 1,
                                      "wrong number of arguments",
                                      line->fault->mend);
    }

    rc = apigw_transform_line_pointers(line, 1);
    if (rc != APIGW_OK) {
        return rc;
    }

    p = line->op->pointers;

    if (p->n == 0 || p->segments[p->n - 1].any) {
        return apigw_transform_refuse(line, 1, "ends in no member's name",
                                      "name the member, ~2 is a literal *");
    }

    rc = apigw_transform_line_name(line, 2);
    if (rc != APIGW_OK) {
        return rc;
    }

    r = apigw_arena_alloc(line->arena, sizeof(apigw_transform_rename_t));
    if (r == NULL) {
        return APIGW_ENOMEM;
    }

    r->from = p->segments[--p->n].name;
    r->to = line->args[2];

    line->op->renames = r;
    line->op->nrenames = 1;

    return APIGW_OK;
}


static apigw_rc_t
apigw_transform_parse_valued(apigw_transform_line_t *line)
{
    size_t      i;
    apigw_rc_t  rc;

    if (line->nargs < 3) {
        return apigw_transform_refuse(line, 1, "no value behind it",
                                      line->fault->mend);
    }

    for (i = 3; i < line->nargs; i++) {
        rc = apigw_transform_parse_parameter(line, i);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    line->op->valued = true;
    line->op->text = line->args[2];
    line->op->arg = 2;

    return apigw_transform_line_pointers(line, 1);
}


static apigw_rc_t
apigw_transform_parse_parameter(apigw_transform_line_t *line, size_t arg)
{
    apigw_str_t  text, rest;

    text = line->args[arg];

    if (apigw_transform_line_parameter(text, "type=", &rest)) {

        if (apigw_transform_value_type(rest, &line->op->type) == APIGW_OK) {
            return APIGW_OK;
        }

        return apigw_transform_refuse(line, arg, "no such type",
                                      "use string, number, boolean, null or "
                                      "json");
    }

    if (apigw_str_is(text, "on_invalid=reject")) {
        line->op->skip = false;
        return APIGW_OK;
    }

    if (apigw_str_is(text, "on_invalid=skip")) {
        line->op->skip = true;
        return APIGW_OK;
    }

    if (apigw_transform_line_parameter(text, "on_invalid=", &rest)) {
        return apigw_transform_refuse(line, arg, "invalid parameter",
                                      "use on_invalid=reject or "
                                      "on_invalid=skip");
    }

    return apigw_transform_refuse(line, arg, "unknown parameter",
                                  "use type= or on_invalid=, and quote a "
                                  "value that holds spaces");
}


static apigw_rc_t
apigw_transform_parse_move(apigw_transform_line_t *line)
{
    size_t                 n;
    apigw_rc_t             rc;
    apigw_json_pointer_t  *p;

    if (line->nargs != 3) {
        return apigw_transform_refuse(line, line->nargs > 3 ? 3 : 1,
                                      "wrong number of arguments",
                                      line->fault->mend);
    }

    rc = apigw_transform_line_pointers(line, 2);
    if (rc != APIGW_OK) {
        return rc;
    }

    p = line->op->pointers;

    if (!apigw_json_pointer_prefix(&p[0], &p[1], &n)) {
        return apigw_transform_refuse(line, 2,
                                      "\"*\" outside the part that both "
                                      "pointers share",
                                      "use * only where both begin alike");
    }

    return APIGW_OK;
}
