# Metrics: each family tells what happened, over all workers, through reloads
# and kills, for any number of policies; only clients of this machine see them.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Metrics ();
use Apigw::Nginx ();
use IO::Socket::INET;
use IO::Socket::UNIX;
use Test::More;
use Time::HiRes qw(sleep time);

# What a server says to a text of ours, until it closes.
sub say_to {
    my ($socket, $text) = @_;
    print $socket $text;
    local $/;
    return scalar(<$socket>) // '';
}

sub quiet {
    my ($nginx, $known) = @_;
    is $nginx->stop, 0, 'nginx ends in order';
    is_deeply [grep { /\[(?:alert|crit|emerg)\]/ && !($known && /$known/) }
               split /^/m, $nginx->log], [], 'a quiet log';
}

my $limits = <<'CONF';
    apigw_ratelimit_zone a:1m;
    apigw_ratelimit_zone b:1m;
    apigw_ratelimit_policy one key=$arg_k rate=$arg_r default=2r/d zone=a;
    apigw_ratelimit_policy two key=all rate=1000r/d cost=$arg_c zone=b;
    apigw_ratelimit_policy shade key=all rate=1r/d shadow zone=a;
    apigw_ratelimit_policy early key=$arg_e rate=1r/d phase=preaccess zone=b;
CONF

my $places = <<'CONF';
        location = /metrics { apigw_ratelimit_metrics; }
        location = /t { apigw_ratelimit one two; empty_gif; }
        location = /dry {
            apigw_ratelimit one two; apigw_ratelimit_dry_run on; empty_gif;
        }
        location = /shade { apigw_ratelimit shade; empty_gif; }
        location = /early { apigw_ratelimit early two; empty_gif; }
CONF


subtest 'what decisions came to' => sub {
    my $nginx = Apigw::Nginx->new(modules => ['ratelimit'], workers => 2,
        http => "$limits server { listen 127.0.0.1:\@PORT\@; $places }");
    my $send = sub { ($nginx->request(GET => $_[0]))[0] };

    my $new = Apigw::Metrics->get($nginx);
    is_deeply $new->faults, [], 'the text is well-formed';
    is_deeply $new->families,
        [qw(adjust_lost_total bad_value_total lease_units
           lock_steals_total requests_total
            source_total zone_entries zone_evictions_total)],
        'the families, without a store';
    is $new->value(requests_total => policy => 'two', result => $_), 0,
        "$_ starts at 0"
        for qw(passed rejected rejected_dry_run rejected_shadow not_charged
               allowed unavailable);
    is $new->value(source_total => policy => 'one', source => $_), 0,
        "so does $_" for qw(local redis deny_cache);
    is $new->value(bad_value_total => policy => 'one'), 0, 'and bad values';
    is $new->value(adjust_lost_total => policy => 'one'), 0, 'and lost ones';
    is $new->value(lock_steals_total => zone => 'b'), 0, 'and stolen locks';

    is_deeply [map { $send->('/t?k=a') } 1 .. 4], [200, 200, 429, 429],
        'two pass, two do not';
    is $send->('/dry?k=a'), 200, 'one does in dry run';
    is_deeply [map { $send->('/shade') } 1 .. 3], [200, 200, 200],
        'a shadow holds back none';
    is_deeply [map { $send->('/early?e=x') } 1 .. 2], [200, 429],
        'one of two passes the first phase';
    is $send->('/t?k='), 200, 'a policy without a key is skipped';
    is $send->('/t?k=b&r=bad&c=-1'), 200, 'bad values';
    is $send->('/t?k=b&r=worse&c=1'), 200, 'and one more';
    is $send->('/t?k=b&r=worse&c='), 429, 'which is known by now';

    my $metrics = Apigw::Metrics->get($nginx);
    is_deeply $metrics->faults, [], 'the text is well-formed';
    is_deeply $metrics->values('requests_total'), {
        'one passed' => 4, 'one rejected' => 3, 'one rejected_dry_run' => 1,
        'two passed' => 6, 'two not_charged' => 4,
        'shade passed' => 1, 'shade rejected_shadow' => 2,
        'early passed' => 1, 'early rejected' => 1,
    }, 'requests_total';
    is_deeply $metrics->values('source_total'), {
        'one local' => 8, 'two local' => 6, 'shade local' => 3,
        'early local' => 2,
    }, 'source_total';

    my $bad = $metrics->values('bad_value_total');
    is $bad->{two}, 1, 'a bad cost each time';
    cmp_ok $bad->{one}, '>=', 2, 'a bad rate when it is parsed';

    is_deeply $metrics->values('zone_entries'), { a => 3, b => 2 },
        'zone_entries';
    quiet($nginx);
};


subtest 'HEAD, other methods, fields' => sub {
    my $nginx = Apigw::Nginx->new(modules => ['ratelimit'], http => <<"CONF");
    $limits
    gzip on; gzip_min_length 1; gzip_types text/plain;
    charset koi8-r; charset_types text/plain;
    server { listen 127.0.0.1:\@PORT\@; $places
             location = /again { rewrite ^ /metrics last; }
             error_page 403 /metrics;
             location = /no { deny all; }
    }
CONF

    my ($status, $headers, $body) = $nginx->request(GET => '/metrics');
    is $status, 200, 'GET';
    is $headers->{'content-type'}, 'text/plain; version=0.0.4; charset=utf-8',
        'its type';
    is $headers->{'cache-control'}, 'no-store', 'not to be kept';
    is $headers->{'content-length'}, length $body, 'its length';

    my ($head, $same, $none) = $nginx->request(HEAD => '/metrics');
    is $head, 200, 'HEAD';
    is $none, '', 'has no body';
    delete @$_{qw(date)} for $headers, $same;
    is_deeply $same, $headers, 'and the fields of GET';

    for my $method (qw(POST PUT DELETE OPTIONS PATCH LOCK BREW)) {
        my ($code, $got) = $nginx->request($method => '/metrics', {}, 'x' x 99);
        is $code, 405, $method;
        is $got->{allow}, 'GET, HEAD', 'what is allowed';
    }

    my ($zipped, $coded) = $nginx->request(GET => '/metrics',
                                           { 'Accept-Encoding' => 'gzip' });
    is $coded->{'content-encoding'}, 'gzip', 'nginx may compress it';

    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                       PeerPort => $nginx->port);
    my $both = say_to($socket,
        "GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345"
        . "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345"
        . "GET /metrics HTTP/1.0\r\nHost: a\r\n\r\n");
    is_deeply [$both =~ /^HTTP\/1\.1 (\d+)/mg], [200, 405, 200],
        'bodies are read away, the connection goes on';

    is +($nginx->request(GET => '/again'))[0], 200, 'after a rewrite';
    my ($page, undef, $text) = $nginx->request(GET => '/no');
    is $page, 403, 'as an error page';
    like $text, qr/^apigw_ratelimit_requests_total/m, 'with its text';
    quiet($nginx);
};


subtest 'the clients that see them' => sub {
    my $nginx = Apigw::Nginx->new(modules => ['ratelimit'], http => <<"CONF");
    $limits
    log_format reject '\$uri \$apigw_reject_module:\$apigw_reject_reason';
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Test-Address;
    server {
        listen 127.0.0.1:\@PORT\@;
        access_log \@DIR\@/access reject;
        $places
        location = /public { apigw_ratelimit_metrics public; }
        location = /plain { apigw_ratelimit_metrics; apigw_ratelimit_error off; }
        location = /page { error_page 403 = \@named; apigw_ratelimit_metrics; }
        location = /limited { apigw_ratelimit one; apigw_ratelimit_metrics; }
        location \@named { return 418; }
    }
    server { listen unix:\@DIR\@/socket; $places }
    server { listen unix:\@DIR\@/proxied proxy_protocol; $places }
CONF
    my $get = sub { $nginx->request(GET => $_[0], $_[1]) };

    is +($get->('/metrics'))[0], 200, 'a loopback address';

    for ('X-Forwarded-For', 'x-real-ip', 'Forwarded', 'VIA') {
        is +($get->('/metrics', { $_ => '127.0.0.1' }))[0], 403,
            "not through a proxy that says $_";
        is +($get->('/metrics', { $_ => '' }))[0], 403, 'though it be empty';
    }

    for (qw(127.0.0.9 ::1 ::ffff:127.1.2.3 unix:)) {
        is +($get->('/metrics', { 'X-Test-Address' => $_ }))[0], 200,
            "for $_ by realip";
    }

    for (qw(192.0.2.1 ::2 ::ffff:192.0.2.1 128.0.0.1 126.255.255.255)) {
        is +($get->('/metrics', { 'X-Test-Address' => $_ }))[0], 403,
            "not for $_ by realip";
    }

    my $remote = { 'X-Test-Address' => '192.0.2.1' };
    my ($status, $headers, $body) = $get->('/metrics', $remote);
    is $headers->{'content-type'}, 'application/problem+json',
        'a problem document';
    is $headers->{'cache-control'}, 'no-store', 'not to be kept';
    like $body, qr/"title":"Forbidden","status":403,.*"reason":"not_local"/,
        'that tells';
    unlike $body, qr/requests_total/, 'and nothing else';

    is +($nginx->request(POST => '/metrics', $remote, 'x'))[0], 403,
        'whatever the method';
    ($status, $headers, $body) = $nginx->request(HEAD => '/metrics', $remote);
    is "$status $body", '403 ', 'HEAD';
    ($status, undef, $body) = $get->('/plain', $remote);
    like "$status $body", qr/^403 <html>/, q{nginx's page};
    is +($get->('/page', $remote))[0], 418, 'an error page';
    is +($get->('/public', $remote))[0], 200, 'public';
    is +($get->('/public', { Via => '1.1 x' }))[0], 200, 'through a proxy too';

    ($status, $headers, $body) = $get->('/limited?k=me', $remote);
    is $status, 403, 'a location with a policy';
    like $headers->{ratelimit}, qr/^"one";r=1;/, 'charges';
    like $body, qr/not_local/, 'before it refuses';
    is +($get->('/limited?k=me'))[0], 200, 'and admits';
    is +($get->('/limited?k=me'))[0], 429, 'until its limit is reached';

    my $ask = "GET /metrics HTTP/1.0\r\nHost: a\r\n\r\n";
    my $unix = sub {
        return say_to(IO::Socket::UNIX->new(
            Peer => $nginx->dir . "/$_[0]") // die($!), $_[1]);
    };
    like $unix->('socket', $ask), qr/^HTTP\/1.1 200/, 'a unix socket';
    like $unix->('proxied', "PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n$ask"),
        qr/^HTTP\/1.1 200/, 'the PROXY protocol, from this machine';
    like $unix->('proxied', "PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\n$ask"),
        qr/^HTTP\/1.1 403/, 'not from another';
    like $unix->('proxied', "PROXY UNKNOWN\r\n$ask"),
        qr/^HTTP\/1.1 403/, 'nor from who knows where';

    open my $in, '<', $nginx->dir . '/access' or die;
    my $log = join '', <$in>;
    like $log, qr{^/metrics ratelimit:not_local$}m, 'the reason in variables';
    like $log, qr{^/public -:-$}m, 'none for who may';
    like $nginx->log, qr/\[info\].*apigw_ratelimit: not_local client/,
        'and in the log';
    quiet($nginx);
};


subtest 'a remote address before realip' => sub {
    my $probe = IO::Socket::INET->new(Proto => 'udp', PeerAddr => '192.0.2.1',
                                      PeerPort => 9);
    my $own = $probe && $probe->sockhost;
    plan skip_all => 'no address but loopback'
        if !$own || $own =~ /^(?:127|0)\./;

    my $nginx = Apigw::Nginx->new(modules => ['ratelimit'], http => <<"CONF");
    $limits
    set_real_ip_from $own;
    real_ip_header X-Test-Address;
    server { listen 127.0.0.1:\@PORT\@; listen $own:\@PORT\@; $places }
CONF
    my $from = sub {
        my $socket = IO::Socket::INET->new(PeerAddr => $_[0],
            PeerPort => $nginx->port) or die "connect: $!";
        return say_to($socket, "GET /metrics HTTP/1.0\r\nHost: a\r\n"
                               . "X-Test-Address: 127.0.0.1\r\n\r\n")
            =~ m{^HTTP/1\.1 (\d+)} ? $1 : 'none';
    };

    is $from->('127.0.0.1'), 200, 'loopback stays so';
    is $from->($own), 403, 'another does not become so';
    quiet($nginx);
};


subtest 'through reloads and with many workers' => sub {
    my $conf = sub {
        my ($rate, @more) = @_;
        return join "\n", '    apigw_ratelimit_zone z:512k;',
            (map { "    apigw_ratelimit_policy $_ key=all rate=$rate;" }
                 'all', @more),
            '    server { listen 127.0.0.1:@PORT@;',
            '        location = /metrics { apigw_ratelimit_metrics; }',
            '        location = /t { apigw_ratelimit all; empty_gif; }',
            (map { "        location = /$_ { apigw_ratelimit $_; empty_gif; }" }
                 @more), '    }';
    };
    my $nginx = Apigw::Nginx->new(modules => ['ratelimit'], workers => 2,
                                  http => $conf->('1000r/d'));
    my $reload = sub {
        $nginx->{options}{http} = $conf->(@_);
        $nginx->write('nginx.conf', $nginx->conf);
        return $nginx->reload;
    };
    my $passed = sub {
        Apigw::Metrics->get($nginx)->values('requests_total');
    };

    $nginx->request(GET => '/t') for 1 .. 20;
    is_deeply $passed->(), { 'all passed' => 20 }, 'two workers are one sum';

    ok $reload->('1000r/d', 'new'), 'reloaded';
    is_deeply $passed->(), { 'all passed' => 20 }, 'the sum stays';
    $nginx->request(GET => "/$_") for 't', 'new';
    is_deeply $passed->(), { 'all passed' => 21, 'new passed' => 1 },
        'and goes on, beside a new policy';

    $nginx->{options}{workers} = 9;
    ok $reload->('1000r/d', 'new'), 'reloaded, with more workers';
    $nginx->request(GET => '/t') for 1 .. 40;
    is_deeply $passed->(), { 'all passed' => 61, 'new passed' => 1 },
        'than have counters of their own';

    for (1 .. 5) {
        kill KILL => ($nginx->workers)[0];
        my $end = time + 20;
        sleep 0.01 while time < $end && $nginx->workers < 9;
        $nginx->request(GET => '/t') for 1 .. 10;
    }
    my $sum = $passed->()->{'all passed'};
    is $sum, 111, 'killed workers leave what they had counted';

    ok $reload->('1000r/d', map { "p$_" } 1 .. 400), 'reloaded, 400 policies';
    like $nginx->log, qr/\[warn\].*zone "z" has no room to count \d+ policies/,
        'more than there is room for, as the log tells';
    $nginx->request(GET => "/p$_") for 1 .. 400;

    my $metrics = Apigw::Metrics->get($nginx);
    is_deeply $metrics->faults, [], 'the text is well-formed';
    my $all = $metrics->values('requests_total');
    is delete $all->{'all passed'}, 111, 'those with room keep it';
    cmp_ok $all->{'true passed'}, '>=', 300, 'the others are one';
    my $total = 0;
    $total += $_ for values %$all;
    is $total, 400, 'nothing is lost';

    ok $reload->('1000r/d', 'last'), 'reloaded, without them';
    $nginx->request(GET => '/last');
    is_deeply $passed->(), { 'all passed' => 111, 'last passed' => 1,
                             'true passed' => $all->{'true passed'} },
        'what went is not told as if it were the new one';
    quiet($nginx, qr/exited on signal 9/);
};


subtest 'a zone for the policies that it has' => sub {
    my $n = $ENV{APIGW_SLOW} ? 1000 : 3000;
    my $nginx = Apigw::Nginx->new(modules => ['ratelimit'], workers => 2,
        http => join "\n", '    apigw_ratelimit_zone z:16m;',
            (map { "    apigw_ratelimit_policy p$_ key=all rate=1r/d;" }
                 1 .. $n),
            '    server { listen 127.0.0.1:@PORT@;',
            '        location = /metrics { apigw_ratelimit_metrics; }',
            "        location = /t { apigw_ratelimit p1 p$n; empty_gif; }",
            '    }');

    $nginx->request(GET => '/t');
    my $metrics = Apigw::Metrics->get($nginx);
    is_deeply $metrics->faults, [], 'a long text is well-formed';
    is_deeply $metrics->values('requests_total'),
        { 'p1 passed' => 1, "p$n passed" => 1 }, 'with all of them';
    quiet($nginx);
};


subtest 'full zones' => sub {
    my $nginx = Apigw::Nginx->new(modules => ['ratelimit'], http => <<'CONF');
    apigw_ratelimit_zone z:512k;
    apigw_ratelimit_policy brief key=$arg_k rate=1000000r/s;
    apigw_ratelimit_policy each key=$arg_k rate=2r/d;
    keepalive_requests 1000000;
    server {
        listen 127.0.0.1:@PORT@;
        location = /metrics { apigw_ratelimit_metrics; }
        location = /brief { apigw_ratelimit brief; empty_gif; }
        location = /each { apigw_ratelimit each; empty_gif; }
    }
CONF
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                       PeerPort => $nginx->port);
    my $flood = sub {
        my ($path, $n) = @_;
        for my $i (1 .. $n / 100) {
            print $socket map { "HEAD $path?k=$i-$_ HTTP/1.1\r\nHost: a\r\n\r\n" }
                1 .. 100;
            my $got = 0;
            while ($got < 100) {
                my $line = <$socket> // die 'closed';
                $got++ if $line eq "\r\n";
            }
        }
    };

    $flood->('/brief', 9000);
    my $metrics = Apigw::Metrics->get($nginx);
    cmp_ok $metrics->value(zone_evictions_total => zone => 'z',
                           live => 'false'), '>', 500, 'idle ones go';
    is $metrics->value(zone_evictions_total => zone => 'z', live => 'true'), 0,
        'none that is in use';

    $flood->('/each', 9000);
    $metrics = Apigw::Metrics->get($nginx);
    cmp_ok $metrics->value(zone_evictions_total => zone => 'z',
                           live => 'true'), '>', 500, 'until they must';
    my $entries = $metrics->value(zone_entries => zone => 'z');
    cmp_ok $entries, '>', 5000, 'the zone is full';
    cmp_ok $entries, '<', 8192, 'and no fuller';
    quiet($nginx, qr/zone "z" is full/);
};


subtest 'nothing to count' => sub {
    my $nginx = Apigw::Nginx->new(modules => ['ratelimit'], http => <<'CONF');
    server {
        listen 127.0.0.1:@PORT@;
        location = /metrics { apigw_ratelimit_metrics; }
    }
CONF
    my ($status, $headers, $body) = $nginx->request(GET => '/metrics');
    is "$status $headers->{'content-length'} <$body>", '200 0 <>',
        'an empty text';
    quiet($nginx);
};


subtest 'one process' => sub {
    my $nginx = Apigw::Nginx->new(modules => ['ratelimit'], http => <<'CONF');
    apigw_ratelimit_policy all key=all rate=10r/d;
    server {
        listen 127.0.0.1:@PORT@;
        location = /metrics { apigw_ratelimit_metrics; }
        location = /t { apigw_ratelimit all; empty_gif; }
    }
CONF
    my $dir = $nginx->dir;
    $nginx->stop;
    $nginx->write('nginx.conf', 'master_process off;' . $nginx->conf);

    # such a process has no children to wait for
    unlink "$dir/error.log";
    defined(my $pid = fork) or die;
    if ($pid == 0) {
        delete $ENV{NGINX};
        exec $nginx->{binary}, '-p', "$dir/", '-c', "$dir/nginx.conf" or die;
    }
    my $passed = sub {
        $nginx->request(GET => '/t');
        return eval {
            Apigw::Metrics->get($nginx)->value(requests_total =>
                policy => 'all', result => 'passed') };
    };
    my $end = time + 20;
    sleep 0.01 while time < $end && !$nginx->request(GET => '/metrics');

    is $passed->(), 1, 'counts';
    is $passed->(), 2, 'and goes on';
    kill QUIT => $pid;
    waitpid $pid, 0;
    is $?, 0, 'ends in order';
};


done_testing();
