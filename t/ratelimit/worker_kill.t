# Workers killed at any point, inside a lock too, stop nobody: the others and
# their successors go on within a moment, and no limit is overdrawn.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Nginx ();
use Test::More;
use Time::HiRes qw(sleep time);

my $nginx = Apigw::Nginx->new(modules => ['ratelimit'], workers => 4,
                              http => <<'CONF');
    apigw_ratelimit_zone z:512k;
    apigw_ratelimit_policy hot key=all rate=500r/d;
    apigw_ratelimit_policy a key=$arg_k rate=1000r/s;
    apigw_ratelimit_policy b key=$arg_k rate=1000r/s;
    server {
        listen 127.0.0.1:@PORT@;
        location / { apigw_ratelimit hot a b; empty_gif; }
    }
CONF

my $kills = $ENV{APIGW_SLOW} ? 5 : 20;
my @clients;

for my $client (1 .. 4) {
    pipe my $reader, my $writer or die;
    defined(my $pid = fork) or die;

    if ($pid == 0) {
        close $reader;
        my ($passed, $slow, $stop) = (0, 0, 0);
        local $SIG{TERM} = sub { $stop = 1 };

        for (my $i = 0; !$stop; $i++) {
            my $start = time;
            my ($status) = $nginx->request(GET => "/?k=$client-$i");
            $passed++ if ($status // 0) == 200;
            $slow = time - $start if time - $start > $slow;
        }

        print $writer "$passed $slow\n";
        close $writer;
        delete $nginx->{pid};
        require POSIX;
        POSIX::_exit(0);
    }

    push @clients, [$pid, $reader];
}

my $killed = 0;
for (1 .. $kills) {
    sleep 0.05;
    my @workers = $nginx->workers or next;
    $killed += kill KILL => $workers[rand @workers];
}

is $killed, $kills, "$kills workers were killed";

my ($passed, $slow) = (0, 0);
for (@clients) {
    my ($pid, $reader) = @$_;
    kill TERM => $pid;
    my ($p, $s) = split ' ', <$reader> // '0 999';
    waitpid $pid, 0;
    $passed += $p;
    $slow = $s if $s > $slow;
}

cmp_ok $slow, '<', 5, "no request waited on a dead worker's lock";

my ($status, $headers) = (200, {});
my $more = 0;
while (1) {
    ($status, $headers) = $nginx->request(GET => '/?k=x');
    last unless ($status // 0) == 200;
    $more++;
}

is $status, 429, 'the limit is reached';

# What a killed worker had charged and not answered is lost to the client.
my $total = $passed + $more;
cmp_ok $total, '<=', 500, "never overdrawn: $total passed";
cmp_ok $total, '>=', 500 - 8 * $kills, 'and hardly undercharged';

is $nginx->stop, 0, 'ends in order';
my $log = $nginx->log;
$log =~ s/.*\[alert\].*exited on signal 9.*\n//g;
is_deeply [grep { /\[(?:alert|crit|emerg)\]/ } split /^/m, $log], [],
    'a quiet log but for the kills';

done_testing();
