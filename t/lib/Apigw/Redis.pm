package Apigw::Redis;

# A redis-server of the test's own: a free port of 127.0.0.1 or a unix socket,
# a folder of its own, gone with the object.
#
#     my $redis = Apigw::Redis->new(requirepass => 'secret');
#     my $redis = Apigw::Redis->new(replicaof => ['127.0.0.1', $port]);
#     my $redis = Apigw::Redis->new(-unix => 1);
#     my $redis = Apigw::Redis->new(-tls => $file, 'tls-ca-cert-file' => ...);
#                                    the port speaks TLS, with $file.pem and
#                                    $file.key; command() takes a unix socket
#     my $redis = Apigw::Redis->new(-clock => $clock);     an Apigw::Clock
#
#     $redis->address                for `server`
#     $redis->command('GET', $key)   undef for nil, an array for an array,
#                                    dies with the text of an error
#     $redis->stop                   SIGKILL; nothing is saved
#     $redis->start                  again, at the same address
#     $redis->pause, $redis->resume  SIGSTOP, SIGCONT

use strict;
use warnings;

use File::Temp ();
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(sleep time);

use constant {
    WAIT  => 20,        # seconds for a server to come up
    TRIES => 20,        # ports
};

sub new {
    my ($class, %options) = @_;

    my $self = bless {
        owner => $$,
        unix  => delete $options{-unix},
        tls   => delete $options{-tls},
        clock => delete $options{-clock},
        dir   => File::Temp->newdir('apigw-redis-XXXXXX', TMPDIR => 1),
    }, $class;

    # nginx' workers, which are nobody, must reach the socket
    if ($self->{unix} || $self->{tls}) {
        chmod 0755, $self->dir;
        $options{unixsocketperm} = 777;
    }

    %options = ('tls-cert-file' => "$self->{tls}.pem",
                'tls-key-file' => "$self->{tls}.key",
                'tls-auth-clients' => 'no', %options) if $self->{tls};

    $self->{options} = {
        save => '', appendonly => 'no', 'protected-mode' => 'no', %options
    };

    for (1 .. TRIES) {
        $self->{port} = $self->{unix} ? 0 : free_port();
        return $self if $self->start;
    }

    die "redis-server does not start:\n" . $self->log;
}

# Below the range from which systems pick ports for clients.
sub free_port {
    for (1 .. 1000) {
        my $port = 20000 + int rand 12000;
        my $socket = IO::Socket::INET->new(
            LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 1,
            ReuseAddr => 1) or next;
        close $socket;
        return $port;
    }

    die "no free port";
}

sub dir { "$_[0]{dir}" }
sub port { $_[0]{port} }
sub pid { $_[0]{pid} }
sub socket_path { $_[0]->dir . '/redis.sock' }

sub address {
    my ($self) = @_;
    return $self->{unix} ? 'unix:' . $self->socket_path
                         : "127.0.0.1:$self->{port}";
}

sub log {
    my ($self) = @_;
    open my $in, '<', $self->dir . '/log' or return '';
    local $/;
    return scalar <$in>;
}

sub start {
    my ($self) = @_;

    die "already started" if $self->{pid};

    my @args = ('--bind', '127.0.0.1', '--dir', $self->dir,
                '--daemonize', 'no', $self->{tls}
                ? ('--port', 0, '--tls-port', $self->{port})
                : ('--port', $self->{port}));
    push @args, '--unixsocket', $self->socket_path
        if $self->{unix} || $self->{tls};
    for my $name (sort keys %{$self->{options}}) {
        my $value = $self->{options}{$name};
        push @args, "--$name", ref $value ? @$value : $value;
    }

    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', $self->dir . '/log';
        open STDERR, '>&', \*STDOUT;
        %ENV = (%ENV, $self->{clock}->environment) if $self->{clock};
        exec 'redis-server', @args or POSIX::_exit(127);
    }

    $self->{pid} = $pid;

    for (my $end = time + WAIT; time < $end; sleep 0.02) {
        if (waitpid($pid, POSIX::WNOHANG()) == $pid) {
            delete $self->{pid};
            return 0;
        }

        # what is listening there may be somebody else's server
        next unless $self->log =~ /eady to accept connections/;
        return 1 if $self->connect;
    }

    $self->stop;
    return 0;
}

sub connect {
    my ($self) = @_;

    my $unix = $self->{unix} || $self->{tls};
    my $socket = $unix
        ? IO::Socket::UNIX->new(Peer => $self->socket_path)
        : IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                PeerPort => $self->{port}, Timeout => 5);

    $socket->setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        if $socket && !$unix;

    return $socket;
}

# One command over a connection that is kept, as the server's default user or
# with the password of the options.
sub command {
    my ($self, @args) = @_;

    if (!$self->{socket}) {
        $self->{socket} = $self->connect or die "redis: $!";

        my $password = $self->{options}{requirepass};
        $self->command('AUTH', $password) if defined $password;
    }

    my $wire = '*' . @args . "\r\n";
    $wire .= '$' . length($_) . "\r\n$_\r\n" for @args;

    my $reply = eval {
        local $SIG{ALRM} = sub { die "redis: no reply\n" };
        local $SIG{PIPE} = 'IGNORE';
        alarm 20;
        $self->{socket}->syswrite($wire) // die "redis: $!\n";
        my $got = read_reply($self->{socket});
        alarm 0;
        [ref $got eq 'SCALAR' ? (undef, $$got) : ($got)];
    };

    my $error = $@;
    alarm 0;

    if (!$reply) {
        delete $self->{socket};
        die $error;
    }

    die "$reply->[1]\n" if @$reply == 2;
    return $reply->[0];
}

# A reply; a reference to its text for an error.
sub read_reply {
    my ($socket) = @_;

    local $/ = "\n";
    my $line = <$socket> // die "redis: closed\n";
    $line =~ s/\r\n\z//;
    my $type = substr $line, 0, 1, '';

    return \$line if $type eq '-';
    return $line if $type eq '+' || $type eq ':';
    return undef if $line == -1;

    if ($type eq '$') {
        my $bytes = '';
        while (length($bytes) < $line + 2) {
            read($socket, $bytes, $line + 2 - length $bytes, length $bytes)
                or die "redis: closed\n";
        }
        return substr $bytes, 0, $line;
    }

    return [map { my $r = read_reply($socket); ref $r eq 'SCALAR' ? $$r : $r }
            1 .. $line];
}

# A line of INFO.
sub info {
    my ($self, $name) = @_;
    return $self->command('INFO', 'everything') =~ /^\Q$name\E:(.*?)\r?$/m
        ? $1 : undef;
}

# How often a command was called, such as "evalsha" or "client|setname".
sub calls {
    my ($self, $command) = @_;
    my $stats = $self->info("cmdstat_$command") // return 0;
    return $stats =~ /calls=(\d+)/ ? $1 : 0;
}

sub pause { kill 'STOP', $_[0]{pid} }
sub resume { kill 'CONT', $_[0]{pid} }

sub stop {
    my ($self) = @_;

    my $pid = delete $self->{pid} or return;
    delete $self->{socket};

    local ($?, $!);
    kill 'KILL', $pid;
    waitpid $pid, 0;
}

sub DESTROY {
    my ($self) = @_;
    $self->stop if $self->{owner} == $$;
}

1;
