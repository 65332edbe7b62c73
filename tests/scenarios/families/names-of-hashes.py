# SPDX-License-Identifier: GPL-3.0-or-later
"""A reputation service that is asked by name: a label of high entropy for each new file."""
import hashlib
import random
import socket
import struct

KIND = "benign"
PERSONALITIES = ("one", "worker", "scans", "helper", "foreign")


def product(world):
    rng = random.Random(world["seed"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(tuple(rng.choice(world["sinks"])))
        for path in world["files"]:
            with open(path, "rb") as file:
                label = hashlib.sha1(file.read()).hexdigest().encode()
            name = b"".join(bytes([len(part)]) + part for part in (label, b"l1", b"sophosxl", b"net")) + b"\0"
            sock.send(struct.pack(">6H", rng.randrange(65536), 0x100, 1, 0, 0, 0) + name + b"\0\x10\0\1")
