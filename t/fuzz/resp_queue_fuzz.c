
/*
 * The pending queue against a model that keeps every command in a plain
 * array. Each byte is a step: send, cancel, gather, write, reply, time out,
 * lose the connection. No reply may reach an owner other than its command's.
 */


#include "apigw_resp.h"
#include "apigw_resp_queue.h"

#include <stdlib.h>


#define CAP     13
#define STEPS   4096
#define ASKING  "*1\r\n$6\r\nASKING\r\n"
#define AHEAD   (sizeof(ASKING) - 1)


typedef struct {
    bool      owned;
    bool      gathered;
    bool      over;                  /* replied, failed or dropped */
    uint64_t  serial;
    uint64_t  deadline;
    size_t    end;
    size_t    len;
    size_t    ahead;                 /* bytes of ASKING not replied to */
} command_t;


typedef struct {
    command_t            commands[STEPS];
    size_t               n;
    size_t               stream;
    size_t               written;
    uint64_t             now;
    apigw_resp_queue_t  *queue;
} model_t;


#define CHECK(cond)                                                           \
    do { if (!(cond)) { abort(); } } while (0)


static size_t
oldest(model_t *m, bool gathered)
{
    size_t  i;

    for (i = 0; i < m->n; i++) {
        if (!m->commands[i].over && m->commands[i].gathered == gathered) {
            return i;
        }
    }

    return m->n;
}


static void
send_one(model_t *m, uint8_t x)
{
    char        *bytes;
    size_t       len;
    apigw_rc_t   rc;
    apigw_str_t  arg = { (const uint8_t *) "abcdefghijklmnop", x & 15 };
    command_t   *c = &m->commands[m->n];

    CHECK(apigw_resp_command(&arg, 1, &bytes, &len) == APIGW_OK);

    c->deadline = m->now + (x & 7);

    rc = apigw_resp_queue_push(m->queue, c, bytes, len, c->deadline,
                               &c->serial);
    if (rc != APIGW_OK) {
        apigw_resp_command_free(bytes);
        return;
    }

    if (x & 32) {
        apigw_resp_queue_asking(m->queue, c->serial);
        c->ahead = AHEAD;
    }

    c->owned = true;
    m->n++;
}


static void
cancel_one(model_t *m, uint8_t x)
{
    bool        expected;
    command_t  *c;

    if (m->n == 0) {
        return;
    }

    c = &m->commands[m->n - 1 - x % m->n];
    expected = c->owned;

    CHECK(apigw_resp_queue_cancel(m->queue, c->serial, c) == expected);

    c->owned = false;
    c->over |= !c->gathered;
}


static void
gather(model_t *m, uint8_t x)
{
    size_t   used, i, len, ahead;
    uint8_t  out[512];

    used = apigw_resp_queue_gather(m->queue, out, x * 2, m->now);

    for (i = oldest(m, false); used; i = oldest(m, false)) {
        CHECK(i < m->n);

        ahead = m->commands[i].ahead;
        CHECK(ahead <= used && memcmp(out, ASKING, ahead) == 0);

        /* *1\r\n$N\r\n...\r\n */

        len = (size_t) atoi((char *) out + ahead + 5);
        len += (len > 9 ? 11 : 10) + ahead;
        CHECK(len <= used);

        used -= len;
        memmove(out, out + len, used);

        m->stream += len;
        m->commands[i].len = len;
        m->commands[i].end = m->stream;
        m->commands[i].gathered = true;
    }
}


static void
reply_one(model_t *m)
{
    void       *owner;
    size_t      i;
    command_t  *c;

    i = oldest(m, true);
    c = &m->commands[i];

    if (i < m->n && c->ahead && c->end - c->len + c->ahead <= m->written) {
        CHECK(apigw_resp_queue_reply(m->queue, &owner) == APIGW_AGAIN);
        c->ahead = 0;
        return;
    }

    if (i == m->n || c->end > m->written) {
        CHECK(apigw_resp_queue_reply(m->queue, &owner) == APIGW_EINPUT);
        return;
    }

    CHECK(apigw_resp_queue_reply(m->queue, &owner) == APIGW_OK);
    CHECK(owner == (c->owned ? c : NULL));

    c->owned = false;
    c->over = true;
}


static void
expire(model_t *m, uint8_t x)
{
    bool        sent;
    size_t      i;
    uint64_t    cursor = 0;
    command_t  *c;

    m->now += x & 3;

    while ((c = apigw_resp_queue_due(m->queue, &cursor, m->now, &sent))) {
        CHECK(c->owned && !c->over && c->deadline <= m->now);
        CHECK(sent == c->gathered);

        c->owned = false;
        c->over |= !c->gathered;

        if (x & 4 && m->n < STEPS) {
            send_one(m, 7);          /* a handler that sends */
        }
    }

    for (i = 0; i < m->n; i++) {
        CHECK(!m->commands[i].owned || m->commands[i].deadline > m->now);
    }
}


static void
lose(model_t *m, bool all)
{
    bool     sent;
    void    *owner;
    size_t   i;

    while (apigw_resp_queue_fail(m->queue, all, &owner, &sent)) {
        i = oldest(m, true);

        if (i == m->n) {
            CHECK(all);
            i = oldest(m, false);
        }

        CHECK(i < m->n);
        CHECK(owner == (m->commands[i].owned ? &m->commands[i] : NULL));
        CHECK(sent == (m->commands[i].gathered
                       && m->commands[i].end <= m->written));

        m->commands[i].owned = false;
        m->commands[i].over = true;
    }

    CHECK(oldest(m, true) == m->n);

    m->stream = 0;
    m->written = 0;
}


static void
check(model_t *m)
{
    size_t    i, live;
    uint64_t  deadline;

    live = 0;
    deadline = APIGW_RESP_NEVER;

    for (i = 0; i < m->n; i++) {
        if (m->commands[i].owned) {
            live++;

            if (m->commands[i].deadline < deadline) {
                deadline = m->commands[i].deadline;
            }
        }
    }

    CHECK(apigw_resp_queue_live(m->queue) == live);
    CHECK(apigw_resp_queue_deadline(m->queue) == deadline);
    CHECK((apigw_resp_queue_owed_since(m->queue) == APIGW_RESP_NEVER)
          == (oldest(m, true) == m->n));
    CHECK((apigw_resp_queue_want(m->queue, 1) == 0)
          == (oldest(m, false) == m->n));
}


static void
step(model_t *m, uint8_t x)
{
    size_t  n;

    switch (x >> 5) {

    case 0:
    case 1:
        if (m->n < STEPS) {
            send_one(m, x);
        }

        return;

    case 2:
        cancel_one(m, x & 31);
        return;

    case 3:
        gather(m, x & 31 ? x : 255);
        return;

    case 4:
        n = m->stream - m->written;
        n = n < (x & 31) ? n : (x & 31);
        apigw_resp_queue_written(m->queue, n);
        m->written += n;
        return;

    case 5:
        reply_one(m);
        return;

    case 6:
        expire(m, x);
        return;

    default:
        if ((x & 31) < 4) {
            lose(m, x & 1);
        }
    }
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t          i;
    model_t        *m;
    apigw_heap_t    heap = { NULL };
    apigw_arena_t   arena;

    apigw_heap_arena(&heap, &arena);

    m = apigw_arena_zalloc(&arena, sizeof(model_t));
    CHECK(m != NULL);

    m->queue = apigw_resp_queue_create(&arena, CAP);
    CHECK(m->queue != NULL);

    for (i = 0; i < size && i < STEPS; i++) {
        step(m, data[i]);
        check(m);
    }

    lose(m, true);
    check(m);
    CHECK(oldest(m, false) == m->n);

    apigw_heap_free(&heap);

    return 0;
}
