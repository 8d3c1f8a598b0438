# What a faulty or hostile Cluster says about its nodes: no request gets an
# error or another's verdict, nobody is asked without end, nothing else is
# connected to than what could be a node.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Limited ();
use Apigw::Redis ();
use Apigw::RedisCluster ();
use Apigw::RedisProxy ();
use Test::More;
use Time::HiRes qw(sleep time);

my $cluster = Apigw::RedisCluster->new(nodes => 1, replicas => 0);
my ($node) = $cluster->nodes;

# A proxy that the node tells everybody to go through.
sub in_front {
    my $proxy = Apigw::RedisProxy->new($node, @_);
    $node->command('CONFIG', 'SET', 'cluster-announce-ip', '127.0.0.1');
    $node->command('CONFIG', 'SET', 'cluster-announce-port', $proxy->port);
    return $proxy;
}

sub gateway {
    my ($proxy, %options) = @_;
    my $gateway = Apigw::Limited->new(
        Line->new('cluster ' . $proxy->address . ';'), burst => 100000,
        %options,
        block => 'breaker failures=1000; ' . ($options{block} // ''));
    return $gateway;
}

sub slot { $cluster->slot($cluster->key_of($_[0])) }


subtest 'MOVED to the same node, again and again' => sub {
    my $proxy = in_front();
    my $gateway = gateway($proxy);
    $gateway->becomes('m', qr/redis/, 'connected');

    my $moved = '-MOVED ' . slot('m') . ' 127.0.0.1:' . $proxy->port . "\r\n";
    my ($evals, $maps) = map { $proxy->seen($_) } 'EVALSHA', 'CLUSTER';
    my $start = time;

    $proxy->mode('instead', $moved, 1000);
    my %told;
    $told{ $gateway->get('m') }++ for 1 .. 100;
    is_deeply \%told, { '200 local DEGRADED' => 100 }, 'is a failure';
    is $proxy->seen('EVALSHA') - $evals, 200, 'after one more attempt each';
    cmp_ok $proxy->seen('CLUSTER') - $maps, '<=', 2 + time - $start,
        'and the map is read once a second at most';

    $proxy->mode('pass');
    is $gateway->get('m'), '200 redis PASSED', 'that ends with the cause';
    $gateway->ends_well;
};


subtest 'one MOVED' => sub {
    my $proxy = in_front();
    my $gateway = gateway($proxy);
    $gateway->becomes('e', qr/redis/, 'connected');

    for my $where ('127.0.0.1:' . $proxy->port, ':' . $proxy->port) {
        $proxy->mode('instead', '-MOVED ' . slot('e') . " $where\r\n", 1);
        is $gateway->get('e'), '200 redis PASSED',
            'with ' . ($where =~ /^:/ ? 'an empty host' : 'a host');
    }

    $gateway->ends_well;
};


subtest 'a node that is somewhere else' => sub {
    my $proxy = in_front();
    my $gateway = gateway($proxy);
    $gateway->becomes('n', qr/redis/, 'connected');
    my $dead = Apigw::Redis::free_port();

    $proxy->mode('instead', '-MOVED ' . slot('n') . " 127.0.0.1:$dead\r\n", 1);
    is $gateway->get('n'), '200 local DEGRADED', 'is not there';
    $gateway->becomes('n', qr/^200 redis PASSED$/, 'the map brings it back');

    $proxy->mode('instead', '-ASK ' . slot('n') . " redis.test:6379\r\n", 1);
    is $gateway->get('n'), '200 local DEGRADED', 'or has no address';
    $gateway->logged(qr/at redis\.test:6379: host name needs "resolver"/,
                     'that is told');
    is $gateway->get('n'), '200 redis PASSED', 'others are not affected';
    $gateway->ends_well;
};


subtest 'malformed redirections' => sub {
    my $proxy = in_front();
    my $gateway = gateway($proxy);
    $gateway->becomes('x', qr/redis/, 'connected');
    my $slot = slot('x');
    my $other = ($slot + 1) % 16384;
    my $port = $proxy->port;

    for my $text ('MOVED', 'MOVED ', "MOVED $slot", "MOVED $slot ",
                  "MOVED $slot 127.0.0.1", "MOVED $slot 127.0.0.1:",
                  "MOVED $slot 127.0.0.1:0", "MOVED $slot 127.0.0.1:65536",
                  "MOVED $slot 127.0.0.1:$port x", "MOVED $slot ?:$port",
                  "MOVED $slot unix:/tmp/x:$port", "MOVED 16384 :$port",
                  "MOVED -1 :$port", "MOVED $other 127.0.0.1:$port",
                  "MOVED $slot " . 'x' x 300 . ":$port", 'ASK', "ASK $slot",
                  "ASK $other 127.0.0.1:$port", "ASK $slot \x{1b}[2J:$port")
    {
        my $evals = $proxy->seen('EVALSHA');
        $proxy->mode('instead', "-$text\r\n", 1);
        is $gateway->get('x'), '200 local DEGRADED', substr "-$text", 0, 40;
        is $proxy->seen('EVALSHA') - $evals, 1, 'goes nowhere';
        is $gateway->get('x'), '200 redis PASSED', 'and does no harm';
    }

    unlike $gateway->log, qr/\x{1b}/, 'the log stays clean';
    $gateway->ends_well;
};


subtest 'a redirection is not followed by who waits no longer' => sub {
    my $proxy = in_front();
    my $gateway = gateway($proxy, block => 'timeout 100ms;');
    $gateway->becomes('l', qr/redis/, 'connected');

    $proxy->mode('hold');
    my $evals = $proxy->seen('EVALSHA');
    is $gateway->get('l'), '200 local DEGRADED', 'out of time';
    $proxy->mode('instead', '-MOVED ' . slot('l') . ' :' . $proxy->port
                            . "\r\n", 1);
    $proxy->mode('release');
    sleep 0.1;
    is $proxy->seen('EVALSHA') - $evals, 1, 'its command went once';
    $gateway->becomes('l', qr/^200 redis PASSED$/, 'the next one passes');
    $gateway->ends_well;
};


subtest 'CLUSTERDOWN' => sub {
    my $proxy = in_front();
    my $gateway = gateway($proxy);
    $gateway->becomes('c', qr/redis/, 'connected');
    my $maps = $proxy->seen('CLUSTER');

    $proxy->mode('instead', "-CLUSTERDOWN Hash slot not served\r\n", 1);
    is $gateway->get('c'), '200 local DEGRADED', 'is a failure';

    my $end = time + 20;
    sleep 0.02 while time < $end && $proxy->seen('CLUSTER') == $maps;
    cmp_ok $proxy->seen('CLUSTER'), '>', $maps, 'and has the map read';
    is $gateway->get('c'), '200 redis PASSED', 'that ends with the cause';
    $gateway->ends_well;
};


subtest 'hostile maps' => sub {
    my $proxy = in_front(only => 'CLUSTER');
    my $port = $proxy->port;

    my $range = sub {
        my ($first, $last, $host, $at) = @_;
        return "*3\r\n:$first\r\n:$last\r\n*2\r\n"
            . (defined $host ? '$' . length($host) . "\r\n$host\r\n"
                             : "\$-1\r\n") . ":$at\r\n";
    };

    my @maps = (
        'nothing' => "*0\r\n", 'a status' => "+OK\r\n",
        'an error' => "-ERR \x{1b}[2J\r\n",
        'a slot above the last' => "*1\r\n" . $range->(0, 16384, '', $port),
        'slots below the first' => "*1\r\n" . $range->(-1, 5, '', $port),
        'a range backwards' => "*1\r\n" . $range->(5, 1, '', $port),
        'a port of 0' => "*1\r\n" . $range->(0, 16383, '', 0),
        'a port above the last' => "*1\r\n" . $range->(0, 16383, '', 65536),
        'a host that is none' => "*1\r\n" . $range->(0, 16383, "a\nb", $port),
        'a host of 300 bytes' => "*1\r\n" . $range->(0, 16383, 'x' x 300, 1),
        'a master that is nowhere' => "*1\r\n" . $range->(0, 16383, '?', $port),
        'a slot twice' => "*2\r\n" . $range->(0, 16383, '', $port)
                          . $range->(7, 7, '', 1),
        'all slots 16,384 times' => "*16384\r\n"
            . $range->(0, 16383, '', $port) x 16384,
        'too many masters' => "*300\r\n" . join('', map {
            $range->($_, $_, '', $_ + 1) } 0 .. 299),
        'an array too long' => "*16385\r\n",
        'arrays in arrays' => "*1\r\n" x 20 . ":1\r\n",
    );

    while (my ($name, $map) = splice @maps, 0, 2) {
        $proxy->mode('instead', $map, 1000);
        my $gateway = gateway($proxy);
        is $gateway->get('h'), '200 local DEGRADED', $name;

        $proxy->mode('pass');
        $gateway->becomes('h', qr/^200 redis PASSED$/, 'is forgotten');
        unlike $gateway->log, qr/\x{1b}/, 'the log stays clean';
        $gateway->ends_well;
    }

    # a host of NULL, and an empty one, are the host that was asked
    for my $host (undef, '') {
        $proxy->mode('instead', "*1\r\n" . $range->(0, 16383, $host, $port),
                     1000);
        my $gateway = gateway($proxy, block => 'timeout 20s;');
        is $gateway->get('h'), '200 redis PASSED', 'the same host';
        $gateway->ends_well;
    }

    # half of the slots have nobody
    $proxy->mode('instead', "*1\r\n" . $range->(0, 8191, '', $port), 1000);
    my $gateway = gateway($proxy, block => 'timeout 20s;');
    my ($low) = grep { slot("h$_") < 8192 } 1 .. 100;
    my ($high) = grep { slot("h$_") >= 8192 } 1 .. 100;
    is $gateway->get("h$low"), '200 redis PASSED', 'a slot with a master';
    is $gateway->get("h$high"), '200 local DEGRADED', 'one without';
    $proxy->mode('pass');
    $gateway->becomes("h$high", qr/^200 redis PASSED$/, 'until there is one');
    $gateway->ends_well;
};


subtest 'a hundred masters that are not there' => sub {
    my $proxy = in_front(only => 'CLUSTER');
    my $map = "*100\r\n" . join '', map {
        my $first = $_ * 163;
        my $last = $_ == 99 ? 16383 : $first + 162;
        "*3\r\n:$first\r\n:$last\r\n*2\r\n\$9\r\n127.0.0.1\r\n:"
            . ($_ + 1) . "\r\n"
    } 0 .. 99;

    $proxy->mode('instead', $map, 2);
    my $gateway = gateway($proxy, workers => 2);
    is $gateway->get('v'), '200 local DEGRADED', 'are an outage';

    $proxy->mode('pass');
    $gateway->becomes('v', qr/^200 redis PASSED$/,
                      'the true one is found again');
    $gateway->ends_well;
};


subtest 'a node that hangs is asked for the map, then another' => sub {
    my $hung = Apigw::RedisProxy->new($node);
    my $proxy = in_front();
    $hung->mode('deaf');

    for (1 .. 3) {
        my $gateway = Apigw::Limited->new(Line->new('cluster '
            . $hung->address . ' ' . $proxy->address . ';'), block =>
            'timeout 20s; connect_timeout 300ms; reply_timeout 20s;');
        is $gateway->get('g'), '200 redis PASSED', 'the other tells';
        $gateway->ends_well;
    }
};


subtest 'requests that come first wait for the map, in their time' => sub {
    my $proxy = in_front(only => 'CLUSTER');
    $proxy->mode('delay', 300);
    my $gateway = gateway($proxy, block => 'timeout 20s;');
    is join(', ', $gateway->many('a', 'b')),
        '200 redis PASSED, 200 redis PASSED', 'late, but not lost';
    $gateway->ends_well;

    $proxy->mode('delay', 1500);
    $gateway = gateway($proxy, block => 'timeout 100ms;');
    is $gateway->get('a'), '200 local DEGRADED', 'unless it takes too long';
    $gateway->ends_well;

    # the queue is bounded there too
    $gateway = gateway($proxy, block => 'timeout 20s; queue 2;');
    my %told;
    $told{$_}++ for $gateway->many(map { "q$_" } 1 .. 5);
    is $told{'200 redis PASSED'}, 2, 'as many as the queue takes';
    is $told{'200 local DEGRADED'}, 3, 'no more';
    $gateway->ends_well;

    # and who goes away leaves it
    $gateway = gateway($proxy, rate => '1r/h burst=700',
                       block => 'timeout 20s;');
    close $gateway->open_request("c$_") for 1 .. 20;
    is $gateway->get('a'), '200 redis PASSED', 'others stay';
    is $gateway->remaining('c1'), 699, 'an aborted one was not charged';
    $gateway->ends_well;
};


package Line;

sub new { bless { line => $_[1] }, $_[0] }
sub line { $_[0]{line} }


package main;

done_testing;
