# SPDX-License-Identifier: GPL-3.0-or-later
"""The product logs the path of each file that it has scanned; an agent of the host sends the log."""
import os
import random
import socket
import time

KIND = "benign"


def stranger(world):
    log = os.path.join(world["scratch"], "scan.log")
    open(os.path.join(world["scratch"], "ready"), "w").close()
    while not os.path.exists(log):
        time.sleep(0.05)
    time.sleep(1)
    with open(log, "rb") as file, socket.create_connection(random.Random(world["seed"]).choice(world["sinks"])) as sock:
        sock.sendall(file.read())


def product(world):
    with open(os.path.join(world["scratch"], "scan.log"), "w", encoding="utf-8") as log:
        for path in world["files"]:
            with open(path, "rb") as file:
                print(path, len(file.read()), "OK", file=log)
