# What is known about the caller, once verified.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth qw(echo);
use Test::Nginx::Socket 'no_plan';

sub show {
    my ($text, $more, $name) = @_;
    $more //= 'apigw_auth jwt=corp;';
    $name //= '/t';
    return "location $name { $more add_header X-Show \"[$text]\" always;"
           . " alias $Apigw::Token::Dir/page; }\n";
}

Apigw::Token::file('page', "page\n", 0644);

run_tests();

__DATA__

=== consumer, plan, groups, scope of a token
--- http_config eval: Apigw::Token::provider('corp', 'plan_claim tier;')
--- config eval
main::show('$apigw_consumer|$apigw_plan|$apigw_groups|$apigw_scope')
--- request eval: [("GET /t") x 3]
--- more_headers eval
[map { Apigw::Token::bearer(claims => $_) }
    { tier => 'gold', groups => ['a', 'b'], scope => ['s', 't'] },
    { groups => 'a b', scope => 's t' },
    { groups => ['a b', 'c'], tier => ['x'], azp => undef, scope => undef }]
--- response_headers eval
['X-Show: [shop|gold|a b|s t]', 'X-Show: [shop||a b|s t]',
 'X-Show: [alice||c|]']



=== provider, method, status, kid
--- config eval
main::show('$apigw_auth_provider|$apigw_auth_method|$apigw_auth_status|'
           . '$apigw_jwt_kid|$apigw_key_id|$apigw_auth_error',
           'apigw_auth jwt=corp key=partners;')
--- request eval: [("GET /t") x 4]
--- more_headers eval
[Apigw::Token::bearer(),
 Apigw::Token::bearer(header => { kid => undef }),
 'X-API-Key: ' . Apigw::Token::api_key('acme0001'), 'Authorization: Bearer x']
--- error_code eval: [200, 200, 200, 401]
--- response_headers eval
['X-Show: [corp|jwt|ok|rsa||]', 'X-Show: [corp|jwt|ok|rsa||]',
 'X-Show: [partners|key|ok||acme0001|]',
 'X-Show: [|||||token_malformed]' =~ s/\|\|\|\|\|/||rejected|||/r]



=== statuses
--- config eval
main::show('$apigw_auth_status', '', '/off')
. main::show('$apigw_auth_status', 'apigw_auth jwt=corp;', '/missing')
. main::show('$apigw_auth_status', 'apigw_auth jwt=corp;'
             . 'apigw_auth_anonymous consumer=guest;', '/anonymous')
. main::show('$apigw_auth_status', 'apigw_auth jwt=corp;'
             . 'apigw_require_scope admin;', '/scope')
--- request eval: ["GET /off", "GET /missing", "GET /anonymous", "GET /scope"]
--- more_headers eval: ['', '', '', Apigw::Token::bearer()]
--- error_code eval: [200, 401, 200, 403]
--- response_headers eval
['X-Show: [off]', 'X-Show: [missing]', 'X-Show: [anonymous]',
 'X-Show: [rejected]']



=== who was refused for want of a scope is still known
--- config eval
main::show('$apigw_consumer', 'apigw_auth jwt=corp; apigw_require_scope admin;')
--- more_headers eval: Apigw::Token::bearer()
--- error_code: 403
--- response_headers
X-Show: [shop]



=== nothing of a token that did not verify
--- config eval
main::show('$apigw_consumer$apigw_scope$apigw_claims$apigw_claim_sub'
           . '$apigw_jwt_kid$apigw_auth_provider$apigw_auth_method')
--- request eval: [("GET /t") x 2]
--- more_headers eval
['Authorization: Bearer ' . Apigw::Token::expired(),
 Apigw::Token::bearer(key => 'rsa2', header => { kid => 'rsa' })]
--- error_code eval: [401, 401]
--- response_headers eval: ['X-Show: []', 'X-Show: []']



=== claims by name, in their form
--- config eval
main::show('$apigw_claim_sub|$apigw_claim_n|$apigw_claim_t|$apigw_claim_l|'
           . '$apigw_claim_o|$apigw_claim_z|$apigw_claim_none')
--- more_headers eval
Apigw::Token::bearer(claims => {
    n => 12, t => JSON::PP::true, l => ['a', 1], o => { b => 2 }, z => '' })
--- response_headers
X-Show: [alice|12|true|["a",1]|{"b":2}||]
--- error_code: 200



=== the whole payload
--- config eval: main::show('$apigw_claims')
--- more_headers eval
$::Payload = JSON::PP::encode_json(Apigw::Token::claims());
Apigw::Token::bearer(payload => $::Payload)
--- response_headers eval: "X-Show: [$::Payload]"
--- error_code: 200



=== a claim set by path, with its case
--- http_config eval
"$Apigw::Auth::Config
apigw_claim_set \$roles .realm_access.roles;
apigw_claim_set \$roles_csv .realm_access.roles csv;
apigw_claim_set \$tenant https://example.com/Tenant json;
apigw_claim_set \$second .list[1];"
--- config eval: main::show('$roles|$roles_csv|$tenant|$second')
--- request eval: [("GET /t") x 2]
--- more_headers eval
[map { Apigw::Token::bearer(claims => $_) }
    { realm_access => { roles => ['a', 'b'] },
      'https://example.com/Tenant' => 't1', list => [1, 2] },
    { realm_access => { roles => ['a,x', 'b'] },
      'https://example.com/tenant' => 't1' }]
--- response_headers eval
['X-Show: [["a","b"]|a,b|t1|2]', 'X-Show: [["a,x","b"]|||]']



=== a claim with a control byte renders empty
--- config eval: main::show('$apigw_claim_evil|$apigw_claim_del|$apigw_claim_ok')
--- more_headers eval
Apigw::Token::bearer(claims => {
    evil => "a\r\nX-Admin: 1", del => "a\x7f", ok => "\xc3\xa9" })
--- response_headers_like
X-Show: \[\|\|.+\]
--- error_code: 200



=== a consumer with a line break is dropped, and its caller refused
--- config eval: main::show('$apigw_consumer|$apigw_auth_status')
--- more_headers eval
Apigw::Token::bearer(claims => { azp => "a\nb" })
--- raw_response_headers_unlike: (?m)^b
--- response_headers
X-Show: [|rejected]
--- error_code: 403
--- refused: identity_unsafe



=== the time spent, six decimals
--- config eval: main::show('$apigw_auth_time')
--- more_headers eval: Apigw::Token::bearer()
--- response_headers_like
X-Show: \[0\.\d{6}\]



=== a variable read before PREACCESS verifies at once
--- config
location /t {
    apigw_auth jwt=corp;
    if ($apigw_consumer = shop) { return 200 shop; }
    return 200 "[$apigw_consumer]";
}
--- request eval: [("GET /t") x 3]
--- more_headers eval
[Apigw::Token::bearer(), Apigw::Token::bearer(claims => { azp => 'x' }), '']
--- response_body eval: ['shop', '[x]', '[]']



=== read under one policy, decided by the location's
--- config
apigw_auth key=partners;
set $early $apigw_consumer;
location /t {
    apigw_auth jwt=corp;
    add_header X-Show "[$early|$apigw_consumer]" always;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- request eval: [("GET /t") x 2]
--- more_headers eval
[Apigw::Token::bearer(), 'X-API-Key: ' . Apigw::Token::api_key('acme0001')]
--- error_code eval: [200, 401]
--- response_headers eval: ['X-Show: [|shop]', 'X-Show: [acme|]']



=== limit_req and limit_conn key on the consumer
--- http_config eval
"$Apigw::Auth::Config
limit_req_zone \$apigw_consumer zone=caller:1m rate=1r/m;"
--- config
location /t {
    apigw_auth jwt=corp;
    limit_req zone=caller;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- request eval: [("GET /t") x 4]
--- more_headers eval
[map { Apigw::Token::bearer(claims => { azp => $_ }) } qw(a b a b)]
--- error_code eval: [200, 200, 503, 503]



=== in the access log, and empty where auth is off
--- http_config eval
"$Apigw::Auth::Config log_format who '[\$apigw_consumer|\$apigw_auth_status]';"
--- config eval
"access_log $Apigw::Token::Dir/who.log who;
location /t { apigw_auth jwt=corp; alias $Apigw::Token::Dir/page; }
location /off { alias $Apigw::Token::Dir/page; }
location /log { access_log off; alias $Apigw::Token::Dir/who.log; }"
--- request eval: ["GET /t", "GET /off", "GET /log"]
--- more_headers eval: [Apigw::Token::bearer(), Apigw::Token::bearer(), '']
--- response_body_like eval
['page', 'page', '(?s)^\[shop\|ok\]\n\[\|off\]\n']
