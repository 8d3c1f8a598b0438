
/*
 * Metrics as text, in Prometheus's exposition format 0.0.4: a family's HELP
 * and TYPE, then its samples. The text grows in parts from an arena; once
 * memory is out nothing more is written, which `rc` tells at the end.
 */


#ifndef _APIGW_PROMETHEUS_H_INCLUDED_
#define _APIGW_PROMETHEUS_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


typedef struct apigw_prometheus_part_s  apigw_prometheus_part_t;

struct apigw_prometheus_part_s {
    apigw_prometheus_part_t  *next;
    uint8_t                  *data;
    size_t                    len;
};


typedef struct {
    apigw_rc_t                rc;          /* APIGW_OK or APIGW_ENOMEM */
    apigw_prometheus_part_t  *first;       /* NULL: no text */
    size_t                    len;         /* of all parts */

    /* the core's own */
    apigw_arena_t            *arena;
    apigw_prometheus_part_t  *last;
    const char               *family;
} apigw_prometheus_t;


/* `name` is written as it stands, `value` escaped. */

typedef struct {
    const char               *name;
    apigw_str_t               value;
} apigw_prometheus_label_t;


/* What lies in one bucket counts in no other; the last bucket has no bound. */

typedef struct {
    const char *const        *bounds;      /* rising, in seconds, as text */
    size_t                    nbounds;
    const uint64_t           *counts;      /* nbounds + 1 of them */
    uint64_t                  sum;         /* microseconds */
} apigw_prometheus_histogram_t;


/* `arena` must live as long as the text. */
void apigw_prometheus_init(apigw_prometheus_t *text, apigw_arena_t *arena);


/*
 * Begins a family; the samples that follow are its own. All three are written
 * as they stand; `name` must live until the next family.
 * type  "counter", "gauge" or "histogram"
 * help  one line without backslashes
 */
void apigw_prometheus_family(apigw_prometheus_t *text, const char *name,
    const char *type, const char *help);


/* A sample of a counter or gauge. */
void apigw_prometheus_sample(apigw_prometheus_t *text,
    const apigw_prometheus_label_t *labels, size_t n, uint64_t value);


/* All samples of one histogram. */
void apigw_prometheus_histogram(apigw_prometheus_t *text,
    const apigw_prometheus_label_t *labels, size_t n,
    const apigw_prometheus_histogram_t *histogram);


#pragma GCC visibility pop


#endif /* _APIGW_PROMETHEUS_H_INCLUDED_ */
