# `apigw_ratelimit` in every context: lines of one level add up, a level with
# none inherits, "off" ends inheritance.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(ratelimit);
use Apigw::Ratelimit;
use Test::Nginx::Socket 'no_plan';

our $Policies = q{
    apigw_ratelimit_policy one key=all rate=2r/d;
    apigw_ratelimit_policy two key=all rate=4r/d;
};

run_tests();

__DATA__

=== in http, inherited by all
--- http_config eval: 'apigw_ratelimit one; ' . $::Policies
--- config
location /t { alias $TEST_NGINX_PAGE; }
location /u { location /u/v { alias $TEST_NGINX_PAGE; } }
--- request eval: ["GET /t", "GET /u/v", "GET /t"]
--- error_code eval: [200, 200, 429]



=== in server
--- http_config eval: $::Policies
--- config
apigw_ratelimit one;
location /t { alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t") x 3]
--- error_code eval: [200, 200, 429]



=== a level with lines of its own has only those
--- http_config eval: $::Policies . 'apigw_ratelimit one;'
--- config
apigw_ratelimit two;
location /t { alias $TEST_NGINX_PAGE; }
--- response_headers
RateLimit-Policy: "two";q=4;w=86400



=== off
--- http_config eval: $::Policies . 'apigw_ratelimit one;'
--- config
location /t { apigw_ratelimit off; alias $TEST_NGINX_PAGE; }
location /u {
    apigw_ratelimit off;
    location /u/v { apigw_ratelimit two; alias $TEST_NGINX_PAGE; }
    location /u/w { alias $TEST_NGINX_PAGE; }
}
--- request eval: ["GET /t", "GET /u/v", "GET /u/w"]
--- response_headers eval
["RateLimit-Policy:", 'RateLimit-Policy: "two";q=4;w=86400', "RateLimit-Policy:"]
--- error_code eval: [200, 200, 200]



=== an "if" inherits
--- http_config eval: $::Policies
--- config
location /t {
    apigw_ratelimit one;
    alias $TEST_NGINX_PAGE;
    if ($arg_x) { add_header X-If 1; }
}
--- request: GET /t?x=1
--- response_headers
X-If: 1
RateLimit-Policy: "one";q=2;w=86400



=== declared twice, applied in two servers, one state
--- http_config eval
$::Policies . q{
    server {
        listen unix:$TEST_NGINX_SERVER_ROOT/other.sock;
        location / { apigw_ratelimit one; empty_gif; }
    }
}
--- config
location /t { apigw_ratelimit one; alias $TEST_NGINX_PAGE; }
location /o { proxy_pass http://unix:$TEST_NGINX_SERVER_ROOT/other.sock:/; }
--- request eval: ["GET /t", "GET /o", "GET /t", "GET /o"]
--- error_code eval: [200, 200, 429, 429]



=== policies without any use
--- http_config eval: $::Policies
--- config
location /t { alias $TEST_NGINX_PAGE; }
--- error_code: 200
