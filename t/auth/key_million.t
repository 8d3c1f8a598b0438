# A file of very many keys: it loads, its last key passes, each key costs less
# than 200 bytes, and neither its change nor a reload loses a request. A quarter
# of a million shows that as well; APIGW_KEYS=1000000 makes it the whole.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Nginx;
use Apigw::Token;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $keys = $ENV{APIGW_KEYS} || ($ENV{APIGW_SLOW} ? 50_000 : 250_000);
my $file = "$Apigw::Token::Dir/million.keys";

my $last = Apigw::Token::api_key('last0001');
my $new = Apigw::Token::api_key('newer001');

# Nobody knows keys of these digests. They differ in their first bytes, as
# digests do.
my $crowd = do {
    use integer;
    my $text = '';
    my $rest = '5' x 48;
    $text .= sprintf "%08d sha256:%016x%s consumer=c%d plan=p%d\n", $_,
                     $_ * -7046029254386353131, $rest, $_ % 1000, $_ % 5
        for 1 .. $keys - 1;
    $text;
};

sub put {
    open my $out, '>:raw', "$file.new" or die "$file.new: $!";
    print $out $crowd, map { Apigw::Token::key_line($_, 'consumer=acme') } @_;
    close $out or die "$file.new: $!";
    chmod 0644, "$file.new";
    rename "$file.new", $file or die "$file: $!";
}

put('last0001');
Apigw::Token::file('t', "page\n", 0644);

my $nginx = Apigw::Nginx->new(modules => ['auth'], workers => 2, http =>
    "apigw_auth_zone zone=small:1m;
     apigw_key_store partners { file $file; check 1s; }
     root $Apigw::Token::Dir;
     server {
         listen 127.0.0.1:\@PORT\@;
         location /t { apigw_auth key=partners; }
     }");

sub status {
    my ($key) = @_;
    my ($status) = $nginx->request(GET => '/t', { 'X-API-Key' => $key });
    return $status // 0;
}

# Resident bytes of the largest mapping that processes share: the keys' zone.
sub resident {
    my ($pid) = @_;
    my ($size, $bytes, $mine) = (0, 0, 0);
    no warnings 'portable';     # addresses of 64 bits

    open my $in, '<', "/proc/$pid/smaps" or die "smaps: $!";
    while (<$in>) {
        if (/^([0-9a-f]+)-([0-9a-f]+) (\S+)/) {
            my $length = hex($2) - hex $1;
            $mine = $3 eq 'rw-s' && $length > $size;
            $size = $length if $mine;
        } elsif ($mine && /^Rss:\s+(\d+) kB/) {
            $bytes = $1 * 1024;
        }
    }

    return $bytes;
}

# Runs code while a client asks without a pause; how its requests ended.
sub under_load {
    my ($code) = @_;
    my ($stop_in, $stop_out, $told_in, $told_out);
    pipe $stop_in, $stop_out or die "pipe: $!";
    pipe $told_in, $told_out or die "pipe: $!";

    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        close $stop_out;
        my %seen;
        my $ready = '';
        do {
            $seen{status($last)}++;
            vec($ready, fileno $stop_in, 1) = 1;
        } until select $ready, undef, undef, 0;
        syswrite $told_out, join ' ', map { "$_:$seen{$_}" } sort keys %seen;
        POSIX::_exit(0);
    }

    close $told_out;
    $code->();
    close $stop_out;
    my $told = do { local $/; <$told_in> };
    waitpid $pid, 0;

    return $told;
}

is status($last), 200, 'the last key of the file passes';
is status($new), 401, 'one that is not in it is refused';

my $each = resident($nginx->pid) / $keys;
cmp_ok $each, '>', 70, 'the zone of the keys is the one that is measured';
cmp_ok $each, '<', 200, 'a key costs less than 200 bytes';

# Of the worker that has made the new half, above all.
sub most_resident {
    my ($most) = sort { $b <=> $a } map { resident($_) } $nginx->workers;
    return $most;
}

my ($taken, $most);
my $told = under_load(sub {
    put('last0001', 'newer001');
    my $end = time + 120;
    sleep 0.1 until ($taken = status($new) == 200) || time > $end;
    $most = most_resident();
});

ok $taken, 'a changed file comes into force by itself';
like $told, qr/^200:\d+$/, 'no request is lost meanwhile';
like $nginx->log, qr/@{[$keys + 1]} keys of /, 'all of its keys are in force';

my $end = time + 60;
my $now = $most;
while ($now > 0.7 * $most && time < $end) {
    sleep 0.2;
    $now = most_resident();
}
cmp_ok $now, '<', 0.7 * $most, 'the former half gives its memory back';
is status($_), 200, 'its keys pass' for $last, $new;

like under_load(sub { $nginx->reload }), qr/^200:\d+$/,
    'no request is lost in a reload';
is status($new), 200, 'the new key is good after it';
is status($last), 200, 'the last one too';

unlike $nginx->log, qr/\[(alert|crit|emerg)\]/, 'nothing worse is logged';
is $nginx->stop, 0, 'nginx ends in order';

done_testing();
