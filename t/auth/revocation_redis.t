# What the set in Redis revokes is refused by every worker within the interval
# and a second; whatever becomes of Redis, nothing that was revoked passes.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Nginx;
use Apigw::Redis;
use Apigw::RedisProxy;
use Apigw::Token;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $one = Apigw::Token::token(claims => { jti => 'one' });
my $two = Apigw::Token::token(claims => { jti => 'two' });
my $bob = Apigw::Token::token(claims => { sub => 'bob', iat => int(time) - 100 });
my $key = Apigw::Token::api_key('acme0001');

my $blocks = Apigw::Token::provider('corp')
             . Apigw::Token::key_store('partners');

sub http {
    my ($address, $parameters, $more) = @_;
    return "$blocks apigw_auth_redis main { server $address; "
           . ($more // '') . " }
            apigw_revocation redis=main interval=1s $parameters;
            server {
                listen 127.0.0.1:\@PORT\@;
                location /t { apigw_auth jwt=corp key=partners; }
            }";
}

sub gateway {
    my ($http, $workers) = @_;
    return Apigw::Nginx->new(modules => ['auth'], http => $http,
                             workers => $workers // 1);
}

$blocks .= 'root ' . $Apigw::Token::Dir . ";\n";
Apigw::Token::file('t', "page\n", 0644);

sub status {
    my ($nginx, $token) = @_;
    my %header = $token =~ /^gw_/ ? ('X-API-Key' => $token)
                                  : (Authorization => "Bearer $token");
    my ($status, $headers) = $nginx->request(GET => '/t', \%header);
    return wantarray ? ($status, $headers) : $status // 0;
}

# Until it holds, or far too long.
sub soon {
    my ($name, $condition) = @_;
    my $end = time + 60;

    until ($condition->()) {
        return fail("in vain: $name") if time > $end;
        sleep 0.05;
    }

    return pass($name);
}

sub revoke {
    my ($redis, $prefix, @lines) = @_;
    $redis->command('MULTI');
    $redis->command('SADD', "$prefix:revoked", @lines);
    $redis->command('INCR', "$prefix:revoked:gen");
    $redis->command('EXEC');
}

sub clean {
    my ($nginx) = @_;
    unlike $nginx->log, qr/\[(alert|crit|emerg)\]/, 'nothing worse is logged';
    is $nginx->stop, 0, 'nginx ends in order';
}

subtest 'a set is read, changed and read again, by all workers' => sub {
    my $redis = Apigw::Redis->new;
    revoke($redis, 'apigw', 'jti corp one', 'key partners acme0001');

    my $nginx = gateway(http($redis->address, ''), 2);

    soon 'the first list is in force', sub { status($nginx, $one) == 401 };
    is status($nginx, $two), 200, 'who is not in it passes';
    is status($nginx, $key), 401, 'a key is in it';
    like $nginx->log, qr/reason "token_revoked"/, 'tokens have a reason';
    like $nginx->log, qr/reason "key_revoked"/, 'keys have one';

    revoke($redis, 'apigw', 'jti corp two',
           'sub corp bob before=' . (int(time) - 50));
    my $bad = 0;
    soon 'a change is in force in both workers', sub {
        $bad = status($nginx, $two) == 401 ? $bad + 1 : 0;
        return $bad >= 50;
    };
    is status($nginx, $bob), 401, 'a subject of before is in it';

    $redis->command('SREM', 'apigw:revoked', 'jti corp one');
    soon 'a set whose number stood still is read by its size', sub {
        status($nginx, $one) == 200 };

    revoke($redis, 'apigw', 'no line', "jti corp a\nb", 'jti corp one');
    soon 'members that are no lines do not keep others out', sub {
        status($nginx, $one) == 401 };
    like $nginx->log, qr/2 members of the set "apigw:revoked" in redis "main"/,
        'they are counted in the log';

    clean($nginx);
};

subtest 'a set of many members comes over whole' => sub {
    my $redis = Apigw::Redis->new;
    $redis->command('SADD', 'shop:revoked', map { "jti corp $_" }
                    $_ * 1000 .. $_ * 1000 + 999) for 0 .. 9;
    revoke($redis, 'shop', 'jti corp one');

    my $nginx = gateway(http($redis->address, '', 'prefix shop;'));

    soon 'the list is in force', sub { status($nginx, $one) == 401 };
    like $nginx->log, qr/10001 entries of redis "main" are in force/,
        'all of it';
    clean($nginx);
};

subtest 'a set whose parts came over two connections is read again' => sub {
    my $redis = Apigw::Redis->new;
    $redis->command('SADD', 'apigw:revoked', map { "jti corp $_" } 1 .. 3000);
    revoke($redis, 'apigw', 'jti corp one');

    my $proxy = Apigw::RedisProxy->new($redis, only => 'SSCAN');
    $proxy->mode('delay', 500);
    my $nginx = gateway(http($proxy->address, ''));

    # the second server would not know where the first one had stopped
    soon 'the first part is on its way', sub { $proxy->seen('SSCAN') };
    $proxy->mode('lose_command', 1);
    soon 'the break is told', sub {
        $nginx->log =~ /redis "main" was lost while the set was read/ };
    soon 'and the set comes over whole', sub { status($nginx, $one) == 401 };

    clean($nginx);
};

subtest 'an empty set is a list, a Redis that is away is none' => sub {
    my $redis = Apigw::Redis->new;
    $redis->stop;

    my $nginx = gateway(http($redis->address, ''));

    my ($status, $headers) = status($nginx, $two);
    is $status, 503, 'nothing passes before the first list';
    like $headers->{'retry-after'}, qr/^[1-9]$/, 'it says when to come again';
    like $nginx->log, qr/reason "revocation_unavailable"/, 'and why';
    like $nginx->log, qr/redis "main" (cannot be reached|does not answer)/,
        'the fault is logged';

    $redis->start;
    soon 'all is well once it is there', sub { status($nginx, $two) == 200 };
    like $nginx->log, qr/redis "main" is read again/, 'which is logged';

    revoke($redis, 'apigw', 'jti corp one');
    soon 'a change is seen', sub { status($nginx, $one) == 401 };

    $redis->stop;
    soon 'it is found away again', sub {
        $nginx->log =~ /is read again.*redis "main" (cannot|does not)/s };
    is status($nginx, $one), 401, 'what was revoked stays revoked';
    is status($nginx, $two), 200, 'and others pass, as the list is not old';
    ok $nginx->reload, 'a reload';
    is status($nginx, $one), 401, 'keeps the list';
    is status($nginx, $two), 200, 'all of it';

    unlike $nginx->log, qr/\[(alert|emerg)\]/, 'nothing worse is logged';
    is $nginx->stop, 0, 'nginx ends in order';
};

subtest 'a Redis that hangs makes the list old' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = gateway(http($redis->address, 'max_stale=2s'));

    soon 'a list is in force', sub { status($nginx, $two) == 200 };
    $redis->pause;
    soon 'the list is too old', sub { status($nginx, $two) == 503 };
    $redis->resume;
    soon 'the list is new', sub { status($nginx, $two) == 200 };
    clean($nginx);
};

subtest 'max_stale=off never gives up a list' => sub {
    my $redis = Apigw::Redis->new;
    revoke($redis, 'apigw', 'jti corp one');
    my $nginx = gateway(http($redis->address, 'max_stale=off'));

    soon 'a list is in force', sub { status($nginx, $one) == 401 };
    $redis->stop;
    soon 'it is away', sub { $nginx->log =~ /what was read before stays/ };
    is status($nginx, $two), 200, 'others pass all the same';
    is $nginx->stop, 0, 'nginx ends in order';
};

subtest 'a key of another type changes nothing' => sub {
    my $redis = Apigw::Redis->new;
    revoke($redis, 'apigw', 'jti corp one');
    my $nginx = gateway(http($redis->address, ''));

    soon 'a list is in force', sub { status($nginx, $one) == 401 };
    $redis->command('RENAME', 'apigw:revoked', 'kept');
    $redis->command('SET', 'apigw:revoked', 'text');
    soon 'the fault is logged', sub {
        $nginx->log =~ /answers with an error, such as that the key is no set/
    };
    is status($nginx, $one), 401, 'what was read before stays in force';

    $redis->command('RENAME', 'kept', 'apigw:revoked');
    $redis->command('SET', 'apigw:revoked:gen', 'many');
    soon 'a number that is none is logged', sub {
        $nginx->log =~ /redis "main" sent what is no number/ };
    is status($nginx, $one), 401, 'what was read before stays in force';
    is status($nginx, $two), 200, 'for others too';
    clean($nginx);
};

subtest 'a set that outgrows its room changes nothing, and says so' => sub {
    my $redis = Apigw::Redis->new;
    revoke($redis, 'apigw', 'jti corp one');
    my $nginx = gateway(http($redis->address, 'size=64k'));

    soon 'a list is in force', sub { status($nginx, $one) == 401 };
    revoke($redis, 'apigw', map { "jti corp $_" } 1 .. 1000);
    soon 'the fault is logged', sub {
        $nginx->log =~ /more members than there is room for, raise "size"/ };
    is status($nginx, $one), 401, 'what was read before stays in force';
    is status($nginx, $two), 200, 'for others too';
    clean($nginx);
};

subtest 'a cluster that has the set elsewhere is no list' => sub {
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
                                         Listen => 8) or die "listen: $!";
    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        cluster($listener);
        exit 0;
    }

    my $nginx = gateway(http('127.0.0.1:' . $listener->sockport, ''));
    soon 'the fault is logged', sub {
        $nginx->log =~ /is part of a cluster, which has the set elsewhere/ };
    is status($nginx, $two), 503, 'nothing passes';
    is $nginx->stop, 0, 'nginx ends in order';

    kill KILL => $pid;
    waitpid $pid, 0;
};

# Says MOVED to all that has a key.
sub cluster {
    my ($listener) = @_;

    while (my $client = $listener->accept) {
        defined(my $pid = fork) or die "fork: $!";
        next if $pid;

        my $in = '';
        while (getppid != 1 && sysread $client, $in, 65536, length $in) {
            while ($in =~ s/\A\*(\d+)\r\n((?:\$\d+\r\n[^\r]*\r\n)+)//) {
                my ($n, $words) = ($1, $2);
                print $client $words =~ /\A\$\d+\r\n(?:GET|SCARD)\r\n/
                    ? "-MOVED 1234 127.0.0.1:1\r\n" : "+OK\r\n";
            }
            $client->flush;
        }
        POSIX::_exit(0);
    }
}

subtest 'the file and the set count both' => sub {
    my $redis = Apigw::Redis->new;
    revoke($redis, 'apigw', 'jti corp one');
    my $list = Apigw::Token::file('both', "jti corp two\n", 0644);
    my $nginx = gateway(http($redis->address, "file=$list"));

    soon 'the set is in force', sub { status($nginx, $one) == 401 };
    is status($nginx, $two), 401, 'the file is';
    is status($nginx, $bob), 200, 'and others pass';
    clean($nginx);
};

subtest 'a worker that dies in the midst is replaced in its task' => sub {
    my $redis = Apigw::Redis->new;
    $redis->command('SADD', 'apigw:revoked', map { "jti corp $_" }
                    $_ * 1000 .. $_ * 1000 + 999) for 0 .. 9;
    my $nginx = gateway(http($redis->address, ''), 2);

    soon 'a list is in force', sub { status($nginx, $two) == 200 };

    for my $round (1 .. 5) {
        revoke($redis, 'apigw', "jti corp round$round");
        kill KILL => $_ for ($nginx->workers)[0];
        sleep 0.2;
    }

    revoke($redis, 'apigw', 'jti corp one');
    soon 'a change is in force', sub { status($nginx, $one) == 401 };
    is $nginx->stop, 0, 'nginx ends in order';
};

done_testing;
