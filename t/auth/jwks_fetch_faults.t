# A key set that is fetched over HTTP comes into force however its bytes arrive,
# and an answer that is wrong in any way does not: requests get 503, with the
# cause in the log.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Apigw::Faulty;
use Test::Nginx::Socket 'no_plan';

sub keys_at {
    my ($uri, $more) = @_;
    $more //= '';
    return provider(Apigw::Faulty::url($uri), $more);
}

sub provider {
    my ($url, $more) = @_;
    return "apigw_jwt_provider corp { issuer $Apigw::Token::Issuer;"
           . " audience $Apigw::Token::Audience; jwks_uri $url; $more }";
}

Apigw::Faulty::document(Apigw::Token::jwks('rsa'));
Apigw::Token::file('page', "page\n", 0644);

add_block_preprocessor(sub {
    my ($block) = @_;

    Apigw::Faulty::forget();

    $block->set_value('config', q{
        location /t {
            apigw_auth jwt=corp;
            alias $TEST_NGINX_TOKEN_DIR/page;
        }
    });
    $block->set_value('more_headers', Apigw::Token::bearer())
        unless defined $block->more_headers;
});

no_shuffle();
run_tests();

__DATA__

=== an answer with a length
--- http_config eval: main::keys_at('/ok')
--- error_code: 200



=== an answer that comes byte by byte
--- http_config eval: main::keys_at('/drip', 'jwks_timeout 30s;')
--- error_code: 200



=== an answer in chunks, with extensions and a trailer
--- http_config eval: main::keys_at('/chunked')
--- error_code: 200



=== interim answers before it
--- http_config eval: main::keys_at('/interim')
--- error_code: 200



=== an answer that ends with the connection
--- http_config eval: main::keys_at('/close')
--- error_code: 200



=== localhost needs no resolver
--- http_config eval
main::provider(Apigw::Faulty::url('/ok', 'http', 'localhost'), '')
--- error_code: 200



=== the request that is sent
--- http_config eval: main::keys_at('/ok?a=b')
--- error_code: 200
--- then eval
sub {
    my ($request) = Apigw::Faulty::requests();
    my %headers = map { @$_ } @{$request->{headers}};
    my $port = Apigw::Faulty::port('http');

    Test::More::is("$request->{method} $request->{uri}", 'GET /ok?a=b', 'request line');
    Test::More::is($headers{Host}, "127.0.0.1:$port", 'Host');
    Test::More::is($headers{'Accept-Encoding'}, 'identity', 'Accept-Encoding');
    Test::More::is($headers{Connection}, 'keep-alive', 'Connection');
    Test::More::ok(!exists $headers{Authorization}, 'no credential');
}



=== a status of 500
--- http_config eval: main::keys_at('/ok?status=500')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, the status is not 200



=== a redirect is not followed
--- http_config eval: main::keys_at('/redirect?to=/ok')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, the status is not 200
--- then eval
sub {
    Test::More::is(scalar(grep { $_->{uri} eq '/ok' } Apigw::Faulty::requests()), 0, 'its target was not asked');
}



=== a page for people
--- http_config eval: main::keys_at('/html')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, key set



=== an end without an answer
--- http_config eval: main::keys_at('/empty')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, invalid answer: nothing, and closed



=== an end within the body
--- http_config eval: main::keys_at('/cut')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, invalid answer: an end within the body



=== a reset before the answer
--- http_config eval: main::keys_at('/reset')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, receiving failed



=== a reset within the head
--- http_config eval: main::keys_at('/reset?at=40')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, receiving failed



=== a body over jwks_max_size
--- http_config eval: main::keys_at('/huge?size=131073')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, invalid answer: too large a body



=== a body over jwks_max_size that does not tell its length
--- http_config eval: main::keys_at('/huge?size=10000000&chunked=1')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, invalid answer: too large a body



=== a compressed body
--- http_config eval: main::keys_at('/gzip')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, invalid answer: a content encoding, unasked



=== an answer of HTTP/0.9
--- http_config eval: main::keys_at('/raw?text=%7B%22keys%22:[]%7D%0D%0A')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, invalid answer: no status line of HTTP/1.x



=== a length beside chunks
--- http_config eval
main::keys_at('/raw?text=HTTP/1.1%20200%20OK%0D%0AContent-Length:%205%0D%0A'
              . 'Transfer-Encoding:%20chunked%0D%0A%0D%0A')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, invalid answer: a length beside chunks



=== a head that stops halfway
--- http_config eval: main::keys_at('/stall?at=head', 'jwks_timeout 500ms;')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, timed out



=== a body that stops halfway
--- http_config eval: main::keys_at('/stall?at=body', 'jwks_timeout 500ms;')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, timed out



=== a server that says nothing
--- http_config eval
main::provider('http://127.0.0.1:' . Apigw::Faulty::port('mute') . '/keys', 'jwks_timeout 500ms;')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, timed out



=== no server
--- http_config eval
main::provider('http://127.0.0.1:1/keys', '')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, cannot connect



=== a host that the resolver does not find
--- http_config eval
main::provider('https://idp.example/keys', 'resolver 127.0.0.1:1; jwks_timeout 500ms;')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, timed out: resolving the host



=== refreshes share one connection
--- http_config eval: main::keys_at('/ok', 'jwks_refresh 1s;')
--- then eval
sub {
    Apigw::Auth::wait_for('three fetches', sub { Apigw::Faulty::requests() >= 3 });
    Test::More::is(Apigw::Faulty::connections('http'), 1, 'one connection');
}
--- no_error_log
could not be had
[alert]
[crit]



=== keepalive 0 keeps none
--- http_config eval: main::keys_at('/ok', 'jwks_refresh 1s; keepalive 0;')
--- then eval
sub {
    Apigw::Auth::wait_for('two fetches', sub { Apigw::Faulty::requests() >= 2 });

    my ($request) = Apigw::Faulty::requests();
    my %headers = map { @$_ } @{$request->{headers}};

    Test::More::is($headers{Connection}, 'close', 'Connection');
    Test::More::cmp_ok(Apigw::Faulty::connections('http'), '>=', 2, 'connections');
}
--- no_error_log
could not be had
[alert]
[crit]



=== a kept connection that dies is replaced without a fault
--- http_config eval: main::keys_at('/die', 'jwks_refresh 1s;')
--- then eval
sub {
    Apigw::Auth::wait_for('the third request', sub { Apigw::Faulty::requests() >= 3 });

    my @requests = Apigw::Faulty::requests();

    Test::More::is($requests[1]{connection}, $requests[0]{connection}, 'the connection was used again');
    Test::More::isnt($requests[2]{connection}, $requests[1]{connection}, 'and replaced');
}
--- no_error_log
could not be had
[alert]
[crit]



=== a service that comes back is found by itself
--- http_config eval
Apigw::Faulty::script('keys', '/ok?status=503');
main::keys_at('/script/keys')
--- request eval: [("GET /t") x 2]
--- more_headers eval: [(Apigw::Token::bearer()) x 2]
--- error_code eval: [503, 200]
--- then eval
sub {
    Apigw::Faulty::script('keys', '/ok');

    my $token = Apigw::Token::token();
    Apigw::Auth::wait_for('the keys', sub { Apigw::Auth::status("Authorization: Bearer $token") == 200 });
}
