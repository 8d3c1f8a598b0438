# The quickstart example: its tour with limits in memory and with limits in a
# real Redis, a busy port, and no process left behind.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Redis ();
use File::Temp ();
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $dir = File::Temp->newdir('quickstartXXXXXX', DIR => "$Apigw::Build/t");

sub tour {
    my ($name, %env) = @_;
    local @ENV{keys %env} = values %env;
    local $ENV{RUN_DIR} = "$dir/$name";
    local $ENV{BUILD} = $Apigw::Build;
    local $ENV{NGINX} = $ENV{TEST_NGINX_BINARY};

    my $output = `$Apigw::Root/tools/demo 2>&1`;
    my $status = $? >> 8;

    is $status, 0, "$name: the tour ends well";
    like $output, qr/^demo: every step as expected$/m, "$name: and says so";
    unlike $output, qr/DIFFERS/, "$name: no step differs";
    diag $output if $status;

    is_deeply [processes("$dir/$name")], [], "$name: no process is left";
    my @open = grep { ((stat)[2] & 077) != 0 }
        map { "$dir/$name/$_" } qw(signing.pem tls.key);
    is_deeply \@open, [], "$name: keys are the owner's alone";
    is +(stat "$dir/$name/partners.keys")[2] & 027, 0,
        "$name: digests of API keys are not for everybody";
}

# Process ids of nginx that were started in a folder.
sub processes {
    my ($folder) = @_;
    my @found;

    for my $file (glob '/proc/[0-9]*/cmdline') {
        open my $in, '<', $file or next;
        local $/;
        my $line = <$in> // '';
        push @found, $file if $line =~ /nginx/ && $line =~ /\Q$folder\E/;
    }

    return @found;
}

tour('memory', CONF => 'nginx.conf');

{
    my $redis = Apigw::Redis->new;
    tour('redis', CONF => 'redis.conf', REDIS_PORT => $redis->port);
    cmp_ok scalar @{ $redis->command('KEYS', '*') }, '>', 0,
        'redis: the limits were kept there';
}

{
    my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
        or die;
    local $ENV{PORT} = $taken->sockport;
    local $ENV{RUN_DIR} = "$dir/busy";
    my $output = `$Apigw::Root/tools/run 2>&1`;

    is $? >> 8, 2, 'a busy port: exit status 2';
    like $output, qr/port \d+ is in use/, 'a busy port is named';
    like $output, qr/PORT=\d+ .*make run/, 'and the line to type instead';
}

done_testing();
