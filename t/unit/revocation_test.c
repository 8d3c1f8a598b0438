
/* What a line revokes is found, and nothing else; in a microsecond. */


#include "apigw_test.h"

#include "apigw_revocation.h"

#include <time.h>


#define NOW  1700000000


static const uint8_t  seed[APIGW_REVOCATION_SEED] = "0123456789abcdef";


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


#define IS(word, wanted)  EXPECT(strcmp(word, wanted) == 0)


/* Builds into malloc()ed memory of the exact size, to be freed. */

static void *
build(const char *file, size_t *size, apigw_rc_t *rc, size_t *line,
    apigw_error_t *err)
{
    void  *image;

    *size = apigw_revocation_bound(apigw_revocation_lines(text(file)));
    image = malloc(*size);
    *rc = apigw_revocation_build(image, size, text(file), seed, NOW, line,
                                 err);
    return image;
}


static bool
found(const void *image, size_t size, apigw_revocation_kind_e kind,
    const char *name, const char *value, int64_t iat, int64_t now)
{
    apigw_revocation_t  what = { kind, text(name), text(value) };

    return apigw_revocation_find(image, size, &what, iat, now) == APIGW_OK;
}


/* The fault of a file's only wrong line. */

static const char *
fault(const char *file, size_t *line)
{
    void           *image;
    size_t          size;
    apigw_rc_t      rc;
    apigw_error_t   err;

    image = build(file, &size, &rc, line, &err);
    free(image);

    return rc == APIGW_OK ? "none" : err.word;
}


TEST(each_kind_of_line_revokes_what_it_names)
{
    void           *image;
    size_t          size, line;
    apigw_rc_t      rc;
    apigw_error_t   err;

    image = build("# of today\n"
                  "\n"
                  "jti corp 6f1c\n"
                  "  sub\tcorp  alice  before=1600000000 \n"
                  "kid other key-1\n"
                  "key partners k7Qp2mXa\n",
                  &size, &rc, &line, &err);

    if (rc != APIGW_OK) {
        free(image);
    }

    EXPECT(rc == APIGW_OK);

    rc = apigw_revocation_count(image, size) == 4
         && found(image, size, APIGW_REVOCATION_JTI, "corp", "6f1c", -1, NOW)
         && found(image, size, APIGW_REVOCATION_SUB, "corp", "alice",
                  1600000000, NOW)
         && found(image, size, APIGW_REVOCATION_SUB, "corp", "alice", -1, NOW)
         && found(image, size, APIGW_REVOCATION_KID, "other", "key-1", 1, NOW)
         && found(image, size, APIGW_REVOCATION_KEY, "partners", "k7Qp2mXa",
                  -1, NOW)
         && !found(image, size, APIGW_REVOCATION_SUB, "corp", "alice",
                   1600000001, NOW)
         && !found(image, size, APIGW_REVOCATION_JTI, "other", "6f1c", -1, NOW)
         && !found(image, size, APIGW_REVOCATION_KID, "corp", "6f1c", -1, NOW)
         && !found(image, size, APIGW_REVOCATION_JTI, "corp", "6f1", -1, NOW)
         && !found(image, size, APIGW_REVOCATION_JTI, "corp6", "f1c", -1, NOW)
         && !found(image, size, APIGW_REVOCATION_JTI, "corp", "", -1, NOW)
         ? APIGW_OK : APIGW_EINPUT;

    free(image);
    EXPECT(rc == APIGW_OK);
}


TEST(a_line_counts_up_to_its_last_second)
{
    bool            ok;
    void           *image;
    size_t          size, line;
    apigw_rc_t      rc;
    apigw_error_t   err;

    image = build("jti corp a until=1700000010\n"
                  "jti corp b until=1699999999\n"
                  "jti corp c until=1700000000\n", &size, &rc, &line, &err);

    ok = rc == APIGW_OK
         && apigw_revocation_count(image, size) == 2
         && found(image, size, APIGW_REVOCATION_JTI, "corp", "a", -1,
                  1700000010)
         && !found(image, size, APIGW_REVOCATION_JTI, "corp", "a", -1,
                   1700000011)
         && !found(image, size, APIGW_REVOCATION_JTI, "corp", "b", -1, NOW)
         && found(image, size, APIGW_REVOCATION_JTI, "corp", "c", -1, NOW)
         && found(image, size, APIGW_REVOCATION_JTI, "corp", "c", -1, -1);

    free(image);
    EXPECT(ok);
}


TEST(lines_of_one_value_add_up)
{
    bool            ok;
    void           *image;
    size_t          size, line;
    apigw_rc_t      rc;
    apigw_error_t   err;

    image = build("sub corp bob before=100\n"
                  "sub corp bob before=9000000000 until=1700000100\n"
                  "sub corp bob before=50\n"
                  "sub corp bob before=200\n"
                  "jti corp x until=1700000100\n"
                  "jti corp x\n"
                  "jti corp x until=1700000200\n", &size, &rc, &line, &err);

    ok = rc == APIGW_OK
         && apigw_revocation_count(image, size) == 3
         && found(image, size, APIGW_REVOCATION_SUB, "corp", "bob", 150,
                  1800000000)
         && found(image, size, APIGW_REVOCATION_SUB, "corp", "bob", NOW, NOW)
         && !found(image, size, APIGW_REVOCATION_SUB, "corp", "bob", NOW,
                   1700000101)
         && found(image, size, APIGW_REVOCATION_JTI, "corp", "x", -1,
                  1800000000);

    free(image);
    EXPECT(ok);
}


TEST(equal_values_take_no_more_time_or_room)
{
    bool            ok;
    char           *file, *p;
    void           *image;
    size_t          size, line;
    unsigned        i;
    apigw_rc_t      rc;
    apigw_error_t   err;

    file = malloc(20000 * 64);
    p = file;

    for (i = 0; i < 20000; i++) {
        p += sprintf(p, "sub corp eve before=%u until=%u\n", 1000 + i,
                     1900000000 - i);
    }

    image = build(file, &size, &rc, &line, &err);

    ok = rc == APIGW_OK
         && apigw_revocation_count(image, size) <= 8
         && found(image, size, APIGW_REVOCATION_SUB, "corp", "eve", 20999,
                  NOW)
         && !found(image, size, APIGW_REVOCATION_SUB, "corp", "eve", 21000,
                   NOW);

    free(image);
    free(file);
    EXPECT(ok);
}


TEST(a_value_with_blanks_stands_in_quotes)
{
    bool            ok;
    void           *image;
    size_t          size, line;
    apigw_rc_t      rc;
    apigw_error_t   err;

    image = build("sub corp \"Alice A\" before=5 until=1700000001\n"
                  "jti corp \"a\"b\"\n"
                  "jti corp \"\"c\"\n"
                  "jti corp d\"e\n"
                  "jti corp \xc3\xa9\n", &size, &rc, &line, &err);

    ok = rc == APIGW_OK
         && found(image, size, APIGW_REVOCATION_SUB, "corp", "Alice A", 5, NOW)
         && found(image, size, APIGW_REVOCATION_JTI, "corp", "a\"b", 5, NOW)
         && found(image, size, APIGW_REVOCATION_JTI, "corp", "\"c", 5, NOW)
         && found(image, size, APIGW_REVOCATION_JTI, "corp", "d\"e", 5, NOW)
         && found(image, size, APIGW_REVOCATION_JTI, "corp", "\xc3\xa9", 5,
                  NOW);

    free(image);
    EXPECT(ok);
}


TEST(a_wrong_line_is_told_by_its_number)
{
    size_t  i, line;

    static const struct {
        const char  *line;
        const char  *word;
    } wrong[] = {
        { "JTI corp a\n", "neither jti, sub, kid nor key" },
        { "jti\n", "the name of a provider or store is missing or none" },
        { "jti co/rp a\n", "the name of a provider or store is missing or "
                           "none" },
        { "jti corp\n", "the value is missing" },
        { "jti corp \"\"\n", "the value is missing" },
        { "jti corp \"a b\n", "the closing quote is missing" },
        { "jti corp \"a b\"c\n", "the closing quote is missing" },
        { "jti corp a\r\n", "the value has a control character" },
        { "jti corp a\x7f\n", "the value has a control character" },
        { "jti corp a b\n", "neither until=, nor before= of a sub" },
        { "jti corp a before=5\n", "neither until=, nor before= of a sub" },
        { "jti corp a until=5 \r\n", "neither until=, nor before= of a sub" },
        { "sub corp a\n", "before= is missing" },
        { "sub corp a until=9\n", "before= is missing" },
        { "sub corp a before=5 before=6\n", "a time is given twice" },
        { "sub corp a before=\n", "a time is not in seconds since 1970" },
        { "sub corp a before=0\n", "a time is not in seconds since 1970" },
        { "sub corp a before=-1\n", "a time is not in seconds since 1970" },
        { "sub corp a before=1e9\n", "a time is not in seconds since 1970" },
        { "sub corp a before=9007199254740993\n",
          "a time is not in seconds since 1970" },
        { "sub corp a before=99999999999999999999999\n",
          "a time is not in seconds since 1970" },
        { "key partners short\n", "id is not 8 to 32 letters and digits" },
        { "key partners k7Qp2mX-\n", "id is not 8 to 32 letters and digits" },
        { "jti corp a", "the final newline is missing" },
    };

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char  file[256];

        sprintf(file, "# first\njti corp fine\n%s", wrong[i].line);
        IS(fault(file, &line), wrong[i].word);
        EXPECT(line == 3);
    }

    IS(fault("", &line), "none");
    IS(fault("sub corp a before=9007199254740992\n", &line), "none");
}


TEST(bounds_of_a_line_and_its_name)
{
    char    file[APIGW_REVOCATION_LINE + 32];
    size_t  line;

    memset(file, 'x', sizeof(file));
    memcpy(file, "jti corp ", 9);
    file[APIGW_REVOCATION_LINE] = '\n';
    file[APIGW_REVOCATION_LINE + 1] = '\0';
    IS(fault(file, &line), "none");

    file[APIGW_REVOCATION_LINE] = 'x';
    file[APIGW_REVOCATION_LINE + 1] = '\n';
    file[APIGW_REVOCATION_LINE + 2] = '\0';
    IS(fault(file, &line), "line is longer than 4096 bytes");
    EXPECT(line == 1);

    memset(file, 'n', sizeof(file));
    memcpy(file, "jti ", 4);
    memcpy(file + 4 + APIGW_REVOCATION_NAME, " a\n", 4);
    IS(fault(file, &line), "none");

    memset(file, 'n', sizeof(file));
    memcpy(file, "jti ", 4);
    memcpy(file + 5 + APIGW_REVOCATION_NAME, " a\n", 4);
    IS(fault(file, &line),
       "the name of a provider or store is missing or none");
}


TEST(memory_that_is_too_small_is_told_what_it_takes)
{
    char            memory[APIGW_REVOCATION_ENTRY * 4];
    size_t          size, line;
    apigw_error_t   err;

    size = sizeof(memory);

    EXPECT(apigw_revocation_build(memory, &size,
                                  text("jti a b\njti a c\njti a d\n"), seed,
                                  NOW, &line, &err)
           == APIGW_ELIMIT);
    EXPECT(line == 0);
    EXPECT(size == apigw_revocation_bound(3));
    IS(err.word, "revocation list too large");
}


TEST(room_and_bound_agree)
{
    size_t  n, size;

    for (n = 0; n < 5000; n++) {
        size = apigw_revocation_bound(n);
        EXPECT(apigw_revocation_room(size) >= n);
        EXPECT(apigw_revocation_bound(apigw_revocation_room(size + n))
               <= size + n);
    }

    EXPECT(apigw_revocation_room(0) == 0);
    EXPECT(apigw_revocation_room(95) == 0);
    EXPECT(apigw_revocation_bound(SIZE_MAX) == SIZE_MAX);
    EXPECT(apigw_revocation_bound(UINT32_MAX) == SIZE_MAX);
}


TEST(a_full_image_takes_no_more)
{
    uint64_t                     memory[64];
    apigw_error_t                err;
    apigw_revocation_line_t      line;
    apigw_revocation_builder_t   builder;

    EXPECT(apigw_revocation_begin(&builder, memory, sizeof(memory), 1, seed,
                                  NOW)
           == APIGW_OK);

    memset(memory, 0x55, sizeof(memory));
    EXPECT(apigw_revocation_clear(&builder, 100));
    EXPECT(!apigw_revocation_clear(&builder, 100));
    EXPECT(!apigw_revocation_clear(&builder, 100));
    EXPECT(memory[apigw_revocation_bound(1) / 8] == 0x5555555555555555);

    EXPECT(apigw_revocation_read(&line, text("jti a b"), &err) == APIGW_OK);
    EXPECT(apigw_revocation_add(&builder, &line) == APIGW_OK);
    EXPECT(apigw_revocation_add(&builder, &line) == APIGW_OK);

    EXPECT(apigw_revocation_read(&line, text("jti a c"), &err) == APIGW_OK);
    EXPECT(apigw_revocation_add(&builder, &line) == APIGW_ELIMIT);

    EXPECT(apigw_revocation_finish(&builder) == apigw_revocation_bound(1));
    EXPECT(found(memory, sizeof(memory), APIGW_REVOCATION_JTI, "a", "b", -1,
                 NOW));
    EXPECT(!found(memory, sizeof(memory), APIGW_REVOCATION_JTI, "a", "c", -1,
                  NOW));
}


TEST(what_is_no_image_is_refused)
{
    bool                 ok;
    void                *image;
    size_t               size, line;
    apigw_rc_t           rc;
    apigw_error_t        err;
    apigw_revocation_t   what = { APIGW_REVOCATION_JTI, text("a"), text("b") };

    image = build("jti a b\njti a c\n", &size, &rc, &line, &err);

    ok = apigw_revocation_find(image, size, &what, -1, NOW) == APIGW_OK
         && apigw_revocation_find(image, size - 1, &what, -1, NOW)
            == APIGW_ELIMIT
         && apigw_revocation_find(image, 63, &what, -1, NOW) == APIGW_ELIMIT
         && apigw_revocation_find(image, 0, &what, -1, NOW) == APIGW_ELIMIT
         && apigw_revocation_count(image, size - 1) == 0;

    ((char *) image)[0] ^= 1;
    ok = ok && apigw_revocation_find(image, size, &what, -1, NOW)
               == APIGW_ELIMIT;

    free(image);
    EXPECT(ok);
}


/*
 * The bound is for a gateway: an instrumented build on a loaded machine is
 * given a hundredfold of it, which linear search would still not meet.
 */

TEST(a_million_entries_are_found_at_once)
{
    void                        *image;
    char                         value[32];
    double                       ns;
    size_t                       size, hits;
    unsigned                     i, n;
    struct timespec              a, b;
    apigw_revocation_line_t      line;
    apigw_revocation_builder_t   builder;

    n = 1000000;
    size = apigw_revocation_bound(n);
    image = malloc(size);

    (void) apigw_revocation_begin(&builder, image, size, n, seed, NOW);
    (void) apigw_revocation_clear(&builder, size);

    memset(&line, 0, sizeof(line));
    line.what.kind = APIGW_REVOCATION_JTI;
    line.what.name = text("corp");

    for (i = 0; i < n; i++) {
        sprintf(value, "%08x-token", i * 2654435761u);
        line.what.value = text(value);
        (void) apigw_revocation_add(&builder, &line);
    }

    (void) apigw_revocation_finish(&builder);

    hits = 0;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);

    for (i = 0; i < 200000; i++) {
        sprintf(value, "%08x-%s", i * 2654435761u, i % 2 ? "token" : "other");
        line.what.value = text(value);
        hits += apigw_revocation_find(image, size, &line.what, -1, NOW)
                == APIGW_OK;
    }

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
    ns = ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / 200000;

    n = (unsigned) apigw_revocation_count(image, size);
    free(image);

    printf("# %.0f ns for each\n", ns);

    EXPECT(n == 1000000);
    EXPECT(hits == 100000);
    EXPECT(ns < 100000);
}


TEST_MAIN(CASE(each_kind_of_line_revokes_what_it_names),
          CASE(a_line_counts_up_to_its_last_second),
          CASE(lines_of_one_value_add_up),
          CASE(equal_values_take_no_more_time_or_room),
          CASE(a_value_with_blanks_stands_in_quotes),
          CASE(a_wrong_line_is_told_by_its_number),
          CASE(bounds_of_a_line_and_its_name),
          CASE(memory_that_is_too_small_is_told_what_it_takes),
          CASE(room_and_bound_agree),
          CASE(a_full_image_takes_no_more),
          CASE(what_is_no_image_is_refused),
          CASE(a_million_entries_are_found_at_once))
