# API keys in a Redis that is away, hangs, or answers badly: 503 and when to
# come again, never 401 and never a pass; within stale= what was known serves.

use strict;
use warnings;

use lib 't/lib';
use Apigw::KeyRedis;
use Apigw::Redis;
use Apigw::Token;
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

# A refusal that says when to come again.
sub unavailable {
    my ($name, $nginx, @ask) = @_;
    my $got = headers($nginx, @ask);
    my $retry = $got->{'retry-after'} // 'none';

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    is "$got->{status} " . ($got->{'www-authenticate'} // ''), '503 ', $name;
    like $retry, qr/^([1-9]|[1-5][0-9]|60)$/, 'with a time to come again';
    is reason($nginx), 'key_store_unavailable', 'and its reason';
}

subtest 'Redis is away, and comes back' => sub {
    my $redis = Apigw::Redis->new;
    $redis->stop;
    my $nginx = gateway($redis, '', '
        location /allow { satisfy any; allow all; apigw_auth key=partners;
                          empty_gif; }
        location /deny { satisfy any; deny all; apigw_auth key=partners;
                         empty_gif; }
        location /dry { apigw_auth key=partners; apigw_auth_dry_run on;
                        empty_gif; }', redis => 'connect_timeout 1s;');

    unavailable('a key', $nginx, 'acme0001');
    unavailable('again', $nginx, 'acme0001');
    is ask($nginx), '401', 'nothing presented is asked nobody';
    is ask($nginx, 'gw_x'), '401', 'nor is what has no form';
    is ask($nginx, 'acme0001', '/allow'), '200 miss', 'allow suffices';
    is ask($nginx, 'acme0001', '/deny'), '403 miss', 'another refusal counts';
    is ask($nginx, 'acme0001', '/dry'), '200 miss', 'a dry run lets pass';
    like headers($nginx, 'acme0001', '/dry')->{'x-told'},
        qr/^\|\|\|\|\|\|\|unavailable_dry_run$/, 'and tells nothing of anybody';

    $redis->start;
    keep($redis, 'acme0001');
    soon 'all is well once it is there', sub {
        ask($nginx, 'acme0001') =~ /^200/ };
    $redis->stop;
    is ask($nginx, 'acme0001'), '200 l2', 'what is known serves for its time';
    unavailable('what is not does not', $nginx, 'other001');

    my $said = () = $nginx->log =~ /redis "main" does not answer; keys that/g;
    is $said, 1, 'the fault is logged once in a while';

    unlike $nginx->log, qr/\[(alert|emerg)\]/, 'nothing worse is logged';
    is $nginx->stop, 0, 'nginx ends in order';
};

subtest 'stale= lets what was known serve on' => sub {
    my $redis = Apigw::Redis->new;
    keep($redis, $_, plan => 'gold') for 'acme0001', 'faulty01', 'string01',
        'ending01';
    keep($redis, 'ending01', exp => POSIX::strftime('%Y-%m-%dT%H:%M:%SZ',
                                                    gmtime time + 3));
    my $nginx = gateway($redis, 'redis_ttl 0; redis_on_error stale=1h;
                                 redis_negative_ttl 0;');

    is ask($nginx, $_), '200 miss', "$_ is known" for qw(acme0001 faulty01
                                                          string01 ending01);
    is ask($nginx, 'nobody01'), '401 miss', 'one that there is not';
    keep($redis, 'acme0001', status => 'disabled');
    is ask($nginx, 'acme0001'), '401 miss', 'while Redis answers, it counts';
    keep($redis, 'acme0001', plan => 'lead');
    like headers($nginx, 'acme0001')->{'x-told'}, qr/^acme\|lead\|/,
        'as it is';

    keep($redis, 'faulty01', status => 'disbled');
    unavailable('a record that was spoilt', $nginx, 'faulty01');
    $redis->command('SET', name('string01'), 'text');
    unavailable('one that is no hash any more', $nginx, 'string01');

    $redis->stop;
    like headers($nginx, 'acme0001')->{'x-told'}, qr/^acme\|lead\|/,
        'Redis is away: what was known';
    is ask($nginx, 'acme0001'), '200 l2', 'serves on';
    unavailable('one that there was not', $nginx, 'nobody01');
    soon 'a date that passes counts all the same', sub {
        ask($nginx, 'ending01') eq '401 l2' };

    $redis->start;
    soon 'once it is back, what it says counts', sub {
        ask($nginx, 'acme0001') eq '401 miss' };
    $redis->stop;
    unavailable('it does not come back when Redis goes', $nginx, 'acme0001');
    unavailable("nor does $_, spoilt", $nginx, $_) for qw(faulty01 string01);

    unlike $nginx->log, qr/\[(alert|emerg)\]/, 'nothing worse is logged';
    is $nginx->stop, 0, 'nginx ends in order';
};

subtest 'stale= ends' => sub {
    my $redis = Apigw::Redis->new;
    keep($redis, 'acme0001');
    my $nginx = gateway($redis, 'redis_ttl 1s; redis_on_error stale=1s;');

    is ask($nginx, 'acme0001'), '200 miss', 'known';
    $redis->stop;
    soon 'not for ever', sub { ask($nginx, 'acme0001') =~ /^503/ };
    unlike $nginx->log, qr/\[(alert|emerg)\]/, 'nothing worse is logged';
    is $nginx->stop, 0, 'nginx ends in order';
};

subtest 'Redis hangs' => sub {
    my $redis = Apigw::Redis->new;
    keep($redis, $_) for 'acme0001', 'stale001';
    my $nginx = gateway($redis, 'redis_ttl 0; redis_on_error stale=1h;', '',
                        redis => 'timeout 100ms; reply_timeout 1s;');

    soon 'a key is known', sub { ask($nginx, 'stale001') =~ /^200/ };
    $redis->pause;
    my @waiting = map { start($nginx, 'acme0001') } 1 .. 5;
    is join(' ', map { answer($_) } @waiting), '503 503 503 503 503',
        'who waits is answered';
    is ask($nginx, 'stale001'), '200 l2', 'or has what was known';
    unavailable('another', $nginx, 'other001') for 1 .. 6;
    $redis->resume;
    soon 'all is well once it goes on', sub {
        ask($nginx, 'acme0001') eq '200 miss' };

    clean($nginx);
};

subtest 'a key of another type, and one that may not be read' => sub {
    my $redis = Apigw::Redis->new;
    keep($redis, 'acme0001');
    $redis->command('SET', name('string01'), 'text');
    $redis->command('RPUSH', name('list0001'), 'id', 'list0001');
    my $nginx = gateway($redis, 'redis_ttl 0; redis_negative_ttl 0;');

    unavailable('a string', $nginx, 'string01');
    unavailable('a list', $nginx, 'list0001');
    like $nginx->log, qr/faulty record, id "unknown": not a hash; correct/,
        'the fault is logged';
    is ask($nginx, 'acme0001'), '200 miss', 'others pass';

    $redis->command('ACL', 'SETUSER', 'default', '-hgetall');
    unavailable('a command that is not allowed', $nginx, 'acme0001');
    like $nginx->log, qr/redis "main" does not let us read keys; keys/,
        'the fault is logged';
    $redis->command('ACL', 'SETUSER', 'default', '+hgetall', 'resetkeys',
                    '~other:*');
    unavailable('a name that is not', $nginx, 'acme0001');
    $redis->command('ACL', 'SETUSER', 'default', '~*');
    soon 'all is well once it is', sub {
        ask($nginx, 'acme0001') eq '200 miss' };

    clean($nginx);
};

subtest 'the rights that the documentation names suffice' => sub {
    my $redis = Apigw::Redis->new;
    $redis->command('ACL', 'SETUSER', 'gw', 'on', '>secret', '%R~apigw:*',
        map { "+$_" } qw(get hgetall scard sscan ping select client|setname));
    my $file = Apigw::Token::file('redis.password', "secret\n", 0600);
    keep($redis, 'acme0001');
    my $nginx = gateway($redis, '', '', redis => "username gw;
        password_file $file;", http => 'apigw_revocation redis=main;');

    soon 'a key is read', sub { ask($nginx, 'acme0001') =~ /^200/ };
    unlike $nginx->log, qr/NOPERM|refused a command/, 'nothing is refused';
    clean($nginx);
};

subtest 'records that are none' => sub {
    my $redis = Apigw::Redis->new;
    my $nginx = gateway($redis, 'redis_negative_ttl 0;');

    keep($redis, 'noid0001', id => undef);
    keep($redis, 'badid001', id => 'a b');
    keep($redis, 'nobody01', consumer => undef);
    keep($redis, 'empty001', consumer => '');
    keep($redis, 'nodigest', digest => undef);
    keep($redis, 'unknown1', colour => 'blue');
    keep($redis, 'control1', consumer => "a\r\nX-Evil: 1");
    keep($redis, 'control2', plan => "a\0b");
    keep($redis, 'binary01', scope => join '', map { chr } 128 .. 255);
    keep($redis, 'baddate1', exp => 'soon');
    keep($redis, 'badcidr1', cidr => '10.0.0.0/40');
    keep($redis, 'large001', groups => join ',', ('abc') x 300);
    keep($redis, 'huge0001', groups => 'x' x 900_000);
    keep($redis, 'many0001', map { ("f$_" => $_) } 1 .. 200);

    for my $id (qw(noid0001 badid001 nobody01 empty001 nodigest unknown1
                   control1 control2 binary01 baddate1 badcidr1 large001
                   huge0001 many0001))
    {
        unavailable($id, $nginx, $id);
    }

    my @lines = $nginx->log =~ /apigw_auth: (apigw_key_store .*)/g;
    is "@lines", 'apigw_key_store "partners": redis "main" has a faulty record,'
        . ' id "unknown": id is missing; correct or remove it, the key gets 503',
        'it is said once in a while, with what is wrong';

    keep($redis, 'nobody01');
    is ask($nginx, 'nobody01'), '200 miss', 'one that was corrected passes';
    clean($nginx);

    $nginx = gateway($redis, '');
    unavailable('an unknown field', $nginx, 'unknown1');
    like $nginx->log, qr/faulty record, id "unknown1": unknown attribute;/,
        'the id tells which it is';
    clean($nginx);
};

# A server that speaks the protocol and answers HGETALL as told.
sub fake {
    my ($reply, $test) = @_;
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
                                         Listen => 8) or die "listen: $!";
    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        while (my $client = $listener->accept) {
            defined(my $child = fork) or POSIX::_exit(1);
            next if $child;

            my $in = '';
            while (getppid != 1 && sysread $client, $in, 65536, length $in) {
                while ($in =~ s/\A\*(\d+)\r\n((?:\$\d+\r\n[^\r]*\r\n)+)//) {
                    print $client $2 =~ /HGETALL/ ? $reply : "+OK\r\n";
                }
                $client->flush;
            }
            POSIX::_exit(0);
        }
        POSIX::_exit(0);
    }

    my $port = $listener->sockport;
    close $listener;
    my $nginx = gateway(bless({ port => $port }, 'Apigw::Fake'),
        'redis_ttl 0; redis_negative_ttl 0;', '', redis => 'timeout 2s;
        reply_timeout 2s;');
    $test->($nginx);
    unlike $nginx->log, qr/\[(alert|emerg)\]/, 'nothing worse is logged';
    is $nginx->stop, 0, 'nginx ends in order';

    kill KILL => $pid;
    waitpid $pid, 0;
}

sub Apigw::Fake::address { "127.0.0.1:$_[0]{port}" }

subtest 'answers that Redis would not give' => sub {
    my $bulk = sub { map { '$' . length($_) . "\r\n$_\r\n" } @_ };
    my @good = $bulk->(qw(id acme0001 digest sha256 consumer acme));

    for my $case (
        ['a cluster that has it elsewhere', "-MOVED 1234 127.0.0.1:1\r\n",
         qr/is part of a cluster, which has keys elsewhere/],
        ['one that is asking', "-ASK 1234 127.0.0.1:1\r\n",
         qr/is part of a cluster/],
        ['one that is loading', "-LOADING Redis is loading\r\n",
         qr/answers with an error/],
        ['a string', "\$5\r\nhello\r\n", qr/faulty record.*not a list of/],
        ['a number', ":1\r\n", qr/faulty record.*not a list of/],
        ['nil', "\$-1\r\n", qr/faulty record.*not a list of/],
        ['no list', "*-1\r\n", qr/faulty record.*not a list of/],
        ['OK', "+OK\r\n", qr/faulty record.*not a list of/],
        ['numbers in the list', "*6\r\n@good[0 .. 4]:1\r\n" =~ s/ //gr,
         qr/faulty record.*not a list of/],
        ['lists in the list', "*2\r\n*0\r\n*0\r\n", qr/not a list of/],
        ['a name without a value', join('', "*5\r\n", @good[0 .. 4]),
         qr/id "acme0001": a field without its value/],
        ['a name twice', join('', "*8\r\n", @good, $bulk->('id', 'other001')),
         qr/id "acme0001": duplicate field/],
        ['bytes that are no protocol', "HTTP/1.1 200 OK\r\n\r\n",
         qr/does not answer/])
    {
        my ($what, $reply, $logged) = @$case;

        fake($reply, sub {
            my ($nginx) = @_;
            unavailable($what, $nginx, 'acme0001');
            like $nginx->log, $logged, 'the fault is logged';
        });
    }

    fake(join('', "*6\r\n", @good), sub {
        my ($nginx) = @_;
        is ask($nginx, 'acme0001'), '200 miss', 'a good one is good';
    });
};

# A request with each of the keys, over as few connections as HTTP/2 needs.
sub streams {
    my ($nginx, @keys) = @_;
    my $frame = sub {
        my ($type, $flags, $stream, $payload) = @_;
        return substr(pack('N', length $payload), 1)
            . pack('CCN', $type, $flags, $stream) . $payload;
    };
    my @sockets;

    while (my @some = splice @keys, 0, 100) {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $nginx->port) or die "connect: $!";
        my $stream = -1;

        # GET, http, /, and literals: an indexed name, a new one
        print $socket "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", $frame->(4, 0, 0, ''),
            map { $frame->(1, 5, $stream += 2, "\x82\x86\x84\x01\x01a"
                           . pack('C/a C/a', 'x-api-key', $_)
                           =~ s/^/\x00/r) } @some;
        $socket->flush;
        push @sockets, { socket => $socket, got => '' };
    }

    return @sockets;
}

# How many of the answers have that status, after a look at what has come.
sub answered {
    my ($status, @sockets) = @_;
    my $n = 0;

    for (@sockets) {
        while (IO::Select->new($_->{socket})->can_read(0)) {
            sysread $_->{socket}, $_->{got}, 65536, length $_->{got} or last;
        }
        $n++ while $_->{got} =~ /H\x03$status/g;
    }

    return $n;
}

subtest 'no more is asked at a time than is allowed' => sub {
    my $redis = Apigw::Redis->new;
    keep($redis, 'stale001');
    my $nginx = gateway($redis, 'redis_ttl 0; redis_on_error stale=1h;', '
        http2_max_concurrent_streams 128;', listen => 'http2');
    my $url = 'http://127.0.0.1:' . $nginx->port . '/';
    my $key = Apigw::Token::api_key('stale001');
    my $curl = "curl -s -o /dev/null -w '%{http_code}' --http2-prior-knowledge"
               . " -H 'x-api-key: $key' $url";

    is `$curl`, 200, 'a key is known';
    $redis->pause;
    my @keys = streams($nginx, map { "an-imported-key-$_" } 1 .. 1100);
    soon 'keys above 1,024 are refused', sub { answered(503, @keys) == 76 };
    is `$curl`, 503, 'so is one that was known: Redis has not failed';
    my @same = streams($nginx, ('an-imported-key-1') x 1100);
    soon 'who waits for one of them above 1,024 is refused', sub {
        answered(503, @same) == 77 };
    $redis->resume;
    soon 'all others are answered', sub {
        answered(401, @keys) == 1024 && answered(401, @same) == 1023 };
    is `$curl`, 200, 'and all is well';
    like $nginx->log, qr/is asked for too many keys at once; keys that/,
        'it is logged';
    close $_->{socket} for @keys, @same;

    clean($nginx);
};

subtest 'a queue that is full is no fault of Redis' => sub {
    my $redis = Apigw::Redis->new;
    keep($redis, 'stale001');
    my $nginx = gateway($redis, 'redis_ttl 0; redis_on_error stale=1h;', '',
                        redis => 'queue 2;');

    is ask($nginx, 'stale001'), '200 miss', 'a key is known';
    $redis->pause;
    my @waiting = map { start($nginx, "other00$_") } 1 .. 2;
    busy($nginx, 2);
    unavailable('another', $nginx, 'other003');
    unavailable('nor does what was known serve', $nginx, 'stale001');
    $redis->resume;
    is join(' ', map { answer($_) } @waiting), '401 401',
        'those in the queue are answered';
    is ask($nginx, 'stale001'), '200 miss', 'and all is well';
    like $nginx->log, qr/is asked for too many keys at once; keys that/,
        'it is logged';

    clean($nginx);
};

subtest 'a connection that breaks while requests wait' => sub {
    my $redis = Apigw::Redis->new;
    keep($redis, 'acme0001');
    my $nginx = gateway($redis, 'redis_ttl 0;');

    is ask($nginx, 'acme0001'), '200 miss', 'found';
    $redis->pause;
    my @waiting = map { start($nginx, $_) } ('acme0001') x 3, 'other001';
    busy($nginx, 4);
    $redis->stop;
    is join(' ', map { answer($_) } @waiting), '503 503 503 503',
        'they are answered';
    unlike $nginx->log, qr/\[(alert|emerg)\]/, 'nothing worse is logged';
    is $nginx->stop, 0, 'nginx ends in order';
};

done_testing;
