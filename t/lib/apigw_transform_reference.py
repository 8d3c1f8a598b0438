"""A slow reference for the JSON operations of apigw_transform, on trees.

Scalars and names keep their source text. A document is written without white
space, so results are compared with the white space outside of strings cut.
"""

import json
import re

DROPPED = object()

SCALAR = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,:{}\[\]"]+')


class Shape(Exception):
    pass


class Invalid(Exception):
    pass


class Leaf:
    def __init__(self, text):
        self.text = text


class Object:
    def __init__(self, members):
        self.members = members      # of (source of the name, name, value)


class Array:
    def __init__(self, elements):
        self.elements = elements


def parse(text):
    value, at = parse_value(text, skip(text, 0))
    assert skip(text, at) == len(text)
    return value


def skip(text, at):
    while at < len(text) and text[at] in ' \t\r\n':
        at += 1
    return at


def parse_value(text, at):
    if text[at] not in '{[':
        m = SCALAR.match(text, at)
        return Leaf(m.group()), m.end()

    closer = '}' if text[at] == '{' else ']'
    items = []
    at = skip(text, at + 1)

    while text[at] != closer:
        if text[at] == ',':
            at = skip(text, at + 1)

        if closer == '}':
            m = SCALAR.match(text, at)
            at = skip(text, m.end())
            assert text[at] == ':'
            value, at = parse_value(text, skip(text, at + 1))
            items.append((m.group(), decode(m.group()), value))
        else:
            value, at = parse_value(text, at)
            items.append(value)

        at = skip(text, at)

    return (Object if closer == '}' else Array)(items), at + 1


def decode(source):
    return json.loads(source)


def encode(name):
    return json.dumps(name, ensure_ascii=False).replace('\x7f', '\\u007f')


def write(value):
    if isinstance(value, Object):
        return '{' + ','.join(source + ':' + write(v)
                              for source, _, v in value.members) + '}'
    if isinstance(value, Array):
        return '[' + ','.join(write(v) for v in value.elements) + ']'
    return value.text


def squeeze(text):
    return re.sub(r'("(?:[^"\\]|\\.)*")|\s+', lambda m: m.group(1) or '', text)


# Pointers: lists of segments; ANY is "*".

ANY = object()


def pointer(text):
    if text == '':
        return []
    return [ANY if s == '*' else
            s.replace('~2', '*').replace('~1', '/').replace('~0', '~')
            for s in text[1:].split('/')]


def index(segment):
    if segment is not ANY and re.fullmatch(r'0|[1-9][0-9]*', segment):
        return int(segment)
    return None


def fit_name(tails, name):
    return [t[1:] for t in tails if t[0] is ANY or t[0] == name]


def fit_index(tails, i):
    return [t[1:] for t in tails if t[0] is ANY or index(t[0]) == i]


def children(value):
    """Pairs of a function that finds a child's tails, and the child."""
    if isinstance(value, Object):
        return [(lambda t, n=n: fit_name(t, n), v)
                for _, n, v in value.members]
    if isinstance(value, Array):
        return [(lambda t, i=i: fit_index(t, i), v)
                for i, v in enumerate(value.elements)]
    return []


def rebuild(value, work):
    """The container with each child that work(child, fit) does not drop."""
    if isinstance(value, Object):
        new = [(s, n, work(v, lambda t, n=n: fit_name(t, n)))
               for s, n, v in value.members]
        return Object([m for m in new if m[2] is not DROPPED])
    new = [work(v, lambda t, i=i: fit_index(t, i))
           for i, v in enumerate(value.elements)]
    return Array([v for v in new if v is not DROPPED])


def keep(value, tails):
    if [] in tails:
        return value
    if isinstance(value, Leaf) or not tails:
        return DROPPED
    return rebuild(value, lambda v, fit: keep(v, fit(tails)))


def at(value, tails, act):
    """Replaces each value that a tail ends at by act(value)."""
    if [] in tails:
        return act(value)
    if isinstance(value, Leaf) or not tails:
        return value
    return rebuild(value, lambda v, fit: at(v, fit(tails), act))


def find(value, tail):
    """The first value at a pointer, or DROPPED."""
    if not tail:
        return value
    for fit, child in children(value):
        for rest in fit([tail]):
            found = find(child, rest)
            if len(rest) == 0 or found is not DROPPED:
                return found
    return DROPPED


def rename(value, pairs):
    if not isinstance(value, Object):
        return value
    new = []
    for source, name, v in value.members:
        if name in pairs:
            new.append((encode(pairs[name]), pairs[name], v))
        elif name not in pairs.values():
            new.append((source, name, v))
    return Object(new)


def null():
    return Leaf('null')


# Operations on the whole document.

def lookup(value, segment):
    if isinstance(value, Object):
        found = [v for _, n, v in value.members if n == segment]
        return found[-1] if found else DROPPED
    if isinstance(value, Array) and index(segment) is not None:
        i = index(segment)
        if i < len(value.elements):
            return value.elements[i]
    return DROPPED


def put(value, tail, new, only_missing=False):
    """`value` with `new` at a pointer without "*", parents made."""
    if not tail:
        return value if only_missing and value is not DROPPED else new

    segment = tail[0]

    if value is DROPPED or (isinstance(value, Leaf) and value.text == 'null'):
        value = Array([]) if tail == ['-'] else Object([])

    if isinstance(value, Leaf):
        raise Shape()

    if isinstance(value, Object):
        old = lookup(value, segment)
        child = put(old, tail[1:], new, only_missing)
        if old is DROPPED:
            return Object(value.members + [(encode(segment), segment, child)])
        return Object([(s, n, child if n == segment else v)
                       for s, n, v in value.members])

    i = len(value.elements) if segment == '-' and len(tail) == 1 \
        else index(segment)

    if i is None or i > len(value.elements):
        raise Shape()

    old = value.elements[i] if i < len(value.elements) else DROPPED
    child = put(old, tail[1:], new, only_missing)
    return Array(value.elements[:i] + [child] + value.elements[i + 1:])


def each(value, tail, act, strict=False):
    """Where tail has "*": act(child, rest) below each match of the last."""
    if ANY not in tail:
        return act(value, tail)

    if isinstance(value, Leaf):
        if strict and value.text != 'null':
            raise Shape()
        return value

    if strict and isinstance(value, Array) and tail[0] is not ANY \
            and index(tail[0]) is None:
        raise Shape()

    return rebuild(value, lambda v, fit:
                   each(v, tail[1:], act, strict) if fit([tail[:1]]) else v)


def shift(value, source, target, move):
    found = value
    for s in source:
        found = lookup(found, s)
        if found is DROPPED:
            return value
    if source == target:
        return value
    if move:
        value = at(value, [source], lambda v: DROPPED) if source else null()
    return put(value, target, found)


def convert(text, kind):
    if kind == 'string':
        return encode(text)
    if kind == 'number':
        ok = re.fullmatch(r'-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?',
                          text)
    elif kind == 'boolean':
        ok = text in ('true', 'false')
    elif kind == 'null':
        ok, text = text in ('', 'null'), 'null'
    else:
        try:
            json.loads(text)
            ok = not re.match(r'\s*(NaN|-?Infinity)', text)
            text = text.strip(' \t\r\n')
        except ValueError:
            ok = False
    if not ok:
        raise Invalid()
    return text


class Skipped(Exception):
    pass


def valued(op, text):
    kind = 'string'
    skips = False
    for p in op[3:]:
        if p.startswith('type='):
            kind = p[5:]
        elif p == 'on_invalid=skip':
            skips = True
    try:
        return parse(convert(text, kind))
    except Invalid:
        if skips:
            raise Skipped()
        raise


def dedup(value):
    """Of members with the same name leaves the last one."""
    if isinstance(value, Object):
        last = {n: i for i, (_, n, _) in enumerate(value.members)}
        return Object([(s, n, dedup(v))
                       for i, (s, n, v) in enumerate(value.members)
                       if last[n] == i])
    if isinstance(value, Array):
        return Array([dedup(v) for v in value.elements])
    return value


def run(doc, ops, values, last=False):
    """The new document; raises Shape or Invalid."""
    value = parse(doc)
    if last:
        value = dedup(value)
    values = iter(values)
    plan = []

    for op in ops:
        new = None
        if op[0] in ('replace', 'set', 'add'):
            try:
                new = valued(op, next(values))
            except Skipped:
                continue
        plan.append((op, new))

    for op, new in plan:
        value = step(value, op, new)
        if value is DROPPED:
            value = null()

    return write(value)


def step(value, op, new):
    word = op[0]
    tails = [pointer(p) for p in op[1:]] if word not in ('group',) else None

    if word == 'keep':
        return keep(value, tails)

    if word in ('drop', 'remove'):
        return at(value, tails, lambda v: DROPPED)

    if word == 'target':
        found = find(value, pointer(op[1]))
        if found is DROPPED and 'missing=error' in op:
            raise Shape()
        return found

    if word == 'group':
        return Object([(encode(op[1]), op[1], value)])

    if word == 'map':
        pairs = {}
        for p in op[2:]:
            a, b = p.split('=/')
            pairs[pointer(a)[0]] = pointer('/' + b)[0]
        return at(value, [pointer(op[1])], lambda v: rename(v, pairs))

    if word == 'rename':
        p = pointer(op[1])
        return at(value, [p[:-1]], lambda v: rename(v, {p[-1]: op[2]}))

    p = pointer(op[1])

    if word == 'replace':
        return at(value, [p], lambda v: new)

    if word == 'set':
        return each(value, p, lambda v, t: put(v, t, new), True)

    if word == 'add':
        return each(value, p, lambda v, t: put(v, t, new, True),
                    True)

    q = pointer(op[2])
    n = max([i + 1 for i, s in enumerate(p) if s is ANY], default=0)
    if n == 0:
        return shift(value, p, q, word == 'move')
    return each(value, p[:n], lambda v, t:
                shift(v, p[n:], q[n:], word == 'move'))
