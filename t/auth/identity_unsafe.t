# A value with a control byte reads as empty, and limits do not count what is
# empty: whose consumer, plan, groups or scope is such a value is refused, and
# so is who would make such a header.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth qw(echo);
use Test::Nginx::Socket 'no_plan';

our $Page = 'alias $TEST_NGINX_TOKEN_DIR/page;';
our $Echo = 'proxy_pass $TEST_NGINX_ECHO;';
our $Unsafe = Apigw::Token::bearer(claims => { azp => "a\nb" });

Apigw::Token::file('page', "page\n", 0644);

sub bearers {
    return [map { Apigw::Token::bearer(claims => $_) } @_];
}

run_tests();

__DATA__

=== a control byte in what makes the identity is refused with 403
--- http_config eval: Apigw::Token::provider('corp', 'plan_claim tier;')
--- config eval: "location /t { apigw_auth jwt=corp; $::Page }"
--- request eval: [("GET /t") x 7]
--- more_headers eval
main::bearers({ azp => "a\r\nX-Admin: 1" }, { azp => "a\x7f" },
    { azp => undef, sub => "\t" }, { tier => "go\nld" },
    { groups => ['a', "b\nc"] }, { scope => "a\tb" },
    { scope => ['a', "\x01"] })
--- error_code eval: [(403) x 7]
--- raw_response_headers_unlike eval: [('WWW-Authenticate') x 7]
--- response_body_like eval: [('"detail":"The caller may not do this\."') x 7]
--- refused: identity_unsafe



=== in the kid of the key that verified, too
--- http_config eval
Apigw::Token::provider('corp', '', Apigw::Token::jwk('rsa', kid => "a\nb"))
--- config eval: "location /t { apigw_auth jwt=corp; $::Page }"
--- more_headers eval: Apigw::Token::bearer(header => { kid => "a\nb" })
--- error_code: 403
--- refused: identity_unsafe



=== other claims may hold what they like
--- config eval
"location /t { apigw_auth jwt=corp; add_header X-Who \$apigw_consumer; $::Page }"
--- request eval: [("GET /t") x 3]
--- more_headers eval
main::bearers({ address => "1 Main St\nTown" }, { sub => "a\nb" },
    { azp => "m\xc3\xbcller \\ \"x\"" })
--- error_code eval: [(200) x 3]
--- response_headers eval
['X-Who: shop', 'X-Who: shop', qq(X-Who: m\xc3\xbcller \\ "x")]



=== it comes before requirements, which compare what was dropped
--- config eval
"location /t { apigw_auth jwt=corp; apigw_require_consumer shop; $::Page }
location /u { apigw_auth jwt=corp; apigw_require_scope admin; $::Page }"
--- request eval: ["GET /t", "GET /u"]
--- more_headers eval: [$::Unsafe, $::Unsafe]
--- error_code eval: [403, 403]
--- refused: identity_unsafe



=== a key beside the token does not cover for it
--- config eval
"location /any { apigw_auth key=partners jwt=corp; $::Page }
location /all { apigw_auth key=partners jwt=corp all; $::Page }"
--- request eval: ["GET /any", "GET /all"]
--- more_headers eval
my $token = Apigw::Token::bearer(claims => { scope => "a\nb" });
[("$token\nX-API-Key: " . Apigw::Token::api_key('shop0001')) x 2]
--- error_code eval: [403, 403]
--- refused: identity_unsafe



=== no way round a limit keyed on the consumer
--- http_config eval
"$Apigw::Auth::Config
limit_req_zone \$apigw_consumer zone=caller:1m rate=1r/m;"
--- config eval
"location /t { apigw_auth jwt=corp; limit_req zone=caller; $::Page }"
--- request eval: [("GET /t") x 3]
--- more_headers eval: [($::Unsafe) x 3]
--- error_code eval: [403, 403, 403]
--- refused: identity_unsafe



=== an internal redirect asks again
--- config eval
"location /t { try_files /none /u; }
location /u { apigw_auth jwt=corp; $::Page }
location /v { apigw_auth jwt=corp; error_page 403 = \@open; $::Page }
location \@open { apigw_auth off; return 200 \"[\$apigw_consumer]\"; }
location /w { apigw_auth off; error_page 404 = \@closed; root /none; }
location \@closed { apigw_auth jwt=corp; $::Echo }"
--- request eval: ["GET /u", "GET /t", "GET /v", "GET /w"]
--- more_headers eval: [($::Unsafe) x 4]
--- error_code eval: [403, 403, 200, 403]
--- response_body_like eval: ['', '', '^\[\]$', '']
--- refused eval: [('identity_unsafe') x 4]



=== satisfy any: another check may still pass
--- config eval
"satisfy any; apigw_auth jwt=corp;
location /allow { allow all; $::Page }
location /deny { deny all; $::Page }"
--- request eval: ["GET /allow", "GET /deny"]
--- more_headers eval: [$::Unsafe, $::Unsafe]
--- error_code eval: [200, 403]
--- refused eval: ['identity_unsafe', 'identity_unsafe']



=== a dry run tells and lets pass, without the header
--- config eval
"location /t { apigw_auth jwt=corp; apigw_auth_dry_run on;
    apigw_auth_set_header X-Sub \$apigw_claim_sub;
    apigw_auth_set_header X-Consumer \$apigw_consumer;
    proxy_set_header X-Why \$apigw_dry_run_reason; $::Echo }"
--- request eval: ["GET /t", "GET /t"]
--- more_headers eval: [$::Unsafe, main::bearers({ sub => "a\nb" })->[0]]
--- response_body_like eval
['(?s)X-Why: identity_unsafe.*X-Sub: alice',
 '(?s)X-Why: identity_unsafe.*X-Consumer: shop']
--- response_body_unlike eval: ['X-Consumer', 'X-Sub']
--- error_code eval: [200, 200]



=== a claim with a control byte in a header of ours is refused
--- http_config eval
"$Apigw::Auth::Config
apigw_claim_set \$tenant .org.tenant;
apigw_claim_set \$tags .tags csv;
apigw_claim_set \$list .tags json;"
--- config eval
"location /sub { apigw_auth_set_header X-Sub \"is \$apigw_claim_sub\";
    apigw_auth jwt=corp; $::Echo }
location /tenant { apigw_auth_set_header X-Tenant \$tenant;
    apigw_auth jwt=corp; $::Echo }
location /tags { apigw_auth_set_header X-Tags \$tags;
    apigw_auth jwt=corp; $::Echo }
location /list { apigw_auth_set_header X-List \$list;
    apigw_auth jwt=corp; $::Echo }
location /all { apigw_auth_set_header X-All \$apigw_claims;
    apigw_auth jwt=corp; $::Echo }"
--- request eval
["GET /sub", "GET /tenant", "GET /tags", "GET /list", "GET /all"]
--- more_headers eval
main::bearers({ sub => "a\r\nX-Admin: 1" }, { org => { tenant => "a\x7f" } },
    { tags => ['a', "b\n"] }, { tags => ["\x7f"] }, { any => "\x7f" })
--- error_code eval: [(403) x 5]
--- response_body_unlike eval: [('X-Admin') x 5]
--- refused: identity_unsafe



=== one that is empty for another reason is not
--- http_config eval
"$Apigw::Auth::Config apigw_claim_set \$tags .tags csv;"
--- config eval
"location /t { apigw_auth_set_header X-Tags \$tags;
    apigw_auth_set_header X-Evil \"\";
    apigw_auth jwt=corp; $::Echo }"
--- request eval: [("GET /t") x 3]
--- more_headers eval
main::bearers({ tags => ['a,b'] }, {}, { tags => [], evil => "a\nb" })
--- error_code eval: [(200) x 3]
--- response_body_unlike eval: [('X-Tags') x 3]



=== a header that a lower level replaced is not asked for
--- config eval
"apigw_auth_set_header X-Sub \$apigw_claim_sub;
location /t { apigw_auth jwt=corp; apigw_auth_set_header X-Sub alone; $::Echo }"
--- more_headers eval: main::bearers({ sub => "a\nb" })->[0]
--- response_body_like: (?m)^X-Sub: alone$
