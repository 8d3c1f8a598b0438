# Each of the examples is a configuration that nginx takes, with the files that
# it names, and that refuses a request without credentials.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Redis ();
use File::Temp ();
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);

use constant WAIT => 30;        # seconds for what should take a moment

my @examples = grep { $_ ne 'quickstart' }
    map { m{([^/]+)/nginx\.conf$} } glob "$Apigw::Root/examples/*/nginx.conf";

sub run {
    my ($command) = @_;
    my $output = `$command 2>&1`;
    is $? >> 8, 0, (split ' ', $command)[0] . ' ends well' or diag $output;
}

# A copy, with the files that an operator makes, on a free port.
sub prepare {
    my ($name) = @_;
    my $dir = File::Temp->newdir('exampleXXXXXX', DIR => "$Apigw::Build/t");
    my $port = Apigw::Redis::free_port();
    my $conf = slurp("$Apigw::Root/examples/$name/nginx.conf");

    $conf =~ s{modules/ngx_http}{$Apigw::Build/ngx_http}g;
    $conf =~ s/^load_module[^\n]*\n//mg if $ENV{APIGW_STATIC};
    $conf =~ s/127\.0\.0\.1:8\d\d\d/127.0.0.1:$port/;
    $conf = 'user root root; ' . $conf if $> == 0;

    spew("$dir/nginx.conf", $conf);
    spew("$dir/introspection.secret", "secret\n");
    spew("$dir/revoked", '');
    chmod 0600, "$dir/introspection.secret";

    run("$Apigw::Build/bin/apigw-key create -f $dir/partners.keys"
        . ' --consumer acme --plan gold');
    run('openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
        . " -days 2 -subj /CN=localhost -keyout $dir/tls.key -out $dir/tls.crt");
    run("openssl ecparam -name prime256v1 -genkey -noout -out $dir/assertion.pem");
    chmod 0600, "$dir/assertion.pem";

    return ($dir, $port);
}

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!";
    local $/;
    return <$in>;
}

sub spew {
    my ($file, $text) = @_;
    open my $out, '>', $file or die "$file: $!";
    print $out $text;
    close $out or die "$file: $!";
}

sub start {
    my ($dir, $port) = @_;

    defined(my $pid = fork) or die "fork: $!";
    if ($pid == 0) {
        open STDOUT, '>', "$dir/output" or die;
        open STDERR, '>&', \*STDOUT or die;
        delete $ENV{NGINX};     # nginx would take it for inherited sockets
        exec $ENV{TEST_NGINX_BINARY}, '-p', "$dir/", '-c', "$dir/nginx.conf",
            '-g', 'daemon off;' or die;
    }

    my $end = time + WAIT;
    while (time < $end) {
        return $pid if IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port");
        return 0 if waitpid($pid, 1) == $pid;
        sleep 0.02;
    }

    return $pid;
}

for my $name (@examples) {
    subtest $name => sub {
        my ($dir, $port) = prepare($name);
        my $pid = start($dir, $port);
        ok $pid, 'nginx starts' or return diag slurp("$dir/output");

        my $tls = slurp("$dir/nginx.conf") =~ /listen\s+\S+ ssl/ ? 's' : '';
        my $path = $tls ? '/payments/7' : '/orders/7';
        my $got = `curl -sik --noproxy '*' --max-time 30 http$tls://127.0.0.1:$port$path`;
        like $got, qr{^HTTP/[\d.]+ 401 }, 'no credential, no answer';
        like $got, qr/^www-authenticate: (?:Bearer|ApiKey) realm/mi,
            'with a challenge';

        kill QUIT => $pid;
        waitpid $pid, 0;
        is $?, 0, 'nginx ends in order';
    };
}

is scalar @examples, 4, 'all of them';

done_testing();
