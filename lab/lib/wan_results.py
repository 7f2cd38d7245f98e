# SPDX-License-Identifier: GPL-2.0
"""What the guests of the WAN lab left, read and summed up.

DIRECTORY/raw/PROFILE.SEED/TRANSPORT.TEST and TRANSPORT.TEST.probe hold the lines of xtcp-bench.
"""

import collections
import math
import os

import wan_profiles

# A flow that failed or was given up counts as having taken this long: the limit
# of xtcp-bench.
FAILED_MS = 120_000


def percentile(values, percent):
    """Nearest rank; None of nothing."""
    values = sorted(values)
    if not values:
        return None
    return values[max(math.ceil(len(values) * percent / 100) - 1, 0)]


def mean(values):
    values = [v for v in values if v is not None]
    return sum(values) / len(values) if values else None


def jain(shares):
    """Jain's fairness index: 1 when all get the same, 1/n when one gets all."""
    squares = sum(s * s for s in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 0


def ratio(a, b):
    return None if a is None or not b else a / b


class Run:
    """One test of one transport with one seed."""

    def __init__(self):
        self.flows, self.intervals, self.probes, self.shorts = [], [], [], []
        self.failed = False

    def read(self, file):
        with open(file, encoding='ascii', errors='replace') as f:
            for line in f:
                self.take(line.split())

    def take(self, words):
        if not words:
            return
        fields = dict(w.partition('=')[::2] for w in words[1:])
        try:
            if words[0] == 'flow':
                self.flows.append(fields)
            elif words[0] == 'interval':
                self.intervals.append((float(fields['t']), int(fields['flow']),
                                       int(fields['acked'])))
            elif words[0] == 'probe':
                self.probes.append((float(fields['t']), int(fields['rtt_us']) / 1e3))
            elif words[0] == 'short':
                failed = fields['error'] != '0'
                self.shorts.append(FAILED_MS if failed else float(fields['ms']))
            elif words[0] == 'failed':
                self.failed = True
        except (KeyError, ValueError):      # a line that was cut off
            self.failed = True

    def sum(self, field, proto=None):
        return sum(int(f[field]) for f in self.flows if proto in (None, f['proto']))

    def acked(self):
        return [int(f['acked']) for f in self.flows]

    def seconds(self):
        return max(float(f['t']) for f in self.flows)

    def acked_since(self, begin):
        """Of each flow, in the run's rest from a time on."""
        then = {}
        for t, flow, acked in self.intervals:
            if t <= begin + 0.5:
                then[flow] = acked
        return [a - then.get(n, 0) for n, a in enumerate(self.acked())]


class Cell:
    """One test of one transport on one path: all its seeds."""

    def __init__(self):
        self.runs = collections.defaultdict(Run)

    def goodputs(self, profile):
        """Of each seed, in % of the path's rate."""
        return [r.sum('acked') * 8 / r.seconds() / profile.rate_mbit / 1e4
                for r in self.runs.values() if r.flows]

    def resent(self):
        """Bytes sent again, in % of all that were sent."""
        runs = self.runs.values()
        part = ratio(sum(r.sum('retrans') for r in runs), sum(r.sum('sent') for r in runs))
        return None if part is None else 100 * part

    def probe(self, percent):
        return percentile([ms for r in self.runs.values() for _, ms in r.probes], percent)

    def short(self, percent):
        return percentile([ms for r in self.runs.values() for ms in r.shorts], percent)

    def jains(self):
        return [jain(r.acked()) for r in self.runs.values() if r.flows]

    def jains_joined(self):
        """Fairness in the last part of a run whose flows joined one by one."""
        return [jain(r.acked_since(float(r.flows[-1]['start']))) for r in self.runs.values()
                if r.flows]

    def shares(self):
        """The part of all bytes that the first half of the flows got."""
        got = []
        for r in self.runs.values():
            half = r.acked()[:len(r.flows) // 2]
            if r.sum('acked'):
                got.append(sum(half) / r.sum('acked'))
        return got

    def failures(self):
        return sum(r.failed for r in self.runs.values()) + sum(
            ms == FAILED_MS for r in self.runs.values() for ms in r.shorts)


def transport_order(name):
    proto, _, controller = name.partition('/')
    known = ('reno', 'cubic', 'bbr', 'dctcp')
    at = known.index(controller) if controller in known else len(known)
    return (proto != 'xtcp', at, controller)


class Results:
    """cells[profile][transport][test], in the order of the table of paths."""

    def __init__(self, directory):
        raw = os.path.join(directory, 'raw')
        found = collections.defaultdict(
            lambda: collections.defaultdict(lambda: collections.defaultdict(Cell)))
        for job in sorted(os.listdir(raw)):
            profile, _, seed = job.rpartition('.')
            for file in os.listdir(os.path.join(raw, job)):
                name, test = file.split('.')[:2]    # a third part is "probe"
                transport = name.replace('-', '/', 1)
                found[profile][transport][test].runs[int(seed)].read(
                    os.path.join(raw, job, file))
        self.cells = {
            name: {t: found[name][t] for t in sorted(found[name], key=transport_order)}
            for name in wan_profiles.PROFILES if name in found}
        self.seeds = len({s for p in found.values() for t in p.values()
                          for c in t.values() for s in c.runs})
