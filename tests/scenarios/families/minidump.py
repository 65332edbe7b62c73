# SPDX-License-Identifier: GPL-3.0-or-later
"""A child has crashed: 20 MB of its memory are sent, and nothing classified was read before."""
import os
import random
import socket

KIND = "benign"


def product(world):
    rng = random.Random(world["seed"])
    if os.fork() == 0:
        with socket.create_connection(rng.choice(world["sinks"])) as sock:
            for _ in range(20):
                sock.sendall(rng.randbytes(1 << 20))
        os._exit(0)
    os.wait()
