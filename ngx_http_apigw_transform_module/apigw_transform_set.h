
/*
 * The JSON half of an apigw_transform set. At configuration time the lines
 * "json OP ..." become one list of operations; per message a run takes the
 * lists that apply, in order, and turns the bytes of a body, cut anywhere,
 * into the bytes of the new one.
 *
 * Leading operations that stream (keep, drop, replace, target, group, map,
 * rename) are compiled to projections; from the first other one on, the
 * document that they leave is held and edited as a tree. A run without such
 * an operation gives bytes out as it takes them in, in memory bounded by the
 * depth of the operations.
 */


#ifndef _APIGW_TRANSFORM_SET_H_INCLUDED_
#define _APIGW_TRANSFORM_SET_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


#define APIGW_TRANSFORM_MAX_OPS     256   /* in one set */
#define APIGW_TRANSFORM_MAX_SETS    16    /* in one run */
#define APIGW_TRANSFORM_MAX_NODES   4096  /* of one set's tries */
#define APIGW_TRANSFORM_MAX_STAGES  8     /* of one set */

#define APIGW_TRANSFORM_NO_OFFSET   ((size_t) -1)


typedef struct apigw_transform_set_s  apigw_transform_set_t;
typedef struct apigw_transform_run_s  apigw_transform_run_t;


/* Why a line is refused; all texts are static and lower case. */

typedef struct {
    const char  *text;                /* what is wrong */
    const char  *mend;                /* what to write instead */
    size_t       arg;                 /* of the argument; 0 is the operation */
    size_t       offset;              /* in that argument, or NO_OFFSET */
} apigw_transform_fault_t;


/* What to do with a name that occurs twice in one object. */

typedef enum {
    APIGW_TRANSFORM_REJECT = 0,       /* json_duplicate_key */
    APIGW_TRANSFORM_LAST,             /* the last one stands */
    APIGW_TRANSFORM_PASS              /* all are members like others */
} apigw_transform_duplicates_e;


/*
 * Makes an empty set. All of the set lives in `arena`, and the texts of its
 * lines must outlive it.
 */
apigw_transform_set_t *apigw_transform_set_create(apigw_arena_t *arena);


/*
 * Adds the operation of one line "json OP ...": args[0] is OP. An operation
 * with a value appends one to the set's values; the caller sees it by
 * apigw_transform_set_values() growing.
 * APIGW_EINPUT a bad line, APIGW_ELIMIT too many operations, both with *fault;
 * APIGW_ENOMEM
 */
apigw_rc_t apigw_transform_set_add(apigw_transform_set_t *set,
    const apigw_str_t *args, size_t nargs, apigw_transform_fault_t *fault);


/* How many values the set's operations take. */
size_t apigw_transform_set_values(const apigw_transform_set_t *set);


/* The text of the i-th value as written; the caller finds the variables. */
apigw_str_t apigw_transform_set_value(const apigw_transform_set_t *set,
    size_t i);


/*
 * Declares that the i-th value is `text` in each message. It is checked here,
 * once, and the caller need not evaluate it per message.
 * APIGW_EINPUT it does not fit its type, *fault; APIGW_ENOMEM
 */
apigw_rc_t apigw_transform_set_constant(apigw_transform_set_t *set, size_t i,
    apigw_str_t text, apigw_transform_fault_t *fault);


/*
 * Compiles the set once all of its lines are there; nothing is added later,
 * and runs may share the set.
 * APIGW_ELIMIT too many trie nodes or stages, *fault with `arg` telling the
 * index of the operation; APIGW_ENOMEM
 */
apigw_rc_t apigw_transform_set_compile(apigw_transform_set_t *set,
    apigw_transform_fault_t *fault);


/* The first operation that needs the whole document, as written, or NULL. */
const apigw_str_t *apigw_transform_set_whole(const apigw_transform_set_t *set);


/* One set in a run. */

typedef struct {
    const apigw_transform_set_t  *set;
    const apigw_str_t            *values;   /* one per value of the set; those
                                               declared constant are not read */
} apigw_transform_apply_t;


typedef struct {
    apigw_transform_duplicates_e  duplicates;
    bool                          response; /* lone \uD800 pass; a streaming
                                               run under REJECT checks only
                                               the names that ops mention */
    uint64_t                      seed[2];  /* hidden from clients */
    uint32_t                      max_depth;
    size_t                        max_size; /* of a document held as a whole */
    size_t                        expect;   /* its length if known, or 0 */
} apigw_transform_params_t;


/*
 * Makes a run of `n` sets, each on the result of the one before.
 * sets, values  must outlive the run, the array `sets` need not. A value that
 *               does not fit its type refuses the message, in the first read,
 *               be there a place for it or not, unless its line says
 *               on_invalid=skip: then that operation is left out
 * APIGW_ELIMIT too many sets, APIGW_ENOMEM; both `internal`
 */
apigw_rc_t apigw_transform_run_create(apigw_arena_t *arena,
    const apigw_transform_apply_t *sets, size_t n,
    const apigw_transform_params_t *params, apigw_transform_run_t **run,
    apigw_error_t *error);


/* True if nothing comes out before the last byte went in. */
bool apigw_transform_run_whole(const apigw_transform_run_t *run);


/*
 * Hands in the next bytes of the body; `last` with the final ones, which may
 * be none. Only when apigw_transform_run_read() has used up those before.
 * They are not copied: they must stay until they are used up.
 */
void apigw_transform_run_feed(apigw_transform_run_t *run, const uint8_t *data,
    size_t len, bool last);


/*
 * Writes up to `size` bytes of the new body to `out`, their number to *n.
 * APIGW_OK     that was all of it
 * APIGW_AGAIN  *n == size: more room is needed (size 0 too);
 *              *n < size: the bytes fed are used up, more are needed
 * APIGW_EINPUT json_invalid, json_duplicate_key, json_shape, value_invalid;
 * APIGW_ELIMIT json_too_deep, json_too_large; APIGW_ENOMEM internal.
 * The offset counts bytes of the body. A failed run fails again when asked
 * again; *n is valid all the same.
 */
apigw_rc_t apigw_transform_run_read(apigw_transform_run_t *run, uint8_t *out,
    size_t size, size_t *n, apigw_error_t *error);


/*
 * The whole new body in one piece, for callers that need it so: feed and read
 * in one, for any run. Hand in the body's bytes, in as many calls as they
 * come in; they may go after the call. APIGW_OK with the `last` ones: *body
 * is the new body, in the arena. Not to be mixed with feed and read.
 * Returns as apigw_transform_run_read() does; APIGW_AGAIN until `last`.
 */
apigw_rc_t apigw_transform_run_collect(apigw_transform_run_t *run,
    const uint8_t *data, size_t len, bool last, apigw_str_t *body,
    apigw_error_t *error);


#pragma GCC visibility pop


#endif /* _APIGW_TRANSFORM_SET_H_INCLUDED_ */
