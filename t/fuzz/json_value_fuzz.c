
/*
 * Walking, decoding and dates on any bytes: unchecked ones do no harm; checked
 * ones decode to what encodes back to the same value.
 */


#include "apigw_test.h"
#include "apigw_json_pointer.h"
#include "apigw_json_value.h"
#include "apigw_json_writer.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
require(bool condition)
{
    if (!condition) {
        abort();
    }
}


static void
strings(apigw_arena_t *arena, apigw_str_t source, bool checked)
{
    apigw_rc_t           rc;
    apigw_str_t          text, back, twice;
    apigw_json_writer_t  w;

    if (source.len < 2) {
        return;
    }

    rc = apigw_json_string_decode(arena, source, &text);

    if (rc != APIGW_OK) {
        require(rc == APIGW_EINPUT);
        return;
    }

    require(text.len <= source.len - 2);
    require(apigw_json_string_eq(source, text));

    apigw_json_writer_init(&w, arena);
    apigw_json_write_string(&w, text);
    rc = apigw_json_writer_finish(&w, &back);

    if (checked) {
        require(rc == APIGW_OK);
        require(apigw_json_string_decode(arena, back, &twice) == APIGW_OK);
        require(apigw_str_eq(text, twice));
    }
}


static void
walk(apigw_arena_t *arena, apigw_str_t text, bool checked, int depth)
{
    uint64_t            date;
    apigw_json_walk_t   w;
    apigw_json_value_t  v;

    apigw_json_walk(&w, text);

    while (apigw_json_walk_next(&w, &v)) {

        require(v.text.data >= text.data
                && v.text.data + v.text.len <= text.data + text.len);

        if (v.kind == APIGW_JSON_STRING) {
            strings(arena, v.text, checked);
        }

        strings(arena, v.name, checked);

        if (v.kind == APIGW_JSON_NUMBER
            && apigw_json_date(v.text, &date) == APIGW_OK)
        {
            require(date <= APIGW_JSON_DATE_MAX);
        }

        require(!checked || v.kind != APIGW_JSON_NUMBER
                || apigw_json_date(v.text, &date) != APIGW_EINPUT);

        if (depth < 8) {
            walk(arena, v.text, checked, depth + 1);
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool                   checked;
    apigw_str_t            text;
    apigw_heap_t           heap;
    apigw_arena_t          arena;
    apigw_error_t          error;
    apigw_json_value_t     v;
    apigw_json_pointer_t   p;
    apigw_json_options_t   o = { .refuse_lone = true };

    text.data = data;
    text.len = size;

    apigw_heap_arena(&heap, &arena);

    checked = apigw_json_check(&arena, &o, text, &error) == APIGW_OK;

    walk(&arena, text, checked, 0);
    (void) apigw_json_member(text, "a", &v);

    if (apigw_json_pointer_parse(&arena, text, size % 2, &p, &error)
        == APIGW_OK)
    {
        require(p.n <= APIGW_JSON_POINTER_SEGMENTS && p.any <= p.n);
        require(apigw_json_pointer_covers(&p, &p));
    }

    apigw_heap_free(&heap);

    return 0;
}
