package Apigw::Upstream;

# Starts t/lib/upstream.py for a test file:
#
#     use Apigw::Upstream;
#     our $upstream = Apigw::Upstream::address();      # 127.0.0.1:PORT
#
# It ends with the file: its standard input is a pipe from this process.

use strict;
use warnings;

use File::Basename qw(dirname);
use IPC::Open2 qw(open2);

my ($pid, $out, $in, $address);

sub address {
    return $address if $address;

    $pid = open2($out, $in, 'python3', dirname(__FILE__) . '/../upstream.py');
    my $port = <$out> // die "upstream.py did not start\n";
    chomp $port;

    return $address = "127.0.0.1:$port";
}

# Percent-encodes a body for /send?body=...
sub enc {
    my ($text) = @_;
    $text =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ge;
    return $text;
}

END {
    my $status = $?;
    if ($pid) {
        close $in;
        waitpid $pid, 0;
    }
    $? = $status;
}

1;
