package Apigw::Faulty;

# Starts t/lib/faulty_server.py for a test file, which says what it can do:
#
#     use Apigw::Faulty qw(good expired);      # its HTTPS ports, if any
#
#     Apigw::Faulty::url('/drip')              http://127.0.0.1:PORT/drip
#     Apigw::Faulty::url('/ok', 'good')        https://localhost:PORT/ok
#     Apigw::Faulty::document($text)           what it answers with
#     Apigw::Faulty::script('keys', '/ok', '/empty')
#     Apigw::Faulty::answers('tokens', $text, ...) a script of documents
#     Apigw::Faulty::gate('open')              /gate answers; or 'shut'
#     Apigw::Faulty::requests()                what it was asked, as hashes
#     Apigw::Faulty::connections('http')       how many it accepted
#     Apigw::Faulty::forget()                  both begin anew
#
# Certificates, made by the openssl command in $Apigw::Faulty::Dir: ca.pem
# issued "good", "expired", "wrong" (another host), "named" (idp.example),
# "mutual" and, for clients, "client" and "other"; "selfsigned" is its own
# issuer. The server ends with the file: its standard input is a pipe from this
# process.

use strict;
use warnings;

use Apigw ();
use Apigw::Certificate ();
use File::Basename qw(dirname);
use File::Temp ();
use IO::Socket::INET;
use IPC::Open2 qw(open2);
use JSON::PP ();

our $Dir = File::Temp->newdir('faultyXXXXXX', DIR => "$Apigw::Build/t",
                              CLEANUP => 1);
chmod 0755, $Dir;

# Test files print these into configurations.
$ENV{TEST_NGINX_FAULTY_DIR} = "$Dir";

my ($pid, $out, $in, $ports, $ca);

my $here = 'DNS:localhost,IP:127.0.0.1';

my %names = (
    good => $here, expired => $here, mutual => $here,
    selfsigned => $here, client => 'DNS:client', other => 'DNS:other',
    wrong => 'DNS:other.example',
    named => 'DNS:idp.example',
);


sub certificate {
    my ($name) = @_;

    $ca //= Apigw::Certificate->new($Dir);
    return if $name eq 'ca';

    exists $names{$name} or die "no certificate \"$name\"";

    if ($name eq 'selfsigned') {
        $ca->selfsigned($name, $names{$name});

    } else {
        $ca->issue($name, $names{$name}, $name eq 'expired' ? -1 : 30);
    }
}


sub import {
    my ($class, @tls) = @_;

    return if $pid;

    certificate($_) for @tls ? ('client', @tls) : ();

    $pid = open2($out, $in, 'python3',
                 dirname(__FILE__) . '/../faulty_server.py', "$Dir", @tls);
    $ports = JSON::PP::decode_json(
        <$out> // die "faulty_server.py did not start\n");
}


sub port {
    my ($name) = @_;
    return $ports->{$name} // die "no port \"$name\"";
}


sub url {
    my ($uri, $port, $host) = @_;

    $port //= 'http';
    $host //= $port eq 'http' ? '127.0.0.1' : 'localhost';

    return ($port eq 'http' ? 'http' : 'https') . "://$host:" . port($port)
           . $uri;
}


# The body of what the control port answers.
sub control {
    my ($method, $uri, $body) = @_;
    $body //= '';

    my $client = IO::Socket::INET->new(
        PeerAddr => '127.0.0.1:' . port('control')) or die "control port: $!";

    print $client "$method /_/$uri HTTP/1.1\r\nContent-Length: "
                  . length($body) . "\r\n\r\n$body";

    my ($status, $length) = (<$client> // '', 0);
    $status =~ / 200 / or die "control port: $method $uri: $status";

    while ((my $line = <$client>) ne "\r\n") {
        $length = $1 if $line =~ /^Content-Length: (\d+)/;
    }

    my $answer = '';
    read $client, $answer, $length;

    return $answer;
}


sub document {
    control('PUT', 'document', $_[0]);
}


sub script {
    my ($name, @uris) = @_;
    control('PUT', "script/$name", join "\n", @uris);
}


sub answers {
    my ($name, @texts) = @_;
    script($name, map {
        '/ok?body=' . s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger
    } @texts);
}


sub gate {
    control('PUT', 'gate', $_[0]);
}


sub requests {
    return @{JSON::PP::decode_json(control('GET', 'log'))};
}


sub connections {
    my ($name) = @_;
    return JSON::PP::decode_json(control('GET', 'connections'))->{$name} // 0;
}


sub forget {
    control('DELETE', 'log');
}


END {
    my $status = $?;
    if ($pid) {
        close $in;
        waitpid $pid, 0;
    }
    $? = $status;
}

1;
