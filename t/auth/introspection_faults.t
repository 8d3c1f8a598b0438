# An authorization server that answers badly, late or not at all: requests get
# 503, it is left alone after three failures, and asked once for each token.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth qw(echo);
use Apigw::Faulty;
use Test::Nginx::Socket 'no_plan';

Apigw::Token::file('secret', "secret\n", 0600);

sub block {
    my ($uri, $more) = @_;
    $more //= '';
    return 'apigw_introspection idp { endpoint ' . Apigw::Faulty::url($uri)
           . "; client gw secret_file=$Apigw::Token::Dir/secret; audience off; $more }\n";
}

# The statuses of requests that are all sent before an answer is read.
sub together {
    my @clients = map {
        my $c = IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . Apigw::port())
            or die "connect: $!";
        print $c "GET /t HTTP/1.0\r\nAuthorization: Bearer $_\r\n\r\n";
        $c;
    } @_;
    return map { (readline($_) // '') =~ m{^HTTP/1\.. (\d+)} ? $1 : 0 } @clients;
}

add_block_preprocessor(sub {
    my ($block) = @_;

    Apigw::Faulty::forget();
    Apigw::Faulty::document($block->answer // '{"active":true,"sub":"amy"}');

    $block->set_value('config', q{
        location /t { apigw_auth introspect=idp; proxy_pass $TEST_NGINX_ECHO; }
    });
    $block->set_value('more_headers', 'Authorization: Bearer opaque')
        unless defined $block->more_headers;
});

no_shuffle();
run_tests();

__DATA__

=== a status of 500
--- http_config eval: main::block('/ok?status=500')
--- error_code: 503
--- response_headers
Retry-After: 1
! WWW-Authenticate
--- refused: introspection_unavailable
--- error_log
could not be asked, the status is not 200; opaque tokens cannot be checked



=== a client that is not known there
--- http_config eval: main::block('/ok?status=401')
--- error_code: 503
--- refused: introspection_unavailable
--- error_log
it does not know this client; look at "client"



=== a page for people
--- http_config eval: main::block('/html')
--- error_code: 503
--- refused: introspection_unavailable
--- error_log
could not be asked, the answer is not application/json



=== an answer that is cut
--- http_config eval: main::block('/cut')
--- error_code: 503
--- refused: introspection_unavailable
--- error_log
could not be asked,



=== an answer of more than 64k
--- http_config eval: main::block('/huge?size=65537')
--- error_code: 503
--- refused: introspection_unavailable
--- error_log
could not be asked,



=== an answer of 64k, and of a byte more
--- http_config eval
my @answers = map { '{"active":true,"sub":"amy","x":"' . 'y' x (65536 - 34 + $_) . '"}' } 0, 1;
Test::More::is(length $answers[0], 65536, 'the first');
Apigw::Faulty::answers('large', @answers);
main::block('/script/large')
--- request eval: ["GET /t", "GET /t"]
--- more_headers eval: ['Authorization: Bearer a', 'Authorization: Bearer b']
--- error_code eval: [200, 503]
--- refused eval: ['', 'introspection_unavailable']



=== an answer in which a name stands twice, however deep
--- http_config eval
Apigw::Faulty::answers('twice', '{"active":false,"active":true}',
    '{"active":true,"sub":"amy","s\\u0075b":"eve"}', '{"active":true,"x":[{"a":1,"a":2}]}');
main::block('/script/twice')
--- request eval: [("GET /t") x 3]
--- more_headers eval: [map { "Authorization: Bearer $_" } 'a' .. 'c']
--- error_code eval: [503, 503, 503]
--- refused: introspection_unavailable



=== an answer with something behind it, or in front
--- http_config eval
Apigw::Faulty::answers('more', '{"active":true}{"active":true}', '{"active":true} x',
    "\xef\xbb\xbf" . '{"active":true}', '[{"active":true}]', '', 'true');
main::block('/script/more')
--- request eval: [("GET /t") x 2]
--- more_headers eval: [map { "Authorization: Bearer $_" } 'a', 'b']
--- error_code eval: [503, 503]
--- refused: introspection_unavailable
--- then eval
sub {
    my @statuses = map { Apigw::Auth::status("Authorization: Bearer $_") } 'c' .. 'f';
    Test::More::is(CORE::join(' ', @statuses), '503 503 503 503', 'nor the others');
}



=== no answer within the time
--- http_config eval: main::block('/slow?ms=60000', 'timeout 50ms;')
--- error_code: 503
--- refused: introspection_unavailable
--- error_log
could not be asked,



=== many requests with one token are one question
--- http_config eval: main::block('/slow?ms=700', 'timeout 30s;')
--- error_code: 200
--- then eval
sub {
    Apigw::Faulty::forget();
    Test::More::is(CORE::join(' ', main::together(('one') x 8)), CORE::join(' ', (200) x 8), 'all pass');
    Test::More::is(scalar(Apigw::Faulty::requests()), 1, 'one question');
}



=== no more questions at once than are allowed
--- http_config eval: main::block('/slow?ms=2000', 'timeout 30s; max_inflight 1;')
--- error_code: 200
--- then eval
sub {
    Test::More::is(CORE::join(' ', sort(main::together('two', 'three'))), '200 503', 'one of them passes');
    Test::More::is(Apigw::Auth::logged('left alone'), 0, 'which is no failure of the server');
}



=== who comes while too many are asked about is told when to come again
--- http_config eval
Apigw::Faulty::gate('shut');
main::block('/gate', 'timeout 30s; max_inflight 1;')
--- raw_request eval: "GET /t HTTP/1.0\r\n\r\n"
--- error_code: 401
--- then eval
sub {
    my ($waiting, $refused) = map {
        my $c = IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . Apigw::port());
        print $c "GET /t HTTP/1.0\r\nAuthorization: Bearer $_\r\n\r\n";
        Apigw::Auth::wait_for('the question', sub { Apigw::Faulty::requests() == 1 });
        $c;
    } 'one', 'two';
    my $answer = do { local $/; <$refused> };
    Test::More::like($answer, qr{^HTTP/1\.1 503 .*^Retry-After: 1\r$}ms, 'refused');

    Apigw::Faulty::gate('open');
    Test::More::like(scalar <$waiting>, qr/ 200 /, 'the other passes');
    Test::More::is(Apigw::Auth::status('Authorization: Bearer two'), 200, 'and so does this one now');
}



=== three failures open the breaker, an answer closes it
--- http_config eval
Apigw::Faulty::script('broken', ('/ok?status=500') x 3, '/ok');
main::block('/script/broken')
--- error_code: 503
--- then eval
sub {
    my $status = sub { Apigw::Auth::status("Authorization: Bearer $_[0]") };
    $status->($_) for 'a', 'b';
    Apigw::Auth::wait_for('an answer', sub { $status->('c') == 200 });
    Test::More::ok(Apigw::Auth::logged('keeps failing and is left alone'), 'opened');
    Test::More::ok(Apigw::Auth::logged('answers again'), 'closed');
    Test::More::is($status->('d'), 200, 'asked as before');
}



=== while the breaker is open nobody asks, and clients are told for how long
--- http_config eval: main::block('/ok?status=500')
--- error_code: 503
--- then eval
sub {
    my $status = sub { Apigw::Auth::status("Authorization: Bearer $_[0]") };
    Apigw::Auth::wait_for('it to open', sub { $status->('a'); Apigw::Auth::logged('left alone') });

    my $asked = Apigw::Faulty::requests();
    my %statuses = map { $status->("token$_") => 1 } 1 .. 200;
    Test::More::is(CORE::join(' ', keys %statuses), '503', 'all are refused');
    Test::More::cmp_ok(Apigw::Faulty::requests() - $asked, '<', 50, 'few are asked about');
    Test::More::is(Apigw::Auth::logged('answers again'), 0, 'a probe that fails closes nothing');
}



=== what is kept is good while the breaker is open
--- http_config eval
Apigw::Faulty::script('dying', '/ok', '/ok?status=500');
main::block('/script/dying')
--- error_code: 200
--- then eval
sub {
    my $status = sub { Apigw::Auth::status("Authorization: Bearer $_[0]") };
    Apigw::Auth::wait_for('it to open', sub { $status->('a'); Apigw::Auth::logged('left alone') });
    Test::More::is($status->('opaque'), 200, 'kept');
}
