# Header operations on requests: the service sees what the set says, and nothing
# of what a client sent in their place.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Transform;
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== set replaces every line of the name, in any case
--- ops
header set X-Tenant ours;
--- path: /t/echo
--- more_headers
x-tenant: evil
X-Tenant: worse
--- response_body_like: "X-Tenant: ours"
--- response_body_unlike: evil|worse



=== an empty value only removes
--- ops
header set X-Tenant $arg_none;
--- path: /t/echo
--- more_headers
X-Tenant: evil
--- response_body_unlike: (?i)x-tenant



=== add keeps the client's line, append adds one more
--- ops
header add X-A ours;
header add X-B ours;
header append X-C ours;
--- path: /t/echo
--- more_headers
X-A: theirs
X-C: theirs
--- response_body_like: (?s)"X-A: theirs".*"X-C: theirs".*"X-B: ours".*"X-C: ours"
--- response_body_unlike: X-A: ours



=== remove takes names and prefixes, protected names stay
--- ops
header remove X-Debug X-Internal-* Con*;
--- path: /t/echo
--- more_headers
x-debug: 1
X-Internal-A: 1
x-internal-b: 2
X-Intern: stays
Content-Language: en
--- response_body_like: X-Intern: stays
--- response_body_unlike: (?i)x-debug|x-internal|content-language



=== keep removes all others but the protected
--- ops
header keep X-A X-B-* ;
--- post: {}
--- more_headers
Content-Type: text/plain
X-A: 1
X-B-C: 2
X-C: 3
Cookie: a=b
Authorization: Basic YTpi
--- response_body_like: (?s)Content-Type: text/plain.*X-A: 1.*X-B-C: 2
--- response_body_unlike: X-C|Cookie|Authorization



=== rename makes every line of the one name the other, existing ones go
--- ops
header rename X-Old X-New;
--- path: /t/echo
--- more_headers
X-Old: 1
x-old: 2
X-New: gone
--- response_body_like: (?s)"X-New: 1".*"X-New: 2"
--- response_body_unlike: (?i)x-old|gone



=== rename without the name does nothing
--- ops
header rename X-Old X-New;
--- path: /t/echo
--- more_headers
X-New: stays
--- response_body_like: X-New: stays



=== operations run in written order
--- ops
header set X-A 1;
header rename X-A X-B;
header add X-A 2;
header remove X-B;
--- path: /t/echo
--- response_body_like: X-A: 2
--- response_body_unlike: X-B



=== values are those of the request as it came
--- ops
header remove X-From;
header set X-To $http_x_from;
--- path: /t/echo
--- more_headers
X-From: value
--- response_body_like: X-To: value
--- response_body_unlike: X-From



=== variables of a changed header are read anew
--- ops
header set X-A ours;
header set Cookie "c=ours";
--- config
location /t/ {
    set $before "$http_x_a $cookie_c";
    apigw_request_transform t;
    proxy_set_header X-Variables "$before $http_x_a $cookie_c $http_cookie";
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- path: /t/echo
--- more_headers
X-A: theirs
Cookie: c=theirs
Cookie: c=more
--- response_body_like: X-Variables: theirs theirs ours ours c=ours"



=== a header that nginx knows is known as changed
--- ops
header set User-Agent ours;
header set X-Forwarded-For 192.0.2.1;
header set Authorization "Basic Zzpo";
--- config
location /t/ {
    apigw_request_transform t;
    proxy_set_header X-Variables "$http_user_agent|$proxy_add_x_forwarded_for";
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- path: /t/echo
--- more_headers
User-Agent: theirs
X-Forwarded-For: 203.0.113.1
X-Forwarded-For: 203.0.113.2
--- response_body_like: X-Variables: ours\|192\.0\.2\.1, 127\.0\.0\.1"



=== a line feed decoded from the path refuses the request
--- ops
header set X-A $v;
--- config
location ~ "(?s)^/t/(?<v>.*)" {
    apigw_request_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE;
}
--- path: /t/a%0d%0aX-Evil:%201
--- error_code: 400
--- response_headers
Content-Type: application/problem+json
Cache-Control: no-store
--- response_body_like: "reason":"header_value_invalid"}
--- reason: header_value_invalid



=== and is not passed under on_error pass
--- ops
header set X-A $v;
--- config
location ~ "(?s)^/t/(?<v>.*)" {
    apigw_request_transform t;
    apigw_transform_on_error pass;
    proxy_pass http://$TEST_NGINX_SERVICE;
}
--- path: /t/a%0ab
--- error_code: 400
--- reason: header_value_invalid



=== the name we set is no option of the client's connection
--- ops
header set X-Tenant ours;
--- config
location /t/ {
    apigw_request_transform t;
    proxy_set_header Connection $http_connection;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- raw_request eval
"GET /t/echo HTTP/1.1\r\nHost: localhost\r
Connection: x_tenant, close , X-Tenant, X-Other\r\n\r\n"
--- response_body_like: "Connection: close, X-Other"



=== a hundred headers and as many operations
--- ops eval
CORE::join "\n", map { "header set X-N$_ new;" } 1 .. 100
--- path: /t/echo
--- more_headers eval
CORE::join "\n", map { "X-N$_: old" } 1 .. 100
--- response_body_like: (?s)"X-N1: new".*"X-N100: new"
--- response_body_unlike: old
