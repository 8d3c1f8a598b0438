# Reloads under load: no request fails, counters stay, and neither descriptors
# nor memory of the master grow.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Crossing ();
use Apigw::Nginx ();
use Apigw::Token ();
use Test::More;
use Time::HiRes qw(time);

my $reloads = $ENV{APIGW_SLOW} ? 15 : 50;
my ($name, $value) = split /: /, Apigw::Token::bearer(), 2;

my $http = Apigw::Token::provider('corp') . $Apigw::Crossing::Service
    . <<'CONF';
    apigw_ratelimit_policy plenty key=$apigw_consumer rate=100000r/s;
    apigw_ratelimit_policy scarce key=$arg_key rate=1r/d burst=3;
    apigw_transform out { json drop /secret; }
    server {
        listen 127.0.0.1:@PORT@;
        location / {
            apigw_auth jwt=corp;
            apigw_ratelimit plenty scarce;
            apigw_response_transform out;
            proxy_pass http://unix:@DIR@/service.sock:/;
        }
    }
CONF

my $nginx = Apigw::Nginx->new(modules => [qw(auth ratelimit transform)],
                              workers => 2, http => $http);

is +($nginx->request(GET => '/?key=a', { $name => $value }))[0], 200,
    "call $_ of 3 passes before" for 1, 2;

# Two clients send one request after another, until the pipe closes, and exit
# with 1 at the first that is not answered in full.
pipe my $reader, my $writer or die;
my $counts = $nginx->dir . '/count';
my @clients;

for my $client (1, 2) {
    defined(my $pid = fork) or die;
    if ($pid == 0) {
        close $writer;
        my ($sent, $failed, $ready) = (0, '', '');
        for (;;) {
            vec($ready, fileno $reader, 1) = 1;
            last if select $ready, undef, undef, 0;
            my ($status, undef, $body) =
                $nginx->request(GET => '/', { $name => $value });
            if (($status // 0) != 200 || $body !~ /"n":9007199254740993/
                || $body =~ /secret/)
            {
                $failed = "request $sent: " . ($status // 'no answer');
                last;
            }
            $sent++;
        }
        open my $out, '>', "$counts.$client" or die;
        print $out "$sent $failed\n";
        close $out;
        delete $nginx->{pid};
        require POSIX;
        POSIX::_exit($failed ? 1 : 0);
    }
    push @clients, $pid;
}

close $reader;

my $whole = 0;
my ($descriptors, $memory);
for my $i (1 .. $reloads) {
    $whole += $nginx->reload;
    ($descriptors, $memory) = ($nginx->descriptors, $nginx->resident)
        if $i == 10;
}

is $whole, $reloads, 'each reload replaced the workers';
is $nginx->descriptors, $descriptors, "the master's descriptors stay";
SKIP: {
    skip 'a sanitizer keeps freed memory', 1 if $ENV{APIGW_SLOW};
    cmp_ok $nginx->resident, '<=', $memory * 1.02 + 256,
        "the master's memory stays";
}

close $writer;
for my $client (1, 2) {
    waitpid $clients[$client - 1], 0;
    open my $in, '<', "$counts.$client" or die;
    my ($sent, $failed) = <$in> =~ /(\d+) (.*)/;
    is $failed, '', "client $client: none of its requests failed";
    cmp_ok $sent, '>', $reloads, "client $client sent all the while ($sent)";
}

is +($nginx->request(GET => '/?key=a', { $name => $value }))[0], 200,
    'the third call passes';
is +($nginx->request(GET => '/?key=a', { $name => $value }))[0], 429,
    'the fourth does not: counters outlived the reloads';

is $nginx->stop, 0, 'ends in order';
unlike $nginx->log, qr/\[(alert|crit|emerg)\]/, 'a quiet log';

done_testing();
