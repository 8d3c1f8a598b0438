# A shadow policy is decided, charged and logged among enforced ones, and
# never denies.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(ratelimit);
use Apigw::Ratelimit;
use Test::Nginx::Socket 'no_plan';

our $Policies = q{
    apigw_ratelimit_policy trial key=$arg_k rate=2r/h shadow;
    apigw_ratelimit_policy real key=$arg_k rate=3r/h;
    apigw_ratelimit_policy trial_enforced key=$arg_k rate=2r/h;
};

our $Tell = q{
    add_header X-Tell "$apigw_ratelimit_status $apigw_ratelimit_policy" always;
    alias $TEST_NGINX_PAGE;
};

run_tests();

__DATA__

=== it logs what it would refuse, and lets pass
--- http_config eval: $::Policies
--- config eval: "location /t { apigw_ratelimit trial; $::Tell }"
--- request eval: [("GET /t?k=a") x 4]
--- error_code eval: [(200) x 4]
--- rejections eval
['', '', 'rate_exceeded:trial:shadow', 'rate_exceeded:trial:shadow']
--- response_headers eval
[("X-Tell: PASSED trial\nRateLimit:") x 4]



=== beside an enforced one it is charged only for what that admits
--- http_config eval: $::Policies
--- config eval
"location /t { apigw_ratelimit real trial; $::Tell }"
--- request eval: [("GET /t?k=a") x 5]
--- error_code eval: [200, 200, 200, 429, 429]
--- rejections eval
['', '', 'rate_exceeded:trial:shadow',
 'rate_exceeded:trial:shadow rate_exceeded:real',
 'rate_exceeded:trial:shadow rate_exceeded:real']
--- response_headers eval
[("X-Tell: PASSED real") x 3, ("X-Tell: REJECTED real") x 2]
--- response_body_like eval
["page", "page", "page", ('"violated-policies":\["real"\]') x 2]
