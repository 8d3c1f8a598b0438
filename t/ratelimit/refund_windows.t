# Refunds and debits of windows, of every kind: in the zone, in Redis, and in
# the local copy once Redis is gone. What a window owes, it owes to its end;
# what a past one was charged is not given to the next.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Clock ();
use Apigw::Nginx ();
use Apigw::Redis ();
use IO::Socket::INET;
use IO::Socket::UNIX;
use Test::More;
use Time::HiRes qw(sleep time);

my %limits = (
    day    => 'quota=10/d',
    first  => 'quota=10/d align=first',
    month  => 'quota=10/month',
    slide  => 'sliding=10/d',
    strict => 'sliding=10/d strict=4',
    brief  => 'quota=10/2s',
    soon   => 'sliding=10/6s strict=3',
);

sub gateway {
    my ($redis, %more) = @_;
    my $store = $redis ? 'store=main' : '';
    my $block = $redis ? 'apigw_ratelimit_redis main { server '
        . $redis->address . '; connect_timeout 2s; timeout 2s; }' : '';
    my $policies = join '', map {
        "    apigw_ratelimit_policy $_ key=\$arg_k $limits{$_} $store;\n"
    } sort keys %limits;
    my $places = join '', map { <<"CONF" } sort keys %limits;
        location = /$_ {
            apigw_ratelimit $_ cost=\$arg_c cost_after=\$arg_t;
            apigw_ratelimit_refund when=\$arg_w;
            alias \@DIR\@/page;
        }
        location = /held/$_ {
            apigw_ratelimit $_ cost=\$arg_c;
            apigw_ratelimit_refund when=\$arg_w;
            proxy_read_timeout 9d;
            proxy_pass http://unix:\@DIR\@/service;
        }
CONF
    return Apigw::Nginx->new(modules => ['ratelimit'], %more,
        files => { page => "page\n" }, http => <<"CONF");
    $block $policies
    add_header X-Source \$apigw_ratelimit_source always;
    server { listen 127.0.0.1:\@PORT\@; $places }
CONF
}

sub ask {
    my ($nginx, $path) = @_;
    my ($status, $headers) = $nginx->request(GET => $path);
    my ($left) = ($headers->{ratelimit} // '') =~ /;r=(\d+)/;
    return ($status, $left // 'none', $headers);
}

sub left { return (ask($_[0], "/$_[1]?k=$_[2]&c=0"))[1] }

# Away from the end of a day, so that nothing begins anew while we look.
sub midnight {
    my $rest = 86400 - time % 86400;
    sleep $rest + 1 if $rest < 60;
}

sub give_and_take {
    my ($nginx, $kind) = @_;

    ask($nginx, "/$kind?k=a&c=3");
    is left($nginx, $kind, 'a'), 7, "$kind: charged";
    ask($nginx, "/$kind?k=a&c=5&w=1");
    is left($nginx, $kind, 'a'), 7, "$kind: given back";
    ask($nginx, "/$kind?k=a&c=1&w=1") for 1 .. 20;
    is left($nginx, $kind, 'a'), 7, "$kind: as often as it is taken";
    ask($nginx, "/$kind?k=a&t=4");
    is left($nginx, $kind, 'a'), 2, "$kind: debited";
    ask($nginx, "/$kind?k=a&t=4");
    is left($nginx, $kind, 'a'), 0, "$kind: into debt";
    my ($status, undef, $headers) = ask($nginx, "/$kind?k=a&w=1");
    is $status, 429, "$kind: which holds back";
    cmp_ok $headers->{'retry-after'}, '>', 60, "$kind: for a while";
    is left($nginx, $kind, 'a'), 0, "$kind: a rejection gives nothing back";

    ask($nginx, "/$kind?k=b&t=1000000000") for 1 .. 3;
    is left($nginx, $kind, 'b'), 0, "$kind: the most there can be";
    is left($nginx, $kind, 'c'), 10, "$kind: no other key's matter";
}


subtest 'in the zone' => sub {
    midnight();
    my $nginx = gateway();
    give_and_take($nginx, $_) for qw(day first month slide strict);
    is $nginx->stop, 0, 'nginx ends in order';
    unlike $nginx->log, qr/\[(?:alert|crit|emerg)\]/, 'a quiet log';
};


subtest 'in Redis, and in the copy after it' => sub {
    midnight();
    my $redis = Apigw::Redis->new;
    my $nginx = gateway($redis);
    my $end = time + 20;
    sleep 0.02 while time < $end
        && ((ask($nginx, '/day?k=warm&c=0'))[2]{'x-source'} // '') ne 'redis';

    give_and_take($nginx, $_) for qw(day first month slide strict);

    for my $kind (qw(day first month slide strict)) {
        ask($nginx, "/$kind?k=d&c=2");
        ask($nginx, "/$kind?k=d&c=3&w=1") for 1 .. 3;
        ask($nginx, "/$kind?k=d&t=1");
    }

    $redis->stop;
    $end = time + 20;
    sleep 0.02 while time < $end
        && ((ask($nginx, '/day?k=warm&c=0'))[2]{'x-source'} // '') ne 'local';

    for my $kind (qw(day first month slide strict)) {
        is left($nginx, $kind, 'd'), 6, "$kind: the copy knows";
        is left($nginx, $kind, 'a'), 0, "$kind: of debts too";
    }

    is $nginx->stop, 0, 'nginx ends in order';
    unlike $nginx->log, qr/\[(?:alert|crit|emerg)\]/, 'a quiet log';
};


subtest 'windows that are over' => sub {
    my $nginx = gateway();

    # the debt ends with the window
    ask($nginx, '/brief?k=a&t=1000');
    my $end = time + 20;
    sleep 0.05 while time < $end && left($nginx, 'brief', 'a') ne 10;
    is left($nginx, 'brief', 'a'), 10, 'a window begins without a debt';

    # strict: the parts in debt go one by one
    ask($nginx, '/soon?k=a&t=1000');
    is left($nginx, 'soon', 'a'), 0, 'a debt in one part';
    $end = time + 30;
    sleep 0.05 while time < $end && left($nginx, 'soon', 'a') ne 10;
    is left($nginx, 'soon', 'a'), 10, 'goes with it';

    is $nginx->stop, 0, 'nginx ends in order';
    unlike $nginx->log, qr/\[(?:alert|crit|emerg)\]/, 'a quiet log';
};


# A request is charged, the clock goes on, and then it is given back.
for my $where ('the zone', 'Redis') {
    subtest "windows that go on meanwhile, in $where" => sub {
        my $clock = Apigw::Clock->new('2028-02-28 12:00:00');
        my $redis = $where eq 'Redis' && Apigw::Redis->new(-clock => $clock);
        my $nginx = gateway($redis, clock => $clock);
        my $service = IO::Socket::UNIX->new(Local => $nginx->dir . '/service',
                                            Listen => 20) or die "listen: $!";
        my (%held, %asked);

        for my $kind (qw(day first month slide strict)) {
            $held{$kind} = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                PeerPort => $nginx->port) or die "connect: $!";
            print { $held{$kind} }
                "GET /held/$kind?k=a&c=8&w=1 HTTP/1.0\r\n\r\n";
            my $asked = $asked{$kind} = $service->accept or die "accept: $!";
            my $request = '';
            while ($request !~ /\r\n\r\n\z/) {
                sysread $asked, $request, 4096, length $request or die;
            }
            is left($nginx, $kind, 'a'), 2, "$kind: charged";
        }

        # one more day: another window, but for the month; half of the day
        # before still counts in `slide`, all of it in `strict`, for a moment
        $clock->forward(86400 - 3600);

        my %before = map { $_ => left($nginx, $_, 'a') } keys %held;
        is $before{day}, 10, 'day: a new window';
        is $before{month}, 2, 'month: the same';
        is $before{strict}, 2, 'strict: the same';

        for my $kind (sort keys %held) {
            ask($nginx, "/$kind?k=a&c=2");
            print { $asked{$kind} } "HTTP/1.0 200 OK\r\n\r\nok";
            close $asked{$kind};
            local $/;
            like readline $held{$kind}, qr{^HTTP/1\.1 200}, "$kind: answered";
        }

        is left($nginx, day => 'a'), 8, 'day: nothing for the next window';
        is left($nginx, first => 'a'), 8, 'first: its window goes on';
        is left($nginx, month => 'a'), 8, 'month: given back';
        is left($nginx, slide => 'a'), 8, 'slide: out of the bucket before';
        is left($nginx, strict => 'a'), 8, 'strict: out of an older part';

        is $nginx->stop, 0, 'nginx ends in order';
        unlike $nginx->log, qr/\[(?:alert|crit|emerg)\]/, 'a quiet log';
    };
}


done_testing;
