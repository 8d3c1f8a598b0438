# A service that dies in the middle of its answer: 502 as long as nothing was
# sent, and else no end that could be taken for one.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Transform;
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== short of its Content-Length
--- ops
json keep /a;
--- send
body: {"a":1,"b":2}
cut: 9
--- error_code: 502
--- response_headers
Content-Type: application/problem+json
--- response_body_like: "status":502,.*"reason":"upstream_truncated"
--- error_log
upstream prematurely closed connection
reason: upstream_truncated



=== right after its header
--- ops
json keep /a;
--- send
body: {"a":1,"b":2}
cut: 0
--- error_code: 502
--- reason: upstream_truncated



=== with a valid document, but not all that was promised
--- ops
json keep /a;
--- send
body: {"a":1}
length: +1
--- error_code: 502
--- reason: upstream_truncated



=== between chunks
--- ops
json keep /a;
--- send
body: {"a":1,"b":2}
chunk: 4
cut: 8
--- error_code: 502
--- reason: upstream_truncated



=== with a reset
--- ops
json keep /a;
--- send
body: {"a":1,"b":2}
cut: 5
reset: 1
--- error_code: 502
--- error_log
reason: upstream_truncated
--- no_error_log
[alert]



=== a whole document
--- ops
json set /x 1;
--- send
body: {"a":1,"b":2}
cut: 9
--- error_code: 502
--- reason: upstream_truncated



=== under on_error pass as well: there is no original
--- ops
json keep /a;
--- with
apigw_transform_on_error pass;
--- send
body: {"a":1,"b":2}
cut: 9
--- error_code: 502
--- reason: upstream_truncated



=== unbuffered, before there is output
--- ops
json target /b;
--- with
proxy_buffering off;
--- send
body: {"a":1,"b":2}
chunk: 2
cut: 9
--- error_code: 502
--- reason: upstream_truncated



=== once a part is sent the connection closes without an end
--- ops
json keep /a;
--- with
apigw_transform_buffer 0;
access_log logs/aborted.log aborted;
--- http_config
apigw_transform t { json keep /a; }
log_format aborted "$apigw_response_transform_status";
--- send
body: {"a":[1,2,3,4,5],"b":2}
cut: 12
--- raw_response_headers_like: Transfer-Encoding: chunked
--- ignore_response
--- error_log
reason: upstream_truncated, response aborted



=== invalid JSON after the first byte aborts
--- ops
json keep /a;
--- with
apigw_transform_buffer 0;
proxy_buffering off;
--- send
body: {"a":[1,2,3,4,5],x}
chunk: 4
--- ignore_response
--- error_log
reason: json_invalid, offset: 17, response aborted



=== the next request goes on
--- ops
json keep /a;
--- http_config
apigw_transform t { json keep /a; }
--- config
location /t/ {
    apigw_response_transform t;
    proxy_http_version 1.1;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
["GET /t/send?body={\"a\":1}&cut=2", "GET /t/send?body={\"a\":1}",
 "GET /t/send?body={\"a\":&length=%2B1", "GET /t/send?body={\"a\":1}"]
--- error_code eval
[502, 200, 502, 200]
--- response_body_like eval
[qr/reason/, qr/^\{"a":1\}$/, qr/reason/, qr/^\{"a":1\}$/]
