
/*
 * Sets and documents from any bytes. The input is operations, a line each, with
 * arguments parted by blanks; an empty line; values, a line each; an empty
 * line; a document, with blanks and all.
 */


#ifndef _TRANSFORM_FUZZ_H_INCLUDED_
#define _TRANSFORM_FUZZ_H_INCLUDED_


#include "apigw_json_reader.h"
#include "apigw_transform_set.h"

#include <stdlib.h>


#define FUZZ_ARGS    16
#define FUZZ_VALUES  APIGW_TRANSFORM_MAX_OPS


typedef struct {
    apigw_rc_t     rc;
    apigw_error_t  error;
    uint8_t       *data;
    size_t         len;
} fuzz_result_t;


static inline void
must(bool cond)
{
    if (!cond) {
        abort();
    }
}


/* The next line of *in, which moves behind it; false at an empty one. */

static inline bool
fuzz_line(apigw_str_t *in, apigw_str_t *line)
{
    const uint8_t  *end;

    end = in->len ? memchr(in->data, '\n', in->len) : NULL;

    line->data = in->data;
    line->len = end ? (size_t) (end - in->data) : in->len;

    in->data += line->len + (end != NULL);
    in->len -= line->len + (end != NULL);

    return line->len != 0;
}


/* NULL when the set is refused; *in is left at the values. */

static inline apigw_transform_set_t *
fuzz_set(apigw_arena_t *arena, apigw_str_t *in, bool whole)
{
    bool                      good;
    size_t                    i, n;
    apigw_str_t               line, *args;
    apigw_transform_set_t    *set;
    apigw_transform_fault_t   fault;

    good = true;
    set = apigw_transform_set_create(arena);

    while (fuzz_line(in, &line)) {
        args = apigw_arena_array(arena, FUZZ_ARGS, sizeof(apigw_str_t));

        for (i = 0, n = 0; n < FUZZ_ARGS && i <= line.len; n++, i++) {
            args[n].data = line.data + i;

            while (i < line.len && line.data[i] != ' ') {
                i++;
            }

            args[n].len = line.data + i - args[n].data;
        }

        fault.text = NULL;

        if (apigw_transform_set_add(set, args, n, &fault) != APIGW_OK) {
            must(fault.text != NULL && fault.mend != NULL && fault.arg < n);
            good = false;
        }
    }

    if (apigw_transform_set_compile(set, &fault) != APIGW_OK) {
        good = false;
    }

    return good && (whole || apigw_transform_set_whole(set) == NULL) ? set
                                                                     : NULL;
}


static inline fuzz_result_t
fuzz_run(const apigw_transform_apply_t *apply,
    const apigw_transform_params_t *params, apigw_str_t doc, size_t cut,
    size_t step, size_t room)
{
    size_t                   n, pos, size;
    uint8_t                 *piece, *out;
    apigw_heap_t             heap;
    apigw_arena_t            arena;
    fuzz_result_t            r;
    apigw_transform_run_t   *run;

    memset(&r, 0, sizeof(r));
    apigw_heap_arena(&heap, &arena);

    must(apigw_transform_run_create(&arena, apply, 1, params, &run, &r.error)
         == APIGW_OK);

    out = malloc(room);
    cut = cut < doc.len ? cut : doc.len;
    pos = 0;
    size = 0;

    for ( ;; ) {
        piece = malloc(cut ? cut : 1);

        if (cut) {
            memcpy(piece, doc.data + pos, cut);
        }

        apigw_transform_run_feed(run, piece, cut, pos + cut == doc.len);
        pos += cut;

        do {
            r.rc = apigw_transform_run_read(run, out, room, &n, &r.error);

            if (n) {
                if (size - r.len < n) {
                    size = 2 * (r.len + n);
                    r.data = realloc(r.data, size);
                }

                memcpy(r.data + r.len, out, n);
                r.len += n;
            }
        } while (r.rc == APIGW_AGAIN && n == room);

        free(piece);

        if (r.rc != APIGW_AGAIN) {
            break;
        }

        must(pos < doc.len);
        cut = step < doc.len - pos ? step : doc.len - pos;
    }

    free(out);
    apigw_heap_free(&heap);

    return r;
}


static inline void
fuzz_same(const fuzz_result_t *a, fuzz_result_t b)
{
    must(a->rc == b.rc);

    if (a->rc < 0) {
        must(strcmp(a->error.word, b.error.word) == 0);
        must(a->error.offset == b.error.offset);

    } else {
        must(a->len == b.len);
        must(a->len == 0 || memcmp(a->data, b.data, a->len) == 0);
    }

    free(b.data);
}


/* What comes out is JSON, the same however input and output are cut. */

static inline void
fuzz_transform(const uint8_t *data, size_t size, bool whole)
{
    size_t                      i;
    apigw_str_t                 in, texts[FUZZ_VALUES] = { { NULL, 0 } };
    apigw_heap_t                heap;
    apigw_arena_t               arena;
    apigw_error_t               error;
    fuzz_result_t               first;
    apigw_json_options_t        options;
    apigw_transform_apply_t     apply;
    apigw_transform_params_t    params;

    if (size < 1) {
        return;
    }

    memset(&params, 0, sizeof(params));
    apigw_heap_arena(&heap, &arena);

    params.response = data[0] & 1;
    params.duplicates = (data[0] >> 1) % 3;
    params.max_depth = 16;
    params.max_size = 4096;
    params.seed[0] = 5;

    in.data = data + 1;
    in.len = size - 1;

    apply.set = fuzz_set(&arena, &in, whole);
    apply.values = texts;

    if (apply.set == NULL) {
        apigw_heap_free(&heap);
        return;
    }

    for (i = 0; i < FUZZ_VALUES && fuzz_line(&in, &texts[i]); i++) {
        /* void */
    }

    first = fuzz_run(&apply, &params, in, in.len, 1, 65536);

    if (first.rc == APIGW_OK) {
        memset(&options, 0, sizeof(options));
        options.max_depth = APIGW_JSON_DEPTH_LIMIT;

        must(apigw_json_check(&arena, &options,
                              (apigw_str_t) { first.data, first.len }, &error)
             == APIGW_OK);
    }

    fuzz_same(&first, fuzz_run(&apply, &params, in, 0, 1, 1));
    fuzz_same(&first, fuzz_run(&apply, &params, in, in.len / 2, in.len, 7));
    fuzz_same(&first, fuzz_run(&apply, &params, in, data[0] * in.len / 256, 3,
                               4096));

    free(first.data);
    apigw_heap_free(&heap);
}


#endif /* _TRANSFORM_FUZZ_H_INCLUDED_ */
