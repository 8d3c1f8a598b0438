
/* The pending commands of a pipelined connection. */


#include "apigw_test.h"
#include "apigw_resp.h"
#include "apigw_resp_queue.h"


static int  a, b, c, d;              /* owners: only their addresses matter */


static apigw_rc_t
push(apigw_resp_queue_t *queue, void *owner, const char *text,
    uint64_t deadline, uint64_t *serial)
{
    char        *bytes;
    size_t       len;
    uint64_t     own;
    apigw_rc_t   rc;
    apigw_str_t  arg = { (const uint8_t *) text, strlen(text) };

    rc = apigw_resp_command(&arg, 1, &bytes, &len);
    if (rc != APIGW_OK) {
        return rc;
    }

    rc = apigw_resp_queue_push(queue, owner, bytes, len, deadline,
                               serial ? serial : &own);
    if (rc != APIGW_OK) {
        apigw_resp_command_free(bytes);
    }

    return rc;
}


/* Ends a queue as the glue does, so that no command's bytes leak. */

static void
end(apigw_resp_queue_t *queue)
{
    bool   sent;
    void  *owner;

    while (apigw_resp_queue_fail(queue, true, &owner, &sent)) { /* void */ }
}


static bool
gathers(apigw_resp_queue_t *queue, const char *wire, uint64_t now)
{
    size_t   n;
    uint8_t  out[256];

    n = apigw_resp_queue_gather(queue, out, sizeof(out), now);

    return n == strlen(wire) && memcmp(out, wire, n) == 0;
}


#define QUEUE(cap)                                                            \
    void                *owner = NULL;                                        \
    apigw_resp_queue_t  *queue = apigw_resp_queue_create(&t->arena, cap);     \
    EXPECT(queue != NULL && owner == NULL)

#define A  "*1\r\n$1\r\nA\r\n"
#define B  "*1\r\n$1\r\nB\r\n"
#define C  "*1\r\n$1\r\nC\r\n"
#define N  (sizeof(A) - 1)


TEST(a_queue_needs_room)
{
    EXPECT(apigw_resp_queue_create(&t->arena, 0) == NULL);
    EXPECT(apigw_resp_queue_create(&t->arena, APIGW_RESP_MAX_QUEUE + 1)
           == NULL);
}


TEST(replies_go_to_commands_in_order)
{
    QUEUE(4);

    EXPECT(push(queue, &a, "A", 100, NULL) == APIGW_OK);
    EXPECT(push(queue, &b, "B", 100, NULL) == APIGW_OK);
    EXPECT(apigw_resp_queue_live(queue) == 2);
    EXPECT(apigw_resp_queue_want(queue, 1000) == 2 * N);
    EXPECT(gathers(queue, A B, 10));
    EXPECT(apigw_resp_queue_want(queue, 1000) == 0);
    apigw_resp_queue_written(queue, 2 * N);

    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_OK && owner == &a);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_OK && owner == &b);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_EINPUT);
    EXPECT(apigw_resp_queue_live(queue) == 0);
}


TEST(a_reply_before_its_command_has_left_is_refused)
{
    QUEUE(4);

    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_EINPUT);
    EXPECT(push(queue, &a, "A", 100, NULL) == APIGW_OK);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_EINPUT);
    EXPECT(gathers(queue, A, 10));
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_EINPUT);
    apigw_resp_queue_written(queue, N - 1);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_EINPUT);
    apigw_resp_queue_written(queue, 1);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_OK && owner == &a);
}


TEST(a_cancelled_command_leaves_a_tombstone_or_nothing)
{
    uint64_t  sa, sb, sc;

    QUEUE(4);

    EXPECT(push(queue, &a, "A", 100, &sa) == APIGW_OK);
    EXPECT(push(queue, &b, "B", 100, &sb) == APIGW_OK);
    EXPECT(push(queue, &c, "C", 100, &sc) == APIGW_OK);

    /* B has not been sent: it never is */

    EXPECT(apigw_resp_queue_cancel(queue, sb, &b));
    EXPECT(!apigw_resp_queue_cancel(queue, sb, &b));
    EXPECT(!apigw_resp_queue_cancel(queue, sc, &b));
    EXPECT(!apigw_resp_queue_cancel(queue, sc + 1, &b));
    EXPECT(gathers(queue, A C, 10));
    apigw_resp_queue_written(queue, 2 * N);

    /* A has: its reply is awaited and lost */

    EXPECT(apigw_resp_queue_cancel(queue, sa, &a));
    EXPECT(apigw_resp_queue_live(queue) == 1);
    EXPECT(apigw_resp_queue_owed_since(queue) == 10);

    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_OK && owner == NULL);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_OK && owner == &c);
    EXPECT(apigw_resp_queue_owed_since(queue) == APIGW_RESP_NEVER);
    EXPECT(!apigw_resp_queue_cancel(queue, sa, &a));
}


TEST(tombstones_hold_room_but_dropped_commands_do_not)
{
    int       i;
    uint64_t  serial;

    QUEUE(3);

    for (i = 0; i < 100; i++) {
        EXPECT(push(queue, &a, "A", 100, &serial) == APIGW_OK);
        EXPECT(apigw_resp_queue_cancel(queue, serial, &a));
    }

    for (i = 0; i < 3; i++) {
        EXPECT(push(queue, &a, "A", 100, &serial) == APIGW_OK);
    }

    EXPECT(push(queue, &b, "B", 100, NULL) == APIGW_ELIMIT);
    EXPECT(gathers(queue, A A A, 10));
    EXPECT(apigw_resp_queue_cancel(queue, serial, &a));
    EXPECT(push(queue, &b, "B", 100, NULL) == APIGW_ELIMIT);

    apigw_resp_queue_written(queue, 3 * N);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_OK && owner == &a);
    EXPECT(push(queue, &b, "B", 100, NULL) == APIGW_OK);

    end(queue);
}


TEST(gathering_takes_whole_commands)
{
    uint8_t  out[2 * N];

    QUEUE(4);

    EXPECT(push(queue, &a, "A", 100, NULL) == APIGW_OK);
    EXPECT(push(queue, &b, "B", 100, NULL) == APIGW_OK);
    EXPECT(push(queue, &c, "C", 100, NULL) == APIGW_OK);

    EXPECT(apigw_resp_queue_want(queue, 1) == N);
    EXPECT(apigw_resp_queue_want(queue, N + 1) == N + 1);
    EXPECT(apigw_resp_queue_want(queue, 100) == 3 * N);

    EXPECT(apigw_resp_queue_gather(queue, out, N - 1, 10) == 0);
    EXPECT(apigw_resp_queue_gather(queue, out, 2 * N - 1, 10) == N);
    EXPECT(apigw_resp_queue_gather(queue, out, 2 * N, 10) == 2 * N);
    EXPECT(memcmp(out, B C, 2 * N) == 0);

    end(queue);
}


TEST(overdue_owners_are_given_once)
{
    bool      sent;
    uint64_t  cursor;

    QUEUE(8);

    EXPECT(push(queue, &a, "A", 50, NULL) == APIGW_OK);
    EXPECT(gathers(queue, A, 10));
    EXPECT(push(queue, &b, "B", 70, NULL) == APIGW_OK);
    EXPECT(push(queue, &c, "C", 60, NULL) == APIGW_OK);
    EXPECT(apigw_resp_queue_deadline(queue) == 50);

    cursor = 0;
    EXPECT(apigw_resp_queue_due(queue, &cursor, 49, &sent) == NULL);

    cursor = 0;
    EXPECT(apigw_resp_queue_due(queue, &cursor, 60, &sent) == &a && sent);

    /* a handler that sends meanwhile must not disturb the walk */

    EXPECT(push(queue, &d, "D", 110, NULL) == APIGW_OK);

    EXPECT(apigw_resp_queue_due(queue, &cursor, 60, &sent) == &c && !sent);
    EXPECT(apigw_resp_queue_due(queue, &cursor, 60, &sent) == NULL);
    EXPECT(apigw_resp_queue_deadline(queue) == 70);
    EXPECT(apigw_resp_queue_live(queue) == 2);

    /* C never left; A's reply is awaited */

    EXPECT(gathers(queue, B "*1\r\n$1\r\nD\r\n", 61));
    apigw_resp_queue_written(queue, 3 * N);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_OK && owner == NULL);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_OK && owner == &b);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_OK && owner == &d);
    EXPECT(apigw_resp_queue_deadline(queue) == APIGW_RESP_NEVER);
}


TEST(a_lost_connection_tells_what_was_sent)
{
    bool  sent;

    QUEUE(8);

    EXPECT(push(queue, &a, "A", 50, NULL) == APIGW_OK);
    EXPECT(push(queue, &b, "B", 50, NULL) == APIGW_OK);
    EXPECT(gathers(queue, A B, 10));
    EXPECT(push(queue, &c, "C", 50, NULL) == APIGW_OK);

    /* B's last byte is still here, so no server can have run it */

    apigw_resp_queue_written(queue, 2 * N - 1);

    EXPECT(apigw_resp_queue_fail(queue, false, &owner, &sent));
    EXPECT(owner == &a && sent);
    EXPECT(apigw_resp_queue_fail(queue, false, &owner, &sent));
    EXPECT(owner == &b && !sent);
    EXPECT(!apigw_resp_queue_fail(queue, false, &owner, &sent));
    EXPECT(apigw_resp_queue_live(queue) == 1);

    /* C goes with the next connection, whose stream starts anew */

    EXPECT(gathers(queue, C, 20));
    apigw_resp_queue_written(queue, N - 1);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_EINPUT);
    apigw_resp_queue_written(queue, 1);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_OK && owner == &c);

    EXPECT(push(queue, &d, "D", 50, NULL) == APIGW_OK);
    EXPECT(apigw_resp_queue_fail(queue, true, &owner, &sent));
    EXPECT(owner == &d && !sent);
    EXPECT(!apigw_resp_queue_fail(queue, true, &owner, &sent));
}


#define ASKING  "*1\r\n$6\r\nASKING\r\n"
#define AHEAD   (sizeof(ASKING) - 1)


TEST(asking_goes_ahead_and_its_reply_is_skipped)
{
    uint64_t  serial;

    QUEUE(3);

    EXPECT(push(queue, &a, "A", 50, NULL) == APIGW_OK);
    EXPECT(push(queue, &b, "B", 50, &serial) == APIGW_OK);
    apigw_resp_queue_asking(queue, serial);
    EXPECT(push(queue, &c, "C", 50, NULL) == APIGW_OK);

    EXPECT(apigw_resp_queue_want(queue, 1000) == 3 * N + AHEAD);
    EXPECT(gathers(queue, A ASKING B C, 10));

    /* B has not left yet: the server can have answered ASKING alone */

    apigw_resp_queue_written(queue, N + AHEAD);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_OK && owner == &a);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_AGAIN);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_EINPUT);

    apigw_resp_queue_written(queue, 2 * N);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_OK && owner == &b);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_OK && owner == &c);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_EINPUT);
}


TEST(asking_goes_with_its_command_or_not_at_all)
{
    bool      sent;
    uint64_t  serial;

    QUEUE(3);

    EXPECT(push(queue, &a, "A", 50, &serial) == APIGW_OK);
    apigw_resp_queue_asking(queue, serial);
    EXPECT(push(queue, &b, "B", 50, NULL) == APIGW_OK);
    EXPECT(apigw_resp_queue_cancel(queue, serial, &a));
    EXPECT(apigw_resp_queue_want(queue, 1000) == N);
    EXPECT(gathers(queue, B, 10));
    end(queue);

    /* a tombstone is owed both replies */

    EXPECT(push(queue, &a, "A", 50, &serial) == APIGW_OK);
    apigw_resp_queue_asking(queue, serial);
    EXPECT(gathers(queue, ASKING A, 10));
    apigw_resp_queue_written(queue, AHEAD + N);
    EXPECT(apigw_resp_queue_cancel(queue, serial, &a));
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_AGAIN);
    EXPECT(apigw_resp_queue_reply(queue, &owner) == APIGW_OK && owner == NULL);

    /* half of it written is not sent */

    EXPECT(push(queue, &a, "A", 50, &serial) == APIGW_OK);
    apigw_resp_queue_asking(queue, serial);
    EXPECT(gathers(queue, ASKING A, 10));
    apigw_resp_queue_written(queue, AHEAD + N - 1);
    EXPECT(apigw_resp_queue_fail(queue, true, &owner, &sent));
    EXPECT(owner == &a && !sent);
}


TEST_MAIN(
    CASE(a_queue_needs_room),
    CASE(replies_go_to_commands_in_order),
    CASE(a_reply_before_its_command_has_left_is_refused),
    CASE(a_cancelled_command_leaves_a_tombstone_or_nothing),
    CASE(tombstones_hold_room_but_dropped_commands_do_not),
    CASE(gathering_takes_whole_commands),
    CASE(overdue_owners_are_given_once),
    CASE(a_lost_connection_tells_what_was_sent),
    CASE(asking_goes_ahead_and_its_reply_is_skipped),
    CASE(asking_goes_with_its_command_or_not_at_all)
)
