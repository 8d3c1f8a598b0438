
/* The strings of a table that is being built: appended, equal ones once. */


#include "apigw_table_image.h"


#define APIGW_TABLE_STRINGS  256     /* interned[] at first */


static uint32_t *apigw_table_intern_slot(apigw_table_builder_t *builder,
    apigw_str_t s);


uint32_t
apigw_table_hash(const uint8_t *p, size_t len)
{
    uint32_t  hash = 2166136261;

    while (len--) {
        hash = (hash ^ *p++) * 16777619;
    }

    return hash;
}


apigw_str_t
apigw_table_image_string(apigw_table_builder_t *builder, uint32_t offset)
{
    uint16_t     len;
    apigw_str_t  s;

    memcpy(&len, builder->image + offset, sizeof(len));

    s.data = builder->image + offset + sizeof(len);
    s.len = len;

    return s;
}


apigw_rc_t
apigw_table_append(apigw_table_builder_t *builder, const void *data,
    size_t len)
{
    if (builder->size - builder->used < len) {
        return APIGW_ELIMIT;
    }

    memcpy(builder->image + builder->used, data, len);
    builder->used += len;

    return APIGW_OK;
}


apigw_rc_t
apigw_table_string(apigw_table_builder_t *builder, apigw_str_t s,
    uint32_t *offset)
{
    uint16_t    len = (uint16_t) s.len;
    apigw_rc_t  rc;

    if (s.len > APIGW_KEY_LINE) {
        return APIGW_ELIMIT;
    }

    *offset = (uint32_t) builder->used;

    rc = apigw_table_append(builder, &len, sizeof(len));
    if (rc != APIGW_OK) {
        return rc;
    }

    return apigw_table_append(builder, s.data, s.len);
}


apigw_rc_t
apigw_table_intern(apigw_table_builder_t *builder, apigw_str_t s,
    uint32_t *offset)
{
    uint32_t    *slot;
    apigw_rc_t   rc;

    *offset = 0;

    if (s.len == 0) {
        return APIGW_OK;
    }

    slot = apigw_table_intern_slot(builder, s);

    if (*slot == 0) {
        rc = apigw_table_string(builder, s, offset);
        if (rc != APIGW_OK) {
            return rc;
        }

        *slot = *offset;

        if (++builder->ninterned > builder->mask / 2) {
            return apigw_table_intern_grow(builder);
        }

        return APIGW_OK;
    }

    *offset = *slot;

    return APIGW_OK;
}


static uint32_t *
apigw_table_intern_slot(apigw_table_builder_t *builder, apigw_str_t s)
{
    uint32_t  i;

    i = apigw_table_hash(s.data, s.len) & builder->mask;

    while (builder->interned[i]
           && !apigw_str_eq(apigw_table_image_string(builder,
                                                     builder->interned[i]), s))
    {
        i = (i + 1) & builder->mask;
    }

    return &builder->interned[i];
}


apigw_rc_t
apigw_table_intern_grow(apigw_table_builder_t *builder)
{
    size_t     i, n, old_n;
    uint32_t  *strings, *old;

    old = builder->interned;
    old_n = old ? (size_t) builder->mask + 1 : 0;
    n = old ? old_n * 2 : APIGW_TABLE_STRINGS;

    strings = apigw_arena_array(builder->arena, n, sizeof(uint32_t));
    if (strings == NULL) {
        return APIGW_ENOMEM;
    }

    memset(strings, 0, n * sizeof(uint32_t));

    builder->interned = strings;
    builder->mask = (uint32_t) (n - 1);

    for (i = 0; i < old_n; i++) {
        if (old[i]) {
            *apigw_table_intern_slot(builder,
                                     apigw_table_image_string(builder, old[i]))
                = old[i];
        }
    }

    return APIGW_OK;
}
