package Apigw::Node;

# A script of t/lib/node under node, and calls of what it offers:
#
#     my $node = Apigw::Node->new('provider.mjs', $folder);
#     my $issuer = $node->call('issuer');
#     $node->call(mint => alg => 'ES256', claims => { ... });
#
# It ends with the object: its standard input is a pipe from this process. Where
# npm's packages could not be had, the test file is skipped, and says so.

use strict;
use warnings;

use Apigw ();
use IPC::Open2 qw(open2);
use JSON::PP ();
use Test::More ();

my $JSON = JSON::PP->new->canonical->allow_nonref->utf8;


sub new {
    my ($class, $script, @args) = @_;
    my $npm = "$Apigw::Build/npm";

    -d "$npm/node_modules" or Test::More::plan(
        skip_all => "no npm packages in $npm: tools/install-deps test");
    local $ENV{APIGW_NPM} = $npm;
    local $ENV{NODE_NO_WARNINGS} = 1;

    my $pid = open2(my $out, my $in, 'node',
                    "$Apigw::Root/t/lib/node/$script", @args);

    return bless { owner => $$, pid => $pid, in => $in, out => $out }, $class;
}


sub call {
    my ($self, $name, %args) = @_;

    print { $self->{in} } $JSON->encode({ call => $name, %args }), "\n";
    $self->{in}->flush;

    my $line = readline $self->{out};
    my $answer = $JSON->decode($line // die "$name: node has ended\n");
    die "$name: $answer->{error}\n" if exists $answer->{error};

    return $answer->{value};
}


sub DESTROY {
    my ($self) = @_;

    return unless $self->{pid} && $$ == $self->{owner};
    local ($?, $!);
    close $self->{in};
    waitpid $self->{pid}, 0;
}


1;
