# Variables of the module, in headers and in the log of the request.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Transform;
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== none without a set
--- config
location /t/ {
    add_header X-Vars "$apigw_request_transform_status $apigw_response_transform_status [$apigw_transform_error] [$apigw_transform_error_offset] $apigw_transform_time";
    return 200;
}
--- request
GET /t/
--- response_headers
X-Vars: none none [] [] 0.000000



=== applied
--- http_config
apigw_transform t { json keep /body; }
log_format vars "vars: $apigw_request_transform_status $apigw_response_transform_status time:$apigw_transform_time";
--- config
location /t/ {
    apigw_request_transform t;
    apigw_response_transform t;
    access_log logs/vars.log vars;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location = /log { default_type text/plain; alias logs/vars.log; }
--- request eval
["POST /t/echo\n{\"body\":1}", "GET /log"]
--- more_headers
Content-Type: application/json
--- response_body_like eval
[qr/body/, qr/^vars: applied applied time:(?!0\.000000)\d+\.\d{6}\n$/]



=== a request that is refused
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ {
    apigw_request_transform t;
    error_page 400 = @told;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location @told {
    return 200 "$apigw_request_transform_status $apigw_transform_error $apigw_transform_error_offset $apigw_reject_module $apigw_reject_reason";
}
--- post: {"a":1]
--- response_body chomp
rejected json_invalid 6 transform json_invalid
--- error_code: 200



=== a response that is refused
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ {
    apigw_response_transform t;
    error_page 502 = @told;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location @told {
    return 200 "$apigw_response_transform_status $apigw_transform_error $apigw_transform_error_offset $apigw_reject_module $apigw_reject_reason";
}
--- send
body: {"a":1]
--- error_code: 200
--- response_body chomp
rejected json_invalid 6 transform json_invalid



=== one that is passed
--- ops
json keep /a;
--- with
apigw_transform_on_error pass;
add_header X-Vars "$apigw_request_transform_status $apigw_transform_error";
--- post: {"a":1]
--- response_headers
X-Vars: passed json_invalid



=== dry run, with header operations alone
--- http_config
apigw_transform t { header set X-A 1; }
log_format vars "vars: $apigw_request_transform_status $apigw_response_transform_status";
--- config
location /t/ {
    apigw_request_transform t;
    apigw_response_transform t;
    apigw_transform_dry_run on;
    access_log logs/vars.log vars;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location = /log { default_type text/plain; alias logs/vars.log; }
--- request eval
["GET /t/send?body=x", "GET /log"]
--- response_body eval
["x", "vars: dry_run dry_run\n"]
