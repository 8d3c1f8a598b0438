# Clients that go away in every state leave nothing behind.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Nginx;
use Apigw::Transform;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);

my $rounds = $ENV{APIGW_SLOW} ? 20 : 100;
my $service = "http://$ENV{TEST_NGINX_SERVICE}/";

my $nginx = Apigw::Nginx->new(modules => ['transform'], http => "
    apigw_transform stream { json drop /k1; }
    apigw_transform whole { json set /x 1; }
    proxy_http_version 1.1;
    client_body_buffer_size 1k;
    apigw_json_max_size 10m;
    server {
        listen 127.0.0.1:\@PORT\@;
        location /request/ {
            apigw_request_transform stream;
            proxy_pass $service;
        }
        location /stream/ {
            apigw_response_transform stream;
            proxy_pass $service;
        }
        location /whole/ {
            apigw_response_transform whole;
            proxy_pass $service;
        }
        location /pass/ {
            apigw_response_transform stream;
            apigw_transform_on_error pass;
            proxy_pass $service;
        }
    }
");


sub settled {
    my ($wanted) = @_;
    my ($worker) = $nginx->workers;
    my $end = time + 30;

    while (time < $end) {
        return 1 if $nginx->descriptors($worker) <= $wanted;
        sleep 0.02;
    }

    diag($nginx->descriptors($worker), " descriptors, wanted $wanted");
    return 0;
}


# Sends text, reads `$read` bytes at least, and goes away.
sub leave {
    my ($text, $read) = @_;

    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $nginx->port) or die;
    syswrite $socket, $text;

    my $answer = '';
    while (length $answer < $read) {
        sysread $socket, $answer, 1000, length $answer or last;
    }

    close $socket;
}


my ($worker) = $nginx->workers;
$nginx->request(GET => '/stream/send?object=10');
ok(settled($nginx->descriptors($worker)), 'at first');
my $open = $nginx->descriptors($worker);

my $head = "Host: localhost\r\nContent-Type: application/json\r\n";

my %cases = (
    'in the body of the request' =>
        ["POST /request/echo HTTP/1.1\r\n${head}Content-Length: 9000\r\n\r\n"
         . '{"a":[' . '1,' x 2000, 0],
    'in the header of the response' =>
        ["GET /stream/send?object=30000 HTTP/1.1\r\n$head\r\n", 1],
    'in a stream' =>
        ["GET /stream/send?object=100000 HTTP/1.1\r\n$head\r\n", 20000],
    'before a whole document' =>
        ["GET /whole/send?object=30000 HTTP/1.1\r\n$head\r\n", 0],
    'in a whole document' =>
        ["GET /whole/send?object=30000 HTTP/1.1\r\n$head\r\n", 5000],
    'while the original is kept' =>
        ["GET /pass/send?object=30000 HTTP/1.1\r\n$head\r\n", 0],
    'at once' =>
        ["GET /stream/send?object=100 HTTP/1.1\r\n$head\r\n", 0],
);

for my $name (sort keys %cases) {
    leave(@{ $cases{$name} }) for 1 .. $rounds;
    ok(settled($open), $name);
}

my ($status, undef, $body) = $nginx->request(GET => '/stream/send?object=3');
is($body, '{"k2":2,"k3":3}', 'and nginx goes on');

is($nginx->stop, 0, 'it ends well');
unlike($nginx->log, qr/\[(alert|crit|emerg)\]|open socket/, 'log');

done_testing();
