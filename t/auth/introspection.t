# An opaque token is good if its authorization server says so, in a request that
# shows who asks; the answer is the token's claims, and is kept for a while.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth qw(echo);
use Apigw::Faulty;
use Test::Nginx::Socket 'no_plan';

Apigw::Token::file('secret', "s3 cret\n", 0600);

our $Answer = '{"active":true,"sub":"amy","client_id":"shop",'
              . '"scope":"orders:read orders:write","aud":"api","n":9007199254740993}';

sub block {
    my ($more, $uri) = @_;
    $more //= '';
    $uri //= '/ok';
    my $client = $more =~ /\bclient / ? '' : "client gw secret_file=$Apigw::Token::Dir/secret;";
    my $audience = $more =~ /\baudience / ? '' : 'audience api;';
    return 'apigw_introspection idp { endpoint ' . Apigw::Faulty::url($uri)
           . "; $client $audience $more }\n" . Apigw::Token::provider('corp');
}

# How often the endpoint was asked.
sub asked {
    my ($n) = @_;
    return sub { Test::More::is(scalar(Apigw::Faulty::requests()), $n, "asked $n times") };
}

add_block_preprocessor(sub {
    my ($block) = @_;

    Apigw::Faulty::forget();
    Apigw::Faulty::document($block->answer // $Answer);

    $block->set_value('http_config', block()) unless defined $block->http_config;
    $block->set_value('config', q{
        location /t {
            apigw_auth introspect=idp;
            proxy_pass $TEST_NGINX_ECHO;
        }
    }) unless defined $block->config;
    $block->set_value('more_headers', 'Authorization: Bearer opaque+1/~=')
        unless defined $block->more_headers;
});

no_shuffle();
run_tests();

__DATA__

=== the answer tells who it is
--- config
location /t {
    apigw_auth introspect=idp;
    apigw_require_scope orders:write;
    apigw_auth_set_header X-Seen "$apigw_consumer|$apigw_auth_method|$apigw_auth_provider|$apigw_scope|$apigw_auth_cache";
    proxy_pass $TEST_NGINX_ECHO;
}
--- error_code: 200
--- response_body_like: X-Seen: shop\|introspect\|idp\|orders:read orders:write\|miss
--- then eval
sub {
    my ($r) = Apigw::Faulty::requests();
    my %h = map { lc $_->[0] => $_->[1] } @{$r->{headers}};
    Test::More::is($r->{method}, 'POST', 'method');
    Test::More::is($h{'content-type'}, 'application/x-www-form-urlencoded', 'type');
    Test::More::is($h{accept}, 'application/json', 'accept');
    Test::More::is($h{authorization}, 'Basic Z3c6czMrY3JldA==', 'client');
    Test::More::is($r->{body}, 'token=opaque%2B1%2F%7E%3D&token_type_hint=access_token', 'body');
}



=== a second request is not asked about
--- request eval: ["GET /t", "GET /t"]
--- config
location /t {
    apigw_auth introspect=idp;
    apigw_auth_set_header X-Seen "$apigw_auth_cache";
    proxy_pass $TEST_NGINX_ECHO;
}
--- error_code eval: [200, 200]
--- response_body_like eval: ['X-Seen: miss', 'X-Seen: l2']



=== an inactive token is refused, and kept as such
--- request eval: ["GET /t", "GET /t"]
--- answer: {"active":false}
--- error_code eval: [401, 401]
--- refused: token_inactive



=== a string that says true is not true
--- answer: {"active":"true","aud":"api"}
--- error_code: 401
--- refused: token_inactive



=== the client in the form
--- http_config eval
main::block("client gw secret_file=$Apigw::Token::Dir/secret method=post;")
--- config
location /t { apigw_auth introspect=idp; proxy_pass $TEST_NGINX_ECHO; }
--- error_code: 200
--- then eval
sub {
    my ($r) = Apigw::Faulty::requests();
    Test::More::like($r->{body}, qr/&client_id=gw&client_secret=s3\+cret$/, 'body');
    Test::More::ok(!(grep { lc $_->[0] eq 'authorization' } @{$r->{headers}}), 'no header');
}



=== beside a provider, a JWT goes to it and is not asked about
--- config
location /t { apigw_auth jwt=corp introspect=idp; proxy_pass $TEST_NGINX_ECHO; }
--- more_headers eval: Apigw::Token::bearer()
--- error_code: 200
--- then eval: main::asked(0)



=== beside a provider, an opaque token is asked about
--- config
location /t { apigw_auth jwt=corp introspect=idp; proxy_pass $TEST_NGINX_ECHO; }
--- error_code: 200
--- then eval: main::asked(1)



=== by itself, it asks about every token
--- config
location /t { apigw_auth introspect=idp; proxy_pass $TEST_NGINX_ECHO; }
--- more_headers eval: Apigw::Token::bearer()
--- error_code: 200
--- then eval: main::asked(1)



=== for another audience
--- answer: {"active":true,"aud":["other"]}
--- error_code: 401
--- refused: audience_mismatch



=== expired
--- answer: {"active":true,"aud":"api","exp":1}
--- error_code: 401
--- refused: token_expired



=== not yet valid
--- answer: {"active":true,"aud":"api","nbf":9007199254740991}
--- error_code: 401
--- refused: token_not_yet_valid



=== of another issuer
--- http_config eval: main::block('issuer https://idp.example.com;')
--- answer: {"active":true,"aud":"api","iss":"https://other.example.com"}
--- error_code: 401
--- refused: issuer_unknown



=== an issuer that is not told
--- http_config eval: main::block('issuer https://idp.example.com;')
--- config
location /t { apigw_auth introspect=idp; proxy_pass $TEST_NGINX_ECHO; }
--- error_code: 200



=== a token bound to a certificate needs it
--- answer: {"active":true,"aud":"api","cnf":{"x5t#S256":"A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"}}
--- error_code: 401
--- refused: binding_missing



=== without a token
--- more_headers
X-A: b
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="api"
--- refused: token_missing
