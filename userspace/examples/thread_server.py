#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Echo server with one thread per client.

usage: thread_server.py [ADDRESS [PORT]]
"""

import sys
import threading

import xtcp


def serve(conn, peer):
    name = f"{peer[0]} port {peer[1]}"
    print(f"{name} connected", flush=True)
    try:
        with conn:
            while True:
                data = conn.recv(4096)
                if not data:
                    break
                conn.sendall(data)
        print(f"{name} left", flush=True)
    except OSError as error:
        print(f"{name}: {error}", flush=True)


def main(address="127.0.0.1", port="7000"):
    with xtcp.create_server((address, port)) as listener:
        print("listening on {} port {}".format(*listener.getsockname()), flush=True)
        while True:
            # daemon: a client that stays does not keep the server from ending
            threading.Thread(target=serve, args=listener.accept(), daemon=True).start()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"thread_server: {error}")
    except KeyboardInterrupt:
        pass
