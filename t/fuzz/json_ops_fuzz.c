
/* Any set, with operations on the whole document: see transform_fuzz.h. */


#include "transform_fuzz.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_transform(data, size, true);

    return 0;
}
