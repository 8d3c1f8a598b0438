# A reload while requests wait for Redis: each is answered, old workers end,
# states stay.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Limited ();
use Apigw::Redis ();
use Apigw::RedisProxy ();
use Test::More;
use Time::HiRes qw(sleep time);

my $redis = Apigw::Redis->new;
my $proxy = Apigw::RedisProxy->new($redis);

sub under_way {
    my ($gateway, @keys) = @_;
    my $seen = $proxy->seen('EVALSHA');
    my @sockets = map { $gateway->open_request($_) } @keys;
    my $end = time + 20;
    sleep 0.01 while $proxy->seen('EVALSHA') < $seen + @keys && time < $end;
    return @sockets;
}


subtest 'Redis answers after the reload' => sub {
    my $gateway = Apigw::Limited->new($proxy, block => 'timeout 20s;');
    $gateway->becomes('a', qr/redis/, 'before');

    $proxy->mode('hold');
    my ($old) = $gateway->workers;
    my @sockets = under_way($gateway, map { "k$_" } 1 .. 10);

    kill 'HUP', $gateway->pid;
    $gateway->logged(qr/gracefully shutting down/, 'the old worker goes');
    sleep 0.2;
    ok kill(0, $old), 'but waits for its requests';
    $proxy->mode('release');

    local $/;
    my %told;
    $told{Apigw::Limited::told(scalar readline $_)}++ for @sockets;
    is join(' ', %told), '200 redis PASSED 10', 'which are all answered';

    my $end = time + 20;
    sleep 0.02 while (grep { $_ == $old } $gateway->workers) && time < $end;
    is scalar(grep { $_ == $old } $gateway->workers), 0, 'then it ends';

    is $gateway->remaining('k1'), 98, 'the state is there after the reload';
    $gateway->ends_well;
};


subtest 'Redis never answers' => sub {
    my $gateway = Apigw::Limited->new($proxy, block => 'timeout 500ms;');
    $gateway->becomes('a', qr/redis/, 'before');

    $proxy->mode('hold');
    my @sockets = under_way($gateway, map { "m$_" } 1 .. 5);
    ok $gateway->reload, 'the old worker ends all the same';

    local $/;
    my %told;
    $told{Apigw::Limited::told(scalar readline $_)}++ for @sockets;
    is join(' ', %told), '200 local DEGRADED 5', 'its requests decided';
    $proxy->mode('pass');
    $gateway->ends_well;
};


subtest 'a request that comes late to a worker that exits' => sub {
    my $gateway = Apigw::Limited->new($proxy, block => 'timeout 300ms;');
    $gateway->becomes('a', qr/redis/, 'before');

    # its body keeps the old worker, which meanwhile closes its idle
    # connection; a reply that nobody awaits any more is still under way
    my $slow = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                     PeerPort => $gateway->port);
    print $slow "GET /t?k=slow HTTP/1.1\r\nHost: localhost\r\n";

    $proxy->mode('hold');
    my @sockets = under_way($gateway, 'gone');
    kill 'HUP', $gateway->pid;
    $gateway->logged(qr/gracefully shutting down/, 'the old worker goes');
    local $/;
    is Apigw::Limited::told(scalar readline $sockets[0]),
        '200 local DEGRADED', 'one waits in vain';
    $proxy->mode('pass');

    print $slow "Connection: close\r\n\r\n";
    is Apigw::Limited::told(scalar readline $slow), '200 redis PASSED',
        'the late one is decided by Redis';
    unlike $gateway->log, qr/out of order|to no command/, 'in order';
    $gateway->ends_well;
};


subtest 'an idle connection does not keep a worker' => sub {
    my $gateway = Apigw::Limited->new($redis, workers => 2);
    $gateway->becomes('a', qr/redis/, 'before');

    for (1 .. 5) {
        ok $gateway->reload, 'old workers end';
    }

    $gateway->becomes('a', qr/^200 redis PASSED$/, 'after');
    $gateway->ends_well;

    my @left = grep { /name=apigw_ratelimit/ }
        split /\n/, $redis->command('CLIENT', 'LIST');
    is scalar @left, 0, 'no connection is left over in Redis';
};


subtest 'nor does a server that is down' => sub {
    my $gone = Apigw::Redis->new;
    my $gateway = Apigw::Limited->new($gone);
    $gone->stop;
    like $gateway->get('a'), qr/^200 local/, 'decided locally';
    ok $gateway->reload, 'old workers end';
    $gateway->ends_well;
};


subtest 'other limits after a reload' => sub {
    my $gateway = Apigw::Limited->new($redis, burst => 10);
    $gateway->becomes('limits', qr/redis/, 'before');
    $gateway->get('limits') for 1 .. 4;

    my $conf = $gateway->conf;
    $conf =~ s/rate=10r/rate=20r/ or die;
    $gateway->write('nginx.conf', $conf);
    ok $gateway->reload, 'with twice the rate';

    # five of ten are spent: half of the burst, in time
    cmp_ok $gateway->remaining('limits'), '<', 17, 'the state is not new';
    $gateway->ends_well;
};


done_testing;
