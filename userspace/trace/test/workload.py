#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Connections for test_trace.sh: one refused, one over whatever the path is, one cut off.

Prints what the tracepoints must tell of: ports, and bytes that arrived.
"""
import socket
import struct
import threading

family = int(open('/sys/module/xtcp/parameters/family').read())
LENGTH = 300000


def xtcp():
    """An XTCP socket that Python knows the addresses of"""
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM,
                         fileno=socket.socket(family, socket.SOCK_STREAM).detach())


def accepted(server):
    """accept(), of an address that Python would not know"""
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, fileno=server._accept()[0])


def receive(server, got):
    """The other end: everything until the end"""
    conn = accepted(server)
    while True:
        data = conn.recv(65536)
        if not data:
            break
        got.append(len(data))
    conn.close()


try:
    xtcp().connect(('127.0.0.1', 9))
except ConnectionRefusedError:
    pass

listener = xtcp()
listener.bind(('127.0.0.1', 7000))
listener.listen(5)
got = []
thread = threading.Thread(target=receive, args=(listener, got))
thread.start()
client = xtcp()
client.connect(('127.0.0.1', 7000))
port = client.getsockname()[1]
client.sendall(bytes(LENGTH))
client.close()
thread.join()

cut = xtcp()
cut.connect(('127.0.0.1', 7000))
cut_port = cut.getsockname()[1]
cut.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
cut.close()
print('port=%d cut=%d bytes=%d' % (port, cut_port, sum(got)))
