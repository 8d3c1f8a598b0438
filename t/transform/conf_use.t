# What nginx -t says of a directive with a mistake.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Transform;
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== apigw_request_transform nope
--- http_config
apigw_request_transform nope;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_request_transform: unknown set "nope"; define it by "apigw_transform nope { ... }" in http



=== apigw_transform s {}
--- http_config
apigw_transform s {} apigw_transform s {}
--- must_die
--- error_log
[emerg]
apigw_transform: s: is defined twice; keep one of the two



=== apigw_transform off {}
--- http_config
apigw_transform off {}
--- must_die
--- error_log
[emerg]
apigw_transform: "off" is no name for a set; write another one



=== apigw_transform s { query remove a; } apigw_response_transform s
--- http_config
apigw_transform s { query remove a; } apigw_response_transform s;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_response_transform: set "s" has query operations, and a response has no query; move them to a set for apigw_request_transform



=== apigw_request_transform s foo=1
--- http_config
apigw_transform s {} apigw_request_transform s foo=1;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_request_transform: invalid parameter "foo=1"; write type= or if=



=== apigw_response_transform s foo=1
--- http_config
apigw_transform s {} apigw_response_transform s foo=1;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_response_transform: invalid parameter "foo=1"; write status=, type= or if=



=== apigw_request_transform s status=200
--- http_config
apigw_transform s {} apigw_request_transform s status=200;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_request_transform: invalid parameter "status=200"; write type= or if=



=== apigw_response_transform s status=20
--- http_config
apigw_transform s {} apigw_response_transform s status=20;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_response_transform: invalid parameter "status=20"; write codes and ranges from 100 to 599 such as "200-299,404"



=== apigw_response_transform s status=300-200
--- http_config
apigw_transform s {} apigw_response_transform s status=300-200;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_response_transform: invalid parameter "status=300-200"; write codes and ranges from 100 to 599 such as "200-299,404"



=== apigw_response_transform s status=200,
--- http_config
apigw_transform s {} apigw_response_transform s status=200,;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_response_transform: invalid parameter "status=200,"; write codes and ranges from 100 to 599 such as "200-299,404"



=== apigw_response_transform s type=json
--- http_config
apigw_transform s {} apigw_response_transform s type=json;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_response_transform: invalid parameter "type=json"; write media types such as "application/json" or suffixes such as "+json", separated by commas



=== apigw_response_transform s type=
--- http_config
apigw_transform s {} apigw_response_transform s type=;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_response_transform: invalid parameter "type="; write media types such as "application/json" or suffixes such as "+json", separated by commas



=== apigw_response_transform s type=a/b type=c/d
--- http_config
apigw_transform s {} apigw_response_transform s type=a/b type=c/d;
--- must_die
--- error_log
[emerg]
"apigw_response_transform" directive has a duplicate "type="



=== apigw_response_transform s if=$uri if=$args
--- http_config
apigw_transform s {} apigw_response_transform s if=$uri if=$args;
--- must_die
--- error_log
[emerg]
"apigw_response_transform" directive has a duplicate "if="



=== apigw_request_transform off; apigw_request_transform s
--- http_config
apigw_transform s {} apigw_request_transform off; apigw_request_transform s;
--- must_die
--- error_log
[emerg]
"apigw_request_transform" directive is duplicate



=== apigw_request_transform s; apigw_request_transform off
--- http_config
apigw_transform s {} apigw_request_transform s; apigw_request_transform off;
--- must_die
--- error_log
[emerg]
"apigw_request_transform" directive is duplicate



=== apigw_json_max_size 0
--- http_config
apigw_json_max_size 0;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_json_max_size: invalid size "0"; write 1 to 1073741824 bytes, k or m may follow



=== apigw_json_max_size x
--- http_config
apigw_json_max_size x;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_json_max_size: invalid size "x"; write 1 to 1073741824 bytes, k or m may follow



=== apigw_json_max_size 2g
--- http_config
apigw_json_max_size 2g;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_json_max_size: invalid size "2g"; write 1 to 1073741824 bytes, k or m may follow



=== apigw_json_max_size 1m; apigw_json_max_size 1m
--- http_config
apigw_json_max_size 1m; apigw_json_max_size 1m;
--- must_die
--- error_log
[emerg]
"apigw_json_max_size" directive is duplicate



=== apigw_json_max_depth 0
--- http_config
apigw_json_max_depth 0;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_json_max_depth: invalid depth "0"; write 1 to 512



=== apigw_json_max_depth 513
--- http_config
apigw_json_max_depth 513;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_json_max_depth: invalid depth "513"; write 1 to 512



=== apigw_json_inflate_max_size 0
--- http_config
apigw_json_inflate_max_size 0;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_json_inflate_max_size: invalid size "0"; write 1 to 1073741824 bytes, k or m may follow



=== apigw_transform_buffer 1025k
--- http_config
apigw_transform_buffer 1025k;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_transform_buffer: invalid size "1025k"; write 0 to 1048576 bytes, k or m may follow



=== apigw_transform_buffer 2m
--- http_config
apigw_transform_buffer 2m;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_transform_buffer: invalid size "2m"; write 0 to 1048576 bytes, k or m may follow



=== apigw_json_duplicate_keys request=maybe
--- http_config
apigw_json_duplicate_keys request=maybe;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_json_duplicate_keys: unknown parameter "request=maybe"; write request= or response= with reject, last or pass



=== apigw_json_duplicate_keys reject
--- http_config
apigw_json_duplicate_keys reject;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_json_duplicate_keys: unknown parameter "reject"; write request= or response= with reject, last or pass



=== apigw_json_duplicate_keys request=last request=pass
--- http_config
apigw_json_duplicate_keys request=last request=pass;
--- must_die
--- error_log
[emerg]
"apigw_json_duplicate_keys" directive is duplicate



=== apigw_transform_on_error ignore
--- http_config
apigw_transform_on_error ignore;
--- must_die
--- error_log
[emerg]
apigw_transform_on_error: invalid value "ignore"; write "reject" or "pass"



=== apigw_transform_validators keep
--- http_config
apigw_transform_validators keep;
--- must_die
--- error_log
[emerg]
apigw_transform_validators: invalid value "keep"; write "drop" or "weak"



=== apigw_transform_error on
--- http_config
apigw_transform_error on;
--- must_die
--- error_log
[emerg]
apigw_transform_error: invalid value "on"; write "problem" or "off"



=== apigw_transform_dry_run yes
--- http_config
apigw_transform_dry_run yes;
--- must_die
--- error_log
[emerg]
invalid value "yes" in "apigw_transform_dry_run" directive, it must be "on" or "off"



=== server { apigw_transform s {} }
--- config
apigw_transform s {}
--- must_die
--- error_log
[emerg]
"apigw_transform" directive is not allowed here



=== apigw_transform s { json set /a $nope; }
--- http_config
apigw_transform s { json set /a $nope; }
--- must_die
--- error_log
[emerg]
apigw_transform: s: unknown variable "$nope"; mend its name, or define it in



=== apigw_transform s { json set /a 1; { } }
--- http_config
apigw_transform s { json set /a 1; { } }
--- must_die
--- error_log
[emerg]
unexpected "{"



=== apigw_transform s if=x {}
--- http_config
apigw_transform s if=x {}
--- must_die
--- error_log
[emerg]
invalid number of arguments in "apigw_transform" directive



=== apigw_transform {}
--- http_config
apigw_transform {}
--- must_die
--- error_log
[emerg]
invalid number of arguments in "apigw_transform" directive



=== apigw_request_transform
--- http_config
apigw_request_transform;
--- must_die
--- error_log
[emerg]
invalid number of arguments in "apigw_request_transform" directive



=== server { location / { if ($uri) { apigw_request_transform s; } } }
--- config
location / { if ($uri) { apigw_request_transform s; } }
--- must_die
--- error_log
[emerg]
"apigw_request_transform" directive is not allowed here



=== apigw_request_transform s if=
--- http_config
apigw_transform s {} apigw_request_transform s if=;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_request_transform: invalid parameter "if="; write a variable, such as "if=$arg_name"



=== apigw_request_transform s if=arg_x
--- http_config
apigw_transform s {} apigw_request_transform s if=arg_x;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_request_transform: invalid parameter "if=arg_x"; write a variable, such as "if=$arg_name"



=== apigw_response_transform s if=$nope
--- http_config
apigw_transform s {} apigw_response_transform s if=$nope;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_response_transform: unknown variable "$nope"; mend its name, or define it in



=== apigw_response_transform nope
--- http_config
apigw_response_transform nope;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_response_transform: unknown set "nope"; define it by "apigw_transform nope { ... }" in http



=== apigw_response_transform s status=200 status=300
--- http_config
apigw_transform s {} apigw_response_transform s status=200 status=300;
--- must_die
--- error_log
[emerg]
"apigw_response_transform" directive has a duplicate "status="



=== apigw_response_transform s status=600
--- http_config
apigw_transform s {} apigw_response_transform s status=600;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_response_transform: invalid parameter "status=600"; write codes and ranges from 100 to 599 such as "200-299,404"



=== apigw_request_transform s type=text/
--- http_config
apigw_transform s {} apigw_request_transform s type=text/;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_request_transform: invalid parameter "type=text/"; write media types such as "application/json" or suffixes such as "+json", separated by commas



=== apigw_request_transform s type=a/b type=c/d
--- http_config
apigw_transform s {} apigw_request_transform s type=a/b type=c/d;
--- must_die
--- error_log
[emerg]
"apigw_request_transform" directive has a duplicate "type="



=== apigw_response_transform off; apigw_response_transform off
--- http_config
apigw_response_transform off; apigw_response_transform off;
--- must_die
--- error_log
[emerg]
"apigw_response_transform" directive is duplicate



=== apigw_response_transform
--- http_config
apigw_response_transform;
--- must_die
--- error_log
[emerg]
invalid number of arguments in "apigw_response_transform" directive



=== apigw_json_max_depth 9; apigw_json_max_depth 9
--- http_config
apigw_json_max_depth 9; apigw_json_max_depth 9;
--- must_die
--- error_log
[emerg]
"apigw_json_max_depth" directive is duplicate



=== apigw_json_inflate_max_size 1k; apigw_json_inflate_max_size 1k
--- http_config
apigw_json_inflate_max_size 1k; apigw_json_inflate_max_size 1k;
--- must_die
--- error_log
[emerg]
"apigw_json_inflate_max_size" directive is duplicate



=== apigw_transform_buffer 0; apigw_transform_buffer 0
--- http_config
apigw_transform_buffer 0; apigw_transform_buffer 0;
--- must_die
--- error_log
[emerg]
"apigw_transform_buffer" directive is duplicate



=== apigw_transform_on_error pass; apigw_transform_on_error pass
--- http_config
apigw_transform_on_error pass; apigw_transform_on_error pass;
--- must_die
--- error_log
[emerg]
"apigw_transform_on_error" directive is duplicate



=== apigw_transform_validators weak; apigw_transform_validators weak
--- http_config
apigw_transform_validators weak; apigw_transform_validators weak;
--- must_die
--- error_log
[emerg]
"apigw_transform_validators" directive is duplicate



=== apigw_transform_error off; apigw_transform_error off
--- http_config
apigw_transform_error off; apigw_transform_error off;
--- must_die
--- error_log
[emerg]
"apigw_transform_error" directive is duplicate



=== apigw_transform_dry_run on; apigw_transform_dry_run on
--- http_config
apigw_transform_dry_run on; apigw_transform_dry_run on;
--- must_die
--- error_log
[emerg]
"apigw_transform_dry_run" directive is duplicate



=== apigw_json_max_size
--- http_config
apigw_json_max_size;
--- must_die
--- error_log
[emerg]
invalid number of arguments in "apigw_json_max_size" directive



=== apigw_json_max_depth
--- http_config
apigw_json_max_depth;
--- must_die
--- error_log
[emerg]
invalid number of arguments in "apigw_json_max_depth" directive



=== apigw_json_duplicate_keys
--- http_config
apigw_json_duplicate_keys;
--- must_die
--- error_log
[emerg]
invalid number of arguments in "apigw_json_duplicate_keys" directive



=== apigw_json_inflate_max_size
--- http_config
apigw_json_inflate_max_size;
--- must_die
--- error_log
[emerg]
invalid number of arguments in "apigw_json_inflate_max_size" directive



=== apigw_transform_on_error
--- http_config
apigw_transform_on_error;
--- must_die
--- error_log
[emerg]
invalid number of arguments in "apigw_transform_on_error" directive



=== apigw_transform_buffer
--- http_config
apigw_transform_buffer;
--- must_die
--- error_log
[emerg]
invalid number of arguments in "apigw_transform_buffer" directive



=== apigw_transform_validators
--- http_config
apigw_transform_validators;
--- must_die
--- error_log
[emerg]
invalid number of arguments in "apigw_transform_validators" directive



=== apigw_transform_error
--- http_config
apigw_transform_error;
--- must_die
--- error_log
[emerg]
invalid number of arguments in "apigw_transform_error" directive



=== apigw_transform_dry_run
--- http_config
apigw_transform_dry_run;
--- must_die
--- error_log
[emerg]
invalid number of arguments in "apigw_transform_dry_run" directive



=== apigw_json_inflate_max_size 2g
--- http_config
apigw_json_inflate_max_size 2g;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_json_inflate_max_size: invalid size "2g"; write 1 to 1073741824 bytes, k or m may follow



=== apigw_transform_buffer -1
--- http_config
apigw_transform_buffer -1;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_transform_buffer: invalid size "-1"; write 0 to 1048576 bytes, k or m may follow



=== apigw_json_max_depth x
--- http_config
apigw_json_max_depth x;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_json_max_depth: invalid depth "x"; write 1 to 512



=== apigw_json_duplicate_keys response=
--- http_config
apigw_json_duplicate_keys response=;
--- must_die
--- error_log
[emerg]
apigw_transform: apigw_json_duplicate_keys: unknown parameter "response="; write request= or response= with reject, last or pass



=== apigw_transform "" {}
--- http_config
apigw_transform "" {}
--- must_die
--- error_log
[emerg]
apigw_transform: "" is no name for a set; write another one



=== more than 16 sets at one level
--- http_config eval
'apigw_transform s {}' . "apigw_request_transform s;\n" x 17
--- must_die
--- error_log
apigw_transform: apigw_request_transform: more than 16 sets at one level; join some of them



=== a set that needs the whole document is told of, once
--- http_config
apigw_transform s { json keep /a; json set /a 1; }
apigw_response_transform s;
--- config
location /t/ { apigw_response_transform s; return 200; }
--- request
GET /t/
--- grep_error_log eval
qr/apigw_transform: "s" needs the whole document \(json set\)/
--- grep_error_log_out
apigw_transform: "s" needs the whole document (json set)
