# A token that was verified is known for a while, in the worker and in all of
# them; whatever is asked for or has changed since is looked at again.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Auth ();
use Apigw::Nginx ();
use Apigw::Token ();
use IO::Socket::INET;
use IO::Socket::UNIX;
use Test::More;

my $Provider = sub {
    my ($name, $more, $file, $audience) = @_;
    $file //= Apigw::Token::jwks_file('rsa');
    $audience //= $Apigw::Token::Audience;
    return "apigw_jwt_provider $name { issuer $Apigw::Token::Issuer;"
           . " audience $audience; jwks_file $file; $more }\n";
};

# All of what a service or a log may be told of the caller.
my $Told = join ' ', map { "\$apigw_$_" } qw(consumer scope groups jwt_kid
    auth_provider auth_method claim_sub claims);

sub gateway {
    my ($zone, $http, $locations, %more) = @_;

    return Apigw::Nginx->new(modules => ['auth'], %more, http => <<"CONF");
        apigw_auth_zone zone=auth:1m $zone;
        $http
        keepalive_requests 1000000;
        large_client_header_buffers 4 64k;
        add_header X-Cache \$apigw_auth_cache always;
        add_header X-Told '$Told';
        server {
            listen 127.0.0.1:\@PORT\@;
            location / { apigw_auth jwt=corp; empty_gif; }
            $locations
        }
CONF
}

# Status and where the verdict came from; with a list, one request for each.
sub ask {
    my ($nginx, $token, $path) = @_;
    my ($status, $headers) = $nginx->request(GET => $path // '/',
        { defined $token ? (Authorization => "Bearer $token") : () });

    return join ' ', $status // 'none', $headers->{'x-cache'} // ();
}

sub asks {
    my ($nginx, $token, $times) = @_;
    return [map { ask($nginx, $token) } 1 .. $times];
}

# The reason of the last refusal.
sub reason {
    my ($nginx) = @_;
    my @reasons = $nginx->log =~ /client refused, reason "(\w+)"/g;
    return $reasons[-1] // 'none';
}

# Many requests on one connection; how many were answered by each status.
sub pour {
    my ($nginx, @tokens) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $nginx->port) or die;
    my %count;

    for my $token (@tokens) {
        print $socket "HEAD / HTTP/1.1\r\nHost: a\r\n"
                      . "Authorization: Bearer $token\r\n\r\n";
        while (defined(my $line = <$socket>)) {
            $count{$1}++ if $line =~ m{^HTTP/1.1 (\d+)};
            last if $line eq "\r\n";
        }
    }

    return \%count;
}

my $token = Apigw::Token::token();


subtest 'a token is verified once, then known to all, then to the worker' => sub {
    my $nginx = gateway('', $Provider->('corp', ''), '');

    is_deeply asks($nginx, $token, 4),
        ['200 miss', '200 l2', '200 l1', '200 l1'], 'miss, l2, l1';

    my $told = sub {
        my ($t) = @_;
        return map { ($nginx->request(GET => '/', { Authorization =>
            "Bearer $t" }))[1]{'x-told'} } 1 .. 3;
    };
    my ($miss, $l2, $l1) = $told->(Apigw::Token::token(claims => {
        groups => ['a', 'b'], n => 9007199254740993, text => "\"\\" }));

    like $miss, qr/^shop orders:read orders:list a b rsa corp jwt alice \{/,
        'variables of a new one';
    is $l2, $miss, 'and the same of l2';
    is $l1, $miss, 'and the same of l1';
};


subtest 'nothing is said of a cache where no token was looked up' => sub {
    my $nginx = gateway('', $Provider->('corp', '')
        . Apigw::Token::key_store('partners'),
        'location /both { apigw_auth jwt=corp key=partners; empty_gif; }');

    is ask($nginx), '401', 'no credential';
    is ask($nginx, 'opaque'), '401', 'no JWT';
    is ask($nginx, Apigw::Token::expired()), '401', 'expired long ago';
    is +($nginx->request(GET => '/both',
        { 'X-API-Key' => Apigw::Token::api_key('acme0001') }))[1]{'x-cache'},
        undef, 'an API key';
};


subtest 'what one worker verified, the others know' => sub {
    my $nginx = gateway('l1=0', $Provider->('corp', ''), '',
                        workers => 2);
    my %seen;
    $seen{ask($nginx, $token)}++ for 1 .. 60;

    is_deeply \%seen, { '200 miss' => 1, '200 l2' => 59 }, 'one verification';
};


for my $l1 (4096, 0) {
    my $where = $l1 ? 'l1' : 'l2';

    subtest "a token that expires is refused, known by $where or not" => sub {
        my $nginx = gateway("l1=$l1",
                            $Provider->('corp', 'leeway 0;'), '');

        # on a slow machine it may be over before it is known
        for my $life (3, 15, 60) {
            my $short = Apigw::Token::token(claims => { exp => time + $life });
            my ($answer, %seen) = '';

            do {
                $answer = ask($nginx, $short);
                $seen{$answer}++;
                select undef, undef, undef, 0.02;
            } while $answer =~ /^200/;

            next unless $seen{"200 $where"};

            cmp_ok $seen{'200 miss'}, '<=', 1, 'verified once';
            like $answer, qr/^401/, 'refused';
            is reason($nginx), 'token_expired', 'for its age';
            return;
        }

        fail 'never known in time';
    };

    subtest "what $where knows does not pass another location's rules" => sub {
        my $nginx = gateway("l1=$l1",
            $Provider->('corp', '')
            . $Provider->('other', '', undef, 'api://other')
            . $Provider->('strict', 'require jti;')
            . Apigw::Token::provider('partner')
                =~ s/issuer \S+/issuer https:\/\/partner.example.com;/r,
            'location /other { apigw_auth jwt=other; empty_gif; }
             location /strict { apigw_auth jwt=strict; empty_gif; }
             location /partner { apigw_auth jwt=partner; empty_gif; }
             location /write { apigw_auth jwt=corp; empty_gif;
                               apigw_require_scope orders:write; }
             location /read { apigw_auth jwt=corp; empty_gif;
                              apigw_require_scope orders:read; }
             location /open { empty_gif; }');

        is asks($nginx, $token, 4)->[3], "200 $where", 'known';

        for (['/other', 'audience_mismatch'], ['/strict', 'claim_missing'],
             ['/partner', 'issuer_unknown'])
        {
            my ($path, $why) = @$_;
            like ask($nginx, $token, $path), qr/^401/, "$path refuses it";
            is reason($nginx), $why, "for $why";
        }

        is ask($nginx, $token, '/write'), "403 $where", 'a scope is missing';
        is reason($nginx), 'scope_insufficient', 'as the log says';
        is ask($nginx, $token, '/read'), "200 $where", 'a scope is there';
        is ask($nginx, $token, '/open'), '200', 'no auth, no word';
    };

    subtest "a reload with another audience, known by $where" => sub {
        my $nginx = gateway("l1=$l1", $Provider->('corp', ''), '');

        is asks($nginx, $token, 4)->[3], "200 $where", 'known';
        ok $nginx->reload, 'reloaded as it was';
        is ask($nginx, $token), '200 l2', 'the zone outlives a reload';

        my $was = $nginx->{options}{http};
        (my $next = $was) =~ s/audience \S+;/audience api:\/\/other;/ or die;
        $nginx->{options}{http} = $next;
        $nginx->write('nginx.conf', $nginx->conf);
        ok $nginx->reload, 'reloaded with another audience';
        is ask($nginx, $token), '401', 'refused';
        is reason($nginx), 'audience_mismatch', 'by the new rule';

        $nginx->{options}{http} = $was
            =~ s/audience/consumer_prefix new-; audience/r;
        $nginx->write('nginx.conf', $nginx->conf);
        ok $nginx->reload, 'reloaded with another prefix';
        is ask($nginx, $token), '200 miss', 'verified anew';
        like +($nginx->request(GET => '/', { Authorization =>
            "Bearer $token" }))[1]{'x-told'}, qr/^new-shop /,
            'told as the new rule says';
    };
}


subtest 'a known token ends with its key, and with nothing else' => sub {
    my $file = "$Apigw::Token::Dir/rotated.json";
    Apigw::Auth::replace($file, Apigw::Token::jwks('rsa'));

    my @nginx = map { gateway("l1=$_",
                              $Provider->('corp', '', $file), '') } 4096, 0;
    my @where = qw(l1 l2);
    my $new = Apigw::Token::token(key => 'rsa2');

    for (0, 1) {
        is asks($nginx[$_], $token, 4)->[3], "200 $where[$_]", 'known';
    }

    Apigw::Auth::replace($file, Apigw::Token::jwks('rsa', 'rsa2'));
    for (0, 1) {
        my $one = $nginx[$_];
        Apigw::Auth::wait_for('the second key', sub {
            ask($one, $new) =~ /^200/ });
        is ask($one, $token), "200 $where[$_]", 'another key came: still known';
    }

    Apigw::Auth::replace($file, Apigw::Token::jwks('rsa2'));
    for my $one (@nginx) {
        Apigw::Auth::wait_for('the end of the first key', sub {
            ask($one, $token) =~ /^401/ });
        is reason($one), 'kid_unknown', 'its key is gone, and so is it';
        like ask($one, $new), qr/^200 l/, 'the other one is still known';
    }
};


subtest 'a known token is bound to its holder all the same' => sub {
    my $nginx = gateway('', $Provider->('corp', ''), '');
    my $bound = Apigw::Token::token(claims => { cnf => { jkt => 'A' x 43 } });

    is_deeply asks($nginx, $bound, 3), ['401 miss', '401 l2', '401 l1'],
        'refused without a proof, known or not';
    like reason($nginx), qr/^binding_/, 'for its binding';
};


subtest 'a known token is revoked all the same' => sub {
    my $file = "$Apigw::Token::Dir/revoked";
    Apigw::Auth::replace($file, '');
    my $nginx = gateway('', $Provider->('corp', '')
        . "apigw_revocation file=$file interval=1s;", '');
    my $named = Apigw::Token::token(claims => { jti => 'one' });

    is asks($nginx, $named, 3)->[2], '200 l1', 'known';
    Apigw::Auth::replace($file, "jti corp one\n");
    Apigw::Auth::wait_for('the list', sub { ask($nginx, $named) =~ /^401/ });
    is ask($nginx, $named), '401 l1', 'known and refused';
    is reason($nginx), 'token_revoked', 'for the list';
};


subtest 'a bad signature is known, until the keys change' => sub {
    my $file = "$Apigw::Token::Dir/late.json";
    my $shared = { kid => 'shared' };
    my $set = sub { Apigw::Token::jwks(Apigw::Token::jwk($_[0], %$shared)) };
    Apigw::Auth::replace($file, $set->('rsa'));

    my $nginx = gateway('negative_ttl=1h', $Provider->('corp', '', $file), '');
    my $early = Apigw::Token::token(key => 'rsa2', header => $shared);

    is_deeply asks($nginx, $early, 3),
        ['401 miss', '401 negative', '401 negative'], 'verified once';
    is reason($nginx), 'signature_invalid', 'with its own reason';

    Apigw::Auth::replace($file, $set->('rsa2'));
    Apigw::Auth::wait_for('the key', sub { ask($nginx, $early) =~ /^200/ });
    is_deeply asks($nginx, $early, 2)->[1], '200 l1', 'good from now on';
};


subtest 'a bad signature is verified again after negative_ttl' => sub {
    my $nginx = gateway('negative_ttl=0', $Provider->('corp', ''), '');
    my $bad = Apigw::Token::token(signature => 'x' x 256);

    is_deeply asks($nginx, $bad, 3), [('401 miss') x 3], '0 keeps nothing';
};


subtest 'a flood of bad signatures displaces no good token' => sub {
    my $nginx = gateway('l1=0 negative_ttl=1h', $Provider->('corp', ''), '');
    my ($input) = $token =~ /^(.*)\./;
    my @garbage = map { "$input." . Apigw::Token::encode_base64url(
                            pack 'N64', $_ .. $_ + 63) } 1 .. 1500;

    is ask($nginx, $token), '200 miss', 'a good token';
    is_deeply pour($nginx, @garbage), { 401 => 1500 }, 'the flood is refused';
    is ask($nginx, $token), '200 l2', 'the good one is still known';
    is ask($nginx, $garbage[-1]), '401 negative', 'the last bad one is known';
    is ask($nginx, $garbage[0]), '401 miss', 'the first one had to give way';

    my $later = Apigw::Token::token(claims => { sub => 'bob' });
    is_deeply asks($nginx, $later, 2), ['200 miss', '200 l2'],
        'there is room for another good one';
};


subtest 'good tokens give way to newer ones when the zone is full' => sub {
    my $file = Apigw::Token::jwks_file('oct');
    my $nginx = gateway('', $Provider->('corp', 'algorithms HS256;', $file),
                        '');
    my @many = map { Apigw::Token::token(alg => 'HS256',
                         claims => { sub => "user-$_" }) } 1 .. 3000;

    is_deeply pour($nginx, @many), { 200 => 3000 }, 'all are good';
    is ask($nginx, $many[0]), '200 miss', 'the first one was displaced';
    is ask($nginx, $many[-1]), '200 l2', 'the last one is known';
    unlike $nginx->log, qr/\[(alert|crit|emerg)\]|no memory/, 'no complaint';
};


subtest 'a worker keeps as many as it may, and none above 16k' => sub {
    my $nginx = gateway('l1=2', $Provider->('corp', 'max_token_size 60k;'), '');
    my @tokens = map { Apigw::Token::token(claims => { sub => $_ }) } 1 .. 3;
    my $large = Apigw::Token::token(claims => { text => 'x' x 20000 });

    is asks($nginx, $_, 3)->[2], '200 l1', 'known' for @tokens;
    is ask($nginx, $tokens[2]), '200 l1', 'the third is there';
    is ask($nginx, $tokens[1]), '200 l1', 'the second is there';
    is ask($nginx, $tokens[0]), '200 l2', 'the first one gave way';
    is_deeply asks($nginx, $large, 4), ['200 miss', ('200 l2') x 3],
        'a large one is not kept';
};


subtest 'ttl=0 keeps nothing' => sub {
    my $nginx = gateway('ttl=0', $Provider->('corp', ''), '');

    is_deeply asks($nginx, $token, 3), [('200 miss') x 3], 'verified each time';
};


subtest 'an entry that is displaced lives as long as its requests' => sub {
    my $nginx = gateway('l1=1', $Provider->('corp', ''), '
        location /slow { apigw_auth jwt=corp;
                         proxy_pass http://unix:@DIR@/slow.sock:; }');
    my $slow = IO::Socket::UNIX->new(Local => $nginx->dir . '/slow.sock',
                                     Listen => 4) or die;
    chmod 0666, $nginx->dir . '/slow.sock';

    is asks($nginx, $token, 3)->[2], '200 l1', 'known';

    my $client = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $nginx->port) or die;
    print $client "GET /slow HTTP/1.0\r\nAuthorization: Bearer $token\r\n\r\n";
    my $service = $slow->accept or die;

    for my $name (qw(bob carol)) {
        my $other = Apigw::Token::token(claims => { azp => $name });
        is asks($nginx, $other, 3)->[2], '200 l1', "$name takes its place";
    }

    print $service "HTTP/1.0 200 OK\r\n\r\n";
    close $service;
    my $answer = do { local $/; <$client> };
    like $answer, qr/X-Cache: l1\r\n/, 'the request goes on';
    like $answer, qr/X-Told: shop orders:read/, 'with what it found';
};


subtest 'another size of the zone begins anew' => sub {
    my $nginx = gateway('l1=0', $Provider->('corp', ''), '');

    is_deeply asks($nginx, $token, 2), ['200 miss', '200 l2'], 'known';
    $nginx->{options}{http} =~ s/zone=auth:1m/zone=auth:2m/ or die;
    $nginx->write('nginx.conf', $nginx->conf);
    ok $nginx->reload, 'reloaded';
    is_deeply asks($nginx, $token, 2), ['200 miss', '200 l2'], 'verified anew';
    unlike $nginx->log, qr/\[(alert|crit|emerg)\]/, 'no complaint';
};


done_testing;
