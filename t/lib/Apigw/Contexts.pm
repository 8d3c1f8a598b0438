package Apigw::Contexts;

# Directives by a table: each is taken at every level it belongs to and at no
# other, once a level unless it adds up, with the number of arguments it wants.
# Files of facets show what the directives do, inherit and refuse.
#
#     Apigw::Contexts::check(
#         modules => ['auth'],
#         levels  => [qw(http server location limit_except)],
#         http    => 'text that is always there',
#         policy  => { name => [good, [wrong, ...], repeats], ... },
#         block   => { name => [good, [wrong, ...]], ... });
#
# `policy` has those of `levels`, `block` those of http alone; `good` are
# arguments that are taken, `wrong` those of a wrong number. `besides`, if
# given, is called with a text and returns what must stand before it in http.

use strict;
use warnings;

use Apigw::Nginx ();
use Test::More;

my @levels = qw(http server location limit_except if upstream);

sub check {
    my (%arg) = @_;

    my $nginx = Apigw::Nginx->new(modules => $arg{modules},
        http => 'server { listen 127.0.0.1:@PORT@; }');

    my $at = sub {
        my ($level, $text) = @_;
        my $besides = $arg{besides} ? $arg{besides}->($text) : '';
        return verdict($nginx, at($level, $text, $arg{http} . $besides));
    };

    my %belongs = map { $_ => 1 } @{ $arg{levels} };

    for my $name (sort keys %{ $arg{policy} }) {
        my ($good, $wrong, $repeats) = @{ $arg{policy}{$name} };
        places($at, $name, $good, \%belongs);
        numbers($at, $name, 'location', $wrong);
        twice($at, $name, 'location', $good, $repeats);
    }

    for my $name (sort keys %{ $arg{block} }) {
        my ($good, $wrong) = @{ $arg{block}{$name} };
        places($at, $name, $good, { http => 1 });
        numbers($at, $name, 'http', $wrong);
        twice($at, $name, 'http', $good, 0);
    }

    is $nginx->stop, 0, 'nginx ends in order';
}

sub places {
    my ($at, $name, $good, $belongs) = @_;
    my $text = statement($name, $good);

    for my $level (@levels) {
        if ($belongs->{$level}) {
            is $at->($level, $text), 'ok', "$name at $level";
        } else {
            like $at->($level, $text),
                qr/\[emerg\] .*"$name" directive is not allowed here in \S+:\d/,
                "no $name at $level";
        }
    }
}

sub numbers {
    my ($at, $name, $level, $wrong) = @_;

    like $at->($level, statement($name, $_)),
        qr/\[emerg\] .*invalid number of arguments in "$name" directive/,
        "$name with \"$_\"" for @$wrong;
}

sub twice {
    my ($at, $name, $level, $good, $repeats) = @_;
    my $got = $at->($level, statement($name, $good) x 2);

    if ($repeats) {
        is $got, 'ok', "$name repeated";
    } else {
        like $got, qr/\[emerg\] .*(duplicate|twice|$name.* once).* in \S+:\d/,
            "$name once a level";
    }
}

sub statement {
    my ($name, $arguments) = @_;
    return "$name $arguments" . ($arguments =~ /\}$/ ? "\n" : ";\n");
}

# A configuration with the text at one level.
sub at {
    my ($level, $text, $http) = @_;
    my %at = (map({ $_ => '' } @levels), $level => $text);

    return "$http $at{http}
        upstream u { server 127.0.0.1:1; $at{upstream} }
        server {
            listen 127.0.0.1:\@PORT\@; $at{server}
            location /t {
                $at{location}
                limit_except GET { $at{limit_except} }
                if (\$arg_a) { $at{if} }
            }
        }";
}

sub verdict {
    my ($nginx, $http) = @_;
    $nginx->{options}{http} = $http;
    $nginx->write('nginx.conf', $nginx->conf);
    my ($status, $output) = $nginx->test;
    return $status == 0 ? 'ok' : $output;
}

1;
