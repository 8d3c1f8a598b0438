# Every directive of policy: valid, in every context, inherited, overridden, and
# refused with what to write instead.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Test::Nginx::Socket 'no_plan';

Apigw::Token::file('page', "page\n", 0644);

run_tests();

__DATA__

=== apigw_auth without a kind of credential
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth any; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth: no kind of credential; write "jwt=PROVIDER", "introspect=BLOCK" or "key=STORE" in \S+nginx\.conf:\d+}



=== an unknown parameter
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp token=x; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth: unknown parameter "token=x"; write "jwt=PROVIDER", "introspect=BLOCK", "key=STORE", "any", "all", or "off" alone in \S+nginx\.conf:\d+}



=== off beside a kind
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp off; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth: unknown parameter "off"; write "jwt=PROVIDER", "introspect=BLOCK", "key=STORE", "any", "all", or "off" alone in \S+nginx\.conf:\d+}



=== a kind given twice
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp jwt=corp; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth: "jwt=" given twice; list all names in one, separated by commas in \S+nginx\.conf:\d+}



=== all and any
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp all any; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth: "all" or "any" given twice; write one of them in \S+nginx\.conf:\d+}



=== an empty name
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp,,x; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth: empty name in "jwt=corp,,x"; write names separated by single commas in \S+nginx\.conf:\d+}



=== no name at all
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth key=; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth: empty name in "key="; write names separated by single commas in \S+nginx\.conf:\d+}



=== an unknown provider
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=other; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth: unknown provider "other"; add "apigw_jwt_provider other \{ \.\.\. \}" to the http block in \S+nginx\.conf:\d+}



=== an unknown store
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth key=other; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth: unknown store "other"; add "apigw_key_store other \{ \.\.\. \}" to the http block in \S+nginx\.conf:\d+}



=== a store named twice
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth key=partners,partners; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth: store "partners" is named twice; name it once in \S+nginx\.conf:\d+}



=== two providers of one issuer
--- http_config eval: $Apigw::Auth::Config . Apigw::Token::provider('twin')
--- config
location /t { apigw_auth jwt=corp,twin; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth: providers "corp" and "twin" have one issuer; name one of them in \S+nginx\.conf:\d+}



=== apigw_auth given twice
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_auth off; }
--- must_die
--- error_log eval
qr{\[emerg\] .*"apigw_auth" directive is duplicate in \S+nginx\.conf:\d+}



=== a requirement where auth is off
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_require_scope a; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: a requirement where "apigw_auth" is off; write "apigw_auth" at the same level or above, or remove the requirement in \S+nginx\.conf:\d+}



=== a requirement beside "off"
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth off; apigw_require $arg_a; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: a requirement where "apigw_auth" is off; write "apigw_auth" at the same level or above, or remove the requirement in \S+nginx\.conf:\d+}



=== a requirement at the http level where auth is off
--- http_config eval: "apigw_require_role a;"
--- config
location /t {  }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: a requirement where "apigw_auth" is off; write "apigw_auth" at the same level or above, or remove the requirement in \S+nginx\.conf:\d+}



=== an empty scope
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require_scope ""; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require_scope: invalid value ""; write one name per argument in \S+nginx\.conf:\d+}



=== two scopes in one argument
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require_scope "a b"; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require_scope: invalid value "a b"; write one name per argument in \S+nginx\.conf:\d+}



=== a scope with a quote
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require_scope "a\""; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require_scope: invalid value "a""; write one name per argument in \S+nginx\.conf:\d+}



=== an unknown operator
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require_claim a is b; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require_claim: .* "is"; write "PATH OP VALUE", where OP is eq, in, any, gt, ge, lt, le, match or exists, with "!" in front to negate in \S+nginx\.conf:\d+}



=== eq without a value
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require_claim a eq; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require_claim: .*; write "PATH OP VALUE".* in \S+nginx\.conf:\d+}



=== a bad regular expression
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require_claim a match "("; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require_claim: .*; correct the regular expression in \S+nginx\.conf:\d+}



=== apigw_require of a constant
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require yes; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require: "yes" is always the same; name a variable, such as \$ssl_client_verify in \S+nginx\.conf:\d+}



=== apigw_require of nothing
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require error=403; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require: nothing to require; name one or more variables in \S+nginx\.conf:\d+}



=== apigw_require with the status 500
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require $arg_a error=500; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require: invalid status "error=500"; write one from 400 to 493, such as "error=403" in \S+nginx\.conf:\d+}



=== apigw_require with the status 302
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require $arg_a error=302; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require: invalid status "error=302"; write one from 400 to 493, such as "error=403" in \S+nginx\.conf:\d+}



=== apigw_require with the status 444
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require $arg_a error=444; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require: invalid status "error=444"; write one from 400 to 493, such as "error=403" in \S+nginx\.conf:\d+}



=== apigw_require with the status 499
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require $arg_a error=499; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require: invalid status "error=499"; write one from 400 to 493, such as "error=403" in \S+nginx\.conf:\d+}



=== apigw_require with the status x
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require $arg_a error=x; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require: invalid status "error=x"; write one from 400 to 493, such as "error=403" in \S+nginx\.conf:\d+}



=== apigw_require of an unknown variable
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require $no_such; }
--- must_die
--- error_log eval
qr{\[emerg\] .*unknown "no_such" variable}



=== anonymous without a name
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth_anonymous guest; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_anonymous: invalid parameter "guest"; write "consumer=NAME" or "off" in \S+nginx\.conf:\d+}



=== anonymous with an empty name
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth_anonymous consumer=; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_anonymous: invalid parameter "consumer="; write "consumer=NAME" or "off" in \S+nginx\.conf:\d+}



=== a protected identity header
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth_set_header Host x; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_set_header: header "Host" cannot be set; use a name of its own, such as X-Consumer in \S+nginx\.conf:\d+}



=== a framing header in another case
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth_set_header transfer-encoding x; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_set_header: header "transfer-encoding" cannot be set; use a name of its own, such as X-Consumer in \S+nginx\.conf:\d+}



=== an identity header that is no name
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth_set_header "X Y" x; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_set_header: header "X Y" cannot be set; use a name of its own, such as X-Consumer in \S+nginx\.conf:\d+}



=== an identity header set twice
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth_set_header X-A a; apigw_auth_set_header x_a b; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_set_header: header "x_a" is set twice at one level; write it once in \S+nginx\.conf:\d+}



=== a control byte in an identity header
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth_set_header X-A "a\r\nb"; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_set_header: control byte in the value of "X-A"; use visible characters in \S+nginx\.conf:\d+}



=== a control byte in the anonymous consumer
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth_anonymous "consumer=a\tb"; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_anonymous: control byte in the consumer; use visible characters in \S+nginx\.conf:\d+}



=== an empty role
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require_role a ""; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require_role: invalid value ""; write one name per argument in \S+nginx\.conf:\d+}



=== an empty group
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require_group a ""; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require_group: invalid value ""; write one name per argument in \S+nginx\.conf:\d+}



=== an empty consumer
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require_consumer a ""; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require_consumer: invalid value ""; write one name per argument in \S+nginx\.conf:\d+}



=== a bad path in apigw_require_claim
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require_claim .a[ exists; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require_claim: .* "\.a\["; write "PATH OP VALUE".* in \S+nginx\.conf:\d+}



=== a number that is none
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require_claim a gt x; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require_claim: .* "x"; write "PATH OP VALUE".* in \S+nginx\.conf:\d+}



=== an exists with a value
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; apigw_require_claim a exists b; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require_claim: .*; write "PATH OP VALUE".* in \S+nginx\.conf:\d+}



=== forward without sense
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth_forward cookie=keep; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_forward: invalid parameter "cookie=keep"; write "token=keep", "token=strip", "key=keep" or "key=strip" in \S+nginx\.conf:\d+}



=== forward told twice
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth_forward key=keep key=strip; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_forward: "key=keep" and "key=strip" concern the same; write one of them in \S+nginx\.conf:\d+}



=== a realm with a line break
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth_realm "a\nb"; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_auth_realm: invalid character in }



=== apigw_auth_preflight with another word
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth_preflight maybe; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth_preflight: invalid value "maybe"; write "enforce" or "pass" in \S+nginx\.conf:\d+}



=== apigw_auth_error with another word
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth_error json; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth_error: invalid value "json"; write "off" or "problem" in \S+nginx\.conf:\d+}



=== apigw_auth_log_level with another word
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth_log_level debug; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth_log_level: invalid value "debug"; write "info", "notice", "warn" or "error" in \S+nginx\.conf:\d+}



=== apigw_auth_dry_run with another word
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { apigw_auth_dry_run maybe; }
--- must_die
--- error_log eval
qr{\[emerg\] .*invalid value "maybe" in "apigw_auth_dry_run" directive, it must be "on" or "off" in \S+nginx\.conf:\d+}



=== a claim variable without "$"
--- http_config eval: 'apigw_claim_set role a;'
--- config
location /t {  }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_claim_set: invalid variable "role"; write it with a "\$" in \S+nginx\.conf:\d+}



=== a claim variable in an unknown form
--- http_config eval: 'apigw_claim_set $role a xml;'
--- config
location /t {  }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_claim_set: unknown form "xml"; write "json" or "csv" in \S+nginx\.conf:\d+}



=== a claim variable of a bad path
--- http_config eval: 'apigw_claim_set $role .a[;'
--- config
location /t {  }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_claim_set: invalid claim "\.a\[": .*; write a member's name, or a path such as "\.realm_access\.roles" in \S+nginx\.conf:\d+}



=== a claim variable that exists
--- http_config eval: 'apigw_claim_set $role a; apigw_claim_set $role b;'
--- config
location /t {  }
--- must_die
--- error_log eval
qr{\[emerg\] .*the duplicate "role" variable in \S+nginx\.conf:\d+}



=== apigw_auth in an if block
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { if ($arg_a) { apigw_auth jwt=corp; } }
--- must_die
--- error_log eval
qr{\[emerg\] .*"apigw_auth" directive is not allowed here in \S+nginx\.conf:\d+}



=== apigw_require_scope in an if block
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { if ($arg_a) { apigw_require_scope a; } }
--- must_die
--- error_log eval
qr{\[emerg\] .*"apigw_require_scope" directive is not allowed here in \S+nginx\.conf:\d+}



=== apigw_auth_set_header in an if block
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { if ($arg_a) { apigw_auth_set_header X-A b; } }
--- must_die
--- error_log eval
qr{\[emerg\] .*"apigw_auth_set_header" directive is not allowed here in \S+nginx\.conf:\d+}



=== apigw_auth_dry_run in an if block
--- http_config eval: $Apigw::Auth::Config
--- config
location /t { if ($arg_a) { apigw_auth_dry_run on; } }
--- must_die
--- error_log eval
qr{\[emerg\] .*"apigw_auth_dry_run" directive is not allowed here in \S+nginx\.conf:\d+}



=== every directive in every context
--- http_config eval
"$Apigw::Auth::Config
apigw_auth            jwt=corp key=partners any;
apigw_auth_anonymous  consumer=guest;
apigw_auth_token_from authorization cookie:a;
apigw_auth_cookie_origin https://a.example;
apigw_require_scope   a;
apigw_require_role    a;
apigw_require_group   a;
apigw_require_consumer a;
apigw_require_claim   a exists;
apigw_require         \$arg_a error=404;
apigw_auth_set_header X-A a;
apigw_auth_forward    token=strip key=strip;
apigw_auth_realm      r;
apigw_auth_preflight  pass;
apigw_auth_error      off;
apigw_auth_dry_run    on;
apigw_auth_log_level  notice;
apigw_claim_set       \$role role;"
--- config eval
my $all = q{
    apigw_auth            jwt=corp key=partners all;
    apigw_auth_anonymous  off;
    apigw_auth_token_from authorization;
    apigw_auth_cookie_origin off;
    apigw_require_reset;
    apigw_require_scope   a any;
    apigw_require_role    a;
    apigw_require_group   a;
    apigw_require_consumer a;
    apigw_require_claim   a !exists;
    apigw_require         $arg_a;
    apigw_auth_set_header X-A "";
    apigw_auth_forward    key=keep;
    apigw_auth_realm      r2;
    apigw_auth_preflight  enforce;
    apigw_auth_error      problem;
    apigw_auth_dry_run    off;
    apigw_auth_log_level  error;
};
"$all location /t { $all limit_except GET { $all } }"
--- request eval: ["GET /t", "PUT /t"]
--- error_code eval: [401, 401]
--- response_headers eval
['WWW-Authenticate: Bearer realm="r2", scope="a", ApiKey realm="r2"',
 'WWW-Authenticate: Bearer realm="r2", scope="a", ApiKey realm="r2"']
--- error_log eval: qr/\[error\] .*client refused/



=== without a word of configuration nothing changes
--- http_config
--- config
location /t { return 200 "[$apigw_consumer|$apigw_auth_status]"; }
--- more_headers
Authorization: Bearer x
X-Consumer: me
--- response_body chomp
[|off]



=== a policy is inherited and replaced as a whole
--- config
apigw_auth jwt=corp;
location /t { alias $TEST_NGINX_TOKEN_DIR/page; }
location /key { apigw_auth key=partners; alias $TEST_NGINX_TOKEN_DIR/page; }
location /off { apigw_auth off; alias $TEST_NGINX_TOKEN_DIR/page; }
--- request eval: ["GET /t", "GET /key", "GET /key", "GET /off"]
--- more_headers eval
[Apigw::Token::bearer(), Apigw::Token::bearer(),
 'X-API-Key: ' . Apigw::Token::api_key('acme0001'), '']
--- error_code eval: [200, 401, 200, 200]



=== a provider may be defined behind its first use
--- http_config eval
"server { listen unix:$Apigw::Token::Dir/first.sock; apigw_auth jwt=corp; }"
. $Apigw::Auth::Config
--- config
location /t { apigw_auth jwt=corp; alias $TEST_NGINX_TOKEN_DIR/page; }
--- more_headers eval: Apigw::Token::bearer()
--- error_code: 200
