# apigw_require_claim compares one claim; apigw_require compares anything that
# nginx knows.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Test::Nginx::Socket 'no_plan';

# One location for each requirement, /0, /1 and so on.
sub locations {
    my $n = 0;
    return join '', map {
        "location = /@{[$n++]} { apigw_auth jwt=corp; $_"
        . " alias $Apigw::Token::Dir/page; }\n"
    } @_;
}

sub headers {
    return [map { Apigw::Token::bearer(claims => $_) } @_];
}

Apigw::Token::file('page', "page\n", 0644);

run_tests();

__DATA__

=== eq compares a scalar as it is written
--- config eval
main::locations('apigw_require_claim tier eq gold;')
--- request eval: [("GET /0") x 5]
--- more_headers eval
main::headers({ tier => 'gold' }, { tier => 'golden' }, { tier => ['gold'] },
              { tier => undef }, { tier => 'Gold' })
--- error_code eval: [200, 403, 403, 403, 403]
--- refused: claim_insufficient



=== in and any take lists
--- config eval
main::locations('apigw_require_claim tier in gold silver;',
                'apigw_require_claim tier in gold,silver;',
                'apigw_require_claim teams any ops dev;')
--- request eval: ["GET /0", "GET /0", "GET /1", "GET /2", "GET /2"]
--- more_headers eval
main::headers({ tier => 'silver' }, { tier => 'iron' }, { tier => 'gold' },
              { teams => ['x', 'dev'] }, { teams => ['x'] })
--- error_code eval: [200, 403, 200, 200, 403]



=== numbers compare as numbers, exactly
--- config eval
main::locations('apigw_require_claim n gt 9007199254740992;',
                'apigw_require_claim n ge 2;', 'apigw_require_claim n lt 10;',
                'apigw_require_claim n le -1.5;')
--- request eval
["GET /0", "GET /0", "GET /1", "GET /1", "GET /2", "GET /2", "GET /3",
 "GET /1"]
--- more_headers eval
[map {
    my $payload = JSON::PP::encode_json(Apigw::Token::claims());
    $payload =~ s/\}$/,"n":$_}/;
    Apigw::Token::bearer(payload => $payload)
} '9007199254740993', '9007199254740992', '2', '1.999', '9', '1e1', '-2', '"3"']
--- error_code eval: [200, 403, 200, 403, 200, 403, 200, 403]



=== exists, and "!"
--- config eval
main::locations('apigw_require_claim act exists;',
                'apigw_require_claim act !exists;',
                'apigw_require_claim tier !eq trial;')
--- request eval
["GET /0", "GET /0", "GET /1", "GET /1", "GET /2", "GET /2", "GET /2"]
--- more_headers eval
main::headers({ act => {} }, {}, {}, { act => 1 }, { tier => 'gold' },
              { tier => 'trial' }, {})
--- error_code eval: [200, 403, 200, 403, 200, 403, 403]



=== match is a regular expression
--- config eval
main::locations('apigw_require_claim email match "@example\.com$";')
--- request eval: [("GET /0") x 3]
--- more_headers eval
main::headers({ email => 'a@example.com' }, { email => 'a@exampleXcom' },
              { email => 7 })
--- error_code eval: [200, 403, 403]



=== a path leads inward
--- config eval
main::locations('apigw_require_claim .org.units[1] eq b;',
                'apigw_require_claim https://example.com/tenant eq t;',
                'apigw_require_claim ".https://example\.com/tenant" eq t;')
--- request eval: ["GET /0", "GET /0", "GET /1", "GET /2"]
--- more_headers eval
main::headers({ org => { units => ['a', 'b'] } }, { org => { units => ['b'] } },
              ({ 'https://example.com/tenant' => 't' }) x 2)
--- error_code eval: [200, 403, 200, 200]



=== an API key has no claims
--- config
location /t {
    apigw_auth key=partners;
    apigw_require_claim sub exists;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
location /u {
    apigw_auth key=partners;
    apigw_require_claim sub !exists;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- request eval: ["GET /t", "GET /u"]
--- more_headers eval
[('X-API-Key: ' . Apigw::Token::api_key('acme0001')) x 2]
--- error_code eval: [403, 200]
--- refused: claim_insufficient



=== apigw_require wants every value non-empty and not 0
--- config eval
main::locations('apigw_require $arg_a $arg_b;')
--- request eval
["GET /0?a=1&b=2", "GET /0?a=1", "GET /0?a=1&b=0", "GET /0?a=1&b=00"]
--- more_headers eval: [(Apigw::Token::bearer()) x 4]
--- error_code eval: [200, 403, 403, 200]
--- refused: requirement_failed



=== apigw_require answers with the status it was given
--- config eval
main::locations('apigw_require $arg_a error=404;',
                'apigw_require $arg_a error=401;',
                'apigw_require "x$arg_a" error=451;')
--- request eval: ["GET /0", "GET /1", "GET /2"]
--- more_headers eval: [(Apigw::Token::bearer()) x 3]
--- error_code eval: [404, 401, 200]
--- response_body_like eval
['"title":"Not Found","status":404', '"status":401', 'page']
--- response_headers eval
['Content-Type: application/problem+json',
 'WWW-Authenticate: Bearer realm="api"', 'WWW-Authenticate: ']



=== each requirement is inherited
--- config eval
my @rules = ('apigw_require_consumer x;', 'apigw_require_scope x;',
             'apigw_require_role x;', 'apigw_require_group x;',
             'apigw_require_claim x eq x;', 'apigw_require_acr x;',
             'apigw_require $arg_x;');
CORE::join '', map {
    "location /$_ { apigw_auth jwt=corp; $rules[$_]
         location /$_/in { alias $Apigw::Token::Dir/page; }
         location /$_/reset { apigw_require_reset;
                              alias $Apigw::Token::Dir/page; } }\n"
} 0 .. 6
--- request eval: [map { ("GET /$_/in", "GET /$_/reset") } 0 .. 6]
--- more_headers eval: [(Apigw::Token::bearer()) x 14]
--- error_code eval: [(403, 200) x 5, 401, 200, 403, 200]
--- refused eval
[map { ($_, '') } qw(consumer_denied scope_insufficient role_insufficient
    group_insufficient claim_insufficient acr_insufficient requirement_failed)]



=== the first failure decides: consumer, scope, role, group, claim, acr, value
--- config eval
my @rules = ('apigw_require_consumer x;', 'apigw_require_scope x;',
             'apigw_require_role x;', 'apigw_require_group x;',
             'apigw_require_claim x eq x;', 'apigw_require_acr x;',
             'apigw_require $arg_x;');
main::locations(map { CORE::join ' ', reverse @rules[$_ .. 6] } 0 .. 6)
--- request eval: [map { "GET /$_" } 0 .. 6]
--- more_headers eval: [(Apigw::Token::bearer()) x 7]
--- error_code eval: [(403) x 5, 401, 403]
--- refused eval
[qw(consumer_denied scope_insufficient role_insufficient group_insufficient
    claim_insufficient acr_insufficient requirement_failed)]
