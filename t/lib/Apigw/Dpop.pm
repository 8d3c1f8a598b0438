package Apigw::Dpop;

# Tokens bound to a key and the proofs to go with them (RFC 9449), with the keys
# of Apigw::Token:
#
#     Apigw::Dpop::headers()                         a good token and proof
#     Apigw::Dpop::headers(claims => { htm => 'PUT' }, uri => ..., key => ...)
#     Apigw::Dpop::token()                           the token alone
#     Apigw::Dpop::proof(token => $token, ...)       a proof alone
#
# A proof does not last, so the section "proofs" is Perl that is evaluated when
# the block is run; it gives what more_headers would.

use strict;
use warnings;

use Apigw::Token ();
use Digest::SHA qw(sha256);
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);
use Test::Nginx::Socket ();

our $Uri = 'https://localhost/t';

my $JSON = JSON::PP->new->canonical;
my $proofs = 0;

my %alg = (ec256 => 'ES256', ec384 => 'ES384', rsa => 'PS256',
           ed25519 => 'EdDSA');


# RFC 7638
sub jkt {
    my ($key) = @_;
    return encode_base64url(sha256($JSON->encode(
        Apigw::Token::jwk($key, kid => undef))));
}


# An access token bound to a key; more as Apigw::Token::token() takes it.
sub token {
    my ($key, %how) = @_;
    $key //= 'ec256';

    return Apigw::Token::token(%how, claims => {
        cnf => { jkt => jkt($key) }, %{$how{claims} // {}}
    });
}


# claims and header: hashes over the good ones, undef leaves one out.
sub proof {
    my (%how) = @_;
    my $key = $how{key} // 'ec256';

    my %claims = (
        jti => "$$-" . time . '-' . $proofs++, iat => time,
        htm => $how{method} // 'GET', htu => $how{uri} // $Uri,
        ath => encode_base64url(sha256($how{token})),
        %{$how{claims} // {}}
    );

    delete $claims{$_} for grep { !defined $claims{$_} } keys %claims;

    return Apigw::Token::token(
        alg => $how{alg} // $alg{$key}, key => $how{sign} // $key,
        header => { typ => 'dpop+jwt', kid => undef,
                    jwk => Apigw::Token::jwk($key, kid => undef),
                    %{$how{header} // {}} },
        payload => $JSON->encode(\%claims));
}


sub headers {
    my (%how) = @_;
    $how{token} //= token($how{bound} // $how{key});
    my $scheme = $how{scheme} // 'DPoP';

    return "Authorization: $scheme $how{token}\nDPoP: " . proof(%how);
}


sub evaluate {
    my ($block) = @_;

    my $text = $block->proofs;
    return unless defined $text;

    my $value = eval "package main; no strict; $text";
    die $block->name . ": $@" if $@;

    $block->set_value('more_headers', $value);
}


sub import {
    Test::Nginx::Socket::add_block_preprocessor(\&evaluate);
}


1;
