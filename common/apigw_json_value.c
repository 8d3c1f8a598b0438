
#include "apigw_json_value.h"
#include "apigw_json_scan.h"
#include "apigw_json_skip.h"

#include <stdio.h>


static apigw_json_kind_e apigw_json_kind(uint8_t ch);


apigw_rc_t
apigw_json_check(apigw_arena_t *arena, const apigw_json_options_t *options,
    apigw_str_t doc, apigw_error_t *error)
{
    apigw_rc_t           rc;
    apigw_json_token_t   token;
    apigw_json_reader_t  reader;

    rc = apigw_json_reader_init(&reader, arena, options);
    if (rc != APIGW_OK) {
        return rc;
    }

    apigw_json_reader_feed(&reader, doc.data, doc.len, true);

    do {
        rc = apigw_json_reader_next(&reader, &token);
    } while (rc == APIGW_OK && token.kind != APIGW_JSON_END);

    if (rc != APIGW_OK) {
        *error = reader.error;
    }

    return rc;
}


apigw_json_value_t
apigw_json_root(apigw_str_t doc)
{
    const uint8_t       *p, *end;
    apigw_json_value_t   value;

    memset(&value, 0, sizeof(apigw_json_value_t));

    if (doc.len == 0) {
        return value;
    }

    p = doc.data;
    end = p + doc.len;

    if (doc.len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
    }

    p = apigw_json_scan_space(p, end);

    if (p != end) {
        value.kind = apigw_json_kind(*p);
        value.text.data = p;
        value.text.len = apigw_json_skip_value(p, end) - p;
    }

    return value;
}


void
apigw_json_walk(apigw_json_walk_t *walk, apigw_str_t text)
{
    apigw_json_value_t  root;

    root = apigw_json_root(text);

    walk->kind = root.kind;
    walk->pos = root.text.data;
    walk->end = root.text.data;

    if (root.kind == APIGW_JSON_OBJECT || root.kind == APIGW_JSON_ARRAY) {
        walk->pos++;
        walk->end += root.text.len;
    }
}


bool
apigw_json_walk_next(apigw_json_walk_t *walk, apigw_json_value_t *value)
{
    const uint8_t  *p, *end;

    p = walk->pos;
    end = walk->end;

    value->name.data = p;
    value->name.len = 0;

    p = apigw_json_scan_space(p, end);

    if (p != end && *p == ',') {
        p = apigw_json_scan_space(p + 1, end);
    }

    if (walk->kind == APIGW_JSON_OBJECT && p != end && *p == '"') {
        value->name.data = p;
        p = apigw_json_skip_string(p, end);
        value->name.len = p - value->name.data;

        p = apigw_json_scan_space(p, end);

        if (p != end && *p == ':') {
            p = apigw_json_scan_space(p + 1, end);
        }
    }

    if (p == end || *p == '}' || *p == ']') {
        walk->pos = end;
        return false;
    }

    value->kind = apigw_json_kind(*p);
    value->text.data = p;

    p = apigw_json_skip_value(p, end);

    /* a stray byte, where the text is not JSON, must not stop us here */

    value->text.len = p - value->text.data;
    walk->pos = value->text.len ? p : p + 1;

    return true;
}


bool
apigw_json_member(apigw_str_t text, const char *name,
    apigw_json_value_t *value)
{
    apigw_str_t  path;

    path.data = (const uint8_t *) name;
    path.len = strlen(name);

    return apigw_json_root(text).kind == APIGW_JSON_OBJECT
           && apigw_json_find(text, &path, 1, value);
}


bool
apigw_json_find(apigw_str_t text, const apigw_str_t *path, size_t n,
    apigw_json_value_t *value)
{
    bool                found;
    char                digits[24];
    size_t              i, index;
    apigw_str_t         at;
    apigw_json_walk_t   walk;
    apigw_json_value_t  item;

    for (i = 0; i < n; i++) {

        found = false;
        index = 0;

        apigw_json_walk(&walk, text);

        while (apigw_json_walk_next(&walk, &item)) {

            if (walk.kind == APIGW_JSON_ARRAY) {
                at.data = (uint8_t *) digits;
                at.len = snprintf(digits, sizeof(digits), "%zu", index++);

                if (!apigw_str_eq(at, path[i])) {
                    continue;
                }

            } else if (!apigw_json_string_eq(item.name, path[i])) {
                continue;
            }

            *value = item;
            found = true;
        }

        if (!found) {
            return false;
        }

        text = value->text;
    }

    if (n == 0) {
        *value = apigw_json_root(text);
    }

    return value->kind != APIGW_JSON_END;
}


static apigw_json_kind_e
apigw_json_kind(uint8_t ch)
{
    switch (ch) {

    case '{':
        return APIGW_JSON_OBJECT;

    case '[':
        return APIGW_JSON_ARRAY;

    case '"':
        return APIGW_JSON_STRING;

    case 't':
        return APIGW_JSON_TRUE;

    case 'f':
        return APIGW_JSON_FALSE;

    case 'n':
        return APIGW_JSON_NULL;

    default:
        return APIGW_JSON_NUMBER;
    }
}
