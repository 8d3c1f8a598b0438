# Redis over TLS: only a server that proves its name gets a command; whatever
# else answers, or does not, is an outage like any other and told once.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Certificate ();
use Apigw::Faulty qw(good);
use Apigw::Limited ();
use Apigw::Redis ();
use Apigw::RedisProxy ();
use File::Temp ();
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Socket ();
use Test::More;
use Time::HiRes qw(sleep time);

# What a client may see on top of a time-out, on a machine that is busy.
use constant SLACK => $ENV{APIGW_SLOW} ? 3 : 1;

my $dir = File::Temp->newdir('apigw-tls-XXXXXX', TMPDIR => 1);
my $ca = Apigw::Certificate->new($dir);

mkdir "$dir/other" or die "mkdir: $!";
my $stranger = Apigw::Certificate->new("$dir/other");

my $here = $ca->issue('here', 'DNS:localhost,IP:127.0.0.1');
my $trust = "tls on; tls_trusted_certificate $dir/ca.pem;";

# More than one attempt has been made, and Redis has seen nothing of them.
sub is_refused {
    my ($name, $redis, $block, $want, %more) = @_;

    subtest $name => sub {
        my $attempts = sub { $redis->info('total_connections_received') };
        my $commands = sub { $redis->calls('auth')
                             + $redis->calls('client|setname') };
        my ($tried, $sent) = ($attempts->(), $commands->());

        my $gateway = Apigw::Limited->new($redis, block => $block, %more);

        $gateway->logged($want, 'the log has the reason');
        is $gateway->get('a'), '200 local DEGRADED', 'nothing is lost';

        my $end = time + 20;
        sleep 0.05 while time < $end && $attempts->() < $tried + 3;

        my %lines;
        $lines{$_}++ for $gateway->log =~ /\[error\] (?:.*? )(redis .*)/g;
        ok !grep({ $_ > 1 } values %lines), 'it is told once'
            or diag explain \%lines;
        is $commands->() - $sent, 0, 'no command was sent';
        $gateway->ends_well;
    };
}


subtest 'a trusted certificate of the address' => sub {
    my $redis = Apigw::Redis->new(-tls => $here, requirepass => 'secret word');
    my $gateway = Apigw::Limited->new($redis,
        block => "$trust password_file \@DIR\@/password; database 3;",
        files => { password => "secret word\n" });

    is $gateway->get('a'), '200 redis PASSED', 'Redis decides';
    like $redis->command('CLIENT', 'LIST'),
        qr/name=apigw_ratelimit:main .* db=3 /, 'all of the handshake is done';

    ok $gateway->reload, 'a reload';
    is $gateway->get('a'), '200 redis PASSED', 'and again';
    unlike $gateway->log, qr/\[error\]/, 'without a word';
    $gateway->ends_well;
};


subtest 'tls_name is the name that the certificate must have' => sub {
    my $named = $ca->issue('named', 'DNS:*.redis.example');
    my $redis = Apigw::Redis->new(-tls => $named);
    my $gateway = Apigw::Limited->new($redis,
        block => "$trust tls_name a.redis.example.;");

    is $gateway->get('a'), '200 redis PASSED', 'Redis decides';
    $gateway->ends_well;

    is_refused('without it', $redis, $trust,
               qr/: TLS certificate of another host$/m);
    is_refused('another one', $redis, "$trust tls_name b.a.redis.example;",
               qr/: TLS certificate of another host$/m);
    is_refused('an address', $redis, "$trust tls_name 127.0.0.1;",
               qr/: TLS certificate of another host$/m);
};


is_refused('a certificate of an unknown issuer',
           Apigw::Redis->new(-tls => $stranger->issue('here', 'IP:127.0.0.1')),
           $trust, qr/: TLS certificate verify error: unable to (?:get|verify)/);

is_refused('the system trusts no issuer of tests',
           Apigw::Redis->new(-tls => $here), 'tls on;',
           qr/: TLS certificate verify error: unable to (?:get|verify)/);

is_refused('an expired certificate, and a password for another',
           Apigw::Redis->new(-tls => $ca->issue('old', 'IP:127.0.0.1', -1)),
           "$trust password_file \@DIR\@/password;",
           qr/: TLS certificate verify error: certificate has expired$/m,
           files => { password => "secret word\n" });


subtest 'its own issuer' => sub {
    my $own = $ca->selfsigned('own', 'IP:127.0.0.1');
    my $redis = Apigw::Redis->new(-tls => $own);

    is_refused('is nobody', $redis, $trust,
               qr/: TLS certificate verify error: self[- ]signed/);

    my $gateway = Apigw::Limited->new($redis,
        block => "tls on; tls_trusted_certificate $own.pem;");
    is $gateway->get('a'), '200 redis PASSED', 'unless it is the one trusted';
    $gateway->ends_well;

    $gateway = Apigw::Limited->new($redis, block => 'tls on; tls_verify off;');
    is $gateway->get('a'), '200 redis PASSED', 'tls_verify off takes anyone';
    like $gateway->log, qr/\[warn\].*"tls_verify off" and trusts whoever/,
        'with a warning';
    $gateway->ends_well;
};


subtest 'a certificate of the client is demanded' => sub {
    my $client = $ca->issue('client', 'DNS:gateway');
    my $other = $stranger->issue('client', 'DNS:gateway');
    my $redis = Apigw::Redis->new(-tls => $here, 'tls-auth-clients' => 'yes',
                                  'tls-ca-cert-file' => "$dir/ca.pem");

    my $show = "tls_certificate $client.pem; tls_certificate_key $client.key;";
    my $gateway = Apigw::Limited->new($redis, block => "$trust $show");
    is $gateway->get('a'), '200 redis PASSED', 'and given';
    $gateway->ends_well;

    is_refused('and not given', $redis, $trust,
               qr/: TLS failed: SSL_\w+\(\) failed \(SSL: .*certificate req/);

    $show =~ s/\Q$client/$other/g;
    is_refused("and another issuer's is given", $redis, "$trust $show",
               qr/: TLS failed: SSL_\w+\(\) failed \(SSL: .*unknown ca/);
};


subtest 'TLS 1.2' => sub {
    my $redis = Apigw::Redis->new(-tls => $here, 'tls-protocols' => 'TLSv1.2');
    my $gateway = Apigw::Limited->new($redis, block => $trust);

    is $gateway->get('a'), '200 redis PASSED', 'will do';
    $gateway->ends_well;
};


subtest 'a server that speaks no TLS' => sub {
    my $redis = Apigw::Redis->new;
    my $gateway = Apigw::Limited->new($redis,
        block => "$trust connect_timeout 300ms;");

    is $gateway->get('a'), '200 local DEGRADED', 'is one that is down';
    $gateway->logged(qr/: (?:TLS failed: |timed out while starting TLS)/,
                     'and is told so');
    is $redis->calls('evalsha'), 0, 'no command was sent';
    $gateway->ends_well;
};


# Accepts, says $words and waits for the other side to close, for ever.
sub talker {
    my ($words) = @_;
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
        LocalPort => Apigw::Redis::free_port(), Listen => 64, ReuseAddr => 1)
        or die "listen: $!";
    my $pid = fork // die "fork: $!";
    return ($pid, '127.0.0.1:' . $listener->sockport) if $pid;

    while (my $client = $listener->accept) {
        my $child = fork // POSIX::_exit(1);
        if ($child == 0) {
            syswrite $client, $words;
            my $in;
            1 while sysread $client, $in, 4096;
            POSIX::_exit(0);
        }
    }

    POSIX::_exit(0);
}

for (['-ERR no TLS here', "-ERR no TLS here\r\n", qr/wrong version number/],
     ['noise', join('', map { chr } 0 .. 255) x 16, qr/SSL: /],
     ['an alert', "\x15\x03\x03\x00\x02\x02\x28", qr/handshake failure/],
     ['a record cut short', "\x16\x03\x03\x10\x00\x02", qr/starting TLS/])
{
    my ($name, $words, $want) = @$_;
    my ($pid, $address) = talker($words);
    my $gateway = Apigw::Limited->new($address,
        block => "$trust connect_timeout 300ms;");

    is $gateway->get('a'), '200 local DEGRADED', "a server that says $name";
    $gateway->logged(qr/redis "main" .*$want/, 'has the reason in the log');
    $gateway->ends_well;
    kill KILL => $pid;
    waitpid $pid, 0;
}


subtest 'a server of something else behind a good certificate' => sub {
    my $gateway = Apigw::Limited->new('127.0.0.1:'
                                      . Apigw::Faulty::port('good'),
        block => "tls on; tls_trusted_certificate $Apigw::Faulty::Dir/ca.pem;");

    is $gateway->get('a'), '200 local DEGRADED', 'is one that is down';
    $gateway->logged(qr/redis "main" .*: server (?:sent an invalid|closed)/,
                     'and is told so');
    $gateway->ends_well;
};


subtest 'a server that hangs in the handshake' => sub {
    my $redis = Apigw::Redis->new(-tls => $here);
    $redis->pause;

    my $gateway = Apigw::Limited->new($redis, block =>
        "$trust connect_timeout 200ms; timeout 10s; reply_timeout 30s;");

    my ($told, $took) = $gateway->timed('a');
    is $told, '200 local DEGRADED', 'is one that is down';
    cmp_ok $took, '<', 0.2 + SLACK, 'after connect_timeout at the latest';

    my @told = map { $gateway->get('a') } 1 .. 20;
    is scalar(grep { $_ ne '200 local DEGRADED' } @told), 0,
        'every request is decided locally';

    sleep 1;
    my @lines = $gateway->log =~ /(timed out while starting TLS)/g;
    is scalar @lines, 1, 'it is told once';

    $redis->resume;
    $gateway->becomes('a', qr/^200 redis PASSED$/, 'resumed, Redis decides');
    $gateway->logged(qr/redis "main" at .*connected again/, 'as the log tells');
    $gateway->ends_well;
};


subtest 'a wait ends at its time while the handshake hangs' => sub {
    my $redis = Apigw::Redis->new;
    my $proxy = Apigw::RedisProxy->new($redis)->mode('deaf');
    my $gateway = Apigw::Limited->new($proxy, on_error => 'deny', block =>
        "$trust connect_timeout 30s; timeout 200ms; reply_timeout 30s;");

    my ($told, $took) = $gateway->timed('a');
    is $told, '503 REJECTED', 'by on_error';
    cmp_ok $took, '<', 0.2 + SLACK, 'in time';
    $gateway->ends_well;
};


subtest 'stopped in its tracks, once connected' => sub {
    my $redis = Apigw::Redis->new(-tls => $here);
    my $gateway = Apigw::Limited->new($redis, block =>
        "$trust timeout 100ms; connect_timeout 30s; reply_timeout 30s;");

    $gateway->becomes('a', qr/redis/, 'Redis decides');
    $redis->pause;
    my ($told, $took) = $gateway->timed('a');
    is $told, '200 local DEGRADED', 'the request is decided locally';
    cmp_ok $took, '<', 0.1 + SLACK, 'in time';
    $redis->resume;
    $gateway->becomes('a', qr/^200 redis PASSED$/, 'resumed, Redis decides');
    $gateway->ends_well;
};


# Passes bytes on to a port, slowly, over a connection that holds few of them.
sub narrow {
    my ($port) = @_;
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
        LocalPort => Apigw::Redis::free_port(), Listen => 8, ReuseAddr => 1)
        or die "listen: $!";
    setsockopt $listener, Socket::SOL_SOCKET, Socket::SO_RCVBUF, 4096;
    setsockopt $listener, Socket::IPPROTO_TCP, Socket::TCP_MAXSEG, 536;

    my $pid = fork // die "fork: $!";
    return ($pid, '127.0.0.1:' . $listener->sockport) if $pid;

    my ($select, %other) = IO::Select->new($listener);

    while (my @ready = $select->can_read) {
        for my $socket (@ready) {
            if ($socket == $listener) {
                my $client = $listener->accept;
                my $server = IO::Socket::INET->new(
                    PeerAddr => '127.0.0.1', PeerPort => $port) or next;
                @other{$client, $server} = ($server, $client);
                $select->add($client, $server);

            } elsif (sysread $socket, my $bytes, 1000) {
                syswrite $other{$socket}, $bytes;
                sleep 0.001;

            } else {
                $select->remove($socket, $other{$socket});
                close delete $other{$other{$socket}};
                close delete $other{$socket};
            }
        }
    }
}

# More than the socket takes at once is written in parts, and the replies come
# in more than one record: each finds its request.
subtest 'a pipeline of a megabyte' => sub {
    my $redis = Apigw::Redis->new(-tls => $here);
    my @policies = map { "p$_" } 1 .. 14;
    my ($pid, $address) = narrow($redis->port);
    my $declared = join "\n", map {
        "apigw_ratelimit_policy $_ key=\$arg_k\$arg_k$_ group=\$arg_k"
        . ' rate=100r/d store=big;' } @policies;

    my $gateway = Apigw::Limited->new($redis, block => $trust, http => <<"END");
    apigw_ratelimit_redis big { server $address; $trust timeout 60s;
                                connect_timeout 30s; breaker failures=1000; }
    $declared
    server {
        listen unix:\@DIR\@/big.sock;
        location / { apigw_ratelimit @policies; empty_gif; }
    }
    upstream big { server unix:\@DIR\@/big.sock; }
END
    my $end = time + 30;
    sleep 0.02 while time < $end
        && $redis->command('CLIENT', 'LIST') !~ /:big .*cmd=script\|load/;

    my $n = 900;
    $gateway->freeze($pid);
    my @sockets = map {
        my $socket = IO::Socket::UNIX->new(Peer => $gateway->dir . '/big.sock')
            or die "connect: $!";
        print $socket "GET /?k=" . ($_ % 60) . " HTTP/1.0\r\n\r\n";
        $socket;
    } 1 .. $n;
    sleep 0.5;
    kill CONT => $pid;

    my %seen;
    for my $socket (@sockets) {
        local $/;
        my $answer = <$socket> // '';
        my ($status) = $answer =~ m{^HTTP/1\.1 (\d+)};
        $seen{$status // 'none'}++;
    }

    is_deeply \%seen, { 200 => $n }, "all of $n pass";
    is scalar @{ $redis->command('KEYS', 'rl:1:*') }, 60 * @policies,
        'each key was written';
    is $redis->calls('evalsha'), $n, 'by one call for each';
    cmp_ok $redis->info('total_net_input_bytes'), '>', 1_000_000,
        'a megabyte came';
    unlike $gateway->log, qr/\[error\]/, 'over one connection';
    $gateway->ends_well;
    kill KILL => $pid;
    waitpid $pid, 0;
};


subtest 'killed and started under load' => sub {
    my $redis = Apigw::Redis->new(-tls => $here);
    my $gateway = Apigw::Limited->new($redis, burst => 1_000_000,
        workers => 2, block => "$trust timeout 100ms; connect_timeout 30s;"
                               . ' reply_timeout 30s;');
    my (%told, $longest);
    $longest = 0;

    for my $round (1 .. 6) {
        for (1 .. 5) {
            my $start = time;
            $told{$_}++ for $gateway->many(map { "k$_" } 1 .. 40);
            my $took = time - $start;
            $longest = $took if $took > $longest;
        }

        $round % 2 ? $redis->stop : $redis->start;
    }

    is join(' ', grep { !/^200 (?:redis PASSED|local DEGRADED)$/ }
            keys %told), '', 'no request fails';
    ok $told{'200 redis PASSED'}, 'Redis decided some';
    ok $told{'200 local DEGRADED'}, 'others were decided locally';
    cmp_ok $longest, '<', 0.1 + 2 * SLACK, 'none waits long';

    $gateway->becomes('a', qr/^200 redis PASSED$/, 'Redis decides at the end');
    $gateway->ends_well;
};


subtest 'a worker is killed, another starts' => sub {
    my $redis = Apigw::Redis->new(-tls => $here);
    my $gateway = Apigw::Limited->new($redis, block => $trust);

    is $gateway->get('a'), '200 redis PASSED', 'Redis decides';
    my ($old) = $gateway->workers;
    kill TERM => $old;
    my $end = time + 20;
    sleep 0.02 while time < $end && grep { $_ == $old } $gateway->workers;
    $gateway->becomes('a', qr/^200 redis PASSED$/, 'for the next one too');
    $gateway->ends_well;
};


done_testing;
