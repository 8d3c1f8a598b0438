# Where a nonce is asked for, a proof needs ours; one that grows old is renewed.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Apigw::Dpop;
use Digest::SHA qw(hmac_sha256);
use MIME::Base64 qw(encode_base64url);
use Test::Nginx::Socket 'no_plan';

our $Location = q{
    location /t {
        apigw_auth jwt=corp;
        default_type text/plain;
        alias $TEST_NGINX_TOKEN_DIR/page;
    }
    location /off {
        default_type text/plain;
        alias $TEST_NGINX_TOKEN_DIR/page;
    }
};

our @Keys = map { $_ x 64 } 'a', 'b';

sub provider {
    my ($nonce) = @_;
    return Apigw::Token::provider('corp', "dpop_max_age 5m; dpop_nonce $nonce;");
}

our $Shared = provider("on key_file=$Apigw::Token::Dir/nonce.key");

# The nonce of some five minutes ago, by the key of that number.
sub nonce {
    my ($ago, $key) = @_;
    my $bucket = pack 'Q>', int(time / 300) - ($ago // 0);

    return encode_base64url(
        $bucket . hmac_sha256($bucket, pack 'H*', $Keys[$key // 0]));
}

# Far enough from the end of the five minutes for a block to be run in them.
sub settle {
    select undef, undef, undef, 0.2 while time % 300 > 270;
    return;
}

# The nonce that the server gives.
sub given {
    my $client = IO::Socket::INET->new(
        PeerAddr => '127.0.0.1:' . Apigw::port())
        or die "connect: $!";

    print $client "GET /t HTTP/1.0\r\nHost: localhost\r\n",
                  Apigw::Dpop::headers() =~ s/\n/\r\n/gr, "\r\n\r\n";
    my $answer = do { local $/; <$client> } // '';

    return $answer =~ /^DPoP-Nonce: (\S+)/m ? $1 : '';
}

Apigw::Token::file('page', "page\n", 0644);
Apigw::Token::file('nonce.key', "$Keys[0]\n$Keys[1]\n", 0640);
Apigw::Token::file('open.key', "$Keys[0]\n", 0644);
Apigw::Token::file('bad.key', "$Keys[0]\nxyz\n", 0640);

run_tests();

__DATA__

=== a proof without a nonce gets one
--- http_config eval: main::provider('on')
--- config eval: $::Location
--- proofs: Apigw::Dpop::headers()
--- error_code: 401
--- response_headers
WWW-Authenticate: DPoP error="use_dpop_nonce", error_description="the DPoP proof needs a current nonce", algs="PS256 ES256 EdDSA", realm="api"
Cache-Control: no-store
--- raw_response_headers_like: (?i)DPoP-Nonce: [\w-]{54}\r\n
--- response_body_like: "error":"use_dpop_nonce"
--- refused: dpop_nonce_required



=== with the nonce that was given the next proof passes
--- http_config eval: main::provider('on')
--- config eval: $::Location
--- request
GET /off
--- then eval
sub {
    main::settle();
    my $nonce = main::given();

    Test::More::like($nonce, qr/^[\w-]{54}$/, 'a nonce');
    Test::More::is(main::given(), $nonce, 'the same for five minutes');

    my $headers = Apigw::Dpop::headers(claims => { nonce => $nonce });
    $headers =~ s/\n/\r\n/g;

    Test::More::is(Apigw::Auth::status("Host: localhost\r\n$headers"), 200,
                   'it passes');
}



=== all who have the key file make and take the same nonce
--- http_config eval: $::Shared
--- config eval: $::Location
--- proofs: main::settle(); Apigw::Dpop::headers(claims => { nonce => main::nonce() })
--- response_headers
!DPoP-Nonce
--- response_body
page



=== the nonce of the five minutes before passes and is renewed
--- http_config eval: $::Shared
--- config eval: $::Location
--- proofs: main::settle(); Apigw::Dpop::headers(claims => { nonce => main::nonce(1) })
--- raw_response_headers_like: (?i)DPoP-Nonce: [\w-]{54}\r\n
--- response_body
page



=== a nonce by the previous key passes and is renewed
--- http_config eval: $::Shared
--- config eval: $::Location
--- proofs: main::settle(); Apigw::Dpop::headers(claims => { nonce => main::nonce(0, 1) })
--- raw_response_headers_like: (?i)DPoP-Nonce: [\w-]{54}\r\n
--- response_body
page



=== an older nonce, one of the future and a made-up one are refused
--- http_config eval: $::Shared
--- config eval: $::Location
--- request eval: [("GET /t") x 4]
--- proofs
main::settle();
[map { Apigw::Dpop::headers(claims => { nonce => $_ }) }
    main::nonce(2), main::nonce(-1), 'A' x 54, '']
--- error_code eval: [401, 401, 401, 401]
--- refused: dpop_nonce_required



=== a nonce that is no string is a fault of the proof
--- http_config eval: $::Shared
--- config eval: $::Location
--- proofs: Apigw::Dpop::headers(claims => { nonce => 1 })
--- error_code: 401
--- response_headers
!DPoP-Nonce
--- refused: dpop_invalid



=== a proof that lacks a nonce is not used up, and no nonce helps a bad one
--- http_config eval: $::Shared
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- proofs
main::settle();
my $token = Apigw::Dpop::token();
[map { Apigw::Dpop::headers(token => $token, claims => { jti => 'one', %$_ }) }
    {}, { nonce => main::nonce(), ath => 'x' }]
--- error_code eval: [401, 401]
--- refused eval: ['dpop_nonce_required', 'dpop_invalid']



=== without dpop_nonce a nonce in a proof does not matter
--- http_config eval: main::provider('off')
--- config eval: $::Location
--- proofs: Apigw::Dpop::headers(claims => { nonce => 'any' })
--- response_headers
!DPoP-Nonce
--- response_body
page



=== a key file must be of one or two lines of hex, and closed to others
--- http_config eval
main::provider('on key_file=$TEST_NGINX_TOKEN_DIR/bad.key')
--- config eval: $::Location
--- must_die
--- error_log eval
qr/\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": key_file "\S+bad.key", line 2: has a line that is not 64 hex digits; write one or two lines of 64 hex digits in \S+nginx\.conf:\d+/



=== a key file that others may read is refused
--- http_config eval
main::provider('on key_file=$TEST_NGINX_TOKEN_DIR/open.key')
--- config eval: $::Location
--- must_die
--- error_log eval
qr/\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": key_file "\S+open.key" holds secrets and others may use it; run chmod 0640 on it in \S+nginx\.conf:\d+/



=== dpop_nonce is on or off
--- http_config eval: main::provider('maybe')
--- config eval: $::Location
--- must_die
--- error_log eval
qr/\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid "dpop_nonce"; write "off", "on" or "on key_file=PATH" in \S+nginx\.conf:\d+/
