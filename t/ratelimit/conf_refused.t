# Everything that `nginx -t` refuses, with file, line and what to write instead.

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
        "refused: " . ($server && $server ne 'apigw_ratelimit a;' ? $server : $http);
}


sub table {
    return map { [split /\s+\|\s+/] } grep { /\S/ } split /\n/, $_[0];
}


like verdict('apigw_ratelimit_policy a key=k rate=1r/s;', 'apigw_ratelimit a;'),
    qr/test is successful/, 'accepted to begin with';


# A policy, what is said of it; nothing uses it but its declaration.

for (table(<<'END')) {
a                           | policy "a": no key; add who is limited, such as key=$apigw_ratelimit_address
a key=k                     | policy "a": no limit; add rate=, quota= or sliding=, such as rate=100r/m
a rate=1r/s                 | policy "a": no key; add who is limited
a key= rate=1r/s            | policy "a": invalid key ""; name who is limited, such as $apigw_ratelimit_address
a key=k rate=1              | policy "a": invalid rate "1"; use <n>r/<s
a key=k rate=               | policy "a": invalid rate ""; use <n>r/<s
a key=k rate=-1r/s          | policy "a": invalid rate "-1r/s"; use <n>r/<s
a key=k rate=1.5r/s         | policy "a": invalid rate "1.5r/s"; use <n>r/<s
a key=k rate=0r/s           | policy "a": invalid rate "0r/s"; use 1 to 1000000 requests per second
a key=k rate=1000001r/s     | policy "a": invalid rate "1000001r/s"; use 1 to 1000000 requests per second
a key=k rate=99999999999999999999r/d | policy "a": invalid rate "99999999999999999999r/d"; use <n>r/<s
a key=k rate=unlimited      | policy "a": invalid rate "unlimited"; a policy that never limits is not needed; remove it
a key=k burst=5             | policy "a": burst= without rate=; use rate=, such as rate=100r/m, or remove burst=
a key=k rate=1r/s burst=0   | policy "a": invalid burst "0"; use at least 1, and no more than the rate grants in 31 days
a key=k rate=1r/d burst=32  | policy "a": invalid burst "32"; use at least 1, and no more than the rate grants in 31 days
a key=k burst=32 rate=1r/d  | policy "a": invalid burst "32"; use at least 1, and no more than the rate grants in 31 days
a key=k rate=1r/s burst=x   | policy "a": invalid burst "x"; use a whole number above 0
a key=k rate=1r/s burst=    | policy "a": invalid burst ""; use a whole number above 0
a key=k rate=$arg_r         | policy "a": rate=$arg_r without default=; add what holds when it is empty or bad, such as default=100r/m
a key=k rate=$arg_r default=x | policy "a": invalid default "x"; use <n>r/<s
a key=k rate=$arg_r default=unlimited | policy "a": invalid default "unlimited"; a bad value must not lift the limit; use a number, such as 100r/m
a key=k rate=$arg_r default=1r/d burst=32 | policy "a": invalid burst "32"; use at least 1
a key=k rate=1r/s default=1r/s | policy "a": default= without a variable in rate=; remove default=
a key=k rate=1r/s cost=-1   | policy "a": invalid cost "-1"; use a whole number from 0 to 1000000000
a key=k rate=1r/s cost=     | policy "a": invalid cost ""; use a whole number from 0 to 1000000000
a key=k rate=1r/s cost=1000000001 | policy "a": invalid cost "1000000001"; use a whole number from 0 to 1000000000
a key=k rate=5r/s cost=6    | policy "a": cost 6 is above its burst of 5, no request could pass; lower cost= or raise burst=
a key=k rate=1r/s phase=access | policy "a": invalid phase "access"; use preaccess or precontent
a key=$apigw_consumer rate=1r/s phase=preaccess | policy "a": $apigw_consumer is not settled in phase=preaccess; use phase=precontent, or another variable
a key=x${apigw_consumer}y rate=1r/s phase=preaccess | policy "a": $apigw_consumer is not settled in phase=preaccess
a key=k phase=preaccess rate=${APIGW_PLAN}r/s default=1r/s | policy "a": $apigw_plan is not settled in phase=preaccess
a key=k group=$apigw_consumer rate=1r/s store=s phase=preaccess | policy "a": $apigw_consumer is not settled in phase=preaccess
a key=k phase=preaccess rate=1r/s burst=$apigw_plan | policy "a": $apigw_plan is not settled in phase=preaccess
a key=k rate=1r/s zone=z    | policy "a": unknown zone "z"; declare it: apigw_ratelimit_zone z:16m;
a key=k rate=1r/s zone=     | policy "a": invalid zone ""; use the name of an apigw_ratelimit_zone
a key=k rate=1r/s store=s   | policy "a": unknown store "s"; declare it: apigw_ratelimit_redis s { server host:port; }
a key=k rate=1r/s store=    | policy "a": invalid store ""; use the name of an apigw_ratelimit_redis
a key=k rate=1r/s on_error=deny | policy "a": on_error= without store=; add a store, or remove on_error=
a key=k rate=9r/s lease=auto | policy "a": lease= without store=; add a store, or remove lease=
a key=k rate=9r/s store=s outstanding=2 | policy "a": outstanding= without lease=; add lease=auto, or remove outstanding=
a key=k rate=9r/s store=s lease=0 | policy "a": invalid lease "0"; use auto, or the most units of one lease, 1 or more
a key=k rate=9r/s store=s lease= | policy "a": invalid lease ""; use auto, or
a key=k rate=9r/s store=s lease=-1 | policy "a": invalid lease "-1"; use auto, or
a key=k rate=9r/s store=s lease=autos | policy "a": invalid lease "autos"; use auto, or
a key=k rate=9r/s store=s lease=99999999999999999999 | policy "a": invalid lease "99999999999999999999"; use auto, or
a key=k rate=9r/s store=s lease=1 lease=2 | policy "a": duplicate parameter "lease="; keep one
a key=k rate=9r/s store=s lease=auto outstanding=0 | policy "a": invalid outstanding "0"; use how many units may be leased and unspent, 1 or more
a key=k rate=9r/s store=s lease=auto outstanding=x | policy "a": invalid outstanding "x"; use how many
a key=k rate=9r/s store=s lease=auto outstanding=5 | policy "a": outstanding=5 is above half its burst of 9; use 4 at most
a key=k quota=20/h store=s lease=auto outstanding=11 | policy "a": outstanding=11 is above half its quota of 20; use 10 at most
a key=k rate=7r/s store=s lease=auto | policy "a": lease= with a burst of 7, there is nothing to share below 8; remove lease=
a key=k rate=9r/s burst=7 store=s lease=auto | policy "a": lease= with a burst of 7, there is nothing to share below 8; remove lease=
a key=k quota=7/month store=s lease=auto | policy "a": lease= with a quota of 7, there is nothing to share below 8; remove lease=
a key=k sliding=100/m store=s lease=auto | policy "a": lease= with sliding=; use a rate or a quota, or remove lease=
a key=k sliding=100/m strict=6 store=s lease=auto | policy "a": lease= with sliding=; use a rate or a quota
a key=k rate=100r/m store=s lease=auto cost=76 | policy "a": cost 76 is above its burst of 100 less what may be outstanding, 25, no request could pass; lower cost= or outstanding=
a key=k rate=1r/s share=0.5 | policy "a": share= without store=; add a store, or remove share=
a key=k rate=1r/s group=g   | policy "a": group= without store=; add a store, or remove group=
a key=k rate=1r/s store=s group= | policy "a": invalid group ""; use what several policies' keys share, or leave it out
a key=k rate=1r/s store=s on_error=open | policy "a": invalid on_error "open"; use local, allow or deny
a key=k rate=1r/s store=s share=0 | policy "a": invalid share "0"; use a number above 0, at most 1, such as 0.25
a key=k rate=1r/s store=s share=1.5 | policy "a": invalid share "1.5"; use a number above 0, at most 1, such as 0.25
a key=k rate=1r/s shadow=on | policy "a": unknown parameter "shadow=on"; use key=, rate=, quota=, sliding=, burst=, align=, strict=, default=, cost=, phase=, zone=, store=, group=, on_error=, share=, lease=, outstanding= or shadow
a key=k rate=1r/s window=5m | policy "a": unknown parameter "window=5m"; use key=
a key=k rate=1r/s rate=2r/s | policy "a": duplicate parameter "rate="; keep one
a key=k rate=1r/s shadow shadow | policy "a": duplicate parameter "shadow"; keep one
a/b key=k rate=1r/s         | invalid policy name "a/b"; use 1 to 64 of A-Z a-z 0-9 _ . -, and not "off"
off key=k rate=1r/s         | invalid policy name "off"; use 1 to 64 of A-Z a-z 0-9 _ . -, and not "off"
"" key=k rate=1r/s          | invalid policy name ""; use 1 to 64 of A-Z a-z 0-9 _ . -, and not "off"
END
    refused("apigw_ratelimit_policy $_->[0];", '', $_->[1], 100);
}

refused("apigw_ratelimit_policy a key=k rate=1r/s;\n"
        . "apigw_ratelimit_policy a key=k rate=1r/s;", '',
        'duplicate policy "a"; use another name', 101);

refused("apigw_ratelimit_zone x:1m; apigw_ratelimit_zone y:1m;\n"
        . "apigw_ratelimit_policy a key=k rate=1r/s;", '',
        'policy "a" has no zone and there are several; add zone=, such as '
        . 'zone=x', 101);


# A location's lines, on line 101

for (table(<<'END')) {
apigw_ratelimit b;          | unknown policy "b" in apigw_ratelimit; declare it: apigw_ratelimit_policy b key=... rate=...;
apigw_ratelimit a a;        | duplicate policy "a" in apigw_ratelimit; name it once
apigw_ratelimit a; apigw_ratelimit a; | duplicate policy "a" in apigw_ratelimit; name it once
apigw_ratelimit a cost=6;   | policy "a": cost 6 is above its burst of 5, no request could pass; lower cost= or raise burst=
apigw_ratelimit a cost=x;   | invalid cost "x" of apigw_ratelimit; use a whole number from 0 to 1000000000
apigw_ratelimit a cost=1 cost=2; | duplicate cost= of apigw_ratelimit; keep one
apigw_ratelimit cost=2;     | "apigw_ratelimit" directive names no policy; name one before cost=
apigw_ratelimit a cost=2 cost_after=x; | invalid cost_after "x" of apigw_ratelimit; use a whole number from 0 to 1000000000
apigw_ratelimit off; apigw_ratelimit a; | "apigw_ratelimit" directive is "off" and not at one level; keep one of them
apigw_ratelimit a; apigw_ratelimit off; | "apigw_ratelimit" directive is "off" and not at one level; keep one of them
apigw_ratelimit off a;      | "apigw_ratelimit" directive has "off" beside other arguments; keep one of them
apigw_ratelimit a off;      | "apigw_ratelimit" directive has "off" beside other arguments; keep one of them
apigw_ratelimit off cost=2; | "apigw_ratelimit" directive has "off" beside other arguments; keep one of them
apigw_ratelimit off; apigw_ratelimit off; | "apigw_ratelimit" directive is duplicate
apigw_ratelimit a cost=;    | invalid cost "" of apigw_ratelimit; use a whole number from 0 to 1000000000
apigw_ratelimit a cost=1000000001; | invalid cost "1000000001" of apigw_ratelimit; use a whole number from 0 to 1000000000
apigw_ratelimit a/b;        | invalid parameter "a/b" of apigw_ratelimit; use names of policies, cost=, cost_after= or off
apigw_ratelimit;            | invalid number of arguments in "apigw_ratelimit" directive
apigw_ratelimit_status 399; | invalid status "399" of apigw_ratelimit_status; use 400 to 443, 445 to 493, or 500 to 599
apigw_ratelimit_status 444; | invalid status "444" of apigw_ratelimit_status
apigw_ratelimit_status 494; | invalid status "494" of apigw_ratelimit_status
apigw_ratelimit_status 499; | invalid status "499" of apigw_ratelimit_status
apigw_ratelimit_status 600; | invalid status "600" of apigw_ratelimit_status
apigw_ratelimit_status x;   | invalid status "x" of apigw_ratelimit_status
apigw_ratelimit_status 429; apigw_ratelimit_status 429; | "apigw_ratelimit_status" directive is duplicate
apigw_ratelimit_headers x;  | invalid or repeated "x" of apigw_ratelimit_headers; use draft11, x-ratelimit or x-ratelimit=epoch, and expose; or off alone
apigw_ratelimit_headers draft11 draft11; | invalid or repeated "draft11" of apigw_ratelimit_headers
apigw_ratelimit_headers x-ratelimit x-ratelimit=epoch; | invalid or repeated "x-ratelimit=epoch" of apigw_ratelimit_headers
apigw_ratelimit_headers draft11 off; | invalid or repeated "off" of apigw_ratelimit_headers
apigw_ratelimit_headers expose; | "apigw_ratelimit_headers" directive exposes no field; add draft11 or x-ratelimit
apigw_ratelimit_headers off; apigw_ratelimit_headers off; | "apigw_ratelimit_headers" directive is duplicate
apigw_ratelimit_headers off draft11; | invalid or repeated "off" of apigw_ratelimit_headers
apigw_ratelimit_headers expose expose; | invalid or repeated "expose" of apigw_ratelimit_headers
apigw_ratelimit_retry_jitter x; | apigw_ratelimit_retry_jitter: invalid time "x"; use a time, such as 5s
apigw_ratelimit_retry_jitter -1s; | apigw_ratelimit_retry_jitter: invalid time "-1s"; use a time, such as 5s
apigw_ratelimit_retry_jitter 1s; apigw_ratelimit_retry_jitter 1s; | "apigw_ratelimit_retry_jitter" directive is duplicate
apigw_ratelimit_error json; | apigw_ratelimit_error: invalid value "json"; write "off" or "problem"
apigw_ratelimit_dry_run yes; | invalid value "yes" in "apigw_ratelimit_dry_run" directive, it must be "on" or "off"
apigw_ratelimit_log_level debug; | apigw_ratelimit_log_level: invalid value "debug"; write "info", "notice", "warn" or "error"
apigw_ratelimit_zone z:1m;  | "apigw_ratelimit_zone" directive is not allowed here
apigw_ratelimit_policy b key=k rate=1r/s; | "apigw_ratelimit_policy" directive is not allowed here
apigw_ratelimit_redis r { } | "apigw_ratelimit_redis" directive is not allowed here
if ($uri) { apigw_ratelimit a; } | "apigw_ratelimit" directive is not allowed here
END
    refused('apigw_ratelimit_policy a key=k rate=5r/s;', $_->[0], $_->[1], 101);
}

for my $n (16, 17) {
    my $policies = join ' ', map {
        "apigw_ratelimit_policy p$_ key=k rate=1r/s;"
    } 1 .. $n;
    my $use = 'apigw_ratelimit ' . join(' ', map { "p$_" } 1 .. $n) . ';';

    if ($n == 16) {
        like verdict($policies, $use), qr/successful/, '16 policies at a level';
    } else {
        refused($policies, $use, 'apigw_ratelimit names 17 policies at one '
                . 'level; use at most 16', 101);
    }
}


# Zones

for (table(<<'END')) {
z       | invalid zone "z"; use <name>:<size>, such as limits:16m
:1m     | invalid zone name ""; use 1 to 64 of A-Z a-z 0-9 _ . -
a/b:1m  | invalid zone name "a/b"; use 1 to 64 of A-Z a-z 0-9 _ . -
z:      | invalid size "" of zone "z"; use a number with k or m, such as 16m
z:x     | invalid size "x" of zone "z"; use a number with k or m, such as 16m
z:-1m   | invalid size "-1m" of zone "z"
z:511k  | zone "z" is too small; use at least 512k
END
    refused("apigw_ratelimit_zone $_->[0];", '', $_->[1], 100);
}

refused("limit_req_zone \$uri zone=z:1m rate=1r/s;\napigw_ratelimit_zone z:1m;",
        '', 'the shared memory zone "z" is already declared for a different '
        . 'use', 101);

refused("apigw_ratelimit_zone z:1m;\napigw_ratelimit_zone z:2m;", '',
        'duplicate zone "z"; use another name', 101);

like verdict('apigw_ratelimit_zone z:512k; '
             . 'apigw_ratelimit_policy a key=k rate=1r/s;', ''),
    qr/successful/, 'the smallest zone';


# Stores: what is in the block is the client's own test's

refused("apigw_ratelimit_redis a/b {\n}", '', 'invalid store name "a/b"; use '
        . '1 to 64 of A-Z a-z 0-9 _ . -', 100);
refused("apigw_ratelimit_redis r { server 127.0.0.1:1; }\n"
        . "apigw_ratelimit_redis r { server 127.0.0.1:1; }", '',
        'duplicate store "r"; use another name', 101);

like verdict(<<'END', 'apigw_ratelimit a;'), qr/successful/, 'use before';
apigw_ratelimit_policy a key=k rate=1r/s store=r zone=z;
apigw_ratelimit_redis r { server 127.0.0.1:1; }
apigw_ratelimit_zone z:1m;
END

done_testing();
