package Apigw::Lease;

# Gateways that share limits by leases, and much traffic for them.
#
#     my @fleet = map { Apigw::Lease->new($redis, policies => <<'E',
#         apigw_ratelimit_policy hot key=all rate=100r/s lease=auto store=main;
#     E
#         locations => 'location = /t { apigw_ratelimit hot; empty_gif; }')
#     } 1 .. 4;
#     my $seen = Apigw::Lease::load(\@fleet, '/t', 20000);
#
# An answer's X-Told says status, policy, source and what remains.

use strict;
use warnings;

use parent 'Apigw::Nginx';

use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(sleep time);

use constant WAIT => 120;

sub new {
    my ($class, $redis, %options) = @_;
    my $where = $redis->can('line') ? $redis->line
              : 'server ' . $redis->address . ';';
    my $block = $options{block}
        // 'timeout 20s; connect_timeout 5s; reply_timeout 30s;';
    my $tell = join ' ', map { "\$apigw_ratelimit_$_" }
                             qw(status policy source remaining);

    return $class->SUPER::new(
        modules => ['ratelimit'],
        workers => $options{workers} // 2,
        http    => <<"CONF");
    keepalive_requests 1000000;
    apigw_ratelimit_redis main { $where $block }
    $options{policies}
    server {
        listen 127.0.0.1:\@PORT\@;
        add_header X-Told "$tell" always;
        location = /metrics { apigw_ratelimit_metrics; }
        $options{locations}
    }
CONF
}

# What one request is told, as "200 PASSED hot lease 42".
sub told {
    my ($self, $path) = @_;
    my ($status, $headers) = $self->request(GET => $path);

    return 'nothing' unless $status;
    return "$status " . ($headers->{'x-told'} // '');
}

# The value of a metric; the labels as they are printed.
sub metric {
    my ($self, $name) = @_;
    my (undef, undef, $text) = $self->request(GET => '/metrics');

    return $text && $text =~ /^\Q$name\E (\S+)$/m ? $1 : 'none';
}

# $n requests for the fleet, over some connections to each, many in flight on
# each; how often each status came. Connections that break lose what they had.
sub load {
    my ($fleet, $path, $n, %options) = @_;
    my $each = $options{connections} // 2;
    my $batch = $options{batch} // 25;
    my ($sent, $done, $end) = (0, 0, time + WAIT);
    my (%seen, %at);
    my $select = IO::Select->new;
    my $text = "GET $path HTTP/1.1\r\nHost: x\r\n\r\n";

    my $more = sub {
        my ($socket) = @_;
        my $count = $n - $sent < $batch ? $n - $sent : $batch;

        return if $count <= 0;
        $sent += $count;
        $at{$socket} = { left => $count, text => '' };
        $select->add($socket);
        syswrite $socket, $text x $count;
    };

    local $SIG{PIPE} = 'IGNORE';

    for my $nginx ((@$fleet) x $each) {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $nginx->port, Timeout => 30) or next;
        $more->($socket);
    }

    while ($select->count && time < $end) {
        for my $socket ($select->can_read(1)) {
            my $state = $at{$socket};

            if (!sysread $socket, $state->{text}, 65536,
                         length $state->{text})
            {
                $seen{lost} += $state->{left};
                $select->remove($socket);
                next;
            }

            # whole answers alone: a head, and a body as long as it says
            while ($state->{text} =~ m{\AHTTP/1\.1[ ](\d+).*?
                                       Content-Length:[ ](\d+)\r\n
                                       .*?\r\n\r\n}six)
            {
                my ($status, $whole) = ($1, $+[0] + $2);

                # a head ends before the next begins
                last if length $state->{text} < $whole;
                substr $state->{text}, 0, $whole, '';
                $seen{$status}++;
                $state->{left}--;
                $options{each}->(++$done) if $options{each};
            }

            if ($state->{left} == 0) {
                $select->remove($socket);
                $more->($socket);
            }
        }
    }

    return \%seen;
}

# Waits until $test holds; whether it did.
sub wait_for {
    my ($test) = @_;

    for (my $end = time + 60; time < $end; sleep 0.02) {
        return 1 if $test->();
    }

    return 0;
}

# Lines of the log that should not be there.
sub complaints {
    my ($self) = @_;
    return [grep { /\[(?:alert|crit|emerg|error)\]/ } split /^/m, $self->log];
}

1;
