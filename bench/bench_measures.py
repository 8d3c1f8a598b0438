"""The measures: ours, the baseline, and the ratio to reach."""

import json
import os

import bench_run as run
import bench_variants as v
from bench_variants import AUDIENCE, HERE, HOME, ISSUER, LUA, NJS, ROOT
from bench_variants import haproxy, nginx, ours, tampered, with_redis

PROVIDER = '''
    apigw_jwt_provider bench {
        issuer %s;
        audience %s;
        jwks_file %s/jwks.json;
        consumer_claim sub;
    }
''' % (ISSUER, AUDIENCE, HOME)
# So small a zone knows few of the tokens that come in turn: all are verified.
MISS = 'apigw_auth_zone zone=bench:1m;' + PROVIDER
STORE = 'apigw_key_store bench { file %s/keys; }' % HOME
AUTH = 'apigw_auth jwt=bench;'
FORWARD = 'apigw_auth_set_header X-Consumer $apigw_consumer;'
SET = 'apigw_transform slim { json keep /items/*/id /items/*/price; }'
PROXY = '''
    location /json/ {
        proxy_http_version 1.1;
        proxy_set_header   Connection "";
        proxy_pass         http://service;
        %s
    }
'''
LUA_HTTP = '''
    lua_package_path "%s/peers/?.lua;;";
    init_by_lua_block { %s }
'''
HUGE = 'rate=1000000r/s burst=1000000'
RETURN = ('    http-request return status 200 content-type image/gif '
          'string 0123456789012345678901234567890123456789012')


def any_body(_, body):
    return len(body) > 0


def whole(name):
    """The service's document, unchanged."""
    def good(_, body):
        with open('%s/data/json/%s' % (HOME, name), 'rb') as f:
            return body == f.read()
    return good


def projected(name):
    """Of each item its id and its price, nothing else."""
    def good(_, body):
        with open('%s/data/json/%s' % (HOME, name)) as f:
            items = json.load(f)['items']
        want = {'items': [{'id': i['id'], 'price': i['price']}
                          for i in items]}
        return json.loads(body) == want
    return good


def side(name, start, path='/', good=any_body, **more):
    return {'name': name, 'start': start, 'path': path, 'good': good, **more}


def bearer(token):
    return {'Authorization': 'Bearer ' + token}


def flood():
    """One verification over the worker's CPU that a wrong signature adds."""
    one = run.verification()
    return lambda cost, base: one / (cost - base)


def ceiling():
    """The CPU of the open location and one verification, over ours; and the
    rate that no server can exceed which does both."""
    one = run.verification()
    return {'ratio': lambda cost, base: (base + one) / cost,
            'top': lambda base: 1 / (base + one)}


def teslagov():
    """A module that Debian does not package, by its path; None: not given."""
    path = os.environ.get('PEER_TESLAGOV')
    return path and nginx('load_module %s;' % path, '''
        auth_jwt_enabled      on;
        auth_jwt_redirect     off;
        auth_jwt_algorithm    RS256;
        auth_jwt_use_keyfile  on;
        auth_jwt_keyfile_path %s/public.pem;''' % HOME)


def auth(token, secret):
    refuses = [{}, bearer(tampered(token))]
    distinct = {'script': HERE + '/wrk_tokens.lua',
                'env': {'TOKENS': HOME + '/tokens'}, 'refuses': refuses,
                'proof_headers': bearer(token)}
    cached = {'headers': bearer(token), 'refuses': refuses}
    module = ours('auth')
    open_side = side('no auth', nginx(module), headers=bearer(token))
    jwt = side('auth', nginx(module, PROVIDER, AUTH), **cached)
    misses = side('auth', nginx(module, MISS, AUTH), **distinct)
    wrong = side('auth', nginx(module, MISS, AUTH), status=401, ratio=flood(),
                 script=HERE + '/wrk_tokens.lua',
                 env={'TOKENS': HOME + '/wrong_tokens'},
                 proof_headers=bearer(tampered(token)))
    open_new = side('no auth', nginx(module), script=HERE + '/wrk_tokens.lua',
                    env={'TOKENS': HOME + '/tokens'})
    setup = "require('jwt').setup('%s/public.pem', '%s', '%s')" \
        % (HOME, ISSUER, AUDIENCE)
    lua = nginx(LUA, LUA_HTTP % (HERE, setup),
                "access_by_lua_block { require('jwt').access() }")
    key = side('auth', nginx(module, STORE, 'apigw_auth key=bench;'),
               headers={'X-API-Key': secret},
               refuses=[{}, {'X-API-Key': secret[:-1] + '~'}])
    return [
        ('jwt_cached', jwt, open_side, 'the location without auth', 0.95),
        ('api_key', key, side('no auth', nginx(module),
                              headers={'X-API-Key': secret}),
         'the location without auth', 0.95),
        ('rs256_flood', wrong, open_new,
         'one RSA-2048 verification, over what each wrong one adds', 0.77),
        ('rs256_ceiling', {**misses, **ceiling()}, open_new,
         'no auth and one RSA-2048 verification, over ours', 0.85),
        ('rs256_distinct_haproxy', {**misses, 'bound': 'rs256_ceiling'},
         side('haproxy', haproxy(RETURN), **distinct),
         'HAProxy jwt_verify', 1.3),
        ('rs256_distinct_lua', misses, side('lua', lua, **distinct),
         'Lua module, OpenSSL by FFI', 1.0),
        ('rs256_distinct_teslagov', misses,
         side('teslagov', teslagov(), **distinct),
         'ngx-http-auth-jwt-module', 10.0),
    ]


def ratelimit(_token, _secret):
    module = ours('ratelimit')
    def keys(n):
        return {'script': HERE + '/wrk_keys.lua', 'env': {'KEYS': str(n)}}

    def policies(key, *names):
        text = ''.join('apigw_ratelimit_policy %s key=%s %s;\n'
                       % (name, key, HUGE) for name in names)
        return nginx(module, 'apigw_ratelimit_zone bench:80m;\n' + text,
                     'apigw_ratelimit %s;' % ' '.join(names))

    def stock(key):
        return nginx('', 'limit_req_zone %s zone=bench:64m rate=1000000r/s;'
                     % key, 'limit_req zone=bench burst=1000000 nodelay;')

    def redis_ours(port, more=''):
        return nginx(module, 'apigw_ratelimit_redis bench { server '
                     '127.0.0.1:%d; }\napigw_ratelimit_policy one '
                     'key=$remote_addr %s store=bench %s;\n'
                     % (port, HUGE, more), 'apigw_ratelimit one;')

    def lease(port):
        return redis_ours(port, 'lease=auto')

    def redis_lua(port):
        script = ROOT + '/ngx_http_apigw_ratelimit_module/apigw_ratelimit.lua'
        setup = "require('redis').setup('127.0.0.1', %d, '%s')" \
            % (port, script)
        return nginx(LUA, LUA_HTTP % (HERE, setup),
                     "access_by_lua_block { require('redis').access() }")

    lua = nginx(LUA, LUA_HTTP % (HERE,
                                 "require('limit').setup(1000000, 1000000)")
                + 'lua_shared_dict limits 64m;',
                "access_by_lua_block { require('limit').access() }")
    one = side('ratelimit', policies('$binary_remote_addr', 'one'))
    by_key = policies('$arg_k', 'one')
    many = side('ratelimit', by_key, **keys(100000))
    return [
        ('local_hot_key', one,
         side('limit_req', stock('$binary_remote_addr')),
         'limit_req nodelay', 1.0),
        ('local_100k_keys', many,
         side('limit_req', stock('$arg_k'), **keys(100000)),
         'limit_req nodelay', 1.0),
        ('local_1m_keys', side('ratelimit', by_key, **keys(1000000)),
         side('ratelimit', by_key, **keys(1)), 'one key', 0.9),
        ('local_vs_none', one, side('no limiter', nginx(module)),
         'the location without a limiter', 0.97),
        ('local_three_policies',
         side('ratelimit', policies('$binary_remote_addr', 'one', 'two',
                                    'three')),
         side('no limiter', nginx(module)),
         'the location without a limiter', 0.93),
        ('local_vs_lua', one, side('lua', lua),
         'Lua module, shared dictionary', 1.0),
        ('redis_exact', side('ratelimit', with_redis(redis_ours)),
         side('lua', with_redis(redis_lua)),
         'Lua module, lua-nginx-redis, same script', 2.0),
        ('lease_hot_key', side('ratelimit', with_redis(lease)),
         side('no limiter', nginx(module)),
         'the location without a limiter', 0.9),
    ]


def transform(_token, _secret):
    module = ours('transform')

    def proxy(main, http, location, name, good):
        return side('proxy', nginx(main, http, '', PROXY % location,
                                   backend=True),
                    path='/json/' + name, good=good(name))

    def slim(name):
        return proxy(module, SET, 'apigw_response_transform slim;', name,
                     projected)

    njs = proxy(NJS, 'js_path %s/peers; js_import project.js;' % HERE,
                'js_header_filter project.header_filter; '
                'js_body_filter project.body_filter;', '100k', projected)
    lua = proxy(LUA, LUA_HTTP % (HERE, "require('project')"),
                "header_filter_by_lua_block { require('project')"
                ".header_filter() } body_filter_by_lua_block { "
                "require('project').body_filter() }", '100k', projected)
    return [
        ('project_2k', slim('2k'), proxy(module, '', '', '2k', whole),
         'the proxy without a transform', 0.85),
        ('project_100k_njs', slim('100k'), njs, 'njs js_body_filter', 5.0),
        ('project_100k_lua', slim('100k'), lua,
         'Lua module, lua-cjson in body_filter_by_lua', 5.0),
        ('no_sets', proxy(module, '', '', '2k', whole),
         proxy('', '', '', '2k', whole), 'the module not loaded', 0.99),
    ]


def gateway(token, _secret):
    modules = ours('auth', 'ratelimit', 'transform')
    cached = {'headers': bearer(token), 'path': '/json/2k',
              'good': whole('2k')}
    limit = 'apigw_ratelimit_policy one key=$apigw_consumer %s;' % HUGE
    policies = nginx(modules, PROVIDER + limit,
                     AUTH + FORWARD + 'apigw_ratelimit one;',
                     PROXY % '', backend=True)
    plain = nginx('', '', '', PROXY % '', backend=True)
    unused = nginx(modules, '', '', PROXY % '', backend=True)
    track = '''    http-request track-sc0 src table limits
    http-request deny deny_status 429 if { sc_http_req_rate(0) gt 1000000000 }
    http-request set-var(txn.sub) var(txn.t),jwt_payload_query('$.sub')
    http-request set-header X-Consumer %[var(txn.sub)]
    default_backend service'''
    peer = haproxy(track, '''
backend limits
    stick-table type ip size 100k expire 1m store http_req_rate(1s)
backend service
    http-reuse always
    server s 127.0.0.1:@SERVICE@''')
    return [
        ('loaded_unused', side('unused', unused, **cached),
         side('plain', plain, **cached), 'nginx without the modules', 0.99),
        ('cached_jwt_one_limit', side('policies', policies, **cached),
         side('plain', plain, **cached), 'plain proxy_pass', 0.85),
        ('policies_vs_haproxy', side('policies', policies, **cached),
         side('haproxy', peer, **cached),
         'HAProxy jwt_verify and stick table', 1.0),
    ]


POLICIES = {'auth': auth, 'ratelimit': ratelimit, 'transform': transform,
            'gateway': gateway}
CORES = {'auth': ['revocation_find'], 'transform': ['json_project']}


def control():
    """The same configuration against itself."""
    plain = side('plain', nginx())
    return plain, dict(plain)


def prepare():
    return v.prepare()
