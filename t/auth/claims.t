# A token's claims: dates, audience, what is required, and JSON that must be
# read in one way only.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Test::Nginx::Socket 'no_plan';

our $Location = q{
    location /t {
        apigw_auth jwt=corp;
        alias $TEST_NGINX_TOKEN_DIR/page;
    }
};

Apigw::Token::file('page', "page\n", 0644);

# Payload text around the good claims.
sub payload {
    my ($text) = @_;
    my $now = time;

    return qq({"iss":"$Apigw::Token::Issuer","aud":"$Apigw::Token::Audience",)
           . qq("iat":$now,"sub":"alice",$text});
}

our @Soon = ('"exp":' . (time + 3600));

run_tests();

__DATA__

=== exp is required and must be a date
--- config eval: $::Location
--- request eval: [("GET /t") x 10]
--- more_headers eval
my $exp = time + 3600;
[Apigw::Token::bearer(claims => { exp => undef }),
 map { Apigw::Token::bearer(payload => main::payload(qq("exp":$_))) }
    qq("$exp"), -1, '1e400', '9007199254740993', 'null', 'true', '[1]',
    "$exp.5", $exp]
--- error_code eval: [401, 401, 401, 401, 401, 401, 401, 401, 200, 200]
--- refused eval
['claim_missing', ('claim_invalid') x 4, 'claim_missing', ('claim_invalid') x 2]



=== a date of 2039 and one with an exponent are dates
--- http_config eval: Apigw::Token::provider('corp', 'max_lifetime off;')
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- more_headers eval
[map { Apigw::Token::bearer(payload => main::payload(qq("exp":$_))) }
    2177452800, '21774528e2', '9007199254740992']
--- error_code eval: [200, 200, 200]



=== exp plus the leeway is the first moment that is too late
--- http_config eval: Apigw::Token::provider('corp', 'leeway 0;')
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- more_headers eval
[Apigw::Token::bearer(claims => { exp => time - 1 }),
 Apigw::Token::bearer(claims => { exp => time })]
--- error_code eval: [401, 401]
--- refused: token_expired



=== the leeway covers clocks that differ
--- http_config eval: Apigw::Token::provider('corp', 'leeway 5m;')
--- config eval: $::Location
--- request eval: [("GET /t") x 5]
--- more_headers eval
my $now = time;
[map { Apigw::Token::bearer(claims => $_) }
    { exp => $now - 200, iat => $now - 500 }, { nbf => $now + 200 },
    { iat => $now + 200 }, { nbf => $now + 400 }, { iat => $now + 400 }]
--- error_code eval: [200, 200, 200, 401, 401]
--- refused: token_not_yet_valid



=== a token that was issued in the future or is not valid yet is refused
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- more_headers eval
[Apigw::Token::bearer(claims => { nbf => time + 300 }),
 Apigw::Token::bearer(claims => { iat => time + 300 })]
--- error_code eval: [401, 401]
--- refused: token_not_yet_valid



=== a token that lives too long is refused, with iat and without
--- http_config eval: Apigw::Token::provider('corp', 'max_lifetime 1h;')
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- more_headers eval
my $now = time;
[map { Apigw::Token::bearer(claims => $_) }
    { iat => $now - 60, exp => $now + 3000 },
    { iat => $now - 60, exp => $now + 3700 },
    { iat => undef, exp => $now + 4000 }]
--- error_code eval: [200, 401, 401]
--- refused: lifetime_exceeded



=== max_lifetime off takes any
--- http_config eval: Apigw::Token::provider('corp', 'max_lifetime off;')
--- config eval: $::Location
--- more_headers eval
Apigw::Token::bearer(claims => { exp => time + 1e8 })
--- error_code: 200



=== require adds claims to exp
--- http_config eval
Apigw::Token::provider('corp', 'require sub .act.sub;')
--- config eval: $::Location
--- request eval: [("GET /t") x 4]
--- more_headers eval
my $act = { sub => 'x' };
[map { Apigw::Token::bearer(claims => $_) }
    { act => $act }, {}, { act => $act, sub => undef },
    { act => $act, exp => undef }]
--- error_code eval: [200, 401, 401, 401]
--- refused: claim_missing



=== require off takes a token without exp
--- http_config eval: Apigw::Token::provider('corp', 'require off;')
--- config eval: $::Location
--- more_headers eval: Apigw::Token::bearer(claims => { exp => undef })
--- error_code: 200



=== one of the audiences is enough, byte for byte
--- http_config eval
Apigw::Token::provider('corp', 'audience api://orders api://other;')
--- config eval: $::Location
--- request eval: [("GET /t") x 11]
--- more_headers eval
[map { Apigw::Token::bearer(claims => { aud => $_ }) }
    'api://orders', 'api://other', ['x', 'api://other'], [], 'api://order',
    'api://orders/', 'API://orders', undef, {}, [['api://orders']], '']
--- error_code eval: [200, 200, 200, (401) x 8]
--- refused eval
[('') x 3, ('audience_mismatch') x 4, 'claim_missing', ('claim_invalid') x 2,
 'audience_mismatch']



=== audience off takes a token for anybody
--- http_config eval: Apigw::Token::provider('corp', 'audience off;')
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- more_headers eval
[map { Apigw::Token::bearer(claims => { aud => $_ }) } 'anybody', undef]
--- error_code eval: [200, 200]



=== another claim may name the audience
--- http_config eval
Apigw::Token::provider('corp', 'audience_claim client_id;')
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- more_headers eval
[map { Apigw::Token::bearer(claims => $_) }
    { aud => undef, client_id => 'api://orders' }, { client_id => 'x' }]
--- error_code eval: [200, 401]
--- refused: audience_mismatch



=== a claim named twice, at any depth, is malformed
--- config eval: $::Location
--- request eval: [("GET /t") x 6]
--- more_headers eval
[map { Apigw::Token::bearer(payload => main::payload("$::Soon[0],$_")) }
    '"sub":"root"', '"exp":1', '"aud":"x"', '"a":{"b":1,"b":2}',
    '"s\u0075b":"root"', '"a":[{"b":1,"b":2}]']
--- error_code eval: [(401) x 6]
--- refused: token_malformed



=== claim names are compared with their case
--- config eval: $::Location
--- more_headers eval
Apigw::Token::bearer(payload => main::payload('"EXP":' . (time + 3600)))
--- error_code: 401
--- refused: claim_missing



=== JSON that other readers take in other ways is malformed
--- config eval: $::Location
--- request eval: [("GET /t") x 12]
--- more_headers eval
my $good = main::payload($::Soon[0]);
[map { Apigw::Token::bearer(payload => $_) }
    "\xef\xbb\xbf$good", "$good x", "$good$good", "[$good]", '"text"', '',
    main::payload("$::Soon[0],\"a\":\"\\u0000\""),
    main::payload("$::Soon[0],\"a\":\"\\ud800\""),
    main::payload("$::Soon[0],\"a\":\"\xff\""),
    main::payload("$::Soon[0],\"a\":'x'"),
    main::payload("$::Soon[0],\"a\":01"),
    main::payload("$::Soon[0],")]
--- error_code eval: [(401) x 12]
--- refused: token_malformed



=== deep and broad documents are malformed
--- http_config eval
Apigw::Token::provider('corp', 'max_token_size 1m;')
--- config eval
"large_client_header_buffers 4 64k;" . $::Location
--- request eval: [("GET /t") x 3]
--- more_headers eval
[map { Apigw::Token::bearer(payload => main::payload("$::Soon[0],\"a\":$_")) }
    '[' x 10000 . ']' x 10000,
    '{' . CORE::join(',', map { "\"m$_\":1" } 1 .. 129) . '}',
    '[' x 15 . ']' x 15]
--- error_code eval: [401, 401, 200]
--- refused: token_malformed



=== numbers keep their digits
--- http_config eval: $Apigw::Auth::Config
--- config
location /t {
    apigw_auth jwt=corp;
    add_header X-Big $apigw_claim_big;
    add_header X-Dec $apigw_claim_dec;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- more_headers eval
Apigw::Token::bearer(payload =>
    main::payload("$::Soon[0],\"big\":9007199254740993,\"dec\":1.10"))
--- response_headers
X-Big: 9007199254740993
X-Dec: 1.10
--- error_code: 200
