package Apigw::Auth;

# What the auth module's test files share:
#
#     use Apigw qw(auth);
#     use Apigw::Auth;              # or qw(echo): a service that echoes
#
# The section "refused" is the reason word that each refused request logs, or a
# list of one for each request.
#
# The section "then" is a sub that runs after the block's first request.
#
# A block without http_config gets the provider "corp" and the key store
# "partners"; one without request gets /t. Every block checks the log for
# alerts. The service answers with the request's head as it received it; its
# address is in $TEST_NGINX_ECHO.

use strict;
use warnings;

use Apigw ();
use Apigw::Token;
use IO::Socket::INET;
use IO::Socket::UNIX;
use Test::More ();
use Test::Nginx::Socket ();

my ($echo, $parent);

our $Config = Apigw::Token::provider('corp')
              . Apigw::Token::key_store('partners');


sub defaults {
    my ($block) = @_;

    $block->set_value('no_error_log', "[alert]\n[crit]\n[emerg]\n")
        unless defined $block->no_error_log || defined $block->must_die;

    return if defined $block->must_die;

    expect_reasons($block) if defined $block->refused;

    $block->set_value('http_config', $Config)
        unless defined $block->http_config;

    $block->set_value('request', "GET /t\n")
        unless defined $block->request || defined $block->raw_request
            || defined $block->pipelined_requests;
}


# The reason of each request: as listed, or the one word for each refused one.
sub expect_reasons {
    my ($block) = @_;
    my $refused = $block->refused;

    if (!ref $refused) {
        chomp $refused;
        my $codes = $block->error_code // 200;
        $refused = [map { $_ >= 400 ? $refused : '' }
                        ref $codes ? @$codes : $codes];
    }

    $block->{apigw_reasons} = $refused;
}


# Test::Nginx compares the log of every request with the same; we do not.
sub check_reasons {
    my ($block, $body, $req_idx) = @_;
    my $expected = $block->{apigw_reasons} or return;

    open my $in, '<', $Test::Nginx::Util::ErrLogFile
        or die "$Test::Nginx::Util::ErrLogFile: $!";
    seek $in, $Test::Nginx::Util::ErrLogFilePos // 0, 0;
    my $log = do { local $/; <$in> // '' };

    my @reasons = $log =~ /apigw_auth: client .*reason "(\w+)"/g;

    Test::More::is("@reasons", $expected->[$req_idx] // '',
                   $block->name . " - reason of request $req_idx");
}


# Puts another file in place, as a rotation does; old enough to be trusted.
sub replace {
    my ($path, $text) = @_;
    my $file = Apigw::Token::file('replacement', $text, 0644);
    my $mtime = time - 60 - int rand 100000;

    utime $mtime, $mtime, $file;
    rename $file, $path or die "$path: $!";
}


# The status of GET /t with a header, on a connection of its own.
sub status {
    my ($header) = @_;
    my $client = IO::Socket::INET->new(
        PeerAddr => '127.0.0.1:' . Apigw::port())
        or return 0;

    print $client "GET /t HTTP/1.0\r\n$header\r\n\r\n";

    return (<$client> // '') =~ m{^HTTP/1\.. (\d+)} ? $1 : 0;
}


# How many lines of the error log have the text.
sub logged {
    my ($text) = @_;

    open my $in, '<', $Test::Nginx::Util::ErrLogFile or return 0;

    return scalar grep { index($_, $text) >= 0 } <$in>;
}


sub wait_for {
    my ($what, $condition) = @_;

    for (1 .. 400) {
        return if $condition->();
        select undef, undef, undef, 0.1;
    }

    Test::More::fail("waited in vain for $what");
}


sub run_then {
    my ($block, $body, $req_idx) = @_;

    $block->then->() if $req_idx == 0 && defined $block->then;
}


sub serve {
    my ($listener) = @_;

    $SIG{TERM} = $SIG{INT} = 'DEFAULT';

    while (my $client = $listener->accept) {
        my $head = '';

        while ($head !~ /\r\n\r\n/ && sysread $client, my $bytes, 65536) {
            $head .= $bytes;
        }

        $head =~ s/\r\n\r\n.*//s;
        $head =~ s/\r//g;
        $head .= "\n";

        my $length = length $head;
        $head = '' if $head =~ /^HEAD /;

        print $client "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                      . "Content-Length: $length\r\nConnection: close\r\n\r\n"
                      . $head;
        close $client;
    }
}


sub start_echo {
    my $path = "$Apigw::Token::Dir/echo.sock";

    my $listener = IO::Socket::UNIX->new(Local => $path, Listen => 16)
        or die "$path: $!";
    chmod 0666, $path;

    $parent = $$;
    $echo = fork // die "fork: $!";

    if ($echo == 0) {
        serve($listener);
        exit 0;
    }

    $ENV{TEST_NGINX_ECHO} = "http://unix:$path:";
}


sub import {
    my ($class, @parts) = @_;

    start_echo() if grep { $_ eq 'echo' } @parts;
    Test::Nginx::Socket::add_block_preprocessor(\&defaults);
    Test::Nginx::Socket::add_response_body_check(\&check_reasons);
    Test::Nginx::Socket::add_response_body_check(\&run_then);
}


END {
    if ($echo && $parent == $$) {
        my $status = $?;
        kill TERM => $echo;
        waitpid $echo, 0;
        $? = $status;
    }
}


1;
