# SPDX-License-Identifier: GPL-2.0
"""Instructions per function, from what lib/profile_plugin.c counted.

bench_profile.py DIR: reads DIR/raw/*.console, *.kallsyms and *.profile.N, prints the
dearest functions of each test, and writes all of them to DIR/profile.txt.
"""

import bisect
import glob
import os
import re
import sys

USER_END = 1 << 47      # addresses below are programs'
SHOWN = 40


def read_symbols(path):
    symbols = []
    with open(path) as kallsyms:
        for line in kallsyms:
            words = line.split()
            if len(words) >= 3 and words[1] in 'tTwW':
                symbols.append((int(words[0], 16), ' '.join(words[2:])))
    symbols.sort()
    return [a for a, _ in symbols], [n for _, n in symbols]


def read_counts(path, symbols, units):
    """{function: instructions for one unit}"""
    addresses, names = symbols
    counts = {}
    with open(path) as profile:
        for line in profile:
            address, ran = line.split()
            address = int(address, 16)
            name = 'program'
            if address >= USER_END:
                name = names[bisect.bisect_right(addresses, address) - 1]
            counts[name] = counts.get(name, 0) + int(ran) / units
    return counts


def read_guest(console):
    """[(row, proto, {function: instructions})] of one guest."""
    base = console[:-len('.console')]
    symbols = read_symbols(base + '.kallsyms')
    found, row = [], None
    with open(console, errors='replace') as text:
        for line in text:
            words = line.split()
            if words[:2] == ['bench:', 'row']:
                row = words[2]
            elif words[:1] == ['cost']:
                values = dict(w.split('=', 1) for w in words[1:])
                counts = read_counts(f'{base}.profile.{len(found)}', symbols,
                                     float(values['units']))
                found.append((row, values['proto'], counts))
    return found


def table(row, found):
    protos = [p for r, p, _ in found if r == row]
    columns = [c for r, _, c in found if r == row]
    yield f'{row}: instructions by function'
    yield ' '.join(f'{p:>10}' for p in protos)
    yield ' '.join(f'{sum(c.values()):10.0f}' for c in columns) + ' all'
    names = set().union(*columns)
    for name in sorted(names, key=lambda n: -max(c.get(n, 0) for c in columns)):
        yield ' '.join(f'{c.get(name, 0):10.0f}' for c in columns) + ' ' + \
            re.sub(r'\s+', ' ', name)


def main():
    directory = sys.argv[1]
    found = []
    for console in sorted(glob.glob(os.path.join(directory, 'raw', '*.console'))):
        found += read_guest(console)
    with open(os.path.join(directory, 'profile.txt'), 'w') as out:
        for row in dict.fromkeys(r for r, _, _ in found):
            lines = list(table(row, found))
            out.write('\n'.join(lines) + '\n\n')
            print('\n'.join(lines[:SHOWN]) + '\n')


if __name__ == '__main__':
    main()
