# A zone never grows: idle keys go first, then keys not used lately; a key in
# use keeps its state, and the log says once that the zone is too small.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Nginx ();
use IO::Socket::INET;
use Test::More;

my $keys = $ENV{APIGW_SLOW} ? 20_000 : 100_000;

my $nginx = Apigw::Nginx->new(modules => ['ratelimit'], workers => 2,
                              http => <<'CONF');
    apigw_ratelimit_zone small:512k;
    apigw_ratelimit_policy each key=$arg_k rate=2r/d;
    apigw_ratelimit_policy brief key=$arg_k rate=1000r/s;
    keepalive_requests 1000000;
    server {
        listen 127.0.0.1:@PORT@;
        location / { apigw_ratelimit each; empty_gif; }
        location /brief { apigw_ratelimit brief; empty_gif; }
    }
CONF


# Sends requests on one connection, 100 at a time; counts statuses.
my $socket;

sub send_all {
    my ($path, @numbers) = @_;
    my %seen;

    $socket ||= IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $nginx->port, Timeout => 20) or die "connect: $!";

    while (my @some = splice @numbers, 0, 100) {
        print $socket map { "GET $path?k=$_ HTTP/1.1\r\nHost: x\r\n\r\n" } @some;

        for (@some) {
            my ($status, $length);
            while (defined(my $line = <$socket>)) {
                last if $line eq "\r\n";
                $status = $1 if $line =~ m{^HTTP/1\.1 (\d+)};
                $length = $1 if $line =~ /^Content-Length: (\d+)/;
            }
            die "connection lost" unless $status;
            read($socket, my $body, $length);
            $seen{$status}++;
        }
    }

    return \%seen;
}

is_deeply send_all('/brief', 1 .. 30_000), { 200 => 30_000 },
    'keys that are idle again at once fill a zone four times over';
unlike $nginx->log, qr/is full/, 'without a word';

is_deeply send_all('/', 'hot', 'hot', 'hot'), { 200 => 2, 429 => 1 },
    'a key is exhausted';

my ($other, $hot) = ({}, {});
for my $round (0 .. $keys / 1000 - 1) {
    my $seen = send_all('/', map { $round * 1000 + $_ } 1 .. 1000);
    $other->{$_} += $seen->{$_} for keys %$seen;
    $seen = send_all('/', 'hot');
    $hot->{$_} += $seen->{$_} for keys %$seen;
}

is_deeply $other, { 200 => $keys }, 'many more keys than slots all pass once';
is_deeply $hot, { 429 => $keys / 1000 }, 'the key in use stays exhausted';

my @full = $nginx->log =~ /\[alert\].*(zone "small" is full.*it larger)/g;
is scalar @full, 1, 'the log says so once';

my $size = 0;
for my $pid ($nginx->workers) {
    open my $in, '<', "/proc/$pid/smaps_rollup" or next;
    $size = $1 if join('', <$in>) =~ /^Pss_Shmem:\s+(\d+)/m && $1 > $size;
}
cmp_ok $size, '<=', 2048, 'memory is bounded';

undef $socket;
is $nginx->stop, 0, 'ends in order';
my $log = $nginx->log;
$log =~ s/.*zone "small" is full.*\n//;
is_deeply [grep { /\[(?:alert|crit|emerg)\]/ } split /^/m, $log], [],
    'a quiet log otherwise';

done_testing();
