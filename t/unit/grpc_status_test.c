
/* Refusals for gRPC clients: who is one, codes, messages, details. */


#include "apigw_test.h"

#include "apigw_grpc_status.h"


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


TEST(a_client_is_known_by_its_content_type)
{
    EXPECT(apigw_grpc_type(text("application/grpc")));
    EXPECT(apigw_grpc_type(text("Application/GRPC")));
    EXPECT(apigw_grpc_type(text("application/grpc+proto")));
    EXPECT(apigw_grpc_type(text("application/grpc+json; charset=utf-8")));
    EXPECT(apigw_grpc_type(text("application/grpc;x=y")));
    EXPECT(apigw_grpc_type(text("application/grpc ; x=y")));

    EXPECT(!apigw_grpc_type(text("")));
    EXPECT(!apigw_grpc_type(text("application/grp")));
    EXPECT(!apigw_grpc_type(text("application/grpcx")));
    EXPECT(!apigw_grpc_type(text("application/grpc-web")));
    EXPECT(!apigw_grpc_type(text("application/grpc-web+proto")));
    EXPECT(!apigw_grpc_type(text("application/json")));
    EXPECT(!apigw_grpc_type(text(" application/grpc")));
    EXPECT(!apigw_grpc_type(text("text/html, application/grpc")));
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


TEST_MAIN(CASE(a_client_is_known_by_its_content_type),
          CASE(each_status_has_its_code),
          CASE(a_message_is_percent_encoded),
          CASE(details_are_a_status_with_an_error_info),
          CASE(long_texts_fit_and_too_long_ones_do_not))
