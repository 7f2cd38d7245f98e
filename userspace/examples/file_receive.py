#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Receives one file from file_send, verifies it, and keeps it if it is intact.

file_send.py describes what goes over the wire.

usage: file_receive.py DIRECTORY [ADDRESS [PORT]]
"""

import contextlib
import hashlib
import os
import struct
import sys

import xtcp

CHUNK = 256 * 1024


def exactly(conn, count):
    data = xtcp.recv_exactly(conn, count)
    if len(data) < count:
        raise EOFError("the sender left")
    return data


def receive_contents(conn, file, length):
    """Returns the SHA-256 of what it wrote."""
    digest = hashlib.sha256()
    while length:
        data = exactly(conn, min(length, CHUNK))
        digest.update(data)
        file.write(data)
        length -= len(data)
    return digest.digest()


def receive_file(conn, directory):
    """Returns name, length and checksum; leaves nothing behind if it fails."""
    message = xtcp.recv_message(conn, 255)
    if message is None:
        raise EOFError("the sender left")
    name = message.decode()
    # The sender does not choose where we write.
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise ValueError(f"not a plain file name: {name!r}")
    (length,) = struct.unpack("!Q", exactly(conn, 8))

    target = os.path.join(directory, name)
    part = os.path.join(directory, f".part-{os.getpid()}")
    try:
        with open(part, "xb") as file:
            digest = receive_contents(conn, file, length)
        if exactly(conn, 32) != digest:
            raise ValueError("the checksum differs")
        os.rename(part, target)
    except BaseException:
        if os.path.exists(part):
            os.unlink(part)
        raise
    return name, length, digest.hex()


def main(directory, address="127.0.0.1", port="7000"):
    with xtcp.create_server((address, port)) as listener:
        print("listening on {} port {}".format(*listener.getsockname()), flush=True)
        conn, peer = listener.accept()
    with conn:
        print(f"{peer[0]} port {peer[1]} connected", flush=True)
        try:
            name, length, digest = receive_file(conn, directory)
        except (OSError, EOFError, ValueError) as error:
            with contextlib.suppress(OSError):  # the sender may be gone
                xtcp.send_message(conn, str(error).encode())
            raise
        xtcp.send_message(conn, b"ok")
    print(f"received {name}, {length} bytes, sha256 {digest}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: file_receive.py DIRECTORY [ADDRESS [PORT]]")
    try:
        main(*sys.argv[1:])
    except (OSError, EOFError, ValueError) as error:
        sys.exit(f"file_receive: {error}")
