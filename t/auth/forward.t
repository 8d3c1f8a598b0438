# Which credentials reach the service: tokens do, API keys do not, unless told.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth qw(echo);
use Test::Nginx::Socket 'no_plan';

our $Key = Apigw::Token::api_key('shop0001');
our $Bearer = Apigw::Token::bearer();

our $Stores = Apigw::Token::provider('corp')
    . Apigw::Token::key_store('partners',
                              'name X-Key arg:key cookie:k basic;');

our $Location = q{
    location /t {
        apigw_auth jwt=corp key=partners;
        proxy_pass $TEST_NGINX_ECHO;
    }
};

run_tests();

__DATA__

=== a token is kept, a key is not
--- http_config eval: $::Stores
--- config eval: $::Location
--- more_headers eval: "$::Bearer\nX-Key: $::Key"
--- response_body_like: Authorization: Bearer
--- response_body_unlike: (?i)X-Key



=== other spellings of the key's header go as well
--- http_config eval: $::Stores
--- config eval: "underscores_in_headers on; $::Location"
--- more_headers eval: "X-Key: $::Key\nX_Key: $::Key"
--- response_body_unlike: (?i)x.key



=== a key in the scheme goes with its header
--- http_config eval: $::Stores
--- config eval: $::Location
--- more_headers eval: "Authorization: ApiKey $::Key"
--- response_body_unlike: Authorization
--- error_code: 200



=== a key as the user name goes with its header
--- http_config eval: $::Stores
--- config eval: $::Location
--- more_headers eval
'Authorization: Basic ' . MIME::Base64::encode_base64("$::Key:", '')
--- response_body_unlike: Authorization
--- error_code: 200



=== a key in the arguments goes, the others stay as they came
--- http_config eval: $::Stores
--- config eval: $::Location
--- request eval
["GET /t?key=$::Key", "GET /t?a=%20b&key=$::Key&c", "GET /t?key=$::Key&a=1",
 "GET /t?a=1&key=$::Key"]
--- response_body_like eval
['^GET /t HTTP', '^GET /t\?a=%20b&c HTTP', '^GET /t\?a=1 HTTP',
 '^GET /t\?a=1 HTTP']



=== a key in a cookie goes, the others stay
--- http_config eval: $::Stores
--- config eval: $::Location
--- request eval: [("GET /t") x 4]
--- more_headers eval
["Cookie: k=$::Key", "Cookie: a=1; k=$::Key; b=2", "Cookie: a=1; k=$::Key",
 "Cookie: k=$::Key; b=2"]
--- response_body_unlike eval: [('Cookie: $|gw_') x 4]
--- response_body_like eval
['Connection', '(?m)^Cookie: a=1; b=2$', '(?m)^Cookie: a=1$',
 '(?m)^Cookie: b=2$']



=== a line of our own under the credential's name stays
--- http_config eval: $::Stores
--- config
location /t {
    apigw_auth jwt=corp key=partners;
    apigw_auth_forward token=strip;
    apigw_auth_set_header X-Key internal;
    apigw_auth_set_header Authorization "Bearer internal";
    proxy_pass $TEST_NGINX_ECHO;
}
--- request eval: ["GET /t", "GET /t?key=$::Key", "GET /t"]
--- more_headers eval
["$::Bearer\nX-Key: $::Key", $::Bearer, "Authorization: ApiKey $::Key"]
--- response_body_like eval
[('(?s)^GET /t HTTP.*X-Key: internal\n.*Authorization: Bearer internal\n') x 3]
--- response_body_unlike eval: [("gw_|eyJ") x 3]
--- error_code eval: [(200) x 3]



=== inherited, and replaced as a whole below
--- http_config eval: "$::Stores apigw_auth_forward token=strip key=keep;"
--- config
apigw_auth jwt=corp key=partners;
location /t { proxy_pass $TEST_NGINX_ECHO; }
location /u { apigw_auth_forward token=strip; proxy_pass $TEST_NGINX_ECHO; }
--- request eval: ["GET /t", "GET /u"]
--- more_headers eval: [("$::Bearer\nX-Key: $::Key") x 2]
--- response_body_like eval: ['(?m)^X-Key: gw_', '^GET /u']
--- response_body_unlike eval: ['Bearer', 'Bearer|X-Key']
--- error_code eval: [200, 200]



=== keep and strip, as told
--- http_config eval: $::Stores
--- config
apigw_auth jwt=corp key=partners;
apigw_auth_forward token=strip key=keep;
location /t { proxy_pass $TEST_NGINX_ECHO; }
location /u { apigw_auth_forward token=keep; proxy_pass $TEST_NGINX_ECHO; }
--- request eval: ["GET /t", "GET /u"]
--- more_headers eval: [("$::Bearer\nX-Key: $::Key") x 2]
--- response_body_like eval: ['X-Key: gw_', 'Authorization: Bearer']
--- response_body_unlike eval: ['Authorization', 'X-Key']



=== Basic that is no key of ours stays
--- http_config eval: Apigw::Token::key_store('partners')
--- config
location /t {
    apigw_auth key=partners;
    proxy_pass $TEST_NGINX_ECHO;
}
--- more_headers eval
"Authorization: Basic YTpi\nX-API-Key: $::Key"
--- response_body_like: Authorization: Basic YTpi
--- response_body_unlike: X-API-Key



=== where auth is off, nothing is touched
--- http_config eval: $::Stores
--- config
location /t { proxy_pass $TEST_NGINX_ECHO; }
--- request eval: "GET /t?key=$::Key"
--- more_headers eval: "X-Key: $::Key"
--- response_body_like: (?s)^GET /t\?key=gw_.*X-Key: gw_



=== auth_request still sees the key
--- http_config eval: $::Stores
--- config
location /t {
    apigw_auth key=partners;
    auth_request /check;
    proxy_pass $TEST_NGINX_ECHO;
}
location /check {
    internal;
    if ($http_x_key = "") { return 403; }
    return 204;
}
--- more_headers eval: "X-Key: $::Key"
--- response_body_unlike: X-Key
--- error_code: 200
