# What exceeds the queue meets the fail policy at once, and no request gets
# more than the time it has.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Limited ();
use Apigw::Redis ();
use Apigw::RedisProxy ();
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
