
/*
 * The Redis protocol (RESP2) as a client sees it: commands to bytes, bytes to
 * replies, error replies to classes. Queue and breaker are in their own files,
 * the sockets in the glue.
 *
 * Formatting and parsing are hiredis'; what comes from the wire passes a guard
 * first, so that hiredis only ever sees well-formed replies of bounded size.
 */


#ifndef _APIGW_RESP_H_INCLUDED_
#define _APIGW_RESP_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"

#include <hiredis/hiredis.h>


#pragma GCC visibility push(hidden)


#define APIGW_RESP_MAX_ARGS      256           /* of one command */
#define APIGW_RESP_MAX_COMMAND   (1 << 24)     /* bytes of one command */

#define APIGW_RESP_MAX_ARRAY     16384         /* elements of one array */
#define APIGW_RESP_MAX_BULK      (1 << 20)     /* bytes of one bulk string */
#define APIGW_RESP_MAX_LINE      (1 << 16)     /* bytes of one line */
#define APIGW_RESP_MAX_DEPTH     7             /* arrays in arrays */
#define APIGW_RESP_MAX_ELEMENTS  (1 << 18)     /* of one reply, all levels */
#define APIGW_RESP_MAX_REPLY     (1 << 24)     /* bytes of one reply */


/* What an error reply says, by its first word. */

typedef enum {
    APIGW_RESP_CLASS_NONE = 0,       /* not an error reply */
    APIGW_RESP_CLASS_NOSCRIPT,
    APIGW_RESP_CLASS_MOVED,
    APIGW_RESP_CLASS_ASK,
    APIGW_RESP_CLASS_TRYAGAIN,
    APIGW_RESP_CLASS_LOADING,
    APIGW_RESP_CLASS_CLUSTERDOWN,
    APIGW_RESP_CLASS_MASTERDOWN,
    APIGW_RESP_CLASS_BUSY,
    APIGW_RESP_CLASS_READONLY,
    APIGW_RESP_CLASS_OOM,
    APIGW_RESP_CLASS_MISCONF,
    APIGW_RESP_CLASS_NOAUTH,
    APIGW_RESP_CLASS_WRONGPASS,
    APIGW_RESP_CLASS_NOPERM,
    APIGW_RESP_CLASS_OTHER,          /* any other error, such as ERR */
    APIGW_RESP_CLASS_N
} apigw_resp_class_e;


/* What a client does about a class. */

typedef enum {
    APIGW_RESP_DELIVER = 0,          /* the caller's to understand */
    APIGW_RESP_EVAL,                 /* not executed: send the script's text */
    APIGW_RESP_REDIRECT,             /* not executed: another node has it */
    APIGW_RESP_UNREADY,              /* not executed: the breaker counts it */
    APIGW_RESP_DROP,                 /* not executed: the wrong server */
    APIGW_RESP_REFUSED               /* not executed: an operator must act */
} apigw_resp_action_e;


/* The incremental scanner in front of hiredis; all zeroes is its start. */

typedef struct {
    uint32_t    left[APIGW_RESP_MAX_DEPTH];    /* elements missing per level */
    uint32_t    depth;
    uint32_t    state;
    uint32_t    type;                /* of the element being read */
    uint32_t    digits;
    uint32_t    negative;
    uint32_t    elements;            /* seen in this reply */
    uint32_t    line;                /* bytes seen of the line */
    uint64_t    number;
    size_t      bytes;               /* seen of this reply */
} apigw_resp_guard_t;


typedef struct apigw_resp_reader_s  apigw_resp_reader_t;


/*
 * Writes a command as an array of bulk strings. `*bytes` is on hiredis' heap
 * and ends with apigw_resp_command_free(); untouched unless APIGW_OK.
 * APIGW_EINPUT no arguments, APIGW_ELIMIT more than APIGW_RESP_MAX_ARGS or
 * APIGW_RESP_MAX_COMMAND, APIGW_ENOMEM
 */
apigw_rc_t apigw_resp_command(const apigw_str_t *args, size_t n,
    char **bytes, size_t *len);


/* Frees what apigw_resp_command() returned; NULL is fine. */
void apigw_resp_command_free(char *bytes);


/*
 * Scans `len` bytes of a stream of replies up to the end of the next reply.
 * `*used` is how many of them belong to it.
 * APIGW_OK      a reply ends after *used bytes; the guard is at its start again
 * APIGW_AGAIN   all bytes are used, the reply goes on
 * APIGW_EINPUT  not RESP2; APIGW_ELIMIT larger than allowed. Either ends the
 *               stream: nothing after it can be trusted.
 */
apigw_rc_t apigw_resp_guard_scan(apigw_resp_guard_t *guard,
    const uint8_t *data, size_t len, size_t *used);


/*
 * A reader of one stream of replies; NULL when memory is out. It holds a part
 * on hiredis' heap: end it with apigw_resp_reader_free() before the arena goes.
 */
apigw_resp_reader_t *apigw_resp_reader_create(apigw_arena_t *arena);
void apigw_resp_reader_free(apigw_resp_reader_t *reader);


/* Forgets all input, for a new stream. APIGW_ENOMEM leaves it unusable. */
apigw_rc_t apigw_resp_reader_reset(apigw_resp_reader_t *reader);


/*
 * Takes bytes from the stream up to the end of the next reply; to be called
 * again with what is left.
 * APIGW_OK     *reply is to be freed with freeReplyObject()
 * APIGW_AGAIN  all bytes are used, *reply is NULL
 * APIGW_EINPUT, APIGW_ELIMIT, APIGW_ENOMEM end the stream
 */
apigw_rc_t apigw_resp_read(apigw_resp_reader_t *reader, const uint8_t *data,
    size_t len, size_t *used, redisReply **reply);


/*
 * The class of an error's text, without its "-". A script that failed inside
 * a command is of the class of that command's error: Redis before 7 wraps it
 * in "ERR Error running script".
 */
apigw_resp_class_e apigw_resp_classify(const char *text, size_t len);


/* The class of a reply: APIGW_RESP_CLASS_NONE unless it is an error. */
apigw_resp_class_e apigw_resp_reply_class(const redisReply *reply);

apigw_resp_action_e apigw_resp_class_action(apigw_resp_class_e class);


/* The class as a word for logs and metrics, such as "loading". */
const char *apigw_resp_class_word(apigw_resp_class_e class);


/*
 * Reads an array of exactly `n` integers.
 * APIGW_EINPUT for any other reply; `values` is untouched then.
 */
apigw_rc_t apigw_resp_integers(const redisReply *reply, int64_t *values,
    size_t n);


/* Whether the reply is the status or string `text`, byte for byte. */
bool apigw_resp_reply_is(const redisReply *reply, const char *text);


#pragma GCC visibility pop


#endif /* _APIGW_RESP_H_INCLUDED_ */
