package Apigw;

# Test::Nginx for this project:
#
#     use lib 't/lib';
#     use Apigw qw(auth ratelimit);       # the modules to load
#     use Test::Nginx::Socket;
#
#     plan tests => repeat_each() * blocks() * 3;
#     run_tests();
#
# Each test file gets a free port and a server root of its own below BUILD, so
# that files and whole runs go side by side; servers listen on 127.0.0.1 only.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);

our ($Root, $Build);

BEGIN {
    $Root = abs_path(dirname(__FILE__) . '/../..');
    $Build = $ENV{BUILD} || 'build';
    $Build = "$Root/$Build" unless $Build =~ m{^/};

    make_path("$Build/t");

    $ENV{APIGW_ROOT} = $Root;
    $ENV{APIGW_BUILD} = $Build;

    # nginx itself takes $NGINX for a list of inherited sockets
    $ENV{TEST_NGINX_BINARY} = delete $ENV{NGINX} || '/usr/sbin/nginx';
    $ENV{TEST_NGINX_RANDOMIZE} = 1;
    delete $ENV{TEST_NGINX_LOAD_MODULES};

    # Test::Nginx puts its server root below the folder it is loaded in
    my $cwd = Cwd::getcwd();
    chdir $Build or die "$Build: $!";
    # its END forgets that the file died; Test::More's, which judges the exit
    # status, runs after the one that is put between them here
    require Test::More;
    eval 'END { $? = $Apigw::Status if $Apigw::Status } 1' or die $@;
    require Test::Nginx::Socket;
    chdir $cwd or die "$cwd: $!";
}

END { our $Status = $? }

# A server may close before all is written: that is for a check to tell.
$SIG{PIPE} = 'IGNORE';

my $write_config_file = \&Test::Nginx::Util::write_config_file;

{
    no warnings qw(redefine prototype);

    *Test::Nginx::Util::write_config_file = sub ($$$) {
        &$write_config_file(@_);
        edit($Test::Nginx::Util::ConfFile);
    };
}

# A static build has the modules already.
sub modules {
    return '' if $ENV{APIGW_STATIC};
    return join ' ', map { "$Build/ngx_http_apigw_${_}_module.so" } @_;
}

sub edit {
    my ($file) = @_;

    open my $in, '<', $file or die "$file: $!";
    my $conf = do { local $/; <$in> };
    close $in;

    $conf = on_loopback($conf);
    $conf = with_own_port($conf) if $ENV{TEST_NGINX_USE_HTTP2};
    $conf = with_fresh_zones($conf) if $ENV{TEST_NGINX_USE_HUP};

    open my $out, '>', $file or die "$file: $!";
    print $out $conf;
    close $out or die "$file: $!";
}

sub on_loopback {
    my ($conf) = @_;

    $conf =~ s/^(\s*listen\s+)(\d+)/${1}127.0.0.1:$2/mg;

    # nginx knows the directive since 1.25.1
    $conf =~ s/^(\s*listen\s[^;]*);\s*http2 on;/$1 http2;/mg
        unless `$ENV{TEST_NGINX_BINARY} -v 2>&1` =~ m{/1\.(?:2[5-9]|[3-9]\d)};

    return $conf;
}

# Where a test's own clients, which speak HTTP/1, find nginx: Test::Nginx's port
# takes nothing but HTTP/2 in its HTTP/2 mode.
sub port {
    our $port;
    return Test::Nginx::Util::server_port() unless $ENV{TEST_NGINX_USE_HTTP2};

    require Apigw::Redis;
    return $port //= Apigw::Redis::free_port();
}

sub with_own_port {
    my ($conf) = @_;
    my $theirs = Test::Nginx::Util::server_port();
    my $own = port();

    $conf =~ s/^(\s*listen\s+127\.0\.0\.1:)$theirs\b([^;]*);/
               "$1$theirs$2; listen 127.0.0.1:$own" . $2 =~ s{ http2\b}{}r . ';'
              /mgex;

    return $conf;
}

# A zone outlives reloads, and counts and verdicts with it, so each block that
# reaches nginx by a reload gets zones of its own.
sub with_fresh_zones {
    my ($conf) = @_;
    our $blocks;
    my $fresh = '';

    $blocks++;
    $fresh .= " apigw_ratelimit_zone limit_$blocks:1m;"
        if $conf =~ /apigw_ratelimit_policy/
            && $conf !~ /apigw_ratelimit_zone/;
    $fresh .= " apigw_auth_zone zone=auth_$blocks:16m;"
        if $conf =~ /apigw_(?:jwt_provider|introspection) /
            && $conf !~ /apigw_auth_zone/;

    # on the same line: messages tell numbers of lines
    $conf =~ s/^http \{/http {$fresh/m;

    return $conf;
}

sub import {
    my ($class, @modules) = @_;

    $Test::Nginx::Util::LoadModules = modules(@modules);

    Test::Nginx::Util::log_level('info');
    Test::Nginx::Util::no_long_string();
    Test::Nginx::Util::repeat_each(1);
}

1;
