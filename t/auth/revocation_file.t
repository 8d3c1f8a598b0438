# What a file revokes is refused within its interval, live credentials included;
# a file that cannot be used leaves the list as it was, until that is too old.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Test::Nginx::Socket 'no_plan';

our $List = "$Apigw::Token::Dir/revoked";

our $Revocation = "apigw_revocation file=$List interval=1s";

our $Location = q{
    location /t {
        apigw_auth jwt=corp key=partners;
        alias $TEST_NGINX_TOKEN_DIR/page;
    }
};

our $Now = time;

our $One = Apigw::Token::bearer(claims => { jti => 'one' });
our $Two = Apigw::Token::bearer(claims => { jti => 'two "2"' });
our $Number = Apigw::Token::bearer(claims => { jti => 17 });
our $Bob = Apigw::Token::bearer(claims => { sub => 'bob', iat => $Now - 100 });
our $Late = Apigw::Token::bearer(claims => { sub => 'bob', iat => $Now - 98 });
our $Never = Apigw::Token::bearer(claims => { sub => 'bob', iat => undef });
our $Ec = Apigw::Token::bearer(alg => 'ES256');
our $Key = 'X-API-Key: ' . Apigw::Token::api_key('acme0001');
our $Other = 'X-API-Key: ' . Apigw::Token::api_key('initech1');

sub config {
    my ($more) = @_;
    return Apigw::Token::provider('corp', 'algorithms RS256 ES256;', 'rsa',
                                  'ec256')
           . Apigw::Token::key_store('partners') . "$Revocation $more;";
}

sub replace {
    Apigw::Auth::replace($List, join '', map { "$_\n" } @_);
}

add_block_preprocessor(sub {
    my ($block) = @_;
    replace(split /\n/, $block->list // '');
    $block->set_value('config', $Location);
    $block->set_value('http_config', config($block->parameters // ''))
        unless defined $block->http_config;
});

Apigw::Token::file('page', "page\n", 0644);

no_shuffle();
run_tests();

__DATA__

=== tokens by jti, by subject and date, by key, and keys by id are revoked
--- list eval
qq{# a list
jti corp one
jti corp "two "2""
jti corp 17
sub corp bob before=} . ($::Now - 99) . qq{
kid corp ec256
key partners acme0001
}
--- request eval: [("GET /t") x 9]
--- more_headers eval
[$::One, $::Two, $::Number, $::Bob, $::Never, $::Ec, $::Key, $::Late, $::Other]
--- error_code eval: [(401) x 7, 200, 200]
--- refused eval: [('token_revoked') x 6, 'key_revoked', '', '']



=== lines of another provider or store, or past their time, revoke nothing
--- list
jti staff one
key devices acme0001
jti corp two until=1600000000
kid partners rsa
jti partners acme0001
--- request eval: [("GET /t") x 3]
--- more_headers eval: [$::One, $::Two, $::Key]
--- error_code eval: [200, 200, 200]



=== a revoked token is told from others by nothing but the log
--- list
jti corp one
--- more_headers eval: $::One
--- error_code: 401
--- refused: token_revoked
--- response_headers
WWW-Authenticate: Bearer error="invalid_token", error_description="the access token is not valid", realm="api"
--- response_body_unlike: revoked



=== a revoked key looks like an unknown one
--- list
key partners acme0001
--- request eval: ["GET /t", "GET /t"]
--- more_headers eval
[$::Key, 'X-API-Key: ' . Apigw::Token::api_key('nobody01')]
--- error_code eval: [401, 401]
--- refused eval: ['key_revoked', 'key_unknown']
--- response_body_like eval: [('The API key is not valid') x 2]



=== a line that is added is in force soon, in a connection that is open too
--- request eval: [("GET /t") x 3]
--- more_headers eval: ["$::One", $::One, $::Key]
--- then eval
sub {
    main::replace('jti corp one');
    Apigw::Auth::wait_for('the revocation', sub {
        Apigw::Auth::status($::One) == 401 });
    Test::More::is(Apigw::Auth::status($::Key), 200, 'others are good still');
    Test::More::is(Apigw::Auth::logged('1 entries of'), 1, 'and it is logged');
}
--- error_code eval: [200, 401, 200]
--- refused eval: ['', 'token_revoked', '']



=== a truncated file and a bad line change nothing and are logged by number
--- list
jti corp one
--- request eval: [("GET /t") x 2]
--- more_headers eval: [$::One, $::Two]
--- then eval
sub {
    Apigw::Auth::replace($::List, "jti corp two");
    Apigw::Auth::wait_for('the first fault', sub {
        Apigw::Auth::logged('line 1: the final newline is missing, what was '
                            . 'read before stays in force') });
    main::replace('# comment', 'jti corp two', 'jti corp');
    Apigw::Auth::wait_for('the second fault', sub {
        Apigw::Auth::logged('line 3: the value is missing, what was read '
                            . 'before stays in force') });
}
--- error_code eval: [401, 200]
--- refused eval: ['token_revoked', '']



=== a file that is gone changes nothing, and may come back
--- list
jti corp one
--- request eval: [("GET /t") x 2]
--- more_headers eval: [$::One, $::One]
--- then eval
sub {
    unlink $::List;
    Apigw::Auth::wait_for('the fault', sub {
        Apigw::Auth::logged('what was read before stays in force') });
    Test::More::is(Apigw::Auth::status($::One), 401, 'the list is kept');
    main::replace('# none');
    Apigw::Auth::wait_for('the new file', sub {
        Apigw::Auth::status($::One) == 200 });
}
--- error_code eval: [401, 200]
--- refused eval: ['token_revoked', '']



=== a file in place of which something else stands changes nothing
--- list
jti corp one
--- request eval: [("GET /t") x 2]
--- more_headers eval: [$::One, $::Two]
--- then eval
sub {
    unlink $::List;
    mkdir $::List;
    Apigw::Auth::wait_for('the fault', sub {
        Apigw::Auth::logged('is not a regular file') });
    rmdir $::List;
    main::replace('# none');
    Apigw::Auth::wait_for('the new file', sub {
        Apigw::Auth::status($::One) == 200 });
}
--- error_code eval: [401, 200]
--- refused eval: ['token_revoked', '']



=== a list that could not be read for too long is no list: 503, until it can
--- parameters: max_stale=2s
--- list
jti corp one
--- request eval: [("GET /t") x 3]
--- more_headers eval: [$::Two, $::Two, $::One]
--- then eval
sub {
    main::replace('no list');
    Apigw::Auth::wait_for('the end of the old list', sub {
        Apigw::Auth::status($::Two) == 503 });
    Test::More::is(Apigw::Auth::status($::Key), 503, 'of keys too');
    Test::More::is(Apigw::Auth::status($::One), 401,
                   'what is known to be revoked stays so');
    main::replace('jti corp one');
    Apigw::Auth::wait_for('the new list', sub {
        Apigw::Auth::status($::Two) == 200 });
}
--- error_code eval: [200, 200, 401]
--- refused eval: ['', '', 'token_revoked']



=== the 503 tells when to come again
--- parameters: max_stale=1s
--- then eval
sub {
    main::replace('no list');
    Apigw::Auth::wait_for('the end of the old list', sub {
        Apigw::Auth::status($::Two) == 503 });
}
--- request eval: ["GET /t", "GET /t"]
--- more_headers eval: [$::Two, $::Two]
--- error_code eval: [200, 503]
--- refused eval: ['', 'revocation_unavailable']
--- response_headers eval: ['', 'Retry-After: 1']



=== a file that outgrows its room changes nothing, and says so
--- parameters: size=64k
--- list
jti corp one
--- request eval: [("GET /t") x 2]
--- more_headers eval: [$::One, $::Two]
--- then eval
sub {
    main::replace(map { "jti corp many$_" } 1 .. 2000);
    Apigw::Auth::wait_for('the fault', sub {
        Apigw::Auth::logged('bytes, of 32768 that there are, what was read '
                            . 'before stays in force; reload nginx, or raise '
                            . '"size"') });
}
--- error_code eval: [401, 200]
--- refused eval: ['token_revoked', '']



=== all workers see one change, which one of them makes
--- workers: 2
--- request eval: [("GET /t") x 2]
--- more_headers eval: [$::One, $::One]
--- then eval
sub {
    my $bad = 0;
    main::replace('jti corp one');
    Apigw::Auth::wait_for('the revocation in both workers', sub {
        $bad = Apigw::Auth::status($::One) == 401 ? $bad + 1 : 0;
        return $bad >= 100;
    });
    Test::More::is(Apigw::Auth::logged('entries of'), 1, 'one worker read it');
}
--- error_code eval: [200, 401]
--- refused eval: ['', 'token_revoked']



=== two changes within a second both come into force
--- request eval: [("GET /t") x 2]
--- more_headers eval: [$::One, $::Two]
--- then eval
sub {
    main::replace('jti corp one');
    main::replace('jti corp two');
    main::replace('jti corp one', 'jti corp "two "2""');
    Apigw::Auth::wait_for('the last of them', sub {
        Apigw::Auth::status($::One) == 401
            && Apigw::Auth::status($::Two) == 401 });
}
--- error_code eval: [200, 401]
--- refused eval: ['', 'token_revoked']



=== in a dry run the revoked token passes, and is counted
--- list
jti corp one
--- http_config eval
main::config('') . 'apigw_auth_dry_run on;'
--- more_headers eval: $::One
--- error_code: 200
--- error_log
token_revoked
