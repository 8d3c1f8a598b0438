# Only the client's request is limited; what it sets off inside is not.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(ratelimit);
use Apigw::Ratelimit;
use Test::Nginx::Socket 'no_plan';

our $Policies = q{
    apigw_ratelimit_policy one key=all rate=3r/d;
    apigw_ratelimit_policy early key=all rate=3r/d phase=preaccess;
};

run_tests();

__DATA__

=== mirror
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one early; mirror /mirror; alias $TEST_NGINX_PAGE; }
location /mirror { internal; apigw_ratelimit one early; return 204; }
--- request eval: [("GET /t") x 4]
--- error_code eval: [200, 200, 200, 429]



=== auth_request
--- http_config eval: $::Policies
--- config
location /t {
    apigw_ratelimit one early;
    auth_request /auth;
    alias $TEST_NGINX_PAGE;
}
location /auth { internal; apigw_ratelimit one early; return 204; }
--- request eval: [("GET /t") x 4]
--- error_code eval: [200, 200, 200, 429]



=== an include by SSI, whose answer has no fields of its own
--- http_config eval: $::Policies
--- user_files
>>> ssi.html
a<!--# include virtual="/part" -->b
>>> part.html
part
--- config
location /t { ssi on; apigw_ratelimit one; alias html/ssi.html; default_type text/html; }
location /part { apigw_ratelimit one; alias html/part.html; }
--- request eval: [("GET /t") x 4]
--- error_code eval: [200, 200, 200, 429]
--- response_body_like eval: [('apart') x 3, '"status":429']
