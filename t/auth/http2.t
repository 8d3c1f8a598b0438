# Over HTTP/2 nothing differs: names are lower case, a refusal has its length,
# identity headers of a client are taken off.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth qw(echo);
use Test::Nginx::Socket 'no_plan';

Apigw::Token::file('page', "page\n", 0644);

run_tests();

__DATA__

=== a good token
--- http2
--- config
location /t {
    apigw_auth jwt=corp;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- more_headers eval: Apigw::Token::bearer()
--- response_body
page



=== a refusal
--- http2
--- config
location /t {
    apigw_auth jwt=corp key=partners;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- error_code: 401
--- response_headers
www-authenticate: Bearer realm="api", ApiKey realm="api"
content-type: application/problem+json
cache-control: no-store
--- response_body_like: "title":"Unauthorized","status":401
--- refused: token_missing



=== a refusal of HEAD
--- http2
--- config
location /t {
    apigw_auth jwt=corp;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- request
HEAD /t
--- error_code: 401
--- response_headers_like
content-length: 1\d\d



=== identity headers
--- http2
--- config
underscores_in_headers on;
location /t {
    apigw_auth key=partners;
    apigw_auth_set_header X-Consumer $apigw_consumer;
    proxy_pass $TEST_NGINX_ECHO;
}
--- more_headers eval
'X-API-Key: ' . Apigw::Token::api_key('acme0001')
. "\nx-consumer: evil\nx_consumer: evil"
--- response_body_like: (?m)^X-Consumer: acme$
--- response_body_unlike: (?i)evil|api-key



=== two keys
--- http2
--- config
location /t {
    apigw_auth key=partners;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- more_headers
X-API-Key: a
X-API-Key: b
--- error_code: 400
--- refused: credential_duplicate



=== cookies in several lines
--- http2
--- http_config eval: Apigw::Token::key_store('partners', 'name X-Key cookie:k;')
--- config
location /t {
    apigw_auth key=partners;
    proxy_pass $TEST_NGINX_ECHO;
}
--- more_headers eval
"Cookie: a=1\nCookie: k=" . Apigw::Token::api_key('acme0001') . "\nCookie: b=2"
--- response_body_like: (?m)^Cookie: a=1; b=2$
--- response_body_unlike: gw_



=== scope over HTTP/2
--- http2
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_require_scope admin;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- more_headers eval: Apigw::Token::bearer()
--- error_code: 403
--- response_headers
www-authenticate: Bearer error="insufficient_scope", scope="admin", realm="api"
--- refused: scope_insufficient



=== two Authorization fields, and the scheme in any case
--- http2
--- config
location /t {
    apigw_auth jwt=corp;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- request eval: [("GET /t") x 4]
--- more_headers eval
my $token = Apigw::Token::token();
["Authorization: Bearer $token\nAuthorization: Bearer $token",
 "authorization: bearer  $token", "Authorization: Bearer\t$token",
 "Authorization: Bearer " . Apigw::Token::expired()]
--- error_code eval: [400, 200, 400, 401]



=== one name twice in different cookie fields
--- http2
--- http_config eval: Apigw::Token::key_store('partners', 'name X-Key cookie:k;')
--- config
location /t {
    apigw_auth key=partners;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- more_headers eval
my $key = Apigw::Token::api_key('acme0001');
"Cookie: k=$key\nCookie: k=$key"
--- error_code: 400
--- refused: credential_duplicate



=== a key in an argument is taken out of :path
--- http2
--- http_config eval: Apigw::Token::key_store('partners', 'name X-Key arg:k;')
--- config
location /t {
    apigw_auth key=partners;
    proxy_pass $TEST_NGINX_ECHO;
}
--- request eval: "GET /t?a=b&k=" . Apigw::Token::api_key('acme0001')
--- response_body_like: ^GET /t\?a=b HTTP
--- response_body_unlike: gw_



=== a preflight, and one that is none
--- http2
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_auth_preflight pass;
    proxy_pass $TEST_NGINX_ECHO;
}
--- request eval: ["OPTIONS /t", "OPTIONS /t"]
--- more_headers eval
["Origin: https://a.example\nAccess-Control-Request-Method: PUT",
 "Access-Control-Request-Method: PUT"]
--- error_code eval: [200, 401]



=== step-up, and a failing requirement
--- http2
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_require_acr gold max_age=5m;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- more_headers eval: Apigw::Token::bearer(claims => { acr => 'silver' })
--- error_code: 401
--- response_headers_like
www-authenticate: Bearer error="insufficient_user_authentication", .*acr_values="gold", max_age=300, realm="api"
--- refused: acr_insufficient



=== satisfy any and error_page
--- http2
--- config
location /t {
    satisfy any;
    deny all;
    apigw_auth jwt=corp;
    error_page 401 = @login;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
location @login { return 403 "log in"; }
--- request eval: ["GET /t", "GET /t"]
--- more_headers eval: ['', Apigw::Token::bearer()]
--- error_code eval: [403, 200]
--- response_body_like eval: ['log in', 'page']
