# Keys at a URL over their life: fetched once for all workers and all requests,
# again for a key that a token names, served while the provider is down, kept
# over restarts; whoever dies meanwhile, nobody hangs.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(auth);
use Apigw::Bearer;
use Apigw::Faulty;
use Apigw::Nginx;
use Apigw::Token;
use Test::More;
use Time::HiRes qw(time);

my $old = Apigw::Token::token();
my $new = Apigw::Token::token(key => 'ec256', alg => 'ES256');
my $state_dir = File::Temp->newdir('stateXXXXXX', DIR => "$Apigw::Build/t");

sub gateway {
    my (%arg) = @_;

    return Apigw::Nginx->new(modules => ['auth'], workers => $arg{workers} || 1,
        files => { page => "page\n" },
        http => join '', provider($arg{uri} || '/script/keys', $arg{more}),
            q{ server {
                listen 127.0.0.1:@PORT@ reuseport;
                location = /t {
                    apigw_auth jwt=corp;
                    add_header X-Age $apigw_jwks_age_corp;
                    alias @DIR@/page;
                }
            } });
}

sub provider {
    my ($uri, $more) = @_;
    $more //= '';
    my $url = Apigw::Faulty::url($uri);

    return "apigw_jwt_provider corp { issuer $Apigw::Token::Issuer;"
           . " audience $Apigw::Token::Audience; jwks_uri $url; $more }";
}

sub ask {
    my ($nginx, $token) = @_;
    my ($status, $headers) = $nginx->request(GET => '/t',
        { Authorization => "Bearer $token" });
    return wantarray ? ($status // 0, $headers) : $status // 0;
}

# Statuses of many requests that are under way at once.
sub ask_many {
    my ($nginx, @tokens) = @_;
    my @sockets = map { open_request($nginx, $_) } @tokens;
    return map { status_of($_) } @sockets;
}

# The socket names ("socket:[INODE]") of connections that are up.
sub sockets {
    my ($like) = @_;
    my %names;

    open my $tcp, '<', '/proc/net/tcp' or die "/proc/net/tcp: $!";
    while (<$tcp>) {
        my (undef, $local, $remote, $state, @rest) = split;
        $names{"socket:[$rest[5]]"} = 1
            if $state eq '01' && "$local $remote" =~ $like;
    }

    return \%names;
}

# How many of these sockets a worker has.
sub held {
    my ($worker, $names) = @_;
    return scalar grep { $names->{readlink($_) // ''} }
        glob "/proc/$worker/fd/*";
}

# Clients' connections that workers have accepted.
sub connections {
    my ($nginx) = @_;
    my $names = sockets(sprintf '^\S+:%04X ', $nginx->port);
    my $n = 0;
    $n += held($_, $names) for $nginx->workers;
    return $n;
}

# The worker with a connection to the provider.
sub holder {
    my ($nginx) = @_;
    my $names = sockets(sprintf ' \S+:%04X$', Apigw::Faulty::port('http'));
    my ($holder) = grep { held($_, $names) } $nginx->workers;
    return $holder;
}

sub fetches { return scalar Apigw::Faulty::requests() }

sub keys_are {
    my (@keys) = @_;
    Apigw::Faulty::document(Apigw::Token::jwks(@keys));
}

sub answers {
    my (@uris) = @_;
    Apigw::Faulty::script('keys', @uris);
    Apigw::Faulty::forget();
}

sub counts {
    my (@statuses) = @_;
    my %n;
    $n{$_}++ for @statuses;
    return join ' ', map { "$_:$n{$_}" } sort keys %n;
}


subtest 'cold requests on two workers wait for one fetch' => sub {
    keys_are('rsa');
    answers('/slow?ms=1500');
    my $nginx = gateway(workers => 2);

    is counts(ask_many($nginx, ($old) x 40)), '200:40', 'all pass';
    is fetches(), 1, 'one fetch';
    is $nginx->stop, 0, 'nginx ends in order';
};


subtest 'keys are there before the first request' => sub {
    answers('/ok');
    my $nginx = gateway();

    wait_for('they are fetched', sub { fetches() == 1 });
    is ask($nginx, $old), 200, 'a token is accepted';
    is fetches(), 1, 'without another fetch';
};


subtest 'a key that a token names is fetched, others are not asked for' => sub {
    keys_are('rsa');
    answers('/ok');
    my $nginx = gateway(workers => 2);

    is ask($nginx, $old), 200, 'the old key';
    keys_are('rsa', 'ec256');
    is ask($nginx, $new), 200, 'the new key at once';
    is fetches(), 2, 'one more fetch';

    my @unknown = map { Apigw::Token::token(header => { kid => "none$_" }) }
                      1 .. 8;
    is counts(ask_many($nginx, (@unknown) x 5)), '401:40',
        'kids that nobody has are refused';
    is fetches(), 2, 'and cause no fetch while it cools down';
    is ask($nginx, $old), 200, 'the old key still';
};


subtest 'a flood of unknown kids causes one fetch in a cooldown' => sub {
    keys_are('rsa');
    answers('/ok');
    my $nginx = gateway(workers => 2, more => 'jwks_cooldown 1h;');

    is ask($nginx, $old), 200, 'keys are there';
    my @unknown = map { Apigw::Token::token(header => { kid => "none$_" }) }
                      1 .. 8;
    is counts(ask_many($nginx, (@unknown) x 5)), '401:40', 'refused';
    is fetches(), 2, 'one fetch for all of them';
};


subtest 'a bad signature, or a token that is stale anyway, fetches nothing' => sub {
    keys_are('rsa');
    answers('/ok');
    my $nginx = gateway();

    is ask($nginx, $old), 200, 'keys are there';
    is ask($nginx, Apigw::Token::token(signature => 'x' x 256)), 401,
        'a bad signature';
    is ask($nginx, Apigw::Token::token(header => { kid => 'none' },
        claims => { exp => time - 1000, iat => time - 2000 })), 401,
        'an expired token of an unknown key';
    is fetches(), 1, 'no fetch';
};


subtest 'the last good keys serve while the provider is down, for a while' => sub {
    keys_are('rsa');
    answers('/ok', '/ok?status=500');
    my $nginx = gateway(more => 'jwks_refresh 1s; jwks_max_stale 4s;');

    is ask($nginx, $old), 200, 'fresh';
    wait_for('a refresh fails', sub { fetches() >= 2 });
    wait_for('it is logged as a warning', sub {
        $nginx->log =~ /\[warn\].*the last good keys stay in force/ });

    my ($status, $headers) = (0);
    wait_for('too old', sub {
        ($status, $headers) = ask($nginx, $old);
        return $status != 200;
    });
    is $status, 503, '503, neither 401 nor 500';
    like $headers->{'retry-after'}, qr/^([1-9]|[1-5]\d|60)$/, 'Retry-After';

    answers('/ok');
    wait_for('by itself again', sub { ask($nginx, $old) == 200 });
};


subtest 'a restart while the provider is down finds the keys in a file' => sub {
    my $file = "$state_dir/keys.json";
    keys_are('rsa');
    answers('/ok', '/empty');

    my $nginx = gateway(more => "jwks_state_file $file;");
    is ask($nginx, $old), 200, 'fetched';
    wait_for('written', sub { -s $file });
    is sprintf('%o', (stat $file)[2] & 07777), '600', 'its mode';
    is scalar(() = glob "$state_dir/*"), 1, 'no other file is left';
    is $nginx->stop, 0, 'nginx ends in order';

    $nginx = gateway(more => "jwks_state_file $file;");
    my ($status, $headers) = ask($nginx, $old);
    is $status, 200, 'a token is accepted without the provider';
    like $headers->{'x-age'}, qr/^\d+$/, 'the age of the keys is known';
    is $nginx->stop, 0, 'nginx ends in order';

    my $text = do { local (@ARGV, $/) = $file; <> };
    $text =~ s/"fetched":\d+/'"fetched":' . (time - 90000 | 0)/e;
    open my $out, '>', $file or die;
    print $out $text;
    close $out;

    $nginx = gateway(more => "jwks_state_file $file;");
    is ask($nginx, $old), 503, 'keys of more than a day ago do not serve';
};


subtest 'a state file that cannot be trusted is not used' => sub {
    my $file = "$state_dir/bad.json";
    my $jwks = Apigw::Token::jwks('rsa');
    my $now = int time;
    my $good = qq({"issuer":"$Apigw::Token::Issuer","fetched":$now,"jwks":$jwks});

    my %bad = (
        'of another issuer' => [$good =~ s/issuer":"/issuer":"x/r, 0600],
        'cut off' => [substr($good, 0, -10), 0600],
        'writable by others' => [$good, 0666],
        'without a date' => [$good =~ s/"fetched":\d+,//r, 0600],
        'with a negative date' => [$good =~ s/"fetched":/"fetched":-/r, 0600],
        'with no key set' => [$good =~ s/"jwks":.*/"jwks":{"keys":[]}}/r, 0600],
    );

    for my $what (sort keys %bad) {
        my ($text, $mode) = @{ $bad{$what} };
        open my $out, '>', $file or die;
        print $out $text;
        close $out;
        chmod $mode, $file;

        answers('/empty');
        my $nginx = gateway(more => "jwks_state_file $file;");
        is ask($nginx, $old), 503, "one $what";
        like $nginx->log, qr/jwks_state_file ".*" .*; it is not used/, 'logged';
    }
};


subtest 'the worker that fetches is killed: others go on' => sub {
    keys_are('rsa');
    answers('/stall?at=head', '/ok');
    my $nginx = gateway(workers => 2, more => 'jwks_timeout 20s;');

    wait_for('the fetch is under way', sub { fetches() == 1 });
    my @sockets = map { open_request($nginx, $old) } 1 .. 12;
    kill KILL => holder($nginx);
    my @got = map { status_of($_) } @sockets;
    like counts(@got), qr/^(0:\d+ ?)?(200:\d+)?$/,
        'requests of the dead worker end, those of the other one pass';
    wait_for('tokens are accepted', sub { ask($nginx, $old) == 200 });
    is fetches(), 2, 'another worker fetched';
};


subtest 'a reload while keys are fetched' => sub {
    keys_are('rsa');
    answers('/slow?ms=2000');
    my $nginx = gateway(workers => 2);

    wait_for('the fetch is under way', sub { fetches() == 1 });
    my @sockets = map { open_request($nginx, $old) } 1 .. 20;
    wait_for('the requests wait', sub { connections($nginx) >= 20 });
    ok $nginx->reload, 'reloaded, the old workers are gone';
    is counts(map { status_of($_) } @sockets), '200:20', 'all that waited pass';
    is ask($nginx, $old), 200, 'and new ones';
};


# Opens requests that another worker than this one accepts.
sub open_elsewhere {
    my ($nginx, $holder, $token, $n) = @_;
    my @sockets;

    for (1 .. 50 * $n) {
        last if @sockets == $n;
        my $socket = connect_to($nginx);
        my $name = sprintf '^\S+:%04X \S+:%04X$', $nginx->port,
                   $socket->sockport;
        my $worker;
        until ($worker) {
            my $names = sockets($name);
            ($worker) = grep { held($_, $names) } $nginx->workers;
        }
        push @sockets, send_request($socket, $token) if $worker != $holder;
    }

    return @sockets;
}


subtest 'a reload ends the worker that fetches, the other one goes on' => sub {
    keys_are('rsa');
    answers('/slow?ms=1500');
    my $nginx = gateway(workers => 2);

    wait_for('the fetch is under way', sub { fetches() == 1 });
    my @sockets = open_elsewhere($nginx, holder($nginx), $old, 12);
    ok $nginx->reload, 'reloaded, the old workers are gone';
    is counts(map { status_of($_) } @sockets), '200:12', 'all that waited pass';
};


subtest 'the worker that fetches for a new key is killed: another does' => sub {
    keys_are('rsa');
    answers('/ok', '/stall?at=head', '/ok');
    my $nginx = gateway(workers => 2, more => 'jwks_timeout 20s; keepalive 0;');

    is ask($nginx, $old), 200, 'the old key';
    keys_are('rsa', 'ec256');
    my $first = open_request($nginx, $new);
    wait_for('the fetch is under way', sub { fetches() == 2 });
    my $holder = holder($nginx);
    my @sockets = open_elsewhere($nginx, $holder, $new, 12);
    kill KILL => $holder;
    is counts(map { status_of($_) } @sockets), '200:12', 'all that waited pass';
    is fetches(), 3, 'one fetch more';
    close $first;
};


subtest 'clients that go away while keys are fetched leave nothing' => sub {
    keys_are('rsa');
    answers('/ok', '/slow?ms=1500', '/ok');
    my $nginx = gateway(more => 'jwks_cooldown 1s;');

    is ask($nginx, $old), 200, 'keys are there';
    my ($worker) = $nginx->workers;
    my $before = $nginx->descriptors($worker);

    my @sockets = map {
        open_request($nginx, Apigw::Token::token(header => { kid => "none$_" }))
    } 1 .. 10;
    wait_for('they wait', sub { fetches() == 2 });
    close $_ for @sockets;

    wait_for('nginx notices', sub {
        $nginx->descriptors($worker) <= $before + 2 });
    is ask($nginx, $old), 200, 'others are served';
    wait_for('descriptors are as before', sub {
        $nginx->descriptors($worker) <= $before + 1 });
    is_deeply [$nginx->workers], [$worker], 'the worker lives';
};


done_testing();
