"""Servers, the load generator and statistics of the benchmark."""

import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import time
import urllib.error
import urllib.request

SECONDS = float(os.environ.get('SECONDS_PER_RUN', '5'))
WARM_UP = float(os.environ.get('WARM_UP', '3'))
CONNECTIONS = 32
BUILD = os.path.abspath(os.environ.get('BUILD') or 'build')
BUSY = os.path.join(BUILD, 'bench', 'busy_wait.so')

# nginx itself takes NGINX for a list of inherited sockets.
NGINX = os.environ.pop('NGINX', '') or '/usr/sbin/nginx'

# With four CPUs or more, worker, services and load generator are apart; with
# fewer, the worker has the first one and all else shares the last.
CPUS = sorted(os.sched_getaffinity(0))
APART = len(CPUS) >= 4
CPU_WORKER = CPUS[0]
CPU_SERVICE = CPUS[1] if APART else CPUS[-1]
CPU_LOAD = CPUS[2] if APART else CPUS[-1]


class Unfit(Exception):
    """A variant that does not do what is to be measured."""


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def fetch(url, headers):
    """Status, headers and body of one GET."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers),
                         timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()
    except OSError as error:
        raise Unfit('%s: %s' % (url, error))


class Server:
    """A process on one CPU that listens on a TCP port."""

    def __init__(self, command, port, cpu, log):
        self.port = port
        self.log = log
        with open(log, 'wb') as out:
            self.process = subprocess.Popen(
                ['taskset', '-c', str(cpu)] + command, stdout=out,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(('127.0.0.1', port), 1).close()
                return
            except OSError:
                gone = self.process.poll() is not None
                if gone or time.monotonic() > deadline:
                    self.stop()
                    with open(log, errors='replace') as lines:
                        text = lines.read()[-2000:]
                    raise Unfit(' '.join(command) + ': ' + text)
                time.sleep(0.02)

    def worker(self):
        """The process that serves: nginx's worker, or the only one there."""
        pid = self.process.pid
        with open('/proc/%d/task/%d/children' % (pid, pid)) as f:
            children = f.read().split()
        return int(children[0]) if children else pid

    def rss(self):
        """Resident megabytes of the serving process."""
        with open('/proc/%d/status' % self.worker()) as f:
            kib = re.search(r'^VmRSS:\s+(\d+)', f.read(), re.M).group(1)
        return int(kib) / 1024

    def cpu(self):
        """Seconds of CPU that the serving process has used."""
        with open('/proc/%d/schedstat' % self.worker()) as f:
            return int(f.read().split()[0]) / 1e9

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def nginx_server(folder, name, text, cpu):
    """Starts nginx on a configuration text whose port is @PORT@."""
    home = os.path.join(folder, name)
    shutil.rmtree(home, ignore_errors=True)
    os.makedirs(home)
    port = free_port()
    conf = os.path.join(home, 'nginx.conf')
    with open(conf, 'w') as f:
        f.write(text.replace('@PORT@', str(port)).replace('@HOME@', home))
    return Server([NGINX, '-p', home + '/', '-c', conf], port, cpu,
                  os.path.join(home, 'output'))


def wrk(url, variant, seconds, busy):
    """
    Requests per second, or None after any error response. `busy`: it never
    sleeps, since it has its CPU for itself.
    """
    command = ['taskset', '-c', str(CPU_LOAD), 'wrk', '-t1',
               '-c%d' % variant.get('connections', CONNECTIONS),
               '-d%ds' % max(1, round(seconds)), '--timeout', '5s']
    if variant.get('script'):
        command += ['-s', variant['script']]
    for name, value in variant.get('headers', {}).items():
        command += ['-H', '%s: %s' % (name, value)]
    result = subprocess.run(command + [url], capture_output=True, text=True,
                            timeout=seconds + 30,
                            env={**os.environ, **variant.get('env', {}),
                                 **({'LD_PRELOAD': BUSY} if busy else {})})
    rate = re.search(r'Requests/sec:\s+([0-9.]+)', result.stdout)
    total = re.search(r'(\d+) requests in', result.stdout)
    refused = re.search(r'Non-2xx or 3xx responses: (\d+)', result.stdout)
    wanted = total.group(1) if variant.get('status') and total else '0'
    if result.returncode != 0 or rate is None:
        raise Unfit('wrk: ' + result.stdout + result.stderr)
    if (refused.group(1) if refused else '0') != wanted \
            or 'Socket errors' in result.stdout:
        return None
    return float(rate.group(1))


class Variant:
    """One side of a measure: its servers, its request, its proof."""

    def __init__(self, folder, spec):
        self.spec = spec
        self.servers = []
        self.folder = folder
        self.url = None
        self.cost = None             # CPU seconds per request, of the last run

    def __enter__(self):
        try:
            port = self.spec['start'](self)
            self.url = 'http://127.0.0.1:%d%s' % (port, self.spec['path'])
            self.prove()
            self.wrk(WARM_UP)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in reversed(self.servers):
            server.stop()

    def add(self, server):
        self.servers.append(server)
        return server

    def prove(self):
        """The right answer, and a refusal where one belongs."""
        headers = dict(self.spec.get('headers', {}))
        headers.update(self.spec.get('proof_headers', {}))
        status, answer_headers, body = fetch(self.url, headers)
        if status != self.spec.get('status', 200) \
                or not self.spec['good'](answer_headers, body):
            raise Unfit('%s: answer %d %r' % (self.spec['name'], status,
                                              body[:200]))
        for refused in self.spec.get('refuses', []):
            status, _, body = fetch(self.url, refused)
            if status != self.spec.get('refusal', 401):
                raise Unfit('%s: answer %d to %r' % (self.spec['name'],
                                                     status, refused))

    def wrk(self, seconds):
        alone = APART or len(self.servers) == 1
        return wrk(self.url, self.spec, seconds, alone)

    def run(self):
        before = self.servers[-1].cpu()
        rate = self.wrk(SECONDS)
        if rate:
            self.cost = (self.servers[-1].cpu() - before) \
                / (rate * max(1, round(SECONDS)))
        return rate

    def rss(self):
        return self.servers[-1].rss()


def bootstrap(ratios, rounds=2000):
    """The median and its 95 % interval."""
    middle = statistics.median(ratios)
    generator = random.Random(1)
    medians = sorted(statistics.median(generator.choices(ratios,
                                                         k=len(ratios)))
                     for _ in range(rounds))
    return middle, medians[rounds * 25 // 1000], medians[rounds * 975 // 1000]


def verification():
    """Seconds that OpenSSL takes for one RSA-2048 verification."""
    text = subprocess.run(['taskset', '-c', str(CPU_WORKER), 'openssl',
                           'speed', '-seconds', '1', 'rsa2048'], check=True,
                          capture_output=True, text=True).stdout
    return 1 / float(re.search(r'rsa 2048 bits.* ([0-9.]+)$', text,
                               re.M).group(1))


def compare(folder, ours, baseline, pairs):
    """
    Runs A B B A ... and returns the figures of `pairs` pairs. The ratio is
    that of the rates, or what our side's own "ratio" makes of the costs.
    """
    ratio = ours.get('ratio')
    with Variant(os.path.join(folder, 'a'), baseline) as a, \
            Variant(os.path.join(folder, 'b'), ours) as b:
        ratios, base_rates, our_rates, base_costs = [], [], [], []
        void = 0
        for i in range(pairs):
            order = (a, b) if i % 2 == 0 else (b, a)
            rates = {side: side.run() for side in order}
            if None in rates.values():
                void += 1
                continue
            base_rates.append(rates[a])
            our_rates.append(rates[b])
            base_costs.append(a.cost)
            ratios.append(ratio(b.cost, a.cost) if ratio
                          else rates[b] / rates[a])
        if void > pairs // 4 or not ratios:
            raise Unfit('%d of %d pairs had error responses' % (void, pairs))
        middle, low, high = bootstrap(ratios)
        return {'ratio': middle, 'low': low, 'high': high, 'void': void,
                'pairs': len(ratios), 'rss': b.rss(), 'rss_base': a.rss(),
                'rate': statistics.median(our_rates),
                'rate_base': statistics.median(base_rates),
                'cost_base': statistics.median(base_costs)}
