# No request waits for Redis beyond `timeout`, however Redis is away, however
# many policies, phases and stores the request has.
#
# What a client sees is the wait plus what the machine costs. So requests take
# turns with others that wait as long for a mute service, by nginx's own
# timer: the median of ours must be within 5 ms of the longest of theirs, and
# none as late as the module's other times, which are far longer here, would
# make it.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Nginx ();
use Apigw::Redis ();
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use constant {
    TIMEOUT => 0.2,
    BOUND   => $ENV{APIGW_SLOW} ? 0.05 : 0.005,
    SLACK   => 5,                       # far below 30 s, the other times
    TIMES   => 7,
};

my $redis = Apigw::Redis->new;
my $second = Apigw::Redis->new;
my $mute = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 512)
    or die "listen: $!";
my $mute_port = $mute->sockport;

sub gateway {
    my (%options) = (breaker => 'failures=1000', workers => 1, @_);
    my $block = "timeout 200ms; connect_timeout 30s; reply_timeout 30s; "
                . "breaker $options{breaker};";

    return Apigw::Nginx->new(modules => ['ratelimit'],
        workers => $options{workers}, http => <<"CONF");
    apigw_ratelimit_redis main { server @{[ $redis->address ]}; $block }
    apigw_ratelimit_redis other { server @{[ $second->address ]}; $block }
    apigw_ratelimit_policy early key=\$arg_k rate=1000r/d store=main
                           phase=preaccess;
    apigw_ratelimit_policy late key=\$arg_k rate=1000r/d store=main;
    apigw_ratelimit_policy far key=\$arg_k rate=1000r/d store=other;
    apigw_ratelimit_policy load key=\$arg_k rate=1000000r/s store=main;
    add_header X-Tell "\$apigw_ratelimit_status" always;
    add_header X-Time "\$apigw_ratelimit_time" always;
    server {
        listen 127.0.0.1:\@PORT\@;
        location = /one { apigw_ratelimit late; empty_gif; }
        location = /phases { apigw_ratelimit early late; empty_gif; }
        location = /stores { apigw_ratelimit late far; empty_gif; }
        location = /redirect {
            apigw_ratelimit early;
            error_page 404 = /one;
            alias /none;
        }
        location = /mute {
            proxy_pass http://127.0.0.1:$mute_port;
            proxy_read_timeout 200ms;
        }
        location = /load { apigw_ratelimit load; empty_gif; }
    }
CONF
}

# What a request is told, and the seconds it takes as client and module see it.
sub timed {
    my ($nginx, $path) = @_;
    my $start = time;
    my ($status, $headers) = $nginx->request(GET => $path);
    my $took = time - $start;
    return (join(' ', $status // 'none', $headers->{'x-tell'} // 'nothing'),
            $took, $headers->{'x-time'} // -1);
}

sub becomes {
    my ($nginx, $path, $want, $name) = @_;
    my ($told, $end) = ('', time + 30);
    while (time < $end && $told ne $want) {
        ($told) = timed($nginx, "$path?k=a");
        sleep 0.02;
    }
    is $told, $want, $name;
}

sub median { return (sort { $a <=> $b } @_)[@_ / 2] }
sub longest { return (sort { $a <=> $b } @_)[-1] }

# The most that is due: `timeout`, or what nginx made of it meanwhile.
sub bound {
    my $control = longest(@_);
    return BOUND + ($control > TIMEOUT ? $control : TIMEOUT);
}

sub waits_no_longer {
    my ($nginx, $path) = @_;
    my (%told, @took, @said, @control);

    for my $i (1 .. TIMES) {
        push @control, (timed($nginx, '/mute'))[1];
        my ($told, $took, $said) = timed($nginx, "$path?k=$i");
        $told{$told}++;
        push @took, $took;
        push @said, $said;
    }

    is_deeply \%told, { '200 DEGRADED' => TIMES + 0 }, "$path: no 5xx";
    cmp_ok median(@took), '<=', bound(@control), "$path: the wait";
    cmp_ok median(@said), '<=', bound(@control), "$path: as it is told";
    cmp_ok longest(@took), '<', TIMEOUT + SLACK, "$path: none much above";
    return median(@took);
}

sub ends_well {
    my ($nginx) = @_;
    is $nginx->stop, 0, 'ends in order';
    unlike $nginx->log, qr/\[(?:alert|crit|emerg)\]/, 'a quiet log';
}


subtest 'a server that stands still' => sub {
    my $nginx = gateway();
    becomes($nginx, $_, '200 PASSED', "before: $_") for '/phases', '/stores';
    $redis->pause;
    $second->pause;

    my $one = waits_no_longer($nginx, '/one');
    cmp_ok $one, '>=', TIMEOUT - BOUND, 'and it does wait';
    waits_no_longer($nginx, '/phases');
    waits_no_longer($nginx, '/stores');
    waits_no_longer($nginx, '/redirect');

    $redis->resume;
    $second->resume;
    becomes($nginx, $_, '200 PASSED', "after: $_") for '/phases', '/stores';
    ends_well($nginx);
};


subtest 'a server that no packet reaches' => sub {
    my $nginx = gateway();
    becomes($nginx, '/one', '200 PASSED', 'before');

    # a queue of connections that is full: what knocks gets no answer
    $redis->stop;
    my $hole = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
        LocalPort => $redis->port, Listen => 1, ReuseAddr => 1)
        or die "listen: $!";
    my @knocks;
    for (1 .. 4) {
        my $socket = IO::Socket::INET->new(Proto => 'tcp', Blocking => 0);
        connect $socket, Socket::pack_sockaddr_in($redis->port,
                                         Socket::inet_aton('127.0.0.1'));
        push @knocks, $socket;
    }

    becomes($nginx, '/one', '200 DEGRADED', 'out of reach');
    waits_no_longer($nginx, '/one');
    waits_no_longer($nginx, '/phases');

    # a new worker knows nothing yet, and has no connection
    my $new = gateway();
    waits_no_longer($new, '/one');
    waits_no_longer($new, '/phases');

    close $_ for @knocks, $hole;
    $redis->start or die "redis-server does not come back";
    becomes($_, '/one', '200 PASSED', 'by itself') for $nginx, $new;
    ends_well($_) for $nginx, $new;
};


# One client's requests, one after the other, until a signal comes; tells how
# often each answer came, and the times of those that waited.
sub client {
    my ($nginx) = @_;

    pipe my $reader, my $writer or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    return [$pid, $reader] if $pid;

    close $reader;
    my ($stop, %told, @took) = (0);
    local $SIG{TERM} = sub { $stop = 1 };

    while (!$stop) {
        my ($told, $took) = timed($nginx, "/load?k=$$");
        $told{$told}++;
        push @took, $took;
    }

    my @waited = grep { $_ > TIMEOUT / 2 } @took;
    print $writer join("\t", %told), "\n@waited\n";
    close $writer;
    POSIX::_exit(0);
}

subtest 'killed, stopped and started again under load' => sub {
    my $nginx = gateway(breaker => 'failures=5 open=200ms max=400ms',
                        workers => 2);
    becomes($nginx, '/load', '200 PASSED', 'before');

    my @clients = map { client($nginx) } 1 .. 6;
    my @control;

    for (1 .. 3) {
        sleep 0.2;
        $redis->stop;
        becomes($nginx, '/load', '200 DEGRADED', 'killed');
        $redis->start or die "redis-server does not come back";
        becomes($nginx, '/load', '200 PASSED', 'started');
        $redis->pause;
        becomes($nginx, '/load', '200 DEGRADED', 'stopped');
        push @control, (timed($nginx, '/mute'))[1] for 1 .. 2;
        $redis->resume;
        becomes($nginx, '/load', '200 PASSED', 'resumed');
    }

    my ($n, @waited, %told) = 0;
    for (@clients) {
        my ($pid, $reader) = @$_;
        kill 'TERM', $pid;
        my %seen = split /[\t\n]/, <$reader> // '';
        push @waited, split ' ', <$reader> // '';
        waitpid $pid, 0;
        for (keys %seen) {
            $told{$_} += $seen{$_};
            $n += $seen{$_};
        }
    }

    is_deeply [sort keys %told], ['200 DEGRADED', '200 PASSED'],
        "no 5xx among $n requests, and both sources decided";
    cmp_ok scalar @waited, '>=', 5, 'some had to wait';

    # they come in bunches, for one processor to answer: a second wait of any
    # kind would be longer than what that costs
    cmp_ok median(@waited), '<=', bound(@control) + TIMEOUT / 4,
        'for the timeout';
    cmp_ok longest(@waited), '<', TIMEOUT + SLACK, 'none much longer';
    ends_well($nginx);
};


done_testing();
