# What other modules of the suite answer and add is not changed, whatever a set
# says of it.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth ratelimit transform);
use Apigw::Transform;
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== the problem document of a limit, and its fields on any answer
--- http_config
apigw_ratelimit_zone z:1m;
apigw_ratelimit_policy p key=$server_name zone=z rate=1r/h;
apigw_transform t {
    header remove RateLimit* Retry-After;
    header set Content-Type application/json;
    json keep /a;
}
--- config
location /t/ {
    apigw_ratelimit p;
    apigw_response_transform t status=100-599;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
["GET /t/send?body=x", "GET /t/send?body={}"]
--- error_code eval
[502, 429]
--- raw_response_headers_like eval
[qr/RateLimit: /, qr/RateLimit: .*Retry-After: |Retry-After: .*RateLimit: /s]
--- response_body_like eval
[qr/^\{"type":.*"reason":"json_invalid"\}$/, qr/^\{"type":.*"status":429,.*\}$/]
