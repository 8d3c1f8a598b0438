
/* Any streaming set on any document: see transform_fuzz.h. */


#include "transform_fuzz.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_transform(data, size, false);

    return 0;
}
