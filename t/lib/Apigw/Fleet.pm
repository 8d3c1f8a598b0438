package Apigw::Fleet;

# Gateways that share one Redis, and calls to all of them at once.
#
#     my $fleet = Apigw::Fleet->new($redis, $http);
#     my $seen = $fleet->storm(2000, '/one?u=joe');  { path => { 200 => 100 } }
#     my $r = $fleet->left('/one?u=joe', 'user');    a call more; what is left
#     $fleet->end_well;
#
# $http is as for Apigw::Nginx, of 4 gateways with 2 workers each; @STORE@ in it
# are the lines of an apigw_ratelimit_redis.

use strict;
use warnings;

use Apigw::Nginx ();
use IO::Select;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(time);

sub new {
    my ($class, $redis, $http) = @_;
    my $address = $redis->address;

    $http =~ s/\@STORE\@/server $address; connect_timeout 10s; timeout 30s;/;

    return bless {
        redis => $redis,
        nginx => [map {
            Apigw::Nginx->new(modules => ['ratelimit'], workers => 2,
                              http => $http)
        } 1 .. 4],
    }, $class;
}

# $n calls at once of @paths in turn, spread over the fleet; statuses by path.
# Redis stands still until all are under way: none is decided before the last
# one has asked.
sub storm {
    my ($self, $n, @paths) = @_;
    my @fleet = @{ $self->{nginx} };
    my $select = IO::Select->new;
    my (%call, %seen);
    my ($done, $end) = (0, time + 120);

    $self->{redis}->pause;

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
    $self->{redis}->resume;

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

sub left {
    my ($self, $path, $policy) = @_;
    my (undef, $headers) = $self->{nginx}[0]->request(GET => $path);
    return ($headers->{ratelimit} // '') =~ /"$policy";r=(\d+)/ ? $1 : 'none';
}

sub end_well {
    my ($self) = @_;

    for my $nginx (@{ $self->{nginx} }) {
        is $nginx->stop, 0, 'ends in order';
        is_deeply [grep { /\[(?:alert|crit|emerg|error)\]/ }
                   split /^/m, $nginx->log], [], 'a quiet log';
    }
}

1;
