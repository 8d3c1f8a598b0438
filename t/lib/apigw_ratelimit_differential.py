"""The script under Lua and in Redis, the cores in C and the table of slots give
what a reference in whole numbers gives, request by request.

Random sequences of takes, refunds and debits, of one to four limits of mixed
kinds, with a clock that also steps back and limits that change. Speaks TAP.
APIGW_DIFFERENTIAL_CASES and _SEED choose how many and which; REDIS is the
socket of a server.
"""

import copy
import glob
import os
import random
import shlex
import socket
import subprocess
import sys
import tempfile

HOME = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
sys.path.insert(0, os.path.join(HOME, 't', 'lib'))
sys.dont_write_bytecode = True

import apigw_ratelimit_reference as reference    # noqa: E402

MODULE = os.path.join(HOME, 'ngx_http_apigw_ratelimit_module')
SCRIPT = os.path.join(MODULE, 'apigw_ratelimit.lua')
CASES = int(os.environ.get('APIGW_DIFFERENTIAL_CASES', '4000'))
SEED = int(os.environ.get('APIGW_DIFFERENTIAL_SEED', '1'))

SECOND = reference.SECOND
DAY = 86400 * SECOND
UNIX = 1704067200


# Those who are compared

class Driver:
    """The cores, or the table, in C."""

    def __init__(self, path):
        self.process = subprocess.Popen([path], text=True, bufsize=1,
                                        stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def ask(self, engine, operation, now, wall, n, limits):
        words = [engine, operation, now, wall, n]
        for p in limits:
            words += [p.key, p.kind, p.mode, p.cost, p.most, p.length]
            words += [p.until] if operation == 'adjust' else []
        self.process.stdin.write(' '.join(map(str, words)) + '\n')
        return self.process.stdout.readline().split()


def build(out):
    driver = os.path.join(out, 'ratelimit_driver')
    sources = [s for s in glob.glob(os.path.join(MODULE, 'apigw_*.c'))]
    subprocess.run(
        [*shlex.split(os.environ.get('CC', 'cc')),
         '-std=c11', '-D_GNU_SOURCE', '-g', '-O1',
         '-fsanitize=address,undefined', '-fno-sanitize-recover=all',
         '-I', os.path.join(HOME, 'common'), '-I', MODULE,
         '-o', driver, os.path.join(HOME, 't', 'lib', 'ratelimit_driver.c'),
         os.path.join(HOME, 'common', 'apigw_siphash.c'), *sources],
        check=True)
    return driver


def arguments(operation, now, n, limits):
    """KEYS and ARGV of the script."""
    words = ['k%d' % p.key for p in limits] + [7, operation, n]
    for p in limits:
        words += [p.kind, p.mode, p.cost, p.most, p.period(now),
                  p.until if p.mode == '-' else '']
    return words


class Lua:
    def __init__(self):
        host = os.path.join(HOME, 't', 'lib', 'redis_host.lua')
        self.process = subprocess.Popen(['lua5.1', host, SCRIPT], text=True,
                                        bufsize=1, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def say(self, *words):
        self.process.stdin.write('\t'.join(map(str, words)) + '\n')
        return self.process.stdout.readline().rstrip('\n')

    def ask(self, operation, now, n, limits):
        self.say('time', UNIX + now // SECOND, now % SECOND // 8)
        line = self.say('call', len(limits),
                        *arguments(operation, now, n, limits))
        reply, _, writes = line.partition('\t')
        return reply.split(), dict(w.split('=') for w in writes.split())


class Redis:
    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(address)
        self.file = self.socket.makefile('rb')
        with open(SCRIPT, 'rb') as file:
            self.sha = self.command('SCRIPT', 'LOAD', file.read())

    def command(self, *words):
        words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        self.socket.sendall(b'*%d\r\n' % len(words) + b''.join(
            b'$%d\r\n%s\r\n' % (len(w), w) for w in words))
        return self.reply()

    def reply(self):
        line = self.file.readline()[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b'-':
            raise RuntimeError(rest.decode())
        if kind == b':':
            return int(rest)
        if kind == b'+':
            return rest
        if kind == b'*':
            return [self.reply() for _ in range(int(rest))]
        return None if rest == b'-1' else self.file.read(int(rest) + 2)[:-2]

    def ask(self, operation, n, limits, now):
        return self.command('EVALSHA', self.sha, len(limits),
                            *arguments(operation, now, n, limits))


# What they are asked

KINDS = ['r', 'q', 'm', 'f', 's', 'k2', 'k6', 'k7', 'k60']
LENGTHS = [SECOND, 2 * SECOND, 7 * SECOND, 60 * SECOND, 3600 * SECOND, DAY]


class Sequence:
    """Keys of one kind and length each; all else changes."""

    def __init__(self, r, short=False):
        self.r = r
        self.keys = []
        self.charged = []
        for key in range(40):
            kind = KINDS[key] if key < len(KINDS) else r.choice(KINDS)
            length = r.choice(LENGTHS[:3] if short else LENGTHS)
            if not short and r.random() < 0.1:
                length = {'r': DAY, 'q': 300 * DAY, 'f': 300 * DAY}.get(
                    kind, 31 * DAY)
            if kind == 'm':
                length = 0
            if kind == 'r':
                length = r.choice([1, 8, 7, 4800000, SECOND, length])
            self.keys.append((key, kind, length))
        self.now = 800 * DAY + r.randrange(DAY // 8) * 8
        self.steady = DAY            # never steps back; has 52 bits

    def limit(self, key, kind, length):
        r = self.r
        most = r.choice([1, 2, 3, 10, 100, 10 ** 9])
        if kind in 'qmf':
            most = r.choice([most, 10 ** 12])
        if kind == 'r':
            most = min(most, 31 * DAY // length)
        cost = r.choice([0, 1, 1, 1, 1, 2, 3, r.randint(1, most), most,
                         most + 1])
        return reference.Limit(key, kind, most, length, min(cost, 10 ** 9),
                               '1' if r.random() < 0.15 else '0')

    def limits(self):
        keys = self.r.sample(self.keys[:self.r.choice([3, 9, 40])],
                             self.r.randint(1, 3))
        return [self.limit(*key) for key in keys]

    def move(self):
        """Mostly onwards, often not at all; now and then far, or back."""
        r = self.r
        length = r.choice(self.keys)[2] or 31 * DAY
        step = r.choice([0, 0, 0, r.randrange(SECOND), r.randrange(length),
                         r.randrange(length // 20 + 1)])
        if r.random() < 0.03:
            step = r.randrange(3 * length)
        if r.random() < 0.04:
            step = -r.randrange(3 * length)
        if step > 40 * DAY and r.random() < 0.9:
            step = 0
        self.now = max(400 * DAY, self.now + step // 8 * 8)
        self.steady = min(self.steady + max(0, step), 6000 * DAY)
        if self.now > 4000 * DAY:
            self.now = 800 * DAY

    def table_time(self, p):
        return self.now if p.kind in 'qm' else self.steady

    def adjustments(self):
        """Of what was charged, and of what was not."""
        r = self.r
        made = []
        for _ in range(r.randint(1, 3)):
            p = self.limit(*r.choice(self.keys[:r.choice([3, 9, 40])]))
            p.mode = '+' if r.random() < 0.4 else '-'
            if p.mode == '-' and self.charged:
                p = r.choice(self.charged[-10:])
            elif p.mode == '-':
                p.until = self.now + r.randrange(SECOND)
            made.append(p)
        return made

    def took(self, states, limits, reply):
        """Remembers what a refund of the last request charged must know."""
        j = reply[0]
        for i, p in enumerate(limits):
            full, fits = reply[2 + 4 * i], reply[4 + 4 * i]
            if min(j, fits) and p.cost:
                if p.kind == 'r':
                    full -= p.cost * p.length
                p = reference.Limit(p.key, p.kind, p.most, p.length, p.cost,
                                    '-', self.now + full)
                p.table_until = self.table_time(p) + full
                self.charged.append(p)


def complain(step, who, got, want, limits):
    print('# step %d of seed %d: %s' % (step, SEED, who))
    for p in limits:
        print('#  %s' % vars(p))
    print('#  wanted %s' % ' '.join(map(str, want)))
    print('#  got    %s' % ' '.join(map(str, got)), flush=True)


def compare(driver, lua):
    """All but Redis, whose clock is not ours."""
    r = random.Random(SEED)
    s = Sequence(r)
    states, table = {}, {}
    failed = 0
    seen = {'all': 0, 'some': 0, 'none': 0, 'changed': 0}

    for step in range(CASES):
        s.move()
        adjust = r.random() < 0.2
        n = 0 if adjust else r.choice([1, 1, 1, 2, 3, 7])
        limits = s.adjustments() if adjust else s.limits()
        operation = 'adjust' if adjust else 'take'
        before = {p.key: p.text(states.get(p.key)) for p in limits}

        if adjust:
            reference.adjust(states, s.now, limits)
            reply = []
        else:
            reply = reference.take(states, s.now, n, limits)
            s.took(states, limits, reply)
            seen['all' if reply[0] == n else 'some' if reply[0] else
                 'none'] += 1

        after = {p.key: p.text(states.get(p.key)) for p in limits}
        want = [str(v) for v in reply]
        texts = [after[p.key] for p in limits]

        got = driver.ask('core', operation, s.now, 0, n, limits)
        if got != want + texts:
            complain(step, 'the cores', got, want + texts, limits)
            failed += 1

        here = [copy.copy(p) for p in limits]
        for p in here:
            p.until = getattr(p, 'table_until', p.until)
        got = driver.ask('zone', operation, s.steady, s.now, n, here)
        if adjust:
            flat = []
            reference.adjust(table, s.table_time, here)
        else:
            flat = [str(v) if i % 4 or i == 0 else '0' for i, v in enumerate(
                reference.take(table, s.table_time, n, here))]
        if got != flat:
            complain(step, 'the table', got, flat, limits)
            failed += 1

        got, writes = lua.ask(operation, s.now, n or '', limits)
        head = ['7', want[0], str(s.now)] if not adjust else ['7', str(s.now)]
        if got != head + want[1:]:
            complain(step, 'the script', got, head + want[1:], limits)
            failed += 1

        for p in limits:
            written = writes.get('k%d' % p.key)
            if before[p.key] != after[p.key]:
                seen['changed'] += 1
                if written is None or written.split('/')[0] != after[p.key]:
                    complain(step, 'the script\'s state', [written],
                             [after[p.key]], limits)
                    failed += 1
            elif written is not None and not adjust:
                complain(step, 'a write', [written], ['none'], limits)
                failed += 1

        if failed >= 3:
            break

    print('# %s' % seen)
    return failed == 0 and (CASES < 2000 or min(seen.values()) > 100)


def compare_redis(redis):
    """Short windows, as its clock can't be moved."""
    r = random.Random(SEED + 1)
    s = Sequence(r, short=True)
    states = {}
    failed = 0

    for step in range(CASES // 2):
        adjust = r.random() < 0.2
        n = r.choice([1, 1, 2, 7])
        limits = s.adjustments() if adjust else s.limits()
        seconds, micros = redis.command('TIME')
        now = (int(seconds) - UNIX) * SECOND + int(micros) * 8

        got = redis.ask('adjust' if adjust else 'take', n, limits, now)

        if adjust:
            reference.adjust(states, got[1], limits)
            continue

        s.now = got[2]
        reply = reference.take(states, s.now, n, limits)
        s.took(states, limits, reply)
        want = [7, reply[0], s.now] + reply[1:]

        if got != want:
            complain(step, 'Redis', got, want, limits)
            failed += 1

        for p in limits:
            left = redis.command('PTTL', 'k%d' % p.key)
            if left == -1:
                complain(step, 'a key that never expires', [p.key], [], limits)
                failed += 1

        if failed >= 3:
            break

    return failed == 0


def main():
    with tempfile.TemporaryDirectory() as out:
        driver = Driver(build(out))
        lua = Lua()
        tests = [('cores, table and script do as the reference does',
                  compare(driver, lua)),
                 ('so does Redis', compare_redis(Redis(os.environ['REDIS'])))]

        for i, (title, passed) in enumerate(tests):
            print('%sok %d - %s' % ('' if passed else 'not ', i + 1, title))

        print('1..%d' % len(tests))
        driver.process.stdin.close()
        lua.process.stdin.close()
        lua.process.wait()
        sys.exit(driver.process.wait() != 0
                 or not all(passed for _, passed in tests))


main()
