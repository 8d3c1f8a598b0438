# A thousand streams that come in one turn of the event loop: each is decided,
# exactly, and they leave for Redis in one write; equal ones in one command.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Nginx ();
use Apigw::Redis ();
use File::Temp ();
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);

use constant {
    STREAMS => 1000, BURST => 600, HEADERS => 1, SETTINGS => 4, UPDATE => 8
};

my $redis = Apigw::Redis->new;
my $address = $redis->address;

my $nginx = Apigw::Nginx->new(modules => ['ratelimit'], http => <<"CONF");
    http2_max_concurrent_streams 1000;
    keepalive_requests 100000;
    apigw_ratelimit_redis main {
        server $address;
        connect_timeout 10s;
        timeout 30s;
    }
    apigw_ratelimit_policy far  key=\$uri rate=@{[ BURST ]}r/d store=main;
    apigw_ratelimit_policy near key=\$uri rate=@{[ BURST ]}r/d;
    apigw_ratelimit_error off;
    server {
        listen 127.0.0.1:\@PORT\@ http2;
        location /far { apigw_ratelimit far; empty_gif; }
        location /near { apigw_ratelimit near; empty_gif; }
        location /both { apigw_ratelimit near far; empty_gif; }
    }
CONF

my ($worker) = $nginx->workers;


sub frame {
    my ($type, $flags, $stream, $payload) = @_;
    return substr(pack('N', length $payload), 1)
        . pack('CCN', $type, $flags, $stream) . $payload;
}

# A request without a body; every field is a literal or in the static table.
sub headers {
    my ($stream, $path) = @_;
    return frame(HEADERS, 0x05, $stream, "\x82\x86\x04" . chr(length $path)
                 . $path . "\x01\x01x");
}

sub bytes {
    my ($socket, $n) = @_;
    my $bytes = '';
    while (length $bytes < $n) {
        sysread $socket, $bytes, $n - length $bytes, length $bytes
            or die "the connection ended\n";
    }
    return $bytes;
}

# Its streams at once, while the worker stands still; how many got which status.
sub turn {
    my (@paths) = @_;
    my %seen;

    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $nginx->port) or die "connect: $!";
    my $hello = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" . frame(SETTINGS, 0, 0, '')
                . frame(UPDATE, 0, 0, pack 'N', 1 << 30);

    syswrite $socket, $hello;
    bytes($socket, 9);

    kill 'STOP', $worker;

    my $stream = -1;
    my $wire = join '', map { headers($stream += 2, $_) } @paths;
    syswrite($socket, $wire) == length $wire or die "a short write\n";

    kill 'CONT', $worker;
    local $SIG{ALRM} = sub { die "no answer\n" };
    alarm 60;

    # the rest of the first frame, then whole frames
    my $left = @paths;
    bytes($socket, 18);

    while ($left) {
        my ($length, $type, undef, undef) = unpack 'N C C N',
            "\0" . bytes($socket, 9);
        my $payload = $length ? bytes($socket, $length) : '';
        next unless $type == HEADERS;

        $payload =~ s/\A\x20//;              # a table of no size
        $seen{$payload =~ /\A\x88/ ? 200
              : $payload =~ /\A\x48.(\d{3})/s ? $1 : 'unknown'}++;
        $left--;
    }

    alarm 0;
    return \%seen;
}

# The worker's writes to Redis meanwhile; undef where nobody may look.
sub writes {
    my ($work) = @_;
    my $log = File::Temp->new;

    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDERR, '>', "$log.err";
        exec 'strace', '-yy', '-e', 'trace=write,writev,sendto,sendmsg', '-o',
            "$log", '-p', $worker or POSIX::_exit(127);
    }

    my $traced;

    for (my $end = time + 20; !$traced && time < $end; sleep 0.01) {
        open my $in, '<', "/proc/$worker/status" or last;
        $traced = grep { /^TracerPid:\s+[1-9]/ } <$in>;
        last if waitpid($pid, POSIX::WNOHANG()) == $pid;
    }

    my @result = $work->();
    kill 'INT', $pid;
    waitpid $pid, 0;
    unlink "$log.err";

    my $port = $redis->port;
    my @lines = grep { /->127\.0\.0\.1:$port\]/ } <$log>;
    return (@result, $traced ? scalar @lines : undef);
}

sub one_write {
    my ($writes) = @_;

    SKIP: {
        skip 'no process may be traced here', 1 unless defined $writes;
        is $writes, 1, 'in one write';
    }
}


my $all = { 200 => BURST, 429 => STREAMS - BURST };

is_deeply turn(('/near/a') x STREAMS), $all, 'a local limit';
is_deeply turn('/far/warm'), { 200 => 1 }, 'Redis answers';

my $calls = $redis->calls('evalsha');
my ($seen, $writes) = writes(sub { turn(('/far/a') x STREAMS) });

is_deeply $seen, $all, 'a limit in Redis';
is $redis->calls('evalsha') - $calls, 1, 'equal ones are one command';
one_write($writes);

$calls = $redis->calls('evalsha');
($seen, $writes) = writes(sub { turn(map { "/far/k$_" } 1 .. STREAMS) });

is_deeply $seen, { 200 => STREAMS }, 'a key for each stream';
is $redis->calls('evalsha') - $calls, STREAMS, 'as many commands';
one_write($writes);

is_deeply turn(('/both/a') x STREAMS), $all, 'a local one and one in Redis';
is_deeply turn('/both/a'), { 429 => 1 }, 'neither has more to give';

is $nginx->stop, 0, 'ends in order';
is_deeply [grep { /\[(?:alert|crit|emerg|error)\]/ } split /^/m, $nginx->log],
    [], 'a quiet log';

done_testing;
