# Four gateways of two workers each lease from one Redis: together they admit no
# more than the limit, what they strand is no more than may be outstanding, and
# a hot key costs Redis a command for many requests. Workers, gateways and
# Redis die meanwhile.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Lease ();
use Apigw::Redis ();
use Test::More;
use Time::HiRes qw(sleep time);

my $n = $ENV{APIGW_SLOW} ? 4000 : 20000;
my $redis = Apigw::Redis->new;

sub gateway {
    my (%options) = @_;

    return Apigw::Lease->new($redis, %options, policies => <<'P',
    apigw_ratelimit_policy hot key=$arg_k rate=100000r/s lease=auto store=main;
    apigw_ratelimit_policy day key=$arg_k rate=1000r/d lease=auto store=main;
    apigw_ratelimit_policy moon key=$arg_k quota=1000/30d align=first
                           lease=auto store=main;
    apigw_ratelimit_policy cap key=$arg_k rate=1000r/d lease=auto
                           outstanding=100 store=main on_error=deny;
    apigw_ratelimit_policy never key=$arg_k rate=1000r/d lease=auto store=main
                           on_error=deny;
P
        locations => <<'L');
        location = /hot { apigw_ratelimit hot; empty_gif; }
        location = /day { apigw_ratelimit day; empty_gif; }
        location = /moon { apigw_ratelimit moon; empty_gif; }
        location = /cap { apigw_ratelimit cap; empty_gif; }
        location = /never { apigw_ratelimit never; empty_gif; }
        location = /free { empty_gif; }
L
}

my @fleet = map { gateway() } 1 .. 4;

sub load { Apigw::Lease::load(\@fleet, @_) }

sub commands { $redis->calls('evalsha') + $redis->calls('eval') }

# The records of a policy's key: node => units.
sub records {
    my ($policy) = @_;
    my ($key) = grep { /:\Q$policy\E:r/ } @{ $redis->command('KEYS', '*') };
    my $value = $key ? $redis->command('GET', $key) // '' : '';
    my ($leases) = $value =~ /\|(.*)/;

    return { map { (split /:/)[0, 2] } split /,/, $leases // '' };
}

sub sum { my $sum = 0; $sum += $_ for @_; return $sum }


my $before = commands();
is_deeply load('/hot?k=a', $n), { 200 => $n }, 'below the limit all pass';
my $spent = (commands() - $before) / $n;
cmp_ok $spent, '<=', 0.05, "with $spent commands for each";

my $start = time;
my $seen = load('/day?k=a', 4000);
my $more = (time - $start) * 1000 / 86400 + 1;
is sum(values %$seen), 4000, 'all are answered';
is_deeply [sort keys %$seen], [200, 429], 'with one or the other';
cmp_ok $seen->{200}, '<=', 1000 + $more, 'no more than the limit pass';
cmp_ok $seen->{200}, '>=', 750 , 'no less than all but the outstanding ones';
diag "passed $seen->{200}";

$start = time;
$seen = load('/cap?k=b', 4000);
cmp_ok $seen->{200}, '<=', 1000 + (time - $start) * 1000 / 86400 + 1,
    'nor with another cap';
cmp_ok $seen->{200}, '>=', 900, 'less is stranded where less may be';
diag "passed $seen->{200}";

$seen = load('/moon?k=b', 4000);
cmp_ok $seen->{200}, '<=', 1000, 'of a quota no more than all pass';
cmp_ok $seen->{200}, '>=', 750, 'and what is stranded is within the cap';
diag "passed $seen->{200}";

# What lies in pools: never above the cap, and gone when nobody wants it
load('/never?k=c', 200, batch => 5);
cmp_ok sum(values %{ records('never') }), '<=', 250,
    'what all have is within the cap';
ok Apigw::Lease::wait_for(sub { sum(values %{ records('never') }) == 0 }),
    'and given back when it is idle';
$seen = load('/never?k=c', 3000);
cmp_ok $seen->{200}, '>=', 750 - 200, 'others can have it then';
cmp_ok $seen->{200}, '<=', 1000 - 200 + 5, 'which makes no more';


# A worker dies with a lease under way, or with units taken
$seen = load('/day?k=d', 3000, each => sub {
    my ($done) = @_;
    return if $done % 300;
    my ($pid) = $fleet[$done / 300 % 4]->workers;
    kill KILL => $pid if $pid;
});
cmp_ok $seen->{200}, '<=', 1000 + 5, 'killed workers make no units';
ok Apigw::Lease::wait_for(sub {
    sum(map { scalar $_->workers } @fleet) == 8 }), 'there are others';
load('/day?k=d', 100) for 1 .. 3;
cmp_ok load('/hot?k=d', 2000)->{200}, '==', 2000, 'which spend and refill';


# A reload with live leases: the zone stays, and what is in it
load('/day?k=e', 200, batch => 5);
my $old = records('day');
$_->reload for @fleet;
$seen = load('/day?k=e', 3000);
cmp_ok $seen->{200} + 200, '<=', 1000 + 5, 'a reload makes no units';
cmp_ok $seen->{200} + 200, '>=', 500, 'and loses what was on its way alone';


# A gateway that dies strands what it had, until its record lapses
my $lost = pop @fleet;
Apigw::Lease::load([$lost], '/day?k=f', 20, batch => 5);
kill KILL => $lost->workers;
kill KILL => $lost->pid;
waitpid delete $lost->{pid}, 0;
$seen = load('/day?k=f', 3000);
cmp_ok $seen->{200} + 20, '<=', 1000 + 5, 'a dead gateway makes no units';
cmp_ok $seen->{200} + 20, '>=', 500, 'and strands what it had, no more';


# Redis dies: unspent leases go first, then the fail policy
is_deeply load('/never?k=g', 60, batch => 5), { 200 => 60 }, 'leases are taken';
$redis->stop;
$seen = load('/never?k=g', 2000);
cmp_ok $seen->{200}, '>', 0, 'without Redis they are spent';
cmp_ok $seen->{200}, '<=', 250, 'to the last one';
is $seen->{503}, 2000 - $seen->{200}, 'then the fail policy decides';
is sum(map { $_->metric('apigw_ratelimit_lease_units{policy="never"}') }
       @fleet), 0, 'and none is left';
is_deeply load('/day?k=g', 200), { 200 => 200 }, 'which may be local';

$redis->start;
ok Apigw::Lease::wait_for(sub {
    my $told = load('/never?k=h', 8, batch => 1);
    return ($told->{200} // 0) == 8;
}), 'Redis is back';
is_deeply load('/hot?k=h', 2000), { 200 => 2000 }, 'and leases go on';


# Clients that go away while they wait
{
    $redis->pause;
    my @sockets = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $fleet[$_ % @fleet]->port) } 1 .. 60;
    print $_ "GET /hot?k=i HTTP/1.1\r\nHost: x\r\n\r\n" for @sockets;
    sleep 0.2;
    close $_ for @sockets;
    sleep 0.2;
    $redis->resume;
    is_deeply load('/hot?k=i', 1000), { 200 => 1000 },
        'clients that left hold up nobody';
}

for my $nginx (@fleet) {
    is $nginx->stop, 0, 'ends in order';
    is_deeply [grep { !/exited on signal 9|redis "main" at|\) failed \(104/ }
               @{ $nginx->complaints }], [], 'a quiet log';
}

done_testing();
