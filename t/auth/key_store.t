# API keys from a hashed file: where a client may put them, which are good, and
# that a bad one tells nothing about why.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Test::Nginx::Socket 'no_plan';

our $Location = q{
    location /t {
        apigw_auth key=partners;
        add_header X-Consumer $apigw_consumer;
        add_header X-Key $apigw_key_id;
        alias $TEST_NGINX_TOKEN_DIR/page;
    }
};

our $Acme = Apigw::Token::api_key('acme0001');
our $Initech = Apigw::Token::api_key('initech1');
our $Pepper = 'ab' x 32;
our $Older = 'cd' x 32;

Apigw::Token::file('page', "page\n", 0644);
Apigw::Token::file('pepper', "$Pepper\n$Older\n", 0600);

run_tests();

__DATA__

=== a good key passes and names its consumer
--- config eval: $::Location
--- more_headers eval: "X-API-Key: $::Acme"
--- response_body
page
--- response_headers
X-Consumer: acme
X-Key: acme0001



=== Authorization: ApiKey works, in any case
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- more_headers eval
[map { "Authorization: $_" }
    "ApiKey $::Acme", "apikey  $::Acme", "APIKEY $::Acme"]
--- error_code eval: [200, 200, 200]



=== an imported key works
--- config eval: $::Location
--- more_headers
X-API-Key: an-imported-key-of-theirs
--- response_headers
X-Consumer: old
--- error_code: 200



=== nothing presented is refused
--- config eval: $::Location
--- error_code: 401
--- response_headers
WWW-Authenticate: ApiKey realm="api"
--- refused: token_missing



=== keys that are unknown, off, out of date or from elsewhere are refused
--- config eval: $::Location
--- request eval: [("GET /t") x 11]
--- more_headers eval
my ($wrong, $crc) = ($::Acme, $::Acme);
$wrong =~ s/_(.)(.{26}_)/'_' . ($1 eq 'x' ? 'y' : 'x') . $2/e;
$crc =~ s/(.)$/$1 eq 'x' ? 'y' : 'x'/e;
[map { "X-API-Key: $_" }
    (map { Apigw::Token::api_key($_) }
        qw(nobody01 disabled expired1 notyet01 network1)),
    $wrong, $crc, 'short', 'x' x 257, 'a key with spaces inside', 'gw_x_y_z']
--- error_code eval: [(401) x 11]
--- response_headers eval: [('WWW-Authenticate: ApiKey realm="api"') x 11]
--- response_body_like eval: [('The API key is not valid\.","instance":') x 11]



=== each reason is in the log alone
--- config eval: $::Location
--- request eval: [("GET /t") x 4]
--- more_headers eval
[map { 'X-API-Key: ' . Apigw::Token::api_key($_) }
    qw(nobody01 disabled expired1 notyet01)]
--- error_code eval: [(401) x 4]
--- response_body_unlike eval: [('key_|disabled|expired') x 4]
--- refused eval: [qw(key_unknown key_disabled key_expired key_not_yet_valid)]



=== a key of this client's network passes
--- config eval: $::Location
--- more_headers eval: 'X-API-Key: ' . Apigw::Token::api_key('network2')
--- error_code: 200



=== a key is neither in the answer nor in our log lines
--- config eval: $::Location
--- more_headers eval: 'X-API-Key: ' . Apigw::Token::api_key('nobody01')
--- error_code: 401
--- response_body_unlike eval: Apigw::Token::api_key('nobody01')
--- no_error_log eval
['[alert]', '[crit]', Apigw::Token::api_key('nobody01')]



=== two key headers, or two places, cannot be read
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- more_headers eval
["X-API-Key: $::Acme\nX-API-Key: $::Acme",
 "X-API-Key: $::Acme\nX-API-Key: $::Initech",
 "X-API-Key: $::Acme\nAuthorization: ApiKey $::Acme"]
--- error_code eval: [400, 400, 400]
--- refused: credential_duplicate



=== a key may come in an argument, a cookie, or as Basic's user name
--- http_config eval
Apigw::Token::key_store('partners', 'name X-Key arg:key cookie:k basic;')
--- config eval: $::Location
--- request eval
["GET /t", "GET /t?key=$::Acme", "GET /t?a=b&key=" . $::Acme =~ s/_/%5f/r,
 "GET /t", "GET /t", "GET /t", "GET /t?key"]
--- more_headers eval
["X-Key: $::Acme", '', '', "Cookie: a=b; k=$::Acme",
 'Authorization: Basic ' . MIME::Base64::encode_base64("$::Acme:", ''),
 "X-API-Key: $::Acme", '']
--- error_code eval: [200, 200, 200, 200, 200, 401, 401]



=== a key as Basic's user name is not for $remote_user, which logs have
--- http_config eval
Apigw::Token::key_store('partners', 'name X-Key basic;')
--- config
add_header X-User "[$remote_user]" always;
location /keep {
    apigw_auth key=partners;
    apigw_auth_forward key=keep;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
location /early {
    set $user $remote_user;
    apigw_auth key=partners;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
location /again {
    apigw_auth key=partners;
    error_page 404 = /keep;
    root /none;
}
--- request eval
["GET /keep", "GET /keep", "GET /early", "GET /again", "GET /keep"]
--- more_headers eval
[map { 'Authorization: Basic ' . MIME::Base64::encode_base64("$_:x", '') }
    $::Acme, Apigw::Token::api_key('disabled'), $::Acme, $::Acme, 'bob']
--- error_code eval: [200, 401, 200, 200, 401]
--- response_headers eval: [('X-User: []') x 4, 'X-User: [bob]']



=== an argument, a cookie or Basic is nothing where the store does not say so
--- config eval: $::Location
--- request eval: ["GET /t?key=$::Acme&x-api-key=$::Acme", "GET /t", "GET /t"]
--- more_headers eval
['', "Cookie: key=$::Acme; X-API-Key=$::Acme",
 'Authorization: Basic ' . MIME::Base64::encode_base64("$::Acme:", '')]
--- error_code eval: [401, 401, 401]
--- refused: token_missing



=== twice in the arguments, in cookies, or across places cannot be read
--- http_config eval
Apigw::Token::key_store('partners', 'name X-Key arg:key cookie:k;')
--- config eval: $::Location
--- request eval
["GET /t?key=$::Acme&key=$::Acme", "GET /t", "GET /t?key=$::Acme",
 "GET /t?key=$::Acme", "GET /t?key=&key=$::Acme"]
--- more_headers eval
['', "Cookie: k=$::Acme; k=$::Acme", "X-Key: $::Acme", "Cookie: k=$::Acme", '']
--- error_code eval: [(400) x 5]
--- refused: credential_duplicate



=== two stores, one header each
--- http_config eval
Apigw::Token::key_store('partners')
. Apigw::Token::key_store('staff', 'name X-Staff;',
    Apigw::Token::key_line('staff001', 'consumer=bob'))
--- config
location /t {
    apigw_auth key=partners,staff;
    add_header X-By $apigw_auth_provider;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- request eval: [("GET /t") x 5]
--- more_headers eval
my $staff = Apigw::Token::api_key('staff001');
["X-API-Key: $::Acme", "X-Staff: $staff", "X-Staff: $::Acme",
 "Authorization: ApiKey $staff", "X-Staff: $staff\nX-API-Key: $::Acme"]
--- error_code eval: [200, 200, 401, 200, 400]
--- response_headers eval
['X-By: partners', 'X-By: staff', 'X-By: ', 'X-By: staff', 'X-By: ']



=== peppered digests, of the current pepper and the previous one
--- http_config eval
Apigw::Token::key_store('partners',
    "pepper_file $Apigw::Token::Dir/pepper;",
    Apigw::Token::hmac_line('newer001', 'consumer=a', $::Pepper),
    Apigw::Token::hmac_line('older001', 'consumer=b', $::Older),
    Apigw::Token::hmac_line('other001', 'consumer=c', 'ef' x 32),
    Apigw::Token::key_line('plain001', 'consumer=d'))
--- config eval: $::Location
--- request eval: [("GET /t") x 4]
--- more_headers eval
[map { 'X-API-Key: ' . Apigw::Token::api_key($_) }
    qw(newer001 older001 other001 plain001)]
--- error_code eval: [200, 200, 401, 200]



=== another prefix
--- http_config eval
Apigw::Token::key_store('partners', 'prefix shop;',
    Apigw::Token::key_line('acme0001', 'consumer=acme',
                           Apigw::Token::api_key('acme0001', 'shop')))
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- more_headers eval
['X-API-Key: ' . Apigw::Token::api_key('acme0001', 'shop'),
 "X-API-Key: $::Acme"]
--- error_code eval: [200, 401]



=== a key's plan, groups and scope
--- config
location /t {
    apigw_auth key=partners;
    apigw_require_scope orders:read;
    apigw_require_group b;
    add_header X-Identity "$apigw_plan|$apigw_groups|$apigw_scope";
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- request eval: [("GET /t") x 2]
--- more_headers eval
["X-API-Key: $::Acme", "X-API-Key: $::Initech"]
--- error_code eval: [200, 403]
--- response_headers eval
['X-Identity: gold|a b|orders:read orders:list', 'X-Identity: ']



=== a token and a key of one consumer, any of the two
--- config
location /t {
    apigw_auth jwt=corp key=partners;
    add_header X-By "$apigw_auth_method $apigw_consumer [$apigw_key_id]";
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- request eval: [("GET /t") x 5]
--- more_headers eval
my $shop = Apigw::Token::api_key('shop0001');
my $token = Apigw::Token::bearer();
my $expired = 'Authorization: Bearer ' . Apigw::Token::expired();
[$token, "X-API-Key: $shop", "$token\nX-API-Key: $shop",
 "$expired\nX-API-Key: $shop", "$token\nX-API-Key: $shop-x"]
--- error_code eval: [200, 200, 200, 401, 401]
--- response_headers eval
['X-By: jwt shop []', 'X-By: key shop [shop0001]', 'X-By: jwt shop [shop0001]',
 'X-By: ', 'X-By: ']



=== two different consumers in one request are refused
--- config
location /t { apigw_auth jwt=corp key=partners; return 204; }
location /u {
    apigw_auth jwt=corp key=partners;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- request
GET /u
--- more_headers eval
Apigw::Token::bearer() . "\nX-API-Key: $::Acme"
--- error_code: 403
--- raw_response_headers_unlike: WWW-Authenticate
--- refused: consumer_mismatch



=== all kinds must be there and good
--- config
location /t {
    apigw_auth key=partners jwt=corp all;
    add_header X-By "$apigw_auth_method $apigw_consumer $apigw_key_id";
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- request eval: [("GET /t") x 5]
--- more_headers eval
my $shop = Apigw::Token::api_key('shop0001');
my $token = Apigw::Token::bearer();
my $expired = 'Authorization: Bearer ' . Apigw::Token::expired();
["$token\nX-API-Key: $shop", $token, "X-API-Key: $shop",
 "$expired\nX-API-Key: $shop", '']
--- error_code eval: [200, 401, 401, 401, 401]
--- response_headers eval
['X-By: key+jwt shop shop0001', 'WWW-Authenticate: ApiKey realm="api"',
 'WWW-Authenticate: Bearer realm="api"', 'X-By: ',
 'WWW-Authenticate: Bearer realm="api", ApiKey realm="api"']
