# What "nginx -t" refuses of an apigw_jwt_provider: with the file, the line,
# what is wrong and what to write instead.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Test::Nginx::Socket 'no_plan';

sub block {
    my ($text) = @_;
    return "apigw_jwt_provider corp { $text }";
}

Apigw::Token::jwks_file('rsa');
Apigw::Token::jwks_file('oct');
Apigw::Token::file('page', "page\n", 0644);
Apigw::Token::file('broken.json', '{"keys":[', 0644);
Apigw::Token::file('empty.json', '{"keys":[]}', 0644);
Apigw::Token::file('weak.json', Apigw::Token::jwks('rsa1024'), 0644);
Apigw::Token::file('open.json', Apigw::Token::jwks('oct'), 0644);
Apigw::Token::file('large.json', '{"keys":[]}' . ' ' x 131072, 0644);
Apigw::Token::file('private.json', Apigw::Token::jwks(
    Apigw::Token::jwk('rsa', d => 'AQAB')), 0644);

run_tests();

__DATA__

=== no issuer
--- http_config eval
main::block(q{audience a;jwks_file $TEST_NGINX_TOKEN_DIR/rsa.json;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": no "issuer"; add "issuer URL;" in \S+nginx\.conf:\d+}



=== no keys
--- http_config eval
main::block(q{issuer https://idp.example.com;audience a;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": no source of keys; write one of "jwks_file PATH;", "jwks_uri URL;" and "discovery on;" in \S+nginx\.conf:\d+}



=== no audience
--- http_config eval
main::block(q{issuer https://idp.example.com;jwks_file $TEST_NGINX_TOKEN_DIR/rsa.json;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": no "audience"; add "audience NAME;", or "audience off;" to take tokens for any in \S+nginx\.conf:\d+}



=== an unknown parameter
--- http_config eval
main::block(q{issuer https://idp.example.com; colour blue;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": unknown parameter "colour"; the parameters are issuer, jwks_file, jwks_uri, discovery, [a-z_, ]+, plan_claim, [a-z_, ]*tls_certificate_key[a-z_, ]* in \S+nginx\.conf:\d+}



=== a parameter given twice
--- http_config eval
main::block(q{issuer https://idp.example.com;issuer https://idp.example.com;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": duplicate "issuer"; write it once in \S+nginx\.conf:\d+}



=== too many arguments
--- http_config eval
main::block(q{issuer a b;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid number of arguments in "issuer"; it takes one in \S+nginx\.conf:\d+}



=== no argument
--- http_config eval
main::block(q{audience;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid number of arguments in "audience"; it takes one or more in \S+nginx\.conf:\d+}



=== an empty issuer
--- http_config eval
main::block(q{issuer "";})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid "issuer"; write it as the tokens' "iss" has it in \S+nginx\.conf:\d+}



=== an empty audience
--- http_config eval
main::block(q{audience "";})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": empty "audience"; name one, or write "audience off" in \S+nginx\.conf:\d+}



=== "none" is no algorithm
--- http_config eval
main::block(q{algorithms none;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": unknown algorithm "none"; use RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, Ed448, or HS256, HS384, HS512 by themselves in \S+nginx\.conf:\d+}



=== an unknown algorithm
--- http_config eval
main::block(q{algorithms RS256 rs256;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": unknown algorithm "rs256"; use RS256.* in \S+nginx\.conf:\d+}



=== HS256 beside asymmetric algorithms
--- http_config eval
main::block(q{algorithms RS256 HS256;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": HS256, HS384 and HS512 beside asymmetric algorithms; make two providers in \S+nginx\.conf:\d+}



=== an empty typ
--- http_config eval
main::block(q{typ "";})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": empty "typ"; write "none" for tokens without one in \S+nginx\.conf:\d+}



=== a leeway above five minutes
--- http_config eval
main::block(q{leeway 301;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid "leeway" "301"; give a time of at most 5m in \S+nginx\.conf:\d+}



=== a leeway that is no time
--- http_config eval
main::block(q{leeway long;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid "leeway" "long"; give a time of at most 5m in \S+nginx\.conf:\d+}



=== a lifetime of 0
--- http_config eval
main::block(q{max_lifetime 0;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid "max_lifetime" "0"; give a time above 0, or "off" in \S+nginx\.conf:\d+}



=== a token size that is too small
--- http_config eval
main::block(q{max_token_size 10;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid "max_token_size" "10"; give a size from 256 to 1m in \S+nginx\.conf:\d+}



=== a token size that is too large
--- http_config eval
main::block(q{max_token_size 2m;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid "max_token_size" "2m"; give a size from 256 to 1m in \S+nginx\.conf:\d+}



=== a claim path that is none
--- http_config eval
main::block(q{consumer_claim .a..b;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid claim "\.a\.\.b": .*write a member's name, or a path such as "\.realm_access\.roles" in \S+nginx\.conf:\d+}



=== an issuer with a line break
--- http_config eval
main::block(q{issuer "https://i\n";})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid "issuer"; write it as the tokens' "iss" has it in \S+nginx\.conf:\d+}



=== a prefix with a control byte
--- http_config eval
main::block(q{consumer_prefix "a\t";})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": control byte in "consumer_prefix"; use visible characters in \S+nginx\.conf:\d+}



=== a bad path in audience_claim
--- http_config eval
main::block(q{audience_claim .a[;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid claim "\.a\[": .*; write a member's name, or a path such as "\.realm_access\.roles" in \S+nginx\.conf:\d+}



=== a bad path in require
--- http_config eval
main::block(q{require sub .a.;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid claim "\.a\.": .*; write a member's name, or a path such as "\.realm_access\.roles" in \S+nginx\.conf:\d+}



=== a bad path in scope_claim
--- http_config eval
main::block(q{scope_claim scope .;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid claim "\.": .*; write a member's name, or a path such as "\.realm_access\.roles" in \S+nginx\.conf:\d+}



=== a bad path in role_claim
--- http_config eval
main::block(q{role_claim .a[x];})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid claim "\.a\[x\]": .*; write a member's name, or a path such as "\.realm_access\.roles" in \S+nginx\.conf:\d+}



=== a bad path in group_claim
--- http_config eval
main::block(q{group_claim "";})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid claim "": .*; write a member's name, or a path such as "\.realm_access\.roles" in \S+nginx\.conf:\d+}



=== a bad path in plan_claim
--- http_config eval
main::block(q{plan_claim .a\\q;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid claim "\.a\\q": .*; write a member's name, or a path such as "\.realm_access\.roles" in \S+nginx\.conf:\d+}



=== a lifetime that is no time
--- http_config eval
main::block(q{max_lifetime ever;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid "max_lifetime" "ever"; give a time above 0, or "off" in \S+nginx\.conf:\d+}



=== a token size that is none
--- http_config eval
main::block(q{max_token_size big;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": invalid "max_token_size" "big"; give a size from 256 to 1m in \S+nginx\.conf:\d+}



=== "audience off" beside a name
--- http_config eval
main::block(q{audience off api://a;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": "off" beside others in "audience"; write it alone, or leave it out in \S+nginx\.conf:\d+}



=== "require off" beside a claim
--- http_config eval
main::block(q{require sub off;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": "off" beside others in "require"; write it alone, or leave it out in \S+nginx\.conf:\d+}



=== a key file that is not there
--- http_config eval
main::block(q{issuer https://idp.example.com;audience a;jwks_file /none/jwks.json;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": jwks_file "/none/jwks\.json" open\(\) failed: No such file or directory; give a readable file of at most 131072 bytes in \S+nginx\.conf:\d+}



=== a folder as key file
--- http_config eval
main::block(q{issuer https://idp.example.com;audience a;jwks_file $TEST_NGINX_TOKEN_DIR;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": jwks_file "\S+" is not a regular file; give.* in \S+nginx\.conf:\d+}



=== a key file that is no JSON
--- http_config eval
main::block(q{issuer https://idp.example.com;audience a;jwks_file $TEST_NGINX_TOKEN_DIR/broken.json;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": key set "\S+/broken\.json" .*; give an RFC 7517 key set in \S+nginx\.conf:\d+}



=== a key file without keys
--- http_config eval
main::block(q{issuer https://idp.example.com;audience a;jwks_file $TEST_NGINX_TOKEN_DIR/empty.json;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": key set "\S+/empty\.json" .*; give an RFC 7517 key set in \S+nginx\.conf:\d+}



=== a key file whose keys cannot be used
--- http_config eval
main::block(q{issuer https://idp.example.com;audience a;jwks_file $TEST_NGINX_TOKEN_DIR/weak.json;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": key set "\S+/weak\.json" .*; give an RFC 7517 key set in \S+nginx\.conf:\d+}



=== a key file that holds private members
--- http_config eval
main::block(q{issuer https://idp.example.com;audience a;jwks_file $TEST_NGINX_TOKEN_DIR/private.json;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": key set "\S+/private\.json" .*; give an RFC 7517 key set in \S+nginx\.conf:\d+}



=== a key file above 128k
--- http_config eval
main::block(q{issuer https://idp.example.com;audience a;jwks_file $TEST_NGINX_TOKEN_DIR/large.json;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": jwks_file "\S+" is too large; give a readable file of at most 131072 bytes in \S+nginx\.conf:\d+}



=== an oct key in a file that others may read
--- http_config eval
main::block(q{issuer https://idp.example.com;audience a;algorithms HS256; jwks_file $TEST_NGINX_TOKEN_DIR/open.json;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": jwks_file "\S+" holds secrets and others may use it; run chmod 0640 on it in \S+nginx\.conf:\d+}



=== oct keys where HS256 is not named
--- http_config eval
main::block(q{issuer https://idp.example.com;audience a;jwks_file $TEST_NGINX_TOKEN_DIR/oct.json;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": key set "\S+" .*; give an RFC 7517 key set in \S+nginx\.conf:\d+}



=== a name given to two providers
--- http_config eval
Apigw::Token::provider("corp") . Apigw::Token::provider("corp")
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": duplicate name; give each provider its own in \S+nginx\.conf:\d+}



=== an invalid name
--- http_config eval
Apigw::Token::provider("a,b")
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_jwt_provider "a,b": invalid name; use letters, digits, "_", "-" and "\." in \S+nginx\.conf:\d+}



=== a block within the block
--- http_config
apigw_jwt_provider corp { issuer { } }
--- config
location /t { return 204; }
--- must_die
--- error_log
unexpected "{"



=== the provider belongs to the http level
--- config
apigw_jwt_provider corp { }
location /t { return 204; }
--- must_die
--- error_log
"apigw_jwt_provider" directive is not allowed here



=== every parameter at once
--- http_config eval
my $file = Apigw::Token::jwks_file('rsa');
"apigw_jwt_provider corp {
    issuer          $Apigw::Token::Issuer;
    jwks_file       $file;
    audience        api://orders;
    audience_claim  aud;
    algorithms      RS256 PS256;
    typ             at+jwt JWT none;
    leeway          10s;
    require         exp sub;
    max_lifetime    2h;
    max_token_size  4k;
    consumer_claim  azp;
    consumer_prefix c-;
    scope_claim     scope;
    role_claim      roles;
    group_claim     groups;
    plan_claim      plan;
}"
--- config
location /t {
    apigw_auth jwt=corp;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- more_headers eval: Apigw::Token::bearer()
--- error_code: 200



=== audience off is warned about
--- http_config eval: Apigw::Token::provider('corp', 'audience off;')
--- config
location /t { return 204; }
--- error_code: 204
--- error_log eval
qr{\[warn\] .*apigw_jwt_provider "corp": "audience off" takes tokens that were issued for other services; name this one's audience in}



=== a skipped key is named, the others serve
--- http_config eval
Apigw::Token::provider('corp', '', 'rsa', 'rsa1024',
    Apigw::Token::jwk('rsa1024', kid => "strange\n\"\xc3\xbckid\x7f"),
    Apigw::Token::jwk('rsa1024', kid => 'x' x 1000))
--- config
location /t {
    apigw_auth jwt=corp;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- more_headers eval: Apigw::Token::bearer()
--- error_code: 200
--- error_log eval
[qr{skipped key 1 \(kid "rsa1024"\) of "\S+": }, qr{skipped key 2 \(kid "strange\?{4}kid\?"\) of},
 qr{skipped key 3 \(kid "x{64}"\) of}]



=== keys that fit no algorithm are warned about
--- http_config eval: Apigw::Token::provider('corp', 'algorithms ES256;')
--- config
location /t { return 204; }
--- error_code: 204
--- error_log
fits "algorithms"; every token will be refused until one does



=== a path relative to the configuration
--- http_config
apigw_jwt_provider corp { issuer a; audience b; jwks_file none.json; }
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{jwks_file "/\S+/conf/none\.json" open\(\) failed}
