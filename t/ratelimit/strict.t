# strict=: sliding= counted in k parts: never more than n in any window.

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
my @parts = (2, 3, 6, 7, 16, 17, 60);

my $nginx = Apigw::Windows::gateway(clock => $clock, policies => {
    minute => 'sliding=100/m strict=6',
    odd    => 'sliding=5/s strict=7',
    large  => 'sliding=1000000000/31d strict=60',
    map { ("walk$_" => "sliding=20/60s strict=$_") } @parts,
}, http => <<'CONF');
    map $arg_plan $plan { default ""; gold 5/h; free unlimited; }
    apigw_ratelimit_policy plan key=$arg_k sliding=$plan default=2/m strict=20;
    server {
        listen 127.0.0.1:@PORT@;
        server_name more;
        location /plan { apigw_ratelimit plan; empty_gif; }
    }
CONF

sub ask { return Apigw::Windows::ask($nginx, @_) }
sub told {
    my $answer = ask(@_);
    return join ' ', map { $answer->{$_} // '-' } qw(status r t retry);
}
sub more { ($nginx->request(GET => $_[0], { Host => 'more' })) }


subtest 'fields and answers' => sub {
    my $answer = ask('/minute?k=a');
    is $answer->{headers}{'ratelimit-policy'}, '"minute";q=100;w=60', 'q and w';
    is $answer->{headers}{ratelimit}, '"minute";r=99;t=9', 'r and t';
    is told('/minute?k=a&c=49'), '200 50 9 -', 'half of it';

    $clock->forward(10);
    is told('/minute?k=a&c=50'), '200 0 9 -', 'the other half, a part later';
    is told('/minute?k=a'), '429 0 59 59', 'until the first part is over';
    like $nginx->log, qr/apigw_ratelimit: rate_exceeded by policy "minute", key [0-9a-f]{8}, retry after 59 s/,
        'the log has the reason';
    is told('/minute?k=a&c=50'), '429 0 59 59', 'which is half of it';
    is told('/minute?k=a&c=51'), '429 0 69 69', 'more takes a part longer';
    is told('/minute?k=a&c=101'), '429 0 9 -', 'more than all never passes';

    $clock->forward(59 - MOMENT);
    is told('/minute?k=a'), '429 0 1 1', 'a moment before';
    $clock->forward(MOMENT);
    is told('/minute?k=a'), '200 49 10 -', 'then half of it is free';
    $clock->forward(200);
    is told('/minute?k=a&c=0'), '200 100 10 -', 'later all of it';
};


subtest 'by the model' => sub {
    for my $k (@parts) {
        is Apigw::Windows::walk($nginx, $clock, "/walk$k?k=w",
            Apigw::Windows->new(sliding => 20, window => 60, strict => $k,
                                origin => $origin), 150,
            MOMENT, 1, 60 / $k, 60 - MOMENT, 60, 200), '', "$k parts";
    }
    is Apigw::Windows::walk($nginx, $clock, '/odd?k=w',
        Apigw::Windows->new(sliding => 5, window => 1, strict => 7,
                            origin => $origin), 150,
        MOMENT, 9 * MOMENT, 10 * MOMENT, 1, 2), '', 'parts of no whole length';
};


# The promise itself: of any 60 s, none has more than 20

subtest 'never more than n in any window' => sub {
    for my $k (2, 6, 60) {
        my @passed;

        for (1 .. 400) {
            $clock->forward((MOMENT, 0.5, 3, 9.5)[rand 4]) if rand() < 0.5;
            push @passed, $clock->at if ask("/walk$k?k=any")->{passed};
        }

        my $most = 0;
        for my $i (0 .. $#passed) {
            my $n = grep { $_ - $passed[$i] < 60 } @passed[$i .. $#passed];
            $most = $n if $n > $most;
        }
        cmp_ok scalar @passed, '>', 20, "$k parts: more than one window";
        is $most, 20, 'of which none has more, and one has all';
    }
};


subtest 'the largest limit' => sub {
    is ask('/large?k=a&c=1000000000')->{status}, 200, 'passes';
    my $answer = ask('/large?k=a');
    is "$answer->{status} $answer->{r}", '429 0', 'then none';
    cmp_ok $answer->{retry}, '<=', 61 / 60 * 31 * 86400, 'for a part more at most';
    cmp_ok $answer->{retry}, '>', 31 * 86400, 'than its window';
};


subtest 'plans' => sub {
    my @got = map { (more("/plan?k=a&plan=gold"))[0] } 1 .. 6;
    is "@got", '200 200 200 200 200 429', 'five an hour';
    my (undef, $headers) = more('/plan?k=b');
    is $headers->{'ratelimit-policy'}, '"plan";q=2;w=60', 'the default';
    (undef, $headers) = more('/plan?k=b&plan=free');
    is $headers->{'ratelimit-policy'}, undef, 'unlimited';
};


is $nginx->stop, 0, 'ends in order';
is_deeply [grep { /\[(?:alert|crit|emerg)\]/ } split /^/m, $nginx->log], [],
    'a quiet log';

done_testing();
