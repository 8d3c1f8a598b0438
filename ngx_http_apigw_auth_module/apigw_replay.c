
/*
 * Buckets of 16 records. A digest has two buckets, picked by a secret seed, and
 * goes to the emptier one; with that choice the first bucket overflows when the
 * table is nearly full. Nothing is ever moved, so a look-up reads 32 records.
 *
 * What one owner holds is counted in two of many counters, picked by its
 * digest; the smaller one is at least the true number. Others that share one
 * of them do no harm; who shares both with a greedy owner is refused with it,
 * which with n counters and g greedy owners has the odds (g / n)^2, and g is
 * below 16.
 *
 * A record is taken off the counters when its place is used again or a hand
 * passes that visits some buckets with each call. The hand goes round four
 * times while one owner uses up its share, so at worst a quarter of the share
 * are records that died since.
 */


#include "apigw_replay.h"


#define APIGW_REPLAY_BUCKET   16     /* records */
#define APIGW_REPLAY_SWEEP    4      /* buckets for each call */
#define APIGW_REPLAY_MIN      (16 * 1024)
#define APIGW_REPLAY_COUNTERS 65536  /* at most: an index has 16 bits */


/* All zeros: nothing was ever there. */

typedef struct {
    uint8_t    digest[APIGW_REPLAY_DIGEST];
    uint32_t   expiry;               /* 0: free */
    uint32_t   owner;                /* indices of its two counters */
} apigw_replay_record_t;

_Static_assert(sizeof(apigw_replay_record_t) == 24, "a record is 24 bytes");


struct apigw_replay_s {
    uint64_t   seed[2];
    uint32_t   nbuckets;
    uint32_t   ncounters;            /* a power of two */
    uint32_t   hand;                 /* the next bucket to visit */
    uint32_t   share;                /* of one owner */
    uint64_t   used;

    /* counters follow, then buckets */
    uint32_t   counters[];
};


static apigw_replay_record_t *apigw_replay_bucket(apigw_replay_t *replay,
    uint64_t n);
static apigw_replay_record_t *apigw_replay_at(apigw_replay_t *replay,
    uint32_t bucket);
static uint64_t apigw_replay_hash(const apigw_replay_t *replay,
    const uint8_t *bytes);
static uint32_t apigw_replay_owner(const apigw_replay_t *replay,
    const uint8_t *owner);
static bool apigw_replay_greedy(const apigw_replay_t *replay, uint32_t owner);
static void apigw_replay_count(apigw_replay_t *replay, uint32_t owner,
    bool more);
static void apigw_replay_sweep(apigw_replay_t *replay, int64_t now);
static void apigw_replay_free(apigw_replay_t *replay,
    apigw_replay_record_t *record);
static apigw_rc_t apigw_replay_fault(apigw_error_t *err, apigw_rc_t rc,
    const char *word);


apigw_rc_t
apigw_replay_init(apigw_replay_t **out, void *block, size_t size,
    const uint64_t seed[2])
{
    size_t           bucket, rest;
    apigw_replay_t  *replay;

    if (size < APIGW_REPLAY_MIN) {
        return APIGW_ELIMIT;
    }

    bucket = APIGW_REPLAY_BUCKET * sizeof(apigw_replay_record_t);
    replay = block;

    memset(replay, 0, sizeof(apigw_replay_t));

    /* about one counter for each bucket: 1 % of the block */

    replay->ncounters = 16;

    while (replay->ncounters < APIGW_REPLAY_COUNTERS
           && replay->ncounters * bucket < size)
    {
        replay->ncounters *= 2;
    }

    rest = size - sizeof(apigw_replay_t)
           - replay->ncounters * sizeof(uint32_t);

    if (rest / bucket > UINT32_MAX / APIGW_REPLAY_BUCKET) {
        rest = bucket * (UINT32_MAX / APIGW_REPLAY_BUCKET);
    }

    replay->seed[0] = seed[0];
    replay->seed[1] = seed[1];
    replay->nbuckets = (uint32_t) (rest / bucket);
    replay->share = replay->nbuckets * APIGW_REPLAY_BUCKET
                    / APIGW_REPLAY_SHARE;

    memset(replay->counters, 0, replay->ncounters * sizeof(uint32_t)
                                + replay->nbuckets * bucket);

    *out = replay;

    return APIGW_OK;
}


size_t
apigw_replay_capacity(const apigw_replay_t *replay)
{
    return (size_t) replay->nbuckets * APIGW_REPLAY_BUCKET;
}


size_t
apigw_replay_used(const apigw_replay_t *replay)
{
    return (size_t) replay->used;
}


apigw_rc_t
apigw_replay_add(apigw_replay_t *replay, const uint8_t *digest,
    const uint8_t *owner, int64_t expiry, int64_t now, apigw_error_t *err)
{
    uint32_t                i, k, who, n[2];
    uint64_t                hash;
    apigw_replay_record_t  *bucket, *record, *place[2];

    apigw_replay_sweep(replay, now);

    hash = apigw_replay_hash(replay, digest);

    for (i = 0; i < 2; i++) {
        bucket = apigw_replay_bucket(replay, i ? hash >> 32
                                               : hash & 0xffffffff);
        place[i] = NULL;
        n[i] = 0;

        for (k = 0; k < APIGW_REPLAY_BUCKET; k++) {
            record = &bucket[k];

            if (record->expiry && record->expiry < now) {
                apigw_replay_free(replay, record);
            }

            if (record->expiry == 0) {
                place[i] = record;
                n[i]++;
                continue;
            }

            if (memcmp(record->digest, digest, APIGW_REPLAY_DIGEST) == 0) {
                return apigw_replay_fault(err, APIGW_EINPUT, "dpop_replayed");
            }
        }
    }

    who = apigw_replay_owner(replay, owner);

    if (apigw_replay_greedy(replay, who)) {
        return apigw_replay_fault(err, APIGW_EINPUT, "dpop_invalid");
    }

    record = n[1] > n[0] ? place[1] : place[0];

    if (record == NULL) {
        return apigw_replay_fault(err, APIGW_ELIMIT, "replay_store_full");
    }

    memcpy(record->digest, digest, APIGW_REPLAY_DIGEST);
    record->owner = who;
    record->expiry = (uint32_t) expiry;

    apigw_replay_count(replay, who, true);
    replay->used++;

    return APIGW_OK;
}


/* `n` is any number below 2^32. */

static apigw_replay_record_t *
apigw_replay_bucket(apigw_replay_t *replay, uint64_t n)
{
    return apigw_replay_at(replay, (uint32_t) (n * replay->nbuckets >> 32));
}


static apigw_replay_record_t *
apigw_replay_at(apigw_replay_t *replay, uint32_t bucket)
{
    apigw_replay_record_t  *records;

    records = (apigw_replay_record_t *) (void *)
                                    (replay->counters + replay->ncounters);

    return records + (size_t) bucket * APIGW_REPLAY_BUCKET;
}


/*
 * Of 16 bytes that are a digest already: they need no more than to be mixed
 * with what their maker does not know.
 */

static uint64_t
apigw_replay_hash(const apigw_replay_t *replay, const uint8_t *bytes)
{
    int       i;
    uint64_t  a, b;

    memcpy(&a, bytes, sizeof(uint64_t));
    memcpy(&b, bytes + sizeof(uint64_t), sizeof(uint64_t));

    a ^= replay->seed[0];
    b ^= replay->seed[1];

    for (i = 0; i < 3; i++) {
        a = (a ^ a >> 32) * 0xd6e8feb86659fd93;
        b = (b ^ b >> 29) * 0xbf58476d1ce4e5b9;
        a += b ^ replay->seed[0];
        b ^= (a << 23 | a >> 41) + replay->seed[1];
    }

    return a ^ b;
}


/* Two different counters; ncounters is a power of two from 16 to 65536. */

static uint32_t
apigw_replay_owner(const apigw_replay_t *replay, const uint8_t *owner)
{
    uint64_t  hash;
    uint32_t  a, b;

    hash = apigw_replay_hash(replay, owner);

    a = (uint32_t) hash & (replay->ncounters - 1);
    b = (uint32_t) (hash >> 32) & (replay->ncounters - 1);

    if (a == b) {
        b ^= 1;
    }

    return a << 16 | b;
}


static bool
apigw_replay_greedy(const apigw_replay_t *replay, uint32_t owner)
{
    return replay->counters[owner >> 16] >= replay->share
           && replay->counters[owner & 0xffff] >= replay->share;
}


/* A worker that died in here may have left a counter one too low. */

static void
apigw_replay_count(apigw_replay_t *replay, uint32_t owner, bool more)
{
    int        i;
    uint32_t  *counter;

    for (i = 0; i < 2; i++) {
        counter = &replay->counters[i ? owner & 0xffff : owner >> 16];

        if (more) {
            ++*counter;

        } else if (*counter) {
            --*counter;
        }
    }
}


static void
apigw_replay_sweep(apigw_replay_t *replay, int64_t now)
{
    uint32_t                i, k;
    apigw_replay_record_t  *record;

    for (i = 0; i < APIGW_REPLAY_SWEEP; i++) {
        record = apigw_replay_at(replay, replay->hand);

        for (k = 0; k < APIGW_REPLAY_BUCKET; k++, record++) {
            if (record->expiry && record->expiry < now) {
                apigw_replay_free(replay, record);
            }
        }

        replay->hand = (replay->hand + 1) % replay->nbuckets;
    }
}


static void
apigw_replay_free(apigw_replay_t *replay, apigw_replay_record_t *record)
{
    record->expiry = 0;

    apigw_replay_count(replay, record->owner, false);

    if (replay->used) {
        replay->used--;
    }
}


static apigw_rc_t
apigw_replay_fault(apigw_error_t *err, apigw_rc_t rc, const char *word)
{
    err->word = word;
    err->offset = 0;

    return rc;
}
