# A changed jwks_file comes into force by itself, within seconds and without a
# reload; a file that cannot be used leaves the keys as they were.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Test::Nginx::Socket 'no_plan';

our $Keys = "$Apigw::Token::Dir/keys.json";

our $Provider = "apigw_jwt_provider corp { issuer $Apigw::Token::Issuer;"
                . " audience $Apigw::Token::Audience; jwks_file $Keys; }";

our $Location = q{
    location /t {
        apigw_auth jwt=corp;
        alias $TEST_NGINX_TOKEN_DIR/page;
    }
};

sub replace {
    Apigw::Auth::replace($Keys, @_);
}

sub status {
    return Apigw::Auth::status("Authorization: Bearer $_[0]");
}

add_block_preprocessor(sub { replace(Apigw::Token::jwks('rsa')) });

Apigw::Token::file('page', "page\n", 0644);

no_shuffle();
run_tests();

__DATA__

=== another key comes, the old one goes
--- http_config eval: $::Provider
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- then eval
sub {
    my $token = Apigw::Token::token(key => 'rsa2');
    main::replace(Apigw::Token::jwks('rsa2'));
    Apigw::Auth::wait_for('the new key', sub { main::status($token) == 200 });
}
--- more_headers eval
[Apigw::Token::bearer(), Apigw::Token::bearer(key => 'rsa2'),
 Apigw::Token::bearer()]
--- error_code eval: [200, 200, 401]



=== a broken file changes nothing and is logged once
--- http_config eval: $::Provider
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- then eval
sub {
    main::replace('{"keys":[');
    Apigw::Auth::wait_for('the fault', sub {
        Apigw::Auth::logged('the keys read before stay in force') });
    main::replace('{"keys":[]}');
    Apigw::Auth::wait_for('the second fault', sub {
        Apigw::Auth::logged('the keys read before stay in force') >= 2 });
    Test::More::is(scalar Apigw::Auth::logged('stay in force'), 2, 'logged once each');
}
--- more_headers eval: [(Apigw::Token::bearer()) x 2]
--- error_code eval: [200, 200]



=== a file that is gone changes nothing, and may come back
--- http_config eval: $::Provider
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- then eval
sub {
    unlink $::Keys;
    Apigw::Auth::wait_for('the fault', sub {
        Apigw::Auth::logged('what was read before stays in force') });
    Test::More::is(main::status(Apigw::Token::token()), 200, 'keys are kept');
    main::replace(Apigw::Token::jwks('rsa', 'rsa2'));
    Apigw::Auth::wait_for('both keys', sub {
        main::status(Apigw::Token::token(key => 'rsa2')) == 200 });
}
--- more_headers eval
[Apigw::Token::bearer(), Apigw::Token::bearer(key => 'rsa2')]
--- error_code eval: [200, 200]



=== a file that is too large changes nothing
--- http_config eval: $::Provider
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- then eval
sub {
    main::replace(Apigw::Token::jwks('rsa2') . ' ' x 131072);
    Apigw::Auth::wait_for('the fault', sub { Apigw::Auth::logged('is too large') });
}
--- more_headers eval: [(Apigw::Token::bearer()) x 2]
--- error_code eval: [200, 200]



=== every worker reads it
--- http_config eval: $::Provider
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- workers: 2
--- then eval
sub {
    my $token = Apigw::Token::token(key => 'rsa2');
    my $good = 0;
    main::replace(Apigw::Token::jwks('rsa2'));
    Apigw::Auth::wait_for('the new key in both workers', sub {
        $good = main::status($token) == 200 ? $good + 1 : 0;
        return $good >= 100;
    });
}
--- more_headers eval
[Apigw::Token::bearer(), Apigw::Token::bearer(key => 'rsa2')]
--- error_code eval: [200, 200]
