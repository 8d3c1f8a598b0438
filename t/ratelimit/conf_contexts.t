# Each directive at every level, by a table; see Apigw::Contexts.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Contexts ();
use Test::More;

Apigw::Contexts::check(
    modules => ['ratelimit'],
    levels  => [qw(http server location)],
    http    => 'apigw_ratelimit_policy one key=k rate=1r/s;',
    policy  => {
        apigw_ratelimit              => ['one', [''], 0],
        apigw_ratelimit_refund       => ['when=$arg_a', [''], 0],
        apigw_ratelimit_dry_run      => ['on', ['', 'on on'], 0],
        apigw_ratelimit_status       => ['503', ['', '429 503'], 0],
        apigw_ratelimit_headers      => ['draft11 x-ratelimit expose',
                                         ['', 'draft11 x-ratelimit expose off'],
                                         0],
        apigw_ratelimit_retry_jitter => ['5s', ['', '1s 2s'], 0],
        apigw_ratelimit_error        => ['off', ['', 'off off'], 0],
        apigw_ratelimit_log_level    => ['notice', ['', 'info info'], 0],
    },
    block => {
        apigw_ratelimit_zone   => ['z:1m', ['', 'z:1m y:1m']],
        apigw_ratelimit_policy => ['two key=k rate=1r/s zone=z', ['']],
        apigw_ratelimit_redis  => ['r { server 127.0.0.1:1; }',
                                   ['{ }', 'a b { }']],
    },
    besides => sub {
        $_[0] =~ /^apigw_ratelimit_zone/ ? '' : 'apigw_ratelimit_zone z:1m;';
    },
);

done_testing;
