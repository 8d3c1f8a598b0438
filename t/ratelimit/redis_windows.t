# Quotas and sliding limits in Redis: the same answers as local ones, by Redis's
# clock alone; keys by window that expire; an outage's share.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Clock ();
use Apigw::Nginx ();
use Apigw::Redis ();
use Apigw::RedisProxy ();
use Apigw::Windows ();
use POSIX qw(ceil);
use Test::More;
use Time::Local qw(timegm);

use constant MOMENT => Apigw::Clock::MOMENT;

# nginx is an hour behind, which nobody may see
my $clock = Apigw::Clock->new('2028-01-30 23:59:50');
my $behind = Apigw::Clock->new('2028-01-30 22:59:50');
my $redis = Apigw::Redis->new(-clock => $clock);
my $address = $redis->address;

my $nginx = Apigw::Windows::gateway(clock => $behind, redis => $redis,
    policies => {
        day    => 'quota=3/d',
        part   => 'quota=3/15m',
        month  => 'quota=3/month',
        first  => 'quota=3/15m align=first',
        minute => 'sliding=100/m',
        strict => 'sliding=100/m strict=6',
        quotas => 'quota=20/10s',
        begun  => 'quota=20/10s align=first',
        moon   => 'quota=40/month',
        slide  => 'sliding=20/10s',
        count  => 'sliding=20/10s strict=7',
        large  => 'quota=1000000000000/31d',
        wide   => 'sliding=1000000000/31d',
        fine   => 'sliding=1000000000/31d strict=60',
    },
    http => <<'CONF');
    map $arg_plan $plan { default ""; gold 5/h; silver 5/month; free unlimited;
                          }
    apigw_ratelimit_policy plan key=$arg_k quota=$plan default=1/d store=main;
    apigw_ratelimit_policy a key=$arg_k quota=2/d store=main;
    apigw_ratelimit_policy b key=$arg_k sliding=4/d store=main;
    apigw_ratelimit_policy c key=$arg_k sliding=4/d strict=4 store=main;
    apigw_ratelimit_policy d key=$arg_k rate=4r/d store=main;
    apigw_ratelimit_policy here key=$arg_k quota=3/d;
    apigw_ratelimit_policy trial key=$arg_k quota=1/d store=main shadow;
    server {
        listen 127.0.0.1:@PORT@;
        server_name more;
        location /plan { apigw_ratelimit plan; empty_gif; }
        location /all { apigw_ratelimit a b c d; empty_gif; }
        location /turned { apigw_ratelimit d c b a; empty_gif; }
        location /three { apigw_ratelimit b c d; empty_gif; }
        location /mixed { apigw_ratelimit here a; empty_gif; }
        location /here { apigw_ratelimit here; empty_gif; }
        location /trial { apigw_ratelimit trial b; empty_gif; }
    }
CONF

sub forward {
    $clock->forward($_[0]);
    $behind->forward($_[0]);
}
sub set {
    $clock->set($_[0]);
    $behind->set($clock->at - 3600);
}
sub ask { return Apigw::Windows::ask($nginx, @_) }
sub told {
    my $answer = ask(@_);
    return join ' ', map { $answer->{$_} // '-' } qw(status r t retry);
}
sub more {
    my ($status, $headers, $body) =
        $nginx->request(GET => $_[0], { Host => 'more' });
    return { status => $status, headers => $headers, body => $body };
}
sub codes { return join ' ', map { more($_)->{status} // 'none' } @_ }


subtest 'a quota, until its end by Redis\'s clock' => sub {
    my $answer = ask('/day?k=a');
    is $answer->{tell}, 'PASSED redis', 'Redis decides';
    is $answer->{headers}{'ratelimit-policy'}, '"day";q=3;w=86400', 'q and w';
    is $answer->{headers}{ratelimit}, '"day";r=2;t=10', 'r and t';
    is told('/day?k=a&c=2'), '200 0 10 -', 'all of it';
    $answer = ask('/day?k=a');
    is "$answer->{status} $answer->{r} $answer->{t} $answer->{retry}",
        '429 0 10 10', 'until it ends';
    is $answer->{tell}, 'REJECTED redis', 'by Redis';
    like $answer->{body}, qr/#quota-exceeded".*"day: retry after 10 s"/, 'the document';
    like $nginx->log, qr/quota_exceeded by policy "day", key [0-9a-f]{8}, retry after 10 s/,
        'the reason';
    $answer = ask('/day?k=a');
    is "$answer->{tell} $answer->{retry} $answer->{t}",
        'REJECTED deny_cache 10 10', 'then from memory';
    like $nginx->log, qr/\[info\].*quota_exceeded by policy "day"/, 'the same';

    forward(10 - MOMENT);
    is told('/day?k=a'), '429 0 1 1', 'a moment before';
    forward(MOMENT);
    is told('/day?k=a'), '200 2 86400 -', 'midnight: all of them anew';
    is join(' ', @{ ask('/day?k=b&c=4') }{qw(status r)}), '429 3',
        'more than all never passes';
    is told('/day?k=b&c=0'), '200 3 86400 -', 'no cost';
};


subtest 'months' => sub {
    for (['2028-02-29 23:59:59', 29, '2028-03-01 00:00:00', 31],
         ['2028-04-30 23:30:00', 30, '2028-05-01 00:00:00', 31],
         ['2028-12-31 23:00:01', 31, '2029-01-01 00:00:00', 31],
         ['2029-01-01 00:30:00', 31, '2029-02-01 00:00:00', 28])
    {
        my ($end, $days, $begin, $next) = @$_;
        my $path = '/month?k=' . substr $end, 0, 10;
        set($end);
        my $at = $clock->at;

        is ask($path)->{w}, $days * 86400, "w of $end";
        ask($path) for 1 .. 2;
        my $answer = ask($path);
        is $answer->{status}, 429, 'used up';
        set($begin);
        my $left = ceil($clock->at - $at);
        is "$answer->{t} $answer->{retry}", "$left $left", 'until it ends';
        $answer = ask($path);
        is "$answer->{status} $answer->{r} $answer->{t} $answer->{w}",
            join(' ', 200, 2, ($next * 86400) x 2), 'the next one begins';
    }
};


subtest 'a window of one\'s own' => sub {
    set('2029-03-01 10:14:58');
    is told('/first?k=a'), '200 2 900 -', 'begins with the first request';
    forward(100);
    is told('/first?k=a&c=2'), '200 0 800 -', 'and goes on';
    is told('/first?k=b'), '200 2 900 -', 'each key has its own';
    forward(800 - MOMENT);
    is told('/first?k=a'), '429 0 1 1', 'used up to the end';
    forward(MOMENT);
    is told('/first?k=a'), '200 2 900 -', 'then a new one begins';
    forward(5000);
    is told('/first?k=a'), '200 2 900 -', 'whenever that is';
};


subtest 'sliding and strict' => sub {
    set('2029-03-01 12:00:01');
    is told('/minute?k=a&c=100'), '200 0 59 -', 'all of it';
    is told('/minute?k=a'), '429 0 60 60', 'nothing is left';
    like $nginx->log, qr/rate_exceeded by policy "minute", key [0-9a-f]{8}, retry after 60 s/,
        'the reason';
    is told('/strict?k=a&c=50'), '200 50 9 -', 'half of the strict one';
    forward(10);
    is told('/strict?k=a&c=50'), '200 0 9 -', 'the other half';
    is told('/strict?k=a'), '429 0 59 59', 'until the first part is over';
    like $nginx->log, qr/rate_exceeded by policy "strict"/, 'the reason';
    forward(49 + 39 * MOMENT);
    is told('/minute?k=a'), '200 0 60 -', 'a hundredth is free';
    forward(9 + 24 * MOMENT);
    is told('/strict?k=a'), '429 0 1 1', 'a moment before';
    forward(MOMENT);
    is told('/strict?k=a'), '200 49 10 -', 'half of it is free';
};


# Both clocks go together
{
    package Apigw::TwoClocks;
    sub forward { main::forward($_[1]) }
    sub at { $clock->at }
}

subtest 'by the model' => sub {
    my @spans = (MOMENT, 1, 4, 10 - MOMENT, 10, 30);
    my %limit = (
        quotas => { quota => 20, window => 10 },
        slide  => { sliding => 20, window => 10 },
        count  => { sliding => 20, window => 10, strict => 7 },
    );

    for my $name (sort keys %limit) {
        is Apigw::Windows::walk($nginx, 'Apigw::TwoClocks', "/$name?k=w",
            Apigw::Windows->new(%{ $limit{$name} }), 150, @spans), '', $name;
    }

    is Apigw::Windows::walk($nginx, 'Apigw::TwoClocks', '/moon?k=w',
        Apigw::Windows->new(quota => 40, month => 1), 120,
        1, 86400, 9 * 86400, 40 * 86400), '', 'months';

    ask('/begun?k=w&c=20');
    my $begun = Apigw::Windows->new(quota => 20, window => 10, first => 1);
    $begun->take($clock->at, 20);
    is Apigw::Windows::walk($nginx, 'Apigw::TwoClocks', '/begun?k=w', $begun,
        120, MOMENT, 1, 3), '', 'windows of its own';
};


subtest 'the largest limits' => sub {
    is ask("/large?k=a&c=1000000000")->{r}, 999000000000, 'of a quota';
    is ask("/wide?k=a&c=999999999")->{r}, 1, 'of a sliding limit';
    is ask("/wide?k=a&c=2")->{status}, 429, 'two more do not';
    is ask("/fine?k=a&c=1000000000")->{r}, 0, 'of a strict one';
    is ask("/fine?k=a")->{status}, 429, 'one more does not';
    forward(31 * 86400);
    is ask("/fine?k=a")->{status}, 429, 'a window later neither';
    forward(31 * 86400 / 60);
    is ask("/fine?k=a")->{status}, 200, 'but a part more';
};


subtest 'several policies are one decision' => sub {
    my $before = $redis->calls('evalsha');
    is codes(('/all?k=a') x 2), '200 200', 'two pass';
    is $redis->calls('evalsha') - $before, 2, 'by two calls';
    is codes('/all?k=a'), '429', 'the third does not';
    is codes(('/three?k=a') x 2), '200 200', 'and was not charged';
    is codes('/three?k=a'), '429', 'to any of the others';

    is codes(('/turned?k=b') x 3, ('/three?k=b') x 3),
        '200 200 429 200 200 429', 'the other way round';

    is codes(('/mixed?k=c') x 3), '200 200 429', 'with a local quota';
    is codes('/here?k=c', '/here?k=c'), '200 429', 'that got its unit back';

    is codes(('/trial?k=d') x 4), '200 200 200 200', 'shadow never refuses';
    like $nginx->log, qr/quota_exceeded by policy "trial".*, shadow/, 'is logged';
};


subtest 'a clock that steps' => sub {
    set('2035-05-05 12:00:00');
    ask("/$_?k=back&c=100") for qw(minute strict);
    ask('/day?k=back&c=3');

    $behind->forward(2 * 3600);
    is told('/day?k=back&c=0'), '200 0 43200 -', 'nginx\'s, by hours: nothing';
    is told('/minute?k=back&c=0'), '200 0 60 -', 'nothing';
    is told('/strict?k=back&c=0'), '200 0 10 -', 'nothing';

    $clock->forward(-60);
    is told('/minute?k=back&c=0'), '200 0 120 -', 'Redis\'s, by a window';
    is told('/strict?k=back&c=0'), '200 0 70 -', 'what was used stays so';
    is told('/day?k=back&c=0'), '200 0 43260 -', 'until it ends';

    $clock->forward(-3 * 86400);
    is told('/day?k=back&c=0'), '200 3 43260 -', 'by more: all start afresh';
    is ask('/minute?k=back&c=0')->{r}, 100, 'this one';
    is ask('/strict?k=back&c=0')->{r}, 100, 'and that';
    is told('/day?k=back'), '200 2 43260 -', 'and count again';
};


subtest 'keys and their life' => sub {
    my %life = (day => 86400, part => 900, month => 31 * 86400, first => 900,
                minute => 120, strict => 70);

    set('2029-03-01 00:00:00');
    $redis->command('FLUSHALL');

    for my $name (sort keys %life) {
        ask("/$name?k=secret-key");
        my ($key) = @{ $redis->command('KEYS', '*') };
        like $key, qr/^rl:1:\{[\w-]{22}\}:$name:[\w.]+$/, "$name: $key";
        unlike $redis->command('GET', $key), qr/[^\d:,]/, 'numbers';
        my $ttl = $redis->command('PTTL', $key) / 1000;
        cmp_ok $ttl, '>=', $life{$name}, "lives until it counts no more";
        cmp_ok $ttl, '<=', $life{$name} + 15, 'and no longer';
        $redis->command('FLUSHALL');
    }
};


subtest 'plans' => sub {
    my $q = sub { more($_[0])->{headers}{'ratelimit-policy'} // 'none' };

    is $q->('/plan?k=a&plan=gold'), '"plan";q=5;w=3600', 'gold';
    is $q->('/plan?k=b&plan=silver'), '"plan";q=5;w=2678400', 'silver';
    is $q->('/plan?k=c&plan=free'), 'none', 'unlimited';
    is $q->('/plan?k=d'), '"plan";q=1;w=86400', 'the default';
    is codes(('/plan?k=e&plan=gold') x 6), '200 ' x 5 . '429', 'five';
    is codes('/plan?k=e&plan=silver'), '200', 'windows are apart by length';
    is codes('/plan?k=e&plan=gold'), '429', 'and stay so';
};


subtest 'foreign values in Redis' => sub {
    $redis->command('FLUSHALL');
    for my $name (qw(day first month minute strict)) {
        ask("/$name?k=x");
    }
    my @keys = @{ $redis->command('KEYS', '*') };
    is scalar @keys, 5, 'five keys';

    for my $value ('', ':', ',', 'x', '-1:-1', '1:2:3:4:5', '9' x 40 . ':1',
                   '1:' . '9' x 40, "\0\xff", '1:1,' x 100, '0:0')
    {
        for my $key (@keys) {
            my ($name) = $key =~ /\}:(\w+):/;
            $redis->command('SET', $key, $value);
            like ask("/$name?k=x")->{status} // 'none', qr/^(?:200|429)$/,
                "$name answers";
        }
    }
};


is $nginx->stop, 0, 'ends in order';
is_deeply [grep { /\[(?:alert|crit|emerg)\]/ } split /^/m, $nginx->log], [],
    'a quiet log';


# remaining, full, retry and fits that no window of five a day may have

subtest 'verdicts that make no sense' => sub {
    my $server = Apigw::Redis->new;
    my $redis = Apigw::RedisProxy->new($server);
    my $nginx = Apigw::Windows::gateway(redis => $redis,
        block => 'breaker failures=1000;', policies => {
            day    => 'quota=5/d',
            month  => 'quota=5/month',
            begun  => 'quota=5/d align=first',
            slide  => 'sliding=5/d',
            strict => 'sliding=5/d strict=6',
        });
    my $now = (time - 1704067200) * 8_000_000;
    my $most = '9223372036854775807';
    my $key = 0;

    for my $name (qw(day month begun slide strict)) {
        for my $lie ([-1, 0, 0, 1], [6, 0, 0, 1], [$most, 0, 0, 1],
                     [1, -1, 0, 1], [1, $most, 0, 1], [1, 0, -2, 1],
                     [1, 0, $most, 1], [1, 0, 0, -1], [1, 0, 0, 0],
                     [5, "1" . '0' x 16, 0, 1], [0, 0, "1" . '0' x 16, 1])
        {
            my $tell;
            for (my $end = time + 20; time < $end; ) {
                $tell = Apigw::Windows::ask($nginx, "/$name?k=a&c=0")->{tell};
                last if $tell eq 'PASSED redis';
            }
            is $tell, 'PASSED redis', 'Redis decides';
            $redis->mode('lie', join('', map { ":$_\r\n" } 1, $now, @$lie), 1);
            is Apigw::Windows::ask($nginx, "/$name?k=@{[++$key]}")->{tell},
                'DEGRADED local', "$name: @$lie is none";
        }
    }

    is $nginx->stop, 0, 'ends in order';
    unlike $nginx->log, qr/\[(?:alert|crit|emerg)\]/, 'a quiet log';
};


# Of windows that hardly end meanwhile

subtest 'an outage: this machine\'s share' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = Apigw::Windows::gateway(redis => $redis, policies => {
        quota  => 'quota=10/31d share=0.45',
        first  => 'quota=10/31d align=first share=0.45',
        month  => 'quota=10/month share=0.45',
        slide  => 'sliding=10/31d share=0.45',
        strict => 'sliding=10/31d strict=6 share=0.45',
        one    => 'quota=10/31d share=0.000000001',
        deny   => 'quota=10/31d on_error=deny',
    });
    my $ask = sub { Apigw::Windows::ask($nginx, $_[0]) };
    my %w = map { $_ => 31 * 86400 } qw(quota first slide strict one);
    my %most = map { $_ => 4 } qw(quota first month slide strict);
    my ($month, $year) = (gmtime)[4, 5];

    $most{one} = 1;
    $w{month} = timegm(0, 0, 0, 1, ($month + 1) % 12, $year + ($month == 11))
                - timegm(0, 0, 0, 1, $month, $year);

    for my $name (sort keys %w) {
        is $ask->("/$name?k=warm&c=3")->{tell}, 'PASSED redis', "$name: before";
    }
    $redis->stop;

    for my $name (sort keys %w) {
        my $answer = $ask->("/$name?k=a");
        is $answer->{tell}, 'DEGRADED local', "$name: in the outage";
        is "$answer->{q} $answer->{w} $answer->{r}",
            "$most{$name} $w{$name} " . ($most{$name} - 1), 'its share';
        $ask->("/$name?k=a") for 2 .. $most{$name};
        $answer = $ask->("/$name?k=a");
        is "$answer->{status} $answer->{r}", '429 0', 'and no more';
        is $ask->("/$name?k=b&c=5")->{status}, 429, 'nor a cost above it';
        next if $name eq 'one';

        is $ask->("/$name?k=warm")->{r}, 0, 'what was used before counts';
        is $ask->("/$name?k=warm")->{status}, 429, 'to the end';
    }

    my $answer = $ask->('/deny?k=a');
    is $answer->{status}, 503, 'on_error=deny';
    like $answer->{body}, qr/#temporary-reduced-capacity/, 'type';
    like $nginx->log, qr/limiter_unavailable by policy "deny"/, 'the reason';

    is $nginx->stop, 0, 'ends in order';
};

done_testing();
