package Apigw::Metrics;

# Reads metrics as strictly as a scraper would, and more so.
#
#     my $metrics = Apigw::Metrics->get($nginx, '/metrics');
#     is $metrics->value('requests_total', policy => 'one', result => 'passed'),
#         3;
#
# Names are without "apigw_ratelimit_". What is wrong with the text is in
# $metrics->faults, a list.

use strict;
use warnings;

use Time::HiRes qw(sleep time);

my $string = qr/"((?:[^"\\\n]|\\[\\"n])*)"/;
my $label = qr/[a-z_]+=$string/;

sub get {
    my ($class, $nginx, $path, %headers) = @_;
    my ($status, $headers, $body)
        = $nginx->request(GET => $path // '/metrics', \%headers);

    die 'no metrics: ' . ($status // 'no answer') unless ($status // 0) == 200;
    return $class->read($body);
}

sub read {
    my ($class, $text) = @_;
    my $self = bless { text => $text, faults => [] }, $class;

    $self->fault('no newline at the end') if $text ne '' && $text !~ /\n\z/;

    my ($family, $type, $helped) = ('', '', '');

    for (split /\n/, $text) {
        if (/^# HELP ([a-z_]+) \S/) {
            $helped = $1;

        } elsif (/^# TYPE ([a-z_]+) (counter|gauge|histogram)\z/) {
            ($family, $type) = ($1, $2);
            $self->fault("no HELP right before: $_") if $helped ne $family;
            $self->fault("again: $_") if $self->{types}{$family};
            $self->fault("a counter's name: $_")
                if ($type eq 'counter') != ($family =~ /_total\z/);
            $self->{types}{$family} = $type;

        } elsif (/^(?<name>[a-z_]+)(?<labels>(?:\{$label(?:,$label)*\})?)
                  [ ](?<value>\d+(?:\.\d+)?)\z/x) {
            my ($name, $labels, $value) = @+{qw(name labels value)};
            my $stem = $type eq 'histogram'
                ? $name =~ s/_(?:bucket|sum|count)\z//r : $name;
            $self->fault("in the wrong family: $_") if $stem ne $family;
            my $series = join ',', $name,
                map { "$_->[0]=$_->[1]" }
                sort { $a->[0] cmp $b->[0] } pairs($labels);
            $self->fault("twice: $_") if exists $self->{series}{$series};
            $self->{series}{$series} = $value;

        } else {
            $self->fault("not understood: $_");
        }
    }

    $self->buckets;
    return $self;
}

sub pairs {
    my ($labels) = @_;
    my @pairs;
    push @pairs, [$1, $2] while $labels =~ /([a-z_]+)=$string/g;
    return @pairs;
}

# Cumulative, and the last one is the count.
sub buckets {
    my ($self) = @_;
    my %last;

    my $bound = sub { $_[0] =~ /,le=([^,]+)/ or return -1;
                      return $1 eq '+Inf' ? 9e99 : $1 };

    for (sort { $bound->($a) <=> $bound->($b) } keys %{ $self->{series} }) {
        my $rest = s/,le=[^,]+//r;
        next if $rest eq $_;
        my $value = $self->{series}{$_};
        $self->fault("falls: $_") if $value < ($last{$rest} // 0);
        $last{$rest} = $value;
    }

    for (keys %last) {
        my $count = s/_bucket/_count/r;
        $self->fault("not the count: $_")
            if $last{$_} != ($self->{series}{$count} // -1);
    }
}

sub fault { push @{ $_[0]{faults} }, $_[1] }
sub faults { $_[0]{faults} }
sub text { $_[0]{text} }

# The names of families, sorted.
sub families {
    my ($self) = @_;
    return [sort map { s/^apigw_ratelimit_//r } keys %{ $self->{types} }];
}

# The value of a series; undef if there is none.
sub value {
    my ($self, $name, %labels) = @_;
    return $self->{series}{ join ',', "apigw_ratelimit_$name",
                            map { "$_=$labels{$_}" } sort keys %labels };
}

# All series of a family that are not 0, with the labels' values joined:
# { 'one passed' => 3 }
sub values {
    my ($self, $name) = @_;
    my %values;

    for (keys %{ $self->{series} }) {
        my ($family, @labels) = split /,/;
        next if $family ne "apigw_ratelimit_$name" || !$self->{series}{$_};
        $values{ join ' ', map { s/^[a-z_]+=//r } @labels }
            = $self->{series}{$_};
    }

    return \%values;
}

1;
