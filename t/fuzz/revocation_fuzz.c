
/*
 * The bytes twice: as a file, each of whose lines is found again in the image,
 * and as an image that a writer may have torn.
 */


#include "apigw_revocation.h"

#include <stdlib.h>


#define NOW  1700000000


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define CHECK(cond)  do { if (!(cond)) abort(); } while (0)


static const uint8_t  seed[APIGW_REVOCATION_SEED] = "0123456789abcdef";


static void
check_lines(const void *image, size_t size, apigw_str_t text)
{
    apigw_str_t               s;
    apigw_error_t             err;
    const uint8_t            *p, *nl;
    apigw_revocation_line_t   line;

    for (p = text.data; p < text.data + text.len; p = nl + 1) {
        nl = memchr(p, '\n', text.data + text.len - p);

        s.data = p;
        s.len = nl - p;

        if (apigw_revocation_read(&line, s, &err) != APIGW_OK) {
            continue;
        }

        CHECK(line.what.value.data >= p);
        CHECK(line.what.value.data + line.what.value.len <= nl);

        if (line.until == 0 || line.until >= NOW) {
            CHECK(apigw_revocation_find(image, size, &line.what,
                                        (int64_t) line.before, NOW)
                  == APIGW_OK);
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void                     *image;
    size_t                    used, line;
    apigw_str_t               text;
    apigw_error_t             err;
    apigw_revocation_t        what;
    static const uint8_t      name[] = "corp";

    text.data = data;
    text.len = size;

    used = apigw_revocation_bound(apigw_revocation_lines(text));
    image = malloc(used);

    if (apigw_revocation_build(image, &used, text, seed, NOW, &line, &err)
        == APIGW_OK)
    {
        check_lines(image, used, text);

    } else {
        CHECK(line > 0);
        CHECK(err.offset <= size);
    }

    free(image);

    image = malloc(size ? size : 1);
    memcpy(image, data, size);

    what.kind = APIGW_REVOCATION_JTI;
    what.name.data = name;
    what.name.len = 4;
    what.value.data = data;
    what.value.len = size < 8 ? size : 8;

    (void) apigw_revocation_find(image, size, &what, 5, NOW);
    (void) apigw_revocation_count(image, size);

    free(image);

    return 0;
}
