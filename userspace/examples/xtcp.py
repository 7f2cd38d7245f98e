# SPDX-License-Identifier: GPL-2.0
"""XTCP for Python: ordinary socket.socket objects over another transport.

Whatever takes a stream socket takes them, too: makefile(), selectors, asyncio,
ssl.  (Code that opens its sockets itself goes over TCP, unless xtcp-run runs it.)

    import xtcp
    with xtcp.create_connection(("127.0.0.1", 7000)) as conn:
        conn.sendall(b"hello")

XTCP_FAMILY=2 in the environment makes the same program run over plain TCP.
"""

import errno
import os
import socket as _socket
import struct
from socket import AF_INET, AF_INET6, SOCK_STREAM

AF_XTCP = 19
SOL_XTCP = 253


def family():
    """The address family in use: XTCP_FAMILY, else the module's, else 19."""
    text = os.environ.get("XTCP_FAMILY")
    if not text:
        try:
            with open("/sys/module/xtcp/parameters/family", encoding="ascii") as file:
                text = file.read()
        except OSError:
            return AF_XTCP
    return int(text)


def socket(ip_family=AF_INET):
    """A new stream socket for addresses of that IP family.

    Python knows how to spell addresses only for the families that it was
    built with, and calls any other a "bad family" in bind() and connect().
    XTCP's addresses are plain IP addresses: so open the descriptor as AF_XTCP,
    and then tell Python which addresses go with it.
    """
    number = family()
    if number in (AF_INET, AF_INET6):
        return _socket.socket(ip_family, SOCK_STREAM)
    try:
        fd = _socket.socket(number, SOCK_STREAM).detach()
    except OSError as error:
        if error.errno == errno.EAFNOSUPPORT:
            error.strerror = "the xtcp module is not loaded"
        raise
    return _socket.socket(ip_family, SOCK_STREAM, fileno=fd)


def _first_that_works(host, port, flags, start):
    """Tries the addresses of a host; raises the last error if none works."""
    error = None
    for ip_family, _, _, _, address in _socket.getaddrinfo(
            host, port, type=SOCK_STREAM, flags=flags):
        try:
            sock = socket(ip_family)
        except OSError as failure:
            error = failure
            continue
        try:
            start(sock, address)
            return sock
        except OSError as failure:
            sock.close()
            error = OSError(failure.errno, f"{failure.strerror}: {address[0]} port {address[1]}")
    raise error


def create_connection(address):
    """Connects to (host, port), whichever of its addresses answers first."""
    return _first_that_works(*address, 0, lambda sock, where: sock.connect(where))


def create_server(address):
    """Listens on (host, port); may be restarted on the same port at once."""
    def start(sock, where):
        sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
        sock.bind(where)
        sock.listen()
    return _first_that_works(*address, _socket.AI_PASSIVE, start)


def recv_exactly(sock, count):
    """Exactly so many bytes, or b"" when the peer closed before the first.

    EOFError: the peer closed in the middle.
    """
    parts = []
    missing = count
    while missing:
        data = sock.recv(min(missing, 1 << 20))
        if not data:
            if missing == count:
                return b""
            raise EOFError(f"the peer left, {missing} of {count} bytes missing")
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)


def send_message(sock, message):
    """Sends bytes with their length in front: 4 bytes, big-endian."""
    sock.sendall(struct.pack("!I", len(message)) + message)


def recv_message(sock, longest):
    """The next message, or None when the peer closed between two messages.

    EOFError: the peer closed in the middle; ValueError: longer than longest.
    """
    prefix = recv_exactly(sock, 4)
    if not prefix:
        return None
    (length,) = struct.unpack("!I", prefix)
    if length > longest:
        raise ValueError(f"a message of {length} bytes, at most {longest} expected")
    message = recv_exactly(sock, length)
    if len(message) < length:
        raise EOFError(f"the peer left before a message of {length} bytes")
    return message
