# A gRPC client is refused in its own way by every module: HTTP 200 with
# trailers alone, the code by the status. Others get the problem document.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth ratelimit transform);
use Apigw::Nginx;
use Apigw::Token;
use File::Temp ();
use MIME::Base64 qw(decode_base64);
use Test::More;

my $nginx = Apigw::Nginx->new(modules => [qw(auth ratelimit transform)],
    http => Apigw::Token::provider('corp') . '
    log_format status "$uri $status $apigw_reject_reason";
    apigw_ratelimit_policy one key=$uri rate=1r/d;
    apigw_ratelimit_headers draft11;
    apigw_transform in { json drop /x; }

    server {
        listen unix:@DIR@/service.sock;
        return 204;
    }

    server {
        listen 127.0.0.1:@PORT@ http2;
        access_log @DIR@/status.log status;
        add_header grpc-status 0 always;
        add_header X-Other kept always;
        add_trailer grpc-status 0 always;

        location /auth { apigw_auth jwt=corp; proxy_pass http://127.0.0.1:1; }
        location /scope {
            apigw_auth jwt=corp;
            apigw_require_scope nothing;
            proxy_pass http://127.0.0.1:1;
        }
        location /role {
            apigw_auth jwt=corp;
            apigw_require_role nobody;
            proxy_pass http://127.0.0.1:1;
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
        location @page { return 200 "page"; }
        location /any {
            satisfy any;
            apigw_auth jwt=corp;
            allow all;
            proxy_pass http://unix:@DIR@/service.sock;
        }
        location /limit {
            apigw_ratelimit one;
            proxy_pass http://unix:@DIR@/service.sock;
        }
        location /json {
            apigw_request_transform in;
            proxy_pass http://127.0.0.1:1;
        }
    }
');

my $body = File::Temp->new;
print $body "\0\0\0\0\0";
$body->flush;

# The answer's fields and body, and what nghttp tells of frames.
sub call {
    my ($path, $type, @more) = @_;
    my $url = 'http://127.0.0.1:' . $nginx->port . $path;

    my @command = ('nghttp', '-v', '-H', ':method: POST', '-H',
                   "content-type: $type", '-H', 'te: trailers',
                   map({ ('-H', $_) } @more), '-d', "$body", $url);
    open my $out, '-|', @command or die "nghttp: $!";
    my $text = do { local $/; <$out> };
    close $out;

    my %field;
    push @{ $field{$1} }, $2
        while $text =~ /\brecv \(stream_id=\d+\) (:?[\w-]+): (.*)/g;

    return ({ map { $_ => join ', ', @{ $field{$_} } } keys %field }, $text);
}

sub is_refusal {
    my ($path, $type, $code, $message, $what, @more) = @_;
    my ($got, $text) = call($path, $type, @more);

    is $got->{':status'}, 200, "$what: HTTP's status is 200";
    is $got->{'content-type'}, 'application/grpc', "$what: the type";
    is $got->{'grpc-status'}, $code, "$what: the code, once";
    like $got->{'grpc-message'}, qr/^$message$/, "$what: the message";
    is $got->{'content-length'}, undef, "$what: no length";
    is $got->{'cache-control'}, 'no-store', "$what: not to be kept";
    unlike $text, qr/recv DATA/, "$what: no body";
    like $text, qr/recv HEADERS frame <[^>]*>\n\s*; END_STREAM/,
        "$what: the header ends the stream";
    is $got->{'x-other'}, 'kept', "$what: other fields stay";

    return $got;
}

my $got = is_refusal('/auth', 'application/grpc', 16,
    'The request carries no credentials\.', 'no credentials');
is $got->{'www-authenticate'}, 'Bearer realm="api"', 'the challenge stays';
is $got->{'grpc-status-details-bin'}, undef, 'no code, no details';

$got = is_refusal('/auth', 'application/grpc+proto', 16,
    'The access token is not valid\.', 'a bad token',
    'authorization: Bearer a.b.c');
like decode_base64($got->{'grpc-status-details-bin'}),
    qr/^\x08\x10\x12.The access token is not valid\.\x1a.*google\.rpc\.ErrorInfo.*invalid_token\x12\x05apigw$/s,
    'its details have the code and not the reason';

my @token = ('authorization: Bearer ' . Apigw::Token::token());

$got = is_refusal('/scope', 'Application/GRPC; x=y', 7, 'The credentials do.*',
    'a scope', @token);
like $got->{'www-authenticate'}, qr/scope="nothing"/, 'the scope is named';

is_refusal('/role', 'application/grpc', 7, 'The caller may not do this\.',
    'a role', @token);

is((call('/limit', 'application/grpc'))[0]{':status'}, 204, 'one is free');
$got = is_refusal('/limit', 'application/grpc', 8, 'one: retry after \d+ s',
    'a limit');
like $got->{'retry-after'}, qr/^\d+$/, 'Retry-After stays';
like $got->{'ratelimit'}, qr/^"one"/, 'RateLimit stays';
like decode_base64($got->{'grpc-status-details-bin'}), qr/rate_exceeded/,
    'its details have the reason';

# a transform takes JSON alone, so what it refuses is never gRPC's own type

($got) = call('/json', 'application/json');
is $got->{':status'}, 400, 'a bad document of a JSON client';
is $got->{'content-type'}, 'application/problem+json', 'gets a document';

for my $type ('application/grpcx', 'application/grpc-webx', 'text/plain',
              'application/grpc+a"b')
{
    ($got) = call('/auth', $type);
    is $got->{':status'}, 401, "$type is not gRPC";
    is $got->{'content-type'}, 'application/problem+json', "$type: a document";
}

($got) = call('/off', 'application/grpc');
is $got->{':status'}, 401, 'apigw_auth_error off leaves it to nginx';
is $got->{'content-type'}, 'text/html', 'whose page it is';

($got) = call('/page', 'application/grpc');
is $got->{':status'}, 200, 'error_page wins';
unlike $got->{'content-type'}, qr/grpc/, 'with its own type';

($got) = call('/any', 'application/grpc');
is $got->{':status'}, 204, 'satisfy any: another check passes';

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
