package Apigw::Limited;

# A gateway that limits through Redis, and clients for it.
#
#     my $gateway = Apigw::Limited->new($redis, on_error => 'deny',
#                                       block => 'timeout 200ms;');
#     is $gateway->get('key'), '200 redis PASSED';
#
# $redis is anything with an address, Apigw::Redis, Apigw::RedisProxy, or with
# a line of its own, Apigw::RedisCluster, Apigw::RedisSentinel. A policy
# "one" admits `burst` (100) requests a day by key, or has a `rate` of its own;
# "/t?k=key" is the location,
# "/fast" the same without a limit. Its answers tell in headers which source
# decided, the verdict, and the time that was waited.

use strict;
use warnings;

use parent 'Apigw::Nginx';

use IO::Select;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);

sub new {
    my ($class, $redis, %options) = @_;

    my $line = !ref $redis ? "server $redis;"
        : $redis->can('line') ? $redis->line
        : 'server ' . $redis->address . ';';
    my $location = delete $options{location} // '';
    my $burst = $options{burst} // 100;
    my $rate = $options{rate} // "${burst}r/d";
    my $on_error = $options{on_error} // 'local';
    my $block = $options{block} // '';
    my $http = delete $options{http} // '';

    # long enough for a busy machine: what is tested is not how fast Redis is
    $block = "timeout 2s; $block" unless $block =~ /(?<![_\w])timeout /;
    $block = "connect_timeout 2s; $block" unless $block =~ /connect_timeout/;

    return $class->SUPER::new(
        modules => ['ratelimit'],
        workers => $options{workers} // 1,
        files   => { page => "page\n", %{ $options{files} || {} } },
        http    => <<"CONF");
    $http
    apigw_ratelimit_redis main { $line $block }
    apigw_ratelimit_policy one key=\$arg_k rate=$rate store=main
                           on_error=$on_error;
    server {
        listen 127.0.0.1:\@PORT\@;
        add_header X-Source \$apigw_ratelimit_source always;
        add_header X-Verdict \$apigw_ratelimit_status always;
        add_header X-Time \$apigw_ratelimit_time always;
        location = /t { apigw_ratelimit one; alias \@DIR\@/page; }
        $location
        location = /fast { alias \@DIR\@/page; }
    }
CONF
}

# "200 redis PASSED", from an answer.
sub told {
    my ($answer) = @_;

    return 'nothing' unless defined $answer
        && $answer =~ m{\AHTTP/1\.1 (\d+)};

    my $told = $1;
    $told .= " $1" if $answer =~ /^X-Source: (.+?)\r/mi;
    $told .= " $1" if $answer =~ /^X-Verdict: (.+?)\r/mi;

    return $told;
}

sub open_request {
    my ($self, $key, $path) = @_;

    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $self->port, Timeout => 20) or return;
    $path //= '/t';

    print $socket "GET $path?k=$key HTTP/1.1\r\nHost: localhost\r\n",
        "Connection: close\r\n\r\n";
    return $socket;
}

# A connection over which a request has been answered.
sub keepalive {
    my ($self) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $self->port, Timeout => 20) or die "connect: $!";

    print $socket "GET /fast HTTP/1.1\r\nHost: localhost\r\n\r\n";

    my $answer = '';
    while ($answer !~ /\r\n\r\npage\n/) {
        sysread $socket, $answer, 4096, length $answer or die "closed";
    }

    return $socket;
}

# Stops a process; returns when it has stopped.
sub freeze {
    my ($self, $pid) = @_;

    kill 'STOP', $pid;

    for (my $end = time + 20; time < $end; sleep 0.001) {
        open my $in, '<', "/proc/$pid/stat" or die "$pid: $!";
        return if <$in> =~ /\) T /;
    }
}

# Requests that are all under way at the same time; what each is told.
sub many {
    my ($self, @keys) = @_;

    my @sockets = map { scalar $self->open_request($_) } @keys;
    local $/;
    return map { told($_ ? scalar readline $_ : undef) } @sockets;
}

sub get { ($_[0]->many($_[1]))[0] }

# As get(), with the seconds it took the client.
sub timed {
    my ($self, $key) = @_;
    my $start = time;
    my $told = $self->get($key);
    return ($told, time - $start);
}

# Asks until the answer matches.
sub becomes {
    my ($self, $key, $want, $name) = @_;
    my $told;

    for (my $end = time + 30; time < $end; sleep 0.02) {
        $told = $self->get($key);
        last if $told =~ $want;
    }

    like $told, $want, $name;
}

# How many units of 100 a key has left in Redis, by the header.
sub remaining {
    my ($self, $key) = @_;
    my $socket = $self->open_request($key);
    local $/;
    return scalar(<$socket>) =~ /^RateLimit: "one";r=(\d+)/mi ? $1 : undef;
}

# Waits for a line of the log.
sub logged {
    my ($self, $want, $name) = @_;
    my $end = time + 20;
    sleep 0.02 while time < $end && $self->log !~ $want;
    like $self->log, $want, $name;
}

# The end of each of these tests.
sub ends_well {
    my ($self) = @_;
    is $self->stop, 0, 'nginx ends in order';
    unlike $self->log, qr/\[(?:alert|crit|emerg)\]/, 'a quiet log';
}

1;
