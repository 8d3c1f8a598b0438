# What an answer says about limits, and when it says nothing.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(ratelimit);
use Apigw::Ratelimit;
use Test::Nginx::Socket 'no_plan';

our $Policies = q{
    apigw_ratelimit_policy m key=$arg_k rate=100r/m;
    apigw_ratelimit_policy h key=$arg_k rate=1000r/h burst=20;
    apigw_ratelimit_policy s key=$arg_k rate=50r/s burst=10;
    apigw_ratelimit_policy odd key=$arg_k rate=7r/m;
    apigw_ratelimit_policy one key=$arg_k rate=1r/h;
    apigw_ratelimit_policy quiet key=$arg_k rate=9r/h shadow;
};

our $Windows = $Policies . q{
    apigw_ratelimit_policy day key=$arg_k quota=5/d;
    apigw_ratelimit_policy month key=$arg_k quota=9/month;
    apigw_ratelimit_policy slide key=$arg_k sliding=7/h;
    apigw_ratelimit_policy strict key=$arg_k sliding=8/h strict=6;
};

our $Service = q{
    location /service {
        add_header X-RateLimit-Limit 7;
        add_header X-RateLimit-Remaining $arg_r;
        add_header X-RateLimit-Reset 9;
        add_header RateLimit '"theirs";r=1;t=1';
        alias $TEST_NGINX_PAGE;
    }
};

run_tests();

__DATA__

=== draft-11 fields by default, in the order of the configuration
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit h m; alias $TEST_NGINX_PAGE; }
--- request: GET /t?k=a
--- raw_response_headers_like
RateLimit-Policy: "h";q=20;w=72, "m";q=100;w=60\r
RateLimit: "h";r=19;t=69, "m";r=99;t=60\r
--- error_code: 200



=== a burst below a second's is told as the rate
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit s; alias $TEST_NGINX_PAGE; }
--- request: GET /t?k=a
--- response_headers
RateLimit-Policy: "s";q=50;w=1
RateLimit: "s";r=9;t=1



=== an interval that is no whole number of ticks
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit odd; alias $TEST_NGINX_PAGE; }
--- request: GET /t?k=a
--- response_headers
RateLimit-Policy: "odd";q=7;w=60
RateLimit: "odd";r=6;t=52



=== off: none, Retry-After excepted
--- http_config eval: $::Policies
--- config
location /t {
    apigw_ratelimit one;
    apigw_ratelimit_headers off;
    alias $TEST_NGINX_PAGE;
}
--- request eval: [("GET /t?k=a") x 2]
--- error_code eval: [200, 429]
--- response_headers_like eval
["", 'Retry-After: ' . Apigw::Ratelimit::near(3600)]
--- raw_response_headers_unlike eval: ['RateLimit', 'RateLimit']



=== x-ratelimit: of the policy with the least left
--- http_config eval: $::Policies
--- config
location /t {
    apigw_ratelimit m h;
    apigw_ratelimit_headers x-ratelimit;
    alias $TEST_NGINX_PAGE;
}
--- request: GET /t?k=a
--- response_headers
RateLimit:
RateLimit-Policy:
X-RateLimit-Limit: 20
X-RateLimit-Remaining: 19
X-RateLimit-Reset: 69



=== x-ratelimit=epoch: a point in time
--- http_config eval: $::Policies
--- config
location /t {
    apigw_ratelimit h;
    apigw_ratelimit_headers x-ratelimit=epoch;
    alias $TEST_NGINX_PAGE;
}
--- request: GET /t?k=a
--- response_headers_like
X-RateLimit-Remaining: 19
X-RateLimit-Reset: [1-9]\d{9,10}



=== both forms, exposed to scripts of other origins
--- http_config eval: $::Policies
--- config
location /t {
    apigw_ratelimit h;
    apigw_ratelimit_headers draft11 x-ratelimit expose;
    alias $TEST_NGINX_PAGE;
}
--- request: GET /t?k=a
--- response_headers
RateLimit: "h";r=19;t=69
X-RateLimit-Limit: 20
Access-Control-Expose-Headers: RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After



=== exposed: only what is sent
--- http_config eval: $::Policies
--- config
location /t {
    apigw_ratelimit h;
    apigw_ratelimit_headers draft11 expose;
    alias $TEST_NGINX_PAGE;
}
--- request: GET /t?k=a
--- response_headers
Access-Control-Expose-Headers: RateLimit, RateLimit-Policy, Retry-After



=== the service's RateLimit stays beside ours
--- http_config eval: $::Policies
--- config eval
$::Service . q{
    location /t {
        apigw_ratelimit m;
        proxy_pass http://127.0.0.1:$server_port/service;
    }
}
--- request: GET /t?k=a
--- raw_response_headers_like
RateLimit: "theirs";r=1;t=1\r
(?:.*\r\n)*RateLimit: "m";r=99;t=60\r



=== the service's X-RateLimit go when ours leave less
--- http_config eval: $::Policies
--- config eval
$::Service . q{
    location /t {
        apigw_ratelimit h;
        apigw_ratelimit_headers x-ratelimit;
        proxy_pass http://127.0.0.1:$server_port/service?r=20;
    }
}
--- request: GET /t?k=a
--- response_headers
X-RateLimit-Limit: 20
X-RateLimit-Remaining: 19
X-RateLimit-Reset: 69



=== and stay when they leave less
--- http_config eval: $::Policies
--- config eval
$::Service . q{
    location /t {
        apigw_ratelimit h;
        apigw_ratelimit_headers x-ratelimit;
        proxy_pass http://127.0.0.1:$server_port/service?r=3;
    }
}
--- request: GET /t?k=a
--- response_headers
X-RateLimit-Limit: 7
X-RateLimit-Remaining: 3
X-RateLimit-Reset: 9



=== a remaining that is no number is replaced
--- http_config eval: $::Policies
--- config eval
$::Service . q{
    location /t {
        apigw_ratelimit h;
        apigw_ratelimit_headers x-ratelimit;
        proxy_pass http://127.0.0.1:$server_port/service?r=-1;
    }
}
--- request: GET /t?k=a
--- response_headers
X-RateLimit-Limit: 20
X-RateLimit-Remaining: 19
X-RateLimit-Reset: 69



=== none on redirections
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit m; alias /tmp; }
--- request: GET /t?k=a
--- error_code: 301
--- response_headers
RateLimit:
RateLimit-Policy:



=== none for shadow policies
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit quiet m; alias $TEST_NGINX_PAGE; }
--- request: GET /t?k=a
--- response_headers
RateLimit-Policy: "m";q=100;w=60
RateLimit: "m";r=99;t=60



=== a HEAD request gets the same fields
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit m; alias $TEST_NGINX_PAGE; }
--- request: HEAD /t?k=a
--- response_headers
RateLimit: "m";r=99;t=60



=== jitter lengthens Retry-After, never shortens it
--- http_config eval: $::Policies
--- config
location /t {
    apigw_ratelimit one;
    apigw_ratelimit_retry_jitter 5s;
    alias $TEST_NGINX_PAGE;
}
--- request eval: [("GET /t?k=a") x 8]
--- error_code eval: [200, (429) x 7]
--- response_headers_like eval
["", ('Retry-After: (?:35[5-9]\d|360[0-5])') x 7]



=== inherited, and overridden
--- http_config eval: $::Policies . 'apigw_ratelimit_headers x-ratelimit;'
--- config
apigw_ratelimit m;
location /t { alias $TEST_NGINX_PAGE; }
location /u { apigw_ratelimit_headers draft11; alias $TEST_NGINX_PAGE; }
--- request eval: ["GET /t?k=a", "GET /u?k=b"]
--- response_headers eval
["RateLimit:\nX-RateLimit-Limit: 100",
 "RateLimit: \"m\";r=99;t=60\nX-RateLimit-Limit:"]
--- error_code eval: [200, 200]



=== windows: their limit and length, until they end
--- http_config eval: $::Windows
--- config
location /t { apigw_ratelimit day m month slide strict; alias $TEST_NGINX_PAGE; }
--- request: GET /t?k=a
--- raw_response_headers_like
RateLimit-Policy: "day";q=5;w=86400, "m";q=100;w=60, "month";q=9;w=(?:2419|2505|2592|2678)[0246]00, "slide";q=7;w=3600, "strict";q=8;w=3600\r
RateLimit: "day";r=4;t=\d{1,5}, "m";r=99;t=60, "month";r=8;t=\d{1,7}, "slide";r=6;t=\d{1,4}, "strict";r=7;t=\d{1,3}\r



=== windows: X-RateLimit of the one that leaves least
--- http_config eval: $::Windows
--- config
location /t {
    apigw_ratelimit m day strict;
    apigw_ratelimit_headers x-ratelimit expose;
    alias $TEST_NGINX_PAGE;
}
--- request: GET /t?k=a
--- response_headers_like
X-RateLimit-Limit: 5
X-RateLimit-Remaining: 4
X-RateLimit-Reset: \d{1,5}
Access-Control-Expose-Headers: X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After



=== windows: the service's X-RateLimit stay when they leave less
--- http_config eval: $::Windows
--- config eval
$::Service . q{
    location /t {
        apigw_ratelimit day;
        apigw_ratelimit_headers x-ratelimit;
        proxy_pass http://127.0.0.1:$server_port/service?r=3;
    }
}
--- request: GET /t?k=a
--- response_headers
X-RateLimit-Limit: 7
X-RateLimit-Remaining: 3
X-RateLimit-Reset: 9
