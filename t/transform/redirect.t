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



=== an error page of a service, where the answer fails in its body
--- http_config
apigw_transform t { json keep /a; }
apigw_transform w { json set /c 1; }
--- config
error_page 502 = @fallback;
proxy_http_version 1.1;
location /t/ { apigw_response_transform t; proxy_pass http://$TEST_NGINX_SERVICE/; }
location /w/ { apigw_response_transform w; proxy_pass http://$TEST_NGINX_SERVICE/; }
location /u/ {
    apigw_response_transform t;
    proxy_buffering off;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /v/ {
    apigw_response_transform w;
    proxy_buffering off;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location @fallback {
    rewrite ^ /send?body=fine&type=text/plain&header=X-F:1? break;
    proxy_pass http://$TEST_NGINX_SERVICE;
}
--- request eval
[map { my $place = $_; map { "GET /$place/send?body=$_" } 'x', 'x&repeat=100&chunk=1',
 'x&repeat=1000000', 'x&repeat=100000&chunk=10', '[]x&cut=0' } qw(t w u v)]
--- error_code eval
[(200) x 20]
--- response_headers eval
[("X-F: 1") x 20]
--- response_body eval
[("fine") x 20]



=== a service that dies, a file and a text as well
--- http_config
apigw_transform t { json keep /a; }
--- config
error_page 502 = @fallback;
location /t/ { apigw_response_transform t; proxy_pass http://$TEST_NGINX_SERVICE/; }
location /f/ {
    apigw_response_transform t;
    aio threads;
    output_buffers 2 4k;
    types { application/json json; }
    alias html/;
}
location /r/ {
    apigw_response_transform t;
    default_type application/json;
    return 200 '{"a":';
}
location @fallback {
    rewrite ^ /send?body=7&repeat=300000&type=text/plain? break;
    proxy_pass http://$TEST_NGINX_SERVICE;
}
--- user_files eval
">>> f.json\n{\"a\":x" . '1,' x 100000 . "\n>>> g.json\n" . '[' x 30 . '1,' x 50000 . "\n"
--- request eval
["GET /t/send?body={\"a\":1}&cut=3", "GET /f/f.json", "GET /f/g.json", "GET /r/"]
--- response_body eval
[("7" x 300000) x 4]



=== an error page from the same location, once
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ {
    apigw_response_transform t status=200-599;
    error_page 502 /t/send?body=%7B%22a%22:2,%22b%22:1%7D;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /u/ {
    apigw_response_transform t status=200-599;
    error_page 502 /u/send?body=y;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
["GET /t/send?body=x", "GET /u/send?body=x"]
--- error_code eval
[502, 502]
--- response_body_like eval
[qr/^\{"a":2\}$/, qr/"reason":"json_invalid"/]



=== a cached answer that fails has its error page on miss and hit
--- http_config
apigw_transform t { json keep /a; }
proxy_cache_path $TEST_NGINX_SERVER_ROOT/html/cache keys_zone=c:1m;
--- config
error_page 502 = @fallback;
proxy_cache_key x;
proxy_cache_valid 1h;
location /t/ {
    apigw_response_transform t;
    proxy_cache c;
    proxy_cache_lock on;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /n/ { proxy_cache c; proxy_pass http://$TEST_NGINX_SERVICE/; }
location @fallback {
    rewrite ^ /send?body=fine&type=text/plain? break;
    proxy_pass http://$TEST_NGINX_SERVICE;
}
--- request eval
[map { "GET /$_/send?body=x" } qw(t n t t)]
--- response_body eval
['fine', 'x', 'fine', 'fine']



=== the connection stays open for what follows
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ {
    apigw_response_transform t;
    proxy_http_version 1.1;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- pipelined_requests eval
["GET /t/send?body=x", "GET /t/send?body={\"a\":1,\"b\":2}", "GET /t/send?body={}x"]
--- error_code eval
[502, 200, 502]
--- response_body_like eval
[qr/"reason":"json_invalid"/, qr/^\{"a":1\}$/, qr/"reason":"json_invalid"/]
