# What "nginx -t" refuses of an apigw_key_store and its file.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Test::Nginx::Socket 'no_plan';

sub block {
    my ($text) = @_;
    return "apigw_key_store partners { $text }";
}

our $Line = Apigw::Token::key_line('acme0001', 'consumer=acme');
our $Digest = (split ' ', $Line)[1];

Apigw::Token::file('page', "page\n", 0644);
Apigw::Token::file('good.keys', $Line, 0644);
Apigw::Token::file('many.keys', join('', map { Apigw::Token::key_line("key0$_", 'consumer=c') } 1000 .. 1999), 0644);
Apigw::Token::file('open', 'ab' x 32 . "\n", 0644);
Apigw::Token::file('short', "abcd\n", 0600);
Apigw::Token::file('noconsumer.keys', "acme0001 $Digest plan=a\n", 0644);
Apigw::Token::file('unknown.keys', "# one\nacme0001 $Digest consumer=a b=c\n",
                   0644);
Apigw::Token::file('digest.keys', "acme0001 sha256:00 consumer=a\n", 0644);
Apigw::Token::file('twice.keys', $Line . Apigw::Token::key_line('acme0001',
                   'consumer=a', 'another-key-of-theirs'), 0644);
Apigw::Token::file('same.keys', $Line . "acme0002 $Digest consumer=a\n", 0644);
Apigw::Token::file('cut.keys', $Line =~ s/\n//r, 0644);
Apigw::Token::file('long.keys', $Line =~ s/acme\n/'a' x 1024 . "\n"/er, 0644);

run_tests();

__DATA__

=== neither file nor Redis
--- http_config eval
main::block(q{})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": no source of keys; add "file PATH;", which "apigw-key create" makes, or "redis NAME;" in \S+nginx\.conf:\d+}



=== an unknown parameter
--- http_config eval
main::block(q{colour blue;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": unknown parameter "colour"; the parameters are file, name, pepper_file, prefix, check, size, redis, redis_ttl, redis_negative_ttl, redis_on_error in \S+nginx\.conf:\d+}



=== a parameter given twice
--- http_config eval
main::block(q{check 1s; check 2s;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": duplicate "check"; write it once in \S+nginx\.conf:\d+}



=== too many arguments
--- http_config eval
main::block(q{file a b;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid number of arguments in "file"; it takes one in \S+nginx\.conf:\d+}



=== no argument
--- http_config eval
main::block(q{name;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid number of arguments in "name"; it takes one or more in \S+nginx\.conf:\d+}



=== an invalid name of the store
--- http_config eval
Apigw::Token::key_store("a/b")
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "a/b": invalid name; use letters, digits, "_", "-" and "\." in \S+nginx\.conf:\d+}



=== a check that is no time
--- http_config eval
main::block(q{check often;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid "check" "often"; give a time of 1s or more in \S+nginx\.conf:\d+}



=== a pepper file that is not there
--- http_config eval
main::block(q{pepper_file /none/pepper;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": pepper_file "/none/pepper" open\(\) failed: No such file or directory; give a readable file of at most 4096 bytes in \S+nginx\.conf:\d+}



=== a name that is no header
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/good.keys;name "X Key";})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid header "X Key" in "name"; write a name such as X-API-Key first in \S+nginx\.conf:\d+}



=== a protected header
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/good.keys;name Host;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid header "Host" in "name"; write a name such as X-API-Key first in \S+nginx\.conf:\d+}



=== an unknown place
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/good.keys;name X-Key query:k;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": unknown place "query:k" in "name"; write "arg:NAME", "cookie:NAME" or "basic" in \S+nginx\.conf:\d+}



=== a place without a name
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/good.keys;name X-Key arg:;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": unknown place "arg:" in "name"; write "arg:NAME", "cookie:NAME" or "basic" in \S+nginx\.conf:\d+}



=== a place named twice
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/good.keys;name X-Key cookie:k cookie:k;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": a place named twice in "name"; write each once in \S+nginx\.conf:\d+}



=== an invalid prefix
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/good.keys;prefix g_w;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid "prefix" "g_w"; use 1 to 16 letters and digits in \S+nginx\.conf:\d+}



=== a check that is too often
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/good.keys;check 500ms;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid "check" "500ms"; give a time of 1s or more in \S+nginx\.conf:\d+}



=== a file that is not there
--- http_config eval
main::block(q{file /none/k.keys;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": file "/none/k\.keys" open\(\) failed: No such file or directory; give a readable file of at most 1073741824 bytes in \S+nginx\.conf:\d+}



=== a pepper file that others may read
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/good.keys;pepper_file $TEST_NGINX_TOKEN_DIR/open;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": pepper_file "\S+" holds secrets and others may use it; run chmod 0640 on it in \S+nginx\.conf:\d+}



=== a pepper that is none
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/good.keys;pepper_file $TEST_NGINX_TOKEN_DIR/short;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": pepper_file "\S+", line 1: .*; write one or two lines of 64 hex digits in \S+nginx\.conf:\d+}



=== a line without consumer
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/noconsumer.keys;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": file "\S+/noconsumer\.keys", line 1: .*; correct or remove the line in \S+nginx\.conf:\d+}



=== a line with an unknown attribute
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/unknown.keys;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": file "\S+/unknown\.keys", line 2: .*; correct or remove the line in \S+nginx\.conf:\d+}



=== a line with a bad digest
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/digest.keys;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": file "\S+/digest\.keys", line 1: .*; correct or remove the line in \S+nginx\.conf:\d+}



=== an id given twice
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/twice.keys;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": file "\S+/twice\.keys", line 2: .*; correct or remove the line in \S+nginx\.conf:\d+}



=== a digest given twice
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/same.keys;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": file "\S+/same\.keys", line 2: .*; correct or remove the line in \S+nginx\.conf:\d+}



=== a last line without its newline
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/cut.keys;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": file "\S+/cut\.keys", line 1: .*; correct or remove the line in \S+nginx\.conf:\d+}



=== a line above 1024 bytes
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/long.keys;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": file "\S+/long\.keys", line 1: .*; correct or remove the line in \S+nginx\.conf:\d+}



=== a name given to two stores
--- http_config eval
Apigw::Token::key_store("partners") x 2
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": duplicate name; give each store its own in \S+nginx\.conf:\d+}



=== an argument as the place is warned about
--- http_config eval: Apigw::Token::key_store('partners', 'name X-Key arg:key;')
--- config
location /t { return 204; }
--- error_code: 204
--- error_log
"arg:key" puts keys into URLs, which are logged; prefer a header



=== an empty file is a store without keys
--- http_config eval
my $file = Apigw::Token::file('none.keys', "# nobody yet\n", 0644);
"apigw_key_store partners { file $file; }"
--- config
location /t {
    apigw_auth key=partners;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- more_headers eval
'X-API-Key: ' . Apigw::Token::api_key('acme0001')
--- error_code: 401
--- refused: key_unknown



=== every parameter at once
--- http_config eval
my $pepper = Apigw::Token::file('pepper', 'ab' x 32 . "\n", 0600);
my $file = Apigw::Token::file('all.keys', Apigw::Token::hmac_line('acme0001',
    'consumer=acme', 'ab' x 32) =~ s/^/# all\n/r, 0644);
"apigw_key_store partners {
    file        $file;
    name        X-Key arg:key cookie:key basic;
    pepper_file $pepper;
    prefix      gw;
    check       1s;
}"
--- config
location /t {
    apigw_auth key=partners;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- more_headers eval
'X-Key: ' . Apigw::Token::api_key('acme0001')
--- error_code: 200



=== a Redis that is not defined
--- http_config eval
main::block(q{redis main;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": unknown redis "main"; define it by "apigw_auth_redis main \{ \.\.\. \}" in \S+nginx\.conf:\d+}



=== a Redis without a name
--- http_config eval
main::block(q{redis "";})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": unknown redis ""; define it by "apigw_auth_redis  \{ \.\.\. \}" in \S+nginx\.conf:\d+}



=== a file without a name
--- http_config eval
main::block(q{file ""; redis main;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": file "\S+" is not a regular file; give a readable file of at most 1073741824 bytes in \S+nginx\.conf:\d+}



=== redis_ttl without Redis
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/good.keys; redis_ttl 1s;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": "redis_ttl" without "redis"; add "redis NAME;", or leave it out in \S+nginx\.conf:\d+}



=== redis_negative_ttl without Redis
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/good.keys; redis_negative_ttl 1s;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": "redis_negative_ttl" without "redis"; add "redis NAME;", or leave it out in \S+nginx\.conf:\d+}



=== redis_on_error without Redis
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/good.keys; redis_on_error deny;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": "redis_on_error" without "redis"; add "redis NAME;", or leave it out in \S+nginx\.conf:\d+}



=== size lots
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/good.keys; size lots;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid "size" "lots"; give "auto" or a size from 64k to 1g in \S+nginx\.conf:\d+}



=== size 63k
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/good.keys; size 63k;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid "size" "63k"; give "auto" or a size from 64k to 1g in \S+nginx\.conf:\d+}



=== size 2g
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/good.keys; size 2g;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid "size" "2g"; give "auto" or a size from 64k to 1g in \S+nginx\.conf:\d+}



=== size auto is good
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/good.keys; size auto;})
--- config
location /t { return 204; }
--- request
GET /t
--- error_code: 204
--- no_error_log
[alert]
[crit]



=== size 64k is good
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/good.keys; size 64k;})
--- config
location /t { return 204; }
--- request
GET /t
--- error_code: 204
--- no_error_log
[alert]
[crit]



=== a size that is too small for the file
--- http_config eval
main::block(q{file $TEST_NGINX_TOKEN_DIR/many.keys; size 64k;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": file "\S+many\.keys" takes a "size" of \d+; raise it, or write "auto" in \S+nginx\.conf:\d+}



=== size without a file
--- http_config eval
main::block(q{redis main; size 1m;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": "size" without "file"; add "file PATH;", or leave it out in \S+nginx\.conf:\d+}



=== check without a file
--- http_config eval
main::block(q{redis main; check 1s;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": "check" without "file"; add "file PATH;", or leave it out in \S+nginx\.conf:\d+}



=== redis_ttl that is no time
--- http_config eval
main::block(q{redis main; redis_ttl soon;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid "redis_ttl" "soon"; give a time from 0 to 1d in \S+nginx\.conf:\d+}



=== redis_ttl above a day
--- http_config eval
main::block(q{redis main; redis_ttl 2d;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid "redis_ttl" "2d"; give a time from 0 to 1d in \S+nginx\.conf:\d+}



=== redis_negative_ttl that is no time
--- http_config eval
main::block(q{redis main; redis_negative_ttl soon;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid "redis_negative_ttl" "soon"; give a time from 0 to 1d in \S+nginx\.conf:\d+}



=== redis_negative_ttl above a day
--- http_config eval
main::block(q{redis main; redis_negative_ttl 2d;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid "redis_negative_ttl" "2d"; give a time from 0 to 1d in \S+nginx\.conf:\d+}



=== redis_on_error allow
--- http_config eval
main::block(q{redis main; redis_on_error allow;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid "redis_on_error" "allow"; write "deny", or "stale=TIME" with a time from 1s to 1d in \S+nginx\.conf:\d+}



=== redis_on_error stale
--- http_config eval
main::block(q{redis main; redis_on_error stale;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid "redis_on_error" "stale"; write "deny", or "stale=TIME" with a time from 1s to 1d in \S+nginx\.conf:\d+}



=== redis_on_error stale=
--- http_config eval
main::block(q{redis main; redis_on_error stale=;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid "redis_on_error" "stale="; write "deny", or "stale=TIME" with a time from 1s to 1d in \S+nginx\.conf:\d+}



=== redis_on_error stale=0
--- http_config eval
main::block(q{redis main; redis_on_error stale=0;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid "redis_on_error" "stale=0"; write "deny", or "stale=TIME" with a time from 1s to 1d in \S+nginx\.conf:\d+}



=== redis_on_error stale=2d
--- http_config eval
main::block(q{redis main; redis_on_error stale=2d;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid "redis_on_error" "stale=2d"; write "deny", or "stale=TIME" with a time from 1s to 1d in \S+nginx\.conf:\d+}



=== redis_on_error stale=long
--- http_config eval
main::block(q{redis main; redis_on_error stale=long;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid "redis_on_error" "stale=long"; write "deny", or "stale=TIME" with a time from 1s to 1d in \S+nginx\.conf:\d+}



=== redis_on_error deny=1s
--- http_config eval
main::block(q{redis main; redis_on_error deny=1s;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid "redis_on_error" "deny=1s"; write "deny", or "stale=TIME" with a time from 1s to 1d in \S+nginx\.conf:\d+}



=== redis_on_error -1
--- http_config eval
main::block(q{redis main; redis_on_error -1;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid "redis_on_error" "-1"; write "deny", or "stale=TIME" with a time from 1s to 1d in \S+nginx\.conf:\d+}



=== two Redis
--- http_config eval
main::block(q{redis main other;})
--- config
location /t { return 204; }
--- must_die
--- error_log eval
qr{\[emerg\] .*apigw_auth: apigw_key_store "partners": invalid number of arguments in "redis"; it takes one in \S+nginx\.conf:\d+}



=== every parameter of Redis at once, its block after the store's
--- http_config eval
my $pepper = Apigw::Token::file('pepper', 'ab' x 32 . "\n", 0600);
"apigw_key_store partners {
    redis              main;
    redis_ttl          0;
    redis_negative_ttl 1d;
    redis_on_error     stale=1d;
    name               X-Key arg:key cookie:key basic;
    pepper_file        $pepper;
    prefix             dev;
}
apigw_key_store staff { redis main; redis_on_error deny; name X-Staff; }
apigw_auth_redis main { server 127.0.0.1:1; }"
--- config
location /t {
    apigw_auth key=partners,staff;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- more_headers eval
'X-Key: ' . Apigw::Token::api_key('acme0001')
--- error_code: 503
--- refused: key_store_unavailable
--- no_error_log
[alert]
[emerg]



=== the store belongs to the http level
--- config
location /t { apigw_key_store partners { } }
--- must_die
--- error_log
"apigw_key_store" directive is not allowed here



=== ten thousand keys
--- http_config eval
Apigw::Token::key_store('partners', '', map {
    Apigw::Token::key_line("key$_", "consumer=c$_")
} 10000 .. 20000)
--- config
location /t {
    apigw_auth key=partners;
    add_header X-Consumer $apigw_consumer;
    alias $TEST_NGINX_TOKEN_DIR/page;
}
--- request eval: ["GET /t", "GET /t", "GET /t"]
--- more_headers eval
[map { 'X-API-Key: ' . Apigw::Token::api_key($_) } qw(key10000 key20000 key20001)]
--- error_code eval: [200, 200, 401]
--- response_headers eval
['X-Consumer: c10000', 'X-Consumer: c20000', 'X-Consumer: ']
