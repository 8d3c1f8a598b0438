# burst= is how many may come together; 1 spaces requests evenly.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(ratelimit);
use Apigw::Ratelimit;
use Test::Nginx::Socket 'no_plan';

our $Policies = q{
    apigw_ratelimit_policy even key=all rate=100r/h burst=1;
    apigw_ratelimit_policy few key=all rate=100r/h burst=3;
    apigw_ratelimit_policy many key=all rate=1r/d burst=5;
    apigw_ratelimit_policy most key=all rate=1r/d burst=31;
    apigw_ratelimit_policy own key=$arg_k rate=100r/h burst=$arg_b;
    apigw_ratelimit_policy plan key=$arg_k rate=$arg_r burst=2 default=1r/h;
};

run_tests();

__DATA__

=== a burst of 1 passes one at a time
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit even; alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t") x 2]
--- error_code eval: [200, 429]
--- response_headers_like eval
[qq{RateLimit-Policy: "even";q=1;w=36\n}
 . Apigw::Ratelimit::fields('"even";r=0;t=36'),
 qq{RateLimit-Policy: "even";q=1;w=36\n}
 . Apigw::Ratelimit::fields('"even";r=0;t=36')
 . "\nRetry-After: " . Apigw::Ratelimit::near(36)]



=== a burst below the rate
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit few; alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t") x 4]
--- error_code eval: [200, 200, 200, 429]



=== a burst above the rate
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit many; alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t") x 6]
--- error_code eval: [(200) x 5, 429]
--- response_headers eval
[(qq{RateLimit-Policy: "many";q=5;w=432000}) x 6]



=== the largest burst, 31 days of the rate
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit most; alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t") x 32]
--- error_code eval: [(200) x 31, 429]



=== a burst from a variable; an empty one is the rate's own
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit own; alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t?k=a&b=2") x 3, "GET /t?k=b"]
--- error_code eval: [200, 200, 429, 200]
--- response_headers eval
[(qq{RateLimit-Policy: "own";q=2;w=72}) x 3,
  qq{RateLimit-Policy: "own";q=100;w=3600}]



=== a bad burst is the rate's own, and told
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit own; alias $TEST_NGINX_PAGE; }
--- request: GET /t?k=a&b=-3
--- response_headers
RateLimit-Policy: "own";q=100;w=3600
--- error_log
bad burst "-3" of policy "own"; use a whole number above 0
--- error_code: 200



=== a constant burst goes with a rate from a variable
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit plan; alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t?k=a&r=100r/m") x 3]
--- error_code eval: [200, 200, 429]
--- response_headers eval
[(qq{RateLimit-Policy: "plan";q=2;w=2}) x 3]
