#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""One repetition on one path of the WAN lab; runs in a guest of the wan kernel.

usage: wan.py [--seconds N] [--flows N] PROFILE SEED [TRANSPORT]...

    a --- r1 ===[rate, buffer]===> r2 ---[delay, loss, ...]---> b
            <===[rate, buffer]===
      <---[delay, loss, ...]---

Four namespaces on veth pairs. Before each test all queues are made anew with the
same seed, so that every transport meets the same path. What the programs print
goes to $LAB_OUT/PROFILE.SEED/TRANSPORT.TEST. A TRANSPORT is xtcp/CONTROLLER,
tcp/CONTROLLER or xtcp/*, which means all that the module has.
"""

import argparse
import contextlib
import ctypes
import os
import socket
import statistics
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '../lib'))
import wan_profiles     # noqa: E402 (found by the line above)

NAMESPACES = ('a', 'r1', 'r2', 'b')
# device: (namespace, peer, peer's namespace)
LINKS = (('a-r1', 'a', 'r1-a', 'r1'), ('r1-r2', 'r1', 'r2-r1', 'r2'),
         ('r2-b', 'r2', 'b-r2', 'b'))
SERVER = '10.0.3.2'

libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def inside(name):
    """What happens here happens in namespace NAME."""
    home = os.open('/proc/self/ns/net', os.O_RDONLY)
    there = os.open(f'/run/netns/{name}', os.O_RDONLY)
    try:
        enter(there)
        yield
    finally:
        enter(home)
        os.close(home)
        os.close(there)


def enter(fd):
    if libc.setns(fd, 0):
        raise OSError(ctypes.get_errno(), 'setns')


def write(path, text):
    with open(path, 'w', encoding='ascii') as f:
        f.write(text)


# --- netem: over netlink, since the root's tc does not know "seed" -----------------

RTM_NEWQDISC, RTM_DELQDISC = 36, 37
NLM_F_REQUEST, NLM_F_ACK, NLM_F_EXCL, NLM_F_CREATE = 0x1, 0x4, 0x200, 0x400
NLMSG_ERROR = 2
TC_H_ROOT = 0xFFFFFFFF
TCA_KIND, TCA_OPTIONS = 1, 2
(TCA_NETEM_DELAY_DIST, TCA_NETEM_REORDER, TCA_NETEM_RATE, TCA_NETEM_LATENCY64,
 TCA_NETEM_JITTER64, TCA_NETEM_PRNG_SEED) = 2, 3, 6, 10, 11, 14

DIST_SCALE = 8192               # netem's unit of a standard deviation
DIST_ENTRIES = 4096             # as many as the tables of tc have

PACKETS_NEVER_FULL = 100_000    # of a netem that only delays


def attribute(kind, data):
    length = 4 + len(data)
    return struct.pack('=HH', length, kind) + data + bytes(-length % 4)


def probability(percent):
    return round(percent / 100 * 0xFFFFFFFF)


def normal_distribution():
    """netem draws delays from a table; without one they are uniform."""
    normal = statistics.NormalDist()
    table = (round(normal.inv_cdf((i + 0.5) / DIST_ENTRIES) * DIST_SCALE)
             for i in range(DIST_ENTRIES))
    return struct.pack(f'={DIST_ENTRIES}h', *table)


class Qdiscs:
    """The queues of one namespace's devices."""

    def __init__(self, namespace):
        self.namespace = namespace
        with inside(namespace):
            self.netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                         socket.NETLINK_ROUTE)
            self.index = dict((n, i) for i, n in socket.if_nameindex())
        self.sequence = 0

    def tc(self, *words):
        """What needs no seed."""
        with inside(self.namespace):
            subprocess.run(['tc', 'qdisc', 'add', 'dev', *(str(w) for w in words)], check=True)

    def talk(self, kind, flags, device, handle, parent, attributes=b''):
        body = struct.pack('=BxxxiIII', socket.AF_UNSPEC, self.index[device], handle,
                           parent, 0) + attributes
        self.sequence += 1
        self.netlink.send(struct.pack('=IHHII', 16 + len(body), kind,
                                      NLM_F_REQUEST | NLM_F_ACK | flags,
                                      self.sequence, 0) + body)
        answer = self.netlink.recv(65536)
        if struct.unpack_from('=H', answer, 4)[0] != NLMSG_ERROR:
            raise OSError('netlink: no acknowledgment')
        return -struct.unpack_from('=i', answer, 16)[0]

    def remove(self, device):
        self.talk(RTM_DELQDISC, 0, device, 0, TC_H_ROOT)    # ENOENT at first

    def netem(self, device, seed, limit=PACKETS_NEVER_FULL, rate_mbit=0, delay_ms=0,
              jitter_ms=0, loss_pct=0, reorder_pct=0, handle=0x10000, parent=TC_H_ROOT):
        """Add a netem; reorder_pct of the packets go at once, the others are delayed."""
        gap = 1 if reorder_pct else 0
        options = struct.pack('=IIIIII', 0, limit, probability(loss_pct), gap, 0, 0)
        options += attribute(TCA_NETEM_LATENCY64, struct.pack('=q', round(delay_ms * 1e6)))
        options += attribute(TCA_NETEM_JITTER64, struct.pack('=q', round(jitter_ms * 1e6)))
        options += attribute(TCA_NETEM_PRNG_SEED, struct.pack('=Q', seed))
        if jitter_ms:
            options += attribute(TCA_NETEM_DELAY_DIST, normal_distribution())
        if reorder_pct:
            options += attribute(TCA_NETEM_REORDER,
                                 struct.pack('=II', probability(reorder_pct), 0))
        if rate_mbit:
            options += attribute(TCA_NETEM_RATE,
                                 struct.pack('=IiIi', round(rate_mbit * 1e6 / 8), 0, 0, 0))
        error = self.talk(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, device, handle, parent,
                          attribute(TCA_KIND, b'netem\0') + attribute(TCA_OPTIONS, options))
        if error:
            raise OSError(error, f'netem on {device}: {os.strerror(error)}')


# --- the path ----------------------------------------------------------------------------

def mac(network, side):
    return f'02:00:00:00:{network:02x}:{side:02x}'


def make_namespaces(ecn):
    for name in NAMESPACES:
        subprocess.run(['ip', 'netns', 'add', name], check=True)
        with inside(name):
            # neither neighbour discovery nor anything learnt between the flows
            write('/proc/sys/net/ipv6/conf/all/disable_ipv6', '1')
            write('/proc/sys/net/ipv6/conf/default/disable_ipv6', '1')
            write('/proc/sys/net/ipv4/tcp_no_metrics_save', '1')
            # asked for by whoever connects; only one path answers with marks
            for protocol in ('ipv4/tcp_ecn', 'xtcp/ecn'):
                write(f'/proc/sys/net/{protocol}', '1' if ecn else '2')
            write('/proc/sys/net/ipv4/ip_forward', '1')
    commands = {name: ['link set lo up'] for name in NAMESPACES}
    for n, (device, here, peer, there) in enumerate(LINKS, 1):
        commands['a'].insert(n - 1, f'link add {device} netns {here} address {mac(n, 1)} '
                             f'type veth peer name {peer} netns {there} address {mac(n, 2)}')
        for side, namespace, dev in ((1, here, device), (2, there, peer)):
            commands[namespace] += [
                f'addr add 10.0.{n}.{side}/24 dev {dev}',
                # netem is to see packets, not trains of them
                f'link set {dev} gso_max_segs 1 up',
                # a request for an address could be lost like any other packet
                f'neigh add 10.0.{n}.{3 - side} lladdr {mac(n, 3 - side)} dev {dev} '
                'nud permanent']
    commands['a'].append('route add default via 10.0.1.2')
    commands['r1'].append('route add 10.0.3.0/24 via 10.0.2.2')
    commands['r2'].append('route add 10.0.1.0/24 via 10.0.2.1')
    commands['b'].append('route add default via 10.0.3.1')
    for name in NAMESPACES:
        subprocess.run(['ip', '-n', name, '-batch', '-'], check=True, text=True,
                       input='\n'.join(commands[name]) + '\n')
    for device, here, peer, there in LINKS:
        for namespace, dev in ((here, device), (there, peer)):
            with inside(namespace):
                subprocess.run(['ethtool', '-K', dev, 'gso', 'off', 'tso', 'off', 'gro', 'off'],
                               check=True, stdout=subprocess.DEVNULL)


def marking_bottleneck(q, device, profile, limit):
    """netem does not mark what waited, fq_codel does; CoDel's own law never acts."""
    q.tc(device, 'root', 'handle', '1:', 'tbf', 'rate', f'{profile.rate_mbit}mbit',
         'burst', 2 * wan_profiles.FRAME_BYTES, 'limit', limit * wan_profiles.FRAME_BYTES)
    q.tc(device, 'parent', '1:1', 'fq_codel', 'flows', 1, 'limit', limit, 'ecn',
         'ce_threshold', f'{profile.mark_ms}ms', 'target', '10s', 'interval', '100s')


class Path:
    def __init__(self, profile, seed):
        make_namespaces(profile.mark_ms)
        self.profile = profile
        self.seed = seed
        self.qdiscs = {name: Qdiscs(name) for name in ('r1', 'r2')}

    def renew(self):
        """Empty queues, and the same chances again."""
        p = self.profile
        for n, (router, bottleneck, onward) in enumerate((('r1', 'r1-r2', 'r1-a'),
                                                          ('r2', 'r2-r1', 'r2-b'))):
            q = self.qdiscs[router]
            q.remove(bottleneck)
            q.remove(onward)
            # every netem draws from numbers of its own
            seeds = [self.seed * 16 + n * 4 + i for i in range(3)]
            limit = wan_profiles.buffer_packets(p)
            if p.mark_ms:
                marking_bottleneck(q, bottleneck, p, limit)
            else:
                q.netem(bottleneck, seeds[0], rate_mbit=p.rate_mbit, limit=limit)
            # those that go early skip the second netem's delay, not all of it
            q.netem(onward, seeds[1], delay_ms=p.rtt_ms / 2 - p.early_ms,
                    jitter_ms=p.jitter_ms, loss_pct=p.loss_pct)
            if p.early_pct:
                q.netem(onward, seeds[2], delay_ms=p.early_ms, reorder_pct=p.early_pct,
                        handle=0x20000, parent=0x10001)


# --- the tests ---------------------------------------------------------------------------

BENCH = os.path.join(os.environ['XTCP_USER'], 'xtcp-bench')


def run_test(path, transport, arguments, probe, out):
    """Status of the program of which not all went well, or 0."""
    path.renew()
    with inside('b'):
        server = subprocess.Popen([BENCH, 'server', '--flow', transport, '--flow',
                                   'tcp' if transport.startswith('xtcp') else 'xtcp'],
                                  stdout=subprocess.PIPE)
    try:
        if b'listening' not in server.stdout.readline():
            sys.exit(f'wan.py: no server for {transport}')
        to = ['--to', SERVER]
        programs = [(out, arguments)]
        if probe:
            seconds = arguments[arguments.index('--seconds') + 1]
            programs.append((out + '.probe', ['probe', '--seconds', seconds, '--interval',
                                              str(path.profile.probe_s)]))
        clients = []
        with inside('a'):
            for file, words in programs:
                with open(file, 'wb') as f:
                    clients.append(subprocess.Popen([BENCH, *words, *to], stdout=f))
        return max(c.wait() for c in clients)
    finally:
        server.kill()
        server.wait()


def controllers():
    with open('/proc/sys/net/xtcp/available_congestion_control', encoding='ascii') as f:
        return f.read().split()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--seconds', type=int)
    parser.add_argument('--flows', type=int)
    parser.add_argument('profile', choices=wan_profiles.PROFILES)
    parser.add_argument('seed', type=int)
    parser.add_argument('transports', nargs='*', default=wan_profiles.TRANSPORTS)
    args = parser.parse_args()

    profile = wan_profiles.PROFILES[args.profile]
    path = Path(profile, args.seed)
    out = os.path.join(os.environ['LAB_OUT'], f'{profile.name}.{args.seed}')
    os.makedirs(out, exist_ok=True)
    for transport in wan_profiles.expand(profile, args.transports, controllers()):
        for name, arguments, probe in wan_profiles.tests(profile, transport, args.seconds,
                                                         args.flows):
            file = os.path.join(out, f'{transport.replace("/", "-")}.{name}')
            status = run_test(path, transport, arguments, probe, file)
            if status:
                print(f'{profile.name} seed {args.seed}: {transport} {name}: '
                      f'status {status}', file=sys.stderr)
                with open(file, 'a', encoding='ascii') as f:
                    f.write(f'failed status={status}\n')


main()
