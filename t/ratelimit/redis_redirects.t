# A policy in Redis is charged once per client request, whatever way that takes
# inside and however often it stands still for an answer; what a request sets
# off is free. After a rejection the connection is as usable as ever.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Nginx ();
use Apigw::Redis ();
use IO::Socket::INET;
use Test::More;

my $redis = Apigw::Redis->new;
my $address = $redis->address;

my $nginx = Apigw::Nginx->new(modules => ['ratelimit'],
    files => { page => "page\n",
               'ssi.html' => "a<!--# include virtual=\"/part\" -->b\n",
               'index.html' => "index\n" }, http => <<"CONF");
    apigw_ratelimit_redis main { server $address; timeout 20s; }
    apigw_ratelimit_policy one key=\$arg_k rate=4r/d store=main;
    apigw_ratelimit_policy two key=\$arg_k rate=9r/d store=main;
    apigw_ratelimit_policy early key=\$arg_k rate=9r/d store=main
                           phase=preaccess;
    server {
        listen 127.0.0.1:\@PORT\@;
        root \@DIR\@;
        location = /plain { apigw_ratelimit one early; alias \@DIR\@/page; }
        location = /left { apigw_ratelimit one two early cost=0; empty_gif; }

        location = /error_page {
            apigw_ratelimit one early;
            error_page 404 = /plain;
            alias /none;
        }
        location = /other {
            apigw_ratelimit one early;
            error_page 404 = /two?k=\$arg_k;
            alias /none;
        }
        location = /two { apigw_ratelimit two early; alias \@DIR\@/page; }
        location = /sorry {
            apigw_ratelimit one early;
            error_page 429 /sorry_page;
            alias \@DIR\@/page;
        }
        location = /sorry_page {
            apigw_ratelimit two early one;
            alias \@DIR\@/page;
        }
        location = /try_files {
            apigw_ratelimit one early;
            try_files /none /plain;
        }
        location = /rewrite {
            apigw_ratelimit one early;
            rewrite ^ /plain last;
        }
        location /d/ {
            apigw_ratelimit one early;
            alias \@DIR\@/;
        }
        location = /accel {
            apigw_ratelimit one early;
            proxy_pass http://127.0.0.1:\@PORT\@/service;
        }
        location = /service {
            add_header X-Accel-Redirect /plain?\$args;
            return 200;
        }
        location = /mirror {
            apigw_ratelimit one early;
            mirror /part;
            alias \@DIR\@/page;
        }
        location = /auth_request {
            apigw_ratelimit one early;
            auth_request /empty;
            alias \@DIR\@/page;
        }
        location = /ssi {
            apigw_ratelimit one early;
            ssi on;
            default_type text/html;
            alias \@DIR\@/ssi.html;
        }
        location = /part { apigw_ratelimit one early; alias \@DIR\@/page; }
        location = /empty { apigw_ratelimit one early; empty_gif; }
    }
CONF

sub get { return $nginx->request(GET => $_[0]) }

# What is left of each policy, asked for at no cost.
sub left {
    my (undef, $headers) = get("/left?k=$_[0]");
    return join ' ', map { "$_->[0]:$_->[1]" }
        sort { $a->[0] cmp $b->[0] }
        map { [/"(\w+)";r=(\d+)/] } split /, /, $headers->{ratelimit} // '';
}

for my $way (qw(plain error_page try_files rewrite d/ accel mirror auth_request
                ssi))
{
    my $key = $way =~ s/\W//r;
    my ($status, $headers, $body) = get("/$way?k=$key");
    is $status, 200, "/$way";
    like $body, qr/page|index/, 'answers';
    is left($key), 'early:8 one:3 two:9', 'for one charge each';

    get("/$way?k=$key") for 1 .. 3;
    is +(get("/$way?k=$key"))[0], 429, 'the fifth is refused';
    is left($key), 'early:4 one:0 two:9', 'for the early charge alone';
}

my ($status, $headers) = get('/other?k=o');
is $status, 200, 'a location with another policy';
is left('o'), 'early:8 one:3 two:8', 'charges that too, the others once';

get('/sorry?k=s') for 1 .. 4;
($status, $headers, my $body) = get('/sorry?k=s');
is $status, 429, 'a rejection with a page of its own';
is $body, "page\n", 'which is sent';
like $headers->{'retry-after'}, qr/^\d+$/, 'has Retry-After';
is left('s'), 'early:4 one:0 two:9', 'and the page is free';


# HEAD, bodies that nobody reads, requests in a pipeline: on one connection
my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
    PeerPort => $nginx->port, Timeout => 20) or die "connect: $!";
my $post = "POST /plain?k=h HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"
           . 'hello';

print $socket map({ "GET /plain?k=h HTTP/1.1\r\nHost: x\r\n\r\n" } 1 .. 4),
    "HEAD /plain?k=h HTTP/1.1\r\nHost: x\r\n\r\n", $post, $post,
    "GET /plain?k=i HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
my $text = do { local $/; <$socket> };

is join(' ', $text =~ m{HTTP/1\.1 (\d+)}g), '200 200 200 200 429 429 429 200',
    'a connection goes on after rejections';
is scalar(() = $text =~ /"status":429/g), 2, 'HEAD has no body';

is $nginx->stop, 0, 'ends in order';
unlike $nginx->log, qr/\[(?:alert|crit|emerg)\]/, 'a quiet log';

done_testing();
