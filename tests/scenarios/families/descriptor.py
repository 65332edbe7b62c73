# SPDX-License-Identifier: GPL-3.0-or-later
"""It reads nothing: it opens the files and gives their descriptors to a service, which reads and sends."""
import os
import random
import socket
import time

KIND = "attack"


def stranger(world):
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(os.path.join(world["scratch"], "service"))
    listening.listen()
    open(os.path.join(world["scratch"], "ready"), "w").close()
    connection, _ = listening.accept()
    with socket.create_connection(random.Random(world["seed"]).choice(world["sinks"])) as sock:
        while True:
            message, fds, _, _ = socket.recv_fds(connection, 1, 1)
            if not message:
                break
            with os.fdopen(fds[0], "rb") as file:
                sock.sendall(file.read())


def product(world):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(os.path.join(world["scratch"], "service"))
        for path in world["files"]:
            with open(path, "rb") as file:
                socket.send_fds(sock, [b"f"], [file.fileno()])
                time.sleep(0.02)
