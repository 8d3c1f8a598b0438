# Refunds and debits of policies in Redis: adjusted after the response, many of
# a turn at once, followed by the local copy; never waited for, never repeated,
# and counted where they are lost.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Limited ();
use Apigw::Metrics ();
use Apigw::Nginx ();
use Apigw::Redis ();
use IO::Socket::INET;
use IO::Socket::UNIX;
use Test::More;
use Time::HiRes qw(sleep time);

# `one` is 10 a day in Redis, `here` the same in the zone.
sub gateway {
    my ($redis, %options) = @_;
    my $address = $redis->address;
    my $block = $options{block} // 'timeout 2s; reply_timeout 2s;';
    my $more = $options{more} // '';

    my $self = Apigw::Nginx->new(modules => ['ratelimit'],
        files => { page => "page\n" }, http => <<"CONF");
    apigw_ratelimit_redis main {
        server $address; connect_timeout 2s; $block
    }
    apigw_ratelimit_policy one key=\$arg_k rate=10r/d store=main $more;
    apigw_ratelimit_policy here key=\$arg_k rate=10r/d;
    apigw_ratelimit_policy early key=\$arg_k rate=10r/d store=main $more
                           phase=preaccess;
    apigw_ratelimit_policy small key=\$arg_k rate=2r/d store=main $more;
    add_header X-Source \$apigw_ratelimit_source always;
    server {
        listen 127.0.0.1:\@PORT\@ backlog=1024;
        location = /metrics { apigw_ratelimit_metrics; }
        location = /page { alias \@DIR\@/page; }
        location = /left { apigw_ratelimit one here early cost=0; alias \@DIR\@/page; }
        location = /t {
            apigw_ratelimit one cost_after=\$arg_t;
            apigw_ratelimit_refund when=\$arg_w;
            alias \@DIR\@/page;
        }
        location = /all {
            apigw_ratelimit one here early cost_after=\$arg_t;
            apigw_ratelimit_refund when=\$arg_w;
            alias \@DIR\@/page;
        }
        location = /small {
            apigw_ratelimit early one small;
            apigw_ratelimit_refund when=\$arg_w;
            alias \@DIR\@/page;
        }
        location = /held {
            apigw_ratelimit one cost_after=\$arg_t;
            apigw_ratelimit_refund when=\$arg_w;
            proxy_pass http://unix:\@DIR\@/service;
        }
    }
CONF
    bless $self, 'Apigw::Limited';

    my $end = time + 20;
    sleep 0.02 while time < $end
        && (($self->request(GET => '/left?k=warm'))[1]{'x-source'} // '')
           ne 'redis';
    return $self;
}

sub left {
    my ($nginx, $k) = @_;
    my (undef, $headers) = $nginx->request(GET => "/left?k=$k");
    my $fields = $headers->{ratelimit} // '';
    return join ' ', map { $fields =~ /"$_";r=(\d+)/ ? "$_=$1" : () }
        qw(one here early);
}

sub status { ($_[0]->request(GET => $_[1]))[0] // 'none' }

sub lost {
    my ($nginx, $policy) = @_;
    return Apigw::Metrics->get($nginx)->value(adjust_lost_total =>
        policy => $policy // 'one');
}

sub commands {
    return Apigw::Metrics->get($_[0])->value(redis_commands_total =>
        store => 'main');
}

# Waits for a number, which comes a moment later.
sub becomes {
    my ($want, $name, $get) = @_;
    my $got;
    for (my $end = time + 20; time < $end; sleep 0.02) {
        last if ($got = $get->()) eq $want;
    }
    is $got, $want, $name;
}

# A request whose answer the test holds back; to be released with ->().
sub held {
    my ($nginx, $path) = @_;
    $nginx->{service} //= IO::Socket::UNIX->new(
        Local => $nginx->dir . '/service', Listen => 50) or die "listen: $!";
    my $client = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                       PeerPort => $nginx->port) or die;
    print $client "GET $path HTTP/1.0\r\n\r\n";
    my $asked = $nginx->{service}->accept or die "accept: $!";
    my $request = '';
    while ($request !~ /\r\n\r\n\z/) {
        sysread $asked, $request, 4096, length $request or die 'closed';
    }

    return sub {
        print $asked "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok";
        close $asked;
        local $/;
        return (<$client> // '') =~ m{^HTTP/1\.1 (\d+)} ? $1 : 'none';
    };
}


subtest 'back and forth' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = gateway($redis);

    is status($nginx, '/t?k=a'), 200, 'a request';
    is left($nginx, 'a'), 'one=9 here=10 early=10', 'costs';
    my ($key) = grep { /:one:/ } @{ $redis->command('KEYS', '*') };
    my $tat = $redis->command('GET', $key);

    is status($nginx, '/t?k=a&w=1'), 200, 'another one';
    is left($nginx, 'a'), 'one=9 here=10 early=10', 'is given back';
    is $redis->command('GET', $key), $tat, 'to the tick';
    cmp_ok $redis->command('PTTL', $key), '>', 0, 'the key expires';

    is status($nginx, '/t?k=a&t=3'), 200, 'one with three more';
    is left($nginx, 'a'), 'one=5 here=10 early=10', 'costs four';
    is status($nginx, '/t?k=a&t=8'), 200, 'one with more than is left';
    is left($nginx, 'a'), 'one=0 here=10 early=10', 'makes a debt';
    is status($nginx, '/t?k=a&t=8'), 429, 'which holds back';
    cmp_ok $redis->command('PTTL', $key), '>', 86400_000,
        'and is kept until it is paid';

    is status($nginx, '/all?k=b&t=2'), 200, 'two phases, two places';
    is left($nginx, 'b'), 'one=7 here=7 early=7', 'are debited';
    is status($nginx, '/all?k=b&t=2&w=1'), 200, 'or';
    is left($nginx, 'b'), 'one=7 here=7 early=7', 'given back';

    is status($nginx, '/small?k=c'), 200, 'small' for 1 .. 2;
    is status($nginx, '/small?k=c&w=1'), 429, 'the second phase rejects';
    is left($nginx, 'c'), 'one=8 here=10 early=8', 'the first is given back';
    is status($nginx, '/small?k=c'), 429, 'rejected without';
    is left($nginx, 'c'), 'one=8 here=10 early=7', 'it is not';

    $redis->command('SCRIPT', 'FLUSH');
    my $release = held($nginx, '/held?k=d&w=1');
    $redis->command('SCRIPT', 'FLUSH');
    is $release->(), 200, 'a script that is gone meanwhile';
    is left($nginx, 'd'), 'one=10 here=10 early=10', 'is sent again';

    is lost($nginx), 0, 'nothing is lost';
    $nginx->ends_well;
};


subtest 'an adjustment of a key that is gone' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = gateway($redis);

    my $release = held($nginx, '/held?k=a&w=1');
    $redis->command('FLUSHALL');
    is $release->(), 200, 'the key is gone';
    is left($nginx, 'a'), 'one=10 here=10 early=10', 'nothing to give back';
    is_deeply $redis->command('KEYS', '*'), [], 'no key comes of it';

    $release = held($nginx, '/held?k=a&t=4');
    $redis->command('FLUSHALL');
    is $release->(), 200, 'the key is gone';
    is left($nginx, 'a'), 'one=6 here=10 early=10', 'a debit makes it';

    # a value that is none of ours
    $release = held($nginx, '/held?k=b&w=1');
    $redis->command('SET', $_, 'x' x 100)
        for grep { /:one:/ } @{ $redis->command('KEYS', '*') };
    is $release->(), 200, 'a value that is no state';
    is left($nginx, 'b'), 'one=10 here=10 early=10', 'counts as none';
    is lost($nginx), 0, 'nothing is lost';
    $nginx->ends_well;
};


subtest 'many of one turn are one command' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = gateway($redis);
    my ($pid) = $nginx->workers;

    # ten requests that end in one turn, as Redis answers all of them at once
    my $storm = sub {
        my ($path) = @_;
        # whose connections are read in one turn, as they are there already
        my @clients = map {
            my $c = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                PeerPort => $nginx->port) or die;
            print $c "GET /page HTTP/1.1\r\nHost: a\r\n\r\n";
            my $answer = '';
            while ($answer !~ /page\n\z/) {
                sysread $c, $answer, 4096, length $answer or die 'closed';
            }
            $c;
        } 1 .. 10;
        my $before = commands($nginx);
        $nginx->freeze($pid);
        print $_ "GET $path HTTP/1.0\r\n\r\n" for @clients;
        kill CONT => $pid;
        local $/;
        my $good = grep { (readline($_) // '') =~ m{^HTTP/1\.1 200} } @clients;
        return "$good in " . (commands($nginx) - $before);
    };

    is $storm->('/t?k=a&w=1'), '10 in 2', 'ten takes, ten refunds';
    is left($nginx, 'a'), 'one=10 here=10 early=10', 'all is given back';
    is $storm->('/t?k=a&t=0'), '10 in 1', 'ten takes alone';
    is left($nginx, 'a'), 'one=0 here=10 early=10', 'all is gone';
    is $storm->('/t?k=b&t=1'), '10 in 2', 'ten takes, ten debits';
    my (undef, $headers) = $nginx->request(GET => '/t?k=b');
    cmp_ok $headers->{'retry-after'}, '>', 10 * 8640, 'are twenty units';
    cmp_ok $headers->{'retry-after'}, '<=', 11 * 8640, 'no more';
    is lost($nginx), 0, 'nothing is lost';
    $nginx->ends_well;
};


subtest 'the local copy follows' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = gateway($redis);

    status($nginx, '/t?k=a') for 1 .. 2;
    status($nginx, '/t?k=a&w=1') for 1 .. 4;
    status($nginx, '/t?k=b&t=4');
    status($nginx, '/t?k=c&t=30');
    left($nginx, 'c');          # Redis has answered all that went before

    $redis->stop;
    sleep 0.01 while (($nginx->request(GET => '/left?k=x'))[1]{'x-source'})
                     eq 'redis';

    is left($nginx, 'a'), 'one=8 here=10 early=10', 'refunds';
    is left($nginx, 'b'), 'one=5 here=10 early=10', 'debits';
    is left($nginx, 'c'), 'one=0 here=10 early=10', 'debts';
    is status($nginx, '/t?k=c'), 429, 'that hold back';

    is status($nginx, '/t?k=a&w=1'), 200, 'in the outage';
    is left($nginx, 'a'), 'one=8 here=10 early=10', 'refunds';
    is status($nginx, '/t?k=a&t=2'), 200, 'in the outage';
    is left($nginx, 'a'), 'one=5 here=10 early=10', 'and debits go on';
    is lost($nginx), 1, 'of that, Redis was owed the debit alone';

    $redis->start;
    becomes('one=10 here=10 early=10', 'Redis knows nothing of it',
            sub { left($nginx, 'a') });
    $nginx->ends_well;
};


subtest 'the copy of a share' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = gateway($redis, more => 'share=0.5');

    # the copy has room for five: three of the eight are not charged there
    status($nginx, '/t?k=a') for 1 .. 4;
    status($nginx, '/t?k=a&w=1') for 1 .. 4;
    status($nginx, '/t?k=a') for 1 .. 3;
    status($nginx, '/t?k=a&w=1') for 1 .. 2;
    is left($nginx, 'a'), 'one=3 here=10 early=10', 'Redis has all back';
    $redis->stop;
    sleep 0.01 while (($nginx->request(GET => '/left?k=x'))[1]{'x-source'})
                     eq 'redis';
    is left($nginx, 'a'), 'one=0 here=10 early=5',
        'the copy no more than it gave';
    $nginx->ends_well;
};


subtest 'Redis dies before the adjustment' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = gateway($redis);

    my @held = (held($nginx, '/held?k=a&w=1'), held($nginx, '/held?k=b&t=3'),
                held($nginx, '/held?k=c'));
    $redis->stop;
    becomes('local', 'it is gone',
            sub { ($nginx->request(GET => '/left?k=x'))[1]{'x-source'} });

    is $_->(), 200, 'answered' for @held;
    becomes(2, 'two are lost', sub { lost($nginx) });
    is lost($nginx, 'early'), 0, 'of their policy';
    is left($nginx, 'a'), 'one=10 here=10 early=10', 'the copy has the one';
    is left($nginx, 'b'), 'one=6 here=10 early=10', 'and the other';

    $redis->start;
    becomes('redis', 'it is there again',
            sub { ($nginx->request(GET => '/left?k=x'))[1]{'x-source'} });
    is left($nginx, 'b'), 'one=10 here=10 early=10', 'nothing is repeated';
    is lost($nginx), 2, 'two are lost';
    $nginx->ends_well;
};


subtest 'Redis stands still' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = gateway($redis, block => 'timeout 1s; reply_timeout 60s;');

    my @held = (held($nginx, '/held?k=a&w=1'), held($nginx, '/held?k=b&t=3'));
    $redis->pause;
    my $start = time;
    is $_->(), 200, 'answered' for @held;
    cmp_ok time - $start, '<', 1 + 30, 'without a wait';
    becomes(2, 'no answer in time: they may be lost', sub { lost($nginx) });
    $redis->resume;
    becomes('one=10 here=10 early=10', 'but were not',
            sub { left($nginx, 'a') });
    is left($nginx, 'b'), 'one=6 here=10 early=10', 'neither was';
    is lost($nginx), 2, 'and are not sent again';
    $nginx->ends_well;
};


subtest 'Redis refuses' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = gateway($redis);

    my @held = (held($nginx, '/held?k=a&w=1'), held($nginx, '/held?k=b&t=3'));
    $redis->command('CONFIG', 'SET', 'maxmemory', 1);
    is $_->(), 200, 'answered' for @held;
    becomes(2, 'both are lost', sub { lost($nginx) });
    $redis->command('CONFIG', 'SET', 'maxmemory', 0);
    is left($nginx, 'a'), 'one=9 here=10 early=10', 'the charge stands';
    $nginx->ends_well;
};


subtest 'clients that go away while Redis is asked' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = gateway($redis, block => 'timeout 30s; reply_timeout 60s;');

    my $before = commands($nginx);
    $redis->pause;
    my @clients = map {
        my $c = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                      PeerPort => $nginx->port) or die;
        print $c "GET /t?k=a&w=1&t=5 HTTP/1.0\r\n\r\n";
        $c;
    } 1 .. 5;
    my $end = time + 20;
    sleep 0.01 while time < $end && commands($nginx) == $before;
    close $_ for @clients;
    sleep 0.05;
    $redis->resume;
    like left($nginx, 'a'), qr/^one=(?:[5-9]|10) here=10 early=10$/,
        'what was sent stays';
    is lost($nginx), 0, 'nothing is adjusted';
    $nginx->ends_well;
};


subtest 'a worker that ends' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = gateway($redis);

    my @held = map { held($nginx, "/held?k=$_&w=1") } 'a' .. 'e';
    kill HUP => $nginx->pid;
    my $end = time + 20;
    sleep 0.01 while time < $end && $nginx->workers < 2;
    is $_->(), 200, 'answered by the old worker' for @held;
    $end = time + 20;
    sleep 0.01 while time < $end && $nginx->workers > 1;
    is left($nginx, $_), 'one=10 here=10 early=10', "given back: $_"
        for 'a' .. 'e';
    is lost($nginx), 0, 'nothing is lost';
    $nginx->ends_well;
};


done_testing;
