#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A drawing of a run of the WAN lab that README can show: text, and small.

usage: wan_svg.py RUNS.CSV >Documentation/images/wan.svg

lab/wan leaves one in build/wan.

Above what a bulk flow got of the link; below how long the slowest percent of responses
of 100 KB took, as a part of the longest on that path.
"""

import collections
import csv
import os
import statistics
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import wan_profiles     # noqa: E402 (found by the line above)

TRANSPORTS = (('xtcp/cubic', '#0b4f9e'), ('tcp/cubic', '#8ec1f5'), ('xtcp/bbr', '#1a7a2e'),
              ('tcp/bbr', '#93d9a1'))
BAR, GAP = 14, 18               # pixels
LEFT, TOP, HEIGHT, BETWEEN = 46, 56, 150, 64


def read(file):
    """(test, profile, transport): mean of its seeds' figures"""
    values = collections.defaultdict(list)
    for run in csv.DictReader(file):
        key = run['test'], run['profile'], run['transport']
        figure = run['goodput_mbit'] if run['test'] == 'bulk' else run['short_p99_ms']
        if figure:
            values[key].append(float(figure))
    return {key: statistics.mean(v) for key, v in values.items()}


def panel(out, top, title, rows, unit):
    """rows: (name of a path, [(transport, height from 0 to 1, text)])"""
    out.append(f'<text x="{LEFT}" y="{top - 10}" class="t">{title}</text>')
    for part in (0, 0.5, 1):
        y = top + HEIGHT * (1 - part)
        out.append(f'<path d="M{LEFT} {y}H{LEFT + width(len(rows))}"/>'
                   f'<text x="{LEFT - 6}" y="{y + 4}" class="e">{part * unit:g}</text>')
    for n, (name, bars) in enumerate(rows):
        x = LEFT + GAP / 2 + n * (len(TRANSPORTS) * BAR + GAP)
        for at, (colour, part, text) in enumerate(bars):
            out.append(f'<rect x="{x + at * BAR:g}" y="{top + HEIGHT * (1 - part):.1f}" '
                       f'width="{BAR - 1}" height="{HEIGHT * part:.1f}" fill="{colour}">'
                       f'<title>{text}</title></rect>')
        out.append(f'<text x="{x + len(TRANSPORTS) * BAR / 2:g}" y="{top + HEIGHT + 16}" '
                   f'class="m">{name}</text>')


def width(paths):
    return paths * (len(TRANSPORTS) * BAR + GAP)


def draw(values):
    profiles = [p for p in wan_profiles.PROFILES if any(k[1] == p and k[0] == 'bulk'
                                                        for k in values)]
    goodput, short = [], []
    for p in profiles:
        rate = wan_profiles.PROFILES[p].rate_mbit
        slowest = max((v for (t, q, _), v in values.items() if t == 'short100000' and q == p),
                      default=None)
        goodput.append((p, []))
        short.append((p, []))
        for name, colour in TRANSPORTS:
            got, took = values.get(('bulk', p, name)), values.get(('short100000', p, name))
            if got is not None:
                goodput[-1][1].append((colour, min(got / rate, 1),
                                       f'{p}, {name}: {got:.1f} of {rate:g} Mbit/s'))
            if took is not None:
                short[-1][1].append((colour, took / slowest, f'{p}, {name}: {took:.1f} ms'))
    full, second = LEFT + width(len(profiles)) + 10, TOP + HEIGHT + BETWEEN
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {full} {second + HEIGHT + 26}" '
           'font-family="sans-serif" font-size="12">',
           '<style>.t{font-weight:bold}.e{text-anchor:end}.m{text-anchor:middle}'
           'path{stroke:#ccc}text{fill:#222}</style>',
           '<rect width="100%" height="100%" fill="#fff"/>']
    for n, (name, colour) in enumerate(TRANSPORTS):
        out.append(f'<rect x="{LEFT + n * 110}" y="8" width="12" height="12" fill="{colour}"/>'
                   f'<text x="{LEFT + n * 110 + 18}" y="18">{name}</text>')
    panel(out, TOP, 'Goodput of one flow, % of the link (more is better)', goodput, 100)
    panel(out, second, 'Response of 100 KB, 99th percentile, % of the slowest of the four '
          '(less is better)', short, 100)
    return '\n'.join(out + ['</svg>'])


def draw_file(name):
    with open(name, encoding='ascii', newline='') as file:
        return draw(read(file))


def main():
    print(draw_file(sys.argv[1]))


if __name__ == '__main__':
    main()
