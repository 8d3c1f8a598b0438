# preaccess policies come before authentication and stay charged when it
# refuses; precontent ones come after, and are not reached then.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(ratelimit);
use Apigw::Ratelimit;
use Test::Nginx::Socket 'no_plan';

our $Policies = q{
    apigw_ratelimit_policy early key=all rate=2r/d phase=preaccess;
    apigw_ratelimit_policy late key=all rate=2r/d phase=precontent;
    apigw_ratelimit_policy user key=$remote_user rate=2r/d;
};

run_tests();

__DATA__

=== a preaccess policy limits what access refuses
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit early; deny all; alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t") x 3]
--- error_code eval: [403, 403, 429]
--- response_headers_like eval
[map { Apigw::Ratelimit::fields($_) }
 '"early";r=1;t=43200', '"early";r=0;t=86400', '"early";r=0;t=43200']



=== a precontent policy is not charged for what access refuses
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit late; deny all; alias $TEST_NGINX_PAGE; }
location /ok { apigw_ratelimit late; alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t") x 3, ("GET /ok") x 3]
--- error_code eval: [403, 403, 403, 200, 200, 429]
--- response_headers_like eval
[("") x 3, map { Apigw::Ratelimit::fields($_) }
 '"late";r=1;t=43200', '"late";r=0;t=86400', '"late";r=0;t=43200']



=== both phases: the late ones are not charged when the early ones deny
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit late early; alias $TEST_NGINX_PAGE; }
location /late { apigw_ratelimit late; alias $TEST_NGINX_PAGE; }
location /early { apigw_ratelimit early; alias $TEST_NGINX_PAGE; }
--- request eval: ["GET /early", "GET /t", "GET /t", "GET /late", "GET /late"]
--- error_code eval: [200, 200, 429, 200, 429]
--- response_headers_like eval
[map { Apigw::Ratelimit::fields($_) }
 '"early";r=1;t=43200',
 '"late";r=1;t=43200, "early";r=0;t=86400',
 '"early";r=0;t=43200',
 '"late";r=0;t=86400',
 '"late";r=0;t=43200']



=== both phases: an early charge stays when a late policy denies
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit early late; alias $TEST_NGINX_PAGE; }
location /late { apigw_ratelimit late; alias $TEST_NGINX_PAGE; }
--- request eval: ["GET /late", "GET /late", "GET /t", "GET /t", "GET /t"]
--- error_code eval: [200, 200, 429, 429, 429]
--- rejections eval
['', '', 'rate_exceeded:late', 'rate_exceeded:late', 'rate_exceeded:early']



=== "satisfy any" bypasses no limit
--- http_config eval: $::Policies
--- config
location /t {
    satisfy any;
    allow all;
    auth_basic closed;
    auth_basic_user_file /dev/null;
    apigw_ratelimit early late;
    alias $TEST_NGINX_PAGE;
}
--- request eval: [("GET /t") x 3]
--- error_code eval: [200, 200, 429]
--- rejections: rate_exceeded:early



=== a key of an authenticated user is known in precontent
--- http_config eval: $::Policies
--- user_files eval
[['passwd', 'joe:{PLAIN}secret'], ['page', "page\n"]]
--- config
location /t {
    auth_basic closed;
    auth_basic_user_file $TEST_NGINX_SERVER_ROOT/html/passwd;
    apigw_ratelimit user;
    alias $TEST_NGINX_PAGE;
}
--- more_headers
Authorization: Basic am9lOnNlY3JldA==
--- request eval: [("GET /t") x 3]
--- error_code eval: [200, 200, 429]



=== where return answers, no limit is reached
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit early late; return 204; }
--- request eval: [("GET /t") x 3]
--- error_code eval: [204, 204, 204]



=== limits come before try_files
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit late; try_files /none =404; }
--- request eval: [("GET /t") x 3]
--- error_code eval: [404, 404, 429]



=== stock limit_req and limit_conn still work beside
--- http_config eval
$::Policies . 'limit_req_zone $server_name zone=stock:1m rate=1r/m;'
--- config
location /t {
    apigw_ratelimit early late;
    limit_req zone=stock;
    alias $TEST_NGINX_PAGE;
}
--- request eval: [("GET /t") x 3]
--- error_code eval: [200, 503, 429]
--- rejections eval: ['', '', 'rate_exceeded:early']
