# Each line of an apigw_ratelimit_redis block: accepted as documented, refused
# with file, line and the mend.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Certificate ();
use File::Temp ();
use Test::More;

my $dir = File::Temp->newdir('apigw-conf-XXXXXX', TMPDIR => 1);

sub write_file {
    my ($name, $text, $mode) = @_;
    open my $out, '>', "$dir/$name" or die "$name: $!";
    print $out $text;
    close $out or die "$name: $!";
    chmod $mode // 0600, "$dir/$name" or die "$name: $!";
}

# `nginx -t` on a block whose lines start at line 9 of the file.
sub nginx_t {
    my ($block, $http) = @_;
    my $load = join "\n", map { "load_module $_;" }
        split ' ', Apigw::modules('ratelimit');
    $http //= '';

    write_file('nginx.conf', <<"CONF");
$load
pid $dir/pid;
error_log $dir/error.log info;
events { }
http {
    access_log off;
    $http
    apigw_ratelimit_redis main {
        $block
    }
    apigw_ratelimit_policy one key=a rate=1r/s store=main;
    server { listen 127.0.0.1:1; location / { apigw_ratelimit one; } }
}
CONF

    local $ENV{NGINX};
    delete $ENV{NGINX};
    my $output = `$ENV{TEST_NGINX_BINARY} -t -p $dir -c $dir/nginx.conf 2>&1`;
    return $output;
}

write_file('password', "secret\n");
write_file('open', "secret\n", 0644);
write_file('empty', '');
write_file('newline', "\n");
write_file('two', "one\ntwo\n");
write_file('long', 'x' x 4097);
write_file('longest', 'x' x 4096);
write_file('short', 'x' x 15);
write_file('secret', 'x' x 16);
write_file('included', "timeout 1s;\n");
Apigw::Certificate->new($dir)->issue('client', 'DNS:gateway');

my $server = 'server 127.0.0.1:6379;';

for ($server, 'server [::1]:6379;', 'server unix:/tmp/redis.sock;',
     "$server username gw; password_file password;",
     "$server password_file longest;",
     "$server database 0;", "$server database 65535;",
     "$server connect_timeout 1ms; timeout 5ms; reply_timeout 1h;",
     "$server timeout 3s;", "$server queue 1;", "$server queue 1048576;",
     "$server prefix a.B_c-9;", "$server prefix " . 'x' x 64 . ';',
     "$server secret_file secret;",
     "$server breaker failures=1;", "$server breaker open=20s;",
     "$server breaker max=1s open=1s failures=1000;",
     "$server include included;", "$server tls off;", "$server tls on;",
     "$server tls on; tls_verify on; tls_name redis.test;"
     . ' tls_trusted_certificate ca.pem; tls_certificate client.pem;'
     . ' tls_certificate_key client.key;',
     'server [::1]:6379; tls on; tls_trusted_certificate ca.pem;',
     'cluster 127.0.0.1:7000;', 'cluster 127.0.0.1:7000 [::1]:7001;',
     'cluster ' . join(' ', map { "127.0.0.1:$_" } 7000 .. 7063) . ';',
     'cluster 127.0.0.1:7000; tls on; tls_name redis.test;'
     . ' tls_trusted_certificate ca.pem; username gw; password_file password;',
     'sentinel main 127.0.0.1:26379;',
     'sentinel main 127.0.0.1:26379 [::1]:26379; database 7;'
     . ' password_file password; sentinel_password_file secret;')
{
    my $output = nginx_t($_);
    like $output, qr/test is successful/, "accepted: $_";
    unlike $output, qr/\[(?:warn|error|crit|alert|emerg)\]/, 'silently';
}

like nginx_t('server redis.test:6379;', 'resolver 127.0.0.1;'),
    qr/test is successful/, 'accepted: a host name with a resolver';

for ('cluster 127.0.0.1:7000 redis.test:7001;',
     'sentinel main redis.test:26379;')
{
    like nginx_t($_, 'resolver 127.0.0.1;'), qr/test is successful/,
        "accepted with a resolver: $_";
}

my $output = nginx_t("$server password_file open;");
like $output, qr/test is successful/, 'a file that all may read';
like $output,
    qr{\[warn\].*"$dir/open" .* readable by everyone, use "chmod o= .*:9},
    'is accepted with a warning';
unlike $output, qr/secret/, 'that does not tell the password';

$output = nginx_t("$server tls on; tls_verify off;");
like $output, qr/test is successful/, 'tls_verify off';
like $output, qr/\[warn\] .*apigw_ratelimit_redis "main" has "tls_verify off"/,
    'is accepted with a warning';

my $block = 'apigw_ratelimit_redis "main"';
my $unused = "$block has parameters of TLS without TLS; add \"tls on;\"";

my @refused = (
    ['',                             "$block has no server, add", 10],
    ['server redis.test:6379;',      'host name "redis.test" of ' . $block
                                     . ' needs "resolver"', 8],
    ['server localhost:6379;',       'needs "resolver"', 8],
    ['server 127.0.0.1;',            'no port in "127.0.0.1" of "server"', 9],
    ['server 127.0.0.1:0;',          'invalid port in', 9],
    ['server 127.0.0.1:65536;',      'invalid port in', 9],
    ['server 127.0.0.1:six;',        'expected host:port, [v6]:port or unix:'],
    ['server [::1;',                 'expected host:port, [v6]:port or unix:'],
    ['server [::1];',                'no port in'],
    ['server unix:;',                'expected host:port, [v6]:port or unix:'],
    ['server unix:/' . 'x' x 200 . ';', 'expected host:port, [v6]:port or'],
    ['server redis://127.0.0.1:1;',  'expected host:port, [v6]:port or unix:'],
    ['server "";',                   'expected host:port, [v6]:port or unix:'],
    ['server 127.0.0.1:1 127.0.0.1:2;', 'invalid number of arguments in'],
    [$server x 2,                    '"server" directive of ' . $block
                                     . ' is duplicate'],
    ['cluster;',                     'invalid number of arguments in'],
    ['cluster 127.0.0.1;',           'no port in "127.0.0.1" of "cluster"', 9],
    ['cluster 127.0.0.1:0;',         'invalid port in', 9],
    ['cluster unix:/tmp/a.sock;',    'a unix socket in "unix:/tmp/a.sock" of'
                                     . ' "cluster" in ' . $block
                                     . ', expected host:port or [v6]:port', 9],
    ['cluster 127.0.0.1:1 127.0.0.1:2 127.0.0.1:1;',
                                     'a duplicate address in "127.0.0.1:1"'],
    ['cluster 127.0.0.1:1 "";',      'expected host:port or [v6]:port'],
    ['cluster ' . join(' ', map { "127.0.0.1:$_" } 7000 .. 7064) . ';',
                                     'invalid number of arguments in'],
    ['cluster 127.0.0.1:1; cluster 127.0.0.1:1;',
                                     '"cluster" directive of ' . $block
                                     . ' is duplicate'],
    ['cluster 127.0.0.1:1; database 0;', $block . ' has "database" with'
                                     . ' "cluster"; remove it', 10],
    ['database 1; cluster 127.0.0.1:1;', 'has "database" with "cluster"', 10],
    ['cluster 127.0.0.1:1 redis.test:2;', 'host name "redis.test" of ' . $block
                                     . ' needs "resolver"', 8],
    ["$server cluster 127.0.0.1:1;", $block . ' has both "server" and'
                                     . ' "cluster"; keep one of', 9],
    ["cluster 127.0.0.1:1; $server", 'has both "cluster" and "server"', 9],
    ['cluster 127.0.0.1:1; sentinel a 127.0.0.1:2;',
                                     'has both "cluster" and "sentinel"', 9],
    ["$server sentinel a 127.0.0.1:2;", 'has both "server" and "sentinel"', 9],
    ['sentinel a;',                  'invalid number of arguments in'],
    ['sentinel 127.0.0.1:26379;',    'invalid number of arguments in'],
    ['sentinel "" 127.0.0.1:26379;', '"sentinel" directive of ' . $block
                                     . ' needs the master'],
    ['sentinel a 127.0.0.1;',        'no port in "127.0.0.1" of "sentinel"'],
    ['sentinel a unix:/tmp/a.sock;', 'a unix socket in'],
    ['sentinel a redis.test:1;',     'needs "resolver"', 8],
    ['sentinel a 127.0.0.1:1; sentinel b 127.0.0.1:1;',
                                     '"sentinel" directive of ' . $block
                                     . ' is duplicate'],
    ["$server sentinel_password_file secret;", $block . ' has'
                                     . ' "sentinel_password_file" without', 10],
    ['cluster 127.0.0.1:1; sentinel_password_file secret;',
                                     '"sentinel_password_file" without', 10],
    ['sentinel a 127.0.0.1:1; sentinel_password_file none;',
                                     'none" of ' . $block . ' failed (2:'],
    ['sentinel a 127.0.0.1:1; sentinel_password_file secret;'
     . ' sentinel_password_file secret;', 'is duplicate'],
    ['sentinel a 127.0.0.1:1; username gw;', 'no password, add'],
    ['Server 127.0.0.1:1;',          'unknown directive "Server" in'],
    ["$server username gw;",         'no password, add "password_file"'],
    ["$server username '';",         '"username" directive'],
    ["$server username a; username b;", 'is duplicate'],
    ["$server password_file none;",  'none" of ' . $block . ' failed (2:'],
    ["$server password_file .;",     'failed (21:'],
    ["$server password_file empty;", 'must hold one line of 1 to 4096 bytes'],
    ["$server password_file newline;", 'must hold one line'],
    ["$server password_file two;",   'must hold one line'],
    ["$server password_file long;",  'must hold one line'],
    ["$server password_file password; password_file password;",
                                     'is duplicate'],
    ["$server secret_file short;",   'shorter than 16 bytes, make one with'],
    ["$server secret_file none;",    'failed (2:'],
    ["$server database -1;",         'needs a number from 0 to 65535'],
    ["$server database x;",          'needs a number from 0 to 65535'],
    ["$server database 65536;",      'needs a number from 0 to 65535'],
    ["$server database 99999999999999999999;", 'needs a number from 0 to'],
    ["$server database 1; database 1;", 'is duplicate'],
    ["$server queue 0;",             'needs a number from 1 to 1048576'],
    ["$server queue 1048577;",       'needs a number from 1 to 1048576'],
    ["$server timeout 0;",           'needs a time from 1ms to 1h'],
    ["$server timeout soon;",        'needs a time from 1ms to 1h'],
    ["$server timeout 2h;",          'needs a time from 1ms to 1h'],
    ["$server timeout 1s; timeout 1s;", 'is duplicate'],
    ["$server connect_timeout 0ms;", 'needs a time from 1ms to 1h'],
    ["$server timeout 2s; reply_timeout 1s;",
                                     '"reply_timeout" below "timeout", raise'],
    ["$server prefix a:b;",          'needs 1 to 64 of A-Z a-z 0-9 _ . -'],
    ["$server prefix '';",           'needs 1 to 64 of'],
    ["$server prefix " . 'x' x 65 . ';', 'needs 1 to 64 of'],
    ["$server prefix \"a\nb\";",     'needs 1 to 64 of'],
    ["$server breaker;",             'invalid number of arguments in'],
    ["$server breaker failures=0;",  'needs failures= from 1 to 1000'],
    ["$server breaker failures=x;",  'needs failures= from 1 to 1000'],
    ["$server breaker open=0;",      'needs failures=number open=time'],
    ["$server breaker open=1s open=2s;", 'each once'],
    ["$server breaker wait=1s;",     'needs failures=number open=time'],
    ["$server breaker open=5s max=2s;", 'max= below open=, raise it'],
    ["$server breaker max=500ms;",   'max= below open=, raise it'],
    ["$server breaker open=1s; breaker open=1s;", 'is duplicate'],
    ["$server tls yes;",             '"tls" directive of ' . $block
                                     . ' needs "on" or "off"'],
    ["$server tls on; tls on;",      'is duplicate'],
    ["$server tls on; tls_verify 1;", '"tls_verify" directive of ' . $block],
    ["$server tls on; tls_name '';", '"tls_name" directive of ' . $block
                                     . ' needs a value, or leave it out'],
    ["$server tls on; tls_name a; tls_name b;", 'is duplicate'],
    ["$server tls on; tls_name " . 'x' x 256 . ';',
                                     $block . ': too long a "tls_name"', 10],
    ['server unix:/tmp/redis.sock; tls on;',
                                     $block . ' has "tls on" at a unix socket;'
                                     . ' remove it', 10],
    ["$server tls_verify off;",      $unused, 10],
    ["$server tls_verify on;",       $unused, 10],
    ["$server tls off; tls_name a;", $unused, 10],
    ["$server tls_trusted_certificate ca.pem;", $unused, 10],
    ["$server tls_certificate client.pem;", $unused, 10],
    ["$server tls_certificate_key client.key;", $unused, 10],
    ["$server tls on; tls_trusted_certificate none;",
                                     'cannot load "tls_trusted_certificate" "'
                                     . $dir . '/none"; give a readable', 10],
    ["$server tls on; tls_trusted_certificate secret;",
                                     'cannot load "tls_trusted_certificate"'],
    ["$server tls on; tls_certificate client.pem;",
                                     $block . ': "tls_certificate" alone;'
                                     . ' add "tls_certificate_key"', 10],
    ["$server tls on; tls_certificate_key client.key;",
                                     $block . ': "tls_certificate_key" alone'],
    ["$server tls on; tls_certificate none; tls_certificate_key client.key;",
                                     'cannot load "tls_certificate"'],
    ["$server tls on; tls_certificate client.pem; tls_certificate_key none;",
                                     'that belong together'],
    ["$server tls on; tls_certificate client.pem; tls_certificate_key ca.key;",
                                     'that belong together'],
    ["$server plain on;",            'unknown directive "plain" in'],
    ['server 127.0.0.1:1 { }',       'unexpected "{"'],
    [$server . ' timeout 1s',        'unexpected "}"'],
);

for (@refused) {
    my ($lines, $message, $line) = @$_;
    (my $name = length $lines > 60 ? substr($lines, 0, 60) . '...' : $lines)
        =~ s/\n/ /g;

    my $output = nginx_t($lines);
    like $output, qr/\[emerg\].*\Q$message\E/, "refused: $name";

    $line //= '\d+';
    like $output, qr/\[emerg\].* in \S*nginx\.conf:$line\n/, 'with its line';
    unlike $output, qr/test is successful/, 'and nginx does not start';
}

done_testing;
