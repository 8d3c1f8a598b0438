# Which algorithm is used is the provider's choice and the key's, never the
# token's alone.

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

our @Public = qw(rsa ec256 ec384 ec521 ed25519 ed448);

our $Every = 'algorithms RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512'
             . ' EdDSA Ed25519 Ed448;';

Apigw::Token::file('page', "page\n", 0644);

run_tests();

__DATA__

=== every asymmetric algorithm verifies
--- http_config eval: Apigw::Token::provider('corp', $::Every, @::Public)
--- config eval: $::Location
--- request eval: [("GET /t") x 13]
--- more_headers eval
[(map { Apigw::Token::bearer(alg => $_) }
    qw(RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519
       Ed448)),
 Apigw::Token::bearer(alg => 'EdDSA', key => 'ed448')]
--- error_code eval: [(200) x 13]
--- no_error_log
[alert]
[crit]
ignoring stale global SSL error



=== a changed signature fails under every one of them
--- http_config eval: Apigw::Token::provider('corp', $::Every, @::Public)
--- config eval: $::Location
--- request eval: [("GET /t") x 12]
--- more_headers eval
[map {
    my @token = split /\./, Apigw::Token::token(alg => $_);
    my $raw = MIME::Base64::decode_base64url($token[2]);
    substr($raw, 9, 1) ^= "\x04";
    $token[2] = MIME::Base64::encode_base64url($raw);
    'Authorization: Bearer ' . CORE::join '.', @token
} qw(RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519 Ed448)]
--- error_code eval: [(401) x 12]
--- refused: signature_invalid
--- no_error_log
[alert]
[crit]
ignoring stale global SSL error



=== RS256, PS256, ES256 and EdDSA are taken unless told otherwise
--- http_config eval: Apigw::Token::provider('corp', '', @::Public)
--- config eval: $::Location
--- request eval: [("GET /t") x 6]
--- more_headers eval
[map { Apigw::Token::bearer(alg => $_) } qw(RS256 PS256 ES256 EdDSA RS384 ES384)]
--- error_code eval: [200, 200, 200, 200, 401, 401]
--- refused: alg_not_allowed



=== only what is listed is taken
--- http_config eval: Apigw::Token::provider('corp', 'algorithms ES256;', @::Public)
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- more_headers eval
[map { Apigw::Token::bearer(alg => $_) } qw(ES256 RS256 PS256)]
--- error_code eval: [200, 401, 401]
--- refused: alg_not_allowed



=== "none" in any case, empty, missing or as an array is refused
--- http_config eval: Apigw::Token::provider('corp', $::Every, @::Public)
--- config eval: $::Location
--- request eval: [("GET /t") x 8]
--- more_headers eval
[(map { Apigw::Token::bearer(header => $_, sign => 'none') }
    { alg => 'none' }, { alg => 'None' }, { alg => 'NONE' }, { alg => 'nOnE' },
    { alg => '' }, { alg => undef }),
 Apigw::Token::bearer(header => { alg => ['RS256'] }),
 Apigw::Token::bearer(header => { alg => 'rs256' })]
--- error_code eval: [(401) x 8]
--- error_log
apigw_auth: client refused



=== "none" with a good signature is refused
--- config eval: $::Location
--- more_headers eval
Apigw::Token::bearer(header => { alg => 'none' }, sign => 'RS256')
--- error_code: 401
--- refused: alg_not_allowed



=== HS256 keyed with the public key in PEM, DER or JWK is refused
--- http_config eval: Apigw::Token::provider('corp', $::Every, @::Public)
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- more_headers eval
my $pem = Apigw::Token::pem('rsa');
[map { Apigw::Token::bearer(header => { kid => 'rsa' }, alg => 'HS256',
                            key => $_) }
    Apigw::Token::openssl("pkey -pubout -in $pem"),
    Apigw::Token::openssl("pkey -pubout -outform DER -in $pem"),
    Apigw::Token::jwk('rsa')->{n}]
--- error_code eval: [401, 401, 401]
--- refused: alg_not_allowed



=== an RSA key serves no HS256 even where HS256 is allowed
--- http_config eval
Apigw::Token::provider('corp', 'algorithms HS256;', 'oct')
--- config eval: $::Location
--- more_headers eval
Apigw::Token::bearer(alg => 'RS256', header => { kid => 'oct' })
--- error_code: 401
--- refused: alg_not_allowed



=== HMAC works where it is named, with an oct key
--- http_config eval
Apigw::Token::provider('corp', 'algorithms HS256 HS384 HS512;', 'oct512')
--- config eval: $::Location
--- request eval: [("GET /t") x 4]
--- more_headers eval
[(map { Apigw::Token::bearer(alg => $_, key => 'oct512') }
    qw(HS256 HS384 HS512)),
 Apigw::Token::bearer(alg => 'HS256', key => 'guessed',
                      header => { kid => 'oct512' })]
--- error_code eval: [200, 200, 200, 401]
--- refused: signature_invalid



=== ES256 is for P-256 alone
--- http_config eval: Apigw::Token::provider('corp', $::Every, @::Public)
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- more_headers eval
[Apigw::Token::bearer(alg => 'ES256', key => 'ec384'),
 Apigw::Token::bearer(alg => 'ES384', key => 'ec256'),
 Apigw::Token::bearer(alg => 'Ed25519', key => 'ed448')]
--- error_code eval: [401, 401, 401]
--- refused: alg_not_allowed



=== RS and PS signatures are not each other
--- http_config eval: Apigw::Token::provider('corp', $::Every, @::Public)
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- more_headers eval
[Apigw::Token::bearer(alg => 'PS256', sign => 'RS256'),
 Apigw::Token::bearer(alg => 'RS256', sign => 'PS256')]
--- error_code eval: [401, 401]
--- refused: signature_invalid



=== a PSS signature of another salt length is refused
--- config eval: $::Location
--- more_headers eval
my $input = (Apigw::Token::token(alg => 'PS256') =~ /^(.*)\./)[0];
my $in = Apigw::Token::file('input', $input);
my $pem = Apigw::Token::pem('rsa');
my $signature = Apigw::Token::openssl("dgst -sha256 -sign $pem -sigopt"
    . " rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20 -binary $in");
"Authorization: Bearer $input." . MIME::Base64::encode_base64url($signature)
--- error_code: 401
--- refused: signature_invalid



=== ECDSA takes R and S of exact length, no DER, no zeros, no order
--- http_config eval: Apigw::Token::provider('corp', '', 'ec256')
--- config eval: $::Location
--- request eval: [("GET /t") x 8]
--- more_headers eval
my $n = pack 'H*', 'ffffffff00000000ffffffffffffffff'
                   . 'bce6faada7179e84f3b9cac2fc632551';
my $input = (Apigw::Token::token(alg => 'ES256') =~ /^(.*)\./)[0];
my $in = Apigw::Token::file('input', $input);
my $der = Apigw::Token::openssl('dgst -sha256 -binary -sign '
                                . Apigw::Token::pem('ec256') . " $in");
my $raw = Apigw::Token::raw_ecdsa($der, 32);
[map { "Authorization: Bearer $input."
       . MIME::Base64::encode_base64url($_) }
    $raw, $der, substr($raw, 0, 63), "$raw\0", "\0" x 64,
    "\0" x 32 . substr($raw, 32), $n . substr($raw, 32), $n . $n]
--- error_code eval: [200, (401) x 7]
--- refused: signature_invalid
--- no_error_log
[alert]
[crit]
ignoring stale global SSL error



=== an RSA value of all ones, an empty and a short signature are refused
--- config eval: $::Location
--- request eval: [("GET /t") x 4]
--- more_headers eval
[map { Apigw::Token::bearer(signature => $_) }
    "\xff" x 256, "\0" x 256, 'short', '']
--- error_code eval: [401, 401, 401, 401]
--- no_error_log
[alert]
[crit]
ignoring stale global SSL error



=== a small-order Ed25519 key signs nothing
--- http_config eval
Apigw::Token::provider('corp', '', 'rsa',
    { kid => 'small', kty => 'OKP', crv => 'Ed25519',
      x => MIME::Base64::encode_base64url("\x01" . "\0" x 31) })
--- config eval: $::Location
--- more_headers eval
Apigw::Token::bearer(alg => 'EdDSA', header => { kid => 'small' },
                     signature => "\x01" . "\0" x 63)
--- error_code: 401
--- no_error_log
[alert]
[crit]



=== keys and addresses in the header are ignored, and not fetched
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- more_headers eval
[Apigw::Token::bearer(key => 'rsa2', header => {
     kid => 'rsa', jwk => Apigw::Token::jwk('rsa2'),
     jku => 'http://127.0.0.1:9/jwks', x5u => 'http://127.0.0.1:9/x',
     x5c => ['AAAA'] }),
 Apigw::Token::bearer(header => {
     jwk => Apigw::Token::jwk('rsa2'), jku => 'http://127.0.0.1:9/jwks' })]
--- error_code eval: [401, 200]
--- refused: signature_invalid



=== crit, b64 and enc are refused
--- config eval: $::Location
--- request eval: [("GET /t") x 4]
--- more_headers eval
[map { Apigw::Token::bearer(header => $_) }
    { crit => ['exp'] }, { crit => [] }, { b64 => JSON::PP::false },
    { enc => 'A128GCM' }]
--- error_code eval: [401, 401, 401, 401]
--- refused: header_unsupported



=== a header that names alg twice is malformed
--- config eval: $::Location
--- more_headers eval
Apigw::Token::bearer(header => '{"alg":"none","kid":"rsa","alg":"RS256"}')
--- error_code: 401
--- refused: token_malformed



=== typ is compared without case and without "application/"
--- config eval: $::Location
--- request eval: [("GET /t") x 6]
--- more_headers eval
[map { Apigw::Token::bearer(header => { typ => $_ }) }
    'JWT', 'jwt', 'at+jwt', 'application/AT+JWT', undef, 'dpop+jwt']
--- error_code eval: [200, 200, 200, 200, 200, 401]
--- refused: typ_not_allowed



=== an ID token is no access token where typ says so
--- http_config eval: Apigw::Token::provider('corp', 'typ at+jwt;')
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- more_headers eval
[map { Apigw::Token::bearer(header => { typ => $_ }) } 'JWT', undef, 'at+jwt']
--- error_code eval: [401, 401, 200]
--- refused: typ_not_allowed



=== a key that says what it is for is used for nothing else
--- http_config eval
Apigw::Token::provider('corp', '',
    Apigw::Token::jwk('rsa', alg => 'PS256'),
    Apigw::Token::jwk('rsa2', use => 'enc'))
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- more_headers eval
[Apigw::Token::bearer(alg => 'PS256'), Apigw::Token::bearer(),
 Apigw::Token::bearer(key => 'rsa2')]
--- error_code eval: [200, 401, 401]
