"""What is measured: configurations of ours and of the peers."""

import json
import os
import subprocess

import bench_run as run

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HERE = os.path.join(ROOT, 'bench')
DEBIAN = '/usr/lib/nginx/modules'
BUILD = run.BUILD
HOME = os.path.join(BUILD, 'bench')
ISSUER = 'https://idp.bench.example'
AUDIENCE = 'api://bench'
TOKENS = 30000

CONF = '''
worker_processes 1;
daemon           off;
pid              nginx.pid;
error_log        error.log error;
%(main)s
events { worker_connections 1024; }
http {
    access_log         off;
    keepalive_requests 1000000000;
    keepalive_timeout  1h;
    sendfile           on;
    client_body_temp_path temp_body;
    proxy_temp_path       temp_proxy;
    fastcgi_temp_path     temp_fastcgi;
    uwsgi_temp_path       temp_uwsgi;
    scgi_temp_path        temp_scgi;
    %(http)s
    server {
        listen 127.0.0.1:@PORT@ reuseport;
        %(server)s
        location / { empty_gif; }
        %(location)s
    }
}
'''

HAPROXY = '''
global
    nbthread 1
    maxconn  4096
defaults
    mode http
    timeout client  1h
    timeout server  1h
    timeout connect 5s
    timeout http-keep-alive 1h
%(backend)s
frontend api
    bind 127.0.0.1:%(port)d
    http-request set-var(txn.t) http_auth_bearer
    http-request set-var(txn.alg) var(txn.t),jwt_header_query('$.alg')
    http-request set-var(txn.iss) var(txn.t),jwt_payload_query('$.iss')
    http-request set-var(txn.aud) var(txn.t),jwt_payload_query('$.aud')
    http-request set-var(txn.exp) var(txn.t),jwt_payload_query('$.exp','int')
    http-request set-var(txn.now) date()
    http-request set-var(txn.good) var(txn.t),jwt_verify(txn.alg,"%(pem)s")
    acl intime var(txn.exp),sub(txn.now) -m int gt 0
    http-request deny deny_status 401 unless { var(txn.alg) -m str RS256 }
    http-request deny deny_status 401 unless { var(txn.iss) -m str %(iss)s }
    http-request deny deny_status 401 unless { var(txn.aud) -m str %(aud)s }
    http-request deny deny_status 401 unless intime { var(txn.good) -m int 1 }
%(more)s
'''


def ours(*modules):
    return '\n'.join('load_module %s/ngx_http_apigw_%s_module.so;'
                     % (BUILD, m) for m in modules)


LUA = ('load_module %s/ndk_http_module.so;\n'
       'load_module %s/ngx_http_lua_module.so;' % (DEBIAN, DEBIAN))
NJS = 'load_module %s/ngx_http_js_module.so;' % DEBIAN


def nginx(main='', http='', server='', location='', backend=False):
    """A starter of nginx, behind it a service where one is wanted."""
    def start(variant):
        nonlocal_http = http
        if backend:
            service = variant.add(run.nginx_server(
                variant.folder, 'service', CONF % {
                    'main': '', 'http': 'default_type application/json;',
                    'server': 'root %s/data;' % HOME,
                    'location': 'location /json/ { }'}, run.CPU_SERVICE))
            nonlocal_http += ('upstream service { server 127.0.0.1:%d; '
                              'keepalive 64; keepalive_requests 1000000000; '
                              'keepalive_timeout 1h; }' % service.port)
        return variant.add(run.nginx_server(
            variant.folder, 'nginx', CONF % {
                'main': main, 'http': nonlocal_http, 'server': server,
                'location': location}, run.CPU_WORKER)).port
    return start


def haproxy(more, backend=''):
    def start(variant):
        os.makedirs(variant.folder, exist_ok=True)
        port = run.free_port()
        service = 0
        if 'server s' in backend:
            service = variant.add(run.nginx_server(
                variant.folder, 'service', CONF % {
                    'main': '', 'http': 'default_type application/json;',
                    'server': 'root %s/data;' % HOME,
                    'location': 'location /json/ { }'},
                run.CPU_SERVICE)).port
        conf = os.path.join(variant.folder, 'haproxy.cfg')
        with open(conf, 'w') as f:
            f.write(HAPROXY % {'port': port, 'iss': ISSUER, 'aud': AUDIENCE,
                               'pem': HOME + '/public.pem', 'more': more,
                               'backend': backend.replace('@SERVICE@',
                                                          str(service))})
        return variant.add(run.Server(
            ['haproxy', '-db', '-f', conf], port, run.CPU_WORKER,
            os.path.join(variant.folder, 'haproxy.log'))).port
    return start


def with_redis(start_with):
    """Adds a Redis of its own, in memory, before the server."""
    def start(variant):
        port = run.free_port()
        variant.add(run.Server(
            ['redis-server', '--port', str(port), '--bind', '127.0.0.1',
             '--save', '', '--appendonly', 'no'], port, run.CPU_SERVICE,
            os.path.join(HOME, 'redis-%d.log' % port)))
        return start_with(port)(variant)
    return start


def tampered(token):
    """The same token with one character of its signature changed."""
    at = len(token) - 20
    other = 'A' if token[at] != 'A' else 'B'
    return token[:at] + other + token[at + 1:]


def prepare():
    """Keys, tokens, documents; made once and kept for twelve hours."""
    os.makedirs(os.path.join(HOME, 'data', 'json'), exist_ok=True)
    key = os.path.join(HOME, 'key.pem')
    tool = os.path.join(HOME, 'bench_tokens')
    tokens = os.path.join(HOME, 'tokens')
    if not os.path.exists(key):
        subprocess.run(['openssl', 'genrsa', '-out', key, '2048'], check=True,
                       stderr=subprocess.DEVNULL)
    subprocess.run(['openssl', 'rsa', '-in', key, '-pubout', '-out',
                    HOME + '/public.pem'], check=True,
                   stderr=subprocess.DEVNULL)
    jwks(key)
    subprocess.run(['cc', '-std=c11', '-D_GNU_SOURCE', '-O2', '-o', tool,
                    os.path.join(HERE, 'bench_tokens.c'), '-lcrypto'],
                   check=True)
    subprocess.run(['cc', '-D_GNU_SOURCE', '-O2', '-shared', '-fPIC', '-o',
                    run.BUSY, os.path.join(HERE, 'busy_wait.c')], check=True)
    fresh = os.path.exists(tokens) \
        and os.path.getmtime(tokens) > run.time.time() - 12 * 3600
    if not fresh:
        with open(tokens + '.new', 'w') as out:
            subprocess.run([tool, key, str(TOKENS), ISSUER, AUDIENCE,
                            '86000'], check=True, stdout=out)
        os.rename(tokens + '.new', tokens)
    with open(tokens) as good, open(HOME + '/wrong_tokens', 'w') as out:
        out.writelines(tampered(token) for token in good)
    for name, count in (('2k', 14), ('100k', 720)):
        document(name, count)
    keys = os.path.join(HOME, 'keys')
    if os.path.exists(keys):
        os.unlink(keys)
    secret = subprocess.run(
        [BUILD + '/bin/apigw-key', 'create', '-f', keys, '--consumer',
         'bench'], check=True, capture_output=True, text=True).stdout.strip()
    os.chmod(keys, 0o644)
    with open(tokens) as f:
        return f.readline().strip(), secret


def jwks(key):
    """The public key as a set of one JWK."""
    import base64
    text = subprocess.run(['openssl', 'rsa', '-in', key, '-noout',
                           '-modulus'], check=True, capture_output=True,
                          text=True).stdout
    number = bytes.fromhex(text.strip().split('=')[1])
    n = base64.urlsafe_b64encode(number).rstrip(b'=').decode()
    with open(HOME + '/jwks.json', 'w') as f:
        json.dump({'keys': [{'kty': 'RSA', 'kid': 'bench', 'use': 'sig',
                             'alg': 'RS256', 'n': n, 'e': 'AQAB'}]}, f)


def document(name, count):
    """A list of orders as services return them, with much to leave out."""
    items = [{'id': i, 'price': 10 + i / 4, 'name': 'article %d' % i,
              'tags': ['red', 'blue', 'green'],
              'stock': {'north': i % 7, 'south': i % 5},
              'note': 'kept for the warehouse'} for i in range(count)]
    with open('%s/data/json/%s' % (HOME, name), 'w') as f:
        json.dump({'page': 1, 'items': items, 'next': None}, f)
