"""Figures of rate limiting that are no ratios of two rates."""

import http.client
import os
import re
import shlex
import statistics
import subprocess
import time

import bench_run as run
from bench_variants import CONF, HERE, HOME, ours

ROUNDS = 5
ZONE = 512 * 1024
HUGE = 'rate=1000000r/s burst=1000000'
STORE = '''
    apigw_ratelimit_redis bench { server 127.0.0.1:%d; }
    apigw_ratelimit_policy one key=all %s store=bench;
    log_format waits '$status $apigw_ratelimit_time';
'''
WAITS = '''
    location = /limited { apigw_ratelimit one; empty_gif; }
    location = /logged  { apigw_ratelimit one; empty_gif;
                          access_log waits waits; }
'''


class Servers:
    """nginx with a policy in a Redis of its own; both end with the block."""

    def __enter__(self):
        port = run.free_port()
        self.redis = run.Server(
            ['redis-server', '--port', str(port), '--bind', '127.0.0.1',
             '--save', '', '--appendonly', 'no'], port, run.CPU_SERVICE,
            os.path.join(HOME, 'redis-%d.log' % port))
        self.nginx = server(STORE % (port, HUGE), WAITS)
        self.url = 'http://127.0.0.1:%d' % self.nginx.port
        return self

    def __exit__(self, *_):
        self.nginx.stop()
        self.redis.stop()

    def command(self):
        """The arguments that one request sends to Redis."""
        port = str(self.redis.port)
        with subprocess.Popen(['redis-cli', '-p', port, 'monitor'],
                              stdout=subprocess.PIPE, text=True) as monitor:
            assert monitor.stdout.readline() == 'OK\n'
            run.fetch(self.url + '/limited', {})
            for line in monitor.stdout:
                words = shlex.split(line)[3:]
                if words[0].upper() == 'EVALSHA':
                    monitor.terminate()
                    return words
        raise run.Unfit('the request asked Redis nothing')

    def benchmark(self, *arguments):
        """Of redis-benchmark's row its rate and its median, in seconds."""
        text = subprocess.run(
            ['taskset', '-c', str(run.CPU_WORKER), 'redis-benchmark', '--csv',
             '-p', str(self.redis.port), *arguments],
            check=True, capture_output=True, text=True).stdout
        row = text.strip().splitlines()[-1].replace('"', '').split(',')
        return float(row[-7]), float(row[-4]) / 1000


def server(http_text, location):
    return run.nginx_server(HOME, 'limits', CONF % {
        'main': ours('ratelimit'), 'http': http_text, 'server': '',
        'location': location}, run.CPU_WORKER)


def median(url):
    """Seconds that the median request of a single connection takes."""
    text = subprocess.run(
        ['taskset', '-c', str(run.CPU_LOAD), 'wrk', '-t1', '-c1', '-d1s',
         '--latency', url], check=True, capture_output=True, text=True).stdout
    value, unit = re.search(r'50% +([0-9.]+)(us|ms|s)', text).groups()
    return float(value) * {'us': 1e-6, 'ms': 1e-3, 's': 1}[unit]


def exact(_token, _secret):
    """Requests that ask Redis, and redis-benchmark with their command."""
    with Servers() as servers:
        command = servers.command()
        ratios = []
        for _ in range(ROUNDS):
            rate = run.wrk(servers.url + '/limited', {}, run.SECONDS, False)
            other, _ = servers.benchmark('-P', '16', '-n', '200000', *command)
            ratios.append(other / rate)
        return [('redis_benchmark', 1 / 0.6, statistics.median(ratios),
                 'times our rate')]


def added(_token, _secret):
    """What asking Redis adds to a request, beyond a PING's way."""
    with Servers() as servers:
        more = []
        for _ in range(ROUNDS):
            _, ping = servers.benchmark('-c', '1', '-n', '20000', '-t',
                                        'ping_mbulk')
            more.append(median(servers.url + '/limited')
                        - median(servers.url + '/') - ping)
        return [('redis_added_p50', 50, statistics.median(more) * 1e6,
                 'us beyond a PING')]


def killed(_token, _secret):
    """The longest wait of any request while Redis dies under load."""
    with Servers() as servers:
        with subprocess.Popen(
                ['taskset', '-c', str(run.CPU_LOAD), 'wrk', '-t1', '-c32',
                 '-d3s', servers.url + '/logged'],
                stdout=subprocess.DEVNULL) as load:
            time.sleep(1)
            servers.redis.process.kill()
            load.wait()
        with open(os.path.join(HOME, 'limits', 'waits')) as log:
            rows = [line.split() for line in log]
        if not rows or any(status >= '500' for status, _ in rows):
            raise run.Unfit('an answer 5xx while Redis was away')
        return [('redis_killed_wait', 55,
                 max(float(wait) for _, wait in rows) * 1000, 'ms')]


def entries(_token, _secret):
    """Of a zone, what a key takes: until nginx says that it is full."""
    nginx = server('apigw_ratelimit_zone bench:%d; apigw_ratelimit_policy '
                   'one key=$arg_k rate=1r/d;' % ZONE,
                   'location = /k { apigw_ratelimit one; empty_gif; }')
    client = http.client.HTTPConnection('127.0.0.1', nginx.port)
    log = os.path.join(HOME, 'limits', 'error.log')
    keys = 0
    try:
        while os.path.getsize(log) == 0:
            client.request('GET', '/k?k=%d' % keys)
            client.getresponse().read()
            keys += 1
        return [('zone_bytes_per_key', 64 * 1.05, ZONE / keys, 'bytes')]
    finally:
        nginx.stop()


POLICIES = {'ratelimit': [
    ('redis_benchmark', exact), ('redis_added_p50', added),
    ('redis_killed_wait', killed), ('zone_bytes_per_key', entries)]}
