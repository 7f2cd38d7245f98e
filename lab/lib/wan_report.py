#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Tables of a run of the WAN lab.

usage: wan_report.py DIRECTORY    reads DIRECTORY/raw, writes report.md, runs.csv and
                                  plots/ beside it, and prints the tables
"""

import csv
import os
import sys

import wan_profiles
import wan_svg
from wan_plots import Plots
from wan_profiles import size_name
from wan_results import Cell, Results, mean, ratio

# What XTCP is to reach against TCP with the same controller: (column, upper bound?,
# bound, slack of the measurement). A bound on p99 holds where packets get lost.
GOODPUT_MIN, RESENT_MAX, PROBE_MAX, P50_MAX, P99_MAX = 0.98, 1.1, 1.05, 1.0, 0.8
JAIN_MIN, JAIN10_BBR_MIN, MOBILE_BBR_MIN = 0.95, 0.9, 85
SHARE_MIN, SHARE_MAX = 0.35, 0.65
# Ratios are rounded to this before they are judged.
DIGITS = 2
# Where both send less than this again, in %, nothing is compared.
RESENT_NOISE = 0.1


def text(value, digits=1):
    if value is None:
        return '-'
    return f'{value:.{digits}f}' if digits else f'{value:.0f}'


def pair(cell, read, digits=0):
    low, high = read(50), read(95 if read == cell.probe else 99)
    if low is not None and low < 10:
        digits = 1
    return f'{text(low, digits)}/{text(high, digits)}'


class Table:
    """A table of Markdown that reads well as it stands."""

    def __init__(self, *head):
        self.rows = [head]

    def add(self, *cells):
        self.rows.append(tuple(str(c) for c in cells))

    def lines(self):
        widths = [max(len(r[i]) for r in self.rows) for i in range(len(self.rows[0]))]
        for n, row in enumerate(self.rows):
            yield '| ' + ' | '.join(c.ljust(w) for c, w in zip(row, widths)) + ' |'
            if n == 0:
                yield '| ' + ' | '.join('-' * w for w in widths) + ' |'


class Report:
    """The tables of all paths, and which bars were met."""

    def __init__(self, results):
        self.results = results
        self.out = []
        self.met = 0
        self.missed = []

    def judge(self, where, what, value, low=None, high=None, digits=DIGITS):
        """The text of a figure, marked if it misses its bound."""
        if value is None:
            return '-'
        rounded = round(value, digits)
        if low is None and high is None:
            return text(value, digits)
        if (low is None or rounded >= low) and (high is None or rounded <= high):
            self.met += 1
            return text(value, digits)
        bound = f'at least {low}' if low is not None and rounded < low else f'at most {high}'
        self.missed.append((where, what, text(value, digits), bound))
        return f'**{text(value, digits)}** !'

    def path(self, name, cells):
        profile = wan_profiles.PROFILES[name]
        table = Table('', 'goodput %', '(min-max)', 'resent %', 'probe ms 50/95',
                      *(f'{size_name(s)} ms 50/99' for s in wan_profiles.SHORT_BYTES),
                      'failed')
        for transport, tests in cells.items():
            bulk = tests['bulk']
            goodputs = bulk.goodputs(profile)
            spread = f'{min(goodputs):.1f}-{max(goodputs):.1f}' if goodputs else '-'
            table.add(transport, text(mean(goodputs)), spread, text(bulk.resent(), 2),
                      pair(bulk, bulk.probe),
                      *(pair(tests[f'short{s}'], tests[f'short{s}'].short)
                        for s in wan_profiles.SHORT_BYTES),
                      sum(c.failures() for c in tests.values()))
        self.out += table.lines()
        self.out.append('')
        self.ratios(profile, cells)

    def ratios(self, profile, cells):
        """XTCP to TCP, same controller."""
        sizes = wan_profiles.SHORT_BYTES
        table = Table('XTCP / TCP', f'goodput ≥{GOODPUT_MIN}', f'resent ≤{RESENT_MAX}',
                      f'probe p50 ≤{PROBE_MAX}', 'p95',
                      *(f'{size_name(s)} {p}' for s in sizes
                        for p in (f'p50 ≤{P50_MAX}', f'p99 ≤{P99_MAX if profile.loss_pct else P50_MAX}')))
        for transport, tests in cells.items():
            proto, _, controller = transport.partition('/')
            other = cells.get(f'tcp/{controller}')
            if proto != 'xtcp' or not other:
                continue
            if profile.mark_ms and controller == 'bbr':     # TCP's ignores marks
                continue
            where = f'{profile.name} {transport}'
            bulk, tcp = tests['bulk'], other['bulk']
            row = [controller,
                   self.judge(where, 'goodput', ratio(mean(bulk.goodputs(profile)),
                                                      mean(tcp.goodputs(profile))),
                              low=GOODPUT_MIN),
                   self.resent(where, bulk.resent(), tcp.resent())]
            for p in (50, 95):
                row.append(self.judge(where, f'probe p{p}', ratio(bulk.probe(p), tcp.probe(p)),
                                      high=PROBE_MAX))
            for size in sizes:
                short, tcp = tests[f'short{size}'], other[f'short{size}']
                for p, high in ((50, P50_MAX), (99, P99_MAX if profile.loss_pct else P50_MAX)):
                    row.append(self.judge(where, f'{size_name(size)} p{p}',
                                          ratio(short.short(p), tcp.short(p)), high=high))
            if transport == 'xtcp/bbr' and profile.name == 'mobile':
                self.judge(where, 'goodput %', mean(bulk.goodputs(profile)), low=MOBILE_BBR_MIN)
            table.add(*row)
        if len(table.rows) > 1:
            self.out += table.lines()
            self.out.append('')

    def resent(self, where, ours, theirs):
        if ours is None or theirs is None:
            return '-'
        if max(ours, theirs) < RESENT_NOISE:
            return 'both ~0'
        if not theirs:
            theirs = RESENT_NOISE
        return self.judge(where, 'resent', ours / theirs, high=RESENT_MAX)

    def fair(self, cells):
        table = Table('', 'goodput % 2/10', 'resent % 2/10', 'Jain of 2', 'Jain of 10',
                      f'Jain of {wan_profiles.JOIN_FLOWS} joined', 'share of 2', 'share of 10')
        profile = wan_profiles.PROFILES['fair']
        for transport, tests in cells.items():
            two, ten = tests['equal2'], tests['equal10']
            ours, bbr = transport.startswith('xtcp'), transport.endswith('bbr')
            where = f'fair {transport}'

            def judge(what, value, low=None, high=None, digits=DIGITS, bound=ours):
                return self.judge(where, what, value, low if bound else None,
                                  high if bound else None, digits)

            table.add(
                transport,
                f'{text(mean(two.goodputs(profile)))}/{text(mean(ten.goodputs(profile)))}',
                f'{text(two.resent(), 2)}/{text(ten.resent(), 2)}',
                judge("Jain's index of 2", mean(two.jains()), JAIN_MIN, digits=3),
                judge("Jain's index of 10", mean(ten.jains()),
                      JAIN10_BBR_MIN if bbr else JAIN_MIN, digits=3),
                text(mean(tests['join'].jains_joined()), 3),
                *(judge(f'share against cubic, {n} flows', mean(tests[f'cubic{n}'].shares()),
                        SHARE_MIN, SHARE_MAX, bound=ours and (n == 2 or not bbr))
                  for n in (2, 10)))
        self.out += table.lines()
        self.out += ['', 'Joined: while all share, after one had joined every '
                     f'{wan_profiles.JOIN_S} s. Share: what half of the flows take when the '
                     'other half is TCP cubic.', '']

    def make(self):
        for name, cells in self.results.cells.items():
            self.out += [f'## {name}: {wan_profiles.PROFILES[name].text}', '']
            if name == 'fair':
                self.fair(cells)
            else:
                self.path(name, cells)
        return self

    def head(self):
        yield '# XTCP and TCP on the paths of the WAN lab'
        yield ''
        yield (f'{self.results.seeds} repetitions each. Goodput: acknowledged payload in % of the '
               "link's rate. Resent: in % of the bytes sent. Probe: round trip of UDP packets "
               'beside the bulk flow. Short flows: from connect to the last byte of the response.')
        yield ''
        yield f'{self.met} bars met, {len(self.missed)} missed.'
        if self.missed:
            yield ''
            table = Table('path, transport', 'figure', 'is', 'should be')
            for row in self.missed:
                table.add(*row)
            yield from table.lines()
        yield ''


def runs_csv(results, directory):
    with open(os.path.join(directory, 'runs.csv'), 'w', newline='', encoding='ascii') as f:
        out = csv.writer(f, lineterminator='\n')
        out.writerow(('profile', 'transport', 'test', 'seed', 'acked_bytes', 'sent_bytes',
                      'retrans_bytes', 'goodput_mbit', 'jain', 'timeouts', 'probe_p50_ms',
                      'probe_p95_ms', 'short_p50_ms', 'short_p99_ms', 'failed'))
        for name, cells in results.cells.items():
            profile = wan_profiles.PROFILES[name]
            for transport, tests in cells.items():
                for test, cell in sorted(tests.items()):
                    for seed in sorted(cell.runs):
                        out.writerow(run_row(profile, transport, test, seed, cell.runs[seed]))


def run_row(profile, transport, test, seed, run):
    alone = Cell()
    alone.runs[seed] = run
    figures = ['', '', '', '', '', '']
    if run.flows:
        figures = [run.sum('acked'), run.sum('sent'), run.sum('retrans'),
                   text(run.sum('acked') * 8 / run.seconds() / 1e6, 3),
                   text(alone.jains()[0], 4), run.sum('timeouts')]
    rest = [alone.probe(50), alone.probe(95), alone.short(50), alone.short(99)]
    return [profile.name, transport, test, seed, *figures,
            *('' if v is None else text(v, 3) for v in rest), alone.failures()]


def main():
    directory = sys.argv[1]
    results = Results(directory)
    if not results.cells:
        sys.exit('wan_report.py: nothing was measured')
    report = Report(results).make()
    lines = [*report.head(), *report.out]
    for file, title in Plots(results, directory).make():
        lines += [f'## {title}', '', f'![{title}]({file})', '']
    with open(os.path.join(directory, 'report.md'), 'w', encoding='utf-8') as f:
        f.write('\n'.join(lines) + '\n')
    runs_csv(results, directory)
    with open(os.path.join(directory, 'wan.svg'), 'w', encoding='utf-8') as f:
        f.write(wan_svg.draw_file(os.path.join(directory, 'runs.csv')) + '\n')
    print('\n'.join(report.out).rstrip('\n'))
    print(f'\n{report.met} bars met, {len(report.missed)} missed')


if __name__ == '__main__':
    main()
