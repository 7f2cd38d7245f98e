#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Captures for the dissector's test; runs in a guest of the wan kernel.

    a --- r ---> b      r loses, delays and reorders what comes from either

Each scene leaves NAME.pcap, captured at a's (or b's) end of its link, in $LAB_OUT, and
one line "NAME COUNTER INCREASE" for each counter of a, of what it did meanwhile.
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time

OUT = os.environ['LAB_OUT']
PROTO = 253
PORT = 7000
ADDRESS = {socket.AF_INET: {'a': '10.9.1.1', 'b': '10.9.2.1'},
           socket.AF_INET6: {'a': 'fd09:1::1', 'b': 'fd09:2::1'}}
libc = ctypes.CDLL(None, use_errno=True)


def run(*command):
    subprocess.run(command, check=True)


def ip(*words):
    run('ip', *words)


@contextlib.contextmanager
def inside(name):
    """What this thread does happens in namespace NAME."""
    home = os.open('/proc/thread-self/ns/net', os.O_RDONLY)
    there = os.open(f'/run/netns/{name}', os.O_RDONLY)
    try:
        libc.setns(there, 0)
        yield
    finally:
        libc.setns(home, 0)
        os.close(home)
        os.close(there)


def build_network():
    for name in 'arb':
        ip('netns', 'add', name)
        ip('-n', name, 'link', 'set', 'lo', 'up')
    for end, net in (('a', 1), ('b', 2)):
        ip('link', 'add', 'eth', 'netns', end, 'type', 'veth', 'peer', 'name', f'to-{end}',
           'netns', 'r')
        for where, dev, last in ((end, 'eth', 1), ('r', f'to-{end}', 2)):
            ip('-n', where, 'link', 'set', dev, 'up')
            ip('-n', where, 'addr', 'add', f'10.9.{net}.{last}/24', 'dev', dev)
            ip('-n', where, 'addr', 'add', f'fd09:{net}::{last}/64', 'dev', dev, 'nodad')
            # one segment, one packet: so that counters and captures count alike
            run('ip', 'netns', 'exec', where, 'ethtool', '-K', dev, 'gso', 'off', 'tso', 'off')
        ip('-n', end, 'route', 'add', 'default', 'via', f'10.9.{net}.2')
        ip('-n', end, 'route', 'add', 'default', 'via', f'fd09:{net}::2')
    run('ip', 'netns', 'exec', 'r', 'sysctl', '-qw', 'net.ipv4.ip_forward=1',
        'net.ipv6.conf.all.forwarding=1')


def path(*netem):
    """What r does to what goes to b; the way back only delays"""
    for dev, words in (('to-b', netem), ('to-a', ('delay', '10ms'))):
        run('tc', '-n', 'r', 'qdisc', 'replace', 'dev', dev, 'root', 'netem', *words)


def counters(name):
    with inside(name), open('/proc/thread-self/net/xtcp_stat', encoding='ascii') as file:
        names, values = (line.split()[1:] for line in file.readlines()[:2])
    return dict(zip(names, map(int, values)))


@contextlib.contextmanager
def capture(scene, end='a'):
    before = counters('a')
    with subprocess.Popen(['ip', 'netns', 'exec', end, 'tcpdump', '-Z', 'root', '-U', '-i', 'eth', '-w',
                           f'{OUT}/{scene}.pcap', f'proto {PROTO} or ip6 proto {PROTO} or icmp'],
                          stderr=subprocess.PIPE, text=True) as dump:
        for line in dump.stderr:
            if 'listening' in line:
                break
        yield
        time.sleep(3)       # until whatever was lost last is there
        dump.send_signal(signal.SIGINT)
        dump.stderr.read()
    after = counters('a')
    with open(f'{OUT}/counters', 'a', encoding='ascii') as file:
        for name, value in after.items():
            file.write(f'{scene} {name} {value - before[name]}\n')


def listener(family):
    with inside('b'):
        fd = socket.socket(family, socket.SOCK_STREAM, PROTO)
        fd.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        fd.bind((ADDRESS[family]['b'], PORT))
        fd.listen()
    return fd


@contextlib.contextmanager
def connection(family):
    with listener(family) as door, inside('a'):
        client = socket.socket(family, socket.SOCK_STREAM, PROTO)
        client.connect((ADDRESS[family]['b'], PORT))
        server, _ = door.accept()
    with client, server:
        yield client, server


def drain(server):
    while server.recv(65536):
        pass


def transfer(family, size, *netem):
    """All of it crosses a path like that; the opening and the end do not"""
    path('delay', '10ms')
    with connection(family) as (client, server):
        path('delay', '10ms', *netem)
        reader = threading.Thread(target=drain, args=(server,))
        reader.start()
        client.sendall(bytes(size))
        client.shutdown(socket.SHUT_WR)
        reader.join()
        path('delay', '10ms')


def main():
    build_network()
    open(f'{OUT}/counters', 'w', encoding='ascii').close()

    with capture('clean'):
        transfer(socket.AF_INET, 100_000)
    with capture('loss'):
        transfer(socket.AF_INET, 1_000_000, 'loss', '5%')
    with capture('loss6'):
        transfer(socket.AF_INET6, 500_000, 'loss', '5%')
    # captured behind what reorders
    with capture('reorder', 'b'):
        transfer(socket.AF_INET6, 500_000, 'reorder', '10%', 'gap', '5')

    with capture('window'), connection(socket.AF_INET) as (client, server):
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                client.send(bytes(65536))
                time.sleep(0.05)
        time.sleep(3)
        client.setblocking(True)
        client.shutdown(socket.SHUT_WR)
        drain(server)
    with capture('idle'), connection(socket.AF_INET) as (client, server):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        time.sleep(4)
        client.send(b'x')
        time.sleep(0.1)
        server.close()      # with a byte unread: RST
    with capture('refused'), inside('a'):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, PROTO) as fd:
            assert fd.connect_ex((ADDRESS[socket.AF_INET]['b'], PORT + 1))
    print('captured')


if __name__ == '__main__':
    sys.exit(main())
