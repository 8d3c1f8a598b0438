
/* Metrics as text: form, escapes, histograms, texts of more than one part. */


#include "apigw_prometheus.h"
#include "apigw_test.h"


/* The whole text, NUL-terminated; NULL when memory was out. */

static const char *
whole(apigw_test_t *t, apigw_prometheus_t *text)
{
    uint8_t                  *p, *out;
    apigw_prometheus_part_t  *part;

    if (text->rc != APIGW_OK) {
        return NULL;
    }

    out = p = apigw_arena_alloc(&t->arena, text->len + 1);

    if (p == NULL) {
        return NULL;
    }

    for (part = text->first; part; part = part->next) {
        memcpy(p, part->data, part->len);
        p += part->len;
    }

    *p = '\0';

    return (size_t) (p - out) == text->len ? (const char *) out : NULL;
}


static bool
is(const char *a, const char *b)
{
    return a && strcmp(a, b) == 0;
}


TEST(a_family_has_help_and_type)
{
    apigw_prometheus_t        text;
    apigw_prometheus_label_t  labels[] = {
        { "policy", apigw_str("a.b-c_1") }, { "result", apigw_str("passed") }
    };

    apigw_prometheus_init(&text, &t->arena);
    apigw_prometheus_family(&text, "x_total", "counter", "What it is.");
    apigw_prometheus_sample(&text, labels, 2, 7);
    apigw_prometheus_sample(&text, labels, 1, 0);
    apigw_prometheus_sample(&text, NULL, 0, UINT64_MAX);

    EXPECT(is(whole(t, &text),
              "# HELP x_total What it is.\n"
              "# TYPE x_total counter\n"
              "x_total{policy=\"a.b-c_1\",result=\"passed\"} 7\n"
              "x_total{policy=\"a.b-c_1\"} 0\n"
              "x_total 18446744073709551615\n"));
}


TEST(no_text_has_no_part)
{
    apigw_prometheus_t  text;

    apigw_prometheus_init(&text, &t->arena);

    EXPECT(text.rc == APIGW_OK && text.first == NULL && text.len == 0);
}


static const char *
value(apigw_test_t *t, const char *data, size_t len)
{
    apigw_prometheus_t        text;
    apigw_prometheus_label_t  label;

    label.name = "l";
    label.value.data = (const uint8_t *) data;
    label.value.len = len;

    apigw_prometheus_init(&text, &t->arena);
    apigw_prometheus_sample(&text, &label, 1, 1);

    return whole(t, &text);
}


#define VALUE(text)  value(t, text, sizeof(text) - 1)
#define BAD          "\xef\xbf\xbd"


TEST(values_are_escaped)
{
    EXPECT(is(VALUE(""), "{l=\"\"} 1\n"));
    EXPECT(is(VALUE("a\"b\\c\nd"), "{l=\"a\\\"b\\\\c\\nd\"} 1\n"));
    EXPECT(is(VALUE("\\\"} 1\n"), "{l=\"\\\\\\\"} 1\\n\"} 1\n"));
    EXPECT(is(VALUE("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82"),
              "{l=\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82\"} 1\n"));
}


TEST(what_is_no_utf8_is_replaced)
{
    EXPECT(is(VALUE("\x80"), "{l=\"" BAD "\"} 1\n"));
    EXPECT(is(VALUE("a\xff" "b"), "{l=\"a" BAD "b\"} 1\n"));

    /* cut short */
    EXPECT(is(VALUE("\xc3"), "{l=\"" BAD "\"} 1\n"));
    EXPECT(is(VALUE("\xe2\x82"), "{l=\"" BAD BAD "\"} 1\n"));
    EXPECT(is(VALUE("\xc3\""), "{l=\"" BAD "\\\"\"} 1\n"));

    /* longer than need be, a surrogate, above the last */
    EXPECT(is(VALUE("\xc0\xaf"), "{l=\"" BAD BAD "\"} 1\n"));
    EXPECT(is(VALUE("\xed\xa0\x80"), "{l=\"" BAD BAD BAD "\"} 1\n"));
    EXPECT(is(VALUE("\xf4\x90\x80\x80"),
              "{l=\"" BAD BAD BAD BAD "\"} 1\n"));
    EXPECT(is(VALUE("\xf8\x88\x80\x80\x80"),
              "{l=\"" BAD BAD BAD BAD BAD "\"} 1\n"));
}


TEST(buckets_add_up)
{
    apigw_prometheus_t            text;
    apigw_prometheus_label_t      label = { "store", apigw_str("main") };
    apigw_prometheus_histogram_t  h;

    static const char *const  bounds[] = { "0.001", "0.5" };
    static const uint64_t     counts[] = { 3, 0, 2 };

    h.bounds = bounds;
    h.nbounds = 2;
    h.counts = counts;
    h.sum = 12000345;

    apigw_prometheus_init(&text, &t->arena);
    apigw_prometheus_family(&text, "s", "histogram", "Time.");
    apigw_prometheus_histogram(&text, &label, 1, &h);

    EXPECT(is(whole(t, &text),
              "# HELP s Time.\n"
              "# TYPE s histogram\n"
              "s_bucket{store=\"main\",le=\"0.001\"} 3\n"
              "s_bucket{store=\"main\",le=\"0.5\"} 3\n"
              "s_bucket{store=\"main\",le=\"+Inf\"} 5\n"
              "s_sum{store=\"main\"} 12.000345\n"
              "s_count{store=\"main\"} 5\n"));

    h.nbounds = 0;
    h.sum = 0;

    apigw_prometheus_init(&text, &t->arena);
    apigw_prometheus_family(&text, "s", "histogram", "Time.");
    apigw_prometheus_histogram(&text, NULL, 0, &h);

    EXPECT(is(whole(t, &text),
              "# HELP s Time.\n"
              "# TYPE s histogram\n"
              "s_bucket{le=\"+Inf\"} 3\n"
              "s_sum 0.000000\n"
              "s_count 3\n"));
}


TEST(a_long_text_has_parts)
{
    size_t                     i, n;
    const char                *p;
    apigw_prometheus_t         text;
    apigw_prometheus_label_t   label = { "l", apigw_str("value") };

    apigw_prometheus_init(&text, &t->arena);
    apigw_prometheus_family(&text, "many", "gauge", "Many.");

    for (i = 0; i < 10000; i++) {
        apigw_prometheus_sample(&text, &label, 1, i);
    }

    p = whole(t, &text);
    EXPECT(p != NULL);
    EXPECT(text.first->next && text.first->next->next);

    p = strstr(p, "many{");

    for (i = 0; i < 10000; i++) {
        EXPECT(sscanf(p, "many{l=\"value\"} %zu\n", &n) == 1 && n == i);
        p = strchr(p, '\n') + 1;
    }

    EXPECT(*p == '\0');
}


TEST_MAIN(
    CASE(a_family_has_help_and_type),
    CASE(no_text_has_no_part),
    CASE(values_are_escaped),
    CASE(what_is_no_utf8_is_replaced),
    CASE(buckets_add_up),
    CASE(a_long_text_has_parts)
)
