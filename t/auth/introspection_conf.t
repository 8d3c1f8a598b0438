# What "nginx -t" refuses of apigw_introspection and of policies that name one:
# with the file, the line, what is wrong and what to write instead.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Test::Nginx::Socket 'no_plan';

our $Secret = Apigw::Token::file('secret', "secret\n", 0600);
our $Open = Apigw::Token::file('open', "secret\n", 0644);
our $Empty = Apigw::Token::file('empty', "\n", 0600);

sub block {
    my ($more, $without) = @_;
    my %has = (endpoint => 'https://127.0.0.1:1/i', client => "gw secret_file=$Secret",
               audience => 'api');
    delete $has{$without // ''};
    return 'apigw_introspection idp { ' . join('', map { "$_ $has{$_};" } sort keys %has)
           . ($more // '') . ' }';
}

sub fault {
    my ($text) = @_;
    return qr/\[emerg\] .*apigw_auth: apigw_introspection "idp": \Q$text\E in \S+nginx\.conf:\d+/;
}

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('config', 'location /t { return 204; }') unless defined $block->config;
    $block->set_value('must_die', '') unless defined $block->error_code;
});

run_tests();

__DATA__

=== all of it, as it should be
--- http_config eval
main::block('issuer https://idp.example.com; ttl 0; negative_ttl 1s; timeout 500ms; max_inflight 1; leeway 5s; consumer_claim sub; consumer_prefix a-; scope_claim scp; role_claim roles; group_claim groups; plan_claim plan; audience_claim client_id; bind off; keepalive 0;')
--- error_code: 204



=== no endpoint
--- http_config eval: main::block('', 'endpoint')
--- error_log eval: main::fault('no "endpoint"; add "endpoint URL;"')



=== no client
--- http_config eval: main::block('', 'client')
--- error_log eval: main::fault('no "client"; add "client ID secret_file=PATH;"')



=== no audience
--- http_config eval: main::block('', 'audience')
--- error_log eval: main::fault('no "audience"; add "audience NAME;"')



=== an endpoint that is no URL
--- http_config eval: main::block('endpoint idp;', 'endpoint')
--- error_log eval
qr/"endpoint" "idp": .*; give an absolute https URL/



=== http to another machine
--- http_config eval: main::block('endpoint http://192.0.2.1/i;', 'endpoint')
--- error_log eval
main::fault('"http://192.0.2.1/i": plain HTTP to another machine; use https://, or add "plain_http on"')



=== a host without a resolver
--- http_config eval: main::block('endpoint https://idp.example/i;', 'endpoint')
--- error_log
"https://idp.example/i": a host name without "resolver"



=== a secret that others may read
--- http_config eval: main::block("client gw secret_file=$main::Open;", 'client')
--- error_log eval
main::fault(qq{secret_file "$main::Open" holds secrets and others may use it; run chmod 0640 on it})



=== a secret that is none
--- http_config eval: main::block("client gw secret_file=$main::Empty;", 'client')
--- error_log eval
main::fault(qq{secret_file "$main::Empty" does not hold a secret; write it there as one line})



=== a client without a secret
--- http_config eval: main::block('client gw method=post;', 'client')
--- error_log eval
main::fault('no secret in "client"; add "secret_file=PATH", or "method=tls"')



=== a certificate that is not there
--- http_config eval: main::block('client gw method=tls;', 'client')
--- error_log eval
main::fault('"method=tls" without a certificate to show; give "tls_certificate", "tls_certificate_key" and an https "endpoint"')



=== an unknown method
--- http_config eval: main::block("client gw secret_file=$main::Secret method=jwt;", 'client')
--- error_log
invalid argument "method=jwt" of "client"



=== bad numbers
--- http_config eval: main::block('max_inflight 0;')
--- error_log eval
main::fault('invalid "max_inflight" "0"; give a number from 1 to 65535')



=== a long ttl
--- http_config eval: main::block('ttl 2d;')
--- error_log eval
main::fault('invalid "ttl" "2d"; give a time from 0 to 1d')



=== a name given twice
--- http_config eval: main::block() . main::block()
--- error_log eval
main::fault('duplicate name; give each its own')



=== a policy that names an unknown block
--- http_config eval: main::block()
--- config
location /t { apigw_auth introspect=other; return 204; }
--- error_log
unknown introspection "other"; add "apigw_introspection other { ... }" to the http block



=== a policy that names two
--- http_config eval: main::block()
--- config
location /t { apigw_auth introspect=idp,idp; return 204; }
--- error_log
more than one block in "introspect="; a token does not tell which to ask, name one
