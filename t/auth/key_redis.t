# API keys in Redis: asked for when the file has none, once for all requests
# that wait, known for a while; each use is judged anew, and nobody's garbage
# costs others their place.

use strict;
use warnings;

use lib 't/lib';
use Apigw::KeyRedis;
use Apigw::Redis;
use Apigw::Token;
use MIME::Base64 qw(encode_base64);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

my $redis = Apigw::Redis->new;
my $Pepper = 'ab' x 32;
my $Older = 'cd' x 32;

sub fresh { $redis->command('FLUSHALL'); $redis->command('CONFIG', 'RESETSTAT') }

subtest 'a key is found, and known from then on' => sub {
    fresh();
    keep($redis, 'acme0001', plan => 'gold', groups => 'a,b',
         scope => 'orders:read orders:list', cidr => '127.0.0.0/8,2001:db8::/32',
         exp => '2099-01-01T00:00:00Z', nbf => '2020-01-01T00:00:00Z',
         status => 'active');
    my $nginx = gateway($redis, '', '
        location /scope {
            apigw_auth key=partners; apigw_require_scope orders:list;
            apigw_require_group b; apigw_require_consumer acme; empty_gif;
        }', workers => 2);

    my $got = headers($nginx, 'acme0001');
    is "$got->{status} $got->{'x-cache'}", '200 miss', 'it is asked for';
    is $got->{'x-told'}, 'acme|gold|a b|orders:read orders:list|acme0001|'
        . 'partners|key|ok', 'and tells all that the record has';

    is ask($nginx, 'acme0001', '/scope'), '200 l2', 'requirements hold'
        for 1 .. 6;
    is headers($nginx, 'acme0001')->{'x-told'}, $got->{'x-told'},
        'what is kept tells the same';
    is calls($redis), 1, 'one question, of two workers';

    keep($redis, 'an-imported-key-of-theirs', id => 'imported');
    is ask($nginx, 'an-imported-key-of-theirs'), '200 miss', 'an imported key';
    is ask($nginx), '401', 'none';
    is ask($nginx, 'nobody01'), '401 miss', 'an unknown one';
    is reason($nginx), 'key_unknown', 'which the log tells';
    is headers($nginx, 'nobody01')->{'www-authenticate'}, 'ApiKey realm="api"',
        'and the answer does not';

    clean($nginx);
};

subtest 'that there is none is known for a shorter while' => sub {
    fresh();
    my $nginx = gateway($redis, 'redis_negative_ttl 1s;');

    is ask($nginx, 'acme0001'), '401 miss', 'asked for';
    is ask($nginx, 'acme0001'), '401 negative', 'known';
    keep($redis, 'acme0001');
    soon 'a new key is found in time', sub { ask($nginx, 'acme0001') =~ /^200/ };
    is ask($nginx, 'acme0001'), '200 l2', 'and kept';

    clean($nginx);
};

subtest 'a record that changes or goes is seen after redis_ttl' => sub {
    fresh();
    keep($redis, 'acme0001', plan => 'gold');
    my $nginx = gateway($redis, 'redis_ttl 1s; redis_negative_ttl 0;');

    like headers($nginx, 'acme0001')->{'x-told'}, qr/^acme\|gold\|/, 'found';
    keep($redis, 'acme0001', plan => 'lead');
    soon 'the change is seen', sub {
        headers($nginx, 'acme0001')->{'x-told'} =~ /^acme\|lead\|/ };
    $redis->command('DEL', name('acme0001'));
    soon 'it is gone', sub { ask($nginx, 'acme0001') eq '401 miss' };
    is ask($nginx, 'acme0001'), '401 miss', 'of which nothing is kept';
    keep($redis, 'acme0001', status => 'disabled');
    is ask($nginx, 'acme0001'), '401 miss', 'disabled';
    is reason($nginx), 'key_disabled', 'it is';

    clean($nginx);
};

subtest 'many requests with a key are one question' => sub {
    fresh();
    keep($redis, 'acme0001');
    my $nginx = gateway($redis, 'redis_ttl 0; redis_negative_ttl 0;');

    is ask($nginx, 'acme0001'), '200 miss', 'nothing is kept';
    is ask($nginx, 'acme0001'), '200 miss', 'nothing';
    is calls($redis), 2, 'two questions';

    $redis->pause;
    my @good = map { start($nginx, 'acme0001') } 1 .. 20;
    my @bad = map { start($nginx, 'nobody01') } 1 .. 5;
    busy($nginx, 25);
    $redis->resume;
    is join(' ', map { answer($_) } @good), join(' ', (200) x 20), 'all pass';
    is join(' ', map { answer($_) } @bad), join(' ', (401) x 5), 'none passes';
    is calls($redis), 4, 'two questions more';

    clean($nginx);
};

subtest 'a key is looked at anew with each use' => sub {
    fresh();
    my $list = Apigw::Token::file('revoked', "key partners revoked1\n", 0644);
    my $nginx = gateway($redis, '', '', http => "
        apigw_revocation file=$list interval=1s;
        apigw_auth_zone zone=auth:2m;");

    keep($redis, 'disabled', status => 'disabled');
    keep($redis, 'expired1', exp => '2020-01-01T00:00:00Z');
    keep($redis, 'notyet01', nbf => '2099-01-01T00:00:00Z');
    keep($redis, 'network1', cidr => '192.0.2.0/24');
    keep($redis, 'revoked1');
    keep($redis, 'ending01', exp => POSIX::strftime('%Y-%m-%dT%H:%M:%SZ',
                                                    gmtime time + 3));
    keep($redis, 'staying1');

    is ask($nginx, 'ending01'), '200 miss', 'good until a moment from now';
    is ask($nginx, 'staying1'), '200 miss', 'good';

    for my $case ([disabled => 'key_disabled'], [expired1 => 'key_expired'],
                  [notyet01 => 'key_not_yet_valid'],
                  [network1 => 'key_disabled'], [revoked1 => 'key_revoked'])
    {
        my ($id, $reason) = @$case;
        my $calls = calls($redis);
        is ask($nginx, $id), '401 miss', "$id is refused";
        is reason($nginx), $reason, "as $reason";
        is ask($nginx, $id), '401 l2', 'from what is kept too';
        is reason($nginx), $reason, 'for the same reason';
        is calls($redis), $calls + 1, 'which asks once';
    }

    soon 'a date that passes ends a key that is known', sub {
        ask($nginx, 'ending01') eq '401 l2' };
    is reason($nginx), 'key_expired', 'the reason';

    Apigw::Token::file('revoked', "key other staying1\nkey partners staying1\n");
    utime 1, 1, $list;
    soon 'so does a line of apigw_revocation', sub {
        ask($nginx, 'staying1') eq '401 l2' };
    is reason($nginx), 'key_revoked', 'the reason';
    is ask($nginx, 'revoked1'), '200 l2', 'and its end gives it back';

    clean($nginx);
};

subtest 'the file counts first' => sub {
    fresh();
    my $file = Apigw::Token::file('both.keys',
        Apigw::Token::key_line('infile01', 'consumer=file')
        . Apigw::Token::key_line('inboth01', 'consumer=file status=disabled'),
        0644);
    keep($redis, 'inredis1');
    keep($redis, 'inboth01');
    my $nginx = gateway($redis, "file $file; check 1s;");

    is ask($nginx, 'infile01'), '200', 'a key of the file';
    is ask($nginx, 'inboth01'), '401', 'what it disables stays so';
    is calls($redis), 0, 'Redis was not asked';
    is ask($nginx, 'inredis1'), '200 miss', 'a key of Redis';
    $redis->pause;
    is ask($nginx, 'infile01'), '200', 'a key of the file waits for nobody';
    $redis->resume;

    clean($nginx);
};

subtest 'several stores are asked in their order' => sub {
    fresh();
    my $other = Apigw::Redis->new;
    my $file = Apigw::Token::key_store('file', '',
        Apigw::Token::key_line('infile01', 'consumer=file'),
        Apigw::Token::key_line('inboth01', 'consumer=file'));
    keep($redis, 'inredis1');
    keep($redis, 'inboth01', consumer => 'redis');
    keep($other, 'inother1', -prefix => 'shop');
    my $nginx = gateway($redis, '', '
        location /a { apigw_auth key=file,partners,third; empty_gif; }
        location /b { apigw_auth key=partners,third,file; empty_gif; }
        location /c { apigw_auth key=third; empty_gif; }', stores => "
        $file
        apigw_auth_redis third { server ${ \$other->address }; prefix shop;
            connect_timeout 5s; timeout 20s; }
        apigw_key_store partners { redis main; redis_negative_ttl 0; }
        apigw_key_store third { redis third; redis_negative_ttl 0; }");

    my $told = sub { headers($nginx, @_)->{'x-told'} =~ /^(\w*).*\|(\w*)\|key/
                     ? "$1 $2" : 'nobody' };

    is $told->('infile01', '/a'), 'file file', 'the file, first';
    is $told->('inboth01', '/a'), 'file file', 'in both, as listed';
    is $told->('inboth01', '/b'), 'redis partners', 'in both, as listed';
    is $told->('inredis1', '/a'), 'acme partners', 'the second';
    is $told->('inother1', '/a'), 'acme third', 'the third: two waits';
    is $told->('infile01', '/b'), 'file file', 'the last: two waits';
    is ask($nginx, 'nobody01', '/b'), '401 miss', 'none of them';
    is ask($nginx, 'inredis1', '/c'), '401 miss',
        'a name in Redis begins as its block says';
    is ask($nginx, 'inother1', '/c'), '200 l2', 'what one knows is its own';

    clean($nginx);
};

subtest 'peppered digests, and the kind that a record says' => sub {
    fresh();
    my $pepper = Apigw::Token::file('pepper', "$Pepper\n$Older\n", 0600);
    keep($redis, 'newer001', consumer => 'new', -pepper => $Pepper);
    keep($redis, 'older001', consumer => 'old', -pepper => $Older);
    keep($redis, 'other001', -pepper => 'ef' x 32);
    keep($redis, 'plain001', consumer => 'plain');
    keep($redis, 'mixed001', digest => 'hmac-sha256');
    my $nginx = gateway($redis, "pepper_file $pepper;");

    is ask($nginx, 'newer001'), '200 miss', 'the pepper';
    is calls($redis), 3, 'all digests are asked for';
    is ask($nginx, 'newer001'), '200 l2', 'and known';
    is ask($nginx, 'older001'), '200 miss', 'the previous pepper';
    is ask($nginx, 'plain001'), '200 miss', 'a plain digest';
    is ask($nginx, 'other001'), '401 miss', 'another pepper';
    is ask($nginx, 'other001'), '401 negative', 'which is known too';
    is ask($nginx, 'mixed001'), '503 miss', 'a record that says another kind';
    like $nginx->log, qr/faulty record, id "mixed001": digest is not the kind/,
        'which is a fault';
    clean($nginx);

    my $plain = gateway($redis, '');
    is ask($plain, 'newer001'), '401 miss', 'without the pepper it is unknown';
    is ask($plain, 'plain001'), '200 miss', 'a plain digest';
    clean($plain);
};

subtest 'beside tokens, any or all' => sub {
    fresh();
    keep($redis, 'shop0001', consumer => 'shop');
    keep($redis, 'acme0001');
    my $token = Apigw::Token::token();
    my $nginx = gateway($redis, '', '
        location /any { apigw_auth jwt=corp key=partners; empty_gif; }
        location /all { apigw_auth key=partners jwt=corp all; empty_gif; }',
        http => Apigw::Token::provider('corp'));
    my %bearer = (Authorization => "Bearer $token");
    my %bad = (Authorization => 'Bearer ' . Apigw::Token::expired());

    is headers($nginx, @$_[0, 1], %{ $_->[2] })->{status}, $_->[3],
        "$_->[1], $_->[4]"
        for ['shop0001', '/any', {}, 200, 'the key'],
            [undef, '/any', \%bearer, 200, 'the token'],
            ['shop0001', '/any', \%bearer, 200, 'both'],
            ['shop0001', '/any', \%bad, 401, 'a bad token beside it'],
            ['nobody01', '/any', \%bearer, 401, 'a bad key beside it'],
            ['acme0001', '/any', \%bearer, 403, 'of two consumers'],
            ['shop0001', '/all', \%bearer, 200, 'both'],
            ['shop0001', '/all', {}, 401, 'the key alone'],
            [undef, '/all', \%bearer, 401, 'the token alone'],
            ['nobody01', '/all', \%bearer, 401, 'a bad key'];

    clean($nginx);
};

subtest 'satisfy any, a dry run, a subrequest, a rewrite' => sub {
    fresh();
    keep($redis, 'acme0001');
    my $nginx = gateway($redis, 'redis_ttl 0; redis_negative_ttl 0;', '
        location /allow { satisfy any; allow all; apigw_auth key=partners;
                          empty_gif; }
        location /deny { satisfy any; deny all; apigw_auth key=partners;
                         empty_gif; }
        location /dry { apigw_auth key=partners; apigw_auth_dry_run on;
                        empty_gif; }
        location /early { set $early "[$apigw_consumer]";
                          apigw_auth key=partners;
                          add_header X-Early "$early$apigw_consumer";
                          empty_gif; }
        location = /page { ssi on; apigw_auth key=partners;
                           root @DIR@; default_type text/html; }
        location = /part { apigw_auth key=partners;
                           return 200 "[$apigw_consumer]"; }',
        files => { page => '<!--# include virtual="/part" -->'
                           . '<!--# include virtual="/part" -->' });

    is ask($nginx, 'nobody01', '/allow'), '200 miss', 'allow suffices';
    is ask($nginx, 'acme0001', '/deny'), '200 miss', 'so does the key';
    is ask($nginx, 'nobody01', '/deny'), '401 miss', 'nothing does not';
    is ask($nginx, 'nobody01', '/dry'), '200 miss', 'a dry run lets pass';
    like $nginx->log, qr/would be refused \(dry run\), reason "key_unknown"/, 'and says so';

    my $got = headers($nginx, 'acme0001', '/early');
    is "$got->{status} $got->{'x-early'}", '200 []acme',
        'a variable that is read early does not wait';

    my $calls = calls($redis);
    my ($status, undef, $body) = $nginx->request(GET => '/page',
        { 'X-API-Key' => Apigw::Token::api_key('acme0001') });
    is "$status $body", '200 [acme][acme]', 'subrequests are the main one\'s';
    is calls($redis), $calls + 1, 'one question for all of them';

    clean($nginx);
};

subtest 'an error page may wait as well' => sub {
    fresh();
    keep($redis, 'acme0001');
    my $nginx = gateway($redis, 'redis_ttl 0; redis_negative_ttl 0;', '
        location /first { apigw_auth key=other; error_page 401 = @second;
                          empty_gif; }
        location @second { apigw_auth key=partners; empty_gif; }', stores => '
        apigw_key_store other { redis main; prefix other;
                                redis_negative_ttl 0; name X-API-Key basic; }
        apigw_key_store partners { redis main; redis_ttl 0; }');

    $redis->command('RENAME', name('acme0001'), 'kept');
    $redis->pause;
    my $first = start($nginx, 'acme0001', '/first');
    busy($nginx, 1);
    $redis->resume;
    is answer($first), 401, 'neither has it';
    $redis->command('RENAME', 'kept', name('acme0001'));
    is ask($nginx, 'acme0001', '/first'), '200 miss', 'one has it';

    clean($nginx);
};

subtest 'a reload while requests wait, and clients that go away' => sub {
    fresh();
    keep($redis, 'acme0001');
    keep($redis, 'gone0001');
    my $nginx = gateway($redis, '');

    is ask($nginx), '401', 'it is up';
    $redis->pause;
    my @waiting = map { start($nginx, $_) } ('acme0001') x 3, 'nobody01';
    my @leaving = map { start($nginx, $_) } ('gone0001') x 3, 'acme0001';
    busy($nginx, 8);
    close $_ for @leaving;
    busy($nginx, 4);

    my %old = map { $_ => 1 } $nginx->workers;
    kill HUP => $nginx->pid;
    soon 'a new worker is there', sub { grep { !$old{$_} } $nginx->workers };
    $redis->resume;

    is join(' ', map { answer($_) } @waiting), '200 200 200 401',
        'who waited is answered by the old one';
    soon 'which ends', sub { !grep { $old{$_} } $nginx->workers };
    is ask($nginx, 'gone0001'), '200 l2', 'what nobody waited for is kept';
    is ask($nginx, 'acme0001'), '200 l2', 'and what was asked before';

    clean($nginx);
};

subtest 'a worker that is ended while requests wait' => sub {
    fresh();
    my $nginx = gateway($redis, '');

    is ask($nginx), '401', 'it is up';
    $redis->pause;
    my @waiting = map { start($nginx, "key0000$_") } 1 .. 5;
    busy($nginx, 5);
    kill TERM => $nginx->pid;
    is answer($_), 'none', 'no answer' for @waiting;
    $redis->resume;

    soon 'it ends', sub { waitpid $nginx->pid, POSIX::WNOHANG() };
    is $?, 0, 'in order';
    unlike $nginx->log, qr/\[(alert|crit|emerg)\]/, 'a quiet log';
    delete $nginx->{pid};
};

subtest 'another configuration knows nothing of what was kept' => sub {
    fresh();
    keep($redis, 'acme0001');
    my $nginx = gateway($redis, '');
    my $conf = $nginx->conf;

    is ask($nginx, 'acme0001'), '200 miss', 'asked for';
    $nginx->write('nginx.conf', $conf =~ s/redis main;/redis main; redis_ttl 31s;/r);
    ok $nginx->reload, 'other rules';
    is ask($nginx, 'acme0001'), '200 miss', 'asked for again';
    $nginx->write('nginx.conf', $conf =~ s/(server 127)/prefix shop; $1/r);
    ok $nginx->reload, 'another prefix';
    is ask($nginx, 'acme0001'), '401 miss', 'asked for again';
    $nginx->write('nginx.conf', $conf);
    ok $nginx->reload, 'as before';
    is ask($nginx, 'acme0001'), '200 l2', 'what was known is known';

    my $pepper = $nginx->dir . '/pepper';
    $nginx->write('pepper', "$Pepper\n");
    chmod 0600, $pepper;
    $nginx->write('nginx.conf',
                  $conf =~ s/redis main;/redis main; pepper_file $pepper;/r);
    ok $nginx->reload, 'a pepper';
    is ask($nginx, 'acme0001'), '200 miss', 'asked for again';
    $nginx->write('pepper', "$Older\n");
    ok $nginx->reload, 'another in the same file';
    is ask($nginx, 'acme0001'), '200 miss', 'asked for again';

    clean($nginx);
};

subtest 'garbage costs nobody a place, nor Redis a question' => sub {
    fresh();
    keep($redis, 'acme0001');
    my $nginx = gateway($redis, 'redis_ttl 1h; redis_negative_ttl 1h;', '',
                        http => 'apigw_auth_zone zone=auth:1m negative_max=5%;');

    is ask($nginx, 'acme0001'), '200 miss', 'a good key is known';

    my $crc = Apigw::Token::api_key('acme0001') =~ s/.$/-/r;
    my $calls = calls($redis);
    is ask($nginx, $_), '401', 'no form, no question'
        for $crc, 'gw_x', 'gw_' . 'x' x 60, 'short', 'x' x 257, "caf\xe9" x 8,
            'a key with blanks in it', 'gw_acme0001_*_' . 'a' x 6;
    is calls($redis), $calls, 'Redis was not asked';
    is ask($nginx, $_), '401 miss', 'a form that is, a question'
        for "*:key:* \r\nFLUSHALL" =~ s/[ \r\n]/~/gr, '${jndi:ldap://x/y}a',
            "'; DROP TABLE x--" =~ s/ /_/gr, '%00%0a../../etc/passwd';

    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $nginx->port) or die;
    my %count;
    for my $i (1 .. 3000) {
        print $socket "HEAD / HTTP/1.1\r\nHost: a\r\n"
                      . "X-API-Key: imported-garbage-$i\r\n\r\n";
        while (defined(my $line = <$socket>)) {
            $count{$1}++ if $line =~ m{^HTTP/1.1 (\d+)};
            last if $line eq "\r\n";
        }
    }
    is_deeply \%count, { 401 => 3000 }, 'a flood of unknown keys';

    $redis->pause;
    is ask($nginx, 'acme0001'), '200 l2', 'the good one is known still';
    $redis->resume;

    clean($nginx);
};

subtest 'a key in the user name of Basic is not for the log' => sub {
    fresh();
    keep($redis, 'acme0001');
    my $hash = Apigw::Token::file('htpasswd', "user-of-16-bytes:{PLAIN}x\n",
                                  0644);
    my $nginx = gateway($redis, 'name X-API-Key basic;', "
        access_log \@DIR\@/access.log who;
        location /basic { satisfy any; auth_basic stock;
                          auth_basic_user_file $hash;
                          apigw_auth key=partners; apigw_auth_forward key=keep;
                          empty_gif; }",
        http => 'log_format who "[$remote_user] $status";',
        redis => 'timeout 500ms;');
    my $access = sub {
        open my $in, '<', $nginx->dir . '/access.log' or return '';
        local $/;
        return <$in> // '';
    };
    my $basic = sub { Authorization => 'Basic ' . encode_base64("$_[0]:x", '') };

    is headers($nginx, undef, '/', $basic->(Apigw::Token::api_key('acme0001')))
        ->{status}, 200, 'a good key';
    is headers($nginx, undef, '/basic', $basic->('user-of-16-bytes'))->{status},
        200, 'a name that no store knows is auth_basic\'s';
    soon 'the log has that name', sub {
        $access->() =~ /\[-\] 200\n\[user-of-16-bytes\] 200\n\z/ };

    $redis->pause;
    my ($name, $value) = $basic->(Apigw::Token::api_key('leaving1'));
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                       PeerPort => $nginx->port) or die;
    print $socket "GET / HTTP/1.0\r\n$name: $value\r\n\r\n";
    busy($nginx, 1);
    close $socket;
    soon 'a client that goes away', sub { $access->() =~ /\[-\] 499\n/ };
    is headers($nginx, undef, '/', $basic->(Apigw::Token::api_key('acme0002')))
        ->{status}, 503, 'no answer in time';
    $redis->resume;
    unlike $access->(), qr/gw_/, 'no key in the log';

    clean($nginx);
};

subtest 'over HTTP/2' => sub {
    fresh();
    keep($redis, 'acme0001');
    my $nginx = gateway($redis, '', '', listen => 'http2');
    my $url = 'http://127.0.0.1:' . $nginx->port . '/';
    my $curl = sub {
        my $key = Apigw::Token::api_key($_[0]);
        return `curl -s -o /dev/null -w '%{http_code} %header{x-cache}' --http2-prior-knowledge -H 'x-api-key: $key' $url`;
    };

    is $curl->('acme0001'), '200 miss', 'a good key';
    is $curl->('acme0001'), '200 l2', 'again';
    is $curl->('nobody01'), '401 miss', 'an unknown one';

    clean($nginx);
};

subtest 'no key and no digest is in a log' => sub {
    fresh();
    keep($redis, 'acme0001');
    keep($redis, 'faulty01', consumer => undef);
    my $nginx = gateway($redis, '');

    ask($nginx, $_) for 'acme0001', 'nobody01', 'faulty01';
    for my $id ('acme0001', 'nobody01', 'faulty01') {
        my $key = Apigw::Token::api_key($id);
        my ($digest) = name($id) =~ /([0-9a-f]{64})$/;
        unlike $nginx->log, qr/\Q$key\E/, "no key of $id";
        unlike $nginx->log, qr/$digest/i, 'no digest';
    }

    clean($nginx);
};

done_testing;
