
/*
 * A Content-Type, and the text of a refusal. A type that is taken lies within
 * what was given and is taken again; trailers are one frame of clean lines.
 */


#include "apigw_grpc_status.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define CHECK(cond)  do { if (!(cond)) abort(); } while (0)


static void
check_kind(apigw_str_t value)
{
    size_t             i;
    apigw_str_t        type, again;
    apigw_grpc_kind_e  kind;

    kind = apigw_grpc_kind(value, &type);

    if (kind == APIGW_GRPC_NONE) {
        return;
    }

    CHECK(type.data == value.data && type.len <= value.len);
    CHECK(apigw_grpc_kind(type, &again) == kind);
    CHECK(apigw_str_eq(type, again));

    for (i = 0; i < type.len; i++) {
        CHECK(type.data[i] > 0x20 && type.data[i] < 0x7f);
        CHECK(type.data[i] != ';' && type.data[i] != ',');
    }
}


static void
check_trailers(apigw_arena_t *arena, apigw_str_t value)
{
    size_t              i, lines;
    apigw_rc_t          rc;
    apigw_str_t         frame, text;
    apigw_grpc_field_t  fields[2] = {
        { apigw_str("grpc-message"), { NULL, 0 } },
        { apigw_str("grpc-status-details-bin"), { NULL, 0 } }
    };

    CHECK(apigw_grpc_message(arena, value, &fields[0].value) == APIGW_OK);

    rc = apigw_grpc_details(arena, 3, value, value, &fields[1].value);
    CHECK(rc == (value.len > 1024 ? APIGW_ELIMIT : APIGW_OK));

    rc = apigw_grpc_web_trailers(arena, fields, rc == APIGW_OK ? 2 : 1, false,
                                 &frame);

    if (rc == APIGW_ELIMIT) {
        CHECK(value.len > 20000);
        return;
    }

    CHECK(rc == APIGW_OK && frame.len > 5 && frame.data[0] == 0x80);
    CHECK(frame.len - 5 == ((size_t) frame.data[1] << 24 | frame.data[2] << 16
                            | frame.data[3] << 8 | frame.data[4]));

    for (i = 5, lines = 0; i < frame.len; i++) {
        if (frame.data[i] == '\r') {
            CHECK(frame.data[++i] == '\n');
            lines++;
            continue;
        }

        CHECK(frame.data[i] >= 0x20 && frame.data[i] < 0x7f);
    }

    CHECK(lines == (value.len > 1024 ? 1 : 2));

    CHECK(apigw_grpc_web_trailers(arena, fields, lines, true, &text)
          == APIGW_OK);
    CHECK(text.len == (frame.len + 2) / 3 * 4);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apigw_str_t    value = { data, size };
    apigw_heap_t   heap;
    apigw_arena_t  arena;

    apigw_heap_arena(&heap, &arena);

    check_kind(value);
    check_trailers(&arena, value);

    apigw_heap_free(&heap);

    return 0;
}
