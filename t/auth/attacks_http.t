# Requests that try to get round the module, by HTTP and by nginx's own ways,
# that no other file has. Which test stands for which attack is in
# docs/SECURITY.md; t/auth/attacks.t compares.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth qw(echo);
use Test::Nginx::Socket 'no_plan';

our $Key = Apigw::Token::api_key('acme0001');
our $Page = "alias $Apigw::Token::Dir/page;";
our $Kid = 'the-kid-of-this-test';

Apigw::Token::file('page', "page\n", 0644);
Apigw::Token::file('htpasswd', "bob:{PLAIN}secret\n", 0644);

our $Basic = 'Authorization: Basic Ym9iOnNlY3JldA==';

run_tests();

__DATA__

=== an unknown and a disabled key get byte-identical answers
--- config eval: "location /t { apigw_auth key=partners; $::Page }"
--- then eval
sub {
    my %seen;

    for my $id (qw(nobody01 disabled expired1 notyet01 network1)) {
        my $client = IO::Socket::INET->new(PeerAddr => '127.0.0.1:'
            . Apigw::port()) or die $!;
        print $client "GET /t HTTP/1.0\r\nX-API-Key: "
                      . Apigw::Token::api_key($id) . "\r\n\r\n";
        my $answer = do { local $/; <$client> };

        # what differs between any two answers
        $answer =~ s/^Date: .*\r\n//m or die "no date in $answer";
        $answer =~ s/"instance":"\w+"/"instance":""/ or die "no id";
        $seen{$answer}++;
    }

    Test::More::is(scalar keys %seen, 1, 'one answer for all five');
}
--- error_code: 401



=== the kid is in no answer and in no line of the log
--- http_config eval
Apigw::Token::provider('corp', '', Apigw::Token::jwk('rsa', kid => $::Kid))
--- config eval
"location /t { apigw_auth jwt=corp; apigw_require_scope x; $::Page }"
--- request eval: [("GET /t") x 3]
--- more_headers eval
[Apigw::Token::bearer(header => { kid => $::Kid }),
 Apigw::Token::bearer(header => { kid => $::Kid }, key => 'rsa2'),
 Apigw::Token::bearer(header => { kid => "$::Kid-2" })]
--- error_code eval: [403, 401, 401]
--- response_body_unlike eval: [($::Kid) x 3]
--- raw_response_headers_unlike eval: [($::Kid) x 3]
--- no_error_log eval: ['[alert]', '[crit]', $::Kid]



=== no reason word reaches a client
--- config eval
"location /t { apigw_auth jwt=corp key=partners; $::Page }"
--- request eval: [("GET /t") x 5]
--- more_headers eval
['Authorization: Bearer ' . Apigw::Token::expired(), 'Authorization: Bearer x',
 Apigw::Token::bearer(key => 'rsa2'), Apigw::Token::bearer(claims => { iss => 'x' }),
 'X-API-Key: ' . Apigw::Token::api_key('disabled')]
--- error_code eval: [(401) x 5]
--- response_body_unlike eval: [('expired|malformed|signature|issuer|unknown|disabled') x 5]
--- raw_response_headers_unlike eval: [('expired|malformed|signature|issuer|unknown|disabled') x 5]



=== tabs and blanks around a credential
--- config eval: "location /t { apigw_auth jwt=corp key=partners; $::Page }"
--- request eval: [("GET /t") x 5]
--- more_headers eval
my $token = Apigw::Token::token();
["Authorization: Bearer  $token", "Authorization: Bearer\t$token",
 "Authorization: Bearer \t$token", "Authorization:    Bearer $token", "Authorization: ApiKey\t$::Key"]
--- error_code eval: [200, 400, 400, 200, 401]
--- refused eval
['', 'credential_malformed', 'credential_malformed', '', 'key_unknown']



=== a duplicate of every carrier of a key
--- http_config eval
Apigw::Token::key_store('partners', 'name X-Key arg:k cookie:k basic;')
--- config eval: "location /t { apigw_auth key=partners; $::Page }"
--- request eval
["GET /t", "GET /t?k=$::Key&k=$::Key", "GET /t", "GET /t", "GET /t?k=$::Key",
 "GET /t?k=$::Key", "GET /t"]
--- more_headers eval
["X-Key: $::Key\nx-key: $::Key", '', "Cookie: k=$::Key; k=$::Key",
 "Cookie: k=$::Key\nCookie: k=$::Key", "X-Key: $::Key", "Cookie: k=$::Key",
 "X-Key: $::Key\nAuthorization: Basic "
 . MIME::Base64::encode_base64("$::Key:", '')]
--- error_code eval: [(400) x 7]
--- refused: credential_duplicate



=== the path's spelling opens no other location
--- config eval
"location /t { apigw_auth jwt=corp; $::Page }"
--- request eval
["GET /t", "GET //t", "GET /./t", "GET /x/../t", "GET /%74", "GET /t?x",
 "GET http://elsewhere.example/t"]
--- error_code eval: [(401) x 7]
--- refused: token_missing



=== a method of any kind is asked
--- config eval
"location /t { apigw_auth jwt=corp; proxy_pass $ENV{TEST_NGINX_ECHO}; }"
--- request eval
[map { "$_ /t" } qw(GET HEAD POST PUT DELETE OPTIONS PATCH PROPFIND BREW)]
--- error_code eval: [(401) x 9]
--- refused: token_missing



=== X-Accel-Redirect from a public location asks the target's policy
--- http_config eval
"$Apigw::Auth::Config
server {
    listen unix:$Apigw::Token::Dir/accel.sock;
    location / { add_header X-Accel-Redirect /secret; return 200; }
}"
--- config eval
"location /t { proxy_pass http://unix:$Apigw::Token::Dir/accel.sock:/; }
location /secret { internal; apigw_auth jwt=corp; $::Page }"
--- request eval: ["GET /t", "GET /t", "GET /secret"]
--- more_headers eval: ['', Apigw::Token::bearer(), Apigw::Token::bearer()]
--- error_code eval: [401, 200, 404]
--- refused eval: ['token_missing', '', '']



=== a protected named location is asked, by try_files and error_page
--- config eval
"location /t { try_files /none \@secret; }
location /u { error_page 418 = \@secret; return 418; }
location \@secret { apigw_auth jwt=corp; apigw_require_scope x;
                    proxy_pass $ENV{TEST_NGINX_ECHO}; }"
--- request eval: [("GET /t", "GET /u") x 3]
--- more_headers eval
['', '', (Apigw::Token::bearer()) x 2,
 (Apigw::Token::bearer(claims => { scope => 'x' })) x 2]
--- error_code eval: [401, 401, 403, 403, 200, 200]



=== HEAD of a refusal of each kind has no body
--- config eval
"location /t { apigw_auth jwt=corp; apigw_require_scope x; $::Page }"
--- request eval: [("HEAD /t") x 4]
--- more_headers eval
['', 'Authorization: Bearer', 'Authorization: Bearer x', Apigw::Token::bearer()]
--- error_code eval: [401, 400, 401, 403]
--- response_body eval: ['', '', '', '']
--- response_headers_like eval: [('Content-Length: [12]\d\d') x 4]
--- refused eval
[qw(token_missing credential_malformed token_malformed scope_insufficient)]



=== an if block with a service of its own is asked as well
--- config eval
"location /t {
    apigw_auth jwt=corp;
    if (\$arg_x) { proxy_pass $ENV{TEST_NGINX_ECHO}; }
    $::Page
}"
--- request eval: ["GET /t?x=1", "GET /t?x=1"]
--- more_headers eval: ['', Apigw::Token::bearer()]
--- error_code eval: [401, 200]
--- response_body_like eval: ['Unauthorized', '^GET /t']



=== satisfy any with allow, deny, auth_basic and auth_request at once
--- config eval
my $basic = "auth_basic stock; "
            . "auth_basic_user_file $Apigw::Token::Dir/htpasswd;";
my $all = "satisfy any; apigw_auth key=partners; $basic auth_request /check;";
"location /deny { $all deny all; $::Page }
location /allow { $all allow all; $::Page }
location /check { internal; if (\$http_x_ok) { return 204; } return 403; }"
--- request eval
["GET /deny", "GET /deny", "GET /deny", "GET /deny", "GET /allow",
 "GET /deny"]
--- more_headers eval
['', "X-API-Key: $::Key", $::Basic, 'X-Ok: 1', '', 'X-API-Key: gw_bad']
--- error_code eval: [401, 200, 200, 200, 200, 401]



=== satisfy all wants every one of them
--- config eval
my $basic = "auth_basic stock; "
            . "auth_basic_user_file $Apigw::Token::Dir/htpasswd;";
"location /t { satisfy all; apigw_auth key=partners; $basic
    auth_request /check; allow all; $::Page }
location /check { internal; if (\$http_x_ok) { return 204; } return 403; }"
--- request eval: [("GET /t") x 4]
--- more_headers eval
["X-API-Key: $::Key\n$::Basic\nX-Ok: 1", "$::Basic\nX-Ok: 1",
 "X-API-Key: $::Key\nX-Ok: 1", "X-API-Key: $::Key\n$::Basic"]
--- error_code eval: [200, 401, 401, 403]



=== SSI and a mirror of a refused request do not run
--- user_files
>>> page.html
<!--# include virtual="/inner" -->
--- config
location /page.html { ssi on; apigw_auth jwt=corp; mirror /inner; }
location /inner { internal; access_log off; error_page 410 /none; return 410; }
location /none { return 200 "inner ran"; }
--- request
GET /page.html
--- error_code: 401
--- response_body_unlike: inner ran
--- refused: token_missing
