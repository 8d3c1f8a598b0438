# What "nginx -t" refuses of the parameters that tell how a key server is
# reached: with the file, the line, what is wrong and what to write instead.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Test::Nginx::Socket 'no_plan';

sub block {
    my ($text, $url) = @_;
    $url //= 'https://127.0.0.1:1/keys';
    return "apigw_jwt_provider corp { issuer https://idp.example.com;"
           . " audience a; jwks_uri $url;\n$text\n}";
}

sub fault {
    my ($text) = @_;
    return qr/\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": \Q$text\E in \S+nginx\.conf:\d+/;
}

Apigw::Token::pem('ec256');
Apigw::Token::file('none.pem', "no certificate\n", 0644);

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('config', 'location /t { return 204; }');
    $block->set_value('must_die', '') unless defined $block->error_code;
});

run_tests();

__DATA__

=== all of them, as they should be
--- http_config eval
main::block('resolver 127.0.0.1:1 valid=30s ipv6=off; connect_timeout 500ms; keepalive 0; plain_http on; tls_verify on; tls_name idp.example;', 'http://192.0.2.1:1/keys')
--- error_code: 204



=== http to another machine
--- http_config eval: main::block('', 'http://192.0.2.1/keys')
--- error_log eval
main::fault('"http://192.0.2.1/keys": plain HTTP to another machine; use https://, or add "plain_http on"')



=== http to another machine with plain_http off
--- http_config eval: main::block('plain_http off;', 'http://idp.example/keys')
--- error_log eval
main::fault('"http://idp.example/keys": plain HTTP to another machine; use https://, or add "plain_http on"')



=== a host name without a resolver
--- http_config eval: main::block('', 'https://idp.example/keys')
--- error_log eval
qr{"https://idp\.example/keys": a host name without "resolver"; add it here or to http, or write an address in \S+nginx\.conf:\d+}



=== a host name with its own resolver
--- http_config eval: main::block('resolver 127.0.0.1:1;', 'https://idp.example/keys')
--- error_code: 204



=== a host name with the resolver of http
--- http_config eval: 'resolver 127.0.0.1:1;' . main::block('', 'https://idp.example/keys')
--- error_code: 204



=== a resolver that is none
--- http_config eval: main::block('resolver valid=never;')
--- error_log eval
main::fault('invalid "resolver"; write it as nginx\'s directive, such as "resolver 127.0.0.1 valid=30s"')



=== a connect_timeout that is no time
--- http_config eval: main::block('connect_timeout soon;')
--- error_log eval
main::fault('invalid "connect_timeout" "soon"; give a time above 0')



=== a connect_timeout of 0
--- http_config eval: main::block('connect_timeout 0;')
--- error_log eval
main::fault('invalid "connect_timeout" "0"; give a time above 0')



=== a keepalive that is no number
--- http_config eval: main::block('keepalive many;')
--- error_log eval
main::fault('invalid "keepalive" "many"; give a number from 0 to 1024')



=== a keepalive that is too large
--- http_config eval: main::block('keepalive 1025;')
--- error_log eval
main::fault('invalid "keepalive" "1025"; give a number from 0 to 1024')



=== a plain_http that is neither on nor off
--- http_config eval: main::block('plain_http yes;')
--- error_log eval
main::fault('invalid "plain_http" "yes"; write "on" or "off"')



=== a tls_verify that is neither on nor off
--- http_config eval: main::block('tls_verify On;')
--- error_log eval
main::fault('invalid "tls_verify" "On"; write "on" or "off"')



=== an empty tls_name
--- http_config eval: main::block('tls_name "";')
--- error_log eval
main::fault('empty "tls_name"; give a value, or leave it out')



=== one of them twice
--- http_config eval: main::block('keepalive 1; keepalive 2;')
--- error_log eval
main::fault('duplicate "keepalive"; write it once')



=== trusted certificates that are not there
--- http_config eval: main::block('tls_trusted_certificate /nowhere/ca.pem;')
--- error_log eval
main::fault('cannot load "tls_trusted_certificate" "/nowhere/ca.pem"; give a readable file of PEM certificates')



=== a file without certificates
--- http_config eval: main::block("tls_trusted_certificate $Apigw::Token::Dir/none.pem;")
--- error_log eval
main::fault(qq{cannot load "tls_trusted_certificate" "$Apigw::Token::Dir/none.pem"; give a readable file of PEM certificates})



=== a certificate without its key
--- http_config eval: main::block('tls_certificate /nowhere/c.pem;')
--- error_log eval
main::fault('"tls_certificate" alone; add "tls_certificate_key"')



=== a key without its certificate
--- http_config eval: main::block('tls_certificate_key /nowhere/c.key;')
--- error_log eval
main::fault('"tls_certificate_key" alone; add "tls_certificate"')



=== a certificate that cannot be loaded
--- http_config eval
main::block("tls_certificate $Apigw::Token::Dir/none.pem; tls_certificate_key $Apigw::Token::Dir/ec256.pem;")
--- error_log eval
main::fault(qq{cannot load "tls_certificate" "$Apigw::Token::Dir/none.pem" and its key; give two readable PEM files that belong together})



=== tls_verify off warns
--- http_config eval: main::block('tls_verify off;')
--- error_code: 204
