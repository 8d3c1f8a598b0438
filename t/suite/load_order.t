# Any order of the load_module lines gives the same gateway: nginx's module
# list decides, not the order of loading. And each module works alone.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Crossing ();
use Apigw::Nginx ();
use Apigw::Token ();
use Test::More;

my @orders = (
    [qw(auth ratelimit transform)], [qw(auth transform ratelimit)],
    [qw(ratelimit auth transform)], [qw(ratelimit transform auth)],
    [qw(transform auth ratelimit)], [qw(transform ratelimit auth)],
);

for my $order (@orders) {
    my $nginx = Apigw::Nginx->new(modules => $order,
                                  http => Apigw::Crossing::http());
    Apigw::Crossing::prove($nginx, join ' ', @$order);
    is $nginx->stop, 0, "@$order: ends in order";
}

sub alone {
    my ($module, $http) = @_;
    return Apigw::Nginx->new(modules => [$module], http => $http);
}

my $server = <<'CONF';
    server {
        listen 127.0.0.1:@PORT@;
        default_type application/json;
        location = /data { return 200 '{"a":1,"b":2}'; }
        location / {
            %s
            proxy_pass http://127.0.0.1:@PORT@/data;
        }
    }
CONF

{
    my $nginx = alone('auth', Apigw::Token::provider('corp')
                      . sprintf $server, 'apigw_auth jwt=corp;');
    my ($name, $value) = split /: /, Apigw::Token::bearer(), 2;

    is +($nginx->request(GET => '/'))[0], 401, 'auth alone refuses';
    is +($nginx->request(GET => '/', { $name => $value }))[0], 200,
        'auth alone lets in';
    unlike $nginx->log, qr/\[(alert|crit|emerg)\]/, 'auth alone: a quiet log';
}

{
    my $nginx = alone('ratelimit',
        'apigw_ratelimit_policy one key=all rate=1r/d burst=1;'
        . sprintf $server, 'apigw_ratelimit one;');

    is +($nginx->request(GET => '/'))[0], 200, 'ratelimit alone lets in';
    is +($nginx->request(GET => '/'))[0], 429, 'ratelimit alone refuses';
    unlike $nginx->log, qr/\[(alert|crit|emerg)\]/,
        'ratelimit alone: a quiet log';
}

{
    my $nginx = alone('transform', 'apigw_transform slim { json keep /a; }'
        . sprintf $server, 'apigw_response_transform slim;');

    is +($nginx->request(GET => '/'))[2], '{"a":1}',
        'transform alone reshapes';
    unlike $nginx->log, qr/\[(alert|crit|emerg)\]/,
        'transform alone: a quiet log';
}

done_testing();
