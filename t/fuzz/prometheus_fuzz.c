
/*
 * Metrics as text, of any label: one line, which reads back as the label, with
 * U+FFFD for what was no UTF-8.
 */


#include "apigw_prometheus.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
must(bool cond)
{
    if (!cond) {
        abort();
    }
}


static bool
same(const uint8_t *p, size_t left, const char *s)
{
    return left >= strlen(s) && memcmp(p, s, strlen(s)) == 0;
}


/* Steps over one character of the text and what it stands for. */

static void
step(const uint8_t **p, const uint8_t *end, const uint8_t **data,
    const uint8_t *last)
{
    uint8_t  ch;

    must(*data < last);

    if (same(*p, end - *p, "\xef\xbf\xbd") && **data >= 0x80
        && !same(*data, last - *data, "\xef\xbf\xbd"))
    {
        *p += 3;
        *data += 1;
        return;
    }

    ch = *(*p)++;

    if (ch == '\\') {
        must(*p < end);
        ch = *(*p)++;
        must(ch == '\\' || ch == '"' || ch == 'n');
        ch = ch == 'n' ? '\n' : ch;

    } else {
        must(ch != '\n' && ch != '"');
    }

    must(ch == **data);
    *data += 1;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t                   *text;
    apigw_heap_t               heap = { NULL };
    const uint8_t             *p, *end, *last;
    apigw_arena_t              arena;
    apigw_prometheus_t         out;
    apigw_prometheus_part_t   *part;
    apigw_prometheus_label_t   label;

    apigw_heap_arena(&heap, &arena);
    apigw_prometheus_init(&out, &arena);

    label.name = "l";
    label.value.data = data;
    label.value.len = size;

    apigw_prometheus_sample(&out, &label, 1, 5);
    must(out.rc == APIGW_OK);

    text = malloc(out.len);
    must(text != NULL);
    end = text;

    for (part = out.first; part; part = part->next) {
        memcpy(text + (end - text), part->data, part->len);
        end += part->len;
    }

    must((size_t) (end - text) == out.len);
    must(same(text, out.len, "{l=\""));
    must(out.len >= 9 && memcmp(end - 5, "\"} 5\n", 5) == 0);

    p = text + 4;
    end -= 5;
    last = data + size;

    while (p < end) {
        step(&p, end, &data, last);
    }

    must(p == end && data == last);

    free(text);
    apigw_heap_free(&heap);

    return 0;
}
