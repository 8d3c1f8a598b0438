# Subrequests: the parent's fields and body stay what they were.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Transform;
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== SSI parts are transformed, each by its location
--- http_config
apigw_transform t { json keep /a; }
--- config
location /page { ssi on; default_type text/html; alias html/page.html; }
location /t/ {
    apigw_response_transform t;
    proxy_http_version 1.1;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- user_files
>>> page.html
<!--#include virtual="/t/send?body=%7B%22a%22:1,%22b%22:2%7D" -->|<!--#include virtual="/t/send?body=%7B%22a%22:3,%22b%22:2%7D&chunk=1&coding=gzip" -->|
--- request
GET /page
--- response_headers
Content-Type: text/html
--- response_body
{"a":1}|{"a":3}|



=== long parts arrive whole and in order
--- http_config
apigw_transform t { json drop /none; }
--- config
location /page { ssi on; default_type text/html; alias html/page.html; }
location /t/ {
    apigw_response_transform t;
    apigw_transform_buffer 0;
    proxy_http_version 1.1;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- user_files
>>> page.html
<!--#include virtual="/t/send?body=1&repeat=100000" -->|<!--#include virtual="/t/send?body=2&repeat=100000" -->|
--- request
GET /page
--- response_body eval
"1" x 100000 . "|" . "2" x 100000 . "|\n"



=== a part that fails is never shown as whole
--- http_config
apigw_transform t { json keep /a; }
--- config
location /page { ssi on; default_type text/html; alias html/page.html; }
location /t/ {
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- user_files
>>> page.html
before <!--#include virtual="/t/send?body=%7B%22a%22:1" --> after
--- request
GET /page
--- ignore_response
--- error_log
reason: json_invalid



=== the parent's own body is transformed beside them
--- http_config
apigw_transform t { json keep /a; }
--- config
location /doc/ {
    ssi on;
    ssi_types application/json;
    types { application/json json; }
    apigw_response_transform t;
    alias html/;
}
location /part/ { proxy_pass http://$TEST_NGINX_SERVICE/; }
--- user_files
>>> doc.json
{"b":1,"a":"text"}
--- request
GET /doc/doc.json
--- response_body chomp
{"a":"text"}



=== auth_request sees the header, the request keeps its own
--- http_config
apigw_transform t { header set X-Sub 1; query set sub 1; }
apigw_transform m { header set X-Main 1; json keep /a; }
--- config
location /t/ {
    auth_request /auth;
    auth_request_set $seen $upstream_http_x_seen;
    add_header X-Seen $seen;
    apigw_request_transform m;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location = /auth {
    apigw_request_transform t;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
    rewrite ^ /send?header=X-Seen:yes? break;
    proxy_pass http://$TEST_NGINX_SERVICE;
}
--- path: /t/echo?q=1
--- post: {"a":1,"b":2}
--- response_headers
X-Seen: yes
--- response_body_like: (?s)"uri": "/echo\?q=1".*X-Main: 1.*"body": "\{\\"a\\":1\}"
--- response_body_unlike: X-Sub



=== mirror gets the transformed body, its own set changes headers only
--- http_config
apigw_transform t { json keep /a; }
apigw_transform m { json group g; header set X-Mirror 1; }
log_format mirror "mirrored: $request_body";
--- config
location /t/ {
    apigw_request_transform t;
    mirror /mirror;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location = /mirror {
    internal;
    apigw_request_transform m;
    proxy_pass http://$TEST_NGINX_SERVICE/echo;
}
--- post: {"a":1,"b":2}
--- sent chomp
{"a":1}



=== addition puts its parts around the document
--- http_config
apigw_transform t { json keep /a; }
apigw_transform w { json set /c 3 type=number; }
--- config
addition_types application/json;
location /t/ {
    add_after_body /after;
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /u/ {
    add_before_body /before;
    add_after_body /after;
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /w/ {
    add_before_body /before;
    add_after_body /after;
    apigw_response_transform w;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location = /before { return 200 'before'; }
location = /after { return 200 'after'; }
--- request eval
[map { "GET /$_/send?body={\"a\":1,\"b\":2}" } qw(t u w)]
--- response_headers eval
[("!Content-Length\nTransfer-Encoding: chunked") x 3]
--- response_body eval
['{"a":1}after', 'before{"a":1}after', 'before{"a":1,"b":2,"c":3}after']



=== a document that fails between them is never shown as whole
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ {
    add_before_body /before;
    addition_types application/json;
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location = /before { return 200 'before'; }
--- send
body: {"a":1
--- ignore_response
--- error_log
reason: json_invalid, offset: 6, response aborted



=== a document that fails before its addition is refused
--- http_config
apigw_transform t { json keep /a; }
apigw_transform w { json set /c 3; }
--- config
addition_types application/json;
add_after_body /after;
location /t/ { apigw_response_transform t; proxy_pass http://$TEST_NGINX_SERVICE/; }
location /w/ { apigw_response_transform w; proxy_pass http://$TEST_NGINX_SERVICE/; }
location = /after { add_after_body ""; return 200 'after'; }
--- request eval
[map { my $place = $_; map { "GET /$place/send?body=$_" } '{', 'x', '{&cut=0' } qw(t w)]
--- error_code eval
[(502) x 6]
--- response_body_like eval
[(qr/^\{"type":.*\}$/) x 6]
