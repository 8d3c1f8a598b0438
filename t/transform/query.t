# Query operations: arguments that none touches keep their bytes and order, and
# the raw path reaches the service as the client wrote it.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Transform;
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== rename, keep and remove compare decoded names
--- ops
query rename q search;
query keep search page;
--- path: /t/echo?%71=a%20b&evil=1&pag%65=2
--- response_body_like: "uri": "/echo\?search=a%20b&pag%65=2"



=== a path with %2F is not decoded
--- ops
query remove a;
--- config
location /t/ { apigw_request_transform t; proxy_pass http://$TEST_NGINX_SERVICE; }
--- path: /t/echo/x%2Fy/%2e?a=1&b=2
--- response_body_like: "uri": "/t/echo/x%2Fy/%2e\?b=2"



=== no question mark is left behind
--- ops
query remove *;
--- config
location /t/ { apigw_request_transform t; proxy_pass http://$TEST_NGINX_SERVICE; }
--- path: /t/echo/x%2Fy?a=1&b=2
--- response_body_like: "uri": "/t/echo/x%2Fy"



=== set replaces all, append adds, values are encoded
--- ops
query set a "$arg_v&x=y z";
query append b "\n%";
query add c 1;
query add d 1;
--- path: /t/echo?a=1&A=2&a=3&d=0&v=1+2
--- response_body_like: "uri": "/echo\?A=2&d=0&v=1\+2&a=1%2B2%26x%3Dy%20z&b=%0A%25&c=1"



=== empty arguments keep their place
--- ops
query append z 1;
--- path: /t/echo?a&a=&=&&b=%00%0d%0a
--- response_body_like: "uri": "/echo\?a&a=&=&&b=%00%0d%0a&z=1"



=== a query is made where there was none
--- ops
query set a $request_method;
--- config
location /t/ { apigw_request_transform t; proxy_pass http://$TEST_NGINX_SERVICE; }
--- path: /t/echo
--- response_body_like: "uri": "/t/echo\?a=GET"



=== $args is new, $request_uri is the client's
--- ops
query set a new;
--- config
location /t/ {
    apigw_request_transform t;
    proxy_set_header X-Variables "$args $arg_a $request_uri";
    proxy_pass http://$TEST_NGINX_SERVICE;
}
--- path: /t/echo?a=old
--- response_body_like: X-Variables: a=new new /t/echo\?a=old"



=== a request without arguments that match is left alone
--- ops
query remove none;
--- config
location /t/ { apigw_request_transform t; proxy_pass http://$TEST_NGINX_SERVICE; }
--- path: /t/echo?
--- response_body_like: "uri": "/t/echo\?"
