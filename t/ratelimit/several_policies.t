# Several policies are one decision: all are charged or none, in any order.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(ratelimit);
use Apigw::Ratelimit;
use Test::Nginx::Socket 'no_plan';

our $Policies = q{
    apigw_ratelimit_policy one key=$arg_a rate=2r/d;
    apigw_ratelimit_policy two key=$arg_b rate=4r/d;
    apigw_ratelimit_policy three key=$arg_c rate=3r/d;
};

our $Zones = q{
    apigw_ratelimit_zone first:512k;
    apigw_ratelimit_zone second:1m;
    apigw_ratelimit_policy one key=$arg_a rate=2r/d zone=second;
    apigw_ratelimit_policy two key=$arg_b rate=4r/d zone=first;
};

our $Sixteen = join '', map {
    "apigw_ratelimit_policy p$_ key=all rate=" . ($_ + 1) . "r/d;\n"
} 1 .. 16;

run_tests();

__DATA__

=== a denial by one consumes nothing of the others
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one two; alias $TEST_NGINX_PAGE; }
--- request eval
["GET /t?a=1&b=1", "GET /t?a=1&b=1", "GET /t?a=1&b=1", "GET /t?a=1&b=1",
 "GET /t?a=2&b=1", "GET /t?a=2&b=1", "GET /t?a=3&b=1"]
--- error_code eval: [200, 200, 429, 429, 200, 200, 429]
--- response_headers_like eval
[map { Apigw::Ratelimit::fields($_) }
 '"one";r=1;t=43200, "two";r=3;t=64800',
 '"one";r=0;t=86400, "two";r=2;t=43200',
 '"one";r=0;t=43200, "two";r=2;t=43200',
 '"one";r=0;t=43200, "two";r=2;t=43200',
 '"one";r=1;t=43200, "two";r=1;t=64800',
 '"one";r=0;t=86400, "two";r=0;t=86400',
 '"one";r=2;t=86400, "two";r=0;t=21600']
--- rejections eval
['', '', 'rate_exceeded:one', 'rate_exceeded:one', '', '', 'rate_exceeded:two']



=== the other way round, the verdicts are the same
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit two one; alias $TEST_NGINX_PAGE; }
--- request eval
["GET /t?a=1&b=1", "GET /t?a=1&b=1", "GET /t?a=1&b=1", "GET /t?a=1&b=1",
 "GET /t?a=2&b=1", "GET /t?a=2&b=1", "GET /t?a=3&b=1"]
--- error_code eval: [200, 200, 429, 429, 200, 200, 429]
--- response_headers_like eval
[map { Apigw::Ratelimit::fields($_) }
 '"two";r=3;t=64800, "one";r=1;t=43200',
 '"two";r=2;t=43200, "one";r=0;t=86400',
 '"two";r=2;t=43200, "one";r=0;t=43200',
 '"two";r=2;t=43200, "one";r=0;t=43200',
 '"two";r=1;t=64800, "one";r=1;t=43200',
 '"two";r=0;t=86400, "one";r=0;t=86400',
 '"two";r=0;t=21600, "one";r=2;t=86400']



=== every policy that denies is named, the longest wait counts
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one two three; alias $TEST_NGINX_PAGE; }
location /two { apigw_ratelimit two; alias $TEST_NGINX_PAGE; }
--- request eval
["GET /two?b=1", "GET /two?b=1", "GET /t?a=1&b=1&c=1", "GET /t?a=1&b=1&c=1",
 "GET /t?a=1&b=1&c=1"]
--- error_code eval: [200, 200, 200, 200, 429]
--- response_body_like eval
["page", "page", "page", "page", qr/"violated-policies":\["one","two"\]/]
--- response_headers_like eval
[("") x 4, 'Retry-After: ' . Apigw::Ratelimit::near(43200)]
--- rejections: rate_exceeded:one



=== policies of several zones are one decision too
--- http_config eval: $::Zones
--- config
location /t { apigw_ratelimit one two; alias $TEST_NGINX_PAGE; }
--- request eval
["GET /t?a=1&b=1", "GET /t?a=1&b=1", "GET /t?a=1&b=1", "GET /t?a=2&b=1",
 "GET /t?a=2&b=1", "GET /t?a=3&b=1"]
--- error_code eval: [200, 200, 429, 200, 200, 429]
--- rejections eval
['', '', 'rate_exceeded:one', '', '', 'rate_exceeded:two']



=== lines of one level add up
--- http_config eval: $::Policies
--- config
location /t {
    apigw_ratelimit one;
    apigw_ratelimit two three;
    alias $TEST_NGINX_PAGE;
}
--- request: GET /t?a=1&b=1&c=1
--- response_headers
RateLimit-Policy: "one";q=2;w=86400, "two";q=4;w=86400, "three";q=3;w=86400



=== sixteen policies
--- http_config eval: $::Sixteen
--- config eval
'location /t { apigw_ratelimit ' . CORE::join(' ', map { "p$_" } CORE::reverse 1 .. 16)
. '; alias $TEST_NGINX_PAGE; }'
--- request eval: [("GET /t") x 3]
--- error_code eval: [200, 200, 429]
--- response_headers_like eval
['RateLimit: "p16";r=16;.*, "p1";r=1;t=\d+',
 'RateLimit: "p16";r=15;.*, "p1";r=0;t=\d+',
 'RateLimit: "p16";r=15;.*, "p1";r=0;t=\d+']



=== some policies do not concern a request
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one two three; alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t?b=1") x 5]
--- error_code eval: [(200) x 4, 429]
--- response_headers eval
[('RateLimit-Policy: "two";q=4;w=86400') x 5]
