# What nginx -t says of a set with a mistake: the set, the operation, the fault,
# and what to write instead.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Transform;
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== foo bar
--- http_config
apigw_transform s {
    foo bar;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: unknown operation "foo"; write header, query or json
nginx.conf:



=== json
--- http_config
apigw_transform s {
    json;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: "json" is no operation; write header, query or json, what to do, and its arguments
nginx.conf:



=== header
--- http_config
apigw_transform s {
    header;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: "header" is no operation; write header, query or json, what to do, and its arguments
nginx.conf:



=== header foo X 1
--- http_config
apigw_transform s {
    header foo X 1;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: unknown operation "header foo"; write header set, add, append, remove, keep or rename
nginx.conf:



=== header set X
--- http_config
apigw_transform s {
    header set X;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: invalid number of arguments in "header set"; write "header set NAME VALUE"
nginx.conf:



=== header set X 1 2
--- http_config
apigw_transform s {
    header set X 1 2;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: invalid number of arguments in "header set"; write "header set NAME VALUE"
nginx.conf:



=== header set "X Y" 1
--- http_config
apigw_transform s {
    header set "X Y" 1;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: bad header name "X Y" in "header set"; write letters, digits and "-"
nginx.conf:



=== header set X:Y 1
--- http_config
apigw_transform s {
    header set X:Y 1;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: bad header name "X:Y" in "header set"; write letters, digits and "-"
nginx.conf:



=== header set X* 1
--- http_config
apigw_transform s {
    header set X* 1;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: bad header name "X*" in "header set"; write letters, digits and "-"
nginx.conf:



=== header remove X*Y
--- http_config
apigw_transform s {
    header remove X*Y;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: bad header name "X*Y" in "header remove"; write letters, digits and "-", a last "*" matches any end
nginx.conf:



=== header remove *
--- http_config
apigw_transform s {
    header remove *;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: bad header name "*" in "header remove"; write letters, digits and "-", a last "*" matches any end
nginx.conf:



=== header rename A
--- http_config
apigw_transform s {
    header rename A;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: invalid number of arguments in "header rename"; write "header rename FROM TO"
nginx.conf:



=== header rename A* B
--- http_config
apigw_transform s {
    header rename A* B;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: bad header name "A*" in "header rename"; write letters, digits and "-"
nginx.conf:



=== header set Host x
--- http_config
apigw_transform s {
    header set Host x;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: header "Host" is protected in "header set"; leave it to nginx and its proxy directives
nginx.conf:



=== header append content-length 1
--- http_config
apigw_transform s {
    header append content-length 1;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: header "content-length" is protected in "header append"; leave it to nginx and its proxy directives
nginx.conf:



=== header remove Connection
--- http_config
apigw_transform s {
    header remove Connection;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: header "Connection" is protected in "header remove"; leave it to nginx and its proxy directives
nginx.conf:



=== header rename Upgrade B
--- http_config
apigw_transform s {
    header rename Upgrade B;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: header "Upgrade" is protected in "header rename"; leave it to nginx and its proxy directives
nginx.conf:



=== header set X "a\nb"
--- http_config
apigw_transform s {
    header set X "a\nb";
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: the value of header "X" holds CR, LF or NUL; write it on one line
nginx.conf:



=== query foo
--- http_config
apigw_transform s {
    query foo;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: query foo: no such operation; use set, add, append, remove, rename or keep
nginx.conf:



=== query set a
--- http_config
apigw_transform s {
    query set a;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: query set: wrong number of arguments; write "query set NAME VALUE"
nginx.conf:



=== query set "" x
--- http_config
apigw_transform s {
    query set "" x;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: query set: empty name in ""; name an argument
nginx.conf:



=== query rename a
--- http_config
apigw_transform s {
    query rename a;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: query rename: wrong number of arguments; write "query rename OLD NEW"
nginx.conf:



=== json foo /a
--- http_config
apigw_transform s {
    json foo /a;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json foo: no such operation; use keep, drop, remove, replace, target, group, map, rename, set, add, move or copy
nginx.conf:



=== json keep
--- http_config
apigw_transform s {
    json keep;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json keep: arguments are missing; write "json keep POINTER ..."
nginx.conf:



=== json keep a
--- http_config
apigw_transform s {
    json keep a;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json keep: bad pointer in "a" at offset 0; write /name/name, and ~0 for ~, ~1 for /, ~2 for a literal *
nginx.conf:



=== json keep /a~3
--- http_config
apigw_transform s {
    json keep /a~3;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json keep: bad pointer in "/a~3" at offset 2; write /name/name, and ~0 for ~, ~1 for /, ~2 for a literal *
nginx.conf:



=== json keep /a /b~
--- http_config
apigw_transform s {
    json keep /a /b~;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json keep: bad pointer in "/b~" at offset 2; write /name/name, and ~0 for ~, ~1 for /, ~2 for a literal *
nginx.conf:



=== json set /a
--- http_config
apigw_transform s {
    json set /a;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json set: no value behind it in "/a"; write "json set POINTER VALUE [type=] [on_invalid=]"
nginx.conf:



=== json set /a 1 2
--- http_config
apigw_transform s {
    json set /a 1 2;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json set: unknown parameter in "2"; use type= or on_invalid=, and quote a value that holds spaces
nginx.conf:



=== json set /a x type=number
--- http_config
apigw_transform s {
    json set /a x type=number;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json set: value does not fit its type in "x" at offset 0; write a JSON number, such as 42 or -1.5e3
nginx.conf:



=== json set /a [1,] type=json
--- http_config
apigw_transform s {
    json set /a [1,] type=json;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json set: value does not fit its type in "[1,]" at offset 3; write one JSON document, in single quotes
nginx.conf:



=== json set /a 1 type=int
--- http_config
apigw_transform s {
    json set /a 1 type=int;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json set: no such type in "type=int"; use string, number, boolean, null or json
nginx.conf:



=== json set /a 1 on_invalid=maybe
--- http_config
apigw_transform s {
    json set /a 1 on_invalid=maybe;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json set: invalid parameter in "on_invalid=maybe"; use on_invalid=reject or on_invalid=skip
nginx.conf:



=== json set /a 1 foo=bar
--- http_config
apigw_transform s {
    json set /a 1 foo=bar;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json set: unknown parameter in "foo=bar"; use type= or on_invalid=, and quote a value that holds spaces
nginx.conf:



=== json move /a/* /b
--- http_config
apigw_transform s {
    json move /a/* /b;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json move: "*" outside the part that both pointers share in "/b"; use * only where both begin alike
nginx.conf:



=== json move /a
--- http_config
apigw_transform s {
    json move /a;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json move: wrong number of arguments in "/a"; write "json move FROM TO"
nginx.conf:



=== json copy /* /b/*
--- http_config
apigw_transform s {
    json copy /* /b/*;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json copy: "*" outside the part that both pointers share in "/b/*"; use * only where both begin alike
nginx.conf:



=== json group
--- http_config
apigw_transform s {
    json group;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json group: arguments are missing; write "json group NAME"
nginx.conf:



=== json group a b
--- http_config
apigw_transform s {
    json group a b;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json group: too many arguments in "b"; write "json group NAME"
nginx.conf:



=== json map /a
--- http_config
apigw_transform s {
    json map /a;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json map: no renames behind it in "/a"; write "json map POINTER /old=/new ..."
nginx.conf:



=== json map /a /b
--- http_config
apigw_transform s {
    json map /a /b;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json map: no rename in "/b"; write /old=/new
nginx.conf:



=== json map /a /b=/c /b=/d
--- http_config
apigw_transform s {
    json map /a /b=/c /b=/d;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json map: name is renamed twice in "/b=/d"; leave one of them out
nginx.conf:



=== json rename /a
--- http_config
apigw_transform s {
    json rename /a;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json rename: wrong number of arguments in "/a"; write "json rename POINTER NAME"
nginx.conf:



=== json target /a missing=x
--- http_config
apigw_transform s {
    json target /a missing=x;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json target: invalid parameter in "missing=x"; write "json target POINTER [missing=null|error]"
nginx.conf:



=== json target a
--- http_config
apigw_transform s {
    json target a;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json target: bad pointer in "a" at offset 0; write /name/name, and ~0 for ~, ~1 for /, ~2 for a literal *
nginx.conf:



=== json drop
--- http_config
apigw_transform s {
    json drop;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json drop: arguments are missing; write "json drop POINTER ..."
nginx.conf:



=== json drop a
--- http_config
apigw_transform s {
    json drop a;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json drop: bad pointer in "a" at offset 0; write /name/name, and ~0 for ~, ~1 for /, ~2 for a literal *
nginx.conf:



=== json remove
--- http_config
apigw_transform s {
    json remove;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json remove: arguments are missing; write "json remove POINTER ..."
nginx.conf:



=== json remove /~
--- http_config
apigw_transform s {
    json remove /~;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json remove: bad pointer in "/~" at offset 1; write /name/name, and ~0 for ~, ~1 for /, ~2 for a literal *
nginx.conf:



=== json replace /a
--- http_config
apigw_transform s {
    json replace /a;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json replace: no value behind it in "/a"; write "json replace POINTER VALUE [type=] [on_invalid=]"
nginx.conf:



=== json replace /a 1 2
--- http_config
apigw_transform s {
    json replace /a 1 2;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json replace: unknown parameter in "2"; use type= or on_invalid=, and quote a value that holds spaces
nginx.conf:



=== json replace a 1
--- http_config
apigw_transform s {
    json replace a 1;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json replace: bad pointer in "a" at offset 0; write /name/name, and ~0 for ~, ~1 for /, ~2 for a literal *
nginx.conf:



=== json replace /a x type=number
--- http_config
apigw_transform s {
    json replace /a x type=number;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json replace: value does not fit its type in "x" at offset 0; write a JSON number, such as 42 or -1.5e3
nginx.conf:



=== json target
--- http_config
apigw_transform s {
    json target;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json target: arguments are missing; write "json target POINTER [missing=null|error]"
nginx.conf:



=== json target /a /b
--- http_config
apigw_transform s {
    json target /a /b;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json target: invalid parameter in "/b"; write "json target POINTER [missing=null|error]"
nginx.conf:



=== json target /a missing=null missing=error
--- http_config
apigw_transform s {
    json target /a missing=null missing=error;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json target: invalid parameter in "missing=error"; write "json target POINTER [missing=null|error]"
nginx.conf:



=== json group "\xff"
--- http_config eval
"apigw_transform s {\n    json group \"\xff\";\n}\n"
--- must_die
--- error_log eval
["[emerg]", "apigw_transform: s: json group: invalid UTF-8 in \"\xff\" at offset 0; write the name in UTF-8", "nginx.conf:"]



=== json map
--- http_config
apigw_transform s {
    json map;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json map: arguments are missing; write "json map POINTER /old=/new ..."
nginx.conf:



=== json map a /b=/c
--- http_config
apigw_transform s {
    json map a /b=/c;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json map: bad pointer in "a" at offset 0; write /name/name, and ~0 for ~, ~1 for /, ~2 for a literal *
nginx.conf:



=== json map /a /b=/c/d
--- http_config
apigw_transform s {
    json map /a /b=/c/d;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json map: more than one name on a side in "/b=/c/d"; write /old=/new and put what is above into the pointer
nginx.conf:



=== json map /a /*=/c
--- http_config
apigw_transform s {
    json map /a /*=/c;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json map: "*" cannot be renamed in "/*=/c"; write ~2 for a literal *
nginx.conf:



=== json map /a /b=/c /d=/c
--- http_config
apigw_transform s {
    json map /a /b=/c /d=/c;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json map: two members get the same name in "/d=/c"; give each a name of its own
nginx.conf:



=== json rename
--- http_config
apigw_transform s {
    json rename;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json rename: arguments are missing; write "json rename POINTER NAME"
nginx.conf:



=== json rename a b
--- http_config
apigw_transform s {
    json rename a b;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json rename: bad pointer in "a" at offset 0; write /name/name, and ~0 for ~, ~1 for /, ~2 for a literal *
nginx.conf:



=== json rename /a b c
--- http_config
apigw_transform s {
    json rename /a b c;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json rename: wrong number of arguments in "c"; write "json rename POINTER NAME"
nginx.conf:



=== json rename /* b
--- http_config
apigw_transform s {
    json rename /* b;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json rename: ends in no member's name in "/*"; name the member, ~2 is a literal *
nginx.conf:



=== json rename "" b
--- http_config
apigw_transform s {
    json rename "" b;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json rename: ends in no member's name in ""; name the member, ~2 is a literal *
nginx.conf:



=== json add /a
--- http_config
apigw_transform s {
    json add /a;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json add: no value behind it in "/a"; write "json add POINTER VALUE [type=] [on_invalid=]"
nginx.conf:



=== json add a 1
--- http_config
apigw_transform s {
    json add a 1;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json add: bad pointer in "a" at offset 0; write /name/name, and ~0 for ~, ~1 for /, ~2 for a literal *
nginx.conf:



=== json add /a 1 type=
--- http_config
apigw_transform s {
    json add /a 1 type=;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json add: no such type in "type="; use string, number, boolean, null or json
nginx.conf:



=== json move a /b
--- http_config
apigw_transform s {
    json move a /b;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json move: bad pointer in "a" at offset 0; write /name/name, and ~0 for ~, ~1 for /, ~2 for a literal *
nginx.conf:



=== json move /a b
--- http_config
apigw_transform s {
    json move /a b;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json move: bad pointer in "b" at offset 0; write /name/name, and ~0 for ~, ~1 for /, ~2 for a literal *
nginx.conf:



=== json copy /a
--- http_config
apigw_transform s {
    json copy /a;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json copy: wrong number of arguments in "/a"; write "json copy FROM TO"
nginx.conf:



=== json copy /a /b /c
--- http_config
apigw_transform s {
    json copy /a /b /c;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json copy: wrong number of arguments in "/c"; write "json copy FROM TO"
nginx.conf:



=== json copy a /b
--- http_config
apigw_transform s {
    json copy a /b;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json copy: bad pointer in "a" at offset 0; write /name/name, and ~0 for ~, ~1 for /, ~2 for a literal *
nginx.conf:



=== json set /a yes type=boolean
--- http_config
apigw_transform s {
    json set /a yes type=boolean;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json set: value does not fit its type in "yes" at offset 0; write true or false
nginx.conf:



=== json set /a 0 type=null
--- http_config
apigw_transform s {
    json set /a 0 type=null;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json set: value does not fit its type in "0" at offset 0; write null
nginx.conf:



=== json set /a "a\xff"
--- http_config eval
"apigw_transform s {\n    json set /a \"a\xff\";\n}\n"
--- must_die
--- error_log eval
["[emerg]", "apigw_transform: s: json set: value does not fit its type in \"a\xff\" at offset 1; write it in UTF-8", "nginx.conf:"]



=== json set /a "" type=number
--- http_config
apigw_transform s {
    json set /a "" type=number;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: json set: value does not fit its type in "" at offset 0; write a JSON number, such as 42 or -1.5e3
nginx.conf:



=== header add X
--- http_config
apigw_transform s {
    header add X;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: invalid number of arguments in "header add"; write "header add NAME VALUE"
nginx.conf:



=== header add TE 1
--- http_config
apigw_transform s {
    header add TE 1;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: header "TE" is protected in "header add"; leave it to nginx and its proxy directives
nginx.conf:



=== header append X
--- http_config
apigw_transform s {
    header append X;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: invalid number of arguments in "header append"; write "header append NAME VALUE"
nginx.conf:



=== header append "" 1
--- http_config
apigw_transform s {
    header append "" 1;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: bad header name "" in "header append"; write letters, digits and "-"
nginx.conf:



=== header remove
--- http_config
apigw_transform s {
    header remove;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: invalid number of arguments in "header remove"; write "header remove NAME ..."
nginx.conf:



=== header remove Host
--- http_config
apigw_transform s {
    header remove Host;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: header "Host" is protected in "header remove"; leave it to nginx and its proxy directives
nginx.conf:



=== header keep
--- http_config
apigw_transform s {
    header keep;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: invalid number of arguments in "header keep"; write "header keep NAME ..."
nginx.conf:



=== header keep "X Y"
--- http_config
apigw_transform s {
    header keep "X Y";
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: bad header name "X Y" in "header keep"; write letters, digits and "-", a last "*" matches any end
nginx.conf:



=== header keep *
--- http_config
apigw_transform s {
    header keep *;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: bad header name "*" in "header keep"; write letters, digits and "-", a last "*" matches any end
nginx.conf:



=== header rename X Y Z
--- http_config
apigw_transform s {
    header rename X Y Z;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: invalid number of arguments in "header rename"; write "header rename FROM TO"
nginx.conf:



=== header rename X Host
--- http_config
apigw_transform s {
    header rename X Host;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: header "Host" is protected in "header rename"; leave it to nginx and its proxy directives
nginx.conf:



=== header rename "X Y" Z
--- http_config
apigw_transform s {
    header rename "X Y" Z;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: bad header name "X Y" in "header rename"; write letters, digits and "-"
nginx.conf:



=== header add X "a\rb"
--- http_config
apigw_transform s {
    header add X "a\rb";
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: the value of header "X" holds CR, LF or NUL; write it on one line
nginx.conf:



=== header append X "a$uri\nb"
--- http_config
apigw_transform s {
    header append X "a$uri\nb";
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: the value of header "X" holds CR, LF or NUL; write it on one line
nginx.conf:



=== header set X $nope
--- http_config
apigw_transform s {
    header set X $nope;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: unknown variable "$nope"; mend its name, or define it
nginx.conf:



=== query add a
--- http_config
apigw_transform s {
    query add a;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: query add: wrong number of arguments; write "query add NAME VALUE"
nginx.conf:



=== query add "" 1
--- http_config
apigw_transform s {
    query add "" 1;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: query add: empty name in ""; name an argument
nginx.conf:



=== query append a b c
--- http_config
apigw_transform s {
    query append a b c;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: query append: wrong number of arguments; write "query append NAME VALUE"
nginx.conf:



=== query append "" 1
--- http_config
apigw_transform s {
    query append "" 1;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: query append: empty name in ""; name an argument
nginx.conf:



=== query remove
--- http_config
apigw_transform s {
    query remove;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: query remove: wrong number of arguments; write "query remove NAME ..."
nginx.conf:



=== query remove ""
--- http_config
apigw_transform s {
    query remove "";
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: query remove: empty name in ""; name an argument
nginx.conf:



=== query keep
--- http_config
apigw_transform s {
    query keep;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: query keep: wrong number of arguments; write "query keep NAME ..."
nginx.conf:



=== query keep a ""
--- http_config
apigw_transform s {
    query keep a "";
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: query keep: empty name in ""; name an argument
nginx.conf:



=== query rename a b c
--- http_config
apigw_transform s {
    query rename a b c;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: query rename: wrong number of arguments; write "query rename OLD NEW"
nginx.conf:



=== query rename a ""
--- http_config
apigw_transform s {
    query rename a "";
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: query rename: empty name in ""; name an argument
nginx.conf:



=== query set a b c
--- http_config
apigw_transform s {
    query set a b c;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: query set: wrong number of arguments; write "query set NAME VALUE"
nginx.conf:



=== query set a $nope
--- http_config
apigw_transform s {
    query set a $nope;
}
--- must_die
--- error_log
[emerg]
apigw_transform: s: unknown variable "$nope"; mend its name, or define it
nginx.conf:



=== json set /a $
--- http_config
apigw_transform s {
    json set /a $;
}
--- must_die
--- error_log
[emerg]
invalid variable name
nginx.conf:



=== a pointer of more than 64 segments
--- http_config eval
'apigw_transform s { json keep ' . '/a' x 65 . '; }'
--- must_die
--- error_log
apigw_transform: s: json keep: pointer is too long in
nginx.conf:



=== one of 64 is taken
--- ops eval
'json keep ' . '/a' x 64 . ';'
--- post: {}
--- sent chomp
{}



=== more than 256 operations
--- http_config eval
'apigw_transform s {' . "header set X 1;\n" x 257 . '}'
--- must_die
--- error_log
apigw_transform: s: more than 256 operations; make two sets of it



=== more pointers than a trie holds
--- http_config eval
'apigw_transform s { json keep ' . CORE::join(' ', map { "/a$_" } 0 .. 4099) . '; }'
--- must_die
--- error_log
apigw_transform: s: json operation 1: more than 4096 trie nodes, 512 levels or 8 stages; use fewer pointers, or split the set
