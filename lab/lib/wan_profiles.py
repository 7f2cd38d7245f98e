# SPDX-License-Identifier: GPL-2.0
"""The paths of the WAN lab, and what is measured on each; see lab/README.rst.

As a program: prints NAME and COST, a path on a line, the longest to measure first.
"""

from collections import namedtuple

FRAME_BYTES = 1514      # a full packet as netem counts it, Ethernet header included

SHORT_BYTES = (10_000, 100_000, 1_000_000)
# One repetition's; five of them make the 150 that a p99 wants.
SHORT_FLOWS = 30

# Flows that join one after the other: how many, seconds between two of them. The
# last one has as long.
JOIN_FLOWS, JOIN_S = 3, 20

# rtt_ms: without queueing. buffer_ms: of the drop-tail queue, None: one RTT, that is
# one bandwidth-delay product. loss_pct, jitter_ms (standard deviation): in each
# direction. early_pct of the packets overtake by early_ms. mark_ms: packets that
# waited longer in the bottleneck's queue get an ECN mark. seconds: of one bulk run.
Profile = namedtuple('Profile', '''name text rate_mbit rtt_ms buffer_ms loss_pct
                     jitter_ms early_pct early_ms mark_ms seconds probe_s''')


def path(name, text, rate_mbit, rtt_ms, buffer_ms=None, loss_pct=0, jitter_ms=0,
         early_pct=0, early_ms=0, mark_ms=0, seconds=30, probe_s=0.05):
    return Profile(name, text, rate_mbit, rtt_ms, buffer_ms, loss_pct, jitter_ms,
                   early_pct, early_ms, mark_ms, seconds, probe_s)


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
    path('ecn', '100 Mbit/s, 10 ms, buffer 20 ms, ECN marks beyond 2 ms', 100, 10,
         buffer_ms=20, mark_ms=2),
    path('fair', '20 Mbit/s, 40 ms, flows that share', 20, 40),
)}

# What is measured if nothing else is said; "*" is every controller that there is.
TRANSPORTS = ('xtcp/*', 'tcp/cubic', 'tcp/bbr', 'tcp/reno')
# Needs marks, and starves whoever does not answer to them as it does.
ONLY_WITH_ECN = 'dctcp'


def size_name(size):
    return f'{size // 1000} KB' if size < 1_000_000 else f'{size // 1_000_000} MB'


def buffer_packets(p):
    ms = p.rtt_ms if p.buffer_ms is None else p.buffer_ms
    return max(round(p.rate_mbit * 1e6 / 8 * ms / 1e3 / FRAME_BYTES), 1)


def expand(p, transports, controllers):
    """The transports to measure on a path, given the module's controllers."""
    for t in transports:
        if t == 'xtcp/*':
            yield from (f'xtcp/{c}' for c in controllers
                        if c != ONLY_WITH_ECN or p.mark_ms)
        else:
            yield t
    if p.mark_ms and transports is TRANSPORTS:
        yield f'tcp/{ONLY_WITH_ECN}'


def tests(p, transport, seconds=None, flows=None):
    """(name, arguments of xtcp-bench, with a probe beside it?) of all that is run.

    seconds and flows make it shorter than what the tables of a report want.
    """
    bulk = ['bulk', '--seconds', str(seconds or p.seconds)]
    if p.name == 'fair':
        for n in (2, 10):
            yield f'equal{n}', bulk + ['--flow', f'{transport}:{n}'], False
        if transport != 'tcp/cubic':
            for n in (2, 10):
                yield (f'cubic{n}', bulk + ['--flow', f'{transport}:{n // 2}',
                                            '--flow', f'tcp/cubic:{n // 2}'], False)
        join = seconds / JOIN_FLOWS if seconds else JOIN_S
        yield ('join', ['bulk', '--flow', f'{transport}:{JOIN_FLOWS}', '--stagger',
                        str(join), '--seconds', str((JOIN_FLOWS + 1) * join)], False)
        return
    interval = p.seconds / 30
    yield 'bulk', bulk + ['--interval', f'{interval:g}', '--flow', transport], True
    for size in SHORT_BYTES:
        yield (f'short{size}', ['flows', '--flow', transport, '--bytes', str(size),
                                '--count', str(flows or SHORT_FLOWS)], False)


def cost(p):
    """About how long one repetition takes, in no particular unit."""
    bulk = p.rate_mbit * p.seconds
    return round(bulk * 5 if p.name == 'fair' else bulk + SHORT_FLOWS * sum(SHORT_BYTES) / 1e5)


def main():
    for p in sorted(PROFILES.values(), key=cost, reverse=True):
        print(p.name, cost(p))


if __name__ == '__main__':
    main()
