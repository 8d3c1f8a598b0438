# Protected resource metadata (RFC 9728): the challenge says where a document
# is that names the issuers; the document is for clients without a token.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use JSON::PP ();
use Test::Nginx::Socket 'no_plan';

our $Http = Apigw::Token::provider('corp')
            . Apigw::Token::provider('other', 'issuer https://other.example;')
            . Apigw::Token::key_store('partners')
            . "underscores_in_headers on;\n";

our $Config = q{
    location /orders {
        apigw_auth jwt=corp,other key=partners;
        apigw_auth_resource_metadata https://api.example.com/.well-known/oauth-protected-resource/orders;
        apigw_require_scope orders:read orders:list;
        apigw_require_role admin;
        return 204;
    }

    location = /.well-known/oauth-protected-resource/orders {
        apigw_auth jwt=corp,other key=partners;
        apigw_auth_resource_metadata https://api.example.com/.well-known/oauth-protected-resource/orders;
        apigw_require_scope orders:read orders:list;
        apigw_require_role admin;
        apigw_auth_resource_metadata_json;
    }
};

our $Requested = q{
    location /.well-known/oauth-protected-resource {
        apigw_auth jwt=corp;
        apigw_auth_resource_metadata_json;
    }
    location = /elsewhere {
        apigw_auth jwt=corp;
        apigw_auth_resource_metadata_json;
    }
};

sub in_order {
    my ($body) = @_;
    my $json = JSON::PP->new->canonical;
    return $json->encode($json->decode($body));
}

sub document {
    my ($resource) = @_;
    return JSON::PP->new->canonical->encode({
        resource => $resource,
        authorization_servers => [$Apigw::Token::Issuer],
        bearer_methods_supported => ['header'],
    });
}

run_tests();

__DATA__

=== the challenge names the document
--- http_config eval: $::Http
--- config
location /t {
    apigw_auth jwt=corp key=partners;
    apigw_auth_resource_metadata https://api.example.com/.well-known/oauth-protected-resource/orders;
    apigw_require_scope orders:read;
    alias /nowhere;
}
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="api", scope="orders:read", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/orders", ApiKey realm="api"
--- refused: token_missing



=== keys alone have none to name
--- http_config eval: $::Http
--- config
location /t {
    apigw_auth key=partners;
    apigw_auth_resource_metadata https://api.example.com/x;
    alias /nowhere;
}
--- error_code: 401
--- response_headers
WWW-Authenticate: ApiKey realm="api"
--- refused: token_missing



=== it is inherited, and off takes it back
--- http_config eval: $::Http
--- config
apigw_auth jwt=corp;
apigw_auth_resource_metadata https://api.example.com/x?y=z;
location /t { alias /nowhere; }
location /off { apigw_auth_resource_metadata off; alias /nowhere; }
--- request eval
["GET /t", "GET /off"]
--- error_code eval
[401, 401]
--- response_headers eval
['WWW-Authenticate: Bearer realm="api", resource_metadata="https://api.example.com/x?y=z"',
 'WWW-Authenticate: Bearer realm="api"']
--- refused: token_missing



=== the document, without a token, of what is in force there
--- http_config eval: $::Http
--- config eval: $::Config
--- request
GET /.well-known/oauth-protected-resource/orders
--- response_headers
Content-Type: application/json
Cache-Control: max-age=300
--- response_body_filters eval
\&main::in_order
--- response_body eval
'{"authorization_servers":["' . $Apigw::Token::Issuer . '","https://other.example"],'
. '"bearer_methods_supported":["header"],"resource":"https://api.example.com/orders",'
. '"scopes_supported":["orders:read","orders:list"]}'



=== the argument of RFC 6750 is a way to send a token, others are not
--- http_config eval: $::Http
--- config
    location = /.well-known/oauth-protected-resource/both {
        apigw_auth jwt=corp;
        apigw_auth_token_from authorization cookie:t arg:access_token;
        apigw_auth_resource_metadata_json;
    }
    location = /.well-known/oauth-protected-resource/none {
        apigw_auth jwt=corp;
        apigw_auth_token_from authorization cookie:t arg:t;
        apigw_auth_resource_metadata_json;
    }
--- request eval
[map { "GET /.well-known/oauth-protected-resource/$_" } qw(both none)]
--- response_body_like eval
[qr/"bearer_methods_supported":\["header","query"\]/,
 qr/"bearer_methods_supported":\["header"\]/]



=== with a token that is not valid, too
--- http_config eval: $::Http
--- config eval: $::Config
--- request
GET /.well-known/oauth-protected-resource/orders
--- more_headers
Authorization: Bearer x
--- response_body_like: "resource":"https://api.example.com/orders"



=== HEAD, and 405 for others
--- http_config eval: $::Http
--- config eval: $::Config
--- request eval
["HEAD /.well-known/oauth-protected-resource/orders",
 "POST /.well-known/oauth-protected-resource/orders\nbody"]
--- error_code eval
[200, 405]
--- response_headers eval
["Content-Type: application/json", "Allow: GET, HEAD"]



=== nginx's own access rules hold
--- http_config eval: $::Http
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_auth_resource_metadata https://a.example/.well-known/oauth-protected-resource;
    apigw_auth_resource_metadata_json;
    deny all;
}
--- error_code: 403
--- error_log
access forbidden by rule



=== a resource without a path
--- http_config eval: $::Http
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_auth_resource_metadata https://a.example:8443/.well-known/oauth-protected-resource;
    apigw_auth_resource_metadata_json;
}
--- response_body_filters eval
\&main::in_order
--- response_body eval
main::document('https://a.example:8443')



=== without a URL the request tells the resource
--- http_config eval: $::Http
--- config eval: $::Requested
--- request
GET /.well-known/oauth-protected-resource/a%20b/c?d
--- more_headers
Host: API.example.com:8443
--- response_headers
Cache-Control: no-store
--- response_body_filters eval
\&main::in_order
--- response_body eval
main::document('http://API.example.com:8443/a%20b/c')



=== over HTTP/2
--- http2
--- http_config eval: $::Http
--- config eval: $::Requested
--- request
GET /.well-known/oauth-protected-resource
--- response_headers
content-type: application/json
--- response_body_like: "resource":"http://(localhost|127\.0\.0\.1)(:\d+)?"



=== another path than the well-known one tells none
--- http_config eval: $::Http
--- config eval: $::Requested
--- request eval
["GET /elsewhere", "GET /.well-known/oauth-protected-resourceful"]
--- error_code eval
[404, 404]



=== a host of odd characters is refused
--- http_config eval: $::Http
--- config eval: $::Requested
--- request
GET /.well-known/oauth-protected-resource
--- more_headers
Host: a"b
--- error_code: 400



=== a location below the document's is not open
--- http_config eval: $::Http
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_auth_resource_metadata_json;
    location /t/below { alias /nowhere; }
}
--- request
GET /t/below
--- error_code: 401
--- refused: token_missing



=== a document without an issuer is refused
--- http_config eval: $::Http
--- config
location /t { apigw_auth key=partners; apigw_auth_resource_metadata_json; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_resource_metadata_json: no issuer is in force here; write "apigw_auth jwt=PROVIDER" as the resource has it in \S+nginx\.conf:\d+}



=== so is one where auth is off
--- http_config eval: $::Http
--- config
location /t { apigw_auth_resource_metadata_json; }
--- must_die
--- error_log eval
qr{no issuer is in force here}



=== and one whose URL does not tell the resource
--- http_config eval: $::Http
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_auth_resource_metadata https://a.example/metadata;
    apigw_auth_resource_metadata_json;
}
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_resource_metadata_json: the URL of "apigw_auth_resource_metadata" does not tell the resource; put "/\.well-known/oauth-protected-resource" behind its host in \S+nginx\.conf:\d+}



=== a URL that is none is refused
--- http_config eval: $::Http
--- config
location /t { apigw_auth_resource_metadata http://a.example/; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_resource_metadata: invalid URL "http://a\.example/"; write "https://HOST/\.well-known/oauth-protected-resource/PATH", or "off" in \S+nginx\.conf:\d+}



=== a quote is refused
--- http_config eval: $::Http
--- config
location /t { apigw_auth_resource_metadata 'https://a.example/"'; }
--- must_die
--- error_log eval
qr{invalid URL}



=== a fragment is refused
--- http_config eval: $::Http
--- config
location /t { apigw_auth_resource_metadata https://a.example/#b; }
--- must_die
--- error_log eval
qr{invalid URL}



=== a URL without a host is refused
--- http_config eval: $::Http
--- config
location /t { apigw_auth_resource_metadata https:///b; }
--- must_die
--- error_log eval
qr{invalid URL}



=== http to this host is for development
--- http_config eval: $::Http
--- config
location /t {
    apigw_auth jwt=corp;
    apigw_auth_resource_metadata http://localhost:8080/.well-known/oauth-protected-resource/a;
    apigw_auth_resource_metadata_json;
}
--- response_body_filters eval
\&main::in_order
--- response_body eval
main::document('http://localhost:8080/a')
