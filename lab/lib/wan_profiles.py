# SPDX-License-Identifier: GPL-2.0
"""The paths of the WAN lab, and what is measured on each; see lab/README.rst.

As a program: prints NAME and COST, a path on a line, the longest to measure first.
"""

from collections import namedtuple

FRAME_BYTES = 1514      # a full packet as netem counts it, Ethernet header included

# How many repetitions share the 150 short flows of each size that p99 wants.
SHORT_FLOWS = 30
SHORT_BYTES = (10_000, 100_000, 1_000_000)

# rtt_ms: without queueing. buffer_ms: of the drop-tail queue, None: one RTT, that is
# one bandwidth-delay product. loss_pct, jitter_ms: in each direction.
# early_pct of the packets overtake by early_ms. seconds: of one bulk run.
Profile = namedtuple('Profile', '''name text rate_mbit rtt_ms buffer_ms loss_pct
                     jitter_ms early_pct early_ms seconds probe_s kind''')


def path(name, text, rate_mbit, rtt_ms, buffer_ms=None, loss_pct=0, jitter_ms=0,
         early_pct=0, early_ms=0, seconds=30, probe_s=0.05, kind='path'):
    return Profile(name, text, rate_mbit, rtt_ms, buffer_ms, loss_pct, jitter_ms,
                   early_pct, early_ms, seconds, probe_s, kind)


PROFILES = {p.name: p for p in (
    path('lan1g', '1 Gbit/s, 0.2 ms, buffer 10 ms', 1000, 0.2, buffer_ms=10,
         seconds=2, probe_s=0.005),
    path('bb100', '100 Mbit/s, 20 ms', 100, 20),
    path('l0.1', '100 Mbit/s, 50 ms, 0.1 % loss', 100, 50, loss_pct=0.1),
    path('l1', '100 Mbit/s, 50 ms, 1 % loss', 100, 50, loss_pct=1),
    path('l3', '100 Mbit/s, 50 ms, 3 % loss', 100, 50, loss_pct=3),
    path('l10', '100 Mbit/s, 50 ms, 10 % loss', 100, 50, loss_pct=10),
    path('reord5', '100 Mbit/s, 50 ms, 5 % of the packets 5 ms early', 100, 50,
         early_pct=5, early_ms=5),
    path('sat0', '20 Mbit/s, 300 ms', 20, 300),
    path('mobile', '20 Mbit/s, 60 ms, jitter 10 ms', 20, 60, jitter_ms=10),
    path('bloat', '10 Mbit/s, 40 ms, buffer 2 s', 10, 40, buffer_ms=2000),
    path('fair', '20 Mbit/s, 40 ms, flows that share', 20, 40, kind='fair'),
)}


def buffer_packets(p):
    ms = p.rtt_ms if p.buffer_ms is None else p.buffer_ms
    return max(round(p.rate_mbit * 1e6 / 8 * ms / 1e3 / FRAME_BYTES), 1)


def tests(p, transport):
    """(name, arguments of xtcp-bench, with probe?) of all that is run on a path."""
    bulk = ['bulk', '--seconds', str(p.seconds)]
    if p.kind == 'fair':
        yield 'equal2', bulk + ['--flow', transport + ':2'], False
        yield 'equal10', bulk + ['--flow', transport + ':10'], False
        if transport != 'tcp/cubic':
            for n in (1, 5):
                yield (f'cubic{2 * n}',
                       bulk + ['--flow', f'{transport}:{n}', '--flow', f'tcp/cubic:{n}'],
                       False)
        return
    interval = p.seconds / 30
    yield 'bulk', bulk + ['--interval', f'{interval:g}', '--flow', transport], True
    for size in SHORT_BYTES:
        yield (f'short{size}', ['flows', '--flow', transport, '--bytes', str(size),
                                '--count', str(SHORT_FLOWS)], False)


def cost(p):
    """About how long one repetition takes, in packets."""
    bulk = p.rate_mbit * p.seconds
    return round(bulk * 4 if p.kind == 'fair' else bulk + SHORT_FLOWS * sum(SHORT_BYTES) / 1e5)


def main():
    for p in sorted(PROFILES.values(), key=cost, reverse=True):
        print(p.name, cost(p))


if __name__ == '__main__':
    main()
