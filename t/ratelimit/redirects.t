# One charge per client request, whatever way it takes inside; a rejected
# request is decided once, so its error page is free.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(ratelimit);
use Apigw::Ratelimit;
use Test::Nginx::Socket 'no_plan';

our $Policies = q{
    apigw_ratelimit_policy one key=$arg_k rate=4r/d;
    apigw_ratelimit_policy two key=all rate=4r/d;
    apigw_ratelimit_policy early key=$arg_k rate=2r/d phase=preaccess;
};

our $Tell = q{
    add_header X-Tell "$apigw_ratelimit_status $apigw_ratelimit_policy $apigw_reject_reason" always;
};

run_tests();

__DATA__

=== error_page to a location with the same policy charges nothing more
--- http_config eval: $::Policies
--- config eval
"$::Tell location /t { apigw_ratelimit one; error_page 404 = /page; alias /none; }
location /page { apigw_ratelimit one; alias \$TEST_NGINX_PAGE; }"
--- request eval: [("GET /t?k=a") x 5]
--- error_code eval: [(200) x 4, 429]
--- response_headers_like eval
[(map { Apigw::Ratelimit::fields("\"one\";r=$_") . ';t=\d+' } 3, 2, 1, 0), ""]



=== a policy of the second location is charged there
--- http_config eval: $::Policies
--- config eval
"$::Tell location /t { apigw_ratelimit one; error_page 404 = /page; alias /none; }
location /page { apigw_ratelimit two; alias \$TEST_NGINX_PAGE; }"
--- request: GET /t?k=a
--- response_headers_like
RateLimit-Policy: "two";q=4;w=86400, "one";q=4;w=86400
RateLimit: "two";r=3;t=\d+, "one";r=3;t=\d+



=== a rejection's error_page by address is free and keeps fields and reason
--- http_config eval: $::Policies
--- config eval
"$::Tell location /t { apigw_ratelimit one; error_page 429 /page; alias \$TEST_NGINX_PAGE; }
location /page { apigw_ratelimit one two; alias \$TEST_NGINX_PAGE; }
location /two { apigw_ratelimit two; alias \$TEST_NGINX_PAGE; }"
--- request eval: [("GET /t?k=a") x 6, "GET /two"]
--- error_code eval: [(200) x 4, 429, 429, 200]
--- response_body_like eval: [("page") x 7]
--- response_headers_like eval
[("") x 4,
 ("X-Tell: REJECTED one rate_exceeded\nRetry-After: \\d+\n"
  . 'RateLimit: "one";r=0;t=\d+') x 2,
 'RateLimit: "two";r=3;t=\d+']



=== a rejection's error_page by name
--- http_config eval: $::Policies
--- config eval
"$::Tell location /t { apigw_ratelimit early; error_page 429 \@sorry; alias \$TEST_NGINX_PAGE; }
location \@sorry { apigw_ratelimit early two; return 429 sorry; }"
--- request eval: [("GET /t?k=a") x 4]
--- error_code eval: [200, 200, 429, 429]
--- response_body_like eval: ["page", "page", "sorry", "sorry"]
--- response_headers_like eval
["", "", ("X-Tell: REJECTED early rate_exceeded\nRetry-After: \\d+\n"
  . 'RateLimit: "early";r=0;t=\d+') x 2]



=== an error_page that turns the rejection into 200 has no Retry-After
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit early; error_page 429 =200 /page; alias $TEST_NGINX_PAGE; }
location /page { alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t?k=a") x 3]
--- error_code eval: [200, 200, 200]
--- response_headers eval: ["", "", "Retry-After:"]
--- rejections eval: ['', '', 'rate_exceeded:early']



=== index, try_files and rewrite go on inside
--- http_config eval: $::Policies
--- user_files
>>> d/index.html
index
--- config
location /d/ { apigw_ratelimit one; }
location /f { apigw_ratelimit one; try_files /none /d/index.html; }
location /w { apigw_ratelimit one; rewrite ^ /d/index.html last; }
--- request eval: ["GET /d/?k=a", "GET /f?k=a", "GET /w?k=a", "GET /w?k=a", "GET /d/?k=a"]
--- error_code eval: [200, 200, 200, 200, 429]



=== X-Accel-Redirect from the service
--- http_config eval: $::Policies
--- config
location /t {
    apigw_ratelimit one;
    proxy_pass http://127.0.0.1:$server_port/service;
}
location /service { add_header X-Accel-Redirect /page; return 200; }
location /page { internal; apigw_ratelimit one; alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t?k=a") x 5]
--- error_code eval: [(200) x 4, 429]
--- response_body_like eval: [("page") x 4, "429"]



=== early and late policies across a redirect
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit early one; error_page 404 = /page; alias /none; }
location /page { apigw_ratelimit early one two; alias $TEST_NGINX_PAGE; }
--- request eval: [("GET /t?k=a") x 3]
--- error_code eval: [200, 200, 429]
--- response_headers_like eval
[map { "RateLimit: $_" }
 '"early";r=1;t=\d+, "one";r=3;t=\d+, "two";r=3;t=\d+',
 '"early";r=0;t=\d+, "one";r=2;t=\d+, "two";r=2;t=\d+',
 '"early";r=0;t=\d+']
