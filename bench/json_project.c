
/*
 * Core projection against cJSON on the same work: bytes of input per second,
 * best of interleaved rounds.
 *
 *     json_project [ROUNDS]
 *
 * Prints the megabytes per second of both, then BENCH name ratio target
 * ok|short.
 */


#include "apigw_transform_set.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>


#define ORDERS      320
#define OUT_SIZE    16384
#define REPEAT      20
#define TARGET      5.0


static const uint64_t  seed[2] = { 1, 2 };


/* A document of about 100 KB, as an order service gives. */

static char *
document(size_t *len)
{
    int      i;
    char    *text, *p;

    text = malloc(512 * (ORDERS + 1));
    p = text;

    p += sprintf(p, "{\"page\":1,\"data\":{\"id\":9007199254740993,"
                 "\"total\":1834.50,\"items\":[");

    for (i = 0; i < ORDERS; i++) {
        p += sprintf(p, "%s{\"id\":%d,\"sku\":\"SKU-%06d\",\"qty\":%d,"
                     "\"unit_price\":%d.90,\"currency\":\"EUR\","
                     "\"title\":\"Espresso machine with a steam wand, no. %d\","
                     "\"tags\":[\"kitchen\",\"coffee\",\"steel\"],"
                     "\"stock\":{\"warehouse\":\"B%d\",\"reserved\":%d,"
                     "\"available\":true},\"internal_cost\":%d.25,"
                     "\"supplier\":\"ACME Trading \\u0026 Sons Ltd\"}",
                     i ? "," : "", i, i * 37, i % 9 + 1, i * 3, i, i % 7, i % 4,
                     i * 2);
    }

    p += sprintf(p, "]},\"debug\":{\"took_ms\":12,\"node\":\"app-7\"}}");

    *len = p - text;

    return text;
}


static double
now(void)
{
    struct timespec  t;

    clock_gettime(CLOCK_MONOTONIC, &t);

    return t.tv_sec + t.tv_nsec / 1e9;
}


static apigw_transform_set_t *
compile(apigw_arena_t *arena, const char *const *args)
{
    size_t                    n;
    apigw_str_t               line[16], *copy;
    apigw_transform_set_t    *set;
    apigw_transform_fault_t   fault;

    set = apigw_transform_set_create(arena);

    for (n = 0; *args != NULL || n; args++) {
        if (*args != NULL && **args != ';') {
            line[n].data = (const uint8_t *) *args;
            line[n++].len = strlen(*args);
            continue;
        }

        copy = apigw_arena_array(arena, n, sizeof(apigw_str_t));
        memcpy(copy, line, n * sizeof(apigw_str_t));

        if (apigw_transform_set_add(set, copy, n, &fault) != APIGW_OK) {
            abort();
        }

        n = 0;

        if (*args == NULL) {
            break;
        }
    }

    if (apigw_transform_set_compile(set, &fault) != APIGW_OK) {
        abort();
    }

    return set;
}


/* Runs the set once, with the input in pieces of 4 KB; bytes written. */

static size_t
project(const apigw_transform_set_t *set, const char *doc, size_t len)
{
    size_t                    n, pos, piece, total;
    apigw_rc_t                rc;
    apigw_heap_t              heap;
    apigw_arena_t             arena;
    apigw_error_t             error;
    apigw_transform_run_t    *run;
    apigw_transform_apply_t   apply = { set, NULL };
    apigw_transform_params_t  params;

    static uint8_t  out[OUT_SIZE];

    memset(&params, 0, sizeof(params));
    apigw_heap_arena(&heap, &arena);

    params.response = true;
    params.duplicates = APIGW_TRANSFORM_PASS;
    params.max_depth = 64;
    params.seed[0] = seed[0];
    params.seed[1] = seed[1];

    if (apigw_transform_run_create(&arena, &apply, 1, &params, &run, &error)
        != APIGW_OK)
    {
        abort();
    }

    rc = APIGW_AGAIN;
    total = 0;

    for (pos = 0; rc == APIGW_AGAIN; pos += piece) {
        piece = len - pos < 4096 ? len - pos : 4096;

        apigw_transform_run_feed(run, (const uint8_t *) doc + pos, piece,
                                 pos + piece == len);

        do {
            rc = apigw_transform_run_read(run, out, OUT_SIZE, &n, &error);
            total += n;
        } while (rc == APIGW_AGAIN && n == OUT_SIZE);
    }

    if (rc != APIGW_OK) {
        abort();
    }

    apigw_heap_free(&heap);

    return total;
}


static size_t
print(cJSON *root)
{
    char    *text;
    size_t   len;

    text = cJSON_PrintUnformatted(root);
    len = strlen(text);

    cJSON_free(text);
    cJSON_Delete(root);

    return len;
}


static void
strip(cJSON *object, const char *const *names)
{
    bool         found;
    cJSON       *item, *next;

    const char  *const  *name;

    for (item = object->child; item != NULL; item = next) {
        next = item->next;
        found = false;

        for (name = names; *name != NULL && !found; name++) {
            found = strcmp(item->string, *name) == 0;
        }

        if (!found) {
            cJSON_Delete(cJSON_DetachItemViaPointer(object, item));
        }
    }
}


static size_t
cjson_keep(const char *doc, size_t len)
{
    cJSON  *root, *data, *item;

    static const char  *const top[] = { "data", NULL };
    static const char  *const inner[] = { "id", "total", "items", NULL };
    static const char  *const items[] = { "sku", "unit_price", NULL };

    root = cJSON_ParseWithLength(doc, len);

    strip(root, top);
    data = cJSON_GetObjectItemCaseSensitive(root, "data");
    strip(data, inner);

    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(data, "items")) {
        strip(item, items);
    }

    return print(root);
}


static size_t
cjson_drop(const char *doc, size_t len)
{
    cJSON  *root, *data, *item;

    root = cJSON_ParseWithLength(doc, len);

    cJSON_DeleteItemFromObjectCaseSensitive(root, "debug");
    data = cJSON_GetObjectItemCaseSensitive(root, "data");

    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(data, "items")) {
        cJSON_DeleteItemFromObjectCaseSensitive(item, "internal_cost");
    }

    return print(root);
}


static size_t
cjson_target(const char *doc, size_t len)
{
    cJSON  *root, *data;

    root = cJSON_ParseWithLength(doc, len);
    data = cJSON_DetachItemFromObjectCaseSensitive(root, "data");

    cJSON_Delete(root);

    return print(data);
}


static const struct {
    const char    *name;
    const char    *ops[16];
    size_t       (*peer)(const char *doc, size_t len);
} shapes[] = {
    { "keep", { "keep", "/data/id", "/data/total", "/data/items/*/sku",
                "/data/items/*/unit_price", NULL }, cjson_keep },
    { "drop", { "drop", "/debug", "/data/items/*/internal_cost", NULL },
      cjson_drop },
    { "target", { "target", "/data", NULL }, cjson_target }
};


int
main(int argc, char **argv)
{
    int                     k, round, rounds;
    char                   *doc;
    double                  t0, t1, t2, ours, theirs;
    size_t                  i, len, sum;
    apigw_heap_t            heap;
    apigw_arena_t           arena;
    apigw_transform_set_t  *set;

    rounds = argc > 1 ? atoi(argv[1]) : 30;
    doc = document(&len);
    sum = 0;

    printf("document of %zu bytes\n", len);

    for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        apigw_heap_arena(&heap, &arena);

        set = compile(&arena, shapes[i].ops);
        ours = theirs = 1e9;

        for (round = 0; round < rounds; round++) {
            t0 = now();

            for (k = 0; k < REPEAT; k++) {
                sum += project(set, doc, len);
            }

            t1 = now();

            for (k = 0; k < REPEAT; k++) {
                sum += shapes[i].peer(doc, len);
            }

            t2 = now();

            ours = t1 - t0 < ours ? t1 - t0 : ours;
            theirs = t2 - t1 < theirs ? t2 - t1 : theirs;
        }

        printf("%s: core %.0f MB/s, cJSON %.0f MB/s\n", shapes[i].name,
               len * REPEAT / ours / 1e6, len * REPEAT / theirs / 1e6);
        printf("BENCH core_%s %.3f %.2f %s\n", shapes[i].name, theirs / ours,
               TARGET, theirs / ours >= TARGET ? "ok" : "short");

        apigw_heap_free(&heap);
    }

    free(doc);

    return sum == 0;
}
