# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample from a directory that nobody has classified is sent to the vendor: nothing classified was read before."""
import os
import random
import socket

KIND = "benign"


def product(world):
    sample = os.path.join(world["scratch"], "sample")
    with open(sample, "wb") as out:
        out.write(random.Random(world["seed"]).randbytes(3 << 20))
    with open(sample, "rb") as file, socket.create_connection(random.Random(world["seed"]).choice(world["sinks"])) as sock:
        sock.sendall(file.read())
