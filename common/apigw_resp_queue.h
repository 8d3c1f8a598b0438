
/*
 * The commands of one pipelined connection, in the order in which their
 * replies come.
 *
 *     head            unsent          tail
 *      | gathered, a reply | not yet given |
 *      | is owed to each   | to the stream |
 *
 * WAITING  -> GATHERED  its bytes joined the stream
 * WAITING  -> DROPPED   cancelled or overdue: never joins it, owes no reply
 * GATHERED -> TOMBSTONE cancelled or overdue: its reply is awaited, then lost
 * GATHERED, TOMBSTONE -> gone with the reply, or with the connection
 *
 * Owners are opaque. Times are milliseconds of any clock that never goes back.
 */


#ifndef _APIGW_RESP_QUEUE_H_INCLUDED_
#define _APIGW_RESP_QUEUE_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


#define APIGW_RESP_NEVER      UINT64_MAX
#define APIGW_RESP_MAX_QUEUE  (1 << 20)


typedef struct apigw_resp_queue_s  apigw_resp_queue_t;


/*
 * A queue of at most `cap` commands, tombstones included; NULL when memory is
 * out or `cap` is 0 or above APIGW_RESP_MAX_QUEUE. All of its memory is
 * allocated here.
 */
apigw_resp_queue_t *apigw_resp_queue_create(apigw_arena_t *arena, size_t cap);


/*
 * Queues a command for `owner`, not NULL. `bytes` come from
 * apigw_resp_command() and belong to the queue from here on.
 * APIGW_ELIMIT the queue is full; `bytes` stay the caller's
 */
apigw_rc_t apigw_resp_queue_push(apigw_resp_queue_t *queue, void *owner,
    char *bytes, size_t len, uint64_t deadline, uint64_t *serial);


/*
 * Has ASKING go ahead of the command that was pushed last, with nothing in
 * between; its reply is skipped.
 */
void apigw_resp_queue_asking(apigw_resp_queue_t *queue, uint64_t serial);


/* Forgets the owner of a command; false when it has gone already. */
bool apigw_resp_queue_cancel(apigw_resp_queue_t *queue, uint64_t serial,
    void *owner);


/*
 * How many bytes apigw_resp_queue_gather() can use: all that wait, but not
 * more than `max` unless the first command alone is longer.
 */
size_t apigw_resp_queue_want(const apigw_resp_queue_t *queue, size_t max);


/* Moves whole commands into `room` bytes at `out`; returns the bytes used. */
size_t apigw_resp_queue_gather(apigw_resp_queue_t *queue, uint8_t *out,
    size_t room, uint64_t now);


/* Notes that the next `n` gathered bytes have left for the server. */
void apigw_resp_queue_written(apigw_resp_queue_t *queue, size_t n);


/*
 * Takes the command to which the next reply belongs; *owner is NULL for a
 * tombstone.
 * APIGW_AGAIN  it is the reply to the ASKING of a command whose own is owed yet
 * APIGW_EINPUT no command that has left wholly awaits a reply
 */
apigw_rc_t apigw_resp_queue_reply(apigw_resp_queue_t *queue, void **owner);


/*
 * Takes one command off a dead connection, oldest first, until false: the
 * gathered ones, and with `all` those that wait too. *owner is NULL when
 * nobody waits; *sent says that its last byte had left, so that it may have
 * been executed.
 */
bool apigw_resp_queue_fail(apigw_resp_queue_t *queue, bool all, void **owner,
    bool *sent);


/*
 * The next owner whose deadline has come, forgotten by the queue, or NULL.
 * *cursor is 0 at first and then the queue's. *sent: its bytes are in the
 * stream and cannot be recalled.
 */
void *apigw_resp_queue_due(apigw_resp_queue_t *queue, uint64_t *cursor,
    uint64_t now, bool *sent);


/* The earliest deadline of an owner; APIGW_RESP_NEVER without any. */
uint64_t apigw_resp_queue_deadline(const apigw_resp_queue_t *queue);


/* Since when the oldest reply is owed; APIGW_RESP_NEVER if none is. */
uint64_t apigw_resp_queue_owed_since(const apigw_resp_queue_t *queue);


/* Commands with an owner. */
size_t apigw_resp_queue_live(const apigw_resp_queue_t *queue);


#pragma GCC visibility pop


#endif /* _APIGW_RESP_QUEUE_H_INCLUDED_ */
