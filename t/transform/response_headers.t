# Header operations on responses, on errors too.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Transform;
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== set, add, append, remove and rename
--- ops
header remove Server-Timing X-Secret-*;
header set X-Set ours;
header add X-Add ours;
header append X-App ours;
header rename X-Old X-New;
--- send
header: Server-Timing:db;dur=53
header: X-Secret-A:1
header: X-Set:theirs
header: X-Add:theirs
header: X-App:theirs
header: X-Old:value
header: X-New:gone
--- response_headers
X-Set: ours
X-Add: theirs
X-App: theirs, ours
X-New: value
--- raw_response_headers_unlike: Server-Timing|X-Secret|X-Old|gone|Set: theirs



=== errors of the service and of nginx are covered
--- ops
header remove X-Secret;
header set X-Set ours;
--- send
status: 500
header: X-Secret:1
--- error_code: 500
--- response_headers
X-Set: ours
--- raw_response_headers_unlike: X-Secret



=== nginx's own 404 too
--- ops
header set X-Set ours;
--- config
location /t/ { apigw_response_transform t; return 404; }
--- request
GET /t/
--- error_code: 404
--- response_headers
X-Set: ours



=== status= limits header operations as well
--- ops
header set X-Set ours;
--- config
location /t/ {
    apigw_response_transform t status=200-299,404;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
["GET /t/send", "GET /t/send?status=404", "GET /t/send?status=500"]
--- error_code eval
[200, 404, 500]
--- raw_response_headers_unlike eval
["none-of-it", "none-of-it", "X-Set"]
--- response_headers eval
["X-Set: ours", "X-Set: ours", "X-None: "]



=== type= as well, and without it they are made on any
--- ops
header set X-Set ours;
--- config
location /t/ {
    apigw_response_transform t type=text/plain;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /u/ {
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
["GET /t/send?type=text/plain", "GET /t/send", "GET /u/send?type=image/png"]
--- response_headers eval
["X-Set: ours", "!X-Set", "X-Set: ours"]



=== Server, Date, Content-Type and Last-Modified can go
--- ops
header remove Server Date Content-Type Last-Modified;
--- send
type: text/plain
header: Last-Modified:Mon, 28 Sep 1970 06:00:00 GMT
--- raw_response_headers_unlike: (?i)server:|date:|content-type|last-modified



=== and be set
--- ops
header set Server ours;
header set Content-Type "text/x-a; charset=utf-8";
header set Date "Mon, 28 Sep 1970 06:00:00 GMT";
--- send
type: text/plain
--- response_headers
Server: ours
Content-Type: text/x-a; charset=utf-8
Date: Mon, 28 Sep 1970 06:00:00 GMT
--- raw_response_headers_unlike: nginx



=== keep spares what a message needs
--- ops
header keep X-A;
--- send
type: text/plain
header: X-A:1
header: X-B:2
header: ETag:"x"
body: abc
--- response_headers
Content-Type: text/plain
Content-Length: 3
X-A: 1
--- raw_response_headers_unlike: X-B|ETag
--- raw_response_headers_like: Server: .*Date:|Date: .*Server:



=== add_header is visible, and a file is an answer like any
--- ops
header rename X-From X-To;
header remove Accept-Ranges;
--- config
location /t/ {
    apigw_response_transform t;
    add_header X-From value;
    alias html/;
}
--- user_files
>>> f.txt
text
--- request
GET /t/f.txt
--- response_headers
X-To: value
--- response_body
text
--- raw_response_headers_unlike: X-From|Accept-Ranges



=== conditions see the message before any set
--- http_config
apigw_transform one { header set X-A 1; }
apigw_transform two { header set X-B 1; }
--- config
location /t/ {
    apigw_response_transform one if=$upstream_http_x_go;
    apigw_response_transform two if=$sent_http_x_a;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
["GET /t/send?header=X-Go:1", "GET /t/send?header=X-Go:0", "GET /t/send"]
--- response_headers eval
["X-A: 1\n!X-B", "!X-A", "!X-A"]



=== $sent_http_ tells what was sent
--- ops
header set X-A new;
--- config
location /t/ {
    apigw_response_transform t if=$sent_http_x_a;
    access_log logs/sent.log sent;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- http_config
apigw_transform t { header set X-A new; }
log_format sent "sent:$sent_http_x_a";
--- request
GET /t/send?header=X-A:old
--- response_headers
X-A: new



=== a value with a line feed is skipped, the rest is done
--- ops
header set X-A "$upstream_http_x_v$v";
header set X-B 1;
--- config
location ~ "(?s)^/t/(?<v>.*)" {
    apigw_response_transform t;
    rewrite ^ /send break;
    proxy_pass http://$TEST_NGINX_SERVICE;
}
--- path: /t/a%0ab
--- response_headers
X-B: 1
!X-A
--- error_log
operation skipped, reason: header_value_invalid



=== Location of a redirect is kept and can be set
--- ops
header set Location /moved;
header keep X-None;
--- send
status: 302
header: Location:/x
--- error_code: 302
--- raw_response_headers_like: Location: http://localhost(?::\d+)?/moved



=== a file's Last-Modified and ETag can be renamed
--- ops
header rename Last-Modified X-Modified;
header rename ETag X-Tag;
--- config
location /t/ { apigw_response_transform t; alias html/; }
--- user_files
>>> f.txt 197009280600.00
text
--- request
GET /t/f.txt
--- response_headers
X-Modified: Mon, 28 Sep 1970 06:00:00 GMT
!Last-Modified
!ETag
--- raw_response_headers_like: X-Tag: "[0-9a-f]+-5"



=== every line of a name goes, in any case
--- ops
header remove Set-Cookie www-authenticate;
header set Cache-Control ours;
--- send
status: 401
header: Set-Cookie:a=1
header: set-cookie:b=2
header: WWW-Authenticate:a
header: WWW-Authenticate:b
header: Cache-Control:theirs
header: cache-control:too
--- error_code: 401
--- response_headers
Cache-Control: ours
--- raw_response_headers_unlike: (?i)cookie|www-|theirs|too
