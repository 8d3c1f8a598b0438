
/*
 * Any bytes: cut anywhere, the reader says the same; by spans it accepts the
 * same; what it accepts cJSON accepts too and has as many members; what Python
 * and others refuse stays refused (see the unit tests).
 *
 * The first byte chooses options, the second and third where to cut.
 */


#include "apigw_test.h"
#include "apigw_json_events.h"
#include "apigw_json_value.h"

#include <cjson/cJSON.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
require(bool condition)
{
    if (!condition) {
        abort();
    }
}


/* cJSON takes more than we do; what we take, it must take, and alike. */

static void
compare(const cJSON *item, apigw_json_value_t value)
{
    apigw_json_walk_t   walk;
    apigw_json_value_t  child;

    switch (value.kind) {

    case APIGW_JSON_OBJECT:
        require(cJSON_IsObject(item));
        break;

    case APIGW_JSON_ARRAY:
        require(cJSON_IsArray(item));
        break;

    case APIGW_JSON_STRING:
        require(cJSON_IsString(item));
        return;

    case APIGW_JSON_NUMBER:
        require(cJSON_IsNumber(item));
        return;

    case APIGW_JSON_TRUE:
        require(cJSON_IsTrue(item));
        return;

    case APIGW_JSON_FALSE:
        require(cJSON_IsFalse(item));
        return;

    default:
        require(cJSON_IsNull(item));
        return;
    }

    item = item->child;

    apigw_json_walk(&walk, value.text);

    while (apigw_json_walk_next(&walk, &child)) {
        require(item != NULL);
        compare(item, child);
        item = item->next;
    }

    require(item == NULL);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t                i, cuts[2], *each;
    cJSON                *item;
    apigw_rc_t            rc, other;
    apigw_str_t           doc;
    apigw_heap_t          heap;
    apigw_arena_t         arena;
    apigw_error_t         error, again;
    apigw_json_value_t    root;
    apigw_json_options_t  o;
    apigw_json_events_t   whole = { 0 }, e = { 0 };

    if (size < 3) {
        return 0;
    }

    memset(&o, 0, sizeof(o));

    o.duplicates = data[0] % 3;
    o.refuse_lone = data[0] & 4;
    o.refuse_nul = data[0] & 8;
    o.refuse_bom = data[0] & 16;
    o.root_object = data[0] & 32;
    o.max_depth = data[0] & 64 ? 4 : 0;
    o.max_members = data[0] & 64 ? 20 : 0;
    o.max_key = data[0] & 128 ? 5 : 0;
    o.seed[0] = data[1];

    doc.data = data + 3;
    doc.len = size - 3;

    cuts[0] = doc.len ? data[1] % (doc.len + 1) : 0;
    cuts[1] = doc.len ? data[2] % (doc.len + 1) : 0;

    if (cuts[0] > cuts[1]) {
        i = cuts[0];
        cuts[0] = cuts[1];
        cuts[1] = i;
    }

    apigw_heap_arena(&heap, &arena);

    rc = apigw_json_events(&arena, &o, doc, NULL, 0, false, &whole, &error);

    other = apigw_json_events(&arena, &o, doc, cuts, 2, false, &e, &again);
    require(rc == other && error.offset == again.offset);
    require(rc < 0 || (whole.len == e.len
                       && memcmp(whole.data, e.data, e.len) == 0));

    other = apigw_json_events(&arena, &o, doc, cuts, 2, true, &e, &again);
    require(rc == other && error.offset == again.offset);

    if (doc.len < 200) {
        each = malloc((doc.len + 1) * sizeof(size_t));
        require(each != NULL);

        for (i = 0; i < doc.len; i++) {
            each[i] = i;
        }

        other = apigw_json_events(&arena, &o, doc, each, doc.len, false, &e,
                                  &again);
        require(rc == other && error.offset == again.offset);
        require(rc < 0 || (whole.len == e.len
                           && memcmp(whole.data, e.data, e.len) == 0));
        free(each);
    }

    if (rc == APIGW_OK && o.refuse_lone && o.refuse_nul) {
        root = apigw_json_root(doc);

        /* cJSON skips a BOM too, but not in front of a single digit */

        item = cJSON_ParseWithLength((const char *) root.text.data,
                                     root.text.len);
        require(item != NULL);
        compare(item, root);
        cJSON_Delete(item);
    }

    free(whole.data);
    free(e.data);
    apigw_heap_free(&heap);

    return 0;
}
