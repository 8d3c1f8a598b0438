# quota=: so many in a window and no more, then all of them anew. Windows are
# the calendar's, in UTC, or begin with a key's first request.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Clock ();
use Apigw::Nginx ();
use Apigw::Windows ();
use POSIX qw(ceil);
use Test::More;

use constant MOMENT => Apigw::Clock::MOMENT;

my $clock = Apigw::Clock->new('2028-02-28 23:59:50');

my $nginx = Apigw::Windows::gateway(clock => $clock, policies => {
    day   => 'quota=3/d',
    part  => 'quota=3/15m',
    week  => 'quota=3/7d',
    month => 'quota=3/month',
    first => 'quota=3/15m align=first',
    large => 'quota=1000000000000/366d',
    walk  => 'quota=20/10s',
    begun => 'quota=20/10s align=first',
    moon  => 'quota=40/month',
    quiet => 'quota=1/d shadow',
}, http => <<'CONF');
    map $arg_plan $plan { default ""; gold 5/h; silver 3/month; free unlimited;
                          broken 5r/h; zero 0/h; }
    apigw_ratelimit_policy plan key=$arg_k quota=$plan default=1/d;
    apigw_ratelimit_policy turn key=$arg_k quota=$plan default=1/15m
                           align=first;
    apigw_ratelimit_policy text key=$arg_k quota=${arg_n} default=7/d;
    apigw_ratelimit_policy rate key=$arg_k rate=9r/d;
    apigw_ratelimit_policy both key=$arg_k quota=2/d;
    apigw_ratelimit_policy early key=$arg_k quota=2/15m align=first
                           phase=preaccess;
    server {
        listen 127.0.0.1:@PORT@;
        server_name more;
        location /plan { apigw_ratelimit plan; empty_gif; }
        location /turn { apigw_ratelimit turn; empty_gif; }
        location /text { apigw_ratelimit text; empty_gif; }
        location /both { apigw_ratelimit rate both; empty_gif; }
        location /rate { apigw_ratelimit rate; empty_gif; }
        location /early {
            apigw_ratelimit early both;
            deny all;
            location /early/nested { allow all; empty_gif; }
        }
        location /x {
            apigw_ratelimit both;
            apigw_ratelimit_headers x-ratelimit;
            add_header X-Numbers "$apigw_ratelimit_policy $apigw_ratelimit_limit $apigw_ratelimit_remaining $apigw_ratelimit_reset $apigw_ratelimit_retry_after" always;
            empty_gif;
        }
        location /epoch {
            apigw_ratelimit both;
            apigw_ratelimit_headers x-ratelimit=epoch;
            empty_gif;
        }
        location /dry {
            apigw_ratelimit both;
            apigw_ratelimit_dry_run on;
            add_header X-Reason "$apigw_dry_run_module $apigw_dry_run_reason";
            empty_gif;
        }
    }
CONF

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


subtest 'a day, until its end' => sub {
    my $answer = ask('/day?k=a');
    is $answer->{status}, 200, 'the first of three';
    is $answer->{headers}{'ratelimit-policy'}, '"day";q=3;w=86400', 'q and w';
    is $answer->{headers}{ratelimit}, '"day";r=2;t=10', 'r and t';

    is told('/day?k=a'), '200 1 10 -', 'the second';
    is told('/day?k=a'), '200 0 10 -', 'the third';
    is told('/day?k=b'), '200 2 10 -', 'another key';

    $answer = ask('/day?k=a');
    is $answer->{status}, 429, 'no fourth';
    is "$answer->{r} $answer->{t} $answer->{retry}", '0 10 10', 'until it ends';
    like $answer->{body}, qr/"type":"[^"]*#quota-exceeded"/, 'type';
    like $answer->{body}, qr/"detail":"day: retry after 10 s"/, 'detail';
    like $answer->{body}, qr/"violated-policies":\["day"\]/, 'policies';
    like $nginx->log, qr/apigw_ratelimit: quota_exceeded by policy "day", key [0-9a-f]{8}, retry after 10 s/,
        'the log has the reason';

    $clock->set('2028-02-28 23:59:59.984375');
    is told('/day?k=a'), '429 0 1 1', 'a moment before';
    $clock->set('2028-02-29 00:00:00');
    is told('/day?k=a'), '200 2 86400 -', 'midnight: all of them anew';
    is told('/day?k=c&c=4'), '429 3 86400 -', 'more than all of it never passes';
    like $nginx->log, qr/cost_too_large by policy "day", key [0-9a-f]{8}, never passes/,
        'for another reason';
};


subtest 'costs' => sub {
    is told('/day?k=d&c=2'), '200 1 86400 -', 'two at once';
    is told('/day?k=d&c=2'), '429 1 86400 86400', 'two more are too many';
    is told('/day?k=d&c=0'), '200 1 86400 -', 'none passes and changes nothing';
    is told('/day?k=d&c=1'), '200 0 86400 -', 'one more is not';
    is told('/day?k=d&c=0'), '200 0 86400 -', 'none always passes';

    is told('/day?k=e&c=-1'), '200 2 86400 -', 'a bad cost is one';
    is told('/day?k=e&c=99999999999999999999'), '200 1 86400 -', 'of any size';

    is told('/large?k=a&c=1000000000'),
        '200 999000000000 ' . (Apigw::Windows->new(quota => 1,
            window => 366 * 86400)->take($clock->at, 1))[2] . ' -',
        'the largest quota';
    is ask('/large?k=a')->{q}, 1000000000000, 'in its field';
};


subtest 'parts of the day, and weeks' => sub {
    $clock->set('2028-02-29 10:14:58');
    is told('/part?k=a'), '200 2 2 -', 'quarters of an hour';
    is told('/part?k=a&c=2'), '200 0 2 -', 'are the calendar\'s';
    is told('/part?k=a'), '429 0 2 2', 'of their own';
    $clock->set('2028-02-29 10:15:00');
    is told('/part?k=a'), '200 2 900 -', 'and end on time';
    is ask('/part?k=b')->{w}, 900, 'w';

    my $week = Apigw::Windows->new(quota => 3, window => 7 * 86400);
    is told('/week?k=a'), join(' ', 200, ($week->take($clock->at, 1))[1, 2], '-'),
        'a week';
    is ask('/week?k=b')->{w}, 604800, 'w';
};


subtest 'months have the days they have' => sub {
    for (['2028-02-29 23:59:59', 29, '2028-03-01 00:00:00', 31],
         ['2028-04-30 12:00:00', 30, '2028-05-01 00:00:00', 31],
         ['2028-12-31 23:00:00', 31, '2029-01-01 00:00:00', 31],
         ['2029-02-28 23:59:59.5', 28, '2029-03-01 00:00:00', 31])
    {
        my ($end, $days, $begin, $next) = @$_;
        my $path = '/month?k=' . substr $end, 0, 10;
        $clock->set($end);
        my $at = $clock->at;

        is ask($path)->{w}, $days * 86400, "w of $end";
        ask($path) for 1 .. 2;
        my $answer = ask($path);
        is $answer->{status}, 429, 'used up';

        $clock->set($begin);
        my $left = ceil($clock->at - $at);
        is "$answer->{t} $answer->{retry}", "$left $left", 'until it ends';
        $answer = ask($path);
        is "$answer->{status} $answer->{r} $answer->{t} $answer->{w}",
            join(' ', 200, 2, ($next * 86400) x 2), 'the next one begins';
    }
};


subtest 'a window of one\'s own' => sub {
    $clock->set('2029-03-01 10:14:58');
    is told('/first?k=a'), '200 2 900 -', 'begins with the first request';
    $clock->forward(100);
    is told('/first?k=a'), '200 1 800 -', 'and goes on';
    is told('/first?k=b'), '200 2 900 -', 'each key has its own';
    is told('/first?k=a'), '200 0 800 -', 'the third';
    $clock->forward(800 - MOMENT);
    is told('/first?k=a'), '429 0 1 1', 'used up to the end';
    $clock->forward(MOMENT);
    is told('/first?k=a'), '200 2 900 -', 'then a new one begins';
    $clock->forward(5000);
    is told('/first?k=a'), '200 2 900 -', 'whenever that is';
    is told('/first?k=c&c=9'), '429 3 900 -', 'a denial begins none';
    $clock->forward(100);
    is told('/first?k=c'), '200 2 900 -', 'as its end shows';
};


subtest 'by the model' => sub {
    $clock->forward(60);
    is Apigw::Windows::walk($nginx, $clock, '/walk?k=w',
        Apigw::Windows->new(quota => 20, window => 10), 300,
        MOMENT, 1, 4, 10 - MOMENT, 30), '', 'windows of the calendar';
    ask('/begun?k=w&c=20');
    my $begun = Apigw::Windows->new(quota => 20, window => 10, first => 1);
    $begun->take($clock->at, 20);
    is Apigw::Windows::walk($nginx, $clock, '/begun?k=w', $begun, 200,
        MOMENT, 1, 3), '', 'windows of its own';
    is Apigw::Windows::walk($nginx, $clock, '/moon?k=w',
        Apigw::Windows->new(quota => 40, month => 1), 200,
        1, 86400, 9 * 86400, 40 * 86400), '', 'months';
};


subtest 'a clock that steps back' => sub {
    $clock->set('2031-05-05 12:00:00');
    ask('/day?k=back') for 1 .. 3;
    $clock->set('2031-05-04 12:00:00');
    is ask('/day?k=back')->{status}, 429, 'by a day: it is still used up';
    $clock->set('2031-05-05 12:00:00');
    is ask('/day?k=back')->{status}, 429, 'there too';
    $clock->set('2031-05-01 12:00:00');
    is told('/day?k=back'), '200 2 43200 -', 'by more: it starts afresh';
};


subtest 'other fields, variables, dry run and shadow' => sub {
    $clock->set('2031-06-01 12:00:00');
    my $answer = more('/x?k=a');
    is join(' ', map { $answer->{headers}{"x-ratelimit-$_"} // '-' }
            qw(limit remaining reset)), '2 1 43200', 'X-RateLimit';
    is $answer->{headers}{'x-numbers'}, 'both 2 1 43200 0', 'variables';
    more('/x?k=a');
    $answer = more('/x?k=a');
    is $answer->{headers}{'x-numbers'}, 'both 2 0 43200 43200', 'when denied';

    is more('/epoch?k=b')->{headers}{'x-ratelimit-reset'}, $clock->at + 43200,
        'X-RateLimit-Reset as a time';

    more('/dry?k=c') for 1 .. 2;
    is more('/dry?k=c')->{headers}{'x-reason'}, 'ratelimit quota_exceeded',
        'dry run has the reason';
    like $nginx->log, qr/quota_exceeded by policy "both".*, dry run/, 'logged';

    is told('/quiet?k=a'), '200 - - -', 'shadow';
    is told('/quiet?k=a'), '200 - - -', 'lets pass';
    like $nginx->log, qr/quota_exceeded by policy "quiet".*, shadow/, 'logged';
};


subtest 'with a rate: both or none' => sub {
    is codes(('/both?k=z') x 3), '200 200 429', 'two a day';
    my $answer = more('/rate?k=z');
    like $answer->{headers}{ratelimit}, qr/^"rate";r=6;/,
        'a denial charged neither';
};


subtest 'before authentication, and inherited' => sub {
    is codes(('/early?k=ea') x 3), '403 403 429', 'refusals count';
    like $nginx->log, qr/quota_exceeded by policy "early"/, 'of the early one';
    is codes('/early/nested?k=ea'), '429', 'further in too';
    is codes(('/both?k=ea') x 3), '200 200 429', 'the other was not charged';

    $clock->forward(900);
    is codes(('/early/nested?k=ea') x 2), '429 429', 'now it is';
    like $nginx->log, qr/quota_exceeded by policy "both"(?!.*"early")/,
        'which is another decision';
    is codes('/early?k=ea'), '429', 'the early one was charged twice';
    is codes(('/early/nested?k=eb') x 3), '200 200 429', 'both';
};


subtest 'plans' => sub {
    my $q = sub { more($_[0])->{headers}{'ratelimit-policy'} // 'none' };

    is $q->('/plan?k=a&plan=gold'), '"plan";q=5;w=3600', 'gold';
    is $q->('/plan?k=b&plan=silver'), '"plan";q=3;w=2592000', 'silver';
    is $q->('/plan?k=c&plan=free'), 'none', 'unlimited is skipped';
    is $q->('/plan?k=d'), '"plan";q=1;w=86400', 'empty: the default';
    unlike $nginx->log, qr/bad quota/, 'without a word';
    is $q->('/plan?k=e&plan=broken'), '"plan";q=1;w=86400', 'so is a rate';
    is $q->('/plan?k=f&plan=zero'), '"plan";q=1;w=86400', 'and none at all';
    my @told = $nginx->log =~ /\[error\].*(bad quota "[^"]*" of policy "plan"; .*)/g;
    is scalar @told, 1, 'the first bad value is told';
    like $told[0], qr{^bad quota "5r/h" of policy "plan"; use <n>/<k><s\|m\|h\|d> or <n>/month, such as 1000/d; this is logged once},
        'with the mend';

    is codes(('/plan?k=g&plan=gold') x 6), '200 ' x 5 . '429', 'five';
    is codes('/plan?k=g&plan=silver'), '200', 'windows are apart by length';
    is codes('/plan?k=g&plan=gold'), '429', 'and stay so';

    is $q->('/turn?k=a&plan=silver'), '"turn";q=1;w=900',
        'a month has no other beginning: the default';
    like $nginx->log, qr/bad quota "3\/month" of policy "turn"; a month is the calendar's/,
        'told';
};


subtest 'values of clients' => sub {
    my %refused = map { $_ => 1 } (
        '', '5', '/d', '5/', '-5/d', '+5/d', '5/-1d', '5.5/d', '5/1.5d', '5/w',
        '0/d', '5/0d', '5/367d', '1000000000001/d', '9' x 20 . '/d', '9' x 5000,
        '5/' . '9' x 20 . 'd', '5/18446744073709551617d', '5%2f%00d', '%00',
        '5/d%00', '5/d%0a', '%22', '5%20/d', '5/D', '5/monthly', '5/1month',
        '5/month%00', "5/\xff", 'Unlimited', '5r/d',
    );

    for my $n (sort keys %refused) {
        my $answer = more("/text?k=" . length($n) . "&n=$n");
        my $name = length $n > 40 ? length($n) . ' bytes' : "\"$n\"";
        $name =~ s/[^ -~]/?/g;
        is $answer->{status}, 200, "$name: answered";
        is $answer->{headers}{'ratelimit-policy'}, '"text";q=7;w=86400',
            'with the default';
    }

    is more("/text?k=x&n=0005/0002d")->{headers}{'ratelimit-policy'},
        '"text";q=5;w=172800', 'leading zeros are nothing';
    is more("/text?k=y&n=1000000000000/31622400s")->{headers}{'ratelimit-policy'},
        '"text";q=1000000000000;w=31622400', 'the bounds themselves';

    # more texts than the cache has room for, twice
    for my $n ((1 .. 150) x 2) {
        my $got = more("/text?k=many$n&n=$n/d")->{headers}{'ratelimit-policy'};
        is $got, "\"text\";q=$n;w=86400", "$n" if $got ne "\"text\";q=$n;w=86400";
    }
};


is $nginx->stop, 0, 'ends in order';
is_deeply [grep { /\[(?:alert|crit|emerg)\]/ } split /^/m, $nginx->log], [],
    'a quiet log';

done_testing();
