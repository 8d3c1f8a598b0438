# cost_after=: what a response turned out to cost is debited after it, into debt
# if need be; bad values are nothing, told and counted.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Metrics ();
use Apigw::Nginx ();
use IO::Socket::INET;
use Test::More;

my $tokens = 'cost_after=$upstream_http_x_tokens';

sub gateway {
    my ($locations, $http) = @_;
    $http //= '';

    return Apigw::Nginx->new(modules => ['ratelimit'],
        files => { page => "page\n" }, http => <<"CONF");
    map \$arg_x \$elsewhere { default ""; 1 /page?k=\$arg_k; }
    map \$status \$failed { default ""; ~^5 1; }
    apigw_ratelimit_policy one key=\$arg_k rate=10r/d;
    apigw_ratelimit_policy two key=\$arg_k rate=20r/d;
    apigw_ratelimit_policy early key=\$arg_k rate=30r/d phase=preaccess;
    $http
    server {
        listen unix:\@DIR\@/service;
        location / {
            add_header X-Tokens \$arg_t always;
            add_header X-Accel-Redirect \$elsewhere;
            if (\$arg_s = 500) { return 500; }
            return 200 ok;
        }
    }
    server {
        listen 127.0.0.1:\@PORT\@;
        location = /left {
            apigw_ratelimit one two early cost=0;
            alias \@DIR\@/page;
        }
        location = /metrics { apigw_ratelimit_metrics; }
        location = /t { apigw_ratelimit one $tokens; proxy_pass http://unix:\@DIR\@/service; }
        $locations
    }
CONF
}

sub left {
    my ($nginx, $k) = @_;
    my (undef, $headers) = $nginx->request(GET => "/left?k=$k");
    my $fields = $headers->{ratelimit} // '';
    return join ' ', map { $fields =~ /"$_";r=(\d+)/ ? "$_=$1" : () }
        qw(one two early);
}

sub status { ($_[0]->request(GET => $_[1]))[0] // 'none' }

sub quiet {
    my ($nginx) = @_;
    is $nginx->stop, 0, 'nginx ends in order';
    is_deeply [grep { /\[(?:alert|crit|emerg)\]/ } split /^/m, $nginx->log],
        [], 'a quiet log';
}

my $up = 'proxy_pass http://unix:@DIR@/service';


subtest 'debits and debts' => sub {
    my $nginx = gateway(<<"CONF");
        location = /post { apigw_ratelimit one cost=0 $tokens; $up; }
        location = /fixed { apigw_ratelimit one cost_after=2; $up; }
        location = /lines {
            apigw_ratelimit one $tokens;
            apigw_ratelimit two;
            $up;
        }
CONF
    is status($nginx, '/t?k=a&t=3'), 200, 'three more';
    is left($nginx, 'a'), 'one=6 two=20 early=30', 'are debited';
    is status($nginx, '/t?k=a'), 200, 'none';
    is left($nginx, 'a'), 'one=5 two=20 early=30', 'is none';
    is status($nginx, '/t?k=a&t=0'), 200, '0';
    is left($nginx, 'a'), 'one=4 two=20 early=30', 'is none';
    is +($nginx->request(HEAD => '/t?k=a&t=1'))[0], 200, 'HEAD';
    is left($nginx, 'a'), 'one=2 two=20 early=30', 'costs the same';

    is status($nginx, '/t?k=a&t=5'), 200, 'more than is left';
    is left($nginx, 'a'), 'one=0 two=20 early=30', 'leaves nothing';
    my ($code, $headers) = $nginx->request(GET => '/t?k=a&t=5');
    is $code, 429, 'a debt';
    # 4 units of debt, and one for the request
    cmp_ok $headers->{'retry-after'}, '<=', 5 * 8640, 'is to be waited for';
    cmp_ok $headers->{'retry-after'}, '>', 4 * 8640, 'all of it';
    (undef, $headers) = $nginx->request(GET => '/t?k=a&t=9');
    cmp_ok $headers->{'retry-after'}, '<=', 5 * 8640,
        'who is rejected owes nothing more';

    is status($nginx, '/t?k=b&t=1000000000'), 200, 'the most there can be';
    (undef, $headers) = $nginx->request(GET => '/t?k=b');
    cmp_ok $headers->{'retry-after'}, '<=', 11 * 8640,
        'is a debt of one burst';
    cmp_ok $headers->{'retry-after'}, '>', 10 * 8640, 'and no less';

    is status($nginx, '/post?k=c&t=4'), 200, 'paid afterwards alone';
    is left($nginx, 'c'), 'one=6 two=20 early=30', 'is debited';
    is status($nginx, '/post?k=c&t=10'), 200, 'while something is left';
    is left($nginx, 'c'), 'one=0 two=20 early=30', 'or not';
    is status($nginx, '/post?k=c&t=10'), 200, 'a cost of 0 passes';

    is status($nginx, '/fixed?k=d'), 200, 'a constant';
    is left($nginx, 'd'), 'one=7 two=20 early=30', 'is debited too';

    is status($nginx, '/lines?k=e&t=4'), 200, 'a line of its own';
    is left($nginx, 'e'), 'one=5 two=19 early=30', 'is for its policies';
    quiet($nginx);
};


subtest 'bad values' => sub {
    my $nginx = gateway('');
    my @bad = ('-1', '1.5', '1e3', 'x', '12345678901234567890', '1000000001',
               '+1', '%201', '0x10', 'a' x 3000);

    for my $bad (@bad) {
        is status($nginx, "/t?k=a&t=$bad"), 200, 'passes: ' . substr $bad, 0, 22;
        $nginx->request(GET => '/left?k=a');
    }
    is left($nginx, 'b'), 'one=10 two=20 early=30', 'another key is whole';
    is status($nginx, '/t?k=a'), 429, 'each cost one, and no more';
    is left($nginx, 'a'), 'one=0 two=20 early=30', 'no debt';

    my @told = $nginx->log =~ /\[error\].*bad (cost_after .*)/g;
    is @told, 1, 'the first is told';
    like $told[0], qr/^cost_after "-1" of policy "one"; .*logged once/,
        'as what it is';
    is(Apigw::Metrics->get($nginx)->value(bad_value_total => policy => 'one'),
       10, 'all are counted');
    quiet($nginx);
};


subtest 'with refunds, in two phases, after redirects' => sub {
    my $nginx = gateway(<<"CONF");
        location = /all {
            apigw_ratelimit one two $tokens;
            apigw_ratelimit_refund when=\$failed;
            $up;
        }
        location = /some {
            apigw_ratelimit one two $tokens;
            apigw_ratelimit_refund when=\$failed two;
            $up;
        }
        location = /phases {
            apigw_ratelimit early one $tokens;
            apigw_ratelimit two cost=\$arg_c;
            $up;
        }
        location = /dry {
            apigw_ratelimit one $tokens;
            apigw_ratelimit_dry_run on;
            $up;
        }
        location = /page { internal; apigw_ratelimit two $tokens; alias \@DIR\@/page; }
        location = /sub {
            apigw_ratelimit one;
            add_before_body /t;
            addition_types *;
            alias \@DIR\@/page;
        }
CONF
    status($nginx, '/all?k=a&t=3');
    is left($nginx, 'a'), 'one=6 two=16 early=30', 'debited where it succeeds';
    status($nginx, '/all?k=a&t=3&s=500');
    is left($nginx, 'a'), 'one=6 two=16 early=30', 'given back where it fails';
    status($nginx, '/some?k=a&t=3&s=500');
    is left($nginx, 'a'), 'one=2 two=16 early=30', 'where it is named';

    status($nginx, '/phases?k=b&t=2&c=1');
    is left($nginx, 'b'), 'one=7 two=19 early=27', 'both phases';
    is status($nginx, '/phases?k=b&t=2&c=30'), 429, 'the second rejects';
    is left($nginx, 'b'), 'one=7 two=19 early=26',
        'no response, no cost after it';

    status($nginx, '/dry?k=c&t=4');
    is left($nginx, 'c'), 'one=5 two=20 early=30', 'dry run debits';
    status($nginx, '/dry?k=c') for 1 .. 5;
    is status($nginx, '/dry?k=c&t=9'), 200, 'what it would reject';
    my (undef, $headers) = $nginx->request(GET => '/t?k=c');
    cmp_ok $headers->{'retry-after'}, '<=', 8640, 'costs nothing';

    is status($nginx, '/t?k=d&t=2&x=1'), 200, 'X-Accel-Redirect';
    is left($nginx, 'd'), 'one=7 two=17 early=30', 'each policy once';

    status($nginx, '/sub?k=e&t=5');
    is left($nginx, 'e'), 'one=9 two=20 early=30', 'a subrequest is free';
    quiet($nginx);
};


subtest 'a flood of debits' => sub {
    my $nginx = gateway('');
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                       PeerPort => $nginx->port);
    print $socket map { "GET /t?k=$_&t=4 HTTP/1.1\r\nHost: a\r\n\r\n" } 1 .. 200;
    my $seen = 0;
    while ($seen < 200 && defined(my $line = <$socket>)) {
        $seen++ if $line =~ m{HTTP/1\.1 200};
    }
    is $seen, 200, 'all are answered';
    is left($nginx, $_), 'one=5 two=20 early=30', "key $_" for 1, 100, 200;
    quiet($nginx);
};


done_testing;
