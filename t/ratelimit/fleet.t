# Four gateways of two workers each share one Redis: of 2,000 concurrent calls
# against a limit of 100 exactly 100 pass.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Clock ();
use Apigw::Fleet ();
use Apigw::Redis ();
use Apigw::Windows ();
use POSIX qw(strftime);
use Test::More;
use Time::HiRes qw(sleep);

my $calls = $ENV{APIGW_SLOW} ? 800 : 2000;


subtest 'rates' => sub {
    my $redis = Apigw::Redis->new;
    my $fleet = Apigw::Fleet->new($redis, <<'CONF');
    apigw_ratelimit_redis main { @STORE@ }
    apigw_ratelimit_policy user key=$arg_u rate=100r/d burst=100 store=main;
    apigw_ratelimit_policy team key=$arg_t rate=70r/d burst=70 store=main;
    apigw_ratelimit_policy all key=all rate=1000000r/d store=main;
    server {
        listen 127.0.0.1:@PORT@ backlog=1024;
        location /one { apigw_ratelimit user; empty_gif; }
        location /three { apigw_ratelimit user team all; empty_gif; }
    }
CONF

    is_deeply $fleet->storm($calls, '/one?u=joe'),
        { '/one?u=joe' => { 200 => 100, 429 => $calls - 100 } },
        "of $calls calls exactly 100 pass";

    three($fleet);
    $fleet->end_well;
};


# By Redis's clock, which stands still: no window ends in between. It has the
# gateways' month, as they must know when months end.

subtest 'windows' => sub {
    my $clock = Apigw::Clock->new(strftime '%Y-%m-%d 12:00:00', gmtime);
    my $redis = Apigw::Redis->new(-clock => $clock);
    my $fleet = Apigw::Fleet->new($redis, <<'CONF');
    apigw_ratelimit_redis main { @STORE@ }
    apigw_ratelimit_policy quota key=$arg_u quota=100/d store=main;
    apigw_ratelimit_policy slide key=$arg_u sliding=100/h store=main;
    apigw_ratelimit_policy strict key=$arg_u sliding=100/h strict=6 store=main;
    apigw_ratelimit_policy user key=$arg_u sliding=100/d strict=4 store=main;
    apigw_ratelimit_policy team key=$arg_t quota=70/month store=main;
    apigw_ratelimit_policy all key=all sliding=1000000/d store=main;
    server {
        listen 127.0.0.1:@PORT@ backlog=1024;
        location /quota { apigw_ratelimit quota; empty_gif; }
        location /slide { apigw_ratelimit slide; empty_gif; }
        location /strict { apigw_ratelimit strict; empty_gif; }
        location /one { apigw_ratelimit user; empty_gif; }
        location /three { apigw_ratelimit user team all; empty_gif; }
    }
CONF

    is_deeply $fleet->storm($calls, '/quota?u=joe'),
        { '/quota?u=joe' => { 200 => 100, 429 => $calls - 100 } },
        "of $calls calls exactly 100 pass";

    my %limit = (
        slide  => Apigw::Windows->new(sliding => 100, window => 3600),
        strict => Apigw::Windows->new(sliding => 100, window => 3600,
                                      strict => 6),
    );

    # an hour that was used up; a third of the next; a part later
    for my $ahead (0, 80 * 60, 10 * 60) {
        $clock->forward($ahead);
        sleep 1.1 if $ahead;         # denials that are remembered

        for my $name (qw(slide strict)) {
            my $path = "/$name?u=joe";
            my $n = $calls / 4;
            my $pass = 0;
            $pass++ while ($limit{$name}->take($clock->at, 1))[0];
            is_deeply $fleet->storm($n, $path),
                { $path => { $pass ? (200 => $pass) : (), 429 => $n - $pass } },
                "$name: of $n calls $pass pass";
        }
    }

    three($fleet);
    is $fleet->left('/three?u=new&t=z', 'all'), 1_000_000 - 140 - 1,
        'all of them';
    $fleet->end_well;
};


# Every policy was charged once for each call that passed: what is left says so

sub three {
    my ($fleet) = @_;
    my $seen = $fleet->storm($calls / 2, '/three?u=ann&t=x',
                             '/three?u=bob&t=x', '/three?u=eve&t=y');
    my %passed = map { $_ => $seen->{$_}{200} // 0 } keys %$seen;

    is $passed{'/three?u=ann&t=x'} + $passed{'/three?u=bob&t=x'}, 70,
        'of one team exactly 70 pass';
    is $passed{'/three?u=eve&t=y'}, 70, 'of the other too';
    is_deeply [sort { $a <=> $b } map { keys %$_ } values %$seen],
        [(200) x 3, (429) x 3], 'all others were told 429';

    is $fleet->left('/one?u=ann', 'user'), 99 - $passed{'/three?u=ann&t=x'},
        'ann';
    is $fleet->left('/one?u=bob', 'user'), 99 - $passed{'/three?u=bob&t=x'},
        'bob';
    is $fleet->left('/one?u=eve', 'user'), 99 - $passed{'/three?u=eve&t=y'},
        'eve';
}

done_testing();
