# $apigw_ratelimit_* tell the decision, in logs and headers alike.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(ratelimit);
use Apigw::Ratelimit;
use Test::Nginx::Socket 'no_plan';

our $Policies = q{
    apigw_ratelimit_policy one key=$arg_k rate=2r/h;
    apigw_ratelimit_policy two key=$arg_k rate=30r/h burst=10;
    apigw_ratelimit_policy addr key=$apigw_ratelimit_address rate=2r/h;
};

our $Tell = q{
    add_header X-Tell "$apigw_ratelimit_status|$apigw_ratelimit_policy|$apigw_ratelimit_limit|$apigw_ratelimit_remaining|$apigw_ratelimit_reset|$apigw_ratelimit_retry_after|$apigw_ratelimit_source|$apigw_ratelimit_time|$apigw_reject_module|$apigw_reject_reason" always;
    alias $TEST_NGINX_PAGE;
};

our $Address = q{
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Real-IP;
    add_header X-Address "$apigw_ratelimit_address" always;
};

run_tests();

__DATA__

=== of the policy with the least left, then of the one that denies
--- http_config eval: $::Policies
--- config eval: "location /t { apigw_ratelimit one two; $::Tell }"
--- request eval: [("GET /t?k=a") x 3]
--- error_code eval: [200, 200, 429]
--- response_headers_like eval
['X-Tell: PASSED\|one\|2\|1\|\d+\|0\|local\|0\.000000\|\|',
 'X-Tell: PASSED\|one\|2\|0\|3[56]\d\d\|1[78]\d\d\|local\|0\.000000\|\|',
 'X-Tell: REJECTED\|one\|2\|0\|1[78]\d\d\|1[78]\d\d\|local\|0\.000000\|'
 . 'ratelimit\|rate_exceeded']



=== empty where nothing was decided
--- http_config eval: $::Policies
--- config eval: "location /t { $::Tell }"
--- response_headers
X-Tell: |||||||||



=== empty where no policy concerned the request
--- http_config eval: $::Policies
--- config eval: "location /t { apigw_ratelimit one; $::Tell }"
--- request: GET /t?k=
--- response_headers
X-Tell: |||||||||



=== in the access log
--- http_config eval
$::Policies . q{
    log_format limits 'LOG $apigw_ratelimit_status $apigw_ratelimit_policy';
}
--- config
location /t {
    apigw_ratelimit one;
    access_log logs/access.log limits;
    alias $TEST_NGINX_PAGE;
}
--- request: GET /t?k=a
--- access_log
LOG PASSED one



=== an address of version 4 is a key as a whole
--- http_config eval: $::Policies
--- config eval
"$::Address location /t { apigw_ratelimit addr; alias \$TEST_NGINX_PAGE; }"
--- more_headers eval
[map { "X-Real-IP: $_" } qw(192.0.2.1 192.0.2.1 192.0.2.1 192.0.2.2)]
--- request eval: [("GET /t") x 4]
--- error_code eval: [200, 200, 429, 200]
--- response_headers eval
[map { "X-Address: $_" } qw(192.0.2.1 192.0.2.1 192.0.2.1 192.0.2.2)]



=== of version 6 the first 64 bits are
--- http_config eval: $::Policies
--- config eval
"$::Address location /t { apigw_ratelimit addr; alias \$TEST_NGINX_PAGE; }"
--- more_headers eval
[map { "X-Real-IP: $_" } qw(2001:db8:1:2::1 2001:db8:1:2:ffff:ffff:ffff:ffff
                            2001:db8:1:2:3::9 2001:db8:1:3::1)]
--- request eval: [("GET /t") x 4]
--- error_code eval: [200, 200, 429, 200]
--- response_headers eval
[("X-Address: 2001:db8:1:2::") x 3, "X-Address: 2001:db8:1:3::"]



=== an IPv4 address in IPv6's clothes is IPv4
--- http_config eval: $::Policies
--- config eval
"$::Address location /t { apigw_ratelimit addr; alias \$TEST_NGINX_PAGE; }"
--- more_headers eval
[map { "X-Real-IP: $_" } qw(::ffff:192.0.2.1 ::ffff:192.0.2.1 192.0.2.1
                            ::ffff:192.0.2.9)]
--- request eval: [("GET /t") x 4]
--- error_code eval: [200, 200, 429, 200]
--- response_headers eval
[("X-Address: 192.0.2.1") x 3, "X-Address: 192.0.2.9"]



=== the reject variables are a user's to set, too
--- http_config eval: $::Policies
--- config
location /t {
    set $apigw_reject_reason mine;
    add_header X-Reason "$apigw_reject_reason" always;
    apigw_ratelimit one;
    alias $TEST_NGINX_PAGE;
}
--- request eval: [("GET /t?k=a") x 3]
--- error_code eval: [200, 200, 429]
--- response_headers eval
["X-Reason: mine", "X-Reason: mine", "X-Reason: rate_exceeded"]
