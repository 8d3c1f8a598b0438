# A refused request of HTTP/2 that still sends its body gets the whole answer.
# nghttp asks, as curl 7.88 loses an answer that comes before its body is sent.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Nginx;
use Apigw::Token;
use File::Temp ();
use Test::More;

my $nginx = Apigw::Nginx->new(modules => ['auth'],
    http => Apigw::Token::provider('corp') . '
    server {
        listen 127.0.0.1:@PORT@ http2;
        location / { apigw_auth jwt=corp; proxy_pass http://127.0.0.1:1; }
    }
');

my $body = File::Temp->new;
print $body 'x' x 100_000;
$body->flush;

my $url = 'http://127.0.0.1:' . $nginx->port . '/';
my $answer = qx(nghttp -v -H ':method: POST' -d $body $url);

like $answer, qr/:status: 401/, 'the status';
like $answer, qr/www-authenticate: Bearer realm=/, 'the challenge';
like $answer, qr/"status":401/, 'the document';
unlike $nginx->log, qr/\[(alert|crit|emerg)\]/, 'a quiet log';

done_testing();
