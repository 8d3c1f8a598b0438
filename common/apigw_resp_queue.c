
#include "apigw_resp_queue.h"

#include "apigw_resp.h"


typedef struct {
    void                  *owner;       /* NULL: a tombstone, or dropped */
    char                  *bytes;       /* NULL once gathered or dropped */
    size_t                 len;
    uint64_t               end;         /* the stream's length with it */
    uint64_t               deadline;
    uint64_t               gathered;    /* when */
    bool                   dropped;
    bool                   asking;      /* goes out behind ASKING */
    bool                   asked;       /* whose reply has come */
} apigw_resp_pending_t;


/* Serials only grow; the ring's slot is serial & mask. */

struct apigw_resp_queue_s {
    apigw_resp_pending_t  *ring;
    uint64_t               mask;
    uint64_t               cap;
    uint64_t               head;
    uint64_t               unsent;
    uint64_t               tail;
    uint64_t               stream;      /* bytes gathered on this connection */
    uint64_t               written;     /* of these, how many have left */
    size_t                 waiting;     /* bytes not gathered */
    size_t                 live;
};


static const char  apigw_resp_asking[] = "*1\r\n$6\r\nASKING\r\n";

#define APIGW_RESP_ASKING_LEN  (sizeof(apigw_resp_asking) - 1)


static apigw_resp_pending_t *apigw_resp_queue_at(
    const apigw_resp_queue_t *queue, uint64_t serial);
static size_t apigw_resp_queue_copy(const apigw_resp_pending_t *p,
    uint8_t *out);
static void apigw_resp_queue_forget(apigw_resp_queue_t *queue,
    uint64_t serial);
static void apigw_resp_queue_trim(apigw_resp_queue_t *queue);


apigw_resp_queue_t *
apigw_resp_queue_create(apigw_arena_t *arena, size_t cap)
{
    size_t               slots;
    apigw_resp_queue_t  *queue;

    if (cap == 0 || cap > APIGW_RESP_MAX_QUEUE) {
        return NULL;
    }

    for (slots = 1; slots < cap; slots *= 2) { /* void */ }

    queue = apigw_arena_zalloc(arena, sizeof(apigw_resp_queue_t));
    if (queue == NULL) {
        return NULL;
    }

    queue->ring = apigw_arena_array(arena, slots,
                                    sizeof(apigw_resp_pending_t));
    if (queue->ring == NULL) {
        return NULL;
    }

    queue->mask = slots - 1;
    queue->cap = cap;

    return queue;
}


apigw_rc_t
apigw_resp_queue_push(apigw_resp_queue_t *queue, void *owner, char *bytes,
    size_t len, uint64_t deadline, uint64_t *serial)
{
    apigw_resp_pending_t  *p;

    if (queue->tail - queue->head >= queue->cap) {
        return APIGW_ELIMIT;
    }

    p = apigw_resp_queue_at(queue, queue->tail);

    memset(p, 0, sizeof(apigw_resp_pending_t));

    p->owner = owner;
    p->bytes = bytes;
    p->len = len;
    p->deadline = deadline;

    *serial = queue->tail++;
    queue->waiting += len;
    queue->live++;

    return APIGW_OK;
}


void
apigw_resp_queue_asking(apigw_resp_queue_t *queue, uint64_t serial)
{
    apigw_resp_pending_t  *p;

    p = apigw_resp_queue_at(queue, serial);

    p->asking = true;
    p->len += APIGW_RESP_ASKING_LEN;
    queue->waiting += APIGW_RESP_ASKING_LEN;
}


bool
apigw_resp_queue_cancel(apigw_resp_queue_t *queue, uint64_t serial,
    void *owner)
{
    if (serial < queue->head || serial >= queue->tail) {
        return false;
    }

    if (owner == NULL || apigw_resp_queue_at(queue, serial)->owner != owner) {
        return false;
    }

    apigw_resp_queue_forget(queue, serial);
    apigw_resp_queue_trim(queue);

    return true;
}


size_t
apigw_resp_queue_want(const apigw_resp_queue_t *queue, size_t max)
{
    uint64_t               serial;
    apigw_resp_pending_t  *p;

    if (queue->waiting <= max) {
        return queue->waiting;
    }

    for (serial = queue->unsent; serial < queue->tail; serial++) {
        p = apigw_resp_queue_at(queue, serial);

        if (!p->dropped) {
            return p->len > max ? p->len : max;
        }
    }

    return 0;
}


size_t
apigw_resp_queue_gather(apigw_resp_queue_t *queue, uint8_t *out, size_t room,
    uint64_t now)
{
    size_t                 used;
    apigw_resp_pending_t  *p;

    used = 0;

    while (queue->unsent < queue->tail) {
        p = apigw_resp_queue_at(queue, queue->unsent);

        if (!p->dropped) {
            if (p->len > room - used) {
                break;
            }

            used += apigw_resp_queue_copy(p, out + used);

            apigw_resp_command_free(p->bytes);
            p->bytes = NULL;
            p->gathered = now;

            queue->waiting -= p->len;
            queue->stream += p->len;
            p->end = queue->stream;
        }

        queue->unsent++;
    }

    apigw_resp_queue_trim(queue);

    return used;
}


static size_t
apigw_resp_queue_copy(const apigw_resp_pending_t *p, uint8_t *out)
{
    size_t  ahead;

    ahead = p->asking ? APIGW_RESP_ASKING_LEN : 0;

    memcpy(out, apigw_resp_asking, ahead);
    memcpy(out + ahead, p->bytes, p->len - ahead);

    return p->len;
}


void
apigw_resp_queue_written(apigw_resp_queue_t *queue, size_t n)
{
    queue->written += n;
}


apigw_rc_t
apigw_resp_queue_reply(apigw_resp_queue_t *queue, void **owner)
{
    apigw_resp_pending_t  *p;

    if (queue->head == queue->unsent) {
        return APIGW_EINPUT;
    }

    p = apigw_resp_queue_at(queue, queue->head);

    if (p->asking && !p->asked
        && p->end - p->len + APIGW_RESP_ASKING_LEN <= queue->written)
    {
        p->asked = true;
        return APIGW_AGAIN;
    }

    if (p->end > queue->written) {
        return APIGW_EINPUT;
    }

    *owner = p->owner;

    if (p->owner != NULL) {
        queue->live--;
    }

    queue->head++;
    apigw_resp_queue_trim(queue);

    return APIGW_OK;
}


bool
apigw_resp_queue_fail(apigw_resp_queue_t *queue, bool all, void **owner,
    bool *sent)
{
    bool                   gathered;
    apigw_resp_pending_t  *p;

    if (queue->head == queue->unsent) {

        /* nothing is left of the old stream: the next one starts at 0 */

        queue->stream = 0;
        queue->written = 0;

        if (!all || queue->unsent == queue->tail) {
            return false;
        }
    }

    p = apigw_resp_queue_at(queue, queue->head);
    gathered = queue->head < queue->unsent;

    *owner = p->owner;
    *sent = gathered && p->end <= queue->written;

    if (p->owner != NULL) {
        apigw_resp_queue_forget(queue, queue->head);
    }

    queue->head++;

    if (!gathered) {
        queue->unsent++;
    }

    apigw_resp_queue_trim(queue);

    return true;
}


void *
apigw_resp_queue_due(apigw_resp_queue_t *queue, uint64_t *cursor, uint64_t now,
    bool *sent)
{
    void                  *owner;
    uint64_t               serial;
    apigw_resp_pending_t  *p;

    serial = *cursor > queue->head ? *cursor : queue->head;

    for ( /* void */ ; serial < queue->tail; serial++) {
        p = apigw_resp_queue_at(queue, serial);

        if (p->owner == NULL || p->deadline > now) {
            continue;
        }

        owner = p->owner;
        *sent = serial < queue->unsent;
        *cursor = serial + 1;

        apigw_resp_queue_forget(queue, serial);
        apigw_resp_queue_trim(queue);

        return owner;
    }

    *cursor = serial;

    return NULL;
}


uint64_t
apigw_resp_queue_deadline(const apigw_resp_queue_t *queue)
{
    uint64_t               serial, earliest;
    apigw_resp_pending_t  *p;

    earliest = APIGW_RESP_NEVER;

    for (serial = queue->head; serial < queue->tail; serial++) {
        p = apigw_resp_queue_at(queue, serial);

        if (p->owner != NULL && p->deadline < earliest) {
            earliest = p->deadline;
        }
    }

    return earliest;
}


uint64_t
apigw_resp_queue_owed_since(const apigw_resp_queue_t *queue)
{
    if (queue->head == queue->unsent) {
        return APIGW_RESP_NEVER;
    }

    return apigw_resp_queue_at(queue, queue->head)->gathered;
}


size_t
apigw_resp_queue_live(const apigw_resp_queue_t *queue)
{
    return queue->live;
}


static apigw_resp_pending_t *
apigw_resp_queue_at(const apigw_resp_queue_t *queue, uint64_t serial)
{
    return &queue->ring[serial & queue->mask];
}


static void
apigw_resp_queue_forget(apigw_resp_queue_t *queue, uint64_t serial)
{
    apigw_resp_pending_t  *p;

    p = apigw_resp_queue_at(queue, serial);

    p->owner = NULL;
    queue->live--;

    if (serial < queue->unsent) {
        return;
    }

    apigw_resp_command_free(p->bytes);
    p->bytes = NULL;
    p->dropped = true;
    queue->waiting -= p->len;
}


/* Dropped commands owe no reply: none may stay at the head, nor hold room. */

static void
apigw_resp_queue_trim(apigw_resp_queue_t *queue)
{
    while (queue->tail > queue->unsent
           && apigw_resp_queue_at(queue, queue->tail - 1)->dropped)
    {
        queue->tail--;
    }

    while (queue->head < queue->tail
           && apigw_resp_queue_at(queue, queue->head)->dropped)
    {
        if (queue->head == queue->unsent) {
            queue->unsent++;
        }

        queue->head++;
    }
}
