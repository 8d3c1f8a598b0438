package Apigw::Bearer;

# Clients with tokens that may wait long for their answers, and patience:
#
#     my $socket = open_request($nginx, $token);        GET /t, Apigw::Nginx
#     my $status = status_of($socket);                  0: it ended without one
#     wait_for('three fetches', sub { fetches() == 3 });        a test

use strict;
use warnings;

use Exporter qw(import);
use IO::Socket::INET;
use Test::More ();
use Time::HiRes qw(sleep time);

use constant LONG => 30;        # seconds for what should take a moment

our @EXPORT = qw(connect_to open_request send_request status_of wait_for);

sub connect_to {
    my ($nginx) = @_;
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $nginx->port) // die "connect: $!";
}

sub open_request {
    my ($nginx, $token) = @_;
    return send_request(connect_to($nginx), $token);
}

sub send_request {
    my ($socket, $token) = @_;
    print $socket "GET /t HTTP/1.1\r\nHost: localhost\r\n"
                  . "Connection: close\r\nAuthorization: Bearer $token\r\n\r\n";
    return $socket;
}

sub status_of {
    my ($socket) = @_;
    my $line = <$socket> // '';
    close $socket;
    return $line =~ m{^HTTP/1\.1 (\d+)} ? $1 : 0;
}

sub wait_for {
    my ($what, $check) = @_;
    my $end = time + LONG;

    while (time < $end) {
        return Test::More::pass($what) if $check->();
        sleep 0.02;
    }

    Test::More::fail($what);
}

1;
