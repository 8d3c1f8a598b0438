# What exceeds the queue meets the fail policy at once, and no request gets
# more than the time it has.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Limited ();
use Apigw::Nginx ();
use Apigw::Redis ();
use Apigw::RedisProxy ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use constant { CLIENTS => 300, QUEUE => 50 };

my $redis = Apigw::Redis->new;
my $proxy = Apigw::RedisProxy->new($redis);


subtest 'takes above the queue' => sub {
    my $gateway = Apigw::Limited->new($proxy, block =>
        'queue ' . QUEUE . '; timeout 4s; reply_timeout 20s;');
    $gateway->becomes('a', qr/redis/, 'before');

    $proxy->mode('hold');
    my $start = time;
    my @sockets = map { $gateway->open_request("k$_") } 1 .. CLIENTS;
    my %told;

    # the excess is answered while the others still wait
    my $waiting = IO::Select->new(@sockets);
    while ($waiting->count > QUEUE && time - $start < 3) {
        for my $socket ($waiting->can_read(0.1)) {
            $waiting->remove($socket);
            local $/;
            $told{Apigw::Limited::told(scalar readline $socket)}++;
        }
    }

    cmp_ok time - $start, '<', 3, 'the excess does not wait';
    is $told{'200 local DEGRADED'}, CLIENTS - QUEUE,
        'the fail policy decided it';

    $proxy->mode('release');
    local $/;
    my @rest = map { Apigw::Limited::told(scalar readline $_) }
        $waiting->handles;
    is scalar(grep { $_ eq '200 redis PASSED' } @rest), QUEUE,
        'Redis decides what was queued';
    $gateway->logged(qr/queue of 50 commands is full/, 'and it is told');
    $gateway->ends_well;
    $redis->command('FLUSHALL');
};


subtest 'ten thousand at once' => sub {
    my ($streams, $connections, $queue) = (250, 40, 8192);
    my $all = $streams * $connections;
    my $address = $redis->address;

    my $nginx = Apigw::Nginx->new(modules => ['ratelimit'], http => <<"CONF");
        apigw_ratelimit_redis main {
            server $address;
            timeout 100s;
            reply_timeout 100s;
        }
        apigw_ratelimit_policy one key=\$request_id rate=1r/d store=main;
        log_format told '\$status \$apigw_ratelimit_source';
        http2_max_concurrent_streams $streams;
        server {
            listen 127.0.0.1:\@PORT\@ http2;
            access_log told.log told;
            location / { apigw_ratelimit one; empty_gif; }
        }
CONF

    my $told = sub {
        my %told;
        open my $in, '<', $nginx->dir . '/told.log' or return '';
        $told{s/\n//r}++ while <$in>;
        return join ', ', map { "$told{$_} of $_" } sort keys %told;
    };

    $redis->pause;
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDOUT, '>', $nginx->dir . '/h2load';
        open STDERR, '>&', \*STDOUT;
        exec 'h2load', '-n', $all, '-c', $connections, '-m', $streams,
            'http://127.0.0.1:' . $nginx->port . '/' or POSIX::_exit(127);
    }

    my $excess = ($all - $queue) . ' of 200 local';
    my $end = time + 60;
    sleep 0.05 while $told->() ne $excess && time < $end;
    sleep 0.2;
    is $told->(), $excess, 'the excess is decided at once';

    $redis->resume;
    waitpid $pid, 0;
    is $?, 0, 'all are answered';
    is $told->(), "$excess, $queue of 200 redis", 'the others by Redis';
    is $redis->command('DBSIZE'), $queue, 'which has charged each';

    is $nginx->stop, 0, 'nginx ends in order';
    unlike $nginx->log, qr/\[(?:alert|crit|emerg)\]/, 'a quiet log';
    $redis->command('FLUSHALL');
};


subtest 'like takes of one turn are one command' => sub {
    my $clients = 200;
    my $gateway = Apigw::Limited->new($redis, burst => $clients - 50,
                                      block => 'queue 2;');
    $gateway->becomes('same', qr/redis/, 'before');
    $redis->command('FLUSHALL');

    # connections that nginx knows, so that all are ready at the same time
    my @sockets = map { $gateway->keepalive } 1 .. $clients;
    my $takes = $redis->calls('evalsha');
    my ($worker) = $gateway->workers;

    $gateway->freeze($worker);
    print $_ "GET /t?k=same HTTP/1.1\r\nHost: localhost\r\n"
        . "Connection: close\r\n\r\n" for @sockets;
    kill 'CONT', $worker;

    local $/;
    my %told;
    $told{Apigw::Limited::told(scalar readline $_)}++ for @sockets;

    is $told{'200 redis PASSED'}, $clients - 50, 'as many pass as may';
    is $told{'429 redis REJECTED'}, 50, 'the others do not';
    is $redis->calls('evalsha') - $takes, 1, 'one command said so';
    $gateway->ends_well;
};


done_testing;
