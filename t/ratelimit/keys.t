# Keys may be of any length and any bytes: the last one counts as the first.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Nginx ();
use Apigw::Redis ();
use Test::More;

my $redis = Apigw::Redis->new;
my $address = $redis->address;

my $nginx = Apigw::Nginx->new(modules => ['ratelimit'], http => <<"CONF");
    apigw_ratelimit_redis main { server $address; timeout 20s; }
    apigw_ratelimit_policy here key=\$http_x_key rate=2r/d;
    apigw_ratelimit_policy far key=\$http_x_key rate=2r/d store=main;
    apigw_ratelimit_policy here_nul key=\$binary_remote_addr rate=2r/d;
    apigw_ratelimit_policy far_nul key=\$binary_remote_addr rate=2r/d store=main
                           group=\$binary_remote_addr\$http_x_group;
    large_client_header_buffers 4 128k;
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Real-IP;
    server {
        listen 127.0.0.1:\@PORT\@;
        location = /here { apigw_ratelimit here; empty_gif; }
        location = /far { apigw_ratelimit far; empty_gif; }
        location = /here_nul { apigw_ratelimit here_nul; empty_gif; }
        location = /far_nul { apigw_ratelimit far_nul; empty_gif; }
    }
CONF

sub statuses {
    my ($path, $name, @values) = @_;
    return join ' ', map {
        ($nginx->request(GET => $path, { $name => $_ }))[0] // 'none'
    } @values;
}

my $long = 'k' x 65536;
my @pairs = (
    ['64 KiB',                   $long . 'a', $long . 'b'],
    ['64 KiB, the first byte',   'a' . $long, 'b' . $long],
    ['bytes that are no UTF-8',  "\xff\xfe\x80", "\xff\xfe\x81"],
    ['an overlong form',         "\xc0\xaf", "\xc0\xae"],
    ['quotes, braces, blanks',   '{"a\\": } b', '{"a\\": } c'],
    ['one byte',                 "\x01", "\x02"],
);

for my $path ('/here', '/far') {
    for (@pairs) {
        my ($name, $one, $other) = @$_;
        is statuses($path, 'X-Key', $one, $one, $one, $other),
            '200 200 429 200', "$path: $name";
    }
}

# The addresses have a NUL in front of the byte in which they differ
for my $path ('/here_nul', '/far_nul') {
    is statuses($path, 'X-Real-IP', ('10.0.0.1') x 3, '10.0.0.2'),
        '200 200 429 200', "$path: NUL within";
    is statuses($path, 'X-Real-IP', ('0.0.0.0') x 3, '0.0.0.1'),
        '200 200 429 200', "$path: nothing but NUL";
}

my @keys = @{ $redis->command('KEYS', '*') };
is scalar @keys, 2 * @pairs + 4, 'each key has its own state in Redis';
is_deeply [grep { !/^rl:1:\{[\w-]{22}\}:\w+:r$/ } @keys], [],
    'under names of digests alone';

is $nginx->stop, 0, 'ends in order';
unlike $nginx->log, qr/k{20}|\[(?:alert|crit|emerg)\]/,
    'a quiet log, which has no key';

done_testing();
