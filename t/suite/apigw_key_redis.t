# apigw-key revoke --redis: the set and its number change together or not at
# all, and nothing gets into the set that the gateway would pass over.

use strict;
use warnings;

use lib 't/lib';
use Apigw::Redis;
use File::Temp ();
use Test::More;

my $build = $ENV{BUILD} || 'build';
my $tool = "$build/bin/apigw-key";
my $dir = File::Temp->newdir;

# run(ARGUMENTS...): exit status, standard output and error in one.
sub run {
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDOUT, '>', "$dir/out" or die;
        open STDERR, '>&', \*STDOUT or die;
        exec $tool, 'revoke', @_ or die "$tool: $!";
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
    [['--store', 'partners'], qr/either --store S and an id, or --line/],
    [['k7Qp2mXa'], qr/either --store S and an id, or --line/],
    [['--line', 'jti corp a', 'k7Qp2mXa'], qr/either --store/],
    [['--line', 'jti corp a', '--user', 'me'], qr/--user takes/],
    [['--line', 'jti corp a', '-f', 'x'], qr/--redis is for revoke, without/])
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

done_testing;
