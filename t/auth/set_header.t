# The service learns the identity from headers that no client can send: they
# are taken off every request, in every location, however spelled.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth qw(echo);
use Test::Nginx::Socket 'no_plan';

our $Config = q{
    underscores_in_headers on;
    apigw_auth_set_header X-Consumer $apigw_consumer;
    apigw_auth_set_header X-Plan "";
    proxy_http_version 1.1;

    location /t {
        apigw_auth jwt=corp;
        proxy_pass $TEST_NGINX_ECHO;
    }

    location /public {
        proxy_pass $TEST_NGINX_ECHO;
    }

    location /anonymous {
        apigw_auth jwt=corp;
        apigw_auth_anonymous consumer=guest;
        proxy_pass $TEST_NGINX_ECHO;
    }
};

our $Bearer = Apigw::Token::bearer();

run_tests();

__DATA__

=== the service gets the consumer
--- config eval: $::Config
--- more_headers eval: $::Bearer
--- response_body_like: (?m)^X-Consumer: shop$



=== a client's own header goes, in every spelling and number
--- config eval: $::Config
--- more_headers eval
"$::Bearer
X-Consumer: evil1
x-consumer: evil2
X_CONSUMER: evil3
X-CONSUMER: evil4
X-Plan: evil5
x_plan: evil6
X-Other: kept"
--- response_body_like: (?m)^X-Consumer: shop$
--- response_body_unlike: evil
--- error_code: 200



=== other headers stay as they came
--- config eval: $::Config
--- more_headers eval
"$::Bearer
X-Consumer: evil
X-Other: kept
X-Consumer-Id: kept too"
--- response_body_like: (?ms)^X-Other: kept$.*^X-Consumer-Id: kept too$



=== public locations take it off as well
--- config eval: $::Config
--- request
GET /public
--- more_headers
X-Consumer: evil
X_Consumer: evil
X-Plan: evil
X-Other: kept
--- response_body_like: X-Other: kept
--- response_body_unlike: (?i)evil|x.consumer



=== another server block takes it off as well
--- http_config eval
"$Apigw::Auth::Config
server {
    listen unix:$Apigw::Token::Dir/other.sock;
    location / { proxy_pass $ENV{TEST_NGINX_ECHO}; }
}"
--- config eval
$::Config . "location /other {
    proxy_set_header X-Consumer evil;
    proxy_pass http://unix:$Apigw::Token::Dir/other.sock:/;
}"
--- request
GET /other
--- response_body_unlike: evil
--- error_code: 200



=== an anonymous caller gets the anonymous name
--- config eval: $::Config
--- request
GET /anonymous
--- more_headers
X-Consumer: evil
--- response_body_like: (?m)^X-Consumer: guest$
--- response_body_unlike: evil



=== a location off below one that sets headers gets none
--- config eval
$::Config . q{
    location /off {
        apigw_auth off;
        proxy_pass $TEST_NGINX_ECHO;
    }
}
--- request
GET /off
--- more_headers eval
"$::Bearer\nX-Consumer: evil"
--- response_body_unlike: X-Consumer



=== Connection cannot name it
--- config eval
$::Config . q{
    location /up {
        apigw_auth jwt=corp;
        proxy_set_header Connection $http_connection;
        proxy_pass $TEST_NGINX_ECHO;
    }
}
--- request
GET /up
--- more_headers eval
"$::Bearer\nConnection: close, X-Consumer, x_plan, X-Other"
--- response_body_like: (?m)^Connection: close, X-Other$



=== $http_x_consumer is not the client's either
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_auth_set_header X-Consumer $apigw_consumer;
    if ($http_x_consumer = "none") { return 403; }
    proxy_set_header X-Seen "$http_x_consumer";
    proxy_pass $TEST_NGINX_ECHO;
}
--- more_headers eval
"$::Bearer\nX-Consumer: evil"
--- response_body_like: (?m)^X-Seen: shop$
--- response_body_unlike: evil



=== a lower level adds, and replaces one of the same name
--- config
apigw_auth_set_header X-Consumer $apigw_consumer;
apigw_auth_set_header X-Plan server;
location /t {
    apigw_auth jwt=corp;
    apigw_auth_set_header x_plan "is $apigw_claim_tier";
    apigw_auth_set_header X-Sub $apigw_claim_sub;
    proxy_pass $TEST_NGINX_ECHO;
}
--- more_headers eval: Apigw::Token::bearer(claims => { tier => 'gold' })
--- response_body_like: (?ms)^X-Consumer: shop$.*^x_plan: is gold$.*^X-Sub: alice$
--- response_body_unlike: X-Plan



=== an empty value sends nothing
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_auth_set_header X-Tier $apigw_claim_tier;
    proxy_pass $TEST_NGINX_ECHO;
}
--- more_headers eval: "$::Bearer\nX-Tier: evil"
--- response_body_unlike: (?i)x-tier



=== a value with a line break cannot reach a header: 403
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_auth_set_header X-From "$uri";
    proxy_pass $TEST_NGINX_ECHO;
}
--- request
GET /t/%0d%0aX-Admin:%201
--- more_headers eval: $::Bearer
--- error_code: 403
--- raw_response_headers_unlike: WWW-Authenticate
--- refused: identity_unsafe



=== nginx's own pointer follows: Authorization replaced for the service
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_auth_set_header Authorization "Basic c2hvcDpzZWNyZXQ=";
    proxy_set_header X-User $remote_user;
    proxy_pass $TEST_NGINX_ECHO;
}
--- more_headers eval: $::Bearer
--- response_body_like: (?m)^Authorization: Basic c2hvcDpzZWNyZXQ=$
--- response_body_unlike: Bearer



=== a request with a body reaches the service with its headers
--- config eval: $::Config
--- request
POST /t
{"a":1}
--- more_headers eval
"$::Bearer\nX-Consumer: evil"
--- response_body_like: (?ms)^POST /t.*^X-Consumer: shop$



=== HTTP/1.0 and a request line alone
--- config eval: $::Config
--- raw_request eval
"GET /public HTTP/1.0\r\nX-Consumer: evil\r\n\r\n"
--- response_body_unlike: X-Consumer
