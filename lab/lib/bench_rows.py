# SPDX-License-Identifier: GPL-2.0
"""What lab/bench measures: rows, each of one test of 'xtcp-bench cost'.

As a program: bench_rows.py plan ROW,... PROTO,... prints what the guest has to run;
bench_rows.py names prints the rows, one on a line.
"""

import sys
from collections import namedtuple

PROTOS = ('tcp', 'xtcp', 'sctp', 'unix')

# goal: XTCP's cost divided by that of TCP, at most. path: None is loopback, else the
# arguments of path() in guest/bench-init. warm, count: MiB or transactions.
Row = namedtuple('Row', 'name text unit goal test bytes warm count nagle path protos')


def row(name, text, unit, goal, test, size, warm, count, nagle=False, path=None,
        protos=PROTOS):
    return Row(name, text, unit, goal, test, size, warm, count, nagle, path, protos)


INET = ('tcp', 'xtcp', 'sctp')
OURS = ('tcp', 'xtcp')

ROWS = {r.name: r for r in (
    row('bulk128k', 'bulk, 128 KiB writes', 'MiB', 0.95, 'bulk', 131072, 64, 128),
    row('bulk16k', 'bulk, 16 KiB writes', 'MiB', 0.95, 'bulk', 16384, 32, 64),
    row('bulk1k', 'bulk, 1 KiB writes', 'MiB', 0.8, 'bulk', 1024, 4, 8),
    row('bulk1k-nagle', 'the same without NODELAY', 'MiB', 1.0, 'bulk', 1024, 4, 8,
        nagle=True, protos=OURS),
    row('bulk64', 'bulk, 64 B writes', 'MiB', 0.8, 'bulk', 64, 1, 1),
    row('bulk64-nagle', 'the same without NODELAY', 'MiB', 1.0, 'bulk', 64, 1, 1,
        nagle=True, protos=OURS),
    row('sendfile', 'sendfile', 'MiB', 1.0, 'sendfile', 0, 64, 128, protos=OURS),
    row('pkt', '1500 B packets over veth, offloads off', 'MiB', 0.95, 'bulk', 131072,
        16, 16, path='1 off off', protos=INET),
    row('gro', 'the same, merged on receipt', 'MiB', 1.0, 'bulk', 131072, 16, 16,
        path='1 off on', protos=OURS),
    row('veth', 'bulk over veth, offloads on', 'MiB', 1.0, 'bulk', 131072, 64, 64,
        path='65535 on off', protos=OURS),
    row('rr1', 'request/response, 1 B', 'transaction', 0.9, 'rr', 1, 500, 1000),
    row('rr1k', 'request/response, 1 KiB', 'transaction', 0.9, 'rr', 1024, 500, 1000),
    row('crr', 'connect, request, response, close', 'connection', 0.75, 'flow', 1, 300,
        500, protos=INET),
    row('flow', '64 KiB response on a new connection', 'connection', 0.85, 'flow',
        65536, 300, 500, protos=OURS + ('unix',)),
    row('idle', 'memory of an idle connection, both ends', 'byte', 0.75, 'idle', 1,
        1000, 4000, protos=INET),
)}


def plan(rows, protos):
    for name in rows:
        r = ROWS[name]
        to = '--to 127.0.0.1'
        if r.path:
            to = '--to 10.9.0.2 --netns far'
            yield f'path {r.path}'
        nagle = ' --nagle' if r.nagle else ''
        for proto in protos:
            if proto not in r.protos:
                continue
            yield f'echo "bench: row {name}"'
            yield (f'xtcp-bench cost --flow {proto} {to} --test {r.test} '
                   f'--bytes {max(r.bytes, 1)} --warm {r.warm} --count {r.count}{nagle}')


def main():
    if sys.argv[1] == 'names':
        print('\n'.join(ROWS))
        return
    print('\n'.join(plan(sys.argv[2].split(','), sys.argv[3].split(','))))


if __name__ == '__main__':
    main()
