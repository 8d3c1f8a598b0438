# apigw-key --redis: keys are made, listed and disabled in Redis; what is
# revoked and its number change together or not at all. Nothing gets there that
# the gateway would not take.

use strict;
use warnings;

use lib 't/lib';
use Apigw::KeyRedis;
use Apigw::Redis;
use Digest::SHA qw(sha256_hex hmac_sha256_hex);
use File::Temp ();
use Test::More;

my $build = $ENV{BUILD} || 'build';
my $tool = "$build/bin/apigw-key";
my $dir = File::Temp->newdir;

# run(ARGUMENTS...) of revoke: exit status, standard output and error in one.
sub run { return tool('revoke', @_) }

sub tool {
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDOUT, '>', "$dir/out" or die;
        open STDERR, '>&', \*STDOUT or die;
        exec $tool, @_ or die "$tool: $!";
    }
    waitpid $pid, 0;
    my $status = $? >> 8;
    open my $in, '<', "$dir/out" or die;
    local $/;
    return ($status, <$in> // '');
}

sub spill {
    my ($name, $text) = @_;
    open my $out, '>', "$dir/$name" or die "$name: $!";
    print $out $text;
    close $out or die "$name: $!";
    return "$dir/$name";
}

my $redis = Apigw::Redis->new;
my @to = ('--redis', $redis->address);

is_deeply [run(@to, '--store', 'partners', 'k7Qp2mXa')], [0, ''],
    'a key is revoked';
is_deeply [run(@to, '--line', 'sub corp "Alice A" before=1700000000')],
    [0, ''], 'and a subject';
is_deeply [sort @{ $redis->command('SMEMBERS', 'apigw:revoked') }],
    ['key partners k7Qp2mXa', 'sub corp "Alice A" before=1700000000'],
    'both are in the set';
is $redis->command('GET', 'apigw:revoked:gen'), 2, 'and counted';
is_deeply [run(@to, '--store', 'partners', 'k7Qp2mXa')],
    [0, "was revoked before\n"], 'what is in the set is told so';

is_deeply [run(@to, '--redis-prefix', 'shop', '--database', 3,
               '--line', 'jti corp a')], [0, ''], 'elsewhere';
$redis->command('SELECT', 3);
is $redis->command('SISMEMBER', 'shop:revoked', 'jti corp a'), 1,
    'that is where it is';
$redis->command('SELECT', 0);

for my $case (
    [['--line', 'jti corp'], qr/"jti corp": the value is missing/],
    [['--line', '# jti corp a'], qr/revokes nothing/],
    [['--line', "jti corp a\njti corp b"], qr/control character/],
    [['--store', 'part ners', 'k7Qp2mXa'], qr/value|letters/],
    [['--store', 'partners', 'short'], qr/not 8 to 32 letters and digits/],
    [['--store', 'partners'], qr/an id, with --store S or without, or else/],
    [[], qr/an id, with --store S or without, or else/],
    [['short'], qr/not 8 to 32 letters and digits/],
    [['--line', 'jti corp a', 'k7Qp2mXa'], qr/an id, with --store S or/],
    [['--line', 'jti corp a', '--user', 'me'], qr/--user takes/],
    [['--line', 'jti corp a', '-f', 'x'], qr/either -f FILE or --redis/])
{
    my ($status, $out) = run(@to, @{ $case->[0] });
    is $status, 2, "used wrongly: @{ $case->[0] }";
    like $out, $case->[1], 'which it says';
}

is((run('--redis', 'nowhere', '--line', 'jti corp a'))[0], 2,
   'an address that is none');
is $redis->command('GET', 'apigw:revoked:gen'), 3, 'none of it was counted';

$redis->command('SET', 'odd:revoked', 'text');
my ($status, $out) = run(@to, '--redis-prefix', 'odd', '--line', 'jti corp a');
is $status, 1, 'a key of another type is a failure';
like $out, qr/odd:revoked: WRONGTYPE/, 'which it says';

$redis->stop;
($status, $out) = run(@to, '--line', 'jti corp a');
is $status, 1, 'so is a Redis that is away';
like $out, qr/cannot reach 127\.0\.0\.1:\d+: /, 'which it says';

my $closed = Apigw::Redis->new(-unix => 1, requirepass => 'sesame');
@to = ('--redis', 'unix:' . $closed->socket_path);
($status, $out) = run(@to, '--line', 'jti corp a');
is $status, 1, 'without a password it fails';
is_deeply [run(@to, '--password-file', spill('word', "sesame\n"),
               '--line', 'jti corp a')], [0, ''], 'with it all is well';
is_deeply [run(@to, '--password-file', "$dir/word", '--user', 'default',
               '--line', 'jti corp b')], [0, ''], 'with a user too';


# keys

$redis = Apigw::Redis->new;
@to = ('--redis', $redis->address);

sub hash { my %h = @{ $redis->command('HGETALL', $_[0]) }; return \%h }

($status, $out) = tool('create', @to, '--consumer', 'acme', '--plan', 'gold',
    '--groups', 'a,b', '--scope', 'orders:read x', '--exp',
    '2099-01-01T00:00:00Z', '--cidr', '127.0.0.0/8,::1', '--id', 'k7Qp2mXa');
is $status, 0, 'a key is made';
like $out, qr/^gw_k7Qp2mXa_[0-9A-Za-z]{27}_[0-9A-Za-z]{6}\n\z/,
    'and printed, alone on its line';
chomp(my $key = $out);
my $digest = sha256_hex($key);
is_deeply hash("apigw:key:$digest"), { id => 'k7Qp2mXa', digest => 'sha256',
    consumer => 'acme', plan => 'gold', groups => 'a,b',
    scope => 'orders:read x', exp => '2099-01-01T00:00:00Z',
    cidr => '127.0.0.0/8,::1' }, 'its record has all of it, not the key';

($status, $out) = tool('create', @to, '--consumer', 'big corp', '--pepper',
    spill('pepper', '00' x 32 . "\n"), '--prefix', 'live', '--exp', '90d');
is $status, 0, 'another, with a pepper';
chomp(my $live = $out);
chmod 0600, "$dir/pepper";
my $hmac = hmac_sha256_hex($live, "\0" x 32);
my $made = hash("apigw:key:$hmac");
is "$made->{digest} $made->{consumer}", 'hmac-sha256 big corp', 'its record';
like $live, qr/^live_$made->{id}_/, 'its id';
is scalar @{ $redis->command('KEYS', '*') }, 2, 'and nothing else is there';

my $nginx = gateway($redis, 'redis_ttl 0;', '
    location /live { apigw_auth key=live; empty_gif; }', http => "
    apigw_key_store live { redis main; prefix live; pepper_file $dir/pepper; }");
is ask($nginx, $key), '200 miss', 'the gateway takes the one';
like headers($nginx, $key)->{'x-told'},
    qr/^acme\|gold\|a b\|orders:read x\|k7Qp2mXa\|/, 'as it was made';
is ask($nginx, $live, '/live'), '200 miss', 'and the other';

($status, $out) = tool('list', @to);
is $status, 0, 'keys are listed';
like $out, qr/^ID +STATUS +EXPIRES +CONSUMER +PLAN +SCOPE\n/, 'with a head';
like $out, qr/^k7Qp2mXa +active +2099-01-01T00:00:00Z +acme +gold +orders:/m,
    'with their attributes';
like $out, qr/^$made->{id} +active .*big corp/m, 'all of them';
unlike $out, qr/$digest|$hmac|sha256|gw_/, 'without digests';

is_deeply [tool('revoke', @to, 'k7Qp2mXa')], [0, ''], 'a key is disabled';
is hash("apigw:key:$digest")->{status}, 'disabled', 'its record says so';
is ask($nginx, $key), '401 miss', 'the gateway refuses it';
is_deeply [tool('revoke', @to, 'k7Qp2mXa')], [0, ''], 'twice is no fault';
like +(tool('list', @to))[1], qr/^k7Qp2mXa +disabled/m, 'the list says so';
clean($nginx);

($status, $out) = tool('create', @to, '--consumer', 'c', '--id', 'k7Qp2mXa');
is $status, 1, 'an id that there is fails';
like $out, qr/Redis has a key k7Qp2mXa already/, 'which it says';
($status, $out) = tool('revoke', @to, 'zzzzzzzz');
is $status, 1, 'one that there is not fails';
like $out, qr/Redis has no key zzzzzzzz/, 'which it says';

keep($redis, 'twice001', consumer => $_, -pepper => $_ x 64) for 0, 1;
is_deeply [tool('revoke', @to, 'twice001')], [0, ''], 'an id of two records';
is_deeply [map { hash(name('twice001', $_ x 64))->{status} } 0, 1],
    ['disabled', 'disabled'], 'disables both';

# elsewhere, with characters that SCAN would read as a pattern
my @odd = ('--redis-prefix', 'a*[b]?\\', '--database', 5);
is +(tool('create', @to, @odd, '--consumer', 'c', '--id', 'elsewhere'))[0], 0,
    'under an odd prefix';
like +(tool('list', @to, @odd))[1], qr/^elsewhere/m, 'it is listed there';
unlike +(tool('list', @to, @odd))[1], qr/k7Qp2mXa/, 'alone';
$redis->command('SELECT', 5);
$redis->command('HSET', 'axxb:key:' . 'a' x 64, 'id', 'stranger');
unlike +(tool('list', @to, @odd))[1], qr/stranger/, 'not what a pattern fits';
$redis->command('SELECT', 0);

# many, more than come at once, with others between them
$redis->command('FLUSHALL');
for my $i (1 .. 2500) {
    $redis->command('SET', "other:$i", 'x') if $i % 5 == 0;
    keep($redis, "many$i" . 'x' x (8 - length $i), consumer => 'c');
}
($status, $out) = tool('list', @to);
is scalar(() = $out =~ /^many\d+x+ +active/mg), 2500, 'all of many are listed';
is_deeply [tool('revoke', @to, 'many1234xxxx')], [0, ''], 'one is found';
is scalar(() = (tool('list', @to))[1] =~ /disabled/g), 1, 'and it alone';

# records that are none
$redis->command('FLUSHALL');
keep($redis, 'good0001');
keep($redis, 'faulty01', colour => 'blue');
keep($redis, 'faulty02', consumer => "a\e[2Jb");
$redis->command('SET', name('string01'), 'text');
$redis->command('HSET', name('large001'), map { ("f$_", $_) } 1 .. 50);
($status, $out) = tool('list', @to);
is $status, 1, 'faulty records make the list fail';
like $out, qr/^good0001 +active/m, 'good ones are listed';
like $out, qr/apigw-key: a record of id faulty01: unknown attribute$/m,
    'faulty ones are told by their id';
like $out, qr/record of id unknown: not a hash$/m, 'or without';
like $out, qr/record of id unknown: more fields than there are$/m, 'any';
like $out, qr/apigw-key: 4 of the records are faulty$/m, 'and counted';
unlike $out, qr/\e|[0-9a-f]{64}/, 'no byte of theirs, no digest';

for my $case (
    [['create', '--consumer', 'a', '-f', 'x'], qr/either -f FILE or --redis/],
    [['list', '-f', 'x'], qr/either -f FILE or --redis/],
    [['create'], qr/--consumer is missing/],
    [['create', '--consumer', ''], qr/--consumer: value is empty/],
    [['create', '--consumer', "a\nb"], qr/--consumer: value is empty or/],
    [['create', '--consumer', 'a' x 1025], qr/--consumer: value/],
    [['create', '--consumer', 'a' x 1000], qr/longer than 1024 bytes/],
    [['create', '--consumer', 'a', '--exp', 'soon'], qr/--exp: /],
    [['create', '--consumer', 'a', '--cidr', '10.0.0.0/40'], qr/--cidr: /],
    [['create', '--consumer', 'a', '--id', 'short'], qr/8 to 32/],
    [['create', '--consumer', 'a', '--prefix', 'g_w'], qr/--prefix is/],
    [['create', '--consumer', 'a', '--store', 's'], qr/are for revoke/],
    [['create', '--consumer', 'a', '--user', 'me'], qr/--user takes/],
    [['list', '--line', 'jti corp a'], qr/are for revoke/],
    [['list', 'more'], qr/one argument too many/])
{
    ($status, $out) = tool(@{ $case->[0] }, @to);
    is $status, 2, 'used wrongly';
    like $out, $case->[1], 'which it says';
}
is scalar @{ $redis->command('KEYS', '*') }, 5, 'none of it made a key';

is +(tool('create', '--redis', 'unix:' . $closed->socket_path, '--consumer',
          'a', '--password-file', "$dir/word"))[0], 0, 'by a socket';
like +(tool('list', '--redis', 'unix:' . $closed->socket_path,
            '--password-file', "$dir/word"))[1], qr/ active .* a /, 'and back';

# the rights that the documentation names suffice, and no fewer
$redis->command('FLUSHALL');
$redis->command('ACL', 'SETUSER', 'keys', 'on', '>secret', '~apigw:*',
    map { "+$_" } qw(scan hgetall exists watch multi exec hset sadd incr));
my @as = (@to, '--user', 'keys', '--password-file', spill('acl', "secret\n"));
is +(tool('create', @as, '--consumer', 'a', '--id', 'rights01'))[0], 0, 'made';
is +(tool('list', @as))[0], 0, 'listed';
is +(tool('revoke', @as, 'rights01'))[0], 0, 'disabled';
is +(tool('revoke', @as, '--store', 's', 'rights01'))[0], 0, 'revoked';
$redis->command('ACL', 'SETUSER', 'keys', '-hset');
($status, $out) = tool('create', @as, '--consumer', 'a');
is $status, 1, 'a right that is lacking is a failure';
like $out, qr/NOPERM/, 'which it says';
unlike $out, qr/gw_/, 'and no key is printed';
$redis->command('ACL', 'SETUSER', 'keys', '-hgetall');
is +(tool('list', @as))[0], 1, 'not a record that is faulty';

done_testing;
