# Keys come over TLS only from a server that proves its name: an expired, a
# self-signed, another host's or an unknown issuer's certificate gives none.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Apigw::Faulty qw(good expired selfsigned wrong named mutual);
use Test::Nginx::Socket 'no_plan';

our $Trusted = "tls_trusted_certificate $Apigw::Faulty::Dir/ca.pem;";

our $Client = "tls_certificate $Apigw::Faulty::Dir/client.pem;"
              . " tls_certificate_key $Apigw::Faulty::Dir/client.key;";

sub provider {
    my ($url, $more) = @_;
    $more //= $Trusted;

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
    $block->set_value('more_headers', Apigw::Token::bearer());
});

no_shuffle();
run_tests();

__DATA__

=== a trusted certificate of the host, whose name is asked for
--- http_config eval: main::provider(Apigw::Faulty::url('/ok', 'good'))
--- error_code: 200
--- then eval
sub {
    Test::More::is((Apigw::Faulty::requests())[0]{sni}, 'localhost', 'SNI');
}



=== a trusted certificate of the address, which is not asked for
--- http_config eval
main::provider(Apigw::Faulty::url('/ok', 'good', '127.0.0.1'))
--- error_code: 200
--- then eval
sub {
    Test::More::is((Apigw::Faulty::requests())[0]{sni}, undef, 'SNI');
}



=== an expired certificate
--- http_config eval: main::provider(Apigw::Faulty::url('/ok', 'expired'))
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
TLS certificate verify error: certificate has expired
--- then eval
sub {
    Test::More::is(scalar(Apigw::Faulty::requests()), 0, 'nothing was asked');
}



=== a self-signed certificate
--- http_config eval: main::provider(Apigw::Faulty::url('/ok', 'selfsigned'))
--- error_code: 503
--- refused: jwks_unavailable
--- error_log eval
qr/TLS certificate verify error: self[- ]signed certificate/



=== a certificate of another host
--- http_config eval: main::provider(Apigw::Faulty::url('/ok', 'wrong'))
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, TLS certificate of another host
--- then eval
sub {
    Test::More::is(scalar(Apigw::Faulty::requests()), 0, 'nothing was asked');
}



=== a certificate of another host at an address
--- http_config eval
main::provider(Apigw::Faulty::url('/ok', 'wrong', '127.0.0.1'))
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, TLS certificate of another host



=== the system's certificates by default
--- http_config eval: main::provider(Apigw::Faulty::url('/ok', 'good'), '')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, TLS certificate verify error: unable to



=== tls_verify off takes any certificate
--- http_config eval
main::provider(Apigw::Faulty::url('/ok', 'selfsigned'), 'tls_verify off;')
--- error_code: 200



=== tls_name is the name that is asked for and looked for
--- http_config eval
main::provider(Apigw::Faulty::url('/ok', 'named'), "$main::Trusted tls_name idp.example;")
--- error_code: 200
--- then eval
sub {
    Test::More::is((Apigw::Faulty::requests())[0]{sni}, 'idp.example', 'SNI');
}



=== without tls_name the certificate is another host's
--- http_config eval: main::provider(Apigw::Faulty::url('/ok', 'named'))
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, TLS certificate of another host



=== a client certificate is shown
--- http_config eval
main::provider(Apigw::Faulty::url('/ok', 'mutual'), "$main::Trusted $main::Client")
--- error_code: 200
--- then eval
sub {
    Test::More::ok((Apigw::Faulty::requests())[0]{certificate}, 'certificate');
}



=== a server that wants a client certificate and gets none
nginx logs the server's alert as critical
--- http_config eval: main::provider(Apigw::Faulty::url('/ok', 'mutual'))
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had
--- no_error_log
[alert]



=== a server that does not speak TLS
--- http_config eval
main::provider('https://127.0.0.1:' . Apigw::Faulty::port('http') . '/ok')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, TLS handshake failed



=== a server that says nothing at all
--- http_config eval
main::provider('https://127.0.0.1:' . Apigw::Faulty::port('mute') . '/ok', 'connect_timeout 200ms;')
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, cannot connect: TLS handshake timed out



=== a body that ends with the connection needs TLS to say so
--- http_config eval: main::provider(Apigw::Faulty::url('/close', 'good'))
--- error_code: 503
--- refused: jwks_unavailable
--- error_log
could not be had, invalid answer: an end within the body



=== and is taken when it does
--- http_config eval
main::provider(Apigw::Faulty::url('/close?notify=1', 'good'))
--- error_code: 200



=== an answer that comes byte by byte
--- http_config eval
main::provider(Apigw::Faulty::url('/drip', 'good'), "$main::Trusted jwks_timeout 30s;")
--- error_code: 200



=== refreshes share one connection
--- http_config eval
main::provider(Apigw::Faulty::url('/ok', 'good'), "$main::Trusted jwks_refresh 1s;")
--- then eval
sub {
    Apigw::Auth::wait_for('three fetches', sub { Apigw::Faulty::requests() >= 3 });
    Test::More::is(Apigw::Faulty::connections('good'), 1, 'one connection');
}
--- no_error_log
could not be had
[alert]
[crit]



=== a kept connection that dies is replaced without a fault
--- http_config eval
main::provider(Apigw::Faulty::url('/die', 'good'), "$main::Trusted jwks_refresh 1s;")
--- then eval
sub {
    Apigw::Auth::wait_for('the third request', sub { Apigw::Faulty::requests() >= 3 });
    Test::More::cmp_ok(Apigw::Faulty::connections('good'), '>=', 2, 'connections');
}
--- no_error_log
could not be had
[alert]
[crit]
