# JSON operations on responses: which are transformed, and what comes out.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Transform;
use Compress::Zlib ();
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== a projection, with the exact length
--- ops
json keep /a /lines/*/sku;
--- send
body: {"x":1,"a":9007199254740993,"lines":[{"sku":"s","n":1}]}
--- response_headers
Content-Type: application/json
Content-Length: 44
!Transfer-Encoding
--- response_body chomp
{"a":9007199254740993,"lines":[{"sku":"s"}]}



=== streaming operations in order
--- ops
json target /data;
json keep /id /total /lines/*/sku /lines/*/unit_price;
json map /lines/* /unit_price=/price;
json group order;
--- send
body: {"meta":0,"data":{"id":7,"total":1.10,"lines":[{"sku":"a","unit_price":1E400,"c":1}],"x":[]}}
--- response_body chomp
{"order":{"id":7,"total":1.10,"lines":[{"sku":"a","price":1E400}]}}



=== untouched values keep every byte, lone surrogates too
--- ops
json drop /gone;
--- send
body: {"i":9007199254740993,"d":1.10,"z":-0,"s":"\u0041\ud800","o":{ },"gone":1,"n":123456789012345678901234567890}
--- response_body chomp
{"i":9007199254740993,"d":1.10,"z":-0,"s":"\u0041\ud800","o":{ },"n":123456789012345678901234567890}



=== a whole document
--- ops
json set /meta/id $arg_status type=number;
json move /a /b/c;
--- send
status: 201
body: {"a":1.10}
--- error_code: 201
--- response_headers
Content-Length: 34
--- response_body chomp
{"meta":{"id":201},"b":{"c":1.10}}



=== other statuses are left alone
--- ops
json keep /a;
--- send
status: 404
body: {"b":1}
--- error_code: 404
--- response_body chomp
{"b":1}



=== unless status= names them
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ {
    apigw_response_transform t status=200,400-499;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
[map { "GET /t/send?body={\"a\":1,\"b\":1}&status=$_" } 200, 201, 404, 500]
--- error_code eval
[200, 201, 404, 500]
--- response_body eval
['{"a":1}', '{"a":1,"b":1}', '{"a":1}', '{"a":1,"b":1}']



=== other types and charsets are left alone
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ {
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
[map { 'GET /t/send?body={"a":1,"b":1}&type=' . Apigw::Upstream::enc($_) }
    'text/plain', '', 'application/json; charset=utf-16',
    'application/problem+json', 'Application/JSON; Charset="UTF-8"']
--- response_body eval
[('{"a":1,"b":1}') x 3, ('{"a":1}') x 2]



=== an empty body stays empty
--- http_config
apigw_transform t { json keep /a; }
apigw_transform w { json set /a 1; }
--- config
location /t/ {
    apigw_response_transform t;
    proxy_http_version 1.1;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /w/ {
    apigw_response_transform w;
    proxy_http_version 1.1;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
["GET /t/send", "GET /t/send?chunk=1", "GET /w/send", "GET /w/send?chunk=1"]
--- response_headers eval
[("Content-Length: 0") x 4]
--- response_body eval
["", "", "", ""]



=== a file is an answer like any, with sendfile and a range asked for
--- ops
json keep /a;
--- config
sendfile on;
location /t/ {
    apigw_response_transform t;
    types { application/json json; }
    alias html/;
}
--- user_files
>>> f.json
{"b":1,"a":2}
--- request
GET /t/f.json
--- more_headers
Range: bytes=0-3
--- error_code: 200
--- response_headers
Content-Length: 7
!ETag
!Last-Modified
!Accept-Ranges
--- response_body chomp
{"a":2}



=== the text of a return as well
--- ops
json keep /a;
--- config
location /t/ {
    apigw_response_transform t;
    default_type application/json;
    return 200 '{"a":1,"b":2}';
}
--- request
GET /t/
--- response_body chomp
{"a":1}



=== validators go, or are weakened
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ {
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /w/ {
    apigw_response_transform t;
    apigw_transform_validators weak;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
my $q = 'send?body={"a":1}&header=ETag:"x"&header=Accept-Ranges:bytes&header=Digest:x'
    . '&header=Content-MD5:x&header=Vary:X'
    . '&header=Last-Modified:Mon,%2028%20Sep%201970%2006:00:00%20GMT';
["GET /t/$q", "GET /w/$q"]
--- response_headers eval
["!ETag\n!Last-Modified\n!Accept-Ranges\n!Digest\n!Content-MD5\nVary: X",
 "ETag: W/\"x\"\nLast-Modified: Mon, 28 Sep 1970 06:00:00 GMT\n!Accept-Ranges"]



=== what would make an answer partial or packed is not asked of the service
--- ops
json keep /headers;
--- http_config
apigw_transform t { json keep /headers; }
--- config
location /t/ {
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request
GET /t/echo
--- more_headers
Accept-Encoding: gzip
Range: bytes=0-1
If-Range: "x"
If-None-Match: "x"
If-Modified-Since: Mon, 28 Sep 1970 06:00:00 GMT
X-Other: stays
--- response_body_like: X-Other
--- response_body_unlike: Accept-Encoding|Range|If-



=== weak keeps the conditions, and so does a method that is not GET
--- http_config
apigw_transform t { json keep /headers; }
--- config
location /t/ {
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /w/ {
    apigw_response_transform t;
    apigw_transform_validators weak;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
["GET /w/echo", "PUT /t/echo"]
--- more_headers
If-None-Match: "x"
--- response_body_like eval
[qr/If-None-Match/, qr/If-None-Match/]



=== but conditions and values of requests see it
--- http_config
apigw_transform t { json keep /headers; }
apigw_transform in { header set X-Seen $http_range; }
--- config
location /t/ {
    apigw_request_transform in if=$http_accept_encoding;
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request
GET /t/echo
--- more_headers
Accept-Encoding: gzip
Range: bytes=0-1
--- response_body_like: X-Seen: bytes=0-1
--- response_body_unlike: "Range



=== nginx still compresses for the client
--- ops
json keep /a;
--- with
gzip on;
gzip_types application/json;
gzip_min_length 1;
--- send
body: {"a":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","b":1}
--- more_headers
Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
--- response_body_filters eval
sub { Compress::Zlib::memGunzip($_[0]) }
--- response_body chomp
{"a":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}



=== invalid JSON becomes a 502, in the first and in the last byte
--- http_config
apigw_transform t { json keep /a; }
apigw_transform w { json set /a 1; }
--- config
location /t/ {
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /w/ {
    apigw_response_transform w;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
["GET /t/send?body=x", "GET /t/send?body={\"a\":1", "GET /t/send?body={}x",
 "GET /w/send?body=x", "GET /w/send?body={\"a\":1", "GET /w/send?body={}x"]
--- error_code eval
[(502) x 6]
--- response_headers eval
[("Content-Type: application/problem+json\nCache-Control: no-store") x 6]
--- response_body_like eval
[(qr/^\{"type":"about:blank","title":"Bad Gateway","status":502,"detail":"[^"]+","instance":"[0-9a-f]{32}","reason":"json_invalid"\}$/) x 6]
--- error_log
apigw_transform: upstream sent a response that cannot be transformed, reason: json_invalid, offset:



=== a parent that cannot hold the value too
--- ops
json set /a/b 1;
--- send
body: {"a":"x"}
--- error_code: 502
--- response_body_like: "reason":"json_shape"
--- reason: json_shape



=== a whole document has a limit, a streamed one has none
--- http_config
apigw_transform t { json keep /a; }
apigw_transform w { json set /a 1; }
--- config
apigw_json_max_size 40;
location /t/ {
    apigw_response_transform t;
    proxy_http_version 1.1;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /w/ {
    apigw_response_transform w;
    proxy_http_version 1.1;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
my $fits = '{"b":"' . 'x' x 32 . '"}';
my $more = '{"b":"' . 'x' x 33 . '"}';
["GET /w/send?body=$fits", "GET /w/send?body=$more",
 "GET /w/send?chunk=1&body=$fits", "GET /w/send?chunk=1&body=$more",
 "GET /t/send?body=$more"]
--- error_code eval
[200, 502, 200, 502, 200]
--- response_body_like eval
[qr/"a":"1"\}$/, qr/"reason":"json_too_large"/,
 qr/"a":"1"\}$/, qr/"reason":"json_too_large"/, qr/^\{\}$/]



=== depth
--- http_config
apigw_transform t { json drop /x; }
--- config
apigw_json_max_depth 64;
location /t/ {
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
[map { "GET /t/send?body=" . ('[' x $_) . (']' x $_) } 64, 65]
--- error_code eval
[200, 502]
--- response_body_like eval
[qr/^\[{64}\]{64}$/, qr/"reason":"json_too_deep"/]



=== names that come twice
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ {
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /r/ {
    apigw_response_transform t;
    apigw_json_duplicate_keys response=reject;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
["GET /t/send?body={\"a\":1,\"\\u0061\":2}", "GET /r/send?body={\"a\":1,\"\\u0061\":2}"]
--- error_code eval
[200, 502]
--- response_body_like eval
[qr/^\{"a":1,"\\u0061":2\}$/, qr/"reason":"json_duplicate_key"/]



=== add_header is there, and a subfilter ran before
--- ops
json keep /a;
--- with
add_header X-A 1;
sub_filter_types application/json;
sub_filter old new;
--- send
body: {"a":"old"}
--- response_headers
X-A: 1
--- response_body chomp
{"a":"new"}
