# A gRPC-Web client, over HTTP/1.1 or HTTP/2, is refused in its own way by every
# module: HTTP 200, and a body that is one frame of trailers.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth ratelimit);
use Apigw::Nginx;
use Apigw::Token;
use MIME::Base64 qw(decode_base64 encode_base64);
use Test::More;

my $nginx = Apigw::Nginx->new(modules => [qw(auth ratelimit)],
    http => Apigw::Token::provider('corp') . '
    log_format status "$uri $status $apigw_reject_reason";
    apigw_ratelimit_policy one key=$uri rate=1r/d;
    apigw_ratelimit_headers draft11;
    apigw_jwt_provider down {
        issuer https://down.example; audience x; jwks_uri http://127.0.0.1:1/;
    }

    server {
        listen unix:@DIR@/service.sock;
        return 204;
    }

    server {
        listen 127.0.0.1:@PORT@;
        listen unix:@DIR@/h2.sock http2;
        access_log @DIR@/status.log status;
        add_header grpc-status 0 always;
        add_header Access-Control-Allow-Origin https://a.example always;

        location /auth { apigw_auth jwt=corp; proxy_pass http://127.0.0.1:1; }
        location /scope {
            apigw_auth jwt=corp;
            apigw_require_scope nothing;
            proxy_pass http://127.0.0.1:1;
        }
        location /down { apigw_auth jwt=down; proxy_pass http://127.0.0.1:1; }
        location /limit {
            apigw_ratelimit one;
            proxy_pass http://unix:@DIR@/service.sock;
        }
        location /off {
            apigw_auth jwt=corp;
            apigw_auth_error off;
            proxy_pass http://127.0.0.1:1;
        }
        location /page {
            apigw_auth jwt=corp;
            error_page 401 = @page;
            proxy_pass http://127.0.0.1:1;
        }
        location @page { return 418 "page"; }
        location /any {
            satisfy any;
            apigw_auth jwt=corp;
            allow all;
            proxy_pass http://unix:@DIR@/service.sock;
        }
    }
');

sub call {
    my ($path, $type, %headers) = @_;
    return $nginx->request(POST => $path, { 'Content-Type' => $type, %headers },
                           "\0\0\0\0\0");
}

# The fields of the one frame that a body is.
sub trailers {
    my ($body) = @_;
    my ($flag, $length) = unpack 'CN', $body;

    is $flag, 0x80, 'the frame has trailers';
    is $length, length($body) - 5, 'and nothing is behind it';

    my $lines = substr $body, 5;
    like $lines, qr/\A(?:[a-z-]+: [\x20-\x7e]*\r\n)+\z/, 'lines of fields';

    return { $lines =~ /^([a-z-]+): (.*)\r$/mg };
}

sub is_refusal {
    my ($what, $code, $message, @call) = @_;
    my ($got, $fields);

    subtest $what => sub {
        my ($status, $headers, $body) = call(@call);
        my ($type) = $call[1] =~ /^([^; ]+)/;
        my $text = $type =~ /-text/i;

        is $status, 200, 'HTTP\'s status';
        is $headers->{'content-type'}, $type, 'the type that was sent';
        is $headers->{'content-length'}, length $body, 'the length';
        is $headers->{'cache-control'}, 'no-store', 'not to be kept';
        is $headers->{'grpc-status'}, undef, 'no status in the header';
        is $headers->{'access-control-allow-origin'}, 'https://a.example',
            'other fields stay';

        is encode_base64(decode_base64($body), ''), $body, 'padded base64'
            if $text;
        $fields = trailers($text ? decode_base64($body) : $body);
        is $fields->{'grpc-status'}, $code, 'the code';
        like $fields->{'grpc-message'}, qr/^$message$/, 'the message';
        $got = $headers;
    };

    return ($got, $fields);
}

my @token = (Authorization => 'Bearer ' . Apigw::Token::token());
my @bad = (Authorization => 'Bearer a.b.c');

for my $type ('application/grpc-web', 'application/grpc-web+proto',
              'application/grpc-web-text', 'application/grpc-web-text+proto',
              'Application/gRPC-Web+JSON; charset=utf-8')
{
    my ($headers, $fields) = is_refusal("no credentials, $type", 16,
        'The request carries no credentials\.', '/auth', $type);
    is $headers->{'www-authenticate'}, 'Bearer realm="api"',
        'the challenge stays';
    is $fields->{'grpc-status-details-bin'}, undef, 'no code, no details';
}

my ($headers, $fields) = is_refusal('a bad token', 16,
    'The access token is not valid\.', '/auth', 'application/grpc-web', @bad);
like decode_base64($fields->{'grpc-status-details-bin'}),
    qr/google\.rpc\.ErrorInfo.*invalid_token\x12\x05apigw$/s,
    'its details have the code and not the reason';

is_refusal('a scope', 7, 'The credentials do.*', '/scope',
           'application/grpc-web-text', @token);

($headers) = is_refusal('keys that cannot be had', 14, '.*', '/down',
    'application/grpc-web', Authorization => 'Bearer '
    . Apigw::Token::token(claims => { iss => 'https://down.example',
                                      aud => 'x' }));
like $headers->{'retry-after'}, qr/^\d+$/, 'Retry-After stays';

is((call('/limit', 'application/grpc-web'))[0], 204, 'one is free');
($headers, $fields) = is_refusal('a limit', 8, 'one: retry after \d+ s',
                                 '/limit', 'application/grpc-web');
like $headers->{'retry-after'}, qr/^\d+$/, 'Retry-After stays';
like $headers->{'ratelimit'}, qr/^"one"/, 'RateLimit stays';
like decode_base64($fields->{'grpc-status-details-bin'}), qr/rate_exceeded/,
    'its details have the reason';

for my $type ('application/grpc', 'application/grpc-webx', 'text/plain',
              "application/grpc-web+a\xff", 'application/grpc-web+a/b',
              'application/grpc-web+<b>', 'application/grpc-web,text/html')
{
    my ($status, $h) = call('/auth', $type);
    is $status, 401, "$type is not gRPC-Web";
    is $h->{'content-type'}, 'application/problem+json', 'a document';
}

my ($status, $h, $body) = call('/off', 'application/grpc-web');
is $status, 401, 'apigw_auth_error off leaves it to nginx';
is $h->{'content-type'}, 'text/html', 'whose page it is';

($status, undef, $body) = call('/page', 'application/grpc-web');
is "$status $body", '418 page', 'error_page wins';

is((call('/any', 'application/grpc-web'))[0], 204,
   'satisfy any: another check passes');

($status, $h, $body) = $nginx->request(HEAD => '/auth',
    { 'Content-Type' => 'application/grpc-web' });
is "$status $body", '200 ', 'HEAD has no body';
cmp_ok $h->{'content-length'}, '>', 5, 'but its length';


subtest 'a connection is used again' => sub {
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . $nginx->port)
        or die "connect: $!";
    my $request = "POST /auth HTTP/1.1\r\nHost: localhost\r\n"
        . "Content-Type: application/grpc-web\r\nContent-Length: 5\r\n";

    print $socket "$request\r\n\0\0\0\0\0$request" . "Connection: close\r\n\r\n"
                  . "\0\0\0\0\0";
    my $answers = do { local $/; <$socket> };
    is scalar(() = $answers =~ m{HTTP/1\.1 200 OK\r\n}g), 2, 'two answers';
    is scalar(() = $answers =~ /grpc-status: 16\r\n/g), 2, 'two frames';
};


subtest 'over HTTP/2' => sub {
    my $socket = $nginx->dir . '/h2.sock';

    # without a body: curl 7.88 takes the reset of an unread one for a fault
    my $text = `curl -sS -i --http2-prior-knowledge --unix-socket $socket \\
        -X POST -H 'Content-Type: application/grpc-web+proto' \\
        http://localhost/auth`;

    like $text, qr{^HTTP/2 200 *\r\n}, 'HTTP\'s status';
    like $text, qr{^content-type: application/grpc-web\+proto\r$}m, 'the type';
    my ($frame) = $text =~ /\r\n\r\n(.*)\z/s;
    is trailers($frame)->{'grpc-status'}, 16, 'the code';
};


# the last request may be logged after its answer has come

my $log = '';
for (1 .. 200) {
    open my $in, '<', $nginx->dir . '/status.log' or die "status.log: $!";
    $log = do { local $/; <$in> } // '';
    last if $log =~ m{^/any }m;
    select undef, undef, undef, 0.1;
}

like $log, qr{^/auth 401 token_missing$}m, 'logs have the status of the module';
like $log, qr{^/scope 403 scope_insufficient$}m, 'and its reason';
like $log, qr{^/limit 429 rate_exceeded$}m, 'for limits too';

unlike $nginx->log, qr/\[(alert|crit|emerg)\]/, 'a quiet log';

done_testing();
