# Services fetch the keys that verify assertions: public parts alone, by GET
# and HEAD, to be kept for five minutes.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Auth;
use Apigw::Assertion ();
use JSON::PP ();
use Test::Nginx::Socket 'no_plan';

for my $key (qw(ec256 rsa2)) {
    chmod 0600, Apigw::Token::pem($key);
}

my $public = Apigw::Token::openssl("pkey -pubout -in $Apigw::Token::Dir/rsa2.pem");
Apigw::Token::file('public.pem', $public, 0644);

our $Block = q{
    apigw_auth_assertion orders {
        key_file $TEST_NGINX_TOKEN_DIR/ec256.pem;
        alg ES256; issuer i; audience a; header X-A;
        published_key_file $TEST_NGINX_TOKEN_DIR/public.pem $TEST_NGINX_TOKEN_DIR/ec256.pem;
    }
};

our $Config = q{
    location = /t { apigw_auth_assertion_jwks orders; }
};

sub jwk {
    my ($key, $alg) = @_;
    my $jwk = Apigw::Token::jwk($key, kid => undef);

    return { %$jwk, kid => Apigw::Assertion::thumbprint($jwk), alg => $alg,
             use => 'sig' };
}

# The document, members in order.
our $Keys = JSON::PP->new->canonical->encode({ keys => [
    jwk('ec256', 'ES256'), jwk('rsa2', 'RS256')
] });

sub in_order {
    my ($body) = @_;
    my $json = JSON::PP->new->canonical;
    return $json->encode($json->decode($body));
}

run_tests();

__DATA__

=== GET gives the public keys, each once, the one that signs first
--- http_config eval: $::Block
--- config eval: $::Config
--- response_headers
Content-Type: application/jwk-set+json
Cache-Control: max-age=300
--- response_body_filters eval
\&main::in_order
--- response_body eval
$::Keys



=== the document is as long as it says, and holds nothing private
--- http_config eval: $::Block
--- config eval: $::Config
--- response_headers_like
Content-Length: \d+
--- response_body_unlike: "(d|p|q|dp|dq|qi|k)":



=== HEAD gives the headers alone
--- http_config eval: $::Block
--- config eval: $::Config
--- request
HEAD /t
--- response_headers_like
Content-Type: application/jwk-set\+json
Content-Length: \d+
--- response_body



=== any other method is refused with 405 and told those that do
--- http_config eval: $::Block
--- config eval: $::Config
--- request eval
["POST /t\nbody", "PUT /t\nbody", "DELETE /t", "OPTIONS /t"]
--- error_code eval
[405, 405, 405, 405]
--- response_headers eval
[("Allow: GET, HEAD") x 4]



=== GET with a body leaves the connection in order
--- http_config eval: $::Block
--- config eval: $::Config
--- pipelined_requests eval
["GET /t\nbody", "GET /t"]
--- response_body_like eval
['"keys"', '"keys"']



=== over HTTP/2
--- http2
--- http_config eval: $::Block
--- config eval: $::Config
--- response_headers
content-type: application/jwk-set+json
cache-control: max-age=300
--- response_body_like: "keys":\[



=== a subrequest gets it, too
--- http_config eval: $::Block
--- config eval
$::Config . q{
    location /page.html {
        ssi on;
        root $TEST_NGINX_TOKEN_DIR;
    }
}
--- init
Apigw::Token::file('page.html', '[<!--# include virtual="/t" -->]', 0644);
--- request
GET /page.html
--- response_body_like: ^\[\{"keys":.*\}\]$



=== the location's own policy holds
--- http_config eval: "$Apigw::Auth::Config $::Block"
--- config
location = /t { apigw_auth jwt=corp; apigw_auth_assertion_jwks orders; }
--- error_code: 401
--- refused: token_missing



=== a location below it has none
--- http_config eval: $::Block
--- config
location /t { apigw_auth_assertion_jwks orders; location /t/below { return 204; } }
--- request
GET /t/below
--- error_code: 204

