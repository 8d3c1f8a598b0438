# A token bound to a certificate is good on a connection with that certificate.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Digest::SHA qw(sha256);
use MIME::Base64 qw(encode_base64url);
use Test::Nginx::Socket 'no_plan';

our $Dir = "$Apigw::Token::Dir";

for my $name (qw(server alice mallory)) {
    Apigw::Token::openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256"
        . " -nodes -days 2 -subj /CN=$name -keyout $Dir/$name.key"
        . " -out $Dir/$name.crt");
    chmod 0644, "$Dir/$name.key";
}

# RFC 8705, 3.1
sub thumbprint {
    my ($name) = @_;
    return encode_base64url(sha256(
        Apigw::Token::openssl("x509 -in $Dir/$name.crt -outform DER")));
}

sub bound {
    my ($name, %claims) = @_;
    return Apigw::Token::token(claims => {
        cnf => { 'x5t#S256' => thumbprint($name) }, %claims
    });
}

# A request on the TLS port by curl; "STATUS BODY".
sub get {
    my ($token, @options) = @_;

    open my $curl, '-|', 'curl', '-sk', '--noproxy', '*',
        '-w', ' %{http_code}', '-H', "Authorization: $token", @options,
        "https://127.0.0.1:$ENV{TEST_NGINX_TLS_PORT}/t"
        or die "curl: $!";
    my $answer = do { local $/; <$curl> };
    close $curl;

    return $answer =~ /^(.*?)\s*(\d{3})$/s ? "$2 $1" : $answer;
}

sub cert {
    my ($name) = @_;
    return ('--cert', "$Dir/$name.crt", '--key', "$Dir/$name.key");
}

# The statuses of several requests, and the reasons of the refused.
sub expect {
    my ($name, $wanted, @answers) = @_;
    Test::More::is(join(' ', map { substr $_, 0, 3 } @answers), $wanted, $name);
}

my $probe = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')
    or die $!;
$ENV{TEST_NGINX_TLS_PORT} = $probe->sockport;
close $probe;

Apigw::Token::file('page', "page\n", 0644);

our $Tls = q{
    server {
        listen $TEST_NGINX_TLS_PORT ssl http2;
        ssl_certificate $TEST_NGINX_TOKEN_DIR/server.crt;
        ssl_certificate_key $TEST_NGINX_TOKEN_DIR/server.key;
        ssl_verify_client optional_no_ca;
        location /t {
            apigw_auth jwt=corp;
            default_type text/plain;
            alias $TEST_NGINX_TOKEN_DIR/page;
        }
    }
};

our $Plain = q{
    location /t {
        apigw_auth jwt=corp;
        default_type text/plain;
        alias $TEST_NGINX_TOKEN_DIR/page;
    }
};

run_tests();

__DATA__

=== the certificate of the connection must be the token's
--- http_config eval: $Apigw::Auth::Config . $::Tls
--- config eval: $::Plain
--- more_headers eval: Apigw::Token::bearer()
--- then eval
sub {
    my $token = 'Bearer ' . main::bound('alice');

    main::expect('its certificate, over HTTP/1.1 and HTTP/2', '200 200',
        main::get($token, main::cert('alice'), '--http1.1'),
        main::get($token, main::cert('alice'), '--http2'));

    main::expect('another certificate, or none', '401 401 401',
        main::get($token, main::cert('mallory')),
        main::get($token, main::cert('mallory'), '--http2'),
        main::get($token));

    Test::More::is(Apigw::Auth::logged('"binding_mismatch"'), 2, 'mismatches');
    Test::More::is(Apigw::Auth::logged('"binding_missing"'), 1, 'missing');
}



=== a token that is bound to none needs none
--- http_config eval: $Apigw::Auth::Config . $::Tls
--- config eval: $::Plain
--- more_headers eval: Apigw::Token::bearer()
--- then eval
sub {
    my $token = 'Bearer ' . Apigw::Token::token();

    main::expect('a bearer token', '200 200',
        main::get($token), main::get($token, main::cert('mallory')));
}



=== without TLS there is no certificate
--- config eval: $::Plain
--- more_headers eval: 'Authorization: Bearer ' . main::bound('alice')
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer error="invalid_token", error_description="the access token is not valid", realm="api"
--- refused: binding_missing



=== a token bound to a certificate is not sent as DPoP
--- http_config eval: $Apigw::Auth::Config . $::Tls
--- config eval: $::Plain
--- more_headers eval: Apigw::Token::bearer()
--- then eval
sub {
    main::expect('DPoP', '401',
        main::get('DPoP ' . main::bound('alice'), main::cert('alice')));

    Test::More::is(Apigw::Auth::logged('"binding_missing"'), 1, 'missing');
}



=== bind mtls required takes no other token
--- http_config eval
Apigw::Token::provider('corp', 'bind mtls required;') . $::Tls
--- config eval: $::Plain
--- more_headers eval: Apigw::Token::bearer()
--- error_code: 401
--- refused: binding_missing
--- then eval
sub {
    main::expect('bound, unbound', '200 401',
        main::get('Bearer ' . main::bound('alice'), main::cert('alice')),
        main::get('Bearer ' . Apigw::Token::token(), main::cert('alice')));
}



=== bind dpop takes no token bound to a certificate
--- http_config eval
Apigw::Token::provider('corp', 'bind dpop;') . $::Tls
--- config eval: $::Plain
--- more_headers eval: Apigw::Token::bearer()
--- then eval
sub {
    main::expect('by certificate', '401',
        main::get('Bearer ' . main::bound('alice'), main::cert('alice')));
}



=== bind off takes it with any certificate
--- http_config eval
Apigw::Token::provider('corp', 'bind off;') . $::Tls
--- config eval: $::Plain
--- more_headers eval: 'Authorization: Bearer ' . main::bound('alice')
--- then eval
sub {
    main::expect('any', '200 200',
        main::get('Bearer ' . main::bound('alice')),
        main::get('Bearer ' . main::bound('alice'), main::cert('mallory')));
}



=== a thumbprint that is none is refused
--- http_config eval: $Apigw::Auth::Config . $::Tls
--- config eval: $::Plain
--- more_headers eval: Apigw::Token::bearer()
--- then eval
sub {
    my $x5t = main::thumbprint('alice');

    main::expect('other texts', '401 401 401',
        map { main::get('Bearer ' . Apigw::Token::token(claims => {
                  cnf => { 'x5t#S256' => $_ } }), main::cert('alice')) }
            "$x5t=", lc $x5t, substr $x5t, 1);
}
