# A node spends units that it has debited in Redis ahead of need, and asks for
# more in time: a hot key costs Redis a command for many requests.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Lease ();
use Apigw::Redis ();
use Test::More;
use Time::HiRes qw(sleep);

my $redis = Apigw::Redis->new;
my $nginx = Apigw::Lease->new($redis, workers => 1, policies => <<'P',
    apigw_ratelimit_policy hot key=$arg_k rate=100r/d lease=auto store=main;
    apigw_ratelimit_policy small key=$arg_k rate=100r/d lease=10 store=main;
    apigw_ratelimit_policy few key=$arg_k rate=$arg_rate default=50r/d
                           lease=auto store=main;
    apigw_ratelimit_policy room key=$arg_k rate=100r/d lease=auto
                           outstanding=50 store=main;
    apigw_ratelimit_policy exact key=$arg_k rate=5r/d store=main;
    apigw_ratelimit_policy own key=$arg_k rate=2r/d;
P
    locations => <<'L');
    location = /t { apigw_ratelimit hot; empty_gif; }
    location = /cost { apigw_ratelimit hot cost=$arg_c; empty_gif; }
    location = /small { apigw_ratelimit small; empty_gif; }
    location = /few { apigw_ratelimit few; empty_gif; }
    location = /room { apigw_ratelimit room; empty_gif; }
    location = /both { apigw_ratelimit room exact; empty_gif; }
    location = /own { apigw_ratelimit room own; empty_gif; }
L

sub value {
    my ($policy) = @_;
    my ($key) = grep { /:\Q$policy\E:r/ } @{ $redis->command('KEYS', '*') };
    return $key ? $redis->command('GET', $key) : '';
}

sub units { value($_[0]) =~ /\|\d+:\d+:(\d+):\d+$/ ? $1 : 'none' }

sub commands { $redis->calls('evalsha') + $redis->calls('eval') }

is $nginx->told('/t?k=a'), '200 PASSED hot redis 74',
    'the first request asks; the burst is less by what may be outstanding';
is units('hot'), 11, 'half of the room for leases came, its own unit included';

for (1 .. 8) {
    like $nginx->told('/t?k=a'), qr/^200 PASSED hot lease \d+$/,
        "request $_ is paid for";
}

is commands(), 1, 'with one command';

like $nginx->told('/t?k=a'), qr/^200 PASSED hot lease/, 'few are left';
ok Apigw::Lease::wait_for(sub { commands() == 2 }),
    'more are asked for, and nobody waits';

my ($passed, $told) = (10);
$passed++ while ($told = $nginx->told('/t?k=a')) =~ /^200/ && $passed < 200;
is $passed, 75, 'all of the burst but what may be outstanding can be had';
like $told, qr/^429 REJECTED hot redis 0$/, 'then Redis denies';
like $nginx->told('/t?k=a'), qr/^429 REJECTED hot deny_cache/,
    'and for a second that is known here';

is $nginx->told('/cost?k=b&c=0'), '200 PASSED hot redis 75',
    'a request that costs nothing is told by Redis';
like $nginx->told('/cost?k=c&c=75'), qr/^200 PASSED hot redis 0$/,
    'a cost of all there is';
like $nginx->told('/cost?k=d&c=76'), qr/^429 REJECTED hot local/,
    'one above what Redis has for anybody never passes';

$nginx->told('/small?k=a');
is units('small'), 9, 'a lease is no larger than it may be';

is $nginx->told('/few?k=a&rate=7r/d'), '200 PASSED few redis 6',
    'a variable limit below 8 is exact';
is units('few'), 'none', 'it has no lease';
is $nginx->told('/few?k=b&rate=80r/d'), '200 PASSED few redis 59',
    'from 8 on, the limit of the moment counts';

is $nginx->told('/room?k=a'), '200 PASSED room redis 49',
    'outstanding= may be half of the burst';

$nginx->told('/both?k=x') for 1 .. 5;
my ($before) = $nginx->told('/room?k=x') =~ / (\d+)$/;
like $nginx->told('/both?k=x'), qr/^429 REJECTED exact redis 0$/,
    'another policy denies';
my ($after) = $nginx->told('/room?k=x') =~ / (\d+)$/;
is $before - $after, 1, 'what was spent of the lease is back';

$nginx->told('/own?k=y') for 1 .. 2;
like $nginx->told('/room?k=y'), qr/^200 PASSED room lease/, 'a lease is there';
$before = $nginx->metric('apigw_ratelimit_lease_units{policy="room"}');
like $nginx->told('/own?k=y'), qr/^429 REJECTED own local/,
    'a local policy denies first';
is $nginx->metric('apigw_ratelimit_lease_units{policy="room"}'), $before,
    'then no lease is spent';

# Requests that find nothing while a lease is under way wait for it
{
    my $before = commands();
    my @sockets;

    $redis->pause;

    for (1 .. 20) {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $nginx->port) or die "connect: $!";
        print $socket "GET /room?k=wait HTTP/1.1\r\nHost: x\r\n",
            "Connection: close\r\n\r\n";
        push @sockets, $socket;
        sleep 0.01;
    }

    close pop @sockets for 1 .. 4;       # some go away
    sleep 0.05;
    $redis->resume;

    my @told = map { local $/; readline $_ } @sockets;
    is scalar(grep { m{^HTTP/1.1 200} } @told), 16, 'all who wait pass';
    cmp_ok commands() - $before, '<=', 3, 'with a command or two';
    cmp_ok scalar(grep { /X-Told: PASSED room lease/ } @told), '>=', 10,
        'most by the lease of the first';
}

cmp_ok $nginx->metric('apigw_ratelimit_source_total'
                      . '{policy="hot",source="lease"}'), '>=', 50,
    'the source is counted';

ok Apigw::Lease::wait_for(sub { units('small') eq 'none' }),
    'a pool that nobody spends is given back';
ok Apigw::Lease::wait_for(sub {
    $nginx->metric('apigw_ratelimit_lease_units{policy="small"}') eq '0' }),
    'and is not there any more';
is $nginx->told('/small?k=a'), '200 PASSED small redis 73',
    'only what was used is missing';

is $nginx->stop, 0, 'ends in order';
is_deeply $nginx->complaints, [], 'a quiet log';

done_testing();
