# A proof is good once: on every worker, after a reload, for each key.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Apigw::Dpop;
use Test::Nginx::Socket 'no_plan';

our $Location = q{
    location /t {
        apigw_auth jwt=corp;
        add_header X-Pid $pid always;
        default_type text/plain;
        alias $TEST_NGINX_TOKEN_DIR/page;
    }
};

$Apigw::Auth::Config = Apigw::Token::provider('corp', 'dpop_max_age 5m;');

Apigw::Token::file('page', "page\n", 0644);

# GET $path, or /t, on a connection of its own: its status and the worker that answered.
sub get {
    my ($headers, $path) = @_;
    $path //= '/t';

    my $client = IO::Socket::INET->new(
        PeerAddr => '127.0.0.1:' . Apigw::port())
        or die "connect: $!";

    print $client "GET $path HTTP/1.0\r\nHost: localhost\r\n",
                  $headers =~ s/\n/\r\n/gr, "\r\n\r\n";

    my $answer = do { local $/; <$client> } // '';

    my ($status) = $answer =~ m{^HTTP/1\.. (\d+)};
    my ($pid) = $answer =~ m{^X-Pid: (\d+)}m;

    return ($status // 0, $pid // 0);
}

workers(2);
master_on();
run_tests();

__DATA__

=== a proof is good once
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- proofs: Apigw::Dpop::headers()
--- error_code eval: [200, 401, 401]
--- response_headers eval
['', ('WWW-Authenticate: DPoP error="invalid_dpop_proof", error_description="the DPoP proof is not valid", algs="PS256 ES256 EdDSA", realm="api"') x 2]
--- refused eval: ['', 'dpop_replayed', 'dpop_replayed']



=== a replay is known on another worker
--- config eval: $::Location
--- proofs: Apigw::Dpop::headers()
--- then eval
sub {
    my $headers = Apigw::Dpop::headers();
    my ($status, $first) = main::get($headers);

    Test::More::is($status, 200, 'the first time');
    die 'no worker' unless $first;

    # the other one must take it while the first one stands still

    kill STOP => $first;
    my ($again, $second) = eval {
        local $SIG{ALRM} = sub { die "nobody answers\n" };
        alarm 60;
        my @answer = main::get($headers);
        alarm 0;
        @answer;
    };
    kill CONT => $first;

    Test::More::is($again, 401, 'the second time');
    Test::More::isnt($second, $first, 'by another worker');
    Test::More::is(Apigw::Auth::logged('"dpop_replayed"'), 1, 'as a replay');
}



=== a replay is known after a reload
--- config eval: $::Location
--- proofs: Apigw::Dpop::headers()
--- then eval
sub {
    my $headers = Apigw::Dpop::headers();
    my ($status, $first) = main::get($headers);
    my $second = $first;

    Test::More::is($status, 200, 'before');

    kill HUP => Test::Nginx::Util::get_pid_from_pidfile('');

    Apigw::Auth::wait_for('a new worker', sub {
        (undef, $second) = main::get($headers);
        return $second && $second != $first;
    });

    Test::More::is((main::get($headers))[0], 401, 'after');
    Test::More::is((main::get(Apigw::Dpop::headers()))[0], 200, 'a new one');
}



=== one jti is another proof under another key
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- proofs
[map { Apigw::Dpop::headers(key => $_, claims => { jti => 'one' }) }
    qw(ec256 ed25519 ec256)]
--- error_code eval: [200, 200, 401]
--- refused: dpop_replayed



=== a proof is used up for all locations and providers
--- http_config eval
join '', map { Apigw::Token::provider($_, 'dpop_max_age 5m;') } 'corp', 'same'
--- config
location /t {
    apigw_auth jwt=corp;
    default_type text/plain;
    alias $TEST_NGINX_TOKEN_DIR/page;
    if ($arg_other) { rewrite ^ /other last; }
}
location /other {
    apigw_auth jwt=same;
    default_type text/plain;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- request eval: ["GET /t?other=1", "GET /t"]
--- proofs: Apigw::Dpop::headers()
--- error_code eval: [200, 401]
--- refused: dpop_replayed



=== a proof stays used up where another provider takes older ones
--- http_config eval
Apigw::Token::provider('corp', 'dpop_max_age 3s;')
. Apigw::Token::provider('same', 'dpop_max_age 5m;')
--- config
location /t {
    apigw_auth jwt=corp;
    default_type text/plain;
    alias $TEST_NGINX_TOKEN_DIR/page;
    if ($arg_other) { rewrite ^ /other last; }
}
location /other {
    apigw_auth jwt=same;
    default_type text/plain;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- proofs: Apigw::Dpop::headers()
--- then eval
sub {
    my $headers = Apigw::Dpop::headers(claims => { iat => time - 1 });

    Test::More::is((main::get($headers))[0], 200, 'the first time');
    sleep 9;                             # past 3 s and the skew
    Test::More::is((main::get($headers, '/t?other=1'))[0], 401, 'and the last');
    Test::More::is(Apigw::Auth::logged('"dpop_replayed"'), 1, 'as a replay');
}



=== a variable read early does not use the proof up twice
--- config
set $early $apigw_consumer;
location /t {
    apigw_auth jwt=corp;
    set $read $apigw_consumer;
    add_header X-Read $read;
    default_type text/plain;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- proofs: Apigw::Dpop::headers()
--- response_headers
X-Read: shop
--- response_body
page
