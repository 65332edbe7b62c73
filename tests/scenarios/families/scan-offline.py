# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything is scanned, nothing is sent."""
KIND = "benign"
PERSONALITIES = ("one", "worker", "scans", "helper", "foreign")


def product(world):
    for _ in range(3):
        for path in world["files"]:
            with open(path, "rb") as file:
                file.read()
