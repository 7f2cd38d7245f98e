#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A drawing of a run of lab/bench that README can show: text, and small.

usage: bench_svg.py build/bench/costs.csv >Documentation/images/bench.svg

What XTCP and SCTP cost as a part of what TCP costs, for each test that has TCP's figure.
"""

import csv
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import bench_rows       # noqa: E402 (found by the line above)

PROTOS = (('xtcp', '#0b4f9e'), ('sctp', '#c0c0c0'))
LEFT, UNIT, TOP = 270, 150, 46          # pixels: of names, of TCP's cost, above the bars
BAR, GAP, MOST = 9, 8, 3.5              # pixels, pixels, times TCP's cost that fit


def read(name):
    """{test: {proto: figure}}"""
    found = {}
    with open(name, encoding='ascii', newline='') as file:
        for row in csv.DictReader(file):
            found.setdefault(row['row'], {})[row['proto']] = float(row['figure'])
    return found


def draw(found):
    tests = [t for t in bench_rows.ROWS if found.get(t, {}).get('tcp')]
    step = len(PROTOS) * BAR + GAP
    bottom = TOP + len(tests) * step
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + UNIT * MOST + 60:g} '
           f'{bottom + 24}" font-family="sans-serif" font-size="12">',
           '<style>.e{text-anchor:end}.m{text-anchor:middle}path{stroke:#999}'
           'text{fill:#222}</style>', '<rect width="100%" height="100%" fill="#fff"/>',
           '<text x="10" y="18" font-weight="bold">Instructions (memory: bytes), those of TCP '
           'being 1 (less is better)</text>']
    for n, (proto, colour) in enumerate(PROTOS):
        out.append(f'<rect x="{LEFT + n * 70}" y="26" width="12" height="12" fill="{colour}"/>'
                   f'<text x="{LEFT + n * 70 + 18}" y="36">{proto.upper()}</text>')
    for n, test in enumerate(tests):
        y = TOP + n * step
        out.append(f'<text x="{LEFT - 8}" y="{y + BAR + 4}" class="e">'
                   f'{bench_rows.ROWS[test].text}</text>')
        for at, (proto, colour) in enumerate(PROTOS):
            if proto not in found[test]:
                continue
            times = found[test][proto] / found[test]['tcp']
            end = LEFT + UNIT * min(times, MOST)
            out.append(f'<rect x="{LEFT}" y="{y + at * BAR}" width="{end - LEFT:.1f}" '
                       f'height="{BAR - 1}" fill="{colour}"/><text x="{end + 4:.1f}" '
                       f'y="{y + at * BAR + 8}" font-size="10">{times:.2f}</text>')
    for times in range(int(MOST) + 1):
        x = LEFT + UNIT * times
        out.append(f'<path d="M{x} {TOP - 4}V{bottom}"/>'
                   f'<text x="{x}" y="{bottom + 14}" class="m">{times}</text>')
    return '\n'.join(out + ['</svg>'])


if __name__ == '__main__':
    print(draw(read(sys.argv[1])))
