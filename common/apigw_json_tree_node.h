
/*
 * The tree's inside, shared by its files: apigw_json_tree.c (nodes and text),
 * apigw_json_tree_name.c (members by name), apigw_json_tree_path.c (the way of
 * a pointer), apigw_json_tree_ops.c (operations), apigw_json_tree_out.c (the
 * way back to text).
 */


#ifndef _APIGW_JSON_TREE_NODE_H_INCLUDED_
#define _APIGW_JSON_TREE_NODE_H_INCLUDED_


#include "apigw_json_tree.h"


#pragma GCC visibility push(hidden)


#define APIGW_JSON_TREE_EXPANDED  0x01   /* a container whose children are
                                            nodes */
#define APIGW_JSON_TREE_INDEXED   0x02   /* `count` is the number of an index */
#define APIGW_JSON_TREE_REPEATED  0x04   /* an index met a name twice */
#define APIGW_JSON_TREE_ESCAPED   0x08   /* the name's source has a backslash;
                                            all others belong to the value */


/*
 * Of a value that is not expanded, `first` and `last` are offset and length of
 * its text; a length of 0 is null.
 */

typedef struct {
    uint32_t               next;
    uint32_t               prev;
    uint32_t               parent;
    uint32_t               first;
    uint32_t               last;
    uint32_t               count;    /* of children */
    uint32_t               name;     /* offset of its source, with quotes */
    uint16_t               name_len; /* 0: an element, or the root */
    uint8_t                kind;
    uint8_t                flags;
} apigw_json_tree_node_t;


/* Slots hold node numbers, or one of these two. */

#define APIGW_JSON_TREE_FREE      0
#define APIGW_JSON_TREE_DELETED   UINT32_MAX

typedef struct {
    uint32_t              *slots;
    uint32_t               mask;     /* number of slots - 1 */
    uint32_t               used;     /* slots that are not free */
    uint32_t               count;    /* children, those of one name too */
} apigw_json_tree_index_t;


struct apigw_json_tree_s {
    apigw_arena_t             *arena;
    apigw_str_t                body;
    apigw_json_node_t          root;

    uint8_t                   *added;      /* text at offsets from body.len */
    size_t                     added_len;
    size_t                     added_size;

    apigw_json_tree_node_t   **chunks;
    size_t                     n_chunks;
    size_t                     chunks_size;
    size_t                     n_nodes;    /* number 0 counted */

    apigw_json_tree_index_t   *indexes;
    size_t                     n_indexes;
    size_t                     indexes_size;

    uint8_t                   *scratch;    /* for a decoded name */
    size_t                     scratch_size;

    apigw_json_tree_options_t  options;
    apigw_error_t              error;
};


/* What a node holds, apart from its place and name. */

typedef struct {
    uint32_t               first;
    uint32_t               last;
    uint32_t               count;
    uint8_t                kind;
    uint8_t                flags;
} apigw_json_tree_value_t;


#define APIGW_JSON_TREE_CHUNK  128       /* nodes */


static inline apigw_json_tree_node_t *
apigw_json_tree_node(const apigw_json_tree_t *tree, apigw_json_node_t n)
{
    return &tree->chunks[n / APIGW_JSON_TREE_CHUNK][n % APIGW_JSON_TREE_CHUNK];
}


static inline apigw_str_t
apigw_json_tree_slice(const apigw_json_tree_t *tree, uint32_t offset,
    size_t len)
{
    apigw_str_t  text;

    text.data = offset < tree->body.len
                ? tree->body.data + offset
                : tree->added + (offset - tree->body.len);
    text.len = len;

    return text;
}


/* The place of a node's number of children. */

static inline uint32_t *
apigw_json_tree_count(const apigw_json_tree_t *tree,
    apigw_json_tree_node_t *node)
{
    return node->flags & APIGW_JSON_TREE_INDEXED
           ? &tree->indexes[node->count].count : &node->count;
}


/* Sets the error; returns `rc`. */
apigw_rc_t apigw_json_tree_fail(apigw_json_tree_t *tree, apigw_rc_t rc,
    const char *word);


/* Room for one more item of an array that doubles. */
apigw_rc_t apigw_json_tree_room(apigw_json_tree_t *tree, void *array,
    size_t n, size_t *size, size_t item);


/* A null without place or name. */
apigw_rc_t apigw_json_tree_new(apigw_json_tree_t *tree, apigw_json_node_t *n);


/* Adds `len` bytes to the text, uninitialised; *offset is where. */
apigw_rc_t apigw_json_tree_text_room(apigw_json_tree_t *tree, size_t len,
    uint32_t *offset);


/* Adds a checked value's text, and makes *value of it. */
apigw_rc_t apigw_json_tree_text_value(apigw_json_tree_t *tree,
    apigw_str_t text, apigw_json_tree_value_t *value);


/* Makes nodes of a container's children, if that is still to be done. */
apigw_rc_t apigw_json_tree_expand(apigw_json_tree_t *tree,
    apigw_json_node_t n);


/* Turns a node into an empty container, or into null. */
void apigw_json_tree_make(apigw_json_tree_t *tree, apigw_json_node_t n,
    apigw_json_kind_e kind);


/* Copies out what a node holds; gives a node something else to hold. */
apigw_json_tree_value_t apigw_json_tree_held(const apigw_json_tree_t *tree,
    apigw_json_node_t n);
void apigw_json_tree_hold(apigw_json_tree_t *tree, apigw_json_node_t n,
    const apigw_json_tree_value_t *value);


/* Puts a node behind the last child; takes a child out. */
apigw_rc_t apigw_json_tree_push(apigw_json_tree_t *tree,
    apigw_json_node_t parent, apigw_json_node_t n);
void apigw_json_tree_unlink(apigw_json_tree_t *tree, apigw_json_node_t n);


/* The last member of that name of an expanded object; 0 for none. */
apigw_rc_t apigw_json_tree_name_find(apigw_json_tree_t *tree,
    apigw_json_node_t n, apigw_str_t name, apigw_json_node_t *child);


/* Writes a name for a node that is not linked. */
apigw_rc_t apigw_json_tree_name_set(apigw_json_tree_t *tree,
    apigw_json_node_t n, apigw_str_t name);


/* Takes out the members in front of `n` that are named as it is. */
void apigw_json_tree_name_single(apigw_json_tree_t *tree, apigw_json_node_t n,
    apigw_str_t name);


/* Keeps a parent's index right, if it has one. */
apigw_rc_t apigw_json_tree_name_added(apigw_json_tree_t *tree,
    apigw_json_node_t n);
void apigw_json_tree_name_removed(apigw_json_tree_t *tree,
    apigw_json_node_t n);


typedef enum {
    APIGW_JSON_PUT_SET = 0,
    APIGW_JSON_PUT_ADD,
    APIGW_JSON_PUT_REPLACE,
    APIGW_JSON_PUT_APPEND
} apigw_json_put_e;


/* An operation at work: what is done at each place that its "*" lead to. */

typedef struct apigw_json_work_s  apigw_json_work_t;

struct apigw_json_work_s {
    apigw_rc_t                  (*at)(apigw_json_tree_t *tree,
                                      const apigw_json_work_t *work,
                                      apigw_json_node_t base);
    bool                          strict;  /* a scalar on the way is a fault */
    apigw_json_put_e              how;
    apigw_json_tree_value_t       value;
    const apigw_json_segment_t   *segments;      /* behind the last "*" */
    size_t                        n;
    const apigw_json_segment_t   *from;          /* of move and copy */
    size_t                        n_from;
    bool                          copy;
};


/* The segments from the n-th on; a pointer to the document has no array. */

static inline const apigw_json_segment_t *
apigw_json_tree_tail(const apigw_json_pointer_t *pointer, size_t n)
{
    return n ? pointer->segments + n : pointer->segments;
}


/* How many segments there are up to the last "*". */
size_t apigw_json_tree_behind_any(const apigw_json_pointer_t *pointer);


/*
 * Does the work at every value that `n` segments lead to. What comes next is
 * noted before the work is done, so that it may remove its base.
 */
apigw_rc_t apigw_json_tree_each(apigw_json_tree_t *tree,
    const apigw_json_segment_t *segments, size_t n,
    const apigw_json_work_t *work);


/*
 * One segment down, to the first child for "*"; 0 when there is none.
 * in   `strict`: json_shape where the node cannot have such a child
 *      `single`: members of the same name go, but the last
 */
apigw_rc_t apigw_json_tree_step(apigw_json_tree_t *tree, apigw_json_node_t n,
    const apigw_json_segment_t *segment, bool strict, bool single,
    apigw_json_node_t *child);


/* Follows segments without "*" from `base`; 0 where that leads nowhere. */
apigw_rc_t apigw_json_tree_follow(apigw_json_tree_t *tree,
    apigw_json_node_t base, const apigw_json_segment_t *segments, size_t n,
    bool single, apigw_json_node_t *found);


#pragma GCC visibility pop


#endif /* _APIGW_JSON_TREE_NODE_H_INCLUDED_ */
