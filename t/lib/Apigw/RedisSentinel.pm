package Apigw::RedisSentinel;

# A master, a replica and three Sentinels with a password, on free ports of
# 127.0.0.1, gone with the object.
#
#     my $watched = Apigw::RedisSentinel->new;
#
#     $watched->line                 for apigw_ratelimit_redis
#     $watched->password_file        for sentinel_password_file
#     $watched->{master}, $watched->{replica}        Apigw::Redis
#     $watched->sentinels            how many Sentinels there are
#     $watched->stop_sentinel($i)
#     $watched->told                 the port of the master, by the Sentinels
#                                    that live, if they agree

use strict;
use warnings;

use Apigw::Redis ();
use File::Temp ();
use POSIX ();
use Time::HiRes qw(sleep time);

use constant {
    WAIT     => 60,
    PASSWORD => 'watcher',
};

sub new {
    my ($class) = @_;

    my $self = bless {
        owner => $$,
        dir => File::Temp->newdir('apigw-sentinel-XXXXXX', TMPDIR => 1),
        sentinels => [],
    }, $class;

    $self->{master} = Apigw::Redis->new('repl-diskless-sync-delay' => 0);
    $self->{replica} = Apigw::Redis->new('repl-diskless-sync-delay' => 0,
        replicaof => ['127.0.0.1', $self->{master}->port]);

    $self->until(sub {
        ($self->{replica}->info('master_link_status') // '') eq 'up'
    }) or die "no replica:\n" . $self->{replica}->log;

    push @{$self->{sentinels}}, $self->start_sentinel($_) for 1 .. 3;

    $self->until(sub { $self->ready }) or die "sentinels do not agree";

    open my $out, '>', $self->password_file or die "password: $!";
    print $out PASSWORD, "\n";
    close $out or die "password: $!";
    chmod 0600, $self->password_file;

    return $self;
}

sub dir { "$_[0]{dir}" }
sub password_file { $_[0]->dir . '/password' }
sub sentinels { @{ $_[0]{sentinels} } }

sub line {
    my ($self) = @_;
    return 'sentinel mymaster '
        . join(' ', map { "127.0.0.1:$_->{port}" } $self->sentinels)
        . '; sentinel_password_file ' . $self->password_file . ';';
}

sub start_sentinel {
    my ($self, $i) = @_;

    for (1 .. 20) {
        my $port = Apigw::Redis::free_port();
        my $sentinel = { port => $port };
        my $conf = $self->dir . "/$i.conf";
        my $master = $self->{master}->port;
        my $password = PASSWORD;

        open my $out, '>', $conf or die "$conf: $!";
        print $out <<"CONF";
bind 127.0.0.1
port $port
dir @{[$self->dir]}
requirepass $password
sentinel sentinel-pass $password
sentinel monitor mymaster 127.0.0.1 $master 2
sentinel down-after-milliseconds mymaster 1000
sentinel failover-timeout mymaster 3000
CONF
        close $out or die "$conf: $!";

        my $pid = fork // die "fork: $!";

        if ($pid == 0) {
            open STDIN, '<', '/dev/null';
            open STDOUT, '>>', $self->dir . "/$i.log";
            open STDERR, '>&', \*STDOUT;
            exec 'redis-sentinel', $conf or POSIX::_exit(127);
        }

        $sentinel->{pid} = $pid;

        my $up = $self->until(sub {
            waitpid($pid, POSIX::WNOHANG()) == $pid ? 'gone'
                : eval { $self->ask($sentinel, 'PING') } ? 'up' : undef
        });

        return $sentinel if ($up // '') eq 'up';
    }

    die "redis-sentinel does not start";
}

# A command to one Sentinel.
sub ask {
    my ($self, $sentinel, @command) = @_;

    if (!$sentinel->{client}) {
        my $client = bless { port => $sentinel->{port}, owner => 0,
                             options => { requirepass => PASSWORD } },
            'Apigw::Redis';
        $client->command('PING');
        $sentinel->{client} = $client;
    }

    my $reply = eval { [$sentinel->{client}->command(@command)] };
    my $error = $@;

    if (!$reply) {
        delete $sentinel->{client};
        die $error;
    }

    return $reply->[0];
}

# All know the replica and each other: a failover can come about.
sub ready {
    my ($self) = @_;

    for my $sentinel ($self->sentinels) {
        my %master = @{ $self->ask($sentinel, 'SENTINEL', 'MASTER',
                                   'mymaster') };
        return 0 unless $master{'num-other-sentinels'} == 2
            && $master{'num-slaves'} == 1 && $master{flags} eq 'master';
    }

    return 1;
}

sub told {
    my ($self) = @_;
    my %ports;

    for my $sentinel (grep { $_->{pid} } $self->sentinels) {
        my $told = eval { $self->ask($sentinel, 'SENTINEL',
            'get-master-addr-by-name', 'mymaster') } or return 0;
        $ports{ $told->[1] } = 1;
    }

    return keys %ports == 1 ? (keys %ports)[0] : 0;
}

sub until {
    my ($self, $done) = @_;

    for (my $end = time + WAIT; time < $end; sleep 0.05) {
        my $rv = $done->();
        return $rv if $rv;
    }

    return undef;
}

sub stop_sentinel {
    my ($self, $i) = @_;
    my $sentinel = $self->{sentinels}[$i];
    my $pid = delete $sentinel->{pid} or return;
    delete $sentinel->{client};

    local ($?, $!);
    kill 'KILL', $pid;
    waitpid $pid, 0;
}

sub DESTROY {
    my ($self) = @_;
    return unless $self->{owner} == $$;
    $self->stop_sentinel($_) for 0 .. $#{ $self->{sentinels} };
}

1;
