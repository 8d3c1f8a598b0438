# Clients that leave while their request waits for Redis: nothing leaks, nobody
# is answered in their place, and the connection to Redis goes on.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Limited ();
use Apigw::Redis ();
use Apigw::RedisProxy ();
use Test::More;
use Time::HiRes qw(sleep time);

use constant { CLIENTS => 1000, AT_ONCE => 50 };

my $redis = Apigw::Redis->new;
my $proxy = Apigw::RedisProxy->new($redis);
my $gateway = Apigw::Limited->new($proxy, burst => 100_000, block =>
    'timeout 30s; reply_timeout 60s;');

# With a lone client each, then with several that ask the same.
sub abort_all {
    my ($name) = @_;

    for my $round (1 .. CLIENTS / AT_ONCE) {
        my $seen = $proxy->seen('EVALSHA');
        $proxy->mode('hold');

        my @sockets = map { $gateway->open_request($name->($_)) }
            1 .. AT_ONCE;
        my $end = time + 20;
        sleep 0.005 while $proxy->seen('EVALSHA') == $seen && time < $end;

        # half by a close, half by a reset
        for my $i (0 .. $#sockets) {
            setsockopt $sockets[$i], Socket::SOL_SOCKET, Socket::SO_LINGER,
                pack('ii', 1, 0) if $i % 2;
            close $sockets[$i];
        }

        sleep 0.01 if $round % 2;
        $proxy->mode('release');
    }
}

sub descriptors {
    my ($worker) = $gateway->workers;
    return $gateway->descriptors($worker);
}

$gateway->becomes('a', qr/redis/, 'before');
my $connections = $proxy->connections;
my $open = descriptors();

abort_all(sub { "k$_[0]" });
abort_all(sub { 'same' });

is $gateway->get('b'), '200 redis PASSED', 'the next client is served';
is $gateway->remaining('b'), 99_998, 'and charged as itself';
is $proxy->connections, $connections, 'over the same connection';

my $end = time + 20;
sleep 0.05 while descriptors() > $open && time < $end;
is descriptors(), $open, 'no descriptor is left over';

$gateway->ends_well;

done_testing;
