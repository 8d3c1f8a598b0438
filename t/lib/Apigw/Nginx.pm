package Apigw::Nginx;

# An nginx of the test's own, for what Test::Nginx does not reach: several
# workers, reloads, other binaries. It ends with the object.
#
#     my $nginx = Apigw::Nginx->new(http => $text, modules => ['auth']);
#     my ($status, $headers, $body) = $nginx->request(GET => '/', { A => 'b' });
#
# options   http     text inside http { }; @PORT@ is a free port of 127.0.0.1,
#                    @DIR@ a folder of its own
#           modules  in the order of their load_module lines
#           workers  their number, 1
#           clock    an Apigw::Clock to go by
#           binary   instead of $NGINX; modules are linked in then
#           files    name => text, put into the folder

use strict;
use warnings;

use Apigw ();
use Apigw::Redis ();
use File::Temp ();
use IO::Socket::INET;
use Time::HiRes qw(sleep time);

use constant WAIT => 30;        # seconds for what should take a moment

sub new {
    my ($class, %options) = @_;

    my $self = bless {
        owner   => $$,
        dir     => File::Temp->newdir('nginxXXXXXX', DIR => "$Apigw::Build/t"),
        binary  => $options{binary} || $ENV{TEST_NGINX_BINARY},
        options => \%options,
    }, $class;

    for my $name (keys %{ $options{files} || {} }) {
        $self->write($name, $options{files}{$name});
    }

    for (1 .. 20) {
        $self->{port} = Apigw::Redis::free_port();
        $self->write('nginx.conf', $self->conf);
        return $self if $self->start;
        last unless $self->log =~ /Address already in use/;
    }

    die "nginx does not start:\n" . $self->log;
}

sub dir { "$_[0]{dir}" }
sub port { $_[0]{port} }
sub pid { $_[0]{pid} }

sub write {
    my ($self, $name, $text) = @_;
    my $file = $self->dir . "/$name";

    open my $out, '>', $file or die "$file: $!";
    print $out $text;
    close $out or die "$file: $!";
}

# A checkout often lies where only its owner may look: workers stay the user.
sub conf {
    my ($self) = @_;
    my $o = $self->{options};
    my $load = $o->{binary} ? '' : join '', map {
        "load_module $Apigw::Build/ngx_http_apigw_${_}_module.so;\n"
    } @{ $o->{modules} || [] };
    my $user = $> == 0 ? 'user root root;' : '';
    my $workers = $o->{workers} || 1;
    my $http = $o->{http};
    my %env = $o->{clock} ? $o->{clock}->environment : ();
    my $env = join '', map { "env $_;\n" } sort keys %env;

    $http =~ s/\@PORT\@/$self->{port}/g;
    $http =~ s/\@DIR\@/$self->dir/ge;

    return <<"CONF";
$load$user
${env}daemon off;
worker_processes $workers;
pid nginx.pid;
error_log error.log info;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path temp_body;
    proxy_temp_path temp_proxy;
    fastcgi_temp_path temp_fastcgi;
    uwsgi_temp_path temp_uwsgi;
    scgi_temp_path temp_scgi;
$http
}
CONF
}

# Exit status and output of `nginx -t` on this configuration.
sub test {
    my ($self) = @_;
    my $dir = $self->dir;
    my $output = `$self->{binary} -t -p $dir/ -c $dir/nginx.conf 2>&1`;

    return ($? >> 8, $output);
}

sub start {
    my ($self) = @_;
    my $dir = $self->dir;

    unlink "$dir/error.log";
    defined(my $pid = fork) or die "fork: $!";

    if ($pid == 0) {
        open STDOUT, '>', "$dir/output" or die;
        open STDERR, '>&', \*STDOUT or die;
        delete $ENV{NGINX};     # nginx would take it for inherited sockets
        my $clock = $self->{options}{clock};
        %ENV = (%ENV, $clock->environment) if $clock;
        exec $self->{binary}, '-p', "$dir/", '-c', "$dir/nginx.conf"
            or die "$self->{binary}: $!";
    }

    $self->{pid} = $pid;

    my $end = time + WAIT;
    while (time < $end) {
        return 1 if -s "$dir/nginx.pid" && $self->workers
                    && IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                             PeerPort => $self->{port});
        if (waitpid($pid, 1) == $pid) {
            delete $self->{pid};
            return 0;
        }
        sleep 0.01;
    }

    return 0;
}

sub log {
    my ($self) = @_;
    my $text = '';

    for my $name ('output', 'error.log') {
        open my $in, '<', $self->dir . "/$name" or next;
        local $/;
        $text .= <$in> // '';
    }

    return $text;
}

# Process ids of the workers, old ones that still serve included.
sub workers {
    my ($self) = @_;

    open my $in, '<', "/proc/$self->{pid}/task/$self->{pid}/children"
        or return;
    return split ' ', <$in> // '';
}

# Open descriptors of a process, the master's by default.
sub descriptors {
    my ($self, $pid) = @_;
    my @open = glob '/proc/' . ($pid || $self->{pid}) . '/fd/*';

    return scalar @open;
}

# Resident kilobytes of the master.
sub resident {
    my ($self) = @_;

    open my $in, '<', "/proc/$self->{pid}/status" or die;
    return (join '', <$in>) =~ /^VmRSS:\s+(\d+)/m ? $1 : 0;
}

# Reloads; returns once no worker of before is left.
sub reload {
    my ($self) = @_;
    my %old = map { $_ => 1 } $self->workers;
    my $end = time + WAIT;

    kill HUP => $self->{pid};

    while (time < $end) {
        my @now = $self->workers;
        return 1 if @now && !grep { $old{$_} } @now;
        sleep 0.005;
    }

    return 0;
}

# One request on a connection of its own: status, headers (lower case, lines
# of one name joined by a comma) and body; an empty list when it failed.
sub request {
    my ($self, $method, $path, $headers, $body) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $self->{port}, Timeout => WAIT) or return;
    my %send = ('Host' => 'localhost', 'Connection' => 'close',
                %{ $headers || {} });
    $send{'Content-Length'} = length $body if defined $body;

    print $socket "$method $path HTTP/1.1\r\n",
        map({ "$_: $send{$_}\r\n" } sort keys %send), "\r\n", $body // '';
    local $/;
    my $answer = <$socket>;
    close $socket;

    return unless defined $answer
        && $answer =~ m{\AHTTP/1\.1 (\d+)[^\r]*\r\n(.*?)\r\n\r\n(.*)}s;
    my ($status, $lines, $content, %got) = ($1, $2, $3);

    for (split /\r\n/, $lines) {
        my ($name, $value) = /^([^:]+):\s*(.*)/ or next;
        $got{lc $name} = defined $got{lc $name}
            ? "$got{lc $name}, $value" : $value;
    }

    if (($got{'transfer-encoding'} || '') eq 'chunked') {
        my $plain = '';
        while ($content =~ s/\A([0-9a-f]+)\r\n//i && hex $1) {
            $plain .= substr $content, 0, hex $1, '';
            $content =~ s/\A\r\n//;
        }
        $content = $plain;

    } elsif (defined $got{'content-length'} && $method ne 'HEAD') {
        return if length $content != $got{'content-length'};
    }

    return ($status, \%got, $content);
}

# Ends as `nginx -s quit`; the exit status of the master.
sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return 0;
    my $end = time + WAIT;

    kill QUIT => $pid;
    while (time < $end) {
        return $? if waitpid($pid, 1) == $pid;
        sleep 0.01;
    }

    kill KILL => $pid;
    waitpid $pid, 0;
    return $?;
}

sub DESTROY {
    my ($self) = @_;

    return unless $self->{pid} && $$ == $self->{owner};
    local $?;
    $self->stop;
}

1;
