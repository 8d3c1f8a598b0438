# A proof is good once for all machines that share a Redis: whatever becomes of
# Redis, none is taken that another one may have taken.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Dpop ();
use Apigw::Faulty;
use Apigw::Nginx;
use Apigw::Redis;
use Apigw::RedisProxy;
use Apigw::Token;
use IO::Socket::INET;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

use constant SLACK => $ENV{APIGW_SLOW} ? 5 : 2;

Apigw::Token::file('t', "page\n", 0644);
Apigw::Token::file('password', "secret\n", 0600);
Apigw::Token::file('client', "secret\n", 0600);

my $dir = $Apigw::Token::Dir;
my $introspection = 'apigw_introspection idp { endpoint '
    . Apigw::Faulty::url('/ok')
    . "; client gw secret_file=$dir/client; audience api; ttl 0; timeout 20s;"
    . ' dpop_max_age 5m; ';

# How long nothing may take on a machine that is busy, unless it is the subject.
my $patient = 'connect_timeout 20s; timeout 20s; reply_timeout 20s;';

sub gateway {
    my ($redis, %more) = @_;
    my $address = $redis->address;
    my $block = $more{block} // '';
    my ($own, $other) = ($more{corp} // '', $more{same} // '');

    $block = "$patient $block" unless $block =~ /timeout/;

    return Apigw::Nginx->new(modules => ['auth'],
        workers => $more{workers} // 1, http => join '', <<"END",
        log_format who '\$uri \$status [\$apigw_consumer]';
        root $dir;
        apigw_auth_redis main { server $address; $block }
        @{[ $more{http} // '' ]}
        $introspection $own }
END
        Apigw::Token::provider('corp', "dpop_max_age 5m; $own"),
        Apigw::Token::provider('same', "dpop_max_age 5m; $other"),
        <<'END');
        server {
            listen 127.0.0.1:@PORT@ backlog=1024;
            server_name localhost;
            access_log @DIR@/access.log who;
            location /t { apigw_auth jwt=corp; }
            location /opaque { apigw_auth introspect=idp; alias @ROOT@/t; }
            location /again {
                apigw_auth jwt=corp;
                apigw_require_scope none:such;
                error_page 403 = /same;
            }
            location /same { apigw_auth jwt=same; alias @ROOT@/t; }
            location /early {
                set $early $apigw_consumer;
                add_header X-Early "[$early]" always;
                apigw_auth jwt=corp;
                apigw_auth_set_header X-Late $apigw_consumer;
                add_header X-Late "[$apigw_consumer]" always;
                alias @ROOT@/t;
            }
            location /never { apigw_auth jwt=corp; return 204; }
        }
END
}

BEGIN {
    no warnings 'redefine';
    my $conf = \&Apigw::Nginx::conf;
    *Apigw::Nginx::conf = sub {
        return $conf->(@_) =~ s/\@ROOT\@/$Apigw::Token::Dir/gr;
    };
}

# What goes with a request that is to be good.
sub proof {
    my ($path, %how) = @_;
    my $text = Apigw::Dpop::headers(uri => 'https://localhost' . ($path // '/t'),
                                    %how);
    return { $text =~ /^(\S+): (.*)$/mg };
}

sub ask {
    my ($nginx, $proof, $path) = @_;
    my ($status, $headers) = $nginx->request(GET => $path // '/t',
                                             $proof // proof($path));
    return wantarray ? ($status, $headers) : $status // 'nothing';
}

# A request that is under way.
sub start {
    my ($nginx, $proof, $path) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $nginx->port, Timeout => 20) or die "connect: $!";

    print $socket join "\r\n", 'GET ' . ($path // '/t') . ' HTTP/1.1',
        'Host: localhost', 'Connection: close',
        map({ "$_: $proof->{$_}" } sort keys %$proof), '', '';
    return $socket;
}

sub status_of {
    my ($socket) = @_;
    local $/;
    my ($status) = (<$socket> // '') =~ m{^HTTP/1\.1 (\d+)};
    return $status // 'nothing';
}

sub soon {
    my ($name, $condition) = @_;
    my $end = time + 60;

    until ($condition->()) {
        return fail("in vain: $name") if time > $end;
        sleep 0.02;
    }

    return pass($name);
}

sub told {
    my ($nginx) = @_;
    my @lines = $nginx->log =~ /(could not say whether a DPoP proof was used)/g;
    return scalar @lines;
}

sub clean {
    for my $nginx (@_) {
        is $nginx->stop, 0, 'nginx ends in order';
        unlike $nginx->log, qr/\[(?:alert|crit|emerg)\]/, 'a quiet log';
    }
}


subtest 'a proof that was used at one machine is refused at the other' => sub {
    my $redis = Apigw::Redis->new;
    my ($one, $two) = (gateway($redis, workers => 2), gateway($redis));

    my $proof = proof();
    is ask($one, $proof), 200, 'good once';

    my ($status, $headers) = ask($two, $proof);
    is $status, 401, 'and not again';
    like $headers->{'www-authenticate'},
        qr/^DPoP error="invalid_dpop_proof", .*algs="PS256 ES256 EdDSA"/,
        'with the challenge of any replay';
    like $two->log, qr/reason "dpop_replayed", by "corp"/, 'and its reason';
    is ask($two), 200, 'another proof is good there';

    my $asked = $redis->calls('set');
    is ask($one, $proof), 401, 'where it was used, it is known';
    is ask($two, $proof), 401, 'and where it was refused';
    is $redis->calls('set'), $asked, 'without asking again';

    my @keys = @{ $redis->command('KEYS', '*') };
    is scalar @keys, 2, 'a key for each proof';
    like $keys[0], qr/^apigw:dpop:[\w-]{22}$/, 'its digest';
    is $redis->command('GET', $keys[0]), '1', 'and no more';

    my $life = $redis->command('PTTL', $keys[0]);
    cmp_ok $life, '>', 330_000, 'which outlives the proof';
    cmp_ok $life, '<=', 370_000, 'and ends';

    unlike $one->log . $two->log, qr/\[error\]/, 'no complaint';
    clean($one, $two);
};


subtest 'of many at once one passes' => sub {
    my $redis = Apigw::Redis->new;
    my @fleet = map { gateway($redis, workers => 2) } 1, 2;

    for my $round (1 .. 3) {
        my $proof = proof();
        $redis->pause;
        my @sockets = map { start($fleet[$_ % 2], $proof) } 1 .. 30;
        sleep 0.2;
        $redis->resume;

        my %seen;
        $seen{status_of($_)}++ for @sockets;
        is_deeply \%seen, { 200 => 1, 401 => 29 }, 'one passes';
    }

    clean(@fleet);
};


subtest 'bad proofs do not trouble Redis' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = gateway($redis);

    is ask($nginx, proof('/other')), 401, 'of another URI';
    is ask($nginx, proof('/t', claims => { iat => int(time) - 1000 })), 401,
        'too old';
    is ask($nginx, proof('/t', key => 'rsa', bound => 'ec256')), 401,
        'by another key';
    is ask($nginx, { Authorization => 'Bearer ' . Apigw::Token::token() }), 200,
        'a token without';
    is ask($nginx, proof('/t', claims => { jti => 'x' x 257 })), 401,
        'an identifier too long';
    is $redis->calls('set'), 0, 'nobody asked';

    is ask($nginx, proof('/t', claims => { jti => "a\x{1}\n\r\$9 \"*3" })), 200,
        'an identifier of odd bytes';
    is $redis->calls('set'), 1, 'is digested';
    clean($nginx);
};


subtest 'Redis is away, and comes back' => sub {
    my $redis = Apigw::Redis->new;
    my ($one, $two) = (gateway($redis), gateway($redis));

    my $proof = proof();
    is ask($one, $proof), 200, 'all is well';
    $redis->stop;

    soon 'without Redis nothing passes', sub { ask($two) == 503 };
    my ($status, $headers) = ask($two, $proof);
    is $status, 503, 'what was used elsewhere does not either';
    like $headers->{'retry-after'}, qr/^(?:[1-9]|[1-5]\d|60)$/, 'Retry-After';
    is $headers->{'www-authenticate'}, undef, 'without a challenge';
    like $two->log, qr/\[error\].*reason "replay_store_full", by "corp"/,
        'the reason';
    is ask($two), 503, 'again' for 1 .. 3;
    is ask($two, { Authorization => 'Bearer ' . Apigw::Token::token() }), 200,
        'tokens without a proof pass';
    is told($two), 1, 'the log has it once';

    $redis->start;
    soon 'it is back', sub { ask($two) == 200 };
    is ask($one, $proof), 401, 'a machine remembers what it has seen';
    $redis->stop;
    soon 'and away again', sub { ask($two) == 503 };
    is told($two), 2, 'which is told again';
    clean($one, $two);
};


subtest 'Redis hangs' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = gateway($redis, block =>
        'timeout 200ms; connect_timeout 30s; reply_timeout 30s;');

    soon 'all is well', sub { ask($nginx) == 200 };
    $redis->pause;

    my $start = time;
    my $proof = proof();
    is ask($nginx, $proof), 503, 'no answer is no leave';
    cmp_ok time - $start, '<', 0.2 + SLACK, 'in time';
    is ask($nginx, $proof), 401, 'the proof is used up here';
    is ask($nginx), 503, 'and so for others' for 1 .. 10;
    like $nginx->log, qr/breaker open/, 'the breaker is open';

    $redis->resume;
    soon 'it goes on', sub { ask($nginx) == 200 };
    clean($nginx);
};


subtest 'Redis does not let us' => sub {
    my $redis = Apigw::Redis->new;
    my @user = ('ACL', 'SETUSER', 'gw');
    $redis->command(@user, 'on', '>secret', '%R~apigw:*', '%W~apigw:dpop:*',
        map { "+$_" } qw(get hgetall scard sscan set ping select
                         client|setname));

    my $nginx = gateway($redis,
        block => "username gw; password_file $dir/password;");
    soon 'the rights that are documented do', sub { ask($nginx) == 200 };
    like $redis->command('ACL', 'DRYRUN', 'gw', 'SET', $_, 1), qr/permission/,
        "they let nobody write $_" for 'apigw:revoked', 'apigw:key:0';

    $redis->command(@user, '-set');
    is ask($nginx), 503, 'without SET nothing passes' for 1, 2;
    is told($nginx), 1, 'as the log tells';
    like $nginx->log, qr/server refused a command: "NOPERM/, 'with the reason';

    $redis->command(@user, '+set');
    is ask($nginx), 200, 'until it is allowed';
    clean($nginx);
};


subtest 'answers that are none' => sub {
    my $redis = Apigw::Redis->new;
    my $proxy = Apigw::RedisProxy->new($redis, handshake => 1);
    my ($nginx, $other) = (gateway($proxy), gateway($redis));

    soon 'all is well', sub { ask($nginx) == 200 };

    for my $answer (":1\r\n", "+QUEUED\r\n", "\$2\r\nno\r\n", "*0\r\n",
                    "-MOVED 1 127.0.0.1:1\r\n", "-ERR unknown\r\n",
                    "-READONLY You can't write\r\n",
                    "-OOM command not allowed\r\n", "-LOADING\r\n", "?\r\n")
    {
        $proxy->mode('instead', $answer, 1);
        is ask($nginx), 503, $answer =~ s/\r\n/ /gr;
        soon 'it goes on', sub { ask($nginx) == 200 };
    }

    is $redis->info('cmdstat_set') =~ /failed_calls=(\d+)/ ? $1 : 'none', 0,
        'all were set all the same';
    clean($nginx, $other);
};


subtest 'a connection that breaks' => sub {
    my $redis = Apigw::Redis->new;
    my $proxy = Apigw::RedisProxy->new($redis, handshake => 1);
    my ($nginx, $other) = (gateway($proxy), gateway($redis));
    soon 'all is well', sub { ask($nginx) == 200 };
    soon 'on both', sub { ask($other) == 200 };

    # Redis has it, and we do not know
    my $sets = $redis->calls('set');
    my $proof = proof();
    $proxy->mode('cut', 2, 1);
    is ask($nginx, $proof), 503, 'within the reply';
    is ask($other, $proof), 401, 'it may have been used';
    is $redis->calls('set'), $sets + 2, 'nothing was sent twice';

    # nobody has it, and we do not know
    soon 'it goes on', sub { ask($nginx) == 200 };
    $sets = $redis->calls('set');
    $proof = proof();
    $proxy->mode('lose_command', 1);
    is ask($nginx, $proof), 503, 'before Redis has the command';
    is $redis->calls('set'), $sets, 'which is not sent again';
    is ask($other, $proof), 200, 'so another one may take it';
    soon 'it goes on', sub { ask($nginx) == 200 };
    clean($nginx, $other);
};


subtest 'a client that goes away while Redis is asked' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = gateway($redis);
    my @workers = $nginx->workers;
    soon 'all is well', sub { ask($nginx) == 200 };

    my ($sets, @proofs) = ($redis->calls('set'), map { proof() } 1 .. 50);
    $redis->pause;
    close start($nginx, $_) for @proofs;
    my $waiting = start($nginx, proof());
    my $end = time + 20;
    sleep 0.02 while time < $end && $nginx->descriptors($workers[0]) > 40;
    $redis->resume;

    is status_of($waiting), 200, 'others get their answer';
    cmp_ok $redis->calls('set'), '<=', $sets + 51, 'nothing is asked twice';
    is ask($nginx, $proofs[0]), 401, 'its proof is used up';
    is_deeply [$nginx->workers], \@workers, 'the worker lives';
    clean($nginx);
};


subtest 'a reload while Redis is asked' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = gateway($redis);
    soon 'all is well', sub { ask($nginx) == 200 };

    my $sets = $redis->calls('set');
    my $proof = proof();
    $redis->pause;
    my @sockets = map { start($nginx, $_) } $proof, proof();
    sleep 0.1;
    my ($old) = $nginx->workers;
    kill HUP => $nginx->pid;
    soon 'a new worker', sub { grep { $_ != $old } $nginx->workers };
    $redis->resume;

    is status_of($_), 200, 'the old worker answers' for @sockets;
    soon 'and ends', sub { !grep { $_ == $old } $nginx->workers };
    is $redis->calls('set'), $sets + 2, 'one SET for each';
    is ask($nginx, $proof), 401, 'the new one knows';
    is ask($nginx), 200, 'and goes on';
    clean($nginx);
};


subtest 'nginx ends at once while Redis is asked' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = gateway($redis);
    soon 'all is well', sub { ask($nginx) == 200 };

    $redis->pause;
    my @sockets = map { start($nginx, proof()) } 1 .. 5;
    sleep 0.1;
    kill TERM => $nginx->pid;
    is status_of($_), 'nothing', 'no answer' for @sockets;
    $redis->resume;

    # the master kills a worker that takes a second, as with sanitizers
    is $nginx->stop, 0, 'nginx ends in order';
    unlike $nginx->log =~ s/.*exited on signal 9\n//r,
        qr/\[(?:alert|crit|emerg)\]/, 'a quiet log';
};


subtest 'an internal redirect, and variables' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = gateway($redis);
    soon 'all is well', sub { ask($nginx) == 200 };

    my $sets = $redis->calls('set');
    is ask($nginx, undef, '/again'), 200, 'another provider, the same proof';
    is $redis->calls('set'), $sets + 1, 'is asked once';

    my $proof = proof('/early');
    my ($status, $headers) = ask($nginx, $proof, '/early');
    is $status, 200, 'a variable that is read early';
    is $headers->{'x-early'}, '[]', 'is empty';
    is $headers->{'x-late'}, '[shop]', 'and known later';
    is $redis->calls('set'), $sets + 2, 'asked once';
    is ask($nginx, $proof, '/early'), 401, 'and used up';

    $proof = proof('/never');
    is ask($nginx, $proof, '/never'), 204, 'one that is read too late';
    soon 'is empty', sub { slurp($nginx->dir . '/access.log')
                           =~ m{^/never 204 \[\]$}m };
    is $redis->calls('set'), $sets + 2, 'nothing is asked';
    is ask($nginx, proof('/t')), 200, 'and nothing hurt';
    clean($nginx);
};

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or return '';
    local $/;
    return scalar <$in> // '';
}


subtest 'an opaque token with a proof' => sub {
    my $redis = Apigw::Redis->new;
    my ($one, $two) = (gateway($redis), gateway($redis));

    Apigw::Faulty::document(JSON::PP::encode_json({
        active => JSON::PP::true(), client_id => 'shop', aud => 'api',
        cnf => { jkt => Apigw::Dpop::jkt('ec256') } }));
    Apigw::Faulty::forget();

    my $proof = proof('/opaque', token => 'opaque-token');
    is ask($one, $proof, '/opaque'), 200, 'is good once';
    is scalar(Apigw::Faulty::requests()), 1, 'its server was asked once';
    is ask($two, $proof, '/opaque'), 401, 'and not at the other machine';
    is ask($two, proof('/opaque', token => 'opaque-token'), '/opaque'), 200,
        'with another proof it is';

    $redis->stop;
    soon 'without Redis it is not',
        sub { ask($two, proof('/opaque', token => 'opaque-token'), '/opaque')
              == 503 };
    clean($one, $two);
};


subtest 'several Redis' => sub {
    my ($main, $other) = (Apigw::Redis->new, Apigw::Redis->new(-unix => 1));
    my $address = $other->address;
    my %second = (http => "apigw_auth_redis other { server $address;"
                          . " $patient prefix fleet; }");

    my $nginx = gateway($main, %second, corp => 'dpop_redis other;',
                        same => 'dpop_redis main;');
    soon 'the one that is named', sub { ask($nginx) == 200 };
    is $main->calls('set'), 0, 'is asked, and no other';
    like $other->command('KEYS', '*')->[0], qr/^fleet:dpop:[\w-]{22}$/,
        'under its prefix';

    my $sets = $other->calls('set');
    is ask($nginx, undef, '/again'), 200, 'a redirect to another block';
    is $other->calls('set') - $sets . $main->calls('set'), '11', 'asks both';
    clean($nginx);

    $nginx = gateway($main, %second, corp => 'dpop_redis off;',
                     same => 'dpop_redis off;');
    $main->stop;
    $other->stop;
    my $proof = proof();
    is ask($nginx, $proof), 200, 'off keeps proofs on this machine';
    is ask($nginx, $proof), 401, 'where they are good once';
    clean($nginx);
};


done_testing;
