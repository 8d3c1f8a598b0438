# Contexts, inheritance and merging of the directives.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Transform;
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== sets are inherited, replaced and switched off
--- http_config
apigw_request_transform http;
apigw_response_transform http;
apigw_transform http { header set X-Set http; }
apigw_transform server { header set X-Set server; }
apigw_transform location { header set X-Set location; }
server {
    listen unix:$TEST_NGINX_SERVER_ROOT/logs/http.sock;
    location / { proxy_pass http://$TEST_NGINX_SERVICE/; }
}
--- config
apigw_request_transform server;
apigw_response_transform server;
location /http/ {
    apigw_request_transform off;
    apigw_response_transform off;
    proxy_pass http://unix:$TEST_NGINX_SERVER_ROOT/logs/http.sock:/;
}
location /server/ { proxy_pass http://$TEST_NGINX_SERVICE/; }
location /location/ {
    apigw_request_transform location;
    apigw_response_transform location;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /off/ {
    apigw_request_transform off;
    apigw_response_transform off;
    proxy_pass http://$TEST_NGINX_SERVICE/;
    location /off/on/ {
        apigw_request_transform location;
        proxy_pass http://$TEST_NGINX_SERVICE/;
    }
}
--- request eval
[map { "GET /$_/echo" } qw(http server location off off/on)]
--- response_headers eval
["X-Set: http", "X-Set: server", "X-Set: location", "!X-Set", "!X-Set"]
--- response_body_like eval
[qr/X-Set: http/, qr/X-Set: server/, qr/X-Set: location/, qr/"headers": \[\n(?!.*X-Set)/s,
 qr/X-Set: location/]



=== apigw_json_max_size in http, server and location
--- http_config
apigw_transform t { json keep /a; }
apigw_request_transform t;
apigw_json_max_size 5;
server {
    listen unix:$TEST_NGINX_SERVER_ROOT/logs/http.sock;
    location / { proxy_pass http://$TEST_NGINX_SERVICE/; }
}
--- config
apigw_json_max_size 6;
location /http/ {
    apigw_request_transform off;
    proxy_pass http://unix:$TEST_NGINX_SERVER_ROOT/logs/http.sock:/;
}
location /server/ { proxy_pass http://$TEST_NGINX_SERVICE/; }
location /location/ {
    apigw_json_max_size 7;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
[map { ("POST /$_->[0]/echo\n[" . ' ' x ($_->[1] - 2) . "]",
        "POST /$_->[0]/echo\n[" . ' ' x ($_->[1] - 1) . "]") }
    ['http', 5], ['server', 6], ['location', 7]]
--- more_headers
Content-Type: application/json
--- error_code eval
[(200, 413) x 3]



=== apigw_json_max_depth in http, server and location
--- http_config
apigw_transform t { json keep /a; }
apigw_request_transform t;
apigw_json_max_depth 1;
server {
    listen unix:$TEST_NGINX_SERVER_ROOT/logs/http.sock;
    location / { proxy_pass http://$TEST_NGINX_SERVICE/; }
}
--- config
apigw_json_max_depth 2;
location /http/ {
    apigw_request_transform off;
    proxy_pass http://unix:$TEST_NGINX_SERVER_ROOT/logs/http.sock:/;
}
location /server/ { proxy_pass http://$TEST_NGINX_SERVICE/; }
location /location/ {
    apigw_json_max_depth 512;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
[map { ("POST /$_->[0]/echo\n" . '[' x $_->[1] . ']' x $_->[1],
        "POST /$_->[0]/echo\n" . '[' x ($_->[1] + 1) . ']' x ($_->[1] + 1)) }
    ['http', 1], ['server', 2], ['location', 512]]
--- more_headers
Content-Type: application/json
--- error_code eval
[(200, 400) x 3]



=== a depth of a million is refused as early
--- ops
json keep /a;
--- with
client_body_buffer_size 1m;
--- post eval
'[' x 1_000_000
--- error_code: 400
--- response_body_like: "reason":"json_too_deep","offset":64
--- reason: json_too_deep



=== apigw_json_duplicate_keys, each side for itself
--- http_config
apigw_transform t { json drop /none; }
apigw_request_transform t;
apigw_json_duplicate_keys request=pass;
server {
    listen unix:$TEST_NGINX_SERVER_ROOT/logs/http.sock;
    location / { proxy_pass http://$TEST_NGINX_SERVICE/; }
}
--- config
apigw_json_duplicate_keys request=last;
location /http/ {
    apigw_request_transform off;
    proxy_pass http://unix:$TEST_NGINX_SERVER_ROOT/logs/http.sock:/;
}
location /server/ { proxy_pass http://$TEST_NGINX_SERVICE/; }
location /location/ {
    apigw_json_duplicate_keys request=reject response=last;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
[map { "POST /$_/echo\n{\"a\":1,\"\\u0061\":2}" } qw(http server location)]
--- more_headers
Content-Type: application/json
--- error_code eval
[200, 200, 400]
--- response_body_like eval
[qr/\{\\"a\\":1,\\"\\\\u0061\\":2\}/, qr/"body": "\{\\"\\\\u0061\\":2\}"/,
 qr/"reason":"json_duplicate_key"/]



=== apigw_json_inflate_max_size and apigw_transform_buffer in http
--- http_config
apigw_transform t { json drop /none; }
apigw_response_transform t;
apigw_json_inflate_max_size 10;
apigw_transform_buffer 4;
--- config
location /t/ { proxy_http_version 1.1; proxy_pass http://$TEST_NGINX_SERVICE/; }
location /u/ {
    apigw_json_inflate_max_size 11;
    apigw_transform_buffer 5;
    proxy_http_version 1.1;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
["GET /t/send?body=12345", "GET /u/send?body=12345",
 "GET /u/send?body=12345678901&coding=gzip"]
--- response_headers eval
["Transfer-Encoding: chunked", "Content-Length: 5", "Transfer-Encoding: chunked"]



=== apigw_transform_on_error, _error, _validators and _dry_run in server
--- http_config
apigw_transform t { json keep /a; }
apigw_transform_on_error pass;
apigw_transform_error off;
apigw_transform_validators weak;
apigw_transform_dry_run on;
--- config
apigw_transform_dry_run off;
apigw_request_transform t;
location /pass/ { proxy_pass http://$TEST_NGINX_SERVICE/; }
location /off/ {
    apigw_transform_on_error reject;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /problem/ {
    apigw_transform_on_error reject;
    apigw_transform_error problem;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /dry/ {
    apigw_transform_on_error reject;
    apigw_transform_dry_run on;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
[map { "POST /$_/echo\n{" } qw(pass off problem dry)]
--- more_headers
Content-Type: application/json
--- error_code eval
[200, 400, 400, 200]
--- response_body_like eval
[qr/"body": "\{"/, qr/<title>/, qr/"reason"/, qr/"body": "\{"/]



=== an if block inherits
--- http_config
apigw_transform t { header set X-Set ours; }
--- config
location /t/ {
    apigw_request_transform t;
    if ($arg_x) { set $y 1; }
    proxy_pass http://$TEST_NGINX_SERVICE;
}
--- request
GET /t/echo?x=1
--- response_body_like: X-Set: ours



=== conditions of requests
--- http_config
apigw_transform t { header set X-Set ours; }
--- config
location /t/ {
    apigw_request_transform t if=$arg_go;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
["GET /t/echo?go=1", "GET /t/echo?go=0", "GET /t/echo", "GET /t/echo?go=00"]
--- response_body_like eval
[qr/X-Set/, qr/^(?!.*X-Set)/s, qr/^(?!.*X-Set)/s, qr/X-Set/]



=== sizes and policies of a server are those of its locations
--- http_config
apigw_transform t { json drop /none; }
--- config
apigw_response_transform t;
apigw_json_inflate_max_size 10;
apigw_transform_buffer 4;
apigw_transform_validators weak;
location /t/ { proxy_http_version 1.1; proxy_pass http://$TEST_NGINX_SERVICE/; }
location /u/ {
    apigw_transform_buffer 5;
    apigw_transform_validators drop;
    proxy_http_version 1.1;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
[map({ "GET /$_/send?body=12345&header=ETag:%22x%22" } qw(t u)),
 "GET /u/send?body=12345678901&coding=gzip"]
--- response_headers eval
["Transfer-Encoding: chunked\nETag: W/\"x\"", "Content-Length: 5\n!ETag", "!ETag"]
--- error_code eval
[200, 200, 502]



=== apigw_json_duplicate_keys of responses in http, server and location
--- http_config
apigw_transform t { json keep /*/a; }
apigw_response_transform t;
apigw_json_duplicate_keys response=last;
server {
    listen unix:$TEST_NGINX_SERVER_ROOT/logs/http.sock;
    location / { proxy_pass http://$TEST_NGINX_SERVICE/; }
}
--- config
apigw_json_duplicate_keys response=reject;
location /http/ {
    apigw_response_transform off;
    proxy_pass http://unix:$TEST_NGINX_SERVER_ROOT/logs/http.sock:/;
}
location /server/ { proxy_pass http://$TEST_NGINX_SERVICE/; }
location /location/ {
    apigw_json_duplicate_keys response=pass;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
[map { "GET /$_/send?body=[{\"a\":1,\"\\u0061\":2}]" } qw(http server location)]
--- error_code eval
[200, 502, 200]
--- response_body_like eval
[qr/^\[\{"\\u0061":2\}\]$/, qr/"reason":"json_duplicate_key"/,
 qr/^\[\{"a":1,"\\u0061":2\}\]$/]



=== on_error and error of a server are those of its locations
--- http_config
apigw_transform t { json keep /a; }
--- config
apigw_request_transform t;
apigw_transform_error off;
location /t/ { proxy_pass http://$TEST_NGINX_SERVICE/; }
location /u/ {
    apigw_transform_on_error pass;
    proxy_pass http://$TEST_NGINX_SERVICE/;
    location /u/v/ {
        apigw_transform_error problem;
        apigw_transform_on_error reject;
        proxy_pass http://$TEST_NGINX_SERVICE/;
    }
    location /u/w/ { proxy_pass http://$TEST_NGINX_SERVICE/; }
}
--- request eval
[map { "POST /$_/echo\n{" } qw(t u u/v u/w)]
--- more_headers
Content-Type: application/json
--- error_code eval
[400, 200, 400, 200]
--- response_body_like eval
[qr/<title>/, qr/"body": "\{"/, qr/"reason"/, qr/"body": "\{"/]
