package Apigw::Assertion;

# Reads what a service was told, as the service would: with the keys of a
# published set alone, by the openssl command.
#
#     my $token = Apigw::Assertion::sent($head, 'X-Gateway-Assertion');
#     my $claims = Apigw::Assertion::verified($token, $jwks);   # undef: not so
#     my $header = Apigw::Assertion::header($token);

use strict;
use warnings;

use Apigw::Token ();
use Digest::SHA qw(hmac_sha256 sha256);
use JSON::PP ();
use MIME::Base64 qw(encode_base64url decode_base64url);

my $JSON = JSON::PP->new->canonical;


# The values of a header in a request's head, whatever its spelling.
sub sent {
    my ($head, $name) = @_;
    $name =~ s/[-_]/[-_]/g;

    my @values = ($head // '') =~ /^$name: (.*)$/gmi;

    return wantarray ? @values : $values[0];
}


sub header {
    my ($token) = @_;
    return $JSON->decode(decode_base64url((split /\./, $token)[0]));
}


sub claims {
    my ($token) = @_;
    return $JSON->decode(decode_base64url((split /\./, $token)[1]));
}


# The claims of a token that a key of the set verifies.
sub verified {
    my ($token, $jwks) = @_;
    my $header = header($token);
    my ($jwk) = grep { $_->{kid} eq ($header->{kid} // '') }
        @{ $JSON->decode($jwks)->{keys} } or return;

    return unless $jwk->{alg} eq $header->{alg} && $jwk->{use} eq 'sig'
        && $jwk->{kid} eq thumbprint($jwk);

    my ($input, $signature) = $token =~ /^(.*)\.(.*)$/ or return;
    $signature = decode_base64url($signature);
    $signature = der_signature($signature) if $header->{alg} eq 'ES256';

    my $key = Apigw::Token::file('verify.der', spki($jwk));
    my $in = Apigw::Token::file('verify.in', $input);
    my $sig = Apigw::Token::file('verify.sig', $signature);

    eval {
        Apigw::Token::openssl("dgst -sha256 -keyform DER -verify $key "
                              . "-signature $sig $in");
    } or return;

    return claims($token);
}


# The same with a secret, whose tokens name no key.
sub verified_hmac {
    my ($token, $secret) = @_;
    my ($input, $mac) = $token =~ /^(.*)\.(.*)$/ or return;
    my $header = header($token);

    return unless $header->{alg} eq 'HS256' && !exists $header->{kid}
        && $mac eq encode_base64url(hmac_sha256($input, $secret));

    return claims($token);
}


# RFC 7638
sub thumbprint {
    my ($jwk) = @_;
    my @names = $jwk->{kty} eq 'RSA' ? qw(e kty n) : qw(crv kty x y);

    return encode_base64url(sha256($JSON->encode(
        { map { $_ => $jwk->{$_} } @names })));
}


sub der {
    my ($tag, @parts) = @_;
    my $body = join '', @parts;
    my $len = length $body;

    return chr($tag)
        . ($len < 128 ? chr $len
           : $len < 256 ? "\x81" . chr $len : "\x82" . pack 'n', $len)
        . $body;
}


sub der_number {
    my ($bytes) = @_;
    $bytes =~ s/^\0+(?=.)//s;

    return der(0x02, (ord $bytes) & 0x80 ? "\0" : '', $bytes);
}


sub der_signature {
    my ($raw) = @_;
    return '' if length $raw != 64;

    return der(0x30, der_number(substr $raw, 0, 32),
               der_number(substr $raw, 32));
}


# A JWK as SubjectPublicKeyInfo.
sub spki {
    my ($jwk) = @_;
    my %value = map { $_ => decode_base64url($jwk->{$_} // '') } qw(n e x y);

    return der(0x30,
        der(0x30, pack('H*', '06092a864886f70d0101010500')),
        der(0x03, "\0", der(0x30, der_number($value{n}),
                            der_number($value{e}))))
        if $jwk->{kty} eq 'RSA';

    die "no key for us" unless $jwk->{crv} eq 'P-256';

    return der(0x30,
        der(0x30, pack('H*', '06072a8648ce3d020106082a8648ce3d030107')),
        der(0x03, "\0\4", $value{x}, $value{y}));
}


1;
