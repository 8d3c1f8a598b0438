# Redis away: on_error says what happens, at once and without any 5xx but the
# one asked for; nothing waits longer than `timeout`; what comes back is used
# again, by itself.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Nginx ();
use Apigw::Redis ();
use Test::More;
use Time::HiRes qw(sleep time);

# For a busy machine, far below the other times: what is promised, 5 ms, is
# shown in redis_wait.t.
my $margin = $ENV{APIGW_SLOW} ? 5 : 1.5;

my $redis = Apigw::Redis->new;
my $address = $redis->address;

my $http = <<"CONF";
    apigw_ratelimit_redis main {
        server $address;
        timeout 100ms;
        connect_timeout 30s;
        reply_timeout 30s;
        breaker failures=3 open=200ms max=500ms;
    }
    apigw_ratelimit_policy local key=\$arg_k rate=4r/d store=main;
    apigw_ratelimit_policy share key=\$arg_k rate=8r/d store=main share=0.25;
    apigw_ratelimit_policy allow key=\$arg_k rate=4r/d store=main
                           on_error=allow;
    apigw_ratelimit_policy deny key=\$arg_k rate=4r/d store=main
                           on_error=deny;
    apigw_ratelimit_policy trial key=\$arg_k rate=4r/d store=main
                           on_error=deny shadow;
    apigw_ratelimit_policy here key=\$arg_k rate=4r/d;
    apigw_ratelimit_policy load key=all rate=1000000r/s store=main;
    add_header X-Tell "\$apigw_ratelimit_status \$apigw_ratelimit_policy \$apigw_ratelimit_source \$apigw_reject_reason" always;
    server {
        listen 127.0.0.1:\@PORT\@;
        location /local { apigw_ratelimit local; empty_gif; }
        location /share { apigw_ratelimit share; empty_gif; }
        location /large { apigw_ratelimit share cost=3; empty_gif; }
        location /allow { apigw_ratelimit allow; empty_gif; }
        location /deny { apigw_ratelimit deny; empty_gif; }
        location /trial { apigw_ratelimit trial; empty_gif; }
        location /mixed { apigw_ratelimit here deny; empty_gif; }
        location /here { apigw_ratelimit here; empty_gif; }
        location /load { apigw_ratelimit load; empty_gif; }
        location /dry {
            apigw_ratelimit deny;
            apigw_ratelimit_dry_run on;
            empty_gif;
        }
    }
CONF

my $nginx = Apigw::Nginx->new(modules => ['ratelimit'], http => $http);

sub get { return $nginx->request(GET => $_[0]) }
sub codes { return join ' ', map { (get($_))[0] // 'none' } @_ }
sub told { my (undef, $headers) = get($_[0]); return $headers->{'x-tell'} }

sub eventually {
    my ($got, $end) = (undef, time + 30);
    while (time < $end) {
        $got = $_[0]->();
        return $got if $got eq $_[1];
        sleep 0.02;
    }
    return $got;
}

sub away {
    return eventually(sub { told('/local?k=probe' . rand) },
                      'DEGRADED local local ');
}

sub back {
    return eventually(sub { told('/local?k=probe' . rand) },
                      'PASSED local redis ');
}

is codes('/local?k=a', '/local?k=a', '/local?k=a'), '200 200 200',
    'three of four pass by Redis';
is codes('/share?k=a'), '200', 'another policy';

$redis->stop;
is away(), 'DEGRADED local local ', 'Redis is away';

subtest 'on_error=local' => sub {
    is codes('/local?k=a', '/local?k=a'), '200 429',
        'the copy was warm: one is left';
    is told('/local?k=a'), 'REJECTED local local rate_exceeded',
        'and refuses by itself';
    is codes(('/local?k=b') x 5), '200 200 200 200 429', 'a new key';
    is codes(('/share?k=b') x 3), '200 200 429', "a node's share";
    my (undef, $headers) = get('/share?k=c');
    is $headers->{'ratelimit-policy'}, '"share";q=2;w=86400', 'is told';

    (my $status, $headers) = get('/large?k=d');
    is $status, 429, 'a cost above the share';
    is $headers->{'x-tell'}, 'REJECTED share local cost_too_large', 'is told';
    is $headers->{'retry-after'}, undef, 'nobody need come back for it';
};

subtest 'on_error=allow' => sub {
    is codes(('/allow?k=a') x 8), join(' ', (200) x 8), 'skips the policy';
    my (undef, $headers) = get('/allow?k=a');
    is $headers->{'x-tell'}, 'DEGRADED   ', 'and says so';
    is $headers->{ratelimit}, undef, 'without fields';
};

subtest 'on_error=deny' => sub {
    my ($status, $headers, $body) = get('/deny?k=a');
    is $status, 503, 'refuses';
    like $headers->{'retry-after'}, qr/^[1-9]\d?$/, 'Retry-After';
    is $headers->{'x-tell'}, 'REJECTED deny  limiter_unavailable', 'and tells';
    like $body, qr{#temporary-reduced-capacity","title":"Request\ cannot\ be
                   \ satisfied\ due\ to\ temporary\ server\ capacity
                   \ constraints","status":503,"detail":"deny:\ the\ limiter
                   \ is\ unavailable,\ retry\ after\ [1-9]\d?\ s".*
                   "violated-policies":\["deny"\]}x, 'the document';

    is codes('/trial?k=a'), '200', 'a shadow never does';
    is codes('/dry?k=a'), '200', 'nor a dry run';
    is codes('/mixed?k=a'), '503', 'beside a local policy';
    (undef, $headers) = get('/here?k=a');
    like $headers->{ratelimit}, qr/^"here";r=3;/, 'which is not charged';
};

subtest 'it starts and reloads without Redis' => sub {
    my $new = Apigw::Nginx->new(modules => ['ratelimit'], http => $http);
    is +($new->request(GET => '/local?k=x'))[0], 200, 'started';
    ok $new->reload, 'reloaded';
    is +($new->request(GET => '/local?k=x'))[0], 200, 'serves';
    is $new->stop, 0, 'ends in order';
    is_deeply [grep { /\[(?:alert|crit|emerg)\]/ } split /^/m, $new->log], [],
        'a quiet log';
};

$redis->start or die "redis-server does not come back";
is back(), 'PASSED local redis ', 'it comes back by itself';

subtest 'a Redis that stands still' => sub {
    $redis->pause;
    my $longest = 0;

    for my $i (1 .. 20) {
        my $start = time;
        is +(get("/local?k=s$i"))[0], 200, 'passes';
        my $took = time - $start;
        $longest = $took if $took > $longest;
    }

    cmp_ok $longest, '<', 0.1 + $margin, 'within the timeout';
    $redis->resume;
    is back(), 'PASSED local redis ', 'and is used again';
};

subtest 'killed and restarted under load' => sub {
    my @clients;

    for (1 .. 4) {
        pipe my $reader, my $writer or die;
        defined(my $pid = fork) or die;

        if ($pid == 0) {
            close $reader;
            my ($stop, $n, $bad, $longest) = (0, 0, 0, 0);
            local $SIG{TERM} = sub { $stop = 1 };

            while (!$stop) {
                my $start = time;
                my ($status) = get('/load');
                $bad++ if ($status // 0) != 200;
                $n++;
                my $took = time - $start;
                $longest = $took if $took > $longest;
            }

            print $writer "$n $bad $longest\n";
            close $writer;
            delete $nginx->{pid};
            delete $redis->{pid};
            require POSIX;
            POSIX::_exit(0);
        }

        push @clients, [$pid, $reader];
    }

    for (1 .. 3) {
        $redis->stop;
        away();
        $redis->start or die "redis-server does not come back";
        is back(), 'PASSED local redis ', 'it is used again';
    }

    my ($n, $bad, $longest) = (0, 0, 0);
    for (@clients) {
        my ($pid, $reader) = @$_;
        kill TERM => $pid;
        my ($count, $failed, $took) = split ' ', <$reader> // '0 1 999';
        waitpid $pid, 0;
        $n += $count;
        $bad += $failed;
        $longest = $took if $took > $longest;
    }

    is $bad, 0, "all of $n requests pass";
    cmp_ok $longest, '<', 0.1 + $margin, 'none waits beyond the timeout';
};

is $nginx->stop, 0, 'ends in order';
is_deeply [grep { /\[(?:alert|crit|emerg)\]/ } split /^/m, $nginx->log], [],
    'a quiet log';

done_testing();
