
/*
 * A key's record in Redis: what is one and what is not, and that the cache
 * gives back what it was given.
 */


#include "apigw_test.h"

#include "apigw_key_record.h"


#define N(fields)  (sizeof(fields) / sizeof(fields[0]))


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


/* Reads a record of these texts; *err is why not. */

static apigw_rc_t
record(apigw_key_t *key, const char *const *texts, size_t n,
    apigw_key_digest_e kind, apigw_error_t *err)
{
    size_t       i;
    apigw_str_t  fields[64];

    for (i = 0; i < n; i++) {
        fields[i] = text(texts[i]);
    }

    err->word = "";

    return apigw_key_record_read(key, fields, n, kind, err);
}


static const char *const  whole[] = {
    "id", "k7Qp2mXa", "digest", "sha256", "consumer", "acme", "plan", "gold",
    "groups", "a,b", "scope", "orders:read orders:list", "status", "disabled",
    "exp", "2027-01-01T00:00:00Z", "nbf", "2026-01-01T00:00:00Z",
    "cidr", "10.1.0.0/16,2001:db8::/32"
};


TEST(a_whole_record)
{
    apigw_key_t    key;
    apigw_error_t  err;

    EXPECT(record(&key, whole, N(whole), APIGW_KEY_SHA256, &err) == APIGW_OK);
    EXPECT(apigw_str_is(key.id, "k7Qp2mXa"));
    EXPECT(apigw_str_is(key.consumer, "acme"));
    EXPECT(apigw_str_is(key.plan, "gold"));
    EXPECT(apigw_str_is(key.groups, "a,b"));
    EXPECT(apigw_str_is(key.scope, "orders:read orders:list"));
    EXPECT(key.disabled && key.kind == APIGW_KEY_SHA256);
    EXPECT(key.exp == 1798761600 && key.nbf == 1767225600);
    EXPECT(key.nnetworks == 2 && key.networks[0].bits == 16
           && key.networks[1].len == 16);
}


TEST(the_least_record_in_any_order)
{
    apigw_key_t               key;
    apigw_error_t             err;
    static const char *const  least[] = {
        "consumer", "big corp", "digest", "hmac-sha256", "id", "abcdefgh"
    };

    EXPECT(record(&key, least, N(least), APIGW_KEY_HMAC_SHA256, &err)
           == APIGW_OK);
    EXPECT(apigw_str_is(key.id, "abcdefgh"));
    EXPECT(apigw_str_is(key.consumer, "big corp"));
    EXPECT(!key.disabled && key.exp == 0 && key.nbf == 0);
    EXPECT(key.plan.len == 0 && key.nnetworks == 0);
}


/* Each is the least record with a change; `id` says whether one is told. */

TEST(what_is_no_record)
{
    size_t         i;
    apigw_rc_t     rc;
    apigw_key_t    key;
    apigw_error_t  err;

    static const struct {
        const char  *word;
        bool         id;
        size_t       n;
        const char  *fields[10];
    } bad[] = {
        { "id is missing", false, 0, { NULL } },
        { "id is missing", false, 4, { "consumer", "a", "digest", "sha256" } },
        { "consumer is missing", true, 4,
          { "id", "abcdefgh", "digest", "sha256" } },
        { "digest is missing", true, 4,
          { "id", "abcdefgh", "consumer", "a" } },
        { "digest is not the kind that it was found by", true, 6,
          { "digest", "hmac-sha256", "id", "abcdefgh", "consumer", "a" } },
        { "digest is not the kind that it was found by", true, 6,
          { "id", "abcdefgh", "digest", "SHA256", "consumer", "a" } },
        { "id is not 8 to 32 letters and digits", false, 6,
          { "id", "short", "digest", "sha256", "consumer", "a" } },
        { "id is not 8 to 32 letters and digits", false, 6,
          { "id", "abcdefg\n", "digest", "sha256", "consumer", "a" } },
        { "a field without its value", true, 5,
          { "id", "abcdefgh", "digest", "sha256", "consumer" } },
        { "unknown attribute", true, 8,
          { "colour", "blue", "id", "abcdefgh", "digest", "sha256",
            "consumer", "a" } },
        { "unknown attribute", true, 8,
          { "id", "abcdefgh", "digest", "sha256", "consumer", "a", "", "" } },
        { "unknown attribute", true, 8,
          { "id", "abcdefgh", "digest", "sha256", "consumer", "a", "PLAN",
            "a" } },
        { "duplicate field", true, 8,
          { "id", "abcdefgh", "digest", "sha256", "consumer", "a", "id",
            "ijklmnop" } },
        { "duplicate field", true, 8,
          { "id", "abcdefgh", "digest", "sha256", "consumer", "a", "consumer",
            "b" } },
        { "value is empty or holds a byte other than printable ASCII", true, 6,
          { "id", "abcdefgh", "digest", "sha256", "consumer", "" } },
        { "value is empty or holds a byte other than printable ASCII", true, 6,
          { "id", "abcdefgh", "digest", "sha256", "consumer", "a\r\nb" } },
        { "value is empty or holds a byte other than printable ASCII", true, 6,
          { "id", "abcdefgh", "digest", "sha256", "consumer", "\xc3\xbc" } },
        { "status is neither active nor disabled", true, 8,
          { "id", "abcdefgh", "digest", "sha256", "consumer", "a", "status",
            "disbled" } },
        { "not an address or network such as 192.0.2.0/24", true, 8,
          { "id", "abcdefgh", "digest", "sha256", "consumer", "a", "cidr",
            "10.0.0.0/40" } }
    };

    for (i = 0; i < N(bad); i++) {
        rc = record(&key, bad[i].fields, bad[i].n, APIGW_KEY_SHA256, &err);

        EXPECT(rc == APIGW_EINPUT);
        EXPECT(strcmp(err.word, bad[i].word) == 0);
        EXPECT((key.id.len != 0) == bad[i].id);
    }
}


TEST(a_record_is_bounded)
{
    size_t         i;
    apigw_key_t    key;
    apigw_str_t    fields[64];
    apigw_error_t  err;

    static char        consumer[APIGW_KEY_RECORD + 1];
    static const char  least[] = "idabcdefghdigestsha256consumer";

    for (i = 0; i < 64; i++) {
        fields[i] = text(i % 2 ? "x" : "id");
    }

    EXPECT(apigw_key_record_read(&key, fields, 22, APIGW_KEY_SHA256, &err)
           == APIGW_ELIMIT);
    EXPECT(key.id.len == 0);

    memset(consumer, 'c', sizeof(consumer));

    fields[0] = text("id");
    fields[1] = text("abcdefgh");
    fields[2] = text("digest");
    fields[3] = text("sha256");
    fields[4] = text("consumer");
    fields[5].data = (const uint8_t *) consumer;
    fields[5].len = APIGW_KEY_RECORD - strlen(least);

    EXPECT(apigw_key_record_read(&key, fields, 6, APIGW_KEY_SHA256, &err)
           == APIGW_OK);

    fields[5].len++;

    EXPECT(apigw_key_record_read(&key, fields, 6, APIGW_KEY_SHA256, &err)
           == APIGW_ELIMIT);
    EXPECT(strcmp(err.word, "longer than 1024 bytes") == 0);

    fields[5].len = SIZE_MAX;

    EXPECT(apigw_key_record_read(&key, fields, 6, APIGW_KEY_SHA256, &err)
           == APIGW_ELIMIT);
}


TEST(a_value_with_a_nul_is_none)
{
    apigw_key_t    key;
    apigw_str_t    fields[6];
    apigw_error_t  err;

    fields[0] = text("id");
    fields[1] = text("abcdefgh");
    fields[2] = text("digest");
    fields[3] = text("sha256");
    fields[4] = text("consumer");
    fields[5].data = (const uint8_t *) "a\0b";
    fields[5].len = 3;

    EXPECT(apigw_key_record_read(&key, fields, 6, APIGW_KEY_SHA256, &err)
           == APIGW_EINPUT);

    /* a name is the whole of it */

    fields[4].data = (const uint8_t *) "consumer\0";
    fields[4].len = 9;
    fields[5] = text("a");

    EXPECT(apigw_key_record_read(&key, fields, 6, APIGW_KEY_SHA256, &err)
           == APIGW_EINPUT);
}


TEST(what_is_packed_is_read_again)
{
    size_t         i;
    apigw_key_t    key, again;
    apigw_str_t    packed, cut;
    apigw_error_t  err;

    EXPECT(record(&key, whole, N(whole), APIGW_KEY_SHA256, &err) == APIGW_OK);
    EXPECT(apigw_key_record_pack(&packed, &t->arena, &key) == APIGW_OK);
    EXPECT(apigw_key_record_unpack(&again, packed) == APIGW_OK);

    EXPECT(apigw_str_eq(again.id, key.id));
    EXPECT(apigw_str_eq(again.consumer, key.consumer));
    EXPECT(apigw_str_eq(again.plan, key.plan));
    EXPECT(apigw_str_eq(again.groups, key.groups));
    EXPECT(apigw_str_eq(again.scope, key.scope));
    EXPECT(again.disabled && again.exp == key.exp && again.nbf == key.nbf);
    EXPECT(again.nnetworks == 2
           && memcmp(again.networks, key.networks, sizeof(key.networks)) == 0);

    for (i = 0; i < packed.len; i++) {
        cut.data = apigw_arena_dup(&t->arena, packed.data, i);
        cut.len = i;

        EXPECT(cut.data != NULL);
        EXPECT(apigw_key_record_unpack(&again, cut) == APIGW_EINPUT);
    }

    cut.data = apigw_arena_dup(&t->arena, packed.data, packed.len);
    cut.len = packed.len + 1;

    EXPECT(cut.data != NULL);
    EXPECT(apigw_key_record_unpack(&again, cut) == APIGW_EINPUT);
}


TEST_MAIN(
    CASE(a_whole_record),
    CASE(the_least_record_in_any_order),
    CASE(what_is_no_record),
    CASE(a_record_is_bounded),
    CASE(a_value_with_a_nul_is_none),
    CASE(what_is_packed_is_read_again)
)
