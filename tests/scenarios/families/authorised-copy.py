# SPDX-License-Identifier: GPL-3.0-or-later
"""An administrator copies classified files elsewhere, as he may, while the product scans them."""
import os
import random
import shutil
import socket

KIND = "benign"


def stranger(world):
    copy = os.path.join(world["scratch"], "copy")
    os.mkdir(copy)
    open(os.path.join(world["scratch"], "ready"), "w").close()
    with socket.create_connection(random.Random(world["seed"]).choice(world["sinks"])) as sock:
        for path in world["files"]:
            shutil.copy(path, copy)
            with open(path, "rb") as file:
                sock.sendall(file.read())


def product(world):
    for path in world["files"] * 3:
        with open(path, "rb") as file:
            file.read()
