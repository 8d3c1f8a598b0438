
#include "apigw_json_trie.h"
#include "apigw_json_trie_fold.h"


/* How far the tails of an operation come through the groups. */

typedef struct {
    apigw_json_trie_tail_t  *tails;      /* those that fit so far */
    size_t                   n;
    size_t                   level;      /* groups they are behind */
    bool                     ended;      /* one of them is used up here */
} apigw_json_trie_way_t;


static apigw_rc_t apigw_json_trie_way(const apigw_json_trie_t *trie,
    const apigw_transform_op_t *op, apigw_json_trie_way_t *way);
static apigw_rc_t apigw_json_trie_inside(apigw_json_trie_t *trie,
    const apigw_transform_op_t *op, const apigw_json_trie_way_t *way);
static apigw_rc_t apigw_json_trie_group(apigw_json_trie_t *trie,
    apigw_str_t name);
static apigw_rc_t apigw_json_trie_ungroup(apigw_json_trie_t *trie,
    size_t level, bool must);
static apigw_rc_t apigw_json_trie_regroup(apigw_json_trie_t *trie,
    size_t level, const apigw_transform_op_t *op);
static apigw_rc_t apigw_json_trie_aim(apigw_json_trie_t *trie, bool must);
static apigw_rc_t apigw_json_trie_wrap(const apigw_json_trie_t *trie,
    size_t n, const char *inner, apigw_str_t *out, size_t *open);


apigw_json_trie_t *
apigw_json_trie_create(apigw_arena_t *arena)
{
    apigw_json_trie_t  *trie;

    trie = apigw_arena_zalloc(arena, sizeof(apigw_json_trie_t));
    if (trie == NULL) {
        return NULL;
    }

    trie->arena = arena;
    trie->root.kind = APIGW_TRIE_EMIT;

    return trie;
}


apigw_rc_t
apigw_json_trie_fold(apigw_json_trie_t *trie, const apigw_transform_op_t *op)
{
    bool                   inner;
    apigw_rc_t             rc;
    apigw_json_trie_way_t  way;

    if (op->kind == APIGW_OP_GROUP) {
        return apigw_json_trie_group(trie, op->name);
    }

    rc = apigw_json_trie_way(trie, op, &way);
    if (rc != APIGW_OK) {
        return rc;
    }

    inner = (way.level < trie->ngroups);

    switch (op->kind) {

    case APIGW_OP_KEEP:
        if (way.ended) {
            return APIGW_OK;
        }

        if (way.n == 0) {
            return APIGW_EUNSUPPORTED;
        }

        break;

    case APIGW_OP_TARGET:
        if (way.ended) {
            return apigw_json_trie_ungroup(trie, way.level, op->must);
        }

        if (way.n == 0) {
            return APIGW_EUNSUPPORTED;
        }

        break;

    case APIGW_OP_MAP:
        if (way.n == 0) {
            return APIGW_OK;
        }

        if (inner) {
            return apigw_json_trie_regroup(trie, way.level, op);
        }

        break;

    default: /* APIGW_OP_DROP, APIGW_OP_REPLACE */
        if (way.n == 0) {
            return APIGW_OK;
        }

        /* A group or the document itself: only while nothing was done. */

        if (way.ended && (trie->ngroups || trie->ntargets
                          || trie->root.kind != APIGW_TRIE_EMIT))
        {
            return APIGW_EUNSUPPORTED;
        }
    }

    return apigw_json_trie_inside(trie, op, &way);
}


/* Takes the operation's pointers through the groups around the root. */

static apigw_rc_t
apigw_json_trie_way(const apigw_json_trie_t *trie,
    const apigw_transform_op_t *op, apigw_json_trie_way_t *way)
{
    size_t                       i, k;
    const apigw_json_segment_t  *s;

    way->n = op->npointers;
    way->level = 0;
    way->ended = false;

    way->tails = apigw_arena_array(trie->arena, way->n,
                                   sizeof(apigw_json_trie_tail_t));
    if (way->tails == NULL) {
        return APIGW_ENOMEM;
    }

    for (i = 0; i < way->n; i++) {
        way->tails[i].segments = op->pointers[i].segments;
        way->tails[i].n = op->pointers[i].n;
        way->ended |= (way->tails[i].n == 0);
    }

    while (way->n && !way->ended && way->level < trie->ngroups) {

        for (i = 0, k = 0; i < way->n; i++) {
            s = way->tails[i].segments;

            if (s->any || apigw_str_eq(s->name, trie->groups[way->level])) {
                way->tails[k].segments = s + 1;
                way->tails[k].n = way->tails[i].n - 1;
                way->ended |= (way->tails[k].n == 0);
                k++;
            }
        }

        way->n = k;
        way->level++;
    }

    return APIGW_OK;
}


/* Applies an operation whose tails have come through all groups. */

static apigw_rc_t
apigw_json_trie_inside(apigw_json_trie_t *trie, const apigw_transform_op_t *op,
    const apigw_json_trie_way_t *way)
{
    apigw_rc_t              rc;
    apigw_json_trie_slot_t  root;

    trie->made = 0;
    root = trie->root;

    rc = apigw_json_trie_roots(trie, op, &root, way->tails, way->n);
    if (rc != APIGW_OK) {
        return rc;
    }

    if (op->kind == APIGW_OP_TARGET) {
        rc = apigw_json_trie_aim(trie, op->must);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    if (op->kind == APIGW_OP_KEEP && trie->ngroups && !trie->cut) {
        trie->cut = true;
        trie->ncut = trie->ngroups - 1;
    }

    trie->root = root;

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_trie_group(apigw_json_trie_t *trie, apigw_str_t name)
{
    apigw_str_t  *groups;

    groups = apigw_arena_array(trie->arena, trie->ngroups + 1,
                               sizeof(apigw_str_t));
    if (groups == NULL) {
        return APIGW_ENOMEM;
    }

    if (trie->ngroups) {
        memcpy(groups + 1, trie->groups, trie->ngroups * sizeof(apigw_str_t));
    }

    groups[0] = name;

    trie->groups = groups;
    trie->ngroups++;
    trie->ncut += trie->cut;

    return APIGW_OK;
}


/* The document becomes what is inside the outer groups. */

static apigw_rc_t
apigw_json_trie_ungroup(apigw_json_trie_t *trie, size_t level, bool must)
{
    if (trie->cut && level > trie->ncut) {

        /* Where the root goes, nothing is there. */

        if (must) {
            return APIGW_EUNSUPPORTED;
        }

        trie->cut = false;
    }

    if (level == 0) {
        return APIGW_OK;
    }

    trie->groups += level;
    trie->ngroups -= level;
    trie->ncut -= trie->cut ? level : 0;

    return APIGW_OK;
}


/* Renames a group as the only member of the object around it. */

static apigw_rc_t
apigw_json_trie_regroup(apigw_json_trie_t *trie, size_t level,
    const apigw_transform_op_t *op)
{
    size_t       i;
    apigw_str_t  name, *groups;

    name = trie->groups[level];

    for (i = 0; i < op->nrenames; i++) {
        if (apigw_str_eq(op->renames[i].from, name)) {
            break;
        }
    }

    if (i < op->nrenames) {

        /* The old array stays: pointers of other operations are not in it. */

        groups = apigw_arena_array(trie->arena, trie->ngroups,
                                   sizeof(apigw_str_t));
        if (groups == NULL) {
            return APIGW_ENOMEM;
        }

        memcpy(groups, trie->groups, trie->ngroups * sizeof(apigw_str_t));
        groups[level] = op->renames[i].to;
        trie->groups = groups;

        return APIGW_OK;
    }

    for (i = 0; i < op->nrenames; i++) {
        if (apigw_str_eq(op->renames[i].to, name)) {
            return APIGW_EUNSUPPORTED;
        }
    }

    return APIGW_OK;
}


/* The marked values are what the document becomes, bare of its groups. */

static apigw_rc_t
apigw_json_trie_aim(apigw_json_trie_t *trie, bool must)
{
    bool  *musts;

    musts = apigw_arena_array(trie->arena, trie->ntargets + 1, sizeof(bool));
    if (musts == NULL) {
        return APIGW_ENOMEM;
    }

    if (trie->ntargets) {
        memcpy(musts, trie->musts, trie->ntargets * sizeof(bool));
    }

    musts[trie->ntargets] = must;

    trie->musts = musts;
    trie->ntargets++;
    trie->ngroups = 0;
    trie->cut = false;
    trie->ncut = 0;

    return APIGW_OK;
}


apigw_rc_t
apigw_json_trie_finish(apigw_json_trie_t *trie)
{
    size_t       open;
    apigw_rc_t   rc;
    apigw_str_t  whole;

    rc = apigw_json_trie_count(trie);
    if (rc != APIGW_OK) {
        return rc;
    }

    rc = apigw_json_trie_wrap(trie, trie->ngroups, "", &whole, &open);
    if (rc != APIGW_OK) {
        return rc;
    }

    trie->prefix.data = whole.data;
    trie->prefix.len = open;
    trie->suffix.data = whole.data + open;
    trie->suffix.len = whole.len - open;

    if (trie->cut) {
        return apigw_json_trie_wrap(trie, trie->ncut, "{}", &trie->none, &open);
    }

    return apigw_json_trie_wrap(trie, trie->ngroups, "null", &trie->none,
                                &open);
}


/* Writes `inner` inside the `n` outer groups; `open`: where it starts. */

static apigw_rc_t
apigw_json_trie_wrap(const apigw_json_trie_t *trie, size_t n,
    const char *inner, apigw_str_t *out, size_t *open)
{
    size_t        i, len;
    uint8_t      *p;
    apigw_rc_t    rc;
    apigw_str_t  *names;

    names = apigw_arena_array(trie->arena, n, sizeof(apigw_str_t));
    if (names == NULL) {
        return APIGW_ENOMEM;
    }

    len = strlen(inner);

    for (i = 0; i < n; i++) {
        rc = apigw_json_trie_quote(trie->arena, trie->groups[i], &names[i]);
        if (rc != APIGW_OK) {
            return rc;
        }

        len += names[i].len + 2;
    }

    p = apigw_arena_alloc(trie->arena, len);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    out->data = p;
    out->len = len;

    for (i = 0; i < n; i++) {
        *p++ = '{';
        memcpy(p, names[i].data, names[i].len);
        p += names[i].len;
    }

    *open = p - out->data;

    memcpy(p, inner, strlen(inner));
    memset(p + strlen(inner), '}', n);

    return APIGW_OK;
}
