# The service learns who is calling from a short-lived token, which it verifies
# with the published keys; no client can send one.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Assertion ();
use Apigw::Auth ();
use Apigw::Nginx ();
use Apigw::Token ();
use MIME::Base64 qw(encode_base64url);
use Test::More;
use Time::HiRes qw(sleep);

Apigw::Auth::start_echo();

my $echo = $ENV{TEST_NGINX_ECHO};
my $header = 'X-Gateway-Assertion';
my $secret = 'a secret of HS256 with 32 bytes.';

my %file = (
    map({ ($_ => Apigw::Token::pem($_)) } qw(ec256 rsa2)),
    hs => Apigw::Token::file('hs.key', encode_base64url($secret) . "\n", 0600),
    page => Apigw::Token::file('page.html',
                               '<!--# include virtual="/public" -->', 0644),
);
chmod 0600, @file{qw(ec256 rsa2)};

# A key that is to come.
Apigw::Token::openssl('genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256'
                      . " -out $Apigw::Token::Dir/next.pem");
chmod 0600, $file{next} = "$Apigw::Token::Dir/next.pem";

sub assertion {
    my ($name, $key, $alg, $more) = @_;
    return "apigw_auth_assertion $name { key_file $key; alg $alg;
            issuer https://api.example.com; audience $name; $more }\n";
}

sub http {
    my ($orders) = @_;

    return Apigw::Token::provider('corp', 'plan_claim plan;')
        . Apigw::Token::key_store('partners')
        . $orders
        . assertion('rsa', $file{rsa2}, 'RS256',
                    'header Authorization Bearer; claims consumer; ttl 10m;')
        . assertion('hs', $file{hs}, 'HS256', 'header X-Secret; claims off;')
        . assertion('short', $file{ec256}, 'ES256', 'header X-Short; ttl 5s;')
        . <<"CONF";
        underscores_in_headers on;
        server {
            listen 127.0.0.1:\@PORT\@;
            listen unix:\@DIR\@/h2.sock http2;
            apigw_auth jwt=corp key=partners;
            apigw_auth_assert orders;

            location /orders { proxy_pass $echo; }
            location /rsa {
                apigw_auth_assert rsa;
                apigw_auth_forward token=strip key=strip;
                proxy_pass $echo;
            }
            location /hs { apigw_auth_assert hs; proxy_pass $echo; }
            location /short { apigw_auth_assert short; proxy_pass $echo; }
            location /none { apigw_auth_assert off; proxy_pass $echo; }
            location /public { apigw_auth off; proxy_pass $echo; }
            location /anonymous {
                apigw_auth_anonymous consumer=guest;
                proxy_pass $echo;
            }
            location /preflight {
                apigw_auth_preflight pass;
                proxy_pass $echo;
            }
            location /scope {
                apigw_require_scope orders:write;
                proxy_pass $echo;
            }
            location /any {
                satisfy any;
                allow all;
                proxy_pass $echo;
            }
            location /dry {
                apigw_auth_dry_run on;
                proxy_pass $echo;
            }
            location /ssi {
                ssi on;
                default_type text/html;
                alias $file{page};
            }
            location /first { try_files /nowhere /rsa; }
            location /second { try_files /nowhere /none; }
            location /named { try_files /nowhere \@named; }
            location \@named { proxy_pass $echo; }
            location /except {
                apigw_auth_assert off;
                limit_except GET { apigw_auth_assert orders; }
                proxy_pass $echo;
            }
            location = /jwks {
                apigw_auth off;
                apigw_auth_assertion_jwks orders;
            }
            location = /jwks-rsa {
                apigw_auth off;
                apigw_auth_assertion_jwks rsa;
            }
        }
CONF
}

my $more = "header $header; ttl 10m; claim tenant \$http_x_tenant;";
my $orders = assertion('orders', $file{ec256}, 'ES256', $more);

my $nginx = Apigw::Nginx->new(modules => ['auth'], http => http($orders));

my $good = Apigw::Token::token(claims => { plan => 'gold' });
my @bearer = (Authorization => "Bearer $good");
my $jwks = ($nginx->request(GET => '/jwks'))[2];

sub get {
    my ($path, @headers) = @_;
    return $nginx->request(GET => $path, { @headers });
}

# The claims that the service is told, verified.
sub told {
    my ($path, @headers) = @_;
    my ($status, undef, $head) = get($path, @headers);
    my $token = Apigw::Assertion::sent($head, $header) or return {};
    return Apigw::Assertion::verified($token, $jwks) // {};
}

subtest 'ES256: a token that the published keys verify' => sub {
    my ($status, undef, $head) = get('/orders', @bearer);
    my ($token, @others) = Apigw::Assertion::sent($head, $header);

    is $status, 200, 'admitted';
    is @others, 0, 'one line';
    is_deeply [sort keys %{ Apigw::Assertion::header($token) }],
        [qw(alg kid typ)], 'header';

    my $claims = Apigw::Assertion::verified($token, $jwks);
    ok $claims, 'verified';

    my ($iat, $exp, $jti) = delete @$claims{qw(iat exp jti)};
    is $exp - $iat, 600, 'lives as long as ttl says';
    ok $iat <= time && $iat > time - 60, 'from now on';
    like $jti, qr/^[0-9a-f]{32}$/, 'jti';
    is_deeply $claims, {
        iss => 'https://api.example.com', aud => 'orders', consumer => 'shop',
        sub => 'alice', scope => 'orders:read orders:list', plan => 'gold',
    }, 'claims, none that is empty';
};

subtest 'RS256 in Authorization, behind a scheme' => sub {
    my (undef, undef, $head) = get('/rsa', @bearer);
    my ($value, @others) = Apigw::Assertion::sent($head, 'Authorization');
    my ($token) = $value =~ /^Bearer (\S+)$/;

    is @others, 0, "the client's own token is gone";
    isnt $token, $good, 'ours';

    my $claims = Apigw::Assertion::verified($token,
        ($nginx->request(GET => '/jwks-rsa'))[2]);
    is_deeply [sort keys %$claims], [qw(aud consumer exp iat iss jti)],
        'only the claims listed';
};

subtest 'HS256 names no key' => sub {
    my (undef, undef, $head) = get('/hs', @bearer);
    my $token = Apigw::Assertion::sent($head, 'X-Secret');
    my $claims = Apigw::Assertion::verified_hmac($token, $secret);

    is_deeply [sort keys %{ $claims // {} }], [qw(aud exp iat iss jti)],
        'claims off';
    is $claims->{exp} - $claims->{iat}, 60, 'ttl is 60s';
};

subtest 'an API key has no sub' => sub {
    my $claims = told('/orders', 'X-API-Key' => Apigw::Token::api_key('acme0001'));
    is $claims->{consumer}, 'acme';
    is $claims->{plan}, 'gold';
    is $claims->{scope}, 'orders:read orders:list';
    ok !exists $claims->{sub};
};

is told('/anonymous')->{consumer}, 'guest', 'the anonymous name is told';
ok !exists told('/anonymous')->{sub}, 'and no other';

subtest 'values are escaped' => sub {
    my $value = qq(a","consumer":"evil\\ \xc3\xa4);
    my $claims = told('/orders', @bearer, 'X-Tenant' => $value);
    is $claims->{tenant}, $value;
    is $claims->{consumer}, 'shop';
};

subtest 'one that cannot be told: 500' => sub {
    my ($status, $headers, $body) = get('/orders', @bearer, 'X-Tenant' => "\xff");
    is $status, 500;
    is $headers->{'content-type'}, 'application/problem+json';
    like $body, qr/"detail":"The caller cannot be told to the service\."/;
    ok !exists $headers->{'www-authenticate'}, 'no challenge';
    unlike $body, qr/assertion/;
    like $nginx->log, qr/\[error\] .*apigw_auth: assertion "orders" cannot be signed: a claim is not valid UTF-8/;
    like $nginx->log, qr/\[error\] .*apigw_auth: client refused, reason "assertion_failed"/;

    is((get('/any', @bearer, 'X-Tenant' => "\xff"))[0], 500, 'satisfy any');

    my ($dry, undef, $head) = get('/dry', @bearer, 'X-Tenant' => "\xff");
    is $dry, 200, 'dry run';
    is Apigw::Assertion::sent($head, $header), undef, 'goes without';

    is((get('/orders', @bearer, 'X-Tenant' => 'x' x 7000))[0], 200,
       'a large one, not kept');
};

my $broken = Apigw::Token::token(claims => { sub => "a\nb" });
is((get('/orders', Authorization => "Bearer $broken"))[0], 403,
   'a sub with a control byte is refused');
like $nginx->log, qr/reason "identity_unsafe"/, 'with its reason';

subtest 'one signature serves for half of its life' => sub {
    my @jti = map { told('/orders', @bearer)->{jti} } 1 .. 2;
    is $jti[0], $jti[1], 'the same token';

    my $other = Apigw::Token::token(claims => { plan => 'gold', x => 1 });
    is told('/orders', Authorization => "Bearer $other")->{jti}, $jti[0],
        'for another token of the same caller';

    isnt told('/orders', @bearer, 'X-Tenant' => 'a')->{jti}, $jti[0],
        'not for other claims';

    my $bob = Apigw::Token::token(claims => { plan => 'gold', sub => 'bob' });
    is told('/orders', Authorization => "Bearer $bob")->{sub}, 'bob',
        'nor for another caller';

    my $at = sub {
        my (undef, undef, $head) = get('/short', @bearer);
        return Apigw::Assertion::claims(Apigw::Assertion::sent($head, 'X-Short'));
    };
    my $first = $at->();
    my $next = $first;
    Apigw::Auth::wait_for('a new one', sub {
        $next = $at->();
        return $next->{jti} ne $first->{jti};
    });
    ok $next->{iat} - $first->{iat} >= 2, 'then another is signed';
    ok $next->{exp} - $next->{iat} == 5, 'with a life of its own';
};

subtest 'none outlives the credential' => sub {
    my $now = time;
    my $near = Apigw::Token::token(claims => { plan => 'gold',
                                               exp => $now + 300 });
    is told('/orders', Authorization => "Bearer $near")->{exp}, $now + 300,
        'though a longer one was kept';
    ok told('/orders', @bearer)->{exp} > $now + 300,
        'which still serves others';

    my $over = Apigw::Token::token(claims => { exp => $now - 2 });
    is told('/orders', Authorization => "Bearer $over")->{exp}, $now - 2,
        'within the leeway it is over, too';
};

subtest 'no client sends one' => sub {
    my @evil = ($header => 'evil', lc $header => 'evil',
                'X_Gateway_Assertion' => 'evil', 'X-Secret' => 'evil',
                'X-Short' => 'evil');

    my (undef, undef, $head) = get('/orders', @bearer, @evil);
    unlike $head, qr/evil/, 'beside ours';
    is scalar(my @all = Apigw::Assertion::sent($head, $header)), 1, 'one line';

    for my $path ('/public', '/none', '/any', '/anonymous') {
        my @who = $path eq '/none' ? @bearer : ();
        ($_, undef, $head) = get($path, @who, @evil);
        is $_, 200, "$path answers";
        unlike $head, qr/evil/, "nothing at $path";
    }

    (undef, undef, $head) = get('/public', @bearer);
    unlike $head, qr/Authorization/, 'a name of the client goes as well';
};

subtest 'who is not known is not told' => sub {
    is Apigw::Assertion::sent((get('/any'))[2], $header), undef, 'satisfy any';
    is Apigw::Assertion::sent((get('/dry'))[2], $header), undef, 'dry run';
    is_deeply told('/public', @bearer), {}, 'auth off';
    is_deeply told('/none', @bearer), {}, 'assert off';

    my ($status, undef, $head) = $nginx->request(OPTIONS => '/preflight',
        { Origin => 'https://a.example',
          'Access-Control-Request-Method' => 'GET' });
    is $status, 200, 'a preflight passes';
    is Apigw::Assertion::sent($head, $header), undef, 'without one';

    is((get('/scope', @bearer))[0], 403, 'who may not is refused');
};

subtest 'limit_except has its own' => sub {
    is_deeply told('/except', @bearer), {}, 'GET';
    my (undef, undef, $head) = $nginx->request(POST => '/except', { @bearer },
                                               'body');
    ok Apigw::Assertion::verified(Apigw::Assertion::sent($head, $header),
                                  $jwks), 'POST';
};

is told('/ssi', @bearer)->{consumer}, 'shop',
    "a subrequest carries the main request's";

subtest 'an internal redirect leads to the assertion of its end' => sub {
    my (undef, undef, $head) = get('/first', @bearer);
    is Apigw::Assertion::sent($head, $header), undef, 'not the first one';
    like Apigw::Assertion::sent($head, 'Authorization'), qr/^Bearer /;
    unlike $head, qr/\Q$good/, 'the second one';

    is_deeply told('/second', @bearer), {}, 'or to none';

    (undef, undef, $head) = get('/named', @bearer);
    is scalar(my @all = Apigw::Assertion::sent($head, $header)), 1,
        'a named location has one';
};

SKIP: {
    skip 'no curl with HTTP/2', 1
        unless `curl --version 2>/dev/null` =~ /HTTP2/;

    my $head = `curl -s --http2-prior-knowledge --unix-socket @{[ $nginx->dir ]}/h2.sock -H 'Authorization: Bearer $good' -H 'x-gateway-assertion: evil' http://localhost/orders`;
    ok Apigw::Assertion::verified(Apigw::Assertion::sent($head, $header),
                                  $jwks), 'the same over HTTP/2';
}

subtest 'a key is rotated without a gap' => sub {
    my (undef, undef, $head) = get('/orders', @bearer);
    my $old = Apigw::Assertion::sent($head, $header);

    my $configure = sub {
        my ($key, $published) = @_;
        $nginx->{options}{http} = http(assertion('orders', $key, 'ES256',
            "$more published_key_file $published;"));
        $nginx->write('nginx.conf', $nginx->conf);
        ok $nginx->reload, 'reload';
        $jwks = ($nginx->request(GET => '/jwks'))[2];
        (undef, undef, $head) = get('/orders', @bearer);
        return Apigw::Assertion::sent($head, $header);
    };

    my $token = $configure->($file{ec256}, $file{next});
    my $kid = Apigw::Assertion::header($token)->{kid};
    is $kid, Apigw::Assertion::header($old)->{kid}, 'the old key signs';
    ok Apigw::Assertion::verified($token, $jwks), 'as published';
    is scalar(my @kids = $jwks =~ /"kid"/g), 2, 'beside the next';

    $token = $configure->($file{next}, $file{ec256});
    isnt Apigw::Assertion::header($token)->{kid}, $kid, 'the new key signs';
    ok Apigw::Assertion::verified($_, $jwks), 'published' for $token, $old;
    unlike $jwks, qr/"d":/, 'nothing private is';
};

unlink $file{next};
isnt told('/orders', @bearer, 'X-Tenant' => 'new')->{jti}, undef,
    'a key file is read at start alone';

subtest 'nothing secret is logged' => sub {
    my $log = $nginx->log;

    unlike $log, qr/\Q$secret/, 'a secret';
    unlike $log, qr/\Q@{[ encode_base64url($secret) ]}/, 'nor encoded';
    unlike $log, qr/eyJ/, 'a token';
    unlike $log, qr/PRIVATE KEY/, 'a key';
    unlike $log, qr/\[(alert|crit|emerg)\]/, 'no alert';
    unlike $log, qr/stale global SSL error/;
};

is $nginx->stop, 0, 'nginx ends in order';

done_testing;
