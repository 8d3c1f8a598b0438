# Replies that come in pieces, together, late, never, twice or as garbage: none
# reaches a wrong request, and the next request finds Redis in order again.
#
# Each key is asked once, so that a client that gets another's answer shows it:
# key kN has been charged N times before.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Limited ();
use Apigw::Redis ();
use Apigw::RedisProxy ();
use Test::More;
use Time::HiRes qw(sleep time);

my $redis = Apigw::Redis->new;
my $proxy = Apigw::RedisProxy->new($redis);
my $serial = 0;

sub gateway {
    my ($block) = @_;
    $proxy->mode('pass');
    return Apigw::Limited->new($proxy,
        block => "breaker failures=1000; " . ($block // ''));
}

# Keys new to Redis, the first charged once, the second twice ...
sub charged_keys {
    my ($gateway, $n) = @_;
    my @keys = map { 'k' . ++$serial } 1 .. $n;

    for my $i (1 .. $n) {
        $gateway->becomes($keys[$i - 1], qr/redis/, "charge") for 1 .. $i;
    }

    return @keys;
}

# What is left of each key, all asked at the same time.
sub left_of {
    my ($gateway, @keys) = @_;
    my @sockets = map { $gateway->open_request($_) } @keys;
    local $/;

    return map {
        my $answer = readline $_;
        $answer =~ /X-Source: redis/
            ? $answer =~ /^RateLimit: "one";r=(\d+)/mi ? $1 : 'none'
            : $answer =~ /^HTTP\S+ 200/ ? 'local' : 'failed'
    } @sockets;
}


# Who comes in a turn of its own may find Redis in order again. Nobody may be
# told what belongs to another.
sub nobody_misled {
    my ($gateway, @keys) = @_;
    my @left = left_of($gateway, @keys);
    my @odd = grep { $left[$_] ne 98 - $_ && $left[$_] ne 'local' }
        0 .. $#keys;

    is scalar @odd, 0, "nobody is misled: @left";
}


subtest 'split at every byte' => sub {
    my $gateway = gateway('timeout 10s; reply_timeout 20s;');
    my @keys = charged_keys($gateway, 5);

    $proxy->mode('split');
    is join(' ', left_of($gateway, @keys)), '98 97 96 95 94',
        'each request gets its own answer';
    $gateway->ends_well;
};


subtest 'the handshake split at every byte' => sub {
    my $spoilt = Apigw::RedisProxy->new($redis, handshake => 1);
    $spoilt->mode('split');

    my $gateway = Apigw::Limited->new($spoilt,
                                      block => 'reply_timeout 20s;');
    $gateway->becomes('split-hello', qr/redis/, 'is understood');
    $gateway->ends_well;
};


subtest 'several in one piece' => sub {
    my $gateway = gateway();
    my @keys = charged_keys($gateway, 5);

    $proxy->mode('merge', 5);
    is join(' ', left_of($gateway, @keys)), '98 97 96 95 94',
        'each request gets its own answer';
    $gateway->ends_well;
};


subtest 'late' => sub {
    my $gateway = gateway('timeout 100ms; reply_timeout 10s;');
    my @keys = charged_keys($gateway, 4);
    my $connections = $proxy->connections;

    $proxy->mode('hold');
    is join(' ', left_of($gateway, @keys[0, 1])), 'local local',
        'those who waited in vain were decided locally';

    # their replies come now, in front of the next ones
    $proxy->mode('release');
    is join(' ', left_of($gateway, @keys[2, 3])), '96 95',
        'late replies reach nobody';
    is $proxy->connections, $connections, 'and the connection is kept';
    $gateway->ends_well;
};


subtest 'lost on the way' => sub {
    my $gateway = gateway('timeout 500ms;');
    my @keys = charged_keys($gateway, 4);

    # without the first reply, each later one would be taken for an earlier's
    $proxy->mode('drop', 1);
    nobody_misled($gateway, @keys);
    $gateway->logged(qr/server sent a reply out of order/, 'and it is told');
    $gateway->becomes('drop', qr/redis/, 'Redis decides again');
    $gateway->ends_well;
};


subtest 'twice' => sub {
    my $gateway = gateway('timeout 500ms;');
    my @keys = charged_keys($gateway, 4);

    $proxy->mode('twice', 1);
    my @left = left_of($gateway, @keys);
    my @expected = (98, 97, 96, 95);

    is scalar(grep { $left[$_] ne $expected[$_] && $left[$_] ne 'local' }
              0 .. 3), 0, "nobody is misled: @left";
    $gateway->logged(qr/server sent a reply (?:out of order|to no command)/,
                     'and it is told');
    $gateway->becomes('twice', qr/redis/, 'Redis decides again');
    $gateway->ends_well;
};


subtest 'a reply in front that nobody asked for' => sub {
    my $gateway = gateway('timeout 500ms;');
    my @keys = charged_keys($gateway, 3);

    $proxy->mode('before', "*7\r\n" . ":1\r\n" x 7, 1);
    nobody_misled($gateway, @keys);
    $gateway->becomes('before', qr/redis/, 'Redis decides again');
    $gateway->ends_well;
};


my @odd = (
    ['an HTTP answer',        "HTTP/1.1 400 Bad Request\r\n\r\n",
     qr/sent an invalid reply/],
    ['bytes of no protocol',  join('', map { chr } 0 .. 255),
     qr/sent an invalid reply/],
    ['RESP3',                 "%1\r\n+a\r\n+b\r\n", qr/sent an invalid reply/],
    ['an endless number',     ':' . '9' x 100 . "\r\n",
     qr/sent an invalid reply/],
    ['an array too long',     "*16385\r\n", qr/sent too large a reply/],
    ['an array of 2^63-1',    "*9223372036854775807\r\n",
     qr/sent too large a reply/],
    ['a string too long',     "\$1048577\r\n", qr/sent too large a reply/],
    ['arrays nested deeply',  "*1\r\n" x 1000, qr/sent too large a reply/],
    ['a line without end',    '+' . 'x' x 70000, qr/sent too large a reply/],
    ['a status',              "+OK\r\n", qr/sent a reply out of order/],
    ['a nil',                 "\$-1\r\n", qr/sent a reply out of order/],
    ['an empty array',        "*0\r\n", qr/sent a reply out of order/],
    ['a nested array',        "*1\r\n*1\r\n:1\r\n",
     qr/sent a reply out of order/],
    ['strings for numbers',   "*2\r\n\$1\r\n1\r\n\$1\r\n1\r\n",
     qr/sent a reply out of order/],
);

for (@odd) {
    my ($name, $bytes, $log) = @$_;

    subtest "instead of a verdict: $name" => sub {
        my $gateway = gateway('timeout 1s;');
        my ($key) = charged_keys($gateway, 1);

        $proxy->mode('instead', $bytes, 1);
        is $gateway->get($key), '200 local DEGRADED', 'is none';
        $gateway->logged($log, 'and it is told');
        $gateway->becomes($key, qr/redis/, 'Redis decides again');
        $gateway->ends_well;
    };
}


# The ticket is right, the rest is not: j, now, then remaining, full, retry and
# fits of the only policy.
my @lies = (
    ['nothing',                   ''],
    ['too few numbers',           ":1\r\n:8000\r\n:1\r\n"],
    ['too many numbers',          ":1\r\n:8000\r\n" . ":1\r\n" x 5],
    ['more passed than asked',    ":2\r\n:8000\r\n" . ":1\r\n" x 4],
    ['less than none passed',     ":-1\r\n:8000\r\n" . ":1\r\n" x 4],
    ['a negative rest',           ":1\r\n:8000\r\n:-1\r\n" . ":1\r\n" x 3],
    ['a rest above the limit',    ":1\r\n:8000\r\n:101\r\n" . ":1\r\n" x 3],
    ['a time after all others',
     ":1\r\n:9223372036854775807\r\n" . ":1\r\n" x 4],
    ['a time before all others',  ":1\r\n:-1\r\n" . ":1\r\n" x 4],
    ['text for a number',         ":1\r\n:8000\r\n+one\r\n" . ":1\r\n" x 3],
);

for (@lies) {
    my ($name, $lines) = @$_;

    subtest "a verdict that makes no sense: $name" => sub {
        my $gateway = gateway('timeout 1s;');
        $gateway->becomes('lie', qr/redis/, 'Redis decides');

        $proxy->mode('lie', $lines, 1);
        is $gateway->get('lie'), '200 local DEGRADED', 'is none';
        $gateway->ends_well;
    };
}


subtest 'cut off after each byte' => sub {
    my $gateway = gateway();
    my $odd = 0;

    for my $bytes (0 .. 24) {
        $gateway->becomes('cut', qr/redis/, 'Redis decides');
        $proxy->mode('cut', $bytes, 1);
        my $told = $gateway->get("cut$bytes");
        $odd++ if $told ne '200 local DEGRADED';
        $proxy->mode('pass');
    }

    is $odd, 0, 'is no verdict, however much has come';
    $gateway->becomes('cut', qr/redis/, 'Redis decides again');
    $gateway->ends_well;
};


done_testing;
