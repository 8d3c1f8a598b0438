# Each directive of http, server and location: a level without it has its
# parent's, a level with it replaces that, and a nested location goes on.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Nginx ();
use Test::More;

# Neighbours differ in every directive
my @sets = (
    { status => 503, headers => 'x-ratelimit', retry_jitter => '1000s',
      error => 'off', log_level => 'error' },
    { status => 420, headers => 'draft11', retry_jitter => 0,
      error => 'problem', log_level => 'notice' },
    { status => 419, headers => 'off', retry_jitter => '1000s',
      error => 'off', log_level => 'info' },
    { status => 500, headers => 'draft11 x-ratelimit', retry_jitter => 0,
      error => 'problem', log_level => 'warn' },
);

sub lines {
    my ($set) = @_;
    return join ' ', map { "apigw_ratelimit_$_ $set->{$_};" } sort keys %$set;
}

sub conf {
    my ($http, $server, $location, $nested) = @_;
    return <<"CONF";
    apigw_ratelimit_policy one key=\$arg_k rate=1r/h;
    apigw_ratelimit one;
    $http
    server {
        listen 127.0.0.1:\@PORT\@;
        server_name parents;
        location /t { empty_gif; location /t/nested { empty_gif; } }
    }
    server {
        listen 127.0.0.1:\@PORT\@;
        server_name own;
        $server
        location /t { empty_gif; location /t/nested { empty_gif; } }
        location /u {
            $location
            empty_gif;
            location /u/nested { empty_gif; }
            location /u/own { $nested empty_gif; }
        }
    }
CONF
}

my @places = (
    ['parents', '/t', 0], ['parents', '/t/nested', 0],
    ['own', '/t', 1],     ['own', '/t/nested', 1],
    ['own', '/u', 2],     ['own', '/u/nested', 2],
    ['own', '/u/own', 3],
);

# The directives' arguments, as the answers to a denied client show them.
sub seen {
    my ($nginx, $host, $path, $key) = @_;
    my ($most, %seen, $status, $headers) = (0);

    my $before = length $nginx->log;
    $nginx->request(GET => "$path?k=$key", { Host => $host });

    for (1 .. 5) {
        ($status, $headers) = $nginx->request(GET => "$path?k=$key",
                                              { Host => $host });
        my $wait = $headers->{'retry-after'} // 0;
        $most = $wait if $wait > $most;
    }

    my $words = join ' ', $headers->{ratelimit} ? 'draft11' : (),
        $headers->{'x-ratelimit-limit'} ? 'x-ratelimit' : ();
    my ($level) = substr($nginx->log, $before)
        =~ /\[(\w+)\] .*apigw_ratelimit: rate_exceeded/;

    return {
        status => $status, headers => $words || 'off', log_level => $level,
        retry_jitter => $most > 3600 ? '1000s' : 0,
        error => ($headers->{'content-type'} // '')
                 eq 'application/problem+json' ? 'problem' : 'off',
    };
}

my $nginx = Apigw::Nginx->new(modules => ['ratelimit'],
                              http => conf(map { lines($_) } @sets));
my $key = 0;

for (@places) {
    my ($host, $path, $set) = @$_;
    is_deeply seen($nginx, $host, $path, ++$key), $sets[$set], "$host: $path";
}

is $nginx->stop, 0, 'ends in order';


# apigw_ratelimit_dry_run takes the others' effects away: by itself
$nginx = Apigw::Nginx->new(modules => ['ratelimit'],
    http => conf(map { "apigw_ratelimit_dry_run $_;" } qw(on off on off)));

for (@places) {
    my ($host, $path, $level) = @$_;
    $key++;
    my @status = map {
        ($nginx->request(GET => "$path?k=$key", { Host => $host }))[0]
    } 1 .. 2;
    is $status[1], $level % 2 ? 429 : 200, "$host: $path, dry run";
}

is $nginx->stop, 0, 'ends in order';

done_testing();
