
/* Slots of keys, maps of slots, redirections, answers of Sentinels. */


#include "apigw_test.h"
#include "apigw_resp_slots.h"

#include <stdio.h>


/* One reply, of bytes as they come over the wire; NULL: no memory. */

static redisReply *
reply_of(apigw_test_t *t, const char *wire, size_t len)
{
    size_t                used;
    redisReply           *reply;
    apigw_resp_reader_t  *reader;

    reader = apigw_resp_reader_create(&t->arena);
    if (reader == NULL) {
        return NULL;
    }

    if (apigw_resp_read(reader, (const uint8_t *) wire, len, &used, &reply)
        != APIGW_OK)
    {
        reply = NULL;
    }

    apigw_resp_reader_free(reader);

    return reply;
}


static uint32_t
slot(const char *key)
{
    return apigw_resp_slot((const uint8_t *) key, strlen(key));
}


TEST(keys_are_in_the_slots_of_redis)
{
    EXPECT(apigw_resp_slot(NULL, 0) == 0);
    EXPECT(slot("") == 0);
    EXPECT(slot("123456789") == 0x31c3);       /* CRC-16/XMODEM's check */
    EXPECT(slot("foo") == 12182);
    EXPECT(slot("somekey") == 11058);
    EXPECT(slot("foo{hash_tag}") == 2515);
    EXPECT(slot("{user1000}.following") == slot("{user1000}.followers"));
    EXPECT(slot("{user1000}.following") == slot("user1000"));
}


TEST(a_hash_tag_is_what_the_first_braces_hold)
{
    EXPECT(slot("foo{}{bar}") == (slot("foo{}{bar}") & 16383));
    EXPECT(slot("foo{}{bar}") != slot("bar"));
    EXPECT(slot("foo{{bar}}zap") == slot("{bar"));
    EXPECT(slot("foo{bar}{zap}") == slot("bar"));
    EXPECT(slot("foo{bar") != slot("bar"));
    EXPECT(slot("}foo{bar}") == slot("bar"));
    EXPECT(apigw_resp_slot((const uint8_t *) "x{a\0b}", 6)
           == apigw_resp_slot((const uint8_t *) "a\0b", 3));
}


static bool
redirects(const char *text, uint32_t number, const char *host, uint16_t port)
{
    uint32_t            slot_told = 99999;
    apigw_resp_place_t  place = { { NULL, 0 }, 0 };

    return apigw_resp_redirect(text, strlen(text), &slot_told, &place)
           == APIGW_OK
           && slot_told == number && place.port == port
           && apigw_str_is(place.host, host);
}


static bool
refuses(const char *text)
{
    uint32_t            slot_told = 99999;
    apigw_resp_place_t  place = { { NULL, 0 }, 7 };

    return apigw_resp_redirect(text, strlen(text), &slot_told, &place)
           == APIGW_EINPUT
           && slot_told == 99999 && place.port == 7;
}


TEST(redirections_are_read)
{
    EXPECT(redirects("MOVED 3999 127.0.0.1:6381", 3999, "127.0.0.1", 6381));
    EXPECT(redirects("ASK 0 10.0.0.7:1", 0, "10.0.0.7", 1));
    EXPECT(redirects("MOVED 16383 fe80::1:65535", 16383, "fe80::1", 65535));
    EXPECT(redirects("MOVED 1 [2001:db8::7]:6379", 1, "2001:db8::7", 6379));
    EXPECT(redirects("MOVED 1 :6379", 1, "", 6379));
    EXPECT(redirects("MOVED 1 redis-0.redis.svc:6379", 1, "redis-0.redis.svc",
                     6379));
}


TEST(other_texts_are_no_redirections)
{
    size_t  i;
    char    text[400];

    static const char  *texts[] = {
        "", "MOVED", "MOVED ", "MOVED 1", "MOVED 1 ", "MOVED 1 :",
        "MOVED 1 host", "MOVED 1 host:", "MOVED 1 host:0",
        "MOVED 1 host:65536", "MOVED 1 host:-1", "MOVED 1 host:1x",
        "MOVED 1 host:99999999999999999999", "MOVED -1 host:1",
        "MOVED 16384 host:1", "MOVED x host:1", "MOVED  host:1",
        "MOVED 1 ?:6379", "MOVED 1 a b:6379", "MOVED 1 host:1 ",
        "MOVED 1 ho\nst:1", "MOVED 1 unix:/tmp/x:1", "MOVED 1 [::1:1x",
        "MOVED 99999999999999999999 host:1", "MOVED 1 h%st:1",
        "MOVED 1 host:1\r", "MOVED 1 [x:1"
    };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        EXPECT(refuses(texts[i]));
    }

    memset(text, 'a', sizeof(text));
    memcpy(text, "MOVED 1 ", 8);
    memcpy(text + 8 + 256, ":1", 3);
    EXPECT(refuses(text));

    memcpy(text + 8 + 255, ":1", 3);
    EXPECT(!refuses(text));
}


#define MASTER(wire)  master(t, wire, sizeof(wire) - 1, &place)

static apigw_rc_t
master(apigw_test_t *t, const char *wire, size_t len,
    apigw_resp_place_t *place)
{
    apigw_rc_t   rc;
    redisReply  *reply;

    /* the place points into the reply: only its port outlives this */

    reply = reply_of(t, wire, len);
    if (reply == NULL) {
        return APIGW_ENOMEM;
    }

    rc = apigw_resp_master(reply, place);
    freeReplyObject(reply);

    return rc;
}


TEST(a_sentinel_names_the_master)
{
    apigw_resp_place_t  place = { { NULL, 0 }, 0 };

    EXPECT(MASTER("*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6379\r\n") == APIGW_OK);
    EXPECT(place.port == 6379 && place.host.len == 9);

    place.port = 1;
    EXPECT(MASTER("*-1\r\n") == APIGW_EUNSUPPORTED);
    EXPECT(MASTER("$-1\r\n") == APIGW_EUNSUPPORTED);
    EXPECT(MASTER("*1\r\n$9\r\n127.0.0.1\r\n") == APIGW_EINPUT);
    EXPECT(MASTER("*2\r\n$0\r\n\r\n$4\r\n6379\r\n") == APIGW_EINPUT);
    EXPECT(MASTER("*2\r\n$1\r\n?\r\n$4\r\n6379\r\n") == APIGW_EINPUT);
    EXPECT(MASTER("*2\r\n$1\r\na\r\n$5\r\n65536\r\n") == APIGW_EINPUT);
    EXPECT(MASTER("*2\r\n$1\r\na\r\n:6379\r\n") == APIGW_EINPUT);
    EXPECT(MASTER("*2\r\n*0\r\n$1\r\n1\r\n") == APIGW_EINPUT);
    EXPECT(MASTER("-ERR no\r\n") == APIGW_EINPUT);
    EXPECT(place.port == 1);
}


TEST(the_role_tells_a_master)
{
    size_t       i;
    redisReply  *reply;

    static const struct {
        const char  *wire;
        bool         is;
    } roles[] = {
        { "*3\r\n$6\r\nmaster\r\n:1\r\n*0\r\n", true },
        { "*1\r\n+master\r\n", true },
        { "*2\r\n$5\r\nslave\r\n$6\r\nmaster\r\n", false },
        { "*0\r\n", false }, { "+master\r\n", false },
        { "*1\r\n:1\r\n", false }, { "-ERR master\r\n", false },
    };

    for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        reply = reply_of(t, roles[i].wire, strlen(roles[i].wire));
        EXPECT(reply != NULL);

        if (apigw_resp_is_master(reply) != roles[i].is) {
            freeReplyObject(reply);
            EXPECT(roles[i].wire == NULL);
        }

        freeReplyObject(reply);
    }
}


/* The map lives as long as its reply: both are left to the case. */

typedef struct {
    redisReply          *reply;
    apigw_resp_slots_t  *slots;
    apigw_rc_t           rc;
} map_t;


static map_t
map_of(apigw_test_t *t, const char *wire, size_t len)
{
    map_t  map = { NULL, NULL, APIGW_ENOMEM };

    map.slots = apigw_arena_zalloc(&t->arena, sizeof(apigw_resp_slots_t));
    if (map.slots == NULL) {
        return map;
    }

    map.reply = reply_of(t, wire, len);
    if (map.reply != NULL) {
        map.rc = apigw_resp_slots_read(map.reply, map.slots);
    }

    return map;
}


static apigw_rc_t
reads(apigw_test_t *t, const char *wire)
{
    map_t  map;

    map = map_of(t, wire, strlen(wire));

    if (map.reply != NULL) {
        freeReplyObject(map.reply);
    }

    return map.rc;
}


#define NODE(host, port)  "*2\r\n$" host "\r\n:" port "\r\n"
#define RANGE(first, last, node)                                              \
    "*3\r\n:" first "\r\n:" last "\r\n" node


TEST(a_map_tells_masters_and_their_slots)
{
    bool   good;
    map_t  map;

    static const char  wire[] =
        "*4\r\n"
        "*4\r\n:0\r\n:99\r\n*3\r\n$9\r\n127.0.0.1\r\n:7000\r\n$2\r\nid\r\n"
        "*3\r\n$9\r\n127.0.0.1\r\n:7003\r\n$2\r\nid\r\n"
        RANGE("200", "16383", NODE("9\r\n127.0.0.1", "7001"))
        RANGE("100", "100", NODE("9\r\n127.0.0.1", "7000"))
        RANGE("101", "101", NODE("-1", "7002"));

    map = map_of(t, wire, sizeof(wire) - 1);
    EXPECT(map.reply != NULL);

    good = map.rc == APIGW_OK
           && map.slots->nnodes == 3
           && map.slots->nodes[0].port == 7000
           && map.slots->nodes[1].port == 7001
           && map.slots->nodes[2].port == 7002
           && map.slots->nodes[2].host.len == 0
           && map.slots->owner[0] == 1 && map.slots->owner[99] == 1
           && map.slots->owner[100] == 1 && map.slots->owner[101] == 3
           && map.slots->owner[102] == 0 && map.slots->owner[199] == 0
           && map.slots->owner[200] == 2 && map.slots->owner[16383] == 2;

    freeReplyObject(map.reply);
    EXPECT(good);
}


TEST(what_is_no_map_is_refused)
{
    size_t  i;

    static const char  *wires[] = {
        "*0\r\n", "+OK\r\n", "-ERR no cluster\r\n", "*-1\r\n", ":1\r\n",
        "*1\r\n:1\r\n", "*1\r\n*2\r\n:0\r\n:1\r\n",
        "*1\r\n" RANGE("-1", "1", NODE("1\r\na", "1")),
        "*1\r\n" RANGE("2", "1", NODE("1\r\na", "1")),
        "*1\r\n" RANGE("0", "16384", NODE("1\r\na", "1")),
        "*1\r\n" RANGE("0", "9223372036854775807", NODE("1\r\na", "1")),
        "*1\r\n" RANGE("0", "1", NODE("1\r\na", "0")),
        "*1\r\n" RANGE("0", "1", NODE("1\r\na", "65536")),
        "*1\r\n" RANGE("0", "1", NODE("1\r\n/", "1")),
        "*1\r\n" RANGE("0", "1", "*0\r\n"),
        "*1\r\n" RANGE("0", "1", "*1\r\n$1\r\na\r\n"),
        "*1\r\n" RANGE("0", "1", "$1\r\na\r\n"),
        "*1\r\n" RANGE("0", "1", "*2\r\n:1\r\n:1\r\n"),
        "*1\r\n" RANGE("0", "1", "*2\r\n$1\r\na\r\n$1\r\n1\r\n"),
        "*1\r\n*3\r\n$1\r\n0\r\n:1\r\n" NODE("1\r\na", "1"),

        /* nowhere, and nothing else */
        "*1\r\n" RANGE("0", "16383", NODE("1\r\n?", "1")),

        /* a slot twice */
        "*2\r\n" RANGE("0", "1", NODE("1\r\na", "1"))
        RANGE("1", "2", NODE("1\r\nb", "1")),
    };

    for (i = 0; i < sizeof(wires) / sizeof(wires[0]); i++) {
        EXPECT(reads(t, wires[i]) == APIGW_EINPUT);
    }

    EXPECT(reads(t, "*2\r\n" RANGE("0", "1", NODE("1\r\n?", "1"))
                    RANGE("0", "1", NODE("1\r\nb", "1"))) == APIGW_OK);
}


TEST(masters_are_bounded)
{
    int          i, n, most;
    char        *wire, *p;
    apigw_rc_t   want;

    wire = apigw_arena_alloc(&t->arena, 64 * 1024);
    EXPECT(wire != NULL);

    for (most = APIGW_RESP_MAX_NODES; most < APIGW_RESP_MAX_NODES + 2; most++) {
        p = wire + sprintf(wire, "*%d\r\n", most);

        for (i = 0; i < most; i++) {
            n = sprintf(p, RANGE("%d", "%d", NODE("1\r\na", "%d")), i, i,
                        i + 1);
            p += n;
        }

        want = most > APIGW_RESP_MAX_NODES ? APIGW_ELIMIT : APIGW_OK;
        EXPECT(reads(t, wire) == want);
    }
}


TEST_MAIN(
    CASE(keys_are_in_the_slots_of_redis),
    CASE(a_hash_tag_is_what_the_first_braces_hold),
    CASE(redirections_are_read),
    CASE(other_texts_are_no_redirections),
    CASE(a_sentinel_names_the_master),
    CASE(the_role_tells_a_master),
    CASE(a_map_tells_masters_and_their_slots),
    CASE(what_is_no_map_is_refused),
    CASE(masters_are_bounded)
)
