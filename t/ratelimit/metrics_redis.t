# Metrics of stores: commands, their errors by class, their times, breakers that
# are open; and what policies in Redis count.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Limited ();
use Apigw::Metrics ();
use Apigw::Redis ();
use Test::More;
use Time::HiRes qw(sleep time);

my $policies = <<'CONF';
    apigw_ratelimit_policy free key=$arg_k rate=100r/d store=main on_error=allow;
    apigw_ratelimit_policy shut key=$arg_k rate=100r/d store=main on_error=deny;
CONF

# A gateway with a location for metrics, and for policies of its own.
sub gateway {
    my ($redis, %options) = @_;
    my $gateway = Apigw::Limited->new($redis, http => $policies,
                                      %options);
    my $http = $gateway->{options}{http};

    $http =~ s{(location = /fast)}{
        location = /metrics { apigw_ratelimit_metrics; }
        location = /free { apigw_ratelimit free; alias \@DIR\@/page; }
        location = /shut { apigw_ratelimit shut; alias \@DIR\@/page; }
        $1};
    $gateway->{options}{http} = $http;
    $gateway->write('nginx.conf', $gateway->conf);
    $gateway->reload or die 'no reload';

    return $gateway;
}

sub store {
    my ($metrics, $name, %labels) = @_;
    return $metrics->value($name, store => 'main', %labels);
}

# Asks until a value is what it should be: an answer may come a moment later.
sub becomes {
    my ($gateway, $want, $name, %labels) = @_;
    my $got;
    for (my $end = time + 20; time < $end; sleep 0.02) {
        $got = Apigw::Metrics->get($gateway)->value($name, %labels);
        last if ($got // '') eq $want;
    }
    is $got, $want, join ' ', $name, map { $labels{$_} } sort keys %labels;
}


subtest 'a store that answers' => sub {
    my $redis = Apigw::Redis->new;
    my $gateway = gateway($redis, burst => 3, workers => 2);
    my $metrics = Apigw::Metrics->get($gateway);

    is_deeply $metrics->faults, [], 'the text is well-formed';
    is_deeply $metrics->families,
        [qw(adjust_lost_total bad_value_total breaker_open lease_units
           lock_steals_total
            redis_commands_total redis_errors_total redis_seconds
            requests_total source_total zone_entries zone_evictions_total)],
        'the families';
    is store($metrics, $_), 0, "$_ starts at 0"
        for qw(redis_commands_total breaker_open redis_seconds_count);
    is store($metrics, 'redis_seconds_sum'), '0.000000', 'so does the sum';
    is store($metrics, redis_errors_total => class => $_), 0, "and $_"
        for qw(down lost noscript moved ask tryagain loading clusterdown
               masterdown busy readonly oom misconf noauth wrongpass noperm
               other);

    $gateway->becomes('warm', qr/^200 redis/, 'both workers') for 1 .. 2;
    my $before = Apigw::Metrics->get($gateway);
    my @told = map { $gateway->get('a') } 1 .. 5;
    is_deeply [@told[0 .. 3]],
        [('200 redis PASSED') x 3, '429 redis REJECTED'], 'three pass';
    is $told[4], '429 deny_cache REJECTED', 'a denial is remembered';

    $metrics = Apigw::Metrics->get($gateway);
    is_deeply $metrics->faults, [], 'the text is well-formed';
    is store($metrics, 'redis_commands_total')
        - store($before, 'redis_commands_total'), 4, 'a command for each';
    is store($metrics, 'redis_seconds_count')
        - store($before, 'redis_seconds_count'), 4, 'each took its time';
    cmp_ok store($metrics, 'redis_seconds_sum'), '>', 0, 'which is summed';
    is_deeply $metrics->values('redis_errors_total'), {}, 'no error';
    is $metrics->value(source_total => policy => 'one', source => 'redis')
        - $before->value(source_total => policy => 'one', source => 'redis'),
        4, 'four were decided by Redis';
    is $metrics->value(source_total => policy => 'one',
                       source => 'deny_cache'), 1, 'one from memory';
    is $metrics->value(requests_total => policy => 'one',
                       result => 'rejected'), 2, 'two were rejected';

    my $sum = store($metrics, 'redis_commands_total');
    ok $gateway->reload, 'reloaded';
    is store(Apigw::Metrics->get($gateway), 'redis_commands_total'), $sum,
        'the sums stay';
    $gateway->ends_well;
};


subtest 'a store that is killed' => sub {
    my $redis = Apigw::Redis->new;
    my $gateway = gateway($redis,
        block => 'breaker failures=3 open=60s max=60s;');

    $gateway->becomes('a', qr/^200 redis/, 'Redis decides');
    $redis->stop;
    $gateway->becomes('a', qr/^200 local/, 'it is gone');
    my $before = Apigw::Metrics->get($gateway);

    is $gateway->get('a'), '200 local DEGRADED', 'decided here';
    is +($gateway->request(GET => '/free?k=a'))[0], 200, 'let pass';
    is +($gateway->request(GET => '/shut?k=a'))[0], 503, 'or not';

    my $metrics = Apigw::Metrics->get($gateway);
    is store($metrics, 'redis_commands_total')
        - store($before, 'redis_commands_total'), 3, 'three commands';
    is store($metrics, redis_errors_total => class => 'down')
        - store($before, redis_errors_total => class => 'down'), 3,
        'none was sent';
    is $metrics->value(requests_total => policy => 'free',
                       result => 'allowed'), 1, 'allowed';
    is $metrics->value(requests_total => policy => 'shut',
                       result => 'unavailable'), 1, 'unavailable';
    is $metrics->value(source_total => policy => 'one', source => 'local')
        - $before->value(source_total => policy => 'one', source => 'local'),
        1, 'the source of one is local';
    $gateway->ends_well;
};


subtest 'a store that stands still' => sub {
    my $redis = Apigw::Redis->new;
    my $gateway = gateway($redis, block => 'timeout 50ms; reply_timeout 60s; '
        . 'breaker failures=3 open=100ms max=100ms;');

    $gateway->becomes('a', qr/^200 redis/, 'Redis decides');
    my $before = Apigw::Metrics->get($gateway);
    $redis->pause;
    is $gateway->get('a'), '200 local DEGRADED', 'no answer' for 1 .. 3;

    my $metrics = Apigw::Metrics->get($gateway);
    is store($metrics, redis_errors_total => class => 'lost')
        - store($before, redis_errors_total => class => 'lost'), 3,
        'three were lost';
    is store($metrics, 'redis_seconds_count'),
        store($before, 'redis_seconds_count'), 'none took its time';
    is store($metrics, 'breaker_open'), 1, 'the breaker is open';

    $redis->resume;
    becomes($gateway, 0, breaker_open => store => 'main');
    $gateway->becomes('a', qr/^200 redis/, 'Redis decides again');
    is_deeply(Apigw::Metrics->get($gateway)->faults, [],
              'the text is well-formed');
    $gateway->ends_well;
};


subtest 'a breaker of a worker that ends' => sub {
    my $redis = Apigw::Redis->new;
    my $gateway = gateway($redis, block =>
        'timeout 50ms; breaker failures=1 open=1h max=1h;');
    my $open = sub {
        $gateway->becomes('a', qr/^200 redis/, 'Redis decides');
        $redis->pause;
        $gateway->becomes('a', qr/^200 local/, 'no answer');
        becomes($gateway, 1, breaker_open => store => 'main');
        $redis->resume;
    };

    $open->();
    ok $gateway->reload, 'reloaded';
    becomes($gateway, 0, breaker_open => store => 'main');

    $open->();
    my ($pid) = $gateway->workers;
    kill KILL => $pid;
    my $end = time + 20;
    sleep 0.01 while time < $end && grep { $_ == $pid } $gateway->workers;
    becomes($gateway, 0, breaker_open => store => 'main');
    is $gateway->stop, 0, 'nginx ends in order';
};


subtest 'a store that refuses' => sub {
    my $redis = Apigw::Redis->new;
    my $gateway = gateway($redis);

    $gateway->becomes('a', qr/^200 redis/, 'Redis decides');
    $redis->command('CONFIG', 'SET', 'maxmemory', 1);
    $redis->command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    is $gateway->get('a'), '200 local DEGRADED', 'out of memory';
    my $metrics = Apigw::Metrics->get($gateway);
    is store($metrics, redis_errors_total => class => 'oom'), 1, 'is told so';
    $redis->command('CONFIG', 'SET', 'maxmemory', 0);

    $redis->command('SCRIPT', 'FLUSH');
    is $gateway->get('a'), '200 redis PASSED', 'a script that is gone';
    $metrics = Apigw::Metrics->get($gateway);
    is store($metrics, redis_errors_total => class => 'noscript'), 0,
        'is no error';
    is store($metrics, 'redis_commands_total'),
        store($metrics, 'redis_seconds_count'), 'but one command';
    is_deeply $metrics->values('redis_errors_total'), { 'oom main' => 1 },
        'all in all';
    $gateway->ends_well;
};


done_testing;
