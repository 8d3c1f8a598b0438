
/*
 * Any sequence of calls: what the writer ends well is one strict document, and
 * so is a problem document of any texts. Each byte is a call; strings take the
 * bytes that follow.
 */


#include "apigw_json_reader.h"
#include "apigw_json_writer.h"
#include "apigw_problem.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
require(bool condition)
{
    if (!condition) {
        abort();
    }
}


static apigw_str_t
take(const uint8_t **p, const uint8_t *end)
{
    apigw_str_t  text;

    text.data = *p;
    text.len = *p < end ? **p % 32 : 0;

    if (*p < end) {
        text.data = ++(*p);
    }

    if (text.len > (size_t) (end - *p)) {
        text.len = end - *p;
    }

    *p += text.len;

    return text;
}


static void
call(apigw_json_writer_t *w, const uint8_t **p, const uint8_t *end)
{
    switch (*(*p)++ % 12) {

    case 0:
        (void) apigw_json_write_object(w);
        break;

    case 1:
        (void) apigw_json_write_array(w);
        break;

    case 2:
    case 3:
        (void) apigw_json_write_close(w);
        break;

    case 4:
    case 5:
        (void) apigw_json_write_key(w, take(p, end));
        break;

    case 6:
        (void) apigw_json_write_string(w, take(p, end));
        break;

    case 7:
        (void) apigw_json_write_string_open(w);
        break;

    case 8:
        (void) apigw_json_write_string_part(w, take(p, end));
        break;

    case 9:
        (void) apigw_json_write_string_close(w);
        break;

    case 10:
        (void) apigw_json_write_int(w, -(int64_t) (end - *p));
        break;

    default:
        (void) apigw_json_write_bool(w, (end - *p) % 2);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apigw_str_t           out, text = { data, size };
    apigw_heap_t          heap;
    apigw_arena_t         arena;
    apigw_error_t         error;
    const uint8_t        *p, *end;
    apigw_problem_t       problem = { .status = 400 };
    apigw_json_writer_t   w;
    apigw_json_options_t  o = { .max_depth = APIGW_JSON_DEPTH_LIMIT,
                                .max_key = APIGW_JSON_KEY_LIMIT,
                                .refuse_lone = true };

    if (size == 0) {
        return 0;
    }

    apigw_heap_arena(&heap, &arena);
    apigw_json_writer_init(&w, &arena);

    p = data;
    end = data + size;

    while (p < end) {
        call(&w, &p, end);
    }

    while (w.depth && w.rc == APIGW_OK) {
        (void) apigw_json_write_close(&w);
    }

    if (apigw_json_writer_finish(&w, &out) == APIGW_OK) {
        require(out.len == w.total);
        require(apigw_json_check(&arena, &o, out, &error) != APIGW_EINPUT);
    }

    problem.title = text;
    problem.detail = text;
    problem.instance = text;

    o.duplicates = APIGW_JSON_DUP_REJECT;
    o.root_object = true;

    if (apigw_problem_write(&arena, &problem, &out) == APIGW_OK) {
        require(apigw_utf8_valid(data, size) == size);
        require(apigw_json_check(&arena, &o, out, &error) == APIGW_OK);

    } else {
        require(apigw_utf8_valid(data, size) != size);
    }

    apigw_heap_free(&heap);

    return 0;
}
