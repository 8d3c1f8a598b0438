package Apigw::KeyRedis;

# API keys in Redis, as the tests of apigw_key_store write and ask for them.
#
#     keep($redis, 'acme0001', plan => 'gold')     a record, undef leaves out
#     my $nginx = gateway($redis, $parameters, $more, %options)
#     ask($nginx, 'acme0001', $path)               "200 miss": status, cache
#
# The store is "partners", of `redis main`; GET / asks for a key. What waits
# has time enough on a busy machine, unless the block says otherwise.

use strict;
use warnings;

use Apigw ();
use Apigw::Nginx;
use Apigw::Redis;
use Apigw::Token;
use Digest::SHA qw(sha256_hex hmac_sha256_hex);
use Exporter 'import';
use IO::Socket::INET;
use Test::More ();
use Time::HiRes qw(sleep time);

our @EXPORT = qw(keep name gateway main_redis ask headers reason soon start
    answer busy calls clean);

my @Patient = ('connect_timeout 5s;', 'timeout 20s;', 'reply_timeout 30s;');

# All that a service may be told of the caller.
my $Told = join '|', map { "\$apigw_$_" } qw(consumer plan groups scope key_id
    auth_provider auth_method auth_status);

# The hash of a key; with a pepper of 64 hex digits, the HMAC's.
sub name {
    my ($id, $pepper, $prefix) = @_;
    my $key = $id =~ /^[A-Za-z0-9]{8,32}$/ ? Apigw::Token::api_key($id) : $id;
    my $digest = $pepper ? hmac_sha256_hex($key, pack 'H*', $pepper)
                         : sha256_hex($key);

    return ($prefix // 'apigw') . ":key:$digest";
}

sub keep {
    my ($redis, $id, %more) = @_;
    my $pepper = delete $more{-pepper};
    my $name = name($id, $pepper, delete $more{-prefix});
    my %fields = (
        id => $id, consumer => 'acme',
        digest => $pepper ? 'hmac-sha256' : 'sha256', %more
    );

    delete $fields{$_} for grep { !defined $fields{$_} } keys %fields;
    $redis->command('DEL', $name);
    $redis->command('HSET', $name, %fields);
}

sub main_redis {
    my ($redis, @more) = @_;
    my $line = !ref $redis ? "server $redis;"
        : $redis->can('line') ? $redis->line
        : 'server ' . $redis->address . ';';
    my $more = "@more";
    my @patient = grep { my ($word) = split ' '; $more !~ /\b$word\b/ }
                       @Patient;

    return "apigw_auth_redis main { $line @patient $more }\n";
}

sub gateway {
    my ($redis, $parameters, $more, %options) = @_;
    my $block = main_redis($redis, $options{redis} // '');
    my $stores = $options{stores}
                 // "apigw_key_store partners { redis main; $parameters }";

    return Apigw::Nginx->new(modules => ['auth'], http => <<"CONF",
        $block
        $stores
        ${ \($options{http} // '') }
        keepalive_requests 1000000;
        add_header X-Cache \$apigw_auth_cache always;
        add_header X-Told '$Told' always;
        server {
            listen 127.0.0.1:\@PORT\@ ${ \($options{listen} // '') };
            location / { apigw_auth key=partners; empty_gif; }
            location = /busy { stub_status; }
            ${ \($more // '') }
        }
CONF
        workers => $options{workers} // 1, files => $options{files} // {});
}

sub key_header {
    my ($id) = @_;
    return 'X-API-Key', $id =~ /^[A-Za-z0-9]{8,32}$/
        ? Apigw::Token::api_key($id) : $id;
}

# All headers of the answer, its status among them.
sub headers {
    my ($nginx, $id, $path, %send) = @_;
    my ($status, $headers) = $nginx->request(GET => $path // '/',
        { defined $id ? key_header($id) : (), %send });

    return { %{ $headers // {} }, status => $status // 'none' };
}

sub ask {
    my $got = headers(@_);
    my $cache = $got->{'x-cache'};
    return join ' ', $got->{status}, defined $cache && length $cache
        ? $cache : ();
}

# The reason of the last refusal.
sub reason {
    my ($nginx) = @_;
    my @reasons = $nginx->log =~ /client refused, reason "(\w+)"/g;
    return $reasons[-1] // 'none';
}

# Sends a request and does not wait for its answer.
sub start {
    my ($nginx, $id, $path) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $nginx->port) or die "connect: $!";
    my ($name, $key) = key_header($id);

    print $socket "GET ${ \($path // '/') } HTTP/1.0\r\n$name: $key\r\n\r\n";

    return $socket;
}

sub answer {
    my ($socket) = @_;
    return (readline($socket) // '') =~ m{^HTTP/1\.. (\d+)} ? $1 : 'none';
}

# Until it holds, or far too long.
sub soon {
    my ($name, $condition) = @_;
    my $end = time + 60;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    until ($condition->()) {
        return Test::More::fail("in vain: $name") if time > $end;
        sleep 0.02;
    }

    return Test::More::pass($name);
}

# Until so many requests are being answered.
sub busy {
    my ($nginx, $n) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    soon("$n requests wait", sub {
        my (undef, undef, $body) = $nginx->request(GET => '/busy');
        return ($body // '') =~ /Writing: (\d+)/ && $1 == $n + 1;
    });
}

sub calls { $_[0]->calls('hgetall') }

sub clean {
    my ($nginx) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    Test::More::unlike($nginx->log, qr/\[(alert|crit|emerg)\]/, 'a quiet log');
    Test::More::is($nginx->stop, 0, 'nginx ends in order');
}

1;
