# A client that reads slowly gets all of a long answer; the service waits for
# it meanwhile, and the worker holds no more than it may.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Nginx;
use Apigw::Transform;
use IO::Socket::INET;
use Socket qw(SOL_SOCKET SO_RCVBUF);
use Test::More;

use constant MEMBERS => 400_000;                    # some 6 MB

my $service = "http://$ENV{TEST_NGINX_SERVICE}/";

my $nginx = Apigw::Nginx->new(modules => ['transform'], http => "
    apigw_transform t { json drop /k1; }
    proxy_http_version 1.1;
    proxy_max_temp_file_size 0;
    server {
        listen 127.0.0.1:\@PORT\@ sndbuf=16k;
        location /on/ { apigw_response_transform t; proxy_pass $service; }
        location /off/ {
            apigw_response_transform t;
            proxy_buffering off;
            proxy_pass $service;
        }
        location /postpone/ {
            apigw_response_transform t;
            postpone_output 1m;
            proxy_pass $service;
        }
        location /gzip/ {
            apigw_response_transform t;
            gzip on;
            gzip_types application/json;
            proxy_pass $service;
        }
    }
");

my $expected = '{' . join(',', map { "\"k$_\":$_" } 2 .. MEMBERS) . '}';


sub resident {
    my ($worker) = $nginx->workers;
    open my $in, '<', "/proc/$worker/status" or die;
    return (join '', <$in>) =~ /^VmRSS:\s+(\d+)/m ? $1 : 0;
}


# Reads in steps of any size, for the body is what matters.
sub slowly {
    my ($path) = @_;

    my $socket = IO::Socket::INET->new(Proto => 'tcp') or die;
    setsockopt $socket, SOL_SOCKET, SO_RCVBUF, 4096;
    connect $socket, Socket::pack_sockaddr_in($nginx->port,
        Socket::inet_aton('127.0.0.1')) or die;
    syswrite $socket, "GET $path HTTP/1.0\r\nHost: localhost\r\n\r\n";

    my ($answer, $most) = ('', 0);
    my $reads = 0;

    while (sysread $socket, my $bytes, 3000) {
        $answer .= $bytes;
        if (++$reads % 200 == 0) {
            my $now = resident();
            $most = $now if $now > $most;
        }
    }

    $answer =~ s/\A.*?\r\n\r\n//s;

    return ($answer, $most);
}

slowly("/on/send?object=10");
my $before = resident();

for my $place (qw(on off postpone gzip)) {
    my ($body, $most) = slowly("/$place/send?object=" . MEMBERS);

    ok($body eq $expected, "$place: all of it") or diag(length $body);
    cmp_ok($most - $before, '<', 2048, "$place: memory")
        unless $ENV{APIGW_SLOW};            # sanitizers hold freed memory
}

unlike($nginx->log, qr/\[(alert|crit|emerg|error)\]/, 'log');

done_testing();
