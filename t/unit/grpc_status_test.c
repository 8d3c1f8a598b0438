
/* Refusals for gRPC clients: who is one, codes, messages, details. */


#include "apigw_test.h"

#include "apigw_grpc_status.h"


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


/* The kind, if what is said without parameters is `type`; else -1. */

static int
kind(const char *content_type, const char *type)
{
    int          found;
    apigw_str_t  out = { NULL, 0 };

    found = apigw_grpc_kind(text(content_type), &out);

    return apigw_str_is(out, type) ? found : -1;
}


TEST(a_client_is_known_by_its_content_type)
{
    static const char *const  natives[] = {
        "", ";x=y", " ; x=y", "\t", "+proto", "+json; charset=utf-8",
        "+x.y-z_1+2", "+"
    };
    char  a[64], b[64];

    for (size_t i = 0; i < sizeof(natives) / sizeof(natives[0]); i++) {
        size_t  len = strcspn(natives[i], "; \t");

        snprintf(a, sizeof(a), "application/grpc%s", natives[i]);
        snprintf(b, sizeof(b), "application/grpc%.*s", (int) len, natives[i]);
        EXPECT(kind(a, b) == APIGW_GRPC_NATIVE);

        snprintf(a, sizeof(a), "application/grpc-web%s", natives[i]);
        snprintf(b, sizeof(b), "application/grpc-web%.*s", (int) len,
                 natives[i]);
        EXPECT(kind(a, b) == APIGW_GRPC_WEB);

        snprintf(a, sizeof(a), "application/grpc-web-text%s", natives[i]);
        snprintf(b, sizeof(b), "application/grpc-web-text%.*s", (int) len,
                 natives[i]);
        EXPECT(kind(a, b) == APIGW_GRPC_WEB_TEXT);
    }

    EXPECT(kind("Application/GRPC", "Application/GRPC") == APIGW_GRPC_NATIVE);
    EXPECT(kind("APPLICATION/GRPC-WEB-TEXT+Proto",
                "APPLICATION/GRPC-WEB-TEXT+Proto") == APIGW_GRPC_WEB_TEXT);
}


TEST(others_are_no_clients_of_grpc)
{
    static const char *const  others[] = {
        "", "application/grp", "application/grpcx", "application/grpc-",
        "application/grpc-we", "application/grpc-webx",
        "application/grpc-web-", "application/grpc-web-tex",
        "application/grpc-web-textx", "application/grpc-text",
        "application/grpc+a\x7f", "application/grpc+a\xc3\xa4",
        "application/grpc-web+a\"b", "application/grpc-web+a/b",
        "application/grpc-web+a,text/html", "application/json",
        " application/grpc", "text/html, application/grpc",
        "text/html; application/grpc-web", "application/grpc,x"
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        EXPECT(kind(others[i], "") == APIGW_GRPC_NONE);
    }
}


TEST(each_status_has_its_code)
{
    static const unsigned  codes[][2] = {
        { 400, 3 }, { 401, 16 }, { 403, 7 }, { 404, 12 }, { 405, 12 },
        { 408, 4 }, { 409, 10 }, { 413, 8 }, { 415, 3 }, { 429, 8 },
        { 499, 1 }, { 501, 12 }, { 502, 14 }, { 503, 14 }, { 504, 4 },
        { 402, 3 }, { 418, 3 }, { 451, 3 }, { 500, 13 }, { 505, 13 },
        { 599, 13 }
    };

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        EXPECT(apigw_grpc_code(codes[i][0]) == codes[i][1]);
    }
}


static bool
message(apigw_test_t *t, const char *in, const char *wanted)
{
    apigw_str_t  out;

    return apigw_grpc_message(&t->arena, text(in), &out) == APIGW_OK
           && apigw_str_is(out, wanted);
}


TEST(a_message_is_percent_encoded)
{
    EXPECT(message(t, "", ""));
    EXPECT(message(t, "a plain: text.", "a plain: text."));
    EXPECT(message(t, "100%", "100%25"));
    EXPECT(message(t, "a\r\nb: c\t\x7f", "a%0D%0Ab: c%09%7F"));
    EXPECT(message(t, "\xc3\xa4", "%C3%A4"));
}


/* The expected text is of another encoder. */

TEST(details_are_a_status_with_an_error_info)
{
    apigw_str_t  out;

    EXPECT(apigw_grpc_details(&t->arena, 16, text("no"), text("r"), &out)
           == APIGW_OK);
    EXPECT(apigw_str_is(out, "CBASAm5vGjYKKHR5cGUuZ29vZ2xlYXBpcy5jb20vZ29vZ2xl"
                             "LnJwYy5FcnJvckluZm8SCgoBchIFYXBpZ3c"));
}


TEST(long_texts_fit_and_too_long_ones_do_not)
{
    char         a[1026];
    apigw_str_t  out, in = { (uint8_t *) a, 1024 };

    memset(a, 'a', sizeof(a));

    EXPECT(apigw_grpc_details(&t->arena, 8, in, in, &out) == APIGW_OK);
    EXPECT(out.len > 2048 * 4 / 3);

    in.len = 1025;

    EXPECT(apigw_grpc_details(&t->arena, 8, in, text("r"), &out)
           == APIGW_ELIMIT);
    EXPECT(apigw_grpc_details(&t->arena, 8, text("r"), in, &out)
           == APIGW_ELIMIT);
}


TEST(trailers_of_grpc_web_are_one_frame)
{
    apigw_str_t         out;
    apigw_grpc_field_t  fields[] = {
        { text("grpc-status"), text("16") },
        { text("grpc-message"), text("no") },
        { text("x"), { NULL, 0 } }
    };
    static const char   frame[] = "\x80\0\0\0\x28grpc-status: 16\r\n"
                                  "grpc-message: no\r\nx: \r\n";

    EXPECT(apigw_grpc_web_trailers(&t->arena, fields, 3, false, &out)
           == APIGW_OK);
    EXPECT(out.len == sizeof(frame) - 1
           && memcmp(out.data, frame, out.len) == 0);

    EXPECT(apigw_grpc_web_trailers(&t->arena, fields, 0, false, &out)
           == APIGW_OK);
    EXPECT(out.len == 5 && memcmp(out.data, "\x80\0\0\0\0", 5) == 0);
}


/* The expected texts are of another encoder. */

TEST(as_text_they_are_padded_base64)
{
    apigw_str_t         out;
    apigw_grpc_field_t  field = { text("a"), text("") };

    EXPECT(apigw_grpc_web_trailers(&t->arena, &field, 1, true, &out)
           == APIGW_OK);
    EXPECT(apigw_str_is(out, "gAAAAAVhOiANCg=="));

    field.value = text("b");
    EXPECT(apigw_grpc_web_trailers(&t->arena, &field, 1, true, &out)
           == APIGW_OK);
    EXPECT(apigw_str_is(out, "gAAAAAZhOiBiDQo="));

    field.value = text("bc");
    EXPECT(apigw_grpc_web_trailers(&t->arena, &field, 1, true, &out)
           == APIGW_OK);
    EXPECT(apigw_str_is(out, "gAAAAAdhOiBiYw0K"));
}


TEST(trailers_have_a_bound)
{
    static char         a[65536];
    apigw_str_t         out, most = { (uint8_t *) a, 65536 - 5 };
    apigw_grpc_field_t  fields[2] = { { text("a"), most },
                                      { text("b"), text("") } };

    memset(a, 'a', sizeof(a));

    EXPECT(apigw_grpc_web_trailers(&t->arena, fields, 1, false, &out)
           == APIGW_OK);
    EXPECT(out.len == 65536 + 5 && memcmp(out.data, "\x80\0\1\0\0", 5) == 0);
    EXPECT(apigw_grpc_web_trailers(&t->arena, fields, 2, false, &out)
           == APIGW_ELIMIT);

    fields[0].value.len++;
    EXPECT(apigw_grpc_web_trailers(&t->arena, fields, 1, false, &out)
           == APIGW_ELIMIT);

    fields[0].value.len = SIZE_MAX - 2;
    EXPECT(apigw_grpc_web_trailers(&t->arena, fields, 1, true, &out)
           == APIGW_ELIMIT);
}


TEST_MAIN(CASE(a_client_is_known_by_its_content_type),
          CASE(others_are_no_clients_of_grpc),
          CASE(each_status_has_its_code),
          CASE(a_message_is_percent_encoded),
          CASE(details_are_a_status_with_an_error_info),
          CASE(long_texts_fit_and_too_long_ones_do_not),
          CASE(trailers_of_grpc_web_are_one_frame),
          CASE(as_text_they_are_padded_base64),
          CASE(trailers_have_a_bound))
