# Questions about tokens belong to the worker that asks: what becomes of them,
# and of who waits, when workers change or die and clients go away.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Bearer;
use Apigw::Faulty qw(mutual);
use Apigw::Nginx;
use Apigw::Token;
use Test::More;

Apigw::Token::file('secret', "secret\n", 0600);
Apigw::Faulty::document('{"active":true,"sub":"amy"}');

my $client = "client gw secret_file=$Apigw::Token::Dir/secret;";

sub gateway {
    my (%arg) = @_;
    my $url = $arg{url} // Apigw::Faulty::url('/gate');
    my $more = $arg{more} // $client;
    my $timeout = $arg{timeout} // '30s';

    Apigw::Faulty::gate('shut');
    Apigw::Faulty::forget();

    return Apigw::Nginx->new(modules => ['auth'], workers => 1,
        files => { page => "page\n" }, http => qq{
            apigw_introspection idp {
                endpoint $url; audience off; timeout $timeout; $more
            }
            server {
                listen 127.0.0.1:\@PORT\@;
                location = /t {
                    apigw_auth introspect=idp;
                    add_header X-Cache \$apigw_auth_cache;
                    alias \@DIR\@/page;
                }
            }
        });
}

sub ask {
    my ($nginx, $token) = @_;
    my ($status, $headers) = $nginx->request(GET => '/t',
        { Authorization => "Bearer $token" });
    return join ' ', $status // 0, $headers->{'x-cache'} // ();
}

sub asked { return scalar Apigw::Faulty::requests() }

# Connections that clients have to it.
sub clients {
    my ($nginx) = @_;
    my $port = sprintf '%04X', $nginx->port;

    open my $tcp, '<', '/proc/net/tcp' or die "/proc/net/tcp: $!";
    return scalar grep { /^\s*\d+: \w+:$port \w+:\w+ 01 / } <$tcp>;
}

sub new_worker {
    my ($nginx, $old) = @_;
    my ($new) = grep { $_ != $old } $nginx->workers;
    return $new;
}


subtest 'a reload leaves who waits to the old worker' => sub {
    my $nginx = gateway();
    my ($old) = $nginx->workers;
    my $master = $nginx->descriptors;

    my @waiting = map { open_request($nginx, $_) } qw(a a b);
    wait_for('both are asked about', sub { asked() == 2 });

    kill HUP => $nginx->pid;
    wait_for('there is a new worker', sub { new_worker($nginx, $old) });
    ok kill(0, $old), 'and the old one';

    Apigw::Faulty::gate('open');
    is join(' ', map { status_of($_) } @waiting), '200 200 200', 'all pass';
    is ask($nginx, $_), '200 l2', "the new worker knows $_" for qw(a b);
    is asked(), 2, 'none is asked about again';

    wait_for('the old worker ends', sub { $nginx->workers == 1 });
    is $nginx->descriptors, $master, 'the master has as many files open';
    is $nginx->stop, 0, 'nginx ends in order';
    unlike $nginx->log, qr/\[(alert|crit|emerg)\]|open socket/, 'a quiet log';
};


subtest 'a client that goes away leaves its question going' => sub {
    my $nginx = gateway();
    my ($worker) = $nginx->workers;
    Apigw::Faulty::gate('open');
    is ask($nginx, 'first'), '200 miss', 'the connection is there';
    Apigw::Faulty::gate('shut');

    wait_for('no client is left', sub { clients($nginx) == 0 });
    my $open = $nginx->descriptors($worker);

    close open_request($nginx, 'a');
    my $waiting = open_request($nginx, 'b');
    close open_request($nginx, 'b');

    wait_for('both are asked about', sub { asked() == 3 });
    wait_for('who went away is gone', sub { clients($nginx) == 1 });
    my @gone = $nginx->log =~ /client prematurely closed connection/g;
    is scalar @gone, 2, 'which the log tells';

    Apigw::Faulty::gate('open');
    is status_of($waiting), 200, 'who stayed passes';
    is ask($nginx, 'b'), '200 l2', 'its answer is kept';
    wait_for('and so is that of the other', sub { ask($nginx, 'a') eq '200 l2' });
    is asked(), 3, 'none is asked about again';

    wait_for('no client is left', sub { clients($nginx) == 0 });
    wait_for('no more files are open than before but connections kept',
             sub { $nginx->descriptors($worker) <= $open + 1 });
    is $nginx->stop, 0, 'nginx ends in order';
    unlike $nginx->log, qr/\[(alert|crit|emerg)\]|open socket/, 'a quiet log';
};


subtest 'a worker that ends with nobody waiting has its question time out' => sub {
    my $nginx = gateway(timeout => '500ms');
    my ($old) = $nginx->workers;

    close open_request($nginx, 'a');
    wait_for('it is asked about', sub { asked() == 1 });
    wait_for('the client is gone', sub { clients($nginx) == 0 });

    kill HUP => $nginx->pid;
    wait_for('there is a new worker', sub { new_worker($nginx, $old) });
    wait_for('the old one ends', sub { $nginx->workers == 1 });
    Apigw::Faulty::gate('open');
    is ask($nginx, 'a'), '200 miss', 'the new one asks anew';
    is $nginx->stop, 0, 'nginx ends in order';
    unlike $nginx->log, qr/\[(alert|crit|emerg)\]|open socket/, 'a quiet log';
};


subtest 'a worker that is killed while it asks' => sub {
    my $nginx = gateway();
    my ($old) = $nginx->workers;

    my @waiting = map { open_request($nginx, $_) } qw(a a b);
    wait_for('both are asked about', sub { asked() == 2 });

    kill KILL => $old;
    is join(' ', map { status_of($_) } @waiting), '0 0 0', 'none has an answer';
    wait_for('there is a new worker', sub { new_worker($nginx, $old) });

    Apigw::Faulty::gate('open');
    is ask($nginx, 'a'), '200 miss', 'it asks anew';
    is ask($nginx, 'a'), '200 l2', 'and keeps the answer';
    is asked(), 3, 'once';
    is $nginx->stop, 0, 'nginx ends in order';
};


subtest 'a client that is known by its certificate' => sub {
    my $tls = "tls_trusted_certificate $Apigw::Faulty::Dir/ca.pem;";
    my %client = map {
        $_ => "client gw/1 method=tls; $tls"
              . " tls_certificate $Apigw::Faulty::Dir/$_.pem;"
              . " tls_certificate_key $Apigw::Faulty::Dir/$_.key;"
    } qw(client stranger);
    my $url = Apigw::Faulty::url('/ok', 'mutual');

    my $nginx = gateway(url => $url, more => $client{client});
    is ask($nginx, 'a'), '200 miss', 'it is';
    my ($request) = Apigw::Faulty::requests();
    ok $request->{certificate}, 'the certificate is shown';
    is $request->{body},
        'token=a&token_type_hint=access_token&client_id=gw%2F1',
        'its id is told, no secret is';
    ok !(grep { lc $_->[0] eq 'authorization' } @{ $request->{headers} }),
        'nor in the header';

    Apigw::Token::openssl("req -x509 -newkey ec -pkeyopt"
        . " ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=stranger"
        . " -keyout $Apigw::Faulty::Dir/stranger.key"
        . " -out $Apigw::Faulty::Dir/stranger.pem");
    $nginx = gateway(url => $url, more => $client{stranger});
    is ask($nginx, 'a'), '503', 'a certificate that is not known there';
    is asked(), 0, 'no token is told';
    like $nginx->log, qr/could not be asked, .*opaque tokens cannot be checked/,
        'the log says why';

    $nginx = gateway(url => $url, more => "$client $tls");
    is ask($nginx, 'a'), '503', 'a secret is none';
    is asked(), 0, 'no token is told';
};


done_testing();
