# `apigw_ratelimit_policy`: its parameters; conf_refused.t has those refused.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(ratelimit);
use Apigw::Ratelimit;
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== all parameters, in any order
--- http_config
apigw_ratelimit_zone z:1m;
apigw_ratelimit_policy Some-Name_1.0 shadow zone=z cost=2 phase=preaccess
                       burst=50 rate=100r/m key=$remote_addr;
apigw_ratelimit_policy plan key=x$arg_a-$arg_b rate=$arg_r burst=$arg_s
                       default=1r/d cost=$arg_c phase=precontent;
--- config
location /t { apigw_ratelimit Some-Name_1.0 plan; alias $TEST_NGINX_PAGE; }
--- error_code: 200



=== a name of 64 characters
--- http_config eval: 'apigw_ratelimit_policy ' . 'n' x 64 . ' key=k rate=1r/s;'
--- config eval
'location /t { apigw_ratelimit ' . 'n' x 64 . '; alias $TEST_NGINX_PAGE; }'
--- error_code: 200



=== the name is one too long
--- http_config eval: 'apigw_ratelimit_policy ' . 'n' x 65 . ' key=k rate=1r/s;'
--- config
--- must_die
--- error_log
; use 1 to 64 of A-Z a-z 0-9 _ . -, and not "off" in



=== two policies of one name
--- http_config
apigw_ratelimit_policy a key=k rate=1r/s;
apigw_ratelimit_policy a key=k rate=2r/s;
--- config
--- must_die
--- error_log
duplicate policy "a"; use another name in



=== $apigw_consumer_groups is not $apigw_consumer
--- http_config
map $uri $apigw_consumer_groups { default x; }
apigw_ratelimit_policy a key=$apigw_consumer_groups rate=1r/s phase=preaccess;
--- config
location /t { apigw_ratelimit a; alias $TEST_NGINX_PAGE; }
--- error_code: 200



=== a rate that rounding lowers by over 1 % is warned of
--- http_config
apigw_ratelimit_policy a key=k rate=700000r/s;
--- config
location /t { apigw_ratelimit a; alias $TEST_NGINX_PAGE; }
--- error_log
policy "a": rate "700000r/s" is lowered by over 1% as its interval is rounded up to 1/8 us



=== so is a default
--- http_config
apigw_ratelimit_policy a key=k rate=$arg_r default=700000r/s;
--- config
location /t { apigw_ratelimit a; alias $TEST_NGINX_PAGE; }
--- error_log
policy "a": default "700000r/s" is lowered by over 1% as its interval is rounded up to 1/8 us



=== all parameters of windows, in any order
--- http_config
apigw_ratelimit_policy a align=first shadow cost=2 quota=10/15m key=$arg_k
                       phase=preaccess;
apigw_ratelimit_policy b strict=6 default=100/m sliding=$arg_s key=$arg_k
                       cost=$arg_c;
apigw_ratelimit_policy c key=all default=9/month align=calendar quota=$arg_q;
--- config
location /t { apigw_ratelimit a b c; alias $TEST_NGINX_PAGE; }
--- request: GET /t?k=a&s=5/2h&q=7/d
--- response_headers
RateLimit-Policy: "b";q=5;w=7200, "c";q=7;w=86400



=== not in server
--- config
apigw_ratelimit_policy a key=k rate=1r/s;
--- must_die
--- error_log
"apigw_ratelimit_policy" directive is not allowed here
