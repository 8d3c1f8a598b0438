package Apigw::Clock;

# A clock that stands still until a test sets it, for servers that are started
# with it (t/lib/clock.c):
#
#     my $clock = Apigw::Clock->new('2028-02-29 23:59:00');     UTC
#     my $nginx = Apigw::Nginx->new(clock => $clock, ...);
#     my $redis = Apigw::Redis->new(-clock => $clock);
#     $clock->set('2028-03-01 00:00:00.5');
#     $clock->forward(3600 + MOMENT);
#     $clock->at                     seconds since 1970
#
# All of a server's clocks go by it, so its timers don't run out meanwhile; the
# monotonic one goes on with it, but never back. Times are whole moments,
# which are exact as numbers of Perl. libfaketime does not do: it rounds
# fractions, and Redis's allocator has it recurse.

use strict;
use warnings;

use Apigw ();
use File::Temp ();
use POSIX qw(floor);
use Time::Local qw(timegm);

use constant MOMENT => 1 / 64;

my $dir = File::Temp->newdir('apigw-clock-XXXXXX', TMPDIR => 1);
my $library = "$dir/clock.so";
my $clocks = 0;

sub new {
    my ($class, $start) = @_;

    chmod 0755, $dir;
    -e $library || system("cc -O1 -shared -fPIC -o $library "
                          . "$Apigw::Root/t/lib/clock.c") == 0
        or die 'no clock.so';

    my $self = bless { file => "$dir/" . $clocks++ }, $class;
    $self->set($start);

    return $self;
}

# nginx forgets variables that its configuration does not name.
sub environment {
    my ($self) = @_;

    # a sanitizer wants to be the first library of a process
    my $asan = join ':', grep { defined && length } $ENV{ASAN_OPTIONS},
        'verify_asan_link_order=0';

    return (LD_PRELOAD => $library, APIGW_CLOCK => $self->{file},
            ASAN_OPTIONS => $asan);
}

# A date, or seconds since 1970.
sub set {
    my ($self, $when) = @_;

    if ($when =~ /^(\d+)-(\d+)-(\d+) (\d+):(\d+):(\d+)(\.\d+)?$/) {
        $when = timegm($6, $5, $4, $3, $2 - 1, $1) + ($7 // 0);
    }

    $self->{at} = floor($when / MOMENT + 0.5) * MOMENT;
    $self->{last} = $self->{at} if $self->{at} > ($self->{last} // 0);

    # in place, as servers have mapped it
    my $file = $self->{file};
    open my $out, -e $file ? '+<' : '>', $file or die "$file: $!";
    syswrite($out, pack 'qq', map { 1_000_000 * $_ } @$self{qw(at last)}) == 16
        or die "$file: $!";
    close $out;
}

sub forward { $_[0]->set($_[0]{at} + $_[1]) }
sub at { $_[0]{at} }

1;
