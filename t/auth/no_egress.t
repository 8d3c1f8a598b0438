# A token cannot make the gateway call anybody: members of its header that carry
# or point to keys lead to no connection and to no other verdict.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Nginx;
use Apigw::Token ();
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use Test::More;

# Whoever follows a header comes here.
my $trap = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64)
    or die "listen: $!";
my $url = 'http://127.0.0.1:' . $trap->sockport;

# How many have come; accepted connections wait in the kernel until then.
sub caught {
    my $n = 0;
    while (IO::Select->new($trap)->can_read(0)) {
        close $trap->accept;
        $n++;
    }
    return $n;
}

my $good = Apigw::Token::file('keys.json', Apigw::Token::jwks('rsa'), 0644);

my $nginx = Apigw::Nginx->new(modules => ['auth'], http => qq{
    apigw_jwt_provider corp {
        issuer $Apigw::Token::Issuer; audience api://orders; jwks_file $good;
    }
    server {
        listen 127.0.0.1:\@PORT\@;
        location = /t {
            apigw_auth jwt=corp;
            add_header X-Reason \$apigw_auth_error always;
            empty_gif;
        }
    }
});

sub ask {
    my ($token) = @_;
    my ($status, $headers) = $nginx->request(GET => '/t',
        { Authorization => "Bearer $token" }) or return 'no answer';

    return join ' ', $status, grep { length } $headers->{'x-reason'} // '';
}

# A certificate of the attacker's key, as x5c has it.
my $rsa2 = Apigw::Token::pem('rsa2');
my $x5c = encode_base64(Apigw::Token::openssl("req -x509 -new -key $rsa2"
    . ' -subj /CN=mallory -days 2 -outform DER'), '');

my %members = (
    jku => { jku => "$url/jku" },
    x5u => { x5u => "$url/x5u" },
    jwk => { jwk => Apigw::Token::jwk('rsa2') },
    x5c => { x5c => [$x5c] },
    iss => { iss => $url },
    'all at once' => { jku => "$url/jku", x5u => "$url/x5u", x5c => [$x5c],
                       jwk => Apigw::Token::jwk('rsa2'), iss => $url },
);

for my $name (sort keys %members) {
    subtest "a header with $name" => sub {
        my $header = $members{$name};

        is ask(Apigw::Token::token(header => { %$header, kid => 'rsa' },
            key => 'rsa2')), '401 signature_invalid', 'the attacker\'s key';
        is ask(Apigw::Token::token(header => { %$header, kid => 'rsa2' },
            key => 'rsa2')), '401 kid_unknown', 'by its own name';
        is ask(Apigw::Token::token(header => $header)), '200',
            'our key is ours, whatever stands beside it';
        is caught(), 0, 'nobody calls';
    };
}

subtest 'a kid that is an address, a path or an injection' => sub {
    for my $kid ("$url/kid", "file:///etc/passwd", '../../etc/passwd',
                 "|nc 127.0.0.1 " . $trap->sockport, "' OR '1'='1",
                 '${jndi:ldap://127.0.0.1:' . $trap->sockport . '}')
    {
        is ask(Apigw::Token::token(header => { kid => $kid }, key => 'rsa2')),
            '401 kid_unknown', $kid;
    }
    is caught(), 0, 'nobody calls';
};

subtest 'claims that are addresses' => sub {
    is ask(Apigw::Token::token(key => 'rsa2', claims => { iss => $url })),
        '401 issuer_unknown', 'iss';
    is ask(Apigw::Token::token(claims => { jwks_uri => $url, jku => $url,
        aud => $url })), '401 audience_mismatch', 'others';
    is caught(), 0, 'nobody calls';
};

subtest 'the trap works' => sub {
    ok(IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                             PeerPort => $trap->sockport), 'a call');
    is caught(), 1, 'is seen';
};

is $nginx->stop, 0, 'nginx ends in order';
is caught(), 0, 'nor later';
unlike $nginx->log, qr/\[(?:alert|crit|emerg)\]/, 'and nginx has seen no fault';

done_testing();
