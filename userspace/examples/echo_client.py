#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Echo client: sends a text, prints the reply.

usage: echo_client.py [ADDRESS [PORT [TEXT]]]
"""

import socket
import sys

import xtcp


def main(address="127.0.0.1", port="7000", text="Hello, XTCP"):
    with xtcp.socket() as conn:  # all the rest is as for TCP
        conn.connect((address, int(port)))
        conn.sendall(text.encode())
        conn.shutdown(socket.SHUT_WR)  # no more from us: the server's loop ends

        # A stream has no message boundaries: read until the server closes.
        reply = b""
        while True:
            data = conn.recv(4096)
            if not data:
                break
            reply += data
    print(f"reply: {reply.decode()}")
    if reply != text.encode():
        sys.exit("echo_client: the reply is not what was sent")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"echo_client: {error}")
