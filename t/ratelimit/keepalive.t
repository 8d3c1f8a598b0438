# A rejection leaves the connection as usable as any answer: after HEAD, after
# bodies that were not read, with requests waiting behind it.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Nginx ();
use IO::Socket::INET;
use Test::More;

my $nginx = Apigw::Nginx->new(modules => ['ratelimit'], http => <<'CONF');
    apigw_ratelimit_policy one key=$arg_k rate=1r/d;
    server {
        listen 127.0.0.1:@PORT@;
        location / { apigw_ratelimit one; empty_gif; }
    }
CONF


# Sends bytes on one connection, the last request with Connection: close;
# returns the status lines and the bodies.
sub talk {
    my ($bytes, @heads) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $nginx->port, Timeout => 20) or die "connect: $!";

    print $socket $bytes;
    my $text = do { local $/; <$socket> };
    my @answers;

    while ($text =~ s{\AHTTP/1\.1 (\d+)[^\r]*\r\n(.*?)\r\n\r\n}{}s) {
        my ($status, $lines) = ($1, $2);
        my ($length) = $lines =~ /^Content-Length: (\d+)/m;
        my $body = shift @heads ? '' : substr $text, 0, $length // 0, '';
        push @answers, [$status, $body, $lines];
    }

    return ($text, @answers);
}

sub ask {
    my ($method, $key, $more, $body) = @_;
    return "$method /?k=$key HTTP/1.1\r\nHost: x\r\n" . ($more // '') . "\r\n"
           . ($body // '');
}

my $close = "Connection: close\r\n";

my ($rest, @a) = talk(ask('GET', 'a') . ask('HEAD', 'a') . ask('GET', 'a')
                      . ask('GET', 'b', $close), 0, 1, 0, 0);

is join(' ', map { $_->[0] } @a), '200 429 429 200', 'GET, HEAD, GET, GET';
is $rest, '', 'HEAD has no body';
my ($head) = $a[1][2] =~ /^Content-Length: (\d+)/m;
my ($get) = $a[2][2] =~ /^Content-Length: (\d+)/m;
is $head, $get, 'but the length of the document';
like $a[1][2], qr{^Content-Type: application/problem\+json}m, 'and its type';

($rest, @a) = talk(
    ask('POST', 'c', "Content-Length: 5\r\n", 'hello')
    . ask('POST', 'c', "Content-Length: 5\r\n", 'hello')
    . ask('POST', 'c', "Transfer-Encoding: chunked\r\n",
          "3\r\nabc\r\n0\r\n\r\n")
    . ask('GET', 'd', $close));

is join(' ', map { $_->[0] } @a), '405 429 429 200',
    'bodies of refused requests are passed over';

($rest, @a) = talk(ask('POST', 'e', "Content-Length: 300000\r\n", 'x' x 300000)
                   . ask('POST', 'e', "Content-Length: 300000\r\n",
                         'x' x 300000)
                   . ask('GET', 'f', $close));

is join(' ', map { $_->[0] } @a), '405 429 200', 'large ones too';

($rest, @a) = talk("GET /?k=g HTTP/1.0\r\n\r\n");
is $a[0][0], 200, 'HTTP/1.0';
($rest, @a) = talk("GET /?k=g HTTP/1.0\r\n\r\n");
is $a[0][0], 429, 'HTTP/1.0, refused';
like $a[0][1], qr/"status":429/, 'with its document';

is $nginx->stop, 0, 'ends in order';
is_deeply [grep { /\[(?:alert|crit|emerg)\]/ } split /^/m, $nginx->log], [],
    'a quiet log';

done_testing();
