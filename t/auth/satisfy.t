# satisfy any and all, beside every stock check of the access phase.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use MIME::Base64 qw(encode_base64);
use Test::Nginx::Socket 'no_plan';

our $Page = 'alias $TEST_NGINX_TOKEN_DIR/page;';
our $Basic = 'Authorization: Basic ' . encode_base64('bob:secret', '');
our $Key = 'X-API-Key: ' . Apigw::Token::api_key('acme0001');

Apigw::Token::file('page', "page\n", 0644);
Apigw::Token::file('htpasswd', "bob:{PLAIN}secret\n", 0644);

our $AuthBasic = "auth_basic stock; "
                 . "auth_basic_user_file $Apigw::Token::Dir/htpasswd;";

run_tests();

__DATA__

=== any: auth or allow, one is enough
--- config eval
"satisfy any; apigw_auth jwt=corp;
location /allow { allow all; $::Page }
location /deny { deny all; $::Page }"
--- request eval
["GET /allow", "GET /deny", "GET /deny", "GET /allow"]
--- more_headers eval
['', '', Apigw::Token::bearer(), 'Authorization: Bearer x']
--- error_code eval: [200, 401, 200, 200]
--- raw_response_headers_unlike eval
['WWW-Authenticate', 'X-Never', 'WWW-Authenticate', 'WWW-Authenticate']



=== any: a refusal that was overruled leaves no reason behind
--- config eval
"location /t { satisfy any; apigw_auth jwt=corp; allow all;
    add_header X-Reason \"[\$apigw_reject_module\$apigw_reject_reason]\";
    add_header X-Status \$apigw_auth_status;
    $::Page }"
--- more_headers
Authorization: Bearer x
--- response_headers
X-Reason: []
X-Status: rejected
--- error_code: 200
--- error_log
reason "token_malformed"



=== all: auth and allow, both
--- config eval
"satisfy all; apigw_auth jwt=corp;
location /allow { allow all; $::Page }
location /deny { deny all; $::Page }"
--- request eval
["GET /allow", "GET /deny", "GET /deny", "GET /allow"]
--- more_headers eval
['', '', Apigw::Token::bearer(), Apigw::Token::bearer()]
--- error_code eval: [401, 401, 403, 200]



=== any: auth or auth_basic
--- config eval
"location /t { satisfy any; apigw_auth key=partners; $::AuthBasic $::Page }"
--- request eval: [("GET /t") x 4]
--- more_headers eval: ['', $::Basic, $::Key, "$::Basic\n$::Key"]
--- error_code eval: [401, 200, 200, 200]
--- raw_response_headers_like eval
['(?s)Basic realm="stock".*ApiKey realm="api"|(?s)ApiKey.*Basic', '200', '200',
 '200']
--- raw_response_headers_unlike eval
['X-Never', 'WWW-Authenticate', 'WWW-Authenticate', 'WWW-Authenticate']



=== all: auth and auth_basic
--- config eval
"location /t { satisfy all; apigw_auth key=partners; $::AuthBasic $::Page }"
--- request eval: [("GET /t") x 4]
--- more_headers eval: ['', $::Basic, $::Key, "$::Basic\n$::Key"]
--- error_code eval: [401, 401, 401, 200]
--- response_headers eval
['WWW-Authenticate: ApiKey realm="api"', 'WWW-Authenticate: ApiKey realm="api"',
 'WWW-Authenticate: Basic realm="stock"', 'WWW-Authenticate: ']



=== any and all with auth_request
--- config eval
"location /any { satisfy any; apigw_auth key=partners; auth_request /check;
    $::Page }
location /all { apigw_auth key=partners; auth_request /check; $::Page }
location /check { internal; if (\$http_x_ok) { return 204; } return 403; }"
--- request eval
["GET /any", "GET /any", "GET /any", "GET /all", "GET /all", "GET /all"]
--- more_headers eval
['', 'X-Ok: 1', $::Key, 'X-Ok: 1', $::Key, "X-Ok: 1\n$::Key"]
--- error_code eval: [401, 200, 200, 401, 403, 200]



=== any: a request that cannot be read ends at once
--- config eval
"location /t { satisfy any; apigw_auth jwt=corp; allow all; $::Page }"
--- more_headers
Authorization: Bearer
--- error_code: 400
--- refused: credential_malformed



=== any: a scope that lacks falls through
--- config eval
"satisfy any; apigw_auth jwt=corp; apigw_require_scope admin;
location /allow { allow all; $::Page }
location /deny { deny all; $::Page }"
--- request eval: ["GET /allow", "GET /deny"]
--- more_headers eval: [Apigw::Token::bearer(), Apigw::Token::bearer()]
--- error_code eval: [200, 403]



=== any: anonymous does not open what "deny all" closes
--- config eval
"satisfy any; apigw_auth jwt=corp; apigw_auth_anonymous consumer=guest;
location /deny { deny all; $::Page }
location /t { $::Page }"
--- request eval: ["GET /deny", "GET /deny", "GET /t"]
--- more_headers eval: ['', Apigw::Token::bearer(), '']
--- error_code eval: [403, 200, 200]



=== anonymous passes where nothing is required, never with a bad token
--- config eval
"apigw_auth jwt=corp; apigw_auth_anonymous consumer=guest;
location /t { add_header X-Who \"\$apigw_consumer \$apigw_auth_method"
. " \$apigw_auth_status\"; $::Page }
location /scope { apigw_require_scope a; $::Page }
location /value { apigw_require \$arg_x; $::Page }
location /off { apigw_auth_anonymous off; $::Page }"
--- request eval
["GET /t", "GET /t", "GET /scope", "GET /value?x=1", "GET /off"]
--- more_headers eval: ['', 'Authorization: Bearer x', '', '', '']
--- error_code eval: [200, 401, 401, 401, 401]
--- response_headers eval
['X-Who: guest anonymous anonymous', 'X-Who: ',
 'WWW-Authenticate: Bearer realm="api", scope="a"',
 'WWW-Authenticate: Bearer realm="api"', 'WWW-Authenticate: Bearer realm="api"']
