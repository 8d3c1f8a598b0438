# What "nginx -t" refuses and warns of in the parameters of binding.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Test::Nginx::Socket 'no_plan';

our $Location = 'location /t { return 204; }';

sub provider {
    return Apigw::Token::provider('corp', $_[0]);
}

our $At = qr/ in \S+nginx\.conf:\d+/;
our $Block = qr/apigw_auth: apigw_jwt_provider "corp": /;

run_tests();

__DATA__

=== every parameter in order
--- http_config eval
main::provider('bind mtls dpop required; dpop_max_age 1s;'
    . 'dpop_algorithms RS256 ES384 Ed25519; dpop_nonce on;'
    . 'dpop_origin https://a.example https://b.example:8443;')
    . Apigw::Token::provider('other', 'bind auto; dpop_nonce off;')
--- config eval: $::Location
--- error_code: 204



=== bind of an unknown method
--- http_config eval: main::provider('bind tls;')
--- config eval: $::Location
--- must_die
--- error_log eval
qr/\[emerg\] .*${main::Block}invalid "bind" "tls"; write "auto" or "off" alone, or "mtls" and "dpop" or one of them, with "required" if need be$main::At/



=== bind auto with others
--- http_config eval: main::provider('bind auto required;')
--- config eval: $::Location
--- must_die
--- error_log eval
qr/\[emerg\] .*${main::Block}invalid "bind" "auto"; write "auto" or "off" alone/



=== bind required alone
--- http_config eval: main::provider('bind required;')
--- config eval: $::Location
--- must_die
--- error_log eval
qr/\[emerg\] .*${main::Block}"bind required" without a method; add "mtls", "dpop" or both$main::At/



=== bind with one method twice
--- http_config eval: main::provider('bind mtls mtls;')
--- config eval: $::Location
--- must_die
--- error_log eval
qr/\[emerg\] .*${main::Block}"mtls" twice in "bind"; write it once$main::At/



=== bind off is warned of
--- http_config eval: main::provider('bind off;')
--- config eval: $::Location
--- error_code: 204
--- error_log eval
qr/\[warn\] .*${main::Block}"bind off" takes bound tokens from whoever has them; leave it out to see to it that they are their holder's$main::At/



=== ages that are none, 0 or above five minutes
--- http_config eval: main::provider('dpop_max_age 301s;')
--- config eval: $::Location
--- must_die
--- error_log eval
qr/\[emerg\] .*${main::Block}invalid "dpop_max_age" "301s"; give a time from 1s to 5m$main::At/



=== an age of 0
--- http_config eval: main::provider('dpop_max_age 0;')
--- config eval: $::Location
--- must_die
--- error_log eval
qr/\[emerg\] .*${main::Block}invalid "dpop_max_age" "0"/



=== a symmetric algorithm
--- http_config eval: main::provider('dpop_algorithms ES256 HS256;')
--- config eval: $::Location
--- must_die
--- error_log eval
qr/\[emerg\] .*${main::Block}algorithm "HS256" is not for proofs; use RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, Ed448$main::At/



=== an origin with a path
--- http_config eval: main::provider('dpop_origin https://a.example/x;')
--- config eval: $::Location
--- must_die
--- error_log eval
qr{\[emerg\] .*${main::Block}invalid "dpop_origin" "https://a.example/x": more than an origin; write it as clients see it, such as https://api.example.com$main::At}



=== a host is no origin
--- http_config eval: main::provider('dpop_origin a.example;')
--- config eval: $::Location
--- must_die
--- error_log eval
qr{\[emerg\] .*${main::Block}invalid "dpop_origin" "a.example": no "https://" in front; }



=== an origin in the clear is warned of
--- http_config eval: main::provider('dpop_origin http://localhost:8080;')
--- config eval: $::Location
--- error_code: 204
--- error_log eval
qr{\[warn\] .*${main::Block}"dpop_origin" "http://localhost:8080" takes tokens that everyone on their way can read; use https$main::At}



=== parameters of proofs where none is taken
--- http_config eval: main::provider('bind mtls; dpop_max_age 10s;')
--- config eval: $::Location
--- must_die
--- error_log eval
qr/\[emerg\] .*${main::Block}"dpop_max_age" where "bind" takes no proofs; add "dpop" to "bind", or remove it$main::At/



=== the Redis of proofs, one that is named
--- http_config eval
'apigw_auth_redis a { server 127.0.0.1:1; } apigw_auth_redis b { server 127.0.0.1:1; }'
    . main::provider('dpop_redis a;')
    . Apigw::Token::provider('other', 'dpop_redis off;')
    . Apigw::Token::provider('third', 'bind mtls;')
    . Apigw::Token::provider('fourth', 'bind off;')
--- config eval: $::Location
--- error_code: 204
--- no_error_log
[emerg]



=== the Redis of proofs, in front of its block
--- http_config eval
main::provider('dpop_redis b;')
    . 'apigw_auth_redis a { server 127.0.0.1:1; } apigw_auth_redis b { server 127.0.0.1:1; }'
--- config eval: $::Location
--- error_code: 204
--- no_error_log
[emerg]



=== the Redis of proofs, one that is unknown
--- http_config eval
'apigw_auth_redis a { server 127.0.0.1:1; }' . main::provider('dpop_redis b;')
--- config eval: $::Location
--- must_die
--- error_log eval
qr/\[emerg\] .*${main::Block}unknown redis in "dpop_redis"; define it by "apigw_auth_redis NAME \{ ... \}"$main::At/



=== the Redis of proofs, where there is none
--- http_config eval: main::provider('dpop_redis a;')
--- config eval: $::Location
--- must_die
--- error_log eval
qr/\[emerg\] .*${main::Block}unknown redis in "dpop_redis"; define it/



=== the Redis of proofs, several and none named
--- http_config eval
'apigw_auth_redis a { server 127.0.0.1:1; } apigw_auth_redis b { server 127.0.0.1:1; }'
    . main::provider('')
--- config eval: $::Location
--- must_die
--- error_log eval
qr/\[emerg\] .*${main::Block}several "apigw_auth_redis" and none named for used proofs; add "dpop_redis NAME", or "dpop_redis off" to keep them on this host$main::At/



=== the Redis of proofs, without a name
--- http_config eval: main::provider('dpop_redis "";')
--- config eval: $::Location
--- must_die
--- error_log eval
qr/\[emerg\] .*${main::Block}empty "dpop_redis"; name an "apigw_auth_redis", or write "off"$main::At/



=== the Redis of proofs where none is taken
--- http_config eval
'apigw_auth_redis a { server 127.0.0.1:1; }' . main::provider('bind mtls; dpop_redis a;')
--- config eval: $::Location
--- must_die
--- error_log eval
qr/\[emerg\] .*${main::Block}"dpop_redis" where "bind" takes no proofs; add "dpop" to "bind", or remove it$main::At/
