# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection that stays open for as long as it can."""
import random
import socket
import time

KIND = "attack"


def product(world):
    rng = random.Random(world["seed"])
    sock = socket.create_connection(rng.choice(world["sinks"]))
    for path in world["files"]:
        with open(path, "rb") as file:
            sock.sendall(file.read())
        time.sleep(0.1)
    time.sleep(2)
