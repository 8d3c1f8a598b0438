# apigw_transform_on_error, apigw_transform_error and apigw_transform_dry_run:
# what becomes of a message that cannot be transformed, and who is told.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Transform;
use Compress::Zlib ();
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== pass forwards a request's original body, headers are changed
--- ops
json keep /a;
header set X-A ours;
query remove q;
--- with
apigw_transform_on_error pass;
--- path: /t/echo?q=1
--- post: {"a":1,
--- response_body_like: (?s)"uri": "/echo".*X-A: ours.*"body": "\{\\"a\\":1,"
--- error_log
reason: json_invalid, offset: 7, passed unchanged



=== a body of another type too
--- ops
json keep /a;
--- with
apigw_transform_on_error pass;
--- post: text
--- more_headers
Content-Type: text/plain
--- sent chomp
text
--- error_log
reason: unsupported_media_type, passed unchanged



=== one that is too large as well, from a file
--- ops
json keep /a;
--- with
apigw_transform_on_error pass;
apigw_json_max_size 1k;
client_body_buffer_size 1k;
--- post eval
'{"a":"' . 'x' x 5000 . '"}'
--- sent eval
'{"a":"' . 'x' x 5000 . '"}'
--- error_log
reason: json_too_large, passed unchanged



=== pass forwards a response's original body and fields
--- ops
json keep /a;
--- with
apigw_transform_on_error pass;
--- send
body: {"a":1,"b":2}x
header: ETag:"x"
--- response_headers
ETag: "x"
Content-Length: 14
--- response_body chomp
{"a":1,"b":2}x
--- error_log
reason: json_invalid, offset: 13, passed unchanged



=== cut in any way, inflated or not
--- http_config
apigw_transform t { json keep /a; }
apigw_transform w { json set /x 1; }
--- config
apigw_transform_on_error pass;
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
["GET /t/send?body={\"a\":1}x&chunk=1", "GET /w/send?body={\"a\":1}x&chunk=1",
 "GET /t/send?body={\"a\":1}x&chunk=3&coding=gzip"]
--- response_headers eval
["!Content-Encoding", "!Content-Encoding", "Content-Encoding: gzip"]
--- response_body_filters eval
sub { $_[0] =~ /^\x1f/ ? Compress::Zlib::memGunzip($_[0]) : $_[0] }
--- response_body eval
[('{"a":1}x') x 3]



=== a document too large to hold is passed whole
--- ops
json set /x 1;
--- with
apigw_transform_on_error pass;
apigw_json_max_size 1000;
--- send
object: 500
chunk: 300
--- response_body eval
"{" . CORE::join(",", map { "\"k$_\":$_" } 1 .. 500) . "}"
--- error_log
reason: json_too_large
passed unchanged



=== past apigw_json_max_size of kept input the answer is streamed
--- ops
json keep /none;
--- with
apigw_transform_on_error pass;
apigw_json_max_size 1000;
--- send
object: 500
chunk: 300
--- response_headers
Transfer-Encoding: chunked
--- response_body chomp
{}



=== and a failure aborts
--- ops
json keep /none;
--- with
apigw_transform_on_error pass;
apigw_json_max_size 1000;
--- send
object: 500
chunk: 300
cut: 3000
--- ignore_response
--- error_log
reason: upstream_truncated, response aborted



=== apigw_transform_error off leaves nginx's page
--- ops
json keep /a;
--- with
apigw_transform_error off;
--- post: x
--- error_code: 400
--- response_headers
Content-Type: text/html
--- response_body_like: <title>400 Bad Request</title>
--- reason: json_invalid



=== the document is right on HEAD
--- ops
json keep /a;
--- method: HEAD
--- send
body: {}
header: Content-Encoding:br
--- error_code: 200
--- response_body:



=== a rejection keeps the connection where nginx does
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ { apigw_request_transform t; proxy_pass http://$TEST_NGINX_SERVICE/; }
--- pipelined_requests eval
["POST /t/echo\n{\"a\":1}", "POST /t/echo\n{\"a\":1}"]
--- more_headers
Content-Type: text/plain
--- error_code eval
[415, 415]
--- response_body_like eval
[(qr/"reason":"unsupported_media_type"/) x 2]



=== dry run changes nothing and tells what it would have done
--- ops
json keep /a;
header set X-A ours;
query remove q;
--- with
apigw_transform_dry_run on;
add_header X-Dry "$apigw_dry_run_module $apigw_dry_run_reason" always;
add_header X-Reject "[$apigw_reject_reason]" always;
--- path: /t/echo?q=1
--- post: {"a":1,
--- response_headers
X-Dry: transform json_invalid
X-Reject: []
--- response_body_like: (?s)"uri": "/echo\?q=1".*"body": "\{\\"a\\":1,"
--- response_body_unlike: X-A
--- error_log
reason: json_invalid, offset: 7, dry run



=== a body that could be transformed is not
--- ops
json keep /a;
--- with
apigw_transform_dry_run on;
add_header X-Status $apigw_request_transform_status;
--- post: {"a":1,"b":2}
--- response_headers
X-Status: dry_run
--- sent chomp
{"a":1,"b":2}



=== a response goes on at once, whatever it is
--- http_config
apigw_transform t { json keep /a; header set X-A 1; }
apigw_transform w { json set /x 1; }
--- config
apigw_transform_dry_run on;
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
["GET /t/send?body={\"a\":1,\"b\":2}&header=ETag:x&chunk=1",
 "GET /t/send?body={\"a\":1,\"b\":2x}&header=ETag:x&chunk=1",
 "GET /w/send?body={\"a\":1,\"b\":2x}&header=ETag:x",
 "GET /w/send?body=x&header=ETag:x&header=Content-Encoding:br"]
--- response_headers eval
[("ETag: x\n!X-A") x 4]
--- response_body eval
['{"a":1,"b":2}', ('{"a":1,"b":2x}') x 2, 'x']
--- no_error_log
[alert]
[crit]
passed unchanged
response aborted



=== a range is asked for under dry run
--- ops
json keep /headers;
--- with
apigw_transform_dry_run on;
--- config
location /t/ {
    apigw_response_transform t;
    apigw_transform_dry_run on;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request
GET /t/echo
--- more_headers
Range: bytes=0-1
Accept-Encoding: gzip
--- response_body_like: (?s)Range.*Accept-Encoding



=== dry run tells of a header's value as well
--- ops
header set X-A $v;
query set q 1;
--- config
location ~ "(?s)^/t/(?<v>.*)" {
    apigw_request_transform t;
    apigw_response_transform t2;
    apigw_transform_dry_run on;
    add_header X-Dry "$apigw_dry_run_module $apigw_dry_run_reason";
    rewrite ^ /echo break;
    proxy_pass http://$TEST_NGINX_SERVICE;
}
--- http_config
apigw_transform t { header set X-A $v; query set q 1; }
apigw_transform t2 { header set X-B $v; }
--- path: /t/a%0ab
--- response_headers
X-Dry: transform header_value_invalid
!X-B
--- response_body_like: "uri": "/echo"
--- response_body_unlike: X-A
--- error_log
reason: header_value_invalid, dry run
