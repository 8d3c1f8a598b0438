# A real OpenID provider (npm's oidc-provider) and the gateway together: keys by
# discovery, rotation, an outage, opaque tokens, and tokens bound to a key or a
# certificate.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Dpop ();
use Apigw::Faulty ();
use Apigw::Nginx;
use Apigw::Node;
use Apigw::Token ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

use constant LONG => 60;        # seconds for what should take a moment

my $Dir = $Apigw::Faulty::Dir;
Apigw::Faulty::certificate($_) for qw(ca good client other);

my $idp = Apigw::Node->new('provider.mjs', $Dir);
my $issuer = $idp->call('issuer');

# RFC 9449 is about https; the proofs below name this origin.
my $origin = 'https://orders.example';

sub gateway {
    my ($more) = @_;
    my $secret = Apigw::Token::file('introspection.secret', "secret\n", 0600);
    my $server = "tls_trusted_certificate $Dir/ca.pem; connect_timeout 20s;";

    return Apigw::Nginx->new(modules => ['auth'],
        files => { orders => "orders\n" },
        http => qq{
            apigw_jwt_provider idp {
                issuer       $issuer;
                discovery    on;
                jwks_timeout 30s;
                audience     api://orders;
                dpop_origin  $origin;
                $server
                $more
            }
            apigw_introspection opaque {
                endpoint $issuer/token/introspection;
                client   gateway secret_file=$secret;
                issuer   $issuer;
                audience api://opaque;
                timeout  30s;
                ttl      1s;
                $server
            }
            server {
                listen              127.0.0.1:\@PORT\@ ssl;
                ssl_certificate     $Dir/good.pem;
                ssl_certificate_key $Dir/good.key;
                ssl_verify_client   optional_no_ca;

                location = /orders {
                    apigw_auth          jwt=idp;
                    apigw_require_scope orders:read;
                    add_header          X-Consumer \$apigw_consumer;
                    root                \@DIR\@;
                }
                location = /opaque {
                    apigw_auth          introspect=opaque;
                    apigw_require_scope orders:read;
                    add_header          X-Consumer \$apigw_consumer;
                    alias               \@DIR\@/orders;
                }
            }
        });
}

# Head and body of what curl gets.
sub curl {
    my (@options) = @_;

    open my $curl, '-|', 'curl', '-si', '--noproxy', '*', '--max-time', LONG,
        '--cacert', "$Dir/ca.pem", @options or die "curl: $!";
    my $answer = do { local $/; <$curl> // '' };
    close $curl;

    return split /\r\n\r\n/, $answer, 2;
}

sub status {
    my ($head) = @_;
    return ($head // '') =~ m{^HTTP/[\d.]+ (\d+)} ? $1 : 0;
}

sub certificate {
    my ($name) = @_;
    return ('--cert', "$Dir/$name.pem", '--key', "$Dir/$name.key");
}

# A token for a client, as the provider gives it.
sub token {
    my ($client, %how) = @_;
    my @options = $client eq 'machine'
        ? ('-d', 'client_id=machine', certificate($how{certificate}))
        : ('-u', "$client:secret");
    my $resource = $how{resource} // 'api://orders';
    my $scope = $how{scope} // 'orders:read';

    push @options, '-H', "DPoP: $how{proof}" if $how{proof};

    my ($head, $body) = curl("$issuer/token", @options,
        '-d', 'grant_type=client_credentials', '-d', "resource=$resource",
        '-d', "scope=$scope");
    status($head) == 200 or die "no token: $head\n$body";

    return JSON::PP::decode_json($body)->{access_token};
}

sub ask {
    my ($nginx, $authorization, @options) = @_;
    return ask_at($nginx, '/orders', $authorization, @options);
}

sub ask_at {
    my ($nginx, $path, $authorization, @options) = @_;
    my ($head) = curl('https://127.0.0.1:' . $nginx->port . $path,
                      '-H', "Authorization: $authorization", @options);

    return wantarray ? (status($head), $head) : status($head);
}

sub wait_for {
    my ($what, $check) = @_;
    my $end = time + LONG;

    while (time < $end) {
        return pass($what) if $check->();
        sleep 0.05;
    }

    fail($what);
}

# The refusals that the log has, each told once.
my %seen;
sub reasons {
    my ($nginx) = @_;
    my @all = $nginx->log =~ /apigw_auth: client .*reason "(\w+)"/g;
    my @new = splice @all, $seen{$nginx} // 0;

    $seen{$nginx} += @new;
    return join ' ', @new;
}

sub ends_well {
    my ($nginx) = @_;

    is $nginx->stop, 0, 'nginx ends in order';
    unlike $nginx->log, qr/\[(?:alert|crit|emerg)\]/, 'and has seen no fault';
}

my $nginx = gateway('jwks_cooldown 2s;');


subtest 'a token is accepted by the keys that discovery finds' => sub {
    my ($status, $head) = ask($nginx, 'Bearer ' . token('shop'));

    is $status, 200, 'ES256';
    like $head, qr/^X-Consumer: shop\r?$/mi, 'its client is the consumer';
    is ask($nginx, 'Bearer ' . token('shop', resource => 'api://orders-rsa')),
        200, 'PS256';

    is reasons($nginx), '', 'no refusal so far';
    is ask($nginx, 'Bearer ' . token('shop', scope => 'orders:write')), 403,
        'without the scope';
    is reasons($nginx), 'scope_insufficient', 'its reason';
    is ask($nginx, 'Bearer ' . token('shop', resource => 'api://stock')), 401,
        'for another service';
    is reasons($nginx), 'audience_mismatch', 'its reason';
    is ask($nginx, 'Bearer ' . token('shop', resource => 'api://opaque')), 401,
        'a token that is no JWT, without introspection';
    is reasons($nginx), 'token_malformed', 'its reason';
};


subtest 'new keys are there with the first token that needs them' => sub {
    my $old = token('shop');
    is ask($nginx, "Bearer $old"), 200, 'a token of the old keys';

    $idp->call('rotate');
    is ask($nginx, 'Bearer ' . token('shop')), 200, 'one of the new, at once';
    is ask($nginx, "Bearer $old"), 401, 'keys that are gone count no more';
    is reasons($nginx), 'kid_unknown', 'its reason';

    $idp->call('rotate');
    my $new = token('shop');
    wait_for('rotated again: good when the cooldown is over', sub {
        ask($nginx, "Bearer $new") == 200 });
    like reasons($nginx), qr/^(?:kid_unknown(?: |$))*$/, 'refused before that';
};


subtest 'a token bound to a key is good with a proof by that key alone' => sub {
    my $proof = Apigw::Dpop::proof(token => '', uri => "$issuer/token",
        method => 'POST', claims => { ath => undef });
    my $token = token('bank', proof => $proof);

    my $dpop = sub {
        my (%how) = @_;
        my $proof = Apigw::Dpop::proof(token => $token,
            uri => "$origin/orders", %how);
        return ask($nginx, "DPoP $token", '-H', 'Host: orders.example',
                   '-H', "DPoP: $proof");
    };

    is $dpop->(), 200, 'good';
    is $dpop->(uri => "$origin:443/%6frders"), 200, 'the same address';
    is reasons($nginx), '', 'no refusal';

    is $dpop->(key => 'rsa'), 401, 'another key';
    is reasons($nginx), 'binding_mismatch', 'its reason';
    is $dpop->(uri => "$origin/other"), 401, 'another path';
    is $dpop->(uri => 'https://else.example/orders'), 401, 'another host';
    is $dpop->(method => 'POST'), 401, 'another method';
    is $dpop->(claims => { ath => 'x' x 43 }), 401, 'for another token';
    is $dpop->(claims => { iat => time - 1000 }), 401, 'an old one';
    is reasons($nginx), join(' ', ('dpop_invalid') x 5), 'their reasons';

    is ask($nginx, "DPoP $token"), 401, 'none';
    is ask($nginx, "Bearer $token"), 401, 'as Bearer';
    is reasons($nginx), 'dpop_invalid binding_missing', 'their reasons';

    my @again = ('-H', 'DPoP: ' . Apigw::Dpop::proof(token => $token,
        uri => "$origin/orders"));
    is ask($nginx, "DPoP $token", @again), 200, 'a proof is good';
    is ask($nginx, "DPoP $token", @again), 401, 'once';
    is reasons($nginx), 'dpop_replayed', 'its reason';
};


subtest 'a token bound to a certificate is good with that one alone' => sub {
    my $token = token('machine', certificate => 'client');

    is ask($nginx, "Bearer $token", certificate('client')), 200, 'good';
    is reasons($nginx), '', 'no refusal';
    is ask($nginx, "Bearer $token", certificate('other')), 401, 'another one';
    is reasons($nginx), 'binding_mismatch', 'its reason';
    is ask($nginx, "Bearer $token"), 401, 'none';
    is ask($nginx, "DPoP $token", certificate('client')), 401, 'as DPoP';
    is reasons($nginx), 'binding_missing binding_missing', 'their reasons';
};


subtest 'an opaque token is asked about' => sub {
    my $token = token('shop', resource => 'api://opaque');
    my ($status, $head) = ask_at($nginx, '/opaque', "Bearer $token");

    is $status, 200, 'good';
    like $head, qr/^X-Consumer: shop\r?$/mi, 'its client is the consumer';
    is ask_at($nginx, '/opaque', 'Bearer none-of-theirs'), 401, 'a made-up one';
    is reasons($nginx), 'token_inactive', 'its reason';
    is ask_at($nginx, '/opaque', 'Bearer ' . token('shop',
        resource => 'api://opaque', scope => 'orders:write')), 403,
        'without the scope';
    is reasons($nginx), 'scope_insufficient', 'its reason';

    ($head) = curl("$issuer/token/revocation", '-u', 'shop:secret', '-d',
                   "token=$token");
    is status($head), 200, 'taken back at the provider';
    wait_for('and, when the answer is too old, here', sub {
        ask_at($nginx, '/opaque', "Bearer $token") == 401 });
    like reasons($nginx), qr/^(?:token_inactive(?: |$))+$/, 'its reason';
};


subtest 'while the provider is down its last keys serve, for a while' => sub {
    my $patient = gateway('jwks_refresh 1s;');
    my $strict = gateway('jwks_refresh 1s; jwks_max_stale 3s;');
    my $token = token('shop');

    is ask($_, "Bearer $token"), 200, 'accepted' for $patient, $strict;
    $idp->call('stop');

    wait_for('a refresh fails', sub {
        $patient->log =~ /\[warn\].*the last good keys stay in force/ });
    is ask($patient, "Bearer $token"), 200, 'the keys it has serve';
    is reasons($patient), '', 'without a refusal';

    my ($status, $head);
    wait_for('they are too old for the other gateway', sub {
        ($status, $head) = ask($strict, "Bearer $token");
        return $status != 200;
    });
    is $status, 503, '503, neither 401 nor 500';
    like $head, qr/^Retry-After: ([1-9]|[1-5]\d|60)\r?$/mi, 'Retry-After';
    unlike $head, qr/^WWW-Authenticate:/mi, 'and no challenge';
    is reasons($strict), 'jwks_unavailable', 'its reason';
    is ask($patient, "Bearer $token"), 200, 'still, at the patient one';

    $idp->call('start');
    wait_for('by itself again', sub { ask($strict, "Bearer $token") == 200 });

    ends_well($_) for $patient, $strict;
};


ends_well($nginx);

done_testing();
