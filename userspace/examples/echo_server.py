#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Echo server: sends back what it receives, one client after the other.

usage: echo_server.py [ADDRESS [PORT]]
"""

import socket
import sys

import xtcp


def serve(conn):
    """Until the client closes its side."""
    while True:
        data = conn.recv(4096)
        if not data:
            break
        print(f"received {data!r}", flush=True)
        conn.sendall(data)


def main(address="127.0.0.1", port="7000"):
    with xtcp.socket() as listener:  # all the rest is as for TCP
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, int(port)))
        listener.listen()
        print("listening on {} port {}".format(*listener.getsockname()), flush=True)
        while True:
            conn, peer = listener.accept()
            with conn:
                print("{} port {} connected".format(*peer), flush=True)
                try:
                    serve(conn)
                    print("{} port {} left".format(*peer), flush=True)
                except OSError as error:
                    print("{} port {}: {}".format(*peer, error), flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"echo_server: {error}")
    except KeyboardInterrupt:
        pass
