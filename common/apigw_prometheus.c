
#include "apigw_prometheus.h"


#define APIGW_PROMETHEUS_PART   16384     /* bytes of text in one part */
#define APIGW_PROMETHEUS_MICRO  1000000   /* in a second */


static bool apigw_prometheus_grow(apigw_prometheus_t *text);
static void apigw_prometheus_put(apigw_prometheus_t *text, const void *data,
    size_t len);
static void apigw_prometheus_puts(apigw_prometheus_t *text, const char *s);
static void apigw_prometheus_number(apigw_prometheus_t *text, uint64_t n,
    size_t digits);
static void apigw_prometheus_labels(apigw_prometheus_t *text,
    const apigw_prometheus_label_t *labels, size_t n, const char *bound);
static void apigw_prometheus_value(apigw_prometheus_t *text, apigw_str_t value);
static size_t apigw_prometheus_rune(apigw_str_t s);


void
apigw_prometheus_init(apigw_prometheus_t *text, apigw_arena_t *arena)
{
    memset(text, 0, sizeof(apigw_prometheus_t));

    text->arena = arena;
    text->family = "";
}


void
apigw_prometheus_family(apigw_prometheus_t *text, const char *name,
    const char *type, const char *help)
{
    text->family = name;

    apigw_prometheus_puts(text, "# HELP ");
    apigw_prometheus_puts(text, name);
    apigw_prometheus_puts(text, " ");
    apigw_prometheus_puts(text, help);
    apigw_prometheus_puts(text, "\n# TYPE ");
    apigw_prometheus_puts(text, name);
    apigw_prometheus_puts(text, " ");
    apigw_prometheus_puts(text, type);
    apigw_prometheus_puts(text, "\n");
}


void
apigw_prometheus_sample(apigw_prometheus_t *text,
    const apigw_prometheus_label_t *labels, size_t n, uint64_t value)
{
    apigw_prometheus_puts(text, text->family);
    apigw_prometheus_labels(text, labels, n, NULL);
    apigw_prometheus_puts(text, " ");
    apigw_prometheus_number(text, value, 1);
    apigw_prometheus_puts(text, "\n");
}


/* Every bucket counts those below it too, and the last one is the count. */

void
apigw_prometheus_histogram(apigw_prometheus_t *text,
    const apigw_prometheus_label_t *labels, size_t n,
    const apigw_prometheus_histogram_t *histogram)
{
    size_t    i;
    uint64_t  count;

    count = 0;

    for (i = 0; i <= histogram->nbounds; i++) {
        count += histogram->counts[i];

        apigw_prometheus_puts(text, text->family);
        apigw_prometheus_puts(text, "_bucket");
        apigw_prometheus_labels(text, labels, n,
                                i < histogram->nbounds ? histogram->bounds[i]
                                                       : "+Inf");
        apigw_prometheus_puts(text, " ");
        apigw_prometheus_number(text, count, 1);
        apigw_prometheus_puts(text, "\n");
    }

    apigw_prometheus_puts(text, text->family);
    apigw_prometheus_puts(text, "_sum");
    apigw_prometheus_labels(text, labels, n, NULL);
    apigw_prometheus_puts(text, " ");
    apigw_prometheus_number(text, histogram->sum / APIGW_PROMETHEUS_MICRO, 1);
    apigw_prometheus_puts(text, ".");
    apigw_prometheus_number(text, histogram->sum % APIGW_PROMETHEUS_MICRO, 6);
    apigw_prometheus_puts(text, "\n");

    apigw_prometheus_puts(text, text->family);
    apigw_prometheus_puts(text, "_count");
    apigw_prometheus_labels(text, labels, n, NULL);
    apigw_prometheus_puts(text, " ");
    apigw_prometheus_number(text, count, 1);
    apigw_prometheus_puts(text, "\n");
}


static void
apigw_prometheus_labels(apigw_prometheus_t *text,
    const apigw_prometheus_label_t *labels, size_t n, const char *bound)
{
    size_t  i;

    if (n == 0 && bound == NULL) {
        return;
    }

    for (i = 0; i < n; i++) {
        apigw_prometheus_puts(text, i ? "," : "{");
        apigw_prometheus_puts(text, labels[i].name);
        apigw_prometheus_puts(text, "=\"");
        apigw_prometheus_value(text, labels[i].value);
        apigw_prometheus_puts(text, "\"");
    }

    if (bound) {
        apigw_prometheus_puts(text, n ? ",le=\"" : "{le=\"");
        apigw_prometheus_puts(text, bound);
        apigw_prometheus_puts(text, "\"");
    }

    apigw_prometheus_puts(text, "}");
}


/* A scraper refuses the whole page for one byte that is not UTF-8. */

static void
apigw_prometheus_value(apigw_prometheus_t *text, apigw_str_t value)
{
    size_t  len;

    while (value.len) {

        len = apigw_prometheus_rune(value);

        if (len == 0) {
            len = 1;
            apigw_prometheus_puts(text, "\xef\xbf\xbd");

        } else if (*value.data == '\n') {
            apigw_prometheus_puts(text, "\\n");

        } else {
            if (*value.data == '"' || *value.data == '\\') {
                apigw_prometheus_puts(text, "\\");
            }

            apigw_prometheus_put(text, value.data, len);
        }

        value.data += len;
        value.len -= len;
    }
}


/* The length of the character that `s`, not empty, starts with; 0: none. */

static size_t
apigw_prometheus_rune(apigw_str_t s)
{
    size_t    i, len;
    uint32_t  rune;

    static const uint32_t  least[] = { 0, 0, 0x80, 0x800, 0x10000 };

    rune = s.data[0];

    if (rune < 0x80) {
        return 1;
    }

    len = rune < 0xc0 ? 0 : rune < 0xe0 ? 2 : rune < 0xf0 ? 3
          : rune < 0xf8 ? 4 : 0;

    if (len == 0 || len > s.len) {
        return 0;
    }

    rune &= 0x7f >> len;

    for (i = 1; i < len; i++) {
        if ((s.data[i] & 0xc0) != 0x80) {
            return 0;
        }

        rune = rune << 6 | (s.data[i] & 0x3f);
    }

    return rune < least[len] || rune > 0x10ffff
           || (rune >= 0xd800 && rune < 0xe000) ? 0 : len;
}


static void
apigw_prometheus_number(apigw_prometheus_t *text, uint64_t n, size_t digits)
{
    uint8_t  buf[20], *p;

    p = buf + sizeof(buf);

    while (n || digits) {
        *--p = '0' + n % 10;
        n /= 10;
        digits -= digits != 0;
    }

    apigw_prometheus_put(text, p, buf + sizeof(buf) - p);
}


static void
apigw_prometheus_puts(apigw_prometheus_t *text, const char *s)
{
    apigw_prometheus_put(text, s, strlen(s));
}


static void
apigw_prometheus_put(apigw_prometheus_t *text, const void *data, size_t len)
{
    size_t                    n;
    const uint8_t            *p;
    apigw_prometheus_part_t  *part;

    for (p = data; len; p += n, len -= n) {

        part = text->last;

        if ((part == NULL || part->len == APIGW_PROMETHEUS_PART)
            && !apigw_prometheus_grow(text))
        {
            return;
        }

        part = text->last;

        n = APIGW_PROMETHEUS_PART - part->len;
        n = len < n ? len : n;

        memcpy(part->data + part->len, p, n);
        part->len += n;
        text->len += n;
    }
}


static bool
apigw_prometheus_grow(apigw_prometheus_t *text)
{
    apigw_prometheus_part_t  *part;

    if (text->rc != APIGW_OK) {
        return false;
    }

    part = apigw_arena_alloc(text->arena, sizeof(apigw_prometheus_part_t));

    if (part) {
        part->next = NULL;
        part->len = 0;
        part->data = apigw_arena_alloc(text->arena, APIGW_PROMETHEUS_PART);
    }

    if (part == NULL || part->data == NULL) {
        text->rc = APIGW_ENOMEM;
        return false;
    }

    if (text->last) {
        text->last->next = part;

    } else {
        text->first = part;
    }

    text->last = part;

    return true;
}
