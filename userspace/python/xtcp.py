# SPDX-License-Identifier: GPL-2.0
"""XTCP for Python: ordinary socket.socket objects over another transport.

Whatever takes a stream socket takes them, too: makefile(), selectors, asyncio,
ssl.  (Code that opens its sockets itself goes over TCP, unless xtcp-run runs it.)

    import xtcp
    with xtcp.create_connection(("127.0.0.1", 7000)) as conn:
        conn.sendall(b"hello")

    reader, writer = await xtcp.open_connection("127.0.0.1", 7000)

socket.socket(socket.AF_INET, socket.SOCK_STREAM, xtcp.IPPROTO_XTCP) is such a socket
as well, where the module was loaded with its usual protocol number; but asyncio takes
only those of xtcp.socket().

XTCP_FAMILY=2 in the environment makes the same program run over plain TCP.
"""

import asyncio
import errno
import os
import socket as _socket
import struct
from socket import AF_INET, AF_INET6, SOCK_STREAM
from typing import Any, Awaitable, Callable, List, NamedTuple, Optional, Tuple, Union

__all__ = ["AF_XTCP", "IPPROTO_XTCP", "SOL_XTCP", "XTCP_INFO", "Info", "create_connection",
           "create_server", "family", "info", "is_xtcp", "open_connection", "protocol",
           "recv_exactly", "recv_message", "send_message", "socket", "start_server"]

AF_XTCP = 19
IPPROTO_XTCP = 253
SOL_XTCP = 253
XTCP_INFO = 11

Port = Union[int, str]
Address = Tuple[Optional[str], Port]
StreamHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Optional[Awaitable[None]]]


def _parameter(name: str, usual: int) -> int:
    """What the module was loaded with."""
    try:
        with open("/sys/module/xtcp/parameters/" + name, encoding="ascii") as file:
            return int(file.read())
    except OSError:
        return usual


def family() -> int:
    """The address family in use: XTCP_FAMILY, else the module's, else 19."""
    text = os.environ.get("XTCP_FAMILY")
    return int(text) if text else _parameter("family", AF_XTCP)


def protocol() -> int:
    """The third argument of socket.socket(): the module's, else 253; 0 for TCP."""
    if family() in (AF_INET, AF_INET6):
        return 0
    return _parameter("protocol", IPPROTO_XTCP)


def socket(ip_family: int = AF_INET) -> _socket.socket:
    """A new stream socket for addresses of that IP family.

    Its attribute proto is 0, "the usual one": asyncio looks up the addresses of sockets
    with any other protocol that it does not know, and finds none.
    """
    try:
        fd = _socket.socket(ip_family, SOCK_STREAM, protocol()).detach()
        return _socket.socket(ip_family, SOCK_STREAM, 0, fileno=fd)
    except OSError as error:
        if error.errno == errno.EPROTONOSUPPORT:
            error.strerror = "the xtcp module is not loaded"
        raise


def is_xtcp(sock: _socket.socket) -> bool:
    """Is it one of XTCP's?"""
    return sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_PROTOCOL) == \
        _parameter("protocol", IPPROTO_XTCP)


def _failure(error: OSError, address: Tuple[Any, ...]) -> OSError:
    """The same, with the address that it is about."""
    return OSError(error.errno, f"{error.strerror}: {address[0]} port {address[1]}")


def create_connection(address: Address, timeout: Optional[float] = None,
                      source_address: Optional[Tuple[str, int]] = None) -> _socket.socket:
    """Connects to (host, port), whichever of its addresses answers first.

    timeout, in seconds, is for each address, and then that of the socket.
    source_address: (address, port) to connect from.
    Raises the error of the last address if none answers.
    """
    failure: Optional[OSError] = None
    for ip_family, _, _, _, where in _socket.getaddrinfo(*address, type=SOCK_STREAM):
        sock = socket(ip_family)
        try:
            sock.settimeout(timeout)
            if source_address:
                sock.bind(source_address)
            sock.connect(where)
            return sock
        except TimeoutError:
            sock.close()
            failure = TimeoutError(errno.ETIMEDOUT,
                                   f"timed out: {where[0]} port {where[1]}")
        except OSError as error:
            sock.close()
            failure = _failure(error, where)
    assert failure  # getaddrinfo() raises rather than find nothing
    raise failure


def create_server(address: Address, *, backlog: Optional[int] = None,
                  reuse_port: bool = False) -> _socket.socket:
    """Listens on (host, port); may be restarted on the same port at once.

    host None or "" is every address, IPv4 and IPv6 alike.
    """
    host, port = address
    found = _socket.getaddrinfo(host or None, port, type=SOCK_STREAM, flags=_socket.AI_PASSIVE)
    if not host:  # :: serves IPv4 as well, 0.0.0.0 is for machines without IPv6
        found.sort(key=lambda entry: entry[0] != AF_INET6)
    failure: Optional[OSError] = None
    for ip_family, _, _, _, where in found:
        try:
            sock = socket(ip_family)
        except OSError as error:
            failure = error
            continue
        try:
            sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
            if reuse_port:
                sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEPORT, 1)
            if ip_family == AF_INET6:
                sock.setsockopt(_socket.IPPROTO_IPV6, _socket.IPV6_V6ONLY, 1 if host else 0)
            sock.bind(where)
            if backlog is None:
                sock.listen()
            else:
                sock.listen(backlog)
            return sock
        except OSError as error:
            sock.close()
            failure = _failure(error, where)
    assert failure
    raise failure


def _set_nodelay(sock: _socket.socket) -> None:
    """asyncio does this for what it takes for TCP: it gathers small pieces by itself."""
    sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)


async def open_connection(host: str, port: Port, **options: Any) -> \
        Tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """As asyncio.open_connection(), which takes the options (ssl=, limit= ...)."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=SOCK_STREAM)
    if options.get("ssl"):
        options.setdefault("server_hostname", host)
    failure: Optional[OSError] = None
    for ip_family, _, _, _, where in found:
        sock = socket(ip_family)
        try:
            sock.setblocking(False)
            _set_nodelay(sock)
            await loop.sock_connect(sock, where)
        except OSError as error:
            sock.close()
            failure = _failure(error, where)
            continue
        except BaseException:  # cancelled
            sock.close()
            raise
        return await asyncio.open_connection(sock=sock, **options)
    assert failure
    raise failure


async def start_server(client_connected_cb: StreamHandler, host: Optional[str], port: Port, *,
                       backlog: int = 100, reuse_port: bool = False,
                       **options: Any) -> asyncio.AbstractServer:
    """As asyncio.start_server(), which takes the options (ssl=, limit= ...)."""
    sock = create_server((host, port), backlog=backlog, reuse_port=reuse_port)
    try:
        _set_nodelay(sock)  # what it accepts inherits it
        return await asyncio.start_server(client_connected_cb, sock=sock, backlog=backlog,
                                          **options)
    except BaseException:
        sock.close()
        raise


class Info(NamedTuple):
    """What the kernel knows about a connection; <linux/xtcp.h> describes the fields.

    Fields that are newer than the loaded module read as 0.
    """

    state: int
    ca_state: int
    backoff: int
    probes: int
    retransmits: int
    rto_us: int
    srtt_us: int
    rttvar_us: int
    min_rtt_us: int
    snd_mss: int
    rcv_mss: int
    advmss: int
    pmtu: int
    snd_cwnd_bytes: int
    snd_ssthresh_bytes: int
    snd_wnd_bytes: int
    rcv_wnd_bytes: int
    unacked_bytes: int
    notsent_bytes: int
    unread_bytes: int
    ofo_bytes: int
    bytes_sent: int
    bytes_retrans: int
    bytes_acked: int
    bytes_received: int
    segs_out: int
    segs_in: int
    data_segs_out: int
    data_segs_in: int
    pacing_rate: int
    total_rto: int
    dsack_dups: int
    ofo_segs: int
    features: int
    ca_name: str
    delivery_rate: int
    delivered_bytes: int
    lost_bytes: int
    delivery_rate_app_limited: int
    snd_ce_bytes: int
    rcv_ce_bytes: int


# struct xtcp_info, without the field at its end that is reserved
_INFO = struct.Struct("=4B17I9Q4I16s3Q3I")


def info(sock: _socket.socket) -> Info:
    """XTCP_INFO of a connection. OSError: not an XTCP socket."""
    data = sock.getsockopt(SOL_XTCP, XTCP_INFO, _INFO.size)
    fields: List[Any] = list(_INFO.unpack(data.ljust(_INFO.size, b"\0")))
    name = Info._fields.index("ca_name")
    fields[name] = fields[name].rstrip(b"\0").decode()
    return Info(*fields)


def recv_exactly(sock: _socket.socket, count: int) -> bytes:
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


def send_message(sock: _socket.socket, message: bytes) -> None:
    """Sends bytes with their length in front: 4 bytes, big-endian."""
    sock.sendall(struct.pack("!I", len(message)) + message)


def recv_message(sock: _socket.socket, longest: int) -> Optional[bytes]:
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
