
/*
 * The inside of a projection, shared by apigw_json_project.c (the states) and
 * apigw_json_project_state.c (between them, and output).
 */


#ifndef _APIGW_JSON_PROJECT_STATE_H_INCLUDED_
#define _APIGW_JSON_PROJECT_STATE_H_INCLUDED_


#include "apigw_json_project.h"
#include "apigw_json_trie_node.h"


#pragma GCC visibility push(hidden)


#define APIGW_PROJECT_SPILL  8        /* more than one step writes */


typedef enum {
    APIGW_PROJECT_ROOT = 0,
    APIGW_PROJECT_MEMBER,
    APIGW_PROJECT_ELEMENT,
    APIGW_PROJECT_SPAN,
    APIGW_PROJECT_TOKEN,
    APIGW_PROJECT_SCALAR,
    APIGW_PROJECT_REST,
    APIGW_PROJECT_REMAINS,
    APIGW_PROJECT_END,
    APIGW_PROJECT_DONE
} apigw_json_project_state_e;


typedef struct {
    const apigw_json_trie_node_t    *node;
    uint64_t                        *seen;      /* members; NULL: not asked */
    uint32_t                         index;     /* of the element to come */
    uint32_t                         at;        /* of node->elements, not yet
                                                   passed */
    uint16_t                         mark;
    bool                             array;
} apigw_json_project_frame_t;


struct apigw_json_project_s {
    uint8_t                         *out;       /* room of this call */
    uint8_t                         *end;

    apigw_json_project_state_e       state;
    apigw_json_project_frame_t      *frame;     /* innermost; NULL: none */
    const apigw_json_trie_slot_t    *slot;      /* of the value at hand */
    const apigw_json_trie_member_t  *member;    /* the same; NULL: another */
    apigw_str_t                      key;       /* its name in the source */
    bool                             emit;      /* what is read goes out */
    bool                             opened;    /* its name went out */
    bool                             comma;     /* needed before a value */
    bool                             emitted;   /* the root went out */
    bool                             done;      /* a target was found */
    bool                             mention;
    uint16_t                         mark;      /* of the value at hand */
    uint16_t                         visited;   /* innermost target found */

    apigw_json_reader_t              reader;
    apigw_json_project_frame_t      *frames;

    /* Written but without room yet; comes first in the next call. */

    apigw_str_t                      spill[APIGW_PROJECT_SPILL];
    uint32_t                         nspill;

    const apigw_json_trie_t         *trie;
    apigw_transform_values_t        *values;
    apigw_arena_t                   *arena;
    uint8_t                         *held;      /* a name kept over windows */
    size_t                           max_key;
    apigw_rc_t                       rc;        /* once failed */
    apigw_error_t                    error;
};


/* Goes on with a value whose slot is known. */
void apigw_json_project_begin(apigw_json_project_t *p,
    const apigw_json_trie_slot_t *slot);


/* Opens a frame for the container that `token` begins. */
void apigw_json_project_push(apigw_json_project_t *p,
    const apigw_json_token_t *token);


/* Closes the innermost frame, whose container's end was read. */
void apigw_json_project_pop(apigw_json_project_t *p);


/* Writes what stands before a value: a comma, its name, or the groups. */
void apigw_json_project_open(apigw_json_project_t *p);


/*
 * Notes that the name of p->member, which must not come twice in one object,
 * was read at `offset`. APIGW_EINPUT json_duplicate_key
 */
apigw_rc_t apigw_json_project_mentioned(apigw_json_project_t *p,
    size_t offset);


/* The first byte of a value was read; the last one. */
void apigw_json_project_visit(apigw_json_project_t *p);
void apigw_json_project_leave(apigw_json_project_t *p);


/*
 * Keeps a name for the next window: this one ends before its value, whose kind
 * decides whether the name goes out. APIGW_AGAIN, APIGW_ENOMEM
 */
apigw_rc_t apigw_json_project_hold(apigw_json_project_t *p);


/* Output that has no room, kept and brought in by the next call. */
void apigw_json_project_spill(apigw_json_project_t *p, apigw_str_t s);
void apigw_json_project_unspill(apigw_json_project_t *p);


/* Notes why, returns `rc`. */
apigw_rc_t apigw_json_project_fail(apigw_json_project_t *p, apigw_rc_t rc,
    const char *word, size_t offset);


static inline void
apigw_json_project_put(apigw_json_project_t *p, apigw_str_t s)
{
    if (s.len <= (size_t) (p->end - p->out) && p->nspill == 0) {
        if (s.len) {
            memcpy(p->out, s.data, s.len);
            p->out += s.len;
        }

        return;
    }

    apigw_json_project_spill(p, s);
}


static inline void
apigw_json_project_put_byte(apigw_json_project_t *p, const char *byte)
{
    apigw_str_t  s;

    if (p->out != p->end && p->nspill == 0) {
        *p->out++ = *byte;
        return;
    }

    s.data = (const uint8_t *) byte;
    s.len = 1;

    apigw_json_project_spill(p, s);
}


#pragma GCC visibility pop


#endif /* _APIGW_JSON_PROJECT_STATE_H_INCLUDED_ */
