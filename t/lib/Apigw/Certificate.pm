package Apigw::Certificate;

# Throw-away certificates, made by the openssl command: NAME.pem and NAME.key
# in a folder, readable by everyone.
#
#     my $ca = Apigw::Certificate->new($dir);        issued by $dir/ca.pem
#     $ca->issue('good', 'DNS:localhost,IP:127.0.0.1');
#     $ca->issue('old', 'DNS:localhost', -1);        ended yesterday
#     $ca->selfsigned('own', 'DNS:localhost');
#
# Each returns its path without ".pem", and makes what is not there yet.

use strict;
use warnings;


sub new {
    my ($class, $dir) = @_;
    my $self = bless { dir => "$dir" }, $class;

    $self->selfsigned('ca');

    return $self;
}


sub openssl {
    my ($self, $command) = @_;

    system("openssl $command >>$self->{dir}/openssl.log 2>&1") == 0
        or die "openssl $command: see $self->{dir}/openssl.log";
}


sub key {
    my ($self, $name) = @_;

    return '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
           . " -keyout $self->{dir}/$name.key -subj /CN=$name";
}


sub selfsigned {
    my ($self, $name, $names) = @_;
    my $file = "$self->{dir}/$name";

    if (! -e "$file.pem") {
        my $san = $names ? "-addext subjectAltName=$names" : '';

        $self->openssl('req -x509 ' . $self->key($name)
                       . " -out $file.pem -days 30 $san");
        chmod 0644, "$file.pem", "$file.key";
    }

    return $file;
}


sub issue {
    my ($self, $name, $names, $days) = @_;
    my $file = "$self->{dir}/$name";
    my $ca = "$self->{dir}/ca";

    return $file if -e "$file.pem";

    open my $ext, '>', "$file.ext" or die "$file.ext: $!";
    print $ext "subjectAltName=$names\n";
    close $ext or die "$file.ext: $!";

    $self->openssl('req -new ' . $self->key($name) . " -out $file.csr");
    $self->openssl("x509 -req -in $file.csr -CA $ca.pem -CAkey $ca.key"
                   . " -CAcreateserial -out $file.pem -days "
                   . ($days // 30) . " -extfile $file.ext");

    chmod 0644, "$file.pem", "$file.key";

    return $file;
}

1;
