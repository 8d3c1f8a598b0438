# A server by host name is found by nginx's resolver, at run time, anew for
# each connection: no worker is blocked, and a name that moves is followed.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Certificate ();
use Apigw::Limited ();
use Apigw::Redis ();
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);


# A name server whose answers a file gives: addresses, "none" (NXDOMAIN) or
# "silence".
sub name_server {
    my ($file) = @_;

    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
                                       Proto => 'udp') or die "udp: $!";
    my $pid = fork // die "fork: $!";
    return ($socket->sockport, $pid) if $pid;

    while (1) {
        my $from = $socket->recv(my $query, 512) or next;
        my ($question) = $query =~ /\A.{12}(.*?\0.{4})/s or next;

        open my $in, '<', $file or die;
        my @words = split ' ', <$in> // '';
        next if $words[0] eq 'silence';

        my @addresses = grep { /^\d/ } @words;
        my $answer = substr($query, 0, 2)
            . pack('n5', @addresses ? 0x8180 : 0x8183, 1,
                   scalar @addresses, 0, 0)
            . $question
            . join '', map { pack('n3 N n', 0xc00c, 1, 1, 1, 4)
                             . pack 'C4', split /\./ } @addresses;
        $socket->send($answer, 0, $from);
    }
}

sub say_that {
    my ($file, $answer) = @_;
    open my $out, '>', "$file.new" or die "$file: $!";
    print $out $answer;
    close $out;
    rename "$file.new", $file or die "$file: $!";
}

my $dir = File::Temp->newdir('apigw-names-XXXXXX', TMPDIR => 1);
my $zone = "$dir/zone";
say_that($zone, '127.0.0.1');
my ($dns, $pid) = name_server($zone);

END { kill 'KILL', $pid if $pid }

my $redis = Apigw::Redis->new;
my $name = 'redis.test:' . $redis->port;

# a connection that is lost finds the name's present address; TTL is 1 s
sub gateway {
    my ($block) = @_;
    return Apigw::Limited->new($name,
        http => "resolver 127.0.0.1:$dns ipv6=off;", block => $block // '');
}


subtest 'a name that is known' => sub {
    my $gateway = gateway();
    is $gateway->get('a'), '200 redis PASSED', 'leads to Redis';
    $gateway->ends_well;
};


subtest 'a name that nobody knows' => sub {
    say_that($zone, 'none');
    my $gateway = gateway();

    is $gateway->get('a'), '200 local DEGRADED', 'is a server that is down';
    $gateway->logged(qr/redis "main" at \Q$name\E: host not found \(3:/,
                     'and it is told');

    say_that($zone, '127.0.0.1');
    $gateway->becomes('a', qr/^200 redis PASSED$/, 'until it is known');
    $gateway->ends_well;
};


subtest 'a name server that does not answer' => sub {
    say_that($zone, 'silence');
    my $gateway = gateway('timeout 100ms; connect_timeout 300ms;');

    is $gateway->get('a'), '200 local DEGRADED', 'is a server that is down';
    my ($told, $took) = $gateway->timed('a');
    is $told, '200 local DEGRADED', 'still';
    cmp_ok $took, '<', 3, 'and no request waits for it';
    $gateway->logged(qr/timed out while resolving|host not found/, 'told');

    ok $gateway->reload, 'nor does a worker that exits';
    say_that($zone, '127.0.0.1');
    $gateway->becomes('a', qr/^200 redis PASSED$/, 'until it answers');
    $gateway->ends_well;
};


subtest 'a name that moves' => sub {
    my $gateway = gateway();
    is $gateway->get('moves'), '200 redis PASSED', 'leads to Redis';

    # nobody listens there: the way back is by asking again
    say_that($zone, '127.0.0.99');

    # nginx may know the old address for the second of its TTL
    my $end = time + 20;
    while ($gateway->log !~ /connect\(\) failed/ && time < $end) {
        $redis->command(qw(CLIENT KILL TYPE normal SKIPME yes));
        sleep 0.1;
    }

    $gateway->logged(qr/connect\(\) failed \(111:/, 'is followed');

    say_that($zone, '127.0.0.1');
    $gateway->becomes('moves', qr/^200 redis PASSED$/, 'back too');
    $gateway->ends_well;
};


subtest 'a name over TLS' => sub {
    my $ca = Apigw::Certificate->new($dir);
    my $block = "tls on; tls_trusted_certificate $dir/ca.pem;";

    for (['DNS:redis.test', qr/^200 redis PASSED$/, 'is that of the server'],
         ['IP:127.0.0.1', qr/^200 local DEGRADED$/, 'an address is not'])
    {
        my ($names, $want, $what) = @$_;
        my $tls = Apigw::Redis->new(-tls => $ca->issue(lc $names, $names));
        my $gateway = Apigw::Limited->new('redis.test:' . $tls->port,
            http => "resolver 127.0.0.1:$dns ipv6=off;", block => $block);

        like $gateway->get('a'), $want, "a certificate's name $what";
        $gateway->ends_well;
    }
};


done_testing;
