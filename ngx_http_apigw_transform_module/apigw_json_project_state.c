
#include "apigw_json_project_state.h"


void
apigw_json_project_begin(apigw_json_project_t *p,
    const apigw_json_trie_slot_t *slot)
{
    p->slot = slot;
    p->mark = slot->mark;
    p->emit = (slot->kind == APIGW_TRIE_EMIT);
    p->opened = false;

    if (slot->kind == APIGW_TRIE_DROP || slot->kind == APIGW_TRIE_EMIT) {
        p->state = APIGW_PROJECT_SPAN;

    } else {
        p->state = APIGW_PROJECT_TOKEN;
    }
}


void
apigw_json_project_push(apigw_json_project_t *p,
    const apigw_json_token_t *token)
{
    apigw_json_project_frame_t  *f;

    if (!p->slot->node->silent) {
        apigw_json_project_open(p);
        apigw_json_project_put(p, token->raw);
        p->comma = false;
    }

    f = p->frame ? p->frame + 1 : p->frames;
    p->frame = f;

    f->node = p->slot->node;
    f->index = 0;
    f->at = 0;
    f->mark = p->mark;
    f->array = (token->kind == APIGW_JSON_ARRAY);

    if (f->seen != NULL) {
        memset(f->seen, 0, (f->node->nmembers / 64 + 1) * sizeof(uint64_t));
    }

    p->state = f->array ? APIGW_PROJECT_ELEMENT : APIGW_PROJECT_MEMBER;
}


void
apigw_json_project_pop(apigw_json_project_t *p)
{
    apigw_json_project_frame_t  *f;

    f = p->frame;
    p->frame = (f == p->frames) ? NULL : f - 1;
    p->mark = f->mark;

    if (!f->node->silent) {
        apigw_json_project_put_byte(p, f->array ? "]" : "}");
        p->comma = true;
    }

    apigw_json_project_leave(p);
}


void
apigw_json_project_open(apigw_json_project_t *p)
{
    apigw_json_project_frame_t  *f;

    f = p->frame;
    p->opened = true;

    if (f == NULL || f->node->silent) {
        apigw_json_project_put(p, p->trie->prefix);
        p->emitted = true;
        return;
    }

    if (p->comma) {
        apigw_json_project_put_byte(p, ",");
    }

    p->comma = true;

    if (f->array) {
        return;
    }

    if (p->member != NULL && p->member->source.len) {
        apigw_json_project_put(p, p->member->source);
        return;
    }

    apigw_json_project_put(p, p->key);
    apigw_json_project_put_byte(p, ":");
}


apigw_rc_t
apigw_json_project_mentioned(apigw_json_project_t *p, size_t offset)
{
    size_t     i;
    uint64_t  *word, bit;

    i = p->member - p->frame->node->members;
    word = &p->frame->seen[i / 64];
    bit = (uint64_t) 1 << i % 64;

    if (*word & bit) {
        return apigw_json_project_fail(p, APIGW_EINPUT,
                                       APIGW_JSON_DUPLICATE_KEY, offset);
    }

    *word |= bit;

    return APIGW_OK;
}


void
apigw_json_project_visit(apigw_json_project_t *p)
{
    if (p->mark > p->visited) {
        p->visited = p->mark;
    }
}


void
apigw_json_project_leave(apigw_json_project_t *p)
{
    apigw_json_project_frame_t  *f;

    if (p->mark) {
        p->done = true;
    }

    f = p->frame;

    if (f == NULL) {
        p->state = APIGW_PROJECT_END;
        return;
    }

    if (!f->array) {
        p->state = APIGW_PROJECT_MEMBER;
        return;
    }

    if (f->at < f->node->nelements
        && f->node->elements[f->at].index == f->index)
    {
        f->at++;
    }

    f->index++;
    p->state = APIGW_PROJECT_ELEMENT;
}


apigw_rc_t
apigw_json_project_hold(apigw_json_project_t *p)
{
    if (p->frame == NULL || p->frame->array || p->key.data == p->held) {
        return APIGW_AGAIN;
    }

    if (p->held == NULL) {
        p->held = apigw_arena_alloc(p->arena, p->max_key + 2);
        if (p->held == NULL) {
            return apigw_json_project_fail(p, APIGW_ENOMEM, "internal", 0);
        }
    }

    memcpy(p->held, p->key.data, p->key.len);
    p->key.data = p->held;

    return APIGW_AGAIN;
}


void
apigw_json_project_spill(apigw_json_project_t *p, apigw_str_t s)
{
    size_t  room;

    if (p->nspill == 0) {
        room = p->end - p->out;

        if (room) {
            memcpy(p->out, s.data, room);
            p->out += room;
            s.data += room;
            s.len -= room;
        }
    }

    if (s.len) {
        p->spill[p->nspill++] = s;
    }
}


void
apigw_json_project_unspill(apigw_json_project_t *p)
{
    uint32_t     i, n;
    apigw_str_t  spill[APIGW_PROJECT_SPILL];

    n = p->nspill;

    if (n == 0) {
        return;
    }

    memcpy(spill, p->spill, n * sizeof(apigw_str_t));
    p->nspill = 0;

    for (i = 0; i < n; i++) {
        apigw_json_project_put(p, spill[i]);
    }
}


apigw_rc_t
apigw_json_project_fail(apigw_json_project_t *p, apigw_rc_t rc,
    const char *word, size_t offset)
{
    p->error.word = word;
    p->error.offset = offset;

    return rc;
}
