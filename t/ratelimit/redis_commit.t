# A take whose answer is lost has been charged: once, never again.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Limited ();
use Apigw::Redis ();
use Apigw::RedisProxy ();
use Test::More;

my $redis = Apigw::Redis->new;
my $proxy = Apigw::RedisProxy->new($redis);


subtest 'the answer comes after the time-out' => sub {
    my $gateway = Apigw::Limited->new($proxy, block =>
        'timeout 200ms; breaker failures=1000;');
    $gateway->becomes('late', qr/redis/, 'the first');

    my $takes = $redis->calls('evalsha');
    $proxy->mode('hold');
    is $gateway->get('late'), '200 local DEGRADED', 'the second times out';
    $proxy->mode('release');

    is $gateway->remaining('late'), 97, 'the third is the third';
    is $redis->calls('evalsha') - $takes, 2, 'nothing was sent twice';
    $gateway->ends_well;
};


subtest 'the connection is lost before the answer' => sub {
    my $gateway = Apigw::Limited->new($proxy);
    $gateway->becomes('cut', qr/redis/, 'the first');

    $proxy->mode('cut', 0, 1);
    is $gateway->get('cut'), '200 local DEGRADED', 'the second is cut off';
    $proxy->mode('pass');
    $gateway->becomes('other', qr/redis/, 'connected again');

    is $gateway->remaining('cut'), 97, 'the third is the third';
    $gateway->ends_well;
};


subtest 'the connection is lost with the command' => sub {
    my $gateway = Apigw::Limited->new($proxy);
    $gateway->becomes('lost', qr/redis/, 'the first');

    # it left, for all we know: it must not be sent again
    my $takes = $redis->calls('evalsha');
    $proxy->mode('lose_command', 1);
    is $gateway->get('lost'), '200 local DEGRADED', 'the second is lost';
    $proxy->mode('pass');
    $gateway->becomes('other', qr/redis/, 'connected again');

    is $gateway->remaining('lost'), 98, 'it was not charged';
    is $redis->calls('evalsha') - $takes, 2, 'nor sent again';
    $gateway->ends_well;
};


done_testing;
