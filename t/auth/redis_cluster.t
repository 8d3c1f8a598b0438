# API keys, used proofs and what is revoked, in a Redis Cluster and behind Sentinels: found
# where they are, also while they move and after a failover.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Dpop ();
use Apigw::KeyRedis;
use Apigw::Nginx ();
use Apigw::RedisCluster ();
use Apigw::RedisSentinel ();
use Apigw::Token ();
use Test::More;
use Time::HiRes qw(sleep time);

my $cluster = Apigw::RedisCluster->new(nodes => 3, replicas => 0);
my @masters = $cluster->nodes;

# Writes a key's record where it belongs; its master.
sub keep_there {
    my ($id, %more) = @_;
    my $node = $cluster->master($cluster->slot(name($id)));
    keep($node, $id, %more);
    return $node;
}


subtest 'keys are asked for where their slots are' => sub {
    my @ids = map { sprintf 'spread%02d', $_ } 1 .. 30;
    my %homes;
    $homes{ keep_there($_)->port }++ for @ids;
    is scalar(keys %homes), 3, 'they are on all masters';

    my $nginx = gateway($cluster, '');
    is join(' ', map { ask($nginx, $_) =~ /^(\d+)/ } @ids),
        join(' ', (200) x @ids), 'each is found';
    is ask($nginx, 'unknown1') =~ /^(\d+)/ ? $1 : '', 401,
        'and one that is not there is not';
    clean($nginx);
};


subtest 'a key that moves' => sub {
    my $from = keep_there('moving01');
    my $slot = $cluster->slot(name('moving01'));
    my ($to) = grep { $_ != $from } @masters;

    my $nginx = gateway($cluster, 'redis_ttl 0; redis_negative_ttl 0;');
    like ask($nginx, 'moving01'), qr/^200/, 'is found at home';

    $cluster->begin_move($slot, $to);
    like ask($nginx, 'moving01'), qr/^200/, 'before it moves';
    $cluster->move_keys($slot, $to);
    like ask($nginx, 'moving01'), qr/^200/, 'behind an ASK';
    $cluster->end_move($slot, $to);
    like ask($nginx, 'moving01'), qr/^200/, 'behind a MOVED';
    clean($nginx);
};


subtest 'the set of what is revoked' => sub {
    keep_there($_) for 'revoked1', 'revoked2';
    my $nginx = gateway($cluster, '', undef,
                        http => 'apigw_revocation redis=main interval=1s;');

    # two slots, two masters perhaps
    my $write = sub {
        my ($command, $key, @more) = @_;
        $cluster->master($cluster->slot($key))->command($command, $key, @more);
    };

    soon('the set is read', sub { ask($nginx, 'revoked1') =~ /^200/ });
    $write->('SADD', 'apigw:revoked', 'key partners revoked1');
    $write->('INCR', 'apigw:revoked:gen');
    soon('what it has is refused', sub { ask($nginx, 'revoked1') =~ /^401/ });
    like ask($nginx, 'revoked2'), qr/^200/, 'the rest is not';
    clean($nginx);
};


subtest 'used proofs' => sub {
    Apigw::Token::file('t', "page\n", 0644);
    my $http = main_redis($cluster)
        . Apigw::Token::provider('corp', 'dpop_max_age 5m;') . <<"CONF";
        root $Apigw::Token::Dir;
        server {
            listen 127.0.0.1:\@PORT\@;
            server_name localhost;
            location /t { apigw_auth jwt=corp; }
        }
CONF
    my @nginx = map { Apigw::Nginx->new(modules => ['auth'], http => $http) }
        1 .. 2;
    my @proofs = map {
        my $text = Apigw::Dpop::headers(uri => 'https://localhost/t');
        +{ $text =~ /^(\S+): (.*)$/mg }
    } 1 .. 20;
    my $tell = sub {
        my ($nginx) = @_;
        return join ' ', map { ($nginx->request(GET => '/t', $_))[0] } @proofs;
    };

    is $tell->($nginx[0]), join(' ', (200) x 20), 'are good once';
    is $tell->($nginx[1]), join(' ', (401) x 20), 'for all machines';
    cmp_ok $_->calls('set'), '>', 0, 'some are at ' . $_->address
        for @masters;
    clean($_) for @nginx;
};


subtest 'behind Sentinels' => sub {
    my $watched = Apigw::RedisSentinel->new;
    keep($watched->{master}, 'watched1');

    my $nginx = gateway($watched, 'redis_ttl 0;');
    like ask($nginx, 'watched1'), qr/^200/, 'a key is found';

    $watched->until(sub {
        eval { @{ $watched->{replica}->command('KEYS', '*') } } });
    $watched->{master}->stop;

    my $told;
    for (my $end = time + 60; time < $end; sleep 0.05) {
        $told = ask($nginx, 'watched1');
        last if $told =~ /^200/;
    }
    like $told, qr/^200/, 'and found again once there is a master';
    clean($nginx);
};

done_testing;
