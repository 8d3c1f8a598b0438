
/*
 * States, by what comes next:
 *
 *   ROOT     the document          -> SPAN, TOKEN
 *   MEMBER   a name or "}"         -> SPAN, TOKEN; at "}" as behind a value
 *   ELEMENT  an element or "]"     -> SPAN, TOKEN; REMAINS if all others go
 *   SPAN     a value that is kept or left out, whatever it is
 *   TOKEN    a value whose kind matters: the first token of it
 *   SCALAR   further pieces of a string or number
 *   REST     what is left of a container whose value is decided
 *   REMAINS  what is left of the innermost frame's container, left out
 *   END      nothing but white space -> DONE
 *
 * Behind each value: ELEMENT or MEMBER of the innermost frame, or END. A frame
 * is a container that is neither kept nor left out as a whole.
 */


#include "apigw_json_project_state.h"


static apigw_rc_t apigw_json_project_frames(apigw_json_project_t *p);
static apigw_rc_t apigw_json_project_step(apigw_json_project_t *p);
static apigw_rc_t apigw_json_project_member(apigw_json_project_t *p);
static apigw_rc_t apigw_json_project_element(apigw_json_project_t *p);
static apigw_rc_t apigw_json_project_span(apigw_json_project_t *p);
static apigw_rc_t apigw_json_project_token(apigw_json_project_t *p);
static apigw_rc_t apigw_json_project_value(apigw_json_project_t *p,
    apigw_json_trie_kind_e *kind, apigw_str_t *json);
static apigw_rc_t apigw_json_project_scalar(apigw_json_project_t *p);
static apigw_rc_t apigw_json_project_rest(apigw_json_project_t *p);
static apigw_rc_t apigw_json_project_finish(apigw_json_project_t *p);
static apigw_rc_t apigw_json_project_reader_failed(apigw_json_project_t *p,
    apigw_rc_t rc);


apigw_rc_t
apigw_json_project_create(apigw_arena_t *arena, const apigw_json_trie_t *trie,
    apigw_transform_values_t *values, const apigw_json_options_t *options,
    bool mention, apigw_json_project_t **project)
{
    apigw_rc_t             rc;
    apigw_json_project_t  *p;

    p = apigw_arena_zalloc(arena, sizeof(apigw_json_project_t));
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    p->arena = arena;
    p->trie = trie;
    p->values = values;
    p->mention = mention;
    p->max_key = options->max_key ? options->max_key
                                  : APIGW_JSON_DEFAULT_KEY;

    rc = apigw_json_reader_init(&p->reader, arena, options);
    if (rc != APIGW_OK) {
        return rc;
    }

    rc = apigw_json_project_frames(p);
    if (rc != APIGW_OK) {
        return rc;
    }

    *project = p;

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_project_frames(apigw_json_project_t *p)
{
    size_t     words;
    uint32_t   i;
    uint64_t  *seen;

    p->frames = apigw_arena_array(p->arena, p->trie->depth,
                                  sizeof(apigw_json_project_frame_t));
    if (p->frames == NULL) {
        return APIGW_ENOMEM;
    }

    words = p->mention ? p->trie->width / 64 + 1 : 0;

    seen = apigw_arena_array(p->arena, p->trie->depth * words,
                             sizeof(uint64_t));
    if (seen == NULL) {
        return APIGW_ENOMEM;
    }

    for (i = 0; i < p->trie->depth; i++) {
        p->frames[i].seen = words ? seen + i * words : NULL;
    }

    return APIGW_OK;
}


void
apigw_json_project_feed(apigw_json_project_t *p, const uint8_t *data,
    size_t len, bool last)
{
    apigw_json_reader_feed(&p->reader, data, len, last);
}


apigw_rc_t
apigw_json_project_read(apigw_json_project_t *p, uint8_t *out, size_t size,
    size_t *n, apigw_error_t *error)
{
    apigw_rc_t  rc;

    rc = p->rc;

    p->out = out;
    p->end = out + size;

    if (rc == APIGW_OK) {
        apigw_json_project_unspill(p);

        while (rc == APIGW_OK && p->nspill == 0 && p->out != p->end
               && p->state != APIGW_PROJECT_DONE)
        {
            rc = apigw_json_project_step(p);
        }
    }

    *n = p->out - out;

    if (rc < 0) {
        p->rc = rc;
        *error = p->error;
        return rc;
    }

    if (p->state == APIGW_PROJECT_DONE && p->nspill == 0) {
        return APIGW_OK;
    }

    return APIGW_AGAIN;
}


static apigw_rc_t
apigw_json_project_step(apigw_json_project_t *p)
{
    switch (p->state) {

    case APIGW_PROJECT_ROOT:
        apigw_json_project_begin(p, &p->trie->root);
        return APIGW_OK;

    case APIGW_PROJECT_MEMBER:
        return apigw_json_project_member(p);

    case APIGW_PROJECT_ELEMENT:
        return apigw_json_project_element(p);

    case APIGW_PROJECT_SPAN:
        return apigw_json_project_span(p);

    case APIGW_PROJECT_TOKEN:
        return apigw_json_project_token(p);

    case APIGW_PROJECT_SCALAR:
        return apigw_json_project_scalar(p);

    case APIGW_PROJECT_REST:
    case APIGW_PROJECT_REMAINS:
        return apigw_json_project_rest(p);

    case APIGW_PROJECT_END:
        return apigw_json_project_finish(p);

    default: /* APIGW_PROJECT_DONE */
        return APIGW_OK;
    }
}


static apigw_rc_t
apigw_json_project_member(apigw_json_project_t *p)
{
    apigw_rc_t                       rc;
    apigw_json_token_t               t;
    const apigw_json_trie_node_t    *node;
    const apigw_json_trie_member_t  *m;

    static const apigw_json_trie_slot_t  drop;

    rc = apigw_json_reader_next(&p->reader, &t);
    if (rc != APIGW_OK) {
        return apigw_json_project_reader_failed(p, rc);
    }

    if (t.kind == APIGW_JSON_OBJECT_END) {
        apigw_json_project_pop(p);
        return APIGW_OK;
    }

    node = p->frame->node;
    m = apigw_json_trie_find(node, t.name);

    p->key = t.raw;
    p->member = m;

    if (m != NULL && p->mention) {
        rc = apigw_json_project_mentioned(p, t.offset);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    if (node->silent && p->done) {
        apigw_json_project_begin(p, &drop);
        return APIGW_OK;
    }

    apigw_json_project_begin(p, m ? &m->slot : &node->member);

    if (p->slot->kind == APIGW_TRIE_EMIT) {
        apigw_json_project_open(p);
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_project_element(apigw_json_project_t *p)
{
    apigw_json_project_frame_t    *f;
    const apigw_json_trie_node_t  *node;

    f = p->frame;
    node = f->node;

    if ((node->silent && p->done)
        || (f->at == node->nelements
            && node->element.kind == APIGW_TRIE_DROP))
    {
        p->emit = false;
        p->state = APIGW_PROJECT_REMAINS;
        return APIGW_OK;
    }

    if (f->at < node->nelements && node->elements[f->at].index == f->index) {
        apigw_json_project_begin(p, &node->elements[f->at].slot);

    } else {
        apigw_json_project_begin(p, &node->element);
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_project_span(apigw_json_project_t *p)
{
    apigw_rc_t          rc;
    apigw_json_token_t  t;

    rc = apigw_json_reader_span(&p->reader, &t);
    if (rc != APIGW_OK) {
        return apigw_json_project_reader_failed(p, rc);
    }

    if (t.kind != APIGW_JSON_SPAN) {
        apigw_json_project_pop(p);
        return APIGW_OK;
    }

    if (t.first) {
        apigw_json_project_visit(p);

        if (p->emit && !p->opened) {
            apigw_json_project_open(p);
        }
    }

    if (p->emit) {
        apigw_json_project_put(p, t.raw);
    }

    if (t.last) {
        apigw_json_project_leave(p);
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_project_token(apigw_json_project_t *p)
{
    bool                    container;
    apigw_rc_t              rc;
    apigw_str_t             json;
    apigw_json_token_t      t;
    apigw_json_trie_kind_e  kind;

    rc = apigw_json_reader_next(&p->reader, &t);

    if (rc == APIGW_AGAIN) {
        rc = apigw_json_project_hold(p);
    }

    if (rc != APIGW_OK) {
        return apigw_json_project_reader_failed(p, rc);
    }

    if (t.kind == APIGW_JSON_ARRAY_END) {
        apigw_json_project_pop(p);
        return APIGW_OK;
    }

    container = (t.kind == APIGW_JSON_OBJECT || t.kind == APIGW_JSON_ARRAY);
    kind = p->slot->kind;

    if (!container && p->slot->loose) {
        p->mark = 0;
    }

    apigw_json_project_visit(p);

    if (!container && p->slot->node != NULL && !p->slot->node->scalars) {
        kind = APIGW_TRIE_DROP;
    }

    json = t.raw;

    if (kind == APIGW_TRIE_REPLACE) {
        rc = apigw_json_project_value(p, &kind, &json);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    if (kind == APIGW_TRIE_BRANCH && container) {
        apigw_json_project_push(p, &t);
        return APIGW_OK;
    }

    if (kind != APIGW_TRIE_DROP) {
        apigw_json_project_open(p);
        apigw_json_project_put(p, json);
    }

    p->emit = (kind == APIGW_TRIE_EMIT || kind == APIGW_TRIE_BRANCH);

    if (container) {
        p->state = APIGW_PROJECT_REST;

    } else if (!t.last) {
        p->state = APIGW_PROJECT_SCALAR;

    } else {
        apigw_json_project_leave(p);
    }

    return APIGW_OK;
}


/* What a value is replaced by, or, if that is skipped, what becomes of it. */

static apigw_rc_t
apigw_json_project_value(apigw_json_project_t *p, apigw_json_trie_kind_e *kind,
    apigw_str_t *json)
{
    apigw_rc_t     rc;
    apigw_error_t  error;

    rc = apigw_transform_values_get(p->values, p->slot->value, json, &error);

    switch (rc) {

    case APIGW_OK:
        return APIGW_OK;

    case APIGW_EUNSUPPORTED:
        *kind = p->slot->under;
        return APIGW_OK;

    default:
        return apigw_json_project_fail(p, rc, error.word, 0);
    }
}


static apigw_rc_t
apigw_json_project_scalar(apigw_json_project_t *p)
{
    apigw_rc_t          rc;
    apigw_json_token_t  t;

    rc = apigw_json_reader_next(&p->reader, &t);
    if (rc != APIGW_OK) {
        return apigw_json_project_reader_failed(p, rc);
    }

    if (p->emit) {
        apigw_json_project_put(p, t.raw);
    }

    if (t.last) {
        apigw_json_project_leave(p);
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_project_rest(apigw_json_project_t *p)
{
    apigw_rc_t          rc;
    apigw_json_token_t  t;

    rc = apigw_json_reader_rest(&p->reader, &t);
    if (rc != APIGW_OK) {
        return apigw_json_project_reader_failed(p, rc);
    }

    if (p->emit) {
        apigw_json_project_put(p, t.raw);
    }

    if (!t.last) {
        return APIGW_OK;
    }

    if (p->state == APIGW_PROJECT_REMAINS) {
        apigw_json_project_pop(p);

    } else {
        apigw_json_project_leave(p);
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_project_finish(apigw_json_project_t *p)
{
    size_t              i;
    apigw_rc_t          rc;
    apigw_json_token_t  t;

    rc = apigw_json_reader_next(&p->reader, &t);
    if (rc != APIGW_OK) {
        return apigw_json_project_reader_failed(p, rc);
    }

    for (i = p->visited; i < p->trie->ntargets; i++) {
        if (p->trie->musts[i]) {
            return apigw_json_project_fail(p, APIGW_EINPUT, APIGW_JSON_SHAPE,
                                           t.offset);
        }
    }

    apigw_json_project_put(p, p->emitted ? p->trie->suffix : p->trie->none);

    p->state = APIGW_PROJECT_DONE;

    return APIGW_OK;
}


/* Any code of the reader, which has told why if it is a failure. */

static apigw_rc_t
apigw_json_project_reader_failed(apigw_json_project_t *p, apigw_rc_t rc)
{
    if (rc < 0 && p->error.word == NULL) {
        p->error = p->reader.error;
    }

    return rc;
}
