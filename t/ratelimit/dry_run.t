# A dry run decides, charges and logs as if it enforced, and lets pass.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(ratelimit);
use Apigw::Ratelimit;
use Test::Nginx::Socket 'no_plan';

our $Policies = q{
    apigw_ratelimit_policy one key=$arg_k rate=1r/h;
    apigw_ratelimit_policy two key=$arg_k rate=5r/h;
    apigw_ratelimit_policy early key=$arg_k rate=1r/h phase=preaccess;
};

our $Tell = q{
    add_header X-Tell "$apigw_ratelimit_status|$apigw_ratelimit_policy|$apigw_dry_run_module|$apigw_dry_run_reason|$apigw_reject_module|$apigw_reject_reason" always;
    alias $TEST_NGINX_PAGE;
};

run_tests();

__DATA__

=== what would be refused passes, and is told in log and variables
--- http_config eval: $::Policies
--- config eval
"location /t { apigw_ratelimit one; apigw_ratelimit_dry_run on; $::Tell }"
--- request eval: [("GET /t?k=a") x 3]
--- error_code eval: [200, 200, 200]
--- response_headers eval
["X-Tell: PASSED|one||||",
 "X-Tell: REJECTED_DRY_RUN|one|ratelimit|rate_exceeded||",
 "X-Tell: REJECTED_DRY_RUN|one|ratelimit|rate_exceeded||"]
--- rejections eval
['', 'rate_exceeded:one:dry_run', 'rate_exceeded:one:dry_run']



=== no field, no Retry-After
--- http_config eval: $::Policies
--- config eval
"location /t { apigw_ratelimit one; apigw_ratelimit_dry_run on; $::Tell }"
--- request eval: [("GET /t?k=a") x 2]
--- error_code eval: [200, 200]
--- response_headers eval
[("RateLimit:\nRateLimit-Policy:\nRetry-After:") x 2]



=== it charges as if enforcing: a denial consumes nothing
--- http_config eval: $::Policies
--- config eval
"location /t { apigw_ratelimit one two; apigw_ratelimit_dry_run on; $::Tell }
location /u { apigw_ratelimit two; $::Tell }"
--- request eval: [("GET /t?k=a") x 3, "GET /u?k=a"]
--- error_code eval: [(200) x 4]
--- response_headers_like eval
[("") x 3, Apigw::Ratelimit::fields('"two";r=3;t=2160')]



=== after an early denial the late policies are not charged
--- http_config eval: $::Policies
--- config eval
"location /t { apigw_ratelimit early two; apigw_ratelimit_dry_run on; $::Tell }
location /u { apigw_ratelimit two; $::Tell }"
--- request eval: [("GET /t?k=a") x 3, "GET /u?k=a"]
--- error_code eval: [(200) x 4]
--- response_headers_like eval
[("") x 3, Apigw::Ratelimit::fields('"two";r=3;t=2160')]
--- rejections eval
['', 'rate_exceeded:early:dry_run', 'rate_exceeded:early:dry_run', '']



=== on at one level, off below
--- http_config eval: $::Policies . 'apigw_ratelimit_dry_run on;'
--- config eval
"location /t { apigw_ratelimit one; $::Tell }
location /u { apigw_ratelimit one; apigw_ratelimit_dry_run off; $::Tell }"
--- request eval: ["GET /t?k=a", "GET /t?k=a", "GET /u?k=a"]
--- error_code eval: [200, 200, 429]
--- response_headers eval
["", "", "X-Tell: REJECTED|one|||ratelimit|rate_exceeded"]



=== a dry run is no pass for the location that it leads to
--- http_config
apigw_ratelimit_policy tried key=$arg_k rate=1r/h;
apigw_ratelimit_policy meant key=$arg_k rate=3r/h;
--- config
location /t {
    apigw_ratelimit tried;
    apigw_ratelimit_dry_run on;
    error_page 404 = /page?k=$arg_k;
    alias /none;
}
location /page {
    apigw_ratelimit meant;
    alias $TEST_NGINX_PAGE;
    add_header X-Tell "$apigw_ratelimit_status $apigw_ratelimit_policy" always;
}
--- request eval: [("GET /t?k=a") x 4]
--- error_code eval: [200, 200, 200, 429]
--- response_headers eval
["X-Tell: PASSED tried", ("X-Tell: REJECTED_DRY_RUN tried") x 2,
 "X-Tell: REJECTED meant"]
