
/* A table finds exactly the keys it was built of, wherever it lies. */


#include "apigw_test.h"

#include "apigw_table.h"


#define KEYS  3000


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


#define IS(word, wanted)  EXPECT(strcmp(word, wanted) == 0)
#define IS_STR(s, wanted)  EXPECT(apigw_str_is(s, wanted))

#define ID1   "aaaaaaaa "
#define ID2   "bbbbbbbb "
#define HEX1  "0011223344556677889900112233445566778899001122334455667788990011"
#define HEX2  "1011223344556677889900112233445566778899001122334455667788990011"


static void
digest_of(uint8_t *digest, const char *hex)
{
    (void) apigw_key_unhex(digest, APIGW_KEY_DIGEST, text(hex));
}


/* The n-th of many keys. */

static void
many_digest(uint8_t *digest, unsigned n)
{
    char  name[16];

    sprintf(name, "%u", n);
    (void) apigw_key_digest(digest, text(name));
}


static char *
many_lines(unsigned n)
{
    char      *lines, *p;
    size_t     k;
    uint8_t    digest[APIGW_KEY_DIGEST];
    unsigned   i;

    lines = malloc((size_t) n * 200 + 1);
    p = lines;
    *p = '\0';

    for (i = 0; i < n; i++) {
        many_digest(digest, i);
        p += sprintf(p, "id%06u sha256:", i);

        for (k = 0; k < APIGW_KEY_DIGEST; k++) {
            p += sprintf(p, "%02x", digest[k]);
        }

        p += sprintf(p, " consumer=c%u plan=%s scope=\"orders:read x\"\n",
                     i / 3, i % 2 ? "gold" : "free");
    }

    return lines;
}


/* Builds into malloc()ed memory of the upper bound. */

static void *
build(apigw_test_t *t, const char *file, size_t *size, apigw_rc_t *rc,
    size_t *line, apigw_error_t *err)
{
    void   *image;
    size_t  i, lines;

    lines = 0;

    for (i = 0; file[i]; i++) {
        lines += file[i] == '\n';
    }

    *size = apigw_table_bound(lines, strlen(file));
    image = malloc(*size);
    *rc = apigw_table_build(image, size, text(file), &t->arena, line, err);

    return image;
}


TEST(a_key_comes_back_as_it_was)
{
    void           *image;
    size_t          size, line;
    uint8_t         digest[APIGW_KEY_DIGEST];
    apigw_rc_t      rc;
    apigw_key_t     key;
    apigw_error_t   err;

    image = build(t, "# keys\n"
                  ID1 "sha256:" HEX1 " consumer=acme plan=gold groups=a,b "
                  "scope=\"x y\" exp=2027-01-01T00:00:00Z "
                  "nbf=2026-01-01T00:00:00Z cidr=192.0.2.0/25,::/0,::1\n"
                  ID2 "hmac-sha256:" HEX2 " consumer=acme status=disabled\n",
                  &size, &rc, &line, &err);

    if (rc != APIGW_OK) {
        free(image);
    }

    EXPECT(rc == APIGW_OK);
    EXPECT(apigw_table_count(image, size) == 2);

    digest_of(digest, HEX1);
    rc = apigw_table_find(&key, &t->arena, image, size, digest,
                          APIGW_KEY_SHA256, &err);
    if (rc == APIGW_OK) {
        apigw_key_t  other;

        rc = apigw_table_find(&other, &t->arena, image, size, digest,
                              APIGW_KEY_HMAC_SHA256, &err)
             == APIGW_EINPUT ? APIGW_OK : APIGW_EINPUT;
    }

    free(image);                             /* what was found stays */

    EXPECT(rc == APIGW_OK);
    IS_STR(key.id, "aaaaaaaa");
    IS_STR(key.consumer, "acme");
    IS_STR(key.plan, "gold");
    IS_STR(key.groups, "a,b");
    IS_STR(key.scope, "x y");
    EXPECT(key.exp == 1798761600 && key.nbf == 1767225600);
    EXPECT(!key.disabled);
    EXPECT(key.kind == APIGW_KEY_SHA256);
    EXPECT(memcmp(key.digest, digest, 32) == 0);
    EXPECT(key.nnetworks == 3);
    EXPECT(key.networks[0].len == 4 && key.networks[0].bits == 25);
    EXPECT(memcmp(key.networks[0].addr, "\xc0\x00\x02\x00", 4) == 0);
    EXPECT(key.networks[1].len == 16 && key.networks[1].bits == 0);
    EXPECT(key.networks[2].bits == 128 && key.networks[2].addr[15] == 1);
}


TEST(a_bare_key_has_empty_attributes)
{
    void           *image;
    size_t          size, line;
    uint8_t         digest[APIGW_KEY_DIGEST];
    apigw_rc_t      rc;
    apigw_key_t     key;
    apigw_error_t   err;

    image = build(t, ID2 "hmac-sha256:" HEX2 " consumer=a status=disabled\n",
                  &size, &rc, &line, &err);
    digest_of(digest, HEX2);

    if (rc == APIGW_OK) {
        rc = apigw_table_find(&key, &t->arena, image, size, digest,
                              APIGW_KEY_HMAC_SHA256, &err);
    }

    free(image);

    EXPECT(rc == APIGW_OK);
    EXPECT(key.plan.len == 0 && key.groups.len == 0 && key.scope.len == 0);
    EXPECT(key.disabled);
    EXPECT(key.exp == 0 && key.nbf == 0 && key.nnetworks == 0);
}


TEST(an_image_may_be_moved)
{
    char           *file;
    void           *image, *copy;
    bool            good;
    size_t          size, line;
    uint8_t         digest[APIGW_KEY_DIGEST];
    unsigned        i;
    apigw_rc_t      rc;
    apigw_key_t     key;
    apigw_error_t   err;

    if (t->fail_at > 8) {
        return;                              /* the same allocations again */
    }

    file = many_lines(KEYS);
    image = build(t, file, &size, &rc, &line, &err);
    free(file);

    good = rc == APIGW_OK && size < KEYS * 200
           && apigw_table_count(image, size) == KEYS;

    copy = malloc(size);
    memcpy(copy, image, size);
    memset(image, 0xa5, size);
    free(image);

    for (i = 0; good && i < KEYS * 2; i++) {
        many_digest(digest, i);

        rc = apigw_table_find(&key, &t->arena, copy, size, digest,
                              APIGW_KEY_SHA256, &err);

        good = i < KEYS ? rc == APIGW_OK && key.id.len == 8
                          && atoi((const char *) key.id.data + 2) == (int) i
                        : rc == APIGW_EINPUT;
    }

    free(copy);
    EXPECT(good);
}


TEST(nothing_comes_twice)
{
    void           *image;
    size_t          i, size, line;
    apigw_rc_t      rc;
    apigw_error_t   err;

    static const char *const  cases[][2] = {
        { ID1 "sha256:" HEX1 " consumer=a\n" ID1 "sha256:" HEX2
          " consumer=a\n", "duplicate id" },
        { ID1 "sha256:" HEX1 " consumer=a\n" ID2 "sha256:" HEX1
          " consumer=a\n", "duplicate digest" },
        { ID1 "sha256:" HEX1 " consumer=a\n" ID2 "hmac-sha256:" HEX1
          " consumer=a\n", "duplicate digest" }
    };

    for (i = 0; i < 3; i++) {
        image = build(t, cases[i][0], &size, &rc, &line, &err);
        free(image);

        EXPECT(rc == APIGW_EINPUT);
        EXPECT(line == 2);
        IS(err.word, cases[i][1]);
    }
}


TEST(a_bad_line_gives_no_table)
{
    void           *image;
    size_t          size, line;
    apigw_rc_t      rc;
    apigw_error_t   err;

    image = build(t, "\n\n" ID1 "sha256:" HEX1 " consumer=\n", &size, &rc,
                  &line, &err);
    free(image);
    EXPECT(rc == APIGW_EINPUT);
    EXPECT(line == 3);

    image = build(t, ID1 "sha256:" HEX1 " consumer=a\n" ID2, &size, &rc,
                  &line, &err);
    free(image);
    EXPECT(rc == APIGW_EINPUT);
    EXPECT(line == 2);
    IS(err.word, "the final newline is missing");
}


TEST(an_empty_file_is_an_empty_table)
{
    void           *image;
    size_t          size, line;
    uint8_t         digest[APIGW_KEY_DIGEST] = { 0 };
    apigw_rc_t      rc, found;
    apigw_key_t     key;
    apigw_error_t   err;

    image = build(t, "", &size, &rc, &line, &err);
    found = APIGW_OK;

    if (rc == APIGW_OK) {
        found = apigw_table_find(&key, &t->arena, image, size, digest,
                                 APIGW_KEY_SHA256, &err);
        EXPECT(apigw_table_count(image, size) == 0);
    }

    free(image);
    EXPECT(rc == APIGW_OK);
    EXPECT(found == APIGW_EINPUT);
}


/* Memory below the need is refused; the size then asked for is enough. */

TEST(too_little_memory_is_said_with_the_need)
{
    char           *file;
    void           *image;
    size_t          size, line, given, need;
    apigw_rc_t      rc;
    apigw_error_t   err;

    if (t->fail_at > 8) {
        return;
    }

    file = many_lines(20);
    image = build(t, file, &need, &rc, &line, &err);
    free(image);

    for (given = 0; rc == APIGW_OK && given < need; given += 13) {
        image = malloc(given + 1);
        size = given;
        rc = apigw_table_build(image, &size, text(file), &t->arena, &line,
                               &err);
        free(image);

        if (rc != APIGW_ELIMIT || size <= given || size < need) {
            break;
        }

        image = malloc(size);
        rc = apigw_table_build(image, &size, text(file), &t->arena, &line,
                               &err);
        free(image);
    }

    free(file);

    EXPECT(rc == APIGW_OK);
    EXPECT(size == need);
}


/* An image can be overwritten while it is read: every answer is harmless. */

TEST(a_damaged_image_is_harmless)
{
    char           *file;
    void           *image;
    bool            wrong;
    size_t          i, size, line, at;
    uint8_t         digest[APIGW_KEY_DIGEST], *damaged;
    uint32_t        random;
    unsigned        k;
    apigw_rc_t      rc;
    apigw_key_t     key;
    apigw_error_t   err;

    if (t->fail_at) {
        return;
    }

    file = many_lines(40);
    image = build(t, file, &size, &rc, &line, &err);
    free(file);
    EXPECT(rc == APIGW_OK);

    random = 1;
    wrong = false;

    for (i = 0; i < 20000; i++) {
        damaged = malloc(size);              /* ASan guards its end */
        memcpy(damaged, image, size);

        for (k = 0; k < 1 + i % 4; k++) {
            random = random * 1664525 + 1013904223;
            at = (random >> 8) % (i % 2 ? size : 300);
            damaged[at] = (uint8_t) (random >> 24);
        }

        many_digest(digest, i % 40);

        rc = apigw_table_find(&key, &t->arena, damaged, size - i % 3, digest,
                              APIGW_KEY_SHA256, &err);

        wrong = wrong || (rc == APIGW_OK
                          && memcmp(key.digest, digest, 32) != 0);
        free(damaged);
    }

    free(image);
    EXPECT(!wrong);
}


TEST(foreign_bytes_are_no_image)
{
    uint8_t         digest[APIGW_KEY_DIGEST] = { 0 };
    uint32_t        words[64] = { 0 };
    apigw_key_t     key;
    apigw_error_t   err;

    EXPECT(apigw_table_find(&key, &t->arena, words, sizeof(words), digest,
                            APIGW_KEY_SHA256, &err)
           == APIGW_ELIMIT);
    EXPECT(apigw_table_find(&key, &t->arena, words, 0, digest,
                            APIGW_KEY_SHA256, &err)
           == APIGW_ELIMIT);
    EXPECT(apigw_table_count(words, sizeof(words)) == 0);
}


TEST(no_image_holds_too_much)
{
    apigw_table_builder_t  builder;

    EXPECT(apigw_table_bound(SIZE_MAX, 0) == SIZE_MAX);
    EXPECT(apigw_table_bound(0, SIZE_MAX) == SIZE_MAX);
    EXPECT(apigw_table_bound(1 << 26, 1 << 30) == SIZE_MAX);
    EXPECT(apigw_table_bound(1000000, 150000000) < (size_t) 1 << 30);
    EXPECT(apigw_table_begin(&builder, NULL, 0, 10, &t->arena)
           == APIGW_ELIMIT);
    EXPECT(builder.needed == apigw_table_bound(10, 0));
}


TEST_MAIN(CASE(a_key_comes_back_as_it_was),
          CASE(a_bare_key_has_empty_attributes),
          CASE(an_image_may_be_moved),
          CASE(nothing_comes_twice),
          CASE(a_bad_line_gives_no_table),
          CASE(an_empty_file_is_an_empty_table),
          CASE(too_little_memory_is_said_with_the_need),
          CASE(a_damaged_image_is_harmless),
          CASE(foreign_bytes_are_no_image),
          CASE(no_image_holds_too_much))
