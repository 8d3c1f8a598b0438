# Request bodies as they come: in memory or a file, chunked, compressed, with
# a label that is not theirs, too large.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Transform;
use Compress::Zlib ();
use IO::Compress::Deflate ();
use IO::Compress::RawDeflate ();
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== a label that is not JSON does not switch a projection off
--- ops
json keep /a;
--- post: {"a":1,"b":2}
--- more_headers
Content-Type: text/plain
--- error_code: 415
--- response_headers
Content-Type: application/problem+json
Cache-Control: no-store
--- response_body_like chop
^{"type":"about:blank","title":"Unsupported Media Type","status":415,"detail":"[^"]+","instance":"[0-9a-f]{32}","reason":"unsupported_media_type"}$
--- reason: unsupported_media_type



=== nor does no label at all
--- ops
json keep /a;
--- post: {"a":1,"b":2}
--- more_headers
X-None: 1
--- error_code: 415
--- reason: unsupported_media_type



=== nor another charset
--- ops
json keep /a;
--- post: {"a":1,"b":2}
--- more_headers
Content-Type: application/json; charset=utf-16
--- error_code: 415
--- reason: unsupported_media_type



=== nor two labels
--- ops
json keep /a;
--- post: {"a":1,"b":2}
--- more_headers
Content-Type: application/json
Content-Type: text/plain
--- error_code: 415
--- reason: unsupported_media_type



=== suffix, parameters and case are understood
--- ops
json keep /a;
--- post: {"a":1,"b":2}
--- more_headers
Content-Type: Application/Vnd.X+JSON ;q=1; Charset="UTF-8"
--- sent chomp
{"a":1}



=== type= names other types
--- ops
json keep /a;
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ {
    apigw_request_transform t type=text/x-json,+x;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
["POST /t/echo\n{\"a\":1,\"b\":2}", "POST /t/echo\n{\"a\":1,\"b\":2}", "POST /t/echo\n{\"a\":1}"]
--- more_headers eval
["Content-Type: text/x-json\n", "Content-Type: a/b+x\n", "Content-Type: application/json\n"]
--- error_code eval
[200, 200, 415]
--- response_body_like eval
[qr/body": "\{\\"a\\":1\}"/, qr/body": "\{\\"a\\":1\}"/, qr/reason/]



=== a request without a body passes
--- ops
json keep /a;
--- path: /t/echo
--- response_body_like: "body": ""



=== an empty body stays empty
--- ops
json keep /a;
--- config
location /t/ { apigw_request_transform t; proxy_pass http://$TEST_NGINX_SERVICE/; }
--- raw_request eval
["POST /t/echo HTTP/1.1\r\nHost: localhost\r
Connection: close\r\nContent-Type: application/json\r
Content-Length: 0\r\n\r\n",
"POST /t/echo HTTP/1.1\r\nHost: localhost\r
Connection: close\r\nContent-Type: application/json\r
Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"]
--- response_body_like eval
[qr/"body": ""/, qr/"body": ""/]



=== a chunked body gets a length
--- ops
json keep /a;
--- config
location /t/ {
    apigw_request_transform t;
    proxy_http_version 1.1;
    proxy_set_header X-Length $content_length;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- raw_request eval
"POST /t/echo HTTP/1.1\r\nHost: localhost\r
Connection: close\r\nContent-Type: application/json\r
Transfer-Encoding: chunked\r\n\r
1\r\n{\r\n4\r\n\"a\":\r\n2\r\n1,\r\n6\r\n\"b\":2}\r\n0\r\n\r\n"
--- response_body_like: (?s)"X-Length: 7".*"Content-Length: 7".*"body": "\{\\"a\\":1\}"
--- response_body_unlike: Transfer-Encoding



=== a body in a temporary file
--- ops
json keep /a;
--- with
client_body_buffer_size 1k;
proxy_set_header X-File "file:$request_body_file";
--- post eval
'{"b":"' . 'x' x 200_000 . '","a":9007199254740993}'
--- sent chomp
{"a":9007199254740993}
--- error_log
a client request body is buffered to a temporary file
--- response_body_unlike: file:/



=== client_body_in_file_only
--- ops
json keep /a;
--- with
client_body_in_file_only clean;
--- post: {"a":1,"b":2}
--- sent chomp
{"a":1}
--- error_log
a client request body is buffered to a temporary file



=== client_body_in_single_buffer and proxy_request_buffering off
--- ops
json keep /a;
--- with
client_body_in_single_buffer on;
proxy_request_buffering off;
client_body_buffer_size 1k;
--- post eval
'{"b":"' . 'x' x 20_000 . '","a":1}'
--- sent chomp
{"a":1}



=== a body above the limit is refused unread
--- ops
json keep /a;
--- with
apigw_json_max_size 20;
--- post eval
'{"a":"' . 'x' x 13 . '"}'
--- error_code: 413
--- response_body_like: "reason":"json_too_large"
--- reason: json_too_large



=== a body at the limit passes
--- ops
json keep /a;
--- with
apigw_json_max_size 20;
--- post eval
'{"a":"' . 'x' x 12 . '"}'
--- sent eval
'{"a":"' . 'x' x 12 . '"}'



=== a chunked body above it is refused as well
--- ops
json keep /a;
--- config
location /t/ {
    apigw_request_transform t;
    apigw_json_max_size 20;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- raw_request eval
"POST /t/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r
Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r
15\r\n{\"a\":\"" . 'x' x 13 . "\"}\r\n0\r\n\r\n"
--- error_code: 413
--- reason: json_too_large



=== client_max_body_size still holds for a chunked body
--- ops
json keep /a;
--- config
location /t/ {
    apigw_request_transform t;
    client_max_body_size 20;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- raw_request eval
"POST /t/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r
Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r
15\r\n{\"a\":\"" . 'x' x 13 . "\"}\r\n0\r\n\r\n"
--- error_code: 413
--- error_log
client intended to send too large chunked body



=== gzip is inflated, and no more told of
--- ops
json keep /a;
--- post eval
Compress::Zlib::memGzip('{"b":1,"a":2}') . Compress::Zlib::memGzip(' ')
--- more_headers
Content-Type: application/json
Content-Encoding: gzip
Content-MD5: x
Digest: x
Content-Digest: x
Repr-Digest: x
--- sent chomp
{"a":2}
--- response_body_unlike: Encoding|MD5|Digest



=== deflate, with and without zlib's frame
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ { apigw_request_transform t; proxy_pass http://$TEST_NGINX_SERVICE/; }
--- request eval
my $json = '{"b":1,"a":2}';
IO::Compress::Deflate::deflate(\$json => \my $zlib);
IO::Compress::RawDeflate::rawdeflate(\$json => \my $raw);
["POST /t/echo\n$zlib", "POST /t/echo\n$raw"]
--- more_headers
Content-Type: application/json
Content-Encoding: deflate
--- response_body_like eval
[qr/"body": "\{\\"a\\":2\}"/, qr/"body": "\{\\"a\\":2\}"/]



=== gzip of a gigabyte of zeroes is refused at the cap
--- ops
json keep /a;
--- with
apigw_json_inflate_max_size 64k;
apigw_json_max_size 1m;
client_body_buffer_size 2m;
client_max_body_size 2m;
--- post eval
Compress::Zlib::memGzip('{"a":"' . 'x' x 1_000_000 . '"}')
--- more_headers
Content-Type: application/json
Content-Encoding: gzip
--- error_code: 413
--- response_body_like: "reason":"inflate_too_large"
--- reason: inflate_too_large



=== what is damaged, cut short or followed by rubbish is refused
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ { apigw_request_transform t; proxy_pass http://$TEST_NGINX_SERVICE/; }
--- request eval
my $gz = Compress::Zlib::memGzip('{"b":1,"a":2}');
my $crc = $gz; substr($crc, -8, 1) ^= "\x01";
my @bad = ($crc, substr($gz, 0, -1), substr($gz, 0, 12), $gz . 'x', 'x' . $gz);
[map { "POST /t/echo\n$_" } @bad]
--- more_headers
Content-Type: application/json
Content-Encoding: gzip
--- error_code eval
[(400) x 5]
--- response_body_like eval
[(qr/"reason":"inflate_failed"/) x 5]



=== other codings, and several, are refused
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ { apigw_request_transform t; proxy_pass http://$TEST_NGINX_SERVICE/; }
--- request eval
[("POST /t/echo\n{}") x 4]
--- more_headers eval
[map { "Content-Type: application/json\n$_\n" }
    'Content-Encoding: br', 'Content-Encoding: zstd',
    'Content-Encoding: gzip, gzip', "Content-Encoding: gzip\nContent-Encoding: gzip"]
--- error_code eval
[(415) x 4]
--- response_body_like eval
[(qr/"reason":"unsupported_encoding"/) x 4]



=== identity is none
--- ops
json keep /a;
--- post: {"a":1}
--- more_headers
Content-Type: application/json
Content-Encoding: identity
--- sent chomp
{"a":1}



=== an upstream that dies is followed by the next, with the same body
--- ops
json keep /a;
--- http_config
apigw_transform t { json keep /a; }
upstream two {
    server $TEST_NGINX_SERVICE;
    server $TEST_NGINX_SERVICE backup;
}
--- config
location /t/ {
    apigw_request_transform t;
    proxy_next_upstream error non_idempotent;
    proxy_pass http://two/;
}
--- post: {"a":1,"b":2}
--- path: /t/die
--- sent chomp
{"a":1}
--- error_log
upstream prematurely closed connection



=== $request_body is the new one
--- ops
json keep /a;
--- with
set $early $request_body;
proxy_set_header X-Body $request_body;
--- post: {"a":1,"b":2}
--- response_body_like: X-Body: \{\\"a\\":1\}"



=== the type is what the client says, though the set changes it
--- ops
json keep /a;
header set Content-Type application/vnd.internal;
--- post: {"a":1,"b":2}
--- response_body_like: (?s)Content-Type: application/vnd.internal.*"body": "\{\\"a\\":1\}"



=== or removes it
--- ops
header remove Content-T*;
json keep /a;
--- post: {"a":1,"b":2}
--- sent chomp
{"a":1}



=== and no set makes JSON of what the client does not call so
--- ops
header set Content-Type application/json;
json keep /a;
--- post: {"a":1,"b":2}
--- more_headers
Content-Type: text/plain
--- error_code: 415
--- reason: unsupported_media_type



=== a client that expects 100 is told to go on
--- ops
json keep /a;
--- config
location /t/ { apigw_request_transform t; proxy_pass http://$TEST_NGINX_SERVICE/; }
--- raw_request eval
"POST /t/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r
Expect: 100-continue\r\nContent-Type: application/json\r
Content-Length: 13\r\n\r\n{\"a\":1,\"b\":2}"
--- error_code: 100
--- response_body_like: (?s)^HTTP/1\.1 200 .*"body": "\{\\"a\\":1\}"
--- response_body_unlike: Expect



=== and not where it is refused unread
--- ops
json keep /a;
--- config
location /t/ {
    apigw_request_transform t;
    apigw_json_max_size 12;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- raw_request eval
"POST /t/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r
Expect: 100-continue\r\nContent-Type: application/json\r
Content-Length: 13\r\n\r\n{\"a\":1,\"b\":2}"
--- error_code: 413
--- reason: json_too_large



=== an inflated body at apigw_json_max_size passes, one byte more does not
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ {
    apigw_request_transform t;
    apigw_json_max_size 40;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /u/ {
    apigw_request_transform t;
    apigw_json_inflate_max_size 40;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
[map { my $place = $_; map { "POST /$place/echo\n"
 . Compress::Zlib::memGzip('{"a":"' . 'x' x $_ . '"}') } 32, 33 } qw(t u)]
--- more_headers
Content-Type: application/json
Content-Encoding: gzip
--- error_code eval
[200, 413, 200, 413]
--- response_body_like eval
[qr/x{32}\\"\}"/, qr/"reason":"json_too_large"/, qr/x{32}\\"\}"/, qr/"reason":"inflate_too_large"/]



=== a body that is none is refused in its first and its last byte
--- http_config
apigw_transform t { json keep /a; }
apigw_transform w { json set /a 1; }
--- config
location /t/ { apigw_request_transform t; proxy_pass http://$TEST_NGINX_SERVICE/; }
location /w/ { apigw_request_transform w; proxy_pass http://$TEST_NGINX_SERVICE/; }
--- request eval
[map { my $place = $_; map { "POST /$place/echo\n$_" } 'NaN', '{"a":01}', '{"a":1.}',
 '{"a":+1}', '{"a":1,}', '{"a":1}/**/', '{"a":1}{}', "{\"a\":\"\t\"}",
 "{\"a\":\"\xc0\xaf\"}", "{\"a\":\"\xed\xa0\x80\"}", '{"a":"\u12"}', '{"a":"\ud800"}',
 "\xff\xfe{\0}\0" } qw(t w)]
--- more_headers
Content-Type: application/json
--- error_code eval
[(400) x 26]
--- response_body_like eval
[(qr/"reason":"json_invalid"/) x 26]



=== nor is white space a document
--- ops
json keep /a;
--- config
location /t/ { apigw_request_transform t; proxy_pass http://$TEST_NGINX_SERVICE/; }
--- raw_request eval
"POST /t/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r
Content-Type: application/json\r\nContent-Length: 3\r\n\r\n \n "
--- error_code: 400
--- response_body_like: "reason":"json_invalid"
--- reason: json_invalid
