# Each directive at every level, by a table; see Apigw::Contexts.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Contexts ();
use Apigw::Token ();
use Test::More;

chmod 0600, Apigw::Token::pem('ec256');

sub assertion {
    my ($name) = @_;
    return "$name { key_file $Apigw::Token::Dir/ec256.pem; alg ES256;"
           . ' issuer i; audience a; header X-Assertion; }';
}

my $definitions = Apigw::Token::provider('corp')
                  . Apigw::Token::key_store('partners')
                  . 'apigw_auth_assertion ' . assertion('orders');

my %policy = (
    apigw_auth             => ['jwt=corp key=partners all', [''], 0],
    apigw_auth_token_from  => ['authorization cookie:a', [''], 0],
    apigw_auth_cookie_origin => ['https://a.example', [''], 0],
    apigw_auth_anonymous   => ['consumer=guest', ['', 'off off'], 0],
    apigw_require_consumer => ['a b', [''], 1],
    apigw_require_scope    => ['a b any', [''], 1],
    apigw_require_role     => ['a b', [''], 1],
    apigw_require_group    => ['a b', [''], 1],
    apigw_require_claim    => ['.a.b in a b,c', ['', 'a'], 1],
    apigw_require_acr      => ['a b max_age=1h', [''], 1],
    apigw_require          => ['$arg_a $arg_b error=402', [''], 1],
    apigw_require_reset    => ['', ['on'], 0],
    apigw_auth_set_header  => ['X-A $apigw_consumer', ['', 'X-A', 'X-A b c'],
                               0],
    apigw_auth_assert      => ['orders', ['', 'orders off'], 0],
    apigw_auth_resource_metadata => ['https://a.example', ['', 'off off'], 0],
    apigw_auth_forward     => ['token=strip key=keep',
                               ['', 'key=keep token=keep key=strip'], 0],
    apigw_auth_realm       => ['"the \"API\""', ['', 'a b'], 0],
    apigw_auth_preflight   => ['pass', ['', 'pass pass'], 0],
    apigw_auth_error       => ['off', ['', 'off off'], 0],
    apigw_auth_dry_run     => ['on', ['', 'on on'], 0],
    apigw_auth_log_level   => ['notice', ['', 'info info'], 0],
);

my %definition = (
    apigw_jwt_provider => ['other { issuer i; audience a; jwks_file '
                           . Apigw::Token::jwks_file() . '; }',
                           ['{ }', 'a b { }']],
    apigw_key_store    => ['other { file '
                           . Apigw::Token::file('other.keys', '', 0644)
                           . '; }', ['{ }', 'a b { }']],
    apigw_auth_assertion => [assertion('other'), ['{ }', 'a b { }']],
    apigw_auth_redis   => ['other { server 127.0.0.1:1; }',
                           ['{ }', 'a b { }']],
    apigw_revocation   => ['file=' . Apigw::Token::file('none', '', 0644),
                           ['']],
    apigw_claim_set    => ['$other a', ['', '$other', '$other a csv b']],
);

# A policy is on at all levels, unless that is what the text turns on.
Apigw::Contexts::check(
    modules => ['auth'],
    levels  => [qw(http server location limit_except)],
    http    => $definitions,
    policy  => \%policy,
    block   => \%definition,
    besides => sub { $_[0] =~ /^apigw_auth /m ? '' : 'apigw_auth jwt=corp;' },
);

# Those that answer a request themselves belong to a location.
Apigw::Contexts::check(
    modules => ['auth'],
    levels  => ['location'],
    http    => "$definitions apigw_auth jwt=corp;",
    policy  => {
        apigw_auth_assertion_jwks         => ['orders', ['', 'a b'], 0],
        apigw_auth_resource_metadata_json => ['', ['on'], 0],
    },
    block   => {},
);

done_testing;
