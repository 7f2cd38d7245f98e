# SPDX-License-Identifier: GPL-2.0
"""Plots of a run of the WAN lab: data files and a script for gnuplot.

DIRECTORY/plots/all.gp, run there, draws DIRECTORY/*.png.
"""

import os

import wan_profiles
from wan_results import mean

# One hue for a controller, dark for XTCP and light for TCP.
HUES = {'reno': ('#b35900', '#ffb870'), 'cubic': ('#0b4f9e', '#8ec1f5'),
        'bbr': ('#1a7a2e', '#93d9a1'), 'dctcp': ('#6b2c91', '#cda5e3')}
OTHER_HUES = ('#444444', '#aaaaaa')
FLOW_COLOURS = ('#0b4f9e', '#c44e00', '#1a7a2e', '#6b2c91')

# What a logarithmic axis shows for less than this
FLOOR_MS = 0.1
FLOOR_PERCENT = 0.01

HEAD = '''set encoding utf8
set datafile missing "-"
set style fill solid border rgb "#333333"
set boxwidth 0.9
set grid ytics lc rgb "#cccccc"
set key outside top center horizontal
set xtics nomirror
set ytics nomirror
'''
HISTOGRAM = '''set style data histograms
set style histogram errorbars gap 2 lw 1
'''


def colour(transport):
    proto, _, controller = transport.partition('/')
    return HUES.get(controller, OTHER_HUES)[proto == 'tcp']


class Plots:
    def __init__(self, results, directory):
        self.results = results
        self.directory = os.path.join(directory, 'plots')
        os.makedirs(self.directory, exist_ok=True)
        self.script = [HEAD]
        self.names = []         # (file, title)

    def data(self, name, rows):
        with open(os.path.join(self.directory, name), 'w', encoding='utf-8') as f:
            for row in rows:
                f.write(' '.join('-' if v is None else f'"{v}"' if isinstance(v, str)
                                 else f'{v:.6g}' for v in row) + '\n')

    def page(self, name, title, width, height):
        self.names.append((f'{name}.png', title))
        self.script.append(f'set terminal pngcairo size {width},{height} font "sans,11"\n'
                           f'set output "../{name}.png"')

    def bars(self, file, columns):
        """plot command: a group for each row of the file, in it a bar for each column."""
        self.script.append('plot ' + ', \\\n     '.join(
            f'"{file}" using {3 * n + 2}:{3 * n + 3}:{3 * n + 4}:xtic(1) '
            f'title "{name}" lc rgb "{colour(name)}"' for n, name in enumerate(columns)))

    def paths(self):
        """The paths where single flows run, and every transport that was there."""
        cells = {p: t for p, t in self.results.cells.items() if p != 'fair'}
        names = {}
        for transports in cells.values():
            names.update(dict.fromkeys(transports))
        return cells, sorted(names, key=self.order)

    @staticmethod
    def order(name):
        proto, _, controller = name.partition('/')
        known = [*HUES]
        return (known.index(controller) if controller in known else len(known), controller,
                proto == 'tcp')

    def per_path(self, file, read):
        """Rows: a path, then figure, lower and upper end for each transport."""
        cells, names = self.paths()
        rows = []
        for profile, transports in cells.items():
            row = [profile]
            for name in names:
                row += read(wan_profiles.PROFILES[profile], transports[name]) \
                    if name in transports else [None] * 3
            rows.append(row)
        self.data(file, rows)
        return names

    def goodput(self):
        def read(profile, tests):
            values = tests['bulk'].goodputs(profile)
            return [mean(values), min(values), max(values)] if values else [None] * 3

        names = self.per_path('goodput.dat', read)
        self.page('goodput', 'Goodput, % of the link, with the best and the worst seed', 1400, 500)
        self.script.append(HISTOGRAM + 'unset logscale\nset yrange [0:100]\n'
                           'set ylabel "goodput, % of the link"')
        self.bars('goodput.dat', names)

    def resent(self):
        def read(_, tests):
            value = tests['bulk'].resent()
            return [None] * 3 if value is None else [max(value, FLOOR_PERCENT)] * 3

        names = self.per_path('resent.dat', read)
        self.page('resent', 'Bytes sent again, % of those sent', 1400, 450)
        self.script.append(HISTOGRAM + f'set logscale y\nset yrange [{FLOOR_PERCENT}:100]\n'
                           'set ylabel "sent again, %"')
        self.bars('resent.dat', names)

    def delay(self):
        def read(profile, tests):
            p50, p95 = (tests['bulk'].probe(p) for p in (50, 95))
            if p50 is None:
                return [None] * 3
            low = max(p50 - profile.rtt_ms, FLOOR_MS)
            return [low, low, max(p95 - profile.rtt_ms, FLOOR_MS)]

        names = self.per_path('delay.dat', read)
        self.page('delay', 'Queueing delay beside the bulk flow, p50 and p95', 1400, 500)
        self.script.append(HISTOGRAM + f'set logscale y\nset yrange [{FLOOR_MS}:*]\n'
                           'set ylabel "queueing delay, ms: p50, whisker p95"')
        self.bars('delay.dat', names)

    def short(self):
        sizes = wan_profiles.SHORT_BYTES
        self.page('short', 'Completion of short flows, p50 and p99', 1400, 420 * len(sizes))
        self.script.append(HISTOGRAM + 'set logscale y\nset yrange [*:*]\n'
                           f'set multiplot layout {len(sizes)},1')
        for size in sizes:
            def read(_, tests, test=f'short{size}'):
                p50, p99 = (tests[test].short(p) for p in (50, 99))
                return [p50, p50, p99]

            names = self.per_path(f'short{size}.dat', read)
            self.script.append(f'set ylabel "{wan_profiles.size_name(size)}, ms: p50, whisker p99"')
            self.bars(f'short{size}.dat', names)
        self.script.append('unset multiplot')

    def fairness(self, cells):
        names = sorted(cells, key=self.order)
        self.page('fairness', "Jain's index among equals, and the share beside TCP cubic", 1400, 480)
        self.script.append(HISTOGRAM + 'unset logscale\nset multiplot layout 1,2')
        for file, label, top, rows in (
                ('jain.dat', "Jain's index", 1.05,
                 (('2 flows', 'equal2', 'jains'), ('10 flows', 'equal10', 'jains'),
                  (f'{wan_profiles.JOIN_FLOWS} joined', 'join', 'jains_joined'))),
                ('share.dat', 'share of the bytes beside as many TCP cubic flows', 1,
                 (('of 2', 'cubic2', 'shares'), ('of 10', 'cubic10', 'shares')))):
            # TCP cubic has no share beside itself
            shown = [n for n in names if any(cells[n][test].runs for _, test, _ in rows)]
            data = []
            for label_of_row, test, method in rows:
                row = [label_of_row]
                for name in shown:
                    values = getattr(cells[name][test], method)()
                    row += [mean(values), min(values), max(values)] if values else [None] * 3
                data.append(row)
            self.data(file, data)
            self.script.append(f'set yrange [0:{top}]\nset ylabel "{label}"')
            self.bars(file, shown)
        self.script.append('unset multiplot')

    def convergence(self, cells):
        names = [n for n in sorted(cells, key=self.order) if cells[n]['join'].runs]
        if not names:
            return
        rows = (len(names) + 1) // 2
        self.page('convergence', 'Flows that join one by one (first seed)', 1400, 260 * rows)
        rate = wan_profiles.PROFILES['fair'].rate_mbit
        end = max(r.seconds() for n in names for r in cells[n]['join'].runs.values())
        self.script.append(f'unset logscale\nunset ylabel\nset yrange [0:{rate}]\n'
                           f'set xrange [0:{end:.0f}]\nset xlabel "s"\n'
                           f'set key inside top right\nset multiplot layout {rows},2')
        for name in names:
            run = cells[name]['join'].runs[min(cells[name]['join'].runs)]
            file = f'join-{name.replace("/", "-")}.dat'
            self.data(file, goodput_by_time(run))
            self.script.append(f'set title "{name}, Mbit/s" offset 0,-0.5\nplot ' + ', '.join(
                f'"{file}" using 1:{n + 2} with lines lw 2 lc rgb "{FLOW_COLOURS[n % 4]}" '
                f'title "flow {n + 1}"' for n in range(len(run.flows))))
        self.script.append('unset multiplot')

    def make(self):
        """The names and titles of the pictures that the script will draw."""
        if self.paths()[0]:
            self.goodput()
            self.resent()
            self.delay()
            self.short()
        fair = self.results.cells.get('fair')
        if fair:
            self.fairness(fair)
            self.convergence(fair)
        with open(os.path.join(self.directory, 'all.gp'), 'w', encoding='utf-8') as f:
            f.write('\n'.join(self.script) + '\n')
        return self.names


def goodput_by_time(run):
    """Rows: a time, and what each flow got since the row before, in Mbit/s."""
    rows, before, then = [], {}, 0.0
    for t in sorted({t for t, _, _ in run.intervals}):
        now = {flow: acked for at, flow, acked in run.intervals if at == t}
        if t > then:
            rows.append([t] + [(now.get(n, 0) - before.get(n, 0)) * 8 / 1e6 / (t - then)
                               for n in range(len(run.flows))])
        before, then = now, t
    return rows
