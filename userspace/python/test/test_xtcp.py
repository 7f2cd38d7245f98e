#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tests of xtcp.py, as TAP. With XTCP_FAMILY=2 over TCP; without the module they skip."""

import asyncio
import errno
import logging
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import typing
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import xtcp  # pylint: disable=wrong-import-position

PATIENCE = 120  # seconds that anything may take on a slow machine
TCP = xtcp.protocol() == 0
HAVE_IPV6 = os.path.exists("/proc/net/if_inet6") and \
    any(line.split()[-1] == "lo" for line in open("/proc/net/if_inet6", encoding="ascii"))


def loaded():
    try:
        xtcp.socket().close()
        return True
    except OSError as error:
        return error.errno != errno.EPROTONOSUPPORT


def echo(listener, count=1):
    """Answers that many connections, one after the other, in a thread."""
    def serve():
        for _ in range(count):
            conn, _ = listener.accept()
            with conn:
                while data := conn.recv(65536):
                    conn.sendall(data)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


def pair(test):
    """Two connected sockets."""
    with xtcp.create_server(("127.0.0.1", 0)) as listener:
        one = xtcp.create_connection(listener.getsockname(), timeout=PATIENCE)
        other, _ = listener.accept()
    other.settimeout(PATIENCE)
    test.addCleanup(one.close)
    test.addCleanup(other.close)
    return one, other


class Sockets(unittest.TestCase):
    def test_socket__is_xtcp(self):
        for family in (socket.AF_INET, socket.AF_INET6):
            with xtcp.socket(family) as sock:
                self.assertEqual(sock.family, family)
                self.assertEqual(sock.type, socket.SOCK_STREAM)
                self.assertEqual(xtcp.is_xtcp(sock), not TCP)
                self.assertFalse(sock.get_inheritable())

    def test_socket__other_is_not_xtcp(self):
        with socket.socket() as sock:
            self.assertFalse(xtcp.is_xtcp(sock))

    @unittest.skipIf(TCP, "of XTCP only")
    def test_plain_call__is_xtcp(self):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, xtcp.protocol()) as sock:
            self.assertTrue(xtcp.is_xtcp(sock))

    def test_accepted__is_xtcp(self):
        for sock in pair(self):
            self.assertEqual(xtcp.is_xtcp(sock), not TCP)

    def test_connection__there_and_back(self):
        with xtcp.create_server(("127.0.0.1", 0)) as listener:
            thread = echo(listener)
            with xtcp.create_connection(listener.getsockname(), timeout=PATIENCE) as conn:
                self.assertEqual(conn.gettimeout(), PATIENCE)
                conn.sendall(b"hello")
                self.assertEqual(xtcp.recv_exactly(conn, 5), b"hello")
            thread.join(PATIENCE)

    @unittest.skipUnless(HAVE_IPV6, "no IPv6")
    def test_server__every_address(self):
        for host in (None, ""):
            with xtcp.create_server((host, 0)) as listener:
                thread = echo(listener, 2)
                port = listener.getsockname()[1]
                for address in ("127.0.0.1", "::1"):
                    with xtcp.create_connection((address, port), timeout=PATIENCE) as conn:
                        conn.sendall(b"x")
                        self.assertEqual(conn.recv(1), b"x")
                thread.join(PATIENCE)

    @unittest.skipUnless(HAVE_IPV6, "no IPv6")
    def test_server__one_ipv6_address_is_that_alone(self):
        with xtcp.create_server(("::1", 0)) as listener:
            with self.assertRaises(ConnectionRefusedError):
                xtcp.create_connection(("127.0.0.1", listener.getsockname()[1]))

    def test_server__backlog_and_reuse_port(self):
        with xtcp.create_server(("127.0.0.1", 0), backlog=5, reuse_port=True) as one:
            with xtcp.create_server(one.getsockname(), reuse_port=True) as other:
                self.assertEqual(one.getsockname(), other.getsockname())

    def test_server__address_in_use(self):
        with xtcp.create_server(("127.0.0.1", 0)) as one:
            with self.assertRaises(OSError) as caught:
                xtcp.create_server(one.getsockname())
            self.assertEqual(caught.exception.errno, errno.EADDRINUSE)

    def test_connection__refused_names_the_address(self):
        with xtcp.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with self.assertRaises(ConnectionRefusedError) as caught:
            xtcp.create_connection(("127.0.0.1", port))
        self.assertIn(f"127.0.0.1 port {port}", str(caught.exception))

    def test_connection__source_address(self):
        with xtcp.create_server(("127.0.0.1", 0)) as listener:
            with xtcp.create_connection(listener.getsockname(),
                                        source_address=("127.0.0.2", 0)) as conn:
                accepted, peer = listener.accept()
                accepted.close()
                self.assertEqual(peer, conn.getsockname())
                self.assertEqual(peer[0], "127.0.0.2")

    def test_connection__unknown_host(self):
        with self.assertRaises(socket.gaierror):
            xtcp.create_connection(("127.0.0.1", "no-such-service"))

    def test_makefile(self):
        one, other = pair(self)
        with one.makefile("w") as out, other.makefile("r") as into:
            out.write("first\nsecond\n")
            out.flush()
            self.assertEqual(into.readline(), "first\n")
            self.assertEqual(into.readline(), "second\n")

    def test_sendfile(self):
        one, other = pair(self)
        with tempfile.TemporaryFile() as file:
            file.write(b"x" * 100000)
            file.seek(0)
            one.sendfile(file)
        self.assertEqual(xtcp.recv_exactly(other, 100000), b"x" * 100000)


class Messages(unittest.TestCase):
    def test_message__there_and_back(self):
        one, other = pair(self)
        for message in (b"", b"x", b"y" * 70000):
            xtcp.send_message(one, message)
            self.assertEqual(xtcp.recv_message(other, 70000), message)
        one.close()
        self.assertIsNone(xtcp.recv_message(other, 10))

    def test_message__too_long(self):
        one, other = pair(self)
        xtcp.send_message(one, b"12345")
        with self.assertRaises(ValueError):
            xtcp.recv_message(other, 4)

    def test_message__cut_off(self):
        for part in (b"\0\0", b"\0\0\0\x05", b"\0\0\0\x05" + b"123"):
            one, other = pair(self)
            one.sendall(part)
            one.close()
            with self.assertRaises(EOFError):
                xtcp.recv_message(other, 10)

    def test_recv_exactly__end(self):
        one, other = pair(self)
        one.close()
        self.assertEqual(xtcp.recv_exactly(other, 3), b"")


@unittest.skipIf(TCP, "of XTCP only")
class Info(unittest.TestCase):
    def test_info__of_a_connection(self):
        one, other = pair(self)
        one.sendall(b"x" * 1000)
        self.assertEqual(len(xtcp.recv_exactly(other, 1000)), 1000)
        info = xtcp.info(other)
        self.assertEqual(info.state, 1)  # XTCP_ESTABLISHED
        self.assertEqual(info.bytes_received, 1000)
        self.assertGreaterEqual(xtcp.info(one).bytes_sent, 1000)
        with open("/proc/sys/net/xtcp/congestion_control", encoding="ascii") as file:
            self.assertEqual(info.ca_name, file.read().strip())

    def test_info__not_xtcp(self):
        with socket.socket() as sock, self.assertRaises(OSError):
            xtcp.info(sock)


async def echo_stream(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


class Streams(unittest.IsolatedAsyncioTestCase):
    async def start(self, **options):
        server = await xtcp.start_server(echo_stream, "127.0.0.1", 0, **options)
        self.addAsyncCleanup(server.wait_closed)
        self.addCleanup(server.close)
        return server.sockets[0].getsockname()[1]

    async def there_and_back(self, port, data, **options):
        reader, writer = await xtcp.open_connection("127.0.0.1", port, **options)
        writer.write(data)
        self.assertEqual(await asyncio.wait_for(reader.readexactly(len(data)), PATIENCE), data)
        sock = writer.get_extra_info("socket")
        used = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL)
        self.assertEqual(used != socket.IPPROTO_TCP, not TCP)
        self.assertTrue(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()
        await writer.wait_closed()

    async def test_streams__echo(self):
        port = await self.start()
        await self.there_and_back(port, os.urandom(300000))

    async def test_streams__many(self):
        port = await self.start()
        await asyncio.gather(*[self.there_and_back(port, os.urandom(5000))
                               for _ in range(10)])

    async def test_streams__server_has_no_delay(self):
        seen = asyncio.get_running_loop().create_future()

        async def look(_reader, writer):
            sock = writer.get_extra_info("socket")
            seen.set_result(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        server = await xtcp.start_server(look, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        _, writer = await xtcp.open_connection("127.0.0.1", port)
        self.assertTrue(await asyncio.wait_for(seen, PATIENCE))
        writer.close()
        server.close()
        await server.wait_closed()

    async def test_streams__refused(self):
        port = await self.start()
        with xtcp.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with self.assertRaises(ConnectionRefusedError):
            await xtcp.open_connection("127.0.0.1", port)

    async def test_streams__tls(self):
        with tempfile.TemporaryDirectory() as directory:
            cert, key = directory + "/cert", directory + "/key"
            try:
                subprocess.run(
                    ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                     "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert,
                     "-days", "2", "-subj", "/CN=test", "-addext",
                     "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
            except FileNotFoundError:
                self.skipTest("openssl is not installed")
            inside = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            inside.load_cert_chain(cert, key)
            outside = ssl.create_default_context(cafile=cert)
        patience = {"ssl_handshake_timeout": PATIENCE}
        port = await self.start(ssl=inside, **patience)
        await self.there_and_back(port, os.urandom(100000), ssl=outside, **patience)


class Module(unittest.TestCase):
    def test_typed(self):
        for name in xtcp.__all__:
            thing = getattr(xtcp, name)
            if callable(thing) and not isinstance(thing, type):
                self.assertIn("return", typing.get_type_hints(thing), name)

    def test_family__of_the_environment(self):
        before = os.environ.get("XTCP_FAMILY")
        try:
            os.environ["XTCP_FAMILY"] = "2"
            self.assertEqual((xtcp.family(), xtcp.protocol()), (2, 0))
            with xtcp.socket() as sock:
                self.assertFalse(xtcp.is_xtcp(sock))
        finally:
            del os.environ["XTCP_FAMILY"]
            if before is not None:
                os.environ["XTCP_FAMILY"] = before


class Tap(unittest.TestResult):
    """Prints a line for each test."""

    def _line(self, verdict, test, note=""):
        print(f"{verdict} {self.testsRun} - {test.id().split('.', 1)[1]}{note}", flush=True)

    def _failed(self, test, error):
        self._line("not ok", test)
        for line in self._exc_info_to_string(error, test).splitlines():
            print("#", line, flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._line("ok", test)

    def addError(self, test, err):
        super().addError(test, err)
        self._failed(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._failed(test, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line("ok", test, f" # SKIP {reason}")


def main():
    if not loaded():
        print("1..0 # SKIP the xtcp module is not loaded")
        return 0
    # asyncio tells what was slow: everything, on an emulated machine
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    print("TAP version 13")
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = Tap()
    suite.run(result)
    print(f"1..{result.testsRun}")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
