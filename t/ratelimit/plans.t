# Limits from variables: a plan's rate, "unlimited", and what holds when the
# value is bad.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(ratelimit);
use Apigw::Ratelimit;
use Test::Nginx::Socket 'no_plan';

our $Policies = q{
    map $arg_plan $plan_rate {
        default "";
        gold 5r/h;
        silver 3r/h;
        partner unlimited;
        broken 5/h;
        zero 0r/h;
        fast 1000001r/s;
    }
    apigw_ratelimit_policy plan key=$arg_k rate=$plan_rate default=1r/h;
    apigw_ratelimit_policy text key=$arg_k rate=${arg_n}r/h default=1r/h;
};

run_tests();

__DATA__

=== each plan has its rate
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit plan; alias $TEST_NGINX_PAGE; }
--- request eval
[("GET /t?plan=gold&k=g") x 6, ("GET /t?plan=silver&k=s") x 4]
--- error_code eval: [(200) x 5, 429, (200) x 3, 429]



=== unlimited: the policy is skipped, the fields too
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit plan; alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t?plan=partner&k=a") x 10]
--- error_code eval: [(200) x 10]
--- response_headers eval: [("RateLimit:") x 10]



=== an empty value takes the default without a word
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit plan; alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t?k=a") x 2]
--- error_code eval: [200, 429]
--- no_error_log
bad rate
[alert]
[crit]



=== a bad value takes the default, and is told once
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit plan; alias $TEST_NGINX_PAGE; }
--- request eval
["GET /t?k=a&plan=broken", "GET /t?k=a&plan=broken", "GET /t?k=b&plan=zero",
 "GET /t?k=c&plan=fast"]
--- error_code eval: [200, 429, 200, 200]
--- response_headers eval: [('RateLimit-Policy: "plan";q=1;w=3600') x 4]
--- bad_values eval: ['rate:plan', ('') x 3]



=== a change of plan applies to what was used already
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit plan; alias $TEST_NGINX_PAGE; }
--- request eval
["GET /t?k=a&plan=gold", "GET /t?k=a&plan=gold", "GET /t?k=a&plan=gold",
 "GET /t?k=a&plan=silver"]
--- response_headers_like eval
['RateLimit: "plan";r=4;t=\d+', 'RateLimit: "plan";r=3;t=\d+',
 'RateLimit: "plan";r=2;t=\d+', 'RateLimit: "plan";r=0;t=\d+']
--- error_code eval: [(200) x 4]



=== a value put together, of any length, from the client
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit text; alias $TEST_NGINX_PAGE; }
--- request eval
["GET /t?k=a&n=7", "GET /t?k=b&n=" . "9" x 40, "GET /t?k=c&n=" . "x" x 3000,
 "GET /t?k=d&n=%22%0a", "GET /t?k=e&n=" . "0" x 31 . "8",
 "GET /t?k=f&n=" . "0" x 25 . "8"]
--- response_headers eval
[map { "RateLimit-Policy: \"text\";q=$_;w=3600" } 7, 1, 1, 1, 8, 8]
--- error_code eval: [(200) x 6]



=== more texts than the cache holds
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit text; alias $TEST_NGINX_PAGE; }
--- request eval: [map { ("GET /t?k=a$_&n=$_") x 2 } 1 .. 100]
--- response_headers eval
[map { ("RateLimit-Policy: \"text\";q=$_;w=3600") x 2 } 1 .. 100]
--- error_code eval: [200, 429, (200) x 198]
