
# The transform cores give, to the byte, what a slow reference in Python gives,
# wherever input and output are cut.

use strict;
use warnings;

exec 'python3', 't/lib/apigw_transform_differential.py'
    or die "python3: $!\n";
