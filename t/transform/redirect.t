# Redirects inside nginx: a set is applied to a request once, and error_page wins
# over the problem document.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Transform;
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== a set is not applied again after error_page
--- http_config
apigw_transform t { header append X-N 1; query append n 1; json group g; }
--- config
apigw_request_transform t;
location /t/ { error_page 404 = @again; root html; }
location @again {
    rewrite ^ /echo break;
    proxy_pass http://$TEST_NGINX_SERVICE;
}
--- post: {"a":1}
--- path: /t/x?q=1
--- response_body_like: (?s)"uri": "/echo\?q=1&n=1".*"X-N: 1".*"body": "\{\\"g\\":\{\\"a\\":1\}\}"
--- response_body_unlike: (?s)X-N: 1.*X-N: 1



=== another set of the new location is
--- http_config
apigw_transform one { json group one; header set X-One 1; }
apigw_transform two { json group two; header set X-Two 1; }
--- config
location /t/ {
    apigw_request_transform one;
    error_page 404 = @again;
    root html;
}
location @again {
    apigw_request_transform one;
    apigw_request_transform two;
    rewrite ^ /echo break;
    proxy_pass http://$TEST_NGINX_SERVICE;
}
--- post: {"a":1}
--- path: /t/x
--- response_body_like: (?s)X-One.*X-Two.*"body": "\{\\"two\\":\{\\"one\\":\{\\"a\\":1\}\}\}"



=== X-Accel-Redirect comes to a location with the same set
--- http_config
apigw_transform q { json group g; header append X-N 1; }
apigw_transform t { json keep /a; header append X-M 1; }
--- config
location /t/ {
    apigw_request_transform q;
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /inner/ {
    internal;
    apigw_request_transform q;
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request
GET /t/send?header=X-Accel-Redirect:/inner/send%3Fbody=%257B%2522a%2522:1,%2522b%2522:2%257D
--- response_headers
X-M: 1
--- response_body chomp
{"a":1}



=== error_page of a refused request wins, once
--- http_config
apigw_transform t { json keep /a; header set X-A 1; }
--- config
location /t/ {
    apigw_request_transform t;
    error_page 400 /page;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location = /page {
    apigw_request_transform t;
    default_type text/plain;
    return 200 "page $apigw_reject_reason";
}
--- post: {
--- error_code: 400
--- response_headers
Content-Type: text/plain
--- response_body chomp
page json_invalid



=== with a status of its own
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ {
    apigw_request_transform t;
    error_page 400 =422 @page;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location @page { return 200 "page"; }
--- post: {
--- error_code: 422
--- response_body chomp
page



=== error_page of a refused response wins
--- http_config
apigw_transform t { json keep /a; header set X-A 1; }
--- config
location /t/ {
    apigw_response_transform t;
    error_page 502 /page;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location = /page {
    apigw_response_transform t;
    default_type application/json;
    return 200 '{"a":"page","b":2}';
}
--- request eval
["GET /t/send?body={", "GET /t/send?body={&cut=0", "GET /t/send?body=x&header=Content-Encoding:br"]
--- error_code eval
[(502) x 3]
--- response_headers eval
[("Content-Type: application/json\nX-A: 1") x 3]
--- response_body eval
[('{"a":"page","b":2}') x 3]



=== a file as the page
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ {
    apigw_response_transform t;
    error_page 502 /f.html;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location = /f.html { root html; }
--- user_files
>>> f.html
file
--- send
body: {
--- error_code: 502
--- response_body
file



=== an error page of a service, where the answer cannot even be begun
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ {
    apigw_response_transform t;
    error_page 502 = @fallback;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location @fallback {
    rewrite ^ /echo break;
    proxy_pass http://$TEST_NGINX_SERVICE;
}
--- send
body: {}
header: Content-Encoding:br
--- error_code: 200
--- response_body_like: "uri": "/echo



=== errors that are not ours keep their page
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ { apigw_request_transform t; return 400; }
location /u/ {
    apigw_request_transform t;
    proxy_pass http://127.0.0.1:1/;
}
--- request eval
["GET /t/", "GET /u/"]
--- error_code eval
[400, 502]
--- response_body_like eval
[qr/<title>400/, qr/<title>502/]



=== a refused request, then another refusal
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ {
    apigw_request_transform t;
    error_page 400 = @again;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location @again { return 403; }
--- post: {
--- error_code: 403
--- response_body_like: <title>403



=== try_files and rewrite before it
--- http_config
apigw_transform t { query remove q; header append X-N 1; }
--- config
apigw_request_transform t;
location /t/ { rewrite ^ /u/echo last; }
location /u/ { try_files /none @service; }
location @service { rewrite ^ /echo break; proxy_pass http://$TEST_NGINX_SERVICE; }
--- request
GET /t/?q=1&r=2
--- response_body_like: (?s)"uri": "/echo\?r=2".*X-N: 1
--- response_body_unlike: (?s)X-N: 1.*X-N
