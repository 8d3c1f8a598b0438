# A token bound to a key is good with a proof by that key for this request, and
# with nothing else.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth qw(echo);
use Apigw::Dpop;
use Test::Nginx::Socket 'no_plan';

our $Location = q{
    location /t {
        apigw_auth jwt=corp;
        default_type text/plain;
        alias $TEST_NGINX_TOKEN_DIR/page;
    }
};

# A slow machine may take its time between a proof and its request.
our $Slow = 'dpop_max_age 5m;';
$Apigw::Auth::Config = Apigw::Token::provider('corp', $Slow);

our $Named = Apigw::Token::provider('corp', "bind mtls dpop; $Slow");
our $Required = Apigw::Token::provider('corp', "bind dpop required; $Slow");
our $Off = Apigw::Token::provider('corp', 'bind off;');

Apigw::Token::file('page', "page\n", 0644);

run_tests();

__DATA__

=== a proof by the token's key passes
--- config eval: $::Location
--- proofs: Apigw::Dpop::headers()
--- response_body
page



=== each algorithm that is allowed passes
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- proofs
[map { Apigw::Dpop::headers(key => $_) } qw(ec256 rsa ed25519)]
--- error_code eval: [200, 200, 200]



=== another algorithm is refused until it is listed
--- config eval: $::Location
--- proofs: Apigw::Dpop::headers(key => 'ec384')
--- error_code: 401
--- response_headers
WWW-Authenticate: DPoP error="invalid_dpop_proof", error_description="the DPoP proof is not valid", algs="PS256 ES256 EdDSA", realm="api"
Content-Type: application/problem+json
--- response_body_like: "detail":"The DPoP proof is not valid\.".*"error":"invalid_dpop_proof"
--- refused: dpop_invalid
--- error_log
client sent a DPoP proof that has another "typ" or "alg"



=== dpop_algorithms lists others
--- http_config eval
Apigw::Token::provider('corp', "dpop_algorithms ES384; $::Slow")
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- proofs
[map { Apigw::Dpop::headers(key => $_) } qw(ec384 ec256)]
--- error_code eval: [200, 401]
--- refused: dpop_invalid



=== a wrong htm, htu, ath or jkt is refused
--- config eval: $::Location
--- request eval: [("GET /t") x 8]
--- proofs
[
    Apigw::Dpop::headers(method => 'POST'),
    Apigw::Dpop::headers(method => 'get'),
    Apigw::Dpop::headers(uri => 'https://localhost/other'),
    Apigw::Dpop::headers(uri => 'https://other.example/t'),
    Apigw::Dpop::headers(uri => 'http://localhost/t'),
    Apigw::Dpop::headers(claims => { ath => 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo' }),
    Apigw::Dpop::headers(claims => { ath => undef }),
    Apigw::Dpop::headers(claims => { htu => undef }),
]
--- error_code eval: [(401) x 8]
--- refused: dpop_invalid



=== a proof by another key than the token's is a fault of the token
--- config eval: $::Location
--- proofs: Apigw::Dpop::headers(bound => 'rsa', key => 'ec256')
--- error_code: 401
--- response_headers
WWW-Authenticate: DPoP error="invalid_token", error_description="the access token is not valid", algs="PS256 ES256 EdDSA", realm="api"
--- refused: binding_mismatch
--- error_log
client sent a DPoP proof that is by another key than the token's



=== a proof signed by another key than the one in it is refused
--- config eval: $::Location
--- proofs
Apigw::Dpop::headers(bound => 'rsa', key => 'rsa', sign => 'rsa2')
--- error_code: 401
--- refused: dpop_invalid
--- error_log
client sent a DPoP proof that has a bad signature



=== an old iat and one of the future are refused
--- config eval: $::Location
--- request eval: [("GET /t") x 4]
--- proofs
[
    Apigw::Dpop::headers(claims => { iat => time - 400 }),
    Apigw::Dpop::headers(claims => { iat => time + 1000 }),
    Apigw::Dpop::headers(claims => { iat => undef }),
    Apigw::Dpop::headers(claims => { iat => "1" }),
]
--- error_code eval: [401, 401, 401, 401]
--- refused: dpop_invalid



=== a proof is good for a minute, unless dpop_max_age says other
--- http_config eval
Apigw::Token::provider('corp')
    . Apigw::Token::provider('slow', "issuer https://slow.example; $::Slow")
--- config
location /t {
    apigw_auth jwt=corp,slow;
    default_type text/plain;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- request eval: [("GET /t") x 2]
--- proofs
[map { Apigw::Dpop::headers(
    claims => { iat => time - 100 },
    token => Apigw::Dpop::token('ec256', claims => { iss => $_ })) }
    $Apigw::Token::Issuer, 'https://slow.example']
--- error_code eval: [401, 200]
--- refused: dpop_invalid



=== a private or symmetric jwk, crit, and another typ are refused
--- config eval: $::Location
--- request eval: [("GET /t") x 6]
--- proofs
my $jwk = Apigw::Token::jwk('ec256', kid => undef);
[
    Apigw::Dpop::headers(header => { jwk => { %$jwk, d => 'AQAB' } }),
    Apigw::Dpop::headers(header => { jwk => { kty => 'oct', k => 'A' x 43 } }),
    Apigw::Dpop::headers(header => { jwk => undef }),
    Apigw::Dpop::headers(header => { crit => ['x'] }),
    Apigw::Dpop::headers(header => { typ => 'JWT' }),
    Apigw::Dpop::headers(header => { alg => 'none' }),
]
--- error_code eval: [(401) x 6]
--- refused: dpop_invalid



=== jti has 1 to 256 bytes
--- config eval: $::Location
--- request eval: [("GET /t") x 4]
--- proofs
[
    Apigw::Dpop::headers(claims => { jti => undef }),
    Apigw::Dpop::headers(claims => { jti => '' }),
    Apigw::Dpop::headers(claims => { jti => 'j' x 257 }),
    Apigw::Dpop::headers(claims => { jti => 'j' x 256 }),
]
--- error_code eval: [401, 401, 401, 200]
--- refused: dpop_invalid



=== no proof, two proofs and something else are refused
--- config eval: $::Location
--- request eval: [("GET /t") x 4]
--- proofs
my $token = Apigw::Dpop::token();
my $proof = Apigw::Dpop::proof(token => $token);
[
    "Authorization: DPoP $token",
    "Authorization: DPoP $token\nDPoP: $proof\nDPoP: $proof",
    "Authorization: DPoP $token\nDPoP: $proof,$proof",
    "Authorization: DPoP $token\nDPoP: x",
]
--- error_code eval: [401, 401, 401, 401]
--- refused: dpop_invalid



=== a refused proof is not used up
--- config eval: $::Location
--- request eval: ["POST /t", "GET /t", "GET /t"]
--- proofs: Apigw::Dpop::headers()
--- error_code eval: [401, 200, 401]
--- refused eval: ['dpop_invalid', '', 'dpop_replayed']



=== a bound token sent as Bearer is refused, with its proof too
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- proofs
["Authorization: Bearer " . Apigw::Dpop::token(),
 Apigw::Dpop::headers(scheme => 'Bearer')]
--- error_code eval: [401, 401]
--- response_headers eval
[('WWW-Authenticate: Bearer error="invalid_token", error_description="the access token is not valid", realm="api"') x 2]
--- refused: binding_missing



=== a bearer token sent as DPoP is refused
--- config eval: $::Location
--- proofs
Apigw::Dpop::headers(token => Apigw::Token::token())
--- error_code: 401
--- response_headers_like
WWW-Authenticate: DPoP error="invalid_token".*
--- refused: binding_missing



=== the scheme ignores case, and so does the header
--- config eval: $::Location
--- proofs
my $token = Apigw::Dpop::token();
"Authorization: dpop  $token\ndpop: " . Apigw::Dpop::proof(token => $token)
--- response_body
page



=== cnf of no known form is refused
--- config eval: $::Location
--- request eval: [("GET /t") x 6]
--- proofs
my $jkt = Apigw::Dpop::jkt('ec256');
[map { Apigw::Dpop::headers(token => Apigw::Token::token(claims => { cnf => $_ })) }
    { kid => 'x' }, { jkt => $jkt, kid => 'x' }, {}, { jkt => 'x' }, [], 'x']
--- error_code eval: [(401) x 6]
--- refused eval
[('binding_missing') x 3, ('claim_invalid') x 3]



=== bind dpop required takes no other token
--- http_config eval: $::Required
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- proofs: [Apigw::Token::bearer(), Apigw::Dpop::headers()]
--- error_code eval: [401, 200]
--- refused: binding_missing



=== bind mtls takes no token bound to a key
--- http_config eval: Apigw::Token::provider('corp', 'bind mtls;')
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- proofs: [Apigw::Token::bearer(), Apigw::Dpop::headers()]
--- error_code eval: [200, 401]
--- refused: binding_missing



=== bind off looks at nothing of it
--- http_config eval: $::Off
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- proofs
["Authorization: Bearer " . Apigw::Dpop::token(),
 "Authorization: DPoP " . Apigw::Dpop::token(),
 "Authorization: DPoP " . Apigw::Token::token()]
--- error_code eval: [200, 200, 200]



=== the challenge names DPoP first where it is named
--- http_config eval: $::Named . Apigw::Token::key_store('partners')
--- config
location /t {
    apigw_auth jwt=corp key=partners;
    apigw_require_scope orders:read;
    default_type text/plain;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- error_code: 401
--- response_headers
WWW-Authenticate: DPoP realm="api", scope="orders:read", algs="PS256 ES256 EdDSA", Bearer realm="api", scope="orders:read", ApiKey realm="api"
--- refused: token_missing



=== a fault of the token or its scope is told under the scheme it came with
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_require_scope orders:write;
    default_type text/plain;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- request eval: [("GET /t") x 2]
--- proofs
[Apigw::Dpop::headers(token => Apigw::Token::expired()),
 Apigw::Dpop::headers()]
--- error_code eval: [401, 403]
--- response_headers eval
['WWW-Authenticate: DPoP error="invalid_token", error_description="the access token is not valid", realm="api"',
 'WWW-Authenticate: DPoP error="insufficient_scope", scope="orders:write", realm="api"']
--- refused eval: ['token_expired', 'scope_insufficient']



=== htu is compared in its normal form, without the query
--- config
location ~ ^ {
    apigw_auth jwt=corp;
    proxy_pass $TEST_NGINX_ECHO;
}
--- request eval
["GET /a%7eb?x=1", "GET /a/../c", "GET /%2Fx", "GET /x//y", "GET /x//y",
 "GET /a%2Fb"]
--- proofs
[map { Apigw::Dpop::headers(uri => $_) }
    'HTTPS://LOCALHOST:443/a~b?y=2#z', 'https://localhost/%63',
    'https://localhost/%2fx', 'https://localhost/x//y',
    'https://localhost/x/y', 'https://localhost/a/b']
--- error_code eval: [200, 200, 200, 200, 401, 401]
--- refused: dpop_invalid



=== a Host that is no name of the server is refused
--- http_config eval
$::Named . q{
    server {
        listen $TEST_NGINX_SERVER_PORT default_server;
        server_name api.example.com *.wild.example .both.example pre.*
                    ~^re[0-9]+\.example$ "";
        location /t {
            apigw_auth jwt=corp;
            default_type text/plain;
            alias $TEST_NGINX_TOKEN_DIR/page;
        }
    }
}
--- config eval: ''
--- proofs: "Host: api.example.com\n" . Apigw::Dpop::headers(uri => 'https://api.example.com/t')
--- then eval
sub {
    my $ask = sub {
        my ($host, $uri) = @_;
        my $line = defined $host ? "Host: $host\n" : '';
        my $headers = $line . Apigw::Dpop::headers(uri => "https://$uri/t");
        return Apigw::Auth::status($headers =~ s/\n/\r\n/gr);
    };
    my $port = Apigw::port();

    Test::More::is($ask->(@$_), 200, "@$_") for
        ['API.Example.com:8443', 'api.example.com'],
        ['x.y.wild.example', 'x.y.wild.example'],
        ['both.example', 'both.example'],
        ['a.both.example', 'a.both.example'],
        ['pre.example', 'pre.example'],
        ['re7.example', 're7.example'],
        ['api.example.com', "api.example.com:$port"];

    Test::More::is($ask->(@$_), 401, ($_->[0] // 'no Host') . " $_->[1]") for
        ['evil.example', 'evil.example'],
        ['wild.example', 'wild.example'],
        ['xwild.example', 'xwild.example'],
        ['aboth.example', 'aboth.example'],
        ['rex.example', 'rex.example'],
        ['api.example.com', 'x.wild.example'],
        ['api.example.com', 'api.example.com:8443'],
        [undef, 'api.example.com'];

    Test::More::is(Apigw::Auth::logged('"dpop_invalid"'), 8, 'their reason');
}



=== dpop_origin lists what clients see
--- http_config eval
Apigw::Token::provider('corp',
    "$::Slow" . 'dpop_origin HTTPS://API.example.com:443 https://b.example:8443/;')
--- config eval: $::Location
--- request eval: [("GET /t") x 4]
--- proofs
[map { Apigw::Dpop::headers(uri => "https://$_/t") }
    'api.example.com', 'b.example:8443', 'localhost', 'b.example']
--- error_code eval: [200, 200, 401, 401]
--- refused: dpop_invalid



=== a location that identifies anew takes the same proof for the same request
--- http_config eval
$::Named . Apigw::Token::provider('other', 'issuer https://other.example;')
--- config
error_page 404 /again;
location = /missing {
    apigw_auth jwt=corp;
    root $TEST_NGINX_TOKEN_DIR/none;
}
location /again {
    apigw_auth jwt=corp,other;
    proxy_pass $TEST_NGINX_ECHO;
    proxy_set_header X-Consumer $apigw_consumer;
}
--- request eval: ["POST /missing", "POST /missing"]
--- proofs
Apigw::Dpop::headers(uri => 'https://localhost/missing', method => 'POST')
--- error_code eval: [404, 401]
--- response_body_like eval: ['X-Consumer: shop', 'dpop_proof']
--- refused eval: ['', 'dpop_replayed']



=== strip takes the proof off with the token
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_auth_forward token=strip;
    proxy_pass $TEST_NGINX_ECHO;
}
--- proofs: Apigw::Dpop::headers()
--- response_body_unlike: DPoP



=== HTTP/2 carries proofs as well
--- http2
--- config eval: $::Location
--- proofs: Apigw::Dpop::headers()
--- response_body
page



=== token and proof are in no log line and no answer
--- config eval: $::Location
--- proofs
Apigw::Dpop::headers(claims => { jti => 'secret-jti' }, method => 'PUT')
--- error_code: 401
--- response_body_unlike: eyJ|secret-jti
--- no_error_log
[alert]
[crit]
eyJ
secret-jti
