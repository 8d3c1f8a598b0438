# Libraries that people use (npm's grpc-js, and protobuf-ts for gRPC-Web) through
# the gateway: calls that are let pass arrive and come back, and a refusal is
# the code that the library knows for it, not a fault of the transport.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth ratelimit);
use Apigw::Nginx;
use Apigw::Node;
use Apigw::Token;
use MIME::Base64 qw(decode_base64);
use Test::More;

use constant {
    OK => 0, INVALID_ARGUMENT => 3, PERMISSION_DENIED => 7,
    RESOURCE_EXHAUSTED => 8, UNAVAILABLE => 14, UNAUTHENTICATED => 16,
};

my $node = Apigw::Node->new('grpc.mjs');
my $service = $node->call('service');

my $nginx = Apigw::Nginx->new(modules => [qw(auth ratelimit)],
    http => Apigw::Token::provider('corp') . "
    apigw_jwt_provider down {
        issuer https://down.example; audience x; jwks_uri http://127.0.0.1:1/;
    }
    apigw_ratelimit_policy two key=\$apigw_consumer rate=1r/d burst=2;

    upstream echo { server 127.0.0.1:$service; keepalive 4; }

    server {
        listen 127.0.0.1:\@PORT\@ http2;
        client_max_body_size 8m;
        apigw_auth jwt=corp;
        apigw_auth_set_header X-Consumer \$apigw_consumer;

        location / { grpc_pass grpc://echo; }

        location /scope/ {
            apigw_require_scope nothing;
            grpc_pass grpc://echo;
        }
        location /down/ {
            apigw_auth jwt=down;
            grpc_pass grpc://echo;
        }
        location /limit/ {
            apigw_ratelimit two;
            rewrite ^/limit(/.*) \$1 break;
            grpc_pass grpc://echo;
        }
    }
");

my %good = (authorization => 'Bearer ' . Apigw::Token::token());
my %down = (authorization => 'Bearer '
    . Apigw::Token::token(claims => { iss => 'https://down.example',
                                      aud => 'x' }));

sub call {
    my ($kind, $metadata, %more) = @_;
    return $node->call($kind, port => $nginx->port, text => 'hello',
                       metadata => $metadata, %more);
}

sub is_refused {
    my ($what, $code, $message, $metadata, %more) = @_;
    my $got;

    for my $kind ('unary', 'stream') {
        $got = call($kind, $metadata, %more);
        is $got->{code}, $code, "$what, $kind: the code";
        like $got->{details}, $message, "$what, $kind: the message";
        is_deeply $got->{messages}, [], "$what, $kind: no message";
    }

    return $got->{trailer};
}


subtest 'a good token passes' => sub {
    my $got = call(unary => \%good);
    is $got->{code}, OK, 'unary: the code';
    is_deeply $got->{messages}, ['hello'], 'the message';
    is $got->{header}{'x-seen'}, 'shop', 'the service knows who calls';

    $got = call(stream => { %good, 'x-consumer' => 'evil' });
    is $got->{code}, OK, 'stream: the code';
    is_deeply $got->{messages}, [qw(h e l l o)], 'the messages';
    is $got->{header}{'x-seen'}, 'shop', 'not what the client says of itself';

    my $long = 'long ' x 400_000;
    $got = call(unary => \%good, text => $long);
    is $got->{code}, OK, '2 MB: the code';
    ok $got->{messages}[0] eq $long, 'the message';
};


subtest 'who calls is not known' => sub {
    my $trailer = is_refused('no credential', UNAUTHENTICATED,
        qr/^The request carries no credentials\.$/, {});
    is $trailer->{'www-authenticate'}, 'Bearer realm="api"', 'the challenge';

    $trailer = is_refused('an old token', UNAUTHENTICATED,
        qr/^The access token is not valid\.$/,
        { authorization => 'Bearer ' . Apigw::Token::expired() });
    like decode_base64($trailer->{'grpc-status-details-bin'}),
        qr/google\.rpc\.ErrorInfo.*invalid_token/s, 'the details';

    is_refused('no form of a credential', INVALID_ARGUMENT, qr/./,
               { authorization => 'Bearer <>' });

    is call(unary => {}, text => 'long ' x 400_000)->{code}, UNAUTHENTICATED,
        'a long message that nobody reads';
};


subtest 'who calls may not' => sub {
    my $trailer = is_refused('a scope', PERMISSION_DENIED, qr/./, \%good,
                             prefix => '/scope');
    like $trailer->{'www-authenticate'}, qr/scope="nothing"/, 'which it needs';
};


subtest 'keys cannot be had' => sub {
    my $trailer = is_refused('keys', UNAVAILABLE, qr/./, \%down,
                             prefix => '/down');
    like $trailer->{'retry-after'}, qr/^\d+$/, 'when to come again';
};


subtest 'too many calls' => sub {
    my @codes = map { call(unary => \%good, prefix => '/limit')->{code} } 1, 2;
    is "@codes", '0 0', 'two are free';
    my $trailer = is_refused('a limit', RESOURCE_EXHAUSTED,
        qr/^two: retry after \d+ s$/, \%good, prefix => '/limit');
    like $trailer->{'retry-after'}, qr/^\d+$/, 'when to come again';
    like decode_base64($trailer->{'grpc-status-details-bin'}),
        qr/rate_exceeded/, 'the details';
};


subtest 'the connection outlives refusals' => sub {
    my @codes = map { call(unary => $_ % 2 ? \%good : {})->{code} } 1 .. 20;
    is "@codes", join(' ', (OK, UNAUTHENTICATED) x 10), 'calls in turn';
};


is $nginx->stop, 0, 'nginx ends in order';
unlike $nginx->log, qr/\[(?:alert|crit|emerg)\]/, 'and has seen no fault';


# fetch speaks HTTP/1.1

$nginx = Apigw::Nginx->new(modules => [qw(auth ratelimit)],
    http => Apigw::Token::provider('corp') . '
    apigw_ratelimit_policy none key=$uri rate=1r/d;
    server {
        listen 127.0.0.1:@PORT@;
        location / { apigw_auth jwt=corp; proxy_pass http://127.0.0.1:1; }
        location /scope/ {
            apigw_auth jwt=corp;
            apigw_require_scope nothing;
            proxy_pass http://127.0.0.1:1;
        }
        location /limit/ {
            apigw_ratelimit none;
            proxy_pass http://127.0.0.1:1;
        }
    }
');

for my $format ('binary', 'text') {
    subtest "gRPC-Web, $format" => sub {
        my $web = sub {
            my ($path, $metadata) = @_;
            return $node->call('web', format => $format, text => 'hello',
                url => 'http://127.0.0.1:' . $nginx->port . $path,
                metadata => $metadata);
        };

        my $got = $web->('', {});
        is $got->{code}, 'UNAUTHENTICATED', 'no credential: the code';
        is $got->{details}, 'The request carries no credentials.',
            'the message';

        $got = $web->('/scope', \%good);
        is $got->{code}, 'PERMISSION_DENIED', 'a scope: the code';

        $web->("/limit/$format", {});
        $got = $web->("/limit/$format", {});
        is $got->{code}, 'RESOURCE_EXHAUSTED', 'a limit: the code';
        like $got->{details}, qr/^none: retry after \d+ s$/, 'the message';
    };
}

is $nginx->stop, 0, 'nginx ends in order';
unlike $nginx->log, qr/\[(?:alert|crit|emerg)\]/, 'and has seen no fault';

done_testing();
