# Replies about leases that are lost, late, or make no sense: no unit comes of
# them, and whoever waits meets the fail policy. In a Cluster each key's leases
# are its master's.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Lease ();
use Apigw::Redis ();
use Apigw::RedisCluster ();
use Apigw::RedisProxy ();
use Test::More;
use Time::HiRes qw(sleep);

my %hot = (
    policies => <<'P', locations => <<'L',
    apigw_ratelimit_policy hot key=$arg_k rate=100r/d lease=auto store=main;
    apigw_ratelimit_policy big key=$arg_k rate=100000r/d lease=auto store=main;
P
        location = /t { apigw_ratelimit hot; empty_gif; }
        location = /big { apigw_ratelimit big; empty_gif; }
L
    workers => 1,
);

my $redis = Apigw::Redis->new;
my $proxy = Apigw::RedisProxy->new($redis);

sub gateway {
    my ($block) = @_;
    $proxy->mode('pass');
    return Apigw::Lease->new($proxy, %hot,
        block => "breaker failures=1000; connect_timeout 5s; $block");
}

sub units { $_[0]->metric('apigw_ratelimit_lease_units{policy="hot"}') }

# What is left of all, by all means, at most $most.
sub passing {
    my ($nginx, $key, $most) = @_;
    my $n = 0;
    $n++ while $n < $most && $nginx->told("/t?k=$key") =~ /^200/;
    return $n;
}


# What follows the ticket: passed, now, then remaining, full, retry, fits of the
# policy, and the units of the lease.
my @lies = (
    ['no lease in it',          ":1\r\n:8000\r\n" . ":1\r\n" x 4],
    ['too many numbers',        ":1\r\n:8000\r\n" . ":1\r\n" x 6],
    ['a negative lease',        ":1\r\n:8000\r\n" . ":1\r\n" x 4 . ":-1\r\n"],
    ['more than the limit',     ":1\r\n:8000\r\n" . ":1\r\n" x 4 . ":101\r\n"],
    ['more than there is',
     ":1\r\n:8000\r\n" . ":1\r\n" x 4 . ":9223372036854775807\r\n"],
    ['together above the limit',
     ":1\r\n:8000\r\n:70\r\n" . ":1\r\n" x 3 . ":20\r\n"],
    ['a time beyond all',
     ":1\r\n:8000\r\n:1\r\n:9223372036854775807\r\n:1\r\n:1\r\n:1\r\n"],
    ['more fit than can',
     ":1\r\n:8000\r\n:1\r\n:1\r\n:1\r\n:-5\r\n:1\r\n"],
    ['more passed than asked',  ":2\r\n:8000\r\n" . ":1\r\n" x 5],
    ['text for a number',       ":1\r\n:8000\r\n" . ":1\r\n" x 4 . "+1\r\n"],
);

subtest 'verdicts that make no sense' => sub {
    my $nginx = gateway('timeout 2s; reply_timeout 2s;');
    $nginx->told('/t?k=up');
    my $before = units($nginx);

    for (0 .. $#lies) {
        my ($name, $lines) = @{ $lies[$_] };

        $proxy->mode('lie', $lines, 1);
        like $nginx->told("/t?k=lie$_"), qr/^200 DEGRADED hot local/,
            "$name: is none";
        cmp_ok units($nginx), '<=', $before, 'and no unit comes of it';
    }

    is $nginx->stop, 0, 'ends in order';
    is_deeply [grep { !/no verdict|contradicts/ } @{ $nginx->complaints }], [],
        'the log says no more';
};


subtest 'replies that are lost' => sub {
    my $nginx = gateway('timeout 100ms; reply_timeout 300ms;');
    is passing($nginx, 'up', 3), 3, 'Redis answers';

    $proxy->mode('hold');
    like $nginx->told('/big?k=late'), qr/^200 DEGRADED big local/,
        'who waits in vain is decided locally';
    $proxy->mode('release');
    sleep 0.05;
    is $nginx->metric('apigw_ratelimit_lease_units{policy="big"}'), 0,
        'what comes later is not spent';

    ok Apigw::Lease::wait_for(sub {
        $nginx->told('/big?k=late') =~ /lease/ }), 'once the mark has lapsed';

    $proxy->mode('hold');
    like $nginx->told('/t?k=late'), qr/^200 DEGRADED hot local/, 'another';
    $proxy->mode('release');
    cmp_ok passing($nginx, 'late', 300), '<=', 100,
        'gets no more than the limit in all';

    for my $mode (qw(drop lose_command)) {
        $proxy->mode($mode, 1);
        like $nginx->told("/big?k=$mode"), qr/^200 DEGRADED big local/, $mode;
        ok Apigw::Lease::wait_for(sub {
            $nginx->told("/big?k=$mode") =~ /PASSED big lease/ }),
            'leases go on';
    }

    is $nginx->stop, 0, 'ends in order';
};


subtest 'a cluster' => sub {
    my $cluster = Apigw::RedisCluster->new;
    my @fleet = map { Apigw::Lease->new($cluster, %hot) } 1 .. 2;

    for my $key (map { "c$_" } 1 .. 8) {
        my $seen = Apigw::Lease::load(\@fleet, "/t?k=$key", 300, batch => 10);
        cmp_ok $seen->{200}, '<=', 100, "no more than the limit of $key";
        cmp_ok $seen->{200}, '>=', 60, 'nor much less';
        is $seen->{200} + $seen->{429}, 300, 'no other answer';
    }

    for my $nginx (@fleet) {
        is $nginx->stop, 0, 'ends in order';
        is_deeply $nginx->complaints, [], 'a quiet log';
    }
};

done_testing();
