"""Paired, alternating measures of the modules against their peers.

    POLICY=auth|ratelimit|transform|gateway|all PAIRS=20 make bench
    MEASURE=name              one measure alone
    SECONDS_PER_RUN, WARM_UP  5 and 3 seconds
    PEER_TESLAGOV=PATH        the peer's module, built for the same nginx;
                              without it its measure is skipped

Prints a line BENCH name ratio target ok|short per measure and writes the
tables of docs/performance.md. A control, the same configuration on both
sides, outside of 1.00 +- 0.02 marks the run as noisy: the document stays as
it is then.
"""

import datetime
import os
import re
import subprocess
import sys

import bench_figures
import bench_limits
import bench_measures as measures
import bench_run as run
import bench_variants as variants

PEERS = {'cJSON': 'cJSON: parse, edit, print', 'goal': 'a microsecond'}
FIGURES = {**bench_figures.POLICIES, **bench_limits.POLICIES}
DOCUMENT = os.path.join(variants.ROOT, 'docs', 'performance.md')


def machine():
    with open('/proc/cpuinfo') as f:
        model = re.search(r'model name\s*: (.*)', f.read())
    placement = 'worker, services and load generator on CPUs of their own' \
        if run.APART else 'worker on one CPU; services and load generator ' \
        'share the other'
    packages = subprocess.run(
        ['dpkg-query', '-W', '-f', '${Package} ${Version}, ', 'nginx',
         'haproxy', 'libnginx-mod-http-lua', 'libnginx-mod-http-js',
         'redis-server', 'wrk', 'libssl3'],
        capture_output=True, text=True).stdout.rstrip(', ')
    return '%s, %d CPUs (%s); %s' % (
        model.group(1).strip() if model else os.uname().machine,
        len(run.CPUS), placement, packages)


def line(name, figures, target):
    met = 'ok' if figures['ratio'] >= target else 'short'
    print('BENCH %s %.3f %.2f %s' % (name, figures['ratio'], target, met),
          flush=True)
    print('    95%% interval %.3f to %.3f, %d pairs (%d void); %.0f/s against '
          '%.0f/s; RSS %.1f MB against %.1f MB'
          % (figures['low'], figures['high'], figures['pairs'],
             figures['void'], figures['rate'], figures['rate_base'],
             figures['rss'], figures['rss_base']), flush=True)
    return met


def cores(program):
    """Rows of a core's own program, which measures it against a library."""
    text = subprocess.run([os.path.join(variants.HOME, program)], check=True,
                          capture_output=True, text=True).stdout
    print(text, end='', flush=True)
    return [row(name, PEERS[peer], float(ratio), '%s, %s %s'
                % (ours, theirs, unit), float(target), met)
            for ours, unit, peer, theirs, name, ratio, target, met
            in re.findall(r'core (\d+) (\S+), (\S+) (\d+) \S+\n'
                          r'BENCH (\S+) (\S+) (\S+) (\S+)\n', text)]


def row(name, baseline, ratio, shown, target, met):
    """A row of the table without an interval."""
    return '| `%s` | %s | %.3f | | %s | | %.2f | %s |' % (
        name, baseline, ratio, shown, target,
        'yes' if met == 'ok' else '**short**')


def limits(measure, keys):
    """Rows of what is no rate: a limit over what was measured."""
    rows = []
    for name, limit, value, unit in measure(*keys):
        ratio = limit / value
        met = 'ok' if ratio >= 1 else 'short'
        print('%s: %.4g %s, at most %.4g\nBENCH %s %.3f 1.00 %s'
              % (name, value, unit, limit, name, ratio, met), flush=True)
        rows.append(row(name, 'at most %.4g %s' % (limit, unit), ratio,
                        '%.4g %s' % (value, unit), 1, met))
    return rows


def table(policy, rows, more, noise, pairs):
    today = datetime.date.today().isoformat()
    text = ['### %s' % policy, '',
            'Measured %s, %d pairs of %g s; the control gave %.3f.'
            % (today, pairs, run.SECONDS, noise), '',
            '| measure | baseline | ratio | 95 % | requests/s, ours and '
            'baseline | worker RSS, MB | goal | met |',
            '|---|---|---|---|---|---|---|---|']
    for name, baseline, figures, target, met in rows:
        text.append('| `%s` | %s | %.3f | %.3f to %.3f | %.0f, %.0f | %.1f, '
                    '%.1f | %.2f | %s |'
                    % (name, baseline, figures['ratio'], figures['low'],
                       figures['high'], figures['rate'],
                       figures['rate_base'], figures['rss'],
                       figures['rss_base'], target,
                       'yes' if met == 'ok' else '**short**'))
    return '\n'.join(text + more) + '\n'


def write(policy, text):
    """Puts a policy's table between its marks."""
    with open(DOCUMENT) as f:
        document = f.read()
    for name, part in ((policy, text), ('machine', machine() + '\n')):
        first, last = '<!-- %s -->\n' % name, '<!-- end %s -->' % name
        before, rest = document.split(first)
        document = before + first + part + last + rest.split(last)[1]
    with open(DOCUMENT, 'w') as f:
        f.write(document)


def bounded(ours, figures, target, tops):
    """What is to be reached where the machine itself leaves less room."""
    if 'top' in ours:
        tops.append(ours['top'](figures['cost_base']))
        print('    no server that does both exceeds %.0f/s' % tops[-1])
    if 'bound' in ours and tops and tops[-1] < target * figures['rate_base']:
        target = 0.85 * tops[-1] / figures['rate_base']
        print('    the ceiling decides: 0.85 of it is %.2f' % target)
    return target


def bench(policy, pairs, keys):
    only = os.environ.get('MEASURE')
    rows = []
    first, second = measures.control()
    noise = run.compare(variants.HOME, first, second, max(4, pairs // 2))
    print('control %s: %.3f (%.3f to %.3f)' % (
        policy, noise['ratio'], noise['low'], noise['high']), flush=True)
    failed = False
    tops = []
    for name, ours, baseline, what, target in measures.POLICIES[policy](*keys):
        if only and only != name:
            continue
        if not baseline['start']:
            print('BENCH %s skipped: PEER_%s names no module' % (
                name, baseline['name'].upper()), flush=True)
            continue
        try:
            figures = run.compare(variants.HOME, ours, baseline, pairs)
            target = bounded(ours, figures, target, tops)
        except run.Unfit as reason:
            print('BENCH %s void: %s' % (name, reason), flush=True)
            failed = True
            continue
        rows.append((name, what, figures, target,
                     line(name, figures, target)))
    more = [] if only else [row for program in measures.CORES.get(policy, [])
                            for row in cores(program)]
    for name, measure in FIGURES.get(policy, []):
        if not only or only == name:
            more += limits(measure, keys)
    noisy = abs(noise['ratio'] - 1) > 0.02
    if noisy:
        print('noisy: the control is outside of 1.00 +- 0.02, the document '
              'stays as it is', flush=True)
    elif rows and not failed and not only:
        write(policy, table(policy, rows, more, noise['ratio'], pairs))
    return failed


def main():
    wanted = os.environ.get('POLICY') or 'all'
    pairs = int(os.environ.get('PAIRS') or 20)
    policies = list(measures.POLICIES) if wanted == 'all' else [wanted]
    for policy in policies:
        if policy not in measures.POLICIES:
            print('bench: POLICY=%s is none of: %s all' % (
                policy, ' '.join(measures.POLICIES)), file=sys.stderr)
            return 2
    keys = measures.prepare()
    failed = [policy for policy in policies if bench(policy, pairs, keys)]
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
