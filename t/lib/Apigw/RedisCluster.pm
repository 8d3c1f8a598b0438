package Apigw::RedisCluster;

# A Redis Cluster of the test's own, on free ports of 127.0.0.1, gone with the
# object.
#
#     my $cluster = Apigw::RedisCluster->new;        three masters, a replica
#                                                    each
#     my $cluster = Apigw::RedisCluster->new(nodes => 3, replicas => 0,
#                                            options => { aclfile => $file });
#     my $cluster = Apigw::RedisCluster->new(nodes => 1, replicas => 0);
#                                                    one with all slots
#
#     $cluster->line                 for apigw_ratelimit_redis
#     $cluster->nodes                Apigw::Redis, all of them
#     $cluster->slot($key)           of a key's name in Redis
#     $cluster->master($slot)        the node that has it
#     $cluster->key_of($name)        the name of a key of policy "one"
#     $cluster->keys_in($node, $n)   values of a policy's key= of that node,
#                                    never the same ones again
#     $cluster->get($name)           GET there, wherever it is
#     $cluster->begin_move($slot, $to)    IMPORTING, MIGRATING
#     $cluster->move_keys($slot, $to)     MIGRATE all there are
#     $cluster->end_move($slot, $to)      SETSLOT NODE, everywhere

use strict;
use warnings;

use Apigw::Redis ();
use Digest::SHA qw(sha256);
use List::Util qw(all first);
use MIME::Base64 qw(encode_base64url);
use Time::HiRes qw(sleep time);

use constant WAIT => 60;        # seconds for nodes to agree

sub new {
    my ($class, %options) = @_;

    my $n = $options{nodes} // 6;
    my $replicas = $options{replicas} // 1;
    my $self = bless { nodes => [], names => 0 }, $class;

    for (1 .. $n) {
        push @{$self->{nodes}}, Apigw::Redis->new(
            'cluster-enabled' => 'yes',
            'cluster-port' => Apigw::Redis::free_port(),
            'cluster-config-file' => 'nodes.conf',
            'cluster-node-timeout' => 2000,
            'cluster-require-full-coverage' => 'no',
            'repl-diskless-sync-delay' => 0,
            %{ $options{options} || {} });
    }

    my $output = $n == 1 ? $self->alone : $self->join($replicas);

    $self->{masters} = $n / (1 + $replicas);
    $self->agree or die "no cluster:\n$output";

    return $self;
}

sub alone {
    my ($self) = @_;
    my ($node) = $self->nodes;
    return $node->command('CLUSTER', 'ADDSLOTS', 0 .. 16383);
}

sub join {
    my ($self, $replicas) = @_;

    my @command = ('redis-cli', '--cluster', 'create',
                   (map { $_->address } $self->nodes),
                   '--cluster-replicas', $replicas, '--cluster-yes');
    my $output = '';

    # a node may not have heard of the others when it is asked about them
    for (1 .. 3) {
        $output = `@command 2>&1`;
        last if $? == 0;
        sleep 1;
    }

    return $output;
}

sub nodes { @{ $_[0]{nodes} } }

sub line {
    my ($self) = @_;
    return 'cluster ' . CORE::join(' ', map { $_->address } $self->nodes) . ';';
}

# Waits until all nodes that live know who has which slot.
sub agree {
    my ($self) = @_;

    for (my $end = time + WAIT; time < $end; sleep 0.1) {
        return 1 if all { $self->settled($_) }
            grep { $_->pid } $self->nodes;
    }

    return 0;
}

sub settled {
    my ($self, $node) = @_;

    return eval {
        my $slots = 0;
        my %masters;
        for my $range (@{ $node->command('CLUSTER', 'SLOTS') }) {
            $slots += $range->[1] - $range->[0] + 1;
            $masters{ $range->[2][1] }++;
        }
        my $info = $node->command('CLUSTER', 'INFO');
        $slots == 16384 && keys %masters == $self->{masters}
            && $info =~ /cluster_state:ok/
            && ($node->info('role') eq 'master'
                || $node->info('master_link_status') eq 'up');
    };
}

sub slot {
    my ($self, $key) = @_;
    my $node = first { $_->pid } $self->nodes;
    return $node->command('CLUSTER', 'KEYSLOT', $key);
}

sub master {
    my ($self, $slot) = @_;
    my $node = first { $_->pid } $self->nodes;

    my $range = first { $_->[0] <= $slot && $slot <= $_->[1] }
        @{ $node->command('CLUSTER', 'SLOTS') };

    return $range && first { $_->port == $range->[2][1] } $self->nodes;
}

sub key_of {
    my ($self, $name) = @_;
    my $tag = encode_base64url(substr(sha256($name), 0, 16));
    return "rl:1:{$tag}:one:r";
}

# Where a policy's key is.
sub home {
    my ($self, $name) = @_;
    return $self->master($self->slot($self->key_of($name)));
}

sub keys_in {
    my ($self, $node, $n) = @_;
    my @found;

    while (@found < $n) {
        my $name = 'k' . $self->{names}++;
        push @found, $name if $self->home($name) == $node;
    }

    return @found;
}

sub get {
    my ($self, $key) = @_;
    return $self->master($self->slot($key))->command('GET', $key);
}

sub id { $_[1]->command('CLUSTER', 'MYID') }

sub begin_move {
    my ($self, $slot, $to) = @_;
    my $from = $self->master($slot);

    $to->command('CLUSTER', 'SETSLOT', $slot, 'IMPORTING', $self->id($from));
    $from->command('CLUSTER', 'SETSLOT', $slot, 'MIGRATING', $self->id($to));
}

sub move_keys {
    my ($self, $slot, $to) = @_;
    my $from = $self->master($slot);

    while (1) {
        my $keys = $from->command('CLUSTER', 'GETKEYSINSLOT', $slot, 10);
        last unless @$keys;
        $from->command('MIGRATE', '127.0.0.1', $to->port, '', 0, 5000, 'KEYS',
                       @$keys);
    }
}

sub end_move {
    my ($self, $slot, $to) = @_;
    my $from = $self->master($slot);
    my $id = $self->id($to);

    for my $node ($to, $from, $self->nodes) {
        next unless $node->pid;
        eval { $node->command('CLUSTER', 'SETSLOT', $slot, 'NODE', $id); 1 }
            or $@ =~ /SETSLOT only with masters/ or die $@;
    }
}

1;
