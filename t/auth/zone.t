# apigw_auth_zone: what it takes, and what "nginx -t" refuses.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Test::Nginx::Socket 'no_plan';

Apigw::Token::file('page', "page\n", 0644);

our $Location = q{
    location /t { apigw_auth jwt=corp; alias $TEST_NGINX_TOKEN_DIR/page;
                  add_header X-Cache $apigw_auth_cache always; }
};

sub http {
    return "apigw_auth_zone $_[0];" . Apigw::Token::provider('corp');
}

run_tests();

__DATA__

=== each of the parameters
--- http_config eval
main::http('zone=auth:2m ttl=1m negative_ttl=1s negative_max=20% l1=16')
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- more_headers eval: [(Apigw::Token::bearer()) x 3]
--- error_code eval: [200, 200, 200]



=== in another order, and below the providers
--- http_config eval
Apigw::Token::provider('corp') . "apigw_auth_zone l1=0 zone=auth:1m;"
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- more_headers eval: [(Apigw::Token::bearer()) x 3]
--- response_headers eval
["X-Cache: miss", "X-Cache: l2", "X-Cache: l2"]



=== none at all: tokens are known all the same
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- more_headers eval: [(Apigw::Token::bearer()) x 3]
--- response_headers eval
["X-Cache: miss", "X-Cache: l2", "X-Cache: l1"]



=== no zone
--- http_config eval: main::http('ttl=1m')
--- config
--- must_die
--- error_log
[emerg]
apigw_auth: apigw_auth_zone: no zone; write "zone=NAME:SIZE", such as "zone=apigw_auth:16m"



=== a zone without a size
--- http_config eval: main::http('zone=auth')
--- config
--- must_die
--- error_log
[emerg]
apigw_auth: apigw_auth_zone: invalid zone "auth"; write "NAME:SIZE", such as "apigw_auth:16m"



=== a zone that is too small
--- http_config eval: main::http('zone=auth:512k')
--- config
--- must_die
--- error_log
[emerg]
apigw_auth: apigw_auth_zone: invalid size "512k"; give at least 1m



=== a time that is none
--- http_config eval: main::http('zone=auth:1m ttl=soon')
--- config
--- must_die
--- error_log
[emerg]
apigw_auth: apigw_auth_zone: invalid "ttl" "soon"; give a time of at most 24h, 0 keeps nothing



=== a time that is too long
--- http_config eval: main::http('zone=auth:1m negative_ttl=25h')
--- config
--- must_die
--- error_log
[emerg]
apigw_auth: apigw_auth_zone: invalid "negative_ttl" "25h"; give a time of at most 24h, 0 keeps nothing



=== a share without its sign
--- http_config eval: main::http('zone=auth:1m negative_max=10')
--- config
--- must_die
--- error_log
[emerg]
apigw_auth: apigw_auth_zone: invalid "negative_max" "10"; give 1% to 50% of the zone



=== a share that is too large
--- http_config eval: main::http('zone=auth:1m negative_max=51%')
--- config
--- must_die
--- error_log
[emerg]
apigw_auth: apigw_auth_zone: invalid "negative_max" "51%"; give 1% to 50% of the zone



=== a number of entries that is none
--- http_config eval: main::http('zone=auth:1m l1=-1')
--- config
--- must_die
--- error_log
[emerg]
apigw_auth: apigw_auth_zone: invalid "l1" "-1"; give the entries of a worker, 0 to 1048576



=== a parameter twice
--- http_config eval: main::http('zone=auth:1m ttl=1m ttl=2m')
--- config
--- must_die
--- error_log
[emerg]
apigw_auth: apigw_auth_zone: duplicate parameter "ttl=2m"; write it once



=== a parameter of another directive
--- http_config eval: main::http('zone=auth:1m colour=red')
--- config
--- must_die
--- error_log
[emerg]
apigw_auth: apigw_auth_zone: unknown parameter "colour=red"; write "zone=NAME:SIZE", "ttl=", "negative_ttl=", "negative_max=" or "l1="



=== written twice
--- http_config eval: 'apigw_auth_zone zone=auth:1m;' . main::http('zone=other:1m')
--- config
--- must_die
--- error_log
[emerg]
duplicate



=== the name of a zone that another module has
--- http_config eval: 'limit_req_zone $uri zone=auth:1m rate=1r/s;' . main::http('zone=auth:1m')
--- config
--- must_die
--- error_log
[emerg]
the shared memory zone "auth" is already declared



=== the name of a zone that another directive has
--- http_config eval
main::http('zone=apigw_key_store_partners:1m') . Apigw::Token::key_store('partners')
--- config
--- must_die
--- error_log
[emerg]
zone



=== in a server
--- config
apigw_auth_zone zone=auth:1m;
--- must_die
--- error_log
[emerg]
"apigw_auth_zone" directive is not allowed here
