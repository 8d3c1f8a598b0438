# What revokes tokens comes over TLS, from a server that proves its name alone:
# another one gives no list, and without a list nothing passes.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Certificate ();
use Apigw::Nginx;
use Apigw::Redis;
use Apigw::Token;
use File::Temp ();
use Test::More;
use Time::HiRes qw(sleep time);

my $dir = File::Temp->newdir('apigw-tls-XXXXXX', TMPDIR => 1);
my $ca = Apigw::Certificate->new($dir);
my $here = $ca->issue('here', 'IP:127.0.0.1');
my $client = $ca->issue('client', 'DNS:gateway');
my $trust = "tls on; tls_trusted_certificate $dir/ca.pem;";

my $one = Apigw::Token::token(claims => { jti => 'one' });
my $two = Apigw::Token::token(claims => { jti => 'two' });

Apigw::Token::file('t', "page\n", 0644);

sub gateway {
    my ($redis, $block, %options) = @_;
    my $address = $redis->address;

    return Apigw::Nginx->new(modules => ['auth'], %options,
        http => Apigw::Token::provider('corp') . "
            root $Apigw::Token::Dir;
            apigw_auth_redis main { server $address; connect_timeout 10s;
                                    timeout 10s; reply_timeout 10s; $block }
            apigw_revocation redis=main interval=1s;
            server {
                listen 127.0.0.1:\@PORT\@;
                location /t { apigw_auth jwt=corp; }
            }");
}

sub status {
    my ($nginx, $token) = @_;
    return ($nginx->request(GET => '/t',
                            { Authorization => "Bearer $token" }))[0] // 0;
}

sub soon {
    my ($name, $condition) = @_;
    my $end = time + 60;
    sleep 0.05 until $condition->() || time > $end;
    ok $condition->(), $name;
}

my $redis = Apigw::Redis->new(-tls => $here, 'tls-auth-clients' => 'yes',
                              'tls-ca-cert-file' => "$dir/ca.pem");
$redis->command('SADD', 'apigw:revoked', 'jti corp one',
                map { "jti corp x$_" } 1 .. 5000);

subtest 'a list over TLS, by a client with a certificate' => sub {
    my $nginx = gateway($redis, "$trust tls_certificate \@DIR\@/client.pem;"
                        . ' tls_certificate_key client.key;',
        files => { map { ("client.$_" => slurp("$client.$_")) } 'pem', 'key' });

    soon 'the list is in force', sub { status($nginx, $one) == 401 };
    is status($nginx, $two), 200, 'who is not in it passes';
    like $nginx->log, qr/5001 entries of redis "main" are in force/, 'whole';

    $redis->stop;
    $redis->start;
    $redis->command('SADD', 'apigw:revoked', 'jti corp two');
    soon 'a server that came back is read again',
        sub { status($nginx, $two) == 401 };

    is $nginx->stop, 0, 'nginx ends in order';
    unlike $nginx->log, qr/\[(?:alert|crit|emerg)\]/, 'a quiet log';
};

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!";
    local $/;
    return scalar <$in>;
}

subtest 'a server that is not the one' => sub {
    my $nginx = gateway($redis, "$trust tls_name redis.example;");

    soon 'its certificate is told', sub {
        $nginx->log =~ /apigw_auth: redis "main" .* certificate of another/ };
    is status($nginx, $two), 503, 'nothing passes';
    is $nginx->stop, 0, 'nginx ends in order';
    unlike $nginx->log, qr/\[(?:alert|crit|emerg)\]/, 'a quiet log';
};

done_testing;
