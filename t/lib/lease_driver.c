
/*
 * What a node may have, for t/ratelimit/lease_script.t. A line of numbers on
 * standard input, over and over: REMAINING NODES OUTSTANDING HELD MOST.
 */


#include "apigw_lease.h"

#include <inttypes.h>
#include <stdio.h>


int
main(void)
{
    uint64_t  remaining, nodes, outstanding, held, most;

    while (scanf("%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
                 &remaining, &nodes, &outstanding, &held, &most)
           == 5)
    {
        printf("%" PRIu64 "\n",
               apigw_lease_part(remaining, nodes, outstanding, held, most));
        (void) fflush(stdout);
    }

    return 0;
}
