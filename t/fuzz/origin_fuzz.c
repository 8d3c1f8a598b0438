
/*
 * An Origin. One that is taken is host and port alone, equals itself however
 * it is written, and equals no other scheme or port.
 */


#include "apigw_origin.h"

#include <stdio.h>
#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define CHECK(cond)  do { if (!(cond)) abort(); } while (0)


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int              n;
    char            *written;
    size_t           i;
    apigw_str_t      text = { data, size }, again;
    apigw_origin_t   a, b;

    if (apigw_origin_parse(&a, text) != APIGW_OK) {
        return 0;
    }

    CHECK(a.host.len && a.port && a.port <= 65535);
    CHECK(a.host.data >= data && a.host.data + a.host.len <= data + size);

    for (i = 0; i < a.host.len; i++) {
        CHECK(a.host.data[i] > ' ' && !strchr("/@,?#\\", a.host.data[i]));
    }

    written = malloc(size + 32);
    CHECK(written);

    n = snprintf(written, size + 32, "%s://%.*s:%u",
                 a.secure ? "HTTPS" : "HTTP", (int) a.host.len, a.host.data,
                 a.port);

    again.data = (uint8_t *) written;
    again.len = n;

    CHECK(apigw_origin_parse(&b, again) == APIGW_OK);
    CHECK(apigw_origin_eq(&a, &b) && apigw_origin_eq(&b, &a));

    b.secure = !b.secure;
    CHECK(!apigw_origin_eq(&a, &b));

    b = a;
    b.port++;
    CHECK(!apigw_origin_eq(&a, &b));

    free(written);

    return 0;
}
