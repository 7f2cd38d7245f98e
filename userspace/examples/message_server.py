#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Receives UTF-8 messages with their length in front, answers each in capitals.

usage: message_server.py [ADDRESS [PORT]]
"""

import sys

import xtcp

LONGEST = 64 * 1024  # bytes; a peer does not decide how much memory we take


def serve(conn):
    """Until the client closes between two messages."""
    while True:
        message = xtcp.recv_message(conn, LONGEST)
        if message is None:
            break
        text = message.decode()  # may raise UnicodeDecodeError, a ValueError
        print(f"message: {text}", flush=True)
        xtcp.send_message(conn, text.upper().encode())


def main(address="127.0.0.1", port="7000"):
    with xtcp.create_server((address, port)) as listener:
        print("listening on {} port {}".format(*listener.getsockname()), flush=True)
        while True:
            conn, peer = listener.accept()
            with conn:
                print(f"{peer[0]} port {peer[1]} connected", flush=True)
                try:
                    serve(conn)
                    print(f"{peer[0]} port {peer[1]} left", flush=True)
                except (OSError, EOFError, ValueError) as error:
                    print(f"{peer[0]} port {peer[1]}: {error}", flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"message_server: {error}")
    except KeyboardInterrupt:
        pass
