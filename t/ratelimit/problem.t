# A rejection without error_page is a problem document (RFC 9457).

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(ratelimit);
use Apigw::Ratelimit;
use Test::Nginx::Socket 'no_plan';

our $Policies = q{
    apigw_ratelimit_policy one key=$arg_k rate=1r/m;
    apigw_ratelimit_policy two key=$arg_k rate=2r/m;
    apigw_ratelimit_policy day key=$arg_k quota=1/31d align=first;
    apigw_ratelimit_policy hour key=$arg_k sliding=1/31d;
    apigw_ratelimit_policy all key=$arg_k sliding=1/31d strict=2;
};

run_tests();

__DATA__

=== the registry's type and title, the policies, the request's id
--- http_config eval: $::Policies
--- config
location /t {
    apigw_ratelimit one;
    add_header X-Id $request_id always;
    alias $TEST_NGINX_PAGE;
}
--- request eval: [("GET /t?k=a") x 2]
--- error_code eval: [200, 429]
--- response_headers_like eval
["", "Content-Type: application/problem\\+json\nCache-Control: no-store\n"
     . "Retry-After: [1-9]\\d?"]
--- response_body_like eval
[qr/page/, qr{\A\{"type":"https://iana\.org/assignments/http-problem-types#quota-exceeded","title":"Request cannot be satisfied as assigned quota has been exceeded","status":429,"detail":"one: retry after [1-9]\d? s","instance":"[0-9a-f]{32}","violated-policies":\["one"\]\}\n?\z}]
--- rejections: rate_exceeded:one



=== a request with a body, refused, leaves the connection usable
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one; alias $TEST_NGINX_PAGE; }
--- pipelined_requests eval
["GET /t?k=a", "POST /t?k=a\nsome bytes of a body", "GET /t?k=b"]
--- error_code eval: [200, 429, 200]
--- response_body_like eval: ["page", '"status":429', "page"]



=== off: nginx's own page
--- http_config eval: $::Policies
--- config
location /t {
    apigw_ratelimit one;
    apigw_ratelimit_error off;
    alias $TEST_NGINX_PAGE;
}
--- request eval: [("GET /t?k=a") x 2]
--- error_code eval: [200, 429]
--- response_body_like eval: ["page", "<title>429 Too Many Requests</title>"]
--- response_headers_like eval: ["", "Content-Type: text/html\nRetry-After: \\d+"]



=== another status
--- http_config eval: $::Policies
--- config
location /t {
    apigw_ratelimit one;
    apigw_ratelimit_status 503;
    alias $TEST_NGINX_PAGE;
}
--- request eval: [("GET /t?k=a") x 2]
--- error_code eval: [200, 503]
--- response_body_like eval: ["page", '#quota-exceeded".*"status":503,']



=== a status nginx has no page for
--- http_config eval: $::Policies
--- config
location /t {
    apigw_ratelimit one;
    apigw_ratelimit_status 420;
    alias $TEST_NGINX_PAGE;
}
--- request eval: [("GET /t?k=a") x 2]
--- error_code eval: [200, 420]
--- response_body_like eval: ["page", '"status":420,']



=== a status that closes the connection in nginx (500) still tells why
--- http_config eval: $::Policies
--- config
location /t {
    apigw_ratelimit one;
    apigw_ratelimit_status 500;
    alias $TEST_NGINX_PAGE;
}
--- request eval: [("GET /t?k=a") x 2]
--- error_code eval: [200, 500]
--- response_body_like eval: ["page", '"status":500,']



=== settings are inherited, and overridden
--- http_config eval
$::Policies . 'apigw_ratelimit_error off; apigw_ratelimit_status 418;'
--- config
location /t { apigw_ratelimit one; alias $TEST_NGINX_PAGE; }
location /u {
    apigw_ratelimit one;
    apigw_ratelimit_error problem;
    apigw_ratelimit_status 419;
    alias $TEST_NGINX_PAGE;
}
--- request eval: ["GET /t?k=a", "GET /t?k=a", "GET /u?k=a"]
--- error_code eval: [200, 418, 419]
--- response_body_like eval: ["page", '\A\z', '"status":419,']



=== log levels
--- http_config eval: $::Policies
--- config
location /t {
    apigw_ratelimit one cost=$arg_c;
    apigw_ratelimit_log_level notice;
    alias $TEST_NGINX_PAGE;
}
--- request: GET /t?k=a&c=2
--- error_code: 429
--- error_log eval: qr/\[notice\] .*apigw_ratelimit: cost_too_large/



=== another log level, inherited
--- http_config eval: $::Policies . 'apigw_ratelimit_log_level error;'
--- config
location /t { apigw_ratelimit one cost=$arg_c; alias $TEST_NGINX_PAGE; }
--- request: GET /t?k=a&c=2
--- error_code: 429
--- error_log eval: qr/\[error\] .*apigw_ratelimit: cost_too_large/



=== neither the answer nor the log has the key
--- http_config
apigw_ratelimit_policy secret key=$http_x_key rate=1r/m;
--- config
location /t { apigw_ratelimit secret; alias $TEST_NGINX_PAGE; }
--- more_headers
X-Key: correct-horse-battery
--- request eval: [("GET /t") x 2]
--- error_code eval: [200, 429]
--- response_body_unlike eval: ["correct-horse", "correct-horse"]
--- rejections: rate_exceeded:secret
--- no_error_log
correct-horse
[alert]
[crit]



=== a quota that is used up, and windows beside it
--- http_config eval: $::Policies
--- config
location /t {
    apigw_ratelimit two day hour all;
    add_header X-Reason "$apigw_reject_module $apigw_reject_reason $apigw_ratelimit_policy" always;
    alias $TEST_NGINX_PAGE;
}
--- request eval: [("GET /t?k=a") x 2]
--- error_code eval: [200, 429]
--- response_body_like eval
[qr/page/, qr{"type":"[^"]*#quota-exceeded",.*"status":429,"detail":"(?:day|hour|all): retry after \d+ s",.*"violated-policies":\["day","hour","all"\]\}}]
--- response_headers_like eval
["", 'X-Reason: ratelimit (?:quota_exceeded day|rate_exceeded (?:hour|all))']



=== a cost above a quota
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit day cost=$arg_c; alias $TEST_NGINX_PAGE; }
--- request: GET /t?k=a&c=2
--- error_code: 429
--- response_headers
Retry-After:
--- response_body_like eval
qr/"detail":"day: the cost is above the limit",.*"violated-policies":\["day"\]/
--- rejections: cost_too_large:day
