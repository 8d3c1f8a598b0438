# sliding=: so many in the last W, by two counts of windows of that length.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Clock ();
use Apigw::Nginx ();
use Apigw::Windows ();
use Test::More;

use constant MOMENT => Apigw::Clock::MOMENT;

# A zone's windows are counted from a second before it was made.
my $clock = Apigw::Clock->new('2027-03-04 12:00:01');
my $origin = $clock->at - 1;

my $nginx = Apigw::Windows::gateway(clock => $clock, policies => {
    minute => 'sliding=100/m',
    half   => 'sliding=10/30s',
    walk   => 'sliding=20/10s',
    one    => 'sliding=1/s',
    large  => 'sliding=1000000000/31d',
    quiet  => 'sliding=1/d shadow',
}, http => <<'CONF');
    map $arg_plan $plan { default ""; gold 5/h; free unlimited; month 5/month; }
    apigw_ratelimit_policy plan key=$arg_k sliding=$plan default=2/m;
    apigw_ratelimit_policy text key=$arg_k sliding=${arg_n} default=7/d;
    server {
        listen 127.0.0.1:@PORT@;
        server_name more;
        location /plan { apigw_ratelimit plan; empty_gif; }
        location /text { apigw_ratelimit text; empty_gif; }
    }
CONF

sub ask { return Apigw::Windows::ask($nginx, @_) }
sub told {
    my $answer = ask(@_);
    return join ' ', map { $answer->{$_} // '-' } qw(status r t retry);
}
sub more {
    my (undef, $headers) = $nginx->request(GET => $_[0], { Host => 'more' });
    return $headers->{'ratelimit-policy'} // 'none';
}


subtest 'fields and answers' => sub {
    my $answer = ask('/minute?k=a');
    is $answer->{headers}{'ratelimit-policy'}, '"minute";q=100;w=60', 'q and w';
    is $answer->{headers}{ratelimit}, '"minute";r=99;t=59', 'r and t';
    is told('/minute?k=a&c=99'), '200 0 59 -', 'all of it';

    # at 60 s they all count, and a hundredth less each 0.6 s from there on
    $answer = ask('/minute?k=a');
    is "$answer->{status} $answer->{r} $answer->{t} $answer->{retry}",
        '429 0 60 60', 'nothing is left';
    like $answer->{body}, qr/"type":"[^"]*#quota-exceeded"/, 'type';
    like $answer->{body}, qr/"detail":"minute: retry after 60 s"/, 'detail';
    like $nginx->log, qr/apigw_ratelimit: rate_exceeded by policy "minute", key [0-9a-f]{8}, retry after 60 s/,
        'the log has the reason';

    is told('/minute?k=b&c=101'), '429 100 59 -', 'more than all never passes';
    like $nginx->log, qr/cost_too_large by policy "minute"/, 'is told';
    is told('/minute?k=b&c=0'), '200 100 59 -', 'no cost, no count';

    $clock->forward(59);
    is told('/minute?k=a'), '429 0 60 1', 'the next window has the old one in it';
    $clock->forward(38 * MOMENT);
    is told('/minute?k=a'), '429 0 60 1', 'all but a hundredth, rounded up';
    $clock->forward(MOMENT);
    is told('/minute?k=a'), '200 0 60 -', 'then one is free';

    $clock->forward(30 - 39 * MOMENT);
    is told('/minute?k=a&c=0'), '200 49 30 -', 'half of the window: half of it';
    is told('/minute?k=a&c=49'), '200 0 30 -', 'which may come at once';
    $clock->forward(30);
    is told('/minute?k=a&c=0'), '200 50 60 -', 'the old window is over';
    $clock->forward(120);
    is told('/minute?k=a&c=0'), '200 100 60 -', 'and forgotten';
};


subtest 'the next moment is the one that is told' => sub {
    my $limit = Apigw::Windows->new(sliding => 10, window => 30,
                                    origin => $origin);
    $clock->forward(7 + 5 * MOMENT);

    for my $round (1 .. 30) {
        my $answer = ask('/half?k=t&c=3');
        $limit->take($clock->at, 3);
        next if $answer->{passed};

        my (undef, undef, undef, $retry) = $limit->take($clock->at, 3);
        is $answer->{retry}, $retry, "in $retry s";
        $clock->forward($retry - 1);
        is ask('/half?k=t&c=3')->{status}, 429, 'a second less is not enough'
            if $retry > 1;
        $clock->forward(1);
        is ask('/half?k=t&c=3')->{status}, 200, 'then it passes';
        $limit->take($clock->at, 3);
    }
};


subtest 'by the model' => sub {
    for my $key (1 .. 3) {
        is Apigw::Windows::walk($nginx, $clock, "/walk?k=$key",
            Apigw::Windows->new(sliding => 20, window => 10,
                                origin => $origin), 200,
            MOMENT, 0.7, 3, 10 - MOMENT, 10, 40), '', "walk $key";
    }
    is Apigw::Windows::walk($nginx, $clock, '/one?k=w',
        Apigw::Windows->new(sliding => 1, window => 1, origin => $origin), 200,
        MOMENT, 0.3, 1, 2), '', 'one a second';
};


subtest 'the largest limit' => sub {
    my $answer = ask('/large?k=a&c=999999999');
    is "$answer->{status} $answer->{r} $answer->{q} $answer->{w}",
        '200 1 1000000000 2678400', 'passes';
    is ask('/large?k=a&c=2')->{status}, 429, 'two more do not';
    is ask('/large?k=a&c=1')->{status}, 200, 'one more does';
};


subtest 'shadow' => sub {
    ask('/quiet?k=a') for 1 .. 2;
    is ask('/quiet?k=a')->{status}, 200, 'lets pass';
    like $nginx->log, qr/rate_exceeded by policy "quiet".*, shadow/, 'logged';
};


subtest 'plans and other values' => sub {
    is more('/plan?k=a&plan=gold'), '"plan";q=5;w=3600', 'gold';
    is more('/plan?k=b&plan=free'), 'none', 'unlimited is skipped';
    is more('/plan?k=c'), '"plan";q=2;w=60', 'empty: the default';
    unlike $nginx->log, qr/bad sliding/, 'without a word';
    is more('/plan?k=d&plan=month'), '"plan";q=2;w=60', 'a month: the default';
    like $nginx->log, qr{bad sliding "5/month" of policy "plan"; use <n>/<k><s\|m\|h\|d>, such as 100/m; this is logged once},
        'with the mend';

    for my $n ('5', '/d', '-5/d', '0/d', '5/0d', '5/32d', '1000000001/d', '',
               '9' x 20 . '/d', '9' x 5000, '5/' . '9' x 20 . 'd', '%00',
               '5/d%00', '5%20/d', '5r/d', "5/\xff")
    {
        my $name = length $n > 40 ? length($n) . ' bytes' : "\"$n\"";
        $name =~ s/[^ -~]/?/g;
        is more("/text?k=" . length($n) . "&n=$n"), '"text";q=7;w=86400',
            "$name: the default";
    }
};


is $nginx->stop, 0, 'ends in order';
is_deeply [grep { /\[(?:alert|crit|emerg)\]/ } split /^/m, $nginx->log], [],
    'a quiet log';

done_testing();
