# SPDX-License-Identifier: GPL-3.0-or-later
"""A full scan reports each file to the site's own management server, with what was suspicious about it in full."""
import os
import random
import socket

KIND = "benign"
PORT = 8444


def stranger(world):
    server = socket.create_server((world["site"], PORT))
    open(os.path.join(world["scratch"], "ready"), "w").close()
    peer, _ = server.accept()
    while peer.recv(1 << 16):
        pass


def product(world):
    rng = random.Random(world["seed"])
    with socket.create_connection((world["site"], PORT)) as sock:
        for path in world["files"]:
            with open(path, "rb") as file:
                data = file.read()
            sock.sendall(f"{path} {len(data)}\n".encode() + (data if rng.random() < 0.5 else b""))
