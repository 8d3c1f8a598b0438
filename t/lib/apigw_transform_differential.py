"""The transform cores and a slow reference on the same work.

Random documents, random lists of operations; for each of them every way to cut
the input in two, byte by byte, and small output buffers. Speaks TAP.
APIGW_DIFFERENTIAL_CASES and _SEED choose how many and which.
"""

import glob
import os
import random
import shlex
import subprocess
import sys
import tempfile

HOME = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
sys.path.insert(0, os.path.join(HOME, 't', 'lib'))
sys.dont_write_bytecode = True

import apigw_transform_reference as reference    # noqa: E402

CASES = int(os.environ.get('APIGW_DIFFERENTIAL_CASES', '3000'))
SEED = int(os.environ.get('APIGW_DIFFERENTIAL_SEED', '1'))

# Flags of t/lib/transform_driver.c
RESPONSE, LAST, PASS, CUT = 1, 2, 4, 8

NAMES = ['a', 'b', 'c', '0', '1', '', '*', 'a/b', 'x~', 'é', '\x7f', 'q"']
SCALARS = ['null', 'true', 'false', '0', '-0', '1.10', '1E400', '""',
           '9007199254740993', '"a\\u0000b"', '"\\/\\ud83d\\ude00"', '"é"',
           '123456789012345678901234567890']
VALUES = ['', 'null', '1', '-1.50', '01', 'true', 'a"\n', '{"a":[1,2]}',
          '[]', ' [ ]', 'é', '1E9', '{"a":1', 'NaN']
TYPES = ['string', 'number', 'boolean', 'null', 'json']


def build(out):
    driver = os.path.join(out, 'transform_driver')
    module = 'ngx_http_apigw_transform_module'
    sources = [s for s in glob.glob(os.path.join(HOME, 'common', 'apigw_*.c'))
               if 'resp' not in s]
    sources += glob.glob(os.path.join(HOME, module, 'apigw_*.c'))
    subprocess.run(
        [*shlex.split(os.environ.get('CC', 'cc')),
         '-std=c11', '-D_GNU_SOURCE', '-g', '-O1',
         '-fsanitize=address,undefined', '-fno-sanitize-recover=all',
         '-I', os.path.join(HOME, 'common'), '-I', os.path.join(HOME, module),
         '-o', driver, os.path.join(HOME, 't', 'lib', 'transform_driver.c'),
         *sources, '-lcrypto', '-lz'],
        check=True)
    return driver


class Driver:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def run(self, doc, ops, values, flags):
        text = '\x1e'.join('\x1f'.join(op) for op in ops).encode()
        doc = doc.encode()
        values = ''.join(v + '\x1f' for v in values).encode()
        self.process.stdin.write(b'%d %d %d %d\n' % (len(text), len(doc),
                                                     len(values), flags)
                                 + text + doc + values)
        self.process.stdin.flush()
        code, word, offset, length = self.process.stdout.readline().split()
        return (int(code), word.decode(),
                self.process.stdout.read(int(length)).decode())


def some_name(r):
    return r.choice(NAMES[:4] if r.random() < 0.9 else NAMES)


def document(r, twice, depth=0):
    def blank():
        return r.choice(['', '', '', ' ', '\n\t'])

    kind = r.random()

    if depth > 4 or kind < 0.25 + 0.1 * depth:
        return r.choice(SCALARS)

    n = r.choice([0, 1, 2, 2, 3, 4])

    if kind < 0.7:
        names = [some_name(r) for _ in range(n)]
        if not twice:
            names = list(dict.fromkeys(names))
        return '{' + ','.join(
            blank() + source(r, name) + blank() + ':' + blank()
            + document(r, twice, depth + 1) for name in names) + blank() + '}'

    return '[' + ','.join(blank() + document(r, twice, depth + 1) + blank()
                          for _ in range(n)) + ']'


def source(r, name):
    if name and r.random() < 0.1:
        return '"\\u%04x%s"' % (ord(name[0]), reference.encode(name[1:])[1:-1])
    return reference.encode(name)


def segment(r, star=True):
    if star and r.random() < 0.3:
        return '*'
    name = some_name(r)
    return (name.replace('~', '~0').replace('/', '~1').replace('*', '~2'))


def pointer(r, least=0, star=True):
    n = max(least, r.choice([0, 1, 1, 2, 2, 3]))
    return ''.join('/' + segment(r, star) for _ in range(n))


def value_op(r, word, values):
    kind = r.choice(TYPES)
    text = r.choice(VALUES)
    p = pointer(r, 1 if r.random() < 0.9 else 0)
    if word != 'replace' and r.random() < 0.1:
        p += '/-'
    op = [word, p, text, 'type=' + kind]
    if r.random() < 0.8:
        op.append('on_invalid=skip')
    values.append(text)
    return op


def operation(r, whole, values):
    word = r.choice(['keep', 'drop', 'remove', 'target', 'group', 'map',
                     'rename', 'replace']
                    + (['set', 'add', 'move', 'copy'] if whole else []))

    if word in ('keep', 'drop', 'remove'):
        return [word] + [pointer(r, 1 if r.random() < 0.9 else 0)
                         for _ in range(r.choice([1, 1, 2, 3]))]
    if word == 'target':
        op = [word, pointer(r)]
        return op + r.choice([[], ['missing=null'], ['missing=error']])
    if word == 'group':
        return [word, some_name(r)]
    if word == 'map':
        n = r.choice([1, 1, 2])
        froms = r.sample(NAMES[:6], n)
        tos = r.sample(NAMES[:6], n)
        return [word, pointer(r)] + [
            '/' + a + '=/' + b for a, b in zip(froms, tos)]
    if word == 'rename':
        return [word, pointer(r) + '/' + segment(r, False), some_name(r)]
    if word in ('replace', 'set', 'add'):
        return value_op(r, word, values)

    prefix = pointer(r) if r.random() < 0.5 else ''
    return [word, prefix + pointer(r, 0, False), prefix + pointer(r, 0, False)]


def valid(op):
    if op[0] == 'map':
        return not any('*' in p for p in op[2:])
    return True


def expected(doc, ops, values, flags):
    try:
        return 0, '-', reference.squeeze(
            reference.run(doc, ops, values, flags & LAST))
    except reference.Shape:
        return -2, 'json_shape', ''
    except reference.Invalid:
        return -2, 'value_invalid', ''


def case(seed, whole):
    r = random.Random(seed)
    values = []
    ops = []
    while len(ops) < r.choice([1, 1, 2, 3, 4]):
        kept = len(values)
        op = operation(r, whole, values)
        if valid(op):
            ops.append(op)
        else:
            del values[kept:]

    flags = CUT | r.choice([0, 0, RESPONSE])
    twice = r.random() < 0.2
    if twice:
        flags |= LAST if whole else r.choice([LAST, PASS])
    return document(r, twice), ops, values, flags


def check(driver, seed, whole):
    doc, ops, values, flags = case(seed, whole)
    want = expected(doc, ops, values, flags)
    code, word, got = driver.run(doc, ops, values, flags)
    got = (code, word, reference.squeeze(got) if code == 0 else '')

    if got == want:
        return True

    print('# case %d of seed %d' % (seed, SEED))
    print('#  document %r' % doc)
    for op in ops:
        print('#  json %s' % ' '.join(repr(a) for a in op))
    print('#  values   %r' % values)
    print('#  wanted   %r' % (want,))
    print('#  got      %r' % (got,))
    return False


def main():
    with tempfile.TemporaryDirectory() as out:
        driver = Driver(build(out))
        tests = [('streaming operations', False), ('all operations', True)]

        for i, (title, whole) in enumerate(tests):
            failed = 0
            for n in range(CASES):
                if not check(driver, SEED * 1000000 + n, whole):
                    failed += 1
                    if failed == 5:
                        break
            print('%sok %d - %s as the reference does them'
                  % ('not ' if failed else '', i + 1, title), flush=True)

        print('1..%d' % len(tests))
        driver.process.stdin.close()
        sys.exit(driver.process.wait() != 0)


main()
