
#include "apigw_json_pointer.h"
#include "apigw_json_writer.h"


static bool apigw_json_pointer_segment(const uint8_t *p, const uint8_t *end,
    bool extended, apigw_json_segment_t *segment, uint8_t **to,
    const uint8_t **bad);
static uint32_t apigw_json_pointer_index(apigw_str_t name);
static apigw_rc_t apigw_json_pointer_fail(apigw_error_t *error, apigw_rc_t rc,
    const char *word, size_t offset);
static bool apigw_json_segment_eq(const apigw_json_segment_t *a,
    const apigw_json_segment_t *b);


apigw_rc_t
apigw_json_pointer_parse(apigw_arena_t *arena, apigw_str_t text, bool extended,
    apigw_json_pointer_t *pointer, apigw_error_t *error)
{
    size_t                 i, n, valid;
    uint8_t               *to;
    const uint8_t         *p, *end, *next, *bad;
    apigw_json_segment_t  *segment;
    apigw_json_pointer_t   parsed;

    memset(&parsed, 0, sizeof(apigw_json_pointer_t));

    if (text.len == 0) {
        *pointer = parsed;
        return APIGW_OK;
    }

    if (text.data[0] != '/') {
        return apigw_json_pointer_fail(error, APIGW_EINPUT, "pointer_invalid",
                                       0);
    }

    valid = apigw_utf8_valid(text.data, text.len);

    if (valid != text.len) {
        return apigw_json_pointer_fail(error, APIGW_EINPUT, "pointer_invalid",
                                       valid);
    }

    n = 0;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] == '/' && ++n > APIGW_JSON_POINTER_SEGMENTS) {
            return apigw_json_pointer_fail(error, APIGW_ELIMIT,
                                           "pointer_too_long", i);
        }
    }

    parsed.segments = apigw_arena_array(arena, n, sizeof(apigw_json_segment_t));
    if (parsed.segments == NULL) {
        return APIGW_ENOMEM;
    }

    to = apigw_arena_alloc(arena, text.len);
    if (to == NULL) {
        return APIGW_ENOMEM;
    }

    end = text.data + text.len;

    for (p = text.data; p != end; p = next) {

        p++;
        next = memchr(p, '/', end - p);
        next = next ? next : end;

        segment = &parsed.segments[parsed.n++];

        if (!apigw_json_pointer_segment(p, next, extended, segment, &to, &bad))
        {
            return apigw_json_pointer_fail(error, APIGW_EINPUT,
                                           "pointer_invalid", bad - text.data);
        }

        segment->append = next == end && apigw_str_is(segment->name, "-");
        parsed.any += segment->any;
    }

    *pointer = parsed;

    return APIGW_OK;
}


/* Decodes one segment to *to. */

static bool
apigw_json_pointer_segment(const uint8_t *p, const uint8_t *end, bool extended,
    apigw_json_segment_t *segment, uint8_t **to, const uint8_t **bad)
{
    uint8_t  *out;

    segment->any = extended && end - p == 1 && *p == '*';
    segment->name.data = *to;

    for (out = *to; p < end; p++) {

        if (*p != '~') {
            *out++ = *p;
            continue;
        }

        *bad = p++;

        if (p == end || *p < '0' || *p > (extended ? '2' : '1')) {
            return false;
        }

        *out++ = "~/*"[*p - '0'];
    }

    segment->name.len = out - *to;
    segment->index = apigw_json_pointer_index(segment->name);

    *to = out;

    return true;
}


static uint32_t
apigw_json_pointer_index(apigw_str_t name)
{
    size_t    i;
    uint32_t  index;

    /* nine digits are beyond any array here and cannot overflow */

    if (name.len == 0 || name.len > 9 || (name.data[0] == '0' && name.len > 1))
    {
        return APIGW_JSON_NO_INDEX;
    }

    index = 0;

    for (i = 0; i < name.len; i++) {
        if (name.data[i] < '0' || name.data[i] > '9') {
            return APIGW_JSON_NO_INDEX;
        }

        index = index * 10 + (name.data[i] - '0');
    }

    return index;
}


static apigw_rc_t
apigw_json_pointer_fail(apigw_error_t *error, apigw_rc_t rc, const char *word,
    size_t offset)
{
    error->word = word;
    error->offset = offset;

    return rc;
}


bool
apigw_json_pointer_prefix(const apigw_json_pointer_t *a,
    const apigw_json_pointer_t *b, size_t *n)
{
    size_t  i, last;

    last = 0;

    for (i = 0; i < a->n; i++) {
        if (a->segments[i].any) {
            last = i + 1;
        }
    }

    for (i = 0; i < b->n; i++) {
        if (b->segments[i].any && i + 1 > last) {
            last = i + 1;
        }
    }

    if (last > a->n || last > b->n) {
        return false;
    }

    for (i = 0; i < last; i++) {
        if (!apigw_json_segment_eq(&a->segments[i], &b->segments[i])) {
            return false;
        }
    }

    *n = last;

    return true;
}


bool
apigw_json_pointer_covers(const apigw_json_pointer_t *a,
    const apigw_json_pointer_t *b)
{
    size_t  i;

    if (a->n > b->n) {
        return false;
    }

    for (i = 0; i < a->n; i++) {
        if (!apigw_json_segment_eq(&a->segments[i], &b->segments[i])) {
            return false;
        }
    }

    return true;
}


static bool
apigw_json_segment_eq(const apigw_json_segment_t *a,
    const apigw_json_segment_t *b)
{
    return a->any == b->any && apigw_str_eq(a->name, b->name);
}
