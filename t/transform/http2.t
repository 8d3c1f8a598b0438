# HTTP/2: lengths, ends and resets as in HTTP/1, with no length sent either.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Nginx;
use Apigw::Transform;
use File::Temp ();
use Test::More;

my $service = "http://$ENV{TEST_NGINX_SERVICE}/";

my $nginx = Apigw::Nginx->new(modules => ['transform'], http => "
    apigw_transform t { json keep /a; header set X-Set ours; }
    apigw_transform long { json drop /k1; }
    proxy_http_version 1.1;
    server {
        listen 127.0.0.1:\@PORT\@ http2;
        location /in/ {
            apigw_request_transform t;
            proxy_set_header X-Length \$content_length;
            proxy_pass $service;
        }
        location /out/ { apigw_response_transform t; proxy_pass $service; }
        location /long/ { apigw_response_transform long; proxy_pass $service; }
        location /now/ {
            apigw_response_transform t;
            apigw_transform_buffer 0;
            proxy_pass $service;
        }
    }
");

my $dir = File::Temp->newdir;

# Exit status of curl, header and body.
sub curl {
    my ($path, @options) = @_;
    my $url = 'http://127.0.0.1:' . $nginx->port . $path;

    system('curl', '-s', '--http2-prior-knowledge', '--max-time', 30, '-D',
           "$dir/head", '-o', "$dir/body", @options, $url);
    my $status = $? >> 8;

    return ($status, map {
        open my $in, '<', "$dir/$_" or die;
        local $/;
        <$in> // '';
    } qw(head body));
}

sub enc { Apigw::Upstream::enc(@_) }


my ($status, $head, $body) = curl('/out/send?body=' . enc('{"a":1,"b":2}'));
is($body, '{"a":1}', 'a projection');
like($head, qr/^content-length: 7\r$/m, 'its length');
like($head, qr/^x-set: ours\r$/mi, 'a header');

(undef, $head, $body) = curl('/now/send?body=' . enc('{"a":1,"b":2}'));
is($body, '{"a":1}', 'a stream');
unlike($head, qr/content-length|transfer-encoding/, 'without a length');

(undef, undef, $body) = curl('/long/send?object=100000');
ok($body eq '{' . join(',', map { "\"k$_\":$_" } 2 .. 100000) . '}', 'long');

(undef, $head, $body) = curl('/out/send?body=%7B%22a%22:1');
like($head, qr/^HTTP\/2 502/, 'invalid JSON');
like($body, qr/"reason":"json_invalid"/, 'its reason');

($status, $head, $body) = curl('/now/send?cut=9&body='
                               . enc('{"a":[1,2,3],"b":2}'));
isnt($status, 0, 'an upstream that dies resets the stream');

($status, $head, $body) = curl('/out/send?body=' . enc('{"a":1}'), '-I');
is($status, 0, 'HEAD');
unlike($head, qr/content-length/, 'tells no length');

(undef, undef, $body) = curl('/in/echo', '-H', 'Content-Type: application/json',
                             '-d', '{"a":1,"b":2}');
like($body, qr/"X-Length: 7".*"Content-Length: 7".*"body": "\{\\"a\\":1\}"/s,
     'a request body');

open my $out, '>', "$dir/data" or die;
print $out '{"b":"', 'x' x 100_000, '","a":1}';
close $out;

(undef, undef, $body) = curl('/in/echo', '-H', 'Content-Type: application/json',
                             '-H', 'Content-Length:', '-X', 'POST',
                             '-T', "$dir/data");
like($body, qr/"X-Length: 7".*"body": "\{\\"a\\":1\}"/s,
     'a request body of unknown length, in a file');

# curl 7.88 loses an answer that comes before its body is sent; nghttp does not
my $url = 'http://127.0.0.1:' . $nginx->port . '/in/echo';
my $answer = qx(nghttp -v -H 'content-type: text/plain' -d $dir/data $url);
like($answer, qr/:status: 415/, 'a refused request');
like($answer, qr/"reason":"unsupported_media_type"/, 'its reason');

unlike($nginx->log, qr/\[(alert|crit|emerg)\]/, 'log');

done_testing();
