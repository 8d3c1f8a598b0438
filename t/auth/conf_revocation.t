# What "nginx -t" refuses of apigw_revocation and apigw_auth_redis.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Test::Nginx::Socket 'no_plan';

our $Dir = "$Apigw::Token::Dir";

Apigw::Token::file('page', "page\n", 0644);
Apigw::Token::file('good', "jti corp one\n", 0644);
Apigw::Token::file('wrong', "# one\njti corp\n", 0644);
Apigw::Token::file('many', join('', map { "jti corp $_\n" } 1 .. 2000), 0644);
Apigw::Token::file('closed', "jti corp one\n", 0600);

add_block_preprocessor(sub {
    my ($block) = @_;
    my $text = $block->conf =~ s/\@DIR\@/$Dir/gr;
    $block->set_value('http_config', $text);
    $block->set_value('config', 'location /t { return 204; }');
    $block->set_value('must_die', '') unless defined $block->error_code;
});

run_tests();

__DATA__

=== nothing to read
--- conf
apigw_revocation interval=5s;
--- error_log
apigw_auth: apigw_revocation: no list; add file=PATH, redis=NAME or both in



=== an unknown parameter
--- conf
apigw_revocation file=@DIR@/good colour=blue;
--- error_log
apigw_auth: apigw_revocation: invalid parameter "colour=blue"; write file=PATH, redis=NAME, interval=TIME, size=SIZE or max_stale=TIME in



=== a parameter without a value
--- conf
apigw_revocation file=;
--- error_log
apigw_auth: apigw_revocation: invalid parameter "file="; write



=== a parameter that is given twice
--- conf
apigw_revocation file=@DIR@/good file=@DIR@/good;
--- error_log
apigw_auth: apigw_revocation: "file=" is given twice; write it once in



=== a second directive
--- conf
apigw_revocation file=@DIR@/good;
apigw_revocation file=@DIR@/good;
--- error_log
"apigw_revocation" directive is duplicate in



=== an interval below a second
--- conf
apigw_revocation file=@DIR@/good interval=500ms;
--- error_log
apigw_auth: apigw_revocation: invalid "interval" "500ms"; give a time from 1s to 1h in



=== an interval above an hour
--- conf
apigw_revocation file=@DIR@/good interval=2h;
--- error_log
apigw_auth: apigw_revocation: invalid "interval" "2h"; give a time from 1s to 1h in



=== a size that is none
--- conf
apigw_revocation file=@DIR@/good size=big;
--- error_log
apigw_auth: apigw_revocation: invalid "size" "big"; give "auto" or a size from 64k to 1g in



=== a size that is too small for anything
--- conf
apigw_revocation file=@DIR@/good size=4k;
--- error_log
apigw_auth: apigw_revocation: invalid "size" "4k"; give "auto" or a size from 64k to 1g in



=== a size that is too small for the file
--- conf
apigw_revocation file=@DIR@/many size=64k;
--- error_log
many" takes a "size" of 188416; raise it, or write "auto" in



=== a staleness that is no time
--- conf
apigw_revocation file=@DIR@/good max_stale=never;
--- error_log
apigw_auth: apigw_revocation: invalid "max_stale" "never"; give a time of 1s or more, or "off" in



=== a staleness below the interval
--- conf
apigw_revocation file=@DIR@/good interval=10s max_stale=5s;
--- error_log
apigw_auth: apigw_revocation: "max_stale" is below "interval"; raise it in



=== a file that is not there
--- conf
apigw_revocation file=@DIR@/none;
--- error_log eval
qr{apigw_auth: apigw_revocation "file": file "\S+/none" open\(\) failed: No such file or directory; give a readable file of at most}



=== a line that is wrong, with its number
--- conf
apigw_revocation file=@DIR@/wrong;
--- error_log eval
qr{apigw_auth: apigw_revocation "file": "\S+/wrong", line 2: the value is missing; correct or remove the line in}



=== a Redis that is not defined
--- conf
apigw_revocation redis=main;
--- error_log eval
qr{apigw_auth: apigw_revocation: unknown redis "main"; define it by "apigw_auth_redis main \{ \.\.\. \}" in \S+nginx\.conf:\d+}



=== a Redis may be defined afterwards
--- conf
apigw_revocation redis=main size=128k max_stale=off;
apigw_auth_redis main { server 127.0.0.1:1; }
--- request
GET /t
--- error_code: 204
--- no_error_log
[alert]
[emerg]



=== two of one name
--- conf
apigw_auth_redis main { server 127.0.0.1:1; }
apigw_auth_redis main { server 127.0.0.1:1; }
--- error_log
apigw_auth: apigw_auth_redis "main": duplicate name; give each its own in



=== a name with other characters
--- conf
apigw_auth_redis "a b" { server 127.0.0.1:1; }
--- error_log
apigw_auth: apigw_auth_redis "a b": invalid name; use letters, digits



=== a server on another host, in the clear
--- conf
apigw_auth_redis main { server 192.0.2.1:6379; }
--- error_log
apigw_auth_redis "main" has a server on another host, reached without TLS; add "tls on;", or accept that with "plain on;" in



=== a server by name counts as another host
--- conf
apigw_auth_redis main { server localhost:6379; }
--- error_log
apigw_auth_redis "main" has a server on another host, reached without TLS



=== a server on another host, in so many words
--- conf
apigw_auth_redis main { server 192.0.2.1:6379; plain on; }
--- request
GET /t
--- error_code: 204



=== a server on another host, over TLS
--- conf
resolver 127.0.0.1:1;
apigw_auth_redis main { server 192.0.2.1:6379; tls on; }
apigw_auth_redis named { server redis.example:6379; tls on; plain off; }
--- request
GET /t
--- error_code: 204
--- no_error_log
[emerg]
[warn]



=== "tls off" is no TLS
--- conf
apigw_auth_redis main { server 192.0.2.1:6379; tls off; }
--- error_log
apigw_auth_redis "main" has a server on another host, reached without TLS



=== TLS and plain at once
--- conf
apigw_auth_redis main { server 192.0.2.1:6379; tls on; plain on; }
--- error_log
apigw_auth_redis "main" has both "tls on" and "plain on"; remove the one that is not meant in



=== servers on this host need no words
--- conf
apigw_auth_redis a { server 127.0.0.2:6379; }
apigw_auth_redis b { server [::1]:6379; plain off; prefix gateway; }
apigw_auth_redis c { server unix:@DIR@/redis.sock; }
--- request
GET /t
--- error_code: 204
--- no_error_log
[emerg]



=== "plain" is a word of two
--- conf
apigw_auth_redis main { server 192.0.2.1:6379; plain perhaps; }
--- error_log
"plain" directive of apigw_auth_redis "main" needs "on" or "off" in



=== an unknown parameter of a Redis
--- conf
apigw_auth_redis main { colour blue; }
--- error_log
unknown directive "colour" in apigw_auth_redis "main", expected server, cluster, sentinel, username, password_file, sentinel_password_file, database, connect_timeout, timeout, reply_timeout, queue, prefix, secret_file, breaker, plain, tls or one of tls_verify, tls_name, tls_trusted_certificate, tls_certificate and tls_certificate_key in
