
/*
 * A document that is changed at a few places and otherwise stays as it came.
 *
 * Only containers on an operation's way are expanded into nodes; all else stays
 * a span of the source and is written byte for byte. A node is 32 bytes and
 * refers to others by number and to text by a 32-bit offset: into the body, or
 * beyond its end into what operations added.
 *
 * Operations run one after the other, each on the result of those before. A
 * failed one leaves the tree of no use: the message is refused as a whole.
 *
 * Where an object has several members of one name (only under duplicates=pass),
 * the last one is meant, and writing or removing it takes the others away.
 */


#ifndef _APIGW_JSON_TREE_H_INCLUDED_
#define _APIGW_JSON_TREE_H_INCLUDED_


#include "apigw_json_pointer.h"
#include "apigw_json_value.h"
#include "apigw_json_writer.h"


#pragma GCC visibility push(hidden)


typedef struct apigw_json_tree_s  apigw_json_tree_t;

typedef uint32_t  apigw_json_node_t;      /* a number; 0 is none */

#define APIGW_JSON_NO_NODE  0


typedef struct {
    size_t    max_nodes;                  /* apigw_json_max_size / 8; 0: any */
    size_t    max_added;                  /* bytes that operations may add to
                                             the text; 0: any */
    uint64_t  seed[2];                    /* random, for the name index */
} apigw_json_tree_options_t;


/*
 * in   `body`, one document, accepted by the strict reader, below 2 GB; stays
 *      until the tree is no longer used
 * out  *tree lives as long as the arena
 * APIGW_ENOMEM; APIGW_ELIMIT json_too_large
 */
apigw_rc_t apigw_json_tree_open(apigw_arena_t *arena, apigw_str_t body,
    const apigw_json_tree_options_t *options, apigw_json_tree_t **tree);


/* Why the last call failed: word; the offset is 0. */
const apigw_error_t *apigw_json_tree_error(const apigw_json_tree_t *tree);


/*
 * Operations. A pointer may hold "*" wherever it is not said otherwise: then
 * they work at every match, and none is no failure. A value is JSON text that
 * the caller has checked; it is copied once.
 *
 * set      The pointer then holds the value: an existing one is replaced in its
 *          place, a member goes behind the others, an index equal to an array's
 *          length and a last "-" append. Missing or null parents become
 *          objects; the direct parent of a last "-" becomes an array.
 * add      As set, only where nothing is; null and false are something.
 * replace  As set, only where something is.
 * append   To the array at the pointer; missing or null: a new array.
 * remove   Values go, later elements move up. The document itself becomes null.
 * move     The value at `from` goes to `to` as by set; nothing where `from` is
 *          missing. "*" only in a common prefix of both, see
 *          apigw_json_pointer_prefix(): APIGW_EUNSUPPORTED otherwise.
 * copy     As move; the source stays.
 *
 * APIGW_EINPUT json_shape: a parent cannot hold the segment (a scalar that is
 * not null; no index of that array); APIGW_ELIMIT json_too_large; APIGW_ENOMEM
 */
apigw_rc_t apigw_json_tree_set(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *pointer, apigw_str_t value);
apigw_rc_t apigw_json_tree_add(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *pointer, apigw_str_t value);
apigw_rc_t apigw_json_tree_replace(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *pointer, apigw_str_t value);
apigw_rc_t apigw_json_tree_append(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *pointer, apigw_str_t value);
apigw_rc_t apigw_json_tree_remove(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *pointer);
apigw_rc_t apigw_json_tree_move(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *from, const apigw_json_pointer_t *to);
apigw_rc_t apigw_json_tree_copy(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *from, const apigw_json_pointer_t *to);


/*
 * The value at a pointer without "*".
 * out  *node, APIGW_JSON_NO_NODE when there is none. Valid until an operation
 *      changes the tree.
 * APIGW_EUNSUPPORTED: the pointer has "*"; APIGW_ELIMIT, APIGW_ENOMEM
 */
apigw_rc_t apigw_json_tree_find(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *pointer, apigw_json_node_t *node);


apigw_json_kind_e apigw_json_tree_kind(const apigw_json_tree_t *tree,
    apigw_json_node_t node);


/*
 * The text of a value that no operation went into, until one adds text; of a
 * scalar always. False where it has to be put together.
 */
bool apigw_json_tree_text(const apigw_json_tree_t *tree,
    apigw_json_node_t node, apigw_str_t *text);


/*
 * Walks a node's text: pieces that together are its JSON, slices of the body,
 * of added text or of static punctuation, none of them empty. No memory, no
 * recursion. The tree must not change meanwhile.
 *
 *     apigw_json_tree_walk(tree, node, &walk);
 *     while (apigw_json_tree_piece(&walk, &piece)) { ... }
 *
 * APIGW_JSON_NO_NODE as `node` is the whole document.
 */
typedef struct {
    const apigw_json_tree_t  *tree;
    apigw_json_node_t         root;
    apigw_json_node_t         node;
    uint8_t                   state;
} apigw_json_tree_walk_t;

void apigw_json_tree_walk(const apigw_json_tree_t *tree, apigw_json_node_t node,
    apigw_json_tree_walk_t *walk);
bool apigw_json_tree_piece(apigw_json_tree_walk_t *walk, apigw_str_t *piece);


/* The length of a node's text, that is of all its pieces. */
uint64_t apigw_json_tree_size(const apigw_json_tree_t *tree,
    apigw_json_node_t node);


/* Gives a node's pieces to a sink; what that returns, if not APIGW_OK. */
apigw_rc_t apigw_json_tree_emit(const apigw_json_tree_t *tree,
    apigw_json_node_t node, apigw_json_sink_pt sink, void *ctx);


#pragma GCC visibility pop


#endif /* _APIGW_JSON_TREE_H_INCLUDED_ */
