# However the service's answer is cut, the same bytes come out.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Nginx;
use Apigw::Transform;
use Test::More;

my $json = '{"a":"\u00e9\\"x","n":-1.5e+10,"t":[true,false,null,{"k":1}],"b":{"c":"'
    . "\xc3\xa9" . '"}}';

my %sets = (
    stream => ['json keep /a /t/*/k /b;', '{"a":"\u00e9\\"x","t":[{"k":1}],'
               . '"b":{"c":"' . "\xc3\xa9" . '"}}'],
    whole  => ['json set /b/c 1 type=number; json drop /t;',
               '{"a":"\u00e9\\"x","n":-1.5e+10,"b":{"c":1}}'],
);

my $service = "http://$ENV{TEST_NGINX_SERVICE}/";
my $locations = '';

for my $set (keys %sets) {
    for my $buffering (qw(on off)) {
        for my $buffer (0, 8192) {
            $locations .= "location /$set/$buffering/$buffer/ {
                apigw_response_transform $set;
                apigw_transform_buffer $buffer;
                proxy_buffering $buffering;
                proxy_pass $service;
            }\n";
        }
    }
}

my $nginx = Apigw::Nginx->new(modules => ['transform'], http => "
    apigw_transform stream { $sets{stream}[0] }
    apigw_transform whole { $sets{whole}[0] }
    proxy_http_version 1.1;
    server { listen 127.0.0.1:\@PORT\@; $locations }
");

for my $set (sort keys %sets) {
    for my $place (map { ("$_/0", "$_/8192") } qw(on off)) {
        for my $coding ('', '&coding=gzip', '&coding=gzip&members=4',
                        '&coding=raw') {
            my $wrong = 0;

            for my $chunk (1 .. 9, 13, 40, length($json) - 1, 4096) {
                my (undef, undef, $body) = $nginx->request(GET =>
                    "/$set/$place/send?chunk=$chunk$coding&body="
                    . Apigw::Upstream::enc($json));
                $wrong++ if ($body // '') ne $sets{$set}[1];
            }

            is($wrong, 0, "$set $place $coding");
        }
    }
}

unlike($nginx->log, qr/\[(alert|crit|emerg|error)\]/, 'log');

done_testing();
