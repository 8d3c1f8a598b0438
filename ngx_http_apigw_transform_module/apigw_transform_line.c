
#include "apigw_transform_line.h"
#include "apigw_json_writer.h"


apigw_rc_t
apigw_transform_line_pointers(apigw_transform_line_t *line, size_t n)
{
    size_t                 i;
    apigw_rc_t             rc;
    apigw_json_pointer_t  *p;

    p = apigw_arena_array(line->arena, n, sizeof(apigw_json_pointer_t));
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    for (i = 0; i < n; i++) {
        rc = apigw_transform_line_pointer(line, i + 1, line->args[i + 1], 0,
                                           &p[i]);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    line->op->pointers = p;
    line->op->npointers = n;

    return APIGW_OK;
}


apigw_rc_t
apigw_transform_line_pointer(apigw_transform_line_t *line, size_t arg,
    apigw_str_t text, size_t skipped, apigw_json_pointer_t *pointer)
{
    apigw_rc_t     rc;
    apigw_error_t  error;

    rc = apigw_json_pointer_parse(line->arena, text, true, pointer, &error);

    switch (rc) {

    case APIGW_EINPUT:
        return apigw_transform_refuse_at(line, arg, error.offset + skipped,
                                         "bad pointer",
                                         "write /name/name, and ~0 for ~, ~1 "
                                         "for /, ~2 for a literal *");

    case APIGW_ELIMIT:
        (void) apigw_transform_refuse_at(line, arg, error.offset + skipped,
                                         "pointer is too long",
                                         "use at most 64 segments");
        return APIGW_EINPUT;

    default:
        return rc;
    }
}


apigw_rc_t
apigw_transform_line_name(apigw_transform_line_t *line, size_t arg)
{
    size_t       valid;
    apigw_str_t  name;

    name = line->args[arg];
    valid = apigw_utf8_valid(name.data, name.len);

    if (valid != name.len) {
        return apigw_transform_refuse_at(line, arg, valid, "invalid UTF-8",
                                         "write the name in UTF-8");
    }

    return APIGW_OK;
}


bool
apigw_transform_line_parameter(apigw_str_t text, const char *prefix,
    apigw_str_t *rest)
{
    size_t  len = strlen(prefix);

    if (text.len < len || memcmp(text.data, prefix, len) != 0) {
        return false;
    }

    rest->data = text.data + len;
    rest->len = text.len - len;

    return true;
}


apigw_rc_t
apigw_transform_refuse(apigw_transform_line_t *line, size_t arg,
    const char *text, const char *mend)
{
    return apigw_transform_refuse_at(line, arg, APIGW_TRANSFORM_NO_OFFSET, text,
                                     mend);
}


apigw_rc_t
apigw_transform_refuse_at(apigw_transform_line_t *line, size_t arg,
    size_t offset, const char *text, const char *mend)
{
    line->fault->text = text;
    line->fault->mend = mend;
    line->fault->arg = arg;
    line->fault->offset = offset;

    return APIGW_EINPUT;
}
