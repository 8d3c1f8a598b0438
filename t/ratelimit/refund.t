# `apigw_ratelimit_refund`: what was charged goes back after the response, once,
# to the policies named, as the location says that charged.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Nginx ();
use IO::Socket::INET;
use IO::Socket::UNIX;
use Test::More;
use Time::HiRes qw(sleep time);

my $policies = <<'CONF';
    map $status $failed { default ""; ~^5 1; 499 1; 418 0; }
    apigw_ratelimit_policy one key=$arg_k rate=10r/d;
    apigw_ratelimit_policy two key=$arg_k rate=20r/d;
    apigw_ratelimit_policy early key=$arg_k rate=30r/d phase=preaccess;
    apigw_ratelimit_policy shade key=$arg_k rate=5r/d shadow;
CONF

# What a service answers: the status that is asked for.
my $service = <<'CONF';
    server {
        listen unix:@DIR@/service;
        location / {
            if ($arg_s = 500) { return 500; }
            if ($arg_s = 418) { return 418; }
            return 200 ok;
        }
    }
CONF

sub gateway {
    my ($locations, %options) = @_;
    return Apigw::Nginx->new(modules => ['ratelimit'],
        files => { page => "page\n" }, http => <<"CONF");
$policies $service @{[ $options{http} // '' ]}
    server {
        listen 127.0.0.1:\@PORT\@;
        @{[ $options{server} // '' ]}
        location = /left {
            apigw_ratelimit one two early shade cost=0;
            apigw_ratelimit_refund off;
            alias \@DIR\@/page;
        }
        $locations
    }
CONF
}

my $up = 'proxy_pass http://unix:@DIR@/service';

# How much of each policy is left: "one=9 two=19 early=30".
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


subtest 'by the response' => sub {
    my $nginx = gateway(<<"CONF");
        location = /some {
            apigw_ratelimit one two early;
            apigw_ratelimit_refund when=\$failed one early;
            $up;
        }
        location = /all {
            apigw_ratelimit one two early cost=3;
            apigw_ratelimit_refund when=\$failed;
            $up;
        }
        location = /value {
            apigw_ratelimit one;
            apigw_ratelimit_refund one when=\$arg_w;
            $up;
        }
        location = /none { apigw_ratelimit one; $up; }
CONF

    is status($nginx, '/some?k=a'), 200, 'a good answer';
    is left($nginx, 'a'), 'one=9 two=19 early=29', 'costs';
    is status($nginx, '/some?k=a&s=500'), 500, 'a bad one';
    is left($nginx, 'a'), 'one=9 two=18 early=29', 'does not, where named';
    is status($nginx, '/some?k=a&s=418'), 418, 'a third';
    is left($nginx, 'a'), 'one=8 two=17 early=28', 'costs: "0" is no';

    is status($nginx, '/all?k=b'), 200, 'all policies, of another cost';
    is left($nginx, 'b'), 'one=7 two=17 early=27', 'are charged';
    is status($nginx, '/all?k=b&s=500'), 500, 'and a bad answer';
    is left($nginx, 'b'), 'one=7 two=17 early=27', 'gives all back';

    for my $w ('1', '00', 'x', '%20', 'x' x 4000, '%00', '%ff%fe', '-0') {
        status($nginx, "/value?k=c&w=$w");
        is left($nginx, 'c'), 'one=10 two=20 early=30',
            'back for ' . substr $w, 0, 9;
    }
    status($nginx, "/value?k=d&w=$_") for '', '0';
    is left($nginx, 'd'), 'one=8 two=20 early=30', 'not for nothing, or 0';
    status($nginx, '/none?k=d&s=500');
    is left($nginx, 'd'), 'one=7 two=20 early=30', 'nor without the directive';

    for (1 .. 50) {
        $nginx->request(GET => '/value?k=e&w=1');
    }
    is left($nginx, 'e'), 'one=10 two=20 early=30', 'as often as it is taken';
    quiet($nginx);
};


subtest 'rejections give nothing back' => sub {
    my $nginx = gateway(<<"CONF");
        location = /t {
            apigw_ratelimit one two early;
            apigw_ratelimit_refund when=\$arg_w;
            $up;
        }
        location = /dear {
            apigw_ratelimit one two cost=\$arg_c;
            apigw_ratelimit_refund when=\$arg_w;
            $up;
        }
        location = /dry {
            apigw_ratelimit one two;
            apigw_ratelimit_refund when=\$arg_w;
            apigw_ratelimit_dry_run on;
            $up;
        }
        location = /shade {
            apigw_ratelimit shade;
            apigw_ratelimit_refund when=\$arg_w;
            apigw_ratelimit_headers off;
            $up;
        }
CONF
    is status($nginx, '/t?k=a'), 200, 'passed' for 1 .. 10;
    is status($nginx, '/t?k=a&w=1'), 429, 'rejected' for 1 .. 5;
    is left($nginx, 'a'), 'one=0 two=10 early=20',
        'only what an earlier phase had charged goes back';
    is status($nginx, '/t?k=a'), 429, 'rejected, and no refund';
    is left($nginx, 'a'), 'one=0 two=10 early=19', 'which stays so';

    is status($nginx, '/dear?k=b&c=11&w=1'), 429, 'a cost above the limit';
    is left($nginx, 'b'), 'one=10 two=20 early=30', 'neither';
    is status($nginx, '/dear?k=b&c=0&w=1'), 200, 'a cost of 0';
    is left($nginx, 'b'), 'one=10 two=20 early=30', 'has nothing to give';

    is status($nginx, '/dry?k=c'), 200, 'passed in dry run' for 1 .. 4;
    is status($nginx, '/dry?k=c&w=1'), 200, 'passed, and given back';
    is left($nginx, 'c'), 'one=6 two=16 early=30', 'as if enforcing';
    is status($nginx, '/dry?k=c'), 200, 'passed in dry run' for 1 .. 6;
    is status($nginx, '/dry?k=c&w=1'), 200, 'rejected in dry run' for 1 .. 3;
    is left($nginx, 'c'), 'one=0 two=10 early=30', 'nothing goes back';

    status($nginx, '/shade?k=d&w=1') for 1 .. 20;
    unlike $nginx->log, qr/shadow/, 'a shadow gets back';
    status($nginx, '/shade?k=d') for 1 .. 5;
    status($nginx, '/shade?k=d&w=1') for 1 .. 3;
    status($nginx, '/shade?k=d');
    my @denied = $nginx->log =~ /policy "shade".*, shadow/g;
    is @denied, 4, 'what it was charged';
    quiet($nginx);
};


subtest 'redirects and subrequests' => sub {
    my $nginx = gateway(<<"CONF");
        location = /page {
            apigw_ratelimit one;
            apigw_ratelimit_refund when=\$http_w;
            error_page 404 /found;
            alias /none;
        }
        location = /found { alias \@DIR\@/page; }
        location = /both {
            apigw_ratelimit one;
            apigw_ratelimit_refund when=\$arg_w;
            error_page 404 = \@second;
            alias /none;
        }
        location \@second {
            apigw_ratelimit one two;
            apigw_ratelimit_refund when=\$arg_x;
            $up;
        }
        location = /same {
            apigw_ratelimit one;
            error_page 404 = \@refunds;
            alias /none;
        }
        location \@refunds {
            apigw_ratelimit one;
            apigw_ratelimit_refund when=\$arg_w;
            $up;
        }
        location = /sub {
            apigw_ratelimit one;
            apigw_ratelimit_refund when=\$arg_w;
            mirror /limited;
            add_before_body /limited;
            addition_types *;
            alias \@DIR\@/page;
        }
        location = /limited {
            log_subrequest on;
            apigw_ratelimit one two;
            apigw_ratelimit_refund when=\$arg_w;
            $up;
        }
        location = /wait {
            apigw_ratelimit one;
            apigw_ratelimit_refund when=\$failed;
            error_page 500 /found;
            proxy_intercept_errors on;
            $up;
        }
CONF
    # the error page has no arguments
    $nginx->request(GET => '/page?k=a', { W => 1 });
    is left($nginx, 'a'), 'one=10 two=20 early=30',
        'an error page has nothing to say';
    status($nginx, '/page?k=a');
    is left($nginx, 'a'), 'one=9 two=20 early=30', 'it costs without';

    status($nginx, '/both?k=b&w=1');
    is left($nginx, 'b'), 'one=10 two=19 early=30', 'each location its own';
    status($nginx, '/both?k=b&x=1');
    is left($nginx, 'b'), 'one=9 two=19 early=30', 'the second one too';

    status($nginx, '/same?k=c&w=1');
    is left($nginx, 'c'), 'one=9 two=20 early=30',
        'not a location that charged nothing';

    status($nginx, '/sub?k=d&w=1') for 1 .. 3;
    is left($nginx, 'd'), 'one=10 two=20 early=30', 'subrequests take nothing';
    status($nginx, '/sub?k=d') for 1 .. 3;
    is left($nginx, 'd'), 'one=7 two=20 early=30', 'and give nothing';

    # the page is found and sent with 500
    is status($nginx, '/wait?k=e&s=500'), 500, 'a status of the answer';
    is left($nginx, 'e'), 'one=10 two=20 early=30', 'counts in the end';
    quiet($nginx);
};


subtest 'inherited, ended and reloaded' => sub {
    my $http = 'apigw_ratelimit one two; apigw_ratelimit_refund when=$failed;';
    my $nginx = gateway(<<"CONF", http => $http);
        location = /t { $up; }
        location = /off { apigw_ratelimit_refund off; $up; }
        location = /own { apigw_ratelimit_refund when=\$failed two; $up; }
        location = /lines { apigw_ratelimit early; $up; }
        location /if {
            if (\$arg_i) { set \$x 1; }
            $up;
        }
CONF
    status($nginx, "/t?k=a&s=500");
    is left($nginx, 'a'), 'one=10 two=20 early=30', 'from http';
    status($nginx, "/off?k=a&s=500");
    is left($nginx, 'a'), 'one=9 two=19 early=30', 'off';
    status($nginx, "/own?k=a&s=500");
    is left($nginx, 'a'), 'one=8 two=19 early=30', 'its own';
    status($nginx, "/lines?k=a&s=500");
    is left($nginx, 'a'), 'one=8 two=19 early=30', 'with policies of its own';
    status($nginx, "/if?k=a&s=500&i=1");
    is left($nginx, 'a'), 'one=8 two=19 early=30', 'in an if';

    $nginx->{options}{http} =~ s/apigw_ratelimit_refund when=\$failed;//;
    $nginx->write('nginx.conf', $nginx->conf);
    ok $nginx->reload, 'reloaded without';
    status($nginx, "/t?k=a&s=500");
    is left($nginx, 'a'), 'one=7 two=18 early=30', 'it costs';
    quiet($nginx);
};


subtest 'clients that go away' => sub {
    my $nginx = gateway(<<"CONF");
        location = /t {
            apigw_ratelimit one;
            apigw_ratelimit_refund when=\$failed;
            proxy_read_timeout 60s;
            proxy_pass http://unix:\@DIR\@/silent;
        }
CONF
    # a service that takes connections and says nothing
    my $silent = IO::Socket::UNIX->new(Local => $nginx->dir . '/silent',
                                       Listen => 5) or die "listen: $!";
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                       PeerPort => $nginx->port);
    print $socket "GET /t?k=a HTTP/1.1\r\nHost: a\r\n\r\n";
    my $asked = $silent->accept or die;
    is left($nginx, 'a'), 'one=9 two=20 early=30', 'charged';
    close $socket;

    my $end = time + 20;
    sleep 0.01 while time < $end && left($nginx, 'a') !~ /one=10/;
    is left($nginx, 'a'), 'one=10 two=20 early=30', 'given back on 499';
    quiet($nginx);
};


subtest 'HTTP/2' => sub {
    plan skip_all => 'no curl with HTTP/2'
        unless `curl --version 2>/dev/null` =~ /HTTP2/;

    my $nginx = gateway(<<"CONF");
        location = /t {
            apigw_ratelimit one two;
            apigw_ratelimit_refund when=\$failed one;
            $up;
        }
CONF
    $nginx->{options}{http} =~ s/(listen 127.0.0.1:\@PORT\@);/$1;
        listen unix:\@DIR\@\/h2 http2;/;
    $nginx->write('nginx.conf', $nginx->conf);
    ok $nginx->reload, 'reloaded';

    my $curl = 'curl -s -m 20 -o /dev/null -w "%{http_code} " '
               . '--http2-prior-knowledge --unix-socket ' . $nginx->dir . '/h2';
    is `$curl 'http://a/t?k=a'`, '200 ', 'a stream';
    is `$curl 'http://a/t?k=a&s=500'`, '500 ', 'and another';
    is left($nginx, 'a'), 'one=9 two=18 early=30', 'one of them given back';
    quiet($nginx);
};


subtest 'what has nothing to say costs nothing' => sub {
    my $nginx = gateway("location = /t { $up; }");
    is status($nginx, '/t?k=a'), 200, 'no policy, no refund';
    my $bad = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                    PeerPort => $nginx->port);
    print $bad "NONSENSE\r\n\r\n";
    local $/;
    like scalar(<$bad>), qr/400 Bad Request/, 'a request that is none';
    quiet($nginx);
};


done_testing;
