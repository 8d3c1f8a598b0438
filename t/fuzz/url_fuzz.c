
/*
 * A URL. What is taken lies within the text and, put together again, is taken
 * again with the same parts.
 */


#include "apigw_url.h"

#include <stdio.h>
#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define CHECK(cond)  do { if (!(cond)) abort(); } while (0)


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int            len;
    char           text[2 * APIGW_URL_MAX];
    size_t         i;
    apigw_str_t    value = { data, size };
    apigw_url_t    url, again;
    apigw_error_t  error;

    if (apigw_url_parse(value, &url, &error) != APIGW_OK) {
        CHECK(error.word != NULL && error.offset <= size);
        return 0;
    }

    CHECK(url.port != 0 && url.host.len != 0);
    CHECK(url.path.data + url.path.len == data + size);

    for (i = 0; i < size; i++) {
        CHECK(data[i] > 0x20 && data[i] < 0x7f && data[i] != '\\');
    }

    len = snprintf(text, sizeof(text), "%s://%.*s%.*s",
                   url.https ? "https" : "http",
                   (int) url.authority.len, (const char *) url.authority.data,
                   (int) url.path.len, (const char *) url.path.data);

    value.data = (const uint8_t *) text;
    value.len = (size_t) len;

    CHECK(apigw_url_parse(value, &again, &error) == APIGW_OK);
    CHECK(again.port == url.port && again.kind == url.kind);
    CHECK(apigw_str_eq(again.host, url.host));
    CHECK(apigw_str_eq(again.authority, url.authority));
    CHECK(apigw_str_eq(again.path, url.path));
    CHECK(apigw_url_is_loopback(&again) == apigw_url_is_loopback(&url));

    return 0;
}
