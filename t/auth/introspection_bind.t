# What an authorization server says a token is bound to (RFC 7662 with RFC 8705,
# 3.2, and RFC 9449, 6.2) holds as if the token said it: with each request, the
# answer kept or not.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Apigw::Dpop;
use Apigw::Faulty;
use Digest::SHA qw(sha256);
use MIME::Base64 qw(encode_base64url);
use Test::Nginx::Socket 'no_plan';

our $Dir = "$Apigw::Token::Dir";

Apigw::Token::file('secret', "secret\n", 0600);
Apigw::Token::file('page', "page\n", 0644);

for my $name (qw(server alice mallory)) {
    Apigw::Token::openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256"
        . " -nodes -days 2 -subj /CN=$name -keyout $Dir/$name.key"
        . " -out $Dir/$name.crt");
    chmod 0644, "$Dir/$name.key";
}

# A slow machine may take its time between a proof and its request.
sub block {
    my ($more) = @_;
    $more //= '';
    return 'apigw_introspection idp { endpoint ' . Apigw::Faulty::url('/ok')
           . "; client gw secret_file=$Dir/secret; audience api;"
           . " dpop_max_age 5m; $more }\n";
}

# The answer about a token that is bound so.
sub bound {
    my ($cnf) = @_;
    return '{"active":true,"sub":"amy","aud":"api"'
           . (defined $cnf ? ",\"cnf\":$cnf" : '') . '}';
}

sub to_key {
    return '{"jkt":"' . Apigw::Dpop::jkt($_[0]) . '"}';
}

sub to_certificate {
    my ($name) = @_;
    my $der = Apigw::Token::openssl("x509 -in $Dir/$name.crt -outform DER");
    return '{"x5t#S256":"' . encode_base64url(sha256($der)) . '"}';
}

# An opaque token and a proof that goes with it, changed as Apigw::Dpop says.
sub opaque {
    my (%how) = @_;
    return Apigw::Dpop::headers(token => 'opaque', %how);
}

# The statuses of GET /t by curl over TLS, a list of options each.
sub statuses {
    return CORE::join ' ', map {
        open my $curl, '-|', 'curl', '-sk', '--noproxy', '*',
            '--unix-socket', "$Dir/tls.sock", '-o', '/dev/null',
            '-w', '%{http_code}', @$_, 'https://localhost/t'
            or die "curl: $!";
        my $status = do { local $/; <$curl> };
        close $curl;
        $status;
    } @_;
}

sub cert {
    my ($name) = @_;
    return ('--cert', "$Dir/$name.crt", '--key', "$Dir/$name.key");
}

our $Location = q{
    location /t {
        apigw_auth introspect=idp;
        default_type text/plain;
        alias $TEST_NGINX_TOKEN_DIR/page;
    }
};

our $Tls = qq{
    server {
        listen unix:$Dir/tls.sock ssl http2;
        server_name localhost;
        ssl_certificate $Dir/server.crt;
        ssl_certificate_key $Dir/server.key;
        ssl_verify_client optional_no_ca;
        $Location
    }
};

add_block_preprocessor(sub {
    my ($block) = @_;

    Apigw::Faulty::forget();
    Apigw::Faulty::document(eval($block->answer) // die $@);

    $block->set_value('http_config', block() . ($block->tls ? $Tls : ''))
        unless defined $block->http_config;
    $block->set_value('config', $Location);
    $block->set_value('more_headers', 'Authorization: Bearer opaque')
        unless defined $block->more_headers || defined $block->proofs;
});

no_shuffle();
run_tests();

__DATA__

=== a token bound to a key passes with a proof, for each request
--- answer: bound(to_key('ec256'))
--- request eval: [("GET /t") x 2]
--- proofs: [map { main::opaque() } 1, 2]
--- error_code eval: [200, 200]
--- response_body_like eval: [("page") x 2]
--- then eval
sub {
    Test::More::is(scalar(Apigw::Faulty::requests()), 1, 'asked about once');
}



=== the endpoint learns the token, not the proof
--- answer: bound(to_key('ec256'))
--- proofs: main::opaque()
--- error_code: 200
--- then eval
sub {
    my ($r) = Apigw::Faulty::requests();
    Test::More::is($r->{body}, 'token=opaque&token_type_hint=access_token', 'body');
    Test::More::ok(!(grep { lc $_->[0] eq 'dpop' } @{$r->{headers}}), 'no DPoP');
}



=== without a proof, and as Bearer
--- answer: bound(to_key('ec256'))
--- request eval: [("GET /t") x 4]
--- proofs
["Authorization: DPoP opaque", "Authorization: Bearer opaque",
 main::opaque(scheme => 'Bearer'), main::opaque()]
--- error_code eval: [401, 401, 401, 200]
--- refused eval: ['dpop_invalid', 'binding_missing', 'binding_missing', '']



=== proofs that are of another key, method, place, token or time
--- answer: bound(to_key('ec256'))
--- request eval: [("GET /t") x 7]
--- proofs
[main::opaque(key => 'rsa'), main::opaque(sign => 'rsa', alg => 'PS256'),
 main::opaque(method => 'POST'),
 main::opaque(uri => 'https://other.example/t'),
 main::opaque(claims => { ath => Apigw::Dpop::jkt('ec256') }),
 main::opaque(claims => { iat => time - 1000 }), main::opaque()]
--- error_code eval: [(401) x 6, 200]
--- refused eval: ['binding_mismatch', ('dpop_invalid') x 5, '']



=== a proof is good once
--- answer: bound(to_key('ec256'))
--- request eval: [("GET /t") x 2]
--- proofs: main::opaque()
--- error_code eval: [200, 401]
--- refused eval: ['', 'dpop_replayed']



=== a token bound to nothing does not pass with a proof
--- answer: bound()
--- request eval: [("GET /t") x 2]
--- proofs: [main::opaque(), 'Authorization: Bearer opaque']
--- error_code eval: [401, 200]
--- refused eval: ['binding_missing', '']



=== a token bound to nothing does not pass where a binding is required
--- http_config eval: main::block('bind dpop required;')
--- answer: bound()
--- error_code: 401
--- refused: binding_missing



=== bindings of no known form
--- answer: bound('{"kid":"x"}')
--- error_code: 401
--- refused: binding_missing



=== a binding that is no object
--- answer: bound('"jkt"')
--- error_code: 401
--- refused: claim_invalid



=== a token bound to a certificate passes with it alone
--- tls: 1
--- answer: bound(to_certificate('alice'))
--- error_code: 401
--- refused: binding_missing
--- then eval
sub {
    my @token = ('-H', 'Authorization: Bearer opaque');

    Test::More::is(main::statuses([@token, main::cert('alice'), '--http1.1'],
        [@token, main::cert('alice'), '--http2']), '200 200', 'its own');
    Test::More::is(main::statuses([@token, main::cert('mallory')], [@token],
        ['-H', 'Authorization: DPoP opaque', main::cert('alice')]),
        '401 401 401', 'another, none, another scheme');
    Test::More::is(Apigw::Auth::logged('"binding_mismatch"'), 1, 'mismatch');
    Test::More::is(scalar(Apigw::Faulty::requests()), 1, 'asked about once');
}



=== a token bound to both needs both
--- tls: 1
--- answer: bound('{' . substr(to_key('ec256'), 1, -1) . ',' . substr(to_certificate('alice'), 1))
--- proofs: main::opaque()
--- error_code: 401
--- refused: binding_missing
--- then eval
sub {
    my $proof = sub { map { ('-H', $_) } split /\n/, main::opaque() };

    Test::More::is(main::statuses([$proof->(), main::cert('alice')],
        [$proof->(), main::cert('mallory')], [$proof->()],
        ['-H', 'Authorization: Bearer opaque', main::cert('alice')]),
        '200 401 401 401', 'both, another certificate, none, no proof');
}
