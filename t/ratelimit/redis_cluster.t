# A store with `cluster`: each key is decided by the master that has its slot,
# before, while and after the slot moves, and when its node dies; what is in
# one slot is one command, the rest is asked side by side.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Certificate ();
use Apigw::Limited ();
use Apigw::Redis ();
use Apigw::RedisCluster ();
use File::Temp ();
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

# The ACL of the documentation, word for word.
my $dir = File::Temp->newdir('apigw-acl-XXXXXX', TMPDIR => 1);
my $acl = '~rl:* +evalsha +eval +script|load +time +get +set +ping +select'
    . ' +client|setname +role +asking +cluster|slots';

write_file('acl', "user default on nopass ~* &* +\@all\n"
                  . "user gw on >secret resetchannels -\@all $acl\n");
write_file('password', "secret\n");

my $cluster = Apigw::RedisCluster->new(
    options => { aclfile => "$dir/acl" });
my @masters = grep { $_->info('role') eq 'master' } $cluster->nodes;

my $user = "username gw; password_file $dir/password;";

# Locations for several policies at once; "one" is there by itself.
my $http = <<'CONF';
    apigw_ratelimit_policy same key=$arg_k rate=3r/d store=main;
    apigw_ratelimit_policy other key=$arg_o rate=100r/d store=main;
    apigw_ratelimit_policy mine key=$arg_o rate=100r/d group=$arg_k store=main;
CONF
my $location = <<'CONF';
    location = /same { apigw_ratelimit one same; alias @DIR@/page; }
    location = /both { apigw_ratelimit same other; alias @DIR@/page; }
    location = /mine { apigw_ratelimit one mine; alias @DIR@/page; }
CONF

sub write_file {
    my ($name, $text) = @_;
    open my $out, '>', "$dir/$name" or die "$name: $!";
    print $out $text;
    close $out or die "$name: $!";
    chmod 0600, "$dir/$name" or die "$name: $!";
}

sub gateway {
    return Apigw::Limited->new($cluster, http => $http,
        location => $location, burst => 100000, @_,
        block => "$user timeout 20s; " . ({@_}->{block} // ''));
}

# The answer's text from a path with arguments.
sub answer {
    my ($gateway, $path) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $gateway->port, Timeout => 20) or die "connect: $!";
    print $socket "GET $path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    local $/;
    return scalar <$socket>;
}

sub left {
    my ($answer, $policy) = @_;
    return $answer =~ /"$policy";r=(\d+)/ ? $1 : undef;
}

sub calls {
    my ($command) = @_;
    my $sum = 0;
    $sum += $_->calls($command) for grep { $_->pid } $cluster->nodes;
    return $sum;
}


subtest 'keys are decided where their slots are' => sub {
    my $gateway = gateway();
    my %told;

    is $gateway->get('first'), '200 redis PASSED',
        'the first request waits for the map';

    $told{$_}++ for $gateway->many(map { "s$_" } 1 .. 60);
    is_deeply \%told, { '200 redis PASSED' => 60 }, 'all are decided';

    cmp_ok $_->calls('evalsha'), '>', 0, 'some at ' . $_->address
        for @masters;
    is calls('evalsha'), 61, 'without a redirection';
    cmp_ok calls('client|setname'), '>=', 3, 'every master has a connection';

    is $gateway->stop, 0, 'ends in order';
    unlike $gateway->log, qr/\[(?:error|warn|alert|crit|emerg)\]/,
        'the ACL suffices: not a word';
};


subtest 'policies of one key or group are one command' => sub {
    my $gateway = gateway();
    answer($gateway, '/fast');
    $gateway->becomes('warm', qr/redis/, 'connected');

    my $before = calls('evalsha');
    my $answer = answer($gateway, '/same?k=g1');
    is calls('evalsha') - $before, 1, 'two policies of one key: one command';
    is left($answer, 'same'), 2, 'that charges both';

    $before = calls('evalsha');
    $answer = answer($gateway, '/mine?k=g1&o=anything');
    is calls('evalsha') - $before, 1, 'two keys of one group: one command';
    is left($answer, 'mine'), 99, 'that charges both';

    # keys at different masters
    my ($k) = $cluster->keys_in($masters[0], 1);
    my ($o) = $cluster->keys_in($masters[1], 1);
    $before = calls('evalsha');
    $answer = answer($gateway, "/both?k=$k&o=$o");
    is calls('evalsha') - $before, 2, 'two keys without a group: two';
    is left($answer, 'same') . ' ' . left($answer, 'other'), '2 99',
        'both charge';

    answer($gateway, "/both?k=$k&o=$o") for 1 .. 2;
    $answer = answer($gateway, "/both?k=$k&o=$o");
    like $answer, qr{\AHTTP/1\.1 429 }, 'one of them denies';
    is left($answer, 'other'), 97, 'the other tells what it will have';

    # the command that gives back goes ahead of the next one
    $answer = answer($gateway, "/both?k=fresh&o=$o");
    is left($answer, 'other'), 96, 'and has it: the charge was given back';
    $gateway->ends_well;
};


# Requests in another process while `during` runs; what they were told.
sub meanwhile {
    my ($gateway, $key, $n, $during) = @_;

    pipe my $in, my $out or die "pipe: $!";
    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        close $in;
        my %told;
        for (1 .. $n) {
            $told{$_}++ for $gateway->many(($key) x 4);
            sleep 0.005;
        }
        print $out "$told{$_} $_\n" for sort keys %told;
        close $out;
        POSIX::_exit(0);
    }

    close $out;
    $during->();
    my @told = <$in>;
    waitpid $pid, 0;
    chomp @told;
    return join ', ', @told;
}


subtest 'a slot moves under load' => sub {
    my $gateway = gateway(workers => 2, rate => '1r/h burst=700');
    my ($key) = $cluster->keys_in($masters[0], 1);
    my $slot = $cluster->slot($cluster->key_of($key));
    $gateway->becomes('warm', qr/redis/, 'connected');

    my $told = meanwhile($gateway, $key, 150, sub {
        $cluster->begin_move($slot, $masters[1]);
        sleep 0.1;

        # the script is not known where the key goes
        $masters[1]->command('SCRIPT', 'FLUSH');
        $cluster->move_keys($slot, $masters[1]);
        sleep 0.1;
        $masters[1]->command('SCRIPT', 'FLUSH');
        sleep 0.1;
        $cluster->end_move($slot, $masters[1]);
    });

    is $told, '600 200 redis PASSED', 'no request fails';
    is $gateway->remaining($key), 700 - 601, 'each is charged once';
    is $cluster->home($key)->port, $masters[1]->port, 'the slot has moved';
    cmp_ok calls('asking'), '>', 0, 'there were ASKs';
    cmp_ok $masters[1]->calls('eval'), '>', 0, 'and EVALs behind ASKING';
    $gateway->ends_well;
};


subtest 'a stale map is mended by one MOVED' => sub {
    my $gateway = gateway();
    my ($key, $next) = $cluster->keys_in($masters[1], 2);
    my $slot = $cluster->slot($cluster->key_of($key));
    is $gateway->get($key), '200 redis PASSED', 'known';

    $cluster->begin_move($slot, $masters[0]);
    $cluster->move_keys($slot, $masters[0]);
    $cluster->end_move($slot, $masters[0]);

    my $there = $masters[1]->calls('evalsha');
    is $gateway->get($key), '200 redis PASSED', 'the key is found';
    is $gateway->get($key), '200 redis PASSED', 'and found again';
    is $masters[1]->calls('evalsha') - $there, 0, 'nothing was executed twice';
    is $gateway->get($next), '200 redis PASSED', 'other slots stay';
    $gateway->ends_well;
};


subtest 'keys of one command that are half way' => sub {
    my $gateway = gateway(block => 'breaker failures=1000;');
    my ($key) = $cluster->keys_in($masters[0], 1);
    my $slot = $cluster->slot($cluster->key_of($key));

    is $gateway->get($key), '200 redis PASSED', 'one key is there';
    $cluster->begin_move($slot, $masters[1]);

    # one is here, the other would be made there: TRYAGAIN
    my $answer = answer($gateway, "/same?k=$key");
    is Apigw::Limited::told($answer), '200 local DEGRADED',
        'are a matter of the fail policy';
    is $gateway->get($key), '200 redis PASSED', 'alone it is found';

    $cluster->move_keys($slot, $masters[1]);
    $cluster->end_move($slot, $masters[1]);
    $answer = answer($gateway, "/same?k=$key");
    is Apigw::Limited::told($answer), '200 redis PASSED',
        'together again once they have moved';
    $gateway->ends_well;
};


subtest 'one address of many suffices' => sub {
    my $dead = Apigw::Redis::free_port();
    my $alive = $masters[2]->address;

    for my $addresses ("127.0.0.1:$dead $alive", "$alive 127.0.0.1:$dead") {
        my $gateway = Apigw::Limited->new(Line->new("cluster $addresses;"),
                                          block => 'timeout 20s;');
        my %told;
        $told{$_}++ for $gateway->many(map { "d$_" } 1 .. 20);
        is_deeply \%told, { '200 redis PASSED' => 20 }, 'nobody notices';
        $gateway->ends_well;
    }
};


subtest 'no address answers' => sub {
    my $dead = Apigw::Redis::free_port();
    my $gateway = Apigw::Limited->new(Line->new("cluster 127.0.0.1:$dead;"));
    is $gateway->get('a'), '200 local DEGRADED', 'an outage';
    is $gateway->get('a'), '200 local DEGRADED', 'at once the next time';
    $gateway->ends_well;
};


subtest 'a server that is no Cluster' => sub {
    my $redis = Apigw::Redis->new;
    my $gateway = Apigw::Limited->new(
        Line->new('cluster ' . $redis->address . ';'));
    is $gateway->get('a'), '200 local DEGRADED', 'is an outage';
    $gateway->logged(
        qr/server gave no map of slots: "ERR This instance has cluster supp/,
        'that is told');
    $gateway->ends_well;
};


subtest 'over TLS' => sub {
    my $ca = Apigw::Certificate->new($dir);
    my $here = $ca->issue('here', 'DNS:redis.test');
    my $secure = Apigw::RedisCluster->new(nodes => 1, replicas => 0, options =>
        { -tls => $here, 'tls-cluster' => 'yes',
          'tls-ca-cert-file' => "$dir/ca.pem" });
    my ($node) = $secure->nodes;
    my $tls = "tls on; tls_trusted_certificate $dir/ca.pem;";

    my $gateway = Apigw::Limited->new($secure,
        block => "timeout 20s; $tls tls_name redis.test;");
    is $gateway->get('a'), '200 redis PASSED', 'nodes prove their name';
    is $gateway->get('b'), '200 redis PASSED', 'which is that of all';
    $gateway->ends_well;

    my $evals = $node->calls('evalsha');
    $gateway = Apigw::Limited->new($secure, block => $tls);
    is $gateway->get('a'), '200 local DEGRADED', 'or their address';
    is $node->calls('evalsha') - $evals, 0, 'before they get a command';
    $gateway->ends_well;
};


subtest 'reloads under load' => sub {
    my $gateway = gateway(workers => 2, rate => '1r/h burst=700');
    my ($key) = $cluster->keys_in($masters[2], 1);
    $gateway->becomes('warm', qr/redis/, 'connected');

    my $told = meanwhile($gateway, $key, 100, sub {
        for (1 .. 4) {
            $gateway->reload;
            sleep 0.2;
        }
    });

    is $told, '400 200 redis PASSED', 'no request fails';
    is $gateway->remaining($key), 700 - 401, 'each is charged once';
    $gateway->ends_well;

    # nobody is left behind
    my $clients = 0;
    for (my $end = time + 20; time < $end; sleep 0.1) {
        $clients = grep { /apigw_ratelimit:main/ }
            map { split /\n/, $_->command('CLIENT', 'LIST') } $cluster->nodes;
        last if $clients == 0;
    }
    is $clients, 0, 'no connection is left';
};


subtest 'a node is killed' => sub {
    my $gateway = gateway(workers => 2, block =>
        'connect_timeout 1s; breaker failures=5 open=200ms max=1s;');
    my $victim = $masters[2];
    my ($there) = $cluster->keys_in($victim, 1);
    my ($here) = $cluster->keys_in($masters[0], 1);
    $gateway->becomes($_, qr/redis/, 'connected') for $there, $here;

    $victim->stop;

    my (%other, %own, $told);
    for (my $end = time + 60; time < $end; sleep 0.02) {
        $other{ $gateway->get($here) }++;
        $told = $gateway->get($there);
        last if %own && $told eq '200 redis PASSED';
        $own{$told}++;
    }

    is $told, '200 redis PASSED', 'its replica takes over';
    is join(', ', keys %own), '200 local DEGRADED',
        'until then its slots are decided locally';
    is join(', ', keys %other), '200 redis PASSED', 'the others are unaffected';

    my $new = $cluster->home($there);
    isnt $new->port, $victim->port, 'another node has the slot';

    # who comes back is a replica
    $victim->start;
    is $gateway->get($there), '200 redis PASSED', 'that stays so';
    $gateway->ends_well;
};


package Line;

sub new { bless { line => $_[1] }, $_[0] }
sub line { $_[0]{line} }


package main;

done_testing;
