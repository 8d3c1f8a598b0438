# Modules linked into nginx (--add-module) behave as the loaded ones do: a
# static build ignores ngx_module_order, so the config script places them.

use strict;
use warnings;

use lib 't/lib';
use Apigw ();
use Apigw::Crossing ();
use Apigw::Nginx ();
use Test::More tests => Apigw::Crossing::CHECKS + 2;

my $binary = "$Apigw::Build/static/sbin/nginx";

ok -x $binary, 'the static build is there: tools/build-nginx static';

my $nginx = Apigw::Nginx->new(binary => $binary,
                              http => Apigw::Crossing::http());
Apigw::Crossing::prove($nginx, 'static');
is $nginx->stop, 0, 'ends in order';
