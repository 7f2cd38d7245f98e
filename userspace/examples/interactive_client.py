#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Asks for a line, sends it to an echo server, prints the echo, until "quit".

usage: interactive_client.py [HOST [PORT]]
"""

import sys

import xtcp


def main(host="127.0.0.1", port="7000"):
    with xtcp.create_connection((host, port)) as conn:
        while True:
            try:
                line = input("message: ")
            except EOFError:  # end of input counts as "quit"
                break
            if line == "quit":
                break
            data = line.encode()
            if not data:
                continue
            conn.sendall(data)
            # The echo may come in several pieces: wait for all of it.
            echo = xtcp.recv_exactly(conn, len(data))
            if not echo:
                sys.exit("interactive_client: the server closed the connection")
            print(f"echo: {echo.decode()}", flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (OSError, EOFError) as error:
        sys.exit(f"interactive_client: {error}")
    except KeyboardInterrupt:
        print()
