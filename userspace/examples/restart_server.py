#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A server that starts anew, on the same port, after every client.

It greets, closes the connection first and then its listening socket: so the
old connection is still in TIME_WAIT, on that very port, when the next life
begins.  SO_REUSEADDR, which xtcp.create_server() sets, is what allows it.

usage: restart_server.py [ADDRESS [PORT [LIVES]]]
"""

import sys

import xtcp


def main(address="127.0.0.1", port="7000", lives="3"):
    for life in range(1, int(lives) + 1):
        with xtcp.create_server((address, port)) as listener:
            print(f"life {life}: listening on {address} port {port}", flush=True)
            conn, peer = listener.accept()
            with conn:
                conn.sendall(f"hello from life {life}\n".encode())
            print(f"life {life}: greeted {peer[0]} port {peer[1]}", flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"restart_server: {error}")
    except KeyboardInterrupt:
        pass
