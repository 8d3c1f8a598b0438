
/*
 * Runs sets on documents for t/transform/differential.t. On standard input,
 * over and over: a line of decimal numbers, then that many bytes of each.
 *
 *     OPS DOC VALUES FLAGS
 *
 * OPS    the set, operations parted by 0x1e, arguments by 0x1f
 * DOC    the document
 * VALUES the message's values, one after the other, each ended by 0x1f
 * FLAGS  no length: 1 a response, 2 duplicates=last, 4 duplicates=pass,
 *        8 every way to cut input and output is tried
 *
 * Answers "CODE WORD OFFSET LENGTH", a line feed, and that many bytes. CODE is
 * an apigw_rc_t, or 100 for a set that is refused, or 101 when two ways to cut
 * the document gave different results.
 */


#include "apigw_transform_set.h"

#include <stdio.h>
#include <stdlib.h>


#define MAX_ARGS  64


typedef struct {
    int            code;
    apigw_error_t  error;
    uint8_t       *data;
    size_t         len;
    size_t         size;
} result_t;


static const uint64_t  seed[2] = { 0x243f6a8885a308d3, 0x13198a2e03707344 };


static void
append(result_t *r, const uint8_t *data, size_t len)
{
    if (r->len + len > r->size) {
        r->size = 2 * (r->len + len);
        r->data = realloc(r->data, r->size);
    }

    if (len) {
        memcpy(r->data + r->len, data, len);
        r->len += len;
    }
}


/* Feeds `cut` bytes, then pieces of `step`; reads `room` bytes at a time. */

static void
run(const apigw_transform_set_t *set, const apigw_str_t *values,
    apigw_str_t doc, unsigned flags, size_t cut, size_t step, size_t room,
    result_t *r)
{
    size_t                     n, pos, len;
    uint8_t                   *piece, *out;
    apigw_rc_t                 rc;
    apigw_heap_t               heap;
    apigw_arena_t              arena;
    apigw_transform_run_t     *t;
    apigw_transform_apply_t    apply = { set, values };
    apigw_transform_params_t   params;

    memset(r, 0, sizeof(result_t));
    memset(&params, 0, sizeof(params));
    apigw_heap_arena(&heap, &arena);

    params.response = flags & 1;
    params.duplicates = (flags & 2) ? APIGW_TRANSFORM_LAST
                        : (flags & 4) ? APIGW_TRANSFORM_PASS
                        : APIGW_TRANSFORM_REJECT;
    params.seed[0] = seed[0];
    params.seed[1] = seed[1];
    params.max_depth = 64;
    params.max_size = 1024 * 1024;

    rc = apigw_transform_run_create(&arena, &apply, 1, &params, &t, &r->error);
    if (rc != APIGW_OK) {
        abort();
    }

    piece = NULL;
    out = malloc(room);
    pos = 0;
    len = cut < doc.len ? cut : doc.len;

    /* pieces are copies, so that a look back is seen by the sanitizer */

    for ( ;; ) {
        free(piece);
        piece = malloc(len ? len : 1);
        memcpy(piece, doc.data + pos, len);

        apigw_transform_run_feed(t, piece, len, pos + len == doc.len);
        pos += len;

        do {
            rc = apigw_transform_run_read(t, out, room, &n, &r->error);
            append(r, out, n);
        } while (rc == APIGW_AGAIN && n == room);

        if (rc != APIGW_AGAIN) {
            break;
        }

        if (pos == doc.len) {
            abort();
        }

        len = step < doc.len - pos ? step : doc.len - pos;
    }

    r->code = rc;

    free(piece);
    free(out);
    apigw_heap_free(&heap);
}


static bool
differ(const result_t *a, const result_t *b)
{
    if (a->code != b->code) {
        return true;
    }

    if (a->code < 0) {
        return strcmp(a->error.word, b->error.word) != 0
               || a->error.offset != b->error.offset;
    }

    return a->len != b->len || memcmp(a->data, b->data, a->len) != 0;
}


static void
attempt(const apigw_transform_set_t *set, const apigw_str_t *values,
    apigw_str_t doc, unsigned flags, result_t *r)
{
    size_t    i;
    result_t  other;

    run(set, values, doc, flags, doc.len, 1, 65536, r);

    if (!(flags & 8)) {
        return;
    }

    for (i = 0; i <= doc.len + 2; i++) {

        if (i < doc.len) {
            run(set, values, doc, flags, i, doc.len, 1 + i % 7, &other);

        } else {
            run(set, values, doc, flags, 0, 1, i - doc.len + 1, &other);
        }

        if (differ(r, &other)) {
            fprintf(stderr, "cut at %zu: %d %s \"%.*s\"\n", i, other.code,
                    other.code < 0 ? other.error.word : "-", (int) other.len,
                    (char *) other.data);
            r->code = 101;
        }

        free(other.data);
    }
}


static size_t
split(char *text, size_t len, char sep, apigw_str_t *out, size_t max)
{
    size_t  i, n, from;

    n = 0;
    from = 0;

    for (i = 0; i <= len && n < max; i++) {
        if (i == len || text[i] == sep) {
            out[n].data = (uint8_t *) text + from;
            out[n++].len = i - from;
            from = i + 1;
        }
    }

    return n;
}


static bool
compile(apigw_arena_t *arena, char *ops, size_t len,
    apigw_transform_set_t **set)
{
    size_t                    i, n, nargs;
    apigw_str_t               lines[256], args[MAX_ARGS], *copy;
    apigw_transform_fault_t   fault;

    *set = apigw_transform_set_create(arena);
    n = len ? split(ops, len, '\x1e', lines, 256) : 0;

    for (i = 0; i < n; i++) {
        nargs = split((char *) lines[i].data, lines[i].len, '\x1f', args,
                      MAX_ARGS);
        copy = (apigw_str_t *) (void *)
               apigw_arena_dup(arena, args, nargs * sizeof(apigw_str_t));
        fault.text = NULL;

        if (apigw_transform_set_add(*set, copy, nargs, &fault) != APIGW_OK) {
            fprintf(stderr, "line %zu, argument %zu: %s; %s\n", i, fault.arg,
                    fault.text, fault.mend);
            return false;
        }
    }

    if (apigw_transform_set_compile(*set, &fault) != APIGW_OK) {
        fprintf(stderr, "operation %zu: %s; %s\n", fault.arg, fault.text,
                fault.mend);
        return false;
    }

    return true;
}


int
main(void)
{
    size_t                  nops, ndoc, nvalues;
    char                   *ops, *doc, *values;
    unsigned                flags;
    result_t                r;
    apigw_str_t             body, texts[256];
    apigw_heap_t            heap;
    apigw_arena_t           arena;
    apigw_transform_set_t  *set;

    while (scanf("%zu %zu %zu %u", &nops, &ndoc, &nvalues, &flags) == 4
           && getchar() == '\n')
    {
        ops = malloc(nops + 1);
        doc = malloc(ndoc + 1);
        values = malloc(nvalues + 1);

        if (fread(ops, 1, nops, stdin) != nops
            || fread(doc, 1, ndoc, stdin) != ndoc
            || fread(values, 1, nvalues, stdin) != nvalues)
        {
            return 1;
        }

        apigw_heap_arena(&heap, &arena);
        memset(&r, 0, sizeof(r));
        memset(texts, 0, sizeof(texts));
        split(values, nvalues, '\x1f', texts, 256);

        body.data = (uint8_t *) doc;
        body.len = ndoc;

        if (compile(&arena, ops, nops, &set)) {
            attempt(set, texts, body, flags, &r);

        } else {
            r.code = 100;
        }

        printf("%d %s %zu %zu\n", r.code,
               r.code < 0 ? r.error.word : "-",
               r.code < 0 ? r.error.offset : 0, r.len);
        if (r.len) {
            fwrite(r.data, 1, r.len, stdout);
        }

        fflush(stdout);

        free(r.data);
        free(ops);
        free(doc);
        free(values);
        apigw_heap_free(&heap);
    }

    return 0;
}
