# Each error that Redis can answer with: sent again where it was provably not
# executed, else the fail policy decides; told once per connection where an
# operator must act.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Limited ();
use Apigw::Redis ();
use Apigw::RedisProxy ();
use Test::More;
use Time::HiRes qw(sleep time);

use constant PASSED => '200 redis PASSED';
use constant LOCAL => '200 local DEGRADED';


subtest 'SCRIPT FLUSH between requests' => sub {
    my $redis = Apigw::Redis->new;
    my $gateway = Apigw::Limited->new($redis);

    is $gateway->get('a'), PASSED, 'before';

    for (1 .. 3) {
        $redis->command('SCRIPT', 'FLUSH');
        is $gateway->get('a'), PASSED, 'after';
    }

    is $gateway->remaining('a'), 95, 'each was charged once';
    is $redis->calls('eval'), 3, 'sent again as EVAL, once each';
    $gateway->ends_well;
};


subtest 'SCRIPT FLUSH in the middle of a pipeline' => sub {
    my $redis = Apigw::Redis->new;
    my $gateway = Apigw::Limited->new($redis);

    is $gateway->get('a'), PASSED, 'before';

    # all of these reach Redis in one piece, behind its back
    $redis->pause;
    my @sockets = map { $gateway->open_request("k$_") } 1 .. 30;
    my $flush = $redis->connect;
    sleep 0.2;
    $flush->syswrite("*2\r\n\$6\r\nSCRIPT\r\n\$5\r\nFLUSH\r\n");
    push @sockets, map { $gateway->open_request("m$_") } 1 .. 30;
    sleep 0.2;
    $redis->resume;

    local $/;
    my %told;
    $told{Apigw::Limited::told(scalar readline $_)}++ for @sockets;
    is join(' ', %told), PASSED . ' 60', 'all pass';

    my @keys = ((map { "k$_" } 1 .. 30), map { "m$_" } 1 .. 30);
    is scalar(grep { $gateway->remaining($_) != 98 } @keys), 0,
        'each was charged once';
    $gateway->ends_well;
};


subtest 'a script that nobody may load' => sub {
    my $redis = Apigw::Redis->new;
    $redis->command(qw(ACL SETUSER default -script));
    my $gateway = Apigw::Limited->new($redis);

    is $gateway->get('a'), PASSED, 'is sent with the call';
    is $gateway->remaining('a'), 98, 'and charges once';
    like $gateway->log, qr/\[warn\].*server refused SCRIPT LOAD: "NOPERM/,
        'the log tells';
    $gateway->ends_well;
};


subtest 'OOM' => sub {
    my $redis = Apigw::Redis->new;
    my $gateway = Apigw::Limited->new($redis);

    is $gateway->get('a'), PASSED, 'before';
    $redis->command(qw(CONFIG SET maxmemory 1));
    is $gateway->get('a'), LOCAL, 'the fail policy decides' for 1 .. 10;
    $redis->command(qw(CONFIG SET maxmemory 0));
    is $gateway->get('a'), PASSED, 'at once in order again';

    my @lines = $gateway->log =~ /(server refused a command: "OOM)/g;
    is scalar @lines, 1, 'told once per connection';
    $gateway->ends_well;
};


subtest 'READONLY' => sub {
    my $redis = Apigw::Redis->new;
    my $master = Apigw::Redis->new;
    my $gateway = Apigw::Limited->new($redis);

    is $gateway->get('a'), PASSED, 'before';

    $redis->command('REPLICAOF', '127.0.0.1', $master->port);
    my $end = time + 30;
    sleep 0.05 while $redis->info('master_link_status') ne 'up'
        && time < $end;

    is $gateway->get('a'), LOCAL, 'the fail policy decides' for 1 .. 3;
    $gateway->logged(qr/server refused a command: "READONLY/, 'it is told');

    my $connections = $redis->info('total_connections_received');
    $end = time + 10;
    while (time < $end) {
        $gateway->get('a');
        last if $redis->info('total_connections_received') > $connections + 1;
        sleep 0.02;
    }
    cmp_ok $redis->info('total_connections_received'), '>', $connections + 1,
        'the connection is dropped and made anew';

    $redis->command(qw(REPLICAOF NO ONE));
    $gateway->becomes('a', qr/^200 redis PASSED$/, 'until it is a master');
    $gateway->ends_well;
};


subtest 'BUSY' => sub {
    my $redis = Apigw::Redis->new(
        'lua-time-limit' => 50, 'busy-reply-threshold' => 50);
    my $gateway = Apigw::Limited->new($redis, block => 'timeout 5s;');

    is $gateway->get('a'), PASSED, 'before';

    my $script = 'while true do end';
    my $busy = $redis->connect;
    $busy->syswrite("*3\r\n\$4\r\nEVAL\r\n\$" . length($script)
                    . "\r\n$script\r\n\$1\r\n0\r\n");

    my $probe = $redis->connect;
    my $said = '';
    until ($said =~ /^-BUSY/) {
        $probe->syswrite("PING\r\n");
        $probe->sysread($said, 512) or last;
    }

    is $gateway->get('a'), LOCAL, 'the fail policy decides' for 1 .. 6;
    $gateway->logged(qr/breaker open/, 'the breaker counts');

    my $kill = $redis->connect;
    $kill->syswrite("*2\r\n\$6\r\nSCRIPT\r\n\$4\r\nKILL\r\n");
    $gateway->becomes('a', qr/^200 redis PASSED$/, 'until it is done');
    $gateway->ends_well;
};


# What a lone server does not say by itself
my @errors = (
    ['LOADING Redis is loading the dataset in memory', 'counts'],
    ['TRYAGAIN Multiple keys request during rehashing of slot', 'counts'],
    ['CLUSTERDOWN The cluster is down', 'counts'],
    ['MASTERDOWN Link with MASTER is down', 'counts'],
    ['MISCONF Redis is configured to save RDB snapshots', 'tells'],
    ['NOAUTH Authentication required.', 'tells'],
    ['WRONGPASS invalid username-password pair', 'tells'],
    ["NOPERM this user has no permissions", 'tells'],
    ['ERR Error running script (call to f_ab): @user_script:7: '
     . "\@user_script: 7: -OOM command not allowed", 'tells'],
    ['ERR Error running script (call to f_ab): @user_script:1: '
     . "-READONLY You can't write against a read only replica.", 'drops'],
    ['MOVED 3999 127.0.0.1:1', ''],
    ['ASK 3999 127.0.0.1:1', ''],
    ['ERR unknown command', ''],
    ['WRONGTYPE Operation against a key holding the wrong kind', ''],
    ["ERR \x1b[31mred\x07", ''],
    ['', ''],
);

my $redis = Apigw::Redis->new;
my $proxy = Apigw::RedisProxy->new($redis);

for (@errors) {
    my ($text, $effect) = @$_;
    (my $name = substr $text, 0, 75) =~ s/[^ -~]/?/g;

    subtest "an error: $name" => sub {
        $proxy->mode('pass');
        $redis->command('FLUSHALL');
        my $gateway = Apigw::Limited->new($proxy);
        is $gateway->get('a'), PASSED, 'before';

        # "counts": 5 in a row open the breaker
        $proxy->mode('instead', "-$text\r\n", 5);
        is $gateway->get('a'), LOCAL, 'the fail policy decides'
            for 1 .. ($effect eq 'drops' ? 1 : 5);
        $proxy->mode('pass');

        $gateway->becomes('a', qr/^200 redis PASSED$/, 'after');

        my $log = $gateway->log;
        my $told = () = $log =~ /server refused a command/g;
        is $told, $effect eq 'tells' || $effect eq 'drops' ? 1 : 0,
            'told as often as it should';
        is $log =~ /breaker open/ ? 1 : 0, $effect eq 'counts' ? 1 : 0,
            'counted or not';
        unlike $log, qr/[\x00-\x09\x0b-\x1f]/, 'no control byte in the log';
        $gateway->ends_well;
    };
}


subtest 'a NOSCRIPT that stays' => sub {
    $proxy->mode('pass');
    $redis->command('FLUSHALL');
    my $gateway = Apigw::Limited->new($proxy);
    is $gateway->get('a'), PASSED, 'before';

    my $evals = $proxy->seen('EVAL');
    $proxy->mode('instead', "-NOSCRIPT No matching script.\r\n", 2);
    is $gateway->get('a'), LOCAL, 'the fail policy decides';
    is $proxy->seen('EVAL') - $evals, 1, 'after one more try, not two';
    is $gateway->get('a'), PASSED, 'after';
    $gateway->ends_well;
};


subtest 'a wrong password' => sub {
    my $redis = Apigw::Redis->new(requirepass => 'right');
    my $gateway = Apigw::Limited->new($redis,
        block => 'password_file @DIR@/password;',
        files => { password => "wrong-secret\n" });

    is $gateway->get('a'), LOCAL, 'the fail policy decides';
    $gateway->logged(qr/server refused AUTH: "WRONGPASS/, 'it is told');
    unlike $gateway->log, qr/wrong-secret/, 'but never the password';

    $redis->command(qw(CONFIG SET requirepass wrong-secret));
    $gateway->becomes('a', qr/^200 redis PASSED$/, 'until it is right');
    $gateway->ends_well;
};


subtest 'no password' => sub {
    my $redis = Apigw::Redis->new(requirepass => 'right');
    my $gateway = Apigw::Limited->new($redis);

    is $gateway->get('a'), LOCAL, 'the fail policy decides';
    $gateway->logged(qr/server refused CLIENT SETNAME: "NOAUTH/, 'it is told');

    $redis->command('CONFIG', 'SET', 'requirepass', '');
    $gateway->becomes('a', qr/^200 redis PASSED$/, 'until none is needed');
    $gateway->ends_well;
};


subtest 'a database that is not there' => sub {
    my $redis = Apigw::Redis->new;
    my $gateway = Apigw::Limited->new($redis, block => 'database 99;');

    is $gateway->get('a'), LOCAL, 'the fail policy decides';
    $gateway->logged(qr/server refused SELECT: "ERR/, 'it is told');
    $gateway->ends_well;
};


subtest 'a user with exactly the documented rights' => sub {
    my $redis = Apigw::Redis->new;
    $redis->command(qw(ACL SETUSER gw on >pw ~rl:* +evalsha +eval
                       +script|load +time +get +set +ping +select
                       +client|setname +role +asking +cluster|slots));

    my $gateway = Apigw::Limited->new($redis, block =>
        'username gw; password_file @DIR@/password; database 3;',
        files => { password => "pw\n" });

    is $gateway->get('a'), PASSED, 'is enough';
    $redis->command('SCRIPT', 'FLUSH');
    is $gateway->get('a'), PASSED, 'for EVAL too';
    like $redis->info('db3'), qr/keys=1,/, 'the database is the right one';
    like $redis->command('CLIENT', 'LIST'),
        qr/name=apigw_ratelimit:main .*user=gw/, 'the connection has a name';
    unlike $gateway->log, qr/refused/, 'nothing is refused';
    $gateway->ends_well;
};


subtest 'a unix socket' => sub {
    my $redis = Apigw::Redis->new(-unix => 1);
    my $gateway = Apigw::Limited->new($redis);

    is $gateway->get('a'), PASSED, 'works';
    $gateway->ends_well;
};


done_testing;
