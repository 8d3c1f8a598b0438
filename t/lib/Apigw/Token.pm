package Apigw::Token;

# Tokens, key sets and API keys for tests, made by the openssl command and by
# Perl alone, so that what verifies them is not what made them.
#
#     Apigw::Token::bearer()                      a good token in its header
#     Apigw::Token::token(claims => { aud => undef }, key => 'rsa2')
#     Apigw::Token::provider('corp')              a block that takes them
#     Apigw::Token::key_store('partners')         a block of API keys
#
# Keys: rsa rsa2 rsa1024 ec256 ec384 ec521 ed25519 ed448 oct oct512, made on
# first use in a folder of this process.

use strict;
use warnings;

use Apigw ();
use Digest::SHA qw(hmac_sha256 hmac_sha384 hmac_sha512 sha256_hex
    hmac_sha256_hex);
use File::Temp ();
use JSON::PP ();
use MIME::Base64 qw(encode_base64url decode_base64url);

our $Dir = File::Temp->newdir('tokenXXXXXX', DIR => "$Apigw::Build/t",
                              CLEANUP => 1);
chmod 0755, $Dir;

our $Issuer = 'https://idp.example.com';
our $Audience = 'api://orders';

# Test files print these into configurations.
$ENV{TEST_NGINX_TOKEN_DIR} = "$Dir";

my $JSON = JSON::PP->new->canonical->allow_nonref;

my %make = (
    rsa     => 'genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048',
    rsa2    => 'genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048',
    rsa1024 => 'genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024',
    ec256   => 'genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256',
    ec384   => 'genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384',
    ec521   => 'genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521',
    ed25519 => 'genpkey -algorithm ed25519',
    ed448   => 'genpkey -algorithm ed448',
);

my %octets = (
    oct     => 'an oct key of 32 bytes and more.',
    oct512  => 'an oct key that is long enough for all of them: 64 and more'
               . ' bytes',
);

my %curve = (
    ec256 => ['P-256', 32], ec384 => ['P-384', 48], ec521 => ['P-521', 66],
);

my %alg_key = (
    RS256 => 'rsa', RS384 => 'rsa', RS512 => 'rsa',
    PS256 => 'rsa', PS384 => 'rsa', PS512 => 'rsa',
    ES256 => 'ec256', ES384 => 'ec384', ES512 => 'ec521',
    EdDSA => 'ed25519', Ed25519 => 'ed25519', Ed448 => 'ed448',
    HS256 => 'oct', HS384 => 'oct512', HS512 => 'oct512',
);


sub openssl {
    my ($command) = @_;

    my $out = `openssl $command 2>$Dir/openssl.err`;
    return $out if $? == 0;

    open my $in, '<', "$Dir/openssl.err";
    die "openssl $command: ", do { local $/; <$in> };
}


# Writes a file for nginx and returns its path.
sub file {
    my ($name, $text, $mode) = @_;

    open my $out, '>:raw', "$Dir/$name" or die "$Dir/$name: $!";
    print $out $text;
    close $out or die "$Dir/$name: $!";
    chmod $mode, "$Dir/$name" if defined $mode;

    return "$Dir/$name";
}


sub pem {
    my ($key) = @_;
    my $pem = "$Dir/$key.pem";

    if (!-e $pem) {
        die "no key \"$key\"" unless $make{$key};
        openssl("$make{$key} -out $pem");
    }

    return $pem;
}


# The JWK of a key, as a hash; further members, or undef to leave one out.
sub jwk {
    my ($key, %more) = @_;
    my %jwk = (kid => $key);

    if ($octets{$key}) {
        %jwk = (%jwk, kty => 'oct', k => encode_base64url($octets{$key}));

    } elsif ($key =~ /^rsa/) {
        openssl('rsa -noout -modulus -in ' . pem($key)) =~ /=([0-9A-F]+)/;
        %jwk = (%jwk, kty => 'RSA', e => 'AQAB',
                n => encode_base64url(pack 'H*', $1));

    } else {
        my $der = openssl('pkey -pubout -outform DER -in ' . pem($key));

        if (my $curve = $curve{$key}) {
            my ($crv, $len) = @$curve;
            my $point = substr $der, -2 * $len;
            %jwk = (%jwk, kty => 'EC', crv => $crv,
                    x => encode_base64url(substr $point, 0, $len),
                    y => encode_base64url(substr $point, $len));
        } else {
            my $len = $key eq 'ed448' ? 57 : 32;
            %jwk = (%jwk, kty => 'OKP',
                    crv => $key eq 'ed448' ? 'Ed448' : 'Ed25519',
                    x => encode_base64url(substr $der, -$len));
        }
    }

    %jwk = (%jwk, %more);
    delete $jwk{$_} for grep { !defined $jwk{$_} } keys %jwk;

    return \%jwk;
}


# A key set as JSON, of names or of hashes.
sub jwks {
    return $JSON->encode({
        keys => [map { ref $_ ? $_ : jwk($_) } @_]
    });
}


# A key set's file, named by its keys, or by its content where keys are hashes.
sub jwks_file {
    my @keys = @_ ? @_ : qw(rsa);
    my $secret = grep { !ref $_ && $octets{$_} } @keys;
    my $text = jwks(@keys);
    my $name = (grep { ref $_ } @keys) ? sha256_hex($text) : join '-', @keys;

    return file("$name.json", $text, $secret ? 0600 : 0644);
}


# Claims of a good token; undef leaves one out.
sub claims {
    my (%more) = @_;
    my $now = time;
    my %claims = (
        iss => $Issuer, aud => $Audience, sub => 'alice', azp => 'shop',
        iat => $now - 10, exp => $now + 3600,
        scope => 'orders:read orders:list',
        %more
    );

    delete $claims{$_} for grep { !defined $claims{$_} } keys %claims;

    return \%claims;
}


sub sign {
    my ($alg, $key, $input) = @_;

    return '' if $alg eq 'none';

    if ($alg =~ /^HS(\d+)$/) {
        my $secret = $octets{$key} // $key;
        return hmac_sha256($input, $secret) if $1 == 256;
        return hmac_sha384($input, $secret) if $1 == 384;
        return hmac_sha512($input, $secret);
    }

    my $in = file('input', $input);
    my $pem = pem($key);

    if ($alg =~ /^Ed/) {
        return openssl("pkeyutl -sign -rawin -inkey $pem -in $in");
    }

    my ($family, $bits) = $alg =~ /^(..)(\d+)$/;
    my $pss = $family eq 'PS'
        ? '-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest' : '';
    my $signature = openssl("dgst -sha$bits -sign $pem $pss -binary $in");

    return $family eq 'ES' ? raw_ecdsa($signature, $curve{$key}[1])
                           : $signature;
}


# DER to R || S
sub raw_ecdsa {
    my ($der, $len) = @_;
    my $at = ord(substr $der, 1, 1) & 0x80 ? 3 : 2;
    my $raw = '';

    for (1 .. 2) {
        my $n = ord substr $der, $at + 1, 1;
        my $number = substr $der, $at + 2, $n;
        $number =~ s/^\0+//;
        $raw .= ("\0" x ($len - length $number)) . $number;
        $at += 2 + $n;
    }

    return $raw;
}


# A token. claims: a hash over the good ones; payload: text instead; header: a
# hash over { alg, kid, typ }, or text; alg, key; signature: raw bytes instead.
sub token {
    my (%how) = @_;
    my $alg = $how{alg} // 'RS256';
    my $key = $how{key} // $alg_key{$alg} // 'rsa';

    my $header = $how{header} // {};
    if (ref $header) {
        my %header = (alg => $alg, kid => $key, typ => 'JWT', %$header);
        delete $header{$_} for grep { !defined $header{$_} } keys %header;
        $header = $JSON->encode(\%header);
    }

    my $payload = $how{payload} // $JSON->encode(claims(%{$how{claims} // {}}));

    my $input = encode_base64url($header) . '.' . encode_base64url($payload);
    my $signature = $how{signature} // sign($how{sign} // $alg, $key, $input);

    return $input . '.' . encode_base64url($signature);
}


sub bearer {
    return 'Authorization: Bearer ' . token(@_);
}


sub expired {
    return token(claims => { exp => time - 100, iat => time - 3000 });
}


# A provider's block. More parameters as text; `keys` names its key set.
sub provider {
    my ($name, $more, @keys) = @_;
    my $file = jwks_file(@keys);

    $more //= '';
    my $issuer = $more =~ /^\s*issuer /m ? '' : "issuer $Issuer;";
    my $audience = $more =~ /^\s*audience /m ? '' : "audience $Audience;";

    return "apigw_jwt_provider $name { $issuer $audience jwks_file $file;\n"
           . "$more }\n";
}


# API keys

my @base62 = (0 .. 9, 'A' .. 'Z', 'a' .. 'z');

sub base62 {
    my ($n, $digits) = @_;
    my $text = '';

    for (1 .. $digits) {
        $text = $base62[$n % 62] . $text;
        $n = int($n / 62);
    }

    return $text;
}


sub crc32 {
    my ($text) = @_;
    my $crc = 0xffffffff;

    for my $byte (unpack 'C*', $text) {
        $crc ^= $byte;
        $crc = $crc & 1 ? ($crc >> 1) ^ 0xedb88320 : $crc >> 1 for 1 .. 8;
    }

    return $crc ^ 0xffffffff;
}


# A key of our form with that id; always the same one.
sub api_key {
    my ($id, $prefix) = @_;
    $prefix //= 'gw';
    my $secret = substr sha256_hex("secret of $id"), 0, 27;
    my $body = "${prefix}_${id}_$secret";

    return $body . '_' . base62(crc32($body), 6);
}


sub key_line {
    my ($id, $attributes, $key) = @_;

    return "$id sha256:" . sha256_hex($key // api_key($id)) . " $attributes\n";
}


sub hmac_line {
    my ($id, $attributes, $pepper) = @_;

    my $digest = hmac_sha256_hex(api_key($id), pack 'H*', $pepper);

    return "$id hmac-sha256:$digest $attributes\n";
}


# A store's block; the file's lines, else those of the usual keys.
sub key_store {
    my ($name, $more, @lines) = @_;

    @lines = (
        "# keys of the tests\n",
        key_line('acme0001', 'consumer=acme plan=gold groups=a,b '
                             . 'scope="orders:read orders:list"'),
        key_line('initech1', 'consumer=initech'),
        key_line('disabled', 'consumer=acme status=disabled'),
        key_line('expired1', 'consumer=acme exp=2020-01-01T00:00:00Z'),
        key_line('notyet01', 'consumer=acme nbf=2099-01-01T00:00:00Z'),
        key_line('network1', 'consumer=acme cidr=192.0.2.0/24'),
        key_line('network2', 'consumer=acme cidr=10.0.0.0/8,127.0.0.0/8'),
        key_line('imported', 'consumer=old', 'an-imported-key-of-theirs'),
        key_line('shop0001', 'consumer=shop'),
    ) unless @lines;

    my $text = join '', @lines;
    my $file = file(sha256_hex($text) . '.keys', $text, 0644);
    $more //= '';

    return "apigw_key_store $name { file $file; $more }\n";
}


1;
