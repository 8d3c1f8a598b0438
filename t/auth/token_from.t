# Where a token may come from besides Authorization, and whose page may send
# the cookie that holds it.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth qw(echo);
use Test::Nginx::Socket 'no_plan';

our $Token = Apigw::Token::token();
our $Own = 'http://api.example:8080';

# A location of its own; more directives as text.
sub location {
    my ($name, $more) = @_;

    return "location $name {
                apigw_auth jwt=corp;
                $more
                proxy_pass $ENV{TEST_NGINX_ECHO};
            }\n";
}

our $Cookie = location('/t', 'apigw_auth_token_from authorization cookie:s;');

# POSTs with the cookie and these lines of Origin and the like.
sub posts {
    my (@lines) = @_;

    return [map { "Host: api.example:8080\nCookie: s=$Token" . ($_ ? "\n$_" : '') }
                @lines];
}

run_tests();

__DATA__

=== a token comes from Authorization alone by default
--- config eval: main::location('/t', '')
--- request eval: ["GET /t", "GET /t", "GET /t?access_token=$::Token"]
--- more_headers eval
["Authorization: Bearer $::Token", "Cookie: access_token=$::Token", '']
--- error_code eval: [200, 401, 401]
--- refused: token_missing



=== from a cookie and an argument where they are named
--- config eval
main::location('/t', 'apigw_auth_token_from authorization cookie:s arg:t;')
--- request eval
["GET /t", "GET /t", "GET /t?a=b&t=$::Token",
 "GET /t?t=" . $::Token =~ s/\./%2e/gr, "GET /t?T=$::Token", "GET /t"]
--- more_headers eval
["Authorization: Bearer $::Token", "Cookie: a=b; s=$::Token; c=d", '', '', '',
 "Cookie: S=$::Token"]
--- error_code eval: [200, 200, 200, 200, 401, 401]
--- refused: token_missing



=== "header plus query" and every other two places are refused with 400
--- config eval
main::location('/t', 'apigw_auth_token_from authorization cookie:s arg:t;')
--- request eval
["GET /t?t=$::Token", "GET /t", "GET /t?t=$::Token", "GET /t", "GET /t",
 "GET /t?t=$::Token&t=$::Token", "GET /t?t=$::Token"]
--- more_headers eval
["Authorization: Bearer $::Token", "Authorization: Bearer $::Token\nCookie: s=x",
 "Cookie: s=$::Token", "Cookie: s=$::Token; s=$::Token",
 "Cookie: s=$::Token\nCookie: s=x", '', "Authorization: Bearer"]
--- error_code eval: [(400) x 7]
--- response_headers_like eval
[('WWW-Authenticate: Bearer error="invalid_request".*') x 7]
--- refused: credential_duplicate



=== what is no token there cannot be read
--- config eval
main::location('/t', 'apigw_auth_token_from authorization cookie:s arg:t;')
--- request eval
["GET /t?t", "GET /t?t=", "GET /t?t=a%20b", "GET /t?t=%00", "GET /t", "GET /t",
 "GET /t"]
--- more_headers eval
['', '', '', '', "Cookie: s=", "Cookie: s", "Cookie: s=\"$::Token\""]
--- error_code eval: [(400) x 7]
--- refused: credential_malformed



=== a token there that does not verify is refused with 401
--- config eval
main::location('/t', 'apigw_auth_token_from authorization cookie:s arg:t;')
--- request eval: ["GET /t?t=" . Apigw::Token::expired(), "GET /t", "GET /t?t=x"]
--- more_headers eval: ['', 'Cookie: s=' . Apigw::Token::expired(), '']
--- error_code eval: [401, 401, 401]
--- refused eval: [qw(token_expired token_expired token_malformed)]



=== an Authorization of another kind does not stand in the way
--- http_config eval: $Apigw::Auth::Config
--- config
location /t {
    apigw_auth jwt=corp key=partners all;
    apigw_auth_token_from authorization cookie:s;
    apigw_auth_set_header X-Method $apigw_auth_method;
    proxy_pass $TEST_NGINX_ECHO;
}
location /one {
    apigw_auth jwt=corp;
    apigw_auth_token_from authorization cookie:s;
    proxy_pass $TEST_NGINX_ECHO;
}
--- request eval: ["GET /t", "GET /one"]
--- more_headers eval
["Authorization: ApiKey " . Apigw::Token::api_key('shop0001')
 . "\nCookie: s=$::Token",
 "Authorization: Basic YTpi\nCookie: s=$::Token"]
--- error_code eval: [200, 200]
--- response_body_like eval: ['(?m)^X-Method: jwt\+key$', 'Basic YTpi']



=== token=strip takes it out of header, cookie and argument
--- config eval
main::location('/t', 'apigw_auth_token_from authorization cookie:s arg:t;
                      apigw_auth_forward token=strip;')
--- request eval
["GET /t?a=b", "GET /t?a=b&c", "GET /t?a=b&t=$::Token&c", "GET /t?t=$::Token"]
--- more_headers eval
["Authorization: Bearer $::Token", "Cookie: a=b; s=$::Token; c=d", '', '']
--- response_body_like eval
['^GET /t\?a=b HTTP', '(?m)^Cookie: a=b; c=d$', '^GET /t\?a=b&c HTTP',
 '^GET /t HTTP|^GET /t\? HTTP']
--- response_body_unlike eval: [(substr $::Token, 0, 30) x 4]



=== token=keep, the default, leaves all of them
--- config eval
main::location('/t', 'apigw_auth_token_from authorization cookie:s arg:t;')
--- request eval: ["GET /t", "GET /t", "GET /t?t=$::Token"]
--- more_headers eval
["Authorization: Bearer $::Token", "Cookie: s=$::Token; c=d", '']
--- response_body_like eval
["(?i)Authorization: Bearer $::Token", "(?i)Cookie: s=$::Token; c=d",
 "^GET /t.t=$::Token HTTP"]



=== a cookie of our own under the token's name stays
--- config eval
main::location('/t', 'apigw_auth_token_from authorization cookie:s;
                      apigw_auth_forward token=strip;
                      apigw_auth_set_header Cookie "s=$apigw_consumer";')
--- more_headers eval: "Cookie: s=$::Token"
--- response_body_like: (?m)^Cookie: s=shop$



=== a cookie writes where the page is ours: Sec-Fetch-Site
--- config eval: $::Cookie
--- request eval: [("POST /t") x 7]
--- more_headers eval
main::posts(map { "Sec-Fetch-Site: $_" } qw(same-origin none same-site
    cross-site Same-Origin), 'same-origin, none', '')
--- error_code eval: [200, 200, (403) x 5]
--- refused: origin_denied



=== or Origin: ours, in any case
--- config eval: $::Cookie
--- request eval: [("POST /t") x 4]
--- more_headers eval
main::posts("Origin: $::Own", 'Origin: ' . uc $::Own,
    "Sec-Fetch-Site: same-site\nOrigin: $::Own", "origin: $::Own")
--- error_code eval: [(200) x 4]



=== missing, null, foreign, doubled or malformed, Origin opens nothing
--- config eval: $::Cookie
--- request eval: [("POST /t") x 14]
--- more_headers eval
main::posts('', 'Origin: null', 'Origin: https://evil.example', 'Origin:',
    "Origin: $::Own\nOrigin: $::Own",
    "Origin: $::Own\nOrigin: https://evil.example",
    "Origin: $::Own https://evil.example", "Origin: $::Own/",
    "Origin: $::Own.evil.example", 'Origin: ' . $::Own =~ s/http/https/r,
    'Origin: ' . $::Own =~ s/:\d+$//r, 'Origin: ' . $::Own =~ s/\d+$/1/r,
    "Origin: $::Own, $::Own", 'Origin: *')
--- error_code eval: [(403) x 14]
--- response_body_like eval: [('"detail":"The caller may not do this\."') x 14]
--- refused: origin_denied



=== a Sec-Fetch-Site that comes twice says nothing
--- config eval: $::Cookie
--- request eval: ["POST /t", "POST /t"]
--- more_headers eval
main::posts("Sec-Fetch-Site: same-origin\nSec-Fetch-Site: cross-site",
    "Sec-Fetch-Site: none\nSec-Fetch-Site: none\nOrigin: $::Own")
--- error_code eval: [403, 200]
--- refused: origin_denied



=== "OPTIONS without Origin", GET and HEAD need no origin, all else does
--- config eval: $::Cookie
--- request eval
["GET /t", "HEAD /t", "OPTIONS /t",
 map { "$_ /t" } qw(POST PUT DELETE PATCH PROPFIND SEARCH)]
--- more_headers eval: main::posts(('Origin: https://evil.example') x 9)
--- error_code eval: [200, 200, 200, (403) x 6]
--- refused: origin_denied



=== a default port is the same, written or not
--- config eval: $::Cookie
--- request eval: [("POST /t") x 5]
--- more_headers eval
[map { "Cookie: s=$::Token\nHost: $_->[0]\nOrigin: $_->[1]" }
    ['api.example', 'http://api.example'],
    ['api.example', 'http://api.example:80'],
    ['API.example:80', 'http://api.EXAMPLE'],
    ['api.example', 'http://api.example:8080'],
    ['api.example:443', 'http://api.example']]
--- error_code eval: [200, 200, 200, 403, 403]
--- refused: origin_denied



=== X-Forwarded-Proto and X-Forwarded-Host are not believed
--- config eval: $::Cookie
--- request eval: ["POST /t", "POST /t"]
--- more_headers eval
["Cookie: s=$::Token\nHost: api.example\nX-Forwarded-Proto: https\n"
 . "Origin: https://api.example",
 "Cookie: s=$::Token\nX-Forwarded-Host: evil.example\n"
 . "Forwarded: host=evil.example;proto=http\nOrigin: http://evil.example"]
--- error_code eval: [403, 403]
--- refused: origin_denied



=== a request line with a host of its own has no origin of ours
--- config eval: $::Cookie
--- raw_request eval
"POST http://other.example/t HTTP/1.1\r\nHost: api.example\r\n"
. "Cookie: s=$::Token\r\nOrigin: http://api.example\r\n"
. "Content-Length: 0\r\nConnection: close\r\n\r\n"
--- error_code: 403
--- refused: origin_denied



=== listed origins may write too, whole and nothing like them
--- config eval
main::location('/t', 'apigw_auth_token_from authorization cookie:s;
    apigw_auth_cookie_origin https://app.example http://Dev.example:3000;')
--- request eval: [("POST /t") x 9]
--- more_headers eval
main::posts(map { "Origin: $_" } 'https://app.example',
    'https://APP.example:443', 'http://dev.example:3000', $::Own,
    'http://app.example', 'https://app.example:8443', 'https://x.app.example',
    'http://dev.example', 'https://app.example.evil.example')
--- error_code eval: [(200) x 4, (403) x 5]
--- refused: origin_denied



=== a token in Authorization needs no origin
--- config eval: $::Cookie
--- request
POST /t
--- more_headers eval
"Authorization: Bearer $::Token\nOrigin: https://evil.example\nCookie: a=b"
--- error_code: 200



=== an API key in a cookie needs one too, in other places it does not
--- http_config eval
Apigw::Token::key_store('partners', 'name X-Key cookie:k arg:k;')
--- config
location /t {
    apigw_auth key=partners;
    proxy_pass $TEST_NGINX_ECHO;
}
--- request eval
["GET /t", "POST /t", "POST /t", "POST /t",
 'POST /t?k=' . Apigw::Token::api_key('acme0001')]
--- more_headers eval
my $key = Apigw::Token::api_key('acme0001');
["Cookie: k=$key", "Cookie: k=$key",
 "Cookie: k=$key\nHost: api.example\nOrigin: http://api.example",
 "X-Key: $key", '']
--- error_code eval: [200, 403, 200, 200, 200]
--- refused: origin_denied



=== a forged request is nobody's: no limit counts it for the victim
--- http_config eval
"$Apigw::Auth::Config limit_req_zone \$apigw_consumer zone=z:1m rate=1r/m;"
--- config eval
main::location('/t', 'apigw_auth_token_from authorization cookie:s;
                      limit_req zone=z;')
--- request eval: ["POST /t", "POST /t", "GET /t"]
--- more_headers eval: main::posts('Origin: null', 'Origin: null', '')
--- error_code eval: [403, 403, 200]
--- refused: origin_denied



=== both directives are inherited, replaced as a whole, and switched off
--- config eval
'apigw_auth_token_from authorization cookie:s;
 apigw_auth_cookie_origin https://app.example;'
. main::location('/t', '')
. main::location('/other', 'apigw_auth_token_from authorization cookie:o;')
. main::location('/none', 'apigw_auth_token_from authorization;')
. main::location('/list', 'apigw_auth_cookie_origin https://b.example;')
. main::location('/off', 'apigw_auth_cookie_origin off;')
--- request eval: [map { "POST /$_" } qw(t other none list off)]
--- more_headers eval: main::posts(('Origin: https://app.example') x 5)
--- error_code eval: [200, 401, 401, 403, 403]
--- refused eval: ['', qw(token_missing token_missing origin_denied origin_denied)]



=== limit_except may take cookies for reading alone
--- config eval
'location /t {
    apigw_auth jwt=corp;
    apigw_auth_token_from authorization cookie:s;
    limit_except GET { apigw_auth_token_from authorization; }
    proxy_pass $TEST_NGINX_ECHO;
}'
--- request eval: ["GET /t", "POST /t"]
--- more_headers eval: main::posts('', "Origin: $::Own")
--- error_code eval: [200, 401]
--- refused: token_missing



=== an internal redirect reads anew what the other location reads
--- config eval
main::location('/t', 'error_page 418 = /u; if ($arg_x) { return 418; }')
. main::location('/u', 'apigw_auth_token_from authorization cookie:s;')
. "location /v { apigw_auth jwt=corp; apigw_auth_token_from authorization cookie:s;
                 error_page 403 = \@w; proxy_pass $ENV{TEST_NGINX_ECHO}; }"
. main::location('@w', 'apigw_auth_token_from authorization cookie:s;
                        apigw_auth_cookie_origin https://app.example;')
--- request eval: ["GET /t?x=1", "POST /t?x=1", "POST /v", "POST /v"]
--- more_headers eval
main::posts('', '', 'Origin: https://app.example', 'Origin: https://b.example')
--- error_code eval: [200, 403, 200, 403]
--- response_headers eval: [('') x 4]
--- refused eval
['', 'origin_denied', 'origin_denied', 'origin_denied origin_denied']



=== a preflight's cookie is dropped with its token
--- config eval
main::location('/t', 'apigw_auth_token_from authorization cookie:s;
                      apigw_auth_preflight pass;')
--- request
OPTIONS /t
--- more_headers eval
"Origin: https://evil.example\nAccess-Control-Request-Method: PUT\n"
. "Cookie: a=b; s=$::Token"
--- response_body_like: (?m)^Cookie: a=b$
--- response_body_unlike eval: substr $::Token, 0, 30



=== over HTTP/2 ours is :authority
--- http2
--- config eval: $::Cookie
--- request eval: ["DELETE /t", "DELETE /t"]
--- more_headers eval
[map { "Cookie: s=$::Token\nOrigin: http://$_" }
    'localhost', 'evil.example']
--- error_code eval: [200, 403]
--- refused: origin_denied



=== an argument as the place is warned about
--- config eval
main::location('/t', 'apigw_auth_token_from authorization arg:t;')
--- request eval: "GET /t?t=$::Token"
--- error_code: 200
--- error_log eval
qr{\[warn\] .*apigw_auth: apigw_auth_token_from: "arg:t" puts tokens into URLs, which are logged; prefer Authorization or a cookie in \S+nginx\.conf:\d+}



=== authorization comes first
--- config eval: main::location('/t', 'apigw_auth_token_from cookie:s;')
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_token_from: "cookie:s" comes first; write "authorization" before other places in \S+nginx\.conf:\d+}



=== a place that is none
--- config eval
main::location('/t', 'apigw_auth_token_from authorization header:X-Token;')
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_token_from: invalid place "header:X-Token"; write "cookie:NAME" or "arg:NAME" in \S+nginx\.conf:\d+}



=== a place without a name
--- config eval
main::location('/t', 'apigw_auth_token_from authorization cookie:;')
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_token_from: invalid place "cookie:"; write}



=== a name that no cookie has
--- config eval
main::location('/t', 'apigw_auth_token_from authorization "cookie:a;b";')
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_token_from: invalid place "cookie:a;b"; write}



=== a place named twice
--- config eval
main::location('/t', 'apigw_auth_token_from authorization cookie:s cookie:s;')
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_token_from: "cookie:s" named twice; write each place once in \S+nginx\.conf:\d+}



=== a place that holds API keys
--- http_config eval
Apigw::Token::provider('corp')
. Apigw::Token::key_store('partners', 'name X-Key cookie:k;')
--- config
apigw_auth_token_from authorization cookie:k;
location /t { apigw_auth jwt=corp key=partners; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_token_from: "cookie:k" holds keys of a store; name another place in \S+nginx\.conf:\d+}



=== an origin that is none
--- config eval
main::location('/t', 'apigw_auth_cookie_origin https://a.example/app;')
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_cookie_origin: invalid origin "https://a.example/app"; write scheme and host, and a port if there is one, such as "https://app.example.com" in \S+nginx\.conf:\d+}



=== "null" is no origin to list
--- config eval: main::location('/t', 'apigw_auth_cookie_origin null;')
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_cookie_origin: invalid origin "null"; write}
