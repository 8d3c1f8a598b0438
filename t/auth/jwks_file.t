# A changed jwks_file comes into force by itself, within seconds and without a
# reload; a file that cannot be used leaves the keys as they were.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use File::Copy qw(copy);
use IO::Socket::INET;
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

# Puts another file in place, as a rotation does; old enough to be trusted.
sub replace {
    my ($text) = @_;
    my $file = Apigw::Token::file('keys.new', $text, 0644);

    utime time - 60 - rand 1000, time - 60 - rand 1000, $file;
    rename $file, $Keys or die "$Keys: $!";
}

sub status {
    my ($token) = @_;
    my $client = IO::Socket::INET->new(
        PeerAddr => '127.0.0.1:' . server_port()) or return 0;

    print $client "GET /t HTTP/1.0\r\nAuthorization: Bearer $token\r\n\r\n";

    return (<$client> // '') =~ m{^HTTP/1\.. (\d+)} ? $1 : 0;
}

sub logged {
    my ($text) = @_;

    open my $in, '<', $Test::Nginx::Util::ErrLogFile or return 0;

    return grep { index($_, $text) >= 0 } <$in>;
}

sub wait_for {
    my ($what, $condition) = @_;

    for (1 .. 400) {
        return if $condition->();
        select undef, undef, undef, 0.1;
    }

    fail("waited in vain for $what");
}

# Runs a block's "then" between its first request and its second.
add_response_body_check(sub {
    my ($block, $body, $req_idx) = @_;
    $block->then->() if $req_idx == 0 && defined $block->then;
});

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
    main::wait_for('the new key', sub { main::status($token) == 200 });
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
    main::wait_for('the fault', sub {
        main::logged('the keys read before stay in force') });
    main::replace('{"keys":[]}');
    main::wait_for('the second fault', sub {
        main::logged('the keys read before stay in force') >= 2 });
    Test::More::is(scalar main::logged('stay in force'), 2, 'logged once each');
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
    main::wait_for('the fault', sub {
        main::logged('what was read before stays in force') });
    Test::More::is(main::status(Apigw::Token::token()), 200, 'keys are kept');
    main::replace(Apigw::Token::jwks('rsa', 'rsa2'));
    main::wait_for('both keys', sub {
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
    main::wait_for('the fault', sub { main::logged('is too large') });
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
    main::wait_for('the new key in both workers', sub {
        $good = main::status($token) == 200 ? $good + 1 : 0;
        return $good >= 100;
    });
}
--- more_headers eval
[Apigw::Token::bearer(), Apigw::Token::bearer(key => 'rsa2')]
--- error_code eval: [200, 200]
