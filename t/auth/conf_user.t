# Workers look at files again: one that nginx's user cannot read is refused at
# start, not found out after the first change.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Nginx ();
use Apigw::Token ();
use Test::More;

plan skip_all => 'only root can start nginx for another user' if $> != 0;

my $nginx = Apigw::Nginx->new(modules => ['auth'],
    http => 'server { listen 127.0.0.1:@PORT@; }');

sub config_test {
    my ($http) = @_;

    $nginx->{options}{http} = $http;
    $nginx->write('nginx.conf', $nginx->conf
                  =~ s/^user root root;/user nobody nogroup;/mr);
    my ($status, $output) = $nginx->test;

    return $output;
}

my $keys = Apigw::Token::file('closed.keys', '', 0600);
my $jwks = Apigw::Token::file('closed.json', Apigw::Token::jwks('rsa'), 0600);

like config_test("apigw_key_store partners { file $keys; }"),
    qr/\[emerg\] .*apigw_auth: apigw_key_store "partners": nginx's user may not read file "\S+\/closed\.keys", which workers look at again; give it the user's group and mode 0640 in \S+:\d+/,
    'a key file';

like config_test("apigw_jwt_provider corp { issuer i; audience a;
                  jwks_file $jwks; }"),
    qr/\[emerg\] .*apigw_auth: apigw_jwt_provider "corp": nginx's user may not read jwks_file "\S+\/closed\.json", which workers look at again; give it the user's group and mode 0640 in \S+:\d+/,
    'a key set';

like config_test("apigw_jwt_provider corp { issuer i; audience a;
                  algorithms HS256; jwks_file "
                 . Apigw::Token::jwks_file('oct') . '; }'),
    qr/\[emerg\] .*nginx's user may not read jwks_file/, 'a secret key set';

is $nginx->stop, 0, 'nginx ends in order';

done_testing;
