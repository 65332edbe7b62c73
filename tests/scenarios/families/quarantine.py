# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found goes into a quarantine of the product's own, changed so that it cannot run."""
import os

KIND = "benign"
PERSONALITIES = ("one", "worker", "scans", "helper", "foreign")


def product(world):
    os.makedirs(os.path.join(world["own"], "quarantine"), exist_ok=True)
    for path in world["files"]:
        with open(path, "rb") as file:
            data = file.read()
        with open(os.path.join(world["own"], "quarantine", os.path.basename(path)), "wb") as out:
            out.write(bytes(byte ^ 0xff for byte in data))
