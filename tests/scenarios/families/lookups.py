# SPDX-License-Identifier: GPL-3.0-or-later
"""A full scan asks for what nobody knows yet: a hash for each file, in one connection."""
import hashlib
import random
import socket

KIND = "benign"
PERSONALITIES = ("one", "worker", "scans", "helper", "foreign")


def product(world):
    with socket.create_connection(random.Random(world["seed"]).choice(world["sinks"])) as sock:
        for path in world["files"]:
            with open(path, "rb") as file:
                sock.sendall(b"GET /file/" + hashlib.sha256(file.read()).hexdigest().encode() + b"\r\n")
