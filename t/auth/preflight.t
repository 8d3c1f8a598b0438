# A browser's preflight carries no credentials. It is refused unless
# apigw_auth_preflight says "pass", and then carries none to the service.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth qw(echo);
use Test::Nginx::Socket 'no_plan';

our $Preflight = "Origin: https://app.example.com\n"
                 . "Access-Control-Request-Method: PUT";

run_tests();

__DATA__

=== refused by default
--- config
location /t { apigw_auth jwt=corp; proxy_pass $TEST_NGINX_ECHO; }
--- request
OPTIONS /t
--- more_headers eval: $::Preflight
--- error_code: 401
--- refused: token_missing



=== passed where it says so, even past requirements
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_require_scope admin;
    apigw_auth_preflight pass;
    proxy_pass $TEST_NGINX_ECHO;
}
--- request
OPTIONS /t
--- more_headers eval: $::Preflight
--- response_body_like: ^OPTIONS /t



=== only OPTIONS, with both headers
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_auth_preflight pass;
    proxy_pass $TEST_NGINX_ECHO;
}
--- request eval: ["OPTIONS /t", "OPTIONS /t", "OPTIONS /t", "GET /t"]
--- more_headers eval
['Origin: https://app.example.com', 'Access-Control-Request-Method: PUT', '',
 $::Preflight]
--- error_code eval: [401, 401, 401, 401]
--- refused: token_missing



=== credentials of a preflight are dropped, its identity is empty
--- http_config eval
Apigw::Token::provider('corp')
. Apigw::Token::key_store('partners', 'name X-Key arg:key cookie:k;')
--- config
location /t {
    apigw_auth jwt=corp key=partners;
    apigw_auth_forward key=keep;
    apigw_auth_preflight pass;
    apigw_auth_set_header X-Consumer "is $apigw_consumer";
    proxy_set_header X-Status "[$apigw_auth_status|$apigw_consumer]";
    proxy_pass $TEST_NGINX_ECHO;
}
--- request
OPTIONS /t?key=secret&a=1
--- more_headers eval
Apigw::Token::bearer()
. "\n$::Preflight\nX-Key: secret\nCookie: k=secret; a=1\nX-Consumer: evil"
--- response_body_like: (?s)^OPTIONS /t\?a=1 .*X-Status: \[off\|\].*Cookie: a=1
--- response_body_unlike: secret|Bearer|X-Consumer
--- error_code: 200



=== allow and deny still count
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_auth_preflight pass;
    deny all;
    proxy_pass $TEST_NGINX_ECHO;
}
--- request
OPTIONS /t
--- more_headers eval: $::Preflight
--- error_code: 403



=== inherited and overridden
--- config
apigw_auth jwt=corp;
apigw_auth_preflight pass;
location /t { proxy_pass $TEST_NGINX_ECHO; }
location /u { apigw_auth_preflight enforce; proxy_pass $TEST_NGINX_ECHO; }
--- request eval: ["OPTIONS /t", "OPTIONS /u"]
--- more_headers eval: [$::Preflight, $::Preflight]
--- error_code eval: [200, 401]
