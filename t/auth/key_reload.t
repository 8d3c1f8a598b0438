# A changed key file comes into force by itself; a file that cannot be used
# leaves the keys as they were.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Test::Nginx::Socket 'no_plan';

our $Keys = "$Apigw::Token::Dir/live.keys";

our $Store = "apigw_key_store partners { file $Keys; check 1s; }";

our $Location = q{
    location /t {
        apigw_auth key=partners;
        add_header X-Consumer $apigw_consumer;
        alias $TEST_NGINX_TOKEN_DIR/page;
    }
};

sub replace {
    Apigw::Auth::replace($Keys, join '', @_);
}

sub status {
    return Apigw::Auth::status("X-API-Key: $_[0]");
}

our $Old = Apigw::Token::key_line('acme0001', 'consumer=acme');
our $New = Apigw::Token::key_line('newer001', 'consumer=newer');
our $OldKey = Apigw::Token::api_key('acme0001');
our $NewKey = Apigw::Token::api_key('newer001');

add_block_preprocessor(sub { replace($Old) });

Apigw::Token::file('page', "page\n", 0644);

no_shuffle();
run_tests();

__DATA__

=== a key is added, then the old one is taken away
--- http_config eval: $::Store
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- then eval
sub {
    main::replace($::Old, $::New);
    Apigw::Auth::wait_for('the new key', sub {
        main::status($::NewKey) == 200 });
    Test::More::is(main::status($::OldKey), 200, 'the old one is good still');
    main::replace($::New);
    Apigw::Auth::wait_for('the end of the old key', sub {
        main::status($::OldKey) == 401 });
}
--- more_headers eval
["X-API-Key: $::OldKey", "X-API-Key: $::NewKey", "X-API-Key: $::OldKey"]
--- error_code eval: [200, 200, 401]
--- refused: key_unknown



=== a bad line changes nothing; its number is logged, once
--- http_config eval: $::Store
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- then eval
sub {
    main::replace($::New, "# comment\n", "no key\n");
    Apigw::Auth::wait_for('the fault', sub {
        Apigw::Auth::logged('line 3: ') });
    main::replace($::New, $::New);
    Apigw::Auth::wait_for('the second fault', sub {
        Apigw::Auth::logged('line 2: ') });
    Test::More::is(Apigw::Auth::logged('the keys read before stay in force'),
                   2, 'each is logged once');
    Test::More::is(main::status($::NewKey), 401, 'nothing of it is in force');
}
--- more_headers eval: [("X-API-Key: $::OldKey") x 2]
--- error_code eval: [200, 200]



=== a truncated file changes nothing
--- http_config eval: $::Store
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- then eval
sub {
    main::replace(substr $::New, 0, 40);
    Apigw::Auth::wait_for('the fault', sub { Apigw::Auth::logged('line 1: ') });
}
--- more_headers eval: [("X-API-Key: $::OldKey") x 2]
--- error_code eval: [200, 200]



=== a file that is gone changes nothing, and may come back
--- http_config eval: $::Store
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- then eval
sub {
    unlink $::Keys;
    Apigw::Auth::wait_for('the fault', sub {
        Apigw::Auth::logged('what was read before stays in force') });
    Test::More::is(main::status($::OldKey), 200, 'keys are kept');
    main::replace($::New);
    Apigw::Auth::wait_for('the new file', sub {
        main::status($::NewKey) == 200 });
}
--- more_headers eval: ["X-API-Key: $::OldKey", "X-API-Key: $::NewKey"]
--- error_code eval: [200, 200]



=== a file that outgrows the zone changes nothing, and says so
--- http_config eval: $::Store
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- then eval
sub {
    main::replace(map {
        Apigw::Token::key_line("key$_", "consumer=c$_ plan=p$_", "imported-key-$_")
    } 10000 .. 40000);
    Apigw::Auth::wait_for('the fault', sub {
        Apigw::Auth::logged('stay in force; reload nginx') });
}
--- more_headers eval: [("X-API-Key: $::OldKey") x 2]
--- error_code eval: [200, 200]



=== a file that outgrows its size changes nothing, and says so
--- http_config eval: "apigw_key_store partners { file $::Keys; check 1s; size 64k; }"
--- config eval: $::Location
--- request eval: [("GET /t") x 3]
--- then eval
sub {
    my @many = map { Apigw::Token::key_line("key$_", "consumer=c$_") }
        10000 .. 10099;
    main::replace(@many, $::New);
    Apigw::Auth::wait_for('as many as fit', sub {
        main::status($::NewKey) == 200 });
    main::replace($::Old, map { Apigw::Token::key_line("key$_", "consumer=c$_") }
        10000 .. 10999);
    Apigw::Auth::wait_for('the fault', sub {
        Apigw::Auth::logged('bytes, of 32768 that there are, the keys read '
                            . 'before stay in force; reload nginx, or raise '
                            . '"size"') });
}
--- more_headers eval
["X-API-Key: $::OldKey", "X-API-Key: $::OldKey", "X-API-Key: $::NewKey"]
--- error_code eval: [200, 401, 200]
--- refused eval: ['', 'key_unknown', '']



=== all workers see one change, which one of them makes
--- http_config eval: $::Store
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- workers: 2
--- then eval
sub {
    my $good = 0;
    main::replace($::New);
    Apigw::Auth::wait_for('the new key in both workers', sub {
        $good = main::status($::NewKey) == 200 ? $good + 1 : 0;
        return $good >= 100;
    });
    Test::More::is(Apigw::Auth::logged('keys of'), 1, 'one worker read it');
}
--- more_headers eval: ["X-API-Key: $::OldKey", "X-API-Key: $::NewKey"]
--- error_code eval: [200, 200]



=== two changes within a second both come into force
--- http_config eval: $::Store
--- config eval: $::Location
--- request eval: [("GET /t") x 2]
--- then eval
sub {
    main::replace($::Old, $::New);
    main::replace($::New);
    Apigw::Auth::wait_for('the last of them', sub {
        main::status($::NewKey) == 200 && main::status($::OldKey) == 401 });
}
--- more_headers eval: ["X-API-Key: $::OldKey", "X-API-Key: $::NewKey"]
--- error_code eval: [200, 200]
