# JSON operations on request bodies: what the service receives, byte for byte.

use strict;
use warnings;

use lib 't/lib';
use Apigw qw(transform);
use Apigw::Transform;
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== keep drops what no pointer reaches
--- ops
json keep /a /items/*/sku;
--- post chomp
{"b":1,"a":2,"items":[{"sku":"x","qty":1},7,{"sku":"y"}],"c":{"a":1}}
--- sent chomp
{"a":2,"items":[{"sku":"x"},{"sku":"y"}]}



=== untouched values keep every byte
--- ops
json drop /gone;
--- post chomp
{"i":9007199254740993,"l":18446744073709551615,"n":-9223372036854775808,"d":1.10,"e":1E400,"z":-0,"t":123456789012345678901234567890,"s":"a\u0000b\u0041","o":{},"r":[],"gone":1}
--- sent chomp
{"i":9007199254740993,"l":18446744073709551615,"n":-9223372036854775808,"d":1.10,"e":1E400,"z":-0,"t":123456789012345678901234567890,"s":"a\u0000b\u0041","o":{},"r":[]}



=== white space inside an untouched value stays
--- ops
json keep /a;
--- post chomp
{ "a" : { "x" : [ 1 , 2 ] } , "b" : 1 }
--- sent chomp
{"a":{ "x" : [ 1 , 2 ] }}



=== drop, rename, map and group, in written order
--- ops
json drop /secret;
json rename /old new;
json map /lines/* /unit_price=/price;
json group order;
--- post chomp
{"secret":1,"old":2,"lines":[{"unit_price":1.50,"n":1}]}
--- sent chomp
{"order":{"new":2,"lines":[{"price":1.50,"n":1}]}}



=== target makes the document a part of itself
--- ops
json target /data;
--- post chomp
{"meta":1,"data":{"a":[1,2]}}
--- sent chomp
{"a":[1,2]}



=== target without a match gives null
--- ops
json target /data;
--- post chomp
{"meta":1}
--- sent chomp
null



=== Content-Length is that of the new body, and sent once
--- ops
json keep /a;
--- post chomp
{"a":1,"b":2}
--- response_body_like: "Content-Length: 7"
--- response_body_unlike: Content-Length: 13



=== set and move create parents, in a whole document
--- ops
json move /customerId /customer/id;
json set /meta/trace abc;
json copy /customer/id /ref;
--- post chomp
{"customerId":9007199254740993,"x":1}
--- sent chomp
{"x":1,"customer":{"id":9007199254740993},"meta":{"trace":"abc"},"ref":9007199254740993}



=== add does nothing where something is, null and false included
--- ops
json add /a 1 type=number;
json add /b 1 type=number;
json add /c 1 type=number;
--- post chomp
{"a":null,"b":false}
--- sent chomp
{"a":null,"b":false,"c":1}



=== values from variables are escaped
--- ops
json set /name "$arg_n";
--- post chomp
{}
--- path chomp
/t/echo?n=a"b\c
--- sent chomp
{"name":"a\"b\\c"}



=== values are typed as the line says
--- ops
json set /n $arg_n type=number;
json set /b $arg_b type=boolean;
json set /j $arg_j type=json;
json set /z "" type=null;
--- post chomp
{}
--- path chomp
/t/echo?n=1.10&b=true&j=[1,{"k":2}]
--- sent chomp
{"n":1.10,"b":true,"j":[1,{"k":2}],"z":null}



=== a value that does not fit its type is refused
--- ops
json set /n $arg_n type=number;
--- post chomp
{}
--- path chomp
/t/echo?n=01
--- error_code: 400
--- response_body_like: "reason":"value_invalid"
--- reason: value_invalid



=== or skipped where the line says so
--- ops
json set /n $arg_n type=number on_invalid=skip;
json set /m 1;
--- post chomp
{}
--- path chomp
/t/echo?n=NaN
--- sent chomp
{"m":"1"}



=== values are those of the request as it came
--- ops
query keep page;
header remove X-Prio;
json set /arg $arg_prio;
json set /header $http_x_prio;
--- post chomp
{}
--- path chomp
/t/echo?prio=7&page=1
--- more_headers
Content-Type: application/json
X-Prio: 9
--- sent chomp
{"arg":"7","header":"9"}



=== a parent that cannot hold the value refuses the request
--- ops
json set /tenant/id ours;
--- post chomp
{"tenant":"x"}
--- error_code: 400
--- response_body_like: "status":400,.*"reason":"json_shape"
--- reason: json_shape



=== two sets run one after the other
--- http_config
apigw_transform one { json keep /a /b; }
apigw_transform two { json drop /b; json group x; }
--- config
location /t/ {
    apigw_request_transform one;
    apigw_request_transform two;
    proxy_pass http://$TEST_NGINX_SERVICE/;
}
--- post chomp
{"a":1,"b":2,"c":3}
--- sent chomp
{"x":{"a":1}}



=== a scalar document under keep is null
--- ops
json keep /a;
--- post chomp
"text"
--- sent chomp
null



=== replace only where something is, null and false included
--- ops
json replace /a 1 type=number;
json replace /b x;
json replace /c/* '{"k": 1.0}' type=json;
json replace /none 1;
--- post chomp
{"a":null,"b":false,"c":[1,{"d":2}],"e":0}
--- sent chomp
{"a":1,"b":"x","c":[{"k": 1.0},{"k": 1.0}],"e":0}



=== remove is drop under another name
--- ops
json remove /a /c/*/x;
--- post chomp
{"a":1,"b":2,"c":[{"x":1,"y":2},3]}
--- sent chomp
{"b":2,"c":[{"y":2},3]}



=== target missing=null is the default
--- ops
json target /data missing=null;
--- post chomp
{"meta":1}
--- sent chomp
null



=== target missing=error refuses what has no match
--- ops
json target /data missing=error;
--- post chomp
{"meta":1}
--- error_code: 400
--- response_body_like: "reason":"json_shape"
--- reason: json_shape



=== and takes what has one
--- ops
json target /data missing=error;
--- post chomp
{"meta":1,"data":null}
--- sent chomp
null



=== a last - appends to an array, an index must be there
--- ops
json set /a/- 3 type=number;
json set /a/0 0 type=number;
json add /a/- 4 type=number;
--- post chomp
{"a":[1,2]}
--- sent chomp
{"a":[0,2,3,4]}



=== an index that is not there refuses the request
--- ops
json set /a/7 1;
--- post chomp
{"a":[1]}
--- error_code: 400
--- reason: json_shape



=== missing and null parents become objects
--- ops
json set /a/b/c 1 type=number;
json add /d/e 2 type=number;
--- post chomp
{"a":null}
--- sent chomp
{"a":{"b":{"c":1}},"d":{"e":2}}



=== move and copy of what is not there do nothing
--- ops
json move /none /x;
json copy /none /y/z;
--- post chomp
{"a":1}
--- sent chomp
{"a":1}



=== move and copy in each element
--- ops
json move /items/*/old /items/*/new/name;
json copy /items/*/id /items/*/ref;
--- post chomp
{"items":[{"old":1.50,"id":7},{"id":8},3]}
--- sent chomp
{"items":[{"id":7,"new":{"name":1.50},"ref":7},{"id":8,"ref":8},3]}



=== group wraps any type
--- ops
json group g;
--- post chomp
[1, 2]
--- sent chomp
{"g":[1, 2]}



=== what moves into itself is within
--- ops
json move /a /a/b;
--- post chomp
{"a":{"c":1}}
--- sent chomp
{"a":{"b":{"c":1}}}



=== the whole document can move, too
--- ops
json move "" /a;
--- post chomp
{"c":1}
--- sent chomp
{"a":{"c":1}}



=== a document that is dropped is null
--- ops
json drop "";
--- post chomp
{"c":1}
--- sent chomp
null



=== or becomes a value
--- ops
json set "" x;
--- post chomp
{"c":1}
--- sent chomp
"x"



=== a renamed member owns its new name, and two may change places
--- ops
json rename /a/old new;
json map /m /x=/y /y=/x;
--- post chomp
{"a":{"new":1,"old":2,"z":3},"m":{"x":1,"y":2}}
--- sent chomp
{"a":{"new":2,"z":3},"m":{"y":1,"x":2}}
