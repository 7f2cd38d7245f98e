#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Holds sockets for test_xss.sh: says what they are, ends with standard input.

  7000  IPv4 listener (backlog 5), connections in ESTABLISHED, with 5 bytes unread,
        in CLOSE_WAIT (a forgotten close) and in TIME_WAIT
  7001  IPv6 listener, a connection that waits for accept()
"""
import os
import socket
import sys
import time

# what is about to end stays for as long as the test takes
for name in ('fin_timeout', 'time_wait'):
    with open('/proc/sys/net/xtcp/' + name, 'w') as f:
        f.write('86400')

family = int(open('/sys/module/xtcp/parameters/family').read())


def xtcp(ip):
    """A socket that Python knows the addresses of"""
    return socket.socket(ip, socket.SOCK_STREAM,
                         fileno=socket.socket(family, socket.SOCK_STREAM).detach())


def listener(ip, address, backlog):
    """On that address"""
    s = xtcp(ip)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(address)
    s.listen(backlog)
    return s


def accepted(server):
    """accept(), of an address that Python would not know"""
    fd, _ = server._accept()
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, fileno=fd)


def connected(ip, address):
    """The client's end"""
    s = xtcp(ip)
    s.connect(address)
    return s


four = listener(socket.AF_INET, ('127.0.0.1', 7000), 5)
six = listener(socket.AF_INET6, ('::1', 7001), 3)

client = connected(socket.AF_INET, ('127.0.0.1', 7000))
server = accepted(four)
client.sendall(b'hello')

leaver = connected(socket.AF_INET, ('127.0.0.1', 7000))
leak = accepted(four)
left = leaver.getsockname()[1]
leaver.close()
assert leak.recv(1) == b''

done = connected(socket.AF_INET, ('127.0.0.1', 7000))
waits = done.getsockname()[1]
other = accepted(four)
done.close()
assert other.recv(1) == b''
other.close()

waiting = connected(socket.AF_INET6, ('::1', 7001))

# its ACK stops the timers: nothing changes any more
deadline = time.monotonic() + 60
while server.recv(9, socket.MSG_PEEK) != b'hello' and time.monotonic() < deadline:
    time.sleep(0.01)
time.sleep(0.2)
print('pid=%d client=%d left=%d waits=%d waiting=%d fd=%d inode=%d' % (
    os.getpid(), client.getsockname()[1], left, waits, waiting.getsockname()[1],
    client.fileno(), os.fstat(client.fileno()).st_ino), flush=True)

for line in sys.stdin:
    if line.strip() == 'write':
        client.sendall(bytes(10000))
    elif line.strip() == 'read':
        try:
            print(len(client.recv(1)), flush=True)
        except OSError as e:
            print(e.errno, flush=True)
