# A reload under load loses no request and no state; new numbers apply to what
# was used already. Another size, name or policy starts afresh.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Nginx ();
use Test::More;

sub http {
    my (%o) = (zone => 'z:1m', rate => '5r/d', @_);
    return <<"CONF";
    apigw_ratelimit_zone $o{zone};
    apigw_ratelimit_policy one key=\$arg_k rate=$o{rate};
    apigw_ratelimit_policy all key=all rate=1000000r/h;
    server {
        listen 127.0.0.1:\@PORT\@;
        location / { apigw_ratelimit one all; empty_gif; }
    }
CONF
}

my $nginx = Apigw::Nginx->new(modules => ['ratelimit'], workers => 2,
                              http => http());

sub reload {
    $nginx->{options}{http} = http(@_);
    $nginx->write('nginx.conf', $nginx->conf);
    return $nginx->reload;
}

sub status { return ($nginx->request(GET => "/?k=$_[0]"))[0] // 'none' }
sub left {
    my (undef, $headers) = $nginx->request(GET => "/?k=$_[0]");
    return $headers->{ratelimit} =~ /"one";r=(\d+)/ ? $1 : 'none';
}

is left('a'), 4, 'five a day';
is left('a'), 3, 'one less';

ok reload(), 'reloaded';
is left('a'), 2, 'the state survives';

ok reload(rate => '20r/d'), 'reloaded with a higher rate';
# 3 of 5 a day are 14.4 hours: of 20 a day, 12
is left('a'), 7, 'it applies to what was used';

ok reload(rate => '2r/d'), 'reloaded with a lower rate';
is left('b'), 1, 'new keys have it';

ok reload(zone => 'z:2m'), 'reloaded with a larger zone';
is left('a'), 4, 'which starts afresh';

ok reload(zone => 'y:2m'), 'reloaded with a zone of another name';
is left('a'), 4, 'which starts afresh';

reload(zone => 'y:2m', rate => '300r/d');

# under load: every request is answered, and the count is exact

pipe my $reader, my $writer or die;
my $file = $nginx->dir . '/sent';

defined(my $pid = fork) or die;
if ($pid == 0) {
    close $writer;
    my ($sent, $passed, $lost, $ready) = (0, 0, 0, '');
    for (;;) {
        vec($ready, fileno $reader, 1) = 1;
        last if select $ready, undef, undef, 0;
        my $status = status('load');
        $sent++;
        $status eq '200' ? $passed++ : $status eq '429' ? 0 : $lost++;
    }
    open my $out, '>', $file or die;
    print $out "$sent $passed $lost\n";
    close $out;
    delete $nginx->{pid};
    require POSIX;
    POSIX::_exit(0);
}
close $reader;

my $whole = 0;
$whole += reload(zone => 'y:2m', rate => 300 + $_ . 'r/d') for 1 .. 20;
close $writer;
waitpid $pid, 0;

open my $in, '<', $file or die "$file: $!";
my ($sent, $passed, $lost) = <$in> =~ /(\d+) (\d+) (\d+)/;
is $whole, 20, 'twenty reloads';
is $lost, 0, "none of $sent requests was lost";
cmp_ok $passed, '<=', 321, 'and no state was reset';
cmp_ok $passed, '>=', $sent < 300 ? $sent : 300, 'nor charged twice';

is $nginx->stop, 0, 'ends in order';
is_deeply [grep { /\[(?:alert|crit|emerg)\]/ } split /^/m, $nginx->log], [],
    'a quiet log';

done_testing();
