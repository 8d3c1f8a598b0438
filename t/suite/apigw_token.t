# apigw-token: tokens that anyone can verify by the published keys, private
# keys for their owner's eyes only, claims exactly as told.

use strict;
use warnings;

use File::Temp ();
use JSON::PP ();
use MIME::Base64 qw(decode_base64url);
use Test::More;

my $build = $ENV{BUILD} || 'build';
my $tool = "$build/bin/apigw-token";
my $dir = File::Temp->newdir;

delete $ENV{APIGW_KEYS};

sub run {
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDOUT, '>', "$dir/out" or die;
        open STDERR, '>', "$dir/err" or die;
        exec $tool, @_ or die "$tool: $!";
    }
    waitpid $pid, 0;
    return ($? >> 8, map { slurp("$dir/$_") } qw(out err));
}

sub slurp {
    open my $fh, '<', $_[0] or die "$_[0]: $!";
    local $/;
    return <$fh> // '';
}

sub spill {
    my ($name, $text) = @_;
    open my $fh, '>', $name or die "$name: $!";
    print $fh $text;
    close $fh or die "$name: $!";
}

# The text of a token's header and payload.
sub parts {
    my @parts = split /\./, $_[0];
    return map { decode_base64url($_) } @parts[0, 1];
}

# Asks openssl whether the token's signature fits the PEM file.
sub verified {
    my ($token, $pem, $hash) = @_;
    chomp $token;
    my ($input, $sig) = $token =~ /^(.*)\.(.*)$/;
    $sig = decode_base64url($sig);

    if ($hash =~ s/^es//) {
        my ($r, $s) = unpack 'a32a32', $sig;
        my $int = sub {
            my $n = $_[0] =~ s/^\0+//r;
            $n = "\0$n" if ord $n >= 0x80;
            return pack 'CC/a', 2, $n;
        };
        $sig = pack 'CC/a', 0x30, $int->($r) . $int->($s);
    }

    system("openssl pkey -in '$pem' -pubout -out '$dir/pub' 2>/dev/null") == 0
        or die 'openssl pkey';
    spill("$dir/sig", $sig);
    spill("$dir/input", $input);
    return system("openssl dgst -$hash -verify '$dir/pub' -signature "
                  . "'$dir/sig' '$dir/input' >/dev/null 2>&1") == 0;
}

my $json = JSON::PP->new->allow_bignum;
my $now = time;
my ($rc, $token, $err) = run(qw(demo --dir), "$dir/keys", '--scope', 'a b',
    '--claim', 'groups=["x","y"]', '--claim', 'n=9007199254740993',
    '--claim', 'text=a"b\\', '--claim', 'sub=other', '--claim', 'ok=true');

is $rc, 0, 'a token is minted';
is $err, '', 'without a word on standard error';
my ($header, $payload) = parts($token);
my $claims = $json->decode($payload);
is $claims->{iss}, 'https://demo.example', 'the profile names the issuer';
is $claims->{aud}, 'api://demo', 'and the audience';
is $claims->{scope}, 'a b', 'a scope is as told';
is $claims->{sub}, 'other', 'a claim given anew replaces the default';
is_deeply $claims->{groups}, ['x', 'y'], 'a claim may be JSON';
like $payload, qr/"n":9007199254740993\b/, 'a large number is kept';
is $claims->{text}, 'a"b\\', 'text is quoted';
like $payload, qr/"ok":true/, 'a boolean is one';
cmp_ok abs($claims->{iat} - $now), '<=', 60, 'issued now';
is $claims->{exp} - $claims->{iat}, 3600, 'for an hour';

my $pem = "$dir/keys/demo-RS256.pem";
is sprintf('%o', (stat $pem)[2] & 07777), '600', 'the key is private';
is sprintf('%o', (stat "$dir/keys")[2] & 07777), '700', 'and its directory';
ok verified($token, $pem, 'sha256'), 'openssl verifies the signature';

(undef, my $again) = run('demo', '--dir', "$dir/keys");
ok verified($again, $pem, 'sha256'), 'the key stays the same';

($rc, my $set) = run('jwks', 'demo', '--dir', "$dir/keys");
is $rc, 0, 'the key set is shown';
my $jwks = $json->decode($set);
is scalar @{$jwks->{keys}}, 1, 'with the one key';
is $jwks->{keys}[0]{kid}, $json->decode($header)->{kid},
    'whose id is in the token';
ok !(grep { exists $jwks->{keys}[0]{$_} } qw(d p q dp dq qi)),
    'and nothing private';

($rc, $token) = run('demo', '--dir', "$dir/keys", '--alg', 'ES256');
ok verified($token, "$dir/keys/demo-ES256.pem", 'essha256'),
    'openssl verifies ES256';

$ENV{APIGW_KEYS} = "$dir/keys";
for my $alg (qw(RS384 RS512 ES384 ES512 HS256 HS384 HS512)) {
    ($rc, $token) = run('demo', '--alg', $alg);
    is $rc, 0, "$alg is signed";
    ($header) = parts($token);
    is $json->decode($header)->{alg}, $alg, 'and named in the header';
}

(undef, $set) = run('jwks', 'demo');
is scalar @{$json->decode($set)->{keys}}, 6, 'all public keys are in the set';
unlike $set, qr/"oct"/, 'no secret among them';
(undef, $set) = run('jwks', 'demo', '--alg', 'HS256');
is $json->decode($set)->{keys}[0]{kty}, 'oct', 'a secret only on demand';

# keys of one's own
($rc) = run('keygen', '--private', "$dir/own.pem", '--jwks', "$dir/own.json",
            '--kid', 'k1');
is $rc, 0, 'a key is made where told';
is sprintf('%o', (stat "$dir/own.pem")[2] & 07777), '600', 'private';
is $json->decode(slurp("$dir/own.json"))->{keys}[0]{kid}, 'k1',
    'with its key set';
($rc, $token) = run('mint', '--key', "$dir/own.pem", '--kid', 'k1', '--iss',
                    'https://i', '--aud', 'a,b', '--exp', '-1h');
($header, $payload) = parts($token);
$claims = $json->decode($payload);
is $json->decode($header)->{kid}, 'k1', 'a key id is as told';
is_deeply $claims->{aud}, ['a', 'b'], 'several audiences are an array';
is $claims->{exp} - $claims->{iat}, -3600, 'a token may be past its time';
ok !exists $claims->{sub}, 'no claim is made up';
ok verified($token, "$dir/own.pem", 'sha256'), 'openssl verifies it';

for ([2], [2, 'mint'], [2, 'keygen'], [2, 'a/b'], [2, '..'], [2, 'demo', 'x'],
     [2, 'demo', '--alg', 'none'], [2, 'demo', '--exp', '1y'],
     [2, 'demo', '--claim', 'x'], [2, 'demo', '--sub', "\xff"],
     [1, 'mint', '--key', "$dir/none"], [1, 'mint', '--key', "$dir/own.json"],
     [1, 'mint', '--key', "$dir/own.pem", '--alg', 'ES256'])
{
    my ($want, @args) = @$_;
    ($rc, $token, $err) = run(@args);
    is $rc, $want, "exit status $want: @args";
    is $token, '', 'nothing on standard output';
    like $err, qr/^apigw-token: /, 'the fault on standard error';
}

done_testing;
