package Apigw::RedisProxy;

# A proxy between a gateway and a redis-server that spoils replies to order.
#
#     my $proxy = Apigw::RedisProxy->new($redis);
#     $proxy->address                for `server`
#
#     $proxy->mode('pass');
#     $proxy->mode('split');         each byte by itself, a millisecond apart
#     $proxy->mode('delay', 80);     replies come 80 ms late, in order
#     $proxy->mode('merge', 3);      three replies in one write
#     $proxy->mode('hold');          replies are kept ...
#     $proxy->mode('release');       ... and all sent now, then as `pass`
#     $proxy->mode('swallow');       nothing goes either way any more
#     $proxy->mode('deaf');          new connections too get no word
#
# and for the next `n` replies (1 by default), then `pass`:
#
#     $proxy->mode('drop', 1);
#     $proxy->mode('twice', 1);
#     $proxy->mode('instead', $bytes, 1);
#     $proxy->mode('before', $bytes, 1);
#     $proxy->mode('lie', ":1\r\n:2\r\n", 1);  an array of the true reply's
#                                            first element and these lines
#     $proxy->mode('cut', $bytes, 1);        its first bytes, then close
#     $proxy->mode('lose_command', 1);       the command never reaches Redis;
#                                            then close
#
# Only replies to EVALSHA and EVAL are spoilt: the handshake passes. The modes
# of `handshake => 1` spoil its replies instead, those of `only => 'CLUSTER'`
# the replies to that command. For the rest:
#
#     $proxy->close_all              resets every connection
#     $proxy->seen('EVALSHA')        commands that came from the gateway
#     $proxy->connections            how many were accepted so far

use strict;
use warnings;

use Apigw::Redis;
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Socket qw(AF_UNIX SOCK_STREAM PF_UNSPEC IPPROTO_TCP TCP_NODELAY SOL_SOCKET
              SO_LINGER);
use Time::HiRes qw(sleep time);

sub new {
    my ($class, $redis, %options) = @_;

    my ($listener, $port);
    for (1 .. 20) {
        $port = Apigw::Redis::free_port();
        $listener = IO::Socket::INET->new(
            LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 128,
            ReuseAddr => 1) and last;
    }
    die "proxy: $!" unless $listener;

    socketpair my $ours, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC
        or die "socketpair: $!";

    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        close $ours;
        my $loop = bless {
            redis => $redis, listener => $listener, control => $theirs,
            mode => 'pass', left => 0, seen => {}, accepted => 0,
            handshake => $options{handshake}, only => $options{only},
            clients => {},
        }, 'Apigw::RedisProxy::Loop';
        eval { $loop->run; 1 } or print STDERR "proxy: $@";
        POSIX::_exit(0);
    }

    close $theirs;
    close $listener;

    return bless { owner => $$, pid => $pid, control => $ours, port => $port },
        $class;
}

sub address { "127.0.0.1:$_[0]{port}" }
sub port { $_[0]{port} }

sub mode { my $self = shift; $self->ask('mode', @_); return $self }
sub close_all { $_[0]->ask('close_all') }
sub seen { $_[0]->ask('seen', $_[1]) }
sub connections { $_[0]->ask('connections') }

sub ask {
    my ($self, @words) = @_;

    my $line = join(' ', map { unpack 'H*', $_ } @words) . "\n";
    syswrite $self->{control}, $line or die "proxy: $!";

    my $answer = '';
    while ($answer !~ /\n/) {
        sysread $self->{control}, $answer, 4096, length $answer
            or die "proxy: gone";
    }

    chomp $answer;
    return $answer;
}

sub DESTROY {
    my ($self) = @_;
    return unless $self->{owner} == $$;

    local ($?, $!);
    kill 'KILL', $self->{pid};
    waitpid $self->{pid}, 0;
}


package Apigw::RedisProxy::Loop;

sub run {
    my ($self) = @_;

    # either side may be gone when we write to it
    $SIG{PIPE} = 'IGNORE';

    while (1) {
        my @sockets = ($self->{control}, $self->{listener});

        for my $c (values %{$self->{clients}}) {
            push @sockets, $c->{client}, $c->{server} unless $c->{deaf};
        }

        my @ready = IO::Select->new(@sockets)->can_read($self->pause);

        for my $socket (@ready) {
            if ($socket == $self->{control}) {
                $self->control or return;

            } elsif ($socket == $self->{listener}) {
                $self->accept;

            } else {
                $self->relay($socket);
            }
        }

        $self->release_late;
    }
}

# Until the first delayed reply is due.
sub pause {
    my ($self) = @_;
    my @due = map { @{$_->{late}} ? $_->{late}[0][0] : () }
        values %{$self->{clients}};
    return undef unless @due;

    my ($first) = sort { $a <=> $b } @due;
    my $pause = $first - Time::HiRes::time;
    return $pause > 0 ? $pause : 0;
}

sub release_late {
    my ($self) = @_;
    for my $c (values %{$self->{clients}}) {
        while (@{$c->{late}} && $c->{late}[0][0] <= Time::HiRes::time) {
            $self->send($c, (shift @{$c->{late}})->[1]);
        }
    }
}

sub control {
    my ($self) = @_;

    my $line = '';
    while ($line !~ /\n/) {
        sysread $self->{control}, $line, 65536, length $line or return 0;
    }
    chomp $line;

    my ($word, @args) = map { pack 'H*', $_ } split / /, $line, -1;
    my $answer = 'ok';

    if ($word eq 'mode') {
        $self->set_mode(@args);

    } elsif ($word eq 'close_all') {
        $self->close($_) for values %{$self->{clients}};

    } elsif ($word eq 'seen') {
        $answer = $self->{seen}{$args[0]} || 0;

    } elsif ($word eq 'connections') {
        $answer = $self->{accepted};
    }

    syswrite $self->{control}, "$answer\n";
    return 1;
}

sub set_mode {
    my ($self, $mode, @args) = @_;

    $self->{mode} = $mode;
    $self->{arg} = shift @args
        if $mode =~ /^(?:delay|merge|instead|before|lie|cut)$/;
    $self->{left} = shift(@args) || 1;

    if ($mode eq 'release') {
        for my $c (values %{$self->{clients}}) {
            $self->send($c, join '', splice @{$c->{held}});
        }
        $self->{mode} = 'pass';
    }

    if ($mode eq 'swallow' || $mode eq 'deaf') {
        $_->{deaf} = 1 for values %{$self->{clients}};
    }
}

sub accept {
    my ($self) = @_;

    my $client = $self->{listener}->accept or return;
    $self->{accepted}++;

    my $server = $self->{redis}->connect;
    if (!$server) {
        close $client;
        return;
    }

    $_->blocking(1) for $client, $server;
    setsockopt $client, Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1;

    my $c = {
        client => $client, server => $server, in => '', out => '',
        commands => [], late => [], held => [],
        deaf => $self->{mode} eq 'deaf',
    };

    $self->{clients}{fileno $client} = $c;
    $self->{clients}{fileno $client}{key} = fileno $client;
}

sub close {
    my ($self, $c) = @_;
    delete $self->{clients}{$c->{key}};
    setsockopt $c->{client}, Socket::SOL_SOCKET, Socket::SO_LINGER,
        pack('ii', 1, 0) if $c->{reset};
    close $c->{client};
    close $c->{server};
}

sub relay {
    my ($self, $socket) = @_;

    my ($c) = grep { $_->{client} == $socket || $_->{server} == $socket }
        values %{$self->{clients}};
    return unless $c;

    my $from_client = $c->{client} == $socket;
    my $buffer = $from_client ? \$c->{in} : \$c->{out};

    if (!sysread $socket, $$buffer, 65536, length $$buffer) {
        $self->close($c);
        return;
    }

    while (defined(my $item = take($buffer))) {
        $from_client ? $self->command($c, $item) : $self->reply($c, $item);
        return unless $self->{clients}{$c->{key}};
    }
}

# Cuts one whole RESP value off the buffer.
sub take {
    my ($buffer) = @_;
    my $end = length_of($buffer, 0) // return undef;
    return substr $$buffer, 0, $end, '';
}

sub length_of {
    my ($buffer, $at) = @_;

    my $eol = index $$buffer, "\r\n", $at;
    return undef if $eol < 0;

    my $type = substr $$buffer, $at, 1;
    my $n = substr $$buffer, $at + 1, $eol - $at - 1;
    my $end = $eol + 2;

    if ($type eq '$' && $n >= 0) {
        $end += $n + 2;

    } elsif ($type eq '*') {
        for (1 .. $n) {
            $end = length_of($buffer, $end) // return undef;
        }
    }

    return $end <= length $$buffer ? $end : undef;
}

sub command {
    my ($self, $c, $bytes) = @_;

    my ($name) = $bytes =~ /\A\*\d+\r\n\$\d+\r\n(\w+)/;
    $name = uc($name // '?');
    $self->{seen}{$name}++;

    if ($self->{mode} eq 'lose_command' && $self->target($name)) {
        $self->used;
        $self->close($c);
        return;
    }

    push @{$c->{commands}}, $name;
    syswrite $c->{server}, $bytes;
}

sub target {
    my ($self, $name) = @_;
    return $name eq $self->{only} if $self->{only};
    my $eval = $name eq 'EVALSHA' || $name eq 'EVAL';
    return $self->{handshake} ? !$eval : $eval;
}

sub used {
    my ($self) = @_;
    $self->{mode} = 'pass' if --$self->{left} <= 0;
}

sub reply {
    my ($self, $c, $bytes) = @_;

    my $name = shift @{$c->{commands}} // '?';
    my $mode = $self->target($name) ? $self->{mode} : 'pass';

    if ($mode eq 'hold' || ($mode eq 'pass' && @{$c->{held}})) {
        push @{$c->{held}}, $bytes;

    } elsif ($mode eq 'delay') {
        push @{$c->{late}},
            [Time::HiRes::time + $self->{arg} / 1000, $bytes];

    } elsif (@{$c->{late}}) {
        # replies keep their order, whatever happens to them
        push @{$c->{late}}, [$c->{late}[-1][0], $bytes];

    } elsif ($mode eq 'split') {
        for my $byte (split //, $bytes) {
            $self->send($c, $byte) or return;
            Time::HiRes::sleep(0.001);
        }

    } elsif ($mode eq 'merge') {
        push @{$c->{merged}}, $bytes;
        $self->send($c, join '', splice @{$c->{merged}})
            if @{$c->{merged}} >= $self->{arg};

    } elsif ($mode eq 'drop') {
        $self->used;

    } elsif ($mode eq 'twice') {
        $self->used;
        $self->send($c, $bytes . $bytes);

    } elsif ($mode eq 'instead') {
        $self->used;
        $self->send($c, $self->{arg});

    } elsif ($mode eq 'before') {
        $self->used;
        $self->send($c, $self->{arg} . $bytes);

    } elsif ($mode eq 'lie') {
        $self->used;
        my ($first) = $bytes =~ /\A\*\d+\r\n(:\d+\r\n)/;
        my $n = 1 + ($self->{arg} =~ tr/\n//);
        $self->send($c, "*$n\r\n$first$self->{arg}");

    } elsif ($mode eq 'cut') {
        $self->used;
        $self->send($c, substr $bytes, 0, $self->{arg});
        $self->close($c);

    } else {
        $self->send($c, $bytes);
    }
}

sub send {
    my ($self, $c, $bytes) = @_;

    return 1 if $bytes eq '' || defined syswrite $c->{client}, $bytes;

    $self->close($c) if $self->{clients}{$c->{key}};
    return 0;
}

1;
