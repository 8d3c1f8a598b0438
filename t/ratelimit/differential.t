
# The script, in plain Lua and in Redis, the cores in C and the table of slots
# give, request by request, what a reference in whole numbers gives.

use strict;
use warnings;

use Apigw::Redis;

my $redis = Apigw::Redis->new(-unix => 1);

$ENV{REDIS} = $redis->address =~ s/^unix://r;

my $rc = system 'python3', 't/lib/apigw_ratelimit_differential.py';

undef $redis;
exit($rc ? 1 : 0);
