# Compressed answers of a service, which come in spite of what it was asked.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Transform;
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== gzip is inflated and no more told of
--- ops
json keep /a;
--- send
body: {"b":1,"a":9007199254740993}
coding: gzip
header: Vary:Accept-Encoding
--- response_headers
!Content-Encoding
Content-Length: 22
Vary: Accept-Encoding
--- response_body chomp
{"a":9007199254740993}



=== several members, byte by byte
--- ops
json keep /a;
--- send
body: {"b":1,"a":9007199254740993}
coding: gzip
members: 5
chunk: 1
--- response_body chomp
{"a":9007199254740993}



=== deflate, with and without zlib's frame
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ {
    apigw_response_transform t;
    proxy_http_version 1.1;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
[map { "GET /t/send?body={\"b\":1,\"a\":2}&coding=$_&chunk=1" } qw(zlib raw)]
--- response_body eval
['{"a":2}', '{"a":2}']



=== a whole document
--- ops
json set /c 3;
--- send
body: {"b":1,"a":2}
coding: gzip
chunk: 7
--- response_headers
!Content-Encoding
--- response_body chomp
{"b":1,"a":2,"c":"3"}



=== a large answer in small packets
--- ops
json drop /x;
--- send
body: 7
repeat: 300000
coding: gzip
chunk: 11
--- response_body eval
"7" x 300000



=== above the cap it is refused while nothing was sent
--- ops
json keep /a;
--- with
apigw_json_inflate_max_size 1000;
--- send
body: 7
repeat: 1001
coding: gzip
--- error_code: 502
--- response_body_like: "reason":"inflate_too_large"
--- reason: inflate_too_large



=== at the cap it passes
--- ops
json drop /a;
--- with
apigw_json_inflate_max_size 1000;
--- send
body: 7
repeat: 1000
coding: gzip
--- response_body eval
"7" x 1000



=== what is cut short, or no gzip, is refused
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ {
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
["GET /t/send?body={\"a\":1}&coding=gzip&cut=20&length=-7",
 "GET /t/send?body={\"a\":1}&header=Content-Encoding:gzip"]
--- error_code eval
[502, 502]
--- response_body_like eval
[(qr/"reason":"inflate_failed"/) x 2]



=== other codings are refused before a byte is read
--- ops
json keep /a;
header set X-A 1;
--- send
body: {"a":1}
header: Content-Encoding:br
header: X-Theirs:1
--- error_code: 502
--- response_headers
Content-Type: application/problem+json
!Content-Encoding
!X-Theirs
X-A: 1
--- response_body_like: "reason":"unsupported_encoding"
--- reason: unsupported_encoding



=== or passed
--- ops
json keep /a;
--- with
apigw_transform_on_error pass;
--- send
body: {"a":1,"b":2}
header: Content-Encoding:br
header: ETag:"x"
--- response_headers
Content-Encoding: br
ETag: "x"
--- response_body chomp
{"a":1,"b":2}
--- error_log
passed unchanged



=== HEAD of a compressed answer
--- ops
json keep /a;
--- method: HEAD
--- send
body: {"a":1}
coding: gzip
--- response_headers
!Content-Encoding
!Content-Length
