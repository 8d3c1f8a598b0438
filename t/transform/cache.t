# A cache holds the untransformed answer; hits are transformed like misses.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Transform;
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== miss, hit and HEAD
--- http_config
apigw_transform t { json keep /a; }
apigw_transform w { json group g; }
proxy_cache_path $TEST_NGINX_SERVER_ROOT/html/cache keys_zone=c:1m;
--- config
proxy_cache c;
proxy_cache_key $arg_body;
proxy_cache_valid 1h;
add_header X-Cache $upstream_cache_status;
location /t/ {
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /w/ {
    apigw_response_transform w;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /n/ { proxy_pass http://$TEST_NGINX_SERVICE/; }
--- request eval
[map { "$_?body={\"a\":1,\"b\":2}&header=ETag:%22x%22" } 'GET /t/send', 'GET /t/send',
 'HEAD /t/send', 'GET /w/send', 'GET /n/send']
--- response_headers eval
["X-Cache: MISS\nContent-Length: 7\n!ETag", "X-Cache: HIT\nContent-Length: 7\n!ETag",
 "X-Cache: HIT\n!Content-Length\n!ETag", "X-Cache: HIT\nContent-Length: 19",
 "X-Cache: HIT\nETag: \"x\""]
--- response_body eval
[('{"a":1}') x 2, '', '{"g":{"a":1,"b":2}}', '{"a":1,"b":2}']



=== a hit from a file, with sendfile and aio threads, is long and whole
--- http_config
apigw_transform t { json drop /none; }
proxy_cache_path $TEST_NGINX_SERVER_ROOT/html/cache2 keys_zone=d:1m;
--- config
sendfile on;
aio threads;
proxy_cache d;
proxy_cache_key x;
proxy_cache_valid 1h;
add_header X-Cache $upstream_cache_status;
location /t/ {
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
[("GET /t/send?body=7&repeat=300000") x 3]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
[("7" x 300000) x 3]



=== a cached answer that is not JSON fails on each hit, and stays cached
--- http_config
apigw_transform t { json keep /a; }
proxy_cache_path $TEST_NGINX_SERVER_ROOT/html/cache3 keys_zone=e:1m;
--- config
proxy_cache e;
proxy_cache_key x;
proxy_cache_valid 1h;
location /t/ {
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /n/ {
    add_header X-Cache $upstream_cache_status;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
[(map { "GET /t/send?body=x" } 1 .. 3), "GET /n/send?body=x"]
--- error_code eval
[502, 502, 502, 200]
--- response_body_like eval
[(qr/"reason":"json_invalid"/) x 3, qr/^x$/]



=== a conditional request from a client with the original's validator
--- http_config
apigw_transform t { json keep /a; }
proxy_cache_path $TEST_NGINX_SERVER_ROOT/html/cache4 keys_zone=f:1m;
--- config
proxy_cache f;
proxy_cache_key x;
proxy_cache_valid 1h;
location /t/ {
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /w/ {
    apigw_response_transform t;
    apigw_transform_validators weak;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- request eval
my $q = 'send?body={"a":1}&header=ETag:%22x%22';
["GET /t/$q", "GET /t/$q", "GET /w/$q"]
--- more_headers
If-None-Match: W/"x"
--- error_code eval
[200, 200, 304]
--- response_body eval
['{"a":1}', '{"a":1}', '']



=== a stale answer
--- http_config
apigw_transform t { json keep /a; }
proxy_cache_path $TEST_NGINX_SERVER_ROOT/html/cache5 keys_zone=g:1m;
--- config
proxy_cache g;
proxy_cache_key x;
proxy_cache_valid 200 1s;
proxy_cache_use_stale error http_500;
add_header X-Cache $upstream_cache_status;
location /t/ {
    apigw_response_transform t;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
location /u/ {
    apigw_response_transform t;
    proxy_pass http://127.0.0.1:1/;
}
location = /wait {                  # three seconds
    proxy_cache off;
    limit_rate 100;
    return 200 "$request_id$request_id$request_id$request_id$request_id";
}
--- request eval
my $q = 'send?body={"a":1,"b":2}';
["GET /t/$q", "GET /wait", "GET /t/$q&status=500", "GET /u/$q"]
--- timeout: 10
--- response_headers eval
["X-Cache: MISS\nContent-Length: 7", "",
 ("X-Cache: STALE\nContent-Length: 7") x 2]
--- response_body_like eval
[qr/^\{"a":1\}$/, qr//, (qr/^\{"a":1\}$/) x 2]
