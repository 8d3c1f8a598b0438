
/* RESP2: commands, the guard, the reader and the classes of errors. */


#include "apigw_test.h"
#include "apigw_resp.h"


/* Writes a reply as a line that tells its shape. */

static char *
show(const redisReply *reply, char *p, const char *last)
{
    size_t  i;

    switch (reply->type) {

    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
        p += snprintf(p, last - p, "%c%.*s",
                      "?$*:_+-"[reply->type], (int) reply->len, reply->str);
        return p;

    case REDIS_REPLY_INTEGER:
        return p + snprintf(p, last - p, ":%lld", reply->integer);

    case REDIS_REPLY_NIL:
        return p + snprintf(p, last - p, "_");

    default:
        *p++ = '(';

        for (i = 0; i < reply->elements; i++) {
            p = show(reply->element[i], p, last);
            *p++ = ',';
        }

        *p++ = ')';
        *p = '\0';

        return p;
    }
}


/*
 * Reads all replies of a stream that arrives in two parts. Shows them, one
 * after the other, each with ";", and returns what ended the reading.
 */

static apigw_rc_t
read_all(apigw_resp_reader_t *reader, const char *in, size_t len, size_t split,
    char *out, size_t size)
{
    char        *p, *last;
    size_t       part, used;
    apigw_rc_t   rc;
    redisReply  *reply;

    p = out;
    last = out + size;
    *p = '\0';
    rc = APIGW_AGAIN;

    while (len || split) {
        part = split < len ? split : len;
        len -= part;
        split = len;

        do {
            rc = apigw_resp_read(reader, (const uint8_t *) in, part, &used,
                                 &reply);
            if (rc == APIGW_OK) {
                p = show(reply, p, last);
                *p++ = ';';
                *p = '\0';
                freeReplyObject(reply);
            }

            if (rc < 0) {
                return rc;
            }

            in += used;
            part -= used;

        } while (rc == APIGW_OK);
    }

    return rc;
}


static bool
reads_as(apigw_resp_reader_t *reader, const char *in, size_t len,
    const char *shown, apigw_rc_t end)
{
    char    out[512];
    size_t  split;

    for (split = 0; split <= len; split++) {

        if (apigw_resp_reader_reset(reader) != APIGW_OK) {
            return false;
        }

        if (read_all(reader, in, len, split, out, sizeof(out)) != end
            || strcmp(out, shown) != 0)
        {
            printf("# split at %zu: \"%s\"\n", split, out);
            return false;
        }
    }

    return true;
}


#define READS(text, shown)                                                    \
    EXPECT(reads_as(reader, text, sizeof(text) - 1, shown, APIGW_AGAIN))

#define FAILS(text, shown, rc)                                                \
    EXPECT(reads_as(reader, text, sizeof(text) - 1, shown, rc))

#define READER()                                                              \
    apigw_resp_reader_t  *reader = apigw_resp_reader_create(&t->arena);       \
    EXPECT(reader != NULL)


TEST(a_command_is_an_array_of_bulk_strings)
{
    char               *bytes;
    size_t              len;
    const apigw_str_t   args[] = {
        apigw_str("SET"), apigw_str("a\0\r\n b"), { NULL, 0 }
    };
    static const char   wire[] = "*3\r\n$3\r\nSET\r\n$6\r\na\0\r\n b\r\n"
                                 "$0\r\n\r\n";

    EXPECT(apigw_resp_command(args, 3, &bytes, &len) == APIGW_OK);
    EXPECT(len == sizeof(wire) - 1);
    EXPECT(memcmp(bytes, wire, len) == 0);

    apigw_resp_command_free(bytes);
    apigw_resp_command_free(NULL);
}


TEST(a_command_has_bounds)
{
    char         *bytes = NULL;
    size_t        i, len;
    apigw_str_t   args[APIGW_RESP_MAX_ARGS + 1];

    for (i = 0; i <= APIGW_RESP_MAX_ARGS; i++) {
        args[i] = (apigw_str_t) apigw_str("a");
    }

    EXPECT(apigw_resp_command(args, 0, &bytes, &len) == APIGW_EINPUT);
    EXPECT(apigw_resp_command(args, APIGW_RESP_MAX_ARGS + 1, &bytes, &len)
           == APIGW_ELIMIT);

    /* only the length is looked at: the bytes are not there */

    args[0].len = APIGW_RESP_MAX_COMMAND;
    EXPECT(apigw_resp_command(args, 2, &bytes, &len) == APIGW_ELIMIT);

    args[0].len = SIZE_MAX;
    EXPECT(apigw_resp_command(args, 1, &bytes, &len) == APIGW_ELIMIT);
    EXPECT(bytes == NULL);

    args[0].len = 1;
    EXPECT(apigw_resp_command(args, APIGW_RESP_MAX_ARGS, &bytes, &len)
           == APIGW_OK);

    apigw_resp_command_free(bytes);
}


TEST(each_reply_reads_the_same_split_at_every_byte)
{
    READER();

    READS("+OK\r\n", "+OK;");
    READS("+\r\n", "+;");
    READS("-ERR no\r\n", "-ERR no;");
    READS(":0\r\n:-1\r\n:42\r\n", ":0;:-1;:42;");
    READS(":9223372036854775807\r\n", ":9223372036854775807;");
    READS("$5\r\nhello\r\n", "$hello;");
    READS("$0\r\n\r\n", "$;");
    READS("$-1\r\n", "_;");
    READS("$4\r\n\r\n\r\n\r\n", "$\r\n\r\n;");
    READS("*0\r\n", "();");
    READS("*-1\r\n", "_;");
    READS("*3\r\n:1\r\n$1\r\na\r\n+b\r\n", "(:1,$a,+b,);");
    READS("*2\r\n*2\r\n:1\r\n*0\r\n*1\r\n$-1\r\n", "((:1,(),),(_,),);");
    READS("+A\r\n*1\r\n:1\r\n-B\r\n$1\r\nC\r\n", "+A;(:1,);-B;$C;");

    apigw_resp_reader_free(reader);
}


TEST(replies_before_garbage_are_still_read)
{
    READER();

    FAILS("+OK\r\n:1\r\nHTTP/1.1 400", "+OK;:1;", APIGW_EINPUT);
    FAILS("*2\r\n:1\r\n!", "", APIGW_EINPUT);

    apigw_resp_reader_free(reader);
}


TEST(what_is_not_resp2_is_refused)
{
    READER();

    FAILS("\r\n", "", APIGW_EINPUT);
    FAILS("PONG\r\n", "", APIGW_EINPUT);
    FAILS("_\r\n", "", APIGW_EINPUT);
    FAILS("%1\r\n", "", APIGW_EINPUT);
    FAILS("+OK\n", "", APIGW_EINPUT);
    FAILS("+OK\rX", "", APIGW_EINPUT);
    FAILS(":\r\n", "", APIGW_EINPUT);
    FAILS(":-\r\n", "", APIGW_EINPUT);
    FAILS(":--1\r\n", "", APIGW_EINPUT);
    FAILS(":+1\r\n", "", APIGW_EINPUT);
    FAILS(":1x\r\n", "", APIGW_EINPUT);
    FAILS(":01\r\n", "", APIGW_EINPUT);
    FAILS(":-0\r\n", "", APIGW_EINPUT);
    FAILS("*01\r\n:1\r\n", "", APIGW_EINPUT);
    FAILS(": 1\r\n", "", APIGW_EINPUT);
    FAILS(":1\n", "", APIGW_EINPUT);
    FAILS(":1\r\r", "", APIGW_EINPUT);
    FAILS(":9223372036854775808\r\n", "", APIGW_EINPUT);
    FAILS(":00000000000000000000\r\n", "", APIGW_EINPUT);
    FAILS("$-2\r\n", "", APIGW_EINPUT);
    FAILS("*-2\r\n", "", APIGW_EINPUT);
    FAILS("$2\r\nabc\r\n", "", APIGW_EINPUT);
    FAILS("$2\r\nab\n\n", "", APIGW_EINPUT);

    apigw_resp_reader_free(reader);
}


TEST(a_reply_above_the_bounds_is_refused_by_its_header)
{
    READER();

    FAILS("*16385\r\n", "", APIGW_ELIMIT);
    FAILS("$1048577\r\n", "", APIGW_ELIMIT);
    FAILS("*1\r\n$999999999999\r\n", "", APIGW_ELIMIT);
    FAILS("*9223372036854775807\r\n", "", APIGW_ELIMIT);

    READS("*16384\r\n", "");
    READS("$1048576\r\n", "");

    apigw_resp_reader_free(reader);
}


TEST(arrays_nest_to_a_depth)
{
    READER();

    READS("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
          "(((((((:1,),),),),),),);");
    FAILS("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "",
          APIGW_ELIMIT);

    apigw_resp_reader_free(reader);
}


TEST(a_reply_has_a_bound_on_elements_and_bytes)
{
    size_t               i, used;
    uint8_t              line[1024];
    apigw_rc_t           rc;
    apigw_resp_guard_t   guard;
    static const char    outer[] = "*16384\r\n", inner[] = "*16384\r\n",
                         one[] = ":1\r\n";

    memset(&guard, 0, sizeof(guard));

    rc = apigw_resp_guard_scan(&guard, (const uint8_t *) outer,
                               sizeof(outer) - 1, &used);
    EXPECT(rc == APIGW_AGAIN);

    for (i = 0; rc == APIGW_AGAIN; i++) {
        EXPECT(i <= APIGW_RESP_MAX_ELEMENTS);

        rc = i % 16385 == 0
             ? apigw_resp_guard_scan(&guard, (const uint8_t *) inner,
                                     sizeof(inner) - 1, &used)
             : apigw_resp_guard_scan(&guard, (const uint8_t *) one,
                                     sizeof(one) - 1, &used);
    }

    EXPECT(rc == APIGW_ELIMIT);
    EXPECT(i == APIGW_RESP_MAX_ELEMENTS);

    /* a line that never ends */

    memset(&guard, 0, sizeof(guard));
    memset(line, '+', sizeof(line));

    rc = APIGW_AGAIN;

    for (i = 0; rc == APIGW_AGAIN; i++) {
        EXPECT(i <= APIGW_RESP_MAX_LINE / sizeof(line));
        rc = apigw_resp_guard_scan(&guard, line, sizeof(line), &used);
    }

    EXPECT(rc == APIGW_ELIMIT);
}


TEST(many_large_bulks_are_one_reply_too_large)
{
    size_t              i, used;
    uint8_t            *bulk;
    apigw_rc_t          rc;
    apigw_resp_guard_t  guard;
    static const char   outer[] = "*100\r\n", head[] = "$1048576\r\n";

    memset(&guard, 0, sizeof(guard));

    bulk = apigw_arena_zalloc(&t->arena, (1 << 20) + 2);
    EXPECT(bulk != NULL);
    memcpy(bulk + (1 << 20), "\r\n", 2);

    rc = apigw_resp_guard_scan(&guard, (const uint8_t *) outer,
                               sizeof(outer) - 1, &used);

    for (i = 0; rc == APIGW_AGAIN; i++) {
        EXPECT(i < 16);

        rc = apigw_resp_guard_scan(&guard, (const uint8_t *) head,
                                   sizeof(head) - 1, &used);

        if (rc == APIGW_AGAIN) {
            rc = apigw_resp_guard_scan(&guard, bulk, (1 << 20) + 2, &used);
        }
    }

    EXPECT(rc == APIGW_ELIMIT);
}


TEST(the_end_of_a_reply_is_told_exactly)
{
    size_t       used;
    redisReply  *reply;

    READER();

    EXPECT(apigw_resp_read(reader, (const uint8_t *) "+A\r\n+B\r\n", 8, &used,
                           &reply)
           == APIGW_OK);
    EXPECT(used == 4);
    freeReplyObject(reply);

    EXPECT(apigw_resp_read(reader, (const uint8_t *) "", 0, &used, &reply)
           == APIGW_AGAIN);
    EXPECT(used == 0 && reply == NULL);

    apigw_resp_reader_free(reader);

    EXPECT(apigw_resp_read(reader, (const uint8_t *) "+A\r\n", 4, &used, &reply)
           == APIGW_ENOMEM);
}


static bool
is_class(const char *text, apigw_resp_class_e class, apigw_resp_action_e action)
{
    apigw_resp_class_e  got;

    got = apigw_resp_classify(text, strlen(text));

    return got == class && apigw_resp_class_action(got) == action;
}


TEST(errors_have_the_class_of_their_first_word)
{
    EXPECT(is_class("NOSCRIPT No matching script.",
                    APIGW_RESP_CLASS_NOSCRIPT, APIGW_RESP_EVAL));
    EXPECT(is_class("MOVED 3999 127.0.0.1:6381",
                    APIGW_RESP_CLASS_MOVED, APIGW_RESP_REDIRECT));
    EXPECT(is_class("ASK 3999 127.0.0.1:6381",
                    APIGW_RESP_CLASS_ASK, APIGW_RESP_REDIRECT));
    EXPECT(is_class("TRYAGAIN Multiple keys",
                    APIGW_RESP_CLASS_TRYAGAIN, APIGW_RESP_UNREADY));
    EXPECT(is_class("LOADING Redis is loading the dataset in memory",
                    APIGW_RESP_CLASS_LOADING, APIGW_RESP_UNREADY));
    EXPECT(is_class("CLUSTERDOWN Hash slot not served",
                    APIGW_RESP_CLASS_CLUSTERDOWN, APIGW_RESP_UNREADY));
    EXPECT(is_class("MASTERDOWN Link with MASTER is down",
                    APIGW_RESP_CLASS_MASTERDOWN, APIGW_RESP_UNREADY));
    EXPECT(is_class("BUSY Redis is busy running a script.",
                    APIGW_RESP_CLASS_BUSY, APIGW_RESP_UNREADY));
    EXPECT(is_class("READONLY You can't write against a read only replica.",
                    APIGW_RESP_CLASS_READONLY, APIGW_RESP_DROP));
    EXPECT(is_class("OOM command not allowed",
                    APIGW_RESP_CLASS_OOM, APIGW_RESP_REFUSED));
    EXPECT(is_class("MISCONF Redis is configured to save RDB snapshots",
                    APIGW_RESP_CLASS_MISCONF, APIGW_RESP_REFUSED));
    EXPECT(is_class("NOAUTH Authentication required.",
                    APIGW_RESP_CLASS_NOAUTH, APIGW_RESP_REFUSED));
    EXPECT(is_class("WRONGPASS invalid username-password pair",
                    APIGW_RESP_CLASS_WRONGPASS, APIGW_RESP_REFUSED));
    EXPECT(is_class("NOPERM this user has no permissions",
                    APIGW_RESP_CLASS_NOPERM, APIGW_RESP_REFUSED));
    EXPECT(is_class("ERR unknown command",
                    APIGW_RESP_CLASS_OTHER, APIGW_RESP_DELIVER));
    EXPECT(is_class("WRONGTYPE Operation against a key",
                    APIGW_RESP_CLASS_OTHER, APIGW_RESP_DELIVER));
    EXPECT(is_class("", APIGW_RESP_CLASS_OTHER, APIGW_RESP_DELIVER));
    EXPECT(is_class("OOMPH", APIGW_RESP_CLASS_OTHER, APIGW_RESP_DELIVER));
    EXPECT(is_class("MOVED", APIGW_RESP_CLASS_MOVED, APIGW_RESP_REDIRECT));
}


TEST(an_error_inside_a_script_has_that_errors_class)
{
    EXPECT(is_class("ERR Error running script (call to f_ab): "
                    "@user_script:1: -READONLY You can't write against a read "
                    "only replica.",
                    APIGW_RESP_CLASS_READONLY, APIGW_RESP_DROP));
    EXPECT(is_class("ERR Error running script (call to f_ab): "
                    "@user_script:7: @user_script: 7: -OOM command not "
                    "allowed when used memory > 'maxmemory'.",
                    APIGW_RESP_CLASS_OOM, APIGW_RESP_REFUSED));
    EXPECT(is_class("ERR Error running script (call to f_ab): a - b -c -",
                    APIGW_RESP_CLASS_OTHER, APIGW_RESP_DELIVER));
    EXPECT(is_class("ERR ACL failure in script: this user has no permissions",
                    APIGW_RESP_CLASS_NOPERM, APIGW_RESP_REFUSED));
    EXPECT(is_class("ERR I say -READONLY",
                    APIGW_RESP_CLASS_OTHER, APIGW_RESP_DELIVER));
}


TEST(every_class_has_a_word)
{
    unsigned  i;

    for (i = 0; i < APIGW_RESP_CLASS_N; i++) {
        EXPECT(strlen(apigw_resp_class_word((apigw_resp_class_e) i)) > 0);
    }

    EXPECT(strcmp(apigw_resp_class_word(APIGW_RESP_CLASS_LOADING), "loading")
           == 0);
}


static redisReply *
parse(apigw_resp_reader_t *reader, const char *in)
{
    size_t       used;
    redisReply  *reply;

    if (apigw_resp_read(reader, (const uint8_t *) in, strlen(in), &used, &reply)
        != APIGW_OK)
    {
        return NULL;
    }

    return reply;
}


TEST(integers_are_read_all_or_none)
{
    int64_t      v[3] = { 7, 7, 7 };
    redisReply  *reply;

    READER();

    reply = parse(reader, "*3\r\n:1\r\n:-1\r\n:731497199580288\r\n");
    EXPECT(reply != NULL);
    EXPECT(apigw_resp_integers(reply, v, 2) == APIGW_EINPUT);
    EXPECT(apigw_resp_integers(reply, v, 4) == APIGW_EINPUT);
    EXPECT(v[0] == 7);
    EXPECT(apigw_resp_integers(reply, v, 3) == APIGW_OK);
    EXPECT(v[0] == 1 && v[1] == -1 && v[2] == 731497199580288);
    freeReplyObject(reply);

    v[0] = 7;

    reply = parse(reader, "*3\r\n:1\r\n:2\r\n$1\r\n3\r\n");
    EXPECT(reply != NULL);
    EXPECT(apigw_resp_integers(reply, v, 3) == APIGW_EINPUT);
    EXPECT(v[0] == 7);
    freeReplyObject(reply);

    reply = parse(reader, "-ERR x\r\n");
    EXPECT(reply != NULL);
    EXPECT(apigw_resp_integers(reply, v, 0) == APIGW_EINPUT);
    EXPECT(apigw_resp_reply_class(reply) == APIGW_RESP_CLASS_OTHER);
    EXPECT(!apigw_resp_reply_is(reply, "ERR x"));
    freeReplyObject(reply);

    reply = parse(reader, "+OK\r\n");
    EXPECT(reply != NULL);
    EXPECT(apigw_resp_reply_is(reply, "OK"));
    EXPECT(!apigw_resp_reply_is(reply, "O"));
    EXPECT(apigw_resp_reply_class(reply) == APIGW_RESP_CLASS_NONE);
    freeReplyObject(reply);

    apigw_resp_reader_free(reader);
}


TEST_MAIN(
    CASE(a_command_is_an_array_of_bulk_strings),
    CASE(a_command_has_bounds),
    CASE(each_reply_reads_the_same_split_at_every_byte),
    CASE(replies_before_garbage_are_still_read),
    CASE(what_is_not_resp2_is_refused),
    CASE(a_reply_above_the_bounds_is_refused_by_its_header),
    CASE(arrays_nest_to_a_depth),
    CASE(a_reply_has_a_bound_on_elements_and_bytes),
    CASE(many_large_bulks_are_one_reply_too_large),
    CASE(the_end_of_a_reply_is_told_exactly),
    CASE(errors_have_the_class_of_their_first_word),
    CASE(an_error_inside_a_script_has_that_errors_class),
    CASE(every_class_has_a_word),
    CASE(integers_are_read_all_or_none)
)
