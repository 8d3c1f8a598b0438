# The master of a `sentinel` store is the one that the Sentinels name, looked
# up anew with each connection. When it dies or becomes a replica, requests are
# decided locally until the new one is found; none gets an error.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Limited ();
use Apigw::Redis ();
use Apigw::RedisSentinel ();
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);

my $watched = Apigw::RedisSentinel->new;

# Requests until Redis decides again; what was told that it should not.
sub recover {
    my ($gateway, $key) = @_;
    my ($told, @odd);

    for (my $end = time + 60; time < $end; sleep 0.02) {
        $told = $gateway->get($key);
        last if $told eq '200 redis PASSED';
        push @odd, $told unless $told eq '200 local DEGRADED';
    }

    return ($told, "@odd");
}


subtest 'the master is found, and only there is written' => sub {
    my $gateway = Apigw::Limited->new($watched);

    is $gateway->get('a'), '200 redis PASSED', 'the first request is in time';
    is $watched->{master}->calls('role') > 0, 1, 'it was asked for its role';
    is $watched->{master}->calls('evalsha'), 1, 'the master decides';

    is $gateway->stop, 0, 'ends in order';
    unlike $gateway->log, qr/\[(?:error|alert|crit|emerg)\]/, 'without a word';
};


subtest 'a wrong password for the Sentinels' => sub {
    my $line = $watched->line;
    my $file = $watched->dir . '/wrong';
    open my $out, '>', $file or die;
    print $out "not it\n";
    close $out;
    chmod 0600, $file;
    $line =~ s/sentinel_password_file \S+;/sentinel_password_file $file;/;

    my $gateway = Apigw::Limited->new(Line->new($line));
    is $gateway->get('a'), '200 local DEGRADED', 'is an outage';
    $gateway->logged(qr/at 127\.0\.0\.1:\d+: server refused AUTH/,
                     'that names the Sentinel');
    $gateway->logged(qr/at mymaster: no sentinel told where it is/,
                     'and says what follows');
    unlike $gateway->log, qr/not it/, 'without the password';
    $gateway->ends_well;
};


subtest 'a name that no Sentinel knows' => sub {
    my $gateway = Apigw::Limited->new(
        Line->new($watched->line =~ s/mymaster/nobody/r));
    is $gateway->get('a'), '200 local DEGRADED', 'is an outage';
    $gateway->logged(qr/sentinel knows no master "nobody"/, 'that is told');
    $gateway->ends_well;
};


subtest 'a Sentinel that is gone, and one that hangs' => sub {
    my $gone = Apigw::Redis::free_port();
    my ($first) = map { $_->{port} } $watched->sentinels;
    my $line = $watched->line =~ s/127\.0\.0\.1:\K$first\b/$gone/r;

    kill 'STOP', $watched->{sentinels}[1]{pid};

    # whichever of the three is asked first
    for (1 .. 4) {
        my $gateway = Apigw::Limited->new(Line->new($line),
            block => 'timeout 20s; connect_timeout 1s;');
        is $gateway->get('a'), '200 redis PASSED', 'the third one tells';
        $gateway->ends_well;
    }

    kill 'CONT', $watched->{sentinels}[1]{pid};
    ok $watched->until(sub { eval { $watched->ready } }), 'all are well';
};


subtest 'a replica that the Sentinels take for the master' => sub {

    # what an outdated Sentinel tells: the role gives it away
    my $replica = $watched->{replica}->port;
    my $fake = fork_sentinel("*2\r\n\$9\r\n127.0.0.1\r\n\$"
                             . length($replica) . "\r\n$replica\r\n");

    my $gateway = Apigw::Limited->new(
        Line->new("sentinel mymaster 127.0.0.1:$fake->{port};"));
    is $gateway->get('a'), '200 local DEGRADED', 'is not used';
    $gateway->logged(qr/at 127\.0\.0\.1:$replica: server refused ROLE: "not a /,
                     'and the log tells why');
    is $watched->{replica}->calls('evalsha'), 0, 'it got no command';
    $gateway->ends_well;
    end($fake);
};


subtest 'Sentinels that tell nonsense' => sub {
    for my $answer ("*2\r\n\$4\r\n\x{1}'\"\n\r\n\$4\r\n6379\r\n",
                    "*2\r\n\$9\r\n127.0.0.1\r\n\$5\r\n65536\r\n",
                    "*2\r\n\$0\r\n\r\n\$4\r\n6379\r\n",
                    "*1\r\n\$9\r\n127.0.0.1\r\n", "+OK\r\n", ":1\r\n",
                    "*2\r\n*0\r\n*0\r\n", "-ERR \x{1b}[2J\r\n", "garbage\r\n",
                    "*2\r\n\$9\r\n127.0.0.1\r\n\$-1\r\n")
    {
        my $fake = fork_sentinel($answer);
        my $gateway = Apigw::Limited->new(
            Line->new("sentinel mymaster 127.0.0.1:$fake->{port};"));
        is $gateway->get('a'), '200 local DEGRADED', 'are an outage';
        unlike $gateway->log, qr/\x{1b}/, 'and do not get at the log';
        $gateway->ends_well;
        end($fake);
    }
};


subtest 'a host name without resolver' => sub {
    my $fake = fork_sentinel("*2\r\n\$10\r\nredis.test\r\n\$4\r\n6379\r\n");
    my $gateway = Apigw::Limited->new(
        Line->new("sentinel mymaster 127.0.0.1:$fake->{port};"));
    is $gateway->get('a'), '200 local DEGRADED', 'is an outage';
    $gateway->logged(qr/at redis\.test:6379: host name needs "resolver"/,
                     'that tells the mend');
    $gateway->ends_well;
    end($fake);
};


subtest 'the master hangs' => sub {
    my $gateway = Apigw::Limited->new($watched, burst => 100000,
                                      block => 'timeout 200ms;');
    $gateway->becomes('h', qr/redis/, 'Redis decides');

    # until another is named, connections to this one come about
    $watched->{master}->pause;
    my ($told, $odd) = recover($gateway, 'h');
    is $told, '200 redis PASSED', 'the new one is found';
    is $odd, '', 'until then all is decided locally';

    @$watched{qw(master replica)} = @$watched{qw(replica master)};
    $watched->{replica}->resume;
    ok $watched->until(sub {
        eval { $watched->{replica}->info('role') eq 'slave'
               && $watched->{replica}->info('master_link_status') eq 'up'
               && $watched->ready }
    }), 'the old one follows';
    like $gateway->get('h'), qr/^200 redis/, 'the new one stays';
    $gateway->ends_well;
};


subtest 'the master is killed' => sub {
    my $gateway = Apigw::Limited->new($watched, workers => 2,
                                      burst => 100000);
    $gateway->becomes('k', qr/redis/, 'Redis decides');

    my $old = delete $watched->{master};
    my $port = $old->port;
    $old->stop;

    my ($told, $odd) = recover($gateway, 'k');
    is $told, '200 redis PASSED', 'the new one is found';
    is $odd, '', 'until then all is decided locally';
    is $watched->told, $watched->{replica}->port, 'it was the replica';

    # who comes back is a replica, whatever it believed before
    $old->start;
    $watched->{master} = $watched->{replica};
    $watched->{replica} = $old;
    ok $watched->until(sub {
        eval { $old->info('role') eq 'slave'
               && $old->info('master_link_status') eq 'up' }
    }), 'the old one follows';
    like $gateway->get('k'), qr/^200 redis/, 'the new one stays';
    $gateway->ends_well;
};


subtest 'the master becomes a replica' => sub {
    my $gateway = Apigw::Limited->new($watched, burst => 100000);
    $gateway->becomes('d', qr/redis/, 'Redis decides');

    ok $watched->until(sub { eval { $watched->ready } }), 'all are well';
    my ($sentinel) = $watched->sentinels;

    # refused until the Sentinel finds the replica fit
    ok $watched->until(sub {
        eval { $watched->ask($sentinel, 'SENTINEL', 'FAILOVER', 'mymaster') }
    }), 'a failover begins';
    ok $watched->until(sub { $watched->told == $watched->{replica}->port }),
        'the Sentinels agree on the other';

    ok $watched->until(sub {
        eval { $watched->{master}->info('role') eq 'slave' }
    }), 'the master has become a replica';

    my ($told, $odd) = recover($gateway, 'd');
    is $told, '200 redis PASSED', 'the new master decides';
    is $odd, '', 'no request got an error';
    $gateway->ends_well;
};


subtest 'READONLY on a connection that stays' => sub {
    my $master = $watched->{replica};

    # the failover closed the test's connections too
    ok $watched->until(sub { eval { $master->info('role') eq 'master' } }),
        'there is a master';
    my $gateway = Apigw::Limited->new($watched, burst => 100000);
    $gateway->becomes('r', qr/redis/, 'Redis decides');

    # CLIENT KILL is what a demotion does; this server forgets to
    $master->command('REPLICAOF', '127.0.0.1', 1);
    is $gateway->get('r'), '200 local DEGRADED', 'is decided locally';
    $gateway->logged(qr/server refused a command: "(?:READONLY|.*-READONLY)/,
                     'and told');
    is $gateway->get('r'), '200 local DEGRADED', 'the master is looked for';

    $master->command('REPLICAOF', 'NO', 'ONE');
    my ($told, $odd) = recover($gateway, 'r');
    is $told, '200 redis PASSED', 'until one is there';
    is $odd, '', 'no request got an error';
    $gateway->ends_well;
};


# A server that gives its answer to each SENTINEL, and OK to all else.
sub fork_sentinel {
    my ($answer) = @_;
    my ($listener, $port);

    for (1 .. 20) {
        $port = Apigw::Redis::free_port();
        $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
            LocalPort => $port, Listen => 16, ReuseAddr => 1) and last;
    }

    my $pid = fork // die "fork: $!";
    return { pid => $pid, port => $port } if $pid;

    while (1) {
        my $client = $listener->accept or next;
        my $in = '';
        while (sysread $client, $in, 4096, length $in) {
            syswrite $client, "+OK\r\n" if $in =~ s/.*SETNAME.*//s;
            syswrite $client, $answer if $in =~ s/.*get-master-addr.*//s;
        }
    }
}

sub end {
    local ($?, $!);
    kill 'KILL', $_[0]{pid};
    waitpid $_[0]{pid}, 0;
}


package Line;

sub new { bless { line => $_[1] }, $_[0] }
sub line { $_[0]{line} }


package main;

done_testing;
