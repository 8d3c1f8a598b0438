# An issuer's metadata says where its keys are: OpenID Connect Discovery, or
# RFC 8414 where that is not found; it is believed only about its own issuer.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Faulty;
use Apigw::Nginx;
use Apigw::Token;
use Test::More;
use Time::HiRes qw(sleep time);

use constant LONG => 30;        # seconds for what should take a moment

# The issuer is a server of the same nginx; its files are the documents, its
# keys those of the scripted server.
sub gateway {
    my (%arg) = @_;
    my $path = $arg{path} // '';
    my $more = $arg{more} // '';

    my $nginx = Apigw::Nginx->new(modules => ['auth'],
        files => { page => "page\n" },
        http => qq{
            log_format asked '\$uri';
            apigw_jwt_provider corp {
                issuer    http://127.0.0.1:\@PORT\@$path;
                audience  $Apigw::Token::Audience;
                discovery on;
                $more
            }
            server {
                listen 127.0.0.1:\@PORT\@;
                location = /t { apigw_auth jwt=corp; alias \@DIR\@/page; }
                location ~ /[.]well-known/ {
                    root       \@DIR\@/idp;
                    access_log \@DIR\@/asked asked;
                }
            }
        });

    return $nginx;
}

sub publish {
    my ($nginx, $place, $text) = @_;
    my $file = $nginx->dir . "/idp$place";

    system('mkdir', '-p', $file =~ s{/[^/]+$}{}r) == 0 or die 'mkdir';
    $nginx->write("idp$place", $text);
}

sub metadata {
    my ($issuer, $jwks_uri) = @_;
    return qq({"issuer":"$issuer","jwks_uri":"$jwks_uri"});
}

sub issuer {
    my ($nginx, $path) = @_;
    return 'http://127.0.0.1:' . $nginx->port . ($path // '');
}

sub ask {
    my ($nginx, $path) = @_;
    my $token = Apigw::Token::token(claims => { iss => issuer($nginx, $path) });
    my ($status) = $nginx->request(GET => '/t',
        { Authorization => "Bearer $token" });
    return $status // 0;
}

sub wait_for {
    my ($what, $check) = @_;
    my $end = time + LONG;

    while (time < $end) {
        return pass($what) if $check->();
        sleep 0.02;
    }

    fail($what);
}

sub asked {
    my ($nginx) = @_;
    open my $in, '<', $nginx->dir . '/asked' or return;
    chomp(my @lines = <$in>);
    return @lines;
}

my $keys = Apigw::Faulty::url('/ok');

Apigw::Faulty::document(Apigw::Token::jwks('rsa'));


subtest 'OpenID Connect Discovery' => sub {
    my $nginx = gateway();
    publish($nginx, '/.well-known/openid-configuration',
            metadata(issuer($nginx), $keys));
    wait_for('a token is accepted', sub { ask($nginx) == 200 });
    is $nginx->stop, 0, 'nginx ends in order';
};


subtest 'RFC 8414, where the other document is not found' => sub {
    my $nginx = gateway(path => '/realms/a');
    publish($nginx, '/.well-known/oauth-authorization-server/realms/a',
            metadata(issuer($nginx, '/realms/a'), $keys));
    wait_for('a token is accepted', sub { ask($nginx, '/realms/a') == 200 });
    my @asked = asked($nginx);
    is_deeply [@asked[-2, -1]],
        ['/realms/a/.well-known/openid-configuration',
         '/.well-known/oauth-authorization-server/realms/a'],
        'asked in this order';
};


# Each fault meets a gateway of its own: the pauses between tries become longer.
subtest 'documents that are not believed' => sub {
    my $place = '/.well-known/openid-configuration';
    my %bad = (
        'metadata names another issuer' => sub { metadata("$_[0]/", $keys) },
        'metadata has no "jwks_uri"' => sub { qq({"issuer":"$_[0]"}) },
        'metadata is not strict JSON' => sub { metadata($_[0], $keys) . ' ;' },
        'of the metadata is no http' =>
            sub { metadata($_[0], 'file:///etc/passwd') },
        'plain http to another machine' =>
            sub { metadata($_[0], 'http://idp.example/keys') },
    );

    for my $fault (sort keys %bad) {
        my $nginx = gateway();
        my $issuer = issuer($nginx);

        Apigw::Faulty::forget();
        publish($nginx, $place, $bad{$fault}->($issuer));
        wait_for("\"$fault\" is logged", sub {
            my $status = ask($nginx);
            $status == 503 && $nginx->log =~ /could not be had, .*\Q$fault\E/ });
        is scalar(Apigw::Faulty::requests()), 0, 'no keys were asked for';

        publish($nginx, $place, metadata($issuer, $keys));
        wait_for('a good one comes into force', sub { ask($nginx) == 200 });
    }
};


subtest 'keys are not asked for the metadata again' => sub {
    my $nginx = gateway(more => 'jwks_refresh 1s;');
    publish($nginx, '/.well-known/openid-configuration',
            metadata(issuer($nginx), $keys));
    wait_for('a token is accepted', sub { ask($nginx) == 200 });

    my $documents = () = asked($nginx);
    Apigw::Faulty::forget();
    wait_for('keys are fetched again', sub { Apigw::Faulty::requests() >= 2 });
    is scalar(() = asked($nginx)), $documents, 'the metadata is not';
};


subtest 'a place of keys that has changed is found after three failures' => sub {
    my $nginx = gateway(more => 'jwks_refresh 1s; jwks_max_stale 1h;');
    my $place = '/.well-known/openid-configuration';
    Apigw::Faulty::script('moved', '/ok', '/ok?status=404');
    publish($nginx, $place,
            metadata(issuer($nginx), Apigw::Faulty::url('/script/moved')));
    wait_for('a token is accepted', sub { ask($nginx) == 200 });

    publish($nginx, $place, metadata(issuer($nginx), $keys));
    Apigw::Faulty::forget();
    wait_for('the new place is asked', sub {
        grep { $_->{uri} eq '/ok' } Apigw::Faulty::requests() });
    is ask($nginx), 200, 'tokens are accepted';
};


subtest 'an issuer that is no address cannot be asked' => sub {
    my $nginx = Apigw::Nginx->new(modules => ['auth'],
        http => 'server { listen 127.0.0.1:@PORT@; }');
    $nginx->{options}{http} = 'apigw_jwt_provider corp { issuer urn:idp;'
        . ' audience a; discovery on; } server { listen 127.0.0.1:@PORT@; }';
    $nginx->write('nginx.conf', $nginx->conf);
    my ($status, $output) = $nginx->test;
    is $status, 1, 'refused';
    like $output, qr/apigw_jwt_provider "corp": "discovery on" and an "issuer" that is no http or https URL; give "jwks_uri" or "jwks_file" instead in \S+nginx\.conf:\d+/, 'with the mend';
};


done_testing();
