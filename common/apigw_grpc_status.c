
#include "apigw_grpc_status.h"


#define APIGW_GRPC_TEXT_MAX  1024    /* so that lengths fit two varint bytes */


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


static uint8_t *apigw_grpc_field(uint8_t *p, unsigned number,
    apigw_str_t value);
static size_t apigw_grpc_field_size(size_t len);
static void apigw_grpc_base64(uint8_t *out, const uint8_t *in, size_t len);


bool
apigw_grpc_type(apigw_str_t content_type)
{
    size_t                    i;
    uint8_t                   ch;
    static const apigw_str_t  type = apigw_str("application/grpc");

    if (content_type.len < type.len) {
        return false;
    }

    for (i = 0; i < type.len; i++) {
        ch = content_type.data[i];

        if ((ch >= 'A' && ch <= 'Z' ? ch | 0x20 : ch) != type.data[i]) {
            return false;
        }
    }

    if (i == content_type.len) {
        return true;
    }

    ch = content_type.data[i];

    return ch == '+' || ch == ';' || ch == ' ' || ch == '\t';
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

    apigw_grpc_base64(text, status, size);

    out->data = text;
    out->len = (size * 4 + 2) / 3;

    return APIGW_OK;
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

    if (value.len) {
        memcpy(p, value.data, value.len);
    }

    return p + value.len;
}


static size_t
apigw_grpc_field_size(size_t len)
{
    return len + (len > 0x7f ? 3 : 2);
}


static void
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
        *out = digits[bits << (6 - n) & 63];
    }
}
