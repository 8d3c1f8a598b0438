# One key fills its share of the table of used proofs and no more; when many
# have filled it, new proofs get 503, and none that was used is forgotten.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Apigw::Dpop;
use IPC::Open2 qw(open2);
use Test::Nginx::Socket 'no_plan';

my $flood = "$Apigw::Token::Dir/dpop_flood";

system("cc -O1 -o $flood $Apigw::Root/t/lib/dpop_flood.c -lcrypto") == 0
    or die 'no dpop_flood';

# Answers of 200, 401 and 503, and the first request.
sub flood {
    my ($keys, $proofs) = @_;

    my $pid = open2(my $out, my $in, $flood,
                    Apigw::port(), $keys, $proofs);

    chomp(my @jkt = map { scalar <$out> } 1 .. $keys);
    print $in map { Apigw::Token::token(claims => { cnf => { jkt => $_ } })
                    . "\n" } @jkt;
    close $in;

    my @counts = split ' ', <$out>;
    my $request = do { local $/; <$out> };
    waitpid $pid, 0;

    return (@counts, $request);
}

our $Zone = 'apigw_auth_zone zone=small:1m;'
            . Apigw::Token::provider('corp', 'dpop_max_age 5m;');

our $Location = q{
    keepalive_requests 100000;
    location /t {
        apigw_auth jwt=corp;
        default_type text/plain;
        alias $TEST_NGINX_TOKEN_DIR/page;
    }
};

Apigw::Token::file('page', "page\n", 0644);

log_level('notice');         # a line for each of thousands says nothing
run_tests();

__DATA__

=== one key fills its share and no more
--- http_config eval: $::Zone
--- config eval: $::Location
--- proofs: Apigw::Dpop::headers()
--- then eval
sub {
    my ($good, $bad, $full) = main::flood(1, 704);

    # a sixteenth of a quarter of 1m, in records of 24 bytes
    Test::More::cmp_ok($good, '>', 600, 'the share');
    Test::More::cmp_ok($good, '<=', 682, 'no more than the share');
    Test::More::is($good + $bad, 704, 'the rest is refused');
    Test::More::is($full, 0, 'the table is not full');

    my $headers = Apigw::Dpop::headers() =~ s/\n/\r\n/gr;
    Test::More::is(Apigw::Auth::status("Host: localhost\r\n$headers"), 200,
                   'another key goes on');
}
--- no_error_log
[alert]
[crit]



=== a full table answers 503 and forgets nothing
--- http_config eval: $::Zone
--- config eval: $::Location
--- proofs: Apigw::Dpop::headers()
--- then eval
sub {
    my ($good, $bad, $full, $request) = main::flood(20, 624);

    Test::More::cmp_ok($good, '>', 8500, 'most of it was filled');
    Test::More::is($bad, 0, 'none was beyond its share');
    Test::More::cmp_ok($full, '>', 0, 'full');

    Test::More::is(Apigw::Auth::logged('[alert]'), 1, 'one alert');
    Test::More::is(Apigw::Auth::logged(
        'the table of used proofs in zone "small" is full'), 1, 'that says so');
    Test::More::cmp_ok(Apigw::Auth::logged('"replay_store_full"'), '>', 0,
                       'with its reason');

    my ($headers) = $request =~ /\r\n(.*)\r\n\r\n/s;
    Test::More::is(Apigw::Auth::status($headers), 401, 'a replay is one');
}
--- no_error_log
[crit]
[emerg]
