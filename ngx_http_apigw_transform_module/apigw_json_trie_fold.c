
/*
 * At each node, the tails that fit a child's name in the result go on into that
 * child. Where one is used up, the operation acts.
 */


#include "apigw_json_trie_fold.h"
#include "apigw_json_writer.h"


static apigw_rc_t apigw_json_trie_roots_inside(apigw_json_trie_t *trie,
    const apigw_transform_op_t *op, apigw_json_trie_slot_t *slot,
    const apigw_json_trie_tail_t *tails, size_t n);
static apigw_rc_t apigw_json_trie_apply(apigw_json_trie_t *trie,
    const apigw_transform_op_t *op, apigw_json_trie_slot_t *slot,
    const apigw_json_trie_tail_t *tails, size_t n);
static apigw_rc_t apigw_json_trie_act(apigw_json_trie_t *trie,
    const apigw_transform_op_t *op, apigw_json_trie_slot_t *slot);
static apigw_rc_t apigw_json_trie_fill(apigw_json_trie_node_t *node,
    const apigw_json_trie_tail_t *tails, size_t n);
static apigw_rc_t apigw_json_trie_children(apigw_json_trie_t *trie,
    const apigw_transform_op_t *op, apigw_json_trie_node_t *node,
    const apigw_json_trie_tail_t *tails, size_t n);
static size_t apigw_json_trie_fit(const apigw_json_trie_tail_t *tails,
    size_t n, const apigw_str_t *name, uint32_t index,
    apigw_json_trie_tail_t *fit);
static const apigw_json_trie_element_t *apigw_json_trie_twin(
    const apigw_json_trie_member_t *m, const apigw_json_trie_element_t *e,
    uint32_t n);
static apigw_rc_t apigw_json_trie_child(apigw_json_trie_t *trie,
    const apigw_transform_op_t *op, apigw_json_trie_slot_t *slot,
    const apigw_json_trie_tail_t *tails, size_t n);
static apigw_rc_t apigw_json_trie_rename(apigw_json_trie_t *trie,
    const apigw_transform_op_t *op, apigw_json_trie_slot_t *slot);
static apigw_rc_t apigw_json_trie_rename_member(apigw_json_trie_t *trie,
    const apigw_transform_op_t *op, apigw_json_trie_member_t *m);


static bool
apigw_json_trie_same(const apigw_json_trie_slot_t *a,
    const apigw_json_trie_slot_t *b)
{
    return a->kind == b->kind && a->under == b->under && a->loose == b->loose
           && a->mark == b->mark && a->value == b->value && a->node == b->node;
}


apigw_rc_t
apigw_json_trie_roots(apigw_json_trie_t *trie, const apigw_transform_op_t *op,
    apigw_json_trie_slot_t *slot, const apigw_json_trie_tail_t *tails,
    size_t n)
{
    /* Targets are numbered from 1; the last one's values are the roots. */

    if (slot->mark == trie->ntargets) {
        return apigw_json_trie_apply(trie, op, slot, tails, n);
    }

    if (slot->kind != APIGW_TRIE_BRANCH) {
        return APIGW_OK;
    }

    return apigw_json_trie_roots_inside(trie, op, slot, tails, n);
}


/*
 * The recursion ends with the trie: it is as deep as targets have segments,
 * and a trie this deep has made too many nodes before.
 */

static apigw_rc_t
apigw_json_trie_roots_inside(apigw_json_trie_t *trie,
    const apigw_transform_op_t *op, apigw_json_trie_slot_t *slot,
    const apigw_json_trie_tail_t *tails, size_t n)
{
    bool                     same;
    uint32_t                 i;
    apigw_rc_t               rc;
    apigw_json_trie_node_t  *node;

    rc = apigw_json_trie_open(trie, slot, 0, &node);
    if (rc != APIGW_OK) {
        return rc;
    }

    same = apigw_json_trie_same(&node->member, &node->element);

    rc = apigw_json_trie_roots(trie, op, &node->member, tails, n);
    if (rc != APIGW_OK) {
        return rc;
    }

    if (same) {
        node->element = node->member;

    } else {
        rc = apigw_json_trie_roots(trie, op, &node->element, tails, n);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    for (i = 0; i < node->nmembers; i++) {
        rc = apigw_json_trie_roots(trie, op, &node->members[i].slot, tails, n);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    for (i = 0; i < node->nelements; i++) {
        rc = apigw_json_trie_roots(trie, op, &node->elements[i].slot, tails, n);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    slot->node = node;

    return APIGW_OK;
}


/* The recursion is as deep as a pointer has segments. */

static apigw_rc_t
apigw_json_trie_apply(apigw_json_trie_t *trie, const apigw_transform_op_t *op,
    apigw_json_trie_slot_t *slot, const apigw_json_trie_tail_t *tails,
    size_t n)
{
    size_t                   i;
    apigw_rc_t               rc;
    apigw_json_trie_node_t  *node;

    if (slot->kind == APIGW_TRIE_DROP) {
        return APIGW_OK;
    }

    for (i = 0; i < n; i++) {
        if (tails[i].n == 0) {
            return apigw_json_trie_act(trie, op, slot);
        }
    }

    if (slot->kind == APIGW_TRIE_REPLACE) {
        return APIGW_EUNSUPPORTED;
    }

    rc = apigw_json_trie_open(trie, slot, n, &node);
    if (rc != APIGW_OK) {
        return rc;
    }

    rc = apigw_json_trie_fill(node, tails, n);
    if (rc != APIGW_OK) {
        return rc;
    }

    rc = apigw_json_trie_children(trie, op, node, tails, n);
    if (rc != APIGW_OK) {
        return rc;
    }

    if (op->kind == APIGW_OP_KEEP || op->kind == APIGW_OP_TARGET) {
        node->scalars = false;
        node->silent = (op->kind == APIGW_OP_TARGET);
    }

    slot->kind = APIGW_TRIE_BRANCH;
    slot->node = node;

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_trie_act(apigw_json_trie_t *trie, const apigw_transform_op_t *op,
    apigw_json_trie_slot_t *slot)
{
    switch (op->kind) {

    case APIGW_OP_DROP:
        memset(slot, 0, sizeof(apigw_json_trie_slot_t));
        return APIGW_OK;

    case APIGW_OP_REPLACE:
        if (slot->kind == APIGW_TRIE_REPLACE) {
            return APIGW_EUNSUPPORTED;
        }

        slot->under = slot->kind;
        slot->kind = APIGW_TRIE_REPLACE;
        slot->value = op->value;
        return APIGW_OK;

    case APIGW_OP_TARGET:
        slot->mark = trie->ntargets + 1;
        slot->loose = (slot->node != NULL && !slot->node->scalars);
        return APIGW_OK;

    case APIGW_OP_MAP:
        return apigw_json_trie_rename(trie, op, slot);

    default: /* APIGW_OP_KEEP */
        return APIGW_OK;
    }
}


/* Gives the names and indexes that tails go on with slots of their own. */

static apigw_rc_t
apigw_json_trie_fill(apigw_json_trie_node_t *node,
    const apigw_json_trie_tail_t *tails, size_t n)
{
    size_t                       i;
    const apigw_json_segment_t  *s;

    for (i = 0; i < n; i++) {
        s = tails[i].segments;

        if (!s->any && s->index != APIGW_JSON_NO_INDEX
            && !apigw_json_trie_stable(node, s->index))
        {
            return APIGW_EUNSUPPORTED;
        }
    }

    for (i = 0; i < n; i++) {
        s = tails[i].segments;

        if (s->any) {
            continue;
        }

        apigw_json_trie_insert_member(node, s->name);

        if (s->index != APIGW_JSON_NO_INDEX) {
            apigw_json_trie_insert_element(node, s->index);
        }
    }

    return APIGW_OK;
}


/*
 * A pointer does not say whether it means a member or an element, so most
 * nodes have both, with equal slots: these are worked on once and shared, else
 * each segment would double the nodes.
 */

static apigw_rc_t
apigw_json_trie_children(apigw_json_trie_t *trie,
    const apigw_transform_op_t *op, apigw_json_trie_node_t *node,
    const apigw_json_trie_tail_t *tails, size_t n)
{
    size_t                            k;
    uint32_t                          i;
    apigw_rc_t                        rc;
    apigw_json_trie_slot_t            other;
    apigw_json_trie_tail_t           *fit;
    apigw_json_trie_member_t         *m;
    apigw_json_trie_element_t        *before, *e;
    const apigw_json_trie_element_t  *twin;

    fit = apigw_arena_array(trie->arena, n, sizeof(apigw_json_trie_tail_t));
    if (fit == NULL) {
        return APIGW_ENOMEM;
    }

    before = apigw_arena_array(trie->arena, node->nelements, sizeof(*before));
    if (before == NULL) {
        return APIGW_ENOMEM;
    }

    for (i = 0; i < node->nelements; i++) {
        e = &node->elements[i];
        before[i] = *e;

        k = apigw_json_trie_fit(tails, n, NULL, e->index, fit);

        rc = apigw_json_trie_child(trie, op, &e->slot, fit, k);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    for (i = 0; i < node->nmembers; i++) {
        m = &node->members[i];
        twin = apigw_json_trie_twin(m, before, node->nelements);

        if (twin != NULL) {
            m->slot = node->elements[twin - before].slot;
            continue;
        }

        k = apigw_json_trie_fit(tails, n, &m->out, APIGW_JSON_NO_INDEX, fit);

        rc = apigw_json_trie_child(trie, op, &m->slot, fit, k);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    other = node->element;
    k = apigw_json_trie_fit(tails, n, NULL, APIGW_JSON_NO_INDEX, fit);

    rc = apigw_json_trie_child(trie, op, &node->element, fit, k);
    if (rc != APIGW_OK) {
        return rc;
    }

    if (apigw_json_trie_same(&node->member, &other)) {
        node->member = node->element;
        return APIGW_OK;
    }

    return apigw_json_trie_child(trie, op, &node->member, fit, k);
}


/* The tails that go on into a child, one segment shorter. */

static size_t
apigw_json_trie_fit(const apigw_json_trie_tail_t *tails, size_t n,
    const apigw_str_t *name, uint32_t index, apigw_json_trie_tail_t *fit)
{
    size_t                       i, k;
    const apigw_json_segment_t  *s;

    for (i = 0, k = 0; i < n; i++) {
        s = tails[i].segments;

        if (s->any
            || (name != NULL && apigw_str_eq(s->name, *name))
            || (index != APIGW_JSON_NO_INDEX && s->index == index))
        {
            fit[k].segments = s + 1;
            fit[k++].n = tails[i].n - 1;
        }
    }

    return k;
}


/* The element that the name of a member is the index of, if equal to it. */

static const apigw_json_trie_element_t *
apigw_json_trie_twin(const apigw_json_trie_member_t *m,
    const apigw_json_trie_element_t *e, uint32_t n)
{
    size_t    i;
    uint32_t  index;

    if (n == 0 || m->name.len == 0 || m->name.len > 9
        || (m->name.data[0] == '0' && m->name.len > 1)
        || !apigw_str_eq(m->name, m->out))
    {
        return NULL;
    }

    index = 0;

    for (i = 0; i < m->name.len; i++) {
        if (m->name.data[i] < '0' || m->name.data[i] > '9') {
            return NULL;
        }

        index = index * 10 + (m->name.data[i] - '0');
    }

    for ( /* void */ ; n; n--, e++) {
        if (e->index == index) {
            return apigw_json_trie_same(&m->slot, &e->slot) ? e : NULL;
        }
    }

    return NULL;
}


static apigw_rc_t
apigw_json_trie_child(apigw_json_trie_t *trie, const apigw_transform_op_t *op,
    apigw_json_trie_slot_t *slot, const apigw_json_trie_tail_t *tails,
    size_t n)
{
    if (n) {
        return apigw_json_trie_apply(trie, op, slot, tails, n);
    }

    if (op->kind == APIGW_OP_KEEP || op->kind == APIGW_OP_TARGET) {
        memset(slot, 0, sizeof(apigw_json_trie_slot_t));
    }

    return APIGW_OK;
}


/*
 * All renames of an operation happen at once. A new name belongs to the renamed
 * member, which may come at any time: another member of that name goes.
 */

static apigw_rc_t
apigw_json_trie_rename(apigw_json_trie_t *trie, const apigw_transform_op_t *op,
    apigw_json_trie_slot_t *slot)
{
    size_t                   i;
    apigw_rc_t               rc;
    apigw_json_trie_node_t  *node;

    if (slot->kind == APIGW_TRIE_REPLACE) {
        return APIGW_EUNSUPPORTED;
    }

    rc = apigw_json_trie_open(trie, slot, 2 * op->nrenames, &node);
    if (rc != APIGW_OK) {
        return rc;
    }

    for (i = 0; i < op->nrenames; i++) {
        apigw_json_trie_insert_member(node, op->renames[i].from);
        apigw_json_trie_insert_member(node, op->renames[i].to);
    }

    for (i = 0; i < node->nmembers; i++) {
        rc = apigw_json_trie_rename_member(trie, op, &node->members[i]);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    slot->kind = APIGW_TRIE_BRANCH;
    slot->node = node;

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_trie_rename_member(apigw_json_trie_t *trie,
    const apigw_transform_op_t *op, apigw_json_trie_member_t *m)
{
    size_t  i;

    if (m->slot.kind == APIGW_TRIE_DROP) {
        return APIGW_OK;
    }

    for (i = 0; i < op->nrenames; i++) {
        if (apigw_str_eq(op->renames[i].from, m->out)) {
            m->out = op->renames[i].to;
            return apigw_json_trie_quote(trie->arena, m->out, &m->source);
        }
    }

    for (i = 0; i < op->nrenames; i++) {
        if (apigw_str_eq(op->renames[i].to, m->out)) {
            memset(&m->slot, 0, sizeof(apigw_json_trie_slot_t));
            break;
        }
    }

    return APIGW_OK;
}


apigw_rc_t
apigw_json_trie_quote(apigw_arena_t *arena, apigw_str_t name,
    apigw_str_t *source)
{
    uint8_t              *p;
    apigw_rc_t            rc;
    apigw_str_t           text;
    apigw_json_writer_t   w;

    apigw_json_writer_init(&w, arena);

    (void) apigw_json_write_string(&w, name);

    rc = apigw_json_writer_finish(&w, &text);
    if (rc != APIGW_OK) {
        return rc;
    }

    p = apigw_arena_dup(arena, text.data, text.len);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    p[text.len] = ':';

    source->data = p;
    source->len = text.len + 1;

    return APIGW_OK;
}
