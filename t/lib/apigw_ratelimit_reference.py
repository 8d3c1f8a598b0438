"""Limits as the specification words them, in Python's whole numbers.

No formula is shared with the cores: months are the calendar's, weights are
fractions, and how long to wait is searched for.
"""

import datetime
from fractions import Fraction
from math import ceil

SECOND = 8000000
EPOCH = datetime.datetime(2024, 1, 1)
MOST = {'q': 2 ** 51 - 1, 'm': 2 ** 51 - 1, 'f': 2 ** 51 - 1,
        's': 2 ** 32 - 1, 'k': 2 ** 32 - 1}


def month_start(year, month):
    return int((datetime.datetime(year + month // 12, month % 12 + 1, 1)
                - EPOCH).total_seconds()) * SECOND


def months(now):
    """The starts of last month, this one and the next two."""
    date = EPOCH + datetime.timedelta(seconds=now // SECOND)
    return [max(0, month_start(date.year, date.month - 1 + i))
            for i in (-1, 0, 1, 2)]


class Limit:
    def __init__(self, key, kind, most, length, cost=1, mode='0', until=0):
        self.key, self.kind, self.most, self.length = key, kind, most, length
        self.cost, self.mode, self.until = cost, mode, until

    # Windows: buckets by the tick they start at

    @property
    def older(self):
        return {'s': 1, 'k': int(self.kind[1:] or 0)}.get(self.kind[0], 0)

    @property
    def bucket(self):
        return -(-self.length // self.older) if self.kind[0] == 'k' \
            else self.length

    def period(self, now):
        """As the script is told."""
        if self.kind == 'm':
            return ':'.join(map(str, months(now)))
        return self.bucket

    def start(self, now):
        return months(now)[1] if self.kind == 'm' else now - now % self.bucket

    def end(self, start):
        return months(start)[2] if self.kind == 'm' else start + self.bucket

    def roll(self, state, now):
        """The newest bucket's start and the counts of all that count."""
        if self.kind == 'f':
            if state:
                start = state[0]
                if start <= now < start + self.length \
                        or now < start <= now + self.length:
                    return state
            return now, {now: 0}

        start = self.start(now)
        if state is None:
            return start, {start: 0}

        newest, counts = state
        ahead = newest
        for _ in range(max(self.older, 1)):
            if ahead <= start:
                break
            ahead = months(ahead)[0] if self.kind == 'm' \
                else ahead - self.bucket
        if ahead > start:
            return start, {start: 0}

        start = max(start, newest)
        return start, {s: n for s, n in counts.items()
                       if start - s <= self.older * (self.bucket or 0)}

    def used(self, state, now):
        start, counts = self.roll(state, now)
        if self.kind != 's':
            return sum(counts.values())

        left = min(self.length, self.end(start) - now)
        weight = ceil(Fraction(65536 * left, self.length))
        return counts.get(start, 0) \
            + ceil(Fraction(counts.get(start - self.length, 0) * weight,
                            65536))

    # A rate's state is its TAT

    def tat(self, state, now):
        return min(max(state or 0, now), now + 2 * self.most * self.length)

    def room(self, state, now):
        if self.kind == 'r':
            return Fraction(now + self.most * self.length
                            - self.tat(state, now), self.length)
        return self.most - self.used(state, now)

    def fits(self, state, now, n):
        if self.cost == 0:
            return n
        if self.cost > self.most:
            return 0
        return max(0, min(n, self.room(state, now) // self.cost))

    def charge(self, state, now, units):
        if self.kind == 'r':
            return self.tat(state, now) + units * self.length
        start, counts = self.roll(state, now)
        counts = dict(counts)
        counts[start] = min(counts.get(start, 0) + units, MOST[self.kind[0]])
        return start, counts

    def report(self, state, now):
        room = self.room(state, now)
        full = self.tat(state, now) - now if self.kind == 'r' \
            else self.end(self.roll(state, now)[0]) - now
        return max(0, int(room // 1)), full, self.retry(state, now)

    def retry(self, state, now):
        if self.cost > self.most:
            return -1

        if self.kind == 'r':
            state = self.tat(state, now)

        # states only empty, as nothing else comes: the first tick is searched
        low, high = -1, 1
        while not self.passes(state, now + high):
            low, high = high, high * 2
        if self.passes(state, now):
            return 0
        low = max(low, 0)
        while high - low > 1:
            middle = (low + high) // 2
            if self.passes(state, now + middle):
                high = middle
            else:
                low = middle
        return high

    def passes(self, state, when):
        return self.cost == 0 or self.room(state, when) >= self.cost

    def adjust(self, state, now):
        """The state after a debit or a refund; the same one: no change."""
        if self.cost == 0:
            return state

        if self.mode == '+':
            if self.kind == 'r':
                return min(max(state or 0, now) + self.cost * self.length,
                           now + 2 * self.most * self.length)
            return self.charge(state, now, self.cost)

        if state is None:
            return state

        if self.kind == 'r':
            if self.cost > self.most:
                return state
            back = self.cost * self.length - max(0, now - self.until)
            return max(0, state - max(0, back))

        start, counts = self.roll(state, now)
        older = [s for s in (start - i * (self.bucket or 0)
                             for i in range(self.older + 1))
                 if self.end(s) == self.until]
        if not older:
            return state
        counts = dict(counts)
        counts[older[0]] = max(0, counts.get(older[0], 0) - self.cost)
        return start, counts

    def text(self, state):
        """As the script stores it."""
        if state is None:
            return '-'
        if self.kind == 'r':
            return str(state)
        start, counts = state
        number = start if self.kind in 'fm' else start // self.bucket
        return '%d:%s' % (number, (':' if self.kind == 's' else ',').join(
            str(counts.get(start - i * (self.bucket or 0), 0))
            for i in range(self.older + 1)))


def take(states, clock, n, limits):
    """The reply: j, then remaining, full, retry and fits of each.

    The clock is a number, or tells the time for a limit.
    """
    time = clock if callable(clock) else lambda p: clock
    fits = [p.fits(states.get(p.key), time(p), n) for p in limits]
    j = min([n] + [m for p, m in zip(limits, fits) if p.mode != '1'])
    reply = [j]

    for p, m in zip(limits, fits):
        units = min(j, m) * p.cost
        if units:
            states[p.key] = p.charge(states.get(p.key), time(p), units)
        reply += [*p.report(states.get(p.key), time(p)), m]

    return reply


def adjust(states, clock, limits):
    time = clock if callable(clock) else lambda p: clock
    for p in limits:
        states[p.key] = p.adjust(states.get(p.key), time(p))
        if states[p.key] is None:
            del states[p.key]
