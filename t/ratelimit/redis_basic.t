# Policies in Redis: the same answers as local ones, one script call for all
# of a phase, states that expire, keys that tell nothing.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Nginx ();
use Apigw::Redis ();
use Test::More;
use Time::HiRes qw(sleep time);

my $redis = Apigw::Redis->new;
my $second = Apigw::Redis->new(-unix => 1, requirepass => 'secret word');
my $address = $redis->address;
my $other = $second->address;

my $nginx = Apigw::Nginx->new(modules => ['ratelimit'],
    files => { password => "secret word\n" }, http => <<"CONF");
    apigw_ratelimit_redis main { server $address; timeout 10s; }
    apigw_ratelimit_redis other {
        server $other;
        password_file \@DIR\@/password;
        database 3;
        prefix limits;
        timeout 10s;
    }
    apigw_ratelimit_policy one key=\$arg_k rate=2r/d store=main;
    apigw_ratelimit_policy two key=\$arg_k rate=4r/d store=main;
    apigw_ratelimit_policy early key=\$arg_k rate=3r/d store=main
                           phase=preaccess;
    apigw_ratelimit_policy here key=\$arg_k rate=3r/d;
    apigw_ratelimit_policy far key=\$arg_k rate=2r/d store=other;
    apigw_ratelimit_policy tenant key=\$arg_k group=\$arg_g rate=2r/d
                           store=main;
    apigw_ratelimit_policy trial key=\$arg_k rate=1r/d store=main shadow;
    apigw_ratelimit_policy cost key=\$arg_k rate=10r/d store=main
                           cost=\$arg_c;
    add_header X-Tell "\$apigw_ratelimit_status \$apigw_ratelimit_policy \$apigw_ratelimit_source" always;
    add_header X-Time "\$apigw_ratelimit_time" always;
    server {
        listen 127.0.0.1:\@PORT\@;
        location /one { apigw_ratelimit one; empty_gif; }
        location /both { apigw_ratelimit one two; empty_gif; }
        location /turned { apigw_ratelimit two one; empty_gif; }
        location /two { apigw_ratelimit two; empty_gif; }
        location /early { apigw_ratelimit early two; empty_gif; }
        location /deny { apigw_ratelimit early two; deny all; }
        location /mixed { apigw_ratelimit here one; empty_gif; }
        location /here { apigw_ratelimit here; empty_gif; }
        location /stores { apigw_ratelimit far two; empty_gif; }
        location /far { apigw_ratelimit far; empty_gif; }
        location /tenant { apigw_ratelimit tenant; empty_gif; }
        location /trial { apigw_ratelimit trial two; empty_gif; }
        location /cost { apigw_ratelimit cost; empty_gif; }
        location /dry {
            apigw_ratelimit one;
            apigw_ratelimit_dry_run on;
            empty_gif;
        }
        location /page {
            apigw_ratelimit one;
            error_page 429 \@sorry;
            empty_gif;
        }
        location \@sorry { apigw_ratelimit one two; return 429 sorry; }
    }
CONF

sub get { return $nginx->request(GET => $_[0]) }
sub codes { return join ' ', map { (get($_))[0] // 'none' } @_ }
sub told { my (undef, $headers) = get($_[0]); return $headers->{'x-tell'} }

# Waits until what was given back has arrived.
sub eventually {
    my ($got, $end) = (undef, time + 20);
    while (time < $end) {
        $got = $_[0]->();
        return $got if $got eq $_[1];
        sleep 0.02;
    }
    return $got;
}

subtest 'verdicts, fields and variables' => sub {
    is codes(('/one?k=a') x 3, '/one?k=b'), '200 200 429 200', 'two a day';

    my ($status, $headers, $body) = get('/one?k=c');
    is $headers->{'ratelimit-policy'}, '"one";q=2;w=86400', 'RateLimit-Policy';
    like $headers->{ratelimit}, qr/^"one";r=1;t=43200$/, 'RateLimit';
    is $headers->{'x-tell'}, 'PASSED one redis', 'variables';
    like $headers->{'x-time'}, qr/^\d+\.\d{6}$/, 'the time waited';
    isnt $headers->{'x-time'}, '0.000000', 'is not none';

    get('/one?k=c');
    ($status, $headers, $body) = get('/one?k=c');
    is $status, 429, 'refused';
    like $headers->{'retry-after'}, qr/^43(200|1\d\d)$/, 'Retry-After';
    like $body, qr/"violated-policies":\["one"\]/, 'the document';
    is $headers->{'x-tell'}, 'REJECTED one redis', 'variables';
};

subtest 'a denial is remembered for a second, no more' => sub {
    get('/one?k=d') for 1 .. 2;
    my $end = time + 20;
    my ($calls, $asked);

    # a second may end between any two requests
    while (time < $end) {
        is +(get('/one?k=d'))[0], 429, 'refused';
        $calls = $redis->calls('evalsha');
        my @tell = map { told('/one?k=d') } 1 .. 5;
        $asked = $redis->calls('evalsha') - $calls;
        is $_, 'REJECTED one deny_cache', 'from memory' for @tell[0 .. 0];
        last if !$asked;
    }

    is $asked, 0, 'Redis is not asked';
    my (undef, $headers) = get('/one?k=d');
    like $headers->{'retry-after'}, qr/^43(200|1\d\d)$/, 'the true wait';
    like $headers->{ratelimit}, qr/^"one";r=0;t=43(200|1\d\d)$/, 'RateLimit';

    $redis->command('FLUSHALL');
    is eventually(sub { codes('/one?k=d') }, 200), 200,
        'what Redis has reset passes within a moment';
};

subtest 'several policies are one call, and one decision' => sub {
    my $before = $redis->calls('evalsha');
    is codes(('/both?k=e') x 2), '200 200', 'two pass';
    is $redis->calls('evalsha') - $before, 2, 'by two calls';
    is codes('/both?k=e'), '429', 'the third does not';
    my (undef, $headers) = get('/two?k=e');
    like $headers->{ratelimit}, qr/^"two";r=1;/, 'and consumed nothing';

    is codes(('/turned?k=f') x 3), '200 200 429', 'the other way round';
    (undef, $headers) = get('/two?k=f');
    like $headers->{ratelimit}, qr/^"two";r=1;/, 'the same';
};

subtest 'two phases' => sub {
    is codes(('/deny?k=g') x 3), '403 403 403', 'access refuses';
    is codes('/early?k=g'), '429', 'the early policy was charged';
    my (undef, $headers) = get('/two?k=g');
    like $headers->{ratelimit}, qr/^"two";r=3;/, 'the late one was not';
};

subtest 'local and Redis together' => sub {
    is codes(('/mixed?k=h') x 2), '200 200', 'two pass';
    is codes(('/mixed?k=h') x 3), '429 429 429', 'Redis refuses';
    my (undef, $headers) = get('/here?k=h');
    like $headers->{ratelimit}, qr/^"here";r=0;/, 'the local charge went back';

    get('/here?k=i') for 1 .. 3;
    is codes('/mixed?k=i'), '429', 'the local policy refuses';
    (undef, $headers) = get('/one?k=i');
    like $headers->{ratelimit}, qr/^"one";r=1;/, 'Redis was not asked';
};

subtest 'two stores are asked side by side, and give back' => sub {
    is codes(('/stores?k=j') x 2), '200 200', 'two pass';
    is codes('/stores?k=j'), '429', 'the other store refuses';
    is eventually(sub {
        my (undef, $headers) = get('/two?k=j&c=0');
        $headers->{ratelimit} =~ s/;t=.*//r;
    }, '"two";r=1'), '"two";r=1', 'what this one had charged is back';

    is $second->command('SELECT', 3), 'OK', 'database 3';
    my @keys = @{ $second->command('KEYS', '*') };
    is scalar @keys, 1, 'has the key';
    like $keys[0], qr/^limits:1:\{[\w-]{22}\}:far:r$/, 'under its prefix';
};

subtest 'keys and their life' => sub {
    $redis->command('FLUSHALL');
    get('/one?k=secret-key');
    my ($key) = @{ $redis->command('KEYS', '*') };
    like $key, qr/^rl:1:\{[\w-]{22}\}:one:r$/, 'a digest';
    like $redis->command('GET', $key), qr/^\d{15,16}$/, 'a number';
    my $ttl = $redis->command('PTTL', $key);
    cmp_ok $ttl, '>', 43_000_000, 'it lives until it is idle';
    cmp_ok $ttl, '<=', 43_200_100, 'and no longer';

    get('/tenant?k=a&g=t1');
    get('/tenant?k=b&g=t1');
    get('/tenant?k=c&g=c');
    my @keys = sort grep { /tenant/ } @{ $redis->command('KEYS', '*') };
    is scalar @keys, 3, 'three tenants';
    is scalar(grep { /^rl:1:\{[\w-]{22}\}:tenant:r:[\w-]{22}$/ } @keys), 2,
        'a group is the tag, the key comes last';
    is scalar(grep { /^rl:1:\{[\w-]{22}\}:tenant:r$/ } @keys), 1,
        'left out where they are the same';
    is codes('/tenant?k=a&g=t1', '/tenant?k=a&g=t1', '/tenant?k=b&g=t1'),
        '200 429 200', 'keys of a group are apart';
};

subtest 'shadow' => sub {
    is codes(('/trial?k=m') x 4), '200 200 200 200', 'never refuses';
    my @lines = $nginx->log =~ /rate_exceeded by policy "trial".*, shadow/g;
    is scalar @lines, 3, 'is logged';
};

subtest 'costs' => sub {
    is codes('/cost?k=n&c=7', '/cost?k=n&c=4', '/cost?k=n&c=3'), '200 429 200',
        'of their size; a denial is not remembered for less';
    my $before = $redis->calls('evalsha');
    is codes('/cost?k=o&c=11'), '429', 'above the burst';
    is $redis->calls('evalsha'), $before, 'Redis is not asked';
    my (undef, $headers) = get('/cost?k=n&c=0');
    like $headers->{ratelimit}, qr/^"cost";r=0;/, 'none passes and reports';
};

subtest 'dry run and error_page' => sub {
    is codes(('/dry?k=p') x 3), '200 200 200', 'a dry run lets pass';
    is told('/dry?k=p'), 'REJECTED_DRY_RUN one deny_cache', 'and tells';

    get('/page?k=q') for 1 .. 2;
    my ($status, $headers, $body) = get('/page?k=q');
    is "$status $body", '429 sorry', 'error_page';
    like $headers->{ratelimit}, qr/^"one";r=0;/, 'with fields';
    (undef, $headers) = get('/two?k=q');
    like $headers->{ratelimit}, qr/^"two";r=3;/, 'its policies are free';
};

subtest 'scripts forgotten' => sub {
    get('/one?k=r');
    $redis->command('SCRIPT', 'FLUSH');
    is codes('/one?k=r', '/one?k=r'), '200 429', 'are sent again';
};

is $nginx->stop, 0, 'ends in order';
is_deeply [grep { /\[(?:alert|crit|emerg|error)\]/ && !/forbidden by rule/ }
           split /^/m, $nginx->log], [],
    'a quiet log';

done_testing();
