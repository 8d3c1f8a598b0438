
/*
 * A digest is taken once while it lives; nothing that lives is pushed out; one
 * owner fills its share and no more; what died makes room.
 */


#include "apigw_test.h"

#include "apigw_replay.h"

#include <openssl/evp.h>


#define SIZE  (64 * 1024)
#define NOW   1700000000


typedef struct {
    apigw_replay_t  *replay;
    size_t           capacity;
    apigw_error_t    err;
} table_t;


static bool
table_make(apigw_test_t *t, table_t *table, size_t size)
{
    void                   *block;
    static const uint64_t   seed[2] = { 0x0123456789abcdef, 42 };

    block = apigw_arena_alloc(&t->arena, size);
    if (block == NULL) {
        return false;
    }

    memset(block, 0xa5, size);       /* whatever was there before */

    if (apigw_replay_init(&table->replay, block, size, seed) != APIGW_OK) {
        return false;
    }

    table->capacity = apigw_replay_capacity(table->replay);

    return true;
}


/* Digests of numbers; owners are told apart by another first byte. */

static void
digest_of(uint8_t *out, char kind, uint32_t n)
{
    char     text[32];
    uint8_t  sha[32];

    sprintf(text, "%c%u", kind, n);
    EVP_Digest(text, strlen(text), sha, NULL, EVP_sha256(), NULL);
    memcpy(out, sha, kind == 'o' ? APIGW_REPLAY_OWNER : APIGW_REPLAY_DIGEST);
}


static apigw_rc_t
add(table_t *table, uint32_t n, uint32_t owner, int64_t expiry, int64_t now)
{
    uint8_t  digest[APIGW_REPLAY_DIGEST], who[APIGW_REPLAY_OWNER];

    digest_of(digest, 'd', n);
    digest_of(who, 'o', owner);

    table->err.word = "";

    return apigw_replay_add(table->replay, digest, who, expiry, now,
                            &table->err);
}


static bool
is(const table_t *table, const char *word)
{
    return strcmp(table->err.word, word) == 0;
}


TEST(a_digest_is_taken_once_while_it_lives)
{
    table_t  table;

    EXPECT(table_make(t, &table, SIZE));

    EXPECT(add(&table, 1, 1, NOW + 65, NOW) == APIGW_OK);
    EXPECT(add(&table, 1, 1, NOW + 65, NOW) == APIGW_EINPUT);
    EXPECT(is(&table, "dpop_replayed"));
    EXPECT(add(&table, 1, 2, NOW + 90, NOW + 65) == APIGW_EINPUT);
    EXPECT(is(&table, "dpop_replayed"));
    EXPECT(add(&table, 2, 1, NOW + 65, NOW) == APIGW_OK);
    EXPECT(apigw_replay_used(table.replay) == 2);

    EXPECT(add(&table, 1, 1, NOW + 131, NOW + 66) == APIGW_OK);
    EXPECT(add(&table, 1, 1, NOW + 131, NOW + 66) == APIGW_EINPUT);
}


TEST(the_table_works_wherever_it_is_mapped)
{
    void     *moved;
    table_t   table;

    EXPECT(table_make(t, &table, SIZE));
    EXPECT(add(&table, 1, 1, NOW + 65, NOW) == APIGW_OK);

    moved = apigw_arena_alloc(&t->arena, SIZE);
    EXPECT(moved);

    memcpy(moved, table.replay, SIZE);
    memset(table.replay, 0xff, SIZE);
    table.replay = moved;

    EXPECT(add(&table, 1, 1, NOW + 65, NOW) == APIGW_EINPUT);
    EXPECT(is(&table, "dpop_replayed"));
    EXPECT(add(&table, 2, 1, NOW + 65, NOW) == APIGW_OK);
}


TEST(a_full_table_says_so_and_forgets_nothing)
{
    table_t   table;
    uint32_t  i, n;

    EXPECT(table_make(t, &table, SIZE));

    for (n = 0; add(&table, n, n, NOW + 65, NOW) == APIGW_OK; n++) {
        EXPECT(n < table.capacity);
    }

    EXPECT(is(&table, "replay_store_full"));
    EXPECT(n > table.capacity * 85 / 100);
    EXPECT(apigw_replay_used(table.replay) == n);

    for (i = 0; i < n; i++) {
        EXPECT(add(&table, i, i, NOW + 65, NOW + 65) == APIGW_EINPUT);
        EXPECT(is(&table, "dpop_replayed"));
    }

    EXPECT(add(&table, n, n, NOW + 65, NOW + 1) == APIGW_ELIMIT);
    EXPECT(add(&table, n, n, NOW + 131, NOW + 66) == APIGW_OK);
}


TEST(one_owner_fills_its_share_and_no_more)
{
    size_t    share;
    table_t   table;
    uint32_t  i, n;

    EXPECT(table_make(t, &table, SIZE));

    share = table.capacity / APIGW_REPLAY_SHARE;

    for (n = 0; add(&table, n, 1, NOW + 65, NOW) == APIGW_OK; n++) {
        EXPECT(n < share);
    }

    EXPECT(n == share);
    EXPECT(is(&table, "dpop_invalid"));

    /* a proof of its own that was used is still known as such */

    EXPECT(add(&table, 0, 1, NOW + 65, NOW) == APIGW_EINPUT);
    EXPECT(is(&table, "dpop_replayed"));

    /* others go on */

    for (i = 0; i < share; i++) {
        EXPECT(add(&table, n + i, 2, NOW + 65, NOW) == APIGW_OK);
    }

    /* and it, too, when its own have died */

    for (i = 0; i < share * 3 / 4; i++) {
        EXPECT(add(&table, 2 * n + i, 1, NOW + 131, NOW + 66) == APIGW_OK);
    }
}


TEST(a_steady_owner_is_not_charged_for_the_dead)
{
    table_t   table;
    int64_t   now;
    uint32_t  i, n, rate;

    EXPECT(table_make(t, &table, SIZE));

    /* half of its share alive at any time, for many lives */

    rate = (uint32_t) (table.capacity / APIGW_REPLAY_SHARE / 2 / 65);
    n = 0;

    EXPECT(rate >= 1);

    for (now = NOW; now < NOW + 65 * 20; now++) {
        for (i = 0; i < rate; i++) {
            EXPECT(add(&table, n++, 1, now + 65, now) == APIGW_OK);
        }
    }
}


TEST(many_come_and_go)
{
    table_t   table;
    int64_t   now;
    uint32_t  i, n, back;

    EXPECT(table_make(t, &table, SIZE));

    n = 0;

    for (now = NOW; now < NOW + 300; now++) {
        for (i = 0; i < 20; i++, n++) {
            EXPECT(add(&table, n, n % 40, now + 65, now) == APIGW_OK);

            back = (n * 7919) % (20 * 60);

            if (n > back) {
                EXPECT(add(&table, n - back, 1, now + 65, now)
                       == APIGW_EINPUT);
                EXPECT(is(&table, "dpop_replayed"));
            }
        }

        EXPECT(apigw_replay_used(table.replay) <= 20 * 80);
    }
}


TEST(dates_reach_to_the_end_of_their_32_bits)
{
    table_t   table;
    int64_t   end = UINT32_MAX;

    EXPECT(table_make(t, &table, SIZE));

    EXPECT(add(&table, 1, 1, end, end - 65) == APIGW_OK);
    EXPECT(add(&table, 1, 1, end, end) == APIGW_EINPUT);
}


TEST(a_block_can_be_too_small)
{
    uint64_t         *block;
    apigw_replay_t   *replay;
    static const uint64_t  seed[2];

    block = apigw_arena_alloc(&t->arena, 16 * 1024);
    EXPECT(block);

    EXPECT(apigw_replay_init(&replay, block, 16 * 1024 - 1, seed)
           == APIGW_ELIMIT);
    EXPECT(apigw_replay_init(&replay, block, 16 * 1024, seed) == APIGW_OK);
    EXPECT(apigw_replay_capacity(replay) >= 256);
}


TEST_MAIN(
    CASE(a_digest_is_taken_once_while_it_lives),
    CASE(the_table_works_wherever_it_is_mapped),
    CASE(a_full_table_says_so_and_forgets_nothing),
    CASE(one_owner_fills_its_share_and_no_more),
    CASE(a_steady_owner_is_not_charged_for_the_dead),
    CASE(many_come_and_go),
    CASE(dates_reach_to_the_end_of_their_32_bits),
    CASE(a_block_can_be_too_small)
)
