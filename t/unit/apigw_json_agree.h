
/*
 * For tests: a document is read whole, cut in two at each place and byte by
 * byte, token by token and by spans, and all of that must agree.
 */


#ifndef _APIGW_JSON_AGREE_H_INCLUDED_
#define _APIGW_JSON_AGREE_H_INCLUDED_


#include "apigw_test.h"
#include "apigw_json_events.h"


static const apigw_json_options_t  apigw_json_plain = { .seed = { 3, 4 } };


/* One document, whole, cut in two at each place, and byte by byte. */

static inline bool
agrees(apigw_test_t *t, const apigw_json_options_t *options, apigw_str_t doc,
    apigw_rc_t want, const char *word, size_t at)
{
    bool                 ok, spans;
    size_t               i, *cuts;
    apigw_rc_t           rc;
    apigw_error_t        error;
    apigw_json_events_t  whole = { 0 }, e = { 0 };

    ok = false;
    cuts = malloc((doc.len + 1) * sizeof(size_t));

    for (i = 0; cuts && i < doc.len; i++) {
        cuts[i] = i;
    }

    for (spans = false;; spans = true) {

        rc = apigw_json_events(&t->arena, options, doc, NULL, 0, spans, &whole,
                               &error);

        if (rc != want
            || (want < 0 && (error.offset != at || strcmp(error.word, word))))
        {
            goto done;
        }

        for (i = 0; i <= doc.len; i++) {
            rc = apigw_json_events(&t->arena, options, doc, &i, 1, spans, &e,
                                   &error);

            if (rc != want || (want >= 0 && (e.len != whole.len
                || memcmp(e.data, whole.data, e.len) != 0))
                || (want < 0 && error.offset != at))
            {
                goto done;
            }
        }

        rc = apigw_json_events(&t->arena, options, doc, cuts, doc.len, spans,
                               &e, &error);

        if (rc != want || (want < 0 && error.offset != at)
            || (want >= 0 && (e.len != whole.len
                              || memcmp(e.data, whole.data, e.len) != 0)))
        {
            goto done;
        }

        if (spans) {
            break;
        }
    }

    ok = true;

done:

    if (!ok && t->fail_at == 0) {
        printf("# \"%.*s\": %d, offset %zu (want %d, %zu): %.*s\n",
               (int) doc.len, doc.data, rc, error.offset, want, at,
               (int) e.len, e.data ? e.data : "");
    }

    free(whole.data);
    free(e.data);
    free(cuts);

    return ok;
}


static inline bool
check(apigw_test_t *t, const apigw_json_options_t *options, const char *text,
    apigw_rc_t rc, const char *word, size_t at)
{
    apigw_str_t  doc = { (const uint8_t *) text, strlen(text) };

    return agrees(t, options, doc, rc, word, at);
}


static inline bool
says(apigw_test_t *t, const apigw_json_options_t *options, const char *text,
    bool spans, const char *want)
{
    bool                 ok;
    apigw_str_t          doc = { (const uint8_t *) text, strlen(text) };
    apigw_error_t        error;
    apigw_json_events_t  e = { 0 };

    ok = apigw_json_events(&t->arena, options, doc, NULL, 0, spans, &e, &error)
             == APIGW_OK
         && e.len == strlen(want) && memcmp(e.data, want, e.len) == 0;

    if (!ok && t->fail_at == 0) {
        printf("# %.*s\n", (int) e.len, e.data ? e.data : "");
    }

    free(e.data);

    return ok;
}


#endif /* _APIGW_JSON_AGREE_H_INCLUDED_ */
