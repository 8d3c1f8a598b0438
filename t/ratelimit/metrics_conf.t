# `apigw_ratelimit_metrics`: where it may stand and beside what; a level below
# does not inherit it.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(ratelimit);
use Apigw::Ratelimit;
use Test::Nginx::Socket 'no_plan';

our $Policy = 'apigw_ratelimit_policy one key=all rate=2r/d;';

run_tests();

__DATA__

=== a location
--- http_config eval: $::Policy
--- config
location = /t { apigw_ratelimit_metrics; }
--- response_headers
Content-Type: text/plain; version=0.0.4; charset=utf-8
--- response_body_like: (?m)^# TYPE apigw_ratelimit_requests_total counter$



=== public
--- http_config eval: $::Policy
--- config
location = /t { apigw_ratelimit_metrics public; }
--- more_headers
Via: 1.1 somebody
--- response_body_like: (?m)^# TYPE apigw_ratelimit_requests_total counter$



=== several locations
--- config
location = /t { apigw_ratelimit_metrics; }
location = /u { apigw_ratelimit_metrics public; }
--- request eval: ["GET /t", "GET /u"]
--- more_headers
Forwarded: for=192.0.2.1
--- error_code eval: [403, 200]



=== a location within does not inherit them
--- http_config eval: $::Policy
--- config
location /t {
    apigw_ratelimit_metrics;
    location /t/page { alias $TEST_NGINX_PAGE; }
}
--- request eval: ["GET /t/page", "GET /t/other"]
--- response_body_like eval: ["page", "requests_total"]



=== blocks within the location are the location
--- http_config eval: $::Policy
--- config
location = /t {
    apigw_ratelimit_metrics;
    if ($arg_a) { set $b 1; }
    limit_except GET { allow all; }
}
location = /u {
    apigw_ratelimit_metrics public;
    if ($arg_a) { set $b 1; }
    limit_except GET { deny all; }
}
location = /v { if ($arg_a) { rewrite ^ /page break; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT; } apigw_ratelimit_metrics; }
location = /page { alias $TEST_NGINX_PAGE; }
--- request eval
["GET /t?a=1", "GET /u?a=1", "POST /t", "POST /u", "HEAD /u", "GET /v?a=1",
 "GET /v"]
--- more_headers eval
["", "Via: x", "", "Via: x", "Via: x", "", ""]
--- error_code eval: [200, 200, 405, 403, 200, 200, 200]
--- response_body_like eval
["requests_total", "requests_total", "405", "403", "^\\z", "page",
 "requests_total"]



=== limited as any other location
--- http_config eval: $::Policy
--- config
apigw_ratelimit one;
location = /t { apigw_ratelimit_metrics; }
--- request eval: [("GET /t") x 3]
--- error_code eval: [200, 200, 429]
--- rejections eval: ['', '', 'rate_exceeded:one']



=== behind what nginx knows of access
--- http_config eval: $::Policy
--- config
location = /t { apigw_ratelimit_metrics public; deny all; }
--- error_code: 403
--- error_log
access forbidden by rule



=== a subrequest gets them as text too
--- http_config eval: $::Policy
--- config
location = /t { alias $TEST_NGINX_PAGE; add_before_body /metrics; addition_types *; }
location = /metrics { apigw_ratelimit_metrics; }
--- response_body_like: requests_total[\s\S]*page



=== and a refusal, if it must
--- http_config eval: $::Policy
--- config
location = /t { alias $TEST_NGINX_PAGE; add_before_body /metrics; addition_types *; }
location = /metrics { apigw_ratelimit_metrics; }
--- more_headers
X-Forwarded-For: 192.0.2.1
--- response_body_unlike: requests_total
--- error_log
apigw_ratelimit: not_local client asks for metrics



=== another word
--- config
location = /t { apigw_ratelimit_metrics private; }
--- must_die
--- error_log
invalid parameter "private" of apigw_ratelimit_metrics; use public, or none



=== an empty word
--- config
location = /t { apigw_ratelimit_metrics ""; }
--- must_die
--- error_log
invalid parameter "" of apigw_ratelimit_metrics; use public, or none



=== two words
--- config
location = /t { apigw_ratelimit_metrics public public; }
--- must_die
--- error_log
invalid number of arguments in "apigw_ratelimit_metrics" directive



=== twice
--- config
location = /t { apigw_ratelimit_metrics; apigw_ratelimit_metrics; }
--- must_die
--- error_log
"apigw_ratelimit_metrics" directive is duplicate



=== not in http
--- http_config
apigw_ratelimit_metrics;
--- config
--- must_die
--- error_log
"apigw_ratelimit_metrics" directive is not allowed here



=== not in server
--- config
apigw_ratelimit_metrics;
--- must_die
--- error_log
"apigw_ratelimit_metrics" directive is not allowed here



=== not in if
--- config
location = /t { if ($arg_a) { apigw_ratelimit_metrics; } }
--- must_die
--- error_log
"apigw_ratelimit_metrics" directive is not allowed here



=== not after another handler
--- config
location = /t { empty_gif; apigw_ratelimit_metrics; }
--- must_die
--- error_log
"apigw_ratelimit_metrics" directive is beside another handler; give it a location of its own



=== nor before one
--- config
location = /t { apigw_ratelimit_metrics; proxy_pass http://127.0.0.1:1; }
--- must_die
--- error_log
location "/t" has apigw_ratelimit_metrics beside another handler; give it a location of its own
