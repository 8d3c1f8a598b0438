package Apigw::Crossing;

# One gateway whose requests cross every phase and filter of the suite, with
# the proofs that each module stands where it belongs. Used with every order
# of load_module lines and with the static build.

use strict;
use warnings;

use Apigw ();
use Apigw::Nginx ();
use Apigw::Token ();
use IO::Uncompress::Gunzip qw(gunzip);
use Test::More;

use constant CHECKS => 15;

# The service, in the same nginx: it answers what it received, put in by
# sub_filter once the body is read. X-Consumer is stripped in every location of
# this nginx, the service's too, so the gateway hands it on by another name.
our $Service = <<'CONF';
    map $request_body $received { "" null; default $request_body; }
    server {
        listen unix:@DIR@/service.sock;
        default_type application/json;
        client_body_in_single_buffer on;
        location / {
            sub_filter '"@received@"' $received;
            sub_filter_types application/json;
            proxy_set_header Host answers;
            proxy_pass http://unix:@DIR@/service.sock:/;
        }
    }
    server {
        listen unix:@DIR@/service.sock;
        server_name answers;
        default_type application/json;
        location / {
            set $who '"secret":1,"who":"$http_x_seen"';
            return 200 '{$who,"n":9007199254740993,"got":"@received@"}';
        }
    }
CONF

sub http {
    return Apigw::Token::provider('corp') . $Service . <<'CONF';
    gzip on;
    gzip_min_length 1;
    gzip_types application/json;

    apigw_ratelimit_policy by_address key=$arg_address rate=1r/d burst=1
                           phase=preaccess;
    apigw_ratelimit_policy by_user key=$apigw_consumer$arg_user rate=1r/d
                           burst=3;
    apigw_transform in { json keep /a; }
    apigw_transform out { json drop /secret; }

    server {
        listen 127.0.0.1:@PORT@;
        location / {
            apigw_auth jwt=corp;
            apigw_auth_set_header X-Consumer $apigw_consumer;
            apigw_ratelimit by_address by_user;
            apigw_request_transform in;
            apigw_response_transform out;
            proxy_set_header X-Seen $http_x_consumer;
            proxy_pass http://unix:@DIR@/service.sock:/;
        }
    }
CONF
}

sub prove {
    my ($nginx, $what) = @_;
    my ($name, $value) = split /: /, Apigw::Token::bearer(), 2;
    my %good = ($name => $value, 'Content-Type' => 'application/json');
    my $json = '{"a":9007199254740993,"b":2}';

    my ($status, $headers, $body) =
        $nginx->request(POST => '/?user=1', { %good, 'X-Consumer' => 'root' },
                        $json);
    is $status, 200, "$what: a good request passes";
    like $body, qr/"who":"[^"]+"/, "$what: auth told the service who calls";
    unlike $body, qr/"who":"root"/, "$what: nobody else can";
    like $body, qr/"got":\{"a":9007199254740993\}/,
        "$what: the request was reshaped";
    unlike $body, qr/secret/, "$what: the response was reshaped";
    like $headers->{ratelimit} // '', qr/by_user/,
        "$what: the limit is reported";

    ($status, $headers, $body) =
        $nginx->request(POST => '/?user=1', { %good,
                        'Accept-Encoding' => 'gzip' }, $json);
    is $headers->{'content-encoding'}, 'gzip', "$what: gzip comes after us";
    my $plain = '';
    gunzip(\$body => \$plain);
    unlike $plain, qr/secret/, "$what: and packs what was reshaped";
    like $plain, qr/"n":9007199254740993/, "$what: and all of it";

    ($status, $headers, $body) =
        $nginx->request(POST => '/?user=2&address=1', {}, $json);
    is $status, 401, "$what: who is nobody is refused";
    ($status) = $nginx->request(POST => '/?user=2&address=1', {}, $json);
    is $status, 429, "$what: the limit by address came before";

    ($status) = $nginx->request(POST => '/?user=1', \%good, '{broken');
    is $status, 400, "$what: broken JSON is refused after the limit";
    ($status, $headers, $body) =
        $nginx->request(POST => '/?user=1', \%good, '{broken');
    is $status, 429, "$what: over the limit the body is not looked at";
    like $body, qr/#quota-exceeded"/, "$what: and a problem says so";

    unlike $nginx->log, qr/\[(alert|crit|emerg)\]/, "$what: a quiet log";
}

1;
