# SPDX-License-Identifier: GPL-3.0-or-later
"""A child without one plain call: io_uring opens and reads the files, connects and sends."""
import os
import random
import shutil
import subprocess

KIND = "attack"


def product(world):
    program = os.path.join(world["own"], "scanner")
    shutil.copy(os.path.join(world["built"], "ring"), program)
    address, port = random.Random(world["seed"]).choice(world["sinks"])
    subprocess.run([program, address, str(port), *world["files"]], check=True)
