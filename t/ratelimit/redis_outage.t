# Redis killed, restarted, stopped or out of reach costs no request an error
# under on_error=local, none more than `timeout`, and mends itself.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Limited ();
use Apigw::Redis ();
use Apigw::RedisProxy ();
use Test::More;
use Time::HiRes qw(sleep time);

# What a client may see on top of `timeout`, on a machine that is busy; far
# below the module's other times, LONG, so that a wait on those shows. That
# the wait is `timeout` to a few milliseconds is shown in redis_wait.t.
use constant LONG => 'connect_timeout 30s; reply_timeout 30s;';
use constant SLACK => $ENV{APIGW_SLOW} ? 3 : 1;


subtest 'killed and started again' => sub {
    my $redis = Apigw::Redis->new;
    my $gateway = Apigw::Limited->new($redis);

    is $gateway->get('a'), '200 redis PASSED', 'Redis decides';

    $redis->stop;
    my @told = map { $gateway->get('a') } 1 .. 20;
    is scalar(grep { !/^200 local DEGRADED$/ } @told), 0,
        'every request is decided locally';

    $redis->start;
    $gateway->becomes('a', qr/^200 redis PASSED$/, 'Redis decides again');
    $gateway->logged(qr/apigw_ratelimit: redis "main" at .*connected again/,
                     'and the log tells');
    $gateway->ends_well;
};


subtest 'the local copy knows what Redis had granted' => sub {
    my $redis = Apigw::Redis->new;
    my $gateway = Apigw::Limited->new($redis, burst => 5);

    $gateway->get('a') for 1 .. 3;
    $redis->stop;

    my @told = map { $gateway->get('a') } 1 .. 4;
    is "@told[0, 1]", '200 local DEGRADED 200 local DEGRADED',
        'two are left';
    like $told[2], qr/^429 /, 'the sixth is denied';
    $gateway->ends_well;
};


subtest 'not there when nginx starts' => sub {
    my $redis = Apigw::Redis->new;
    $redis->stop;

    my $gateway = Apigw::Limited->new($redis);
    is $gateway->get('a'), '200 local DEGRADED', 'nginx serves';

    $redis->start;
    $gateway->becomes('a', qr/^200 redis PASSED$/, 'and finds it later');
    $gateway->ends_well;
};


subtest 'stopped in its tracks' => sub {
    my $redis = Apigw::Redis->new;
    my $gateway = Apigw::Limited->new($redis,
                                      block => 'timeout 100ms; ' . LONG);

    $gateway->becomes('a', qr/redis/, 'Redis decides');
    $redis->pause;

    my ($slow, $odd, $longest) = (0, 0, 0);

    for (1 .. 30) {
        my ($told, $took) = $gateway->timed('a');
        $odd++ if $told ne '200 local DEGRADED';
        $slow++ if $took > 0.09;
        $longest = $took if $took > $longest;
    }

    is $odd, 0, 'every request is decided locally';
    cmp_ok $longest, '<', 0.1 + SLACK, 'none waits much above timeout';
    cmp_ok $slow, '<', 15, 'most do not wait: the breaker is open';
    $gateway->logged(qr/breaker open for \d+ ms/, 'as the log tells');

    $redis->resume;
    $gateway->becomes('a', qr/^200 redis PASSED$/, 'resumed, Redis decides');
    $gateway->ends_well;
};


subtest 'a half-open connection is given up' => sub {
    my $redis = Apigw::Redis->new;
    my $proxy = Apigw::RedisProxy->new($redis);
    my $gateway = Apigw::Limited->new($proxy, block =>
        'timeout 50ms; reply_timeout 300ms; breaker failures=1000;');

    $gateway->becomes('a', qr/redis/, 'Redis decides');

    # the peer is gone without a word: no reply, no reset
    $proxy->mode('swallow');
    is $gateway->get('a'), '200 local DEGRADED', 'nothing comes back';
    $gateway->logged(qr/sent no reply for \d+ ms/, 'the silence is noticed');

    $proxy->mode('pass');
    $gateway->becomes('a', qr/^200 redis PASSED$/, 'by a new connection');
    cmp_ok $proxy->connections, '>=', 2, 'another one';
    $gateway->ends_well;
};


subtest 'a server that accepts and says nothing' => sub {
    my $redis = Apigw::Redis->new;
    my $proxy = Apigw::RedisProxy->new($redis);
    $proxy->mode('deaf');

    my $gateway = Apigw::Limited->new($proxy, block =>
        'timeout 100ms; reply_timeout 200ms;');

    is $gateway->get('a'), '200 local DEGRADED', 'is a server that is down';
    $gateway->logged(qr/timed out while shaking hands/, 'and is told so');

    $proxy->mode('pass');
    $gateway->becomes('a', qr/^200 redis PASSED$/, 'until it speaks');
    $gateway->ends_well;
};


subtest 'requests wait for the first connection, within their time' => sub {
    my $redis = Apigw::Redis->new;
    my $proxy = Apigw::RedisProxy->new($redis, handshake => 1);
    $proxy->mode('delay', 300);

    # the handshake takes 300 ms: who comes before is neither lost nor refused
    my $gateway = Apigw::Limited->new($proxy, block =>
        'timeout 10s; reply_timeout 10s;');

    is join(' ', $gateway->many('a', 'b')),
        '200 redis PASSED 200 redis PASSED', 'they wait and pass';
    $gateway->ends_well;
};


subtest 'on_error=allow lets pass' => sub {
    my $redis = Apigw::Redis->new;
    my $gateway = Apigw::Limited->new($redis, on_error => 'allow', burst => 1);

    is $gateway->get('a'), '200 redis PASSED', 'Redis decides';
    $redis->stop;
    like $gateway->get('a'), qr/^200 /, 'without it, all pass' for 1 .. 3;
    $gateway->ends_well;
};


subtest 'on_error=deny answers 503 and when to come back' => sub {
    my $redis = Apigw::Redis->new;
    my $gateway = Apigw::Limited->new($redis, on_error => 'deny');

    is $gateway->get('a'), '200 redis PASSED', 'Redis decides';
    $redis->stop;
    $gateway->becomes('a', qr/^503/, 'without it, nobody passes');

    my ($status, $headers, $body) = $gateway->request(GET => '/t?k=a');
    is $status, 503, 'status';
    like $headers->{'retry-after'}, qr/^[1-9]\d*$/, 'Retry-After';
    like $body, qr/#temporary-reduced-capacity"/, 'the problem';
    like $gateway->log, qr/limiter_unavailable/, 'the reason';

    $redis->start;
    $gateway->becomes('a', qr/^200 redis PASSED$/, 'until it is back');
    $gateway->ends_well;
};


subtest 'killed and started under load' => sub {
    my $redis = Apigw::Redis->new;
    my $gateway = Apigw::Limited->new($redis, burst => 1_000_000,
                                      workers => 2,
                                      block => 'timeout 100ms; ' . LONG);
    my (%told, $longest);
    $longest = 0;

    for my $round (1 .. 6) {
        for (1 .. 5) {
            my $start = time;
            $told{$_}++ for $gateway->many(map { "k$_" } 1 .. 40);
            my $took = time - $start;
            $longest = $took if $took > $longest;
        }

        $round % 2 ? $redis->stop : $redis->start;
    }

    is join(' ', grep { !/^200 (?:redis PASSED|local DEGRADED)$/ }
            keys %told), '', 'no request fails';
    ok $told{'200 redis PASSED'}, 'Redis decided some';
    ok $told{'200 local DEGRADED'}, 'others were decided locally';
    cmp_ok $longest, '<', 0.1 + 2 * SLACK, 'none waits long';

    $gateway->becomes('a', qr/^200 redis PASSED$/, 'Redis decides at the end');
    $gateway->ends_well;
};


done_testing;
