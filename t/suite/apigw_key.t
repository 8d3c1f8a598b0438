# apigw-key: a key is printed once and its digest kept; owner, group and mode
# of the file stay; concurrent calls lose nothing; a faulty file is not touched.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex hmac_sha256_hex);
use File::Temp ();
use Test::More;

my $build = $ENV{BUILD} || 'build';
my $tool = "$build/bin/apigw-key";
my $dir = File::Temp->newdir;
my $file = "$dir/partners.keys";

# run(ARGUMENTS...): exit status, standard output, standard error.
sub run {
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDOUT, '>', "$dir/out" or die;
        open STDERR, '>', "$dir/err" or die;
        exec $tool, @_ or die "$tool: $!";
    }
    waitpid $pid, 0;
    return ($? >> 8, map { slurp("$dir/$_") } qw(out err));
}

sub slurp {
    open my $fh, '<', $_[0] or die "$_[0]: $!";
    local $/;
    return <$fh> // '';
}

sub spill {
    my ($name, $text) = @_;
    open my $fh, '>', $name or die "$name: $!";
    print $fh $text;
    close $fh or die "$name: $!";
}

my ($rc, $out, $err) = run('create', '-f', $file, '--consumer', 'acme',
    '--plan', 'gold', '--groups', 'a,b', '--scope', 'orders:read x',
    '--exp', '2027-01-01T00:00:00Z', '--cidr', '10.0.0.0/8,::1',
    '--id', 'k7Qp2mXa');

is $rc, 0, 'a key is made';
is $err, '', 'without a word on standard error';
like $out, qr/^gw_k7Qp2mXa_[0-9A-Za-z]{27}_[0-9A-Za-z]{6}\n\z/,
    'and printed, alone on its line';
chomp(my $key = $out);
my $digest = sha256_hex($key);
is slurp($file), "k7Qp2mXa  sha256:$digest  consumer=acme plan=gold"
    . ' groups=a,b scope="orders:read x" exp=2027-01-01T00:00:00Z'
    . " cidr=10.0.0.0/8,::1\n", 'the file keeps the digest, not the key';
is sprintf('%o', (stat $file)[2] & 07777), '640', 'a new file has mode 0640';

($rc, $out) = run('create', '-f', $file, '--consumer', 'big corp');
is $rc, 0, 'another key is made';
isnt $out, "$key\n", 'which is another one';
my ($id) = $out =~ /^gw_(\w{8})_/;

spill("$dir/pepper", '00' x 32 . "\n" . '11' x 32 . "\n");
($rc, $out) = run('create', '-f', $file, '--consumer', 'c', '--pepper',
                  "$dir/pepper", '--prefix', 'live');
chomp $out;
like $out, qr/^live_/, 'a prefix can be chosen';
my $hmac = hmac_sha256_hex($out, "\0" x 32);
like slurp($file), qr/ hmac-sha256:$hmac /, 'the current pepper is used';

($rc, $out) = run('list', '-f', $file);
is $rc, 0, 'keys are listed';
like $out, qr/^k7Qp2mXa +active +2027-01-01T00:00:00Z +acme +gold +orders:/m,
    'with their attributes';
unlike $out, qr/\Q$digest\E|sha256/, 'without digests';

chmod 0604, $file;
($rc) = run('revoke', '-f', $file, $id);
is $rc, 0, 'a key is revoked';
like slurp($file), qr/^\Q$id\E .* consumer="big corp" status=disabled$/m,
    'its line says so';
is sprintf('%o', (stat $file)[2] & 07777), '604', 'the mode stays';
my $before = slurp($file);
($rc) = run('revoke', '-f', $file, $id);
is $rc, 0, 'revoking twice is no fault';
is slurp($file), $before, 'and changes nothing';
is_deeply [grep { !/^(partners\.keys|pepper|out|err)$/ }
           map { m{([^/]+)\z} } glob "$dir/*"], [],
    'no temporary file is left';

spill("$dir/text", qq{abcdefgh sha256:$digest status=active consumer="x }
                   . qq{status=active"\n# end\n});
($rc) = run('revoke', '-f', "$dir/text", 'abcdefgh');
is slurp("$dir/text"), qq{abcdefgh sha256:$digest status=disabled }
    . qq{consumer="x status=active"\n# end\n}, 'status is changed in place';

symlink 'partners.keys', "$dir/link" or die;
($rc) = run('create', '-f', "$dir/link", '--consumer', 'through');
ok -l "$dir/link", 'a symbolic link stays one';
like slurp($file), qr/consumer=through/, 'and its target has the key';

# usage and failures
for ([2], [2, 'make', '-f', $file], [2, 'create', '-f', $file],
     [2, 'create', '--consumer', 'a'], [2, 'revoke', '-f', $file],
     [2, 'create', '-f', $file, '--consumer', "a\nb"],
     [2, 'create', '-f', $file, '--consumer', 'a"b'],
     [2, 'create', '-f', $file, '--consumer', ''],
     [2, 'create', '-f', $file, '--consumer', 'a', '--exp', 'soon'],
     [2, 'create', '-f', $file, '--consumer', 'a', '--cidr', '10.0.0.0/40'],
     [2, 'create', '-f', $file, '--consumer', 'a', '--groups', 'a,,b'],
     [2, 'create', '-f', $file, '--consumer', 'a', '--id', 'short'],
     [2, 'create', '-f', $file, '--consumer', 'a', '--prefix', 'g_w'],
     [1, 'create', '-f', $file, '--consumer', 'a', '--id', 'k7Qp2mXa'],
     [1, 'create', '-f', "$dir/none/x", '--consumer', 'a'],
     [1, 'revoke', '-f', $file, 'zzzzzzzz'], [1, 'list', '-f', "$dir/none"])
{
    my ($want, @args) = @$_;
    my $text = slurp($file);
    ($rc, $out, $err) = run(@args);
    is $rc, $want, "exit status $want: @args[0 .. ($#args < 5 ? $#args : 5)]";
    is $out, '', 'nothing on standard output';
    like $err, qr/^apigw-key: /, 'the fault on standard error';
    is slurp($file), $text, 'the file is as it was';
}

spill("$dir/bad", "abcdefgh sha256:$digest consumer=a\nbad line\n");
($rc, $out, $err) = run('create', '-f', "$dir/bad", '--consumer', 'a');
is $rc, 1, 'a file with a fault is not changed';
like $err, qr{/bad:2: id is not 8 to 32}, 'its line is named';

# at the same time
my %pids;
for (1 .. 12) {
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDOUT, '>', '/dev/null' or die;
        exec $tool, 'create', '-f', "$dir/many", '--consumer', "c$_" or die;
    }
    $pids{$pid} = 1;
}
my $failed = 0;
for my $pid (keys %pids) {
    waitpid $pid, 0;
    $failed++ if $?;
}
is $failed, 0, 'twelve calls at the same time succeed';
is scalar(() = slurp("$dir/many") =~ /consumer=c\d+$/mg), 12,
    'and none loses the key of another';

done_testing;
