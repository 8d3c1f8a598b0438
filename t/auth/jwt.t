# A request with a good token of a listed provider passes; any fault of the
# token answers 401, and what cannot be read 400.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Test::Nginx::Socket 'no_plan';

our $Location = q{
    location /page {
        apigw_auth jwt=corp;
        default_type text/plain;
        alias $TEST_NGINX_TOKEN_DIR/page;
    }
};

Apigw::Token::file('page', "page\n", 0644);

run_tests();

__DATA__

=== a good token passes
--- config eval: $::Location
--- request
GET /page
--- more_headers eval: Apigw::Token::bearer()
--- response_body
page



=== a request without a token is refused with 401
--- config eval: $::Location
--- request
GET /page
--- error_code: 401
--- response_headers
Content-Type: application/problem+json
Cache-Control: no-store
WWW-Authenticate: Bearer realm="api"
--- response_body_like chomp
^\{"type":"about:blank","title":"Unauthorized","status":401,"detail":"The request carries no credentials\.","instance":"[0-9a-f]{32}"\}$
--- error_log
apigw_auth: client refused, reason "token_missing", by "-"



=== an expired token is refused with 401 and its reason
--- config eval: $::Location
--- request
GET /page
--- more_headers eval: "Authorization: Bearer " . Apigw::Token::expired()
--- error_code: 401
--- response_body_like: "error":"invalid_token"
--- refused: token_expired



=== a token whose signature was changed is refused
--- config eval: $::Location
--- request
GET /page
--- more_headers eval
my $token = Apigw::Token::token();
$token =~ s/(.)(.{40})$/($1 eq 'A' ? 'B' : 'A') . $2/e;
"Authorization: Bearer $token"
--- error_code: 401
--- refused: signature_invalid



=== a token whose payload was changed is refused
--- config eval: $::Location
--- request
GET /page
--- more_headers eval
my @token = split /\./, Apigw::Token::token();
$token[1] = (split /\./, Apigw::Token::token(claims => { sub => 'root' }))[1];
"Authorization: Bearer " . CORE::join '.', @token
--- error_code: 401
--- refused: signature_invalid



=== a token of another key under our kid is refused
--- config eval: $::Location
--- request
GET /page
--- more_headers eval
Apigw::Token::bearer(key => 'rsa2', header => { kid => 'rsa' })
--- error_code: 401
--- refused: signature_invalid



=== an unknown kid is refused
--- config eval: $::Location
--- request
GET /page
--- more_headers eval: Apigw::Token::bearer(header => { kid => 'other' })
--- error_code: 401
--- refused: kid_unknown



=== a token without kid takes the only key that fits
--- config eval: $::Location
--- request
GET /page
--- more_headers eval: Apigw::Token::bearer(header => { kid => undef })
--- response_body
page



=== a token without kid is refused where two keys fit
--- http_config eval: Apigw::Token::provider('corp', '', 'rsa', 'rsa2')
--- config eval: $::Location
--- request
GET /page
--- more_headers eval: Apigw::Token::bearer(header => { kid => undef })
--- error_code: 401
--- refused: kid_unknown



=== kid is not a path
--- config eval: $::Location
--- request
GET /page
--- more_headers eval
Apigw::Token::bearer(header => { kid => '../../../etc/passwd' })
--- error_code: 401
--- refused: kid_unknown



=== kid as a number is malformed
--- config eval: $::Location
--- request
GET /page
--- more_headers eval: Apigw::Token::bearer(header => { kid => 1 })
--- error_code: 401
--- refused: token_malformed



=== kid as an array is malformed
--- config eval: $::Location
--- request
GET /page
--- more_headers eval: Apigw::Token::bearer(header => { kid => ['rsa'] })
--- error_code: 401
--- refused: token_malformed



=== kid with a quote and a NUL does not harm
--- config eval: $::Location
--- request
GET /page
--- more_headers eval
Apigw::Token::bearer(
    header => '{"alg":"RS256","kid":"rsa\"\u0000\n","typ":"JWT"}')
--- error_code: 401
--- refused: token_malformed



=== a kid of 10 kB, or empty, is another's
--- http_config eval
Apigw::Token::provider('corp', 'max_token_size 64k;')
--- config eval: "large_client_header_buffers 4 64k; $::Location"
--- request eval: [("GET /page") x 3]
--- more_headers eval
[map { Apigw::Token::bearer(header => { kid => $_ }) }
    'x' x 10240, '', 'rsa' . ' ' x 10240]
--- error_code eval: [(401) x 3]
--- refused: kid_unknown



=== a token from an unknown issuer is refused
--- config eval: $::Location
--- request
GET /page
--- more_headers eval
Apigw::Token::bearer(claims => { iss => 'https://evil.example.com' })
--- error_code: 401
--- refused: issuer_unknown



=== a trailing slash makes another issuer
--- config eval: $::Location
--- request
GET /page
--- more_headers eval
Apigw::Token::bearer(claims => { iss => "$Apigw::Token::Issuer/" })
--- error_code: 401
--- refused: issuer_unknown



=== a token without issuer is refused
--- config eval: $::Location
--- request
GET /page
--- more_headers eval: Apigw::Token::bearer(claims => { iss => undef })
--- error_code: 401
--- refused: issuer_unknown



=== an issuer that is no string, or empty, is unknown
--- config eval: $::Location
--- request eval: [("GET /page") x 6]
--- more_headers eval
[map { Apigw::Token::bearer(payload => qq({"iss":$_,"exp":4000000000})) }
    'null', '1', 'true', '""', qq(["$Apigw::Token::Issuer"]),
    qq({"a":"$Apigw::Token::Issuer"})]
--- error_code eval: [(401) x 6]
--- refused: issuer_unknown



=== each issuer's tokens are checked with its own keys
--- http_config eval
Apigw::Token::provider('corp') . Apigw::Token::provider('other',
    'issuer https://other.example.com;', Apigw::Token::jwk('rsa2',
                                                           kid => 'rsa'))
--- config
location /page {
    apigw_auth jwt=corp,other;
    alias $TEST_NGINX_TOKEN_DIR/page;
    add_header X-By $apigw_auth_provider;
}
--- request eval: [("GET /page") x 3]
--- more_headers eval
my $other = { iss => 'https://other.example.com' };
[
    Apigw::Token::bearer(),
    Apigw::Token::bearer(claims => $other, key => 'rsa2',
                         header => { kid => 'rsa' }),
    Apigw::Token::bearer(claims => $other),
]
--- error_code eval: [200, 200, 401]
--- response_headers eval: ['X-By: corp', 'X-By: other', 'X-By: ']



=== five parts are an encrypted token, which is not supported
--- config eval: $::Location
--- request
GET /page
--- more_headers
Authorization: Bearer eyJhbGciOiJkaXIifQ.a.b.c.d
--- error_code: 401
--- response_headers_like
WWW-Authenticate: Bearer error="invalid_token".*
--- refused: jwe_unsupported



=== what is no token at all is refused
--- config eval: $::Location
--- request eval: [("GET /page") x 6]
--- more_headers eval
my @token = split /\./, Apigw::Token::token();
[map { "Authorization: Bearer $_" }
    'x', 'a.b', 'a.b.c.d', "$token[0].$token[1].", "$token[0]..$token[2]",
    ".$token[1].$token[2]"]
--- error_code eval: [(401) x 6]
--- response_headers_like eval
[('WWW-Authenticate: Bearer error="invalid_token".*') x 6]
--- refused: token_malformed



=== other spellings of base64 are refused
--- config eval: $::Location
--- request eval: [("GET /page") x 3]
--- more_headers eval
my @token = split /\./, Apigw::Token::token();
my @padded = @token;
$padded[2] .= '==';
my @bits = @token;
$bits[2] =~ s/(.)$/chr(ord($1) + 1)/e;
my @standard = @token;
$standard[2] =~ tr{-_}{+/};
$standard[2] = '+' . substr $standard[2], 1;
[map { 'Authorization: Bearer ' . CORE::join '.', @$_ } \@padded, \@bits, \@standard]
--- error_code eval: [401, 401, 401]
--- refused: token_malformed



=== a token above max_token_size is refused
--- http_config eval: Apigw::Token::provider('corp', 'max_token_size 600;')
--- config eval: $::Location
--- request eval: [("GET /page") x 2]
--- more_headers eval
[
    Apigw::Token::bearer(claims => { pad => 'x' x 300 }),
    Apigw::Token::bearer(claims => { scope => undef, azp => undef }),
]
--- error_code eval: [401, 200]
--- refused: token_too_large



=== the scheme's case and the number of spaces do not matter
--- config eval: $::Location
--- request eval: [("GET /page") x 3]
--- more_headers eval
my $token = Apigw::Token::token();
["Authorization: bearer $token", "Authorization: BEARER   $token",
 "authorization: Bearer $token "]
--- error_code eval: [200, 200, 200]



=== Bearer without a token, with a tab or a space inside cannot be read
--- config eval: $::Location
--- request eval: [("GET /page") x 5]
--- more_headers eval
my $token = Apigw::Token::token();
["Authorization: Bearer", "Authorization: Bearer\t$token",
 "Authorization: Bearer $token x", "Authorization: Bearer $token,",
 "Authorization: Bearer =$token"]
--- error_code eval: [(400) x 5]
--- response_headers_like eval
[('WWW-Authenticate: Bearer error="invalid_request".*') x 5]
--- response_body_like eval: [('"error":"invalid_request"') x 5]
--- refused: credential_malformed



=== nginx itself refuses two Authorization headers
--- config eval: $::Location
--- request
GET /page
--- more_headers eval
my $token = Apigw::Token::token();
"Authorization: Bearer $token\nAuthorization: Bearer $token"
--- error_code: 400



=== other schemes are nothing presented
--- config eval: $::Location
--- request eval: [("GET /page") x 4]
--- more_headers eval
["Authorization: Basic YTpi", "Authorization: Digest x",
 "Authorization: BearerX y", "Authorization: DPoPx " . Apigw::Token::token()]
--- error_code eval: [(401) x 4]
--- refused: token_missing



=== a token bound to a key or a certificate is no bearer token
--- config eval: $::Location
--- request eval: [("GET /page") x 3]
--- more_headers eval
[map { Apigw::Token::bearer(claims => { cnf => $_ }) }
    { jkt => 'A' x 43 }, { 'x5t#S256' => 'A' x 43 }, {}]
--- error_code eval: [401, 401, 401]
--- refused: binding_missing



=== the token is in neither the answer nor our log lines
--- config eval: $::Location
--- request
GET /page
--- more_headers eval
"Authorization: Bearer " . ($::Token = Apigw::Token::expired())
--- error_code: 401
--- response_body_unlike eval: quotemeta((split /\./, $::Token)[1])
--- no_error_log eval
["[alert]", "[crit]", (split /\./, $::Token)[1], (split /\./, $::Token)[2]]
