# SPDX-License-Identifier: GPL-2.0
"""From what the guests of lab/bench printed: tables, a CSV file, data for gnuplot.

bench_report.py DIR: reads DIR/raw/*, writes DIR/report.md, DIR/costs.csv and
DIR/plots/; prints the table.
"""

import glob
import os
import sys

from bench_rows import PROTOS, ROWS


def read(directory):
    """{row: {proto: {name: value}}} of all guests' consoles."""
    costs = {}
    for name in sorted(glob.glob(os.path.join(directory, 'raw', '*.console'))):
        row = None
        with open(name, errors='replace') as console:
            for line in console:
                words = line.split()
                if words[:2] == ['bench:', 'row']:
                    row = words[2]
                elif row and words[:1] in (['cost'], ['memory']):
                    values = dict(w.split('=', 1) for w in words[1:] if '=' in w)
                    costs.setdefault(row, {})[values['proto']] = values
    return costs


def figure(values):
    """Thousands of instructions, idle time not counted, or bytes; None: not measured."""
    if values is None:
        return None
    if 'per_unit_bytes' in values:
        return float(values['per_unit_bytes'])
    return (float(values['per_unit_ns']) - float(values['idle_ns'])) / 1000


def show(value):
    if value is None:
        return ''
    return f'{value:.1f}' if value < 1000 else f'{value:.0f}'


def table(costs):
    yield '| test | per | TCP | XTCP | XTCP / TCP | bar | SCTP | AF_UNIX |'
    yield '| --- | --- | --- | --- | --- | --- | --- | --- |'
    for name, row in ROWS.items():
        if name not in costs:
            continue
        found = {p: figure(costs[name].get(p)) for p in PROTOS}
        ratio = ''
        if found['tcp'] and found['xtcp']:
            ratio = found['xtcp'] / found['tcp']
            missed = ratio > row.goal
            ratio = f'**{ratio:.2f}** !' if missed else f'{ratio:.2f}'
        yield (f'| {row.text} | {row.unit} | {show(found["tcp"])} | {show(found["xtcp"])}'
               f' | {ratio} | {row.goal:.2f} | {show(found["sctp"])}'
               f' | {show(found["unix"])} |')


def idle_notes(costs):
    """Where the processor waited: then a rate is less than the cost would allow."""
    for name, protos in costs.items():
        for proto, values in protos.items():
            total, idle = float(values.get('per_unit_ns', 0)), float(values.get('idle_ns', 0))
            if total and idle > 0.01 * total:
                yield f'- {ROWS[name].text}, {proto}: idle {100 * idle / total:.0f} % of the time'


def write_csv(costs, path):
    with open(path, 'w') as out:
        out.write('row,proto,unit,figure,idle\n')
        for name, protos in costs.items():
            for proto, values in protos.items():
                unit = 'bytes' if 'per_unit_bytes' in values else 'kinstr'
                idle = float(values.get('idle_ns', 0)) / 1000
                out.write(f'{name},{proto},{unit},{figure(values):.3f},{idle:.3f}\n')


def write_plot(costs, directory):
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, 'ratio.dat'), 'w') as out:
        for name in ROWS:
            found = {p: figure(costs.get(name, {}).get(p)) for p in ('tcp', 'xtcp')}
            if found['tcp'] and found['xtcp']:
                out.write(f'{name} {found["xtcp"] / found["tcp"]:.3f} {ROWS[name].goal}\n')
    with open(os.path.join(directory, 'all.gp'), 'w') as out:
        out.write('''set terminal png size 1000,480
set output '../ratio.png'
set title 'Cost of XTCP, that of TCP being 1'
set style fill solid 0.6
set boxwidth 0.6
set grid ytics
set yrange [0:*]
set xtics rotate by -35
set rmargin 6
plot 'ratio.dat' using 0:2:xtic(1) with boxes title 'XTCP / TCP', \\
     '' using 0:3 with points pointtype 7 title 'bar', 1 with lines notitle
''')


def main():
    directory = sys.argv[1]
    costs = read(directory)
    text = '\n'.join(table(costs))
    notes = '\n'.join(idle_notes(costs))
    with open(os.path.join(directory, 'report.md'), 'w') as out:
        out.write(f'''# What XTCP costs, beside kernel TCP

Thousands of instructions of the guest, user space included, for a MiB, a transaction
or a connection; bytes of slab for an idle connection. Linux 7.2, one processor, both
ends in one guest; loopback and TCP_NODELAY unless said otherwise. **!**: above the bar.

{text}

{notes}

![ratios](ratio.png)
''')
    write_csv(costs, os.path.join(directory, 'costs.csv'))
    write_plot(costs, os.path.join(directory, 'plots'))
    print(text)
    if notes:
        print(notes)


if __name__ == '__main__':
    main()
