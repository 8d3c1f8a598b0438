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
main::locations(map { CORE::join ' ', CORE::reverse @rules[$_ .. 6] } 0 .. 6)
--- request eval: [map { "GET /$_" } 0 .. 6]
--- more_headers eval: [(Apigw::Token::bearer()) x 7]
--- error_code eval: [(403) x 5, 401, 403]
--- refused eval
[qw(consumer_denied scope_insufficient role_insufficient group_insufficient
    claim_insufficient acr_insufficient requirement_failed)]



=== every operator, with and without "!", on a claim that fits and on others
--- config eval
my @rules = ('v eq 7', 'v in 6 7', 'v any 6 7', 'v gt 6', 'v ge 7', 'v lt 8',
             'v le 7', 'v match ^7', 'v exists');
main::locations(map { my $rule = $_;
    ("apigw_require_claim $rule;",
     'apigw_require_claim ' . $rule =~ s/^v /v !/r . ';') } @rules)
--- request eval
[map { ("GET /$_") x 8 } 0 .. 17]
--- more_headers eval
my @values = ('7', '8', '"7"', '["7"]', 'true', '{"v":7}', 'null', undef);
my @tokens = map { my $v = $_;
    my $payload = JSON::PP->new->encode(Apigw::Token::claims());
    $payload =~ s/\}$/,"v":$v}/ if defined $v;
    Apigw::Token::bearer(payload => $payload) } @values;
[map { @tokens } 0 .. 17]
--- error_code eval
# a letter for each value: y passes, n does not; by operator, then with "!"
[map { $_ eq 'y' ? 200 : 403 } split //, CORE::join '',
 'ynynnnnn', 'nynnynnn',    # eq: an array and an object are no scalars
 'ynynnnnn', 'nynnynnn',    # in
 'ynyynnnn', 'nynnynnn',    # any: a scalar is a list of one
 'yynnnnnn', 'nnnnnnnn',    # gt: a number alone
 'yynnnnnn', 'nnnnnnnn',    # ge
 'ynnnnnnn', 'nynnnnnn',    # lt
 'ynnnnnnn', 'nynnnnnn',    # le
 'nnynnnnn', 'nnnnnnnn',    # match: a string alone
 'yyyyyynn', 'nnnnnnyy']    # exists: null is not there



=== big numbers keep their digits in every comparison
--- config eval
main::locations('apigw_require_claim n eq 18446744073709551617;',
    'apigw_require_claim n gt 18446744073709551616;',
    'apigw_require_claim n le 1e400;', 'apigw_require_claim n ge -1e400;',
    'apigw_require_claim n lt 0.1000000000000000000001;')
--- request eval
["GET /0", "GET /0", "GET /1", "GET /1", "GET /2", "GET /2", "GET /3", "GET /4",
 "GET /4"]
--- more_headers eval
[map {
    my $payload = JSON::PP->new->encode(Apigw::Token::claims());
    $payload =~ s/\}$/,"n":$_}/;
    Apigw::Token::bearer(payload => $payload)
} '18446744073709551617', '18446744073709551616', '18446744073709551617',
  '18446744073709551616', '9e399', '1.0000000001e400', '-9e399',
  '0.1', '0.1000000000000000000001']
--- error_code eval: [200, 403, 200, 403, 200, 403, 200, 200, 403]



=== a path goes through objects and arrays, by name and by index
--- config eval
main::locations('apigw_require_claim .a.b[0].c eq x;',
    'apigw_require_claim .a.b[1] exists;', 'apigw_require_claim a.b eq x;',
    'apigw_require_claim .a\\\\.b eq x;', 'apigw_require_claim .a.b any x;')
--- request eval
["GET /0", "GET /0", "GET /1", "GET /1", "GET /2", "GET /3", "GET /2", "GET /4"]
--- more_headers eval
main::headers({ a => { b => [{ c => 'x' }] } }, { a => { b => { c => 'x' } } },
    { a => { b => [1, 2] } }, { a => { b => [1] } }, { 'a.b' => 'x' },
    { 'a.b' => 'x' }, { a => { b => 'x' } }, { a => { b => ['x'] } })
--- error_code eval: [200, 403, 200, 403, 200, 200, 403, 200]
