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
