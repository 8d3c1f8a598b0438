# Step-up authentication (RFC 9470): how, and how long ago, a token's user
# logged in, and the challenge that tells a client what to ask its user for.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Test::Nginx::Socket 'no_plan';

Apigw::Token::file('page', "page\n", 0644);

sub location {
    my ($rules, $name) = @_;
    $name //= '/t';

    return "location $name { apigw_auth jwt=corp; $rules
                alias $Apigw::Token::Dir/page; }\n";
}

sub headers {
    return [map { Apigw::Token::bearer(claims => $_) } @_];
}

# Claims of a log-in that many seconds ago.
sub login {
    my ($acr, $ago) = @_;
    return { acr => $acr, auth_time => time - $ago };
}

run_tests();

__DATA__

=== one of the named classes is enough, whole and with its case
--- config eval: main::location('apigw_require_acr urn:mfa phrh;')
--- request eval: [("GET /t") x 9]
--- more_headers eval
main::headers({ acr => 'urn:mfa' }, { acr => 'phrh' }, {}, { acr => 'PHRH' },
    { acr => 'phrh urn:mfa' }, { acr => ['phrh'] }, { acr => undef },
    { acr => '' }, { acr => 'phr' })
--- error_code eval: [200, 200, (401) x 7]
--- response_headers eval
['WWW-Authenticate: ', 'WWW-Authenticate: ',
 ('WWW-Authenticate: Bearer error="insufficient_user_authentication", '
  . 'error_description="another authentication is required", '
  . 'acr_values="urn:mfa phrh", realm="api"') x 7]
--- refused: acr_insufficient



=== the document tells the code, and nothing of the token
--- config eval: main::location('apigw_require_acr gold;')
--- more_headers eval: Apigw::Token::bearer(claims => { acr => 'bronze' })
--- error_code: 401
--- response_body_like: \{"type":"about:blank","title":"Unauthorized","status":401,"detail":"The user must log in anew, or in a stronger way\.","instance":"\w+","error":"insufficient_user_authentication"\}
--- response_body_unlike: bronze|gold|acr
--- refused: acr_insufficient



=== max_age: the log-in is not too long ago, the leeway aside
--- http_config eval: Apigw::Token::provider('corp', 'leeway 100s;')
--- config eval: main::location('apigw_require_acr a max_age=15m;')
--- request eval: [("GET /t") x 9]
--- more_headers eval
main::headers(main::login('a', 0), main::login('a', 900), main::login('a', 950),
    main::login('a', 1500), main::login('a', -50), main::login('a', -1000),
    { acr => 'a' }, { acr => 'a', auth_time => '' . time },
    { acr => 'a', auth_time => -1 })
--- error_code eval: [200, 200, 200, 401, 200, (401) x 4]
--- response_headers_like eval
[('') x 3, 'WWW-Authenticate: .*acr_values="a", max_age=900, realm="api"', '',
 ('WWW-Authenticate: .*acr_values="a", max_age=900, realm="api"') x 4]
--- refused: acr_insufficient



=== levels add up, apigw_require_reset drops them
--- config eval
'apigw_auth jwt=corp; apigw_require_acr gold silver;'
. main::location('apigw_require_acr gold max_age=1h;')
. main::location('', '/one')
. main::location('apigw_require_reset;', '/none')
--- request eval: ["GET /t", "GET /t", "GET /t", "GET /one", "GET /none"]
--- more_headers eval
main::headers(main::login('gold', 9), main::login('silver', 9),
    main::login('bronze', 9), main::login('silver', 9999), {})
--- error_code eval: [200, 401, 401, 200, 200]
--- response_headers_like eval
['', 'WWW-Authenticate: .*acr_values="gold", max_age=3600, .*',
 'WWW-Authenticate: .*acr_values="gold silver", realm.*', '', '']
--- refused: acr_insufficient



=== it decides after the claim and before apigw_require
--- config eval
main::location('apigw_require $arg_x; apigw_require_acr a;
                apigw_require_claim b exists;')
--- request eval: [("GET /t") x 3]
--- more_headers eval: main::headers({}, { b => 1 }, { b => 1, acr => 'a' })
--- error_code eval: [403, 401, 403]
--- refused eval: [qw(claim_insufficient acr_insufficient requirement_failed)]



=== an API key is no log-in; the challenge names what could be one
--- config
location /t { apigw_auth jwt=corp key=partners; apigw_require_acr a;
              alias $TEST_NGINX_TOKEN_DIR/page; }
location /k { apigw_auth key=partners; apigw_require_acr a;
              alias $TEST_NGINX_TOKEN_DIR/page; }
--- request eval: ["GET /t", "GET /k"]
--- more_headers eval
[('X-API-Key: ' . Apigw::Token::api_key('acme0001')) x 2]
--- error_code eval: [401, 401]
--- response_headers_like eval
['WWW-Authenticate: Bearer error="insufficient_user_authentication".*',
 'WWW-Authenticate: ApiKey realm="api"']
--- refused: acr_insufficient



=== the caller is known, and a dry run lets pass
--- config eval
main::location('apigw_require_acr a; apigw_auth_dry_run on;
                add_header X-Who "$apigw_consumer $apigw_auth_error";')
--- more_headers eval: Apigw::Token::bearer()
--- error_code: 200
--- response_headers
X-Who: shop acr_insufficient
--- error_log
client would be refused (dry run), reason "acr_insufficient"



=== a value that a challenge cannot quote
--- config eval: main::location('apigw_require_acr "a b";')
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require_acr: invalid value "a b"; write one name per argument in \S+nginx\.conf:\d+}



=== no value
--- config eval: main::location('apigw_require_acr max_age=5m;')
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require_acr: nothing to require; name one or more values of "acr" in \S+nginx\.conf:\d+}



=== an age that is no time
--- config eval: main::location('apigw_require_acr a max_age=soon;')
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require_acr: invalid "max_age=soon"; give a time of 1s or more, such as "max_age=15m" in \S+nginx\.conf:\d+}



=== an age of nothing
--- config eval: main::location('apigw_require_acr a max_age=0;')
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_require_acr: invalid "max_age=0"; give a time}
