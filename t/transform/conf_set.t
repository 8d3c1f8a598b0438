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
