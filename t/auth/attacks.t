# Every attack that docs/SECURITY.md lists has a test, and the one it names.

use strict;
use warnings;

use Test::More;

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or return '';
    local $/;
    return scalar <$in>;
}

my ($table) = slurp('docs/SECURITY.md') =~ /^## Attacks and their tests\n(.*)/ms;
my (%text, $rows);

for (split /\n/, $table // '') {
    my ($attack, $tests) = /^\| (?!attack|---)(.*?) \| (.*) \|$/ or next;
    $rows++;

    my @tests = $tests =~ /`(t\/\S+)`: ([^;]+)/g;
    ok @tests, "$attack: has a test" or next;

    while (my ($file, $name) = splice @tests, 0, 2) {
        $name =~ s/\s+$//;
        $text{$file} //= slurp($file);
        my $found = $file =~ /\.c$/ ? qr/^TEST\(\Q$name\E\)/m
                                    : qr/^(?:=== |# )?.*\Q$name\E/m;
        like $text{$file}, $found, "$attack: $file has \"$name\"";
    }
}

cmp_ok $rows // 0, '>', 60, 'the table is there';

done_testing();
