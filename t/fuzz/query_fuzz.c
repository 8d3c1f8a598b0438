
/*
 * Any query operations on any query string: operations, a line each with
 * arguments parted by blanks; an empty line; values, a line each; an empty
 * line; the query string. New bytes are unreserved or escaped, so a query of
 * clean bytes stays clean; what operations name is gone or there afterwards.
 */


#include "transform_fuzz.h"
#include "apigw_query.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static bool
clean(apigw_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] <= 0x20 || s.data[i] >= 0x7f) {
            return false;
        }
    }

    return true;
}


/* After "keep" of a name that the query does not have, nothing is left. */

static void
emptied(apigw_arena_t *arena, apigw_str_t in)
{
    uint8_t                   *name;
    apigw_str_t                args[2], out;
    apigw_query_t             *query;
    apigw_transform_fault_t    fault;

    name = apigw_arena_alloc(arena, in.len + 1);
    memset(name, 'a', in.len + 1);

    args[0] = (apigw_str_t) apigw_str("keep");
    args[1].data = name;
    args[1].len = in.len + 1;

    query = apigw_query_create(arena);

    must(apigw_query_add(query, args, 2, &fault) == APIGW_OK);
    must(apigw_query_run(query, in, NULL, arena, &out) == APIGW_OK);
    must(out.len == 0);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t                     i, n, fit;
    apigw_str_t                in, line, out, *args;
    apigw_str_t                values[FUZZ_VALUES] = { { NULL, 0 } };
    apigw_heap_t               heap;
    apigw_arena_t              arena;
    apigw_query_t             *query;
    apigw_transform_fault_t    fault;

    apigw_heap_arena(&heap, &arena);

    in.data = data;
    in.len = size;
    query = apigw_query_create(&arena);

    while (in.len && fuzz_line(&in, &line)) {
        args = apigw_arena_array(&arena, FUZZ_ARGS, sizeof(apigw_str_t));

        for (i = 0, n = 0; n < FUZZ_ARGS && i <= line.len; n++, i++) {
            args[n].data = line.data + i;

            while (i < line.len && line.data[i] != ' ') {
                i++;
            }

            args[n].len = line.data + i - args[n].data;
        }

        (void) apigw_query_add(query, args, n, &fault);
    }

    must(apigw_query_values(query) <= FUZZ_VALUES);
    fit = 0;

    while (in.len && fit < FUZZ_VALUES && fuzz_line(&in, &values[fit])) {
        fit++;
    }

    must(apigw_query_run(query, in, values, &arena, &out) == APIGW_OK);
    must(!clean(in) || clean(out));

    emptied(&arena, in);
    emptied(&arena, out);

    apigw_heap_free(&heap);

    return 0;
}
