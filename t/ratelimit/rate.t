# A rate admits its burst, then one request per interval; each key has its own.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(ratelimit);
use Apigw::Ratelimit;
use Test::Nginx::Socket 'no_plan';

our $Zones = q{
    apigw_ratelimit_policy two key=$arg_k rate=2r/h;
    apigw_ratelimit_policy day key=all rate=3r/d;
    apigw_ratelimit_policy fast key=all rate=1000000r/s;
};

our $Long = 'x' x 6000;

run_tests();

__DATA__

=== the first n pass, the next is refused with 429
--- http_config eval: $::Zones
--- config
location /t { apigw_ratelimit two; alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t?k=a") x 4]
--- error_code eval: [200, 200, 429, 429]
--- rejections: rate_exceeded:two



=== keys are apart
--- http_config eval: $::Zones
--- config
location /t { apigw_ratelimit two; alias $TEST_NGINX_PAGE; }
--- request eval: [map { "GET /t?k=$_" } qw(a a a b b b)]
--- error_code eval: [200, 200, 429, 200, 200, 429]
--- rejections: rate_exceeded:two



=== a constant key is one for all
--- http_config eval: $::Zones
--- config
location /t { apigw_ratelimit day; alias $TEST_NGINX_PAGE; }
--- request eval: [map { "GET /t?k=$_" } 1 .. 4]
--- error_code eval: [200, 200, 200, 429]
--- rejections: rate_exceeded:day



=== without a key a policy does not concern the request
--- http_config eval: $::Zones
--- config
location /t { apigw_ratelimit two; alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t?k=") x 4]
--- error_code eval: [(200) x 4]
--- rejections
--- response_headers eval: [("RateLimit:\nRateLimit-Policy:") x 4]



=== the highest rate
--- http_config eval: $::Zones
--- config
location /t { apigw_ratelimit fast; alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t") x 20]
--- error_code eval: [(200) x 20]



=== a location without limits has none, nor fields
--- http_config eval: $::Zones
--- config
location /t { alias $TEST_NGINX_PAGE; }
--- response_headers
RateLimit:
RateLimit-Policy:
Retry-After:
--- error_code: 200



=== long keys, keys with any byte, and keys that differ in the last one
--- http_config eval: $::Zones
--- config
location /t { apigw_ratelimit two; alias $TEST_NGINX_PAGE; }
--- request eval
[map { "GET /t?k=$_" } $::Long, $::Long, $::Long, $::Long . 'y',
 '%00', '%00', '%00', '%ff%fe', '%f0%28%8c%28']
--- error_code eval: [200, 200, 429, 200, 200, 200, 429, 200, 200]
--- rejections: rate_exceeded:two
