# An independent library (npm's jose) and the gateway: what it mints we take,
# what we assert it verifies, and of damaged tokens both think the same, the
# gateway's stricter rules apart.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Assertion ();
use Apigw::Auth qw(echo);
use Apigw::Nginx;
use Apigw::Node;
use Apigw::Token ();
use Digest::SHA qw(hmac_sha256);
use Encode ();
use JSON::PP ();
use MIME::Base64 qw(encode_base64url decode_base64url);
use Test::More;

my $seed = $ENV{APIGW_SEED} || 7515;
srand $seed;

my $JSON = JSON::PP->new->canonical;
my $issuer = 'https://jose.example';

my $jose = Apigw::Node->new('jose.mjs');
my $keys = $jose->call('keys');

push @{ $keys->{public}{keys} }, Apigw::Token::jwk('ed448');
Apigw::Token::file('public.json', $JSON->encode($keys->{public}), 0644);
Apigw::Token::file('secret.json', $JSON->encode($keys->{secret}), 0600);
chmod 0600, Apigw::Token::pem($_) for qw(ec256 rsa);

my @asymmetric = qw(RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512
                    EdDSA Ed25519 Ed448);
my @symmetric = qw(HS256 HS384 HS512);

my $nginx = Apigw::Nginx->new(modules => ['auth'], http => qq{
    apigw_jwt_provider public {
        issuer $issuer; audience api://orders;
        jwks_file $Apigw::Token::Dir/public.json;
        algorithms @asymmetric;
    }
    apigw_jwt_provider secret {
        issuer $issuer/hs; audience api://orders;
        jwks_file $Apigw::Token::Dir/secret.json;
        algorithms @symmetric;
    }
    apigw_auth_assertion es {
        key_file $Apigw::Token::Dir/ec256.pem; alg ES256;
        issuer https://gateway.example; audience orders; header X-Assertion;
    }
    apigw_auth_assertion rs {
        key_file $Apigw::Token::Dir/rsa.pem; alg RS256;
        issuer https://gateway.example; audience orders; header X-Assertion;
    }
    server {
        listen 127.0.0.1:\@PORT\@;
        apigw_auth jwt=public,secret;
        location = /es { apigw_auth_assert es; proxy_pass $ENV{TEST_NGINX_ECHO}; }
        location = /rs { apigw_auth_assert rs; proxy_pass $ENV{TEST_NGINX_ECHO}; }
        location = /es/keys { apigw_auth off; apigw_auth_assertion_jwks es; }
        location = /rs/keys { apigw_auth off; apigw_auth_assertion_jwks rs; }
        location = /t { add_header X-Reason \$apigw_auth_error always; empty_gif; }
    }
});

sub claims {
    my ($alg, %more) = @_;
    my $now = time;

    return { iss => $alg =~ /^HS/ ? "$issuer/hs" : $issuer, iat => $now,
             aud => 'api://orders', sub => 'alice', exp => $now + 600, %more };
}

# "EdDSA:Ed448" is EdDSA with the key of that kid.
sub mint {
    my ($name, %claims) = @_;
    my ($alg, $kid) = split /:/, $name;
    return $jose->call(mint => alg => $alg, typ => 'at+jwt',
                       claims => claims($alg, %claims),
                       $kid ? (kid => $kid) : ());
}

# "accepted", or the reason why not.
sub gateway {
    my ($token) = @_;
    my ($status, $headers) = $nginx->request(GET => '/t',
        { Authorization => "Bearer $token" }) or die "no answer\n";

    return $status == 200 ? 'accepted' : $headers->{'x-reason'};
}

my %options = (algorithms => [@asymmetric, @symmetric],
    issuer => [$issuer, "$issuer/hs"], audience => 'api://orders',
    clockTolerance => 30, requiredClaims => ['exp']);

sub judge {
    my (@tokens) = @_;
    return @{ $jose->call(judge => tokens => \@tokens, options => \%options) };
}


subtest 'what jose mints is accepted, whatever the algorithm' => sub {
    for my $alg ((grep { $_ ne 'Ed448' } @asymmetric), @symmetric,
                 'EdDSA:Ed448')
    {
        my $token = eval { mint($alg) };

        if (!$token && $alg eq 'Ed25519' && $@ =~ /ERR_JOSE_NOT_SUPPORTED/) {
            pass "this jose does not know $alg";
            next;
        }

        is $token ? gateway($token) : $@, 'accepted', $alg;
    }
};


subtest 'Ed448 by its own name, which jose lacks, as openssl signs it' => sub {
    my $token = Apigw::Token::token(alg => 'Ed448', claims => claims('Ed448'));

    is gateway($token), 'accepted', 'Ed448';
    like eval { mint('Ed448') } // $@, qr/ERR_JOSE_NOT_SUPPORTED/,
        'nor mints it';
};


subtest 'the name of a curve goes with its key alone' => sub {
    my %claims = %{ claims('Ed448') };

    is gateway(Apigw::Token::token(alg => 'Ed448', claims => \%claims,
        header => { kid => 'Ed25519' })), 'alg_not_allowed', 'Ed448, Ed25519';
    is gateway(Apigw::Token::token(alg => 'Ed25519', claims => \%claims,
        key => 'ed448')), 'alg_not_allowed', 'Ed25519, Ed448';
};


for my $alg (qw(ES256 RS256)) {
    my $at = $alg eq 'ES256' ? 'es' : 'rs';

    subtest "jose verifies our assertion, $alg" => sub {
        my ($status, $headers, $head) = $nginx->request(GET => "/$at",
            { Authorization => 'Bearer ' . mint('EdDSA', scope => 'a b') });
        is $status, 200, 'the service answers';

        my $got = $jose->call('assertion',
            token => scalar Apigw::Assertion::sent($head, 'X-Assertion'),
            keys => 'http://127.0.0.1:' . $nginx->port . "/$at/keys",
            options => { issuer => 'https://gateway.example',
                         audience => 'orders', algorithms => [$alg],
                         requiredClaims => ['exp', 'iat', 'jti'] });

        is $got->{payload}{sub}, 'alice', 'sub';
        is $got->{payload}{scope}, 'a b', 'scope';
        is $got->{header}{alg}, $alg, 'alg';
    };
}


# The rules that the gateway has and jose does not, each looked for in the
# token itself, by the reason that the gateway gives.

sub parts { return map { decode_base64url($_) } split /\./, $_[0], -1 }

sub canonical {
    my ($token) = @_;
    return !grep { encode_base64url(decode_base64url($_)) ne $_ }
        split /\./, $token, -1;
}

sub utf8 {
    my ($text) = @_;
    return defined eval { Encode::decode('UTF-8', $text, Encode::FB_CROAK) };
}

# A name that stands twice in a flat object.
sub twice {
    my ($text) = @_;
    my %seen;
    return grep { $seen{$_}++ } $text =~ /"((?:[^"\\]|\\.)*)"\s*:/g;
}

sub decoded {
    my ($text) = @_;
    return eval { JSON::PP->new->utf8->decode($text) } // {};
}

my %stricter = (
    token_malformed => sub {
        my ($token, $header, $payload) = @_;
        return 'not canonical base64url' unless canonical($token);
        return 'not UTF-8' unless utf8($header) && utf8($payload);
        return 'a byte order mark' if grep { /^\xef\xbb\xbf/ } $header, $payload;
        return 'a name twice' if twice($header) || twice($payload);
    },
    typ_not_allowed => sub {
        my ($token, $header) = @_;
        my $typ = decoded($header)->{typ};
        return 'another typ'
            if defined $typ && $typ !~ m{^(?:application/)?(?:at\+)?jwt$}i;
    },
    token_not_yet_valid => sub {
        my ($token, $header, $payload) = @_;
        return 'it was issued in the future'
            if (decoded($payload)->{iat} // 0) > time + 30;
    },
    lifetime_exceeded => sub {
        my ($token, $header, $payload) = @_;
        my $claims = decoded($payload);
        return 'it lives longer than a day'
            if $claims->{exp} - ($claims->{iat} // time) > 86400;
    },
    claim_invalid => sub {
        my ($token, $header, $payload) = @_;
        my $claims = decoded($payload);
        return 'a date that is no number from 0 to 2^53'
            if grep { defined $claims->{$_}
                      && $claims->{$_} !~ /^(?:0|[1-9]\d{0,15})$/ }
                   qw(exp iat nbf);
    },
);

sub why_stricter {
    my ($token, $reason) = @_;
    my ($header, $payload) = parts($token);
    return $stricter{$reason} && $stricter{$reason}->($token, $header, $payload);
}

sub compare {
    my ($what, @tokens) = @_;
    my @theirs = judge(@tokens);
    my (%count, @wrong);

    for my $i (0 .. $#tokens) {
        my $ours = gateway($tokens[$i]);
        my $agree = ($ours eq 'accepted') == ($theirs[$i] eq 'accepted');
        my $why = $agree ? ($ours eq 'accepted' ? 'both accept' : 'both refuse')
            : $ours ne 'accepted' ? why_stricter($tokens[$i], $ours) : undef;

        $count{$why || 'unexplained'}++;
        push @wrong, "gateway $ours, jose $theirs[$i]: "
            . join ' . ', parts($tokens[$i]) unless $why;
    }

    is scalar @wrong, 0, "$what: no difference without a rule";
    diag "seed $seed\n", map { s/[^ -~]/?/gr . "\n" } splice @wrong, 0, 20
        if @wrong;
    note "$what: ", join ', ', map { "$_ $count{$_}" } sort keys %count;

    return \%count;
}

# Changes of a text: bytes replaced, flipped, left out, put in, exchanged.
sub damaged {
    my ($text, @alphabet) = @_;
    my $at = int rand length $text;
    my $byte = $alphabet[rand @alphabet];
    my $kind = int rand 5;

    substr($text, $at, 1) = $byte if $kind == 0;
    substr($text, $at, 1) = '' if $kind == 1;
    substr($text, $at, 0) = $byte if $kind == 2;
    substr($text, $at, 0) = substr $text, $at, 1 + int rand 24 if $kind == 3;
    substr($text, $at, 1) ^= chr 1 << int rand 7 if $kind == 4;

    return $text;
}

my @base64 = ('A' .. 'Z', 'a' .. 'z', 0 .. 9, qw(- _ . = + /));
my @json = (split(//, '{}[]",:0123456789.eE+-\\ntu'), "\0", "\xff", "\x80",
            "\xef\xbb\xbf", ' ');


subtest 'of tokens whose text is damaged both think the same' => sub {
    my %token = map { $_ => mint($_) } qw(ES256 RS256 EdDSA:Ed448 HS256);
    my @tokens;

    for my $i (0 .. 199) {
        my $token = $token{(sort keys %token)[$i % 4]};
        my $bad = damaged($token, @base64);
        push @tokens, $bad if $bad =~ m{^[\w.~+/-]+=*$};
    }

    my $count = compare('text', @tokens);
    cmp_ok $count->{'both refuse'}, '>', 100, 'most are refused by both';
};


# Signed again with the key, so that what is read is what decides.
sub signed {
    my ($header, $payload) = @_;
    my ($jwk) = grep { $_->{kid} eq 'HS256' } @{ $keys->{secret}{keys} };
    my $input = encode_base64url($header) . '.' . encode_base64url($payload);

    return "$input." . encode_base64url(
        hmac_sha256($input, decode_base64url($jwk->{k})));
}


subtest 'of damaged headers and payloads, signed, both think the same' => sub {
    my $header = '{"alg":"HS256","kid":"HS256","typ":"JWT"}';
    my $payload = $JSON->encode(claims('HS256', nbf => time - 5,
        scope => "caf\\u00e9", n => 1));
    my (@tokens, %both);

    is gateway(signed($header, $payload)), 'accepted', 'undamaged: gateway';
    is((judge(signed($header, $payload)))[0], 'accepted', 'undamaged: jose');

    for my $i (0 .. 399) {
        push @tokens, $i % 2 ? signed(damaged($header, @json), $payload)
                             : signed($header, damaged($payload, @json));
    }

    my $count = compare('JSON', @tokens);
    cmp_ok $count->{'both refuse'}, '>', 100, 'many are refused by both';
    cmp_ok $count->{'both accept'}, '>', 10, 'some are accepted by both';
};


subtest 'every bit of a signature counts' => sub {
    my @tokens;

    for my $alg (qw(ES256 EdDSA EdDSA:Ed448 HS256)) {
        my ($input, $signature) = mint($alg) =~ /^(.*)\.(.*)$/;
        my $raw = decode_base64url($signature);
        for (1 .. 40) {
            my $bad = $raw;
            vec($bad, int rand 8 * length $raw, 1) ^= 1;
            push @tokens, "$input." . encode_base64url($bad);
        }
    }

    my $count = compare('signature', @tokens);
    is $count->{'both refuse'}, scalar @tokens, 'all are refused by both';
};


is $nginx->stop, 0, 'nginx ends in order';
unlike $nginx->log, qr/\[(?:alert|crit|emerg)\]/, 'and has seen no fault';

done_testing();
