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

    # one for each question
    if (my $answers = $block->answers) {
        Apigw::Faulty::answers('tokens', @$answers);
        $block->set_value('http_config', block('', '/script/tokens'));
    }

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



=== what is not the value true is not true
--- request eval: [("GET /t") x 7]
--- more_headers eval: [map { "Authorization: Bearer $_" } 'a' .. 'g']
--- answers eval
[map { "{\"aud\":\"api\",\"sub\":\"amy\"$_}" }
    ',"active":1', ',"active":null', ',"active":{}', ',"active":["true"]', '',
    ',"Active":true', ',"data":{"active":true}']
--- error_code eval: [(401) x 7]
--- refused: token_inactive



=== for no audience, or one that is much like ours
--- request eval: [("GET /t") x 6]
--- more_headers eval: [map { "Authorization: Bearer $_" } 'a' .. 'f']
--- answers eval
[map { "{\"active\":true,\"sub\":\"amy\"$_}" }
    '', ',"aud":""', ',"aud":[]', ',"aud":"api "', ',"aud":["API","ap"]',
    ',"aud":["x","api"]']
--- error_code eval: [(401) x 5, 200]
--- refused eval: ['claim_missing', ('audience_mismatch') x 4, '']



=== dates that are no numbers, or no longer good
--- request eval: [("GET /t") x 7]
--- more_headers eval: [map { "Authorization: Bearer $_" } 'a' .. 'g']
--- answers eval
[map { "{\"active\":true,\"aud\":\"api\",$_}" }
    '"exp":"4102444800"', '"exp":-1', '"exp":1e400', '"exp":9007199254740993',
    '"nbf":"0"', '"exp":1.5', '"exp":4102444800']
--- error_code eval: [(401) x 6, 200]
--- refused eval: [('claim_invalid') x 5, 'token_expired', '']



=== an issuer that is not a string
--- http_config eval: main::block('issuer https://idp.example.com;')
--- answer: {"active":true,"aud":"api","iss":["https://idp.example.com"]}
--- error_code: 401
--- refused: issuer_unknown



=== all: a token and a key of one consumer
--- http_config eval: main::block() . Apigw::Token::key_store('partners')
--- config
location /t {
    apigw_auth introspect=idp key=partners all;
    apigw_auth_set_header X-Seen "$apigw_consumer $apigw_auth_method";
    proxy_pass $TEST_NGINX_ECHO;
}
--- request eval: [("GET /t") x 2]
--- more_headers eval
my $key = Apigw::Token::api_key('shop0001');
[("Authorization: Bearer opaque\nX-API-Key: $key") x 2]
--- error_code eval: [200, 200]
--- response_body_like eval: [('X-Seen: shop introspect\+key') x 2]
--- then eval: main::asked(1)



=== all: a token and a key of two consumers, and one of them alone
--- http_config eval: main::block() . Apigw::Token::key_store('partners')
--- config
location /t {
    apigw_auth introspect=idp key=partners all;
    proxy_pass $TEST_NGINX_ECHO;
}
--- request eval: [("GET /t") x 4]
--- more_headers eval
my $token = 'Authorization: Bearer opaque';
my $key = 'X-API-Key: ' . Apigw::Token::api_key('acme0001');
["$token\n$key", "$token\n$key", $token, $key]
--- error_code eval: [403, 403, 401, 401]
--- response_body_like eval: [('"status":403') x 2, ('"status":401') x 2]
--- refused eval: [('consumer_mismatch') x 2, ('token_missing') x 2]



=== all: an unknown key beside a token
--- http_config eval: main::block() . Apigw::Token::key_store('partners')
--- config
location /t {
    apigw_auth introspect=idp key=partners all;
    proxy_pass $TEST_NGINX_ECHO;
}
--- more_headers eval
"Authorization: Bearer opaque\nX-API-Key: " . Apigw::Token::api_key('nobody01')
--- error_code: 401
--- refused: key_unknown



=== an internal redirect does not ask again, error_page neither
--- config
location /t {
    apigw_auth introspect=idp;
    rewrite ^ /inner last;
}
location /inner {
    apigw_auth introspect=idp;
    error_page 404 = /missing;
    root $TEST_NGINX_TOKEN_DIR/none;
}
location /missing {
    apigw_auth introspect=idp;
    apigw_auth_set_header X-Seen "$uri $apigw_consumer";
    proxy_pass $TEST_NGINX_ECHO;
}
--- error_code: 200
--- response_body_like: X-Seen: /missing shop
--- then eval: main::asked(1)



=== error_page takes over where it is refused, and 503 is its own
--- config
location /t {
    apigw_auth introspect=idp;
    error_page 401 = @login;
    error_page 503 /sorry;
    proxy_pass $TEST_NGINX_ECHO;
}
location @login { return 403 "log in"; }
location /sorry { internal; apigw_auth introspect=idp; proxy_pass $TEST_NGINX_ECHO; }
--- request eval: [("GET /t") x 2]
--- more_headers eval: [map { "Authorization: Bearer $_" } 'a', 'b']
--- answers eval: ['{"active":false}', 'no JSON']
--- error_code eval: [403, 503]
--- response_body_like eval: ['log in', '"status":503']
--- refused eval: ['token_inactive', 'introspection_unavailable introspection_unavailable']



=== subrequests have the answer of the main request
--- config
location /t {
    apigw_auth introspect=idp;
    apigw_auth_set_header X-Seen $apigw_consumer;
    auth_request /check;
    mirror /mirror;
    proxy_pass $TEST_NGINX_ECHO;
}
location /check { internal; apigw_auth introspect=idp; proxy_pass $TEST_NGINX_ECHO; }
location /mirror { internal; apigw_auth introspect=idp; proxy_pass $TEST_NGINX_ECHO; }
--- error_code: 200
--- response_body_like: X-Seen: shop
--- then eval: main::asked(1)



=== satisfy any: another check passes what is not known
--- config
location /t {
    satisfy any;
    apigw_auth introspect=idp;
    allow all;
    proxy_pass $TEST_NGINX_ECHO;
}
--- answer: no JSON
--- error_code: 200



=== over HTTP/2, asked about and kept
--- http2
--- request eval: [("GET /t") x 3]
--- more_headers eval: [map { "Authorization: Bearer $_" } 'a', 'a', 'b']
--- answers eval: [$main::Answer, '{"active":false}']
--- config
location /t {
    apigw_auth introspect=idp;
    apigw_auth_set_header X-Seen "$apigw_consumer|$apigw_auth_cache";
    proxy_pass $TEST_NGINX_ECHO;
}
--- error_code eval: [200, 200, 401]
--- response_body_like eval: ['X-Seen: shop\|miss', 'X-Seen: shop\|l2', '"status":401']
--- refused eval: ['', '', 'token_inactive']
