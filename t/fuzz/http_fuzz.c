
/*
 * A server's answer. The first byte tells where the rest is split, and whether
 * the request was HEAD: the result is the same in one piece, in two, and byte
 * by byte.
 */


#include "apigw_http.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define CHECK(cond)  do { if (!(cond)) abort(); } while (0)

#define MAX_BODY  4096


typedef struct {
    apigw_heap_t         heap;
    apigw_rc_t           rc;
    apigw_rc_t           closed;
    apigw_error_t        error;
    apigw_http_answer_t  answer;
} result_t;


static void
run(const uint8_t *data, size_t size, bool head, size_t first, size_t piece,
    result_t *r)
{
    size_t          n, pos;
    apigw_http_t   *http;
    apigw_arena_t   arena;

    memset(r, 0, sizeof(result_t));
    apigw_heap_arena(&r->heap, &arena);

    http = apigw_http_create(&arena, head, MAX_BODY);
    CHECK(http != NULL);

    r->rc = APIGW_AGAIN;

    for (pos = 0; pos < size; pos += n) {
        n = pos ? piece : first;

        if (n == 0 || n > size - pos) {
            n = size - pos;
        }

        r->rc = apigw_http_read(http, data + pos, n, &r->error);
    }

    r->closed = r->rc == APIGW_AGAIN ? apigw_http_close(http, &r->error)
                                     : r->rc;

    CHECK(r->closed != APIGW_AGAIN);

    if (r->closed == APIGW_OK) {
        apigw_http_answer(http, &r->answer);
        CHECK(r->answer.status >= 200 && r->answer.status <= 599);
        CHECK(r->answer.body.len <= MAX_BODY);

    } else {
        CHECK(r->error.word != NULL && r->error.offset <= size);
    }
}


static void
compare(const result_t *a, const result_t *b)
{
    CHECK(a->rc == b->rc && a->closed == b->closed);

    if (a->closed != APIGW_OK) {
        CHECK(strcmp(a->error.word, b->error.word) == 0);
        CHECK(a->error.offset == b->error.offset);
        return;
    }

    CHECK(a->answer.status == b->answer.status);
    CHECK(a->answer.keep == b->answer.keep);
    CHECK(apigw_str_eq(a->answer.body, b->answer.body));
    CHECK(apigw_str_eq(a->answer.content_type, b->answer.content_type));
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool      head;
    size_t    at;
    result_t  whole, two, drip;

    if (size == 0) {
        return 0;
    }

    head = data[0] & 1;
    at = data[0] >> 1;

    run(data + 1, size - 1, head, 0, 0, &whole);
    run(data + 1, size - 1, head, at, 0, &two);
    run(data + 1, size - 1, head, 1, 1, &drip);

    compare(&whole, &two);
    compare(&whole, &drip);

    apigw_heap_free(&whole.heap);
    apigw_heap_free(&two.heap);
    apigw_heap_free(&drip.heap);

    return 0;
}
