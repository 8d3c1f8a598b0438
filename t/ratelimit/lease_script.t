# The script's leases agree, reply by reply and write by write, with a reference
# in 64-bit integers, whatever is asked and whatever a key already holds; and so
# does the core in C on how much a node may have.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Test::More;
use File::Temp ();
use IPC::Open2;

my $FILE = 'ngx_http_apigw_ratelimit_module/apigw_ratelimit.lua';
my $EPOCH = 1704067200;
my $SECOND = 8_000_000;
my $DAY = 86400 * $SECOND;
my $LIFE = 10 * $SECOND;

srand($ENV{TEST_SEED} // 11);

my $M = 'ngx_http_apigw_ratelimit_module';
my $dir = File::Temp->newdir('apigw-lease-XXXXXX', TMPDIR => 1);

system split(' ', $ENV{CC} || 'cc'), qw(-std=c11 -D_GNU_SOURCE -O -I common -I),
    $M, '-o', "$dir/driver", 't/lib/lease_driver.c',
    map({ "$M/apigw_$_.c" } qw(lease gcra limit slots slots_lock slots_reserve
                               take take_copy take_lock take_slot window
                               window_month)),
    'common/apigw_siphash.c'
    and die "the driver can't be built";

my $core = open2(my $parts, my $ask_core, "$dir/driver");
$ask_core->autoflush(1);
my $apart = 0;

use integer;

sub max { $_[0] > $_[1] ? $_[0] : $_[1] }
sub min { $_[0] < $_[1] ? $_[0] : $_[1] }

# Records as [node, seq, units, expiry], from what follows the state.
sub records {
    my ($value) = @_;
    my ($tail) = $value =~ /\|(.*)/s;
    return map { [/^(\d+):(\d+):(\d+):(\d+)$/] } split /,/, $tail // '';
}

sub tail {
    return @_ ? '|' . join(',', map { join ':', @$_ } @_) : '';
}

# A state rolled to now: what is left, in units' size; when it ends.
sub look {
    my ($value, $now, $p) = @_;

    if ($p->{kind} eq 'r') {
        my ($tat) = $value =~ /^(\d+)/;
        my $span = $p->{limit} * $p->{period};
        $tat = min(max($tat // 0, $now), $now + 2 * $span);
        return { tat => $tat, room => $now + $span - $tat,
                 unit => $p->{period}, ends => $now + $LIFE };
    }

    my $length = $p->{period};
    my ($id, $count) = $value =~ /^(\d+):(\d+)/;

    if ($p->{kind} eq 'f') {
        ($id, $count) = ($now, 0)
            if !$id || $id + $length <= $now || $id > $now + $length;
        return { id => $id, count => $count, room => $p->{limit} - $count,
                 unit => 1, ends => $id + $length };
    }

    my $current = $now / $length;
    ($id, $count) = ($current, 0)
        if !defined $id || $id < $current || $id > $current + 1;
    return { id => $id, count => $count, room => $p->{limit} - $count,
             unit => 1, ends => ($id + 1) * $length };
}

sub written {
    my ($s, $now, $p, $tail) = @_;

    return ("$s->{id}:$s->{count}$tail", ($s->{ends} - $now) / 8000 + 11)
        if $p->{kind} ne 'r';

    my $px = max($s->{tat} - $now, 0) / 8000 + 11;
    return ($s->{tat} . $tail, $tail eq '' ? $px : max($px, 10011));
}

# As operations "take" and "lease" do; the reply and the write.
sub ask {
    my ($store, $now, $ticket, $p, $lease) = @_;
    my $value = $store->{k} // '';
    my $s = look($value, $now, $p);
    my ($n, $c, $L) = @$p{qw(n cost limit)};
    my $fits = $c == 0 ? $n : $c > $L || $s->{room} <= 0 ? 0
             : min($n, $s->{room} / ($c * $s->{unit}));
    my $j = $p->{shadow} ? $n : $fits;
    my $granted = min($j, $fits);
    my $need = $granted * $c;
    my $ahead = 0;
    my ($tail) = $value =~ /(\|.*)/s;
    $tail //= '';

    if ($lease) {
        my @all = records($value);
        my @others = grep { $_->[3] > $now }
            map { [@$_[0 .. 2], min($_->[3], $s->{ends})] }
            grep { $_->[0] != $lease->{node} } @all;
        my $late = $j < $n || grep {
            $_->[0] == $lease->{node} && $_->[1] >= $lease->{seq} } @all;

        if (!$late) {
            my $sum = $lease->{told};
            $sum += $_->[2] for @others;
            my $left = max(0, $s->{room}) / $s->{unit};
            my $g = min($lease->{most},
                min($left / (2 * (1 + @others)),
                    max(0, $lease->{outstanding} - $sum) / 2));

            print $ask_core join(' ', $left, 1 + @others,
                $lease->{outstanding}, $sum, $lease->{most}), "\n";
            $apart++ if <$parts> != $g;

            $ahead = max(0, $g - $need);

            $tail = tail(@others, [@$lease{qw(node seq)},
                                   $lease->{told} + $ahead, $s->{ends}])
                if $need + $ahead;
        }
    }

    my $used = $need + $ahead;
    my $write = '';

    if ($used) {
        $s->{tat} += $used * $s->{unit} if $p->{kind} eq 'r';
        $s->{count} += $used if $p->{kind} ne 'r';
        my ($text, $px) = written($s, $now, $p, $tail);
        $store->{k} = $text;
        $write = "k=$text/$px";
    }

    my $left = $s->{room} - $used * $s->{unit};
    my $full = $p->{kind} eq 'r' ? $s->{tat} - $now : $s->{ends} - $now;
    my $retry = $c > $L ? -1
              : $c == 0 || $left >= $c * $s->{unit} ? 0
              : $p->{kind} eq 'r' ? $c * $s->{unit} - $left
              : $s->{ends} - $now;

    return (join(' ', $ticket, $j, $now, max(0, $left) / $s->{unit}, $full,
                 $retry, $fits, $lease ? $ahead : ()), $write);
}

# As "adjust" does, of a lease given back or of one charge.
sub back {
    my ($store, $now, $ticket, $p, $until, $lease) = @_;
    my $value = $store->{k};
    my $reply = "$ticket $now";
    return ($reply, '') unless defined $value && $value =~ /^\d/;

    my $s = look($value, $now, $p);
    my @records = records($value);
    @records = grep { $_->[0] != $lease->{node} || $_->[1] >= $lease->{seq} }
        @records if $lease;
    my ($tail) = $value =~ /(\|.*)/s;
    $tail = $lease ? tail(@records) : $tail // '';

    if ($p->{kind} eq 'r') {
        my ($tat) = $value =~ /^(\d+)/;
        my $back = $p->{cost} * $p->{period} - max(0, $now - $until);
        my $moved = $p->{cost} <= $p->{limit} && $back > 0;

        return ($reply, '') unless $moved || $lease;
        $s->{tat} = $moved ? max(0, $tat - $back) : $tat;
    } else {
        return ($reply, '') unless $p->{cost} && $s->{ends} == $until;
        $s->{count} = max(0, $s->{count} - $p->{cost});
    }

    my ($text, $px) = written($s, $now, $p, $tail);
    $store->{k} = $text;
    return ($reply, "k=$text/$px");
}


my $lua = open2(my $from, my $to, 'lua5.1', 't/lib/redis_host.lua', $FILE);
$to->autoflush(1);

sub lua {
    print $to join("\t", @_), "\n";
    my $line = <$from> // die "lua5.1 ended";
    chomp $line;
    return $line;
}

my $tick = (1_800_000_000 - $EPOCH) * $SECOND;

sub set_clock {
    my $micros = $tick / 8;
    lua('time', $EPOCH + $micros / 1_000_000, $micros % 1_000_000);
}

sub fields {
    my ($p, $mode, $until) = @_;
    return ($p->{kind}, $mode, @$p{qw(cost limit period)}, $until);
}

sub number { no integer; return int rand $_[0] }

for my $kind (qw(r q f)) {
    my ($bad, $granted, $late, $returned, $none) = (0) x 5;
    my ($store, $p, @grants, $seq);

    for my $round (1 .. 6000) {
        if ($round % 200 == 1) {
            my $most = (8, 20, 1000, 1_000_000)[number(4)];
            $p = {
                kind => $kind, limit => $most, shadow => number(8) == 0,
                period => $kind eq 'r' ? (1, 80, 4_800_007, $DAY / 10)[number(4)]
                                       : (1, 7, 3600, 86400)[number(4)] * $SECOND,
            };
            $p->{limit} = min($most, 31 * $DAY / $p->{period})
                if $kind eq 'r';
            $store = {};
            $seq = 1000;
            @grants = ();
            lua('set', 'k', '');
            delete $store->{k};

            if (number(3) == 0) {
                $store->{k} = ('x|1:2:3:4', '|', "5|7:1:9:99999999999999999",
                    '1:2|', "$tick:3|1:2:3:" . ($tick + $DAY),
                    ($tick / max(1, $p->{period})) . ':4|2:9000:5:'
                    . ($tick + $SECOND))[number(6)];
                lua('set', 'k', $store->{k});
            }
        }

        $tick += 8 * number((1, 1000, 1_000_000, 20_000_000)[number(4)]);
        $tick -= 8 * number(3_000_000) if number(60) == 0;
        set_clock();

        my $lease = {
            node => 1 + number(4), seq => $seq += number(3),
            told => number(3) ? 0 : number(1 + $p->{limit} / 4),
            outstanding => $p->{limit} / (4 - number(3)),
            most => (1, 5, 0xfffff)[number(3)],
        };
        $lease->{seq} -= number(20) if number(10) == 0;
        $p->{n} = (0, 1, 1, 3, 50)[number(5)];
        $p->{cost} = (1, 1, 1, 2, 1 + number($p->{limit}),
                      $p->{limit} + 1)[number(6)];

        my $op = number(10);
        my ($want, $wrote, $line);

        if ($op < 7) {
            my $value = $store->{k} // '';
            $line = lua('call', 1, 'k', $round, 'lease', $p->{n},
                        fields($p, $p->{shadow} ? 1 : 0, ''),
                        @$lease{qw(node seq told outstanding most)});
            ($want, $wrote) = ask($store, $tick, $round, $p, $lease);
            my @r = split / /, $want;
            $granted++ if $r[7];
            $none++ if $r[1] < $p->{n};
            $late++ if $value =~ /[|,]$lease->{node}:(\d+)/
                       && $1 >= $lease->{seq};
            push @grants, [$r[7], $r[2] + $r[4]] if $r[7];

        } elsif ($op == 7) {
            $p->{n} ||= 1;
            $line = lua('call', 1, 'k', $round, 'take', $p->{n},
                        fields($p, $p->{shadow} ? 1 : 0, ''));
            ($want, $wrote) = ask($store, $tick, $round, $p);

        } else {
            my $grant = pop @grants // [1, $tick];
            my $whole = $op == 8 ? $lease : undef;
            $p->{cost} = $grant->[0];
            $line = lua('call', 1, 'k', $round, 'adjust', '',
                        fields($p, '-', $grant->[1]),
                        $whole ? @$whole{qw(node seq)} : ());
            ($want, $wrote) = back($store, $tick, $round, $p, $grant->[1],
                                   $whole);
            $returned++ if $wrote;
        }

        next if $line eq "$want\t$wrote";

        diag "$kind, round $round, op $op: got $line, want $want\t$wrote";
        last if ++$bad == 3;
    }

    is $bad, 0, "no difference, kind $kind";
    ok $granted > 300 && $late > 50 && $returned > 50 && $none > 300,
        "granted $granted, late $late, returned $returned, denied $none";
}

is $apart, 0, 'the core in C agrees';

close $ask_core;
waitpid $core, 0;

close $to;
waitpid $lua, 0;
is $?, 0, 'and the script never failed';

done_testing();
