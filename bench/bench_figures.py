"""Measures that are no rates: what takes so long, or so many bytes."""

import hashlib
import os
import re
import statistics
import subprocess
import time

import bench_run as run
from bench_variants import AUDIENCE, CONF, HERE, HOME, ISSUER, ours

KEYS = 1000000
ROUNDS = 6
KEPT = 12000

STORE = 'apigw_key_store bench { file %s/million.keys; check 1s; }' % HOME
CACHE = '''
    apigw_auth_zone zone=bench:1m l1=0;
    apigw_jwt_provider bench {
        issuer %s;
        audience %s;
        jwks_file %s/jwks.json;
    }
''' % (ISSUER, AUDIENCE, HOME)


def million():
    """A file of as many keys, the bench's own last."""
    path = HOME + '/million.keys'
    with open(HOME + '/keys') as keys:
        own = keys.read().splitlines()[-1]
    with open(path + '.new', 'w') as out:
        for i in range(KEYS - 1):
            out.write('%08d sha256:%s consumer=c%d plan=p%d\n' % (
                i, hashlib.sha256(b'%d' % i).hexdigest(), i % 1000, i % 5))
        out.write(own + '\n')
    os.rename(path + '.new', path)


def server(http, location, cpu=run.CPU_WORKER):
    return run.nginx_server(HOME, 'figures', CONF % {
        'main': ours('auth'), 'http': http, 'server': '',
        'location': location}, cpu)


def shared(pid):
    """Resident bytes of the largest mapping that processes share."""
    with open('/proc/%d/smaps' % pid) as f:
        maps = re.findall(r'^([0-9a-f]+)-([0-9a-f]+) rw-s .*\n'
                          r'(?:[A-Z]\w+:.*\n)*?Rss: +(\d+) kB', f.read(), re.M)
    return max((int(last, 16) - int(first, 16), int(kib) * 1024)
               for first, last, kib in maps)[1]


def keys(_token, secret):
    million()
    start = time.monotonic()
    nginx = server(STORE, 'location = /key { apigw_auth key=bench; '
                   'empty_gif; }')
    took = time.monotonic() - start
    try:
        url = 'http://127.0.0.1:%d' % nginx.port
        status, _, _ = run.fetch(url + '/key', {'X-API-Key': secret})
        if status != 200:
            raise run.Unfit('the last key: answer %d' % status)
        return [('keys_load', 3, took, 's'),
                ('keys_bytes', 200, shared(nginx.process.pid) / KEYS, 'bytes')]
    finally:
        nginx.stop()


def latency(url):
    """The 99th percentile of some seconds, in milliseconds."""
    text = subprocess.run(
        ['taskset', '-c', str(run.CPU_LOAD), 'wrk', '-t1', '-c16', '-d5s',
         '-s', HERE + '/wrk_paced.lua', '--latency', url],
        check=True, capture_output=True, text=True).stdout
    value, unit = re.search(r'99% +([0-9.]+)(us|ms|s)', text).groups()
    return float(value) * {'us': 0.001, 'ms': 1, 's': 1000}[unit]


def reload(_token, _secret):
    """Other requests, while the worker takes a changed file of keys over."""
    million()
    nginx = server(STORE, '', '%d-%d' % (run.CPUS[0], run.CPUS[-1]))
    url = 'http://127.0.0.1:%d/' % nginx.port
    log = os.path.join(HOME, 'figures', 'error.log')
    try:
        latency(url)
        ratios = []
        for _ in range(ROUNDS):
            quiet = latency(url)
            million()
            ratios.append(latency(url) / quiet)
        return [('keys_reload_p99', 1.1, statistics.median(ratios),
                 'times that of a worker at rest')]
    finally:
        nginx.stop()


def entries(_token, _secret):
    """Of a zone of 1 MB, what a kept verdict on a token takes."""
    with open(HOME + '/tokens') as f:
        tokens = f.read().split()
    nginx = server(CACHE, 'location = /t { apigw_auth jwt=bench; '
                   'add_header X-Cache $apigw_auth_cache; empty_gif; }')
    url = 'http://127.0.0.1:%d/t' % nginx.port

    def found(token):
        _, headers, _ = run.fetch(url, {'Authorization': 'Bearer ' + token})
        return headers['X-Cache'] == 'l2'

    try:
        for token in tokens[:KEPT]:
            found(token)
        kept = sum(found(token) for token in reversed(tokens[:KEPT]))
        return [('l2_entry', 1500, 1048576 / kept, 'bytes')]
    finally:
        nginx.stop()


POLICIES = {'auth': [('keys', keys), ('keys_reload_p99', reload),
                     ('l2_entry', entries)]}
