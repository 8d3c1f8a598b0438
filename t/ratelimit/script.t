# The script of the atomic take agrees, reply by reply, with a reference in big
# integers: under plain Lua with any clock, and inside a real redis-server.

use strict;
use warnings;

use Test::More;
use Apigw::Redis;
use IPC::Open2;
use Math::BigInt;
use Time::HiRes qw(sleep);

my $FILE = 'ngx_http_apigw_ratelimit_module/apigw_ratelimit.lua';
my $EPOCH = 1704067200;
my $DAY = 86400 * 8_000_000;

srand($ENV{TEST_SEED} // 7);

sub big { Math::BigInt->new($_[0]) }
sub max { $_[0] > $_[1] ? $_[0] : $_[1] }
sub min { $_[0] < $_[1] ? $_[0] : $_[1] }


# The reference. State by key; policies as hashes; returns the reply and the
# writes as [key, tat, px].
sub take {
    my ($state, $ticket, $n, $now, @policies) = @_;

    $now = big($now);
    my $j = big($n);
    my (@s, @room, @m, @writes);

    for my $i (0 .. $#policies) {
        my $p = $policies[$i];
        my ($B, $T, $c) = map { big($p->{$_}) } qw(limit period cost);
        my ($tat) = ($state->{$p->{key}} // '') =~ /^(\d+)/;

        $s[$i] = min(max(big($tat // 0), $now), $now + $B * $T * 2);
        $room[$i] = $now + $B * $T - $s[$i];

        $m[$i] = $c == 0 ? big($n)
               : $c > $B ? big(0)
               : max(big(0), min(big($n),
                                 $room[$i] < 0 ? big(0)
                                 : $room[$i]->copy->bdiv($c * $T)));
        $j = min($j, $m[$i]) unless $p->{shadow};
    }

    my @reply = ($ticket, $j, $now);

    for my $i (0 .. $#policies) {
        my $p = $policies[$i];
        my ($B, $T, $c) = map { big($p->{$_}) } qw(limit period cost);
        my $used = min($j, $m[$i]) * $c * $T;

        if ($used > 0) {
            $s[$i] += $used;
            $room[$i] -= $used;
            my $px = ($s[$i] - $now)->bdiv(8000) + 11;
            $state->{$p->{key}} = $s[$i]->bstr;
            push @writes, [$p->{key}, $s[$i]->bstr, scalar $px->bstr];
        }

        push @reply,
            $room[$i] > 0 ? scalar $room[$i]->copy->bdiv($T) : 0,
            $s[$i] - $now,
            $c == 0 ? 0 : $c > $B ? -1 : max(big(0), $c * $T - $room[$i]),
            $m[$i];
    }

    return ([map { "$_" } @reply], \@writes);
}

sub argv {
    my ($ticket, $n, @policies) = @_;
    return ((map { $_->{key} } @policies), $ticket, 'take', $n,
            map { ('r', $_->{shadow} ? 1 : 0, $_->{cost}, $_->{limit},
                   $_->{period}, '') } @policies);
}

sub random_policy {
    my ($key) = @_;

    my $period = (1, 8, 80, 4_800_000, 7, 8_000_000, $DAY / 10, $DAY)[rand 8];
    my $most = int(31 * $DAY / $period);
    $most = 1_000_000 if $most > 1_000_000;
    my $limit = (1, 2, 3, 100, $most)[rand 5];
    $limit = $most if $limit > $most;

    return {
        key => $key, period => $period, limit => $limit,
        cost => (0, 1, 1, 1, 2, 1 + int(rand $limit), $limit, $limit + 1,
                 1_000_000_000)[rand 9],
        shadow => rand() < 0.15,
    };
}


# Under Lua, with a clock that the test moves

my $lua = open2(my $from, my $to, 'lua5.1', 't/lib/redis_host.lua', $FILE);
$to->autoflush(1);

sub lua {
    print $to join("\t", @_), "\n";
    my $line = <$from> // die "lua5.1 ended";
    chomp $line;
    return $line;
}

my $tick = (1_800_000_000 - $EPOCH) * 8_000_000;

sub set_clock {
    my ($ticks) = @_;
    my $micros = int($ticks / 8);
    lua('time', $EPOCH + int($micros / 1_000_000), $micros % 1_000_000);
}

sub lua_take {
    my ($ticket, $n, @policies) = @_;
    my $line = lua('call', scalar @policies, argv($ticket, $n, @policies));
    my ($reply, $writes) = split /\t/, $line, -1;
    return ($reply, $writes // '');
}

subtest 'every reply and write is the reference\'s' => sub {
    my %state;
    my $bad = 0;
    my (%seen);

    for my $round (1 .. 4000) {
        my $n = (1, 2, 3, 7, 100, 1000)[rand 6];
        my %policy = map { ($_ => random_policy("k$_")) }
            map { int rand 6 } 1 .. 1 + int rand 4;
        my @policies = values %policy;

        # mostly onwards, now and then far, or back
        $tick += 8 * int((rand(2) < 1 ? 0 : rand 1e6) ** (1 + rand 0.5));
        $tick -= 8 * int(rand 1e9) if rand() < 0.02;

        if (rand() < 0.03) {
            my $odd = ('', 'x', '-1', '99999999999999999999', '1e3',
                       $tick + 62 * $DAY, '12;lease')[rand 7];
            $state{k1} = $odd;
            lua('set', 'k1', $odd);
        }

        set_clock($tick);

        my ($reply, $writes) = lua_take($round, $n, @policies);
        my ($want, $wrote) = take(\%state, $round, $n, $tick, @policies);

        my $passed = $want->[1];
        $seen{$passed == 0 ? 'none' : $passed < $n ? 'some' : 'all'}++;

        my $want_writes = join ' ', map { "$_->[0]=$_->[1]/$_->[2]" } @$wrote;
        next if $reply eq "@$want" && $writes eq $want_writes;

        diag "round $round: got $reply ($writes), want @$want ($want_writes)";
        last if ++$bad == 5;
    }

    is $bad, 0, 'no difference in 4,000 takes';
    ok $seen{none} > 50 && $seen{some} > 50 && $seen{all} > 50,
        "all passed, some and none: @seen{qw(all some none)}";
};

subtest 'denied one tick before retry, passed at retry' => sub {
    my $p = { key => 'edge', period => 4_800_007, limit => 5, cost => 3 };
    my $now = $tick + $DAY;
    my $step = 8;                        # Redis' clock has microseconds

    set_clock($now);
    my ($reply) = lua_take(1, 1, $p);
    like $reply, qr/^1 1 /, 'a full bucket passes';

    ($reply) = lua_take(2, 1, $p);
    my @r = split / /, $reply;
    is $r[1], 0, 'then denies';
    my $retry = $r[5];
    is $retry, 1 * 4_800_007, 'and tells when the missing unit is there';

    my $at = $now + int(($retry + $step - 1) / $step) * $step;
    set_clock($at - $step);
    ($reply) = lua_take(3, 1, $p);
    like $reply, qr/^3 0 /, 'a microsecond too early is denied';

    set_clock($at);
    ($reply) = lua_take(4, 1, $p);
    like $reply, qr/^4 1 /, 'at retry it passes';
};

subtest 'the order of policies changes no verdict' => sub {
    my $bad = 0;

    for my $round (1 .. 200) {
        my $base = "p$round-";
        my @policies = map { random_policy("$base$_") } 1 .. 3;
        my %same = (k => []);

        set_clock($tick += 8000);
        my ($first) = lua_take(1, 4, @policies);

        # the same policies on other keys, the other way round
        my @other = map { { %$_, key => "q$_->{key}" } } reverse @policies;
        my ($second) = lua_take(1, 4, @other);

        my @f = split / /, $first;
        my @s = split / /, $second;
        my @turned = (@s[0 .. 2], @s[11 .. 14], @s[7 .. 10], @s[3 .. 6]);
        $bad++ if "@f" ne "@turned";
    }

    is $bad, 0, 'replies are permuted with the policies';
};

subtest 'a refund is the reference\'s, and never of a state that has gone' => sub {
    my $bad = 0;

    for my $round (1 .. 500) {
        my $p = random_policy("give$round");
        $p->{cost} ||= 1;

        my $taken = $tick += 8000;
        my $full = int rand($p->{limit} * $p->{period});
        my $tat = $taken + int rand(2 * $p->{limit} * $p->{period});
        my $now = $taken + 8 * int rand(rand() < 0.5 ? 10 : $tat - $taken + 1);

        lua('set', $p->{key}, $tat) if $round % 10;
        set_clock($now);

        my $line = lua('call', 1, $p->{key}, $round, 'adjust', '', 'r', '-',
                       @$p{qw(cost limit period)}, $taken + $full);

        my $lost = max(big(0), big($now) - $taken - $full);
        my $back = max(big(0), big($p->{cost}) * $p->{period} - $lost);
        my $left = max(big(0), big($tat) - $back);
        my $px = max(big(0), $left - $now)->bdiv(8000) + 11;

        my $want = "$round $now\t";
        $want .= "$p->{key}=$left/$px"
            if $round % 10 && $back > 0 && $p->{cost} <= $p->{limit};

        next if $line eq $want;
        diag "round $round: got $line, want $want";
        $bad++;
    }

    is $bad, 0, 'no difference in 500 refunds';
};

subtest 'what is unknown is refused and writes nothing' => sub {
    my @call = ('call', 1, 'odd', 1, 'take', 1);
    like lua(@call, 'z', 0, 1, 1, 1, ''), qr/^error ERR .*kind/, 'a kind';

    like lua('call', 2, 'odd', 'odd2', 1, 'take', 1, 'r', 0, 1, 1, 1, '',
             'z', 0, 1, 1, 1, ''), qr/^error ERR .*kind/, 'a second kind';

    like lua('call', 1, 'odd', 1, 'steal', 1, 'r', 0, 1, 1, 1, ''),
        qr/^error ERR .*operation/, 'an operation';

    for my $kind ('', 'k', 'k6x', 'k100', 'qq', 'R', 'k-1') {
        like lua('call', 1, 'odd', 1, 'take', 1, $kind, 0, 1, 1, 8, ''),
            qr/^error ERR .*kind/, "a kind of \"$kind\"";
    }

    for my $months ('', '1:2:3', '1:2:3:x', '0:1:2:3',
                    '99999999999999998:99999999999999999:1:2') {
        like lua('call', 2, 'odd', 'odd2', 1, 'take', 1,
                 'r', 0, 1, 1, 1, '', 'm', 0, 1, 1, $months, ''),
            qr/^error ERR .*months/, "months of \"$months\"";
    }
};

subtest 'whatever stands in a key, a window is counted' => sub {
    my $bad = 0;
    my $n = 0;

    set_clock($tick += $DAY);

    for my $kind (qw(q m f s k2 k60)) {
        my $period = 80_000;
        $period = join ':', 0, $tick - 80, $tick + 80, $tick + 800
            if $kind eq 'm';

        for my $odd ('', 'x', ':', '1:', '1:x', '-1:5', '1e3:4', '1:2:3:4;x',
                     '9' x 400, '9' x 30 . ':1', '1:' . '9' x 400,
                     ',' x 100, '1:' . ',' x 100, '1:' . '7,' x 500,
                     int($tick / 80_000) . ':::',
                     int($tick / 80_000) . ':', "$tick:" . '1:' x 99)
        {
            lua('set', "odd$kind", $odd);
            my ($reply, $writes) = split /\t/, lua('call', 1, "odd$kind", ++$n,
                'take', 2, $kind, 0, 1, 1_000_000, $period, ''), -1;

            $bad++, diag "$kind with \"$odd\": $reply, $writes"
                if $reply !~ /^$n [012] \d+ \d{1,7} \d{1,17} \d{1,17} [012]$/
                || $writes && $writes !~ m{^odd$kind=\d+:[\d:,]+/\d+$};

            lua('call', 1, "odd$kind", ++$n, 'adjust', '', $kind, $_, 5, 10,
                $period, $tick) =~ /^$n \d+\t/ or $bad++
                for '-', '+';
        }
    }

    is $bad, 0, 'no odd value makes an odd reply';
};

close $to;
waitpid $lua, 0;


# In Redis, whose clock the reply tells

my $source = do {
    open my $in, '<', $FILE or die "$FILE: $!";
    local $/;
    <$in>;
};

subtest 'Redis agrees, expires states and writes nothing on a denial' => sub {
    my $redis = Apigw::Redis->new;
    my $sha = $redis->command('SCRIPT', 'LOAD', $source);
    my (%state, $bad, $denied);

    $bad = 0;

    for my $round (1 .. 600) {
        my %policy = map { ($_ => random_policy("{x}$_")) }
            map { int rand 5 } 1 .. 1 + int rand 3;
        my @policies = values %policy;
        my $n = 1 + int rand 3;

        # expired, or what a hand left there
        for my $p (@policies) {
            my $value = $redis->command('GET', $p->{key});
            delete $state{$p->{key}} unless defined $value;
        }

        my $got = $redis->command('EVALSHA', $sha, scalar @policies,
                                  argv($round, $n, @policies));
        my ($want) = take(\%state, $round, $n, $got->[2], @policies);

        if ("@$got" ne "@$want") {
            # a state may have expired between GET and EVALSHA
            diag "round $round: got @$got, want @$want";
            $bad++;
        }

        for my $p (@policies) {
            my $value = $redis->command('GET', $p->{key}) // next;
            my $ttl = $redis->command('PTTL', $p->{key});
            my $left = ($value - $got->[2]) / 8000;

            # -1: never expires; -2: did so just now
            next if $value eq $state{$p->{key}} && $ttl != -1
                && $ttl <= $left + 12;

            diag "round $round: $value for $left ms, expires in $ttl";
            $bad++;
        }

        last if $bad > 5;
    }

    is $bad, 0, 'no difference in 600 takes';

    my $p = { key => 'full', period => 8_000_000, limit => 1, cost => 1 };
    my @call = ('EVALSHA', $sha, 1, argv(1, 1, $p));
    is $redis->command(@call)->[1], 1, 'the first passes';
    my $before = $redis->command('DUMP', 'full');
    my $writes = $redis->info('rdb_changes_since_last_save');
    is $redis->command(@call)->[1], 0, 'the second is denied';
    is $redis->command('DUMP', 'full'), $before, 'and changes no state';
    is $redis->info('rdb_changes_since_last_save'), $writes, 'and no key';

    $redis->command('LPUSH', 'list', 1);
    eval { $redis->command('EVALSHA', $sha, 1,
                           argv(1, 1, { %$p, key => 'list' })) };
    like $@, qr/WRONGTYPE/, 'a key of another type is an error';
};

subtest 'the documented ACL is enough' => sub {
    my $redis = Apigw::Redis->new;
    $redis->command(qw(ACL SETUSER gw on >pw ~rl:* +evalsha +eval
                       +script|load +time +get +set +ping +select
                       +client|setname +role +asking +cluster|slots));
    $redis->command(qw(AUTH gw pw));

    is $redis->command('PING'), 'PONG', 'PING';
    is $redis->command('SELECT', 1), 'OK', 'SELECT';
    is $redis->command('CLIENT', 'SETNAME', 'x'), 'OK', 'CLIENT SETNAME';
    my $sha = $redis->command('SCRIPT', 'LOAD', $source);

    my $p = { key => 'rl:1:x', period => 8, limit => 1, cost => 1 };
    is $redis->command('EVALSHA', $sha, 1, argv(5, 1, $p))->[0], 5, 'EVALSHA';

    $p->{key} = 'other';
    eval { $redis->command('EVALSHA', $sha, 1, argv(5, 1, $p)) };
    like $@, qr/NOPERM|no permissions|ACL/i, 'other keys are out of reach';
};

done_testing;
