
/*
 * The writer puts every comma, colon and escape, and refuses what would not be
 * one document.
 */


#include "apigw_test.h"
#include "apigw_json_reader.h"
#include "apigw_json_writer.h"


static apigw_str_t
str(const char *text)
{
    return (apigw_str_t) { (const uint8_t *) text, strlen(text) };
}


TEST(values_are_separated_and_named)
{
    apigw_str_t          out;
    apigw_json_writer_t  w;

    apigw_json_writer_init(&w, &t->arena);

    apigw_json_write_object(&w);
    apigw_json_write_key(&w, str("a\"b"));
    apigw_json_write_array(&w);
    apigw_json_write_null(&w);
    apigw_json_write_bool(&w, true);
    apigw_json_write_bool(&w, false);
    apigw_json_write_int(&w, INT64_MIN);
    apigw_json_write_uint(&w, UINT64_MAX);
    apigw_json_write_raw(&w, str("1.10"));
    apigw_json_write_array(&w);
    apigw_json_write_close(&w);
    apigw_json_write_object(&w);
    apigw_json_write_close(&w);
    apigw_json_write_close(&w);
    apigw_json_write_key_raw(&w, str("\"\\u0061\""));
    apigw_json_write_piece(&w, str("[1"), true, false);
    apigw_json_write_piece(&w, str(""), false, false);
    apigw_json_write_piece(&w, str(",2]"), false, true);
    apigw_json_write_members_raw(&w, str("\"x\":1,\"y\":2"));
    apigw_json_write_key(&w, str("s"));
    apigw_json_write_string_open(&w);
    apigw_json_write_string_part(&w, str("one\n"));
    apigw_json_write_string_part(&w, str("two"));
    apigw_json_write_string_close(&w);
    EXPECT(apigw_json_write_close(&w) == APIGW_OK);

    EXPECT(apigw_json_writer_finish(&w, &out) == APIGW_OK);
    EXPECT(apigw_str_is(out, "{\"a\\\"b\":[null,true,false,"
                             "-9223372036854775808,18446744073709551615,1.10,"
                             "[],{}],\"\\u0061\":[1,2],\"x\":1,\"y\":2,"
                             "\"s\":\"one\\ntwo\"}"));
    EXPECT(w.total == out.len);
}


TEST(every_byte_is_escaped_as_it_must_be)
{
    int                  i;
    char                 want[16];
    uint8_t              ch[3];
    apigw_rc_t           rc;
    apigw_str_t          text, out;
    apigw_json_writer_t  w;

    for (i = 0; i < 256; i++) {
        ch[0] = 'x';
        ch[1] = i;
        ch[2] = 'y';
        text.data = ch;
        text.len = 3;

        apigw_json_writer_init(&w, &t->arena);
        apigw_json_write_string(&w, text);
        rc = apigw_json_writer_finish(&w, &out);

        if (i >= 0x80) {
            EXPECT(rc == APIGW_EINPUT);
            continue;
        }

        EXPECT(rc == APIGW_OK);

        if (i == '"' || i == '\\') {
            snprintf(want, sizeof(want), "\"x\\%cy\"", i);

        } else if (i >= 0x20 && i != 0x7f) {
            snprintf(want, sizeof(want), "\"x%cy\"", i);

        } else if (i && strchr("\b\f\n\r\t", i)) {
            snprintf(want, sizeof(want), "\"x\\%cy\"",
                     "btn?fr"[i - '\b']);

        } else {
            snprintf(want, sizeof(want), "\"x\\u%04xy\"", i);
        }

        EXPECT(apigw_str_is(out, want));
    }
}


TEST(only_valid_utf8_is_written)
{
    size_t               i;
    apigw_str_t          out;
    apigw_json_writer_t  w;

    static const char  *const  bad[] = {
        "\x80", "\xc3", "\xc0\x80", "\xe2\x82", "\xed\xa0\x80",
        "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "good and then \xff",
        "\xc3\xa9\xc3"
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        apigw_json_writer_init(&w, &t->arena);
        apigw_json_write_string(&w, str(bad[i]));
        EXPECT(apigw_json_writer_finish(&w, &out) == APIGW_EINPUT);

        apigw_json_writer_init(&w, &t->arena);
        apigw_json_write_object(&w);
        apigw_json_write_key(&w, str(bad[i]));
        EXPECT(w.rc == APIGW_EINPUT || w.rc == APIGW_ENOMEM);
    }

    apigw_json_writer_init(&w, &t->arena);
    apigw_json_write_string(&w, str("\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e"));
    EXPECT(apigw_json_writer_finish(&w, &out) == APIGW_OK);
    EXPECT(apigw_str_is(out, "\"\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e\""));
}


TEST(what_is_no_document_is_refused)
{
    apigw_str_t          out;
    apigw_json_writer_t  w;

#define REFUSED(calls)                                                        \
    do {                                                                      \
        apigw_json_writer_init(&w, &t->arena);                                \
        calls;                                                                \
        EXPECT(apigw_json_writer_finish(&w, &out) == APIGW_EINPUT);           \
    } while (0)

    REFUSED((void) 0);
    REFUSED(apigw_json_write_object(&w));
    REFUSED(apigw_json_write_close(&w));
    REFUSED(apigw_json_write_null(&w); apigw_json_write_null(&w));
    REFUSED(apigw_json_write_key(&w, str("a")));
    REFUSED(apigw_json_write_object(&w); apigw_json_write_null(&w));
    REFUSED(apigw_json_write_array(&w); apigw_json_write_key(&w, str("a")));
    REFUSED(apigw_json_write_object(&w); apigw_json_write_key(&w, str("a"));
            apigw_json_write_close(&w));
    REFUSED(apigw_json_write_object(&w); apigw_json_write_key(&w, str("a"));
            apigw_json_write_key(&w, str("b")));
    REFUSED(apigw_json_write_string_open(&w));
    REFUSED(apigw_json_write_string_close(&w));
    REFUSED(apigw_json_write_string_part(&w, str("a")));
    REFUSED(apigw_json_write_piece(&w, str("1"), true, false));
    REFUSED(apigw_json_write_piece(&w, str("1"), false, true));
    REFUSED(apigw_json_write_null(&w); apigw_json_write_close(&w));
    REFUSED(apigw_json_write_array(&w); apigw_json_write_members_raw(&w,
            str("\"a\":1")));

#undef REFUSED
}


static apigw_rc_t
sink(void *ctx, const uint8_t *data, size_t len)
{
    apigw_str_t  *text = ctx;

    if (text->len + len > 32) {
        return APIGW_EUNSUPPORTED;
    }

    memcpy((uint8_t *) text->data + text->len, data, len);
    text->len += len;

    return APIGW_OK;
}


TEST(a_sink_gets_the_bytes_and_stops_the_writer)
{
    int                  i;
    uint8_t              buffer[32];
    apigw_str_t          text = { buffer, 0 };
    apigw_json_writer_t  w;

    apigw_json_writer_init_sink(&w, sink, &text);
    apigw_json_write_array(&w);
    apigw_json_write_string(&w, str("a\tb"));
    apigw_json_write_int(&w, -5);
    apigw_json_write_close(&w);

    EXPECT(apigw_json_writer_finish(&w, NULL) == APIGW_OK);
    EXPECT(apigw_str_is(text, "[\"a\\tb\",-5]"));

    text.len = 0;
    apigw_json_writer_init_sink(&w, sink, &text);
    apigw_json_write_array(&w);

    for (i = 0; i < 100; i++) {
        apigw_json_write_int(&w, i);
    }

    EXPECT(w.rc == APIGW_EUNSUPPORTED);
    EXPECT(apigw_json_write_close(&w) == APIGW_EUNSUPPORTED);
    EXPECT(text.len <= 32);
}


TEST(length_and_depth_are_bounded)
{
    size_t               i;
    apigw_str_t          out;
    apigw_json_writer_t  w;

    apigw_json_writer_init(&w, &t->arena);
    apigw_json_writer_limit(&w, 5);
    apigw_json_write_string(&w, str("abc"));
    EXPECT(apigw_json_writer_finish(&w, &out) == APIGW_OK && out.len == 5);

    apigw_json_writer_init(&w, &t->arena);
    apigw_json_writer_limit(&w, 4);
    apigw_json_write_string(&w, str("abc"));
    EXPECT(apigw_json_writer_finish(&w, &out) == APIGW_ELIMIT);

    apigw_json_writer_init(&w, &t->arena);

    for (i = 0; i < APIGW_JSON_WRITER_DEPTH; i++) {
        EXPECT(apigw_json_write_array(&w) == APIGW_OK);
    }

    EXPECT(apigw_json_write_array(&w) == APIGW_ELIMIT);
}


TEST(many_chunks_become_one_document)
{
    size_t                i, sum;
    apigw_str_t           out;
    apigw_json_chunk_t   *chunk;
    apigw_json_writer_t   w;

    apigw_json_writer_init(&w, &t->arena);
    apigw_json_write_array(&w);

    for (i = 0; i < 10000; i++) {
        apigw_json_write_uint(&w, i);
    }

    apigw_json_write_close(&w);

    EXPECT(apigw_json_writer_finish(&w, &out) == APIGW_OK);
    EXPECT(out.len == w.total && w.chunks != w.tail);
    EXPECT(apigw_json_check(&t->arena, &(apigw_json_options_t) { 0 }, out,
                            &(apigw_error_t) { 0 }) == APIGW_OK);

    for (sum = 0, chunk = w.chunks; chunk; chunk = chunk->next) {
        sum += chunk->len;
    }

    EXPECT(sum == w.total);
}


TEST_MAIN(CASE(values_are_separated_and_named),
          CASE(every_byte_is_escaped_as_it_must_be),
          CASE(only_valid_utf8_is_written),
          CASE(what_is_no_document_is_refused),
          CASE(a_sink_gets_the_bytes_and_stops_the_writer),
          CASE(length_and_depth_are_bounded),
          CASE(many_chunks_become_one_document))
