# Forged and odd tokens that no other file has. Which test stands for which
# attack is in docs/SECURITY.md; t/auth/attacks.t compares.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Math::BigInt;
use MIME::Base64 qw(encode_base64url decode_base64url);
use Test::Nginx::Socket 'no_plan';

our $Location = q{
    location /t {
        apigw_auth jwt=corp;
        add_header X-Who "[$apigw_consumer]" always;
        alias $TEST_NGINX_TOKEN_DIR/page;
    }
};

Apigw::Token::file('page', "page\n", 0644);

# A good token's head and payload with another signature.
sub signed {
    my ($alg, @signatures) = @_;
    my ($input) = Apigw::Token::token(alg => $alg) =~ /^(.*)\./;

    return [map { "Authorization: Bearer $input." . encode_base64url($_) }
                @signatures];
}

# A good token with one segment changed by the sub.
sub changed {
    my ($segment, $change) = @_;
    my @token = split /\./, Apigw::Token::token();

    $token[$segment] = $change->($token[$segment]);

    return 'Authorization: Bearer ' . join '.', @token;
}

# The other digits that stand for the same bytes.
sub with_trailing_bits {
    my ($text) = @_;
    my @digits = ('A' .. 'Z', 'a' .. 'z', 0 .. 9, '-', '_');
    my %value = map { $digits[$_] => $_ } 0 .. $#digits;

    $text =~ s/(.)$/$digits[$value{$1} | 1]/e;

    return $text;
}

sub payload {
    my ($more) = @_;
    my $payload = JSON::PP->new->canonical->encode(Apigw::Token::claims());

    $payload =~ s/\}$/,$more}/;

    return $payload;
}

run_tests();

__DATA__

=== HS256 keyed with any text of our RSA key is refused
--- http_config eval
Apigw::Token::provider('corp', 'algorithms RS256 ES256;', 'rsa')
--- config eval: $::Location
--- request eval: [("GET /t") x 6]
--- more_headers eval
my $pem = Apigw::Token::pem('rsa');
my $jwk = Apigw::Token::jwk('rsa');
my $public = Apigw::Token::openssl("pkey -pubout -in $pem");
[map { Apigw::Token::bearer(header => { kid => 'rsa' }, alg => 'HS256',
                            key => $_) }
    $public =~ s/\n\z//r, JSON::PP->new->canonical->encode($jwk),
    Apigw::Token::jwks('rsa'), $jwk->{n},
    MIME::Base64::decode_base64url($jwk->{n}), '']
--- error_code eval: [(401) x 6]
--- refused: alg_not_allowed



=== an RSA JWK under HS256 is refused at start
--- http_config eval
Apigw::Token::provider('corp', 'algorithms HS256;', 'rsa')
--- config eval: $::Location
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": }



=== a PSS signature with an empty salt, a short one or the longest is refused
--- config eval: $::Location
--- request eval: [("GET /t") x 4]
--- more_headers eval
my ($input) = Apigw::Token::token(alg => 'PS256') =~ /^(.*)\./;
my $in = Apigw::Token::file('input', $input);
my $pem = Apigw::Token::pem('rsa');
[map { "Authorization: Bearer $input." . MIME::Base64::encode_base64url(
           Apigw::Token::openssl("dgst -sha256 -sign $pem -sigopt"
               . ' rsa_padding_mode:pss -sigopt rsa_pss_saltlen:' . $_
               . " -binary $in")) }
    32, 0, 31, 222]
--- error_code eval: [200, 401, 401, 401]
--- refused: signature_invalid



=== r and s of 0, n and n-1, and no signature at all, are refused
--- http_config eval: Apigw::Token::provider('corp', '', 'ec256')
--- config eval: $::Location
--- request eval: [("GET /t") x 9]
--- more_headers eval
my $n = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
my $less = $n =~ s/1$/0/r;
my $zero = '00' x 32;
main::signed('ES256', map { pack 'H*', $_ } $zero . $n, $n . $zero, $n . $n,
    $less . $less, $zero . $less, $less . $zero, 'ff' x 64, '00' x 64, '')
--- error_code eval: [(401) x 9]
--- no_error_log
[alert]
[crit]
ignoring stale global SSL error



=== an RSA value of n or more, and a value with n added, are refused
--- config eval: $::Location
--- request eval: [("GET /t") x 4]
--- more_headers eval
my $modulus = Math::BigInt->from_bytes(
    MIME::Base64::decode_base64url(Apigw::Token::jwk('rsa')->{n}));
my ($input, $last) = Apigw::Token::token() =~ /^(.*)\.(.*)$/;
my $good = Math::BigInt->from_bytes(MIME::Base64::decode_base64url($last));
[map { "Authorization: Bearer $input."
       . MIME::Base64::encode_base64url($_->to_bytes) }
    $modulus, $modulus->copy->badd(1), $modulus->copy->bsub(1),
    $good->copy->badd($modulus)]
--- error_code eval: [(401) x 4]
--- no_error_log
[alert]
[crit]
ignoring stale global SSL error



=== Ed25519: zeros, ones, a small-order R and a scalar above the order
--- http_config eval: Apigw::Token::provider('corp', '', 'ed25519')
--- config eval: $::Location
--- request eval: [("GET /t") x 6]
--- more_headers eval
my $order = scalar CORE::reverse pack 'H*',
    '1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed';
my ($input, $last) = Apigw::Token::token(alg => 'EdDSA') =~ /^(.*)\.(.*)$/;
my $good = MIME::Base64::decode_base64url($last);
my $s = Math::BigInt->from_bytes(scalar CORE::reverse substr $good, 32);
my $above = scalar CORE::reverse $s->badd(Math::BigInt->from_bytes(scalar CORE::reverse
                                                             $order))->to_bytes;
[map { "Authorization: Bearer $input." . MIME::Base64::encode_base64url($_) }
    "\0" x 64, "\xff" x 64, "\x01" . "\0" x 31 . substr($good, 32),
    substr($good, 0, 32) . $order,
    substr($good, 0, 32) . substr($above . "\0" x 32, 0, 32),
    substr($good, 0, 63)]
--- error_code eval: [(401) x 6]
--- no_error_log
[alert]
[crit]
ignoring stale global SSL error



=== padding in any segment, and text after "="
--- config eval: $::Location
--- request eval: [("GET /t") x 8]
--- more_headers eval
[(map { main::changed($_, sub { "$_[0]=" }) } 0, 1, 2),
 main::changed(2, sub { "$_[0]==" }), main::changed(2, sub { "$_[0]====" }),
 main::changed(2, sub { "$_[0]=x" }), main::changed(2, sub { "$_[0]==.x" }),
 main::changed(1, sub { "$_[0]=x" })]
--- error_code eval: [400, 400, 401, 401, 401, 400, 400, 400]
--- refused eval
[('credential_malformed') x 2, ('token_malformed') x 3,
 ('credential_malformed') x 3]



=== trailing bits, blanks and line ends inside a segment
--- config eval: $::Location
--- request eval: [("GET /t") x 5]
--- more_headers eval
[main::changed(2, \&main::with_trailing_bits),
 (map { my $blank = $_; main::changed(1, sub { $_[0] =~ s/^(.{9})/$1$blank/r }) }
     ' ', "\t", '%20', '%0a')]
--- error_code eval: [401, (400) x 4]
--- refused eval: ['token_malformed', ('credential_malformed') x 4]



=== two, four, five and a thousand parts
--- config eval: "large_client_header_buffers 4 64k; $::Location"
--- request eval: [("GET /t") x 6]
--- more_headers eval
my $token = Apigw::Token::token();
my ($two) = $token =~ /^(.*)\./;
[map { "Authorization: Bearer $_" }
    $two, "$two.", "$token.", "$token.x", "$token.x.y", 'x.' x 1000]
--- error_code eval: [(401) x 6]
--- refused eval
[qw(token_malformed token_malformed token_malformed token_malformed
    jwe_unsupported token_malformed)]



=== 90,000 members, all that fit, 100,000 elements and that depth are malformed
--- http_config eval: Apigw::Token::provider('corp', 'max_token_size 1m;')
--- config eval: "large_client_header_buffers 4 1m; $::Location"
--- request eval: [("GET /t") x 3]
--- more_headers eval
[map { Apigw::Token::bearer(payload => main::payload($_)) }
    '"a":[' . CORE::join(',', (1) x 100_000) . ']',
    CORE::join(',', map { '"' . Apigw::Token::base62($_, 3) . '":1' } 1 .. 90_000),
    '"a":[' . '[' x 100_000 . ']' x 100_000 . ']']
--- error_code eval: [(401) x 3]
--- refused: token_malformed



=== a duplicate nested where only another reader would look
--- config eval: $::Location
--- request eval: [("GET /t") x 4]
--- more_headers eval
[map { Apigw::Token::bearer(payload => main::payload($_)) }
    '"\u0061ud":"x"', '"i\u0073s":"x"', '"exp":9999999999', '"a":{"b":1,"\u0062":2}']
--- error_code eval: [(401) x 4]
--- refused: token_malformed



=== bad UTF-8 of every kind is malformed
--- config eval: $::Location
--- request eval: [("GET /t") x 8]
--- more_headers eval
[map { Apigw::Token::bearer(payload => main::payload(qq("a":"$_"))) }
    "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8",
    "\xc3", "\x80", "\\ud800\\u0061"]
--- error_code eval: [(401) x 8]
--- refused: token_malformed



=== a scope "not-admin", or behind a tab, a comma or in another element
--- config eval
$::Location =~ s/jwt=corp;/jwt=corp; apigw_require_scope admin;/r
--- request eval: [("GET /t") x 9]
--- more_headers eval
[map { Apigw::Token::bearer(claims => { scope => $_ }) }
    'not-admin', 'admin-not', 'a,admin', ['a,admin'], ['a admin'],
    ["a\tadmin"], "a\tadmin", ['adm', 'in'], 'admin']
--- error_code eval: [(403) x 8, 200]
--- refused eval
[('scope_insufficient') x 5, ('identity_unsafe') x 2, 'scope_insufficient', '']



=== equal subjects of two issuers are two consumers where a prefix says so
--- http_config eval
Apigw::Token::provider('corp') . Apigw::Token::provider('other',
    'issuer https://other.example.com; consumer_prefix other/;')
--- config eval: $::Location =~ s/jwt=corp/jwt=corp,other/r
--- request eval: ["GET /t", "GET /t"]
--- more_headers eval
[map { Apigw::Token::bearer(claims => { iss => $_ }) }
    'https://idp.example.com', 'https://other.example.com']
--- response_headers eval: ['X-Who: [shop]', 'X-Who: [other/shop]']
--- error_code eval: [200, 200]



=== CR and LF toward a header: the caller is refused, nothing is split
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_auth_set_header X-Consumer $apigw_consumer;
    add_header X-Who "[$apigw_consumer]" always;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- request eval: [("GET /t") x 3]
--- more_headers eval
[map { Apigw::Token::bearer(claims => { azp => $_ }) }
    "shop\r\nX-Evil: 1", "shop\nX-Evil: 1", "shop\0"]
--- error_code eval: [403, 403, 401]
--- raw_response_headers_unlike eval: [('X-Evil') x 3]
--- refused eval: [qw(identity_unsafe identity_unsafe token_malformed)]
