# A request may cost more than one unit, or none.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(ratelimit);
use Apigw::Ratelimit;
use Test::Nginx::Socket 'no_plan';

our $Policies = q{
    apigw_ratelimit_policy ten key=$arg_k rate=10r/d;
    apigw_ratelimit_policy three key=$arg_k rate=10r/d cost=3;
    apigw_ratelimit_policy own key=$arg_k rate=10r/d cost=$arg_c;
    apigw_ratelimit_policy large key=$arg_k rate=1000000r/s burst=999999999;
};

run_tests();

__DATA__

=== the location's cost
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit ten cost=4; alias $TEST_NGINX_PAGE; }
location /u { apigw_ratelimit ten; alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t?k=a") x 3, ("GET /u?k=a") x 3]
--- error_code eval: [200, 200, 429, 200, 200, 429]



=== the policy's cost wins
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit three cost=5; alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t?k=a") x 4]
--- error_code eval: [200, 200, 200, 429]



=== a line's cost is for its own policies
--- http_config eval: $::Policies
--- config
location /t {
    apigw_ratelimit ten cost=6;
    apigw_ratelimit own;
    alias $TEST_NGINX_PAGE;
}
--- request: GET /t?k=a&c=1
--- response_headers_like
RateLimit: "ten";r=4;t=\d+, "own";r=9;t=\d+



=== a cost from a variable
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit own; alias $TEST_NGINX_PAGE; }
--- request eval: [map { "GET /t?k=a&c=$_" } 7, 4, 3, 1]
--- error_code eval: [200, 429, 200, 429]



=== a cost of 0 passes and reports, even an empty limit
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit own; alias $TEST_NGINX_PAGE; }
--- request eval: [map { "GET /t?k=a&c=$_" } 0, 10, 0, 0, 1]
--- error_code eval: [200, 200, 200, 200, 429]
--- response_headers_like eval
['RateLimit: "own";r=10;t=86400', ('RateLimit: "own";r=0;t=\d+') x 4]



=== above the burst it never passes, and has no Retry-After
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit own; alias $TEST_NGINX_PAGE; }
--- request eval: [map { "GET /t?k=a&c=$_" } 11, 1000000000, 10]
--- error_code eval: [429, 429, 200]
--- response_headers eval: ["Retry-After:", "Retry-After:", ""]
--- response_body_like eval
[('"detail":"own: the cost is above the limit"') x 2, "page"]
--- rejections: cost_too_large:own



=== a bad cost is 1, told once
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit own; alias $TEST_NGINX_PAGE; }
--- request eval
[map { "GET /t?k=a&c=$_" } -1, '12345678901234567890', '1000000001', '1.5', 'x',
 '%00']
--- error_code eval: [(200) x 6]
--- response_headers_like eval
[map { "RateLimit: \"own\";r=$_;t=\\d+" } 9, 8, 7, 6, 5, 4]
--- bad_values eval: ['cost:own', ('') x 5]



=== an empty cost is 1, without a word
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit own; alias $TEST_NGINX_PAGE; }
--- request: GET /t?k=a
--- response_headers_like
RateLimit: "own";r=9;t=\d+
--- no_error_log
bad cost
[alert]
[crit]



=== the largest costs
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit large cost=$arg_c; alias $TEST_NGINX_PAGE; }
--- request eval: [map { "GET /t?k=a&c=$_" } 999999999, 999999999, 1000000000]
--- error_code eval: [200, 429, 429]
--- rejections eval: ['', 'rate_exceeded:large', 'cost_too_large:large']
