#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Sends a file to file_receive, and says whether it arrived intact.

On the wire: the name as a message, the length in 8 bytes (big-endian), the
contents, their SHA-256 in 32 bytes; back comes one message, "ok" or the error.

usage: file_send.py FILE [HOST [PORT]]
"""

import hashlib
import os
import struct
import sys

import xtcp

CHUNK = 256 * 1024


def main(path, host="127.0.0.1", port="7000"):
    with open(path, "rb") as file, xtcp.create_connection((host, port)) as conn:
        length = os.fstat(file.fileno()).st_size
        xtcp.send_message(conn, os.path.basename(path).encode())
        conn.sendall(struct.pack("!Q", length))

        digest = hashlib.sha256()
        left = length
        while left:
            data = file.read(min(left, CHUNK))
            if not data:
                sys.exit(f"file_send: {path} became shorter meanwhile")
            digest.update(data)
            conn.sendall(data)
            left -= len(data)
        conn.sendall(digest.digest())

        # Only the receiver knows that it has everything: wait for its word.
        verdict = xtcp.recv_message(conn, 1000)
        if verdict != b"ok":
            sys.exit(f"file_send: the receiver says: {(verdict or b'nothing').decode()}")
    print(f"sent {path}, {length} bytes, sha256 {digest.hexdigest()}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: file_send.py FILE [HOST [PORT]]")
    try:
        main(*sys.argv[1:])
    except (OSError, EOFError, ValueError) as error:
        sys.exit(f"file_send: {error}")
