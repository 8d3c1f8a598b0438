# `apigw_ratelimit_refund` and cost_after= as they are written: what nginx
# refuses, with the mend.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(ratelimit);
use Apigw::Ratelimit;
use Test::Nginx::Socket 'no_plan';

our $Policies = q{
    apigw_ratelimit_policy one key=all rate=2r/d;
    apigw_ratelimit_policy two key=all rate=4r/d;
};

run_tests();

__DATA__

=== all forms
--- http_config eval: $::Policies . 'apigw_ratelimit one; apigw_ratelimit_refund when=$arg_a one;'
--- config
apigw_ratelimit two cost_after=0;
apigw_ratelimit_refund two when=$arg_a$arg_b;
location /t { alias $TEST_NGINX_PAGE; }
location /u { apigw_ratelimit_refund off; alias $TEST_NGINX_PAGE; }
location /v { apigw_ratelimit one two cost_after=1000000000; apigw_ratelimit_refund when="$arg_a"; }
location /w { apigw_ratelimit_refund one when=x$arg_a two; apigw_ratelimit one; apigw_ratelimit two cost=2 cost_after=$arg_c; }



=== a name inherited by a location without that policy
--- http_config eval: $::Policies
--- config
apigw_ratelimit one;
apigw_ratelimit_refund when=$arg_a one;
location /t { apigw_ratelimit two; alias $TEST_NGINX_PAGE; }
--- request eval: ["GET /t?a=1", "GET /t?a=1"]
--- response_headers_like eval: [map { "RateLimit: \"two\";r=$_;.*" } 3, 2]



=== without when=
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one; apigw_ratelimit_refund one; }
--- must_die
--- error_log
"apigw_ratelimit_refund" directive has no when=; add it, such as when=$failed



=== an empty when=
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one; apigw_ratelimit_refund when= one; }
--- must_die
--- error_log
when="" of apigw_ratelimit_refund is the same for all; use a variable, such as when=$failed



=== a constant when=
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one; apigw_ratelimit_refund when=1; }
--- must_die
--- error_log
when="1" of apigw_ratelimit_refund is the same for all; use a variable, such as when=$failed



=== two when=
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one; apigw_ratelimit_refund when=$arg_a when=$arg_b; }
--- must_die
--- error_log
duplicate when= of apigw_ratelimit_refund; keep one



=== an unknown variable
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one; apigw_ratelimit_refund when=$nothing; }
--- must_die
--- error_log
unknown "nothing" variable



=== off beside others
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one; apigw_ratelimit_refund when=$arg_a off; }
--- must_die
--- error_log
invalid parameter "off" of apigw_ratelimit_refund; use when=$variable and names of policies, or off alone



=== no name
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one; apigw_ratelimit_refund when=$arg_a "o ne"; }
--- must_die
--- error_log
invalid parameter "o ne" of apigw_ratelimit_refund; use when=$variable and names of policies, or off alone



=== twice
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one; apigw_ratelimit_refund when=$arg_a; apigw_ratelimit_refund off; }
--- must_die
--- error_log
"apigw_ratelimit_refund" directive is duplicate



=== a policy that is not applied there
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one; apigw_ratelimit_refund when=$arg_a one two; }
--- must_die
--- error_log
apigw_ratelimit_refund names policy "two", which is not applied here; add it to apigw_ratelimit, or leave it out



=== nor anywhere
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one; apigw_ratelimit_refund when=$arg_a three; }
--- must_die
--- error_log
apigw_ratelimit_refund names policy "three", which is not applied here; add it to apigw_ratelimit, or leave it out



=== where no policy is
--- http_config eval: $::Policies
--- config
apigw_ratelimit_refund when=$arg_a one;
location /t { apigw_ratelimit one; }
--- must_die
--- error_log
apigw_ratelimit_refund names policy "one", which is not applied here; add it to apigw_ratelimit, or leave it out



=== nor in http
--- http_config eval: $::Policies . 'apigw_ratelimit one; apigw_ratelimit_refund when=$arg_a two;'
--- config
location /t { apigw_ratelimit two; }
--- must_die
--- error_log
apigw_ratelimit_refund names policy "two", which is not applied here; add it to apigw_ratelimit, or leave it out



=== one that a level has put off
--- http_config eval: $::Policies . 'apigw_ratelimit one;'
--- config
location /t { apigw_ratelimit off; apigw_ratelimit_refund when=$arg_a one; }
--- must_die
--- error_log
apigw_ratelimit_refund names policy "one", which is not applied here; add it to apigw_ratelimit, or leave it out



=== a name twice
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one; apigw_ratelimit_refund when=$arg_a one one; }
--- must_die
--- error_log
duplicate policy "one" in apigw_ratelimit_refund; name it once



=== inherited and replaced
--- http_config eval: $::Policies . 'apigw_ratelimit one; apigw_ratelimit_refund when=$arg_a;'
--- config
location /t { apigw_ratelimit_refund when=$arg_b one; alias $TEST_NGINX_PAGE; }
--- request eval: ["GET /t?b=1", "GET /t?b=1", "GET /t?b=1", "GET /t?a=1", "GET /t", "GET /t"]
--- error_code eval: [200, 200, 200, 200, 200, 429]



=== a bad cost_after
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one cost_after=-1; }
--- must_die
--- error_log eval: qr/invalid cost_after "-1" of apigw_ratelimit; /



=== an empty cost_after
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one cost_after=; }
--- must_die
--- error_log eval: qr/invalid cost_after "" of apigw_ratelimit; /



=== one that is too high
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one cost_after=1000000001; }
--- must_die
--- error_log eval: qr/invalid cost_after "1000000001" of apigw_ratelimit; /



=== two of a line
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one cost_after=1 cost_after=$arg_a; }
--- must_die
--- error_log
duplicate cost_after= of apigw_ratelimit; keep one



=== cost_after alone
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit cost_after=1; }
--- must_die
--- error_log
names no policy



=== cost_after with an unknown variable
--- http_config eval: $::Policies
--- config
location /t { apigw_ratelimit one cost_after=$nothing; }
--- must_die
--- error_log
unknown "nothing" variable
