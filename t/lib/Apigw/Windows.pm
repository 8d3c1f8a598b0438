package Apigw::Windows;

# Quotas and sliding limits as they are meant: a model that counts with Perl's
# integers, and a gateway on a clock that stands still, to be compared.
#
#     my $limit = Apigw::Windows->new(quota => 5, window => 86400);
#     my ($passed, $remaining, $reset, $retry) = $limit->take($time, $cost);
#
# kinds    quota => n, window => s [, first => 1]     quota => n, month => 1
#          sliding => n, window => s [, strict => k]
# takes    times in seconds since 1970, as of an Apigw::Clock; a reset and a
#          retry in seconds, rounded up; a retry is undef for "never"
#
#     my $gateway = Apigw::Windows::gateway(clock => $clock,
#         policies => { day => 'quota=5/d' }, redis => $redis, http => $text);
#     my $answer = Apigw::Windows::ask($gateway, "/day?k=joe&c=2");
#     $answer->{passed}, {r}, {t}, {retry}, {q}, {w}, {status}, {tell},
#     {headers}, {body}
#
# gateway() is an Apigw::Nginx with a location for each policy, whose key is
# the argument k and whose cost c; with `redis`, they are kept there.
#
# Windows of `quota` and, through Redis, of `sliding` begin at multiples since
# `origin` (2024-01-01T00:00:00Z); local ones of `sliding` when nginx started.

use strict;
use warnings;

use Apigw::Nginx ();
use Time::Local qw(timegm);

use constant {
    TICKS  => 8_000_000,            # per second
    ORIGIN => 1704067200,           # 2024
};

sub new {
    my ($class, %limit) = @_;

    my $self = bless { n => $limit{quota} // $limit{sliding},
                       origin => ORIGIN, %limit }, $class;
    $self->{ticks} = TICKS * ($limit{window} // 0);
    $self->{part} = int(($self->{ticks} + $limit{strict} - 1) / $limit{strict})
        if $limit{strict};
    $self->{used} = {};

    return $self;
}

sub take {
    my ($self, $time, $cost) = @_;
    my $now = ($time - $self->{origin}) * TICKS;
    my $n = $self->{n};
    my $left = $n - $self->used($now);
    my $passed = $cost <= $left || $cost == 0;
    my $retry = 0;

    $self->charge($now, $cost) if $passed && $cost;
    $left = $n - $self->used($now);

    if ($cost > $n) {
        $retry = undef;
    } elsif ($cost && $cost > $left) {
        $retry = $self->free_at($now, $cost) - $now;
    }

    my $reset = $self->end($now) - $now;
    $reset = $retry if !$passed && defined $retry && $retry > $reset;

    return ($passed, $left > 0 ? $left : 0, seconds($reset),
            defined $retry ? seconds($retry) : undef);
}

sub seconds { up($_[0], TICKS) }

# Units that count at a moment.
sub used {
    my ($self, $now) = @_;
    my $used = $self->{used};
    my $id = $self->id($now);

    return $used->{$id} // 0 if defined $self->{quota};

    if ($self->{strict}) {
        my $sum = 0;
        $sum += $used->{$_} // 0 for $id - $self->{strict} .. $id;
        return $sum;
    }

    my $gone = $now - $id * $self->{ticks};
    my $weight = up(($self->{ticks} - $gone) * 65536, $self->{ticks});

    return ($used->{$id} // 0) + up(($used->{$id - 1} // 0) * $weight, 65536);
}

sub up { int(($_[0] + $_[1] - 1) / $_[1]) }

sub charge {
    my ($self, $now, $cost) = @_;

    $self->{begun} = $now
        if $self->{first} && $self->id($now) eq 'none';
    $self->{used}{$self->id($now)} += $cost;
}

sub id {
    my ($self, $now) = @_;

    if ($self->{first}) {
        return 'none' if !defined $self->{begun}
            || $now >= $self->{begun} + $self->{ticks};
        return $self->{begun};
    }

    return int($now / $self->{part}) if $self->{strict};
    return int($now / $self->{ticks}) if !$self->{month};

    my @date = gmtime($now / TICKS + $self->{origin});
    return ($date[5] + 1900) * 12 + $date[4];
}

# When the window, or the part of it that counts now, ends.
sub end {
    my ($self, $now) = @_;
    my $id = $self->id($now);

    return ($id eq 'none' ? $now : $id) + $self->{ticks} if $self->{first};
    return ($id + 1) * ($self->{part} // $self->{ticks}) if !$self->{month};

    $id++;
    return (timegm(0, 0, 0, 1, $id % 12, int $id / 12)
            - $self->{origin}) * TICKS;
}

# The first moment at which there is room, if nobody comes before.
sub free_at {
    my ($self, $now, $cost) = @_;
    my ($low, $high) = ($now, $now + 3 * $self->{ticks});

    return $self->end($now) if defined $self->{quota};

    while ($high - $low > 1) {
        my $middle = int(($low + $high) / 2);
        if ($self->{n} - $self->used($middle) >= $cost) {
            $high = $middle;
        } else {
            $low = $middle;
        }
    }

    return $high;
}


# Gateways

sub gateway {
    my (%o) = @_;
    my $http = conf(%o);

    delete @o{qw(policies redis block)};
    return Apigw::Nginx->new(modules => ['ratelimit'], %o, http => $http);
}

sub conf {
    my (%o) = @_;
    my ($declared, $locations, $store) = ('', '', '');

    if ($o{redis}) {
        my $address = $o{redis}->address;
        $declared = "apigw_ratelimit_redis main { server $address; "
                    . "connect_timeout 10s; timeout 10s; "
                    . ($o{block} // '') . " }\n";
        $store = 'store=main';
    }

    for my $name (sort keys %{ $o{policies} }) {
        $declared .= "apigw_ratelimit_policy $name key=\$arg_k cost=\$arg_c "
                     . "$o{policies}{$name} $store;\n";
        $locations .= "location = /$name { apigw_ratelimit $name; "
                      . "empty_gif; }\n";
    }

    my $http = $o{http} // '';

    return <<"CONF";
    $declared
    add_header X-Tell
               "\$apigw_ratelimit_status \$apigw_ratelimit_source" always;
    $http
    server {
        listen 127.0.0.1:\@PORT\@;
        server_name localhost;
        $locations
    }
CONF
}

sub ask {
    my ($gateway, $path) = @_;
    my ($status, $headers, $body) = $gateway->request(GET => $path);

    return { status => 'none' } if !defined $status;

    my %answer = (status => $status, headers => $headers, body => $body,
                  passed => $status == 200 ? 1 : '',
                  tell => $headers->{'x-tell'},
                  retry => $headers->{'retry-after'});
    my ($policy) = list($headers->{'ratelimit-policy'});
    my ($state) = list($headers->{ratelimit});

    return { %answer, map { %{ $_ ? $_->{with} : {} } } $policy, $state };
}

# A List of Items that are Strings with Integers (RFC 9651); dies of others.
sub list {
    my ($text) = @_;
    my @items;

    return if !defined $text;
    $text =~ s/\A *//;

    for (;;) {
        $text =~ s/\A"([\x20\x21\x23-\x5b\x5d-\x7e]*)"//
            or die "not a string: $text";
        my %item = (name => $1, with => {});

        while ($text =~ s/\A; *([a-z*][a-z0-9_.*-]*)=(-?\d{1,15})(?!\d)//) {
            die "twice: $1" if defined $item{with}{$1};
            $item{with}{$1} = $2;
        }

        push @items, \%item;
        last if $text =~ s/\A *\z//;
        $text =~ s/\A[ \t]*,[ \t]*(?=.)// or die "not a list: $text";
    }

    return @items;
}

# Random requests over random spans, to a gateway's policy and to its model:
# what differs, or an empty text. With Redis a second goes by after each denial,
# as that long it is repeated from memory; a cost that never passes is settled
# without asking.
sub walk {
    my ($gateway, $clock, $path, $limit, $steps, @spans) = @_;
    my $redis = $gateway->{options}{http} =~ /apigw_ratelimit_redis/;

    for my $step (1 .. $steps) {
        $clock->forward($spans[rand @spans]) if rand() < 0.3;

        my $cost = rand() < 0.7 ? 1 : int rand $limit->{n} + 2;
        my ($passed, $left, $reset, $retry) = $limit->take($clock->at, $cost);
        my $answer = ask($gateway, "$path&c=$cost");
        my $want = join ' ', $passed ? 'passed' : 'denied', $left, $reset,
            $passed ? '-' : $retry ? $retry : 'never';
        my $got = join ' ', $answer->{passed} ? 'passed' : 'denied',
            $answer->{r} // 'none', $answer->{t} // 'none',
            $answer->{passed} ? '-' : $answer->{retry} // 'never';

        s/.* never/never/ for $redis ? ($want, $got) : ();

        return sprintf 'step %d, cost %d at %.6f: %s instead of %s', $step,
            $cost, $clock->at, $got, $want if $got ne $want;

        $clock->forward(1) if $redis && !$passed;
    }

    return '';
}

1;
