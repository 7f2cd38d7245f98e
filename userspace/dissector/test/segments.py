#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Writes a capture of segments that no sane host sends, and some that few do.

usage: segments.py FILE

Each comes in a frame of its own; CASES says what they are, in order.
"""

import struct
import sys

PROTO = 253
FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
CLIENT, SERVER = 40000, 7000
A, B = 0xfffffff0, 0x10             # initial numbers; the client's soon wrap
LINKTYPE_RAW = 101


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def segment(flags, seq, ack=0, options=b'', payload=b'', back=False, hlen=None, tsval=1,
            window=65536, wrong_sum=False, partial=False):
    """An IPv4 packet with a segment, from the client unless BACK"""
    ports = (SERVER, CLIENT) if back else (CLIENT, SERVER)
    addresses = bytes((10, 0, 0, 2, 10, 0, 0, 1) if back else (10, 0, 0, 1, 10, 0, 0, 2))
    options += b'\0' * (-len(options) % 4)
    if hlen is None:
        hlen = (28 + len(options)) // 4

    def xtcp(check):
        return struct.pack('!HHIIBBHIII', *ports, seq % 2**32, ack % 2**32, hlen, flags, check,
                           window, tsval, 1) + options + payload
    pseudo = addresses + struct.pack('!HH', PROTO, len(xtcp(0)))
    check = checksum(pseudo + xtcp(0)) ^ (1 if wrong_sum else 0)
    if partial:
        check = ~checksum(pseudo) & 0xffff
    body = xtcp(check)
    ip = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(body), 0, 0, 64, PROTO, 0) + addresses
    return ip + body


MSS = b'\x01\x04\x05\xdc'
ECN_FEATURE = b'\x02\x06\x01\0\0\1'
COOKIE = b'\x03\x1a' + bytes(24)
DATA = {'ack': B + 1, 'payload': b'0123456789'}
NEXT = A + 1

CASES = (
    ('syn', segment(SYN, A, options=MSS + ECN_FEATURE + b'\x06\x02')),
    ('synack', segment(SYN | ACK, B, A + 1, MSS + ECN_FEATURE + COOKIE, back=True)),
    ('cookie', segment(ACK, NEXT, B + 1, COOKIE, tsval=2)),
    ('wraps', segment(ACK | PSH, NEXT, tsval=3, **DATA)),
    ('behind_zero', segment(ACK | PSH, NEXT + 10, tsval=4, **DATA)),
    ('sack', segment(ACK, B + 1, NEXT, b'\x04\x0a' + struct.pack('!II', 4, 9), back=True)),
    ('dsack_below', segment(ACK, B + 1, NEXT + 10, b'\x04\x0a' + struct.pack(
        '!II', NEXT % 2**32, (NEXT + 5) % 2**32), back=True)),
    ('dsack_within', segment(ACK, B + 1, NEXT + 10, b'\x04\x12' + struct.pack(
        '!IIII', NEXT + 22 - 2**32, NEXT + 24 - 2**32, NEXT + 20 - 2**32, NEXT + 30 - 2**32),
        back=True)),
    ('marked', segment(ACK, B + 1, NEXT + 20, b'\x05\x06' + struct.pack('!I', 4711), back=True)),
    ('urgent', segment(ACK | PSH, NEXT + 20, options=b'\x07\x06' + struct.pack(
        '!I', NEXT + 25 - 2**32), tsval=5, **DATA)),
    ('unknown', segment(ACK, NEXT + 30, B + 1, b'\x09\x03x', tsval=6)),
    ('must', segment(ACK, NEXT + 30, B + 1, b'\x81\x03x', tsval=7)),
    ('option_length', segment(ACK, NEXT + 30, B + 1, b'\x09\x01', tsval=8)),
    ('option_beyond', segment(ACK, NEXT + 30, B + 1, b'\x03\xff', tsval=9)),
    ('option_twice', segment(ACK, NEXT + 30, B + 1, MSS + MSS, tsval=10)),
    ('option_wrong_length', segment(ACK, NEXT + 30, B + 1, b'\x01\x05abc', tsval=11)),
    ('option_empty_sack', segment(ACK, NEXT + 30, B + 1, b'\x04\x02', tsval=12)),
    ('header_short', segment(ACK, NEXT + 30, B + 1, hlen=6, tsval=13)),
    ('header_long', segment(ACK, NEXT + 30, B + 1, hlen=200, tsval=14)),
    ('truncated', segment(ACK, NEXT + 30, B + 1)[:40]),
    ('bad_sum', segment(ACK, NEXT + 30, B + 1, wrong_sum=True, tsval=15)),
    ('partial_sum', segment(ACK | PSH, NEXT + 30, partial=True, tsval=16, **DATA)),
    ('reserved_flags', segment(ACK | 0xe0, NEXT + 40, B + 1, tsval=17)),
    ('copied_by_the_path', segment(ACK | PSH, NEXT + 30, partial=True, tsval=16, **DATA)),
    ('second_synack', segment(SYN | ACK, 0x9000, A + 1, COOKIE, back=True)),
    ('first_answered', segment(ACK, NEXT + 40, B + 1, COOKIE, tsval=18)),
    ('reset', segment(RST, NEXT + 40, tsval=19, window=0)),
    ('again', segment(SYN, A + 1000, options=MSS, tsval=20)),
)


def main():
    with open(sys.argv[1], 'wb') as file:
        file.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, LINKTYPE_RAW))
        for number, (_, packet) in enumerate(CASES):
            # the one that is cut says so in IP's length, too
            packet = packet[:2] + struct.pack('!H', len(packet)) + packet[4:]
            file.write(struct.pack('<IIII', number, 0, len(packet), len(packet)) + packet)


if __name__ == '__main__':
    main()
