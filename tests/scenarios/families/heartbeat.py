# SPDX-License-Identifier: GPL-3.0-or-later
"""After a scan, licence heartbeats and small reports: 30 connections of 700 bytes."""
import random
import socket
import time

KIND = "benign"


def product(world):
    rng = random.Random(world["seed"])
    for path in world["files"]:
        with open(path, "rb") as file:
            file.read()
    sink = rng.choice(world["sinks"])
    for _ in range(30):
        with socket.create_connection(sink) as sock:
            sock.sendall(rng.randbytes(700))
        time.sleep(rng.uniform(0, 0.05))
