
#include "apigw_transform_value.h"
#include "apigw_json_value.h"
#include "apigw_json_writer.h"


static apigw_rc_t apigw_transform_value_string(apigw_str_t text,
    apigw_arena_t *arena, apigw_str_t *json, apigw_error_t *error);
static apigw_rc_t apigw_transform_value_number(apigw_str_t text,
    const apigw_json_options_t *options, apigw_arena_t *arena,
    apigw_str_t *json, apigw_error_t *error);
static apigw_rc_t apigw_transform_value_json(apigw_str_t text,
    const apigw_json_options_t *options, apigw_arena_t *arena,
    apigw_str_t *json, apigw_error_t *error);
static apigw_rc_t apigw_transform_value_invalid(apigw_error_t *error,
    size_t offset);
static apigw_rc_t apigw_transform_value_internal(apigw_error_t *error);


static const apigw_str_t  apigw_transform_value_null = apigw_str("null");


static const char  *const apigw_transform_value_types[] = {
    [APIGW_VALUE_STRING] = "string",
    [APIGW_VALUE_NUMBER] = "number",
    [APIGW_VALUE_BOOLEAN] = "boolean",
    [APIGW_VALUE_NULL] = "null",
    [APIGW_VALUE_JSON] = "json"
};


apigw_rc_t
apigw_transform_value_type(apigw_str_t name, apigw_value_type_e *type)
{
    size_t  i;

    for (i = 0; i <= APIGW_VALUE_JSON; i++) {
        if (apigw_str_is(name, apigw_transform_value_types[i])) {
            *type = i;
            return APIGW_OK;
        }
    }

    return APIGW_EINPUT;
}


apigw_rc_t
apigw_transform_value_encode(apigw_value_type_e type, apigw_str_t text,
    uint32_t max_depth, const uint64_t seed[2], apigw_arena_t *arena,
    apigw_str_t *json, apigw_error_t *error)
{
    apigw_json_options_t  options;

    memset(&options, 0, sizeof(apigw_json_options_t));

    options.max_depth = max_depth;
    options.duplicates = APIGW_JSON_DUP_REJECT;
    options.seed[0] = seed[0];
    options.seed[1] = seed[1];
    options.refuse_bom = true;
    options.refuse_lone = true;

    switch (type) {

    case APIGW_VALUE_STRING:
        return apigw_transform_value_string(text, arena, json, error);

    case APIGW_VALUE_NUMBER:
        return apigw_transform_value_number(text, &options, arena, json, error);

    case APIGW_VALUE_BOOLEAN:
        if (apigw_str_is(text, "true") || apigw_str_is(text, "false")) {
            *json = text;
            return APIGW_OK;
        }

        return apigw_transform_value_invalid(error, 0);

    case APIGW_VALUE_NULL:
        if (text.len == 0 || apigw_str_is(text, "null")) {
            *json = apigw_transform_value_null;
            return APIGW_OK;
        }

        return apigw_transform_value_invalid(error, 0);

    default: /* APIGW_VALUE_JSON */
        return apigw_transform_value_json(text, &options, arena, json, error);
    }
}


static apigw_rc_t
apigw_transform_value_string(apigw_str_t text, apigw_arena_t *arena,
    apigw_str_t *json, apigw_error_t *error)
{
    size_t               valid;
    apigw_rc_t           rc;
    apigw_str_t          out;
    apigw_json_writer_t  w;

    valid = apigw_utf8_valid(text.data, text.len);

    if (valid != text.len) {
        return apigw_transform_value_invalid(error, valid);
    }

    apigw_json_writer_init(&w, arena);

    (void) apigw_json_write_string(&w, text);

    rc = apigw_json_writer_finish(&w, &out);
    if (rc != APIGW_OK) {
        return apigw_transform_value_internal(error);
    }

    *json = out;

    return APIGW_OK;
}


static apigw_rc_t
apigw_transform_value_number(apigw_str_t text,
    const apigw_json_options_t *options, apigw_arena_t *arena,
    apigw_str_t *json, apigw_error_t *error)
{
    uint8_t  first, last;

    if (text.len == 0) {
        return apigw_transform_value_invalid(error, 0);
    }

    first = text.data[0];
    last = text.data[text.len - 1];

    /* What is between is for the strict reader; no white space is. */

    if (first != '-' && (first < '0' || first > '9')) {
        return apigw_transform_value_invalid(error, 0);
    }

    if (last < '0' || last > '9') {
        return apigw_transform_value_invalid(error, text.len - 1);
    }

    return apigw_transform_value_json(text, options, arena, json, error);
}


static apigw_rc_t
apigw_transform_value_json(apigw_str_t text,
    const apigw_json_options_t *options, apigw_arena_t *arena,
    apigw_str_t *json, apigw_error_t *error)
{
    apigw_rc_t     rc;
    apigw_error_t  fault;

    rc = apigw_json_check(arena, options, text, &fault);

    if (rc == APIGW_EINPUT || rc == APIGW_ELIMIT) {
        return apigw_transform_value_invalid(error, fault.offset);
    }

    if (rc != APIGW_OK) {
        return apigw_transform_value_internal(error);
    }

    *json = apigw_json_root(text).text;

    return APIGW_OK;
}


apigw_rc_t
apigw_transform_values_get(apigw_transform_values_t *values, size_t i,
    apigw_str_t *json, apigw_error_t *error)
{
    apigw_rc_t                      rc;
    apigw_str_t                     text;
    const apigw_transform_value_t  *spec;

    spec = &values->specs[i];

    if (spec->constant) {
        *json = spec->json;
        return APIGW_OK;
    }

    if (values->cache[i].data == NULL) {
        text = values->texts[i];

        if (text.data == NULL) {
            text.data = (const uint8_t *) "";
            text.len = 0;
        }

        rc = apigw_transform_value_encode(spec->type, text, values->max_depth,
                                          values->seed, values->arena,
                                          &values->cache[i], error);
        if (rc == APIGW_EINPUT && spec->skip) {
            return APIGW_EUNSUPPORTED;
        }

        if (rc != APIGW_OK) {
            return rc;
        }
    }

    *json = values->cache[i];

    return APIGW_OK;
}


static apigw_rc_t
apigw_transform_value_invalid(apigw_error_t *error, size_t offset)
{
    error->word = "value_invalid";
    error->offset = offset;

    return APIGW_EINPUT;
}


static apigw_rc_t
apigw_transform_value_internal(apigw_error_t *error)
{
    error->word = "internal";
    error->offset = 0;

    return APIGW_ENOMEM;
}
