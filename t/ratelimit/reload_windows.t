# A reload with another number applies it to what was used already; with
# another length or kind of window all start afresh. In a zone as in Redis.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Clock ();
use Apigw::Nginx ();
use Apigw::Redis ();
use Apigw::Windows ();
use Test::More;

# limit before, then pairs: limit after, what a request of cost 1 leaves then,
# -1 if it is denied; two units are used before
my @changes = (
    ['quota=5/d',         'quota=5/d' => 2, 'quota=9/d' => 5, 'quota=3/d' => -1,
                          'quota=6/d' => 1],
    ['quota=5/d',         'quota=5/2d' => 4],
    ['quota=5/d',         'quota=5/24h' => 2],
    ['quota=5/d',         'quota=5/month' => 4],
    ['quota=5/d',         'quota=5/d align=first' => 4],
    ['quota=5/d',         'sliding=5/d' => 4],
    ['quota=5/d',         'rate=5r/d' => 4],
    ['quota=5/month',     'quota=7/month' => 4],
    ['quota=5/15m align=first', 'quota=8/15m align=first' => 5],
    ['quota=5/15m align=first', 'quota=5/16m align=first' => 4],
    ['sliding=5/h',       'sliding=7/h' => 4, 'sliding=3/h' => -1,
                          'sliding=5/h' => 1],
    ['sliding=5/h',       'sliding=5/60m' => 2],
    ['sliding=5/h',       'sliding=5/2h' => 4],
    ['sliding=5/h',       'sliding=5/h strict=6' => 4],
    ['sliding=5/h strict=6', 'sliding=9/h strict=6' => 6],
    ['sliding=5/h strict=6', 'sliding=5/h strict=7' => 4],
    ['sliding=5/h strict=6', 'sliding=5/h' => 4],
    ['rate=5r/d',         'quota=5/d' => 4],
);

for my $where ('local', 'redis') {
    my $clock = Apigw::Clock->new('2028-02-29 12:00:00');
    my $redis = $where eq 'redis' ? Apigw::Redis->new(-clock => $clock) : undef;
    my $nginx = Apigw::Windows::gateway(clock => $clock, redis => $redis,
                                        policies => policies(0));

    for my $n (0 .. $#changes) {
        is Apigw::Windows::ask($nginx, "/p$n?k=a&c=2")->{r}, 3,
            "$where: before";
    }

    for my $round (1 .. 4) {
        $nginx->{options}{http} = Apigw::Windows::conf(redis => $redis,
            policies => policies($round));
        $nginx->write('nginx.conf', $nginx->conf);
        ok $nginx->reload, 'reloaded';
        $clock->forward(1);          # denials of Redis that are remembered

        for my $n (grep { defined $changes[$_][2 * $round] } 0 .. $#changes) {
            my ($from, $to, $left) = @{ $changes[$n] }[0, 2 * $round - 1,
                                                       2 * $round];
            my $answer = Apigw::Windows::ask($nginx, "/p$n?k=a");
            is $answer->{passed} ? $answer->{r} : -1, $left,
                "$where: $from, then $to";
            is Apigw::Windows::ask($nginx, "/p$n?k=b$round")->{r},
                $to =~ /=(\d+)/ ? $1 - 1 : undef, 'new keys have it';
        }
    }

    is $nginx->stop, 0, 'ends in order';
    is_deeply [grep { /\[(?:alert|crit|emerg|error)\]/ }
               split /^/m, $nginx->log], [], 'a quiet log';
}

# Policies p0, p1, ... as they are after so many reloads.
sub policies {
    my ($round) = @_;
    my %policies;

    for my $n (0 .. $#changes) {
        my @limits = @{ $changes[$n] }[grep { $_ == 0 || $_ % 2 }
                                       0 .. $#{ $changes[$n] }];
        $policies{"p$n"} = $limits[$round] // $limits[-1];
    }

    return \%policies;
}

done_testing();
