# error_page wins over the problem document; the challenge stays as long as the
# status does. Internal redirects are policed anew.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth qw(echo);
use Test::Nginx::Socket 'no_plan';

our $Page = 'alias $TEST_NGINX_TOKEN_DIR/page;';

Apigw::Token::file('page', "page\n", 0644);

run_tests();

__DATA__

=== a page of one's own, with the challenge
--- config eval
"error_page 401 /login.html;
location /t { apigw_auth jwt=corp; $::Page }
location = /login.html { return 200 'log in'; }"
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="api"
--- response_body chomp
log in



=== a page with another status has no challenge
--- config eval
"location /t { error_page 401 =200 /login.html; apigw_auth jwt=corp; $::Page }
location = /login.html { return 200 'log in'; }"
--- error_code: 200
--- raw_response_headers_unlike: WWW-Authenticate
--- response_body chomp
log in



=== a redirect to a login page
--- config eval
"location /t { error_page 401 =302 https://login.example.com/;
    apigw_auth jwt=corp; $::Page }"
--- error_code: 302
--- response_headers
Location: https://login.example.com/
--- raw_response_headers_unlike: WWW-Authenticate



=== a named location serves the page and keeps the method
--- config eval
"location /t { error_page 401 \@login; apigw_auth jwt=corp; $::Page }
location \@login { add_header X-Method \$request_method always;
    add_header X-Reason \$apigw_reject_reason always;
    return 401 'log in'; }"
--- request
PUT /t
--- error_code: 401
--- response_headers
X-Method: PUT
X-Reason: token_missing
WWW-Authenticate: Bearer realm="api"
--- response_body chomp
log in



=== an error page behind the same policy does not loop
--- config eval
"apigw_auth jwt=corp;
error_page 401 /login.html;
location /t { $::Page }
location = /login.html { root /; }"
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="api"
Content-Type: application/problem+json



=== recursive error pages behind the same policy end too
--- config eval
"apigw_auth jwt=corp;
recursive_error_pages on;
error_page 401 /login.html;
location /t { $::Page }
location = /login.html { root /; }"
--- error_code: 500
--- error_log
rewrite or internal redirection cycle



=== an error page of 403 and of 400
--- config eval
"location /t { error_page 403 /denied; error_page 400 /denied;
    apigw_auth jwt=corp; apigw_require_scope admin; $::Page }
location = /denied { return 200 \"denied: \$apigw_auth_error\"; }"
--- request eval: ["GET /t", "GET /t"]
--- more_headers eval: [Apigw::Token::bearer(), 'Authorization: Bearer']
--- error_code eval: [403, 400]
--- response_body eval
["denied: scope_insufficient", "denied: credential_malformed"]



=== the error page of another failure keeps the identity for the log
--- config eval
"apigw_auth jwt=corp;
location /t { error_page 502 = \@fallback; proxy_pass http://127.0.0.1:1; }
location \@fallback { apigw_auth off; return 200 \"for \$apigw_consumer\"; }"
--- more_headers eval: Apigw::Token::bearer()
--- response_body chomp
for shop
--- error_code: 200
--- no_error_log
[alert]
[emerg]



=== X-Accel-Redirect into an internal location asks that location's policy
--- http_config eval
"$Apigw::Auth::Config
server {
    listen unix:$Apigw::Token::Dir/accel.sock;
    add_header X-Accel-Redirect \$http_x_to;
    return 200;
}"
--- config eval
"location /t { apigw_auth jwt=corp;
    proxy_pass http://unix:$Apigw::Token::Dir/accel.sock:/; }
location /open { internal; $::Page }
location /same { internal; apigw_auth jwt=corp; $::Page }
location /scope { internal; apigw_auth jwt=corp; apigw_require_scope admin;
    $::Page }
location /key { internal; apigw_auth key=partners; $::Page }"
--- request eval: [("GET /t") x 6]
--- more_headers eval
my $token = Apigw::Token::bearer();
my $key = 'X-API-Key: ' . Apigw::Token::api_key('shop0001');
["X-To: /open", map({ "$token\nX-To: $_" } qw(/open /same /scope /key)),
 "$token\n$key\nX-To: /key"]
--- error_code eval: [401, 200, 200, 403, 401, 200]



=== a redirect finds the token that the first location took off
--- http_config eval: $Apigw::Auth::Config
--- config eval
"apigw_auth_forward token=strip;
location /t { apigw_auth jwt=corp; error_page 502 = \@again;
    proxy_pass http://127.0.0.1:1; }
location \@again { apigw_auth jwt=corp key=partners;
    proxy_pass $ENV{TEST_NGINX_ECHO}; }"
--- more_headers eval: Apigw::Token::bearer()
--- response_body_unlike: Authorization
--- error_code: 200
--- no_error_log
[alert]
[emerg]



=== a credential under the name of a header of ours outlives an open location
--- config eval
"location /t { try_files /none \@app; }
location \@app { apigw_auth jwt=corp key=partners;
    apigw_auth_set_header Authorization 'Basic c2hvcDpzZWNyZXQ=';
    apigw_auth_set_header X-API-Key \$apigw_key_id;
    proxy_set_header X-Who \$apigw_consumer;
    proxy_pass $ENV{TEST_NGINX_ECHO}; }"
--- request eval: [("GET /t") x 4]
--- more_headers eval
my $key = 'X-API-Key: ' . Apigw::Token::api_key('shop0001');
my $token = Apigw::Token::bearer();
[$token, $key, "$token\n$key", '']
--- error_code eval: [200, 200, 200, 401]
--- response_body_like eval
[('(?s)X-Who: shop.*Authorization: Basic c2hvcDpzZWNyZXQ=') x 3, '']
--- response_body_unlike eval: [('gw_|eyJ') x 4]



=== behind it a rewrite knows the caller at once
--- config eval
"location /t { try_files /none /u; }
location /u { apigw_auth jwt=corp;
    apigw_auth_set_header Authorization '';
    set \$early \$apigw_consumer;
    add_header X-Early [\$early]; $::Page }
location /v { add_header X-Open [\$apigw_consumer|\$apigw_auth_status]; $::Page }"
--- request eval: ["GET /t", "GET /v"]
--- more_headers eval: [(Apigw::Token::bearer()) x 2]
--- response_headers eval: ['X-Early: [shop]', 'X-Open: [|off]']
--- error_code eval: [200, 200]



=== try_files reaches the protected location
--- config eval
"location /t { try_files /none /u; }
location /u { apigw_auth jwt=corp; $::Page }"
--- request eval: ["GET /t", "GET /t"]
--- more_headers eval: ['', Apigw::Token::bearer()]
--- error_code eval: [401, 200]



=== rewrite reaches the protected location
--- config eval
"location /t { rewrite ^ /u last; }
location /u { apigw_auth jwt=corp; $::Page }"
--- request eval: ["GET /t", "GET /t"]
--- more_headers eval: ['', Apigw::Token::bearer()]
--- error_code eval: [401, 200]



=== a refused request never reaches the service
--- config
location /t {
    apigw_auth jwt=corp;
    proxy_pass $TEST_NGINX_ECHO;
}
--- request
POST /t
hello
--- error_code: 401
--- response_body_unlike: POST /t



=== subrequests see the main request's identity and are not policed
--- config eval
"location /t { apigw_auth jwt=corp; auth_request /sub; $::Page }
location /sub { internal; apigw_auth key=partners;
    add_header X-None none;
    if (\$apigw_consumer = shop) { return 204; }
    return 403; }"
--- request eval: ["GET /t", "GET /t"]
--- more_headers eval
[Apigw::Token::bearer(), Apigw::Token::bearer(claims => { azp => 'x' })]
--- error_code eval: [200, 403]



=== SSI includes are answered for the main request
--- user_files
>>> page.html
<!--# include virtual="/inner" -->
--- config
location /page.html { ssi on; apigw_auth jwt=corp; }
location /inner { apigw_auth key=partners; return 200 "for $apigw_consumer"; }
--- request
GET /page.html
--- more_headers eval: Apigw::Token::bearer()
--- response_body
for shop



=== a mirrored request gets the identity and no refusal of its own
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_auth_set_header X-Consumer $apigw_consumer;
    mirror /mirror;
    proxy_pass $TEST_NGINX_ECHO;
}
location /mirror { internal; proxy_pass $TEST_NGINX_ECHO; }
--- more_headers eval: Apigw::Token::bearer()
--- response_body_like: X-Consumer: shop
