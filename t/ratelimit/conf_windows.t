# quota=, align=, sliding= and strict= of `apigw_ratelimit_policy`: what is
# accepted, and all that `nginx -t` refuses, with file, line, policy and mend.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(ratelimit);
use File::Temp ();
use Test::More;

my $dir = File::Temp->newdir('apigw-ratelimit-XXXXXX', TMPDIR => 1);


# What nginx -t says of a configuration; line 100 is where $http begins.
sub verdict {
    my ($http, $server) = @_;

    my $head = join '', map {
        $_ ? "load_module $_;\n" : ''
    } Apigw::modules('ratelimit');
    $head .= "pid $dir/pid; error_log $dir/log; events {}\nhttp {\n";
    $head .= "${_}_temp_path $dir/$_;\n"
        for qw(client_body proxy fastcgi uwsgi scgi);
    $head .= "\n" x (99 - ($head =~ tr/\n//));

    open my $out, '>', "$dir/nginx.conf" or die "$dir/nginx.conf: $!";
    print $out "$head$http\nserver { listen unix:$dir/socket; "
               . "location /t { $server } }\n}\n";
    close $out;

    return scalar `$ENV{TEST_NGINX_BINARY} -t -p $dir -c $dir/nginx.conf 2>&1`;
}


sub refused {
    my ($http, $server, $text, $line) = @_;
    my $got = verdict($http, $server);

    like $got, qr{\[emerg\][^\n]*\Q$text\E[^\n]* in \Q$dir\E/nginx\.conf:$line\n},
        "refused: " . ($server || $http);
}


sub table {
    return map { [split /\s+\|\s+/] } grep { /\S/ } split /\n/, $_[0];
}


for (split /\n/, <<'END') {
quota=1/s
quota=1/1s
quota=100/15m
quota=100/366d
quota=100/8784h
quota=100/31622400s
quota=1000000000000/366d
quota=100/month
quota=100/month align=calendar
align=first quota=100/d
quota=100/7d align=calendar
sliding=1/s
sliding=100/15m
sliding=1000000000/31d
strict=2 sliding=100/m
sliding=100/2s strict=60
quota=$arg_q default=100/d
default=100/month quota=$arg_q
quota=$arg_q default=100/d align=first
quota=${arg_n}/d default=100/d
sliding=$arg_s default=100/m
sliding=$arg_s default=100/m strict=6
default=1/d sliding=$arg_s
quota=5/d cost=5
sliding=5/m cost=5
quota=5/d cost=$arg_c
quota=5/d store=r on_error=local share=0.5
sliding=5/m store=r on_error=deny group=g
quota=$arg_q default=5/d phase=preaccess
quota=5/d phase=preaccess zone=z shadow
END
    my $got = verdict('apigw_ratelimit_redis r { server 127.0.0.1:1; } '
                      . "apigw_ratelimit_zone z:1m; "
                      . "apigw_ratelimit_policy a key=k $_;",
                      'apigw_ratelimit a;');
    like $got, qr/test is successful/, "accepted: $_";
    unlike $got, qr/\[(?:warn|error)\]/, 'without a word';
}


# What is wrong by itself

for (table(<<'END')) {
quota=                | invalid quota ""; use <n>/<k><s|m|h|d> or <n>/month, such as 1000/d
quota=1               | invalid quota "1"; use <n>/<k><s|m|h|d> or <n>/month
quota=/d              | invalid quota "/d"; use <n>/<k><s|m|h|d> or <n>/month
quota=1/              | invalid quota "1/"; use <n>/<k><s|m|h|d> or <n>/month
quota=1/15            | invalid quota "1/15"; use <n>/<k><s|m|h|d> or <n>/month
quota=1r/d            | invalid quota "1r/d"; use <n>/<k><s|m|h|d> or <n>/month
quota=-1/d            | invalid quota "-1/d"; use <n>/<k><s|m|h|d> or <n>/month
quota=1/-1d           | invalid quota "1/-1d"; use <n>/<k><s|m|h|d> or <n>/month
quota=1.5/d           | invalid quota "1.5/d"; use <n>/<k><s|m|h|d> or <n>/month
quota=1/w             | invalid quota "1/w"; use <n>/<k><s|m|h|d> or <n>/month
quota=1/dd            | invalid quota "1/dd"; use <n>/<k><s|m|h|d> or <n>/month
quota=1/months        | invalid quota "1/months"; use <n>/<k><s|m|h|d> or <n>/month
quota=1/1month        | invalid quota "1/1month"; use <n>/<k><s|m|h|d> or <n>/month
quota=1/Month         | invalid quota "1/Month"; use <n>/<k><s|m|h|d> or <n>/month
quota=99999999999999999999/d | invalid quota "99999999999999999999/d"; use
quota=0/d             | invalid quota "0/d"; use 1 to 1000000000000 in at most 366 days
quota=1/0d            | invalid quota "1/0d"; use 1 to 1000000000000 in at most 366 days
quota=1/367d          | invalid quota "1/367d"; use 1 to 1000000000000 in at most 366 days
quota=1/8785h         | invalid quota "1/8785h"; use 1 to 1000000000000 in at most 366 days
quota=1/18446744073709551615d | invalid quota "1/18446744073709551615d"; use 1 to 1000000000000 in at most 366 days
quota=1000000000001/d | invalid quota "1000000000001/d"; use 1 to 1000000000000 in at most 366 days
quota=1000000000001/month | invalid quota "1000000000001/month"; use 1 to 1000000000000 in at most 366 days
quota=unlimited       | invalid quota "unlimited"; a policy that never limits is not needed; remove it
sliding=              | invalid sliding ""; use <n>/<k><s|m|h|d>, such as 100/m
sliding=1/month       | invalid sliding "1/month"; use <n>/<k><s|m|h|d>, such as 100/m
sliding=1r/m          | invalid sliding "1r/m"; use <n>/<k><s|m|h|d>, such as 100/m
sliding=0/m           | invalid sliding "0/m"; use 1 to 1000000000 in at most 31 days
sliding=1/0m          | invalid sliding "1/0m"; use 1 to 1000000000 in at most 31 days
sliding=1/32d         | invalid sliding "1/32d"; use 1 to 1000000000 in at most 31 days
sliding=1000000001/m  | invalid sliding "1000000001/m"; use 1 to 1000000000 in at most 31 days
sliding=unlimited     | invalid sliding "unlimited"; a policy that never limits is not needed; remove it
sliding=1/m strict=   | invalid strict ""; use a whole number from 2 to 60
sliding=1/m strict=1  | invalid strict "1"; use a whole number from 2 to 60
sliding=1/m strict=61 | invalid strict "61"; use a whole number from 2 to 60
sliding=1/m strict=-6 | invalid strict "-6"; use a whole number from 2 to 60
sliding=1/m strict=on | invalid strict "on"; use a whole number from 2 to 60
sliding=1/m strict=$arg_k | invalid strict "$arg_k"; use a whole number from 2 to 60
sliding=1/m strict=18446744073709551618 | invalid strict "18446744073709551618"; use a whole number from 2 to 60
quota=1/d align=      | invalid align ""; use calendar or first
quota=1/d align=utc   | invalid align "utc"; use calendar or first
quota=1/d align=$arg_a | invalid align "$arg_a"; use calendar or first
quota=1/d quota=2/d   | duplicate parameter "quota="; keep one
sliding=1/m sliding=2/m | duplicate parameter "sliding="; keep one
sliding=1/m strict=6 strict=6 | duplicate parameter "strict="; keep one
quota=1/d align=first align=first | duplicate parameter "align="; keep one
END
    refused("apigw_ratelimit_policy a key=k $_->[0];", '',
            "policy \"a\": $_->[1]", 100);
}


# What is wrong together

for (table(<<'END')) {
burst=5               | burst= without rate=; use rate=, such as rate=100r/m, or remove burst=
quota=9/d burst=5     | burst= without rate=; use rate=, such as rate=100r/m, or remove burst=
sliding=9/m burst=5   | burst= without rate=; use rate=, such as rate=100r/m, or remove burst=
align=first           | align= without quota=; use quota=, such as quota=1000/d, or remove align=
rate=1r/s align=first | align= without quota=; use quota=, such as quota=1000/d, or remove align=
sliding=1/m align=calendar | align= without quota=; use quota=, such as quota=1000/d, or remove align=
strict=6              | strict= without sliding=; use sliding=, such as sliding=100/m, or remove strict=
quota=1/d strict=6    | strict= without sliding=; use sliding=, such as sliding=100/m, or remove strict=
rate=1r/s strict=6    | strict= without sliding=; use sliding=, such as sliding=100/m, or remove strict=
                      | no limit; add rate=, quota= or sliding=, such as rate=100r/m
default=1/d           | no limit; add rate=, quota= or sliding=, such as rate=100r/m
rate=1r/s quota=1/d   | two limits, rate= and quota=; keep one of them
sliding=1/m rate=1r/s | two limits, rate= and sliding=; keep one of them
quota=1/d sliding=1/m | two limits, quota= and sliding=; keep one of them
rate=1r/s quota=1/d sliding=1/m | two limits, rate= and quota=; keep one of them
quota=1/month align=first | invalid quota "1/month"; a month is the calendar's: remove align=first, or count days, such as 1000/30d
align=first quota=1/month | invalid quota "1/month"; a month is the calendar's: remove align=first
quota=$arg_q default=1/month align=first | invalid default "1/month"; a month is the calendar's: remove align=first
quota=$arg_q          | quota=$arg_q without default=; add what holds when it is empty or bad, such as default=1000/d
sliding=$arg_s        | sliding=$arg_s without default=; add what holds when it is empty or bad, such as default=100/m
quota=1/d default=1/d | default= without a variable in quota=; remove default=
sliding=1/m default=1/m | default= without a variable in sliding=; remove default=
quota=$arg_q default=1r/d | invalid default "1r/d"; use <n>/<k><s|m|h|d> or <n>/month
quota=$arg_q default=0/d | invalid default "0/d"; use 1 to 1000000000000 in at most 366 days
quota=$arg_q default= | invalid default ""; use <n>/<k><s|m|h|d> or <n>/month
sliding=$arg_s default=1/month | invalid default "1/month"; use <n>/<k><s|m|h|d>, such as 100/m
sliding=$arg_s default=100r/m | invalid default "100r/m"; use <n>/<k><s|m|h|d>, such as 100/m
rate=$arg_r default=100/m | invalid default "100/m"; use <n>r/<s|m|h|d>, such as 100r/m
quota=$arg_q default=unlimited | invalid default "unlimited"; a bad value must not lift the limit; use a number, such as 1000/d
sliding=$arg_s default=unlimited | invalid default "unlimited"; a bad value must not lift the limit; use a number, such as 100/m
quota=5/d cost=6      | cost 6 is above its quota of 5, no request could pass; lower cost= or raise quota=
cost=6 quota=5/month  | cost 6 is above its quota of 5, no request could pass; lower cost= or raise quota=
sliding=5/m cost=6    | cost 6 is above its sliding limit of 5, no request could pass; lower cost= or raise sliding=
sliding=5/m strict=2 cost=6 | cost 6 is above its sliding limit of 5, no request could pass; lower cost= or raise sliding=
quota=$apigw_plan default=1/d phase=preaccess | $apigw_plan is not settled in phase=preaccess; use phase=precontent, or another variable
phase=preaccess sliding=${APIGW_PLAN}/m default=1/m | $apigw_plan is not settled in phase=preaccess
quota=$arg_q$apigw_consumer default=1/d phase=preaccess | $apigw_consumer is not settled in phase=preaccess
quota=1/d on_error=deny | on_error= without store=; add a store, or remove on_error=
END
    refused("apigw_ratelimit_policy a key=k $_->[0];", '',
            "policy \"a\": $_->[1]", 100);
}


# Where a location gives the cost, the line is the location's

for (['quota=5/d', 'quota', 'quota'],
     ['quota=5/month', 'quota', 'quota'],
     ['sliding=5/m', 'sliding limit', 'sliding'])
{
    my ($limit, $what, $name) = @$_;
    refused("apigw_ratelimit_policy a key=k $limit;",
            'apigw_ratelimit a cost=6;',
            "policy \"a\": cost 6 is above its $what of 5, no request could "
            . "pass; lower cost= or raise $name=", 101);
    like verdict("apigw_ratelimit_policy a key=k $limit;",
                 'apigw_ratelimit a cost=5;'),
        qr/test is successful/, 'its own size is not too much';
}

for my $place ('server', 'location') {
    my $policy = 'apigw_ratelimit_policy b key=k quota=1/d;';
    my $got = $place eq 'server'
        ? verdict("server { $policy }", '') : verdict('', $policy);
    like $got, qr/\[emerg\].*"apigw_ratelimit_policy" directive is not allowed here/,
        "not in $place";
}

done_testing();
