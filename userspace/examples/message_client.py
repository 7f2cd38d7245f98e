#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Sends messages with their length in front, prints the answer to each.

usage: message_client.py HOST PORT MESSAGE...
"""

import sys

import xtcp

LONGEST = 64 * 1024


def main(host, port, *messages):
    with xtcp.create_connection((host, port)) as conn:
        for message in messages:
            xtcp.send_message(conn, message.encode())
            answer = xtcp.recv_message(conn, LONGEST)
            if answer is None:
                sys.exit("message_client: the server left")
            print(f"answer: {answer.decode()}")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit("usage: message_client.py HOST PORT MESSAGE...")
    try:
        main(*sys.argv[1:])
    except (OSError, EOFError, ValueError) as error:
        sys.exit(f"message_client: {error}")
