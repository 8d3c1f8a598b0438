# What "nginx -t" refuses of an apigw_auth_assertion and of the directives that
# name one: with the file, the line, what is wrong and what to write instead.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Nginx ();
use Apigw::Token ();
use MIME::Base64 qw(encode_base64url);
use Test::More;

my $dir = "$Apigw::Token::Dir";

for my $key (qw(ec256 ec384 ed25519 rsa2 rsa1024)) {
    chmod 0600, Apigw::Token::pem($key);
}

Apigw::Token::file('open.pem', slurp("$dir/ec256.pem"), 0644);
Apigw::Token::file('group.pem', slurp("$dir/ec256.pem"), 0640);
Apigw::Token::file('rubbish.pem', "rubbish\n", 0600);
Apigw::Token::file('large.pem', 'x' x 16385, 0600);
Apigw::Token::file('short.key', encode_base64url('x' x 31) . "\n", 0600);
Apigw::Token::file('good.key', encode_base64url('x' x 32) . "\n", 0600);
Apigw::Token::file('open.key', encode_base64url('x' x 32) . "\n", 0644);
Apigw::Token::file('public.pem',
    Apigw::Token::openssl("pkey -pubout -in $dir/ec256.pem"), 0644);
Apigw::Token::openssl("pkey -aes128 -passout pass:secret -in $dir/ec256.pem"
                      . " -out $dir/locked.pem");

my $nginx = Apigw::Nginx->new(modules => ['auth'],
    http => 'server { listen 127.0.0.1:@PORT@; }');

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!";
    local $/;
    return scalar <$in>;
}

# Of a configuration; in it a file's name alone stands for its path.
sub verdict {
    my ($http, $location, $server) = @_;
    $_ //= '' for $location, $server;

    $http =~ s{\b([\w-]+\.(?:pem|key))\b}{$dir/$1}g;
    $nginx->{options}{http} = Apigw::Token::provider('corp')
        . "$http server { listen 127.0.0.1:\@PORT\@; $server
                          location /t { $location } }";
    $nginx->write('nginx.conf', $nginx->conf);
    my ($status, $output) = $nginx->test;

    return $status == 0 ? ($output =~ /\[warn\]/ ? $output : 'ok') : $output;
}

# A block; an empty value leaves a parameter out.
sub block {
    my (%how) = @_;
    my %all = (key_file => 'ec256.pem', alg => 'ES256', issuer => 'i',
               audience => 'a', header => 'X-A', more => '', %how);
    my $more = delete $all{more};

    return 'apigw_auth_assertion orders { '
        . join('', map { length $all{$_} ? "$_ $all{$_}; " : '' } sort keys %all)
        . "$more }";
}

sub refused {
    my ($how, $message, $name) = @_;

    like verdict(block(%$how)),
        qr/\[emerg\] .*apigw_auth: apigw_auth_assertion "orders": \Q$message\E in \S+nginx\.conf:\d+/,
        $name // $message;
}

sub taken {
    my ($how, $name) = @_;
    is verdict(block(%$how)), 'ok', $name;
}

taken({}, 'an EC key');
taken({ key_file => 'rsa2.pem', alg => 'RS256' }, 'an RSA key');
taken({ key_file => 'good.key', alg => 'HS256' }, 'a secret');
taken({ key_file => 'group.pem' }, 'a key that the group may read');
taken({ more => 'published_key_file public.pem rsa2.pem;' }, 'further keys');
taken({ more => "ttl $_;" }, "a ttl of $_") for qw(5s 10m 90);
taken({ more => "claims $_;" }, "claims $_")
    for 'consumer', 'plan scope sub consumer', 'off';
taken({ more => 'claim a $uri; claim b "x $host y"; claim "c d" ""; claim é z;' },
      'any number of claims');
taken({ more => 'claims consumer; claim sub $apigw_consumer;' },
      'a claim in place of one that is not told');
taken({ header => 'Authorization Bearer' }, 'a scheme');

refused({ key_file => '' }, 'no "key_file"; add "key_file PATH;"');
refused({ alg => '' }, 'no "alg"; add "alg ES256;"');
refused({ issuer => '' }, 'no "issuer"; add "issuer URL;"');
refused({ audience => '' }, 'no "audience"; add "audience NAME;"');
refused({ header => '' },
        'no "header"; add "header X-Gateway-Assertion;"');

refused({ alg => $_ }, qq(unknown algorithm "$_"; use RS256, ES256 or HS256))
    for qw(none es256 ES384 PS256);

my $make = '; make one with "apigw-token keygen --private FILE --alg ALG"';

refused({ key_file => 'rsa2.pem' },
        qq(key_file "$dir/rsa2.pem" holds no P-256 key for ES256$make));
refused({ alg => 'RS256' },
        qq(key_file "$dir/ec256.pem" holds no RSA key for RS256$make));
refused({ key_file => 'rsa1024.pem', alg => 'RS256' },
        qq(key_file "$dir/rsa1024.pem" holds an RSA key that has not 2048 to 8192 bits$make));
refused({ key_file => 'ec384.pem' },
        qq(key_file "$dir/ec384.pem" holds an EC key on another curve than P-256$make));
refused({ key_file => 'ed25519.pem' },
        qq(key_file "$dir/ed25519.pem" holds a key that is neither RSA nor EC$make));
refused({ key_file => 'public.pem' },
        qq(key_file "$dir/public.pem" holds no private key in PEM without a password$make));
refused({ key_file => 'locked.pem' },
        qq(key_file "$dir/locked.pem" holds no private key in PEM without a password$make));
refused({ key_file => 'short.key', alg => 'HS256' },
        qq(key_file "$dir/short.key" holds less than 32 bytes for HS256$make));
refused({ key_file => 'ec256.pem', alg => 'HS256' },
        qq(key_file "$dir/ec256.pem" holds no line of base64url for HS256$make));
refused({ more => 'published_key_file rubbish.pem;' },
        qq(published_key_file "$dir/rubbish.pem" holds no key in PEM without a password$make));
refused({ key_file => 'large.pem' },
        qq(key_file "$dir/large.pem" is too large; give a readable file of at most 16384 bytes));
refused({ key_file => 'open.pem' },
        qq(key_file "$dir/open.pem" holds secrets and others may use it; run chmod 0640 on it));
refused({ key_file => 'open.key', alg => 'HS256' },
        qq(key_file "$dir/open.key" holds secrets and others may use it; run chmod 0640 on it));
refused({ more => 'published_key_file open.pem;' },
        qq(published_key_file "$dir/open.pem" holds secrets and others may use it; run chmod 0640 on it));
refused({ key_file => 'good.key', alg => 'HS256',
          more => 'published_key_file public.pem;' },
        '"published_key_file" beside HS256, whose key is secret; take it out');
like verdict(block(key_file => 'missing.pem')),
    qr/\[emerg\] .*key_file "\S+missing\.pem" open\(\) failed: No such file/,
    'a file that is not there';

refused({ more => "ttl $_;" },
        qq(invalid "ttl" "$_"; give a time from 5s to 10m))
    for qw(4s 601 0 -1s x);
refused({ more => 'claims role;' }, 'unknown claim "role" in "claims"; use '
        . 'consumer, sub, scope, plan, or "off", and "claim NAME $value" for '
        . 'others');
refused({ more => 'claims off sub;' }, '"off" beside others in "claims"; '
        . 'write it alone, or leave it out');
refused({ more => "claim $_ x;" },
        qq(claim "$_" is the assertion's own; choose another name))
    for qw(iss aud iat exp nbf jti);
refused({ more => 'claim plan gold;' }, 'claim "plan" is one of "claims", '
        . 'too; write "claims" without it');
refused({ more => 'claim a b; claim a c;' },
        'duplicate claim "a"; write it once');
refused({ more => 'claim a;' }, 'invalid number of arguments in "claim"; it '
        . 'takes a name and a value');
refused({ more => 'claim "" a;' },
        'invalid name of a "claim"; write one in UTF-8');
refused({ issuer => qq("a\xff") },
        'invalid "issuer"; write it in UTF-8 as the service expects it');
refused({ audience => '""' },
        'invalid "audience"; write it in UTF-8 as the service expects it');
refused({ header => $_ }, qq(header "$_" cannot be set; use a name of its )
        . 'own, such as X-Gateway-Assertion') for qw(Host Connection X:A);
refused({ header => $_ }, 'invalid scheme in "header"; write one word, such '
        . 'as Bearer, or leave it out') for 'A "b c"', 'A b c';
refused({ more => 'ttl 10s; ttl 20s;' }, 'duplicate "ttl"; write it once');
refused({ more => 'kid x;' }, 'unknown parameter "kid"; the parameters are '
        . 'key_file, alg, issuer, audience, header, published_key_file, ttl, '
        . 'claims, claim');

like verdict(block() . block()),
    qr/apigw_auth_assertion "orders": duplicate name; give each assertion its own in \S+:\d+/,
    'a name given twice';
like verdict(block() =~ s/orders/"a b"/r), qr/"a b": invalid name; use/,
    'a name that is none';

like verdict('', 'apigw_auth_assert orders;'),
    qr/\[emerg\] .*apigw_auth: apigw_auth_assert: unknown assertion "orders"; add "apigw_auth_assertion orders \{ \.\.\. \}" to the http block in \S+nginx\.conf:\d+/,
    'an assertion that is not there';
like verdict('', 'apigw_auth_assertion_jwks orders;'),
    qr/apigw_auth: apigw_auth_assertion_jwks: unknown assertion "orders"; add /,
    'keys of one that is not there';
like verdict(block(key_file => 'good.key', alg => 'HS256'),
             'apigw_auth_assertion_jwks orders;'),
    qr/\[emerg\] .*apigw_auth: apigw_auth_assertion_jwks: the key of assertion "orders" is secret; publish one with alg RS256 or ES256 in \S+nginx\.conf:\d+/,
    'a secret is not published';

is verdict('', 'apigw_auth_assert off;'), 'ok', 'off needs none';
is verdict('server { listen 127.0.0.1:@PORT@; server_name a;
            apigw_auth_assert orders; } ' . block()), 'ok',
    'the block may come later';

my $twice = qr/\[emerg\] .*apigw_auth: apigw_auth_assert: header "X-A" of assertion "orders" is also set by apigw_auth_set_header; give one of them another name in \S+:\d+/;

like verdict(block(), 'apigw_auth_assert orders; apigw_auth_set_header x_a b;'),
    $twice, 'a header of two kinds';
like verdict(block(), 'apigw_auth_assert orders;',
             'apigw_auth_set_header X-A b;'), $twice, 'one inherited';
is verdict(block(), 'apigw_auth_assert off; apigw_auth_set_header X-A b;',
           'apigw_auth_assert orders;'), 'ok', 'not where it is off';

is $nginx->stop, 0, 'nginx ends in order';

done_testing;
