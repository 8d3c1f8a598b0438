# How a refusal is told: one row for each way to fail, one challenge line.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Test::Nginx::Socket 'no_plan';

our $Page = 'alias $TEST_NGINX_TOKEN_DIR/page;';

Apigw::Token::file('page', "page\n", 0644);

run_tests();

__DATA__

=== nothing presented, tokens allowed
--- config eval: "location /t { apigw_auth jwt=corp; $::Page }"
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="api"
Content-Type: application/problem+json
Cache-Control: no-store
--- response_body_like chomp
^\{"type":"about:blank","title":"Unauthorized","status":401,"detail":"The request carries no credentials\.","instance":"[0-9a-f]{32}"\}$



=== nothing presented, keys allowed
--- config eval: "location /t { apigw_auth key=partners; $::Page }"
--- error_code: 401
--- response_headers
WWW-Authenticate: ApiKey realm="api"



=== nothing presented, both allowed: one line, ApiKey last
--- config eval: "location /t { apigw_auth key=partners jwt=corp; $::Page }"
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="api", ApiKey realm="api"
--- raw_response_headers_unlike: WWW-Authenticate.*WWW-Authenticate



=== nothing presented, with the scope that would be needed
--- config eval
"location /t { apigw_auth jwt=corp; apigw_require_scope a b; $::Page }"
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="api", scope="a b"



=== a realm of its own, quoted
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_auth_realm 'my "api" \\ 1';
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="my \"api\" \\ 1"



=== a bad token
--- config eval: "location /t { apigw_auth jwt=corp key=partners; $::Page }"
--- more_headers
Authorization: Bearer x
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer error="invalid_token", error_description="the access token is not valid", realm="api"
--- response_body_like chomp
^\{"type":"about:blank","title":"Unauthorized","status":401,"detail":"The access token is not valid\.","instance":"[0-9a-f]{32}","error":"invalid_token"\}$



=== what cannot be read
--- config eval: "location /t { apigw_auth jwt=corp; $::Page }"
--- more_headers
Authorization: Bearer
--- error_code: 400
--- response_headers_like
WWW-Authenticate: Bearer error="invalid_request", .*
--- response_body_like: "title":"Bad Request","status":400,.*"error":"invalid_request"



=== two keys where only keys are allowed
--- config eval: "location /t { apigw_auth key=partners; $::Page }"
--- more_headers
X-API-Key: a
X-API-Key: b
--- error_code: 400
--- response_headers
WWW-Authenticate: ApiKey realm="api"



=== answers to different bad tokens differ in nothing but the request id
--- config eval: "location /t { apigw_auth jwt=corp; $::Page }"
--- request eval: [("GET /t") x 4]
--- more_headers eval
['Authorization: Bearer x', 'Authorization: Bearer ' . Apigw::Token::expired(),
 Apigw::Token::bearer(header => { kid => 'x' }),
 Apigw::Token::bearer(claims => { iss => 'x' })]
--- error_code eval: [(401) x 4]
--- response_body_filters eval
sub { my $body = shift; $body =~ s/[0-9a-f]{32}/ID/; $body }
--- response_body eval
[('{"type":"about:blank","title":"Unauthorized","status":401,'
  . '"detail":"The access token is not valid.","instance":"ID",'
  . '"error":"invalid_token"}') x 4]



=== nginx's own page with apigw_auth_error off, the challenge stays
--- config eval
"location /t { apigw_auth jwt=corp; apigw_auth_error off; $::Page }"
--- error_code: 401
--- response_headers
Content-Type: text/html
WWW-Authenticate: Bearer realm="api"
--- response_body_like: <h1>401 Authorization Required</h1>



=== apigw_auth_error is inherited and overridden
--- config eval
"apigw_auth jwt=corp; apigw_auth_error off;
location /t { $::Page }
location /u { apigw_auth_error problem; $::Page }"
--- request eval: ["GET /t", "GET /u"]
--- error_code eval: [401, 401]
--- response_headers eval
['Content-Type: text/html', 'Content-Type: application/problem+json']



=== the log level of client faults
--- config eval
"location /t { apigw_auth jwt=corp; apigw_auth_log_level warn; $::Page }"
--- error_code: 401
--- error_log eval
qr/\[warn\] .*apigw_auth: client refused, reason "token_missing"/



=== the log level is inherited
--- http_config eval: "$Apigw::Auth::Config apigw_auth_log_level error;"
--- config eval: "apigw_auth jwt=corp; location /t { $::Page }"
--- error_code: 401
--- error_log eval: qr/\[error\] .*apigw_auth: client refused/



=== and replaced below
--- http_config eval: "$Apigw::Auth::Config apigw_auth_log_level error;"
--- config eval
"apigw_auth jwt=corp; location /t { apigw_auth_log_level notice; $::Page }"
--- error_code: 401
--- error_log eval: qr/\[notice\] .*apigw_auth: client refused/



=== the realm is inherited, and replaced below
--- http_config eval: "$Apigw::Auth::Config apigw_auth_realm outer;"
--- config eval
"apigw_auth jwt=corp;
location /t { $::Page }
location /u { apigw_auth_realm inner; $::Page }"
--- request eval: ["GET /t", "GET /u"]
--- error_code eval: [401, 401]
--- response_headers eval
['WWW-Authenticate: Bearer realm="outer"',
 'WWW-Authenticate: Bearer realm="inner"']



=== the default level is info
--- config eval: "location /t { apigw_auth jwt=corp; $::Page }"
--- error_code: 401
--- error_log eval: qr/\[info\] .*apigw_auth: client refused/



=== the reject variables say who and why
--- http_config eval
$Apigw::Auth::Config . 'log_format why "why: $apigw_reject_module '
. '$apigw_reject_reason $apigw_auth_status $apigw_auth_error";'
--- config eval
"access_log $Apigw::Token::Dir/why.log why;
location /t { apigw_auth jwt=corp; $::Page }
location /log { access_log off; alias $Apigw::Token::Dir/why.log; }"
--- request eval: ["GET /t", "GET /log"]
--- error_code eval: [401, 200]
--- response_body_like eval
['status', 'why: auth token_missing missing token_missing']



=== HEAD has the length and no body
--- config eval: "location /t { apigw_auth jwt=corp; $::Page }"
--- request
HEAD /t
--- error_code: 401
--- response_headers_like
Content-Length: 1\d\d
Content-Type: application/problem\+json
--- response_body



=== the connection stays after a refusal
--- config eval: "location /t { apigw_auth jwt=corp; $::Page }"
--- pipelined_requests eval: ["GET /t", "GET /t"]
--- more_headers eval: ['', Apigw::Token::bearer()]
--- error_code eval: [401, 200]
--- response_body_like eval: ['Unauthorized', '^page$']



=== a refused POST with a body keeps the connection usable
--- config eval: "location /t { apigw_auth jwt=corp; $::Page }"
--- pipelined_requests eval
["POST /t\n" . 'x' x 5000, "GET /t"]
--- more_headers eval: ['', Apigw::Token::bearer()]
--- error_code eval: [401, 200]



=== the document is not gzipped into something else, nor ranged
--- config eval
"location /t { gzip on; gzip_types *; gzip_min_length 0;
    apigw_auth jwt=corp; $::Page }"
--- more_headers
Range: bytes=0-3
--- error_code: 401
--- response_body_like: ^\{"type"
