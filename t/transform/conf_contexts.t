# Each directive at every level, by a table; see Apigw::Contexts.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Contexts ();
use Test::More;

Apigw::Contexts::check(
    modules => ['transform'],
    levels  => [qw(http server location)],
    http    => 'apigw_transform slim { json keep /id; }',
    policy  => {
        apigw_request_transform     => ['slim type=+json if=$arg_a', [''], 1],
        apigw_response_transform    => ['slim status=200-299,404 type=+json',
                                        [''], 1],
        apigw_json_max_size         => ['1m', ['', '1m 2m'], 0],
        apigw_json_max_depth        => ['512', ['', '1 2'], 0],
        apigw_json_duplicate_keys   => ['request=last response=reject', [''],
                                        0],
        apigw_json_inflate_max_size => ['1m', ['', '1m 2m'], 0],
        apigw_transform_on_error    => ['pass', ['', 'pass pass'], 0],
        apigw_transform_buffer      => ['0', ['', '1k 2k'], 0],
        apigw_transform_validators  => ['weak', ['', 'weak weak'], 0],
        apigw_transform_error       => ['off', ['', 'off off'], 0],
        apigw_transform_dry_run     => ['on', ['', 'on on'], 0],
    },
    block => {
        apigw_transform => ['other { header set A b; }', ['{ }', 'a b { }']],
    },
);

done_testing;
