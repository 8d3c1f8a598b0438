
#include "apigw_grpc_status.h"


#define APIGW_GRPC_TEXT_MAX      1024   /* lengths fit two varint bytes */
#define APIGW_GRPC_TRAILERS_MAX  (64 * 1024)


typedef struct {
    unsigned      status;
    unsigned      code;
} apigw_grpc_code_t;


static const apigw_grpc_code_t  apigw_grpc_codes[] = {
    { 400, 3 },                      /* INVALID_ARGUMENT */
    { 401, 16 },                     /* UNAUTHENTICATED */
    { 403, 7 },                      /* PERMISSION_DENIED */
    { 404, 12 },                     /* UNIMPLEMENTED */
    { 405, 12 },
    { 408, 4 },                      /* DEADLINE_EXCEEDED */
    { 409, 10 },                     /* ABORTED */
    { 413, 8 },                      /* RESOURCE_EXHAUSTED */
    { 415, 3 },
    { 429, 8 },
    { 499, 1 },                      /* CANCELLED */
    { 501, 12 },
    { 502, 14 },                     /* UNAVAILABLE */
    { 503, 14 },
    { 504, 4 }
};


static bool apigw_grpc_prefix(apigw_str_t *rest, const char *prefix);
static bool apigw_grpc_is_suffix(uint8_t ch);
static uint8_t *apigw_grpc_field(uint8_t *p, unsigned number,
    apigw_str_t value);
static size_t apigw_grpc_field_size(size_t len);
static uint8_t *apigw_grpc_text(uint8_t *p, apigw_str_t text);
static uint8_t *apigw_grpc_base64(uint8_t *out, const uint8_t *in, size_t len);


apigw_grpc_kind_e
apigw_grpc_kind(apigw_str_t content_type, apigw_str_t *type)
{
    apigw_str_t        rest;
    apigw_grpc_kind_e  kind;

    rest = content_type;

    if (!apigw_grpc_prefix(&rest, "application/grpc")) {
        return APIGW_GRPC_NONE;
    }

    kind = APIGW_GRPC_NATIVE;

    if (apigw_grpc_prefix(&rest, "-web")) {
        kind = apigw_grpc_prefix(&rest, "-text") ? APIGW_GRPC_WEB_TEXT
                                                 : APIGW_GRPC_WEB;
    }

    if (rest.len && *rest.data == '+') {
        do {
            rest.data++;
            rest.len--;
        } while (rest.len && apigw_grpc_is_suffix(*rest.data));
    }

    if (rest.len && *rest.data != ';' && *rest.data != ' '
        && *rest.data != '\t')
    {
        return APIGW_GRPC_NONE;
    }

    type->data = content_type.data;
    type->len = content_type.len - rest.len;

    return kind;
}


/* Takes a prefix in lower case off, whatever its case there. */

static bool
apigw_grpc_prefix(apigw_str_t *rest, const char *prefix)
{
    size_t   i;
    uint8_t  ch;

    for (i = 0; prefix[i]; i++) {
        if (i == rest->len) {
            return false;
        }

        ch = rest->data[i];

        if ((ch >= 'A' && ch <= 'Z' ? ch | 0x20 : ch) != (uint8_t) prefix[i]) {
            return false;
        }
    }

    rest->data += i;
    rest->len -= i;

    return true;
}


static bool
apigw_grpc_is_suffix(uint8_t ch)
{
    uint8_t  low;

    low = ch | 0x20;

    return (low >= 'a' && low <= 'z') || (ch >= '0' && ch <= '9')
           || ch == '+' || ch == '-' || ch == '.' || ch == '_';
}


unsigned
apigw_grpc_code(unsigned status)
{
    size_t  i;

    for (i = 0; i < sizeof(apigw_grpc_codes) / sizeof(apigw_grpc_codes[0]);
         i++)
    {
        if (apigw_grpc_codes[i].status == status) {
            return apigw_grpc_codes[i].code;
        }
    }

    return status < 500 ? 3 : 13;    /* INTERNAL */
}


apigw_rc_t
apigw_grpc_message(apigw_arena_t *arena, apigw_str_t text, apigw_str_t *out)
{
    size_t             i;
    uint8_t           *p, ch;
    static const char  hex[] = "0123456789ABCDEF";

    if (text.len > SIZE_MAX / 3) {
        return APIGW_ENOMEM;
    }

    p = apigw_arena_alloc(arena, text.len * 3 + 1);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    out->data = p;

    for (i = 0; i < text.len; i++) {
        ch = text.data[i];

        if (ch >= 0x20 && ch <= 0x7e && ch != '%') {
            *p++ = ch;
            continue;
        }

        *p++ = '%';
        *p++ = hex[ch >> 4];
        *p++ = hex[ch & 15];
    }

    out->len = p - out->data;

    return APIGW_OK;
}


/*
 * Status    { int32 code = 1; string message = 2; repeated Any details = 3; }
 * Any       { string type_url = 1; bytes value = 2; }
 * ErrorInfo { string reason = 1; string domain = 2; }
 */

apigw_rc_t
apigw_grpc_details(apigw_arena_t *arena, unsigned code, apigw_str_t message,
    apigw_str_t reason, apigw_str_t *out)
{
    size_t                    size;
    uint8_t                  *p, *info, *any, *status, *text;
    apigw_str_t               info_value, any_value;
    static const apigw_str_t  domain = apigw_str("apigw");
    static const apigw_str_t  type =
                     apigw_str("type.googleapis.com/google.rpc.ErrorInfo");

    if (message.len > APIGW_GRPC_TEXT_MAX || reason.len > APIGW_GRPC_TEXT_MAX) {
        return APIGW_ELIMIT;
    }

    info_value.len = apigw_grpc_field_size(reason.len)
                     + apigw_grpc_field_size(domain.len);
    any_value.len = apigw_grpc_field_size(type.len)
                    + apigw_grpc_field_size(info_value.len);
    size = 2 + apigw_grpc_field_size(message.len)
           + apigw_grpc_field_size(any_value.len);

    info = apigw_arena_alloc(arena, info_value.len + any_value.len + size);
    if (info == NULL) {
        return APIGW_ENOMEM;
    }

    p = apigw_grpc_field(info, 1, reason);
    any = apigw_grpc_field(p, 2, domain);

    info_value.data = info;
    p = apigw_grpc_field(any, 1, type);
    status = apigw_grpc_field(p, 2, info_value);

    any_value.data = any;
    p = status;
    *p++ = 1 << 3;
    *p++ = code;
    p = apigw_grpc_field(p, 2, message);
    p = apigw_grpc_field(p, 3, any_value);

    size = p - status;

    text = apigw_arena_alloc(arena, (size * 4 + 2) / 3);
    if (text == NULL) {
        return APIGW_ENOMEM;
    }

    out->data = text;
    out->len = apigw_grpc_base64(text, status, size) - text;

    return APIGW_OK;
}


/*
 * A frame is a byte of flags (0x80: trailers), four of length, and here lines
 * of "name: value" that end in CR LF.
 */

apigw_rc_t
apigw_grpc_web_trailers(apigw_arena_t *arena, const apigw_grpc_field_t *fields,
    size_t n, bool text, apigw_str_t *out)
{
    size_t                    i, size, len;
    uint8_t                  *p, *frame;
    static const apigw_str_t  colon = apigw_str(": "), end = apigw_str("\r\n");

    size = 0;

    for (i = 0; i < n; i++) {
        len = fields[i].name.len + fields[i].value.len + colon.len + end.len;

        if (fields[i].value.len > APIGW_GRPC_TRAILERS_MAX
            || len > APIGW_GRPC_TRAILERS_MAX - size)
        {
            return APIGW_ELIMIT;
        }

        size += len;
    }

    frame = apigw_arena_alloc(arena, size + 5);
    if (frame == NULL) {
        return APIGW_ENOMEM;
    }

    p = frame;
    *p++ = 0x80;
    *p++ = 0;
    *p++ = (uint8_t) (size >> 16);
    *p++ = (uint8_t) (size >> 8);
    *p++ = (uint8_t) size;

    for (i = 0; i < n; i++) {
        p = apigw_grpc_text(p, fields[i].name);
        p = apigw_grpc_text(p, colon);
        p = apigw_grpc_text(p, fields[i].value);
        p = apigw_grpc_text(p, end);
    }

    out->data = frame;
    out->len = p - frame;

    if (!text) {
        return APIGW_OK;
    }

    p = apigw_arena_alloc(arena, (out->len + 2) / 3 * 4);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    out->data = p;
    p = apigw_grpc_base64(p, frame, out->len);

    while ((p - out->data) % 4) {
        *p++ = '=';
    }

    out->len = p - out->data;

    return APIGW_OK;
}


static uint8_t *
apigw_grpc_text(uint8_t *p, apigw_str_t text)
{
    if (text.len) {
        memcpy(p, text.data, text.len);
    }

    return p + text.len;
}


/* A length-delimited field; the length fits two bytes of a varint. */

static uint8_t *
apigw_grpc_field(uint8_t *p, unsigned number, apigw_str_t value)
{
    *p++ = number << 3 | 2;

    if (value.len > 0x7f) {
        *p++ = (value.len & 0x7f) | 0x80;
        *p++ = value.len >> 7;

    } else {
        *p++ = value.len;
    }

    return apigw_grpc_text(p, value);
}


static size_t
apigw_grpc_field_size(size_t len)
{
    return len + (len > 0x7f ? 3 : 2);
}


/* Without padding; returns the end. */

static uint8_t *
apigw_grpc_base64(uint8_t *out, const uint8_t *in, size_t len)
{
    size_t             i;
    unsigned           bits, n;
    static const char  digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789+/";

    n = 0;
    bits = 0;

    for (i = 0; i < len; i++) {
        bits = bits << 8 | in[i];
        n += 8;

        while (n >= 6) {
            n -= 6;
            *out++ = digits[bits >> n & 63];
        }
    }

    if (n) {
        *out++ = digits[bits << (6 - n) & 63];
    }

    return out;
}
