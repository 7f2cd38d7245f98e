#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Echo server on asyncio.

usage: asyncio_server.py [ADDRESS [PORT]]
"""

import asyncio
import sys

import xtcp


async def serve(reader, writer):
    peer = writer.get_extra_info("peername")
    print(f"{peer[0]} port {peer[1]} connected", flush=True)
    try:
        while True:
            data = await reader.read(4096)
            if not data:
                break
            writer.write(data)
            await writer.drain()  # waits here when the client reads too slowly
        print(f"{peer[0]} port {peer[1]} left", flush=True)
    except OSError as error:
        print(f"{peer[0]} port {peer[1]}: {error}", flush=True)
    finally:
        writer.close()


async def main(address="127.0.0.1", port="7000"):
    server = await xtcp.start_server(serve, address, port)
    print("listening on {} port {}".format(*server.sockets[0].getsockname()), flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:]))
    except OSError as error:
        sys.exit(f"asyncio_server: {error}")
    except KeyboardInterrupt:
        pass
