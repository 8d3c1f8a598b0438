
#include "apigw_test.h"
#include "apigw_http.h"


#define MAX_BODY  64

#define OK_HEAD   "HTTP/1.1 200 OK\r\n"
#define CHUNKED   OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"
#define UNTIL_EOF OK_HEAD "\r\n"


typedef struct {
    apigw_rc_t           rc;
    apigw_error_t        error;
    apigw_http_answer_t  answer;
} result_t;


/* Reads `text` in pieces that end at `a`, at `b` and at its end. */

static void
run(apigw_test_t *t, bool head, bool close, const char *text, size_t len,
    size_t a, size_t b, result_t *r)
{
    size_t         i, cuts[3] = { a, b, len }, pos = 0;
    apigw_http_t  *http;

    memset(r, 0, sizeof(result_t));

    http = apigw_http_create(&t->arena, head, MAX_BODY);
    if (http == NULL) {
        r->rc = APIGW_ENOMEM;
        return;
    }

    for (i = 0; i < 3; i++) {
        if (cuts[i] > pos || i == 2) {
            r->rc = apigw_http_read(http, (const uint8_t *) text + pos,
                                    cuts[i] - pos, &r->error);
            pos = cuts[i];
        }
    }

    if (close) {
        r->rc = apigw_http_close(http, &r->error);
    }

    if (r->rc == APIGW_OK) {
        apigw_http_answer(http, &r->answer);
    }
}


static bool
same(const result_t *a, const result_t *b)
{
    if (a->rc != b->rc) {
        return false;
    }

    if (a->rc < 0) {
        return strcmp(a->error.word, b->error.word) == 0
               && a->error.offset == b->error.offset;
    }

    return a->rc == APIGW_AGAIN
           || (a->answer.status == b->answer.status
               && a->answer.keep == b->answer.keep
               && apigw_str_eq(a->answer.body, b->answer.body)
               && apigw_str_eq(a->answer.content_type, b->answer.content_type));
}


/* The result, if it is the same however the bytes are split. */

static bool
split(apigw_test_t *t, bool head, bool close, const char *text, size_t len,
    result_t *whole)
{
    size_t    a;
    result_t  r;

    run(t, head, close, text, len, len, len, whole);

    for (a = 0; a < len && t->fail_at == 0; a++) {
        run(t, head, close, text, len, a, a + 1, &r);

        if (!same(&r, whole)) {
            printf("# split at %zu differs\n", a);
            return false;
        }
    }

    return true;
}


/* Each byte by itself, in a reader of its own. */

static bool
drip(apigw_test_t *t, const char *text, size_t len, const result_t *whole)
{
    size_t         i;
    result_t       r;
    apigw_http_t  *http;

    memset(&r, 0, sizeof(result_t));

    http = apigw_http_create(&t->arena, false, MAX_BODY);
    if (http == NULL) {
        return false;
    }

    for (i = 0; i < len; i++) {
        r.rc = apigw_http_read(http, (const uint8_t *) text + i, 1, &r.error);
    }

    if (r.rc == APIGW_OK) {
        apigw_http_answer(http, &r.answer);
    }

    return same(&r, whole);
}


static bool
gives(apigw_test_t *t, const char *text, unsigned status, const char *body,
    bool keep)
{
    result_t  r;

    return split(t, false, false, text, strlen(text), &r)
           && drip(t, text, strlen(text), &r)
           && r.rc == APIGW_OK
           && r.answer.status == status
           && apigw_str_is(r.answer.body, body)
           && r.answer.keep == keep;
}


static bool
refuses(apigw_test_t *t, const char *text, apigw_rc_t rc, const char *word)
{
    result_t  r;

    return split(t, false, false, text, strlen(text), &r)
           && drip(t, text, strlen(text), &r)
           && r.rc == rc
           && strcmp(r.error.word, word) == 0;
}


static bool
closes(apigw_test_t *t, const char *text, apigw_rc_t rc, const char *word)
{
    result_t  r;

    return split(t, false, true, text, strlen(text), &r)
           && r.rc == rc
           && (rc == APIGW_OK ? apigw_str_is(r.answer.body, word)
                                && !r.answer.keep
                              : strcmp(r.error.word, word) == 0);
}


TEST(an_answer_with_a_length_is_read)
{
    EXPECT(gives(t, OK_HEAD "Content-Length: 5\r\n\r\nhello", 200, "hello",
                 true));
    EXPECT(gives(t, OK_HEAD "content-length:5  \r\n\r\nhello", 200, "hello",
                 true));
    EXPECT(gives(t, OK_HEAD "Content-Length: 0\r\n\r\n", 200, "", true));
    EXPECT(gives(t, OK_HEAD "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
                 200, "ok", true));
    EXPECT(gives(t, "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", 404, "",
                 true));
    EXPECT(gives(t, "HTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n", 503, "",
                 true));
}


TEST(an_answer_in_chunks_is_read)
{
    EXPECT(gives(t, CHUNKED "5\r\nhello\r\n0\r\n\r\n", 200, "hello", true));
    EXPECT(gives(t, CHUNKED "0\r\n\r\n", 200, "", true));
    EXPECT(gives(t, CHUNKED "2\r\nhe\r\n003;a=\"b;c\"\r\nllo\r\n00\r\n\r\n",
                 200, "hello", true));
    EXPECT(gives(t, CHUNKED "A ; x\r\n0123456789\r\na\t;\r\n0123456789\r\n0\r\n"
                 "Digest: x\r\nContent-Length: 9\r\n\r\n", 200,
                 "01234567890123456789", true));
}


TEST(an_answer_that_ends_with_the_connection_is_read)
{
    EXPECT(closes(t, UNTIL_EOF, APIGW_OK, ""));
    EXPECT(closes(t, UNTIL_EOF "hello", APIGW_OK, "hello"));
    EXPECT(closes(t, "HTTP/1.0 200 OK\r\n\r\nhello\r\n", APIGW_OK,
                  "hello\r\n"));
    EXPECT(closes(t, OK_HEAD "Content-Length: 2\r\n\r\nok", APIGW_OK, "ok"));
}


TEST(interim_answers_are_skipped)
{
    EXPECT(gives(t, "HTTP/1.1 100 Continue\r\n\r\n"
                 "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n"
                 "Content-Length: 7\r\nConnection: close\r\n\r\n"
                 OK_HEAD "Content-Length: 2\r\n\r\nok", 200, "ok", true));
    EXPECT(refuses(t, "HTTP/1.1 101 Switching Protocols\r\n",
                   APIGW_EUNSUPPORTED, "another protocol, unasked"));
}


TEST(answers_without_a_body_end_with_the_head)
{
    result_t     r;
    const char  *text = OK_HEAD "Content-Length: 500\r\n\r\n";

    EXPECT(gives(t, "HTTP/1.1 204 No Content\r\n\r\n", 204, "", true));
    EXPECT(gives(t, "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
                 304, "", true));
    EXPECT(gives(t, "HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n",
                 204, "", false));

    EXPECT(split(t, true, false, text, strlen(text), &r));
    EXPECT(r.rc == APIGW_OK && r.answer.body.len == 0 && r.answer.keep);
}


TEST(whether_the_connection_lives_on_is_told)
{
    EXPECT(gives(t, OK_HEAD "Connection: close\r\nContent-Length: 0\r\n\r\n",
                 200, "", false));
    EXPECT(gives(t, OK_HEAD "Connection: a, Close ,b\r\nContent-Length: 0\r\n"
                 "\r\n", 200, "", false));
    EXPECT(gives(t, OK_HEAD "Connection: closed\r\nContent-Length: 0\r\n\r\n",
                 200, "", true));
    EXPECT(gives(t, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "",
                 false));
    EXPECT(gives(t, "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n"
                 "Content-Length: 0\r\n\r\n", 200, "", true));
    EXPECT(gives(t, OK_HEAD "Content-Length: 2\r\n\r\nokHTTP/1.1 200", 200,
                 "ok", false));
}


TEST(the_content_type_is_told)
{
    result_t     r;
    const char  *text = OK_HEAD "Content-Type: application/json; a=b \r\n"
                        "Content-Length: 0\r\n\r\n";

    EXPECT(split(t, false, false, text, strlen(text), &r));
    EXPECT(r.rc == APIGW_OK);
    EXPECT(apigw_str_is(r.answer.content_type, "application/json; a=b"));

    EXPECT(refuses(t, OK_HEAD "Content-Type: a/b\r\nContent-Type: c/d\r\n",
                   APIGW_EINPUT, "two content types"));
}


TEST(framing_that_two_readers_could_take_in_two_ways_is_refused)
{
    const char  *coding = "a transfer coding other than chunked";

    EXPECT(refuses(t, OK_HEAD "Content-Length: 1\r\nContent-Length: 2\r\n",
                   APIGW_EINPUT, "two different lengths"));
    EXPECT(refuses(t, OK_HEAD "Content-Length: 1, 1\r\n", APIGW_EINPUT,
                   "an invalid length"));
    EXPECT(refuses(t, OK_HEAD "Content-Length: +1\r\n", APIGW_EINPUT,
                   "an invalid length"));
    EXPECT(refuses(t, OK_HEAD "Content-Length: -1\r\n", APIGW_EINPUT,
                   "an invalid length"));
    EXPECT(refuses(t, OK_HEAD "Content-Length: 0x1\r\n", APIGW_EINPUT,
                   "an invalid length"));
    EXPECT(refuses(t, OK_HEAD "Content-Length:\r\n", APIGW_EINPUT,
                   "an invalid length"));
    EXPECT(refuses(t, OK_HEAD "Content-Length: 18446744073709551617\r\n",
                   APIGW_EINPUT, "an invalid length"));
    EXPECT(refuses(t, OK_HEAD "Content-Length: 5\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n",
                   APIGW_EINPUT, "a length beside chunks"));
    EXPECT(refuses(t, OK_HEAD "Transfer-Encoding: gzip, chunked\r\n",
                   APIGW_EUNSUPPORTED, coding));
    EXPECT(refuses(t, OK_HEAD "Transfer-Encoding: identity\r\n",
                   APIGW_EUNSUPPORTED, coding));
    EXPECT(refuses(t, OK_HEAD "Transfer-Encoding: chunked\r\n"
                   "Transfer-Encoding: chunked\r\n",
                   APIGW_EUNSUPPORTED, coding));
    EXPECT(refuses(t, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n",
                   APIGW_EUNSUPPORTED, coding));
    EXPECT(refuses(t, OK_HEAD "Transfer-Encoding : chunked\r\n", APIGW_EINPUT,
                   "an invalid header line"));
    EXPECT(refuses(t, OK_HEAD "X: y\r\n Content-Length: 5\r\n", APIGW_EINPUT,
                   "a folded header line"));
    EXPECT(refuses(t, OK_HEAD "X: y\rContent-Length: 5\r\n", APIGW_EINPUT,
                   "a CR without LF"));
    EXPECT(refuses(t, OK_HEAD "X: y\n", APIGW_EINPUT, "an LF without CR"));
    EXPECT(refuses(t, OK_HEAD "X: y\r\r\n", APIGW_EINPUT, "a CR without LF"));
}


TEST(heads_that_are_none_are_refused)
{
    result_t     r;
    const char  *status = "no status line of HTTP/1.x";
    const char   nul[] = OK_HEAD "X: a\0b\r\n";

    EXPECT(refuses(t, "<html>hello</html>\r\n", APIGW_EINPUT, status));
    EXPECT(refuses(t, "\r\n" OK_HEAD, APIGW_EINPUT, status));
    EXPECT(refuses(t, "HTTP/2 200\r\n", APIGW_EINPUT, status));
    EXPECT(refuses(t, "HTTP/2.0 200 OK\r\n", APIGW_EINPUT, status));
    EXPECT(refuses(t, "HTTP/1.1  200 OK\r\n", APIGW_EINPUT, status));
    EXPECT(refuses(t, "HTTP/1.1 2000\r\n", APIGW_EINPUT, status));
    EXPECT(refuses(t, "HTTP/1.1 20\r\n", APIGW_EINPUT, status));
    EXPECT(refuses(t, "HTTP/1.1 600 No\r\n", APIGW_EINPUT, status));
    EXPECT(refuses(t, "HTTP/1.1 099 No\r\n", APIGW_EINPUT, status));
    EXPECT(refuses(t, "http/1.1 200 OK\r\n", APIGW_EINPUT, status));
    EXPECT(refuses(t, OK_HEAD ": x\r\n", APIGW_EINPUT,
                   "an invalid header line"));
    EXPECT(refuses(t, OK_HEAD "no colon\r\n", APIGW_EINPUT,
                   "an invalid header line"));
    EXPECT(refuses(t, OK_HEAD "X: a\x01\r\n", APIGW_EINPUT,
                   "a control byte in the head"));

    EXPECT(split(t, false, false, nul, sizeof(nul) - 1, &r));
    EXPECT(r.rc == APIGW_EINPUT);
    EXPECT(strcmp(r.error.word, "a control byte in the head") == 0);
}


TEST(encoded_bodies_are_refused)
{
    EXPECT(refuses(t, OK_HEAD "Content-Encoding: gzip\r\n",
                   APIGW_EUNSUPPORTED, "a content encoding, unasked"));
    EXPECT(refuses(t, OK_HEAD "Content-Encoding: identity, br\r\n",
                   APIGW_EUNSUPPORTED, "a content encoding, unasked"));
    EXPECT(gives(t, OK_HEAD "Content-Encoding: Identity\r\n"
                 "Content-Length: 2\r\n\r\nok", 200, "ok", true));
}


TEST(bad_chunks_are_refused)
{
    const char  *size = "an invalid chunk size";

    EXPECT(refuses(t, CHUNKED "\r\n", APIGW_EINPUT, size));
    EXPECT(refuses(t, CHUNKED "x\r\n", APIGW_EINPUT, size));
    EXPECT(refuses(t, CHUNKED "0x5\r\n", APIGW_EINPUT, size));
    EXPECT(refuses(t, CHUNKED "-1\r\n", APIGW_EINPUT, size));
    EXPECT(refuses(t, CHUNKED " 5\r\n", APIGW_EINPUT, size));
    EXPECT(refuses(t, CHUNKED "5 5\r\n", APIGW_EINPUT, size));
    EXPECT(refuses(t, CHUNKED "5\t\r\n", APIGW_EINPUT, size));
    EXPECT(refuses(t, CHUNKED "10000000000000005\r\n", APIGW_EINPUT, size));
    EXPECT(refuses(t, CHUNKED "5\n", APIGW_EINPUT, "an LF without CR"));
    EXPECT(refuses(t, CHUNKED "2\r\nhello\r\n", APIGW_EINPUT,
                   "a chunk longer than its size"));
    EXPECT(refuses(t, CHUNKED "2\r\nhe\n", APIGW_EINPUT, "an LF without CR"));
    EXPECT(refuses(t, CHUNKED "0\r\n folded\r\n", APIGW_EINPUT,
                   "a folded header line"));
    EXPECT(refuses(t, CHUNKED "0\r\nno colon\r\n", APIGW_EINPUT,
                   "an invalid header line"));
    EXPECT(refuses(t, CHUNKED "1;0123456789012345678901234567890123456789"
                   "01234567890123456789012345678901234567890123456789"
                   "0123456789012345678901234567890123456789\r\n",
                   APIGW_EINPUT, "too long a chunk size line"));
}


TEST(bodies_over_the_maximum_are_refused)
{
    char         text[256];
    const char  *large = "too large a body";

    EXPECT(refuses(t, OK_HEAD "Content-Length: 65\r\n\r\n", APIGW_ELIMIT,
                   large));
    EXPECT(refuses(t, OK_HEAD "Content-Length: 9999999999999999999\r\n\r\n",
                   APIGW_ELIMIT, large));
    EXPECT(refuses(t, CHUNKED "41\r\n", APIGW_ELIMIT, large));
    EXPECT(refuses(t, CHUNKED "1\r\n1\r\n40\r\n", APIGW_ELIMIT, large));
    EXPECT(refuses(t, CHUNKED "FFFFFFFFFFFFFFF\r\n", APIGW_ELIMIT, large));

    memset(text, 'a', sizeof(text));
    memcpy(text, UNTIL_EOF, sizeof(UNTIL_EOF) - 1);

    text[sizeof(UNTIL_EOF) - 1 + MAX_BODY] = '\0';
    EXPECT(closes(t, text, APIGW_OK, text + sizeof(UNTIL_EOF) - 1));

    text[sizeof(UNTIL_EOF) - 1 + MAX_BODY] = 'a';
    text[sizeof(UNTIL_EOF) - 1 + MAX_BODY + 1] = '\0';
    EXPECT(refuses(t, text, APIGW_ELIMIT, large));
}


/* A head of `len` bytes, in interim answers or in one line. */

static apigw_rc_t
head_of(apigw_test_t *t, const char *start, const char *unit, size_t len)
{
    size_t         n, unit_len = strlen(unit);
    apigw_rc_t     rc;
    apigw_http_t  *http;
    apigw_error_t  error = { "", 0 };

    http = apigw_http_create(&t->arena, false, MAX_BODY);
    if (http == NULL) {
        return APIGW_ENOMEM;
    }

    n = strlen(start);
    rc = apigw_http_read(http, (const uint8_t *) start, n, &error);

    for ( /* void */ ; n + unit_len <= len && rc == APIGW_AGAIN;
         n += unit_len)
    {
        rc = apigw_http_read(http, (const uint8_t *) unit, unit_len, &error);
    }

    if (rc < 0 && strcmp(error.word, "too large a head") != 0) {
        return rc == APIGW_ENOMEM ? rc : APIGW_OK;
    }

    return rc;
}


TEST(heads_over_16_kilobytes_are_refused)
{
    const char  *interim = "HTTP/1.1 100 Go\r\nA: b\r\n\r\n";

    EXPECT(head_of(t, OK_HEAD "X: ", "a", 16384) == APIGW_AGAIN);
    EXPECT(head_of(t, OK_HEAD "X: ", "a", 16385) == APIGW_ELIMIT);
    EXPECT(head_of(t, OK_HEAD, "A: b\r\n", 16384) == APIGW_AGAIN);
    EXPECT(head_of(t, OK_HEAD, "A: b\r\n", 16400) == APIGW_ELIMIT);
    EXPECT(head_of(t, "", interim, 16384) == APIGW_AGAIN);
    EXPECT(head_of(t, "", interim, 16450) == APIGW_ELIMIT);
    EXPECT(head_of(t, CHUNKED "0\r\n", "A: b\r\n", 16450) == APIGW_ELIMIT);
}


TEST(an_end_too_early_is_a_fault)
{
    const char  *head = "an end within the head";
    const char  *body = "an end within the body";

    EXPECT(closes(t, "", APIGW_EINPUT, "nothing, and closed"));
    EXPECT(closes(t, "H", APIGW_EINPUT, head));
    EXPECT(closes(t, OK_HEAD, APIGW_EINPUT, head));
    EXPECT(closes(t, "HTTP/1.1 100 Go\r\n\r\n", APIGW_EINPUT, head));
    EXPECT(closes(t, OK_HEAD "Content-Length: 5\r\n\r\nhell", APIGW_EINPUT,
                  body));
    EXPECT(closes(t, CHUNKED, APIGW_EINPUT, body));
    EXPECT(closes(t, CHUNKED "5\r\nhello", APIGW_EINPUT, body));
    EXPECT(closes(t, CHUNKED "5\r\nhello\r\n", APIGW_EINPUT, body));
    EXPECT(closes(t, CHUNKED "5\r\nhello\r\n0\r\n", APIGW_EINPUT, body));
    EXPECT(closes(t, OK_HEAD "bad\r\n", APIGW_EINPUT,
                  "an invalid header line"));
}


TEST(a_fault_stays)
{
    apigw_http_t   *http;
    apigw_error_t   error;
    const uint8_t  *good = (const uint8_t *) OK_HEAD;

    http = apigw_http_create(&t->arena, false, MAX_BODY);
    EXPECT(http != NULL);

    EXPECT(apigw_http_read(http, (const uint8_t *) "x\r\n", 3, &error)
           == APIGW_EINPUT);
    EXPECT(apigw_http_read(http, good, 17, &error) == APIGW_EINPUT);
    EXPECT(error.offset == 3);
    EXPECT(apigw_http_close(http, &error) == APIGW_EINPUT);
    EXPECT(!apigw_http_in_body(http));
}


TEST(where_the_reader_is_is_told)
{
    apigw_http_t   *http;
    apigw_error_t   error;
    const uint8_t  *head = (const uint8_t *) UNTIL_EOF;

    http = apigw_http_create(&t->arena, false, MAX_BODY);
    EXPECT(http != NULL);

    EXPECT(!apigw_http_in_body(http));
    EXPECT(apigw_http_read(http, head, 17, &error) == APIGW_AGAIN);
    EXPECT(!apigw_http_in_body(http));
    EXPECT(apigw_http_read(http, head + 17, 2, &error) == APIGW_AGAIN);
    EXPECT(apigw_http_in_body(http));
}


TEST_MAIN(CASE(an_answer_with_a_length_is_read),
          CASE(an_answer_in_chunks_is_read),
          CASE(an_answer_that_ends_with_the_connection_is_read),
          CASE(interim_answers_are_skipped),
          CASE(answers_without_a_body_end_with_the_head),
          CASE(whether_the_connection_lives_on_is_told),
          CASE(the_content_type_is_told),
          CASE(framing_that_two_readers_could_take_in_two_ways_is_refused),
          CASE(heads_that_are_none_are_refused),
          CASE(encoded_bodies_are_refused),
          CASE(bad_chunks_are_refused),
          CASE(bodies_over_the_maximum_are_refused),
          CASE(heads_over_16_kilobytes_are_refused),
          CASE(an_end_too_early_is_a_fault),
          CASE(a_fault_stays),
          CASE(where_the_reader_is_is_told))
