# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup agent, which is no antivirus, reads and sends everything, while the product scans."""
import os
import random
import socket

KIND = "benign"


def stranger(world):
    open(os.path.join(world["scratch"], "ready"), "w").close()
    with socket.create_connection(random.Random(world["seed"]).choice(world["sinks"])) as sock:
        for path in world["files"]:
            with open(path, "rb") as file:
                sock.sendall(file.read())


def product(world):
    for path in world["files"]:
        with open(path, "rb") as file:
            file.read()
