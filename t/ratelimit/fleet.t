# Four gateways of two workers each share one Redis: of 2,000 concurrent calls
# against a limit of 100 exactly 100 pass.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Nginx ();
use Apigw::Redis ();
use IO::Select;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(time);

my $calls = $ENV{APIGW_SLOW} ? 800 : 2000;
my $redis = Apigw::Redis->new;
my $address = $redis->address;

my @fleet = map {
    Apigw::Nginx->new(modules => ['ratelimit'], workers => 2,
                      http => <<"CONF")
    apigw_ratelimit_redis main {
        server $address;
        connect_timeout 10s;
        timeout 30s;
    }
    apigw_ratelimit_policy user key=\$arg_u rate=100r/d burst=100 store=main;
    apigw_ratelimit_policy team key=\$arg_t rate=70r/d burst=70 store=main;
    apigw_ratelimit_policy all key=all rate=1000000r/d store=main;
    server {
        listen 127.0.0.1:\@PORT\@ backlog=1024;
        location /one { apigw_ratelimit user; empty_gif; }
        location /three { apigw_ratelimit user team all; empty_gif; }
    }
CONF
} 1 .. 4;


# $n calls at once of @paths in turn, spread over the fleet; statuses by path.
# Redis stands still until all are under way: none is decided before the last
# one has asked.
sub storm {
    my ($n, @paths) = @_;
    my $select = IO::Select->new;
    my (%call, %seen);
    my ($done, $end) = (0, time + 120);

    $redis->pause;

    for my $i (0 .. $n - 1) {
        my $path = $paths[$i % @paths];
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $fleet[$i % @fleet]->port) or die "connect: $!";
        $socket->autoflush(1);
        print $socket "GET $path HTTP/1.1\r\nHost: x\r\n"
                      . "Connection: close\r\n\r\n";
        $select->add($socket);
        $call{$socket} = [$path, ''];
    }

    my @early = $select->can_read(0.3);
    is scalar @early, 0, "$n calls are under way";
    $redis->resume;

    while ($done < $n && time < $end) {
        for my $socket ($select->can_read(1)) {
            my $call = $call{$socket};
            next if sysread $socket, $call->[1], 65536, length $call->[1];

            my ($status) = $call->[1] =~ m{^HTTP/1\.1 (\d+)};
            $seen{$call->[0]}{$status // 'none'}++;
            $select->remove($socket);
            delete $call{$socket};
            close $socket;
            $done++;
        }
    }

    return \%seen;
}

is_deeply storm($calls, '/one?u=joe'),
    { '/one?u=joe' => { 200 => 100, 429 => $calls - 100 } },
    "of $calls calls exactly 100 pass";

my $seen = storm($calls / 2, '/three?u=ann&t=x', '/three?u=bob&t=x',
                 '/three?u=eve&t=y');
my %passed = map { $_ => $seen->{$_}{200} // 0 } keys %$seen;

is $passed{'/three?u=ann&t=x'} + $passed{'/three?u=bob&t=x'}, 70,
    'of one team exactly 70 pass';
is $passed{'/three?u=eve&t=y'}, 70, 'of the other too';
is_deeply [sort { $a <=> $b } map { keys %$_ } values %$seen],
    [(200) x 3, (429) x 3], 'all others were told 429';

# Every policy was charged once for each call that passed: what is left says so
sub left {
    my ($path, $policy) = @_;
    my (undef, $headers) = $fleet[0]->request(GET => $path);
    return $headers->{ratelimit} =~ /"$policy";r=(\d+)/ ? $1 : 'none';
}

is left('/one?u=ann', 'user'), 99 - $passed{'/three?u=ann&t=x'}, 'ann';
is left('/one?u=bob', 'user'), 99 - $passed{'/three?u=bob&t=x'}, 'bob';
is left('/one?u=eve', 'user'), 99 - $passed{'/three?u=eve&t=y'}, 'eve';

for my $nginx (@fleet) {
    is $nginx->stop, 0, 'ends in order';
    is_deeply [grep { /\[(?:alert|crit|emerg|error)\]/ } split /^/m, $nginx->log], [],
    'a quiet log';
}

done_testing();
