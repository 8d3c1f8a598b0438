# How long a transformed response is said to be, and how it ends.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Transform;
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== an answer of the buffer's size has an exact length
--- ops
json keep /a;
--- with
apigw_transform_buffer 16;
--- send
body: {"a":"12345678"}
chunk: 3
--- response_headers
Content-Length: 16
!Transfer-Encoding
--- response_body chomp
{"a":"12345678"}



=== one byte more is streamed
--- ops
json keep /a;
--- with
apigw_transform_buffer 16;
--- send
body: {"a":"123456789"}
--- response_headers
Transfer-Encoding: chunked
!Content-Length
--- response_body chomp
{"a":"123456789"}



=== buffer 0 streams at once
--- ops
json keep /a;
--- with
apigw_transform_buffer 0;
--- send
body: {"a":1,"b":2}
--- response_headers
Transfer-Encoding: chunked
--- response_body chomp
{"a":1}



=== a long answer is streamed whole, in buffers used again
--- http_config
apigw_transform t { json drop /none; }
--- config
location /t/ {
    apigw_response_transform t;
    proxy_http_version 1.1;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /p/ {
    apigw_response_transform t;
    apigw_transform_buffer 0;
    postpone_output 100k;
    proxy_http_version 1.1;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
["GET /t/send?body=1&repeat=200000", "GET /p/send?body=1&repeat=200000"]
--- response_body eval
[("1" x 200000) x 2]



=== a long answer of many members
--- ops
json drop /k1 /k5000;
--- send
object: 5000
chunk: 1000
--- response_headers
Transfer-Encoding: chunked
--- response_body eval
"{" . CORE::join(",", map { "\"k$_\":$_" } 2 .. 4999) . "}"



=== HTTP/1.0 gets the connection's end for one
--- ops
json keep /a;
--- with
apigw_transform_buffer 0;
--- raw_request eval
"GET /t/send?body={\"a\":1,\"b\":2} HTTP/1.0\r\nHost: localhost\r
Connection: keep-alive\r\n\r\n"
--- config
location /t/ {
    apigw_response_transform t;
    apigw_transform_buffer 0;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- response_headers
!Content-Length
!Transfer-Encoding
Connection: close
--- response_body chomp
{"a":1}



=== and a length where it is known
--- ops
json keep /a;
--- config
location /t/ {
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- raw_request eval
"GET /t/send?body={\"a\":1,\"b\":2} HTTP/1.0\r\nHost: localhost\r\n\r\n"
--- response_headers
Content-Length: 7
--- response_body chomp
{"a":1}



=== HEAD tells no length, and no validator
--- ops
json keep /a;
header set X-A 1;
--- method: HEAD
--- send
body: {"a":1}
header: ETag:"x"
--- response_headers
X-A: 1
!Content-Length
!Transfer-Encoding
!ETag
--- response_body:



=== 304 as well
--- ops
json keep /a;
header set X-A 1;
--- send
status: 304
type:
header: ETag:"x"
--- error_code: 304
--- response_headers
X-A: 1
!ETag
--- response_body:



=== 304 keeps a weak validator
--- ops
json keep /a;
--- with
apigw_transform_validators weak;
--- send
status: 304
type:
header: ETag:"x"
--- error_code: 304
--- response_headers
ETag: W/"x"



=== 204, 205 and 206 have header operations only
--- http_config
apigw_transform t { json keep /a; header set X-A 1; }
--- config
location /t/ {
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
["GET /t/send?status=204", "GET /t/send?status=205",
 "GET /t/send?status=206&body=%7B%22b%22:&header=Content-Range:bytes%200-4/9"]
--- error_code eval
[204, 205, 206]
--- response_headers eval
[("X-A: 1") x 3]
--- response_body eval
["", "", '{"b":']



=== unbuffered proxying streams with the first output
--- ops
json keep /a;
--- with
proxy_buffering off;
--- send
body: {"a":[1,2,3],"b":2}
chunk: 1
--- response_headers
Transfer-Encoding: chunked
--- response_body chomp
{"a":[1,2,3]}



=== pipelined requests are answered in turn
--- ops
json keep /a;
--- config
location /t/ {
    apigw_response_transform t;
    proxy_http_version 1.1;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- pipelined_requests eval
[map { "GET /t/send?body={\"a\":$_,\"b\":2}" } 1 .. 3]
--- response_body eval
[map { "{\"a\":$_}" } 1 .. 3]
