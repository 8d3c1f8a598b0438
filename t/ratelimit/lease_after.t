# Leases of quotas, refunds and debits of what was leased, policies with leases
# beside others.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Lease ();
use Apigw::Redis ();
use Test::More;

my $redis = Apigw::Redis->new;

sub gateway {
    my (%options) = @_;

    return Apigw::Lease->new($redis, workers => 1, %options,
        policies => <<'P', locations => <<'L');
    apigw_ratelimit_policy q key=$arg_k quota=100/30d align=first lease=auto
                           store=main;
    apigw_ratelimit_policy m key=$arg_k quota=1000/month lease=auto store=main;
    apigw_ratelimit_policy r key=$arg_k rate=100r/d lease=auto store=main;
    apigw_ratelimit_policy seen key=$arg_k quota=100/30d align=first lease=auto
                           store=main shadow;
    apigw_ratelimit_policy next key=$arg_k rate=1000r/d lease=auto store=main;
    apigw_ratelimit_policy two key=$arg_k rate=2r/d store=main;
P
        location = /q { apigw_ratelimit q; empty_gif; }
        location = /m { apigw_ratelimit m; empty_gif; }
        location = /refund {
            apigw_ratelimit q;
            apigw_ratelimit_refund when=$arg_when;
            empty_gif;
        }
        location = /back {
            apigw_ratelimit r;
            apigw_ratelimit_refund when=$arg_when;
            empty_gif;
        }
        location = /after {
            apigw_ratelimit q cost_after=$arg_after;
            empty_gif;
        }
        location = /seen { apigw_ratelimit seen next; empty_gif; }
        location = /all { apigw_ratelimit q next two; empty_gif; }
        location = /dry {
            apigw_ratelimit q;
            apigw_ratelimit_dry_run on;
            empty_gif;
        }
        location = /phases {
            apigw_ratelimit q;
            error_page 404 = /m;
            log_not_found off;
            alias /n;
        }
L
}

my $nginx = gateway();

sub value {
    my ($policy, $shape) = @_;
    my ($key) = grep { /:\Q$policy\E:$shape/ } @{ $redis->command('KEYS', '*') };
    return $key ? $redis->command('GET', $key) // '' : '';
}

# How many of a path pass until one is denied, at most $most.
sub passing {
    my ($path, $most) = @_;
    my $n = 0;
    $n++ while $n < $most && $nginx->told($path) =~ /^200/;
    return $n;
}


is $nginx->told('/q?k=a'), '200 PASSED q redis 99', 'a quota has all of itself';
like $nginx->told('/q?k=a'), qr/^200 PASSED q lease 98$/, 'also by leases';
is passing('/q?k=a', 300), 98, 'each unit of it can be had';
like $nginx->told('/q?k=a'), qr/^429 REJECTED q (?:redis|deny_cache) 0$/,
    'and no other';

is passing('/m?k=a', 3000), 1000, 'so it is with months';
like value('m', 'qmonth'), qr/^\d+:1000\|/, 'which Redis counts';


# refunds: into the pool, as far as it was told to Redis
is passing('/refund?k=b&when=1', 500), 500, 'what is refunded is not used';
is passing('/q?k=c', 10), 10, 'some are used';
is passing('/refund?k=c&when=1', 300), 300, 'many are refunded';
is passing('/q?k=c', 300), 90, 'and all others are there';

is passing('/back?k=d&when=1', 500), 500, 'a rate takes refunds too';
my $rest = passing('/back?k=d', 300);
cmp_ok $rest, '>=', 60, "most of it is there, $rest";
cmp_ok $rest, '<=', 75, 'and no more than it has';


# debits: from the pool, or in Redis
is $nginx->told('/after?k=e&after=2'), '200 PASSED q redis 99', 'cost_after';
ok Apigw::Lease::wait_for(sub {
    $nginx->told('/q?k=e') =~ /^200 PASSED q \w+ (\d+)/ && $1 <= 97 }),
    'is debited';
$nginx->told('/after?k=f&after=60');
ok Apigw::Lease::wait_for(sub { value('q', 'f') =~ /\d/ }), 'so is much';
my $left = passing('/q?k=f', 300);
cmp_ok $left, '<=', 39, "what is left, $left, is less by that";
cmp_ok $left, '>=', 38, 'and by no more';


# shadows, dry runs
is passing('/seen?k=g', 150), 150, 'a shadow lets pass, leases or not';
cmp_ok $nginx->metric('apigw_ratelimit_requests_total'
                      . '{policy="seen",result="rejected_shadow"}'), '==', 50,
    'and counts whom it would not have let';
is passing('/dry?k=h', 150), 150, 'so does a dry run';
like $nginx->told('/dry?k=h'), qr/^200 REJECTED_DRY_RUN q/, 'which tells';


# several policies: all are charged, or none
is passing('/all?k=i', 100), 2, 'the least of them counts';
is passing('/q?k=i', 300), 98, 'the others were not charged for denials';

is $nginx->told('/phases?k=j'), '200 PASSED q redis 99',
    'a redirect takes what is left to decide';


# a hostile record, a state that makes no sense
$redis->command('SET', $_, '99999999999999999:1|1:2:99999999999999999999:3,|;')
    for @{ $redis->command('KEYS', '*') };
like $nginx->told('/q?k=z'), qr/^200 PASSED q redis/, 'does no harm to others';
like $nginx->told('/m?k=a'), qr/^(?:200|429) /, 'nor to its own key';

is $nginx->stop, 0, 'ends in order';
is_deeply $nginx->complaints, [], 'a quiet log';

done_testing();
