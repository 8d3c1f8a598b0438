# apigw_require_scope, _role, _group, _consumer: whole names, whoever has them
# in one form or another, and nothing that only looks like one.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Test::Nginx::Socket 'no_plan';

sub location {
    my ($require, $path) = @_;
    $path //= '/t';
    return "location $path { apigw_auth jwt=corp; $require"
           . " alias $Apigw::Token::Dir/page; }\n";
}

Apigw::Token::file('page', "page\n", 0644);

run_tests();

__DATA__

=== a scope in a string or an array, whole
--- config eval: main::location('apigw_require_scope orders:read;')
--- request eval: [("GET /t") x 13]
--- more_headers eval
[map { Apigw::Token::bearer(claims => { scope => undef, %$_ }) }
    { scope => 'orders:read' }, { scope => 'a orders:read b' },
    { scope => ['a', 'orders:read'] }, { scp => ['orders:read'] },
    { scp => 'orders:read' }, {}, { scope => '' },
    { scope => 'not-orders:read' }, { scope => 'orders:read-not' },
    { scope => "a,orders:read" }, { scope => ['a orders:read'] },
    { scope => { 'orders:read' => 1 } }, { scope => 'Orders:Read' }]
--- error_code eval: [(200) x 5, (403) x 8]
--- refused: scope_insufficient



=== a tab separates no scopes
--- config eval: main::location('apigw_require_scope orders:read;')
--- more_headers eval
Apigw::Token::bearer(claims => { scope => "a\torders:read" })
--- error_code: 403
--- refused: identity_unsafe



=== the first scope claim that is there counts, even if it says less
--- config eval: main::location('apigw_require_scope orders:read;')
--- more_headers eval
Apigw::Token::bearer(claims => { scope => 'a', scp => 'orders:read' })
--- error_code: 403
--- refused: scope_insufficient



=== a scope claim that is null is not there
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_require_scope orders:read;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
location /u {
    apigw_auth jwt=corp;
    apigw_auth_set_header X-Scope $apigw_scope;
    apigw_require_scope orders:read;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- request eval: ["GET /t", "GET /u"]
--- more_headers eval
my $claims = Apigw::Token::claims(scp => 'orders:read');
$claims->{scope} = undef;
[(Apigw::Token::bearer(payload => JSON::PP::encode_json($claims))) x 2]
--- error_code eval: [200, 200]



=== several scopes: all of them, or any
--- config eval
main::location('apigw_require_scope a b;', '/default')
. main::location('apigw_require_scope a b all;', '/all')
. main::location('apigw_require_scope a b any;', '/any')
--- request eval
["GET /default", "GET /default", "GET /all", "GET /all", "GET /any",
 "GET /any", "GET /any"]
--- more_headers eval
[map { Apigw::Token::bearer(claims => { scope => $_ }) }
    'b c a', 'a', 'a b', 'b', 'a', 'b', 'c']
--- error_code eval: [200, 403, 200, 403, 200, 200, 403]
--- refused: scope_insufficient



=== "any" alone is a scope of that name
--- config eval: main::location('apigw_require_scope any;')
--- request eval: [("GET /t") x 2]
--- more_headers eval
[map { Apigw::Token::bearer(claims => { scope => $_ }) } 'any', 'x']
--- error_code eval: [200, 403]



=== the answer names the scope that is needed
--- config eval: main::location('apigw_require_scope a b; apigw_require_scope b c;')
--- more_headers eval: Apigw::Token::bearer(claims => { scope => 'a' })
--- error_code: 403
--- response_headers
WWW-Authenticate: Bearer error="insufficient_scope", scope="a b c", realm="api"
Content-Type: application/problem+json
--- response_body_like: "title":"Forbidden","status":403,.*"error":"insufficient_scope"



=== another claim may hold the scopes
--- http_config eval
Apigw::Token::provider('corp', 'scope_claim .access.scopes;')
--- config eval: main::location('apigw_require_scope a;')
--- request eval: [("GET /t") x 2]
--- more_headers eval
[map { Apigw::Token::bearer(claims => $_) }
    { access => { scopes => ['a'] } }, { scope => 'a' }]
--- error_code eval: [200, 403]



=== a role, one of several
--- config eval: main::location('apigw_require_role admin editor;')
--- request eval: [("GET /t") x 6]
--- more_headers eval
[map { Apigw::Token::bearer(claims => { roles => $_ }) }
    ['admin'], 'x editor', ['not-admin'], 'administrator', ['admin, x'], undef]
--- error_code eval: [200, 200, 403, 403, 403, 403]
--- raw_response_headers_unlike eval: [('WWW-Authenticate') x 6]
--- refused: role_insufficient



=== roles where another server puts them
--- http_config eval
Apigw::Token::provider('corp', 'role_claim .realm_access.roles roles;')
--- config eval: main::location('apigw_require_role admin;')
--- request eval: [("GET /t") x 2]
--- more_headers eval
[map { Apigw::Token::bearer(claims => $_) }
    { realm_access => { roles => ['admin'] } }, { roles => ['admin'] }]
--- error_code eval: [200, 200]



=== a group, one of several
--- config eval: main::location('apigw_require_group ops;')
--- request eval: [("GET /t") x 2]
--- more_headers eval
[map { Apigw::Token::bearer(claims => { groups => $_ }) } ['ops'], ['devops']]
--- error_code eval: [200, 403]
--- refused: group_insufficient



=== a consumer, one of several
--- config eval: main::location('apigw_require_consumer shop app;')
--- request eval: [("GET /t") x 3]
--- more_headers eval
[map { Apigw::Token::bearer(claims => { azp => $_ }) } 'shop', 'app', 'other']
--- error_code eval: [200, 200, 403]
--- refused: consumer_denied



=== the consumer is the first claim with a non-empty string, prefixed
--- http_config eval
Apigw::Token::provider('corp',
    'consumer_claim ext client_id sub; consumer_prefix corp/;')
--- config eval
main::location('add_header X-Consumer $apigw_consumer;')
--- request eval: [("GET /t") x 4]
--- more_headers eval
[map { Apigw::Token::bearer(claims => $_) }
    { ext => 'e' }, { ext => '', client_id => 'c' },
    { ext => 7, client_id => ['x'] }, { sub => undef }]
--- response_headers eval
['X-Consumer: corp/e', 'X-Consumer: corp/c', 'X-Consumer: corp/alice',
 'X-Consumer: ']
--- error_code eval: [200, 200, 200, 200]



=== levels add up: http, server, location
--- http_config eval
"$Apigw::Auth::Config apigw_auth jwt=corp; apigw_require_scope a;"
--- config
apigw_require_scope b;
location /plain { alias $TEST_NGINX_TOKEN_DIR/page; }
location /t {
    apigw_require_scope c;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- request eval: ["GET /plain", "GET /plain", "GET /t", "GET /t"]
--- more_headers eval
[map { Apigw::Token::bearer(claims => { scope => $_ }) }
    'a b', 'b', 'a b c', 'a c']
--- error_code eval: [200, 403, 200, 403]
--- refused: scope_insufficient



=== apigw_require_reset drops what was inherited
--- config
apigw_auth jwt=corp;
apigw_require_scope admin;
location /t {
    apigw_require_reset;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
location /u {
    apigw_require_reset;
    apigw_require_scope orders:read;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
location /v { alias $TEST_NGINX_TOKEN_DIR/page; }
--- request eval: ["GET /t", "GET /u", "GET /v", "GET /t"]
--- more_headers eval: [(Apigw::Token::bearer()) x 3, '']
--- error_code eval: [200, 200, 403, 401]



=== apigw_auth off drops them too, below it as well
--- config
apigw_auth jwt=corp;
apigw_require_scope admin;
location /t {
    apigw_auth off;
    alias $TEST_NGINX_TOKEN_DIR/page;
    location /t/in {
        apigw_auth jwt=corp;
        alias $TEST_NGINX_TOKEN_DIR/page;
    }
}
--- request eval: ["GET /t", "GET /t/in", "GET /t/in"]
--- more_headers eval: ['', Apigw::Token::bearer(), '']
--- error_code eval: [200, 200, 401]



=== limit_except asks more of writers
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_require_scope orders:read;
    limit_except GET {
        apigw_require_scope orders:write;
    }
    proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up;
}
location /up {
    return 200 up;
}
--- request eval: ["GET /t", "POST /t", "POST /t"]
--- more_headers eval
[map { Apigw::Token::bearer(claims => { scope => $_ }) }
    'orders:read', 'orders:read', 'orders:read orders:write']
--- error_code eval: [200, 403, 200]
--- refused: scope_insufficient



=== limit_except asks writers alone
--- config
location /t {
    limit_except GET {
        apigw_auth jwt=corp;
    }
    proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up;
}
location /up { return 200 up; }
--- request eval: ["GET /t", "PUT /t", "PUT /t"]
--- more_headers eval: ['', '', Apigw::Token::bearer()]
--- error_code eval: [200, 401, 200]



=== an if block asks for what its location asks
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_require_scope orders:read;
    if ($arg_x) { add_header X-If yes; }
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- request eval: ["GET /t?x=1", "GET /t?x=1"]
--- more_headers eval
['', Apigw::Token::bearer(claims => { scope => 'a' })]
--- error_code eval: [401, 403]
