# apigw_auth_dry_run on: decide, log, tell in variables, let pass.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth qw(echo);
use Test::Nginx::Socket 'no_plan';

our $Show = 'add_header X-Show "[$apigw_dry_run_module|$apigw_dry_run_reason|'
            . '$apigw_reject_reason|$apigw_auth_status|$apigw_consumer]" '
            . 'always; alias $TEST_NGINX_TOKEN_DIR/page;';

Apigw::Token::file('page', "page\n", 0644);

run_tests();

__DATA__

=== every failure passes and is told
--- config eval
"apigw_auth jwt=corp; apigw_auth_dry_run on;
location /t { $::Show }
location /scope { apigw_require_scope admin; $::Show }"
--- request eval: ["GET /t", "GET /t", "GET /t", "GET /scope", "GET /t"]
--- more_headers eval
['', 'Authorization: Bearer x', 'Authorization: Bearer',
 Apigw::Token::bearer(), Apigw::Token::bearer()]
--- error_code eval: [(200) x 5]
--- response_headers eval
['X-Show: [auth|token_missing||missing_dry_run|]',
 'X-Show: [auth|token_malformed||rejected_dry_run|]',
 'X-Show: [auth|credential_malformed||rejected_dry_run|]',
 'X-Show: [auth|scope_insufficient||rejected_dry_run|shop]',
 'X-Show: [|||ok|shop]']
--- raw_response_headers_unlike eval: [('WWW-Authenticate') x 5]



=== the log says that it would have been refused
--- config eval: "location /t { apigw_auth jwt=corp; apigw_auth_dry_run on; $::Show }"
--- error_code: 200
--- error_log
apigw_auth: client would be refused (dry run), reason "token_missing"



=== it opens nothing that another check closes
--- config eval
"apigw_auth jwt=corp; apigw_auth_dry_run on;
location /any { satisfy any; deny all; $::Show }
location /all { deny all; $::Show }"
--- request eval: ["GET /any", "GET /all", "GET /any"]
--- more_headers eval: ['', '', Apigw::Token::bearer()]
--- error_code eval: [403, 403, 200]



=== identity headers of a client are taken off all the same
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_auth_dry_run on;
    apigw_auth_set_header X-Consumer "is $apigw_consumer";
    proxy_pass $TEST_NGINX_ECHO;
}
--- more_headers
X-Consumer: evil
--- response_body_unlike: X-Consumer



=== inherited, and switched off below
--- config eval
"apigw_auth jwt=corp; apigw_auth_dry_run on;
location /t { $::Show }
location /u { apigw_auth_dry_run off; $::Show }"
--- request eval: ["GET /t", "GET /u"]
--- error_code eval: [200, 401]
